/* zhifuctl money close, money period: a month is checked, revalued, provided for and locked, all at once or not at all.
 */
#include <string.h>

#include "ctl/money_list.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/month_close.h"

/* ---- the checklist ---- */

struct closing {
	struct ctl *ctl;
	char month[8]; /* "2026-11" */
	struct month_close close;
};

static void closing_end(struct closing *closing)
{
	month_close_end(&closing->close);
}

/* A row for each finding, or one that says that there is none. */
static void check_rows(const struct closing *closing, const struct month_check *check, struct table *table)
{
	const struct ctl *ctl = closing->ctl;
	const struct pg_result *rows = closing->close.findings;
	uint32_t fault_count = closing->close.faults.count;
	bool rates = strcmp(check->code, "rate_missing") == 0 && fault_count > 0;
	bool found = false;

	for (int row = 0; row < db_rows_count(rows); row++) {
		if (strcmp(db_rows_text(rows, row, FINDING_CODE), check->code) != 0) continue;
		found = true;
		table_add(table, cell_word(say(ctl, check->what, check->what_zh), check->code));
		table_add(table, check->red ? cell_word(say(ctl, "RED", "不通过"), "red")
					    : cell_word(say(ctl, "report", "提示"), "report"));
		table_add(table, cell_text(db_rows_text(rows, row, FINDING_SUBJECT)));
		table_add(table, cell_int(db_rows_int(rows, row, FINDING_FOUND)));
		table_add(table, db_rows_null(rows, row, FINDING_SINCE)
					 ? cell_none()
					 : cell_day(db_rows_date(rows, row, FINDING_SINCE)));
		table_add(table, cell_text(say(ctl, check->todo, check->todo_zh)));
	}
	if (found && !rates) return;
	table_add(table, cell_word(say(ctl, check->what, check->what_zh), check->code));
	table_add(table, rates ? cell_word(say(ctl, "RED", "不通过"), "red") : cell_word("ok", "ok"));
	table_add(table, rates ? cell_text(say(ctl, "the closing rate", "期末汇率")) : cell_none());
	table_add(table, rates ? cell_int((int64_t)fault_count) : cell_none());
	table_add(table, cell_none());
	table_add(table, rates ? cell_text(say(ctl, check->todo, check->todo_zh)) : cell_none());
}

