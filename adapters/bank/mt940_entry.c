/* :61:, the entry. 16 characters of the customer's reference, the bank's behind "//", and no separators elsewhere:
 *   YYMMDD [MMDD] [R](C|D) or (E)(C|D) [funds] amount type(1 letter and 3 characters) reference [//reference] [\n text]
 */
#include <stdlib.h>

#include "lib/date.h"
#include "mt940.h"

#define WHERE ":61:"
#define REFERENCE_LEN 16

/* What is left of the field. */
struct cursor {
	const char *at, *end;
};

static size_t left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* The day of an entry has no year: the one that brings it nearest to the value date. */
static bool entry_day(struct text_span digits, int32_t value_day, int32_t *ret_day)
{
	int month, day, year;
	unsigned value_month, in_month;
	int64_t best = INT64_MAX;
	if (!bank_digits(digits.ptr, 2, &month) || !bank_digits(digits.ptr + 2, 2, &day)) return false;
	date_civil_from_days(value_day, &year, &value_month, &in_month);
	for (int y = year - 1; y <= year + 1; y++) {
		if (!date_is_civil(y, (unsigned)month, (unsigned)day)) continue;
		int64_t days = date_days_from_civil(y, (unsigned)month, (unsigned)day);
		if (llabs(days - value_day) >= best) continue;
		best = llabs(days - value_day);
		*ret_day = (int32_t)days;
	}
	return best != INT64_MAX;
}

static bool take_days(struct bank_mt940 *mt940, struct cursor *cursor)
{
	struct bank_entry *entry = &mt940->reader->entry;
	struct text_span rest = {cursor->at, left(cursor)};
	if (!mt940_day(mt940, rest, WHERE, &entry->value_day)) return false;
	entry->booking_day = entry->value_day;
	cursor->at += 6;
	if (left(cursor) < 4 || !text_is_digit(cursor->at[0])) return true;
	rest = (struct text_span){cursor->at, 4};
	if (!entry_day(rest, entry->value_day, &entry->booking_day)) return false;
	cursor->at += 4;
	return true;
}

/* C, D, RC, RD, EC, ED and the third letter of the currency. */
static bool take_mark(struct bank_mt940 *mt940, struct cursor *cursor, bool *ret_out)
{
	struct bank_entry *entry = &mt940->reader->entry;
	entry->status = BANK_STATUS_BOOKED;
	if (left(cursor) >= 2 && (cursor->at[0] == 'R' || cursor->at[0] == 'E')) {
		entry->reversal = cursor->at[0] == 'R';
		if (cursor->at[0] == 'E') entry->status = BANK_STATUS_PENDING;
		cursor->at++;
	}
	if (left(cursor) == 0 || (cursor->at[0] != 'C' && cursor->at[0] != 'D')) return false;
	entry->credit = cursor->at[0] == 'C';
	*ret_out = entry->credit == entry->reversal; /* a reversal turns it round */
	cursor->at++;
	if (left(cursor) > 0 && is_upper(cursor->at[0])) entry->funds[0] = *cursor->at++;
	if (left(cursor) > 0 && (cursor->at[0] == ' ' || cursor->at[0] == '\n')) cursor->at++;
	return true;
}

static void take_amount(struct bank_mt940 *mt940, struct cursor *cursor, bool out)
{
	struct bank_reader *reader = mt940->reader;
	struct bank_number_style style = {.decimal = ','};
	struct text_span amount = {cursor->at, 0};
	while (left(cursor) > 0 && (text_is_digit(*cursor->at) || *cursor->at == ',')) cursor->at++;
	amount.len = (size_t)(cursor->at - amount.ptr);
	if (reader->currency[0] == '\0') {
		/* The fault of the balance that should say it is enough. */
		if (!mt940->opening_seen && !mt940->currency_missed) {
			bank_fault(reader, FAULT_BANK_MISSING, mt940->field_line, "", ":60F:", NULL);
		}
		mt940->currency_missed = true;
		reader->broken = true;
	} else if (!bank_amount(reader, amount, text_of(reader->currency), style, mt940->field_line, WHERE,
			   &reader->entry.amount)) {
		reader->broken = true;
	}
	reader->entry.amount = bank_negated(reader->entry.amount, out);
}

