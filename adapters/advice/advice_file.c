/* From a table of cells to an advice, by a profile: the heading, rows of claims, rows of the whole transfer, sums, and
 * what stands above and below. */
#include <stdio.h>

#include "advice/advice_cell.h"
#include "lib/currency.h"
#include "lib/money.h"

/* What is read from one file. */
struct reading {
	struct advice_cells cells;
	const struct advice_profile *profile;
	struct advice made;
	int32_t places[ADVICE_COLUMNS]; /* column of the sheet; -1: none */
	char currency[4];
	int64_t billed_sum, paid_sum; /* of the rows so far */
	bool no_memory;
};

static const char *const column_names[ADVICE_COLUMNS] = {"claim", "insurer_claim", "bill", "carrier", "kind", "billed",
	"paid", "take_back", "fee", "tax", "remark", "currency", "identifier", "payment_date", "payment_reference",
	"remitter"};

static bool begins_with_one(struct text_span text, const struct advice_words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		struct text_span word = text_of(words->items[i]);
		if (text.len < word.len) continue;
		if (text_equal_nocase((struct text_span){text.ptr, word.len}, word)) return true;
	}
	return false;
}

static bool has_one(struct text_span text, const struct advice_words *words)
{
	for (size_t i = 0; i < text.len; i++) {
		if (begins_with_one((struct text_span){text.ptr + i, text.len - i}, words)) return true;
	}
	return false;
}

static const char *keep(struct reading *reading, struct text_span text)
{
	const char *copy = zf_strndup(reading->cells.arena, text.ptr, text.len);
	if (copy == NULL) reading->no_memory = true;
	return copy;
}

static const struct sheet_cell *cell_of(
	const struct reading *reading, const struct sheet_row *row, enum advice_column column)
{
	static const struct sheet_cell none = {.kind = SHEET_EMPTY};
	return reading->places[column] < 0 ? &none : sheet_cell(row, (uint32_t)reading->places[column]);
}

static uint32_t place_of(const struct reading *reading, enum advice_column column)
{
	return reading->places[column] < 0 ? 0 : (uint32_t)reading->places[column];
}

/* ---- the heading ---- */

/* How many of the profile's columns the row has, with their places. */
static uint32_t heading_fits(struct reading *reading, const struct sheet_row *row, int32_t places[ADVICE_COLUMNS])
{
	uint32_t found = 0;
	for (int i = 0; i < ADVICE_COLUMNS; i++) {
		struct text_span wanted = text_of(reading->profile->columns[i]);
		places[i] = -1;
		for (uint32_t n = 0; wanted.ptr != NULL && n < row->count && places[i] < 0; n++) {
			const struct sheet_cell *cell = &row->cells[n];
			if (cell->copied != SHEET_FROM_LEFT && text_equal_nocase(cell->text, wanted))
				places[i] = (int32_t)n;
		}
		if (places[i] >= 0) found++;
	}
	return found;
}

/* A second column of the same heading would leave it to luck which is read. */
static void check_twice(struct reading *reading, const struct sheet_row *row)
{
	for (int i = 0; i < ADVICE_COLUMNS; i++) {
		for (uint32_t n = place_of(reading, i) + 1; reading->places[i] >= 0 && n < row->count; n++) {
			if (row->cells[n].copied == SHEET_FROM_LEFT ||
				!text_equal_nocase(row->cells[n].text, text_of(reading->profile->columns[i]))) {
				continue;
			}
			advice_fault(&reading->cells, FAULT_ADVICE_COLUMN_TWICE, row->number, n,
				reading->profile->columns[i], NULL);
		}
	}
}

