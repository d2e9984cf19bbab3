"""Claim refs in the daemon's form, by code of its own: 3 characters of the hospital, 12 of a number in base 36, and a
check character of ISO 7064 MOD 37,36; none is given out in which a swap of two neighbours would go unseen."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
VALUE = {c: i for i, c in enumerate(ALPHABET)}
LENGTH = 16
NUMBER_LENGTH = 12
START = 36

# STEP[state][value]: the state after one more character.
STEP = [[((state + value) % 36 or 36) * 2 % 37 for value in range(36)] for state in range(37)]


def check_character(body):
    state = START
    for c in body:
        state = STEP[state][VALUE[c]]
    return ALPHABET[(37 - state) % 36]


def is_valid(text):
    return (len(text) == LENGTH and all(c in VALUE for c in text) and check_character(text[:-1]) == text[-1])


def sees_every_swap(text):
    """Whether no exchange of two neighbours gives a valid ref again."""
    values = [VALUE[c] for c in text]
    state = START
    for i in range(LENGTH - 2):
        a, b = values[i], values[i + 1]
        if a != b and STEP[STEP[state][a]][b] == STEP[STEP[state][b]][a]:
            return False
        state = STEP[state][a]
    a, b = values[-2], values[-1]
    return a == b or (STEP[state][b] + a) % 36 != 1


def from_number(hospital_code, number):
    """The ref of a number, or None when it is one that is never given out."""
    digits = []
    for _ in range(NUMBER_LENGTH):
        number, digit = divmod(number, 36)
        digits.append(ALPHABET[digit])
    body = hospital_code + "".join(reversed(digits))
    text = body + check_character(body)
    return text if sees_every_swap(text) else None


class Refs:
    """Gives refs as the daemon does: by the time of the claim and a counter."""

    EPOCH_ORDINAL = 739_252  # 2025-01-01 as datetime.date.toordinal() has it
    TRIES = 20

    def __init__(self, rng, hospital_code):
        self.rng = rng
        self.hospital_code = hospital_code
        self.given = set()

    def new(self, day):
        tries = 0
        while True:
            number = ((day.toordinal() - self.EPOCH_ORDINAL) * 86_400_000 + self.rng.randrange(86_400_000)) << 20
            if tries > self.TRIES:  # all numbers of these days have the pair whose swap goes unseen
                number = self.rng.randrange(1 << 62)
            text = from_number(self.hospital_code, number | self.rng.randrange(1 << 20))
            if text is not None and text not in self.given:
                self.given.add(text)
                return text
            tries += 1
