/* Dispatch when things go wrong: nothing twice, nothing lost, and an insurer that is down costs a claim nothing. */
#include "dispatch_world.h"

static struct event_base *other_loop;

/* Runs one loop only, so that an instance on another one is as good as paused. */
static void run_only(struct event_base *base, int ms)
{
	int64_t end_ms = clock_mono_ms() + ms;
	struct timeval tick_tv = {0, 5000};
	struct event *tick = event_new(base, -1, EV_PERSIST, loop_tick, NULL);
	event_add(tick, &tick_tv);
	while (clock_mono_ms() < end_ms) event_base_loop(base, EVLOOP_ONCE);
	event_free(tick);
}

/* ---- not one byte may leave ---- */

static void test_no_consent_not_a_byte(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(3);
	/* Withdrawn between mapping and sending, for one; never given, for another. */
	admin("UPDATE zhifu.consent SET withdrawn_at = now() WHERE consent_id = (SELECT consent_id FROM zhifu.consent ORDER BY 1 LIMIT 1)");
	claim_add(0);
	claim_add(CLAIM_EMERGENCY);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 3 && claims_in(3) == 2, 10000);
	assert_int_equal(seen_claims(), 3);
	assert_int_equal(seen.times[0], 0);
	assert_int_equal(seen.times[3], 0);
	assert_int_equal(seen.times[4], 1);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE status = 6"), 2);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.exchange WHERE status = 2"), 2);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.export_ledger WHERE basis = 2"), 1);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.consent_clock"), 1);
	assert_int_equal(works(WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt"), 3);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_stop_level_holds(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(5);
	instance_start(&instance, fix.loop, 0, 30);
	instance.options.person_warn_count = 2;
	instance.options.person_stop_count = 3;
	LOOP_UNTIL(claims_in(8) == 3 && claims_in(4) == 2, 10000);
	assert_int_equal(seen_claims(), 3);
	assert_int_equal(
		admin_int("SELECT count(*) FROM zhifu.export_count WHERE persons = 3 AND warned_at IS NOT NULL"), 1);
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.claim_event WHERE event = 'hold' AND why = 'export stop level of 3 persons a year reached'"),
		2);
	assert_int_equal(
		metric_count(metrics_counter(instance.worker.metrics, "zhifu_export_warned_total", "", NULL)), 1);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

/* ---- an insurer that is down ---- */

static void test_refused_port_costs_nothing(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	unsigned port;
	int fd = loopback_listen(&port, 1);
	close(fd); /* nobody listens there now */
	snprintf(url, sizeof(url), "https://localhost:%u", port);
	claims_add(40);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE breaker = 'open'") == 1, 10000);
	run_only(fix.loop, 1500);
	/* The breaker's handful and one probe at a time, not forty. */
	int64_t tries = admin_int("SELECT count(*) FROM zhifu.attempt");
	assert_true(tries >= 5 && tries < 20);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome NOT IN (1, 3)"), 0);
	assert_int_equal(claims_in(5) + claims_in(6), 40);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE last_error IS NOT NULL"), 1);
	check_invariants();
	/* Back again: all are delivered, by themselves. */
	snprintf(url, sizeof(url), "https://localhost:%u", peer->port);
	LOOP_UNTIL(claims_in(8) == 40, 30000);
	assert_int_equal(seen_claims(), 40);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static atomic_int busy_left;

static void serve_busy(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		if (atomic_fetch_sub(&busy_left, 1) > 0) {
			conn_answer(conn, "503 Service Unavailable", "Retry-After: 1\r\n", "later", 5);
			continue;
		}
		serve_note(conn);
		conn_answer(conn, "202 Accepted", "", "", 0);
	}
}

static void test_busy_insurer_is_left_alone(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_busy);
	atomic_store(&busy_left, 2);
	claims_add(10);
	instance_start(&instance, fix.loop, 0, 30);
	int64_t begin_ms = clock_mono_ms();
	LOOP_UNTIL(claims_in(8) == 10, 20000);
	assert_true(clock_mono_ms() - begin_ms >= 900);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 3 AND http_status = 503"), 2);
	/* Also what was begun and had not left when the first of the two came. */
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.claim_event WHERE event = 'defer'"),
		admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 3"));
	assert_int_equal(seen_claims(), 10);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

/* ---- the window ---- */

static atomic_int at_once, at_once_max, quick_left, cut_off;
static atomic_bool healed;

/* Answers the first ones at once; the others wait at the gate and are cut, until it is well again. */
static void serve_quick_then_cut(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		int now = atomic_fetch_add(&at_once, 1) + 1;
		int most = atomic_load(&at_once_max);
		while (now > most && !atomic_compare_exchange_weak(&at_once_max, &most, now)) continue;
		serve_note(conn);
		if (atomic_fetch_sub(&quick_left, 1) <= 0 && !atomic_load(&healed)) {
			while (!atomic_load(&gate_open)) usleep(1000);
			atomic_fetch_add(&cut_off, 1);
			atomic_fetch_sub(&at_once, 1);
			conn_reset(conn);
			return;
		}
		atomic_fetch_sub(&at_once, 1);
		conn_answer(conn, "200 OK", "Content-Type: " SERVE_TYPE "\r\n", serve_body, sizeof(serve_body) - 1);
	}
}

