/* The table of a contract's keys. */
#include "model/contract_keys.h"

#include "model/price_list.h"

const struct contract_word contract_kind_words[] = {{"A", CONTRACT_A}, {"B", CONTRACT_B}, {"C", CONTRACT_C}, {NULL, 0}};
static const struct contract_word days[] = {{"invoice", CONTRACT_DAY_INVOICE}, {"order", CONTRACT_DAY_ORDER},
	{"credit", CONTRACT_DAY_CREDIT}, {"service", CONTRACT_DAY_SERVICE}, {NULL, 0}};
static const struct contract_word bearers[] = {
	{"OUR", CONTRACT_OUR}, {"SHA", CONTRACT_SHA}, {"BEN", CONTRACT_BEN}, {NULL, 0}};
static const struct contract_word fee_bases[] = {
	{"paid", CONTRACT_FEE_PAID}, {"net", CONTRACT_FEE_NET}, {"billed", CONTRACT_FEE_BILLED}, {NULL, 0}};
static const struct contract_word roundings[] = {{"half-away", DECIMAL_HALF_AWAY}, {"half-even", DECIMAL_HALF_EVEN},
	{"up", DECIMAL_UP}, {"down", DECIMAL_DOWN}, {NULL, 0}};
/* When it is billed no other is known. */
static const struct contract_word bill_days[] = {
	{"invoice", CONTRACT_DAY_INVOICE}, {"service", CONTRACT_DAY_SERVICE}, {NULL, 0}};
static const struct contract_word sources[] = {{"cfets", RATE_CFETS}, {"ecb", RATE_ECB}, {"bank-buy", RATE_BANK_BUY},
	{"bank-sell", RATE_BANK_SELL}, {"manual", RATE_MANUAL}, {NULL, 0}};
static const struct contract_word terms[] = {{"calendar", 0}, {"business", 1}, {NULL, 0}};
static const struct contract_word settlings[] = {{"any", CONTRACT_ANY}, {"single", CONTRACT_SINGLE},
	{"several", CONTRACT_SEVERAL}, {"advice", CONTRACT_ADVICE}, {NULL, 0}};
static const struct contract_word taxes[] = {{"included", 0}, {"added", 1}, {NULL, 0}};

#define SECTION(keys, type)                                                                                            \
	{                                                                                                              \
		(keys), ARRAY_LEN(keys), sizeof(type)                                                                  \
	}
#define MADE(field) offsetof(struct contract_draft, made.field)

static const struct contract_key party_keys[] = {
	{"carrier", FORM_INSURER, .needed = true, .offset = MADE(carrier), .high = 32,
		.help = "Who bears the risk: an insurer's code, as claims name it, or si: the fund of the social insurance."},
	{"tpa", FORM_TEXT, .offset = MADE(tpa), .high = 140, .otherwise = "none",
		.help = "Who handles the claims for the carrier: an insurer's code, or another company's name."},
	{"remitter", FORM_TEXT, .offset = MADE(remitter), .high = 140, .otherwise = "the tpa, else the carrier",
		.help = "Who sends the money, likewise. The same one may pay for several carriers."},
	{"guarantee_issuer", FORM_TEXT, .offset = MADE(guarantor), .high = 140,
		.otherwise = "the tpa, else the carrier", .help = "Who issues guarantees of payment, likewise."},
};
static const struct contract_section party_section = SECTION(party_keys, struct contract);

/* Both rates have these but for the day, which needs its own default. */
#define RATE_KEYS                                                                                                      \
	{"source", FORM_WORD, .offset = offsetof(struct contract_rate, source), .words = sources, .fallback = "cfets", \
		.help = "Whose rate: the central parity, the European Central Bank's reference rate, a bank's buying " \
			"or selling rate, or one typed in and approved by a second person. No other source is ever "   \
			"taken instead."},                                                                             \
		{"bank", FORM_CODE, .offset = offsetof(struct contract_rate, bank), .high = 32, .otherwise = "none",   \
			.help = "Of bank-buy and bank-sell, which need it: the bank's code."},                         \
		{"reach_days", FORM_COUNT, .offset = offsetof(struct contract_rate, reach_days), .high = 60,           \
			.fallback = "10",                                                                              \
			.help = "A day without a rate takes the last one before it, so many days back at most."},      \
	{                                                                                                              \
		"pivot", FORM_PIVOT, .offset = offsetof(struct contract_rate, pivot),                                  \
				     .otherwise = "CNY of cfets, EUR of ecb, else none",                               \
				     .help = "The currency through which a cross rate is made, or none."               \
	}

