/* What the FHIR tests share: an arena whose every allocation is a block of its own (so that the sanitizer sees each
 * overrun) and whose N-th one can fail, files, and a host and profile that always answer the same. */
#ifndef TESTS_FHIR_SUPPORT_H
#define TESTS_FHIR_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fhir/document.h"
#include "zhifu_adapter.h"

#define CORPUS "tests/fuzz/corpus/"
#define NEVER (-1L)

struct block {
	struct block *next;
	uint64_t pad;
};

struct test_arena {
	struct zf_arena zf;
	struct block *blocks;
	long fail_after; /* allocations until the first that fails; NEVER */
	long count;
	int failed; /* an allocation was refused */
};

static void *test_alloc(struct zf_arena *arena, size_t len)
{
	struct test_arena *self = (struct test_arena *)arena;
	if (self->fail_after != NEVER && self->count >= self->fail_after) {
		self->failed = 1;
		return NULL;
	}
	self->count++;
	struct block *block = calloc(1, sizeof(*block) + len);
	if (block == NULL) return NULL;
	block->next = self->blocks;
	self->blocks = block;
	return block + 1;
}

static inline void arena_open(struct test_arena *arena)
{
	*arena = (struct test_arena){.zf = {test_alloc}, .fail_after = NEVER};
}

static inline void arena_close(struct test_arena *arena)
{
	while (arena->blocks != NULL) {
		struct block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	arena->count = 0;
}

/* The whole file, with a NUL behind it; to be freed. NULL when it isn't there. */
static inline char *file_read(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) return NULL;
	size_t cap = 1 << 16, len = 0;
	char *text = malloc(cap);
	for (size_t n; text != NULL && (n = fread(text + len, 1, cap - len - 1, file)) > 0;) {
		len += n;
		if (len + 1 < cap) continue;
		cap *= 2;
		text = realloc(text, cap);
	}
	fclose(file);
	if (text == NULL) abort();
	text[len] = '\0';
	*ret_len = len;
	return text;
}

static inline char *fixture_read(const char *name, size_t *ret_len)
{
	char path[256];
	*ret_len = 0;
	snprintf(path, sizeof(path), "%s%s", CORPUS, name);
	char *text = file_read(path, ret_len);
	if (text == NULL) fail_msg("fixture %s is missing", path);
	return text;
}

/* A file of the shared data folder, which a clone elsewhere does not have. */
static inline void shared_path(const char *name, char *ret, size_t size)
{
	const char *root = getenv("ZHIFU_SHARED");
	snprintf(ret, size, "%s/%s", root != NULL ? root : "../shared", name);
}

/* ---- a host that always answers the same ---- */

struct test_host {
	unsigned ids; /* handed out so far; ids are 00000000-0000-4000-8000-%012x, from 1 */
};

static inline int64_t test_now_ms(void *call)
{
	(void)call;
	return INT64_C(1793955600000); /* 2026-11-06T09:00:00Z */
}

static inline int test_new_id(void *call, char text[40])
{
	struct test_host *host = call;
	snprintf(text, 40, "00000000-0000-4000-8000-%012x", ++host->ids);
	return 0;
}

static inline const struct zf_host *test_host(void)
{
	static const struct zf_host host = {.size = sizeof(host), .now_ms = test_now_ms, .new_id = test_new_id};
	return &host;
}

/* ---- a profile from pairs "key=value" and "map:from=to"; ends with NULL ---- */

static inline const char *profile_find(const struct zf_profile *profile, const char *prefix, const char *key)
{
	const char *const *pairs = profile->impl;
	for (; *pairs != NULL; pairs++) {
		size_t prefix_len = strlen(prefix), key_len = strlen(key);
		if (strncmp(*pairs, prefix, prefix_len) != 0) continue;
		if (strncmp(*pairs + prefix_len, key, key_len) != 0 || (*pairs)[prefix_len + key_len] != '=') continue;
		return *pairs + prefix_len + key_len + 1;
	}
	return NULL;
}

static inline const char *test_get(const struct zf_profile *profile, const char *key)
{
	return profile_find(profile, "", key);
}

static inline const char *test_map(const struct zf_profile *profile, const char *map, const char *from)
{
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "%s:", map);
	return profile_find(profile, prefix, from);
}

static inline struct zf_profile test_profile(const char *const *pairs)
{
	return (struct zf_profile){
		.size = sizeof(struct zf_profile), .insurer = "test", .impl = pairs, .get = test_get, .map = test_map};
}

#endif
