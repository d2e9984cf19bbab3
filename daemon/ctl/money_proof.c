/* zhifuctl money account proof, money order, money sale: the bank's word against ours, what is on its way to the bank,
 * and foreign currency that the bank bought. */
#include <string.h>

#include "ctl/accounts.h"
#include "ctl/money_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/money.h"
#include "model/directory.h"
#include "model/settlement.h"
#include "settle/book_rate.h"

#define TRANSIT_MAX 10000 /* of each hospital */

static struct cell cell_of(const struct pg_result *rows, int row, int column, const char *currency, int exponent)
{
	return db_rows_null(rows, row, column) ? cell_none()
					       : cell_money(db_rows_int(rows, row, column), currency, exponent);
}

/* ---- proof ---- */

enum { P_ACCOUNT, P_CURRENCY, P_EXPONENT, P_DAY, P_STATEMENT, P_ORDERED, P_LATE, P_EXPLAINED, P_LEDGER };

static const char *const proof_sql =
	"SELECT account, currency, exponent, statement_day, statement_minor, ordered_minor, late_minor, explained_minor, ledger_minor"
	" FROM bank_proof($1, $2) WHERE $3::text IS NULL OR account = $3 ORDER BY account";

/* What is on one side only at the end of the day: what bank_proof() adds up. */
static const char *const transit_sql =
	"SELECT o.account, 'order', o.book_day, -o.amount_minor, o.currency, o.exponent, NULL, o.order_id FROM bank_order o"
	" WHERE o.hospital_id = $1 AND order_in_transit(o, $2) AND ($3::text IS NULL OR o.account = $3)"
	" UNION ALL SELECT l.account, 'late', l.booked_day, l.amount_minor, l.currency, l.exponent, NULL, l.line_id FROM bank_line l"
	" JOIN posting p ON p.hospital_id = l.hospital_id AND p.entry_id = l.line_id AND p.no = 1"
	" WHERE l.hospital_id = $1 AND l.booked_day <= $2 AND p.book_day > $2 AND ($3::text IS NULL OR l.account = $3)"
	" AND NOT order_has_posted($1, l.line_id, $2)"
	" UNION ALL SELECT o.account, 'opening', p.book_day, CASE p.credit WHEN 'OPENING' THEN p.amount_minor ELSE -p.amount_minor END,"
	" p.currency, p.exponent, NULL, o.entry_id FROM bank_opening o JOIN posting p ON p.hospital_id = o.hospital_id"
	" AND p.entry_id = o.entry_id AND p.no = 1 WHERE o.hospital_id = $1 AND p.book_day > $2 AND ($3::text IS NULL OR o.account = $3)"
	" AND (EXISTS (SELECT 1 FROM bank_statement s WHERE s.hospital_id = $1 AND s.account = o.account AND s.kind = 1 AND s.chain <> 8"
	"   AND s.opening_day <= $2)"
	"  OR EXISTS (SELECT 1 FROM bank_confirmation f WHERE f.hospital_id = $1 AND f.account = o.account AND f.day <= $2))"
	" UNION ALL SELECT s.account, 'gap', s.opening_day, s.missing_minor, s.currency, s.exponent, s.explained_by || ': ' || s.explained_why,"
	" s.statement_id FROM bank_continuity s WHERE s.hospital_id = $1 AND s.explained_by IS NOT NULL AND s.opening_day <= $2"
	" AND ($3::text IS NULL OR s.account = $3)"
	" ORDER BY 1, 3, 8 LIMIT $4";

static void proof_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, bool *ret_holds)
{
	const char *currency = db_rows_text(rows, row, P_CURRENCY);
	int exponent = (int)db_rows_int(rows, row, P_EXPONENT);
	bool stated = !db_rows_null(rows, row, P_STATEMENT);
	bool holds = stated && db_rows_int(rows, row, P_STATEMENT) + db_rows_int(rows, row, P_ORDERED) -
					       db_rows_int(rows, row, P_LATE) - db_rows_int(rows, row, P_EXPLAINED) ==
				       db_rows_int(rows, row, P_LEDGER);

	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(db_rows_text(rows, row, P_ACCOUNT)));
	table_add(table, stated ? cell_day(db_rows_date(rows, row, P_DAY)) : cell_none());
	table_add(table, cell_of(rows, row, P_STATEMENT, currency, exponent));
	table_add(table, cell_of(rows, row, P_ORDERED, currency, exponent));
	table_add(table, cell_money(-db_rows_int(rows, row, P_LATE), currency, exponent));
	table_add(table, cell_money(-db_rows_int(rows, row, P_EXPLAINED), currency, exponent));
	table_add(table, cell_of(rows, row, P_LEDGER, currency, exponent));
	table_add(table,
		!stated ? cell_word(say(ctl, "not proved: no statement has balances", "无余额,无法核对"), "unproved")
		: holds ? cell_word(say(ctl, "holds", "相符"), "holds")
			: cell_word(say(ctl, "DIFFERS", "不符"), "differs"));
	if (stated && !holds) *ret_holds = false;
}

