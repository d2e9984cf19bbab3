"""The finance office's own acts under /v1: what does not come, what waits for a rate, declarations by hand, stays that nobody is
billed for, inspectors."""

import datetime
import json
import subprocess

import pytest

import finance
import judges
import story
import test_v1
import v1
import zhifu

CLIENTS = {**v1.SCOPES, "second": ["finance.read", "finance.write"]}
ROLES = ({"role": "cashier", "people": ["finance", "li"], "limit": "50.00"},
         {"role": "head of finance", "people": ["second"], "limit": "5000.00"})

PROFILES = ({"name": "erp", "columns": ["entry=凭证", "day=日期", "account=科目", "debit=借方", "credit=贷方", "text_zh=摘要"],
             "charset": "gb18030"},)


@pytest.fixture
def office(place, keep):
    """A finance office with claims and statements; office.desk(NAME) is a client of it."""
    clients = []
    for name, scopes in {**CLIENTS, "clerk": CLIENTS["finance"]}.items():
        place.pki.more("client", name)
        clients.append({"id": name, "certificates": [place.pki.fingerprint(name)], "scopes": scopes})
    made = finance.Finance(place, clients=tuple(clients), write_off_roles=ROLES, erp_profiles=PROFILES)
    made.desk = lambda name="finance": keep(v1.Desk(place, name))
    return made


def amount(value, currency="CNY"):
    """As zhifuctl writes it."""
    return {"amount": value, "currency": currency}


def test_what_never_comes(office):
    desk, second = office.desk(), office.desk("second")
    contract = office.contract("alpha", "A")
    claim = office.claim(contract, "09-08", "100.00")
    path = "/v1/receivables/" + claim.id
    due = finance.day("09-08") + datetime.timedelta(days=30)
    ends = due.replace(year=due.year + 3)

    # Until when it can be enforced, and a demand that begins it anew.
    assert desk.items("/v1/limitations") == []
    row, = desk.items("/v1/limitations?all=true&limit=1")
    assert (row["claim"], row["ref"], row["open"], row["ends"], row["state"]) == (
        claim.id, claim.ref, v1.money("100.00"), ends.isoformat(), "runs")
    soon, = desk.items("/v1/limitations?day=" + (ends - datetime.timedelta(days=90)).isoformat())
    assert (soon["state"], soon["days"]) == ("alert", 90)
    assert [r["state"] for r in desk.items("/v1/limitations?carrier=alpha&day=" + (ends + datetime.timedelta(days=1)).isoformat())] == ["ended"]
    day = finance.day("11-20").isoformat()
    demand = {"delivered": day, "why": "by courier, signed for"}
    early = {**demand, "delivered": finance.day("09-07").isoformat()}
    assert desk.errors(path + "/demand", early) == {"/delivered": "day-unfit"}
    key = {"Idempotency-Key": "d1"}
    made = desk.post(path + "/demand", demand, headers=key)
    assert (made["claim"], made["delivered"], made["who"]) == (claim.id, day, "finance")
    assert desk.post(path + "/demand", demand, 200, headers=key) == made
    assert desk.items("/v1/demands?claim=" + claim.id) == [made] and desk.items("/v1/demands?limit=1") == [made]
    row, = desk.items("/v1/limitations?all=true")
    assert (row["demanded"], row["ends"][5:]) == (day, day[5:])
    later = finance.day("11-23").isoformat()
    said = desk.post(path + "/demand", {"delivered": later, "why": "their letter", "kind": "acknowledgement"})
    assert (made["kind"], said["kind"]) == ("demand", "acknowledgement")
    row, = desk.items("/v1/limitations?all=true")
    assert (row["demanded"], row["ends"][5:]) == (later, later[5:])
    desk.post("/v1/receivables/%s/demand" % story.HOSPITAL_ID, demand, 404)

    # Who gives up how much is the client's, whatever it says.
    give_up = {"amount": v1.money("40.00"), "why": "not worth a letter"}
    assert office.desk("clerk").post(path + "/write-off", give_up, 403)["type"].endswith("role-missing")
    assert "finance.write" in office.desk("reader").post(path + "/write-off", give_up, 403)["title"]
    assert desk.errors(path + "/write-off", {**give_up, "role": "head of finance", "limit": v1.money("9999.00")}) == {
        "/role": "member-unknown", "/limit": "member-unknown"}
    assert desk.errors(path + "/write-off", {**give_up, "amount": v1.money("50.01")}, 403) == {"/amount": "write-off-limit"}
    assert desk.errors(path + "/write-off", {"why": "all of it"}, 403) == {"/amount": "write-off-limit"}
    assert second.errors(path + "/write-off", {**give_up, "amount": v1.money("100.01")}, 409) == {"/amount": "more-than-open"}
    assert desk.errors(path + "/write-off", {**give_up, "amount": v1.money("1.00", "USD")}) == {"/amount": "currency-other"}
    tag = desk.call("GET", path).headers["etag"]
    key = {"Idempotency-Key": "w1", "If-Match": tag}
    first = desk.call("POST", path + "/write-off", give_up, headers=key)
    assert (first.status, first.json()["open"]) == (200, v1.money("60.00")) and first.headers["etag"] != tag, first
    assert desk.call("POST", path + "/write-off", give_up, headers=key).json() == first.json()
    desk.post(path + "/write-off", give_up, 412, headers={"If-Match": tag})
    assert desk.errors(path + "/write-off", {**give_up, "amount": v1.money("10.01")}, 403) == {"/amount": "write-off-limit"}
    assert second.post(path + "/write-off", {"why": "insolvent"}, 200)["open"] == v1.money("0.00")
    desk.post(path + "/write-off", give_up, 404)
    assert [(w["amount"], w["who"], w["role"], w["limit"]) for w in desk.items("/v1/write-offs")] == [
        (v1.money("40.00"), "finance", "cashier", v1.money("50.00")),
        (v1.money("60.00"), "second", "head of finance", v1.money("5000.00"))]
    assert test_v1.balance(desk, "BADDEBT") == "100.00" and test_v1.balance(desk, "AR-ALPHA") == "0.00"
    told = office.daemon.ctl_json("money", "writeoff", "list", "--claim", claim.ref)
    assert [(w["amount"], w["who"], w["role"], w["limit"]) for w in told["write_offs"]] == [
        (amount("40.00"), "finance", "cashier", amount("50.00")), (amount("60.00"), "second", "head of finance", amount("5000.00"))]
    assert told["totals"] == [{"items": 2, "total": amount("100.00")}]
    assert office.daemon.ctl_json("money", "writeoff", "list", "--claim", "HZ1XXXXXXXXXXXXX")["write_offs"] == []
    assert [(s["what"], s["words"]) for s in office.daemon.ctl_json("money", "said", claim.ref)["said"]] == [
        ("demand", "by courier, signed for"), ("acknowledgement", "their letter"), ("writeoff", "not worth a letter"), ("writeoff", "insolvent")]
    assert [d["words"] for d in desk.items("/v1/demands") + desk.items("/v1/write-offs")] == [True] * 4
    office.holds()
    what_was_given_up_is_owed_again(office, claim, give_up)
    what_is_taken_back(office, contract)
    what_is_disputed(office, contract)
    what_a_plan_does_not_pay(office, contract)
    # What was written stands nowhere in the clear.
    tables = [r["t"] for r in office.database.sql("SELECT c.oid::regclass::text AS t FROM pg_class c WHERE c.relnamespace = 'zhifu'::regnamespace"
                                                  " AND c.relkind = 'r'")]
    kept = " ".join(str(office.database.sql("SELECT t::text FROM %s t" % table)) for table in tables)
    for words in ("courier", "their letter", "worth a letter", "insolvent", "coded twice", "it was theirs", "had no choice", "let it go", "too old", "not in its cover"):
        assert words not in kept and words.encode().hex() not in kept, words


