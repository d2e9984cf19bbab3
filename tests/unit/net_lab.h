/* A laboratory for the inbound server: certificates made on the spot, a real server on a thread of its own, and clients
 * on real sockets. The test steers the server by commands over a socket pair and never sleeps. */
#ifndef TESTS_UNIT_NET_LAB_H
#define TESTS_UNIT_NET_LAB_H

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/http_health.h"
#include "net/http_server.h"

#define LAB_WAIT_MS 10000
#define LAB_HELD_MAX 64

/* ---- certificates ---- */

struct lab_issuer {
	X509 *cert;
	EVP_PKEY *key;
};

static char lab_dir[] = "/tmp/zf-net-lab-XXXXXX";

static const char *lab_path(const char *name)
{
	static char paths[16][256];
	static unsigned next;
	char *path = paths[next++ % 16];
	(void)snprintf(path, 256, "%s/%s", lab_dir, name);
	return path;
}

static void lab_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* Makes NAME.pem and NAME.key, signed by issuer or by itself; valid from..to seconds from now. */
static struct lab_issuer lab_cert(
	const char *name, const char *san, const struct lab_issuer *issuer, long from, long to)
{
	static long serial = 100;
	char file[64];
	struct lab_issuer made = {X509_new(), EVP_EC_gen("P-256")};
	X509 *signer = issuer == NULL ? made.cert : issuer->cert;
	assert_true(made.cert != NULL && made.key != NULL);
	X509_set_version(made.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(made.cert), from);
	X509_gmtime_adj(X509_getm_notAfter(made.cert), to);
	X509_set_pubkey(made.cert, made.key);
	X509_NAME *subject = X509_get_subject_name(made.cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(made.cert, X509_get_subject_name(signer));
	lab_extension(made.cert, signer, NID_basic_constraints, issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (san != NULL) lab_extension(made.cert, signer, NID_subject_alt_name, san);
	assert_true(X509_sign(made.cert, issuer == NULL ? made.key : issuer->key, EVP_sha256()) > 0);
	(void)snprintf(file, sizeof(file), "%s.pem", name);
	FILE *out = fopen(lab_path(file), "w");
	assert_non_null(out);
	assert_int_equal(PEM_write_X509(out, made.cert), 1);
	(void)fclose(out);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	out = fopen(lab_path(file), "w");
	assert_non_null(out);
	assert_int_equal(PEM_write_PrivateKey(out, made.key, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(out);
	return made;
}

static void lab_issuer_free(struct lab_issuer *issuer)
{
	X509_free(issuer->cert);
	EVP_PKEY_free(issuer->key);
}

/* ca, server, server2, expired, client; and foreign: a client certificate of another CA. */
static void lab_certs(void)
{
	static const char *const leaves[] = {"server", "server2", "client"};
	assert_non_null(mkdtemp(lab_dir));
	struct lab_issuer ca = lab_cert("ca", NULL, NULL, -3600, 864000);
	struct lab_issuer other = lab_cert("other-ca", NULL, NULL, -3600, 864000);
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
		struct lab_issuer leaf =
			lab_cert(leaves[i], "DNS:localhost,DNS:hospital.example,IP:127.0.0.1", &ca, -3600, 864000);
		lab_issuer_free(&leaf);
	}
	struct lab_issuer expired = lab_cert("expired", "DNS:localhost", &ca, -7200, -3600);
	struct lab_issuer foreign = lab_cert("foreign", NULL, &other, -3600, 864000);
	lab_issuer_free(&expired);
	lab_issuer_free(&foreign);
	lab_issuer_free(&ca);
	lab_issuer_free(&other);
}

static void lab_certs_remove(void)
{
	static const char *const names[] = {"ca", "other-ca", "server", "server2", "client", "expired", "foreign"};
	char file[64];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(file, sizeof(file), "%s.pem", names[i]);
		(void)unlink(lab_path(file));
		(void)snprintf(file, sizeof(file), "%s.key", names[i]);
		(void)unlink(lab_path(file));
	}
	(void)rmdir(lab_dir);
}

/* Before and after all tests of a program. */
static int lab_setup(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	lab_certs();
	return 0;
}

static int lab_teardown(void **state)
{
	(void)state;
	lab_certs_remove();
	return 0;
}

static SSL_CTX *lab_server_tls(const char *name)
{
	char cert[64], key[64];
	SSL_CTX *ctx = NULL;
	(void)snprintf(cert, sizeof(cert), "%s.pem", name);
	(void)snprintf(key, sizeof(key), "%s.key", name);
	struct tls_server_conf conf = {
		.cert_file = lab_path(cert), .key_file = lab_path(key), .client_ca_file = lab_path("ca.pem")};
	if (tls_server_new(&conf, &ctx) != 0) fail_msg("%s", err_text());
	return ctx;
}

/* ---- the server ---- */

struct lab {
	struct event_base *base;
	struct http_router *router;
	struct http_server *server;
	struct metrics *metrics;
	struct http_health health;
	SSL_CTX *tls;
	int listener, port;
	int command[2]; /* [0] the test's end, [1] the loop's */
	struct event *on_command;
	pthread_t thread;
	struct http_request *held[LAB_HELD_MAX];
	size_t held_count;
	/* Written by the loop; the test looks at them between commands, which order the memory. */
	unsigned handled, cancelled, dropped;
	/* of the one stream at a time */
	struct http_request *stream; /* NULL: none has its body coming */
	size_t streamed, pauses;
	bool drained;
	struct http_stats stats;
};

static const struct http_field lab_text[] = {{"Content-Type", "text/plain"}};

static void lab_echo(struct http_request *req, void *ctx)
{
	struct lab *lab = ctx;
	lab->handled++;
	http_respond(req, 200, lab_text, 1, req->body);
}

static void lab_who(struct http_request *req, void *ctx)
{
	struct lab *lab = ctx;
	lab->handled++;
	char *text = arena_printf(&req->arena, "%s %s", req->match.param_count > 0 ? req->match.params[0] : "-",
		req->tls_peer == NULL ? "nobody" : req->tls_peer->names[0]);
	http_respond(req, 200, lab_text, 1, (struct bytes){(const uint8_t *)text, strlen(text)});
}

static void lab_big(struct http_request *req, void *ctx)
{
	static const uint8_t zeros[32u << 20];
	struct lab *lab = ctx;
	lab->handled++;
	http_respond(req, 200, lab_text, 1, (struct bytes){zeros, sizeof(zeros)});
}

static void lab_inject(struct http_request *req, void *ctx)
{
	static const struct http_field fields[] = {{"Location", "/a\r\nSet-Cookie: b"}};
	(void)ctx;
	http_respond(req, 201, fields, 1, (struct bytes){0});
}

static void lab_on_cancel(struct http_request *req)
{
	struct lab *lab = req->user;
	assert(req->is_cancelled);
	lab->cancelled++;
}

static void lab_hold(struct http_request *req, void *ctx)
{
	struct lab *lab = ctx;
	lab->handled++;
	req->user = lab;
	req->on_cancel = lab_on_cancel;
	assert(lab->held_count < LAB_HELD_MAX);
	lab->held[lab->held_count++] = req;
}

/* A sink that is tired after each piece and goes on when the loop has turned. */
static void lab_stream_rested(evutil_socket_t fd, short what, void *ctx)
{
	struct lab *lab = ctx;
	(void)fd, (void)what;
	if (lab->stream != NULL) http_body_go_on(lab->stream);
}

static int lab_stream_begin(struct http_request *req, void *ctx, const char **ret_text)
{
	struct lab *lab = ctx;
	*ret_text = "this stream is not wanted";
	if (http_head_get(&req->head, "x-unwanted") != NULL) return 403;
	req->user = lab;
	lab->stream = req;
	lab->streamed = 0;
	return 0;
}

static int lab_stream_take(struct http_request *req, struct bytes piece)
{
	struct lab *lab = req->user;
	static const struct timeval soon = {0, 1000};
	assert(piece.len > 0);
	for (size_t i = 0; i < piece.len; i++) assert(piece.ptr[i] == (uint8_t)('a' + (lab->streamed + i) % 26));
	lab->streamed += piece.len;
	lab->pauses++;
	return event_base_once(lab->base, -1, EV_TIMEOUT, lab_stream_rested, lab, &soon) == 0 ? ERR_AGAIN : ERR_NOMEM;
}

static void lab_stream_drop(struct http_request *req)
{
	struct lab *lab = req->user;
	assert(lab->stream == req);
	lab->stream = NULL;
	lab->dropped++;
}

static const struct http_sink lab_sink = {lab_stream_begin, lab_stream_take, lab_stream_drop};

static void lab_streamed(struct http_request *req, void *ctx)
{
	struct lab *lab = ctx;
	assert(req->body.len == 0 && lab->stream == req);
	lab->stream = NULL;
	lab->handled++;
	char *text = arena_printf(&req->arena, "%zu", lab->streamed);
	http_respond(req, 200, lab_text, 1, (struct bytes){(const uint8_t *)text, strlen(text)});
}

static int lab_authenticate(struct http_request *req, void *ctx, const char **ret_text)
{
	const char *authorization = http_head_get(&req->head, "authorization");
	(void)ctx;
	if (req->tls_peer != NULL || (authorization != NULL && strcmp(authorization, "Bearer good") == 0)) {
		req->principal = req;
		return 0;
	}
	if (authorization != NULL && strcmp(authorization, "Bearer weak") == 0) {
		*ret_text = "this client may not do that";
		return 403;
	}
	req->auth_error = authorization == NULL ? NULL : "invalid_token";
	return 401;
}

static const struct http_route lab_routes[] = {
	{.method = HTTP_GET, .path = "/open", .flags = HTTP_ROUTE_PUBLIC, .handle = lab_who, .name = "open"},
	{.method = HTTP_GET, .path = "/who/{name}", .accepts = "text/plain", .handle = lab_who, .name = "who"},
	{.method = HTTP_POST, .path = "/echo", .body_bytes_max = 1 << 20, .handle = lab_echo, .name = "echo"},
	{.method = HTTP_POST,
		.path = "/small",
		.flags = HTTP_ROUTE_BODY,
		.body_bytes_max = 16,
		.content_types = "text/plain",
		.handle = lab_echo,
		.name = "small"},
	{.method = HTTP_GET, .path = "/hold", .handle = lab_hold, .name = "hold"},
	{.method = HTTP_POST, .path = "/hold", .body_bytes_max = 1 << 20, .handle = lab_hold, .name = "hold_body"},
	{.method = HTTP_GET, .path = "/big", .handle = lab_big, .name = "big"},
	{.method = HTTP_POST,
		.path = "/stream",
		.flags = HTTP_ROUTE_BODY | HTTP_ROUTE_STREAM,
		.body_bytes_max = SIZE_MAX,
		.handle = lab_streamed,
		.name = "stream"},
	{.method = HTTP_GET, .path = "/inject", .handle = lab_inject, .name = "inject"},
};

static void lab_drained(void *ctx)
{
	struct lab *lab = ctx;
	lab->drained = true;
}

static void lab_on_command(evutil_socket_t fd, short what, void *ctx)
{
	struct lab *lab = ctx;
	char command;
	(void)what;
	ssize_t n = read(fd, &command, 1);
	assert(n == 1);
	if (command == 'r') { /* release: answer what is held */
		for (size_t i = 0; i < lab->held_count; i++)
			http_respond(lab->held[i], 200, lab_text, 1, (struct bytes){(const uint8_t *)"held", 4});
		lab->held_count = 0;
	} else if (command == 'd') {
		http_server_drain(lab->server, 5000, lab_drained, lab);
	} else if (command == 'D') {
		http_server_drain(lab->server, 50, lab_drained, lab);
	} else if (command == 't') {
		http_server_reload(lab->server, NULL, lab->tls);
	} else if (command == 'q') {
		(void)event_base_loopbreak(lab->base);
	}
	http_server_stats(lab->server, &lab->stats);
	n = write(fd, &command, 1);
	assert(n == 1);
}

/* Runs a command in the loop and waits until it has run. */
static void lab_do(struct lab *lab, char command)
{
	char answer;
	assert_int_equal(write(lab->command[0], &command, 1), 1);
	assert_int_equal(read(lab->command[0], &answer, 1), 1);
}

/* Asks the loop again and again until the condition holds. */
#define LAB_UNTIL(lab, condition)                                                                                      \
	do {                                                                                                           \
		int64_t until_ms = clock_mono_ms() + LAB_WAIT_MS;                                                      \
		for (lab_do(lab, 's'); !(condition); lab_do(lab, 's'))                                                 \
			if (clock_mono_ms() > until_ms) fail_msg("waited in vain: %s", #condition);                    \
	} while (0)

static void *lab_run(void *ctx)
{
	struct lab *lab = ctx;
	(void)event_base_dispatch(lab->base);
	return NULL;
}

static void lab_prepare(struct lab *lab, const struct http_limits *limits, bool tls)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	memset(lab, 0, sizeof(*lab));
	lab->base = event_base_new();
	assert_non_null(lab->base);
	lab->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(lab->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(lab->listener, 1024), 0);
	assert_int_equal(getsockname(lab->listener, (struct sockaddr *)&address, &len), 0);
	lab->port = ntohs(address.sin_port);
	assert_int_equal(metrics_new(&lab->metrics), 0);
	assert_int_equal(http_router_new(&lab->router), 0);
	assert_int_equal(http_router_add(lab->router, lab_routes, ARRAY_LEN(lab_routes), lab), 0);
	lab->health.metrics = lab->metrics;
	assert_int_equal(http_health_add(lab->router, &lab->health), 0);
	if (tls) lab->tls = lab_server_tls("server");
	struct http_server_conf conf = {.name = "lab",
		.base = lab->base,
		.router = lab->router,
		.tls = lab->tls,
		.limits = *limits,
		.authenticate = lab_authenticate,
		.sink = &lab_sink,
		.ctx = lab,
		.metrics = lab->metrics};
	assert_int_equal(http_server_new(&conf, &lab->server), 0);
	assert_int_equal(http_server_listen(lab->server, lab->listener), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, lab->command), 0);
	lab->on_command = event_new(lab->base, lab->command[1], EV_READ | EV_PERSIST, lab_on_command, lab);
	assert_int_equal(event_add(lab->on_command, NULL), 0);
}

static void lab_start(struct lab *lab, const struct http_limits *limits, bool tls)
{
	struct http_limits defaults;
	http_limits_default(&defaults);
	lab_prepare(lab, limits == NULL ? &defaults : limits, tls);
	assert_int_equal(pthread_create(&lab->thread, NULL, lab_run, lab), 0);
}

static void lab_free(struct lab *lab)
{
	http_server_free(lab->server);
	/* libevent frees a stream from the loop, once the callbacks that were queued for it have been dropped. */
	(void)event_base_loop(lab->base, EVLOOP_NONBLOCK);
	http_router_free(lab->router);
	metrics_free(lab->metrics);
	SSL_CTX_free(lab->tls);
	event_free(lab->on_command);
	event_base_free(lab->base);
	(void)close(lab->listener);
	(void)close(lab->command[0]);
	(void)close(lab->command[1]);
}

static void lab_stop(struct lab *lab)
{
	lab_do(lab, 'q');
	assert_int_equal(pthread_join(lab->thread, NULL), 0);
	lab_free(lab);
}

/* ---- a client ---- */

struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	char in[1 << 16];
	size_t in_len;
	/* of the last answer */
	int status;
	char head[8192];
	char body[1 << 16];
	size_t body_len;
};

