/* Messages that came in, as dispatch seals them: any bytes at all. */
#include "base/mem.h"
#include "translate/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena CLEANUP(arena_free);
	struct envelope envelope;
	arena_init(&arena, 16u << 20);
	if (envelope_read((struct bytes){data, size}, &arena.zf, &envelope) == 0)
		assert(envelope.body.len <= size && envelope.http_status >= 100 && envelope.http_status <= 999);
	return 0;
}
