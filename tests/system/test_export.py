"""The journal for other programs: by the chart, judged by hledger and beancount; CSV as a profile says; each posting in one
export; what is missing is named before a line is written."""

import csv
import decimal
import io
import random
import re
import subprocess
import uuid

import pytest

import judges
import story
import traffic
import zhifu

EXPONENTS = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0}
PLAIN = ["bill", "patient_share", "write_off", "bank_in", "bank_out"]
ACCOUNTS = ["AR-ALPHA", "AR-BETA", "AR-PT", "REV-MED", "CONTR", "SUSP", "BANK-USD", "BANK-CNY", "FEE", "FEE-TPA", "FX",
            "CONV", "CONV-USD", "CLR-REM-ALPHA", "REM-ANN-ALPHA", "OPENING", "DEP", "PROV"]


@pytest.fixture
def books(place):
    """An installation without a running daemon, and post() for its books."""
    story.hospital(place)
    place.post = lambda rows: post(place.database, rows)
    return place


def post(database, rows):
    """Postings as (entry, no, debit, credit, minor, currency, book minor or None, day, rule)."""
    with database.connect() as conn, conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor,"
            " book_day, rule, source_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(story.HOSPITAL_ID, *row[:6], EXPONENTS[row[5]], *row[6:], row[0]) for row in rows])


def entry_of(chance):
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def reverse(rows, entry, day):
    """The same with the sides changed: what undoes it."""
    return [(entry, no, credit, debit, minor, currency, book, day, rule)
            for _, no, debit, credit, minor, currency, book, _, rule in rows]


def history(chance, events):
    """A random life of books: single postings in four currencies, values that came later, conversions through CONV with their
    gain or loss, revaluations that move the value alone, and what undoes them."""
    rows = []
    for _ in range(events):
        entry, day = entry_of(chance), "2026-%02d-%02d" % (chance.randint(9, 12), chance.randint(1, 28))
        currency = chance.choice(["CNY", "CNY", "USD", "EUR", "JPY"])
        debit, credit = chance.sample(ACCOUNTS, 2)
        minor, book = chance.randint(1, 10 ** chance.randint(1, 9)), chance.randint(1, 10 ** chance.randint(1, 9))
        kind = chance.randrange(5)
        made = []
        if kind == 0 and currency != "CNY":
            made = [(entry, 1, debit, credit, minor, currency, None, day, chance.choice(PLAIN))]
            made.append((entry, 10001, debit, credit, 0, currency, book, day, "value"))
        elif kind == 1 and currency != "CNY":
            made = [(entry, 1, "CONV", "BANK-USD", minor, currency, book, day, "bank_out"),
                    (entry, 2, "BANK-CNY", "CONV", book + 7, "CNY", book + 7, day, "bank_in"),
                    (entry, 3, "CONV", "FX", 0, currency, 7, day, "bank_in")]
        elif kind == 2 and currency != "CNY":
            made = [(entry, 1, "FX", "AR-ALPHA", 0, currency, book, day, "bill")]
        else:
            made = [(entry, 1, debit, credit, minor, currency, minor if currency == "CNY" else book, day, chance.choice(PLAIN))]
        rows += made
        if kind > 0 and chance.random() < 0.2:
            rows += reverse(made, entry_of(chance), "2026-12-31")
    return rows


@pytest.mark.parametrize("seed", range(2))
def test_hledger_and_beancount_come_to_our_totals(books, folder, seed):
    chance = random.Random(seed)
    books.post(history(chance, 200))
    if not judges.have("hledger", "bean-check"):
        pytest.skip("hledger and beancount are not installed: conf/packages install test")
    text = judges.hledger_judges(books.daemon, books.database, folder, story.HOSPITAL_ID)
    assert " @@ " in text
    judges.beancount_judges(books.daemon, books.database, folder, story.HOSPITAL_ID)


