/* A heading, then a price a record. */
#include "model/price_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/csv.h"
#include "lib/currency.h"

#define SYSTEM_BYTES_MAX 200
#define CODE_BYTES_MAX 100
#define TITLE_BYTES_MAX 200
#define COLUMN_NONE UINT32_MAX

const char *const price_list_columns[PRICE_COLUMNS] = {"system", "code", "price", "currency", "name"};
static const char *const chinese_columns[PRICE_COLUMNS] = {"编码系统", "编码", "单价", "币种", "名称"};

struct reader {
	struct csv_reader csv;
	struct zf_arena *arena;
	struct fault_list *faults;
	uint32_t at[PRICE_COLUMNS]; /* which field has it; COLUMN_NONE: none */
	uint32_t columns;           /* fields of the heading; 0: it has not come yet */
	struct price *items;
	uint32_t count, capacity;
	char currency[4]; /* of the first price; "" before it */
	bool no_memory;
};

static void tell(struct reader *reader, enum fault_code code, uint32_t line, enum price_column column, const char *arg1,
	const char *arg2)
{
	fault_addf(reader->faults, code, arg1, arg2, "%u:%s", line, price_list_columns[column]);
}

/* Text of one line that a person can read, and no more of it than that. */
static bool is_line(struct text_span text, size_t bytes_max)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return false;
	return text.len <= bytes_max;
}

bool price_list_named(const char *name)
{
	struct text_span text = text_of(name);

	return text.len > 0 && text_trim(text).len == text.len && is_line(text, PRICE_NAME_MAX) &&
	       text_utf8_valid(text.ptr, text.len);
}

/* ---- the heading ---- */

static void take_heading(struct reader *reader, const struct csv_record *record)
{
	char line[16];
	char shown[FAULT_ARG_BYTES_MAX + 1];

	(void)snprintf(line, sizeof(line), "%u", record->line);
	reader->columns = record->count;
	for (int k = 0; k < PRICE_COLUMNS; k++) reader->at[k] = COLUMN_NONE;
	for (uint32_t i = 0; i < record->count; i++) {
		struct text_span name = text_trim(record->fields[i]);
		int k = 0;

		while (k < PRICE_COLUMNS && !text_is(name, price_list_columns[k]) && !text_is(name, chinese_columns[k]))
			k++;
		(void)text_copy_cut(name, shown, sizeof(shown));
		if (k == PRICE_COLUMNS)
			fault_add(reader->faults, FAULT_PRICE_COLUMN_OTHER, line, shown, NULL);
		else if (reader->at[k] != COLUMN_NONE)
			fault_add(reader->faults, FAULT_PRICE_COLUMN_TWICE, line, shown, NULL);
		else
			reader->at[k] = i;
	}
	for (int k = 0; k < PRICE_TITLE; k++)
		if (reader->at[k] == COLUMN_NONE)
			fault_add(reader->faults, FAULT_PRICE_COLUMN, line, price_list_columns[k], chinese_columns[k]);
}

/* ---- a price ---- */

static struct text_span cell(const struct reader *reader, const struct csv_record *record, enum price_column column)
{
	return reader->at[column] == COLUMN_NONE ? (struct text_span){"", 0}
						 : text_trim(record->fields[reader->at[column]]);
}

/* A text that must be there, unless it is the title. False with a fault. */
static bool take_text(struct reader *reader, const struct csv_record *record, enum price_column column,
	size_t bytes_max, struct text_span *ret)
{
	char limit[16];

	*ret = cell(reader, record, column);
	if (ret->len == 0 && column != PRICE_TITLE) {
		if (reader->at[column] != COLUMN_NONE)
			tell(reader, FAULT_PRICE_MISSING, record->line, column, NULL, NULL);
		return false;
	}
	if (is_line(*ret, bytes_max)) return true;
	(void)snprintf(limit, sizeof(limit), "%zu", bytes_max);
	tell(reader, FAULT_PRICE_TEXT, record->line, column, limit, NULL);
	return false;
}

/* A plain number: an exponent, a sign, a thousand's mark are none. */
static bool take_value(struct reader *reader, const struct csv_record *record, struct zf_decimal *ret)
{
	char shown[FAULT_ARG_BYTES_MAX + 1];
	struct text_span text;

	if (!take_text(reader, record, PRICE_VALUE, FAULT_ARG_BYTES_MAX, &text)) return false;
	(void)text_copy_cut(text, shown, sizeof(shown));
	for (size_t i = 0; i < text.len; i++) {
		if (text_is_digit(text.ptr[i]) || text.ptr[i] == '.') continue;
		tell(reader, FAULT_PRICE_VALUE, record->line, PRICE_VALUE, shown, NULL);
		return false;
	}
	int err = decimal_parse(text, ret);
	if (err == 0 && ret->scale <= PRICE_DECIMALS_MAX) return true;
	tell(reader, err == LIB_INVALID ? FAULT_PRICE_VALUE : FAULT_PRICE_DECIMALS, record->line, PRICE_VALUE, shown,
		"6");
	return false;
}

