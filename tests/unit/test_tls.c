/* TLS contexts: each broken file gets an error that names it, pins hold, and a peer's certificate is read right. */
#include "net_lab.h"

#include <signal.h>

static int server_rc(const char *cert, const char *key, const char *ca)
{
	SSL_CTX *ctx = NULL;
	struct tls_server_conf conf = {.cert_file = lab_path(cert), .key_file = lab_path(key)};
	conf.client_ca_file = ca == NULL ? NULL : lab_path(ca);
	int rc = tls_server_new(&conf, &ctx);
	assert_true((rc == 0) == (ctx != NULL));
	SSL_CTX_free(ctx);
	return rc;
}

static void file_write(const char *name, const char *text)
{
	FILE *file = fopen(lab_path(name), "w");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

static void expect_text(const char *part)
{
	if (strstr(err_text(), part) == NULL) fail_msg("said \"%s\", not \"%s\"", err_text(), part);
}

static void weak_key_make(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(1024);
	X509 *cert = X509_new();
	assert_true(pkey != NULL && cert != NULL);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, pkey);
	assert_true(X509_sign(cert, pkey, EVP_sha256()) > 0);
	FILE *out = fopen(lab_path("weak.pem"), "w");
	assert_int_equal(PEM_write_X509(out, cert), 1);
	(void)fclose(out);
	out = fopen(lab_path("weak.key"), "w");
	assert_int_equal(PEM_write_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(out);
	out = fopen(lab_path("locked.key"), "w");
	assert_int_equal(
		PEM_write_PrivateKey(out, pkey, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL, NULL), 1);
	(void)fclose(out);
	X509_free(cert);
	EVP_PKEY_free(pkey);
}

static void test_errors(void **state)
{
	(void)state;
	file_write("empty.pem", "");
	file_write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	weak_key_make();
	assert_int_equal(server_rc("server.pem", "server.key", "ca.pem"), 0);
	assert_int_equal(server_rc("missing.pem", "server.key", NULL), ERR_SYS);
	expect_text("could not open certificate \"");
	expect_text("missing.pem\": No such file");
	assert_int_equal(server_rc("server.pem", "missing.key", NULL), ERR_SYS);
	expect_text("missing.key");
	assert_int_equal(server_rc("empty.pem", "server.key", NULL), ERR_INVALID);
	expect_text("no certificate in \"");
	assert_int_equal(server_rc("broken.pem", "server.key", NULL), ERR_INVALID);
	expect_text("broken.pem");
	assert_int_equal(server_rc("server.pem", "server.pem", NULL), ERR_INVALID);
	expect_text("no unencrypted key in \"");
	assert_int_equal(server_rc("server.pem", "locked.key", NULL), ERR_INVALID);
	expect_text("no unencrypted key in \"");
	assert_int_equal(server_rc("server.pem", "client.key", NULL), ERR_INVALID);
	expect_text("does not belong to certificate");
	assert_int_equal(server_rc("weak.pem", "weak.key", NULL), ERR_INVALID);
	expect_text("has 1024 bits, 2048 are needed");
	assert_int_equal(server_rc("expired.pem", "expired.key", NULL), ERR_INVALID);
	expect_text("has expired");
	assert_int_equal(server_rc("server.pem", "server.key", "missing.pem"), ERR_SYS);
	assert_int_equal(server_rc("server.pem", "server.key", "empty.pem"), ERR_INVALID);
	expect_text("empty.pem");
	SSL_CTX *ctx = NULL;
	struct tls_server_conf conf = {
		.cert_file = lab_path("expired.pem"), .key_file = lab_path("expired.key"), .expired_allowed = true};
	assert_int_equal(tls_server_new(&conf, &ctx), 0);
	SSL_CTX_free(ctx);
	static const char *const made[] = {"empty.pem", "broken.pem", "weak.pem", "weak.key", "locked.key"};
	for (size_t i = 0; i < ARRAY_LEN(made); i++) assert_int_equal(unlink(lab_path(made[i])), 0);
}

static void pin_of_file(const char *name, uint8_t pin[TLS_PIN_BYTES])
{
	FILE *file = fopen(lab_path(name), "r");
	assert_non_null(file);
	X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	assert_int_equal(tls_pin_of(cert, pin), 0);
	X509_free(cert);
}

static void test_pins(void **state)
{
	static struct lab lab;
	(void)state;
	lab_start(&lab, NULL, true);
	for (int good = 0; good < 2; good++) {
		SSL_CTX *ctx = NULL;
		struct tls_client_conf conf = {.ca_file = lab_path("ca.pem"), .pin_count = 2};
		pin_of_file("ca.pem", conf.pins[0]);
		pin_of_file(good ? "server.pem" : "server2.pem", conf.pins[1]);
		assert_int_equal(tls_client_new(&conf, &ctx), 0);
		struct client *client = client_open(&lab);
		assert_int_equal(client_handshake(client, ctx), good);
		if (!good) assert_int_equal(SSL_get_verify_result(client->ssl), X509_V_ERR_CERT_REJECTED);
		client_close(client);
	}
	/* Another CA, or another name: no pin is needed to refuse. */
	SSL_CTX *ctx = NULL;
	struct tls_client_conf conf = {.ca_file = lab_path("other-ca.pem")};
	assert_int_equal(tls_client_new(&conf, &ctx), 0);
	struct client *client = client_open(&lab);
	assert_false(client_handshake(client, ctx));
	client_close(client);
	lab_stop(&lab);
}

static void test_pin_texts(void **state)
{
	uint8_t pin[TLS_PIN_BYTES], expected[TLS_PIN_BYTES] = {0};
	(void)state;
	expected[31] = 0x0f;
	assert_int_equal(tls_pin_parse("sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8=", pin), 0);
	assert_memory_equal(pin, expected, sizeof(pin));
	assert_int_equal(tls_pin_parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8=", pin), 0);
	assert_memory_equal(pin, expected, sizeof(pin));
	assert_int_equal(tls_pin_parse("000000000000000000000000000000000000000000000000000000000000000F", pin), 0);
	assert_memory_equal(pin, expected, sizeof(pin));
	assert_int_equal(tls_pin_parse("sha256/AAAA", pin), ERR_INVALID);
	assert_int_equal(tls_pin_parse("", pin), ERR_INVALID);
	assert_int_equal(
		tls_pin_parse("g00000000000000000000000000000000000000000000000000000000000000F", pin), ERR_INVALID);
}

/* What the server learns about its client, without sockets: two ends joined in memory. */
static void test_peer(void **state)
{
	struct tls_peer peer;
	BIO *a = NULL, *b = NULL;
	(void)state;
	SSL_CTX *server_ctx = lab_server_tls("server"), *client_ctx = client_tls("client");
	SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
	assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	assert_int_equal(tls_peer_get(server, &peer), ERR_NOTFOUND);
	for (int i = 0; i < 10; i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	assert_true(SSL_is_init_finished(server) && SSL_is_init_finished(client));
	assert_int_equal(tls_peer_get(server, &peer), 0);
	assert_string_equal(peer.subject, "CN=client");
	assert_int_equal(peer.name_count, 2);
	assert_string_equal(peer.names[1], "DNS:hospital.example");
	assert_int_equal(strlen(peer.fingerprint_hex), 64);
	assert_true(peer.not_after_ms > clock_wall_ms());
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
}

/* A session of one worker resumes at another that has the same ticket key, and nowhere else. */
static void test_tickets(void **state)
{
	static struct lab lab;
	uint8_t key[TLS_TICKET_KEY_BYTES];
	(void)state;
	memset(key, 5, sizeof(key));
	SSL_SESSION *session = NULL;
	for (int round = 0; round < 3; round++) {
		if (round == 2) memset(key, 6, sizeof(key));
		SSL_CTX *tls = NULL;
		struct tls_server_conf conf = {
			.cert_file = lab_path("server.pem"), .key_file = lab_path("server.key"), .ticket_key = key};
		assert_int_equal(tls_server_new(&conf, &tls), 0);
		lab_start(&lab, NULL, true);
		SSL_CTX_free(lab.tls);
		lab.tls = tls;
		lab_do(&lab, 't');
		struct client *client = client_open(&lab);
		client->ctx = client_tls(NULL);
		client->ssl = SSL_new(client->ctx);
		assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
		if (session != NULL) assert_int_equal(SSL_set_session(client->ssl, session), 1);
		assert_int_equal(SSL_connect(client->ssl), 1);
		assert_int_equal(client_ask(client, "GET /open HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
		assert_int_equal(SSL_session_reused(client->ssl), round == 1);
		SSL_SESSION_free(session);
		session = SSL_get1_session(client->ssl);
		(void)SSL_shutdown(client->ssl); /* without a goodbye OpenSSL takes the session for compromised */
		client_close(client);
		lab_stop(&lab);
	}
	SSL_SESSION_free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_pin_texts),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_tickets),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
