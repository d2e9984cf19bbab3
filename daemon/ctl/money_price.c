/* zhifuctl money price: the hospital's price lists. A file is a version more, all of its prices or none. */
#include "base/clock.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "lib/csv.h"
#include "model/directory.h"
#include "settle/price_import.h"

#include <errno.h>
#include <string.h>

/* ---- put ---- */

struct put {
	struct ctl *ctl;
	const struct hospital *hospital;
	const char *file;
	struct arena arena;
	struct price_import run;
};

static void put_close(struct put *put)
{
	arena_free(&put->arena);
}

static int put_say(struct put *put, bool refused)
{
	const struct ctl *ctl = put->ctl;
	const struct price_import *run = &put->run;
	struct report report;

	report_begin(&report, ctl);
	report_field(&report, "hospital", NULL, cell_text(put->hospital->code));
	report_field(&report, "stored", NULL, cell_bool(!refused && !run->check && run->outcome == PRICE_STORED));
	report_field(&report, "name", refused ? NULL : say(ctl, "price list", "价目表"), cell_text(run->name));
	if (!refused) {
		report_field(&report, "version", say(ctl, "version", "版本"), cell_int(run->version));
		report_field(&report, "currency", say(ctl, "currency", "币种"), cell_text(run->list.currency));
		report_field(&report, "prices", say(ctl, "prices", "单价数"), cell_int(run->list.count));
		report_field(&report, "outcome", say(ctl, "result", "结果"),
			run->outcome == PRICE_KNOWN ? cell_word(say(ctl, "known already", "已有,无变化"), "known")
			: run->check                ? cell_word(say(ctl, "would be stored", "可以入库"), "fits")
						    : cell_word(say(ctl, "stored", "已入库"), "stored"));
	}
	report_faults(&report, put->file, &run->faults, &put->arena.zf);
	if (refused && ctl_notes(ctl))
		(void)fprintf(stderr, "zhifuctl: %s: %s\n", put->file,
			say(ctl, "nothing of it is stored", "其中的单价均未入库"));
	return report_end(&report, refused);
}

/* What stands against it in the list. */
static int put_clash(const struct put *put)
{
	const struct ctl *ctl = put->ctl;
	const struct price_import *run = &put->run;
	bool is_earlier = run->outcome == PRICE_EARLIER;

	(void)fprintf(stderr, "zhifuctl: %s: %s %d %s\n", put->file,
		is_earlier ? say(ctl, "version", "版本") : say(ctl, "the latest version is", "最新版本为"),
		run->version,
		is_earlier
			? say(ctl,
				  "has these prices for these days, and a later one took its place: nothing is stored; if "
				  "they are to be in force again, say --after with the latest version",
				  "已有该单价及期间,并已被后续版本取代,未入库;如须恢复,请用 --after 注明最新版本号")
			: say(ctl, "and not that of --after: nothing is stored", "与 --after 不符,未入库"));
	return 1;
}

static int put_read(struct put *put)
{
	struct bytes bytes;
	int r = ctl_file_read(put->file, PRICE_FILE_BYTES_MAX, &put->arena, &bytes);

	return r < 0 ? r : price_import_read(&put->run, bytes, &put->arena);
}

static int options_check(
	const struct ctl *ctl, struct price_import *run, const char *from, const char *to, const char *charset)
{
	int r = 0;

	if (run->name == NULL || !price_list_named(run->name))
		r = ctl_usage("say which list with --name NAME, a line of at most %d bytes", PRICE_NAME_MAX);
	if (r == 0 && from == NULL) r = ctl_usage("say from which day it counts with --from DAY");
	if (r == 0) r = ctl_day("--from", from, 0, &run->from);
	if (r == 0) r = ctl_day("--to", to, PRICE_OPEN, &run->to);
	if (r == 0 && run->to < run->from) r = ctl_usage("--to is before --from");
	if (r == 0 && charset != NULL && charset_find(text_of(charset), &run->charset) != 0)
		r = ctl_usage("--charset takes UTF-8, ISO-8859-1, ISO-8859-15, GB18030 or CP852, not \"%s\"", charset);
	if (r == 0 && run->check && run->why == NULL) run->why = "check";
	return r == 0 ? ctl_accountable(ctl, run->why) : r;
}

static int price_put(struct ctl *ctl, int argc, char **argv)
{
	struct put put CLEANUP(put_close) = {.ctl = ctl, .run = {.charset = CHARSET_UTF8}};
	struct price_import *run = &put.run;
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL, *from = NULL, *to = NULL, *charset = NULL, *after = NULL;
	int64_t version = 0;
	const struct ctl_option options[] = {{"--name", &run->name, NULL}, {"--from", &from, NULL}, {"--to", &to, NULL},
		{"--after", &after, NULL}, {"--charset", &charset, NULL}, {"--why", &run->why, NULL},
		{"--hospital", &code, NULL}, {"--check", NULL, &run->check}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	arena_init(&put.arena, PRICE_IMPORT_BYTES_MAX);
	if (r == 0) r = options_check(ctl, run, from, to, charset);
	if (r == 0) r = ctl_number("--after", after, INT32_MAX, &version);
	if (r != 0) return r;
	run->after = (int32_t)version;
	put.hospital = ctl_hospital(ctl, code);
	if (put.hospital == NULL) return 2;
	put.file = words[0];
	run->hospital = &put.hospital->id;
	run->who = ctl->who;
	r = put_read(&put);
	if (r == 0) r = price_import_store(run, ctl->db, &put.arena);
	if (r < 0 && fault_refuses(&run->faults)) return put_say(&put, true);
	if (r < 0) return ctl_fail_act(ctl, r, "could not store the price list");
	return run->outcome < PRICE_KNOWN ? put_clash(&put) : put_say(&put, false);
}

/* ---- list ---- */

static void list_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table)
{
	bool counts = !db_rows_null(rows, row, 4);

	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_int(db_rows_int(rows, row, 1)));
	table_add(table, cell_text(db_rows_text(rows, row, 2)));
	table_add(table, cell_int(db_rows_int(rows, row, 3)));
	table_add(table, counts ? cell_day(db_rows_date(rows, row, 4)) : cell_none());
	if (!db_rows_null(rows, row, 5))
		table_add(table, cell_day(db_rows_date(rows, row, 5)));
	else
		table_add(table, cell_aside(counts ? say(ctl, "open", "无期限") : say(ctl, "replaced", "已被取代")));
	table_add(table, cell_text(db_rows_text(rows, row, 6)));
	table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 7)));
}

