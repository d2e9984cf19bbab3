"""Acts of /v1 that would be done twice if they came twice: each is taken with an Idempotency-Key only, and once with the same one."""

import concurrent.futures

import finance
import story
import test_v1
import test_v1_patients
import v1
import zhifu
from test_v1_office import office, taken_back  # noqa: F401

BETA = {"name": "B", "valid_from": "2026-01-01", "parties": {"carrier": "beta"}, "owed": {"kind": "A"}}
WORDS = ("why", "note", "words", "reason", "line")
MARK = "Anna Schmidt, passport C01X00T47"


# Where words are not sealed yet (tests/unit/test_tenant.c has their columns): none is added here.
IN_THE_CLEAR = {"zhifu.bank_confirmation", "zhifu.contract", "zhifu.inspector_grant", "zhifu.operator_act", "zhifu.rate"}


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
    # A file is known by its content: a key that would count for nothing is refused, and the document says so.
    files = {path: methods["post"] for path, methods in desk.document["paths"].items()
             if "text/csv" in methods.get("post", {}).get("requestBody", {}).get("content", {})}
    assert set(files) == {"/v1/bank-statements", "/v1/rates/import", "/v1/remittances/import", "/v1/price-lists/import"}
    for path, operation in files.items():
        said = desk.post(path, "x", 400, headers={"Idempotency-Key": "k"}, media="text/csv")
        assert said["type"] == "urn:zhifu:problem:header-invalid" and "Idempotency-Key" in said["title_zh"], said
        assert "done once: " in operation["description"] and "null" not in operation["description"], operation
    assert up.database.value("SELECT count(*) FROM zhifu.api_request") == 0


def bodies(office, desk):
    """What each of them takes: {operation: (id, body, the table that has a row more then)}."""
    yuan, day = v1.money, lambda text: finance.day(text).isoformat()
    contract = office.contract("alpha", "A")
    claims = [office.claim(contract, "09-08", "100.00") for _ in range(6)]
    office.rate("11-12", "USD", "7.1000")
    paid, back, short, fee, debit, waits, second, got, card, gone = office.statement(
        "CNY", "11-12", ("100.00", "SOMEBODY", "X"), ("-40.00", "SOMEBODY", "Y", "11-12", "TRF"), ("100.00", "SOMEBODY", "Z"),
        ("-30.00", "BANK", "WIRE FEE", "11-12", "MSC"), ("-6.00", "BANK", "ORDER", "11-12", "TRF"), ("300.00", "SOMEBODY", "ZZ"),
        ("-5.00", "BANK", "ORDER 2", "11-12", "TRF"), ("70.50", "BANK", "USD SOLD"), ("29.50", "UNIONPAY", "CARDS"),
        ("-71.00", "HOSPITAL", "OWN ACCOUNT", "11-12", "TRF"))
    came, foreign, sold = office.statement("USD", "11-12", ("10.00", "HOSPITAL", "OWN ACCOUNT"), ("100.00", "SOMEBODY", "U"),
                                     ("-10.00", "BANK", "USD SOLD", "11-12", "TRF"))
    office.ctl("money", "match", "allocate", paid, claims[0].ref + "=100.00", "--why", "theirs")
    office.ctl("money", "match", "allocate", short, claims[1].ref + "=70.00", *(c.ref + "=10.00" for c in claims[3:]), "--why", "theirs")
    taken_back(office, claims[0], back)
    for claim in (claims[1], *claims[4:]):
        desk.post("/v1/receivables/%s/dispute" % claim.id, {"reason": "CO-45"}, 200)
    desk.post("/v1/payers", {"remitter": "alpha", "name": "ALPHA OLD NAME", "why": "their letter"})
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
        "contract_put": (None, {"contract": BETA, "why": "as agreed"}, "contract"),
        "inspector_grant": (None, {"name": "Ms. Wu", "until": str(test_v1.today()), "why": "audit"}, "inspector_grant"),
        "write_off": (claims[2].id, {"amount": yuan("10.00"), "why": "not worth a letter"}, "write_off"),
        "demand_add": (claims[2].id, {"delivered": day("11-20"), "why": "by courier"}, "demand"),
        "take_back_accept": (claims[0].id, {"amount": yuan("15.00"), "why": "coded twice"}, "concession"),
        "dispute_open": (claims[3].id, {"reason": "CO-45", "words": "no choice"}, "dispute"),
        "dispute_won": (claims[4].id, {"by": "decision", "words": "they see it"}, "dispute_step"),
        "dispute_withdraw": (claims[5].id, {"words": "let go"}, "dispute_step"),
        "dispute_appeal": (claims[1].id, {"sent": day("11-16"), "words": "no choice"}, "dispute_step"),
        "dispute_lost": (claims[1].id, {"as": "patient", "amount": yuan("5.00"), "words": "let go"}, "concession"),
        "payer_add": (None, {"remitter": "alpha", "name": "ALPHA HLTH PAYMENTS", "why": "their letter"}, "match_payer"),
        "payer_forget": (None, {"remitter": "alpha", "name": "ALPHA OLD NAME", "why": "sold"}, "operator_act WHERE act = 'payer.forget'"),
        "suspense_hold": (foreign, {"held": "compliance", "why": "papers"}, "operator_act WHERE act = 'suspense.hold'"),
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
    cases = {name: (subject, marked(body), table) for name, (subject, body, table) in bodies(office, desk).items()}
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
    what_is_written_stands_nowhere(office, desk)


