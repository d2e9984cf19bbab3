"""zhifu-payer by itself, over TLS: what it answers in both modes, what it counts, how it pays, and each of its faults."""

import errno
import http.client
import json
import re
import socket
import ssl
import time

import pytest

import zhifu

CLAIM_SYSTEM = "urn:zhifu:claim"
EVENTS = "https://exchange.example/message-events"


def amount(minor, currency="CNY"):
    """Money whose decimals are written, as FHIR means them."""
    return {"value": "@%d.%02d@" % divmod(minor, 100), "currency": currency}


def to_json(value):
    return json.dumps(value, ensure_ascii=False).replace('"@', "").replace('@"', "")


def claim(ref, lines=(("LAB", 10000),), member="M1", use="claim"):
    return {
        "resourceType": "Claim", "id": "c-" + ref, "identifier": [{"system": CLAIM_SYSTEM, "value": ref}],
        "status": "active", "use": use,
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "patient": {"identifier": {"system": "urn:example:patient", "value": "P-" + member}},
        "created": "2026-09-08T12:00:00+08:00",
        "provider": {"identifier": {"system": "urn:example:hospital", "value": "H1"}},
        "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"identifier": {"value": member}}}],
        "item": [{"sequence": i + 1, "productOrService": {"coding": [{"system": "urn:example:code", "code": code}]},
                  "net": amount(minor)} for i, (code, minor) in enumerate(lines)],
        "total": amount(sum(minor for _, minor in lines)),
    }


