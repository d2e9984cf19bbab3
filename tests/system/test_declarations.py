"""Receipts from abroad on their way to the bank's declaration: found in statements, due by the hospital's calendar, decided by
persons, on record. The figures are those of scenario S3."""

import pytest

import story
import traffic

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>
<CreDtTm>2026-10-30T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>
<CreDtTm>2026-10-30T20:00:00</CreDtTm><Acct><Id><Othr><Id>1111</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-10-29</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">205800.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-10-30</Dt></Dt></Bal>%s</Stmt></BkToCstmrStmt></Document>
"""
NTRY = """<Ntry><Amt Ccy="CNY">102900.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-10-30</Dt></BookgDt><ValDt><Dt>2026-10-30</Dt></ValDt><AcctSvcrRef>%s</AcctSvcrRef>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>%s</EndToEndId></Refs>
<RltdPties><Dbtr><Pty><Nm>Payer</Nm></Pty></Dbtr></RltdPties>
<RltdAgts><DbtrAgt><FinInstnId><BICFI>%s</BICFI></FinInstnId></DbtrAgt></RltdAgts></TxDtls></NtryDtls></Ntry>
"""
MT940 = (":20:S\r\n:25:2222\r\n:28C:1/1\r\n:60F:C261029USD1000,00\r\n"
         ":61:2610301030C14478,17NTRFNONREF//U0001\r\n:86:ALPHA HEALTH\r\n:61:2610301030D25,00NCHGNONREF//U0002\r\n"
         ":62F:C261030USD15453,17\r\n-\r\n")


@pytest.fixture
def finance(place):
    """Both of S3's ways: dollars, and yuan from an insurer abroad beside yuan from an administrator in the country."""
    story.hospital(place, bank_accounts=({"code": "CNY", "number": "1111", "currency": "CNY"},
                                         {"code": "USD", "number": "2222", "currency": "USD"}))
    place.daemon.start()
    camt, mt940 = place.folder / "cny.xml", place.folder / "usd.sta"
    camt.write_text(CAMT % (NTRY % ("A1", "E1", "CITIGB2L") + NTRY % ("A2", "E2", "BKCHCNBJ")))
    mt940.write_bytes(MT940.encode())
    for path in (mt940, camt):
        place.daemon.ctl("--who", "li", "money", "statement", "import", path)
    return place.daemon


def rows(daemon, *words):
    return daemon.ctl_json("money", "declaration", "list", *words)["declarations"]


def say(daemon, *words, check=True):
    return daemon.ctl("--who", "li", "money", "declaration", *words, check=check)


def test_foreign_receipts_are_due_after_five_working_days(finance):
    told = [(row["no"], row["account"], row["amount"]["amount"], row["ground"], row["country"], row["code"], row["credited"],
             row["due"], row["due_assumed"], row["state"]) for row in rows(finance)]
    assert told == [
        (1, "USD", "14478.17", "currency", None, "223021", "2026-10-30", "2026-11-06", False, "open"),
        (2, "CNY", "102900.00", "abroad", "GB", "223021", "2026-10-30", "2026-11-06", False, "open")]
    # The same statements again bring nothing new.
    again = finance.folder / "again.xml"
    again.write_text((finance.folder / "cny.xml").read_text() + "\n")
    finance.ctl("--who", "li", "money", "statement", "import", again)
    assert len(rows(finance)) == 2
    assert "2026-11-06" in finance.ctl("money", "declaration", "list", "--due", "--zh").stdout


def test_the_fee_basis_is_what_the_money_was_matched_to(finance, place):
    with finance.client() as client:
        ids = [story.location_id(client.post("/fhir/Claim", traffic.bill("B-%d" % n, "nobody"), headers=traffic.FHIR)) for n in (1, 2)]
    refs = [place.database.value("SELECT ref FROM zhifu.claim_state WHERE claim_id = %s", (each,)) for each in ids]
    line = rows(finance)[0]["line"]
    assert rows(finance)[0]["claims"] is None
    for claim, minor in ((ids[0], 1000000), (ids[1], 447817), (ids[0], -1000000)):
        place.database.sql(
            "INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, claim_id, kind, amount_minor, currency,"
            " exponent, by_hand, maker) VALUES (%s, gen_random_uuid(), 1, %s, 0, %s, 1, %s, 'USD', 2, true, 'li')",
            (story.HOSPITAL_ID, line, claim, minor))
    assert rows(finance)[0]["claims"] == refs[1]  # the first was undone
    place.database.sql("INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, claim_id, kind, amount_minor,"
                       " currency, exponent, by_hand, maker) VALUES (%s, gen_random_uuid(), 1, %s, 0, %s, 1, 5, 'USD', 2, true, 'li')",
                       (story.HOSPITAL_ID, line, ids[0]))
    assert rows(finance)[0]["claims"] == ", ".join(sorted(refs))


