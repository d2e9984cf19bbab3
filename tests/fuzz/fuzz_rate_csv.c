/* Files of rates as CSV, by both profiles: nothing crashes, what is refused is told, and what is taken keeps the rules
 * of rates and is found where it says it stands. */
#include <assert.h>

#include "base/mem.h"
#include "model/rate_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TODAY 20777 /* 2026-11-20 */

static void read_by(const struct rate_csv_profile *profile, struct text_span text)
{
	struct arena arena;
	struct fault_list faults;
	struct rate_table table = {0};
	struct rate_reading reading = {.today = TODAY, .bytes_max = 1 << 20};

	arena_init(&arena, 64u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int err = rate_csv_read(text, profile, &reading, &arena.zf, &faults, &table);
	assert(err != ERR_NOMEM && (err != 0) == fault_refuses(&faults));
	for (uint32_t i = 0; i < faults.count; i++) {
		assert(fault_text_en(&arena.zf, &faults.items[i]) != NULL);
		assert(fault_text_zh(&arena.zf, &faults.items[i]) != NULL);
	}
	assert((err == 0) == (table.count > 0) && rate_table_valid(&table));
	for (size_t i = 0; i < table.count; i++) {
		const struct rate *rate = &table.rates[i], *found = NULL;
		struct rate_query query = {.source = rate->source, .day = rate->day};
		struct rate_gap gap;
		assert(rate->day <= TODAY);
		memcpy(query.from, rate->quote, sizeof(query.from));
		memcpy(query.to, rate->base, sizeof(query.to));
		int rc = rate_find(&table, &query, &found, &gap);
		assert(rc == 0 && found == rate);
	}
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_span text = {(const char *)data, size};
	struct rate_csv_profile open = rate_csv_board;
	open.open_end = true;
	open.separator = ';';
	open.day_form = "D.M.YYYY";
	open.per_column = "单位";
	read_by(&rate_csv_cfets, text);
	read_by(&rate_csv_board, text);
	read_by(&open, text);
	return 0;
}
