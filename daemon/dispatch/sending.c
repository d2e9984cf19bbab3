/* Sendings: opened, sent, judged. The bytes of a message live in its arena and are gone with it. */
#include "dispatch/sending.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "dispatch/letter.h"
#include "dispatch/round.h"
#include "dispatch/route.h"
#include "model/work.h"

#define SENDING_MAGIC 0x73656e64u
#define ARENA_BYTES_MAX (256u << 20)
#define HEAD_BYTES_MAX 65536
#define DEADLINE_MARGIN_MS 1000 /* what is left of a lease for writing the end down */
#define KEY_WAIT_MS 5000

/* The columns of DISPATCH_BEGIN that are read here. */
enum {
	COLUMN_MESSAGE = 2,
	COLUMN_SUBMISSION,
	COLUMN_REF,
	COLUMN_CONTENT,
	COLUMN_CLAIM,
	COLUMN_PATIENT,
	COLUMN_WRAPPED,
	COLUMN_VERSION
};

static const struct verdict local_trouble = {
	VERDICT_NOT_SENT, BREAKER_NEUTRAL, WINDOW_NEUTRAL, 0, false, false, "no room to send it now"};

struct sending *sending_new(struct route *route, const struct work_item *item, struct breaker_ticket breaker)
{
	struct sending *sending = mem_alloc(sizeof(*sending));

	if (sending == NULL) return NULL;
	sending->magic = SENDING_MAGIC;
	sending->route = route;
	sending->item = *item;
	sending->fence = route->fence;
	sending->breaker = breaker;
	sending->slot = true;
	sending->asked_ms = route->asked_ms;
	sending->why = "";
	arena_init(&sending->arena, ARENA_BYTES_MAX);
	sending->reply_id = uuid_new();
	sending->next_id = uuid_new();
	sending->state = SENDING_LEASED;
	list_append(&route->sendings[SENDING_LEASED], &sending->node);
	route->count++;
	return sending;
}

void sending_free(struct sending *sending)
{
	static const struct verdict nothing = {.breaker = BREAKER_NEUTRAL, .window = WINDOW_NEUTRAL, .why = ""};
	struct route *route;

	CHECK_MAGIC(sending, SENDING_MAGIC);
	route = sending->route;
	assert(sending->call == NULL || route->dispatch->outbound == NULL);
	list_remove(&sending->node);
	route->count--;
	if (sending->slot) route_result(route, sending, &nothing);
	key_wipe(&sending->key);
	arena_free(&sending->arena);
	sending->magic = 0;
	mem_free(sending);
}

void sending_move(struct sending *sending, enum sending_state state)
{
	list_remove(&sending->node);
	list_append(&sending->route->sendings[state], &sending->node);
	sending->state = state;
}

void sending_drop(struct sending *sending)
{
	switch (sending->state) {
	case SENDING_LEASED:
	case SENDING_READY:
	case SENDING_ENDED:
		sending_free(sending);
		break;
	case SENDING_UNDERWAY:
		outbound_cancel(sending->call); /* the callback frees it */
		break;
	case SENDING_BEGINNING:
	case SENDING_ENDING:
	case SENDING_STATES:
		break; /* its round frees it */
	}
}

/* ---- the end ---- */

/* Seals what came back under the key of what went out. */
static int reply_seal(struct sending *sending, struct bytes plain)
{
	struct dispatch *dispatch = sending->route->dispatch;
	const struct key *key =
		sending->has_key ? &sending->key : keyhold_newest(dispatch->keys, &sending->item.hospital_id, NULL);

	if (key == NULL) return err_set(ERR_NOTFOUND, "no key of this hospital is held");
	return seal(dispatch->sealer, key, &sending->reply_id, SEAL_MESSAGE, plain, &sending->arena, &sending->reply);
}

static void count_and_tell(const struct sending *sending)
{
	const struct route *route = sending->route;

	switch (sending->outcome) {
	case VERDICT_ANSWERED:
		metric_add(route->answered, 1);
		break;
	case VERDICT_NOT_SENT:
		metric_add(route->not_sent, 1);
		break;
	case VERDICT_UNKNOWN:
		metric_add(route->unknown, 1);
		log_fields(LOG_WARN, "it is not known whether a message arrived", "route", route->name, "claim",
			sending->ref, "why", sending->why, NULL);
		break;
	case VERDICT_FAILED:
		metric_add(route->failed, 1);
		log_fields(LOG_ERROR, "a message cannot be sent", "route", route->name, "claim", sending->ref, "why",
			sending->why, NULL);
		break;
	}
}

void sending_end(struct sending *sending, const struct verdict *verdict, int64_t delay_ms)
{
	struct route *route;
	char *why;

	CHECK_MAGIC(sending, SENDING_MAGIC);
	route = sending->route;
	why = zf_strdup(&sending->arena.zf, verdict->why);
	sending->outcome = verdict->outcome;
	sending->why = why == NULL ? "" : why;
	sending->delay_ms = delay_ms;
	sending_move(sending, SENDING_ENDED);
	count_and_tell(sending);
	if (sending->slot) route_result(route, sending, verdict);
	round_start(route, ROUND_END);
}

