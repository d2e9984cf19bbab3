"""The contracts of a month of tests/bench/make_month as documents of zhifu_contract(5)."""

import collections

SOURCES = {"cfets": {"source": "cfets"}, "bank_buying": {"source": "bank-buy", "bank": "QTBK"}}


def decimal(minor, exponent):
    digits = str(minor).rjust(exponent + 1, "0")
    return digits[:len(digits) - exponent] + ("." + digits[len(digits) - exponent:] if exponent else "")


def percent(basis_points):
    return decimal(basis_points, 2)


def carrier_codes(contracts):
    """By contract: an insurer's code. A carrier whose plans several remitters pay for is one insurer for each of them, as
    there is one contract a carrier and day."""
    remitters = collections.Counter(contract["risk_carrier"] for contract in contracts)
    return {c["id"]: (c["risk_carrier"] if remitters[c["risk_carrier"]] == 1
                      else "%s-%s" % (c["risk_carrier"], c["remitter"])).lower() for c in contracts}


def owed_document(contract):
    owed = {"kind": contract["type"], "rate_bound_percent": percent(contract["fx_bound_basis_points"]),
            "other_bound_percent": percent(contract["fx_bound_other_basis_points"])}
    if contract["type"] == "C":
        owed["currency"] = contract["owed_currency"]
    if contract["pay_currency"] != contract["owed_currency"]:
        owed["pay_currency"] = contract["pay_currency"]
        owed["payment_rate"] = dict(SOURCES[contract["rate_source"]], day=contract["rate_day"], pivot="CNY")
    return owed


def payment_document(contract):
    payment = {"term_days": contract["payment_term_days"],
               "charges": "OUR" if contract["charges_borne_by"] == "payer" else "SHA"}
    if contract["early_discount"]:
        payment["early_discount"] = {"percent": percent(contract["early_discount"]["basis_points"]),
                                     "days": contract["early_discount"]["days"]}
    if contract["fee"]:
        payment["fee"] = {"percent": percent(contract["fee"]["basis_points"]),
                          "tax_percent": percent(contract["fee"]["tax_basis_points"])}
    return payment


def documents(world):
    """Of what contracts.json holds, in its order; a contract's name is its id."""
    names = {party["id"]: party["name"] for party in world["parties"]}
    codes = carrier_codes(world["contracts"])
    exponents = world["exponents"]
    made = []
    for contract in world["contracts"]:
        parties = {"carrier": codes[contract["id"]], "remitter": names[contract["remitter"]],
                   "guarantee_issuer": names[contract["guarantee_issuer"]]}
        if contract["tpa"]:
            parties["tpa"] = names[contract["tpa"]]
        made.append({
            "name": contract["id"], "valid_from": contract["valid_from"], "valid_to": contract["valid_to"],
            "parties": parties, "owed": owed_document(contract), "payment": payment_document(contract),
            "usual_charges": [{"currency": c["currency"], "amount": decimal(c["amount"], exponents[c["currency"]]),
                               "times": c["times"]} for c in contract["usual_charges"]],
            "tolerances": [{"currency": currency, "residual": decimal(minor, exponents[currency])}
                           for currency, minor in contract["tolerance"].items()]})
    return made
