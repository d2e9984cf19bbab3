"""Remittance advices under /v1: as files by profile and as letters, each once; those that do not balance parked, corrected,
released and refused; what they say shown to those who may, on record; and all of it to nobody else."""

import concurrent.futures
import copy
import json

import pytest

import story
import test_remittance as advices
import test_v1
import test_v1_busy as busy
import v1
import zhifu

CSV = {"media": "text/csv"}
IMPORT = "/v1/remittances/import?profile=meridian"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENTS = "SELECT count(*) FROM zhifu.advice"


@pytest.fixture
def up(place, keep):
    advices.billed(place, keep, clients=v1.clients(place))
    desk = keep(v1.Desk(place))
    place.june = desk.post("/v1/remittances", {"why": "letter of 2 July", "advice": {
        "remitter": advices.REMITTER, "identifier": "MERIDIAN HC STMT 2026-06 #0201", "amount": "1450.00", "currency": "CNY",
        "payment_reference": "TRF 7781-2026-07",
        "claims": [{"claim": place.refs["C6"], "carrier": "alpha", "billed": "1450.00", "paid": "1450.00"}]}})
    assert (place.june["standing"], place.june["form"], place.june["decisions"]) == ("counts", "letter", 1)
    advices.settled(place)
    assert announced(place) == [145000, 0]
    place.office.statement("CNY", "07-02", ("1450.00", advices.MERIDIAN, "PAYMENT TRF 7781-2026-07"))
    place.office.looked()
    v1.other_hospital(place)  # now: what zhifuctl did so far was of the only one
    place.daemon.reload()
    place.desk = lambda name="finance": keep(v1.Desk(place, name))
    zhifu.wait_until(lambda: place.daemon.client("other").get("/v1/remittances").status == 200, "the other hospital")
    return place


def csv_of(up, wrong=0, number=None):
    """The table as bytes."""
    rows = advices.rows_of(up, wrong)
    if number is not None:
        rows[1][1] = number
    return advices.csv(up.folder / "advice.csv", rows).read_bytes()


def announced(up):
    return [advices.account(up, "CLR-REM-" + carrier) for carrier in ("ALPHA", "BETA")]


def kind_of(answer):
    return answer["type"].rsplit(":", 1)[1]


def test_advices_come_in(up):
    desk = up.desk()
    what_is_wrong_is_told_at_once(up, desk)
    what_does_not_balance_is_parked(up, desk)
    a_corrected_one_counts(up, desk)
    one_that_repeats_it_is_other_money(up, desk)
    a_number_of_a_bill_names_one_claim(up, desk)
    what_is_released_balances(up, desk)
    the_same_ten_times_at_once(up)
    months_wait_behind_none(up)
    readers_have_a_bound_of_their_own(up)
    what_is_wrong_takes_no_connection(up, desk)
    payers_are_known_and_forgotten(up, desk)
    the_ledger_is_held_to_the_rules(up, desk)
    the_first_answer_stands(up, desk)
    what_is_too_long_to_show_says_so(up, desk)


def what_is_wrong_is_told_at_once(up, desk):
    rows = advices.rows_of(up)
    rows[5][3], rows[6][2], rows[7][1] = "12.345", "1O0", "Delta"
    bad = "".join(",".join('"%s"' % ("" if c is None else advices.yuan(c) if isinstance(c, int) else c) for c in row) + "\n"
                  for row in rows)
    told = desk.post(IMPORT, bad, 422, **CSV)
    assert kind_of(told) == "advice-refused" and "账簿未变" in told["title_zh"]
    assert {(e["place"], e["code"]) for e in told["errors"]} >= {("6:4", "amount-precision"), ("7:3", "advice-value"), ("8:2", "advice-carrier")}, told
    assert all(e["detail"] and e["detail_zh"] for e in told["errors"])
    assert desk.call("POST", IMPORT, b"PK\x03\x04 no workbook", media=XLSX).status == 422
    letter = {**advices.letter_of(up), "currency": "XXQ", "other": [{"kind": "tip", "amount": "1"}], "remark": "?"}
    letter["claims"][0]["paid"] = "12.345"
    wrong = desk.errors("/v1/remittances", {"advice": letter, "why": "the letter of 11-13"})
    assert wrong == {"/advice": "advice-key", "/advice/currency": "currency-unknown", "/advice/other/0/kind": "advice-value"}
    assert desk.errors("/v1/remittances", {"advice": 1, "whi": "x"}) == {
        "/advice": "member-type", "/whi": "member-unknown", "/why": "member-missing"}
    stranger = {**advices.letter_of(up)}
    stranger["claims"][0]["carrier"] = "delta"
    assert desk.errors("/v1/remittances", {"advice": stranger, "why": "x"}) == {"/advice": "contract-insurer-unknown"}
    assert kind_of(desk.post("/v1/remittances/import?profile=none", bad, 404, **CSV)) == "profile-unknown"
    assert set(desk.errors("/v1/remittances/import?why=because", bad, 400, **CSV).values()) == {"member-missing", "word-unknown"}
    assert desk.call("POST", IMPORT, bad, media="text/html").status == 415
    assert desk.call("POST", IMPORT, b"", **CSV).status == 400
    assert up.database.value(DOCUMENTS) == 1 and announced(up) == [0, 0]
    allocated = desk.post("/v1/remittances/%s/withdraw" % up.june["id"], {"why": "x"}, 409)
    assert kind_of(allocated) == "money-allocated"


