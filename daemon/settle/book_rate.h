/* Which rate says what an amount is worth in a hospital's books: that of the first of its sources that has one of the
 * day. Where none has, and the day is over, so that none will come, that of the first that has one of a day not long
 * before. */
#ifndef SETTLE_BOOK_RATE_H
#define SETTLE_BOOK_RATE_H

#include "base/core.h"
#include "lib/rate_table.h"

struct hospital;

/* Whose rates count, and how far a day without one goes back. */
struct book_rates {
	uint8_t sources[RATE_SOURCE_COUNT]; /* enum rate_source, in this order */
	uint32_t source_count;
	uint16_t reach_days;
	int32_t today; /* of the hospital */
};

#define BOOK_RATE_ROUNDING DECIMAL_HALF_AWAY /* once, to the minor unit, after the last step */

/* The currency through which a source's rates meet; "": they are taken directly only. */
const char *book_rate_pivot(uint8_t source);
/* 0 with the way from one currency to the other, whose steps say which rates of which days; ERR_NOTFOUND with what each
 * of the sources lacks, in their order (on success the gaps say nothing). */
int book_rate_way(const struct book_rates *rates, const struct rate_table *table, const char from[4], const char to[4],
	int32_t day, struct rate_path *ret_path, struct rate_gap ret_gaps[RATE_SOURCE_COUNT]) MUSTUSE;
struct book_rates book_rates_of(const struct hospital *hospital, int32_t today);
/* The same with a hospital's. */
int book_rate_find(const struct hospital *hospital, const struct rate_table *table, const char from[4],
	const char to[4], int32_t day, int32_t today, struct rate_path *ret_path,
	struct rate_gap ret_gaps[RATE_SOURCE_COUNT]) MUSTUSE;

#endif
