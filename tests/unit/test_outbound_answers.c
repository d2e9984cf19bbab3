/* What goes out, continued: answers that are cut, too big, malformed, compressed or point elsewhere; certificates and
 * pins that do not fit; requests that are refused before they begin. */
#include "outbound_world.h"

#include <openssl/x509.h>

#include "net/outbound_outcome.h"

static const char claim[] = "{\"resourceType\":\"Claim\",\"id\":\"1\"}";
static const struct bytes claim_body = {(const uint8_t *)claim, sizeof(claim) - 1};

static void peer_end(struct world *world, struct peer *peer)
{
	world_restart(world);
	peer_stop(peer);
}

static struct seen post_with(struct world *world, struct peer *peer, const char *host, struct outbound_tls *tls)
{
	struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, host, "/"));
	request.body = claim_body;
	request.tls = tls;
	return send_and_wait(world, &request);
}

/* ---- bad answers ---- */

struct bad_answer {
	const char *bytes;
	enum outbound_fault fault; /* NONE: answered */
	int status;
	const char *body;
	bool unframed_allowed;
};

#define OK "HTTP/1.1 200 OK\r\n"
static const struct bad_answer bad_answers[] = {
	{OK "Content-Length: 100\r\n\r\n0123456789", OUTBOUND_FAULT_TRUNCATED, 200, "0123456789", false},
	{OK "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n", OUTBOUND_FAULT_TRUNCATED, 200, "abcd", false},
	{OK "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nT: 1\r\n\r\n", OUTBOUND_FAULT_NONE, 200, "abcd",
		false},
	{OK "\r\nabcd", OUTBOUND_FAULT_TRUNCATED, 200, "abcd", false},
	{OK "\r\nabcd", OUTBOUND_FAULT_NONE, 200, "abcd", true},
	{OK "Content-Le", OUTBOUND_FAULT_RESET, 200, "", true},
	{"HTTP/1.1 204 No Content\r\nA: b\r\n", OUTBOUND_FAULT_RESET, 204, "", true},
	{"HTTP/1.1 204 No Content\r\n\r\n", OUTBOUND_FAULT_NONE, 204, "", false},
	{"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", OUTBOUND_FAULT_NONE, 200, "x", false},
	{"garbage that is not HTTP\r\n\r\n", OUTBOUND_FAULT_PROTOCOL, 0, "", false},
	{OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", OUTBOUND_FAULT_PROTOCOL, 200, "", false},
	{OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", OUTBOUND_FAULT_PROTOCOL, 200, "",
		false},
	{OK "Content-Length: -2\r\n\r\nabc", OUTBOUND_FAULT_PROTOCOL, 200, "", false},
	{OK "Bad Name: 1\r\nContent-Length: 0\r\n\r\n", OUTBOUND_FAULT_PROTOCOL, 200, "", false},
	{OK "Content-Length: 4000\r\n\r\n", OUTBOUND_FAULT_TOO_BIG, 200, "", false},
	{"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", OUTBOUND_FAULT_NONE, 302, "", false},
};
static const char *answer_bytes;

static void serve_bytes(struct peer_conn *conn)
{
	if (conn_request(conn)) conn_say(conn, answer_bytes);
}

static void test_bad_answers_are_unknown(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(bad_answers); i++) {
		const struct bad_answer *row = &bad_answers[i];
		answer_bytes = row->bytes;
		struct peer *peer = peer_start(serve_bytes, cert_server(&world->server, NULL, 0), false);
		struct outbound_request request = request_make(world, OUTBOUND_POST, peer_url(peer, "localhost", "/"));
		request.body = claim_body;
		request.body_bytes_max = 1000;
		request.accept_unframed = row->unframed_allowed;
		struct seen seen = send_and_wait(world, &request);
		bool good = row->fault == OUTBOUND_FAULT_NONE;
		if (seen.fault != row->fault || seen.status != row->status)
			fail_msg("row %zu: %s, %d (%s)", i, outbound_fault_name(seen.fault), seen.status, seen.text);
		assert_int_equal(seen.outcome, good ? OUTBOUND_ANSWERED : OUTBOUND_UNKNOWN);
		assert_string_equal(seen.body, row->body);
		assert_int_equal(atomic_load(&peer->posts), 1);
		peer_stop(peer);
	}
}

/* Endless answers: nothing but our limits ends them. */
static void serve_endless_body(struct peer_conn *conn)
{
	if (!conn_request(conn) || !conn_say(conn, OK "Transfer-Encoding: chunked\r\n\r\n")) return;
	while (conn_say(conn, "10\r\n0123456789abcdef\r\n")) continue;
}

