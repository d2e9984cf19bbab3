"""What the bank tells of a payment: the payer's name and account, the references and the text, and the damage done to
them on the way."""

import re

from . import contracts

NOT_PROVIDED = "NOTPROVIDED"
TEXT_MAX = 140
LINE_MAX = 35
SHORT_MAX = 16
NAME_MAX = 35
ACCOUNT_SHARE = 0.65
GROUPED_SHARE, LOWER_SHARE, BROKEN_SHARE, BOTH_SHARE = 0.05, 0.05, 0.1, 0.2

FRONT = ("CLAIM", "INVOICE NO", "INV", "YOUR REF", "PAYMENT FOR", "SETTLEMENT", "RE", "BILL")
BACK = ("", "", "", "MEDICAL TREATMENT", "THANK YOU", "HOSPITAL BILL", "VIA CORRESPONDENT BANK")
NOTHING = ("MEDICAL EXPENSES", "PAYMENT", "HOSPITAL SETTLEMENT", "CLAIMS PAYMENT OCTOBER", "DIRECT BILLING",
           "AS AGREED", "TREATMENT COSTS AS PER YOUR INVOICE")
FILLER = "DIRECT BILLING SETTLEMENT HANGZHOU QIANTANG TCM HOSPITAL MEDICAL TREATMENT OF OUR MEMBER OCTOBER 2026 AS " \
         "PER YOUR INVOICE AND OUR AGREEMENT PLEASE QUOTE OUR REFERENCE "
STATEMENT = ("STMT", "STATEMENT", "REMITTANCE ADVICE", "ADVICE")
FRONT_LOCAL = ("理赔款", "直付结算", "保险赔付", "赔案号", "医疗费结算")
BACK_LOCAL = ("", "", "医疗费", "请查收")
NOTHING_LOCAL = ("理赔款", "医疗费", "直付结算款", "保险赔付", "往来款")
FILLER_LOCAL = "直付结算款杭州钱塘中医院国际医疗部会员医疗费用理赔赔付请查收"
STATEMENT_LOCAL = ("结算单", "对账单")
AGENTS = ("GLOBAL PAY AGENTS LTD", "TRANSFERIX EUROPE SA", "CLEARSTREAM COLLECT INC", "UNITED REMIT SERVICES")

NOT_SWIFT = re.compile(r"[^A-Z0-9/\-?:().,'+ ]")
LOOKALIKES = {"0": "O", "O": "0", "1": "I", "I": "1"}


class Wire:
    """One payment as the bank tells it."""

    def __init__(self, name, account, end_to_end, structured, text):
        self.name = name
        self.account = account  # "" where the bank tells none
        self.end_to_end = end_to_end
        self.structured = structured
        self.text = text  # parts of at most 140 characters

    def fields(self):
        """Those that may carry a reference."""
        text = "".join(self.text)
        return [field for field in (self.end_to_end, self.structured, text) if field and field != NOT_PROVIDED]