def taken_back(office, claim, line):
    """As matching says of it: the payer took back 40.00 of a claim."""
    office.looked()
    posted = office.database.sql("""SELECT outcome FROM zhifu.match_post(%(h)s, 'li', 'c0', true, ARRAY[gen_random_uuid()], ARRAY[%(l)s]::uuid[], '{0}',
        ARRAY[(SELECT version FROM zhifu.match_item WHERE line_id = %(l)s)], '{1}', '{3}', ARRAY[%(c)s]::uuid[],
        ARRAY[(SELECT version FROM zhifu.receivable WHERE claim_id = %(c)s)], '{NULL}', '{NULL}', '{-4000}', '{-4000}', '{0}', '{0}', '{0}', '{0}',
        '{0}', '{0}', '{0}', '{0}', '{0}')""", {"h": story.HOSPITAL_ID, "l": line, "c": claim.id})
    assert posted == [{"outcome": 1}], posted


def what_was_given_up_is_owed_again(office, claim, give_up):
    """By who may give up as much; where money came since, that is undone first; a demand that was none interrupts nothing."""
    desk, second = office.desk(), office.desk("second")
    path, (cashiers, heads), why = "/v1/receivables/" + claim.id, desk.items("/v1/write-offs"), {"why": "they pay after all"}
    undo = lambda w: "/v1/write-offs/%s/undo" % w["id"]
    assert office.desk("clerk").post(undo(cashiers), why, 403)["type"].endswith("role-missing")
    assert desk.post(undo(heads), why, 403)["type"].endswith("write-off-limit")
    desk.post(undo({"id": claim.id}), why, 404)
    line, = office.statement("CNY", "11-11", ("70.00", "SOMEBODY", "LATE"))
    office.ctl("money", "match", "allocate", line, claim.ref + "=70.00", "--why", "theirs")
    assert test_v1.balance(desk, "BADDEBT") == "30.00"  # what was given up is put back
    assert second.post(undo(heads), why, 409)["type"].endswith("put-back")
    refused = office.daemon.ctl("money", "writeoff", "undo", heads["id"], "--why", "x", "--who", "li", check=False)
    paid, = desk.items("/v1/allocations?claim=" + claim.id)
    assert refused.returncode == 1 and "undo that first, with money match undo " + paid["id"] in refused.stderr, refused
    assert desk.post("/v1/allocations/%s/undo" % paid["id"], why, 200)
    tag = desk.call("GET", path).headers["etag"]
    desk.post(undo(cashiers), why, 412, headers={"If-Match": '"1"'})
    both = [second.call("POST", undo(heads), why, headers={"If-Match": tag}), second.call("POST", undo(heads), why)]
    assert [a.status for a in both] == [200, 404] and both[0].json()["open"] == v1.money("60.00"), both
    entry = desk.items("/v1/write-offs")[1]["undone_entry"]
    assert [(p["debit"], p["credit"], p["amount"]) for p in desk.items("/v1/ledger/postings?account=BADDEBT") if p["entry"] == entry] == [
        ("AR-ALPHA", "BADDEBT", v1.money("60.00"))]
    assert desk.post(undo(cashiers), why, 200)["open"] == v1.money("100.00")
    assert (test_v1.balance(desk, "BADDEBT"), test_v1.balance(desk, "AR-ALPHA")) == ("0.00", "100.00")
    assert [w["undone_by"] for w in desk.items("/v1/write-offs")] == ["finance", "second"]
    office.holds()
    assert desk.post(path + "/write-off", give_up, 200)["open"] == v1.money("60.00")
    assert second.post(path + "/write-off", {"why": "insolvent"}, 200)["open"] == v1.money("0.00")

    first, said = desk.items("/v1/demands?claim=" + claim.id)
    undone = desk.post("/v1/demands/%s/undo" % said["id"], {"why": "not theirs"}, 200)
    assert (undone["undone_by"], undone["kind"]) == ("finance", "acknowledgement")
    desk.post("/v1/demands/%s/undo" % said["id"], {"why": "not theirs"}, 404)
    assert "undone_by" not in desk.items("/v1/demands?claim=" + claim.id)[0] and first["kind"] == "demand"
    office.holds()


def what_is_taken_back(office, contract):
    desk = office.desk()
    claim = office.claim(contract, "09-08", "100.00")
    path = "/v1/receivables/" + claim.id
    line, back = office.statement("CNY", "11-12", ("100.00", "SOMEBODY", "X"), ("-40.00", "SOMEBODY", "Y", "11-12", "TRF"))
    office.ctl("money", "match", "allocate", line, claim.ref + "=100.00", "--why", "theirs")
    assert desk.post(path + "/take-back", {"why": "ours"}, 404)["type"].endswith("not-found")
    taken_back(office, claim, back)
    figures = desk.get(path + "/take-back")
    assert [figures[k] for k in ("taken", "accepted", "acceptable", "revenue", "revenue_left")] == [
        v1.money(a) for a in ("40.00", "0.00", "40.00", "100.00", "100.00")]
    why = {"why": "coded twice"}
    assert desk.errors(path + "/take-back", {**why, "amount": v1.money("40.01")}, 409) == {"/amount": "more-than-open"}
    assert desk.errors(path + "/take-back", {**why, "amount": v1.money("1.00", "USD")}) == {"/amount": "currency-other"}
    assert "finance.write" in office.desk("reader").post(path + "/take-back", why, 403)["title"]
    tag = desk.call("GET", path).headers["etag"]
    key = {"Idempotency-Key": "t1", "If-Match": tag}
    first = desk.call("POST", path + "/take-back", {**why, "amount": v1.money("15.00")}, headers=key)
    assert (first.status, first.json()["open"], first.json()["standing"]) == (200, v1.money("25.00"), "disputed"), first
    assert desk.call("POST", path + "/take-back", {**why, "amount": v1.money("15.00")}, headers=key).json() == first.json()
    desk.post(path + "/take-back", why, 412, headers={"If-Match": tag})
    assert desk.post(path + "/take-back", why, 200)["standing"] == "settled"
    assert test_v1.balance(desk, "REV-MED") == "-160.00"
    made = desk.items("/v1/concessions?claim=" + claim.id)
    assert [(c["amount"], c["value"], c["fx"], c["what"], c["who"], c["by_policy"]) for c in made] == [
        (v1.money(a), v1.money(a), v1.money("0.00"), "revenue", "finance", False) for a in ("15.00", "25.00")]
    undo = "/v1/concessions/%s/undo" % made[0]["id"]
    assert desk.post(undo, {"why": "it was theirs"}, 200)["open"] == v1.money("15.00")
    desk.post(undo, {"why": "it was theirs"}, 404)
    assert [(s["what"], s["words"]) for s in office.daemon.ctl_json("money", "said", claim.ref)["said"]] == [
        ("concession", "coded twice"), ("concession", "coded twice"), ("undo", "it was theirs")]
    assert [c["amount"] for c in desk.items("/v1/concessions?limit=1") if c.get("undoes") == made[0]["id"]] == [v1.money("-15.00")]
    office.holds()


