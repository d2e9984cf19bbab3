"""Contracts of agreed prices, by another share off each category of care or by the hospital's price list: the claim is submitted, sent
and billed at full price, and what is owed of it is what its items' agreed prices come to."""

import contextlib
import datetime
import fractions
import json
import math
import random
import threading

import finance
import judges
import story
import traffic
import zhifu

BY_ITEM = {"billed": "gross", "discounts": [{"category": "*", "percent": "10"}, {"category": "drugs", "percent": "15"},
                                            {"category": "urn:house|room", "percent": "5"}, {"category": "0320", "percent": "33.333"},
                                            {"category": "A-1", "percent": "50"}]}
# (category, revenue code, service, net in fen): of it off, each rounded by itself
ITEMS = ((("drugs", None, "x", 33333), 5000),  # 49.9995
         (("room", None, "x", 100010), 5001),  # 50.005
         (("exam", None, "x", 72657), 7266),   # 72.657
         (("drugs", "0320", "x", 10001), 3334),  # the revenue code's: 33.3363333
         (("drugs", "0320", "A-1", 3), 2))     # the service's: 0.015


def claim_of(number):
    """A bill of these items."""
    claim = json.loads(traffic.bill(number, "alpha", sum(net for (*_, net), _ in ITEMS)).replace(b'"USD"', b'"CNY"'))
    (first,), claim["item"] = claim["item"], []
    for sequence, ((category, revenue, service, net), _) in enumerate(ITEMS, 1):
        item = {"sequence": sequence, "servicedDate": first["servicedDate"], "net": {"value": net / 100, "currency": "CNY"},
                "category": {"coding": [{"system": "urn:house", "code": category}]},
                "productOrService": {"coding": [{"system": "urn:house:services", "code": service}]}}
        if revenue:
            item["revenue"] = {"coding": [{"system": "urn:house:revenue", "code": revenue}]}
        claim["item"].append(item)
    return json.dumps(claim)


def test_what_is_owed_is_the_sum_of_agreed_prices(place, keep):
    story.hospital(place, bank_accounts=finance.BANK_ACCOUNTS)
    for code in ("alpha", "beta"):
        traffic.Insurer(place, keep, code, {"pend_ms": 3600000})
    place.daemon.start()
    traffic.permit(place.daemon)
    office = finance.Desk(place)
    office.contract("alpha", "A", prices=BY_ITEM)
    with place.daemon.client() as client:
        answer = client.post("/fhir/Claim", claim_of("P-1"), headers=traffic.FHIR)
        assert answer.status == 201, answer
    zhifu.wait_until(lambda: office.database.value("SELECT count(*) FROM zhifu.receivable") == 1, "the bill to be owed")
    total, off = sum(net for (*_, net), _ in ITEMS), sum(off for _, off in ITEMS)
    assert (total, off) == (216004, 20603)
    assert office.database.sql("SELECT owed_minor, open_minor, allowance_minor FROM zhifu.receivable")[0] == {
        "owed_minor": total, "open_minor": total - off, "allowance_minor": off}
    assert [(p["debit"], p["credit"], p["amount_minor"]) for p in office.database.sql(
        "SELECT debit, credit, amount_minor FROM zhifu.posting WHERE rule = 'allowance'")] == [("CONTR", "AR-ALPHA", off)]
    office.holds()
    changed_while_looked_at(office)
    # Divided, the bill at full price is; undone, the contract takes off it again what it did.
    ref = office.database.value("SELECT ref FROM zhifu.claim_state ORDER BY claim_id LIMIT 1")
    open_sql = "SELECT open_minor, allowance_minor FROM zhifu.receivable WHERE of_claim IS NULL ORDER BY claim_id LIMIT 1"
    for fund, personal, policy in (("1000.00", "1160.04", 72803), ("1160.04", "1000.00", 56799)):  # 80 % of 2,160.04, less what the fund pays
        office.ctl("money", "coordination", "post", ref, "--total", "2160.04", "--fund", fund, "--personal", personal,
                   "--plan-share", "80", "--clause", "carve-out", "--why", "as settled")
        assert office.database.sql(open_sql)[0] == {"open_minor": policy, "allowance_minor": 0}
        office.holds()
        office.ctl("money", "coordination", "undo", ref, "--why", "settled anew")
        assert office.database.sql(open_sql)[0] == {"open_minor": total - off, "allowance_minor": off}
        office.holds()
    listed_prices_are_owed(office)
    office.holds()
    if judges.have("hledger"):
        judges.hledger_judges(place.daemon, office.database, place.folder, story.HOSPITAL_ID)
    # A bill in another currency than the books' is owed as it was billed: no list and no discount is of it.
    with place.daemon.client() as client:
        answer = client.post("/fhir/Claim", traffic.bill("F-1", "beta"), headers=traffic.FHIR)
        assert answer.status == 201, answer
    claim = answer.json()["id"]
    waiting, = zhifu.wait_until(lambda: office.daemon.ctl_json("money", "waiting")["waiting"], "the rate of the bill's day to be asked for")
    rates = place.folder / "parity.csv"
    rates.write_text("日期,USD/CNY\n%s,7.1200\n" % waiting["day"], encoding="utf-8")
    office.ctl("money", "rate", "import", rates, "--source", "cfets")
    zhifu.wait_until(lambda: office.database.value("SELECT count(*) FROM zhifu.receivable WHERE claim_id = %s", (claim,)) == 1,
                     "the foreign bill to be owed")
    assert office.database.sql("SELECT owed_minor, open_minor, allowance_minor, currency FROM zhifu.receivable WHERE claim_id = %s", (claim,))[0] == {
        "owed_minor": 1001, "open_minor": 1001, "allowance_minor": 0, "currency": "USD"}
    assert office.database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0