def marked(body):
    """With a person's name and number in all that is written."""
    return {name: value + ": " + MARK if name in WORDS and name not in ("line", "reason") else value for name, value in body.items()}


def what_is_written_stands_nowhere(office, desk):
    """Neither of these acts nor of those that take them back: in no backup, no log, no metric."""
    waits = max(desk.items("/v1/suspense?account=CNY"), key=lambda w: int(w["open"]["value"].replace(".", "")))["id"]
    undone = next(a for a in desk.items("/v1/allocations") if a["by_hand"] and a["kind"] == "own")
    sale, = desk.items("/v1/currency-sales")
    order = next(o for o in desk.items("/v1/bank-orders?transit=true"))
    demand = desk.items("/v1/demands")[-1]
    written = office.database.value("SELECT count(*) FROM zhifu.said")
    for words in (("match", "undo", undone["id"]), ("sale", "undo", sale["id"]), ("order", "cancel", order["id"]),
                  ("demand", "undo", demand["id"]), ("suspense", "assign", waits, "wu"), ("suspense", "hold", waits),
                  ("suspense", "release", waits), ("match", "split", waits, "0.01")):
        office.ctl("money", *words, "--hospital", "HZ1", "--why", "so " + MARK)
    assert office.database.value("SELECT count(*) FROM zhifu.said") > written + 8
    assert [s["words"] for s in office.daemon.ctl_json("--who", "li", "money", "said", sale["id"], "--hospital", "HZ1")["said"]] == [
        "to the bank: " + MARK, "so " + MARK]
    dump = office.database.dump()
    found = {table for table, rows in dump.items() if any(form in rows for form in (MARK, "C01X00T47", MARK.encode().hex()))}
    assert len(dump) > 80 and found == IN_THE_CLEAR, found
    for text in (office.daemon.log_text(), office.daemon.health("/metrics").text, office.database.cluster.log_text()):
        assert "C01X00T47" not in text and text


# --- what may do without a key ---

SAME = object()  # the second answer is the first
# Matching looks again and again at what waits, and workers say that they live.
ASIDE = {"match_turn", "match_item", "match_candidate", "route_lease", "task", "outbox", "posting_unvalued", "receivable_wait", "consent_clock"}


