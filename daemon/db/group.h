/* Self-clocked group commit: items that arrive while a batch commits go together in the next one. A lone item goes at
 * once, a full batch as long as there are free flights; there is no timer. Endings are dealt with here: a refused batch
 * is salvaged row by row on the server, a retryable one is run again with back-off, an unknown one is run again first,
 * all until the items' deadline.
 *
 * The room gives a `build` that turns items into statements (one unnest per table). Rows find their items by an
 * ordinal: the rows of statement `row_statement` have in their first column an int2/int4/int8 from 1 to n (rows may
 * come in any order and may be missing). Build must be repeatable: the batch may be run several times, so ON CONFLICT
 * DO NOTHING. */
#ifndef DB_GROUP_H
#define DB_GROUP_H

#include "db/batch.h"

#define DB_GROUP_CAP_MAX 256
#define DB_GROUP_FLIGHTS_MAX 8

struct db_group;

/* How one item ended. Borrowed until the callback returns. */
struct db_item_end {
	enum db_ending
		ending; /* COMMITTED: durable. RETRYABLE: nothing happened until the deadline, answer 503. UNKNOWN:
			 * the deadline passed without an answer, say neither yes nor no. REFUSED: see sqlstate */
	bool salvaged;  /* rows are those of the salvage statement */
	const struct pg_result *const *results;      /* COMMITTED: of all statements; else NULL */
	const struct pg_result *rows;                /* COMMITTED: those of row_statement (salvage: of statement 0) */
	int row;                                     /* this item's row in rows; -1 when there is none */
	const char *sqlstate, *message, *constraint; /* as in db_outcome; never NULL */
};

struct db_group_conf {
	size_t cap;             /* items per batch; 64..DB_GROUP_CAP_MAX, default 64 */
	size_t bytes_max;       /* weight per batch; a heavier single item goes alone; default 8 MiB */
	size_t queue_max;       /* items waiting; over it ERR_LIMIT; default 4,096 */
	size_t queue_bytes_max; /* their weight; default 64 MiB */
	size_t flights;         /* full batches in flight; default 2, at most DB_GROUP_FLIGHTS_MAX */
	int64_t deadline_ms;    /* from submit to the last moment an item may still be tried; default 10,000 */
	size_t row_statement;   /* index of the statement whose rows carry the ordinal */
	/* Adds the statements for these items to the empty batch: 0, or an error that ends the items (ERR_NOMEM and
	 * ERR_LIMIT as RETRYABLE, others as REFUSED). */
	int (*build)(void *ctx, struct db_batch *batch, void *const *items, size_t n);
	/* The same for one refused batch: one call of a server-side function that tries row by row and returns
	 * (ordinal, verdict ...). NULL: the items of a refused batch are all refused. */
	int (*salvage)(void *ctx, struct db_batch *batch, void *const *items, size_t n);
	/* Called from the loop exactly once per submitted item. The item is the caller's again. */
	void (*done)(void *ctx, void *item, const struct db_item_end *end);
	void *ctx;
};

/* Returns owned: db_group_free. ERR_NOMEM. */
int db_group_new(struct db_pool *pool, const struct db_group_conf *conf, struct db_group **ret_group) MUSTUSE;
/* Another cap and number of flights, within the same bounds, from the next batch on (a reload). ERR_NOMEM: both
 * stay as they were. */
int db_group_limits(struct db_group *group, size_t cap, size_t flights) MUSTUSE;
/* Drops what waits or runs without calling done. NULL allowed. Not from inside done. */
void db_group_free(struct db_group *group);
/* Hands an item over; it must stay valid until done. bytes: its weight. ERR_LIMIT: the queue is full, answer 503 with
 * Retry-After. */
int db_group_submit(struct db_group *group, void *item, size_t bytes) MUSTUSE;
size_t db_group_queued(const struct db_group *group);  /* items that wait */
size_t db_group_running(const struct db_group *group); /* batches in flight or being retried */

struct db_group_stats {
	uint64_t items, batches;     /* submitted; first runs */
	uint64_t salvages, reruns;   /* refused batches tried row by row; runs again after RETRYABLE or UNKNOWN */
	uint64_t unknowns, refusals; /* batches that ended so at some run */
	uint64_t largest;            /* items in the largest batch */
};
struct db_group_stats db_group_stats(const struct db_group *group);

#endif
