"""Every public sample of a bank statement: it reads with the values that somebody else reads in it, or it is refused for
what is really wrong with it. camt is read a second time here, by the standard library's XML parser straight from the
paths of the standard; MT940's values are in a file beside each sample. Skipped where the samples are not there."""

import base64
import datetime
import decimal
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as tree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or HERE.parents[1] / "build-asan")
SHARED = pathlib.Path(os.environ.get("ZHIFU_SHARED") or HERE.parents[2] / "shared") / "data" / "banking"
DUMP = BUILD / "golden" / "bank_dump"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no public samples of statements beside the tree")


def files(pattern):
    return sorted(SHARED.glob(pattern)) or [pytest.param(None, marks=pytest.mark.skip(reason="no such samples"))]


def name_of(path):
    return str(path.relative_to(SHARED)) if path else "none"


def read(path, *options):
    """What the reader told: (statements with their entries and end, faults, result)."""
    done = subprocess.run([DUMP, *options, path], check=True, stdout=subprocess.PIPE)
    statements, faults, result = [], [], None
    for line in done.stdout.decode().splitlines():
        told = json.loads(line)
        kind = told.pop("is")
        if kind == "statement":
            statements.append({"head": told, "entries": [], "end": None})
        elif kind == "entry":
            statements[-1]["entries"].append(told)
        elif kind == "end":
            statements[-1]["end"] = told
        elif kind == "fault":
            faults.append(told)
        else:
            result = told["rc"]
    return statements, faults, result


def codes(faults):
    return sorted({f["code"] for f in faults if f["severity"] == 3})


def money(text):
    amount, currency = text.split()
    return decimal.Decimal(amount), currency


# ---- camt ----

# What is wrong with those that are refused; the samples were made to try parsers, so hardly any adds up.
CAMT_REFUSED = {
    "camt053.v2.minimal.ultimate.xml": ["bank-currency"],  # opens in EUR, closes in SEK
    "camt053.v2.minimal.xml": ["bank-currency"],
    "camt053.v3.xml": ["bank-currency"],
    "camt053.v8.xml": ["bank-currency"],
    "camt053.v2.with-account-name.xml": ["bank-unproved"],  # has no balance but an available one
    "camt53.only-Dt-with-DtTm.xml": ["bank-unproved"],  # has no closing balance
    "camt053.v2.wrong.xml": ["bank-missing"],  # has no statement: the schema says so too
}


class Camt:
    """The same file by the paths of the standard."""

    def __init__(self, path):
        self.root = tree.parse(path).getroot()
        self.space = re.match(r"\{.*\}", self.root.tag).group(0)

    def find_all(self, node, path):
        return node.findall("/".join(self.space + step for step in path.split("/")))

    def text(self, node, *paths):
        for path in paths:
            for found in self.find_all(node, path):
                if found.text and found.text.strip():
                    return found.text.strip()
        return None

    def statements(self):
        message = self.root[0]
        return [child for child in message if child.tag[len(self.space):] in ("Stmt", "Rpt", "Ntfctn")]

    def signed(self, node):
        amount = self.find_all(node, "Amt")[0]
        sign = -1 if self.text(node, "CdtDbtInd") == "DBIT" else 1
        return sign * decimal.Decimal(amount.text), amount.get("Ccy")


STATUS = {"BOOK": 1, "PDNG": 2, "INFO": 3, "FUTR": 4}
NO_REFERENCE = {"NOTPROVIDED", "NONREF"}


