"""Whatever happens to a hospital's money, in whatever order, and whoever is killed meanwhile, the books hold after each step:
bills, decisions, payments, rates, take-backs, refunds, sales of currency, stays with several payers, acquirers and chargebacks,
what persons and the house's programs do and undo, and a month that is closed. ZHIFU_SEED repeats a history, ZHIFU_STEPS makes it
longer or shorter."""

import collections
import datetime
import json
import os
import random
import re
import signal
import zoneinfo

import psycopg2.extras
import pytest

import invariants
import judges
import points
import story
import v1
import zhifu
from finance import ALPHA, BETA, GAMMA, LAST, SHIFT, Finance, day
from month import refs

H = {"h": story.HOSPITAL_ID}
CARRIERS = {"alpha": (ALPHA, "CNY"), "gamma": (GAMMA, "USD"), "beta": (BETA, "USD")}  # what they pay in
BESIDE = {"acme": "ACME TRUST", "si": "HEALTHCARE SECURITY CENTRE"}  # who pays shares of stays beside them
# Where zhifuctl may be killed, by its command, and settle.
KILLED_AT = {"statement": points.IMPORT_POINTS, "remittance": points.REMITTANCE_POINTS, "match": points.DESK_POINTS,
             "close": points.CLOSE_POINTS}
SETTLE_AT = [*points.MATCH_POINTS, "settle.leased", "settle.before_commit", "settle.after_commit", "db.sent"]

BACK_S = 120  # what dies again and again is started later and later

# What settle finds only when it posts: a credit that the bank takes back was sent back by somebody, in whole or in part, or has been used
# since. The debit waits for a person then.
TOLD = ("the credit is not what the bank takes back", "what was done with the credit cannot be undone")

