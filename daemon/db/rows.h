/* Rows of a statement's result, read from PostgreSQL's binary format. Rows are borrowed: they live until the callback
 * that got them returns. A getter asserts that the column's type fits and that the value is not null (except where
 * said): a statement and its reader are written together, so a mismatch is a bug, not input. */
#ifndef DB_ROWS_H
#define DB_ROWS_H

#include "base/id.h"

struct pg_result; /* libpq's PGresult */

/* The same rows for longer. Returns owned: db_rows_free; NULL: no memory. */
struct pg_result *db_rows_copy(const struct pg_result *rows) MUSTUSE;
void db_rows_free(struct pg_result *rows); /* of a copy; NULL allowed */

int db_rows_count(const struct pg_result *rows); /* rows returned; 0 for a NULL result */
int db_rows_columns(const struct pg_result *rows);

bool db_rows_null(const struct pg_result *rows, int row, int column);
bool db_rows_bool(const struct pg_result *rows, int row, int column);
int64_t db_rows_int(const struct pg_result *rows, int row, int column); /* int2, int4 or int8 */
struct uuid db_rows_uuid(const struct pg_result *rows, int row, int column);
/* bytea, text and everything whose binary form is text (enums, varchar, json); {NULL, 0} when null. Borrowed. */
struct bytes db_rows_bytes(const struct pg_result *rows, int row, int column);
/* Likewise a value of any type as PostgreSQL sends it: to compare with one that it sent before. Borrowed. */
struct bytes db_rows_raw(const struct pg_result *rows, int row, int column);
/* bytes as a NUL-terminated string; NULL when null. Borrowed. */
const char *db_rows_text(const struct pg_result *rows, int row, int column);
/* timestamptz as milliseconds since 1970, rounded down; 'infinity' is INT64_MAX, '-infinity' INT64_MIN. */
int64_t db_rows_time_ms(const struct pg_result *rows, int row, int column);
/* date as days since 1970-01-01. */
int32_t db_rows_date(const struct pg_result *rows, int row, int column);

#endif
