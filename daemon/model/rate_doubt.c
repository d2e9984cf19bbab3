/* Exact comparison of two rates within a bound, in 256 bits. */
#include "model/rate_doubt.h"

#include <assert.h>

/* Is |a - b| at most bound / 10000 of b? */
static bool near(const struct wide *a, const struct wide *b, uint32_t bound)
{
	struct wide left = *a, right = *b, margin = *b;
	bool fits = wide_multiply(&left, 10000) && wide_multiply(&right, 10000) && wide_multiply(&margin, bound);
	assert(fits);
	if (wide_compare(&left, &right) < 0) {
		struct wide less = left;
		left = right;
		right = less;
	}
	wide_subtract(&left, &right);
	return wide_compare(&left, &margin) <= 0;
}

/* Is each of a × up and b × down at most (1 + slack / 10000) times the other? */
static bool alike(const struct wide *a, const struct wide *b, uint64_t up, uint64_t down, uint32_t slack)
{
	struct wide left = *a, right = *b, left_more, right_more;
	bool fits = wide_multiply(&left, up) && wide_multiply(&right, down);
	left_more = left;
	right_more = right;
	fits = fits && wide_multiply(&left, 10000) && wide_multiply(&right, 10000) &&
	       wide_multiply(&left_more, 10000 + slack) && wide_multiply(&right_more, 10000 + slack);
	assert(fits);
	return wide_compare(&left, &right_more) <= 0 && wide_compare(&right, &left_more) <= 0;
}

enum rate_doubt rate_doubt(const struct rate *rate, const struct rate *before, uint32_t bound)
{
	/* The explanation that fits best: from near to at most double or half. */
	static const uint32_t slacks[] = {1000, 2500, 5000, 10000};
	struct wide a, b, turned_a, turned_b;
	if (bound == 0) bound = RATE_BOUND_DEFAULT;
	assert(bound <= RATE_BOUND_MAX);
	rate_proportion(rate, before, false, &a, &b);
	if (near(&a, &b, bound)) return RATE_PLAUSIBLE;
	rate_proportion(rate, before, true, &turned_a, &turned_b);
	for (size_t i = 0; i < sizeof(slacks) / sizeof(slacks[0]); i++) {
		uint32_t slack = slacks[i];
		if (alike(&a, &b, 1, 1, slack)) return RATE_FAR;
		if (alike(&a, &b, 1, 100, slack)) return RATE_HUNDREDFOLD;
		if (alike(&a, &b, 100, 1, slack)) return RATE_HUNDREDTH;
		if (alike(&turned_a, &turned_b, 1, 1, slack)) return RATE_UPSIDE_DOWN;
		if (alike(&turned_a, &turned_b, 1, 100, slack) || alike(&turned_a, &turned_b, 100, 1, slack)) {
			return RATE_UPSIDE_DOWN_HUNDREDS;
		}
	}
	return RATE_FAR;
}