/* The first row with all of them. Without one, what the best row lacks is told. */
static bool find_heading(struct reading *reading, uint32_t *ret_index)
{
	const struct sheet *sheet = &reading->cells.sheet;
	int32_t places[ADVICE_COLUMNS];
	uint32_t wanted = 0, best = 0, best_found = 0;
	for (int i = 0; i < ADVICE_COLUMNS; i++) wanted += reading->profile->columns[i] != NULL;
	for (uint32_t r = 0; r < sheet->row_count; r++) {
		uint32_t found = heading_fits(reading, &sheet->rows[r], places);
		if (found <= best_found) continue;
		best = r;
		best_found = found;
		memcpy(reading->places, places, sizeof(places));
		if (found == wanted) break;
	}
	if (best_found == wanted) {
		check_twice(reading, &sheet->rows[best]);
		*ret_index = best;
		return true;
	}
	for (int i = 0; i < ADVICE_COLUMNS; i++) {
		if (reading->profile->columns[i] == NULL || (best_found > 0 && reading->places[i] >= 0)) continue;
		advice_fault(&reading->cells, FAULT_ADVICE_COLUMN, best_found > 0 ? sheet->rows[best].number : 0, 0,
			reading->profile->columns[i], column_names[i]);
	}
	return false;
}

/* ---- what is said of the whole ---- */

/* A second value that is another one. */
static void fault_other(struct reading *reading, uint32_t row, uint32_t column, const char *what)
{
	advice_fault(&reading->cells, FAULT_ADVICE_OTHER, row, column, what, NULL);
}

static void take_text(struct reading *reading, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	const char *what, const char **at)
{
	struct text_span text;
	if (!advice_text(&reading->cells, cell, row, column, ADVICE_TEXT_BYTES_MAX, &text) || text.len == 0) return;
	if (*at == NULL) {
		*at = keep(reading, text);
	} else if (!text_is(text, *at)) {
		fault_other(reading, row, column, what);
	}
}

static void take_day(struct reading *reading, const struct sheet_cell *cell, uint32_t row, uint32_t column)
{
	const char *form = reading->profile->day_form;
	int32_t day;
	if (cell->kind == SHEET_EMPTY) return;
	if (!advice_day(&reading->cells, cell, row, column, form == NULL ? "YYYY-MM-DD" : form, &day)) return;
	if (reading->made.payment_day == ADVICE_NO_DAY) {
		reading->made.payment_day = day;
	} else if (day != reading->made.payment_day) {
		fault_other(reading, row, column, "payment_date");
	}
}

static void take_currency(struct reading *reading, const struct sheet_cell *cell, uint32_t row, uint32_t column)
{
	char plain[ADVICE_PLAIN_SIZE];
	if (cell->kind == SHEET_EMPTY) return;
	if (!currency_is_money(cell->text)) {
		advice_fault(
			&reading->cells, FAULT_CURRENCY_UNKNOWN, row, column, advice_plain(cell->text, plain), NULL);
	} else if (reading->currency[0] == '\0') {
		memcpy(reading->currency, cell->text.ptr, 3);
	} else if (!text_is(cell->text, reading->currency)) {
		fault_other(reading, row, column, "currency");
	}
}

/* The value of a label: what follows it in its cell, else the next cell that is not empty. */
static bool label_value(
	const struct sheet_row *row, uint32_t n, const char *label, struct sheet_cell *ret, uint32_t *ret_column)
{
	struct text_span text = row->cells[n].text, wanted = text_of(label);
	if (text.len < wanted.len || !text_equal_nocase((struct text_span){text.ptr, wanted.len}, wanted)) return false;
	struct text_span rest = text_trim((struct text_span){text.ptr + wanted.len, text.len - wanted.len});
	if (text_has_prefix(rest, ":")) rest = text_trim((struct text_span){rest.ptr + 1, rest.len - 1});
	if (text_has_prefix(rest, "\xef\xbc\x9a")) rest = text_trim((struct text_span){rest.ptr + 3, rest.len - 3});
	*ret_column = n;
	if (rest.len > 0) {
		*ret = (struct sheet_cell){.text = rest, .kind = SHEET_TEXT};
		return true;
	}
	while (++n < row->count && (row->cells[n].kind == SHEET_EMPTY || row->cells[n].copied == SHEET_FROM_LEFT)) {
	}
	if (n >= row->count) return false;
	*ret = row->cells[n];
	*ret_column = n;
	return true;
}

