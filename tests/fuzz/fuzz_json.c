/* The JSON reader: nothing crashes; what is accepted has a canonical form, and that form is its own canonical form. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "lib/json.h"
#include "lib/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char *ptr;
	size_t len;
	size_t cap;
};

static int append(void *ctx, const char *bytes, size_t len)
{
	struct text *text = ctx;
	assert(len <= text->cap - text->len);
	memcpy(text->ptr + text->len, bytes, len);
	text->len += len;
	return 0;
}

static int canonical(const char *ptr, size_t len, struct arena *arena, struct text *ret)
{
	/* The four bytes 1e31 become thirty-two. */
	*ret = (struct text){.ptr = malloc(len * 8 + 1), .cap = len * 8};
	assert(ret->ptr != NULL);
	return json_canonical(ptr, len, &arena->zf, 32, 1 << 20, append, ret, NULL);
}

/* Passing over a value as if it were checked stays inside for any text, and in a checked one ends where reading it
 * ends. */
static void pass(const char *text, size_t size, bool checked, struct zf_arena *arena)
{
	struct json_reader strict, quick;
	struct json_token token, same;
	json_reader_init_checked(&quick, (struct text_span){text, size}, arena, 32);
	if (!checked) {
		while (json_next(&quick, &same) > JSON_END) {
			if (same.type == JSON_KEY && json_skip(&quick, NULL) < JSON_END) break;
		}
		return;
	}
	json_reader_init(&strict, text, size, arena, 32, 1 << 20);
	do {
		enum json_type type = json_next(&strict, &token);
		assert(json_next(&quick, &same) == type && same.begin == token.begin && same.end == token.end);
		if (type != JSON_KEY) continue;
		struct text_span raw = {NULL, 0}, passed = {NULL, 0};
		assert(json_skip(&strict, &raw) == json_skip(&quick, &passed));
		assert(raw.ptr == passed.ptr && raw.len == passed.len);
	} while (token.type > JSON_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct text first, second;
	struct json_error error;

	arena_init(&arena, 64 << 20);
	const char *text = (const char *)data;
	int checked = json_check(text, size, &arena.zf, 32, 1 << 20, &error);
	assert(checked == error.code && (checked == 0) == (error.text[0] == '\0'));
	assert(error.offset <= size);
	pass(text, size, checked == 0, &arena.zf);
	int rc = canonical(text, size, &arena, &first);
	assert(rc == checked);
	if (rc == 0) {
		rc = canonical(first.ptr, first.len, &arena, &second);
		assert(rc == 0);
		assert(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
		free(second.ptr);
	}
	free(first.ptr);
	arena_free(&arena);
	return 0;
}
