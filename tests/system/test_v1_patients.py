"""What patients pay under /v1: a stay from its quote to its refund, each request sent twice, and who may."""

import story
import test_v1
import v1
import zhifu


def test_a_stay_is_quoted_deposited_billed_and_paid_back(up):
    desk = up.desk()
    yuan = v1.money
    charge = {"identifier": "P-1", "day": "2026-09-24", "amount": yuan("900.00"), "stay": "ZY-P1"}
    desk.post("/v1/charges", {"charges": [charge]})
    whose = {"stay": "ZY-P1"}
    pay = {**whose, "kind": "deposit", "method": "cash", "amount": yuan("500.00"), "reference": "0041733", "day": "2026-09-24"}
    assert desk.post("/v1/patient-payments", pay, 409)["type"].endswith("not-quoted")
    account = desk.post("/v1/patient-quotes", {**whose, "amount": yuan("500.00"), "why": "Li Wei, two nights"}, 200)
    assert (account["quoted"], account["deposit"]) == (yuan("500.00"), yuan("0.00"))

    # A receipt is booked once, with a key and without one; with other content it is refused.
    first = desk.call("POST", "/v1/patient-payments", pay, {"Idempotency-Key": "p1"})
    paid = first.json()
    assert first.status == 201 and first.headers["location"].endswith("/v1/patient-payments/" + paid["id"])
    assert (paid["left"], paid["reference"], paid["settled"]) == (yuan("500.00"), "0041733", False)
    for headers in ({"Idempotency-Key": "p1"}, {}):
        again = desk.call("POST", "/v1/patient-payments", pay, headers)
        assert (again.status, again.json()) == (200, paid)
    assert desk.errors("/v1/patient-payments", {**pay, "amount": yuan("400.00"), "kind": "payment"}, 409) == {
        "/amount": "reference-used", "/kind": "reference-used"}
    for unfit in ({"method": "transfer"}, {"line": story.HOSPITAL_ID}, {"acquirer": "boc"}):
        assert desk.errors("/v1/patient-payments", {**pay, **unfit, "reference": "2"}) == {"/method": "method-unfit"}
    assert desk.errors("/v1/patient-payments", {**pay, "reference": "2"}, 409) == {"/amount": "more-than-quoted"}

    # A bill uses the deposit; what is lowered goes back to what it was paid with.
    bill = {**whose, "medical": yuan("450.00"), "day": "2026-09-25", "why": "went home early"}
    assert desk.errors("/v1/patient-bills", {**bill, "medical": yuan("900.01")}, 409) == {"/medical": "more-than-charged"}
    assert desk.errors("/v1/patient-bills", {**whose, "other": yuan("1.00"), "why": "x"}) == {"/medical": "medical-missing"}
    assert desk.errors("/v1/patient-bills", {**bill, "vat": 10001}) == {"/vat": "vat-invalid"}
    assert desk.errors("/v1/patient-bills", {**bill, "other": yuan("1.00", "USD")}) == {"/other": "book-currency"}
    account = desk.post("/v1/patient-bills", bill, 200)
    assert (account["open"], account["paid"], account["deposit"]) == (yuan("0.00"), yuan("450.00"), yuan("50.00"))
    assert desk.get("/v1/patient-accounts/" + account["id"]) == account
    assert desk.search("/v1/patient-accounts", stay="ZY-P1") == [account] and desk.search("/v1/patient-accounts", stay="ZY-P2") == []
    path = "/v1/patient-payments/" + paid["id"]
    back = {"amount": yuan("50.00"), "reference": "R1", "why": "deposit left", "day": "2026-09-26"}
    assert desk.errors(path + "/refund", {**back, "amount": yuan("50.01")}, 409) == {"/amount": "nothing-over"}
    assert desk.errors(path + "/refund", {**back, "amount": yuan("50.00", "USD")}) == {"/amount": "book-currency"}
    assert desk.errors(path + "/refund", {**back, "amount": yuan("0.00")}) == {"/amount": "amount-zero"}
    assert desk.post(path + "/chargeback", back, 409)["type"].endswith("no-chargeback")
    assert desk.post(path + "/refund", back, 412, headers={"If-Match": '"9"'})["type"].endswith("version-stale")
    gone = desk.post(path + "/refund", back, headers={"If-Match": first.headers["etag"], "Idempotency-Key": "r1"})
    assert (gone["kind"], gone["of"], gone["method"]) == ("refund", paid["id"], "cash")
    for headers in ({}, {"If-Match": first.headers["etag"]}):  # told again it is no stale one
        assert desk.post(path + "/refund", back, 200, headers=headers) == gone
    now = desk.get(path)
    assert (now["left"], now["version"]) == (yuan("450.00"), paid["version"] + 1)
    assert [p["kind"] for p in desk.items("/v1/patient-payments?limit=1&account=" + account["id"])] == ["deposit", "refund"]

    # A card's money that the acquirer takes back is owed again.
    desk.post("/v1/patient-bills", {**bill, "medical": yuan("460.00")}, 200)
    card = {**pay, "kind": "payment", "method": "card", "amount": yuan("10.00"), "acquirer": "boc", "reference": "A1"}
    card_path = "/v1/patient-payments/" + desk.post("/v1/patient-payments", card)["id"]
    desk.post(card_path + "/chargeback", {**back, "amount": yuan("10.00"), "reference": "C1"})
    assert desk.get("/v1/patient-accounts/" + account["id"])["open"] == yuan("10.00")
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True

    # What was written is nowhere in the clear, nor is the stay's number.
    kept = str(up.database.sql("SELECT b::text FROM zhifu.patient_bill b UNION ALL SELECT p::text FROM zhifu.patient_payment p"
                               " UNION ALL SELECT a::text FROM zhifu.patient_account a"))
    assert "Li Wei" not in kept and "ZY-P1" not in kept
    assert up.daemon.ctl_json("money", "patient", "show", "--stay", "ZY-P1", "--hospital", "HZ1")["why"] == "went home early"


