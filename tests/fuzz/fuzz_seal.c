/* Any bytes as a sealed row must be refused; any bytes as plain text must come back; one changed byte must be noticed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ARENA_BYTES (16u << 20)
#define PLAIN_BYTES_MAX (1u << 20)

static struct sealer *the_sealer(void)
{
	static struct sealer *sealer;

	if (sealer == NULL && sealer_new(&sealer) != 0) abort();
	return sealer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct key key = {{1, 2, 3}};
	static const struct uuid id = {{4, 5, 6}};
	struct sealer *sealer = the_sealer();
	struct bytes input = {data, len};
	struct bytes sealed;
	struct bytes plain;
	struct arena arena;
	uint8_t *changed;
	size_t at;

	if (len > PLAIN_BYTES_MAX) return 0;
	arena_init(&arena, ARENA_BYTES);
	if (seal_open(sealer, &key, &id, SEAL_CLAIM, input, PLAIN_BYTES_MAX, &arena, &plain) == 0) abort();
	if (seal(sealer, &key, &id, SEAL_CLAIM, input, &arena, &sealed) != 0) abort();
	if (seal_open(sealer, &key, &id, SEAL_CLAIM, sealed, PLAIN_BYTES_MAX, &arena, &plain) != 0) abort();
	if (plain.len != len || (len > 0 && memcmp(plain.ptr, data, len) != 0)) abort();
	changed = zf_alloc(&arena.zf, sealed.len);
	if (changed == NULL) abort();
	memcpy(changed, sealed.ptr, sealed.len);
	at = len == 0 ? 0 : (data[0] * (size_t)257 + data[len - 1]) % sealed.len;
	changed[at] ^= (uint8_t)(len % 255 + 1);
	if (seal_open(sealer, &key, &id, SEAL_CLAIM, (struct bytes){changed, sealed.len}, PLAIN_BYTES_MAX, &arena,
		    &plain) == 0) {
		abort();
	}
	arena_free(&arena);
	return 0;
}
