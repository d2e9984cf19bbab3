/* zhifuctl money rate import: the rates of a file, all of them or none. */
#include "settle/rate_import.h"
#include "ctl/rate_desk.h"
#include "lib/charset.h"
#include "model/directory.h"
#include "model/rate_csv.h"

struct import {
	struct rate_desk desk;
	const char *file; /* as it was typed */
	struct rate_import run;
};

static void import_close(struct import *import)
{
	rate_desk_close(&import->desk);
}

/* ---- what is said ---- */

static bool has_fault(const struct fault_list *faults, enum fault_code code)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].code == code) return true;
	return false;
}

static void advise(const struct import *import)
{
	const struct ctl *ctl = import->desk.ctl;
	const struct fault_list *faults = &import->run.faults;

	(void)fprintf(stderr, "zhifuctl: %s: %s\n", import->file,
		say(ctl, "nothing of it is stored. Mend the file or fetch it again, and import it once more.",
			"其中的汇率均未入库。请更正或重新下载文件后再次导入。"));
	if (has_fault(faults, FAULT_RATE_FAR) || has_fault(faults, FAULT_RATE_CHANGED))
		(void)fputs(say(ctl,
				    "A rate that is right all the same is typed in with \"money rate set\", and counts "
				    "when another person has approved it.\n",
				    "如汇率属实,请用 money rate set 手工录入,经他人复核后生效。\n"),
			stderr);
	if (has_fault(faults, FAULT_RATE_CHANGED))
		(void)fputs(
			say(ctl,
				"If it is the stored one that is wrong: \"money rate correct\", likewise with another "
				"person.\n",
				"如已入库的汇率有误,请用 money rate correct 更正,经他人复核后生效。\n"),
			stderr);
	if (has_fault(faults, FAULT_RATE_FAR))
		(void)fputs(say(ctl, "Old rates that did jump are taken with --history.\n",
				    "历史汇率确有大幅变动时,请加 --history 导入。\n"),
			stderr);
	if (has_fault(faults, FAULT_CSV_ENCODING))
		(void)fputs(say(ctl, "If the file is in another character set, say which: --charset GB18030.\n",
				    "如文件为其他编码,请注明,例如 --charset GB18030。\n"),
			stderr);
}

static int import_say(struct import *import, bool refused)
{
	const struct ctl *ctl = import->desk.ctl;
	struct report report;

	report_begin(&report, ctl);
	report_field(&report, "source", refused ? NULL : say(ctl, "source", "来源"), cell_text(import->run.from));
	report_field(&report, "new", refused ? NULL : say(ctl, "new", "新增"), cell_int(import->run.made));
	report_field(&report, "known", refused ? NULL : say(ctl, "known already", "已有"),
		cell_int(refused ? 0 : rate_import_known(&import->run)));
	report_field(&report, "superseded",
		refused || import->run.superseded == 0 ? NULL : say(ctl, "superseded", "已被更正"),
		cell_int(refused ? 0 : import->run.superseded));
	if (!refused) {
		report_field(&report, "first", say(ctl, "first day", "最早日期"), cell_day(import->run.first_day));
		report_field(&report, "last", say(ctl, "last day", "最晚日期"), cell_day(import->run.last_day));
	}
	report_faults(&report, import->file, &import->run.faults, &import->desk.arena.zf);
	if (refused && ctl_notes(ctl)) advise(import);
	return report_end(&report, refused);
}

/* ---- the file ---- */

static int charset_read(const char *name, enum charset_kind *ret_charset)
{
	if (charset_find(text_of(name), ret_charset) == 0) return 0;
	return ctl_usage("--charset takes UTF-8, ISO-8859-1, ISO-8859-15, GB18030 or CP852, not \"%s\"", name);
}

/* The first hospital that has the profile, or the one that is named. Returns 0, or 2 after it has said what is wrong.
 */
static int source_read(struct ctl *ctl, struct rate_import *run, const char *from, const char *code)
{
	const struct hospital *hospital;
	uint32_t index = 0;
	bool any = false;
	int r = ERR_NOTFOUND;

	while (r == ERR_NOTFOUND && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL) {
		any = true;
		r = rate_import_source(run, from, hospital);
	}
	if (!any && code != NULL) return ctl_usage("there is no hospital \"%s\"", code);
	if (!any) r = rate_import_source(run, from, NULL);
	if (r == 0) return 0;
	return r == ERR_NOTFOUND
		       ? ctl_usage("no hospital's rate_profiles have \"%s\"", from)
		       : ctl_usage("--source takes cfets, ecb, profile:NAME, or board:BANK with BANK of a-z, 0-9 and "
				   "hyphen, not \"%s\"",
				 from);
}

static int file_take(struct import *import)
{
	struct arena *arena = &import->desk.arena;
	struct bytes bytes;
	int r = ctl_file_read(import->file, RATE_FILE_BYTES_MAX, arena, &bytes);

	return r < 0 ? r : rate_import_text(&import->run, import->run.charset, bytes, arena);
}

int money_rate_import(struct ctl *ctl, int argc, char **argv)
{
	struct import import CLEANUP(import_close) = {.file = NULL};
	struct rate_import *run = &import.run;
	const char *words[CTL_WORDS_MAX];
	const char *from = NULL;
	const char *name = NULL;
	const char *code = NULL;
	bool history = false;
	const struct ctl_option options[] = {{"--source", &from, NULL}, {"--hospital", &code, NULL},
		{"--charset", &name, NULL}, {"--history", NULL, &history}, {"--why", &run->why, NULL},
		{NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	rate_desk_open(ctl, &import.desk);
	if (r != 0) return r;
	if (from == NULL) return ctl_usage("say whose rates they are with --source cfets|ecb|board:BANK|profile:NAME");
	rate_import_begin(run, &import.desk.arena, import.desk.reading.today);
	r = source_read(ctl, run, from, code);
	if (r == 0 && name != NULL) r = charset_read(name, &run->charset);
	if (r != 0) return r;
	if (name != NULL && run->csv == NULL) return ctl_usage("--charset is for CSV; the ECB's XML is UTF-8");
	r = ctl_known(ctl);
	if (r != 0) return r;
	import.file = words[0];
	run->db = ctl->db;
	run->who = ctl->who;
	run->zone = rate_desk_zone(ctl);
	run->reading.far_allowed = history;
	r = file_take(&import);
	if (r == 0) r = rate_import_run(run, &import.desk.arena);
	if (r < 0 && fault_refuses(&run->faults)) {
		run->made = 0;
		return import_say(&import, true);
	}
	if (r < 0) return ctl_fail("nothing is stored");
	return import_say(&import, false);
}
