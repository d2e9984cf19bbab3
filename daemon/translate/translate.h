/* The role translate: the only one that loads adapter modules and the only one that parses insurers' bytes. It works in
 * rounds: lease work, which counts the coming calls durably, read, call the modules, find the claims of what they
 * stated, and commit all of it together. After its start it lives in a jail (jail.h).
 *
 * A module that crashes or loops takes the process with it. The count that was written before the calls stays behind in
 * the outbox: items with a count are run one at a time afterwards, so that the guilty one is found, and at
 * translate_crashes_max it is not called again but put into quarantine. */
#ifndef TRANSLATE_TRANSLATE_H
#define TRANSLATE_TRANSLATE_H

#include "base/worker.h"

extern const struct role translate_role;

struct zf_adapter;

/* The start of the role with modules that are linked in, and without the jail where `jailed` is false: for tests.
 * Insurers whose module is among the linked ones do not load a file. Errors as struct role's start. */
int translate_open(struct worker *worker, const struct zf_adapter *const *linked, size_t linked_count, bool jailed,
	void **ret_state) MUSTUSE;

#endif
