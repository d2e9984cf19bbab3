/* zhifuctl money report: what is open and since when, what is late, how payers do, what exchange rates did, what waits
 * in suspense, and the bank accounts. The figures come from schema/054_report.sql and 068_open.sql. */
#include <string.h>

#include "base/clock.h"
#include "ctl/money_list.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/match.h"

#define HOSPITAL_COLUMN                                                                                                \
	{                                                                                                              \
		"hospital", "hospital", "医院", false                                                                  \
	}

static struct cell cell_number(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? cell_none() : cell_int(db_rows_int(rows, row, column));
}

/* An age band: report_band() in schema/054_report.sql. */
static struct cell cell_band(const struct ctl *ctl, int64_t band)
{
	static const char *const names[] = {"not due", "0-30", "31-60", "61-90", "91-180", "181-365", "over 365"};

	assert(band >= 0 && band < (int64_t)ARRAY_LEN(names));
	if (!ctl->chinese || (band > 0 && band < 6)) return cell_text(names[band]);
	return cell_word(band == 0 ? "未到期" : "超过365", names[band]);
}

/* ---- open ---- */

/* Who owes: open_items() in schema/068_open.sql. */
static const struct debtor {
	const char *code, *english, *chinese;
} debtors[] = {{"carrier", "carrier", "承保人"}, {"plan", "group plan", "团体补充险"},
	{"fund", "social insurance", "医保"}, {"patient", "patients", "患者"}, {"stay", "in the house", "在院未结"}};

static const struct debtor *debtor_of(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(debtors); i++)
		if (strcmp(debtors[i].code, code) == 0) return &debtors[i];
	return NULL;
}

static struct cell cell_debtor(const struct ctl *ctl, const struct pg_result *rows, int row, int column)
{
	const struct debtor *debtor = debtor_of(db_rows_text(rows, row, column));

	assert(debtor != NULL);
	return cell_word(say(ctl, debtor->english, debtor->chinese), debtor->code);
}

static struct cell cell_if(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? cell_none() : cell_text(db_rows_text(rows, row, column));
}

static const struct money_column open_columns[] = {HOSPITAL_COLUMN, {"owes", "who owes", "欠款方", false},
	{"account", NULL, NULL, false}, {"carrier", "carrier", "承保人", false},
	{"remitter", "who pays", "付款人", false}, {"currency", "currency", "币种", false},
	{"items", "items", "笔数", false}, {"open", "open", "未结", true}, {"not_due", "not due", "未到期", true},
	{"days_0_30", "0-30 days", "0-30天", true}, {"days_31_60", "31-60", "31-60天", true},
	{"days_61_90", "61-90", "61-90天", true}, {"days_91_180", "91-180", "91-180天", true},
	{"days_181_365", "181-365", "181-365天", true}, {"days_over_365", "over 365", "超过365天", true},
	{"carried", "carried at", "账面价值", true}, {"oldest", "oldest", "最早", false}};

static int open_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	char day[16];

	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT owes, account, carrier, remitter, currency, exponent, items, open_minor, not_due_minor, to_30_minor,"
		" to_60_minor, to_90_minor, to_180_minor, to_365_minor, older_minor, carried_minor, book_currency, oldest_day"
		" FROM report_open($1, $2::text::date, $3, $4, $5, $6)",
		"uttttb", &hospital->id, money_day_text(filter->day, day), filter->carrier, filter->remitter,
		filter->owes, (int)filter->by_remitter);
}

static void open_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 4);
	const char *book = db_rows_text(rows, row, 16);
	int exponent = (int)db_rows_int(rows, row, 5);

	(void)hospital;
	table_add(table, cell_debtor(ctl, rows, row, 0));
	for (int k = 1; k < 4; k++) table_add(table, cell_if(rows, row, k));
	table_add(table, cell_text(currency));
	table_add(table, cell_int(db_rows_int(rows, row, 6)));
	for (int k = 7; k < 15; k++) table_add(table, cell_amount(db_rows_int(rows, row, k), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, 15), book, currency_exponent(book)));
	table_add(table, cell_date(rows, row, 17));
	money_sum_add(sums, db_rows_int(rows, row, 6), db_rows_int(rows, row, 7), currency, exponent);
}

static const struct money_list open_list = {.key = "open",
	.report = "open",
	.empty = "nothing is open",
	.empty_zh = "没有未结款项",
	.columns = open_columns,
	.column_count = ARRAY_LEN(open_columns),
	.open = open_open,
	.row = open_row};

