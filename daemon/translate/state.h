/* The role's state, for translate.c and the files that take parts of its work off it: resolve.c (facts to claims),
 * recur.c (recurring work, control numbers), modules.c (modules and contexts at start and reload). */
#ifndef TRANSLATE_STATE_H
#define TRANSLATE_STATE_H

#include "base/worker.h"
#include "db/batch.h"
#include "db/lease.h"
#include "net/metrics.h"
#include "translate/job.h"

struct event;
struct translate;

#define ROUND_MAX 128 /* at 64 a sixth of PostgreSQL's work was for the round and not for its items */

/* What a round waits for. */
enum phase { PHASE_IDLE, PHASE_BEGINNING, PHASE_RESOLVING, PHASE_COMMITTING };

struct number_ask {
	struct translate *translate;
	size_t index; /* in room.numbers */
};

struct translate {
	struct worker *worker;
	struct db_pool *pool;
	struct db_notify *notify;
	struct lease *lease;
	struct db_batch *batch;
	struct event *retry, *housekeeping;
	struct room room;
	struct arena arena;                  /* what changes with a reload: purposes */
	const char **purposes;               /* by insurer, joined by commas */
	struct work_item waiting[ROUND_MAX]; /* leased, not begun */
	size_t waiting_count;
	struct job jobs[ROUND_MAX]; /* of the round */
	size_t count;
	const struct job *good[ROUND_MAX]; /* of them, those to be committed */
	size_t good_count;
	size_t first;   /* of good, the first that has not been committed */
	bool single;    /* they are committed one by one */
	bool again;     /* a reload came: the round starts over */
	unsigned tries; /* of the question under way, after its answer was lost */
	bool draining;
	enum phase phase;
	struct number_ask number_asks[CALL_SERIES_MAX];
	struct metric *items, *rounds;
};

/* Fills the parameters of translate_resolve with the facts of the round that look for a claim; false: there are none.
 */
bool resolve_ask(struct translate *translate, struct db_params *params);
/* Gives the facts the claims that were found. */
void resolve_take(struct translate *translate, const struct pg_result *rows);

/* Worker 0: puts the recurring work of polled insurers where it is missing. */
void seed_ask(struct translate *translate);
/* Takes blocks of the control numbers that calls asked for in vain. */
void numbers_ask(struct translate *translate);
void numbers_forget(struct translate *translate);

/* Loads the modules of all insurers; an insurer whose module is bad is logged and left out. ERR_NOMEM. */
int modules_open(struct translate *translate, const struct zf_adapter *const *linked, size_t linked_count) MUSTUSE;
/* Contexts for the reloaded directory. ERR_NOTFOUND: it names a module that is not loaded. */
int modules_again(struct translate *translate) MUSTUSE;

#endif
