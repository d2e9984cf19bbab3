/* Search parameters: a type, then a query as a client sends it. */
#include <stdlib.h>

#include "base/mem.h"
#include "intake/search_param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0) return 0;
	struct arena arena CLEANUP(arena_free);
	struct http_param *params;
	struct fault_list faults;
	struct search_request request;
	size_t count;
	arena_init(&arena, 1u << 22);
	enum search_type type = (enum search_type)(data[0] % SEARCH_TYPES);
	fault_list_init(&faults, &arena.zf, 0);
	if (http_query_parse((const char *)data + 1, len - 1, &arena.zf, &params, &count) < 0) return 0;
	if (search_request_parse(type, params, count, data[0] & 64, data[0] & 128, 480, "https://h.example", &arena.zf,
		    &faults, &request) < 0)
		return 0;
	if (request.ids.count > SEARCH_VALUES_MAX || request.date_count > SEARCH_DATES_MAX ||
		request.count > search_type_info(type)->count_max)
		abort();
	if (request.count == 0 && !fault_refuses(&faults)) abort();
	return 0;
}
