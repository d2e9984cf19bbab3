/* Binary search over rates that are sorted by pair, source, bank and day. */
#include "lib/rate_table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/date.h"

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* The pair's currencies in alphabetical order, whichever way round the price is. */
static int compare_pair(const struct rate *a, const struct rate *b)
{
	bool a_turned = strcmp(a->base, a->quote) > 0, b_turned = strcmp(b->base, b->quote) > 0;
	int order = strcmp(a_turned ? a->quote : a->base, b_turned ? b->quote : b->base);
	if (order == 0) order = strcmp(a_turned ? a->base : a->quote, b_turned ? b->base : b->quote);
	return sign(order, 0);
}

int rate_order(const struct rate *a, const struct rate *b)
{
	int order = compare_pair(a, b);
	if (order == 0) order = sign(a->source, b->source);
	if (order == 0) order = sign(a->bank, b->bank);
	if (order == 0) order = sign(a->day, b->day);
	return order;
}

static int compare_places(const void *a, const void *b)
{
	return rate_order(a, b);
}

void rate_sort(struct rate *rates, size_t count)
{
	if (count > 1) qsort(rates, count, sizeof(*rates), compare_places);
}

bool rate_table_valid(const struct rate_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!rate_valid(&table->rates[i])) return false;
		if (i > 0 && rate_order(&table->rates[i - 1], &table->rates[i]) >= 0) return false;
	}
	return true;
}

/* The key of a query as a rate without a value. */
static struct rate key_of(const struct rate_query *query, int32_t day)
{
	struct rate key = {.day = day, .source = query->source, .bank = query->bank};
	memcpy(key.base, query->from, sizeof(key.base));
	memcpy(key.quote, query->to, sizeof(key.quote));
	return key;
}

/* How many rates stand before the place of the key, or with `past` also on it. */
static size_t count_before(const struct rate_table *table, const struct rate *key, bool past)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rate_order(&table->rates[middle], key) < (past ? 1 : 0)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool same_series(const struct rate *a, const struct rate *b)
{
	return compare_pair(a, b) == 0 && a->source == b->source && a->bank == b->bank;
}

/* The last on the day or before it, however far; NULL: none. */
static const struct rate *last_until(const struct rate_table *table, const struct rate *key)
{
	size_t n = count_before(table, key, true);
	return n > 0 && same_series(&table->rates[n - 1], key) ? &table->rates[n - 1] : NULL;
}

static bool is_code(const char code[4])
{
	return memchr(code, '\0', 4) == code + 3 && currency_is_money(text_of(code));
}

int rate_find(const struct rate_table *table, const struct rate_query *query, const struct rate **ret_rate,
	struct rate_gap *ret_gap)
{
	if (!is_code(query->from) || !is_code(query->to) || strcmp(query->from, query->to) == 0) return LIB_INVALID;
	if (query->source == RATE_SOURCE_NONE || query->source >= RATE_SOURCE_COUNT) return LIB_INVALID;
	struct rate key = key_of(query, query->day);
	const struct rate *last = last_until(table, &key);
	if (last != NULL && (int64_t)query->day - last->day <= query->reach_days) {
		*ret_rate = last;
		return 0;
	}
	struct rate_gap gap = {.source = query->source, .known = last != NULL, .day = query->day};
	memcpy(gap.base, query->from, sizeof(gap.base));
	memcpy(gap.quote, query->to, sizeof(gap.quote));
	if (last != NULL) {
		gap.last_day = last->day;
		memcpy(gap.base, last->base, sizeof(gap.base));
		memcpy(gap.quote, last->quote, sizeof(gap.quote));
	}
	*ret_gap = gap;
	return LIB_NOTFOUND;
}

const struct rate *rate_neighbour(const struct rate_table *table, const struct rate_query *query, bool later)
{
	struct rate key = key_of(query, query->day);
	size_t n = count_before(table, &key, later);
	if (later) return n < table->count && same_series(&table->rates[n], &key) ? &table->rates[n] : NULL;
	return n > 0 && same_series(&table->rates[n - 1], &key) ? &table->rates[n - 1] : NULL;
}

/* One more step of the path, to that currency. */
static int add_step(const struct rate_table *table, const struct rate_query *query, const char to[4],
	struct rate_path *path, struct rate_gap *ret_gap)
{
	struct rate_query step = *query;
	const struct rate *rate = NULL;
	memcpy(step.from, path->to, sizeof(step.from));
	memcpy(step.to, to, sizeof(step.to));
	if (strcmp(step.from, step.to) == 0) return 0;
	int error = rate_find(table, &step, &rate, ret_gap);
	return error == 0 ? rate_path_add(path, rate) : error;
}

int rate_route(const struct rate_table *table, const struct rate_query *query, struct rate_path *ret_path,
	struct rate_gap *ret_gap)
{
	struct rate_path path;
	if (!is_code(query->from) || !is_code(query->to)) return LIB_INVALID;
	int error = rate_path_init(&path, text_of(query->from));
	bool same = strcmp(query->from, query->to) == 0;
	if (error == 0 && query->pivot[0] != '\0' && !same) {
		error = is_code(query->pivot) ? add_step(table, query, query->pivot, &path, ret_gap) : LIB_INVALID;
	}
	if (error == 0) error = add_step(table, query, query->to, &path, ret_gap);
	if (error == 0) *ret_path = path;
	return error;
}

int rate_convert_on(const struct rate_table *table, struct zf_money amount, const struct rate_query *query,
	enum decimal_rule rule, struct rate_conversion *ret, struct rate_gap *ret_gap)
{
	struct rate_query from = *query;
	struct rate_path path;
	if (!amount.present) return LIB_INVALID;
	memcpy(from.from, amount.currency, sizeof(from.from));
	int error = rate_route(table, &from, &path, ret_gap);
	return error == 0 ? rate_convert(amount, &path, rule, ret) : error;
}

void rate_gap_fault(struct fault_list *faults, const char *path, const struct rate_gap *gap)
{
	char what[32], day[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE], both[2 * DATE_TEXT_SIZE + 4];
	(void)snprintf(what, sizeof(what), "%.3s/%.3s (%s)", gap->base, gap->quote, rate_source_name(gap->source));
	(void)date_format_day(gap->day, day);
	if (!gap->known) {
		fault_add(faults, FAULT_RATE_NEVER, path, what, day);
		return;
	}
	(void)date_format_day(gap->last_day, last);
	(void)snprintf(both, sizeof(both), "%s (%s)", day, last);
	fault_add(faults, FAULT_RATE_GAP, path, what, both);
}
