/* Text that grows in arena memory, for the writers of JSON and XML: errors are sticky, so that they write straight on
 * and look once, at text_buffer_finish(). */
#ifndef ADAPTERS_LIB_TEXT_BUFFER_H
#define ADAPTERS_LIB_TEXT_BUFFER_H

#include "lib/arena.h"
#include "lib/text.h"

/* Caller-owned. Begins as {.arena, .max}, the rest zero. */
struct text_buffer {
	struct zf_arena *arena; /* borrowed; owns ptr */
	char *ptr;              /* the text so far, without a NUL; moves when it grows */
	size_t len;             /* bytes of it */
	size_t cap;             /* room in ptr, always more than len once there is any */
	size_t max;             /* LIB_LIMIT beyond */
	int error;              /* sticky LIB_*; nothing is added after the first */
};

/* The slow half of text_buffer_room(). */
bool text_buffer_grow(struct text_buffer *buffer, size_t len);

/* Makes room for `len` more bytes and a NUL; false with the error set. */
static inline bool text_buffer_room(struct text_buffer *buffer, size_t len)
{
	return (buffer->error == 0 && len < buffer->cap - buffer->len && len <= buffer->max - buffer->len) ||
	       text_buffer_grow(buffer, len);
}

static inline void text_buffer_put(struct text_buffer *buffer, const char *bytes, size_t len)
{
	if (len == 0 || !text_buffer_room(buffer, len)) return;
	memcpy(buffer->ptr + buffer->len, bytes, len);
	buffer->len += len;
}

static inline void text_buffer_put_char(struct text_buffer *buffer, char c)
{
	if (text_buffer_room(buffer, 1)) buffer->ptr[buffer->len++] = c;
}

/* Sets the error unless there is one already. */
static inline void text_buffer_fail(struct text_buffer *buffer, int error)
{
	if (buffer->error == 0) buffer->error = error;
}

/* The text, NUL-terminated, or the first error. */
int text_buffer_finish(struct text_buffer *buffer, struct text_span *ret_text) LIB_MUSTUSE;

#endif
