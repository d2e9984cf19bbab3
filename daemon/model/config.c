/* The configuration as one: options, key ring and directory, read together so that a reload takes all or nothing. */
#include "model/config.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/key.h"
#include "base/log.h"
#include "base/options.h"
#include "model/directory.h"

#define CONFIG_BYTES_MAX (16u << 20)

struct config_owned {
	struct config config;
	struct arena arena;
	struct options options;
};

static void faults_show(const struct conf_faults *faults, bool print)
{
	for (size_t i = 0; i < faults->count; i++) {
		if (print)
			(void)fprintf(stderr, "%s\n", faults->items[i]);
		else
			log_fields(LOG_ERROR, "configuration", "fault", faults->items[i], NULL);
	}
}

void config_free(struct config *config)
{
	struct config_owned *owned;

	if (config == NULL) return;
	owned = CONTAINER_OF(config, struct config_owned, config);
	directory_free(config->directory);
	keyring_free(config->keyring);
	arena_free(&owned->arena);
	mem_free(owned);
}

/* Goes on after the first fault, so that one run shows them all. */
static int config_read(struct config_owned *owned, const char *path, struct conf_faults *faults)
{
	struct conf_faults more = {.arena = &owned->arena};
	int r = options_load(path, &owned->arena, &owned->options, faults);

	if (r < 0) return r;
	owned->config.options = &owned->options;
	r = directory_load(owned->options.hospitals_dir, owned->options.insurers_dir, &more, &owned->config.directory);
	for (size_t i = 0; i < more.count && faults->count < CONF_FAULTS_MAX; i++)
		faults->items[faults->count++] = more.items[i];
	if (keyring_load(owned->options.key_file, owned->options.sample_ok, &owned->config.keyring) < 0)
		conf_fault_add(faults, owned->options.key_file, 0, "%s", err_text());
	if (r == ERR_NOMEM) return r;
	return faults->count > 0 ? err_set(ERR_INVALID, "%s", faults->items[0]) : 0;
}

int config_load(const char *path, bool print, struct config **ret_config)
{
	struct config_owned *owned = mem_alloc(sizeof(*owned));
	struct conf_faults faults = {0};
	int r;

	if (owned == NULL) return err_set(ERR_NOMEM, "no memory for the configuration");
	arena_init(&owned->arena, CONFIG_BYTES_MAX);
	faults.arena = &owned->arena;
	owned->config.arena = &owned->arena;
	owned->config.path = zf_strdup(&owned->arena.zf, path);
	r = owned->config.path == NULL ? ERR_NOMEM : config_read(owned, path, &faults);
	if (r < 0) {
		faults_show(&faults, print);
		config_free(&owned->config);
		return r;
	}
	*ret_config = &owned->config;
	return 0;
}
