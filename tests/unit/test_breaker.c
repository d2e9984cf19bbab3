/* A route's breaker: one alert per incident, bounded and jittered waits, one probe at a time, under random histories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch/breaker.h"

static const struct breaker_rules plain = {
	.failures_to_open = 3,
	.probes_to_close = 2,
	.backoff_first_ms = 1000,
	.backoff_max_ms = 8000,
	.jitter_percent = 0,
	.quiet_ms = 0,
};

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct breaker_ticket begin(struct breaker *breaker, int64_t now_ms)
{
	struct breaker_ticket ticket = {0};
	assert_true(breaker_begin(breaker, now_ms, &ticket));
	return ticket;
}

static bool refuses(struct breaker *breaker, int64_t now_ms)
{
	struct breaker_ticket ticket;
	return !breaker_begin(breaker, now_ms, &ticket);
}

static void run(struct breaker *breaker, int64_t now_ms, enum breaker_result result)
{
	breaker_end(breaker, begin(breaker, now_ms), result, now_ms, 0);
}

static void test_opens_after_failures_in_a_row_only(void **state)
{
	(void)state;
	struct breaker breaker;
	breaker_init(&breaker, &plain);
	for (int i = 0; i < 20; i++) {
		run(&breaker, 0, BREAKER_FAILURE);
		run(&breaker, 0, BREAKER_FAILURE);
		run(&breaker, 0, BREAKER_NEUTRAL);
		run(&breaker, 0, BREAKER_SUCCESS);
	}
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	run(&breaker, 0, BREAKER_FAILURE);
	run(&breaker, 0, BREAKER_FAILURE);
	assert_int_equal(breaker_alert(&breaker, 0), BREAKER_ALERT_NONE);
	assert_true(breaker_end(&breaker, begin(&breaker, 0), BREAKER_FAILURE, 0, 0));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(breaker_alert(&breaker, 0), BREAKER_ALERT_OPENED);
	assert_int_equal(breaker_alert(&breaker, 0), BREAKER_ALERT_NONE);
}

static void test_back_off_doubles_to_its_maximum(void **state)
{
	(void)state;
	struct breaker breaker;
	breaker_init(&breaker, &plain);
	for (int i = 0; i < 3; i++) run(&breaker, 0, BREAKER_FAILURE);
	int64_t now_ms = 0;
	const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 8000, 8000};
	for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
		assert_int_equal(breaker_due_ms(&breaker, now_ms), now_ms + waits_ms[i]);
		assert_true(refuses(&breaker, now_ms + waits_ms[i] - 1));
		now_ms += waits_ms[i];
		run(&breaker, now_ms, BREAKER_FAILURE);
		assert_int_equal(breaker.state, BREAKER_OPEN);
	}
	for (int i = 0; i < 1000; i++) {
		now_ms = breaker_due_ms(&breaker, now_ms);
		run(&breaker, now_ms, BREAKER_FAILURE);
		assert_int_equal(breaker.retry_ms - now_ms, 8000);
	}
}

static void test_one_probe_at_a_time(void **state)
{
	(void)state;
	struct breaker breaker;
	breaker_init(&breaker, &plain);
	for (int i = 0; i < 3; i++) run(&breaker, 0, BREAKER_FAILURE);
	struct breaker_ticket probe = begin(&breaker, 1000);
	assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
	assert_true(refuses(&breaker, 1000));
	assert_true(refuses(&breaker, 1000000));
	assert_true(breaker_due_ms(&breaker, 1000) == INT64_MAX);
	assert_false(breaker_end(&breaker, probe, BREAKER_NEUTRAL, 1001, 0)); /* says nothing: the next one probes */
	probe = begin(&breaker, 1001);
	assert_true(refuses(&breaker, 1001));
	assert_false(breaker_end(&breaker, probe, BREAKER_SUCCESS, 1002, 0));
	assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
	assert_true(breaker_end(&breaker, begin(&breaker, 1002), BREAKER_SUCCESS, 1003, 0));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void test_late_results_do_not_count(void **state)
{
	(void)state;
	struct breaker breaker;
	breaker_init(&breaker, &plain);
	struct breaker_ticket old[8];
	for (size_t i = 0; i < ARRAY_LEN(old); i++) old[i] = begin(&breaker, 0);
	for (size_t i = 0; i < 5; i++) breaker_end(&breaker, old[i], BREAKER_FAILURE, 0, 0);
	assert_int_equal(breaker.retry_ms, 1000); /* the failures after the third did not lengthen it */
	assert_false(breaker_end(&breaker, old[5], BREAKER_SUCCESS, 1, 0));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	struct breaker_ticket probe = begin(&breaker, 1000);
	assert_false(breaker_end(&breaker, old[6], BREAKER_FAILURE, 1000, 0));
	assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
	breaker_end(&breaker, probe, BREAKER_SUCCESS, 1000, 0);
	run(&breaker, 1000, BREAKER_SUCCESS);
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	assert_false(breaker_end(&breaker, old[7], BREAKER_FAILURE, 1000, 0));
	assert_int_equal(breaker.failures, 0);
}

