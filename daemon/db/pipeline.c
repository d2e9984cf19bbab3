/* What travels on one connection: batches into libpq's pipeline, results out of it, and what each ending means.
 *
 * The read loop is bounded by our own list of what flies and by PQstatus, never "until NULL" or "until SYNC" alone:
 * libpq returns NULL between statements, and after a loss it returns neither. */
#include <event2/event.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/point.h"
#include "db/pool_private.h"

const struct db_statement db_builtin[DB_BUILTIN_COUNT] = {
	/* A run after UNKNOWN may find everything there and write nothing; such a transaction commits without waiting
	 * for the standby. This writes a record to the log, so that its commit waits like the first one should have. */
	[DB_BUILTIN_CONFIRM] = {"zhifu_confirm", "select pg_catalog.pg_logical_emit_message(true, 'zhifu', '')", 0},
	[DB_BUILTIN_TENANT] = {"zhifu_tenant", "select pg_catalog.set_config('zhifu.hospital_id', $1, true)", 1},
	[DB_BUILTIN_NOTIFY] = {"zhifu_notify",
		"select pg_catalog.pg_notify('" DB_NOTIFY_CHANNEL "', topic) from unnest($1::text[]) topic", 1},
};

#define JUDGE_SQL "select pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('transaction_read_only')::bool"
/* No jit: it compiles at every execution, which takes longer than any statement of ours that runs in turns. */
#define SESSION_SQL                                                                                                    \
	"select pg_catalog.set_config(name, value, false) from (values ('TimeZone', 'UTC'), ('DateStyle', 'ISO'), "    \
	"('statement_timeout', $1::text), ('idle_in_transaction_session_timeout', '10000'), "                          \
	"('lock_timeout', '5000'), ('jit', 'off')) settings(name, value)"
/* Results of the set-up before the tables' own. */
#define SETUP_JUDGE 0
#define SETUP_SESSION 1
#define SETUP_SCHEMA 2 /* only where a version is asked for */
#define SCHEMA_SQL "select zhifu.schema_version(), zhifu.cluster_is_own()"

static bool send_statement(PGconn *pg, const struct batch_statement *item)
{
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
	db_params_export(item->params, values, lengths, formats);
	return PQsendQueryPrepared(pg, item->statement->name, item->params->count, values, lengths, formats, 1) == 1;
}

/* Everything put into the pipeline so far may have left. */
static void mark_left(struct db_conn *conn)
{
	for (struct list *node = conn->flying.prev; node != &conn->flying; node = node->prev) {
		struct db_batch *batch = CONTAINER_OF(node, struct db_batch, node);
		if (batch->sync_left) break; /* and so have all before it */
		batch->sync_left = true;
	}
}

/* What is still in libpq's buffer can never leave. Asked before PQflush, because after a failed write that may say
 * "all sent": it throws the rest away and leaves the error to the next read. */
