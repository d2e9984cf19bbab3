"""The Synthea claims to an insurer in each format at once, while both misbehave at random by a seeded script: every claim
must end as tests/golden/synthea.tsv has it, none twice, with the ledger balanced. The ordinary run takes some patients,
tests/run --all takes all of them. ZHIFU_SEED chooses the patients and the faults."""

import collections
import concurrent.futures
import gzip
import json
import os
import random
import sys
import time

import pytest

import invariants
import story
import test_eclaimlink
import test_synthea
import zhifu

sys.path.append(str(zhifu.ROOT / "tests" / "golden"))
import synthea_endings  # noqa: E402

SEED = int(os.environ.get("ZHIFU_SEED", "20261122"))
SAMPLE = 150
DEADLINE_MS = 3000
MR = {"coding": [{"code": "MR"}]}
CPT = "http://www.ama-assn.org/go/cpt"
# What each kind costs of a million, when a claim is brought and when something is asked. Losing kinds of answers to a
# question cost 30 s each, the clock of a doubt: the sample has none.
SUBMIT = ("hang", "drip", "reset", "close", "500", "503", "garbage", "truncated", "correlation", "twice", "late", "other",
          "amount")
ASK = ("hang", "drip", "reset", "close", "500", "503", "garbage", "truncated", "twice", "late")
HARMLESS = ("drip", "twice", "late")


def faults(whole):
    chosen = []
    for kind in SUBMIT:
        chosen.append({"kind": kind, "scope": "submit", "chance_ppm": 15000, "ms": 2 if kind == "drip" else 400})
    # A 503 that carries the claim out all the same would be a lie: it says that the claim may be sent again.
    chosen.append({"kind": "500", "scope": "submit", "chance_ppm": 15000, "taken": "yes"})
    for kind in ASK if whole else HARMLESS:
        chosen.append({"kind": kind, "scope": "ask", "chance_ppm": 8000, "ms": 2 if kind == "drip" else 400})
    chosen.append({"kind": "refuse", "chance_ppm": 20000})
    return tuple(chosen)


def person(reference):
    return {"resourceType": "Patient", "id": "p", "identifier": [{
        "type": MR, "system": "https://hospital.example/patient", "value": reference.rsplit(":", 1)[-1].replace("-", "")[:30]}]}


