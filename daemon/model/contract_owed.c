/* What a contract makes of a bill: what is owed, and what settles it. */
#include "model/contract.h"

#include <string.h>

#include "model/calendar.h"

static int32_t day_of(const struct contract_days *days, uint8_t day)
{
	switch ((enum contract_day)day) {
	case CONTRACT_DAY_INVOICE:
		return days->invoice;
	case CONTRACT_DAY_ORDER:
		return days->order;
	case CONTRACT_DAY_CREDIT:
		return days->credit;
	case CONTRACT_DAY_SERVICE:
		return days->service;
	}
	return CONTRACT_DAY_UNKNOWN;
}

/* What to look for. Where the currency stays the same no rate is needed, and no day. */
static int query_make(const struct contract_rate *rate, const char *from, const char *to,
	const struct contract_days *days, uint16_t bank, struct rate_query *ret, struct rate_gap *ret_gap)
{
	struct rate_query query = {.source = RATE_CFETS};

	memcpy(query.from, from, sizeof(query.from));
	memcpy(query.to, to, sizeof(query.to));
	if (strcmp(from, to) != 0) {
		query.source = rate->source;
		query.bank = bank;
		query.reach_days = (uint16_t)rate->reach_days;
		query.day = day_of(days, rate->day);
		memcpy(query.pivot, rate->pivot, sizeof(query.pivot));
	}
	if (query.day == CONTRACT_DAY_UNKNOWN) {
		*ret_gap = (struct rate_gap){.day = CONTRACT_DAY_UNKNOWN};
		return ERR_NOTFOUND;
	}
	*ret = query;
	return 0;
}

int contract_bill(const struct contract *contract, struct zf_money billed, const struct contract_days *days,
	uint16_t bank, const struct rate_table *rates, struct receivable *ret, struct rate_conversion *ret_conversion,
	struct rate_gap *ret_gap)
{
	struct rate_query query;

	if (!billed.present) return ERR_INVALID;
	int err = query_make(&contract->bill_rate, billed.currency, contract->owed, days, bank, &query, ret_gap);
	if (err != 0) return err;
	return receivable_bill(
		billed, &query, rates, (enum decimal_rule)contract->rounding, ret, ret_conversion, ret_gap);
}

int contract_off(const struct contract *contract, const struct contract_discount *discount, struct zf_money amount,
	struct zf_money *ret)
{
	int64_t whole = 100;

	*ret = amount;
	ret->minor = 0;
	if (discount == NULL) return 0;
	for (uint8_t i = 0; i < discount->percent.scale; i++) whole *= 10;
	return money_share(amount, discount->percent.unscaled, whole, (enum decimal_rule)contract->rounding, ret);
}

int contract_allowance(const struct contract *contract, struct zf_money billed, struct zf_money *ret)
{
	return contract_off(contract, contract->gross ? contract_discount(contract, "*") : NULL, billed, ret);
}

int contract_due(const struct contract *contract, struct zf_money open, const struct contract_days *days, uint16_t bank,
	const struct rate_table *rates, struct rate_conversion *ret, struct rate_gap *ret_gap)
{
	struct rate_query query;

	if (!open.present || strcmp(open.currency, contract->owed) != 0) return ERR_INVALID;
	int err = query_make(&contract->payment_rate, contract->owed, contract->paid, days, bank, &query, ret_gap);
	if (err != 0) return err;
	return rate_convert_on(rates, open, &query, (enum decimal_rule)contract->rounding, ret, ret_gap);
}

int32_t contract_due_day(const struct contract *contract, const struct calendar *calendar, int32_t invoice)
{
	bool assumed = false;

	if (!contract->term_business) return invoice + (int32_t)contract->term_days;
	return calendar_after(calendar, invoice, contract->term_days, &assumed);
}

const struct contract_tolerance *contract_tolerance(const struct contract *contract, const char *currency)
{
	for (uint32_t i = 0; i < contract->tolerance_count; i++)
		if (strcmp(contract->tolerances[i].residual.currency, currency) == 0) return &contract->tolerances[i];
	return NULL;
}

const struct contract_discount *contract_discount(const struct contract *contract, const char *category)
{
	const struct contract_discount *all = NULL;

	for (uint32_t i = 0; i < contract->discount_count; i++) {
		if (strcmp(contract->discounts[i].category, category) == 0) return &contract->discounts[i];
		if (strcmp(contract->discounts[i].category, "*") == 0) all = &contract->discounts[i];
	}
	return all;
}
