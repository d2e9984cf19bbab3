/* The list of a step's actions. */
#include "lib/action.h"

#include <string.h>

#include "lib/text.h"

#define FIRST_ACTIONS 16

struct zf_action *action_add(struct action_list *list, uint32_t kind)
{
	if (list->count == list->cap) {
		uint32_t cap = list->cap == 0 ? FIRST_ACTIONS : list->cap * 2;
		if (list->cap >= ZF_ACTIONS_MAX) return NULL;
		const struct zf_action **actions = zf_alloc_array(list->arena, cap, sizeof(void *));
		if (actions == NULL) return NULL;
		if (list->count > 0) memcpy(actions, list->actions, list->count * sizeof(void *));
		list->actions = actions;
		list->cap = cap;
	}
	struct zf_action *action = zf_alloc(list->arena, sizeof(*action));
	if (action == NULL) return NULL;
	action->size = sizeof(*action);
	action->kind = kind;
	list->actions[list->count++] = action;
	return action;
}

struct zf_fact *action_add_fact(struct action_list *list, uint32_t kind)
{
	struct zf_fact *fact = zf_alloc(list->arena, sizeof(*fact));
	struct zf_action *action = fact == NULL ? NULL : action_add(list, ZF_ACTION_FACT);
	if (action == NULL) return NULL;
	fact->size = sizeof(*fact);
	fact->kind = kind;
	action->fact = fact;
	return fact;
}

int faults_export(const struct fault_list *faults, bool chinese, struct zf_arena *arena,
	const struct zf_fault *const **ret_faults, uint32_t *ret_count)
{
	const struct zf_fault **list = zf_alloc_array(arena, faults->count + 1, sizeof(void *));
	if (list == NULL || faults->no_memory) return LIB_NOMEM;
	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		struct zf_fault *out = zf_alloc(arena, sizeof(*out));
		const char *text = fault_text_en(arena, fault);
		if (chinese && text != NULL) {
			const char *more = fault_text_zh(arena, fault);
			text = more == NULL ? NULL : text_printf(arena, "%s %s", text, more);
		}
		if (out == NULL || text == NULL) return LIB_NOMEM;
		*out = (struct zf_fault){.path = fault->path, .code = fault_lookup(fault->code)->name, .text = text};
		list[i] = out;
	}
	*ret_faults = faults->count == 0 ? NULL : list;
	*ret_count = faults->count;
	return 0;
}

int32_t action_result(const struct action_list *list, int32_t verdict, bool goes_on, const struct fault_list *faults,
	bool chinese, struct zf_result *result)
{
	if (faults->no_memory) return ZF_NOMEM;
	if (verdict == ZF_REJECT || verdict == ZF_MALFORMED) {
		if (faults_export(faults, chinese, list->arena, &result->faults, &result->fault_count) != 0)
			return ZF_NOMEM;
	}
	result->goes_on = verdict == ZF_MALFORMED && goes_on;
	if (verdict == ZF_OK || result->goes_on) {
		result->actions = list->actions;
		result->action_count = list->count;
	}
	return verdict;
}

static int32_t verdict_of(int rc, int32_t otherwise)
{
	if (rc == 0) return ZF_OK;
	return rc == LIB_NOMEM ? ZF_NOMEM : otherwise;
}

int32_t verdict_read(int rc)
{
	return verdict_of(rc, ZF_MALFORMED);
}

int32_t verdict_write(int rc)
{
	return verdict_of(rc, ZF_REJECT);
}
