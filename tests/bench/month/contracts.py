"""Who pays for whom, on what terms: parties by role, the hospital's bank accounts, and the contracts between them."""

import json

from . import days
from . import money

HOSPITAL = {"code": "HZ1", "name": "HANGZHOU QIANTANG TCM HOSPITAL", "name_local": "杭州钱塘中医院"}

# How a claim may be owed; see scenario S3.
CNY, PAYABLE, FIXED = "A", "B", "C"

# How a remitter settles: one claim a transfer, a few claims that the transfer names, or what an advice lists.
SINGLE, SEVERAL, ADVICE = "single", "several", "advice"
SEVERAL_MAX = 3
ADVICES_MAX = 2

# How far a rate of the payer's may be from the contract's before money is called missing, by what is paid in.
FX_BOUND_PAYABLE = 50  # basis points: owed in one currency, payable in this
FX_BOUND_OTHER = 100  # owed and payable in others

FIRST_WORDS = ["ALLIED", "ALPHA", "BETA", "CALEDON", "CONCORD", "DRAGON GATE", "EASTERN", "EVERGREEN", "FIDELIS",
               "GOLDEN BRIDGE", "HARBOUR", "HIMALAYA", "INTERNOVA", "JADE", "KEYSTONE", "LOTUS", "MERIDIAN", "NORDLAND",
               "OCEANIC", "PACIFIC RIM", "QUANTUM", "RHEINLAND", "SILK ROAD", "SUMMIT", "TRANSALPINE", "UNION STAR",
               "VANGUARDIA", "WESTBROOK", "XENIA", "ZENITH"]
SECOND_WORDS = ["HEALTH INSURANCE", "MEDICAL ASSISTANCE", "HEALTHCARE ADMINISTRATORS", "LIFE AND HEALTH",
                "EXPATRIATE CARE", "TRAVEL & HEALTH COVER", "GLOBAL BENEFITS", "MUTUAL HEALTH SOCIETY"]
PLACES = ["(SINGAPORE) PTE LTD", "(HONG KONG) LIMITED", "COMPANY LIMITED", "SE MUENCHEN", "KABUSHIKI KAISHA",
          "PLC LONDON", "INC NEW YORK", "(UAE) COMPANY LLC"]
LOCAL_FIRST = ["安和", "百川", "长风", "东岳", "恒泰", "华瑞", "嘉信", "金桥", "康宁", "联众", "明德", "宁远", "平洋", "启明",
               "瑞丰", "申江", "泰和", "万通", "兴业达", "永安居", "远东汇", "中汇", "众诚", "紫金"]
LOCAL_SECOND = ["健康保险股份有限公司", "人寿保险有限公司", "医疗管理服务有限公司", "财产保险股份有限公司"]
LOCAL_PLACE = ["", "上海分公司", "浙江分公司", "北京分公司"]
LOCAL_LATIN = {"健康保险股份有限公司": "HEALTH INSURANCE CO LTD", "人寿保险有限公司": "LIFE INSURANCE CO LTD",
               "医疗管理服务有限公司": "MEDICAL MANAGEMENT CO LTD", "财产保险股份有限公司": "PROPERTY INSURANCE CO LTD",
               "": "", "上海分公司": "SHANGHAI BRANCH", "浙江分公司": "ZHEJIANG BRANCH", "北京分公司": "BEIJING BRANCH"}
LOCAL_SOUND = dict(zip(LOCAL_FIRST, [
    "ANHE", "BAICHUAN", "CHANGFENG", "DONGYUE", "HENGTAI", "HUARUI", "JIAXIN", "JINQIAO", "KANGNING", "LIANZHONG",
    "MINGDE", "NINGYUAN", "PINGYANG", "QIMING", "RUIFENG", "SHENJIANG", "TAIHE", "WANTONG", "XINGYEDA", "YONGANJU",
    "YUANDONGHUI", "ZHONGHUI", "ZHONGCHENG", "ZIJIN"]))
