"""Scenario S4 from the bills to the money: an administrator pays for two carriers, with a denial, a patient's share, a
take-back and a fee. The transfer waits for its advice, which comes as a workbook that another program has written, as CSV and
as a letter; each is the same, and what it says is in the books to the fen. With one figure wrong it is parked, and nothing of
it is."""

import collections
import concurrent.futures
import copy
import datetime
import json

import openpyxl
import pytest

import finance
import forger
import story
import traffic
import zhifu

REMITTER, MERIDIAN = "Meridian Health Care", "MERIDIAN HEALTH CARE"
NUMBER = "MERIDIAN HC STMT 2026-10 #0417"
BILLED = {"C1": ("alpha", 1248000), "C2": ("alpha", 896550), "C3": ("beta", 320000), "C4": ("beta", 320000),
          "C5": ("beta", 2173420), "C6": ("alpha", 145000), "C7": ("alpha", 601075)}
BILLS = "https://hospital.example/bill"  # further numbers of claims
PAID = (("C1", 1248000, ""), ("C2", 806895, "896.55 is the member's 10 %"), ("C3", 320000, ""),
        ("C4", 0, "denied, pre-existing condition"), ("C5", 2173420, ""), ("C7", 601075, ""),
        ("C6", -145000, "take-back, disputed"))
PROFILE = {
    "name": "meridian", "remitter": REMITTER, "currency": "CNY", "carriers": {"Alpha": "alpha", "Beta": "beta"},
    "columns": {"claim": "Claim", "carrier": "Carrier", "billed": "Billed", "paid": "Paid", "remark": "Remark", "tax": "Tax"},
    "labels": {"identifier": "Statement no.", "payment_date": "Payment date"},
    "sum_words": ["sum"], "total_words": ["transfer"], "fee_words": ["network fee"], "patient_words": ["member's"],
    "denied_words": ["denied"], "disputed_words": ["disputed"],
}
# Names claims by nothing but the hospital's numbers of the bills.
BILL_PROFILE = {
    "name": "bills", "remitter": "alpha", "currency": "CNY", "columns": {"bill": "Your no.", "billed": "Billed", "paid": "Paid"},
    "labels": {"identifier": "Statement no."}, "total_words": ["transfer"],
}


def yuan(minor):
    return "%s%d.%02d" % ("-" if minor < 0 else "", *divmod(abs(minor), 100))


def billed(place, keep, **more):
    """Seven bills that their insurers have and have not decided."""
    # Accepted unless the advice says otherwise, as it does of C6.
    story.hospital(place, advice_profiles=(PROFILE, BILL_PROFILE), bank_accounts=finance.BANK_ACCOUNTS, take_backs="accepted",
                   bill_systems=["https://hospital.example/claim", BILLS], **more)
    for name in ("alpha", "beta"):
        traffic.Insurer(place, keep, name, {"pend_ms": 3600000})
    story.insurer(place, "gamma", zhifu.free_port())  # to which nothing is sent
    place.daemon.start()
    traffic.permit(place.daemon)
    place.office = finance.Desk(place)
    for name in ("alpha", "beta"):
        place.office.contract(name, "A", REMITTER, payment={"settles": "advice", "fee": {"percent": "3"}},
                              tolerances=[{"currency": "CNY", "residual": "0.10", "hard_max": "50.00"}])
    place.refs = {}
    with place.daemon.client() as client:
        for number, (insurer, cents) in BILLED.items():
            answer = client.post("/fhir/Claim", traffic.bill(number, insurer, cents).replace(b'"USD"', b'"CNY"'),
                                 headers=traffic.FHIR)
            assert answer.status == 201, answer
            place.refs[number] = place.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s",
                                                      (story.location_id(answer),))
    zhifu.wait_until(lambda: place.database.value("SELECT count(*) FROM zhifu.claim_state WHERE books = 1") == len(BILLED)
                     and place.database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0, "all to be billed")
    return place


@pytest.fixture
def up(place, keep):
    return billed(place, keep)


def rows_of(up, wrong=0):
    """The table as the scenario has it, amounts in minor units; wrong: added to what is paid of C5."""
    paid = [[up.refs[n], BILLED[n][0].capitalize(), BILLED[n][1] if cents >= 0 else None, cents + (wrong if n == "C5" else 0), text]
            for n, cents, text in PAID]
    return [[REMITTER], ["Statement no.", NUMBER], ["Payment date", datetime.date(2026, 11, 12)], [],
            ["Claim", "Carrier", "Billed", "Paid", "Remark", "Tax"], *paid, ["sum", None, 5559045, 5004390],
            ["network fee 3 % of 51,493.90", None, None, -154482, "VAT invoice", -8744], ["transfer", None, None, 4849908]]


def workbook(path, rows):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        # Written as the program writes numbers: it keeps them as binary fractions.
        sheet.append([cell / 100 if isinstance(cell, int) else cell for cell in row])
    for cell in sheet["D"]:
        cell.number_format = "#,##0.00"
    book.create_sheet("Notes").append(["nothing"])
    book.save(path)
    return path


def csv(path, rows, charset="utf-8"):
    path.write_text("".join(",".join('"%s"' % ("" if c is None else yuan(c) if isinstance(c, int) else c) for c in row) + "\n"
                            for row in rows), charset)
    return path