def test_whose_it_is_must_be_clear_and_whose_money_it_is(up):
    desk = up.desk()
    quote = {"amount": v1.money("1.00"), "why": "x"}
    assert desk.errors("/v1/patient-quotes", quote) == {"/claim": "patient-unclear"}
    assert desk.errors("/v1/patient-quotes", {**quote, "stay": "1", "claim": story.HOSPITAL_ID}) == {"/claim": "patient-unclear"}
    assert desk.errors("/v1/patient-quotes", {**quote, "claim": story.HOSPITAL_ID}) == {"/claim": "claim-unknown"}
    desk.post("/v1/patient-quotes", {**quote, "stay": "ZY-P3"}, 200)
    reader, other = up.desk("reader"), up.desk("other")
    assert reader.post("/v1/patient-quotes", {**quote, "stay": "ZY-P3"}, 403)["type"].endswith("forbidden")
    assert len(reader.search("/v1/patient-accounts", stay="ZY-P3")) == 1
    assert other.items("/v1/patient-accounts") == [] and other.items("/v1/patient-payments") == []


def test_a_share_is_one_wherever_it_is_told(up):
    """S7: 6,400.00 are the patient's share, and 1,500.00 of it the personal account of the social insurance pays."""
    claim = "019ab2c4-5a00-7000-8000-000000000071"
    up.database.sql(
        """INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref) VALUES ('{h}', '{c}', 'HZ1000000000000V');
        INSERT INTO zhifu.patient_account (hospital_id, account_id, claim_id, currency, exponent, receivable)
        VALUES ('{h}', '{c}', '{c}', 'CNY', 2, 'AR-PT');
        INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
            claim_id, source_id)
        SELECT '{h}', '{c}', no, debit, credit, minor, 'CNY', 2, minor, '2026-10-20', rule, '{c}', '{c}' FROM (VALUES
            (1, 'AR-PT', 'AR-IPMI', 640000, 'patient_share'), (2, 'AR-SI-ACCOUNT', 'AR-PT', 150000, 'coordinate_account'))
            AS p (no, debit, credit, minor, rule)""".format(h=story.HOSPITAL_ID, c=claim))
    account = up.desk().get("/v1/patient-accounts/" + claim)
    assert (account["medical"], account["open"]) == (v1.money("4900.00"), v1.money("4900.00"))
    shown = up.daemon.ctl_json("money", "patient", "show", "--claim", "HZ1000000000000V")
    assert (shown["medical"]["amount"], shown["open"]["amount"]) == ("4900.00", "4900.00")


