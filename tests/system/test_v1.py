"""The finance API under /v1 over real TLS: each resource with good and bad input, who may do what, that nobody sees
another hospital's money, and that the OpenAPI document says what the server does."""

import datetime
import json
import re
import urllib.parse

import jsonschema
import pytest

import story
import traffic
import v1
import zhifu
from finance import Finance

BODY = {"media": "text/plain"}
SPAN = "?from=2025-01-01&to=2027-12-31"
# Each list of what is a hospital's own, with the parameters that it cannot do without.
READS = ("/v1/contracts", "/v1/price-lists", "/v1/bank-accounts", "/v1/bank-statements", "/v1/bank-confirmations", "/v1/bank-lines", "/v1/bank-pending",
         "/v1/suspense", "/v1/ledger/postings",
         "/v1/ledger/balances", "/v1/charges", "/v1/receivables", "/v1/match-items", "/v1/allocations", "/v1/remittances",
         "/v1/remittance-details", "/v1/reports/open", "/v1/reports/open-items", "/v1/reports/work?list=short",
         "/v1/reports/scoreboard" + SPAN, "/v1/reports/fx" + SPAN, "/v1/reports/unexplained", "/v1/reports/bank-proofs",
         "/v1/periods", "/v1/periods/findings?month=2025-11-01", "/v1/declarations", "/v1/revaluations", "/v1/provisions",
         "/v1/write-offs", "/v1/bank-orders", "/v1/currency-sales", "/v1/acquirers", "/v1/coordinations", "/v1/ledger/conversions", "/v1/patient-accounts",
         "/v1/patient-payments", "/v1/ledger/waiting", "/v1/limitations?all=true", "/v1/demands", "/v1/inspectors",
         "/v1/concessions", "/v1/disputes", "/v1/dispute-steps",
         "/v1/inspectors/looks")


def today():
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()


def contract(**more):
    return {"name": "Alpha direct", "valid_from": "2026-01-01", "parties": {"carrier": "alpha"},
            "owed": {"kind": "A"}, **more}


# --- who may ----------------------------------------------------------------------------------------------------------


def test_scopes_are_demanded(up):
    for path in ("/v1/rates", *READS):
        refused = up.desk("client").call("GET", path)
        assert refused.status == 403, refused
        assert "finance.read" in refused.json()["title"] and "finance.read" in refused.json()["title_zh"]
        assert up.desk("reader").call("GET", path).status == 200
    charge = {"charges": [{"identifier": "A", "day": "2026-09-24", "amount": v1.money("1.00")}]}
    for name in ("reader", "second", "client"):
        assert "finance.write" in up.desk(name).post("/v1/charges", charge, 403)["title"]
        refused = up.desk(name).call("POST", "/v1/bank-statements", b"x" * 100, **BODY)
        assert refused.status == 403 and "finance.write" in refused.json()["title"], refused
    rate = {"base": "USD", "quote": "CNY", "value": "7.1", "day": "2026-09-08", "why": "none published"}
    assert "finance.rates" in up.desk("reader").post("/v1/rates", rate, 403)["title"]
    with up.daemon.client(None) as stranger:
        answer = stranger.get("/v1/rates")
        assert answer.status == 401 and answer.headers["content-type"] == "application/problem+json", answer
        assert stranger.get("/v1/openapi.json").status == 401
    assert up.desk("reader").get("/v1/nothing", 404)["type"] == "urn:zhifu:problem:not-found"


def test_no_hospital_sees_anothers_money(up, keep):
    desk = up.desk()
    text, _ = v1.statement(1, 10, 0, [100, 250])
    desk.post("/v1/bank-statements", text, **BODY)
    desk.post("/v1/charges", {"charges": [{"identifier": "A", "day": "2026-09-24", "amount": v1.money("1.00")}]})
    other = keep(v1.Desk(up, "other"))
    for path in READS:
        assert other.get(path)["items"] == [], path
    journal = "/v1/ledger/journal?format=hledger"
    assert b"BANK-USD" in desk.text(journal) and b"BANK-USD" not in other.text(journal)
    line = desk.get("/v1/suspense")["items"][0]["id"]
    for path in ("/v1/suspense/", "/v1/bank-lines/"):
        desk.get(path + line)
        assert other.get(path + line, 404)["status"] == 404
    assign = {"owner": "me", "reason": "mine now"}
    other.post("/v1/suspense/%s/assign" % line, assign, 404)
    # A link of one hospital's pages is none of another's.
    link = "/" + desk.get("/v1/bank-lines?limit=1")["next"].split("/", 3)[3]
    assert desk.get(link)["items"]
    other.get(link, 400)


# --- rates ------------------------------------------------------------------------------------------------------------


def test_rates_by_hand_need_two_clients(up):
    desk, second = up.desk(), up.desk("second")
    new = {"base": "JPY", "quote": "CNY", "per": 100, "value": "4.8120", "day": "2026-08-18", "why": "no parity published"}
    key = {"Idempotency-Key": "rate-1"}
    made = desk.call("POST", "/v1/rates", new, headers=key)
    assert made.status == 201 and made.json()["status"] == "waits" and made.json()["value"] == "4.8120", made
    assert made.headers["location"].endswith("/v1/rates/" + made.json()["id"])
    assert desk.call("POST", "/v1/rates", dict(reversed(new.items())), headers=key).json()["id"] == made.json()["id"]
    path = "/v1/rates/" + made.json()["id"]
    assert desk.post(path + "/approve", {"why": "I say so"}, 409)["type"] == "urn:zhifu:problem:four-eyes"
    assert second.post(path + "/approve", {"why": "seen on the board"}, 200)["checker"] == "second"
    assert second.post(path + "/refuse", {"why": "late"}, 409)["type"] == "urn:zhifu:problem:rate-decided"
    assert [r["id"] for r in desk.items("/v1/rates?currency=JPY&source=manual&status=in-force")] == [made.json()["id"]]
    # A hundredfold of what is known is never taken; what is far needs a word more.
    assert desk.errors("/v1/rates", {**new, "day": "2026-08-19", "per": 1}) == {"/value": "rate-hundredfold"}
    far = desk.post("/v1/rates", {**new, "day": "2026-08-19", "value": "6.9"})
    path = "/v1/rates/" + far["id"]
    assert second.errors(path + "/approve", {"why": "?"})["/value"] == "rate-far"
    assert second.post(path + "/approve", {"why": "it fell", "far": True}, 200)["status"] == "in-force"
    wrong = desk.post("/v1/rates", {**new, "day": "2026-08-20"})
    assert second.post("/v1/rates/%s/refuse" % wrong["id"], {"why": "that day has a parity"}, 200)["status"] == "refused"
    assert second.get("/v1/rates/" + story.HOSPITAL_ID, 404)
    assert desk.errors("/v1/rates", {"base": 1, "quote": "CNYX", "value": "1e2", "day": "2026-02-30", "why": "", "x": 0}) == {
        "/base": "member-type", "/quote": "text-long", "/value": "decimal-invalid", "/day": "day-invalid",
        "/why": "text-empty", "/x": "member-unknown"}
    tomorrow = (today() + datetime.timedelta(days=2)).isoformat()
    assert desk.errors("/v1/rates", {**new, "base": "XYZ", "day": tomorrow, "value": "-1"})["/day"] == "rate-future"


