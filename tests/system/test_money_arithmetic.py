"""What the database computes of money by itself, against exact fractions: to the unit, also where the fraction is a hair's
breadth from a half and where amounts are as large as they may be. ZHIFU_SEED repeats a run."""

import fractions
import os
import random

import psycopg2.extras
import pytest

import story

CASES = 4000
MAX = 2 ** 62  # of a result; more is refused by bigint itself


def half_away(value):
    whole, rest = divmod(abs(value), 1)
    whole = int(whole) + (rest >= fractions.Fraction(1, 2))
    return -whole if value < 0 else whole


def amount(dice):
    return dice.randint(1, 10 ** dice.randint(1, 17))


def a_share(dice):
    """(book, part, whole) with part * book / whole not above MAX; every third is nearly, or truly, in the middle of two units."""
    while True:
        whole, book = amount(dice), amount(dice)
        part = dice.randint(0, whole)
        if dice.random() < 0.35 and whole > 2:
            # part * book = k * whole + whole / 2, or as near to that as it gets: book is 1 more or less than a multiple of it.
            near = whole // 2 + dice.randint(-1, 1)
            book = whole * dice.randint(0, max(1, 10 ** 17 // whole)) + 1
            part = max(0, min(whole, near))
        if fractions.Fraction(part) * book / whole < MAX:
            return book, part, whole


@pytest.fixture(name="dice")
def seeded():
    seed = int(os.environ.get("ZHIFU_SEED") or random.SystemRandom().randrange(2 ** 32))
    print("ZHIFU_SEED=%d" % seed)
    return random.Random(seed)


def compare(database, call, cases, wanted):
    """call: an expression of the columns a, b, ... of a case."""
    conn = database.connect()
    with conn.cursor() as cursor:
        got = psycopg2.extras.execute_values(
            cursor, "SELECT n, (%s)::text FROM (VALUES %%s) AS t (n, %s)" % (call, ", ".join("abcdef"[:len(cases[0])])),
            [(n, *case) for n, case in enumerate(cases)], page_size=len(cases) + 1, fetch=True)
    conn.close()
    got = [text for _, text in sorted(got)]
    wrong = ["%s%s: %s, not %s" % (call, case, is_, should) for case, is_, should in zip(cases, got, map(str, wanted)) if is_ != should]
    assert len(got) == len(cases) and not wrong, "%d of %d wrong, such as %s" % (len(wrong), len(cases), wrong[:3])


def test_what_a_part_of_a_receivable_is_carried_at(database, dice):
    cases = [a_share(dice) for _ in range(CASES)]
    wanted = [half_away(fractions.Fraction(book) * part / whole) for book, part, whole in cases]
    compare(database, "zhifu.receivable_carried(c::bigint, a::bigint, b::bigint)", cases, wanted)
    compare(database, "zhifu.receivable_worth(c::bigint, a::bigint, -b::bigint)", cases, [-w for w in wanted])


def test_what_a_part_of_a_line_is_carried_at(database, dice):
    cases = [a_share(dice) for _ in range(CASES)]
    wanted = [half_away(fractions.Fraction(book) * part / whole) for book, part, whole in cases]
    compare(database, "zhifu.match_share(a::bigint, b::bigint, c::bigint)", cases, wanted)
    compare(database, "zhifu.match_share(a::bigint, -b::bigint, -c::bigint)", cases, wanted)


def test_what_a_closing_rate_makes_of_an_amount(database, dice):
    """Through one rate or two, per 1, 100 or 10000, either way up, of currencies with no, two and three decimals."""
    cases, wanted = [], []
    while len(cases) < CASES:
        minor, top, bottom = dice.choice((1, -1)) * amount(dice), 100, 10 ** dice.choice((0, 2, 3))
        for _ in range(dice.randint(1, 2)):
            digits, unit = dice.randint(1, 10 ** dice.randint(1, 8)), 10 ** dice.randint(0, 6) * dice.choice((1, 100, 10000))
            top, bottom = (top * digits, bottom * unit) if dice.random() < 0.5 else (top * unit, bottom * digits)
        value = fractions.Fraction(minor * top, bottom)
        if abs(value) < MAX:
            cases.append((minor, top, bottom))
            wanted.append(half_away(value))
    compare(database, "zhifu.period_value(a::bigint, b::numeric, c::numeric)", cases, wanted)


def test_whether_two_prices_are_one(database, dice):
    """The same rate told upside down, per 100 or with more decimals is the same; one unit of its last digit is not."""
    cases, wanted = [], []
    for _ in range(CASES // 4):
        per, digits, scale = dice.choice((1, 100, 10000)), dice.randint(1, 10 ** 9), dice.randint(0, 6)
        other = dice.choice((1, 100))
        more = dice.randint(0, 4)
        told = digits * other * 10 ** more + dice.choice((0, 0, 1, -1))
        cases.append((per, digits, scale, other * per, told, scale + more))
        wanted.append("true" if told == digits * other * 10 ** more else "false")
    compare(database, "zhifu.rate_same('USD', a, b::bigint, c::smallint, 'USD', d, e::bigint, f::smallint)", cases, wanted)


def test_what_names_no_carrier_is_shared_to_the_last_unit(database, dice):
    """A fee of an advice: the shares are its amount, and each is less than a unit from what it exactly is."""
    remittances, details, fees = [], [], {}
    for n in range(CASES // 20):
        made = "019a0000-0000-7000-9000-%012d" % n
        paid = [amount(dice) for _ in range(dice.randint(1, 6))]
        fees[made] = (dice.choice((1, -1)) * amount(dice), {"k%d" % k: minor for k, minor in enumerate(paid)})
        remittances.append((story.HOSPITAL_ID, made, "tpa", made, 1, "CNY", 2, True, b""))
        details += [(story.HOSPITAL_ID, made, k, 1, "k%d" % k, minor, "CNY", 2) for k, minor in enumerate(paid)]
        details.append((story.HOSPITAL_ID, made, len(paid), 2, None, fees[made][0], "CNY", 2))
    conn = database.connect()
    with conn.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, "INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor,"
                                       " currency, exponent, balanced, content) VALUES %s", remittances)
        psycopg2.extras.execute_values(cursor, "INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, kind, carrier,"
                                       " amount_minor, currency, exponent) VALUES %s", details)
    conn.close()
    shares = {}
    for row in database.sql("SELECT remittance_id::text AS id, carrier, amount_minor FROM zhifu.remittance_share WHERE kind = 2"):
        shares.setdefault(row["id"], {})[row["carrier"]] = row["amount_minor"]
    for made, (fee, paid) in fees.items():
        assert sum(shares[made].values()) == fee, (made, fee, paid, shares[made])
        for carrier, minor in paid.items():
            exact = fractions.Fraction(fee) * minor / sum(paid.values())
            assert abs(shares[made].get(carrier, 0) - exact) < 1, (fee, paid, shares[made])


def test_what_leaves_suspense_is_what_is_taken(database, dice):
    """Of a line in several parts, of which the last ones go first; also above 2^53, where a float has holes."""
    for n in range(20):
        line, minor = "019a0000-0000-7000-8000-%012d" % n, dice.randint(2 ** 53, 2 ** 60) | 1
        sign, parts = dice.choice((1, -1)), sorted(dice.sample(range(1, minor), 2))
        taken = dice.randint(1, minor)
        database.sql("""
            INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason, items_made)
            VALUES (%(h)s, %(l)s, %(m)s, 'CNY', 2, '2026-10-06', 'new', true);
            INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day)
            SELECT %(h)s, %(l)s, n, m, m, '2026-10-06' FROM unnest(%(p)s) WITH ORDINALITY AS t (m, n);
            SELECT zhifu.suspense_take(%(h)s, %(l)s, %(t)s)""", {
                "h": story.HOSPITAL_ID, "l": line, "m": sign * minor, "t": sign * taken,
                "p": [sign * p for p in (parts[0], parts[1] - parts[0], minor - parts[1])]})
        left = database.value("SELECT coalesce(sum(open_minor), 0)::int8 FROM zhifu.match_item WHERE line_id = %s", (line,))
        assert left == sign * (minor - taken)
        assert (database.value("SELECT open_minor FROM zhifu.suspense WHERE line_id = %s", (line,)) or 0) == left
