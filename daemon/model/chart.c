/* Charts of accounts: their file, and finding an account's row. */
#include "model/chart.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "lib/text.h"
#include "model/builtin.h"

struct row_file {
	const char *account, *number, *name;
	int type;
};

struct line_kind_file {
	const char *kind, *name, *account;
	int way;
	struct conf_strings codes, texts;
};

struct chart_file {
	const char *name;
	struct conf_groups accounts, line_kinds;
};

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const char *form_short_name(const char *text)
{
	size_t plain = strspn(text, UPPER DIGITS "-");
	const char *rest = text + plain;
	size_t word;

	if (*rest == '\0' && plain > 0) return NULL;
	word = *rest == '{' ? strspn(rest + 1, UPPER) : 0;
	if (plain > 0 && word > 0 && strcmp(rest + 1 + word, "}") == 0) return NULL;
	return "is no short name as AR-PT and none with a parameter at its end as AR-{INSURER}";
}

static const char *form_number(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || text[strspn(text, UPPER DIGITS ".-")] != '\0') return "may have only 0-9, A-Z, dot and hyphen";
	if (strchr(".-", text[0]) != NULL || strchr(".-", text[len - 1]) != NULL)
		return "begins or ends with a dot or a hyphen";
	return NULL;
}

static const char *form_kind(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz" DIGITS "-";

	if (text[0] == '\0' || text[strspn(text, allowed)] != '\0') return "may have only a-z, 0-9 and hyphen";
	return strcmp(text, "transfer") == 0 ? "is what money match transfer books" : NULL;
}

/* Not an account whose balance something else proves. */
static const char *form_own_account(const char *text)
{
	static const char *const kept[] = {"AR-", "BANK-", "CLR-", "CONV", "DEP", "HELD", "OPENING", "OVERPAID", "PROV",
		"REM-ANN-", "SUSP", "CASH"};

	if (text[0] == '\0' || text[strspn(text, UPPER DIGITS "-")] != '\0') return "is no short name as FEE";
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strncmp(text, kept[i], strlen(kept[i])) == 0) return "is an account that only Zhifu posts to";
	return NULL;
}

static const char *form_pattern(const char *text)
{
	return text[0] == '\0' || text[strspn(text, "*? ")] == '\0' ? "would fit everything" : NULL;
}

/* What hledger and beancount can both carry. */
static const char *form_account_name(const char *text)
{
	size_t len = strlen(text);

	if (!text_utf8_valid(text, len)) return "is not UTF-8";
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f) return "has a control character";
	if (strpbrk(text, ":;\"\\{}()[]|") != NULL) return "has one of : ; \" \\ { } ( ) [ ] |";
	if (len == 0 || text[0] == ' ' || text[len - 1] == ' ' || strstr(text, "  ") != NULL)
		return "is empty, or has a blank at an end or two in a row";
	return NULL;
}

#define MEMBER(type_name, member) .name = #member, .offset = offsetof(struct type_name, member)

static const char *const type_names[] = {"asset", "liability", "equity", "income", "expense", NULL};