/* NTRF, S051, "N 54": the type. */
static bool take_type(struct bank_mt940 *mt940, struct cursor *cursor)
{
	struct bank_reader *reader = mt940->reader;
	struct text_span type = {cursor->at, 4};
	if (left(cursor) < 4 || !is_upper(type.ptr[0])) return false;
	for (size_t i = 1; i < 4; i++) {
		if (!text_is_digit(type.ptr[i]) && !is_upper(type.ptr[i]) && type.ptr[i] != ' ') return false;
	}
	cursor->at += 4;
	return bank_copy_trimmed(reader, &reader->body, type, &reader->entry.bank_code);
}

static void take_reference(struct bank_mt940 *mt940, struct text_span text, const char **target)
{
	if (bank_is_reference(text)) (void)bank_copy_trimmed(mt940->reader, &mt940->reader->body, text, target);
}

/* What is behind the type: references in the first line, text in the second. */
static void take_references(struct bank_mt940 *mt940, struct cursor *cursor)
{
	struct bank_reader *reader = mt940->reader;
	struct bank_entry *entry = &reader->entry;
	struct text_span rest = {cursor->at, left(cursor)};
	const char *newline = memchr(rest.ptr, '\n', rest.len);
	struct text_span line = {rest.ptr, newline == NULL ? rest.len : (size_t)(newline - rest.ptr)};
	struct text_span more = {NULL, 0};
	if (newline != NULL) more = (struct text_span){newline + 1, rest.len - line.len - 1};
	const char *slashes = memmem(line.ptr, line.len, "//", 2);
	struct text_span customer = line;
	if (slashes != NULL) {
		customer.len = (size_t)(slashes - line.ptr);
		struct text_span bank = {slashes + 2, line.len - customer.len - 2};
		take_reference(mt940, bank, &entry->servicer_reference);
	} else if (line.len > REFERENCE_LEN) {
		/* Some set the text in the same line, behind the reference filled up with spaces. */
		customer.len = text_cut_bytes(line.ptr, line.len, REFERENCE_LEN);
		struct text_span text = {line.ptr + customer.len, line.len - customer.len};
		(void)bank_copy_trimmed(reader, &reader->body, text, &entry->supplementary);
	}
	take_reference(mt940, customer, &entry->customer_reference);
	more = text_trim(more);
	if (more.len > 0) (void)mt940_join(mt940, &reader->body, &entry->supplementary, more, "\n");
}

void mt940_entry(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	struct cursor cursor = {value.ptr, value.ptr + value.len};
	bool out = false;
	int rc = bank_entry_begin(reader, mt940->field_line);
	if (rc != 0) {
		reader->result = rc;
		return;
	}
	mt940->entry_open = true;
	mt940->info = mt940->raw = NULL;
	const char *form = NULL;
	if (!take_days(mt940, &cursor)) {
		form = "YYMMDD[MMDD]";
	} else if (!take_mark(mt940, &cursor, &out)) {
		form = "C, D, RC, RD";
	} else {
		take_amount(mt940, &cursor, out);
		if (reader->broken) return;
		if (!take_type(mt940, &cursor)) form = "N, F, S + 3";
	}
	if (form == NULL) {
		take_references(mt940, &cursor);
		return;
	}
	char plain[40];
	struct text_span head = {cursor.at, left(&cursor) < 6 ? left(&cursor) : 6};
	bank_fault(reader, FAULT_BANK_VALUE, mt940->field_line, WHERE, bank_plain(head, plain), form);
	reader->broken = true;
}

void mt940_entry_end(struct bank_mt940 *mt940)
{
	struct bank_reader *reader = mt940->reader;
	struct bank_entry *entry = &reader->entry;
	if (!mt940->entry_open || reader->result != 0) return;
	mt940->entry_open = false;
	struct bank_detail *detail = bank_detail_begin(reader, entry->line);
	if (detail == NULL) return;
	mt940->charges = (struct scratch_list){0};
	if (mt940->raw != NULL && !mt940_info(mt940, detail, text_of(mt940->raw))) return;
	if (mt940->info != NULL && !mt940_info(mt940, detail, text_of(mt940->info))) return;
	if (entry->supplementary != NULL && !mt940_codes(mt940, detail, text_of(entry->supplementary))) return;
	entry->charges = mt940->charges.items;
	entry->charge_count = mt940->charges.count;
	detail->servicer_reference = entry->servicer_reference;
	bank_detail_end(reader, WHERE);
	int rc = bank_entry_end(reader, WHERE);
	if (reader->result == 0) reader->result = rc;
}
