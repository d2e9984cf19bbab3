/* Names of what goes out: a name server that answers, lies, is half dead or dead must cost only the call that asks. */
#include "outbound_world.h"

#include "net/outbound_resolve.h"

static const char claim[] = "{}";
static const struct bytes claim_body = {(const uint8_t *)claim, 2};

/* A name server on the loop: its rules are the fields. */
struct names {
	int fd;
	struct event *event;
	int queries4, queries6;
	bool silent, silent6; /* to all, to AAAA */
	int code;             /* of the answer: 0, 2 server failure, 3 no such name */
	uint32_t ttl;
};

/* Answers A with 127.0.0.1 and AAAA with nothing. */
static void on_query_packet(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct names *names = arg;
	uint8_t packet[512 + 16];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_len);
	if (len < 17) return;
	size_t at = 12;
	while (at < (size_t)len && packet[at] != 0) at += packet[at] + 1u;
	bool is_v6 = packet[at + 2] == 28;
	*(is_v6 ? &names->queries6 : &names->queries4) += 1;
	if (names->silent || (is_v6 && names->silent6)) return;
	size_t end = at + 5; /* after type and class */
	packet[2] = 0x81;
	packet[3] = (uint8_t)(0x80 | names->code);
	bool address = !is_v6 && names->code == 0;
	packet[6] = 0;
	packet[7] = address ? 1 : 0;
	memset(packet + 8, 0, 4);
	if (address) {
		const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, (uint8_t)(names->ttl >> 24),
			(uint8_t)(names->ttl >> 16), (uint8_t)(names->ttl >> 8), (uint8_t)names->ttl, 0, 4, 127, 0, 0,
			1};
		memcpy(packet + end, record, sizeof(record));
		end += sizeof(record);
	}
	sendto(fd, packet, end, 0, (struct sockaddr *)&from, from_len);
}

static void names_start(struct world *world, struct names *names)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	names->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(names->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(names->fd, (struct sockaddr *)&address, &len);
	names->event = event_new(world->base, names->fd, EV_READ | EV_PERSIST, on_query_packet, names);
	event_add(names->event, NULL);
	world->evdns = evdns_base_new(world->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	char server[32];
	snprintf(server, sizeof(server), "127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(evdns_base_nameserver_ip_add(world->evdns, server), 0);
	world_restart(world);
}

static void names_stop(struct world *world, struct names *names)
{
	struct evdns_base *evdns = world->evdns;
	world->evdns = NULL;
	world->limits.resolve_ms_max = outbound_limits_default().resolve_ms_max;
	world_restart(world);
	for (int i = 0; i < 3; i++) event_base_loop(world->base, EVLOOP_NONBLOCK);
	evdns_base_free(evdns, 1);
	for (int i = 0; i < 3; i++) event_base_loop(world->base, EVLOOP_NONBLOCK);
	event_free(names->event);
	close(names->fd);
}

static void serve_ok(struct peer_conn *conn)
{
	while (conn_request(conn)) conn_answer(conn, "200 OK", "", "ok", 2);
}

static struct peer *ok_peer(struct world *world)
{
	return peer_start(serve_ok, cert_server(&world->server, NULL, 0), false);
}

static struct outbound_request named(struct world *world, struct peer *peer, const char *host, int64_t within_ms)
{
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, host, "/"));
	request.body = claim_body;
	request.deadline_ms = clock_mono_ms() + within_ms;
	return request;
}

static void test_a_name_is_asked_for_once_within_its_ttl(void **state)
{
	struct world *world = *state;
	struct names names = {.ttl = 300};
	names_start(world, &names);
	struct peer *peer = ok_peer(world);
	struct seen seen[10] = {{0}};
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		struct outbound_request request =
			named(world, peer, i % 2 == 0 ? "insurer.test" : "INSURER.test", 5000);
		send_only(world, &request, &seen[i]);
	}
	WAIT_UNTIL(world, outbound_count(world->out) == 0);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) ASSERT_END(seen[i], OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	struct outbound_request request = named(world, peer, "insurer.test", 5000);
	struct seen again = send_and_wait(world, &request);
	ASSERT_END(again, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_int_equal(names.queries4, 1);
	assert_int_equal(names.queries6, 1);
	peer_stop((world_restart(world), peer));
	names_stop(world, &names);
}

static void test_a_ttl_runs_out(void **state)
{
	struct world *world = *state;
	struct names names = {.ttl = 0};
	names_start(world, &names);
	struct peer *peer = ok_peer(world);
	struct outbound_request request = named(world, peer, "insurer.test", 5000);
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	int64_t over_ms = clock_mono_ms() + RESOLVE_TTL_MS_MIN;
	WAIT_UNTIL(world, clock_mono_ms() > over_ms);
	request = named(world, peer, "insurer.test", 5000);
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_int_equal(names.queries4, 2);
	peer_stop((world_restart(world), peer));
	names_stop(world, &names);
}

static void test_no_such_name_and_a_failing_server(void **state)
{
	struct world *world = *state;
	static const int codes[] = {3, 2};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct names names = {.code = codes[i]};
		names_start(world, &names);
		struct peer *peer = ok_peer(world);
		struct outbound_request request = named(world, peer, "insurer.test", 8000);
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_DNS);
		assert_int_equal(atomic_load(&peer->connections), 0);
		peer_stop(peer);
		names_stop(world, &names);
	}
}