def letter_of(up):
    return {
        "remitter": REMITTER, "identifier": NUMBER, "amount": "48499.08", "currency": "CNY", "payment_date": "2026-11-12",
        "claims": [{"claim": up.refs[n], "carrier": BILLED[n][0], **({"billed": yuan(BILLED[n][1])} if cents >= 0 else {}),
                    "paid": yuan(cents), **({"remark": text} if text else {}),
                    **({"difference": {"C2": "patient", "C4": "denied", "C6": "disputed"}[n]} if text else {})}
                   for n, cents, text in PAID],
        "other": [{"kind": "fee", "amount": "-1544.82", "tax": "-87.44", "remark": "VAT invoice"}]}


def letter(path, up):
    path.write_text(json.dumps(letter_of(up)))
    return path


def ctl(up, *words, expect=0):
    done = up.daemon.ctl("--json", *words, "--who", "li", check=False)
    assert done.returncode == expect, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def account(up, name, rules="%"):
    return up.database.value("SELECT coalesce(sum(CASE WHEN debit = %s THEN amount_minor ELSE -amount_minor END), 0)::bigint"
                             " FROM zhifu.posting WHERE %s IN (debit, credit) AND rule LIKE %s", (name, name, rules))


def owed(up, number):
    """What is open of a bill, and how it stands."""
    row, = up.database.sql("SELECT r.open_minor, r.standing FROM zhifu.receivable r JOIN zhifu.claim_state s"
                           " USING (hospital_id, claim_id) WHERE s.ref = %s", (up.refs[number],))
    return row["open_minor"], row["standing"]


def postings_of(up):
    return {(row["entry_id"], row["no"]): row for row in up.database.sql("SELECT * FROM zhifu.posting")}


def journal_since(up, before):
    """What was posted since postings_of(): account -> (debit, credit), without what only passes through. What was announced and
    has come passes through as well."""
    sides = collections.defaultdict(lambda: [0, 0])
    for row in [row for key, row in postings_of(up).items() if key not in before]:
        sides[row["debit"]][0] += row["amount_minor"]
        sides[row["credit"]][1] += row["amount_minor"]
    for name in ("CONV", "CLR-REM-ALPHA", "CLR-REM-BETA", "REM-ANN-ALPHA", "REM-ANN-BETA"):
        through = sides.pop(name)
        assert through[0] == through[1] > 0, (name, through)
    return {name: tuple(both) for name, both in sides.items()}


def settled(up):
    zhifu.wait_until(lambda: up.database.value("SELECT count(*) FROM zhifu.fact WHERE status = 1") == 0, "all facts to be applied")
    assert up.database.sql("SELECT kind, why FROM zhifu.fact WHERE status NOT IN (2, 6)") == []


def settled_but_orphans(up):
    zhifu.wait_until(lambda: up.database.value("SELECT count(*) FROM zhifu.fact WHERE status = 1") == 0, "all facts to be applied")