def what_does_not_balance_is_parked(up, desk):
    """One with a figure wrong: looked at, refused; then another wrong one in its place."""
    text = csv_of(up, wrong=1)
    made = desk.post(IMPORT, text, **CSV)
    assert (made["standing"], made["version"], made["form"], made["known"], made["maker"]) == ("parked", 1, "csv", False, "finance")
    assert (made["amount"], made["sum"], made["difference"]) == (
        v1.money("48499.08"), v1.money("48499.09"), v1.money("0.01"))
    assert "0.01" in made["arithmetic"] and "0.01" in made["arithmetic_zh"] and (made["details"], made["decisions"]) == (8, 0)
    assert announced(up) == [0, 0]
    again = desk.post(IMPORT, text, 200, **CSV)
    assert again["known"] is True and again["id"] == made["id"]
    path = "/v1/remittances/" + made["id"]
    assert [r["id"] for r in desk.items("/v1/remittances?standing=parked")] == [made["id"]]
    assert desk.items("/v1/remittance-details?remittance=" + made["id"]) == []  # of those that count

    # What it says, for who may, on record.
    said = desk.get(path + "/content")
    assert (said["profile"], said["payment_day"], said["difference"]) == ("meridian", "2026-11-12", v1.money("0.01"))
    assert [(d["kind"], d.get("ref"), d["amount"]["value"], d["difference"]) for d in said["details"]] == [
        *(("claim", up.refs[n], advices.yuan(cents + (n == "C5")),
           {"C2": "patient", "C4": "denied", "C6": "disputed"}.get(n, "unsaid")) for n, cents, _ in advices.PAID),
        ("fee", None, "-1544.82", "unsaid")]
    assert (said["details"][1]["remark"], said["details"][7]["tax"]) == ("896.55 is the member's 10 %", v1.money("-87.44"))
    shown = "SELECT who FROM zhifu.operator_act WHERE act = 'remittance.show' AND subject = %s"
    assert [r["who"] for r in up.database.sql(shown, (made["id"],))] == ["finance"]
    stored = up.database.sql("SELECT document, file FROM zhifu.advice WHERE advice_id = %s", (made["id"],))[0]
    assert b"member" not in bytes(stored["document"]) and b"member" not in bytes(stored["file"])

    nobody_else_may(up, made["id"])
    assert kind_of(desk.post(IMPORT, csv_of(up, wrong=2), 409, **CSV)) == "why-missing"
    assert "If-Match" in desk.post(path + "/refuse", {"why": "theirs is wrong"}, 400, headers={"If-Match": '"1"'})["title"]
    assert desk.errors(path + "/refuse", {}) == {"/why": "member-missing"}
    refused = desk.post(path + "/refuse", {"why": "theirs is wrong"}, 200)
    assert (refused["standing"], refused["decided_by"], refused["words"]) == ("refused", "finance", True)
    assert desk.get(path + "/content")["decided_why"] == "theirs is wrong"
    assert desk.post(path + "/refuse", {"why": "once more"}, 200) == refused
    for act in ("release", "correct"):
        body = {"why": "x"} if act == "release" else {"why": "x", "advice": advices.letter_of(up)}
        assert kind_of(desk.post("%s/%s" % (path, act), body, 409)) == "not-parked", act
    assert kind_of(desk.post(path + "/withdraw", {"why": "x"}, 409)) == "not-counting"


