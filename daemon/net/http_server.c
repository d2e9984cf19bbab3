/* The inbound server: accepts, buries the dead, tells handlers of cancelled requests, drains. */
#include "net/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/http_conn.h"

#define ACCEPTS_PER_WAKE 16 /* few, so that the other workers on this socket get their share of a burst */
#define RESUME_MS 100       /* without descriptors: how long until the next try */
#define HEAD_BYTES_MAX 65536

void http_limits_default(struct http_limits *limits)
{
	*limits = (struct http_limits){
		.head = {.head_bytes_max = 16384, .target_bytes_max = 4096, .header_count_max = 64},
		.body_bytes_max = 16u << 20,
		.body_total_bytes_max = 256u << 20,
		.discard_bytes_max = 64u << 10,
		.arena_bytes_max = 64u << 20,
		.stream_bytes_max = 512u << 20,
		.conns_max = 4096,
		.conns_per_address_max = 256,
		.conns_over_max = 64,
		.requests_max = 1024,
		.requests_per_conn_max = 100000,
		.retry_after_s = 1,
		.handshake_ms = 5000,
		.idle_ms = 75000,
		.head_ms = 10000,
		.body_ms = 60000,
		.handle_ms = 120000,
		.write_ms = 60000,
		.stream_ms = 600000,
		.linger_ms = 2000,
	};
}

void http_server_wake(struct http_server *server)
{
	event_active(server->housekeeper, EV_TIMEOUT, 0);
}

static void cancel_tell(struct http_server *server)
{
	while (!list_empty(&server->cancelled)) {
		struct http_request *req = CONTAINER_OF(list_first(&server->cancelled), struct http_request, node);
		CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
		list_remove(&req->node);
		list_append(&server->orphans, &req->node);
		if (req->on_cancel != NULL) req->on_cancel(req); /* may end it */
	}
}

static void drain_check(struct http_server *server)
{
	if (!server->is_draining || server->drained == NULL || server->meter.stats.conns > 0) return;
	void (*drained)(void *ctx) = server->drained;
	server->drained = NULL;
	if (server->drain_timer != NULL) (void)event_del(server->drain_timer);
	drained(server->drained_ctx); /* last: it may free the server */
}

static void on_housekeep(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;
	(void)fd, (void)what;
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	cancel_tell(server);
	LIST_EACH(&server->conns[HTTP_CONN_DEAD], node)
	http_conn_bury(CONTAINER_OF(node, struct http_conn, node));
	drain_check(server);
}

static void publish(void *ctx)
{
	struct http_server *server = ctx;
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	http_meter_publish(&server->meter);
}

static void listeners_enable(struct http_server *server, bool enable)
{
	for (size_t i = 0; i < server->listener_count; i++) {
		int rc = enable ? event_add(server->listeners[i], NULL) : event_del(server->listeners[i]);
		assert(rc == 0);
	}
}

static void on_resume(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;
	(void)fd, (void)what;
	if (!server->is_draining) listeners_enable(server, true);
}

/* A level-triggered event would spin at full speed while there is no descriptor to accept with. */
static void accept_pause(struct http_server *server, int error)
{
	const struct timeval wait = {.tv_usec = RESUME_MS * 1000};
	log_line(LOG_ERROR, "could not accept connections on \"%s\": %s", server->conf.name, strerror(error));
	listeners_enable(server, false);
	(void)event_add(server->resume, &wait);
}

static void on_accept(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;
	(void)what;
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	for (unsigned i = 0; i < ACCEPTS_PER_WAKE && !server->is_draining; i++) {
		struct sockaddr_storage storage = {0};
		socklen_t len = sizeof(storage);
		int client = accept4(fd, (struct sockaddr *)&storage, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0) {
			http_conn_accept(server, client, (struct sockaddr *)&storage);
			continue;
		}
		/* Anything but a lack of something is about that one connection, which is gone. */
		bool lacks = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
		if (lacks) accept_pause(server, errno);
		if (lacks || errno == EAGAIN) return;
	}
}

static void server_discard(struct http_server *server)
{
	if (server->housekeeper != NULL) event_free(server->housekeeper);
	if (server->resume != NULL) event_free(server->resume);
	if (server->drain_timer != NULL) event_free(server->drain_timer);
	buf_free(&server->head);
	server->magic = 0;
	mem_free(server);
}

static void on_drain_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;
	(void)fd, (void)what;
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	for (unsigned state = 0; state < HTTP_CONN_DEAD; state++) LIST_EACH(&server->conns[state], node)
	http_conn_close(CONTAINER_OF(node, struct http_conn, node));
	http_server_wake(server);
}

