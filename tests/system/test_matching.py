"""Money from the bank to the claims it is for, through the books of a running daemon: scenarios S3 and S5 to the fen, and what
persons do. S4 is test_remittance.py's."""

import collections
import contextlib
import json

import psycopg2.errors
import pytest

from finance import ALPHA, BETA, GAMMA, YEARS, Finance
import judges
import story

ACME = "ACME BENEFIT TRUST"
FUND = "HANGZHOU HEALTHCARE SECURITY CENTRE"


def cents(text):
    return int(text.replace(",", "").replace(".", ""))


def dr(text):
    return (cents(text), 0)


def cr(text):
    return (0, cents(text))


@pytest.fixture
def office(place):
    return Finance(place)


def converted(office, line):
    """How what is owed was held against money in another currency: from, to, the rate and whether it multiplied."""
    return [tuple(row.values()) for row in office.database.sql("""
        SELECT c.from_minor, c.from_currency, c.to_minor, c.to_currency, r.day, r.digits::int8, c.multiplied FROM zhifu.conversion c
        JOIN zhifu.rate r USING (rate_id) JOIN zhifu.allocation a ON a.allocation_id = c.entry_id AND a.no = -c.no
        WHERE a.line_id = %(l)s AND a.undoes IS NULL""", {"l": line})]


def test_one_claim_by_three_contracts(office):
    """S3: paid in yuan, owed in yuan and paid in dollars, fixed in dollars."""
    for when, price in (("09-30", "7.0950"), ("10-08", "7.0880"), ("10-28", "7.0760"), ("10-30", "7.0700")):
        office.rate(when, "USD", price)
    usual = {"usual_charges": [{"currency": "USD", "amount": "25.00", "times": 3}],
             "tolerances": [{"currency": "USD", "residual": "0.10"}, {"currency": "CNY", "residual": "0.05"}]}
    beta = office.contract("beta", "A", **usual)
    a = office.claim(beta, "10-06", "102900.00")
    b = office.claim(office.contract("gamma", "B", owed={
        "pay_currency": "USD", "payment_rate": {"day": "order", "source": "cfets"}}, **usual), "10-06", "102900.00")
    c = office.claim(office.contract("alpha", "C", owed={
        "currency": "USD", "bill_rate": {"day": "invoice", "source": "cfets"}}, **usual), "10-06", "14503.17", "USD", "102900.00")

    yuan, = office.statement("CNY", "10-30", ("102900.00", BETA, "INVOICE " + a.ref))
    dollars = office.statement("USD", "10-30", ("14517.11", GAMMA, b.ref, "10-28"), ("14478.17", ALPHA, c.ref, "10-28"))
    office.looked()
    assert office.daemon.ctl_json("money", "match", "list")["items"] == []
    assert office.journal(yuan) == {"SUSP": dr("102900.00"), "AR-BETA": cr("102900.00")}
    by_amount = {max(j["SUSP"]): j for j in map(office.journal, dollars)}
    assert by_amount[cents("102635.97")] == {
        "SUSP": dr("102635.97"), "FEE": dr("176.75"), "FX": dr("87.28"), "AR-GAMMA": cr("102900.00")}
    assert by_amount[cents("102360.66")] == {
        "SUSP": dr("102360.66"), "FEE": dr("176.75"), "FX": dr("362.59"), "AR-ALPHA": cr("102900.00")}
    assert [office.open(claim) for claim in (a, b, c)] == 3 * [{"open_minor": 0, "standing": 2}]
    assert sum((converted(office, line) for line in (yuan, *dollars)), []) == [
        (cents("102900.00"), "CNY", cents("14542.11"), "USD", office.day("10-28"), 70760, False)]
    states = office.database.sql("SELECT DISTINCT payment, books FROM zhifu.claim_state")
    assert states == [{"payment": 2, "books": 4}], states
    office.holds()
    sets_off(office, beta)
    told_late(office, beta)
    exact_as_any_other(office, beta)
    many_set_offs(office)
    looks_at_each_once(office)
    one_at_a_time(office, beta)
    twice_in_one_call(office, beta)


