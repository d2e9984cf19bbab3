/* Records of a CSV file to rates, as a profile says. */
#include "model/rate_csv.h"

#include <stdio.h>
#include <string.h>

#include "lib/csv.h"

/* What a column of the file is. */
enum column_kind { COLUMN_IGNORED = 0, COLUMN_DAY, COLUMN_CURRENCY, COLUMN_PER, COLUMN_PRICE };

struct column {
	const char *name; /* in the arena */
	uint8_t kind;     /* enum column_kind */
	uint8_t price;    /* which of the profile's */
	bool usable;      /* RATE_CSV_WIDE: the rate below is known */
	struct rate rate; /* RATE_CSV_WIDE: pair and per of its cells */
};

struct reader {
	const struct rate_csv_profile *profile;
	struct rate_batch batch;
	struct csv_reader csv;
	struct column *columns;
	uint32_t count;
	uint8_t day, currency, per, price; /* which columns were found: the price as bits */
};

/* A cell's text in the arena; NULL without memory, which the batch then knows. */
static const char *copy(struct reader *reader, struct text_span text)
{
	const char *ret = zf_strndup(reader->batch.arena, text.ptr, text.len);
	if (ret == NULL) reader->batch.no_memory = true;
	return ret;
}

static void tell(struct reader *reader, enum fault_code code, uint32_t line, const char *column, const char *arg1,
	const char *arg2)
{
	fault_addf(reader->batch.faults, code, arg1, arg2, "%u:%s", line, column);
}

/* The profile's currency of that name, or the name where it has none for it. */
static struct text_span unalias(const struct rate_csv_profile *profile, struct text_span name)
{
	for (size_t i = 0; i < profile->alias_count; i++) {
		if (text_is(name, profile->aliases[i].name)) return text_of(profile->aliases[i].currency);
	}
	return name;
}

/* "100JPY/CNY": the pair that a heading says of itself. False: it says none. */
static bool read_pair(struct text_span name, struct rate *ret)
{
	size_t digits = 0;
	uint32_t per = 0;
	while (digits < name.len && digits < 6 && name.ptr[digits] >= '0' && name.ptr[digits] <= '9') {
		per = per * 10 + (uint32_t)(name.ptr[digits++] - '0');
	}
	if (name.len != digits + 7 || name.ptr[digits + 3] != '/') return false;
	ret->per = digits == 0 ? 1 : per;
	memcpy(ret->base, name.ptr + digits, 3);
	memcpy(ret->quote, name.ptr + digits + 4, 3);
	return true;
}

/* Pair and per of what a heading or a cell calls a currency, as the quoting table has it. False with a fault. */
static bool resolve(
	struct reader *reader, struct text_span name, uint32_t line, const char *column, struct rate *ret_rate)
{
	const struct rate_quoting_table *quoting = reader->profile->quoting;
	struct rate said = {.per = 0};
	struct text_span code = unalias(reader->profile, name);
	char shown[FAULT_ARG_BYTES_MAX + 1];
	text_copy_cut(name, shown, sizeof(shown));
	if (read_pair(code, &said)) {
		bool foreign_last = strcmp(said.base, quoting->home) == 0;
		code = text_of(foreign_last ? said.quote : said.base);
	}
	if (!currency_is_money(code)) {
		tell(reader, FAULT_CURRENCY_UNKNOWN, line, column, shown, NULL);
		return false;
	}
	char currency[4] = {code.ptr[0], code.ptr[1], code.ptr[2], '\0'};
	int err = rate_quoting_apply(quoting, currency, ret_rate);
	if (err != 0) {
		tell(reader, err == ERR_NOTFOUND ? FAULT_RATE_QUOTING : FAULT_RATE_PAIR, line, column, currency, NULL);
		return false;
	}
	bool same = strcmp(said.base, ret_rate->base) == 0 && strcmp(said.quote, ret_rate->quote) == 0;
	if (said.per != 0 && (!same || said.per != ret_rate->per)) {
		char wanted[32];
		(void)snprintf(wanted, sizeof(wanted), "%u %s = ? %s", ret_rate->per, ret_rate->base, ret_rate->quote);
		tell(reader, FAULT_RATE_FORM, line, column, shown, wanted);
		return false;
	}
	return true;
}

static bool is_ignored(const struct rate_csv_profile *profile, struct text_span name)
{
	for (size_t i = 0; profile->ignored != NULL && profile->ignored[i] != NULL; i++) {
		if (text_is(name, profile->ignored[i])) return true;
	}
	return name.len == 0;
}