def test_rates_of_a_file(up):
    desk, path = up.desk(), "/v1/rates/import?source=cfets"
    text = "日期,USD/CNY,100JPY/CNY\n2026-09-08,7.1200,4.7400\n"
    csv = {"media": "text/csv"}
    assert desk.post(path, text, **csv) == {"source": "cfets", "new": 2, "known": 0, "superseded": 0, "first_day": "2026-09-08",
                                            "last_day": "2026-09-08", "notes": []}
    assert desk.post(path, text, 200, **csv)["known"] == 2
    assert [r["value"] for r in desk.items("/v1/rates?source=cfets&limit=1")] in (["7.1200", "4.7400"], ["4.7400", "7.1200"])
    # The hospital's first source, and the last day before that has a rate.
    way = desk.get("/v1/rates/of?currency=USD&day=2026-09-12")
    assert [(s["value"], s["day"], s["multiplied"]) for s in way["steps"]] == [("7.1200", "2026-09-08", True)]
    assert way["steps"][0]["id"] == desk.items("/v1/rates?currency=USD")[0]["id"]
    assert desk.get("/v1/rates/of?currency=CNY&day=2026-09-12")["steps"] == []
    assert {e["code"] for e in desk.get("/v1/rates/of?currency=USD&day=2026-09-30", 404)["errors"]} >= {"rate-gap"}
    desk.get("/v1/rates/of?currency=XXX&day=2026-09-12", 400)
    upside_down = text.replace("-08,7.1200", "-09,0.1404")
    assert desk.errors(path, upside_down, **csv)["2:USD/CNY"] == "rate-upside-down"
    assert desk.post(path + "&charset=gb18030", text.replace("-08,", "-10,").encode("gb18030"), **csv)["new"] == 2
    assert desk.errors(path, text.encode("gb18030"), **csv)
    desk.post("/v1/rates/import?source=reuters", text, 400, **csv)
    desk.post("/v1/rates/import", text, 400, **csv)
    assert "finance.rates" in up.desk("reader").post(path, text, 403, **csv)["title"]
    assert up.database.value("SELECT count(*) FROM zhifu.operator_act WHERE act = 'rate.import' AND who = 'finance'") == 3
    assert len(desk.items("/v1/rates?from=2026-09-09")) == 2

    # What was published wrongly two clients put right; the wrong one stays.
    wrong = next(r for r in desk.items("/v1/rates?currency=USD&source=cfets") if r["day"] == "2026-09-08")
    path = "/v1/rates/%s/correct" % wrong["id"]
    assert desk.errors(path, {"value": "0.14", "why": "typing error"}) == {"/value": "rate-upside-down"}
    assert desk.post(path, {"value": "7.12", "why": "typing error"}, 409)["type"] == "urn:zhifu:problem:rate-same"
    key = {"Idempotency-Key": "correct-1"}
    made = desk.post(path, {"value": "7.1300", "why": "typing error"}, headers=key)
    assert (made["status"], made["version"], made["source"], made["value"]) == ("waits", 2, "cfets", "7.1300")
    assert desk.post(path, {"value": "7.1300", "why": "typing error"}, 200, headers=key)["id"] == made["id"]
    assert desk.post(path, {"value": "7.1400", "why": "no"}, 409)["type"] == "urn:zhifu:problem:rate-correction"
    assert desk.get("/v1/rates/of?currency=USD&day=2026-09-09")["steps"][0]["value"] == "7.1200"
    assert desk.post("/v1/rates/%s/approve" % made["id"], {"why": "I say so"}, 409)["type"] == "urn:zhifu:problem:four-eyes"
    assert up.desk("second").post("/v1/rates/%s/approve" % made["id"], {"why": "seen"}, 200)["status"] == "in-force"
    assert desk.get("/v1/rates/of?currency=USD&day=2026-09-09")["steps"][0]["id"] == made["id"]
    assert desk.get("/v1/rates/" + wrong["id"])["value"] == "7.1200"
    assert desk.post(path, {"value": "7.1", "why": "late"}, 409)["type"] == "urn:zhifu:problem:rate-past"
    desk.post("/v1/rates/%s/correct" % story.HOSPITAL_ID, {"value": "7.1", "why": "none"}, 404)
    assert desk.items("/v1/ledger/conversions?corrected=true&rate=" + wrong["id"]) == []

    # The source's file goes on saying what was wrong: that is told, and nothing changes.
    path = "/v1/rates/import?source=cfets"
    again = desk.post(path, text + "2026-09-11,7.1310,4.7400\n", **csv)
    assert (again["new"], again["known"], again["superseded"]) == (2, 1, 1)
    assert [(n["place"], n["code"]) for n in again["notes"]] == [("2:USD/CNY", "rate-superseded")]
    assert "corrected on " in again["notes"][0]["detail"] and "已被更正" in again["notes"][0]["detail_zh"]
    assert desk.get("/v1/rates/of?currency=USD&day=2026-09-09")["steps"][0]["id"] == made["id"]
    assert desk.errors(path, text.replace("7.1200", "7.1250"), **csv)["2:USD/CNY"] == "rate-changed"


