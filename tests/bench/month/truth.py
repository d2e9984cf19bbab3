"""What is right: for every line what it is for, in both currencies, and how the rest of it splits."""

import csv

from . import claims as claims_module
from . import contracts
from . import money

CLASSES = ("fx", "charge", "discount", "fee", "short", "over", "unexplained")
COLUMNS = ["line", "file", "account", "booked_on", "bank_ref", "line_amount", "currency", "remitter", "damage",
           "decidable", "reason", "decidable_on", "candidates", "among", "kind", "advice", "claim_ref", "amount", "due",
           *CLASSES, "owed_currency", "open_before", "cleared", "cleared_book", "fx_book"]


def split(due, got, stated, usual, discount, bound, tolerance):
    """How due - got is made up: a dict of classes whose sum (over counted negative) it is. What the bank stated as kept
    is taken as that; then the discount and a usual charge, or none, are tried, and what leaves least decides; a rest
    within the tolerance is unexplained, one within the bound of the rate is fx, a larger one short or over."""
    parts = dict.fromkeys(CLASSES, 0)
    parts["charge"] = stated
    rest = due - got - stated
    tried = sorted((abs(rest - off - kept), bool(off) + bool(kept), off, kept)
                   for off in sorted({0, discount}) for kept in ([0] if stated else [0] + usual))
    away, _, off, kept = tried[0]
    if away > tolerance:
        off = kept = 0
        if abs(rest) > bound + tolerance:
            within = [one for one in tried if one[0] <= bound + tolerance]
            if within:
                _, _, off, kept = within[0]
    rest -= off + kept
    parts["discount"] += off
    parts["charge"] += kept
    if rest == 0:
        return parts
    if abs(rest) <= bound:
        parts["fx"] = rest
    elif abs(rest) <= tolerance:
        parts["unexplained"] = rest
    elif rest > 0:
        parts["short"] = rest
    else:
        parts["over"] = -rest
    return parts


class Truth:
    def __init__(self, rates):
        self.rates = rates
        self.rows = []
        self.first_rows = {}  # line → its rows, for reversals

    def add(self, line):
        """Lines come in the order of their booking; a claim's open amount moves with them."""
        rows = [self._row(line, allocation) for allocation in line.allocations] or [self._plain(line)]
        self.first_rows[line.number] = rows
        self.rows += rows

    def _plain(self, line):
        row = dict.fromkeys(COLUMNS, "")
        row.update(line=line, kind="other", amount=line.amount, due=line.amount, **dict.fromkeys(CLASSES, 0))
        return row

    def _row(self, line, allocation):
        row = self._plain(line)
        row.update(kind=allocation.kind, amount=allocation.amount)
        if allocation.claim is None:
            row["due"] = 0
            row["fee" if allocation.kind == "fee" else "charge"] = -allocation.amount
            return row
        claim = allocation.claim
        row.update(claim_ref=claim.ref, owed_currency=claim.contract.owed, open_before=claim.open)
        if allocation.kind == "reversal":
            self._reverse(row, line, claim)
        elif allocation.kind == "take_back":
            row.update(due=allocation.amount, cleared=allocation.amount,
                       cleared_book=-money.divide(claim.carried * -allocation.amount, claim.owed))
            claim.open -= allocation.amount
        elif allocation.kind == "double":
            row.update(due=0, over=allocation.amount, cleared=0, cleared_book=0)
        else:
            self._settle(row, line, allocation)
        row["fx_book"] = row["cleared_book"] - self._booked(row, line)
        return row

    def _booked(self, row, line):
        """In fen at the day's parity: the money that was not too much, and what is counted as if it had come."""
        amounts = (row["amount"] - row["over"], row["charge"], row["discount"], row["fee"], row["unexplained"])
        return sum(self.rates.book(amount, line.currency, line.booked) for amount in amounts)

    def _reverse(self, row, line, claim):
        first = self.first_rows[line.reverses.number][0]
        row["due"] = -first["due"]
        for name in CLASSES:
            row[name] = -first[name]
        row.update(cleared=-first["cleared"], cleared_book=-first["cleared_book"])
        claim.open += first["cleared"]

    def _settle(self, row, line, allocation):
        claim = allocation.claim
        contract = claim.contract
        due = claims_module.due(self.rates, claim, claim.open, line.currency, line.booked, line.ordered)
        bound = money.part(due, contract.fx_bound(line.currency))
        alone = len(line.allocations) == 1 and not line.advices
        discount = allocation.discount_known or 0
        if alone and contract.discount and (line.booked - claim.billed).days <= contract.discount[1]:
            discount = money.part(due, contract.discount[0])
        parts = split(due, allocation.amount, line.stated_charge if alone else 0,
                      contract.remitter.usual(line.currency) if alone else [], discount, bound,
                      contract.remitter.tolerance[line.currency] if alone else 0)
        left = money.divide(claim.open * parts["short"], due) if due else 0
        before, after = claim.open, left
        claim.open = left
        row.update(parts, due=due, cleared=before - after,
                   cleared_book=money.divide(claim.carried * before, claim.owed)
                   - money.divide(claim.carried * after, claim.owed))

    def write(self, path, delivered):
        received = {advice.number for advice in delivered}
        with open(path, "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            for row in self.rows:
                line, verdict = row["line"], row["line"].verdict
                reason = verdict.reason if line.remitter else "not_a_payer"
                row.update(
                    line=line.number, file=line.file, account=line.account.code, booked_on=line.booked.isoformat(),
                    bank_ref=line.bank_ref, line_amount=line.amount, currency=line.currency,
                    remitter=line.remitter.id if line.remitter else "", damage=line.damage,
                    decidable="yes" if verdict.decidable else "no", reason=reason,
                    decidable_on=verdict.day.isoformat() if verdict.decidable else "",
                    candidates=verdict.candidates, among="yes" if is_among(line, verdict) else "no",
                    advice=" ".join(a.number for a in line.advices if a.number in received))
                table.writerow(row)


def _keys(items):
    return sorted(item.number if hasattr(item, "number") else item.ref for item in items)


def is_same(line, items):
    """Whether the items are what the line truly is for."""
    return _keys(items) == _keys(line.quotes)


def is_among(line, verdict):
    return any(is_same(line, items) for items in verdict.sets)


def settles_by_advice(line):
    return line.remitter is not None and line.remitter.settles == contracts.ADVICE
