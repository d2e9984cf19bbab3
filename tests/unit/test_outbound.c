/* What goes out, against peers that answer, hang, drip, reset, lie and send too much: the outcome must be right, and a
 * body must never reach a peer twice. Real sockets and TLS on the loopback interface. */
#include "outbound_world.h"

static const char claim[] = "{\"resourceType\":\"Claim\",\"id\":\"1\"}";
static const struct bytes claim_body = {(const uint8_t *)claim, sizeof(claim) - 1};

static struct peer *tls_peer(struct world *world, peer_script *script)
{
	return peer_start(script, cert_server(&world->server, NULL, 0), false);
}

static struct seen post_to(struct world *world, struct peer *peer, int64_t within_ms)
{
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/claim"));
	request.body = claim_body;
	request.deadline_ms = clock_mono_ms() + within_ms;
	return send_and_wait(world, &request);
}

/* Closes the kept connections, so that the peer's threads end. */
static void peer_end(struct world *world, struct peer *peer)
{
	world_restart(world);
	peer_stop(peer);
}

/* ---- good peers ---- */

static void serve_echo(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		if (strncmp(conn->text, "GET", 3) == 0)
			conn_answer(conn, "200 OK", "Location: here\r\n", conn->text, strlen(conn->text));
		else
			conn_answer(conn, "201 Created", "", conn->body, conn->body_len);
	}
}

static void test_get_says_what_it_should(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	struct outbound_request request = request_make(world, OUTBOUND_GET, peer_url(peer, "LOCALHOST", "/a?b=c"));
	const struct outbound_header headers[] = {{"X-One", "1"}, {"X-Empty", ""}};
	request.headers = headers;
	request.header_count = ARRAY_LEN(headers);
	struct seen seen = send_and_wait(world, &request);
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_int_equal(seen.status, 200);
	assert_int_equal(seen.hook_calls, 1);
	assert_true(seen.sent);
	assert_string_equal(seen.location, "here");
	assert_ptr_equal(strstr(seen.body, "GET /a?b=c HTTP/1.1\r\n"), seen.body);
	assert_non_null(strstr(seen.body, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(seen.body, "\r\nX-Empty:\r\n"));
	static const char *const absent[] = {"Accept-Encoding", "Expect", "Content-Type", "Cookie", "Proxy", "Upgrade"};
	for (size_t i = 0; i < ARRAY_LEN(absent); i++) assert_null(strcasestr(seen.body, absent[i]));
	peer_end(world, peer);
}

static void test_large_bodies_go_both_ways(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	size_t len = 3u << 20;
	char *body = malloc(len);
	for (size_t i = 0; i < len; i++) body[i] = (char)('a' + i % 23);
	static const enum outbound_method methods[] = {OUTBOUND_POST, OUTBOUND_PUT, OUTBOUND_PATCH};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct outbound_request request = request_make(world, methods[i], peer_url(peer, "127.0.0.1", "/"));
		request.body = (struct bytes){(uint8_t *)body, len};
		request.body_bytes_max = len;
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_int_equal(seen.status, 201);
		assert_int_equal(seen.body_len, len);
		assert_memory_equal(seen.body, body, sizeof(seen.body) - 1);
	}
	assert_int_equal(atomic_load(&peer->connections), 1);
	free(body);
	peer_end(world, peer);
}

static void test_connections_are_kept(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	for (int i = 0; i < 20; i++) {
		struct seen seen = post_to(world, peer, 5000);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_int_equal(seen.reused, i > 0);
	}
	assert_int_equal(atomic_load(&peer->connections), 1);
	assert_int_equal(atomic_load(&peer->posts), 20);
	peer_end(world, peer);
}

static void test_many_at_once_within_the_host_limit(void **state)
{
	struct world *world = *state;
	world->limits.connections_host_max = 4;
	world_restart(world);
	struct peer *peer = tls_peer(world, serve_echo);
	static struct seen seen[200];
	memset(seen, 0, sizeof(seen));
	size_t done = 0;
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
		request.body = claim_body;
		send_only(world, &request, &seen[i]);
	}
	WAIT_UNTIL(world, outbound_count(world->out) == 0);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		done += seen[i].count == 1 && seen[i].outcome == OUTBOUND_ANSWERED && seen[i].status == 201;
	assert_int_equal(done, ARRAY_LEN(seen));
	assert_int_equal(atomic_load(&peer->posts), ARRAY_LEN(seen));
	assert_in_range(atomic_load(&peer->serving_max), 1, 4);
	world->limits = outbound_limits_default();
	world->limits.hosts_file = "";
	peer_end(world, peer);
}