def sets_off(office, beta):
    """What came twice is a liability, which the payer sets off in a later advice: never income, never more than is owed back."""
    twice, paid, late = (office.claim(beta, "10-20", owed) for owed in ("1000.00", "1500.00", "700.00"))
    office.statement("CNY", "11-02", ("1000.00", BETA, twice.ref))
    again, = office.statement("CNY", "11-03", ("1000.00", BETA, "ONCE MORE " + twice.ref))
    office.looked()
    assert office.journal(again) == {"SUSP": dr("1000.00"), "OVERPAID-BETA": cr("1000.00")}

    def advised(number, claim, amount, netted, net):
        path = office.place.folder / "letter.json"
        path.write_text(json.dumps({
            "remitter": "beta", "identifier": number, "amount": net, "currency": "CNY",
            "claims": [{"claim": claim.ref, "carrier": "beta", "paid": amount}], "other": [{"kind": "netting", "amount": netted}]}))
        office.ctl("money", "remittance", "enter", path, "--why", "their letter")
        line, = office.statement("CNY", "11-05", (net, BETA, number))
        office.looked()
        return line

    line = advised("NET-0001", paid, "1500.00", "-600.00", "900.00")
    journal = office.journal(line)
    assert {account: sides for account, sides in journal.items() if "REM-" not in account} == {
        "SUSP": dr("900.00"), "OVERPAID-BETA": dr("600.00"), "AR-BETA": cr("1500.00")}, journal
    announced = "SELECT coalesce(sum(CASE WHEN debit = 'CLR-REM-BETA' THEN amount_minor ELSE -amount_minor END), 0)::int8 FROM zhifu.posting" \
        " WHERE 'CLR-REM-BETA' IN (debit, credit)"
    assert office.database.value(announced) == 0
    assert [office.open(claim)["open_minor"] for claim in (twice, paid)] == [0, 0]
    office.holds()
    # 400.00 are left of it.
    waits = advised("NET-0002", late, "700.00", "-500.00", "200.00")
    assert office.journal(waits) == {} and office.open(late)["open_minor"] == 70000
    office.holds()
    undone, = office.daemon.ctl_json("money", "match", "show", line)["allocations"][:1]
    office.ctl("money", "match", "undo", undone["allocation"], "--why", "not this month's")
    # Now there is enough for the other one, when it is looked at again.
    office.database.sql("UPDATE zhifu.match_item SET due_at = now() WHERE line_id = %s", (waits,))
    office.looked()
    journal = office.journal(waits)
    assert {account: sides for account, sides in journal.items() if "REM-" not in account} == {
        "SUSP": dr("200.00"), "OVERPAID-BETA": dr("500.00"), "AR-BETA": cr("700.00")}, journal
    over = "SELECT sum(CASE WHEN credit = 'OVERPAID-BETA' THEN amount_minor ELSE -amount_minor END)::int8 FROM zhifu.posting" \
        " WHERE 'OVERPAID-BETA' IN (debit, credit)"
    assert office.database.value(over) == 50000
    office.holds()


def told_late(office, beta):
    """What a camt.054 tells of a batch counts also when its line is there already: at once where the line waits, as soon as it was
    undone where somebody had used it as one."""
    one, other, whole, third, last = (office.claim(beta, "10-21", owed) for owed in ("810.00", "711.00", "1002.00", "601.00", "401.00"))
    waits, = office.statement("CNY", "11-09", ("1521.00", BETA, "BATCH 1"))
    office.looked()
    assert office.journal(waits) == {}
    told = office.notification(waits, ("810.00", BETA, one.ref), ("711.00", BETA, other.ref))
    assert (told["opened"], told["late"]) == (1, [])
    office.looked()
    assert office.journal(waits) == {"SUSP": dr("1521.00"), "AR-BETA": cr("1521.00")}
    assert [office.open(claim)["open_minor"] for claim in (one, other)] == [0, 0]

    used, = office.statement("CNY", "11-10", ("1002.00", BETA, "BATCH 2"))
    office.looked()
    office.ctl("money", "match", "allocate", used, whole.ref + "=1002.00", "--why", "a call")
    books = "SELECT count(*) FROM zhifu.posting"
    before = office.database.value(books)
    told = office.notification(used, ("601.00", BETA, third.ref), ("401.00", BETA, last.ref))
    allocation, = office.database.sql("SELECT DISTINCT allocation_id FROM zhifu.allocation WHERE line_id = %s", (used,))
    assert (told["opened"], [(late["line"], late["amount"], late["allocation"]) for late in told["late"]]) == (
        0, [(used, {"amount": "1002.00", "currency": "CNY"}, allocation["allocation_id"])])
    office.looked()
    assert office.database.value(books) == before and office.journal(used) == {"SUSP": dr("1002.00"), "AR-BETA": cr("1002.00")}
    office.ctl("money", "match", "undo", allocation["allocation_id"], "--why", "it was for others")
    office.looked()
    assert office.open(whole)["open_minor"] == 100200
    # A person has had it, so a person says yes.
    for part, claim in ((1, third), (2, last)):
        item = "%s:%d" % (used, part)
        best = office.daemon.ctl_json("money", "match", "show", item)["candidates"][0]
        assert [p["ref"] for p in best["parts"]] == [claim.ref]
        office.ctl("money", "match", "accept", item, best["candidate"], "--why", "as notified")
    assert [office.open(claim)["open_minor"] for claim in (third, last, whole)] == [0, 0, 100200]
    assert not {item["line"][:36] for item in office.daemon.ctl_json("money", "match", "list")["items"]} & {waits, used}
    office.holds()


def exact_as_any_other(office, beta):
    """What the matcher posts by one statement is, but for whose hand it was, what any decision posts."""
    claim = office.claim(beta, "10-21", "222.22")
    line, = office.statement("CNY", "11-12", ("222.22", "SOMEBODY", "PAYMENT"))
    office.looked()
    assert office.journal(line) == {}
    names = {"h": story.HOSPITAL_ID, "l": line, "c": claim.id, "a": "019a0000-0000-7000-9000-000000000222"}
    left_out = ["by_hand", "maker", "who", "why", "at", "made_at", "updated_at", "changed", "posted", "due_at"]

    def posted(cursor, by_hand):
        cursor.execute("SAVEPOINT before")
        # who and why as the matcher's; of match_exact() how many it took
        cursor.execute("""SELECT outcome FROM zhifu.match_post(%(h)s, 'zhifu', NULL, %(b)s, ARRAY[%(a)s]::uuid[], ARRAY[%(l)s]::uuid[], '{0}',
            ARRAY[(SELECT version FROM zhifu.match_item WHERE line_id = %(l)s)], '{1}', '{0}', ARRAY[%(c)s]::uuid[], '{1}', '{NULL}', '{NULL}',
            '{22222}', '{22222}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}')""", {**names, "b": by_hand})
        assert cursor.fetchall() == [(1,)]
        rows = []
        for table, which in (("allocation", "allocation_id = %(a)s"), ("posting", "entry_id = %(a)s"), ("receivable", "claim_id = %(c)s"),
                             ("claim_state", "claim_id = %(c)s"), ("claim_event", "claim_id = %(c)s"), ("match_item", "line_id = %(l)s"),
                             ("match_candidate", "line_id = %(l)s"), ("suspense", "line_id = %(l)s")):
            cursor.execute("SELECT to_jsonb(t) - %(o)s::text[] AS row FROM zhifu." + table + " t WHERE " + which +
                           " ORDER BY to_jsonb(t) - %(o)s::text[]", {**names, "o": left_out})
            rows.append((table, cursor.fetchall()))
        cursor.execute("SELECT pg_stat_get_xact_function_calls('zhifu.match_write'::regproc)")
        general = cursor.fetchone()[0]
        cursor.execute("ROLLBACK TO before")
        return rows, general

    with contextlib.closing(office.database.connect()) as conn, conn.cursor() as cursor:
        conn.autocommit = False
        cursor.execute("SET track_functions = 'all'")
        exact, written = posted(cursor, False)
        assert not written
        general, written = posted(cursor, True)
        assert written
        conn.rollback()
    assert exact == general
    assert [table for table, rows in exact if not rows] == ["match_candidate", "suspense"], exact


