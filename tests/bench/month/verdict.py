"""Which lines can be decided, by the rule that make_month --help states: found by trying, from what is on the wire, in
the advices received, and on record. It knows nothing of the plan."""

import bisect
import re

from . import claims as claims_module
from . import contracts
from . import money
from . import refs

ALNUM = re.compile(r"[\W_]+")
RUN = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)*")
FOLD = str.maketrans({"O": "0", "I": "1"})
VARIANT_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # folded: no O, no I
END_MIN = 6
RUN_MIN, RUN_MAX = 9, 17
NAME_MIN, NAME_LOCAL_MIN = 10, 5
POOL_MAX = 120
COUNT_MAX = 9  # of candidates; means nine or more

FITS, NEARLY, NO = 2, 1, 0


def fold(text):
    return ALNUM.sub("", text).upper().translate(FOLD)


def plain(text):
    return ALNUM.sub("", text).upper()


class Verdict:
    """What the rule says of a line: decided for the items of its one set, or not, with those that may be."""

    def __init__(self, decidable, reason, sets=(), too_many=False):
        self.decidable = decidable
        self.reason = reason
        self.sets = list(sets)
        self.items = list(self.sets[0]) if decidable else []
        self.candidates = COUNT_MAX if too_many else min(len(self.sets), COUNT_MAX)
        self.day = None


class Evidence:
    """What a line's fields name."""

    def __init__(self):
        self.claims = []  # exactly
        self.strong = False  # one of them by a ref, which has a check character
        self.advices = []
        self.unbalanced = False
        self.runs = []  # of characters that are no exact number
        self.ends = []  # those at the end of a field
        # Filled by look_closer(): claims and advices one slip of the keyboard away from a run, or begun by an end.
        self.near = []
        self.near_advices = []
        self.begun = {}  # ref → claim
        self.begun_advices = []

    def hints_at(self, item):
        if isinstance(item, claims_module.Claim):
            return item in self.near or item.ref in self.begun
        return item in self.near_advices or item in self.begun_advices

    def hints(self):
        return bool(self.near or self.begun)


class Records:
    """What the hospital knows on a day: open claims, advices received, payers' names and accounts."""

    def __init__(self, rates, world, ledger):
        self.rates = rates
        self.known = {}  # ref → open amount
        self.by_number = {}
        self.advices = {}  # folded number → advices received, the last one counts
        self.waiting = {r.id: [] for r in world.remitters}  # advices that balance, with no transfer yet
        self.remitters = world.remitters
        self.by_account = {account: r for r in world.remitters for account in r.accounts}
        self.by_name = {}
        self.lists = {}  # (remitter id, owed, pay) → sorted [(open, order, claim)]
        self.numbers_of = {r.id: [] for r in world.remitters}  # sorted (folded number, order, claim)
        self.lengths = set()
        for order, claim in enumerate(ledger.claims):
            self.known[claim.ref] = claim.open
            for number in claim.numbers():
                self.by_number.setdefault(fold(number), []).append(claim)
                self.lengths.add(len(number))
                self.numbers_of[claim.contract.remitter.id].append((fold(number), order, claim))
            if claim.open:
                self.lists.setdefault(self._key(claim), []).append((claim.open, order, claim))
        self.order = {claim.ref: order for order, claim in enumerate(ledger.claims)}
        for table in self.lists.values():
            table.sort(key=lambda entry: entry[:2])
        for table in self.numbers_of.values():
            table.sort(key=lambda entry: entry[:2])

    @staticmethod
    def _key(claim):
        return claim.contract.remitter.id, claim.contract.owed, claim.contract.pay

    def receive(self, advice):
        key = fold(advice.number)
        self.lengths.add(len(key))
        self.advices[key] = advice
        if not advice.misprint:
            self.waiting[advice.remitter.id].append(advice)

    def payers(self, wire):
        """The remitters that the wire's account, else its name, may mean."""
        if wire.account in self.by_account:
            return [self.by_account[wire.account]]
        if wire.name not in self.by_name:
            name = plain(wire.name)
            found = []
            if len(name) >= (NAME_MIN if name.isascii() else NAME_LOCAL_MIN):
                for remitter in self.remitters:
                    on_record = [plain(n) for n in remitter.names]
                    if any(n.startswith(name) or name.startswith(n) for n in on_record):
                        found.append(remitter)
            self.by_name[wire.name] = found
        return self.by_name[wire.name]

    def set_open(self, claim, amount):
        before = self.known[claim.ref]
        order = self.order[claim.ref]
        table = self.lists.setdefault(self._key(claim), [])
        if before:
            del table[bisect.bisect_left(table, (before, order))]
        if amount:
            bisect.insort(table, (amount, order, claim), key=lambda entry: entry[:2])
        self.known[claim.ref] = amount


