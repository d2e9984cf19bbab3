/* zhifuctl money match: what money in suspense is for, in the hands of a person. */
#include <string.h>

#include "ctl/match_allocate.h"
#include "ctl/match_desk.h"
#include "ctl/money_list.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"
#include "settle/match_know.h"

#define NOTE_BYTES_MAX 2000

static const struct word {
	const char *code, *text, *text_zh;
} kinds[] =
	{
		[MATCH_PAYMENT] = {"payment", "payment of", "支付理赔单"},
		[MATCH_DOUBLE] = {"double", "paid before, a liability", "重复支付,记为负债"},
		[MATCH_REMITTANCE] = {"remittance", "what an advice lists", "按付款通知"},
		[MATCH_REVERSAL] = {"reversal", "the bank takes a credit back", "银行冲回"},
		[MATCH_OWN] = {"own", "for no claim", "与理赔无关"},
},
  part_kinds[] = {
	  [MATCH_PART_PAYMENT] = {"payment", "paid", "支付"},
	  [MATCH_PART_DOUBLE] = {"double", "paid before", "重复支付"},
	  [MATCH_PART_DENIED] = {"denied", "denied", "拒付"},
	  [MATCH_PART_TAKE_BACK] = {"take_back", "taken back", "追回"},
	  [MATCH_PART_FEE] = {"fee", "fee", "服务费"},
	  [MATCH_PART_ADJUSTED] = {"adjusted", "adjustment", "调整"},
	  [MATCH_PART_RESIDUAL] = {"residual", "kept on the way", "途中扣除"},
	  [MATCH_PART_RETURNED] = {"returned", "taken back by the bank", "银行冲回"},
	  [MATCH_PART_OWN] = {"own", "for no claim", "与理赔无关"},
	  [MATCH_PART_TRANSFER] = {"transfer", "between own accounts", "本院账户间划转"},
	  [MATCH_PART_STAYS] = {"stays", "of a claim that is not here: stays in suspense", "理赔不在本院:留在待查收款"},
};

static struct cell cell_of(const struct ctl *ctl, const struct word *word)
{
	return cell_word(ctl->chinese ? word->text_zh : word->text, word->code);
}

struct cell match_part_cell(const struct ctl *ctl, int64_t kind)
{
	return kind >= 0 && kind < (int64_t)ARRAY_LEN(part_kinds) ? cell_of(ctl, &part_kinds[kind]) : cell_int(kind);
}

/* "LINE:PART", without the part where it is all of the line. */
static struct cell cell_item(const struct uuid *line, int64_t part)
{
	char text[UUID_TEXT_LEN + 16];

	uuid_format(line, text);
	if (part != 0) (void)snprintf(text + strlen(text), 16, ":%lld", (long long)part);
	return cell_text(text);
}

/* ---- list ---- */

static const struct money_column item_columns[] = {{"hospital", "hospital", "医院", false},
	{"account", "account", "账户", false}, {"booked", "booked", "入账日", false}, {"days", "days", "天数", false},
	{"open", "open", "未核销", true}, {"payer", "from", "付款人", false},
	{"candidates", "candidates", "候选", false}, {"score", "best", "最高分", false},
	{"why", "why it waits", "待处理原因", false}, {"line", "line", "流水", false}};

static int items_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	(void)filter;
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT i.line_id, i.part, b.account, i.booked_day, i.open_minor, b.currency, b.exponent, s.payer,"
		" (SELECT count(*) FROM match_candidate c WHERE c.hospital_id = i.hospital_id AND c.line_id = i.line_id AND c.part = i.part),"
		" (SELECT max(c.score)::int4 FROM match_candidate c WHERE c.hospital_id = i.hospital_id AND c.line_id = i.line_id AND c.part = i.part),"
		" CASE WHEN s.reason_by IS NULL THEN i.wait END::int4, s.reason FROM match_item i JOIN bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" JOIN suspense s ON s.hospital_id = i.hospital_id AND s.line_id = i.line_id"
		" WHERE i.hospital_id = $1 AND i.open_minor <> 0 ORDER BY i.booked_day, b.account, i.line_id, i.part",
		"u", &hospital->id);
}

