/* Dispatch on a good day and with refusals: what is delivered, what may not leave, what an insurer's no means. */
#include "dispatch_world.h"

static void test_delivered_once(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(200);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 200, 20000);
	assert_int_equal(seen_claims(), 200);
	assert_string_equal(seen.authorization, "Bearer s3cret");
	assert_int_equal(works(WORK_TRANSLATE, WORK_REPLY), 200);
	assert_int_equal(works(WORK_SETTLE, WORK_FACT), 200);
	assert_int_equal(works(WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.fact f JOIN zhifu.outbox o USING (hospital_id, fact_id) WHERE f.kind = 100"),
		200);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 2 AND http_status = 200"), 200);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.export_ledger WHERE basis = 1 AND person_new"), 200);
	assert_int_equal(
		admin_int("SELECT count(*) FROM zhifu.message i JOIN zhifu.message o ON o.message_id = i.answers"
			  " WHERE i.direction = 2 AND i.status = 11 AND i.token = 1 AND o.status = 4"),
		200);
	assert_true(atomic_load(&peer->connections) <= 16); /* the window, and connections are used again */
	check_invariants();
	instance_stop(&instance);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE until = '-infinity'"), 1);
	peer_stop(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_delivered_once, world_clear),
	};
	return cmocka_run_group_tests(tests, world_start, world_stop);
}