# --- contracts --------------------------------------------------------------------------------------------------------


def test_contracts(up):
    story.insurer(up, "alpha", zhifu.free_port())
    up.daemon.reload()
    desk = up.desk()
    assert set(desk.errors("/v1/contracts", {"contract": contract(owed={"kind": "D"}, valid_from="x"), "why": "signed"})) == {
        "/contract/owed/kind", "/contract/valid_from"}
    assert desk.errors("/v1/contracts", {"contract": contract(parties={"carrier": "nobody"}), "why": "signed"}) == {
        "/contract/parties/carrier": "contract-insurer-unknown"}
    assert set(desk.errors("/v1/contracts/check", {"contract": contract(owed={"kind": "D"}, valid_from="x")})) == {
        "/contract/owed/kind", "/contract/valid_from"}

    def put():
        answer = desk.call("POST", "/v1/contracts", {"contract": contract(), "why": "signed"})
        return answer if answer.status != 422 else None

    made = zhifu.wait_until(put, "the insurer of the new configuration")
    assert desk.post("/v1/contracts/check", {"contract": contract(name="Another")}, 200) == {"fits": True}
    assert len(desk.items("/v1/contracts")) == 1
    assert made.status == 201 and made.headers["etag"] == '"1"' and made.json()["counts_from"] == "2026-01-01", made
    again = desk.call("POST", "/v1/contracts", {"contract": contract(), "why": "signed"})
    assert again.status == 200 and again.json()["version"] == 1
    clash = desk.errors("/v1/contracts", {"contract": contract(name="Second"), "why": "signed"}, 409)
    assert clash == {"/contract/valid_from": "contract-clash"}
    path = "/v1/contracts/" + made.json()["id"]
    end = {"day": "2026-12-31", "why": "not renewed"}
    desk.post(path + "/end", end, 412, headers={"If-Match": '"7"'})
    assert desk.post(path + "/end", end, 200, headers={"If-Match": '"1"'})["valid_to"] == "2026-12-31"
    assert [c["version"] for c in desk.items("/v1/contracts?limit=1")] == [1, 2]
    assert desk.items("/v1/contracts?day=2027-01-01") == []
    assert up.desk("reader").call("POST", path + "/end", end).status == 403


# --- price lists ------------------------------------------------------------------------------------------------------


def test_price_lists(up):
    desk, csv = up.desk(), {"media": "text/csv"}
    path = "/v1/price-lists/import?name=Ward%202026&from=2026-01-01"
    text = "system,code,price,currency,name\nurn:h,B,0.125,CNY,\"Bed, single\"\nurn:h,A,1280.50,CNY,\nurn:h,C,0,CNY,\n"
    made = desk.post(path, text, 201, **csv)
    assert {key: made[key] for key in ("version", "name", "currency", "prices", "known")} == {
        "version": 1, "name": "Ward 2026", "currency": "CNY", "prices": 3, "known": False}
    assert desk.post(path, text, 200, **csv) == {**made, "known": True}
    # All of its faults at once, in both languages, and nothing of it.
    bad = "system,code,price,currency\nurn:h,A,-1,CNY\nurn:h,B,1,RMB\nurn:h,C,1,CNY\nurn:h,C,2,CNY\n"
    assert desk.errors(path, bad, **csv) == {"2:price": "price-value", "3:currency": "currency-unknown", "5:code": "price-duplicate"}
    assert "编码“C”在第 4 行已有单价。" in desk.call("POST", path, bad, **csv).text
    for query in ("name=%20x&from=2026-01-01", "from=2026-01-01", "name=x", "name=x&from=2026-01-01&to=2025-12-31",
                  "name=x&from=2026-01-01&charset=klingon"):
        desk.post("/v1/price-lists/import?" + query, text, 400, **csv)
    assert up.desk("reader").call("POST", path, text, **csv).status == 403
    # A version more, in another character set, takes the place from its day on.
    other = "编码系统,编码,单价,币种,名称\nurn:h,A,1300.5,CNY,床位费\n".encode("gb18030")
    desk.post(path.replace("2026-01-01", "2026-07-01") + "&to=2026-12-31&charset=gb18030", other, 201, **csv)
    first, second = desk.items("/v1/price-lists?limit=1")
    assert (first["counts_from"], first["counts_to"], first["prices"], first["maker"]) == ("2026-01-01", "2026-06-30", 3, second["maker"])
    assert "valid_to" not in first and (second["counts_from"], second["counts_to"], second["version"]) == ("2026-07-01", "2026-12-31", 2)
    assert desk.items("/v1/price-lists?day=2026-06-30&name=Ward%202026") == [first] and desk.items("/v1/price-lists?name=x") == []
    assert desk.items("/v1/prices?limit=2&version=1&list=" + made["id"]) == [
        {"system": "urn:h", "code": "A", "price": "1280.50"}, {"system": "urn:h", "code": "B", "name": "Bed, single", "price": "0.125"},
        {"system": "urn:h", "code": "C", "price": "0"}]
    assert desk.items("/v1/prices?version=2&list=" + made["id"]) == [
        {"system": "urn:h", "code": "A", "name": "床位费", "price": "1300.5"}]
    assert desk.items("/v1/prices?version=3&list=" + made["id"]) == []
    # The first file once more, late: what it said counts no more, unless that is meant.
    late = desk.post(path, text, 409, **csv)
    assert late["type"] == "urn:zhifu:problem:prices-replaced" and "version 1" in json.dumps(late["errors"]), late
    assert desk.post(path + "&after=1", text, 409, **csv)["type"] == "urn:zhifu:problem:version-other"
    desk.post(path + "&after=0", text, 400, **csv)
    assert len(desk.items("/v1/price-lists")) == 2
    assert desk.post(path + "&after=2", text, 201, **csv)["version"] == 3
    assert desk.post(path + "&after=2", text, 200, **csv)["known"]


# --- charges ----------------------------------------------------------------------------------------------------------

