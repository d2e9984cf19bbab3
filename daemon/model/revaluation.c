/* The close of a period in foreign currency. */
#include "model/revaluation.h"

#include <string.h>

static bool item_good(const struct revaluation_item *item)
{
	bool kind = item->kind == REVALUE_RECEIVABLE || item->kind == REVALUE_SUSPENSE || item->kind == REVALUE_BANK;
	if (!kind || !item->amount.present || !item->carried.present) return false;
	return !(item->amount.minor < 0 && item->carried.minor > 0) &&
	       !(item->amount.minor > 0 && item->carried.minor < 0);
}

int revaluation_make(const struct revaluation_item *item, const struct rate_query *closing,
	const struct rate_table *rates, unsigned reverts, enum decimal_rule rule, struct revaluation *ret,
	struct rate_gap *ret_gap)
{
	struct revaluation made;
	struct rate_conversion conversion;
	struct rate_query query = *closing;
	if (!item_good(item)) return ERR_INVALID;
	memcpy(query.to, item->carried.currency, sizeof(query.to));
	int err = rate_convert_on(rates, item->amount, &query, rule, &conversion, ret_gap);
	/* In the currency of the books it stays as it is carried. */
	if (err == 0 && conversion.path.count == 0) conversion.to = item->carried;
	if (err == 0) err = money_subtract(conversion.to, item->carried, &made.difference);
	if (err != 0) return err;
	made.closing = conversion.to;
	made.path = conversion.path;
	made.reversal = made.difference;
	made.reversal.minor = 0;
	if ((item->kind & reverts) != 0) err = money_subtract(made.reversal, made.difference, &made.reversal);
	if (err == 0) *ret = made;
	return err;
}

int provision_make(struct zf_money carried, uint32_t age_days, const struct provision_band *bands, size_t count,
	enum decimal_rule rule, struct zf_money *ret)
{
	uint32_t basis_points = 0;
	for (size_t i = 0; i < count; i++) {
		if (bands[i].basis_points > 10000 || (i > 0 && bands[i].days <= bands[i - 1].days)) return ERR_INVALID;
		if (age_days >= bands[i].days) basis_points = bands[i].basis_points;
	}
	return money_share(carried, basis_points, 10000, rule, ret);
}
