/* Profiles of bank statements that come as CSV: their table of options, and how they become what the reader takes. */
#include <string.h>

#include "bank/statement.h"
#include "lib/text.h"
#include "model/directory_file.h"
#include "model/directory_form.h"
#include "model/directory_read.h"

/* By enum bank_csv_field. */
static const char *const field_names[] = {"", "booking_day", "value_day", "amount", "credit", "debit", "mark",
	"currency", "balance", "account", "bank_reference", "customer_reference", "end_to_end", "text", "posting",
	"name", "party_account", "party_bank", "code", "charge", "original_amount", "original_currency", "rate"};

static_assert(ARRAY_LEN(field_names) == BANK_CSV_RATE + 1, "each field has a name");

/* "booking_day=交易日期": what is in the column, and its heading. */
static bool column_parse(const char *text, struct bank_csv_column *ret_column)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 1; i < ARRAY_LEN(field_names); i++) {
		if (strlen(field_names[i]) != len || memcmp(field_names[i], text, len) != 0) continue;
		if (text[len] != '=' || text[len + 1] == '\0') return false;
		*ret_column = (struct bank_csv_column){text + len + 1, (enum bank_csv_field)i, false};
		return true;
	}
	return false;
}

static const char *form_column(const char *text)
{
	struct bank_csv_column column;

	return column_parse(text, &column) ? NULL : "is not FIELD=HEADING; zhifud.conf(5) lists the fields";
}

static const char *form_word(const char *text)
{
	return text[0] != '\0' && strchr(text, '|') == NULL ? NULL : "is empty or has a |";
}

#define MEMBER(member) .name = #member, .offset = offsetof(struct statement_file, member)
#define WORDS(member, text)                                                                                            \
	{                                                                                                              \
		MEMBER(member), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 32,           \
				.form = form_word, .help = text                                                        \
	}