STAY = [26350, 18400, 7820, 6940, 6400, 5980, 5760, 5600, 5450, 7300, 5120, 4980, 3900]


def stay_charges():
    """Scenario S2: covered charges of 09-24 to 10-06, and 100 a night for the companion's bed."""
    first = datetime.date(2026, 9, 24)
    for n, amount in enumerate(STAY):
        day = (first + datetime.timedelta(days=n)).isoformat()
        yield {"identifier": "S2-%d" % n, "day": day, "amount": v1.money("%d.00" % amount), "stay": "ZY-0001"}
        if n < len(STAY) - 1:
            yield {"identifier": "S2-%d-bed" % n, "day": day, "amount": v1.money("100.00"), "stay": "ZY-0001"}


def balance(desk, account, query=""):
    found = [b["balance"]["value"] for b in desk.get("/v1/ledger/balances?account=%s%s" % (account, query))["items"]]
    return found[0] if found else "0.00"


def test_charges_are_revenue_when_care_is_given(up):
    desk = up.desk()
    if today() < datetime.date(2026, 10, 6):
        pytest.skip("the stay is in the future")
    charges = list(stay_charges())
    for n in range(0, len(charges), 10):
        some = charges[n:n + 10]
        assert desk.post("/v1/charges", {"charges": some}) == {"stored": len(some), "known": 0}
    # The whole stay again changes nothing.
    assert desk.post("/v1/charges", {"charges": charges}) == {"stored": 0, "known": len(charges)}
    september, october = "&from=2026-09-01&to=2026-09-30", "&from=2026-10-01&to=2026-10-31"
    assert balance(desk, "AR-INPT", september) == "78350.00"
    assert balance(desk, "REV-MED", september) == "-78350.00"
    assert balance(desk, "AR-INPT", october) == "32850.00"
    assert balance(desk, "REV-MED", october) == "-32850.00"
    assert balance(desk, "AR-INPT") == "111200.00"
    assert len(desk.search("/v1/charges", stay="ZY-0001", limit=7)) == len(charges)
    assert desk.search("/v1/charges", stay="ZY-0002") == []
    assert len(desk.search("/v1/charges", stay="ZY-0001", to="2026-09-24")) == 2
    assert "ZY-0001" not in str(up.database.sql("SELECT * FROM zhifu.charge"))
    postings = desk.items("/v1/ledger/postings?account=AR-INPT&limit=9")
    assert len(postings) == len(charges) and {p["rule"] for p in postings} == {"care"}
    assert all(p["book"] == p["amount"] for p in postings)

    # A correction is a row more, and never takes back more than there was.
    back = {"identifier": "S2-0-bed-back", "day": "2026-09-24", "amount": v1.money("-100.00"), "corrects": "S2-0-bed"}
    assert desk.post("/v1/charges", {"charges": [back]}) == {"stored": 1, "known": 0}
    assert balance(desk, "AR-INPT", september) == "78250.00"
    more = [{**back, "identifier": "more"}, {**back, "identifier": "none", "corrects": "S2-99"},
            {**back, "identifier": "free", "amount": v1.money("-1.00"), "corrects": None}]
    del more[2]["corrects"]
    assert desk.errors("/v1/charges", {"charges": more}) == {
        "/charges/0": "charge-below-zero", "/charges/1": "charge-uncorrected", "/charges/2": "charge-amount"}
    changed = {**charges[0], "amount": v1.money("1.00")}
    assert desk.errors("/v1/charges", {"charges": [changed]}, 409) == {"/charges/0": "charge-changed"}
    assert balance(desk, "AR-INPT", september) == "78250.00"
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True


