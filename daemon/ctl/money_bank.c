/* zhifuctl money account, money statement, money suspense: the bank's side of the books. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/money_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "model/directory.h"
#include "settle/bank_import.h"
#include "settle/match.h"

#define FAULT_BYTES_MAX (64u << 20)

/* How a statement goes on from those before: bank_chain() in schema/046_bank.sql. */
static const struct chain {
	const char *code, *text, *text_zh;
	bool bad; /* something is missing or does not fit */
} chains[] = {
	{"none", "-", "-", false},
	{"first", "the first of its account", "该账户首份", false},
	{"follows", "follows", "连续", false},
	{"again", "was there already", "已导入过", false},
	{"gap", "GAP: a statement beside it is missing", "有缺口:缺少相邻的对账单", true},
	{"overlap", "overlaps another one; its new lines are taken", "与其他对账单重叠,仅取新行", false},
	{"opening", "OPENS with another balance than the last one closed with", "期初余额与上期期末余额不符", true},
	{"page", "next page", "下一页", false},
	{"unproved", "has no balances: nothing proves it", "无余额,无法核对", false},
	{"number", "follows; a number before it is left out", "余额连续,编号有跳号", false},
	/* no chain of an import, but what a person made of one */
	{"explained", "gap, explained", "缺口已说明", false},
};

static const struct chain *chain_of(int64_t number)
{
	return &chains[number >= 0 && number < (int64_t)ARRAY_LEN(chains) ? number : 0];
}

static struct cell cell_chain(const struct ctl *ctl, int64_t number)
{
	const struct chain *chain = chain_of(number);

	return cell_word(ctl->chinese ? chain->text_zh : chain->text, chain->code);
}

static struct cell cell_balance(const struct bank_balance *balance)
{
	return balance->kind == 0
		       ? cell_none()
		       : cell_money(balance->amount.minor, balance->amount.currency, balance->amount.exponent);
}

/* ---- statement import ---- */

/* What its new lines come to, when that is not what its balances say: lines of it were known, and should not have been.
 */
static bool lines_missing(const struct bank_imported *one)
{
	bool all_new = one->chain == 1 || one->chain == 2 || one->chain == 4 || one->chain == 6 || one->chain == 7 ||
		       one->chain == 9;

	return all_new && one->moved + one->told_before != one->closing.amount.minor - one->opening.amount.minor;
}

/* Transactions that came after their lines. */
static void told_report(struct ctl *ctl, const struct bank_import *import, struct report *report)
{
	const struct column columns[] = {{"line", say(ctl, "line", "流水")},
		{"booked_day", say(ctl, "booked", "入账日")}, {"amount", say(ctl, "amount", "金额")},
		{"allocation", say(ctl, "allocation", "核销")}};
	struct table table;

	report_field(report, "opened",
		import->opened > 0
			? say(ctl, "lines that were there, opened into their transactions", "已按明细拆开的流水")
			: NULL,
		cell_int(import->opened));
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < import->late_count; i++) {
		const struct bank_late *late = &import->late[i];

		table_add(&table, cell_uuid(&late->line_id));
		table_add(&table, cell_day(late->booked_day));
		table_add(&table, cell_money(late->minor, late->currency, currency_exponent(late->currency)));
		table_add(&table, late->allocated ? cell_uuid(&late->allocation_id) : cell_none());
	}
	table_end(&table, report, "late", say(ctl, "too late for", "以下流水的明细来得太迟"), NULL);
	if (import->late_count > 0)
		report_heading(report,
			say(ctl,
				"these were used as one before their transactions were told, and stay so. Where the transactions say"
				" otherwise: money match undo ALLOCATION --why TEXT; the line is opened into them then",
				"这些流水已整笔处理,未作更改。若与明细不符:先 money match undo 核销号 --why 原因,流水随即按明细拆开"));
}

