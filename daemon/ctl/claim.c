/* zhifuctl claim show: one claim on its five axes, who does what next, the money, and everything that was sent. */
#include "ctl/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/options.h"
#include "ctl/claim_list.h"
#include "ctl/claim_next.h"
#include "db/sync.h"
#include "model/work.h"

struct cell cell_state(const struct ctl *ctl, enum lifecycle_axis axis, uint8_t state)
{
	return cell_word(ctl->chinese ? lifecycle_state_chinese(axis, state) : lifecycle_state_english(axis, state),
		lifecycle_state_name(axis, state));
}

const char *claim_axis_title(const struct ctl *ctl, enum lifecycle_axis axis)
{
	static const char *const chinese[LIFECYCLE_AXES + 1] = {"", "传输", "受理", "理算", "付款", "账务"};

	return ctl->chinese ? chinese[axis] : lifecycle_axis_name(axis);
}

int claim_find(struct ctl *ctl, const struct hospital *hospital, const char *ref, struct claim_row *ret_claim)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows,
		"SELECT claim_id, coalesce(insurer, ''), transport, acknowledgement, adjudication, payment, books,"
		" vouched FROM claim_state WHERE hospital_id = $1 AND ref = $2",
		"ut", &hospital->id, ref);

	if (r < 0) return r;
	if (db_rows_count(rows) == 0) {
		r = err_set(ERR_NOTFOUND, "there is no claim %s", ref);
	} else {
		ret_claim->hospital = hospital;
		ret_claim->id = db_rows_uuid(rows, 0, 0);
		(void)snprintf(ret_claim->insurer, sizeof(ret_claim->insurer), "%s", db_rows_text(rows, 0, 1));
		for (int axis = 1; axis <= LIFECYCLE_AXES; axis++)
			ret_claim->states[axis] = (uint8_t)db_rows_int(rows, 0, axis + 1);
		ret_claim->vouched = (uint8_t)db_rows_int(rows, 0, LIFECYCLE_AXES + 2);
	}
	db_sync_rows_free(rows);
	return r;
}

/* ---- the parts of claim show ---- */

