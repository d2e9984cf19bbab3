/* Profiles of CSV exports as configuration. */
#include "model/erp_profile.h"

#include <string.h>

#include "lib/text.h"

#define CONST "const:"

static const char *const field_names[] = {"posting", "entry", "no", "day", "rule", "text", "text_zh", "claim",
	"hospital", "short", "account", "name", "sub", "account_sub", "side", "debit", "credit", "amount", "currency",
	"book_debit", "book_credit", "book_amount", "book_currency"};

/* "day", "day=日期", "const:记=凭证字": what is in the column and how it is headed. */
static bool column_parse(const char *text, enum erp_field *ret_field, size_t *ret_len)
{
	size_t len = strcspn(text, "=");

	*ret_len = len;
	if (strncmp(text, CONST, strlen(CONST)) == 0) {
		*ret_field = ERP_CONST;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(field_names); i++) {
		if (strlen(field_names[i]) != len || memcmp(field_names[i], text, len) != 0) continue;
		*ret_field = (enum erp_field)i;
		return true;
	}
	return false;
}

static const char *form_column(const char *text)
{
	enum erp_field field;
	size_t len;

	if (!text_utf8_valid(text, strlen(text))) return "is not UTF-8";
	if (!column_parse(text, &field, &len)) return "is no field of a posting; zhifud.conf(5) lists them";
	return text[len] == '=' && text[len + 1] == '\0' ? "has no heading behind its =" : NULL;
}

static const char *form_profile(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0'
		       ? NULL
		       : "may have only a-z, 0-9 and hyphen";
}

static const char *form_separator(const char *text)
{
	return text[0] != '\0' && text[1] == '\0' && strchr(",;\t|", text[0]) != NULL
		       ? NULL
		       : "is no comma, semicolon, tabulator or |";
}

/* Each part once; what is between them is no letter that could be one. */
static const char *form_day(const char *text)
{
	static const char *const parts[] = {"YYYY", "MM", "DD"};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *at = strstr(text, parts[i]);

		if (at == NULL || strstr(at + 1, parts[i]) != NULL) return "does not have YYYY, MM and DD once each";
	}
	return NULL;
}

#define MEMBER(type_name, member) .name = #member, .offset = offsetof(struct type_name, member)

static const char *const charset_names[] = {"utf-8", "utf-8-bom", "gb18030", NULL};

static const struct conf_option profile_options[] = {
	{MEMBER(erp_profile_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .max = 32,
		.sample = "\"erp\"", .form = form_profile, .help = "What it is called: money export --profile NAME."},
	{MEMBER(erp_profile_file, columns), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .min = 1, .max = 64,
		.form = form_column,
		.fallback =
			"[ \"posting\", \"day\", \"account\", \"name\", \"sub\", \"debit\", \"credit\", \"currency\", "
			"\"book_debit\", \"book_credit\", \"book_currency\", \"text\", \"claim\" ]",
		.help = "The columns in their order, each a field or FIELD=HEADING. Fields: posting (names it, once for its debit and "
			"once for its credit), entry (what belongs together), no, day, rule, text, text_zh (why, in English or "
			"Chinese), claim, hospital, short (the ledger's name of the account), account, name and sub (number, name and "
			"sub-ledger by the chart), account_sub (number, dot and sub-ledger), side, debit and credit, or amount with "
			"credits below zero, currency; book_debit, book_credit, book_amount and book_currency likewise; const:TEXT is "
			"TEXT in each line."},
	{MEMBER(erp_profile_file, charset), .type = CONF_ENUM, .flags = CONF_RELOADABLE, .fallback = "\"utf-8\"",
		.names = charset_names,
		.help = "In which the file is written; utf-8-bom has a mark at its begin, by which some programs know it."},
	{MEMBER(erp_profile_file, separator), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"",
		.form = form_separator, .help = "Between columns."},
	{MEMBER(erp_profile_file, day), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"YYYY-MM-DD\"",
		.max = 32, .form = form_day, .help = "How days are written: YYYY, MM and DD with anything between."},
	{MEMBER(erp_profile_file, debit), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"D\"", .max = 32,
		.help = "The word of the field side for a debit."},
	{MEMBER(erp_profile_file, credit), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"C\"",
		.max = 32, .help = "And for a credit."},
	{MEMBER(erp_profile_file, header), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "true",
		.help = "The first line has the headings."},
};
const struct conf_table erp_profile_table = {
	"erp_profile", profile_options, ARRAY_LEN(profile_options), sizeof(struct erp_profile_file), NULL};

int erp_profile_make(const struct erp_profile_file *file, struct arena *arena, struct erp_profile *ret_profile)
{
	struct erp_column *columns = zf_alloc_array(&arena->zf, file->columns.count + 1, sizeof(*columns));

	if (columns == NULL) return ERR_NOMEM;
	*ret_profile = (struct erp_profile){.name = file->name != NULL ? file->name : "",
		.columns = columns,
		.charset = (enum erp_charset)file->charset,
		.separator = file->separator != NULL ? file->separator[0] : ',',
		.day = file->day,
		.debit = file->debit,
		.credit = file->credit,
		.header = file->header};
	for (size_t i = 0; i < file->columns.count; i++) {
		const char *text = file->columns.items[i];
		struct erp_column *column = &columns[ret_profile->column_count];
		size_t len;

		if (!column_parse(text, &column->field, &len)) continue; /* told */
		if (column->field == ERP_CONST) {
			column->text = zf_strndup(&arena->zf, text + strlen(CONST), len - strlen(CONST));
			column->header = text[len] == '=' ? text + len + 1 : "";
			if (column->text == NULL) return ERR_NOMEM;
		} else {
			column->header = text[len] == '=' ? text + len + 1 : text;
		}
		ret_profile->column_count++;
	}
	return 0;
}

int erp_profile_plain(struct arena *arena, struct erp_profile *ret_profile)
{
	static const char text[] = "name = \"plain\";";
	struct erp_profile_file file;
	struct conf_faults faults;
	int r = conf_parse(&erp_profile_table, "built in", text, sizeof(text) - 1, arena, &file, &faults);

	return r < 0 ? r : erp_profile_make(&file, arena, ret_profile);
}