def test_a_judge_finds_what_is_wrong(books, folder):
    """A test must be able to fail: an account more, an amount less."""
    if not judges.have("hledger"):
        pytest.skip("hledger is not installed")
    books.post(history(random.Random(7), 30))
    judges.hledger_judges(books.daemon, books.database, folder, story.HOSPITAL_ID)
    journal = folder / "judged.journal"
    good = journal.read_text(encoding="utf-8")
    before = judges.hledger_totals(journal)
    cut = re.sub(r"(?m)^(    \S.*?  )(\d+\.\d\d CNY)$", r"\g<1>1\2", good, count=1)  # one side only
    assert cut != good
    journal.write_text(cut, encoding="utf-8")
    assert subprocess.run(["hledger", "-f", journal, "check"], capture_output=True, check=False).returncode != 0
    journal.write_text(good.replace("\naccount ", "\n; ", 1), encoding="utf-8")
    assert subprocess.run(["hledger", "-f", journal, "check", "--strict"], capture_output=True, check=False).returncode != 0
    books.post([(str(uuid.uuid4()), 1, "AR-PT", "REV-MED", 1, "CNY", 1, "2026-12-30", "bill")])
    later = judges.chart_names(judges.export(books.daemon, journal, "--format", "hledger"))
    assert before != judges.renamed(judges.own_totals(books.database, story.HOSPITAL_ID)[0], later)


