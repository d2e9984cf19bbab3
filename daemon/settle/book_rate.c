/* The sources one by one, each through the currency in which its rates meet. */
#include "settle/book_rate.h"

#include <string.h>

#include "model/directory.h"

const char *book_rate_pivot(uint8_t source)
{
	return source == RATE_CFETS ? "CNY" : source == RATE_ECB ? "EUR" : "";
}

static int sources_try(const struct book_rates *rates, const struct rate_table *table, const char from[4],
	const char to[4], int32_t day, uint16_t reach_days, struct rate_path *ret_path,
	struct rate_gap ret_gaps[RATE_SOURCE_COUNT])
{
	for (uint32_t i = 0; i < rates->source_count; i++) {
		struct rate_query query = {.source = rates->sources[i], .reach_days = reach_days, .day = day};

		memcpy(query.from, from, sizeof(query.from));
		memcpy(query.to, to, sizeof(query.to));
		memcpy(query.pivot, book_rate_pivot(query.source), strlen(book_rate_pivot(query.source)));
		/* what no rate can be of has none */
		ret_gaps[i] = (struct rate_gap){.source = query.source, .day = day};
		memcpy(ret_gaps[i].base, from, sizeof(ret_gaps[i].base));
		memcpy(ret_gaps[i].quote, to, sizeof(ret_gaps[i].quote));
		if (rate_route(table, &query, ret_path, &ret_gaps[i]) == 0) return 0;
	}
	return ERR_NOTFOUND;
}

int book_rate_way(const struct book_rates *rates, const struct rate_table *table, const char from[4], const char to[4],
	int32_t day, struct rate_path *ret_path, struct rate_gap ret_gaps[RATE_SOURCE_COUNT])
{
	int r = sources_try(rates, table, from, to, day, 0, ret_path, ret_gaps);

	return r == 0 || day >= rates->today
		       ? r
		       : sources_try(rates, table, from, to, day, rates->reach_days, ret_path, ret_gaps);
}

struct book_rates book_rates_of(const struct hospital *hospital, int32_t today)
{
	struct book_rates rates = {.source_count = hospital->rate_source_count,
		.reach_days = (uint16_t)hospital->rate_reach_days,
		.today = today};

	memcpy(rates.sources, hospital->rate_sources, sizeof(rates.sources));
	return rates;
}

int book_rate_find(const struct hospital *hospital, const struct rate_table *table, const char from[4],
	const char to[4], int32_t day, int32_t today, struct rate_path *ret_path,
	struct rate_gap ret_gaps[RATE_SOURCE_COUNT])
{
	struct book_rates rates = book_rates_of(hospital, today);

	return book_rate_way(&rates, table, from, to, day, ret_path, ret_gaps);
}
