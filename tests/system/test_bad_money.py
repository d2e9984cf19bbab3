"""What is wrong with a file of money is told once, with the file and the line, field or element, and nothing of it is stored or
posted: bank statements in three formats, remittance advices in two, exchange rates in two; by zhifuctl, and by /v1 what it takes."""

import io
import json
import zipfile

import openpyxl
import pytest

import story
import v1
import zhifu

GOOD, _ = v1.statement(1, 10, 0, [100, 250])
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>
<CreDtTm>2025-11-10T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>
<CreDtTm>2025-11-10T20:00:00</CreDtTm><Acct><Id><Othr><Id>3301000100000002</Id></Othr></Id><Ccy>USD</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2025-11-09</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2025-11-10</Dt></Dt></Bal>
<Ntry><Amt Ccy="USD">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2025-11-10</Dt></BookgDt>
<ValDt><Dt>2025-11-10</Dt></ValDt><AcctSvcrRef>R1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>
"""
ADVICE = json.dumps({"remitter": "alpha", "identifier": "A-1", "amount": "99.50", "currency": "CNY",
                     "claims": [{"claim": "unknown 1", "carrier": "alpha", "paid": "100.00"}], "other": [{"kind": "fee", "amount": "-0.50"}]}, indent=1)
CFETS = "日期,USD/CNY,100JPY/CNY\n2024-09-09,7.1210,4.7410\n"
ECB = """<?xml version="1.0" encoding="UTF-8"?>
<g:Envelope xmlns:g="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube>
<Cube time="2024-09-06">
<Cube currency="USD" rate="1.1720"/><Cube currency="CNY" rate="8.3092"/></Cube></Cube></g:Envelope>
"""
BOARD = "交易日期,借方,贷方,余额,币种,摘要\n20251110,,100.00,100.00,人民币,A\n20251110,,5.00,105.00,人民币,B\n合计,,105.00,,,\n"
COLUMNS = {"name": "icbc", "date_form": "YYYYMMDD", "currencies": (["人民币", "CNY"],), "footer_words": ["合计"], "columns": [
    "booking_day=交易日期", "debit=借方", "credit=贷方", "balance=余额", "currency=币种", "text=摘要"]}
SHEET = {"name": "sheet", "remitter": "alpha", "currency": "CNY", "carriers": {"Alpha": "alpha"}, "labels": {"identifier": "No."},
         "columns": {"claim": "Claim", "carrier": "Carrier", "paid": "Paid", "currency": "Currency"}, "total_words": ["transfer"]}
BOMB = "<!DOCTYPE b [" + "".join('<!ENTITY a%d "%s">' % (n, "&a%d;" % (n - 1) * 10 if n else "ha") for n in range(12)) + "]>\n"


def bomb(text, where):
    head, rest = text.split("\n", 1)
    return head + "\n" + BOMB + rest.replace(where, "&a11;", 1)


def workbook(paid="100.00", currency="CNY", change=lambda sheet: sheet):
    """An advice as bytes, its sheet's XML as it is changed."""
    book = openpyxl.Workbook()
    for row in (["No.", "X-1"], ["Claim", "Carrier", "Paid", "Currency"], ["unknown 1", "Alpha", paid, currency], ["transfer", None, "100.00"]):
        book.active.append(row)
    made, out = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name.endswith("sheet1.xml") else text)
    return out.getvalue()


