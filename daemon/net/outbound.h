/* Everything that goes out, on the loop: libcurl's multi interface driven by libevent. Today HTTPS requests with client
 * certificates; SFTP, SMTP and IMAP will be further kinds of call on the same connections, clock and limits.
 *
 * It never retries and never follows unless told to: whoever calls has recorded the attempt and decides what comes next
 * from the outcome. The process must ignore SIGPIPE. */
#ifndef NET_OUTBOUND_H
#define NET_OUTBOUND_H

#include "base/core.h"

struct event_base;
struct evdns_base;
struct outbound;
struct outbound_call; /* one request under way */
struct outbound_tls;  /* net/outbound_tls.h */

#define OUTBOUND_URL_BYTES_MAX 4096
#define OUTBOUND_HEADERS_MAX 64 /* of a request */
#define OUTBOUND_REDIRECTS_MAX 8

struct outbound_limits {
	size_t calls_max;            /* under way at once; one more is ERR_LIMIT */
	size_t connections_max;      /* open at once over all hosts; further calls wait inside, until their deadline */
	size_t connections_host_max; /* the same for one host and port */
	size_t connections_kept_max; /* idle ones kept for reuse */
	int64_t idle_ms_max;         /* an idle connection older than this is not used again (rounded up to seconds) */
	int64_t connect_ms_max;      /* TCP and TLS handshake of one call, after its name is known */
	int64_t resolve_ms_max;      /* one name look-up */
	int64_t resolve_ttl_ms_max;  /* a name is kept for the TTL of its answer, but no longer than this */
	const char *hosts_file;      /* borrowed during outbound_new; NULL: /etc/hosts; "" none */
};
/* Sensible values for all fields. */
struct outbound_limits outbound_limits_default(void);

/* evdns: borrowed, may be NULL (then only numeric addresses, localhost and names of the hosts file are known); without
 * DNS search domains. base: borrowed. Reads the hosts file. Errors ERR_NOMEM, ERR_SYS, ERR_INVALID. Returns owned. */
int outbound_new(struct event_base *base, struct evdns_base *evdns, const struct outbound_limits *limits,
	struct outbound **ret_out) MUSTUSE;
/* Not from one of its callbacks. Calls still under way are dropped and their callbacks do not run (outbound_cancel them
 * and turn the loop until outbound_count() is 0 to have them run). Turn the loop once more before freeing evdns: it
 * gives back cancelled look-ups that way. NULL allowed. */
void outbound_free(struct outbound *out);
/* Calls whose callback has not run yet. */
size_t outbound_count(const struct outbound *out);

enum outbound_method { OUTBOUND_GET, OUTBOUND_HEAD, OUTBOUND_POST, OUTBOUND_PUT, OUTBOUND_PATCH, OUTBOUND_DELETE };
/* "GET"; NULL beyond the last one. */
const char *outbound_method_name(enum outbound_method method);

struct outbound_header {
	const char *name;  /* an RFC 9110 token; not one that the transport owns (Host, Content-Length, Connection,
			    * Transfer-Encoding, TE, Trailer, Upgrade, Expect, Accept-Encoding, Cookie, Proxy-*) */
	const char *value; /* no control characters; may be "" */
};

/* What one request is. Everything in it is borrowed for the duration of outbound_send, except body: until the callback.
 */
struct outbound_request {
	enum outbound_method method;
	const char *url; /* https://host[:port]/path?query; ASCII, no user, no fragment, no space */
	const struct outbound_header *headers;
	size_t header_count;
	struct bytes body;        /* POST, PUT, PATCH only; sent with its Content-Length */
	int64_t deadline_ms;      /* clock_mono_ms() by which all is over, name look-up included */
	size_t head_bytes_max;    /* of the answer: status lines and headers, interim answers included */
	size_t body_bytes_max;    /* of the answer, after decompression */
	struct outbound_tls *tls; /* required for https; a reference is taken */
	bool allow_plain;         /* http is allowed: only for tests and for a peer on the loopback interface */
	bool accept_compressed;   /* offers gzip and deflate. Off by default with reason: libcurl does not notice a
				   * compressed stream that ends early inside a complete answer */
	bool accept_unframed;     /* takes an answer that ends by closing (neither Content-Length nor chunked) for
				   * complete; otherwise it counts as truncated */
	unsigned redirects_max;   /* 0: a 3xx is an answer like any other. At most OUTBOUND_REDIRECTS_MAX, followed to
				   * the same scheme, host and port only: 307 and 308 with method and body, 303 with
				   * GET, 301 and 302 for GET and HEAD only; any other 3xx is the answer */
	/* Called directly before the first byte leaves (of each hop), with the connection ready; NULL: none. Non-zero
	 * ends the call as NOT_SENT, fault HOOK. arg is that of outbound_send. Must be quick and must not call
	 * outbound_*. This is where the holder of a lease looks at its deadline. */
	int (*before_first_byte)(void *arg);
	/* The same directly before libcurl is given a piece of the body, without the last of which the peer cannot act:
	 * non-zero before the first piece is NOT_SENT, later UNKNOWN. Asked once more when the piece has left: non-zero
	 * then is `late` of the result. */
	int (*before_body)(void *arg);
};