static void test_flapping_is_one_incident(void **state)
{
	(void)state;
	struct breaker_rules rules = plain;
	rules.quiet_ms = 60000;
	rules.probes_to_close = 1;
	struct breaker breaker;
	breaker_init(&breaker, &rules);
	int64_t now_ms = 0;
	int opened = 0;
	for (int i = 0; i < 10; i++) {
		for (int n = 0; n < 3; n++) run(&breaker, now_ms, BREAKER_FAILURE);
		opened += breaker_alert(&breaker, now_ms) == BREAKER_ALERT_OPENED;
		assert_int_equal(breaker.state, BREAKER_OPEN);
		now_ms = breaker_due_ms(&breaker, now_ms);
		run(&breaker, now_ms, BREAKER_SUCCESS);
		assert_int_equal(breaker.state, BREAKER_CLOSED);
		assert_int_equal(breaker_alert(&breaker, now_ms), BREAKER_ALERT_NONE);
	}
	assert_int_equal(opened, 1);
	assert_int_equal(breaker_alert(&breaker, now_ms + 59999), BREAKER_ALERT_NONE);
	assert_int_equal(breaker_alert(&breaker, now_ms + 60000), BREAKER_ALERT_RECOVERED);
	assert_int_equal(breaker_alert(&breaker, now_ms + 60001), BREAKER_ALERT_NONE);
}

static void test_jitter_spreads_and_stays_bounded(void **state)
{
	(void)state;
	struct breaker_rules rules = plain;
	rules.jitter_percent = 40;
	int64_t least = INT64_MAX, most = 0;
	uint64_t seed = 4711;
	for (int i = 0; i < 2000; i++) {
		struct breaker breaker;
		breaker_init(&breaker, &rules);
		uint32_t random = (uint32_t)random_next(&seed);
		for (int n = 0; n < 3; n++) breaker_end(&breaker, begin(&breaker, 0), BREAKER_FAILURE, 0, random);
		least = breaker.retry_ms < least ? breaker.retry_ms : least;
		most = breaker.retry_ms > most ? breaker.retry_ms : most;
	}
	assert_in_range(least, 600, 620);
	assert_in_range(most, 980, 1000);
}

static void test_huge_rules_do_not_overflow(void **state)
{
	(void)state;
	struct breaker_rules rules = {1, 1, INT64_C(1) << 40, INT64_C(1) << 50, 100, 0};
	struct breaker breaker;
	breaker_init(&breaker, &rules);
	int64_t now_ms = 0;
	for (int i = 0; i < 200; i++) {
		breaker_end(&breaker, begin(&breaker, now_ms), BREAKER_FAILURE, now_ms, UINT32_MAX);
		assert_true(breaker.retry_ms > now_ms && breaker.retry_ms - now_ms <= rules.backoff_max_ms);
		now_ms = breaker.retry_ms;
	}
}

/* One history against what the rules say, with a count of the alerts kept beside it. */
static void one_history(uint64_t seed)
{
	struct breaker_rules rules = {
		.failures_to_open = 1 + (uint32_t)(random_next(&seed) % 5),
		.probes_to_close = 1 + (uint32_t)(random_next(&seed) % 3),
		.backoff_first_ms = 1 + (int64_t)(random_next(&seed) % 500),
		.jitter_percent = (uint32_t)(random_next(&seed) % 101),
		.quiet_ms = (int64_t)(random_next(&seed) % 3000),
	};
	rules.backoff_max_ms = rules.backoff_first_ms + (int64_t)(random_next(&seed) % 10000);
	struct breaker breaker;
	breaker_init(&breaker, &rules);
	struct breaker_ticket held[64];
	size_t count = 0, probes = 0;
	int64_t now_ms = 0;
	bool incident = false;
	for (int step = 0; step < 3000; step++) {
		now_ms += (int64_t)(random_next(&seed) % 200);
		enum breaker_state before = breaker.state;
		int64_t due_ms = breaker_due_ms(&breaker, now_ms);
		if (random_next(&seed) % 2 == 0 && count < ARRAY_LEN(held)) {
			bool allowed = breaker_begin(&breaker, now_ms, &held[count]);
			assert_int_equal(allowed, due_ms <= now_ms);
			if (before == BREAKER_CLOSED) assert_true(allowed);
			if (allowed && held[count].probe) probes++;
			count += allowed ? 1 : 0;
		} else if (count > 0) {
			size_t which = (size_t)(random_next(&seed) % count);
			struct breaker_ticket ticket = held[which];
			held[which] = held[--count];
			if (ticket.probe) probes--;
			enum breaker_result result = (enum breaker_result)(random_next(&seed) % 3);
			bool moved = breaker_end(&breaker, ticket, result, now_ms, (uint32_t)random_next(&seed));
			assert_int_equal(moved, breaker.state != before);
			if (moved && breaker.state == BREAKER_OPEN)
				assert_in_range(breaker.retry_ms - now_ms, 1, rules.backoff_max_ms);
			if (moved)
				assert_int_equal(
					result, breaker.state == BREAKER_OPEN ? BREAKER_FAILURE : BREAKER_SUCCESS);
		}
		assert_true(probes <= 1);
		enum breaker_alert alert = breaker_alert(&breaker, now_ms);
		if (alert == BREAKER_ALERT_OPENED) {
			assert_false(incident);
			assert_int_equal(breaker.state, BREAKER_OPEN);
			incident = true;
		}
		if (alert == BREAKER_ALERT_RECOVERED) {
			assert_true(incident);
			assert_int_equal(breaker.state, BREAKER_CLOSED);
			incident = false;
		}
		if (breaker.state != BREAKER_CLOSED) assert_true(incident);
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
		cmocka_unit_test(test_opens_after_failures_in_a_row_only),
		cmocka_unit_test(test_back_off_doubles_to_its_maximum),
		cmocka_unit_test(test_one_probe_at_a_time),
		cmocka_unit_test(test_late_results_do_not_count),
		cmocka_unit_test(test_flapping_is_one_incident),
		cmocka_unit_test(test_jitter_spreads_and_stays_bounded),
		cmocka_unit_test(test_huge_rules_do_not_overflow),
		cmocka_unit_test(test_random_histories_keep_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
