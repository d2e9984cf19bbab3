"""Keys are changed while claims go through: nothing becomes unreadable, no duplicate slips through, every person is found."""

import json
import re
import urllib.parse

import pytest

import invariants
import story
import traffic
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MRN = "https://hospital.example/mrn"


@pytest.fixture
def up(place, keep):
    return traffic.start(place, keep)


def person_bill(number, mrn, day, cents):
    """A bill of a person who is known by a record number and never gave consent, so it stays where it is."""
    resource = json.loads(traffic.bill(number, cents=cents))
    resource["patient"] = {"reference": "#p"}
    resource["contained"] = [{"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": mrn}],
                              "name": [{"family": "Ö张", "given": ["Zoë"]}], "birthDate": "1980-02-29"}]
    resource["billablePeriod"] = {"start": day, "end": day}
    resource["item"][0]["servicedDate"] = day
    resource["item"][0]["productOrService"] = {"text": "visit"}
    return json.dumps(resource).encode()


def post(client, body, key=None):
    return client.post("/fhir/Claim", body, headers=dict(FHIR, **({"Idempotency-Key": key} if key else {})))


def submit(client, *args):
    answer = post(client, person_bill(*args))
    assert answer.status == 201, answer
    return story.location_id(answer)


def found(client, mrn):
    answer = client.post("/fhir/Claim/_search", urllib.parse.urlencode({"patient.identifier": MRN + "|" + mrn}),
                         headers=FORM)
    assert answer.status == 200, answer
    return sorted(entry["resource"]["id"] for entry in answer.json().get("entry", []))


def reload(daemon):
    daemon.reload()
    daemon.wait_log("configuration reloaded")
    daemon.wait_log("process replaced")  # the translator, which reads no file any more
    daemon.wait_ready()


def key_list(text, kind):
    inside = re.search(r"\b%s\s*[=:]\s*\((.*?)\)\s*;" % kind, text, re.DOTALL).group(1)
    return tuple({"version": int(version), "key": key}
                 for version, key in re.findall(r'version\s*[=:]\s*(\d+);\s*key\s*[=:]\s*"([^"]+)"', inside))


def keys_without(path, kind, version):
    """Takes one key out of the key file."""
    text = path.read_text()
    kinds = {name: key_list(text, name) for name in ("master", "lookup")}
    assert version in [key["version"] for key in kinds[kind]]
    kinds[kind] = tuple(key for key in kinds[kind] if key["version"] != version)
    path.write_text(zhifu.config_text(kinds))


def master_versions(database):
    """By hospital code: the master key versions that wrap its keys."""
    return {row["code"]: row["versions"] for row in database.sql(
        "SELECT h.code, array_agg(DISTINCT get_byte(k.wrapped, 2) * 256 + get_byte(k.wrapped, 3)) AS versions "
        "FROM zhifu.hospital_key k JOIN zhifu.hospital h USING (hospital_id) GROUP BY h.code")}


def read_all(daemon, bodies):
    """Every claim reads as it was sent."""
    with daemon.client() as client:
        for claim_id, number in bodies.items():
            answer = client.get("/fhir/Claim/" + claim_id)
            assert answer.status == 200, answer
            assert answer.json()["identifier"][0]["value"] == number


def test_a_new_master_key_while_claims_go_through(up):
    daemon, database = up.daemon, up.database
    sender = traffic.Sender(daemon, ["O-%d" % i for i in range(240)], connections=2)
    zhifu.wait_until(lambda: sender.count() >= 20, "claims on their way")
    with daemon.client() as client:
        person = submit(client, "MK-1", "A-1", "2026-03-05", 501)
    assert master_versions(database)["HZ1"] == [1]
    assert daemon.ctl_json("key", "rotate", "master")["version"] == 2
    up.pki.more("client", "newcomer")
    up.hospital("newcomer", {
        "id": "019ab2c4-5a00-7000-8000-0000000000c3", "code": "HZ3", "name": "New Hospital", "zone": "UTC",
        "book_currency": "EUR", "clients": ({"id": "new", "certificates": [up.pki.fingerprint("newcomer")]},)})
    reload(daemon)
    zhifu.wait_until(lambda: master_versions(database).get("HZ3") == [2], "the newcomer's key under the new master key")
    assert master_versions(database)["HZ1"] == [1]
    rewrapped = daemon.ctl_json("--who", "tester", "key", "rewrap")
    assert rewrapped["master"] == 2 and rewrapped["rewrapped"] >= 1
    assert all(versions == [2] for versions in master_versions(database).values())
    assert daemon.ctl_json("--who", "tester", "key", "rewrap")["rewrapped"] == 0
    # The old master key may go now.
    keys_without(up.folder / "keys", "master", 1)
    reload(daemon)
    ids = sender.finish()
    assert sender.answers == {201: 240}, sender.answers
    with daemon.client("newcomer") as client:
        newcomer = submit(client, "MK-2", "A-1", "2026-03-05", 502)
    daemon.restart()
    read_all(daemon, {**{claim_id: number for number, claim_id in ids.items()}, person: "MK-1"})
    with daemon.client("newcomer") as client:
        assert client.get("/fhir/Claim/" + newcomer).status == 200
        assert client.get("/fhir/Claim/" + person).status == 404

    def decided():
        return database.value("SELECT count(*) FROM zhifu.claim_state WHERE adjudication IN (3, 4, 5) AND books >= 2") == 240
    zhifu.wait_until(decided, "every claim to be adjudicated", 120, 0.2)
    assert up.insurers[0].counts()["taken_twice"] == 0
    assert daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_events_are_paths(database)