static int window_of(const struct instance *instance)
{
	return (int)metric_value(
		metrics_gauge(instance->worker.metrics, "zhifu_route_window", "", "route=\"alpha:https\""));
}

/* The window holds what is at the insurer. What was begun beyond it, because answers came quickly, waits; it leaves
 * when there is room, and not at all once the route has failed: nothing of it is unknown. */
static void test_window_holds_what_is_out(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_quick_then_cut);
	alpha.window_max = 64;
	endpoint.deadline_ms = 20000;
	atomic_store(&gate_open, false);
	atomic_store(&quick_left, 900);
	claims_add(1200);
	instance_start(&instance, fix.loop, 0, 60);
	LOOP_UNTIL(claims_in(8) == 900 && atomic_load(&at_once) == window_of(&instance), 20000);
	int out = window_of(&instance);
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 1") > out, 5000);
	assert_true(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 1") <= 2 * out);
	assert_int_equal(seen_claims(), 900 + out);
	atomic_store(&gate_open, true);
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE breaker = 'open'") == 1, 10000);
	atomic_store(&healed, true);
	LOOP_UNTIL(claims_in(8) + claims_in(7) == 1200, 30000);
	assert_int_equal(claims_in(7), atomic_load(&cut_off));
	assert_in_range(atomic_load(&cut_off), out, 2 * out);
	assert_int_equal(atomic_load(&at_once_max), out);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome NOT IN (2, 3, 4)"), 0);
	check_invariants();
	alpha.window_max = 16;
	instance_stop(&instance);
	peer_stop(peer);
}

static atomic_llong quiet_since;
static atomic_int in_quiet;

/* Answers the first ones at once, then says that it has too much, and sees who comes in the time that it asked for. */
static void serve_quick_then_quiet(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		long long now = clock_mono_ms(), since = 0;

		if (atomic_fetch_sub(&quick_left, 1) > 0) {
			serve_note(conn);
			conn_answer(
				conn, "200 OK", "Content-Type: " SERVE_TYPE "\r\n", serve_body, sizeof(serve_body) - 1);
			continue;
		}
		if (atomic_compare_exchange_strong(&quiet_since, &since, now)) since = now;
		if (now - since < 500) { /* those that were out when the first one heard it */
			conn_answer(conn, "429 Too Many Requests", "Retry-After: 2\r\n", "later", 5);
			continue;
		}
		if (now - since < 1900) atomic_fetch_add(&in_quiet, 1);
		serve_note(conn);
		conn_answer(conn, "200 OK", "Content-Type: " SERVE_TYPE "\r\n", serve_body, sizeof(serve_body) - 1);
	}
}