static void item_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, 5);
	int exponent = (int)db_rows_int(rows, row, 6);
	struct uuid line = db_rows_uuid(rows, row, 0);
	int32_t day = db_rows_date(rows, row, 3);

	table_add(table, cell_text(db_rows_text(rows, row, 2)));
	table_add(table, cell_day(day));
	table_add(table, cell_int(ctl_today(hospital) - day));
	table_add(table, cell_money(db_rows_int(rows, row, 4), currency, exponent));
	table_add(table, cell_text(db_rows_text(rows, row, 7)));
	table_add(table, cell_int(db_rows_int(rows, row, 8)));
	table_add(table, db_rows_null(rows, row, 9) ? cell_none() : cell_int(db_rows_int(rows, row, 9)));
	table_add(table, db_rows_null(rows, row, 10)
				 ? cell_text(db_rows_text(rows, row, 11))
				 : cell_text(match_wait_text((uint8_t)db_rows_int(rows, row, 10), ctl->chinese)));
	table_add(table, cell_item(&line, db_rows_int(rows, row, 1)));
	money_sum_add(sums, 1, db_rows_int(rows, row, 4), currency, exponent);
}

static int match_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "items",
		.empty = "no money waits for a person",
		.empty_zh = "没有待人工处理的款项",
		.columns = item_columns,
		.column_count = ARRAY_LEN(item_columns),
		.open = items_open,
		.row = item_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {{"--hospital", &filter.hospital, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* ---- show ---- */

static void reasons_show(
	const struct ctl *ctl, struct report *report, const struct match_choice *choice, struct arena *arena)
{
	static const struct column columns[] = {{"reason", "because"}};
	struct table table;

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < choice->reason_count; i++)
		table_add(&table, cell_text(match_reason_text(&choice->reasons[i], ctl->chinese, &arena->zf)));
	table_end(&table, report, "reasons", NULL, NULL);
}

static struct cell cell_some(const struct match_desk *desk, int64_t minor)
{
	return minor == 0 ? cell_none() : cell_money(minor, desk->zero.currency, desk->zero.exponent);
}

static void parts_show(struct match_desk *desk, struct report *report, const struct match_choice *choice)
{
	static const struct column columns[] = {{"kind", "what"}, {"ref", "claim"}, {"plan", "plan"},
		{"amount", "amount"}, {"cleared", "settles"}, {"charge", "charge"}, {"discount", "discount"},
		{"fee", "fee"}, {"fx", "rate"}, {"unexplained", "unexplained"}, {"short", "short"},
		{"over", "too much"}};
	struct table table;

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];

		table_add(&table, cell_of(desk->ctl, &part_kinds[part->kind]));
		table_add(&table, part->has_claim ? cell_text(part->ref) : cell_none());
		table_add(&table, part->plan == NULL ? cell_none() : cell_text(part->plan));
		table_add(&table, cell_money(part->amount, desk->zero.currency, desk->zero.exponent));
		table_add(&table,
			part->cleared == 0 ? cell_none() : cell_money(part->cleared, part->owed, part->owed_exponent));
		table_add(&table, cell_some(desk, part->charge.minor));
		table_add(&table, cell_some(desk, part->discount.minor));
		table_add(&table, cell_some(desk, part->fee.minor));
		table_add(&table, cell_some(desk, part->fx));
		table_add(&table, cell_some(desk, part->unexplained.minor));
		table_add(&table, cell_some(desk, part->short_by));
		table_add(&table, cell_some(desk, part->over));
	}
	table_end(&table, report, "parts", NULL, NULL);
}

static void candidate_show(
	struct match_desk *desk, struct report *report, int64_t no, const struct match_choice *choice)
{
	struct ctl *ctl = desk->ctl;
	struct report one;
	char name[MATCH_NAME_SIZE];

