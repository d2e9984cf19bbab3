/* The head of an insurer's answer, a line of the input a field line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/answer_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer_head head;
	answer_head_init(&head, 4096);
	const char *at = (const char *)data, *end = at + size;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at) + 1;
		size_t count = head.count;
		int rc = answer_head_line(&head, at, len);
		if (head.count != count + (rc == 0) || head.count > ANSWER_FIELDS_MAX) abort();
		if (rc == 0 && head.chunked && head.content_length >= 0) abort();
		if (rc != 0) break;
		const char *name = answer_head_name(&head, count);
		if (name[0] == '\0' || answer_head_find(&head, name) == NULL ||
			strchr(answer_head_value(&head, count), '\n') != NULL)
			abort();
		at += len;
	}
	answer_head_reset(&head);
	if (answer_head_find(&head, "content-type") != NULL) abort();
	answer_head_free(&head);
	return 0;
}