STATEMENT, LETTER = ("money", "statement", "import"), ("money", "remittance", "enter", "--why", "letter")
PARITY, DAILY = ("money", "rate", "import", "--source", "cfets"), ("money", "rate", "import", "--source", "ecb")
CSV, XLSX = (*STATEMENT, "--account", "CSV"), ("money", "remittance", "import", "--profile", "sheet")
ONE, _ = v1.statement(1, 10, 0, [100])
LINE = ONE[ONE.index(":61:"):ONE.index(":62F:")]
# What is wrong, by which command, what the file holds, where the fault is told to be (behind the file's name), and what is said of it.
# Once; a file that has it in two places: twice.
BAD = [
    ("truncated", STATEMENT, "s.sta", GOOD[:GOOD.index("C250") + 2], "line 6: :61:", "Fetch the file again", 1),
    ("truncated", STATEMENT, "s.xml", CAMT[:CAMT.index("<ValDt>")], "line 8: Stmt[1]/Ntry[1]", "ends within Ntry", 1),
    ("truncated", LETTER, "a.json", ADVICE[:len(ADVICE) // 2], "8:", "is not valid JSON at byte", 1),
    ("truncated", PARITY, "r.csv", CFETS[:-3], "2", "may be cut off", 1),
    ("truncated", DAILY, "r.xml", ECB[:ECB.index("8.3092")], "", "not valid XML at line 4", 1),
    ("wrong account", STATEMENT, "s.sta", GOOD.replace(":25:3301", ":25:9901"), "line 1", "is of account 9901000100000002", 1),
    ("wrong account", STATEMENT, "s.xml", CAMT.replace("<Id>3301", "<Id>9901"), "line 3", "is of account 9901000100000002", 1),
    ("account of another currency", STATEMENT, "s.sta", GOOD.replace("USD", "EUR"), "line 1", "(EUR); expected is USD (USD)", 1),
    ("unknown currency", STATEMENT, "s.sta", GOOD.replace("USD", "QQQ"), "line 4: :60F:", '"QQQ" is not in ISO 4217', 1),
    ("unknown currency", STATEMENT, "s.xml", CAMT.replace('Ccy="USD"', 'Ccy="QQQ"'), "line 5: Stmt[1]/Bal/Amt", '"QQQ" is not in ISO 4217', 1),
    ("unknown currency", STATEMENT, "s.xml", CAMT.replace('<Ntry><Amt Ccy="USD"', '<Ntry><Amt Ccy="QQQ"'), "line 7: Stmt[1]/Ntry[1]/Amt",
     '"QQQ" is not in ISO 4217', 1),
    ("unknown currency", LETTER, "a.json", ADVICE.replace("CNY", "QQQ"), "currency", '"QQQ" is not in ISO 4217', 1),
    ("unknown currency", PARITY, "r.csv", CFETS.replace("USD", "QQQ"), "1:QQQ/CNY", "is not in ISO 4217", 1),
    ("unknown currency", DAILY, "r.xml", ECB.replace("USD", "QQQ"), "4:Cube", '"QQQ" is not in ISO 4217', 1),
    ("too many decimals", STATEMENT, "s.sta", GOOD.replace("C100,00", "C100,001"), "line 5: :61:", "100,001 has more than the 2 decimals", 1),
    ("too many decimals", STATEMENT, "s.xml", CAMT.replace('<Ntry><Amt Ccy="USD">5.00', '<Ntry><Amt Ccy="USD">5.001'),
     "line 7: Stmt[1]/Ntry[1]/Amt", "5.001 has more than the 2 decimals", 1),
    ("too many decimals", LETTER, "a.json", ADVICE.replace("100.00", "100.001"), "claims[0].paid", "100.001 has more than the 2 decimals", 1),
    ("too many decimals", PARITY, "r.csv", CFETS.replace("7.1210", "7.12345678"), "2:USD/CNY", "more than the 6 decimals", 1),
    ("too many decimals", DAILY, "r.xml", ECB.replace("8.3092", "8.1234567890"), "4:CNY", "more than the 8 decimals", 1),
    ("a line behind the end", STATEMENT, "s.sta", ONE.replace(LINE, "").replace("-\r\n", LINE + "-\r\n"), "line 6: :61:",
     "may not stand here: pieces of the file are lost or mixed up", 1),
    ("truncated", CSV, "s.csv", BOARD[:BOARD.index("105.00")], "line 3", "has 4 fields, the heading has 6", 1),
    ("unknown currency", CSV, "s.csv", BOARD.replace("人民币", "QQQ"), "line 2: 余额", '"QQQ" is not in ISO 4217', 1),
    ("account of another currency", CSV, "s.csv", BOARD.replace("人民币", "USD"), "line 1", "(USD); expected is CSV (CNY)", 1),
    ("too many decimals", CSV, "s.csv", BOARD.replace(",5.00", ",5.001"), "line 3: 贷方", "5.001 has more than the 2 decimals", 1),
    ("out of order", CSV, "s.csv", "".join(BOARD.splitlines(True)[n] for n in (0, 2, 1, 3)), "line 3", "an entry is missing or wrong", 1),
    ("truncated", XLSX, "a.xlsx", workbook()[:-200], "", "", 1),
    ("no workbook", XLSX, "a.xlsx", b"PK\x03\x04 and nothing else", "", "", 1),
    ("unknown currency", XLSX, "a.xlsx", workbook(currency="QQQ"), "D3", '"QQQ" is not in ISO 4217', 1),
    ("too many decimals", XLSX, "a.xlsx", workbook("100.001"), "C3", "100.001 has more than the 2 decimals", 1),
    ("bomb", XLSX, "a.xlsx", workbook(change=lambda sheet: "<?xml version='1.0'?>\n" + BOMB + sheet[sheet.index("<worksheet"):]), "", "", 1),
    ("from the future", PARITY, "r.csv", CFETS.replace("2024-09-09", "2099-09-04"), "2:日期", "has not come yet", 1),
    ("from the future", DAILY, "r.xml", ECB.replace("2024-09-06", "2099-09-04"), "3:Cube", "has not come yet", 1),
    ("upside down", PARITY, "r.csv", CFETS.replace("7.1210", "0.1404"), "2:USD/CNY", "is upside down", 1),
    ("upside down", DAILY, "r.xml", ECB.replace("09-06", "09-09").replace("1.1720", "0.8532"), "4:USD", "is upside down", 1),
    ("per one", PARITY, "r.csv", CFETS.replace("4.7410", "0.0474"), "2:100JPY/CNY", "for 1 unit, not for 100", 1),
    ("bomb", STATEMENT, "s.xml", bomb(CAMT, "R1"), "", "at line 2, what is not let in", 1),
    ("bomb", DAILY, "r.xml", bomb(ECB, "1.1720"), "", "at line 2, what is not let in", 1),
]
TABLES = ("bank_file", "bank_file_part", "bank_statement", "bank_line", "suspense", "posting", "advice", "remittance", "fact", "rate", "operator_act")


# What of it /v1 takes, and as what.
UPLOADS = {STATEMENT: "/v1/bank-statements", CSV: "/v1/bank-statements?account=CSV", PARITY: "/v1/rates/import?source=cfets",
           DAILY: "/v1/rates/import?source=ecb"}
MEDIA = {"sta": "text/plain", "xml": "application/xml", "csv": "text/plain"}


@pytest.fixture
def up(place, keep):
    story.insurer(place, "alpha", 1)
    v1.start(place, statement_profiles=(COLUMNS,), advice_profiles=(SHEET,), bank_accounts=(
        v1.ACCOUNTS[0], {"code": "CSV", "number": "33010001 00000009", "currency": "CNY", "profile": "icbc"}))
    zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s",
                                                  (story.HOSPITAL_ID,)), "the hospital's key")
    place.desk = keep(v1.Desk(place))
    return place


