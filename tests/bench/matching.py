"""How fast bank lines are matched and posted: against PostgreSQL's own join of the same rows, and with many claims open
against few; and how fast a camt.053 is read, against a bare pass of libxml2 over the same bytes."""

import contextlib
import datetime
import statistics
import time

import world as bench
import zhifu

ACCOUNT = "33010001 00000001"
PAYER = "ALPHA GLOBAL HEALTH INSURANCE"
SMALL_OPEN, SMALL_LINES = 10_000, 5_000
PATIENCE_S = 60  # of what is matched; for ten thousand lines twice that
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">\n'
        "<BkToCstmrStmt><GrpHdr><MsgId>M%(no)d</MsgId><CreDtTm>%(day)sT20:00:00+08:00</CreDtTm></GrpHdr>\n"
        "<Stmt><Id>S%(no)d</Id><ElctrncSeqNb>%(no)d</ElctrncSeqNb><CreDtTm>%(day)sT20:00:00+08:00</CreDtTm>"
        "<Acct><Id><Othr><Id>" + ACCOUNT + "</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n")
BALANCE = ('<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">%d.%02d</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
           "<Dt><Dt>%s</Dt></Dt></Bal>\n")
ENTRY = ('<Ntry><Amt Ccy="CNY">%(yuan)d.%(fen)02d</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
         "<BookgDt><Dt>%(day)s</Dt></BookgDt><ValDt><Dt>%(day)s</Dt></ValDt><AcctSvcrRef>BK%(n)012d</AcctSvcrRef>"
         "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>XBCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>"
         "<TxDtls><Refs><EndToEndId>E2E%(n)010d</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>" + PAYER + "</Nm></Pty>"
         "</Dbtr></RltdPties><RmtInf><Ustrd>CLAIM %(ref)s PAID</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n")
# Claims that wait for their money, each of its own ref.
FILL = """
INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq, books, books_seq)
SELECT %(hospital)s, bench.claim_id(n), bench.ref(n), 'alpha', 8, 4, 2, 2 FROM generate_series(%(first)s, %(last)s) AS n;
INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
SELECT %(hospital)s, bench.claim_id(n), 5, e.seq, nullif(e.seq - 1, 0), e.seq - 1, e.seq, e.name, 'bench'
FROM generate_series(%(first)s, %(last)s) AS n, (VALUES (1, 'bill'), (2, 'post_adjudication')) AS e (seq, name);
INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor, book_minor,
	billed_day, due_day)
SELECT %(hospital)s, bench.claim_id(n), 'alpha', 'alpha', 'A', 'CNY', 2, bench.owed(n), bench.owed(n), bench.owed(n), current_date - 30,
	current_date + 30 FROM generate_series(%(first)s, %(last)s) AS n"""
# What a join would be made of: both sides with the ref.
SIDES = """
CREATE TABLE bench.claim AS SELECT bench.ref(n) AS ref, bench.claim_id(n) AS claim_id, bench.owed(n) AS owed FROM generate_series(1, %(count)s) AS n;
CREATE TABLE bench.line AS SELECT bench.ref(n) AS ref, bench.owed(n) AS amount FROM generate_series(1, %(lines)s) AS n;
ANALYZE bench.claim; ANALYZE bench.line"""
HELP = """
CREATE SCHEMA bench;
CREATE FUNCTION bench.claim_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT ('019a0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE FUNCTION bench.ref(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'B00' || lpad(((n * 7919) % 1000000007)::text, 10, '0') $$;
CREATE FUNCTION bench.owed(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 10000 + n * 37 % 900000 $$"""