def what_is_disputed(office, contract):
    desk, second = office.desk(), office.desk("second")
    claim = office.claim(contract, "09-08", "100.00")
    path = "/v1/receivables/" + claim.id
    begin = {"reason": "CO-45", "words": "Ms Müller had no choice", "owner": "zhao"}
    assert desk.post(path + "/dispute", begin, 409)["type"].endswith("nothing-to-dispute")
    line, more = office.statement("CNY", "11-13", ("70.00", "SOMEBODY", "Z"), ("10.00", "SOMEBODY", "ZZ"))
    office.ctl("money", "match", "allocate", line, claim.ref + "=70.00", "--why", "theirs")
    assert desk.errors(path + "/dispute", {**begin, "reason": "no choice"}) == {"/reason": "reason-invalid"}
    desk.post(path + "/appeal", {}, 404)
    key = {"Idempotency-Key": "p1"}
    first = desk.post(path + "/dispute", begin, 200, headers=key)
    assert first["standing"] == "disputed" and desk.post(path + "/dispute", begin, 200, headers=key) == first
    assert desk.post(path + "/dispute", begin, 409)["type"].endswith("in-dispute")
    sent, due = finance.day("11-16").isoformat(), finance.day("12-16").isoformat()
    assert desk.errors(path + "/appeal", {"sent": due, "due": sent}) == {"/sent": "day-unfit"}
    desk.post(path + "/appeal", {"sent": sent, "due": due}, 200)
    item, = [i for i in desk.items("/v1/reports/work?list=dispute") if i["claim"] == claim.id]
    assert (item["owner"], item["amount"], item["due_day"]) == ("zhao", v1.money("30.00"), due)
    dispute, = desk.items("/v1/disputes?claim=" + claim.id)
    assert (dispute["about"], dispute["reason"], dispute["state"], dispute["due_day"]) == ("short", "CO-45", "open", due)
    shown = office.daemon.ctl_json("money", "dispute", "show", claim.ref)["steps"]
    assert [(s["step"], s["words"]) for s in shown] == [("open", "Ms Müller had no choice"), ("appeal", None)]
    # Won in part, and the rest lost, in three ways.
    assert desk.post(path + "/dispute-won", {"by": "paid"}, 409)["type"].endswith("no-payment")
    office.ctl("money", "match", "allocate", more, claim.ref + "=10.00", "--why", "theirs")
    assert desk.post(path + "/dispute-won", {"by": "paid"}, 200)["standing"] == "open"
    # What began it, sent again late, begins no other one: with its key it is known, and without one it is not taken.
    assert desk.post(path + "/dispute", begin, 200, headers=key)["standing"] == "open"
    desk.post(path + "/dispute", begin, 428, headers={"Idempotency-Key": None})
    assert [d["state"] for d in desk.items("/v1/disputes?claim=" + claim.id)] == ["won"]
    for how, amount in (("patient", "5.00"), ("revenue", "8.00"), ("writeoff", "7.00")):
        desk.post(path + "/dispute", {"reason": "again"}, 200)
        lost = {"as": how, "amount": v1.money(amount), "words": "let it go"}
        if how != "patient":
            assert office.desk("clerk").errors(path + "/dispute-lost", lost, 403) == {"/amount": "write-off-limit"}
        assert desk.errors(path + "/dispute-lost", {**lost, "as": "patient", "amount": v1.money("20.01")}, 409) == {"/amount": "more-than-open"}
        last = second.post(path + "/dispute-lost", lost, 200)
    assert last["standing"] == "settled"
    ended = [(d["state"], d["outcome"]) for d in sorted(desk.items("/v1/disputes?claim=%s&limit=1" % claim.id), key=lambda d: d["opened_at"])]
    assert ended == [("won", "paid"), ("lost", "patient"), ("lost", "revenue"), ("lost", "writeoff")]
    assert [s["step"] for s in desk.items("/v1/dispute-steps?limit=3&claim=" + claim.id)] == [
        "open", "appeal", "won", "open", "lost", "open", "lost", "open", "lost"]
    item, = desk.items("/v1/reports/work?list=patient")
    assert (item["claim"], item["amount"], item["owner"]) == (claim.id, v1.money("5.00"), "cashier")
    score, = [s for s in desk.get("/v1/reports/scoreboard" + test_v1.SPAN)["items"] if s["role"] == "carrier"]
    assert (score["disputes"], score["won"]) == (1, 0)
    office.holds()

    # What was written off is short again, in the dispute in which it was lost, and may be lost anew.
    axes = lambda: list(office.database.sql("SELECT payment, books FROM zhifu.claim_state WHERE claim_id = %s", (claim.id,))[0].values())
    lost_axes, (gone,) = axes(), desk.items("/v1/write-offs?claim=" + claim.id)
    again = second.post("/v1/write-offs/%s/undo" % gone["id"], {"why": "not let go"}, 200)
    assert (again["open"], again["standing"], lost_axes, axes()) == (v1.money("7.00"), "disputed", [2, 4], [3, 2])
    office.holds()
    item, = [i for i in desk.items("/v1/reports/work?list=dispute") if i["claim"] == claim.id]
    assert item["amount"] == v1.money("7.00") and desk.post(path + "/dispute", {"reason": "again"}, 409)["type"].endswith("in-dispute")
    assert [d["state"] for d in sorted(desk.items("/v1/disputes?claim=" + claim.id), key=lambda d: d["opened_at"])] == [
        "won", "lost", "lost", "open"] and desk.items("/v1/dispute-steps?claim=" + claim.id)[-1]["step"] == "again"
    assert second.post(path + "/dispute-lost", lost, 200)["standing"] == "settled" and axes() == lost_axes
    office.holds()