def test_a_person_says_what_the_statement_does_not(finance):
    onshore = [line["line"] for line in finance.ctl_json("money", "suspense", "list")["suspense"]
               if line["line"] not in [row["line"] for row in rows(finance)] and line["amount"]["amount"] == "102900.00"]
    assert len(onshore) == 1
    assert say(finance, "add", onshore[0], check=False).returncode == 2  # why?
    say(finance, "add", onshore[0], "--why", "the administrator pays from Singapore")
    assert [(row["no"], row["ground"], row["due"]) for row in rows(finance)][2] == (3, "person", "2026-11-06")
    twice = say(finance, "add", onshore[0], "--why", "again", check=False)
    assert twice.returncode == 1 and "has the declaration 3 already" in twice.stderr
    charge = [line["line"] for line in finance.ctl_json("money", "suspense", "list")["suspense"] if line["amount"]["amount"] == "-25.00"]
    assert "money went out" in say(finance, "add", charge[0], "--why", "x", check=False).stderr
    say(finance, "none", "3", "--why", "it was a domestic transfer after all")
    assert [row["no"] for row in rows(finance, "--due")] == [1, 2]
    assert "needs no declaration" in say(finance, "done", "3", "N1", "--why", "x", check=False).stderr
    say(finance, "set", "3", "223021", "--why", "no: it is to be declared")
    assert [row["no"] for row in rows(finance, "--due")] == [1, 2, 3]


def test_a_code_is_asked_for_and_a_number_ends_it(finance):
    assert say(finance, "set", "1", "22302", "--why", "x", check=False).returncode == 2
    say(finance, "set", "1", "ask", "--why", "the patient has lived here for two years")
    assert rows(finance)[0]["code"] == "ask"
    assert "it has no code yet" in say(finance, "done", "1", "N1", "--why", "x", check=False).stderr
    say(finance, "set", "1", "122030", "--why", "the bank said so on 11-03")
    say(finance, "done", "1", "330100000001", "--why", "declared online")
    assert [row["no"] for row in rows(finance, "--due")] == [2]
    assert "the bank has to change it" in say(finance, "set", "1", "223021", "--why", "x", check=False).stderr
    assert "the bank has to take it back" in say(finance, "none", "1", "--why", "x", check=False).stderr
    say(finance, "done", "1", "330100000002", "--why", "mistyped")
    shown = finance.ctl_json("money", "declaration", "show", "1")
    assert shown["declarations"][0]["number"] == "330100000002"
    assert [act["act"].split(".")[1] for act in shown["acts"]] == ["set", "set", "done", "done"]
    assert "instead of 330100000001" in shown["acts"][3]["why"] and shown["acts"][0]["who"] == "li"
    assert finance.ctl("money", "declaration", "show", "99", check=False).returncode == 1


def test_an_assumed_day_is_counted_anew_when_the_calendar_has_the_year(place):
    calendar = place.folder / "calendar.conf"
    calendar.write_text('name = "own"; years = ();\n')
    story.hospital(place, calendar=str(calendar), bank_accounts=({"code": "USD", "number": "2222", "currency": "USD"},))
    place.daemon.start()
    path = place.folder / "usd.sta"
    path.write_text(MT940.replace("261029", "260929").replace("261030", "260930").replace("1030C", "0930C").replace("1030D", "0930D"))
    place.daemon.ctl("--who", "li", "money", "statement", "import", path)
    assert [(row["due"], row["due_assumed"]) for row in rows(place.daemon)] == [("2026-10-07", True)]
    assert "the calendar lacks the year" in place.daemon.ctl("money", "declaration", "list").stdout
    assert place.daemon.ctl_json("money", "declaration", "recount")["recounted"] == 0
    calendar.write_text('name = "own"; years = ( { year = 2026; source = "x"; holidays = [ "2026-10-01..2026-10-07" ];'
                        ' workdays = [ "2026-10-10" ]; } );\n')
    assert place.daemon.ctl_json("money", "declaration", "recount")["recounted"] == 1
    assert [(row["due"], row["due_assumed"]) for row in rows(place.daemon)] == [("2026-10-13", False)]