SHORTER = (("HEALTHCARE", "HLTHCARE"), ("HEALTH", "HLTH"), ("INSURANCE", "INS"), ("MEDICAL", "MED"), ("LIMITED", "LTD"),
           ("COMPANY", "CO"), ("ADMINISTRATORS", "ADMIN"), (" AND ", " & "), ("GLOBAL", "GLBL"), ("SOCIETY", "SOC"))

# Tolerances that contracts have, in minor units, and charges that correspondents keep.
TOLERANCES = {"CNY": (5, 10, 50), "USD": (5, 10, 20), "EUR": (5, 10, 20), "JPY": (2, 5, 10)}
CHARGES = {"CNY": (3000, 5000, 10000), "USD": (500, 1000, 1500, 2500, 3000), "EUR": (800, 1250, 1500, 2000),
           "JPY": (1500, 2500, 4000)}

# name of the format, version: camt.053 and .054 of one version, or MT940 with code words or with ?-subfields in :86:
CAMT, WORDS, SUBFIELDS = "camt", "mt940-words", "mt940-subfields"


class Account:
    """A bank account of the hospital."""

    def __init__(self, code, currency, form, version=None):
        self.code = code
        self.number = "33050161%s%s00000%s" % (code, {"CNY": "156", "USD": "840", "EUR": "978", "JPY": "392"}[currency],
                                               code[::-1])
        self.currency = currency
        self.form = form
        self.version = version
        self.bic = "QTBKCNBJ330"

    def as_json(self):
        return {"id": self.code, "number": self.number, "currency": self.currency, "bic": self.bic,
                "format": self.form + (".%s" % self.version if self.version else "")}


ACCOUNTS = [Account("11", "CNY", CAMT, "02"), Account("12", "CNY", WORDS), Account("21", "USD", CAMT, "08"),
            Account("22", "USD", WORDS), Account("31", "EUR", CAMT, "02"), Account("32", "EUR", SUBFIELDS),
            Account("41", "JPY", CAMT, "08")]


class Remitter:
    """Who sends the money: an insurer, or an administrator that pays for several carriers."""

    def __init__(self, number):
        self.number = number
        self.id = "R%03d" % number
        self.name = self.local_name = ""
        self.names = []  # on record, as the bank wrote them when earlier payments were accepted
        self.accounts = []  # on record likewise
        self.domestic = False
        self.settles = SINGLE
        self.quotes = "ref"  # which number it quotes: ref, claim_no, payer_claim_no
        self.slot = "text"  # where it writes it: text, structured, end_to_end
        self.tolerance = {}
        self.charges = {}  # currency → [(amount, times)], what came short in accepted payments
        self.term_days = 30
        self.payer_no_form = ("", 0)  # its own claim numbers: letters in front, digits
        self.advice_prefix = ""
        self.advice_profile = ""
        self.contracts = []

    def roles(self):
        found = ["remitter", "guarantee_issuer"]
        if any(contract.carrier[0] == self.id for contract in self.contracts):
            found.append("risk_carrier")
        return found + (["tpa"] if len(self.contracts) > 1 else [])

    def usual(self, currency):
        return [amount for amount, _ in self.charges.get(currency, ())]


