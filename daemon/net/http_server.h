/* The inbound HTTP/1.1 server: listening sockets, caps, deadlines, draining, and the requests that handlers answer.
 * Everything runs on the one loop of `base`; nothing here is thread-safe. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/list.h"
#include "base/mem.h"
#include "net/http_route.h"
#include "net/metrics.h"
#include "net/tls.h"

struct http_server;
struct http_conn;

/* Named limits; http_limits_default fills all. Deadlines are absolute from the moment the phase begins. */
struct http_limits {
	struct http_head_limits head; /* 16 KiB, 4 KiB, 64 headers */
	size_t body_bytes_max;        /* of one request; 16 MiB */
	size_t body_total_bytes_max;  /* of all requests being read or handled; 256 MiB; over it 503 */
	size_t discard_bytes_max;  /* a refused request's body up to this is read and dropped to keep the connection; 64
				      KiB */
	size_t arena_bytes_max;    /* of one request's arena; 64 MiB */
	uint64_t stream_bytes_max; /* of a body that a route's sink takes; 512 MiB */
	unsigned conns_max;        /* of the process; 4096 */
	unsigned conns_per_address_max; /* an IPv4 address or an IPv6 /64; 256 */
	unsigned conns_over_max;        /* over the caps, so many at a time still get a 503; the rest is closed; 64 */
	unsigned requests_max; /* handed to handlers and not yet answered; 1024; over it 503 with Retry-After */
	unsigned requests_per_conn_max; /* then Connection: close; 100,000 */
	unsigned retry_after_s;         /* 1 */
	unsigned handshake_ms;          /* from accept to the end of the TLS handshake; 5,000 */
	unsigned idle_ms;               /* keep-alive without a byte; 75,000 */
	unsigned head_ms;               /* first byte to end of head; 10,000 */
	unsigned body_ms;               /* end of head to end of body; 60,000 */
	unsigned handle_ms;             /* end of body to http_respond, then 504 and cancelled; 120,000 */
	unsigned write_ms;              /* http_respond to last byte handed to the kernel; 60,000 */
	unsigned stream_ms;             /* instead of body_ms, and again of handle_ms, on routes with a sink; 600,000 */
	unsigned linger_ms;             /* after a final answer, for the peer to read it; 2,000 */
};
void http_limits_default(struct http_limits *limits);

struct http_field {
	const char *name;
	const char *value;
};

/* A request as its handler sees it. Everything it points to lives until http_respond. */
struct http_request {
	unsigned magic;
	struct arena arena; /* the request's memory; for the handler too */
	struct http_head head;
	struct http_match match; /* the row, its ctx and the path's parameters */
	struct bytes body;
	void *principal; /* what the authenticate hook found; NULL on public routes without credentials */
	const char
		*auth_error; /* set by the hook on 401: "invalid_token" goes into WWW-Authenticate; constant or arena */
	const struct tls_peer *tls_peer; /* the client's certificate; NULL when none was given */
	const char *peer_address;        /* text without port */
	bool is_tls;
	int64_t arrived_us; /* clock_mono_us at the end of the head */
	void *user;         /* the handler's */
	/* May be set by the handler: called once, from the loop, when the client is gone or handle_ms is over before
	 * http_respond. The request stays valid and still must be ended with http_respond (which then sends nothing).
	 */
	void (*on_cancel)(struct http_request *req);
	bool is_cancelled;
	/* private */
	char address_kept[64]; /* peer_address once cancelled: the arena may be in use by a thread of the handler's */
	struct http_server *server;
	struct http_conn *conn; /* NULL once cancelled */
	struct list node;
	struct buf body_buf;
	int early_status; /* a refusal that waits until the body is dropped; 0 none */
	const char *early_text;
	bool is_counted;
	bool is_streaming;       /* its sink has begun and its handler has not */
	uint64_t streamed_bytes; /* that the sink has taken */
};

/* Answers and ends the request; req is gone afterwards. fields (Content-Type, Location, ...) and body are copied.
 * Content-Length, Date, Connection are added here; Cache-Control: no-store and X-Content-Type-Options unless given.
 * status 200 to 599. A field with a control character is a bug of ours: logged, answered 500. */
void http_respond(
	struct http_request *req, int status, const struct http_field *fields, size_t field_count, struct bytes body);