def test_scenario_4(up):
    june = up.folder / "june.json"
    june.write_text(json.dumps({
        "remitter": REMITTER, "identifier": "MERIDIAN HC STMT 2026-06 #0201", "amount": "1450.00", "currency": "CNY",
        "payment_reference": "TRF 7781-2026-07",
        "claims": [{"claim": up.refs["C6"], "carrier": "alpha", "billed": "1450.00", "paid": "1450.00"}]}))
    # Ten clerks at once: one is first.
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: ctl(up, "money", "remittance", "enter", str(june), "--why", "letter of 2 July"), range(10)))
    assert sorted(a["outcome"] for a in answers) == ["counts", *["known"] * 9], answers
    settled(up)
    assert account(up, "CLR-REM-ALPHA") == 145000
    up.office.statement("CNY", "07-02", ("1450.00", MERIDIAN, "PAYMENT TRF 7781-2026-07"))
    up.office.looked()
    assert account(up, "CLR-REM-ALPHA") == 0 and account(up, "AR-ALPHA") == 1248000 + 896550 + 601075
    assert owed(up, "C6") == (0, 2)

    # The money is there days before its advice, and does not find its home by luck.
    line, = up.office.statement("CNY", "11-12", ("48499.08", MERIDIAN, "MERIDIAN HC STMT 2026-10 #0"))
    up.office.looked()
    waits, = up.daemon.ctl_json("money", "match", "list")["items"]
    assert (waits["payer"], waits["why"], waits["candidates"]) == (REMITTER, "payer known, statement number cut, no advice", 0)
    suspended, = up.daemon.ctl_json("money", "suspense", "list")["suspense"]
    assert suspended["reason"] == "from Meridian Health Care: payer known, statement number cut, no advice", suspended
    assert "对账单号被截断" in up.daemon.ctl("--zh", "money", "suspense", "list").stdout
    assert account(up, "SUSP") == -4849908 == -account(up, "BANK-CNY") + 145000
    before = up.database.value("SELECT count(*) FROM zhifu.posting")
    there = postings_of(up)

    # One figure wrong: it is parked, and the books are as they were.
    parked = ctl(up, "money", "remittance", "import", str(workbook(up.folder / "wrong.xlsx", rows_of(up, wrong=-18))),
                 "--profile", "meridian")
    assert parked["outcome"] == "parked" and parked["difference"] == {"amount": "-0.18", "currency": "CNY"}, parked
    assert parked["arithmetic"].endswith("its details are 0.18 too little"), parked
    assert [fault["path"] for fault in parked["faults"]] == ["D13"], parked
    shown = up.daemon.ctl("money", "remittance", "show", parked["id"], "--zh", "--who", "li").stdout
    assert "明细少了 0.18" in shown and "搁置" in shown, shown
    assert up.database.value("SELECT count(*) FROM zhifu.posting") == before
    assert up.database.value("SELECT count(*) FROM zhifu.remittance") == 1

    # The right one takes its place, with a reason.
    right = workbook(up.folder / "right.xlsx", rows_of(up))
    told = ctl(up, "money", "remittance", "import", str(right), "--profile", "meridian", expect=1)
    assert told["outcome"] == "needs-why" and told["there_standing"] == "parked", told
    made = ctl(up, "money", "remittance", "import", str(right), "--profile", "meridian", "--why", "corrected by Meridian")
    assert made["outcome"] == "counts" and made["version"] == 2 and made["decisions"] == 6 and made["strangers"] == 0, made
    assert made["arithmetic"] == ("paid 51,493.90, taken back -1,450.00, fees -1,544.82: together 48,499.08 CNY,"
                                  " as the advice says"), made
    settled(up)

    # To the fen, and by carrier. June's 1,450.00 was announced, and is taken back.
    assert account(up, "CLR-REM-ALPHA", "announce%") == 2655970 - 79679
    assert account(up, "CLR-REM-BETA", "announce%") == 2493420 - 74803
    assert account(up, "AR-PT") == 89655
    zhifu.wait_until(lambda: up.daemon.ctl_json("money", "match", "list")["items"] == [], "the money to find its home")
    assert journal_since(up, there) == {
        "SUSP": (4849908, 0), "FEE-TPA": (154482, 0), "AR-PT": (89655, 0), "AR-ALPHA": (145000, 2745625), "AR-BETA": (0, 2493420)}
    assert [account(up, name) for name in ("CLR-REM-ALPHA", "CLR-REM-BETA", "REM-ANN-ALPHA", "REM-ANN-BETA", "SUSP")] == [0] * 5
    assert [owed(up, number)[0] for number in ("C1", "C2", "C3", "C5", "C7")] == [0] * 5
    assert owed(up, "C4") == (320000, 3)  # denied, to be appealed
    assert up.database.value("SELECT accepts_take_backs FROM zhifu.hospital WHERE code = 'HZ1'") is True
    assert owed(up, "C6") == (145000, 4)  # disputed
    states = {row["number"]: (row["adjudication"], row["payment"]) for row in up.database.sql(
        "SELECT c.ref AS number, s.adjudication, s.payment FROM zhifu.claim c JOIN zhifu.claim_state s USING (hospital_id, claim_id)")}
    denied, paid = states[up.refs["C4"]], states[up.refs["C1"]]
    assert denied != paid and denied[1] == 0, states
    reported(up)
    # The hospital's system reads both where it reads those of modules: what is announced, and the decision with its reason.
    with up.daemon.client() as client:
        read = client.get("/fhir/PaymentReconciliation/" + made["id"])
        assert read.status == 200 and read.json()["paymentAmount"]["value"] == "48499.08", read
        claim_id = up.database.value("SELECT claim_id::text FROM zhifu.claim WHERE ref = %s", (up.refs["C2"],))
        found = client.get("/fhir/ClaimResponse?request=Claim/" + claim_id).json()
        assert [entry["resource"]["disposition"] for entry in found["entry"]] == ["896.55 is the member's 10 %"], found
    shares = {row["carrier"]: row["amount"] for row in up.database.sql(
        "SELECT carrier, sum(amount_minor)::bigint AS amount FROM zhifu.remittance_share WHERE remittance_id = %s GROUP BY 1",
        (made["id"],))}
    assert shares == {"alpha": 2655970 - 145000 - 79679, "beta": 2493420 - 74803}, shares
    assert up.daemon.ctl("ledger", "balance").returncode == 0
    assert "payment" not in up.daemon.ctl("queue", "orphans").stdout  # the fee is of no claim, and nobody need look for one

    # The same again, in each form and ten times at once.
    postings = up.database.value("SELECT count(*) FROM zhifu.posting")
    forms = [["import", str(csv(up.folder / "right.csv", rows_of(up))), "--profile", "meridian"],
             ["enter", str(letter(up.folder / "right.json", up)), "--why", "by post as well"],
             *[["import", str(right), "--profile", "meridian"]] * 8]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda words: ctl(up, "money", "remittance", *words), forms))
    assert [(a["outcome"], a["id"]) for a in answers] == [("known", made["id"])] * 10, answers
    # Another content under its number is refused, and both are shown.
    other = ctl(up, "money", "remittance", "import", str(workbook(up.folder / "other.xlsx", rows_of(up, wrong=100))),
                "--profile", "meridian", "--why", "it is better", expect=1)
    assert other["outcome"] == "differs" and other["there_amount"]["amount"] == "48499.08", other
    settled(up)
    assert up.database.value("SELECT count(*) FROM zhifu.posting") == postings
    listed = ctl(up, "money", "remittance", "list")["remittances"]
    assert sorted(row["standing"] for row in listed) == ["counts", "counts", "replaced"], listed
    undone(up, line)
    numbered(up)