class Office:
    """A hospital of whose claims as many are open at the begin of each round, and its bank."""

    def __init__(self, world, name, opened):
        self.folder = world.folder
        self.hospital = bench.hospital_id(0)
        self.home = world.installation(name, hospitals=1, more={
            "bank_accounts": ({"code": "CNY", "number": ACCOUNT, "currency": "CNY"},)})
        self.database = self.home.database
        self.opened, self.filled, self.sent, self.statements, self.total = opened, 0, 0, 0, 0
        world.start(self.home, "--role", "settle")
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.hospital_key WHERE hospital_id = %s", (self.hospital,)),
                         "the hospital's key")
        self.ctl("payer", "add", "alpha", "--name", PAYER, "--why", "bench")
        self.database.sql(HELP)
        self.database.sql("INSERT INTO zhifu.match_turn (hospital_id, begun_at) VALUES (%s, now())", (self.hospital,))
        self.fill()
        for table in ("claim_state", "receivable"):
            self.database.sql("VACUUM ANALYZE zhifu." + table)

    def fill(self):
        self.database.sql(FILL, {"hospital": self.hospital, "first": self.filled + 1, "last": self.sent + self.opened})
        self.filled = self.sent + self.opened

    def ctl(self, *words):
        self.home.daemon.ctl("--who", "bench", "money", *words, timeout_s=600)

    def statement(self, count):
        """The bank's file with a line for each of the next claims."""
        self.statements += 1
        day = (datetime.date.today() - datetime.timedelta(days=29 - self.statements)).isoformat()
        before, entries = self.total, []
        for n in range(self.sent + 1, self.sent + count + 1):
            owed = 10000 + n * 37 % 900000
            self.total += owed
            entries.append(ENTRY % {"yuan": owed // 100, "fen": owed % 100, "day": day, "n": n, "ref": "B00%010d" % (n * 7919 % 1000000007)})
        self.sent += count
        path = self.folder / "statement.xml"
        path.write_text(HEAD % {"no": self.statements, "day": day} + BALANCE % ("OPBD", *divmod(before, 100), day) +
                        BALANCE % ("CLBD", *divmod(self.total, 100), day) + "".join(entries) + "</Stmt></BkToCstmrStmt></Document>\n")
        return path

    def match(self, count):
        """Lines come while another has the turn. Seconds from the begin of the next one to their last posting."""
        value = self.database.value
        self.database.sql("UPDATE zhifu.match_turn SET leased_until = 'infinity'")
        self.fill()
        self.ctl("statement", "import", self.statement(count))
        zhifu.wait_until(lambda: value("SELECT count(*) FROM zhifu.posting_unvalued") == 0, "values", timeout_s=600)
        self.database.sql("VACUUM zhifu.suspense, zhifu.match_item")
        self.database.sql("CHECKPOINT")
        with contextlib.closing(self.database.connect()) as conn, conn.cursor() as cursor:
            cursor.execute("UPDATE zhifu.match_turn SET leased_until = '-infinity' RETURNING begun_at")
            before, start = cursor.fetchone(), time.monotonic()
            while True:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp() - begun_at)::float8, begun_at > %s AND NOT EXISTS (SELECT 1"
                               " FROM zhifu.suspense) FROM zhifu.match_turn", before)
                took, done = cursor.fetchone()
                if done:
                    break
                if time.monotonic() - start > PATIENCE_S + count * PATIENCE_S / 10000:
                    raise AssertionError("%d lines were not matched in %.0f s" % (count, took))
                time.sleep(0.02)
        posted = value("SELECT count(*) FROM zhifu.allocation WHERE kind = 0 AND claim_id IS NOT NULL AND NOT by_hand")
        if posted != self.sent:
            raise AssertionError("of %d lines %d were posted as payments" % (self.sent, posted))
        return took

    def join(self, lines):
        """All of the lines with all of the claims, on the ref. Seconds."""
        conn = self.database.connect()
        with conn.cursor() as cursor:
            start = time.monotonic()
            cursor.execute("SELECT l.ref, c.claim_id, l.amount, c.owed FROM bench.line l JOIN bench.claim c ON c.ref = l.ref")
            took = time.monotonic() - start
            rows = cursor.rowcount
        conn.close()
        if rows != lines:
            raise AssertionError("the join found %d" % rows)
        return took


def measure_matching(world, report, opened, lines, rounds, label, resident_mb):
    """Every line is named by its claim's ref. The join is of the lines of all rounds at once."""
    offices = {"big": Office(world, "match_big", opened), "small": Office(world, "match_small", SMALL_OPEN)}
    few = min(lines, SMALL_LINES)
    took = {"big": [], "small": []}
    joined = []
    offices["big"].database.sql(SIDES, {"count": opened, "lines": lines * rounds})
    for office in offices.values():
        first = office.match(1)
        report.note("%d claims open: the first turn took %.3f s" % (office.opened, first))
        office.match(few)  # warms up
        office.database.sql("ANALYZE")  # autovacuum would do so within its first minute
    for _ in range(rounds):
        took["big"].append(offices["big"].match(lines) / lines)
        took["small"].append(offices["small"].match(few) / few)
        joined.append(offices["big"].join(lines * rounds) / (lines * rounds))
    for office in offices.values():
        report.note("%d claims open: a turn with one line took %.3f s, the largest process has %.0f MB resident" % (
            office.opened, office.match(1), max(resident_mb(p) for p in office.home.daemon.children())))
        office.home.daemon.kill()
    report.note("matched and posted %s; with %d open %s; joined %s" % (rates(took["big"]), SMALL_OPEN, rates(took["small"]), rates(joined)))
    report.ratio("match_to_join", statistics.median(j / t for j, t in zip(joined, took["big"])), "match_%s_to_join" % label)
    report.ratio("match_big_to_small", statistics.median(b / s for b, s in zip(took["big"], took["small"])), "match_%s_to_1e4_open" % label)


def rates(seconds):
    return "%.0f lines/s (%s)" % (1 / statistics.median(seconds), " ".join("%.0f" % (1 / s) for s in seconds))


def measure_camt(report, megabytes, rounds):
    """The reader of bank statements tells every entry and proves the sum; libxml2 only walks over the nodes."""
    told = bench.tool("bank", megabytes, rounds)
    report.note("camt.053 of %.0f MB: read %.0f MB/s, walked over by xmlreader %.0f MB/s" % (
        told["megabytes"], told["reader"], told["xmlreader"]))
    report.ratio("camt053_to_xmlreader", told["ratio"])
