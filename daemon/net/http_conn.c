/* One inbound connection: its states, its deadline, its end. What it says is read in http_exchange.c. */
#include "net/http_conn.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Pipelined requests and the next piece of a body wait here; over it we stop reading from the socket. */
#define READ_BYTES_HIGH 65536
#define LINGER_READ_BYTES 4096

/* A request whose body goes to a sink. */
static bool is_stream(const struct http_conn *conn)
{
	return conn->req != NULL && conn->req->match.route != NULL && conn->req->match.route->flags & HTTP_ROUTE_STREAM;
}

static int64_t state_ms(const struct http_conn *conn)
{
	const struct http_limits *limits = &conn->server->conf.limits;
	switch (conn->state) {
	case HTTP_CONN_HANDSHAKE:
		return limits->handshake_ms;
	case HTTP_CONN_IDLE:
		return limits->idle_ms;
	case HTTP_CONN_HEAD:
		return limits->head_ms;
	case HTTP_CONN_BODY:
		return is_stream(conn) ? limits->stream_ms : limits->body_ms;
	case HTTP_CONN_HANDLE:
		return is_stream(conn) ? limits->stream_ms : limits->handle_ms;
	case HTTP_CONN_WRITE:
		return limits->write_ms;
	case HTTP_CONN_LINGER:
		return limits->linger_ms;
	case HTTP_CONN_DEAD:
	case HTTP_CONN_STATES:
		break;
	}
	return 0;
}

/* A timer that is due earlier than needed is left alone and looks again when it fires: most requests then cost no timer
 * operation at all. */
static void timer_arm(struct http_conn *conn, int64_t now_ms)
{
	if (conn->timer_ms != 0 && conn->timer_ms <= conn->deadline_ms) return;
	int64_t wait_ms = conn->deadline_ms > now_ms ? conn->deadline_ms - now_ms : 0;
	struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
	int rc = event_add(conn->timer, &tv);
	assert(rc == 0);
	conn->timer_ms = conn->deadline_ms;
}

void http_conn_state_set(struct http_conn *conn, enum http_conn_state state)
{
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	assert(conn->state != HTTP_CONN_DEAD);
	struct http_stats *stats = &conn->server->meter.stats;
	if (conn->state == HTTP_CONN_IDLE) stats->conns_idle--;
	if (state == HTTP_CONN_IDLE) stats->conns_idle++;
	list_remove(&conn->node);
	list_append(&conn->server->conns[state], &conn->node);
	conn->state = state;
	if (state == HTTP_CONN_DEAD) return;
	int64_t now_ms = clock_mono_ms();
	conn->deadline_ms = now_ms + state_ms(conn);
	timer_arm(conn, now_ms);
}

/* Takes the connection's stream apart; the socket stays open. */
static void stream_free(struct http_conn *conn)
{
	if (conn->bev == NULL) return;
	bufferevent_setcb(conn->bev, NULL, NULL, NULL, NULL);
	(void)bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
	bufferevent_free(conn->bev);
	conn->bev = NULL;
	if (conn->ssl == NULL) return;
	/* Says goodbye as far as the socket takes it now; without it the peer could not tell an end from a cut. */
	if (SSL_is_init_finished(conn->ssl)) (void)SSL_shutdown(conn->ssl);
	ERR_clear_error();
	SSL_free(conn->ssl);
	conn->ssl = NULL;
}

void http_conn_close(struct http_conn *conn)
{
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	struct http_server *server = conn->server;
	if (conn->state == HTTP_CONN_DEAD) return;
	if (conn->req != NULL && conn->state == HTTP_CONN_HANDLE)
		http_exchange_cancel(conn);
	else if (conn->req != NULL)
		http_request_end(conn->req);
	conn->req = NULL;
	stream_free(conn);
	if (conn->linger != NULL) (void)event_del(conn->linger);
	(void)event_del(conn->timer);
	(void)close(conn->fd);
	conn->fd = -1;
	http_address_give(conn->address);
	if (conn->is_over) server->over_count--;
	server->meter.stats.conns--;
	http_conn_state_set(conn, HTTP_CONN_DEAD);
	http_server_wake(server);
}