static struct client *client_open(const struct lab *lab)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = LAB_WAIT_MS / 1000};
	struct client *client = calloc(1, sizeof(*client));
	assert_non_null(client);
	address.sin_port = htons((uint16_t)lab->port);
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
	return client;
}

static SSL_CTX *client_tls(const char *cert_name)
{
	char cert[64], key[64];
	SSL_CTX *ctx = NULL;
	struct tls_client_conf conf = {.ca_file = lab_path("ca.pem")};
	if (cert_name != NULL) {
		(void)snprintf(cert, sizeof(cert), "%s.pem", cert_name);
		(void)snprintf(key, sizeof(key), "%s.key", cert_name);
		conf.cert_file = lab_path(cert);
		conf.key_file = lab_path(key);
	}
	if (tls_client_new(&conf, &ctx) != 0) fail_msg("%s", err_text());
	return ctx;
}

/* Takes ctx. Returns false when the handshake fails at once. */
static bool client_handshake(struct client *client, SSL_CTX *ctx)
{
	client->ctx = ctx;
	client->ssl = SSL_new(ctx);
	assert_non_null(client->ssl);
	assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
	assert_int_equal(SSL_set1_host(client->ssl, "localhost"), 1);
	bool ok = SSL_connect(client->ssl) == 1;
	ERR_clear_error();
	return ok;
}

