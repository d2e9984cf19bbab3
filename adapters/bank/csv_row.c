/* A row of a CSV that is an entry. */
#include <stdio.h>

#include "csv_stream.h"
#include "lib/date.h"
#include "lib/money.h"

static struct bank_number_style style_of(const struct bank_csv *csv)
{
	return (struct bank_number_style){csv->profile.decimal, csv->profile.thousands, true};
}

/* The first cell of that field that is not empty, and its column's header. */
static struct text_span field(const struct bank_csv *csv, enum bank_csv_field wanted, const char **ret_header)
{
	*ret_header = "";
	for (uint32_t i = 0; i < csv->profile.column_count; i++) {
		const struct bank_csv_column *column = &csv->profile.columns[i];
		if (column->field != wanted || csv->places[i] < 0) continue;
		*ret_header = column->header;
		if ((uint32_t)csv->places[i] >= csv->cell_count) continue;
		struct text_span cell = csv_cell(csv, (uint32_t)csv->places[i]);
		if (cell.len > 0) return cell;
	}
	return (struct text_span){NULL, 0};
}

static void fault_value(struct bank_csv *csv, struct text_span value, const char *header, const char *form)
{
	char plain[40];
	bank_fault(csv->reader, FAULT_BANK_VALUE, csv->row_line, header, bank_plain(value, plain), form);
	csv->reader->broken = true;
}

static void fault_missing(struct bank_csv *csv, const char *header)
{
	bank_fault(csv->reader, FAULT_BANK_MISSING, csv->row_line, "", header, NULL);
	csv->reader->broken = true;
}

/* ---- values ---- */

/* A time behind the day is left out. */
static bool read_day(const char *format, struct text_span text, int32_t *ret_day)
{
	int64_t day;
	for (size_t i = 0; i < text.len; i++) {
		if ((text.ptr[i] == ' ' || text.ptr[i] == 'T') && strchr(format, text.ptr[i]) == NULL) text.len = i;
	}
	if (date_parse_form(text, format, &day) != 0) return false;
	*ret_day = (int32_t)day;
	return true;
}

static void take_days(struct bank_csv *csv)
{
	struct bank_entry *entry = &csv->reader->entry;
	const char *header;
	struct text_span cell = field(csv, BANK_CSV_BOOKING_DAY, &header);
	if (cell.ptr == NULL) {
		fault_missing(csv, header);
	} else if (!read_day(csv->profile.date_format, cell, &entry->booking_day)) {
		fault_value(csv, cell, header, csv->profile.date_format);
	}
	cell = field(csv, BANK_CSV_VALUE_DAY, &header);
	if (cell.ptr != NULL && !read_day(csv->profile.date_format, cell, &entry->value_day)) {
		fault_value(csv, cell, header, csv->profile.date_format);
	}
}

/* What the cell means by the profile's words, else itself. */
static struct text_span currency_of(const struct bank_csv *csv, struct text_span cell)
{
	const char *words = csv->profile.currency_words;
	if (cell.ptr == NULL) return text_of(csv->profile.currency);
	while (words != NULL && *words != '\0') {
		size_t len = strcspn(words, "|"), name = strcspn(words, "=");
		if (name < len && text_equal(cell, (struct text_span){words, name})) {
			return (struct text_span){words + name + 1, len - name - 1};
		}
		words += len + (words[len] == '|' ? 1 : 0);
	}
	return cell;
}

/* An amount in the row's currency; an empty cell is absent. */
static bool read_amount(
	struct bank_csv *csv, enum bank_csv_field wanted, struct text_span currency, struct zf_money *ret)
{
	const char *header;
	struct text_span cell = field(csv, wanted, &header);
	if (cell.ptr == NULL) return true;
	return bank_amount(csv->reader, cell, currency, style_of(csv), csv->row_line, header, ret);
}