void http_conn_bury(struct http_conn *conn)
{
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	assert(conn->state == HTTP_CONN_DEAD);
	list_remove(&conn->node);
	if (conn->linger != NULL) event_free(conn->linger);
	event_free(conn->timer);
	mem_free(conn->peer);
	conn->magic = 0;
	mem_free(conn);
}

/* Reads away what still comes, until the peer closes too or the deadline passes. */
static void on_linger(evutil_socket_t fd, short what, void *ctx)
{
	struct http_conn *conn = ctx;
	char drop[LINGER_READ_BYTES];
	(void)what;
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	ssize_t n = recv(fd, drop, sizeof(drop), MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) return;
	http_conn_close(conn);
}

void http_conn_finish(struct http_conn *conn)
{
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	assert(conn->req == NULL);
	stream_free(conn);
	/* Closing with unread bytes makes the kernel send a reset, which can overtake and destroy our answer. */
	if (conn->half_closed || shutdown(conn->fd, SHUT_WR) != 0) {
		http_conn_close(conn);
		return;
	}
	conn->linger = event_new(conn->server->conf.base, conn->fd, EV_READ | EV_PERSIST, on_linger, conn);
	if (conn->linger == NULL || event_add(conn->linger, NULL) != 0) {
		http_conn_close(conn);
		return;
	}
	http_conn_state_set(conn, HTTP_CONN_LINGER);
}

static void expire(struct http_conn *conn)
{
	struct http_stats *stats = &conn->server->meter.stats;
	switch (conn->state) {
	case HTTP_CONN_HANDSHAKE:
	case HTTP_CONN_WRITE:
		stats->timeout_total++;
		http_conn_close(conn);
		return;
	case HTTP_CONN_IDLE:
	case HTTP_CONN_LINGER:
		http_conn_close(conn);
		return;
	case HTTP_CONN_HEAD:
		stats->timeout_total++;
		http_exchange_refuse(conn, 408, "the request's head did not come in time");
		return;
	case HTTP_CONN_BODY:
		stats->timeout_total++;
		http_exchange_refuse(conn, 408, "the request's body did not come in time");
		return;
	case HTTP_CONN_HANDLE:
		stats->timeout_total++;
		http_exchange_cancel(conn);
		http_exchange_refuse(conn, 504, "the request could not be finished in time");
		return;
	case HTTP_CONN_DEAD:
	case HTTP_CONN_STATES:
		break;
	}
	assert(!"a deadline of a dead connection");
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct http_conn *conn = ctx;
	(void)fd, (void)what;
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	int64_t now_ms = clock_mono_ms();
	conn->timer_ms = 0;
	if (now_ms < conn->deadline_ms)
		timer_arm(conn, now_ms);
	else
		expire(conn);
}

/* The connection may speak now, or is told that it is one too many. */
static void open_up(struct http_conn *conn)
{
	if (conn->is_over)
		http_exchange_refuse(conn, 503, "too many connections");
	else
		http_conn_state_set(conn, HTTP_CONN_IDLE);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	struct http_conn *conn = ctx;
	(void)bev;
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	http_exchange_run(conn);
}

static void on_write(struct bufferevent *bev, void *ctx)
{
	struct http_conn *conn = ctx;
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	if (conn->state != HTTP_CONN_WRITE || evbuffer_get_length(bufferevent_get_output(bev)) > 0) return;
	bool has_input = evbuffer_get_length(bufferevent_get_input(bev)) > 0;
	if (conn->close_after || (conn->half_closed && !has_input)) {
		http_conn_finish(conn);
		return;
	}
	http_conn_state_set(conn, HTTP_CONN_IDLE);
	http_exchange_run(conn);
}

static void on_handshake(struct http_conn *conn)
{
	struct tls_peer peer;
	if (tls_peer_get(conn->ssl, &peer) == 0) {
		conn->peer = mem_alloc(sizeof(*conn->peer));
		if (conn->peer == NULL) {
			http_conn_close(conn);
			return;
		}
		*conn->peer = peer;
	}
	open_up(conn);
}