def nobody_else_may(up, advice):
    path = "/v1/remittances/" + advice
    reader, auditor, other, his = (up.desk(name) for name in ("reader", "auditor", "other", "client"))
    letter = {"advice": advices.letter_of(up), "why": "x"}
    acts = ((IMPORT, csv_of(up), CSV), ("/v1/remittances", letter, {}), (path + "/correct", letter, {}),
            *((path + act, {"why": "x"}, {}) for act in ("/release", "/refuse", "/withdraw")))
    assert reader.get(path)["id"] == advice and reader.get(path + "/content")["details"]
    for act, body, how in acts:
        for desk in (reader, auditor, his):
            assert "finance.write" in desk.post(act, body, 403, **how)["title"], act
    for desk in (auditor, his):
        for one in (path, path + "/content"):
            assert "finance.read" in desk.get(one, 403)["title"]
    assert other.items("/v1/remittances") == []
    other.get(path, 404)
    other.get(path + "/content", 404)
    assert kind_of(other.post(IMPORT, csv_of(up), 404, **CSV)) == "profile-unknown"
    for act in ("/release", "/refuse", "/withdraw"):
        other.post(path + act, {"why": "mine now"}, 404)
    assert up.database.value(DOCUMENTS) == 2 and announced(up) == [0, 0]


def a_corrected_one_counts(up, desk):
    parked = desk.post(IMPORT + "&why=corrected", csv_of(up, wrong=2), **CSV)
    assert (parked["standing"], parked["version"], parked["words"]) == ("parked", 2, True)
    assert desk.get("/v1/remittances/%s/content" % parked["id"])["why"] == "corrected by who sent it"
    path, key = "/v1/remittances/%s/correct" % parked["id"], {"Idempotency-Key": "c1"}
    body = {"advice": advices.letter_of(up), "why": "they wrote again"}
    first = desk.call("POST", path, body, headers=key)
    made = first.json()
    assert (first.status, made["standing"], made["version"], made["form"], made["difference"]) == (
        201, "counts", 3, "letter", v1.money("0.00"))
    assert (made["decisions"], made["not_found"], made["known"]) == (6, 0, False)
    again = desk.call("POST", path, body, headers=key)
    assert (again.status, again.body) == (200, first.body)
    known = desk.post(path, body, 200)  # without its key, by its content
    assert (known["id"], known["known"], known["decisions"]) == (made["id"], True, 0)
    assert kind_of(desk.post(path, {**body, "why": "another"}, 409, headers=key)) == "idempotency-conflict"
    assert [(r["version"], r["standing"]) for r in sorted(
        desk.items("/v1/remittances?standing=refused") + desk.items("/v1/remittances?standing=replaced")
        + [desk.get("/v1/remittances/" + made["id"])], key=lambda r: r["version"])] == [
        (1, "refused"), (2, "replaced"), (3, "counts")]
    # The very same as a file and as a workbook is one; another content is none in its place.
    assert desk.post(IMPORT, csv_of(up), 200, **CSV)["id"] == made["id"]
    book = advices.workbook(up.folder / "advice.xlsx", advices.rows_of(up)).read_bytes()
    assert desk.post(IMPORT, book, 200, media=XLSX)["id"] == made["id"]
    assert kind_of(desk.post(IMPORT + "&why=corrected", csv_of(up, wrong=3), 409, **CSV)) == "identifier-counts"
    assert len(desk.items("/v1/remittance-details?limit=3&remittance=" + made["id"])) == 8
    advices.settled(up)
    # To the fen: what is paid and taken back, less the fee.
    assert sum(announced(up)) == 4849908


def one_that_repeats_it_is_other_money(up, desk):
    before = announced(up)
    text = csv_of(up, number="STMT 2")
    told = desk.post(IMPORT, text, 409, **CSV)
    assert kind_of(told) == "advice-repeats" and advices.NUMBER in told["errors"][0]["detail"], told
    made = desk.post(IMPORT + "&why=another", text, **CSV)
    assert (made["standing"], made["identifier"]) == ("counts", "STMT 2")
    advices.settled(up)
    path = "/v1/remittances/%s/withdraw" % made["id"]
    key = {"Idempotency-Key": "w1"}
    gone = desk.post(path, {"why": "it was not"}, 200, headers=key)
    assert (gone["standing"], gone["words"]) == ("withdrawn", True)
    assert desk.get("/v1/remittances/%s/content" % made["id"])["decided_why"] == "it was not"
    stored = up.database.value("SELECT decided_why FROM zhifu.advice WHERE advice_id = %s", (made["id"],))
    assert b"it was not" not in bytes(stored)
    assert desk.post(path, {"why": "it was not"}, 200, headers=key) == gone
    assert announced(up) == before