/* Finds out what the n-th column is; true when nothing is wrong with it. */
static bool take_heading(struct reader *reader, struct text_span name, uint32_t line, struct column *column)
{
	const struct rate_csv_profile *profile = reader->profile;
	column->name = copy(reader, name);
	if (column->name == NULL) return false;
	uint8_t bit = 1, *seen = NULL;
	if (text_is(name, profile->day_column)) {
		column->kind = COLUMN_DAY;
		seen = &reader->day;
	} else if (profile->layout == RATE_CSV_WIDE) {
		if (is_ignored(profile, name)) return true;
		column->kind = COLUMN_PRICE;
		column->rate.source = profile->prices[0].source;
		column->usable = resolve(reader, name, line, column->name, &column->rate);
		return column->usable;
	} else if (text_is(name, profile->currency_column)) {
		column->kind = COLUMN_CURRENCY;
		seen = &reader->currency;
	} else if (profile->per_column != NULL && text_is(name, profile->per_column)) {
		column->kind = COLUMN_PER;
		seen = &reader->per;
	}
	for (uint8_t i = 0; profile->layout == RATE_CSV_LONG && i < RATE_CSV_PRICES_MAX; i++) {
		if (profile->prices[i].column == NULL || !text_is(name, profile->prices[i].column)) continue;
		column->kind = COLUMN_PRICE;
		column->price = i;
		seen = &reader->price;
		bit = (uint8_t)(1u << i);
	}
	if (seen != NULL && (*seen & bit) != 0) {
		tell(reader, FAULT_RATE_COLUMN_TWICE, line, column->name, column->name, NULL);
		return false;
	}
	if (seen != NULL) *seen |= bit;
	return true;
}

static void want_column(struct reader *reader, bool there, const char *name, uint32_t line)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%u", line);
	if (!there) fault_add(reader->batch.faults, FAULT_RATE_COLUMN, text, name, NULL);
}

/* The record with the columns' names. False: nothing behind it can be understood. */
static bool take_header(struct reader *reader, const struct csv_record *record)
{
	const struct rate_csv_profile *profile = reader->profile;
	bool good = true;
	reader->columns = zf_alloc_array(reader->batch.arena, record->count, sizeof(*reader->columns));
	if (reader->columns == NULL) {
		reader->batch.no_memory = true;
		return false;
	}
	reader->count = record->count;
	for (uint32_t i = 0; i < record->count; i++) {
		good = take_heading(reader, text_trim(record->fields[i]), record->line, &reader->columns[i]) && good;
	}
	want_column(reader, reader->day != 0, profile->day_column, record->line);
	if (profile->layout == RATE_CSV_LONG) {
		want_column(reader, reader->currency != 0, profile->currency_column, record->line);
		want_column(reader, reader->per != 0 || profile->per_column == NULL, profile->per_column, record->line);
		for (uint8_t i = 0; i < RATE_CSV_PRICES_MAX && profile->prices[i].column != NULL; i++) {
			bool there = (reader->price & 1u << i) != 0;
			want_column(reader, there, profile->prices[i].column, record->line);
			good = good && there;
		}
		good = good && (reader->per != 0 || profile->per_column == NULL);
		return good && reader->day != 0 && reader->currency != 0;
	}
	/* Wide: a heading that is not understood spoils its own column only; the faults of the others are told too. */
	return reader->day != 0 && !reader->batch.no_memory;
}

/* Is there no rate in the cell? */
static bool is_none(struct text_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '-') return false;
	}
	return true;
}

static unsigned decimals_max(const struct rate_csv_profile *profile)
{
	return profile->decimals_max == 0 ? RATE_CSV_DECIMALS_DEFAULT : profile->decimals_max;
}

/* The bank would buy for more than it sells for: the columns are swapped. */
static void check_spread(
	struct reader *reader, const struct rate *buy, const struct rate *sell, uint32_t line, const char *column)
{
	bool inverse = strcmp(buy->base, reader->profile->quoting->home) == 0;
	int order = rate_compare(buy, sell);
	char buy_text[RATE_TEXT_SIZE], sell_text[RATE_TEXT_SIZE];
	if (inverse ? order >= 0 : order <= 0) return;
	rate_format(buy, buy_text);
	rate_format(sell, sell_text);
	tell(reader, FAULT_RATE_SPREAD, line, column, buy_text, sell_text);
}

/* A price with the point that decimals have; what has both is left to be refused. */
static struct text_span with_point(struct reader *reader, struct text_span text)
{
	char decimal = reader->profile->decimal, *copied;
	if (decimal == '\0' || decimal == '.') return text;
	copied = zf_strndup(reader->batch.arena, text.ptr, text.len);
	if (copied == NULL) {
		reader->batch.no_memory = true;
		return text;
	}
	for (size_t i = 0; i < text.len; i++)
		copied[i] = text.ptr[i] == decimal ? '.' : text.ptr[i] == '.' ? decimal : text.ptr[i];
	return (struct text_span){copied, text.len};
}

