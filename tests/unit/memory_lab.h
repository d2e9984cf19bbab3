/* A role on this loop whose allocations fail one after another: the n-th alone, and the n-th with all behind it. */
#ifndef UNIT_MEMORY_LAB_H
#define UNIT_MEMORY_LAB_H

#include "test_db.h"

#include "base/mem.h"
#include "db/pool_private.h"

enum memory_mode { MEMORY_ONE, MEMORY_ALL, MEMORY_MODES };

#define MEMORY_MORE_MS 3 /* the turns of the loop behind the failure, and behind the end */
#define MEMORY_POLL_MS                                                                                                 \
	60000           /* for the role: only the hints wake it, so that the n-th allocation is the same each time */
#define MEMORY_EACH 100 /* so many one by one */
#define MEMORY_STRIDE 8 /* then about every fourth */
#define MEMORY_PATIENCE_MS 15000 /* for one piece of work */

/* Says to the role that there is work. */
static inline void memory_hint(const char *topic)
{
	char text[96];

	snprintf(text, sizeof(text), "SELECT pg_notify('" DB_NOTIFY_CHANNEL "', '%s')", topic);
	admin(text);
}

/* Makes due what the role put off. Where only one allocation failed it has given its leases back; else they run out,
 * which counts as no crash here: on a slow machine the work may still be going on. */
static inline void memory_hasten(int role, const char *topic, enum memory_mode mode)
{
	char text[160];

	snprintf(text, sizeof(text),
		"UPDATE zhifu.outbox SET %sdue_at = least(due_at, now()) WHERE role = %d AND NOT held",
		mode == MEMORY_ALL ? "leased_until = '-infinity', crashes = 0, " : "", role);
	admin(text);
	memory_hint(topic);
}

static inline void memory_turn(int64_t ms)
{
	int64_t end_ms = clock_mono_ms() + ms;

	do event_base_loop(fix.loop, EVLOOP_ONCE);
	while (clock_mono_ms() < end_ms);
}

/* The next allocation to fail: where one fails alone each of the first MEMORY_EACH, and then a sample; each of all with
 * ZHIFU_TEST_ALL in the environment, as tests/run --all has it. */
static inline long memory_next(enum memory_mode mode, long n)
{
	static unsigned seed = 1;

	if ((mode == MEMORY_ONE && n < MEMORY_EACH) || getenv("ZHIFU_TEST_ALL") != NULL) return n + 1;
	return n + 1 + rand_r(&seed) % MEMORY_STRIDE;
}

/* Runs the loop while memory fails, until what there is to do is done, and a bit more; how many allocations failed. */
static inline long memory_run(const char *topic, enum memory_mode mode, long n, bool (*done)(void))
{
	int64_t end_ms = clock_mono_ms() + MEMORY_PATIENCE_MS;
	int64_t hint_ms = 0;
	struct timeval tick_tv = {0, 2000};
	struct event *tick = event_new(fix.loop, -1, EV_PERSIST, loop_tick, NULL);
	long failures;

	event_add(tick, &tick_tv);
	mem_fail_at(n, mode == MEMORY_ONE);
	while (mem_failures() == 0 && clock_mono_ms() < end_ms && !done()) {
		if (clock_mono_ms() >= hint_ms) {
			memory_hint(topic);
			hint_ms = clock_mono_ms() + 100; /* the first may come before the role listens */
		}
		event_base_loop(fix.loop, EVLOOP_ONCE);
	}
	memory_turn(MEMORY_MORE_MS);
	failures = mem_failures();
	mem_fail_after(-1);
	event_free(tick);
	return failures;
}

/* Waits for it to be done after all; leases that nobody gave back run out meanwhile. */
static inline void memory_recover(int role, const char *topic, enum memory_mode mode, bool (*done)(void), long n)
{
	int64_t end_ms = clock_mono_ms() + MEMORY_PATIENCE_MS;
	int64_t hasten_ms = 0;
	struct timeval tick_tv = {0, 2000};
	struct event *tick = event_new(fix.loop, -1, EV_PERSIST, loop_tick, NULL);

	event_add(tick, &tick_tv);
	while (!done()) {
		if (clock_mono_ms() > end_ms) fail_msg("stuck after allocation %ld failed", n);
		if (clock_mono_ms() >= hasten_ms) {
			memory_hasten(role, topic, mode);
			hasten_ms = clock_mono_ms() + 100;
		}
		event_base_loop(fix.loop, EVLOOP_ONCE);
	}
	memory_turn(MEMORY_MORE_MS);
	event_free(tick);
}

#endif