def stay_bill(number, yuan):
    """An interim or final bill of the stay ZY-0001, of the insurer's share."""
    claim = json.loads(traffic.bill("S2-%d" % number, cents=100 * yuan).replace(b"USD", b"CNY"))
    claim["contained"] = [{"resourceType": "Encounter", "id": "stay", "status": "finished", "identifier": [{"value": "ZY-0001"}],
                           "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}]
    claim["item"][0]["encounter"] = [{"reference": "#stay"}]
    claim["extension"] = [{"url": "urn:zhifu:bill-sequence", "valuePositiveInt": number}]
    return json.dumps(claim)


def test_a_stay_is_revenue_once(place, keep):
    """S2: what was charged is cleared by the bills, and what is left is the patient's."""
    if today() < datetime.date(2026, 10, 6):
        pytest.skip("the stay is in the future")
    traffic.Insurer(place, keep)
    v1.start(place)
    traffic.permit(place.daemon)
    desk = keep(v1.Desk(place))
    charges = list(stay_charges())
    september = [c for c in charges if c["day"] < "2026-10"]

    def bill(number, yuan):
        with place.daemon.client() as client:
            assert client.post("/fhir/Claim", stay_bill(number, yuan), headers=traffic.FHIR).status == 201
        zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'bill'") == number, "the bill")

    def balances():
        return {account: balance(desk, account) for account in ("AR-INPT", "AR-ALPHA", "REV-MED")}

    desk.post("/v1/charges", {"charges": september})
    bill(1, 70550)
    assert balances() == {"AR-INPT": "7800.00", "AR-ALPHA": "70550.00", "REV-MED": "-78350.00"}
    desk.post("/v1/charges", {"charges": charges[len(september):]})
    bill(2, 32350)
    assert balances() == {"AR-INPT": "8300.00", "AR-ALPHA": "102900.00", "REV-MED": "-111200.00"}
    assert {p["credit"] for p in desk.items("/v1/ledger/postings?account=AR-ALPHA")} == {"AR-INPT"}
    assert place.daemon.ctl_json("ledger", "balance")["balanced"] is True


def test_charges_of_a_closed_month_go_to_the_open_one(up):
    desk = up.desk()
    up.database.sql("INSERT INTO zhifu.period (hospital_id, last_day, period_id, who) VALUES (%s, '2026-09-30', %s, 'li')",
                    (story.HOSPITAL_ID, story.HOSPITAL_ID))
    desk.post("/v1/charges", {"charges": [{"identifier": "late", "day": "2026-09-24", "amount": v1.money("5.00")}]})
    assert [p["day"] for p in desk.items("/v1/ledger/postings")] == ["2026-10-01"]
    assert desk.items("/v1/charges")[0]["day"] == "2026-09-24"


def test_bad_charges_are_all_named(up):
    desk = up.desk()
    good = {"identifier": "A", "day": "2026-09-24", "amount": v1.money("1.00")}
    assert desk.errors("/v1/charges", {"charges": [
        good, {**good, "amount": v1.money("1.001")}, {**good, "amount": {"value": 1.5, "currency": "CNY"}},
        {**good, "amount": v1.money("1.00", "XXX")}, {"day": "24.09.2026"}, 7]}) == {
            "/charges/1/amount/value": "amount-precision", "/charges/2/amount/value": "member-type",
            "/charges/3/amount/currency": "currency-unknown", "/charges/4/day": "day-invalid",
            "/charges/4/identifier": "member-missing", "/charges/4/amount": "member-missing", "/charges/5": "member-type"}
    future = (today() + datetime.timedelta(days=2)).isoformat()
    assert desk.errors("/v1/charges", {"charges": [
        {**good, "amount": v1.money("1.00", "USD")}, {**good, "identifier": "B", "day": future},
        {**good, "identifier": "C"}, {**good, "identifier": "C"}]}) == {
            "/charges/0": "charge-currency", "/charges/1": "charge-future", "/charges/2": "charge-twice",
            "/charges/3": "charge-twice"}
    assert desk.errors("/v1/charges", {"charges": []}) == {"/charges": "list-empty"}
    for text in ("", "[]", "{", '{"charges": [], "charges": []}', "\xff"):
        body = text.encode("latin-1")
        assert desk.call("POST", "/v1/charges", body).status in (400, 422), text
    assert desk.get("/v1/charges")["items"] == []
    # A key that is used twice for different things.
    key = {"Idempotency-Key": "once"}
    desk.post("/v1/charges", {"charges": [good]}, headers=key)
    assert desk.post("/v1/charges", {"charges": [good]}, 200, headers=key) == {"stored": 1, "known": 0}
    desk.post("/v1/charges", {"charges": [{**good, "identifier": "B"}]}, 409, headers=key)
    desk.post("/v1/charges", {"charges": [good]}, 400, headers={"Idempotency-Key": "a b"})


# --- matching, advices, reports, months, declarations -----------------------------------------------------------------


def made(hospital):
    """A claim of 100.00 CNY, paid in part by a line of 60.00, in dispute; an advice in two versions; a closed month; a declaration."""
    def of(n):
        return "019ab2c4-5a00-7000-8000-%012d" % n
    return """
        INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref) VALUES ('{h}', '{claim}', 'HZ1XXXXXXXXXXXXX');
        INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,
            book_minor, billed_day, due_day, standing)
        VALUES ('{h}', '{claim}', 'alpha', 'alpha', 'A', 'CNY', 2, 10000, 4000, 10000, '2025-11-01', '2025-12-01', 4);
        INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,
            source_id, at) VALUES ('{h}', '{claim}', 1, 'AR-ALPHA', 'REV-MED', 10000, 'CNY', 2, 10000, '2025-11-01', 'bill', '{claim}', '{claim}', '2025-11-01'),
            ('{h}', '{allocation}', 1, 'SUSP', 'AR-ALPHA', 6000, 'CNY', 2, 6000, '2025-11-20', 'match_paid', '{claim}', '{line}', '2025-11-21');
        INSERT INTO zhifu.bank_line SELECT '{h}', ('019ab2c4-5a00-7000-8000-00000000002' || n)::uuid, '{h}', 'USD', sha256(n::text::bytea),
            1, '2025-11-20', NULL, 9000, 'USD', 2, false, '' FROM generate_series(1, 2) AS n;
        INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, owner, reason, wait, held, items_made)
        VALUES ('{h}', '{line}', 3000, 'USD', 2, '2025-11-20', 'li', 'nothing open fits', 9, 1, true);
        INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day, wait, due_at)
        SELECT '{h}', '{line}', part, 9000, open, '2025-11-20', 9, 'infinity' FROM (VALUES (0, 0), (1, 1000), (1000000, 2000)) AS t (part, open);
        INSERT INTO zhifu.match_candidate VALUES ('{h}', '{line}', 1, 1, 0, 412, '', ''), ('{h}', '{line}', 1, 2, 0, 300, '', '');
        INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, claim_id, kind, amount_minor, currency, exponent,
            cleared_minor, charge_minor, charge_book_minor, fx_book_minor, by_hand, made_at, maker, why)
        SELECT '{h}', '{allocation}', n, '{line}', 0, CASE n WHEN 1 THEN '{claim}'::uuid END, CASE n WHEN 1 THEN 0 ELSE 4 END,
            CASE n WHEN 1 THEN 6000 ELSE -10 END, 'USD', 2, CASE n WHEN 1 THEN 6000 ELSE 0 END, 0, 0, -12, true, '2025-11-21', 'li', '\\xc0'
        FROM generate_series(1, 2) AS n;
        INSERT INTO zhifu.advice (hospital_id, advice_id, remitter, identifier, version, standing, form, hash, amount_minor, sum_minor,
            currency, exponent, detail_count, document, maker, made_at)
        VALUES ('{h}', '{parked}', 'Alpha', 'A-1', 1, 2, 3, sha256(''), 10000, 9999, 'USD', 2, 0, '', 'li', '2025-11-19');
        INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content)
        VALUES ('{h}', '{module}', 'alpha', 'M-1', 9900, 'USD', 2, true, '');
        INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, fee_minor, currency, exponent, kind)
        VALUES ('{h}', '{module}', 1, '{claim}', 10000, 0, 'USD', 2, 1), ('{h}', '{module}', 2, NULL, 0, -100, 'USD', 2, 2);
        INSERT INTO zhifu.remittance_paid VALUES ('{h}', '{module}', '{allocation}');
        INSERT INTO zhifu.period (hospital_id, last_day, period_id, who) VALUES ('{h}', '2025-10-31', gen_random_uuid(), 'wu');
        INSERT INTO zhifu.declaration (hospital_id, no, line_id, ground, credit_day, due_day, due_assumed, code)
        VALUES ('{h}', 1, '{line}', 1, '2025-11-20', '2025-11-27', false, '228025'),
            ('{h}', 2, '{second}', 1, '2025-11-20', '2025-11-28', true, NULL);
        INSERT INTO zhifu.revaluation VALUES ('{h}', '2025-10-31', '{claim}', 'AR-ALPHA', '{claim}', NULL, 'USD', 2, 10000, 71000, 70900, NULL),
            ('{h}', '2025-10-31', '{line}', 'SUSP', NULL, '{line}', 'USD', 2, -3000, -21300, -21270, '{allocation}');
        INSERT INTO zhifu.provision VALUES ('{h}', '2025-10-31', '{parked}', '{claim}', 10000, 400, 500, 500);
        INSERT INTO zhifu.write_off VALUES ('{h}', '{module}', '{claim}', 100, 'CNY', 2, 100, 5, 'cashier', 50000, 'wu', '2025-11-21', 'too small');
        INSERT INTO zhifu.bank_order VALUES ('{h}', '{module}', 'USD', 500, 'USD', 2, '{line}', '2025-11-21', NULL, 'wu', '2025-11-21', '\\xc0'),
            ('{h}', '{parked}', 'USD', 700, 'USD', 2, '{line}', '2025-11-22', '{second}', 'wu', '2025-11-22', '\\xc0');
        INSERT INTO zhifu.currency_sale VALUES ('{h}', '{module}', '{line}', '{second}', 9000, 'USD', 2, 63810, 63900, 'wu', '2025-11-23', NULL, 709, 2, '2025-11-23');
        INSERT INTO zhifu.rate (rate_id, source, base, quote, per, digits, scale, day, maker)
        VALUES ('{h}', 1, 'USD', 'CNY', 1, 70900, 4, '2025-11-20', 'li');
        INSERT INTO zhifu.conversion SELECT '{h}', '{line}', 10001, n, '{h}', n = 1, 0, 10000, 'USD', 2, 70900, 'CNY', 2 FROM generate_series(1, 2) AS n
        """.format(h=hospital, claim=of(1), line=of(21), second=of(22), allocation=of(31), parked=of(41), module=of(42))


def test_what_matching_reports_and_months_tell(up, keep):
    up.database.sql(made(story.HOSPITAL_ID))
    desk, other = up.desk(), keep(v1.Desk(up, "other"))
    usd = lambda value: v1.money(value, "USD")
    waits = desk.items("/v1/match-items?limit=1")
    assert [(w["part"], w["open"], w["candidates"], w.get("best_score"), w["wait"], w["held"]) for w in waits] == [
        (1, usd("10.00"), 2, 412, "nothing-fits", "compliance"), (1000000, usd("20.00"), 0, None, "nothing-fits", "compliance")]
    assert desk.items("/v1/match-items?wait=tie") == [] and len(desk.items("/v1/match-items?account=USD&owner=li")) == 2

    parts = desk.items("/v1/allocations?limit=1")
    assert [(p["no"], p["kind"], p["amount"], p.get("cleared"), p["fx"]) for p in parts] == [
        (1, "payment", usd("60.00"), v1.money("60.00"), v1.money("-0.12")), (2, "fee", usd("-0.10"), None, v1.money("-0.12"))]
    assert parts[0]["ref"] == "HZ1XXXXXXXXXXXXX" and "charge" not in parts[0]
    assert len(desk.items("/v1/allocations?claim=" + parts[0]["claim"])) == 1

    advices = {r["identifier"]: r for r in desk.items("/v1/remittances?limit=1")}
    assert (advices["A-1"]["standing"], advices["A-1"]["form"], advices["A-1"]["sum"]) == ("parked", "letter", usd("99.99"))
    assert (advices["M-1"]["standing"], advices["M-1"]["sum"], advices["M-1"]["paid"]) == ("counts", usd("99.00"), True)
    assert [r["identifier"] for r in desk.items("/v1/remittances?standing=parked")] == ["A-1"]
    one = "/v1/remittances/" + advices["M-1"]["id"]
    assert desk.get(one) == advices["M-1"]
    details = desk.items("/v1/remittance-details?limit=1&remittance=" + advices["M-1"]["id"])
    assert [(d["kind"], d["amount"], d.get("fee")) for d in details] == [
        ("claim", usd("100.00"), None), ("fee", usd("0.00"), usd("-1.00"))]

    total = desk.get("/v1/reports/open?day=2026-01-01")["items"]
    assert [(t["carrier"], t["items"], t["open"], t["to_60"], t["carried"]) for t in total] == [
        ("alpha", 1, v1.money("40.00"), v1.money("40.00"), v1.money("40.00"))]
    assert (total[0]["owes"], total[0]["account"], "remitter" in total[0]) == ("carrier", "AR-ALPHA", False)
    # As it was at the end of a day before the money came; by who pays; and of others there is nothing.
    before, = desk.get("/v1/reports/open?day=2025-11-19&by=remitter")["items"]
    assert (before["remitter"], before["open"], "account" in before, "carrier" in before) == ("alpha", v1.money("100.00"), False, False)
    assert [t["open"] for t in desk.items("/v1/reports/open-items?day=2025-11-19&owes=carrier&remitter=alpha")] == [v1.money("100.00")]
    assert desk.get("/v1/reports/open?day=2025-10-31")["items"] == desk.get("/v1/reports/open?owes=plan")["items"] == []
    assert desk.items("/v1/reports/open-items?owes=patient&day=2026-01-01") == desk.items("/v1/reports/open-items?remitter=beta") == []
    late = desk.items("/v1/reports/open-items?late=true&day=2026-01-01")
    assert [(t["due_day"], t["days"], t["age"], t["standing"]) for t in late] == [("2025-12-01", 31, "to-60", "disputed")]
    assert desk.items("/v1/reports/open-items?late=true&day=2025-11-30") == []
    assert desk.items("/v1/reports/open-items?day=2025-11-30")[0]["days"] == -1
    work = desk.items("/v1/reports/work?list=dispute")
    assert [(w["amount"], w["owner"]) for w in work] == [(v1.money("40.00"), "insurance-officer")]
    scores = desk.get("/v1/reports/scoreboard" + SPAN)["items"]
    assert {(s["role"], s["party"], s["paid"]) for s in scores} == {("carrier", "alpha", 1), ("remitter", "alpha", 1)}
    assert {s["pay_median_days"] for s in scores} == {"19.0"}
    waiting = {w["kind"]: w for w in desk.items("/v1/reports/unexplained?limit=1")}
    assert (waiting["line"]["wait"], waiting["line"]["held"]) == ("nothing-fits", "compliance")
    assert waiting["advice"]["amount"] == usd("100.00") and "held" not in waiting["advice"]

    months = desk.get("/v1/periods")["items"]
    assert [(m["last_day"], m["who"], m["revalued"]) for m in months] == [("2025-10-31", "wu", v1.money("-0.70"))]
    found = {f["check"]: f for f in desk.get("/v1/periods/findings?month=2025-11-07")["items"]}
    assert found["remittance_parked"]["red"] is True and found["dispute"]["red"] is False
    declared = desk.items("/v1/declarations?limit=1")
    assert [(d["no"], d["due_day"], d.get("code"), d.get("claims")) for d in declared] == [
        (1, "2025-11-27", "228025", "HZ1XXXXXXXXXXXXX"), (2, "2025-11-28", None, None)]
    assert [d["no"] for d in desk.items("/v1/declarations?status=open&due_until=2025-11-27")] == [1]
    assert desk.call("GET", "/v1/declarations/" + declared[0]["id"]).headers["etag"] == '"1"'

    revalued = desk.items("/v1/revaluations?limit=1&month=2025-10-02")
    assert [(r["account"], r.get("ref"), r["amount"], r["difference"], "reversal" in r) for r in revalued] == [
        ("AR-ALPHA", "HZ1XXXXXXXXXXXXX", usd("100.00"), v1.money("-1.00"), False), ("SUSP", None, usd("-30.00"), v1.money("0.30"), True)]
    assert desk.items("/v1/revaluations?month=2025-11-02") == []
    assert [(p["share"], p["provided"], p["days"]) for p in desk.items("/v1/provisions?claim=" + parts[0]["claim"])] == [
        ("0.0500", v1.money("5.00"), 400)]
    assert [(w["amount"], w["limit"], w["role"]) for w in desk.items("/v1/write-offs")] == [
        (v1.money("1.00"), v1.money("500.00"), "cashier")]
    assert [o["amount"]["value"] for o in desk.items("/v1/bank-orders?limit=1")] == ["5.00", "7.00"]
    assert [o["amount"]["value"] for o in desk.items("/v1/bank-orders?transit=true")] == ["5.00"]
    assert [(s["sold"], s["proceeds"], s["carried"]) for s in desk.items("/v1/currency-sales")] == [
        (usd("90.00"), usd("638.10"), v1.money("639.00"))]
    assert [(c["no"], c["step"], c["value"], c["source"], c["multiplied"]) for c in desk.items("/v1/ledger/conversions?limit=1")] == [
        (10001, 1, "7.0900", "cfets", True), (10001, 2, "7.0900", "cfets", False)]
    assert "maker" not in desk.items("/v1/rates")[0]  # nobody of this hospital

    # All of it is that hospital's.
    for path in READS:
        assert other.get(path)["items"] == [], path
    other.get(one, 404)
    other.get("/v1/declarations/" + declared[0]["id"], 404)


def test_declarations_are_decided(up):
    up.database.sql(made(story.HOSPITAL_ID))
    desk = up.desk()
    first, second = ("/v1/declarations/" + d["id"] for d in desk.items("/v1/declarations"))
    declared = {"number": "110000 0001", "why": "sent"}
    assert desk.post(second + "/done", declared, 409)["type"] == "urn:zhifu:problem:declaration-codeless"
    desk.post(second + "/set", {"code": "12345x", "why": "?"}, 422)
    assert desk.errors(second + "/set", {"code": "1234567"}) == {"/code": "text-long", "/why": "member-missing"}
    stale = {"If-Match": '"1"'}
    assert desk.post(second + "/set", {"code": "228025", "why": "asked the bank"}, 200, headers=stale)["code"] == "228025"
    desk.post(second + "/set", {"why": "not sure"}, 412, headers=stale)
    done = desk.call("POST", second + "/done", declared, headers={"Idempotency-Key": "d-1", "If-Match": '"2"'})
    assert (done.status, done.headers["etag"], done.json()["status"]) == (200, '"3"', "declared"), done
    again = desk.call("POST", second + "/done", declared, headers={"Idempotency-Key": "d-1", "If-Match": '"2"'})
    assert again.json() == done.json()
    assert desk.post(second + "/none", {"why": "our own"}, 409)["type"] == "urn:zhifu:problem:declaration-declared"
    assert desk.post(first + "/none", {"why": "our own"}, 200)["status"] == "not-needed"
    assert desk.post(first + "/done", declared, 409)["type"] == "urn:zhifu:problem:declaration-none"
    line = desk.get(first)["id"]
    for path in ("/v1/declarations/" + story.HOSPITAL_ID, "/v1/match-items/" + story.HOSPITAL_ID, "/v1/suspense/" + story.HOSPITAL_ID,
                 "/v1/receivables/" + story.HOSPITAL_ID, "/v1/allocations/" + line):
        act, body = {"declarations": ("none", {}), "match-items": ("reject", {"candidate": 1, "print": "00"}), "suspense": ("hold", {"held": "payer"}),
                     "receivables": ("assign", {"list": "short", "owner": "chen"}), "allocations": ("undo", {})}[path.split("/")[2]]
        desk.post(path + "/" + act, {**body, "why": "x"}, 404)
        assert "finance.write" in up.desk("reader").post(path + "/" + act, {**body, "why": "x"}, 403)["title"]
    claim = desk.items("/v1/reports/open-items")[0]["claim"]
    desk.post("/v1/receivables/%s/assign" % claim, {"list": "dispute", "owner": "chen", "why": "knows them"}, 200)
    assert [(w["owner"], w["owner_by"], w["why"]) for w in desk.items("/v1/reports/work?list=dispute&owner=chen")] == [
        ("chen", "finance", "finance said why")]


def test_bad_queries_of_reports_are_all_named(up):
    desk = up.desk()

    def codes(path):
        return {(e["place"], e["code"]) for e in desk.get(path, 400)["errors"]}

    assert codes("/v1/reports/work?list=late&day=soon&who=me") == {
        ("query: list", "word-unknown"), ("query: day", "day-invalid"), ("query: who", "parameter-unknown")}
    assert codes("/v1/reports/fx?from=2026-13-01") == {("query: from", "day-invalid"), ("query: to", "member-missing")}
    assert codes("/v1/reports/open-items?late=yes&limit=1001") == {("query: late", "word-unknown"), ("query: limit", "limit-invalid")}
    assert codes("/v1/match-items?wait=1&line=x") == {("query: wait", "word-unknown"), ("query: line", "id-invalid")}
    assert codes("/v1/periods/findings") == {("query: month", "member-missing")}
    # A link goes with the list that gave it.
    up.database.sql(made(story.HOSPITAL_ID))
    link = desk.get("/v1/declarations?limit=1")["next"].split("cursor=")[1]
    assert codes("/v1/allocations?cursor=" + link) == {("query: cursor", "cursor-invalid")}
    # Days that no calendar of the database has are answered, not fallen over.
    for day in ("0001-01-01", "9999-12-31"):
        for path in ("/v1/reports/open?day=", "/v1/reports/open-items?day=", "/v1/reports/bank-proofs?day=", "/v1/periods/findings?month="):
            assert desk.call("GET", path + day).status in (200, 400), path + day


# --- queries and the document -----------------------------------------------------------------------------------------


def test_bad_queries_are_all_named(up):
    desk = up.desk()
    problem = desk.get("/v1/rates?from=yesterday&currency=DOLLAR&source=reuters&limit=0&nothing=1&to=2026-01-01&to=2026-01-02", 400)
    assert {(e["place"], e["code"]) for e in problem["errors"]} == {
        ("query: from", "day-invalid"), ("query: currency", "text-long"), ("query: source", "word-unknown"),
        ("query: limit", "limit-invalid"), ("query: nothing", "parameter-unknown"), ("query: to", "parameter-twice")}
    assert {e["code"] for e in desk.get("/v1/rates?cursor=abc", 400)["errors"]} == {"cursor-invalid"}
    desk.get("/v1/suspense/not-an-id", 404)
    desk.get("/v1/suspense/" + story.HOSPITAL_ID, 404)


BAD_TEXTS = ("", " ", "\0", "x" * 70000, "\u202e", "' OR 1=1 --", "null", "-1", "99999999999999999999", "2026-02-30", "NaN")


def bad_bodies(schema):
    """What no operation takes: broken JSON, and each member as what it is not."""
    yield from (b"", b"{", b"[]", b"null", b"7", b'{"why": "\xff"}', b"{}" * 2, b"[" * 5000, b'{"why": "a", "why": "b"}', b'{"__proto__": {}}')
    names = schema["properties"]
    for value in (None, True, -1, 1e300, [], [[]], [None], {}, {"value": "1e9", "currency": "XXX"}, *BAD_TEXTS[:4]):
        yield json.dumps({name: value for name in names}).encode()


def test_no_operation_falls_over_bad_input(up):
    up.database.sql(made(story.HOSPITAL_ID))
    desk = up.desk()
    line = desk.items("/v1/match-items")[0]["line"]
    tables = ("posting", "allocation", "suspense", "match_item", "declaration", "charge", "contract", "rate", "work_owner", "api_request")
    before = [up.database.value("SELECT count(*) FROM zhifu." + table) for table in tables]
    for path, methods in desk.document["paths"].items():
        path = path.replace("{id}", line)
        for parameter in methods.get("get", {}).get("parameters", []):
            for text in BAD_TEXTS:
                if parameter["in"] == "query" and len(text) < 3000 and "\0" not in text:
                    answer = desk.call("GET", path + "?%s=%s" % (parameter["name"], urllib.parse.quote(text)))
                    assert answer.status in (200, 400, 404), (path, parameter["name"], text, answer)
            for text in ("%ff", "%00", "x" * 9000):  # no request, whatever its path
                assert desk.client.request("GET", path + "?%s=%s" % (parameter["name"], text)).status in (400, 404, 414), path
        content = methods.get("post", {}).get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        schema = desk.document["components"]["schemas"][content["application/json"]["schema"]["$ref"].split("/")[-1]]
        for body in bad_bodies(schema):
            answer = desk.call("POST", path, body)
            assert answer.status in (400, 404, 413, 422), (path, body[:100], answer)
    assert [up.database.value("SELECT count(*) FROM zhifu." + table) for table in tables] == before
    up.daemon.assert_sane()


def test_the_document_is_what_the_server_does(up):
    desk = up.desk()
    document = desk.document
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    # Every path of the document is served: with its methods and no others.
    for path, methods in document["paths"].items():
        concrete = path.replace("{id}", story.HOSPITAL_ID)
        answer = desk.client.request("DELETE", concrete)
        assert answer.status == 405, (path, answer)
        allowed = {word.strip().lower() for word in answer.headers["allow"].split(",")} - {"head"}
        served = {method for other in document["paths"] for method in document["paths"][other]
                  if re.fullmatch(re.sub("{id}", "[^/]+", other), concrete)}
        assert allowed == served and set(methods) <= served, (path, answer.headers["allow"])
    # And the other way round: what the server's metrics know of /v1's routes stands in the document.
    names = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
    for path, methods in document["paths"].items():
        if "get" in methods and "{id}" not in path and path != "/v1/openapi.json":
            needs = any(parameter["required"] for parameter in methods["get"]["parameters"])
            desk.get(path, 400 if needs else 200)
    assert {"rates", "postings", "balances", "receivables", "bank_accounts"} <= desk.covered
