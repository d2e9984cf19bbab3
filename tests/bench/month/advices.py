"""Remittances as files of two profiles.

records    commas, decimal points; the first column is the kind of record:
           H,advice,remitter,currency,paid_on,transfer   D,claim,payer_claim_no,carrier,billed,paid,remark
           A,kind,amount,claim                           T,count of D,sum of D,sum of A,net
semicolon  semicolons, decimal commas, days as dd.mm.yyyy; one table, whose first column says what the row is:
           Art;Nummer;Bezug;Waehrung;Datum;Betrag;Text   (Avis, Position, Abzug, Summe)
Each detail names the claim by the number that this remitter quotes; billed and paid are in the currency of the
transfer. An advice balances when the sum of D and A is the transfer; one that was misprinted doesn't."""

from . import money


def _details(advice):
    for index, (claim, due, paid, reason) in enumerate(advice.details):
        if advice.misprint and advice.misprint[0] == index:
            paid = advice.misprint[1]
        yield claim, due, paid, reason


def printed_net(advice):
    return sum(d[2] for d in _details(advice)) + sum(a[1] for a in advice.adjustments)


def _records(advice, stated):
    def text(amount):
        return money.text(amount, advice.currency)
    rows = ["H,%s,%s,%s,%s,%s" % (advice.number, advice.remitter.id, advice.currency, advice.paid_on.isoformat(),
                                  text(stated))]
    details = list(_details(advice))
    rows += ["D,%s,%s,%s,%s,%s,%s" % (claim.quoted(), claim.payer_claim_no, claim.contract.carrier[0], text(due),
                                      text(paid), reason) for claim, due, paid, reason in details]
    rows += ["A,%s,%s,%s" % (kind, text(amount), claim.quoted() if claim else "")
             for kind, amount, claim in advice.adjustments]
    rows.append("T,%d,%s,%s,%s" % (len(details), text(sum(d[2] for d in details)),
                                   text(sum(a[1] for a in advice.adjustments)), text(printed_net(advice))))
    return rows


def _semicolon(advice, stated):
    def row(kind, number, of, amount, note):
        return ";".join((kind, number, of, advice.currency, advice.paid_on.strftime("%d.%m.%Y"),
                         money.text(amount, advice.currency, ","), note))
    rows = ["Art;Nummer;Bezug;Waehrung;Datum;Betrag;Text", row("Avis", advice.number, advice.remitter.id, stated, "")]
    for claim, due, paid, reason in _details(advice):
        note = "%s %s" % (money.text(due, advice.currency, ","), reason)
        rows.append(row("Position", claim.quoted(), claim.contract.carrier[0], paid, note.strip()))
    rows += [row("Abzug", claim.quoted() if claim else "", "", amount, kind)
             for kind, amount, claim in advice.adjustments]
    rows.append(row("Summe", "", "", printed_net(advice), ""))
    return rows


def file_name(advice):
    return "%s%s.csv" % (advice.number, "-R%d" % advice.revision if advice.revision else "")


def write(folder, advice):
    make = {"records": _records, "semicolon": _semicolon}[advice.remitter.advice_profile]
    with open(folder / file_name(advice), "w", encoding="utf-8", newline="") as file:
        file.write("\n".join(make(advice, advice.net())) + "\n")