def check_camt_detail(camt, node, told):
    for key, path in (("end_to_end_id", "EndToEndId"), ("transaction_id", "TxId"), ("uetr", "UETR"),
                      ("instruction_id", "InstrId"), ("payment_id", "PmtInfId"), ("other_reference", "Prtry/Ref")):
        expected = camt.text(node, "Refs/" + path)
        assert told.get(key) == (None if expected in NO_REFERENCE else expected), key
    texts = [t.text for t in camt.find_all(node, "RmtInf/Ustrd") if t.text]
    assert told.get("text") == ("\n".join(texts) if texts else None)
    references = [camt.text(s, "CdtrRefInf/Ref") for s in camt.find_all(node, "RmtInf/Strd")]
    assert [r["value"] for r in told.get("references", []) if not r["document"]] == [r for r in references if r]
    for key, path in (("debtor", "Dbtr"), ("creditor", "Cdtr"), ("ultimate_debtor", "UltmtDbtr"),
                      ("ultimate_creditor", "UltmtCdtr")):
        parties = "RltdPties/" + path
        name = camt.text(node, parties + "/Nm", parties + "/Pty/Nm", parties + "/Agt/FinInstnId/Nm")
        assert told.get(key, {}).get("name") == name, key
        account = parties + "Acct/Id/"
        number = camt.text(node, account + "IBAN", account + "Othr/Id", account + "PrtryAcct/Id")
        assert told.get(key, {}).get("account") == number, key
    amounts = {"instructed": "InstdAmt", "transaction": "TxAmt", "counter_value": "CntrValAmt"}
    for key, path in amounts.items():
        found = camt.find_all(node, "AmtDtls/%s/Amt" % path)
        if found:
            assert money(told[key]) == (decimal.Decimal(found[0].text), found[0].get("Ccy"))
        else:
            assert key not in told
    rates = [r.text for r in camt.find_all(node, "AmtDtls/CntrValAmt/CcyXchg/XchgRate")]
    assert told.get("rate") == (rates[0] if rates else None)