def what_a_plan_does_not_pay(office, contract):
    """Of a group plan's share: it is given up, is taken back, and is disputed, as what a carrier owes."""
    desk, second, yuan = office.desk(), office.desk("second"), v1.money
    claim = office.claim(contract, "09-08", "1000.00", decided=False)
    office.ctl("money", "coordination", "post", claim.ref, "--total", "1000.00", "--fund", "500.00", "--personal", "500.00", "--group", "acme",
               "--group-paid", "200.00", "--plan-share", "80", "--clause", "carve-out", "--day", office.day("11-13"), "--why", "settled")
    owed, = desk.items("/v1/receivables?carrier=acme")
    path, of_share, of_claim = "/v1/receivables/" + owed["id"], "?claim=" + owed["id"], "?limit=1&claim=" + claim.id
    assert owed["id"] != claim.id and desk.get(path) == owed
    assert (owed["claim"], owed["ref"], owed["plan"], owed["open"]) == (claim.id, claim.ref, "acme", yuan("200.00"))
    policy = desk.get("/v1/receivables/" + claim.id)
    assert (policy["id"], policy["claim"], policy["open"], "plan" in policy) == (claim.id, claim.id, yuan("100.00"), False)

    # Given up; what may be is of the claim in all.
    give_up = {"amount": yuan("40.00"), "why": "too old"}
    key = {"Idempotency-Key": "g1", "If-Match": desk.call("GET", path).headers["etag"]}
    first = desk.call("POST", path + "/write-off", give_up, headers=key)
    assert (first.status, first.json()["id"], first.json()["plan"], first.json()["open"]) == (200, owed["id"], "acme", yuan("160.00")), first
    assert desk.call("POST", path + "/write-off", give_up, headers=key).json() == first.json()
    desk.post(path + "/write-off", give_up, 412, headers={"If-Match": key["If-Match"]})
    for part in (path, "/v1/receivables/" + claim.id):
        assert desk.errors(part + "/write-off", {**give_up, "amount": yuan("10.01")}, 403) == {"/amount": "write-off-limit"}
    assert desk.post("/v1/receivables/%s/write-off" % claim.id, {**give_up, "amount": yuan("10.00")}, 200)["open"] == yuan("90.00")
    rows = [(w["claim"], w["ref"], w.get("plan"), w["amount"], w["book"], "undone_by" in w) for w in desk.items("/v1/write-offs" + of_claim)]
    plans = (claim.id, claim.ref, "acme", yuan("40.00"), yuan("40.00"), False)
    assert sorted(rows, key=str) == sorted([plans, (claim.id, claim.ref, None, yuan("10.00"), yuan("10.00"), False)], key=str)
    gone, = desk.items("/v1/write-offs" + of_share)
    assert gone["plan"] == "acme" and gone in desk.items("/v1/write-offs?limit=1")
    told = office.daemon.ctl_json("money", "writeoff", "list", "--claim", claim.ref)
    assert {(w["claim"], w["amount"]["amount"]) for w in told["write_offs"]} == {(claim.ref + ":acme", "40.00"), (claim.ref, "10.00")}
    back = desk.post("/v1/write-offs/%s/undo" % gone["id"], {"why": "they pay"}, 200)
    assert (back["id"], back["plan"], back["open"]) == (owed["id"], "acme", yuan("200.00"))
    gone, = desk.items("/v1/write-offs" + of_share)
    assert (gone["plan"], gone["undone_by"]) == ("acme", "finance")
    office.holds()

    # Paid, taken back in part, and disputed.
    begin = {"reason": "CO-45", "words": "not in its cover"}
    assert desk.post(path + "/dispute", begin, 409)["type"].endswith("nothing-to-dispute")
    line, taken = office.statement("CNY", "11-14", ("200.00", "ACME TRUST", "X"), ("-40.00", "ACME TRUST", "Y", "11-14", "TRF"))
    office.ctl("money", "match", "allocate", line, claim.ref + ":acme=200.00", "--why", "theirs")
    taken_back(office, claim._replace(id=owed["id"]), taken)
    figures = desk.get(path + "/take-back")
    assert [figures[k] for k in ("taken", "accepted", "acceptable", "revenue", "revenue_left")] == [
        yuan(a) for a in ("40.00", "0.00", "40.00", "200.00", "200.00")]
    assert desk.post(path + "/dispute", begin, 200)["standing"] == "disputed"
    assert desk.post(path + "/dispute", begin, 409)["type"].endswith("in-dispute")
    for query in (of_share, of_claim):
        dispute, = desk.items("/v1/disputes" + query)
        assert [dispute[k] for k in ("claim", "ref", "plan", "carrier", "about", "open", "state")] == [
            claim.id, claim.ref, "acme", "acme", "takeback", yuan("40.00"), "open"]
    item, = [i for i in desk.items("/v1/reports/work?list=dispute") if i["ref"] == claim.ref]
    assert (item["carrier"], item["amount"]) == ("acme", yuan("40.00"))
    shown = office.daemon.ctl_json("money", "dispute", "show", claim.ref + ":acme")["steps"]
    assert [(s["step"], s["words"]) for s in shown] == [("open", "not in its cover")]
    listed, = office.daemon.ctl_json("money", "dispute", "list")["disputes"][-1:]
    assert (listed["claim"], listed["carrier"], listed["about"]) == (claim.ref + ":acme", "acme", "takeback")
    # Lost in three ways, each of which is undone: it is in dispute then, as it was.
    for how, act, account in (("patient", "concession", "AR-PT"), ("revenue", "concession", "REV-MED"), ("writeoff", "write-off", "BADDEBT")):
        before, lost = test_v1.balance(desk, account), {"as": how, "amount": yuan("15.00")}
        assert desk.errors(path + "/dispute-lost", {**lost, "amount": yuan("40.01")}, 409) == {"/amount": "more-than-open"}
        left = second.post(path + "/dispute-lost", lost, 200)
        assert (left["id"], left["open"]) == (owed["id"], yuan("25.00"))
        office.holds()
        made, = [c for c in desk.items("/v1/%ss%s" % (act, of_claim)) if c.get("plan") == "acme" and c.get("what", how) == how
                 and "undoes" not in c and "undone_by" not in c]
        assert (made["claim"], made["amount"]) == (claim.id, yuan("15.00"))
        again = second.post("/v1/%ss/%s/undo" % (act, made["id"]), {"why": "not lost"}, 200)
        assert (again["id"], again["open"], again["standing"]) == (owed["id"], yuan("40.00"), "disputed")
        assert test_v1.balance(desk, account) == before
        office.holds()
    assert [s["step"] for s in desk.items("/v1/dispute-steps" + of_share)] == ["open"] + ["lost", "again"] * 3
    assert {(s["claim"], s["plan"]) for s in desk.items("/v1/dispute-steps" + of_claim)} == {(claim.id, "acme")}
    assert desk.post(path + "/dispute-withdraw", {}, 200)["standing"] == "disputed"  # as what is taken back is
    office.ctl("money", "takeback", "accept", claim.ref + ":acme", "--why", "not in its cover")
    assert desk.get(path)["standing"] == "settled"
    conceded = office.daemon.ctl_json("money", "concession", "list")["concessions"][-1]
    assert (conceded["claim"], conceded["what"], conceded["amount"]) == (claim.ref + ":acme", "revenue", amount("40.00"))
    assert ("concession", "not in its cover") in [(s["what"], s["words"]) for s in office.daemon.ctl_json("money", "said", claim.ref)["said"]]
    office.ctl("money", "concession", "undo", conceded["concession"], "--why", "it is")
    assert desk.get(path)["open"] == yuan("40.00")
    office.holds()
    if judges.have("hledger"):
        judges.hledger_judges(office.daemon, office.database, office.place.folder, story.HOSPITAL_ID)


