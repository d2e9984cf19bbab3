/* zhifuctl money declaration: receipts from abroad, what is declared of each for the balance of payments, and until
 * when. */
#include <stdio.h>
#include <string.h>

#include "ctl/money_list.h"
#include "db/sync.h"
#include "model/directory.h"
#include "settle/declaration.h"

#define NUMBER_BYTES_MAX 64

static const struct ground {
	const char *text, *text_zh, *name;
} grounds[] = {
	{"-", "-", "none"},
	{"foreign currency", "外币入账", "currency"},
	{"payer abroad", "付款人或其银行在境外", "abroad"},
	{"a person said so", "人工认定", "person"},
};

static const struct state {
	const char *text, *text_zh, *name;
} states[] = {
	{"-", "-", "none"},
	{"to declare", "待申报", "open"},
	{"declared", "已申报", "declared"},
	{"none needed", "无需申报", "not-needed"},
};

/* Row of the lists below. */
enum {
	D_NO,
	D_ACCOUNT,
	D_CREDIT,
	D_AMOUNT,
	D_CURRENCY,
	D_EXPONENT,
	D_GROUND,
	D_COUNTRY,
	D_CODE,
	D_DUE,
	D_ASSUMED,
	D_STATUS,
	D_NUMBER,
	D_LINE,
	D_CLAIMS
};

#define DECLARATION_SELECT                                                                                             \
	"SELECT d.no, b.account, d.credit_day, b.amount_minor, b.currency, b.exponent::int4, d.ground::int4,"          \
	" d.country, d.code, d.due_day, d.due_assumed, d.status::int4, d.number, d.line_id,"                           \
	" declaration_claims(d.hospital_id, d.line_id)"                                                                \
	" FROM declaration d JOIN bank_line b ON b.hospital_id = d.hospital_id AND b.line_id = d.line_id"              \
	" WHERE d.hospital_id = $1"

/* What is left of the term, in days. */
static struct cell cell_left(
	const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row)
{
	int left = db_rows_date(rows, row, D_DUE) - ctl_today(hospital);
	struct cell cell;
	char text[64];

	if (db_rows_int(rows, row, D_STATUS) != 1) return cell_none();
	if (left >= 0) return cell_int(left);
	(void)snprintf(text, sizeof(text), ctl->chinese ? "已逾期 %d 天" : "OVERDUE by %d", -left);
	cell = cell_word(text, text);
	json_decref(cell.json);
	cell.json = json_integer(left);
	cell.right = true;
	return cell;
}

static void row_add(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const struct ground *ground = &grounds[db_rows_int(rows, row, D_GROUND)];
	const struct state *state = &states[db_rows_int(rows, row, D_STATUS)];
	const char *currency = db_rows_text(rows, row, D_CURRENCY);
	int exponent = (int)db_rows_int(rows, row, D_EXPONENT);
	struct uuid line = db_rows_uuid(rows, row, D_LINE);

	table_add(table, cell_int(db_rows_int(rows, row, D_NO)));
	table_add(table, cell_text(db_rows_text(rows, row, D_ACCOUNT)));
	table_add(table, cell_day(db_rows_date(rows, row, D_CREDIT)));
	table_add(table, cell_money(db_rows_int(rows, row, D_AMOUNT), currency, exponent));
	table_add(table, cell_word(say(ctl, ground->text, ground->text_zh), ground->name));
	table_add(table, cell_text(db_rows_text(rows, row, D_COUNTRY)));
	table_add(table, db_rows_null(rows, row, D_CODE) ? cell_word(say(ctl, "ASK THE BANK", "须询问银行"), "ask")
							 : cell_text(db_rows_text(rows, row, D_CODE)));
	table_add(table, cell_day(db_rows_date(rows, row, D_DUE)));
	table_add(table, cell_bool(db_rows_bool(rows, row, D_ASSUMED)));
	table_add(table, cell_left(ctl, hospital, rows, row));
	table_add(table, cell_word(say(ctl, state->text, state->text_zh), state->name));
	table_add(table, cell_text(db_rows_text(rows, row, D_NUMBER)));
	table_add(table, cell_text(db_rows_text(rows, row, D_CLAIMS)));
	table_add(table, cell_uuid(&line));
	money_sum_add(sums, 1, db_rows_int(rows, row, D_AMOUNT), currency, exponent);
	sums->remark |= db_rows_bool(rows, row, D_ASSUMED) && db_rows_int(rows, row, D_STATUS) == 1;
}

static const struct money_column columns[] = {{"hospital", "hospital", "医院", false}, {"no", "no", "编号", false},
	{"account", "account", "账户", false}, {"credited", "credited", "入账日", false},
	{"amount", "amount", "金额", true}, {"ground", "ground", "依据", false}, {"country", "from", "国别", false},
	{"code", "code", "交易编码", false}, {"due", "due", "申报期限", false},
	{"due_assumed", "assumed", "推定", false}, {"days_left", "days left", "剩余天数", false},
	{"state", "state", "状态", false}, {"number", "declared as", "申报号码", false},
	{"claims", "claims", "理赔单", false}, {"line", NULL, NULL, false}};