def looks_at_each_once(office):
    """Of many lines that wait each is looked up, also by who planned when there were none."""
    with contextlib.closing(office.database.connect()) as conn, conn.cursor() as cursor:
        conn.autocommit = False
        cursor.execute("""WITH l AS (SELECT ('ffffffff-ffff-7fff-bfff-' || lpad(to_hex(n), 12, '0'))::uuid AS id FROM generate_series(1, 300) AS n),
            s AS (INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason, items_made)
                SELECT %(h)s, l.id, 100, 'CNY', 2, current_date, 'test', true FROM l)
            INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day)
            SELECT %(h)s, l.id, 0, 100, 100, current_date FROM l""", {"h": story.HOSPITAL_ID})
        read = "SELECT pg_stat_get_xact_tuples_fetched('zhifu.suspense_pkey'::regclass)"
        cursor.execute(read)
        before = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM zhifu.match_items(%s, true, '-infinity', %s, 0, 400, NULL)", (story.HOSPITAL_ID, story.HOSPITAL_ID))
        cursor.execute(read)
        looked = cursor.fetchone()[0] - before
        assert 300 <= looked < 500, looked
        conn.rollback()


def one_at_a_time(office, beta):
    """What the database refuses is found by looking at one at a time: the others are posted, and that one waits for a person."""
    claims = [office.claim(beta, "10-21", owed) for owed in ("331.00", "332.00", "333.00")]
    office.database.sql("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE check_violation; END';
        CREATE TRIGGER refuse BEFORE INSERT ON zhifu.allocation FOR EACH ROW WHEN (NEW.amount_minor = 33200) EXECUTE FUNCTION refuse()""")
    lines = office.statement("CNY", "11-13", *((owed, BETA, claim.ref) for owed, claim in zip(("331.00", "332.00", "333.00"), claims)))
    office.looked()
    assert [office.open(claim)["open_minor"] for claim in claims] == [0, 33200, 0]
    waits, = office.database.sql("SELECT line_id, reason FROM zhifu.suspense WHERE line_id = ANY (%s::uuid[])", (lines,))
    assert waits["reason"] == "it could not be posted or read: the log says why"
    # Once the fault is mended it is posted when it is looked at again.
    office.database.sql("DROP TRIGGER refuse ON zhifu.allocation; DROP FUNCTION refuse()")
    office.database.sql("UPDATE zhifu.match_item SET due_at = now() WHERE line_id = %s", (waits["line_id"],))
    office.looked()
    assert office.open(claims[1])["open_minor"] == 0
    office.holds()


def twice_in_one_call(office, beta):
    """A claim that two payments of a call would each pay in full is posted by none of them, whatever else is in the call."""
    claim, other = (office.claim(beta, "10-21", owed) for owed in ("444.44", "555.55"))
    lines = office.statement("CNY", "11-16", *(3 * [("444.44", "SOMEBODY", "PAYMENT")]), ("555.55", "SOMEBODY", "PAYMENT"))
    office.looked()
    amount = {row["line_id"]: row["amount_minor"] for row in office.database.sql(
        "SELECT line_id, amount_minor FROM zhifu.bank_line WHERE line_id = ANY (%s::uuid[])", (lines,))}
    same, alone = [line for line in lines if amount[line] == 44444][:2], next(line for line in lines if amount[line] == 55555)
    call = """SELECT outcome FROM zhifu.match_post(%(h)s, 'zhifu', NULL, false, (SELECT array_agg(gen_random_uuid()) FROM unnest(%(l)s::uuid[])),
        %(l)s::uuid[], array_fill(0, ARRAY[%(n)s]), (SELECT array_agg(i.version ORDER BY t.n) FROM unnest(%(l)s::uuid[]) WITH ORDINALITY AS t (l, n)
        JOIN zhifu.match_item i ON i.line_id = t.l), (SELECT array_agg(n) FROM generate_series(1, %(n)s) AS n), array_fill(0::smallint, ARRAY[%(n)s]),
        %(c)s::uuid[], array_fill(1, ARRAY[%(n)s]), array_fill(NULL::uuid, ARRAY[%(n)s]), array_fill(NULL::integer, ARRAY[%(n)s]), %(a)s::bigint[],
        %(a)s::bigint[]""" + 9 * ", array_fill(0::bigint, ARRAY[%(n)s])" + ")"
    with contextlib.closing(office.database.connect()) as conn, conn.cursor() as cursor:
        conn.autocommit = False
        for moved in (same + [alone], [alone] + same, same):
            cursor.execute("SAVEPOINT before")
            with pytest.raises(psycopg2.errors.CheckViolation):
                cursor.execute(call, {"h": story.HOSPITAL_ID, "l": moved, "n": len(moved), "a": [amount[line] for line in moved],
                                      "c": [claim.id if line in same else other.id for line in moved]})
            cursor.execute("ROLLBACK TO before")
        # One that moved on keeps none of the others from being posted, and the locks are the call's before it writes.
        cursor.execute("SET track_functions = 'all'")
        cursor.execute("UPDATE zhifu.receivable SET version = 2 WHERE claim_id = %s", (claim.id,))
        cursor.execute(call, {"h": story.HOSPITAL_ID, "l": [same[0], alone], "n": 2, "a": [44444, 55555], "c": [claim.id, other.id]})
        assert cursor.fetchall() == [(0,), (1,)]
        cursor.execute("SELECT pg_stat_get_xact_function_calls('zhifu.match_write'::regproc),"
                       " pg_stat_get_xact_function_calls('zhifu.claim_hold'::regproc)")
        assert cursor.fetchone() == (None, 1)
        conn.rollback()


def many_set_offs(office):
    """Of an advice of 5,000 set-offs it is found out once for each look, and not for each of them, which claims they are of."""
    with contextlib.closing(office.database.connect()) as conn, conn.cursor() as cursor:
        conn.autocommit = False
        cursor.execute("SET track_functions = 'all'")
        cursor.execute("""WITH r AS (INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent,
                balanced, content) VALUES (%(h)s, 'ffffffff-ffff-7fff-bfff-ffffffffffff', 'beta', 'MANY', -5000, 'CNY', 2, true, ''))
            INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, amount_minor, currency, exponent, kind)
            SELECT %(h)s, 'ffffffff-ffff-7fff-bfff-ffffffffffff', n, -1, 'CNY', 2, 4 FROM generate_series(1, 5000) AS n""",
                       {"h": story.HOSPITAL_ID})
        called = "SELECT coalesce(pg_stat_get_xact_function_calls('zhifu.match_netted'::regproc), 0)"
        cursor.execute(called)
        before = cursor.fetchone()[0]
        cursor.execute("SELECT count(number), count(DISTINCT number), count(*) FROM zhifu.match_advices(%s, %s, 0, 50000, NULL)",
                       (story.HOSPITAL_ID, "ffffffff-ffff-7fff-bfff-ffffffffffff"))
        assert cursor.fetchone() == (5000, 1, 5000)
        cursor.execute(called)
        assert cursor.fetchone()[0] - before == 1
        conn.rollback()


def test_each_contract_has_its_own_rates(place):
    """The books by the European Central Bank's rates, which meet in euros; two contracts by the boards of two banks."""
    office = Finance(place, rate_sources=("ecb", "manual"))
    office.rate("10-30", "EUR", "1.1600", 2, "USD")
    office.rate("10-30", "EUR", "8.2360", 2)
    office.rate("10-30", "USD", "7.0000", 3, bank="icbc")
    office.rate("10-30", "USD", "7.2000", 3, bank="boc")
    claims = []
    for carrier, owed, rate in (("alpha", "7100.00", {"source": "ecb"}), ("beta", "7000.00", {"source": "bank-buy", "bank": "icbc"}),
                                ("gamma", "7200.00", {"source": "bank-buy", "bank": "boc"})):
        contract = office.contract(carrier, "B", owed={"pay_currency": "USD", "payment_rate": {"day": "credit", **rate}})
        claims.append(office.claim(contract, "10-06", owed))
    lines = office.statement("USD", "10-30", *(("1000.00", name, claim.ref) for name, claim in zip((ALPHA, BETA, GAMMA), claims)))
    office.looked()
    assert office.daemon.ctl_json("money", "match", "list")["items"] == []
    assert sorted((office.journal(line) for line in lines), key=lambda j: sorted(j)[0]) == [
        {"SUSP": dr("7100.00"), "AR-ALPHA": cr("7100.00")},
        {"SUSP": dr("7100.00"), "FX": cr("100.00"), "AR-BETA": (cents("100.00"), cents("7100.00"))},
        {"SUSP": dr("7100.00"), "FX": dr("100.00"), "AR-GAMMA": cr("7200.00")}]
    assert [office.open(claim)["standing"] for claim in claims] == [2, 2, 2]
    office.holds()


