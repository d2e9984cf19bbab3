/* zhifuctl money dispute: what the hospital does not agree with, a short payment, a take-back or a denial: from the day
 * on which somebody says so, over its appeals, to how it ended. */
#include <string.h>

#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/money.h"
#include "model/directory.h"

#define DISPUTE_BYTES (1u << 20)
#define WORDS_BYTES_MAX 2000

/* ---- what is done about one ---- */

/* One thing that a person does about the dispute of a claim. */
struct deed {
	const char *name; /* its last word */
	/* Its statement; with $1 hospital, $2 claim, $3 reason, $4 words, $5 who, $6 a new id, $7 and $8 days, $9 a
	 * word. Says an outcome. */
	const char *sql;
	bool needs_reason;
	const char *faults[3]; /* of 0, -1, -2 */
};

struct said {
	const char *reason, *words, *first, *second, *third; /* options */
	int32_t day, due;
	const char *word;
};

/* 0, 2 after it has said what is wrong, or a negative error. */
static int words_seal(
	struct ctl *ctl, const struct owed *owed, const char *words, struct arena *arena, struct bytes *ret)
{
	if (words != NULL && (*words == '\0' || strlen(words) > WORDS_BYTES_MAX))
		return ctl_usage("words have 1 to %d bytes", WORDS_BYTES_MAX);
	return unseal_words_seal(ctl, &owed->hospital->id, &owed->claim, words, arena, ret);
}

static int deed_ask(struct ctl *ctl, const struct deed *deed, const struct owed *owed, const struct said *said)
{
	struct arena arena CLEANUP(arena_free);
	char day[16], due[16];
	struct pg_result *rows = NULL;
	struct uuid id = uuid_new();
	struct bytes sealed = {NULL, 0};
	int64_t outcome = 1;
	int r;

	arena_init(&arena, DISPUTE_BYTES);
	r = words_seal(ctl, owed, said->words, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows, deed->sql, "uutytuttt", &owed->hospital->id, &owed->claim, said->reason,
			sealed, ctl->who, &id, money_day_text(said->day, day), money_day_text(said->due, due),
			said->word);
	if (r == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return r == 0 && outcome < 1 ? err_set(ERR_INVALID, "%s", deed->faults[-outcome]) : r;
}

static int deed_run(struct ctl *ctl, const struct deed *deed, const char *ref, const struct said *said)
{
	struct report report;
	struct owed owed;
	int r = 0;

	if (deed->needs_reason && said->reason == NULL)
		return ctl_usage("say why with --reason CODE: the insurer's code, or one of the house");
	r = ctl_known(ctl);
	if (r == 0) r = owed_read(ctl, ref, &owed);
	if (r == 0) r = deed_ask(ctl, deed, &owed, said);
	if (r > 0) return r;
	if (r < 0) return ctl_fail("nothing was done");
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(ref));
	report_field(&report, "dispute", say(ctl, "dispute", "争议"), cell_text(deed->name));
	return report_end(&report, 0);
}

#define OPTIONS_OF(said)                                                                                               \
	{"--reason", &(said).reason, NULL},                                                                            \
	{                                                                                                              \
		"--words", &(said).words, NULL                                                                         \
	}