# What there must be none of at any moment, whatever is under way; and what makes one of it, so that looking is worth something.
NEVER = {
    "the ledger's own proof that does not hold": (
        "SELECT * FROM zhifu.ledger_proof(%(h)s) WHERE found <> expected",
        "UPDATE zhifu.posting SET credit = 'FX' WHERE rule = 'bank_in'"),
    "an entry whose currencies are not worth the same": ("""
        SELECT entry_id, sum(side * book_minor) FROM zhifu.posting p CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1)) s (account, side)
        WHERE account = 'CONV' AND NOT EXISTS (SELECT 1 FROM zhifu.posting_unvalued u WHERE u.entry_id = p.entry_id)
        GROUP BY entry_id HAVING sum(side * book_minor) <> 0""",
        "UPDATE zhifu.posting SET book_minor = book_minor + 1 WHERE debit = 'CONV' AND currency <> 'CNY'"),
    "yuan that are not worth what they are": (
        "SELECT * FROM zhifu.posting WHERE currency = 'CNY' AND amount_minor <> 0 AND book_minor IS DISTINCT FROM amount_minor",
        "UPDATE zhifu.posting SET book_minor = book_minor + 1 WHERE currency = 'CNY'"),
    "a claim that is not owed what the ledger says": ("""
        SELECT s.*, l.* FROM zhifu.receivable s CROSS JOIN LATERAL (SELECT
            sum(side * CASE p.currency WHEN s.currency THEN amount_minor ELSE 0 END) AS minor,
            sum(side * CASE p.currency WHEN s.currency THEN 0 ELSE amount_minor END) AS other, sum(side * p.book_minor) AS book
            FROM zhifu.posting p CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1)) x (account, side)
            WHERE p.claim_id = coalesce(s.of_claim, s.claim_id) AND account = 'AR-' || upper(s.carrier) AND p.rule NOT LIKE 'reval%%') l
        WHERE (minor, other, book) IS DISTINCT FROM
            (s.open_minor::numeric, 0::numeric, zhifu.receivable_carried(s.owed_minor, s.book_minor, s.open_minor)::numeric)""",
        "UPDATE zhifu.receivable SET open_minor = open_minor + 1, owed_minor = owed_minor + 1, standing = 1"),
    "a day's open items that are not what the ledger says of that day, or a receivable by now": ("""
        SELECT * FROM (SELECT d.day, i.account, i.currency, sum(i.open_minor) AS minor, sum(i.carried_minor) AS book, count(*) - count(DISTINCT i.id) AS twice
            FROM (SELECT DISTINCT book_day AS day FROM zhifu.posting) d CROSS JOIN LATERAL zhifu.open_items(%(h)s, d.day) i GROUP BY 1, 2, 3) o
        FULL JOIN (SELECT d.day, account, currency, sum(side * amount_minor) AS minor, coalesce(sum(side * book_minor), 0) AS book, 0 AS twice
            FROM (SELECT DISTINCT book_day AS day FROM zhifu.posting) d JOIN zhifu.posting p ON p.book_day <= d.day
            CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1)) x (account, side) WHERE account LIKE 'AR-%%' GROUP BY 1, 2, 3) l
            USING (day, account, currency)
        WHERE (coalesce(o.minor, 0), coalesce(o.book, 0), coalesce(o.twice, 0)) <> (coalesce(l.minor, 0), coalesce(l.book, 0), 0)
        UNION ALL SELECT NULL, s.carrier, s.currency, i.open_minor, NULL, 0, s.open_minor, NULL, 0
        FROM zhifu.receivable s LEFT JOIN zhifu.open_items(%(h)s, '2100-01-01') i ON i.made AND i.id = s.claim_id
        WHERE s.open_minor <> coalesce(i.open_minor, 0)""",
        "UPDATE zhifu.receivable SET open_minor = open_minor + 1, owed_minor = owed_minor + 1, standing = 1"),
    "a line that is not where its parts are": ("""
        SELECT b.line_id, b.amount_minor, s.open_minor, a.minor AS matched, o.minor AS sent_back FROM zhifu.bank_line b
        LEFT JOIN zhifu.suspense s USING (hospital_id, line_id)
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS minor FROM zhifu.allocation WHERE line_id = b.line_id) a
        CROSS JOIN LATERAL (SELECT coalesce(sum(CASE line_id WHEN b.line_id THEN amount_minor ELSE -amount_minor END), 0) AS minor
            FROM zhifu.bank_order WHERE b.line_id IN (line_id, cleared_line)) o
        CROSS JOIN LATERAL (SELECT coalesce(sum(CASE out_line WHEN b.line_id THEN -sold_minor ELSE proceeds_minor END), 0) AS minor
            FROM zhifu.currency_sale WHERE b.line_id IN (out_line, in_line) AND undone_entry IS NULL) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(gross_minor - fee_minor), 0) AS minor FROM zhifu.acquirer_settlement
            WHERE line_id = b.line_id AND undone_entry IS NULL) q
        WHERE b.amount_minor <> coalesce(s.open_minor, 0) + a.minor + o.minor + e.minor + q.minor""",
        "UPDATE zhifu.allocation SET amount_minor = amount_minor + 1"),
    "an item that is open where its line is not": ("""
        SELECT line_id, max(s.open_minor), sum(i.open_minor) FROM zhifu.suspense s FULL JOIN zhifu.match_item i USING (hospital_id, line_id)
        WHERE s.items_made IS NOT FALSE GROUP BY 1 HAVING coalesce(sum(i.open_minor), 0) <> coalesce(max(s.open_minor), 0)""",
        "UPDATE zhifu.match_item SET open_minor = open_minor + 1"),
    "an act that was undone and is still in the books": ("""
        SELECT o.entry_id, account, sum(side * amount_minor), sum(side * book_minor) FROM (
            SELECT write_off_id AS entry_id, undone_entry FROM zhifu.write_off UNION ALL SELECT sale_id, undone_entry FROM zhifu.currency_sale
            UNION ALL SELECT clearing_id, undone_entry FROM zhifu.order_clearing
            UNION ALL SELECT settlement_id, undone_entry FROM zhifu.acquirer_settlement) o
        JOIN zhifu.posting p ON p.entry_id IN (o.entry_id, o.undone_entry)
        CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1)) s (account, side)
        WHERE o.undone_entry IS NOT NULL AND p.rule IN (SELECT rule FROM zhifu.posting WHERE entry_id = o.entry_id)
        GROUP BY 1, 2, p.currency HAVING sum(side * amount_minor) <> 0 OR sum(side * book_minor) <> 0""",
        "UPDATE zhifu.posting SET book_minor = book_minor + 1 WHERE entry_id IN (SELECT undone_entry FROM zhifu.currency_sale)"),
    "a dispute that was lost with what was undone, and no other one of the claim": ("""
        SELECT d.* FROM zhifu.dispute d WHERE NOT EXISTS (SELECT 1 FROM zhifu.dispute o WHERE o.claim_id = d.claim_id
            AND o.dispute_id <> d.dispute_id) AND d.loss IN (SELECT write_off_id FROM zhifu.write_off WHERE undone_entry IS NOT NULL
            UNION SELECT undoes FROM zhifu.concession)""",
        "UPDATE zhifu.dispute d SET state = 3, outcome = 3, decided_by = 'li', decided_at = now(), loss = w.write_off_id"
        " FROM zhifu.write_off w WHERE w.claim_id = d.claim_id AND w.undone_entry IS NOT NULL AND d.state = 1"
        " AND NOT EXISTS (SELECT 1 FROM zhifu.dispute o WHERE o.claim_id = d.claim_id AND o.dispute_id <> d.dispute_id)"),
    "payments that wait for an acquirer, and a clearing account that says otherwise": ("""
        SELECT w.minor, a.minor FROM (SELECT coalesce(sum(minor), 0) AS minor FROM zhifu.acquirer_waiting(%(h)s, 'infinity')) w
        CROSS JOIN (SELECT coalesce(sum(side * amount_minor), 0) AS minor FROM zhifu.posting
            CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1)) s (account, side) WHERE account IN ('CLR-CARD', 'CLR-WALLET', 'CASH')) a
        WHERE w.minor <> a.minor""",
        "UPDATE zhifu.posting SET amount_minor = amount_minor + 1 WHERE debit IN ('CLR-CARD', 'CASH')"),
    "what was matched and not posted, or posted and not matched": ("""
        SELECT a.allocation_id, p.entry_id FROM (SELECT DISTINCT allocation_id FROM zhifu.allocation) a
        FULL JOIN (SELECT DISTINCT entry_id FROM zhifu.posting WHERE rule LIKE 'match%%') p ON p.entry_id = a.allocation_id
        WHERE a.allocation_id IS NULL OR p.entry_id IS NULL""",
        "DELETE FROM zhifu.posting WHERE rule LIKE 'match%%'"),
    # By an arithmetic of its own: half away from zero, once, after the last step.
    "a conversion that its rates do not explain": ("""
        SELECT a.entry_id, a.no, a.from_minor, a.to_minor, r.day FROM zhifu.conversion a JOIN zhifu.rate r USING (rate_id)
        LEFT JOIN (zhifu.conversion b JOIN zhifu.rate q USING (rate_id)) ON b.entry_id = a.entry_id AND b.no = a.no AND b.step = 2
        CROSS JOIN LATERAL (SELECT r.digits::numeric AS n, r.per * 10::numeric ^ r.scale AS d) x
        CROSS JOIN LATERAL (SELECT coalesce(q.digits, 1)::numeric AS n, coalesce(q.per * 10::numeric ^ q.scale, 1) AS d) y
        CROSS JOIN LATERAL (SELECT abs(a.from_minor) * 10::numeric ^ a.to_exponent * CASE WHEN a.multiplied THEN x.n ELSE x.d END
            * CASE WHEN b.multiplied IS NOT FALSE THEN y.n ELSE y.d END AS top, 10::numeric ^ a.from_exponent
            * CASE WHEN a.multiplied THEN x.d ELSE x.n END * CASE WHEN b.multiplied IS NOT FALSE THEN y.d ELSE y.n END AS bottom) z
        WHERE a.step = 1 AND (a.rounding <> 0 OR a.to_minor <> sign(a.from_minor) * div(2 * top + bottom, 2 * bottom)
            OR a.from_currency <> CASE WHEN a.multiplied THEN r.base ELSE r.quote END
            OR b IS NULL AND a.to_currency <> CASE WHEN a.multiplied THEN r.quote ELSE r.base END)""",
        "UPDATE zhifu.conversion SET to_minor = to_minor + 1"),
    "a value that is not what was converted": ("""
        SELECT p.* FROM zhifu.posting p JOIN zhifu.conversion c USING (hospital_id, entry_id, no)
        WHERE CASE p.rule WHEN 'value' THEN p.book_minor <> c.to_minor WHEN 'fix_owed' THEN
            p.entry_id = p.claim_id AND c.from_minor = p.book_minor AND p.amount_minor <> c.to_minor
            WHEN 'revalue' THEN false ELSE (p.amount_minor, p.book_minor) <> (c.from_minor, c.to_minor) END""",
        "UPDATE zhifu.posting SET book_minor = book_minor + 1 WHERE rule = 'value'"),
    "a value that no rate explains": ("""
        SELECT p.* FROM zhifu.posting p WHERE (p.rule = 'value' AND p.claim_id IS NULL OR p.rule = 'fix_owed'
            OR p.rule IN ('match_charge', 'match_discount', 'match_difference') AND p.currency <> 'CNY')
            AND NOT EXISTS (SELECT 1 FROM zhifu.conversion c WHERE c.entry_id = p.entry_id AND c.no = p.no)
            AND NOT EXISTS (SELECT 1 FROM zhifu.allocation a WHERE a.allocation_id = p.entry_id AND a.undoes IS NOT NULL)
        UNION ALL SELECT p.* FROM zhifu.revaluation v JOIN zhifu.posting p USING (hospital_id, entry_id)
        WHERE NOT EXISTS (SELECT 1 FROM zhifu.conversion c WHERE c.entry_id = v.entry_id AND c.to_minor = v.closing_minor)""",
        "DELETE FROM zhifu.conversion c USING zhifu.posting p WHERE p.entry_id = c.entry_id AND p.no = c.no"
        " AND (p.rule = 'value' AND p.claim_id IS NULL OR p.rule = 'fix_owed')"),
    # What of the claim is cleared is all of it, or as much of it as came of what was due; by hand also what the money comes to.
    "a claim cleared by money in another currency that no rate explains": ("""
        SELECT a.allocation_id, a.no, a.cleared_minor, c.* FROM zhifu.allocation a JOIN zhifu.receivable r USING (hospital_id, claim_id)
        LEFT JOIN zhifu.conversion c ON c.entry_id = a.allocation_id AND c.no = -a.no AND c.step = 1
        CROSS JOIN LATERAL (SELECT a.amount_minor - a.over_minor + a.charge_minor + a.discount_minor + a.fee_minor + a.unexplained_minor AS came) t
        WHERE a.kind = 0 AND a.undoes IS NULL AND r.currency <> a.currency AND CASE WHEN c.no IS NULL THEN NOT a.by_hand
            WHEN c.from_currency = r.currency THEN c.to_currency <> a.currency OR a.cleared_minor NOT IN (c.from_minor,
                c.from_minor - div(2 * c.from_minor::numeric * (c.to_minor - t.came) + c.to_minor, 2 * c.to_minor))
            ELSE (c.from_currency, c.to_currency, c.to_minor) <> (a.currency, r.currency, a.cleared_minor) END
        UNION ALL SELECT c.entry_id, c.no, NULL, c.* FROM zhifu.conversion c WHERE c.no < 0 AND NOT EXISTS (SELECT FROM zhifu.allocation a
            JOIN zhifu.receivable r USING (hospital_id, claim_id) WHERE a.allocation_id = c.entry_id AND a.no = -c.no AND r.currency <> a.currency)""",
        "DELETE FROM zhifu.conversion c USING zhifu.allocation a WHERE a.allocation_id = c.entry_id AND a.no = -c.no AND NOT a.by_hand"),
    "a sale that its rate does not explain": (
        "SELECT * FROM zhifu.currency_sale WHERE round(sold_minor * rate_digits / 10::numeric ^ rate_scale) <> proceeds_minor",
        "UPDATE zhifu.currency_sale SET rate_digits = 2 * rate_digits"),
}


