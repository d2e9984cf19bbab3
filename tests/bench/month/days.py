"""The month is October 2026: it begins with the long holiday, when no rate is published and few banks book."""

import datetime

FIRST = datetime.date(2026, 10, 1)
LAST = datetime.date(2026, 10, 31)
RATES_FROM = datetime.date(2026, 4, 1)

ONE = datetime.timedelta(days=1)

# Days on which China does not work besides Saturdays and Sundays: Qingming, May Day, Dragon Boat, National Day.
HOLIDAYS = frozenset(datetime.date(2026, month, day) for month, day in (
    (4, 6), (5, 1), (5, 4), (5, 5), (6, 19), (10, 1), (10, 2), (10, 5), (10, 6), (10, 7)))


# Days on which the banks of a currency rest while ours work.
CURRENCY_HOLIDAYS = {"USD": {datetime.date(2026, 9, 7), datetime.date(2026, 10, 12)},
                     "JPY": {datetime.date(2026, 9, 21), datetime.date(2026, 9, 22), datetime.date(2026, 9, 23),
                             datetime.date(2026, 10, 12)}}


def moves(currency, day):
    """Whether transfers of the currency are made on the day."""
    return is_business(day) and day not in CURRENCY_HOLIDAYS.get(currency, ())


def is_business(day):
    return day.weekday() < 5 and day not in HOLIDAYS


def between(first, last):
    """Every day from first to last, both included."""
    return [first + n * ONE for n in range((last - first).days + 1)]


def business_days_after(day, count):
    """The day that is `count` business days after (before, when negative) the day."""
    step = ONE if count > 0 else -ONE
    while count:
        day += step
        if is_business(day):
            count -= 1 if count > 0 else -1
    return day


def days_after(day, count):
    return day + count * ONE