static void on_fail(struct http_conn *conn)
{
	if (conn->state == HTTP_CONN_HANDSHAKE) {
		unsigned long code = bufferevent_get_openssl_error(conn->bev);
		const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
		conn->server->meter.stats.handshake_failed_total++;
		log_line(LOG_DEBUG, "TLS handshake with %s failed: %s", conn->address_text,
			reason == NULL ? "connection closed" : reason);
	}
	ERR_clear_error();
	http_conn_close(conn);
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
	struct http_conn *conn = ctx;
	CHECK_MAGIC(conn, HTTP_CONN_MAGIC);
	if (what & BEV_EVENT_CONNECTED) {
		on_handshake(conn);
		return;
	}
	bool waits_for_us = conn->state == HTTP_CONN_HANDLE || conn->state == HTTP_CONN_WRITE;
	if (!(what & BEV_EVENT_EOF) || !waits_for_us) {
		on_fail(conn);
		return;
	}
	/* The peer may shut its sending side and still wait for the answer. A TLS stream stops both ways by itself. */
	conn->half_closed = true;
	(void)bufferevent_enable(bev, EV_WRITE);
}

static struct bufferevent *stream_new(struct http_conn *conn)
{
	struct event_base *base = conn->server->conf.base;
	/* Deferred, so that no callback runs from inside a call of ours. */
	const int options = BEV_OPT_DEFER_CALLBACKS;
	if (conn->server->conf.tls == NULL) return bufferevent_socket_new(base, conn->fd, options);
	conn->ssl = SSL_new(conn->server->conf.tls);
	if (conn->ssl == NULL) return NULL;
	return bufferevent_openssl_socket_new(base, conn->fd, conn->ssl, BUFFEREVENT_SSL_ACCEPTING, options);
}

/* True when it is over a cap and must be told so. */
static bool is_over(const struct http_server *server, const struct http_address *address)
{
	const struct http_limits *limits = &server->conf.limits;
	unsigned normal = server->meter.stats.conns - server->over_count;
	return normal >= limits->conns_max || address->count > limits->conns_per_address_max;
}

static void conn_discard(struct http_conn *conn)
{
	if (conn->bev != NULL) bufferevent_free(conn->bev);
	if (conn->ssl != NULL) SSL_free(conn->ssl);
	if (conn->timer != NULL) event_free(conn->timer);
	if (conn->address != NULL) http_address_give(conn->address);
	(void)close(conn->fd);
	mem_free(conn);
}

void http_conn_accept(struct http_server *server, int fd, const struct sockaddr *sockaddr)
{
	const int on = 1;
	struct http_conn *conn = mem_alloc(sizeof(*conn));
	if (conn == NULL) {
		(void)close(fd);
		return;
	}
	conn->magic = HTTP_CONN_MAGIC;
	conn->server = server;
	conn->fd = fd;
	list_init(&conn->node);
	server->meter.stats.accepted_total++;
	conn->address = http_address_take(&server->addresses, sockaddr);
	conn->is_over = conn->address != NULL && is_over(server, conn->address);
	if (conn->is_over) server->meter.stats.over_total++;
	if (conn->address == NULL || (conn->is_over && server->over_count >= server->conf.limits.conns_over_max)) {
		conn_discard(conn);
		return;
	}
	/* Nagle's algorithm together with delayed acknowledgements costs 44 ms an answer over TLS. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	http_address_text(sockaddr, conn->address_text);
	conn->timer = event_new(server->conf.base, -1, 0, on_timer, conn);
	conn->bev = conn->timer == NULL ? NULL : stream_new(conn);
	if (conn->bev == NULL) {
		conn_discard(conn);
		return;
	}
	if (conn->is_over) server->over_count++;
	server->meter.stats.conns++;
	bufferevent_setcb(conn->bev, on_read, on_write, on_event, conn);
	bufferevent_setwatermark(conn->bev, EV_READ, 0, READ_BYTES_HIGH);
	(void)bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
	conn->state = HTTP_CONN_HANDSHAKE;
	http_conn_state_set(conn, HTTP_CONN_HANDSHAKE);
	if (conn->ssl == NULL) open_up(conn);
}
