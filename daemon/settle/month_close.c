/* The transaction of a close. */
#include "settle/month_close.h"

#include <stdio.h>
#include <string.h>

#include "base/point.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "model/directory.h"
#include "settle/bank_accounts.h"
#include "settle/book_rate.h"

#define PARAMS_BYTES_MAX (64u << 20)

const struct month_check month_checks[] = {
	{"statement_gap", "statements without gaps", "银行对账单连续",
		"ask the bank for the missing statements, or zhifuctl money statement explain",
		"向银行索取缺少的对账单,或用 zhifuctl money statement explain 说明", true},
	{"statement_opening", "statements that open as the last one closed", "对账单余额衔接",
		"ask the bank for what is missing, or zhifuctl money statement explain",
		"向银行索取缺少的对账单,或用 zhifuctl money statement explain 说明", true},
	{"opening_confirmed", "first statements that open with what was confirmed", "首份对账单期初与人工确认余额一致",
		"zhifuctl money account confirm the right balance of that day, or money statement explain what moved",
		"用 zhifuctl money account confirm 更正该日余额,或用 money statement explain 说明变动", true},
	{"bank_proof", "bank proof", "余额调节表", "zhifuctl money account proof", "zhifuctl money account proof",
		true},
	{"statement_short", "statements up to the last day", "对账单截至月末",
		"import the next statement, explain the gap before it, or zhifuctl money account confirm what the bank shows",
		"导入下一份对账单,说明其前的缺口,或用 zhifuctl money account confirm 确认银行余额", true},
	{"account_gone", "accounts that the hospital's file names, or that have nothing", "医院配置中的账户,或余额为零",
		"put it back into bank_accounts and import its last statement, or zhifuctl money account confirm what the bank shows",
		"将账户重新列入 bank_accounts 并导入最后的对账单,或用 zhifuctl money account confirm 确认银行余额",
		true},
	{"rate_missing", "exchange rates", "汇率齐全", "zhifuctl money waiting; money rate import or set",
		"zhifuctl money waiting,导入或录入汇率", true},
	{"receivable_waiting", "bills with their receivable", "应收款已确认",
		"zhifuctl money waiting; import or set the rate", "zhifuctl money waiting,导入或录入汇率", true},
	{"remittance_parked", "remittances that balance", "付款通知平衡", "correct or refuse what is parked",
		"更正或退回挂起的付款通知", true},
	{"books", "the ledger's proof, and all money in suspense or at home", "账簿平衡,资金均已核销或待查",
		"zhifuctl ledger balance", "zhifuctl ledger balance", true},
	{"statement_explained", "gaps that are explained", "已说明的对账单缺口", "zhifuctl money account proof",
		"zhifuctl money account proof", false},
	{"statement_confirmed", "balances that a person saw at the bank", "人工确认的银行余额",
		"none: no statement reaches there", "无需处理", false},
	{"confirmation_differs", "balances that a person saw, and a statement says otherwise",
		"与对账单不符的人工确认余额", "none: the statement counts", "无需处理:以对账单为准", false},
	{"statement_number", "statements whose balances join, with numbers left out", "余额衔接而编号跳号的对账单",
		"none: nothing is missing", "无需处理", false},
	{"suspense", "money in suspense", "待查收款", "zhifuctl money suspense list", "zhifuctl money suspense list",
		false},
	{"order", "orders that the bank has not debited", "银行未付的付款指令", "zhifuctl money order list",
		"zhifuctl money order list", false},
	{"clearing", "payments that acquirers have not settled", "收单机构未结算的收款", "zhifuctl money acquirer list",
		"zhifuctl money acquirer list", false},
	{"overdue", "overdue claims", "逾期应收", "remind the payer", "催收", false},
	{"limitation", "claims whose limitation ends soon", "诉讼时效将届满", "zhifuctl money limitation list",
		"zhifuctl money limitation list", false},
	{"limitation_ended", "claims whose limitation has ended", "已过诉讼时效", "zhifuctl money limitation list",
		"zhifuctl money limitation list", false},
	{"dispute", "disputes", "争议款项", "follow them up", "跟进", false},
};
const size_t month_check_count = ARRAY_LEN(month_checks);

const struct month_check *month_check_find(const char *code)
{
	for (size_t i = 0; i < month_check_count; i++)
		if (strcmp(month_checks[i].code, code) == 0) return &month_checks[i];
	return NULL;
}

void month_close_end(struct month_close *close)
{
	db_sync_rows_free(close->findings);
	month_end_free(&close->end);
	rate_known_free(&close->known);
	arena_free(&close->arena);
}