/* An error in the form that the server's error_body makes of it; text is a short lower-case sentence, no client bytes.
 */
void http_respond_error(struct http_request *req, int status, const char *text);

/* A sink that said ERR_AGAIN takes more. Nothing happens when the body has been whole meanwhile. */
void http_body_go_on(struct http_request *req);

/* Called at the end of the head, before any of the body is read or 100 Continue is sent, on every route; must not
 * block. 0: goes on (req->principal may be set; on a route that is not public it must be, else 401). Otherwise a
 * status: 401, 403, 429 or 503, and *ret_text may be set to a sentence. On public routes the result other than 0 is
 * ignored. */
typedef int http_authenticate_fn(struct http_request *req, void *ctx, const char **ret_text);
/* Takes bodies of routes with HTTP_ROUTE_STREAM piece by piece as they come, so that they need no memory of their
 * length; their limits are stream_bytes_max and stream_ms. Called on the loop. */
struct http_sink {
	/* Behind the checks of the head, before any of the body; ctx is the route's. 0, or a status with a sentence. */
	int (*begin)(struct http_request *req, void *ctx, const char **ret_text);
	/* 0; ERR_AGAIN: taken, and no more comes until http_body_go_on or the handler; else the request is refused:
	 * ERR_LIMIT as too long, others as 503. */
	int (*take)(struct http_request *req, struct bytes piece);
	/* It began and does not get to its handler; the request is gone behind this call. */
	void (*drop)(struct http_request *req);
};

/* Writes the body of an error answer. req is NULL when there was no readable head; text has no client bytes.
 * ret_type: a constant. On any failure the body is left empty. */
typedef void http_error_body_fn(const struct http_request *req, void *ctx, int status, const char *text,
	struct buf *ret_body, const char **ret_type);

struct http_server_conf {
	const char *name;                 /* "api", "health": for logs and metrics; a constant */
	struct event_base *base;          /* borrowed */
	const struct http_router *router; /* borrowed */
	SSL_CTX *tls;                     /* NULL: plain; the server takes a reference of its own */
	struct http_limits limits;
	http_authenticate_fn *authenticate; /* NULL: nobody is known, only public routes answer */
	http_error_body_fn *error_body;     /* NULL: text/plain */
	const struct http_sink *sink;       /* NULL: no route streams; borrowed */
	void *ctx;                          /* for the two above */
	struct metrics *metrics;            /* NULL: none; borrowed */
};

/* Returns owned: http_server_free. ERR_NOMEM. */
int http_server_new(const struct http_server_conf *conf, struct http_server **ret_server) MUSTUSE;
/* Accepts on an inherited listening socket, which is made non-blocking; fd is borrowed and never closed here. Any
 * number of sockets up to HTTP_LISTENERS_MAX. ERR_SYS, ERR_LIMIT, ERR_NOMEM. */
#define HTTP_LISTENERS_MAX 16
int http_server_listen(struct http_server *server, int fd) MUSTUSE;
/* Either may be NULL to keep it. The TLS context counts for new connections, limits from each connection's next phase.
 */
void http_server_reload(struct http_server *server, const struct http_limits *limits, SSL_CTX *tls);
/* Stops accepting, closes idle connections, lets requests in flight end; calls drained(ctx) once, from the loop, when
 * no connection is left or deadline_ms (duration from now) is over: then the rest is cut. */
void http_server_drain(struct http_server *server, unsigned deadline_ms, void (*drained)(void *ctx), void *ctx);
/* Cuts what is left. All requests must have been answered or cancelled; those not yet ended by their handlers must not
 * be touched afterwards. NULL allowed. */
void http_server_free(struct http_server *server);

struct http_stats {
	unsigned conns; /* open now */
	unsigned conns_idle;
	unsigned requests; /* with handlers now */
	uint64_t accepted_total;
	uint64_t over_total; /* refused by a connection cap */
	uint64_t handshake_failed_total;
	uint64_t requests_total; /* heads read */
	uint64_t refused_total;  /* broken requests */
	uint64_t timeout_total;  /* connections that met a deadline other than idle */
	uint64_t busy_total;     /* 503 because requests_max or body_total_bytes_max was met */
};
void http_server_stats(const struct http_server *server, struct http_stats *ret_stats);
const char *http_status_text(int status); /* "Not Found" */

#endif
