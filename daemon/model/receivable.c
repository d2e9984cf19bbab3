/* How a receivable begins, and what a part of it stands at. */
#include "model/receivable.h"

int receivable_bill(struct zf_money billed, const struct rate_query *owed, const struct rate_table *rates,
	enum decimal_rule rule, struct receivable *ret, struct rate_conversion *ret_conversion,
	struct rate_gap *ret_gap)
{
	struct rate_conversion conversion;
	if (!billed.present || billed.minor <= 0) return ERR_INVALID;
	int err = rate_convert_on(rates, billed, owed, rule, &conversion, ret_gap);
	if (err != 0) return err;
	if (conversion.to.minor == 0) return ERR_INVALID;
	*ret = (struct receivable){.owed = conversion.to, .book = billed};
	*ret_conversion = conversion;
	return 0;
}

int receivable_carried(
	const struct receivable *receivable, struct zf_money open, enum decimal_rule rule, struct zf_money *ret)
{
	if (!money_same_currency(receivable->owed, open)) return ERR_INVALID;
	if (open.minor < 0 || open.minor > receivable->owed.minor) return ERR_INVALID;
	return money_share(receivable->book, open.minor, receivable->owed.minor, rule, ret);
}