/* ---- what it works with ---- */

static void params_begin(struct db_params *params, struct arena *arena, const struct month_close *close)
{
	db_params_init(params, arena);
	db_params_uuid(params, &close->hospital->id);
	db_params_date(params, close->last_day);
}

/* Rows of the month. */
static int rows_read(const struct month_close *close, const char *sql, struct pg_result **ret_rows)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;

	arena_init(&arena, PARAMS_BYTES_MAX);
	params_begin(&params, &arena, close);
	return db_sync_query(close->db, sql, &params, ret_rows);
}

static int outcome_read(struct month_close *close)
{
	struct arena arena CLEANUP(arena_free);
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	arena_init(&arena, PARAMS_BYTES_MAX);
	params_begin(&params, &arena, close);
	if (!close->check) {
		db_params_bytes(&params, close->key_hash);
		db_params_bytes(&params, close->body_hash);
	}
	r = db_sync_query(close->db,
		close->check
			? "SELECT outcome, since, who FROM zhifu.period_outcome($1::uuid, $2::date)"
			: "SELECT outcome, since, who FROM zhifu.api_period_begin($1::uuid, $2::date, $3::bytea, $4::bytea)",
		&params, &rows);
	if (r == 0) {
		close->outcome = (enum month_outcome)db_rows_int(rows, 0, 0);
		if (!db_rows_null(rows, 0, 1)) close->since = db_rows_date(rows, 0, 1);
		if (!db_rows_null(rows, 0, 2))
			(void)snprintf(close->by, sizeof(close->by), "%s", db_rows_text(rows, 0, 2));
	}
	db_sync_rows_free(rows);
	return r;
}

static int findings_read(struct month_close *close)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	int r;

	arena_init(&arena, PARAMS_BYTES_MAX);
	params_begin(&params, &arena, close);
	db_params_int4(&params, (int32_t)close->hospital->limitation_years);
	db_params_int4(&params, (int32_t)close->hospital->limitation_alert_days);
	db_params_int4(&params, (int32_t)close->hospital->limitation_interrupts);
	r = db_sync_query(close->db,
		"SELECT code, red, subject, found, since FROM zhifu.period_findings($1::uuid, $2::date, $3::int4, $4::int4, $5::int4)",
		&params, &close->findings);
	for (int row = 0; r == 0 && row < db_rows_count(close->findings); row++)
		close->red = close->red || db_rows_bool(close->findings, row, FINDING_RED);
	return r;
}

/* ---- sums ---- */

/* The one of this item's account and currency. */
static struct month_sum *sum_of(struct month_close *close, const struct month_item *item)
{
	const struct zf_money *amount = &item->item.amount;
	size_t k = 0;

	while (k < close->sum_count && (strcmp(close->sums[k].account, item->account) != 0 ||
					       strcmp(close->sums[k].amount.currency, amount->currency) != 0))
		k++;
	if (k == close->sum_count) {
		close->sums[k] =
			(struct month_sum){.kind = item->item.kind, .account = item->account, .amount = *amount};
		close->sums[k].amount.minor = 0;
		close->sum_count++;
	}
	return &close->sums[k];
}

/* What is told of it. ERR_LIMIT: a sum does not fit. */
static int sums_make(struct month_close *close)
{
	const struct month_end *end = &close->end;
	bool over = false;

	close->sums = zf_alloc_array(end->arena, end->item_count + 1, sizeof(*close->sums));
	if (close->sums == NULL) return err_set(ERR_NOMEM, "no memory for the close");
	for (size_t i = 0; i < end->item_count; i++) {
		const struct month_item *item = &end->items[i];
		struct month_sum *sum = sum_of(close, item);
		int64_t difference = item->made.difference.minor;

		sum->items++;
		over |= __builtin_add_overflow(sum->amount.minor, item->item.amount.minor, &sum->amount.minor);
		over |= __builtin_add_overflow(sum->carried, item->item.carried.minor, &sum->carried);
		over |= __builtin_add_overflow(sum->closing, item->made.closing.minor, &sum->closing);
		over |= __builtin_add_overflow(sum->difference, difference, &sum->difference);
		over |= __builtin_add_overflow(close->revalued, difference, &close->revalued);
	}
	for (size_t i = 0; i < end->provision_count; i++) {
		int64_t change;

		over |= __builtin_sub_overflow(
			end->provisions[i].after.minor, end->provisions[i].before.minor, &change);
		over |= __builtin_add_overflow(close->provided, change, &close->provided);
	}
	return over ? ERR_LIMIT : 0;
}