def a_number_of_a_bill_names_one_claim(up, desk):
    """Of the carrier that is said, or that is the remitter. What these come to is wrong: nothing of them is in the books."""
    def enter(identifier, remitter, *claims):
        made = desk.post("/v1/remittances", {"why": "by post", "advice": {
            "remitter": remitter, "identifier": identifier, "amount": "9.99", "currency": "CNY",
            "claims": [{"paid": "1.00", **claim} for claim in claims]}})
        said = desk.get("/v1/remittances/%s/content" % made["id"])["details"]
        assert [detail["bill_number"] for detail in said] == [claim["bill"] for claim in claims]
        desk.post("/v1/remittances/%s/refuse" % made["id"], {"why": "a try"}, 200)
        return made["standing"], made["not_found"], [(note["code"], note["place"]) for note in made["notes"]]

    # C7 is alpha's; C5, which is beta's, is given its number as well.
    number = ("INSERT INTO zhifu.claim_identifier (hospital_id, hash, claim_id) SELECT i.hospital_id, i.key_hash, o.claim_id FROM zhifu.idempotency i"
              " JOIN zhifu.claim c ON c.claim_id = i.claim_id AND c.ref = %s JOIN zhifu.claim o ON o.ref = %s")
    up.database.sql(number, (up.refs["C7"], up.refs["C5"]))
    assert enter("BILL 1", advices.REMITTER, {"bill": "c7", "carrier": "alpha"}, {"bill": "C7", "carrier": "beta"}) == ("parked", 0, [])
    assert enter("BILL 2", "alpha", {"bill": "C7"}, {"bill": "C5"}) == ("parked", 1, [])
    assert enter("BILL 3", advices.REMITTER, {"bill": "C5"}, {"bill": "#C7"}) == ("parked", 1, [("advice-bill", "claims[1].bill")])
    # However many others have it, that of the carrier is found; and a ref of ours that is not here is not what the bill says.
    up.database.sql("INSERT INTO zhifu.claim_identifier (hospital_id, hash, claim_id) SELECT i.hospital_id, i.key_hash, lpad(n::text, 32, '0')::uuid"
                    " FROM zhifu.idempotency i JOIN zhifu.claim c ON c.claim_id = i.claim_id AND c.ref = %s, generate_series(1, 20) n", (up.refs["C7"],))
    assert enter("BILL 5", advices.REMITTER, {"bill": "C7", "carrier": "beta"}, {"bill": "C7", "carrier": "alpha"}) == ("parked", 0, [])
    up.database.sql("DELETE FROM zhifu.claim_identifier WHERE claim_id < '00000000-0000-0000-0001-000000000000'")
    assert enter("BILL 6", "alpha", {"bill": "C1", "claim": "HZ1000000000000V"}, {"bill": "C1", "claim": "HZ10000000000000"}) == ("parked", 1, [])
    up.database.sql(number, (up.refs["C7"], up.refs["C1"]))
    assert enter("BILL 4", "alpha", {"bill": "C7"}, {"bill": "C1"}, {"bill": "C99"}) == ("parked", 2, [("advice-bill", "claims[0].bill")])


def what_is_released_balances(up, desk):
    letter = {"remitter": advices.REMITTER, "identifier": "STMT 3", "amount": "-20.00", "currency": "CNY",
              "other": [{"kind": "fee", "amount": "-18.50", "carrier": "alpha", "remark": "courier"}]}
    before = announced(up)
    parked = desk.post("/v1/remittances", {"advice": letter, "why": "by post"})
    assert (parked["standing"], parked["difference"], parked["words"]) == ("parked", v1.money("1.50"), True)
    assert desk.get("/v1/remittances/%s/content" % parked["id"])["why"] == "by post"
    path, key = "/v1/remittances/%s/release" % parked["id"], {"Idempotency-Key": "r1"}
    assert desk.errors(path, {"why": " "}) == {"/why": "text-empty"}
    made = desk.post(path, {"why": "their rounding"}, headers=key)
    assert (made["standing"], made["version"], made["form"], made["sum"], made["difference"]) == (
        "counts", 2, "letter", v1.money("-20.00"), v1.money("0.00"))
    assert desk.post(path, {"why": "their rounding"}, 200, headers=key) == made
    assert kind_of(desk.post(path, {"why": "their rounding"}, 409)) == "not-parked"
    last = desk.get("/v1/remittances/%s/content" % made["id"])["details"][-1]
    assert (last["kind"], last["amount"], last["remark"]) == ("adjustment", v1.money("-1.50"), "their rounding")
    assert announced(up) == [before[0] - 1850, before[1]]
    assert advices.account(up, "CLR-REM-MERIDIAN-HEALTH-CARE") == -150  # what names no carrier


