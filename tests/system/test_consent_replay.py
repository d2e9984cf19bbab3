"""A repeated or refused request must not bring back a consent that was withdrawn since."""

import pytest
import story
import zhifu
from test_consent import Desk, claim, consent

PATIENT = "urn:uuid:5b0f3f2e-3d0c-4c0e-9f0a-0000000000c1"


@pytest.fixture
def desk(place, keep):
    return lambda *args, **more: Desk(place, keep, *args, **more)


def bundle(first, *others, kind="collection"):
    return {"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": each, **({} if kind == "collection" else {
            "request": {"method": "POST", "url": each["resourceType"]}})} for each in (first,) + others]}


def send(one, body, key=None, url="/fhir/Claim/$submit"):
    headers = {"Content-Type": "application/fhir+json", **({"Idempotency-Key": key} if key else {})}
    return one.client.post(url, story.body_of(body), headers=headers)


def rows(one):
    return one.database.sql("""SELECT consent_id::text, in_force, withdrawn_at IS NOT NULL AS gone FROM zhifu.consent
        ORDER BY created_at, consent_id""")


def withdrawn(one):
    """A claim went with its consent, which was withdrawn; a second claim waits. Returns the first request and both."""
    body = bundle(claim("P-1", amount=11, number="A"), consent("P-1", "C-1"))
    answer = send(one, body, "kA")
    assert answer.status == 200, answer
    first = one.database.value("SELECT claim_id::text FROM zhifu.claim")
    one.wait(first, "deliver")
    one.give(consent("P-1", "C-1", status="inactive"))
    second = one.submit(claim("P-1", amount=12, number="B"))
    one.wait(second, "consent_missing")
    return body, answer, second


def assert_nothing_moved(one, claim_id, before):
    one.quiet()
    assert rows(one) == before
    assert one.transport(claim_id) == "consent_missing" and one.received() == 1


def test_repeated_bundle_does_not_revive_a_consent(desk):
    one = desk()
    body, answer, second = withdrawn(one)
    before = rows(one)
    again = send(one, body, "kA")
    assert again.status == 200 and again.json()["id"] == answer.json()["id"]
    assert_nothing_moved(one, second, before)
    # Neither does a conflict nor a fault, whatever the consent in it says.
    other = bundle(claim("P-1", amount=13, number="A"), consent("P-1", "C-2"))
    assert send(one, other, "kA").status == 409
    faulty = bundle(claim("P-1", amount=14, number="F", item=[]), consent("P-1", "C-3"))
    assert send(one, faulty).status == 422
    assert_nothing_moved(one, second, before)
    # In POST /fhir likewise.
    for url_body, key in ((body, "kA"), (other, "kA"), (faulty, None)):
        answered = send(one, url_body, key, "/fhir")
        assert answered.status == 200, answered
    transaction = bundle(claim("P-1", amount=14, number="F", item=[]), consent("P-1", "C-4"), kind="transaction")
    assert send(one, transaction, url="/fhir").status == 400
    assert_nothing_moved(one, second, before)
    # A new one counts.
    fresh = bundle(claim("P-1", amount=15, number="D"), dict(consent("P-1", "C-1"), dateTime="2026-03-09T10:00:00Z"))
    assert send(one, fresh, "kD").status == 200
    one.wait(second, "deliver")


def test_repeated_consent_changes_nothing(desk):
    one = desk()
    given, gone = consent("P-1", "C-1"), consent("P-1", "C-1", status="inactive")
    first = one.client.post("/fhir/Consent", given)
    assert first.status == 201
    again = one.client.post("/fhir/Consent", given)
    assert again.status == 200 and again.headers["location"] == first.headers["location"]
    assert len(rows(one)) == 1 and not rows(one)[0]["gone"]
    one.give(gone)
    before = rows(one)
    assert one.client.post("/fhir/Consent", given).status == 200
    batch = bundle(consent("P-1", "C-1"), kind="batch")
    assert send(one, batch, url="/fhir").json()["entry"][0]["response"]["status"].startswith("200")
    assert one.client.post("/fhir/Consent", gone).status == 200
    assert rows(one) == before
    waits = one.submit(claim("P-1"))
    one.wait(waits, "consent_missing")
    one.give(dict(given, dateTime="2026-03-09T10:00:00Z"))
    one.wait(waits, "deliver")
    # The same refusal said again after a new permission is a refusal.
    one.give(gone)
    after = one.submit(claim("P-1", amount=19))
    one.wait(after, "consent_missing")


def test_older_consent_never_wins(desk):
    one = desk()
    one.give(dict(consent("P-1", "C-1", status="inactive"), dateTime="2026-03-09T10:00:00Z"))
    before = rows(one)
    assert one.client.post("/fhir/Consent", dict(consent("P-1", "C-1"), dateTime="2026-03-08")).status == 409
    assert one.client.post("/fhir/Consent", dict(consent("P-1", "C-1"), dateTime="2026-03-09T09:59:59Z")).status == 409
    assert rows(one) == before
    # A day may be after an hour of it.
    one.give(dict(consent("P-1", "C-1"), dateTime="2026-03-09"))


def test_consents_of_a_collection_follow_its_new_claim(desk):
    """The first claim of the Bundle was stored before; the consent comes with the second."""
    one = desk()
    old = claim("P-1", amount=21, number="A")
    stale = one.submit(old)
    one.wait(stale, "consent_missing")
    body = bundle(dict(old, item=[]), claim("P-1", amount=22, number="B"), consent("P-1", "C-1"))
    assert send(one, body, url="/fhir").status == 200
    assert len(rows(one)) == 1
    one.wait(stale, "deliver")
    zhifu.wait_until(lambda: one.received() == 2, "both to be received")
