/* UUIDs that only grow, refs whose check character sees what typists do, and the text of a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

static void uuids_grow(void **state)
{
	struct uuid last = uuid_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct uuid next = uuid_new();
		assert_true(memcmp(last.b, next.b, sizeof(last.b)) < 0);
		assert_int_equal(next.b[6] >> 4, 7);
		assert_int_equal(next.b[8] >> 6, 2);
		last = next;
	}
	/* The millisecond inside may run ahead of the clock under such a load, but not far. */
	assert_in_range(uuid_time_ms(&last), clock_wall_ms() - 1000, clock_wall_ms() + 1000);
}

static void uuid_text(void **state)
{
	static const char *const wrong[] = {"", "0", "01a1fff0-78cc-7328-885d-0aa4bfcc66d",
		"01a1fff0-78cc-7328-885d-0aa4bfcc66d70", "01a1fff0078cc-7328-885d-0aa4bfcc66d7",
		"01a1fff0-78cc-7328-885d-0aa4bfcc66dg", "{1a1fff0-78cc-7328-885d-0aa4bfcc66d7",
		"01a1fff0-78cc-7328-885d00aa4bfcc66d7"};
	struct uuid uuid = {{0}};
	struct uuid again;
	char text[UUID_TEXT_LEN];

	(void)state;
	assert_true(uuid_is_nil(&uuid));
	assert_int_equal(uuid_parse("01A1FFF0-78cc-7328-885d-0aa4bfcc66D7", &uuid), 0);
	assert_false(uuid_is_nil(&uuid));
	uuid_format(&uuid, text);
	assert_string_equal(text, "01a1fff0-78cc-7328-885d-0aa4bfcc66d7");
	assert_int_equal(uuid_time_ms(&uuid), 0x01a1fff078cc);
	again = uuid;
	assert_true(uuid_equal(&uuid, &again));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(uuid_parse(wrong[i], &again), ERR_INVALID);
		assert_true(uuid_equal(&uuid, &again)); /* untouched */
	}
}

static void ref_catches_every_changed_character(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (int round = 0; round < 200; round++) {
		char ref[REF_TEXT_LEN];
		ref_new("BJ1", ref);
		assert_true(ref_valid(ref));
		assert_memory_equal(ref, "BJ1", 3);
		for (size_t i = 0; i < REF_LEN; i++) {
			char right = ref[i];
			for (size_t k = 0; k < sizeof(alphabet) - 1; k++) {
				ref[i] = alphabet[k];
				assert_int_equal(ref_valid(ref), alphabet[k] == right);
			}
			ref[i] = right;
		}
	}
}

static void ref_catches_every_swap_of_neighbours(void **state)
{
	(void)state;
	/* Many: about one number in fifty would slip through if it were not passed over. */
	for (int round = 0; round < 20000; round++) {
		char ref[REF_TEXT_LEN];
		ref_new("SH9", ref);
		for (size_t i = 0; i + 1 < REF_LEN; i++) {
			char c = ref[i];
			if (c == ref[i + 1]) continue;
			ref[i] = ref[i + 1];
			ref[i + 1] = c;
			assert_false(ref_valid(ref));
			ref[i + 1] = ref[i];
			ref[i] = c;
		}
	}
}

/* Digits of the time may be a pair that the check character cannot tell from its swap: every number of that hour, or
 * year, has it. A ref comes at once all the same, for every code and at every time. */
static void ref_comes_at_once_whatever_the_time(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t minute = UINT64_C(60000) << 20;

	(void)state;
	for (int i = 0; i < 36 * 36 * 36; i++) {
		char code[HOSPITAL_CODE_LEN + 1] = {digits[i / 1296], digits[i / 36 % 36], digits[i % 36], '\0'};
		char ref[REF_TEXT_LEN];
		if (!hospital_code_valid(code)) continue;
		ref_from_number(code, 31536000 * (UINT64_C(1000) << 20) + (uint64_t)i, ref);
		assert_true(ref_valid(ref));
		assert_memory_equal(ref, code, HOSPITAL_CODE_LEN);
	}
	/* Forty years of one hospital, a minute each and what is made within a millisecond. */
	for (uint64_t i = 0; i < UINT64_C(40) * 366 * 1440; i += 97) {
		char refs[2][REF_TEXT_LEN];
		for (uint64_t k = 0; k < 2; k++) {
			ref_from_number("HZ1", i * minute + k, refs[k]);
			for (size_t n = 0; n + 1 < REF_LEN; n++) {
				char swapped[REF_TEXT_LEN];
				memcpy(swapped, refs[k], sizeof(swapped));
				swapped[n] = refs[k][n + 1];
				swapped[n + 1] = refs[k][n];
				assert_true(swapped[n] == swapped[n + 1] || !ref_valid(swapped));
			}
		}
		assert_string_not_equal(refs[0], refs[1]);
	}
}

