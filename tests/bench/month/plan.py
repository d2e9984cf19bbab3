"""What truly happens in the month: who pays which claims, when and how much. What the bank and the advices then say of
it, and how much of that is damaged, is not decided here."""

from . import claims as claims_module
from . import contracts
from . import days
from . import money

NOISE_PAYABLE = 30  # basis points at most by which a payer's rate differs from the contract's
NOISE_OTHER = 60
SEVERAL_SHARE = 0.15
COMBINED_SHARE = 0.03
UNEXPLAINED_SHARE = 0.01
DENIED_SHARE, PATIENT_SHARE = 0.03, 0.06
LETTER_SHARE = 0.1
CORRECTED_SHARE = 0.5
CONVERSIONS = 3  # sales of foreign currency to the bank, per account and month

OTHERS = {  # currency: (who, text, amount from, to), nobody's of the payers
    "CNY": (("国家税务总局杭州市税务局", "退税 增值税", 10_000, 900_000), ("杭州钱塘中医院", "存款利息", 100, 60_000),
            ("银联商务股份有限公司", "POS清算 商户8981", 50_000, 4_000_000), ("王小明", "住院预交金", 100_000, 900_000),
            ("杭州市财政局", "财政补助", 1_000_000, 90_000_000), ("绿源食堂承包部", "房租", 300_000, 900_000)),
    "USD": (("QIANTANG BANK", "CREDIT INTEREST", 10, 9_000),
            ("INTL CONGRESS OF ACUPUNCTURE", "REFUND OF FEE", 9_000, 90_000),
            ("FRIENDS OF TCM FOUNDATION", "DONATION", 50_000, 900_000),
            ("JOHN SAMPLE", "TREATMENT DEPOSIT", 20_000, 400_000)),
    "EUR": (("QIANTANG BANK", "CREDIT INTEREST", 10, 5_000), ("HERBARIUM VERLAG GMBH", "ROYALTIES", 5_000, 90_000)),
    "JPY": (("QIANTANG BANK", "CREDIT INTEREST", 1, 900), ("KANPO KENKYUKAI", "LECTURE FEE", 30_000, 400_000)),
}
DEBITS = {"CNY": ("ACCOUNT FEE", 500, 20_000), "USD": ("ACCOUNT FEE", 500, 3_000), "EUR": ("ACCOUNT FEE", 500, 3_000),
          "JPY": ("ACCOUNT FEE", 500, 3_000)}


class Allocation:
    """What a line is for: a claim, or (claim None) a fee or charge of the whole transfer."""

    def __init__(self, kind, claim, amount, discount_known=None):
        self.kind = kind  # payment, double, denied, take_back, fee, residual
        self.claim = claim
        self.amount = amount  # of the line, minor units of its currency
        self.discount_known = discount_known  # when an advice says it


class Advice:
    """A remittance: what a remitter says that a transfer pays."""

    def __init__(self, remitter, number, currency, paid_on):
        self.remitter = remitter
        self.number = number
        self.currency = currency
        self.paid_on = paid_on
        self.details = []  # [claim, billed, paid, reason]
        self.adjustments = []  # (kind, amount, claim or None)
        self.received = None
        self.channel = "file"
        self.misprint = None  # (index of a detail, the amount printed there): it does not balance
        self.revision = 0
        self.transfer = None  # which line pays it

    def net(self):
        return sum(d[2] for d in self.details) + sum(a[1] for a in self.adjustments)

    def numbers(self):
        return (self.number,)

    def quoted(self):
        return self.number


class Line:
    """One movement on an account of the hospital."""

    def __init__(self, kind, account, booked, amount):
        self.kind = kind  # payment, other, reversal
        self.account = account
        self.currency = account.currency
        self.booked = booked
        self.value = booked
        self.ordered = booked
        self.amount = amount  # negative: a debit
        self.remitter = None  # None: no payer's money
        self.allocations = []
        self.advices = []
        self.quotes = []  # the claims or advices whose numbers it should carry
        self.stated_charge = 0
        self.instructed = None  # (currency, amount) of the order, when it was in another currency
        self.reverses = None
        self.can_be_reversed = False
        self.other = None  # (who, text)
        self.stranger = False
        # Filled in later: the damage done, what the bank tells, and what can be known from it.
        self.damage = "none"
        self.wire = None
        self.bank_ref = None
        self.verdict = None
        self.opened = None  # what was known to be open of its claim before it was posted
        self.number = None
        self.file = None


