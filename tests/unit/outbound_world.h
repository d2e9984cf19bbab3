/* The client's side of the outbound tests: a loop, a place for certificates, and what a call ended with. */
#ifndef UNIT_OUTBOUND_WORLD_H
#define UNIT_OUTBOUND_WORLD_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/dns.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/outbound.h"
#include "net/outbound_tls.h"
#include "outbound_peer.h"

/* No test waits longer than this for anything. */
#define GUARD_MS 20000

struct world {
	struct event_base *base;
	struct evdns_base *evdns; /* NULL unless a test makes one */
	struct outbound *out;
	struct outbound_limits limits;
	char folder[64];
	struct peer_cert ca, server, client, client2, other_ca;
	int fds;                  /* open before anything was done */
	struct outbound_tls *tls; /* trusts ca, no client certificate */
};

/* What a call ended with, copied. */
struct seen {
	struct world *world;
	int count; /* of callbacks */
	enum outbound_outcome outcome;
	enum outbound_fault fault;
	bool sent, reused;
	int status;
	unsigned redirects;
	size_t body_len;
	char body[512]; /* its beginning */
	char location[256], encoding[64];
	char text[256];
	int64_t ended_ms;
	int hook_calls, hook_says;
	int body_calls, body_until; /* before_body agrees so often; 0: always */
	int64_t window_us;
	bool late;
	bool inside_send;
};

static inline void seen_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
}

static inline void on_result(void *arg, const struct outbound_result *result)
{
	struct seen *seen = arg;
	assert_false(seen->inside_send);
	seen->count++;
	seen->outcome = result->outcome;
	seen->fault = result->fault;
	seen->sent = result->sent;
	seen->reused = result->reused;
	seen->status = result->status;
	seen->redirects = result->redirects;
	seen->body_len = result->body.len;
	assert_int_equal(result->body.ptr[result->body.len], 0);
	seen_copy(seen->body, sizeof(seen->body), (const char *)result->body.ptr);
	seen_copy(seen->location, sizeof(seen->location), outbound_result_header(result, "location"));
	seen_copy(seen->encoding, sizeof(seen->encoding), outbound_result_header(result, "CONTENT-ENCODING"));
	seen_copy(seen->text, sizeof(seen->text), result->text);
	assert_int_equal(result->text[0] == '\0', result->outcome == OUTBOUND_ANSWERED);
	seen->window_us = result->window_us;
	seen->late = result->late;
	seen->ended_ms = clock_mono_ms();
}

static inline int on_first_byte(void *arg)
{
	struct seen *seen = arg;
	seen->hook_calls++;
	return seen->hook_says;
}

static inline int on_body(void *arg)
{
	struct seen *seen = arg;
	seen->body_calls++;
	return seen->body_until == 0 || seen->body_calls <= seen->body_until ? 0 : -1;
}

static inline void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* One turn of the loop, of at most 2 ms when nothing happens: conditions may also come true in a peer's thread. */
static inline void world_turn(struct world *world)
{
	event_base_once(world->base, -1, EV_TIMEOUT, on_tick, NULL, &(struct timeval){0, 2000});
	event_base_loop(world->base, EVLOOP_ONCE);
}

