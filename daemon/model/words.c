/* The hash by which a person's words are known again. */
#include "model/words.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

int words_known(const struct keyring *ring, const struct uuid *hospital, const struct uuid *id, const char *words,
	const char *sealed, struct arena *arena, const char **ret_text)
{
	const struct bytes parts[] = {{id->b, sizeof(id->b)}, {(const uint8_t *)words, strlen(words)}};
	const size_t size = strlen(sealed) + 2 + 2 * (size_t)LOOKUP_HASH_BYTES;
	uint8_t hash[LOOKUP_HASH_BYTES];
	char hex[2 * LOOKUP_HASH_BYTES + 1];
	int r = lookup_hash(
		ring, keyring_newest(ring, KEY_LOOKUP), hospital, LOOKUP_WORDS, parts, ARRAY_LEN(parts), hash);
	char *text = r < 0 ? NULL : zf_alloc(&arena->zf, size);

	if (text == NULL) return r < 0 ? r : ERR_NOMEM;
	text_hex_encode(hash, sizeof(hash), hex);
	snprintf(text, size, "%s:%s", sealed, hex);
	*ret_text = text;
	return 0;
}
