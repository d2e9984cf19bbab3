/* zhifuctl money remittance: advices that come as files and letters, and all of them to look at. */
#include <string.h>

#include "advice/sheet.h"
#include "ctl/money_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/remittance_read.h"

#define ARENA_BYTES_MAX (1u << 30)

/* What a remittance's standing is called; by enum remittance_standing, 0 of those that a module brought. */
static const struct standing {
	const char *code, *text, *text_zh;
} standings[] = {
	{"counts", "counts", "已入账"},
	{"counts", "counts", "已入账"},
	{"parked", "PARKED: does not balance", "搁置:不平"},
	{"refused", "refused", "已拒绝"},
	{"replaced", "replaced by a later version", "已被更正版本取代"},
	{"withdrawn", "withdrawn", "已撤回"},
};

static const struct form_word {
	const char *code, *text, *text_zh;
} forms[] = {
	{"module", "module", "接口"}, {"csv", "CSV", "CSV"}, {"xlsx", "XLSX", "XLSX"}, {"letter", "letter", "信函"}};

static struct cell cell_standing(const struct ctl *ctl, int64_t standing)
{
	const struct standing *word =
		&standings[standing >= 0 && standing < (int64_t)ARRAY_LEN(standings) ? standing : 0];

	return cell_word(say(ctl, word->text, word->text_zh), word->code);
}

static struct cell cell_form(const struct ctl *ctl, int64_t form)
{
	const struct form_word *word = &forms[form >= 0 && form < (int64_t)ARRAY_LEN(forms) ? form : 0];

	return cell_word(say(ctl, word->text, word->text_zh), word->code);
}

static struct cell cell_zf_money(struct zf_money money)
{
	return money.present ? cell_money(money.minor, money.currency, money.exponent) : cell_none();
}

/* ---- what has been taken in ---- */

/* One that is read, and what becomes of it. */
struct taking {
	struct ctl *ctl;
	const struct hospital *hospital;
	const char *file;
	struct arena arena;
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	struct remittance_put put;
};

static void taking_close(struct taking *taking)
{
	arena_free(&taking->arena);
}

static void taking_open(struct taking *taking)
{
	arena_init(&taking->arena, ARENA_BYTES_MAX);
	fault_list_init(&taking->faults, &taking->arena.zf, 0);
}

static const char *outcome_words(const struct ctl *ctl, const struct remittance_put *put)
{
	switch (put->outcome) {
	case REMITTANCE_COUNTS:
		return put->standing == 0
			       ? say(ctl, "it counts: its money is announced", "已入账:款项已列为通知金额")
			       : say(ctl, "it counts, in place of the version before", "已入账,取代前一版本");
	case REMITTANCE_PARKED:
		return say(ctl,
			"PARKED: nothing of it is in the books; import a corrected one with --why, or release or refuse it",
			"已搁置:未入账;请附 --why 导入更正后的通知,或将其放行或拒绝");
	case REMITTANCE_KNOWN:
		return say(ctl, "the very same was taken before: nothing was done", "相同内容已导入过:未作任何更改");
	case REMITTANCE_OTHER:
		return say(ctl, "REFUSED: another content counts under this identifier",
			"已拒收:该编号下已有内容不同的通知入账");
	case REMITTANCE_PARKED_OTHER:
		return say(ctl,
			"REFUSED: another content was brought in under this identifier; if this one is right, say why with --why",
			"已拒收:该编号下已有内容不同的通知;如本件正确,请用 --why 说明原因");
	case REMITTANCE_STALE:
		return say(ctl, "REFUSED: it is not parked any more", "已拒收:该通知已不处于搁置状态");
	case REMITTANCE_REPEAT:
		return say(ctl,
			"REFUSED: one that counts says the same, claim by claim; if this is money besides that, say why with"
			" --another --why",
			"已拒收:已有入账的通知逐项内容相同;如确为另一笔款项,请用 --another --why 说明原因");
	case REMITTANCE_KEY_OTHER: /* of /v1 alone */
		break;
	}
	return "";
}

static const char *outcome_code(const struct remittance_put *put)
{
	switch (put->outcome) {
	case REMITTANCE_COUNTS:
		return "counts";
	case REMITTANCE_PARKED:
		return "parked";
	case REMITTANCE_KNOWN:
		return "known";
	case REMITTANCE_OTHER:
		return "differs";
	case REMITTANCE_PARKED_OTHER:
		return "needs-why";
	case REMITTANCE_STALE:
		return "stale";
	case REMITTANCE_REPEAT:
		return "repeat";
	case REMITTANCE_KEY_OTHER:
		break;
	}
	return "";
}