static int show_head(struct report *report, struct ctl *ctl, const struct claim_row *claim, const char *ref)
{
	static const char *const uses[] = {"-", "claim", "preauthorization", "predetermination"};
	const struct insurer *insurer = directory_insurer(ctl->directory, claim->insurer);
	struct pg_result *rows = NULL;
	int64_t use;
	int r = ctl_query(ctl, &rows,
		"SELECT c.use, c.client, c.received_at, c.service_day, c.line_count, c.emergency, c.warnings, c.bill_sequence,"
		" d.ref, p.ref, f.ref, c.total_minor, c.currency, c.exponent FROM claim c"
		" LEFT JOIN claim_state d ON d.hospital_id = c.hospital_id AND d.claim_id = c.duplicate_of"
		" LEFT JOIN claim_state p ON p.hospital_id = c.hospital_id AND p.claim_id = c.predecessor_id"
		" LEFT JOIN LATERAL (SELECT s.ref FROM claim n JOIN claim_state s ON s.hospital_id = n.hospital_id AND s.claim_id = n.claim_id"
		"  WHERE n.hospital_id = c.hospital_id AND n.predecessor_id = c.claim_id ORDER BY n.claim_id DESC LIMIT 1) f ON true"
		" WHERE c.hospital_id = $1 AND c.claim_id = $2",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	if (db_rows_count(rows) != 1) {
		db_sync_rows_free(rows);
		return err_set(ERR_NOTFOUND, "claim %s has a state and no content", ref);
	}
	use = db_rows_int(rows, 0, 0);
	report_field(report, "ref", say(ctl, "claim", "理赔单"), cell_text(ref));
	report_field(report, "id", "id", cell_uuid(&claim->id));
	report_field(report, "hospital", say(ctl, "hospital", "医院"),
		cell_word(claim->hospital->name, claim->hospital->code));
	report_field(report, "use", say(ctl, "use", "用途"),
		cell_text(use >= 0 && use < (int64_t)ARRAY_LEN(uses) ? uses[use] : "?"));
	report_field(report, "insurer", say(ctl, "insurer", "保险公司"),
		claim->insurer[0] == '\0'
			? cell_none()
			: cell_word(insurer != NULL ? insurer->name : claim->insurer, claim->insurer));
	report_field(report, "client", say(ctl, "submitted by", "提交系统"), cell_text(db_rows_text(rows, 0, 1)));
	report_field(report, "received_at", say(ctl, "received", "接收时间"),
		cell_time(claim->hospital->zone, db_rows_time_ms(rows, 0, 2)));
	report_field(report, "service_day", say(ctl, "service day", "就诊日期"), cell_day(db_rows_date(rows, 0, 3)));
	report_field(report, "charged", say(ctl, "charged", "账单金额"),
		cell_money(db_rows_int(rows, 0, 11), db_rows_text(rows, 0, 12), (int)db_rows_int(rows, 0, 13)));
	report_field(report, "lines", say(ctl, "lines", "明细行数"), cell_int(db_rows_int(rows, 0, 4)));
	if (db_rows_bool(rows, 0, 5) || ctl->json)
		report_field(report, "emergency", say(ctl, "emergency", "急诊"), cell_bool(db_rows_bool(rows, 0, 5)));
	if (db_rows_int(rows, 0, 6) > 0 || ctl->json)
		report_field(report, "warnings", say(ctl, "warnings at the door", "接收警告数"),
			cell_int(db_rows_int(rows, 0, 6)));
	if (db_rows_int(rows, 0, 7) > 0 || ctl->json)
		report_field(report, "bill_sequence", say(ctl, "interim bill", "中间结算序号"),
			cell_int(db_rows_int(rows, 0, 7)));
	if (!db_rows_null(rows, 0, 8) || ctl->json)
		report_field(report, "duplicate_of", say(ctl, "looks like", "疑似重复于"),
			cell_text(db_rows_text(rows, 0, 8)));
	if (!db_rows_null(rows, 0, 9) || ctl->json)
		report_field(report, "predecessor", say(ctl, "replaces", "替代"), cell_text(db_rows_text(rows, 0, 9)));
	if (!db_rows_null(rows, 0, 10) || ctl->json)
		report_field(
			report, "successor", say(ctl, "replaced by", "被替代于"), cell_text(db_rows_text(rows, 0, 10)));
	db_sync_rows_free(rows);
	return 0;
}

static int show_axes(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	const struct column columns[] = {{"axis", say(ctl, "axis", "维度")}, {"state", say(ctl, "state", "状态")},
		{"since", say(ctl, "since", "自")}, {"who", say(ctl, "by", "操作者")},
		{"why", say(ctl, "why", "原因")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT DISTINCT ON (axis) axis, at, who, why FROM claim_event WHERE hospital_id = $1 AND claim_id = $2"
		" ORDER BY axis, seq DESC",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		int row = 0;

		while (row < db_rows_count(rows) && db_rows_int(rows, row, 0) != axis) row++;
		table_add(&table, cell_word(claim_axis_title(ctl, (enum lifecycle_axis)axis),
					  lifecycle_axis_name((enum lifecycle_axis)axis)));
		table_add(&table, cell_state(ctl, (enum lifecycle_axis)axis, claim->states[axis]));
		if (row == db_rows_count(rows)) {
			for (int i = 0; i < 3; i++) table_add(&table, cell_none());
			continue;
		}
		table_add(&table, cell_time(claim->hospital->zone, db_rows_time_ms(rows, row, 1)));
		table_add(&table, cell_text(db_rows_text(rows, row, 2)));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "axes", say(ctl, "Where it stands", "当前状态"), NULL);
	return 0;
}

static void money_row(
	struct table *table, const char *what, const char *key, int64_t minor, const char *currency, int exponent)
{
	table_add(table, cell_word(what, key));
	table_add(table, cell_money(minor, currency, exponent));
}

/* What the insurer's latest decision says, and what the ledger says of who owes what. */
static int show_money(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	const struct column columns[] = {{"what", say(ctl, "what", "项目")}, {"amount", say(ctl, "amount", "金额")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT currency, exponent, submitted_minor, benefit_minor, patient_minor, contract_minor, open_minor FROM adjudication"
		" WHERE hospital_id = $1 AND claim_id = $2 ORDER BY adjudication_id DESC LIMIT 1",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	if (db_rows_count(rows) > 0) {
		const char *currency = db_rows_text(rows, 0, 0);
		int exponent = (int)db_rows_int(rows, 0, 1);

		money_row(&table, say(ctl, "submitted (decision)", "申报金额(理算)"), "submitted",
			db_rows_int(rows, 0, 2), currency, exponent);
		money_row(&table, say(ctl, "insurer pays", "保险公司支付"), "insurer_pays", db_rows_int(rows, 0, 3),
			currency, exponent);
		money_row(&table, say(ctl, "patient owes", "患者自付"), "patient_owes", db_rows_int(rows, 0, 4),
			currency, exponent);
		money_row(&table, say(ctl, "written off by contract", "合同核销"), "written_off",
			db_rows_int(rows, 0, 5), currency, exponent);
		money_row(&table, say(ctl, "refused or unexplained", "拒付或未说明"), "unexplained",
			db_rows_int(rows, 0, 6), currency, exponent);
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "decision", say(ctl, "What the insurer decided", "理算结果"), NULL);

	rows = NULL;
	r = ctl_query(ctl, &rows,
		"SELECT currency, exponent,"
		" coalesce(sum(m) FILTER (WHERE a LIKE 'AR-%' AND a NOT IN ('AR-PT', 'AR-INPT')), 0)::bigint,"
		" coalesce(sum(m) FILTER (WHERE a = 'AR-PT'), 0)::bigint, coalesce(sum(m) FILTER (WHERE a = 'CONTR'), 0)::bigint,"
		" coalesce(sum(m) FILTER (WHERE a LIKE 'CLR-REM-%' AND NOT EXISTS (SELECT 1 FROM fact f JOIN remittance_paid r"
		"  ON r.hospital_id = f.hospital_id AND r.remittance_id = f.remittance_id"
		"  WHERE f.hospital_id = $1 AND f.fact_id = source_id)), 0)::bigint,"
		" coalesce(-sum(m) FILTER (WHERE a IN ('REV-MED', 'AR-INPT')), 0)::bigint,"
		" coalesce(-sum(m) FILTER (WHERE a LIKE 'AR-%' AND rule = 'match_paid'), 0)::bigint FROM ("
		"SELECT currency, exponent, rule, source_id, debit AS a, amount_minor AS m FROM posting"
		" WHERE hospital_id = $1 AND claim_id = $2"
		" UNION ALL SELECT currency, exponent, rule, source_id, credit, -amount_minor FROM posting"
		" WHERE hospital_id = $1 AND claim_id = $2) p"
		" GROUP BY 1, 2 ORDER BY 1",
		"uu", &claim->hospital->id, &claim->id);
	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		const char *currency = db_rows_text(rows, row, 0);
		int exponent = (int)db_rows_int(rows, row, 1);

		money_row(
			&table, say(ctl, "billed", "已开单"), "billed", db_rows_int(rows, row, 6), currency, exponent);
		money_row(&table, say(ctl, "open from the insurer", "应收保险公司"), "open_insurer",
			db_rows_int(rows, row, 2), currency, exponent);
		money_row(&table, say(ctl, "open from the patient", "应收患者"), "open_patient",
			db_rows_int(rows, row, 3), currency, exponent);
		money_row(&table, say(ctl, "written off", "已核销"), "written_off", db_rows_int(rows, row, 4), currency,
			exponent);
		money_row(&table, say(ctl, "announced, not yet cash", "已通知未到账"), "announced",
			db_rows_int(rows, row, 5), currency, exponent);
		money_row(&table, say(ctl, "paid by the insurer", "保险公司已付"), "paid_insurer",
			db_rows_int(rows, row, 7), currency, exponent);
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "books", say(ctl, "What the books say", "账面"), NULL);
	return 0;
}

/* On what ground its data was to leave (written before the first byte), whether it did, and whether it may now. */
static int show_consent(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	static const char *const bases[] = {"none", "consent", "emergency", "no person's data"};
	static const char *const left[] = {"no", "perhaps", "yes"};
	static const char *const left_chinese[] = {"否", "不明", "是"};
	const struct column columns[] = {{"at", say(ctl, "at", "时间")}, {"left", say(ctl, "left", "已发出")},
		{"recipient", say(ctl, "to", "接收方")}, {"basis", say(ctl, "on the ground of", "依据")},
		{"fields", say(ctl, "fields", "字段清单")}, {"message", NULL}, {"consent", NULL}};
	const struct insurer *insurer = directory_insurer(ctl->directory, claim->insurer);
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT l.at, l.recipient, l.basis, l.fields, l.message_id, l.consent_id, (SELECT CASE WHEN bool_or(a.outcome = 2) THEN 2"
		"  WHEN bool_and(a.outcome = 3) THEN 0 ELSE 1 END FROM attempt a WHERE a.hospital_id = $1 AND a.message_id = l.message_id)"
		" FROM export_ledger l WHERE l.hospital_id = $1 AND l.claim_id = $2 ORDER BY l.at",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid message = db_rows_uuid(rows, row, 4);
		struct uuid consent = {{0}};
		int64_t basis = db_rows_int(rows, row, 2);
		int64_t fate = db_rows_null(rows, row, 6) ? 1 : db_rows_int(rows, row, 6);

		if (!db_rows_null(rows, row, 5)) consent = db_rows_uuid(rows, row, 5);
		table_add(&table, cell_time(claim->hospital->zone, db_rows_time_ms(rows, row, 0)));
		table_add(&table, cell_word(say(ctl, left[fate], left_chinese[fate]), left[fate]));
		table_add(&table, cell_text(db_rows_text(rows, row, 1)));
		table_add(&table, cell_text(basis >= 0 && basis < (int64_t)ARRAY_LEN(bases) ? bases[basis] : "?"));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		table_add(&table, cell_uuid(&message));
		table_add(&table, uuid_is_nil(&consent) ? cell_none() : cell_uuid(&consent));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "exports", say(ctl, "What was to leave, and on what ground", "对外传输及依据"), NULL);
	if (insurer == NULL) return 0;

	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct db_array *purposes;

	arena_init(&arena, 65536);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &claim->hospital->id);
	db_params_uuid(&params, &claim->id);
	db_params_text(&params, insurer->code);
	purposes = db_params_array(&params, DB_TEXT, insurer->purpose_count, 0);
	for (uint32_t i = 0; i < insurer->purpose_count; i++) db_array_text(purposes, insurer->purposes[i]);
	rows = NULL;
	r = db_sync_query(ctl->db,
		"SELECT basis FROM export_basis(ARRAY[$1::uuid], ARRAY[$2::uuid], ARRAY[$3::text], $4::text[])",
		&params, &rows);
	if (r < 0) return r;
	if (db_rows_count(rows) > 0) {
		int64_t basis = db_rows_int(rows, 0, 0);

		report_heading(report, "");
		report_field(report, "basis_now", say(ctl, "ground now", "当前依据"),
			cell_text(basis >= 0 && basis < (int64_t)ARRAY_LEN(bases) ? bases[basis] : "?"));
	}
	db_sync_rows_free(rows);
	return 0;
}

static int show_messages(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	const struct column columns[] = {{"id", say(ctl, "message", "报文")}, {"direction", say(ctl, "way", "方向")},
		{"status", say(ctl, "status", "状态")}, {"http_status", "HTTP"},
		{"attempts", say(ctl, "tries", "次数")}, {"at", say(ctl, "at", "时间")},
		{"why", say(ctl, "why", "原因")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT m.message_id, m.direction, m.status, m.http_status, a.n, m.created_at, coalesce(m.why, a.error) FROM message m"
		" LEFT JOIN LATERAL (SELECT count(*) AS n, (array_agg(t.error ORDER BY t.attempt DESC))[1] AS error FROM attempt t"
		"  WHERE t.hospital_id = m.hospital_id AND t.message_id = m.message_id) a ON true"
		" WHERE m.hospital_id = $1 AND m.claim_id = $2 ORDER BY m.message_id",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, 0);

		table_add(&table, cell_uuid(&id));
		table_add(&table, cell_text(db_rows_int(rows, row, 1) == MESSAGE_OUT ? "out" : "in"));
		table_add(&table, cell_text(message_status_name((int)db_rows_int(rows, row, 2))));
		table_add(&table, db_rows_null(rows, row, 3) ? cell_none() : cell_int(db_rows_int(rows, row, 3)));
		table_add(&table, cell_int(db_rows_int(rows, row, 4)));
		table_add(&table, cell_time(claim->hospital->zone, db_rows_time_ms(rows, row, 5)));
		table_add(&table, cell_text(db_rows_text(rows, row, 6)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "messages", say(ctl, "Messages", "报文"), NULL);
	return 0;
}

/* What waits to be done with it, and what an insurer said that did not fit. */
static int show_work(struct report *report, struct ctl *ctl, const struct claim_row *claim)
{
	static const struct column work_columns[] = {{"id", "id"}, {"role", "role"}, {"kind", "work"},
		{"route", "route"}, {"due_at", "due"}, {"attempt", "tries"}, {"held", "held because"}};
	const struct column fact_columns[] = {{"id", NULL}, {"kind", say(ctl, "kind", "类别")},
		{"status", say(ctl, "status", "状态")}, {"why", say(ctl, "why", "原因")},
		{"text", say(ctl, "text", "内容")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT work_id, role, kind, route, greatest(due_at, leased_until), attempt, CASE WHEN held THEN coalesce(held_why, '?') END FROM outbox"
		" WHERE hospital_id = $1 AND claim_id = $2 ORDER BY created_at",
		"uu", &claim->hospital->id, &claim->id);

	if (r < 0) return r;
	table_begin(&table, work_columns, ARRAY_LEN(work_columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, 0);

		table_add(&table, cell_uuid(&id));
		table_add(&table, cell_text(work_role_name((int)db_rows_int(rows, row, 1))));
		table_add(&table,
			cell_text(work_kind_name((int)db_rows_int(rows, row, 1), (int)db_rows_int(rows, row, 2))));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		table_add(&table, cell_time(claim->hospital->zone, db_rows_time_ms(rows, row, 4)));
		table_add(&table, cell_int(db_rows_int(rows, row, 5)));
		table_add(&table, cell_text(db_rows_text(rows, row, 6)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "work", "Work that waits", NULL);
	rows = NULL;
	r = ctl_query(ctl, &rows,
		"SELECT fact_id, kind, status, why, text FROM fact WHERE hospital_id = $1 AND claim_id = $2 AND"
		" (status > 2 OR text IS NOT NULL) ORDER BY fact_id",
		"uu", &claim->hospital->id, &claim->id);
	if (r < 0) return r;
	table_begin(&table, fact_columns, ARRAY_LEN(fact_columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		static const char *const statuses[][2] = {{"?", "?"}, {"new", "待处理"}, {"applied", "已入账"},
			{"refused", "未采信"}, {"orphan", "无归属"}, {"doubted", "已入账,待核实"},
			{"dropped", "已处理"}};
		struct uuid id = db_rows_uuid(rows, row, 0);
		int64_t status = db_rows_int(rows, row, 2);

		table_add(&table, cell_uuid(&id));
		table_add(&table, cell_int(db_rows_int(rows, row, 1)));
		if (status < 0 || status >= (int64_t)ARRAY_LEN(statuses)) status = 0;
		table_add(&table, cell_word(statuses[status][ctl->chinese], statuses[status][0]));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		table_add(&table, cell_text(db_rows_text(rows, row, 4)));
	}
	db_sync_rows_free(rows);
	table_end(&table, report, "facts", say(ctl, "What the insurer said besides", "保险公司的其他答复"), NULL);
	return 0;
}

static int claim_show(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct claim_row claim = {0};
	struct report report;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	report_begin(&report, ctl);
	r = ctl_begin(ctl, &hospital->id, false);
	if (r == 0) r = claim_find(ctl, hospital, words[0], &claim);
	if (r == 0) r = show_head(&report, ctl, &claim, words[0]);
	if (r == 0) r = show_axes(&report, ctl, &claim);
	if (r == 0) r = claim_next_show(&report, ctl, &claim);
	if (r == 0) r = show_money(&report, ctl, &claim);
	if (r == 0) r = show_consent(&report, ctl, &claim);
	if (r == 0) r = show_messages(&report, ctl, &claim);
	if (r == 0) r = show_work(&report, ctl, &claim);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not show the claim");
	}
	return report_end(&report, 0);
}

const struct ctl_command claim_commands[] = {
	{"claim show", "REF", "one claim: its five axes, what is due next and by whom, money, consent, messages",
		CTL_CONFIG | CTL_DB, claim_show},
	{"claim list",
		"[--hospital CODE] [--state AXIS=STATE] [--insurer CODE] [--since DATE] [--limit N] [--after REF]",
		"claims, newest first; --after continues where a page ended", CTL_CONFIG | CTL_DB, claim_list},
	{"claim events", "REF", "every step that a claim ever took, with who and why", CTL_CONFIG | CTL_DB,
		claim_events},
	{NULL, NULL, NULL, 0, NULL},
};
