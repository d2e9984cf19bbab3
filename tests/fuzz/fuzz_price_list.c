/* Price lists as CSV: nothing crashes, what is refused is told, and what is taken keeps the rules of a list. */
#include <assert.h>

#include "base/mem.h"
#include "model/price_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct fault_list faults;
	struct price_list list = {0};

	arena_init(&arena, 64u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int err = price_list_read((struct text_span){(const char *)data, size}, &arena.zf, &faults, &list);
	assert(err != ERR_NOMEM && (err != 0) == fault_refuses(&faults) && (err == 0) == (list.count > 0));
	for (uint32_t i = 0; i < faults.count; i++) {
		assert(fault_text_en(&arena.zf, &faults.items[i]) != NULL);
		assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	}
	for (uint32_t i = 0; i < list.count; i++) {
		const struct price *price = &list.items[i];
		assert(price->system.len > 0 && price->code.len > 0);
		assert(price->value.present && price->value.unscaled >= 0 && price->value.scale <= PRICE_DECIMALS_MAX);
		assert(i == 0 || !text_equal(price[-1].system, price->system) ||
			!text_equal(price[-1].code, price->code));
	}
	arena_free(&arena);
	return 0;
}
