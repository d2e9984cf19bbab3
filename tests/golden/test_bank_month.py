"""The statements of a generated month (tests/bench/make_month, which shares no code with the readers) against the truth
that comes with it: every line of the truth is read once with its amount, day and reference, whatever is sent again or by
notification, and nothing else is."""

import csv
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or HERE.parents[1] / "build-asan")
DUMP = BUILD / "golden" / "bank_dump"
EXPONENTS = {"JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3}

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason="bank_dump is not built")


def read(path):
    """The transactions, those of batches opened, with the day of their entry."""
    out = subprocess.run([DUMP, path], check=True, stdout=subprocess.PIPE).stdout.decode()
    told = [json.loads(line) for line in out.splitlines()]
    assert told[-1]["rc"] == 0, (path.name, [t for t in told if t["is"] == "fault"])
    return [dict(detail, booking_day=entry["booking_day"], servicer_reference=detail.get("servicer_reference") or
                 entry.get("servicer_reference"))
            for entry in told if entry["is"] == "entry" for detail in entry["details"]]


def minor(text):
    amount, currency = text.split()
    sign = -1 if amount.startswith("-") else 1
    whole, _, fraction = amount.lstrip("-").partition(".")
    assert len(fraction) == EXPONENTS.get(currency, 2)
    return sign * int(whole + fraction)


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    folder = tmp_path_factory.mktemp("month")
    subprocess.run([sys.executable, HERE.parent / "bench" / "make_month", "--seed", "3", "--payments", "150", "--out",
                    folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def test_month(month):
    with open(month / "truth.csv", newline="", encoding="utf-8") as file:
        truth = {(row["file"], row["bank_ref"]): row for row in csv.DictReader(file)}
    booked, again = {}, set()
    for path in sorted((month / "statements").iterdir()):
        first_time = "-again" not in path.name and "-054" not in path.name
        for line in read(path):
            key = line["identity_of"], line["occurrence_of"]
            if not first_time:
                again.add(key)
                continue
            assert key not in booked, "two lines are one"
            booked[key] = "statements/" + path.name, line
    assert again and again <= set(booked)  # what comes again adds nothing
    read_lines = {(name, line["servicer_reference"]): line for name, line in booked.values()}
    assert set(truth) <= set(read_lines)
    for key, row in truth.items():
        line = read_lines[key]
        assert minor(line["account_amount"]) == int(row["line_amount"])
        assert line["account_amount"].endswith(row["currency"]) and line["booking_day"] == row["booked_on"]