/* ---- connections that die ---- */

static void serve_one_then_close_on_the_second(struct peer_conn *conn)
{
	if (!conn_request(conn)) return;
	conn_answer(conn, "200 OK", "", "ok", 2);
	conn_request(conn); /* read to its last byte, and not answered */
}

static void test_a_kept_connection_that_closes_unanswered_is_not_posted_again(void **state)
{
	struct world *world = *state;
	static const bool with_tls[] = {true, false};
	for (size_t i = 0; i < ARRAY_LEN(with_tls); i++) {
		SSL_CTX *tls = with_tls[i] ? cert_server(&world->server, NULL, 0) : NULL;
		struct peer *peer = peer_start(serve_one_then_close_on_the_second, tls, false);
		struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
		request.allow_plain = !with_tls[i];
		request.body = claim_body;
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		request.url = peer_url(peer, "localhost", "/");
		seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_RESET);
		assert_string_equal(seen.text, "the connection was closed before an answer");
		assert_true(seen.sent);
		assert_int_equal(seen.hook_calls, 1);
		peer_stop(peer);
	}
}

static void test_without_a_body_it_is_not_sent_again_either(void **state)
{
	struct world *world = *state;
	static const enum outbound_method methods[] = {OUTBOUND_POST, OUTBOUND_DELETE, OUTBOUND_GET};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct peer *peer = tls_peer(world, serve_one_then_close_on_the_second);
		struct outbound_request request = request_make(world, methods[i], peer_url(peer, "localhost", "/"));
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		request.url = peer_url(peer, "localhost", "/");
		seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_RESET);
		/* libcurl may have opened a second connection, but nothing may have come over it. */
		world_restart(world);
		WAIT_UNTIL(world, atomic_load(&peer->serving) == 0);
		assert_int_equal(atomic_load(&peer->requests), 2);
		peer_stop(peer);
	}
}

static void serve_reset_after_reading(struct peer_conn *conn)
{
	if (conn_request(conn)) conn_reset(conn);
}

static void test_reset_after_the_request_is_unknown(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_reset_after_reading);
	struct seen seen = post_to(world, peer, 5000);
	ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_RESET);
	assert_int_equal(atomic_load(&peer->posts), 1);
	peer_end(world, peer);
}

static void serve_one_and_close(struct peer_conn *conn)
{
	if (conn_request(conn)) conn_answer(conn, "200 OK", "", "ok", 2);
}

static void test_an_idle_connection_that_was_closed_is_not_used(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_one_and_close);
	static const enum outbound_method methods[] = {
		OUTBOUND_POST, OUTBOUND_POST, OUTBOUND_GET, OUTBOUND_DELETE, OUTBOUND_POST};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct outbound_request request = request_make(world, methods[i], peer_url(peer, "localhost", "/"));
		if (methods[i] == OUTBOUND_POST) request.body = claim_body;
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_int_equal(seen.hook_calls, 1);
		WAIT_UNTIL(world, atomic_load(&peer->serving) == 0);
	}
	assert_int_equal(atomic_load(&peer->requests), 5);
	assert_int_equal(atomic_load(&peer->posts), 3);
	peer_end(world, peer);
}

/* ---- slow peers ---- */

static void serve_hang(struct peer_conn *conn)
{
	if (conn_request(conn)) conn_hang(conn);
}

static void serve_drip(struct peer_conn *conn)
{
	if (!conn_request(conn) || !conn_say(conn, "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")) return;
	while (conn_say(conn, ".")) poll(NULL, 0, 10);
}

static void test_deadlines_are_absolute(void **state)
{
	struct world *world = *state;
	static peer_script *const scripts[] = {serve_hang, serve_drip};
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct peer *peer = tls_peer(world, scripts[i]);
		int64_t begin_ms = clock_mono_ms();
		struct seen seen = post_to(world, peer, 400);
		ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TIMEOUT);
		assert_in_range(seen.ended_ms - begin_ms, 400, 1400);
		peer_stop(peer);
	}
}