def test_each_posting_is_in_one_export_and_the_same_bytes_each_time(books):
    rows = history(random.Random(11), 200)
    books.post(rows)
    ctl = books.daemon.ctl

    def postings(*words):
        text = ctl("money", "export", "--format", "csv", *words).stdout
        return [line["posting"] for line in csv.DictReader(io.StringIO(text, newline=""))]

    months = [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-12-31")]
    parts = [postings("--from", first, "--to", last) for first, last in months]
    whole = postings()
    assert sum(parts, []) == whole
    assert sorted(whole) == sorted(2 * ["%s-%d" % (row[0], row[1]) for row in rows if row[8] != "value"])
    for name in ("hledger", "beancount", "csv"):
        words = ("money", "export", "--format", name, "--from", "2026-10-01", "--to", "2026-10-31")
        assert ctl(*words).stdout == ctl(*words).stdout


def test_an_account_without_a_row_is_named_and_nothing_is_written(books):
    books.post([(str(uuid.uuid4()), 1, "AR-PT", "ODD-ONE", 100, "CNY", 100, "2026-10-01", "bill"),
                (str(uuid.uuid4()), 1, "STRANGE", "REV-MED", 100, "CNY", 100, "2026-10-02", "bill")])
    for name in ("hledger", "beancount", "csv"):
        done = books.daemon.ctl("money", "export", "--format", name, check=False)
        assert done.returncode == 1 and done.stdout == "", done
        assert "ODD-ONE" in done.stderr and "STRANGE" in done.stderr, done.stderr
    done = books.daemon.ctl("money", "export", "--format", "csv", "--from", "2026-10-02", check=False)
    assert "STRANGE" in done.stderr and "ODD-ONE" not in done.stderr


def test_csv_waits_for_every_value(books):
    entry = str(uuid.uuid4())
    books.post([(entry, 1, "BANK-USD", "SUSP", 230000, "USD", None, "2026-10-30", "bank_in")])
    books.database.sql("INSERT INTO zhifu.posting_unvalued (hospital_id, entry_id, no) VALUES (%s, %s, 1)",
                       (story.HOSPITAL_ID, entry))
    done = books.daemon.ctl("money", "export", "--format", "csv", check=False)
    assert done.returncode == 1 and done.stdout == "", done
    assert "1 postings wait for an exchange rate, the first of 2026-10-30" in done.stderr
    assert "2300.00 USD  ; waits for a rate" in books.daemon.ctl("money", "export", "--format", "hledger").stdout


def erp(place, *words):
    """The bytes of a CSV export."""
    return subprocess.run([zhifu.BUILD / "zhifuctl", "--config", place.daemon.config, "money", "export", "--format", "csv", *words],
                          stdout=subprocess.PIPE, check=True, timeout=60).stdout


def test_csv_is_as_the_profile_says(books):
    chart = books.folder / "chart.conf"
    chart.write_text("""name = "own";
accounts = (
  { account = "BANK-{ACCOUNT}"; number = "100201"; name = "银行存款,外币"; type = "asset"; },
  { account = "SUSP"; number = "2241"; name = "=待查收款"; type = "liability"; },
  { account = "FX"; number = "6603"; name = "@汇兑"; type = "expense"; }
);
""", encoding="utf-8")
    story.hospital(books, chart=str(chart), erp_profiles=(
        {"name": "signed", "charset": "gb18030", "separator": ";", "day": "YYYY年MM月DD日", "debit": "借", "credit": "贷",
         "columns": ["const:记=凭证字", "day=日期", "account_sub=科目", "name=名称", "side=方向", "amount=原币", "currency=币种",
                     "book_amount=本位币", "text_zh=摘要"]},
        {"name": "bare", "header": False, "day": "YYYYMMDD", "columns": ["day", "short", "sub", "book_debit", "book_credit"]},
        {"name": "marked", "charset": "utf-8-bom", "columns": ["const:+1", "name"]}))
    entry = str(uuid.uuid4())
    books.post([(entry, 1, "BANK-USD", "SUSP", 230000, "USD", 1634150, "2026-11-27", "bank_in"),
                (entry, 2, "FX", "SUSP", 0, "USD", 3450, "2026-11-30", "bank_in")])
    text = erp(books, "--profile", "signed").decode("gb18030")
    lines = text.split("\r\n")
    assert lines[0] == "凭证字;日期;科目;名称;方向;原币;币种;本位币;摘要"
    assert lines[1] == "记;2026年11月27日;100201.USD;银行存款,外币;借;2300.00;USD;16341.50;到账资金在核销前记入待查收款"
    # A formula is made harmless; an amount below zero is a number.
    assert lines[2] == "记;2026年11月27日;2241;\"'=待查收款\";贷;-2300.00;USD;-16341.50;到账资金在核销前记入待查收款"
    assert lines[4].startswith("记;2026年11月30日;2241;") and ";0.00;USD;-34.50;" in lines[4], lines[4]
    assert lines[5:] == [""]
    assert erp(books, "--profile", "bare").decode() == (
        "20261127,BANK-USD,USD,16341.50,\r\n20261127,SUSP,,,16341.50\r\n20261130,FX,,34.50,\r\n20261130,SUSP,,,34.50\r\n")
    marked = erp(books, "--profile", "marked", "--to", "2026-11-27").decode()
    assert marked == "\ufeff,name\r\n\"'+1\",\"银行存款,外币\"\r\n\"'+1\",\"'=待查收款\"\r\n"
    several = books.daemon.ctl("money", "export", "--format", "csv", check=False)
    assert several.returncode == 2 and "--profile" in several.stderr
    assert books.daemon.ctl("money", "export", "--format", "csv", "--profile", "plain").stdout.startswith("posting,day,account,")
    unknown = books.daemon.ctl("money", "export", "--format", "csv", "--profile", "kingdee", check=False)
    assert unknown.returncode == 2 and "kingdee" in unknown.stderr


def test_csv_of_open_days_says_so(books):
    books.post([(str(uuid.uuid4()), 1, "AR-PT", "REV-MED", 100, "CNY", 100, "2026-10-01", "bill")])
    words = ("money", "export", "--format", "csv", "--to", "2026-10-31")
    before = books.daemon.ctl(*words)
    assert "these days are not closed" in before.stderr
    books.database.sql("INSERT INTO zhifu.period (hospital_id, last_day, period_id, who) VALUES (%s, '2026-10-31', %s, 'li')",
                       (story.HOSPITAL_ID, str(uuid.uuid4())))
    after = books.daemon.ctl(*words)
    assert after.stderr == "" and after.stdout == before.stdout
    assert "these days are not closed" in books.daemon.ctl(*words[:-1], "2026-11-01").stderr


def test_csv_balances(books):
    books.post(history(random.Random(5), 100))
    sums = {}
    for line in csv.DictReader(io.StringIO(books.daemon.ctl("money", "export", "--format", "csv").stdout, newline="")):
        for prefix, currency in (("", line["currency"]), ("book_", "book")):
            for side, sign in (("debit", 1), ("credit", -1)):
                amount = decimal.Decimal(line[prefix + side] or 0)
                sums[currency] = sums.get(currency, 0) + sign * amount
    assert set(sums) >= {"book", "CNY", "USD"} and not any(sums.values()), sums


def test_faults_of_chart_calendar_and_profile_are_told_at_once(books):
    chart = books.folder / "chart.conf"
    calendar = books.folder / "calendar.conf"
    chart.write_text('name = "own";\naccounts = (\n{ account = "ar"; number = "1"; name = "a"; type = "asset"; },\n'
                     '{ account = "B"; number = "1"; name = "b"; type = "lent"; } );\n', encoding="utf-8")
    calendar.write_text('name = "own";\nyears = ( { year = 2026; source = "x";\nholidays = [ "2026-13-01" ]; } );\n', encoding="utf-8")
    story.hospital(books, chart=str(chart), calendar=str(calendar),
                   erp_profiles=({"name": "one", "columns": ["day", "colour"], "separator": "::"},))
    done = zhifu.run([zhifu.BUILD / "zhifud", "--config", books.daemon.config, "--check"], check=False)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    for line in ("chart.conf:3: ", "chart.conf:4: ", "calendar.conf:3: ", '"colour" is no field', '"::" is no comma'):
        assert line in told, (line, told)
    # The tools go on without this hospital, and say why.
    listed = books.daemon.ctl("money", "export", "--format", "csv", check=False)
    assert listed.returncode == 2 and "chart.conf:3: " in listed.stderr, listed


def statement(chance, account, currency, first, days):
    """A MT940 statement of random lines."""
    opening = balance = chance.randint(0, 10 ** 8)
    lines = []
    for n in range(chance.randint(3, 8)):
        amount = chance.randint(1, 5 * 10 ** 6) * chance.choice([1, 1, -1])
        balance += amount
        day = first + chance.randrange(days)
        lines.append(":61:2610%02d10%02d%s%d,%02dNTRFNONREF//R%d\r\n:86:PAYER %d\r\n" % (
            day, day, "C" if amount > 0 else "D", *divmod(abs(amount), 100), n, n))
    word = ["C" if minor >= 0 else "D" for minor in (opening, balance)]
    return (":20:S\r\n:25:%s\r\n:28C:1/1\r\n:60F:%s2610%02d%s%d,%02d\r\n%s:62F:%s2610%02d%s%d,%02d\r\n-\r\n" % (
        account, word[0], first - 1, currency, *divmod(abs(opening), 100), "".join(lines),
        word[1], first + days, currency, *divmod(abs(balance), 100))).encode()


def test_a_life_through_the_daemon_is_judged(place, keep, folder):
    """Claims billed, decided and cancelled in dollars, statements of three currencies, and rates that come last."""
    if not judges.have("hledger", "bean-check"):
        pytest.skip("hledger and beancount are not installed: conf/packages install test")
    chance = random.Random(20261122)
    daemon = traffic.start(place, keep).daemon
    accounts = {"CNY": "1111", "USD": "2222", "EUR": "3333"}
    story.hospital(place, bank_accounts=tuple({"code": code, "number": number, "currency": code} for code, number in accounts.items()))
    sender = traffic.Sender(daemon, ["B-%d" % n for n in range(1, 13)])
    ids = list(sender.finish().values())
    with daemon.client() as client:
        for claim in chance.sample(ids, 3):  # some had their answer by then, and are not taken back
            client.post("/fhir/Task", {"resourceType": "Task", "status": "requested", "intent": "order",
                                       "focus": {"reference": "Claim/" + claim}, "code": {"coding": [{
                                           "system": "http://hl7.org/fhir/CodeSystem/financialtaskcode", "code": "cancel"}]}})
    for currency, number in accounts.items():
        path = folder / (currency + ".sta")
        path.write_bytes(statement(chance, number, currency, 10, 18))
        daemon.ctl("--who", "li", "money", "statement", "import", path)
    zhifu.wait_until(lambda: daemon.ctl_json("money", "waiting")["waiting"], "postings without a value")
    zhifu.wait_until(lambda: place.database.value(
        "SELECT count(*) FROM zhifu.posting WHERE rule = 'patient_share'") > 0, "decisions in the books")
    judges.hledger_judges(daemon, place.database, folder, story.HOSPITAL_ID)
    days = sorted({row["day"] for row in place.database.sql("SELECT DISTINCT book_day::text AS day FROM zhifu.posting")})
    rates = folder / "parity.csv"
    rates.write_text("日期,USD/CNY,EUR/CNY\n" + "".join("%s,7.1%03d,8.3%03d\n" % (day, chance.randrange(100), chance.randrange(100))
                                                     for day in days), encoding="utf-8")
    daemon.ctl("--who", "li", "money", "rate", "import", rates, "--source", "cfets")
    zhifu.wait_until(lambda: not daemon.ctl_json("money", "waiting")["waiting"], "every posting to have its value")
    text = judges.hledger_judges(daemon, place.database, folder, story.HOSPITAL_ID)
    assert " @@ " in text and "waits for a rate" not in text
    judges.beancount_judges(daemon, place.database, folder, story.HOSPITAL_ID)
    assert daemon.ctl("ledger", "balance").returncode == 0
