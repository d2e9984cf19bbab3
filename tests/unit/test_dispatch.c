/* Dispatch on a good day and with refusals: what is delivered, what may not leave, what an insurer's no means. */
#include "dispatch_world.h"

#include <fcntl.h>

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
	assert_int_equal(works(WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(bills(), 200);
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

/* An answer that is known to say "taken" and nothing else is not read again: the fact is there, and the exchange is
 * over. Where anything is otherwise it is read as any other. */
static void test_plain_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const char *const taken =
		"SELECT count(*) FROM zhifu.claim_state s JOIN zhifu.exchange x USING (hospital_id, claim_id)"
		" JOIN zhifu.fact f USING (hospital_id, claim_id, exchange_id) JOIN zhifu.message i USING (hospital_id, message_id)"
		" WHERE s.transport = 8 AND s.acknowledgement = 3 AND x.status = 2 AND x.step = 1 AND f.kind = 1 AND f.status = 2"
		" AND i.status = 12 AND i.direction = 2 AND i.http_status = 200";
	struct bytes body = {(const uint8_t *)serve_body, sizeof(serve_body) - 1};
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	plain_answer = taken_of(200, SERVE_TYPE, body);
	claims_add(100);
	admin("INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, exchange_id, due_at)"
	      " SELECT hospital_id, exchange_id, 1, 4, exchange_id, now() + interval '1 day' FROM zhifu.exchange");
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 100, 20000);
	assert_int_equal(admin_int(taken), 100);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.outbox"), 0); /* the timers went with their exchanges */
	assert_int_equal(
		admin_int("SELECT count(*) FROM zhifu.claim_event WHERE axis = 2 AND seq = 1 AND prev_seq IS NULL"
			  " AND from_state = 0 AND to_state = 3 AND event = 'accept' AND who = 'zhifu'"),
		100);
	check_invariants();
	/* Heard of before; an exchange that stands still; another answer than the one that is known; none that is
	 * known. */
	admin("SELECT zhifu.test_clear(); TRUNCATE zhifu.fact");
	claims_add(2);
	admin("UPDATE zhifu.exchange SET status = 4 WHERE claim_id = (SELECT max(claim_id::text)::uuid FROM zhifu.claim);"
	      "SELECT zhifu.claim_step(ARRAY[hospital_id], ARRAY[claim_id], '{2}', '{0}', '{NULL}', '{3}', '{accept}', '{zhifu}', '{NULL}')"
	      " FROM zhifu.claim WHERE claim_id = (SELECT min(claim_id::text)::uuid FROM zhifu.claim)");
	plain_answer = taken_of(200, "application/json", body);
	claims_add(1);
	plain_answer = taken_of(201, SERVE_TYPE, body);
	claims_add(1);
	body.len--;
	plain_answer = taken_of(200, SERVE_TYPE, body);
	claims_add(1);
	plain_answer.known = false;
	claims_add(1);
	LOOP_UNTIL(claims_in(8) == 6, 20000);
	assert_int_equal(works(WORK_TRANSLATE, WORK_REPLY), 6);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE direction = 2 AND status = 11"), 6);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.fact"), 0);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

/* Only what is claimed is billed, and only once in its life, whatever the insurer says about having it. */
static void test_billed_once(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	claims_add(3);
	admin("UPDATE zhifu.claim SET use = 2 WHERE claim_id = (SELECT max(claim_id::text)::uuid FROM zhifu.claim)");
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 3, 10000);
	assert_int_equal(bills(), 2);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.posting"), 2);
	/* "We have not got it", and a person sends it again. */
	admin("BEGIN");
	for (int step = 0; step < 2; step++)
		admin(step == 0 ? "SELECT zhifu.claim_step(array_agg(hospital_id), array_agg(claim_id), '{1,1}', '{8,8}', '{NULL,NULL}',"
				  " '{7,7}', '{prove_absent,prove_absent}', '{zhifu,zhifu}', '{NULL,NULL}')"
				  " FROM zhifu.claim WHERE use = 1"
				: "SELECT zhifu.claim_step(array_agg(hospital_id), array_agg(claim_id), '{1,1}', '{7,7}', '{NULL,NULL}',"
				  " '{5,5}', '{resend,resend}', '{li,li}', '{NULL,NULL}') FROM zhifu.claim WHERE use = 1");
	admin("UPDATE zhifu.message SET status = 1 WHERE submission AND claim_id IN (SELECT claim_id FROM zhifu.claim WHERE use = 1)");
	admin("INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id)"
	      " SELECT hospital_id, gen_random_uuid(), 2, 1, 'alpha:https', claim_id, exchange_id, message_id"
	      " FROM zhifu.message WHERE status = 1");
	admin("COMMIT");
	LOOP_UNTIL(claims_in(8) == 3, 10000);
	assert_int_equal(seen_doubles(), 2);
	assert_int_equal(bills(), 2);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.posting"), 2);
	instance_stop(&instance);
	peer_stop(peer);
}