static void test_a_server_that_ignores_aaaa_costs_little(void **state)
{
	struct world *world = *state;
	struct names names = {.ttl = 300, .silent6 = true};
	names_start(world, &names);
	struct peer *peer = ok_peer(world);
	int64_t begin_ms = clock_mono_ms();
	struct outbound_request request = named(world, peer, "insurer.test", 5000);
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_true(seen.ended_ms - begin_ms < 1500);
	peer_stop((world_restart(world), peer));
	names_stop(world, &names);
}

static void test_a_dead_name_server_stalls_nobody_else(void **state)
{
	struct world *world = *state;
	struct names names = {.silent = true};
	names_start(world, &names);
	struct peer *peer = ok_peer(world);
	struct seen stuck[3] = {{0}};
	int64_t begin_ms = clock_mono_ms();
	struct outbound_call *call = NULL;
	for (size_t i = 0; i < ARRAY_LEN(stuck); i++) {
		struct outbound_request request = named(world, peer, i == 2 ? "other.test" : "insurer.test", 700);
		call = send_only(world, &request, &stuck[i]);
	}
	outbound_cancel(call);
	int64_t slowest_ms = 0;
	int answered = 0;
	while (stuck[0].count == 0) {
		struct seen other = {0};
		struct outbound_request request = named(world, peer, "127.0.0.1", 5000);
		int64_t at_ms = clock_mono_ms();
		send_only(world, &request, &other);
		WAIT_UNTIL(world, other.count == 1);
		ASSERT_END(other, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		int64_t took_ms = clock_mono_ms() - at_ms;
		slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
		answered++;
	}
	WAIT_UNTIL(world, stuck[1].count == 1);
	assert_true(answered >= 10);
	assert_true(slowest_ms < 500);
	for (size_t i = 0; i < 2; i++) {
		ASSERT_END(stuck[i], OUTBOUND_NOT_SENT, OUTBOUND_FAULT_DNS);
		assert_in_range(stuck[i].ended_ms - begin_ms, 700, 1500);
	}
	ASSERT_END(stuck[2], OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE);
	peer_stop((world_restart(world), peer));
	names_stop(world, &names);
}

static void test_a_lookup_has_its_own_limit(void **state)
{
	struct world *world = *state;
	struct names names = {.silent = true};
	world->limits.resolve_ms_max = 200;
	names_start(world, &names);
	struct peer *peer = ok_peer(world);
	int64_t begin_ms = clock_mono_ms();
	struct outbound_request request = named(world, peer, "insurer.test", 10000);
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_DNS);
	assert_in_range(seen.ended_ms - begin_ms, 190, 2000);
	/* The server comes back, and so does the name. */
	names.silent = false;
	names.ttl = 60;
	request = named(world, peer, "insurer.test", 5000);
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	peer_stop((world_restart(world), peer));
	names_stop(world, &names);
}

static void test_names_that_need_no_server(void **state)
{
	struct world *world = *state;
	char path[128];
	world_path(world, "hosts", path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("# ours\n127.0.0.1 insurer.test second.test # end\nnonsense third.test\n::1\tsecond.test\n\n", file);
	fclose(file);
	world->limits.hosts_file = path;
	world_restart(world);
	struct peer *peer = ok_peer(world);
	static const char *const hosts[] = {"insurer.test", "localhost", "127.0.0.1", "LocalHost"};
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct outbound_request request = named(world, peer, hosts[i], 5000);
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	}
	struct outbound_request request = named(world, peer, "third.test", 5000);
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_DNS);
	peer_stop((world_restart(world), peer));

	struct resolver *resolver = NULL;
	struct resolver_limits limits = {1000, 1000, path};
	assert_int_equal(resolver_new(world->base, NULL, &limits, &resolver), 0);
	struct resolve_addresses found;
	assert_true(resolver_known(resolver, "second.TEST", 0, &found));
	assert_int_equal(found.count, 2);
	assert_string_equal(found.list[1].text, "::1");
	assert_true(resolver_known(resolver, "a.localhost", 0, &found));
	assert_true(resolver_known(resolver, "fe80::1", 0, &found));
	assert_int_equal(found.count, 1);
	assert_false(resolver_known(resolver, "third.test", 0, &found));
	assert_false(resolver_known(resolver, "notlocalhost", 0, &found));
	resolver_free(resolver);
	world->limits.hosts_file = "";
	world_restart(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_is_asked_for_once_within_its_ttl),
		cmocka_unit_test(test_a_ttl_runs_out),
		cmocka_unit_test(test_no_such_name_and_a_failing_server),
		cmocka_unit_test(test_a_server_that_ignores_aaaa_costs_little),
		cmocka_unit_test(test_a_dead_name_server_stalls_nobody_else),
		cmocka_unit_test(test_a_lookup_has_its_own_limit),
		cmocka_unit_test(test_names_that_need_no_server),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
