/* What a module's step yields: its actions and facts, gathered in the call's arena, and the verdict that a helper's
 * result comes to. */
#ifndef ADAPTERS_LIB_ACTION_H
#define ADAPTERS_LIB_ACTION_H

#include <stdbool.h>

#include "lib/fault.h"
#include "lib/result.h"
#include "zhifu_adapter.h"

/* The actions of one step, in the order in which they were added. Zeroed but for the arena it is empty. */
struct action_list {
	struct zf_arena *arena;           /* borrowed; owns the actions and the array */
	const struct zf_action **actions; /* what goes into zf_result.actions; NULL while there is none */
	uint32_t count;                   /* entries in actions; may be set back to forget the last ones */
	uint32_t cap;                     /* room in actions, ZF_ACTIONS_MAX at most */
};

/* A new action of that kind (enum zf_action_kind) at the end of the list, its other fields zero; NULL without memory or
 * beyond ZF_ACTIONS_MAX, and the list is as before. */
struct zf_action *action_add(struct action_list *list, uint32_t kind);
/* A new fact of that kind (enum zf_fact_kind), its other fields zero, in an action of its own; NULL likewise. */
struct zf_fact *action_add_fact(struct action_list *list, uint32_t kind);

/* Faults as the ABI has them: path, stable name, and the English sentence, with chinese the Chinese one behind it. The
 * array is owned by the arena, the paths stay the list's; NULL and 0 where there are none. LIB_NOMEM or 0. */
int faults_export(const struct fault_list *faults, bool chinese, struct zf_arena *arena,
	const struct zf_fault *const **ret_faults, uint32_t *ret_count) LIB_MUSTUSE;
/* Fills the result of a step that came to this verdict: on ZF_REJECT and ZF_MALFORMED with the faults; on ZF_OK, and
 * where the exchange goes_on after ZF_MALFORMED (result->goes_on tells), with the actions, and the state is then the
 * caller's to save. The verdict, or ZF_NOMEM. */
int32_t action_result(const struct action_list *list, int32_t verdict, bool goes_on, const struct fault_list *faults,
	bool chinese, struct zf_result *result) LIB_MUSTUSE;

/* LIB_* as the enum zf_verdict of a step that read an insurer's message: what cannot be read is ZF_MALFORMED. */
int32_t verdict_read(int rc);
/* LIB_* as the enum zf_verdict of a step that wrote a claim: what cannot be said is ZF_REJECT. */
int32_t verdict_write(int rc);

#endif