static void report_advice(struct taking *taking, struct report *report)
{
	const struct ctl *ctl = taking->ctl;
	const struct advice *advice = &taking->advice;
	const char *words = advice_sums_words(advice, &taking->sums, ctl->chinese, &taking->arena.zf);

	report_field(report, "hospital", say(ctl, "hospital", "医院"), cell_text(taking->hospital->code));
	report_field(report, "remitter", say(ctl, "remitter", "付款人"), cell_text(advice->remitter));
	report_field(report, "identifier", say(ctl, "identifier", "编号"), cell_text(advice->identifier));
	report_field(report, "amount", say(ctl, "transferred", "转账金额"), cell_zf_money(advice->amount));
	report_field(report, "payment_date", say(ctl, "paid on", "付款日期"),
		advice->payment_day == ADVICE_NO_DAY ? cell_none() : cell_day(advice->payment_day));
	report_field(
		report, "payment_reference", say(ctl, "reference", "付款附言"), cell_text(advice->payment_reference));
	report_field(report, "arithmetic", say(ctl, "arithmetic", "核算"), cell_text(words));
	if (ctl->json) {
		struct zf_money difference = advice->amount;

		difference.minor = taking->sums.difference;
		report_field(report, "difference", NULL, cell_zf_money(difference));
	}
}

static int taking_report(struct taking *taking)
{
	struct ctl *ctl = taking->ctl;
	struct remittance_put *put = &taking->put;
	bool refused = put->outcome < 0;
	struct report report;

	report_begin(&report, ctl);
	if (taking->file != NULL) report_field(&report, "file", say(ctl, "file", "文件"), cell_text(taking->file));
	report_advice(taking, &report);
	report_field(
		&report, "outcome", say(ctl, "outcome", "结果"), cell_word(outcome_words(ctl, put), outcome_code(put)));
	report_field(&report, "id", "id", cell_uuid(&put->id));
	report_field(&report, "version", say(ctl, "version", "版本"), cell_int(put->version));
	if (put->outcome == REMITTANCE_REPEAT) {
		report_field(&report, "there_remitter", say(ctl, "there from", "现有付款人"),
			cell_text(put->other_remitter));
		report_field(&report, "there_identifier", say(ctl, "as", "现有编号"), cell_text(put->other_identifier));
	}
	if (put->outcome <= 0 && put->standing != 0) {
		report_field(
			&report, "there_standing", say(ctl, "there is", "现有"), cell_standing(ctl, put->standing));
		report_field(&report, "there_amount", say(ctl, "with", "金额"), cell_zf_money(put->other));
		report_field(&report, "there_details", say(ctl, "and details", "明细数"), cell_int(put->other_count));
	}
	if (put->outcome > 0) {
		report_field(&report, "details", say(ctl, "details", "明细数"), cell_int(taking->advice.detail_count));
		report_field(&report, "decisions", say(ctl, "first decisions", "首次理赔决定"), cell_int(put->decided));
		report_field(
			&report, "strangers", say(ctl, "claims not found", "未找到的理赔"), cell_int(put->strangers));
	}
	if (put->strangers > 0 && put->outcome == REMITTANCE_COUNTS)
		report_heading(
			&report, say(ctl, "what is of claims that are not found waits for a person: queue orphans",
					 "未找到的理赔所涉款项等待人工处理:queue orphans"));
	report_faults(&report, taking->file, &taking->faults, &taking->arena.zf);
	return report_end(&report, refused ? 1 : 0);
}

static int books_store(struct taking *taking)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	const struct remittance_books books = {.db = taking->ctl->db,
		.hospital = taking->hospital,
		.keys = &keys,
		.keyring = taking->ctl->keyring,
		.directory = taking->ctl->directory,
		.who = taking->ctl->who};
	int r = unseal_keys_load(taking->ctl, &taking->hospital->id, &keys);

	return r == 0 ? remittance_store(&books, &taking->arena, &taking->put) : r;
}

