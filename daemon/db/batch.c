/* A batch's life with its owner: statements, the run, the ending and its callback. How it travels is pipeline.c. */
#include "db/batch.h"

#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "db/pool_private.h"

const char *db_ending_name(enum db_ending ending)
{
	static const char *const names[] = {"committed", "refused", "retryable", "unknown"};
	assert((size_t)ending < ARRAY_LEN(names));
	return names[ending];
}

enum db_ending db_ending_of(const char *sqlstate)
{
	/* serialization, deadlock, lock not available, cancelled or timed out, shut down, crashed, starting, read-only
	 * after a failover, I/O error; then whole classes: connection, resources. */
	static const char *const again[] = {
		"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "25006", "58030", "26000"};
	if (strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "53", 2) == 0) return DB_RETRYABLE;
	for (size_t i = 0; i < ARRAY_LEN(again); i++)
		if (strcmp(sqlstate, again[i]) == 0) return DB_RETRYABLE;
	return DB_REFUSED;
}

int db_batch_new(struct db_pool *pool, struct db_batch **ret_batch)
{
	CHECK_MAGIC(pool, POOL_MAGIC);
	struct db_batch *batch = mem_alloc(sizeof(*batch));
	if (batch == NULL) {
		err_set(ERR_NOMEM, "no memory for a batch");
		return ERR_NOMEM;
	}
	batch->magic = BATCH_MAGIC;
	batch->pool = pool;
	list_init(&batch->node);
	arena_init(&batch->arena, DB_BATCH_BYTES_MAX);
	db_params_init(&batch->sink, &batch->arena);
	*ret_batch = batch;
	return 0;
}

static struct db_params *statement_add(
	struct db_batch *batch, struct batch_statement *slot, const struct db_statement *statement)
{
	slot->statement = statement;
	slot->params = zf_alloc(&batch->arena.zf, sizeof(*slot->params));
	if (slot->params == NULL) {
		batch->err = ERR_NOMEM;
		db_params_init(&batch->sink, &batch->arena);
		batch->sink.err = ERR_NOMEM;
		return &batch->sink;
	}
	db_params_init(slot->params, &batch->arena);
	return slot->params;
}

struct db_params *db_batch_add(struct db_batch *batch, const struct db_statement *statement)
{
	CHECK_MAGIC(batch, BATCH_MAGIC);
	assert(batch->state == BATCH_IDLE || batch->state == BATCH_DELIVERING);
	assert(batch->own_count < DB_BATCH_STATEMENTS_MAX);
	return statement_add(batch, &batch->own[batch->own_count++], statement);
}

struct arena *db_batch_arena(struct db_batch *batch)
{
	CHECK_MAGIC(batch, BATCH_MAGIC);
	return &batch->arena;
}

/* Forgets the last run. */
void db_batch_run_clear(struct db_batch *batch)
{
	for (size_t i = 0; i < DB_UNIT_STATEMENTS_MAX; i++) {
		PQclear(batch->results[i]);
		batch->results[i] = NULL;
	}
	PQclear(batch->error);
	batch->error = NULL;
	batch->sync_left = batch->unconfirmed = false;
	batch->got = batch->failed = 0;
}

void db_batch_reset(struct db_batch *batch)
{
	CHECK_MAGIC(batch, BATCH_MAGIC);
	assert(batch->state == BATCH_IDLE || batch->state == BATCH_DELIVERING);
	db_batch_run_clear(batch);
	arena_reset(&batch->arena);
	batch->own_count = batch->prefix_count = 0;
	batch->tenant = batch->was_unknown = false;
	batch->err = 0;
}

static void batch_destroy(struct db_batch *batch)
{
	list_remove(&batch->node);
	db_batch_run_clear(batch);
	arena_free(&batch->arena);
	batch->magic = 0;
	mem_free(batch);
}

