/* Matching as a duty of settle: a hospital at a time it reads what is known, looks at the money in suspense that is new
 * or may be told now, posts what is certain, and leaves the rest to persons, with candidates and the reason why it
 * waits. A turn of a hospital is leased in the database; whatever is posted is compared with what it was when it was
 * looked at, so that nothing is posted twice, however many try. */
#ifndef SETTLE_MATCHING_H
#define SETTLE_MATCHING_H

#include "base/core.h"

struct db_pool;
struct keyhold;
struct matching;
struct worker;

/* worker: borrowed, its directory and keys are those of the moment. hold: the hospitals' keys. Returns owned:
 * matching_free, before the pool. ERR_NOMEM. */
int matching_new(const struct worker *worker, struct db_pool *pool, struct keyhold *hold,
	struct matching **ret_matching) MUSTUSE;
void matching_free(struct matching *matching); /* NULL allowed */
/* Takes a turn if there is one; does nothing while the last one is under way. */
void matching_look(struct matching *matching);
/* What was borrowed of the worker is about to go: a turn under way is given up. */
void matching_abandon(struct matching *matching);

#endif