/* Stores what was read and says what became of it. */
static int taking_store(struct taking *taking)
{
	int r = 0;

	taking->put.advice = &taking->advice;
	taking->put.faults = &taking->faults;
	remittance_check(&taking->advice, taking->ctl->directory, &taking->faults, &taking->sums);
	if (!fault_refuses(&taking->faults)) {
		r = books_store(taking);
		return r < 0 ? ctl_fail("not taken") : taking_report(taking);
	}
	return ERR_INVALID;
}

/* Says the faults, which there are. */
static int taking_refuse(struct taking *taking)
{
	struct report report;

	report_begin(&report, taking->ctl);
	report_faults(&report, taking->file, &taking->faults, &taking->arena.zf);
	if (!taking->ctl->json)
		(void)fprintf(stderr, "%s\n",
			say(taking->ctl, "refused: nothing of it is in the books", "文件未导入,账簿未变"));
	return report_end(&report, 1);
}

static int taking_end(struct taking *taking, int lib)
{
	int r = lib == 0 ? taking_store(taking) : ERR_INVALID;

	if (lib == LIB_NOMEM) {
		(void)err_set(ERR_NOMEM, "no memory for the file");
		return ctl_fail(taking->file);
	}
	return r == ERR_INVALID ? taking_refuse(taking) : r;
}

/* ---- import, enter ---- */

/* Reads the words and the file. Returns 0 or an exit status. */
static int taking_begin(struct taking *taking, int argc, char **argv, const char **profile)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const struct ctl_option options[] = {{"--why", &taking->put.why, NULL}, {"--hospital", &code, NULL},
		{"--another", NULL, &taking->put.another}, {profile != NULL ? "--profile" : NULL, profile, NULL},
		{NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = taking->put.another ? ctl_accountable(taking->ctl, taking->put.why) : ctl_known(taking->ctl);
	if (r == 0 && profile != NULL && *profile == NULL)
		r = ctl_usage("say how the file is to be read with --profile NAME");
	if (r != 0) return r;
	taking->hospital = ctl_hospital(taking->ctl, code);
	if (taking->hospital == NULL) return 2;
	taking->file = words[0];
	if (ctl_file_read(words[0], SHEET_BYTES_MAX, &taking->arena, &taking->put.file) < 0) return ctl_fail(words[0]);
	return 0;
}

static int remittance_import(struct ctl *ctl, int argc, char **argv)
{
	struct taking taking CLEANUP(taking_close) = {.ctl = ctl};
	const struct advice_profile *profile;
	const char *name = NULL;
	int r;

	taking_open(&taking);
	r = taking_begin(&taking, argc, argv, &name);
	if (r != 0) return r;
	profile = remittance_profile(taking.hospital, name);
	if (profile == NULL) {
		(void)err_set(ERR_NOTFOUND, "%s has no such profile: advice_profiles in %s", taking.hospital->code,
			taking.hospital->file);
		return ctl_fail(name);
	}
	taking.put.profile = profile->name;
	return taking_end(&taking, advice_read_file(taking.put.file.ptr, taking.put.file.len, profile, &taking.arena.zf,
					   &taking.faults, &taking.put.form, &taking.advice));
}

static int remittance_enter(struct ctl *ctl, int argc, char **argv)
{
	struct taking taking CLEANUP(taking_close) = {.ctl = ctl};
	int r;

	taking_open(&taking);
	r = taking_begin(&taking, argc, argv, NULL);
	if (r == 0) r = ctl_accountable(ctl, taking.put.why);
	if (r != 0) return r;
	taking.put.form = ADVICE_FORM_LETTER;
	return taking_end(&taking,
		advice_read_document((struct text_span){(const char *)taking.put.file.ptr, taking.put.file.len},
			&taking.arena.zf, &taking.faults, &taking.advice));
}

/* ---- list ---- */

static int remittances_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT identifier, remitter, version, form::int4, amount_minor, sum_minor, currency, exponent::int4, standing::int4, made_at, maker,"
		" id FROM (SELECT a.identifier, a.remitter, a.version, a.form, a.amount_minor, a.sum_minor, a.currency, a.exponent, a.standing,"
		"  a.made_at, a.maker, a.advice_id AS id FROM advice a WHERE a.hospital_id = $1"
		" UNION ALL SELECT m.identifier, m.insurer, 1, 0, m.amount_minor, (SELECT coalesce(sum(d.amount_minor + d.fee_minor), 0)::bigint"
		"  FROM remittance_detail d WHERE d.hospital_id = m.hospital_id AND d.remittance_id = m.remittance_id), m.currency, m.exponent,"
		"  CASE WHEN m.withdrawn_at IS NULL THEN 1 ELSE 5 END, m.created_at, m.insurer, m.remittance_id FROM remittance m WHERE m.hospital_id = $1 AND NOT EXISTS (SELECT 1 FROM advice a"
		"  WHERE a.hospital_id = m.hospital_id AND a.advice_id = m.remittance_id)) r"
		" WHERE $2 OR standing = 2 ORDER BY made_at DESC, id",
		"ub", &hospital->id, (int)filter->all);
}

