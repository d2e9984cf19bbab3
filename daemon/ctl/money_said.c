/* zhifuctl money said: what people wrote when they demanded, gave up or conceded what is owed for a claim, or of what
 * they did with money: the view said (schema/069_said.sql). It is sealed, for a patient or an illness may be named in
 * it, and no list tells it. */
#include <string.h>

#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"

enum { S_AT, S_WHAT, S_WHO, S_ID, S_WHY };

/* What the words are about: a claim, or whatever else has this id. */
struct subject {
	const struct hospital *hospital;
	struct uuid id;
	bool claim;
};

static struct cell cell_what(const struct ctl *ctl, const char *what)
{
	static const struct {
		const char *key, *english, *chinese;
	} acts[] = {{"demand", "demand", "催收"}, {"acknowledgement", "acknowledgement", "对方确认"},
		{"writeoff", "written off", "核销"}, {"concession", "conceded", "让步"}, {"undo", "undone", "撤销"},
		{"order", "order to the bank", "付款指令"}, {"cancel", "cancelled", "取消"},
		{"sale", "sale of currency", "结汇"}, {"allocation", "allocated", "核销"},
		{"match.reject", "rejected", "否决候选"}, {"match.split", "split", "拆分"},
		{"suspense.assign", "assigned", "指定经办"}, {"suspense.hold", "held", "冻结"},
		{"suspense.stranger", "not the expected payer", "非预期付款人"},
		{"suspense.release", "let go", "解冻"}};

	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		if (strcmp(acts[i].key, what) == 0)
			return cell_word(say(ctl, acts[i].english, acts[i].chinese), acts[i].key);
	return cell_text(what);
}

static int said_show(struct ctl *ctl, const struct subject *subject, const struct pg_result *rows)
{
	static const struct money_column titles[] = {{"at", "at", "时间", false}, {"what", "what", "事项", false},
		{"who", "who", "经办", false}, {"words", "words", "说明", false}, {"fault", NULL, NULL, false}};
	struct arena arena CLEANUP(arena_free);
	struct column shown[TABLE_COLUMNS_MAX];
	struct report report;
	struct table table;
	int shut = 0;

	arena_init(&arena, WORDS_ARENA_BYTES);
	report_begin(&report, ctl);
	money_table_begin(ctl, titles, ARRAY_LEN(titles), shown, &table);
	for (int row = 0; row < db_rows_count(rows); row++) {
		const struct uuid id = db_rows_uuid(rows, row, S_ID);
		const char *words = NULL;
		bool opens = true;

		if (!db_rows_null(rows, row, S_WHY))
			opens = unseal_words(ctl, &subject->hospital->id, &id, db_rows_bytes(rows, row, S_WHY), &arena,
					&words) == 0;
		if (!opens) shut++;
		table_add(&table, cell_time(subject->hospital->zone, db_rows_time_ms(rows, row, S_AT)));
		table_add(&table, cell_what(ctl, db_rows_text(rows, row, S_WHAT)));
		table_add(&table, cell_text(db_rows_text(rows, row, S_WHO)));
		table_add(&table, opens ? cell_text(words) : cell_word(say(ctl, "does not open", "无法解密"), ""));
		table_add(&table, opens ? cell_none() : cell_text(err_text()));
	}
	table_end(&table, &report, "said", "nothing was written of it", "没有说明");
	(void)report_end(&report, 0);
	return shut == 0 ? 0 : ctl_fail(say(ctl, "not all that was written is shown", "部分说明未能显示"));
}

/* Returns 0, 2 after it has said what is wrong, or a negative error. */
static int subject_read(struct ctl *ctl, const char *name, const char *code, struct subject *ret)
{
	struct owed owed;
	int r;

	if (uuid_parse(name, &ret->id) == 0) {
		ret->hospital = ctl_hospital(ctl, code);
		ret->claim = false;
		return ret->hospital == NULL ? 2 : 0;
	}
	r = owed_read(ctl, name, &owed);
	if (r == 0) *ret = (struct subject){owed.hospital, owed.claim, true};
	return r;
}

static int money_said(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	struct pg_result *rows = NULL;
	struct subject subject;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0) r = ctl_known(ctl);
	if (r == 0) r = subject_read(ctl, words[0], code, &subject);
	if (r == 0) r = ctl_begin(ctl, &subject.hospital->id, true);
	if (r == 0) /* who looks is on record before anything is shown */
		r = ctl_query(ctl, NULL, "SELECT operator_note($1, $2, $3, $4, NULL)", "uttt", &subject.hospital->id,
			ctl->who, subject.claim ? "claim.said" : "money.said", words[0]);
	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT s.at, s.what, s.who, s.sealed_for, s.words FROM said s"
			" WHERE s.hospital_id = $1 AND s.about = $2 ORDER BY s.at",
			"uu", &subject.hospital->id, &subject.id);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) r = said_show(ctl, &subject, rows);
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail("not shown") : r;
}

const struct ctl_command money_said_commands[] = {
	{"money said", "REF|ID [--hospital CODE]",
		"what people wrote of a claim's demands, write-offs and concessions, or of a line, an allocation, an order or a sale",
		CTL_CONFIG | CTL_DB, money_said},
	{NULL, NULL, NULL, 0, NULL},
};
