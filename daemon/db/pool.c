/* The pool: its queue, its connections and the turn that joins them. */
#include "db/pool.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool_private.h"

int64_t db_jitter(int64_t low, int64_t high)
{
	uint64_t random;
	assert(low <= high);
	random_bytes(&random, sizeof(random));
	return low + (int64_t)(random % (uint64_t)(high - low + 1));
}

void db_pool_turn_soon(struct db_pool *pool)
{
	event_active(pool->turn, 0, 0);
}

/* The ready connection with the fewest batches in flight; NULL when all are full. */
static struct db_conn *conn_free(struct db_pool *pool)
{
	struct db_conn *best = NULL;
	LIST_EACH(&pool->conn_lists[CONN_READY], node)
	{
		struct db_conn *conn = CONTAINER_OF(node, struct db_conn, node);
		if (conn->flying_count >= pool->conf.pipeline_max) continue;
		if (best == NULL || conn->flying_count < best->flying_count) best = conn;
	}
	return best;
}

static void pool_send(struct db_pool *pool)
{
	struct db_conn *conn;
	while (!list_empty(&pool->waiting) && (conn = conn_free(pool)) != NULL) {
		struct db_batch *batch = CONTAINER_OF(list_first(&pool->waiting), struct db_batch, node);
		/* On failure the batch stays first in the queue: its Sync did not leave. */
		if (!db_pipeline_send(conn, batch) || !db_pipeline_flush(conn)) db_conn_lose(conn, "connection lost");
	}
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_pool *pool = ctx;
	CHECK_MAGIC(pool, POOL_MAGIC);
	pool_send(pool);
	/* Only what has ended by now: a callback that runs its batch again does not keep us here. */
	size_t count = 0;
	LIST_EACH(&pool->ended, node) count++;
	while (count-- > 0 && !list_empty(&pool->ended))
		db_batch_deliver(CONTAINER_OF(list_first(&pool->ended), struct db_batch, node));
	pool_send(pool);
}

void db_pool_clock(struct db_pool *pool, int64_t deadline_ms)
{
	if (pool->clock_at_ms != 0 && pool->clock_at_ms <= deadline_ms) return;
	int64_t ms = deadline_ms - clock_mono_ms();
	if (ms < 0) ms = 0;
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	pool->clock_at_ms = deadline_ms;
	event_add(pool->clock, &after);
}

/* The earliest deadline in a list; INT64_MAX when empty. */
static int64_t earliest(const struct list *head)
{
	int64_t deadline_ms = INT64_MAX;
	LIST_EACH(head, node)
	{
		const struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		if (batch->deadline_ms < deadline_ms) deadline_ms = batch->deadline_ms;
	}
	return deadline_ms;
}

/* Deadlines: what waits ends, what flies takes its connection with it (no PQcancel on the loop: it blocks). */
static void on_clock(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_pool *pool = ctx;
	CHECK_MAGIC(pool, POOL_MAGIC);
	int64_t now_ms = clock_mono_ms(), next_ms;
	pool->clock_at_ms = 0;
	LIST_EACH(&pool->waiting, node)
	{
		struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		if (batch->deadline_ms > now_ms) continue;
		pool->stats.expired++;
		db_batch_end(batch, NULL, DB_RETRYABLE, "no database connection before the deadline");
	}
	next_ms = earliest(&pool->waiting);
	for (size_t i = 0; i < pool->conf.connections; i++) {
		struct db_conn *conn = &pool->conns[i];
		int64_t deadline_ms = earliest(&conn->flying);
		if (deadline_ms <= now_ms) {
			pool->stats.expired++;
			db_conn_lose(conn, "the database did not answer before the deadline");
		} else if (deadline_ms < next_ms) {
			next_ms = deadline_ms;
		}
	}
	if (next_ms != INT64_MAX) db_pool_clock(pool, next_ms);
}