static void serve_endless_headers(struct peer_conn *conn)
{
	if (!conn_request(conn) || !conn_say(conn, OK)) return;
	while (conn_say(conn, "X-Again: 0123456789abcdef\r\n")) continue;
}

static void serve_endless_interim(struct peer_conn *conn)
{
	if (!conn_request(conn)) return;
	while (conn_say(conn, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")) continue;
}

static void serve_endless_trailers(struct peer_conn *conn)
{
	if (!conn_request(conn) || !conn_say(conn, OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")) return;
	while (conn_say(conn, "X-Again: 0123456789abcdef\r\n")) continue;
}

static void test_endless_answers_end_at_the_limit(void **state)
{
	struct world *world = *state;
	static peer_script *const scripts[] = {
		serve_endless_body, serve_endless_headers, serve_endless_interim, serve_endless_trailers};
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct peer *peer = peer_start(scripts[i], cert_server(&world->server, NULL, 0), false);
		struct seen seen = post_with(world, peer, "localhost", world->tls);
		ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TOO_BIG);
		assert_true(seen.body_len <= 65536);
		peer_stop(peer);
	}
}

/* gzip of 200,000 zero bytes, and of {"resourceType":"Bundle"}. */
static const char gzip_bomb[] = "1f8b0800000000000203edc13101000000c2a0f54f6d067fa0";
static const char gzip_small[] =
	"1f8b0800000000000203ab562a4a2dce2f2d4a4e0da92c4855b252722acd4bc94955aa0500bab125f519000000";
static uint8_t gzip_bytes[256];
static size_t gzip_len;

static void gzip_load(const char *hex, size_t zeros, const char *tail)
{
	gzip_len = 0;
	for (const char *at = hex; *at != '\0'; at += 2) sscanf(at, "%2hhx", &gzip_bytes[gzip_len++]);
	for (size_t i = 0; i < zeros; i++) gzip_bytes[gzip_len++] = 0;
	for (const char *at = tail; *at != '\0'; at += 2) sscanf(at, "%2hhx", &gzip_bytes[gzip_len++]);
}

static void serve_gzip(struct peer_conn *conn)
{
	if (conn_request(conn)) conn_answer(conn, "200 OK", "Content-Encoding: gzip\r\n", gzip_bytes, gzip_len);
}

static void test_compression_only_when_asked_and_limited(void **state)
{
	struct world *world = *state;
	gzip_load(gzip_small, 0, "");
	struct peer *peer = peer_start(serve_gzip, cert_server(&world->server, NULL, 0), false);
	struct seen seen = post_with(world, peer, "localhost", world->tls);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_int_equal(seen.body_len, gzip_len);
	assert_string_equal(seen.encoding, "gzip");
	struct outbound_request request = request_make(world, OUTBOUND_GET, peer_url(peer, "localhost", "/"));
	request.accept_compressed = true;
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	assert_string_equal(seen.body, "{\"resourceType\":\"Bundle\"}");
	gzip_load(gzip_bomb, 194, "80d7007b58e05c400d0300");
	request.url = peer_url(peer, "localhost", "/");
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TOO_BIG);
	assert_true(seen.body_len <= request.body_bytes_max);
	gzip_load("1f8b0800000000000203ffffffffffffffff", 0, "ffffffff");
	request.url = peer_url(peer, "localhost", "/");
	seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_PROTOCOL);
	peer_end(world, peer);
}

/* ---- redirects ---- */

static const char *redirect_status, *redirect_to;

static void serve_redirect(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		char header[256];
		snprintf(header, sizeof(header), "Location: %s\r\n", redirect_to);
		if (strstr(conn->text, " /there ") != NULL)
			conn_answer(conn, "200 OK", "", conn->text, strcspn(conn->text, " "));
		else
			conn_answer(conn, redirect_status, header, "", 0);
	}
}