def message(event, resource, ident, sender="H-LIC", foci=1):
    kind = resource["resourceType"]
    url = "urn:uuid:00000000-0000-4000-8000-%012d" % 7
    header = {
        "resourceType": "MessageHeader", "id": ident, "eventCoding": {"system": EVENTS, "code": event},
        "sender": {"type": "Organization", "identifier": {"system": "urn:example:licence", "value": sender}},
        "source": {"endpoint": "urn:example:hospital"}, "focus": [{"reference": url}] * foci}
    return {"resourceType": "Bundle", "type": "message", "timestamp": "2026-09-08T04:00:00Z", "entry": [
        {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": header},
        {"fullUrl": url, "resource": dict(resource, id=resource.get("id", "r1")) if kind != "Claim" else resource}]}


def task(code, focus=None, count=None, include=None):
    made = {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order",
            "code": {"coding": [{"code": code}]}}
    if focus:
        made["focus"] = {"type": "Claim", "identifier": {"system": CLAIM_SYSTEM, "value": focus}}
    inputs = []
    if count:
        inputs.append({"type": {"coding": [{"code": "count"}]}, "valuePositiveInt": count})
    if include:
        inputs.append({"type": {"coding": [{"code": "include-message-type"}]}, "valueCode": include})
    if inputs:
        made["input"] = inputs
    return made


def find(resource, kind):
    """All resources of a type, at any depth of Bundles."""
    if resource["resourceType"] == kind:
        yield resource
    for entry in resource.get("entry", []):
        yield from find(entry["resource"], kind)


class Insurer:
    """A payer and a hospital's connection to it; control goes over a plain port that never misbehaves."""

    def __init__(self, folder, pki, keep, **script):
        if not (zhifu.BUILD / "zhifu-payer").exists():
            pytest.skip("zhifu-payer is not built in %s" % zhifu.BUILD)
        self.pki = pki
        self.folder = folder
        self.port, control = zhifu.free_port(), zhifu.free_port()
        self.settings = {
            "listen": ["127.0.0.1:%d" % self.port], "control_listen": ["127.0.0.1:%d" % control],
            "tls_certificate": pki.pem("insurer"), "tls_key": pki.key("insurer"), "tls_client_ca": pki.pem("ca"),
            "plan_currency": "USD", "rates": {"CNY": "7.1200"}, "event_system": EVENTS, **script}
        self.payer = keep(zhifu.Payer(folder / "payer", self.settings, control,
                                      args=["--record", folder / "record"]))
        self.payer.start()
        self.control = keep(zhifu.Client(control, None, host="127.0.0.1"))
        self.client = keep(zhifu.Client(self.port, pki.client_context(), timeout_s=10))

    def submit(self, body, client=None):
        return (client or self.client).post("/fhir/Claim/$submit", to_json(body),
                                            headers={"Content-Type": "application/fhir+json"})

    def send(self, body, client=None):
        return (client or self.client).post("/fhir/$process-message", to_json(body),
                                            headers={"Content-Type": "application/fhir+json"})

    def poll(self, ident="poll-1", sender="H-LIC", **options):
        response = self.send(message("poll-request", task("poll", **options), ident, sender))
        assert response.status == 200
        return response.json()

    def status(self, ref):
        return self.client.get("/fhir/ClaimResponse?request.identifier=%s%%7C%s" % (CLAIM_SYSTEM, ref)).json()

    def counts(self):
        return self.control.get("/_sandbox/claims").json()

    def entry(self, ref):
        return self.control.get("/_sandbox/claims/" + ref).json()

    def reload(self, **script):
        """A new script at run time: the settings with these laid over."""
        response = self.control.post("/_sandbox/script", zhifu.config_text({**self.settings, **script}))
        assert response.status == 200, response
        self.client.close()

    def records(self):
        return [json.loads(line) for line in (self.folder / "record").read_text().splitlines()]


@pytest.fixture
def insurer(folder, pki, keep):
    return lambda **script: Insurer(folder, pki, keep, **script)


def benefit(response):
    return next(t["amount"]["value"] for t in response["total"] if t["category"]["coding"][0]["code"] == "benefit")


S1 = {"deductible": "200.00", "deductible_used": "150.00", "coinsurance": "10", "coinsurance_cap": "25.00",
      "prices": ({"code": "CONS", "percent": "10"}, {"code": "CT", "percent": "10"}),
      "limits": ({"code": "TCM.*", "amount": "20.00", "currency": "CNY"},)}
S1_LINES = (("CONS", 80000), ("CT", 126000), ("LAB", 48650), ("TCM-1", 2594), ("TAB", 5185))


def test_submit_is_decided_at_once(insurer):
    one = insurer(**S1)
    answer = one.submit(claim("REF1", S1_LINES)).json()
    assert answer["resourceType"] == "ClaimResponse" and answer["outcome"] == "complete"
    assert answer["request"]["identifier"] == {"system": CLAIM_SYSTEM, "value": "REF1"}
    assert benefit(answer) == "1878.35"
    again = one.submit(claim("REF1", S1_LINES)).json()
    assert again == answer
    one.submit({"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002", "resource": claim("REF2")}]})
    counts = one.counts()
    assert (counts["received"], counts["distinct"], counts["duplicates"], counts["taken_twice"]) == (3, 2, 1, 1)
    assert counts["verdicts"]["approved"] == 2
    # The second: 100.00 with no deductible left, less 10 %.
    assert counts["sums"]["CNY"] == {"submitted": 272429, "benefit": 196835, "paid": 0}
    assert [(r["ref"], r["times"], r["verdict"]) for r in one.records()] == [
        ("REF1", 1, "approved"), ("REF1", 2, "approved"), ("REF2", 1, "approved")]


def test_same_seed_same_answers(insurer, folder, pki, keep):
    first = insurer(**S1)
    other = folder / "other"
    other.mkdir()
    second = Insurer(other, pki, keep, **S1)

    def answers(one):
        made = [one.submit(claim("R%d" % i, S1_LINES, member="M%d" % (i % 3))).json() for i in range(9)]
        for each in made:
            del each["created"], each["meta"]
        return made
    assert answers(first) == answers(second)


def test_other_content_under_one_ref_is_refused(insurer):
    one = insurer()
    one.submit(claim("REF1"))
    rewritten = dict(claim("REF1"), id="another", created="2026-09-09T12:00:00+08:00")
    assert one.submit(rewritten).json()["outcome"] == "complete" and one.entry("REF1")["differed"] == 0
    changed = one.submit(claim("REF1", (("LAB", 10001),))).json()
    assert changed["outcome"] == "error" and changed["error"][0]["code"]["coding"][0]["code"] == "BV-00163"
    assert one.entry("REF1")["differed"] == 1


