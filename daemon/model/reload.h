/* A process takes a new configuration over whole, or goes on with the one that it has and tries again when there may be
 * memory: a moment without it must not end every worker at once. */
#ifndef MODEL_RELOAD_H
#define MODEL_RELOAD_H

#include "base/core.h"
#include "base/worker.h"

struct config;

struct reload {
	struct worker *worker;   /* borrowed; its options, key ring and directory are those of config */
	const struct role *role; /* borrowed */
	void *state;             /* the role's, once it is open */
	struct config *config;   /* owned: in force */
	struct config *former;   /* owned: what could not be left wholly; till the end */
	int64_t again_ms;        /* when to try again, as clock_mono_ms; 0: nothing is to be taken over */
	int wait_ms;             /* before that try */
	int64_t told_ms;         /* when reload_begin was called, as clock_wall_ms */
};

/* Takes config and points the worker at it. */
void reload_open(struct reload *reload, struct worker *worker, const struct role *role, struct config *config);
/* Reads the files anew and takes them over, now or at a later tick. Mistakes in them keep what there is. False: the
 * role has a part of the new configuration, or the files to be taken over later are not there any more as they were, so
 * the process must drain and end; err_text says why. */
bool reload_begin(struct reload *reload) MUSTUSE;
/* To be called now and then: tries again when it is time. As reload_begin. */
bool reload_tick(struct reload *reload) MUSTUSE;
void reload_close(struct reload *reload);

#endif
