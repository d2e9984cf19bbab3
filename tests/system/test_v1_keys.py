"""Acts of /v1 that would be done twice if they came twice: each is taken with an Idempotency-Key only, and once with the same one."""

import concurrent.futures

import finance
import story
import test_v1
import test_v1_patients
import v1
from test_v1_office import office, taken_back  # noqa: F401

WORDS = ("why", "note", "words", "reason", "line")


def acts(document):
    """(path, operation) of all acts."""
    return [(path, methods["post"]) for path, methods in document["paths"].items()
            if any(p["name"] == "Idempotency-Key" for p in methods.get("post", {}).get("parameters", []))]


def test_what_would_be_done_twice_wants_a_key(up):
    desk = up.desk()
    for path, operation in acts(desk.document):
        answer = desk.call("POST", path.replace("{id}", story.HOSPITAL_ID), {}, headers={"Idempotency-Key": None})
        if desk.wants_key(operation):
            said = answer.json()
            assert (answer.status, said["type"]) == (428, "urn:zhifu:problem:idempotency-key-missing"), (path, answer)
            assert "Idempotency-Key" in said["title"] and "重发" in said["title_zh"], said
        else:
            key, = [p for p in operation["parameters"] if p["name"] == "Idempotency-Key"]
            assert answer.status != 428 and "may be left out: " in key["description"], (path, answer)
    assert up.database.value("SELECT count(*) FROM zhifu.api_request") == 0