/* The amounts of a label or a total row wait until the currency is known: all of it is read at the end. */
static void take_total(struct reading *reading, const struct sheet_cell *cell, uint32_t row, uint32_t column)
{
	struct zf_money amount = {.present = 0};
	if (!advice_amount(&reading->cells, cell, row, column, reading->currency, &amount) || !amount.present) return;
	if (!reading->made.amount.present) {
		reading->made.amount = amount;
	} else if (reading->made.amount.minor != amount.minor) {
		fault_other(reading, row, column, "total");
	}
}

/* Rows above the heading and below the total. totals: only those, when the currency is known; else all but those. */
static void take_labels(struct reading *reading, const struct sheet_row *row, bool totals)
{
	for (uint32_t n = 0; n < row->count; n++) {
		for (int i = 0; i < ADVICE_LABELS; i++) {
			const char *label = reading->profile->labels[i];
			struct sheet_cell value;
			uint32_t column;
			if (label == NULL || (i == ADVICE_LABEL_TOTAL) != totals || row->cells[n].copied != SHEET_OWN ||
				!label_value(row, n, label, &value, &column)) {
				continue;
			}
			if (i == ADVICE_LABEL_IDENTIFIER) {
				take_text(
					reading, &value, row->number, column, "identifier", &reading->made.identifier);
			} else if (i == ADVICE_LABEL_PAYMENT_REFERENCE) {
				take_text(reading, &value, row->number, column, "payment_reference",
					&reading->made.payment_reference);
			} else if (i == ADVICE_LABEL_PAYMENT_DAY) {
				take_day(reading, &value, row->number, column);
			} else if (i == ADVICE_LABEL_CURRENCY) {
				take_currency(reading, &value, row->number, column);
			} else {
				take_total(reading, &value, row->number, column);
			}
		}
	}
}

static void take_whole_columns(struct reading *reading, const struct sheet_row *row)
{
	struct advice *made = &reading->made;
	take_currency(reading, cell_of(reading, row, ADVICE_COLUMN_CURRENCY), row->number,
		place_of(reading, ADVICE_COLUMN_CURRENCY));
	take_day(reading, cell_of(reading, row, ADVICE_COLUMN_PAYMENT_DAY), row->number,
		place_of(reading, ADVICE_COLUMN_PAYMENT_DAY));
	take_text(reading, cell_of(reading, row, ADVICE_COLUMN_IDENTIFIER), row->number,
		place_of(reading, ADVICE_COLUMN_IDENTIFIER), "identifier", &made->identifier);
	take_text(reading, cell_of(reading, row, ADVICE_COLUMN_PAYMENT_REFERENCE), row->number,
		place_of(reading, ADVICE_COLUMN_PAYMENT_REFERENCE), "payment_reference", &made->payment_reference);
	take_text(reading, cell_of(reading, row, ADVICE_COLUMN_REMITTER), row->number,
		place_of(reading, ADVICE_COLUMN_REMITTER), "remitter", &made->remitter);
}

/* ---- rows ---- */

enum row_kind { ROW_EMPTY, ROW_CLAIM, ROW_FEE, ROW_ADJUSTMENT, ROW_NETTING, ROW_SUM, ROW_TOTAL, ROW_IGNORED };

static struct text_span first_text(const struct sheet_row *row)
{
	for (uint32_t n = 0; n < row->count; n++) {
		if (row->cells[n].kind == SHEET_EMPTY) continue;
		return row->cells[n].text.ptr == NULL ? TEXT("?") : row->cells[n].text;
	}
	return (struct text_span){NULL, 0};
}

static enum row_kind kind_of(const struct reading *reading, const struct sheet_row *row)
{
	static const struct {
		enum advice_word word;
		enum row_kind kind;
	} kinds[] = {{ADVICE_WORD_TOTAL, ROW_TOTAL}, {ADVICE_WORD_SUM, ROW_SUM}, {ADVICE_WORD_FEE, ROW_FEE},
		{ADVICE_WORD_ADJUSTMENT, ROW_ADJUSTMENT}, {ADVICE_WORD_NETTING, ROW_NETTING},
		{ADVICE_WORD_IGNORED, ROW_IGNORED}};
	struct text_span first = first_text(row), told = cell_of(reading, row, ADVICE_COLUMN_KIND)->text;
	if (first.ptr == NULL) return ROW_EMPTY;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct advice_words *words = &reading->profile->words[kinds[i].word];
		if (begins_with_one(first, words) || (told.len > 0 && begins_with_one(told, words)))
			return kinds[i].kind;
	}
	return ROW_CLAIM;
}

