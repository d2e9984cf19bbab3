"""A hospital's finance office in a test: rates, contracts, receivables and bank statements. Days are those of the stories
in 2026, moved by whole weeks so that the last of them is past, or by whole years where months count."""

import collections
import datetime
import decimal
import json
import sys

import story
import zhifu

sys.path.insert(0, str(zhifu.ROOT / "tests" / "bench"))

from month import refs  # noqa: E402

LAST = datetime.date(2026, 12, 8)
SHIFT = datetime.timedelta(weeks=(datetime.date.today() - LAST).days // 7)
YEARS = LAST.replace(year=(datetime.date.today() - datetime.timedelta(LAST.timetuple().tm_yday)).year) - LAST
ACCOUNTS = {"CNY": "33010001 00000001", "USD": "33010001 00000002"}
BANK_ACCOUNTS = tuple({"code": c, "number": n, "currency": c} for c, n in ACCOUNTS.items())
ALPHA, BETA, GAMMA = "ALPHA GLOBAL HEALTH INSURANCE", "BETA ASSURANCE COMPANY", "GAMMA MEDICAL INSURANCE"

Claim = collections.namedtuple("Claim", "id ref carrier")


def day(text):
    return datetime.date.fromisoformat("2026-" + text) + SHIFT


def minor(amount):
    return int((decimal.Decimal(amount.replace(",", "")) * 100).to_integral_exact())


class Desk:
    """Of a place whose hospital has the accounts below; the daemon is started."""

    def __init__(self, place, shift=SHIFT):
        self.place = place
        self.shift = shift
        self.database = place.database
        self.daemon = place.daemon
        self.closing = dict.fromkeys(ACCOUNTS, 0)
        self.number = 0

    def day(self, text):
        return datetime.date.fromisoformat("2026-" + text) + self.shift

    def ctl(self, *args, **options):
        return self.daemon.ctl("--who", "li", *args, **options)

    def contract(self, carrier, kind, remitter=None, **more):
        document = {"name": carrier + " " + kind, "valid_from": self.day("01-01").isoformat(),
                    "parties": {"carrier": carrier, **({"remitter": remitter} if remitter else {})},
                    "owed": {"kind": kind, **more.pop("owed", {})}, **more}
        path = self.place.folder / "contract.json"
        path.write_text(json.dumps(document))
        self.ctl("money", "contract", "put", path, "--why", "signed")
        row = self.database.sql("SELECT contract_id, version FROM zhifu.contract WHERE name = %s", (document["name"],))[0]
        return {"carrier": carrier, "remitter": remitter or carrier, "kind": kind, "id": row["contract_id"],
                "version": row["version"]}

    def statement(self, account, booked, *lines):
        """MT940 of a day; a line is (amount, name, text[, value day[, code]]), going out without a code a credit taken back. Returns the ids of its lines."""
        self.number += 1
        opening = self.closing[account]
        moved = 0
        rows = [":20:S%d" % self.number, ":25:" + ACCOUNTS[account], ":28C:%d/1" % self.number,
                ":60F:%s" % self._balance(opening, booked, account)]
        for at, (amount, name, text, *more) in enumerate(lines):
            value = self.day(more[0]) if more else self.day(booked)
            code = more[1] if len(more) > 1 else None
            moved += minor(amount)
            mark = "C" if minor(amount) > 0 else "D" if code else "RC"
            rows += [":61:%s%s%s%sN%sNONREF//B%dL%d" % (value.strftime("%y%m%d"), self.day(booked).strftime("%m%d"), mark,
                                                      self._amount(abs(minor(amount))), code or "TRF", self.number, at),
                     ":86:/ORDP//NAME/%s/REMI/%s" % (name, text)]
        self.closing[account] = opening + moved
        rows += [":62F:%s" % self._balance(opening + moved, booked, account), "-"]
        path = self.place.folder / "statement.sta"
        path.write_text("".join(row + "\r\n" for row in rows))
        before = self.lines()
        self.ctl("money", "statement", "import", path)
        return [line for line in self.lines() if line not in before]

    def notification(self, line, *parts):
        """camt.054: of a line that the bank booked together, its transactions (amount, name, text). What the import told."""
        row = self.database.sql("SELECT account, amount_minor, currency, booked_day FROM zhifu.bank_line WHERE line_id = %s", (line,))[0]
        reference = self.daemon.ctl_json("--who", "li", "money", "line", "show", line)["content"]["servicer_reference"]
        self.number += 1
        amount = '<Amt Ccy="%s">%%s</Amt><CdtDbtInd>CRDT</CdtDbtInd>' % row["currency"]
        told = "".join("<TxDtls>%s<RltdPties><Dbtr><Pty><Nm>%s</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>%s</Ustrd></RmtInf></TxDtls>" % (
            amount % part, name, text) for part, name, text in parts)
        made = "<CreDtTm>%sT20:00:00</CreDtTm>" % row["booked_day"]
        path = self.place.folder / "notification.xml"
        path.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
            "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N%d</MsgId>%s</GrpHdr><Ntfctn><Id>N</Id>%s<Acct><Id><Othr><Id>%s</Id></Othr></Id></Acct>"
            "<Ntry>%s<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt><AcctSvcrRef>%s</AcctSvcrRef>"
            "<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><Btch><NbOfTxs>%d</NbOfTxs></Btch>%s</NtryDtls></Ntry></Ntfctn>"
            "</BkToCstmrDbtCdtNtfctn></Document>\n" % (
                self.number, made, made, ACCOUNTS[row["account"]].replace(" ", ""), amount % ("%.2f" % (row["amount_minor"] / 100)),
                row["booked_day"], row["booked_day"], reference, len(parts), told))
        return self.daemon.ctl_json("--who", "li", "money", "statement", "import", path)

    def _amount(self, cents):
        return "%d,%02d" % divmod(cents, 100)

    def _balance(self, cents, booked, account):
        return ("C" if cents >= 0 else "D") + self.day(booked).strftime("%y%m%d") + account + self._amount(abs(cents))

    def lines(self):
        return [r["line_id"] for r in self.database.sql("SELECT line_id FROM zhifu.bank_line ORDER BY line_id")]

    def looked(self, timeout_s=zhifu.PATIENCE_S):
        """Waits until matching has nothing more to look at, also what it put off because its value was just being posted, and what an
        advice that has come will make it look at again."""
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.posting_unvalued") == 0 and self.database.value(
            "SELECT count(*) FROM zhifu.match_turn t WHERE EXISTS (SELECT 1 FROM zhifu.remittance r WHERE r.hospital_id = t.hospital_id"
            " AND r.created_at > t.looked_at + interval '5 seconds') AND EXISTS (SELECT 1 FROM zhifu.match_item i JOIN zhifu.suspense s"
            " USING (hospital_id, line_id) WHERE i.hospital_id = t.hospital_id AND i.open_minor <> 0 AND i.wait <> 16 AND s.held = 0)"
        ) == 0 and self.database.value(
            "SELECT count(*) FROM zhifu.suspense WHERE NOT items_made") == 0 and self.database.value(
            "SELECT count(*) FROM zhifu.match_item i JOIN zhifu.suspense s USING (hospital_id, line_id)"
            " WHERE i.due_at <= now() + interval '20 seconds' AND i.open_minor <> 0 AND s.held = 0") == 0
            and self.database.value("SELECT count(*) FROM zhifu.match_turn WHERE leased_until > now()") == 0, "matching", timeout_s)

    def open(self, claim):
        return self.database.sql("SELECT open_minor, standing FROM zhifu.receivable WHERE claim_id = %s", (claim.id,))[0]

    def journal(self, line):
        """What was posted for a line since it came: account -> (debit, credit) in the book currency, without what only
        passes through and what a month's end made of it."""
        sides = collections.defaultdict(lambda: [0, 0])
        for row in self.database.sql("SELECT debit, credit, coalesce(book_minor, 0) AS book FROM zhifu.posting"
                                     " WHERE source_id = %s AND entry_id <> %s AND rule NOT LIKE 'revalue%%'", (line, line)):
            sides[row["debit"]][0] += row["book"]
            sides[row["credit"]][1] += row["book"]
        through = sides.pop("CONV", [0, 0])
        assert through[0] == through[1], through
        return {account: tuple(both) for account, both in sides.items()}

    def claim(self, contract, billed, owed, currency="CNY", book=None, paid=False, decided=True):
        """A claim that was billed, and decided as it was: its receivable and the bill's posting."""
        self.number += 1
        ref = None
        number = (55_000_000_000 << 20) + self.number * 36 ** 6
        while ref is None:
            ref = refs.from_number("HZ1", number)
            number += 1
        made = Claim("019a0000-0000-7000-8000-%012d" % self.number, ref, contract["carrier"])
        worth = minor(book or owed)
        self.database.sql("""WITH s AS (INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, books, books_seq)
                VALUES (%(h)s, %(c)s, %(r)s, %(k)s, 8, %(y)s, %(y)s)),
            e AS (INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
                SELECT %(h)s, %(c)s, 5, y.* FROM (VALUES (1, NULL, 0, 1, 'bill', 'li'), (2, 1, 1, 2, 'post_adjudication', 'li'))
                    AS y (seq, prev, old, new, event, who) WHERE y.seq <= %(y)s),
            g AS (INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor,
                    book_day, rule, claim_id, source_id)
                SELECT %(h)s, %(c)s, 1, 'AR-' || upper(%(k)s), 'REV-MED', %(o)s, %(u)s, 2, %(b)s, %(d)s, 'bill', %(c)s, %(c)s
                WHERE %(p)s > 0)
            INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, contract_id, contract_version, kind, currency, exponent,
                owed_minor, open_minor, book_minor, billed_day, due_day, standing)
            VALUES (%(h)s, %(c)s, %(k)s, %(m)s, %(i)s, %(v)s, %(t)s, %(u)s, 2, %(o)s, %(p)s, %(b)s, %(d)s, %(d)s + 30, %(s)s)""", {
                "h": story.HOSPITAL_ID, "c": made.id, "r": ref, "k": contract["carrier"], "m": contract["remitter"],
                "i": contract["id"], "v": contract["version"], "t": contract["kind"], "u": currency, "o": minor(owed), "b": worth,
                "p": 0 if paid else minor(owed), "y": 2 if decided else 1, "d": self.day(billed), "s": 2 if paid else 1})
        return made

    def holds(self):
        """The books' proof."""
        assert self.daemon.ctl_json("ledger", "balance")["balanced"] is True, self.daemon.ctl("ledger", "balance", check=False)


class Finance(Desk):
    """Over a place, which is configured and started."""

    def __init__(self, place, shift=SHIFT, **more):
        story.hospital(place, bank_accounts=BANK_ACCOUNTS, **more)
        for code, name in (("alpha", ALPHA), ("beta", BETA), ("gamma", GAMMA)):
            story.insurer(place, code, zhifu.free_port(), {"name": name, "names": [name]})
        place.daemon.start()
        super().__init__(place, shift)
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s",
                                                     (story.HOSPITAL_ID,)), "the hospital's key")

    def rate(self, when, currency, price, source=1, quote="CNY", bank=""):
        """The central parity: CNY for 1; or another source's, as enum rate_source."""
        whole, fraction = price.split(".")
        self.database.sql(
            "INSERT INTO zhifu.rate (source, bank, base, quote, per, digits, scale, day, maker) VALUES (%s, %s, %s, %s, 1, %s, %s, %s, 'li')",
            (source, bank, currency, quote, int(whole + fraction), len(fraction), self.day(when)))
        self.database.sql("SELECT zhifu.posting_value_soon()")