def test_a_consent_is_known_under_every_lookup_key(up):
    """A repetition is one, and a later one with its identifier replaces it, whichever keys have come in between."""
    daemon, database = up.daemon, up.database

    def give(number, **more):
        made = dict(story.consent("#p", number), contained=[
            {"resourceType": "Patient", "id": "p", "identifier": [{"system": MRN, "value": "A-1"}]}], **more)
        with daemon.client() as client:
            return client.post("/fhir/Consent", story.body_of(made), headers=FHIR)

    def gone(answer):
        return database.value("SELECT withdrawn_at IS NOT NULL FROM zhifu.consent WHERE consent_id = %s",
                              (answer.headers["location"].split("/Consent/")[1].split("/")[0],))

    given = [give("C-%d" % i) for i in range(3)]
    assert [each.status for each in given] == [201] * 3
    for rotation in range(3):
        assert daemon.ctl_json("key", "rotate", "lookup", "--force")["version"] == rotation + 2
        reload(daemon)
        daemon.ctl("key", "rehash")
        for number, first in enumerate(given):
            again = give("C-%d" % number)
            assert again.status == 200 and again.headers["location"] == first.headers["location"], again
        # Withdrawn under this key; the old request, repeated under the next one, brings nothing back.
        assert not gone(given[rotation])
        assert give("C-%d" % rotation, status="inactive").status == 201
        assert gone(given[rotation])


def test_a_new_lookup_key_finds_old_and_new(up):
    daemon, database = up.daemon, up.database
    with daemon.client() as client:
        first = submit(client, "LK-1", "A-1", "2026-03-05", 501)
        other = submit(client, "LK-2", "B-2", "2026-03-06", 502)
        keyed = post(client, traffic.bill("LK-3"), "key-3")
        assert keyed.status == 201

    def same_answers():
        """What was said before any rotation is known after it."""
        with daemon.client() as client:
            again = post(client, traffic.bill("LK-3"), "key-3")
            assert again.status in (200, 201) and story.location_id(again) == story.location_id(keyed), again
            assert post(client, traffic.bill("LK-3", cents=7), "key-3").status == 409
            # No key: the hospital's claim identifier stands for it.
            by_number = post(client, person_bill("LK-1", "A-1", "2026-03-05", 501))
            assert by_number.status in (200, 201) and story.location_id(by_number) == first, by_number

    def twin(number):
        """The same care under another number is a business duplicate of the first, and held."""
        with daemon.client() as client:
            claim_id = submit(client, number, "A-1", "2026-03-05", 501)
        assert transport(claim_id) == 4 and transport(first) != 4
        twins.append(claim_id)

    def transport(claim_id):
        return database.value("SELECT transport FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,))

    same_answers()
    twins = []
    twin("LK-4")

    assert daemon.ctl_json("key", "rotate", "lookup")["version"] == 2
    reload(daemon)
    same_answers()
    twin("LK-5")
    with daemon.client() as client:
        later = submit(client, "LK-6", "A-1", "2026-04-01", 503)
        fresh = submit(client, "LK-7", "C-3", "2026-04-02", 504)
        assert found(client, "A-1") == sorted([first, later] + twins)
        assert found(client, "B-2") == [other] and found(client, "C-3") == [fresh]

    rehashed = daemon.ctl_json("--who", "tester", "key", "rehash")
    assert rehashed["version"] == 2 and rehashed["unreadable"] == 0 and rehashed["hashes"] >= 2
    assert database.value("""SELECT count(*) FROM zhifu.patient_key p WHERE NOT EXISTS (SELECT FROM zhifu.patient_lookup l
        WHERE l.hospital_id = p.hospital_id AND l.patient_key_id = p.patient_key_id AND l.key_version = 2)""") == 0
    same_answers()
    daemon.ctl("--who", "tester", "key", "rehash", "--retire", "1")
    assert database.value("SELECT count(*) FROM zhifu.patient_lookup WHERE key_version = 1") == 0
    same_answers()
    twin("LK-8")
    with daemon.client() as client:
        assert found(client, "A-1") == sorted([first, later] + twins)
        assert found(client, "B-2") == [other] and found(client, "C-3") == [fresh]
    daemon.restart()
    same_answers()
    with daemon.client() as client:
        assert found(client, "A-1") == sorted([first, later] + twins)
    # A third would hide what the first one made: only if told to.
    assert daemon.ctl("key", "rotate", "lookup", check=False).returncode == 2