/* Who asks to be left alone is: also what was begun beyond the window stays here, and is sent later. */
static void test_ready_ones_leave_it_alone(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_quick_then_quiet);
	int64_t left_alone = 0;
	alpha.window_max = 64;
	instance_start(&instance, fix.loop, 0, 60);
	/* Mostly some are ready then; where the machine had none at that moment it is tried again. */
	for (int tries = 0; tries < 6 && left_alone == 0; tries++) {
		atomic_store(&quiet_since, 0);
		atomic_store(&quick_left, 900);
		claims_add(1200);
		LOOP_UNTIL(claims_in(8) == 1200 * (tries + 1), 30000);
		left_alone = admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 3"
				       " AND error = 'the insurer asked to be left alone before its turn'");
	}
	assert_int_equal(atomic_load(&in_quiet), 0);
	assert_true(left_alone > 0);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome NOT IN (2, 3)"), 0);
	check_invariants();
	alpha.window_max = 16;
	instance_stop(&instance);
	peer_stop(peer);
}

/* ---- unknown outcomes ---- */

static void serve_hang(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		serve_note(conn);
		conn_hang(conn);
	}
}

static void serve_reset(struct peer_conn *conn)
{
	if (!conn_request(conn)) return;
	serve_note(conn);
	conn_reset(conn);
}

static void serve_failing(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		serve_note(conn);
		conn_answer(conn, "500 Internal Server Error", "Content-Type: text/html\r\n", "<html>", 6);
	}
}

static void serve_cut(struct peer_conn *conn)
{
	if (!conn_request(conn)) return;
	serve_note(conn);
	conn_say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":");
}

static void unknown_case(peer_script *script, const char *extra)
{
	struct instance instance;
	struct peer *peer = insurer_start(script);
	endpoint.deadline_ms = 400;
	claims_add(1);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(7) == 1, 10000);
	run_only(fix.loop, 300);
	assert_int_equal(atomic_load(&seen.begun), 1); /* and never again */
	assert_int_equal(works(WORK_TRANSLATE, WORK_FAILURE), 1);
	assert_int_equal(works(WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE direction = 1 AND status = 3"), 1);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 4 AND error <> ''"), 1);
	if (extra != NULL) assert_int_equal(admin_int(extra), 1);
	assert_int_equal(metric_of(&instance, "zhifu_route_unknown_total"), 1);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_hang_is_unknown(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	unknown_case(serve_hang, NULL);
}

static void test_reset_is_unknown(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	unknown_case(serve_reset, NULL);
}

static void test_server_error_is_unknown(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	unknown_case(serve_failing,
		"SELECT count(*) FROM zhifu.message WHERE direction = 2 AND status = 12 AND http_status = 500");
}

static void test_half_an_answer_is_kept(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	unknown_case(serve_cut, "SELECT count(*) FROM zhifu.message WHERE direction = 2 AND status = 13");
}

/* ---- processes that die, stop and come back ---- */

static void test_killed_between_intent_and_end(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance first, second;
	struct peer *peer = insurer_start(serve_hang);
	endpoint.deadline_ms = 20000;
	claims_add(3);
	instance_start(&first, fix.loop, 0, 1);
	LOOP_UNTIL(seen_claims() == 3, 10000);
	instance_kill(&first);
	assert_int_equal(claims_in(6), 3);
	instance_start(&second, fix.loop, 0, 1);
	LOOP_UNTIL(claims_in(7) == 3, 10000);
	assert_int_equal(works(WORK_TRANSLATE, WORK_FAILURE), 3);
	run_only(fix.loop, 300);
	assert_int_equal(atomic_load(&seen.begun), 3);
	assert_int_equal(admin_int("SELECT fence FROM zhifu.route_lease"), 2);
	check_invariants();
	instance_stop(&second);
	peer_stop(peer);
}

