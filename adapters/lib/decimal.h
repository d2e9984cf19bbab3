/* Exact decimals: value = unscaled / 10^scale, scale 0 to 18, trailing zeros kept because FHIR means them. No floating
 * point anywhere. Functions that take decimals want them present: LIB_INVALID otherwise, since unknown is not zero. */
#ifndef ADAPTERS_LIB_DECIMAL_H
#define ADAPTERS_LIB_DECIMAL_H

#include "lib/result.h"
#include "lib/text.h"
#include "lib/wide.h"
#include "zhifu_model.h"

#define DECIMAL_SCALE_MAX 18
#define DECIMAL_TEXT_SIZE 24 /* sign, 19 digits, "0." and NUL */

/* How a value between two representable ones is rounded. */
enum decimal_rule {
	DECIMAL_HALF_AWAY = 0, /* to the nearest, a half away from zero: 2.5 → 3, -2.5 → -3; the default of invoices */
	DECIMAL_HALF_EVEN,     /* to the nearest, a half to the even digit: 2.5 → 2, 3.5 → 4 */
	DECIMAL_UP,            /* away from zero */
	DECIMAL_DOWN,          /* towards zero */
};

/* An exact product; scale up to 54. */
struct decimal_product {
	struct wide magnitude;
	uint32_t scale;
	bool negative;
};

static inline struct zf_decimal decimal_of(int64_t unscaled, uint8_t scale)
{
	return (struct zf_decimal){.unscaled = unscaled, .scale = scale, .present = 1};
}

/* A JSON number (RFC 8259 grammar, with exponent). "1.50" has scale 2, "1.5e1" is 15 with scale 0, "2e3" 2000 with
 * scale 0, "-0" is 0. LIB_INVALID: not a number by that grammar. LIB_LIMIT: needs more than scale 18 or does not fit an
 * int64 (nothing is rounded or dropped, also not trailing zeros). */
int decimal_parse(struct text_span text, struct zf_decimal *ret) LIB_MUSTUSE;
/* The plain form with all digits of its scale, NUL-terminated, never an exponent; returns the length. */
size_t decimal_format(struct zf_decimal value, char ret[DECIMAL_TEXT_SIZE]);

/* By value, so 1.0 equals 1.00: -1, 0, 1. Both must be present (asserted). */
int decimal_compare(struct zf_decimal a, struct zf_decimal b);
/* -1, 0, 1; present asserted. */
int decimal_sign(struct zf_decimal value);
/* To exactly `scale` decimals; widening adds zeros. LIB_LIMIT, LIB_INVALID (absent, or scale above 18). */
int decimal_round(struct zf_decimal value, uint8_t scale, enum decimal_rule rule, struct zf_decimal *ret) LIB_MUSTUSE;
/* The same value with the smallest scale that holds it: 1.500 → 1.5, 200 → 200. */
struct zf_decimal decimal_trim(struct zf_decimal value);

/* *magnitude divided by all of the divisors (none 0, product below 2^255) and rounded once by the rule: what rounding,
 * conversion and shares are made of. */
void decimal_quotient(struct wide *magnitude, const uint64_t *divisors, size_t n, enum decimal_rule rule);
/* |value| without overflow at INT64_MIN. */
static inline uint64_t decimal_magnitude(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* The exact product of 1 to 3 decimals, all present (LIB_INVALID otherwise). Cannot overflow. */
int decimal_multiply(const struct zf_decimal *factors, size_t n, struct decimal_product *ret) LIB_MUSTUSE;
/* The product rounded to `scale` decimals. LIB_LIMIT, LIB_INVALID. */
int decimal_product_round(const struct decimal_product *product, uint8_t scale, enum decimal_rule rule,
	struct zf_decimal *ret) LIB_MUSTUSE;
/* Is |product - net| ≤ half a unit of 10^-exponent? For "quantity × unit price × factor = net to within half a minor
 * unit": exponent is the currency's. An absent net is false. */
bool decimal_within_half_unit(const struct decimal_product *product, struct zf_decimal net, uint8_t exponent);

#endif