static void transit_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table)
{
	const char *what = db_rows_text(rows, row, 1);
	bool order = strcmp(what, "order") == 0;
	struct uuid id = db_rows_uuid(rows, row, 7);

	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table,
		strcmp(what, "gap") == 0
			? cell_word(say(ctl, "moved in a gap, as explained", "缺口内变动,已说明"), "gap")
		: strcmp(what, "opening") == 0
			? cell_word(say(ctl, "was there before, we have it later", "期初已有、企业后记"), "opening")
		: order ? cell_word(say(ctl, "we have it, the bank not yet", "企业已记、银行未记"), "order")
			: cell_word(say(ctl, "the bank has it, we later", "银行已记、企业未记"), "late"));
	table_add(table, cell_day(db_rows_date(rows, row, 2)));
	table_add(table, cell_of(rows, row, 3, db_rows_text(rows, row, 4), (int)db_rows_int(rows, row, 5)));
	table_add(table, cell_text(db_rows_text(rows, row, 6)));
	table_add(table, cell_uuid(&id));
}

static int account_proof(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"hospital", "hospital"}, {"account", "account"},
		{"statement_day", "statement of"}, {"statement", "closed with"}, {"ordered", "not debited yet"},
		{"late", "not posted yet"}, {"explained", "in gaps"}, {"ledger", "in the ledger"}, {"proof", "proof"}};
	static const struct column chinese[] = {{"hospital", "医院"}, {"account", "账户"},
		{"statement_day", "对账单日"}, {"statement", "银行余额"}, {"ordered", "银行未记"}, {"late", "企业未记"},
		{"explained", "缺口内变动"}, {"ledger", "账面余额"}, {"proof", "核对"}};
	static const struct column transit_english[] = {{"hospital", "hospital"}, {"account", "account"},
		{"what", "in transit"}, {"day", "day"}, {"amount", "amount"}, {"why", "why"}, {"id", NULL}};
	static const struct column transit_chinese[] = {{"hospital", "医院"}, {"account", "账户"}, {"what", "未达账项"},
		{"day", "日期"}, {"amount", "金额"}, {"why", "原因"}, {"id", NULL}};
	const char *code = NULL;
	const char *account = NULL;
	const char *day_text = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--account", &account, NULL},
		{"--day", &day_text, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct report report;
	struct table proofs;
	struct table transit;
	uint32_t index = 0;
	int32_t day;
	bool holds = true;
	bool cut = false;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", day_text, INT32_MIN, &day);
	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&proofs, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	table_begin(&transit, ctl->chinese ? transit_chinese : transit_english, ARRAY_LEN(transit_english));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL) {
		struct pg_result *rows = NULL;
		struct pg_result *items = NULL;
		int32_t end = day_text != NULL ? day : ctl_today(hospital);

		r = ctl_accounts_keep(ctl, hospital);
		if (r == 0) r = ctl_begin(ctl, &hospital->id, false);
		if (r == 0) r = ctl_query(ctl, &rows, proof_sql, "udt", &hospital->id, end, account);
		if (r == 0)
			r = ctl_query(ctl, &items, transit_sql, "udti", &hospital->id, end, account,
				(int64_t)TRANSIT_MAX + 1);
		if (r == 0) r = ctl_commit(ctl);
		for (int row = 0; r == 0 && row < db_rows_count(rows); row++)
			proof_row(ctl, hospital, rows, row, &proofs, &holds);
		for (int row = 0; r == 0 && row < db_rows_count(items) && row < TRANSIT_MAX; row++)
			transit_row(ctl, hospital, items, row, &transit);
		cut = cut || db_rows_count(items) > TRANSIT_MAX;
		db_sync_rows_free(rows);
		db_sync_rows_free(items);
	}
	table_end(&proofs, &report, "accounts", NULL, say(ctl, "no bank account has postings", "无银行账户分录"));
	table_end(&transit, &report, "transit", "", NULL);
	report_field(&report, "holds", NULL, cell_bool(holds));
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl))
		(void)fprintf(stderr,
			ctl->chinese ? "仅显示前 %d 笔未达账项:请用 --account 限定账户\n"
				     : "only the first %d in transit are shown: use --account\n",
			TRANSIT_MAX);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not prove the accounts");
	}
	return report_end(&report, holds ? 0 : 1);
}

