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

static int payers_show(struct match_desk *desk, struct table *table)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(desk->ctl, &rows,
		"SELECT remitter, kind::int4, content, payer_id, times, who, at FROM match_payer WHERE hospital_id = $1"
		" ORDER BY remitter, kind, at LIMIT $2",
		"ui", &desk->hospital->id, (int64_t)LIST_MAX);

	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		bool name = db_rows_int(rows, row, 1) == 1;

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
	}
	db_sync_rows_free(rows);
	return r;
}

static int payer_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {{"hospital", "hospital"}, {"remitter", "payer"}, {"kind", "known by"},
		{"name", "name"}, {"times", "times"}, {"by", "by"}, {"at", "since"}};
	struct match_desk desk = {.ctl = ctl};
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct report report;
	struct table table;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	desk.hospital = ctl_hospital(ctl, code);
	if (desk.hospital == NULL) return 2;
	arena_init(&desk.arena, MATCH_DESK_BYTES);
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	r = ctl_begin(ctl, &desk.hospital->id, false);
	if (r == 0) r = payers_show(&desk, &table);
	if (r == 0) r = ctl_commit(ctl);
	match_desk_close(&desk);
	table_end(&table, &report, "payers", NULL,
		"nobody was learned yet; insurers' configured names are known besides");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the payers");
	}
	return report_end(&report, 0);
}

static int payer_add(struct ctl *ctl, int argc, char **argv)
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
	if (r == 0) r = match_desk_learn(&desk, words[0], 1, name);
	if (r == 0) r = match_desk_learn(&desk, words[0], 2, account);
	if (r == 0)
		r = ctl_query(ctl, NULL, "SELECT operator_note($1, $2, 'payer.add', $3, $4)", "uttt",
			&desk.hospital->id, ctl->who, words[0], why);
	if (r == 0) r = ctl_commit(ctl);
	match_desk_close(&desk);
	if (r < 0) {
		ctl_rollback(ctl);
		return ctl_fail("not added");
	}
	report_begin(&report, ctl);
	report_field(&report, "remitter", "payer", cell_text(words[0]));
	return report_end(&report, 0);
}

const struct ctl_command money_payer_commands[] = {
	{"money payer list", "[--hospital CODE]", "by which names and accounts payers are known", CTL_CONFIG | CTL_DB,
		payer_list},
	{"money payer add", "PAYER [--name TEXT] [--account NUMBER] --why TEXT [--hospital CODE]",
		"says by what a payer is known; what persons accept is learned too", CTL_CONFIG | CTL_DB, payer_add},
	{NULL, NULL, NULL, 0, NULL},
};
