/* The tries of a reload, with back-off. */
#include "model/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "model/config.h"

#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 30000

static void point_at(struct reload *reload, const struct config *config)
{
	reload->worker->options = config->options;
	reload->worker->keyring = config->keyring;
	reload->worker->directory = config->directory;
}

static void again_later(struct reload *reload)
{
	if (reload->again_ms == 0)
		log_fields(LOG_ERROR, "no memory for the new configuration, the old one stays until there is some",
			"why", err_text(), NULL);
	reload->wait_ms = reload->again_ms == 0 ? RETRY_MIN_MS : reload->wait_ms * 2;
	if (reload->wait_ms > RETRY_MAX_MS) reload->wait_ms = RETRY_MAX_MS;
	reload->again_ms = clock_mono_ms() + reload->wait_ms;
}

void reload_open(struct reload *reload, struct worker *worker, const struct role *role, struct config *config)
{
	*reload = (struct reload){.worker = worker, .role = role, .config = config};
	point_at(reload, config);
}

/* The files, as they were when this process was told of them. */
static int files_read(const struct reload *reload, struct config **ret_config)
{
	struct config *fresh = NULL;
	int r = config_load(reload->config->path, &fresh);

	if (r == 0 && reload->again_ms != 0 && config_changed_ms(fresh) > reload->told_ms) {
		config_free(fresh);
		(void)err_set(ERR_INVALID, "the files were changed before there was memory to read them");
		return ERR_INVALID;
	}
	if (r == 0) *ret_config = fresh;
	return r;
}

static bool take_over(struct reload *reload)
{
	struct config *old = reload->config, *fresh = NULL;
	bool is_behind = reload->again_ms != 0;
	int r = files_read(reload, &fresh);

	/* The supervisor has read it already; a file that broke in between keeps the old configuration here too. Who
	 * could not take over what was right then is behind the others: what the supervisor has, a successor gets. */
	if (r < 0 && r != ERR_NOMEM) {
		reload->again_ms = 0;
		if (!is_behind)
			log_fields(LOG_ERROR, "configuration not reloaded, the old one stays", "why", err_text(), NULL);
		return !is_behind;
	}
	if (fresh != NULL) {
		point_at(reload, fresh);
		r = reload->role->reload(reload->state);
	}
	if (fresh == NULL || r == ERR_NOMEM) {
		point_at(reload, old);
		config_free(fresh);
		again_later(reload);
		return true;
	}
	if (reload->again_ms != 0) log_line(LOG_INFO, "the new configuration is taken over after all");
	reload->again_ms = 0;
	log_level_set((enum log_level)fresh->options->log_level);
	reload->config = fresh;
	if (r == 0)
		config_free(old);
	else
		reload->former = old;
	return r == 0;
}

bool reload_begin(struct reload *reload)
{
	reload->told_ms = clock_wall_ms();
	return take_over(reload);
}

bool reload_tick(struct reload *reload)
{
	return reload->again_ms == 0 || clock_mono_ms() < reload->again_ms || take_over(reload);
}

void reload_close(struct reload *reload)
{
	config_free(reload->config);
	config_free(reload->former);
}
