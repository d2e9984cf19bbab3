/* Checks of the rates of one file. */
#include "model/rate_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/date.h"
#include "model/rate_doubt.h"

#define WITH_DAY_SIZE (RATE_TEXT_SIZE + DATE_TEXT_SIZE + 16)

/* "12:USD/CNY", or "USD/CNY" where there are no lines. */
static const char *place(uint32_t line, const char *column, char ret[FAULT_PATH_BYTES_MAX + 1])
{
	if (line == 0) {
		(void)snprintf(ret, FAULT_PATH_BYTES_MAX + 1, "%s", column);
	} else {
		(void)snprintf(ret, FAULT_PATH_BYTES_MAX + 1, "%u:%s", line, column);
	}
	return ret;
}

static void tell(struct rate_batch *batch, enum fault_code code, uint32_t line, const char *column, const char *arg1,
	const char *arg2)
{
	char path[FAULT_PATH_BYTES_MAX + 1];
	fault_add(batch->faults, code, place(line, column, path), arg1, arg2);
}

/* "1 USD = 7.1000 CNY (2026-09-23)", and the line when there is one. */
static const char *with_day(const struct rate *rate, uint32_t line, char ret[WITH_DAY_SIZE])
{
	char price[RATE_TEXT_SIZE], day[DATE_TEXT_SIZE];
	rate_format(rate, price);
	(void)date_format_day(rate->day, day);
	if (line == 0) {
		(void)snprintf(ret, WITH_DAY_SIZE, "%s (%s)", price, day);
	} else {
		(void)snprintf(ret, WITH_DAY_SIZE, "%s (%u)", price, line);
	}
	return ret;
}

int rate_batch_init(struct rate_batch *batch, const struct rate_reading *reading, size_t len, struct zf_arena *arena,
	struct fault_list *faults)
{
	size_t bytes_max = reading->bytes_max == 0 ? RATE_FILE_BYTES_MAX : reading->bytes_max;
	char limit[24];
	*batch = (struct rate_batch){.reading = reading, .arena = arena, .faults = faults};
	if (len <= bytes_max) return 0;
	(void)snprintf(limit, sizeof(limit), "%zu", bytes_max);
	fault_add(faults, FAULT_TOO_LARGE, "", limit, NULL);
	return ERR_LIMIT;
}

bool rate_batch_day(struct rate_batch *batch, struct text_span text, const char *form, uint32_t line,
	const char *column, int32_t *ret_day)
{
	char shown[FAULT_ARG_BYTES_MAX + 1], today[DATE_TEXT_SIZE];
	int64_t day;
	if (date_parse_form(text, form, &day) != 0) {
		tell(batch, FAULT_RATE_DAY, line, column, text_copy_cut(text, shown, sizeof(shown)), form);
		return false;
	}
	if (day > batch->reading->today) {
		(void)date_format_day(batch->reading->today, today);
		tell(batch, FAULT_RATE_FUTURE, line, column, text_copy_cut(text, shown, sizeof(shown)), today);
		return false;
	}
	*ret_day = (int32_t)day;
	return true;
}

/* Decimals that say something: those behind the last digit other than 0 do not. */
static size_t decimals_of(struct text_span text)
{
	const char *point = text.len == 0 ? NULL : memchr(text.ptr, '.', text.len);
	if (point == NULL) return 0;
	size_t n = (size_t)(text.ptr + text.len - point) - 1;
	while (n > 0 && point[n] == '0') n--;
	return n;
}

/* A plain decimal number: what JSON allows, without its exponent. */
static bool is_plain(struct text_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("0123456789.-", text.ptr[i]) == NULL || text.ptr[i] == '\0') return false;
	}
	return true;
}

static bool grow(struct rate_batch *batch)
{
	if (batch->count < batch->cap) return true;
	uint32_t cap = batch->cap == 0 ? 64 : batch->cap * 2;
	struct rate_item *items = zf_alloc_array(batch->arena, cap, sizeof(*items));
	if (items == NULL) {
		batch->no_memory = true;
		return false;
	}
	if (batch->count > 0) memcpy(items, batch->items, batch->count * sizeof(*items));
	batch->items = items;
	batch->cap = cap;
	return true;
}

static bool keep(struct rate_batch *batch, const struct rate *rate, uint32_t line, const char *column)
{
	uint32_t max = batch->reading->count_max == 0 ? RATE_FILE_COUNT_MAX : batch->reading->count_max;
	if (batch->count == max) {
		char limit[16];
		(void)snprintf(limit, sizeof(limit), "%u", max);
		tell(batch, FAULT_TOO_MANY, line, column, limit, NULL);
		return false;
	}
	if (!grow(batch)) return false;
	batch->items[batch->count++] = (struct rate_item){.rate = *rate, .column = column, .line = line};
	return true;
}

