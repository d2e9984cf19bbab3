"""The main job on real input: 5,422 Synthea claims and 12 Bundles that repeat 266 of them go in over TLS, out to sandbox
insurers and back. Each must end as tests/golden/synthea.tsv says, which another program derived from the data."""

import collections
import concurrent.futures
import gzip
import hashlib
import json
import os
import sys

import pytest

import story
import zhifu

DATA = zhifu.SHARED / "data" / "fhir"
GOLDEN = zhifu.ROOT / "tests" / "golden" / "synthea.tsv"
CONNECTIONS = 8
PATIENCE_S = 420
FHIR = {"Content-Type": "application/fhir+json"}


def golden():
    """{(source, ending): (count, cents, sha256)}"""
    table = {}
    for line in GOLDEN.read_text().splitlines():
        if not line.startswith("#"):
            source, ending, count, cents, digest = line.split("\t")
            table[source, ending] = (int(count), int(cents), digest)
    return table


def by_patient(lines):
    """The claims of one patient stay in order and on one connection: which of two equal bills came first matters."""
    lanes = collections.defaultdict(list)
    for line in lines:
        resource = json.loads(line)
        if resource["resourceType"] == "Claim":
            lanes[resource["patient"]["reference"]].append((resource["id"], line))
    return lanes


def send_lane(daemon, lane):
    ids = {}
    with daemon.client() as client:
        for source_id, body in lane:
            answer = client.post("/fhir/Claim", body, headers=FHIR)
            assert answer.status == 201, "%s: HTTP %d %s" % (source_id, answer.status, answer.text[:500])
            ids[source_id] = story.location_id(answer)
    return ids


def submit_file(daemon, lanes):
    """Source claim id -> our id."""
    shares = [[] for _ in range(CONNECTIONS)]
    for index, lane in enumerate(lanes.values()):
        shares[index % CONNECTIONS].extend(lane)
    ids = {}
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for part in pool.map(lambda share: send_lane(daemon, share), shares):
            ids.update(part)
    return ids


def submit_bundles(daemon):
    """Source claim id -> our id, of the transactions in name order."""
    ids = {}
    with daemon.client() as client:
        for path in sorted((DATA / "synthea-bundles").glob("*.json"), key=lambda p: os.fsencode(p.name)):
            body = path.read_bytes()
            answer = client.post("/fhir", body, headers=FHIR)
            assert answer.status == 200, "%s: HTTP %d %s" % (path.name[:4], answer.status, answer.text[:500])
            entries = json.loads(body)["entry"]
            results = answer.json()["entry"]
            assert len(entries) == len(results)
            for entry, result in zip(entries, results):
                if entry["resource"]["resourceType"] == "Claim":
                    assert result["response"]["status"].startswith("201"), result
                    location = result["response"]["location"].split("/")
                    ids[entry["resource"]["id"]] = location[location.index("Claim") + 1]
    return ids


ENDING_SQL = """SELECT claim_id::text AS claim_id, c.total_minor,
    CASE WHEN s.transport = 2 THEN 'no_route' WHEN s.transport = 4 THEN 'held'
         WHEN s.adjudication IN (3, 4, 5) AND s.books >= 2 THEN 'adjudicated'
         ELSE 'transport ' || s.transport || ' acknowledgement ' || s.acknowledgement || ' adjudication ' || s.adjudication
              || ' books ' || s.books END AS ending
    FROM zhifu.claim c JOIN zhifu.claim_state s USING (hospital_id, claim_id)"""


def digest_of(ids, endings, ending):
    lines = sorted("%s %s\n" % (source, ending) for source, ours in ids.items() if endings[ours][1] == ending)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def resident_kb(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


@pytest.mark.skipif(not DATA.exists(), reason="the Synthea data is not here")
@pytest.mark.timeout(900)
def test_synthea_claims_end_as_the_golden_table_says(place, keep):
    story.hospital(place)
    payers = {}
    for name, displays in (("alpha", ["private"]), ("beta", ["medicare", "medicaid", "dual_eligible"])):
        port, control = zhifu.free_port(), zhifu.free_port()
        payers[name] = keep(place.payer(name, story.payer_script(place, name, port, control), port))
        payers[name].control = control
        payers[name].start()
        story.insurer(place, name, port, {"names": displays})
    place.settings["body_bytes_max"] = 8 << 20
    daemon = place.daemon
    daemon.start()

    with gzip.open(DATA / "synthea-claims.ndjson.gz", "rb") as lines:
        lanes = by_patient(lines)
    with daemon.client() as client:
        for patient in lanes:
            answer = client.post("/fhir/Consent", story.body_of(story.consent(patient)), headers=FHIR)
            assert answer.status == 201, answer.text
    before = {pid: resident_kb(pid) for pid in daemon.children()}
    file_ids = submit_file(daemon, lanes)
    bundle_ids = submit_bundles(daemon)

    def endings():
        return {row["claim_id"]: (row["total_minor"], row["ending"]) for row in place.database.sql(ENDING_SQL)}

    def settled():
        left = collections.Counter(ending for _, ending in endings().values()
                                   if ending not in ("no_route", "held", "adjudicated"))
        assert not left, dict(left)
        return True

    zhifu.wait_until(settled, "every claim to end", PATIENCE_S, 0.5)
    found = endings()
    report = []
    for (source, ending), (count, cents, digest) in golden().items():
        ids = file_ids if source == "file" else bundle_ids
        mine = [ours for ours in ids.values() if found[ours][1] == ending]
        sums = sum(found[ours][0] for ours in mine)
        report.append("%s %s: %d claims, %d cents" % (source, ending, len(mine), sums))
        assert (len(mine), sums) == (count, cents), report[-1]
        assert digest_of(ids, found, ending) == digest, "other claims than expected ended %s" % ending
    sys.stdout.write("\n".join(report) + "\n")

    # Nothing reached an insurer twice, and what an insurer counts is what was adjudicated.
    received = 0
    for payer in payers.values():
        counts = zhifu.payer_counts(payer.control)
        assert counts["duplicates"] == 0, counts
        received += counts["distinct"]
    assert received == golden()["file", "adjudicated"][0]

    # The ledger: every receivable is what was billed less the patient's share and write-offs.
    assert place.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'") == received
    assert place.database.value("SELECT sum(amount_minor) FROM zhifu.posting WHERE rule = 'bill'") == \
        golden()["file", "adjudicated"][1]
    assert daemon.ctl("ledger", "balance").returncode == 0
    # Nothing that an honest insurer says is doubted.
    assert place.database.value("SELECT count(*) FROM zhifu.fact WHERE problem") == 0

    # Memory stays flat: no process grew by more than a working set of batches and what the sanitizer keeps of freed
    # memory (16 MB, tests/run). 12 kB a claim that nobody frees would be found.
    grown = {pid: resident_kb(pid) - kb for pid, kb in before.items()}
    sys.stdout.write("grown by kB: %s\n" % grown)
    assert all(kb < 64 * 1024 for kb in grown.values()), grown
