/* zhifuctl: what its commands share. A command reads its own arguments, talks to the database and prints a table for
 * people or, with --json, one JSON value for programs. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdio.h>

#include "base/core.h"

struct options;
struct keyring;
struct directory;
struct db_sync;

struct ctl {
	const char *config_path;
	bool json;
	/* filled as far as the command's needs say */
	struct config *config;
	const struct options *options;
	const struct keyring *keyring;
	const struct directory *directory;
	struct db_sync *db; /* as zhifu_operator, but for migrate */
};

enum ctl_need {
	CTL_CONFIG = 1, /* configuration, keys, directory */
	CTL_DB = 2,     /* a database connection as zhifu_operator */
	CTL_OWNER = 4,  /* a database connection as whoever owns the schema */
};

/* One command: two words or one ("claim show", "migrate"). run gets the words after it and returns the exit status:
 * 0 done, 1 failed or not found, 2 wrong usage. */
struct ctl_command {
	const char *name;
	const char *arguments; /* for the usage: "REF" */
	const char *help;
	unsigned needs;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* Ends with name == NULL. One table per file of commands. */
extern const struct ctl_command migrate_commands[];

/* The last error as one line on standard error; returns 1. */
int ctl_fail(const char *what);

#endif
