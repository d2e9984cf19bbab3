/* Connections: read a request, hand it over, deliver the answer the way its fault says. One request at a time. */
#include "sandbox/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/err.h>

#include "base/log.h"

#define CONN_MAGIC 0x73627843u
#define READ_AHEAD_BYTES_MAX (1u << 20)
#define ARENA_BYTES_MAX (256u * 1024 * 1024)

struct wire_listener {
	struct wire *wire;
	struct sockaddr_storage address;
	int address_len;
	bool is_control;
	struct evconnlistener *listener; /* NULL: not bound */
};

struct wire {
	struct wire_conf conf;
	SSL_CTX *tls;
	struct wire_listener listeners[WIRE_LISTENERS_MAX];
	size_t listener_count;
	struct list conns;
	unsigned conn_count;
};

enum conn_state {
	CONN_HEAD,
	CONN_BODY,
	CONN_WAIT, /* the answer is ready and its time has not come */
	CONN_DRIP,
	CONN_WRITE,
	CONN_SILENT, /* hangs until the peer goes */
};

struct conn {
	unsigned magic;
	struct list node;
	struct wire *wire;
	struct bufferevent *bev;
	enum conn_state state;
	bool is_control;
	bool close_after; /* the answer is this connection's last */
	bool reset_after; /* and it ends without a good-bye */
	struct arena arena;
	struct http_head_parser parser;
	struct http_chunked chunked;
	struct buf body;
	struct buf answer;
	size_t answer_at; /* of a drip */
	int64_t drip_ms;
	struct event *timer;
};

static void conn_read(struct conn *conn);