bool rate_batch_add(struct rate_batch *batch, struct rate *rate, bool dated, struct text_span text,
	unsigned decimals_max, uint32_t line, const char *column)
{
	char shown[FAULT_ARG_BYTES_MAX + 1], most[16];
	int error = is_plain(text) ? decimal_parse(text, &rate->value) : LIB_INVALID;
	if (error != LIB_INVALID && decimals_of(text) > decimals_max) {
		(void)snprintf(most, sizeof(most), "%u", decimals_max);
		tell(batch, FAULT_RATE_DECIMALS, line, column, text_copy_cut(text, shown, sizeof(shown)), most);
		return false;
	}
	if (error != 0) {
		tell(batch, FAULT_RATE_VALUE, line, column, text_copy_cut(text, shown, sizeof(shown)), NULL);
		return false;
	}
	if (decimal_sign(rate->value) <= 0) {
		tell(batch, FAULT_RATE_NOT_POSITIVE, line, column, text_copy_cut(text, shown, sizeof(shown)), NULL);
		return false;
	}
	rate->bank = batch->reading->bank;
	return dated && keep(batch, rate, line, column);
}

/* In the order of tables; those of one place in the order of the file. */
static int compare_items(const void *a, const void *b)
{
	const struct rate_item *one = a, *other = b;
	int order = rate_order(&one->rate, &other->rate);
	return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

/* Leaves out what is there twice with the same value. */
static void drop_repeats(struct rate_batch *batch)
{
	uint32_t kept = 0;
	char this_text[WITH_DAY_SIZE], other_text[WITH_DAY_SIZE];
	for (uint32_t i = 0; i < batch->count; i++) {
		struct rate_item *item = &batch->items[i];
		struct rate_item *before = kept == 0 ? NULL : &batch->items[kept - 1];
		if (before == NULL || rate_order(&before->rate, &item->rate) != 0) {
			batch->items[kept++] = *item;
		} else if (rate_compare(&before->rate, &item->rate) != 0) {
			tell(batch, FAULT_RATE_TWICE, item->line, item->column, with_day(&item->rate, 0, this_text),
				with_day(&before->rate, before->line, other_text));
		}
	}
	batch->count = kept;
}

static struct rate_query query_of(const struct rate *rate)
{
	struct rate_query query = {.source = rate->source, .bank = rate->bank, .day = rate->day};
	memcpy(query.from, rate->base, sizeof(query.from));
	memcpy(query.to, rate->quote, sizeof(query.to));
	return query;
}

/* The known rate of the same place. */
static const struct rate *known_of(const struct rate_reading *reading, const struct rate *rate)
{
	struct rate_query query = query_of(rate);
	const struct rate *known;
	struct rate_gap gap;
	return rate_find(&reading->known, &query, &known, &gap) == 0 ? known : NULL;
}

/* When the value of that rate was corrected; NULL: it never counted for its place. */
static const char *corrected_at(const struct rate_past *past, const struct rate *rate)
{
	size_t low = 0, high = past->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (rate_order(&past->rates[mid], rate) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < past->count && rate_order(&past->rates[low], rate) == 0; low++) {
		if (rate_compare(&past->rates[low], rate) == 0) return past->until[low];
	}
	return NULL;
}

/* Of two rates the one whose day is nearer to `day`; either may be NULL. */
static const struct rate *nearer(const struct rate *a, const struct rate *b, int32_t day)
{
	if (a == NULL || b == NULL) return a == NULL ? b : a;
	int64_t from_a = (int64_t)day - a->day, from_b = (int64_t)day - b->day;
	return (from_a < 0 ? -from_a : from_a) <= (from_b < 0 ? -from_b : from_b) ? a : b;
}

/* What a rate is held against among the known ones: the last before it, else the first after it, else the nearest of
 * that pair from another source. */
static const struct rate *known_near(const struct rate_reading *reading, const struct rate *rate)
{
	struct rate_query query = query_of(rate);
	const struct rate *near = rate_neighbour(&reading->known, &query, false);
	if (near == NULL) near = rate_neighbour(&reading->known, &query, true);
	if (near != NULL) return near;
	for (int source = RATE_CFETS; source < RATE_SOURCE_COUNT; source++) {
		query.source = (uint8_t)source;
		query.bank = source == RATE_BANK_BUY || source == RATE_BANK_SELL ? rate->bank : 0;
		query.day = rate->day + 1; /* its own day is one before it */
		near = nearer(near, rate_neighbour(&reading->known, &query, false), rate->day);
	}
	return near;
}

static enum rate_doubt doubt_of(const struct rate_reading *reading, const struct rate *rate, const struct rate *near)
{
	enum rate_doubt doubt = rate_doubt(rate, near, reading->bound);
	int64_t days = (int64_t)rate->day - near->day;
	bool old = days > RATE_NEAR_DAYS || days < -RATE_NEAR_DAYS;
	return doubt == RATE_FAR && old ? RATE_PLAUSIBLE : doubt;
}

static void tell_doubt(
	struct rate_batch *batch, const struct rate_item *item, enum rate_doubt doubt, const struct rate *before)
{
	static const enum fault_code codes[] = {
		[RATE_FAR] = FAULT_RATE_FAR,
		[RATE_UPSIDE_DOWN] = FAULT_RATE_UPSIDE_DOWN,
		[RATE_HUNDREDFOLD] = FAULT_RATE_HUNDREDFOLD,
		[RATE_HUNDREDTH] = FAULT_RATE_HUNDREDTH,
		[RATE_UPSIDE_DOWN_HUNDREDS] = FAULT_RATE_UPSIDE_DOWN_HUNDREDS,
	};
	char path[FAULT_PATH_BYTES_MAX + 1], this_text[WITH_DAY_SIZE], before_text[WITH_DAY_SIZE];
	bool mild = doubt == RATE_FAR && batch->reading->far_allowed;
	fault_add_as(batch->faults, codes[doubt], mild ? FAULT_WARNING : FAULT_FAULT,
		place(item->line, item->column, path), with_day(&item->rate, 0, this_text),
		with_day(before, 0, before_text));
}

/* Whether the value differs from what is stored for that day, and was never stored either. */
static void check_changed(struct rate_batch *batch, struct rate_item *item)
{
	const struct rate_reading *reading = batch->reading;
	const struct rate *known = known_of(reading, &item->rate);
	char path[FAULT_PATH_BYTES_MAX + 1], this_text[WITH_DAY_SIZE], other_text[WITH_DAY_SIZE];
	char noted[FAULT_ARG_BYTES_MAX + 1];
	if (known == NULL) return;
	bool same = rate_compare(known, &item->rate) == 0;
	if (!same && !reading->corrects) item->until = corrected_at(&reading->past, &item->rate);
	if (same || item->until != NULL) {
		item->counts = known;
		return;
	}
	with_day(known, 0, other_text);
	if (reading->notes != NULL) {
		(void)snprintf(
			noted, sizeof(noted), "%s, %s", other_text, reading->notes[known - reading->known.rates]);
	}
	fault_add_as(batch->faults, FAULT_RATE_CHANGED, reading->corrects ? FAULT_WARNING : FAULT_FAULT,
		place(item->line, item->column, path), with_day(&item->rate, 0, this_text),
		reading->notes != NULL ? noted : other_text);
}

static bool same_series(const struct rate *a, const struct rate *b)
{
	return rate_same_pair(a, b) && a->source == b->source && a->bank == b->bank;
}

/* Each rate beside the last good one before it. One that goes with a doubtful one right before it is not told again:
 * either that was the wrong one, or both are. */
static void check_plausible(struct rate_batch *batch)
{
	const struct rate *good = NULL, *doubtful = NULL;
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct rate_item *item = &batch->items[i];
		const struct rate *rate = &item->rate;
		if (i == 0 || !same_series(rate, &batch->items[i - 1].rate)) good = doubtful = NULL;
		if (item->counts != NULL) {
			good = item->counts;
			doubtful = NULL;
			continue;
		}
		const struct rate *near = known_near(batch->reading, rate);
		if (good != NULL && (near == NULL || near->day > rate->day || near->day < good->day)) near = good;
		enum rate_doubt doubt = near == NULL ? RATE_PLAUSIBLE : doubt_of(batch->reading, rate, near);
		bool goes_on = doubtful != NULL && doubt_of(batch->reading, rate, doubtful) == RATE_PLAUSIBLE;
		if (doubt == RATE_PLAUSIBLE || goes_on) {
			good = rate;
			doubtful = NULL;
		} else {
			tell_doubt(batch, item, doubt, near);
			doubtful = rate;
		}
	}
}