def check_camt_entry(camt, node, told):
    assert money(told["amount"]) == camt.signed(node)
    assert told["status"] == STATUS.get(camt.text(node, "Sts", "Sts/Cd"), 5)
    for key, path in (("booking_day", "BookgDt"), ("value_day", "ValDt")):
        day = camt.text(node, path + "/Dt", path + "/DtTm")
        assert told.get(key) == (day[:10] if day else None), key
    domain = [camt.text(node, "BkTxCd/Domn/" + p) for p in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    assert told.get("code") == ("/".join(p for p in domain if p) or None)
    assert told.get("bank_code") == camt.text(node, "BkTxCd/Prtry/Cd")
    details = camt.find_all(node, "NtryDtls/TxDtls") + camt.find_all(node, "TxDtls")
    assert len(told["details"]) == len(details)
    reference = camt.text(node, "AcctSvcrRef")
    if reference is None and len(details) == 1:
        reference = camt.text(details[0], "Refs/AcctSvcrRef")
    assert told.get("servicer_reference") == reference
    assert told["batch_count"] == int(camt.text(node, "NtryDtls/Btch/NbOfTxs", "Btch/NbOfTxs") or 0)
    for detail, said in zip(details, told["details"]):
        check_camt_detail(camt, detail, said)


@pytest.mark.parametrize("path", files("camt-genkgo/*.xml"), ids=name_of)
def test_camt(path):
    statements, faults, result = read(path)
    assert codes(faults) == CAMT_REFUSED.get(path.name, []), faults
    assert result == (-3 if path.name in CAMT_REFUSED else 0)
    camt = Camt(path)
    nodes = camt.statements()
    assert len(statements) == len(nodes)
    for node, told in zip(nodes, statements):
        head = told["head"]
        assert head["version"] in camt.space
        assert head["message_id"] == camt.text(camt.root[0], "GrpHdr/MsgId")
        assert head["id"] == camt.text(node, "Id")
        assert head["sequence"] == int(camt.text(node, "ElctrncSeqNb") or -1)
        assert head["legal"] == int(camt.text(node, "LglSeqNb") or -1)
        assert head.get("copy") == camt.text(node, "CpyDplctInd")
        assert head["account"] == camt.text(node, "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id")
        assert head.get("owner") == camt.text(node, "Acct/Ownr/Nm")
        balances = [camt.signed(b) for b in camt.find_all(node, "Bal")]
        assert [money(b["of"]["amount"]) for b in told["end"]["balances"]] == balances
        entries = camt.find_all(node, "Ntry")
        assert len(told["entries"]) == len(entries)
        for entry, said in zip(entries, told["entries"]):
            check_camt_entry(camt, entry, said)


# ---- MT940 ----

# The real fault of each that is refused. Most are fragments, or their amounts were made up for publication.
FRAGMENT = ["bank-missing", "bank-unproved"]
MT940_REFUSED = {
    "cmxl/account_balance_credit.sta": FRAGMENT,
    "cmxl/account_balance_debit.sta": FRAGMENT,
    "cmxl/account_identification_iban.sta": FRAGMENT,
    "cmxl/account_identification_legacy.sta": FRAGMENT,
    "cmxl/available_balance.sta": FRAGMENT,
    "cmxl/closing_balance.sta": FRAGMENT,
    "cmxl/reference.sta": FRAGMENT,
    "cmxl/statement_details.sta": ["bank-missing"],
    "cmxl/statement_line.sta": ["bank-missing"],
    "cmxl/statement_number.sta": FRAGMENT,
    "cmxl/mt940.sta": ["currency-unknown"],  # German marks; the other two of its statements are whole
    "self-provided/raphaelm.sta": ["currency-missing", "currency-unknown"],  # marks, and balances without a currency
    "self-provided/account_identification.sta": ["bank-unproved"],
    "self-provided/empty_non_swift.sta": FRAGMENT,
    "self-provided/gv_codes.sta": ["bank-unproved"],  # ends without a balance
    "self-provided/invalid_statement.sta": ["bank-format"],
    "self-provided/multiline.sta": ["bank-missing", "bank-order"],  # an entry behind the end
    "self-provided/sparkassen.sta": ["bank-missing"],
    "self-provided/mt942.sta": ["bank-summary"],  # :90D: is not the sum of the entries
    "self-provided/details_60-63.sta": ["bank-balance"],
    "self-provided/malformed_details.sta": ["bank-balance"],
    "self-provided/overly_long_details.sta": ["bank-balance"],
    "self-provided/whitespace.sta": ["bank-balance"],
    "self-provided/raiffeisen-cmi.sta": ["bank-balance"],
    "jejik/abnamro.sta": ["bank-balance"],
    "jejik/ing.sta": ["bank-balance"],
    "jejik/knab.sta": ["bank-balance"],
    "jejik/postfinance.sta": ["bank-balance"],
    "jejik/rabobank.sta": ["bank-balance"],
    "jejik/triodos.sta": ["bank-balance"],
    "mBank/with_newline_in_tnr.sta": ["bank-balance"],
}
# Entries that are not told, since they could not be booked: in marks, or before any balance said the currency.
NOT_TOLD = {"cmxl/mt940.sta": 11, "self-provided/raphaelm.sta": 9, "cmxl/statement_line.sta": 1,
            "cmxl/statement_details.sta": 1, "self-provided/sparkassen.sta": 1}


def expected_of(path):
    """The values in the file beside the sample. It is YAML with objects of Python's; what is wanted of it is a list of
    plain keys, so its lines are read here and nothing of it is executed."""
    text = path.with_suffix(".yml").read_text(encoding="utf-8")
    text = re.sub(r"^tags:\n(?:[ \n].*\n)*", "", text, flags=re.M)
    head, _, body = text.partition("\ntransactions:")
    pieces = re.split(r"^- !!python/object:mt940.models.Transaction$", body, flags=re.M)[1:]
    return values_of(head, 2), [values_of(piece.split("\n  transactions:")[0], 4) for piece in pieces]


def values_of(piece, indent):
    """The keys of that indent, each with all lines up to the next one."""
    parts = re.split(r"^ {%d}(\w+):" % indent, piece, flags=re.M)
    return {key: scalar(raw) for key, raw in zip(parts[1::2], parts[2::2])}


def scalar(raw):
    amount = re.search(r"decimal\.Decimal\n\s*- '(-?[\d.E+-]+)'(?:\n\s*currency: (\w+))?", raw)
    if amount:
        balance = re.search(r"!!binary \|\n\s*(\S+)", raw)
        day = day_of(balance.group(1)) if balance else None
        return {"amount": decimal.Decimal(amount.group(1)), "currency": amount.group(2), "day": day}
    day = re.search(r"!!binary \|\n\s*(\S+)", raw)
    if day:
        return day_of(day.group(1))
    raw = re.sub(r"\n\s*\n\s*", "\0", raw.strip())
    raw = re.sub(r"\n\s*", " ", raw).replace("\0", "\n")
    if raw.startswith('"'):
        raw = re.sub(r"\\\s+", "", raw)
        raw = re.sub(r"\\(?:x(..)|u(....))", lambda m: chr(int(m.group(1) or m.group(2), 16)), raw[1:-1])
        return raw.replace("\\n", "\n").replace('\\"', '"')
    if raw.startswith("'"):
        return raw[1:-1].replace("''", "'")
    return None if raw == "null" else raw


def day_of(encoded):
    packed = base64.b64decode(encoded)
    return datetime.date(packed[0] * 256 + packed[1], packed[2], packed[3]).isoformat()


def squeeze(text):
    return re.sub(r"\s+", "", text or "")


def check_text(told, expected):
    """All that the other reader has as text stands in one of our fields, white space aside."""
    detail = told["details"][0]
    party = detail.get("debtor") or detail.get("creditor") or {}
    same = {"end_to_end_reference": detail.get("end_to_end_id"),
            "additional_position_reference": detail.get("mandate_id"), "applicant_creditor_id": detail.get("creditor_id"),
            "applicant_name": party.get("name"), "applicant_bin": party.get("agent"),
            "applicant_iban": party.get("account"), "posting_text": told.get("posting"),
            "return_debit_notes": detail.get("return_reason"), "additional_purpose": detail.get("additional")}
    for key, ours in same.items():
        if expected.get(key):
            wanted = squeeze(expected[key])
            if key == "applicant_iban":
                wanted = wanted.upper()
            # It takes the digits that ?60 begins with for a part of the number, and drops a question mark.
            assert wanted in squeeze(ours), key
    if expected.get("purpose"):
        # Ours has what stands before the first keyword, too.
        assert squeeze(detail.get("text")).endswith(squeeze(expected["purpose"]))
    if expected.get("transaction_details"):
        whole = squeeze("".join(str(v) for v in list(detail.values()) + list(party.values()) + list(told.values())))
        for word in re.findall(r"[A-Za-z]{6,}", re.sub(r"[?>]\d\d|\n", "", expected["transaction_details"])):
            assert word in whole, word


@pytest.mark.parametrize("path", files("mt940-wolph/*/*.sta"), ids=name_of)
def test_mt940(path):
    name = "%s/%s" % (path.parent.name, path.name)
    options = ["--charset", "cp852"] if path.name == "raiffeisen-cmi.sta" else []
    statements, faults, result = read(path, *options)
    assert codes(faults) == MT940_REFUSED.get(name, []), faults
    assert result == (-3 if name in MT940_REFUSED else 0)
    head, transactions = expected_of(path)
    told = [entry for statement in statements for entry in statement["entries"]]
    not_told = NOT_TOLD.get(name, 0)
    if name == "self-provided/multiline.sta":
        transactions.pop()  # the one behind the end
        transactions[0].pop("applicant_iban", None)  # ours is that of ?38, which it has not
        transactions[0].pop("transaction_details", None)  # it adds the text that belongs to the statement
    assert len(told) + not_told == len(transactions)
    # Of its three statements the first was in marks.
    for entry, expected in zip(told, transactions[not_told:]):
        amount, currency = money(entry["amount"])
        assert amount == expected["amount"]["amount"] and currency == expected["amount"]["currency"]
        assert entry["value_day"] == expected["date"]
        assert entry["booking_day"] == expected.get("entry_date", expected["date"])
        assert entry["bank_code"][:4] == expected["id"]
        assert entry["reversal"] == (1 if "R" in expected["status"] else 0)
        assert entry.get("funds") == (expected.get("funds_code") or "")
        assert entry.get("servicer_reference") == (None if expected["bank_reference"] == "NONREF"
                                                   else expected["bank_reference"])
        customer = (expected["customer_reference"] or "").strip()
        assert (entry.get("customer_reference") or "") == ("" if customer in ("NONREF", "EREF") else customer)
        assert squeeze(entry.get("supplementary")) == squeeze(expected["extra_details"])
        check_text(entry, expected)
    if statements and head:
        last = statements[-1 if name != "self-provided/multiline.sta" else 0]
        if "account_identification" in head:
            assert last["head"]["account_written"].startswith(head["account_identification"])  # it takes 35 characters
        if head.get("statement_number") and "statement_number" in head:
            assert last["head"]["id"] == head["statement_number"]
        for key, kind in (("final_closing_balance", 4), ("final_opening_balance", 1)):
            ours = [b["of"] for b in last["end"]["balances"] if b["of"]["kind"] == kind]
            if key in head and ours and name != "self-provided/raphaelm.sta":
                assert money(ours[0]["amount"]) == (head[key]["amount"], head[key]["currency"])
                assert ours[0]["day"] == head[key]["day"]


def test_all_samples_are_looked_at():
    known = {p.name for p in SHARED.glob("camt-genkgo/*.xml")}
    assert set(CAMT_REFUSED) <= known
    known = {"%s/%s" % (p.parent.name, p.name) for p in SHARED.glob("mt940-wolph/*/*.sta")}
    assert set(MT940_REFUSED) <= known


@pytest.mark.parametrize("path", files("pain001/*.xml"), ids=name_of)
def test_what_is_no_statement(path):
    """Payment orders lie beside them."""
    statements, faults, result = read(path)
    assert not statements and codes(faults) == ["bank-format"] and result == -3