static int import_report(struct ctl *ctl, const char *path, const struct bank_import *import, struct report *report)
{
	const struct column columns[] = {{"account", say(ctl, "account", "账户")},
		{"sequence", say(ctl, "number", "编号")}, {"identifier", NULL},
		{"opening", say(ctl, "opening", "期初余额")}, {"closing", say(ctl, "closing", "期末余额")},
		{"closing_day", say(ctl, "on", "截止日")}, {"booked", say(ctl, "lines", "笔数")},
		{"new", say(ctl, "new", "新增")}, {"not_booked", say(ctl, "not booked", "未入账")},
		{"chain", say(ctl, "how it goes on", "衔接")}};
	struct table table;
	bool bad = false;
	bool missing = false;

	report_field(report, "file", NULL, cell_text(path));
	report_field(report, "known", NULL, cell_bool(import->known));
	if (import->known) {
		report_heading(report, say(ctl, "these very bytes were taken before: nothing was done",
					       "该文件已导入过:未作任何更改"));
		return report_end(report, 0);
	}
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < import->count; i++) {
		const struct bank_imported *one = &import->statements[i];
		bool proves = one->kind == BANK_KIND_STATEMENT;

		table_add(&table, cell_text(one->account->code));
		table_add(&table, one->sequence >= 0 ? cell_int(one->sequence) : cell_none());
		table_add(&table, cell_text(one->identifier));
		table_add(&table, cell_balance(&one->opening));
		table_add(&table, cell_balance(&one->closing));
		table_add(&table, one->closing.kind != 0 && one->closing.day != BANK_NO_DAY ? cell_day(one->closing.day)
											    : cell_none());
		table_add(&table, cell_int(one->booked));
		table_add(&table, proves ? cell_int(one->fresh) : cell_none());
		table_add(&table, cell_int(proves ? one->unbooked : one->booked + one->unbooked));
		table_add(&table, cell_chain(ctl, one->chain));
		bad = bad || chain_of(one->chain)->bad;
		missing = missing || lines_missing(one);
	}
	table_end(&table, report, "statements", NULL, say(ctl, "no statement in it", "文件中没有对账单"));
	report_field(report, "lines_missing", NULL, cell_bool(missing));
	report_field(report, "repeated",
		import->repeated.count > 0 ? say(ctl, "lines that overlapping statements have in other words",
						     "重叠对账单中仅文字不同的流水")
					   : NULL,
		cell_int(import->repeated.count));
	told_report(ctl, import, report);
	if (bad)
		report_heading(
			report, say(ctl, "ask the bank for what is missing: each must open as the last one closed",
					"请向银行索取缺少的对账单:余额须逐份衔接"));
	if (missing)
		report_heading(report,
			say(ctl,
				"some of its lines were taken for lines that were there already, and its balances say otherwise: money"
				" account list shows by how much; tell whoever looks after Zhifu",
				"部分行被视为已存在,但余额不符:差额见 money account list,请通知系统管理员"));
	return report_end(report, 0);
}

static int file_piece(void *ctx, uint64_t at, uint8_t *ret, size_t len, size_t *ret_len)
{
	const int *fd = ctx;
	ssize_t n = 1;

	*ret_len = 0;
	while (n > 0 && *ret_len < len) {
		n = pread(*fd, ret + *ret_len, len - *ret_len, (off_t)(at + *ret_len));
		if (n > 0) *ret_len += (size_t)n;
	}
	return n < 0 ? err_set(ERR_SYS, "could not read: %s", strerror(errno)) : 0;
}

static int file_import(struct ctl *ctl, const char *path, struct arena *arena, struct bank_import *import)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	struct bank_import run = *import;
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r = 0;

	if (fd < 0) return err_set(ERR_SYS, "could not open \"%s\": %s", path, strerror(errno));
	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode))
		r = err_set(ERR_SYS, "\"%s\" is not a file: it is read twice", path);
	if (r == 0) r = unseal_keys_load(ctl, &import->hospital->id, &keys);
	run.read = file_piece;
	run.ctx = &fd;
	run.today = ctl_today(import->hospital);
	run.db = ctl->db;
	run.who = ctl->who;
	run.key = &keys.items[0];
	if (r == 0) r = bank_import_run(arena, &run);
	import->known = run.known;
	import->statements = run.statements;
	import->count = run.count;
	import->opened = run.opened;
	import->late = run.late;
	import->late_count = run.late_count;
	import->repeated = run.repeated;
	import->faults = run.faults;
	(void)close(fd);
	return r;
}

