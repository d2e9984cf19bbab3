/* The pool: a small fixed number of pipelined connections of one process to the one writable PostgreSQL of a list of
 * hosts. It connects, prepares the statement tables, rotates hosts and reconnects by itself; nothing blocks the loop.
 */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "db/batch.h"

struct event_base;
struct db_pool;

#define DB_POOL_CONNECTIONS_MAX 32
#define DB_POOL_HOSTS_MAX 8
#define DB_POOL_TABLES_MAX 16
#define DB_HOST_TIMEOUT_MS 2000 /* per host; libpq's own connect_timeout does not work with PQconnectPoll */
#define DB_RETRY_MIN_MS 50      /* reconnect: decorrelated jitter between these two */
#define DB_RETRY_MAX_MS 5000

/* How to make a pool. Strings and arrays are copied, tables are borrowed (they are constants). 0 or NULL: default. */
struct db_pool_conf {
	const char *conninfo;         /* libpq keywords or URI, several hosts allowed; names are resolved by evdns */
	const char *role;             /* application_name becomes "zhifu-ROLE"; required */
	size_t connections;           /* 1..DB_POOL_CONNECTIONS_MAX; default 2 */
	size_t pipeline_max;          /* batches in flight per connection; default 8, at most 64 */
	size_t queue_max;             /* batches waiting for a connection; over it ERR_LIMIT; default 1024 */
	int64_t deadline_ms;          /* of a batch that names none, from the run; default 10,000 */
	int64_t statement_timeout_ms; /* set in the session; default 10,000 */
	int schema_version; /* the migration that the schema must stand at, else no connection gets ready; 0: any */
	bool any_host;      /* a read-only server is good enough; default: only one that is writable */
	const struct db_table *const *tables;
	size_t table_count; /* at most DB_POOL_TABLES_MAX */
	/* Called from the loop when the first connection gets ready (true) and when the last is lost (false). */
	void (*changed)(void *ctx, bool up);
	void *ctx;
};

/* Starts connecting; returns at once. The loop must outlive the pool. Returns owned: db_pool_free.
 * ERR_INVALID (conninfo, with text), ERR_NOMEM. */
int db_pool_new(struct event_base *loop, const struct db_pool_conf *conf, struct db_pool **ret_pool) MUSTUSE;
/* Closes everything; callbacks of what still runs are dropped. Free the pool's groups, notifiers and batches first.
 * Not from inside a db callback. NULL allowed. */
void db_pool_free(struct db_pool *pool);

bool db_pool_up(const struct db_pool *pool);        /* at least one connection is ready: for readyz */
size_t db_pool_ready(const struct db_pool *pool);   /* connections ready */
size_t db_pool_queued(const struct db_pool *pool);  /* batches waiting for a connection */
size_t db_pool_running(const struct db_pool *pool); /* batches in flight */
struct event_base *db_pool_loop(const struct db_pool *pool);

/* Counters since start, for metrics. */
struct db_pool_stats {
	uint64_t connects, connect_failures, losses;     /* connections */
	uint64_t committed, refused, retryable, unknown; /* batches by ending */
	uint64_t expired;                                /* batches whose deadline passed */
};
struct db_pool_stats db_pool_stats(const struct db_pool *pool);

#endif