/* Turns the loop until the condition holds. */
#define WAIT_UNTIL(world, condition)                                                                                   \
	do {                                                                                                           \
		int64_t guard_ms = clock_mono_ms() + GUARD_MS;                                                         \
		while (!(condition)) {                                                                                 \
			world_turn(world);                                                                             \
			if (clock_mono_ms() > guard_ms) fail_msg("waited too long for " #condition);                   \
		}                                                                                                      \
	} while (0)

static inline void world_path(const struct world *world, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", world->folder, name);
}

/* An identity from files of the world's folder; cert NULL: none; pin NULL: none. */
static inline struct outbound_tls *world_tls(struct world *world, const char *ca, const char *cert, const char *pin)
{
	char ca_path[128], cert_path[128], key_path[128], key[64];
	world_path(world, ca, ca_path);
	struct outbound_tls_files files = {.ca_file = ca_path};
	if (cert != NULL) {
		world_path(world, cert, cert_path);
		snprintf(key, sizeof(key), "%s.key", cert);
		world_path(world, key, key_path);
		files.cert_file = cert_path;
		files.key_file = key_path;
	}
	if (pin != NULL) {
		files.pins = &pin;
		files.pin_count = 1;
	}
	struct outbound_tls *tls = NULL;
	int rc = outbound_tls_load(&files, &tls);
	if (rc != 0) fail_msg("%s", err_text());
	return tls;
}

static inline void world_cert(struct world *world, const struct peer_cert *cert, const char *name)
{
	char path[128], key_path[160];
	world_path(world, name, path);
	snprintf(key_path, sizeof(key_path), "%s.key", path);
	cert_write(cert, path, key_path);
}

static inline void world_restart(struct world *world)
{
	outbound_free(world->out);
	int rc = outbound_new(world->base, world->evdns, &world->limits, &world->out);
	if (rc != 0) fail_msg("%s", err_text());
}

/* Descriptors that are open in this process. */
static inline int fd_count(void)
{
	int count = 0;
	for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static inline int world_setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	struct world *world = calloc(1, sizeof(*world));
	world->fds = fd_count();
	world->base = event_base_new();
	world->limits = outbound_limits_default();
	world->limits.hosts_file = "";
	strcpy(world->folder, "/tmp/outboundXXXXXX");
	if (mkdtemp(world->folder) == NULL) return -1;
	world->ca = cert_make("Test Root", NULL, NULL, 30, 1);
	world->other_ca = cert_make("Another Root", NULL, NULL, 30, 2);
	world->server = cert_make("server", &world->ca, "DNS:localhost,DNS:insurer.test,IP:127.0.0.1", 30, 3);
	world->client = cert_make("clearinghouse", &world->ca, NULL, 30, 4);
	world->client2 = cert_make("somebody", &world->ca, NULL, 30, 5);
	world_cert(world, &world->ca, "ca");
	world_cert(world, &world->other_ca, "other");
	world_cert(world, &world->client, "client");
	world_cert(world, &world->client2, "client2");
	world->tls = world_tls(world, "ca", NULL, NULL);
	world_restart(world);
	*state = world;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;
	outbound_free(world->out);
	if (world->evdns != NULL) evdns_base_free(world->evdns, 1);
	/* Cancelled look-ups come back through the loop. */
	event_base_loop(world->base, EVLOOP_NONBLOCK);
	event_base_free(world->base);
	outbound_tls_unref(world->tls);
	struct peer_cert *certs[] = {&world->ca, &world->other_ca, &world->server, &world->client, &world->client2};
	for (size_t i = 0; i < ARRAY_LEN(certs); i++) cert_free(certs[i]);
	static const char *const names[] = {"ca", "other", "client", "client2", "extra", "hosts"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128], key_path[160];
		world_path(world, names[i], path);
		snprintf(key_path, sizeof(key_path), "%s.key", path);
		unlink(path);
		unlink(key_path);
	}
	rmdir(world->folder);
	if (fd_count() != world->fds) return -1; /* a leak */
	free(world);
	return 0;
}

/* A request with the usual limits. url must live until outbound_send. */
static inline struct outbound_request request_make(struct world *world, enum outbound_method method, const char *url)
{
	return (struct outbound_request){
		.method = method,
		.url = url,
		.deadline_ms = clock_mono_ms() + 10000,
		.head_bytes_max = 16384,
		.body_bytes_max = 65536,
		.tls = world->tls,
		.before_first_byte = on_first_byte,
		.before_body = on_body,
	};
}

static inline struct outbound_call *send_only(
	struct world *world, const struct outbound_request *request, struct seen *seen)
{
	struct outbound_call *call = NULL;
	seen->world = world;
	seen->inside_send = true;
	int rc = outbound_send(world->out, request, on_result, seen, &call);
	seen->inside_send = false;
	if (rc != 0) fail_msg("%s", err_text());
	return call;
}

static inline struct seen send_and_wait(struct world *world, const struct outbound_request *request)
{
	struct seen seen = {0};
	send_only(world, request, &seen);
	assert_int_equal(seen.count, 0);
	WAIT_UNTIL(world, seen.count > 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(outbound_count(world->out), 0);
	return seen;
}

static inline const char *peer_url(const struct peer *peer, const char *host, const char *path)
{
	static char url[2048];
	snprintf(url, sizeof(url), "%s://%s:%u%s", peer->tls != NULL ? "https" : "http", host, peer->port, path);
	return url;
}

#define ASSERT_END(seen, wanted_outcome, wanted_fault)                                                                 \
	do {                                                                                                           \
		if ((seen).outcome != (wanted_outcome) || (seen).fault != (wanted_fault))                              \
			fail_msg("ended as %s/%s (%s)", outbound_outcome_name((seen).outcome),                         \
				outbound_fault_name((seen).fault), (seen).text);                                       \
	} while (0)

#endif
