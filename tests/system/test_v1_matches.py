"""What persons decide on matches, by programs under /v1: accepted, rejected, allocated, held, assigned, and by whom."""

import json

import story
import v1
import zhifu
from finance import Finance


def test_persons_decide_on_matches(place, keep):
    place.pki.more("client", "finance")
    office = Finance(place, clients=({"id": "finance", "certificates": [place.pki.fingerprint("finance")],
                                      "scopes": v1.SCOPES["finance"]},))
    desk = keep(v1.Desk(place))
    usd = lambda value: v1.money(value, "USD")
    office.rate("11-27", "USD", "7.1050")
    allied = office.contract("alpha", "C", "ALLIED HLTH LTD", owed={"currency": "USD"},
                             tolerances=[{"currency": "USD", "residual": "0.10"}],
                             usual_charges=[{"currency": "USD", "amount": "15.00", "times": 6},
                                            {"currency": "USD", "amount": "25.00", "times": 1}, {"currency": "CNY", "amount": "71.05", "times": 1}])
    claims = [office.claim(allied, "09-08", "2315.00", "USD", "16482.80") for _ in range(2)]
    office.statement("USD", "11-27", ("2300.00", "ALLIED HLTH LTD", "PAYMENT"))
    office.looked()
    item, = desk.items("/v1/match-items")
    assert (item["part"], item["wait"], item["candidates"], item["payer"]) == (0, "tie", 2, "ALLIED HLTH LTD")
    path = "/v1/match-items/" + item["line"]
    found = desk.get(path + "/candidates")["items"]
    assert [c["no"] for c in found] == [1, 2] and {c["parts"][0]["ref"] for c in found} == {c.ref for c in claims}
    assert found[0]["parts"][0]["charge"] == usd("15.00") and found[0]["why"][0]["text_zh"], found
    assert found[0]["score"] == item["best_score"]
    desk.get(path + "/candidates?part=7", 404)
    assert desk.errors(path + "/reject", {"candidate": "1", "part": -1}) == {
        "/candidate": "member-type", "/part": "number-invalid", "/print": "member-missing", "/why": "member-missing"}
    reject, key = {"candidate": 1, "print": found[0]["print"], "why": "not theirs"}, {"Idempotency-Key": "r-1"}
    key["If-Match"] = desk.call("GET", "/v1/suspense/" + item["line"]).headers["etag"]
    assert desk.post(path + "/reject", {**reject, "candidate": 2}, 409)["type"] == "urn:zhifu:problem:candidate-other"
    for _ in range(2):
        desk.post(path + "/reject", reject, 200, headers=key)
    desk.post(path + "/reject", {**reject, "candidate": 2}, 412, headers={"If-Match": key["If-Match"]})
    desk.post(path + "/reject", {**reject, "candidate": 99999}, 404)
    office.looked()
    left, = desk.get(path + "/candidates")["items"]
    assert left["parts"][0]["ref"] == found[1]["parts"][0]["ref"]
    assert desk.items("/v1/match-items")[0]["by_hand"] is True

    ref = left["parts"][0]["ref"]
    desk.post(path + "/note", {"note": "Frau Schmidt called: it is for"}, 200)
    desk.post(path + "/note", {"note": ref}, 200)
    desk.post(path + "/note", {"part": 3, "note": "x"}, 404)
    assert desk.errors(path + "/note", {"note": "x" * 2001}) == {"/note": "text-long"}
    assert "Schmidt" not in str(place.database.sql("SELECT encode(content, 'escape') AS c FROM zhifu.match_note"))
    office.looked()
    told(place, desk, item["line"], ref)
    best, = desk.get(path + "/candidates")["items"]
    assert best["parts"][0]["ref"] == ref and best["score"] > left["score"] and best["sound"], best

    take = {"candidate": best["no"], "print": best["print"], "why": "she said so"}
    assert desk.post(path + "/accept", {**take, "print": found[0]["print"]}, 409)["type"] == "urn:zhifu:problem:moved-on"
    taken = desk.post(path + "/accept", take, headers={"Idempotency-Key": "a-1"})
    assert taken["line"] == item["line"]
    assert desk.post(path + "/accept", take, 200, headers={"Idempotency-Key": "a-1"}) == taken
    assert desk.post(path + "/accept", take, 409)["type"] == "urn:zhifu:problem:moved-on"
    done, = desk.items("/v1/allocations?line=" + item["line"])
    assert (done["id"], done["by_hand"], done["maker"], done["ref"]) == (taken["allocation"], True, "finance", ref)
    assert (done["amount"], done["charge"], done["cleared"]) == (usd("2300.00"), usd("15.00"), usd("2315.00"))
    learned = place.database.sql("SELECT DISTINCT remitter, who FROM zhifu.match_payer")
    assert learned == [{"remitter": "ALLIED HLTH LTD", "who": "finance"}], learned
    assert desk.items("/v1/match-items") == []
    again = desk.post(path + "/reject", reject, 200, headers=key)  # was done, though the money has left
    assert (again["id"], again["open"]) == (item["line"], usd("0.00"))
    undo = "/v1/allocations/%s/undo" % done["id"]
    desk.post(undo, {"why": "the other one"}, 200)
    desk.post(undo, {"why": "the other one"}, 404)
    assert [a.get("undoes") for a in desk.items("/v1/allocations?limit=1")] == [None, done["id"]]

    by_hand(desk, office, path, claims)
    by_advice(place, desk, path, claims[0])
    for_no_claim(desk, office)
    for amount in (v1.money("1.00"), usd("2300.00"), usd("-1.00")):
        assert desk.errors(path + "/split", {"amounts": [{"amount": amount}], "why": "?"}) == {"/amounts": "split-amounts"}
    desk.post(path + "/split", {"amounts": [{"amount": usd("300.00")}], "why": "two invoices"}, 200)
    assert [(i["part"], i["open"]["value"]) for i in desk.items("/v1/match-items?line=%s&limit=1" % item["line"])] == [
        (0, "2000.00"), (1000000, "300.00")]

    hold = "/v1/suspense/%s/hold" % item["line"]
    office.looked()
    tag = desk.call("GET", hold[:-5]).headers["etag"]
    key = {"Idempotency-Key": "papers"}
    desk.post(hold, {"held": "compliance", "why": "asked for papers"}, 200, headers={"If-Match": tag, **key})
    desk.post(hold, {"held": "no", "why": "late"}, 412, headers={"If-Match": tag})
    assert {i["held"] for i in desk.items("/v1/match-items")} == {"compliance"}
    assert desk.post(path + "/split", {"amounts": [{"amount": usd("1.00")}], "why": "?"}, 409)["type"] == "urn:zhifu:problem:held"
    desk.post(hold, {"held": "no", "why": "they came"}, 200)
    # What held it, sent again late, holds it no more.
    desk.post(hold, {"held": "compliance", "why": "asked for papers"}, 200, headers=key)
    assert {i["held"] for i in desk.items("/v1/match-items?line=" + item["line"])} == {"no"}
    acts(desk, office, item["line"], claims[0].id)
    office.holds()


