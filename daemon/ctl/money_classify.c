/* zhifuctl money match kinds, classify, transfer: money in suspense that is for no claim. What it may be is in the
 * hospital's chart. */
#include <string.h>

#include "ctl/match_desk.h"
#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"
#include "model/chart.h"
#include "model/directory.h"

/* The hospital's; NULL after it has said what is wrong. */
static const struct chart *chart_of(const struct hospital *hospital)
{
	if (hospital->chart == NULL)
		(void)err_set(ERR_INVALID,
			"the file of hospital %s is missing or has mistakes: its chart of accounts is not known",
			hospital->code);
	return hospital->chart;
}

/* ---- kinds ---- */

static void patterns_add(struct table *table, const char *const *patterns, uint32_t count)
{
	char text[512] = "";

	for (uint32_t i = 0; i < count; i++) {
		size_t len = strlen(text);

		if (len + strlen(patterns[i]) + 3 < sizeof(text))
			(void)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? ", " : "", patterns[i]);
	}
	table_add(table, text[0] == '\0' ? cell_none() : cell_text(text));
}

static int match_kinds(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"kind", "kind"}, {"name", "what"}, {"account", "account"},
		{"way", "way"}, {"codes", "the bank's codes"}, {"texts", "its words"}};
	static const struct column chinese[] = {{"kind", "类别"}, {"name", "名称"}, {"account", "科目"},
		{"way", "方向"}, {"codes", "银行代码"}, {"texts", "摘要"}};
	static const char *const ways[][3] = {[CHART_IN] = {"in", "in", "收入"},
		[CHART_OUT] = {"out", "out", "支出"},
		[CHART_IN | CHART_OUT] = {"both", "both", "收支"}};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	const struct chart *chart;
	struct report report;
	struct table table;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	chart = chart_of(hospital);
	if (chart == NULL) return ctl_fail("no kinds");
	report_begin(&report, ctl);
	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (uint32_t i = 0; i < chart->line_kind_count; i++) {
		const struct chart_line_kind *kind = &chart->line_kinds[i];
		const char *const *way = ways[kind->ways];

		table_add(&table, cell_text(kind->kind));
		table_add(&table, cell_text(kind->name));
		table_add(&table, cell_text(kind->account));
		table_add(&table, cell_word(say(ctl, way[1], way[2]), way[0]));
		patterns_add(&table, kind->codes, kind->code_count);
		patterns_add(&table, kind->texts, kind->text_count);
	}
	table_end(&table, &report, "kinds", NULL, say(ctl, "the chart has no line_kinds", "科目表未设置 line_kinds"));
	return report_end(&report, 0);
}

/* ---- classify ---- */

/* What is told of both. */
static int done_show(struct match_desk *desk, const struct uuid *allocation, const struct uuid *other)
{
	char line[UUID_TEXT_LEN + 16];
	struct report report;

	uuid_format(&desk->line, line);
	if (desk->part != 0) (void)snprintf(line + strlen(line), 16, ":%d", (int)desk->part);
	report_begin(&report, desk->ctl);
	report_field(&report, "line", "line", cell_text(line));
	if (other != NULL) report_field(&report, "other", say(desk->ctl, "other line", "对方流水"), cell_uuid(other));
	report_field(&report, "allocation", "allocation", cell_uuid(allocation));
	return report_end(&report, 0);
}

static int kind_find(const struct match_desk *desk, const char *name, const struct chart_line_kind **ret)
{
	const struct chart *chart = chart_of(desk->hospital);
	const struct chart_line_kind *kind = chart != NULL ? chart_line_kind(chart, name) : NULL;

	if (chart == NULL) return ERR_INVALID;
	if (kind == NULL)
		return err_set(
			ERR_NOTFOUND, "the chart has no kind of line \"%s\": money match kinds tells them", name);
	if ((kind->ways & (desk->open < 0 ? CHART_OUT : CHART_IN)) == 0)
		return err_set(ERR_INVALID,
			desk->open < 0 ? "this money went out, and \"%s\" comes in"
				       : "this money came in, and \"%s\" goes out",
			name);
	*ret = kind;
	return 0;
}

static int classify_run(
	struct match_desk *desk, const char *name, const char *amount, const char *why, struct uuid *ret_id)
{
	struct match_choice choice = {.kind = MATCH_OWN, .sound = true, .part_count = 1};
	const struct chart_line_kind *kind = NULL;
	int r = ctl_begin(desk->ctl, &desk->hospital->id, false);

	if (r == 0) r = match_desk_item(desk);
	if (r == 0 && desk->open == 0) r = err_set(ERR_NOTFOUND, "nothing of this money waits");
	if (r == 0) r = kind_find(desk, name, &kind);
	choice.parts = zf_alloc_array(&desk->arena.zf, 1, sizeof(*choice.parts));
	if (r == 0 && choice.parts == NULL) r = ERR_NOMEM;
	if (r != 0 || kind == NULL) return r;
	choice.line_kind = kind->kind;
	choice.account = kind->account;
	choice.parts[0] = (struct match_allot){.kind = MATCH_PART_OWN, .amount = desk->open};
	if (amount != NULL) r = match_desk_amount(desk, amount, &choice.parts[0].amount);
	if (r == 0) r = ctl_commit(desk->ctl);
	return r == 0 ? match_desk_post(desk, &choice, why, ret_id) : r;
}

