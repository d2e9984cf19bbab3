/* Statements: each room keeps its SQL in one table beside its code; the pool prepares the tables at connect. */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "base/core.h"

/* The types that travel in binary, by their fixed OIDs (PostgreSQL's src/include/catalog/pg_type.dat). */
enum db_type {
	DB_BOOL = 16,
	DB_BYTEA = 17,
	DB_INT8 = 20,
	DB_INT2 = 21,
	DB_INT4 = 23,
	DB_TEXT = 25,
	DB_JSON = 114,
	DB_VARCHAR = 1043,
	DB_DATE = 1082,
	DB_TIMESTAMPTZ = 1184,
	DB_UUID = 2950,
};

/* One statement. Refer to it by pointer, in practice &ROOM_sql[ROOM_INSERT_CLAIM]; never build SQL text at run time.
 * Cast each parameter where PostgreSQL cannot infer its type: $1::uuid[], $2::bytea[], $3::text[]. Enum and domain
 * values go as text: $1::text::my_enum. Results come back in binary; cast numeric and jsonb columns to text. */
struct db_statement {
	const char *name; /* the prepared statement's name, unique in the process: "intake_insert_claim" */
	const char *sql;  /* one statement, no semicolon */
	int param_count;  /* asserted against the parameters given */
};

/* The statements of one room: struct db_table intake_table = {intake_sql, ARRAY_LEN(intake_sql)}. */
struct db_table {
	const struct db_statement *statements;
	size_t count; /* at most DB_TABLE_STATEMENTS_MAX */
};
#define DB_TABLE_STATEMENTS_MAX 256

#endif