static const struct conf_option row_options[] = {
	{MEMBER(row_file, account), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"AR-{INSURER}\"",
		.max = 63, .form = form_short_name,
		.help = "The ledger's short name; with a parameter at its end all that begin so."},
	{MEMBER(row_file, number), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"1212.02\"", .max = 32,
		.form = form_number, .help = "The number of the hospital's account."},
	{MEMBER(row_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"应收医疗款\"", .max = 120,
		.form = form_account_name, .help = "The name of the hospital's account."},
	{MEMBER(row_file, type), .type = CONF_ENUM, .flags = CONF_REQUIRED, .sample = "\"asset\"", .names = type_names,
		.help = "Which side of the balance it is on."},
};
static const struct conf_table row_table = {
	"account", row_options, ARRAY_LEN(row_options), sizeof(struct row_file), NULL};

static const char *const way_names[] = {"both", "in", "out", NULL};

static const struct conf_option line_kind_options[] = {
	{MEMBER(line_kind_file, kind), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"bank-fee\"", .max = 24,
		.form = form_kind, .help = "By which persons and programs call it."},
	{MEMBER(line_kind_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"银行手续费\"",
		.max = 120, .form = form_account_name, .help = "What it is called."},
	{MEMBER(line_kind_file, account), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"FEE\"", .max = 63,
		.form = form_own_account, .help = "The ledger's short name of the account; it has a row above."},
	{MEMBER(line_kind_file, way), .type = CONF_ENUM, .fallback = "\"both\"", .names = way_names,
		.help = "Whether money of it comes in or goes out."},
	{MEMBER(line_kind_file, codes), .type = CONF_STRINGS, .fallback = "[]", .max = 64, .form = form_pattern,
		.help = "The bank's codes of it: * stands for any letters, ? for one."},
	{MEMBER(line_kind_file, texts), .type = CONF_STRINGS, .fallback = "[]", .max = 64, .form = form_pattern,
		.help = "Words of the bank that speak for it."},
};
static const struct conf_table line_kind_table = {
	"line_kind", line_kind_options, ARRAY_LEN(line_kind_options), sizeof(struct line_kind_file), NULL};

/* Beancount writes no dots in a number. */
static bool number_alike(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b && (strchr(".-", *a) == NULL || strchr(".-", *b) == NULL)) return false;
	return *a == *b;
}

/* Does the row stand for that account? */
static bool row_covers(const struct row_file *row, const char *account)
{
	size_t len = row->account != NULL ? strcspn(row->account, "{") : 0;

	if (row->account == NULL) return false;
	if (row->account[len] == '\0') return strcmp(row->account, account) == 0;
	return strlen(account) > len && strncmp(row->account, account, len) == 0;
}

static void line_kinds_check(const struct chart_file *chart, const char *file, struct conf_faults *faults)
{
	for (size_t i = 0; i < chart->line_kinds.count; i++) {
		const struct line_kind_file *one = chart->line_kinds.items[i];
		bool covered = one->account == NULL;

		for (size_t k = 0; !covered && k < chart->accounts.count; k++)
			covered = row_covers(chart->accounts.items[k], one->account);
		if (!covered)
			conf_fault_add(faults, file, conf_checked_line(faults, "line_kinds.[%zu].account", i),
				"account \"%s\" has no row in the chart", one->account);
		for (size_t k = 0; k < i; k++) {
			const struct line_kind_file *other = chart->line_kinds.items[k];

			if (one->kind != NULL && other->kind != NULL && strcmp(one->kind, other->kind) == 0)
				conf_fault_add(faults, file, conf_checked_line(faults, "line_kinds.[%zu].kind", i),
					"kind \"%s\" is on line %u already", one->kind,
					conf_checked_line(faults, "line_kinds.[%zu].kind", k));
		}
	}
}

static void rows_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct chart_file *chart = value;

	(void)line;
	line_kinds_check(chart, file, faults);
	for (size_t i = 0; i < chart->accounts.count; i++) {
		const struct row_file *row = chart->accounts.items[i];

		for (size_t k = 0; k < i; k++) {
			const struct row_file *other = chart->accounts.items[k];
			unsigned at = conf_checked_line(faults, "accounts.[%zu].number", k);

			if (row->account != NULL && other->account != NULL && strcmp(row->account, other->account) == 0)
				conf_fault_add(faults, file, conf_checked_line(faults, "accounts.[%zu].account", i),
					"account \"%s\" has a row on line %u already", row->account,
					conf_checked_line(faults, "accounts.[%zu].account", k));
			if (row->number == NULL || other->number == NULL || row->name == NULL || other->name == NULL)
				continue;
			if (!number_alike(row->number, other->number)) continue;
			if (strcmp(row->number, other->number) != 0)
				conf_fault_add(faults, file, conf_checked_line(faults, "accounts.[%zu].number", i),
					"number \"%s\" differs from \"%s\" of line %u in dots and hyphens only",
					row->number, other->number, at);
			else if (strcmp(row->name, other->name) != 0 || row->type != other->type)
				conf_fault_add(faults, file, conf_checked_line(faults, "accounts.[%zu].number", i),
					"number \"%s\" has another name or type on line %u", row->number, at);
		}
	}
}

