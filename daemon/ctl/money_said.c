/* zhifuctl money said: what people wrote when they demanded, gave up or conceded what is owed for a claim, or of what
 * they did with money: the view said (schema/069_said.sql). It is sealed, for a patient or an illness may be named in
 * it, and no list tells it. */
#include <string.h>

#include "ctl/claim.h"
#include "ctl/money_list.h"
#include "ctl/money_owed.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/directory.h"

enum { S_AT, S_WHAT, S_WHO, S_ID, S_WHY };

/* What the words are about: a claim, or whatever else has this id. */
struct subject {
	struct uuid hospital; /* nil: the house */
	const struct zone *zone;
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
		{"suspense.stranger", "not the expected payer", "非预期付款人"}, {"suspense.release", "let go", "解冻"},
		{"claim.hold", "held", "暂停发送"}, {"claim.release", "let go", "恢复发送"},
		{"claim.drop", "not sent", "决定不发送"}, {"claim.resend", "sent again", "重新发送"},
		{"claim.route_found", "routed", "指定保险公司"}, {"claim.prove_present", "arrived", "确认已送达"},
		{"claim.prove_absent", "had not arrived", "撤回送达登记"}, {"work.hold", "work held", "暂停任务"},
		{"work.release", "work let go", "恢复任务"}, {"message.replay", "sent or read again", "重发或重读"},
		{"message.reveal", "content shown", "查看内容"}, {"message.drop", "done away with", "撤下"},
		{"fact.drop", "done away with", "撤下"}, {"work.assign", "assigned", "指定经办"},
		{"remittance", "remittance advice", "付款通知"}, {"remittance.refuse", "refused", "拒绝"},
		{"remittance.withdraw", "withdrawn", "撤回"}};

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
			opens = unseal_words(ctl, &subject->hospital, &id, db_rows_bytes(rows, row, S_WHY), &arena,
					&words) == 0;
		if (!opens) shut++;
		table_add(&table, cell_time(subject->zone, db_rows_time_ms(rows, row, S_AT)));
		table_add(&table, cell_what(ctl, db_rows_text(rows, row, S_WHAT)));
		table_add(&table, cell_text(db_rows_text(rows, row, S_WHO)));
		table_add(&table, opens ? cell_text(words) : cell_word(say(ctl, "does not open", "无法解密"), ""));
		table_add(&table, opens ? cell_none() : cell_text(err_text()));
	}
	table_end(&table, &report, "said", "nothing was written of it", "没有说明");
	(void)report_end(&report, 0);
	return shut == 0 ? 0 : ctl_fail(say(ctl, "not all that was written is shown", "部分说明未能显示"));
}

static int said_read(struct ctl *ctl, const struct subject *subject, struct pg_result **ret_rows)
{
	return ctl_query(ctl, ret_rows,
		"SELECT s.at, s.what, s.who, s.sealed_for, s.words FROM said s"
		" WHERE s.hospital_id = $1 AND s.about = $2 ORDER BY s.at",
		"uu", &subject->hospital, &subject->id);
}

/* Whose it is, where that is not said: the first that has words of it, also the house; else the only one. */
static int subject_look(struct ctl *ctl, struct subject *subject)
{
	const struct hospital *hospital;
	uint32_t index = 0;
	bool found = false;
	int r = 0;

	do {
		struct pg_result *rows = NULL;

		hospital = ctl_hospital_next(ctl, NULL, &index);
		subject->hospital = hospital != NULL ? hospital->id : (struct uuid){{0}};
		subject->zone = hospital != NULL ? hospital->zone : NULL;
		r = ctl_begin(ctl, &subject->hospital, false);
		if (r == 0) r = said_read(ctl, subject, &rows);
		if (r == 0) r = ctl_commit(ctl);
		found = r == 0 && db_rows_count(rows) > 0;
		db_sync_rows_free(rows);
	} while (r == 0 && !found && hospital != NULL);
	if (r < 0 || found) return r;
	hospital = ctl_hospital(ctl, NULL);
	if (hospital == NULL) return 2;
	subject->hospital = hospital->id;
	subject->zone = hospital->zone;
	return 0;
}

/* Of a claim, or of a group plan's share of it (REF:CODE). One of which nothing is owed yet has words, too. */
static int subject_claim(struct ctl *ctl, const char *name, struct subject *subject)
{
	struct claim_row claim = {0};
	struct owed owed = {.hospital = NULL};
	int r = owed_read(ctl, name, &owed);

	subject->claim = true;
	subject->id = owed.claim;
	if (r == ERR_NOTFOUND && strchr(name, ':') == NULL) {
		r = ctl_begin(ctl, &owed.hospital->id, false);
		if (r == 0) r = claim_find(ctl, owed.hospital, name, &claim);
		if (r == 0) r = ctl_commit(ctl);
		subject->id = claim.id;
	}
	if (r != 0) return r;
	subject->hospital = owed.hospital->id;
	subject->zone = owed.hospital->zone;
	return 0;
}

/* Returns 0, 2 after it has said what is wrong, or a negative error. */
static int subject_read(struct ctl *ctl, const char *name, const char *code, struct subject *ret)
{
	const struct hospital *hospital;

	*ret = (struct subject){.zone = NULL};
	if (uuid_parse(name, &ret->id) < 0) return subject_claim(ctl, name, ret);
	if (code == NULL) return subject_look(ctl, ret);
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	ret->hospital = hospital->id;
	ret->zone = hospital->zone;
	return 0;
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
	if (r == 0) r = ctl_begin(ctl, &subject.hospital, true);
	if (r == 0) /* who looks is on record before anything is shown */
		r = ctl_query(ctl, NULL, "SELECT operator_note($1, $2, $3, $4, NULL)", "uttt", &subject.hospital,
			ctl->who, subject.claim ? "claim.said" : "money.said", words[0]);
	if (r == 0) r = said_read(ctl, &subject, &rows);
	if (r == 0) r = ctl_commit(ctl);
	if (r == 0) r = said_show(ctl, &subject, rows);
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail("not shown") : r;
}

const struct ctl_command money_said_commands[] = {
	{"money said", "REF|ID [--hospital CODE]",
		"what people wrote of what they did with a claim, a message, money or whatever else has this id",
		CTL_CONFIG | CTL_DB, money_said},
	{NULL, NULL, NULL, 0, NULL},
};