static int statement_import(struct ctl *ctl, int argc, char **argv)
{
	static const char *const formats[] = {"detect", "camt", "mt940"};
	const char *code = NULL;
	static const char *const answers[] = {"", "same", "other"};
	const char *format = NULL, *repeats = NULL;
	struct bank_import import = {.format = BANK_FORMAT_DETECT};
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--account", &import.account, NULL},
		{"--format", &format, NULL}, {"--repeats", &repeats, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct arena arena CLEANUP(arena_free);
	struct report report;
	size_t known = 0, said = 0;
	int r;

	arena_init(&arena, FAULT_BYTES_MAX);
	r = ctl_arguments(argc, argv, options, 1, 1, words);
	if (r != 0) return r;
	while (format != NULL && known < ARRAY_LEN(formats) && strcmp(formats[known], format) != 0) known++;
	if (known == ARRAY_LEN(formats)) return ctl_usage("--format takes camt or mt940, not \"%s\"", format);
	while (repeats != NULL && said < ARRAY_LEN(answers) && strcmp(answers[said], repeats) != 0) said++;
	if (said == ARRAY_LEN(answers)) return ctl_usage("--repeats takes same or other, not \"%s\"", repeats);
	import.format = (enum bank_format)known;
	import.repeats = (enum bank_repeats_said)said;
	import.hospital = ctl_hospital(ctl, code);
	if (import.hospital == NULL) return 2;
	if (ctl->who == NULL) return ctl_usage("say who imports it with --who NAME");
	r = file_import(ctl, words[0], &arena, &import);
	report_begin(&report, ctl);
	report_faults(&report, words[0], &import.faults, &arena.zf);
	if (r == ERR_INVALID && fault_refuses(&import.faults)) {
		if (ctl_notes(ctl))
			(void)fprintf(stderr, "%s\n",
				say(ctl, "refused: nothing of it is in the books", "文件未导入,账簿未变"));
		return report_end(&report, 1);
	}
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("not imported");
	}
	return import_report(ctl, words[0], &import, &report);
}

/* ---- lists ---- */

static const struct money_column statement_columns[] = {{"hospital", "hospital", "医院", false},
	{"account", "account", "账户", false}, {"sequence", "number", "编号", false}, {"identifier", NULL, NULL, false},
	{"opening", "opening", "期初余额", true}, {"closing", "closing", "期末余额", true},
	{"closing_day", "on", "截止日", false}, {"booked", "lines", "笔数", false},
	{"chain", "how it goes on", "衔接", false}, {"taken_at", "taken", "导入时间", false},
	{"who", "by", "经办人", false}, {"statement", "statement", "对账单", false},
	{"explained_by", "explained by", "说明人", false}, {"why", "why", "说明", false}};

static int statements_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT s.account, s.sequence, s.identifier, s.opening_minor, s.closing_minor, s.currency, s.exponent, s.closing_day,"
		" s.entry_count, CASE WHEN s.explained_by IS NOT NULL THEN 10 WHEN s.gap AND s.chain <> 6 THEN 4 WHEN s.skipped THEN 9"
		" WHEN NOT s.gap AND s.chain IN (4, 6, 9) THEN 2 ELSE s.chain END::int4,"
		" f.taken_at, f.who, s.statement_id, s.explained_by, CASE WHEN s.gap THEN s.explained_why END FROM bank_continuity s"
		" JOIN bank_file f ON f.hospital_id = s.hospital_id AND f.file_id = s.file_id"
		" WHERE s.hospital_id = $1 AND ($2::text IS NULL OR s.account = $2) AND ($3 OR s.gap)"
		" ORDER BY s.account, s.closing_day, s.sequence, s.page, s.statement_id",
		"utb", &hospital->id, filter->account, (int)filter->all);
}