def numbered(up):
    """Transfers that name nothing but the hospital's own number: a claim's first identifier or another, whole, and
    of one claim."""
    claims = {"HC2026X0001": ("ZY-2026-000777", 70000), "HC2026X0002": ("ZY-2026-000778", 80000), "HC2026X0003": (
        "ZY-2026-000779", 90000), "HC2026X0004": ("ZY-2026-000800", 65000), "HC2026X0005": ("ZY-2026-000800", 65000), "HC2026X0006": (
        "ZY-2026-000781", 70000), "HC2026X0007": ("ZY-2026-000790", 55000)}
    before = up.database.value("SELECT count(*) FROM zhifu.receivable")

    with up.daemon.client() as client:
        for number, (further, cents) in claims.items():
            made = json.loads(traffic.bill(number, "alpha", cents).replace(b'"USD"', b'"CNY"'))
            made["identifier"].append({"system": BILLS, "value": further})
            answer = client.post("/fhir/Claim", json.dumps(made).encode(), headers=traffic.FHIR)
            assert answer.status == 201, answer
            up.refs[number] = up.database.value("SELECT ref FROM zhifu.claim WHERE claim_id = %s", (story.location_id(answer),))
    # What another hospital has under the very same hash is not looked at.
    up.database.sql("INSERT INTO zhifu.claim_identifier (hospital_id, hash, claim_id) SELECT DISTINCT '019ab2c4-5a00-7000-8000-0000000000b2'::uuid, i.hash,"
                    " c.claim_id FROM zhifu.claim_identifier i, zhifu.claim c WHERE c.ref = %s", (up.refs["HC2026X0006"],))
    zhifu.wait_until(lambda: up.database.value("SELECT count(*) FROM zhifu.receivable") == before + len(claims)
                     and up.database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0, "all to be billed")
    lines = up.office.statement("CNY", "11-20", *((amount, MERIDIAN, text) for amount, text in (
        ("700.00", "BILL ZY-2026-000777 OF OCTOBER"), ("800.00", "INV hc2026x0002/1"), ("900.00", "BILL ZY-2026-00077"),
        ("650.00", "BILL ZY-2026-000800"), ("550.00", " ".join(["ZY-2026-000790", *("R%05d" % n for n in range(24))])))))
    up.office.looked()
    assert [owed(up, number)[0] for number in claims] == [0, 0, 90000, 65000, 65000, 70000, 55000]
    waits = {item["line"]: (item["why"], item["candidates"]) for item in up.daemon.ctl_json("money", "match", "list")["items"]}
    of = {row["amount_minor"]: row["line_id"] for row in up.database.sql(
        "SELECT amount_minor, line_id FROM zhifu.bank_line WHERE line_id = ANY (%s::uuid[])", (lines,))}
    assert waits == {of[90000]: ("payer known, its advice has not come", 0), of[65000]: ("several answers are equally good", 2),
                     of[55000]: ("it may name more bills than are looked up in one line", 1)}
    for candidate in up.daemon.ctl_json("money", "match", "show", of[65000])["candidates"]:
        assert "the payment names the hospital's number of the claim" in [reason["reason"] for reason in candidate["reasons"]]
    advised(up)
    up.office.holds()
    mistyped(up)


def mistyped(up):
    """Of the numbers that were found nothing is kept but their form. What has that form and is nobody's waits, whatever the amount;
    what is one slip away from a claim's number names it."""
    office, payer = up.office, "Sunrise Assistance"
    assert sorted(up.database.value("SELECT forms FROM zhifu.match_turn").split()) == ["HC####@####", "ZY##########"]
    contract = office.contract("gamma", "A", payer, payment={"settles": "single"})
    named, same, other, alone, late = (office.claim(contract, "11-01", amount) for amount in ("456.00", "456.00", "123.00", "789.00", "234.00"))
    # one bill of two, of which another owes the other
    up.database.sql("INSERT INTO zhifu.claim_identifier (hospital_id, hash, claim_id) SELECT DISTINCT i.hospital_id, i.hash, %s::uuid"
                    " FROM zhifu.claim_identifier i JOIN zhifu.claim c USING (hospital_id, claim_id) WHERE c.ref = %s"
                    " AND i.hash NOT IN (SELECT k.key_hash FROM zhifu.idempotency k)", (named.id, up.refs["HC2026X0006"]))

    def left(claim):
        return up.database.value("SELECT open_minor FROM zhifu.receivable WHERE claim_id = %s", (claim.id,))

    slip, strange, plain = office.statement("CNY", "11-20", ("456.00", payer.upper(), "BILL ZY-2026-00781"), (
        "123.00", payer.upper(), "BILL ZY-2026-000999"), ("789.00", payer.upper(), "TREATMENT"))
    office.looked()
    assert [left(claim) for claim in (named, same, other, alone)] == [0, 45600, 12300, 0]
    waits = {item["line"]: item["why"] for item in up.daemon.ctl_json("money", "match", "list")["items"]}
    assert slip not in waits and plain not in waits
    assert waits[strange] == "it names a number like ours that is nobody's, so the amount alone decides nothing"
    candidate, = up.daemon.ctl_json("money", "match", "show", strange)["candidates"]
    assert candidate["parts"][0]["ref"] == other.ref, candidate
    up.daemon.restart()
    again, = office.statement("CNY", "11-23", ("234.00", payer.upper(), "BILL ZY-2026-000998"))
    office.looked()
    waits = {item["line"]: item["why"] for item in up.daemon.ctl_json("money", "match", "list")["items"]}
    assert left(late) == 23400 and waits[again] == waits[strange]
    office.holds()