static void list_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 6);
	int exponent = (int)db_rows_int(rows, row, 7);
	int64_t standing = db_rows_int(rows, row, 8);
	struct uuid id = db_rows_uuid(rows, row, 11);

	table_add(table, cell_text(db_rows_text(rows, row, 0)));
	table_add(table, cell_text(db_rows_text(rows, row, 1)));
	table_add(table, cell_int(db_rows_int(rows, row, 2)));
	table_add(table, cell_form(ctl, db_rows_int(rows, row, 3)));
	table_add(table, cell_money(db_rows_int(rows, row, 4), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, 5), currency, exponent));
	table_add(table, cell_standing(ctl, standing));
	table_add(table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 9)));
	table_add(table, cell_text(db_rows_text(rows, row, 10)));
	table_add(table, cell_uuid(&id));
	if (standing <= STANDING_PARKED) money_sum_add(sums, 1, db_rows_int(rows, row, 4), currency, exponent);
}

static int remittance_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"identifier", "identifier", "编号", false}, {"remitter", "remitter", "付款人", false},
		{"version", "version", "版本", false}, {"form", "came as", "来源", false},
		{"amount", "transferred", "转账金额", true}, {"details", "its details", "明细合计", true},
		{"standing", "standing", "状态", false}, {"at", "taken", "导入时间", false},
		{"who", "by", "经办人", false}, {"id", "id", "id", false}};
	struct money_list list = {.key = "remittances",
		.empty = "no remittances yet",
		.empty_zh = "还没有付款通知",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = remittances_open,
		.row = list_row};
	struct money_filter filter = {.limit = 0};
	bool parked = false;
	const struct ctl_option options[] = {
		{"--parked", NULL, &parked}, {"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	filter.all = !parked;
	if (parked) {
		list.empty = "none is parked";
		list.empty_zh = "没有搁置的付款通知";
	}
	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- one that is there ---- */

/* By its id, in whichever hospital has it. shows: to be looked at, which is on record since remarks may name persons.
 */
static int taking_load(struct taking *taking, const struct uuid *id, bool shows, struct remittance_history *history)
{
	struct ctl *ctl = taking->ctl;
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	uint32_t index = 0;
	int r = ERR_NOTFOUND;

	while (r == ERR_NOTFOUND && (taking->hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		const struct remittance_books books = {
			.db = ctl->db, .hospital = taking->hospital, .keys = &keys, .who = ctl->who};

		r = ctl_begin(ctl, &taking->hospital->id, shows);
		if (r == 0) r = unseal_keys_load(ctl, &taking->hospital->id, &keys);
		if (r == 0) r = remittance_read(&books, id, shows, &taking->arena, &taking->advice, history);
		if (r == 0)
			r = ctl_commit(ctl);
		else
			ctl_rollback(ctl);
	}
	if (r == ERR_NOTFOUND) (void)err_set(r, "there is no such remittance");
	if (r == 0 && advice_sums(&taking->advice, &taking->sums) != 0)
		r = err_set(ERR_INVALID, "its amounts do not fit together");
	return r;
}

static void show_details(const struct taking *taking, struct report *report)
{
	const struct ctl *ctl = taking->ctl;
	const struct column columns[] = {{"no", say(ctl, "no", "序号")}, {"kind", say(ctl, "kind", "类型")},
		{"claim", say(ctl, "claim", "理赔单")}, {"insurer_claim", say(ctl, "insurer's number", "保险公司案号")},
		{"bill", say(ctl, "bill", "账单号")}, {"carrier", say(ctl, "carrier", "承保人")},
		{"billed", say(ctl, "billed", "账单金额")}, {"amount", say(ctl, "paid", "赔付金额")},
		{"fee", say(ctl, "fee", "费用")}, {"tax", say(ctl, "tax", "税额")},
		{"difference", say(ctl, "difference is", "差额原因")}, {"remark", say(ctl, "remark", "备注")}};
	static const char *const kinds_zh[] = {"", "理赔", "服务费", "调整", "抵扣"};
	static const char *const differences_zh[] = {"", "患者自付", "合同折扣", "拒赔", "争议"};
	struct table table;

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < taking->advice.detail_count; i++) {
		const struct advice_detail *detail = &taking->advice.details[i];
		bool back = detail->kind == ADVICE_OF_CLAIM && detail->amount.minor < 0;
		const char *kind = back ? "take-back" : advice_kind_word(detail->kind);
		const char *difference = advice_difference_word(detail->difference);

		table_add(&table, cell_int(i + 1));
		table_add(&table, cell_word(say(ctl, kind, back ? "追回" : kinds_zh[detail->kind]), kind));
		table_add(&table, cell_text(detail->claim));
		table_add(&table, cell_text(detail->insurer_claim));
		table_add(&table, cell_text(detail->bill));
		table_add(&table, cell_text(detail->carrier));
		table_add(&table, cell_zf_money(detail->billed));
		table_add(&table, cell_zf_money(detail->amount));
		table_add(&table, detail->fee.minor != 0 ? cell_zf_money(detail->fee) : cell_none());
		table_add(&table, detail->tax.minor != 0 ? cell_zf_money(detail->tax) : cell_none());
		table_add(&table,
			difference[0] == '\0'
				? cell_none()
				: cell_word(say(ctl, difference, differences_zh[detail->difference]), difference));
		table_add(&table, cell_text(detail->remark));
	}
	table_end(&table, report, "details", say(ctl, "details", "明细"), NULL);
}

static void show_history(
	const struct ctl *ctl, const struct zone *zone, const struct remittance_history *history, struct report *report)
{
	report_field(report, "profile", say(ctl, "profile", "模板"), cell_text(history->profile));
	report_field(report, "at", say(ctl, "taken", "导入时间"), cell_time(zone, history->made_at));
	report_field(report, "who", say(ctl, "by", "经办人"), cell_text(history->maker));
	report_field(report, "why", say(ctl, "why", "原因"), cell_text(history->why));
	if (history->decided_at == 0) return;
	report_field(report, "decided_at", say(ctl, "decided", "处理时间"), cell_time(zone, history->decided_at));
	report_field(report, "decided_by", say(ctl, "by", "处理人"), cell_text(history->decided_by));
	report_field(report, "decided_why", say(ctl, "why", "处理原因"), cell_text(history->decided_why));
}

static int remittance_show(struct ctl *ctl, int argc, char **argv)
{
	struct taking taking CLEANUP(taking_close) = {.ctl = ctl};
	const char *words[CTL_WORDS_MAX];
	struct remittance_history history = {.version = 0};
	struct report report;
	struct uuid id;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	taking_open(&taking);
	if (r == 0) r = ctl_known(ctl);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) < 0) return ctl_usage("\"%s\" is not the id of a remittance", words[0]);
	r = taking_load(&taking, &id, true, &history);
	if (r < 0) return ctl_fail(words[0]);
	report_begin(&report, ctl);
	report_field(&report, "id", "id", cell_uuid(&id));
	report_advice(&taking, &report);
	report_field(&report, "standing", say(ctl, "standing", "状态"), cell_standing(ctl, history.standing));
	report_field(&report, "version", say(ctl, "version", "版本"), cell_int(history.version));
	report_field(&report, "form", say(ctl, "came as", "来源"), cell_form(ctl, history.form));
	show_history(ctl, taking.hospital->zone, &history, &report);
	show_details(&taking, &report);
	return report_end(&report, 0);
}