static void checklist_show(struct closing *closing, struct report *report)
{
	static const struct column english[] = {{"check", "check"}, {"state", "state"}, {"subject", "of"},
		{"found", "found"}, {"since", "since"}, {"todo", "what to do"}};
	static const struct column chinese[] = {{"check", "检查项"}, {"state", "结果"}, {"subject", "对象"},
		{"found", "数量"}, {"since", "自"}, {"todo", "处理"}};
	struct table table;

	table_begin(&table, closing->ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (size_t i = 0; i < month_check_count; i++) check_rows(closing, &month_checks[i], &table);
	table_end(&table, report, "checks", NULL, NULL);
	report_faults(report, NULL, &closing->close.faults, &closing->close.arena.zf);
}

/* ---- what it posts ---- */

static struct cell cell_book(const struct hospital *hospital, int64_t minor)
{
	return cell_money(minor, hospital->book_currency, currency_exponent(hospital->book_currency));
}

/* By account and currency; the items one by one are in money period show. */
static void revaluation_show(const struct closing *closing, struct report *report)
{
	static const struct column english[] = {{"account", "revalued"}, {"items", "items"}, {"amount", "amount"},
		{"carried", "carried at"}, {"closing", "at the closing rate"}, {"difference", "difference"},
		{"reverts", "on the 1st"}};
	static const struct column chinese[] = {{"account", "重估科目"}, {"items", "笔数"}, {"amount", "金额"},
		{"carried", "账面"}, {"closing", "期末折算"}, {"difference", "汇兑差额"}, {"reverts", "次月一日"}};
	const struct ctl *ctl = closing->ctl;
	const struct hospital *hospital = closing->close.hospital;
	const struct month_sum *sums = closing->close.sums;
	struct table table;

	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (size_t i = 0; i < closing->close.sum_count; i++) {
		bool reverts = (sums[i].kind & hospital->revaluation_reverts) != 0;

		table_add(&table, cell_text(sums[i].account));
		table_add(&table, cell_int(sums[i].items));
		table_add(&table, cell_money(sums[i].amount.minor, sums[i].amount.currency, sums[i].amount.exponent));
		table_add(&table, cell_book(hospital, sums[i].carried));
		table_add(&table, cell_book(hospital, sums[i].closing));
		table_add(&table, cell_book(hospital, sums[i].difference));
		table_add(&table, reverts ? cell_word(say(ctl, "taken back", "转回"), "back")
					  : cell_word(say(ctl, "stays", "保留"), "stays"));
	}
	table_end(&table, report, "revaluation", "", say(ctl, "nothing foreign is open", "无外币余额"));
	report_field(report, "revaluation_net", say(ctl, "net to FX", "汇兑损益合计"),
		cell_book(hospital, closing->close.revalued));
}

static void provision_show(const struct closing *closing, struct report *report)
{
	report_field(report, "provision_claims", NULL, cell_int((int64_t)closing->close.end.provision_count));
	report_field(report, "provision", say(closing->ctl, "provision", "坏账准备变动"),
		cell_book(closing->close.hospital, closing->close.provided));
}

/* ---- close ---- */

/* Why it is not its turn. */
static const char *outcome_say(struct closing *closing, char text[160])
{
	bool chinese = closing->ctl->chinese;
	char day[DATE_TEXT_SIZE];

	(void)date_format_day(closing->close.since, day);
	if (closing->close.outcome == MONTH_CLOSED)
		(void)snprintf(text, 160,
			chinese ? "%s 已于 %s 由 %s 结账:未作任何更改"
				: "%s is closed, since %s by %s: nothing was done",
			closing->month, day, closing->close.by);
	else if (closing->close.outcome == MONTH_EARLIER)
		(void)snprintf(text, 160, chinese ? "应先结 %.7s,再结 %s" : "%.7s is to be closed before %s", day,
			closing->month);
	else
		(void)snprintf(text, 160,
			chinese ? "%s 结束一小时后方可结账" : "%s can be closed an hour after its end", closing->month);
	return text;
}

static int closing_report(struct closing *closing, struct report *report)
{
	struct ctl *ctl = closing->ctl;
	bool may = closing->close.outcome == MONTH_MAY;
	bool closed = may && !closing->close.red && !closing->close.check;
	char text[160];

	report_field(report, "hospital", NULL, cell_text(closing->close.hospital->code));
	report_field(report, "period", NULL, cell_text(closing->month));
	report_field(report, "closed", NULL, cell_bool(closed || closing->close.outcome == MONTH_CLOSED));
	if (closing->close.looked) checklist_show(closing, report);
	if (closing->close.looked && closing->close.faults.count == 0) {
		revaluation_show(closing, report);
		provision_show(closing, report);
	}
	report_heading(report, "");
	if (!may)
		report_heading(report, outcome_say(closing, text));
	else if (closing->close.red)
		report_heading(report,
			say(ctl, "RED: it is not closed, and nothing was posted", "不通过:未结账,未作任何更改"));
	else if (closing->close.check)
		report_heading(report, say(ctl, "it can be closed; nothing was posted", "可以结账;未作任何更改"));
	else
		report_heading(report, say(ctl, "closed: what comes late is posted on the first open day",
					       "已结账:迟到的业务记入首个未结日期"));
	report_field(report, "red", NULL, cell_bool(closing->close.red));
	return report_end(report, may && !closing->close.red ? 0 : 1);
}

/* "2026-11" to its last day. Returns 0, or 2 after it has said what is wrong. */
static int month_read(const char *text, int32_t *ret_last)
{
	int64_t first;
	char day[16];
	int year;
	unsigned month;
	unsigned ignored;

	(void)snprintf(day, sizeof(day), "%.12s-01", text);
	if (strlen(text) != 7 || date_parse_form(text_of(day), "YYYY-MM-DD", &first) != 0)
		return ctl_usage("\"%s\" is no month: YYYY-MM is wanted", text);
	date_civil_from_days(first, &year, &month, &ignored);
	*ret_last = (int32_t)(date_days_from_civil(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - 1);
	return 0;
}

static int money_close(struct ctl *ctl, int argc, char **argv)
{
	struct closing closing CLEANUP(closing_end) = {.ctl = ctl};
	const char *code = NULL;
	bool undo = false;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--check", NULL, &closing.close.check},
		{"--undo", NULL, &undo}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	int r;

	r = ctl_arguments(argc, argv, options, 0, 1, words);
	if (r != 0) return r;
	if (undo)
		return ctl_usage(
			"a closed month is never opened again: correct it in the open one, by a counter-entry");
	if (words[0] == NULL) return ctl_usage("say which month: money close 2026-11");
	r = month_read(words[0], &closing.close.last_day);
	if (r != 0) return r;
	memcpy(closing.month, words[0], 7);
	closing.close.hospital = ctl_hospital(ctl, code);
	if (closing.close.hospital == NULL) return 2;
	if (!closing.close.check) r = ctl_known(ctl);
	if (r != 0) return r;
	closing.close.db = ctl->db;
	closing.close.today = ctl_today(closing.close.hospital);
	closing.close.who = ctl->who;
	r = month_close_run(&closing.close);
	if (r < 0) return ctl_fail("not closed");
	report_begin(&report, ctl);
	return closing_report(&closing, &report);
}

/* ---- periods ---- */

/* Those that are closed with what they posted, and the months after them that have postings. */
static const char *const periods_sql = MONEY_CURSOR
	"SELECT m.last_day, p.who, p.closed_at, coalesce((SELECT sum(r.closing_minor - r.carried_minor) FROM revaluation r"
	"  WHERE r.hospital_id = $1 AND r.last_day = m.last_day), 0)::bigint,"
	" coalesce((SELECT sum(CASE WHEN g.credit = 'PROV' THEN g.book_minor ELSE -g.book_minor END) FROM provision v"
	"  JOIN posting g ON g.hospital_id = v.hospital_id AND g.entry_id = v.entry_id"
	"  WHERE v.hospital_id = $1 AND v.last_day = m.last_day), 0)::bigint"
	" FROM (SELECT DISTINCT (date_trunc('month', g.book_day) + interval '1 month')::date - 1 AS last_day FROM posting g"
	"  WHERE g.hospital_id = $1 UNION SELECT last_day FROM period WHERE hospital_id = $1) m"
	" LEFT JOIN period p ON p.hospital_id = $1 AND p.last_day = m.last_day"
	" WHERE p.last_day IS NOT NULL OR m.last_day > coalesce((SELECT max(last_day) FROM period WHERE hospital_id = $1), '-infinity')"
	" ORDER BY 1 DESC";

static const struct money_column period_columns[] = {{"hospital", "hospital", "医院", false},
	{"period", "month", "月份", false}, {"state", "state", "状态", false},
	{"closed_at", "closed", "结账时间", false}, {"who", "by", "结账人", false},
	{"revaluation", "revaluation", "汇兑重估", true}, {"provision", "provision", "坏账准备变动", true}};

static int periods_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	(void)filter;
	return ctl_query(ctl, NULL, periods_sql, "u", &hospital->id);
}

static void period_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	bool closed = !db_rows_null(rows, row, 1);
	char day[DATE_TEXT_SIZE];

	(void)sums;
	(void)date_format_day(db_rows_date(rows, row, 0), day);
	day[7] = '\0';
	table_add(table, cell_text(day));
	table_add(table, closed ? cell_word(say(ctl, "closed", "已结账"), "locked")
				: cell_word(say(ctl, "open", "未结账"), "open"));
	table_add(table, closed ? cell_time(hospital->zone, db_rows_time_ms(rows, row, 2)) : cell_none());
	table_add(table, closed ? cell_text(db_rows_text(rows, row, 1)) : cell_none());
	table_add(table, closed ? cell_book(hospital, db_rows_int(rows, row, 3)) : cell_none());
	table_add(table, closed ? cell_book(hospital, db_rows_int(rows, row, 4)) : cell_none());
}

