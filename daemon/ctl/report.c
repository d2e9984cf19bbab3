/* Fields, tables and cells, in text and in JSON. */
#include "ctl/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/report_csv.h"
#include "lib/date.h"
#include "lib/text.h"

#define LABEL_COLUMNS 24

/* A command line tool that cannot get a few bytes has nothing better to do than to end. */
static void *owned(void *ptr)
{
	if (ptr != NULL) return ptr;
	(void)fprintf(stderr, "zhifuctl: out of memory\n");
	exit(1);
}

static struct cell cell_make(const char *text, json_t *json, bool right)
{
	return (struct cell){.text = owned(mem_strdup(text)), .json = owned(json), .right = right};
}

struct cell cell_none(void)
{
	return cell_make("-", json_null(), false);
}

struct cell cell_text(const char *text)
{
	return cell_word(text, text);
}

struct cell cell_word(const char *text, const char *json)
{
	json_t *value;

	if (text == NULL || json == NULL) return cell_none();
	value = json_string(json);
	/* not UTF-8: shown with its bytes replaced, and said as such */
	return cell_make(text, value != NULL ? value : json_string("(not UTF-8)"), false);
}

struct cell cell_aside(const char *text)
{
	return cell_make(text, json_null(), false);
}

struct cell cell_int(int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	return cell_make(text, json_integer(number), true);
}

struct cell cell_bool(bool value)
{
	return cell_make(value ? "yes" : "-", json_boolean(value), false);
}

void report_amount(int64_t minor, int exponent, bool grouped, char text[REPORT_AMOUNT_LEN])
{
	char digits[24];
	size_t n = 0;
	size_t len;
	size_t whole;
	uint64_t value = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;

	assert(exponent >= 0 && exponent <= 4);
	(void)snprintf(digits, sizeof(digits), "%0*" PRIu64, exponent + 1, value);
	len = strlen(digits);
	whole = len - (size_t)exponent;
	if (minor < 0) text[n++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i == whole)
			text[n++] = '.';
		else if (grouped && i > 0 && i < whole && (whole - i) % 3 == 0)
			text[n++] = ',';
		text[n++] = digits[i];
	}
	text[n] = '\0';
}

struct cell cell_money(int64_t minor, const char *currency, int exponent)
{
	char amount[REPORT_AMOUNT_LEN];
	char text[REPORT_AMOUNT_LEN + 8];
	json_t *json;

	report_amount(minor, exponent, false, amount);
	json = json_pack("{s:s, s:s}", "amount", amount, "currency", currency);
	report_amount(minor, exponent, true, amount);
	(void)snprintf(text, sizeof(text), "%s %s", amount, currency);
	return cell_make(text, json, true);
}

struct cell cell_amount(int64_t minor, const char *currency, int exponent)
{
	struct cell cell = cell_money(minor, currency, exponent);

	*strrchr(cell.text, ' ') = '\0';
	return cell;
}

struct cell cell_tenths(int64_t tenths)
{
	char text[REPORT_AMOUNT_LEN];

	report_amount(tenths, 1, false, text);
	return cell_make(text, json_string(text), true);
}

struct cell cell_share(int64_t part, int64_t whole)
{
	char text[REPORT_AMOUNT_LEN + 4];
	char number[REPORT_AMOUNT_LEN];

	if (whole <= 0) return cell_none();
	/* of 1000, half away from zero */
	report_amount((int64_t)(((__int128)part * 2000 + whole) / ((__int128)whole * 2)), 1, false, number);
	(void)snprintf(text, sizeof(text), "%s %%", number);
	return cell_make(text, json_string(number), true);
}

struct cell cell_time(const struct zone *zone, int64_t wall_ms)
{
	char iso[DATE_TEXT_SIZE];
	char text[DATE_TEXT_SIZE];
	int minutes;

	if (wall_ms == INT64_MAX || wall_ms == INT64_MIN) return cell_none();
	minutes = zone == NULL ? 0 : zone_offset_minutes(zone, wall_ms);
	if (date_format_ms(wall_ms, minutes, iso) < 23) return cell_none();
	/* 2026-11-21T12:05:06.789+08:00 -> 2026-11-21 12:05:06 +08:00 */
	(void)snprintf(text, sizeof(text), "%.10s %.8s %s", iso, iso + 11, iso[23] == 'Z' ? "UTC" : iso + 23);
	return cell_make(text, json_string(iso), false);
}

struct cell cell_day(int32_t days)
{
	int year;
	unsigned month;
	unsigned day;
	char text[32];

	date_civil_from_days(days, &year, &month, &day);
	(void)snprintf(text, sizeof(text), "%04d-%02u-%02u", year, month, day);
	return cell_text(text);
}

struct cell cell_uuid(const struct uuid *uuid)
{
	char text[UUID_TEXT_LEN];

	if (uuid == NULL) return cell_none();
	uuid_format(uuid, text);
	return cell_text(text);
}