/* ---- confirmations ---- */

/* What is on an account, as the bank shows it; below zero is an overdraft. Returns 0, or 2 after it has said what is
 * wrong. */
static int balance_read(const char *text, const char *currency, struct zf_money *ret)
{
	struct zf_decimal value;

	if (decimal_parse(text_of(text), &value) == 0 && money_from_decimal(value, text_of(currency), ret) == 0)
		return 0;
	return ctl_usage("\"%s\" is no amount of %s", text, currency);
}

/* Why the database does not want it, by its outcome. */
static const char *confirm_refusal(const struct ctl *ctl, int64_t outcome)
{
	switch (outcome) {
	case -1:
		return say(ctl, "the day is not over", "该日尚未结束");
	case -2:
		return say(ctl, "its month is closed", "该月已结账");
	case -3:
		return say(ctl, "a statement reaches that far and says it", "已有对账单覆盖该日,以对账单为准");
	default:
		return say(ctl, "the hospital has no such account", "没有该账户");
	}
}

/* In which currency it is kept, also where the hospital's file does not name it any more; NULL: there is none.
 * Within a transaction. */
static int account_currency(struct ctl *ctl, const struct hospital *hospital, const char *account, char ret_currency[4])
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows, "SELECT currency FROM bank_kept_in($1, $2)", "ut", &hospital->id, account);

	ret_currency[0] = '\0';
	if (r == 0 && db_rows_count(rows) > 0 && !db_rows_null(rows, 0, 0))
		(void)snprintf(ret_currency, 4, "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	return r;
}

static int account_confirm(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *day_text = NULL, *why = NULL;
	const struct ctl_option options[] = {
		{"--hospital", &code, NULL}, {"--day", &day_text, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct zf_money balance = {.present = 0};
	struct report report;
	char currency[4] = "";
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	if (r == 0 && day_text == NULL) r = ctl_usage("say of which day's end with --day DAY");
	if (r == 0) r = ctl_day("--day", day_text, 0, &day);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_accounts_keep(ctl, hospital);
	if (r == 0) r = ctl_begin(ctl, &hospital->id, true);
	if (r == 0) r = account_currency(ctl, hospital, words[0], currency);
	if (r == 0 && currency[0] == '\0')
		r = ctl_usage("%s has no bank account \"%s\": bank_accounts in its file", hospital->code, words[0]);
	if (r == 0) r = balance_read(words[1], currency, &balance);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT bank_confirm($1, $2, $3, $4, $5, $6)", "utditt", &hospital->id,
			words[0], day, balance.minor, ctl->who, why);
	if (r == 0 && db_rows_int(rows, 0, 0) != 1)
		r = err_set(ERR_DENIED, "%s", confirm_refusal(ctl, db_rows_int(rows, 0, 0)));
	db_sync_rows_free(rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r != 0) ctl_rollback(ctl);
	if (r != 0) return r < 0 ? ctl_fail("not confirmed") : r;
	report_begin(&report, ctl);
	report_field(&report, "account", say(ctl, "account", "账户"), cell_text(words[0]));
	report_field(&report, "day", say(ctl, "at the end of", "日终"), cell_day(day));
	report_field(&report, "balance", say(ctl, "the bank shows", "银行余额"),
		cell_money(balance.minor, balance.currency, balance.exponent));
	return report_end(&report, 0);
}

/* ---- orders ---- */

#define LINE_ID "line's id: money suspense list shows them"
#define ORDER_ID "order's id: money order list shows them"

/* A line's id. Returns 0, or 2 after it has said what is wrong. */
static int line_read(const char *text, struct uuid *ret_id)
{
	if (uuid_parse(text, ret_id) == 0) return 0;
	return ctl_usage("\"%s\" is no " LINE_ID, text);
}

/* An amount of the line's currency: minor units. Its exponent is asked of the line. */
static int amount_read(struct ctl *ctl, const struct hospital *hospital, const struct uuid *line, const char *text,
	struct zf_money *ret)
{
	struct pg_result *rows = NULL;
	struct zf_decimal value;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT currency, open_minor FROM suspense WHERE hospital_id = $1 AND line_id = $2", "uu",
			&hospital->id, line);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "this line is not in suspense");
	if (r == 0) r = money_make(db_rows_int(rows, 0, 1), text_of(db_rows_text(rows, 0, 0)), ret);
	if (r == 0 && text != NULL && decimal_parse(text_of(text), &value) == 0)
		r = money_from_decimal(value, text_of(db_rows_text(rows, 0, 0)), ret) == 0
			    ? 0
			    : err_set(ERR_INVALID, "\"%s\" is no amount of %s", text, db_rows_text(rows, 0, 0));
	else if (r == 0 && text != NULL)
		r = err_set(ERR_INVALID, "\"%s\" is no amount", text);
	db_sync_rows_free(rows);
	return r;
}