static const struct conf_option chart_options[] = {
	{MEMBER(chart_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"public\"", .max = 120,
		.form = form_account_name, .help = "What it is called."},
	{MEMBER(chart_file, accounts), .type = CONF_GROUPS, .flags = CONF_REQUIRED, .min = 1, .max = 2000,
		.group = &row_table, .help = "A row an account."},
	{MEMBER(chart_file, line_kinds), .type = CONF_GROUPS, .max = 100, .group = &line_kind_table,
		.help = "What lines of statements are that no claim explains, and their accounts."},
};
static const struct conf_table chart_table = {
	"chart", chart_options, ARRAY_LEN(chart_options), sizeof(struct chart_file), rows_check};

static int line_kinds_make(const struct chart_file *file, struct arena *arena, struct chart *chart)
{
	static const uint8_t ways[] = {CHART_IN | CHART_OUT, CHART_IN, CHART_OUT};
	struct chart_line_kind *kinds = zf_alloc_array(&arena->zf, file->line_kinds.count + 1, sizeof(*kinds));

	if (kinds == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < file->line_kinds.count; i++) {
		const struct line_kind_file *one = file->line_kinds.items[i];

		if (one->kind == NULL || one->name == NULL || one->account == NULL) continue; /* told */
		kinds[chart->line_kind_count++] = (struct chart_line_kind){.kind = one->kind,
			.name = one->name,
			.account = one->account,
			.ways = ways[one->way],
			.codes = one->codes.items,
			.texts = one->texts.items,
			.code_count = (uint32_t)one->codes.count,
			.text_count = (uint32_t)one->texts.count};
	}
	chart->line_kinds = kinds;
	return 0;
}

static int chart_make(const struct chart_file *file, struct arena *arena, const struct chart **ret_chart)
{
	struct chart *chart = zf_alloc(&arena->zf, sizeof(*chart));
	struct chart_row *rows = zf_alloc_array(&arena->zf, file->accounts.count + 1, sizeof(*rows));

	if (chart == NULL || rows == NULL || line_kinds_make(file, arena, chart) < 0)
		return err_set(ERR_NOMEM, "no memory for a chart of accounts");
	for (size_t i = 0; i < file->accounts.count; i++) {
		const struct row_file *row = file->accounts.items[i];

		if (row->account == NULL || row->number == NULL || row->name == NULL) continue; /* told */
		rows[chart->row_count++] = (struct chart_row){.account = row->account,
			.prefix_len = strcspn(row->account, "{"),
			.has_sub = strchr(row->account, '{') != NULL,
			.number = row->number,
			.name = row->name,
			.type = (enum chart_type)row->type};
	}
	chart->name = file->name != NULL ? file->name : "";
	chart->rows = rows;
	*ret_chart = chart;
	return 0;
}

int chart_load(const char *path, struct arena *arena, struct conf_faults *faults, const struct chart **ret_chart)
{
	struct chart_file file = {0};
	int r = builtin_load(&chart_table, path, builtin_chart_public, builtin_chart_public_len, arena, &file, faults);

	if (r < 0 && r != ERR_INVALID) return r;
	if (chart_make(&file, arena, ret_chart) < 0) return ERR_NOMEM;
	return r;
}

const struct chart_row *chart_find(const struct chart *chart, const char *account, const char **ret_sub)
{
	const struct chart_row *found = NULL;
	size_t len = strlen(account);

	*ret_sub = NULL;
	for (uint32_t i = 0; i < chart->row_count; i++) {
		const struct chart_row *row = &chart->rows[i];

		if (!row->has_sub && strcmp(row->account, account) == 0) {
			*ret_sub = NULL;
			return row;
		}
		if (!row->has_sub || len <= row->prefix_len || strncmp(row->account, account, row->prefix_len) != 0)
			continue;
		if (found != NULL && found->prefix_len >= row->prefix_len) continue;
		found = row;
		*ret_sub = account + row->prefix_len;
	}
	return found;
}

const struct chart_line_kind *chart_line_kind(const struct chart *chart, const char *kind)
{
	for (uint32_t i = 0; i < chart->line_kind_count; i++)
		if (strcmp(chart->line_kinds[i].kind, kind) == 0) return &chart->line_kinds[i];
	return NULL;
}
