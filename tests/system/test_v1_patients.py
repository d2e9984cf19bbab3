"""What patients pay under /v1: a stay from its quote to its refund, each request sent twice, and who may."""

import story
import v1


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