void db_batch_free(struct db_batch *batch)
{
	if (batch == NULL) return;
	CHECK_MAGIC(batch, BATCH_MAGIC);
	batch->done = NULL;
	if (batch->state == BATCH_FLYING) {
		batch->dead = true;
	} else if (batch == batch->pool->delivering) {
		/* Inside its own callback, maybe after having been run again. */
		db_batch_move(batch, BATCH_DELIVERING, NULL);
		batch->dead = true;
	} else {
		db_batch_move(batch, BATCH_IDLE, NULL);
		batch_destroy(batch);
	}
}

/* The one function that moves a batch between its lists. conn: for BATCH_FLYING; leaving it, the batch's old one. */
void db_batch_move(struct db_batch *batch, enum batch_state state, struct db_conn *conn)
{
	struct db_pool *pool = batch->pool;
	if (batch->state == BATCH_WAITING) pool->waiting_count--;
	if (batch->state == BATCH_FLYING) {
		assert(conn != NULL && conn->flying_count > 0);
		conn->flying_count--;
		pool->flying_count--;
	}
	list_remove(&batch->node);
	batch->state = state;
	switch (state) {
	case BATCH_WAITING:
		pool->waiting_count++;
		list_append(batch->was_unknown ? pool->waiting.next : &pool->waiting, &batch->node);
		break;
	case BATCH_FLYING:
		conn->flying_count++;
		pool->flying_count++;
		list_append(&conn->flying, &batch->node);
		break;
	case BATCH_ENDED:
		list_append(&pool->ended, &batch->node);
		break;
	case BATCH_IDLE:
	case BATCH_DELIVERING:
		break;
	}
}

int db_batch_run(struct db_batch *batch, int64_t deadline_ms, db_done *done, void *ctx)
{
	CHECK_MAGIC(batch, BATCH_MAGIC);
	struct db_pool *pool = batch->pool;
	assert(batch->state == BATCH_IDLE || (batch->state == BATCH_DELIVERING && batch == pool->delivering));
	assert(batch->own_count > 0 && !batch->dead);
	if (batch->err < 0) return err_set(batch->err, "no memory for a batch's parameters");
	for (size_t i = 0; i < batch->own_count; i++) {
		const struct batch_statement *own = &batch->own[i];
		if (own->params->err < 0)
			return err_set(own->params->err, "parameters of %s: %s", own->statement->name,
				err_name(own->params->err));
		assert(own->params->count == own->statement->param_count);
	}
	/* A batch whose last run is unknown may have committed already: it is not turned away. */
	if (pool->waiting_count >= pool->conf.queue_max && !batch->was_unknown)
		return err_set(ERR_LIMIT, "the database queue of %zu batches is full", pool->conf.queue_max);
	size_t prefix_count = batch->tenant;
	if (batch->was_unknown) {
		(void)statement_add(batch, &batch->prefix[prefix_count++], &db_builtin[DB_BUILTIN_CONFIRM]);
		if (batch->err < 0) {
			batch->err = 0;
			return err_set(ERR_NOMEM, "no memory for a batch's parameters");
		}
	}
	db_batch_run_clear(batch);
	batch->prefix_count = prefix_count;
	batch->deadline_ms = deadline_ms != 0 ? deadline_ms : clock_mono_ms() + pool->conf.deadline_ms;
	batch->done = done;
	batch->ctx = ctx;
	db_batch_move(batch, BATCH_WAITING, NULL);
	db_pool_clock(pool, batch->deadline_ms);
	db_pool_turn_soon(pool);
	return 0;
}

void db_batch_end(struct db_batch *batch, struct db_conn *conn, enum db_ending ending, const char *message)
{
	struct db_pool_stats *stats = &batch->pool->stats;
	uint64_t *const counters[] = {&stats->committed, &stats->refused, &stats->retryable, &stats->unknown};
	(*counters[ending])++;
	batch->ending = ending;
	batch->message = message;
	batch->was_unknown = ending == DB_UNKNOWN || (batch->was_unknown && ending == DB_RETRYABLE);
	db_batch_move(batch, BATCH_ENDED, conn);
	db_pool_turn_soon(batch->pool);
}

