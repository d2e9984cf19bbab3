"""The whole way in a format that has nothing in common with FHIR: claims go out as XML files through a post office, and
come back as advices that are searched for, fetched, read, and confirmed."""

import base64
import hashlib
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
    """A hospital, and a sandbox insurer behind a post office; front: the port at which the daemon reaches its port."""

    def __init__(self, place, keep, script=None, keys=None, endpoint=None, front=lambda port: port):
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
            "endpoints": (dict({"name": "eclaimlink", "url": "https://localhost:%d/soap" % front(self.port),
                                "ca_file": place.pki.pem("ca"), "certificate": place.pki.pem("client"),
                                "private_key": place.pki.key("client"), "deadline_ms": 20000}, **(endpoint or {})),),
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
    reasons = one.database.sql("""SELECT DISTINCT j.reason, j.original_code FROM zhifu.adjudication a, unnest(a.adjustments) AS j
        WHERE a.claim_id = %s""", (denied,))
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
    assert one.database.value("SELECT count(*) FROM zhifu.fact WHERE problem") == 0
    assert one.counts()["received"] == 4 and one.counts()["taken_twice"] == 0
    assert one.daemon.ctl("ledger", "balance").returncode == 0
    invariants.assert_events_are_paths(one.database, invariants.lifecycle_of(one.daemon))
    # Neither login nor password is kept anywhere.
    log = one.daemon.log_text()
    assert PASSWORD not in log and "hz1\"" not in log


def test_an_answer_that_says_nothing_new_is_not_read_again(post):
    """The post office takes each file with the same bytes: who has read them once concludes the next ones by themselves."""
    one = post()
    claims = []

    def concluded():
        claims.append(one.submit("N-%d" % len(claims), [("99213", 10000 + len(claims), 0)]))
        one.wait(claims[-1], acknowledgement=(3,))
        return sum(n for name, n in one.daemon.metrics().items() if name.startswith("zhifu_route_plain_total")) > 0

    zhifu.wait_until(concluded, "an answer that is concluded")
    for claim_id in claims:
        one.wait(claim_id, **DECIDED)
    rows = one.database.sql("""SELECT x.step, m.status, f.status AS fact FROM zhifu.exchange x
        JOIN zhifu.message m USING (hospital_id, exchange_id) JOIN zhifu.fact f USING (hospital_id, message_id)
        WHERE x.kind = 1 AND m.direction = 2 AND f.kind = 1""")
    assert len(rows) == len(claims) and all((row["step"], row["status"], row["fact"]) == (2, 12, 2) for row in rows), rows
    invariants.assert_events_are_paths(one.database, invariants.lifecycle_of(one.daemon))


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


def test_the_insurer_is_tested(post, place):
    """zhifuctl insurer test asks what a poll asks first, with the hospital's own login, and goes no further."""
    one = post(keys={"poll": "17"})  # what is paid waits for ever
    claim_id = one.submit("N-1", [("99213", 10000, 0)])
    one.wait(claim_id, acknowledgement=(3,))
    zhifu.wait_until(lambda: one.ask("GET", "/_sandbox/files")["waiting"] == 1, "the advice")

    def tested():
        done = one.daemon.ctl("--json", "insurer", "test", "dubai", check=False)
        (row,) = json.loads(done.stdout)["endpoints"]
        assert PASSWORD not in done.stdout + done.stderr
        return done.returncode, row

    status, row = tested()
    assert status == 0 and (row["ok"], row["http_status"], row["hospital"], row["error"]) == ("yes", 200, "HZ1", None), row
    assert row["advice"] == "fine" and row["certificate_until"]
    said = one.daemon.ctl("insurer", "test", "dubai").stdout
    assert "HZ1" in said and "fine" in said
    assert one.ask("GET", "/_sandbox/files") == {"waiting": 1, "confirmed": 0, "fetches": 0}
    # It refuses the login.
    (place.folder / "password-HZ1").write_text("another")
    status, row = tested()
    assert status == 1 and (row["ok"], row["http_status"]) == ("yes", 200), row
    assert "SearchTransactions with result -1" in row["error"] and "password" in row["advice"], row
    (place.folder / "password-HZ1").write_text(PASSWORD)
    for kind, wrong in (("500", "ill"), ("garbage", "no good"), ("reset", "error")):
        one.ask("POST", "/_sandbox/script", zhifu.config_text(dict(one.script, faults=({"kind": kind, "scope": "ask"},))))
        status, row = tested()
        assert status == 1 and wrong in row["advice"], (kind, row)
    one.payer.stop()
    status, row = tested()
    assert status == 1 and row["ok"] == "no" and "listens" in row["advice"], row


