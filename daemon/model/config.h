/* The configuration as one: options, key ring and directory, read and replaced together. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/core.h"

struct arena;
struct directory;
struct keyring;
struct options;

/* Everything a reload replaces together. */
struct config {
	const char *path;
	struct arena *arena;
	struct options *options;
	struct keyring *keyring;
	struct directory *directory;
};

/* Reads the configuration file, the key file and the directory; all mistakes at once go to the log. Returns owned:
 * config_free. ERR_INVALID and the errors of its parts. */
int config_load(const char *path, struct config **ret_config) MUSTUSE;
/* The same for who only looks for mistakes, which are added to faults and not shown. Goes on after a mistake: with
 * ERR_INVALID too there is a configuration, whose options are those that could be read (NULL or 0 elsewhere); its
 * directory (see directory_load) and keyring may be NULL. */
struct conf_faults;
int config_try(const char *path, struct conf_faults *faults, struct config **ret_config) MUSTUSE;
/* When the latest of its files or folders was changed, as clock_wall_ms; INT64_MAX: one is gone. */
int64_t config_changed_ms(const struct config *config) MUSTUSE;
void config_free(struct config *config);

#endif