def test_two_equal_candidates_over_a_closed_month(place):
    """S5: no reference; November closes with the money in suspense; a letter names the claim in December. Then what persons do
    besides."""
    for code in ("delta", "epsilon", "ipmi", "acme"):
        story.insurer(place, code, 1)
    office = Finance(place, YEARS)
    for when, currency, price in (("10-31", "USD", "7.10406284"),  # so that the account is carried at what the story says
                                  ("11-10", "USD", "7.0900"), ("11-27", "USD", "7.1050"), ("11-30", "USD", "7.0900"),
                                  ("11-30", "EUR", "8.3100"), ("12-08", "USD", "7.1010")):
        office.rate(when, currency, price)
    terms = {"owed": {"currency": "USD"}, "tolerances": [{"currency": "USD", "residual": "0.10"}], "usual_charges": [
        {"currency": "USD", "amount": "15.00", "times": 6}, {"currency": "USD", "amount": "25.00", "times": 2},
        {"currency": "CNY", "amount": "100.00", "times": 1}]}
    allied = office.contract("alpha", "C", "ALLIED HLTH LTD", **terms)
    n1, n2, n3 = (office.claim(allied, "09-08", owed, "USD", book) for owed, book in (
        ("2315.00", "16482.80"), ("2315.00", "16482.80"), ("2325.00", "16554.00")))
    office.closing["USD"] = 5893045
    office.statement("USD", "10-31")
    twice, = office.statement("USD", "11-10", ("700.00", "PAID TWICE LTD", "PAYMENT"))
    line, = office.statement("USD", "11-27", ("2300.00", "ALLIED HLTH LTD", "PAYMENT"))
    office.looked()
    shown = office.daemon.ctl_json("money", "match", "show", line)
    named = [candidate["parts"][0]["ref"] for candidate in shown["candidates"]]
    assert sorted(named[:2]) == sorted([n1.ref, n2.ref]) and named[2:] == [n3.ref], shown
    assert shown["why"] == "several answers are equally good", shown["why"]
    assert office.journal(line) == {}
    office.holds()
    human = office.daemon.ctl("money", "match", "show", line).stdout
    assert "15.00 USD" in human and n1.ref in human, human

    b = november_closes(office, twice)
    assert effect(office, n2, line) == -6945 + 3450 + 6945 - 3450
    office.ctl("money", "match", "note", line, "letter of 4 December: for %s" % n2.ref)
    office.looked()
    assert office.journal(line) == {
        "SUSP": dr("16341.50"), "FEE": dr("106.58"), "FX": dr("34.72"), "AR-ALPHA": cr("16482.80")}
    assert [office.open(c)["standing"] for c in (n1, n2, n3)] == [1, 2, 1]
    # N2 over both months: what came for it less what it was booked at.
    assert effect(office, n2, line) == -14130 == 1634150 - 1648280
    # B is paid in December: what November took from it comes back, and the gain is that of all the time.
    line, = office.statement("USD", "12-08", ("3050.00", BETA, b.ref))
    office.looked()
    assert office.journal(line) == {"SUSP": dr("21658.05"), "FX": cr("18.30"), "AR-BETA": (cents("18.30"), cents("21658.05"))}
    assert effect(office, b, line) == 1830
    office.holds()
    persons(office)
    yuan_for_dollars(office, n1)