def advised(up):
    """An advice that names nothing but such numbers: as they were submitted, in small letters, in groups; of several claims of
    the carrier, of another carrier's, and of nobody's."""
    before = account(up, "CLR-REM-ALPHA")
    rows = [["Statement no.", "B-1"], [], ["Your no.", "Billed", "Paid"], ["zy-2026-000781", 70000, 68000], ["HC 2026 X0007", 55000, 55000],
            ["ZY-2026-000800", 65000, 65000], ["C3", None, 320000], ["ZY-2026-00078", None, 100], ["transfer", None, 508100]]
    made = ctl(up, "money", "remittance", "import", str(csv(up.folder / "bills.csv", rows)), "--profile", "bills")
    assert (made["outcome"], made["details"], made["decisions"], made["strangers"]) == ("counts", 5, 2, 3), made
    assert [(fault["code"], fault["path"]) for fault in made["faults"]] == [("advice-bill", "6")], made
    whose = {row["amount_minor"]: (row["ref"], row["claim_ref"], row["why"]) for row in up.database.sql(
        "SELECT d.amount_minor, s.ref, d.claim_ref, f.why FROM zhifu.remittance_detail d LEFT JOIN zhifu.claim_state s USING"
        " (hospital_id, claim_id) JOIN zhifu.fact f ON f.remittance_id = d.remittance_id AND f.detail = d.no WHERE d.remittance_id = %s",
        (made["id"],))}
    stranger = "it names a claim that is not here, or another insurer's"
    assert whose == {68000: (up.refs["HC2026X0006"],) * 2 + (None,), 55000: (up.refs["HC2026X0007"],) * 2 + (None,), 65000: (
        None, None, "several claims have the number of the bill that it names"), 320000: (None, None, stranger),
        100: (None, None, stranger)}, whose
    settled_but_orphans(up)
    assert account(up, "CLR-REM-ALPHA") - before == 68000 + 55000
    shown = up.daemon.ctl_json("money", "remittance", "show", made["id"], "--who", "li")
    assert [detail["bill"] for detail in shown["details"]] == [row[0] for row in rows[3:8]]
    # Of those that have a number the one whose postings were taken back is none.
    up.database.sql("UPDATE zhifu.claim_state SET books = 5 WHERE ref = %s", (up.refs["HC2026X0005"],))
    text = {"remitter": "alpha", "identifier": "B-2", "amount": "650.00", "currency": "CNY",
            "claims": [{"claim": "HZ10000000000000", "bill": "ZY-2026-000800", "billed": "650.00", "paid": "650.00"}]}
    path = up.folder / "one.json"
    path.write_text(json.dumps(text))
    made = ctl(up, "money", "remittance", "enter", str(path), "--why", "letter")
    assert (made["outcome"], made["strangers"], made["faults"]) == ("counts", 0, []), made
    settled_but_orphans(up)
    assert account(up, "CLR-REM-ALPHA") - before == 68000 + 55000 + 65000
    up.database.sql("UPDATE zhifu.claim_state SET books = 1 WHERE ref = %s", (up.refs["HC2026X0005"],))


def reported(up):
    """C4 is denied and has an owner until the appeal, by default 30 days; C6 is disputed; the denial counts for Beta alone."""
    c4, = up.daemon.ctl_json("money", "report", "denied")["items"]
    answered = datetime.date.fromisoformat(c4["since"])
    assert (c4["claim"], c4["carrier"], c4["open"]["amount"], c4["owner"], c4["due"]) == (
        up.refs["C4"], "beta", "3200.00", "insurance-officer", (answered + datetime.timedelta(30)).isoformat()), c4
    c6, = up.daemon.ctl_json("money", "report", "dispute")["items"]
    assert (c6["claim"], c6["carrier"], c6["open"]["amount"]) == (up.refs["C6"], "alpha", "1450.00"), c6
    denied = {row["party"]: row["denied"] for row in up.daemon.ctl_json("money", "report", "scoreboard")["scoreboard"]}
    assert denied == {"alpha": 0, "beta": 1, REMITTER: None}, denied


def undone(up, line):
    """Undone, all of it is as it was, and waits for a person; accepted, it is as before."""
    office = up.office
    shown = up.daemon.ctl_json("money", "match", "show", line)
    office.ctl("money", "match", "undo", shown["allocations"][0]["allocation"], "--why", "for another month")
    office.looked()
    assert account(up, "SUSP") == -4849908 and account(up, "REM-ANN-BETA") == -(2493420 - 74803)
    assert [owed(up, number)[0] for number in ("C1", "C4", "C6")] == [1248000, 320000, 0]
    candidate, = up.daemon.ctl_json("money", "match", "show", line)["candidates"]
    assert candidate["kind"] == "remittance" and candidate["sound"], candidate
    office.holds()
    office.ctl("money", "match", "accept", line, candidate["candidate"], "--why", "it is this month's after all")
    assert owed(up, "C6") == (145000, 4) and account(up, "SUSP") == 0
    again = office.ctl("money", "match", "accept", line, candidate["candidate"], "--why", "twice", check=False)
    assert "not accepted" in again.stderr
    office.holds()


