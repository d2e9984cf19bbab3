"""Rates of the central parity and of the bank, made as a walk, and conversion by them.

A quote is kept as it is published, an integer of its last place; its direction is the currency's."""

import csv

from . import days
from . import money

PLACES = 10_000  # every quote has four places
REACH_DAYS = 10

# currency: (column, units of it that the quote is for; 0 when the quote is units of it for 1 CNY, first quote)
PARITY = {
    "USD": ("USD/CNY", 1, 71_200), "EUR": ("EUR/CNY", 1, 83_150), "JPY": ("100JPY/CNY", 100, 47_950),
    "HKD": ("HKD/CNY", 1, 9_130), "GBP": ("GBP/CNY", 1, 95_800), "MYR": ("CNY/MYR", 0, 5_910),
    "THB": ("CNY/THB", 0, 45_600), "AED": ("CNY/AED", 0, 5_158), "KRW": ("CNY/KRW", 0, 1_968_500),
}
STEP_BASIS_POINTS = 25  # a day's walk at most; parities move little
BANK_SPREAD_BASIS_POINTS = 20
BANK_UNITS = 100
BOARD_NAMES = {"USD": "美元", "EUR": "欧元", "JPY": "日元", "HKD": "港币", "GBP": "英镑", "MYR": "林吉特", "THB": "泰国铢",
               "AED": "阿联酋迪拉姆", "KRW": "韩国元"}


class NoRate(Exception):
    """There is no rate within reach of the day."""


class Rates:
    """parity and buying: currency → day → (numerator, denominator), CNY for one unit of the currency."""

    def __init__(self, rng):
        self.days = [d for d in days.between(days.RATES_FROM, days.LAST) if days.is_business(d)]
        self.quotes = {currency: {} for currency in PARITY}
        self.boards = {currency: {} for currency in PARITY}
        for currency, (_, _, quote) in PARITY.items():
            for day in self.days:
                quote += money.divide(quote * rng.randint(-STEP_BASIS_POINTS, STEP_BASIS_POINTS), 10_000)
                self.quotes[currency][day] = quote
                self.boards[currency][day] = self._board(currency, quote)
        self.parity = {c: self._reached({d: self._per_unit(c, q) for d, q in quotes.items()})
                       for c, quotes in self.quotes.items()}
        self.buying = {c: self._reached({d: (board[0], BANK_UNITS * PLACES) for d, board in boards.items()})
                       for c, boards in self.boards.items()}
        for table in (self.parity, self.buying):
            table[money.BOOK] = {d: (1, 1) for d in days.between(days.RATES_FROM, days.LAST)}

    @staticmethod
    def _per_unit(currency, quote):
        units = PARITY[currency][1]
        return (quote, units * PLACES) if units else (PLACES, quote)

    @staticmethod
    def _board(currency, quote):
        """The bank's (buying, selling), CNY for 100."""
        numerator, denominator = Rates._per_unit(currency, quote)
        middle = money.divide(BANK_UNITS * PLACES * numerator, denominator)
        spread = money.part(middle, BANK_SPREAD_BASIS_POINTS)
        return middle - spread, middle + spread

    @staticmethod
    def _reached(published):
        """For every day the last rate on or before it, no further back than the reach."""
        table = {}
        for day in days.between(days.RATES_FROM, days.LAST):
            for back in range(REACH_DAYS + 1):
                if (rate := published.get(days.days_after(day, -back))) is not None:
                    table[day] = rate
                    break
        return table

    def convert(self, amount, source, target, day, table=None):
        """Minor units of source as minor units of target at the day's parity (or the bank's buying rate, when that
        table is given): through CNY, rounded once."""
        if source == target:
            return amount
        table = table or self.parity
        try:
            source_num, source_den = table[source][day]
            target_num, target_den = table[target][day]
        except KeyError:
            raise NoRate("%s to %s on %s" % (source, target, day)) from None
        above = amount * source_num * target_den * 10 ** money.EXPONENT[target]
        below = source_den * target_num * 10 ** money.EXPONENT[source]
        return money.divide(above, below)

    def book(self, amount, currency, day):
        return self.convert(amount, currency, money.BOOK, day)

    def write(self, parity_path, bank_path):
        with open(parity_path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["日期"] + [column for column, _, _ in PARITY.values()])
            for day in self.days:
                rows.writerow([day.isoformat()] + [self._quote_text(self.quotes[c][day]) for c in PARITY])
        with open(bank_path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["货币名称", "现汇买入价", "现汇卖出价", "发布日期"])
            for day in self.days:
                for currency in PARITY:
                    buying, selling = map(self._quote_text, self.boards[currency][day])
                    rows.writerow([BOARD_NAMES[currency], buying, selling, day.isoformat()])

    @staticmethod
    def _quote_text(quote):
        return "%d.%04d" % divmod(quote, PLACES)