	match_desk_name(no, choice, name);
	if (ctl->json) {
		report_begin(&one, ctl);
	} else {
		(void)printf("\n%s %s, %u/1000: %s%s\n", say(ctl, "candidate", "候选"), name, choice->score,
			ctl->chinese ? kinds[choice->kind].text_zh : kinds[choice->kind].text,
			choice->sound ? "" : say(ctl, " (can't be posted as it is)", "(无法直接入账)"));
		one = *report;
	}
	if (ctl->json) {
		report_field(&one, "candidate", NULL, cell_text(name));
		report_field(&one, "score", NULL, cell_int(choice->score));
		report_field(&one, "kind", NULL, cell_of(ctl, &kinds[choice->kind]));
		report_field(&one, "sound", NULL, cell_bool(choice->sound));
		if (choice->kind == MATCH_REVERSAL)
			report_field(&one, "credit", NULL, cell_item(&choice->credit, choice->credit_part));
	}
	if (choice->kind == MATCH_OWN) {
		report_field(&one, "line_kind", say(ctl, "it is", "用途"), cell_text(choice->line_kind));
		report_field(&one, "account", say(ctl, "account", "科目"), cell_text(choice->account));
	}
	reasons_show(ctl, &one, choice, &desk->arena);
	if (choice->part_count > 0) parts_show(desk, &one, choice);
	if (ctl->json) (void)json_array_append_new(json_object_get(report->root, "candidates"), one.root);
}

static int candidates_show(struct match_desk *desk, struct report *report)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(desk->ctl, &rows,
		"SELECT no::int4, content FROM match_candidate WHERE hospital_id = $1 AND line_id = $2 AND part = $3 ORDER BY no",
		"uun", &desk->hospital->id, &desk->line, (int)desk->part);

	if (desk->ctl->json) (void)json_object_set_new(report->root, "candidates", json_array());
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct match_choice choice;
		struct bytes plain;

		r = match_desk_unseal(desk, db_rows_bytes(rows, row, 1), &plain);
		if (r == 0)
			r = match_choice_read(
				(struct text_span){(const char *)plain.ptr, plain.len}, &desk->arena.zf, &choice);
		if (r == 0) candidate_show(desk, report, db_rows_int(rows, row, 0), &choice);
	}
	if (r == 0 && db_rows_count(rows) == 0) report_heading(report, say(desk->ctl, "no candidates", "没有候选"));
	db_sync_rows_free(rows);
	return r;
}

/* What was done with it, and undone. */
static int allocations_show(struct match_desk *desk, struct report *report)
{
	static const struct column columns[] = {{"at", "at"}, {"kind", "what"}, {"line_kind", "it is"},
		{"ref", "claim"}, {"amount", "amount"}, {"by", "by"}, {"undoes", NULL}, {"allocation", "allocation"}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(desk->ctl, &rows,
		"SELECT a.made_at, a.kind::int4, c.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, a.amount_minor,"
		" a.maker, a.undoes, a.allocation_id, a.line_kind FROM allocation a"
		" LEFT JOIN receivable r ON r.hospital_id = a.hospital_id AND r.claim_id = a.claim_id"
		" LEFT JOIN claim_state c ON c.hospital_id = a.hospital_id AND c.claim_id = coalesce(r.of_claim, a.claim_id)"
		" WHERE a.hospital_id = $1 AND a.line_id = $2 AND a.part = $3 ORDER BY a.made_at, a.allocation_id, a.no",
		"uun", &desk->hospital->id, &desk->line, (int)desk->part);

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, 6);
		struct uuid undoes = db_rows_null(rows, row, 5) ? id : db_rows_uuid(rows, row, 5);

		table_add(&table, cell_time(desk->hospital->zone, db_rows_time_ms(rows, row, 0)));
		table_add(&table, cell_of(desk->ctl, &part_kinds[db_rows_int(rows, row, 1)]));
		table_add(&table, db_rows_null(rows, row, 7) ? cell_none() : cell_text(db_rows_text(rows, row, 7)));
		table_add(&table, cell_text(db_rows_text(rows, row, 2)));
		table_add(&table, cell_money(db_rows_int(rows, row, 3), desk->zero.currency, desk->zero.exponent));
		table_add(&table, cell_text(db_rows_text(rows, row, 4)));
		table_add(&table, db_rows_null(rows, row, 5) ? cell_none() : cell_uuid(&undoes));
		table_add(&table, cell_uuid(&id));
	}
	table_end(&table, report, "allocations", say(desk->ctl, "allocations", "核销记录"), NULL);
	db_sync_rows_free(rows);
	return r;
}