def test_denied_partial_rejected(insurer):
    one = insurer(denials=({"code": "COS.*", "original": "NCOV-003"}, {"code": "HALF", "percent": "50"}),
                  rejects=({"code": "BAD", "original": "BV-00027"},))
    assert benefit(one.submit(claim("R1", (("COS-1", 500),))).json()) == "0.00"
    assert benefit(one.submit(claim("R2", (("HALF", 501), ("LAB", 100)))).json()) == "3.50"
    rejected = one.submit(claim("R3", (("BAD", 500),))).json()
    assert rejected["outcome"] == "error" and rejected["error"][0]["code"]["coding"][0]["code"] == "BV-00027"
    verdicts = one.counts()["verdicts"]
    assert (verdicts["denied"], verdicts["partial"], verdicts["rejected"]) == (1, 1, 1)


def test_strangers_and_nonsense(insurer, pki):
    one = insurer(bearer_token="s3cret")
    assert one.submit(claim("R1")).status == 401
    one.client.headers["Authorization"] = "Bearer s3cret"
    assert one.submit(claim("R1")).status == 200
    assert one.client.post("/fhir/Claim/$submit", b"{").status == 400
    assert one.client.post("/fhir/Claim/$submit", b'{"resourceType":"Patient"}').status == 400
    assert one.client.get("/fhir/Nothing").status == 404
    assert one.client.get("/elsewhere").status == 404
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        one.submit(claim("R2"), zhifu.Client(one.port, pki.client_context(None)))
    assert one.counts()["distinct"] == 1


def test_pended_then_decided(insurer):
    one = insurer(pend_polls=2)
    assert one.submit(claim("R1")).json()["outcome"] == "queued"
    assert next(find(one.status("R1"), "ClaimResponse"))["outcome"] == "queued"
    assert next(find(one.status("R1"), "ClaimResponse"))["outcome"] == "complete"
    assert one.status("NEVER") == {"resourceType": "Bundle", "type": "searchset", "total": 0}
    assert one.client.get("/fhir/Claim?identifier=%s%%7CR1" % CLAIM_SYSTEM).json()["total"] == 1
    assert one.client.get("/fhir/Claim?identifier=%s%%7CNEVER" % CLAIM_SYSTEM).json()["total"] == 0
    one.reload(pend_ms=200)
    assert one.submit(claim("R2")).json()["outcome"] == "queued"
    zhifu.wait_until(lambda: next(find(one.status("R2"), "ClaimResponse"))["outcome"] == "complete", "the decision")


def test_plain_cancel(insurer):
    one = insurer(pend_polls=5)
    one.submit(claim("R1"))
    assert one.client.post("/fhir/Task", task("cancel", focus="R1")).json()["status"] == "completed"
    assert one.client.post("/fhir/Task", task("cancel", focus="R9")).json()["status"] == "failed"
    assert one.entry("R1")["verdict"] == "cancelled"


def test_remittance_balances(insurer):
    one = insurer(fee_percent="3", pay_every=2)
    refs = ["R%d" % i for i in range(5)]
    for i, ref in enumerate(refs):
        one.submit(claim(ref, (("LAB", 10000 + 37 * i),)))

    def paid():
        return one.control.get("/_sandbox/payments").json()["remittances"]
    zhifu.wait_until(lambda: len(paid()) == 2, "remittances by number")
    assert one.control.post("/_sandbox/pay", b"").json() == {"remittances": 1}
    fetched = list(find(one.client.get("/fhir/PaymentReconciliation").json(), "PaymentReconciliation"))
    assert len(fetched) == 3 and len({each["identifier"][0]["value"] for each in fetched}) == 3
    seen = []
    for each in fetched:
        assert each["paymentAmount"]["currency"] == "USD"
        cents = [int(m["value"].replace(".", "")) for d in each["detail"]
                 for m in (d["amount"], d["extension"][0]["valueMoney"])]
        assert sum(cents) == int(each["paymentAmount"]["value"].replace(".", ""))
        seen += [d["request"]["identifier"]["value"] for d in each["detail"]]
        assert all(d["extension"][0]["valueMoney"]["value"].startswith("-") for d in each["detail"])
    assert sorted(seen) == refs
    # 100.00 / 7.12 = 14.0449...
    assert one.entry("R0")["paid"] == 1404
    one.control.post("/_sandbox/take-back/R0", b"")
    assert one.control.post("/_sandbox/pay", b"").json() == {"remittances": 1}
    last = list(find(one.client.get("/fhir/PaymentReconciliation").json(), "PaymentReconciliation"))[0]
    assert last["paymentAmount"]["value"] == "-14.04"
    assert one.control.post("/_sandbox/take-back/R0", b"").status == 404


