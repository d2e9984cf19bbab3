/* The close of a period in foreign currency. */
#include "model/revaluation.h"

static bool item_good(const struct revaluation_item *item)
{
	bool kind = item->kind == REVALUE_RECEIVABLE || item->kind == REVALUE_SUSPENSE || item->kind == REVALUE_BANK;
	return kind && item->amount.present && item->carried.present;
}

int revaluation_make(const struct revaluation_item *item, const struct rate_path *closing, unsigned reverts,
	enum decimal_rule rule, struct revaluation *ret)
{
	struct revaluation made;
	struct rate_conversion conversion;
	if (!item_good(item)) return ERR_INVALID;
	int err = rate_convert(item->amount, closing, rule, &conversion);
	/* In the currency of the books it stays as it is carried. */
	if (err == 0 && closing->count == 0) conversion.to = item->carried;
	if (err == 0) err = money_subtract(conversion.to, item->carried, &made.difference);
	if (err != 0) return err;
	made.closing = conversion.to;
	made.reversal = made.difference;
	made.reversal.minor = 0;
	if ((item->kind & reverts) != 0) err = money_subtract(made.reversal, made.difference, &made.reversal);
	if (err == 0) *ret = made;
	return err;
}

uint32_t provision_share(uint32_t age_days, const struct provision_band *bands, size_t count)
{
	uint32_t basis_points = 0;
	for (size_t i = 0; i < count; i++)
		if (age_days >= bands[i].days) basis_points = bands[i].basis_points;
	return basis_points;
}

int provision_make(struct zf_money carried, uint32_t age_days, const struct provision_band *bands, size_t count,
	enum decimal_rule rule, struct zf_money *ret)
{
	for (size_t i = 0; i < count; i++)
		if (bands[i].basis_points > 10000 || (i > 0 && bands[i].days <= bands[i - 1].days)) return ERR_INVALID;
	return money_share(carried, provision_share(age_days, bands, count), 10000, rule, ret);
}