/* ---- release, refuse, withdraw ---- */

static int remittance_release(struct ctl *ctl, int argc, char **argv)
{
	struct taking taking CLEANUP(taking_close) = {.ctl = ctl};
	const char *words[CTL_WORDS_MAX];
	const struct ctl_option options[] = {
		{"--why", &taking.put.why, NULL}, {"--another", NULL, &taking.put.another}, {NULL, NULL, NULL}};
	struct remittance_history history = {.version = 0};
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	taking_open(&taking);
	if (r == 0) r = ctl_accountable(ctl, taking.put.why);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) < 0) return ctl_usage("\"%s\" is not the id of a remittance", words[0]);
	r = taking_load(&taking, &id, false, &history);
	if (r == 0 && history.standing != STANDING_PARKED) r = err_set(ERR_INVALID, "it is not parked");
	if (r == 0) r = remittance_balance(&taking.advice, taking.put.why, &taking.arena, &taking.sums);
	if (r < 0) return ctl_fail(words[0]);
	taking.put.replaces = &id;
	taking.put.form = history.form;
	taking.put.profile = history.profile;
	r = taking_store(&taking);
	return r == ERR_INVALID ? taking_refuse(&taking) : r;
}

/* Runs one of the functions of schema/051_remittance.sql that do away with a remittance, in whichever hospital has it.
 */