def test_message_mode(insurer):
    one = insurer(pend_code="LATER", pend_polls=1, queries=({"code": "ASK", "text": "Which tooth?"},))
    now = one.send(message("claim-request", claim("R1"), "m-1")).json()
    header = next(find(now, "MessageHeader"))
    assert header["response"] == {"identifier": "m-1", "code": "ok"} and header["eventCoding"]["code"] == "claim-response"
    assert next(find(now, "ClaimResponse"))["outcome"] == "complete"
    for i in (2, 3, 4):
        queued = one.send(message("claim-request", claim("R%d" % i, (("LATER", 100 * i),)), "m-%d" % i)).json()
        answer = next(find(queued, "ClaimResponse"))
        assert answer["outcome"] == "queued" and answer["meta"]["tag"][0]["code"] == "queued-messages"
    assert not list(find(one.poll(sender="OTHER"), "ClaimResponse"))
    two = one.poll(count=2)
    assert [r["request"]["identifier"]["value"] for r in find(two, "ClaimResponse")] == ["R2", "R3"]
    inner = [h for h in find(two, "MessageHeader") if h["eventCoding"]["code"] == "claim-response"]
    assert [h["response"]["identifier"] for h in inner] == ["m-2", "m-3"]
    assert not list(find(one.poll(include="communication-request"), "ClaimResponse"))
    assert len(list(find(one.poll(), "ClaimResponse"))) == 1
    assert len(list(find(one.poll(), "ClaimResponse"))) == 0
    # A question first, the decision after its answer.
    one.send(message("claim-request", claim("R5", (("ASK", 100),)), "m-5"))
    asked = one.poll()
    assert next(find(asked, "CommunicationRequest"))["payload"] == [{"contentString": "Which tooth?"}]
    assert not list(find(asked, "ClaimResponse"))
    said = {"resourceType": "Communication", "status": "completed",
            "about": [{"type": "Claim", "identifier": {"system": CLAIM_SYSTEM, "value": "R5"}}]}
    assert one.send(message("communication", said, "m-6")).status == 200
    assert next(find(one.poll(), "ClaimResponse"))["outcome"] == "complete"
    # Money comes by the same way.
    one.control.post("/_sandbox/pay", b"")
    assert len(next(find(one.poll(), "PaymentReconciliation"))["detail"]) == 5
    assert not list(find(one.poll(), "PaymentReconciliation"))


def test_message_status_and_cancel(insurer):
    one = insurer(pend_ms=3600000)
    one.send(message("claim-request", claim("R1"), "m-1"))
    status = one.send(message("status-check", task("status", focus="R1"), "m-2")).json()
    assert next(find(status, "Task"))["status"] == "completed"
    assert next(find(status, "ClaimResponse"))["outcome"] == "queued"
    unknown = one.send(message("status-check", task("status", focus="R9"), "m-3")).json()
    assert next(find(unknown, "Task"))["status"] == "failed" and not list(find(unknown, "ClaimResponse"))
    cancelled = one.send(message("cancel-request", task("cancel", focus="R1"), "m-4")).json()
    assert next(find(cancelled, "MessageHeader"))["eventCoding"]["code"] == "cancel-response"
    assert next(find(cancelled, "Task"))["status"] == "completed"
    assert one.entry("R1")["verdict"] == "cancelled"


def test_wrong_messages(insurer):
    one = insurer()

    def code(body):
        response = one.send(body)
        assert response.status == 400
        return response.json()["issue"][0]["details"]["coding"][0]["code"]
    assert code(message("claim-reqest", claim("R1"), "m-1")) == "IB-00250"
    assert code(message("claim-request", claim("R1"), "m-1", foci=2)) == "BV-00221"
    assert code(message("priorauth-request", claim("R1"), "m-1")) == "BV-00167"
    assert code(message("poll-request", claim("R1"), "m-1")) == "BV-00167"
    assert one.counts()["received"] == 0


