/* An arena for the tests of adapters/lib: each allocation is a malloc of its own, so that the address sanitizer sees
 * every byte too far, and the n-th one can be made to fail. */
#ifndef TESTS_UNIT_LIB_ARENA_H
#define TESTS_UNIT_LIB_ARENA_H

#include <stdlib.h>

#include "lib/arena.h"

struct lib_arena {
	struct zf_arena zf;
	void **blocks;
	size_t n;
	long fail_at; /* allocations until one fails; negative: never */
};

static inline void *lib_arena_alloc(struct zf_arena *zf, size_t len)
{
	struct lib_arena *arena = (struct lib_arena *)zf;
	if (arena->fail_at == 0) return NULL;
	if (arena->fail_at > 0) arena->fail_at--;
	void *block = calloc(1, len == 0 ? 1 : len);
	void **blocks = realloc(arena->blocks, (arena->n + 1) * sizeof(*blocks));
	if (block == NULL || blocks == NULL) abort();
	arena->blocks = blocks;
	arena->blocks[arena->n++] = block;
	return block;
}

static inline void lib_arena_free(struct lib_arena *arena)
{
	for (size_t i = 0; i < arena->n; i++) free(arena->blocks[i]);
	free(arena->blocks);
	arena->blocks = NULL;
	arena->n = 0;
}

#define LIB_ARENA(name)                                                                                                \
	__attribute__((cleanup(lib_arena_free))) struct lib_arena name = {.zf = {lib_arena_alloc}, .fail_at = -1}

/* A small repeatable generator (xorshift), so that a failure can be run again. */
static inline uint64_t lib_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
