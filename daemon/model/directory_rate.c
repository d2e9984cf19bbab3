/* Profiles of rate files that come as CSV: their table of options, and how they become what the reader takes. */
#include <string.h>

#include "lib/charset.h"
#include "lib/text.h"
#include "model/directory_file.h"
#include "model/directory_form.h"
#include "model/directory_read.h"
#include "model/rate_csv.h"

#define BOARD "board:"

#define MEMBER(member) .name = #member, .offset = offsetof(struct rate_profile_file, member)
#define HEADING(member, text)                                                                                          \
	{                                                                                                              \
		MEMBER(member), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 200, .help = text      \
	}

static const struct conf_option rate_options[] = {
	{MEMBER(name), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1, .max = 64,
		.sample = "\"parity\"", .form = form_name, .help = "What the profile is called."},
	{MEMBER(source), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"cfets\"", .form = form_rate_file,
		.help = "Whose rates they are: cfets, the central parity; or board:BANK, a bank's buying and selling prices, BANK being of "
			"a-z, 0-9 and hyphen."},
	{MEMBER(charset), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"utf-8\"", .form = form_charset,
		.help = "utf-8, iso-8859-1, iso-8859-15, gb18030."},
	{MEMBER(separator), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\",\"", .form = form_sign,
		.help = "What stands between the fields."},
	{MEMBER(decimal), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\".\"", .form = form_sign,
		.help = "The decimal sign of prices."},
	{MEMBER(skip), .type = CONF_INT, .flags = CONF_RELOADABLE, .fallback = "0", .min = 0, .max = 100,
		.help = "How many rows stand above that of the headings."},
	{MEMBER(footer), .type = CONF_STRING, .flags = CONF_RELOADABLE, .min = 1, .max = 200,
		.help = "How the first cell of a row begins that is a note of the publisher."},
	{MEMBER(open_end), .type = CONF_BOOL, .flags = CONF_RELOADABLE, .fallback = "false",
		.help = "The last row may have no end of line. Else such a file counts as cut off."},
	{MEMBER(date_form), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"YYYY-MM-DD\"",
		.form = form_date_form,
		.help = "How days are written: YYYY, YY, MM, M, DD, D and what stands between them."},
	{MEMBER(day), .type = CONF_STRING, .flags = CONF_REQUIRED | CONF_RELOADABLE, .min = 1, .max = 200,
		.sample = "\"Date\"", .help = "The heading of the column with the day."},
	HEADING(currency,
		"That of the column with the currency, where each row is one rate. Without it a row is a day, and the other headings are "
		"currencies or pairs such as 100JPY/CNY, which must say what quoted_per and quoted_inverse say."),
	HEADING(per, "That of a column with the units that the price is for, which must be what quoted_per says."),
	HEADING(price, "That of the column with the price, where each row is one rate."),
	HEADING(buying, "Of a bank's board: that of the prices at which the bank buys."),
	HEADING(selling, "Likewise sells."),
	{MEMBER(ignored), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 32,
		.help = "Headings that are no currencies, where a row is a day."},
	{MEMBER(currencies), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "From what the file calls currencies to ISO 4217 codes, where it says something else. Left out: the Chinese names."},
	{MEMBER(home), .type = CONF_STRING, .flags = CONF_RELOADABLE, .fallback = "\"CNY\"", .form = form_currency,
		.help = "The currency that all others are quoted against."},
	{MEMBER(quoted_per), .type = CONF_MAP, .flags = CONF_RELOADABLE, .fallback = "{ }",
		.help = "Currencies whose price is so much of home for 1, 10, 100, 1000 or 10000 of them: { USD = 1; JPY = 100; }, or for all "
			"that are named nowhere ( (\"*\", 100) ). A currency that is named nowhere is refused. Where neither this nor "
			"quoted_inverse says anything: as the central parity is quoted, or for 100 of each on a bank's board."},
	{MEMBER(quoted_inverse), .type = CONF_STRINGS, .flags = CONF_RELOADABLE, .fallback = "[]", .max = 200,
		.form = form_currency, .help = "Currencies of which the price is how many of them 1 of home costs."},
};