def test_preauthorization_uses_nothing_up(insurer):
    one = insurer(deductible="10.00", pay_every=1)
    first = one.submit(claim("P1", use="preauthorization")).json()
    assert first["preAuthRef"] and benefit(first) == "28.80"
    assert benefit(one.submit(claim("R1")).json()) == "28.80"
    assert benefit(one.submit(claim("R2")).json()) == "100.00"


# --- faults -----------------------------------------------------------------------------------------------------------


def faulty(insurer, kind, **more):
    return insurer(faults=({"kind": kind, "ordinals": ["1"], **more},))


@pytest.mark.parametrize("kind,status", [("500", 500), ("503", 503)])
def test_fault_status(insurer, kind, status):
    one = faulty(insurer, kind, ms=7000)
    response = one.submit(claim("R1"))
    assert response.status == status and response.json()["resourceType"] == "OperationOutcome"
    if status == 503:
        assert response.headers["retry-after"] == "7"
    assert one.entry("R1")["taken"] == 0 and one.entry("R1")["verdict"] == "refused"
    assert one.status("R1")["total"] == 0
    assert one.submit(claim("R1")).status == 200
    assert (one.entry("R1")["came"], one.entry("R1")["taken"]) == (2, 1)
    assert one.records()[0]["fault"] == kind


@pytest.mark.parametrize("kind", ["reset", "close", "truncated"])
def test_fault_ends_connection(insurer, kind):
    one = faulty(insurer, kind)
    with pytest.raises((OSError, http.client.HTTPException)):
        one.submit(claim("R1"))
    one.client.close()
    # It was carried out all the same.
    assert next(find(one.status("R1"), "ClaimResponse"))["outcome"] == "complete"
    assert one.entry("R1")["taken"] == 1


def test_fault_dies_at_a_byte(insurer):
    one = insurer(faults=({"kind": "truncated", "bytes": 40, "ordinals": ["1"]},
                          {"kind": "reset", "bytes": 3, "ordinals": ["2"]}))
    body = to_json(claim("R1")).encode()
    head = ("POST /fhir/Claim/$submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
            "Content-Length: %d\r\n\r\n" % len(body)).encode()
    assert len(one.client.send_raw(head + body)) == 40
    assert len(one.client.send_raw(head + body)) <= 3


def test_fault_hang(insurer):
    one = faulty(insurer, "hang")
    slow = zhifu.Client(one.port, one.pki.client_context(), timeout_s=0.5)
    with pytest.raises(TimeoutError):
        one.submit(claim("R1"), slow)
    assert one.submit(claim("R2")).status == 200


def test_fault_late_and_drip(insurer):
    one = insurer(faults=({"kind": "late", "ms": 300, "ordinals": ["1"]},
                          {"kind": "drip", "ms": 1, "scope": "ask", "ordinals": ["1"]}))
    begun = time.monotonic()
    assert one.submit(claim("R1")).status == 200
    assert time.monotonic() - begun >= 0.3
    assert one.status("R1")["total"] == 1


def test_fault_garbage(insurer):
    one = faulty(insurer, "garbage")
    response = one.submit(claim("R1"))
    assert response.status == 200
    with pytest.raises(ValueError):
        response.json()


def test_fault_wrong_correlation_and_amount(insurer):
    one = insurer(faults=({"kind": "correlation", "ordinals": ["1", "3"]}, {"kind": "amount", "ordinals": ["2"]},
                          {"kind": "other", "ordinals": ["4"]}))
    assert one.submit(claim("R1")).json()["request"]["identifier"]["value"].startswith("WRO")
    lied = one.submit(claim("R2")).json()
    assert benefit(lied) == "100.01" and lied["item"][0]["adjudication"][-1]["amount"]["value"] == "100.00"
    wrong = one.send(message("claim-request", claim("R3"), "m-3")).json()
    assert next(find(wrong, "MessageHeader"))["response"]["identifier"] != "m-3"
    assert next(find(one.send(message("claim-request", claim("R4"), "m-4")).json(),
                     "ClaimResponse"))["request"]["identifier"]["value"] == "R4"
    other = next(find(one.poll(), "ClaimResponse"))
    assert other["request"]["identifier"]["value"].startswith("OTH")
    # The truth is kept: asked again it is told.
    assert benefit(next(find(one.status("R2"), "ClaimResponse"))) == "100.00"