class Writer:
    def __init__(self, rng, world):
        self.rng = rng
        self.world = world

    def chance(self, share):
        return self.rng.random() < share

    def write(self, line, damage):
        """Sets line.wire and line.damage."""
        rng = self.rng
        if line.reverses:
            line.wire, line.damage = line.reverses.wire, line.reverses.damage
            return
        if line.other:
            line.wire = Wire(line.other[0], "", NOT_PROVIDED, "", [line.other[1]])
        else:
            local = line.remitter.domestic and line.account.form == contracts.CAMT
            numbers = [item.quoted() for item in line.quotes]
            if damage == "mistyped":
                index = rng.randrange(len(numbers))
                numbers[index] = self._mistype(numbers[index])
            name, account = self._payer(line, local)
            end_to_end = NOT_PROVIDED if self.chance(0.3) else "2610%018d" % rng.randrange(10 ** 18)
            end_to_end, structured, text = self._place(line, numbers, damage, end_to_end, local)
            line.wire = Wire(name, account, end_to_end, structured, text)
        line.damage = damage
        if line.account.form != contracts.CAMT:
            self._to_swift(line.wire)

    # --- the payer ---

    def _payer(self, line, local):
        rng, remitter = self.rng, line.remitter
        if line.stranger:
            kind = rng.randrange(3)
            if kind == 0:
                return rng.choice(AGENTS), ""
            if kind == 1:  # spelt as nobody has it on record
                return self._misspell(remitter.name), ""
            others = [r for r in self.world.remitters if r is not remitter]
            remitter = rng.choice(others)
            local = local and remitter.domestic
        name = remitter.local_name if local and self.chance(0.8) else rng.choice(
            [n for n in remitter.names if n != remitter.local_name])
        if name.isascii():
            if self.chance(0.15):
                name = name.replace("(", "").replace(")", "").replace("&", "+")
            if self.chance(0.1):
                name = name.title()
            if not remitter.domestic and self.chance(0.4):
                name = name[:NAME_MAX].strip()
        return name, remitter.accounts[0] if self.chance(ACCOUNT_SHARE) else ""

    def _misspell(self, name):
        words = name.split(" ")
        words[0] = words[0][:2] + words[0][3:]
        return " ".join(reversed(words[:2])) + " " + " ".join(words[2:])

    # --- references ---

    def _mistype(self, number):
        rng = self.rng
        while True:
            spot = rng.randrange(1, len(number) - 1)
            kind = rng.randrange(4)
            if kind == 0:
                typed = number[:spot] + number[spot + 1] + number[spot] + number[spot + 2:]
            elif kind == 1:
                typed = number[:spot] + number[spot + 1:]
            elif kind == 2:
                typed = number[:spot] + rng.choice("0123456789") + number[spot + 1:]
            else:
                spots = [i for i, c in enumerate(number) if c in LOOKALIKES]
                if not spots:
                    continue
                spot = rng.choice(spots)
                typed = number[:spot] + LOOKALIKES[number[spot]] + number[spot + 1:]
            if typed != number:
                return typed

    def _place(self, line, numbers, damage, end_to_end, local):
        """(end-to-end id, structured reference, text) that carry the numbers."""
        slot = line.remitter.slot
        if slot == "structured" and line.account.form != contracts.CAMT:
            slot = "text"
        if damage == "missing":
            return end_to_end, "", [self._words(NOTHING_LOCAL if local else NOTHING)]
        if damage == "cut":
            if slot == "end_to_end":
                front = self.rng.choice(("INV-", "CLAIM-", "PAYMENT-"))
                return (front + numbers[0])[:SHORT_MAX], "", [self._words(NOTHING_LOCAL if local else NOTHING)]
            return end_to_end, "", self._cut(numbers, local)
        structured = ""
        if slot == "structured":
            structured = numbers[0]
        elif slot == "end_to_end":
            end_to_end = numbers[0]
        if slot != "text" and not (damage == "none" and self.chance(BOTH_SHARE)):
            return end_to_end, structured, [self._words(NOTHING_LOCAL if local else NOTHING)]
        return end_to_end, structured, self._text(line, numbers, damage, local)

    def _words(self, choice):
        return self.rng.choice(choice)

    def _front(self, line_advices, local):
        if line_advices:
            return self._words(STATEMENT_LOCAL if local else STATEMENT)
        return self._words(FRONT_LOCAL if local else FRONT)

    def _text(self, line, numbers, damage, local):
        """Free text with all numbers; whole ones may also be grouped, in lower case or broken over lines."""
        if damage == "none":
            if self.chance(GROUPED_SHARE):
                mark = self.rng.choice(" -")
                numbers = [mark.join(n[i:i + 4] for i in range(0, len(n), 4)) for n in numbers]
            if self.chance(LOWER_SHARE):
                numbers = [n.lower() for n in numbers]
        mark = self.rng.choice((" ", ", ", "+", " / "))
        text = " ".join((self._front(line.advices, local), mark.join(numbers),
                         self._words(BACK_LOCAL if local else BACK))).strip()
        if len(text) > TEXT_MAX:
            text = mark.join(numbers)
        if not local and damage == "none" and len(text) > LINE_MAX and self.chance(BROKEN_SHARE):
            return [text[i:i + LINE_MAX] for i in range(0, len(text), LINE_MAX)]
        return [text]

    def _cut(self, numbers, local):
        """Text that ends in the midst of the last number, because a field was too short for it."""
        last = numbers[-1]
        kept = self.rng.randrange(len(last))
        named = " ".join(numbers[:-1] + [last[:kept]]).strip()
        limit = LINE_MAX if len(named) < LINE_MAX - 4 and self.chance(0.7) else TEXT_MAX
        filler = FILLER_LOCAL if local else FILLER
        room = limit - len(named) - 1
        while len(filler) < room:
            filler += FILLER_LOCAL if local else FILLER
        return [(filler[:room] + " " + named)[:limit]]

    def _to_swift(self, wire):
        """The characters of SWIFT's set, in capitals, and no mark that has a meaning of its own inside :86:."""
        for name in ("name", "end_to_end", "structured"):
            setattr(wire, name, self._swift(getattr(wire, name)))
        wire.name = wire.name[:NAME_MAX].strip()
        wire.text = [self._swift("".join(wire.text))]

    @staticmethod
    def _swift(text):
        text = text.upper().replace("&", "AND").replace("/", " ").replace("?", " ").replace("+", " ")
        return " ".join(NOT_SWIFT.sub("", text).split())
