/* Dispatch while memory fails, allocation by allocation, from the lease to the end's commit: the insurer gets each
 * claim once, no attempt stays open, and what is not known to have arrived is asked about; a question to a mailbox is
 * answered once; and a reload is taken over whole or not at all. */
#include "dispatch_world.h"
#include "memory_lab.h"

#include "dispatch/state.h"
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

/* ---- a poll ---- */

static int64_t questions_made;

/* A question to the insurer's mailbox, of no claim. */
static void question_add(void)
{
	static const char plain[] = "GET claims /mailbox\nAuthorization: Bearer ${secret:token}\n\n";
	struct arena arena CLEANUP(arena_free);
	struct uuid exchange = uuid_new(), message = uuid_new(), work = uuid_new();
	struct db_params params;
	struct bytes sealed;

	arena_init(&arena, 1u << 20);
	assert_int_equal(seal(sealer, &hospital_key, &message, SEAL_MESSAGE,
				 (struct bytes){(const uint8_t *)plain, sizeof(plain) - 1}, &arena, &sealed),
		0);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &hospital_id);
	db_params_uuid(&params, &exchange);
	db_params_uuid(&params, &message);
	db_params_uuid(&params, &work);
	db_params_bytes(&params, sealed);
	if (db_sync_query(fix.admin,
		    "WITH x AS (INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind) VALUES ($1, $2, 'alpha', 4)),"
		    " m AS (INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, insurer, direction, token, submission,"
		    "  personal, status, content) VALUES ($1, $3, $2, 'alpha', 1, 1, false, false, 1, $5))"
		    " INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, route, exchange_id, message_id)"
		    " VALUES ($1, $4, 2, 1, 'alpha:https', $2, $3)",
		    &params, NULL) < 0)
		fail_msg("%s", err_text());
	questions_made++;
}

static bool answered(void)
{
	return works(WORK_TRANSLATE, WORK_REPLY) == questions_made;
}

static void each_question(enum memory_mode mode)
{
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	long n = 0, failures;

	questions_made = 0;
	instance_start(&instance, fix.loop, 0, 30);
	question_add();
	LOOP_UNTIL(answered(), 10000); /* takes the route */
	do {
		question_add();
		failures = memory_run("dispatch", mode, n, answered);
		memory_recover(WORK_DISPATCH, "dispatch", mode, answered, n);
		if (works(WORK_DISPATCH, WORK_SEND) != 0) fail_msg("allocation %ld failed: asked again", n);
		assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 1"), 0);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	assert_int_equal(
		admin_int("SELECT count(*) FROM zhifu.message WHERE direction = 1 AND status = 4"), questions_made);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE status = 11"), questions_made);
	print_message("%ld allocations of a question, asked %d times for %d answers\n", n, atomic_load(&seen.begun),
		(int)questions_made);
	assert_in_range(n, 10, MOST - 1);
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_each_question(void **state)
{
	NEED_POSTGRESQL();
	for (enum memory_mode mode = 0; mode < MEMORY_MODES; mode++) {
		world_clear(state);
		each_question(mode);
	}
}

/* ---- a reload ---- */

static size_t routes_count(const struct instance *instance)
{
	const struct dispatch *dispatch = instance->state;
	size_t count = 0;
	for (const struct list *node = dispatch->routes.next; node != &dispatch->routes; node = node->next) count++;
	return count;
}

/* A second insurer comes and goes. It takes its route, and the first one's claims go on. */
static void each_reload(enum memory_mode mode)
{
	static struct insurer beta;
	static const struct insurer *both[2] = {&alpha, &beta};
	struct directory wider = {hospitals, 1, both, 2};
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	long n = 0, failures = 1, refused = 0;
	int r;

	beta = alpha;
	beta.code = "beta";
	instance_start(&instance, fix.loop, 0, 30);
	for (bool two = true; failures > 0 && n < MOST; two = !two) {
		instance.worker.directory = two ? &wider : &directory;
		size_t routes = routes_count(&instance);
		mem_fail_at(n, mode == MEMORY_ONE);
		r = dispatch_role.reload(instance.state);
		failures = mem_failures();
		mem_fail_after(-1);
		if (r < 0) {
			/* It goes on with what it had, and has the new one at the next try. */
			assert_int_equal(r, ERR_NOMEM);
			assert_int_equal(routes_count(&instance), routes);
			refused++;
			instance.worker.directory = two ? &directory : &wider;
			claims_add(1);
			LOOP_UNTIL(ended(), 10000);
			instance.worker.directory = two ? &wider : &directory;
			assert_int_equal(dispatch_role.reload(instance.state), 0);
		}
		claims_add(1);
		LOOP_UNTIL(ended(), 10000);
		if (two)
			LOOP_UNTIL(
				admin_int(
					"SELECT count(*) FROM zhifu.route_lease WHERE route = 'beta:https' AND until > now()") ==
					1,
				10000);
		n = failures > 0 ? memory_next(mode, n) : n;
	}
	assert_int_equal(claims_in(TRANSPORT_SENT), claims_made);
	print_message("%ld allocations of a reload, %ld put it off\n", n, refused);
	assert_in_range(n, 3, MOST - 1);
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_each_reload(void **state)
{
	NEED_POSTGRESQL();
	for (enum memory_mode mode = 0; mode < MEMORY_MODES; mode++) {
		world_clear(state);
		each_reload(mode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
		cmocka_unit_test(test_each_question),
		cmocka_unit_test(test_each_reload),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