static const struct contract_key bill_rate_keys[] = {
	{"day", FORM_WORD, .offset = offsetof(struct contract_rate, day), .words = bill_days, .fallback = "invoice",
		.help = "The day whose rate counts: the invoice's or the service's."},
	RATE_KEYS};
static const struct contract_section bill_rate_section = SECTION(bill_rate_keys, struct contract_rate);

static const struct contract_key payment_rate_keys[] = {
	{"day", FORM_WORD, .needed = true, .offset = offsetof(struct contract_rate, day), .words = days,
		.help = "The day whose rate counts: of the invoice, of the payment order (when the payer's bank took it), of "
			"the credit to our account, or of the service."},
	RATE_KEYS};
static const struct contract_section payment_rate_section = SECTION(payment_rate_keys, struct contract_rate);

static const struct contract_key owed_keys[] = {
	{"kind", FORM_WORD, .needed = true, .offset = MADE(kind), .words = contract_kind_words,
		.help = "A: the bill, paid in its currency. B: the bill, paid in another currency at the rate of a "
			"stated day. C: an amount of another currency, fixed when it is billed."},
	{"currency", FORM_CURRENCY, .offset = MADE(owed), .otherwise = "of A and B that of the bill",
		.help = "The currency that is owed. C needs it; A and B have none but the bill's."},
	{"pay_currency", FORM_CURRENCY, .offset = MADE(paid), .otherwise = "of A that of the bill, of C what is owed",
		.help = "The currency of payment. B needs it."},
	{"bill_rate", FORM_OBJECT, .marks = true, .offset = MADE(bill_rate), .section = &bill_rate_section,
		.otherwise = "of C all of its defaults", .help = "Of C: the rate that fixes what is owed."},
	{"payment_rate", FORM_OBJECT, .marks = true, .offset = MADE(payment_rate), .section = &payment_rate_section,
		.otherwise = "none",
		.help = "The rate from what is owed to what is paid: where these are two currencies it is needed."},
	{"rate_bound_percent", FORM_PERCENT, .offset = MADE(rate_bound), .high = 100, .fallback = "0.5",
		.help = "By how much a payment in pay_currency, where another one is owed, may be off because of the payer's "
			"rate, before money is called missing."},
	{"other_bound_percent", FORM_PERCENT, .offset = MADE(other_bound), .high = 100, .fallback = "1",
		.help = "Likewise of a payment in a currency that is neither owed nor agreed on."},
	{"rounding", FORM_WORD, .offset = MADE(rounding), .words = roundings, .fallback = "half-away",
		.help = "How amounts are rounded, once, at each amount: half away from zero, half to even, up or down."},
};
static const struct contract_section owed_section = SECTION(owed_keys, struct contract);

static const struct contract_key discount_keys[] = {
	{"category", FORM_TEXT, .needed = true, .offset = offsetof(struct contract_discount, category), .high = 200,
		.help = "What items it is of: a code of Claim.item.productOrService, of its revenue or of its category, as CODE or SYSTEM|CODE, "
			"the first of these before the second, the second before the third; or * for what has none of its own."},
	{"percent", FORM_PERCENT, .needed = true, .offset = offsetof(struct contract_discount, percent), .high = 100,
		.help = "Off the price."},
};
static const struct contract_section discount_section = SECTION(discount_keys, struct contract_discount);

static const struct contract_word billings[] = {{"net", 0}, {"gross", 1}, {NULL, 0}};

/* What is off an item that the list does not have. */
static const struct contract_word unlisted[] = {{"discounts", 0}, {"charged", 1}, {NULL, 0}};
static const struct contract_word lesser[] = {{"item", 0}, {"bill", 1}, {NULL, 0}};