static int conf_copy(struct db_pool *pool, const struct db_pool_conf *conf)
{
	struct db_pool_conf *own = &pool->conf;
	assert(conf->conninfo != NULL && conf->role != NULL);
	assert(conf->connections <= DB_POOL_CONNECTIONS_MAX && conf->pipeline_max <= DB_PIPELINE_MAX);
	assert(conf->table_count <= DB_POOL_TABLES_MAX);
	*own = *conf;
	for (size_t i = 0; i < conf->table_count; i++) {
		assert(conf->tables[i]->count <= DB_TABLE_STATEMENTS_MAX);
		pool->tables[i] = conf->tables[i];
	}
	own->tables = pool->tables;
	if (own->connections == 0) own->connections = 2;
	if (own->pipeline_max == 0) own->pipeline_max = 8;
	if (own->queue_max == 0) own->queue_max = 1024;
	if (own->deadline_ms == 0) own->deadline_ms = 10000;
	if (own->statement_timeout_ms == 0) own->statement_timeout_ms = 10000;
	own->conninfo = mem_strdup(conf->conninfo);
	own->role = mem_strdup(conf->role);
	return own->conninfo == NULL || own->role == NULL ? err_set(ERR_NOMEM, "no memory for a database pool") : 0;
}

int db_pool_make(struct event_base *loop, const struct db_pool_conf *conf, bool listening,
	void (*notified)(void *ctx, const char *topic), struct db_pool **ret_pool)
{
	struct db_pool *pool = mem_alloc(sizeof(*pool));
	if (pool == NULL) return err_set(ERR_NOMEM, "no memory for a database pool");
	pool->magic = POOL_MAGIC;
	pool->loop = loop;
	pool->listen = listening;
	pool->notified = notified;
	list_init(&pool->waiting);
	list_init(&pool->ended);
	for (size_t i = 0; i < CONN_STATES; i++) list_init(&pool->conn_lists[i]);
	int r = conf_copy(pool, conf);
	if (r == 0) r = db_hosts_parse(conf->conninfo, conf->role, &pool->hosts);
	if (r == 0) {
		pool->turn = event_new(loop, -1, 0, on_turn, pool);
		pool->clock = event_new(loop, -1, 0, on_clock, pool);
		if (pool->turn == NULL || pool->clock == NULL) r = err_set(ERR_NOMEM, "no memory for a database pool");
	}
	for (size_t i = 0; r == 0 && i < pool->conf.connections; i++) r = db_conn_init(&pool->conns[i], pool);
	if (r < 0) {
		db_pool_free(pool);
		return r;
	}
	*ret_pool = pool;
	return 0;
}

int db_pool_new(struct event_base *loop, const struct db_pool_conf *conf, struct db_pool **ret_pool)
{
	return db_pool_make(loop, conf, false, NULL, ret_pool);
}

/* Frees queries; a batch goes back to its owner as if it had never run. */
static void batches_release(struct list *head)
{
	LIST_EACH(head, node)
	{
		struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		batch->done = NULL;
		if (batch->once || batch->dead)
			db_batch_free(batch);
		else
			db_batch_move(batch, BATCH_IDLE, NULL);
	}
}

void db_pool_free(struct db_pool *pool)
{
	if (pool == NULL) return;
	CHECK_MAGIC(pool, POOL_MAGIC);
	assert(pool->delivering == NULL);
	for (size_t i = 0; i < DB_POOL_CONNECTIONS_MAX; i++) db_conn_stop(&pool->conns[i]);
	batches_release(&pool->waiting);
	batches_release(&pool->ended);
	/* No callbacks for names still being looked up: their connections are gone. */
	if (pool->dns != NULL) evdns_base_free(pool->dns, 1);
	if (pool->turn != NULL) event_free(pool->turn);
	if (pool->clock != NULL) event_free(pool->clock);
	db_hosts_free(&pool->hosts);
	mem_free((void *)(uintptr_t)pool->conf.conninfo);
	mem_free((void *)(uintptr_t)pool->conf.role);
	pool->magic = 0;
	mem_free(pool);
}

bool db_pool_up(const struct db_pool *pool)
{
	return pool->ready > 0;
}

size_t db_pool_ready(const struct db_pool *pool)
{
	return pool->ready;
}

size_t db_pool_queued(const struct db_pool *pool)
{
	return pool->waiting_count;
}

size_t db_pool_running(const struct db_pool *pool)
{
	return pool->flying_count;
}

struct event_base *db_pool_loop(const struct db_pool *pool)
{
	return pool->loop;
}

struct db_pool_stats db_pool_stats(const struct db_pool *pool)
{
	return pool->stats;
}
