/* One request and its answer: head, decision, body, handler, answer. One at a time on each connection. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_answer.h"
#include "net/http_conn.h"

#define SPARES_MAX 32
#define ERROR_BODY_BYTES_MAX 65536
#define BODY_RESERVE_BYTES 65536 /* more than this is allocated only as it arrives */
#define ERROR_FIELDS_MAX 4

static struct http_request *request_new(struct http_conn *conn)
{
	struct http_server *server = conn->server;
	struct http_request *req;
	struct list *spare = list_first(&server->spares);
	struct arena arena;
	if (spare != NULL) {
		req = CONTAINER_OF(spare, struct http_request, node);
		list_remove(spare);
		server->spare_count--;
		arena = req->arena;
		arena.limit_bytes = server->conf.limits.arena_bytes_max;
	} else {
		req = mem_alloc(sizeof(*req));
		if (req == NULL) return NULL;
		arena_init(&arena, server->conf.limits.arena_bytes_max);
	}
	*req = (struct http_request){.magic = HTTP_REQUEST_MAGIC, .arena = arena, .server = server, .conn = conn};
	req->tls_peer = conn->peer;
	req->peer_address = conn->address_text;
	req->is_tls = conn->ssl != NULL;
	list_init(&req->node);
	return req;
}

void http_request_end(struct http_request *req)
{
	CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
	struct http_server *server = req->server;
	list_remove(&req->node);
	if (req->is_streaming) server->conf.sink->drop(req);
	if (req->is_counted) server->meter.stats.requests--;
	server->body_bytes -= req->body_buf.len;
	buf_free(&req->body_buf);
	req->magic = 0;
	if (server->spare_count < SPARES_MAX) {
		arena_reset(&req->arena);
		list_append(&server->spares, &req->node);
		server->spare_count++;
	} else {
		arena_free(&req->arena);
		mem_free(req);
	}
}

void http_exchange_cancel(struct http_conn *conn)
{
	struct http_request *req = conn->req;
	CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
	assert(conn->state == HTTP_CONN_HANDLE);
	/* What the handler may still read must not go with the connection. */
	_Static_assert(sizeof(req->address_kept) >= sizeof(conn->address_text), "an address must fit");
	memcpy(req->address_kept, conn->address_text, sizeof(conn->address_text));
	req->peer_address = req->address_kept;
	req->tls_peer = NULL;
	req->is_cancelled = true;
	req->conn = NULL;
	conn->req = NULL;
	list_remove(&req->node);
	list_append(&req->server->cancelled, &req->node);
	http_server_wake(req->server);
}

/* Writes the answer and ends the request, if there is one. */
static void answer_send(struct http_conn *conn, struct http_answer *answer)
{
	struct http_server *server = conn->server;
	struct http_request *req = conn->req;
	const struct http_route *route = req == NULL ? NULL : req->match.route;
	int64_t took_us = req == NULL || req->arrived_us == 0 ? 0 : clock_mono_us() - req->arrived_us;
	if (server->is_draining) conn->close_after = true;
	answer->close = conn->close_after;
	answer->is_head = conn->parser.has_request_line && conn->parser.head.method == HTTP_HEAD;
	answer->wall_ms = clock_wall_ms();
	int rc = http_answer_head(answer, &server->head);
	if (rc == ERR_INVALID) {
		log_line(LOG_ERROR, "an answer could not be sent: %s", err_text());
		*answer = (struct http_answer){.status = 500, .close = answer->close, .wall_ms = answer->wall_ms};
		rc = http_answer_head(answer, &server->head);
	}
	size_t body_len = http_answer_has_body(answer) ? answer->body.len : 0;
	struct evbuffer *output = bufferevent_get_output(conn->bev);
	/* In one piece, so that a small answer is one TLS record and one segment. */
	bool is_written = rc == 0 && evbuffer_expand(output, server->head.len + body_len) == 0 &&
			  evbuffer_add(output, server->head.ptr, server->head.len) == 0 &&
			  (body_len == 0 || evbuffer_add(output, answer->body.ptr, body_len) == 0);
	http_meter_answer(&server->meter, route, answer->status, took_us);
	conn->req = NULL;
	if (req != NULL) http_request_end(req);
	if (is_written)
		http_conn_state_set(conn, HTTP_CONN_WRITE);
	else
		http_conn_close(conn);
}

