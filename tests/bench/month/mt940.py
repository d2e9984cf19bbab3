"""MT940 in two dialects of field :86:, with code words (/EREF/…) and with numbered subfields (?20…)."""

from . import contracts
from . import money

PAGE_LINES = 20
FIELD_LINE_MAX = 65
SUBFIELD_MAX = 27
SUBFIELDS = ["20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "60", "61", "62", "63"]
REFERENCE_MAX = 16


def _amount(amount, currency):
    text = money.text(abs(amount), currency, ",")
    return text if "," in text else text + ","


def _balance(tag, amount, account, day):
    return ":%s:%s%s%s%s" % (tag, "D" if amount < 0 else "C", day.strftime("%y%m%d"), account.currency,
                             _amount(amount, account.currency))


def _mark(line):
    if line.kind == "reversal":
        return "RC"  # a credit taken back
    return "D" if line.amount < 0 else "C"


def _wrapped(text):
    """Lines of at most 65 characters; none begins with a mark that would end the field."""
    lines = []
    while text:
        cut = FIELD_LINE_MAX
        while 0 < cut < len(text) and text[cut] in ":-":
            cut -= 1
        lines.append(text[:cut])
        text = text[cut:]
    return lines[:6]


def _words(line):
    wire = line.wire
    text = "/EREF/%s/ORDP//NAME/%s" % (wire.end_to_end, wire.name)
    if wire.account:
        text += "/ACCT/%s" % wire.account
    return _wrapped(text + "/REMI/" + "".join(wire.text))


def _subfields(line):
    wire = line.wire
    text = "EREF+%s SVWZ+%s" % (wire.end_to_end, "".join(wire.text))
    pieces = [text[i:i + SUBFIELD_MAX] for i in range(0, len(text), SUBFIELD_MAX)]
    parts = ["166", "?00CREDIT TRANSFER", "?109310"]
    parts += ["?%s%s" % (name, piece) for name, piece in zip(SUBFIELDS, pieces)]
    if wire.account:
        parts.append("?31%s" % wire.account)
    parts += ["?32%s" % wire.name[:SUBFIELD_MAX]]
    if wire.name[SUBFIELD_MAX:]:
        parts.append("?33%s" % wire.name[SUBFIELD_MAX:])
    return _wrapped("".join(parts))


def _entry(account, line):
    reference = line.wire.end_to_end[:REFERENCE_MAX] if line.wire.end_to_end != "NOTPROVIDED" else "NONREF"
    rows = [":61:%s%s%s%sNTRF%s//%s" % (line.value.strftime("%y%m%d"), line.booked.strftime("%m%d"), _mark(line),
                                        _amount(line.amount, line.currency), reference, line.bank_ref)]
    details = (_words if account.form == contracts.WORDS else _subfields)(line)
    return rows + [":86:" + details[0]] + details[1:]


def statement(account, day, sequence, opening, lines):
    """The text of a day's messages: pages, each with its own balances, as the message's length is limited."""
    pages = [lines[i:i + PAGE_LINES] for i in range(0, len(lines), PAGE_LINES)] or [[]]
    rows = []
    for number, page in enumerate(pages, 1):
        closing = opening + sum(line.amount for line in page)
        rows += [":20:%s%s%d" % (account.code, day.strftime("%y%m%d"), number), ":25:%s" % account.number,
                 ":28C:%05d/%03d" % (sequence, number),
                 _balance("60F" if number == 1 else "60M", opening, account, day)]
        for line in page:
            rows += _entry(account, line)
        rows += [_balance("62F" if number == len(pages) else "62M", closing, account, day), "-"]
        opening = closing
    return "\r\n".join(rows) + "\r\n"