static bool rest_is_stuck(const struct db_conn *conn)
{
	struct pollfd fd = {.fd = PQsocket(conn->pg)};
	if (!conn->unsent) return false;
	return fd.fd < 0 || (poll(&fd, 1, 0) == 1 && (fd.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0);
}

bool db_pipeline_send(struct db_conn *conn, struct db_batch *batch)
{
	if (rest_is_stuck(conn)) return false;
	/* libpq writes whenever it likes while we append, and with that the Syncs of earlier batches may leave. */
	mark_left(conn);
	for (size_t i = 0; i < batch->prefix_count; i++)
		if (!send_statement(conn->pg, &batch->prefix[i])) return false;
	for (size_t i = 0; i < batch->own_count; i++)
		if (!send_statement(conn->pg, &batch->own[i])) return false;
	/* When this fails, the write that would have carried the Sync's last byte failed: it did not leave. */
	if (PQpipelineSync(conn->pg) != 1) return false;
	db_batch_move(batch, BATCH_FLYING, conn);
	return true;
}

bool db_pipeline_flush(struct db_conn *conn)
{
	if (rest_is_stuck(conn)) return false;
	int r = PQflush(conn->pg);
	if (r < 0) return false;
	conn->unsent = r > 0;
	if (r == 0) {
		mark_left(conn);
		if (conn->flying_count > 0) POINT("db.sent");
		event_del(conn->writer);
	} else {
		event_add(conn->writer, NULL);
	}
	return true;
}

bool db_pipeline_prepare(struct db_conn *conn)
{
	const struct db_pool *pool = conn->pool;
	char timeout[24];
	const char *timeout_value = timeout;
	PGconn *pg = conn->pg;
	conn->prepared = 0;
	conn->fatal = conn->stale = conn->unsent = false;
	evutil_snprintf(timeout, sizeof(timeout), "%lld", (long long)pool->conf.statement_timeout_ms);
	if (PQsetnonblocking(pg, 1) != 0 || PQenterPipelineMode(pg) != 1) return false;
	if (PQsendQueryParams(pg, JUDGE_SQL, 0, NULL, NULL, NULL, NULL, 1) != 1) return false;
	if (PQsendQueryParams(pg, SESSION_SQL, 1, NULL, &timeout_value, NULL, NULL, 1) != 1) return false;
	if (pool->conf.schema_version > 0 && PQsendQueryParams(pg, SCHEMA_SQL, 0, NULL, NULL, NULL, NULL, 1) != 1)
		return false;
	if (pool->listen) {
		if (PQsendQueryParams(pg, "listen " DB_NOTIFY_CHANNEL, 0, NULL, NULL, NULL, NULL, 1) != 1) return false;
		return PQpipelineSync(pg) == 1;
	}
	for (size_t i = 0; i < DB_BUILTIN_COUNT; i++)
		if (PQsendPrepare(pg, db_builtin[i].name, db_builtin[i].sql, 0, NULL) != 1) return false;
	for (size_t t = 0; t < pool->conf.table_count; t++)
		for (size_t i = 0; i < pool->tables[t]->count; i++) {
			const struct db_statement *statement = &pool->tables[t]->statements[i];
			if (PQsendPrepare(pg, statement->name, statement->sql, 0, NULL) != 1) return false;
		}
	return PQpipelineSync(pg) == 1;
}

/* The name of what the n-th result of the set-up is about. */
static const char *setup_name(const struct db_pool *pool, size_t n)
{
	if (n == SETUP_JUDGE) return "whether the server is writable";
	if (n == SETUP_SESSION) return "the session's settings";
	if (pool->conf.schema_version > 0 && n == SETUP_SCHEMA) return "the schema's version";
	if (pool->listen) return "listening";
	n -= pool->conf.schema_version > 0 ? SETUP_SCHEMA + 1 : SETUP_SCHEMA;
	if (n < DB_BUILTIN_COUNT) return db_builtin[n].name;
	n -= DB_BUILTIN_COUNT;
	for (size_t t = 0; t < pool->conf.table_count; t++) {
		if (n < pool->tables[t]->count) return pool->tables[t]->statements[n].name;
		n -= pool->tables[t]->count;
	}
	return "the set-up";
}

/* The schema does not fit this program. found: its version (this program's: its marks are of another cluster), 0: there
 * is none, -1: from before it had one. One line for all connections of the process; they go on trying, so that a
 * migration is all it takes. */
static void schema_complain(struct db_conn *conn, int64_t found)
{
	struct db_pool *pool = conn->pool;
	conn->complained = true;
	if (pool->schema_told) return;
	pool->schema_told = true;
	if (found == 0)
		log_line(LOG_ERROR, "the database has no schema yet: run \"zhifuctl migrate\"");
	else if (found < 0)
		log_line(LOG_ERROR, "the database's schema is older than this program: run \"zhifuctl migrate\"");
	else if (found == pool->conf.schema_version)
		log_line(LOG_ERROR, DB_CLUSTER_OTHER);
	else if (found < pool->conf.schema_version)
		log_line(LOG_ERROR,
			"the database's schema is at version %lld, this program needs %d: run \"zhifuctl migrate\"",
			(long long)found, pool->conf.schema_version);
	else
		log_line(LOG_ERROR,
			"the database's schema is at version %lld, this program knows %d: use the newer program",
			(long long)found, pool->conf.schema_version);
}

static bool schema_is_old(struct db_conn *conn, const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	if (sqlstate == NULL) return false;
	if (strcmp(sqlstate, "3F000") == 0) /* invalid_schema_name: nobody has migrated here */
		schema_complain(conn, 0);
	else if (strcmp(sqlstate, "42883") == 0) /* undefined_function */
		schema_complain(conn, -1);
	else
		return false;
	return true;
}

static bool setup_result(struct db_conn *conn, const PGresult *result)
{
	struct db_pool *pool = conn->pool;
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
		if (conn->prepared == SETUP_JUDGE && !pool->conf.any_host && db_rows_bool(result, 0, 0)) {
			db_conn_complain(conn, "the database server is read-only", "");
			return false;
		}
		if (conn->prepared == SETUP_SCHEMA && pool->conf.schema_version > 0 &&
			(db_rows_int(result, 0, 0) != pool->conf.schema_version || !db_rows_bool(result, 0, 1))) {
			schema_complain(conn, db_rows_int(result, 0, 0));
			return false;
		}
		conn->prepared++;
		return true;
	case PGRES_COMMAND_OK:
		conn->prepared++;
		return true;
	case PGRES_PIPELINE_SYNC:
		/* What listens sends nothing more, and outside the pipeline libpq hands notifications over at once. */
		if (pool->listen && PQexitPipelineMode(conn->pg) != 1) return false;
		db_conn_move(conn, CONN_READY);
		return true;
	default:
		if (conn->prepared == SETUP_SCHEMA && pool->conf.schema_version > 0 && schema_is_old(conn, result))
			return false;
		db_conn_complain(conn, setup_name(pool, conn->prepared), PQresultErrorMessage(result));
		return false;
	}
}

static bool is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

