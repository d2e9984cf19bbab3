"""The whole way in a format that has nothing in common with FHIR: claims go out as XML files through a post office, and
come back as advices that are searched for, fetched, read, and confirmed."""

import http.client
import json

import pytest

import invariants
import story
import zhifu

FHIR = {"Content-Type": "application/fhir+json"}
PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [
    {"type": {"coding": [{"code": "MR"}]}, "system": "https://hospital.example/patient", "value": "MR-1"}]}
CPT = "http://www.ama-assn.org/go/cpt"
CODES = "http://terminology.hl7.org/CodeSystem/"
PASSWORD = "p<&>\"w${x}"  # as a secret it is filled in as it is, and escaped


def money(minor, currency="AED"):
    return {"value": "@%d.%02d@" % divmod(minor, 100), "currency": currency}


def claim(number, lines, currency="AED", use="claim", replaces=None):
    """lines: (code, minor, share minor)"""
    items = []
    for index, (code, minor, share) in enumerate(lines):
        item = {"sequence": index + 1, "productOrService": {"coding": [{"system": CPT, "code": code}]},
                "servicedDate": "2026-03-05", "quantity": {"value": 1}, "unitPrice": money(minor, currency),
                "net": money(minor, currency)}
        if share:
            item["extension"] = [{"url": "urn:zhifu:patient-share", "valueMoney": money(share, currency)}]
        items.append(item)
    resource = {
        "resourceType": "Claim", "status": "active", "use": use,
        "identifier": [{"system": "https://hospital.example/claim", "value": number}],
        "type": {"coding": [{"system": CODES + "claim-type", "code": "professional"}]},
        "contained": [PATIENT], "patient": {"reference": "#p"}, "created": "2026-03-05",
        "billablePeriod": {"start": "2026-03-05", "end": "2026-03-05"},
        "provider": {"display": "Test Hospital"}, "priority": {"coding": [{"code": "normal"}]},
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J06.9"}]}}],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"identifier": {"value": "DXB-1"}, "display": "dubai"}}],
        "item": items, "total": money(sum(minor for _, minor, _ in lines), currency),
    }
    if replaces:
        resource["related"] = [{"claim": {"reference": "Claim/" + replaces},
                                "relationship": {"coding": [{"code": "replaces"}]}}]
    return json.dumps(resource).replace('"@', "").replace('@"', "").encode()


class Post:
    """A hospital, and a sandbox insurer behind a post office."""

    def __init__(self, place, keep, script=None, keys=None):
        for needed in ("zhifu-payer", "adapters/eclaimlink.so"):
            if not (zhifu.BUILD / needed).exists():
                pytest.skip("%s is not built" % needed)
        self.place, self.database, self.daemon = place, place.database, place.daemon
        self.port, self.control = zhifu.free_port(), zhifu.free_port()
        settings = {"format": "eclaimlink", "base_path": "/soap", "license": "TPA9", "login": "hz1", "password": PASSWORD,
                    "plan_currency": "AED", "pay_after_ms": 200}
        settings.update(script or {})
        self.script = story.payer_script(place, "dubai", self.port, self.control, settings)
        self.payer = keep(place.payer("dubai", self.script, self.port))
        self.payer.start()
        secrets = {}
        for name, text in (("login-HZ1", "hz1"), ("password-HZ1", PASSWORD)):
            path = place.folder / name
            path.write_text(text)
            path.chmod(0o600)
            secrets[name] = str(path)
        place.insurer("dubai", {
            "name": "Dubai", "module": "eclaimlink", "names": ["dubai"], "allowed_fields": ["*"],
            "payer_identifiers": ({"system": "https://payers.example/id", "value": "DUBAI"},),
            "endpoints": ({"name": "eclaimlink", "url": "https://localhost:%d/soap" % self.port,
                           "ca_file": place.pki.pem("ca"), "certificate": place.pki.pem("client"),
                           "private_key": place.pki.key("client"), "deadline_ms": 20000},),
            "poll_interval_s": 1, "secrets": secrets,
            "keys": dict({"login": "login-*", "password": "password-*", "sender_id": "MF1", "receiver_id": "TPA9",
                          "payer_id": "INS1", "disposition": "TEST", "emirates_id_default": "999-9999-9999999-9",
                          "clinician_default": "DHA-P-1", "poll": "8 17", "retry_seconds": "1"}, **(keys or {}))})
        story.hospital(place)
        self.daemon.start()
        with self.daemon.client() as client:
            consent = dict(story.consent("#p", recipients=("DUBAI",)), contained=[PATIENT])
            answer = client.post("/fhir/Consent", story.body_of(consent), headers=FHIR)
            assert answer.status == 201, answer
        self.ids = {}

    def submit(self, number, *args, **more):
        with self.daemon.client() as client:
            answer = client.post("/fhir/Claim", claim(number, *args, **more), headers=FHIR)
            assert answer.status == 201, answer
            self.ids[number] = story.location_id(answer)
        return self.ids[number]

    def state(self, claim_id):
        return self.database.sql("""SELECT transport, acknowledgement, adjudication, payment, books
            FROM zhifu.claim_state WHERE claim_id = %s""", (claim_id,))[0]

    def events(self, claim_id):
        """For whoever reads why a test failed."""
        return [(row["event"], row["why"]) for row in self.database.sql(
            "SELECT event, why FROM zhifu.claim_event WHERE claim_id = %s ORDER BY at", (claim_id,))]

    def wait(self, claim_id, **wanted):
        def there():
            state = self.state(claim_id)
            assert all(state[axis] in values for axis, values in wanted.items()), (state, wanted, self.events(claim_id))
            return state
        return zhifu.wait_until(there, "claim %s" % claim_id)

    def amounts(self, claim_id):
        ref = self.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))
        with self.daemon.client() as client:
            return {name: amount["amount"] for name, amount in client.get("/v1/claims/" + ref).json()["amounts"].items()
                    if isinstance(amount, dict)}

    def ask(self, method, path, body=""):
        """The sandbox's control, which never misbehaves."""
        conn = http.client.HTTPConnection("127.0.0.1", self.control, timeout=30)
        try:
            conn.request(method, path, body.encode())
            return json.loads(conn.getresponse().read())
        finally:
            conn.close()

    def counts(self):
        return zhifu.payer_counts(self.control)