def without_key(office, desk, clerk):
    """Each of them in turn, once what it needs is there: (operation, id, body, what the same says again, who sends it)."""
    yuan, day, ctl = v1.money, lambda text: finance.day(text).isoformat(), office.ctl
    why = {"why": "as agreed"}

    def post(path, body):
        answer = desk.call("POST", path, body)
        assert answer.status in (200, 201), answer
        return answer.json()

    # Agreements, rates, charges, inspectors.
    yield "contract_check", None, {"contract": BETA}, SAME, desk
    yield "contract_end", post("/v1/contracts", {"contract": BETA, **why})["id"], {"day": "2099-12-31", **why}, SAME, desk
    rate = {"base": "JPY", "quote": "CNY", "per": 100, "value": "4.8120", **why}
    for act, at in (("approve", "11-18"), ("refuse", "11-19")):
        yield "rate_" + act, post("/v1/rates", {**rate, "day": day(at)})["id"], why, "rate-decided", clerk
    office.rate("11-12", "USD", "7.1000")
    wrong = str(office.database.value("SELECT rate_id FROM zhifu.rate WHERE base = 'USD'"))
    yield "rate_correct", wrong, {"value": "7.1100", **why}, "rate-correction", desk
    charge = {"charges": [{"identifier": "HIS-1", "day": day("10-20"), "amount": yuan("8.00"), "stay": "ZY-K1"}]}
    yield "charge_add", None, charge, {"stored": 0, "known": 1}, desk
    post("/v1/inspectors", {"name": "Ms. Wu", "until": str(test_v1.today()), **why})
    yield "inspector_end", None, {"name": "Ms. Wu", **why}, "not-found", desk

    # What is owed, given up and disputed.
    contract = office.contract("alpha", "A")
    claims = [office.claim(contract, "09-08", "100.00") for _ in range(4)]
    paid, back, short, waits, wire, fee, gone = office.statement(
        "CNY", "11-12", ("100.00", "SOMEBODY", "X"), ("-40.00", "SOMEBODY", "Y", "11-12", "TRF"), ("70.00", "SOMEBODY", "Z"),
        ("300.00", "SOMEBODY", "ZZ"), ("200.00", "UNIONPAY", "CARDS"), ("-30.00", "BANK", "WIRE FEE", "11-12", "MSC"),
        ("71.00", "BANK", "USD SOLD"))
    for line, claim, amount in ((paid, claims[0], "100.00"), (short, claims[1], "70.00")):
        ctl("money", "match", "allocate", line, claim.ref + "=" + amount, "--why", "theirs")
    office.looked()
    taken_back(office, claims[0], back)
    owed = ["/v1/receivables/" + claim.id for claim in claims]
    yield "work_assign", claims[1].id, {"list": "short", "owner": "chen", **why}, SAME, desk
    post(owed[2] + "/write-off", {"amount": yuan("10.00"), **why})
    yield "write_off_undo", desk.items("/v1/write-offs")[0]["id"], why, "not-found", desk
    yield "demand_undo", post(owed[2] + "/demand", {"delivered": day("11-20"), **why})["id"], why, "not-found", desk
    post(owed[0] + "/take-back", {"amount": yuan("15.00"), **why})
    yield "concession_undo", desk.items("/v1/concessions")[0]["id"], why, "not-found", desk

    # Money in suspense.
    office.looked()
    part = {"claims": [{"ref": claims[2].ref, "amount": yuan("20.00")}]}
    yield "match_allocate_check", waits, part, SAME, desk
    post("/v1/match-items/%s/allocate" % waits, {**part, **why})
    yield "allocation_undo", desk.items("/v1/allocations?claim=" + claims[2].id)[0]["id"], why, "not-found", desk
    best = desk.get("/v1/match-items/%s/candidates" % fee)["items"][0]
    yield "match_reject", fee, {"candidate": best["no"], "print": best["print"], **why}, "not-found", desk
    yield "suspense_assign", waits, {"owner": "li", "reason": "a letter is awaited"}, SAME, desk
    order = post("/v1/bank-orders", {"line": waits, "amount": yuan("6.00"), "day": day("11-12"), **why})["id"]
    yield "bank_order_cancel", order, why, "not-found", desk
    post("/v1/payers", {"remitter": "alpha", "name": "ALPHA HLTH PAYMENTS", **why})
    known = [p["id"] for p in desk.items("/v1/payers") if p.get("name") == "ALPHA HLTH PAYMENTS"]
    yield "payer_forget_one", known[0], why, "not-found", desk

    # Patients, acquirers, several payers.
    quote = {"stay": "ZY-K2", "amount": yuan("500.00"), **why}
    post("/v1/patient-quotes", quote)
    card = {"stay": "ZY-K2", "kind": "deposit", "method": "card", "acquirer": "unionpay", "amount": yuan("200.00"), "reference": "K2"}
    yield "patient_pay", None, card, SAME, desk
    first, = [p["id"] for p in desk.items("/v1/patient-payments")]
    settled = {"acquirer": "unionpay", "line": wire, "fee": yuan("0.00"), "references": [{"reference": "K2"}], **why}
    settlement = post("/v1/acquirer-settlements", settled)["id"]
    yield "acquirer_undo", settlement, why, "not-found", desk
    yield "patient_refund", first, {"amount": yuan("10.00"), "reference": "R2", **why}, SAME, desk
    yield "patient_chargeback", first, {"amount": yuan("10.00"), "reference": "B2", **why}, SAME, desk
    test_v1_patients.shared_claim(office.database)
    yield "coordination_try", None, test_v1_patients.STAY, SAME, desk
    divided = post("/v1/coordinations", {**test_v1_patients.STAY, "claim": test_v1_patients.SHARED, **why})["id"]
    yield "coordination_undo", divided, why, "not-divided", desk

    # Foreign money: a sale, a gap between statements, what is declared.
    came, _, sold = office.statement("USD", "11-12", ("100.00", "ABROAD LTD", "U"), ("50.00", "ABROAD LTD", "V"),
                                     ("-10.00", "BANK", "USD SOLD", "11-12", "TRF"))
    office.looked()
    yield "currency_sale_undo", post("/v1/currency-sales", {"out": sold, "in": gone, **why})["id"], why, "not-found", desk
    office.closing["USD"] += 500
    late, = office.statement("USD", "11-17", ("1.00", "ABROAD LTD", "W"))
    gap, = [s["id"] for s in desk.get("/v1/bank-statements?gap=true")["items"]]
    yield "bank_gap_explain", gap, why, SAME, desk
    office.looked()
    office.database.sql("DELETE FROM zhifu.declaration")
    yield "declaration_add", None, {"line": came, **why}, SAME, desk
    yield "declaration_set", came, {"code": "228025", **why}, SAME, desk
    yield "declaration_done", came, {"number": "D-1", **why}, SAME, desk
    post("/v1/declarations", {"line": late, **why})
    yield "declaration_none", late, why, SAME, desk
    yield "declaration_recount", None, why, {"recounted": 0}, desk

    # Advices.
    def letter(number, amount):
        return {"remitter": "alpha", "identifier": number, "amount": amount, "currency": "CNY",
                "other": [{"kind": "fee", "amount": "-18.50", "carrier": "alpha"}]}
    yield "remittance_enter", None, {"advice": letter("L-1", "-18.50"), **why}, {"known": True}, desk
    counts, = [r["id"] for r in desk.items("/v1/remittances") if r["identifier"] == "L-1"]
    yield "remittance_withdraw", counts, why, SAME, desk
    parked = {n: post("/v1/remittances", {"advice": letter(n, "-20.00"), **why})["id"] for n in ("L-2", "L-3", "L-4")}
    yield "remittance_correct", parked["L-2"], {"advice": letter("L-2", "-18.50"), **why}, {"known": True}, desk
    yield "remittance_release", parked["L-3"], why, "not-parked", desk
    yield "remittance_refuse", parked["L-4"], why, SAME, desk
    yield "period_close", None, {"month": str(test_v1.today()), "check": True}, SAME, desk