/* Money in less money out; which of the columns there are is the profile's. */
static void take_amount(struct bank_csv *csv, struct text_span currency)
{
	struct bank_reader *reader = csv->reader;
	struct zf_money one = {0}, in = {0}, out = {0};
	const char *header;
	if (!read_amount(csv, BANK_CSV_AMOUNT, currency, &one) || !read_amount(csv, BANK_CSV_CREDIT, currency, &in) ||
		!read_amount(csv, BANK_CSV_DEBIT, currency, &out)) {
		reader->broken = true;
		return;
	}
	struct text_span mark = field(csv, BANK_CSV_MARK, &header);
	if (one.present && header[0] != '\0') {
		bool credit = csv_is_one_of(mark, csv->profile.credit_marks);
		if (!credit && !csv_is_one_of(mark, csv->profile.debit_marks)) {
			fault_value(csv, mark, header, csv->profile.credit_marks);
			return;
		}
		one = bank_negated(one, !credit);
	} else if (!one.present) {
		/* Zero in the other column says nothing. */
		if (in.present && in.minor == 0) in.present = 0;
		if (out.present && out.minor == 0 && in.present) out.present = 0;
		if (in.present && out.present) {
			bank_fault(reader, FAULT_BANK_ORDER, csv->row_line, "", header, NULL);
			reader->broken = true;
			return;
		}
		one = in.present ? in : bank_negated(out, !csv->profile.debit_negates);
	}
	if (!one.present) {
		(void)field(csv, BANK_CSV_AMOUNT, &header);
		if (header[0] == '\0') (void)field(csv, BANK_CSV_CREDIT, &header);
		fault_missing(csv, header);
		return;
	}
	reader->entry.amount = one;
	reader->entry.credit = one.minor >= 0;
}

/* ---- balances ---- */

static int add_balance(struct bank_csv *csv, enum bank_balance_kind kind, struct zf_money amount, uint32_t line)
{
	struct bank_balance balance = {.kind = (uint8_t)kind,
		.code = kind == BANK_BALANCE_OPENING ? "opening" : "closing",
		.amount = amount,
		.day = BANK_NO_DAY,
		.line = line};
	return bank_balance_add(csv->reader, &balance);
}

static void add_label(
	struct bank_csv *csv, enum bank_balance_kind kind, const struct csv_label *label, struct text_span currency)
{
	struct bank_reader *reader = csv->reader;
	struct zf_money amount;
	const char *where = kind == BANK_BALANCE_OPENING ? "opening" : "closing";
	if (!bank_amount(reader, text_of(label->amount), currency, style_of(csv), label->line, where, &amount)) {
		reader->tally.broken = true;
		return;
	}
	int rc = add_balance(csv, kind, amount, label->line);
	if (reader->result == 0) reader->result = rc;
}

/* Before the first entry: the opening balance that a row stated, or the first balance less the first amount. */
static void open_balance(
	struct bank_csv *csv, struct text_span currency, struct zf_money balance, struct zf_money amount)
{
	struct bank_reader *reader = csv->reader;
	struct zf_money opening;
	if (csv->opening_added) return;
	if (csv->opening.line > 0) {
		add_label(csv, BANK_BALANCE_OPENING, &csv->opening, currency);
		csv->opening_added = true;
	} else if (!csv->profile.newest_first && balance.present && amount.present &&
		   money_subtract(balance, amount, &opening) == 0) {
		int rc = add_balance(csv, BANK_BALANCE_OPENING, opening, csv->row_line);
		if (reader->result == 0) reader->result = rc;
		csv->opening_added = true;
	}
}

/* Each balance follows from the one before and the amount between them. */
static void check_chain(struct bank_csv *csv, struct zf_money balance, struct zf_money amount)
{
	struct zf_money before = csv->balance, expected;
	csv->balance = balance;
	if (!balance.present) csv->chain = false;
	if (!before.present || !balance.present || !amount.present) return;
	bool newest = csv->profile.newest_first;
	/* Upwards the row above is the younger one: its balance less its amount is ours. */
	int rc = newest ? money_subtract(before, csv->last_amount, &expected) : money_add(before, amount, &expected);
	if (rc == 0 && money_compare(expected, balance) == 0) return;
	char arithmetic[96], stated[MONEY_TEXT_SIZE], texts[3][MONEY_TEXT_SIZE];
	(void)money_format(before, texts[0]);
	(void)money_format(newest ? bank_negated(csv->last_amount, true) : amount, texts[1]);
	(void)money_format(balance, stated);
	if (rc == 0) (void)money_format(expected, texts[2]);
	(void)snprintf(arithmetic, sizeof(arithmetic), "%s + %s = %s", texts[0], texts[1], rc == 0 ? texts[2] : "?");
	bank_fault(csv->reader, FAULT_BANK_BALANCE, csv->row_line, "", arithmetic, stated);
	csv->reader->tally.broken = true;
}