@pytest.fixture
def post(place, keep):
    return lambda **more: Post(place, keep, **more)


DECIDED = {"adjudication": (3, 4, 5)}


def test_claims_come_back_decided_and_paid(post):
    """Part payment, denial of a line, denial of all, and what the hospital had from the patient already."""
    one = post(script={"coinsurance": "10", "denials": (
        {"code": "99998", "original": "MNEC-004", "reason": "not-necessary", "group": "PI"},),
        "rejects": ({"code": "99997", "original": "R-1"},)})
    whole = one.submit("N-1", [("99213", 48000, 8000), ("85025", 12150, 0)])
    part = one.submit("N-2", [("99213", 10000, 0), ("99998", 5000, 0)])
    denied = one.submit("N-3", [("99998", 7000, 0)])
    refused = one.submit("N-4", [("99997", 9000, 0)])
    foreign = one.submit("N-5", [("99213", 9100, 0)], currency="CNY")
    for claim_id in (whole, part, denied):
        one.wait(claim_id, **DECIDED)
    said = one.amounts(whole)
    assert (said["insurer"], said["patient"], said["unexplained"]) == ("469.35", "132.15", "0.00"), said
    said = one.amounts(part)
    assert (said["insurer"], said["patient"], said["unexplained"]) == ("90.00", "10.00", "50.00"), said
    assert one.amounts(denied)["insurer"] == "0.00"
    reasons = one.database.sql("""SELECT DISTINCT reason, original_code FROM zhifu.adjudication_line JOIN zhifu.adjudication USING (hospital_id, adjudication_id)
        WHERE claim_id = %s""", (denied,))
    assert [(row["reason"], row["original_code"]) for row in reasons] == [(9, "MNEC-004")], reasons
    # Refused by the post office: the report's row is told; in another currency it never left.
    one.wait(refused, acknowledgement=(2,))
    why = one.database.value("SELECT text FROM zhifu.fact WHERE claim_id = %s AND kind = 2", (refused,))
    assert "wire-rule@Claim" in why, why
    zhifu.wait_until(lambda: one.database.value(
        "SELECT text FROM zhifu.fact WHERE claim_id = %s AND kind = 101", (foreign,)), "the claim that cannot be said")
    why = one.database.value("SELECT text FROM zhifu.fact WHERE claim_id = %s AND kind = 101", (foreign,))
    assert "wire-currency@Claim.item[0].net" in why and "AED" in why, why
    paid = "SELECT coalesce(sum(amount_minor), 0) FROM zhifu.remittance_detail"
    zhifu.wait_until(lambda: one.database.value(paid) == 46935 + 9000, "the money")
    assert one.database.value("SELECT count(*) FROM zhifu.message WHERE status IN (13, 14)") == 0
    assert one.counts()["received"] == 4 and one.counts()["taken_twice"] == 0
    assert one.daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_events_are_paths(one.database, invariants.lifecycle_of(one.daemon))
    # Neither login nor password is kept anywhere.
    log = one.daemon.log_text()
    assert PASSWORD not in log and "hz1\"" not in log