static int dispute_open(struct ctl *ctl, int argc, char **argv)
{
	static const struct deed deed = {"open",
		"SELECT dispute_open($1, $6, $2, $3, $4, $9, $5)::int8 WHERE $7::text IS NULL AND $8::text IS NULL",
		true,
		{"nothing of it is open", "it is in dispute already",
			"nothing of it was paid, taken back or denied: there is nothing to dispute yet"}};
	struct said said = {.day = INT32_MIN, .due = INT32_MIN};
	const struct ctl_option options[] = {OPTIONS_OF(said), {"--owner", &said.word, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	return r != 0 ? r : deed_run(ctl, &deed, words[0], &said);
}

static int dispute_appeal(struct ctl *ctl, int argc, char **argv)
{
	static const struct deed deed = {"appeal",
		"SELECT dispute_appeal($1, $2, $7::text::date, $8::text::date, $3, $4, $5)::int8 WHERE $9::text IS NULL AND $6::uuid IS NOT NULL",
		false,
		{"it is not in dispute: money dispute open says that it is",
			"an appeal goes out between the bill and today, and is answered after that", NULL}};
	struct said said = {.day = INT32_MIN, .due = INT32_MIN};
	const struct ctl_option options[] = {
		OPTIONS_OF(said), {"--sent", &said.first, NULL}, {"--due", &said.second, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_day("--sent", said.first, INT32_MIN, &said.day);
	if (r == 0) r = ctl_day("--due", said.second, INT32_MIN, &said.due);
	return r != 0 ? r : deed_run(ctl, &deed, words[0], &said);
}

static int dispute_won(struct ctl *ctl, int argc, char **argv)
{
	static const struct deed deed = {"won",
		"SELECT dispute_end($1, $2, 2::int2, array_position(ARRAY['paid', 'decision'], $9::text)::int2, $3, $4, $5)::int8"
		" WHERE $6::uuid IS NOT NULL AND $7::text IS NULL AND $8::text IS NULL",
		false,
		{"it is not in dispute", "no money has come for it since it is in dispute: match that first", NULL}};
	struct said said = {.day = INT32_MIN, .due = INT32_MIN};
	const struct ctl_option options[] = {OPTIONS_OF(said), {"--by", &said.word, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (said.word == NULL || (strcmp(said.word, "paid") != 0 && strcmp(said.word, "decision") != 0))
		return ctl_usage("say how it was won: --by paid, or --by decision");
	return deed_run(ctl, &deed, words[0], &said);
}

static int dispute_withdraw(struct ctl *ctl, int argc, char **argv)
{
	static const struct deed deed = {"withdrawn",
		"SELECT dispute_end($1, $2, 4::int2, NULL, $3, $4, $5)::int8"
		" WHERE $6::uuid IS NOT NULL AND $7::text IS NULL AND $8::text IS NULL AND $9::text IS NULL",
		false, {"it is not in dispute", NULL, NULL}};
	struct said said = {.day = INT32_MIN, .due = INT32_MIN};
	const struct ctl_option options[] = {OPTIONS_OF(said), {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	return r != 0 ? r : deed_run(ctl, &deed, words[0], &said);
}

/* ---- lost ---- */

static const char *const losses[] = {"writeoff", "patient", "revenue"}; /* outcomes 3 to 5 of a dispute */

static int lost_ask(struct ctl *ctl, const struct owed *owed, const struct said *said, bool all, int outcome,
	struct conceded *ret_made)
{
	struct arena arena CLEANUP(arena_free);
	const struct write_off_role *role = hospital_write_off_role(owed->hospital, ctl->who);
	struct pg_result *rows = NULL;
	struct uuid id = uuid_new();
	struct bytes sealed = {NULL, 0};
	int r;

	arena_init(&arena, DISPUTE_BYTES);
	if (outcome != 4 && role == NULL)
		return err_set(ERR_DENIED, "\"%s\" has no role of write_off_roles in the hospital's file", ctl->who);
	r = words_seal(ctl, owed, said->words, &arena, &sealed);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT outcome, coalesce(amount, 0), coalesce(most, 0), coalesce(value, 0), coalesce(left_value, 0), 0::int8"
			" FROM dispute_lose($1, $2, $3, $4, CASE WHEN NOT $6 THEN $5::int8 END, $7, $8, $9, $10, $11, $12)",
			"uuusibtistyt", &owed->hospital->id, &id, &owed->claim, outcome, owed->open.minor, (int)all,
			role == NULL ? NULL : role->role, role == NULL ? (int64_t)0 : role->limit.minor,
			currency_exponent(owed->hospital->book_currency), said->reason, sealed, ctl->who);
	if (r == 0) *ret_made = conceded_of(rows);
	db_sync_rows_free(rows);
	if (r != 0 || ret_made->outcome == 1) return r;
	if (ret_made->outcome == 0) return err_set(ERR_INVALID, "it is not in dispute");
	if (ret_made->outcome == -6)
		return err_set(
			ERR_DENIED, "this is above the limit of the role \"%s\"", role == NULL ? "" : role->role);
	return conceded_fault(owed, ret_made);
}

static int dispute_lost(struct ctl *ctl, int argc, char **argv)
{
	struct said said = {.day = INT32_MIN, .due = INT32_MIN};
	const struct ctl_option options[] = {OPTIONS_OF(said), {"--as", &said.word, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct conceded made = {0};
	struct report report;
	struct owed owed;
	size_t loss = 0;
	int r = ctl_arguments(argc, argv, options, 1, 2, words);

	if (r != 0) return r;
	while (said.word != NULL && loss < ARRAY_LEN(losses) && strcmp(losses[loss], said.word) != 0) loss++;
	if (said.word == NULL || loss == ARRAY_LEN(losses))
		return ctl_usage("say what becomes of it: --as writeoff, --as patient, or --as revenue");
	r = strcmp(losses[loss], "patient") == 0 ? ctl_known(ctl) : ctl_himself(ctl);
	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r == 0) r = owed_amount(words[1], &owed);
	if (r == 0) r = lost_ask(ctl, &owed, &said, words[1] == NULL, (int)loss + 3, &made);
	if (r > 0) return r;
	if (r < 0) return ctl_fail("nothing was done");
	report_begin(&report, ctl);
	report_field(&report, "claim", say(ctl, "claim", "理赔单"), cell_text(words[0]));
	report_field(&report, "dispute", say(ctl, "dispute", "争议"), cell_text("lost"));
	report_field(&report, "amount", say(ctl, "given up", "放弃金额"),
		cell_money(made.amount, owed.open.currency, owed.open.exponent));
	report_field(&report, "value", say(ctl, "in the books", "账面"),
		cell_money(made.value, owed.hospital->book_currency, currency_exponent(owed.hospital->book_currency)));
	return report_end(&report, 0);
}

/* ---- shown ---- */

static struct cell cell_about(const struct ctl *ctl, int64_t about)
{
	return about == 1   ? cell_word(say(ctl, "short payment", "少付"), "short")
	       : about == 2 ? cell_word(say(ctl, "take-back", "追回"), "takeback")
			    : cell_word(say(ctl, "denial", "拒赔"), "denied");
}

static struct cell cell_dispute_state(const struct ctl *ctl, int64_t state)
{
	static const char *const keys[] = {"open", "won", "lost", "withdrawn"};
	static const char *const chinese[] = {"进行中", "胜诉", "败诉", "已撤回"};

	return cell_word(say(ctl, keys[state - 1], chinese[state - 1]), keys[state - 1]);
}

static struct cell cell_outcome(const struct ctl *ctl, const struct pg_result *rows, int row, int column)
{
	static const char *const keys[] = {"paid", "decision", "writeoff", "patient", "revenue"};
	static const char *const english[] = {
		"it is paid", "decided anew", "written off", "the patient's", "revenue reversed"};
	static const char *const chinese[] = {"已付款", "改判", "核销", "患者承担", "冲减收入"};
	int64_t n = db_rows_null(rows, row, column) ? 0 : db_rows_int(rows, row, column);

	return n == 0 ? cell_none() : cell_word(say(ctl, english[n - 1], chinese[n - 1]), keys[n - 1]);
}

enum {
	D_REF,
	D_CARRIER,
	D_ABOUT,
	D_REASON,
	D_AMOUNT,
	D_CURRENCY,
	D_EXPONENT,
	D_OPEN,
	D_SINCE,
	D_DUE,
	D_STATE,
	D_OUTCOME,
	D_WHO
};

static int disputes_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, r.carrier, d.about, d.reason, d.amount_minor, d.currency, d.exponent, r.open_minor,"
		" (d.opened_at AT TIME ZONE h.zone)::date, d.due_day, d.state, d.outcome, coalesce(d.decided_by, d.who)"
		" FROM dispute d JOIN hospital h USING (hospital_id) JOIN receivable r USING (hospital_id, claim_id)"
		" JOIN claim_state s ON s.hospital_id = d.hospital_id AND s.claim_id = coalesce(r.of_claim, d.claim_id)"
		" WHERE d.hospital_id = $1 AND ($2 OR d.state = 1) ORDER BY d.opened_at, d.dispute_id",
		"ub", &hospital->id, (int)filter->all);
}

static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
	{"claim", "claim", "理赔单", false}, {"carrier", "carrier", "承保人", false}, {"about", "about", "事由", false},
	{"reason", "reason", "原因代码", false}, {"amount", "amount", "争议金额", true}, {"open", "open", "未结", true},
	{"since", "since", "自", false}, {"due", "answer due", "答复期限", false}, {"state", "state", "状态", false},
	{"outcome", "outcome", "结果", false}, {"who", "who", "经办", false}};

static void dispute_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	const char *currency = db_rows_text(rows, row, D_CURRENCY);
	int exponent = (int)db_rows_int(rows, row, D_EXPONENT);

	(void)hospital;
	table_add(table, cell_text(db_rows_text(rows, row, D_REF)));
	table_add(table, cell_text(db_rows_text(rows, row, D_CARRIER)));
	table_add(table, cell_about(ctl, db_rows_int(rows, row, D_ABOUT)));
	table_add(table, cell_text(db_rows_text(rows, row, D_REASON)));
	table_add(table, cell_money(db_rows_int(rows, row, D_AMOUNT), currency, exponent));
	table_add(table, cell_money(db_rows_int(rows, row, D_OPEN), currency, exponent));
	table_add(table, cell_date(rows, row, D_SINCE));
	table_add(table, cell_date(rows, row, D_DUE));
	table_add(table, cell_dispute_state(ctl, db_rows_int(rows, row, D_STATE)));
	table_add(table, cell_outcome(ctl, rows, row, D_OUTCOME));
	table_add(table, cell_text(db_rows_text(rows, row, D_WHO)));
	money_sum_add(sums, 1, db_rows_int(rows, row, D_AMOUNT), currency, exponent);
}

static int dispute_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_list list = {.key = "disputes",
		.empty = "nothing is in dispute",
		.empty_zh = "没有争议",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = disputes_open,
		.row = dispute_row};
	struct money_filter filter = {.limit = 0};
	const struct ctl_option options[] = {
		{"--hospital", &filter.hospital, NULL}, {"--all", NULL, &filter.all}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	return r != 0 ? r : money_list_run(ctl, &list, &filter);
}

/* What was done about a claim's disputes, with the words that were said of it. */
static int steps_show(struct ctl *ctl, const struct owed *owed, const struct pg_result *rows)
{
	static const char *const keys[] = {"open", "appeal", "won", "lost", "withdrawn", "again"};
	static const char *const chinese[] = {"提出", "申诉", "胜诉", "败诉", "撤回", "恢复"};
	static const struct money_column titles[] = {{"day", "day", "日期", false}, {"step", "step", "步骤", false},
		{"reason", "reason", "原因代码", false}, {"who", "who", "经办", false},
		{"words", "words", "说明", false}};
	struct arena arena CLEANUP(arena_free);
	struct column shown[TABLE_COLUMNS_MAX];
	struct report report;
	struct table table;
	int r = 0;

	arena_init(&arena, DISPUTE_BYTES);
	report_begin(&report, ctl);
	money_table_begin(ctl, titles, ARRAY_LEN(titles), shown, &table);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		const char *said = NULL;
		int64_t step = db_rows_int(rows, row, 0);

		if (!db_rows_null(rows, row, 4))
			r = unseal_words(
				ctl, &owed->hospital->id, &owed->claim, db_rows_bytes(rows, row, 4), &arena, &said);
		table_add(&table, cell_date(rows, row, 1));
		table_add(&table, cell_word(say(ctl, keys[step - 1], chinese[step - 1]), keys[step - 1]));
		table_add(&table, cell_text(db_rows_text(rows, row, 2)));
		table_add(&table, cell_text(db_rows_text(rows, row, 3)));
		table_add(&table, cell_text(said));
	}
	table_end(&table, &report, "steps", NULL, NULL);
	return r < 0 ? ctl_fail("not shown") : report_end(&report, 0);
}

static int dispute_show(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct owed owed;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r == 0) r = ctl_begin(ctl, &owed.hospital->id, false);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT t.step, t.day, t.reason, t.who, t.content FROM dispute d JOIN dispute_step t USING (hospital_id, dispute_id)"
			" WHERE d.hospital_id = $1 AND d.claim_id = $2 ORDER BY t.at",
			"uu", &owed.hospital->id, &owed.claim);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "it was never in dispute");
	if (r == 0) r = steps_show(ctl, &owed, rows);
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail("not shown") : r;
}

