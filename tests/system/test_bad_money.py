"""What is wrong with a file of money is told once, with the file and the line, field or element, and nothing of it is stored or
posted: bank statements in two formats, remittance advices, exchange rates in two formats."""

import json

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
BOMB = "<!DOCTYPE b [" + "".join('<!ENTITY a%d "%s">' % (n, "&a%d;" % (n - 1) * 10 if n else "ha") for n in range(12)) + "]>\n"


def bomb(text, where):
    head, rest = text.split("\n", 1)
    return head + "\n" + BOMB + rest.replace(where, "&a11;", 1)


STATEMENT, LETTER = ("money", "statement", "import"), ("money", "remittance", "enter", "--why", "letter")
PARITY, DAILY = ("money", "rate", "import", "--source", "cfets"), ("money", "rate", "import", "--source", "ecb")
LINES = GOOD.index(":61:")
ORDER = GOOD[:LINES] + GOOD[GOOD.index(":62F:"):].replace("-\r\n", "") + GOOD[LINES:GOOD.index(":62F:")] + "-\r\n"
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
    ("account of another currency", STATEMENT, "s.sta", GOOD.replace("USD", "EUR"), "line 1", "expected is USD", 1),
    ("unknown currency", STATEMENT, "s.sta", GOOD.replace("USD", "QQQ"), "line 4: :60F:", '"QQQ" is not in ISO 4217', 2),
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
    ("out of order", STATEMENT, "s.sta", ORDER, "line 6: :61:", "", 2),
    ("from the future", PARITY, "r.csv", CFETS.replace("2024-09-09", "2099-09-04"), "2:日期", "has not come yet", 1),
    ("from the future", DAILY, "r.xml", ECB.replace("2024-09-06", "2099-09-04"), "3:Cube", "has not come yet", 1),
    ("upside down", PARITY, "r.csv", CFETS.replace("7.1210", "0.1404"), "2:USD/CNY", "is upside down", 1),
    ("per one", PARITY, "r.csv", CFETS.replace("4.7410", "0.0474"), "2:100JPY/CNY", "for 1 unit, not for 100", 1),
    ("bomb", STATEMENT, "s.xml", bomb(CAMT, "R1"), "", "at line 2, what is not let in", 1),
    ("bomb", DAILY, "r.xml", bomb(ECB, "1.1720"), "", "at line 2, what is not let in", 1),
]
TABLES = ("bank_file", "bank_file_part", "bank_statement", "bank_line", "suspense", "posting", "advice", "remittance", "fact", "rate", "operator_act")


@pytest.fixture
def up(place):
    story.hospital(place, bank_accounts=({"code": "USD", "number": "33010001 00000002", "currency": "USD"},))
    story.insurer(place, "alpha", 1)
    place.daemon.start()
    zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s",
                                                  (story.HOSPITAL_ID,)), "the hospital's key")
    return place


def test_bad_files(up):
    def stored():
        return up.database.sql("SELECT " + ", ".join("(SELECT count(*) FROM zhifu.%s) AS %s" % (t, t) for t in TABLES))

    def take(words, name, text):
        path = up.folder / name
        path.write_text(text, encoding="utf-8", newline="")
        return str(path), up.daemon.ctl("--who", "li", *words[:3], path, *words[3:], check=False)

    assert take(PARITY, "before.csv", CFETS.replace("09-09", "09-06").replace("7.1210", "7.1200").replace("4.7410", "4.7400"))[1].returncode == 0
    before = stored()
    for what, words, name, text, where, said, places in BAD:
        path, done = take(words, name, text)
        faults = [line for line in done.stderr.splitlines() if line.startswith(path + ":")]
        assert done.returncode == 1, (what, name, done)
        assert len(faults) == places, (what, name, done.stderr)
        assert faults[0].startswith(path + ":" + where) and said in faults[0], (what, name, faults)
        assert "nothing of it is" in done.stderr, done
        assert stored() == before, (what, name)
    # And what they were made of is good.
    for words, name, text in ((STATEMENT, "s.sta", GOOD), (LETTER, "a.json", ADVICE), (PARITY, "r.csv", CFETS), (DAILY, "r.xml", ECB)):
        _, done = take(words, name, text)
        assert done.returncode == 0, done
