/* JSON writer into arena memory: compact, commas by itself, errors sticky, so that callers write straight on and look
 * once, at json_write_finish(). Calling in an order that is not JSON (a key in an array, two keys in a row, an end that
 * does not fit) is a programmer's error and asserted. */
#ifndef ADAPTERS_LIB_JSON_WRITE_H
#define ADAPTERS_LIB_JSON_WRITE_H

#include "lib/text_buffer.h"

#define JSON_WRITE_DEPTH_MAX 64

/* Caller-owned; fields are private. */
struct json_writer {
	struct text_buffer out;
	uint32_t depth;
	uint64_t object; /* bit per level: is an object */
	uint64_t filled; /* bit per level: has a member already */
	int have_key;
};

/* bytes_max: LIB_LIMIT beyond. Memory grows by doubling in the arena. */
void json_write_init(struct json_writer *writer, struct zf_arena *arena, size_t bytes_max);
/* The document, owned by the arena and NUL-terminated, or the first error: LIB_NOMEM, LIB_LIMIT, LIB_INVALID (a string
 * that was not UTF-8 or held NUL, a number that is none). */
int json_write_finish(struct json_writer *writer, struct text_span *ret_text) LIB_MUSTUSE;

void json_write_object_begin(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array_begin(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);
void json_write_key_span(struct json_writer *writer, struct text_span key);

void json_write_string(struct json_writer *writer, const char *value); /* NULL writes null */
void json_write_span(struct json_writer *writer, struct text_span value);
void json_write_int64(struct json_writer *writer, int64_t value);
void json_write_bool(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);
/* A number given as text; its grammar is checked. */
void json_write_number(struct json_writer *writer, struct text_span number);
/* A value that is JSON already (from json_skip): copied as it is, not checked. Empty is LIB_INVALID. */
void json_write_raw(struct json_writer *writer, struct text_span raw);

/* Key and value in one call. The first three write nothing at all when the value is NULL, empty or {NULL, 0}: FHIR
 * knows no empty members. */
void json_write_member(struct json_writer *writer, const char *key, const char *value);
void json_write_member_span(struct json_writer *writer, const char *key, struct text_span value);
void json_write_member_raw(struct json_writer *writer, const char *key, struct text_span raw);
void json_write_member_number(struct json_writer *writer, const char *key, struct text_span number);
void json_write_member_int64(struct json_writer *writer, const char *key, int64_t value);
void json_write_member_bool(struct json_writer *writer, const char *key, bool value);

/* Takes the next piece of a stream; returns 0, or a LIB_* that ends it. */
typedef int (*json_sink)(void *ctx, const char *bytes, size_t len);

/* The canonical form of a document, piece by piece into the sink: no white space, keys sorted by their UTF-8 bytes,
 * strings with the fewest escapes, numbers by their exact value (8e2 and 800.00 are 800). After RFC 8785 but for two
 * things: a number is no double, and the order is by code point instead of UTF-16 unit. Two documents have the same
 * canonical form exactly when they differ in white space, member order, escaping and the spelling of numbers only.
 * Returns 0, the reader's error (also in *ret_error when not NULL; nothing has reached the sink then), LIB_NOMEM, or
 * what the sink returned. */
struct json_error;
int json_canonical(const char *text, size_t len, struct zf_arena *arena, uint32_t depth_max, size_t bytes_max,
	json_sink sink, void *ctx, struct json_error *ret_error) LIB_MUSTUSE;

#endif