/* ---- the open items ---- */

static const struct money_column claim_columns[] = {HOSPITAL_COLUMN, {"owes", "who owes", "欠款方", false},
	{"account", NULL, NULL, false}, {"claim", "claim", "理赔单", false}, {"patient_account", NULL, NULL, false},
	{"carrier", "carrier", "承保人", false}, {"remitter", "who pays", "付款人", false}, {"kind", NULL, NULL, false},
	{"owed", NULL, NULL, true}, {"open", "open", "未结", true}, {"carried", NULL, NULL, true},
	{"billed", "billed", "开单日", false}, {"expected", "expected by", "应付日", false},
	{"days_late", "days late", "逾期天数", false}, {"age", "age", "账龄", false},
	{"standing", "standing", "状态", false}};

static int claims_ask(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter,
	int32_t after_day, const struct uuid *after, int64_t limit, struct pg_result **ret_rows)
{
	char day[16];

	return ctl_query(ctl, ret_rows,
		"SELECT id, sort_day, owes, account, ref, patient_account::text, carrier, remitter, kind, owed_minor, open_minor,"
		" currency, exponent, carried_minor, book_currency, billed_day, due_day, days, band, standing"
		" FROM report_claims($1, $2::text::date, $3, $4, $5, $6, $7, $8, $9)",
		"uttbduntt", &hospital->id, money_day_text(filter->day, day), filter->carrier, (int)filter->late,
		after_day, after, (int)limit, filter->remitter, filter->owes);
}

static void claims_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 11);
	const char *book = db_rows_text(rows, row, 14);
	int exponent = (int)db_rows_int(rows, row, 12);
	int64_t days = db_rows_int(rows, row, 17);

	(void)hospital;
	table_add(table, cell_debtor(ctl, rows, row, 2));
	for (int k = 3; k < 9; k++) table_add(table, cell_if(rows, row, k));
	table_add(table,
		db_rows_null(rows, row, 9) ? cell_none() : cell_money(db_rows_int(rows, row, 9), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, 10), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, 13), book, currency_exponent(book)));
	table_add(table, cell_date(rows, row, 15));
	table_add(table, cell_date(rows, row, 16));
	table_add(table, db_rows_null(rows, row, 16) ? cell_none() : cell_int(days > 0 ? days : 0));
	table_add(table, cell_band(ctl, db_rows_int(rows, row, 18)));
	table_add(table, money_standing(ctl, db_rows_int(rows, row, 19)));
	money_sum_add(sums, 1, db_rows_int(rows, row, 10), currency, exponent);
}

static const struct money_list claims_list = {.key = "claims",
	.report = "claims",
	.empty = "nothing is open",
	.empty_zh = "没有未结款项",
	.columns = claim_columns,
	.column_count = ARRAY_LEN(claim_columns),
	.ask = claims_ask,
	.row = claims_row,
	.id_column = 0,
	.day_column = 1};

/* ---- scoreboard ---- */

static const struct money_column score_columns[] = {HOSPITAL_COLUMN, {"role", "as", "角色", false},
	{"party", "payer", "付款人", false}, {"answered", "answers", "答复数", false},
	{"answer_days_median", "days, median", "答复天数中位", false}, {"answer_days_p90", "90 %", "90 %", false},
	{"denied", "denied", "拒赔", false}, {"denied_share", "share", "占比", false},
	{"paid", "paid", "付款数", false}, {"pay_days_median", "days, median", "付款天数中位", false},
	{"pay_days_p90", "90 %", "90 %", false}, {"short", "short", "短付", false},
	{"short_share", "share", "占比", false}, {"short_amount", "short by", "短付金额", true},
	{"short_amount_share", "share", "占比", false}, {"disputes", "disputes", "争议", false},
	{"won", "won", "争回", false}};

static int score_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT role, party, answered, answer_median_tenths, answer_p90, denied, paid, pay_median_tenths, pay_p90,"
		" short, short_book_minor, owed_book_minor, disputes, won, book_currency FROM report_scoreboard($1, $2, $3)",
		"udd", &hospital->id, filter->from, filter->to);
}

static struct cell cell_median(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? cell_none() : cell_tenths(db_rows_int(rows, row, column));
}