static void statement_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 5);
	int exponent = (int)db_rows_int(rows, row, 6);
	struct uuid id = db_rows_uuid(rows, row, 12);

	(void)sums;
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, db_rows_null(rows, row, 1) ? cell_none() : cell_int(db_rows_int(rows, row, 1)));
	table_add(table, cell_text(db_rows_text(rows, row, 2)));
	for (int k = 3; k < 5; k++)
		table_add(table, db_rows_null(rows, row, k)
					 ? cell_none()
					 : cell_money(db_rows_int(rows, row, k), currency, exponent));
	table_add(table, db_rows_null(rows, row, 7) ? cell_none() : cell_day(db_rows_date(rows, row, 7)));
	table_add(table, cell_int(db_rows_int(rows, row, 8)));
	table_add(table, cell_chain(ctl, db_rows_int(rows, row, 9)));
	table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 10)));
	table_add(table, cell_text(db_rows_text(rows, row, 11)));
	table_add(table, cell_uuid(&id));
	table_add(table, cell_text(db_rows_text(rows, row, 13)));
	table_add(table, cell_text(db_rows_text(rows, row, 14)));
}

/* Why nothing will fill a gap. */
static int statement_explain(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {
		"statement's id: money statement list --gaps shows them", .min = 1, .max = 1};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	if (r != 0) return r;
	r = ctl_begin(ctl, &act.hospital->id, true);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT bank_gap_explain($1, $2, $3, $4)", "uutt", &act.hospital->id, &act.id,
			ctl->who, act.why);
	if (r == 0 && db_rows_int(rows, 0, 0) != 1)
		r = err_set(ERR_NOTFOUND, "%s",
			db_rows_int(rows, 0, 0) == 0
				? say(ctl, "there is no such statement", "没有该对账单")
				: say(ctl, "there is no gap before this statement", "该对账单之前没有缺口"));
	db_sync_rows_free(rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail("not explained");
	}
	report_begin(&report, ctl);
	report_field(&report, "statement", say(ctl, "statement", "对账单"), cell_uuid(&act.id));
	report_field(&report, "why", say(ctl, "why", "说明"), cell_text(act.why));
	return report_end(&report, 0);
}

static int statement_list(struct ctl *ctl, int argc, char **argv)
{
	struct money_list list = {.key = "statements",
		.empty = "no statements yet",
		.empty_zh = "尚无对账单",
		.columns = statement_columns,
		.column_count = ARRAY_LEN(statement_columns),
		.open = statements_open,
		.row = statement_row};
	struct money_filter filter = {.limit = 0};
	bool gaps = false;
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL},
		{"--account", &filter.account, NULL}, {"--gaps", NULL, &gaps}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	filter.all = !gaps;
	if (gaps) {
		list.empty = "no gaps";
		list.empty_zh = "没有缺口";
	}
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- pending ---- */

static int pending_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT account, day, value_day, amount_minor, currency, exponent, status::int4, at FROM bank_pending_now"
		" WHERE hospital_id = $1 AND ($2::text IS NULL OR account = $2) ORDER BY day, account, pending_id",
		"ut", &hospital->id, filter->account);
}

static void pending_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	/* By enum bank_status, from BANK_STATUS_PENDING on. */
	static const struct {
		const char *code, *text_zh;
	} states[] = {{"pending", "待入账"}, {"information", "仅供参考"}, {"future", "未来入账"}, {"other", "其他"}};
	int64_t status = db_rows_int(rows, row, 6) - BANK_STATUS_PENDING;
	const char *currency = db_rows_text(rows, row, 4);
	int exponent = (int)db_rows_int(rows, row, 5);

	assert(status >= 0 && status < (int64_t)ARRAY_LEN(states));
	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_day(db_rows_date(rows, row, 1)));
	table_add(table, db_rows_null(rows, row, 2) ? cell_none() : cell_day(db_rows_date(rows, row, 2)));
	table_add(table, cell_money(db_rows_int(rows, row, 3), currency, exponent));
	table_add(table, cell_word(ctl->chinese ? states[status].text_zh : states[status].code, states[status].code));
	table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 7)));
	money_sum_add(sums, 1, db_rows_int(rows, row, 3), currency, exponent);
}

