/* Arenas, buffers and the failing allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void arena_keeps_its_limit(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	assert_false(arena.is_full);
	assert_null(zf_alloc(&arena.zf, 1025));
	assert_true(arena.is_full);
	assert_non_null(zf_alloc(&arena.zf, 1000)); /* counts as 1008 */
	assert_non_null(zf_alloc(&arena.zf, 16));
	assert_null(zf_alloc(&arena.zf, 1));
	assert_null(zf_alloc(&arena.zf, SIZE_MAX));
	assert_int_equal(arena.used_bytes, 1024);
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_false(arena.is_full);
	assert_non_null(zf_alloc(&arena.zf, 1024));
	arena_free(&arena);
	assert_null(arena.chunks);
	assert_null(zf_alloc_array(&arena.zf, SIZE_MAX / 2, 3));
	arena_free(&arena);
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena;
	uint8_t *ptrs[400];

	(void)state;
	arena_init(&arena, 64u << 20);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(ptrs); i++) {
			size_t len = 1 + i * 37 % 3000 + (i % 97 == 0 ? 100000 : 0);
			ptrs[i] = zf_alloc(&arena.zf, len);
			assert_non_null(ptrs[i]);
			assert_int_equal((uintptr_t)ptrs[i] % 16, 0);
			for (size_t k = 0; k < len; k++) assert_int_equal(ptrs[i][k], 0);
			memset(ptrs[i], (int)(i % 255) + 1, len);
		}
		for (size_t i = 0; i < ARRAY_LEN(ptrs); i++) assert_int_equal(ptrs[i][0], (int)(i % 255) + 1);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

static void arena_reset_keeps_one_small_chunk(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64u << 20);
	assert_non_null(zf_alloc(&arena.zf, 1u << 20));
	arena_reset(&arena);
	assert_null(arena.chunks); /* a megabyte is given back */
	for (int i = 0; i < 100; i++) assert_non_null(zf_alloc(&arena.zf, 4000));
	arena_reset(&arena);
	assert_non_null(arena.chunks);
	mem_fail_after(0);
	assert_non_null(zf_alloc(&arena.zf, 50000)); /* out of the kept chunk */
	mem_fail_after(-1);
	arena_free(&arena);
}

static void arena_text(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	assert_string_equal(zf_strndup(&arena.zf, "abcdef", 3), "abc");
	assert_string_equal(zf_strdup(&arena.zf, ""), "");
	assert_null(arena_printf(&arena, "%5000d", 1));
	arena_free(&arena);
}

/* Something like what a request does: how many allocations succeed is the answer. */
static int work(void)
{
	struct arena arena CLEANUP(arena_free);
	struct buf buf CLEANUP(buf_free) = BUF_INIT(1u << 20);
	char *copy;

	arena_init(&arena, 1u << 20);
	for (int i = 0; i < 10; i++) {
		if (zf_alloc(&arena.zf, 20000) == NULL) return ERR_NOMEM;
		int rc = buf_printf(&buf, "%2000d", i);
		if (rc != 0) return rc;
	}
	copy = mem_strdup("text");
	if (copy == NULL) return ERR_NOMEM;
	mem_free(copy);
	return 0;
}

static void every_allocation_can_fail(void **state)
{
	long n = 0;
	int rc = ERR_NOMEM;

	(void)state;
	for (; rc != 0 && n < 1000; n++) {
		mem_fail_after(n);
		rc = work();
		assert_true(rc == 0 || rc == ERR_NOMEM);
	}
	mem_fail_after(-1);
	assert_int_equal(rc, 0);
	assert_in_range(n, 15, 100); /* the loop really met allocations */
}

static void fail_after_counts(void **state)
{
	void *ptrs[3];

	(void)state;
	mem_fail_after(2);
	ptrs[0] = mem_alloc(1);
	ptrs[1] = mem_realloc(NULL, 5);
	ptrs[2] = mem_alloc(1);
	mem_fail_after(-1);
	assert_non_null(ptrs[0]);
	assert_non_null(ptrs[1]);
	assert_null(ptrs[2]);
	mem_free(ptrs[0]);
	mem_free(ptrs[1]);
}

static void buf_keeps_its_maximum(void **state)
{
	struct buf buf = BUF_INIT(1000);
	char data[600];

	(void)state;
	memset(data, 'x', sizeof(data));
	assert_int_equal(buf_append(&buf, data, 600), 0);
	assert_int_equal(buf_append(&buf, data, 401), ERR_LIMIT);
	assert_int_equal(buf.len, 600);
	assert_int_equal(buf_append(&buf, data, 400), 0);
	assert_int_equal(buf_append(&buf, data, SIZE_MAX), ERR_LIMIT);
	assert_int_equal(buf_append(&buf, data, 0), 0);
	assert_int_equal(buf_printf(&buf, "%s", "y"), ERR_LIMIT);
	assert_int_equal(buf.len, 1000);
	buf_reset(&buf);
	assert_int_equal(buf_printf(&buf, "%700d", 42), 0);
	assert_int_equal(buf.len, 700);
	assert_memory_equal(buf.ptr + 698, "42", 2);
	buf_free(&buf);
	assert_null(buf.ptr);
	assert_int_equal(buf.max, 1000);
}

static void err_text_may_be_its_own_argument(void **state)
{
	(void)state;
	assert_int_equal(err_set(ERR_SYS, "inner %d", 1), ERR_SYS);
	assert_int_equal(err_set(ERR_INVALID, "outer: %s", err_text()), ERR_INVALID);
	assert_string_equal(err_text(), "outer: inner 1");
	assert_string_equal(err_name(ERR_UNKNOWN), "outcome unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_keeps_its_limit),
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(arena_reset_keeps_one_small_chunk),
		cmocka_unit_test(arena_text),
		cmocka_unit_test(every_allocation_can_fail),
		cmocka_unit_test(fail_after_counts),
		cmocka_unit_test(buf_keeps_its_maximum),
		cmocka_unit_test(err_text_may_be_its_own_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