static inline struct client *client_connect(const struct lab *lab)
{
	struct client *client = client_open(lab);
	if (lab->tls != NULL) assert_true(client_handshake(client, client_tls(NULL)));
	return client;
}

static void client_close(struct client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	if (client->fd >= 0) (void)close(client->fd);
	free(client);
}

/* Writes all; less only when the stream is broken. */
static ssize_t client_write(struct client *client, const char *data, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = client->ssl == NULL ? send(client->fd, data + done, len - done, MSG_NOSIGNAL)
						: SSL_write(client->ssl, data + done, (int)(len - done));
		ERR_clear_error();
		if (n <= 0) break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static void client_send(struct client *client, const char *text)
{
	assert_int_equal(client_write(client, text, strlen(text)), (ssize_t)strlen(text));
}

/* More bytes into `in`: 0 at the end of the stream or on a reset. */
static size_t client_fill(struct client *client)
{
	size_t room = sizeof(client->in) - client->in_len;
	assert_true(room > 0);
	ssize_t n = client->ssl == NULL ? recv(client->fd, client->in + client->in_len, room, 0)
					: SSL_read(client->ssl, client->in + client->in_len, (int)room);
	ERR_clear_error();
	if (n <= 0) return 0;
	client->in_len += (size_t)n;
	return (size_t)n;
}

static void client_take(struct client *client, size_t len)
{
	memmove(client->in, client->in + len, client->in_len - len);
	client->in_len -= len;
}

/* Reads one answer; 0 when the stream ends first, else its status. */
static int client_read(struct client *client, bool is_head)
{
	char *end;
	while ((end = memmem(client->in, client->in_len, "\r\n\r\n", 4)) == NULL)
		if (client_fill(client) == 0) return 0;
	size_t head_len = (size_t)(end + 4 - client->in);
	assert_true(head_len < sizeof(client->head));
	memcpy(client->head, client->in, head_len);
	client->head[head_len] = '\0';
	client_take(client, head_len);
	assert_int_equal(sscanf(client->head, "HTTP/1.1 %d ", &client->status), 1);
	const char *length = strstr(client->head, "Content-Length: ");
	client->body_len = length == NULL || is_head ? 0 : strtoul(length + 16, NULL, 10);
	assert_true(client->body_len < sizeof(client->body));
	while (client->in_len < client->body_len)
		if (client_fill(client) == 0) return 0;
	memcpy(client->body, client->in, client->body_len);
	client->body[client->body_len] = '\0';
	client_take(client, client->body_len);
	return client->status;
}

static int client_ask(struct client *client, const char *request)
{
	client_send(client, request);
	return client_read(client, strncmp(request, "HEAD", 4) == 0);
}

/* True when the server has ended the stream without another byte. */
static inline bool client_ended(struct client *client)
{
	return client->in_len == 0 && client_fill(client) == 0;
}

#define GOOD "Host: localhost\r\nAuthorization: Bearer good\r\n"

#endif
