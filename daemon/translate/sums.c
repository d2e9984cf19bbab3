/* Adding up a decision. */
#include "translate/sums.h"

#include <string.h>

#include "lib/money.h"
#include "lib/text.h"

struct adder {
	struct zf_money unit; /* the currency that all must share */
	const char *fault;
};

static void same_currency(struct adder *adder, const struct zf_money *money)
{
	if (!money->present) return;
	if (!adder->unit.present) {
		adder->unit = *money;
	} else if (strcmp(adder->unit.currency, money->currency) != 0 || adder->unit.exponent != money->exponent) {
		adder->fault = "amounts of two currencies in one decision";
	}
}

static void add(struct adder *adder, int64_t *sum, int64_t amount)
{
	if (__builtin_add_overflow(*sum, amount, sum)) adder->fault = "an amount that is too large";
}

static void take(struct adder *adder, int64_t *sum, int64_t amount)
{
	if (__builtin_sub_overflow(*sum, amount, sum)) adder->fault = "an amount that is too large";
}

/* What the lines say together. */
struct lines_said {
	int64_t submitted, benefit, patient, contract, adjusted;
	bool all_submitted, all_benefit, any_adjustment;
};

static void line_add(struct adder *adder, const struct zf_line_result *line, struct lines_said *said)
{
	same_currency(adder, &line->submitted);
	same_currency(adder, &line->eligible);
	same_currency(adder, &line->benefit);
	/* Sequence 0 is the claim level: it adjusts, and need not repeat the amounts. */
	if (line->submitted.present)
		add(adder, &said->submitted, line->submitted.minor);
	else if (line->sequence != 0)
		said->all_submitted = false;
	if (line->benefit.present)
		add(adder, &said->benefit, line->benefit.minor);
	else if (line->sequence != 0)
		said->all_benefit = false;
	for (uint32_t i = 0; i < line->adjustment_count; i++) {
		const struct zf_adjustment *adjustment = line->adjustments[i];

		if (!adjustment->amount.present) continue;
		same_currency(adder, &adjustment->amount);
		said->any_adjustment = true;
		add(adder, &said->adjusted, adjustment->amount.minor);
		if (adjustment->group == ZF_GROUP_PR) add(adder, &said->patient, adjustment->amount.minor);
		if (adjustment->group == ZF_GROUP_CO) add(adder, &said->contract, adjustment->amount.minor);
	}
}

static bool in_unit(const struct adder *adder, const struct zf_money *money)
{
	return money->present && (!adder->unit.present || (strcmp(adder->unit.currency, money->currency) == 0 &&
								  adder->unit.exponent == money->exponent));
}

static void benefit_of(struct adder *adder, const struct zf_adjudication *adjudication, const struct lines_said *said,
	struct sums *sums)
{
	if (adjudication->benefit.present) {
		sums->benefit = adjudication->benefit.minor;
	} else if (adjudication->line_count > 0 && said->all_benefit) {
		sums->benefit = said->benefit;
	} else if (said->any_adjustment) {
		sums->benefit = sums->submitted;
		take(adder, &sums->benefit, said->adjusted);
	} else if (in_unit(adder, &adjudication->payment)) {
		sums->benefit = adjudication->payment.minor;
	} else {
		adder->fault = "a decision without an amount";
	}
}

static void wrong(struct sums *sums, enum sums_wrong kind, int64_t these, int64_t those)
{
	if (sums->wrong != SUMS_RIGHT) return;
	sums->wrong = kind;
	sums->these = these;
	sums->those = those;
}

/* What was submitted is as the insurer has it, before a share that it was never asked for is added. */
static void judge(struct adder *adder, const struct zf_adjudication *adjudication, const struct lines_said *said,
	const struct zf_money *claim_total, struct sums *sums)
{
	int64_t told = sums->benefit;
	bool lines = adjudication->line_count > 0;

	add(adder, &told, said->adjusted);
	if (sums->benefit > sums->submitted) wrong(sums, SUMS_PAYS_MORE, sums->benefit, sums->submitted);
	if (told > sums->submitted) wrong(sums, SUMS_TOO_MUCH, told, sums->submitted);
	if (lines && said->all_benefit && said->benefit != sums->benefit)
		wrong(sums, SUMS_BENEFIT_APART, said->benefit, sums->benefit);
	if (lines && said->all_submitted && said->submitted != sums->submitted)
		wrong(sums, SUMS_SUBMITTED_APART, said->submitted, sums->submitted);
	if (!in_unit(adder, claim_total)) return;
	/* Part of a claim may be decided first, and who is told less than the total has that as the patient's share. */
	if (sums->submitted > claim_total->minor ||
		(sums->submitted < claim_total->minor && adjudication->outcome == ZF_OUTCOME_COMPLETE &&
			adjudication->net_of_share == 0))
		wrong(sums, SUMS_OTHER_TOTAL, sums->submitted, claim_total->minor);
	if (in_unit(adder, &adjudication->payment) && adjudication->payment.minor > claim_total->minor)
		wrong(sums, SUMS_PAYMENT_MORE, adjudication->payment.minor, claim_total->minor);
}

