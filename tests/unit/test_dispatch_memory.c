/* Dispatch while memory fails, allocation by allocation, from the lease to the end's commit: the insurer gets each
 * claim once, no attempt stays open, and what is not known to have arrived is asked about. */
#include "dispatch_world.h"
#include "memory_lab.h"

#include "model/lifecycle.h"

#define MOST 600

static bool ended(void)
{
	return claims_in(TRANSPORT_SENT) + claims_in(TRANSPORT_UNKNOWN) == claims_made;
}

static void each_allocation(enum memory_mode mode)
{
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	long n = 0, failures;

	instance_start(&instance, fix.loop, 0, 30);
	claims_add(1);
	LOOP_UNTIL(ended(), 10000); /* takes the route */
	do {
		claims_add(1);
		failures = memory_run("dispatch", mode, n, ended);
		memory_recover(WORK_DISPATCH, "dispatch", mode, ended, n);
		if (seen_doubles() > 0 || seen_claims() != claims_made)
			fail_msg("allocation %ld failed: %d of %d claims, %d twice", n, seen_claims(), claims_made,
				seen_doubles());
		assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 1"), 0);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	print_message(
		"%ld allocations of a message, %d unknown of %d\n", n, (int)claims_in(TRANSPORT_UNKNOWN), claims_made);
	assert_in_range(n, 10, MOST - 1);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_each_allocation(void **state)
{
	NEED_POSTGRESQL();
	for (enum memory_mode mode = 0; mode < MEMORY_MODES; mode++) {
		world_clear(state);
		each_allocation(mode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
