"""Bank statements under /v1: what becomes of them, streaming, limits, and who may keep whom waiting."""

import concurrent.futures
import http.client
import pathlib
import ssl

import story
import v1
import zhifu

BODY = {"media": "text/plain"}
REPORT = ('<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"><BkToCstmrAcctRpt>'
          "<GrpHdr><MsgId>M</MsgId><CreDtTm>2025-11-19T12:00:00</CreDtTm></GrpHdr><Rpt><Id>R</Id><CreDtTm>2025-11-19T12:00:00</CreDtTm>"
          "<Acct><Id><Othr><Id>3301000100000002</Id></Othr></Id><Ccy>USD</Ccy></Acct>%s</Rpt></BkToCstmrAcctRpt></Document>")
ANNOUNCED = ('<Ntry><Amt Ccy="USD">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts><BookgDt><Dt>2025-11-%d</Dt></BookgDt>'
             "<AcctSvcrRef>P%d</AcctSvcrRef><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>")


def test_statements_lines_and_suspense(up):
    desk = up.desk()
    text, closing = v1.statement(1, 10, 0, [100, 250])
    answer = desk.post("/v1/bank-statements", text, **BODY)
    assert [(s["account"], s["lines"], s["new"], s["chain"], s["closing"]) for s in answer["statements"]] == [
        ("USD", 2, 2, "first", v1.money("350.00", "USD"))]
    assert desk.post("/v1/bank-statements", text, 200, **BODY) == {"known": True, "statements": [], "opened": 0, "repeated": 0, "late": []}
    later, closing = v1.statement(3, 12, 400, [5])
    assert desk.post("/v1/bank-statements", later, **BODY)["statements"][0]["chain"] == "gap"
    gaps = desk.get("/v1/bank-statements?gap=true")["items"]
    assert [(s["sequence"], s["gap"], s["who"]) for s in gaps] == [(3, True, "finance")]
    assert len(desk.items("/v1/bank-statements?limit=1")) == 2
    lines = desk.items("/v1/bank-lines?account=USD&limit=1")
    assert [line["amount"]["value"] for line in lines] == ["100.00", "250.00", "5.00"]
    assert [line["suspense"]["value"] for line in lines] == ["100.00", "250.00", "5.00"]
    assert len(desk.items("/v1/bank-lines?from=2025-11-12")) == 1
    account = {a["code"]: a for a in desk.get("/v1/bank-accounts")["items"]}
    assert account["CNY"]["proof"] == "holds" and "statement" not in account["CNY"]
    assert account["USD"]["statement"] == v1.money("405.00", "USD")
    assert account["USD"]["proof"] == "differs"  # statement 2 is missing
    assert account["USD"]["suspense"] == v1.money("355.00", "USD")

    # The matcher has looked at all three, and touches them no more.
    zhifu.wait_until(lambda: {w["reason"] for w in desk.items("/v1/suspense?limit=2")} == {"the payer is not on record"},
                     "the matcher")
    waits = desk.items("/v1/suspense?limit=2")
    assert len(waits) == 3
    path = "/v1/suspense/" + waits[0]["id"]
    first = desk.call("GET", path)
    old, new = first.json()["version"], first.json()["version"] + 1
    assert first.headers["etag"] == '"%d"' % old
    assert desk.call("GET", path, headers={"If-None-Match": '"%d"' % old}).status == 304
    assign = {"owner": "li", "reason": "payer known, statement number cut"}
    key = {"Idempotency-Key": "k-1", "If-Match": '"%d"' % old}
    done = desk.call("POST", path + "/assign", assign, headers=key)
    assert done.status == 200 and done.headers["etag"] == '"%d"' % new and done.json()["owner"] == "li", done
    # The same again is the first answer's act, once; a stale version is none.
    assert desk.call("POST", path + "/assign", assign, headers=key).json()["version"] == new
    assert desk.errors(path + "/assign", {**assign, "owner": "wu"}, 409, headers=key) == {}
    desk.post(path + "/assign", assign, 412, headers={"If-Match": '"%d"' % old})
    desk.post(path + "/assign", assign, 400, headers={"If-Match": "1"})
    assert desk.errors(path + "/assign", {"owner": " ", "reasons": "?"}) == {
        "/owner": "text-empty", "/reasons": "member-unknown", "/reason": "member-missing"}
    assert [w["owner"] for w in desk.items("/v1/suspense?owner=li")] == ["li"]


