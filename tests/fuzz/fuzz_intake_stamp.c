/* Fuzzes what intake does to a resource before it is answered, and the Prefer header: no read outside, and a stamped
 * resource is JSON again with one id of ours. */
#include <stdlib.h>
#include <string.h>

#include "intake/auth.h"
#include "intake/prefer.h"
#include "intake/stamp.h"
#include "lib/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct uuid id = {{1, 2, 3}};
	struct stamp stamp = {.id = &id, .updated_ms = 1700000000000, .duplicate_of = &id};
	struct bytes text;
	if (size > 65536) return 0;
	arena_init(&arena, 8u << 20);
	char *words = zf_strndup(&arena.zf, (const char *)data, size);
	if (words == NULL) abort();
	struct prefer prefer = prefer_parse(words);
	if (prefer.wait_s > PREFER_WAIT_MAX_S) abort();
	(void)auth_scope_read(words);
	/* Callers hand over objects that were read before. */
	if (json_check((const char *)data, size, &arena.zf, JSON_DEPTH_MAX - 2, JSON_BYTES_DEFAULT, NULL) == 0) {
		struct text_span raw = {(const char *)data, size};
		if (stamp_strip(raw, &arena.zf, &text) == 0 && json_check((const char *)text.ptr, text.len, &arena.zf,
								       JSON_DEPTH_MAX, JSON_BYTES_DEFAULT, NULL) != 0)
			abort();
		if (stamp_apply(raw, &stamp, &arena.zf, &text) == 0 &&
			json_check((const char *)text.ptr, text.len, &arena.zf, JSON_DEPTH_MAX, JSON_BYTES_DEFAULT,
				NULL) != 0)
			abort();
	}
	arena_free(&arena);
	return 0;
}