static void test_redirects(void **state)
{
	struct world *world = *state;
	static const struct {
		enum outbound_method method;
		const char *status, *to;
		unsigned max;
		int end_status;
		const char *end_method;
		int posts;
	} rows[] = {
		{OUTBOUND_POST, "303 See Other", "/there", 0, 303, "", 1},
		{OUTBOUND_POST, "303 See Other", "/there#x", 1, 200, "GET", 1},
		{OUTBOUND_POST, "307 Temporary Redirect", "there", 1, 200, "POST", 2},
		{OUTBOUND_POST, "302 Found", "/there", 3, 302, "", 1},
		{OUTBOUND_GET, "302 Found", "/there", 3, 200, "GET", 0},
		{OUTBOUND_GET, "301 Moved", "//127.0.0.1:9/there", 3, 301, "", 0},
		{OUTBOUND_GET, "301 Moved", "http://localhost/there", 3, 301, "", 0},
		{OUTBOUND_GET, "301 Moved", "https://localhost:1/there", 3, 301, "", 0},
		{OUTBOUND_GET, "301 Moved", "file:///etc/passwd", 3, 301, "", 0},
		{OUTBOUND_GET, "301 Moved", "//user@localhost/there", 3, 301, "", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		redirect_status = rows[i].status;
		redirect_to = rows[i].to;
		struct peer *peer = peer_start(serve_redirect, cert_server(&world->server, NULL, 0), false);
		struct outbound_request request = request_make(world, rows[i].method, peer_url(peer, "localhost", "/"));
		if (rows[i].method == OUTBOUND_POST) request.body = claim_body;
		request.redirects_max = rows[i].max;
		struct seen seen = send_and_wait(world, &request);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_int_equal(seen.status, rows[i].end_status);
		assert_string_equal(seen.body, rows[i].end_method);
		assert_int_equal(seen.redirects, rows[i].end_status == 200);
		assert_int_equal(seen.hook_calls, 1 + (int)seen.redirects);
		assert_int_equal(atomic_load(&peer->posts), rows[i].posts);
		peer_end(world, peer);
	}
}

static void test_redirects_in_a_circle(void **state)
{
	struct world *world = *state;
	redirect_status = "302 Found";
	redirect_to = "/again";
	struct peer *peer = peer_start(serve_redirect, cert_server(&world->server, NULL, 0), false);
	struct outbound_request request = request_make(world, OUTBOUND_GET, peer_url(peer, "localhost", "/"));
	request.redirects_max = 3;
	struct seen seen = send_and_wait(world, &request);
	ASSERT_END(seen, OUTBOUND_UNKNOWN, OUTBOUND_FAULT_REDIRECT);
	assert_int_equal(atomic_load(&peer->requests), 4);
	peer_end(world, peer);
}

/* ---- certificates ---- */

static void serve_subject(struct peer_conn *conn)
{
	char name[256] = "nobody";
	X509 *cert = SSL_get1_peer_certificate(conn->ssl);
	if (cert != NULL) X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
	X509_free(cert);
	while (conn_request(conn)) conn_answer(conn, "200 OK", "", name, strlen(name));
}

static void test_wrong_certificates_are_not_sent_to(void **state)
{
	struct world *world = *state;
	struct peer_cert expired = cert_make("old", &world->ca, "DNS:localhost", -1, 20);
	struct peer_cert stranger = cert_make("stranger", &world->other_ca, "DNS:localhost", 30, 21);
	struct peer_cert elsewhere = cert_make("elsewhere", &world->ca, "DNS:elsewhere.test", 30, 22);
	const struct peer_cert *certs[] = {&expired, &stranger, &elsewhere};
	for (size_t i = 0; i < ARRAY_LEN(certs); i++) {
		struct peer *peer = peer_start(serve_subject, cert_server(certs[i], NULL, 0), false);
		struct seen seen = post_with(world, peer, "localhost", world->tls);
		ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_TLS);
		assert_false(seen.sent);
		assert_int_equal(seen.hook_calls, 0);
		assert_int_equal(atomic_load(&peer->requests), 0);
		peer_end(world, peer);
	}
	struct peer *peer = peer_start(serve_subject, cert_server(&world->server, NULL, TLS1_1_VERSION), false);
	struct seen seen = post_with(world, peer, "localhost", world->tls);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_TLS);
	peer_end(world, peer);
	cert_free(&expired);
	cert_free(&stranger);
	cert_free(&elsewhere);
}

static void test_pins(void **state)
{
	struct world *world = *state;
	char right[64], wrong[64];
	cert_pin(&world->server, right);
	cert_pin(&world->client, wrong);
	struct outbound_tls *good = world_tls(world, "ca", NULL, right), *bad = world_tls(world, "ca", NULL, wrong);
	struct peer *peer = peer_start(serve_subject, cert_server(&world->server, NULL, 0), false);
	struct seen seen = post_with(world, peer, "localhost", good);
	ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
	/* The good one's kept connection is not for the other. */
	seen = post_with(world, peer, "localhost", bad);
	ASSERT_END(seen, OUTBOUND_NOT_SENT, OUTBOUND_FAULT_PIN);
	assert_int_equal(atomic_load(&peer->requests), 1);
	outbound_tls_unref(good);
	outbound_tls_unref(bad);
	peer_end(world, peer);
}

