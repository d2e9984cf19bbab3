/* The inbound server under real sockets: what it answers, what it cuts off, and that one bad client disturbs no other.
 */
#include "net_lab.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static struct lab lab;

static void test_answers(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, NULL, tls);
		struct client *client = client_connect(&lab);
		assert_int_equal(client_ask(client, "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
		assert_string_equal(client->body, "- nobody");
		assert_non_null(strstr(client->head, "\r\nDate: "));
		assert_non_null(strstr(client->head, "\r\nCache-Control: no-store\r\n"));
		assert_null(strstr(client->head, "Connection:"));
		assert_int_equal(client_ask(client, "HEAD /open HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
		assert_non_null(strstr(client->head, "Content-Length: 8\r\n"));
		assert_int_equal(client_ask(client, "GET /who/a%20b HTTP/1.1\r\n" GOOD "\r\n"), 200);
		assert_string_equal(client->body, "a b nobody");
		assert_int_equal(
			client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello"), 200);
		assert_string_equal(client->body, "hello");
		assert_int_equal(
			client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD
					   "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n2\r\n, \r\n0\r\n\r\n"),
			200);
		assert_string_equal(client->body, "hello, ");
		assert_int_equal(client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD "\r\n"), 200);
		assert_int_equal(client->body_len, 0);
		assert_int_equal(client_ask(client, "GET /inject HTTP/1.1\r\n" GOOD "\r\n"), 500);
		assert_null(strstr(client->head, "Cookie"));
		assert_int_equal(
			client_ask(client, "GET /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 200);
		assert_non_null(strstr(client->head, "Connection: close\r\n"));
		assert_true(client_ended(client));
		client_close(client);
		LAB_UNTIL(&lab, lab.stats.conns == 0);
		lab_stop(&lab);
	}
}

static void test_refusals_by_route(void **state)
{
	(void)state;
	lab_start(&lab, NULL, false);
	struct client *client = client_connect(&lab);
	/* A stranger gets the same answer whether there is something or not. */
	assert_int_equal(client_ask(client, "GET /who/x HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
	assert_non_null(strstr(client->head, "WWW-Authenticate: Bearer realm=\"zhifu\"\r\n"));
	assert_int_equal(client_ask(client, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
	assert_int_equal(
		client_ask(client, "GET /nothing HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer bad\r\n\r\n"), 401);
	assert_non_null(strstr(client->head, "error=\"invalid_token\""));
	assert_int_equal(
		client_ask(client, "GET /who/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer weak\r\n\r\n"), 403);
	assert_string_equal(client->body, "Forbidden: this client may not do that\n");
	assert_int_equal(client_ask(client, "GET /nothing HTTP/1.1\r\n" GOOD "\r\n"), 404);
	assert_int_equal(client_ask(client, "DELETE /hold HTTP/1.1\r\n" GOOD "\r\n"), 405);
	assert_non_null(strstr(client->head, "Allow: GET, HEAD, POST\r\n"));
	assert_int_equal(client_ask(client, "GET /who/x HTTP/1.1\r\n" GOOD "Accept: image/png\r\n\r\n"), 406);
	assert_int_equal(client_ask(client, "POST /small HTTP/1.1\r\n" GOOD "Content-Length: 0\r\n\r\n"), 400);
	/* Refused with a short body: the body is dropped and the connection goes on. */
	assert_int_equal(client_ask(client, "POST /small HTTP/1.1\r\n" GOOD
					    "Content-Type: image/png\r\nContent-Length: 4\r\n\r\nGET "),
		415);
	assert_int_equal(client_ask(client,
				 "POST /small HTTP/1.1\r\n" GOOD
				 "Content-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nGET "),
		415);
	assert_int_equal(client_ask(client, "POST /small HTTP/1.1\r\n" GOOD
					    "Content-Type: text/plain\r\nContent-Length: 17\r\n\r\n01234567890123456"),
		413);
	assert_int_equal(client_ask(client, "POST /nothing HTTP/1.1\r\n" GOOD "Content-Length: 4\r\n\r\nGET "), 404);
	assert_int_equal(client_ask(client, "POST /small HTTP/1.1\r\n" GOOD
					    "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nGET "),
		200);
	/* Who did not authenticate does not get its body read. */
	assert_int_equal(client_ask(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET "), 401);
	assert_true(client_ended(client));
	lab_do(&lab, 's');
	assert_int_equal(lab.handled, 1);
	client_close(client);
	lab_stop(&lab);
}

/* Each sends a second request that must never be served. */
static void test_smuggling(void **state)
{
#define SECOND "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" SECOND, 400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" SECOND, 400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Content-Length : 44\r\n\r\n" SECOND, 400},
		{"POST /echo HTTP/1.1\r\n" GOOD
		 "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND,
			400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SECOND, 501},
		{"POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding:\x0b"
		 "chunked\r\n\r\n0\r\n\r\n" SECOND,
			400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n" SECOND, 400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n" SECOND, 400},
		{"POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" SECOND, 400},
		{"HEAD /open HTTP/1.1\r\n" GOOD "Content-Length: 44\r\n\r\n" SECOND, 400},
		{"GET /open HTTP/1.1\r\n" GOOD "Content-Length: 44\r\n\r\n" SECOND, 400},
		{"GET /open HTTP/1.0\r\n" GOOD "\r\n" SECOND, 505},
		{"GET /open HTTP/1.1\r\n" GOOD "A: b\r\n c: d\r\n\r\n" SECOND, 400},
		{"GET /open HTTP/1.1\r\n" GOOD "A: b\n\n" SECOND, 400},
		{"GET /open HTTP/1.1\r\n" GOOD "A: b\r\r\n\r\n" SECOND, 400},
		{"GET http://other/open HTTP/1.1\r\n" GOOD "\r\n" SECOND, 400},
		{"GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" SECOND, 400},
		{"GET /open HTTP/1.1\r\n\r\n" SECOND, 400},
		{"\r\n" SECOND, 400},
	};
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, NULL, tls);
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct client *client = client_connect(&lab);
			int status = client_ask(client, cases[i].text);
			if (status != cases[i].status) print_error("case %zu: %d\n", i, status);
			assert_int_equal(status, cases[i].status);
			assert_non_null(strstr(client->head, "Connection: close\r\n"));
			assert_true(client_ended(client));
			client_close(client);
		}
		lab_do(&lab, 's');
		assert_int_equal(lab.handled, 0);
		assert_int_equal(lab.stats.refused_total, ARRAY_LEN(cases));
		lab_stop(&lab);
	}
}

/* Sends a byte for each request that another client gets answered, until the server has had enough. */
static void drip(const char *begin, unsigned deadline_ms)
{
	struct client *slow = client_connect(&lab), *quick = client_connect(&lab);
	struct pollfd readable = {.fd = slow->fd, .events = POLLIN};
	int64_t start_ms = clock_mono_ms();
	unsigned served = 0;
	/* A first request, so that no session ticket is left to make the socket readable. */
	assert_int_equal(client_ask(slow, "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
	client_send(slow, begin);
	while (poll(&readable, 1, 1) == 0 && clock_mono_ms() - start_ms < LAB_WAIT_MS) {
		if (client_write(slow, "a", 1) != 1) break;
		assert_int_equal(client_ask(quick, "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
		served++;
	}
	int64_t took_ms = clock_mono_ms() - start_ms;
	assert_int_equal(client_read(slow, false), 408);
	assert_in_range(took_ms, deadline_ms - 50, deadline_ms + 1500);
	assert_true(served > 10);
	client_close(slow);
	assert_int_equal(client_ask(quick, "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
	client_close(quick);
}

static void test_slow_sender(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.head_ms = 300;
	limits.body_ms = 300;
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, &limits, tls);
		drip("GET /open HTTP/1.1\r\nA: ", 300);
		drip("POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 1000000\r\n\r\n", 300);
		lab_do(&lab, 's');
		assert_int_equal(lab.stats.timeout_total, 2);
		lab_stop(&lab);
	}
}

/* The other deadlines: no handshake, no request, no answer, nobody reading. */
static void test_deadlines(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.handshake_ms = limits.idle_ms = limits.handle_ms = limits.write_ms = limits.linger_ms = 200;
	lab_start(&lab, &limits, true);
	struct client *mute = client_open(&lab);
	assert_true(client_ended(mute));
	client_close(mute);
	struct client *idle = client_connect(&lab);
	assert_true(client_ended(idle));
	client_close(idle);
	struct client *waiting = client_connect(&lab);
	assert_int_equal(client_ask(waiting, "GET /hold HTTP/1.1\r\n" GOOD "\r\n"), 504);
	assert_true(client_ended(waiting));
	client_close(waiting);
	LAB_UNTIL(&lab, lab.cancelled == 1);
	assert_int_equal(lab.stats.requests, 1);
	lab_do(&lab, 'r'); /* too late, and harmless */
	assert_int_equal(lab.stats.requests, 0);
	struct client *deaf = client_connect(&lab);
	client_send(deaf, "GET /big HTTP/1.1\r\n" GOOD "\r\n");
	LAB_UNTIL(&lab, lab.stats.conns == 0);
	assert_int_equal(lab.stats.timeout_total, 3);
	client_close(deaf);
	lab_stop(&lab);
}

static void test_oversize(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *client = client_connect(&lab);
	assert_int_equal(client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 1048577\r\n\r\n"), 413);
	assert_true(client_ended(client));
	client_close(client);
	client = client_connect(&lab);
	client_send(client, "POST /echo HTTP/1.1\r\n" GOOD "Transfer-Encoding: chunked\r\n\r\n");
	static char chunk[65536 + 16];
	int head = snprintf(chunk, 16, "10000\r\n");
	memcpy(chunk + head + 65536, "\r\n", 2);
	for (int i = 0; i < 17; i++)
		if (client_write(client, chunk, (size_t)head + 65536 + 2) <= 0) break;
	assert_int_equal(client_read(client, false), 413);
	client_close(client);
	client = client_connect(&lab);
	client_send(client, "GET /open HTTP/1.1\r\nHost: localhost\r\nA: ");
	memset(chunk, 'a', sizeof(chunk));
	(void)client_write(client, chunk, 20000);
	assert_int_equal(client_read(client, false), 431);
	client_close(client);
	client = client_connect(&lab);
	client_send(client, "GET /");
	(void)client_write(client, chunk, 5000);
	assert_int_equal(client_read(client, false), 414);
	client_close(client);
	lab_stop(&lab);
}

/* A body of letters in chunks of 26,000, as far as the server takes it. */
static void stream_send(struct client *client, const char *head, unsigned count)
{
	static char chunk[26000 + 16];
	int len = snprintf(chunk, 16, "%x\r\n", 26000);
	for (int i = 0; i < 26000; i++) chunk[len + i] = (char)('a' + i % 26);
	memcpy(chunk + len + 26000, "\r\n", 2);
	client_send(client, head);
	for (unsigned i = 0; i < count; i++)
		if (client_write(client, chunk, (size_t)len + 26000 + 2) <= 0) return;
}

/* A body that a sink takes is in memory at no time, however long it is, and the sink sets the pace. */
static void test_stream(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.body_bytes_max = 1000;
	limits.body_total_bytes_max = 1000;
	limits.body_ms = 100;
	limits.stream_bytes_max = 26000 * 200;
	limits.stream_ms = 10000;
#define STREAM "POST /stream HTTP/1.1\r\n" GOOD
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, &limits, tls);
		struct client *client = client_connect(&lab);
		stream_send(client, STREAM "Transfer-Encoding: chunked\r\n\r\n", 200);
		client_send(client, "0\r\n\r\n" STREAM "Content-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz");
		assert_int_equal(client_read(client, false), 200);
		assert_string_equal(client->body, "5200000");
		assert_int_equal(client_read(client, false), 200);
		assert_string_equal(client->body, "26");
		/* Still one request, one meaning. */
		assert_int_equal(client_ask(client, STREAM "Content-Length: 0\r\n\r\n"), 400);
		assert_int_equal(client_ask(client, STREAM "X-Unwanted: 1\r\nContent-Length: 5\r\n\r\n"), 403);
		assert_true(client_ended(client));
		client_close(client);
		/* Too long, and broken off. */
		client = client_connect(&lab);
		stream_send(client, STREAM "Transfer-Encoding: chunked\r\n\r\n", 201);
		assert_int_equal(client_read(client, false), 413);
		client_close(client);
		client = client_connect(&lab);
		assert_int_equal(client_ask(client, STREAM "Content-Length: 5200001\r\n\r\n"), 413);
		client_close(client);
		client = client_connect(&lab);
		stream_send(client, STREAM "Content-Length: 5000000\r\n\r\nabc", 0);
		LAB_UNTIL(&lab, lab.stream != NULL && lab.streamed == 3);
		client_close(client);
		LAB_UNTIL(&lab, lab.dropped == 2 && lab.stats.conns == 0);
		assert_int_equal(lab.handled, 2);
		assert_true(lab.pauses > 100);
		lab_stop(&lab);
	}
}

/* The sink's deadline is its own, and it is told when it passes. */
static void test_stream_deadline(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.stream_ms = 200;
	lab_start(&lab, &limits, true);
	struct client *client = client_connect(&lab);
	client_send(client, STREAM "Content-Length: 5000000\r\n\r\nabc");
	assert_int_equal(client_read(client, false), 408);
	client_close(client);
	LAB_UNTIL(&lab, lab.dropped == 1);
	lab_stop(&lab);
}

static void test_pipelined(void **state)
{
	static char text[65536];
	char expected[32];
	size_t len = 0;
	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 3\r\n\r\n%03d", i);
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, NULL, tls);
		struct client *client = client_connect(&lab);
		client_send(client, text);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(client_read(client, false), 200);
			(void)snprintf(expected, sizeof(expected), "%03d", i);
			assert_string_equal(client->body, expected);
		}
		client_close(client);
		lab_stop(&lab);
	}
}

static void test_expect(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *client = client_connect(&lab);
	client_send(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(client_read(client, false), 100);
	assert_int_equal(client_ask(client, "hello"), 200);
	assert_string_equal(client->body, "hello");
	assert_int_equal(client_ask(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
					    "Expect: 100-continue\r\n\r\n"),
		401);
	assert_true(client_ended(client));
	client_close(client);
	lab_stop(&lab);
}

/* The client shuts its side and still gets the answers it asked for. */
static void test_half_close(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, NULL, tls);
		struct client *client = client_connect(&lab);
		client_send(client, "GET /hold HTTP/1.1\r\n" GOOD "\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\n");
		LAB_UNTIL(&lab, lab.held_count == 1);
		if (client->ssl != NULL) (void)SSL_shutdown(client->ssl);
		assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
		lab_do(&lab, 's');
		lab_do(&lab, 'r');
		assert_int_equal(client_read(client, false), 200);
		assert_string_equal(client->body, "held");
		assert_int_equal(client_read(client, false), 200);
		assert_true(client_ended(client));
		client_close(client);
		LAB_UNTIL(&lab, lab.stats.conns == 0);
		/* In the middle of a request it is only an end. */
		client = client_connect(&lab);
		client_send(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhe");
		assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
		assert_true(client_ended(client));
		client_close(client);
		LAB_UNTIL(&lab, lab.stats.conns == 0);
		lab_stop(&lab);
	}
}

static void client_reset(struct client *client)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	(void)close(client->fd);
	client->fd = -1;
	client_close(client);
}

static void test_reset(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		lab_start(&lab, NULL, tls);
		struct client *client = client_connect(&lab);
		client_send(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 500\r\n\r\nhello");
		LAB_UNTIL(&lab, lab.stats.requests_total == 1);
		client_reset(client);
		LAB_UNTIL(&lab, lab.stats.conns == 0);
		assert_int_equal(lab.handled, 0);
		/* With the handler: it is told once, and its late answer goes nowhere. */
		client = client_connect(&lab);
		client_send(client, "POST /hold HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello");
		LAB_UNTIL(&lab, lab.held_count == 1);
		client_reset(client);
		LAB_UNTIL(&lab, lab.cancelled == 1);
		assert_null(lab.held[0]->conn);
		assert_memory_equal(lab.held[0]->body.ptr, "hello", 5);
		lab_do(&lab, 'r');
		LAB_UNTIL(&lab, lab.stats.requests == 0);
		assert_int_equal(lab.cancelled, 1);
		lab_stop(&lab);
	}
}

static void test_caps(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.conns_per_address_max = 3;
	limits.conns_over_max = 1;
	for (int tls = 0; tls < 2; tls++) {
		struct client *clients[3];
		lab_start(&lab, &limits, tls);
		for (size_t i = 0; i < 3; i++) clients[i] = client_connect(&lab);
		struct client *over = client_connect(&lab);
		assert_int_equal(client_read(over, false), 503);
		assert_non_null(strstr(over->head, "Retry-After: 1\r\n"));
		/* The one place for those over the cap is taken until `over` closes. */
		struct client *more = client_open(&lab);
		assert_true(client_ended(more));
		client_close(more);
		client_close(over);
		assert_int_equal(client_ask(clients[0], "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
		client_close(clients[0]);
		LAB_UNTIL(&lab, lab.stats.conns == 2);
		clients[0] = client_connect(&lab);
		assert_int_equal(client_ask(clients[0], "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
		for (size_t i = 0; i < 3; i++) client_close(clients[i]);
		assert_int_equal(lab.stats.over_total, 2);
		lab_stop(&lab);
	}
}

static void test_busy(void **state)
{
	struct http_limits limits;
	(void)state;
	http_limits_default(&limits);
	limits.requests_max = 1;
	lab_start(&lab, &limits, true);
	struct client *first = client_connect(&lab), *second = client_connect(&lab);
	client_send(first, "GET /hold HTTP/1.1\r\n" GOOD "\r\n");
	LAB_UNTIL(&lab, lab.held_count == 1);
	assert_int_equal(client_ask(second, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello"), 503);
	assert_non_null(strstr(second->head, "Retry-After: 1\r\n"));
	lab_do(&lab, 'r');
	assert_int_equal(client_read(first, false), 200);
	assert_int_equal(client_ask(second, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello"), 200);
	client_close(first);
	client_close(second);
	lab_stop(&lab);
}

static void test_drain(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *idle = client_connect(&lab), *busy = client_connect(&lab);
	assert_int_equal(client_ask(idle, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	client_send(busy, "GET /hold HTTP/1.1\r\n" GOOD "\r\n");
	LAB_UNTIL(&lab, lab.held_count == 1 && lab.stats.conns_idle == 1);
	lab_do(&lab, 'd');
	assert_true(client_ended(idle));
	client_close(idle);
	lab_do(&lab, 's');
	assert_false(lab.drained);
	lab_do(&lab, 'r');
	assert_int_equal(client_read(busy, false), 200);
	assert_non_null(strstr(busy->head, "Connection: close\r\n"));
	assert_true(client_ended(busy));
	client_close(busy);
	LAB_UNTIL(&lab, lab.drained);
	lab_stop(&lab);
	/* With a deadline that passes: what is left is cut. */
	lab_start(&lab, NULL, true);
	busy = client_connect(&lab);
	client_send(busy, "GET /hold HTTP/1.1\r\n" GOOD "\r\n");
	LAB_UNTIL(&lab, lab.held_count == 1);
	lab_do(&lab, 'D');
	assert_true(client_ended(busy));
	LAB_UNTIL(&lab, lab.drained && lab.cancelled == 1);
	client_close(busy);
	lab_stop(&lab);
}

static void test_client_certificates(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *client = client_open(&lab);
	assert_true(client_handshake(client, client_tls("client")));
	assert_int_equal(client_ask(client, "GET /who/me HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_string_equal(client->body, "me DNS:localhost");
	client_close(client);
	/* In TLS 1.3 the client learns of the refusal with its first read. */
	client = client_open(&lab);
	if (client_handshake(client, client_tls("foreign"))) {
		(void)client_write(client, SECOND, strlen(SECOND));
		assert_int_equal(client_read(client, false), 0);
	}
	client_close(client);
	LAB_UNTIL(&lab, lab.stats.handshake_failed_total == 1);
	/* Broken TLS: bytes of another protocol. */
	client = client_open(&lab);
	assert_int_equal(send(client->fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	while (client_fill(client) > 0) continue;
	client_close(client);
	LAB_UNTIL(&lab, lab.stats.handshake_failed_total == 2 && lab.stats.conns == 0);
	assert_int_equal(lab.handled, 1);
	lab_stop(&lab);
}

static void test_tls_versions(void **state)
{
	static const struct {
		int version;
		bool taken;
	} cases[] = {{TLS1_1_VERSION, false}, {TLS1_2_VERSION, true}, {TLS1_3_VERSION, true}};
	(void)state;
	lab_start(&lab, NULL, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct client *client = client_open(&lab);
		SSL_CTX *ctx = client_tls(NULL);
		/* The security level would keep the client from even trying. */
		SSL_CTX_set_security_level(ctx, 0);
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
		assert_int_equal(SSL_CTX_set_min_proto_version(ctx, cases[i].version), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(ctx, cases[i].version), 1);
		assert_int_equal(client_handshake(client, ctx), cases[i].taken);
		if (cases[i].taken) assert_int_equal(client_ask(client, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
		client_close(client);
	}
	LAB_UNTIL(&lab, lab.stats.handshake_failed_total == 1);
	lab_stop(&lab);
}

static void test_reload(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *old = client_connect(&lab);
	assert_int_equal(client_ask(old, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	SSL_CTX_free(lab.tls);
	lab.tls = lab_server_tls("server2");
	lab_do(&lab, 't');
	struct client *new = client_connect(&lab);
	char name[64] = "";
	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(new->ssl)), NID_commonName, name, 64);
	assert_string_equal(name, "server2");
	assert_int_equal(client_ask(old, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	client_close(old);
	client_close(new);
	lab_stop(&lab);
}

static void never(struct http_request *req, void *ctx)
{
	(void)req, (void)ctx;
	fail();
}

/* Literal beats "{name}" beats "{name...}"; two rows that say the same are refused. */
static void test_routes(void **state)
{
#define ROW(m, p, n)                                                                                                   \
	{                                                                                                              \
		.method = m, .path = p, .handle = never, .tag = n                                                      \
	}
	static const struct http_route rows[] = {ROW(HTTP_GET, "/a/{rest...}", 1), ROW(HTTP_GET, "/a/{id}", 2),
		ROW(HTTP_GET, "/a/b", 3), ROW(HTTP_POST, "/a/b", 4), ROW(HTTP_GET, "/a/{id}/c", 5)};
	static const struct http_route same[] = {ROW(HTTP_GET, "/a/{other}", 6)}, bad[] = {ROW(HTTP_GET, "a", 7)};
	static const struct {
		const char *path;
		long tag;
	} cases[] = {{"/a/b", 3}, {"/a/x", 2}, {"/a/x/c", 5}, {"/a/x/d", 1}, {"/a/", 1}, {"/a", 0}, {"/", 0}};
	struct http_router *router;
	struct http_match match;
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 16);
	assert_int_equal(http_router_new(&router), 0);
	assert_int_equal(http_router_add(router, rows, ARRAY_LEN(rows), NULL), 0);
	assert_int_equal(http_router_add(router, same, 1, NULL), ERR_EXISTS);
	assert_int_equal(http_router_add(router, bad, 1, NULL), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_head head = {.method = HTTP_GET, .path = cases[i].path};
		assert_int_equal(http_router_match(router, &head, &arena.zf, &match), 0);
		assert_int_equal(match.route == NULL ? 0 : match.route->tag, cases[i].tag);
	}
	struct http_head head = {.method = HTTP_PUT, .path = "/a/b"};
	assert_int_equal(http_router_match(router, &head, &arena.zf, &match), 0);
	assert_null(match.route);
	assert_int_equal(match.allowed, 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST);
	http_router_free(router);
	arena_free(&arena);
}

static int compare_us(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void test_no_nagle(void **state)
{
	int64_t took_us[200];
	(void)state;
	lab_start(&lab, NULL, true);
	struct client *client = client_connect(&lab);
	for (size_t i = 0; i < ARRAY_LEN(took_us); i++) {
		int64_t start_us = clock_mono_us();
		assert_int_equal(
			client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello"), 200);
		took_us[i] = clock_mono_us() - start_us;
	}
	qsort(took_us, ARRAY_LEN(took_us), sizeof(took_us[0]), compare_us);
	print_message("200 keep-alive requests over TLS: p50 %lld us, p99 %lld us\n", (long long)took_us[100],
		(long long)took_us[198]);
	assert_true(took_us[100] < 5000);
	client_close(client);
	lab_stop(&lab);
}

static void test_health(void **state)
{
	(void)state;
	lab_start(&lab, NULL, false);
	struct client *client = client_connect(&lab);
	assert_int_equal(client_ask(client, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(client_ask(client, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(client_ask(client, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_non_null(strstr(client->body, "zhifu_http_connections{server=\"lab\"} 1\n"));
	assert_non_null(
		strstr(client->body, "zhifu_http_answers_total{server=\"lab\",route=\"healthz\",status=\"2xx\"} 1\n"));
	client_close(client);
	lab_stop(&lab);
}

/* The n-th allocation fails, for every n: the request may fail, the server may not. */
static void test_no_memory(void **state)
{
	(void)state;
	lab_start(&lab, NULL, true);
	unsigned served = 0;
	for (int n = 0; n < 24; n++) {
		struct client *client = client_open(&lab);
		mem_fail_after(n);
		bool up = false;
		client->ctx = NULL;
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		up = client_handshake(client, ctx);
		if (up && client_ask(client, "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello") == 200)
			served++;
		mem_fail_after(-1);
		client_close(client);
		LAB_UNTIL(&lab, lab.stats.conns == 0);
	}
	assert_in_range(served, 1, 23);
	struct client *client = client_connect(&lab);
	assert_int_equal(client_ask(client, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	client_close(client);
	lab_stop(&lab);
}

static long resident_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
	(void)fclose(file);
	return kib;
}

static void idle_one(SSL_CTX *ctx, int *ret_fd, SSL **ret_ssl)
{
	static const char request[] = "POST /echo HTTP/1.1\r\n" GOOD "Content-Length: 5\r\n\r\nhello";
	char answer[1024];
	struct client *client = client_open(&lab);
	SSL *ssl = SSL_new(ctx);
	assert_int_equal(SSL_set_fd(ssl, client->fd), 1);
	assert_int_equal(SSL_connect(ssl), 1);
	assert_true(SSL_write(ssl, request, sizeof(request) - 1) > 0);
	assert_true(SSL_read(ssl, answer, sizeof(answer)) > 0);
	*ret_fd = client->fd;
	*ret_ssl = ssl;
	free(client);
}

/* The server in a process of its own, so that what is measured is the server alone. */
static void test_idle_memory(void **state)
{
	enum { CONNS = 1000 };
	static int fds[CONNS];
	static SSL *ssls[CONNS];
	struct rlimit files = {0};
	struct http_limits limits;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_cur < CONNS + 100) skip();
	http_limits_default(&limits);
	limits.conns_per_address_max = CONNS + 10;
	lab_prepare(&lab, &limits, true);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)event_reinit(lab.base);
		(void)event_base_dispatch(lab.base);
		_exit(0);
	}
	SSL_CTX *ctx = client_tls(NULL);
	idle_one(ctx, &fds[0], &ssls[0]);
	long before = resident_kib(pid);
	for (int i = 1; i < CONNS; i++) idle_one(ctx, &fds[i], &ssls[i]);
	long after = resident_kib(pid);
	double each = (double)(after - before) / (CONNS - 1);
	print_message("%d idle TLS connections: %ld KiB resident, %.1f KiB each%s\n", CONNS, after, each,
		SANITIZED ? " (with sanitizers)" : "");
	if (!SANITIZED) assert_true(each < 32);
	for (int i = 0; i < CONNS; i++) {
		SSL_free(ssls[i]);
		(void)close(fds[i]);
	}
	SSL_CTX_free(ctx);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	lab_free(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refusals_by_route),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_slow_sender),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_deadline),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_expect),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_tls_versions),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_no_nagle),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_idle_memory),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