def test_what_waits_for_a_rate(office):
    desk = office.desk()
    assert desk.get("/v1/ledger/waiting")["items"] == []
    office.statement("USD", "11-27", ("2300.00", "ALLIED HLTH LTD", "PAYMENT"))
    waits, = desk.get("/v1/ledger/waiting")["items"]
    assert (waits["day"], waits["items"], waits["amount"], "carrier" in waits) == (
        finance.day("11-27").isoformat(), 1, v1.money("2300.00", "USD"), False)
    assert [(w["currency"], w["postings"]) for w in office.daemon.ctl_json("money", "waiting")["waiting"]] == [("USD", 1)]
    office.rate("11-27", "USD", "7.1050")
    zhifu.wait_until(lambda: desk.get("/v1/ledger/waiting")["items"] == [], "the value")


def test_declarations_by_hand(up):
    up.database.sql(test_v1.made(story.HOSPITAL_ID))
    desk = up.desk()
    lines = ["019ab2c4-5a00-7000-8000-00000000002%d" % n for n in (3, 4)]
    for line, amount in zip(lines, (8000, -8000)):
        up.database.sql("""INSERT INTO zhifu.bank_line VALUES (%s, %s, %s, 'USD', sha256(%s::text::bytea), 1, '2025-11-20', NULL, %s,
            'USD', 2, false, '')""", (story.HOSPITAL_ID, line, story.HOSPITAL_ID, line, amount))
    new = {"line": lines[0], "why": "from our Hong Kong office"}
    key = {"Idempotency-Key": "n1"}
    made = desk.call("POST", "/v1/declarations", new, headers=key)
    assert made.status == 201 and made.headers["location"].endswith("/v1/declarations/" + lines[0]), made
    assert made.headers["etag"] == '"1"'
    assert (made.json()["ground"], made.json()["due_day"], made.json()["status"]) == ("person", "2025-11-27", "open")
    assert desk.post("/v1/declarations", new, 200, headers=key) == made.json() == desk.post("/v1/declarations", new, 200)
    assert desk.errors("/v1/declarations", {**new, "line": lines[1]}, 409) == {"/line": "no-receipt"}
    assert desk.errors("/v1/declarations", {**new, "line": story.HOSPITAL_ID}, 404) == {"/line": "not-found"}
    assert "finance.write" in up.desk("reader").post("/v1/declarations", new, 403)["title"]
    # What was assumed and is known by now.
    assumed = {d["no"]: d["due_day"] for d in desk.items("/v1/declarations") if d["due_assumed"]}
    assert assumed == {2: "2025-11-28"}
    key = {"Idempotency-Key": "r1"}
    for status in (200, 200):
        assert desk.post("/v1/declarations/recount", {"why": "the new calendar"}, status, headers=key) == {"recounted": 1}
    assert desk.post("/v1/declarations/recount", {"why": "once more"}, 200) == {"recounted": 0}
    assert {d["no"]: (d["due_day"], d["due_assumed"]) for d in desk.items("/v1/declarations")}[2] == ("2025-11-27", False)


def test_the_rest_of_a_stay_is_no_revenue(up):
    desk = up.desk()
    charge = {"identifier": "P-1", "day": "2026-09-24", "amount": v1.money("900.00"), "stay": "ZY-P1"}
    desk.post("/v1/charges", {"charges": [charge]})
    desk.post("/v1/patient-bills", {"stay": "ZY-P1", "medical": v1.money("450.00"), "day": "2026-09-25", "why": "his share"}, 200)
    close = {"stay": "ZY-P1", "day": "2026-09-26", "why": "contract prices, said Li Wei"}
    key = {"Idempotency-Key": "s1"}
    account = desk.post("/v1/stays/close", close, 200, headers=key)
    assert (account["medical"], account["open"]) == (v1.money("450.00"), v1.money("450.00"))
    assert desk.post("/v1/stays/close", close, 200, headers=key) == account
    assert test_v1.balance(desk, "REV-MED") == "-450.00" and test_v1.balance(desk, "AR-INPT") == "450.00"
    tomorrow = (test_v1.today() + datetime.timedelta(days=2)).isoformat()
    assert desk.errors("/v1/stays/close", {**close, "day": tomorrow}) == {"/day": "day-to-come"}
    assert desk.errors("/v1/stays/close", {"day": "2026-09-26"}) == {"/stay": "member-missing", "/why": "member-missing"}
    assert "Li Wei" not in str(up.database.sql("SELECT b::text FROM zhifu.patient_bill b"))

    # By hand, the same charge once.
    add = ("--who", "li", "money", "charge", "add", "P-2", "80.00", "--day", "2026-09-27", "--stay", "ZY-P1", "--hospital", "HZ1")
    assert [up.daemon.ctl_json(*add)["known"] for _ in range(2)] == [False, True]
    up.daemon.ctl("--who", "li", "money", "charge", "add", "P-3", "-30.00", "--day", "2026-09-27", "--corrects", "P-2", "--hospital", "HZ1")
    other = up.daemon.ctl(*add[:6], "81.00", *add[7:], check=False)
    assert other.returncode == 1 and "used before" in other.stderr, other
    told = up.daemon.ctl_json("money", "charge", "list", "--from", "2026-09-27")
    assert [(c["identifier"], c["amount"], c.get("corrects"), c["who"]) for c in told["charges"]] == [
        (c["identifier"], amount(c["amount"]["value"]), c.get("corrects"), "li") for c in desk.items("/v1/charges?from=2026-09-27")]
    assert told["totals"] == [{"items": 2, "total": amount("50.00")}] and test_v1.balance(desk, "AR-INPT") == "500.00"