/* All prices of a list are in one. */
static bool take_currency(struct reader *reader, const struct csv_record *record)
{
	char shown[FAULT_ARG_BYTES_MAX + 1];
	struct text_span text;

	if (!take_text(reader, record, PRICE_CURRENCY, FAULT_ARG_BYTES_MAX, &text)) return false;
	(void)text_copy_cut(text, shown, sizeof(shown));
	if (!currency_is_money(text)) {
		tell(reader, FAULT_CURRENCY_UNKNOWN, record->line, PRICE_CURRENCY, shown, NULL);
		return false;
	}
	if (reader->currency[0] == '\0') memcpy(reader->currency, text.ptr, 3);
	if (text_is(text, reader->currency)) return true;
	tell(reader, FAULT_PRICE_CURRENCY, record->line, PRICE_CURRENCY, shown, reader->currency);
	return false;
}

static bool grow(struct reader *reader)
{
	uint32_t capacity = reader->capacity == 0 ? 256 : 2 * reader->capacity;
	struct price *items;

	if (reader->count < reader->capacity) return true;
	items = zf_alloc_array(reader->arena, capacity, sizeof(*items));
	if (items == NULL) return false;
	if (reader->count > 0) memcpy(items, reader->items, reader->count * sizeof(*items));
	reader->items = items;
	reader->capacity = capacity;
	return true;
}

static void take_price(struct reader *reader, const struct csv_record *record)
{
	struct price price = {.line = record->line};
	bool good = take_text(reader, record, PRICE_SYSTEM, SYSTEM_BYTES_MAX, &price.system);

	good = take_text(reader, record, PRICE_CODE, CODE_BYTES_MAX, &price.code) && good;
	good = take_value(reader, record, &price.value) && good;
	good = take_currency(reader, record) && good;
	good = take_text(reader, record, PRICE_TITLE, TITLE_BYTES_MAX, &price.name) && good;
	if (!good) return;
	if (!grow(reader))
		reader->no_memory = true;
	else
		reader->items[reader->count++] = price;
}

/* ---- the file ---- */

static int span_order(struct text_span a, struct text_span b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int price_order(const void *a, const void *b)
{
	const struct price *one = a, *other = b;
	int order = span_order(one->system, other->system);

	if (order == 0) order = span_order(one->code, other->code);
	return order != 0 ? order : (one->line > other->line) - (one->line < other->line);
}

/* A code has one price. They are sorted for that. */
static void check_twice(struct reader *reader)
{
	if (reader->count > 0) qsort(reader->items, reader->count, sizeof(*reader->items), price_order);
	for (uint32_t i = 1; i < reader->count; i++) {
		const struct price *before = &reader->items[i - 1], *price = &reader->items[i];
		char shown[FAULT_ARG_BYTES_MAX + 1], line[16];

		if (!text_equal(before->system, price->system) || !text_equal(before->code, price->code)) continue;
		(void)text_copy_cut(price->code, shown, sizeof(shown));
		(void)snprintf(line, sizeof(line), "%u", before->line);
		tell(reader, FAULT_PRICE_TWICE, price->line, PRICE_CODE, shown, line);
	}
}

static void tell_fields(struct reader *reader, const struct csv_record *record)
{
	char found[16], wanted[16];

	(void)snprintf(found, sizeof(found), "%u", record->count);
	(void)snprintf(wanted, sizeof(wanted), "%u", reader->columns);
	fault_addf(reader->faults, FAULT_CSV_FIELDS, found, wanted, "%u", record->line);
}

static int read_records(struct reader *reader)
{
	struct csv_record record;
	uint32_t records = 0;
	int r;

	while ((r = csv_next(&reader->csv, &record)) == 1) {
		if (reader->columns == 0) {
			take_heading(reader, &record);
		} else if (++records > PRICES_MAX) {
			char limit[16];
			(void)snprintf(limit, sizeof(limit), "%d", PRICES_MAX);
			fault_addf(reader->faults, FAULT_TOO_MANY, limit, NULL, "%u", record.line);
			return ERR_INVALID;
		} else if (record.count != reader->columns) {
			tell_fields(reader, &record);
		} else {
			take_price(reader, &record);
		}
		if (reader->no_memory) return ERR_NOMEM;
	}
	return r;
}

int price_list_read(struct text_span text, struct zf_arena *arena, struct fault_list *faults, struct price_list *ret)
{
	struct reader reader = {.arena = arena, .faults = faults};
	int r = csv_init(&reader.csv, text, ',', false, arena, faults);

	if (r == 0) r = read_records(&reader);
	if (r == ERR_NOMEM) return r;
	check_twice(&reader);
	if (r == 0 && reader.count == 0 && !fault_refuses(faults)) fault_add(faults, FAULT_PRICE_NONE, "", NULL, NULL);
	if (faults->no_memory) return ERR_NOMEM;
	if (r < 0 || fault_refuses(faults)) return ERR_INVALID;
	*ret = (struct price_list){.items = reader.items, .count = reader.count};
	memcpy(ret->currency, reader.currency, sizeof(ret->currency));
	return 0;
}
