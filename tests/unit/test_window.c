/* A route's window: its bounds and rules under random histories, and the shapes that an operator counts on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/window.h"

static const struct window_rules plain = {.start = 4, .max = 64, .shrink_percent = 50};

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Fills the window, then gives all back with one result. Returns how many there were. */
static uint32_t round_trip(struct window *window, enum window_result result)
{
	static struct window_ticket tickets[WINDOW_MAX];
	uint32_t count = 0;
	while (window_take(window, &tickets[count])) count++;
	for (uint32_t i = 0; i < count; i++) window_give(window, tickets[i], result);
	return count;
}

static void test_starts_where_told(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &plain);
	assert_int_equal(window_size(&window), 4);
	assert_int_equal(round_trip(&window, WINDOW_NEUTRAL), 4);
	assert_int_equal(window_size(&window), 4);
}

static void test_grows_by_about_one_per_round(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &plain);
	for (int i = 0; i < 10; i++) {
		uint32_t before = window_size(&window);
		round_trip(&window, WINDOW_ANSWERED);
		uint32_t after = window_size(&window);
		assert_true(after == before || after == before + 1);
	}
	assert_in_range(window_size(&window), 12, 14);
	for (int i = 0; i < 200; i++) round_trip(&window, WINDOW_ANSWERED);
	assert_int_equal(window_size(&window), plain.max);
}

static void test_one_burst_of_failures_halves_once(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &(struct window_rules){.start = 40, .max = 64, .shrink_percent = 50});
	assert_int_equal(round_trip(&window, WINDOW_FAILED), 40);
	assert_int_equal(window_size(&window), 20);
	assert_int_equal(round_trip(&window, WINDOW_FAILED), 20);
	assert_int_equal(window_size(&window), 10);
	for (int i = 0; i < 20; i++) round_trip(&window, WINDOW_FAILED);
	assert_int_equal(window_size(&window), 1);
}

static void test_a_shrunken_window_waits_for_what_is_under_way(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &(struct window_rules){.start = 10, .max = 64, .shrink_percent = 50});
	struct window_ticket tickets[10], more;
	for (int i = 0; i < 10; i++) assert_true(window_take(&window, &tickets[i]));
	window_give(&window, tickets[0], WINDOW_FAILED);
	assert_int_equal(window_size(&window), 5);
	for (int i = 1; i < 5; i++) {
		assert_int_equal(window_room(&window), 0);
		assert_false(window_take(&window, &more));
		window_give(&window, tickets[i], WINDOW_NEUTRAL);
	}
	window_give(&window, tickets[5], WINDOW_NEUTRAL);
	assert_int_equal(window_room(&window), 1);
}

static void test_an_idle_route_does_not_grow(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &(struct window_rules){.start = 8, .max = 64, .shrink_percent = 50});
	struct window_ticket ticket;
	for (int i = 0; i < 1000; i++) {
		assert_true(window_take(&window, &ticket));
		window_give(&window, ticket, WINDOW_ANSWERED);
	}
	assert_int_equal(window_size(&window), 8);
}

static void test_slow_start_after_an_outage(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &(struct window_rules){.start = 64, .max = 64, .shrink_percent = 50});
	struct window_ticket old;
	assert_true(window_take(&window, &old));
	window_outage(&window);
	assert_int_equal(window_size(&window), 1);
	window_give(&window, old, WINDOW_FAILED); /* belongs to the outage */
	uint32_t expected[] = {1, 2, 4, 8, 16, 32};
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(window_size(&window), expected[i]);
		round_trip(&window, WINDOW_ANSWERED);
	}
	/* From half of what it was, carefully again. */
	assert_in_range(window_size(&window), 32, 33);
}

static void test_reload_keeps_the_size_within_the_new_rules(void **state)
{
	(void)state;
	struct window window;
	window_init(&window, &(struct window_rules){.start = 50, .max = 64, .shrink_percent = 50});
	window_rules_set(&window, &(struct window_rules){.start = 1, .max = 20, .shrink_percent = 50});
	assert_int_equal(window_size(&window), 20);
	window_rules_set(&window, &(struct window_rules){.start = 1, .max = 100, .shrink_percent = 50});
	assert_int_equal(window_size(&window), 20);
}

/* What must hold after any step of any history. */
static void check_step(
	const struct window *window, const struct window *before, enum window_result result, uint32_t held)
{
	assert_in_range(window_size(window), 1, window->rules.max);
	assert_int_equal(window->in_flight, held);
	if (result == WINDOW_ANSWERED) {
		assert_true(window->size_milli >= before->size_milli);
		assert_true(window->size_milli - before->size_milli <= 1000);
	}
	if (result == WINDOW_NEUTRAL) assert_true(window->size_milli == before->size_milli);
	if (result == WINDOW_FAILED) {
		assert_true(window->size_milli <= before->size_milli);
		uint64_t least = before->size_milli * window->rules.shrink_percent / 100;
		assert_true(window->size_milli >= (least < 1000 ? 1000 : least));
	}
}

static void one_history(uint64_t seed)
{
	struct window_rules rules;
	rules.max = 1 + (uint32_t)(random_next(&seed) % 200);
	rules.start = 1 + (uint32_t)(random_next(&seed) % rules.max);
	rules.shrink_percent = 1 + (uint32_t)(random_next(&seed) % 99);
	struct window window;
	window_init(&window, &rules);
	static struct window_ticket held[WINDOW_MAX];
	uint32_t count = 0;
	for (int step = 0; step < 2000; step++) {
		uint64_t dice = random_next(&seed) % 100;
		struct window before = window;
		if (dice < 50) {
			bool room = window_room(&window) > 0;
			assert_int_equal(room, count < window_size(&window));
			assert_int_equal(window_take(&window, &held[count]), room);
			count += room ? 1 : 0;
		} else if (dice < 51) {
			window_outage(&window);
			assert_int_equal(window_size(&window), 1);
		} else if (count > 0) {
			uint32_t which = (uint32_t)(random_next(&seed) % count);
			struct window_ticket ticket = held[which];
			held[which] = held[--count];
			enum window_result result = dice < 80   ? WINDOW_ANSWERED
						    : dice < 95 ? WINDOW_FAILED
								: WINDOW_NEUTRAL;
			window_give(&window, ticket, result);
			check_step(&window, &before, result, count);
		}
	}
}

static void test_random_histories_keep_the_rules(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) one_history(seed * 0x9e3779b97f4a7c15u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_where_told),
		cmocka_unit_test(test_grows_by_about_one_per_round),
		cmocka_unit_test(test_one_burst_of_failures_halves_once),
		cmocka_unit_test(test_a_shrunken_window_waits_for_what_is_under_way),
		cmocka_unit_test(test_an_idle_route_does_not_grow),
		cmocka_unit_test(test_slow_start_after_an_outage),
		cmocka_unit_test(test_reload_keeps_the_size_within_the_new_rules),
		cmocka_unit_test(test_random_histories_keep_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
