/* Heads, chunked bodies, targets, queries and media types from strangers. Whatever arrives, reading it in one piece and
 * byte by byte must come to the same end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/http_parse.h"

#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition)) abort();                                                                             \
	} while (0)

static const struct http_head_limits limits = {.head_bytes_max = 4096, .target_bytes_max = 512, .header_count_max = 16};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	enum http_verdict verdict;
	enum http_bad bad;
	size_t used;
	uint64_t data_bytes;
};

static struct result head_run(struct http_head_parser *parser, const uint8_t *data, size_t size, size_t step)
{
	struct result result = {.verdict = HTTP_MORE};
	for (size_t seen = 0; seen < size && result.verdict == HTTP_MORE;) {
		size_t used;
		seen = size - seen < step ? size : seen + step;
		result.verdict = http_head_feed(parser, data + result.used, seen - result.used, &used);
		REQUIRE(used <= seen - result.used);
		result.used += used;
	}
	result.bad = parser->bad;
	REQUIRE((result.verdict == HTTP_REFUSED) == (result.bad != HTTP_BAD_NONE));
	return result;
}

static struct result chunked_run(const uint8_t *data, size_t size, size_t step)
{
	struct http_chunked chunked = HTTP_CHUNKED_INIT(2048);
	struct result result = {.verdict = HTTP_MORE};
	for (size_t seen = 0; seen < size && result.verdict == HTTP_MORE;) {
		seen = size - seen < step ? size : seen + step;
		while (result.used < seen && result.verdict == HTTP_MORE) {
			struct bytes piece;
			size_t used;
			result.verdict =
				http_chunked_feed(&chunked, data + result.used, seen - result.used, &used, &piece);
			REQUIRE(used <= seen - result.used && piece.len <= used);
			REQUIRE(used > 0 || result.verdict != HTTP_MORE);
			result.used += used;
			result.data_bytes += piece.len;
		}
	}
	result.bad = chunked.bad;
	REQUIRE(result.data_bytes == chunked.total_bytes && result.data_bytes <= 2048);
	return result;
}

static void same(struct result a, struct result b)
{
	REQUIRE(a.verdict == b.verdict && a.bad == b.bad && a.data_bytes == b.data_bytes);
	REQUIRE(a.verdict != HTTP_DONE || a.used == b.used);
}

static void head_judge(const struct http_head *head, struct zf_arena *arena)
{
	struct http_param *params;
	size_t count;
	REQUIRE(head->path[0] == '/' && strstr(head->path, "/../") == NULL && head->host != NULL);
	REQUIRE(!(head->chunked && head->has_length));
	REQUIRE(head->method != HTTP_GET || (head->content_length == 0 && !head->chunked));
	REQUIRE(http_utf8_valid(head->path, strlen(head->path)));
	for (size_t i = 0; i < head->header_count; i++) REQUIRE(strpbrk(head->headers[i].value, "\r\n") == NULL);
	if (http_query_parse(head->query, strlen(head->query), arena, &params, &count) == 0)
		REQUIRE(count <= HTTP_PARAMS_MAX && (count == 0 || params[0].name != NULL));
	(void)http_media_in(http_head_get(head, "content-type"), "application/fhir+json application/json");
	(void)http_accepts(http_head_get(head, "accept"), "application/fhir+json application/json");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct http_head_parser whole, drip;
	arena_init(&arena, 1 << 20);
	http_head_init(&whole, &limits, &arena.zf);
	http_head_init(&drip, &limits, &arena.zf);
	struct result head = head_run(&whole, data, size, size);
	same(head, head_run(&drip, data, size, 1));
	if (head.verdict == HTTP_DONE) head_judge(&whole.head, &arena.zf);
	/* What follows a head is read as a body; without a head, everything is. */
	size_t from = head.verdict == HTTP_DONE ? head.used : 0;
	if (size > from) same(chunked_run(data + from, size - from, size), chunked_run(data + from, size - from, 1));
	arena_free(&arena);
	return 0;
}
