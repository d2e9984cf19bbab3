/* An arena for the tests and fuzzers of adapters: each allocation is a malloc of its own, so that the address sanitizer
 * sees every byte too far, and the n-th one can be made to fail. */
#ifndef TESTS_UNIT_LIB_ARENA_H
#define TESTS_UNIT_LIB_ARENA_H

#include <stdlib.h>

#include "lib/arena.h"

struct lib_block {
	struct lib_block *next;
	uint64_t pad; /* what follows is aligned to 16 */
};

struct lib_arena {
	struct zf_arena zf;
	struct lib_block *blocks;
	size_t n;     /* of them */
	long fail_at; /* allocations until one fails; negative: never */
};

static inline void *lib_arena_alloc(struct zf_arena *zf, size_t len)
{
	struct lib_arena *arena = (struct lib_arena *)zf;
	if (arena->fail_at == 0) return NULL;
	if (arena->fail_at > 0) arena->fail_at--;
	struct lib_block *block = calloc(1, sizeof(*block) + len);
	if (block == NULL) abort();
	block->next = arena->blocks;
	arena->blocks = block;
	arena->n++;
	return block + 1;
}

static inline void lib_arena_free(struct lib_arena *arena)
{
	while (arena->blocks != NULL) {
		struct lib_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
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