static int order_make(struct ctl *ctl, int argc, char **argv)
{
	const char *day_text = NULL;
	const struct ctl_option more[] = {{"--day", &day_text, NULL}, {NULL, NULL, NULL}};
	const struct ctl_opens opens = {LINE_ID, .min = 1, .max = 2, .more = more};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct zf_money amount;
	struct report report;
	struct uuid order = uuid_new();
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int32_t day = 0;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = ctl_day("--day", day_text, ctl_today(act.hospital), &day);
	if (r != 0) return r;
	r = amount_read(ctl, act.hospital, &act.id, act.words[1], &amount);
	if (r == 0) r = unseal_words_hex(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT order_make($1, $2, $3, $4, $5, $6, $7)", "uuuidtt", &act.hospital->id,
			&order, &act.id, amount.minor, day, ctl->who, sealed);
	if (r == 0 && db_rows_null(rows, 0, 0))
		r = err_set(ERR_NOTFOUND, "not as much of this line is in suspense, or it is held");
	if (r != 0) {
		db_sync_rows_free(rows);
		return ctl_fail("not ordered");
	}
	report_begin(&report, ctl);
	report_field(&report, "order", say(ctl, "order", "指令"), cell_uuid(&order));
	report_field(&report, "amount", say(ctl, "amount", "金额"),
		cell_money(amount.minor, amount.currency, amount.exponent));
	report_field(&report, "book_day", say(ctl, "posted on", "记账日"), cell_day(db_rows_date(rows, 0, 0)));
	db_sync_rows_free(rows);
	return report_end(&report, 0);
}

static int order_clear(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {ORDER_ID, .min = 2, .max = 2, .why = CTL_WHY_NONE};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid line;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	if (r == 0) r = line_read(act.words[1], &line);
	if (r != 0) return r;
	r = ctl_query(
		ctl, &rows, "SELECT order_clear($1, $2, $3, $4)", "uuut", &act.hospital->id, &act.id, &line, ctl->who);
	if (r == 0 && db_rows_int(rows, 0, 0) == 0) r = err_set(ERR_NOTFOUND, "no such order is in transit");
	if (r == 0 && db_rows_int(rows, 0, 0) < 0)
		r = err_set(ERR_NOTFOUND, "the line is not one of its account and amount in suspense");
	db_sync_rows_free(rows);
	if (r < 0) return ctl_fail("not cleared");
	report_begin(&report, ctl);
	report_field(&report, "order", say(ctl, "order", "指令"), cell_uuid(&act.id));
	report_field(&report, "line", say(ctl, "debited by", "银行流水"), cell_uuid(&line));
	return report_end(&report, 0);
}

/* The bank never executed it. */
static int order_cancel(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {ORDER_ID, .min = 1, .max = 1};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid entry = uuid_new();
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	r = unseal_words_hex(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT order_cancel($1, $2, $3, $4, $5)", "uuutt", &act.hospital->id,
			&act.id, &entry, ctl->who, sealed);
	if (r == 0 && db_rows_int(rows, 0, 0) == 0)
		r = err_set(ERR_NOTFOUND, "no such order is in transit: it was debited, or cancelled before");
	if (r == 0 && db_rows_int(rows, 0, 0) < 0)
		r = err_set(ERR_AGAIN, "its value in the books is not known yet: money waiting tells the missing rate");
	db_sync_rows_free(rows);
	if (r < 0) return ctl_fail("not cancelled");
	report_begin(&report, ctl);
	report_field(&report, "order", say(ctl, "order", "指令"), cell_uuid(&act.id));
	report_field(&report, "entry", say(ctl, "counter-entry", "冲回分录"), cell_uuid(&entry));
	return report_end(&report, 0);
}