struct cell cell_age(int64_t from_ms, int64_t to_ms)
{
	char text[32];
	int64_t seconds = (to_ms - from_ms) / 1000;

	if (seconds < 0) seconds = 0;
	if (seconds < 120)
		(void)snprintf(text, sizeof(text), "%" PRId64 " s", seconds);
	else if (seconds < 7200)
		(void)snprintf(text, sizeof(text), "%" PRId64 " min", seconds / 60);
	else if (seconds < 172800)
		(void)snprintf(text, sizeof(text), "%" PRId64 " h", seconds / 3600);
	else
		(void)snprintf(text, sizeof(text), "%" PRId64 " days", seconds / 86400);
	return cell_make(text, json_integer(seconds), true);
}

static void cell_free(struct cell *cell)
{
	mem_free(cell->text);
	json_decref(cell->json);
}

/* ---- width: Unicode's East Asian Wide and Fullwidth (UAX 11), combining marks take no column ---- */

struct range {
	uint32_t from, to;
};

static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
	{0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
static const struct range narrow[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},
	{0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	{0xfeff, 0xfeff}};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].from && code <= ranges[i].to) return true;
	return false;
}

/* What one character takes; 0 bytes consumed never happens: what is no UTF-8 or a control character counts as "?". */
static size_t char_width(const char *p, const char *end, size_t *ret_bytes, bool *ret_shown)
{
	uint32_t code = 0;
	size_t n = text_utf8_next(p, end, &code);

	*ret_bytes = n == 0 ? 1 : n;
	/* bidirectional overrides could make a line read as another one */
	*ret_shown = n > 0 && code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && !(code >= 0x202a && code <= 0x202e) &&
		     !(code >= 0x2066 && code <= 0x2069);
	if (!*ret_shown) return 1;
	if (in_ranges(narrow, ARRAY_LEN(narrow), code)) return 0;
	return in_ranges(wide, ARRAY_LEN(wide), code) ? 2 : 1;
}

size_t report_width(const char *text)
{
	const char *end = text + strlen(text);
	size_t columns = 0;

	while (text < end) {
		size_t n;
		bool shown;

		columns += char_width(text, end, &n, &shown);
		text += n;
	}
	return columns;
}

void report_pad(FILE *out, const char *text, size_t width, bool right)
{
	const char *end = text + strlen(text);
	size_t columns = report_width(text);
	size_t fill = columns < width ? width - columns : 0;

	if (right) (void)fprintf(out, "%*s", (int)fill, "");
	while (text < end) {
		size_t n;
		bool shown;

		(void)char_width(text, end, &n, &shown);
		if (shown)
			(void)fwrite(text, 1, n, out);
		else
			(void)fputc('?', out);
		text += n;
	}
	if (!right) (void)fprintf(out, "%*s", (int)fill, "");
}

/* ---- reports ---- */

void report_begin(struct report *report, const struct ctl *ctl)
{
	*report = (struct report){.ctl = ctl, .root = owned(json_object()), .out = stdout};
	/* without it a Chinese Excel takes UTF-8 for another character set */
	if (ctl->csv && ctl->chinese) (void)fputs("\xef\xbb\xbf", report->out);
}

void report_field(struct report *report, const char *key, const char *label, struct cell cell)
{
	if (report->ctl->json) {
		(void)json_object_set(report->root, key, cell.json);
	} else if (label != NULL) {
		report_pad(report->out, label, LABEL_COLUMNS, false);
		report_pad(report->out, cell.text, 0, false);
		(void)fputc('\n', report->out);
	}
	cell_free(&cell);
}

void report_heading(struct report *report, const char *text)
{
	if (!report->ctl->json) (void)fprintf(report->out, "\n%s%s", text, *text != '\0' ? "\n" : "");
}

static void fault_print(const struct ctl *ctl, const char *file, const struct fault *fault, const char *text)
{
	const char *path = fault->path;

	report_pad(stderr, file != NULL ? file : "", 0, false);
	(void)fputs(file != NULL && *path != '\0' ? ":" : "", stderr);
	report_pad(stderr, path, 0, false);
	(void)fputs(file != NULL || *path != '\0' ? ": " : "", stderr);
	if (fault->severity < FAULT_FAULT) (void)fputs(say(ctl, "warning: ", "警告:"), stderr);
	report_pad(stderr, text, 0, false);
	(void)fputc('\n', stderr);
}

void report_faults(struct report *report, const char *file, const struct fault_list *faults, struct zf_arena *arena)
{
	json_t *list = owned(json_array());

	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		const struct fault_info *info = fault_lookup(fault->code);
		const char *english = owned((void *)fault_text_en(arena, fault));
		const char *chinese = owned((void *)fault_text_zh(arena, fault));
		json_t *row;

		if (ctl_notes(report->ctl)) {
			fault_print(report->ctl, file, fault, say(report->ctl, english, chinese));
			continue;
		}
		row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "code", info->name, "path", fault->path, "severity",
			fault_severity_fhir(fault->severity), "owner", fault_owner_name(info->owner), "en", english,
			"zh", chinese);
		(void)json_array_append_new(list, owned(row));
	}
	if (!ctl_notes(report->ctl)) (void)json_object_set(report->root, "faults", list);
	json_decref(list);
}