/* Ended by us, before the call. */
static void end_failed(struct sending *sending, const char *why)
{
	struct verdict verdict = {VERDICT_FAILED, BREAKER_NEUTRAL, WINDOW_NEUTRAL, 0, false, false, why};

	sending_end(sending, &verdict, 0);
}

static void end_route_wrong(struct sending *sending, const char *why)
{
	struct verdict verdict = {VERDICT_NOT_SENT, BREAKER_FAILURE, WINDOW_FAILED, 0, false, false, why};

	sending_end(sending, &verdict, 1000);
}

static int64_t delay_of(const struct route *route, const struct outbound_result *result, const struct verdict *verdict)
{
	int64_t wait_ms = route_backoff_ms(route, clock_mono_ms());

	if (verdict->pause_ms > wait_ms) wait_ms = verdict->pause_ms;
	/* Nothing is wrong with the route: as soon as possible. Else not before the others have had their turn. */
	if (result->fault == OUTBOUND_FAULT_STALE || result->fault == OUTBOUND_FAULT_HOOK) return wait_ms;
	return wait_ms < 200 ? 200 : wait_ms;
}

/* A process that is paused after its last look at the deadline sends after it: that cannot be helped, so it is counted.
 */
static void window_count(const struct sending *sending, const struct outbound_result *result)
{
	const struct dispatch *dispatch = sending->route->dispatch;

	if (result->window_us > 0) metric_observe(dispatch->window, (double)result->window_us / 1e6);
	if (!result->late) return;
	metric_add(dispatch->late, 1);
	log_fields(LOG_WARN, "a message left after its lease: this process had been paused", "route",
		sending->route->name, "claim", sending->ref, NULL);
}

static bool is_plain(const struct sending *sending, const struct outbound_result *result)
{
	struct taken came;

	if (!sending->submission || !sending->plain_answer.known) return false;
	came = taken_of(result->status, outbound_result_header(result, "content-type"), result->body);
	return taken_equal(&came, &sending->plain_answer);
}

static void on_result(void *arg, const struct outbound_result *result)
{
	struct sending *sending = arg;
	struct verdict verdict;
	struct route *route;
	struct bytes plain;
	int r = 0;

	CHECK_MAGIC(sending, SENDING_MAGIC);
	route = sending->route;
	verdict = verdict_judge(result, sending->submission, clock_wall_ms() / 1000);
	sending->call = NULL;
	POINT("dispatch.answered");
	window_count(sending, result);
	if (sending->fence !=
		route->fence) { /* lost while it was out: whoever has the route now takes it for unknown */
		sending_free(sending);
		return;
	}
	sending->http_status = result->status;
	sending->taken = verdict.outcome == VERDICT_ANSWERED && is_plain(sending, result);
	if (sending->taken) metric_add(route->plain, 1);
	if (result->outcome == OUTBOUND_ANSWERED) metric_observe(route->seconds, (double)result->total_ms / 1000);
	if (verdict.outcome == VERDICT_ANSWERED || verdict.keep) {
		sending->reply_status = verdict.outcome == VERDICT_ANSWERED ? MESSAGE_RECEIVED
					: verdict.broken                    ? MESSAGE_QUARANTINED
									    : MESSAGE_READ;
		r = letter_write_answer(result, &sending->arena, &plain);
		if (r == 0) r = reply_seal(sending, plain);
	}
	if (r < 0) {
		sending->reply = (struct bytes){0};
		sending->taken = false;
		verdict.outcome = VERDICT_UNKNOWN;
		verdict.why = err_text();
	}
	sending_end(sending, &verdict, delay_of(route, result, &verdict));
}

/* ---- the call ---- */

static int deadline_look(void *arg)
{
	const struct sending *sending = arg;
	int64_t now_ms = clock_mono_ms();

	return route_may_send(sending->route, sending->fence, now_ms) && now_ms < sending->item.until_ms ? 0
													 : ERR_DENIED;
}

static int call_start(
	struct sending *sending, const struct letter *letter, const struct endpoint *endpoint, struct outbound_tls *tls)
{
	struct dispatch *dispatch = sending->route->dispatch;
	const struct options *options = dispatch->worker->options;
	size_t body_max = (size_t)options->outbound_body_bytes_max;
	struct outbound_request request = {.method = letter->method,
		.url = arena_printf(&sending->arena, "%s%s", endpoint->url, letter->path),
		.headers = letter->headers,
		.header_count = letter->header_count,
		.body = letter->body,
		.deadline_ms = clock_mono_ms() + endpoint_deadline_ms(endpoint, options),
		.head_bytes_max = HEAD_BYTES_MAX,
		.body_bytes_max = body_max < MESSAGE_BYTES_MAX ? body_max : MESSAGE_BYTES_MAX,
		.tls = tls,
		.allow_plain = endpoint->allow_plain,
		.redirects_max = endpoint->redirects_max,
		.before_first_byte = deadline_look,
		.before_body = deadline_look};

