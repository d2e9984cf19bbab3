/* The journal as CSV by a profile: two lines a posting, its debit and its credit. */
#include <string.h>

#include "lib/csv.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "model/erp_profile.h"
#include "settle/journal.h"
#include "settle/posting_rule.h"

/* One side of a posting. */
struct side {
	const struct journal_row *row;
	const struct journal_account *account;
	bool credit;
};

static int csv_account(const struct chart_row *row, const char *sub, struct arena *arena, const char **ret_written)
{
	(void)sub;
	(void)arena;
	*ret_written = row->number;
	return 0;
}

static void text_print(const struct journal *journal, const char *text)
{
	const char special[] = {'"', '\r', '\n', journal->profile->separator, '\0'};
	bool guarded = csv_formula(text);
	bool quoted = guarded || strpbrk(text, special) != NULL;

	if (quoted) (void)fputc('"', journal->out);
	if (guarded) (void)fputc('\'', journal->out);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"') (void)fputc('"', journal->out);
		(void)fputc(*c, journal->out);
	}
	if (quoted) (void)fputc('"', journal->out);
}

/* Ours, and a number whatever it begins with. */
static void amount_print(const struct journal *journal, int64_t minor, int exponent)
{
	char text[DECIMAL_TEXT_SIZE];

	journal_amount(minor, exponent, text);
	(void)fputs(text, journal->out);
}

static void day_print(const struct journal *journal, int32_t day)
{
	char text[3 * 8 + 64] = "";
	size_t n = 0;
	unsigned month;
	unsigned number;
	int year;

	date_civil_from_days(day, &year, &month, &number);
	for (const char *form = journal->profile->day; *form != '\0' && n + 8 < sizeof(text);) {
		if (strncmp(form, "YYYY", 4) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%04d", year);
			form += 4;
		} else if (strncmp(form, "MM", 2) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%02u", month);
			form += 2;
		} else if (strncmp(form, "DD", 2) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%02u", number);
			form += 2;
		} else {
			text[n++] = *form++;
		}
	}
	text_print(journal, text);
}

/* Why, by the table of rules; the rule's name where an older program had posted by one that is gone. */
static const char *rule_text(const char *name, bool chinese)
{
	size_t count;
	const struct posting_rule *rules = posting_rules(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].name, name) == 0) return chinese ? rules[i].why_zh : rules[i].why;
	return name;
}

static void sub_print(const struct journal *journal, const struct side *side)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%s%s%s", side->account->row->number, side->account->sub != NULL ? "." : "",
		side->account->sub != NULL ? side->account->sub : "");
	text_print(journal, text);
}

static void posting_print(const struct journal *journal, const struct journal_row *row, bool with_no)
{
	char text[UUID_TEXT_LEN + 8];

	uuid_format(&row->entry, text);
	if (with_no) (void)snprintf(text + strlen(text), 8, "-%d", row->no);
	text_print(journal, text);
}

/* Amount, or nothing in the column of the other side. */
static void money_print(const struct journal *journal, const struct side *side, enum erp_field field)
{
	const struct journal_row *row = side->row;
	bool book = field >= ERP_BOOK_DEBIT;
	bool one = field == ERP_AMOUNT || field == ERP_BOOK_AMOUNT;
	bool of_credit = field == ERP_CREDIT || field == ERP_BOOK_CREDIT;
	int64_t minor = book ? row->book_minor : row->minor;

	if (!one && of_credit != side->credit) return;
	amount_print(journal, one && side->credit ? -minor : minor,
		book ? currency_exponent(journal->hospital->book_currency) : row->exponent);
}

static void field_print(const struct journal *journal, const struct side *side, const struct erp_column *column)
{
	const struct journal_row *row = side->row;
	const char *text = NULL;

	switch (column->field) {
	case ERP_POSTING:
	case ERP_ENTRY:
		posting_print(journal, row, column->field == ERP_POSTING);
		return;
	case ERP_NO:
		(void)fprintf(journal->out, "%d", row->no);
		return;
	case ERP_DAY:
		day_print(journal, row->day);
		return;
	case ERP_ACCOUNT_SUB:
		sub_print(journal, side);
		return;
	case ERP_DEBIT:
	case ERP_CREDIT:
	case ERP_AMOUNT:
	case ERP_BOOK_DEBIT:
	case ERP_BOOK_CREDIT:
	case ERP_BOOK_AMOUNT:
		money_print(journal, side, column->field);
		return;
	case ERP_RULE:
		text = row->rule;
		break;
	case ERP_TEXT:
	case ERP_TEXT_ZH:
		text = rule_text(row->rule, column->field == ERP_TEXT_ZH);
		break;
	case ERP_CLAIM:
		text = row->claim;
		break;
	case ERP_HOSPITAL:
		text = journal->hospital->code;
		break;
	case ERP_SHORT:
		text = side->account->account;
		break;
	case ERP_ACCOUNT:
		text = side->account->row->number;
		break;
	case ERP_NAME:
		text = side->account->row->name;
		break;
	case ERP_SUB:
		text = side->account->sub;
		break;
	case ERP_SIDE:
		text = side->credit ? journal->profile->credit : journal->profile->debit;
		break;
	case ERP_CURRENCY:
		text = row->currency;
		break;
	case ERP_BOOK_CURRENCY:
		text = journal->hospital->book_currency;
		break;
	case ERP_CONST:
		text = column->text;
		break;
	}
	if (text != NULL) text_print(journal, text);
}

static void line_print(const struct journal *journal, const struct side *side)
{
	for (uint32_t i = 0; i < journal->profile->column_count; i++) {
		if (i > 0) (void)fputc(journal->profile->separator, journal->out);
		if (side != NULL)
			field_print(journal, side, &journal->profile->columns[i]);
		else
			text_print(journal, journal->profile->columns[i].header);
	}
	(void)fputs("\r\n", journal->out);
}

static void csv_begin(const struct journal *journal)
{
	if (journal->profile->charset == ERP_UTF8_BOM) (void)fputs("\xef\xbb\xbf", journal->out);
	if (journal->profile->header) line_print(journal, NULL);
}

static void csv_row(struct journal *journal, const struct journal_row *row)
{
	struct side side = {.row = row, .account = journal_account(journal, row->debit)};

	line_print(journal, &side);
	side.account = journal_account(journal, row->credit);
	side.credit = true;
	line_print(journal, &side);
}

const struct journal_format journal_csv = {"csv", true, csv_account, csv_begin, csv_row};