static void test_client_certificates_do_not_share_connections(void **state)
{
	struct world *world = *state;
	struct outbound_tls *first = world_tls(world, "ca", "client", NULL),
			    *second = world_tls(world, "ca", "client2", NULL);
	struct peer *peer = peer_start(serve_subject, cert_server(&world->server, &world->ca, 0), false);
	for (int i = 0; i < 3; i++) {
		struct seen seen = post_with(world, peer, "localhost", first);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_string_equal(seen.body, "/CN=clearinghouse");
		seen = post_with(world, peer, "localhost", second);
		ASSERT_END(seen, OUTBOUND_ANSWERED, OUTBOUND_FAULT_NONE);
		assert_string_equal(seen.body, "/CN=somebody");
	}
	assert_int_equal(atomic_load(&peer->connections), 2);
	outbound_tls_unref(first);
	outbound_tls_unref(second);
	peer_end(world, peer);
}

static void test_a_client_certificate_that_is_turned_down(void **state)
{
	struct world *world = *state;
	struct peer_cert extra = cert_make("unknown", &world->other_ca, NULL, 30, 30);
	world_cert(world, &extra, "extra");
	struct outbound_tls *unknown = world_tls(world, "ca", "extra", NULL);
	struct outbound_tls *identities[] = {world->tls, unknown};
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		for (size_t i = 0; i < ARRAY_LEN(identities); i++) {
			SSL_CTX *tls = cert_server(&world->server, &world->ca, versions[v]);
			struct peer *peer = peer_start(serve_subject, tls, false);
			struct seen seen = post_with(world, peer, "localhost", identities[i]);
			/* TLS 1.2 has no word for a missing certificate. */
			bool vague = versions[v] == TLS1_2_VERSION && identities[i] == world->tls;
			ASSERT_END(seen, OUTBOUND_NOT_SENT, vague ? OUTBOUND_FAULT_TLS : OUTBOUND_FAULT_CLIENT_CERT);
			assert_int_equal(atomic_load(&peer->requests), 0);
			peer_end(world, peer);
		}
	}
	outbound_tls_unref(unknown);
	cert_free(&extra);
}

static void test_tls_files_are_checked(void **state)
{
	struct world *world = *state;
	char ca[128], cert[128], key[128], key2[128], other[128], empty[128];
	world_path(world, "ca", ca);
	world_path(world, "empty", empty);
	assert_int_equal(close(open(empty, O_CREAT | O_WRONLY | O_TRUNC, 0600)), 0);
	world_path(world, "client", cert);
	world_path(world, "client.key", key);
	world_path(world, "client2.key", key2);
	world_path(world, "nothing", other);
	static const char *const short_pin[] = {"sha256//AAAA"}, *const md5_pin[] = {"md5//AAAA"};
	const struct {
		struct outbound_tls_files files;
		int code;
	} rows[] = {
		{{0}, ERR_INVALID},
		{{.ca_file = other}, ERR_SYS},
		{{.ca_file = world->folder}, ERR_INVALID},
		{{.ca_file = key}, ERR_INVALID},
		{{.ca_file = empty}, ERR_INVALID}, /* the disk was full: not "no memory", for which a role ends */
		{{.ca_file = ca, .cert_file = cert, .key_file = empty}, ERR_INVALID},
		{{.ca_file = ca, .cert_file = cert}, ERR_INVALID},
		{{.ca_file = ca, .cert_file = cert, .key_file = key2}, ERR_INVALID},
		{{.ca_file = ca, .cert_file = cert, .key_file = cert}, ERR_DENIED},
		{{.ca_file = ca, .pins = short_pin, .pin_count = 1}, ERR_INVALID},
		{{.ca_file = ca, .pins = md5_pin, .pin_count = 1}, ERR_INVALID},
	};
	chmod(cert, 0644);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outbound_tls *tls = NULL;
		int rc = outbound_tls_load(&rows[i].files, &tls);
		if (rc != rows[i].code) fail_msg("row %zu: %d (%s)", i, rc, err_text());
		assert_null(tls);
	}
}

/* ---- refused before they begin ---- */