def completed(claim):
    """The claim with what eClaimLink cannot do without: a net amount for each line, a diagnosis, a member's number. Equal
    claims stay equal, others stay others."""
    def cents(money):
        return round(money["value"] * 100)

    def money(minor):
        return {"value": minor / 100, "currency": "USD"}
    total = cents(claim["total"])
    left = total - sum(cents(item["net"]) for item in claim["item"] if "net" in item)
    for item in claim["item"]:
        for coding in item["productOrService"].get("coding", []):
            coding["system"] = CPT
        if "net" not in item:
            item["net"], left = money(max(left, 0)), min(left, 0)
        item.pop("encounter", None)
        item.pop("diagnosisSequence", None)
        item.pop("informationSequence", None)
        item.pop("procedureSequence", None)
    for name in ("prescription", "procedure", "supportingInfo", "meta"):
        claim.pop(name, None)
    coverage = claim["insurance"][0]["coverage"]
    if coverage["display"] != "no_insurance":
        claim["insurance"][0]["coverage"] = {"identifier": {"value": "M-1"}, "display": {
            "private": "alpha"}.get(coverage["display"], "dubai")}
    claim["diagnosis"] = [{"sequence": 1, "diagnosisCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "R69"}]}}]
    claim["contained"], claim["patient"] = [person(claim["patient"]["reference"])], {"reference": "#p"}
    claim["identifier"] = [{"system": "https://hospital.example/claim", "value": claim["id"]}]
    return claim


def lanes_of(whole):
    """The claims by patient, in order: which of two equal bills came first matters."""
    lanes = collections.defaultdict(list)
    with gzip.open(test_synthea.DATA / "synthea-claims.ndjson.gz") as lines:
        for line in lines:
            claim = json.loads(line)
            if claim["resourceType"] == "Claim":
                lanes[claim["patient"]["reference"]].append(completed(claim))
    if whole:
        return lanes
    chosen, some = {}, sorted(lanes)
    random.Random(SEED).shuffle(some)
    for patient in some:
        if sum(map(len, chosen.values())) < SAMPLE:
            chosen[patient] = lanes[patient][:40]
    return chosen


def send(daemon, patient, lane):
    ids = {}
    with daemon.client() as client:
        consent = dict(story.consent("#p", recipients=("ALPHA", "DUBAI")), contained=[person(patient)])
        answer = client.post("/fhir/Consent", story.body_of(consent), headers=test_synthea.FHIR)
        assert answer.status == 201, answer
        for claim in lane:
            answer = client.post("/fhir/Claim", claim, headers=test_synthea.FHIR)
            assert answer.status == 201, "%s: %r" % (claim["id"], answer)
            ids[claim["id"]] = story.location_id(answer)
    return ids


class Counts:
    """An insurer's counts, for invariants."""

    def __init__(self, control):
        self.control = control

    def counts(self):
        return zhifu.payer_counts(self.control)


def wanted():
    """{claim: (ending, cents)}"""
    return {claim: (ending, cents) for source, claim, ending, cents in synthea_endings.endings(str(test_synthea.DATA))
            if source == "file"}


@pytest.mark.skipif(not test_synthea.DATA.exists(), reason="the Synthea data is not here")
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
                         ids=["sample", "all"])
def test_synthea_claims_end_well_under_faults(place, keep, whole):
    port, control = zhifu.free_port(), zhifu.free_port()
    script = story.payer_script(place, "alpha", port, control, {"seed": SEED, "faults": faults(whole)})
    keep(place.payer("alpha", script, port)).start()
    story.insurer(place, "alpha", port)
    path = place.folder / "insurers.d" / "alpha.conf"
    path.write_text(path.read_text().replace("deadline_ms = 20000", "deadline_ms = %d" % DEADLINE_MS))
    post = test_eclaimlink.Post(
        place, keep, endpoint={"deadline_ms": DEADLINE_MS},
        keys={"currency": "USD", "files_max": "100"},
        script={"seed": SEED, "faults": faults(whole), "pay_every": 20, "pay_after_ms": 500, "plan_currency": "USD",
                "pay_currency": "USD"})
    daemon, database = place.daemon, place.database
    lanes, began = lanes_of(whole), time.monotonic()
    ids = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for part in pool.map(lambda lane: send(daemon, *lane), lanes.items()):
            ids.update(part)
    sent_s = time.monotonic() - began

    def endings():
        return {row["claim_id"]: row["ending"] for row in database.sql(test_synthea.ENDING_SQL)}

    def settled():
        left = collections.Counter(ending for ending in endings().values()
                                   if ending not in ("no_route", "held", "adjudicated"))
        assert not left, dict(left)
        return True

    try:
        zhifu.wait_until(settled, "every claim to end", 1500 if whole else 120, 0.5)
    finally:
        for row in database.sql("""SELECT insurer, direction, status, submission, count(*), min(left(why, 60)) AS why
                FROM zhifu.message GROUP BY 1, 2, 3, 4, regexp_replace(left(why, 20), '[0-9]', '') ORDER BY 1, 2, 3"""):
            print(dict(row))
    found, expected = endings(), wanted()
    print("%d claims, sent in %.0f s, ended after %.0f s: %s" % (
        len(ids), sent_s, time.monotonic() - began, dict(collections.Counter(found.values()))))
    wrong = {source: (expected[source][0], found[ours]) for source, ours in ids.items()
             if expected[source][0] != found[ours]}
    assert not wrong, (len(wrong), list(wrong.items())[:5])
    received = 0
    for insurer in (Counts(control), post):
        counts = insurer.counts()
        print(counts)
        assert counts["taken_twice"] == 0 and counts["differed"] == 0, counts
        received += counts["distinct"]
    gone = [expected[source][1] for source in ids if expected[source][0] == "adjudicated"]
    assert received == len(gone)
    assert database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'") == len(gone)
    assert database.value("SELECT sum(amount_minor) FROM zhifu.posting WHERE rule = 'bill'") == sum(gone)
    assert daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_next_steps(database)
    invariants.assert_events_are_paths(database, invariants.lifecycle_of(daemon))