def the_same_ten_times_at_once(up):
    letter = {"remitter": advices.REMITTER, "identifier": "STMT 4", "amount": "-5.00", "currency": "CNY",
              "other": [{"kind": "fee", "amount": "-5.00", "carrier": "alpha"}]}
    desks = [up.desk() for _ in range(8)]
    before = announced(up)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda desk: desk.call("POST", "/v1/remittances", {"advice": copy.copy(letter), "why": "by post"}),
                                desks))
    assert sorted(a.status for a in answers) == [200] * 7 + [201], answers
    assert len({a.json()["id"] for a in answers}) == 1
    assert sum(announced(up)) == sum(before) - 500
    assert test_v1.balance(desks[0], "CLR-REM-ALPHA") == advices.yuan(announced(up)[0])


def months_wait_behind_none(up):
    """One of a hospital's advices at a time and eight that wait; months, and who reads one, do not wait behind them."""
    def send(n):
        letter = {"remitter": advices.REMITTER, "identifier": "STMT L%d" % n, "amount": "-%d.31" % n, "currency": "CNY",
                  "other": [{"kind": "fee", "amount": "-%d.31" % n, "carrier": "alpha"}]}
        with up.daemon.client("finance") as client:
            return client.request("POST", "/v1/remittances", json.dumps({"advice": letter, "why": "by post"}), headers=v1.FORM)

    other, month = up.desk("other"), up.desk()
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('zhifu.remittance ' || %s, 0))"
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        with busy.locked(up.database, lock, story.HOSPITAL_ID):
            sent = [pool.submit(send, n) for n in range(1, 11)]
            zhifu.wait_until(lambda: busy.waiting(up.database) == 1 and any(each.done() for each in sent), "all places to be taken")
            full = next(each for each in sent if each.done()).result()
            assert full.status == 503 and full.headers["retry-after"] and kind_of(full.json()) == "busy" and "付款通知" in full.json()["title_zh"]
            looked = month.call("POST", "/v1/periods", {"month": "2026-10-31", "check": True})
            assert looked.status in (200, 409), looked
            assert month.get("/v1/remittances/%s/content" % up.june["id"])["details"][0]["ref"] == up.refs["C6"]
            assert other.errors("/v1/remittances", {"advice": {}, "why": "x"})
            assert busy.waiting(up.database) == 1 and sum(each.done() for each in sent) == 1
        assert sorted(each.result().status for each in sent) == [201] * 9 + [503]


def readers_have_a_bound_of_their_own(up):
    """One of a hospital's at a time and eight that wait; none takes an import's place."""
    path = "/v1/remittances/%s/content" % up.june["id"]

    def read(_):
        with up.daemon.client("finance") as client:
            return client.get(path)

    desk = up.desk()
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        with busy.locked(up.database, "LOCK TABLE zhifu.operator_act IN SHARE MODE"):  # where it stands who read it
            asked = [pool.submit(read, n) for n in range(10)]
            zhifu.wait_until(lambda: busy.waiting(up.database) == 1 and any(each.done() for each in asked), "all places to be taken")
            full = next(each for each in asked if each.done()).result()
            assert full.status == 503 and full.headers["retry-after"] and kind_of(full.json()) == "busy" and "查阅" in full.json()["title_zh"]
            assert kind_of(desk.post(IMPORT, b"PK\x03\x04 no workbook", 422, media=XLSX)) == "advice-refused"
            assert busy.waiting(up.database) == 1 and sum(each.done() for each in asked) == 1
        assert sorted(each.result().status for each in asked) == [200] * 9 + [503]