def rows(database):
    """Of each table how many there are, and what they say."""
    tables = [r["t"] for r in database.sql("SELECT relname AS t FROM pg_class WHERE relnamespace = 'zhifu'::regnamespace AND relkind = 'r'"
                                           " ORDER BY 1") if r["t"] not in ASIDE]
    return {r["t"]: r["said"] for r in database.sql(" UNION ALL ".join(
        "SELECT '%s' AS t, count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) AS said FROM zhifu.%s t" % (t, t)
        for t in tables))}


def candidates(database, line):
    """What they say is paid. They are written anew at each look, the same with another number."""
    return sorted(bytes(row["print"]) for row in database.sql("SELECT print FROM zhifu.match_candidate WHERE line_id::text = %s", (line,)))


def test_what_needs_no_key_is_done_once(office):  # noqa: F811
    desk, clerk = office.desk(), office.desk("clerk")
    paths = {operation["operationId"]: path for path, operation in acts(desk.document) if not desk.wants_key(operation)}
    found, seen = [], set()
    for name, subject, body, again, by in without_key(office, desk, clerk):
        seen.add(name)
        path = paths[name].replace("{id}", str(subject))
        first = by.call("POST", path, body)
        assert first.status in (200, 201) or name == "period_close", (name, first)
        settled = []

        def still():
            settled.append(rows(office.database))
            return settled[-1] == settled[-2] if len(settled) > 1 else False
        zhifu.wait_until(lambda: office.database.value("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, "what advices say")
        office.looked()
        zhifu.wait_until(still, "what follows of " + name)
        left = candidates(office.database, subject)
        second = by.call("POST", path, body)
        now = rows(office.database)
        if name == "match_reject":
            office.looked()
            assert candidates(office.database, subject) == left, name
        more = sorted(t for t, said in now.items() if said != settled[-1][t])
        if again is SAME:
            same = second.status in (200, first.status) and second.json() == first.json()
        elif isinstance(again, dict):
            same = second.status in (200, 201) and again.items() <= second.json().items()
        else:
            same = second.status in (404, 409) and second.json()["type"].endswith(":" + again)
        if more or not same:
            found.append((name, more, None if same else (first, second)))
    assert not found, "\n".join(map(str, found))
    assert seen == set(paths), "each operation that needs no key has its case here"


# --- at the same moment ---


def at_once(desks, office, path, body, words, keys):
    """Ten requests and, where each has a key of its own, zhifuctl twice: (answers, how many did it)."""
    with concurrent.futures.ThreadPoolExecutor(len(desks) + 2) as threads:
        sent = [threads.submit(desk.call, "POST", path, body, headers={"Idempotency-Key": key}) for desk, key in zip(desks, keys)]
        typed = [threads.submit(office.daemon.ctl, "--who", "li", "money", *words, "--why", "as agreed", check=False)
                 for _ in range(2 if len(set(keys)) > 1 else 0)]
        answers, ends = [one.result() for one in sent], [one.result().returncode for one in typed]
    assert all(a.status in (200, 201, 404, 409) for a in answers) and set(ends) <= {0, 1}, (answers, ends)
    return answers, sum(a.status < 300 for a in answers) + ends.count(0)


def test_what_comes_ten_times_at_once_is_done_once(office, keep):  # noqa: F811
    desks = [keep(v1.Desk(office.place)) for _ in range(10)]
    contract, why = office.contract("alpha", "A"), {"why": "as agreed"}
    count = lambda table: office.database.value("SELECT count(*) FROM zhifu." + table)
    last = lambda path: desks[0].items(path)[-1]["id"]
    for shared in (True, False):
        claim = office.claim(contract, "09-08", "40.00")
        line, = office.statement("CNY", "11-12", ("40.00", "SOMEBODY", "X"))
        office.looked()
        said = {"claims": [{"ref": claim.ref, "amount": v1.money("40.00")}], **why}
        for name, path, body, words, table, left, waits in (
                ("write-off", lambda: "/v1/receivables/%s/write-off" % claim.id, why, lambda: ("writeoff", claim.ref), "write_off", 0, 4000),
                ("write-off undone", lambda: "/v1/write-offs/%s/undo" % last("/v1/write-offs?claim=" + claim.id), why,
                 lambda: ("writeoff", "undo", last("/v1/write-offs?claim=" + claim.id)), "write_off WHERE undone_entry IS NOT NULL", 4000, 4000),
                ("allocation", lambda: "/v1/match-items/%s/allocate" % line, said,
                 lambda: ("match", "allocate", line, claim.ref + "=40.00"), "allocation", 0, 0),
                ("allocation undone", lambda: "/v1/allocations/%s/undo" % last("/v1/allocations?claim=" + claim.id), why,
                 lambda: ("match", "undo", last("/v1/allocations?claim=" + claim.id)), "allocation WHERE undoes IS NOT NULL", 4000, 4000)):
            before = count(table)
            answers, done = at_once(desks, office, path(), body, words(), ["%s-%s-%s" % (table[:5], left, "same" if shared else n) for n in range(10)])
            assert done == (10 if shared else 1), (name, shared, answers)
            if shared:
                assert len({a.json().get("claim", a.json().get("id")) for a in answers}) == 1, (name, answers)
            assert count(table) == before + 1, (name, shared)
            assert office.database.value("SELECT open_minor FROM zhifu.receivable WHERE claim_id = %s", (claim.id,)) == left, name
            assert office.database.value("SELECT coalesce(sum(open_minor), 0)::int8 FROM zhifu.suspense WHERE line_id = %s", (line,)) == waits, name
        office.ctl("money", "match", "allocate", line, claim.ref + "=40.00", "--why", "theirs")
    office.holds()