/* tests/bench/month/refs.py makes the same ones by code of its own. */
static void ref_of_known_numbers(void **state)
{
	static const struct {
		uint64_t number;
		const char *ref;
	} known[] = {
		{0, "HZ1000000000000V"},
		{35, "HZ100000000000ZX"},
		{UINT64_C(123456789012345678), "HZ10XRLS1WQ49JIW"},
		{(UINT64_C(1) << 62) - 1, "HZ1Z1CI99JJ7473I"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		char ref[REF_TEXT_LEN];
		ref_from_number("HZ1", known[i].number, ref);
		assert_string_equal(ref, known[i].ref);
	}
}

static void ref_form(void **state)
{
	char ref[REF_TEXT_LEN];
	char text[32];

	(void)state;
	ref_new("ABC", ref);
	assert_false(ref_valid(NULL));
	assert_false(ref_valid(""));
	snprintf(text, sizeof(text), "%s0", ref);
	assert_false(ref_valid(text));
	snprintf(text, sizeof(text), "%.15s", ref);
	assert_false(ref_valid(text));
	snprintf(text, sizeof(text), "a%s", ref + 1);
	assert_false(ref_valid(text));
	snprintf(text, sizeof(text), "%.15s ", ref);
	assert_false(ref_valid(text));
}

static int compare_refs(const void *a, const void *b)
{
	return memcmp(a, b, REF_TEXT_LEN);
}

static void refs_differ(void **state)
{
	static char refs[50000][REF_TEXT_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refs); i++) ref_new("ABC", refs[i]);
	qsort(refs, ARRAY_LEN(refs), sizeof(refs[0]), compare_refs);
	for (size_t i = 1; i < ARRAY_LEN(refs); i++) assert_string_not_equal(refs[i - 1], refs[i]);
}

static void hospital_codes(void **state)
{
	(void)state;
	assert_true(hospital_code_valid("ABC"));
	assert_true(hospital_code_valid("000"));
	assert_true(hospital_code_valid("ZZZ"));
	assert_false(hospital_code_valid("IJA")); /* the one pair that MOD 37,36 does not tell from JI */
	assert_false(hospital_code_valid("JI0"));
	assert_false(hospital_code_valid("abc"));
	assert_false(hospital_code_valid("AB"));
	assert_false(hospital_code_valid("ABCD"));
	assert_false(hospital_code_valid(""));
}

/* A forked worker must not repeat what its brother or parent makes. */
static void a_fork_starts_afresh(void **state)
{
	struct uuid mine;
	struct uuid childs;
	int pipes[2];
	int status = 0;
	pid_t pid;

	(void)state;
	(void)uuid_new();
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		childs = uuid_new();
		_exit(write(pipes[1], childs.b, sizeof(childs.b)) == sizeof(childs.b) ? 0 : 1);
	}
	mine = uuid_new();
	assert_int_equal(read(pipes[0], childs.b, sizeof(childs.b)), sizeof(childs.b));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_not_equal(mine.b + 8, childs.b + 8, 8);
	close(pipes[0]);
	close(pipes[1]);
}

static void clock_text(void **state)
{
	char text[CLOCK_TEXT_LEN];
	int64_t before = clock_mono_us();

	(void)state;
	clock_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	clock_format(INT64_C(1709251199007), text);
	assert_string_equal(text, "2024-02-29T23:59:59.007Z");
	clock_format(INT64_MAX, text); /* no crash; nothing is promised */
	assert_true(clock_mono_us() >= before);
	assert_true(clock_mono_ms() >= before / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuids_grow),
		cmocka_unit_test(uuid_text),
		cmocka_unit_test(ref_catches_every_changed_character),
		cmocka_unit_test(ref_catches_every_swap_of_neighbours),
		cmocka_unit_test(ref_comes_at_once_whatever_the_time),
		cmocka_unit_test(ref_of_known_numbers),
		cmocka_unit_test(ref_form),
		cmocka_unit_test(refs_differ),
		cmocka_unit_test(hospital_codes),
		cmocka_unit_test(a_fork_starts_afresh),
		cmocka_unit_test(clock_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