static void test_a_handshake_that_hangs_was_not_sent(void **state)
{
	struct world *world = *state;
	struct peer *peer = peer_start(serve_echo, cert_server(&world->server, NULL, 0), true);
	struct seen seen = post_to(world, peer, 300);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_TLS);
	assert_false(seen.sent);
	assert_int_equal(seen.hook_calls, 0);
	world->limits.connect_ms_max = 200;
	world_restart(world);
	int64_t begin_ms = clock_mono_ms();
	seen = post_to(world, peer, 10000);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_TLS);
	assert_in_range(seen.ended_ms - begin_ms, 150, 3000);
	world->limits.connect_ms_max = outbound_limits_default().connect_ms_max;
	peer_end(world, peer);
}

static void test_a_port_that_does_not_accept(void **state)
{
	struct world *world = *state;
	unsigned port;
	int fd = loopback_listen(&port, 0);
	/* Fill the backlog: what comes then is not even refused. */
	int fill[4];
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fill[i], (struct sockaddr *)&address, sizeof(address));
	}
	char url[64];
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
	struct outbound_request request = request_make(world, OUTBOUND_POST, url);
	request.body = claim_body;
	request.deadline_ms = clock_mono_ms() + 300;
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_CONNECT);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) close(fill[i]);
	close(fd);
	request.deadline_ms = clock_mono_ms() + 5000;
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_REFUSED);
	assert_true(outbound_fault_is_route(seen.fault));
	request.url = "https://localhost:1/";
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_REFUSED);
}

static void test_waiting_for_a_connection_ends_at_the_deadline(void **state)
{
	struct world *world = *state;
	world->limits.connections_host_max = 1;
	world_restart(world);
	struct peer *peer = tls_peer(world, serve_hang);
	struct seen first = {0};
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
	request.body = claim_body;
	request.deadline_ms = clock_mono_ms() + 600;
	send_only(world, &request, &first);
	WAIT_UNTIL(world, atomic_load(&peer->posts) == 1);
	struct seen second = {0};
	request.deadline_ms = clock_mono_ms() + 200;
	send_only(world, &request, &second);
	WAIT_UNTIL(world, second.count == 1);
	assert_int_equal(first.count, 0);
	ASSERT_END(second, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_QUEUE);
	assert_false(outbound_fault_is_route(second.fault));
	WAIT_UNTIL(world, first.count == 1);
	assert_int_equal(atomic_load(&peer->posts), 1);
	world->limits.connections_host_max = outbound_limits_default().connections_host_max;
	peer_end(world, peer);
}

static void test_a_deadline_in_the_past_sends_nothing(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	struct seen seen = post_to(world, peer, -5);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_QUEUE);
	assert_int_equal(atomic_load(&peer->connections), 0);
	peer_end(world, peer);
}

/* ---- the caller's own wishes ---- */

/* What the holder of a lease says before the body, in the middle of it, and when it has gone. */
static void test_the_hook_stops_it_before_and_within_the_body(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	static uint8_t large[100000];
	memset(large, 'x', sizeof(large));
	static const struct {
		size_t body;
		int until;
		enum outbound_outcome outcome;
		bool late;
	} rows[] = {
		{100, -1, OUTBOUND_NOT_SENT, false},
		{sizeof(large), 2, OUTBOUND_UNKNOWN, false},
		{100, 1, OUTBOUND_ANSWERED, true},
		{100, 0, OUTBOUND_ANSWERED, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seen seen = {.body_until = rows[i].until};
		int requests = atomic_load(&peer->requests);
		struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
		request.body = (struct bytes){large, rows[i].body};
		send_only(world, &request, &seen);
		WAIT_UNTIL(world, seen.count == 1);
		assert_int_equal(seen.outcome, rows[i].outcome);
		if (rows[i].outcome == OUTBOUND_ANSWERED) assert_int_equal(seen.late, rows[i].late);
		assert_int_equal(seen.sent, rows[i].until >= 0);
		assert_int_equal(atomic_load(&peer->requests) - requests, rows[i].outcome == OUTBOUND_ANSWERED);
		if (rows[i].outcome == OUTBOUND_ANSWERED)
			assert_true(seen.window_us > 0);
		else
			assert_int_equal(seen.fault, OUTBOUND_FAULT_HOOK);
	}
	peer_end(world, peer);
}

static void test_the_hook_stops_it_before_the_first_byte(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	for (int i = 0; i < 2; i++) {
		struct seen seen = {.hook_says = -1};
		struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
		request.body = claim_body;
		send_only(world, &request, &seen);
		WAIT_UNTIL(world, seen.count == 1);
		ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_HOOK);
		assert_int_equal(seen.hook_calls, 1);
		assert_false(seen.sent);
		assert_int_equal(atomic_load(&peer->requests), i);
		/* The same over a kept connection. */
		seen = post_to(world, peer, 5000);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	}
	peer_end(world, peer);
}