/* What the standards want beside an error: where to authenticate, what is allowed, when to come again. */
static size_t error_fields(const struct http_conn *conn, int status, struct http_field *fields, char *text, size_t len)
{
	const struct http_request *req = conn->req;
	if (status == 405 && req != NULL) {
		http_allowed_text(req->match.allowed, text, len);
		fields[0] = (struct http_field){"Allow", text};
		return 1;
	}
	if (status == 401) {
		bool has_error = req != NULL && req->auth_error != NULL;
		int n = snprintf(text, len, "Bearer realm=\"zhifu\"%s%s%s", has_error ? ", error=\"" : "",
			has_error ? req->auth_error : "", has_error ? "\"" : "");
		assert(n > 0);
		fields[0] = (struct http_field){"WWW-Authenticate", text};
		return 1;
	}
	if (status == 503 || status == 429) {
		int n = snprintf(text, len, "%u", conn->server->conf.limits.retry_after_s);
		assert(n > 0);
		fields[0] = (struct http_field){"Retry-After", text};
		return 1;
	}
	return 0;
}

static void error_send(struct http_conn *conn, int status, const char *text)
{
	const struct http_server_conf *conf = &conn->server->conf;
	struct http_request *req = conn->req;
	struct http_field fields[ERROR_FIELDS_MAX];
	char field_text[160];
	CLEANUP(buf_free) struct buf body = BUF_INIT(ERROR_BODY_BYTES_MAX);
	const char *type = "text/plain; charset=utf-8";
	bool has_head = req != NULL && req->arrived_us != 0;
	if (conf->error_body != NULL)
		conf->error_body(has_head ? req : NULL, conf->ctx, status, text, &body, &type);
	else if (buf_printf(&body, "%s: %s\n", http_status_text(status), text) != 0)
		buf_reset(&body);
	size_t count = error_fields(conn, status, fields, field_text, sizeof(field_text));
	if (body.len > 0) fields[count++] = (struct http_field){"Content-Type", type};
	struct http_answer answer = {.status = status, .fields = fields, .field_count = count};
	answer.body = (struct bytes){body.ptr, body.len};
	answer_send(conn, &answer);
}

void http_exchange_refuse(struct http_conn *conn, int status, const char *text)
{
	/* Where the next request would begin can't be known any more. */
	conn->close_after = true;
	error_send(conn, status, text);
}

static void refuse_bad(struct http_conn *conn, enum http_bad bad)
{
	conn->server->meter.stats.refused_total++;
	http_exchange_refuse(conn, http_bad_status(bad), http_bad_text(bad));
}

void http_respond(
	struct http_request *req, int status, const struct http_field *fields, size_t field_count, struct bytes body)
{
	CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
	assert(status >= 200 && status <= 599);
	struct http_conn *conn = req->conn;
	if (conn == NULL) {
		http_request_end(req);
		return;
	}
	assert(conn->req == req && conn->state == HTTP_CONN_HANDLE);
	struct http_answer answer = {.status = status, .fields = fields, .field_count = field_count, .body = body};
	answer_send(conn, &answer);
}

void http_respond_error(struct http_request *req, int status, const char *text)
{
	CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
	struct http_conn *conn = req->conn;
	if (conn == NULL) {
		http_request_end(req);
		return;
	}
	assert(conn->req == req && conn->state == HTTP_CONN_HANDLE);
	error_send(conn, status, text);
}

static bool is_busy(const struct http_server *server)
{
	const struct http_limits *limits = &server->conf.limits;
	return server->meter.stats.requests >= limits->requests_max ||
	       server->body_bytes >= limits->body_total_bytes_max;
}