class Contract:
    """Between the hospital and a risk carrier; the remitter pays for it."""

    def __init__(self, number, remitter, carrier):
        self.id = "K%03d" % number
        self.remitter = remitter
        self.carrier = carrier  # (id, name)
        self.kind = CNY
        self.owed = self.pay = "CNY"
        self.rate_day = None  # of kind B, and of C where it pays in another: invoice, order, credit
        self.rate_source = "cfets"
        self.discount = None  # (basis points, days)
        self.fee = None  # (basis points, of which tax in basis points of the net)
        self.account = None

    def fx_bound(self, currency):
        """Basis points by which what arrives in the currency may be off."""
        if currency == self.owed:
            return 0
        return FX_BOUND_PAYABLE if currency == self.pay else FX_BOUND_OTHER

    def guarantor(self):
        """Every fourth carrier gives its guarantees itself."""
        return self.carrier[0] if int(self.id[1:]) % 4 == 0 else self.remitter.id

    def as_json(self):
        remitter = self.remitter
        return {
            "id": self.id, "valid_from": "2026-01-01", "valid_to": "2026-12-31",
            "risk_carrier": self.carrier[0], "remitter": remitter.id,
            "tpa": remitter.id if len(remitter.contracts) > 1 else None, "guarantee_issuer": self.guarantor(),
            "type": self.kind, "owed_currency": self.owed, "pay_currency": self.pay, "account": self.account.code,
            "rate_day": self.rate_day, "rate_source": self.rate_source, "rounding": "half_away_from_zero",
            "fx_bound_basis_points": FX_BOUND_PAYABLE, "fx_bound_other_basis_points": FX_BOUND_OTHER,
            "charges_borne_by": "hospital" if remitter.charges else "payer", "payment_term_days": remitter.term_days,
            "usual_charges": [{"currency": c, "amount": amount, "times": times}
                              for c, table in remitter.charges.items() for amount, times in table],
            "tolerance": remitter.tolerance,
            "early_discount": self.discount and {"basis_points": self.discount[0], "days": self.discount[1]},
            "fee": self.fee and {"basis_points": self.fee[0], "tax_basis_points": self.fee[1]},
        }