static const struct contract_key price_keys[] = {
	{"list", FORM_TEXT, .offset = MADE(price_list), .high = PRICE_NAME_MAX,
		.otherwise = "the hospital's own prices",
		.help = "The price list by its name, as zhifuctl money price put stores it. Where bills come gross, an item whose "
			"Claim.item.productOrService has a code of the list is owed at its quantity times its factor (1 without one) times the "
			"price that the list has on the first day of its service, else of the claim's service, else on the day of the bill, "
			"rounded as one amount; without a list for that day, or of another currency than the books', the bill waits for a "
			"person. Where bills come net, it is for whoever reads it."},
	{"unlisted", FORM_WORD, .offset = MADE(unlisted_charged), .words = unlisted, .fallback = "discounts",
		.help = "What is owed for an item that the list does not have: its charge less its discount, or its charge."},
	{"lesser_of", FORM_WORD, .offset = MADE(lesser_of_bill), .words = lesser, .fallback = "item",
		.help = "Never more is owed than was charged: of each item, or, where a price above the charge of one item makes up for "
			"what is below it of another, of the bill."},
	{"discounts", FORM_LIST, .offset = offsetof(struct contract_draft, discounts), .section = &discount_section,
		.otherwise = "none", .help = "What is off these prices."},
	{"billed", FORM_WORD, .offset = MADE(gross), .words = billings, .fallback = "net",
		.help = "net: bills come with the discounts taken off. gross: they come at full price; what is owed is less by the "
			"prices of the list and the discounts, each item's rounded by itself, or with one of category * only and no list the "
			"bill's as a whole, and the difference is written off as the contract's with the bill."},
};
static const struct contract_section price_section = SECTION(price_keys, struct contract);

static const struct contract_key early_keys[] = {
	{"percent", FORM_PERCENT, .needed = true, .offset = MADE(early.percent) - MADE(early), .high = 100,
		.help = "Of what is due."},
	{"days", FORM_COUNT, .needed = true, .offset = MADE(early.days) - MADE(early), .low = 1, .high = 366,
		.help = "When it is paid within so many, counted as the term is; not more than the term."},
};
static const struct contract_section early_section = SECTION(early_keys, struct contract);

static const struct contract_key fee_keys[] = {
	{"percent", FORM_PERCENT, .needed = true, .offset = MADE(fee.percent) - MADE(fee), .high = 100,
		.help = "How much of it."},
	{"of", FORM_WORD, .offset = MADE(fee.of) - MADE(fee), .words = fee_bases, .fallback = "paid",
		.help = "What it is a share of: what is paid on claims, the net of that and take-backs, or what was "
			"billed."},
	{"tax_percent", FORM_PERCENT, .offset = MADE(fee.tax_percent) - MADE(fee), .low = 0, .high = 100,
		.fallback = "0", .help = "The tax, of the fee without tax."},
	{"tax", FORM_WORD, .offset = MADE(fee.tax_added) - MADE(fee), .words = taxes, .fallback = "included",
		.help = "Whether the percentage has the tax in it, or the tax is added to it."},
	{"deductible", FORM_BOOL, .offset = MADE(fee.deductible) - MADE(fee), .fallback = "false",
		.help = "Whether the tax can be deducted: then it is posted to VAT-IN when the fee is matched; else it is part of the cost."},
};
static const struct contract_section fee_section = SECTION(fee_keys, struct contract);

static const struct contract_key payment_keys[] = {
	{"term_days", FORM_COUNT, .offset = MADE(term_days), .high = 366, .fallback = "30",
		.help = "Payment is due so many days after the invoice."},
	{"term_counts", FORM_WORD, .offset = MADE(term_business), .words = terms, .fallback = "calendar",
		.help = "Which days are counted: calendar days, or business days of the calendar."},
	{"charges", FORM_WORD, .offset = MADE(bearer), .words = bearers, .fallback = "SHA",
		.help = "Who bears what banks keep on the way: the payer, each its own side's, or the hospital. What the payer "
			"bears and is missing is a short payment, also where it is a usual charge."},
	{"settles", FORM_WORD, .offset = MADE(settles), .words = settlings, .fallback = "any",
		.help = "What a transfer of the payer is for: a single claim, several that it names, or what an advice lists. "
			"Matching looks for nothing else; any: for advices where the payer ever sent one, else for claims."},
	{"claims_per_transfer", FORM_COUNT, .offset = MADE(claims_max), .low = 1, .high = CONTRACT_CLAIMS_MAX,
		.fallback = "6", .help = "How many claims a transfer without an advice is for at most."},
	{"advices_per_transfer", FORM_COUNT, .offset = MADE(advices_max), .low = 1, .high = CONTRACT_ADVICES_MAX,
		.fallback = "2", .help = "How many advices a transfer is for at most."},
	{"early_discount", FORM_OBJECT, .marks = true, .offset = MADE(early), .section = &early_section,
		.otherwise = "none", .help = "What the payer may keep when it pays early."},
	{"fee", FORM_OBJECT, .marks = true, .offset = MADE(fee), .section = &fee_section, .otherwise = "none",
		.help = "The network's fee, which the payer keeps."},
};
static const struct contract_section payment_section = SECTION(payment_keys, struct contract);