static size_t body_bytes_max(const struct http_request *req)
{
	const struct http_limits *limits = &req->server->conf.limits;
	bool is_stream = req->match.route->flags & HTTP_ROUTE_STREAM;
	size_t server_max = is_stream ? (size_t)limits->stream_bytes_max : limits->body_bytes_max;
	size_t route_max = req->match.route->body_bytes_max;
	return route_max < server_max ? route_max : server_max;
}

/* Strangers learn nothing, not even which paths exist. */
static int authenticate(struct http_request *req, const char **ret_text)
{
	const struct http_server_conf *conf = &req->server->conf;
	int status = conf->authenticate == NULL ? 0 : conf->authenticate(req, conf->ctx, ret_text);
	if (req->match.route != NULL && req->match.route->flags & HTTP_ROUTE_PUBLIC) return 0;
	return status == 0 && req->principal == NULL ? 401 : status;
}

/* Everything that can be said before the body: 0 or a status. */
static int head_judge(struct http_request *req, const char **ret_text)
{
	struct http_server *server = req->server;
	*ret_text = "no memory for this request now";
	if (http_router_match(server->conf.router, &req->head, &req->arena.zf, &req->match) != 0) return 503;
	*ret_text = "credentials are missing or not accepted";
	int status = authenticate(req, ret_text);
	if (status != 0) return status;
	if (req->match.route == NULL) {
		*ret_text = req->match.allowed == 0 ? "there is nothing at this path" : "this path has other methods";
		return req->match.allowed == 0 ? 404 : 405;
	}
	status = http_route_check(req->match.route, &req->head, ret_text);
	if (status != 0) return status;
	if (req->head.content_length > body_bytes_max(req)) {
		*ret_text = "the body is longer than this server takes";
		return 413;
	}
	if (is_busy(server)) {
		server->meter.stats.busy_total++;
		*ret_text = "too many requests at this moment";
		return 503;
	}
	return 0;
}

static void handle(struct http_conn *conn)
{
	struct http_server *server = conn->server;
	struct http_request *req = conn->req;
	if (req->early_status != 0) {
		error_send(conn, req->early_status, req->early_text);
		return;
	}
	if (is_busy(server)) {
		server->meter.stats.busy_total++;
		error_send(conn, 503, "too many requests at this moment");
		return;
	}
	if (req->body_buf.len + req->streamed_bytes == 0 && req->match.route->flags & HTTP_ROUTE_BODY) {
		error_send(conn, 400, "this request needs a body");
		return;
	}
	req->body = (struct bytes){req->body_buf.ptr, req->body_buf.len};
	req->is_streaming = false;
	req->is_counted = true;
	server->meter.stats.requests++;
	list_append(&server->handling, &req->node);
	http_conn_state_set(conn, HTTP_CONN_HANDLE);
	req->match.route->handle(req, req->match.ctx);
}

/* A refused request whose body is short: read and drop it, and keep the connection, because under load a new TLS
 * handshake for each 503 would cost more than the request. Who did not authenticate is not worth that. */
static bool may_discard(const struct http_conn *conn, int status)
{
	const struct http_head *head = &conn->req->head;
	if (head->chunked || head->expect_continue || status == 401 || status == 403) return false;
	return head->content_length <= conn->server->conf.limits.discard_bytes_max;
}

/* False: the sink takes no body of this request, which is answered. */
static bool sink_begin(struct http_conn *conn)
{
	struct http_request *req = conn->req;
	const char *text = "the body cannot be taken now";
	if (req->early_status != 0 || !(req->match.route->flags & HTTP_ROUTE_STREAM)) return true;
	int status = conn->server->conf.sink->begin(req, req->match.ctx, &text);
	if (status == 0) {
		req->is_streaming = true;
		return true;
	}
	http_exchange_refuse(conn, status, text);
	return false;
}

