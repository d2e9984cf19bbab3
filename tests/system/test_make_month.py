"""The generator of labelled months: its files are read here by code of their own, and must agree with its truth."""

import collections
import csv
import datetime
import fractions
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as tree

import pytest

import zhifu

PROGRAM = zhifu.ROOT / "tests" / "bench" / "make_month"
PAYMENTS = 200
CLASSES = ("fx", "charge", "discount", "fee", "short", "over", "unexplained")

sys.path.insert(0, str(PROGRAM.parent))
from month import refs  # noqa: E402 the path is set above


def make(folder, *options, seed=7, payments=PAYMENTS, check=True, **environment):
    argv = [sys.executable, str(PROGRAM), "--seed", str(seed), "--payments", str(payments), "--out", str(folder)]
    done = subprocess.run(argv + list(options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          env=dict(os.environ, **environment))
    assert not check or done.returncode == 0, done.stderr
    return done


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Made:
    """One month, read back."""

    def __init__(self, folder, *options, **how):
        self.folder = pathlib.Path(folder)
        make(folder, *options, **how)
        self.contracts = json.loads((self.folder / "contracts.json").read_text(encoding="utf-8"))
        self.exponents = self.contracts["exponents"]
        self.claims = {row["ref"]: row for row in table(self.folder / "claims.csv")}
        self.truth = table(self.folder / "truth.csv")
        self.inbox = table(self.folder / "inbox.csv")
        self.lines = collections.defaultdict(list)
        for row in self.truth:
            self.lines[row["line"]].append(row)
        self.payments = {number: rows[0] for number, rows in self.lines.items()
                         if rows[0]["kind"] not in ("other", "reversal")}

    def files(self, pattern):
        return sorted((self.folder / "statements").glob(pattern))

    def minor(self, text, currency):
        """Minor units of what a bank writes, with a point or a comma."""
        value = fractions.Fraction(text.replace(",", ".").rstrip(".")) * 10 ** self.exponents[currency]
        assert value.denominator == 1, text
        return int(value)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("month") / "made")


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("month") / "larger", payments=1000)


# --- statements, read ---


def named(element, name):
    return [child for child in element if child.tag.partition("}")[2] == name]


def text_at(element, path):
    for name in path.split("/"):
        (element,) = named(element, name)
    return element.text


def signed(made, element, tag="Amt"):
    (amount,) = named(element, tag)
    value = made.minor(amount.text, amount.get("Ccy"))
    return -value if text_at(element, "CdtDbtInd") == "DBIT" else value


