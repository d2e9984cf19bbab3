"""The finance office's part of conf/quickstart: contracts and the day's rates before the claims come; and when the
insurers have announced what they pay, statements of three bank accounts, what matching made of them, and what waits."""

import datetime
import json
import time

WHO = ("--who", "quickstart")
RATES = "7.1200,8.3100,4.7920"  # those by which the sandbox insurers convert
ACCOUNTS = {"USD": "33010001 0000 0002", "EUR": "33010001 0000 0003", "JPY": "33010001 0000 0004"}
PAYERS = {"alpha": "ALPHA HEALTH INTERNATIONAL", "beta": "BETA ASSISTANCE", "gamma": "GAMMA LIFE INSURANCE"}
CHARGES = {"USD": 1500}  # a bank on the way keeps it
STRANGER = ("USD", 125000, "TRAVEL ASSIST PARTNERS LTD", "MEDICAL EXPENSES")
WAITS_WHY = "the payer is not on record"
MATCHED_S = 30


def today():
    """By the hospital's calendar; China has no summer time."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()


def agree(place):
    """What is owed, in which currency and at which rate."""
    path = place.dir / "rates.csv"
    days = [today() - datetime.timedelta(days=back) for back in range(3)]  # an insurer's order may be of its yesterday
    path.write_text("日期,USD/CNY,EUR/CNY,100JPY/CNY\n" + "".join("%s,%s\n" % (day, RATES) for day in days))
    place.ctl(*WHO, "money", "rate", "import", path, "--source", "cfets")
    place.ctl(*WHO, "money", "contract", "put", place.root / "conf/samples/contracts.json", "--why", "quickstart")


def minor(money):
    return int(money["amount"].replace(".", ""))


def decimal(amount, currency):
    return str(amount) if currency == "JPY" else "%d.%02d" % divmod(amount, 100)


def mt940(currency, lines):
    """A statement as most banks outside Europe send it."""
    day = today().strftime("%y%m%d")

    def shown(amount):
        return decimal(amount, currency).replace(".", ",") + ("," if currency == "JPY" else "")
    rows = [":20:%s%s" % (currency, day), ":25:" + ACCOUNTS[currency], ":28C:1/1",
            ":60F:C%s%s%s" % (day, currency, shown(0))]
    for number, (amount, name, text) in enumerate(lines, 1):
        rows += [":61:%s%sC%sNTRFNONREF//%s%d" % (day, day[2:], shown(amount), currency, number),
                 ":86:/ORDP//NAME/%s/REMI/%s" % (name, text)]
    rows += [":62F:C%s%s%s" % (day, currency, shown(sum(line[0] for line in lines))), "-"]
    return "".join(row + "\r\n" for row in rows)


def camt(currency, lines):
    """The same as ISO 20022 has it."""
    day = today().isoformat()
    balances = "".join(
        '<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="%s">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        '<Dt><Dt>%s</Dt></Dt></Bal>\n' % (code, currency, decimal(amount, currency), day)
        for code, amount in (("OPBD", 0), ("CLBD", sum(line[0] for line in lines))))
    entries = "".join(
        '<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt>'
        '<ValDt><Dt>%s</Dt></ValDt><AcctSvcrRef>%s%d</AcctSvcrRef><NtryDtls><TxDtls>'
        '<RltdPties><Dbtr><Pty><Nm>%s</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>%s</Ustrd></RmtInf>'
        '</TxDtls></NtryDtls></Ntry>\n' % (
            currency, decimal(amount, currency), day, day, currency, number, name, text)
        for number, (amount, name, text) in enumerate(lines, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        '<BkToCstmrStmt>\n'
        '<GrpHdr><MsgId>%(m)s</MsgId><CreDtTm>%(d)sT08:00:00+08:00</CreDtTm></GrpHdr>\n'
        '<Stmt><Id>%(m)s</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>%(d)sT08:00:00+08:00</CreDtTm>'
        '<Acct><Id><Othr><Id>%(a)s</Id></Othr></Id><Ccy>%(c)s</Ccy></Acct>\n'
        '%(b)s%(e)s</Stmt></BkToCstmrStmt></Document>\n'
        % {"m": currency + day, "d": day, "a": ACCOUNTS[currency], "c": currency, "b": balances, "e": entries})


def bank_says(place):
    """Each announced payment as a line of its currency's statement, and one that nobody announced."""
    lines = {currency: [] for currency in ACCOUNTS}
    for one in json.loads(place.ctl("money", "remittance", "list", "--json"))["remittances"]:
        currency = one["amount"]["currency"]
        arrived = minor(one["amount"]) - CHARGES.get(currency, 0)
        lines[currency].append((arrived, PAYERS[one["remitter"]], one["identifier"]))
    lines[STRANGER[0]].append(STRANGER[1:])
    return lines


def suspense(place):
    """What waits, and why."""
    return [(one["amount"]["currency"], minor(one["amount"]), one["reason"])
            for one in json.loads(place.ctl("money", "suspense", "list", "--json"))["suspense"]]


def settle(place):
    """Imports the statements, once, and waits until matching has looked at them. Returns whether only the stranger's
    money is left, with the reason why it waits."""
    if not json.loads(place.ctl("money", "statement", "list", "--json"))["statements"]:
        for currency, lines in bank_says(place).items():
            path = place.dir / ("statement-%s.%s" % (currency, "xml" if currency == "USD" else "sta"))
            path.write_text(camt(currency, lines) if currency == "USD" else mt940(currency, lines))
            place.ctl(*WHO, "money", "statement", "import", path)
    wanted = [(*STRANGER[:2], WAITS_WHY)]
    end = time.monotonic() + MATCHED_S
    while suspense(place) != wanted and time.monotonic() < end:
        time.sleep(0.2)
    return suspense(place) == wanted


def report(place):
    for command, says in (
            ("account list", "The bank accounts: statements of three currencies came in"),
            ("receivable list", "What the insurers owe: what matched by itself is settled"),
            ("report fx", "What exchange rates made of it"),
            ("match list", "What waits in suspense for a person, and why")):
        print("%s (zhifuctl money %s)" % (says, command))
        print()
        print("\n".join(line.rstrip() for line in place.ctl("money", *command.split()).rstrip().splitlines()))
        print()