static bool amount_in(
	struct reading *reading, const struct sheet_row *row, enum advice_column column, struct zf_money *ret)
{
	return advice_amount(&reading->cells, cell_of(reading, row, column), row->number, place_of(reading, column),
		reading->currency, ret);
}

/* The amount of a row that is of no claim: in the column of what is paid, of fees, else in its last cell that has one.
 */
static bool lone_amount(struct reading *reading, const struct sheet_row *row, struct zf_money *ret)
{
	if (!amount_in(reading, row, ADVICE_COLUMN_PAID, ret)) return false;
	if (!ret->present && !amount_in(reading, row, ADVICE_COLUMN_FEE, ret)) return false;
	for (uint32_t n = row->count; !ret->present && n-- > 1;) {
		if ((int32_t)n == reading->places[ADVICE_COLUMN_TAX] ||
			(int32_t)n == reading->places[ADVICE_COLUMN_BILLED])
			continue;
		(void)advice_amount_try(&reading->cells, &row->cells[n], reading->currency, ret);
	}
	if (ret->present) return true;
	advice_fault(&reading->cells, FAULT_ADVICE_MISSING, row->number, place_of(reading, ADVICE_COLUMN_PAID), "paid",
		NULL);
	return false;
}

static const char *carrier_code(struct reading *reading, const struct sheet_row *row)
{
	const struct advice_profile *profile = reading->profile;
	const struct sheet_cell *cell = cell_of(reading, row, ADVICE_COLUMN_CARRIER);
	struct text_span name;
	char plain[ADVICE_PLAIN_SIZE];
	if (!advice_text(&reading->cells, cell, row->number, place_of(reading, ADVICE_COLUMN_CARRIER),
		    ADVICE_TEXT_BYTES_MAX, &name)) {
		return NULL;
	}
	if (name.len == 0) return profile->carrier;
	for (size_t i = 0; i < profile->carrier_count; i++) {
		if (text_equal_nocase(name, text_of(profile->carriers[i].name))) return profile->carriers[i].code;
	}
	if (name.len <= 32 && text_match("[a-z0-9][a-z0-9-]*", name) == 1) return keep(reading, name);
	advice_fault(&reading->cells, FAULT_ADVICE_CARRIER, row->number, place_of(reading, ADVICE_COLUMN_CARRIER),
		advice_plain(name, plain), NULL);
	return NULL;
}

static struct zf_money zero(const struct reading *reading)
{
	struct zf_money money = {0};
	(void)!money_make(0, text_of(reading->currency), &money);
	return money;
}

/* Fees and taxes as they move the transfer. */
static void take_fee(struct reading *reading, const struct sheet_row *row, struct advice_detail *detail)
{
	bool turn = reading->profile->fee_unsigned;
	detail->fee = detail->tax = zero(reading);
	if (detail->kind == ADVICE_OF_CLAIM) {
		struct zf_money fee = {.present = 0};
		if (amount_in(reading, row, ADVICE_COLUMN_FEE, &fee) && fee.present) detail->fee = fee;
		if (turn) detail->fee.minor = -detail->fee.minor;
	} else if (detail->kind == ADVICE_FEE && turn) {
		detail->amount.minor = -detail->amount.minor;
	}
	struct zf_money tax = {.present = 0};
	int64_t whole = detail->kind == ADVICE_OF_CLAIM ? detail->fee.minor : detail->amount.minor;
	if (!amount_in(reading, row, ADVICE_COLUMN_TAX, &tax) || !tax.present) return;
	if ((tax.minor < 0) != (whole < 0)) tax.minor = -tax.minor; /* within a fee it has the fee's sign */
	if ((whole < 0 && tax.minor < whole) || (whole >= 0 && tax.minor > whole)) {
		advice_fault(&reading->cells, FAULT_ADVICE_TAX, row->number, place_of(reading, ADVICE_COLUMN_TAX), NULL,
			NULL);
		return;
	}
	detail->tax = tax;
}