class Statement:
    """What a file says: balances, and bank reference → amount of its lines."""

    def __init__(self, made, path):
        self.path = path
        self.account = path.name[:2]
        self.lines = {}
        self.texts = {}
        self.kept = {}  # as the bank states it
        self.opening = self.closing = self.sequence = None
        self.sum = 0
        (self._read_camt if path.suffix == ".xml" else self._read_mt940)(made)

    def _read_camt(self, made):
        (message,) = tree.parse(self.path).getroot()
        body = named(message, "Stmt") + named(message, "Ntfctn")
        assert len(body) == 1
        for balance in named(body[0], "Bal"):
            kind = text_at(balance, "Tp/CdOrPrtry/Cd")
            setattr(self, {"OPBD": "opening", "CLBD": "closing"}[kind], signed(made, balance))
        if named(body[0], "ElctrncSeqNb"):
            self.sequence = int(text_at(body[0], "ElctrncSeqNb"))
        for entry in named(body[0], "Ntry"):
            amount = signed(made, entry)
            self.sum += amount
            (details,) = named(entry, "NtryDtls")
            parts = named(details, "TxDtls")
            total = 0
            for part in parts:
                (amounts,) = named(part, "AmtDtls")
                (one,) = named(amounts, "TxAmt")
                (value,) = named(one, "Amt")
                value = made.minor(value.text, value.get("Ccy")) * (-1 if amount < 0 else 1)
                total += value
                self.lines[text_at(part, "Refs/AcctSvcrRef")] = value
                self.texts[text_at(part, "Refs/AcctSvcrRef")] = "".join(part.itertext()).upper()
                for charges in named(part, "Chrgs"):
                    one = (named(charges, "Rcrd") or [charges])[0]
                    self.kept[text_at(part, "Refs/AcctSvcrRef")] = -signed(made, one)
            assert not parts or total == amount
            if not parts:
                (batch,) = named(details, "Btch")
                assert int(text_at(batch, "NbOfTxs")) > 1 and signed(made, batch, "TtlAmt") == amount

    def _read_mt940(self, made):
        raw = self.path.read_bytes().decode("ascii")
        assert raw.endswith("-\r\n")
        running = None
        for number, page in enumerate(raw[:-5].split("\r\n-\r\n"), 1):
            fields = re.split(r"(?:^|\r\n):(\d\d[A-Z]?):", page)[1:]
            fields = list(zip(fields[::2], fields[1::2]))
            tags = [tag for tag, _ in fields]
            assert tags[:3] == ["20", "25", "28C"] and tags[3][:2] == "60" and tags[-1][:2] == "62"
            self.sequence, page_number = map(int, fields[2][1].split("/"))
            assert page_number == number
            first, last = (self._balance(made, fields[i][1]) for i in (3, -1))
            assert running in (None, first)
            self.opening = first if self.opening is None else self.opening
            running = first + self._entries(made, fields)
            assert running == last
        self.closing = running

    def _balance(self, made, text):
        mark, currency, amount = re.fullmatch(r"([CD])\d{6}([A-Z]{3})(\d+,\d*)", text).groups()
        self.currency = currency
        return made.minor(amount, currency) * (1 if mark == "C" else -1)

    def _entries(self, made, fields):
        total = 0
        for (tag, text), (next_tag, details) in zip(fields, fields[1:]):
            if tag != "61":
                continue
            mark, amount, customer, bank = re.fullmatch(
                r"\d{6}\d{4}(C|D|RC)(\d+,\d*)NTRF([^/]{1,16})//(.{1,16})", text).groups()
            assert next_tag == "86" and customer
            lines = details.split("\r\n")
            assert len(lines) <= 6 and max(map(len, lines)) <= 65 and not any(n[:1] in ":-" for n in lines)
            value = made.minor(amount, self.currency) * (1 if mark == "C" else -1)
            total += value
            self.lines[bank] = value
            self.texts[bank] = re.sub(r"\?\d\d", "", "".join(lines))
        self.sum += total
        return total


def statements(made):
    """The statements of each account in the order of days, without those that come again."""
    by_account = collections.defaultdict(list)
    for path in made.files("*"):
        if path.stem.count("-") == 3:
            by_account[path.name[:2]].append(Statement(made, path))
    return by_account


# --- the tests ---


def test_refs_are_the_daemons():
    """The same numbers and refs as in tests/unit/test_id.c."""
    assert refs.from_number("HZ1", 0) == "HZ1000000000000V"
    assert refs.from_number("HZ1", 35) == "HZ100000000000ZX"
    assert refs.from_number("HZ1", 123456789012345678) == "HZ10XRLS1WQ49JIW"
    assert refs.from_number("HZ1", (1 << 62) - 1) == "HZ1Z1CI99JJ7473I"
    assert refs.is_valid("HZ10XRLS1WQ49JIW") and not refs.is_valid("HZ10XRLS1WQ49JWI")
    # What the standard's own users print: the check character of a recording's number.
    assert refs.check_character("A12425GABC1234002") == "M"


