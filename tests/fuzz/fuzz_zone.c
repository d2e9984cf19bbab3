/* TZif files: a damaged one is refused, and one that is taken answers for any instant. */
#include <assert.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone *zone = NULL;
	if (zone_parse("fuzz", data, size, &zone) != 0) return 0;
	for (int64_t day = -80000; day < 80000; day += 4999) {
		int32_t offset = zone_offset_seconds(zone, day * ZONE_DAY_MS);
		assert(offset >= -200 * 3600 && offset <= 200 * 3600);
		(void)zone_day_start_ms(zone, day);
	}
	zone_free(zone);
	return 0;
}
