"""Each of HL7's official R4 examples, posted as a hospital would, gets the verdict of tests/golden/hl7-r4-examples.tsv:
the table that decoder and validator are held to is what a client sees over HTTP too."""

import pytest

import story
import zhifu

DATA = zhifu.SHARED / "data" / "fhir" / "hl7-r4-examples"
GOLDEN = zhifu.ROOT / "tests" / "golden" / "hl7-r4-examples.tsv"
PATHS = {"Claim": "/fhir/Claim", "Consent": "/fhir/Consent", "Task": "/fhir/Task"}


def rows():
    for line in GOLDEN.read_text().splitlines():
        if not line.startswith("#"):
            yield (line.split("\t") + [""])[:4]


def faults_of(outcome):
    """{"path=code"} of the errors; our code is the detail's coding."""
    found = set()
    for issue in outcome.get("issue", []):
        if issue["severity"] in ("error", "fatal"):
            codes = [c["code"] for c in issue.get("details", {}).get("coding", [])]
            found.add("%s=%s" % ((issue.get("expression") or ["-"])[0], codes[0] if codes else "-"))
    return found


@pytest.mark.skipif(not DATA.exists(), reason="the HL7 examples are not here")
def test_each_example_gets_its_verdict_over_http(place):
    story.hospital(place)
    daemon = place.daemon
    daemon.start()
    wrong = []
    count = 0
    with daemon.client() as client:
        for name, kind, verdict, faults in rows():
            count += 1
            answer = client.post(PATHS.get(kind, "/fhir"), (DATA / name).read_bytes(),
                                 headers={"Content-Type": "application/fhir+json"})
            if verdict == "accepted":
                good = answer.status == 201
            else:
                found = faults_of(answer.json())
                wanted = set(faults.split())
                # A Task is judged further over HTTP: by its status, intent and focus here.
                open_ended = verdict == "not-accepted-type" or kind == "Task"
                good = 400 <= answer.status < 500 and (wanted <= found if open_ended else wanted == found)
            if not good:
                wrong.append("%s: %s expected, HTTP %d %s" % (name, verdict, answer.status, answer.text[:300]))
    assert count == 174
    assert not wrong, "\n".join(wrong)
    assert place.database.value("SELECT count(*) FROM zhifu.claim") == 1
    assert place.database.value("SELECT count(*) FROM zhifu.consent") == 0
    assert place.database.value("SELECT count(*) FROM zhifu.task") == 0