static void body_begin(struct http_conn *conn)
{
	struct http_request *req = conn->req;
	if (!sink_begin(conn)) return;
	size_t max = req->early_status != 0 ? 0 : body_bytes_max(req);
	conn->body_left_bytes = req->head.content_length;
	conn->chunked = HTTP_CHUNKED_INIT(max);
	req->body_buf = BUF_INIT(max);
	if (req->early_status == 0 && !req->is_streaming && req->head.has_length &&
		req->head.content_length <= BODY_RESERVE_BYTES) {
		req->body_buf.ptr = mem_realloc(NULL, (size_t)req->head.content_length);
		if (req->body_buf.ptr != NULL) req->body_buf.cap = (size_t)req->head.content_length;
	}
	if (req->head.expect_continue && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		if (bufferevent_write(conn->bev, go_on, sizeof(go_on) - 1) != 0) {
			http_conn_close(conn);
			return;
		}
	}
	http_conn_state_set(conn, HTTP_CONN_BODY);
}

static void head_done(struct http_conn *conn)
{
	struct http_request *req = conn->req;
	const struct http_limits *limits = &conn->server->conf.limits;
	const char *text = NULL;
	req->head = conn->parser.head;
	req->arrived_us = clock_mono_us();
	conn->server->meter.stats.requests_total++;
	if (req->head.close || ++conn->request_count >= limits->requests_per_conn_max) conn->close_after = true;
	bool has_body = req->head.chunked || req->head.content_length > 0;
	int status = head_judge(req, &text);
	if (status != 0 && has_body && !may_discard(conn, status)) {
		http_exchange_refuse(conn, status, text);
		return;
	}
	req->early_status = status;
	req->early_text = text;
	if (has_body)
		body_begin(conn);
	else
		handle(conn);
}

static void request_begin(struct http_conn *conn)
{
	conn->req = request_new(conn);
	if (conn->req == NULL) {
		http_conn_close(conn);
		return;
	}
	http_head_init(&conn->parser, &conn->server->conf.limits.head, &conn->req->arena.zf);
	http_conn_state_set(conn, HTTP_CONN_HEAD);
}

/* Returns false when it needs more bytes. */
static bool head_read(struct http_conn *conn, struct evbuffer *input)
{
	size_t len = evbuffer_get_length(input), used = 0;
	size_t most = conn->server->conf.limits.head.head_bytes_max + 2;
	if (len > most) len = most;
	const uint8_t *ptr = evbuffer_pullup(input, (ev_ssize_t)len);
	if (len > 0 && ptr == NULL) {
		http_conn_close(conn);
		return false;
	}
	enum http_verdict verdict = http_head_feed(&conn->parser, ptr, len, &used);
	(void)evbuffer_drain(input, used);
	if (verdict == HTTP_REFUSED) {
		refuse_bad(conn, conn->parser.bad);
		return false;
	}
	if (verdict == HTTP_DONE) head_done(conn);
	return verdict == HTTP_DONE;
}

static void pause_set(struct http_conn *conn, bool is_paused)
{
	if (conn->is_paused == is_paused) return;
	conn->is_paused = is_paused;
	if (is_paused)
		(void)bufferevent_disable(conn->bev, EV_READ);
	else
		(void)bufferevent_enable(conn->bev, EV_READ);
}

