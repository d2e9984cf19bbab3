/* GET /fhir/metadata: the CapabilityStatement, made from the router and from the tables of search parameters, so that
 * it says what works and nothing else. */
#ifndef INTAKE_CAPABILITY_H
#define INTAKE_CAPABILITY_H

#include "lib/text.h"
#include "net/http_server.h"

/* The resource types that a FHIR server of ours may speak of; NULL-terminated. */
extern const char *const capability_types[];

/* The statement of what this router leads to. base_url without a slash at the end. ERR_NOMEM. */
int capability_write(const struct http_router *router, const char *base_url, struct zf_arena *arena,
	struct text_span *ret_text) MUSTUSE;

/* Handler; ctx is the intake. */
void capability_handle(struct http_request *req, void *ctx);

#endif
