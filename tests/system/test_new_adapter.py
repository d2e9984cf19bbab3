"""An insurer with a format of its own: tests/golden/pipe/pipe.c, a module that was written from zhifu_adapter.7 alone,
is certified, configured as the manual says, and carries claims to an insurer that is twenty lines of Python."""

import http.server
import json
import ssl
import threading

import pytest

import invariants
import story
import zhifu

SOURCE = zhifu.ROOT / "tests/golden/pipe"
MODULE = zhifu.BUILD / "golden/pipe.so"
FHIR = {"Content-Type": "application/fhir+json"}
# What the insurer says of a bill, by its member number: the bill is 1338.35 CNY.
ANSWERS = {"AL-1": "OK|%s|113835|20000|deductible\n", "AL-2": "NO|%s|member not found\n", "AL-3": "OK|%s|1138"}


@pytest.fixture
def insurer(pki):
    """Its port, and the lines of the bills that it was sent."""
    bills = []

    class Desk(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            lines = self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines()
            bills.append([line.split("|") for line in lines])
            body = (ANSWERS[bills[-1][0][1]] % bills[-1][0][0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.pem("insurer"), pki.key("insurer"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], bills
    server.shutdown()
    server.server_close()


def bill(member):
    """The first claim's Bundle for another card, of another day: a bill of its own."""
    bundle = json.loads(story.sample("first-claim"))
    for resource in (entry["resource"] for entry in bundle["entry"]):
        if resource["resourceType"] == "Coverage":
            resource["subscriberId"] = member
        if resource["resourceType"] == "Claim":
            day = "2026-09-1" + member[-1]
            resource["identifier"][0]["value"] = member
            resource["billablePeriod"] = {"start": day, "end": day}
            for line in resource["item"]:
                line["servicedDate"] = day
    return bundle


def test_it_stays_small():
    assert len((SOURCE / "pipe.c").read_text().splitlines()) <= 100


def test_it_is_certified(programs):
    """What a case expects is in the files; twice the same, cut at every byte and short of memory are added by the check."""
    done = zhifu.run([programs / "zhifuctl", "adapter", "check", MODULE, "--golden", SOURCE], check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "%d cases" % len(list(SOURCE.glob("*.case.json"))) in done.stdout and done.stdout.endswith("\ncertified\n")


def test_claims_reach_an_insurer_with_a_format_of_its_own(place, insurer):
    port, bills = insurer
    place.settings["adapters_dir"] = str(MODULE.parent)
    story.hospital(place)
    place.insurer("pipe", {
        "name": "Pipe Mutual", "module": "pipe", "allowed_fields": ["*"], "purposes": ["HPAYMT"],
        "payer_identifiers": ({"system": "https://payers.example/id", "value": "ALPHA"},), "ranges": ({"prefix": "AL-"},),
        "endpoints": ({"name": "bills", "url": "https://localhost:%d/bills" % port, "ca_file": place.pki.pem("ca"),
                       "deadline_ms": 20000},),
    })
    daemon, database, ids = place.daemon, place.database, {}
    daemon.start()
    with daemon.client() as client:
        for member in ANSWERS:
            answer = client.post("/fhir/Claim/$submit", story.body_of(bill(member)), headers=FHIR)
            assert answer.status == 200, answer.text
            ids[member] = answer.json()["request"]["reference"].split("/")[1]

    def axes(member):
        row = database.sql("SELECT transport, acknowledgement, adjudication, books FROM zhifu.claim_state "
                           "WHERE claim_id = %s", (ids[member],))[0]
        return tuple(row.values())

    zhifu.wait_until(lambda: axes("AL-1") == (8, 3, 3, 2), "AL-1 to be decided and posted")
    zhifu.wait_until(lambda: axes("AL-2")[1] == 2, "AL-2 to be rejected")
    quarantine = zhifu.wait_until(lambda: daemon.ctl_json("queue", "quarantine")["quarantined"], "AL-3's answer to be quarantined")
    assert len(quarantine) == 1 and axes("AL-3")[2:] == (0, 1), (quarantine, axes("AL-3"))
    assert sorted(lines[0][1] for lines in bills) == sorted(ANSWERS)
    first = next(lines for lines in bills if lines[0][1] == "AL-1")
    assert [line[2:] for line in first] == [["2026-09-11", "100100", "80000", "CNY"], [
        "2026-09-11", "250400", "48650", "CNY"], ["2026-09-11", "XA-0107", "5185", "CNY"]]
    with daemon.client() as client:
        amounts = client.get("/v1/claims/" + first[0][0]).json()["amounts"]
    assert {name: amount["amount"] for name, amount in amounts.items()} == {
        "charged": "1338.35", "insurer": "1138.35", "patient": "200.00", "writtenOff": "0.00", "unexplained": "0.00"}
    assert daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_events_are_paths(database, invariants.lifecycle_of(daemon))
