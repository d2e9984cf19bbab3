/* Is a new rate plausible beside the one of the day before? A typing error, a column read as another one, a price
 * upside down or for 100 units instead of one are found here, before a single amount is converted. */
#ifndef MODEL_RATE_DOUBT_H
#define MODEL_RATE_DOUBT_H

#include "lib/rate.h"

/* 10 %: how far a rate may be from the one before, in hundredths of a per cent. Of the currencies that CFETS and the
 * ECB publish only a few have moved further within a day (CHF 2015-01-15, RUB in December 2014). */
#define RATE_BOUND_DEFAULT 1000
#define RATE_BOUND_MAX 100000 /* tenfold */

enum rate_doubt {
	RATE_PLAUSIBLE = 0,        /* within the bound */
	RATE_FAR,                  /* beyond it, and none of the below explains it better */
	RATE_UPSIDE_DOWN,          /* 1 / it is like the other */
	RATE_HUNDREDFOLD,          /* a hundredth of it is: read for 1 unit, and is for 100 */
	RATE_HUNDREDTH,            /* a hundred times it is: read for 100 units, and is for 1 */
	RATE_UPSIDE_DOWN_HUNDREDS, /* upside down, and off by a hundredfold or a hundredth as well */
};

/* What is wrong with `rate` beside `before`, an accepted rate of the same pair (asserted; in any form). bound: in
 * hundredths of a per cent of `before`, to both sides, the bound itself is within; 1 to RATE_BOUND_MAX; 0 means
 * RATE_BOUND_DEFAULT. Beyond it the best explanation that fits within a factor of two is told. Exact. */
enum rate_doubt rate_doubt(const struct rate *rate, const struct rate *before, uint32_t bound);

#endif