/* What the bank announces and has not booked. */
static int pending_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"account", "account", "账户", false}, {"day", "day", "日期", false},
		{"value_day", "value", "起息日", false}, {"amount", "amount", "金额", true},
		{"status", "status", "状态", false}, {"told_at", "told", "获知时间", false}};
	static const struct money_list list = {.key = "pending",
		.empty = "nothing is pending",
		.empty_zh = "没有待入账项目",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = pending_open,
		.row = pending_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--account", &filter.account, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- account list ---- */

/* One account: what its last statement closed with, what the ledger says, and whether they are the same but for what is
 * in transit. */
static int account_row(struct ctl *ctl, const struct hospital *hospital, const struct hospital_account *account,
	struct table *table, bool *ret_proved)
{
	struct pg_result *rows = NULL;
	int exponent = currency_exponent(account->currency);
	bool proved;
	int r;

	r = ctl_query(ctl, &rows,
		"SELECT p.statement_day, p.statement_minor, coalesce(p.ledger_minor, 0), coalesce(p.suspense_minor, 0),"
		" (SELECT count(*) FROM bank_statement s WHERE s.hospital_id = $1 AND s.account = $2 AND s.kind = 1),"
		" coalesce(p.difference_minor = 0, true)"
		" FROM (VALUES (1)) AS one LEFT JOIN report_accounts($1, 'infinity') p ON p.account = $2 AND p.currency = $3",
		"utt", &hospital->id, account->code, account->currency);
	if (r < 0) return r;
	proved = db_rows_bool(rows, 0, 5);
	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(account->code));
	table_add(table, cell_text(account->number));
	if (db_rows_null(rows, 0, 1)) {
		table_add(table, cell_none());
		table_add(table, cell_none());
	} else {
		table_add(table, cell_day(db_rows_date(rows, 0, 0)));
		table_add(table, cell_money(db_rows_int(rows, 0, 1), account->currency, exponent));
	}
	table_add(table, cell_money(db_rows_int(rows, 0, 2), account->currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, 0, 3), account->currency, exponent));
	if (db_rows_null(rows, 0, 1) && db_rows_int(rows, 0, 4) > 0)
		table_add(table,
			cell_word(say(ctl, "not proved: statements without balances", "无余额,无法核对"), "unproved"));
	else
		table_add(table, proved ? cell_word(say(ctl, "holds", "相符"), "holds")
					: cell_word(say(ctl, "DIFFERS", "不符"), "differs"));
	if (!proved) *ret_proved = false;
	db_sync_rows_free(rows);
	return 0;
}

static int account_list(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"account", say(ctl, "account", "账户")}, {"number", say(ctl, "number", "账号")},
		{"statement_day", say(ctl, "statement of", "对账单日")},
		{"statement", say(ctl, "closed with", "银行余额")}, {"ledger", say(ctl, "in the ledger", "账面余额")},
		{"suspense", say(ctl, "of it in suspense", "其中待查")}, {"proof", say(ctl, "proof", "核对")}};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	bool proved = true;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL) {
		r = ctl_begin(ctl, &hospital->id, false);
		for (uint32_t i = 0; r == 0 && i < hospital->account_count; i++)
			r = account_row(ctl, hospital, &hospital->accounts[i], &table, &proved);
		if (r == 0) r = ctl_commit(ctl);
	}
	table_end(&table, &report, "accounts", NULL,
		say(ctl, "no bank accounts are configured: bank_accounts of a hospital",
			"未配置银行账户:医院配置文件中的 bank_accounts"));
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the accounts");
	}
	report_field(&report, "proved", NULL, cell_bool(proved));
	if (!proved)
		report_heading(&report,
			say(ctl,
				"where the proof differs, a statement is missing (zhifuctl money statement list --gaps), or lines of it"
				" were taken for known ones",
				"不符时,或缺少对账单(zhifuctl money statement list --gaps),或有行被误认为已导入"));
	return report_end(&report, proved ? 0 : 1);
}

