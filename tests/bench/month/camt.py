"""camt.053 and camt.054 in versions 02 and 08."""

from xml.sax.saxutils import escape

from . import money
from . import wire as wire_module

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.%s.001.%s">\n'
CODES = {True: ("PMNT", "RCDT", "XBCT"), False: ("PMNT", "ICDT", "OTHR")}

RATE_PLACES = 6


def amount_of(amount, currency, tag="Amt"):
    return '<%s Ccy="%s">%s</%s>' % (tag, currency, money.text(abs(amount), currency), tag)


def mark_of(amount):
    return "<CdtDbtInd>%s</CdtDbtInd>" % ("DBIT" if amount < 0 else "CRDT")


class Entry:
    """One entry of a statement: a line, or several that the bank booked together."""

    def __init__(self, lines, reference, with_details=True):
        self.lines = lines
        self.reference = reference
        self.with_details = with_details  # else the camt.054 has them

    def amount(self):
        return sum(line.amount for line in self.lines)


class Camt:
    def __init__(self, account, rates):
        self.account = account
        self.rates = rates
        self.is_08 = account.version == "08"

    def statement(self, day, sequence, opening, entries, again=0):
        """The text of a camt.053; again: the copy's number when it comes once more."""
        account = self.account
        closing = opening + sum(entry.amount() for entry in entries)
        stamp = "%sT%02d:%02d:00+08:00" % (day.isoformat(), 20 + again, int(account.code))
        name = "%s%s%04d" % (account.code, day.strftime("%y%m%d"), sequence)
        parts = [HEAD % ("053", account.version), "<BkToCstmrStmt>\n<GrpHdr><MsgId>STM%s%d</MsgId><CreDtTm>%s</CreDtTm>"
                 "</GrpHdr>\n<Stmt><Id>%s</Id><ElctrncSeqNb>%d</ElctrncSeqNb><CreDtTm>%s</CreDtTm>" %
                 (name, again, stamp, name, sequence, stamp),
                 "<FrToDt><FrDtTm>%sT00:00:00+08:00</FrDtTm><ToDtTm>%sT23:59:59+08:00</ToDtTm></FrToDt>" % (day, day),
                 "<CpyDplctInd>DUPL</CpyDplctInd>" if again else "", self._account(), "\n",
                 self._balance("OPBD", opening, day), self._balance("CLBD", closing, day)]
        parts += [self._entry(entry, entry.with_details) for entry in entries]
        parts.append("</Stmt>\n</BkToCstmrStmt>\n</Document>\n")
        return "".join(parts)

    def notification(self, day, sequence, entries):
        """The text of a camt.054: details of entries that the statement of the day has as well."""
        account = self.account
        stamp = "%sT18:%02d:00+08:00" % (day.isoformat(), int(account.code))
        name = "NTF%s%s%04d" % (account.code, day.strftime("%y%m%d"), sequence)
        parts = [HEAD % ("054", account.version),
                 "<BkToCstmrDbtCdtNtfctn>\n<GrpHdr><MsgId>%s</MsgId><CreDtTm>%s</CreDtTm></GrpHdr>\n" % (name, stamp),
                 "<Ntfctn><Id>%s</Id><CreDtTm>%s</CreDtTm>" % (name, stamp), self._account(), "\n"]
        parts += [self._entry(entry, True) for entry in entries]
        parts.append("</Ntfctn>\n</BkToCstmrDbtCdtNtfctn>\n</Document>\n")
        return "".join(parts)

    def _account(self):
        account = self.account
        bank = "<%s>%s</%s>" % (("BICFI", account.bic, "BICFI") if self.is_08 else ("BIC", account.bic, "BIC"))
        return "<Acct><Id><Othr><Id>%s</Id></Othr></Id><Ccy>%s</Ccy><Svcr><FinInstnId>%s</FinInstnId></Svcr></Acct>" % (
            account.number, account.currency, bank)

    def _balance(self, code, amount, day):
        return "<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp>%s%s<Dt><Dt>%s</Dt></Dt></Bal>\n" % (
            code, amount_of(amount, self.account.currency), mark_of(amount), day.isoformat())

    def _entry(self, entry, with_details):
        line, amount = entry.lines[0], entry.amount()
        codes = CODES[amount >= 0]
        parts = ["<Ntry><NtryRef>%s</NtryRef>" % entry.reference, amount_of(amount, line.currency), mark_of(amount),
                 "<RvslInd>true</RvslInd>" if line.kind == "reversal" else "",
                 "<Sts><Cd>BOOK</Cd></Sts>" if self.is_08 else "<Sts>BOOK</Sts>",
                 "<BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt>" % (line.booked, line.value),
                 "<AcctSvcrRef>%s</AcctSvcrRef>" % entry.reference,
                 "<BkTxCd><Domn><Cd>%s</Cd><Fmly><Cd>%s</Cd><SubFmlyCd>%s</SubFmlyCd></Fmly></Domn></BkTxCd>" % codes,
                 "<NtryDtls>"]
        if len(entry.lines) > 1:
            parts.append("<Btch><NbOfTxs>%d</NbOfTxs>%s%s</Btch>" % (
                len(entry.lines), amount_of(amount, line.currency, "TtlAmt"), mark_of(amount)))
        if with_details:
            parts += [self._details(one) for one in entry.lines]
        parts.append("</NtryDtls>")
        if line.kind == "reversal":
            parts.append("<AddtlNtryInf>REVERSAL OF %s</AddtlNtryInf>" % line.reverses.bank_ref)
        parts.append("</Ntry>\n")
        return "".join(parts)

    def _details(self, line):
        wire = line.wire
        parts = ["<TxDtls><Refs><AcctSvcrRef>%s</AcctSvcrRef><EndToEndId>%s</EndToEndId></Refs>" % (
            line.bank_ref, escape(wire.end_to_end))]
        if self.is_08:
            parts += [amount_of(line.amount, line.currency), mark_of(line.amount)]
        parts += [self._amounts(line), self._charges(line),
                  "<RltdPties>", self._debtor(wire), "</RltdPties>"]
        inside = ["<Ustrd>%s</Ustrd>" % escape(part) for part in wire.text if part]
        if wire.structured:
            inside += ["<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>",
                       "<Ref>%s</Ref></CdtrRefInf></Strd>" % escape(wire.structured)]
        parts += ["<RmtInf>", *inside, "</RmtInf>",
                  "<RltdDts><AccptncDtTm>%sT09:00:00+08:00</AccptncDtTm></RltdDts></TxDtls>" % line.ordered]
        return "".join(parts)

    def _amounts(self, line):
        """What was ordered: in another currency with a rate, or before a charge was kept."""
        gross = abs(line.amount) + line.stated_charge
        if line.instructed:
            currency, amount = line.instructed
            # Units of the first for one of the second; only the amounts tell a reader that it is this direction.
            rate = money.divide(amount * 10 ** (RATE_PLACES + money.EXPONENT[line.currency]),
                                gross * 10 ** money.EXPONENT[currency])
            exchange = "<CcyXchg><SrcCcy>%s</SrcCcy><TrgtCcy>%s</TrgtCcy><XchgRate>%d.%0*d</XchgRate></CcyXchg>" % (
                currency, line.currency, rate // 10 ** RATE_PLACES, RATE_PLACES, rate % 10 ** RATE_PLACES)
            inner = "<InstdAmt>%s</InstdAmt><TxAmt>%s</TxAmt><CntrValAmt>%s%s</CntrValAmt>" % (
                amount_of(amount, currency), amount_of(line.amount, line.currency),
                amount_of(gross, line.currency), exchange)
        elif line.stated_charge:
            inner = "<InstdAmt>%s</InstdAmt><TxAmt>%s</TxAmt>" % (amount_of(gross, line.currency),
                                                                  amount_of(line.amount, line.currency))
        else:
            inner = "<TxAmt>%s</TxAmt>" % amount_of(line.amount, line.currency)
        return "<AmtDtls>%s</AmtDtls>" % inner

    def _charges(self, line):
        if not line.stated_charge:
            return ""
        one = amount_of(line.stated_charge, line.currency) + "<CdtDbtInd>DBIT</CdtDbtInd>"
        if self.is_08:
            return "<Chrgs><Rcrd>%s<Br>CRED</Br></Rcrd></Chrgs>" % one
        return "<Chrgs>%s<Br>CRED</Br></Chrgs>" % one

    def _debtor(self, wire):
        name = "<Nm>%s</Nm>" % escape(wire.name)
        party = "<Pty>%s</Pty>" % name if self.is_08 else name
        account = "<DbtrAcct><Id><Othr><Id>%s</Id></Othr></Id></DbtrAcct>" % wire.account if wire.account else ""
        return "<Dbtr>%s</Dbtr>%s" % (party, account)


def is_plain(line):
    """Whether the bank may book it together with others of its day: a bare credit with nothing kept or converted."""
    return line.amount > 0 and not line.stated_charge and not line.instructed \
        and line.wire.end_to_end != wire_module.NOT_PROVIDED
