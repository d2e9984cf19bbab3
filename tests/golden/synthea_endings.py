#!/usr/bin/env python3
"""How each of the Synthea claims must end, derived from the data by rules of its own, apart from the daemon.

usage: synthea_endings.py [--data DIR] [--write TABLE | --check TABLE | --list]

The claims of synthea-claims.ndjson.gz in file order, then those of synthea-bundles/*.json in name order (C locale), enter
one hospital in Asia/Shanghai one after the other. In this order of precedence:
  no_route     its coverage is displayed as "no_insurance": no insurer is configured for it
  held         an earlier claim has the same business content: patient (any identifier in common), day of service in the
               hospital's zone, ordered lines (codes with their systems, net), total and currency; none has a bill sequence
  adjudicated  all others
A claim without route is no first of a duplicate either: it never went anywhere, and its repetition has no route as well.

The table holds per source and ending: count, sum in cents, and the SHA-256 of the sorted lines "CLAIM-ID ENDING\\n",
where the ids are those of the data. It holds nothing of the data itself.
"""
import argparse
import datetime
import decimal
import glob
import gzip
import hashlib
import json
import os
import sys
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
ENDINGS = ("adjudicated", "held", "no_route")


def read_file(path):
    """The resources of the NDJSON file, numbers as exact decimals."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line, parse_float=decimal.Decimal)


def read_bundles(folder):
    """The resources of every Bundle, Bundles in the byte order of their names."""
    for path in sorted(glob.glob(os.path.join(folder, "*.json")), key=os.fsencode):
        with open(path, encoding="utf-8") as text:
            for entry in json.load(text, parse_float=decimal.Decimal)["entry"]:
                yield entry["resource"]


def cents(amount):
    """The minor units of a FHIR Money of a currency with two decimals."""
    value = decimal.Decimal(amount["value"]).scaleb(2)
    if value != value.to_integral_value() or amount["currency"] != "USD":
        raise ValueError("not an amount in cents")
    return int(value)


def service_day(claim):
    start = datetime.datetime.fromisoformat(claim["billablePeriod"]["start"])
    return start.astimezone(ZONE).date().isoformat()


def content(claim):
    """What must be equal besides the patient."""
    lines = []
    for item in claim["item"]:
        codes = tuple((c.get("system"), c.get("code")) for c in item["productOrService"].get("coding", []))
        net = item.get("net")
        lines.append((codes, cents(net) if net else None))
    return (service_day(claim), tuple(lines), cents(claim["total"]), claim["total"]["currency"])


def endings(data):
    """Yields (source, claim id, ending, cents)."""
    seen = set()
    sources = (
        ("file", read_file(os.path.join(data, "synthea-claims.ndjson.gz"))),
        ("bundles", read_bundles(os.path.join(data, "synthea-bundles"))),
    )
    for source, resources in sources:
        people = {}
        waiting = []
        for resource in resources:
            if resource["resourceType"] == "Patient":
                identities = {(i.get("system"), i["value"]) for i in resource.get("identifier", [])}
                people["urn:uuid:" + resource["id"]] = identities
            elif resource["resourceType"] == "Claim":
                waiting.append(resource)
        for claim in waiting:
            reference = claim["patient"]["reference"]
            identities = people[reference] | {(None, reference)}
            if claim["insurance"][0]["coverage"].get("display") == "no_insurance":
                ending = "no_route"
            else:
                keys = {(identity, content(claim)) for identity in identities}
                ending = "held" if keys & seen else "adjudicated"
                seen |= keys
            yield source, claim["id"], ending, cents(claim["total"])


def table(data):
    rows = list(endings(data))
    lines = []
    for source in ("file", "bundles"):
        for ending in ENDINGS:
            chosen = [row for row in rows if row[0] == source and row[2] == ending]
            text = "".join(sorted(f"{row[1]} {ending}\n" for row in chosen))
            digest = hashlib.sha256(text.encode()).hexdigest()
            lines.append(f"{source}\t{ending}\t{len(chosen)}\t{sum(row[3] for row in chosen)}\t{digest}\n")
    with open(os.path.join(data, "synthea-claims.counts.json"), encoding="utf-8") as text:
        counts = json.load(text)
    total = sum(row[3] for row in rows if row[0] == "file")
    if total != counts["claim_total_cents"] or sum(row[0] == "file" for row in rows) != counts["resources"]["Claim"]:
        raise SystemExit("the endings do not add up to the file's own counts")
    return lines


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.environ.get("ZHIFU_SHARED", os.path.join(here, "..", "..", "..", "shared"))
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default=os.path.join(shared, "data", "fhir"))
    parser.add_argument("--write", metavar="TABLE")
    parser.add_argument("--check", metavar="TABLE")
    parser.add_argument("--list", action="store_true", help="print source, claim id, ending and cents of every claim")
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.data, "synthea-claims.ndjson.gz")):
        print("skipped: no Synthea data")
        return 0
    if options.list:
        for row in endings(options.data):
            print(*row, sep="\t")
        return 0
    lines = table(options.data)
    if options.write:
        head = [
            "# How the Synthea claims end: source, ending, count, sum in cents, SHA-256 of the sorted \"CLAIM-ID ENDING\" lines.\n",
            "# Derived by synthea_endings.py, which also checks it; the rules stand there. No value of the data is in here.\n",
        ]
        with open(options.write, "w", encoding="utf-8") as out:
            out.writelines(head + lines)
        return 0
    if options.check:
        with open(options.check, encoding="utf-8") as text:
            want = [line for line in text if not line.startswith("#")]
        if want != lines:
            sys.stdout.writelines(f"- {line}" for line in want)
            sys.stdout.writelines(f"+ {line}" for line in lines)
            return 1
        print(f"{len(lines)} rows agree")
        return 0
    sys.stdout.writelines(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