def test_same_seed_same_bytes(made, tmp_path):
    make(tmp_path / "again", PYTHONHASHSEED="123")
    make(tmp_path / "other", seed=8)
    for path in sorted(made.folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(made.folder)
            assert path.read_bytes() == (tmp_path / "again" / name).read_bytes(), name
    assert len(list(made.folder.rglob("*"))) == len(list((tmp_path / "again").rglob("*")))
    assert (made.folder / "truth.csv").read_bytes() != (tmp_path / "other" / "truth.csv").read_bytes()


def test_statements_balance_and_hold_every_line(made):
    found = {}
    for account, one_account in statements(made).items():
        balance, sequence = one_account[0].opening, 1
        for statement in one_account:
            assert (statement.opening, statement.sequence) == (balance, sequence), statement.path.name
            assert statement.opening + statement.sum == statement.closing, statement.path.name
            balance, sequence = statement.closing, sequence + 1
            for reference, amount in statement.lines.items():
                assert (account, reference) not in found
                found[account, reference] = amount, statement.path.name
    # What the bank booked together may have its parts in the camt.054 alone.
    for path in made.files("*-054.xml"):
        told = Statement(made, path)
        for reference, amount in told.lines.items():
            assert found.setdefault((told.account, reference), (amount, path.name.replace("-054", "")))[0] == amount
    expected = {(row["account"], row["bank_ref"]): (int(row["line_amount"]), pathlib.Path(row["file"]).name)
                for row in made.truth}
    assert found == expected


def test_statements_that_come_again_say_the_same(tmp_path):
    made = Made(tmp_path / "made", "--duplicates", "1")
    again = made.files("*-again*")
    assert {path.suffix for path in again} == {".xml", ".sta"}
    for path in again:
        first = path.with_name(path.name.replace("-again", ""))
        assert Statement(made, path).lines == Statement(made, first).lines
    assert len(again) == len([p for p in made.files("*") if p.stem.count("-") == 3])


def test_camt_is_valid(made, shared):
    etree = pytest.importorskip("lxml.etree")
    schemas = {}
    paths = made.files("*.xml")
    for path in paths:
        document = etree.parse(str(path))
        name = document.getroot().nsmap[None].rpartition(":")[2]
        if name not in schemas:
            schemas[name] = etree.XMLSchema(etree.parse(str(shared / "banking" / "xsd" / (name + ".xsd"))))
        schemas[name].assertValid(document)
    assert set(schemas) >= {"camt.053.001.02", "camt.053.001.08"} and any("054" in name for name in schemas)


def test_remittances_balance_as_labelled(tmp_path):
    made = Made(tmp_path / "made", "--unbalanced", "0.3", "--batch", "0.8", payments=400)
    labels = table(made.folder / "truth-remittances.csv")
    assert {label["file"] for label in labels} == {p.name for p in (made.folder / "remittances").iterdir()}
    arrived = {row["file"].partition("/")[2]: row for row in made.inbox if row["kind"] == "remittance"}
    seen = set()
    for label in labels:
        advice = read_advice(made, label["file"], arrived[label["file"]]["profile"])
        balances = sum(advice["details"]) + sum(advice["adjustments"]) == advice["transfer"]
        assert label["balances"] == ("yes" if balances else "no"), label
        assert advice["number"] == label["advice"] and advice["transfer"] == int(label["transfer"])
        assert advice["remitter"] == arrived[label["file"]]["of"]
        seen.add((arrived[label["file"]]["profile"], label["balances"], arrived[label["file"]]["channel"] == "letter"))
    assert len(seen) == 8


def read_advice(made, name, profile):
    lines = (made.folder / "remittances" / name).read_text(encoding="utf-8").splitlines()
    if profile == "records":
        rows = [line.split(",") for line in lines]
        (head,), (last,) = [r for r in rows if r[0] == "H"], [r for r in rows if r[0] == "T"]
        number, remitter, currency, transfer = head[1], head[2], head[3], head[5]
        details = [r[5] for r in rows if r[0] == "D"]
        adjustments = [r[2] for r in rows if r[0] == "A"]
        assert int(last[1]) == len(details)
    else:
        rows = [line.split(";") for line in lines[1:]]
        (head,) = [r for r in rows if r[0] == "Avis"]
        number, remitter, currency, transfer = head[1], head[2], head[3], head[5]
        details = [r[5] for r in rows if r[0] == "Position"]
        adjustments = [r[5] for r in rows if r[0] == "Abzug"]
    return {"number": number, "remitter": remitter, "transfer": made.minor(transfer, currency),
            "details": [made.minor(d, currency) for d in details],
            "adjustments": [made.minor(a, currency) for a in adjustments]}


def test_truth_refers_to_what_is_there(made):
    contracts = {c["id"]: c for c in made.contracts["contracts"]}
    remitters = {p["id"] for p in made.contracts["parties"] if "remitter" in p["roles"]}
    advices = {row["advice"] for row in table(made.folder / "truth-remittances.csv")}
    for row in made.truth:
        assert (made.folder / row["file"]).is_file()
        assert set(row["advice"].split()) <= advices
        if row["kind"] == "other":
            assert row["remitter"] == row["claim_ref"] == "" and row["decidable"] == "no"
            continue
        assert row["remitter"] in remitters
        assert bool(row["claim_ref"]) == (row["kind"] not in ("fee", "residual"))
        if row["claim_ref"]:
            claim = made.claims[row["claim_ref"]]
            assert claim["remitter"] == row["remitter"] and claim["billed_on"] <= row["booked_on"]
            assert contracts[claim["contract"]]["owed_currency"] == claim["owed_currency"] == row["owed_currency"]
            assert bool(claim["paid_on"]) == (row["kind"] == "take_back")
    for ref, claim in made.claims.items():
        assert refs.is_valid(ref) and ref.startswith(made.contracts["hospital"]["code"])
        assert claim["charged_currency"] == "CNY"
        if claim["owed_currency"] == "CNY":
            assert claim["owed"] == claim["charged"]


def test_truth_sums_up(made):
    for rows in made.lines.values():
        assert sum(int(row["amount"]) for row in rows) == int(rows[0]["line_amount"])
        for row in rows:
            parts = {name: int(row[name]) for name in CLASSES}
            parts["over"] = -parts["over"]
            assert int(row["due"]) - int(row["amount"]) == sum(parts.values()), row
    paid = collections.Counter()
    for row in made.truth:
        if row["kind"] in ("payment", "denied", "reversal"):
            assert row["kind"] == "reversal" or \
                int(row["open_before"]) == int(made.claims[row["claim_ref"]]["owed"]) - paid[row["claim_ref"]]
            paid[row["claim_ref"]] += int(row["cleared"])
    for ref, cleared in paid.items():
        assert 0 <= cleared <= int(made.claims[ref]["owed"])


def half_away(value):
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + fractions.Fraction(1, 2))


