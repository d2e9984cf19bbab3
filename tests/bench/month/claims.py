"""What the hospital has billed: claims with their numbers, what is owed, and what that is in the money that comes."""

import csv

from . import days
from . import money
from . import refs

PACKAGES = (68_000, 128_000, 320_000, 480_000, 880_000)  # prices of packages in fen: claims of equal amounts
PACKAGE_SHARE = 0.06
SIZES = ((20_000, 100_000), (20_000, 100_000), (20_000, 100_000), (100_000, 800_000), (100_000, 800_000),
         (800_000, 6_000_000), (6_000_000, 30_000_000))


class Claim:
    __slots__ = ("contract", "billed", "carried", "owed", "open", "paid_on", "ref", "claim_no", "payer_claim_no")

    def __init__(self, contract, billed, carried, owed):
        self.contract = contract
        self.billed = billed
        self.carried = carried  # fen: what was billed, and what the receivable stands at in the books
        self.owed = owed  # minor units of contract.owed
        self.open = owed  # what of it nobody has paid, as it truly is
        self.paid_on = None  # the day, for those that were paid before the month
        self.ref = self.claim_no = self.payer_claim_no = None

    def numbers(self):
        """Every number that a payer may quote."""
        return self.ref, self.claim_no, self.payer_claim_no

    def quoted(self):
        """The number that this remitter does quote."""
        return getattr(self, self.contract.remitter.quotes)


def due(rates, claim, amount, currency, booked, ordered):
    """What an amount owed for the claim is in the currency of a transfer of these days, as the contract says; where it
    says nothing, at the parity of the day of booking."""
    contract = claim.contract
    if currency == contract.owed:
        return amount
    if currency != contract.pay:
        return rates.convert(amount, contract.owed, currency, booked)
    day = {"invoice": claim.billed, "order": ordered, "credit": booked}[contract.rate_day]
    return rates.convert(amount, contract.owed, currency, day,
                         rates.buying if contract.rate_source == "bank_buying" else None)


class Ledger:
    """All claims; they get their numbers when all are there, in the order of their bills."""

    def __init__(self, rng, rates, hospital_code):
        self.rng = rng
        self.rates = rates
        self.refs = refs.Refs(rng, hospital_code)
        self.claims = []

    def bill(self, contract, billed):
        rng = self.rng
        charged = rng.choice(PACKAGES) if rng.random() < PACKAGE_SHARE else rng.randrange(*rng.choice(SIZES))
        owed = self.rates.convert(charged, money.BOOK, contract.owed, billed)
        claim = Claim(contract, billed, charged, owed)
        self.claims.append(claim)
        return claim

    def bill_paid(self, contract):
        """One that was paid before the month."""
        billed = days.days_after(days.FIRST, -self.rng.randint(70, 180))
        claim = self.bill(contract, billed)
        claim.open = 0
        claim.paid_on = days.business_days_after(days.days_after(billed, self.rng.randint(20, 60)), 1)
        return claim

    def number(self):
        self.claims.sort(key=lambda claim: claim.billed)  # stable: those of a day stay as they came
        sequence = {}
        taken = set()
        for claim in self.claims:
            claim.ref = self.refs.new(claim.billed)
            front = "%s%s" % ("ZY" if claim.carried > 2_000_000 else "MZ", claim.billed.strftime("%y%m"))
            sequence[front] = sequence.get(front, 0) + 1
            claim.claim_no = "%s%07d" % (front, sequence[front])
            letters, digits = claim.contract.remitter.payer_no_form
            while claim.payer_claim_no is None or claim.payer_claim_no in taken:
                claim.payer_claim_no = "%s%0*d" % (letters, digits, self.rng.randrange(10 ** digits))
            taken.add(claim.payer_claim_no)

    def write(self, path):
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["ref", "claim_no", "payer_claim_no", "contract", "carrier", "remitter", "billed_on",
                           "charged", "charged_currency", "owed", "owed_currency", "owed_exponent", "due_on",
                           "paid_on"])
            for claim in self.claims:
                contract = claim.contract
                rows.writerow([claim.ref, claim.claim_no, claim.payer_claim_no, contract.id, contract.carrier[0],
                               contract.remitter.id, claim.billed.isoformat(), claim.carried, money.BOOK, claim.owed,
                               contract.owed, money.EXPONENT[contract.owed],
                               days.days_after(claim.billed, contract.remitter.term_days).isoformat(),
                               claim.paid_on.isoformat() if claim.paid_on else ""])
