/* CSV as a stream: bytes to cells and rows, the heading, and the rows that are no entries. What a cell means is in
 * csv_row.c. */
#include "csv_stream.h"

#include "lib/currency.h"

#define HEADING_ROWS_MAX 200 /* looked through for the heading */

static bool check_profile(struct bank_reader *reader, const struct bank_csv_profile *profile)
{
	bool seen[CSV_FIELDS] = {false};
	const char *wrong = NULL;
	for (uint32_t i = 0; i < profile->column_count; i++) {
		if ((unsigned)profile->columns[i].field >= CSV_FIELDS || profile->columns[i].header == NULL) {
			wrong = "csv.columns";
		} else {
			seen[profile->columns[i].field] = true;
		}
	}
	bool split = seen[BANK_CSV_CREDIT] || seen[BANK_CSV_DEBIT];
	if (!seen[BANK_CSV_BOOKING_DAY] || split == seen[BANK_CSV_AMOUNT]) wrong = "csv.columns";
	if (seen[BANK_CSV_MARK] && (profile->credit_marks == NULL || profile->debit_marks == NULL)) {
		wrong = "csv.credit_marks";
	}
	if (!seen[BANK_CSV_CURRENCY] && (profile->currency == NULL || !currency_is_money(text_of(profile->currency)))) {
		wrong = "csv.currency";
	}
	if (!seen[BANK_CSV_ACCOUNT] && reader->profile.account == NULL) wrong = "account";
	if (profile->decimal == profile->thousands || profile->delimiter == profile->quote) wrong = "csv.decimal";
	if (wrong != NULL) bank_fault(reader, FAULT_BANK_PROFILE, 0, "", wrong, NULL);
	return wrong == NULL;
}

int bank_csv_open(struct bank_reader *reader)
{
	struct bank_csv *csv = zf_alloc(reader->arena, sizeof(*csv));
	if (csv == NULL) return LIB_NOMEM;
	csv->reader = reader;
	csv->profile = reader->profile.csv;
	if (csv->profile.delimiter == '\0') csv->profile.delimiter = ',';
	if (csv->profile.quote == '\0') csv->profile.quote = '"';
	if (csv->profile.decimal == '\0') csv->profile.decimal = '.';
	if (csv->profile.date_format == NULL) csv->profile.date_format = "YYYY-MM-DD";
	if (!check_profile(reader, &csv->profile)) return LIB_INVALID;
	csv->line = csv->row_line = 1;
	csv->cell_count = 1;
	csv->row = zf_alloc(reader->arena, reader->limits.text_max);
	csv->places = zf_alloc_array(reader->arena, csv->profile.column_count, sizeof(*csv->places));
	if (csv->row == NULL || csv->places == NULL) return LIB_NOMEM;
	int rc = charset_open(&csv->charset, reader->profile.charset);
	if (rc == LIB_INVALID) bank_fault(reader, FAULT_BANK_PROFILE, 0, "", "charset", NULL);
	if (rc == 0) reader->csv = csv;
	return rc;
}

/* ---- words of the profile ---- */

static bool match_words(struct text_span text, const char *words, bool whole)
{
	while (words != NULL && *words != '\0') {
		size_t len = strcspn(words, "|");
		struct text_span word = {words, len};
		if (len > 0 && text.len >= len && memcmp(text.ptr, words, len) == 0 &&
			(!whole || text_equal(text, word))) {
			return true;
		}
		words += len + (words[len] == '|' ? 1 : 0);
	}
	return false;
}

bool csv_begins_with(struct text_span text, const char *words)
{
	return match_words(text, words, false);
}

bool csv_is_one_of(struct text_span text, const char *words)
{
	return match_words(text, words, true);
}

struct text_span csv_cell(const struct bank_csv *csv, uint32_t n)
{
	uint32_t end = n + 1 < csv->cell_count ? csv->begins[n + 1] : csv->row_len;
	return text_trim((struct text_span){csv->row + csv->begins[n], end - csv->begins[n]});
}

/* ---- rows ---- */

/* Has this row all columns that the file must have? */
static bool is_heading(struct bank_csv *csv)
{
	for (uint32_t i = 0; i < csv->profile.column_count; i++) {
		const struct bank_csv_column *column = &csv->profile.columns[i];
		csv->places[i] = -1;
		for (uint32_t n = 0; n < csv->cell_count && csv->places[i] < 0; n++) {
			if (text_is(csv_cell(csv, n), column->header)) csv->places[i] = (int16_t)n;
		}
		if (csv->places[i] < 0 && !column->optional) return false;
	}
	return true;
}

static struct text_span first_cell(const struct bank_csv *csv)
{
	for (uint32_t n = 0; n < csv->cell_count; n++) {
		struct text_span cell = csv_cell(csv, n);
		if (cell.len > 0) return cell;
	}
	return (struct text_span){NULL, 0};
}

