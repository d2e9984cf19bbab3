/* The configuration as one: options, key ring and directory, read together so that a reload takes all or nothing. */
#include "model/config.h"

#include <string.h>
#include <sys/stat.h>

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
static int parts_read(struct config_owned *owned, const char *path, struct conf_faults *faults)
{
	struct options *options = &owned->options;
	int r = conf_load_partial(&options_table, path, &owned->arena, options, faults);

	owned->config.options = options;
	if (r == ERR_NOMEM || r == ERR_SYS) return r;
	if (options->hospitals_dir != NULL && options->insurers_dir != NULL)
		r = directory_load(options->hospitals_dir, options->insurers_dir, faults, &owned->config.directory);
	if (r == ERR_NOMEM || r == ERR_LIMIT) return r;
	r = options->key_file == NULL ? 0 : keyring_load(options->key_file, options->sample_ok, &owned->config.keyring);
	if (r == ERR_NOMEM) return r;
	if (r < 0) conf_fault_add(faults, options->key_file, 0, "%s", err_text());
	if (faults->nomem || owned->arena.refused) return err_set(ERR_NOMEM, "no memory for the configuration");
	return faults->count > 0 ? err_set(ERR_INVALID, "%s", faults->items[0]) : 0;
}

/* What has no place in our own limit has none at another time either. */
static int config_read(struct config_owned *owned, const char *path, struct conf_faults *faults)
{
	int r = parts_read(owned, path, faults);

	if (r == ERR_NOMEM && owned->arena.is_full)
		return err_set(ERR_LIMIT, "the configuration needs more than %u bytes", CONFIG_BYTES_MAX);
	return r;
}

/* An empty configuration of that file; NULL with err_text when there is no memory. */
static struct config_owned *config_open(const char *path)
{
	struct config_owned *owned = mem_alloc(sizeof(*owned));

	if (owned != NULL) {
		arena_init(&owned->arena, CONFIG_BYTES_MAX);
		owned->config.arena = &owned->arena;
		owned->config.path = zf_strdup(&owned->arena.zf, path);
		if (owned->config.path != NULL) return owned;
		config_free(&owned->config);
	}
	(void)err_set(ERR_NOMEM, "no memory for the configuration");
	return NULL;
}

int config_load(const char *path, struct config **ret_config)
{
	struct config_owned *owned = config_open(path);
	struct conf_faults faults = {0};
	int r;

	if (owned == NULL) return ERR_NOMEM;
	faults.arena = &owned->arena;
	r = config_read(owned, path, &faults);
	if (r < 0) {
		for (size_t i = 0; r != ERR_NOMEM && i < faults.count; i++)
			log_fields(LOG_ERROR, "configuration", "fault", faults.items[i], NULL);
		config_free(&owned->config);
		return r;
	}
	*ret_config = &owned->config;
	return 0;
}

int config_try(const char *path, struct conf_faults *faults, struct config **ret_config)
{
	struct config_owned *owned = config_open(path);
	int r;

	if (owned == NULL) return ERR_NOMEM;
	r = config_read(owned, path, faults);
	if (r < 0 && r != ERR_INVALID) {
		config_free(&owned->config);
		return r;
	}
	*ret_config = &owned->config;
	return r;
}

static void changed_note(const char *path, int64_t *ms)
{
	struct stat status;

	if (path == NULL) return;
	if (stat(path, &status) != 0) {
		*ms = INT64_MAX;
		return;
	}
	int64_t at_ms = status.st_ctim.tv_sec * 1000 + status.st_ctim.tv_nsec / 1000000;
	if (at_ms > *ms) *ms = at_ms;
}

int64_t config_changed_ms(const struct config *config)
{
	const struct directory *directory = config->directory;
	const char *const paths[] = {
		config->path, config->options->key_file, config->options->hospitals_dir, config->options->insurers_dir};
	int64_t ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) changed_note(paths[i], &ms);
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];

		changed_note(hospital->file, &ms);
		changed_note(hospital->chart_file, &ms);
		changed_note(hospital->calendar_file, &ms);
		for (uint32_t k = 0; k < hospital->client_count; k++)
			changed_note(hospital->clients[k]->jwks_path, &ms);
	}
	for (uint32_t i = 0; i < directory->insurer_count; i++) changed_note(directory->insurers[i]->file, &ms);
	return ms;
}