static void test_drain_waits_for_answers(void **state)
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
	dispatch_role.drain(instance.state);
	LOOP_UNTIL(atomic_load(&seen.begun) == 4, 1000);
	assert_false(instance.drained);
	atomic_store(&gate_open, true);
	LOOP_UNTIL(instance.drained, 10000);
	/* Those that were out came home, nothing new went, and the next process can go on at once. */
	assert_int_equal(claims_in(8), 4);
	assert_int_equal(claims_in(5), 16);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE until = '-infinity'"), 1);
	instance_kill(&instance);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(8) == 20, 10000);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

/* A question about a claim, sealed under the hospital's key when it is about none, else under that of the claim added
 * last. */
static void question_add(bool claim)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct uuid message = uuid_new();
	struct uuid exchange = uuid_new();
	struct uuid work = uuid_new();
	static const char plain[] = "GET claims /poll?_count=10\nAuthorization: Bearer ${secret:token}\n\n";
	struct bytes sealed;
	arena_init(&arena, 1u << 20);
	assert_int_equal(seal(sealer, claim ? &claim_key : &hospital_key, &message, SEAL_MESSAGE,
				 (struct bytes){(const uint8_t *)plain, sizeof(plain) - 1}, &arena, &sealed),
		0);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &hospital_id);
	db_params_uuid(&params, &message);
	db_params_uuid(&params, &exchange);
	db_params_uuid(&params, &work);
	db_params_bytes(&params, sealed);
	db_params_int2(&params, claim ? EXCHANGE_STATUS : EXCHANGE_POLL);
	if (db_sync_query(fix.admin,
		    "WITH x AS (INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind, claim_id) SELECT $1::uuid, $3::uuid, "
		    "'alpha', $6::int2, CASE WHEN $6 = 2 THEN (SELECT claim_id FROM zhifu.claim LIMIT 1) END RETURNING claim_id), "
		    "m AS (INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, status, "
		    "content) SELECT $1, $2::uuid, $3, claim_id, 'alpha', 1, 1, 1, $5::bytea FROM x RETURNING claim_id) "
		    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id) "
		    "SELECT $1, $4::uuid, 2, 1, 'alpha:https', claim_id, $3, $2 FROM m",
		    &params, NULL) < 0)
		fail_msg("%s", err_text());
}

static void test_polls_need_no_consent(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_ok);
	question_add(false);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(works(WORK_TRANSLATE, WORK_REPLY) == 1, 10000);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.export_ledger WHERE basis = 3 AND NOT person_new"), 1);
	assert_int_equal(works(WORK_SETTLE, WORK_FACT), 0);
	/* Asking about a person is disclosing: the question fails, the claim stays where it is. */
	claim_add(0);
	question_add(true);
	LOOP_UNTIL(works(WORK_TRANSLATE, WORK_FAILURE) == 1, 10000);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE status = 5 AND NOT submission"), 1);
	assert_int_equal(claims_in(3), 1);
	assert_int_equal(atomic_load(&seen.begun), 1);
	/* The same one made without the claim says nothing of anybody. */
	admin("BEGIN");
	question_add(true);
	admin("UPDATE zhifu.message SET personal = false WHERE status = 1 AND NOT submission");
	admin("COMMIT");
	LOOP_UNTIL(works(WORK_TRANSLATE, WORK_REPLY) == 2, 10000);
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.export_ledger WHERE basis = 3 AND NOT person_new AND claim_id IS NULL"),
		2);
	assert_int_equal(atomic_load(&seen.begun), 2);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static void serve_cut(struct peer_conn *conn)
{
	if (!conn_request(conn)) return;
	serve_note(conn);
	conn_say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":");
}

