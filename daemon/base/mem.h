/* Arenas and growing buffers: all memory of one request, batch or adapter call, freed as a whole.
 * Allocation can fail, and tests make the N-th one fail. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/core.h"
#include "lib/arena.h"

/* An arena with a limit. `zf` is its first member, so &arena->zf is what adapters and adapters/lib take. */
struct arena {
	struct zf_arena zf;
	struct arena_chunk *chunks;
	size_t used_bytes;
	size_t limit_bytes;
	bool refused; /* it gave NULL to somebody since it was made or reset */
	bool is_full; /* for its limit, which no free memory would have changed */
};

/* Prepares an arena in caller-owned memory; nothing is allocated until first use. limit_bytes: the most it may hold. */
void arena_init(struct arena *arena, size_t limit_bytes);
/* Frees everything at once; the arena can be used again. Keeps one chunk of at most 64 KiB for reuse. */
void arena_reset(struct arena *arena);
/* Frees everything including the kept chunk. Usable with CLEANUP(arena_free). */
void arena_free(struct arena *arena);
/* printf into the arena; NULL on no memory. */
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A growing byte buffer on the heap with a maximum. Zero-initialise with BUF_INIT(max). */
struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max;
};
#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})
int buf_append(struct buf *buf, const void *data, size_t len) MUSTUSE; /* ERR_NOMEM, ERR_LIMIT */
int buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3) MUSTUSE;
void buf_reset(struct buf *buf); /* empties, keeps the memory */
void buf_free(struct buf *buf);  /* also wipes; usable with CLEANUP(buf_free) */

/* The heap, for what outlives an arena. All of the daemon's allocation goes through these three, so that
 * mem_fail_after(n) (tests only) can make the n-th following allocation return NULL; n < 0 turns that off. */
void *mem_alloc(size_t len);              /* zeroed; NULL on no memory */
void *mem_realloc(void *ptr, size_t len); /* like realloc */
void mem_free(void *ptr);                 /* NULL allowed */
char *mem_strdup(const char *text);
void mem_fail_after(long n);
/* Tests only: the same, counting what is taken from arenas too; once: those behind it succeed again. */
void mem_fail_at(long n, bool once);
long mem_failures(void); /* allocations that failed since */
/* Overwrites secrets so that the compiler cannot drop it. */
void mem_wipe(void *ptr, size_t len);

#endif