def what_is_wrong_takes_no_connection(up, desk):
    """The file is read before one is asked for."""
    role = up.database.value("SELECT r.rolname FROM pg_roles r WHERE r.rolcanlogin AND NOT r.rolsuper"
                             " AND pg_has_role(r.oid, 'zhifu_intake', 'USAGE')")
    up.database.sql('ALTER ROLE "%s" CONNECTION LIMIT 0' % role)
    try:
        assert kind_of(desk.post(IMPORT, b"PK\x03\x04 no workbook", 422, media=XLSX)) == "advice-refused"
        assert desk.call("POST", IMPORT, csv_of(up, number="STMT C"), **CSV).status == 503
    finally:
        up.database.sql('ALTER ROLE "%s" CONNECTION LIMIT -1' % role)


def the_first_answer_stands(up, desk):
    """Whatever became of the advice and of the configuration since."""
    letter = {"remitter": advices.REMITTER, "identifier": "STMT K", "amount": "-7.00", "currency": "CNY",
              "other": [{"kind": "fee", "amount": "-7.00", "carrier": "beta", "remark": "courier"}]}
    body, key = {"advice": letter, "why": "by post"}, {"Idempotency-Key": "k1"}
    first = desk.call("POST", "/v1/remittances", body, headers=key)
    assert (first.status, first.json()["known"]) == (201, False), first
    stored = up.database.value("SELECT told FROM zhifu.api_request WHERE subject = %s", (first.json()["id"],))
    assert b"STMT K" not in bytes(stored)
    desk.post("/v1/remittances/%s/withdraw" % first.json()["id"], {"why": "it was not"}, 200)
    conf, = up.folder.glob("**/insurers.d/beta.conf")
    conf.rename(conf.with_suffix(".gone"))
    up.daemon.reload()
    zhifu.wait_until(lambda: desk.call("POST", "/v1/remittances", {**body, "why": "no key"}).status == 422, "no carrier beta")
    again = desk.call("POST", "/v1/remittances", body, headers=key)
    assert (again.status, again.body) == (200, first.body)
    assert kind_of(desk.post("/v1/remittances", {**body, "why": "other"}, 409, headers=key)) == "idempotency-conflict"
    conf.with_suffix(".gone").rename(conf)


def what_is_too_long_to_show_says_so(up, desk):
    """A module's, of numbers that come to more than an answer may have: it is not told to be out of the books, where it is."""
    made = up.database.value("""WITH made AS (INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor,
            currency, exponent, balanced, content, withdrawn_at) VALUES (%s, gen_random_uuid(), 'alpha', 'LONG', 1700, 'CNY', 2, true, '', now())
            RETURNING hospital_id, remittance_id)
        , rows AS (INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, insurer_claim_no, amount_minor, currency, exponent)
            SELECT m.hospital_id, m.remittance_id, n, repeat('9', 20000), 1, 'CNY', 2 FROM made m, generate_series(1, 1700) AS n)
        SELECT remittance_id::text FROM made""", (story.HOSPITAL_ID,))
    assert desk.get("/v1/remittances/" + made)["standing"] == "withdrawn"
    told = desk.get("/v1/remittances/%s/content" % made, 422)
    assert kind_of(told) == "advice-large" and "in the books as it was" in told["title"] and "账簿中的记录未变" in told["title_zh"], told


