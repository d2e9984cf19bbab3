/* The life of outbound calls: resolving, running in libcurl, ended, dead. All ends are recorded first and told to the
 * callers in one place, so that a callback never runs inside the function that caused it. */
#include "net/outbound.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/event.h>

#include "base/clock.h"
#include "net/outbound_call.h"
#include "net/outbound_loop.h"

#define OUTBOUND_MAGIC 0x6f757462u
#define CALL_MAGIC 0x6f63616cu
#define EASY_KEPT_MAX 64           /* handles that wait for the next call */
#define UPLOAD_BUFFER_BYTES 16384L /* libcurl's least; its 64 KiB cost more to allocate than a claim to send */

struct outbound {
	uint32_t magic;
	struct event_base *base;
	struct outbound_limits limits;
	struct outbound_loop loop;
	struct resolver *resolver;
	struct event *deliver;
	struct list calls[OUTBOUND_CALL_STATES]; /* by state; DEAD is the graveyard */
	struct list links;                       /* struct outbound_link: open sockets */
	struct list handing;                     /* struct outbound_call.handed */
	size_t count;                            /* calls whose callback has not run */
	bool delivering;
	CURL *easy[EASY_KEPT_MAX]; /* of calls that are over, without a trace of them */
	size_t easy_count;
};

struct outbound_limits outbound_limits_default(void)
{
	return (struct outbound_limits){
		.calls_max = 4096,
		.connections_max = 1024,
		.connections_host_max = 64,
		.connections_kept_max = 256,
		.idle_ms_max = 20000,
		.connect_ms_max = 10000,
		.resolve_ms_max = 5000,
		.resolve_ttl_ms_max = 300000,
		.hosts_file = NULL,
	};
}

static void call_move(struct outbound_call *call, enum outbound_call_state state)
{
	list_remove(&call->node);
	list_append(&call->out->calls[state], &call->node);
	call->state = state;
}

/* ---- handles ---- */

static CURL *easy_take(struct outbound *out)
{
	CURL *easy = out->easy_count > 0 ? out->easy[--out->easy_count] : curl_easy_init();
	if (easy != NULL) curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
	return easy;
}

static void easy_give(struct outbound *out, CURL *easy)
{
	if (out->easy_count == EASY_KEPT_MAX) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	out->easy[out->easy_count++] = easy;
}

static void call_free(struct outbound_call *call)
{
	CHECK_MAGIC(call, CALL_MAGIC);
	list_remove(&call->node);
	list_remove(&call->handed);
	if (call->timer != NULL) event_free(call->timer);
	/* The handle first: it points to the lists and the URL. */
	if (call->easy != NULL) easy_give(call->out, call->easy);
	outbound_http_free(call);
	call->magic = 0;
	mem_free(call);
}

static void graveyard_empty(struct outbound *out)
{
	LIST_EACH(&out->calls[OUTBOUND_CALL_DEAD], node) call_free(CONTAINER_OF(node, struct outbound_call, node));
}

/* ---- ends ---- */

static int64_t easy_ms(CURL *easy, CURLINFO info)
{
	curl_off_t us = 0;
	curl_easy_getinfo(easy, info, &us);
	return us / 1000;
}

static enum outbound_stage call_stage(const struct outbound_call *call, CURLcode code)
{
	if (call->state == OUTBOUND_CALL_RESOLVING) return OUTBOUND_STAGE_RESOLVE;
	if (call->begun || call->hook_refused || call->resend_refused) return OUTBOUND_STAGE_READY;
	if (!call->socket_opened) return OUTBOUND_STAGE_WAIT;
	if (code == CURLE_COULDNT_CONNECT) return OUTBOUND_STAGE_CONNECT;
	/* libcurl's own times do not tell TCP from TLS before both are done. */
	bool tls = code != CURLE_OPERATION_TIMEDOUT || outbound_http_connected(call);
	return tls ? OUTBOUND_STAGE_TLS : OUTBOUND_STAGE_CONNECT;
}