static void take_remark(struct reading *reading, const struct sheet_row *row, struct advice_detail *detail)
{
	static const uint8_t differences[] = {ADVICE_PATIENT, ADVICE_CONTRACT, ADVICE_DENIED, ADVICE_DISPUTED};
	struct text_span text;
	if (!advice_text(&reading->cells, cell_of(reading, row, ADVICE_COLUMN_REMARK), row->number,
		    place_of(reading, ADVICE_COLUMN_REMARK), ADVICE_REMARK_BYTES_MAX, &text) ||
		text.len == 0) {
		return;
	}
	detail->remark = keep(reading, text);
	if (detail->kind != ADVICE_OF_CLAIM) return; /* only of a claim less is paid than billed */
	for (int i = ADVICE_WORD_PATIENT; i < ADVICE_WORDS; i++) {
		if (!has_one(text, &reading->profile->words[i])) continue;
		detail->difference = differences[i - ADVICE_WORD_PATIENT];
		return;
	}
}

static void take_numbers(struct reading *reading, const struct sheet_row *row, struct advice_detail *detail)
{
	static const enum advice_column columns[] = {
		ADVICE_COLUMN_CLAIM, ADVICE_COLUMN_INSURER_CLAIM, ADVICE_COLUMN_BILL};
	const char **numbers[] = {&detail->claim, &detail->insurer_claim, &detail->bill};
	size_t wanted = sizeof(columns) / sizeof(columns[0]) - 1; /* the first that the file has */
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct text_span text;
		if (wanted > i && reading->places[columns[i]] >= 0) wanted = i;
		if (!advice_text(&reading->cells, cell_of(reading, row, columns[i]), row->number,
			    place_of(reading, columns[i]), ADVICE_TEXT_BYTES_MAX, &text) ||
			text.len == 0) {
			continue;
		}
		if (!advice_is_number(text)) {
			advice_fault(&reading->cells, FAULT_ADVICE_VALUE, row->number, place_of(reading, columns[i]),
				"?", "C-2026-7");
			return;
		}
		*numbers[i] = keep(reading, text);
	}
	if (detail->claim != NULL || detail->insurer_claim != NULL || detail->bill != NULL) return;
	advice_fault(&reading->cells, FAULT_ADVICE_MISSING, row->number, place_of(reading, columns[wanted]),
		column_names[columns[wanted]], NULL);
}

/* What is paid of a claim; what is taken back stands in that column below zero or in one of its own. */
static void take_paid(struct reading *reading, const struct sheet_row *row, struct advice_detail *detail)
{
	struct zf_money back = {.present = 0};
	if (!amount_in(reading, row, ADVICE_COLUMN_PAID, &detail->amount)) return;
	if (!amount_in(reading, row, ADVICE_COLUMN_TAKE_BACK, &back)) return;
	if (back.present && back.minor != 0) {
		if (detail->amount.present && detail->amount.minor != 0) {
			fault_other(reading, row->number, place_of(reading, ADVICE_COLUMN_TAKE_BACK), "paid");
		}
		detail->amount = back;
		if (back.minor > 0) detail->amount.minor = -back.minor;
	}
	if (detail->amount.present) return;
	advice_fault(&reading->cells, FAULT_ADVICE_MISSING, row->number, place_of(reading, ADVICE_COLUMN_PAID), "paid",
		NULL);
}

static void take_claim(struct reading *reading, const struct sheet_row *row, struct advice_detail *detail)
{
	take_numbers(reading, row, detail);
	take_paid(reading, row, detail);
	(void)amount_in(reading, row, ADVICE_COLUMN_BILLED, &detail->billed);
	detail->carrier = carrier_code(reading, row);
	if (detail->billed.present && detail->billed.minor < 0) {
		detail->billed.present = 0; /* of a take-back some write what was billed with a minus sign, too */
	}
	if (__builtin_add_overflow(
		    reading->billed_sum, detail->billed.present ? detail->billed.minor : 0, &reading->billed_sum) ||
		__builtin_add_overflow(reading->paid_sum, detail->amount.minor, &reading->paid_sum)) {
		reading->billed_sum = reading->paid_sum = 0;
		advice_fault(&reading->cells, FAULT_AMOUNT_ABSURD, row->number, 0, "?", "2^63");
	}
}

