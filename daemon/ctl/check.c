/* zhifuctl lifecycle, conf check: what can be said without the database. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/report.h"
#include "model/config.h"
#include "model/directory.h"
#include "model/lifecycle.h"
#include "translate/config_check.h"

/* ---- lifecycle ---- */

static void lifecycle_table(struct ctl *ctl)
{
	static const struct column columns[] = {
		{"axis", "axis"}, {"from", "from"}, {"event", "event"}, {"to", "to"}, {"why", "when"}};
	struct report report;
	struct table table;
	size_t count;
	const struct lifecycle_step *steps = lifecycle_steps(&count);

	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < count; i++) {
		enum lifecycle_axis axis = (enum lifecycle_axis)steps[i].axis;

		table_add(&table, cell_text(lifecycle_axis_name(axis)));
		table_add(&table, cell_text(lifecycle_state_name(axis, steps[i].from)));
		table_add(&table, cell_text(lifecycle_event_name((enum lifecycle_event)steps[i].event)));
		table_add(&table, cell_text(lifecycle_state_name(axis, steps[i].to)));
		table_add(&table, cell_text(steps[i].why));
	}
	table_end(&table, &report, "steps", NULL, NULL);
	(void)report_end(&report, 0);
}

static int lifecycle_run(struct ctl *ctl, int argc, char **argv)
{
	bool sql = false;
	bool dot = false;
	bool rows = false;
	const struct ctl_option options[] = {
		{"--sql", NULL, &sql}, {"--dot", NULL, &dot}, {"--table", NULL, &rows}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r != 0) return r;
	if (sql + dot + rows > 1) return ctl_usage("lifecycle takes one of --table, --sql, --dot");
	if (sql) {
		lifecycle_dump_sql(stdout);
		(void)printf("\n");
	} else if (dot) {
		lifecycle_dump_dot(stdout);
	} else {
		lifecycle_table(ctl);
	}
	return 0;
}

/* ---- conf check ---- */

static int conf_check(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct config *config = NULL;
	struct report report;
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	if (config_check(ctl->config_path, true, &config) < 0) return ctl_fail("the configuration has mistakes");
	report_begin(&report, ctl);
	report_field(&report, "config", "configuration", cell_text(ctl->config_path));
	report_field(&report, "hospitals", "hospitals", cell_int(config->directory->hospital_count));
	report_field(&report, "insurers", "insurers", cell_int(config->directory->insurer_count));
	report_field(&report, "verdict", "verdict", cell_word("no mistakes", "ok"));
	config_free(config);
	return report_end(&report, 0);
}

const struct ctl_command check_commands[] = {
	{"lifecycle", "[--table|--sql|--dot]",
		"the steps that a claim can take, as a table, a CHECK or a Graphviz diagram", 0, lifecycle_run},
	{"conf check", "", "reads the whole configuration and names every mistake with file and line", 0, conf_check},
	{NULL, NULL, NULL, 0, NULL},
};