def test_zhifuctl_lists_the_same(up):
    up.database.sql(test_v1.made(story.HOSPITAL_ID))
    desk = up.desk()
    parts = up.daemon.ctl_json("money", "allocation", "list", "--claim", "HZ1XXXXXXXXXXXXX")["allocations"]
    assert [(p["kind"], p["amount"], p["cleared"], p["fx"], p["who"]) for p in parts] == [
        ("payment", amount("60.00", "USD"), amount("60.00"), amount("-0.12"), "li")]
    assert len(up.daemon.ctl_json("money", "allocation", "list")["allocations"]) == len(desk.items("/v1/allocations")) == 2
    provided, = up.daemon.ctl_json("money", "provision", "list", "--from", "2025-10-01", "--to", "2025-10-31")["provisions"]
    assert (provided["claim"], provided["base"], provided["share"], provided["provided"]) == (
        "HZ1XXXXXXXXXXXXX", amount("100.00"), 500, amount("5.00"))
    sale, = up.daemon.ctl_json("money", "sale", "list")["sales"]
    assert (sale["sold"], sale["proceeds"], sale["carried"]) == (amount("90.00", "USD"), amount("638.10", "USD"), amount("639.00"))
    assert up.daemon.ctl_json("money", "sale", "list", "--hospital", "HZ2")["sales"] == []


def test_inspectors_are_let_in_and_seen(up):
    desk = up.desk()
    until = (test_v1.today() + datetime.timedelta(days=30)).isoformat()
    new = {"name": "Ms. Wu", "until": until, "why": "yearly audit"}
    today = test_v1.today()
    year = datetime.date(today.year + 1, today.month, min(today.day, 28) if today.month == 2 else today.day)
    for unfit in ("2020-01-01", (year + datetime.timedelta(days=1)).isoformat()):
        assert desk.errors("/v1/inspectors", {**new, "until": unfit}) == {"/until": "day-unfit"}
    key = {"Idempotency-Key": "i1"}
    made = desk.post("/v1/inspectors", new, headers=key)
    assert (made["name"], made["until"], len(made["pass"])) == ("Ms. Wu", until, 64)
    again = desk.post("/v1/inspectors", new, 200, headers=key)
    assert again == {"name": "Ms. Wu", "until": until}, "the pass is told once"
    path = up.folder / "pass"
    path.write_text(made["pass"])
    path.chmod(0o600)
    for report in ("open", "fx"):
        up.daemon.ctl("money", "report", report, "--hospital", "HZ1", "--inspector", path)
    row, = desk.get("/v1/inspectors")["items"]
    assert (row["name"], row["standing"], row["looks"], row["maker"], row["why"]) == ("Ms. Wu", "stands", 2, "finance", "yearly audit")
    assert [look["report"] for look in desk.items("/v1/inspectors/looks?limit=1")] == ["fx", "open"]
    assert desk.items("/v1/inspectors/looks?name=nobody") == []
    assert made["pass"] not in str(up.database.sql("SELECT g::text FROM zhifu.inspector_grant g"))
    end = {"name": "Ms. Wu", "why": "done"}
    assert "finance.write" in up.desk("reader").post("/v1/inspectors/end", end, 403)["title"]
    assert desk.post("/v1/inspectors/end", end, 200) == {"ended": 1}
    desk.post("/v1/inspectors/end", end, 404)
    assert desk.get("/v1/inspectors")["items"][0]["standing"] == "ended"
    up.daemon.ctl("money", "report", "open", "--hospital", "HZ1", "--inspector", path, check=False)
    assert desk.items("/v1/inspectors/looks")[0]["refused"] is True


def story_day(when):
    """A day as the finance office's stories name it."""
    return (when - finance.SHIFT).strftime("%m-%d")