/* A row that says what those above come to. */
static void check_sum(struct reading *reading, const struct sheet_row *row)
{
	const enum advice_column columns[2] = {ADVICE_COLUMN_BILLED, ADVICE_COLUMN_PAID};
	for (int i = 0; i < 2; i++) {
		struct zf_money stated = {.present = 0}, sum = zero(reading);
		char said[MONEY_TEXT_SIZE], made[MONEY_TEXT_SIZE], place[SHEET_PLACE_SIZE];
		sum.minor = i == 0 ? reading->billed_sum : reading->paid_sum;
		if (!amount_in(reading, row, columns[i], &stated) || !stated.present || stated.minor == sum.minor)
			continue;
		(void)money_format(stated, said);
		(void)money_format(sum, made);
		sheet_place(&reading->cells.sheet, row->number, place_of(reading, columns[i]), place);
		fault_add(reading->cells.faults, FAULT_ADVICE_SUM, place, made, said);
	}
}

static void take_detail(struct reading *reading, const struct sheet_row *row, enum row_kind kind)
{
	struct advice_detail *detail = &reading->made.details[reading->made.detail_count++];
	bool ok = true;
	*detail = (struct advice_detail){.row = row->number,
		.kind = kind == ROW_CLAIM        ? ADVICE_OF_CLAIM
			: kind == ROW_FEE        ? ADVICE_FEE
			: kind == ROW_ADJUSTMENT ? ADVICE_ADJUSTMENT
						 : ADVICE_NETTING};
	if (kind == ROW_CLAIM) {
		take_claim(reading, row, detail);
	} else {
		ok = lone_amount(reading, row, &detail->amount);
		if (cell_of(reading, row, ADVICE_COLUMN_CARRIER)->copied == SHEET_OWN)
			detail->carrier = carrier_code(reading, row);
	}
	if (ok) take_fee(reading, row, detail);
	take_remark(reading, row, detail);
	if (detail->remark == NULL && kind != ROW_CLAIM) detail->remark = keep(reading, first_text(row));
}

static int take_rows(struct reading *reading, uint32_t heading)
{
	const struct sheet *sheet = &reading->cells.sheet;
	for (uint32_t r = heading + 1; r < sheet->row_count; r++) {
		const struct sheet_row *row = &sheet->rows[r];
		enum row_kind kind = kind_of(reading, row);
		if (reading->no_memory) return LIB_NOMEM;
		if (kind == ROW_EMPTY || kind == ROW_IGNORED) continue;
		if (kind == ROW_SUM) {
			check_sum(reading, row);
			continue;
		}
		if (kind == ROW_TOTAL) {
			struct zf_money amount = {.present = 0};
			if (!lone_amount(reading, row, &amount)) return 0;
			if (reading->made.amount.present && reading->made.amount.minor != amount.minor) {
				fault_other(reading, row->number, 0, "total");
			}
			reading->made.amount = amount;
			return 0; /* what follows are notes */
		}
		if (reading->made.detail_count == ADVICE_DETAILS_MAX) {
			advice_fault(&reading->cells, FAULT_ADVICE_LIMIT, row->number, 0, "rows", "20000");
			return LIB_LIMIT;
		}
		take_detail(reading, row, kind);
	}
	return 0;
}

/* ---- the whole ---- */

/* Claims first, each kind in its order: so that an advice has one form, whatever it was read from. */
static int order_details(struct reading *reading)
{
	struct advice *made = &reading->made;
	struct advice_detail *ordered =
		zf_alloc_array(reading->cells.arena, (size_t)made->detail_count + 1, sizeof(*ordered));
	uint32_t n = 0;
	if (ordered == NULL) return LIB_NOMEM;
	for (int claims = 1; claims >= 0; claims--) {
		for (uint32_t i = 0; i < made->detail_count; i++) {
			if ((made->details[i].kind == ADVICE_OF_CLAIM) == (claims == 1))
				ordered[n++] = made->details[i];
		}
	}
	made->details = ordered;
	return 0;
}