int report_end(struct report *report, int status)
{
	if (report->ctl->csv) {
		if (!report->listed) report_csv_object(report->out, report->root);
	} else if (report->ctl->json) {
		(void)json_dumpf(report->root, report->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
		(void)fputc('\n', report->out);
	}
	json_decref(report->root);
	report->root = NULL;
	if (fflush(report->out) != 0 && status == 0) status = 1;
	return status;
}

void table_begin(struct table *table, const struct column *columns, size_t column_count)
{
	assert(column_count > 0 && column_count <= TABLE_COLUMNS_MAX);
	*table = (struct table){.columns = columns, .column_count = column_count};
}

void table_add(struct table *table, struct cell cell)
{
	if (table->cell_count == table->cell_max) {
		table->cell_max = table->cell_max == 0 ? 128 : table->cell_max * 2;
		table->cells = owned(mem_realloc(table->cells, table->cell_max * sizeof(*table->cells)));
	}
	table->cells[table->cell_count++] = cell;
}

static void table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};
	bool right[TABLE_COLUMNS_MAX] = {false};
	size_t last = 0;

	for (size_t c = 0; c < table->column_count; c++) {
		if (table->columns[c].title == NULL) continue;
		last = c;
		widths[c] = report_width(table->columns[c].title);
	}
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t width = report_width(table->cells[i].text);
		size_t c = i % table->column_count;

		if (width > widths[c]) widths[c] = width;
		if (table->cells[i].right) right[c] = true;
	}
	for (size_t c = 0; c <= last; c++) {
		if (table->columns[c].title == NULL) continue;
		report_pad(out, table->columns[c].title, c == last && !right[c] ? 0 : widths[c], right[c]);
		if (c != last) (void)fputs("  ", out);
	}
	(void)fputc('\n', out);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t c = i % table->column_count;
		const struct cell *cell = &table->cells[i];

		if (table->columns[c].title == NULL) continue;
		/* what is missing stands where the numbers do */
		if (cell->right || (right[c] && strcmp(cell->text, "-") == 0))
			report_pad(out, cell->text, widths[c], true);
		else
			report_pad(out, cell->text, c == last ? 0 : widths[c], false);
		(void)fputs(c == last ? "\n" : "  ", out);
	}
}

static void cells_free(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++) cell_free(&table->cells[i]);
	table->cell_count = 0;
}

/* Is an amount in the column, with its currency? */
static bool column_money(const struct table *table, size_t column)
{
	for (size_t i = column; i < table->cell_count; i += table->column_count)
		if (json_is_object(table->cells[i].json)) return true;
	return table->money[column];
}

static void table_csv(struct table *table, struct report *report)
{
	if (!table->headed && report->listed) report_csv_end(report->out); /* an empty line between two lists */
	for (size_t c = 0; !table->headed && c < table->column_count; c++) {
		table->money[c] = column_money(table, c);
		report_csv_title(report->out, table->columns[c].key, table->money[c], c == 0);
	}
	if (!table->headed) report_csv_end(report->out);
	table->headed = report->listed = true;
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t c = i % table->column_count;

		report_csv_value(report->out, table->cells[i].json, table->money[c], c == 0);
		if (c + 1 == table->column_count) report_csv_end(report->out);
	}
	cells_free(table);
}

void table_flush(struct table *table, struct report *report)
{
	assert(table->cell_count % table->column_count == 0);
	if (report->ctl->csv) table_csv(table, report);
}

static json_t *table_json(const struct table *table)
{
	json_t *list = owned(json_array());

	for (size_t i = 0; i < table->cell_count; i += table->column_count) {
		json_t *row = owned(json_object());

		for (size_t c = 0; c < table->column_count; c++)
			(void)json_object_set(row, table->columns[c].key, table->cells[i + c].json);
		(void)json_array_append_new(list, row);
	}
	return list;
}

void table_end(struct table *table, struct report *report, const char *key, const char *heading, const char *empty)
{
	assert(table->cell_count % table->column_count == 0);
	if (report->ctl->csv) {
		table_csv(table, report);
	} else if (report->ctl->json) {
		(void)json_object_set_new(report->root, key, table_json(table));
	} else if (table->cell_count > 0) {
		if (heading != NULL) report_heading(report, heading);
		table_print(table, report->out);
	} else if (empty != NULL) {
		if (heading != NULL) report_heading(report, heading);
		(void)fprintf(report->out, "%s\n", empty);
	}
	table_drop(table);
}

void table_drop(struct table *table)
{
	cells_free(table);
	mem_free(table->cells);
	*table = (struct table){0};
}