def payers_are_known_and_forgotten(up, desk):
    """By which names and accounts matching knows them, in the world of its advices."""
    assert desk.items("/v1/payers") == []
    name, account = "MERIDIAN HC HOLDINGS", "DE02 1203 0000 0000 2020 51"
    said = {"remitter": advices.REMITTER, "name": name, "account": account, "why": "their letter"}
    assert desk.errors("/v1/payers", {**said, "name": " ", "iban": "x"}) == {"/name": "text-empty", "/iban": "member-unknown"}
    assert desk.errors("/v1/payers", {"remitter": "alpha", "why": "x"}) == {"/name": "payer-unsaid"}
    assert desk.errors("/v1/payers", {**said, "account": "--"}) == {"/account": "payer-folded"}
    key = {"Idempotency-Key": "p1"}
    assert desk.post("/v1/payers", said, headers=key) == {"done": 2}
    assert desk.post("/v1/payers", said, 200, headers=key) == {"done": 2}
    rows = desk.items("/v1/payers?limit=1")
    assert sorted((r["kind"], r["remitter"], r.get("name"), r["times"], r["who"], "allocation" in r) for r in rows) == [
        ("account", advices.REMITTER, None, 1, "finance", False), ("name", advices.REMITTER, name, 1, "finance", False)]
    assert [r["kind"] for r in desk.items("/v1/payers?kind=name&remitter=Meridian+Health+Care")] == ["name"]
    told = up.daemon.ctl_json("money", "payer", "list", "--hospital", "HZ1")["payers"]
    assert sorted((p["kind"], p["name"], p["times"]) for p in told) == [("account", None, 1), ("name", name, 1)]
    # Who opens names is on record, page for page; of accounts nothing is opened.
    assert desk.items("/v1/payers?kind=account")[0]["kind"] == "account"
    looks = [(r["who"], r["subject"]) for r in up.database.sql("SELECT who, subject FROM zhifu.operator_act WHERE act = 'payer.show' ORDER BY at")]
    assert looks[:-1] == [("finance", "all")] * 3 + [("finance", advices.REMITTER)] and looks[-1][1] == "all"
    stored = up.database.sql("SELECT content FROM zhifu.match_payer WHERE kind = 1")[0]["content"]
    assert name.encode() not in bytes(stored)

    # Nobody else's, and nobody's to read who may not.
    reader, auditor, other = up.desk("reader"), up.desk("auditor"), up.desk("other")
    assert len(reader.items("/v1/payers")) == 2 and other.items("/v1/payers") == []
    assert "finance.read" in auditor.get("/v1/payers", 403)["title"]
    one = "/v1/payers/%s/forget" % next(r["id"] for r in rows if r["kind"] == "account")
    for path, body in (("/v1/payers", said), ("/v1/payers/forget", said), (one, {"why": "x"})):
        for who in (reader, auditor):
            assert "finance.write" in who.post(path, body, 403)["title"]
    other.post(one, {"why": "mine"}, 404)
    other.post("/v1/payers/forget", said, 404)

    # All that is said is forgotten, or nothing; how it is written does not matter.
    assert kind_of(desk.post("/v1/payers/forget", {**said, "name": "SOMEBODY ELSE"}, 404)) == "not-found"
    assert len(desk.items("/v1/payers")) == 2
    assert desk.post(one, {"why": "an old account"}, 200) == {"done": 1}
    desk.post(one, {"why": "an old account"}, 404)
    named = {"remitter": advices.REMITTER, "name": "Meridian  HC Holdings", "why": "theirs no more"}
    assert desk.post("/v1/payers/forget", named, 200) == {"done": 1}
    assert desk.items("/v1/payers") == []
    assert [(r["act"], r["who"], r["why"]) for r in up.database.sql(
        "SELECT act, who, why FROM zhifu.operator_act WHERE act IN ('payer.add', 'payer.forget') ORDER BY at")] == [
        ("payer.add", "finance", "their letter"), ("payer.forget", "finance", "an old account"),
        ("payer.forget", "finance", "theirs no more")]


def the_ledger_is_held_to_the_rules(up, desk):
    rules = desk.get("/v1/ledger/rules")["items"]
    told = up.daemon.ctl_json("money", "rules", "list")["rules"]
    assert [(r["rule"], r["either"], r["why"]) for r in rules] == [(t["rule"], t["either"], t["why"]) for t in told]
    fee, = [r for r in rules if r["rule"] == "announce_fee"]
    assert (fee["debit"], fee["credit"], fee["why_zh"]) == (
        "REM-ANN-{INSURER}", "CLR-REM-{INSURER}", "付款方扣除的服务费减少通知金额")
    check = "/v1/ledger/rules/check"
    assert desk.get(check)["items"] == []
    row, = up.database.sql("""INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent,
            book_minor, book_day, rule, source_id)
        SELECT hospital_id, gen_random_uuid(), 1, 'CASH', 'REV-MED', 5, 'CNY', 2, 5, current_date, 'announce_fee', entry_id
        FROM zhifu.posting LIMIT 1 RETURNING entry_id""")
    assert desk.get(check)["items"] == [{"rule": "announce_fee", "debit": "CASH", "credit": "REV-MED", "postings": 1,
                                         "entry": str(row["entry_id"])}]
    assert up.desk("reader").get(check)["items"] and up.desk("other").get(check)["items"] == []
    assert "finance.read" in up.desk("client").get(check, 403)["title"]
