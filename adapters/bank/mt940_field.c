/* The fields of MT940 and MT942 but for :61: and :86:. */
#include <stdio.h>

#include "lib/date.h"
#include "lib/money.h"
#include "mt940.h"

/* Dates have two digits of the year; no statement is older than this. */
#define FIRST_YEAR 1980

static struct bank_number_style style(void)
{
	return (struct bank_number_style){.decimal = ','};
}

bool mt940_join(struct bank_mt940 *mt940, struct scratch *scratch, const char **text, struct text_span more,
	const char *between)
{
	if (scratch_join(scratch, text, more, between)) return true;
	mt940->reader->result = bank_scratch_fault(mt940->reader, scratch, mt940->field_line);
	return false;
}

/* The field's tag as it is written, for faults. */
static const char *where(const struct bank_mt940 *mt940, char ret[12])
{
	(void)snprintf(ret, 12, ":%s:", mt940->tag);
	return ret;
}

static void fault_value(struct bank_mt940 *mt940, struct text_span value, const char *form)
{
	char plain[40], tag[12];
	bank_fault(
		mt940->reader, FAULT_BANK_VALUE, mt940->field_line, where(mt940, tag), bank_plain(value, plain), form);
}

static void fault_order(struct bank_mt940 *mt940)
{
	char tag[12];
	bank_fault(mt940->reader, FAULT_BANK_ORDER, mt940->field_line, "", where(mt940, tag), NULL);
}