static void test_owner_paused_past_its_lease(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance first, second;
	struct peer *peer = insurer_start(serve_gate);
	endpoint.deadline_ms = 20000;
	atomic_store(&gate_open, false);
	claims_add(30);
	instance_start(&first, other_loop, 0, 1);
	while (seen_claims() < 4) run_only(other_loop, 20); /* the first window is out */
	int out = seen_claims();
	/* The first one stands still, with answers waiting for it and more claims leased perhaps. */
	atomic_store(&gate_open, true);
	instance_start(&second, fix.loop, 0, 1);
	LOOP_UNTIL(claims_in(8) + claims_in(7) == 30, 60000);
	assert_int_equal(claims_in(7), out);
	/* It comes back, knows nothing, and must neither send nor write. */
	int64_t events = admin_int("SELECT count(*) FROM zhifu.claim_event");
	run_only(other_loop, 1000);
	assert_int_equal(claims_in(7), out);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.claim_event"), events);
	assert_int_equal(seen_claims(), 30);
	assert_int_equal(atomic_load(&seen.begun), 30);
	check_invariants();
	instance_kill(&first);
	instance_stop(&second);
	peer_stop(peer);
}

/* The handshake stands still until the gate opens: nothing of a request can have left. */
static int hello_gate(SSL *ssl, int *alert, void *arg)
{
	(void)ssl, (void)alert, (void)arg;
	while (!atomic_load(&gate_open)) usleep(1000);
	return SSL_CLIENT_HELLO_SUCCESS;
}

static void test_owner_paused_before_the_first_byte(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance first, second;
	SSL_CTX *tls = cert_server(&server_cert, NULL, 0);
	SSL_CTX_set_client_hello_cb(tls, hello_gate, NULL);
	struct peer *peer = peer_start(serve_ok, tls, false);
	snprintf(url, sizeof(url), "https://localhost:%u", peer->port);
	endpoint.url = url;
	endpoint.ca_file = ca_path;
	endpoint.deadline_ms = 20000;
	atomic_store(&gate_open, false);
	claims_add(30);
	instance_start(&first, other_loop, 0, 1);
	while (atomic_load(&peer->connections) < 4) run_only(other_loop, 20);
	int64_t out = claims_in(6);
	assert_true(out >= 4);
	/* Intents are durable, connections stand, and the owner is paused past its lease while another one takes over.
	 */
	instance_start(&second, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(7) == out, 20000);
	atomic_store(&gate_open, true);
	run_only(other_loop, 1500);
	LOOP_UNTIL(claims_in(8) == 30 - out, 30000);
	/* Of those that the first one held not a byte has left. */
	assert_int_equal(atomic_load(&seen.begun), 30 - out);
	check_invariants();
	instance_kill(&first);
	instance_stop(&second);
	peer_stop(peer);
}

static void test_two_instances_share(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance first, second;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(300);
	instance_start(&first, fix.loop, 0, 30);
	instance_start(&second, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 300, 20000);
	assert_int_equal(seen_claims(), 300);
	check_invariants();
	instance_stop(&first);
	instance_stop(&second);
	peer_stop(peer);
}

/* ---- operators and configuration ---- */