static struct outbound_facts call_facts(const struct outbound_call *call, CURLcode code)
{
	long connects = 0, os_errno = 0;
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
	enum outbound_stage stage = call_stage(call, code);
	return (struct outbound_facts){
		.code = code,
		.stage = stage,
		.os_errno = call->socket_errno != 0 ? call->socket_errno : (int)os_errno,
		.tls_alert = outbound_alert_parse(call->text),
		.sent = outbound_http_sent(call),
		.reused = stage == OUTBOUND_STAGE_READY && connects == 0,
		.answer_began = call->head_bytes > 0,
		.head_complete = call->head_complete,
		.hook_refused = call->hook_refused,
		.resend_refused = call->resend_refused,
		.too_big = call->too_big,
		.malformed = call->malformed,
		.unframed = !call->accept_unframed && code == CURLE_OK && outbound_http_unframed(call),
	};
}

/* Our messages are lower case and have no full stop; libcurl's have neither rule. */
static void call_text(struct outbound_call *call, const char *text)
{
	if (text != call->text) strncpy(call->text, text, sizeof(call->text) - 1);
	size_t len = strlen(call->text);
	while (len > 0 && (call->text[len - 1] == '.' || isspace((unsigned char)call->text[len - 1])))
		call->text[--len] = '\0';
	if (len > 1 && isupper((unsigned char)call->text[0]) && islower((unsigned char)call->text[1]))
		call->text[0] = (char)tolower((unsigned char)call->text[0]);
}

/* Records the end; the callback follows from the loop. */
static void call_end(struct outbound_call *call, struct outbound_verdict verdict, bool sent)
{
	struct outbound *out = call->out;
	assert(call->state == OUTBOUND_CALL_RESOLVING || call->state == OUTBOUND_CALL_RUNNING);
	if (call->waiter != NULL) resolver_cancel(out->resolver, call->waiter);
	call->waiter = NULL;
	if (call->state == OUTBOUND_CALL_RUNNING) curl_multi_remove_handle(out->loop.multi, call->easy);
	event_del(call->timer);
	list_remove(&call->handed);
	call->verdict = verdict;
	call->sent = sent;
	call_move(call, OUTBOUND_CALL_ENDED);
	event_add(out->deliver, &(struct timeval){0, 0});
}

static const char *limit_text(const struct outbound_call *call, CURLcode code, const char *otherwise)
{
	if (call->hook_refused) return "stopped before the first byte";
	if (call->resend_refused) return "the kept connection was dead";
	/* on_rewind() stops it from sending once more; libcurl's own words are about that. */
	if (code == CURLE_SEND_FAIL_REWIND) return "the connection was closed before an answer";
	/* libcurl stops by itself where a length was said in advance. */
	if (call->too_big || code == CURLE_FILESIZE_EXCEEDED) return "the answer is over its limit";
	if (call->malformed) return "the answer's header breaks the rules";
	return otherwise;
}

static void call_judge(struct outbound_call *call, CURLcode code)
{
	struct outbound_facts facts = call_facts(call, code);
	struct outbound_verdict verdict = outbound_judge(&facts);
	if (verdict.outcome == OUTBOUND_ANSWERED)
		call->text[0] = '\0';
	else if (code == CURLE_OK)
		call_text(call, limit_text(call, code, "the answer has no length and its end is not known"));
	else
		call_text(call, limit_text(call, code, call->text[0] != '\0' ? call->text : curl_easy_strerror(code)));
	call_end(call, verdict, verdict.outcome == OUTBOUND_NOT_SENT ? false : facts.sent);
}

static void call_fail(struct outbound_call *call, enum outbound_fault fault, const char *text)
{
	call_text(call, text);
	bool sent = outbound_http_sent(call);
	call_end(call, (struct outbound_verdict){sent ? OUTBOUND_UNKNOWN : OUTBOUND_NOT_SENT, fault}, sent);
}

/* ---- from resolving to running ---- */