static bool is_board(const struct rate_profile_file *file)
{
	return strncmp(file->source, BOARD, strlen(BOARD)) == 0;
}

/* The units of a text of quoted_per; 0: none that prices are for. */
static uint32_t units_of(const char *text)
{
	int64_t units;

	return text_to_int64(text_of(text), &units) == 0 && units > 0 && units <= RATE_PER_MAX &&
			       rate_is_per((uint32_t)units)
		       ? (uint32_t)units
		       : 0;
}

static void quoting_check(const struct rate_profile_file *file, const char *path, struct conf_faults *faults)
{
	unsigned line = conf_checked_line(faults, "quoted_per");

	for (size_t i = 0; i < file->quoted_per.count; i++) {
		const struct conf_pair *pair = &file->quoted_per.items[i];

		if (strcmp(pair->name, "*") != 0 && form_currency(pair->name) != NULL)
			conf_fault_add(
				faults, path, line, "quoted_per: \"%s\" %s", pair->name, form_currency(pair->name));
		if (strcmp(pair->name, file->home) == 0)
			conf_fault_add(faults, path, line, "quoted_per: \"%s\" is home", pair->name);
		if (units_of(pair->value) == 0)
			conf_fault_add(faults, path, line,
				"quoted_per: prices are for 1, 10, 100, 1000 or 10000, not for \"%s\"", pair->value);
		for (size_t k = 0; k < file->quoted_inverse.count; k++)
			if (strcmp(pair->name, file->quoted_inverse.items[k]) == 0)
				conf_fault_add(faults, path, line, "\"%s\" is both in quoted_per and in quoted_inverse",
					pair->name);
	}
	for (size_t k = 0; k < file->quoted_inverse.count; k++)
		if (strcmp(file->quoted_inverse.items[k], file->home) == 0)
			conf_fault_add(faults, path, conf_checked_line(faults, "quoted_inverse"),
				"quoted_inverse: \"%s\" is home", file->home);
}

static void rate_check(const void *value, const char *path, unsigned line, struct conf_faults *faults)
{
	const struct rate_profile_file *file = value;
	bool priced = file->price != NULL, board = file->buying != NULL && file->selling != NULL;

	if (faults->group_faulty) return;
	if (strcmp(file->decimal, file->separator) == 0)
		conf_fault_add(faults, path, line, "decimal and separator are the same sign");
	if ((file->buying != NULL) != (file->selling != NULL) || (board && priced))
		conf_fault_add(faults, path, line, "a board has both buying and selling, and no price");
	if (board != is_board(file))
		conf_fault_add(faults, path, line, "buying and selling are of a source board:BANK, which needs them");
	if ((file->currency != NULL) != (priced || board))
		conf_fault_add(faults, path, line, "currency goes with price, or with buying and selling");
	if (file->per != NULL && file->currency == NULL) conf_fault_add(faults, path, line, "per goes with currency");
	for (size_t i = 0; i < file->currencies.count; i++)
		if (form_currency(file->currencies.items[i].value) != NULL)
			conf_fault_add(faults, path, conf_checked_line(faults, "currencies"), "currencies: \"%s\" %s",
				file->currencies.items[i].value, form_currency(file->currencies.items[i].value));
	quoting_check(file, path, faults);
}

const struct conf_table rate_profile_table = {
	"rate_profile", rate_options, ARRAY_LEN(rate_options), sizeof(struct rate_profile_file), rate_check};

/* NULL: no memory. What is for all others comes last. */
static const struct rate_quoting_table *quoting_read(struct arena *arena, const struct rate_profile_file *file)
{
	size_t max = file->quoted_per.count + file->quoted_inverse.count, count = 0;
	struct rate_quoting_table *table = zf_alloc(&arena->zf, sizeof(*table));
	struct rate_quoting *rows = zf_alloc_array(&arena->zf, max + 1, sizeof(*rows));
	uint32_t others = 0;

	if (table == NULL || rows == NULL) return NULL;
	for (size_t i = 0; i < file->quoted_inverse.count; i++) {
		rows[count].inverse = true;
		rows[count].per = 1;
		memcpy(rows[count++].currency, file->quoted_inverse.items[i], 3);
	}
	for (size_t i = 0; i < file->quoted_per.count; i++) {
		const struct conf_pair *pair = &file->quoted_per.items[i];

		if (strcmp(pair->name, "*") == 0) {
			others = units_of(pair->value);
			continue;
		}
		rows[count].per = units_of(pair->value);
		memcpy(rows[count++].currency, pair->name, 3);
	}
	if (others != 0) rows[count++].per = others;
	*table = (struct rate_quoting_table){.rows = rows, .count = count};
	memcpy(table->home, file->home, 3);
	return table;
}

