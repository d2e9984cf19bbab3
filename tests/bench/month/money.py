"""Money is an integer of minor units. One rounding for all: half away from zero, once per amount."""

EXPONENT = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0, "GBP": 2, "HKD": 2, "AED": 2, "THB": 2, "MYR": 2, "KRW": 0}
BOOK = "CNY"


def divide(number, by):
    """number / by, by > 0, half away from zero."""
    if number < 0:
        return -divide(-number, by)
    return (2 * number + by) // (2 * by)


def part(amount, basis_points):
    return divide(amount * basis_points, 10_000)


def text(amount, currency, mark="."):
    """As people write it: 123456 CNY is 1234.56, 500 JPY is 500."""
    digits = EXPONENT[currency]
    if digits == 0:
        return str(amount)
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 10 ** digits)
    return "%s%d%s%0*d" % (sign, whole, mark, digits, rest)