def bodies(office, desk):
    """What each of them takes: {operation: (id, body, the table that has a row more then)}."""
    yuan, day = v1.money, lambda text: finance.day(text).isoformat()
    contract = office.contract("alpha", "A")
    claims = [office.claim(contract, "09-08", "100.00") for _ in range(3)]
    office.rate("11-12", "USD", "7.1000")
    paid, back, short, fee, debit, waits, second, got, card, gone = office.statement(
        "CNY", "11-12", ("100.00", "SOMEBODY", "X"), ("-40.00", "SOMEBODY", "Y", "11-12", "TRF"), ("70.00", "SOMEBODY", "Z"),
        ("-30.00", "BANK", "WIRE FEE", "11-12", "MSC"), ("-6.00", "BANK", "ORDER", "11-12", "TRF"), ("300.00", "SOMEBODY", "ZZ"),
        ("-5.00", "BANK", "ORDER 2", "11-12", "TRF"), ("70.50", "BANK", "USD SOLD"), ("29.50", "UNIONPAY", "CARDS"),
        ("-71.00", "HOSPITAL", "OWN ACCOUNT", "11-12", "TRF"))
    came, _, sold = office.statement("USD", "11-12", ("10.00", "HOSPITAL", "OWN ACCOUNT"), ("100.00", "SOMEBODY", "U"),
                                     ("-10.00", "BANK", "USD SOLD", "11-12", "TRF"))
    for line, claim, amount in ((paid, claims[0], "100.00"), (short, claims[1], "70.00")):
        office.ctl("money", "match", "allocate", line, claim.ref + "=" + amount, "--why", "theirs")
    taken_back(office, claims[0], back)
    desk.post("/v1/receivables/%s/dispute" % claims[1].id, {"reason": "CO-45"}, 200)
    test_v1_patients.shared_claim(office.database)
    office.looked()
    order = desk.post("/v1/bank-orders", {"line": waits, "amount": yuan("6.00"), "day": day("11-12"), "why": "not ours"})["id"]
    desk.post("/v1/bank-orders/%s/clear" % order, {"line": debit}, 200)
    other = desk.post("/v1/bank-orders", {"line": waits, "amount": yuan("5.00"), "day": day("11-12"), "why": "nor this"})["id"]
    best, = desk.get("/v1/match-items/%s/candidates" % fee)["items"]
    desk.post("/v1/patient-quotes", {"stay": "ZY-K2", "amount": yuan("500.00"), "why": "two nights"}, 200)
    desk.post("/v1/patient-payments", {"stay": "ZY-K2", "kind": "deposit", "method": "card", "acquirer": "unionpay",
                                       "amount": yuan("30.00"), "reference": "K2"})
    advice = "019ab2c4-5a00-7000-8000-0000000000ae"
    office.database.sql("""
        INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content)
        VALUES ('{h}', '{a}', 'alpha', 'ADV-K', 500, 'CNY', 2, true, '');
        INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, fee_minor, currency, exponent, kind)
        VALUES ('{h}', '{a}', 1, '{c}', 500, 0, 'CNY', 2, 1)""".format(h=story.HOSPITAL_ID, a=advice, c=claims[2].id))
    stay = {"stay": "ZY-K1", "why": "two nights"}
    return {
        "rate_enter": (None, {"base": "JPY", "quote": "CNY", "per": 100, "value": "4.8120", "day": day("11-20"), "why": "no parity"}, "rate"),
        "inspector_grant": (None, {"name": "Ms. Wu", "until": str(test_v1.today()), "why": "audit"}, "inspector_grant"),
        "write_off": (claims[2].id, {"amount": yuan("10.00"), "why": "not worth a letter"}, "write_off"),
        "demand_add": (claims[2].id, {"delivered": day("11-20"), "why": "by courier"}, "demand"),
        "take_back_accept": (claims[0].id, {"amount": yuan("15.00"), "why": "coded twice"}, "concession"),
        "dispute_appeal": (claims[1].id, {"sent": day("11-16"), "words": "no choice"}, "dispute_step"),
        "dispute_lost": (claims[1].id, {"as": "patient", "amount": yuan("5.00"), "words": "let go"}, "concession"),
        "payer_add": (None, {"remitter": "alpha", "name": "ALPHA HLTH PAYMENTS", "why": "their letter"}, "match_payer"),
        "match_note": (waits, {"note": "somebody called"}, "match_note"),
        "match_allocate": (waits, {"claims": [{"ref": claims[2].ref, "amount": yuan("20.00")}], "why": "a letter"}, "allocation"),
        "match_allocate_advice": (waits, {"advice": advice, "details": [{"no": 1}], "why": "their advice"}, "allocation"),
        "match_transfer": (gone, {"other": came, "why": "for abroad"}, "allocation WHERE line_id = '%s'" % gone),
        "match_split": (waits, {"amounts": [{"amount": yuan("60.00")}], "why": "two"}, "match_item"),
        "match_classify": (waits, {"kind": "interest", "amount": yuan("4.00"), "why": "theirs"}, "allocation"),
        "match_accept": (fee, {"candidate": best["no"], "print": best["print"], "why": "it is"}, "allocation"),
        "bank_order_make": (None, {"line": waits, "amount": yuan("7.00"), "why": "not ours"}, "bank_order"),
        "bank_order_clear": (other, {"line": second}, "order_clearing"),
        "currency_sale": (None, {"out": sold, "in": got, "why": "to the bank"}, "currency_sale"),
        "acquirer_settle": (None, {"acquirer": "unionpay", "line": card, "fee": yuan("0.50"), "references": [{"reference": "K2"}],
                                   "why": "their list"}, "acquirer_settlement"),
        "bank_confirm": (None, {"account": "USD", "day": day("11-20"), "balance": yuan("100.00", "USD"), "why": "e-banking"},
                         "bank_confirmation"),
        "bank_order_unclear": (order, {"why": "another order's"}, "operator_act"),
        "coordination_post": (None, {**test_v1_patients.STAY, "claim": test_v1_patients.SHARED, "why": "S7"}, "coordination"),
        "coordination_pay": (None, {"line": waits, "by": "si", "amount": yuan("9.00"), "why": "of October"}, "coordination_payment"),
        "patient_quote": (None, {**stay, "amount": yuan("500.00")}, "patient_bill"),
        "patient_bill": (None, {**stay, "medical": yuan("0.00"), "other": yuan("8.00")}, "patient_bill"),
        "stay_close": (None, stay, "patient_bill"),
    }


def test_the_same_key_is_done_once(office, keep):  # noqa: F811
    desk, other = office.desk(), keep(v1.Desk(office.place))
    cases = bodies(office, desk)
    paths = {operation["operationId"]: path for path, operation in acts(desk.document) if desk.wants_key(operation)}
    assert set(cases) == set(paths), "each operation that demands a key has its case here"
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for name, (subject, body, table) in cases.items():
            path, key = paths[name].replace("{id}", str(subject)), {"Idempotency-Key": "once"}
            count = lambda: office.database.value("SELECT count(*) FROM zhifu." + table)
            before = count()
            both = [sent.result() for sent in [threads.submit(d.call, "POST", path, body, headers=key) for d in (desk, other)]]
            assert sorted(a.status for a in both) in ([200, 200], [200, 201]), (name, both)
            first, again = sorted(both, key=lambda a: -len(a.body))
            assert again.json().items() <= first.json().items(), (name, both)  # a pass is told once
            assert count() == before + 1, name
            word = next(word for word in WORDS if word in body)
            refused = desk.post(path, {**body, word: story.HOSPITAL_ID if word == "line" else "something else"}, 409, headers=key)
            assert refused["type"] == "urn:zhifu:problem:idempotency-conflict", name
            assert desk.post(path, body, 200, headers=key) == again.json() and count() == before + 1, name
    office.holds()