static int csv_read(struct arena *arena, const struct rate_profile_file *file, struct rate_csv_profile *csv)
{
	const struct rate_csv_profile *shipped = is_board(file) ? &rate_csv_board : &rate_csv_cfets;
	bool quoted = file->quoted_per.count + file->quoted_inverse.count > 0;
	struct rate_csv_alias *aliases = zf_alloc_array(&arena->zf, file->currencies.count + 1, sizeof(*aliases));
	const char **ignored = zf_alloc_array(&arena->zf, file->ignored.count + 1, sizeof(*ignored));

	*csv = (struct rate_csv_profile){.layout = file->currency != NULL ? RATE_CSV_LONG : RATE_CSV_WIDE,
		.separator = file->separator[0],
		.decimal = file->decimal[0],
		.open_end = file->open_end,
		.skip = (uint8_t)file->skip,
		.day_column = file->day,
		.day_form = file->date_form,
		.currency_column = file->currency,
		.per_column = file->per,
		.prices = {{file->price, RATE_CFETS}},
		.quoting = quoted ? quoting_read(arena, file) : shipped->quoting,
		.aliases = shipped->aliases,
		.alias_count = shipped->alias_count,
		.ignored = ignored,
		.footer = file->footer};
	if (aliases == NULL || ignored == NULL || csv->quoting == NULL) return ERR_NOMEM;
	if (is_board(file)) {
		csv->prices[0] = (struct rate_csv_price){file->buying, RATE_BANK_BUY};
		csv->prices[1] = (struct rate_csv_price){file->selling, RATE_BANK_SELL};
	}
	for (size_t i = 0; i < file->ignored.count; i++) ignored[i] = file->ignored.items[i];
	for (size_t i = 0; i < file->currencies.count; i++) {
		aliases[i].name = file->currencies.items[i].name;
		memcpy(aliases[i].currency, file->currencies.items[i].value, 3);
	}
	if (file->currencies.count > 0) {
		csv->aliases = aliases;
		csv->alias_count = file->currencies.count;
	}
	return 0;
}

static int profile_read(struct reading *reading, const struct rate_profile_file *file, struct rate_profile *profile)
{
	struct rate_csv_profile *csv = zf_alloc(&reading->arena->zf, sizeof(*csv));

	if (csv == NULL) return ERR_NOMEM;
	*profile = (struct rate_profile){.name = file->name, .from = file->source, .charset = CHARSET_UTF8, .csv = csv};
	if (charset_find(text_of(file->charset), &profile->charset) != 0) profile->charset = CHARSET_UTF8;
	return csv_read(reading->arena, file, csv);
}

int rate_profiles_read(struct reading *reading, const struct conf_groups *groups, struct hospital *hospital)
{
	struct rate_profile *list = zf_alloc_array(&reading->arena->zf, groups->count + 1, sizeof(*list));
	int r = list == NULL ? ERR_NOMEM : 0;

	/* Of a file with faults nothing is used. */
	for (size_t i = 0; r == 0 && reading->faults->count == 0 && i < groups->count; i++) {
		r = profile_read(reading, groups->items[i], &list[i]);
		hospital->rate_profile_count = (uint32_t)i + 1;
		for (size_t k = 0; r == 0 && k < i; k++)
			if (strcmp(list[k].name, list[i].name) == 0)
				conf_fault_add(reading->faults, hospital->file,
					conf_setting_line(hospital->file, "rate_profiles.[%zu].name", i),
					"two rate profiles are called \"%s\"", list[i].name);
	}
	hospital->rate_profiles = list;
	return r;
}
