/* Operations: what /v1 can do, as tables. Their rows become the routes of the server and the paths of the OpenAPI
 * document. */
#ifndef DESK_OPERATION_H
#define DESK_OPERATION_H

#include "desk/desk_sql.h"
#include "desk/shape.h"
#include "net/http_route.h"

struct desk_call;

/* How an operation goes. */
enum operation_kind {
	/* A page of rows: parameters, then `limit` and `cursor`. By POST they are a form: the row behind its list's by
	 * GET, with "/_search" added to the path, to which the next links lead. */
	OPERATION_LIST,
	OPERATION_WHOLE,   /* all rows at once: few they are by nature */
	OPERATION_ONE,     /* the row of the path's id */
	OPERATION_TEXT,    /* a text, page by page: parameters, limit and cursor; the next link is a header's */
	OPERATION_ACT,     /* a change: the statement says what came of it, `then` reads what it is of */
	OPERATION_FILE,    /* a file as body, in memory */
	OPERATION_UPLOAD,  /* a file as body, of any length */
	OPERATION_DOCUMENT /* the OpenAPI document */
};

/* What a statement of an act can say came of it, beside 1 (done) and 0 (it was so already). Ended by status 0. */
struct operation_refusal {
	int outcome;
	struct problem problem;
};

struct operation {
	enum http_method method;
	const char *path; /* "{id}" at most once, and a UUID */
	const char *name; /* operationId, and the route's name in logs and metrics */
	enum operation_kind kind;
	uint32_t scope; /* enum client_scope, ORed: what a client needs */
	const char *summary;
	const struct shape *query;   /* parameters; NULL: none */
	const struct shape *request; /* the body; NULL: none, or a file */
	const char *media;           /* of a file: its media types */
	size_t file_bytes_max;       /* OPERATION_FILE */
	const struct shape *answer;  /* of a row */
	enum desk_statement statement;
	enum desk_statement
		then; /* OPERATION_ACT: reads the answer by its id; DESK_NONE: the act's own columns are it */
	bool creates; /* answers 201 with Location: of operation->then by id at `location` */
	const char *location;
	/* OPERATION_LIST: all pages are of the moment of the first (schema/044_books.sql), which its rows have behind
	 * the position and the statement as its parameter before the position's. */
	bool of_moment;
	bool versioned; /* the answer has a member "version", which is its ETag; an act on it takes If-Match */
	/* Why the same act sent again is done once, also without an Idempotency-Key. NULL: it would be done twice, and
	 * is taken with a key only. A file is always known by its content. */
	const char *once;
	const struct operation_refusal *refusals;
	/* More than the table can say; NULL: none. Ends in desk_call_go, or has answered. */
	void (*run)(struct desk_call *call);
};

/* Does it come in pages? */
static inline bool operation_is_paged(const struct operation *operation)
{
	return operation->kind == OPERATION_LIST || operation->kind == OPERATION_TEXT;
}

/* Is it a list whose parameters are a form? */
static inline bool operation_is_search(const struct operation *operation)
{
	return operation->kind == OPERATION_LIST && operation->method == HTTP_POST;
}

/* A file as body, which is done once by its content and has no Idempotency-Key. */
static inline bool operation_is_file(const struct operation *operation)
{
	return operation->kind == OPERATION_FILE || operation->kind == OPERATION_UPLOAD;
}

/* Is it taken with an Idempotency-Key only? */
static inline bool operation_wants_key(const struct operation *operation)
{
	return operation->kind == OPERATION_ACT && operation->once == NULL;
}

#define DESK_FORM_TYPE "application/x-www-form-urlencoded"

/* The table is put together of one for each subject. */
struct operation_group {
	const struct operation *rows;
	size_t count;
};

size_t operation_count(void);
/* number: from 0 on; a route's tag. */
const struct operation *operation_at(size_t number);

/* What an inspector's look at it is called, which is put on record before; NULL: no inspector may read it. */
const char *operation_inspected(const struct operation *operation);

/* The scopes that operations need, in the words of configuration and tokens. */
struct operation_scope {
	uint32_t scope;
	const char *word;
	const char *about;
};
extern const struct operation_scope operation_scopes[];
extern const size_t operation_scope_count;

#endif
