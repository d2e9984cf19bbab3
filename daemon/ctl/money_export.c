/* zhifuctl money export: the journal of a stretch of days for other programs. */
#include <errno.h>
#include <string.h>

#include "ctl/books.h"
#include "ctl/ctl.h"
#include "settle/journal_export.h"

/* All that have no row are told, each by name. */
static void missing_tell(const struct journal_export *export)
{
	const struct hospital *hospital = export->hospital;

	for (uint32_t i = 0; i < export->missing_count; i++)
		(void)fprintf(stderr, "zhifuctl: account %s has no row in the chart of accounts (%s)\n",
			export->missing[i],
			hospital->chart_file != NULL ? hospital->chart_file : hospital->chart->name);
}

static int export_run(struct ctl *ctl, struct journal_export *export)
{
	int r = journal_export_run(export);

	missing_tell(export);
	if (r == 0 && export->open)
		(void)fprintf(stderr, "zhifuctl: note: %s\n",
			say(ctl, "these days are not closed: what is posted to them later is not in this file",
				"所选日期尚未结账:之后记入的分录不在本文件中"));
	/* A full disk is noticed here, and not after it was said that all is well. */
	if (fflush(stdout) != 0 && r == 0) r = err_set(ERR_SYS, "could not write: %s", strerror(errno));
	return r < 0 ? ctl_fail("not exported") : 0;
}

static int profile_choose(struct journal_export *export)
{
	int r = export->format == &journal_csv ? journal_export_profile(export) : 0;

	if (r == ERR_NOTFOUND)
		return ctl_usage("hospital %s has no export profile \"%s\": erp_profiles in its file, or plain",
			export->hospital->code, export->profile);
	if (r == ERR_LIMIT)
		return ctl_usage("hospital %s has several export profiles: say which with --profile NAME",
			export->hospital->code);
	return r < 0 ? ctl_fail("no memory") : 0;
}

static int money_export(struct ctl *ctl, int argc, char **argv)
{
	struct journal_export export CLEANUP(journal_export_end) = {.db = ctl->db, .out = stdout};
	struct books books CLEANUP(books_close) = {0};
	const char *format = NULL;
	const char *code = NULL;
	const char *from = NULL;
	const char *to = NULL;
	const struct ctl_option options[] = {{"--format", &format, NULL}, {"--from", &from, NULL}, {"--to", &to, NULL},
		{"--profile", &export.profile, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--from", from, JOURNAL_DAY_FIRST, &export.from);
	if (r == 0) r = ctl_day("--to", to, JOURNAL_DAY_LAST, &export.to);
	if (r != 0) return r;
	if (format != NULL) export.format = journal_format_find(format);
	if (export.format == NULL) return ctl_usage("--format takes hledger, beancount or csv");
	if (export.profile != NULL && export.format != &journal_csv) return ctl_usage("--profile is for --format csv");
	if (export.to < export.from) return ctl_usage("--to is before --from");
	r = books_open(ctl, code, &books);
	if (r != 0) return r;
	if (books.count != 1) return ctl_usage("say which hospital with --hospital CODE");
	export.hospital = &books.hospitals[0];
	/* Never by another chart than its own. */
	if (export.hospital->chart == NULL)
		return ctl_usage(
			"the file of hospital %s is missing or has mistakes: its chart of accounts is not known",
			export.hospital->code);
	r = profile_choose(&export);
	return r != 0 ? r : export_run(ctl, &export);
}

const struct ctl_command money_export_commands[] = {
	{"money export", "--format hledger|beancount|csv [--from DAY] [--to DAY] [--profile NAME] [--hospital CODE]",
		"the journal of some days for other programs, by the chart of accounts", CTL_CONFIG | CTL_DB,
		money_export},
	{NULL, NULL, NULL, 0, NULL},
};