static void call_run(struct outbound_call *call)
{
	struct outbound *out = call->out;
	int64_t left_ms = call->deadline_ms - clock_mono_ms();
	int64_t connect_ms =
		out->limits.connect_ms_max < left_ms || left_ms <= 0 ? out->limits.connect_ms_max : left_ms;
	curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(call->easy, CURLOPT_MAXAGE_CONN, (long)((out->limits.idle_ms_max + 999) / 1000));
	call->text[0] = '\0';
	if (curl_multi_add_handle(out->loop.multi, call->easy) != CURLM_OK) {
		call_fail(call, OUTBOUND_FAULT_LOCAL, "no memory for a transfer");
		return;
	}
	call_move(call, OUTBOUND_CALL_RUNNING);
}

static void call_resolved(struct outbound_call *call, const struct resolve_addresses *addresses)
{
	call->resolved_ms = clock_mono_ms();
	if (outbound_http_address(call, addresses) != 0)
		call_fail(call, OUTBOUND_FAULT_LOCAL, err_text());
	else
		call_run(call);
}

static void on_resolved(void *arg, int code, const struct resolve_addresses *addresses)
{
	struct outbound_call *call = arg;
	CHECK_MAGIC(call, CALL_MAGIC);
	assert(call->state == OUTBOUND_CALL_RESOLVING);
	call->waiter = NULL;
	if (code == 0)
		call_resolved(call, addresses);
	else if (code == ERR_TIMEOUT)
		call_fail(call, OUTBOUND_FAULT_DNS, "the name server does not answer");
	else if (code == ERR_NOTFOUND)
		call_fail(call, OUTBOUND_FAULT_DNS, "the host's name has no address");
	else
		call_fail(call, OUTBOUND_FAULT_DNS, "the name server failed");
}

static void call_begin(struct outbound_call *call)
{
	struct outbound *out = call->out;
	struct resolve_addresses addresses;
	if (resolver_known(out->resolver, call->host, call->begin_ms, &addresses)) {
		call_resolved(call, &addresses);
		return;
	}
	int rc = resolver_lookup(out->resolver, call->host, on_resolved, call, &call->waiter);
	if (rc != 0) call_fail(call, rc == ERR_NOTFOUND ? OUTBOUND_FAULT_DNS : OUTBOUND_FAULT_LOCAL, err_text());
}

/* ---- from running to ended ---- */

static void on_done(void *arg, CURL *easy, CURLcode code)
{
	struct outbound *out = arg;
	struct outbound_call *call = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
	CHECK_MAGIC(call, CALL_MAGIC);
	assert(call->state == OUTBOUND_CALL_RUNNING);
	int rc = ERR_NOTFOUND;
	/* libcurl is content with a head that stops in the middle. */
	if (code == CURLE_OK && !call->head_complete) code = CURLE_GOT_NOTHING;
	if (code == CURLE_OK && !outbound_http_unframed(call)) rc = outbound_http_redirect(call);
	if (code != CURLE_OK) rc = outbound_http_refresh(call);
	if (rc == ERR_NOTFOUND) {
		call_judge(call, code);
	} else if (rc != 0) {
		call_fail(call, rc == ERR_LIMIT ? OUTBOUND_FAULT_REDIRECT : OUTBOUND_FAULT_LOCAL, err_text());
	} else {
		curl_multi_remove_handle(out->loop.multi, easy);
		call_run(call); /* its address is still set */
	}
}

static void on_turned(void *arg)
{
	struct outbound *out = arg;
	outbound_http_turned(&out->handing);
}

static void deadline_set(struct outbound_call *call)
{
	int64_t left_ms = call->deadline_ms - clock_mono_ms();
	if (left_ms < 0) left_ms = 0;
	struct timeval delay = {.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000};
	event_add(call->timer, &delay);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct outbound_call *call = arg;
	CHECK_MAGIC(call, CALL_MAGIC);
	/* libevent measures from the start of its turn and may be early by that much. */
	if (clock_mono_ms() < call->deadline_ms) {
		deadline_set(call);
		return;
	}
	if (call->state == OUTBOUND_CALL_RESOLVING && call->waiter == NULL) {
		call_fail(call, OUTBOUND_FAULT_QUEUE, "the deadline had passed before it began");
		return;
	}
	call_text(call, "the deadline passed");
	call_judge(call, CURLE_OPERATION_TIMEDOUT);
}

