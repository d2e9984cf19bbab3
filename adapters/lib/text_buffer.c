/* Text that grows in arena memory. */
#include "lib/text_buffer.h"

#define FIRST_BYTES 4096

__attribute__((noinline)) bool text_buffer_grow(struct text_buffer *buffer, size_t len)
{
	if (buffer->error != 0) return false;
	if (len > buffer->max - buffer->len) {
		buffer->error = LIB_LIMIT;
		return false;
	}
	if (len < buffer->cap - buffer->len) return true;
	size_t cap = buffer->cap == 0 ? FIRST_BYTES : buffer->cap;
	while (cap - buffer->len <= len) cap *= 2;
	char *ptr = zf_alloc(buffer->arena, cap);
	if (ptr == NULL) {
		buffer->error = LIB_NOMEM;
		return false;
	}
	if (buffer->len > 0) memcpy(ptr, buffer->ptr, buffer->len);
	buffer->ptr = ptr;
	buffer->cap = cap;
	return true;
}

int text_buffer_finish(struct text_buffer *buffer, struct text_span *ret_text)
{
	if (!text_buffer_room(buffer, 0)) return buffer->error;
	buffer->ptr[buffer->len] = '\0';
	*ret_text = (struct text_span){buffer->ptr, buffer->len};
	return 0;
}