/* ---- suspense ---- */

static int suspense_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT b.account, u.since, u.open_minor, u.currency, u.exponent, suspense_owner($1, b.account, u.owner), u.reason, u.line_id,"
		" CASE WHEN u.reason_by IS NULL THEN u.wait END::int4, u.payer, u.held::int4 FROM suspense u"
		" JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id WHERE u.hospital_id = $1"
		" AND ($2::text IS NULL OR suspense_owner($1, b.account, u.owner) = $2) ORDER BY u.since, b.account, u.line_id",
		"ut", &hospital->id, filter->owner);
}

/* Why it is here: in a person's words, else in the reader's language where matching says it. */
static struct cell cell_why(const struct ctl *ctl, const struct pg_result *rows, int row)
{
	const char *held[] = {"", say(ctl, "held by compliance; ", "合规冻结;"),
		say(ctl, "its payer is not the expected one; ", "付款人非预期;")};
	const char *payer = db_rows_text(rows, row, 9);
	struct arena arena CLEANUP(arena_free);
	const char *text = db_rows_text(rows, row, 6);

	arena_init(&arena, 64u << 10);
	if (!db_rows_null(rows, row, 8)) {
		text = match_wait_text((uint8_t)db_rows_int(rows, row, 8), ctl->chinese);
		if (payer != NULL)
			text = arena_printf(
				&arena, "%s%s%s%s", say(ctl, "from ", "来自 "), payer, say(ctl, ": ", ":"), text);
	}
	return cell_text(arena_printf(&arena, "%s%s", held[db_rows_int(rows, row, 10)], text));
}

static void suspense_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 3);
	int exponent = (int)db_rows_int(rows, row, 4);
	struct uuid id = db_rows_uuid(rows, row, 7);
	int32_t since = db_rows_date(rows, row, 1);

	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_day(since));
	table_add(table, cell_int(ctl_today(hospital) - since));
	table_add(table, cell_money(db_rows_int(rows, row, 2), currency, exponent));
	table_add(table, cell_text(db_rows_text(rows, row, 5)));
	table_add(table, cell_why(ctl, rows, row));
	table_add(table, cell_uuid(&id));
	money_sum_add(sums, 1, db_rows_int(rows, row, 2), currency, exponent);
}

static int suspense_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"account", "account", "账户", false}, {"since", "since", "自", false}, {"days", "days", "天数", false},
		{"amount", "amount", "金额", true}, {"owner", "owner", "负责人", false},
		{"reason", "why", "原因", false}, {"line", "line", "流水", false}};
	static const struct money_list list = {.key = "suspense",
		.empty = "no money waits for its home",
		.empty_zh = "没有待查款项",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = suspense_open,
		.row = suspense_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--owner", &filter.owner, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

static int suspense_assign(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {"line's id: money suspense list shows them", .min = 2, .max = 2};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	bool done = false;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	r = ctl_begin(ctl, &act.hospital->id, true);
	if (r == 0) r = unseal_words_known(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT suspense_assign($1, $2, $3, $4, $5)", "uuttt", &act.hospital->id,
			&act.id, act.words[1], sealed, ctl->who);
	if (r == 0) done = db_rows_bool(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && !done) r = err_set(ERR_NOTFOUND, "this line is not in suspense");
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail("not assigned");
	}
	report_begin(&report, ctl);
	report_field(&report, "line", "line", cell_uuid(&act.id));
	report_field(&report, "owner", "owner", cell_text(act.words[1]));
	report_field(&report, "why", "why", cell_text(act.why));
	return report_end(&report, 0);
}