/* The reason in the reader's language, and the state. */
static int waits_show(struct match_desk *desk, struct report *report)
{
	static const struct word held[] = {{"no", "-", "-"}, {"compliance", "held by compliance", "合规冻结"},
		{"payer", "the payer is not the expected one", "付款人非预期"}};
	struct pg_result *rows = NULL;
	int r = ctl_query(desk->ctl, &rows,
		"SELECT s.payer, s.held::int4, i.wait::int4, s.reason, suspense_owner(s.hospital_id, b.account, s.owner), s.reason_by"
		" FROM suspense s JOIN bank_line b ON b.hospital_id = s.hospital_id AND b.line_id = s.line_id"
		" JOIN match_item i ON i.hospital_id = s.hospital_id"
		" AND i.line_id = s.line_id AND i.part = $3 WHERE s.hospital_id = $1 AND s.line_id = $2",
		"uun", &desk->hospital->id, &desk->line, (int)desk->part);

	if (r == 0 && db_rows_count(rows) > 0) {
		report_field(report, "payer", "from", cell_text(db_rows_text(rows, 0, 0)));
		report_field(report, "owner", "owner", cell_text(db_rows_text(rows, 0, 4)));
		report_field(report, "held", "held", cell_of(desk->ctl, &held[db_rows_int(rows, 0, 1)]));
		report_field(report, "why", "why it waits",
			db_rows_null(rows, 0, 2)
				? cell_text(db_rows_text(rows, 0, 3))
				: cell_text(match_wait_text((uint8_t)db_rows_int(rows, 0, 2), desk->ctl->chinese)));
		if (!db_rows_null(rows, 0, 5)) {
			report_field(report, "said", "a person says", cell_text(db_rows_text(rows, 0, 3)));
			report_field(report, "said_by", "who", cell_text(db_rows_text(rows, 0, 5)));
		}
	}
	db_sync_rows_free(rows);
	return r;
}

static int match_show(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct match_desk desk;
	struct report report;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	r = match_desk_open(&desk, ctl, code, words[0]);
	if (r != 0) {
		match_desk_close(&desk);
		return r;
	}
	report_begin(&report, ctl);
	r = ctl_begin(ctl, &desk.hospital->id, false);
	if (r == 0) r = match_desk_item(&desk);
	if (r == 0) {
		report_field(&report, "line", "line", cell_item(&desk.line, desk.part));
		report_field(&report, "booked", "booked", cell_day(desk.booked_day));
		report_field(
			&report, "amount", "amount", cell_money(desk.amount, desk.zero.currency, desk.zero.exponent));
		report_field(&report, "open", "open", cell_money(desk.open, desk.zero.currency, desk.zero.exponent));
		r = waits_show(&desk, &report);
	}
	if (r == 0) r = candidates_show(&desk, &report);
	if (r == 0) r = allocations_show(&desk, &report);
	if (r == 0) r = ctl_commit(ctl);
	match_desk_close(&desk);
	if (r < 0) {
		json_decref(report.root);
		ctl_rollback(ctl);
		return ctl_fail("could not show it");
	}
	return report_end(&report, 0);
}

/* ---- what changes something: one shape for all ---- */

/* What a command is given besides the line. */
struct act {
	const char *const *words; /* behind the line */
	int count;
	const char *said, *why, *rest; /* said: why, in the clear */
};

/* Does it; ret_id is the id that is told, untouched where there is none. */
typedef int act_fn(struct match_desk *desk, const struct act *act, struct uuid *ret_id);

static act_fn allocate_run;
static act_fn advice_run;