static void score_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *role = db_rows_text(rows, row, 0);
	const char *book = db_rows_text(rows, row, 14);
	bool carrier = strcmp(role, "carrier") == 0;
	int64_t answered = db_rows_int(rows, row, 2);
	int64_t paid = db_rows_int(rows, row, 6);

	(void)hospital, (void)sums;
	table_add(table, cell_word(carrier ? say(ctl, "carrier", "承保人") : say(ctl, "remitter", "付款人"), role));
	table_add(table, cell_text(db_rows_text(rows, row, 1)));
	/* a remitter is not asked for answers */
	table_add(table, carrier ? cell_int(answered) : cell_none());
	table_add(table, cell_median(rows, row, 3));
	table_add(table, cell_number(rows, row, 4));
	table_add(table, carrier ? cell_number(rows, row, 5) : cell_none());
	table_add(table, cell_share(db_rows_int(rows, row, 5), answered));
	table_add(table, cell_int(paid));
	table_add(table, cell_median(rows, row, 7));
	table_add(table, cell_number(rows, row, 8));
	table_add(table, cell_int(db_rows_int(rows, row, 9)));
	table_add(table, cell_share(db_rows_int(rows, row, 9), paid));
	table_add(table, cell_money(db_rows_int(rows, row, 10), book, currency_exponent(book)));
	table_add(table, cell_share(db_rows_int(rows, row, 10), db_rows_int(rows, row, 11)));
	table_add(table, carrier ? cell_number(rows, row, 12) : cell_none());
	table_add(table, carrier ? cell_number(rows, row, 13) : cell_none());
}

static const struct money_list score_list = {.key = "scoreboard",
	.report = "scoreboard",
	.empty = "no payer answered or paid in these days",
	.empty_zh = "该期间没有答复或付款",
	.columns = score_columns,
	.column_count = ARRAY_LEN(score_columns),
	.open = score_open,
	.row = score_row};

/* ---- exchange rates ---- */

static const struct money_column fx_columns[] = {HOSPITAL_COLUMN, {"carrier", "carrier", "承保人", false},
	{"account", "account", "科目", false}, {"currency", "currency", "币种", false},
	{"realised_gain", "realised gain", "已实现收益", true}, {"realised_loss", "realised loss", "已实现损失", true},
	{"revaluation", "revaluation", "重估损益", true}, {"net", "gain less loss", "汇兑净损益", true}};

static int fx_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT carrier, account, currency, realised_gain_minor, realised_loss_minor, revalued_minor, net_minor,"
		" book_currency FROM report_fx($1, $2, $3)",
		"udd", &hospital->id, filter->from, filter->to);
}

static void fx_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *book = db_rows_text(rows, row, 7);
	int exponent = currency_exponent(book);

	(void)ctl, (void)hospital;
	for (int k = 0; k < 3; k++) table_add(table, cell_text(db_rows_text(rows, row, k)));
	for (int k = 3; k < 7; k++) table_add(table, cell_money(db_rows_int(rows, row, k), book, exponent));
	money_sum_add(sums, 1, db_rows_int(rows, row, 6), book, exponent);
}

static const struct money_list fx_list = {.key = "fx",
	.report = "fx",
	.empty = "exchange rates made no difference in these days",
	.empty_zh = "该期间没有汇兑差额",
	.columns = fx_columns,
	.column_count = ARRAY_LEN(fx_columns),
	.open = fx_open,
	.row = fx_row};

/* ---- suspense ---- */

static const struct money_column suspense_columns[] = {HOSPITAL_COLUMN, {"kind", "what", "种类", false},
	{"account", "from", "来自", false}, {"since", "since", "自", false}, {"days", "days", "天数", false},
	{"age", "age", "账龄", false}, {"amount", "amount", "金额", true}, {"owner", "owner", "负责人", false},
	{"reason", "why", "原因", false}, {"id", "id", "编号", false}};

static int suspense_ask(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter,
	int32_t after_day, const struct uuid *after, int64_t limit, struct pg_result **ret_rows)
{
	char day[16];

	return ctl_query(ctl, ret_rows,
		"SELECT id, sort_day, kind, account, since, days, band, minor, currency, exponent, owner, reason, wait::int4, held::int4"
		" FROM report_suspense($1, $2::text::date, $3, $4, $5, $6)",
		"uttdun", &hospital->id, money_day_text(filter->day, day), filter->owner, after_day, after, (int)limit);
}