def yuan_for_dollars(office, claim):
    """Owed in dollars, paid in yuan: by the rate of the line's day, which is shown; a bank kept 100.00 yuan."""
    line, = office.statement("CNY", "11-27", ("16000.00", "ALLIED AGENT", "FOR A PATIENT"))
    office.looked()
    refused = office.ctl("money", "match", "allocate", line, claim.ref + "=1600.00,fx", "--why", "a letter", check=False)
    assert "allows anybody" in refused.stderr, refused
    made = office.ctl("money", "match", "allocate", line, claim.ref + "=16000.00,charge=100.00", "--why", "a letter")
    assert "7.1050 CNY" in made.stdout and "2,266.01 USD" in made.stdout, made.stdout
    assert office.journal(line) == {
        "SUSP": dr("16000.00"), "FEE": dr("100.00"), "FX": dr("33.99"), "AR-ALPHA": cr("16133.99")}
    assert office.open(claim) == {"open_minor": 4899, "standing": 1}
    assert converted(office, line) == [(cents("16100.00"), "CNY", cents("2266.01"), "USD", office.day("11-27"), 71050, False)]
    office.holds()


def november_closes(office, twice):
    """The other receivables, a refund that the bank has not debited yet, and the close. Returns B."""
    usd = office.contract("beta", "C", owed={"currency": "USD"}, tolerances=[{"currency": "USD", "residual": "0.10"}])
    eur = office.contract("delta", "C", owed={"currency": "EUR"})
    yuan = office.contract("epsilon", "B", owed={"pay_currency": "USD", "payment_rate": {"day": "order", "source": "cfets"}})
    office.claim(usd, "05-14", "14200.00", "USD", "101104.00")  # A: 200 days old
    b = office.claim(usd, "10-20", "3050.00", "USD", "21639.75")
    office.claim(eur, "10-20", "5600.00", "EUR", "46200.00")
    office.claim(yuan, "10-06", "102900.00")
    a_plan_pays(office)
    office.ctl("money", "order", "make", twice, "700.00", "--day", office.day("11-30"), "--why", "paid twice")
    office.looked()
    for account, closing in office.closing.items():  # nothing moved since the last statement
        office.ctl("money", "account", "confirm", account, "%.2f" % (closing / 100), "--day", office.day("11-30"), "--why", "e-banking")
    month = office.day("11-30").strftime("%Y-%m")
    closed = office.daemon.ctl_json("--who", "li", "money", "close", month)
    assert closed["revaluation_net"]["amount"] == "-1142.63" and closed["provision"]["amount"] == "5033.90", closed
    assert {check["check"]: check["state"] for check in closed["checks"]}["suspense"] == "report", closed
    proof = office.daemon.ctl_json("money", "account", "proof", "--day", office.day("11-30"))
    usd, = [(row["statement"]["amount"], row["ledger"]["amount"], row["proof"]) for row in proof["accounts"] if row["account"] == "USD"]
    assert usd == ("61930.45", "61230.45", "holds"), proof
    return b


