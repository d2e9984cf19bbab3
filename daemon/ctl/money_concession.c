/* zhifuctl money takeback accept, money concession: what the hospital accepts that payers took back, and what it gave
 * up of its claims because nobody owed it. */
#include <string.h>

#include "ctl/claim.h"
#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/money.h"
#include "model/directory.h"

/* ---- one take-back ---- */

static int accept_ask(struct ctl *ctl, const struct owed *owed, bool all, const struct uuid *id, const char *why,
	struct conceded *ret_made)
{
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct pg_result *rows = NULL;
	int r;

	arena_init(&arena, WORDS_ARENA_BYTES);
	r = unseal_words_hex(ctl, &owed->hospital->id, &owed->claim, why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT outcome, coalesce(amount, 0), coalesce(most, 0), coalesce(value, 0), coalesce(left_value, 0), coalesce(carried, 0)"
			" FROM take_back_accept($1, $2, $3, CASE WHEN NOT $7 THEN $4::int8 END, $5, $6)",
			"uuuittb", &owed->hospital->id, id, &owed->claim, owed->open.minor, ctl->who, sealed, (int)all);
	if (r == 0) *ret_made = conceded_of(rows);
	db_sync_rows_free(rows);
	return r == 0 && ret_made->outcome != 1 ? conceded_fault(owed, ret_made) : r;
}

static int takeback_accept(struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct ctl_option options[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct uuid id = uuid_new();
	struct conceded made = {0};
	struct report report;
	struct owed owed;
	const char *home;
	int r = ctl_arguments(argc, argv, options, 1, 2, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r == 0) r = owed_amount(words[1], &owed);
	if (r > 0) return r;
	if (r == 0) r = accept_ask(ctl, &owed, words[1] == NULL, &id, why, &made);
	if (r < 0) return ctl_fail("not accepted");
	home = owed.hospital->book_currency;
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(words[0]));
	report_field(&report, "amount", say(ctl, "accepted", "接受追回"),
		cell_money(made.amount, owed.open.currency, owed.open.exponent));
	report_field(&report, "revenue", say(ctl, "revenue reversed", "冲减收入"),
		cell_money(made.value, home, currency_exponent(home)));
	report_field(&report, "fx", say(ctl, "exchange gain", "汇兑收益"),
		cell_money(made.value - made.carried, home, currency_exponent(home)));
	report_field(&report, "concession", say(ctl, "concession", "让步编号"), cell_uuid(&id));
	return report_end(&report, 0);
}

/* ---- what was conceded ---- */

enum {
	C_REF,
	C_CARRIER,
	C_KIND,
	C_AMOUNT,
	C_CURRENCY,
	C_EXPONENT,
	C_TAKEN,
	C_VALUE,
	C_FX,
	C_DAY,
	C_WHO,
	C_UNDONE,
	C_ID
};

static int concessions_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, r.carrier, c.kind, c.amount_minor, c.currency, c.exponent, c.taken_minor, c.value_minor,"
		" c.value_minor - c.book_minor, (c.made_at AT TIME ZONE h.zone)::date, c.who, u.undoes IS NOT NULL, c.concession_id"
		" FROM concession c JOIN hospital h USING (hospital_id) JOIN receivable r USING (hospital_id, claim_id)"
		" JOIN claim_state s ON s.hospital_id = c.hospital_id AND s.claim_id = coalesce(r.of_claim, c.claim_id)"
		" LEFT JOIN concession u ON u.hospital_id = c.hospital_id AND u.undoes = c.concession_id"
		" WHERE c.hospital_id = $1 AND c.undoes IS NULL AND ($2 OR u.undoes IS NULL) ORDER BY c.made_at, c.concession_id",
		"ub", &hospital->id, (int)filter->all);
}

static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
	{"claim", "claim", "理赔单", false}, {"carrier", "carrier", "承保人", false}, {"what", "what", "方式", false},
	{"amount", "amount", "金额", true}, {"taken", "taken back", "其中追回", true},
	{"value", "billed at", "开单金额", true}, {"fx", "exchange gain", "汇兑收益", true},
	{"day", "day", "日期", false}, {"who", "who", "经办", false}, {"undone", "undone", "已撤销", false},
	{"concession", "concession", "让步编号", false}};

static void concession_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, C_CURRENCY);
	const char *home = hospital->book_currency;
	int exponent = (int)db_rows_int(rows, row, C_EXPONENT);
	struct uuid id = db_rows_uuid(rows, row, C_ID);
	bool undone = db_rows_bool(rows, row, C_UNDONE);

	table_add(table, cell_text(db_rows_text(rows, row, C_REF)));
	table_add(table, cell_text(db_rows_text(rows, row, C_CARRIER)));
	table_add(table, db_rows_int(rows, row, C_KIND) == 1
				 ? cell_word(say(ctl, "revenue reversed", "冲减收入"), "revenue")
				 : cell_word(say(ctl, "the patient's", "患者承担"), "patient"));
	table_add(table, cell_money(db_rows_int(rows, row, C_AMOUNT), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, C_TAKEN), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, C_VALUE), home, currency_exponent(home)));
	table_add(table, cell_money(db_rows_int(rows, row, C_FX), home, currency_exponent(home)));
	table_add(table, cell_day(db_rows_date(rows, row, C_DAY)));
	table_add(table, cell_text(db_rows_text(rows, row, C_WHO)));
	table_add(table, cell_bool(undone));
	table_add(table, cell_uuid(&id));
	if (!undone) money_sum_add(sums, 1, db_rows_int(rows, row, C_AMOUNT), currency, exponent);
}

static int concession_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "concessions",
		.empty = "nothing was conceded",
		.empty_zh = "没有让步记录",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = concessions_open,
		.row = concession_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--all", NULL, &filter.all}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

static int concession_undo(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_opens opens = {"concession's id: money concession list shows them", .min = 1, .max = 1};
	struct ctl_opening act;
	struct arena arena CLEANUP(arena_free);
	const char *sealed = NULL;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid made = uuid_new();
	int64_t outcome = 0;
	int r = ctl_opening(ctl, argc, argv, &opens, &act);

	arena_init(&arena, WORDS_ARENA_BYTES);
	if (r != 0) return r;
	r = unseal_words_hex(ctl, &act.hospital->id, &act.id, act.why, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT concession_undo($1, $2, $3, $4, $5)::int8", "uuutt",
			&act.hospital->id, &act.id, &made, ctl->who, sealed);
	if (r == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0 && outcome == 0) r = err_set(ERR_NOTFOUND, "there is no such concession, or it was undone before");
	if (r == 0 && outcome < 0)
		r = err_set(ERR_INVALID,
			"it was put back since: the claim was paid after all, was decided lower, or its take-back was undone");
	if (r < 0) return ctl_fail("not undone");
	report_begin(&report, ctl);
	report_field(&report, "undoes", "undoes", cell_uuid(&act.id));
	report_field(&report, "concession", "concession", cell_uuid(&made));
	return report_end(&report, 0);
}

const struct ctl_command money_concession_commands[] = {
	{"money takeback accept", "REF[:PLAN] [AMOUNT] --why TEXT",
		"what a payer took back was not owed: the revenue is reversed at its original value",
		CTL_CONFIG | CTL_DB, takeback_accept},
	{"money concession list", "[--hospital CODE] [--all]",
		"take-backs that were accepted, and what was lost in disputes", CTL_CONFIG | CTL_DB, concession_list},
	{"money concession undo", "CONCESSION [--hospital CODE] --why TEXT", "it is owed again after all",
		CTL_CONFIG | CTL_DB, concession_undo},
	{NULL, NULL, NULL, 0, NULL},
};