static void test_stopped_route_waits(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	admin("INSERT INTO zhifu.route_lease (route, owner, fence, until, stopped) VALUES ('alpha:https', '', 7, '-infinity', true)");
	claims_add(2);
	instance_start(&instance, fix.loop, 0, 2);
	run_only(fix.loop, 1000);
	assert_int_equal(claims_in(5), 2);
	assert_int_equal(atomic_load(&seen.begun), 0);
	admin("UPDATE zhifu.route_lease SET stopped = false");
	LOOP_UNTIL(claims_in(8) == 2, 10000);
	assert_int_equal(admin_int("SELECT fence FROM zhifu.route_lease"), 8);
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_dead_destination(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	claims_add(2);
	admin("UPDATE zhifu.outbox SET created_at = now() - interval '1 hour'");
	directory.insurer_count = 0;
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(2) == 2, 10000);
	assert_int_equal(works(WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE status = 5 AND why <> ''"), 2);
	assert_int_equal(works(WORK_TRANSLATE, WORK_FAILURE), 2);
	check_invariants();
	instance_stop(&instance);
}

static void test_reload_keeps_and_retires(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	struct insurer again = alpha;
	claims_add(20);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 20, 10000);
	int64_t window =
		metric_value(metrics_gauge(instance.worker.metrics, "zhifu_route_window", "", "route=\"alpha:https\""));
	insurers[0] = &again;
	assert_int_equal(dispatch_role.reload(instance.state), 0);
	assert_int_equal(
		metric_value(metrics_gauge(instance.worker.metrics, "zhifu_route_window", "", "route=\"alpha:https\"")),
		window);
	claims_add(20);
	LOOP_UNTIL(claims_in(8) == 40, 10000);
	directory.insurer_count = 0;
	assert_int_equal(dispatch_role.reload(instance.state), 0);
	claims_add(1);
	run_only(fix.loop, 500);
	assert_int_equal(claims_in(5), 1); /* not sent, and not given up before its grace is over */
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_database_away(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_gate);
	endpoint.deadline_ms = 20000;
	atomic_store(&gate_open, false);
	claims_add(20);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(seen_claims() == 4, 10000);
	/* The answers come while there is nobody to write them down. */
	db_sync_close(fix.admin);
	assert_int_equal(pg_cluster("kill", fix.dir, ""), 0);
	atomic_store(&gate_open, true);
	run_only(fix.loop, 500);
	assert_int_equal(pg_cluster("start", fix.dir, ""), 0);
	assert_int_equal(db_sync_open(fix.conninfo, "admin", &fix.admin), 0);
	LOOP_UNTIL(claims_in(8) == 20, 60000);
	assert_int_equal(seen_claims(), 20);
	assert_int_equal(atomic_load(&seen.begun), 20);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_connections_cut_all_the_time(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(600);
	instance_start(&instance, fix.loop, 0, 3);
	for (int cut = 0; cut < 25 && claims_in(8) < 600; cut++) {
		run_only(fix.loop, 20 + cut * 7 % 60);
		/* Wherever they are: while an intent, an end or a commit is on its way. */
		admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'zhifu_dispatch'");
	}
	/* An end cannot be lost, so nothing is unknown: only intents whose commit nobody heard of may be. */
	LOOP_UNTIL(claims_in(8) + claims_in(7) == 600, 90000);
	assert_true(claims_in(7) <= 600 / 10);
	assert_int_equal(seen_claims() + claims_in(7) >= 600, 1);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static int suite_start(void **state)
{
	other_loop = event_base_new();
	return world_start(state);
}

static int suite_stop(void **state)
{
	event_base_free(other_loop);
	return world_stop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_consent_not_a_byte, world_clear),
		cmocka_unit_test_setup(test_stop_level_holds, world_clear),
		cmocka_unit_test_setup(test_refused_port_costs_nothing, world_clear),
		cmocka_unit_test_setup(test_busy_insurer_is_left_alone, world_clear),
		cmocka_unit_test_setup(test_window_holds_what_is_out, world_clear),
		cmocka_unit_test_setup(test_ready_ones_leave_it_alone, world_clear),
		cmocka_unit_test_setup(test_hang_is_unknown, world_clear),
		cmocka_unit_test_setup(test_reset_is_unknown, world_clear),
		cmocka_unit_test_setup(test_server_error_is_unknown, world_clear),
		cmocka_unit_test_setup(test_half_an_answer_is_kept, world_clear),
		cmocka_unit_test_setup(test_killed_between_intent_and_end, world_clear),
		cmocka_unit_test_setup(test_owner_paused_past_its_lease, world_clear),
		cmocka_unit_test_setup(test_owner_paused_before_the_first_byte, world_clear),
		cmocka_unit_test_setup(test_two_instances_share, world_clear),
		cmocka_unit_test_setup(test_stopped_route_waits, world_clear),
		cmocka_unit_test_setup(test_dead_destination, world_clear),
		cmocka_unit_test_setup(test_reload_keeps_and_retires, world_clear),
		cmocka_unit_test_setup(test_database_away, world_clear),
		cmocka_unit_test_setup(test_connections_cut_all_the_time, world_clear),
	};
	return cmocka_run_group_tests(tests, suite_start, suite_stop);
}