static int act_run(
	struct ctl *ctl, int argc, char **argv, int min, int max, bool why_needed, act_fn *run, const char *failed)
{
	const char *code = NULL;
	struct act act = {.said = NULL};
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &act.said, NULL},
		{"--rest", &act.rest, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid id = {{0}}, none = {{0}};
	struct match_desk desk;
	struct report report;
	int r = ctl_arguments(argc, argv, options, min, max, words);

	if (r != 0) return r;
	if (act.rest != NULL && run != allocate_run && run != advice_run)
		return ctl_usage("--rest goes with money match allocate and money match advice");
	r = why_needed ? ctl_accountable(ctl, act.said) : ctl_known(ctl);
	if (r != 0) return r;
	act.words = words + 1;
	while (act.count + 1 < CTL_WORDS_MAX && act.words[act.count] != NULL) act.count++;
	r = match_desk_open(&desk, ctl, code, words[0]);
	if (r == 0) r = unseal_words_hex(ctl, &desk.hospital->id, &desk.line, act.said, &desk.arena, &act.why);
	if (r == 0) r = run(&desk, &act, &id);
	if (r == 0) {
		report_begin(&report, ctl);
		report_field(&report, "line", "line", cell_item(&desk.line, desk.part));
		if (!uuid_equal(&id, &none)) report_field(&report, "allocation", "allocation", cell_uuid(&id));
		if (desk.made.choice.part_count > 0) parts_show(&desk, &report, &desk.made.choice);
		match_allocate_rates(&desk, &report);
		r = report_end(&report, 0);
	}
	match_desk_close(&desk);
	if (r >= 0) return r;
	ctl_rollback(ctl);
	return ctl_fail(failed);
}

/* As match_desk_candidate, with the item, in a transaction of its own. */
static int candidate_read(struct match_desk *desk, const char *name, int32_t *ret_no, struct match_choice *ret)
{
	int r = ctl_begin(desk->ctl, &desk->hospital->id, false);

	if (r == 0) r = match_desk_item(desk);
	if (r == 0) r = match_desk_candidate(desk, name, ret_no, ret);
	return r == 0 ? ctl_commit(desk->ctl) : r;
}

static int accept_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	struct match_choice choice;
	int32_t no;
	int r = candidate_read(desk, act->words[0], &no, &choice);

	if (r == 0 && !choice.sound)
		r = err_set(ERR_INVALID,
			"this candidate can't be posted as it is: a rate is missing, the advice does not balance, or "
			"something is left over; correct that, or allocate by hand");
	return r == 0 ? match_desk_post(desk, &choice, act->why, ret_id) : r;
}

static int match_accept(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, 2, true, accept_run, "not accepted");
}

/* What all functions of schema/056_match_decide.sql and 064_match_person.sql refuse that a person calls. */
static int refusal_check(const struct ctl *ctl, int64_t outcome)
{
	if (outcome == -6)
		return err_set(ERR_AGAIN, "%s",
			say(ctl, "it is held: money suspense release lets it go",
				"该款项已冻结:请先用 money suspense release 解除"));
	if (outcome == -7)
		return err_set(ERR_LIMIT, "%s",
			say(ctl, "there are as many as may be: 50 notes on one item, 1000 parts of one line",
				"已达上限:每项最多 50 条备注,每笔流水最多拆分 1000 笔"));
	return 0;
}

static int done_check(struct match_desk *desk, struct pg_result *rows, int r, const char *otherwise)
{
	int64_t outcome = r == 0 ? db_rows_int(rows, 0, 0) : 0;

	db_sync_rows_free(rows);
	if (r == 0) r = refusal_check(desk->ctl, outcome);
	if (r == 0 && outcome < 1) r = err_set(ERR_NOTFOUND, "%s", otherwise);
	if (r == 0) match_desk_wake(desk->ctl);
	return r;
}

static int reject_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	struct pg_result *rows = NULL;
	struct match_choice choice;
	uint8_t print[MATCH_PRINT_BYTES];
	int32_t no;
	int r = candidate_read(desk, act->words[0], &no, &choice);

	(void)ret_id;
	if (r != 0) return r;
	match_choice_print(&choice, print);
	r = ctl_query(desk->ctl, &rows, "SELECT match_reject($1, $2, $3, $4, encode($5, 'hex'), $6, $7)::int8",
		"uunsytt", &desk->hospital->id, &desk->line, (int)desk->part, (int)no,
		(struct bytes){print, sizeof(print)}, desk->ctl->who, act->why);
	return done_check(desk, rows, r, "it has no such candidate: money match show tells them");
}

