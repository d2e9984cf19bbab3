/* Modules and contexts, at start and after a reload. */
#include <string.h>

#include "base/log.h"
#include "translate/state.h"

/* The purposes that each insurer's consent must name, as translate_begin takes them. */
static int purposes_join(struct translate *translate)
{
	const struct directory *directory = translate->room.directory;

	arena_reset(&translate->arena);
	translate->purposes = zf_alloc_array(&translate->arena.zf, directory->insurer_count + 1, sizeof(char *));
	if (translate->purposes == NULL) return err_set(ERR_NOMEM, "no memory for insurers");
	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		const char *joined = insurer->purpose_count == 0 ? "HPAYMT" : insurer->purposes[0];

		for (uint32_t k = 1; joined != NULL && k < insurer->purpose_count; k++)
			joined = arena_printf(&translate->arena, "%s,%s", joined, insurer->purposes[k]);
		if (joined == NULL) return err_set(ERR_NOMEM, "no memory for insurers");
		translate->purposes[i] = joined;
	}
	return 0;
}

static bool is_linked(const struct directory *directory, const struct zf_adapter *const *linked, size_t count)
{
	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		bool found = false;

		for (size_t k = 0; k < count; k++)
			if (strcmp(linked[k]->name, directory->insurers[i]->module) == 0) found = true;
		if (!found) return false;
	}
	return true;
}

int modules_open(struct translate *translate, const struct zf_adapter *const *linked, size_t linked_count)
{
	struct arena arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &arena};
	struct room *room = &translate->room;
	int r = 0;

	arena_init(&arena, 1u << 20);
	room->directory = translate->worker->directory;
	if (linked_count == 0 || !is_linked(room->directory, linked, linked_count))
		r = adapter_set_load(room->options->adapters_dir, room->directory, &faults, &room->modules);
	/* Insurers whose module can be used go on; the others' work waits and says so. */
	for (size_t i = 0; i < faults.count; i++)
		log_fields(LOG_ERROR, "a module cannot be used", "why", faults.items[i], NULL);
	if (r == ERR_NOMEM) return r;
	for (size_t i = 0; i < linked_count; i++) {
		r = adapter_set_add(&room->modules, linked[i]);
		if (r < 0) return r;
	}
	r = purposes_join(translate);
	return r < 0 ? r : contexts_new(&room->modules, room->directory, &room->contexts);
}

int modules_again(struct translate *translate)
{
	struct room *room = &translate->room;
	const struct directory *directory = room->directory;
	const char **purposes = translate->purposes;
	struct arena arena = translate->arena;
	struct contexts *fresh = NULL;
	int r;

	/* What is under way is finished with the old one where there is no memory for the new one. */
	room->directory = translate->worker->directory;
	arena_init(&translate->arena, arena.limit_bytes);
	r = purposes_join(translate);
	if (r == 0) r = contexts_new(&room->modules, room->directory, &fresh);
	if (r < 0) {
		arena_free(&translate->arena);
		translate->arena = arena;
		translate->purposes = purposes;
		room->directory = directory;
		return r;
	}
	arena_free(&arena);
	contexts_free(room->contexts);
	room->contexts = fresh;
	for (uint32_t i = 0; r == 0 && i < room->directory->insurer_count; i++)
		if (adapter_set_find(&room->modules, room->directory->insurers[i]->module) == NULL)
			r = err_set(ERR_NOTFOUND, "module \"%s\" is not loaded", room->directory->insurers[i]->module);
	return r;
}