/* ---- line show ---- */

/* A sealed JSON object of the line, opened by whichever of the hospital's keys fits. */
static int content_open(const struct key_set *keys, struct sealer *sealer, const struct uuid *line, struct bytes sealed,
	struct arena *arena, json_t **ret_json)
{
	struct bytes plain;
	int r = key_set_open(keys, sealer, line, SEAL_FACT, sealed, 1u << 20, arena, &plain);

	if (r < 0) return r;
	*ret_json = json_loadb((const char *)plain.ptr, plain.len, 0, NULL);
	return *ret_json != NULL ? 0 : err_set(ERR_INVALID, "what is stored of the line can't be read");
}

/* "debtor account": the member's name in words, behind that of the object it is in. */
static void label_of(const char *prefix, const char *key, char ret_label[96])
{
	(void)snprintf(ret_label, 96, "%s%s%s", prefix, prefix[0] != '\0' ? " " : "", key);
	for (char *c = ret_label; *c != '\0'; c++)
		if (*c == '_') *c = ' ';
}

/* A member a line; those of an object behind its name, but for the only transaction, which is the line itself. */
static void content_print(struct report *report, json_t *object, const char *prefix)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		char label[96];
		size_t i;
		json_t *item;

		label_of(prefix, key, label);
		if (json_is_object(value))
			content_print(report, value, strcmp(key, "detail") == 0 ? "" : label);
		else if (json_is_string(value))
			report_field(report, label, label, cell_text(json_string_value(value)));
		else if (json_is_integer(value))
			report_field(report, label, label, cell_int(json_integer_value(value)));
		else if (json_is_boolean(value))
			report_field(report, label, label, cell_bool(json_is_true(value)));
		else if (json_is_array(value))
			json_array_foreach(value, i, item) if (json_is_object(item)) content_print(report, item, label);
	}
}

static int line_content(struct ctl *ctl, const struct hospital *hospital, const struct uuid *id, struct report *report)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	struct arena arena CLEANUP(arena_free);
	struct sealer *sealer = NULL;
	struct pg_result *rows = NULL;
	int r = unseal_keys_load(ctl, &hospital->id, &keys);

	arena_init(&arena, FAULT_BYTES_MAX);
	if (r == 0) r = sealer_new(&sealer);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT content, NULL::bigint, currency, exponent FROM bank_line WHERE hospital_id = $1 AND line_id = $2"
			" UNION ALL (SELECT d.content, d.amount_minor, b.currency, b.exponent FROM bank_detail d"
			" JOIN bank_line b ON b.hospital_id = d.hospital_id AND b.line_id = d.line_id"
			" WHERE d.hospital_id = $1 AND d.line_id = $2 ORDER BY d.no)",
			"uu", &hospital->id, id);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		json_t *content = NULL;

		r = content_open(&keys, sealer, id, db_rows_bytes(rows, row, 0), &arena, &content);
		if (r < 0) break;
		if (ctl->json && row == 0) {
			(void)json_object_set(report->root, "content", content);
			(void)json_object_set_new(report->root, "details", json_array());
		} else if (ctl->json) {
			(void)json_array_append(json_object_get(report->root, "details"), content);
		} else {
			char share[REPORT_AMOUNT_LEN];

			if (row > 0 && db_rows_null(rows, row, 1)) (void)printf("\n%d\n", row);
			if (row > 0 && !db_rows_null(rows, row, 1)) {
				report_amount(db_rows_int(rows, row, 1), (int)db_rows_int(rows, row, 3), true, share);
				(void)printf("\n%d  %s %s\n", row, share, db_rows_text(rows, row, 2));
			}
			content_print(report, content, "");
		}
		json_decref(content);
	}
	db_sync_rows_free(rows);
	sealer_free(sealer);
	return r;
}