static void test_cancelling(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_hang);
	struct seen early = {0}, late = {0};
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
	request.body = claim_body;
	struct outbound_call *call = send_only(world, &request, &early);
	outbound_cancel(call);
	outbound_cancel(call);
	assert_int_equal(early.count, 0); /* not from inside */
	call = send_only(world, &request, &late);
	WAIT_UNTIL(world, atomic_load(&peer->posts) == 1);
	outbound_cancel(call);
	assert_int_equal(late.count, 0);
	WAIT_UNTIL(world, early.count + late.count == 2);
	ASSERT_END(early, OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE);
	ASSERT_END(late, OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE);
	assert_false(early.sent);
	assert_true(late.sent);
	assert_int_equal(atomic_load(&peer->posts), 1);
	peer_end(world, peer);
}

static void test_freeing_with_calls_under_way(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_hang);
	struct seen seen[3] = {{0}};
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
	request.body = claim_body;
	send_only(world, &request, &seen[0]);
	send_only(world, &request, &seen[1]);
	WAIT_UNTIL(world, atomic_load(&peer->posts) == 2);
	outbound_cancel(send_only(world, &request, &seen[2]));
	world_restart(world);
	for (int i = 0; i < 10; i++) event_base_loop(world->base, EVLOOP_NONBLOCK);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) assert_int_equal(seen[i].count, 0);
	peer_stop(peer);
}

/* A callback that sends the next one and cancels the one after. */
struct chain {
	struct world *world;
	struct peer *peer;
	int left, ended, cancelled;
};

static void on_chain(void *arg, const struct outbound_result *result)
{
	struct chain *chain = arg;
	chain->ended++;
	chain->cancelled += result->outcome == OUTBOUND_CANCELLED;
	if (chain->left-- <= 0) return;
	int before = chain->ended;
	struct outbound_request request =
		request_make(chain->world, OUTBOUND_GET, peer_url(chain->peer, "localhost", "/"));
	request.before_first_byte = NULL;
	struct outbound_call *call = NULL;
	int rc = outbound_send(chain->world->out, &request, on_chain, chain, &call);
	assert_int_equal(rc, 0);
	if (chain->left % 3 == 0) outbound_cancel(call);
	assert_int_equal(chain->ended, before);
}

static void test_callbacks_may_send_and_cancel(void **state)
{
	struct world *world = *state;
	struct peer *peer = tls_peer(world, serve_echo);
	struct chain chain = {.world = world, .peer = peer, .left = 30};
	on_chain(&chain, &(struct outbound_result){.outcome = OUTBOUND_ANSWERED});
	WAIT_UNTIL(world, chain.ended == 31);
	assert_in_range(chain.cancelled, 10, 11);
	peer_end(world, peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_says_what_it_should),
		cmocka_unit_test(test_large_bodies_go_both_ways),
		cmocka_unit_test(test_connections_are_kept),
		cmocka_unit_test(test_many_at_once_within_the_host_limit),
		cmocka_unit_test(test_a_kept_connection_that_closes_unanswered_is_not_posted_again),
		cmocka_unit_test(test_without_a_body_it_is_not_sent_again_either),
		cmocka_unit_test(test_reset_after_the_request_is_unknown),
		cmocka_unit_test(test_an_idle_connection_that_was_closed_is_not_used),
		cmocka_unit_test(test_deadlines_are_absolute),
		cmocka_unit_test(test_a_handshake_that_hangs_was_not_sent),
		cmocka_unit_test(test_a_port_that_does_not_accept),
		cmocka_unit_test(test_waiting_for_a_connection_ends_at_the_deadline),
		cmocka_unit_test(test_a_deadline_in_the_past_sends_nothing),
		cmocka_unit_test(test_the_hook_stops_it_before_the_first_byte),
		cmocka_unit_test(test_the_hook_stops_it_before_and_within_the_body),
		cmocka_unit_test(test_cancelling),
		cmocka_unit_test(test_freeing_with_calls_under_way),
		cmocka_unit_test(test_callbacks_may_send_and_cancel),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