/* ---- list ---- */

static int declarations_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR DECLARATION_SELECT " AND ($2 OR d.status = 1) ORDER BY d.status <> 1, d.due_day, d.no",
		"ub", &hospital->id, (int)filter->all);
}

static int declaration_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {
		.key = "declarations",
		.empty = "nothing is to be declared",
		.empty_zh = "没有需要申报的收入",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = declarations_open,
		.row = row_add,
		.remark =
			"where a day is assumed, the calendar lacks the year and Monday to Friday were counted: put the year into the"
			" hospital's calendar, then money declaration recount",
		.remark_zh =
			"标为“推定”的期限按周一至周五计算:工作日历缺少该年度,请补充后运行 money declaration recount",
	};
	struct money_filter filter = {.limit = 0};
	bool due = false;
	const struct ctl_option options[] = {
		{"--due", NULL, &due}, {"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	filter.all = !due;
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- what a person does ---- */

/* NO as a number. Returns 0, or 2 after it has said what is wrong. */
static int no_read(const char *word, int *ret_no)
{
	int64_t no = 0;
	int r = ctl_number("NO", word, INT32_MAX, &no);

	*ret_no = (int)no;
	return r;
}

static int no_such(int no)
{
	return err_set(ERR_NOTFOUND, "the hospital has no declaration %d", no);
}

static void history_add(struct ctl *ctl, const struct hospital *hospital, struct pg_result *acts, struct report *report)
{
	const struct column act_columns[] = {{"at", say(ctl, "at", "时间")}, {"who", say(ctl, "who", "操作人")},
		{"act", say(ctl, "act", "操作")}, {"why", say(ctl, "why", "原因")}};
	struct table table;

	table_begin(&table, act_columns, ARRAY_LEN(act_columns));
	for (int row = 0; row < db_rows_count(acts); row++) {
		table_add(&table, cell_time(hospital->zone, db_rows_time_ms(acts, row, 0)));
		for (int column = 1; column < 4; column++)
			table_add(&table, cell_text(db_rows_text(acts, row, column)));
	}
	table_end(&table, report, "acts", say(ctl, "What persons did", "操作记录"), NULL);
}

/* One of them, with what was done to it. */
static int declaration_print(struct ctl *ctl, const struct hospital *hospital, int no)
{
	struct pg_result *rows = NULL;
	struct pg_result *acts = NULL;
	struct column titles[TABLE_COLUMNS_MAX];
	struct money_sums sums = {.count = 0};
	struct report report;
	struct table table;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0) r = ctl_query(ctl, &rows, DECLARATION_SELECT " AND d.no = $2", "un", &hospital->id, no);
	if (r == 0 && db_rows_count(rows) == 0) r = no_such(no);
	if (r == 0)
		r = ctl_query(ctl, &acts,
			"SELECT at, who, act, why FROM operator_act WHERE hospital_id = $1 AND act LIKE 'declaration.%'"
			" AND subject = $2::int4::text ORDER BY at, act_id",
			"un", &hospital->id, no);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) {
		report_begin(&report, ctl);
		money_table_begin(ctl, columns, ARRAY_LEN(columns), titles, &table);
		table_add(&table, cell_text(hospital->code));
		row_add(ctl, hospital, rows, 0, &table, &sums);
		table_end(&table, &report, "declarations", NULL, NULL);
		history_add(ctl, hospital, acts, &report);
	}
	db_sync_rows_free(rows);
	db_sync_rows_free(acts);
	return r < 0 ? ctl_fail("could not show it") : report_end(&report, 0);
}

static int declaration_show(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	int no = 0;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = no_read(words[0], &no);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	return hospital == NULL ? 2 : declaration_print(ctl, hospital, no);
}

/* What is said of one: NO, and VALUE where the statement has one more. */
static int declaration_say(struct ctl *ctl, int argc, char **argv, const char *sql, bool has_value,
	const char *(*value_check)(const char *value, const char **ret_value))
{
	const char *why = NULL;
	const char *code = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	const char *value = NULL;
	const char *wrong = NULL;
	int no = 0;
	int r = ctl_arguments(argc, argv, options, has_value ? 2 : 1, has_value ? 2 : 1, words);

	if (r == 0) r = no_read(words[0], &no);
	if (r == 0 && has_value) wrong = value_check(words[1], &value);
	if (wrong != NULL) return ctl_usage("\"%s\" %s", words[1], wrong);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	if (has_value)
		r = ctl_query(ctl, &rows, sql, "unttt", &hospital->id, no, ctl->who, why, value);
	else
		r = ctl_query(ctl, &rows, sql, "untt", &hospital->id, no, ctl->who, why);
	if (r == 0 && !db_rows_bool(rows, 0, 0)) r = no_such(no);
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail("nothing was changed") : declaration_print(ctl, hospital, no);
}

