/* zhifuctl adapter check: certifies a module offline, before it meets a claim. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/report.h"
#include "translate/adapter_check.h"

#define FUZZ_MS 5000

/* The report's lines as one JSON value; they are written for people, so they stay text. */
static int check_json(struct ctl *ctl, struct adapter_check_conf *conf)
{
	const char *const verdicts[] = {
		conf->golden_dir == NULL ? "table in order" : "certified", "findings", "not checked"};
	static const struct column columns[] = {{"text", "text"}};
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	struct report report;
	struct table table;
	int status;

	/* a file, because another process writes most of it */
	conf->out = tmpfile();
	if (conf->out == NULL) {
		(void)err_set(ERR_SYS, "could not make a file: %s", strerror(errno));
		return ctl_fail("adapter check");
	}
	status = adapter_check_with(conf);
	(void)fseek(conf->out, 0, SEEK_SET);
	report_begin(&report, ctl);
	report_field(&report, "file", "file", cell_text(conf->so_path));
	report_field(&report, "verdict", "verdict",
		cell_text(verdicts[status >= 0 && status < (int)ARRAY_LEN(verdicts) ? status : 2]));
	table_begin(&table, columns, ARRAY_LEN(columns));
	while ((len = getline(&line, &room, conf->out)) > 0) {
		if (line[len - 1] == '\n') line[len - 1] = '\0';
		table_add(&table, cell_text(line));
	}
	table_end(&table, &report, "report", NULL, NULL);
	free(line);
	(void)fclose(conf->out);
	return report_end(&report, status);
}

static int adapter_check_run(struct ctl *ctl, int argc, char **argv)
{
	const char *golden = NULL;
	bool update = false;
	const struct ctl_option options[] = {
		{"--golden", &golden, NULL}, {"--update", NULL, &update}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct adapter_check_conf conf = {.out = stdout, .fuzz_ms = FUZZ_MS, .seed = 1};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (update && golden == NULL) return ctl_usage("--update needs --golden FOLDER");
	conf.so_path = words[0];
	conf.golden_dir = golden;
	conf.update = update;
	return ctl->json ? check_json(ctl, &conf) : adapter_check_with(&conf);
}

const struct ctl_command adapter_commands[] = {
	{"adapter check", "FILE.so [--golden FOLDER] [--update]", "certifies an adapter module offline", 0,
		adapter_check_run},
	{NULL, NULL, NULL, 0, NULL},
};