def test_persons_say_what_no_statement_does(up):
    """A gap that nothing fills, and what the bank shows where no statement reaches."""
    desk, reader = up.desk(), up.desk("reader")
    first, closing = v1.statement(1, 10, 0, [100])
    desk.post("/v1/bank-statements", first, **BODY)
    later, _ = v1.statement(3, 12, 400, [5])
    desk.post("/v1/bank-statements", later, **BODY)
    gap, = desk.get("/v1/bank-statements?gap=true")["items"]
    assert (gap["missing"], "explained_by" in gap) == (v1.money("300.00", "USD"), False)
    whole, = [s for s in desk.get("/v1/bank-statements")["items"] if not s["gap"]]
    path = "/v1/bank-statements/%s/explain"
    why = {"why": "the bank keeps no copy"}
    assert reader.call("POST", path % gap["id"], why).status == 403
    assert desk.errors(path % gap["id"], {}) == {"/why": "member-missing"}
    assert "no gap" in desk.post(path % whole["id"], why, 409)["title"]
    assert "no such statement" in desk.post(path % story.HOSPITAL_ID, why, 404)["title"]
    key = {"Idempotency-Key": "gap-1"}
    done = desk.post(path % gap["id"], why, 200, headers=key)
    assert (done["explained_by"], done["explained_why"], done["missing"]) == ("finance", why["why"], v1.money("300.00", "USD"))
    assert desk.post(path % gap["id"], why, 200, headers=key) == done == desk.get("/v1/bank-statements/" + gap["id"])
    desk.post(path % gap["id"], {"why": "another"}, 409, headers=key)
    assert up.database.value("SELECT count(*) FROM zhifu.operator_act WHERE act = 'gap.explain'") == 1
    proof, = [p for p in desk.get("/v1/reports/bank-proofs?day=2025-11-12")["items"] if p["account"] == "USD"]
    assert (proof["statement"]["value"], proof["ledger"]["value"], proof["difference"]["value"]) == ("405.00", "105.00", "0.00")
    account, = [a for a in desk.get("/v1/bank-accounts")["items"] if a["code"] == "USD"]
    assert (account["statement"], account["ledger"], account["proof"]) == (v1.money("405.00", "USD"), v1.money("105.00", "USD"), "holds")

    # What the bank announces is in no books.
    assert desk.get("/v1/bank-pending")["items"] == []
    report = REPORT % "".join(ANNOUNCED % (amount, day, n) for n, (amount, day) in enumerate((("7.50", 20), ("0.25", 21))))
    told = desk.post("/v1/bank-statements", report, media="application/xml")["statements"][0]
    assert (told["kind"], told["not_booked"]) == ("report", 2)
    assert [(p["account"], p["day"], p["amount"], p["status"]) for p in desk.items("/v1/bank-pending?account=USD&limit=1")] == [
        ("USD", "2025-11-20", v1.money("7.50", "USD"), "pending"), ("USD", "2025-11-21", v1.money("0.25", "USD"), "pending")]
    assert desk.get("/v1/bank-pending?account=CNY")["items"] == [] and len(desk.items("/v1/bank-lines")) == 2

    # What the bank shows: the first of an account without statements is its opening.
    seen = {"account": "CNY", "day": "2025-11-30", "balance": v1.money("5000.10"), "why": "seen in e-banking"}
    assert reader.call("POST", "/v1/bank-confirmations", seen).status == 403
    assert desk.errors("/v1/bank-confirmations", {**seen, "balance": v1.money("1.001")}) == {"/balance/value": "amount-precision"}
    assert desk.errors("/v1/bank-confirmations", {**seen, "balance": v1.money("1.00", "USD")}) == {"/balance": "currency-other"}
    assert desk.errors("/v1/bank-confirmations", {**seen, "account": "EUR"}) == {"/account": "account-unknown"}
    assert desk.errors("/v1/bank-confirmations", {**seen, "day": "2099-01-01"}, 409) == {"/day": "day-lasts"}
    assert desk.errors("/v1/bank-confirmations", {
        **seen, "account": "USD", "day": "2025-11-11", "balance": v1.money("100.00", "USD")}, 409) == {"/day": "statement-says"}
    assert up.database.value("SELECT count(*) FROM zhifu.bank_confirmation") == 0
    key = {"Idempotency-Key": "seen-1"}
    made = desk.post("/v1/bank-confirmations", seen, headers=key)
    assert {name: made[name] for name in seen} == seen and made["who"] == "finance"
    assert desk.post("/v1/bank-confirmations", seen, 200, headers=key) == made
    assert [b["balance"]["value"] for b in desk.get("/v1/ledger/balances")["items"] if b["account"] == "OPENING"
            and b["balance"]["currency"] == "CNY"] == ["-5000.10"]
    low = desk.post("/v1/bank-confirmations", {**seen, "balance": v1.money("-0.10")})
    assert low["balance"] == v1.money("-0.10")
    assert desk.get("/v1/bank-confirmations?account=CNY")["items"] == [low]
    assert desk.get("/v1/bank-confirmations?from=2025-12-01")["items"] == []
    proof, = [p for p in desk.get("/v1/reports/bank-proofs?day=2025-11-30")["items"] if p["account"] == "CNY"]
    assert (proof["statement"]["value"], proof["ledger"]["value"], proof["difference"]["value"]) == ("-0.10", "-0.10", "0.00")
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True


