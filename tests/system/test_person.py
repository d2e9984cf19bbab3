"""Who is the same person: two patients are never merged by what a template left in place, and a hospital or an insurer
that a reload brings is known to every role."""

import json
import signal

import story
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}


def started(place, keep, names=("alpha",)):
    story.hospital(place)
    for name in names:
        port, control = zhifu.free_port(), zhifu.free_port()
        keep(place.payer(name, story.payer_script(place, name, port, control), port)).start()
        story.insurer(place, name, port)
    place.daemon.start()
    return place.daemon


def transport(place, claim_id):
    return place.database.value("SELECT transport FROM zhifu.claim_state WHERE claim_id = %s", (claim_id,))


def submit(client, bundle):
    answer = client.post("/fhir/Claim/$submit", story.body_of(bundle), headers=FHIR)
    assert answer.status == 200, answer.text
    return answer.json()["request"]["reference"].split("/")[1] if "reference" in answer.json()["request"] else \
        answer.json()["id"]


def test_one_full_url_does_not_make_one_person(place, keep):
    """A template's urn:uuid is used again for another patient, who gave no consent: nothing of his leaves."""
    daemon = started(place, keep)
    first = json.loads(story.sample("01-outpatient"))
    second = json.loads(json.dumps(first))
    second["entry"] = [e for e in second["entry"] if e["resource"]["resourceType"] != "Consent"]
    for entry in second["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource.update({"id": "patient-other", "birthDate": "1955-05-05", "gender": "male",
                             "name": [{"family": "Weber", "given": ["Karl"]}]})
            resource["identifier"][0]["value"] = "X66600001"
        if resource["resourceType"] == "Claim":
            resource["identifier"][0]["value"] = "HZ-2026-9001"
    with daemon.client() as client:
        consented, other = submit(client, first), submit(client, second)
    zhifu.wait_until(lambda: transport(place, consented) == 8, "the first claim to be sent")
    zhifu.wait_until(lambda: transport(place, other) == 3, "the other person's claim to wait for consent")
    assert place.database.value("SELECT count(*) FROM zhifu.message WHERE claim_id = %s", (other,)) == 0


def test_a_reload_brings_an_insurer_to_every_role(place, keep):
    daemon = started(place, keep)
    port, control = zhifu.free_port(), zhifu.free_port()
    keep(place.payer("delta", story.payer_script(place, "delta", port, control), port)).start()
    story.insurer(place, "delta", port)
    daemon.mark_log()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log('"supervisor".*configuration reloaded')
    bundle = story.sample("01-outpatient").replace(b'"ALPHA"', b'"DELTA"').replace(b"AL-5500017", b"DE-1")

    def sent():
        with daemon.client() as client:
            claim = submit(client, json.loads(bundle))
        return claim

    claim = sent()
    zhifu.wait_until(lambda: transport(place, claim) == 8, "the claim to reach the new insurer")
    assert "could not read the folder" not in daemon.log_text()