class Parity:
    """rates-cfets.csv, read by what its columns say."""

    def __init__(self, made):
        self.exponents = made.exponents
        self.rows = {}
        for row in table(made.folder / "rates-cfets.csv"):
            day = datetime.date.fromisoformat(row.pop("日期"))
            self.rows[day] = {}
            for column, quote in row.items():
                units, base, counter = re.fullmatch(r"(\d*)([A-Z]{3})/([A-Z]{3})", column).groups()
                rate = fractions.Fraction(quote) / int(units or 1)
                self.rows[day][base if base != "CNY" else counter] = rate if base != "CNY" else 1 / rate

    def book(self, amount, currency, day):
        if currency == "CNY":
            return amount
        while day not in self.rows:
            day -= datetime.timedelta(days=1)
        value = amount * self.rows[day][currency] / 10 ** self.exponents[currency]
        return half_away(value * 10 ** self.exponents["CNY"])


def test_books_agree_with_exact_rates(made):
    parity = Parity(made)
    holiday = [datetime.date(2026, 10, day) for day in range(1, 8)]
    assert not any(day in parity.rows for day in holiday) and datetime.date(2026, 10, 8) in parity.rows
    counted = 0
    for row in made.truth:
        if row["kind"] not in ("payment", "take_back", "double", "denied", "reversal"):
            continue
        day = datetime.date.fromisoformat(row["booked_on"])
        shown = [int(row[name]) for name in ("charge", "discount", "fee", "unexplained")]
        shown.append(int(row["amount"]) - int(row["over"]))
        booked = sum(parity.book(amount, row["currency"], day) for amount in shown)
        assert int(row["fx_book"]) == int(row["cleared_book"]) - booked, row
        if row["owed_currency"] == row["currency"] == "CNY":
            assert row["fx_book"] == "0"
        counted += row["fx_book"] != "0"
    assert counted > 20