class Judge:
    def __init__(self, rates, world, ledger):
        self.records = Records(rates, world, ledger)
        self.rates = rates
        self.credits = {}  # (account, amount, fields) → lines booked and not yet reversed

    # --- evidence ---

    def evidence(self, line):
        records, found = self.records, Evidence()
        for field in line.wire.fields():
            squeezed = fold(field)
            hits = []
            for length in sorted(records.lengths):
                for start in range(len(squeezed) - length + 1):
                    piece = squeezed[start:start + length]
                    for claim in records.by_number.get(piece, ()):
                        hits.append(piece)
                        found.strong |= fold(claim.ref) == piece
                        if claim not in found.claims:
                            found.claims.append(claim)
                    if (advice := records.advices.get(piece)) is not None:
                        hits.append(piece)
                        if advice not in found.advices:
                            found.advices.append(advice)
            runs = RUN.findall(field.upper())
            found.runs += [run for run in map(fold, runs) if not any(hit in run for hit in hits)]
            if runs and field.upper().endswith(runs[-1]):
                for end in sorted({fold(runs[-1]), fold(runs[-1].rpartition("-")[2])}):
                    if len(end) >= END_MIN and not any(hit in end for hit in hits):
                        found.ends.append(end)
        found.unbalanced = any(advice.misprint for advice in found.advices)
        return found

    def look_closer(self, found, payers):
        """What the damaged numbers may have been: looked for among the payers' own."""
        records = self.records
        for run in found.runs:
            if not RUN_MIN <= len(run) <= RUN_MAX or not any(c.isdigit() for c in run):
                continue
            for variant in variants(run):
                for claim in records.by_number.get(variant, ()):
                    if claim.contract.remitter in payers and claim not in found.near + found.claims:
                        found.near.append(claim)
                advice = records.advices.get(variant)
                if advice and advice.remitter in payers and advice not in found.near_advices + found.advices:
                    found.near_advices.append(advice)
        for remitter in payers:
            table = records.numbers_of[remitter.id]
            for end in found.ends:
                for number, _, claim in table[bisect.bisect_left(table, (end,)):]:
                    if not number.startswith(end):
                        break
                    found.begun[claim.ref] = claim
                found.begun_advices += [advice for advice in records.waiting[remitter.id]
                                        if fold(advice.number).startswith(end) and advice not in found.begun_advices]

    # --- amounts ---

    def due(self, claim, line):
        return claims_module.due(self.rates, claim, self.records.known[claim.ref], line.currency, line.booked,
                                 line.ordered)

    @staticmethod
    def kept(line, remitter):
        """What may have been kept on the way, when the bank doesn't tell."""
        return [0] if line.stated_charge else [0] + remitter.usual(line.currency)

    def grade(self, line, claim, due=None):
        """Whether the line pays this claim alone."""
        contract = claim.contract
        due = self.due(claim, line) if due is None else due
        got = line.amount + line.stated_charge
        bound = contract.remitter.tolerance[line.currency] + money.part(due, contract.fx_bound(line.currency))
        discounts = [0]
        if contract.discount and (line.booked - claim.billed).days <= contract.discount[1]:
            discounts.append(money.part(due, contract.discount[0]))
        away = min(abs(due - discount - kept - got)
                   for discount in discounts for kept in self.kept(line, contract.remitter))
        return FITS if away <= bound else NEARLY if away <= 2 * bound + 1 else NO

    def fitting(self, line, payers):
        """Open claims of the payers, payable in the line's currency, that the line may pay one of: [(claim, grade)]."""
        found = []
        got = line.amount + line.stated_charge
        for remitter in payers:
            most = got + max(self.kept(line, remitter))
            for key, table in self.records.lists.items():
                if key[0] != remitter.id or key[2] != line.currency:
                    continue
                low, high = got * 95 // 100 - 100, most * 106 // 100 + 100
                if key[1] != key[2]:
                    low, high = (self.rates.convert(amount, key[2], key[1], line.booked) for amount in (low, high))
                    low, high = low * 90 // 100, high * 111 // 100
                for _, _, claim in table[bisect.bisect_left(table, (low,)):bisect.bisect_right(table, (high,))]:
                    if claim.billed <= line.booked and (grade := self.grade(line, claim)):
                        found.append((claim, grade))
        return found

    def sets(self, line, remitter, named, pool, most):
        """Sets of at most `most` items that hold all the named ones and whose amounts the line may pay:
        [(items, grade)], or None when there are too many to try. A pool's entry is (amount, item)."""
        tolerance = remitter.tolerance[line.currency]
        wide = 2 * tolerance + 1
        got = line.amount + line.stated_charge - sum(amount for amount, _ in named)
        start = [item for _, item in named]
        pool = sorted(((amount, n, item) for n, (amount, item) in enumerate(pool)), key=lambda entry: entry[:2])
        free = most - len(named)
        if len(pool) > POOL_MAX and free > 2:
            return None
        found = []
        for kept in self.kept(line, remitter):
            self._extend(pool, 0, got + kept, free, start, tolerance, wide, found)
            if len(found) >= COUNT_MAX:
                break
        return found

    def _extend(self, pool, first, rest, free, items, tolerance, wide, found):
        if items and abs(rest) <= wide:
            found.append((items, FITS if abs(rest) <= tolerance else NEARLY))
        if free == 1:
            first = max(first, bisect.bisect_left(pool, (rest - wide,)))
        if free == 0:
            return
        for n in range(first, len(pool)):
            amount, _, item = pool[n]
            if amount > rest + wide or len(found) >= COUNT_MAX:
                return
            self._extend(pool, n + 1, rest - amount, free - 1, items + [item], tolerance, wide, found)

    # --- the rule ---

    def judge(self, line):
        """The verdict as of now; apply() makes it known."""
        if line.amount < 0:
            return self._judge_debit(line)
        payers = self.records.payers(line.wire)
        found = self.evidence(line)
        if not payers:
            return Verdict(False, "payer_unknown", [s for s in (found.claims, found.advices) if s])
        if any(item.contract.remitter not in payers for item in found.claims) \
                or any(advice.remitter not in payers for advice in found.advices):
            return Verdict(False, "payer_unexpected", [s for s in (found.claims, found.advices) if s])
        advised = [r for r in payers if r.settles == contracts.ADVICE]
        if found.claims:
            return self._judge_named(line, payers, found)
        if found.advices or (advised and len(advised) == len(payers)):
            return self._judge_advised(line, payers, found)
        if len({r.settles for r in payers}) > 1:
            return Verdict(False, "payer_not_certain")
        if payers[0].settles == contracts.SEVERAL:
            return self._judge_several(line, payers, found)
        return self._judge_single(line, payers, found)

    def _judge_debit(self, line):
        if line.kind != "reversal":
            return Verdict(False, "not_a_payer")
        credits = self.credits.get(self._credit_key(line, -line.amount), [])
        if len(credits) != 1:
            return Verdict(False, "two_candidates" if credits else "reversal_of_nothing", [c.quotes for c in credits])
        # The answer is that line; what it is for, the matching knows or not.
        return Verdict(True, "reversal", [credits[0].quotes])

    @staticmethod
    def _credit_key(line, amount):
        return line.account.code, amount, line.wire.name, tuple(line.wire.fields())

    @staticmethod
    def _one(sets, reason, else_reason):
        """The verdict of what fits: decidable when it is one and not at the edge."""
        if sets is None:
            return Verdict(False, "too_many_candidates", too_many=True)
        items = [one for one, _ in sets]
        if len(sets) == 1:
            fits = sets[0][1] == FITS
            return Verdict(fits, reason if fits else "amount_at_the_edge", items)
        return Verdict(False, "two_candidates" if sets else else_reason, items)

    def _judge_named(self, line, payers, found):
        claims = found.claims
        remitter = claims[0].contract.remitter
        if any(claim.billed > line.booked for claim in claims):
            return Verdict(False, "billed_later", [claims])
        if len(claims) == 1:
            claim = claims[0]
            known = self.records.known[claim.ref]
            if known == 0:
                original = claims_module.due(self.rates, claim, claim.owed, line.currency, line.booked, line.ordered)
                if self.grade(line, claim, original) == FITS:
                    return Verdict(True, "paid_before", [claims])
                return Verdict(False, "paid_before_amount_apart", [claims])
            if self.grade(line, claim) == FITS:
                return Verdict(True, "named", [claims])
            if remitter.settles == contracts.SINGLE:
                self.look_closer(found, payers)
                if found.strong and not found.hints():
                    return Verdict(True, "named_amount_apart", [claims])
                return Verdict(False, "named_amount_apart", [claims])
        if len({c.contract.remitter.id for c in claims}) > 1 or remitter.settles != contracts.SEVERAL \
                or any(c.contract.owed != line.currency or not self.records.known[c.ref] for c in claims):
            return Verdict(False, "named_amount_apart", [claims])
        named = [(self.due(c, line), c) for c in claims]
        whole = self.sets(line, remitter, named, [], len(named))
        if whole:
            return self._one(whole, "named", "")
        self.look_closer(found, payers)
        pool = self._pool(remitter, line, claims)
        if found.hints():
            pool = [entry for entry in pool if found.hints_at(entry[1])]
        return self._one(self.sets(line, remitter, named, pool, contracts.SEVERAL_MAX), "named_in_part",
                         "named_amount_apart")

    def _pool(self, remitter, line, without=()):
        table = self.records.lists.get((remitter.id, line.currency, line.currency), [])
        return [(amount, claim) for amount, _, claim in table
                if claim.billed <= line.booked and claim not in without and amount <= 2 * line.amount]

    def _judge_single(self, line, payers, found):
        self.look_closer(found, payers)
        fitting = self.fitting(line, payers)
        if found.hints():
            hinted = [(claim, grade) for claim, grade in fitting if found.hints_at(claim)]
            # A number with a slip is looked at in other currencies too.
            hinted += [(claim, grade) for claim in found.near
                       if all(claim is not c for c, _ in fitting) and claim.billed <= line.booked
                       and self.records.known[claim.ref] and (grade := self.grade(line, claim))]
            return self._one([([c], g) for c, g in hinted], "named_damaged", "damaged_amount_apart")
        return self._one([([c], g) for c, g in fitting], "amount", "nothing_fits")

    def _judge_several(self, line, payers, found):
        self.look_closer(found, payers)
        sets = []
        for remitter in payers:
            pool = self._pool(remitter, line)
            if found.hints():
                pool = [entry for entry in pool if found.hints_at(entry[1])]
            fitting = self.sets(line, remitter, [], pool, contracts.SEVERAL_MAX)
            if fitting is None:
                return self._one(None, "", "")
            sets += fitting
        if found.hints():
            return self._one(sets, "named_damaged", "damaged_amount_apart")
        return self._one(sets, "amount", "nothing_fits")

    def _judge_advised(self, line, payers, found):
        if found.unbalanced:
            return Verdict(False, "advice_unbalanced", [found.advices])
        if found.advices:
            payers = [r for r in payers if any(a.remitter is r for a in found.advices)]
        else:
            self.look_closer(found, payers)
        hinted = bool(found.near_advices or found.begun_advices)
        sets = []
        for remitter in payers:
            waiting = [a for a in self.records.waiting[remitter.id] if a.currency == line.currency]
            named = [a for a in found.advices if a.remitter is remitter]
            if any(a not in waiting for a in named):
                return Verdict(False, "advice_paid_before", [named])
            named_sums = [(a.net(), a) for a in named]
            whole = self.sets(line, remitter, named_sums, [], len(named)) if named else []
            if whole:
                return self._one(whole, "advice_named", "")
            pool = [(a.net(), a) for a in waiting if a not in named]
            if hinted and not named:
                pool = [entry for entry in pool if found.hints_at(entry[1])]
            # Two are looked for where one is named; among all that wait, some pair fits too easily.
            sets += self.sets(line, remitter, named_sums, pool, contracts.ADVICES_MAX if named else 1)
        if found.advices:
            return self._one(sets, "advice_named_in_part", "advice_amount_apart")
        return self._one(sets, "advice_damaged" if hinted else "advice_amount", "no_advice")

    def apply(self, line, verdict, is_new=True):
        """Makes a verdict known: what it decides is no longer open. is_new: it is the first one of this line."""
        records = self.records
        if line.amount > 0 and is_new:
            self.credits.setdefault(self._credit_key(line, line.amount), []).append(line)
        if not verdict.decidable:
            return
        if verdict.reason == "reversal":
            credit = self.credits.pop(self._credit_key(line, -line.amount))[0]
            if credit.verdict.decidable and credit.verdict.reason != "paid_before":
                records.set_open(verdict.items[0], credit.opened)
            return
        for item in verdict.items:
            if isinstance(item, claims_module.Claim):
                known = records.known[item.ref]
                due = self.due(item, line)
                line.opened = known
                short = verdict.reason == "named_amount_apart" and line.amount < due
                records.set_open(item, known - money.divide(known * line.amount, due) if short else 0)
            else:
                records.waiting[item.remitter.id].remove(item)
                for claim, due, paid, reason in item.details:
                    if reason != "MEMBER SHARE" and paid:
                        records.set_open(claim, 0)


def variants(run):
    """All that one slip makes of a run: a character dropped, added or another, two neighbours swapped."""
    for i in range(len(run) + 1):
        front, back = run[:i], run[i:]
        for letter in VARIANT_LETTERS:
            yield front + letter + back
        if back:
            yield front + back[1:]
            for letter in VARIANT_LETTERS:
                yield front + letter + back[1:]
            if len(back) > 1:
                yield front + back[1] + back[0] + back[2:]