def test_bad_files(up):
    def stored():
        return up.database.sql("SELECT " + ", ".join("(SELECT count(*) FROM zhifu.%s) AS %s" % (t, t) for t in TABLES))

    def take(words, name, text):
        path = up.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        whose = () if words[1] == "rate" else ("--hospital", "HZ1")
        return str(path), up.daemon.ctl("--who", "li", *words[:3], path, *words[3:], *whose, check=False)

    for words, text in ((PARITY, CFETS.replace("09-09", "09-06").replace("7.1210", "7.1200").replace("4.7410", "4.7400")), (DAILY, ECB)):
        assert take(words, "before", text)[1].returncode == 0
    before = stored()
    for what, words, name, text, where, said, places in BAD:
        path, done = take(words, name, text)
        faults = [line for line in done.stderr.splitlines() if line.startswith(path + ":")]
        assert done.returncode == 1, (what, name, done)
        assert len(faults) == places, (what, name, done.stderr)
        assert faults[0].startswith(path + ":" + where) and said in faults[0], (what, name, faults)
        assert "nothing of it is" in done.stderr, done
        if words in UPLOADS:
            answer = up.desk.post(UPLOADS[words], text.encode(), 422, media=MEDIA[name.split(".")[1]])
            assert len(answer["errors"]) == places, (what, name, answer)
            first = answer["errors"][0]
            assert (first.get("place", "") + ": " + first["detail"]).startswith(where) and said in first["detail"], (what, name, answer)
            assert "未" in answer["title_zh"] and first["detail_zh"], answer
        assert stored() == before, (what, name)
    # And what they were made of is good.
    for words, name, text in ((STATEMENT, "s.sta", GOOD), (LETTER, "a.json", ADVICE), (PARITY, "r.csv", CFETS), (DAILY, "r.xml", ECB),
                              (CSV, "s.csv", BOARD), (XLSX, "a.xlsx", workbook())):
        _, done = take(words, name, text)
        assert done.returncode == 0, done


def test_a_statement_that_is_older_than_what_is_there(up):
    """It is taken where it belongs by its balances, whatever came first; where it leads to none, what is missing is said, the
    account's proof does not hold and its month can't be closed."""
    def take(number, day, opening, amounts):
        text, _ = v1.statement(number, day, opening, amounts)
        statement, = up.desk.post("/v1/bank-statements", text, media="text/plain")["statements"]
        return statement["chain"], statement["new"]

    def proof():
        return {account["code"]: account["proof"] for account in up.desk.get("/v1/bank-accounts")["items"]}["USD"]

    assert take(6, 11, 100, [5]) == ("first", 1)
    assert take(5, 10, 20, [80]) == ("follows", 1)
    assert proof() == "holds"
    assert take(3, 8, 0, [7]) == ("gap", 1)
    assert proof() == "differs"
    missing, = up.desk.get("/v1/bank-statements?gap=true")["items"]
    assert missing["sequence"] == 5, missing  # what stands before it leads not to it
    assert take(4, 9, 7, [13]) == ("follows", 1)
    assert proof() == "holds" and up.desk.get("/v1/bank-statements?gap=true")["items"] == []