static const struct money_column order_columns[] = {{"hospital", "hospital", "医院", false},
	{"account", "account", "账户", false}, {"day", "day", "日期", false}, {"amount", "amount", "金额", true},
	{"state", "state", "状态", false}, {"who", "by", "经办", false}, {"order", "order", "指令", false}};

static int orders_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT account, book_day, amount_minor, currency, exponent, cleared_line IS NOT NULL, maker, order_id,"
		" cancel_id IS NOT NULL FROM bank_order"
		" WHERE hospital_id = $1 AND ($2 OR cleared_line IS NULL AND cancel_id IS NULL) ORDER BY book_day, order_id",
		"ub", &hospital->id, (int)filter->all);
}

static void order_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 3);
	int exponent = (int)db_rows_int(rows, row, 4);
	struct uuid id = db_rows_uuid(rows, row, 7);

	(void)hospital;
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_day(db_rows_date(rows, row, 1)));
	table_add(table, cell_of(rows, row, 2, currency, exponent));
	table_add(table, db_rows_bool(rows, row, 5)   ? cell_word(say(ctl, "debited", "已付"), "debited")
			 : db_rows_bool(rows, row, 8) ? cell_word(say(ctl, "cancelled", "已撤销"), "cancelled")
						      : cell_word(say(ctl, "in transit", "在途"), "transit"));
	table_add(table, cell_text(db_rows_text(rows, row, 6)));
	table_add(table, cell_uuid(&id));
	money_sum_add(sums, 1, db_rows_int(rows, row, 2), currency, exponent);
}

static int order_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "orders",
		.empty = "no orders",
		.empty_zh = "没有付款指令",
		.columns = order_columns,
		.column_count = ARRAY_LEN(order_columns),
		.open = orders_open,
		.row = order_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--all", NULL, &filter.all}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- sale ---- */

enum { B_SOLD, B_CURRENCY, B_EXPONENT, B_BALANCE, B_CARRIED, B_VALUED, B_PROCEEDS, B_PROCEEDS_CURRENCY };

static const char *const basis_sql =
	"SELECT b.sold_minor, b.currency, b.exponent, b.balance_minor, b.carried_minor, b.valued, l.amount_minor, l.currency"
	" FROM sale_basis($1, $2) b LEFT JOIN bank_line l ON l.hospital_id = $1 AND l.line_id = $3";

struct sale {
	struct zf_money sold, proceeds;
	struct settlement_sale made;
};

/* What the sold part of the account's balance was carried at. */
static int sale_work_out(struct ctl *ctl, const struct hospital *hospital, const struct uuid *out,
	const struct uuid *in, struct sale *sale)
{
	struct pg_result *rows = NULL;
	struct zf_money balance = {.present = 0};
	struct zf_money carried = {.present = 0};
	int r = ctl_query(ctl, &rows, basis_sql, "uuu", &hospital->id, out, in);

	if (r == 0 && (db_rows_count(rows) == 0 || db_rows_null(rows, 0, B_PROCEEDS)))
		r = err_set(ERR_NOTFOUND,
			"one of the lines is not in suspense: the first takes foreign money off its account");
	if (r == 0 && !db_rows_bool(rows, 0, B_VALUED))
		r = err_set(ERR_NOTFOUND,
			"the account has postings without a value: money waiting shows which rates are missing");
	if (r == 0 && strcmp(db_rows_text(rows, 0, B_PROCEEDS_CURRENCY), hospital->book_currency) != 0)
		r = err_set(ERR_INVALID, "what came in is not %s", hospital->book_currency);
	if (r == 0)
		r = money_make(db_rows_int(rows, 0, B_SOLD), text_of(db_rows_text(rows, 0, B_CURRENCY)), &sale->sold);
	if (r == 0)
		r = money_make(db_rows_int(rows, 0, B_BALANCE), text_of(db_rows_text(rows, 0, B_CURRENCY)), &balance);
	if (r == 0) r = money_make(db_rows_int(rows, 0, B_CARRIED), text_of(hospital->book_currency), &carried);
	if (r == 0) r = money_make(db_rows_int(rows, 0, B_PROCEEDS), text_of(hospital->book_currency), &sale->proceeds);
	db_sync_rows_free(rows);
	if (r == 0 &&
		settlement_sell(balance, carried, sale->sold, sale->proceeds, BOOK_RATE_ROUNDING, &sale->made) < 0)
		r = err_set(ERR_INVALID, "more was sold than was on the account");
	return r;
}

