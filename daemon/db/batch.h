/* A batch: statements that commit together, sent in one pipeline with one Sync (an implicit transaction), and the four
 * ways it can end. A statement's success is nothing; only the Sync's result is durable and only that is reported.
 *
 *   struct db_batch *batch;
 *   if ((r = db_batch_new(pool, &batch)) < 0) return r;
 *   struct db_params *params = db_batch_add(batch, &desk_sql[DESK_HOLD]);
 *   db_params_uuid(params, &hospital);
 *   r = db_batch_run(batch, 0, hold_done, request);     // then hold_done is called from the loop, exactly once
 */
#ifndef DB_BATCH_H
#define DB_BATCH_H

#include "db/params.h"
#include "db/rows.h"

#define DB_BATCH_STATEMENTS_MAX 16
#define DB_BATCH_BYTES_MAX (96u << 20) /* all parameters of a batch together */

enum db_ending {
	DB_COMMITTED, /* durable; the rows of every statement are there */
	DB_REFUSED, /* PostgreSQL refused it and would again: constraint, bad value, missing right. Nothing happened */
	DB_RETRYABLE, /* certainly nothing happened; the same batch may succeed later (not sent, serialization,
		       * deadlock, shut-down, out of resources, no connection before the deadline) */
	DB_UNKNOWN,   /* the connection died after the Sync may have left, or the standby did not confirm. Run the same
		       * batch again: it must be idempotent (ON CONFLICT DO NOTHING, compare-and-set). Never ask by SELECT
		       */
};
/* "committed", "refused", "retryable", "unknown": for logs and metrics. */
const char *db_ending_name(enum db_ending ending);

/* How a batch ended. Everything in it is borrowed until the callback returns. */
struct db_outcome {
	enum db_ending ending;
	char sqlstate[6];       /* five characters, "" when PostgreSQL did not say */
	const char *message;    /* PostgreSQL's primary message or ours; "" when committed. May quote values: log only
				 * sqlstate and constraint where a person's data may be in a parameter */
	const char *constraint; /* the violated constraint's name, "" when none */
	size_t failed;          /* REFUSED: index of the statement that failed; = statement count when the commit did */
	size_t count;           /* statements in the batch */
	const struct pg_result *const
		*results; /* COMMITTED: the rows of each statement in the order added; else NULL */
};

/* Called from the loop, never from inside the function that it was given to. It may run or free the batch. */
typedef void db_done(void *ctx, const struct db_outcome *outcome);

struct db_pool;
struct db_batch;

/* A new empty batch of this pool. Returns owned: db_batch_free. ERR_NOMEM. */
int db_batch_new(struct db_pool *pool, struct db_batch **ret_batch) MUSTUSE;
/* Adds a statement of one of the pool's tables and returns its parameters, to be filled before the run. Never NULL. */
struct db_params *db_batch_add(struct db_batch *batch, const struct db_statement *statement);
/* The batch's own arena: lives until db_batch_reset or db_batch_free. */
struct arena *db_batch_arena(struct db_batch *batch);
/* Runs it. deadline_ms: absolute, clock_mono_ms(); 0: the pool's default from now. When it passes in the queue, the
 * batch ends RETRYABLE; in flight, its connection is dropped. Errors (done is then not called): ERR_LIMIT the queue is
 * full, ERR_NOMEM or ERR_LIMIT from the parameters. A batch that ended may be run again as it is (after UNKNOWN it
 * goes first in the queue, and forces a commit record so that "committed" again means "the standby has it"). */
int db_batch_run(struct db_batch *batch, int64_t deadline_ms, db_done *done, void *ctx) MUSTUSE;
/* Empties it for other statements; not while it runs. */
void db_batch_reset(struct db_batch *batch);
/* Frees it; while it runs, its callback is dropped and it is freed when it ends. NULL allowed. */
void db_batch_free(struct db_batch *batch);

/* One statement in a transaction of its own. The parameters (NULL: none) are copied. Errors as db_batch_run. */
int db_query(struct db_pool *pool, const struct db_statement *statement, struct db_params *params, int64_t deadline_ms,
	db_done *done, void *ctx) MUSTUSE;
/* The same as hospital `hospital`: zhifu.hospital_id is set in the same transaction, so that row-level security
 * applies. outcome->results[0] and outcome->count are the statement's alone. */
int db_query_tenant(struct db_pool *pool, const struct uuid *hospital, const struct db_statement *statement,
	struct db_params *params, int64_t deadline_ms, db_done *done, void *ctx) MUSTUSE;
/* The callbacks of every batch and query that was run with this ctx are dropped: call it before ctx is freed. */
void db_forget(struct db_pool *pool, const void *ctx);

#endif
