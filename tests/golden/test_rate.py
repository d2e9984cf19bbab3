"""Conversion against exact fractions, the ECB's files against another XML reader, and the month of tests/bench/make_month,
which computes rates, what is owed and how a payment splits by code of its own."""

import csv
import fractions
import json
import os
import pathlib
import random
import subprocess
import sys
import xml.etree.ElementTree as tree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench"))
import contract_documents  # noqa: E402 the path is set above
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or HERE.parents[1] / "build-asan")
SHARED = pathlib.Path(os.environ.get("ZHIFU_SHARED") or HERE.parents[2] / "shared")
ECB = SHARED / "data" / "reference" / "ecb"
PROBE = BUILD / "golden" / "rate_probe"
CASES = 30000
EXPONENTS = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3, "CLF": 4, "UYW": 4}
HALF_AWAY, HALF_EVEN, UP, DOWN = range(4)
WITHDRAWN = {"CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL"}

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason="rate_probe is not built")


def probe(*args, stdin=None):
    return subprocess.run([str(PROBE), *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)


def rounded(value, rule):
    whole, rest = divmod(abs(value), 1)
    whole = int(whole)
    half = fractions.Fraction(1, 2)
    if rule == UP:
        whole += rest > 0
    elif rule == HALF_AWAY:
        whole += rest >= half
    elif rule == HALF_EVEN:
        whole += rest > half or (rest == half and whole % 2 == 1)
    return -whole if value < 0 else whole


def random_step(dice, currency):
    other = dice.choice([c for c in EXPONENTS if c != currency])
    base, quote = (currency, other) if dice.random() < 0.5 else (other, currency)
    scale = dice.randint(0, 18)
    unscaled = max(1, dice.getrandbits(dice.randint(1, 63)))
    if dice.random() < 0.7:  # of a size that occurs
        scale = dice.randint(2, 6)
        unscaled = dice.randint(1, 20 * 10 ** scale)
    return base, dice.choice([1, 1, 10, 100, 1000, 10000]), unscaled, scale, quote, other


def random_case(dice):
    currency = dice.choice(list(EXPONENTS))
    minor = dice.getrandbits(dice.randint(1, 63)) * dice.choice([1, -1])
    if dice.random() < 0.01:
        minor = dice.choice([0, 2 ** 63 - 1, -2 ** 63])
    rule = dice.randint(0, 3)
    words = [minor, currency, rule]
    value = fractions.Fraction(minor, 10 ** EXPONENTS[currency])
    steps = [random_step(dice, currency)]
    if dice.random() < 0.6:
        steps.append(random_step(dice, steps[0][5]))
        if dice.random() < 0.3:  # there and back at the same rate: nothing may be lost
            base, per, unscaled, scale, quote, _ = steps[0]
            steps[1] = (base, per, unscaled, scale, quote, currency)
    words.append(len(steps))
    for base, per, unscaled, scale, quote, to in steps:
        price = fractions.Fraction(unscaled, 10 ** scale * per)  # of one base in quote
        value = value * price if to == quote else value / price
        words += [base, per, unscaled, scale, quote]
        currency = to
    got = rounded(value * 10 ** EXPONENTS[currency], rule)
    wanted = "%d %s" % (got, currency) if -2 ** 63 <= got < 2 ** 63 else "limit"
    return " ".join(map(str, words)), wanted


def judged(command, make):
    """The answers to as many cases, each (line, wanted) as make(dice) has it; all are what is wanted."""
    seed = int(os.environ.get("ZHIFU_SEED") or random.SystemRandom().randrange(2 ** 32))
    print("ZHIFU_SEED=%d" % seed)
    dice = random.Random(seed)
    cases = [make(dice) for _ in range(CASES)]
    done = probe(command, stdin="".join(line + "\n" for line, _ in cases))
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == len(cases)
    wrong = ["%s: %s, not %s" % (line, answer, wanted)
             for (line, wanted), answer in zip(cases, answers) if answer != wanted]
    assert not wrong, "ZHIFU_SEED=%d: %d wrong, such as %s" % (seed, len(wrong), wrong[:3])
    return answers


def test_conversion_is_exact():
    answers = judged("convert", random_case)
    limits = answers.count("limit")
    assert CASES // 100 < limits < CASES // 2, "the cases are lopsided: %d beyond the limit" % limits


def random_amount(dice):
    """An amount as a file may write it, and what reads and writes it again."""
    currency = dice.choice(list(EXPONENTS))
    whole = str(dice.getrandbits(dice.randint(0, 70)))
    places = dice.choice((0, 0, 1, 2, 2, 2, 3, 4, 10, 18, 19))
    part = "".join(dice.choice("0123456789") for _ in range(places))
    if dice.random() < 0.5:  # more zeros than the currency has places, or fewer places than it
        part = part[:dice.randint(0, EXPONENTS[currency])] + "0" * dice.randint(0, 3)
    power = dice.choice((0, 0, 0, 0, 1, -1, 3, -3, 17, -19))
    sign = dice.choice(("", "-"))
    text = sign + whole + ("." + part if part else "") + (dice.choice("eE") + "%d" % power if power else "")
    digits, scale = int(sign + whole + part), len(part) - power
    if scale < 0:
        digits, scale = digits * 10 ** -scale, 0
    minor = fractions.Fraction(digits * 10 ** EXPONENTS[currency], 10 ** scale)
    if scale > 18 or not -2 ** 63 <= digits < 2 ** 63:
        wanted = "limit"
    elif minor.denominator != 1:
        wanted = "inexact"
    elif not -2 ** 63 <= minor < 2 ** 63:
        wanted = "limit"
    else:
        places = EXPONENTS[currency]
        written = "%0*d" % (places + 1, abs(minor.numerator))
        written = written[:len(written) - places] + ("." + written[len(written) - places:] if places else "")
        wanted = "%d %s%s" % (minor, "-" if minor < 0 else "", written)
    return "%s %s" % (text, currency), wanted


def test_money_is_read_and_written_exactly():
    answers = judged("money", random_amount)
    assert all(answers.count(word) > CASES // 50 for word in ("limit", "inexact")) and len(set(answers)) > CASES // 4


@pytest.mark.parametrize("name", ["exchange_rates.xml", "exchange_rates_90_day.xml"])
def test_ecb_file(name):
    path = ECB / name
    if not path.exists():
        pytest.skip("no %s" % path)
    wanted = set()
    cube = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
    for day in tree.parse(path).getroot().iter(cube):
        for rate in day.findall(cube):
            if day.get("time") and rate.get("currency") not in WITHDRAWN:
                wanted.add("%s EUR 1 %s %s" % (day.get("time"), rate.get("rate"), rate.get("currency")))
    done = probe("ecb", str(path), "2018-12-31")
    assert done.returncode == 0, done.stderr
    got = done.stdout.splitlines()
    assert len(got) == len(set(got)) and len(got) > 30
    assert set(got) == wanted
    assert "rate-withdrawn" in done.stderr and "rate-far" not in done.stderr


def test_ecb_file_from_the_future():
    path = ECB / "exchange_rates.xml"
    if not path.exists():
        pytest.skip("no %s" % path)
    done = probe("ecb", str(path), "2018-06-10")
    assert done.returncode == 1 and done.stdout == ""
    assert "rate-future The day 2018-06-11 has not come yet; today is 2018-06-10." in done.stderr


def test_ecb_file_that_is_none():
    path = ECB / "illegal_exchange_rates.xml"
    if not path.exists():
        pytest.skip("no %s" % path)
    done = probe("ecb", str(path), "2018-12-31")
    assert done.returncode == 1 and done.stdout == ""
    assert "xml-invalid" in done.stderr


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", name="month")
def made_month(tmp_path_factory):
    """The folder, its claims by ref and its contracts by id."""
    folder = tmp_path_factory.mktemp("month")
    seed = int(os.environ.get("ZHIFU_SEED") or random.SystemRandom().randrange(2 ** 31))
    done = subprocess.run([sys.executable, "-B", str(HERE.parent / "bench" / "make_month"), "--seed", str(seed),
                           "--payments", "600", "--out", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout
    print("ZHIFU_SEED=%d" % seed)
    contracts = json.loads((folder / "contracts.json").read_text(encoding="utf-8"))["contracts"]
    return (folder, {row["ref"]: row for row in rows_of(folder / "claims.csv")},
            {contract["id"]: contract for contract in contracts})


def ask(folder, questions, how="month", *args):
    """Holds the probe's answers against the wanted ones: questions is a list of (line, answer)."""
    done = probe(how, str(folder), "2026-12-31", *args, stdin="".join(line + "\n" for line, _ in questions))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions)
    wrong = ["%s: %s, not %s" % (line, answer, wanted)
             for (line, wanted), answer in zip(questions, answers) if answer != wanted]
    assert not wrong, "%d of %d wrong, such as %s" % (len(wrong), len(answers), wrong[0])


def test_what_is_owed(month):
    folder, claims, _ = month
    questions = [("on cfets %s %s CNY %s" % (c["billed_on"], c["charged"], c["owed_currency"]), c["owed"])
                 for c in claims.values()]
    assert len({c["owed_currency"] for c in claims.values()}) > 1
    ask(folder, questions)


def settled_rows(month):
    folder, claims, contracts = month
    for row in rows_of(folder / "truth.csv"):
        if row["kind"] in ("payment", "denied") and row["claim_ref"] and int(row["due"]) > 0:
            claim = claims[row["claim_ref"]]
            yield row, claim, contracts[claim["contract"]]


def test_what_is_due(month):
    questions = []
    for row, claim, contract in settled_rows(month):
        day, source = row["booked_on"], "cfets"
        if row["currency"] == contract["pay_currency"] != row["owed_currency"]:
            source = "bank-buy" if contract["rate_source"] == "bank_buying" else "cfets"
            if contract["rate_day"] == "order":
                continue  # that day is on the wire only
            if contract["rate_day"] == "invoice":
                day = claim["billed_on"]
        questions.append(("on %s %s %s %s %s" % (source, day, row["open_before"], row["owed_currency"],
                                                 row["currency"]), row["due"]))
    assert len(questions) > 300
    ask(month[0], questions)


def test_how_payments_split(month):
    questions = []
    foreign = short = 0
    for row, claim, _ in settled_rows(month):
        words = ["settle", claim["charged"], claim["owed"], claim["owed_currency"], row["open_before"], row["due"],
                 row["currency"], row["booked_on"], row["amount"], row["over"], row["charge"], row["discount"],
                 row["fee"], row["fx"], row["unexplained"]]
        questions.append((" ".join(words), " ".join(row[n] for n in ("short", "cleared", "cleared_book", "fx_book"))))
        foreign += row["currency"] != "CNY"
        short += int(row["short"]) > 0
    assert foreign > 30 and short > 3, "the month is too plain: %d foreign, %d short" % (foreign, short)
    ask(month[0], questions)


def test_what_contracts_say(month):
    """The same through contracts as documents: currencies, source and day of the rate come from them."""
    folder, claims, contracts = month
    world = json.loads((folder / "contracts.json").read_text(encoding="utf-8"))
    path = folder / "documents.json"
    path.write_text(json.dumps(contract_documents.documents(world), ensure_ascii=False), encoding="utf-8")
    numbers = {name: number for number, name in enumerate(contracts)}
    questions = [("bill %d %s %s" % (numbers[c["contract"]], c["billed_on"], c["charged"]),
                  "%s %s" % (c["owed"], c["owed_currency"])) for c in claims.values()]
    billed = len(questions)
    for row, claim, contract in settled_rows(month):
        if row["currency"] == contract["pay_currency"] and contract["rate_day"] != "order":
            questions.append(("due %d %s %s %s" % (numbers[contract["id"]], claim["billed_on"], row["booked_on"],
                                                   row["open_before"]), "%s %s" % (row["due"], row["currency"])))
    assert billed > 300 and len(questions) > billed + 200
    ask(folder, questions, "contract", str(path))