/* Everything that the amounts need: the currency may stand anywhere. */
static void take_whole(struct reading *reading, uint32_t heading)
{
	const struct sheet *sheet = &reading->cells.sheet;
	bool over = false;
	for (uint32_t r = 0; r < sheet->row_count; r++) {
		const struct sheet_row *row = &sheet->rows[r];
		enum row_kind kind = r > heading ? kind_of(reading, row) : ROW_IGNORED;
		if (r == heading) continue;
		if (r < heading || over) take_labels(reading, row, false);
		if (r > heading && !over && kind == ROW_CLAIM) take_whole_columns(reading, row);
		over = over || kind == ROW_TOTAL;
	}
	if (reading->currency[0] == '\0' && reading->profile->currency != NULL) {
		memcpy(reading->currency, reading->profile->currency, 4);
	}
	if (reading->currency[0] == '\0') advice_fault(&reading->cells, FAULT_ADVICE_MISSING, 0, 0, "currency", NULL);
}

static void check_whole(struct reading *reading)
{
	struct advice *made = &reading->made;
	if (made->remitter == NULL) made->remitter = reading->profile->remitter;
	if (made->remitter == NULL) advice_fault(&reading->cells, FAULT_ADVICE_MISSING, 0, 0, "remitter", NULL);
	if (made->identifier == NULL) advice_fault(&reading->cells, FAULT_ADVICE_MISSING, 0, 0, "identifier", NULL);
	if (!made->amount.present && !fault_refuses(reading->cells.faults)) {
		advice_fault(&reading->cells, FAULT_ADVICE_MISSING, 0, 0, "total", NULL);
	}
	if (made->detail_count == 0 && !fault_refuses(reading->cells.faults)) {
		advice_fault(&reading->cells, FAULT_ADVICE_MISSING, 0, 0, "claims", NULL);
	}
}

static int read_rows(struct reading *reading)
{
	const struct sheet *sheet = &reading->cells.sheet;
	uint32_t heading = 0, room = sheet->row_count < ADVICE_DETAILS_MAX ? sheet->row_count : ADVICE_DETAILS_MAX;
	int rc = 0;
	if (!find_heading(reading, &heading)) return LIB_INVALID;
	take_whole(reading, heading);
	if (fault_refuses(reading->cells.faults)) return LIB_INVALID; /* without a currency no amount can be read */
	reading->made.details = zf_alloc_array(reading->cells.arena, (size_t)room + 1, sizeof(*reading->made.details));
	if (reading->made.details == NULL) return LIB_NOMEM;
	for (uint32_t r = 0; r < heading; r++) take_labels(reading, &sheet->rows[r], true);
	rc = take_rows(reading, heading);
	if (rc == 0) check_whole(reading);
	return rc == 0 ? order_details(reading) : rc;
}

int advice_read_file(const uint8_t *bytes, size_t len, const struct advice_profile *profile, struct zf_arena *arena,
	struct fault_list *faults, enum advice_form *ret_form, struct advice *ret)
{
	struct sheet_form form = {profile->charset, profile->separator, profile->sheet};
	struct reading reading = {.profile = profile,
		.cells = {.arena = arena,
			.faults = faults,
			.decimal = profile->decimal == '\0' ? '.' : profile->decimal,
			.thousands = profile->thousands},
		.made = {.payment_day = ADVICE_NO_DAY}};
	int rc = sheet_read(bytes, len, &form, arena, faults, &reading.cells.sheet);
	if (rc == 0) rc = read_rows(&reading);
	if (rc == 0 && (reading.no_memory || faults->no_memory)) rc = LIB_NOMEM;
	if (rc == 0 && fault_refuses(faults)) rc = LIB_INVALID;
	if (rc != 0) return rc;
	*ret_form = reading.cells.sheet.workbook ? ADVICE_FORM_XLSX : ADVICE_FORM_CSV;
	*ret = reading.made;
	return 0;
}
