/* Blocking access: thin wrappers around PQexecParams. */
#include "db/sync.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "db/host.h"

/* No jit: it compiles a function's statements at every execution, as pipeline.c says; under load that took half a
 * minute. A lock is not waited for without end: who asked is told, and nothing was done. */
#define SESSION "set timezone to 'UTC'; set datestyle to 'ISO'; set jit to off; set lock_timeout to '2min'"

struct db_sync {
	PGconn *pg;
	char sqlstate[6];
};

/* libpq's text in our form: one line, no full stop. */
static int fail(int code, const char *text)
{
	return err_set(code, "%.*s", (int)strcspn(text, "\n"), text);
}

static void quiet(void *ctx, const PGresult *notice)
{
	(void)ctx, (void)notice;
}

int db_sync_open(const char *conninfo, const char *role, struct db_sync **ret_db)
{
	char application[80];
	snprintf(application, sizeof(application), "zhifu-%s", role);
	/* The conninfo as dbname is expanded in place; what comes after it wins. A server that is gone without a word
	 * is noticed as by the pool (host.c). */
	const char *const names[] = {"connect_timeout", "target_session_attrs", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname", "application_name",
		"client_encoding", NULL};
	const char *const values[] = {"5", "read-write", "10", "3", "3", "8000", conninfo, application, "UTF8", NULL};
	struct db_sync *db = mem_alloc(sizeof(*db));
	if (db == NULL) return err_set(ERR_NOMEM, "no memory for a database connection");
	db->pg = PQconnectdbParams(names, values, 1);
	if (db->pg == NULL || PQstatus(db->pg) != CONNECTION_OK) {
		int r = db->pg == NULL ? err_set(ERR_NOMEM, "no memory for a database connection")
				       : fail(ERR_CLOSED, PQerrorMessage(db->pg));
		db_sync_close(db);
		return r;
	}
	PQsetNoticeReceiver(db->pg, quiet, NULL);
	int r = db_sync_script(db, SESSION);
	if (r < 0) {
		db_sync_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

void db_sync_close(struct db_sync *db)
{
	if (db == NULL) return;
	PQfinish(db->pg);
	mem_free(db);
}

int db_sync_own(struct db_sync *db)
{
	struct pg_result *rows = NULL;
	int r = db_sync_query(db, "SELECT zhifu.cluster_is_own()", NULL, &rows);
	if (r == 0 && !db_rows_bool(rows, 0, 0)) r = err_set(ERR_CLOSED, DB_CLUSTER_OTHER);
	db_sync_rows_free(rows);
	return r;
}

/* Takes the result. */
static int finish(struct db_sync *db, PGresult *result, struct pg_result **ret_rows)
{
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
		if (ret_rows != NULL)
			*ret_rows = result;
		else
			PQclear(result);
		return 0;
	}
	int r;
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (PQstatus(db->pg) != CONNECTION_OK) {
		r = fail(ERR_CLOSED, PQerrorMessage(db->pg)); /* also where the server had a last word */
	} else if (sqlstate == NULL) {
		r = fail(ERR_DB, PQerrorMessage(db->pg));
	} else {
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", sqlstate);
		r = err_set(ERR_DB, "%s %s", sqlstate, message != NULL ? message : "");
	}
	PQclear(result);
	return r;
}

int db_sync_query(struct db_sync *db, const char *sql, struct db_params *params, struct pg_result **ret_rows)
{
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX], count = 0;
	if (params != NULL) {
		if (params->err < 0) return err_set(params->err, "a statement's parameters: %s", err_name(params->err));
		db_params_export(params, values, lengths, formats);
		count = params->count;
	}
	return finish(db, PQexecParams(db->pg, sql, count, NULL, values, lengths, formats, 1), ret_rows);
}

void db_sync_rows_free(struct pg_result *rows)
{
	PQclear(rows);
}

int db_sync_script(struct db_sync *db, const char *sql)
{
	return finish(db, PQexec(db->pg, sql), NULL);
}

const char *db_sync_sqlstate(const struct db_sync *db)
{
	return db->sqlstate;
}

int db_sync_tenant(struct db_sync *db, const struct uuid *hospital)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	char text[UUID_TEXT_LEN];
	arena_init(&arena, 4096);
	db_params_init(&params, &arena);
	uuid_format(hospital, text);
	db_params_text(&params, text);
	return db_sync_query(db, "select set_config('zhifu.hospital_id', $1, true)", &params, NULL);
}
