/* Chunked request bodies: a state machine of one byte at a time for the framing, whole pieces for the data. */
#include "net/http_chunked.h"

#include "net/http_query.h"

/* Eight digits reach 4 GiB, far over any limit on bodies; more digits only serve to overflow somebody's integer. */
#define CHUNK_DIGITS_MAX 8

enum state {
	SIZE_FIRST, /* the zero of HTTP_CHUNKED_INIT */
	SIZE_MORE,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	END_CR,
	END_LF,
	DONE,
};

static enum http_verdict refuse(struct http_chunked *chunked, enum http_bad bad)
{
	chunked->bad = bad;
	return HTTP_REFUSED;
}

static enum http_bad bad_after_size(uint8_t c)
{
	return c == ';' || c == ' ' || c == '\t' ? HTTP_BAD_CHUNK_EXTENSION : HTTP_BAD_CHUNK_SIZE;
}

static enum http_bad size_byte(struct http_chunked *chunked, uint8_t c)
{
	int digit = http_hex_value(c);
	if (digit < 0 && chunked->state == SIZE_FIRST) return HTTP_BAD_CHUNK_SIZE;
	if (digit < 0) {
		if (c != '\r') return bad_after_size(c);
		chunked->state = SIZE_LF;
		return HTTP_BAD_NONE;
	}
	if (chunked->state == SIZE_FIRST) {
		chunked->left_bytes = 0;
		chunked->digits = 0;
	}
	if (++chunked->digits > CHUNK_DIGITS_MAX) return HTTP_BAD_CHUNK_SIZE;
	chunked->left_bytes = chunked->left_bytes << 4 | (unsigned)digit;
	chunked->state = SIZE_MORE;
	return HTTP_BAD_NONE;
}

static enum http_bad size_end(struct http_chunked *chunked)
{
	if (chunked->left_bytes == 0) {
		chunked->state = END_CR;
		return HTTP_BAD_NONE;
	}
	if (chunked->left_bytes > chunked->total_bytes_max - chunked->total_bytes) return HTTP_BAD_BODY_LONG;
	chunked->chunk_count++;
	chunked->state = DATA;
	return HTTP_BAD_NONE;
}

/* A byte of the framing. */
static enum http_bad framing_byte(struct http_chunked *chunked, uint8_t c)
{
	switch ((enum state)chunked->state) {
	case SIZE_FIRST:
	case SIZE_MORE:
		return size_byte(chunked, c);
	case SIZE_LF:
		return c == '\n' ? size_end(chunked) : HTTP_BAD_LINE_END;
	case DATA_CR:
		if (c != '\r') return HTTP_BAD_CHUNK_END;
		chunked->state = DATA_LF;
		return HTTP_BAD_NONE;
	case DATA_LF:
		if (c != '\n') return HTTP_BAD_CHUNK_END;
		chunked->state = SIZE_FIRST;
		return HTTP_BAD_NONE;
	case END_CR:
		if (c != '\r') return HTTP_BAD_TRAILER;
		chunked->state = END_LF;
		return HTTP_BAD_NONE;
	case END_LF:
		if (c != '\n') return HTTP_BAD_LINE_END;
		chunked->state = DONE;
		return HTTP_BAD_NONE;
	case DATA:
	case DONE:
		break;
	}
	assert(!"a byte of data taken for framing");
	return HTTP_BAD_CHUNK_END;
}

enum http_verdict http_chunked_feed(
	struct http_chunked *chunked, const uint8_t *ptr, size_t len, size_t *ret_used, struct bytes *ret_data)
{
	size_t used = 0;
	*ret_used = 0;
	*ret_data = (struct bytes){0};
	if (chunked->bad != HTTP_BAD_NONE) return HTTP_REFUSED;
	while (used < len && chunked->state != DONE) {
		if (chunked->state != DATA) {
			enum http_bad bad = framing_byte(chunked, ptr[used++]);
			*ret_used = used;
			if (bad != HTTP_BAD_NONE) return refuse(chunked, bad);
			continue;
		}
		size_t take = len - used;
		if (take > chunked->left_bytes) take = (size_t)chunked->left_bytes;
		*ret_data = (struct bytes){ptr + used, take};
		*ret_used = used + take;
		chunked->left_bytes -= take;
		chunked->total_bytes += take;
		if (chunked->left_bytes == 0) chunked->state = DATA_CR;
		return HTTP_MORE;
	}
	return chunked->state == DONE ? HTTP_DONE : HTTP_MORE;
}
