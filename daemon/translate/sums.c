/* Adding up a decision. */
#include "translate/sums.h"

#include <string.h>

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
