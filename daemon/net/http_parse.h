/* A strict, pure, incremental parser of HTTP/1.1 request heads and chunked bodies (RFC 9112, and less than it allows):
 * one request has one meaning, or it is refused with a reason. No I/O, no clock, memory only from the given arena. */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "base/core.h"
#include "lib/arena.h"

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

/* Why a request was refused. Each has a status and a sentence: http_bad_status, http_bad_text. */
enum http_bad {
	HTTP_BAD_NONE,
	HTTP_BAD_MEMORY,          /* 503: the request's arena is full */
	HTTP_BAD_METHOD,          /* 400: not a token */
	HTTP_BAD_METHOD_UNKNOWN,  /* 501: a token, but none of enum http_method (also CONNECT, TRACE) */
	HTTP_BAD_REQUEST_LINE,    /* 400: not exactly method SP target SP version */
	HTTP_BAD_VERSION,         /* 400: not HTTP/d.d */
	HTTP_BAD_VERSION_OTHER,   /* 505: HTTP, but not 1.1 */
	HTTP_BAD_TARGET_FORM,     /* 400: absolute-form, authority-form or asterisk-form */
	HTTP_BAD_TARGET_CHAR,     /* 400: a character that RFC 3986 does not allow there */
	HTTP_BAD_TARGET_PERCENT,  /* 400: a broken percent-encoding, or one of a control character or of "/" in the path
				   */
	HTTP_BAD_TARGET_DOTS,     /* 400: a "." or ".." segment */
	HTTP_BAD_TARGET_LONG,     /* 414 */
	HTTP_BAD_HEAD_LONG,       /* 431: the head as a whole */
	HTTP_BAD_HEADER_COUNT,    /* 431 */
	HTTP_BAD_LINE_END,        /* 400: CR without LF or LF without CR */
	HTTP_BAD_CONTROL,         /* 400: NUL or another control character */
	HTTP_BAD_HEADER_NAME,     /* 400: not a token, or empty */
	HTTP_BAD_HEADER_SPACE,    /* 400: white space between name and colon */
	HTTP_BAD_HEADER_FOLD,     /* 400: a continuation line */
	HTTP_BAD_HEADER_REPEATED, /* 400: one that may come once came twice (Host, Authorization, Content-Type, ...) */
	HTTP_BAD_HOST_MISSING,    /* 400 */
	HTTP_BAD_HOST,            /* 400: not host [":" port] */
	HTTP_BAD_LENGTH,          /* 400: Content-Length that is not 1 to 18 digits */
	HTTP_BAD_LENGTH_REPEATED, /* 400: two Content-Length, also if equal */
	HTTP_BAD_LENGTH_AND_CODING, /* 400: Content-Length together with Transfer-Encoding */
	HTTP_BAD_CODING,            /* 501: Transfer-Encoding other than exactly "chunked" */
	HTTP_BAD_BODY_UNEXPECTED,   /* 400: GET, HEAD, DELETE or OPTIONS with a body */
	HTTP_BAD_EXPECT,            /* 417: anything but 100-continue */
	HTTP_BAD_CHUNK_SIZE,        /* 400: a chunk size that is not 1 to 8 hexadecimal digits */
	HTTP_BAD_CHUNK_EXTENSION,   /* 400: refused, although RFC 9112 allows it */
	HTTP_BAD_CHUNK_END,         /* 400: no CRLF after a chunk */
	HTTP_BAD_TRAILER,           /* 400: refused, although RFC 9112 allows it */
	HTTP_BAD_BODY_LONG,         /* 413 */
	HTTP_BADS,                  /* how many */
};
int http_bad_status(enum http_bad bad);       /* the HTTP status to answer with; 0 for HTTP_BAD_NONE */
const char *http_bad_text(enum http_bad bad); /* a short lower-case sentence without the client's bytes */

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

enum http_verdict {
	HTTP_MORE, /* needs bytes */
	HTTP_DONE,
	HTTP_REFUSED, /* `bad` says why; the connection must be closed after the answer */
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

/* A header's value by lower-case name, the first of that name; NULL when absent. */
const char *http_head_get(const struct http_head *head, const char *name);
const char *http_method_name(enum http_method method);

/* A chunked body. Zero-initialise with HTTP_CHUNKED_INIT(max). */
struct http_chunked {
	uint64_t total_bytes;     /* of data so far */
	uint64_t total_bytes_max; /* over it HTTP_BAD_BODY_LONG */
	uint64_t left_bytes;      /* of the present chunk */
	enum http_bad bad;
	int state;
	unsigned digits;
	unsigned chunk_count;
};
#define HTTP_CHUNKED_INIT(max_bytes) ((struct http_chunked){.total_bytes_max = (max_bytes)})
/* Takes some bytes of ptr (*ret_used, always set) and yields at most one piece of data, a part of ptr (*ret_data, len 0
 * when none). Call again with the rest until HTTP_MORE comes with nothing left, HTTP_DONE or HTTP_REFUSED. */
enum http_verdict http_chunked_feed(
	struct http_chunked *chunked, const uint8_t *ptr, size_t len, size_t *ret_used, struct bytes *ret_data);

/* One decoded name=value of a query or of an application/x-www-form-urlencoded body; NUL-terminated, in the arena. */
struct http_param {
	const char *name;
	const char *value; /* "" when there was no "=" */
};
#define HTTP_PARAMS_MAX 256
/* Decodes "a=b&c=d" ("+" is a space). Errors ERR_INVALID (broken percent-encoding, NUL, not UTF-8), ERR_LIMIT (more
 * than HTTP_PARAMS_MAX), ERR_NOMEM. */
int http_query_parse(const char *text, size_t len, struct zf_arena *arena, struct http_param **ret_params,
	size_t *ret_count) MUSTUSE;
/* The first value of that name; NULL when absent. */
const char *http_param_get(const struct http_param *params, size_t count, const char *name);

/* True when media type `type` ("application/fhir+json; charset=utf-8") is in the space-separated list of lower-case
 * types without parameters; case and parameters of `type` are ignored, except that a charset other than utf-8 is
 * refused. */
bool http_media_in(const char *type, const char *list);
/* True when the Accept value allows one of the list (wildcards understood, q=0 honoured); NULL or "" allows all. */
bool http_accepts(const char *accept, const char *list);

#endif
