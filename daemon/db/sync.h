/* Blocking database access for zhifuctl and for start-up checks. NEVER on the loop of a daemon process: one slow answer
 * would stop every other client. */
#ifndef DB_SYNC_H
#define DB_SYNC_H

#include "db/params.h"
#include "db/rows.h"

struct db_sync;

/* Connects (several hosts: the first writable one), UTC, application_name "zhifu-ROLE". Returns owned: db_sync_close.
 * ERR_CLOSED with text: cannot connect. */
int db_sync_open(const char *conninfo, const char *role, struct db_sync **ret_db) MUSTUSE;
void db_sync_close(struct db_sync *db); /* NULL allowed; usable in cleanups */
/* Are the transactions that its rows name those of this cluster (zhifu.cluster_is_own)? ERR_CLOSED with text: they are
 * not, or it can't be asked; and no page of anything is to be read. */
int db_sync_own(struct db_sync *db) MUSTUSE;
/* One statement with binary parameters (NULL: none), rows in binary. Returns owned rows: db_sync_rows_free; ret_rows
 * may be NULL. ERR_DB: refused (text: SQLSTATE and message; db_sync_sqlstate), ERR_CLOSED: the connection is gone. */
int db_sync_query(struct db_sync *db, const char *sql, struct db_params *params, struct pg_result **ret_rows) MUSTUSE;
void db_sync_rows_free(struct pg_result *rows);
/* SQL text with any number of statements (a migration, "begin", "commit"). Errors as above. */
int db_sync_script(struct db_sync *db, const char *sql) MUSTUSE;
/* Five characters of the last ERR_DB, "" before the first. */
const char *db_sync_sqlstate(const struct db_sync *db);
/* The statement runs as this hospital until the end of the transaction (set_config, local). */
int db_sync_tenant(struct db_sync *db, const struct uuid *hospital) MUSTUSE;

#endif
