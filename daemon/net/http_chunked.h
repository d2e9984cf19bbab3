/* Chunked request bodies (RFC 9112 section 7.1), strictly: no extensions, no trailers, limited in all. Pure. */
#ifndef NET_HTTP_CHUNKED_H
#define NET_HTTP_CHUNKED_H

#include "net/http_bad.h"

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

#endif
