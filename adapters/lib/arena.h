/* The arena of the adapter ABI: memory that lives as long as one call, request or batch and is freed as a whole.
 * Adapters and shared helpers allocate only from an arena they were handed; the daemon's implementation is base/mem.h.
 */
#ifndef ADAPTERS_LIB_ARENA_H
#define ADAPTERS_LIB_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* alloc: returns `len` zeroed bytes aligned to 16, or NULL when the arena's limit or the machine's memory is reached.
 * What it returns is owned by the arena: never freed singly, gone when the arena goes. */
struct zf_arena {
	void *(*alloc)(struct zf_arena *arena, size_t len);
};

static inline void *zf_alloc(struct zf_arena *arena, size_t len)
{
	return arena->alloc(arena, len);
}

/* A zeroed array of n elements; NULL also when n * size overflows. */
static inline void *zf_alloc_array(struct zf_arena *arena, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) return NULL;
	return arena->alloc(arena, n * size);
}

/* A NUL-terminated copy of len bytes; NULL on no memory. */
static inline char *zf_strndup(struct zf_arena *arena, const char *text, size_t len)
{
	char *copy = len == SIZE_MAX ? NULL : arena->alloc(arena, len + 1);
	if (copy == NULL) return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static inline char *zf_strdup(struct zf_arena *arena, const char *text)
{
	return zf_strndup(arena, text, strlen(text));
}

#endif