def test_a_claim_that_nobody_knows_waits_for_a_person(up):
    text = {"remitter": REMITTER, "identifier": "X-1", "amount": "30.00", "currency": "CNY",
            "claims": [{"claim": "HZ10000000000000", "carrier": "alpha", "paid": "20.00"},
                       {"claim": up.refs["C1"], "carrier": "beta", "paid": "10.00"}]}
    path = up.folder / "unknown.json"
    path.write_text(json.dumps(text))
    made = ctl(up, "money", "remittance", "enter", str(path), "--why", "letter")
    assert made["outcome"] == "counts" and made["strangers"] == 2, made
    assert up.database.value("SELECT count(*) FROM zhifu.fact WHERE status = 4 AND remittance_id = %s", (made["id"],)) == 2
    assert up.database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'announce'") == 0
    assert up.daemon.ctl("queue", "orphans").stdout.count("payment") == 2
    # Withdrawn it waits for nobody.
    ctl(up, "money", "remittance", "withdraw", made["id"], "--why", "meant for another hospital")
    assert up.daemon.ctl("queue", "orphans").stdout.count("payment") == 0

    # One that told decisions, of C2 a wrong one: what it announced is taken back to the fen, and the corrected one decides anew.
    def enter(paid, why, expect=0):
        path.write_text(json.dumps({
            "remitter": REMITTER, "identifier": "X-2", "amount": yuan(1248000 + paid - 1000), "currency": "CNY", "claims": [
                {"claim": up.refs["C1"], "carrier": "alpha", "billed": "12480.00", "paid": "12480.00"},
                {"claim": up.refs["C2"], "carrier": "alpha", "billed": "8965.50", "paid": yuan(paid), "difference": "patient"}],
            "other": [{"kind": "fee", "amount": "-10.00"}]}))
        return ctl(up, "money", "remittance", "enter", str(path), "--why", why, expect=expect)

    def state(number):
        row = up.database.sql("SELECT payment, books FROM zhifu.claim_state WHERE ref = %s", (up.refs[number],))[0]
        return row["payment"], row["books"]
    first = enter(796550, "letter")
    assert (first["outcome"], first["decisions"]) == ("counts", 2), first
    zhifu.wait_until(lambda: (state("C1"), state("C2")) == ((1, 3), (1, 3)), "both to be announced")
    assert account(up, "CLR-REM-ALPHA") == 1248000 + 796550 - 1000 and account(up, "AR-PT") == 100000
    done = ctl(up, "money", "remittance", "withdraw", first["id"], "--why", "they paid 9 less of C2")
    assert (done["standing"], done["known"]) == ("withdrawn", False), done
    assert ctl(up, "money", "remittance", "withdraw", first["id"], "--why", "again")["known"] is True
    assert account(up, "CLR-REM-ALPHA") == 0 and account(up, "REM-ANN-ALPHA") == 0
    assert (state("C1"), state("C2")) == ((0, 2), (0, 2))
    shown = ctl(up, "money", "remittance", "show", first["id"])
    assert (shown["standing"], shown["decided_by"], shown["decided_why"]) == ("withdrawn", "li", "they paid 9 less of C2"), shown
    assert enter(796550, "again")["outcome"] == "known"
    second = enter(795650, "the corrected letter")
    assert (second["outcome"], second["version"], second["decisions"]) == ("counts", 2, 2), second
    zhifu.wait_until(lambda: (state("C1"), state("C2")) == ((1, 3), (1, 3)), "both to be announced")
    settled(up)
    assert account(up, "CLR-REM-ALPHA") == 1248000 + 795650 - 1000 and account(up, "AR-PT") == 100900
    assert up.database.value("SELECT string_agg(event, ' ' ORDER BY seq) FROM zhifu.claim_event JOIN zhifu.claim_state USING (claim_id)"
                             " WHERE ref = %s AND axis = 4", (up.refs["C2"],)) == "announce withdraw announce"
    # Where its money is allocated that is undone first.
    up.database.sql("INSERT INTO zhifu.remittance_paid SELECT hospital_id, remittance_id, gen_random_uuid() FROM zhifu.remittance"
                    " WHERE remittance_id = %s", (second["id"],))
    late = up.daemon.ctl("money", "remittance", "withdraw", second["id"], "--why", "late", "--who", "li", check=False)
    assert late.returncode == 1 and "its money is allocated" in late.stderr, late
    assert up.database.value("SELECT count(*) FROM zhifu.remittance WHERE withdrawn_at IS NULL") == 1
    assert up.daemon.ctl_json("ledger", "balance")["balanced"] is True

    # Beside a claim that is here one from before: the advice waits, and a person has the one paid and the other's money stay.
    number, before = "MERIDIAN HC STMT 2026-10 #0999", account(up, "CLR-REM-ALPHA")
    path.write_text(json.dumps({
        "remitter": REMITTER, "identifier": number, "amount": "6660.75", "currency": "CNY", "claims": [
            {"claim": up.refs["C7"], "carrier": "alpha", "billed": "6010.75", "paid": "6010.75"},
            {"insurer_claim": "OLD-2019-1", "carrier": "alpha", "paid": "700.00"},
            {"insurer_claim": "OLD-2019-2", "carrier": "alpha", "paid": "-50.00"}]}))
    assert ctl(up, "money", "remittance", "enter", str(path), "--why", "letter")["strangers"] == 2
    settled_but_orphans(up)
    line, = up.office.statement("CNY", "11-12", ("6660.75", MERIDIAN, number))
    up.office.looked()
    waits, = up.daemon.ctl_json("money", "match", "list")["items"]
    assert (waits["why"], waits["candidates"]) == ("its advice names claims that are not here", 1), waits
    candidate, = up.daemon.ctl_json("money", "match", "show", line)["candidates"]
    assert candidate["sound"] and [(p["kind"], p["amount"]["amount"]) for p in candidate["parts"]] == [
        ("payment", "6010.75"), ("stays", "700.00"), ("adjusted", "-50.00")], candidate
    up.office.ctl("money", "match", "accept", line, candidate["candidate"], "--why", "the old system had them")
    assert owed(up, "C7")[0] == 0 and account(up, "SUSP") == -70000 and account(up, "ADJ") == 5000
    assert account(up, "CLR-REM-ALPHA") == before
    up.office.looked()
    left, = up.daemon.ctl_json("money", "match", "list")["items"]
    assert left["open"]["amount"] == "700.00", left
    takes_off(up, path)
    up.office.holds()


