/* FHIR dates: nothing crashes, what was parsed prints as it was written, and its range is not empty. */
#include <assert.h>

#include "lib/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_span text = {(const char *)data, size};
	for (int kind = DATE_KIND_DATE; kind <= DATE_KIND_INSTANT; kind++) {
		struct date date;
		struct zf_time time;
		int64_t begin, end;
		char out[DATE_TEXT_SIZE];
		if (date_parse(text, (enum date_kind)kind, &date) != 0) continue;
		assert(date_format(&date, out) == size && memcmp(out, data, size) == 0);
		int rc = date_range_ms(&date, 480, &begin, &end);
		assert(rc == 0 && begin < end);
		assert(date_order(&date, &date, 0) == DATE_SAME);
		rc = date_parse_time(text, (enum date_kind)kind, &time);
		assert(rc == 0 && time.precision != ZF_NO_TIME);
		(void)date_format_time(&time, out);
	}
	return 0;
}