class Plan:
    def __init__(self, rng, options, world, rates, ledger):
        self.rng = rng
        self.options = options
        self.world = world
        self.rates = rates
        self.ledger = ledger
        self.lines = []
        self.advices = []
        self.advice_count = {}
        self.all_days = days.between(days.FIRST, days.LAST)
        # Yuan come on any day, most of them before the month ends.
        self.weights = {"CNY": [(42 if day.day >= 28 else 22) if days.is_business(day) else 2 for day in self.all_days]}
        for currency in ("USD", "EUR", "JPY"):
            self.weights[currency] = [int(days.moves(currency, day)) for day in self.all_days]
        self.by_settling = {}
        for settles in (contracts.SINGLE, contracts.SEVERAL, contracts.ADVICE):
            group = [r for r in world.remitters if r.settles == settles]
            self.by_settling[settles] = (group, [1000 // (n + 3) for n in range(len(group))])
        while len(self.lines) < options.payments:
            self._payment()
        del self.lines[options.payments:]
        self._reversals()
        self._others()
        self._claims_beside()

    def chance(self, share):
        return self.rng.random() < share

    def _remitter(self, settles):
        group, weights = self.by_settling[settles]
        return self.rng.choices(group, weights)[0]

    def _day(self, account):
        return self.rng.choices(self.all_days, self.weights[account.currency])[0]

    def _payment(self):
        options = self.options
        if self.chance(options.batch):
            return self._advised(self._remitter(contracts.ADVICE))
        if self.chance(SEVERAL_SHARE):
            return self._several(self._remitter(contracts.SEVERAL))
        contract = self.rng.choice(self._remitter(contracts.SINGLE).contracts)
        if self.chance(options.double) and self._room_for(2):
            return self._double(contract)
        if self.chance(options.instalments) and self._room_for(2):
            return self._instalments(contract)
        return self._single(contract)

    def _room_for(self, count):
        return len(self.lines) + count <= self.options.payments

    def _line(self, contract, booked=None):
        account = contract.account
        line = Line("payment", account, booked or self._day(account), 0)
        line.remitter = contract.remitter
        if account.currency != "CNY":
            line.value = line.booked if self.chance(0.7) else days.business_days_after(line.booked, -1)
        line.ordered = days.business_days_after(line.booked, -self.rng.randint(0 if line.remitter.domestic else 1, 3))
        while not days.moves(line.currency, line.ordered):
            line.ordered = days.days_after(line.ordered, -1)
        line.stranger = self.chance(self.options.strangers)
        self.lines.append(line)
        return line

    def _bill(self, contract, booked):
        """A claim that is open on the day, early enough for a discount where there is one, most times."""
        longest = 75
        if contract.discount and self.chance(0.6):
            longest = contract.discount[1]
        return self.ledger.bill(contract, days.days_after(booked, -self.rng.randint(6, longest)))

    def _due(self, claim, line, amount=None):
        amount = claim.owed if amount is None else amount
        return claims_module.due(self.rates, claim, amount, line.currency, line.booked, line.ordered)

    def _discount(self, claim, line, due):
        contract = claim.contract
        if contract.discount and (line.booked - claim.billed).days <= contract.discount[1] \
                and self.chance(self.options.discount):
            return money.part(due, contract.discount[0])
        return 0

    def _noise(self, amount, contract, currency):
        """What the payer's own rate makes of an amount that is converted."""
        if not contract.fx_bound(currency):
            return amount
        if currency != contract.pay:
            return amount + money.part(amount, self.rng.randint(-NOISE_OTHER, NOISE_OTHER))
        if self.chance(self.options.fx_noise):
            return amount + money.part(amount, self.rng.randint(-NOISE_PAYABLE, NOISE_PAYABLE))
        return amount

    def _charge(self, line):
        """What a correspondent keeps of the transfer; the bank tells of it in half of the cases, in camt."""
        table = line.remitter.charges.get(line.currency)
        if not table or not self.chance(self.options.charges):
            return 0
        kept = self.rng.choices([a for a, _ in table], [t for _, t in table])[0]
        if kept * 4 > line.amount:
            return 0
        if line.account.form == contracts.CAMT and self.chance(0.5):
            line.stated_charge = kept
        return kept

    def _single(self, contract):
        rng, options = self.rng, self.options
        line = self._line(contract)
        if contract.pay != "CNY" and self.chance(options.other_currency):
            foreseen = (contract.pay, contract.owed, "CNY")
            other = rng.choice([a for a in contracts.ACCOUNTS if a.currency not in foreseen])
            line.account, line.currency = other, other.currency
        claim = self._bill(contract, line.booked)
        due = self._due(claim, line)
        amount = self._noise(due, contract, line.currency) - self._discount(claim, line, due)
        if self.chance(options.short):
            amount = money.part(amount, rng.choice((5000, 7000, 8000, 9000, 9000, 9000)))
        elif self.chance(options.over):
            amount += money.part(amount, rng.randint(300, 3000))
        elif not contract.fx_bound(line.currency) and self.chance(UNEXPLAINED_SHARE):
            amount += rng.choice((-1, 1)) * rng.randint(1, line.remitter.tolerance[line.currency])
        line.amount = amount
        line.amount -= self._charge(line)
        if line.currency != "CNY" and line.account.form == contracts.CAMT and self.chance(0.05):
            source = rng.choice(("GBP", "HKD", "THB", "AED", "KRW"))
            gross = line.amount + line.stated_charge
            line.instructed = (source, self.rates.convert(gross, line.currency, source, line.ordered))
        line.allocations = [Allocation("payment", claim, line.amount)]
        line.quotes = [claim]
        line.can_be_reversed = True
        return line

    def _later(self, line):
        """A day of the month well after the line's, or None."""
        day = days.business_days_after(line.booked, self.rng.randint(2, 8))
        return day if day <= days.LAST else None

    def _double(self, contract):
        first = self._single(contract)
        first.can_be_reversed = False
        day = self._later(first)
        if day is None or first.account is not contract.account:
            return
        again = self._line(contract, day)
        again.amount = first.amount
        again.stated_charge = first.stated_charge
        again.quotes = first.quotes
        again.allocations = [Allocation("double", first.quotes[0], again.amount)]

    def _instalments(self, contract):
        if contract.fx_bound(contract.pay):
            return
        first = self._line(contract)
        day = self._later(first)
        claim = self._bill(contract, first.booked)
        part = money.part(claim.owed, self.rng.choice((3000, 4000, 5000, 6000)))
        first.amount = part
        if day is not None:
            second = self._line(contract, day)
            second.amount = claim.owed - part
            second.quotes = [claim]
            second.allocations = [Allocation("payment", claim, second.amount)]
        first.quotes = [claim]
        first.allocations = [Allocation("payment", claim, part)]

    def _several(self, remitter):
        contract = self.rng.choice(remitter.contracts)
        line = self._line(contract)
        line.quotes = [self._bill(contract, line.booked)
                       for _ in range(self.rng.randint(1, contracts.SEVERAL_MAX))]
        line.allocations = [Allocation("payment", claim, self._due(claim, line)) for claim in line.quotes]
        line.amount = sum(a.amount for a in line.allocations)
        self._keep(line)

    def _keep(self, line):
        kept = self._charge(line)
        if kept:
            line.amount -= kept
            line.allocations.append(Allocation("residual", None, -kept))

    def _advised(self, remitter):
        rng, options = self.rng, self.options
        currency = rng.choice(remitter.contracts).pay
        pool = [c for c in remitter.contracts if c.pay == currency]
        line = self._line(pool[0])
        count = contracts.ADVICES_MAX if self.chance(COMBINED_SHARE) else 1
        line.advices = [self._advice(line, pool) for _ in range(count)]
        line.quotes = line.advices
        late = self.chance(options.late)
        letter = self.chance(LETTER_SHARE)
        for advice in line.advices:
            if late:
                advice.received = days.business_days_after(line.booked, rng.randint(1, 6))
            else:
                advice.received = days.business_days_after(line.booked, -rng.randint(0, 5))
            advice.channel = "letter" if letter else rng.choice(("file", "mail"))
        line.amount = sum(advice.net() for advice in line.advices)
        self._keep(line)
        self.advices += line.advices
        if self.chance(options.unbalanced):
            self._misprint(line.advices[0])

    def _advice(self, line, pool):
        rng = self.rng
        remitter = line.remitter
        self.advice_count[remitter.id] = self.advice_count.get(remitter.id, 100 + remitter.number) + 1
        advice = Advice(remitter, "%s-2610-%05d" % (remitter.advice_prefix, self.advice_count[remitter.id]),
                        line.currency, line.ordered)
        advice.transfer = line
        shift = rng.randint(-NOISE_PAYABLE, NOISE_PAYABLE) if self.chance(self.options.fx_noise) else 0
        for _ in range(rng.choice((2, 3, 4, 5, 6, 8, 10, 14, 25))):
            contract = rng.choice(pool)
            claim = self._bill(contract, line.booked)
            due = self._due(claim, line)
            paid = due + (money.part(due, shift) if contract.fx_bound(line.currency) else 0)
            discount, kind, reason = 0, "payment", ""
            if advice.details and self.chance(DENIED_SHARE):
                paid, kind, reason = 0, "denied", "DENIED"
            elif self.chance(PATIENT_SHARE):
                paid, reason = money.part(paid, 9000), "MEMBER SHARE"
            else:
                discount = self._discount(claim, line, due)
                paid -= discount
                reason = "EARLY PAYMENT" if discount else ""
            advice.details.append([claim, due, paid, reason])
            line.allocations.append(Allocation(kind, claim, paid, discount))
        self._adjust(advice, line, pool)
        return advice

    def _adjust(self, advice, line, pool):
        rng = self.rng
        if self.chance(self.options.take_backs):
            contract = rng.choice(pool)
            if contract.owed == line.currency:
                claim = self.ledger.bill_paid(contract)
                back = min(claim.owed, advice.net() // 3)
                if self.chance(0.5):
                    back = money.part(back, rng.choice((1000, 2500, 5000)))
                if back > 0:
                    advice.adjustments.append(("TAKE BACK", -back, claim))
                    line.allocations.append(Allocation("take_back", claim, -back))
        fees = {}
        for claim, _, paid, _ in advice.details:
            if claim.contract.fee and paid:
                fees[claim.contract.fee[0]] = fees.get(claim.contract.fee[0], 0) + paid
        for basis_points, paid in fees.items():
            fee = money.part(paid, basis_points)
            if fee:
                advice.adjustments.append(("NETWORK FEE", -fee, None))
                line.allocations.append(Allocation("fee", None, -fee))

    def _misprint(self, advice):
        """It comes not balanced; of some a corrected one comes days later, under the same number."""
        rng = self.rng
        index = rng.randrange(len(advice.details))
        advice.misprint = (index, advice.details[index][2] + rng.choice((-900, -90, 9, 90, 990)))
        if self.chance(CORRECTED_SHARE):
            again = Advice(advice.remitter, advice.number, advice.currency, advice.paid_on)
            again.details, again.adjustments = advice.details, advice.adjustments
            again.received = days.business_days_after(advice.received, rng.randint(1, 4))
            again.channel, again.revision, again.transfer = advice.channel, 1, advice.transfer
            self.advices.append(again)

    def _reversals(self):
        """The bank books some back: its mistake, or the sender's recall. The claim is owed again."""
        for line in list(self.lines):
            if not (line.can_be_reversed and self.chance(self.options.reversed)):
                continue
            day = days.business_days_after(line.booked, self.rng.randint(1, 3))
            if day > days.LAST:
                continue
            back = Line("reversal", line.account, day, -line.amount)
            back.remitter, back.reverses, back.quotes = line.remitter, line, line.quotes
            back.ordered = line.ordered
            back.allocations = [Allocation("reversal", line.quotes[0], back.amount)]
            self.lines.append(back)

    def _others(self):
        rng = self.rng
        for _ in range(money.divide(self.options.payments * round(self.options.others * 10_000), 10_000)):
            account = rng.choice(contracts.ACCOUNTS + contracts.ACCOUNTS[:2] * 3)
            who, text, low, high = rng.choice(OTHERS[account.currency])
            line = Line("other", account, self._day(account), rng.randrange(low, high))
            line.other = (who, text)
            self.lines.append(line)
        for account in contracts.ACCOUNTS:
            text, low, high = DEBITS[account.currency]
            line = Line("other", account, days.business_days_after(days.LAST, -1), -rng.randrange(low, high))
            line.other = (contracts.HOSPITAL["name"], text)
            self.lines.append(line)
            if account.currency != "CNY":
                for _ in range(CONVERSIONS):
                    self._conversion(account)

    def _conversion(self, account):
        """Foreign currency is sold to the bank at its buying rate: a debit there and a credit here."""
        day = self._day(account)
        sold = self.rng.randrange(1_000, 20_000) * 10 ** (money.EXPONENT[account.currency] + 1)
        got = self.rates.convert(sold, account.currency, "CNY", day, self.rates.buying)
        for at, amount in ((account, -sold), (contracts.ACCOUNTS[0], got)):
            line = Line("other", at, day, amount)
            line.other = (contracts.HOSPITAL["name"], "FX SALE %s %s" % (
                account.currency, money.text(sold, account.currency)))
            self.lines.append(line)

    def _claims_beside(self):
        """Claims that nobody pays this month, and some that were paid before it."""
        rng = self.rng
        group = self.world.contracts
        paid = len(self.ledger.claims)
        weights = [1000 // (c.remitter.number + 3) for c in group]
        for contract in rng.choices(group, weights, k=money.divide(paid * round(self.options.open * 100), 100)):
            self.ledger.bill(contract, days.days_after(days.LAST, -rng.randint(0, 100)))
        for contract in rng.choices(group, weights, k=paid // 10):
            self.ledger.bill_paid(contract)
