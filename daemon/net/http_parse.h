/* A strict, pure, incremental parser of HTTP/1.1 request heads (RFC 9112, and less than it allows):
 * one request has one meaning, or it is refused with a reason. No I/O, no clock, memory only from the given arena. */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "base/core.h"
#include "lib/arena.h"
#include "net/http_bad.h"
#include "net/http_chunked.h"
#include "net/http_media.h"
#include "net/http_query.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS, /* how many */
};

struct http_header {
	const char *name; /* lower case, NUL-terminated, in the arena */
	const char
		*value; /* without white space around it, NUL-terminated; visible ASCII, space, tab, bytes over 127 */
};

/* One request head. All pointers live in the arena given to http_head_init. */
struct http_head {
	enum http_method method;
	const char *target; /* as sent: origin-form */
	const char *path;   /* percent-decoded, begins with "/", valid UTF-8, no control characters, no dot segments */
	const char *query;  /* as sent, without "?"; "" when absent; read it with http_query_parse */
	const char *host;   /* as sent */
	struct http_header *headers;
	size_t header_count;
	uint64_t content_length; /* 0 when absent or chunked */
	bool has_length;         /* a Content-Length was sent */
	bool chunked;            /* Transfer-Encoding: chunked */
	bool close;              /* Connection: close */
	bool expect_continue;    /* Expect: 100-continue */
};

struct http_head_limits {
	size_t head_bytes_max;   /* request line, headers and their line ends; over it 431 */
	size_t target_bytes_max; /* over it 414 */
	size_t header_count_max; /* over it 431 */
};

struct http_head_parser {
	struct http_head head; /* complete after HTTP_DONE */
	enum http_bad bad;
	/* private */
	struct http_head_limits limits;
	struct zf_arena *arena;
	size_t used_bytes;    /* of the head so far */
	size_t scanned_bytes; /* of the unfinished line, so that a drip costs linear time */
	size_t header_cap;
	unsigned seen; /* which of the headers that may come once came */
	bool has_request_line;
};

/* Begins a head; arena is borrowed until the head is no longer used. */
void http_head_init(struct http_head_parser *parser, const struct http_head_limits *limits, struct zf_arena *arena);
/* Takes whole lines from ptr. *ret_used: how many bytes were taken (always set); the rest has to be given again,
 * followed by more bytes. Looks at the unfinished line too, so that garbage is refused at once. After HTTP_DONE the
 * next byte is the body's first. */
enum http_verdict http_head_feed(struct http_head_parser *parser, const uint8_t *ptr, size_t len, size_t *ret_used);

/* A token of RFC 9110 section 5.6.2, at least one character. */
bool http_is_token(const uint8_t *ptr, size_t len);
/* A header's value by lower-case name, the first of that name; NULL when absent. */
const char *http_head_get(const struct http_head *head, const char *name);
const char *http_method_name(enum http_method method);

#endif