def changed_while_looked_at(office):
    """Of what was read of a contract before it changed no receivable is made."""
    database = office.database
    with contextlib.closing(database.connect()) as other:
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute("SELECT zhifu.receivable_lock(true)")
        with office.daemon.client() as client:
            assert client.post("/fhir/Claim", traffic.bill("P-2", "alpha", 100000).replace(b'"USD"', b'"CNY"'), headers=traffic.FHIR).status == 201
        zhifu.wait_until(lambda: database.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
                                                " AND query LIKE '%settle_receivables%'"), "settle to have read the contract")
        office.contract("alpha", "A", prices={"billed": "gross", "discounts": [{"category": "*", "percent": "20"}]})
        other.rollback()
    zhifu.wait_until(lambda: database.value("SELECT count(*) FROM zhifu.receivable") == 2, "the bill to be owed")
    assert database.sql("SELECT owed_minor, open_minor, contract_version FROM zhifu.receivable ORDER BY claim_id DESC LIMIT 1")[0] == {
        "owed_minor": 100000, "open_minor": 80000, "contract_version": 2}
    office.holds()


def locks_in_order(database):
    """While a bill is changed, settle holds none that comes after it, ready or not: whoever wakes all bills takes them in order."""
    waiting = database.sql("SELECT hospital_id::text AS h, claim_id::text AS c, xmin::text::bigint AS seen FROM zhifu.receivable_wait"
                           " ORDER BY hospital_id, claim_id")
    lock = "SELECT 1 FROM zhifu.receivable_wait WHERE claim_id = %s FOR UPDATE NOWAIT"
    with contextlib.closing(database.connect()) as settle, contextlib.closing(database.connect()) as other:
        settle.autocommit = other.autocommit = False
        with settle.cursor() as making, other.cursor() as changing:
            changing.execute(lock, (waiting[0]["c"],))
            thread = threading.Thread(target=making.execute, args=(
                "SELECT zhifu.settle_receivables(%s::uuid[], %s::uuid[], '{beta,beta}', '{beta,beta}', '{NULL,NULL}', '{NULL,NULL}', '{A,A}',"
                " '{CNY,CNY}', '{2,2}', '{1,1}', '{f,f}', '{1,NULL}', '{2026-10-06,2026-10-06}', '{NULL,NULL}', 600, '{}', '{}', '{}', '{}',"
                " '{}', '{0,0}', '{NULL,price-list}', %s)",
                tuple([waiting[at][column] for at in (-1, 0)] for column in ("h", "c", "seen"))))
            thread.start()
            zhifu.wait_until(lambda: database.value("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted",
                                                    (settle.get_backend_pid(),)), "settle to wait")
            changing.execute(lock, (waiting[-1]["c"],))
            other.rollback()
            thread.join()
            assert making.fetchone() == (1,)
            settle.rollback()


