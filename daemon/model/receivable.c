/* Two conversions, and who needs which. */
#include "model/receivable.h"

#include <string.h>

static bool terms_good(const struct receivable_terms *terms)
{
	return terms->kind >= OWED_BOOKED && terms->kind <= OWED_FIXED && terms->rule <= DECIMAL_DOWN;
}

/* The amount in the currency of payment at that day's rate. */
static int convert(const struct receivable_terms *terms, struct zf_money amount, const struct rate_table *rates,
	int32_t day, struct zf_money *ret_amount, struct receivable_origin *ret_origin, struct rate_gap *ret_gap)
{
	struct rate_query query = {
		.source = terms->source, .bank = terms->bank, .reach_days = terms->reach_days, .day = day};
	struct receivable_origin origin = {.day = day};
	struct rate_conversion conversion;
	memcpy(query.from, amount.currency, sizeof(query.from));
	memcpy(query.to, terms->pay_currency, sizeof(query.to));
	memcpy(query.pivot, terms->pivot, sizeof(query.pivot));
	int err = rate_route(rates, &query, &origin.path, ret_gap);
	if (err == 0) err = rate_convert(amount, &origin.path, terms->rule, &conversion);
	if (err != 0) return err;
	*ret_amount = conversion.to;
	*ret_origin = origin;
	return 0;
}

/* Nothing is converted. */
static int keep(struct zf_money amount, int32_t day, struct zf_money *ret_amount, struct receivable_origin *ret_origin)
{
	struct receivable_origin origin = {.day = day};
	int err = rate_path_init(&origin.path, text_of(amount.currency));
	if (err != 0) return err;
	*ret_amount = amount;
	*ret_origin = origin;
	return 0;
}

int receivable_bill(const struct receivable_terms *terms, struct zf_money billed, const struct rate_table *rates,
	int32_t day, struct receivable *ret, struct receivable_origin *ret_origin, struct rate_gap *ret_gap)
{
	struct receivable receivable = {.book = billed};
	if (!billed.present || !terms_good(terms)) return ERR_INVALID;
	int err = terms->kind == OWED_FIXED ? convert(terms, billed, rates, day, &receivable.owed, ret_origin, ret_gap)
					    : keep(billed, day, &receivable.owed, ret_origin);
	if (err == 0) *ret = receivable;
	return err;
}

int receivable_due(const struct receivable_terms *terms, const struct receivable *receivable,
	const struct rate_table *rates, int32_t day, struct zf_money *ret_due, struct receivable_origin *ret_origin,
	struct rate_gap *ret_gap)
{
	if (!receivable->owed.present || !terms_good(terms)) return ERR_INVALID;
	if (terms->kind != OWED_PAYABLE) return keep(receivable->owed, day, ret_due, ret_origin);
	return convert(terms, receivable->owed, rates, day, ret_due, ret_origin, ret_gap);
}