def test_a_month_is_closed(office):
    desk = office.desk()
    this = test_v1.today().replace(day=1)
    target = ((this - datetime.timedelta(days=1)).replace(day=1) - datetime.timedelta(days=1)).replace(day=5)
    last = (target.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
    month = {"month": target.isoformat()}
    office.rate(story_day(target), "USD", "7.1000")
    office.statement("USD", story_day(target), ("1000.00", "ALLIED HLTH LTD", "PAYMENT"))
    for account, balance in office.closing.items():
        office.ctl("money", "account", "confirm", account, "%d.00" % (balance // 100), "--day", last.isoformat(), "--why", "seen in e-banking")
    office.looked()
    desk.post("/v1/patient-quotes", {"stay": "ZY-1", "amount": v1.money("500.00"), "why": "two nights"}, 200)
    desk.post("/v1/patient-payments", {"stay": "ZY-1", "kind": "deposit", "method": "card", "amount": v1.money("500.00"),
                                       "acquirer": "boc", "reference": "A1", "day": target.isoformat()})
    claim = office.claim(office.contract("alpha", "A"), "09-08", "100.00")
    office.database.sql("UPDATE zhifu.receivable SET billed_day = %s - 2000, due_day = %s - 2000 WHERE claim_id = %s",
                        (last, last, claim.id))

    # What stands in the way, and what is worth knowing: also what zhifuctl alone had looked at.
    path = "/v1/periods/findings?month=" + target.isoformat()
    found = desk.get(path)["items"]
    assert [(f["subject"], f["since"]) for f in found if f["check"] == "clearing"] == [("boc", target.isoformat())]
    assert [f["subject"] for f in found if f["check"] == "limitation_ended"] == ["alpha"]
    red = [f for f in found if f["red"]]
    assert {f["check"] for f in red} == {"rate_missing"} and found[:len(red)] == red, found
    assert "USD/CNY (cfets)" in {f["subject"] for f in red} and all(f["what"] and f["what_zh"] for f in found)
    told = json.loads(office.daemon.ctl("money", "close", target.strftime("%Y-%m"), "--check", "--json", check=False).stdout)
    assert {c["check"] for c in told["checks"] if c["state"] in ("red", "report")} == {f["check"] for f in found}
    dry = desk.post("/v1/periods", {**month, "check": True}, 200)
    assert (dry["state"], dry["closed"], dry["findings"], "revalued" in dry) == ("red", False, found, False)
    refused = desk.post("/v1/periods", month, 409)
    assert refused["type"].endswith("month-red") and {e["code"] for e in refused["errors"]} <= {"rate-gap", "rate-never"}, refused
    assert desk.get("/v1/periods")["items"] == []

    # With the closing rate it goes: what is foreign comes to it, and suspense reverts on the first.
    office.rate(story_day(last), "USD", "7.0900")
    dry = desk.post("/v1/periods", {**month, "check": True}, 200)
    assert (dry["state"], dry["closed"], dry["last_day"]) == ("may-be-closed", False, last.isoformat())
    sums = {s["account"]: s for s in dry["revaluation"]}
    assert set(sums) == {"BANK-USD", "SUSP"} and [sums["SUSP"]["reverts"], sums["BANK-USD"]["reverts"]] == [True, False]
    assert [(s["amount"], s["carried"], s["closing"], s["difference"]) for s in (sums["BANK-USD"], sums["SUSP"])] == [
        (v1.money("1000.00", "USD"), v1.money("7100.00"), v1.money("7090.00"), v1.money("-10.00")),
        (v1.money("-1000.00", "USD"), v1.money("-7100.00"), v1.money("-7090.00"), v1.money("10.00"))]
    assert (dry["revalued"], test_v1.balance(desk, "FX")) == (v1.money("0.00"), "0.00")
    assert "finance.write" in office.desk("reader").post("/v1/periods", month, 403)["title"]
    assert desk.post("/v1/periods", {"month": this.isoformat()}, 409)["type"].endswith("month-lasts")
    key = {"Idempotency-Key": "m1"}
    made = desk.post("/v1/periods", month, headers=key)
    assert (made["closed"], made["state"], made["revaluation"]) == (True, "closed", dry["revaluation"])
    for headers in (key, {}):
        again = desk.post("/v1/periods", month, 200, headers=headers)
        assert (again["state"], again["who"], "revaluation" in again) == ("closed", "finance", False)
    assert desk.post("/v1/periods", {"month": this.isoformat()}, 409, headers=key)["type"].endswith("idempotency-conflict")
    assert desk.post("/v1/periods", {"month": this.isoformat()}, 409)["type"].endswith("month-earlier")
    assert [(p["last_day"], p["who"]) for p in desk.get("/v1/periods")["items"]] == [(last.isoformat(), "finance")]
    until = "&to=" + last.isoformat()
    trial = office.daemon.ctl_json("ledger", "balance", "--to", last.isoformat())
    assert {(a["account"], a["balance"]["amount"], a["book"]["amount"]) for a in trial["accounts"]} == {
        (b["account"], b["balance"]["value"], b["book"]["value"]) for b in desk.get("/v1/ledger/balances?" + until[1:])["items"]}
    one, = office.daemon.ctl_json("ledger", "balance", "--to", last.isoformat(), "--account", "SUSP")["accounts"]
    assert (one["balance"], one["book"]) == (amount("-1000.00", "USD"), amount("-7090.00"))
    back, = office.daemon.ctl_json("ledger", "balance", "--from", (last + datetime.timedelta(days=1)).isoformat(), "--account", "SUSP")["accounts"]
    assert back["book"] == amount("-10.00"), "taken back on the first"
    assert test_v1.balance(desk, "FX", until) == "0.00" and len(desk.items("/v1/revaluations")) == 2
    assert desk.get("/v1/ledger/balances?account=BANK-USD" + until)["items"][0]["book"] == v1.money("7090.00")
    assert office.database.value("SELECT count(*) FROM zhifu.operator_act WHERE act = 'period.close' AND who = 'finance'") == 1
    office.holds()


def test_the_journal_is_what_zhifuctl_writes(office):
    desk = office.desk()
    office.rate("11-20", "USD", "7.1000")
    contract = office.contract("alpha", "A")
    for n in range(5):
        office.claim(contract, "11-1%d" % n, "%d.00" % (100 + n))
    office.statement("USD", "11-20", *(("%d.00" % n, "ALLIED HLTH LTD", "PAYMENT") for n in range(1, 8)))
    office.looked()
    lines = office.daemon.ctl_json("money", "line", "list", "--account", "USD", "--from", finance.day("11-20").isoformat())
    assert lines["totals"] == [{"items": 7, "total": amount("28.00", "USD")}]
    assert sorted((l["line"], l["amount"]["amount"]) for l in lines["lines"]) == sorted(
        (l["id"], l["amount"]["value"]) for l in desk.items("/v1/bank-lines"))
    assert office.daemon.ctl_json("money", "line", "list", "--to", finance.day("11-19").isoformat())["lines"] == []
    rates = office.daemon.ctl_json("money", "conversion", "list", "--from", finance.day("11-20").isoformat())["conversions"]
    assert {(c["rate"], c["source"], c["rate_day"]) for c in rates} == {("1 USD = 7.1000 CNY", "cfets", finance.day("11-20").isoformat())}
    assert len(rates) == len(desk.items("/v1/ledger/conversions")) == 7
    for format, *more in (("hledger",), ("beancount",), ("csv", "plain"), ("csv", "erp")):
        path = "/v1/ledger/journal?format=" + format + "".join("&profile=" + name for name in more)
        written = subprocess.run(
            [zhifu.BUILD / "zhifuctl", "--config", office.daemon.config, "money", "export", "--hospital", "HZ1", "--format", format,
             *(word for name in more for word in ("--profile", name))],
            env=office.daemon.env, check=True, stdout=subprocess.PIPE).stdout
        assert desk.text(path) == written and len(written) > 500, format
        for limit in (1, 3, 19):
            assert desk.text(path + "&limit=%d" % limit) == written, (format, limit)
    assert desk.call("GET", path).headers["content-type"] == "text/csv; charset=gb18030"
    day = finance.day("11-12").isoformat()
    one = desk.text("/v1/ledger/journal?format=csv&profile=plain&from=%s&to=%s" % (day, day)).decode()
    assert one.count("\r\n") == 3 and "102.00" in one, one
    assert office.desk("reader").call("GET", "/v1/ledger/journal?format=hledger").status == 200
    for wrong, status in (("format=csv&profile=none", 404), ("format=hledger&profile=erp", 400), ("format=ledger", 400), ("", 400),
                          ("format=csv&from=2026-02-01&to=2026-01-01", 400), ("format=csv&limit=10001", 400)):
        desk.get("/v1/ledger/journal?" + wrong, status)
    pages_are_of_one_moment(office, desk)
    # What has no value cannot be taken over, and says so.
    office.statement("USD", "12-05", ("5.00", "ALLIED HLTH LTD", "PAYMENT"))
    lacking = desk.get("/v1/ledger/journal?format=csv&profile=plain", 409)
    assert [(e["code"], e["place"]) for e in lacking["errors"]] == [("rate-missing", finance.day("12-05").isoformat())]


POSTED = """INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
    source_id) SELECT %s, gen_random_uuid(), 1, 'AR-ALPHA', 'REV-MED', n, 'CNY', 2, n, %s, 'bill', gen_random_uuid() FROM generate_series(1, %s) n"""


def test_a_link_has_room_for_five_hundred_writers(up):
    for count, step in ((0, 1), (1, 1), (500, 1), (500, 255), (20000, 3)):
        under_way = [10 ** 9 + n * step for n in range(count)]
        snapshot = "%d:%d:%s" % (10 ** 9, 2 * 10 ** 9, ",".join(map(str, under_way)))
        row, = up.database.sql("SELECT m, zhifu.posting_snapshot(m)::text AS seen FROM zhifu.posting_moment_of(%s::txid_snapshot, 1500) AS m", (snapshot,))
        assert len(row["m"]) < 1600
        # Of more, it is the moment at which the first that has no room began.
        told = [int(x) for x in row["seen"].split(":")[2].split(",") if x]
        assert row["seen"] == snapshot if count <= 500 else (len(told) >= 700 and told == under_way[:len(told)]
                                                            and int(row["seen"].split(":")[1]) == under_way[len(told)])


def pages_are_of_one_moment(office, desk):
    """What is posted, or becomes visible, while pages are read is in none of them, though its day and its transaction are earlier; and
    a page reads no more than itself."""
    path, entries = "/v1/ledger/journal?format=hledger", "/v1/ledger/postings"
    written, there = desk.text(path), desk.items(entries)
    early, late = office.database.connect(), office.database.connect()
    early.autocommit = False
    try:
        with early.cursor() as waits, late.cursor() as comes:
            # Its transaction, and one inside of it, began before the first page; another one that is later ends before it.
            waits.execute(POSTED, (story.HOSPITAL_ID, finance.day("11-21"), 2))
            waits.execute("SAVEPOINT one")
            waits.execute(POSTED, (story.HOSPITAL_ID, finance.day("11-22"), 2))
            comes.execute("SELECT txid_current()")
            first = desk.call("GET", path + "&limit=3")
            page = desk.get(entries + "?limit=3")
            early.commit()
            comes.execute(POSTED, (story.HOSPITAL_ID, finance.day("11-22"), 20000))
        assert page["items"] + desk.items("/" + page["next"].split("/", 3)[3]) == there
        assert first.body + desk.text("/" + first.headers["link"].split(">")[0].split("/", 3)[3]) == written
        assert len(desk.text(path)) > 100 * len(written)
    finally:
        early.close()
        late.close()
    office.database.sql("ANALYZE zhifu.posting")
    reads = lambda: office.database.sql("""SELECT i.idx_scan, t.seq_tup_read + t.idx_tup_fetch AS rows FROM pg_stat_user_tables t
        JOIN pg_stat_user_indexes i USING (relid) WHERE i.indexrelname = 'posting_day'""")[0]
    link = "/" + desk.call("GET", path + "&limit=100").headers["link"].split(">")[0].split("/", 3)[3]
    before = reads()  # what pages before it read may still be added: less than 40 times all
    for _ in range(40):
        assert desk.call("GET", link).status == 200
    after = zhifu.wait_until(lambda: reads()["idx_scan"] >= before["idx_scan"] + 2 * 40 and reads(), "what the pages read")
    assert after["rows"] - before["rows"] < 20 * 20000, (before, after)
    office.database.sql("DELETE FROM zhifu.posting WHERE book_day IN (%s, %s) AND rule = 'bill'", (finance.day("11-21"), finance.day("11-22")))


def test_an_inspectors_client_reads_reports_on_record(up):
    up.database.sql(test_v1.made(story.HOSPITAL_ID))
    desk, auditor = up.desk(), up.desk("auditor")
    claim = desk.items("/v1/reports/open-items")[0]["claim"]
    desk.post("/v1/receivables/%s/assign" % claim, {"list": "dispute", "owner": "chen", "why": "knows Li Wei"}, 200)
    assert auditor.get("/v1/reports/open", 403)["type"].endswith("inspection-over")
    until = (test_v1.today() + datetime.timedelta(days=30)).isoformat()
    desk.post("/v1/inspectors", {"name": "auditor", "until": until, "why": "yearly audit"})
    for path, body in (("/v1/inspectors/end", {"name": "auditor", "why": "x"}),
                       ("/v1/charges", {"charges": [{"identifier": "A", "day": "2025-09-24", "amount": v1.money("1.00")}]})):
        assert "If-Match" in desk.post(path, body, 400, headers={"If-Match": '"1"'})["title"]
    up.daemon.ctl("--who", "li", "money", "account", "confirm", "CNY", "0.00", "--hospital", "HZ1", "--day", "2025-11-30", "--why", "Li Wei at the counter")

    # Reports and books, without what persons wrote; nothing else, and no change.
    span = test_v1.SPAN
    may = ["/v1/reports/open", "/v1/reports/open-items", "/v1/reports/work?list=dispute", "/v1/reports/scoreboard" + span,
           "/v1/reports/fx" + span, "/v1/reports/unexplained", "/v1/reports/bank-proofs", "/v1/ledger/balances", "/v1/periods",
           "/v1/ledger/rules", "/v1/ledger/rules/check", "/v1/periods/findings?month=2025-11-01"]
    told = {path: auditor.get(path)["items"] for path in may}
    seen = [[i["subject"] for i in items if i["check"] == "statement_confirmed"] for items in (desk.items(may[-1]), told[may[-1]])]
    assert "Li Wei" in seen[0][0] and seen[1] == ["CNY"], seen
    journal = auditor.text("/v1/ledger/journal?format=hledger")
    assert journal == desk.text("/v1/ledger/journal?format=hledger") and b"commodity" in journal
    work, same = told["/v1/reports/work?list=dispute"], desk.items("/v1/reports/work?list=dispute")
    assert [w.pop("why") for w in same] == ["finance said why"] and work == same
    waiting = desk.items("/v1/reports/unexplained")
    assert any("reason" in w for w in waiting) and not any("reason" in w for w in told["/v1/reports/unexplained"])
    for path in test_v1.READS:
        if path.split("?")[0] not in {m.split("?")[0] for m in may}:
            assert "finance.read" in auditor.get(path, 403)["title"], path
    for path, body in (("/v1/charges", {"charges": []}), ("/v1/periods", {"month": "2025-11-01"}),
                       ("/v1/inspectors", {"name": "x", "until": until, "why": "x"})):
        assert "finance.write" in auditor.post(path, body, 403)["title"]
    with up.daemon.client("auditor") as other:
        assert other.get("/fhir/Claim").status == 403

    # Nobody is an inspector and something else.
    story.hospital(up, clients=({"id": "both", "certificates": ["0" * 64], "scopes": ["inspector", "finance.read"]},))
    checked = zhifu.run([zhifu.BUILD / "zhifud", "--config", up.daemon.config, "--check"], check=False)
    assert checked.returncode != 0 and "who has no other scope" in checked.stdout + checked.stderr, checked

    # Each look is on record, also the one that came too late.
    looks = desk.items("/v1/inspectors/looks?name=auditor")
    assert len(looks) == len(may) + 1 and not any(look["refused"] for look in looks)
    assert {(look["report"], look.get("arguments")) for look in looks} >= {
        ("work", "list=dispute"), ("open", None), ("journal", "format=hledger"), ("findings", "month=2025-11-01")}
    assert not any("address" in look for look in looks)  # it would be the daemon's
    desk.post("/v1/inspectors/end", {"name": "auditor", "why": "done"}, 200)
    assert auditor.get("/v1/reports/open", 403)["type"].endswith("inspection-over")
    assert desk.items("/v1/inspectors/looks")[0]["refused"] is True