/* The amount of a row that states a balance: in the column of balances, else in the last cell that is one. */
static void take_label(struct bank_csv *csv, struct csv_label *label)
{
	struct bank_number_style style = {csv->profile.decimal, csv->profile.thousands, true};
	struct text_span amount = {NULL, 0};
	struct zf_decimal value;
	for (uint32_t n = 1; n < csv->cell_count; n++) {
		struct text_span cell = csv_cell(csv, n);
		bool is_balance = false;
		for (uint32_t i = 0; csv->heading_seen && i < csv->profile.column_count; i++) {
			bool here = csv->places[i] == (int16_t)n;
			if (here && csv->profile.columns[i].field == BANK_CSV_BALANCE) is_balance = true;
		}
		if (cell.len == 0 || cell.len >= CSV_LABEL_BYTES || bank_decimal(cell, style, &value) != 0) continue;
		amount = cell;
		if (is_balance) break;
	}
	if (amount.ptr == NULL) {
		bank_fault(csv->reader, FAULT_BANK_MISSING, csv->row_line, "", "balance", NULL);
		csv->reader->tally.broken = true;
		return;
	}
	memcpy(label->amount, amount.ptr, amount.len);
	label->amount[amount.len] = '\0';
	label->line = csv->row_line;
}

static int open_statement(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	int rc = bank_statement_begin(reader, csv->row_line);
	if (rc != 0) return rc;
	reader->statement.kind = BANK_KIND_STATEMENT;
	reader->statement.version = "CSV";
	csv->chain = true;
	return 0;
}

static void end_row(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	struct text_span first = first_cell(csv);
	if (first.ptr == NULL) return; /* empty */
	if (csv_begins_with(first, csv->profile.opening)) {
		take_label(csv, &csv->opening);
	} else if (csv_begins_with(first, csv->profile.closing)) {
		take_label(csv, &csv->closing);
	} else if (csv->ended) {
		return;
	} else if (!csv->heading_seen) {
		if (is_heading(csv)) {
			csv->heading_seen = true;
			csv->heading_cells = csv->cell_count;
			reader->result = open_statement(csv);
		} else if (++csv->rows_before > HEADING_ROWS_MAX) {
			csv->ended = true; /* finish() says what is missing */
		}
	} else if (csv_begins_with(first, csv->profile.footer)) {
		csv->ended = true;
	} else {
		csv_row(csv);
	}
}

/* ---- bytes ---- */

static void refuse_long(struct bank_csv *csv, const char *what)
{
	bank_fault(csv->reader, FAULT_BANK_LIMIT, csv->row_line, "", what, NULL);
	csv->reader->result = LIB_LIMIT;
}

static void take_plain(struct bank_csv *csv, char c)
{
	if (c == csv->profile.delimiter) {
		if (csv->cell_count == CSV_CELLS_MAX) {
			refuse_long(csv, "columns");
			return;
		}
		csv->begins[csv->cell_count++] = csv->row_len;
	} else if (c == '\n') {
		end_row(csv);
		csv->row_len = 0;
		csv->cell_count = 1;
		csv->row_line = csv->line + 1;
	} else {
		csv->row[csv->row_len++] = c;
	}
}

static void take_char(struct bank_csv *csv, char c)
{
	bool quote = c == csv->profile.quote && c != '\x01';
	if (csv->row_len >= csv->reader->limits.text_max - 1) {
		refuse_long(csv, "text_max");
		return;
	}
	if (csv->state == CSV_QUOTED) {
		if (quote) {
			csv->state = CSV_QUOTE_SEEN;
		} else {
			csv->row[csv->row_len++] = c;
		}
	} else if (quote && csv->state == CSV_QUOTE_SEEN) {
		csv->row[csv->row_len++] = c; /* doubled */
		csv->state = CSV_QUOTED;
	} else if (quote && csv_cell(csv, csv->cell_count - 1).len == 0) {
		csv->state = CSV_QUOTED;
	} else {
		csv->state = CSV_PLAIN;
		take_plain(csv, c);
	}
	if (c == '\n') csv->line++;
}

int bank_csv_feed(struct bank_reader *reader, const char *bytes, size_t len)
{
	struct bank_csv *csv = reader->csv;
	struct text_span text;
	while (len > 0 && reader->result == 0) {
		int rc = charset_next(&csv->charset, &bytes, &len, &text);
		for (size_t i = 0; i < text.len && reader->result == 0; i++) take_char(csv, text.ptr[i]);
		if (rc == 0 || reader->result != 0) continue;
		const char *name = charset_name(reader->profile.charset);
		bank_fault(reader, FAULT_BANK_CHARSET, csv->line, "", name, NULL);
		reader->result = rc;
	}
	return reader->result;
}

int bank_csv_finish(struct bank_reader *reader)
{
	struct bank_csv *csv = reader->csv;
	if (charset_is_cut(&csv->charset) || csv->state == CSV_QUOTED) {
		bank_fault(reader, FAULT_BANK_TRUNCATED, csv->row_line, "", "\"", NULL);
		return LIB_INVALID;
	}
	if (csv->row_len > 0 || csv->cell_count > 1) end_row(csv);
	if (reader->result != 0) return reader->result;
	if (csv->heading_seen) {
		csv_end(csv);
		return reader->result;
	}
	for (uint32_t i = 0; i < csv->profile.column_count; i++) {
		if (csv->profile.columns[i].optional) continue;
		bank_fault(reader, FAULT_BANK_MISSING, csv->line, "", csv->profile.columns[i].header, NULL);
		break;
	}
	return LIB_INVALID;
}

void bank_csv_close(struct bank_csv *csv)
{
	if (csv != NULL) charset_close(&csv->charset);
}
