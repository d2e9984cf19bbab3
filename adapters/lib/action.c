/* The list of a step's actions. */
#include "lib/action.h"

#include <string.h>

#include "lib/result.h"

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