def told(place, desk, line, ref):
    """What the bank said of a line, and persons noted: names are in the one read that is on record, and in no list."""
    looks = "SELECT count(*) FROM zhifu.operator_act WHERE act = 'bank_line.show' AND who = 'finance' AND subject = %s"
    said = desk.get("/v1/bank-lines/" + line)
    assert (said["payer"], said["text"], said["transaction_count"]) == ("ALLIED HLTH LTD", "PAYMENT", 0), said
    assert said["content"]["detail"]["debtor"]["name"] == "ALLIED HLTH LTD" and "transactions" not in said
    assert [(n["part"], n["note"], n["who"]) for n in said["notes"]] == [
        (0, "Frau Schmidt called: it is for", "finance"), (0, ref, "finance")]
    assert place.database.value(looks, (line,)) == 1
    for path in ("/v1/bank-lines", "/v1/suspense", "/v1/match-items"):
        assert "PAYMENT" not in json.dumps(desk.items(path)) and "Schmidt" not in json.dumps(desk.items(path)), path
    assert place.database.value(looks, (line,)) == 1


def by_hand(desk, office, path, claims):
    """What persons know and matching does not: several things missing at once; dollars owed and yuan paid."""
    usd, check, allocate = lambda value: v1.money(value, "USD"), path + "/allocate-check", path + "/allocate"
    said = {"ref": claims[0].ref, "amount": usd("2175.00"), "missing": [{"kind": "charge", "amount": usd("25.00")},
                                                                      {"kind": "short", "amount": usd("115.00")}]}
    checked = desk.post(check, {"claims": [said]}, 200)
    assert checked["rates"] == [] and [(p["cleared"], p["charge"], p["short"]) for p in checked["parts"]] == [
        (usd("2200.00"), usd("25.00"), usd("115.00"))]
    assert desk.errors(allocate, {"why": "x", "claims": [
        {**said, "amount": v1.money("1.00")}, {"ref": "HZ1", "amount": usd("1.00")}, said, said,
        {"ref": claims[1].ref, "amount": usd("1.00"), "missing": [{"kind": "fx"}]}]}) == {"/claims/1/ref": "claim-unknown"}
    assert desk.errors(allocate, {"why": "x", "claims": [
        {**said, "amount": v1.money("1.00")}, {"ref": claims[1].ref, "amount": usd("1.00"), "missing": [{"kind": "fx"}]}]}) == {
        "/claims/0/amount": "amount-currency", "/claims/1": "missing-no-rate"}
    assert desk.errors(check, {"claims": [said, said]}) == {"/claims/1/ref": "claim-twice"}
    assert desk.errors(check, {"claims": [{**said, "missing": [{"kind": "fee", "amount": usd("0.00")}]}]}) == {
        "/claims/0/missing/0/amount": "amount-nothing"}
    most = {"kind": "fee", "amount": usd("92233720368547758.07")}
    assert desk.errors(check, {"claims": [{**said, "missing": [most, most]}]}) == {"/claims/0": "amount-large"}
    key, body = {"Idempotency-Key": "h-1"}, {"claims": [said], "why": "a letter"}
    made = desk.post(allocate, body, headers=key)
    assert desk.post(allocate, body, 200, headers=key) == made
    assert desk.post(allocate, {**body, "why": "another"}, 409, headers=key)["type"] == "urn:zhifu:problem:idempotency-conflict"
    row, = [a for a in desk.items("/v1/allocations?line=" + made["line"]) if a["id"] == made["allocation"]]
    assert (row["amount"], row["cleared"], row["charge"], row["maker"]) == (usd("2175.00"), usd("2200.00"), usd("25.00"), "finance")
    assert desk.get("/v1/receivables/" + claims[0].id)["open"] == usd("115.00")
    desk.post("/v1/allocations/%s/undo" % made["allocation"], {"why": "not theirs"}, 200)

    line, = office.statement("CNY", "11-27", ("7105.00", "ALLIED AGENT", "FOR A PATIENT"))
    office.looked()
    path = "/v1/match-items/" + line
    said = {"ref": claims[0].ref, "amount": v1.money("7105.00"), "missing": [{"kind": "charge", "amount": v1.money("71.05")}]}
    checked = desk.post(path + "/allocate-check", {"claims": [said]}, 200)
    assert [(r["base"], r["quote"], r["value"], r["multiplied"]) for r in checked["rates"]] == [("USD", "CNY", "7.1050", False)]
    assert [(p["cleared"], p["charge"]) for p in checked["parts"]] == [(usd("1010.00"), v1.money("71.05"))]
    made = desk.post(path + "/allocate", {"claims": [said], "why": "their agent wrote"})
    assert desk.get("/v1/receivables/" + claims[0].id)["open"] == usd("1305.00")
    row, = [c for c in desk.items("/v1/ledger/conversions?entry=" + made["allocation"]) if c.get("part") == 1]
    assert (row["from"], row["to"], row["value"], row["multiplied"], row["source"]) == (
        v1.money("7176.05"), usd("1010.00"), "7.1050", False, "cfets")
    desk.post("/v1/allocations/%s/undo" % made["allocation"], {"why": "not theirs"}, 200)
    desk.post("/v1/suspense/%s/hold" % line, {"held": "compliance", "why": "who is that?"}, 200)
    office.holds()