# --- an insurer that misbehaves ---------------------------------------------------------------------------------------

# Each fault of zhifu-payer, at an upload and at a search, and parts of the reasons that a person finds for it.
FAULTS = {
    "refuse": [], "hang": [], "reset": [], "close": [], "500": [], "503": [], "late": [], "twice": [],
    "drip": ["the deadline passed"], "truncated": ["transfer closed"], "garbage": ["xml-invalid@"],
    "correlation": ["belongs to no claim", "it names a claim that is not here", "/UploadTransactionResponse"],
    "other": ["belongs to no claim", "it names a claim of another hospital"],
    "amount": ["wire-overpaid@/Remittance.Advice/Claim[1]/Activity/PaymentAmount"],
}
FOR_PEOPLE = """SELECT why, count(*) AS n FROM (SELECT why FROM zhifu.message WHERE problem
    UNION ALL SELECT why FROM zhifu.fact WHERE problem) waits GROUP BY why"""


class Bad:
    """An insurer whose script changes while the hospital goes on."""

    SETTINGS = {"script": {"coinsurance": "10", "seed": 5}, "endpoint": {"deadline_ms": 1000}}

    def __init__(self, post):
        self.post = post
        self.known = {}

    def script(self, **settings):
        answer = self.post.ask("POST", "/_sandbox/script", zhifu.config_text(dict(self.post.script, **settings)))
        assert answer == {"loaded": True}, answer

    def for_people(self):
        """The reasons of what waits for a person and did not at the last look."""
        now = {row["why"]: row["n"] for row in self.post.database.sql(FOR_PEOPLE)}
        fresh = {why for why, n in now.items() if n > self.known.get(why, 0)}
        self.known = now
        return fresh

    def whole(self, what, minor):
        """A claim of its own, from its sending to its money; its amounts differ, else it is held as a duplicate."""
        post, number = self.post, "N-%d" % len(self.post.ids)
        claim_id = post.submit(number, [("99213", minor, 0)])
        paid = "SELECT coalesce(sum(amount_minor), 0) FROM zhifu.remittance_detail WHERE claim_id = %s"
        due = minor * 9 // 10
        zhifu.wait_until(lambda: post.state(claim_id)["adjudication"] == 3 and post.state(claim_id)["payment"] == 1,
                         "%s: %s %s" % (what, post.state(claim_id), post.events(claim_id)))
        zhifu.wait_until(lambda: post.ask("GET", "/_sandbox/files")["waiting"] == 0, what + ": all files to be confirmed")
        assert post.database.value(paid, (claim_id,)) == due, what
        said = post.amounts(claim_id)
        assert (said["insurer"], said["unexplained"]) == ("%d.%02d" % divmod(due, 100), "0.00"), (what, said)
        assert said["announced"] == said["insurer"], (what, said)
        ref = post.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))
        entry = post.ask("GET", "/_sandbox/claims/" + ref)
        assert entry["taken"] == 1 and entry["differed"] == 0, (what, entry)
        return entry

    def judge(self):
        """What must hold in the end, of all claims."""
        database, daemon = self.post.database, self.post.daemon
        assert self.post.counts()["taken_twice"] == 0 and self.post.counts()["distinct"] == len(self.post.ids)
        assert daemon.ctl("ledger", "balance").returncode == 0
        zhifu.wait_until(lambda: database.value("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, "settle")
        posted = "SELECT sum(amount_minor) FROM zhifu.posting WHERE rule = 'announce'"
        assert database.value(posted) == self.post.counts()["sums"]["AED"]["paid"]
        invariants.assert_next_steps(database)
        invariants.assert_events_are_paths(database, invariants.lifecycle_of(daemon))


def test_each_fault_ends_well(post):
    """One claim under each fault: none is carried out twice, each ends as it should; what is wrong about an answer is
    booked nowhere and waits for a person with its reason."""
    one = Bad(post(**Bad.SETTINGS))
    for at, (kind, wanted) in enumerate(FAULTS.items()):
        # Drips take longer than the deadline, what is late does not.
        ms = 400 if kind == "late" else 3
        one.script(faults=tuple({"kind": kind, "scope": scope, "ordinals": ["1"], "ms": ms} for scope in ("submit", "ask")))
        entry = one.whole(kind, 10000 + 10 * at)
        assert entry["came"] == (2 if kind in ("500", "503") else 1), (kind, entry)
        told = one.for_people()
        assert all(any(part in why for why in told) for part in wanted), (kind, wanted, told)
        assert all(any(part in why for part in wanted) for why in told), (kind, wanted, told)
    one.judge()


def test_what_the_post_office_did_not_take(post):
    """"Not now" under a 200 is sent once more. An answer that nobody can read, and no such file among those that were sent:
    that waits for a person, and goes again when one says so."""
    one = Bad(post(**Bad.SETTINGS))
    one.script(faults=({"kind": "late", "scope": "submit", "ordinals": ["1"], "ms": 1, "taken": "no"},))
    assert one.whole("not now", 10000)["came"] == 2
    one.script(faults=({"kind": "garbage", "scope": "submit", "ordinals": ["1"], "taken": "no"},))
    claim_id = one.post.submit("N-lost", [("99213", 20000, 0)])
    one.post.wait(claim_id, transport=(7,))
    invariants.assert_next_steps(one.post.database)
    ref = one.post.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (claim_id,))
    assert one.post.ask("GET", "/_sandbox/claims/" + ref)["came"] == 1
    one.post.daemon.ctl("claim", "resend", ref, "--who", "li", "--why", "it is not among what was sent")
    one.post.wait(claim_id, payment=(1,))
    one.judge()


def test_faults_by_chance(post):
    """All of them at once, by a seed."""
    one = Bad(post(**Bad.SETTINGS))
    one.script(seed=20261122, faults=tuple(
        {"kind": kind, "scope": scope, "chance_ppm": 60000, "ms": 3} for kind in FAULTS for scope in ("submit", "ask")
        if (scope, kind) != ("ask", "hang")))
    for n in range(30):
        one.post.submit("N-%d" % n, [("99213", 10000 + 10 * n, 0)])
    settled = """SELECT count(*) FROM zhifu.claim_state WHERE payment = 1 OR transport = 7 OR acknowledgement = 2"""
    zhifu.wait_until(lambda: one.post.database.value(settled) == 30, "all claims to end or to wait for a person")
    one.script()
    zhifu.wait_until(lambda: one.post.ask("GET", "/_sandbox/files")["waiting"] == 0, "all files to be confirmed")
    paid = "SELECT count(*) FROM zhifu.claim_state WHERE payment = 1"
    zhifu.wait_until(lambda: one.post.database.value(paid) == 30, "the money")
    one.judge()


def test_a_rotated_key_and_a_wrong_clock(post, place):
    """A key that our pins do not name gets nothing: no byte of a claim leaves until the right one is back. A clock that
    is wrong by years changes dates, and nothing else."""
    pki = place.pki
    pki.more("server", "rotated")
    spki = base64.b64decode("".join((pki.folder / "insurer.pub").read_text().splitlines()[1:-1]))
    pin = "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode()
    one = Bad(post(**zhifu.merge(Bad.SETTINGS, {"endpoint": {"pins": [pin]}})))
    one.whole("the right key", 10000)
    one.script(tls_certificate=pki.pem("rotated"), tls_key=pki.key("rotated"))
    one.post.ask("POST", "/_sandbox/down/100")  # what is connected goes
    zhifu.wait_until(lambda: "pinned ones" in one.post.daemon.ctl("insurer", "test", "dubai", check=False).stdout,
                     "the other key to be seen")
    claim_id = one.post.submit("N-kept", [("99213", 20000, 0)])
    one.post.daemon.wait_log("pinned")
    one.post.wait(claim_id, transport=(5,))
    assert one.post.counts()["received"] == 1
    invariants.assert_next_steps(one.post.database)
    one.script()
    one.post.ask("POST", "/_sandbox/down/100")
    one.post.wait(claim_id, payment=(1,))
    for offset_ms in (-400 * 86400000, 400 * 86400000):
        one.script(clock_offset_ms=offset_ms)
        one.whole("a wrong clock", 30000 + offset_ms // 86400000 * 10)
    one.judge()