/* What kind of reason it is, where the words are not for who asks. */
static struct cell cell_reason_kind(const struct ctl *ctl, const struct pg_result *rows, int row)
{
	switch (db_rows_int(rows, row, 13)) {
	case 1:
		return cell_text(say(ctl, "held by compliance", "合规冻结"));
	case 2:
		return cell_text(say(ctl, "not from the expected payer", "付款人非预期"));
	default:
		if (db_rows_null(rows, row, 12))
			return cell_text(say(ctl, "not matched yet, or as a person noted", "尚未匹配,或由人工说明"));
		return cell_text(match_wait_text((uint8_t)db_rows_int(rows, row, 12), ctl->chinese));
	}
}

static void suspense_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *kind = db_rows_text(rows, row, 2);
	const char *currency = db_rows_text(rows, row, 8);
	struct uuid id = db_rows_uuid(rows, row, 0);
	int exponent = (int)db_rows_int(rows, row, 9);
	bool line = strcmp(kind, "line") == 0;
	const char *word = line                          ? say(ctl, "money", "款项")
			   : strcmp(kind, "advice") == 0 ? say(ctl, "advice", "付款通知")
							 : say(ctl, "difference", "差额");

	(void)hospital;
	table_add(table, cell_word(word, kind));
	table_add(table, cell_text(db_rows_text(rows, row, 3)));
	table_add(table, cell_date(rows, row, 4));
	table_add(table, cell_int(db_rows_int(rows, row, 5)));
	table_add(table, cell_band(ctl, db_rows_int(rows, row, 6)));
	table_add(table, cell_money(db_rows_int(rows, row, 7), currency, exponent));
	table_add(table, cell_text(db_rows_text(rows, row, 10)));
	table_add(table, db_rows_null(rows, row, 11) ? cell_reason_kind(ctl, rows, row)
						     : cell_text(db_rows_text(rows, row, 11)));
	table_add(table, cell_uuid(&id));
	/* the others are no money */
	if (line) money_sum_add(sums, 1, db_rows_int(rows, row, 7), currency, exponent);
}

static const struct money_list suspense_list = {.key = "suspense",
	.report = "suspense",
	.empty = "nothing is unexplained",
	.empty_zh = "没有待查款项",
	.columns = suspense_columns,
	.column_count = ARRAY_LEN(suspense_columns),
	.ask = suspense_ask,
	.row = suspense_row,
	.id_column = 0,
	.day_column = 1};

/* ---- accounts ---- */

static const struct money_column account_columns[] = {HOSPITAL_COLUMN, {"account", "account", "账户", false},
	{"statement_day", "statement of", "对账单日", false}, {"statement", "closed with", "期末余额", true},
	{"transit", "in transit", "未达", true}, {"ledger", "in the ledger", "账面余额", true},
	{"difference", "difference", "差额", true}, {"suspense", "of it in suspense", "其中待查", true},
	{"since", "since", "自", false}, {"taken_at", "last taken", "最近导入", false}};

static int accounts_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	char day[16];

	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT account, currency, exponent, statement_day, statement_minor, transit_minor, ledger_minor,"
		" difference_minor, suspense_minor, suspense_since, taken_at FROM report_accounts($1, $2::text::date)",
		"ut", &hospital->id, money_day_text(filter->day, day));
}

static void accounts_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 1);
	int exponent = (int)db_rows_int(rows, row, 2);

	(void)ctl;
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_date(rows, row, 3));
	for (int k = 4; k < 9; k++)
		table_add(table, db_rows_null(rows, row, k)
					 ? cell_none()
					 : cell_money(db_rows_int(rows, row, k), currency, exponent));
	table_add(table, cell_date(rows, row, 9));
	table_add(table,
		db_rows_null(rows, row, 10) ? cell_none() : cell_time(hospital->zone, db_rows_time_ms(rows, row, 10)));
	money_sum_add(sums, 1, db_rows_int(rows, row, 6), currency, exponent);
}

static const struct money_list accounts_list = {.key = "accounts",
	.report = "accounts",
	.empty = "no bank account has a statement",
	.empty_zh = "没有银行对账单",
	.columns = account_columns,
	.column_count = ARRAY_LEN(account_columns),
	.open = accounts_open,
	.row = accounts_row};

/* ---- the commands ---- */

