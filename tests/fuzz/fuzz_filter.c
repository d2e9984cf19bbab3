/* The allow-list over any bytes: what is left is JSON, holds no forbidden resource, and filters to itself. */
#include <string.h>

#include "base/mem.h"
#include "lib/json.h"
#include "translate/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const prefixes[] = {"Claim.item", "Patient.name.family", "Coverage", "MolecularSequence"};
	struct filter filter = {prefixes, size % 2 == 0 ? 4 : 0};
	struct arena arena CLEANUP(arena_free);
	struct text_span left, again;
	arena_init(&arena, 64u << 20);
	if (filter_apply(&filter, (struct text_span){(const char *)data, size}, &arena.zf, &left) < 0) return 0;
	assert(json_check(left.ptr, left.len, &arena.zf, JSON_DEPTH_DEFAULT, 1u << 26, NULL) == 0);
	assert(filter_apply(&filter, left, &arena.zf, &again) == 0);
	assert(again.len == left.len && memcmp(again.ptr, left.ptr, left.len) == 0);
	return 0;
}