/* ---- telling the callers ---- */

static void call_deliver(struct outbound_call *call)
{
	struct outbound_header headers[ANSWER_FIELDS_MAX];
	for (size_t i = 0; i < call->head.count; i++)
		headers[i] =
			(struct outbound_header){answer_head_name(&call->head, i), answer_head_value(&call->head, i)};
	long status = 0, connects = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	size_t body_len = call->answer_body.len;
	bool terminated = buf_append(&call->answer_body, "", 1) == 0;
	if (!terminated && call->verdict.outcome == OUTBOUND_ANSWERED) {
		call->verdict = (struct outbound_verdict){OUTBOUND_UNKNOWN, OUTBOUND_FAULT_LOCAL};
		call_text(call, "no memory for the answer");
	}
	struct outbound_result result = {
		.outcome = call->verdict.outcome,
		.fault = call->verdict.fault,
		.sent = call->sent,
		.status = (int)status,
		.headers = headers,
		.header_count = call->head.count,
		.body = terminated ? (struct bytes){call->answer_body.ptr, body_len}
				   : (struct bytes){(const uint8_t *)"", 0},
		.text = call->text,
		.redirects = call->redirects,
		.reused = call->begun && connects == 0,
		.window_us = call->window_us,
		.late = call->late,
		.resolve_ms = call->resolved_ms > 0 ? call->resolved_ms - call->begin_ms : 0,
		.connect_ms = connects > 0 ? easy_ms(call->easy, CURLINFO_PRETRANSFER_TIME_T) : 0,
		.total_ms = clock_mono_ms() - call->begin_ms,
	};
	call->out->count--;
	call_move(call, OUTBOUND_CALL_DEAD);
	call->callback(call->arg, &result);
}

static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct outbound *out = arg;
	CHECK_MAGIC(out, OUTBOUND_MAGIC);
	out->delivering = true;
	/* What the callbacks end in their turn waits for the next turn of the loop. */
	struct list batch;
	list_init(&batch);
	LIST_EACH(&out->calls[OUTBOUND_CALL_ENDED], node)
	{
		list_remove(node);
		list_append(&batch, node);
	}
	struct list *node;
	while ((node = list_first(&batch)) != NULL) call_deliver(CONTAINER_OF(node, struct outbound_call, node));
	out->delivering = false;
	graveyard_empty(out);
}

/* ---- public ---- */

static bool sigpipe_is_ignored(void)
{
	struct sigaction action;
	return sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int outbound_new(struct event_base *base, struct evdns_base *evdns, const struct outbound_limits *limits,
	struct outbound **ret_out)
{
	assert(limits->calls_max > 0 && limits->connections_max > 0 && limits->connections_host_max > 0);
	assert(limits->connections_kept_max > 0 && limits->idle_ms_max >= 0 && limits->connect_ms_max > 0);
	/* libcurl is told not to touch signals, since that costs two system calls per turn. */
	if (!sigpipe_is_ignored()) return err_set(ERR_INVALID, "the process must ignore SIGPIPE before it sends");
	struct outbound *out = mem_alloc(sizeof(*out));
	if (out == NULL) return err_set(ERR_NOMEM, "no memory for outbound");
	out->magic = OUTBOUND_MAGIC;
	out->base = base;
	out->limits = *limits;
	out->limits.hosts_file = NULL;
	for (size_t i = 0; i < OUTBOUND_CALL_STATES; i++) list_init(&out->calls[i]);
	list_init(&out->links);
	list_init(&out->handing);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		mem_free(out);
		return err_set(ERR_NOMEM, "could not start libcurl");
	}
	struct resolver_limits names = {limits->resolve_ms_max, limits->resolve_ttl_ms_max, limits->hosts_file};
	int rc = outbound_loop_init(&out->loop, base, on_done, on_turned, out);
	if (rc == 0) rc = resolver_new(base, evdns, &names, &out->resolver);
	if (rc == 0) out->deliver = event_new(base, -1, 0, on_deliver, out);
	if (rc == 0 && out->deliver == NULL) rc = err_set(ERR_NOMEM, "no memory for outbound");
	if (rc != 0) {
		outbound_free(out);
		return rc;
	}
	curl_multi_setopt(out->loop.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)limits->connections_max);
	curl_multi_setopt(out->loop.multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)limits->connections_host_max);
	curl_multi_setopt(out->loop.multi, CURLMOPT_MAXCONNECTS, (long)limits->connections_kept_max);
	*ret_out = out;
	return 0;
}

