/* The reasons for which a request is refused, each with its status and sentence, and the verdict of the parsers. */
#ifndef NET_HTTP_BAD_H
#define NET_HTTP_BAD_H

#include "base/core.h"

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

enum http_verdict {
	HTTP_MORE, /* needs bytes */
	HTTP_DONE,
	HTTP_REFUSED, /* `bad` says why; the connection must be closed after the answer */
};

#endif