void http_body_go_on(struct http_request *req)
{
	CHECK_MAGIC(req, HTTP_REQUEST_MAGIC);
	struct http_conn *conn = req->conn;
	if (conn == NULL || !conn->is_paused) return;
	pause_set(conn, false);
	/* What has come already makes no event of its own. */
	bufferevent_trigger(conn->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* Returns false when the request was refused. */
static bool stream_take(struct http_conn *conn, const uint8_t *ptr, size_t len)
{
	struct http_request *req = conn->req;
	req->streamed_bytes += len;
	int rc = conn->server->conf.sink->take(req, (struct bytes){ptr, len});
	if (rc == ERR_AGAIN) pause_set(conn, true);
	if (rc == 0 || rc == ERR_AGAIN) return true;
	if (rc == ERR_LIMIT)
		refuse_bad(conn, HTTP_BAD_BODY_LONG);
	else
		http_exchange_refuse(conn, 503, "the body cannot be taken now");
	return false;
}

/* Returns false when the request was refused. */
static bool body_take(struct http_conn *conn, const uint8_t *ptr, size_t len)
{
	struct http_request *req = conn->req;
	if (req->early_status != 0 || len == 0) return true;
	if (req->is_streaming) return stream_take(conn, ptr, len);
	/* Only memory counts here: whether a handler is free is asked when the body is whole, which keeps the
	 * connection. */
	bool is_full = conn->server->body_bytes >= conn->server->conf.limits.body_total_bytes_max;
	int rc = is_full ? ERR_AGAIN : buf_append(&req->body_buf, ptr, len);
	if (rc == 0) {
		conn->server->body_bytes += len;
		return true;
	}
	if (rc == ERR_LIMIT) {
		refuse_bad(conn, HTTP_BAD_BODY_LONG);
	} else {
		conn->server->meter.stats.busy_total++;
		http_exchange_refuse(conn, 503, "too many requests at this moment");
	}
	return false;
}

/* Takes from one contiguous piece of input. *ret_used of it may be dropped afterwards. */
static enum http_verdict body_feed(struct http_conn *conn, const uint8_t *ptr, size_t len, size_t *ret_used)
{
	struct bytes data;
	if (conn->req->head.chunked) {
		enum http_verdict verdict = http_chunked_feed(&conn->chunked, ptr, len, ret_used, &data);
		if (verdict == HTTP_REFUSED) refuse_bad(conn, conn->chunked.bad);
		if (verdict != HTTP_REFUSED && !body_take(conn, data.ptr, data.len)) return HTTP_REFUSED;
		return verdict;
	}
	*ret_used = len < conn->body_left_bytes ? len : (size_t)conn->body_left_bytes;
	if (!body_take(conn, ptr, *ret_used)) return HTTP_REFUSED;
	conn->body_left_bytes -= *ret_used;
	return conn->body_left_bytes == 0 ? HTTP_DONE : HTTP_MORE;
}

/* Returns false when it needs more bytes or the request was refused. */
static bool body_read(struct http_conn *conn, struct evbuffer *input)
{
	enum http_verdict verdict = HTTP_MORE;
	while (verdict == HTTP_MORE && !conn->is_paused && evbuffer_get_length(input) > 0) {
		struct evbuffer_iovec piece;
		size_t used = 0;
		int n = evbuffer_peek(input, -1, NULL, &piece, 1);
		assert(n > 0);
		verdict = body_feed(conn, piece.iov_base, piece.iov_len, &used);
		if (verdict == HTTP_REFUSED) return false;
		(void)evbuffer_drain(input, used);
	}
	if (verdict != HTTP_DONE) return false;
	pause_set(conn, false);
	handle(conn);
	return true;
}

void http_exchange_run(struct http_conn *conn)
{
	bool goes_on = true;
	while (goes_on) {
		struct evbuffer *input = conn->bev == NULL ? NULL : bufferevent_get_input(conn->bev);
		switch (conn->state) {
		case HTTP_CONN_IDLE:
			goes_on = evbuffer_get_length(input) > 0;
			if (goes_on) request_begin(conn);
			break;
		case HTTP_CONN_HEAD:
			goes_on = head_read(conn, input);
			break;
		case HTTP_CONN_BODY:
			goes_on = body_read(conn, input);
			break;
		default:
			return;
		}
	}
	bool is_reading =
		conn->state == HTTP_CONN_IDLE || conn->state == HTTP_CONN_HEAD || conn->state == HTTP_CONN_BODY;
	if (is_reading && conn->half_closed) http_conn_close(conn);
}