static int match_reject(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, 2, true, reject_run, "not rejected");
}

static int note_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	struct pg_result *rows = NULL;
	struct uuid id = uuid_new();
	struct bytes sealed;
	size_t len = strlen(act->words[0]);
	int r;

	(void)ret_id;
	if (len == 0 || len > NOTE_BYTES_MAX) return ctl_usage("a note has 1 to %d bytes", NOTE_BYTES_MAX);
	r = match_desk_seal(desk, &desk->line, (struct bytes){(const uint8_t *)act->words[0], len}, &sealed);
	if (r == 0)
		r = ctl_query(desk->ctl, &rows, "SELECT match_note_add($1, $2, $3, $4, $5, $6)::int8", "uuunyt",
			&desk->hospital->id, &id, &desk->line, (int)desk->part, sealed, desk->ctl->who);
	return done_check(desk, rows, r, "this money does not wait");
}

static int match_note(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, 2, false, note_run, "not noted");
}

static int split_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	struct db_params params;
	struct db_array *amounts;
	struct pg_result *rows = NULL;
	int64_t outcome = 0;
	int r = ctl_begin(desk->ctl, &desk->hospital->id, true);

	(void)ret_id;
	if (r == 0) r = match_desk_item(desk);
	if (r < 0) return r;
	db_params_init(&params, &desk->arena);
	db_params_uuid(&params, &desk->hospital->id);
	db_params_uuid(&params, &desk->line);
	db_params_int4(&params, desk->part);
	amounts = db_params_array(&params, DB_INT8, (size_t)act->count, 0);
	for (int i = 0; r == 0 && i < act->count; i++) {
		int64_t minor = 0;

		r = match_desk_amount(desk, act->words[i], &minor);
		db_array_int8(amounts, minor);
	}
	db_params_text(&params, desk->ctl->who);
	db_params_text(&params, act->why);
	if (r == 0)
		r = db_sync_query(desk->ctl->db, "SELECT match_split($1, $2, $3, $4, $5, $6)::int8", &params, &rows);
	if (r == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0) r = refusal_check(desk->ctl, outcome);
	if (r == 0 && outcome == 0) r = err_set(ERR_NOTFOUND, "this money does not wait");
	if (r == 0 && outcome < 0)
		r = err_set(ERR_INVALID, "the parts come to all of it or more: what is left stays as it is");
	if (r == 0) r = ctl_commit(desk->ctl);
	if (r == 0) match_desk_wake(desk->ctl);
	return r;
}

static int match_split(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, CTL_WORDS_MAX - 1, true, split_run, "not split");
}

/* ---- by hand ---- */

static int allocate_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	int r = match_allocate_read(desk, act->words, act->count, act->rest, &desk->made);

	return r == 0 ? match_desk_post(desk, &desk->made.choice, act->why, ret_id) : r;
}

static int match_allocate(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, CTL_WORDS_MAX - 1, true, allocate_run, "not allocated");
}

static int advice_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	int r = match_allocate_advice(desk, act->words, act->count, act->rest, &desk->made);

	return r == 0 ? match_desk_post(desk, &desk->made.choice, act->why, ret_id) : r;
}

static int match_advice(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 2, CTL_WORDS_MAX - 1, true, advice_run, "not allocated");
}

/* ---- undo, hold ---- */

