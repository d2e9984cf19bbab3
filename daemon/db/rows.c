/* Typed reading of libpq's binary results. */
#include "db/rows.h"

#include <libpq-fe.h>
#include <string.h>

#include "db/statement.h"

#define EPOCH_DAYS 10957
#define EPOCH_MS (EPOCH_DAYS * INT64_C(86400000))

struct pg_result *db_rows_copy(const struct pg_result *rows)
{
	return PQcopyResult(rows, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
}

void db_rows_free(struct pg_result *rows)
{
	PQclear(rows);
}

int db_rows_count(const struct pg_result *rows)
{
	return PQntuples(rows);
}

int db_rows_columns(const struct pg_result *rows)
{
	return PQnfields(rows);
}

static void cell_check(const struct pg_result *rows, int row, int column)
{
	assert(rows != NULL);
	assert(row >= 0 && row < PQntuples(rows));
	assert(column >= 0 && column < PQnfields(rows));
	assert(PQfformat(rows, column) == 1);
}

bool db_rows_null(const struct pg_result *rows, int row, int column)
{
	cell_check(rows, row, column);
	return PQgetisnull(rows, row, column) != 0;
}

/* A value of a type of fixed length. */
static const uint8_t *cell(const struct pg_result *rows, int row, int column, unsigned type, int len)
{
	cell_check(rows, row, column);
	assert(PQftype(rows, column) == type);
	assert(!PQgetisnull(rows, row, column));
	assert(PQgetlength(rows, row, column) == len);
	return (const uint8_t *)PQgetvalue(rows, row, column);
}

static uint64_t get_uint(const uint8_t *at, int len)
{
	uint64_t value = 0;
	for (int i = 0; i < len; i++) value = value << 8 | at[i];
	return value;
}

bool db_rows_bool(const struct pg_result *rows, int row, int column)
{
	return cell(rows, row, column, DB_BOOL, 1)[0] != 0;
}

int64_t db_rows_int(const struct pg_result *rows, int row, int column)
{
	cell_check(rows, row, column);
	switch (PQftype(rows, column)) {
	case DB_INT2:
		return (int16_t)get_uint(cell(rows, row, column, DB_INT2, 2), 2);
	case DB_INT4:
		return (int32_t)get_uint(cell(rows, row, column, DB_INT4, 4), 4);
	default:
		return (int64_t)get_uint(cell(rows, row, column, DB_INT8, 8), 8);
	}
}

struct uuid db_rows_uuid(const struct pg_result *rows, int row, int column)
{
	struct uuid uuid;
	memcpy(uuid.b, cell(rows, row, column, DB_UUID, 16), sizeof(uuid.b));
	return uuid;
}

/* False for types whose binary form is not their bytes: reading those as text is a bug. */
static bool type_is_bytes(unsigned type)
{
	switch (type) {
	case DB_BOOL:
	case DB_INT2:
	case DB_INT4:
	case DB_INT8:
	case DB_DATE:
	case DB_TIMESTAMPTZ:
	case DB_UUID:
	case 700:  /* float4 */
	case 701:  /* float8 */
	case 1700: /* numeric */
	case 3802: /* jsonb: a version byte comes first */
	case 1114: /* timestamp */
		return false;
	default:
		return true;
	}
}

struct bytes db_rows_bytes(const struct pg_result *rows, int row, int column)
{
	cell_check(rows, row, column);
	assert(type_is_bytes(PQftype(rows, column)));
	return db_rows_raw(rows, row, column);
}

struct bytes db_rows_raw(const struct pg_result *rows, int row, int column)
{
	cell_check(rows, row, column);
	if (PQgetisnull(rows, row, column)) return (struct bytes){NULL, 0};
	return (struct bytes){(const uint8_t *)PQgetvalue(rows, row, column), (size_t)PQgetlength(rows, row, column)};
}

const char *db_rows_text(const struct pg_result *rows, int row, int column)
{
	/* libpq puts a NUL byte after each value, binary ones too (PQgetvalue's documentation). */
	return (const char *)db_rows_bytes(rows, row, column).ptr;
}

int64_t db_rows_time_ms(const struct pg_result *rows, int row, int column)
{
	int64_t micros = (int64_t)get_uint(cell(rows, row, column, DB_TIMESTAMPTZ, 8), 8);
	if (micros == INT64_MAX || micros == INT64_MIN) return micros;
	int64_t ms = micros / 1000;
	if (micros % 1000 < 0) ms--;
	return ms + EPOCH_MS;
}

int32_t db_rows_date(const struct pg_result *rows, int row, int column)
{
	return (int32_t)get_uint(cell(rows, row, column, DB_DATE, 4), 4) + EPOCH_DAYS;
}