static int period_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "periods",
		.empty = "no postings yet",
		.empty_zh = "尚无分录",
		.columns = period_columns,
		.column_count = ARRAY_LEN(period_columns),
		.open = periods_open,
		.row = period_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

static const struct money_column item_columns[] = {{"hospital", "hospital", "医院", false},
	{"account", "account", "科目", false}, {"claim", "claim", "理赔单", false}, {"line", NULL, NULL, false},
	{"amount", "amount", "金额", true}, {"carried", "carried at", "账面", true},
	{"closing", "at the closing rate", "期末折算", true}, {"difference", "difference", "汇兑差额", true},
	{"reverts", "taken back", "次月转回", false}};

static int items_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT r.account, s.ref, r.line_id, r.currency, r.exponent, r.amount_minor, r.carried_minor, r.closing_minor,"
		" r.reversal_id IS NOT NULL FROM revaluation r LEFT JOIN claim_state s ON s.hospital_id = r.hospital_id"
		" AND s.claim_id = r.claim_id WHERE r.hospital_id = $1 AND r.last_day = $2 ORDER BY r.account, s.ref, r.line_id",
		"ud", &hospital->id, filter->day);
}

static void item_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	int64_t carried = db_rows_int(rows, row, 6);
	int64_t closing = db_rows_int(rows, row, 7);
	struct uuid line = {{0}};

	(void)ctl;
	if (!db_rows_null(rows, row, 2)) line = db_rows_uuid(rows, row, 2);
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_text(db_rows_text(rows, row, 1)));
	table_add(table, db_rows_null(rows, row, 2) ? cell_none() : cell_uuid(&line));
	table_add(table,
		cell_money(db_rows_int(rows, row, 5), db_rows_text(rows, row, 3), (int)db_rows_int(rows, row, 4)));
	table_add(table, cell_book(hospital, carried));
	table_add(table, cell_book(hospital, closing));
	table_add(table, cell_book(hospital, closing - carried));
	table_add(table, cell_bool(db_rows_bool(rows, row, 8)));
	money_sum_add(sums, 1, closing - carried, hospital->book_currency, currency_exponent(hospital->book_currency));
}

/* What was revalued, item by item. */
static int period_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "items",
		.empty = "nothing was revalued",
		.empty_zh = "没有重估项目",
		.columns = item_columns,
		.column_count = ARRAY_LEN(item_columns),
		.open = items_open,
		.row = item_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = month_read(words[0], &filter.day);
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

const struct ctl_command money_close_commands[] = {
	{"money close", "MONTH [--hospital CODE] [--check]",
		"closes a month: the checklist, revaluation, provision and the lock; --check: only looks",
		CTL_CONFIG | CTL_DB, money_close},
	{"money period list", "[--hospital CODE]", "months, which are closed, and what their close posted",
		CTL_CONFIG | CTL_DB, period_list},
	{"money period show", "MONTH [--hospital CODE]",
		"what a close revalued, item by item, and the sum of the differences", CTL_CONFIG | CTL_DB,
		period_show},
	{NULL, NULL, NULL, 0, NULL},
};