def by_advice(place, desk, path, claim):
    """An advice whose money is some of the line, and which sets off what had not come too much: details by hand."""
    advice, usd = "019ab2c4-5a00-7000-8000-0000000000ad", lambda value: v1.money(value, "USD")
    place.database.sql("""
        INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content)
        VALUES ('{h}', '{advice}', 'alpha', 'ADV-1', 190000, 'USD', 2, true, '');
        INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, fee_minor, currency, exponent, kind)
        VALUES ('{h}', '{advice}', 1, '{claim}', 200000, -1000, 'USD', 2, 1), ('{h}', '{advice}', 2, NULL, -9000, 0, 'USD', 2, 4)
    """.format(h=story.HOSPITAL_ID, advice=advice, claim=claim.id))
    path += "/allocate-advice"
    body = {"advice": advice, "why": "their letter"}
    said = lambda **more: {**body, "details": [{"no": 1}, {"no": 2, **more}]}
    assert desk.errors(path, {**body, "advice": claim.id}) == {"/advice": "advice-unknown"}
    assert desk.errors(path, {**body, "details": [{"no": 3}]}) == {"/advice": "advice-unknown"}
    assert desk.errors(path, {**body, "details": [{"no": 1}, {"no": 1}]}) == {"/details/1": "detail-twice"}
    assert desk.errors(path, body) == {"/details": "claim-unnamed"}
    assert desk.errors(path, said()) == {"/details/1": "claim-unnamed"}
    assert desk.errors(path, said(ref="NOBODY")) == {"/details/1": "claim-unknown"}
    assert desk.post(path, said(ref=claim.ref), 409)["type"] == "urn:zhifu:problem:netting-more"
    key, said = {"Idempotency-Key": "d-1"}, said(ref=claim.ref, taken_back=True)
    made = desk.post(path, said, headers=key)
    assert desk.post(path, said, 200, headers=key) == made
    assert desk.errors(path, said) == {"/details": "details-more"}  # 400.00 are left
    assert desk.errors(path, body) == {"/advice": "advice-unknown"}  # all are allocated
    parts = [(a["amount"], a.get("claim")) for a in desk.items("/v1/allocations?line=" + made["line"]) if a["id"] == made["allocation"]]
    assert parts == [(usd("2000.00"), claim.id), (usd("-10.00"), None), (usd("-90.00"), claim.id)], parts
    assert desk.get("/v1/receivables/" + claim.id)["open"] == usd("405.00")  # 2315.00 - 2000.00 + 90.00
    desk.post("/v1/allocations/%s/undo" % made["allocation"], {"why": "not theirs"}, 200)