def test_fixed_claims_are_owed_at_the_parity_of_the_bill(made):
    parity = Parity(made)
    foreign = [c for c in made.claims.values() if c["owed_currency"] != "CNY"]
    assert len(foreign) > 20
    for claim in foreign:
        day = datetime.date.fromisoformat(claim["billed_on"])
        charged = int(claim["charged"])
        # One unit of the foreign currency more or less would be farther away.
        away = [abs(parity.book(int(claim["owed"]) + n, claim["owed_currency"], day) - charged) for n in (-1, 0, 1)]
        assert away[1] == min(away), claim


def test_whole_references_are_on_the_wire(made):
    texts = {}
    for path in made.files("*"):
        statement = Statement(made, path)
        for reference, text in statement.texts.items():
            texts[statement.account, reference] = re.sub(r"[\W_]", "", text)
    advices = 0
    for row in made.payments.values():
        claims = [made.claims[r["claim_ref"]] for r in made.lines[row["line"]] if r["claim_ref"]]
        numbers = [[claim[k] for k in ("ref", "claim_no", "payer_claim_no")] for claim in claims]
        text = texts[row["account"], row["bank_ref"]]
        if row["advice"]:
            numbers = [[number.replace("-", "")] for number in row["advice"].split()]
            advices += 1
        elif any(r["kind"] in ("fee", "denied") or len(claims) > 3 for r in made.lines[row["line"]]):
            continue  # its advice did not come within the month
        told = [any(number in text for number in one) for one in numbers]
        if row["damage"] == "none" and row["reason"] != "no_advice":
            assert all(told), row
        if row["damage"] == "missing":
            assert not any(told), row
    assert advices > 20


def test_labels_are_consistent(made):
    for rows in made.lines.values():
        row = rows[0]
        assert len({(r["decidable"], r["reason"], r["candidates"], r["among"]) for r in rows}) == 1
        if row["decidable"] == "yes":
            assert row["candidates"] == "1" and row["among"] == "yes" and row["decidable_on"] >= row["booked_on"]
        else:
            assert row["decidable_on"] == ""
        if row["reason"] == "two_candidates":
            assert int(row["candidates"]) > 1
        assert row["reason"] != "misleading"
        if row["reason"] == "too_many_candidates":
            assert row["candidates"] == "9"
    arrived = {row["file"]: row["arrived_on"] for row in made.inbox}
    assert set(arrived) == {str(p.relative_to(made.folder)) for n in ("statements", "remittances")
                            for p in (made.folder / n).iterdir()}
    assert [row["arrived_on"] for row in made.inbox] == sorted(arrived[row["file"]] for row in made.inbox)
    assert sum(r["decidable"] == "yes" for r in made.payments.values()) > PAYMENTS * 0.7