class World:
    """All remitters, contracts and carriers of the month."""

    def __init__(self, rng, payments):
        self.rng = rng
        self.carriers = []
        self.contracts = []
        self.remitters = []
        self.names = self._all_names()
        for number in range(1, min(max(payments // 150, 14), 120) + 1):
            self._remitter(number)

    def _all_names(self):
        rng = self.rng
        # Neighbours by name differ only in the place, which a field of 35 characters cuts off: that is wanted.
        abroad = [("%s %s %s" % (a, b, c), "")
                  for a in FIRST_WORDS for b in SECOND_WORDS for c in rng.sample(PLACES, 2)]
        local = [("%s %s %s" % (LOCAL_SOUND[a], LOCAL_LATIN[b], LOCAL_LATIN[c]), a + b + c)
                 for a in LOCAL_FIRST for b in LOCAL_SECOND for c in rng.sample(LOCAL_PLACE, 2)]
        rng.shuffle(abroad)
        rng.shuffle(local)
        # A few neighbours by name for certain.
        twins = [("MERIDIAN HEALTHCARE ADMINISTRATORS %s" % place, "") for place in PLACES[:2]]
        taken = {name for name, _ in twins}
        return {False: [n for n in abroad if n[0] not in taken] + twins, True: local}

    def _remitter(self, number):
        rng = self.rng
        one = Remitter(number)
        # The first ten have every way to settle and every currency, however small the month.
        one.settles = (SINGLE, ADVICE, SINGLE, SEVERAL, SINGLE, ADVICE, SINGLE, ADVICE, SINGLE, SEVERAL)[number % 10]
        one.domestic = number % 3 == 0
        name, local = self.names[one.domestic].pop()
        one.name, one.local_name = " ".join(name.split()), local
        one.names = [one.name]
        if local:
            one.names.append(local)
        if rng.random() < 0.6:
            shorter = one.name
            for long, short in SHORTER:
                shorter = shorter.replace(long, short)
            if shorter != one.name:
                one.names.append(shorter)
        one.names += [n.replace("&", "AND") for n in one.names if "&" in n and n.replace("&", "AND") not in one.names]
        one.accounts = ["%s%010d" % ("6222" if one.domestic else "GB29QTBK", rng.randrange(10 ** 10))]
        one.quotes = rng.choice(("ref", "ref", "ref", "claim_no", "payer_claim_no"))
        one.slot = rng.choice(("text", "text", "text", "structured", "end_to_end"))
        if one.settles != SINGLE:
            one.slot = "text"
        one.term_days = rng.choice((30, 30, 45, 60, 90))
        one.tolerance = {currency: rng.choice(amounts) for currency, amounts in TOLERANCES.items()}
        letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(2))
        one.payer_no_form = (letters, rng.choice((8, 9, 10)))
        one.advice_prefix = "%s%03d" % (letters, number)
        one.advice_profile = rng.choice(("records", "records", "semicolon"))
        carriers = 1 if one.settles != ADVICE else rng.choice((1, 2, 2, 3, 4))
        for n in range(carriers):
            self._contract(one, n == 0)
        if not one.domestic and rng.random() < 0.75:
            for currency in sorted({c.pay for c in one.contracts}):
                kept = sorted(rng.sample(CHARGES[currency], rng.choice((1, 1, 2))))
                one.charges[currency] = [(amount, rng.randint(2, 9)) for amount in kept]
        self.remitters.append(one)

    def _contract(self, remitter, is_own):
        rng = self.rng
        carrier = self._carrier(remitter, is_own)
        contract = Contract(len(self.contracts) + 1, remitter, carrier)
        if not remitter.domestic:
            self._foreign_terms(contract)
        accounts = [a for a in ACCOUNTS if a.currency == contract.pay]
        if contract.rate_day == "order":  # that day is told by camt alone
            accounts = [a for a in accounts if a.form == CAMT]
        contract.account = rng.choice(accounts)
        if remitter.settles != SEVERAL and rng.random() < 0.2:
            contract.discount = (rng.choice((100, 150, 200, 300)), rng.choice((20, 30)))
        if remitter.settles == ADVICE and rng.random() < 0.6:
            contract.fee = (rng.choice((200, 300, 500)), 600)
        remitter.contracts.append(contract)
        self.contracts.append(contract)

    def _foreign_terms(self, contract):
        rng = self.rng
        first = contract.remitter.contracts[0] if contract.remitter.contracts else None
        kinds = (CNY, PAYABLE, FIXED) if contract.remitter.settles != SEVERAL else (CNY, FIXED)
        contract.kind = kinds[(contract.remitter.number + len(contract.remitter.contracts)) % len(kinds)]
        if contract.kind == CNY:  # yuan from abroad
            return
        currency = first.pay if first and first.pay != "CNY" else rng.choice(("USD", "USD", "USD", "EUR", "EUR", "JPY"))
        contract.pay = currency
        if contract.kind == PAYABLE:
            contract.rate_day = rng.choice(("invoice", "credit", "order"))
            contract.rate_source = rng.choice(("cfets", "cfets", "cfets", "bank_buying"))
        elif currency == "USD" and contract.remitter.settles == SINGLE and rng.random() < 0.2:
            contract.owed, contract.rate_day = "AED", "credit"
        else:
            contract.owed = currency

    def _carrier(self, remitter, is_own):
        """The remitter itself is the first carrier; an administrator also pays for others' plans."""
        if is_own:
            return remitter.id, remitter.name
        if len(self.carriers) < 3 or self.rng.random() < 0.5:
            self.carriers.append(("C%03d" % (len(self.carriers) + 1), self.names[False].pop()[0]))
            return self.carriers[-1]
        return self.rng.choice(self.carriers)

    def write(self, path):
        parties = [{"id": r.id, "name": r.name, "name_local": r.local_name or None, "roles": r.roles(),
                    "country": "CN" if r.domestic else None, "settles": r.settles,
                    "claims_per_transfer_max": {SINGLE: 1, SEVERAL: SEVERAL_MAX, ADVICE: None}[r.settles],
                    "advices_per_transfer_max": ADVICES_MAX if r.settles == ADVICE else None,
                    "names_on_record": r.names, "accounts_on_record": r.accounts,
                    "advice_profile": r.advice_profile if r.settles == ADVICE else None} for r in self.remitters]
        own = {c.carrier[0] for c in self.contracts if c.guarantor() == c.carrier[0]}
        parties += [{"id": number, "name": name, "roles": ["risk_carrier"] + ["guarantee_issuer"] * (number in own)}
                    for number, name in self.carriers]
        world = {"hospital": dict(HOSPITAL, book_currency=money.BOOK, time_zone="Asia/Shanghai"),
                 "exponents": money.EXPONENT, "rate_reach_days": 10, "month": days.FIRST.isoformat()[:7],
                 "accounts": [a.as_json() for a in ACCOUNTS], "parties": parties,
                 "contracts": [c.as_json() for c in self.contracts]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(world, file, ensure_ascii=False, indent=1)
            file.write("\n")
