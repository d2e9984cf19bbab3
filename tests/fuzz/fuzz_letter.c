/* Messages that go out: what is read can be filled, and no header holds a line break. */
#include <assert.h>
#include <string.h>

#include "dispatch/letter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf_pair pairs[] = {{"token", "value"}};
	static const struct conf_map secrets = {pairs, 1};
	struct arena arena CLEANUP(arena_free);
	struct letter letter;

	arena_init(&arena, 4u << 20);
	if (letter_read((struct bytes){data, size}, &arena, &letter) < 0) return 0;
	assert(letter.header_count <= OUTBOUND_HEADERS_MAX && letter.body.len < size);
	if (letter_fill(&letter, &secrets, &arena) < 0) return 0;
	for (size_t i = 0; i < letter.header_count; i++)
		assert(strchr(letter.headers[i].name, '\n') == NULL && strchr(letter.headers[i].value, '\n') == NULL);
	return 0;
}
