"""What makes a claim a suspected duplicate once earlier ones with the same content were cancelled."""

import uuid

import pytest

import story
import zhifu
from test_consent import claim

HELD, WAITING, NO_ROUTE = 4, 3, 2
CODES = "http://hl7.org/fhir/CodeSystem/financialtaskcode"


@pytest.fixture
def up(place):
    """An insurer that nothing is sent to: its claims wait for a consent."""
    story.hospital(place)
    story.insurer(place, "alpha", 1)
    place.daemon.start()
    return place


def submit(client, amount=12, **more):
    """The same care under a number of its own; returns the claim's id and that of the claim it looks like."""
    answer = client.post("/fhir/Claim", claim("M-1", amount, **more))
    assert answer.status == 201, answer
    like = answer.headers.get("link", "").split(">")[0].rsplit("/", 1)[-1]
    return story.location_id(answer), like or None


def cancel(client, claim_id):
    answer = client.post("/fhir/Task", {
        "resourceType": "Task", "status": "requested", "intent": "order", "focus": {"reference": "Claim/" + claim_id},
        "code": {"coding": [{"system": CODES, "code": "cancel"}]}})
    assert answer.status == 201 and answer.json()["status"] == "completed", answer


def ref_of(up, claim_id):
    return up.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))


def test_a_cancelled_claim_makes_no_duplicate(up):
    with up.daemon.client() as client:
        first, like = submit(client)
        assert like is None
        second, like = submit(client)
        assert like == first
        # The second one is there still, whatever becomes of the first.
        cancel(client, first)
        third, like = submit(client)
        assert like == second
        cancel(client, second)
        up.daemon.ctl("claim", "drop", ref_of(up, third), "--why", "the same", "--who", "tester")
        # Nothing with this content is left: the next one goes on, and counts from then on.
        fourth, like = submit(client)
        assert like is None
        fifth, like = submit(client)
        assert like == fourth
        cancel(client, fourth)
        cancel(client, fifth)
        batch = client.post("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"resource": claim("M-1"), "request": {"method": "POST", "url": "Claim"}} for _ in range(3)]})
        held = ["duplicate-suspected" in str(entry["response"].get("outcome")) for entry in batch.json()["entry"]]
        assert sorted(held) == [False, True, True], batch.json()
        # Cancelled at the insurer, it is just as gone.
        sent, like = submit(client, amount=13)
        assert like is None
        up.database.sql("UPDATE zhifu.claim_state SET transport = 8, adjudication = 6 WHERE claim_id = %s", (sent,))
        assert submit(client, amount=13)[1] is None


def test_a_cancelled_claim_holds_none_that_finds_its_insurer(up):
    with up.daemon.client() as client:
        first, _ = submit(client)
        states = "SELECT transport FROM zhifu.claim_state WHERE claim_id = %s"
        homeless = [submit(client, insurer="nobody knows " + str(uuid.uuid4()))[0] for _ in range(2)]
        cancel(client, first)
        for claim_id, expected in zip(homeless, (WAITING, HELD)):
            assert up.database.value(states, (claim_id,)) == NO_ROUTE
            up.daemon.ctl("claim", "route", ref_of(up, claim_id), "alpha", "--why", "on the card", "--who", "tester")
            zhifu.wait_until(lambda at=claim_id, to=expected: up.database.value(states, (at,)) == to, "its step")


def test_what_was_held_when_it_found_its_insurer_counts_on(up):
    """Its first one is cancelled then, and a person lets it go: what comes after it is a duplicate of it."""
    with up.daemon.client() as client:
        first, _ = submit(client)
        homeless, _ = submit(client, insurer="nobody knows it")
        up.daemon.ctl("claim", "route", ref_of(up, homeless), "alpha", "--why", "on the card", "--who", "tester")
        cancel(client, first)
        up.daemon.ctl("claim", "release", ref_of(up, homeless), "--why", "the other is gone", "--who", "tester")
        assert submit(client)[1] == homeless