/* Said last, so that a long history of them leaves room for what is wrong. */
static void tell_superseded(struct rate_batch *batch)
{
	uint32_t count = 0;
	char path[FAULT_PATH_BYTES_MAX + 1], this_text[WITH_DAY_SIZE], price[RATE_TEXT_SIZE];
	char since[FAULT_ARG_BYTES_MAX + 1];
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct rate_item *item = &batch->items[i];
		if (item->until == NULL) continue;
		rate_format(item->counts, price);
		(void)snprintf(since, sizeof(since), "%s (%s)", item->until, price);
		fault_add(batch->faults, FAULT_RATE_SUPERSEDED, place(item->line, item->column, path),
			with_day(&item->rate, 0, this_text), since);
		count++;
	}
	if (batch->reading->superseded != NULL) *batch->reading->superseded = count;
}

int rate_batch_finish(struct rate_batch *batch, struct rate_table *ret_table)
{
	if (batch->no_memory || batch->faults->no_memory) return ERR_NOMEM;
	if (batch->count == 0 && !fault_refuses(batch->faults)) {
		fault_add(batch->faults, FAULT_RATE_NONE, "", NULL, NULL);
	}
	if (batch->count > 1) qsort(batch->items, batch->count, sizeof(*batch->items), compare_items);
	drop_repeats(batch);
	for (uint32_t i = 0; i < batch->count; i++) check_changed(batch, &batch->items[i]);
	check_plausible(batch);
	tell_superseded(batch);
	if (batch->faults->no_memory) return ERR_NOMEM;
	if (fault_refuses(batch->faults)) return ERR_INVALID;
	struct rate *rates = zf_alloc_array(batch->arena, batch->count, sizeof(*rates));
	if (rates == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct rate_item *item = &batch->items[i];
		rates[i] = item->until != NULL ? *item->counts : item->rate;
	}
	*ret_table = (struct rate_table){.rates = rates, .count = batch->count};
	return 0;
}