int sums_of(const struct zf_adjudication *adjudication, const struct zf_money *claim_total, struct sums *ret_sums)
{
	struct adder adder = {0};
	struct lines_said said = {.all_submitted = true, .all_benefit = true};
	struct sums sums = {0};

	same_currency(&adder, &adjudication->submitted);
	same_currency(&adder, &adjudication->eligible);
	same_currency(&adder, &adjudication->benefit);
	for (uint32_t i = 0; i < adjudication->line_count; i++) line_add(&adder, adjudication->lines[i], &said);
	if (adjudication->line_count == 1 && adjudication->lines[0]->sequence == 0) {
		/* Claim level alone: its silence about amounts is silence. */
		said.all_submitted = said.all_submitted && adjudication->lines[0]->submitted.present;
		said.all_benefit = said.all_benefit && adjudication->lines[0]->benefit.present;
	}
	sums.patient = said.patient;
	sums.contract = said.contract;
	if (adjudication->submitted.present)
		sums.submitted = adjudication->submitted.minor;
	else if (adjudication->line_count > 0 && said.all_submitted)
		sums.submitted = said.submitted;
	else if (in_unit(&adder, claim_total))
		sums.submitted = claim_total->minor;
	else
		adder.fault = "a decision that does not say what was submitted";
	if (adder.fault == NULL) benefit_of(&adder, adjudication, &said, &sums);
	if (adder.fault == NULL) judge(&adder, adjudication, &said, claim_total, &sums);
	if (adder.fault == NULL && adjudication->net_of_share != 0 && in_unit(&adder, claim_total) &&
		claim_total->minor > sums.submitted) {
		/* The claim asked for less than its total: the rest was the patient's from the start. */
		add(&adder, &sums.patient, claim_total->minor - sums.submitted);
		sums.submitted = claim_total->minor;
	}
	if (!adder.unit.present) adder.unit = adjudication->payment.present ? adjudication->payment : *claim_total;
	sums.open = sums.submitted;
	take(&adder, &sums.open, sums.benefit);
	take(&adder, &sums.open, sums.patient);
	take(&adder, &sums.open, sums.contract);
	if (adder.fault != NULL) return err_set(ERR_INVALID, "%s", adder.fault);
	memcpy(sums.currency, adder.unit.currency, sizeof(sums.currency));
	sums.exponent = adder.unit.exponent;
	*ret_sums = sums;
	return 0;
}

/* "E[0] these E[1] those E[2]: 0.01 CNY E[3]. Z[0] these Z[1] those:Z[2] 0.01 CNY。" */
static const struct {
	const char *e[4], *z[3];
} words[] = {
	[SUMS_PAYS_MORE] = {{"The insurer pays ", ", where ", " was submitted", "too much"},
		{"保险公司赔付 ", ",而申报为 ", "多付"}},
	[SUMS_TOO_MUCH] = {{"What the insurer pays and what it does not pay are ", ", where ", " was submitted",
				   "too much"},
		{"保险公司赔付与不赔合计 ", ",而申报为 ", "多出"}},
	[SUMS_BENEFIT_APART] = {{"The insurer's lines pay ", " together, its total says ", "", "apart"},
		{"保险公司各明细赔付合计 ", ",其总额为 ", "相差"}},
	[SUMS_SUBMITTED_APART] = {{"The insurer's lines have ", " submitted together, its total says ", "", "apart"},
		{"保险公司各明细申报合计 ", ",其总额为 ", "相差"}},
	[SUMS_OTHER_TOTAL] = {{"The insurer decides on ", ", the claim's total is ", "", "apart"},
		{"保险公司理算依据为 ", ",理赔单总额为 ", "相差"}},
	[SUMS_PAYMENT_MORE] = {{"The insurer announces a payment of ", " for a claim of ", "", "too much"},
		{"保险公司通知付款 ", ",而理赔单总额为 ", "多付"}},
};

const char *sums_text(const struct sums *sums, struct zf_arena *arena)
{
	struct zf_money money = {.exponent = (uint8_t)sums->exponent, .present = 1};
	char text[4][MONEY_TEXT_SIZE]; /* these, those, what lies between, what is paid */
	char rest[MONEY_TEXT_SIZE];
	const char *const *e = words[sums->wrong].e, *const *z = words[sums->wrong].z;
	bool more = sums->these > sums->those;
	int64_t minor[4] = {sums->these, sums->those, 0, sums->benefit};
	const char *these = text[0];

	/* A difference that does not fit shows the largest that does. */
	if (__builtin_sub_overflow(more ? sums->these : sums->those, more ? sums->those : sums->these, &minor[2]))
		minor[2] = INT64_MAX;
	for (size_t i = 0; i < ARRAY_LEN(minor); i++) {
		money.minor = minor[i];
		(void)money_format(money, text[i]);
	}
	if (sums->wrong == SUMS_TOO_MUCH && !__builtin_sub_overflow(sums->these, sums->benefit, &money.minor)) {
		(void)money_format(money, rest);
		these = text_printf(arena, "%s + %s = %s", text[3], rest, text[0]);
		if (these == NULL) return NULL;
	}
	return text_printf(arena, "%s%s%s%s%s: %s %s %s. %s%s%s%s:%s %s %s。", e[0], these, e[1], text[1], e[2],
		text[2], sums->currency, e[3], z[0], these, z[1], text[1], z[2], text[2], sums->currency);
}
