/* Money: int64 minor units with an ISO 4217 code and its exponent. Overflow is checked, currencies never mix silently,
 * rounding is always named. */
#ifndef ADAPTERS_LIB_MONEY_H
#define ADAPTERS_LIB_MONEY_H

#include "lib/currency.h"
#include "lib/decimal.h"
#include "zhifu_model.h"

/* Sign, 19 digits, "0.", NUL: the plain decimal form. */
#define MONEY_TEXT_SIZE 24

/* Which way a rate is quoted. */
enum money_direction {
	MONEY_TARGET_PER_SOURCE =
		0,               /* target = source × rate: 1 unit of the source currency costs `rate` target units */
	MONEY_SOURCE_PER_TARGET, /* target = source ÷ rate: 1 unit of the target currency costs `rate` source units */
};

/* minor units of a currency. LIB_INVALID: not a currency that money can be in. */
int money_make(int64_t minor, struct text_span currency, struct zf_money *ret) LIB_MUSTUSE;
/* Exactly: LIB_INEXACT when the decimal has non-zero digits beyond the currency's minor unit (trailing zeros are fine),
 * LIB_INVALID for an absent decimal or a code that money cannot be in, LIB_LIMIT when it does not fit. */
int money_from_decimal(struct zf_decimal value, struct text_span currency, struct zf_money *ret) LIB_MUSTUSE;
/* Rounded by the rule. LIB_INVALID, LIB_LIMIT. */
int money_from_decimal_rounded(
	struct zf_decimal value, struct text_span currency, enum decimal_rule rule, struct zf_money *ret) LIB_MUSTUSE;
/* A line's amount from its exact product. */
int money_from_product(const struct decimal_product *product, struct text_span currency, enum decimal_rule rule,
	struct zf_money *ret) LIB_MUSTUSE;
/* As a decimal with the exponent as scale; absent stays absent. */
struct zf_decimal money_to_decimal(struct zf_money money);
/* "-1234.50", "500" (JPY), NUL-terminated; returns the length. */
size_t money_format(struct zf_money money, char ret[MONEY_TEXT_SIZE]);

/* Same currency and exponent? Absent money has none. */
bool money_same_currency(struct zf_money a, struct zf_money b);
/* LIB_INVALID: one is absent or the currencies differ. LIB_LIMIT: does not fit. */
int money_add(struct zf_money a, struct zf_money b, struct zf_money *ret) LIB_MUSTUSE;
int money_subtract(struct zf_money a, struct zf_money b, struct zf_money *ret) LIB_MUSTUSE;
/* -1, 0, 1; present and of the same currency (asserted). */
int money_compare(struct zf_money a, struct zf_money b);
/* amount × numerator / denominator, for shares and co-insurance: exact in between, then rounded. denominator > 0,
 * numerator ≥ 0. LIB_INVALID, LIB_LIMIT. */
int money_share(struct zf_money amount, int64_t numerator, int64_t denominator, enum decimal_rule rule,
	struct zf_money *ret) LIB_MUSTUSE;
/* Into another currency at a rate > 0, exact in between and rounded once, at the end, to the target's minor unit.
 * LIB_INVALID: absent, rate not positive, unknown target. LIB_LIMIT: does not fit. */
int money_convert(struct zf_money amount, struct zf_decimal rate, enum money_direction direction,
	struct text_span target, enum decimal_rule rule, struct zf_money *ret) LIB_MUSTUSE;

/* A factor top / bottom of a conversion. */
struct money_ratio {
	uint64_t top;
	uint64_t bottom; /* not 0 */
};
#define MONEY_RATIOS_MAX 4

/* amount × the product of n ratios (at most MONEY_RATIOS_MAX), as an amount of `target`: exact in between and rounded
 * once, at the end, to the target's minor unit, so that a cross rate is never rounded by itself. The divisors and ten
 * to the amount's exponent must have a product below 2^255. LIB_INVALID: absent, a bottom of 0, unknown target.
 * LIB_LIMIT: the result, or the exact number in between (256 bits), does not fit. */
int money_convert_exact(struct zf_money amount, const struct money_ratio *ratios, size_t n, struct text_span target,
	enum decimal_rule rule, struct zf_money *ret) LIB_MUSTUSE;

#endif