def test_a_stay_stands_in_no_url(up):
    """Who lies in the house is not for the logs of what is on the way: such a question is a form."""
    desk = up.desk()
    form = "application/x-www-form-urlencoded"
    for path in ("/v1/patient-accounts", "/v1/charges"):
        refused = desk.call("GET", path + "?stay=ZY-P1")
        assert refused.status == 400 and [(e["place"], e["code"]) for e in refused.json()["errors"]] == [
            ("query: stay", "parameter-personal")]
        assert "ZY-P1" not in str(refused.json())
        names = {p["name"] for p in desk.document["paths"][path]["get"]["parameters"]}
        asked = desk.document["paths"][path + "/_search"]["post"]["requestBody"]["content"][form]["schema"]["properties"]
        assert "stay" not in names and {"stay", "limit"} <= set(asked)
        assert desk.search(path, limit=1) == [] and desk.call("POST", path + "/_search", "stay=1&stay=2", media=form).status == 400
        assert desk.call("POST", path + "/_search?limit=1", "stay=1", media=form).status == 400
        assert desk.call("POST", path + "/_search", {"stay": "1"}).status == 415


def test_a_claim_of_which_nothing_is_posted_is_billed(up):
    claim = "019ab2c4-5a00-7000-8000-000000000072"
    up.database.sql("INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, books) VALUES ('%s', '%s', 'HZ1000000000000V', 2)"
                    % (story.HOSPITAL_ID, claim))
    account = up.desk().post("/v1/patient-bills", {"claim": claim, "why": "covered in full"}, 200)
    assert (account["claim"], account["medical"], account["open"]) == (claim, v1.money("0.00"), v1.money("0.00"))


STAY = {"total": v1.money("32000.00"), "fund": v1.money("20480.00"), "personal": v1.money("11520.00"), "catalogue": v1.money("26400.00"),
        "account": v1.money("1500.00"), "group": "group", "group_share": 9000, "group_above": v1.money("500.00"), "plan_share": 8000,
        "clause": "carve-out"}


def yuan_line(desk, number, day, opening, amount):
    """The only line of a statement of the yuan account; negative goes out."""
    text, _ = v1.statement(number, day, opening, [amount], "3301000100000001", "CNY")
    before = {line["id"] for line in desk.items("/v1/bank-lines")}
    desk.post("/v1/bank-statements", text.replace("C-", "D"), media="text/plain")
    return next(line["id"] for line in desk.items("/v1/bank-lines") if line["id"] not in before)


SHARED = "019ab2c4-5a00-7000-8000-000000000073"


def shared_claim(database):
    """A claim that was billed, of the stay above."""
    database.sql(
        """INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, books, books_seq)
            VALUES ('{h}', '{c}', 'HZ1000000000000V', 'ipmi', 8, 1, 1);
        INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
            VALUES ('{h}', '{c}', 5, 1, NULL, 0, 1, 'bill', 'test');
        INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
            claim_id, source_id) VALUES ('{h}', '{c}', 1, 'AR-IPMI', 'REV-MED', 3200000, 'CNY', 2, 3200000, '2025-10-20', 'bill', '{c}', '{c}');
        INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor, book_minor,
            billed_day) VALUES ('{h}', '{c}', 'ipmi', 'ipmi', 'A', 'CNY', 2, 3200000, 3200000, 3200000, '2025-10-20')
        """.format(h=story.HOSPITAL_ID, c=SHARED))


def by_hand_for_a_plan(desk, line, claim):
    """Of money that waits, a part is what the group plan owes of the claim; undone, it is owed again."""
    yuan, path, said = v1.money, "/v1/match-items/" + line, {"ref": "HZ1000000000000V", "plan": "group", "amount": v1.money("400.00")}
    owed = lambda: [o["open"] for o in desk.items("/v1/reports/open-items?owes=plan")]
    zhifu.wait_until(lambda: desk.items("/v1/match-items?line=" + line), "the line's item")
    assert desk.errors(path + "/allocate-check", {"claims": [{**said, "plan": "another"}]}) == {"/claims/0/ref": "claim-unknown"}
    part, = desk.post(path + "/allocate-check", {"claims": [said]}, 200)["parts"]
    assert (part["ref"], part["plan"], part["cleared"], "claim" in part) == (said["ref"], "group", yuan("400.00"), False)
    made = desk.post(path + "/allocate", {"claims": [said], "why": "their letter"})
    row, = [a for a in desk.items("/v1/allocations?claim=" + claim) if a["id"] == made["allocation"]]
    assert (row["claim"], row["plan"], row["amount"], owed()) == (claim, "group", yuan("400.00"), [yuan("4478.00")])
    desk.post("/v1/allocations/%s/undo" % made["allocation"], {"why": "not theirs"}, 200)
    assert owed() == [yuan("4878.00")]