static int open_run(struct ctl *ctl, int argc, char **argv, bool late)
{
	struct money_filter filter = {.late = late};
	const char *day = NULL;
	const char *limit = NULL;
	const char *by = "carrier";
	bool items = late;
	struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {"--carrier", &filter.carrier, NULL},
		{"--remitter", &filter.remitter, NULL}, {"--day", &day, NULL}, {"--limit", &limit, NULL},
		{"--owes", &filter.owes, NULL}, {"--by", &by, NULL}, {"--items", NULL, &items}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r;

	if (late) options[5] = (struct ctl_option){NULL, NULL, NULL}; /* only receivables have a due day */
	r = ctl_arguments(argc, argv, options, 0, 0, words);
	if (r == 0) r = ctl_day("--day", day, INT32_MIN, &filter.day);
	if (r == 0) r = ctl_number("--limit", limit, MONEY_LIST_MAX, &filter.limit);
	if (r == 0 && filter.owes != NULL && debtor_of(filter.owes) == NULL)
		r = ctl_usage("--owes: carrier, plan, fund, patient or stay");
	filter.by_remitter = strcmp(by, "remitter") == 0;
	if (r == 0 && !filter.by_remitter && strcmp(by, "carrier") != 0) r = ctl_usage("--by: carrier or remitter");
	return r != 0 ? r : money_list_run(ctl, items ? &claims_list : &open_list, &filter);
}

static int report_open(struct ctl *ctl, int argc, char **argv)
{
	return open_run(ctl, argc, argv, false);
}

static int report_late(struct ctl *ctl, int argc, char **argv)
{
	return open_run(ctl, argc, argv, true);
}

/* Over a span; without one over the year up to today, whatever the hospital's zone. */
static int span_run(struct ctl *ctl, int argc, char **argv, const struct money_list *list)
{
	struct money_filter filter = {.limit = 0};
	const char *from = NULL;
	const char *to = NULL;
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {"--from", &from, NULL},
		{"--to", &to, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--to", to, (int32_t)(clock_wall_ms() / 86400000) + 1, &filter.to);
	if (r == 0) r = ctl_day("--from", from, filter.to - 365, &filter.from);
	return r != 0 ? r : money_list_run(ctl, list, &filter);
}

static int report_scoreboard(struct ctl *ctl, int argc, char **argv)
{
	return span_run(ctl, argc, argv, &score_list);
}

static int report_fx(struct ctl *ctl, int argc, char **argv)
{
	return span_run(ctl, argc, argv, &fx_list);
}

static int report_suspense(struct ctl *ctl, int argc, char **argv)
{
	struct money_filter filter = {.limit = 0};
	const char *day = NULL;
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {"--owner", &filter.owner, NULL},
		{"--day", &day, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day, INT32_MIN, &filter.day);
	return r != 0 ? r : money_list_run(ctl, &suspense_list, &filter);
}

static int report_accounts(struct ctl *ctl, int argc, char **argv)
{
	struct money_filter filter = {.limit = 0};
	const char *day = NULL;
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--day", &day, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day, INT32_MIN, &filter.day);
	return r != 0 ? r : money_list_run(ctl, &accounts_list, &filter);
}

#define REPORT (CTL_CONFIG | CTL_DB | CTL_REPORT)

const struct ctl_command money_report_commands[] = {
	{"money report open",
		"[--items] [--by carrier|remitter] [--owes WHO] [--carrier CODE] [--remitter NAME] [--day DAY] [--limit N]"
		" [--hospital CODE]",
		"open items at the end of a day, by who owes them, currency and age, or one by one", REPORT,
		report_open},
	{"money report late", "[--carrier CODE] [--remitter NAME] [--day DAY] [--limit N] [--hospital CODE]",
		"what was to be paid by now, and by how many days it is late", REPORT, report_late},
	{"money report scoreboard", "[--from DAY] [--to DAY] [--hospital CODE]",
		"payers: days to answer and to pay, denied and paid short", REPORT, report_scoreboard},
	{"money report fx", "[--from DAY] [--to DAY] [--hospital CODE]",
		"what exchange rates gained and lost, by payer and currency", REPORT, report_fx},
	{"money report suspense", "[--owner NAME] [--day DAY] [--hospital CODE]",
		"what is not explained yet, and since when", REPORT, report_suspense},
	{"money report accounts", "[--day DAY] [--hospital CODE]", "bank accounts: statement, ledger, suspense", REPORT,
		report_accounts},
	{NULL, NULL, NULL, 0, NULL},
};
