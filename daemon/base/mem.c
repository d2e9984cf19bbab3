/* Arenas (chunks of growing size, freed together), growing buffers, and the heap behind both.
 * Under AddressSanitizer the unused part of a chunk is poisoned, so that running over the end of an arena object is
 * found although the chunk goes on. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__SANITIZE_ADDRESS__) && defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* clang says it in another way than gcc */
#endif
#endif
/* The header comes with a compiler; an analyser of another one may lack it. */
#if defined(__SANITIZE_ADDRESS__) && __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#define POISON(ptr, len) __asan_poison_memory_region((ptr), (len))
#define UNPOISON(ptr, len) __asan_unpoison_memory_region((ptr), (len))
#else
#define POISON(ptr, len) ((void)(ptr), (void)(len))
#define UNPOISON(ptr, len) ((void)(ptr), (void)(len))
#endif

#define ALIGN 16u
#define CHUNK_FIRST_BYTES 8192u
#define CHUNK_BYTES_MAX 65536u /* also the most that arena_reset keeps */
#define BUF_FIRST_BYTES 256u

/* One piece of the heap that an arena hands out from front to back. */
struct arena_chunk {
	struct arena_chunk *next;
	size_t cap; /* bytes in data */
	size_t used;
	size_t pad; /* keeps data aligned to 16 */
	uint8_t data[];
};

/* Counts down to the allocation that fails; negative: none. Set by tests only. */
static atomic_long allocations_left = -1;
static atomic_bool fails_once, arenas_count;
static atomic_long failures;

static bool allocation_fails(void)
{
	if (atomic_load_explicit(&allocations_left, memory_order_relaxed) < 0) return false;
	/* Stays at 0 once reached: code that goes on allocating after a failure must cope with all of them failing.
	 * Where one fails alone, what it left half done must not look whole when those behind it succeed. */
	long left = atomic_load(&allocations_left);
	while (left > 0) {
		if (atomic_compare_exchange_weak(&allocations_left, &left, left - 1)) return false;
	}
	if (left < 0) return false;
	if (atomic_load(&fails_once)) atomic_store(&allocations_left, -1);
	atomic_fetch_add(&failures, 1);
	return true;
}

void mem_fail_after(long n)
{
	atomic_store(&fails_once, false);
	atomic_store(&arenas_count, false);
	atomic_store(&failures, 0);
	atomic_store(&allocations_left, n < 0 ? -1 : n);
}

void mem_fail_at(long n, bool once)
{
	mem_fail_after(-1);
	atomic_store(&fails_once, once);
	atomic_store(&arenas_count, true);
	atomic_store(&allocations_left, n);
}

long mem_failures(void)
{
	return atomic_load(&failures);
}

void *mem_alloc(size_t len)
{
	if (allocation_fails()) return NULL;
	return calloc(1, len == 0 ? 1 : len);
}

void *mem_realloc(void *ptr, size_t len)
{
	if (allocation_fails()) return NULL;
	return realloc(ptr, len == 0 ? 1 : len);
}

void mem_free(void *ptr)
{
	free(ptr);
}

char *mem_strdup(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = mem_realloc(NULL, len);

	if (copy != NULL) memcpy(copy, text, len);
	return copy;
}

void mem_wipe(void *ptr, size_t len)
{
	if (ptr != NULL && len > 0) explicit_bzero(ptr, len);
}

static struct arena_chunk *chunk_new(size_t cap)
{
	struct arena_chunk *chunk = mem_realloc(NULL, sizeof(*chunk) + cap);

	if (chunk == NULL) return NULL;
	*chunk = (struct arena_chunk){.cap = cap};
	POISON(chunk->data, cap);
	return chunk;
}

static void chunk_free(struct arena_chunk *chunk)
{
	UNPOISON(chunk->data, chunk->cap);
	mem_free(chunk);
}

/* Adds a chunk that can hold `need` bytes and returns it. Chunks double up to CHUNK_BYTES_MAX; what is larger gets one
 * of its own behind the first, so that the rest of the first stays in use. */
static struct arena_chunk *arena_grow(struct arena *arena, size_t need)
{
	struct arena_chunk *head = arena->chunks;
	size_t cap = CHUNK_FIRST_BYTES - sizeof(struct arena_chunk);
	struct arena_chunk *chunk;

	if (head != NULL) {
		cap = head->cap * 2 + sizeof(struct arena_chunk);
		if (cap > CHUNK_BYTES_MAX - sizeof(struct arena_chunk))
			cap = CHUNK_BYTES_MAX - sizeof(struct arena_chunk);
	}
	chunk = chunk_new(need > cap / 2 ? need : cap);
	if (chunk == NULL) return NULL;
	if (need > cap / 2 && head != NULL) {
		chunk->next = head->next;
		head->next = chunk;
	} else {
		chunk->next = head;
		arena->chunks = chunk;
	}
	return chunk;
}