void outbound_free(struct outbound *out)
{
	if (out == NULL) return;
	CHECK_MAGIC(out, OUTBOUND_MAGIC);
	assert(!out->delivering);
	for (int state = 0; state < OUTBOUND_CALL_STATES; state++) {
		LIST_EACH(&out->calls[state], node)
		{
			struct outbound_call *call = CONTAINER_OF(node, struct outbound_call, node);
			if (call->waiter != NULL) resolver_cancel(out->resolver, call->waiter);
			if (state == OUTBOUND_CALL_RUNNING) curl_multi_remove_handle(out->loop.multi, call->easy);
			call_free(call);
		}
	}
	while (out->easy_count > 0) curl_easy_cleanup(out->easy[--out->easy_count]);
	if (out->deliver != NULL) event_free(out->deliver);
	resolver_free(out->resolver);
	if (out->loop.multi != NULL) outbound_loop_free(&out->loop);
	outbound_http_links_free(&out->links);
	curl_global_cleanup();
	out->magic = 0;
	mem_free(out);
}

size_t outbound_count(const struct outbound *out)
{
	CHECK_MAGIC(out, OUTBOUND_MAGIC);
	return out->count;
}

int outbound_send(struct outbound *out, const struct outbound_request *request, outbound_callback *callback, void *arg,
	struct outbound_call **ret_call)
{
	CHECK_MAGIC(out, OUTBOUND_MAGIC);
	if (out->count >= out->limits.calls_max) return err_set(ERR_LIMIT, "too many requests are under way");
	struct outbound_call *call = mem_alloc(sizeof(*call));
	if (call == NULL) return err_set(ERR_NOMEM, "no memory for a request");
	call->magic = CALL_MAGIC;
	call->out = out;
	call->links = &out->links;
	call->handing = &out->handing;
	list_init(&call->handed);
	call->callback = callback;
	call->arg = arg;
	call->begin_ms = clock_mono_ms();
	call->deadline_ms = request->deadline_ms;
	list_init(&call->node);
	call->easy = easy_take(out);
	int rc = call->easy == NULL ? err_set(ERR_NOMEM, "no memory for a request")
				    : outbound_http_prepare(call, request);
	if (rc == 0) call->timer = event_new(out->base, -1, 0, on_deadline, call);
	if (rc == 0 && call->timer == NULL) rc = err_set(ERR_NOMEM, "no memory for a request");
	if (rc != 0) {
		call_free(call);
		return rc;
	}
	call_move(call, OUTBOUND_CALL_RESOLVING);
	out->count++;
	deadline_set(call);
	/* One that is too late from the start is left to its timer. */
	if (call->begin_ms < call->deadline_ms) call_begin(call);
	if (ret_call != NULL) *ret_call = call;
	return 0;
}

void outbound_cancel(struct outbound_call *call)
{
	CHECK_MAGIC(call, CALL_MAGIC);
	if (call->state == OUTBOUND_CALL_ENDED || call->state == OUTBOUND_CALL_DEAD) return;
	call_text(call, "cancelled");
	call_end(call, (struct outbound_verdict){OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE}, outbound_http_sent(call));
}

const char *outbound_result_header(const struct outbound_result *result, const char *name)
{
	for (size_t i = 0; i < result->header_count; i++)
		if (strcasecmp(result->headers[i].name, name) == 0) return result->headers[i].value;
	return NULL;
}