static const struct conf_option statement_options[] = {
	{MEMBER(name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1, .max = 64,
		.sample = "\"bank\"", .form = form_name, .help = "What the profile is called."},
	{MEMBER(columns), .type = CONF_STRINGS, .flags = CONF_REQUIRED | CONF_RELOADABLE, .max = 64,
		.form = form_column,
		.sample = "[\"booking_day=Date\", \"amount=Amount\", \"balance=Balance\", \"text=Text\"]",
		.help = "The columns that a file must have, each as FIELD=HEADING. The row that has all of them is the heading. Fields: "
			"booking_day; value_day; amount, with its sign or beside a mark, or credit and debit, money in and out; mark, which says "
			"what an amount is; balance, after the line; currency; account, ours; bank_reference, customer_reference, end_to_end; "
			"text, which may be several; posting, the bank's word for what it is; name, party_account and party_bank, the other "
			"party's; code, the bank's; charge; original_amount, original_currency and rate, as it was ordered."},
	{MEMBER(optional_columns), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 64,
		.form = form_column, .help = "Those that a file may lack, likewise."},
	{MEMBER(separator), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"", .form = form_sign,
		.help = "What stands between the fields."},
	{MEMBER(decimal), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\".\"", .form = form_sign,
		.help = "The decimal sign of amounts."},
	{MEMBER(thousands), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"", .form = form_sign,
		.help = "What may stand between their groups of three digits."},
	{MEMBER(date_form), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"YYYY-MM-DD\"",
		.form = form_date_form,
		.help = "How days are written: YYYY, YY, MM, M, DD, D and what stands between them. A time behind a day is left out."},
	WORDS(credit_marks, "What a mark says where money came in."),
	WORDS(debit_marks, "What it says where money went out."),
	{MEMBER(debit_negates), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "What is in the column debit is written with a minus sign."},
	{MEMBER(currencies), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "From what the column currency says to ISO 4217 codes, where it says something else. Without the column the "
			"amounts are in the account's currency."},
	{MEMBER(newest_first), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "The rows come the youngest first."},
	WORDS(opening_words,
		"Words with which the first cell of a row begins that states the opening balance. Without such rows the column "
		"balance proves the statement."),
	WORDS(closing_words, "Likewise of the closing balance."),
	WORDS(footer_words, "Likewise of the row, such as a sum, with which the lines end."),
};

/* Is the field among the columns, or among those that may lack? */
static bool has(const struct statement_file *file, enum bank_csv_field field)
{
	struct bank_csv_column column;

	for (size_t i = 0; i < file->columns.count + file->optional_columns.count; i++)
		if (column_parse(i < file->columns.count ? file->columns.items[i]
							 : file->optional_columns.items[i - file->columns.count],
			    &column) &&
			column.field == field)
			return true;
	return false;
}

static void statement_check(const void *value, const char *path, unsigned line, struct conf_faults *faults)
{
	const struct statement_file *file = value;

	if (faults->group_faulty) return;
	if (!has(file, BANK_CSV_BOOKING_DAY)) conf_fault_add(faults, path, line, "columns need booking_day");
	if (has(file, BANK_CSV_AMOUNT) == (has(file, BANK_CSV_CREDIT) || has(file, BANK_CSV_DEBIT)))
		conf_fault_add(faults, path, line, "columns need either amount, or credit and debit");
	if (has(file, BANK_CSV_MARK) && (file->credit_marks.count == 0 || file->debit_marks.count == 0))
		conf_fault_add(faults, path, line, "a column mark needs credit_marks and debit_marks");
	if (strcmp(file->decimal, file->thousands) == 0)
		conf_fault_add(faults, path, line, "decimal and thousands are the same sign");
	for (size_t i = 0; i < file->currencies.count; i++)
		if (form_currency(file->currencies.items[i].value) != NULL ||
			form_word(file->currencies.items[i].name) != NULL)
			conf_fault_add(faults, path, conf_checked_line(faults, "currencies"), "currencies: \"%s\" %s",
				file->currencies.items[i].value,
				form_currency(file->currencies.items[i].value) != NULL
					? form_currency(file->currencies.items[i].value)
					: "has a name that is empty or has a |");
}

const struct conf_table statement_file_table = {"statement_profile", statement_options, ARRAY_LEN(statement_options),
	sizeof(struct statement_file), statement_check};

/* The words as the reader takes them: "合计|Total". NULL: none, or no memory. */
static const char *words_join(struct arena *arena, const struct conf_strings *words)
{
	const char *joined = NULL;

	for (size_t i = 0; i < words->count; i++)
		joined = joined == NULL ? words->items[i] : arena_printf(arena, "%s|%s", joined, words->items[i]);
	return joined;
}

static const char *currencies_join(struct arena *arena, const struct conf_map *currencies)
{
	const char *joined = NULL;

	for (size_t i = 0; i < currencies->count; i++)
		joined = arena_printf(arena, "%s%s%s=%s", joined != NULL ? joined : "", joined != NULL ? "|" : "",
			currencies->items[i].name, currencies->items[i].value);
	return joined;
}

static int columns_read(struct arena *arena, const struct statement_file *file, struct bank_csv_profile *csv)
{
	size_t max = file->columns.count + file->optional_columns.count;
	struct bank_csv_column *columns = zf_alloc_array(&arena->zf, max + 1, sizeof(*columns));

	if (columns == NULL) return ERR_NOMEM;
	csv->columns = columns;
	for (size_t i = 0; i < max; i++) {
		bool optional = i >= file->columns.count;
		struct bank_csv_column *column = &columns[csv->column_count];

		if (!column_parse(
			    optional ? file->optional_columns.items[i - file->columns.count] : file->columns.items[i],
			    column))
			continue; /* said already */
		column->optional = optional;
		csv->column_count++;
	}
	return 0;
}

int statement_profile_read(struct reading *reading, const struct conf_groups *profiles, const char *path,
	const char *setting, struct hospital_account *account, const char *name)
{
	struct bank_csv_profile *csv = zf_alloc(&reading->arena->zf, sizeof(*csv));
	const struct statement_file *file = NULL;

	if (csv == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < profiles->count; i++) {
		const struct statement_file *one = profiles->items[i];

		if (one->name != NULL && strcmp(one->name, name) == 0) file = one;
	}
	if (file == NULL) {
		conf_fault_add(reading->faults, path, conf_setting_line(path, "%s", setting),
			"no profile of statement_profiles is called \"%s\"", name);
		return 0;
	}
	if (!has(file, BANK_CSV_BALANCE) && (file->opening_words.count == 0 || file->closing_words.count == 0) &&
		!account->unproved_accepted)
		conf_fault_add(reading->faults, path, conf_setting_line(path, "%s", setting),
			"nothing of the profile \"%s\" would prove a statement: it has neither a column balance, nor opening_words"
			" and closing_words",
			name);
	*csv = (struct bank_csv_profile){.delimiter = file->separator != NULL ? file->separator[0] : ',',
		.decimal = file->decimal != NULL ? file->decimal[0] : '.',
		.thousands = file->thousands != NULL ? file->thousands[0] : ',',
		.date_format = file->date_form,
		.credit_marks = words_join(reading->arena, &file->credit_marks),
		.debit_marks = words_join(reading->arena, &file->debit_marks),
		.currency = account->currency,
		.currency_words = currencies_join(reading->arena, &file->currencies),
		.debit_negates = file->debit_negates,
		.newest_first = file->newest_first,
		.footer = words_join(reading->arena, &file->footer_words),
		.opening = words_join(reading->arena, &file->opening_words),
		.closing = words_join(reading->arena, &file->closing_words)};
	account->csv = csv;
	account->profile = file->name;
	return columns_read(reading->arena, file, csv);
}