static void *arena_take(struct arena *arena, size_t len)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t rounded;
	uint8_t *ptr;

	if (atomic_load_explicit(&arenas_count, memory_order_relaxed) && allocation_fails()) return NULL;
	bool is_over = len > arena->limit_bytes || len > SIZE_MAX - 2 * ALIGN;
	rounded = is_over || len == 0 ? ALIGN : (len + ALIGN - 1) / ALIGN * ALIGN;
	if (is_over || arena->limit_bytes - arena->used_bytes < rounded) {
		arena->is_full = true;
		return NULL;
	}
	if (chunk == NULL || chunk->cap - chunk->used < rounded) {
		chunk = arena_grow(arena, rounded);
		if (chunk == NULL) return NULL;
	}
	ptr = chunk->data + chunk->used;
	chunk->used += rounded;
	arena->used_bytes += rounded;
	UNPOISON(ptr, len);
	memset(ptr, 0, len);
	return ptr;
}

static void *arena_alloc(struct zf_arena *zf, size_t len)
{
	struct arena *arena = CONTAINER_OF(zf, struct arena, zf);
	void *ptr = arena_take(arena, len);

	if (ptr == NULL) arena->refused = true;
	return ptr;
}

void arena_init(struct arena *arena, size_t limit_bytes)
{
	*arena = (struct arena){.zf = {.alloc = arena_alloc}, .limit_bytes = limit_bytes};
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *keep = NULL;
	struct arena_chunk *chunk = arena->chunks;

	while (chunk != NULL) {
		struct arena_chunk *next = chunk->next;
		if (chunk->cap <= CHUNK_BYTES_MAX - sizeof(*chunk) && (keep == NULL || chunk->cap > keep->cap)) {
			if (keep != NULL) chunk_free(keep);
			keep = chunk;
		} else {
			chunk_free(chunk);
		}
		chunk = next;
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
		POISON(keep->data, keep->cap);
	}
	arena->chunks = keep;
	arena->used_bytes = 0;
	arena->refused = arena->is_full = false;
}

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk != NULL) {
		struct arena_chunk *next = chunk->next;
		chunk_free(chunk);
		chunk = next;
	}
	arena->chunks = NULL;
	arena->used_bytes = 0;
	arena->refused = arena->is_full = false;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_list again;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len >= 0) text = zf_alloc(&arena->zf, (size_t)len + 1);
	if (text != NULL) vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

/* Makes room for `more` bytes. The old memory is wiped rather than handed to realloc: buffers carry secrets. */
static int buf_reserve(struct buf *buf, size_t more)
{
	size_t cap = buf->cap == 0 ? BUF_FIRST_BYTES : buf->cap;
	uint8_t *ptr;

	if (more <= buf->cap - buf->len) return 0;
	if (more > buf->max || buf->len > buf->max - more) {
		return err_set(ERR_LIMIT, "buffer would exceed %zu bytes", buf->max);
	}
	while (cap < buf->len + more) cap = cap > SIZE_MAX / 2 ? buf->max : cap * 2;
	if (cap > buf->max) cap = buf->max;
	ptr = mem_realloc(NULL, cap);
	if (ptr == NULL) return err_set(ERR_NOMEM, "no memory for a buffer of %zu bytes", cap);
	if (buf->len > 0) memcpy(ptr, buf->ptr, buf->len);
	mem_wipe(buf->ptr, buf->cap);
	mem_free(buf->ptr);
	buf->ptr = ptr;
	buf->cap = cap;
	return 0;
}

int buf_append(struct buf *buf, const void *data, size_t len)
{
	int rc = buf_reserve(buf, len);

	if (rc != 0) return rc;
	if (len > 0) memcpy(buf->ptr + buf->len, data, len);
	buf->len += len;
	return 0;
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
	char stack[512];
	char *text = NULL; /* only when the stack is too small */
	va_list args;
	int len;
	int rc;

	va_start(args, fmt);
	len = vsnprintf(stack, sizeof(stack), fmt, args);
	va_end(args);
	if (len < 0) return err_set(ERR_INVALID, "text cannot be formatted");
	if ((size_t)len >= sizeof(stack)) {
		if ((size_t)len > buf->max) return err_set(ERR_LIMIT, "buffer would exceed %zu bytes", buf->max);
		text = mem_alloc((size_t)len + 1);
		if (text == NULL) return err_set(ERR_NOMEM, "no memory for %d bytes of text", len);
		va_start(args, fmt);
		vsnprintf(text, (size_t)len + 1, fmt, args);
		va_end(args);
	}
	rc = buf_append(buf, text == NULL ? stack : text, (size_t)len);
	mem_wipe(stack, sizeof(stack));
	mem_wipe(text, text == NULL ? 0 : (size_t)len);
	mem_free(text);
	return rc;
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
}

void buf_free(struct buf *buf)
{
	mem_wipe(buf->ptr, buf->cap);
	mem_free(buf->ptr);
	*buf = BUF_INIT(buf->max);
}