def test_bad_statements_change_nothing(up):
    desk = up.desk()
    good, _ = v1.statement(1, 10, 0, [100, 250])

    def codes(text, path="/v1/bank-statements", status=422):
        return set(desk.errors(path, text, status, **BODY).values())

    assert "bank-balance" in codes(good.replace("62F:C251110USD350", "62F:C251110USD351"))
    assert "bank-truncated" in codes(good[:len(good) // 2]) or codes(good[:len(good) // 2])
    assert "bank-account" in codes(good.replace(":25:3301", ":25:9901"))
    assert codes("no statement at all")
    assert codes('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>')
    assert codes(good, "/v1/bank-statements?account=EUR") == {"cause"}
    assert codes(good, "/v1/bank-statements?format=pdf&limit=1", 400) == {"word-unknown", "parameter-unknown"}
    assert desk.call("POST", "/v1/bank-statements", good).status == 415
    assert desk.call("POST", "/v1/bank-statements", b"", **BODY).status == 400
    for table in ("bank_file", "bank_statement", "bank_line", "suspense", "posting"):
        assert up.database.value("SELECT count(*) FROM zhifu." + table) == 0, table
    assert desk.post("/v1/bank-statements", good, **BODY)["known"] is False
    lines_in_other_words_are_asked_about(up, desk)


def worded(number, last, lines):
    """From the tenth on, opening with 350.00, of a bank that has no references: lines are (day, amount, words)."""
    return "".join([":20:W\r\n:25:3301000100000002\r\n:28C:%d/1\r\n:60F:C251110USD350,00\r\n" % number,
                    *(":61:2511%02d11%02dC%d,00NTRFNONREF\r\n:86:%s\r\n" % (day, day, amount, words) for day, amount, words in lines),
                    ":62F:C2511%02dUSD%d,00\r\n-\r\n" % (last, 350 + sum(amount for _, amount, _ in lines))])


def lines_in_other_words_are_asked_about(up, desk):
    """An overlapping statement tells lines that are there, one in other words; a copy of it two."""
    path = "/v1/bank-statements"
    first = [(11, 40, "ALLIED 1"), (12, 40, "MERIDIAN 2"), (12, 60, "BETA 3")]
    assert desk.post(path, worded(2, 12, first), **BODY)["statements"][0]["chain"] == "follows"
    lines = [first[0], (12, 40, "MERIDIAN HEALTH CARE 2"), first[2], (14, 40, "ALLIED 1")]
    longer = worded(3, 14, lines)
    told = desk.post(path, longer, 422, **BODY)
    assert [(e["code"], e["place"]) for e in told["errors"]] == [("bank-repeat", "line 7")], told
    assert "2025-11-12" in told["errors"][0]["detail"] and "40.00" in told["errors"][0]["detail_zh"]
    count = "SELECT count(*) FROM zhifu.bank_line"
    assert up.database.value(count) == 5 and up.database.value("SELECT count(*) FROM zhifu.bank_file") == 2
    assert set(desk.errors(path + "?repeats=no", longer, 400, **BODY).values()) == {"word-unknown"}
    made = desk.post(path + "?repeats=same", longer, **BODY)
    assert (made["repeated"], made["statements"][0]["new"], made["statements"][0]["chain"]) == (1, 1, "overlap"), made
    assert up.database.value(count) == 6

    def account():
        return next(a for a in desk.get("/v1/bank-accounts")["items"] if a["code"] == "USD")
    assert (account()["ledger"], account()["proof"]) == (v1.money("530.00", "USD"), "holds")
    # Said to be others, all of them are taken, and the account shows by how much that is wrong.
    copy = up.folder / "copy.sta"
    copy.write_text(worded(3, 14, [*lines[:2], (12, 60, "BETA LTD 3"), lines[3]]))
    words = ("money", "statement", "import", str(copy), "--hospital", "HZ1", "--who", "li", "--json")
    asked = up.daemon.ctl(*words, check=False)
    assert asked.returncode == 1 and asked.stdout.count("bank-repeat") == 2, asked
    taken = up.daemon.ctl_json(*words[:-1], "--repeats", "other")
    assert (taken["repeated"], taken["statements"][0]["new"]) == (2, 2), taken
    assert up.database.value(count) == 8 and account()["proof"] == "differs"
    assert [(r["who"], r["why"]) for r in up.database.sql("SELECT who, why FROM zhifu.operator_act WHERE act = 'statement.repeats' ORDER BY at")] == [
        ("finance", "1 lines are the same as there, in other words"), ("li", "2 lines are others than there")]
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True
    what_was_told_before_answers_for_no_other_line(up, desk)


def what_was_told_before_answers_for_no_other_line(up, desk):
    """One line of the boundary day, with the bank's reference, is of the statement before, which has no days in common; the other is in
    other words of one that has."""
    path = "/v1/bank-statements"

    def told(number, opens, balance, closes, lines):
        return "".join([":20:B\r\n:25:3301000100000002\r\n:28C:%d/1\r\n:60F:C2511%dUSD%d,00\r\n" % (number, opens, balance),
                        *(":61:2511%d11%dC%d,00NTRFNONREF%s\r\n:86:%s\r\n" % (day, day, amount, ref, words) for day, amount, ref, words in lines),
                        ":62F:C2511%dUSD%d,00\r\n-\r\n" % (closes, balance + sum(line[1] for line in lines))])
    desk.post(path, told(21, 20, 1000, 22, [(22, 40, "//R1", "ALLIED 1")]), **BODY)
    desk.post(path, told(22, 22, 1040, 25, [(22, 40, "", "MERIDIAN 2")]), **BODY)
    third = told(23, 22, 1000, 26, [(22, 40, "//R1", "ALLIED 1"), (22, 40, "", "MERIDIAN HEALTH 2"), (26, 7, "", "BETA")])
    asked = desk.post(path, third, 422, **BODY)
    assert [(e["code"], e["place"]) for e in asked["errors"]] == [("bank-repeat", "line 7")], asked
    made = desk.post(path + "?repeats=same", third, **BODY)
    assert (made["repeated"], made["statements"][0]["new"], made["statements"][0]["chain"]) == (1, 1, "overlap"), made


def test_the_same_statement_ten_times_at_once_is_one(up, keep):
    text, _ = v1.statement(1, 10, 0, list(range(1, 400)))
    desks = [keep(v1.Desk(up)) for _ in range(10)]

    def send(desk):  # four at a time are taken, the others are told to come again
        answer = desk.call("POST", "/v1/bank-statements", text, **BODY)
        return answer if answer.status != 429 else None

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda desk: zhifu.wait_until(lambda: send(desk), "a place"), desks))
    assert sorted(a.status for a in answers) == [200] * 9 + [201], answers
    assert up.database.value("SELECT count(*) FROM zhifu.bank_line") == 399
    assert up.database.value("SELECT count(*) FROM zhifu.posting") == 399
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True


