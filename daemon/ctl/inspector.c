/* zhifuctl inspector: who may read a hospital's reports for a while, and what they looked at. */
#include "ctl/money_list.h"
#include "db/sync.h"
#include "model/directory.h"

static int inspector_grant(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const char *code = NULL;
	const char *until = NULL;
	const struct ctl_option options[] = {
		{"--until", &until, NULL}, {"--hospital", &code, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct report report;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (until == NULL) return ctl_usage("say with --until DAY which day is the last one");
	r = ctl_day("--until", until, 0, &day);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = ctl_query(ctl, &rows, "SELECT inspector_grant($1, $2, $3, $4, $5)", "utdtt", &hospital->id, words[0], day,
		ctl->who, why);
	if (r < 0) return ctl_fail("not granted");
	report_begin(&report, ctl);
	report_field(&report, "hospital", say(ctl, "hospital", "医院"), cell_text(hospital->code));
	report_field(&report, "name", say(ctl, "inspector", "检查人员"), cell_text(words[0]));
	report_field(&report, "until", say(ctl, "until", "截至"), cell_day(day));
	report_field(
		&report, "pass", say(ctl, "pass, shown once", "口令(仅显示一次)"), cell_text(db_rows_text(rows, 0, 0)));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int inspector_end(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct report report;
	int64_t ended = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = ctl_query(
		ctl, &rows, "SELECT inspector_end($1, $2, $3, $4)", "uttt", &hospital->id, words[0], ctl->who, why);
	if (r == 0) ended = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && ended == 0)
		r = err_set(ERR_NOTFOUND, "nothing stands for \"%s\" at %s: inspector list shows what does", words[0],
			hospital->code);
	if (r < 0) return ctl_fail("not ended");
	report_begin(&report, ctl);
	report_field(&report, "name", say(ctl, "inspector", "检查人员"), cell_text(words[0]));
	report_field(&report, "ended", say(ctl, "ended", "已终止"), cell_int(ended));
	return report_end(&report, 0);
}

static struct cell cell_standing(const struct ctl *ctl, const char *standing)
{
	if (standing[0] == 's') return cell_word(say(ctl, "may read", "有效"), standing);
	return cell_word(standing[0] == 'e' ? say(ctl, "ended", "已终止") : say(ctl, "over", "已到期"), standing);
}

static struct cell cell_when(const struct hospital *hospital, const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? cell_none()
					       : cell_time(hospital->zone, db_rows_time_ms(rows, row, column));
}

static int grants_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	(void)filter;
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT name, last_day, standing, looks, refused, last_look, maker, made_at, why, ended_by, ended_at, ended_why"
		" FROM inspector_list($1)",
		"u", &hospital->id);
}

static void grants_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	(void)sums;
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_day(db_rows_date(rows, row, 1)));
	table_add(table, cell_standing(ctl, db_rows_text(rows, row, 2)));
	table_add(table, cell_int(db_rows_int(rows, row, 3)));
	table_add(table, cell_int(db_rows_int(rows, row, 4)));
	table_add(table, cell_when(hospital, rows, row, 5));
	table_add(table, cell_text(db_rows_text(rows, row, 6)));
	table_add(table, cell_when(hospital, rows, row, 7));
	table_add(table, cell_text(db_rows_text(rows, row, 8)));
	table_add(table, cell_text(db_rows_text(rows, row, 9)));
	table_add(table, cell_when(hospital, rows, row, 10));
	table_add(table, cell_text(db_rows_text(rows, row, 11)));
}

static int inspector_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"name", "inspector", "检查人员", false}, {"until", "until", "截至", false},
		{"standing", "standing", "状态", false}, {"looks", "looks", "查阅", false},
		{"refused", "refused", "被拒", false}, {"last_look", "last", "最近", false},
		{"granted_by", "granted by", "授权人", false}, {"granted_at", NULL, NULL, false},
		{"why", "why", "说明", false}, {"ended_by", "ended by", "终止人", false},
		{"ended_at", NULL, NULL, false}, {"ended_why", NULL, NULL, false}};
	static const struct money_list list = {.key = "inspectors",
		.empty = "no inspector was ever let in",
		.empty_zh = "没有检查人员",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = grants_open,
		.row = grants_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

static int looks_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR "SELECT at, name, report, arguments, refused, address FROM inspector_looks($1, $2)", "ut",
		&hospital->id, filter->owner);
}

static void looks_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	(void)ctl, (void)sums;
	table_add(table, cell_when(hospital, rows, row, 0));
	table_add(table, cell_text(db_rows_text(rows, row, 1)));
	table_add(table, cell_text(db_rows_text(rows, row, 2)));
	table_add(table, cell_text(db_rows_text(rows, row, 3)));
	table_add(table, cell_bool(db_rows_bool(rows, row, 4)));
	table_add(table, cell_text(db_rows_text(rows, row, 5)));
}

static int inspector_looks(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"at", "at", "时间", false}, {"name", "inspector", "检查人员", false},
		{"report", "report", "报表", false}, {"arguments", "as asked", "参数", false},
		{"refused", "refused", "被拒", false}, {"address", "from", "来自", false}};
	static const struct money_list list = {.key = "looks",
		.empty = "nothing was looked at",
		.empty_zh = "没有查阅记录",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = looks_open,
		.row = looks_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 1, words);

	filter.owner = words[0];
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

const struct ctl_command inspector_commands[] = {
	{"inspector grant", "NAME --until DAY --why TEXT [--hospital CODE]",
		"lets an auditor read the reports of a hospital up to a day; prints the pass", CTL_CONFIG | CTL_DB,
		inspector_grant},
	{"inspector list", "[--hospital CODE]", "who may read, could, and how often they did", CTL_CONFIG | CTL_DB,
		inspector_list},
	{"inspector looks", "[NAME] [--hospital CODE]", "what they looked at, newest first", CTL_CONFIG | CTL_DB,
		inspector_looks},
	{"inspector end", "NAME --why TEXT [--hospital CODE]", "ends it now", CTL_CONFIG | CTL_DB, inspector_end},
	{NULL, NULL, NULL, 0, NULL},
};