bool mt940_day(struct bank_mt940 *mt940, struct text_span digits, const char *place, int32_t *ret_day)
{
	int year, month, day;
	if (digits.len < 6 || !bank_digits(digits.ptr, 2, &year) || !bank_digits(digits.ptr + 2, 2, &month) ||
		!bank_digits(digits.ptr + 4, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31) {
		return false;
	}
	year += year < FIRST_YEAR - 1900 ? 2000 : 1900;
	unsigned last = date_month_days(year, (unsigned)month);
	if ((unsigned)day > last) {
		/* Where interest is reckoned in months of 30 days, February has them too. */
		if (month != 2 || day > 30) return false;
		char written[8], taken[DATE_TEXT_SIZE];
		(void)snprintf(written, sizeof(written), "%.6s", digits.ptr);
		day = (int)last;
		bank_day_text((int32_t)date_days_from_civil(year, (unsigned)month, last), taken);
		bank_fault(mt940->reader, FAULT_BANK_DAY, mt940->field_line, place, written, taken);
	}
	*ret_day = (int32_t)date_days_from_civil(year, (unsigned)month, (unsigned)day);
	return true;
}

/* ---- statements ---- */

static void check_said(struct bank_mt940 *mt940)
{
	struct bank_reader *reader = mt940->reader;
	const struct bank_tally *tally = &reader->tally;
	for (int i = 0; i < 2; i++) {
		char said[48], found[48], amount[MONEY_TEXT_SIZE];
		if (!mt940->said[i].seen || tally->broken) continue;
		struct zf_money sum = mt940->said[i].sum;
		uint32_t count = i == 0 ? tally->credit_count : tally->debit_count;
		int64_t minor = i == 0 ? tally->credit : -tally->debit;
		if (count == mt940->said[i].count && minor == sum.minor) continue;
		(void)money_format(sum, amount);
		(void)snprintf(said, sizeof(said), "%lld: %s", (long long)mt940->said[i].count, amount);
		sum.minor = minor;
		(void)money_format(sum, amount);
		(void)snprintf(found, sizeof(found), "%u: %s", count, amount);
		bank_fault(reader, FAULT_BANK_SUMMARY, mt940->said[i].line, i == 0 ? ":90C:" : ":90D:", said, found);
	}
}

void mt940_statement_end(struct bank_mt940 *mt940)
{
	struct bank_reader *reader = mt940->reader;
	if (!reader->open || reader->result != 0) return;
	mt940_entry_end(mt940);
	if (reader->result != 0) return;
	check_said(mt940);
	int rc = bank_statement_end(reader, mt940->line_number, ":60F:", ":62F:");
	if (reader->result == 0) reader->result = rc;
}

static bool begin_statement(struct bank_mt940 *mt940)
{
	struct bank_reader *reader = mt940->reader;
	mt940_statement_end(mt940);
	if (reader->result != 0) return false;
	mt940->number_seen = mt940->opening_seen = mt940->closing_seen = mt940->currency_missed = false;
	memset(mt940->said, 0, sizeof(mt940->said));
	mt940->begun = true;
	reader->result = bank_statement_begin(reader, mt940->field_line);
	reader->statement.kind = BANK_KIND_STATEMENT;
	reader->statement.version = "MT940";
	return reader->result == 0;
}

/* A field outside of a statement: said once, and read on as if :20: had come, so that the other faults are found too.
 */
static bool begin_unnamed(struct bank_mt940 *mt940)
{
	if (mt940->begun) {
		fault_order(mt940);
	} else {
		bank_fault(mt940->reader, FAULT_BANK_MISSING, mt940->field_line, "", ":20:", NULL);
	}
	bool ok = begin_statement(mt940);
	mt940->reader->fault_count_before--; /* it refuses this statement */
	return ok;
}

/* ---- balances ---- */

/* C YYMMDD CCY amount. */
static bool read_balance(struct bank_mt940 *mt940, struct text_span value, struct bank_balance *balance)
{
	char tag[12];
	value = text_trim(value);
	if (value.len < 11 || (value.ptr[0] != 'C' && value.ptr[0] != 'D') ||
		!mt940_day(mt940, (struct text_span){value.ptr + 1, 6}, where(mt940, tag), &balance->day)) {
		fault_value(mt940, value, "[C|D]YYMMDD CCY 9,99");
		return false;
	}
	struct text_span currency = {value.ptr + 7, 3}, amount = {value.ptr + 10, value.len - 10};
	if (currency.ptr[0] >= '0' && currency.ptr[0] <= '9') {
		bank_fault(mt940->reader, FAULT_CURRENCY_MISSING, mt940->field_line, where(mt940, tag), NULL, NULL);
		return false;
	}
	if (!bank_amount(
		    mt940->reader, amount, currency, style(), mt940->field_line, where(mt940, tag), &balance->amount)) {
		return false;
	}
	balance->amount = bank_negated(balance->amount, value.ptr[0] == 'D');
	return true;
}

static void take_balance(
	struct bank_mt940 *mt940, struct text_span value, enum bank_balance_kind kind, const char *code)
{
	struct bank_balance balance = {
		.kind = (uint8_t)kind, .code = code, .day = BANK_NO_DAY, .line = mt940->field_line};
	struct bank_reader *reader = mt940->reader;
	if (!read_balance(mt940, value, &balance)) {
		reader->tally.broken = true;
		return;
	}
	int rc = bank_balance_add(reader, &balance);
	if (reader->result == 0) reader->result = rc;
}

static void take_opening(struct bank_mt940 *mt940, struct text_span value)
{
	bool final = mt940->tag[2] == 'F';
	if (mt940->opening_seen || mt940->reader->told) fault_order(mt940);
	mt940->opening_seen = true;
	take_balance(mt940, value, final ? BANK_BALANCE_OPENING : BANK_BALANCE_INTERIM, final ? "60F" : "60M");
}

static void take_closing(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	bool final = mt940->tag[2] == 'F';
	if (mt940->closing_seen) fault_order(mt940);
	mt940->closing_seen = true;
	/* A page's interim balance is its closing one only when there is one before it. */
	int rc = bank_statement_tell(reader);
	if (reader->result == 0) reader->result = rc;
	take_balance(mt940, value, final ? BANK_BALANCE_CLOSING : BANK_BALANCE_INTERIM, final ? "62F" : "62M");
}

/* ---- the others ---- */

/* "EURD0,00", "PLN0": the least amount that is reported; what is wanted of it is the currency. */
static void take_floor(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_statement *statement = &mt940->reader->statement;
	value = text_trim(value);
	if (value.len < 3) {
		fault_value(mt940, value, "CCY[C|D]9,99");
		return;
	}
	statement->kind = BANK_KIND_REPORT;
	statement->version = "MT942";
	if (statement->account.currency != NULL) return;
	value.len = 3;
	(void)bank_copy(mt940->reader, &mt940->reader->head, value, &statement->account.currency);
}

/* "5/1", "00084/001", "160", and "1810118101" of a bank that leaves the slash out. */
static void take_number(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_statement *statement = &mt940->reader->statement;
	value = text_trim(value);
	if (mt940->number_seen || mt940->reader->told) fault_order(mt940);
	mt940->number_seen = true;
	const char *slash = memchr(value.ptr, '/', value.len);
	struct text_span number = value, page = {NULL, 0};
	if (slash != NULL) {
		number.len = (size_t)(slash - value.ptr);
		page = (struct text_span){slash + 1, value.len - number.len - 1};
	} else if (value.len > 5) {
		number.len = 5;
		page = (struct text_span){value.ptr + 5, value.len - 5};
	}
	if (number.len > 5 || page.len > 5 || text_to_int64(number, &statement->sequence) != 0 ||
		(page.len > 0 && text_to_int64(page, &statement->page) != 0)) {
		fault_value(mt940, value, "99999[/99999]");
		return;
	}
	(void)bank_copy(mt940->reader, &mt940->reader->head, number, &statement->id);
}

static void take_account(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	/* :25P: has the bank in a second line. */
	const char *newline = memchr(value.ptr, '\n', value.len);
	struct text_span first = {value.ptr, newline == NULL ? value.len : (size_t)(newline - value.ptr)};
	if (reader->told || reader->statement.account.written != NULL) {
		fault_order(mt940);
		return;
	}
	if (!bank_copy_trimmed(reader, &reader->head, first, &reader->statement.account.written)) return;
	if (newline == NULL || strcmp(mt940->tag, "25P") != 0) return;
	struct text_span second = {newline + 1, value.len - first.len - 1};
	(void)bank_copy_trimmed(reader, &reader->head, second, &reader->statement.account.servicer);
}

/* YYMMDDhhmm[+hhmm] */
static void take_created(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_statement *statement = &mt940->reader->statement;
	int hour, minute, offset_hour = 0, offset_minute = 0, sign = 1;
	int offset = mt940->reader->profile.offset_minutes;
	int32_t day;
	value = text_trim(value);
	bool ok = value.len >= 10 && mt940_day(mt940, value, ":13D:", &day) && bank_digits(value.ptr + 6, 2, &hour) &&
		  bank_digits(value.ptr + 8, 2, &minute) && hour < 24 && minute < 60;
	if (ok && value.len >= 15 && (value.ptr[10] == '+' || value.ptr[10] == '-')) {
		sign = value.ptr[10] == '-' ? -1 : 1;
		ok = bank_digits(value.ptr + 11, 2, &offset_hour) && bank_digits(value.ptr + 13, 2, &offset_minute) &&
		     offset_hour <= 14 && offset_minute < 60;
		offset = sign * (offset_hour * 60 + offset_minute);
	}
	if (!ok) {
		fault_value(mt940, value, "YYMMDDhhmm+hhmm");
		return;
	}
	int64_t minutes = (int64_t)day * 1440 + hour * 60 + minute - offset;
	statement->created =
		(struct zf_time){.utc_ms = minutes * 60000, .offset_minutes = (int16_t)offset, .precision = ZF_SECOND};
}

/* "3PLN0,03" */
static void take_said(struct bank_mt940 *mt940, struct text_span value)
{
	int which = mt940->tag[2] == 'C' ? 0 : 1;
	char tag[12];
	size_t digits = 0;
	value = text_trim(value);
	while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9') digits++;
	if (digits == 0 || value.len < digits + 4 ||
		text_to_int64((struct text_span){value.ptr, digits}, &mt940->said[which].count) != 0) {
		fault_value(mt940, value, "9 CCY 9,99");
		return;
	}
	struct text_span currency = {value.ptr + digits, 3}, amount = {value.ptr + digits + 3, value.len - digits - 3};
	mt940->said[which].seen = bank_amount(mt940->reader, amount, currency, style(), mt940->field_line,
		where(mt940, tag), &mt940->said[which].sum);
	mt940->said[which].line = mt940->field_line;
}

/* Free text: of the entry before it, else of the statement. */
static void take_info(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	if (mt940->entry_open) {
		(void)mt940_join(mt940, &reader->body, mt940->tag[0] == 'N' ? &mt940->raw : &mt940->info, value, "\n");
	} else {
		(void)mt940_join(mt940, &reader->head, &reader->additional, value, "\n");
	}
}

static void take_head(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	const char *tag = mt940->tag;
	if (strcmp(tag, "20") == 0) {
		if (begin_statement(mt940)) {
			(void)bank_copy_trimmed(reader, &reader->head, value, &reader->statement.message_id);
		}
	} else if (strcmp(tag, "21") == 0) {
		(void)bank_copy_trimmed(reader, &reader->head, value, &reader->statement.related);
	} else if (tag[0] == '2' && tag[1] == '5') {
		take_account(mt940, value);
	} else if (tag[0] == '2' && tag[1] == '8') {
		take_number(mt940, value);
	} else if (strcmp(tag, "34F") == 0) {
		take_floor(mt940, value);
	} else if (tag[0] == '1') {
		take_created(mt940, value);
	}
}

void mt940_field(struct bank_mt940 *mt940, struct text_span value)
{
	struct bank_reader *reader = mt940->reader;
	const char *tag = mt940->tag;
	if (reader->result != 0 || strcmp(tag, "940") == 0 || strcmp(tag, "942") == 0 || strcmp(tag, "23") == 0) return;
	if (!reader->open && strcmp(tag, "20") != 0 && !begin_unnamed(mt940)) return;
	if (strcmp(tag, "86") == 0 || strcmp(tag, "NS") == 0) {
		take_info(mt940, value);
		return;
	}
	mt940_entry_end(mt940);
	if (reader->result != 0) return;
	if (strcmp(tag, "61") == 0) {
		if (mt940->closing_seen) fault_order(mt940);
		mt940_entry(mt940, value);
	} else if (tag[0] == '6' && tag[1] == '0') {
		take_opening(mt940, value);
	} else if (tag[0] == '6' && tag[1] == '2') {
		take_closing(mt940, value);
	} else if (strcmp(tag, "64") == 0) {
		take_balance(mt940, value, BANK_BALANCE_CLOSING_AVAILABLE, "64");
	} else if (strcmp(tag, "65") == 0) {
		take_balance(mt940, value, BANK_BALANCE_FORWARD_AVAILABLE, "65");
	} else if (tag[0] == '9') {
		take_said(mt940, value);
	} else {
		take_head(mt940, value);
	}
}