static int list_hospital(struct ctl *ctl, const struct hospital *hospital, const char *day, struct table *table)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT l.name, l.version, l.currency, l.prices, s.valid_from, nullif(s.counts_to, 'infinity'), l.maker,"
			" l.made_at FROM price_list l LEFT JOIN price_list_span s"
			" ON s.hospital_id = l.hospital_id AND s.list_id = l.list_id AND s.version = l.version"
			" WHERE l.hospital_id = $1 AND ($2::text IS NULL OR (s.valid_from <= $2::text::date AND s.counts_to >= $2::text::date))"
			" ORDER BY l.name, l.version",
			"ut", &hospital->id, day);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) list_row(ctl, hospital, rows, row, table);
	db_sync_rows_free(rows);
	return r;
}

static int price_lists(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"name", say(ctl, "price list", "价目表")}, {"version", say(ctl, "version", "版本")},
		{"currency", say(ctl, "currency", "币种")}, {"prices", say(ctl, "prices", "单价数")},
		{"counts_from", say(ctl, "from", "起")}, {"counts_to", say(ctl, "to", "止")},
		{"who", say(ctl, "who", "经办人")}, {"at", say(ctl, "when", "时间")}};
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL, *on = NULL;
	const struct ctl_option options[] = {{"--day", &on, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", on, 0, &day);
	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL)
		r = list_hospital(ctl, hospital, on, &table);
	table_end(&table, &report, "price_lists", NULL, say(ctl, "no price lists", "没有价目表"));
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not list price lists");
	}
	return report_end(&report, 0);
}

/* ---- export ---- */

/* A field as csv_next reads it again. */
static void field_print(const char *text, char end)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted) (void)fputc('"', stdout);
	for (; *text != '\0'; text++) {
		if (*text == '"') (void)fputc('"', stdout);
		(void)fputc(*text, stdout);
	}
	if (quoted) (void)fputc('"', stdout);
	(void)fputc(end, stdout);
}

static void export_print(const struct pg_result *rows)
{
	for (int k = 0; k < PRICE_COLUMNS; k++) field_print(price_list_columns[k], k + 1 < PRICE_COLUMNS ? ',' : '\n');
	for (int row = 0; row < db_rows_count(rows); row++) {
		char value[DECIMAL_TEXT_SIZE];

		(void)decimal_format(decimal_of(db_rows_int(rows, row, 2), (uint8_t)db_rows_int(rows, row, 3)), value);
		field_print(db_rows_text(rows, row, 0), ',');
		field_print(db_rows_text(rows, row, 1), ',');
		field_print(value, ',');
		field_print(db_rows_text(rows, row, 4), ',');
		field_print(db_rows_text(rows, row, 5), '\n');
	}
}

static int price_export(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL, *on = NULL;
	const struct ctl_option options[] = {{"--day", &on, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_day("--day", on, (int32_t)zone_day(hospital->zone, clock_wall_ms()), &day);
	if (r != 0) return r;
	r = ctl_begin(ctl, &hospital->id, false);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT p.system, p.code, p.digits, p.scale, s.currency, coalesce(p.title, '') FROM price_list_span s JOIN price p"
			" ON p.hospital_id = s.hospital_id AND p.list_id = s.list_id AND p.version = s.version"
			" WHERE s.hospital_id = $1 AND s.name = $2 AND s.valid_from <= $3 AND s.counts_to >= $3 ORDER BY p.system, p.code",
			"utd", &hospital->id, words[0], day);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(ERR_NOTFOUND, "no price list of this name counts on that day");
	if (r == 0) {
		export_print(rows);
		/* A full disk is noticed here, and not after it was said that all is well. */
		if (fflush(stdout) != 0) r = err_set(ERR_SYS, "could not write: %s", strerror(errno));
	}
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail(words[0]) : 0;
}

const struct ctl_command money_price_commands[] = {
	{"money price put",
		"FILE --name NAME --from DAY [--to DAY] [--after VERSION] --why TEXT [--charset NAME] [--hospital CODE] [--check]",
		"stores a price list from a CSV file, or a new version of it", CTL_CONFIG | CTL_DB, price_put},
	{"money price list", "[--day DAY] [--hospital CODE]", "price lists and their versions, or those of a day",
		CTL_CONFIG | CTL_DB, price_lists},
	{"money price export", "NAME [--day DAY] [--hospital CODE]",
		"the prices of a list that count on a day, as the file that is imported", CTL_CONFIG | CTL_DB,
		price_export},
	{NULL, NULL, NULL, 0, NULL},
};