def test_fault_answers_twice(insurer):
    one = insurer(faults=({"kind": "twice", "ordinals": ["1", "2"]},))
    first = next(find(one.send(message("claim-request", claim("R1"), "m-1")).json(), "ClaimResponse"))
    assert next(find(one.poll(), "ClaimResponse")) == first
    body = to_json(claim("R2")).encode()
    head = ("POST /fhir/Claim/$submit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            "Content-Length: %d\r\n\r\n" % len(body)).encode()
    assert one.client.send_raw(head + body).count(b"HTTP/1.1 200 OK") == 2


def test_fault_loses_no_polled_message(insurer):
    one = insurer(pend_polls=1, faults=({"kind": "reset", "scope": "ask", "ordinals": ["1"]},))
    one.send(message("claim-request", claim("R1"), "m-1"))
    with pytest.raises((OSError, http.client.HTTPException)):
        one.poll()
    assert len(list(find(one.poll(), "ClaimResponse"))) == 1


def test_fault_refuse_and_down(insurer):
    one = insurer(faults=({"kind": "refuse", "ordinals": ["1", "2"]},))
    for _ in range(2):
        with pytest.raises((OSError, ssl.SSLError)):
            one.client.get("/fhir/Claim")
        one.client.close()
    assert one.client.get("/fhir/Claim").status == 200
    one.control.post("/_sandbox/down/60000", b"")

    def refused():
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", one.port)) == errno.ECONNREFUSED
    zhifu.wait_until(refused, "the port to be closed")
    one.client.close()
    one.control.post("/_sandbox/up", b"")
    zhifu.wait_until(lambda: one.client.get("/fhir/Claim").status == 200, "the insurer to be back")


def test_down_at_first(insurer):
    one = insurer(down=({"from_ms": 0, "to_ms": 700},))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", one.port)).close()
    zhifu.wait_until(lambda: one.client.get("/fhir/Claim").status == 200, "the insurer to begin")


def test_chance_repeats_with_the_seed(insurer):
    one = insurer(faults=({"kind": "500", "chance_ppm": 300000},))

    def run():
        one.control.post("/_sandbox/forget", b"")
        one.reload(faults=({"kind": "500", "chance_ppm": 300000},))
        return [one.submit(claim("R%d" % i)).status for i in range(60)]
    first = run()
    assert 5 < first.count(500) < 35
    assert run() == first


def test_bad_script_at_run_time_changes_nothing(insurer):
    one = insurer()
    response = one.control.post("/_sandbox/script", 'wrong = 1;\nfaults = ({ kind = "sing"; });\n')
    assert response.status == 422 and len(response.json()["faults"]) == 2
    assert one.submit(claim("R1")).status == 200


def test_wrong_clock(insurer):
    one = insurer(clock_offset_ms=-86400000 * 400)
    assert one.submit(claim("R1")).json()["created"] < time.strftime("%Y-%m-%d")[:4]


def test_bad_script_at_start_names_every_line(folder):
    if not (zhifu.BUILD / "zhifu-payer").exists():
        pytest.skip("zhifu-payer is not built")
    (folder / "bad.conf").write_text('wrong = 1;\ndenials = ({ reason = "nope"; });\n\nfaults = ({ kind = "sing"; });\n')
    done = zhifu.run([zhifu.BUILD / "zhifu-payer", "--script", folder / "bad.conf"], check=False)
    assert done.returncode == 1
    assert [line.split(":")[1] for line in sorted(done.stderr.splitlines())] == ["1", "2", "4"]


@pytest.mark.parametrize("name", ["outpatient", "messages", "faults"])
def test_samples_run(folder, keep, name):
    if not (zhifu.BUILD / "zhifu-payer").exists():
        pytest.skip("zhifu-payer is not built")
    port = zhifu.free_port()
    script = (zhifu.ROOT / "adapters" / "sandbox" / "samples" / (name + ".conf")).read_text()
    script = re.sub(r"control_listen.*\n", "", script)
    keep(zhifu.Payer(folder / "payer", script, port, args=["--listen", "127.0.0.1:%d" % port])).start()
