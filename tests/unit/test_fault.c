/* The catalogue of faults is complete and consistent, and the list keeps its limit, its worst severity and its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fault.h"

/* An arena of malloc blocks, so that the sanitizer sees each overrun. `left` allocations succeed. */
struct test_arena {
	struct zf_arena zf;
	void *blocks[4096];
	size_t count;
	size_t left;
};

static void *test_alloc(struct zf_arena *arena, size_t len)
{
	struct test_arena *self = (struct test_arena *)(void *)arena;
	if (self->left == 0 || self->count == 4096) return NULL;
	self->left--;
	void *block = calloc(1, len);
	self->blocks[self->count++] = block;
	return block;
}

static void test_arena_init(struct test_arena *arena, size_t left)
{
	memset(arena, 0, sizeof(*arena));
	arena->zf.alloc = test_alloc;
	arena->left = left;
}

static void test_arena_free(struct test_arena *arena)
{
	for (size_t i = 0; i < arena->count; i++) free(arena->blocks[i]);
}

static bool in_list(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0) return true;
	return false;
}

/* hl7.org/fhir/R4/valueset-issue-type.html */
static const char *const issue_types[] = {"invalid", "structure", "required", "value", "invariant", "security", "login",
	"unknown", "expired", "forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches",
	"not-found", "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule", "conflict",
	"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled", "informational",
	NULL};

static void catalogue_is_complete(void **state)
{
	(void)state;
	for (int i = 0; i < FAULT_CODE_COUNT; i++) {
		const struct fault_info *info = fault_lookup((enum fault_code)i);
		assert_true(strlen(info->name) > 2 &&
			    strspn(info->name, "abcdefghijklmnopqrstuvwxyz-8") == strlen(info->name));
		assert_int_equal(fault_code_from_name(info->name), i); /* also: names are unique */
		assert_true(in_list(info->issue_type, issue_types));
		assert_true(info->severity >= FAULT_INFORMATION && info->severity <= FAULT_FAULT);
		assert_true(strlen(fault_owner_name(info->owner)) > 0);
		assert_true(info->english[strlen(info->english) - 1] == '.');
		assert_non_null(strstr(info->chinese, "。"));
		for (char digit = '1'; digit <= '9'; digit++) {
			char mark[3] = {'$', digit, '\0'};
			assert_int_equal(strstr(info->english, mark) != NULL, strstr(info->chinese, mark) != NULL);
			assert_true(digit <= '2' || strstr(info->english, mark) == NULL);
		}
	}
	assert_int_equal(fault_code_from_name("no-such-fault"), -1);
}

static void empty_list_costs_nothing(void **state)
{
	(void)state;
	struct test_arena arena;
	test_arena_init(&arena, 0);
	struct fault_list list;
	fault_list_init(&list, &arena.zf, 0);
	assert_false(fault_refuses(&list));
	assert_int_equal(arena.count, 0);
}

static void texts_are_filled(void **state)
{
	(void)state;
	struct test_arena arena;
	test_arena_init(&arena, 100);
	struct fault_list list;
	fault_list_init(&list, &arena.zf, 0);
	fault_addf(&list, FAULT_TOTAL_MISMATCH, "10.00", "12.50", "Claim.%s", "total");
	fault_add(&list, FAULT_CODE_SYSTEM_UNKNOWN, "Claim.item[0]", NULL, NULL);
	fault_add_as(&list, FAULT_CODE_PATTERN, FAULT_FAULT, NULL, "$2", "x");
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].path, "Claim.total");
	assert_string_equal(
		fault_text_en(&arena.zf, &list.items[0]), "The total is 10.00, but the lines add up to 12.50.");
	assert_string_equal(fault_text_zh(&arena.zf, &list.items[0]), "总金额为 10.00,但明细合计为 12.50。");
	assert_non_null(strstr(fault_text_en(&arena.zf, &list.items[1]), "code system ? is"));
	assert_int_equal(list.items[1].severity, FAULT_WARNING);
	/* an argument that looks like a placeholder stays as it is */
	assert_non_null(strstr(fault_text_en(&arena.zf, &list.items[2]), "\"$2\" does not look like a code of x"));
	assert_string_equal(list.items[2].path, "");
	assert_true(fault_refuses(&list));
	test_arena_free(&arena);
}

static void list_keeps_its_maximum(void **state)
{
	(void)state;
	struct test_arena arena;
	test_arena_init(&arena, 4000);
	struct fault_list list;
	fault_list_init(&list, &arena.zf, 10);
	for (int i = 0; i < 10; i++) fault_add(&list, FAULT_LINES_MISSING, "a", NULL, NULL);
	assert_int_equal(list.count, 10);
	assert_false(fault_refuses(&list));
	fault_add(&list, FAULT_TOTAL_MISSING, "a", NULL, NULL);
	fault_add(&list, FAULT_LINES_MISSING, "a", NULL, NULL);
	assert_int_equal(list.count, 11);
	assert_int_equal(list.items[10].code, FAULT_AND_MORE);
	assert_string_equal(list.items[10].arg1, "2");
	assert_true(fault_refuses(&list)); /* the worst one was among those left off */
	test_arena_free(&arena);
}

static void long_arguments_are_cut_at_a_character(void **state)
{
	(void)state;
	struct test_arena arena;
	test_arena_init(&arena, 100);
	struct fault_list list;
	fault_list_init(&list, &arena.zf, 0);
	char text[301];
	text[0] = 'x';
	for (int i = 0; i < 99; i++) memcpy(text + 1 + (size_t)3 * (size_t)i, "药", 3);
	text[298] = '\0';
	fault_add(&list, FAULT_ELEMENT_UNKNOWN, "Claim", text, NULL);
	assert_int_equal(strlen(list.items[0].arg1), 127); /* 1 + 42 characters of three bytes */
	test_arena_free(&arena);
}

static void no_memory_is_told(void **state)
{
	(void)state;
	for (size_t left = 0; left < 40; left++) {
		struct test_arena arena;
		test_arena_init(&arena, left);
		struct fault_list list;
		fault_list_init(&list, &arena.zf, 5);
		for (int i = 0; i < 9; i++) fault_add(&list, FAULT_TOTAL_MISMATCH, "Claim.total", "1", "2");
		assert_true(fault_refuses(&list));
		assert_true(list.count <= 6);
		if (!list.no_memory) assert_string_equal(list.items[5].arg1, "4");
		if (left < 15) assert_true(list.no_memory);
		test_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(catalogue_is_complete),
		cmocka_unit_test(empty_list_costs_nothing),
		cmocka_unit_test(texts_are_filled),
		cmocka_unit_test(list_keeps_its_maximum),
		cmocka_unit_test(long_arguments_are_cut_at_a_character),
		cmocka_unit_test(no_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
