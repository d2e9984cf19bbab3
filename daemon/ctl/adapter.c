/* zhifuctl adapter check: certifies a module offline, before it meets a claim. */
#include <stdlib.h>

#include "ctl/ctl.h"
#include "translate/adapter_check.h"

#define FUZZ_MS 5000

static int adapter_check_run(struct ctl *ctl, int argc, char **argv)
{
	const char *golden = NULL;
	bool update = false;
	const struct ctl_option options[] = {
		{"--golden", &golden, NULL}, {"--update", NULL, &update}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct adapter_check_conf conf = {.out = stdout, .fuzz_ms = FUZZ_MS, .seed = 1};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	(void)ctl;
	if (r != 0) return r;
	if (update && golden == NULL) return ctl_usage("--update needs --golden FOLDER");
	conf.so_path = words[0];
	conf.golden_dir = golden;
	conf.update = update;
	return adapter_check_with(&conf);
}

const struct ctl_command adapter_commands[] = {
	{"adapter check", "FILE.so [--golden FOLDER] [--update]", "certifies an adapter module offline", 0,
		adapter_check_run},
	{NULL, NULL, NULL, 0, NULL},
};