/* What the bank says of one line, with the names in it: who looked is on record. */
static int line_show(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (uuid_parse(words[0], &id) < 0)
		return ctl_usage("\"%s\" is no line's id: money suspense list shows them", words[0]);
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	if (ctl->who == NULL) return ctl_usage("say who looks with --who NAME: a line may name persons");
	report_begin(&report, ctl);
	r = ctl_begin(ctl, &hospital->id, true);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT b.account, b.booked_day, b.value_day, b.amount_minor, b.currency, b.exponent, b.reversal, u.open_minor,"
			" suspense_owner($1, b.account, u.owner), u.reason FROM bank_line b LEFT JOIN suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id"
			" WHERE b.hospital_id = $1 AND b.line_id = $2",
			"uu", &hospital->id, &id);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "there is no such line");
	/* On record before the first name is printed. */
	if (r == 0)
		r = ctl_query(ctl, NULL, "SELECT operator_note($1, $2, 'bank_line.show', $3, NULL)", "utt",
			&hospital->id, ctl->who, words[0]);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) r = ctl_begin(ctl, &hospital->id, false);
	if (r == 0) {
		const char *currency = db_rows_text(rows, 0, 4);
		int exponent = (int)db_rows_int(rows, 0, 5);

		report_field(&report, "account", "account", cell_text(db_rows_text(rows, 0, 0)));
		report_field(&report, "booked", "booked", cell_day(db_rows_date(rows, 0, 1)));
		if (!db_rows_null(rows, 0, 2))
			report_field(&report, "value_day", "value", cell_day(db_rows_date(rows, 0, 2)));
		report_field(
			&report, "amount_of_line", "amount", cell_money(db_rows_int(rows, 0, 3), currency, exponent));
		if (db_rows_bool(rows, 0, 6)) report_field(&report, "reversal", "reversal", cell_bool(true));
		if (!db_rows_null(rows, 0, 7)) {
			report_field(&report, "suspense", "in suspense",
				cell_money(db_rows_int(rows, 0, 7), currency, exponent));
			report_field(&report, "owner", "owner", cell_text(db_rows_text(rows, 0, 8)));
			report_field(&report, "why", "why", cell_text(db_rows_text(rows, 0, 9)));
		}
		r = line_content(ctl, hospital, &id, &report);
	}
	db_sync_rows_free(rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		json_decref(report.root);
		ctl_rollback(ctl);
		return ctl_fail("could not show the line");
	}
	return report_end(&report, 0);
}

const struct ctl_command money_bank_commands[] = {
	{"money account list", "[--hospital CODE]",
		"bank accounts: what the last statement closed with, and whether the ledger says the same",
		CTL_CONFIG | CTL_DB, account_list},
	{"money statement import", "FILE [--hospital CODE] [--account CODE] [--format camt|mt940]",
		"takes a bank statement: camt.053 or MT940; refused as a whole when something in it does not hold",
		CTL_CONFIG | CTL_DB, statement_import},
	{"money statement list", "[--hospital CODE] [--account CODE] [--gaps]", "statements, and which are missing",
		CTL_CONFIG | CTL_DB, statement_list},
	{"money statement explain", "STATEMENT --why TEXT [--hospital CODE]",
		"says why nothing will fill the gap before a statement: a remark at the close then, and an item of the proof",
		CTL_CONFIG | CTL_DB, statement_explain},
	{"money pending list", "[--hospital CODE] [--account CODE]",
		"what the bank announces and has not booked: it is in no books", CTL_CONFIG | CTL_DB, pending_list},
	{"money suspense list", "[--hospital CODE] [--owner NAME]", "money that waits for its home",
		CTL_CONFIG | CTL_DB, suspense_list},
	{"money suspense assign", "LINE OWNER --why TEXT [--hospital CODE]", "says who looks after it",
		CTL_CONFIG | CTL_DB, suspense_assign},
	{"money line show", "LINE [--hospital CODE]", "what the bank says of a line; who looked is on record",
		CTL_CONFIG | CTL_DB, line_show},
	{NULL, NULL, NULL, 0, NULL},
};