def test_a_correction_and_a_request(post):
    """A correction goes out under its origin's number with Resubmission, and its answer comes to itself; a request for
    authorization is answered by a file of its own."""
    one = post()
    first = one.submit("N-1", [("99213", 10000, 0)])
    one.wait(first, **DECIDED)
    second = one.submit("N-2", [("99214", 12000, 0)], replaces=first)
    third = one.submit("N-4", [("99215", 13000, 0)], replaces=second)
    # However long the chain, the insurer knows the case by its first number.
    origin = "SELECT zhifu.claim_origin(hospital_id, predecessor_id, %s) FROM zhifu.claim WHERE claim_id = %s"
    ref = one.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (first,))
    assert one.database.value(origin, ("dubai", second)) == one.database.value(origin, ("dubai", third)) == ref
    assert one.database.value(origin, ("other", third)) is None
    asked = one.submit("N-3", [("99213", 30000, 0)], use="preauthorization")
    one.wait(second, **DECIDED)
    one.wait(third, **DECIDED)
    one.wait(asked, **DECIDED)
    assert one.amounts(second)["insurer"] == "108.00", one.amounts(second)
    assert one.counts()["distinct"] == 4 and one.counts()["taken_twice"] == 0
    # What was paid for it is taken back: money, and no new decision.
    paid = "SELECT coalesce(sum(amount_minor), 0) FROM zhifu.remittance_detail WHERE claim_id = %s"
    zhifu.wait_until(lambda: one.database.value(paid, (first,)) == 9000, "the money")
    one.ask("POST", "/_sandbox/take-back/" + ref)
    zhifu.wait_until(lambda: one.database.value(paid, (first,)) == 0, "the take-back")
    assert one.database.value("SELECT min(amount_minor) FROM zhifu.remittance_detail") == -9000
    assert one.database.value("SELECT count(*) FROM zhifu.adjudication WHERE claim_id = %s", (first,)) == 1


def test_what_was_not_confirmed_says_the_same_again(post):
    """Answers of the post office get lost on their way, confirmations among them: files are fetched again, and nothing
    is booked twice."""
    one = post(script={"coinsurance": "0", "pay_every": 2, "seed": 11, "faults": (
        {"kind": "500", "scope": "ask", "chance_ppm": 300000, "taken": "yes"},
        {"kind": "close", "scope": "ask", "chance_ppm": 150000},
        {"kind": "500", "scope": "submit", "chance_ppm": 200000, "taken": "yes"})}, keys={"files_max": "3"})
    for n in range(8):
        one.submit("N-%d" % n, [("99213", 10000 + n, 0)])
    for claim_id in one.ids.values():
        one.wait(claim_id, **DECIDED)
    total = 8 * 10000 + sum(range(8))
    paid = "SELECT coalesce(sum(amount_minor), 0) FROM zhifu.remittance_detail"
    zhifu.wait_until(lambda: one.database.value(paid) == total, "the money")
    # As if none of the confirmations had ever arrived.
    one.ask("POST", "/_sandbox/script", zhifu.config_text(dict(one.script, faults=())))
    zhifu.wait_until(lambda: one.ask("GET", "/_sandbox/files")["waiting"] == 0, "all files to be confirmed")
    before = one.ask("GET", "/_sandbox/files")
    one.ask("POST", "/_sandbox/unconfirm")
    zhifu.wait_until(lambda: one.ask("GET", "/_sandbox/files")["waiting"] == 0, "all files to be confirmed again")
    after = one.ask("GET", "/_sandbox/files")
    assert after["confirmed"] == before["confirmed"] and after["fetches"] >= before["fetches"] + after["confirmed"]
    zhifu.wait_until(lambda: one.database.value("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, "settle")
    assert one.database.value("SELECT count(*) FROM zhifu.claim_event WHERE axis = 3") <= 2 * len(one.ids)
    assert one.database.value(paid) == total
    assert one.counts()["taken_twice"] == 0
    assert one.daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_events_are_paths(one.database, invariants.lifecycle_of(one.daemon))
