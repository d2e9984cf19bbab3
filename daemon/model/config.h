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

/* Reads the configuration file, the key file and the directory; all mistakes at once go to standard error or the log.
 * Returns owned: config_free. ERR_INVALID and the errors of its parts. */
int config_load(const char *path, bool print, struct config **ret_config) MUSTUSE;
void config_free(struct config *config);

#endif
