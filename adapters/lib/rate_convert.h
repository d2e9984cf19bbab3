/* Converting money at a rate, or through two of them that share a pivot currency. What was done is in the result: which
 * rates of which source and day, and whether each multiplied or divided, so that anyone can do it again. */
#ifndef ADAPTERS_LIB_RATE_CONVERT_H
#define ADAPTERS_LIB_RATE_CONVERT_H

#include "lib/rate.h"

#define RATE_STEPS_MAX 2

/* One rate on the way, and which way it is used. */
struct rate_step {
	struct rate rate;  /* as it was published */
	uint8_t direction; /* enum money_direction: MONEY_TARGET_PER_SOURCE multiplies by the rate (from its base to its
			    * quote), MONEY_SOURCE_PER_TARGET divides by it */
};

/* The way from one currency to another. */
struct rate_path {
	char from[4]; /* ISO 4217, NUL-terminated */
	char to[4];
	uint8_t count; /* of steps: 0 only when from is to, 1 direct, 2 through a pivot */
	struct rate_step steps[RATE_STEPS_MAX];
};

/* A conversion as it is to be stored. */
struct rate_conversion {
	struct zf_money from; /* what was converted */
	struct zf_money to;   /* what it came to, rounded once, to the minor unit of its currency */
	struct rate_path path;
	uint8_t rule; /* enum decimal_rule by which it was rounded */
};

/* Begins a path at a currency, without a step. LIB_INVALID: no currency that money can be in. */
int rate_path_init(struct rate_path *path, struct text_span from) LIB_MUSTUSE;
/* Goes one step on, from path->to to the rate's other currency. LIB_INVALID: the rate breaks its rules or is not of
 * that currency; LIB_LIMIT: RATE_STEPS_MAX are there. The path is untouched then. */
int rate_path_add(struct rate_path *path, const struct rate *rate) LIB_MUSTUSE;

/* amount, which is in path->from, in path->to: one exact fraction, rounded once by the rule (scenarios: half away from
 * zero, DECIMAL_HALF_AWAY). A path without a step returns the amount. LIB_INVALID: absent, or in another currency;
 * LIB_LIMIT: the result does not fit 64 bits of minor units. */
int rate_convert(struct zf_money amount, const struct rate_path *path, enum decimal_rule rule,
	struct rate_conversion *ret) LIB_MUSTUSE;
/* The same at one rate, from whichever of its two currencies the amount is in. */
int rate_convert_at(struct zf_money amount, const struct rate *rate, enum decimal_rule rule,
	struct rate_conversion *ret) LIB_MUSTUSE;

#endif
