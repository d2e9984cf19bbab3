/* Money. Every result goes through decimal_quotient, so rounding exists once. */
#include "lib/money.h"

#include <assert.h>

/* Zero money of a currency. */
static int money_of(struct text_span currency, struct zf_money *ret)
{
	const struct currency *entry = currency_find(currency);
	if (entry == NULL || entry->exponent < 0) return LIB_INVALID;
	struct zf_money money = {.exponent = (uint8_t)entry->exponent, .present = 1};
	memcpy(money.currency, entry->code, sizeof(money.currency));
	*ret = money;
	return 0;
}

int money_make(int64_t minor, struct text_span currency, struct zf_money *ret)
{
	struct zf_money money;
	int error = money_of(currency, &money);
	if (error != 0) return error;
	money.minor = minor;
	*ret = money;
	return 0;
}

int money_from_product(
	const struct decimal_product *product, struct text_span currency, enum decimal_rule rule, struct zf_money *ret)
{
	struct zf_money money;
	struct zf_decimal rounded;
	int error = money_of(currency, &money);
	if (error == 0) error = decimal_product_round(product, money.exponent, rule, &rounded);
	if (error != 0) return error;
	money.minor = rounded.unscaled;
	*ret = money;
	return 0;
}

int money_from_decimal_rounded(
	struct zf_decimal value, struct text_span currency, enum decimal_rule rule, struct zf_money *ret)
{
	struct decimal_product product;
	int error = decimal_multiply(&value, 1, &product);
	if (error != 0) return error;
	return money_from_product(&product, currency, rule, ret);
}

int money_from_decimal(struct zf_decimal value, struct text_span currency, struct zf_money *ret)
{
	struct zf_money money;
	int error = money_from_decimal_rounded(value, currency, DECIMAL_DOWN, &money);
	if (error != 0) return error;
	if (decimal_compare(money_to_decimal(money), value) != 0) return LIB_INEXACT;
	*ret = money;
	return 0;
}

struct zf_decimal money_to_decimal(struct zf_money money)
{
	return (struct zf_decimal){.unscaled = money.minor, .scale = money.exponent, .present = money.present};
}

size_t money_format(struct zf_money money, char ret[MONEY_TEXT_SIZE])
{
	_Static_assert(MONEY_TEXT_SIZE >= DECIMAL_TEXT_SIZE, "a decimal fits");
	return decimal_format(money_to_decimal(money), ret);
}

bool money_same_currency(struct zf_money a, struct zf_money b)
{
	return a.present && b.present && memcmp(a.currency, b.currency, sizeof(a.currency)) == 0 &&
	       a.exponent == b.exponent;
}

int money_add(struct zf_money a, struct zf_money b, struct zf_money *ret)
{
	if (!money_same_currency(a, b)) return LIB_INVALID;
	if (__builtin_add_overflow(a.minor, b.minor, &a.minor)) return LIB_LIMIT;
	*ret = a;
	return 0;
}

int money_subtract(struct zf_money a, struct zf_money b, struct zf_money *ret)
{
	if (!money_same_currency(a, b)) return LIB_INVALID;
	if (__builtin_sub_overflow(a.minor, b.minor, &a.minor)) return LIB_LIMIT;
	*ret = a;
	return 0;
}

int money_compare(struct zf_money a, struct zf_money b)
{
	assert(money_same_currency(a, b));
	return (a.minor > b.minor) - (a.minor < b.minor);
}

int money_share(
	struct zf_money amount, int64_t numerator, int64_t denominator, enum decimal_rule rule, struct zf_money *ret)
{
	if (!amount.present || numerator < 0 || denominator <= 0) return LIB_INVALID;
	struct wide magnitude = wide_of(decimal_magnitude(amount.minor));
	bool fits = wide_multiply(&magnitude, (uint64_t)numerator);
	assert(fits);
	uint64_t divisor = (uint64_t)denominator;
	decimal_quotient(&magnitude, &divisor, 1, rule);
	int64_t minor;
	if (!wide_to_int64(&magnitude, amount.minor < 0, &minor)) return LIB_LIMIT;
	amount.minor = minor;
	*ret = amount;
	return 0;
}

int money_convert_exact(struct zf_money amount, const struct money_ratio *ratios, size_t n, struct text_span target,
	enum decimal_rule rule, struct zf_money *ret)
{
	struct zf_money money;
	assert(n <= MONEY_RATIOS_MAX);
	if (!amount.present) return LIB_INVALID;
	int error = money_of(target, &money);
	if (error != 0) return error;

	/* minor / 10^from × ratios × 10^to as one quotient of integers. */
	struct wide magnitude = wide_of(decimal_magnitude(amount.minor));
	uint64_t divisors[MONEY_RATIOS_MAX + 1];
	bool fits = wide_multiply_pow10(&magnitude, money.exponent);
	for (size_t i = 0; i < n; i++) {
		if (ratios[i].bottom == 0) return LIB_INVALID;
		fits = fits && wide_multiply(&magnitude, ratios[i].top);
		divisors[i] = ratios[i].bottom;
	}
	if (!fits) return LIB_LIMIT;
	divisors[n] = wide_pow10(amount.exponent);
	decimal_quotient(&magnitude, divisors, n + 1, rule);
	if (!wide_to_int64(&magnitude, amount.minor < 0, &money.minor)) return LIB_LIMIT;
	*ret = money;
	return 0;
}

int money_convert(struct zf_money amount, struct zf_decimal rate, enum money_direction direction,
	struct text_span target, enum decimal_rule rule, struct zf_money *ret)
{
	if (!rate.present || rate.unscaled <= 0 || rate.scale > DECIMAL_SCALE_MAX) return LIB_INVALID;
	struct money_ratio ratio = {(uint64_t)rate.unscaled, wide_pow10(rate.scale)};
	if (direction == MONEY_SOURCE_PER_TARGET) ratio = (struct money_ratio){ratio.bottom, ratio.top};
	return money_convert_exact(amount, &ratio, 1, target, rule, ret);
}
