/* The head of an HTTP/1.1 answer that libcurl hands over line by line: the fields, and what they say of where the body
 * ends (RFC 9112 sections 5 and 6). Strict: what a proxy and we could read in two ways is refused. Pure. */
#ifndef NET_ANSWER_HEAD_H
#define NET_ANSWER_HEAD_H

#include "base/mem.h"

#define ANSWER_FIELDS_MAX 128

struct answer_head {
	struct buf text; /* name NUL value NUL ... */
	struct answer_field {
		uint32_t name, value; /* where in text */
	} fields[ANSWER_FIELDS_MAX];
	size_t count;
	int64_t content_length; /* -1: none seen */
	bool chunked;
};

/* bytes_max: of names and values with a NUL each. */
void answer_head_init(struct answer_head *head, size_t bytes_max);
void answer_head_free(struct answer_head *head);
/* For the next answer on the same connection. */
void answer_head_reset(struct answer_head *head);
/* Takes one field line with or without its line end. ERR_INVALID: no field line, a zero byte, two lengths that differ,
 * a length beside chunked; ERR_LIMIT: more fields or bytes than allowed; ERR_NOMEM. */
int answer_head_line(struct answer_head *head, const char *line, size_t len) MUSTUSE;
const char *answer_head_name(const struct answer_head *head, size_t i);
const char *answer_head_value(const struct answer_head *head, size_t i);
/* The value of the first field of that name (compared without case), or NULL. */
const char *answer_head_find(const struct answer_head *head, const char *name);

#endif