static const struct contract_key charge_keys[] = {
	{"route", FORM_TEXT, .offset = offsetof(struct contract_charge_row, route), .high = 64, .otherwise = "any",
		.help = "The route: the BIC of the payer's bank as statements name it, of 8 characters also for all of its branches. Matching "
			"takes the charge only for transfers from there, or where the statement names no bank."},
	{"currency", FORM_CURRENCY, .needed = true, .offset = offsetof(struct contract_charge_row, currency),
		.help = "Its currency."},
	{"amount", FORM_AMOUNT, .needed = true, .offset = offsetof(struct contract_charge_row, amount),
		.help = "What was kept."},
	{"times", FORM_COUNT, .offset = offsetof(struct contract_charge_row, times), .low = 1, .high = 1000000,
		.fallback = "1", .help = "How often."},
};
static const struct contract_section charge_section = SECTION(charge_keys, struct contract_charge_row);

static const struct contract_key tolerance_keys[] = {
	{"currency", FORM_CURRENCY, .needed = true, .offset = offsetof(struct contract_tolerance_row, currency),
		.help = "The currency; one entry each."},
	{"residual", FORM_AMOUNT, .needed = true, .offset = offsetof(struct contract_tolerance_row, residual),
		.help = "What may be left over or missing, after all that can be explained, and is let go by itself."},
	{"hard_max", FORM_AMOUNT, .offset = offsetof(struct contract_tolerance_row, hard_max),
		.otherwise = "the residual",
		.help = "What a person may let go; beyond it nobody may. Besides, what the contract foresees: a usual charge, the early discount, the fee."},
};
static const struct contract_section tolerance_section = SECTION(tolerance_keys, struct contract_tolerance_row);

static const struct contract_key limitation_keys[] = {
	{"years", FORM_COUNT, .offset = MADE(limitation_years), .low = 1, .high = 30, .fallback = "3",
		.help = "After so many years from the due day a claim can't be enforced."},
	{"alert_days", FORM_COUNT, .offset = MADE(limitation_alert_days), .high = 366, .fallback = "90",
		.help = "It is told so many days before."},
};
static const struct contract_section limitation_section = SECTION(limitation_keys, struct contract);

static const struct contract_key document_keys[] = {
	{"name", FORM_TEXT, .needed = true, .offset = MADE(name), .high = 100,
		.help = "What the contract is called. The same name again is a new version of it."},
	{"valid_from", FORM_DAY, .needed = true, .offset = MADE(from),
		.help = "The first day on which it counts, in the hospital's zone."},
	{"valid_to", FORM_DAY, .offset = MADE(to), .otherwise = "it has no end", .help = "The last day."},
	{"parties", FORM_OBJECT, .needed = true, .section = &party_section, .help = "Who does what."},
	{"owed", FORM_OBJECT, .needed = true, .section = &owed_section, .help = "What is owed for a bill."},
	{"prices", FORM_OBJECT, .section = &price_section, .help = "What care costs."},
	{"payment", FORM_OBJECT, .section = &payment_section, .help = "When and how it is paid."},
	{"usual_charges", FORM_LIST, .offset = offsetof(struct contract_draft, charges), .section = &charge_section,
		.otherwise = "none", .help = "What banks were seen to keep on the way, and how often."},
	{"tolerances", FORM_LIST, .offset = offsetof(struct contract_draft, tolerances), .section = &tolerance_section,
		.otherwise = "none: nothing is let go",
		.help = "What is let go of a residual, never of a gross amount."},
	{"appeal_days", FORM_COUNT, .offset = MADE(appeal_days), .high = 3660, .fallback = "30",
		.help = "A denial can be appealed against so many days after it came."},
	{"limitation", FORM_OBJECT, .section = &limitation_section, .help = "When a claim is lost by time."},
	{"calendar", FORM_CODE, .offset = MADE(calendar), .high = 32, .otherwise = "the hospital's",
		.help = "The calendar of business days that both agreed on, by its name."},
	{"notes", FORM_TEXT, .offset = MADE(notes), .high = 2000, .otherwise = "none",
		.help = "For whoever reads it; no patient's name or number."},
};
const struct contract_section contract_document = SECTION(document_keys, struct contract_draft);

const char *contract_word(const struct contract_word *words, uint8_t value)
{
	for (; words->text != NULL; words++)
		if (words->value == value) return words->text;
	return "?";
}