static void never(void *arg, const struct outbound_result *result)
{
	(void)arg;
	(void)result;
	fail_msg("a callback for a call that was refused");
}

static void test_invalid_requests(void **state)
{
	struct world *world = *state;
	static const char *const urls[] = {"", "https://", "http://localhost/", "ftp://localhost/",
		"file:///etc/passwd", "https://user@localhost/", "https://user:pw@localhost/", "https://localhost/#x",
		"https://local host/", "https://localhost/a b", "https://localhost/\r\nX: y",
		"https://localhost:99999/", "https://localhost./", "localhost"};
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct outbound_request request = request_make(world, OUTBOUND_GET, urls[i]);
		int rc = outbound_send(world->out, &request, never, NULL, NULL);
		if (rc != ERR_INVALID) fail_msg("\"%s\": %d", urls[i], rc);
	}
	static const struct outbound_header headers[] = {{"Host", "x"}, {"content-length", "1"}, {"Expect", ""},
		{"", "x"}, {"A b", "x"}, {"A:", "x"}, {"A", "x\r\nB: y"}, {"A", "x\n"},
		{"Transfer-Encoding", "chunked"}};
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		struct outbound_request request = request_make(world, OUTBOUND_GET, "https://localhost/");
		request.headers = &headers[i];
		request.header_count = 1;
		assert_int_equal(outbound_send(world->out, &request, never, NULL, NULL), ERR_INVALID);
	}
	struct outbound_request request = request_make(world, OUTBOUND_GET, "https://localhost/");
	request.body = claim_body;
	assert_int_equal(outbound_send(world->out, &request, never, NULL, NULL), ERR_INVALID);
	request.body.len = 0;
	request.tls = NULL;
	assert_int_equal(outbound_send(world->out, &request, never, NULL, NULL), ERR_INVALID);
	assert_int_equal(outbound_count(world->out), 0);
}

static void test_limits_and_memory(void **state)
{
	struct world *world = *state;
	world->limits.calls_max = 2;
	world_restart(world);
	struct outbound_request request = request_make(world, OUTBOUND_POST, "https://127.0.0.1:1/");
	request.body = claim_body;
	const struct outbound_header header = {"X-One", "1"};
	request.headers = &header;
	request.header_count = 1;
	struct seen seen[2] = {{0}};
	send_only(world, &request, &seen[0]);
	send_only(world, &request, &seen[1]);
	assert_int_equal(outbound_send(world->out, &request, never, NULL, NULL), ERR_LIMIT);
	WAIT_UNTIL(world, outbound_count(world->out) == 0);
	world->limits.calls_max = 100;
	world_restart(world);
	int refused = 0;
	for (long n = 0; n < 20; n++) {
		memset(&seen[0], 0, sizeof(seen[0]));
		mem_fail_after(n);
		int rc = outbound_send(world->out, &request, on_result, &seen[0], NULL);
		mem_fail_after(-1);
		assert_true(rc == 0 || rc == ERR_NOMEM);
		refused += rc == ERR_NOMEM;
		if (rc == 0) WAIT_UNTIL(world, seen[0].count == 1);
		if (rc == 0) assert_int_equal(seen[0].outcome, OUTBOUND_NOT_SENT);
	}
	assert_in_range(refused, 2, 19);
}

static void test_alerts_are_read_from_the_error_text(void **state)
{
	(void)state;
	const char *text = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0";
	assert_int_equal(outbound_alert_parse(text), 116);
	assert_int_equal(outbound_alert_parse("error:0A000086:SSL routines::certificate verify failed"), -1);
	assert_int_equal(outbound_alert_parse("error:0B00045C:x"), -1);
	assert_int_equal(outbound_alert_parse("error:0A00045"), -1);
	assert_int_equal(outbound_alert_parse("error:"), -1);
	assert_int_equal(outbound_alert_parse(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_answers_are_unknown),
		cmocka_unit_test(test_endless_answers_end_at_the_limit),
		cmocka_unit_test(test_compression_only_when_asked_and_limited),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_redirects_in_a_circle),
		cmocka_unit_test(test_wrong_certificates_are_not_sent_to),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_client_certificates_do_not_share_connections),
		cmocka_unit_test(test_a_client_certificate_that_is_turned_down),
		cmocka_unit_test(test_tls_files_are_checked),
		cmocka_unit_test(test_invalid_requests),
		cmocka_unit_test(test_limits_and_memory),
		cmocka_unit_test(test_alerts_are_read_from_the_error_text),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
