/* The ECB's rates: nothing crashes, what is refused is told, and what is taken keeps the rules of rates. */
#include <assert.h>

#include "base/mem.h"
#include "model/rate_ecb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TODAY 20777 /* 2026-11-20 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct fault_list faults;
	struct rate_table table = {0};
	struct rate_reading reading = {.today = TODAY, .bytes_max = 1 << 20};

	arena_init(&arena, 256u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int err = rate_ecb_read((struct text_span){(const char *)data, size}, &reading, &arena.zf, &faults, &table);
	assert(err != ERR_NOMEM && (err != 0) == fault_refuses(&faults));
	for (uint32_t i = 0; i < faults.count; i++) {
		assert(fault_text_en(&arena.zf, &faults.items[i]) != NULL);
		assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	}
	assert((err == 0) == (table.count > 0) && rate_table_valid(&table));
	for (size_t i = 0; i < table.count; i++) {
		const struct rate *rate = &table.rates[i];
		assert(rate->day <= TODAY && rate->source == RATE_ECB && strcmp(rate->base, "EUR") == 0);
	}
	arena_free(&arena);
	return 0;
}