def for_no_claim(desk, office):
    """A charge in words and a part of it, a candidate that is one, and dollars that the hospital bought for its other account."""
    problem = lambda answer: answer["type"].removeprefix("urn:zhifu:problem:")
    usd = lambda value: v1.money(value, "USD")
    fee, other, paid = office.statement("CNY", "11-28", ("-30.00", "BANK", "WIRE FEE", "11-28", "MSC"), ("-8.00", "BANK", "X", "11-28", "MSC"),
                                        ("-710.00", "SELF", "TO OUR DOLLARS", "11-28", "MSC"))
    got, = office.statement("USD", "11-28", ("100.00", "SELF", "FROM OUR YUAN"))
    office.looked()
    path = "/v1/match-items/%s/" % other
    assert desk.errors(path + "classify", {"kind": "salary", "why": "x"}) == {"/kind": "kind-unknown"}
    assert desk.errors(path + "classify", {"kind": "interest", "why": "x"}) == {"/kind": "kind-way"}
    for amount in (usd("1.00"), v1.money("8.01")):
        assert desk.errors(path + "classify", {"kind": "bank-fee", "amount": amount, "why": "x"}) == {"/amount": "amount-more"}
    tag = {"If-Match": desk.call("GET", "/v1/suspense/" + other).headers["etag"], "Idempotency-Key": "k-1"}
    body = {"kind": "bank-fee", "amount": v1.money("5.00"), "why": "their tariff"}
    made = desk.post(path + "classify", body, headers=tag)
    assert desk.post(path + "classify", body, 200, headers=tag) == made
    desk.post(path + "classify", body, 412, headers={"If-Match": tag["If-Match"]})
    desk.post(path + "classify", {"kind": "other-cost", "why": "a stamp"})
    desk.post(path + "classify", body, 404)
    assert office.journal(other) == {"FEE": (500, 0), "COST-OTH": (300, 0), "SUSP": (0, 800)}
    row, = [a for a in desk.items("/v1/allocations?line=" + other) if a["id"] == made["allocation"]]
    assert (row["kind"], row["line_kind"], row["amount"], row["maker"]) == ("own", "bank-fee", v1.money("-5.00"), "finance")
    best, = desk.get("/v1/match-items/%s/candidates" % fee)["items"]
    assert (best["kind"], best["line_kind"], best["ledger_account"], best["sound"]) == ("own", "bank-fee", "FEE", True), best
    desk.post("/v1/match-items/%s/accept" % fee, {"candidate": best["no"], "print": best["print"], "why": "it is"})
    assert office.journal(fee) == {"FEE": (3000, 0), "SUSP": (0, 3000)}
    path = "/v1/match-items/%s/transfer" % paid
    desk.post(path, {"other": got, "part": 1, "why": "x"}, 404)
    made = desk.post(path, {"other": got, "why": "for abroad"})
    assert problem(desk.post(path, {"other": got, "why": "for abroad"}, 404)) == "not-found"
    assert [desk.items("/v1/match-items?line=" + line) for line in (paid, got)] == [[], []]
    fx = "SELECT debit, credit, book_minor FROM zhifu.posting WHERE rule = 'transfer_fx'"
    assert office.database.sql(fx) == [{"debit": "CONV", "credit": "FX", "book_minor": 50}]
    desk.post("/v1/allocations/%s/undo" % made["allocation"], {"why": "not these"}, 200)
    desk.post("/v1/match-items/%s/transfer" % got, {"other": paid, "why": "these after all"})
    office.holds()


def acts(desk, office, line, claim):
    """Of two with the same tag the second one is refused, whatever it does."""
    item, suspense = "/v1/match-items/" + line, "/v1/suspense/" + line
    for path, body, of in ((item + "/note", {"note": "x"}, suspense),
                           (item + "/split", {"amounts": [{"amount": v1.money("1.00", "USD")}], "why": "x"}, suspense),
                           (suspense + "/assign", {"owner": "li", "reason": "x"}, suspense),
                           (suspense + "/hold", {"held": "no", "why": "x"}, suspense),
                           ("/v1/receivables/%s/assign" % claim, {"list": "short", "owner": "li", "why": "x"}, "/v1/receivables/" + claim)):
        office.looked()
        tag = {"If-Match": desk.call("GET", of).headers["etag"]}
        desk.post(path, body, 200, headers=tag)
        desk.post(path, body, 412, headers=tag)