def test_several_payers_share_one_stay(up):
    """S7 by programs: worked out, posted once, paid by the social insurance, taken back."""
    desk, yuan, claim = up.desk(), v1.money, SHARED
    shared_claim(up.database)
    shares = desk.post("/v1/coordinations/try", STAY, 200)
    assert {name: share["value"] for name, share in shares.items()} == {
        "fund": "20480.00", "group": "4878.00", "policy": "242.00", "account": "1500.00", "cash": "4900.00", "benefit": "25600.00"}
    assert desk.errors("/v1/coordinations/try", {**STAY, "fund": yuan("1.00", "USD"), "plan_share": 10001, "group_paid": yuan("1.00")}) == {
        "/fund": "book-currency", "/plan_share": "share-invalid", "/group": "group-unclear"}
    assert desk.errors("/v1/coordinations/try", {name: said for name, said in STAY.items() if name != "clause"}) == {"": "coordination-refused"}
    assert desk.errors("/v1/coordinations/try", {name: said for name, said in STAY.items() if name != "personal"}) == {
        "/personal": "personal-missing"}
    post = {**STAY, "claim": claim, "why": "Mr. Roth's stay"}
    assert desk.errors("/v1/coordinations", {**post, "total": yuan("31999.99"), "personal": yuan("11519.99")}, 409) == {"/total": "total-other"}
    assert up.database.value("SELECT count(*) FROM zhifu.patient_account") == 0  # a refusal makes none
    made = desk.post("/v1/coordinations", post, headers={"Idempotency-Key": "k-1"})
    assert (made["claim"], made["policy"], made["cash"], made["who"]) == (claim, yuan("242.00"), yuan("4900.00"), "finance")
    for headers in ({"Idempotency-Key": "k-1"}, {}):  # told again it is this one
        assert desk.post("/v1/coordinations", post, 200, headers=headers) == made
    assert desk.errors("/v1/coordinations", {**post, "clause": "whole"}, 409) == {"/claim": "divided"}
    balances = {b["account"]: b["balance"]["value"] for b in desk.get("/v1/ledger/balances")["items"]}
    assert balances == {"AR-SI": "20480.00", "AR-SI-ACCOUNT": "1500.00", "AR-GROUP": "4878.00", "AR-IPMI": "242.00", "AR-PT": "4900.00",
                        "REV-MED": "-32000.00"}
    assert desk.get("/v1/receivables/" + claim)["open"] == yuan("242.00")
    # Each payer's share is open, has an age and one who pays it.
    assert {(o["owes"], o["account"]): o["open"]["value"] for o in desk.get("/v1/reports/open")["items"]} == {
        ("carrier", "AR-IPMI"): "242.00", ("plan", "AR-GROUP"): "4878.00", ("fund", "AR-SI"): "20480.00",
        ("fund", "AR-SI-ACCOUNT"): "1500.00", ("patient", "AR-PT"): "4900.00"}
    plan, = desk.items("/v1/reports/open-items?owes=plan")
    assert (plan["claim"], plan["remitter"], plan["age"], plan["standing"], plan["kind"]) == (claim, "group", "to-30", "open", "A")
    assert [o["open"] for o in desk.get("/v1/reports/open?by=remitter&remitter=si")["items"]] == [yuan("21980.00")]
    patient, = desk.items("/v1/reports/open-items?owes=patient")
    assert patient["patient_account"] == desk.items("/v1/patient-accounts?claim=" + claim)[0]["id"] and "remitter" not in patient
    paid = {"line": yuan_line(desk, 1, 10, 0, 20480), "by": "si", "amount": yuan("20480.00"), "why": "settlement of October"}
    assert desk.errors("/v1/coordination-payments", {**paid, "by": "group"}, 409) == {"/amount": "more-than-owed"}
    assert desk.errors("/v1/coordination-payments", {**paid, "claim": story.HOSPITAL_ID}, 404) == {"/claim": "not-found"}
    assert desk.post("/v1/coordination-payments", {**paid, "claim": claim})["owed"] == yuan("0.00")
    assert desk.post("/v1/coordination-payments", {**paid, "amount": yuan("-480.00")})["owed"] == yuan("480.00")
    by_hand_for_a_plan(desk, paid["line"], claim)
    undo = "/v1/coordinations/%s/undo" % made["id"]
    assert desk.post(undo, {"why": "settled anew"}, 200)["undone_by"] == "finance"
    assert desk.post(undo, {"why": "again"}, 409)["type"].endswith("not-divided")
    # Sent again late it is not done again: with its key it is the one that was taken back, and without one it is not taken.
    assert desk.post("/v1/coordinations", post, 200, headers={"Idempotency-Key": "k-1"})["undone_by"] == "finance"
    assert desk.post("/v1/coordinations", post, 428, headers={"Idempotency-Key": None})["type"].endswith("idempotency-key-missing")
    assert [c["id"] for c in desk.items("/v1/coordinations?claim=" + claim)] == [made["id"]]
    kept = str(up.database.sql("SELECT k::text FROM zhifu.coordination k UNION ALL SELECT p::text FROM zhifu.coordination_payment p"))
    assert "Roth" not in kept
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True


