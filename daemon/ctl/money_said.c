/* zhifuctl money said: what people wrote when they demanded, gave up or conceded what is owed for a claim. It is
 * sealed, for a patient or an illness may be named in it, and no list tells it. */
#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"

enum { S_AT, S_WHAT, S_WHO, S_ID, S_WHY };

static struct cell cell_what(const struct ctl *ctl, int64_t what)
{
	static const char *const keys[] = {"demand", "acknowledgement", "writeoff", "concession", "undo"};
	static const char *const english[] = {"demand", "acknowledgement", "written off", "conceded", "undone"};
	static const char *const chinese[] = {"催收", "对方确认", "核销", "让步", "撤销"};

	return cell_word(say(ctl, english[what - 1], chinese[what - 1]), keys[what - 1]);
}

static int said_show(struct ctl *ctl, const struct owed *owed, const struct pg_result *rows)
{
	static const struct money_column titles[] = {{"at", "at", "时间", false}, {"what", "what", "事项", false},
		{"who", "who", "经办", false}, {"words", "words", "说明", false}};
	struct arena arena CLEANUP(arena_free);
	struct column shown[TABLE_COLUMNS_MAX];
	struct report report;
	struct table table;
	int r = 0;

	arena_init(&arena, WORDS_ARENA_BYTES);
	report_begin(&report, ctl);
	money_table_begin(ctl, titles, ARRAY_LEN(titles), shown, &table);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		const struct uuid id = db_rows_uuid(rows, row, S_ID);
		const char *words = NULL;

		if (!db_rows_null(rows, row, S_WHY))
			r = unseal_words(
				ctl, &owed->hospital->id, &id, db_rows_bytes(rows, row, S_WHY), &arena, &words);
		table_add(&table, cell_time(owed->hospital->zone, db_rows_time_ms(rows, row, S_AT)));
		table_add(&table, cell_what(ctl, db_rows_int(rows, row, S_WHAT)));
		table_add(&table, cell_text(db_rows_text(rows, row, S_WHO)));
		table_add(&table, cell_text(words));
	}
	table_end(&table, &report, "said", "nothing was demanded or given up", "没有催收、核销或让步");
	return r < 0 ? ctl_fail("not shown") : report_end(&report, 0);
}

static int money_said(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct owed owed;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r == 0) r = ctl_known(ctl);
	if (r == 0) r = owed_read(ctl, words[0], &owed);
	if (r == 0) r = ctl_begin(ctl, &owed.hospital->id, true);
	if (r == 0) /* who looks is on record before anything is shown */
		r = ctl_query(ctl, NULL, "SELECT operator_note($1, $2, 'claim.said', $3, NULL)", "utt",
			&owed.hospital->id, ctl->who, words[0]);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT d.made_at, d.kind::int8, d.who, d.claim_id, d.why FROM demand d"
			" WHERE d.hospital_id = $1 AND d.claim_id = $2"
			" UNION ALL SELECT w.made_at, 3, w.who, w.claim_id, w.why FROM write_off w"
			" WHERE w.hospital_id = $1 AND w.claim_id = $2"
			" UNION ALL SELECT d.undone_at, 5, d.undone_by, d.demand_id, d.undone_why FROM demand d"
			" WHERE d.hospital_id = $1 AND d.claim_id = $2 AND d.undone_at IS NOT NULL"
			" UNION ALL SELECT w.undone_at, 5, w.undone_by, w.write_off_id, w.undone_why FROM write_off w"
			" WHERE w.hospital_id = $1 AND w.claim_id = $2 AND w.undone_at IS NOT NULL"
			" UNION ALL SELECT c.made_at, CASE WHEN c.undoes IS NULL THEN 4 ELSE 5 END, c.who,"
			"  coalesce(c.undoes, c.claim_id), c.why FROM concession c WHERE c.hospital_id = $1 AND c.claim_id = $2"
			" ORDER BY 1",
			"uu", &owed.hospital->id, &owed.claim);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) r = said_show(ctl, &owed, rows);
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail("not shown") : r;
}

const struct ctl_command money_said_commands[] = {
	{"money said", "REF", "what people wrote of a claim's demands, write-offs and concessions", CTL_CONFIG | CTL_DB,
		money_said},
	{NULL, NULL, NULL, 0, NULL},
};