def takes_off(up, path):
    """What a letter takes off, hard_max of 50.00: so much finds its home by itself, and a fen more waits for a person, who may not either."""
    before, lines = account(up, "ADJ"), {}
    for number, minor in (("C3", 5001), ("C4", 5000)):
        said = "MERIDIAN HC STMT 2026-11 #%d" % minor
        path.write_text(json.dumps({
            "remitter": REMITTER, "identifier": said, "amount": yuan(320000 - minor), "currency": "CNY",
            "claims": [{"claim": up.refs[number], "carrier": "beta", "billed": "3200.00", "paid": "3200.00"}],
            "other": [{"kind": "adjustment", "amount": yuan(-minor), "carrier": "beta"}]}))
        assert ctl(up, "money", "remittance", "enter", str(path), "--why", "letter")["outcome"] == "counts"
        lines[number] = said, yuan(320000 - minor)
    settled_but_orphans(up)
    over, _ = up.office.statement("CNY", "11-13", *((amount, MERIDIAN, said) for said, amount in lines.values()))
    up.office.looked()
    assert owed(up, "C4") == (0, 2) and owed(up, "C3")[0] == 320000 and account(up, "ADJ") == before + 5000
    waits, = [i for i in up.daemon.ctl_json("money", "match", "list")["items"] if i["line"] == over]
    assert (waits["why"], waits["candidates"], waits["payer"]) == (
        "its advice takes off more than hard_max of the claim's contract lets anybody let go", 1, REMITTER), waits
    suspended, = [s for s in up.daemon.ctl_json("money", "suspense", "list")["suspense"] if s["line"] == over]
    assert suspended["reason"] == "from %s: %s" % (REMITTER, waits["why"]), suspended
    assert "扣减超过合同允许放弃的限额" in up.daemon.ctl("--zh", "money", "match", "list").stdout
    candidate, = up.daemon.ctl_json("money", "match", "show", over)["candidates"]
    assert candidate["sound"], candidate
    refused = up.office.ctl("money", "match", "accept", over, candidate["candidate"], "--why", "theirs", check=False)
    assert refused.returncode == 1 and "allows anybody" in refused.stderr and owed(up, "C3")[0] == 320000, refused


# --- what a module brings ---


def changed(more=0, rows=()):
    """An insurer's remittances, each with so much more as its total, and with rows (type, minor units) of no claim."""
    def change(body):
        bundle = json.loads(body)
        for entry in bundle.get("entry", ()):
            told = entry["resource"]
            if told["resourceType"] != "PaymentReconciliation":
                continue
            told["paymentAmount"]["value"] = round(told["paymentAmount"]["value"] + (more + sum(a for _, a in rows)) / 100, 2)
            for kind, minor in rows:
                row = copy.deepcopy({k: v for k, v in told["detail"][0].items() if k in ("amount", "date")})
                row["type"] = {"coding": [{"code": kind}]}
                row["identifier"] = {"value": "ROW-1"}
                row["amount"]["value"] = minor / 100
                told["detail"].append(row)
        return json.dumps(bundle).encode()
    return forger.whole(change, traffic.FHIR["Content-Type"])


def front(place, keep):
    """An insurer that is asked for remittances, with somebody in between."""
    made = traffic.Insurer(place, keep, "alpha", {"plan_currency": "CNY", "pay_every": 1}, {
        "poll_interval_s": 1, "keys": {"remittance_path": "/PaymentReconciliation"}})
    made.front = keep(forger.Forger(place.pki, made.port))
    text = (place.folder / "insurers.d" / "alpha.conf").read_text()
    place.insurer("alpha", text.replace(":%d/" % made.port, ":%d/" % made.front.port))
    return made.front


def send(up, number):
    with up.daemon.client() as client:
        answer = client.post("/fhir/Claim", traffic.bill(number).replace(b'"USD"', b'"CNY"'), headers=traffic.FHIR)
        assert answer.status == 201, answer
    return story.location_id(answer)


def parked_one(up):
    return zhifu.wait_until(lambda: ctl(up, "money", "remittance", "list", "--parked")["remittances"], "one that is parked")[0]


def forge(up, front, change):
    """From now on the insurer's remittances are so."""
    with front.lock:
        front.planned.clear()
    front.attacks("GET PaymentReconciliation", {str(n): change for n in range(5000)})


