/* zhifuctl money report short, takeback, dispute, denied, overpaid, patient: claims that somebody has to do something
 * about, with who that is, and money report assign, which says who. */
#include <string.h>

#include "ctl/claim.h"
#include "ctl/money_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "model/directory.h"

/* Owners that nobody chose have words in both languages: report_owner() in schema/054_report.sql. */
static struct cell cell_owner(const struct ctl *ctl, const char *owner)
{
	if (strcmp(owner, "insurance-officer") == 0) return cell_word(say(ctl, "insurance officer", "保险专员"), owner);
	if (strcmp(owner, "cashier") == 0) return cell_word(say(ctl, "cashier", "收费处"), owner);
	return cell_word(strcmp(owner, "finance") == 0 ? say(ctl, "finance", "财务") : owner, owner);
}

static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
	{"claim", "claim", "理赔单", false}, {"carrier", "carrier", "承保人", false},
	{"remitter", "who pays", "付款人", false}, {"amount", "amount", "金额", true}, {"open", "open", "未结", true},
	{"since", "since", "自", false}, {"days", "days", "天数", false}, {"due", "due", "期限", false},
	{"standing", "standing", "状态", false}, {"owner", "owner", "负责人", false},
	{"assigned_by", NULL, NULL, false}, {"why", "why", "说明", false}};

static int work_ask(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter,
	int32_t after_day, const struct uuid *after, int64_t limit, struct pg_result **ret_rows)
{
	char day[16];

	return ctl_query(ctl, ret_rows,
		"SELECT claim_id, sort_day, ref, carrier, remitter, minor, currency, exponent, open_minor, open_currency,"
		" open_exponent, since, days, due_day, standing, owner, owner_who, owner_why"
		" FROM report_work($1, $2, $3::text::date, $4, $5, $6, $7, $8)",
		"uttttdun", &hospital->id, filter->list, money_day_text(filter->day, day), filter->carrier,
		filter->owner, after_day, after, (int)limit);
}

static void work_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 6);
	/* of the book currency the database has none */
	int exponent = db_rows_null(rows, row, 7) ? currency_exponent(currency) : (int)db_rows_int(rows, row, 7);

	(void)hospital;
	for (int k = 2; k < 5; k++) table_add(table, cell_text(db_rows_text(rows, row, k)));
	table_add(table, cell_money(db_rows_int(rows, row, 5), currency, exponent));
	table_add(table,
		cell_money(db_rows_int(rows, row, 8), db_rows_text(rows, row, 9), (int)db_rows_int(rows, row, 10)));
	table_add(table, cell_day(db_rows_date(rows, row, 11)));
	table_add(table, cell_int(db_rows_int(rows, row, 12)));
	table_add(table, db_rows_null(rows, row, 13) ? cell_none() : cell_day(db_rows_date(rows, row, 13)));
	table_add(table, money_standing(ctl, db_rows_int(rows, row, 14)));
	table_add(table, cell_owner(ctl, db_rows_text(rows, row, 15)));
	table_add(table, cell_text(db_rows_text(rows, row, 16)));
	table_add(table, cell_text(db_rows_text(rows, row, 17)));
	money_sum_add(sums, 1, db_rows_int(rows, row, 5), currency, exponent);
}

static int work_run(struct ctl *ctl, int argc, char **argv, const char *list)
{
	static const struct money_list work = {.key = "items",
		.empty = "nothing to do",
		.empty_zh = "没有待办事项",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.ask = work_ask,
		.row = work_row,
		.id_column = 0,
		.day_column = 1};
	struct money_filter filter = {.list = list};
	const char *day = NULL;
	const char *limit = NULL;
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL},
		{"--carrier", &filter.carrier, NULL}, {"--owner", &filter.owner, NULL}, {"--day", &day, NULL},
		{"--limit", &limit, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day, INT32_MIN, &filter.day);
	if (r == 0) r = ctl_number("--limit", limit, MONEY_LIST_MAX, &filter.limit);
	return r != 0 ? r : money_list_run(ctl, &work, &filter);
}

static int work_short(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "short");
}

static int work_takeback(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "takeback");
}

static int work_dispute(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "dispute");
}

static int work_denied(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "denied");
}

static int work_overpaid(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "overpaid");
}

static int work_patient(struct ctl *ctl, int argc, char **argv)
{
	return work_run(ctl, argc, argv, "patient");
}

static bool list_known(const char *list)
{
	static const char *const lists[] = {"short", "takeback", "dispute", "denied", "overpaid", "patient"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i], list) == 0) return true;
	return false;
}

static int work_assign(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct claim_row claim = {0};
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct report report;
	bool done = false;
	int r = ctl_arguments(argc, argv, options, 3, 3, words);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	if (!list_known(words[1]))
		return ctl_usage(
			"\"%s\" is no work list: short, takeback, dispute, denied, overpaid, patient", words[1]);
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = ctl_begin(ctl, &hospital->id, true);
	if (r == 0) r = claim_find(ctl, hospital, words[0], &claim);
	if (r == 0) r = unseal_words_known(ctl, &hospital->id, &claim.id, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT work_assign($1, $2, $3, $4, $5, operator_spoke($5), $6)", "uutttt",
			&hospital->id, &claim.id, words[1], words[2], ctl->who, sealed);
	if (r == 0) done = db_rows_bool(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && !done) r = err_set(ERR_NOTFOUND, "nobody owes anything for this claim");
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail("not assigned");
	}
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(words[0]));
	report_field(&report, "list", say(ctl, "list", "清单"), cell_text(words[1]));
	report_field(&report, "owner", say(ctl, "owner", "负责人"), cell_owner(ctl, words[2]));
	report_field(&report, "why", say(ctl, "why", "说明"), cell_text(why));
	return report_end(&report, 0);
}

#define WORK_ARGUMENTS "[--owner NAME] [--carrier CODE] [--day DAY] [--limit N] [--hospital CODE]"
#define REPORT (CTL_CONFIG | CTL_DB | CTL_REPORT)

const struct ctl_command money_work_commands[] = {
	{"money report short", WORK_ARGUMENTS, "paid, and less than what is owed", REPORT, work_short},
	{"money report takeback", WORK_ARGUMENTS, "money that payers took back", REPORT, work_takeback},
	{"money report dispute", WORK_ARGUMENTS, "what the hospital does not agree with", REPORT, work_dispute},
	{"money report denied", WORK_ARGUMENTS, "denied, and until when an appeal must be in", REPORT, work_denied},
	{"money report overpaid", WORK_ARGUMENTS, "more than was owed: to be paid back or netted", REPORT,
		work_overpaid},
	{"money report patient", WORK_ARGUMENTS, "patients' shares of claims that are open", REPORT, work_patient},
	{"money report assign", "REF LIST OWNER --why TEXT", "says who looks after an item of a work list",
		CTL_CONFIG | CTL_DB, work_assign},
	{NULL, NULL, NULL, 0, NULL},
};