def shared(office, policy, total, fund, *group):
    """A claim to a policy that comes after the social insurance and the plan acme."""
    claim = office.claim(policy, "11-17", total, decided=False)
    personal = "%.2f" % ((cents(total) - cents(fund)) / 100)
    office.ctl("money", "coordination", "post", claim.ref, "--total", total, "--fund", fund, "--personal", personal, "--group", "acme", *group,
               "--plan-share", "80", "--clause", "carve-out", "--day", office.day("11-18"), "--why", "settled")
    return claim


def owed_beside(office, owes, account, remitter):
    """What a payer beside the policy owes of each claim, as the report of open items has it; its account in the ledger comes to the same."""
    rows = office.database.sql("SELECT set_config('zhifu.hospital_id', %(h)s, true); SELECT ref, claim_id, open_minor, kind, remitter, standing"
                               " FROM zhifu.report_claims(%(h)s, NULL, NULL, false, NULL, NULL, 100, NULL, %(o)s) WHERE account = %(a)s",
                               {"h": story.HOSPITAL_ID, "o": owes, "a": account})
    ledger = office.database.value("SELECT coalesce(sum(CASE debit WHEN %(a)s THEN amount_minor ELSE -amount_minor END), 0)::int8"
                                   " FROM zhifu.posting WHERE %(a)s IN (debit, credit)", {"a": account})
    assert sum(row["open_minor"] for row in rows) == ledger and {row["remitter"] for row in rows} <= {remitter}, rows
    return {row["ref"]: row["open_minor"] for row in rows}


def owed_by_plan(office):
    return owed_beside(office, "plan", "AR-ACME", ACME)


def owed_by_fund(office):
    return owed_beside(office, "fund", "AR-SI", FUND)


def a_plan_pays(office):
    """S7's group plan: what it owes of claims is found by their refs and by who pays, as what the policy owes of them is."""
    policy = office.contract("ipmi", "A", "IPMI UNDERWRITING")
    acme = office.contract("acme", "A", ACME, tolerances=[{"currency": "CNY", "residual": "0.05"}])
    office.contract("si", "A", FUND)
    s7 = shared(office, policy, "32000.00", "20480.00", "--catalogue", "26400.00", "--account", "1500.00", "--group-share", "90", "--group-above", "500.00")
    two, three, near, short, strange = (shared(office, policy, "10000.00", "6000.00", "--group-paid", owed)
                                        for owed in ("1234.56", "2000.00", "777.77", "500.00", "300.00"))
    assert owed_by_plan(office) == {s7.ref: 487800, two.ref: 123456, three.ref: 200000, near.ref: 77777, short.ref: 50000, strange.ref: 30000}
    exact, both, close, less, stranger, theirs = office.statement(
        "CNY", "11-27", ("4878.00", ACME, "CLAIM " + s7.ref), ("3234.56", ACME, "%s %s" % (two.ref, three.ref)), ("777.73", ACME, near.ref),
        ("450.00", ACME, short.ref), ("300.00", "HOLDINGS OF SOMEBODY", strange.ref), ("242.00", "IPMI UNDERWRITING", s7.ref))
    office.looked()
    by_amount = {sum(journal.get("SUSP", (0, 0))): journal for journal in map(office.journal, (exact, both, close, theirs))}
    assert by_amount == {
        487800: {"SUSP": dr("4878.00"), "AR-ACME": cr("4878.00")}, 323456: {"SUSP": dr("3234.56"), "AR-ACME": cr("3234.56")},
        77773: {"SUSP": dr("777.73"), "DIFF": dr("0.04"), "AR-ACME": cr("777.77")}, 24200: {"SUSP": dr("242.00"), "AR-IPMI": cr("242.00")}}
    assert owed_by_plan(office) == {short.ref: 50000, strange.ref: 30000}
    office.holds()

    amounts = {row["amount_minor"]: row["line_id"] for row in office.database.sql("SELECT amount_minor, line_id FROM zhifu.bank_line")}
    less, stranger = amounts[45000], amounts[30000]
    shown = office.daemon.ctl_json("money", "match", "show", less)
    assert shown["why"] == "the amount does not fit what it names", shown
    part, = shown["candidates"][0]["parts"]
    assert (part["ref"], part["plan"], part["short"]["amount"]) == (short.ref, "acme", "50.00"), shown
    assert "the payment names our reference" in str(shown["candidates"][0]["reasons"])
    office.ctl("money", "match", "allocate", less, short.ref + ":acme=450.00,short", "--why", "they dispute a night")
    assert office.journal(less) == {"SUSP": dr("450.00"), "AR-ACME": cr("450.00")}

    shown = office.daemon.ctl_json("money", "match", "show", stranger)
    assert shown["why"] == "the payer is not on record", shown
    said = {c["parts"][0]["plan"]: c["candidate"] for c in shown["candidates"] if len(c["parts"]) == 1}
    assert set(said) == {"acme", "si", None}  # the policy's part of the claim has this ref, too, and what the social insurance owes
    office.ctl("money", "match", "reject", stranger, said[None], "--why", "the policy pays in dollars")
    office.looked()
    shown = office.daemon.ctl_json("money", "match", "show", stranger)
    number = next(c["candidate"] for c in shown["candidates"] if len(c["parts"]) == 1 and c["parts"][0]["plan"] == "acme")
    office.ctl("money", "match", "accept", stranger, number, "--why", "they own the trust")
    assert office.journal(stranger) == {"SUSP": dr("300.00"), "AR-ACME": cr("300.00")}
    assert owed_by_plan(office) == {short.ref: 5000}
    made, = office.database.sql("SELECT allocation_id FROM zhifu.allocation WHERE line_id = %s", (stranger,))
    office.ctl("money", "match", "undo", made["allocation_id"], "--why", "they do not")
    assert office.journal(stranger) == {"SUSP": (30000, 30000), "AR-ACME": (30000, 30000)}
    assert owed_by_plan(office) == {short.ref: 5000, strange.ref: 30000}
    office.ctl("money", "match", "allocate", stranger, strange.ref + ":acme=300.00", "--why", "they do after all")
    assert owed_by_plan(office) == {short.ref: 5000}
    twice, = office.statement("CNY", "11-28", ("4878.00", ACME, "ONCE MORE " + s7.ref))
    office.looked()
    assert office.journal(twice) == {"SUSP": dr("4878.00"), "OVERPAID-ACME": cr("4878.00")}
    over, = office.database.sql("SELECT set_config('zhifu.hospital_id', %(h)s, true); SELECT ref, carrier, minor FROM"
                                " zhifu.report_work(%(h)s, 'overpaid', NULL, NULL, NULL, NULL, NULL, 100) WHERE carrier = 'acme'", {"h": story.HOSPITAL_ID})
    assert (over["ref"], over["minor"]) == (s7.ref, 487800), over
    declared = office.database.value("SELECT zhifu.declaration_claims(%s, %s)", (story.HOSPITAL_ID, amounts[323456]))
    assert set(declared.split(", ")) == {two.ref, three.ref}, declared
    the_fund_pays(office, s7, (two, three, near, short, strange))
    office.holds()

    # What is billed to an insurer of that code later is no plan's share.
    own = office.claim(acme, "11-28", "610.00")
    line, = office.statement("CNY", "11-28", ("610.00", "TRUST OF OTHERS", own.ref))
    office.looked()
    candidate, = office.daemon.ctl_json("money", "match", "show", line)["candidates"]
    assert [(part["ref"], part["plan"]) for part in candidate["parts"]] == [(own.ref, None)], candidate
    office.ctl("money", "match", "accept", line, candidate["candidate"], "--why", "their trust")
    assert office.journal(line) == {"SUSP": dr("610.00"), "AR-ACME": cr("610.00")}
    office.holds()
    judges.hledger_judges(office.daemon, office.database, office.place.folder, story.HOSPITAL_ID)