static void test_questions_are_asked_again(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_cut);
	question_add(false);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(works(WORK_TRANSLATE, WORK_FAILURE) == 1, 20000);
	assert_int_equal(atomic_load(&seen.begun), 5);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 4"), 5);
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.message WHERE direction = 2 AND status = 13"), 5);
	check_invariants();
	instance_stop(&instance);
	peer_stop(peer);
}

static atomic_int answer_status;

static void serve_status(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		char status[32];
		serve_note(conn);
		snprintf(status, sizeof(status), "%d Whatever", atomic_load(&answer_status));
		conn_answer(conn, status, "Content-Type: text/html\r\n", "<p>no</p>", 9);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	struct peer *peer = insurer_start(serve_status);
	atomic_store(&answer_status, 413);
	claims_add(1);
	instance_start(&instance, fix.loop, 0, 30);
	LOOP_UNTIL(claims_in(9) == 1, 10000);
	assert_int_equal(works(WORK_TRANSLATE, WORK_FAILURE), 1);
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.message WHERE direction = 2 AND status = 12 AND http_status = 413"),
		1);
	/* A wrong login is the route's trouble: no claim is given up for it. */
	atomic_store(&answer_status, 401);
	claims_add(3);
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 3 AND http_status = 401") >= 1, 10000);
	assert_int_equal(claims_in(5) + claims_in(6), 3);
	assert_int_equal(claims_in(9), 1);
	instance_stop(&instance);
	peer_stop(peer);
}

/* ---- what operators see ---- */

static int alerts_in(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[2048];
	int alerts = 0;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) alerts += strstr(line, "ALERT") != NULL;
	fclose(file);
	return alerts;
}

static void test_one_alert_per_incident(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct instance instance;
	char path[128];
	unsigned port;
	snprintf(path, sizeof(path), "%s/log", folder);
	int log = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	close(loopback_listen(&port, 1));
	snprintf(url, sizeof(url), "https://localhost:%u", port);
	endpoint.url = url;
	endpoint.ca_file = ca_path;
	claims_add(20);
	log_init(log, "test", LOG_INFO);
	instance_start(&instance, fix.loop, 0, 30);
	/* Opened, probed, opened again. */
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.attempt WHERE outcome = 3") >= 7, 20000);
	instance_stop(&instance);
	log_init(2, "test", LOG_ERROR);
	assert_int_equal(alerts_in(path), 1);
	close(log);
	unlink(path);
}

static void test_workers_share_the_routes(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static struct insurer many[8];
	static char codes[8][8];
	const struct insurer *list[8];
	struct instance instances[2];
	struct peer *peer = insurer_start(serve_ok);
	struct directory wide = {hospitals, 1, list, 8};
	for (int i = 0; i < 8; i++) {
		snprintf(codes[i], sizeof(codes[i]), "ins%d", i);
		many[i] = alpha;
		many[i].code = codes[i];
		list[i] = &many[i];
	}
	directory = wide;
	for (int i = 0; i < 2; i++) {
		instance_start(&instances[i], fix.loop, i, 30);
		instances[i].options.workers_dispatch = 2;
	}
	LOOP_UNTIL(admin_int("SELECT count(*) FROM zhifu.route_lease WHERE until > now()") == 8, 10000);
	assert_int_equal(admin_int("SELECT count(DISTINCT owner) FROM zhifu.route_lease"), 2);
	for (int i = 0; i < 2; i++) instance_stop(&instances[i]);
	directory = (struct directory){hospitals, 1, insurers, 1};
	peer_stop(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_delivered_once, world_clear),
		cmocka_unit_test_setup(test_plain_answer, world_clear),
		cmocka_unit_test_setup(test_billed_once, world_clear),
		cmocka_unit_test_setup(test_drain_waits_for_answers, world_clear),
		cmocka_unit_test_setup(test_polls_need_no_consent, world_clear),
		cmocka_unit_test_setup(test_questions_are_asked_again, world_clear),
		cmocka_unit_test_setup(test_refusals, world_clear),
		cmocka_unit_test_setup(test_one_alert_per_incident, world_clear),
		cmocka_unit_test_setup(test_workers_share_the_routes, world_clear),
	};
	return cmocka_run_group_tests(tests, world_start, world_stop);
}
