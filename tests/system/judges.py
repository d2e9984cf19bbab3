"""Two programs that know nothing of us judge the books: hledger and beancount read the exported journal, check it, and their
totals of each account must be those that SQL makes of the postings."""

import collections
import csv
import decimal
import io
import os
import re
import shutil
import subprocess

Decimal = decimal.Decimal


def have(*programs):
    return all(shutil.which(name) for name in programs)


def run(*argv):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          check=False, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    return done.stdout


def own_totals(database, hospital, book="CNY", first="0001-01-01", last="9999-12-31"):
    """What SQL says: {(account, currency): amount} and {account: value in the books}, by the ledger's short names and
    without zeros. What moves the book value alone has no amount: the journals write the value, so it counts in the book
    currency here too."""
    amounts, values = collections.Counter(), collections.Counter()
    for row in database.sql(
            "SELECT p.debit, p.credit, p.amount_minor, p.currency, p.exponent, coalesce(p.book_minor, v.book_minor) AS book"
            " FROM zhifu.posting p LEFT JOIN zhifu.posting v ON v.hospital_id = p.hospital_id AND v.entry_id = p.entry_id"
            " AND v.no = p.no + 10000 AND v.rule = 'value' AND p.book_minor IS NULL"
            " WHERE p.hospital_id = %s AND p.rule <> 'value' AND p.book_day BETWEEN %s AND %s", (hospital, first, last)):
        amount = Decimal(row["amount_minor"]).scaleb(-row["exponent"])
        value = None if row["book"] is None else Decimal(row["book"]).scaleb(-2)
        for account, sign in ((row["debit"], 1), (row["credit"], -1)):
            if row["amount_minor"]:
                amounts[account, row["currency"]] += sign * amount
            else:
                amounts[account, book] += sign * value
            if value is not None:
                values[account] += sign * value
    return nonzero(amounts), nonzero(values)


def nonzero(totals):
    return {key: value for key, value in totals.items() if value}


def renamed(totals, names):
    """By the names of the journal, of which one may stand for several of ours."""
    made = collections.Counter()
    for key, value in totals.items():
        made[(names[key[0]], key[1]) if isinstance(key, tuple) else names[key]] += value
    return nonzero(made)


def export(daemon, path, *words):
    text = daemon.ctl("money", "export", "--hospital", "HZ1", *words).stdout
    path.write_text(text, encoding="utf-8")
    return text


def hledger_totals(path, *words):
    """{(account, currency): amount}."""
    totals = collections.Counter()
    out = run("hledger", "-f", path, "balance", "--flat", "--no-total", "--empty", "-O", "csv", *words)
    for row in list(csv.reader(io.StringIO(out)))[1:]:
        for amount in row[1].split(", "):
            if amount != "0":
                number, currency = amount.split()
                totals[row[0], currency] += Decimal(number)
    return nonzero(totals)


def hledger_judges(daemon, database, folder, hospital, book="CNY"):
    """Fails where hledger finds a fault or comes to other totals."""
    path = folder / "judged.journal"
    text = export(daemon, path, "--format", "hledger")
    names = chart_names(text)
    amounts, values = own_totals(database, hospital, book)
    run("hledger", "-f", path, "check", "--strict", "ordereddates")
    assert hledger_totals(path) == renamed(amounts, names)
    if "waits for a rate" not in text:
        at_cost = {account: value for (account, currency), value in hledger_totals(path, "-B").items() if currency == book}
        assert at_cost == renamed(values, names)
        assert sum(at_cost.values()) == 0
    return text


def chart_names(journal):
    """{short name: account of the journal}, as its head tells."""
    return {short: name for name, short in re.findall(r"(?m)^account (.*?)  ; type:\w, ledger:(\S+)$", journal)}


def beancount_judges(daemon, database, folder, hospital, book="CNY"):
    from beancount import loader  # Debian's package; also behind bean-check
    from beancount.core import data

    path = folder / "judged.beancount"
    text = export(daemon, path, "--format", "beancount")
    run("bean-check", path)
    entries, errors, _ = loader.load_file(str(path))
    assert not errors, errors[:3]
    amounts, values, names = collections.Counter(), collections.Counter(), {}
    for entry in entries:
        if isinstance(entry, data.Open):
            names[entry.meta["ledger"]] = entry.account
        elif isinstance(entry, data.Transaction):
            for line in entry.postings:
                amounts[line.account, line.units.currency] += line.units.number
                if line.price is not None:
                    assert line.price.currency == book
                    values[line.account] += line.units.number * line.price.number
                elif line.units.currency == book:
                    values[line.account] += line.units.number
    own_amounts, own_values = own_totals(database, hospital, book)
    assert nonzero(amounts) == renamed(own_amounts, names)
    if "waits for a rate" not in text:
        rounded = {account: value.quantize(Decimal("0.01")) for account, value in values.items()}
        assert nonzero(rounded) == renamed(own_values, names)
    return text