def test_a_module_brings_what_does_not_balance(place, keep):
    """It is parked as if a person had brought it, however often it comes, and the claim's decision counts. Released, refused or
    corrected by its insurer it is as any other."""
    story.hospital(place)
    alpha = front(place, keep)
    place.daemon.start()
    traffic.permit(place.daemon)
    forge(place, alpha, changed(more=10))
    claim = send(place, "M-990") # 19.90, of which the insurer pays 17.91
    one = parked_one(place)
    assert (one["form"], one["remitter"], one["amount"]["amount"], one["details"]["amount"]) == ("module", "alpha", "18.01", "17.91"), one
    shown = ctl(place, "money", "remittance", "show", one["id"])
    assert shown["arithmetic"].endswith("its details are 0.10 too little"), shown
    assert shown["details"][0]["claim"] == place.database.value("SELECT ref FROM zhifu.claim"), shown
    zhifu.wait_until(lambda: place.database.value("SELECT adjudication FROM zhifu.claim_state") in (3, 4), "the decision")
    settled(place)
    assert place.database.value("SELECT count(*) FROM zhifu.remittance") == 0
    assert place.database.value("SELECT count(*) FROM zhifu.posting WHERE rule LIKE 'announce%%'") == 0
    assert "付款通知的各笔付款与费用合计 17.91,其总额为 18.01 CNY:已搁置。" in place.database.value(
        "SELECT why FROM zhifu.fact WHERE kind = 6")
    month = datetime.date.today().strftime("%Y-%m")
    red = [c for c in ctl(place, "money", "close", month, "--check", expect=1)["checks"] if c["check"] == "remittance_parked"]
    assert len(red) == 1 and red[0]["subject"] == "alpha" and red[0]["state"] == "red", red

    made = ctl(place, "money", "remittance", "release", one["id"], "--why", "interest, says alpha")
    assert (made["outcome"], made["version"]) == ("counts", 2), made
    zhifu.wait_until(lambda: place.database.value("SELECT payment FROM zhifu.claim_state") == 1, "the announcement")
    settled(place)
    assert account(place, "CLR-REM-ALPHA") == 1801
    asked = len(alpha.served)
    zhifu.wait_until(lambda: len(alpha.served) > asked + 2, "it to come again")
    assert [(r["version"], r["standing"]) for r in ctl(place, "money", "remittance", "list")["remittances"]] == [(2, "counts"), (1, "replaced")]

    # Withdrawn it is announced no more, and what comes again is what was known.
    ctl(place, "money", "remittance", "withdraw", made["id"], "--why", "alpha knows of no interest")
    assert account(place, "CLR-REM-ALPHA") == 0
    assert place.database.value("SELECT payment FROM zhifu.claim_state") == 0
    asked = len(alpha.served)
    zhifu.wait_until(lambda: len(alpha.served) > asked + 2, "it to come again")
    assert [(r["version"], r["standing"]) for r in ctl(place, "money", "remittance", "list")["remittances"]] == [(2, "withdrawn"), (1, "replaced")]

    # Refused it is gone, however often it comes.
    other = send(place, "M-995") # 19.95, of which 17.95 or 17.96 is paid
    two = parked_one(place)
    ctl(place, "money", "remittance", "refuse", two["id"], "--why", "theirs is wrong")
    asked = len(alpha.served)
    zhifu.wait_until(lambda: len(alpha.served) > asked + 2, "it to come again")
    assert ctl(place, "money", "remittance", "list", "--parked")["remittances"] == []
    # Until its insurer corrects it, and keeps a fee, gives an advance, and sets off an old debt.
    forge(place, alpha, changed(rows=(("fee", -100), ("advance", 50), ("netting", -30))))
    zhifu.wait_until(lambda: place.database.value("SELECT payment FROM zhifu.claim_state WHERE claim_id = %s", (other,)) == 1,
                     "the corrected one")
    settled(place)
    paid = place.database.value("SELECT amount_minor FROM zhifu.remittance_detail WHERE claim_id = %s AND kind = 1", (other,))
    rows = place.database.sql("SELECT d.kind, d.amount_minor AS amount FROM zhifu.remittance_detail d JOIN zhifu.remittance m USING"
                              " (hospital_id, remittance_id) WHERE m.amount_minor = %s AND d.claim_id IS NULL ORDER BY d.no", (paid - 80,))
    assert [(r["kind"], r["amount"]) for r in rows] == [(2, -100), (3, 50), (4, -30)], rows

    def announced(amount):
        """Is that what is announced, besides the first claim's? Its own may come anew at any time."""
        others = place.database.value(
            "SELECT coalesce(sum(amount_minor), 0)::bigint FROM zhifu.remittance WHERE withdrawn_at IS NULL AND amount_minor <> %s", (paid - 80,))
        assert others in (0, 1791 - 80)
        return account(place, "CLR-REM-ALPHA") == others + amount
    module = place.database.value("SELECT remittance_id::text FROM zhifu.remittance WHERE amount_minor = %s", (paid - 80,))
    zhifu.wait_until(lambda: announced(paid - 80), "the announcement")
    assert place.database.value("SELECT DISTINCT amount_minor FROM zhifu.posting WHERE rule = 'announce_fee'") == 100
    # What a module brought is withdrawn likewise, and does not come back as it was.
    ctl(place, "money", "remittance", "withdraw", module, "--why", "paid by mistake, says alpha")
    zhifu.wait_until(lambda: announced(0), "it to be taken back")
    asked = len(alpha.served)
    zhifu.wait_until(lambda: len(alpha.served) > asked + 2, "it to come again")
    zhifu.wait_until(lambda: announced(0), "nothing of it")
    shown = ctl(place, "money", "remittance", "show", module)
    assert (shown["standing"], shown["decided_by"]) == ("withdrawn", "li"), shown
    assert place.daemon.ctl_json("ledger", "balance")["balanced"] is True
    assert claim != other