def test_acquirers_orders_and_sales(up):
    desk, yuan = up.desk(), v1.money
    desk.post("/v1/patient-quotes", {"stay": "ZY-P9", "amount": yuan("500.00"), "why": "two nights"}, 200)
    card = {"stay": "ZY-P9", "kind": "deposit", "method": "card", "acquirer": "boc", "amount": yuan("300.00"), "reference": "A9"}
    desk.post("/v1/patient-payments", card)
    waits, = desk.get("/v1/acquirers")["items"]
    assert (waits["acquirer"], waits["payments"], waits["amount"]) == ("boc", 1, yuan("300.00"))
    line = yuan_line(desk, 1, 10, 0, 298)
    settle = {"acquirer": "BOC", "line": line, "fee": yuan("1.00"), "references": [{"reference": "A9"}], "why": "their list"}
    path = "/v1/acquirer-settlements"
    assert desk.errors(path, settle, 409) == {"/fee": "settlement-differs"}
    assert desk.errors(path, {**settle, "references": [{"reference": "A8"}]}, 409) == {"/acquirer": "nothing-waits"}
    key = {"Idempotency-Key": "s-1"}
    done = desk.post(path, {**settle, "fee": yuan("2.00")}, headers=key)
    assert (done["gross"], done["fee"], done["line"]) == (yuan("300.00"), yuan("2.00"), line)
    assert desk.post(path, {**settle, "fee": yuan("2.00")}, 200, headers=key) == done
    assert desk.get("/v1/acquirers")["items"] == []

    # What is not ours goes back, and the bank debits it.
    line = yuan_line(desk, 2, 11, 298, 100)
    order = {"line": line, "amount": yuan("40.00"), "day": "2025-11-12", "why": "not ours"}
    assert desk.errors("/v1/bank-orders", {**order, "amount": yuan("100.01")}, 409) == {"/amount": "not-in-suspense"}
    assert desk.errors("/v1/bank-orders", {**order, "amount": yuan("1.00", "USD")}) == {"/amount": "currency-other"}
    assert desk.errors("/v1/bank-orders", {**order, "day": "2025-11-01"}) == {"/day": "day-invalid"}
    made = desk.post("/v1/bank-orders", order)
    assert desk.items("/v1/bank-orders?transit=true") == [made] and "cleared_line" not in made
    clear = "/v1/bank-orders/%s/clear" % made["id"]
    assert desk.errors(clear, {"line": line}, 409) == {"/line": "line-other"}
    debit = yuan_line(desk, 3, 13, 398, -40)
    assert desk.post(clear, {"line": debit}, 200)["cleared_line"] == debit
    assert desk.post(clear, {"line": debit}, 404)["type"].endswith("not-found")

    wrong = desk.post("/v1/bank-orders", {**order, "amount": yuan("1.00")})
    cancel = "/v1/bank-orders/%s/cancel" % wrong["id"]
    assert desk.post(cancel, {"why": "refused there"}, 200)["cancelled_by"] == "finance"
    assert desk.post(cancel, {"why": "refused there"}, 404)["type"].endswith("not-found")

    # Dollars are sold: 100.00 that were carried at 710.00 bring 705.00.
    desk.post("/v1/rates/import?source=cfets", "日期,USD/CNY\n2025-11-10,7.1000\n2025-11-14,7.1000\n", media="text/csv")
    for number, day, opening, amount in ((1, 10, 0, 250), (2, 14, 250, -100)):
        text, _ = v1.statement(number, day, opening, [amount])
        desk.post("/v1/bank-statements", text.replace("C-", "D"), media="text/plain")
    zhifu.wait_until(lambda: up.database.value("SELECT count(*) FROM zhifu.posting_unvalued") == 0, "values")
    out, = [w["id"] for w in desk.items("/v1/suspense?account=USD") if w["open"]["value"] == "-100.00"]
    sale = {"out": out, "in": yuan_line(desk, 4, 15, 358, 705), "why": "sold to the bank"}
    assert desk.errors("/v1/currency-sales", {**sale, "out": line}, 409) == {"/out": "sale-lines", "/in": "sale-lines"}
    sold = desk.post("/v1/currency-sales", sale)
    assert (sold["sold"], sold["carried"], sold["proceeds"]) == (yuan("100.00", "USD"), yuan("710.00"), yuan("705.00"))
    assert desk.items("/v1/currency-sales") == [sold]

    # All of that is taken back, once, and done again to the same figures.
    why = {"why": "the other line"}
    undo = "/v1/currency-sales/%s/undo" % sold["id"]
    undone = desk.post(undo, why, 200)
    assert (undone["carried"], undone["undone_by"], undone["words"]) == (yuan("710.00"), "finance", True)
    assert desk.post(undo, why, 404)["type"].endswith("not-found")
    assert test_v1.balance(desk, "FX") == "0.00" and out in [w["id"] for w in desk.items("/v1/suspense?account=USD")]
    again = desk.post("/v1/currency-sales", sale)
    assert (again["carried"], again["proceeds"]) == (yuan("710.00"), yuan("705.00")) and test_v1.balance(desk, "FX") == "5.00"
    unclear = clear.replace("/clear", "/unclear")
    assert "cleared_line" not in desk.post(unclear, why, 200)
    assert desk.post(unclear, why, 404)["type"].endswith("not-found")
    assert desk.items("/v1/bank-orders?transit=true")[0]["id"] == made["id"] and debit in [w["id"] for w in desk.items("/v1/suspense?account=CNY")]
    assert desk.post(clear, {"line": debit}, 200)["cleared_line"] == debit
    undo = path + "/%s/undo" % done["id"]
    assert desk.post(undo, why, 200)["undone_by"] == "finance" and desk.post(undo, why, 404)["type"].endswith("not-found")
    waits, = desk.get("/v1/acquirers")["items"]
    assert (waits["payments"], waits["amount"]) == (1, yuan("300.00")) and test_v1.balance(desk, "FEE") == "0.00"
    assert desk.post(path, {**settle, "fee": yuan("2.00")})["gross"] == yuan("300.00")
    assert test_v1.balance(desk, "FEE") == "2.00" and desk.get("/v1/acquirers")["items"] == []
    assert up.database.value("SELECT count(*) FROM zhifu.acquirer_settlement WHERE get_byte(undone_why, 0) = 90 AND undone_by = 'finance'") == 1
    # Why is sealed, and opened by id.
    for about, want in ((sold["id"], [("sale", "sold to the bank"), ("undo", "the other line")]), (made["id"], [("order", "not ours"), ("undo", "the other line")]),
                        (wrong["id"], [("order", "not ours"), ("cancel", "refused there")])):
        assert [(s["what"], s["words"]) for s in up.daemon.ctl_json("money", "said", about, "--hospital", "HZ1", "--who", "li")["said"]] == want
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True
