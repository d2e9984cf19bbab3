"""A contract that takes another share off each category of care: the claim is submitted, sent and billed at full price, and what is
owed of it is what its items' agreed prices come to."""

import json

import finance
import judges
import story
import traffic
import zhifu

BY_ITEM = {"billed": "gross", "discounts": [{"category": "*", "percent": "10"}, {"category": "drugs", "percent": "15"},
                                            {"category": "urn:house|room", "percent": "5"}, {"category": "0320", "percent": "33.333"},
                                            {"category": "A-1", "percent": "50"}]}
# (category, revenue code, service, net in fen): of it off, each rounded by itself
ITEMS = ((("drugs", None, "x", 33333), 5000),  # 49.9995
         (("room", None, "x", 100010), 5001),  # 50.005
         (("exam", None, "x", 72657), 7266),   # 72.657
         (("drugs", "0320", "x", 10001), 3334),  # the revenue code's: 33.3363333
         (("drugs", "0320", "A-1", 3), 2))     # the service's: 0.015


def claim_of(number):
    """A bill of these items."""
    claim = json.loads(traffic.bill(number, "alpha", sum(net for (*_, net), _ in ITEMS)).replace(b'"USD"', b'"CNY"'))
    (first,), claim["item"] = claim["item"], []
    for sequence, ((category, revenue, service, net), _) in enumerate(ITEMS, 1):
        item = {"sequence": sequence, "servicedDate": first["servicedDate"], "net": {"value": net / 100, "currency": "CNY"},
                "category": {"coding": [{"system": "urn:house", "code": category}]},
                "productOrService": {"coding": [{"system": "urn:house:services", "code": service}]}}
        if revenue:
            item["revenue"] = {"coding": [{"system": "urn:house:revenue", "code": revenue}]}
        claim["item"].append(item)
    return json.dumps(claim)


def test_what_is_owed_is_the_sum_of_agreed_prices(place, keep):
    story.hospital(place, bank_accounts=finance.BANK_ACCOUNTS)
    traffic.Insurer(place, keep, "alpha", {"pend_ms": 3600000})
    place.daemon.start()
    traffic.permit(place.daemon)
    office = finance.Desk(place)
    office.contract("alpha", "A", prices=BY_ITEM)
    with place.daemon.client() as client:
        answer = client.post("/fhir/Claim", claim_of("P-1"), headers=traffic.FHIR)
        assert answer.status == 201, answer
    zhifu.wait_until(lambda: office.database.value("SELECT count(*) FROM zhifu.receivable") == 1, "the bill to be owed")
    total, off = sum(net for (*_, net), _ in ITEMS), sum(off for _, off in ITEMS)
    assert (total, off) == (216004, 20603)
    assert office.database.sql("SELECT owed_minor, open_minor, allowance_minor FROM zhifu.receivable")[0] == {
        "owed_minor": total, "open_minor": total - off, "allowance_minor": off}
    assert [(p["debit"], p["credit"], p["amount_minor"]) for p in office.database.sql(
        "SELECT debit, credit, amount_minor FROM zhifu.posting WHERE rule = 'allowance'")] == [("CONTR", "AR-ALPHA", off)]
    office.holds()
    # Divided, the bill at full price is; undone, the contract takes off it again what it did.
    ref = office.database.value("SELECT ref FROM zhifu.claim_state")
    open_sql = "SELECT open_minor, allowance_minor FROM zhifu.receivable WHERE of_claim IS NULL"
    for fund, personal, policy in (("1000.00", "1160.04", 72803), ("1160.04", "1000.00", 56799)):  # 80 % of 2,160.04, less what the fund pays
        office.ctl("money", "coordination", "post", ref, "--total", "2160.04", "--fund", fund, "--personal", personal,
                   "--plan-share", "80", "--clause", "carve-out", "--why", "as settled")
        assert office.database.sql(open_sql)[0] == {"open_minor": policy, "allowance_minor": 0}
        office.holds()
        office.ctl("money", "coordination", "undo", ref, "--why", "settled anew")
        assert office.database.sql(open_sql)[0] == {"open_minor": total - off, "allowance_minor": off}
        office.holds()
    if judges.have("hledger"):
        judges.hledger_judges(place.daemon, office.database, place.folder, story.HOSPITAL_ID)