def the_fund_pays(office, s7, others):
    """What the social insurance settled of stays: one by its ref, nothing by luck, and a lump for several by an advice that keeps a part
    back after an audit."""
    assert owed_by_fund(office) == {s7.ref: 2048000, **{claim.ref: 600000 for claim in others}}
    lump, (fourth, fifth) = others[:3], others[3:]
    office.statement("CNY", "11-28", ("20480.00", FUND, "STAY " + s7.ref), ("6000.00", FUND, "SETTLED"))
    came = lambda minor: office.database.value("SELECT line_id FROM zhifu.bank_line WHERE amount_minor = %s", (minor,))
    one, unknown = came(2048000), came(600000)
    office.looked()
    assert office.journal(one) == {"SUSP": dr("20480.00"), "AR-SI": cr("20480.00")}
    assert office.journal(unknown) == {}
    left = {claim.ref: 600000 for claim in others}
    assert owed_by_fund(office) == left
    shown = office.daemon.ctl_json("money", "match", "show", unknown)
    assert shown["why"] == "several answers are equally good", shown
    part, = shown["candidates"][0]["parts"]
    assert part["plan"] == "si" and part["ref"] in left, shown
    office.ctl("money", "match", "accept", unknown, shown["candidates"][0]["candidate"], "--why", "by telephone")
    assert owed_by_fund(office) == {ref: owed for ref, owed in left.items() if ref != part["ref"]}
    made, = office.database.sql("SELECT DISTINCT allocation_id FROM zhifu.allocation WHERE line_id = %s", (unknown,))
    office.ctl("money", "match", "undo", made["allocation_id"], "--why", "of another stay")
    assert owed_by_fund(office) == left
    office.ctl("money", "match", "allocate", unknown, fifth.ref + ":si=6000.00", "--why", "their list")
    assert office.journal(unknown) == {"SUSP": (1200000, 600000), "AR-SI": (600000, 1200000)}

    letter = office.place.folder / "fund.json"
    letter.write_text(json.dumps({
        "remitter": FUND, "identifier": "HZYB-2025-11", "amount": "17400.00", "currency": "CNY", "payment_reference": "HZYB-2025-11",
        "claims": [{"claim": claim.ref, "paid": paid} for claim, paid in zip(lump, ("6000.00", "5400.00", "6000.00"))]}))
    office.ctl("money", "remittance", "enter", letter, "--why", "settlement of November")
    office.statement("CNY", "11-28", ("17400.00", FUND, "SETTLED HZYB-2025-11"))
    office.looked()
    assert office.journal(came(1740000)) == {"SUSP": dr("17400.00"), "AR-SI": cr("17400.00")}
    assert owed_by_fund(office) == {lump[1].ref: 60000, fourth.ref: 600000}


def effect(office, claim, line):
    """What a claim and its money made of it in the books, gain or loss: exchange rates, also at the month's end, and charges."""
    total = collections.Counter()
    for row in office.database.sql(
            "SELECT debit, credit, coalesce(book_minor, 0) AS book FROM zhifu.posting WHERE source_id = %s OR entry_id IN (SELECT"
            " unnest(ARRAY[entry_id, reversal_id]) FROM zhifu.revaluation WHERE claim_id = %s OR line_id = %s)",
            (line, claim.id, line)):
        total[row["debit"]] -= row["book"]
        total[row["credit"]] += row["book"]
    return total["FX"] + total["FEE"]


