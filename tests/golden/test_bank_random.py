"""Random statements, written here as camt.053 in several versions, as camt.054 and as MT940, all of the same lines: each
reads as it was made, to the minor unit, and a line has the same identity in all of them. What is then changed by one
unit, left out, or there twice is refused."""

import decimal
import json
import os
import pathlib
import random
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or HERE.parents[1] / "build-asan")
DUMP = BUILD / "golden" / "bank_dump"
IBAN = "GB33BUKB20201555555555"
SEEDS = 200 if os.environ.get("ZHIFU_TEST_ALL") == "1" else 10
EXPONENTS = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3}

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason="bank_dump is not built")


def plain(minor, exponent):
    return str(decimal.Decimal(abs(minor)).scaleb(-exponent).quantize(decimal.Decimal(1).scaleb(-exponent)))


class Month:
    """Lines of (minor units signed, day, bank's reference or None, text)."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.currency = self.dice.choice(sorted(EXPONENTS))
        self.exponent = EXPONENTS[self.currency]
        self.opening = self.amount()
        self.lines = [self.line(n) for n in range(self.dice.randrange(1, 40))]
        # Some lines twice: as one on the same day that is truly equal.
        self.lines += [line for line in self.lines if self.dice.random() < 0.1]
        self.closing = self.opening + sum(line[0] for line in self.lines)

    def amount(self):
        return self.dice.choice((1, -1)) * self.dice.randrange(1, 10 ** self.dice.randrange(1, 14))

    def line(self, number):
        reference = "BK%d" % number if self.dice.random() < 0.6 else None
        return self.amount(), self.dice.randrange(1, 29), reference, "ZF%04d & more" % number

    def money(self, minor):
        text = plain(minor, self.exponent)
        if "." in text and self.dice.random() < 0.3:  # zeros at the end may be left out or be too many
            text = text.rstrip("0").rstrip(".") if self.dice.random() < 0.5 else text + "0"
        mark = "CRDT" if minor >= 0 else "DBIT"
        return '<Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd>' % (self.currency, text, mark)

    def entry(self, line, version):
        minor, day, reference, text = line
        status = "<Cd>BOOK</Cd>" if version >= 8 else "BOOK"
        servicer = "<AcctSvcrRef>%s</AcctSvcrRef>" % reference if reference else ""
        return ("<Ntry>%s<Sts>%s</Sts><BookgDt><Dt>2026-10-%02d</Dt></BookgDt><ValDt><Dt>2026-10-%02d</Dt></ValDt>%s"
                "<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RmtInf><Ustrd>%s</Ustrd></RmtInf>"
                "</TxDtls></NtryDtls></Ntry>\n" % (self.money(minor), status, day, day, servicer,
                                                   text.replace("&", "&amp;")))

    def camt(self, family, version):
        message, part = {53: ("BkToCstmrStmt", "Stmt"), 54: ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}[family]
        pending = self.entry((self.amount(), 1, None, "not yet"), version).replace("BOOK", "PDNG")
        balances = "".join("<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp>%s<Dt><Dt>2026-10-31</Dt></Dt></Bal>"
                           % (code, self.money(minor)) for code, minor in (("OPBD", self.opening), ("CLBD", self.closing)))
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.0%d.001.%02d">'
                "<%s><GrpHdr><MsgId>M</MsgId></GrpHdr><%s><Id>1</Id><Acct><Id><IBAN>%s</IBAN></Id></Acct>%s%s%s</%s></%s>"
                "</Document>" % (family, version, message, part, IBAN, balances if family == 53 else "",
                                 "".join(self.entry(line, version) for line in self.lines), pending, part, message))

    def mt940(self):
        def balance(tag, minor):
            return ":%s:%s261031%s%s\r\n" % (tag, "C" if minor >= 0 else "D", self.currency, self.comma(minor))

        text = ":20:M\r\n:25:%s\r\n:28C:1/1\r\n" % IBAN + balance("60F", self.opening)
        for minor, day, reference, words in self.lines:
            mark = ("C", "RD") if minor >= 0 else ("D", "RC")
            text += ":61:2610%02d10%02d%s%sNTRFNONREF%s\r\n:86:%s\r\n" % (
                day, day, self.dice.choice(mark), self.comma(minor), "//" + reference if reference else "", words)
        return text + balance("62F", self.closing) + "-\r\n"

    def comma(self, minor):
        text = plain(minor, self.exponent).replace(".", ",")
        return text if "," in text else text + ","


def read(tmp_path, text):
    path = tmp_path / "statement"
    path.write_bytes(text.encode())
    out = subprocess.run([DUMP, path], check=True, stdout=subprocess.PIPE).stdout.decode()
    told = [json.loads(line) for line in out.splitlines()]
    return ([t for t in told if t["is"] == "entry" and t["status"] == 1], [t for t in told if t["is"] == "end"],
            [t["code"] for t in told if t["is"] == "fault"], told[-1]["rc"])


def keys(entries):
    return [(e["identity"], e["occurrence"]) for e in entries]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_all_formats_agree(tmp_path, seed):
    month = Month(seed)
    expected = ["%s%s %s" % ("-" if minor < 0 else "", plain(minor, month.exponent), month.currency)
                for minor, *_ in month.lines]
    seen = []
    for text in [month.camt(53, version) for version in (2, 4, 8, 13)] + [month.camt(54, 8), month.mt940()]:
        entries, ends, faults, rc = read(tmp_path, text)
        assert rc == 0 and not faults
        assert [e["amount"] for e in entries] == expected
        assert ends[0]["proved"] == (0 if "camt.054" in text else 1)
        seen.append(keys(entries))
        assert len(set(seen[-1])) == len(entries)  # no two lines are one
    assert all(each == seen[0] for each in seen)  # and each is the same everywhere


@pytest.mark.parametrize("seed", range(100, 100 + SEEDS // 2))
def test_one_unit_is_enough(tmp_path, seed):
    month = Month(seed)  # its closing balance stays as it was
    lines = month.lines
    minor, *rest = lines[0]
    changed = {"more": [(minor + 1, *rest)] + lines[1:], "lost": lines[1:], "twice": lines[:1] + lines,
               "turned": [(-minor, *rest)] + lines[1:]}
    for name, month.lines in changed.items():
        for text in (month.camt(53, 8), month.mt940()):
            _, ends, faults, rc = read(tmp_path, text)
            assert rc == -3 and "bank-balance" in faults and ends[0]["refused"] == 1, name
