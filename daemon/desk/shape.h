/* Shapes: what the JSON objects of /v1 look like, as tables. One table says how rows of the database become an object,
 * how an object is read and checked, and what the OpenAPI document says of it, so that the three cannot come apart. */
#ifndef DESK_SHAPE_H
#define DESK_SHAPE_H

#include "db/params.h"
#include "db/rows.h"
#include "lib/json_write.h"
#include "net/http_query.h"
#include "net/problem.h"
#include "zhifu_model.h"

enum field_type {
	FIELD_TEXT,  /* string; column text */
	FIELD_ID,    /* UUID; column uuid */
	FIELD_DAY,   /* "2026-11-22"; column date */
	FIELD_TIME,  /* instant in UTC; column timestamptz */
	FIELD_INT,   /* column smallint, integer or bigint; from 0 on in requests */
	FIELD_BOOL,  /* column boolean */
	FIELD_WORD,  /* one of `words`; column integer: its number */
	FIELD_MONEY, /* {"value": "12.30", "currency": "CNY"}; columns minor units, currency, exponent (NULL: ISO's) */
	FIELD_DECIMAL,  /* "7.1200"; columns digits, scale */
	FIELD_DOCUMENT, /* a JSON object that another reader checks; column text */
	FIELD_LIST,     /* of objects `of`; in requests only: an array parameter of each of their columns */
};

enum field_flag {
	FIELD_REQUIRED = 1, /* always there: a request lacks it, an answer's column is not null */
	FIELD_SIGNED = 2,   /* FIELD_MONEY in a request, FIELD_INT in an answer: may be negative */
	FIELD_PERSONAL = 4, /* of a query: may name a person, so that it is in no URL; by POST _search only */
	FIELD_WRITTEN = 8,  /* of an answer: a person wrote it and may have named a patient; not for inspectors */
};

struct shape;

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	const char *about;        /* for the document */
	const char *const *words; /* FIELD_WORD: by number, "" for one that does not exist; ended by NULL */
	uint32_t max;             /* bytes of a text, entries of a list; 0: FIELD_TEXT_MAX */
	const struct shape *of;   /* FIELD_LIST */
};

#define FIELD_TEXT_MAX 255
#define SHAPE_FIELDS_MAX 24

struct shape {
	const char *name; /* in the document: "Rate" */
	const struct field *fields;
	size_t count;
};
#define SHAPE(name, fields)                                                                                            \
	{                                                                                                              \
		(name), (fields), ARRAY_LEN(fields)                                                                    \
	}

/* A value as it was read. */
struct value {
	bool given;
	const char *text; /* FIELD_TEXT, FIELD_DOCUMENT; in the arena */
	int64_t number;   /* FIELD_INT, FIELD_WORD, FIELD_BOOL */
	struct uuid id;
	int32_t day;
	struct zf_money money;
	struct zf_decimal decimal;
	const struct value *rows; /* FIELD_LIST: of->count values each */
	uint32_t row_count;
};

/* Writes the columns from `column` on as one object. Columns that are null are left out, and fields with one of the
 * flags in `without`. Returns the column behind. */
int shape_write(struct json_writer *writer, const struct shape *shape, const struct pg_result *rows, int row,
	int column, unsigned without);
/* Likewise its members only, of an object that has others too. */
int shape_members_write(struct json_writer *writer, const struct shape *shape, const struct pg_result *rows, int row,
	int column, unsigned without);

/* An amount as FIELD_MONEY has it. */
void shape_money_write(struct json_writer *writer, int64_t minor, const char *currency, int exponent);
/* The first column of a field, counted from the shape's first; aborts on a name that the shape does not have. */
int shape_column(const struct shape *shape, const char *name);

/* Reads a body; all that is wrong is added to the problems with its pointer. values: shape->count of them, of which
 * those that are wrong are not given. ERR_INVALID: something is wrong; ERR_NOMEM. */
int shape_read(const struct shape *shape, struct bytes body, struct arena *arena, struct problem_list *problems,
	struct value *ret_values) MUSTUSE;
/* Reads a query's parameters; likewise, with places. */
int shape_read_query(const struct shape *shape, const struct http_param *params, size_t count, struct arena *arena,
	struct problem_list *problems, struct value *ret_values) MUSTUSE;

/* The next parameters of a statement, field by field, in the columns' types; null where not given. */
void shape_bind(struct db_params *params, const struct shape *shape, const struct value *values);
/* The value of a field; aborts on a name that the shape does not have. */
const struct value *shape_value(const struct shape *shape, const struct value *values, const char *name);

#endif