def persons(office):
    """By hand: a stranger is learned, an answer rejected, money split, held, paid twice and taken back."""
    gamma = office.contract("gamma", "A", "Sunrise Assistance", tolerances=[{"currency": "CNY", "residual": "0.05", "hard_max": "10.00"}])
    g1, g2, g3, g4 = (office.claim(gamma, "12-01", owed) for owed in ("500.00", "620.00", "730.00", "840.00"))
    line, = office.statement("CNY", "12-01", ("490.00", "SRA CLAIMS SETTLEMENT GMBH", "FOR " + g1.ref))
    office.looked()
    assert office.daemon.ctl_json("money", "match", "show", line)["why"] == "the payer is not on record"
    office.ctl("money", "suspense", "stranger", line, "--why", "who is that?")
    refused = office.ctl("money", "match", "allocate", line, g1.ref + "=490.00", "--why", "theirs", check=False)
    assert refused.returncode == 1 and "it is held" in refused.stderr, refused
    office.ctl("money", "suspense", "release", line, "--why", "asked them")
    refused = office.ctl("money", "match", "allocate", line, g1.ref + "=489.99", "--rest", "charge", "--why", "theirs", check=False)
    assert refused.returncode == 1 and "allows anybody" in refused.stderr, refused
    office.ctl("money", "match", "allocate", line, g1.ref + "=490.00", "--rest", "charge", "--why", "theirs")
    assert office.journal(line) == {"SUSP": dr("490.00"), "FEE": dr("10.00"), "AR-GAMMA": cr("500.00")}
    secret = office.database.sql("SELECT kind, encode(coalesce(content, hash), 'escape') AS kept FROM zhifu.match_payer WHERE remitter NOT IN %s", ((ACME, FUND),))
    assert [row["kind"] for row in secret] == [1] and "SRA" not in str(secret), secret

    # Its name is known from now on; the second time is a liability, and the bank takes that one back.
    second, third = office.statement("CNY", "12-02", ("620.00", "SRA CLAIMS SETTLEMENT GMBH", "FOR " + g2.ref),
                                     ("620.00", "SRA CLAIMS SETTLEMENT GMBH", "AGAIN FOR " + g2.ref))
    office.looked()
    journals = sorted((office.journal(one) for one in (second, third)), key=len)
    assert journals == [{"SUSP": dr("620.00"), "AR-GAMMA": cr("620.00")}, {"SUSP": dr("620.00"), "OVERPAID-GAMMA": cr("620.00")}] or \
        journals == [{"SUSP": dr("620.00"), "OVERPAID-GAMMA": cr("620.00")}, {"SUSP": dr("620.00"), "AR-GAMMA": cr("620.00")}]
    office.statement("CNY", "12-03", ("-620.00", "SRA CLAIMS SETTLEMENT GMBH", "AGAIN FOR " + g2.ref))
    office.looked()
    assert office.daemon.ctl_json("money", "match", "list")["items"] == []
    office.holds()

    # What the bank names as its own charge or as interest is booked by itself; what only its words say waits.
    fee, interest, words = office.statement(
        "CNY", "12-01", ("-25.00", "BANK", "MONTHLY", "12-01", "CHG"), ("1.23", "BANK", "QUARTER", "12-01", "INT"),
        ("-7.00", "BANK", "WIRE FEE", "12-01", "MSC"))
    office.looked()
    assert office.journal(fee) == {"FEE": dr("25.00"), "SUSP": cr("25.00")}
    assert office.journal(interest) == {"SUSP": dr("1.23"), "INTEREST": cr("1.23")}
    shown = office.daemon.ctl_json("money", "match", "show", words)
    candidate, = shown["candidates"]
    assert (candidate["kind"], candidate["line_kind"], office.journal(words)) == ("own", "bank-fee", {}), shown
    office.ctl("money", "match", "accept", words, candidate["candidate"], "--why", "their tariff")
    assert office.journal(words) == {"FEE": dr("7.00"), "SUSP": cr("7.00")}
    office.holds()

    # One transfer for two, of which the matcher knows nothing: split, one half rejected and the other allocated.
    line, = office.statement("CNY", "12-03", ("1570.00", "SOMEBODY", "THANK YOU"))
    office.looked()
    office.ctl("money", "match", "split", line, "840.00", "--why", "two invoices")
    office.looked()
    items = {row["open"]["amount"]: row["line"] for row in office.daemon.ctl_json("money", "match", "list")["items"]}
    assert set(items) == {"730.00", "840.00"}, items
    office.ctl("money", "match", "note", items["840.00"], "it is " + g4.ref)
    office.looked()
    before = office.daemon.ctl_json("money", "match", "show", items["840.00"])["candidates"]
    assert [c["parts"][0]["ref"] for c in before] == [g4.ref], before
    office.ctl("money", "match", "reject", items["840.00"], before[0]["candidate"], "--why", "it is not")
    office.looked()
    assert office.daemon.ctl_json("money", "match", "show", items["840.00"])["candidates"] == []
    for amount, claim in (("730.00", g3), ("840.00", g4)):
        office.ctl("money", "match", "allocate", items[amount], "%s=%s" % (claim.ref, amount), "--why", "a call")
        assert office.open(claim)["standing"] == 2
    assert office.daemon.ctl_json("money", "suspense", "list")["suspense"] == []
    office.holds()