DAY = datetime.date.today() - datetime.timedelta(days=40)  # of care; the second half of it is of the list's second version
CHANGE = DAY + datetime.timedelta(days=1)


def put_list(office, prices, currency, *days):
    """Stores {code: price as text}."""
    path = office.place.folder / "prices.csv"
    path.write_text("system,code,price,currency\n" + "".join("urn:house,%s,%s,%s\n" % (code, price, currency)
                                                             for code, price in prices.items()))
    office.ctl("money", "price", "put", path, "--name", "Ward", "--why", "annex", *days)


def listed_claim(number, items):
    """A bill of (code, quantity as text or None, factor as text or None, net in fen, day)."""
    claim = json.loads(traffic.bill(number, "beta", sum(net for *_, net, _ in items)).replace(b'"USD"', b'"CNY"'))
    claim["billablePeriod"] = {"start": DAY.isoformat(), "end": CHANGE.isoformat()}
    claim["item"] = [{"sequence": sequence, **({"servicedDate": day.isoformat()} if day else {}),
                      **({"quantity": {"value": "Q%sQ" % quantity}} if quantity else {}),
                      **({"factor": "Q%sQ" % factor} if factor else {}),
                      "net": {"value": "Q%d.%02dQ" % divmod(net, 100), "currency": "CNY"},
                      "productOrService": {"coding": [{"system": "urn:other", "code": code}, {"system": "urn:house", "code": code}]}}
                     for sequence, (code, quantity, factor, net, day) in enumerate(items, 1)]
    return json.dumps(claim).replace('"Q', "").replace('Q"', "")  # as written: no float touches an amount


def owed_by_hand(items, versions, unlisted_percent):
    """What is owed of these items, exactly: a half away from zero, once an item."""
    owed = 0
    for code, quantity, factor, net, day in items:
        prices = versions[(day or DAY) >= CHANGE]
        if code in prices:
            exact = fractions.Fraction(quantity or "1") * fractions.Fraction(factor or "1") * fractions.Fraction(prices[code])
            owed += min(net, math.floor(exact * 100 + fractions.Fraction(1, 2)))
        else:
            owed += net - math.floor(net * fractions.Fraction(unlisted_percent) / 100 + fractions.Fraction(1, 2))
    return owed


