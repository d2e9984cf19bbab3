/* The table of routes: which method and path lead to which handler, and what a request must be to get there. */
#ifndef NET_HTTP_ROUTE_H
#define NET_HTTP_ROUTE_H

#include "net/http_parse.h"

struct http_request;

/* Called on the loop with a whole request. It answers now or later, exactly once, with http_respond
 * (net/http_server.h). */
typedef void http_handler_fn(struct http_request *req, void *ctx);

enum http_route_flag {
	HTTP_ROUTE_PUBLIC = 1, /* strangers may: no authentication */
	HTTP_ROUTE_BODY = 2,   /* a body is required: an empty one is 400 */
	HTTP_ROUTE_STREAM = 4, /* the server's sink takes the body, however long (net/http_server.h) */
};

#define HTTP_ROUTE_PARAMS_MAX 4
#define HTTP_ROUTES_MAX 512

/* One row; tables are static const and borrowed for the router's life. */
struct http_route {
	enum http_method method; /* a GET row also serves HEAD */
	/* Segments after each "/": literal text, or "{name}" for one non-empty segment, or last "{name...}" for the
	 * rest (may be empty, may hold "/"). Literal beats "{name}" beats "{name...}", segment by segment. */
	const char *path;
	unsigned flags;        /* enum http_route_flag */
	size_t body_bytes_max; /* 0: no body at all; the server's limit applies too */
	const char
		*content_types; /* accepted media types of the body, space-separated, lower case; NULL any (else 415) */
	const char *accepts;    /* media types it can answer with; NULL no check (else 406) */
	http_handler_fn *handle;
	const char *name; /* for logs and metrics: "claim_create"; never the path, which may hold an id */
	long tag;         /* for the handler: one handler may serve several rows */
};

struct http_router;

int http_router_new(struct http_router **ret_router) MUSTUSE;
void http_router_free(struct http_router *router);
/* Adds a table; ctx is given to its handlers. ERR_EXISTS when method and path collide, ERR_INVALID, ERR_LIMIT,
 * ERR_NOMEM. */
int http_router_add(struct http_router *router, const struct http_route *routes, size_t count, void *ctx) MUSTUSE;

/* What a path matched. */
struct http_match {
	const struct http_route *route; /* NULL when none */
	void *ctx;
	const char
		*params[HTTP_ROUTE_PARAMS_MAX]; /* in the order of the pattern, decoded, NUL-terminated, in the arena */
	size_t param_count;
	unsigned allowed; /* bit per enum http_method that this path has; 0: no such path (404), else 405 with Allow */
};
/* Finds the row; ret->route NULL says 404 or 405. Only error ERR_NOMEM. */
int http_router_match(const struct http_router *router, const struct http_head *head, struct zf_arena *arena,
	struct http_match *ret_match) MUSTUSE;

/* Checks a matched head against its row: 0, or 400, 406, 413, 415 with a sentence in *ret_text. */
int http_route_check(const struct http_route *route, const struct http_head *head, const char **ret_text);
/* "GET, HEAD, POST" of a bit set. */
void http_allowed_text(unsigned allowed, char *text, size_t len);

#endif