static int remittance_end(struct ctl *ctl, int argc, char **argv, bool withdraw)
{
	const char *words[CTL_WORDS_MAX];
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct report report;
	struct uuid id;
	uint32_t index = 0;
	int64_t outcome = -1;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	if (uuid_parse(words[0], &id) < 0) return ctl_usage("\"%s\" is not the id of a remittance", words[0]);
	while (r == 0 && outcome == -1 && (hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		struct pg_result *rows = NULL;

		r = unseal_words_hex(ctl, &hospital->id, &id, why, &arena, &sealed);
		if (r == ERR_NOTFOUND) { /* who has no key has none */
			r = 0;
			continue;
		}
		if (r == 0) r = ctl_begin(ctl, &hospital->id, true);
		if (r == 0)
			r = ctl_query(ctl, &rows,
				withdraw ? "SELECT remittance_withdraw($1, $2, gen_random_uuid(), $3, $4)"
					 : "SELECT remittance_refuse($1, $2, $3, $4)",
				"uutt", &hospital->id, &id, ctl->who, sealed);
		if (r == 0) outcome = db_rows_int(rows, 0, 0);
		if (r == 0) r = ctl_commit(ctl);
		db_sync_rows_free(rows);
	}
	if (r == 0 && outcome == -1) r = err_set(ERR_NOTFOUND, "there is no such remittance");
	if (r == 0 && outcome == -2) r = err_set(ERR_INVALID, withdraw ? "it does not count" : "it is not parked");
	if (r == 0 && outcome == -3)
		r = err_set(ERR_INVALID, "its money is allocated: undo that first (money match undo)");
	if (r == 0 && outcome == -4)
		r = err_set(ERR_INVALID, "what it announced has no value in the books yet: a rate is missing");
	if (r < 0) return ctl_fail(words[0]);
	report_begin(&report, ctl);
	report_field(&report, "id", "id", cell_uuid(&id));
	report_field(&report, "standing", say(ctl, "standing", "状态"),
		cell_standing(ctl, withdraw ? STANDING_WITHDRAWN : STANDING_REFUSED));
	report_field(&report, "known", NULL, cell_bool(outcome == 0));
	return report_end(&report, 0);
}

static int remittance_refuse(struct ctl *ctl, int argc, char **argv)
{
	return remittance_end(ctl, argc, argv, false);
}

static int remittance_withdraw(struct ctl *ctl, int argc, char **argv)
{
	return remittance_end(ctl, argc, argv, true);
}

const struct ctl_command money_remittance_commands[] = {
	{"money remittance import", "FILE --profile NAME [--why TEXT] [--another] [--hospital CODE]",
		"reads a remittance advice (CSV, XLSX) into the books", CTL_CONFIG | CTL_DB, remittance_import},
	{"money remittance enter", "FILE --why TEXT [--another] [--hospital CODE]",
		"takes one that came as a letter, typed in", CTL_CONFIG | CTL_DB, remittance_enter},
	{"money remittance list", "[--parked] [--hospital CODE]", "remittances, or those that do not balance",
		CTL_CONFIG | CTL_DB, remittance_list},
	{"money remittance show", "ID", "one with its arithmetic and details", CTL_CONFIG | CTL_DB, remittance_show},
	{"money remittance release", "ID --why TEXT [--another]",
		"lets a parked one count, its difference as an adjustment", CTL_CONFIG | CTL_DB, remittance_release},
	{"money remittance refuse", "ID --why TEXT", "does away with a parked one", CTL_CONFIG | CTL_DB,
		remittance_refuse},
	{"money remittance withdraw", "ID --why TEXT", "takes one that counts back, before its money is allocated",
		CTL_CONFIG | CTL_DB, remittance_withdraw},
	{NULL, NULL, NULL, 0, NULL},
};