class History(Finance):
    """A hospital to which things happen. What happens is a method, and what zhifuctl or settle is killed at is chance."""

    def __init__(self, place, seed):
        place.pki.more("client", "finance")
        super().__init__(place, write_off_roles=({"role": "head", "people": ["li"], "limit": "90000000.00"},), clients=(
            {"id": "finance", "certificates": [place.pki.fingerprint("finance")], "scopes": v1.SCOPES["finance"]},))
        self.desk = v1.Desk(place)
        self.points, self.dice = place.points, random.Random(seed)
        self.bills, self.moved, self.made, self.price = [], 0, 0, 70900
        self.sequence = collections.Counter()
        self.killed, self.happened, self.refused, self.undone = (collections.Counter() for _ in range(4))
        self.closed = None
        self.stays = []
        # Shortly before the end of a month.
        self.month = (day("10-06").replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
        self.today = max(day("10-06"), self.month - datetime.timedelta(days=3))
        self.at_month = dict(self.closing)
        usual = {"usual_charges": [{"currency": "USD", "amount": "25.00", "times": 3}],
                 "tolerances": [{"currency": "USD", "residual": "0.10"}, {"currency": "CNY", "residual": "0.05"}]}
        self.contract("alpha", "A", **usual)
        self.contract("gamma", "B", owed={"pay_currency": "USD", "payment_rate": {"day": "order", "source": "cfets"}}, **usual)
        self.contract("beta", "C", owed={"currency": "USD", "bill_rate": {"day": "invoice", "source": "cfets"}}, **usual)
        self.rate_comes()
        for _ in range(4):
            self.bill()

    # --- who does it

    def ctl(self, *args, check=True):
        """zhifuctl, killed at one of its points now and then and then asked again."""
        where = list(KILLED_AT.get(args[1], points.CTL_POINTS))
        if where and self.dice.random() < 0.5:
            name = self.dice.choice(where)
            fired = self.points.fired(name)[0]
            self.points.arm(name, nth=self.dice.randint(1, 3) if name in points.CTL_POINTS else 1)
            done = super().ctl(*args, check=False)
            if self.points.fired(name)[0] == fired:
                self.points.disarm(name)
            else:
                assert done.returncode == -signal.SIGKILL, done
                self.killed[name] += 1
                self.holds_now("killed at " + name)
                done = super().ctl(*args, check=False)
        else:
            done = super().ctl(*args, check=False)
        assert done.returncode == 0 or (not check and done.returncode == 1), done
        return done

    def person(self, *args):
        """Somebody does something, which may be refused, but never for a fault of ours."""
        done = self.ctl("money", *args, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or "not done: " + " ".join(re.findall(r"(?m)^.*\bRED\b.*$", done.stdout))).splitlines()[-1]
            assert not re.search(r"violates|division|overflow|ASSERT|assert|syntax|does not exist|permission", said), done
            self.refused[args[0] + " " + re.sub(r"[0-9a-f]{8}-[-0-9a-f]+|\d+", "N", said)[:100]] += 1
        return done.returncode == 0

    def program(self, path, body, headers=None, media="application/json"):
        """The house's program does something under /v1, which may be refused."""
        self.desk.close()  # a connection that lay idle for minutes was closed by the server
        answer = self.desk.call("POST", path, body, headers=headers, media=media)
        assert answer.status < 500, answer
        if answer.status >= 300:
            self.refused["/v1 " + re.sub(r"[0-9a-f]{8}-[-0-9a-f]+", "N", path) + " " + answer.json()["type"]] += 1
        return answer.status < 300

    def settle_pids(self):
        started = {entry["pid"] for entry in self.daemon.log_lines()
                   if entry.get("role") == "settle" and str(entry.get("message", "")).startswith("started, worker")}
        return started & set(self.daemon.children())

    def settle_dies(self, at_once):
        """At once, or at a point that it comes to sooner or later."""
        pids = self.settle_pids()
        if at_once or not pids:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                self.killed["settle"] += 1
        else:
            name = self.dice.choice(SETTLE_AT)
            self.points.arm(name, nth=self.dice.randint(1, 2), pid=max(pids) if name == "db.sent" else 0)

    # --- what happens

    def rate_comes(self):
        """A day is over, or some; most have a rate."""
        self.today = min(self.today + datetime.timedelta(days=self.dice.choice((1, 1, 2, 4))), LAST + SHIFT)
        if self.bills and self.dice.random() < 0.3:
            return
        self.price += self.dice.randint(-400, 400)
        self.price_now()

    def price_now(self, day=None):
        """The day's rate; what waits for one has it."""
        self.database.sql("INSERT INTO zhifu.rate (source, base, quote, per, digits, scale, day, maker) VALUES (1, 'USD', 'CNY', 1, %s, 4, %s, 'li')"
                          " ON CONFLICT DO NOTHING; SELECT zhifu.posting_value_soon()", (self.price, day or self.today))

    def bill(self):
        """As dispatch delivers it. Some are foreign."""
        carrier = self.dice.choice(sorted(CARRIERS))
        total = self.dice.choice((1, 3)) * self.dice.randint(1, 10 ** self.dice.randint(2, 8))
        currency = "USD" if carrier == "beta" and self.dice.random() < 0.3 else "CNY"
        ref = None
        while ref is None:
            self.made += 1
            ref = refs.from_number("HZ1", (55_000_000_000 << 20) + self.made * 36 ** 6)
        claim = "019a0000-0000-7000-8000-%012d" % self.made
        self.database.sql("""
            INSERT INTO zhifu.claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day, total_minor,
                currency, exponent, line_count, content)
            VALUES (%(h)s, %(c)s, %(r)s, 1, %(k)s, %(c)s, 'his', now(), %(d)s, %(t)s, %(u)s, 2, 1, '');
            INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq) VALUES (%(h)s, %(c)s, %(r)s, %(k)s, 1, 1);
            INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, from_state, to_state, event, who)
            VALUES (%(h)s, %(c)s, 1, 1, 0, 1, 'accept', 'his');
            SELECT zhifu.claim_step(array_fill(%(h)s::uuid, '{3}'), array_fill(%(c)s::uuid, '{3}'), '{1, 1, 1}', '{1, 5, 6}', '{1, 2, 3}',
                '{5, 6, 8}', '{enqueue, send, deliver}', '{translate, dispatch, dispatch}', array_fill(NULL::text, '{3}'));
            UPDATE zhifu.posting SET book_day = %(d)s WHERE claim_id = %(c)s""", {
                **H, "c": claim, "r": ref, "k": carrier, "d": self.open_day(), "t": total, "u": currency})
        self.bills.append({"id": claim, "ref": ref, "carrier": carrier, "total": total, "currency": currency})

    def decide(self, bill=None):
        """A carrier decides, for the first time or otherwise than before."""
        bill = bill or self.dice.choice(self.bills)
        patient = self.dice.choice((0, bill["total"], self.dice.randint(0, bill["total"])))
        contract = self.dice.choice((0, self.dice.randint(0, (bill["total"] - patient) // 4)))
        fact = "019a0000-0000-7000-a000-%012d" % (self.made + 1)
        self.made += 1
        self.database.sql("""
            INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, adjudication_id) VALUES (%(h)s, %(f)s, %(c)s, %(k)s, 3, %(f)s);
            INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, submitted_minor,
                benefit_minor, patient_minor, contract_minor, open_minor, content)
            VALUES (%(h)s, %(f)s, %(c)s, %(k)s, 3, %(u)s, 2, %(t)s, %(b)s, %(p)s, %(w)s, 0, '');
            INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, fact_id) VALUES (%(h)s, %(f)s, 3, 1, %(c)s, %(f)s)""", {
                **H, "f": fact, "c": bill["id"], "k": bill["carrier"], "u": bill["currency"], "t": bill["total"],
                "b": bill["total"] - patient - contract, "p": patient, "w": contract})

    def asked(self, bill, settled=None):
        """What a payer would send for it now, in minor units of what it pays in; all of it again (or so much) where nothing is open."""
        minor = self.database.value("SELECT open_minor FROM zhifu.receivable WHERE claim_id = %s", (bill["id"],))
        minor = minor or (bill["total"] if settled is None else settled)
        return (minor * 10000 + self.price // 2) // self.price if bill["carrier"] == "gamma" else minor

    def money_comes(self):
        """Of one payer or several on a day: what is asked, a part, more, twice, for several; taken back; or from nobody known."""
        currency, lines = self.dice.choice(("CNY", "USD")), []
        theirs = [b for b in self.bills if CARRIERS[b["carrier"]][1] == currency]
        shares = self.database.sql("SELECT ref, r.carrier, r.open_minor, r.owed_minor FROM zhifu.receivable r JOIN zhifu.claim_state s"
                                   " ON s.claim_id = r.of_claim ORDER BY 1, 2") if currency == "CNY" else ()
        for share in shares:  # a group plan or the social insurance pays, or half of it, or takes back; who that is was learned, or not
            if self.dice.random() < 0.4:
                minor = max(1, (share["open_minor"] or share["owed_minor"]) // self.dice.choice((1, 1, 2)))
                lines.append((minor * self.dice.choice((1, 1, -1)), BESIDE[share["carrier"]], "SHARE OF " + share["ref"]))
        for _ in range(self.dice.randint(1, 3)):
            owed = [b for b in theirs if self.dice.random() < 0.6 and self.asked(b, 0) > 0]
            bill = self.dice.choice(owed or theirs) if theirs else None
            minor = max(1, self.asked(bill)) if bill else self.dice.randint(1, 10 ** 6)
            minor = self.dice.choice((minor, minor, minor, max(1, minor // 2), minor + self.dice.randint(1, minor + 1), max(1, minor - 2500),
                                      -max(1, minor // 2)))
            if bill is None or self.dice.random() < 0.15:
                lines.append((minor, "SOMEBODY", "THANK YOU"))
            else:
                text = "FOR " + bill["ref"] if self.dice.random() < 0.85 else "PAYMENT"
                lines += [(minor, CARRIERS[bill["carrier"]][0], text)] * self.dice.choice((1, 1, 1, 1, 2))
        when = (self.today - SHIFT).isoformat()[5:]
        self.statement(currency, when, *(("%.2f" % (minor / 100) if abs(minor) < 10 ** 12 else "1.00", *more) for minor, *more in lines))

    def advice_comes(self):
        """A letter names claims, pays, takes back and keeps a fee; the money comes or does not."""
        some = [b for b in self.bills if b["carrier"] == "alpha"]
        some = self.dice.sample(some, min(len(some), self.dice.randint(1, 3)))
        # What is taken back was paid or announced: settle waits for minutes for the advice that would say so.
        told = [r["claim_id"] for r in self.database.sql("SELECT claim_id FROM zhifu.claim_state WHERE payment > 0")]
        paid = [self.dice.choice((1, 1, 1, -1 if b["id"] in told else 1)) * max(1, self.asked(b) // self.dice.choice((1, 1, 2))) for b in some]
        fee = self.dice.choice((0, -50))
        self.made += 1
        path = self.place.folder / "advice.json"
        path.write_text(json.dumps({
            "remitter": "alpha", "identifier": "A-%d" % self.made, "amount": "%.2f" % ((sum(paid) + fee) / 100), "currency": "CNY",
            "claims": [{"claim": b["ref"], "carrier": "alpha", "paid": "%.2f" % (minor / 100)} for b, minor in zip(some, paid)],
            "other": [{"kind": "fee", "amount": "-0.50"}] if fee else []}))
        if self.person("remittance", "enter", path, "--why", "letter") and sum(paid) + fee > 0 and self.dice.random() < 0.7:
            self.statement("CNY", (self.today - SHIFT).isoformat()[5:], ("%.2f" % ((sum(paid) + fee) / 100), ALPHA, "A-%d" % self.made))

    def statement(self, account, booked, *lines):
        """Of the history's day, the account's next one."""
        self.sequence[account] += 1
        self.number = self.sequence[account] - 1
        self.moved += len(lines)
        posted = super().statement(account, booked, *lines)
        if self.today <= self.month:
            self.at_month[account] = self.closing[account]
        return posted

    def waits(self):
        return self.database.sql("SELECT line_id, open_minor, currency FROM zhifu.suspense ORDER BY line_id")

    def shares(self, bill):
        """By which names, behind its ref, what others than its policy owe of it is called."""
        return [":" + row["carrier"] for row in self.database.sql("SELECT carrier FROM zhifu.receivable WHERE of_claim = %s ORDER BY 1", (bill["id"],))]

    def somebody_allocates(self):
        waiting = self.waits()
        if waiting:
            line, bill = self.dice.choice(waiting), self.dice.choice(self.bills)
            minor = self.dice.choice((line["open_minor"], max(1, abs(line["open_minor"]) // 2)))
            owed = self.database.value("SELECT currency FROM zhifu.receivable WHERE claim_id = %s", (bill["id"],))
            stays = self.dice.choice(("", ",short=1.23", ",short=1.23,fx", ",short=1.23,charge")) if owed != line["currency"] else ""
            self.person("match", "allocate", line["line_id"], "%s=%.2f%s" % (bill["ref"] + self.dice.choice(
                ["", "", *self.shares(bill)]), minor / 100, stays), "--why", "a letter",
                        *self.dice.choice(((), ("--rest", "short"), ("--rest", "charge"), ("--rest", "difference"))))

    def somebody_undoes(self):
        made = self.database.sql("SELECT DISTINCT allocation_id FROM zhifu.allocation a WHERE undoes IS NULL AND NOT EXISTS ("
                                 "SELECT 1 FROM zhifu.allocation u WHERE u.undoes = a.allocation_id) ORDER BY 1")
        if made:
            self.person("match", "undo", self.dice.choice(made)["allocation_id"], "--why", "not theirs")

    def somebody_sends_back(self):
        """A refund: ordered, and now and then debited by the bank."""
        waiting = [line for line in self.waits() if line["open_minor"] > 0]
        ordered = self.database.sql("SELECT order_id, amount_minor, currency FROM zhifu.bank_order WHERE cleared_line IS NULL ORDER BY 1")
        if ordered and self.dice.random() < 0.6:
            order = self.dice.choice(ordered)
            line, = self.statement(order["currency"], (self.today - SHIFT).isoformat()[5:],
                                   ("-%.2f" % (order["amount_minor"] / 100), "BANK", "REFUND"))
            self.person("order", "clear", order["order_id"], line)
        elif waiting:
            line = self.dice.choice(waiting)
            minor = self.dice.choice((line["open_minor"], max(1, line["open_minor"] // 3)))
            self.person("order", "make", line["line_id"], "%.2f" % (minor / 100), "--why", "not ours", "--day", self.today.isoformat())

    def a_rate_was_wrong(self):
        """Two persons correct a published rate: what was converted by it stays, what comes takes the new one."""
        rate = self.dice.choice(self.database.sql("SELECT rate_id::text AS id, digits FROM zhifu.rate WHERE zhifu.rate_instead(rate_id) IS NULL"
                                                  " ORDER BY day, rate_id"))
        made = self.database.sql("SELECT * FROM zhifu.rate_correct(%s, %s, 4::int2, 'li', 'misread')",
                                 (rate["id"], rate["digits"] + self.dice.choice((-37, 11, 250))))[0]
        assert made["outcome"] == 1
        assert self.database.value("SELECT zhifu.rate_decide(%s, true, 'wu', 'seen')", (str(made["id"]),)) == 1
        assert self.database.value("SELECT zhifu.rate_instead(%s)::text", (rate["id"],)) == str(made["id"])

    def somebody_sells(self):
        """Dollars that the bank bought: its two lines are one sale, once both have their value."""
        undone = self.database.sql("SELECT out_line, in_line FROM zhifu.currency_sale WHERE undone_entry IS NOT NULL ORDER BY 1, 2")
        if undone and self.dice.random() < 0.5:
            again = self.dice.choice(undone)
            self.person("sale", again["out_line"], again["in_line"], "--why", "it was one")
            return
        sold = self.closing["USD"] // self.dice.choice((2, 3, 10))
        if sold > 0:
            when = (self.today - SHIFT).isoformat()[5:]
            out, = self.statement("USD", when, ("-%.2f" % (sold / 100), "BANK", "SALE"))
            got, = self.statement("CNY", when, ("%.2f" % max(0.01, round(sold * (self.price - 300) / 10 ** 6, 2)), "BANK", "SALE"))
            self.price_now()
            zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.posting_unvalued u WHERE entry_id = ANY (%s::uuid[])",
                                                         ([out, got],)) == 0, "values of a sale", BACK_S)
            self.person("sale", out, got, "--why", "to pay wages")

    def somebody_holds(self):
        """Compliance holds money, or lets it go; by the desk or by a program."""
        waiting = self.database.sql("SELECT line_id, held FROM zhifu.suspense ORDER BY line_id")
        if not waiting:
            return
        line = self.dice.choice(waiting)
        if self.dice.random() < 0.5:
            self.person("suspense", "release" if line["held"] else self.dice.choice(("hold", "stranger")), line["line_id"], "--why", "papers")
        else:
            self.program("/v1/suspense/%s/hold" % line["line_id"], {"held": "no" if line["held"] else self.dice.choice(("compliance", "payer")),
                                                                   "why": "papers"})

    def a_program_notes(self):
        """What a letter told, by a program."""
        waiting = self.waits()
        if waiting:
            self.program("/v1/match-items/%s/note" % self.dice.choice(waiting)["line_id"], {"note": "for " + self.dice.choice(self.bills)["ref"]})

    def a_stay_is_divided(self):
        """The social insurance has settled: what is left is for the policy that comes last; or it settles anew."""
        bill = self.dice.choice([b for b in self.bills if b["currency"] == "CNY"] or self.bills)
        fund = self.dice.randint(0, bill["total"])
        group = self.dice.choice((0, 0, self.dice.randint(0, bill["total"] - fund)))
        divided = self.database.value("SELECT count(*) FROM zhifu.coordination WHERE claim_id = %s", (bill["id"],))
        if divided and self.dice.random() < 0.5:
            self.person("coordination", "undo", bill["ref"], "--why", "settled anew")
        else:
            self.person("coordination", "post", bill["ref"], "--total", "%.2f" % (bill["total"] / 100), "--fund", "%.2f" % (fund / 100),
                        "--personal", "%.2f" % ((bill["total"] - fund) / 100), *(("--group", "acme", "--group-paid", "%.2f" % (group / 100))
                                                                                if group else ()), "--plan-share", self.dice.choice(("80", "33.33", "100")),
                        "--clause", self.dice.choice(("whole", "carve-out", "percentage")), "--why", "as settled")

    def an_acquirer_settles(self):
        """What a terminal took comes days later, less a fee."""
        waiting = self.database.sql("SELECT minor FROM zhifu.acquirer_waiting(%s, '2100-01-01') WHERE acquirer = 'unionpay'", (story.HOSPITAL_ID,))
        fee = self.dice.choice((0, 1, 30))
        if waiting and waiting[0]["minor"] > fee:
            line, = self.statement("CNY", (self.today - SHIFT).isoformat()[5:], ("%.2f" % ((waiting[0]["minor"] - fee) / 100), "UNIONPAY", "NET"))
            self.person("acquirer", "settle", "unionpay", line, "--fee", "%.2f" % (fee / 100))

    def somebody_takes_back(self):
        """Something that a person did and that is no allocation."""
        done = self.database.sql("""
            SELECT 'writeoff undo' AS act, write_off_id AS id FROM zhifu.write_off WHERE undone_entry IS NULL
            UNION ALL SELECT 'concession undo', concession_id FROM zhifu.concession c WHERE undoes IS NULL
                AND NOT EXISTS (SELECT 1 FROM zhifu.concession u WHERE u.undoes = c.concession_id)
            UNION ALL SELECT 'sale undo', sale_id FROM zhifu.currency_sale WHERE undone_entry IS NULL
            UNION ALL SELECT 'order unclear', order_id FROM zhifu.bank_order WHERE cleared_line IS NOT NULL
            UNION ALL SELECT 'acquirer undo', settlement_id FROM zhifu.acquirer_settlement WHERE undone_entry IS NULL ORDER BY 1, 2""")
        if done:
            act = self.dice.choice(done)
            if self.person(*act["act"].split(), act["id"], "--why", "it was none"):
                self.undone[act["act"]] += 1

    def somebody_gives_up(self):
        bill = self.dice.choice(self.bills)
        self.person("writeoff", bill["ref"], "--why", "gone")

    def somebody_disputes(self):
        """What a carrier or a group plan paid short, took back or denied; in the end it is won, lost in one of three ways, or let be."""
        ref = "s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END AS ref"
        owed = "zhifu.receivable r JOIN zhifu.claim_state s ON s.claim_id = coalesce(r.of_claim, r.claim_id)"
        going = self.database.sql("SELECT %s, r.open_minor FROM %s JOIN zhifu.dispute d ON d.claim_id = r.claim_id WHERE d.state = 1"
                                  " ORDER BY 1" % (ref, owed))
        if not going or self.dice.random() < 0.3:
            short = self.database.sql("SELECT %s FROM %s WHERE r.open_minor > 0 AND CASE WHEN r.of_claim IS NULL THEN s.payment IN (3, 4)"
                                      " ELSE r.standing = 4 OR r.open_minor < r.owed_minor END ORDER BY 1" % (ref, owed))
            self.person("dispute", "open", self.dice.choice(short or self.bills)["ref"], "--reason", "CO-45")
            return
        one = self.dice.choice(going)
        part = self.dice.choice(((), ("%.2f" % (max(1, one["open_minor"] // 2) / 100),)))
        how = self.dice.choice((("appeal",), ("withdraw",), ("won", "--by", "paid"), ("won", "--by", "decision"),
                                *[("lost", *part, "--as", loss) for loss in ("writeoff", "writeoff", "patient", "revenue")]))
        self.person("dispute", how[0], one["ref"], *how[1:])

    def a_patient_pays(self):
        """A deposit at the desk, and some of it back; a receipt that is told twice is one payment."""
        paid = self.database.sql("SELECT payment_id, acquirer IS NULL OR acquirer = 'cash' AS cash FROM zhifu.patient_payment WHERE kind < 3"
                                 " ORDER BY 1")
        amount = "%.2f" % (self.dice.randint(1, 10 ** 5) / 100)
        if not self.stays or self.dice.random() < 0.2:
            self.stays.append("STAY-%d" % len(self.stays))
            self.person("patient", "quote", "5000.00", "--stay", self.stays[-1], "--why", "as told")
        self.made += 1
        cash, card = ("--receipt", "R%d" % self.made), ("--reference", "C%d" % self.made)
        if paid and self.dice.random() < 0.4:
            back = self.dice.choice(paid)
            act = "refund" if back["cash"] or self.dice.random() < 0.5 else "chargeback"
            self.person("patient", act, back["payment_id"], amount, *(cash if back["cash"] else card), "--why", "back")
        else:
            by = self.dice.choice((("--by", "cash", *cash), ("--by", "card", "--acquirer", "unionpay", *card)))
            for _ in range(self.dice.choice((1, 2))):
                self.person("patient", "deposit", amount, "--stay", self.dice.choice(self.stays), *by)

    def a_month_ends(self):
        """Once."""
        if self.closed is None and self.today > self.month:
            self.price_now()
            zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.posting_unvalued") == 0, "values", BACK_S)
            self.price_now(self.month)
            for account, minor in self.at_month.items():  # refused where a statement says it
                self.person("account", "confirm", account, "%.2f" % (minor / 100), "--day", self.month.isoformat(), "--why", "e-banking")
            self.person("close", self.month.isoformat()[:7])
            if self.database.value("SELECT count(*) FROM zhifu.period") > 0:
                self.closed = self.month
                self.sealed = self.past()

    # --- what must hold

    def open_day(self):
        return self.today if self.closed is None else max(self.today, self.closed + datetime.timedelta(days=1))

    def past(self):
        """All of what is closed, and what was open at its end."""
        return self.database.value(
            "SELECT (SELECT md5(string_agg(p::text, ',' ORDER BY entry_id, no)) FROM zhifu.posting p WHERE book_day <= %(d)s)"
            " || (SELECT coalesce(md5(string_agg((account, claim_id, open_minor, carried_minor)::text, ',' ORDER BY account, id)), '')"
            " FROM zhifu.open_items(%(h)s, %(d)s))", {**H, "d": self.closed})

    def holds_now(self, when):
        conn = self.database.connect()
        conn.autocommit = False
        with conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for name, (query, _) in NEVER.items():
                cursor.execute(query, H)
                rows = cursor.fetchall()
                assert not rows, "after %s: %s: %s" % (when, name, [dict(row) for row in rows[:3]])
        conn.close()
        assert self.closed is None or self.past() == self.sealed, "after %s: a closed month is not as it was" % when

    def would_be_seen(self):
        """Each of the faults, made where there is something to make it of and taken back."""
        conn = self.database.connect()
        conn.autocommit = False
        with conn.cursor() as cursor:
            for name, (query, damage) in NEVER.items():
                cursor.execute(damage.replace("%%", "%"))
                if cursor.rowcount > 0:
                    cursor.execute(query, H)
                    assert cursor.fetchall(), name + " is not seen"
                conn.rollback()
        conn.close()

    def holds_at_rest(self):
        """Nothing lost and nothing twice by what this test knows itself, and another program's word for the books."""
        for name in SETTLE_AT:
            self.killed[name] += self.points.fired(name)[0]
            self.points.disarm(name)
        self.price_now()
        self.price_now(datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date())  # what persons write off is of today
        zhifu.wait_until(lambda: self.settle_pids() and self.database.value(
            "SELECT count(*) FROM zhifu.match_turn WHERE leased_until > now()") == 0, "settle to be back", BACK_S)
        # What is told of the money of a claim waits for what is decided of it, and so does the money.
        undecided = {row["id"] for row in self.database.sql("SELECT claim_id::text AS id FROM zhifu.fact WHERE status = 1")}
        for bill in self.bills:
            if bill["id"] in undecided:
                self.decide(bill)
        # What was put off for the value of a posting has it now.
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.posting_unvalued") == 0, "values", BACK_S)
        self.database.sql("UPDATE zhifu.match_item SET due_at = now() WHERE open_minor <> 0 AND due_at > now()")
        self.looked(BACK_S)
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, "what carriers said to be settled")
        zhifu.wait_until(lambda: self.database.value("SELECT count(*) FROM zhifu.receivable_wait") == 0, "receivables")
        self.holds_now("all of it")
        self.would_be_seen()
        self.holds()
        assert self.daemon.ctl_json("money", "rules", "check")["strange"] == []
        assert self.database.value("SELECT count(*) FROM zhifu.bank_line") == self.moved
        # The bank's word against the books, also of days on which something counted that was taken back since.
        wrong = self.database.sql("""SELECT d::date AS day, p.* FROM (SELECT DISTINCT book_day AS d FROM zhifu.posting) d
            CROSS JOIN LATERAL zhifu.bank_proof(%(h)s, d) p
            WHERE statement_minor + ordered_minor - late_minor - explained_minor <> ledger_minor""", H)
        assert not wrong, [dict(row) for row in wrong[:3]]
        for account, closing in self.closing.items():
            assert self.database.value(
                "SELECT coalesce(sum(CASE debit WHEN %(a)s THEN amount_minor ELSE -amount_minor END), 0) FROM zhifu.posting"
                " WHERE %(a)s IN (debit, credit) AND currency = %(u)s AND rule IN ('bank_in', 'bank_out', 'bank_open')",
                {"a": "BANK-" + account, "u": account}) == closing, account
        billed = self.database.sql("SELECT claim_id::text AS id, sum(amount_minor)::int8 AS total, count(*) AS n FROM zhifu.posting"
                                   " WHERE rule = 'bill' GROUP BY 1")
        assert {b["id"]: (b["total"], b["n"]) for b in billed} == {b["id"]: (b["total"], 1) for b in self.bills}
        invariants.assert_events_are_paths(self.database)
        if judges.have("hledger"):
            judges.hledger_judges(self.daemon, self.database, self.place.folder, story.HOSPITAL_ID)
        faults = [e for e in self.daemon.log_lines() if e.get("sqlstate", "40001") not in ("40001", "40P01", "57P01") and e["why"] not in TOLD]
        assert not faults, faults[:3]


STEPS = ((History.money_comes, 6), (History.decide, 4), (History.bill, 2), (History.rate_comes, 3), (History.advice_comes, 2),
         (History.somebody_allocates, 3), (History.somebody_undoes, 3), (History.somebody_sends_back, 2),
         (History.somebody_gives_up, 1), (History.somebody_disputes, 2), (History.somebody_takes_back, 2), (History.a_patient_pays, 2), (History.an_acquirer_settles, 1),
         (History.somebody_sells, 1), (History.a_rate_was_wrong, 1), (History.somebody_holds, 1), (History.a_program_notes, 1),
         (History.a_stay_is_divided, 1), (History.a_month_ends, 2))


@pytest.mark.parametrize("steps", [12, pytest.param(250, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_any_history(place, steps):
    seed = int(os.environ.get("ZHIFU_SEED") or random.SystemRandom().randrange(2 ** 32))
    steps = int(os.environ.get("ZHIFU_STEPS") or steps)
    print("ZHIFU_SEED=%d ZHIFU_STEPS=%d" % (seed, steps))
    place.settings["lease_s"] = 5  # what a dead process held is taken over soon
    place.points = points.Points(place.folder)
    place.daemon.env.update(place.points.env)
    history = History(place, seed)
    for step in range(steps):
        if history.dice.random() < 0.3:
            history.settle_dies(at_once=history.dice.random() < 0.3)
        # Without money there is nothing to lose.
        what = history.dice.choices([s for s, _ in STEPS], [w for _, w in STEPS])[0] if step > 0 else History.money_comes
        what(history)
        history.happened[what.__name__] += 1
        history.holds_now("step %d, %s" % (step, what.__name__))
    zhifu.wait_until(history.settle_pids, "settle", BACK_S)
    history.settle_dies(at_once=True)
    history.holds_at_rest()
    history.desk.close()
    rules = history.database.sql("SELECT rule, count(*) AS n FROM zhifu.posting GROUP BY 1 ORDER BY 1")
    print("closed %s\nhappened %s\nundone %s\nkilled %s\nrefused %s\nposted %s" % (
        history.closed, dict(history.happened), dict(history.undone), dict(history.killed), dict(history.refused), {r["rule"]: r["n"] for r in rules}))
    assert sum(history.killed.values()) > 0
    assert {"bill", "bank_in"} < {r["rule"] for r in rules}