/* The prices of one record. pair: RATE_CSV_LONG's, when it is known. */
static void take_prices(
	struct reader *reader, const struct csv_record *record, const struct rate *pair, bool dated, int32_t day)
{
	const struct rate_csv_profile *profile = reader->profile;
	struct rate taken[RATE_CSV_PRICES_MAX];
	const char *name = "";
	unsigned have = 0;
	for (uint32_t i = 0; i < record->count; i++) {
		const struct column *column = &reader->columns[i];
		struct text_span text = text_trim(record->fields[i]);
		if (column->kind != COLUMN_PRICE || is_none(text)) continue;
		bool wide = profile->layout == RATE_CSV_WIDE;
		if (wide ? !column->usable : pair == NULL) continue;
		struct rate rate = wide ? column->rate : *pair;
		rate.source = profile->prices[column->price].source;
		rate.day = day;
		bool kept = rate_batch_add(&reader->batch, &rate, dated, with_point(reader, text),
			decimals_max(profile), record->line, column->name);
		if (!kept || wide) continue;
		taken[column->price] = rate;
		have |= 1u << column->price;
		name = column->name;
	}
	if (have == 3) check_spread(reader, &taken[0], &taken[1], record->line, name);
}

/* The units of a record must be those that the table has for its currency. */
static bool check_per(
	struct reader *reader, struct text_span text, const struct rate *pair, uint32_t line, const char *column)
{
	char shown[FAULT_ARG_BYTES_MAX + 1], wanted[16];
	int64_t per;
	if (text_to_int64(text, &per) == 0 && per == pair->per) return true;
	(void)snprintf(wanted, sizeof(wanted), "%u", pair->per);
	tell(reader, FAULT_RATE_FORM, line, column, text_copy_cut(text, shown, sizeof(shown)), wanted);
	return false;
}

static void take_record(struct reader *reader, const struct csv_record *record)
{
	struct rate pair = {.per = 0};
	bool dated = false, known = false;
	int32_t day = 0;
	for (uint32_t i = 0; i < record->count; i++) {
		const struct column *column = &reader->columns[i];
		struct text_span text = text_trim(record->fields[i]);
		if (column->kind == COLUMN_DAY) {
			dated = rate_batch_day(
				&reader->batch, text, reader->profile->day_form, record->line, column->name, &day);
		} else if (column->kind == COLUMN_CURRENCY) {
			known = resolve(reader, text, record->line, column->name, &pair);
		}
	}
	for (uint32_t i = 0; known && i < record->count; i++) {
		const struct column *column = &reader->columns[i];
		if (column->kind != COLUMN_PER) continue;
		known = check_per(reader, text_trim(record->fields[i]), &pair, record->line, column->name);
	}
	take_prices(reader, record, known ? &pair : NULL, dated, day);
}

/* Nothing in it, or a note of the publisher. */
static bool is_note(const struct rate_csv_profile *profile, const struct csv_record *record)
{
	if (profile->footer != NULL && text_has_prefix(text_trim(record->fields[0]), profile->footer)) return true;
	for (uint32_t i = 0; i < record->count; i++) {
		if (text_trim(record->fields[i]).len > 0) return false;
	}
	return true;
}

static void tell_fields(struct reader *reader, const struct csv_record *record)
{
	char found[16], wanted[16];
	(void)snprintf(found, sizeof(found), "%u", record->count);
	(void)snprintf(wanted, sizeof(wanted), "%u", reader->count);
	fault_addf(reader->batch.faults, FAULT_CSV_FIELDS, found, wanted, "%u", record->line);
}

static int read_records(struct reader *reader)
{
	struct csv_record record;
	uint32_t n = 0;
	int rc = 0;
	while (!reader->batch.no_memory && (rc = csv_next(&reader->csv, &record)) == 1) {
		if (n < reader->profile->skip) {
			n++;
		} else if (is_note(reader->profile, &record)) {
			continue;
		} else if (reader->columns == NULL) {
			if (!take_header(reader, &record)) return ERR_INVALID;
		} else if (record.count != reader->count) {
			tell_fields(reader, &record);
		} else {
			take_record(reader, &record);
		}
	}
	return rc;
}

int rate_csv_read(struct text_span text, const struct rate_csv_profile *profile, const struct rate_reading *reading,
	struct zf_arena *arena, struct fault_list *faults, struct rate_table *ret_table)
{
	struct reader reader = {.profile = profile};
	char separator = profile->separator == '\0' ? ',' : profile->separator;
	int err = rate_batch_init(&reader.batch, reading, text.len, arena, faults);
	if (err == 0) err = csv_init(&reader.csv, text, separator, profile->open_end, arena, faults);
	if (err == 0) err = read_records(&reader);
	if (err == ERR_NOMEM) return err;
	int end = rate_batch_finish(&reader.batch, ret_table); /* tells what else is wrong */
	return err != 0 && end != ERR_NOMEM ? err : end;
}