static const char *error_field(const PGresult *error, int field)
{
	const char *text = error == NULL ? NULL : PQresultErrorField(error, field);
	return text == NULL ? "" : text;
}

/* The results are moved out of the batch first, so that the callback may run or free it while it reads them. */
void db_batch_deliver(struct db_batch *batch)
{
	struct db_pool *pool = batch->pool;
	PGresult *results[DB_UNIT_STATEMENTS_MAX];
	PGresult *error = batch->error;
	size_t prefix_count = batch->prefix_count;
	memcpy(results, batch->results, sizeof(results));
	memset(batch->results, 0, sizeof(batch->results));
	batch->error = NULL;

	struct db_outcome outcome = {.ending = batch->ending, .count = batch->own_count};
	outcome.message = error != NULL ? error_field(error, PG_DIAG_MESSAGE_PRIMARY) : batch->message;
	outcome.constraint = error_field(error, PG_DIAG_CONSTRAINT_NAME);
	memccpy(outcome.sqlstate, error_field(error, PG_DIAG_SQLSTATE), '\0', sizeof(outcome.sqlstate) - 1);
	outcome.failed = batch->failed > prefix_count ? batch->failed - prefix_count : 0;
	if (batch->ending == DB_COMMITTED) outcome.results = (const struct pg_result *const *)results + prefix_count;

	db_batch_move(batch, BATCH_DELIVERING, NULL);
	pool->delivering = batch;
	if (batch->done != NULL) batch->done(batch->ctx, &outcome);
	pool->delivering = NULL;
	for (size_t i = 0; i < DB_UNIT_STATEMENTS_MAX; i++) PQclear(results[i]);
	PQclear(error);
	if (batch->state != BATCH_DELIVERING) return;
	batch->state = BATCH_IDLE;
	if (batch->dead || batch->once) batch_destroy(batch);
}

/* Copies parameters into the batch's arena, so that the caller's may go. */
static void params_adopt(struct db_params *to, struct db_params *from)
{
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
	if (from == NULL) return;
	if (from->err < 0) {
		to->err = from->err;
		return;
	}
	db_params_export(from, values, lengths, formats);
	for (int i = 0; i < from->count; i++)
		db_params_bytes(to, (struct bytes){(const uint8_t *)values[i], (size_t)lengths[i]});
}

int db_query_tenant(struct db_pool *pool, const struct uuid *hospital, const struct db_statement *statement,
	struct db_params *params, int64_t deadline_ms, db_done *done, void *ctx)
{
	struct db_batch *batch;
	int r = db_batch_new(pool, &batch);
	if (r < 0) return r;
	batch->once = true;
	if (hospital != NULL) {
		char text[UUID_TEXT_LEN];
		uuid_format(hospital, text);
		batch->tenant = true;
		db_params_text(statement_add(batch, &batch->prefix[0], &db_builtin[DB_BUILTIN_TENANT]), text);
		if (batch->err == 0) batch->err = batch->prefix[0].params->err;
	}
	params_adopt(db_batch_add(batch, statement), params);
	r = db_batch_run(batch, deadline_ms, done, ctx);
	if (r < 0) batch_destroy(batch);
	return r;
}

int db_query(struct db_pool *pool, const struct db_statement *statement, struct db_params *params, int64_t deadline_ms,
	db_done *done, void *ctx)
{
	return db_query_tenant(pool, NULL, statement, params, deadline_ms, done, ctx);
}

static void forget_in(struct list *head, const void *ctx)
{
	LIST_EACH(head, node)
	{
		struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		if (batch->ctx == ctx) batch->done = NULL;
	}
}

void db_forget(struct db_pool *pool, const void *ctx)
{
	CHECK_MAGIC(pool, POOL_MAGIC);
	forget_in(&pool->waiting, ctx);
	forget_in(&pool->ended, ctx);
	for (size_t i = 0; i < pool->conf.connections; i++) forget_in(&pool->conns[i].flying, ctx);
}