enum outbound_outcome {
	OUTBOUND_ANSWERED,  /* a complete answer, whatever its status */
	OUTBOUND_NOT_SENT,  /* the peer cannot have acted: safe to send again */
	OUTBOUND_UNKNOWN,   /* it may have acted: ask, or hold */
	OUTBOUND_CANCELLED, /* by outbound_cancel; look at `sent` */
};

/* Why. For the breaker, outbound_fault_is_route() tells which of them say that the route is down. */
enum outbound_fault {
	OUTBOUND_FAULT_NONE,
	OUTBOUND_FAULT_DNS,         /* no address: unknown name, or the resolver does not answer */
	OUTBOUND_FAULT_CONNECT,     /* no TCP connection: timeout, no route */
	OUTBOUND_FAULT_REFUSED,     /* the port is closed */
	OUTBOUND_FAULT_TLS,         /* handshake failed, certificate wrong, expired or for another name */
	OUTBOUND_FAULT_PIN,         /* none of the pinned keys */
	OUTBOUND_FAULT_CLIENT_CERT, /* the peer does not accept our certificate */
	OUTBOUND_FAULT_STALE,     /* a kept connection was dead before the body began, and a new one could not be tried
				   * (once per call that is done here, silently): nothing is wrong, send again */
	OUTBOUND_FAULT_QUEUE,     /* the deadline passed while waiting for a free connection: our own limit */
	OUTBOUND_FAULT_HOOK,      /* before_first_byte said no */
	OUTBOUND_FAULT_LOCAL,     /* no memory, no descriptor, our own files */
	OUTBOUND_FAULT_RESET,     /* the connection died */
	OUTBOUND_FAULT_TIMEOUT,   /* the deadline passed after bytes had left */
	OUTBOUND_FAULT_TRUNCATED, /* the answer stopped before its end */
	OUTBOUND_FAULT_TOO_BIG,   /* the answer is over head_bytes_max, body_bytes_max or ANSWER_FIELDS_MAX fields */
	OUTBOUND_FAULT_PROTOCOL,  /* the answer is not HTTP, or cannot be decompressed */
	OUTBOUND_FAULT_REDIRECT,  /* over redirects_max */
};
const char *outbound_outcome_name(enum outbound_outcome outcome);
const char *outbound_fault_name(enum outbound_fault fault);
/* True for faults that slow a route's window and count for its breaker (DNS, CONNECT, REFUSED, TLS, PIN, CLIENT_CERT,
 * RESET, TIMEOUT). */
bool outbound_fault_is_route(enum outbound_fault fault);

/* All of it borrowed, valid while the callback runs. */
struct outbound_result {
	enum outbound_outcome outcome;
	enum outbound_fault fault;
	bool sent;                             /* the peer may have got a request it can act on */
	int status;                            /* 0: no status line was read */
	const struct outbound_header *headers; /* of the last answer; also what came of an incomplete one */
	size_t header_count;
	struct bytes body;  /* NUL follows the last byte; also what came of an incomplete answer */
	const char *text;   /* the reason in words, "" when answered; names no person and no secret */
	unsigned redirects; /* followed */
	bool reused;        /* over a kept connection */
	int64_t window_us;  /* longest time from before_body to the piece having left; 0: unknown */
	bool late;          /* before_body would not have agreed any more when the piece had left */
	int64_t resolve_ms; /* spent until the address was known */
	int64_t connect_ms; /* until the connection was ready, TLS included; 0 when reused */
	int64_t total_ms;   /* from outbound_send to the end */
};
/* Runs exactly once per call, from the loop, never inside outbound_send or outbound_cancel. May call both. The call is
 * freed afterwards. */
typedef void outbound_callback(void *arg, const struct outbound_result *result);

/* Begins a request. ret_call (may be NULL) is borrowed and good until the callback has begun.
 * Errors, after which there is no callback: ERR_INVALID (text says what of the request), ERR_LIMIT, ERR_NOMEM. */
int outbound_send(struct outbound *out, const struct outbound_request *request, outbound_callback *callback, void *arg,
	struct outbound_call **ret_call) MUSTUSE;
/* Stops it at once; the callback follows from the loop with CANCELLED. No effect when its end is already recorded. */
void outbound_cancel(struct outbound_call *call);
/* The header's value, names compared without case; NULL when absent. The first one when there are several. */
const char *outbound_result_header(const struct outbound_result *result, const char *name);

#endif