	if (request.url == NULL) return ERR_NOMEM;
	if (request.deadline_ms > sending->item.until_ms - DEADLINE_MARGIN_MS)
		request.deadline_ms = sending->item.until_ms - DEADLINE_MARGIN_MS;
	return outbound_send(dispatch->outbound, &request, on_result, sending, &sending->call);
}

static int content_open(struct sending *sending, const struct pg_result *rows, int row, struct bytes *ret_plain)
{
	struct dispatch *dispatch = sending->route->dispatch;
	const struct uuid *hospital = &sending->item.hospital_id;
	struct uuid message = db_rows_uuid(rows, row, COLUMN_MESSAGE);
	struct bytes sealed = db_rows_bytes(rows, row, COLUMN_CONTENT);
	struct uuid patient;
	int r;

	if (db_rows_null(rows, row, COLUMN_CLAIM))
		return keyhold_open(dispatch->keys, dispatch->sealer, hospital, &message, SEAL_MESSAGE, sealed,
			MESSAGE_BYTES_MAX, &sending->arena, ret_plain);
	if (db_rows_null(rows, row, COLUMN_WRAPPED)) return err_set(ERR_DENIED, "the patient's key has been destroyed");
	patient = db_rows_uuid(rows, row, COLUMN_PATIENT);
	r = keyhold_patient(dispatch->keys, hospital, &patient, (int)db_rows_int(rows, row, COLUMN_VERSION),
		db_rows_bytes(rows, row, COLUMN_WRAPPED), &sending->key);
	if (r < 0) return r;
	sending->has_key = true;
	return seal_open(dispatch->sealer, &sending->key, &message, SEAL_MESSAGE, sealed, MESSAGE_BYTES_MAX,
		&sending->arena, ret_plain);
}

static void letter_send(struct sending *sending)
{
	struct outbound_tls *tls = NULL;
	const struct endpoint *endpoint;
	struct letter letter;
	char why[128];
	int r = letter_read(sending->plain, &sending->arena, &letter);

	if (r == ERR_INVALID) {
		end_failed(sending, err_text());
		return;
	}
	if (r < 0) {
		sending_end(sending, &local_trouble, KEY_WAIT_MS);
		return;
	}
	endpoint = route_endpoint(sending->route, letter.endpoint, &tls);
	if (endpoint == NULL) {
		(void)snprintf(why, sizeof(why), "endpoint \"%.64s\" is not configured", letter.endpoint);
		end_failed(sending, why);
		return;
	}
	if (tls == NULL && strncmp(endpoint->url, "http://", 7) != 0) {
		end_route_wrong(sending, "the endpoint's certificates could not be read");
		return;
	}
	sending->plain_answer = letter.taken;
	r = letter_fill(&letter, sending->route->insurer->secrets, &sending->arena);
	if (r == ERR_NOTFOUND) {
		end_route_wrong(sending, err_text());
		return;
	}
	if (r == 0) r = call_start(sending, &letter, endpoint, tls);
	if (r == ERR_INVALID)
		end_failed(sending, err_text());
	else if (r < 0)
		sending_end(sending, &local_trouble, 1000);
}

void sending_send(struct sending *sending, struct window_ticket window)
{
	CHECK_MAGIC(sending, SENDING_MAGIC);
	sending->window = window;
	sending->in_window = true;
	sending->sent_ms = clock_mono_ms();
	sending_move(sending, SENDING_UNDERWAY);
	letter_send(sending);
}

void sending_put_back(struct sending *sending, const char *why)
{
	struct verdict kept = {VERDICT_NOT_SENT, BREAKER_NEUTRAL, WINDOW_NEUTRAL, 0, false, false, why};

	CHECK_MAGIC(sending, SENDING_MAGIC);
	sending_end(sending, &kept, route_backoff_ms(sending->route, clock_mono_ms()));
}

void sending_open(struct sending *sending, const struct pg_result *rows, int row)
{
	const char *ref = db_rows_text(rows, row, COLUMN_REF);
	int r;

	CHECK_MAGIC(sending, SENDING_MAGIC);
	sending_move(sending, SENDING_READY);
	sending->ready_ms = clock_mono_ms();
	(void)snprintf(sending->ref, sizeof(sending->ref), "%s", ref == NULL ? "" : ref);
	sending->submission = db_rows_bool(rows, row, COLUMN_SUBMISSION);
	r = content_open(sending, rows, row, &sending->plain);
	if (r == 0) return;
	if (r == ERR_NOTFOUND || r == ERR_NOMEM)
		sending_end(sending, &local_trouble, KEY_WAIT_MS); /* a key that is newer than our last look */
	else
		end_failed(sending, err_text());
}