void csv_end(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	struct text_span currency = text_of(reader->currency[0] != '\0' ? reader->currency : csv->profile.currency);
	struct zf_money opening;
	int rc = 0;
	if (!reader->open || reader->result != 0) return;
	if (csv->opening.line > 0) open_balance(csv, currency, (struct zf_money){0}, (struct zf_money){0});
	bool newest = csv->profile.newest_first;
	if (!csv->opening_added && newest && csv->chain && csv->balance.present &&
		money_subtract(csv->balance, csv->last_amount, &opening) == 0) {
		rc = add_balance(csv, BANK_BALANCE_OPENING, opening, csv->line);
	}
	if (rc == 0 && csv->closing.line > 0) {
		add_label(csv, BANK_BALANCE_CLOSING, &csv->closing, currency);
	} else if (rc == 0 && csv->chain && csv->balance.present) {
		rc = add_balance(csv, BANK_BALANCE_CLOSING, newest ? csv->first_balance : csv->balance, csv->line);
	}
	if (rc == 0 && reader->result == 0) rc = bank_statement_end(reader, csv->line, "opening", "closing");
	if (reader->result == 0) reader->result = rc;
	csv->balance = csv->first_balance = csv->last_amount = (struct zf_money){0};
	csv->opening_added = false;
}

/* ---- the row ---- */

/* A row of another account begins another statement. */
static bool take_account(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	const char *header;
	struct text_span cell = field(csv, BANK_CSV_ACCOUNT, &header);
	if (header[0] == '\0') return true;
	if (cell.ptr == NULL || cell.len >= sizeof(csv->account)) {
		bank_fault(reader, FAULT_BANK_MISSING, csv->row_line, "", header, NULL);
		reader->tally.broken = true;
		return false;
	}
	if (text_is(cell, csv->account)) return true;
	if (csv->account[0] != '\0') {
		csv_end(csv);
		if (reader->result == 0) reader->result = bank_statement_begin(reader, csv->row_line);
		if (reader->result != 0) return false;
		reader->statement.kind = BANK_KIND_STATEMENT;
		reader->statement.version = "CSV";
		csv->chain = true;
	}
	memcpy(csv->account, cell.ptr, cell.len);
	csv->account[cell.len] = '\0';
	return bank_copy(reader, &reader->head, cell, &reader->statement.account.written);
}

static bool copy_field(struct bank_csv *csv, struct scratch *scratch, enum bank_csv_field wanted, const char **target)
{
	const char *header;
	struct text_span cell = field(csv, wanted, &header);
	return cell.ptr == NULL || bank_copy(csv->reader, scratch, cell, target);
}

static bool copy_reference(
	struct bank_csv *csv, struct scratch *scratch, enum bank_csv_field wanted, const char **target)
{
	const char *header;
	struct text_span cell = field(csv, wanted, &header);
	return !bank_is_reference(cell) || bank_copy(csv->reader, scratch, cell, target);
}

/* All columns of text, a line each. */
static bool take_text(struct bank_csv *csv, struct bank_detail *detail)
{
	struct bank_reader *reader = csv->reader;
	for (uint32_t i = 0; i < csv->profile.column_count; i++) {
		if (csv->profile.columns[i].field != BANK_CSV_TEXT || csv->places[i] < 0) continue;
		struct text_span cell = csv_cell(csv, (uint32_t)csv->places[i]);
		if (cell.len == 0) continue;
		if (!scratch_join(&reader->part, &detail->text, cell, "\n")) {
			reader->result = bank_scratch_fault(reader, &reader->part, csv->row_line);
			return false;
		}
	}
	return true;
}

/* What it was in another currency, and the rate between them. */
static void take_original(struct bank_csv *csv, struct bank_detail *detail)
{
	struct bank_exchange *exchange = &detail->amounts.exchange;
	struct zf_money original = {0};
	const char *header;
	struct text_span cell = field(csv, BANK_CSV_ORIGINAL_CURRENCY, &header);
	if (cell.ptr == NULL || !read_amount(csv, BANK_CSV_ORIGINAL_AMOUNT, currency_of(csv, cell), &original)) return;
	if (!original.present) return;
	detail->amounts.instructed = bank_absolute(original);
	if (strcmp(original.currency, csv->reader->entry.amount.currency) == 0) return;
	memcpy(exchange->source, original.currency, sizeof(exchange->source));
	memcpy(exchange->target, csv->reader->entry.amount.currency, sizeof(exchange->target));
	cell = field(csv, BANK_CSV_RATE, &header);
	if (cell.ptr != NULL && bank_decimal(cell, style_of(csv), &exchange->rate) != 0) {
		fault_value(csv, cell, header, "9.99");
	}
}