static const char *code_check(const char *value, const char **ret_value)
{
	*ret_value = strcmp(value, "ask") == 0 ? NULL : value;
	return *ret_value == NULL || (strlen(value) == 6 && value[strspn(value, "0123456789")] == '\0')
		       ? NULL
		       : "is no code of six digits and not \"ask\"";
}

static const char *number_check(const char *value, const char **ret_value)
{
	*ret_value = value;
	if (value[0] == '\0' || strlen(value) > NUMBER_BYTES_MAX) return "is no number of a declaration";
	for (const char *c = value; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~') return "is no number of a declaration";
	return NULL;
}

static int declaration_set(struct ctl *ctl, int argc, char **argv)
{
	return declaration_say(ctl, argc, argv, "SELECT declaration_set($1, $2, $5, $3, $4)", true, code_check);
}

static int declaration_done(struct ctl *ctl, int argc, char **argv)
{
	return declaration_say(ctl, argc, argv, "SELECT declaration_done($1, $2, $5, $3, $4)", true, number_check);
}

static int declaration_none(struct ctl *ctl, int argc, char **argv)
{
	return declaration_say(ctl, argc, argv, "SELECT declaration_none($1, $2, $3, $4)", false, NULL);
}

/* ---- add ---- */

static int line_declare(
	struct ctl *ctl, const struct hospital *hospital, const struct uuid *line, const char *why, int *ret_no)
{
	struct pg_result *rows = NULL;
	bool assumed = false;
	int32_t due = 0;
	int r = ctl_begin(ctl, &hospital->id, true);

	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT booked_day FROM bank_line WHERE hospital_id = $1 AND line_id = $2",
			"uu", &hospital->id, line);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "the hospital has no such bank line");
	if (r == 0) due = declaration_due(hospital, db_rows_date(rows, 0, 0), &assumed);
	db_sync_rows_free(rows);
	rows = NULL;
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT declaration_say($1, $2, $3, $4, $5, $6, $7)", "uudbttt",
			&hospital->id, line, due, assumed, hospital->declaration_code, ctl->who, why);
	if (r == 0) *ret_no = (int)db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0) return ctl_commit(ctl);
	ctl_rollback(ctl);
	return r;
}

static int declaration_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {"line's id: money suspense list shows them", .min = 1, .max = 1};
	struct ctl_opening act;
	int no = 0;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	if (r != 0) return r;
	r = line_declare(ctl, act.hospital, &act.id, act.why, &no);
	return r < 0 ? ctl_fail("not added") : declaration_print(ctl, act.hospital, no);
}

/* ---- recount ---- */

static int days_recount(struct ctl *ctl, const struct hospital *hospital, int64_t *done)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, true);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT no, credit_day FROM declaration WHERE hospital_id = $1 AND status = 1 AND due_assumed",
			"u", &hospital->id);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		bool assumed;
		int32_t due = declaration_due(hospital, db_rows_date(rows, row, 1), &assumed);

		if (assumed) continue; /* the calendar still lacks it */
		r = ctl_query(ctl, NULL, "SELECT declaration_recount($1, $2, $3)", "und", &hospital->id,
			(int)db_rows_int(rows, row, 0), due);
		*done += r == 0;
	}
	db_sync_rows_free(rows);
	if (r == 0) return ctl_commit(ctl);
	ctl_rollback(ctl);
	return r;
}

static int declaration_recount(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct report report;
	uint32_t index = 0;
	int64_t done = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL)
		r = days_recount(ctl, hospital, &done);
	if (r < 0) return ctl_fail("could not count anew");
	report_begin(&report, ctl);
	report_field(&report, "recounted", say(ctl, "counted anew", "已重新计算"), cell_int(done));
	return report_end(&report, 0);
}

const struct ctl_command money_declaration_commands[] = {
	{"money declaration list", "[--due] [--hospital CODE]",
		"receipts from abroad and until when each is to be declared; --due: those that still are",
		CTL_CONFIG | CTL_DB, declaration_list},
	{"money declaration show", "NO [--hospital CODE]", "one of them, and who did what to it", CTL_CONFIG | CTL_DB,
		declaration_show},
	{"money declaration add", "LINE --why TEXT [--hospital CODE]", "says that a bank line is a receipt from abroad",
		CTL_CONFIG | CTL_DB, declaration_add},
	{"money declaration set", "NO CODE|ask --why TEXT [--hospital CODE]",
		"under which code it is to be declared; ask: the bank is to be asked", CTL_CONFIG | CTL_DB,
		declaration_set},
	{"money declaration done", "NO NUMBER --why TEXT [--hospital CODE]", "it was declared, under the bank's number",
		CTL_CONFIG | CTL_DB, declaration_done},
	{"money declaration none", "NO --why TEXT [--hospital CODE]", "it needs no declaration", CTL_CONFIG | CTL_DB,
		declaration_none},
	{"money declaration recount", "[--hospital CODE]", "counts assumed due days anew by the hospital's calendar",
		CTL_CONFIG | CTL_DB, declaration_recount},
	{NULL, NULL, NULL, 0, NULL},
};