static void conn_free(struct conn *conn, bool reset)
{
	CHECK_MAGIC(conn, CONN_MAGIC);
	if (reset) {
		struct linger linger = {.l_onoff = 1, .l_linger = 0};
		(void)setsockopt(bufferevent_getfd(conn->bev), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	SSL *ssl = reset ? NULL : bufferevent_openssl_get_ssl(conn->bev);
	if (ssl != NULL) {
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
		(void)SSL_shutdown(ssl);
		ERR_clear_error();
	}
	bufferevent_free(conn->bev);
	event_free(conn->timer);
	list_remove(&conn->node);
	conn->wire->conn_count--;
	buf_free(&conn->body);
	buf_free(&conn->answer);
	arena_free(&conn->arena);
	conn->magic = 0;
	mem_free(conn);
}

static void conn_begin(struct conn *conn)
{
	static const struct http_head_limits limits = {16384, 8192, 64};
	conn->state = CONN_HEAD;
	arena_reset(&conn->arena);
	buf_reset(&conn->body);
	buf_reset(&conn->answer);
	http_head_init(&conn->parser, &limits, &conn->arena.zf);
}

/* ---- the answer ---- */

static void conn_timer(struct conn *conn, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	(void)event_add(conn->timer, &tv);
}

/* All has been handed to the kernel. */
static void conn_written(struct conn *conn)
{
	if (conn->close_after || conn->reset_after) {
		conn_free(conn, conn->reset_after);
		return;
	}
	conn_begin(conn);
	conn_read(conn);
}

static void conn_write(struct conn *conn)
{
	if (conn->state == CONN_WAIT && conn->drip_ms > 0) conn->state = CONN_DRIP;
	if (conn->state == CONN_DRIP) {
		/* With the last byte the usual end comes. */
		if (conn->answer_at + 1 >= conn->answer.len) conn->state = CONN_WRITE;
		if (conn->state == CONN_DRIP) conn_timer(conn, conn->drip_ms);
		(void)bufferevent_write(conn->bev, conn->answer.ptr + conn->answer_at++, 1);
		return;
	}
	conn->state = CONN_WRITE;
	(void)bufferevent_write(conn->bev, conn->answer.ptr, conn->answer.len);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	struct conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	conn_write(conn);
}

static const char *status_text(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 413:
		return "Content Too Large";
	case 422:
		return "Unprocessable Content";
	case 500:
		return "Internal Server Error";
	case 503:
		return "Service Unavailable";
	default:
		return "Status";
	}
}

static int put_answer(struct conn *conn, const struct wire_reply *reply)
{
	struct buf *out = &conn->answer;
	int err = buf_printf(out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", reply->status,
		status_text(reply->status), reply->body.len);
	if (err == 0 && reply->content_type != NULL) err = buf_printf(out, "Content-Type: %s\r\n", reply->content_type);
	if (err == 0 && reply->retry_after_s > 0) {
		err = buf_printf(out, "Retry-After: %lld\r\n", (long long)reply->retry_after_s);
	}
	if (err == 0) err = buf_printf(out, "%s\r\n", conn->close_after ? "Connection: close\r\n" : "");
	if (err == 0) err = buf_append(out, reply->body.ptr, reply->body.len);
	return err;
}

/* Cuts the answer to what the fault lets through; half of it by default. */
static void cut_answer(struct conn *conn, const struct misbehave_fault *fault)
{
	size_t len = fault->bytes < 0 ? conn->answer.len / 2 : (size_t)fault->bytes;
	if (len < conn->answer.len) conn->answer.len = len;
}

/* Returns false when the connection is gone. */
static bool deliver(struct conn *conn, const struct wire_reply *reply)
{
	const struct misbehave_fault *fault = reply->fault;
	enum fault_kind kind = fault == NULL ? MISBEHAVE_NONE : fault->kind;
	if (kind == MISBEHAVE_HANG) {
		conn->state = CONN_SILENT;
		return true;
	}
	if (kind == MISBEHAVE_CLOSE || (kind == MISBEHAVE_RESET && fault->bytes <= 0)) {
		conn_free(conn, kind == MISBEHAVE_RESET);
		return false;
	}
	if (put_answer(conn, reply) != 0) {
		conn_free(conn, true);
		return false;
	}
	conn->state = CONN_WAIT;
	conn->drip_ms = 0;
	conn->answer_at = 0;
	switch (kind) {
	case MISBEHAVE_RESET:
		cut_answer(conn, fault);
		conn->reset_after = true;
		break;
	case MISBEHAVE_TRUNCATED:
		cut_answer(conn, fault);
		conn->close_after = true;
		break;
	case MISBEHAVE_TWICE:
		/* The copy goes out of the answer itself, which may move: hence by hand. */
		if (put_answer(conn, reply) != 0) conn->close_after = true;
		break;
	case MISBEHAVE_DRIP:
		conn->drip_ms = fault->ms > 0 ? fault->ms : 1;
		break;
	case MISBEHAVE_LATE:
		conn_timer(conn, fault->ms);
		return true;
	default:
		break;
	}
	if (conn->answer.len == 0) {
		conn_free(conn, conn->reset_after);
		return false;
	}
	conn_write(conn);
	return true;
}

/* ---- the request ---- */

static bool conn_answer(struct conn *conn)
{
	struct wire *wire = conn->wire;
	struct wire_request req = {
		.head = &conn->parser.head,
		.body = {conn->body.ptr, conn->body.len},
		.arena = &conn->arena.zf,
		.is_control = conn->is_control,
	};
	struct wire_reply reply = {.status = 500};
	conn->close_after = conn->parser.head.close;
	wire->conf.handle(wire->conf.ctx, &req, &reply);
	return deliver(conn, &reply);
}

static bool conn_refuse(struct conn *conn, enum http_bad bad)
{
	const char *text = http_bad_text(bad);
	struct wire_reply reply = {.status = http_bad_status(bad),
		.content_type = "text/plain",
		.body = {(const uint8_t *)text, strlen(text)}};
	conn->close_after = true;
	return deliver(conn, &reply);
}

/* Each step returns whether there may be more to do on this connection. */
static bool read_head(struct conn *conn, struct evbuffer *input)
{
	size_t used = 0, len = evbuffer_get_length(input);
	if (len == 0) return false;
	/* More than a head's limit need not be in one piece. */
	if (len > 32768) len = 32768;
	enum http_verdict verdict = http_head_feed(&conn->parser, evbuffer_pullup(input, (ev_ssize_t)len), len, &used);
	(void)evbuffer_drain(input, used);
	if (verdict == HTTP_REFUSED) {
		conn_refuse(conn, conn->parser.bad);
		return false;
	}
	if (verdict == HTTP_MORE) return false;
	const struct http_head *head = &conn->parser.head;
	if (head->content_length > WIRE_BODY_BYTES_MAX) {
		conn_refuse(conn, HTTP_BAD_BODY_LONG);
		return false;
	}
	conn->chunked = HTTP_CHUNKED_INIT(WIRE_BODY_BYTES_MAX);
	conn->state = CONN_BODY;
	if (head->expect_continue && (head->chunked || head->content_length > 0)) {
		(void)bufferevent_write(conn->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	return true;
}

static bool read_plain_body(struct conn *conn, struct evbuffer *input)
{
	uint64_t wanted = conn->parser.head.content_length - conn->body.len;
	size_t len = evbuffer_get_length(input);
	if (len > wanted) len = (size_t)wanted;
	if (len > 0) {
		if (buf_append(&conn->body, evbuffer_pullup(input, (ev_ssize_t)len), len) != 0) {
			conn_free(conn, true);
			return false;
		}
		(void)evbuffer_drain(input, len);
	}
	if (len < wanted) return false;
	return conn_answer(conn);
}

static bool read_chunked_body(struct conn *conn, struct evbuffer *input)
{
	for (;;) {
		size_t used = 0, len = evbuffer_get_length(input);
		if (len == 0) return false;
		struct bytes data = {0};
		enum http_verdict verdict =
			http_chunked_feed(&conn->chunked, evbuffer_pullup(input, (ev_ssize_t)len), len, &used, &data);
		bool kept = data.len == 0 || buf_append(&conn->body, data.ptr, data.len) == 0;
		(void)evbuffer_drain(input, used);
		if (!kept) {
			conn_free(conn, true);
			return false;
		}
		if (verdict == HTTP_DONE) return conn_answer(conn);
		if (verdict == HTTP_REFUSED) {
			conn_refuse(conn, conn->chunked.bad);
			return false;
		}
		if (used == 0) return false;
	}
}

static void conn_read(struct conn *conn)
{
	struct evbuffer *input = bufferevent_get_input(conn->bev);
	bool more = true;
	while (more && (conn->state == CONN_HEAD || conn->state == CONN_BODY)) {
		if (conn->state == CONN_HEAD) {
			more = read_head(conn, input);
		} else if (conn->parser.head.chunked) {
			more = read_chunked_body(conn, input);
		} else {
			more = read_plain_body(conn, input);
		}
	}
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	struct conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	conn_read(conn);
}

static void on_write(struct bufferevent *bev, void *ctx)
{
	struct conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	if (conn->state == CONN_WRITE && evbuffer_get_length(bufferevent_get_output(bev)) == 0) conn_written(conn);
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
	(void)bev;
	struct conn *conn = ctx;
	CHECK_MAGIC(conn, CONN_MAGIC);
	if ((what & BEV_EVENT_CONNECTED) != 0) return;
	conn_free(conn, false);
}

/* ---- listening ---- */

static void reset_fd(evutil_socket_t fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	(void)evutil_closesocket(fd);
}

static struct bufferevent *make_bev(struct wire *wire, evutil_socket_t fd, bool tls)
{
	int options = BEV_OPT_CLOSE_ON_FREE;
	if (!tls) return bufferevent_socket_new(wire->conf.base, fd, options);
	SSL *ssl = SSL_new(wire->tls);
	if (ssl == NULL) return NULL;
	struct bufferevent *bev =
		bufferevent_openssl_socket_new(wire->conf.base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, options);
	if (bev == NULL) SSL_free(ssl);
	return bev;
}

static void on_accept(
	struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len, void *ctx)
{
	(void)listener;
	(void)address;
	(void)address_len;
	struct wire_listener *from = ctx;
	struct wire *wire = from->wire;
	if (!from->is_control && wire->conf.refuse != NULL && wire->conf.refuse(wire->conf.ctx)) {
		reset_fd(fd);
		return;
	}
	int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	struct conn *conn = wire->conn_count >= WIRE_CONNS_MAX ? NULL : mem_alloc(sizeof(*conn));
	struct bufferevent *bev = conn == NULL ? NULL : make_bev(wire, fd, wire->tls != NULL && !from->is_control);
	struct event *timer = bev == NULL ? NULL : evtimer_new(wire->conf.base, on_timer, conn);
	if (timer == NULL) {
		if (bev != NULL) bufferevent_free(bev);
		mem_free(conn);
		if (bev == NULL) reset_fd(fd);
		return;
	}
	conn->magic = CONN_MAGIC;
	conn->wire = wire;
	conn->bev = bev;
	conn->timer = timer;
	conn->is_control = from->is_control;
	conn->body = BUF_INIT(WIRE_BODY_BYTES_MAX);
	conn->answer = BUF_INIT(ARENA_BYTES_MAX);
	arena_init(&conn->arena, ARENA_BYTES_MAX);
	list_append(&wire->conns, &conn->node);
	wire->conn_count++;
	conn_begin(conn);
	bufferevent_setcb(bev, on_read, on_write, on_event, conn);
	/* Who sends while we are silent is not read without bound. */
	bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD_BYTES_MAX);
	(void)bufferevent_enable(bev, EV_READ | EV_WRITE);
}

int wire_new(const struct wire_conf *conf, struct wire **ret_wire)
{
	struct wire *wire = mem_alloc(sizeof(*wire));
	if (wire == NULL) return err_set(ERR_NOMEM, "no memory for the listeners");
	wire->conf = *conf;
	list_init(&wire->conns);
	*ret_wire = wire;
	return 0;
}

int wire_add(struct wire *wire, const struct conf_host *host, bool is_control)
{
	if (wire->listener_count >= WIRE_LISTENERS_MAX) return err_set(ERR_LIMIT, "too many addresses");
	struct wire_listener *listener = &wire->listeners[wire->listener_count];
	*listener = (struct wire_listener){.wire = wire, .is_control = is_control};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&listener->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&listener->address;
	const char *name = strcmp(host->host, "localhost") == 0 ? "127.0.0.1" : host->host;
	if (strcmp(name, "*") == 0) name = "0.0.0.0";
	if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(host->port);
		listener->address_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, name, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(host->port);
		listener->address_len = sizeof(*v6);
	} else {
		return err_set(ERR_INVALID, "\"%s\" is not an address", host->host);
	}
	wire->listener_count++;
	return 0;
}

int wire_open(struct wire *wire, bool control_only)
{
	for (size_t i = 0; i < wire->listener_count; i++) {
		struct wire_listener *listener = &wire->listeners[i];
		if (listener->listener != NULL || (control_only && !listener->is_control)) continue;
		listener->listener = evconnlistener_new_bind(wire->conf.base, on_accept, listener,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 1024,
			(struct sockaddr *)&listener->address, listener->address_len);
		if (listener->listener == NULL) {
			uint16_t port = ntohs(((struct sockaddr_in *)&listener->address)->sin_port);
			return err_set(ERR_SYS, "could not listen on port %u: %s", port, strerror(errno));
		}
	}
	return 0;
}

void wire_close(struct wire *wire)
{
	for (size_t i = 0; i < wire->listener_count; i++) {
		struct wire_listener *listener = &wire->listeners[i];
		if (listener->listener == NULL || listener->is_control) continue;
		evconnlistener_free(listener->listener);
		listener->listener = NULL;
	}
	LIST_EACH(&wire->conns, node)
	{
		struct conn *conn = CONTAINER_OF(node, struct conn, node);
		if (!conn->is_control) conn_free(conn, true);
	}
}

bool wire_is_open(const struct wire *wire)
{
	for (size_t i = 0; i < wire->listener_count; i++) {
		if (!wire->listeners[i].is_control && wire->listeners[i].listener == NULL) return false;
	}
	return true;
}

void wire_tls(struct wire *wire, SSL_CTX *tls)
{
	if (tls != NULL) (void)SSL_CTX_up_ref(tls);
	SSL_CTX_free(wire->tls);
	wire->tls = tls;
}

void wire_free(struct wire *wire)
{
	if (wire == NULL) return;
	wire_close(wire);
	LIST_EACH(&wire->conns, node) conn_free(CONTAINER_OF(node, struct conn, node), false);
	for (size_t i = 0; i < wire->listener_count; i++) {
		if (wire->listeners[i].listener != NULL) evconnlistener_free(wire->listeners[i].listener);
	}
	SSL_CTX_free(wire->tls);
	mem_free(wire);
}
