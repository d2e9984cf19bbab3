/* Parameters of one statement, all in PostgreSQL's binary format: scalars, and one-dimensional arrays for batches
 * (text arrays of 3 kB bytea cost twice as much: LIMITS.md).
 *
 * Nothing here returns an error: the first failure sticks and the batch or query refuses to run with it. */
#ifndef DB_PARAMS_H
#define DB_PARAMS_H

#include "base/id.h"
#include "base/mem.h"
#include "db/statement.h"

#define DB_PARAMS_MAX 64
/* The most bytes of one parameter: PostgreSQL's own limit is 1 GB, ours is far below. */
#define DB_PARAM_BYTES_MAX (64u << 20)

/* An array parameter that is filled element by element; lives in the params' arena. Members are private. */
struct db_array {
	struct db_params *params;
	uint8_t *ptr;
	size_t len, cap;
	uint32_t count;
	enum db_type type;
	bool has_null;
};

/* One parameter; members are private. */
struct db_param {
	const void *ptr; /* NULL: SQL null */
	int len;
	struct db_array *array; /* set while the parameter is an array */
};

/* $1, $2, ... in the order of the calls. Members are private, except err. */
struct db_params {
	struct arena *arena; /* borrowed: holds the copies */
	int err;             /* 0, ERR_NOMEM or ERR_LIMIT: the first failure */
	int count;
	struct db_param values[DB_PARAMS_MAX];
	struct db_array sink; /* where elements go after a failure */
};

/* Empty parameters whose bytes are kept in `arena` (borrowed). Needed for db_query only: a batch brings its own. */
void db_params_init(struct db_params *params, struct arena *arena);

/* Scalars. Each call is the next parameter; all bytes are copied. */
void db_params_null(struct db_params *params);
void db_params_bool(struct db_params *params, bool value);
void db_params_int2(struct db_params *params, int16_t value);
void db_params_int4(struct db_params *params, int32_t value);
void db_params_int8(struct db_params *params, int64_t value);
void db_params_uuid(struct db_params *params, const struct uuid *value); /* NULL: SQL null */
void db_params_bytes(struct db_params *params, struct bytes value);      /* bytea; ptr NULL: SQL null */
void db_params_text(struct db_params *params, const char *value);        /* text, UTF-8; NULL: SQL null */
void db_params_time_ms(struct db_params *params, int64_t wall_ms);       /* timestamptz; milliseconds since 1970 */
void db_params_date(struct db_params *params, int32_t days);             /* date; days since 1970-01-01 */

/* The next parameter is an array of `type`. count_hint: elements expected; bytes_hint: their bytes together (bytea and
 * text; 0 for fixed types). Both only size the first allocation. Never NULL. Example, one column of a batch:
 *   struct db_array *ids = db_params_array(params, DB_UUID, n, 0);
 *   for (i = 0; i < n; i++) db_array_uuid(ids, &claims[i]->id);  */
struct db_array *db_params_array(struct db_params *params, enum db_type type, size_t count_hint, size_t bytes_hint);

/* One element; the function must fit the array's type (asserted; bytes and text both fit BYTEA, TEXT, VARCHAR, JSON).
 * Bytes are copied. */
void db_array_null(struct db_array *array);
void db_array_bool(struct db_array *array, bool value);
void db_array_int2(struct db_array *array, int16_t value);
void db_array_int4(struct db_array *array, int32_t value);
void db_array_int8(struct db_array *array, int64_t value);
void db_array_uuid(struct db_array *array, const struct uuid *value); /* NULL: SQL null */
void db_array_bytes(struct db_array *array, struct bytes value);      /* ptr NULL: SQL null */
void db_array_text(struct db_array *array, const char *value);        /* NULL: SQL null */
void db_array_text_len(struct db_array *array, const char *text, size_t len);
void db_array_time_ms(struct db_array *array, int64_t wall_ms);
void db_array_date(struct db_array *array, int32_t days);

/* For the room db only: completes array headers and fills libpq's parallel arrays (DB_PARAMS_MAX each). */
void db_params_export(struct db_params *params, const char **ret_values, int *ret_lengths, int *ret_formats);

#endif