def listed_prices_are_owed(office):
    database = office.database
    office.contract("beta", "A", prices={"list": "Ward", "billed": "gross", "discounts": [{"category": "*", "percent": "12.5"}]})
    dice = random.Random(20261123)
    codes = ["C%d" % n for n in range(30)]
    versions = [{code: "%d.%0*d" % (dice.randrange(2000), decimals, dice.randrange(10 ** decimals))
                 for code in codes[at:at + 20] for decimals in (dice.randrange(1, 7),)} for at in (0, 8)]
    bills = {}  # id of the claim: its items
    with office.daemon.client() as client:
        for number in range(20):
            items = [(dice.choice(codes), dice.choice((None, "1", "2", "2.5", "0.333", "12")),
                      dice.choice((None, None, "0.5", "1.5")), dice.randrange(1, 500000),
                      dice.choice((None, DAY, CHANGE))) for _ in range(dice.randrange(1, 25))]
            answer = client.post("/fhir/Claim", listed_claim("B-%d" % number, items), headers=traffic.FHIR)
            assert answer.status == 201, answer
            bills[answer.json()["id"]] = items

    def wait(lacks):
        zhifu.wait_until(lambda: database.value("SELECT count(*) FROM zhifu.receivable_wait WHERE lacks = %s AND due_at > now()", (lacks,))
                         == len(bills), "the bills to lack " + lacks)
        assert {row["subject"]: row["found"] for row in database.sql("SELECT * FROM zhifu.settle_watch() WHERE subject LIKE 'bills%'")} == {
            "bills_without_rate": 0, "bills_without_price_list": len(bills)}
        waits, = office.daemon.ctl_json("money", "waiting")["bills"]
        total = sum(net for items in bills.values() for *_, net, _ in items)
        assert (waits["carrier"], waits["bills"], waits["missing"]) == ("beta", len(bills), lacks + " Ward")
        assert waits["amount"] == {"amount": "%d.%02d" % divmod(total, 100), "currency": "CNY"}

    # Without the list, or by one of another currency, nobody can tell what is owed.
    wait("price-list")
    locks_in_order(database)
    assert "价目表 Ward: 在项目的服务日没有有效版本" in office.daemon.ctl("--zh", "money", "waiting").stdout
    put_list(office, {"C1": "1"}, "USD", "--from", DAY.isoformat())
    wait("price-currency")
    told = [line for line in office.daemon.log_lines() if line["message"].startswith("bills wait") and line.get("lacks") == "price-currency"]
    assert [line["bills"] for line in told] == [str(len(bills))]  # once a look
    put_list(office, versions[0], "CNY", "--from", DAY.isoformat(), "--to", DAY.isoformat())
    put_list(office, versions[1], "CNY", "--from", CHANGE.isoformat())
    zhifu.wait_until(lambda: database.value("SELECT count(*) FROM zhifu.receivable WHERE carrier = 'beta'") == len(bills), "all to be owed")
    posted = {row["claim_id"]: row["off"] for row in database.sql(
        "SELECT claim_id::text, sum(amount_minor)::bigint AS off FROM zhifu.posting WHERE rule = 'allowance' AND debit = 'CONTR'"
        " AND credit = 'AR-BETA' AND currency = 'CNY' AND book_minor = amount_minor GROUP BY 1")}
    for row in database.sql("SELECT claim_id::text, owed_minor, open_minor, allowance_minor FROM zhifu.receivable WHERE carrier = 'beta'"):
        items = bills[row["claim_id"]]
        total, owed = sum(net for *_, net, _ in items), owed_by_hand(items, versions, "12.5")
        assert (row["owed_minor"], row["open_minor"], row["allowance_minor"]) == (total, owed, total - owed), (row, items)
        assert posted.get(row["claim_id"], 0) == total - owed
    assert len(posted) > len(bills) / 2
    assert office.daemon.ctl_json("money", "waiting")["bills"] == []
    # What is owed stays so, whatever becomes of the list; what comes then is owed by what it says then.
    def owed():
        return (database.sql("SELECT claim_id::text, owed_minor, open_minor, allowance_minor FROM zhifu.receivable WHERE claim_id = ANY(%s::uuid[])"
                             " ORDER BY 1", (list(bills),)),
                database.value("SELECT count(*) FROM zhifu.posting WHERE rule = 'allowance' AND claim_id = ANY(%s::uuid[])", (list(bills),)))

    before = owed()
    assert len(before[0]) == len(bills)
    put_list(office, {"C1": "1"}, "CNY", "--from", DAY.isoformat())
    with office.daemon.client() as client:
        answer = client.post("/fhir/Claim", listed_claim("B-after", [("C1", "2", None, 500, None)]), headers=traffic.FHIR)
    assert answer.status == 201, answer
    zhifu.wait_until(lambda: database.value("SELECT open_minor FROM zhifu.receivable WHERE claim_id = %s", (answer.json()["id"],)) == 200,
                     "a bill of the new version to be owed")
    assert owed() == before
    assert database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0