static int match_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {"allocation's id: money match show tells them", .min = 1, .max = 1};
	struct ctl_opening act;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid made = uuid_new();
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	int64_t outcome = 0;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	r = unseal_words_hex(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT match_undo($1, $2, $3, $4, $5)::int8", "uuutt", &act.hospital->id,
			&act.id, &made, ctl->who, sealed);
	if (r == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0) r = refusal_check(ctl, outcome);
	if (r == 0 && outcome == 0) r = err_set(ERR_NOTFOUND, "there is no such allocation, or it was undone before");
	if (r == 0 && outcome < 0)
		r = err_set(ERR_AGAIN, "what came too much in another currency was paid back since: undo that first");
	if (r < 0) return ctl_fail("not undone");
	match_desk_wake(ctl);
	report_begin(&report, ctl);
	report_field(&report, "undoes", "undoes", cell_uuid(&act.id));
	report_field(&report, "allocation", "allocation", cell_uuid(&made));
	return report_end(&report, 0);
}

static int hold(struct match_desk *desk, const struct act *act, int state)
{
	struct pg_result *rows = NULL;
	const char *words = NULL;
	int r = unseal_words_known(desk->ctl, &desk->hospital->id, &desk->line, act->said, &desk->arena, &words);

	if (r == 0)
		r = ctl_query(desk->ctl, &rows, "SELECT suspense_hold($1, $2, $3, $4, $5)::int4::int8", "uustt",
			&desk->hospital->id, &desk->line, state, desk->ctl->who, words);

	return done_check(desk, rows, r, "this line is not in suspense");
}

static int hold_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	(void)ret_id;
	return hold(desk, act, 1);
}

static int stranger_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	(void)ret_id;
	return hold(desk, act, 2);
}

static int release_run(struct match_desk *desk, const struct act *act, struct uuid *ret_id)
{
	(void)ret_id;
	return hold(desk, act, 0);
}

static int suspense_hold(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 1, 1, true, hold_run, "not held");
}

static int suspense_stranger(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 1, 1, true, stranger_run, "not held");
}

static int suspense_release(struct ctl *ctl, int argc, char **argv)
{
	return act_run(ctl, argc, argv, 1, 1, true, release_run, "not released");
}

const struct ctl_command money_match_commands[] = {
	{"money match list", "[--hospital CODE]", "money that matching left to persons, and why", CTL_CONFIG | CTL_DB,
		match_list},
	{"money match show", "LINE [--hospital CODE]", "what it may be for, with reasons; what was done with it",
		CTL_CONFIG | CTL_DB, match_show},
	{"money match accept", "LINE CANDIDATE --why TEXT [--hospital CODE]", "posts a candidate", CTL_CONFIG | CTL_DB,
		match_accept},
	{"money match reject", "LINE CANDIDATE --why TEXT [--hospital CODE]", "a candidate is not offered again",
		CTL_CONFIG | CTL_DB, match_reject},
	{"money match allocate", "LINE REF=AMOUNT[,KIND[=AMOUNT]]... --why TEXT [--rest KIND] [--hospital CODE]",
		"says by hand which claims it is for", CTL_CONFIG | CTL_DB, match_allocate},
	{"money match advice", "LINE ADVICE [NO[=REF[,back]]]... --why TEXT [--rest KIND] [--hospital CODE]",
		"says by hand which details of an advice it is", CTL_CONFIG | CTL_DB, match_advice},
	{"money match split", "LINE AMOUNT... --why TEXT [--hospital CODE]", "makes several of it", CTL_CONFIG | CTL_DB,
		match_split},
	{"money match note", "LINE TEXT [--hospital CODE]", "adds what a letter or a call told: matching reads it",
		CTL_CONFIG | CTL_DB, match_note},
	{"money match undo", "ALLOCATION --why TEXT [--hospital CODE]", "takes an allocation back by a counter-entry",
		CTL_CONFIG | CTL_DB, match_undo},
	{"money suspense hold", "LINE --why TEXT [--hospital CODE]", "compliance holds it", CTL_CONFIG | CTL_DB,
		suspense_hold},
	{"money suspense stranger", "LINE --why TEXT [--hospital CODE]", "its payer is not the expected one",
		CTL_CONFIG | CTL_DB, suspense_stranger},
	{"money suspense release", "LINE --why TEXT [--hospital CODE]", "lets it go again", CTL_CONFIG | CTL_DB,
		suspense_release},
	{NULL, NULL, NULL, 0, NULL},
};