def test_an_amount_decides_when_one_open_claim_fits(larger):
    """The rule for lines that name nothing, tried here on all claims of the payer as the lines before left them."""
    contracts = {c["id"]: c for c in larger.contracts["contracts"]}
    single = {p["id"] for p in larger.contracts["parties"] if p.get("settles") == "single"}
    left = {ref: 0 if claim["paid_on"] else int(claim["owed"]) for ref, claim in larger.claims.items()}
    stated = {}
    for path in larger.files("*"):
        statement = Statement(larger, path)
        stated.update({(statement.account, reference): kept for reference, kept in statement.kept.items()})
    tried = collections.Counter()
    for rows in larger.lines.values():
        row = rows[0]
        got, kept = int(row["line_amount"]), stated.get((row["account"], row["bank_ref"]), 0)
        if row["remitter"] in single and row["reason"] in ("amount", "nothing_fits"):
            fitting = []
            for ref, claim in larger.claims.items():
                contract = contracts[claim["contract"]]
                if claim["remitter"] != row["remitter"] or claim["billed_on"] > row["booked_on"] or not left[ref]:
                    continue
                if claim["owed_currency"] == contract["pay_currency"] == row["currency"]:
                    fitting += [ref] if fits(contract, claim, left[ref], row, got, kept) else []
                elif contract["pay_currency"] == row["currency"]:
                    fitting = None  # by a rate: not tried here
                    break
            if fitting is not None:
                assert fitting == ([row["claim_ref"]] if row["reason"] == "amount" else []), row
                tried[row["reason"]] += 1
        if row["decidable"] == "yes":
            for one in rows:
                if one["claim_ref"] and one["cleared"] and one["kind"] != "take_back":
                    left[one["claim_ref"]] -= int(one["cleared"])
    assert tried["amount"] > 10, tried


def fits(contract, claim, due, row, got, stated):
    usual = [0]
    if not stated:
        usual += [c["amount"] for c in contract["usual_charges"] if c["currency"] == row["currency"]]
    off, early = [0], contract["early_discount"]
    days = datetime.date.fromisoformat(row["booked_on"]) - datetime.date.fromisoformat(claim["billed_on"])
    if early and days.days <= early["days"]:
        off.append(half_away(fractions.Fraction(due * early["basis_points"], 10_000)))
    return any(abs(due - o - u - got - stated) <= contract["tolerance"][row["currency"]] for o in off for u in usual)


def test_shares_of_damage(larger):
    made = larger
    assert len(made.payments) == 1000
    counts = collections.Counter(row["damage"] for row in made.payments.values())
    for damage in ("cut", "mistyped", "missing"):
        assert 65 <= counts[damage] <= 135, counts  # 100 ± 3.7 standard deviations
    kinds = collections.Counter(row["kind"] for row in made.truth)
    assert set(kinds) == {"payment", "double", "denied", "take_back", "fee", "residual", "reversal", "other"}
    assert {row["currency"] for row in made.truth} == {"CNY", "USD", "EUR", "JPY"}
    assert {c["type"] for c in made.contracts["contracts"]} == {"A", "B", "C"}


def test_options_are_respected(tmp_path):
    shares = ("batch cut mistyped missing charges fx-noise double short over duplicates others other-currency "
              "instalments reversed strangers together discount open")
    plain = Made(tmp_path / "plain", *[word for name in shares.split() for word in ("--" + name, "0")])
    assert not list((plain.folder / "remittances").iterdir())
    assert not plain.files("*-again*") and not plain.files("*-054*")
    assert {row["damage"] for row in plain.truth} == {"none"}
    for row in plain.payments.values():
        assert row["kind"] == "payment" and row["decidable"] == "yes", row
        assert all(row[name] == "0" for name in CLASSES if name != "unexplained"), row
    shares = {"missing": 1, "cut": 0, "mistyped": 0, "take-backs": 1, "late": 1}
    gone = Made(tmp_path / "gone", *["--%s=%d" % one for one in shares.items()])
    assert sum(row["damage"] == "missing" for row in gone.payments.values()) > PAYMENTS * 0.97
    assert sum(row["kind"] == "take_back" for row in gone.truth) > 20
    booked = {row["advice"]: row["booked_on"] for row in gone.truth if row["advice"]}
    for row in gone.truth:
        if row["advice"] and row["decidable"] == "yes":
            assert row["decidable_on"] > booked[row["advice"]]


def test_wrong_options_are_refused(made, tmp_path):
    for options in (("--cut", "1.5"), ("--cut", "0.5", "--missing", "0.6"), ("--batch", "some")):
        assert make(tmp_path / "no", *options, check=False).returncode == 2
        assert not (tmp_path / "no").exists()
    assert "not empty" in make(made.folder, check=False).stderr
