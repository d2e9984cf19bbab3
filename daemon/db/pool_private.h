/* What the files of the room db share about pool, connection and batch. Nothing outside the room includes this. */
#ifndef DB_POOL_PRIVATE_H
#define DB_POOL_PRIVATE_H

#include <libpq-fe.h>

#include "base/list.h"
#include "db/host.h"
#include "db/pool.h"

#define DB_PIPELINE_MAX 64
/* Statements that a batch may carry before its own: force a commit record, act as a hospital. */
#define DB_PREFIX_MAX 2
#define DB_UNIT_STATEMENTS_MAX (DB_BATCH_STATEMENTS_MAX + DB_PREFIX_MAX)

/* The pool's own statements, prepared before the rooms' tables. */
enum db_builtin { DB_BUILTIN_CONFIRM, DB_BUILTIN_TENANT, DB_BUILTIN_NOTIFY, DB_BUILTIN_COUNT };
extern const struct db_statement db_builtin[DB_BUILTIN_COUNT];
#define DB_NOTIFY_CHANNEL "zhifu"

/* Where a batch is; batch_move's table says which list that means. */
enum batch_state {
	BATCH_IDLE,       /* with its owner, in no list */
	BATCH_WAITING,    /* pool->waiting */
	BATCH_FLYING,     /* conn->flying: sent, the Sync's answer is outstanding */
	BATCH_ENDED,      /* pool->ended: the callback is due */
	BATCH_DELIVERING, /* its callback is running, in no list */
};

struct batch_statement {
	const struct db_statement *statement;
	struct db_params *params;
};

struct db_batch {
	uint32_t magic;
	enum batch_state state;
	struct list node;
	struct db_pool *pool;
	struct arena arena;
	struct batch_statement prefix[DB_PREFIX_MAX];
	struct batch_statement own[DB_BATCH_STATEMENTS_MAX];
	size_t prefix_count, own_count;
	struct db_params sink; /* what db_batch_add returns on no memory */
	int err;
	bool tenant; /* prefix 0 is the tenant's */
	bool once;   /* freed after its callback: a query */
	bool dead;   /* freed by its owner while it flies or in its callback */
	int64_t deadline_ms;
	db_done *done;
	void *ctx;
	/* The run. */
	bool sync_left;   /* the Sync may have reached the server */
	bool unconfirmed; /* the standby did not confirm the commit */
	size_t got;       /* statements answered */
	PGresult *results[DB_UNIT_STATEMENTS_MAX];
	PGresult *error; /* the first refusal */
	size_t failed;
	/* The ending. */
	enum db_ending ending;
	const char *message; /* a constant, when PostgreSQL said nothing */
	bool was_unknown;    /* the last run ended UNKNOWN: the next one forces a commit record and goes first */
};
#define BATCH_MAGIC 0x6261746au

/* The state says which list of the pool holds the connection; conn_move is the only one that changes it. */
enum conn_state {
	CONN_WAITING,    /* for its retry timer */
	CONN_RESOLVING,  /* evdns looks the host up */
	CONN_CONNECTING, /* PQconnectPoll */
	CONN_PREPARING,  /* judging the server, session settings, statement tables */
	CONN_READY,
	CONN_STATES,
};

struct conn_lookup;

struct db_conn {
	uint32_t magic;
	enum conn_state state;
	struct list node;
	struct db_pool *pool;
	PGconn *pg;
	struct event *io;     /* connecting: one-shot, made anew after each poll; later: persistent read */
	struct event *writer; /* write interest while the out buffer is not empty */
	struct event *timer;  /* retry, or the host's time limit */
	struct conn_lookup *lookup;
	size_t host, tried; /* index into pool->hosts; hosts tried since the last back-off */
	unsigned attempts;
	int64_t retry_ms;
	bool complained; /* the failure has been logged; again only after a success */
	struct list flying;
	size_t flying_count;
	size_t prepared; /* results of the set-up received */
	bool unsent;     /* something waits in libpq's buffer */
	bool fatal;      /* the server said it ends this session, while it worked on the first in flight */
	bool stale;      /* the session must not be used again: read-only after a failover, plans out of date */
};
#define CONN_MAGIC 0x636f6e6eu

struct db_pool {
	uint32_t magic;
	struct event_base *loop;
	struct evdns_base *dns; /* made when a host is a name */
	struct db_hosts hosts;
	struct db_pool_conf conf; /* conninfo and role are owned copies */
	const struct db_table *tables[DB_POOL_TABLES_MAX];
	bool listen;
	bool schema_told; /* that the schema does not fit has been logged; again only after a success */
	void (*notified)(void *ctx, const char *topic);
	struct db_conn conns[DB_POOL_CONNECTIONS_MAX];
	struct list conn_lists[CONN_STATES];
	size_t ready;
	size_t host_good; /* where a connection last got ready */
	struct list waiting, ended;
	size_t waiting_count, flying_count;
	struct event *turn;  /* sends what waits, delivers what ended */
	struct event *clock; /* the next deadline */
	int64_t clock_at_ms; /* when it is armed for; 0: not */
	struct db_batch *delivering;
	struct db_pool_stats stats;
};
#define POOL_MAGIC 0x706f6f6cu

/* pool.c */
int db_pool_make(struct event_base *loop, const struct db_pool_conf *conf, bool listening,
	void (*notified)(void *ctx, const char *topic), struct db_pool **ret_pool) MUSTUSE;
void db_pool_turn_soon(struct db_pool *pool);
/* Makes sure that the deadline is looked at in time. */
void db_pool_clock(struct db_pool *pool, int64_t deadline_ms);
/* A uniformly random number in [low, high]. */
int64_t db_jitter(int64_t low, int64_t high);

/* batch.c */
void db_batch_move(struct db_batch *batch, enum batch_state state, struct db_conn *conn);
/* Moves it to the ended; conn: the one it flew on, NULL when it waited. message: a constant. */
void db_batch_end(struct db_batch *batch, struct db_conn *conn, enum db_ending ending, const char *message);
/* What a refusal with this SQLSTATE means. */
enum db_ending db_ending_of(const char *sqlstate);
void db_batch_run_clear(struct db_batch *batch);
/* Calls the callback of an ended batch. */
void db_batch_deliver(struct db_batch *batch);

/* conn.c */
int db_conn_init(struct db_conn *conn, struct db_pool *pool) MUSTUSE;
void db_conn_stop(struct db_conn *conn);
void db_conn_move(struct db_conn *conn, enum conn_state state);
/* Gives the connection up; what flies ends UNKNOWN or RETRYABLE. reason: a constant. */
void db_conn_lose(struct db_conn *conn, const char *reason);
void db_conn_complain(struct db_conn *conn, const char *what, const char *detail);

/* pipeline.c */
/* Puts a batch into the pipeline. False: the connection broke before the batch's Sync could leave; the batch is as it
 * was. The caller then loses the connection. */
bool db_pipeline_send(struct db_conn *conn, struct db_batch *batch) MUSTUSE;
/* Sends the set-up: the judgement of the server, settings, tables. */
bool db_pipeline_prepare(struct db_conn *conn) MUSTUSE;
/* Reads what is there. False: lose the connection. */
bool db_pipeline_read(struct db_conn *conn) MUSTUSE;
/* Writes what waits in libpq's buffer. False: lose the connection. */
bool db_pipeline_flush(struct db_conn *conn) MUSTUSE;
void db_pipeline_notice(void *ctx, const PGresult *notice);

#endif
