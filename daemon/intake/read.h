/* The reading side of the API: resources by id, and the state of a claim as a desk shows it. Everything is read as the
 * hospital of the client, under row-level security. */
#ifndef INTAKE_READ_H
#define INTAKE_READ_H

#include "intake/intake.h"
#include "intake/outcome.h"
#include "intake/resource_answer.h"

struct db_outcome;

/* Adds the routes of reads, searches and the CapabilityStatement to intake->router. For intake's start, beside its own
 * table; the pool must have been given read_table (read_sql.h). Errors as http_router_add. */
int read_routes(struct intake *intake) MUSTUSE;

/* ---- between the files of the reading side ---- */

/* A request that waits for the database; in the request's arena. */
struct read_call {
	struct intake *intake;
	struct http_request *req;
	struct uuid hospital;
	enum resource_kind kind;
	const char *location; /* goes along with the resource; or NULL */
};
/* True when the request takes JSON, by _format, else by Accept; answered with 406 otherwise. */
bool read_takes_json(struct http_request *req);
/* NULL: no memory, the client may not read, or it wants no JSON; answered. */
struct read_call *read_call_new(struct http_request *req, struct intake *intake, uint32_t scope);
/* Answers for a database that did not commit, or for r < 0 of db_query. */
void read_call_fail(struct read_call *call, const struct db_outcome *outcome);
/* Answers with the resource: ETag, Last-Modified, 304 when the client has it. */
void read_call_respond(struct read_call *call, int status, const struct resource *resource, const char *location);

/* Reads one resource and answers 200 with it, or 404, 410, 5xx. location may be NULL. */
void read_call_query(struct read_call *call, enum resource_kind kind, const struct uuid *id, const char *location);

/* GET /v1/claims/{ref}. */
void read_status_handle(struct http_request *req, void *ctx);

#endif