int http_server_new(const struct http_server_conf *conf, struct http_server **ret_server)
{
	struct http_server *server = mem_alloc(sizeof(*server));
	if (server == NULL) return err_set(ERR_NOMEM, "no memory for a server");
	server->magic = HTTP_SERVER_MAGIC;
	server->conf = *conf;
	server->head = BUF_INIT(HEAD_BYTES_MAX);
	for (unsigned state = 0; state < HTTP_CONN_STATES; state++) list_init(&server->conns[state]);
	list_init(&server->handling);
	list_init(&server->cancelled);
	list_init(&server->orphans);
	list_init(&server->spares);
	http_addresses_init(&server->addresses);
	server->housekeeper = event_new(conf->base, -1, 0, on_housekeep, server);
	server->resume = event_new(conf->base, -1, 0, on_resume, server);
	server->drain_timer = event_new(conf->base, -1, 0, on_drain_deadline, server);
	if (server->housekeeper == NULL || server->resume == NULL || server->drain_timer == NULL) {
		server_discard(server);
		return err_set(ERR_NOMEM, "no memory for a server");
	}
	if (conf->tls != NULL) SSL_CTX_up_ref(conf->tls);
	http_meter_init(&server->meter, conf->metrics, conf->name);
	if (conf->metrics != NULL) metrics_on_print(conf->metrics, publish, server);
	*ret_server = server;
	return 0;
}

int http_server_listen(struct http_server *server, int fd)
{
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	if (server->listener_count == HTTP_LISTENERS_MAX)
		return err_set(ERR_LIMIT, "more than %d listening sockets", HTTP_LISTENERS_MAX);
	if (evutil_make_socket_nonblocking(fd) != 0)
		return err_set(ERR_SYS, "could not prepare a listening socket: %s", strerror(errno));
	struct event *listener = event_new(server->conf.base, fd, EV_READ | EV_PERSIST, on_accept, server);
	if (listener == NULL) return err_set(ERR_NOMEM, "no memory for a listening socket");
	if (event_add(listener, NULL) != 0) {
		event_free(listener);
		return err_set(ERR_SYS, "could not wait for connections: %s", strerror(errno));
	}
	server->listeners[server->listener_count++] = listener;
	return 0;
}

void http_server_reload(struct http_server *server, const struct http_limits *limits, SSL_CTX *tls)
{
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	if (limits != NULL) server->conf.limits = *limits;
	if (tls == NULL) return;
	assert(server->conf.tls != NULL); /* a plain server does not become a TLS server */
	SSL_CTX_up_ref(tls);
	SSL_CTX_free(server->conf.tls);
	server->conf.tls = tls;
}

void http_server_drain(struct http_server *server, unsigned deadline_ms, void (*drained)(void *ctx), void *ctx)
{
	const struct timeval wait = {.tv_sec = deadline_ms / 1000, .tv_usec = (suseconds_t)(deadline_ms % 1000) * 1000};
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	assert(!server->is_draining);
	listeners_enable(server, false);
	server->is_draining = true;
	server->drained = drained;
	server->drained_ctx = ctx;
	LIST_EACH(&server->conns[HTTP_CONN_HANDSHAKE], node)
	http_conn_close(CONTAINER_OF(node, struct http_conn, node));
	LIST_EACH(&server->conns[HTTP_CONN_IDLE], node)
	http_conn_close(CONTAINER_OF(node, struct http_conn, node));
	(void)event_add(server->drain_timer, &wait);
	http_server_wake(server);
}

static void requests_free(struct list *requests)
{
	while (!list_empty(requests)) http_request_end(CONTAINER_OF(list_first(requests), struct http_request, node));
}

void http_server_free(struct http_server *server)
{
	if (server == NULL) return;
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	for (size_t i = 0; i < server->listener_count; i++) event_free(server->listeners[i]);
	for (unsigned state = 0; state < HTTP_CONN_DEAD; state++) LIST_EACH(&server->conns[state], node)
	http_conn_close(CONTAINER_OF(node, struct http_conn, node));
	LIST_EACH(&server->conns[HTTP_CONN_DEAD], node)
	http_conn_bury(CONTAINER_OF(node, struct http_conn, node));
	requests_free(&server->handling);
	requests_free(&server->cancelled);
	requests_free(&server->orphans);
	while (!list_empty(&server->spares)) {
		struct http_request *req = CONTAINER_OF(list_first(&server->spares), struct http_request, node);
		list_remove(&req->node);
		arena_free(&req->arena);
		mem_free(req);
	}
	if (server->conf.metrics != NULL) metrics_off_print(server->conf.metrics, publish, server);
	SSL_CTX_free(server->conf.tls);
	server_discard(server);
}

void http_server_stats(const struct http_server *server, struct http_stats *ret_stats)
{
	CHECK_MAGIC(server, HTTP_SERVER_MAGIC);
	*ret_stats = server->meter.stats;
}