def peak_kb(daemon):
    """The most memory that one of its processes ever had."""
    return max(int(line.split()[1]) for child in daemon.children()
               for line in pathlib.Path("/proc/%d/status" % child).read_text().splitlines() if line.startswith("VmHWM"))


def upload(place, pieces):
    """One chunked request; a server that has heard enough may close before the end."""
    conn = http.client.HTTPSConnection("127.0.0.1", place.port, context=place.pki.client_context("finance"), timeout=120)
    try:
        conn.request("POST", "/v1/bank-statements", body=pieces, headers={"Content-Type": "text/plain"}, encode_chunked=True)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        pass
    answer = zhifu.Response(conn.getresponse())
    conn.close()
    return answer


def test_a_large_file_needs_no_memory_of_its_length(up):
    desk, piece = up.desk(), b"no bank writes like this\r\n" * 4000
    upload(up, iter([piece] * 20))
    before, count = peak_kb(up.daemon), 1500

    def pieces():
        for n in range(count):
            if n % 500 == 250:
                desk.get("/v1/rates")  # others are served meanwhile
            yield piece

    answer = upload(up, pieces())
    assert answer.status == 422 and answer.json()["errors"][0]["code"] == "bank-format", answer
    assert count * len(piece) > 140 << 20
    assert peak_kb(up.daemon) - before < 48 << 10
    # Nothing stays on the disk, and the same upload can be broken off anywhere.
    with desk.client.raw() as sock:
        sock.sendall(b"POST /v1/bank-statements HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                     b"Content-Length: 5000000\r\n\r\n" + piece * 20)
    desk.get("/v1/rates")


def slow_upload(desk):
    """An upload that stops behind its head: its connection, and what the server says to that."""
    sock = desk.client.raw()
    sock.sendall(b"POST /v1/bank-statements HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                 b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
    return sock, sock.recv(4096).decode()


def test_one_hospitals_slow_uploads_leave_room_for_the_others(up, keep):
    desk, other = up.desk(), keep(v1.Desk(up, "other"))
    slow = [slow_upload(desk) for _ in range(17)]
    socks = [keep(sock) for sock, _ in slow]
    heads = [head.split("\r\n")[0].split()[1] for _, head in slow]
    assert heads == ["100"] * 4 + ["429"] * 13
    assert "Retry-After: " in slow[4][1]
    text, _ = v1.statement(1, 10, 0, [100])
    answer = desk.call("POST", "/v1/bank-statements", text, **BODY)
    assert answer.status == 429 and "as many files" in answer.json()["title"] and "上限" in answer.json()["title_zh"], answer
    # The other hospital has no bank account, which it hears of the import itself.
    assert other.errors("/v1/bank-statements", text, **BODY) == {"file": "cause"}
    socks[0].close()
    zhifu.wait_until(lambda: desk.call("POST", "/v1/bank-statements", text, **BODY).status == 201, "a place that is free again")


def test_an_upload_is_read_by_the_configuration_in_force(up):
    desk = up.desk()
    path = up.folder / "hospitals.d" / "hospital.conf"
    good = path.read_text(encoding="utf-8")
    path.write_text("no configuration at all", encoding="utf-8")
    text, _ = v1.statement(1, 10, 0, [100])
    desk.post("/v1/bank-statements", text, **BODY)
    path.write_text(good.replace("33010001 00000002", "33010001 00000009"), encoding="utf-8")
    later, _ = v1.statement(2, 11, 100, [5])
    desk.post("/v1/bank-statements", later, **BODY)  # nobody has reloaded it
    up.daemon.reload()
    zhifu.wait_until(lambda: desk.call("POST", "/v1/bank-statements", later + "\r\n", **BODY).status == 422,
                     "the new configuration")


def test_a_file_over_the_limit_is_refused(place, keep):
    place.settings["statement_bytes_max"] = 1 << 20
    v1.start(place, bank_accounts=({"code": "ICBC", "number": "6222 0000", "currency": "CNY", "charset": "gb18030", "profile": "icbc"},),
             statement_profiles=({"name": "icbc", "date_form": "YYYYMMDD", "opening_words": ["期初余额"], "closing_words": ["期末余额"],
                                  "columns": ["booking_day=交易日期", "debit=借方", "credit=贷方", "text=摘要", "name=对方户名"]},))
    desk = keep(v1.Desk(place))
    csv = "期初余额,100.00\r\n交易日期,借方,贷方,摘要,对方户名\r\n20251120,,20.50,付款,某某健康保险\r\n期末余额,120.50\r\n".encode("gb18030")
    made = desk.call("POST", "/v1/bank-statements?account=ICBC", csv, media="text/csv")
    assert made.status == 201 and made.json()["statements"][0]["closing"] == v1.money("120.50"), made
    line, = desk.items("/v1/bank-lines")
    said = desk.get("/v1/bank-lines/" + line["id"])
    assert (said["payer"], said["text"], said["amount"]) == ("某某健康保险", "付款", v1.money("20.50")), said
    piece = b"x" * 65536
    assert upload(place, iter([piece] * 40)).status == 413
    assert desk.call("POST", "/v1/bank-statements", piece * 17, **BODY).status == 413
    assert desk.call("POST", "/v1/bank-statements", piece, **BODY).status == 422