static bool take_charge(struct bank_csv *csv, struct text_span currency)
{
	struct bank_reader *reader = csv->reader;
	struct zf_money amount = {0};
	if (!read_amount(csv, BANK_CSV_CHARGE, currency, &amount) || !amount.present || amount.minor == 0) return true;
	struct bank_charge *charge = zf_alloc(&reader->body.zf, sizeof(*charge));
	if (charge == NULL) {
		reader->result = bank_scratch_fault(reader, &reader->body, csv->row_line);
		return false;
	}
	*charge = (struct bank_charge){.amount = bank_negated(bank_absolute(amount), true), .included = -1};
	reader->entry.charges = charge;
	reader->entry.charge_count = 1;
	return true;
}

static bool take_detail(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	struct bank_entry *entry = &reader->entry;
	struct bank_detail *detail = bank_detail_begin(reader, csv->row_line);
	const char *header;
	if (detail == NULL) return false;
	struct bank_party *party = entry->amount.minor >= 0 ? &detail->debtor : &detail->creditor;
	struct text_span account = field(csv, BANK_CSV_PARTY_ACCOUNT, &header);
	if (account.ptr != NULL) {
		party->account = bank_account_id(&reader->part.zf, account);
		if (party->account == NULL) {
			reader->result = bank_scratch_fault(reader, &reader->part, csv->row_line);
			return false;
		}
	}
	bool ok = copy_reference(csv, &reader->body, BANK_CSV_BANK_REFERENCE, &entry->servicer_reference) &&
		  copy_reference(csv, &reader->body, BANK_CSV_CUSTOMER_REFERENCE, &entry->customer_reference) &&
		  copy_reference(csv, &reader->part, BANK_CSV_END_TO_END, &detail->end_to_end_id) &&
		  copy_field(csv, &reader->body, BANK_CSV_POSTING, &entry->posting) &&
		  copy_field(csv, &reader->body, BANK_CSV_CODE, &entry->bank_code) &&
		  copy_field(csv, &reader->part, BANK_CSV_NAME, &party->name) &&
		  copy_field(csv, &reader->part, BANK_CSV_PARTY_AGENT, &party->agent) && take_text(csv, detail);
	if (!ok) return false;
	detail->servicer_reference = entry->servicer_reference;
	take_original(csv, detail);
	bank_detail_end(reader, "");
	return true;
}

static bool check_cells(struct bank_csv *csv)
{
	uint32_t n = csv->cell_count;
	while (n > csv->heading_cells && csv_cell(csv, n - 1).len == 0) n--;
	if (n == csv->heading_cells) return true;
	char cells[16], heading[16];
	(void)snprintf(cells, sizeof(cells), "%u", n);
	(void)snprintf(heading, sizeof(heading), "%u", csv->heading_cells);
	bank_fault(csv->reader, FAULT_CSV_FIELDS, csv->row_line, "", cells, heading);
	csv->reader->tally.broken = true;
	return false;
}

void csv_row(struct bank_csv *csv)
{
	struct bank_reader *reader = csv->reader;
	struct zf_money balance = {0};
	const char *header;
	if (!check_cells(csv) || !take_account(csv)) return;
	struct text_span currency = currency_of(csv, field(csv, BANK_CSV_CURRENCY, &header));
	if (currency.ptr == NULL) currency = (struct text_span){"", 0};
	/* The opening balance goes before the first entry, so that amounts are read before the entry begins. */
	if (!read_amount(csv, BANK_CSV_BALANCE, currency, &balance)) reader->tally.broken = true;
	reader->broken = false;
	reader->entry = (struct bank_entry){.booking_day = BANK_NO_DAY, .value_day = BANK_NO_DAY};
	take_amount(csv, currency);
	take_days(csv);
	bool broken = reader->broken;
	struct bank_entry read = reader->entry;
	struct zf_money amount = read.amount;
	open_balance(csv, currency, balance, amount);
	if (reader->result == 0) reader->result = bank_entry_begin(reader, csv->row_line);
	if (reader->result != 0) return;
	struct bank_entry *entry = &reader->entry;
	entry->status = BANK_STATUS_BOOKED;
	entry->amount = amount;
	entry->credit = read.credit;
	entry->booking_day = read.booking_day;
	entry->value_day = read.value_day;
	reader->broken = broken;
	if (!csv->first_balance.present) csv->first_balance = balance;
	check_chain(csv, balance, amount);
	csv->last_amount = amount;
	if (!take_charge(csv, currency) || !take_detail(csv)) return;
	int rc = bank_entry_end(reader, "");
	if (reader->result == 0) reader->result = rc;
}