/* "7.052000": what one unit of the sold currency brought, for a person who compares. */
static struct cell cell_price(const struct sale *sale)
{
	struct zf_money scaled = sale->proceeds;
	struct zf_decimal price = {.present = 1, .scale = 6};
	int64_t million = 1000000;
	char text[DECIMAL_TEXT_SIZE];

	for (int i = scaled.exponent; i < sale->sold.exponent; i++) million *= 10;
	for (int i = sale->sold.exponent; i < scaled.exponent && million > 1; i++) million /= 10;
	if (money_share(scaled, million, sale->sold.minor, DECIMAL_HALF_AWAY, &scaled) != 0) return cell_none();
	price.unscaled = scaled.minor;
	(void)decimal_format(price, text);
	return cell_text(text);
}

static int money_sale(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {LINE_ID, .min = 2, .max = 2, .why = CTL_WHY_OPTIONAL};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	struct sale sale;
	struct uuid id = uuid_new();
	struct uuid in;
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = line_read(act.words[1], &in);
	if (r != 0) return r;
	r = ctl_begin(ctl, &act.hospital->id, true);
	if (r == 0) r = sale_work_out(ctl, act.hospital, &act.id, &in, &sale);
	if (r == 0) r = unseal_words_hex(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT sale_post($1, $2, $3, $4, $5, $6, $7)", "uuuuitt", &act.hospital->id,
			&id, &act.id, &in, sale.made.carried.minor, ctl->who, sealed);
	if (r == 0 && db_rows_null(rows, 0, 0))
		r = err_set(ERR_NOTFOUND, "one of the lines is not wholly in suspense, is held, or has no value yet");
	db_sync_rows_free(rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r != 0) {
		ctl_rollback(ctl);
		return ctl_fail("not booked");
	}
	report_begin(&report, ctl);
	report_field(&report, "sale", NULL, cell_uuid(&id));
	report_field(&report, "sold", say(ctl, "sold", "卖出"),
		cell_money(sale.sold.minor, sale.sold.currency, sale.sold.exponent));
	report_field(&report, "proceeds", say(ctl, "proceeds", "所得"),
		cell_money(sale.proceeds.minor, sale.proceeds.currency, sale.proceeds.exponent));
	report_field(&report, "price", say(ctl, "so one cost", "成交价"), cell_price(&sale));
	report_field(&report, "carried", say(ctl, "carried at", "账面"),
		cell_money(sale.made.carried.minor, sale.made.carried.currency, sale.made.carried.exponent));
	report_field(&report, "loss", say(ctl, "loss", "汇兑损失"),
		cell_money(sale.made.fx.minor, sale.made.fx.currency, sale.made.fx.exponent));
	return report_end(&report, 0);
}

const struct ctl_command money_proof_commands[] = {
	{"money account proof", "[--hospital CODE] [--account CODE] [--day DAY]",
		"the bank's word against the ledger's, with what is in transit; fails when they differ",
		CTL_CONFIG | CTL_DB, account_proof},
	{"money account confirm", "ACCOUNT BALANCE --day DAY --why TEXT [--hospital CODE]",
		"what the bank shows for the end of a day that no statement reaches, as where nothing moved",
		CTL_CONFIG | CTL_DB, account_confirm},
	{"money order make", "LINE [AMOUNT] --why TEXT [--day DAY] [--hospital CODE]",
		"money in suspense goes back: an order to the bank is in the ledger, and in transit until it is debited",
		CTL_CONFIG | CTL_DB, order_make},
	{"money order clear", "ORDER LINE [--hospital CODE]", "the bank has debited an order, by a line in suspense",
		CTL_CONFIG | CTL_DB, order_clear},
	{"money order cancel", "ORDER --why TEXT [--hospital CODE]",
		"the bank never executed it: by a counter-entry its money waits again", CTL_CONFIG | CTL_DB,
		order_cancel},
	{"money order list", "[--hospital CODE] [--all]", "orders that are in transit", CTL_CONFIG | CTL_DB,
		order_list},
	{"money sale", "LINE-OUT LINE-IN [--why TEXT] [--hospital CODE]",
		"foreign currency that the bank bought: the line that went out and the one that came in",
		CTL_CONFIG | CTL_DB, money_sale},
	{NULL, NULL, NULL, 0, NULL},
};