#define SAID "[--reason CODE] [--words TEXT]"
#define CHANGES (CTL_CONFIG | CTL_DB)

const struct ctl_command money_dispute_commands[] = {
	{"money dispute open", "REF[:PLAN] --reason CODE [--words TEXT] [--owner NAME]",
		"the hospital does not agree: a short payment, a take-back, a denial", CHANGES, dispute_open},
	{"money dispute appeal", "REF[:PLAN] [--sent DAY] [--due DAY] " SAID, "an appeal went out", CHANGES,
		dispute_appeal},
	{"money dispute won", "REF[:PLAN] --by paid|decision " SAID, "it was paid, or is decided anew", CHANGES,
		dispute_won},
	{"money dispute lost", "REF[:PLAN] [AMOUNT] --as writeoff|patient|revenue " SAID,
		"it is given up: as a loss, to the patient, or as no revenue", CHANGES, dispute_lost},
	{"money dispute withdraw", "REF[:PLAN] " SAID, "the hospital does not dispute it any more", CHANGES,
		dispute_withdraw},
	{"money dispute list", "[--hospital CODE] [--all]", "disputes, and with --all how they ended", CHANGES,
		dispute_list},
	{"money dispute show", "REF[:PLAN]", "what was done about a claim's disputes", CHANGES, dispute_show},
	{NULL, NULL, NULL, 0, NULL},
};