/* What stands in the way, and what would be posted. */
static int work_out(struct month_close *close)
{
	struct month_end *end = &close->end;
	struct pg_result *rows = NULL;
	int r = findings_read(close);

	close->looked = r == 0;
	if (r == 0)
		r = rate_known_read(close->db, NULL, close->last_day - close->hospital->rate_reach_days,
			close->last_day, NULL, &close->arena, &close->known);
	if (r == 0) r = rows_read(close, MONTH_ITEMS_SQL, &rows);
	*end = (struct month_end){.hospital = close->hospital,
		.rates = &close->known.rates,
		.last_day = close->last_day,
		.today = close->today,
		.arena = &close->arena.zf,
		.faults = &close->faults};
	if (r == 0) r = month_end_revalue(end, rows);
	db_sync_rows_free(rows);
	rows = NULL;
	if (r == ERR_NOTFOUND) { /* each is a fault */
		close->red = true;
		return 0;
	}
	if (r == 0) r = rows_read(close, MONTH_AGED_SQL, &rows);
	if (r == 0) r = month_end_provide(end, rows);
	if (r == 0) r = sums_make(close);
	db_sync_rows_free(rows);
	if (r == ERR_LIMIT) return err_set(r, "an amount does not fit");
	if (r == ERR_INVALID) return err_set(r, "the ledger has an amount in an unknown currency");
	return r;
}

/* ---- what it does ---- */

static int post(struct month_close *close)
{
	struct arena arena CLEANUP(arena_free);
	const struct hospital *hospital = close->hospital;
	const struct month_end *end = &close->end;
	const char *rates = month_end_rates_json(end);
	const char *items = month_end_items_json(end);
	const char *provisions = month_end_provisions_json(end);
	struct uuid period = uuid_new();
	struct db_params params;

	arena_init(&arena, PARAMS_BYTES_MAX);
	if (rates == NULL || items == NULL || provisions == NULL) return err_set(ERR_NOMEM, "no memory for the close");
	params_begin(&params, &arena, close);
	db_params_uuid(&params, &period);
	db_params_text(&params, rates);
	db_params_int4(&params, currency_exponent(hospital->book_currency));
	db_params_text(&params, items);
	db_params_int4(&params, (int32_t)hospital->revaluation_reverts);
	db_params_text(&params, provisions);
	db_params_int4(&params, (int32_t)BOOK_RATE_ROUNDING);
	db_params_text(&params, close->who);
	db_params_bytes(&params, close->key_hash);
	db_params_bytes(&params, close->body_hash);
	return db_sync_query(close->db,
		"SELECT zhifu.api_period_close($1::uuid, $2::date, $3::uuid, $4::text::jsonb, $5::int4, $6::text::jsonb, $7::int4,"
		" $8::text::jsonb, $9::int4, $10::text, $11::bytea, $12::bytea)",
		&params, NULL);
}

/* What of the hospital's file the database must know. Of its own, for what follows may be a transaction that only
 * reads. */
static int accounts_keep(struct month_close *close)
{
	int r = db_sync_script(close->db, "BEGIN");

	if (r < 0) return r;
	r = db_sync_tenant(close->db, &close->hospital->id);
	if (r == 0) r = bank_accounts_keep(close->db, close->hospital);
	if (r == 0) return db_sync_script(close->db, "COMMIT");
	(void)!db_sync_script(close->db, "ROLLBACK");
	return r;
}

int month_close_run(struct month_close *close)
{
	int r;

	arena_init(&close->arena, RATE_IMPORT_BYTES_MAX);
	fault_list_init(&close->faults, &close->arena.zf, 0);
	r = accounts_keep(close);
	if (r < 0) return r;
	r = db_sync_script(close->db, close->check ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
	if (r == 0) r = db_sync_tenant(close->db, &close->hospital->id);
	if (r == 0) r = outcome_read(close);
	if (r == 0 &&
		(close->outcome == MONTH_MAY || (close->check && (close->always || close->outcome != MONTH_CLOSED))))
		r = work_out(close);
	if (r == 0 && close->outcome == MONTH_MAY && !close->red && !close->check) r = post(close);
	if (r < 0) {
		(void)!db_sync_script(close->db, "ROLLBACK");
		return r;
	}
	POINT("close.before_commit");
	r = db_sync_script(close->db, "COMMIT");
	if (r == 0) POINT("close.after_commit");
	return r == ERR_CLOSED ? err_set(ERR_UNKNOWN, "the connection was lost in COMMIT") : r;
}
