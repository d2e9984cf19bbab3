/* zhifuctl money payer: by which names and accounts payers are known to matching. */
#include <string.h>

#include "ctl/match_desk.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "model/directory.h"

#define LIST_MAX 10000

/* A learned name. */
static int name_open(struct match_desk *desk, const struct pg_result *rows, int row, struct table *table)
{
	struct bytes plain;
	int r;

	desk->line = db_rows_uuid(rows, row, 3); /* under whose id it is sealed */
	r = match_desk_unseal(desk, db_rows_bytes(rows, row, 2), &plain);
	if (r == 0)
		table_add(
			table, cell_text(arena_printf(&desk->arena, "%.*s", (int)plain.len, (const char *)plain.ptr)));
	return r;
}

static int payers_show(struct match_desk *desk, struct table *table, bool *ret_cut)
{
	struct pg_result *rows = NULL;
	/* who looks is on record before anything is shown */
	int r = ctl_query(desk->ctl, NULL, "SELECT operator_note($1, $2, 'payer.show', 'all', NULL)", "ut",
		&desk->hospital->id, desk->ctl->who);

	if (r == 0)
		r = ctl_query(desk->ctl, &rows,
			"SELECT remitter, kind::int4, content, payer_id, times, who, at, (SELECT l.allocation_id FROM match_lesson l"
			" WHERE l.hospital_id = m.hospital_id AND l.payer_id = m.payer_id ORDER BY l.allocation_id LIMIT 1)"
			" FROM match_payer m WHERE hospital_id = $1 ORDER BY remitter, kind, at LIMIT $2",
			"ui", &desk->hospital->id, (int64_t)LIST_MAX + 1);

	*ret_cut = db_rows_count(rows) > LIST_MAX;
	for (int row = 0; r == 0 && row < db_rows_count(rows) && row < LIST_MAX; row++) {
		bool name = db_rows_int(rows, row, 1) == 1;
		struct uuid taught = {{0}};

		table_add(table, cell_text(desk->hospital->code));
		table_add(table, cell_text(db_rows_text(rows, row, 0)));
		table_add(table, cell_word(name ? say(desk->ctl, "name", "名称") : say(desk->ctl, "account", "账户"),
					 name ? "name" : "account"));
		if (name)
			r = name_open(desk, rows, row, table);
		else
			table_add(table, cell_none()); /* only its hash is kept */
		if (r < 0) break;
		table_add(table, cell_int(db_rows_int(rows, row, 4)));
		table_add(table, cell_text(db_rows_text(rows, row, 5)));
		table_add(table, cell_time(desk->hospital->zone, db_rows_time_ms(rows, row, 6)));
		if (!db_rows_null(rows, row, 7)) taught = db_rows_uuid(rows, row, 7);
		table_add(table, db_rows_null(rows, row, 7) ? cell_none() : cell_uuid(&taught));
	}
	db_sync_rows_free(rows);
	return r;
}

static int payer_list(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"remitter", say(ctl, "payer", "付款人")}, {"kind", say(ctl, "known by", "识别依据")},
		{"name", say(ctl, "name", "名称")}, {"times", say(ctl, "times", "次数")},
		{"by", say(ctl, "by", "经办人")}, {"at", say(ctl, "since", "自")},
		{"allocation", say(ctl, "taught by", "来自核销")}};
	struct match_desk desk = {.ctl = ctl};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	struct table table;
	bool cut = false;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_known(ctl);
	if (r != 0) return r;
	desk.hospital = ctl_hospital(ctl, code);
	if (desk.hospital == NULL) return 2;
	arena_init(&desk.arena, MATCH_DESK_BYTES);
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	r = ctl_begin(ctl, &desk.hospital->id, true);
	if (r == 0) r = payers_show(&desk, &table, &cut);
	if (r == 0) r = ctl_commit(ctl);
	match_desk_close(&desk);
	table_end(&table, &report, "payers", NULL,
		say(ctl, "nobody was learned yet; insurers' configured names are known besides",
			"尚未学到付款人;另可识别已配置的保险公司名称"));
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl)) (void)fprintf(stderr, "only the first %d are shown\n", LIST_MAX);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the payers");
	}
	return report_end(&report, 0);
}

static int add_run(
	struct match_desk *desk, const char *remitter, const char *name, const char *account, const char *why)
{
	int r = match_desk_learn(desk, remitter, 1, name, NULL);

	if (r == 0) r = match_desk_learn(desk, remitter, 2, account, NULL);
	return r == 0 ? ctl_query(desk->ctl, NULL, "SELECT operator_note($1, $2, 'payer.add', $3, $4)", "uttt",
				&desk->hospital->id, desk->ctl->who, remitter, why)
		      : r;
}

static int forget_run(
	struct match_desk *desk, const char *remitter, const char *name, const char *account, const char *why)
{
	int r = match_desk_forget(desk, remitter, 1, name, why);

	return r == 0 ? match_desk_forget(desk, remitter, 2, account, why) : r;
}

/* Does something with a name and an account of a payer, or with one of them. */
static int payer_act(struct ctl *ctl, int argc, char **argv,
	int (*run)(
		struct match_desk *desk, const char *remitter, const char *name, const char *account, const char *why),
	const char *failed)
{
	struct match_desk desk = {.ctl = ctl};
	const char *code = NULL;
	const char *why = NULL;
	const char *name = NULL;
	const char *account = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--why", &why, NULL},
		{"--name", &name, NULL}, {"--account", &account, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (name == NULL && account == NULL) return ctl_usage("say by which --name or --account it is known");
	desk.hospital = ctl_hospital(ctl, code);
	if (desk.hospital == NULL) return 2;
	r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	arena_init(&desk.arena, MATCH_DESK_BYTES);
	r = ctl_begin(ctl, &desk.hospital->id, true);
	if (r == 0) r = run(&desk, words[0], name, account, why);
	if (r == 0) r = ctl_commit(ctl);
	match_desk_close(&desk);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail(failed);
	}
	match_desk_wake(ctl);
	report_begin(&report, ctl);
	report_field(&report, "remitter", "payer", cell_text(words[0]));
	return report_end(&report, 0);
}

static int payer_add(struct ctl *ctl, int argc, char **argv)
{
	return payer_act(ctl, argc, argv, add_run, "not added");
}

static int payer_forget(struct ctl *ctl, int argc, char **argv)
{
	return payer_act(ctl, argc, argv, forget_run, "not forgotten");
}

const struct ctl_command money_payer_commands[] = {
	{"money payer list", "[--hospital CODE]", "by which names and accounts payers are known", CTL_CONFIG | CTL_DB,
		payer_list},
	{"money payer add", "PAYER [--name TEXT] [--account NUMBER] --why TEXT [--hospital CODE]",
		"says by what a payer is known; what persons accept is learned too", CTL_CONFIG | CTL_DB, payer_add},
	{"money payer forget", "PAYER [--name TEXT] [--account NUMBER] --why TEXT [--hospital CODE]",
		"says by what a payer is not known", CTL_CONFIG | CTL_DB, payer_forget},
	{NULL, NULL, NULL, 0, NULL},
};