static int match_classify(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *why = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct match_desk desk;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 2, 3, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = match_desk_open(&desk, ctl, code, words[0]);
	if (r == 0) r = unseal_words_hex(ctl, &desk.hospital->id, &desk.line, why, &desk.arena, &why);
	if (r == 0) r = classify_run(&desk, words[1], words[2], why, &id);
	if (r == 0) r = done_show(&desk, &id, NULL);
	match_desk_close(&desk);
	if (r >= 0) return r;
	ctl_rollback(ctl);
	return ctl_fail("not classified");
}

/* ---- transfer ---- */

/* What match_transfer() of schema/065_classify.sql refuses. */
static int transfer_check(int64_t outcome)
{
	switch (outcome) {
	case 1:
		return 0;
	case -1:
		return err_set(ERR_AGAIN, "its value in the books is not known yet");
	case -3:
		return err_set(ERR_AGAIN, "one of the lines is held: money suspense release lets it go");
	case -4:
		return err_set(
			ERR_INVALID, "of a transfer one line goes out of one account, and one comes in on another");
	case -5:
		return err_set(ERR_INVALID,
			"the two do not come to the same: in one currency to the last unit, else within 3 per cent of what they are "
			"carried at; what a bank kept is classified first");
	case -6:
		return err_set(ERR_INVALID, "more than ten days lie between the two");
	case -7:
		return err_set(ERR_INVALID, "foreign money became the currency of the books: money sale books that");
	default:
		return err_set(ERR_AGAIN, "one of the lines has moved on, or does not wait: look again");
	}
}

/* The one line that fits, where none was named. */
static int other_find(struct match_desk *desk, struct uuid *ret_line, int32_t *ret_part)
{
	struct pg_result *rows = NULL;
	char id[UUID_TEXT_LEN];
	int r = ctl_query(desk->ctl, &rows, "SELECT line_id, part FROM match_transfer_pairs($1, $2, $3) WHERE fits = 1",
		"uun", &desk->hospital->id, &desk->line, (int)desk->part);
	int count = r == 0 ? db_rows_count(rows) : 0;

	if (count > 0) {
		*ret_line = db_rows_uuid(rows, 0, 0);
		*ret_part = (int32_t)db_rows_int(rows, 0, 1);
		uuid_format(ret_line, id);
	}
	db_sync_rows_free(rows);
	if (r == 0 && count == 0)
		r = err_set(ERR_NOTFOUND,
			"no line that waits on another account of the hospital fits: import its statement, or name it to hear why");
	if (r == 0 && count > 1) r = err_set(ERR_INVALID, "%d lines fit, the first is %s: say which", count, id);
	return r;
}

static int transfer_run(
	struct match_desk *desk, struct match_desk *other, bool named, const char *why, struct uuid *ret_id)
{
	struct pg_result *rows = NULL;
	struct uuid id = uuid_new();
	int64_t outcome = 0;
	int r = ctl_begin(desk->ctl, &desk->hospital->id, true);

	if (r == 0) r = match_desk_item(desk);
	if (r == 0 && !named) r = other_find(desk, &other->line, &other->part);
	if (r == 0)
		r = ctl_query(desk->ctl, &rows, "SELECT match_transfer($1, $2, $3, $4, $5, $6, $7, NULL, $8, $9)::int8",
			"uuunnuntt", &desk->hospital->id, &id, &desk->line, (int)desk->part, (int)desk->version,
			&other->line, (int)other->part, desk->ctl->who, why);
	if (r == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	if (r == 0) r = transfer_check(outcome);
	if (r == 0) r = ctl_commit(desk->ctl);
	if (r != 0) return r;
	match_desk_wake(desk->ctl);
	*ret_id = id;
	return 0;
}

static int match_transfer(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *why = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct match_desk desk, other;
	struct uuid id;
	int r = ctl_arguments(argc, argv, options, 1, 2, words);

	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	r = match_desk_open(&desk, ctl, code, words[0]);
	if (r == 0) {
		r = match_desk_open(&other, ctl, code, words[1] != NULL ? words[1] : words[0]);
		if (r == 0) r = unseal_words_hex(ctl, &desk.hospital->id, &desk.line, why, &desk.arena, &why);
		if (r == 0) r = transfer_run(&desk, &other, words[1] != NULL, why, &id);
		if (r == 0) r = done_show(&desk, &id, &other.line);
		match_desk_close(&other);
	}
	match_desk_close(&desk);
	if (r >= 0) return r;
	ctl_rollback(ctl);
	return ctl_fail("not transferred");
}

const struct ctl_command money_classify_commands[] = {
	{"money match kinds", "[--hospital CODE]", "what money may be that is for no claim, and its accounts",
		CTL_CONFIG, match_kinds},
	{"money match classify", "LINE KIND [AMOUNT] --why TEXT [--hospital CODE]",
		"says that it is for no claim: a charge of the bank, interest, as the chart has it",
		CTL_CONFIG | CTL_DB, match_classify},
	{"money match transfer", "LINE [OTHER] --why TEXT [--hospital CODE]",
		"went to, or came from, another account of the hospital: OTHER is its line there, or found",
		CTL_CONFIG | CTL_DB, match_transfer},
	{NULL, NULL, NULL, 0, NULL},
};