static bool plan_is_stale(const PGresult *error, const char *sqlstate)
{
	/* 0A000 "cached plan must not change result type", by its origin: its text may be translated. */
	const char *function = PQresultErrorField(error, PG_DIAG_SOURCE_FUNCTION);
	return strcmp(sqlstate, "0A000") == 0 && function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
}

/* The Sync's answer: now, and only now, the batch has an ending. */
static bool batch_synced(struct db_conn *conn, struct db_batch *batch)
{
	if (batch->error == NULL) {
		if (batch->got != batch->prefix_count + batch->own_count) return false;
		if (batch->unconfirmed)
			db_batch_end(batch, conn, DB_UNKNOWN, "the standby did not confirm the commit");
		else
			db_batch_end(batch, conn, DB_COMMITTED, "");
		return true;
	}
	const char *sqlstate = PQresultErrorField(batch->error, PG_DIAG_SQLSTATE);
	enum db_ending ending = db_ending_of(sqlstate);
	if (plan_is_stale(batch->error, sqlstate)) {
		ending = DB_RETRYABLE;
		conn->stale = true;
	}
	/* Read-only: this server has lost its role. Unknown statement: something between us and it lost our session. */
	if (strcmp(sqlstate, "25006") == 0 || strcmp(sqlstate, "26000") == 0) conn->stale = true;
	db_batch_end(batch, conn, ending, "");
	return true;
}

/* One result for the batch at the head; takes it. False: the connection is of no use any more. */
static bool batch_result(struct db_conn *conn, struct db_batch *batch, PGresult *result)
{
	size_t total = batch->prefix_count + batch->own_count;
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		if (batch->got >= total) break;
		batch->results[batch->got++] = result;
		return true;
	case PGRES_PIPELINE_ABORTED:
		batch->got++;
		PQclear(result);
		return true;
	case PGRES_PIPELINE_SYNC:
		PQclear(result);
		return batch_synced(conn, batch);
	case PGRES_FATAL_ERROR:
		/* Without a SQLSTATE libpq made it up: the connection broke. */
		if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL) break;
		if (is_fatal(result)) {
			/* Said instead of a statement's result: no commit can have come before. Said after them: who
			 * knows. */
			conn->fatal = batch->got < total || batch->error != NULL;
			break;
		}
		if (batch->error != NULL) break;
		batch->error = result;
		batch->failed = batch->got++;
		return true;
	default:
		break; /* COPY and single rows are not spoken here */
	}
	PQclear(result);
	return false;
}

static bool read_results(struct db_conn *conn)
{
	unsigned nulls = 0;
	while ((conn->state == CONN_PREPARING || conn->flying_count > 0) && !PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);
		if (result == NULL) {
			/* One NULL ends each statement. Two in a row, or one of a broken connection: nothing more is
			 * coming for what we believe to be in flight. */
			if (PQstatus(conn->pg) != CONNECTION_OK) return false;
			if (++nulls > 1) return false;
			continue;
		}
		nulls = 0;
		if (conn->state == CONN_PREPARING) {
			bool fine = setup_result(conn, result);
			PQclear(result);
			if (!fine) return false;
			continue;
		}
		struct db_batch *batch = CONTAINER_OF(list_first(&conn->flying), struct db_batch, node);
		if (!batch_result(conn, batch, result)) return false;
	}
	return !conn->stale;
}

static void read_notifications(struct db_conn *conn)
{
	PGnotify *note;
	while ((note = PQnotifies(conn->pg)) != NULL) {
		if (conn->pool->notified != NULL) conn->pool->notified(conn->pool->conf.ctx, note->extra);
		PQfreemem(note);
	}
}

bool db_pipeline_read(struct db_conn *conn)
{
	/* Flush first and by itself: when this fails, the last byte in the buffer certainly did not leave. */
	if (!db_pipeline_flush(conn)) {
		(void)PQconsumeInput(conn->pg);
		(void)read_results(conn);
		return false;
	}
	bool open = PQconsumeInput(conn->pg) == 1;
	/* What came before a loss is read in any case: it may be the answer to a Sync, or why the server went. */
	if (!read_results(conn) || !open) return false;
	if (conn->pool->listen) read_notifications(conn);
	return db_pipeline_flush(conn);
}

void db_pipeline_notice(void *ctx, const PGresult *notice)
{
	struct db_conn *conn = ctx;
	/* "canceling wait for synchronous replication", by its origin: the text may be translated, and a function's own
	 * warnings share its SQLSTATE. libpq hands notices over in the order of the results. */
	const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
	if (function != NULL && strcmp(function, "exec_stmt_raise") == 0) { /* a function of ours, in its own words */
		const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
		if (severity != NULL && strcmp(severity, "WARNING") == 0)
			log_fields(LOG_WARN, "the database warns", "why",
				PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY), NULL);
		return;
	}
	if (function == NULL || strcmp(function, "SyncRepWaitForLSN") != 0 || conn->flying_count == 0) return;
	struct db_batch *batch = CONTAINER_OF(list_first(&conn->flying), struct db_batch, node);
	batch->unconfirmed = true;
	log_line(LOG_WARN, "the database's standby did not confirm a commit");
}
