/* Rounds: building the two batches and reading what came of them. */
#include "dispatch/round.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "dispatch/dispatch_sql.h"
#include "dispatch/route.h"
#include "dispatch/sending.h"

#define ROUND_MAGIC 0x726e6400u
#define BEGIN_TRIES_MAX 5
#define BEGIN_LEFT_MS 15000

static void on_begun(void *ctx, const struct db_outcome *outcome);
static void begun_not(struct round *round);
static bool begin_worth(const struct round *round);
static void round_over(struct round *round);
static void on_ended(void *ctx, const struct db_outcome *outcome);

static const enum sending_state waiting[ROUND_KINDS] = {SENDING_LEASED, SENDING_ENDED};
static const enum sending_state riding[ROUND_KINDS] = {SENDING_BEGINNING, SENDING_ENDING};

/* ---- parameters ---- */

#define COLUMN(type, append, value)                                                                                    \
	do {                                                                                                           \
		array = db_params_array(params, type, round->count, 0);                                                \
		for (size_t i = 0; i < round->count; i++) {                                                            \
			struct sending *s = round->items[i];                                                           \
			append(array, value);                                                                          \
		}                                                                                                      \
	} while (0)

static void begin_fill(struct round *round)
{
	const struct route *route = round->route;
	const struct options *options = route->dispatch->worker->options;
	const struct insurer *insurer = route->insurer;
	struct db_params *params = db_batch_add(round->batch, &dispatch_sql[DISPATCH_BEGIN]);
	struct db_array *array;

	db_params_text(params, route->name);
	db_params_int8(params, route->fence);
	COLUMN(DB_UUID, db_array_uuid, &s->item.hospital_id);
	COLUMN(DB_UUID, db_array_uuid, &s->item.work_id);
	COLUMN(DB_INT4, db_array_int4, s->item.attempt);
	COLUMN(DB_UUID, db_array_uuid, &s->next_id);
	db_params_text(params, insurer->code);
	array = db_params_array(params, DB_TEXT, insurer->purpose_count, 0);
	for (uint32_t i = 0; i < insurer->purpose_count; i++) db_array_text(array, insurer->purposes[i]);
	db_params_text(params, insurer->allowed_fields_version == NULL ? "all" : insurer->allowed_fields_version);
	db_params_int4(params, (int32_t)options->person_warn_count);
	db_params_int4(params, (int32_t)options->person_stop_count);
	db_params_int4(params, CONSENT_DAYS);
}

static void http_append(struct db_array *array, int status)
{
	if (status == 0)
		db_array_null(array);
	else
		db_array_int2(array, (int16_t)status);
}

/* Whether these were begun is not known, and the transaction that did it may still be under way, or not even have
 * started. Revoking their leases waits for it, so the end that follows finds what is there, or shuts it out; and what
 * was never begun is due at once. */
static void end_doubt(struct round *round)
{
	struct work_item items[ROUND_ITEMS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < round->count; i++)
		if (round->items[i]->in_doubt) items[n++] = round->items[i]->item;
	if (n > 0) lease_revoke_add(round->batch, items, n);
}

static void end_fill(struct round *round)
{
	struct db_params *params;
	struct db_array *array;

	end_doubt(round);
	params = db_batch_add(round->batch, &dispatch_sql[DISPATCH_END]);
	db_params_text(params, round->route->name);
	db_params_int8(params, round->items[0]->fence);
	COLUMN(DB_UUID, db_array_uuid, &s->item.hospital_id);
	COLUMN(DB_UUID, db_array_uuid, &s->item.work_id);
	COLUMN(DB_INT4, db_array_int4, s->item.attempt);
	COLUMN(DB_UUID, db_array_uuid, &s->item.message_id);
	COLUMN(DB_INT2, db_array_int2, (int16_t)s->outcome);
	COLUMN(DB_INT2, http_append, s->http_status);
	COLUMN(DB_TEXT, db_array_text, s->why[0] == '\0' ? NULL : s->why);
	COLUMN(DB_INT8, db_array_int8, s->delay_ms);
	COLUMN(DB_UUID, db_array_uuid, &s->reply_id);
	COLUMN(DB_INT2, db_array_int2, (int16_t)s->reply_status);
	COLUMN(DB_BYTEA, db_array_bytes, s->reply);
	COLUMN(DB_UUID, db_array_uuid, &s->next_id);
	COLUMN(DB_BOOL, db_array_bool, s->taken);
}

/* ---- running ---- */

static void round_run(struct round *round)
{
	round->stuck = db_batch_run(round->batch, 0, round->kind == ROUND_BEGIN ? on_begun : on_ended, round) < 0;
	round->whole = round->whole || !round->stuck;
}

void round_free(struct round *round)
{
	CHECK_MAGIC(round, ROUND_MAGIC);
	list_remove(&round->node);
	db_batch_free(round->batch);
	round->magic = 0;
	mem_free(round);
}

static struct round *round_new(struct route *route, enum round_kind kind)
{
	struct round *round = mem_alloc(sizeof(*round));

	if (round == NULL) return NULL;
	if (db_batch_new(route->dispatch->pool, &round->batch) < 0) {
		mem_free(round);
		return NULL;
	}
	round->magic = ROUND_MAGIC;
	round->route = route;
	round->kind = kind;
	list_append(&route->dispatch->rounds, &round->node);
	route->flights[kind]++;
	return round;
}

static void round_fill_and_run(struct round *round)
{
	db_batch_reset(round->batch);
	if (round->kind == ROUND_BEGIN) {
		POINT("dispatch.before_begin");
		begin_fill(round);
	} else {
		POINT("dispatch.before_end");
		end_fill(round);
	}
	round_run(round);
}

/* Somebody configured it and it is ours. */
static bool begin_possible(const struct route *route)
{
	return route->insurer != NULL && route->fence != 0;
}

void round_retry(struct round *round)
{
	if (!round->stuck) return;
	if (round->whole) {
		round_run(round);
		return;
	}
	/* Without memory for its parameters a batch stays as it is: nothing of it was ever sent. */
	if (round->kind == ROUND_END || (begin_possible(round->route) && begin_worth(round))) {
		round_fill_and_run(round);
		return;
	}
	begun_not(round);
	round_over(round);
}

void round_start(struct route *route, enum round_kind kind)
{
	while (route->flights[kind] < ROUND_FLIGHTS_MAX && !list_empty(&route->sendings[waiting[kind]])) {
		struct round *round;
		size_t bytes = 0;

		if (kind == ROUND_BEGIN && !begin_possible(route)) return;
		round = round_new(route, kind);
		if (round == NULL) return; /* the tick comes back */
		LIST_EACH(&route->sendings[waiting[kind]], node)
		{
			struct sending *sending = CONTAINER_OF(node, struct sending, node);

			bytes += sending->reply.len;
			if (round->count == ROUND_ITEMS_MAX || (round->count > 0 && bytes > ROUND_BYTES_MAX)) break;
			round->items[round->count++] = sending;
			sending_move(sending, riding[kind]);
		}
		round_fill_and_run(round);
	}
}

/* The round is over; what its items became has been decided. */
static void round_over(struct round *round)
{
	struct route *route = round->route;
	enum round_kind kind = round->kind;

	route->flights[kind]--;
	if (round->trouble) route->trouble--;
	round_free(round);
	round_start(route, kind);
	route_pace(route, clock_mono_ms());
}

/* One bad item must not stop the others: each goes alone. */
static void round_split(struct round *round, const struct db_outcome *outcome)
{
	log_fields(LOG_ERROR, round->kind == ROUND_BEGIN ? "could not begin a round" : "could not end a round", "route",
		round->route->name, "sqlstate", outcome->sqlstate, "constraint", outcome->constraint, "why",
		outcome->message, NULL);
	for (size_t i = 0; i < round->count; i++) {
		bool may = round->count > 1 && (round->kind == ROUND_END || begin_possible(round->route));
		struct round *single = may ? round_new(round->route, round->kind) : NULL;

		if (single == NULL) {
			/* Begin: its lease runs out and somebody tries again. End: the sweep makes it unknown. */
			sending_free(round->items[i]);
			continue;
		}
		single->items[single->count++] = round->items[i];
		round_fill_and_run(single);
	}
	round_over(round);
}

static void note_trouble(struct round *round)
{
	if (round->trouble) return;
	round->trouble = true;
	round->route->trouble++;
}

/* ---- begun ---- */

static void refused_tell(const struct sending *sending, int verdict, const char *ref)
{
	const struct dispatch *dispatch = sending->route->dispatch;

	if (verdict == 3) {
		metric_add(dispatch->consent_refused, 1);
		log_fields(LOG_INFO, "not sent: no consent covers it any more", "route", sending->route->name, "claim",
			ref == NULL ? "" : ref, NULL);
	} else if (verdict == 4) {
		metric_add(dispatch->stop_refused, 1);
		log_fields(LOG_WARN, "not sent: export stop level reached", "route", sending->route->name, "claim",
			ref == NULL ? "" : ref, NULL);
	}
	if (verdict == 3 || verdict == 4) db_notify_send(dispatch->notify, "translate", 1);
}

static void begun_rows(struct round *round, const struct pg_result *rows)
{
	struct dispatch *dispatch = round->route->dispatch;
	bool warned = false;

	for (int row = 0; row < db_rows_count(rows); row++) {
		size_t i = (size_t)db_rows_int(rows, row, 0) - 1;
		int verdict = (int)db_rows_int(rows, row, 1);
		struct sending *sending;

		assert(i < round->count && round->items[i] != NULL);
		sending = round->items[i];
		warned = warned || db_rows_bool(rows, row, 10);
		round->items[i] = NULL;
		if (sending->fence != round->route->fence) { /* lost meanwhile: begun, for the next owner to find */
			sending_free(sending);
			continue;
		}
		if (verdict == 1) {
			POINT("dispatch.begun");
			route_ahead_note(round->route, sending);
			sending_open(sending, rows, row);
			continue;
		}
		refused_tell(sending, verdict, db_rows_text(rows, row, 4));
		sending_free(sending);
	}
	route_send(round->route);
	if (warned) {
		metric_add(dispatch->warned, 1);
		log_line(LOG_WARN, "ALERT: the warn level of %lld persons a year whose data leaves is reached",
			(long long)dispatch->worker->options->person_warn_count);
	}
}

/* It is not known whether the intent is durable, and nothing has left: the end says "not sent", which fits both. */
static void begun_unknown(struct round *round)
{
	static const struct verdict undo = {VERDICT_NOT_SENT, BREAKER_NEUTRAL, WINDOW_NEUTRAL, 0, false, false,
		"the database was lost while the intent was written"};

	for (size_t i = 0; i < round->count; i++) {
		struct sending *sending = round->items[i];

		round->items[i] = NULL;
		sending->in_doubt = true;
		if (sending->fence == round->route->fence)
			sending_end(sending, &undo, 0);
		else
			sending_free(sending);
	}
}

/* Those of which no intent was written: due at once, for whoever has the route then. */
static void begun_not(struct round *round)
{
	struct work_item items[ROUND_ITEMS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < round->count; i++) {
		if (round->items[i] == NULL) continue;
		items[n++] = round->items[i]->item;
		sending_free(round->items[i]);
	}
	lease_give_back(round->route->lease, items, n);
}

/* Their leases last long enough for another try of writing the intent. */
static bool begin_worth(const struct round *round)
{
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < round->count; i++)
		if (round->items[i]->item.until_ms - now_ms < BEGIN_LEFT_MS) return false;
	return round->items[0]->fence == round->route->fence;
}

static void on_begun(void *ctx, const struct db_outcome *outcome)
{
	struct round *round = ctx;

	CHECK_MAGIC(round, ROUND_MAGIC);
	if (outcome->ending == DB_REFUSED) {
		round_split(round, outcome);
		return;
	}
	if (outcome->ending == DB_RETRYABLE && round->tries++ < BEGIN_TRIES_MAX && begin_worth(round)) {
		round_run(round);
		return;
	}
	if (outcome->ending == DB_UNKNOWN) begun_unknown(round);
	if (outcome->ending == DB_COMMITTED) {
		if (db_rows_count(outcome->results[0]) == 0) route_doubt(round->route);
		begun_rows(round, outcome->results[0]);
	}
	begun_not(round);
	round_over(round);
}

/* ---- ended ---- */

static void on_ended(void *ctx, const struct db_outcome *outcome)
{
	struct round *round = ctx;
	struct dispatch *dispatch;
	bool read = false;
	bool again = false;
	bool doubt = false;

	CHECK_MAGIC(round, ROUND_MAGIC);
	if (outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) {
		note_trouble(round); /* fenced by lease and open attempt: running it again is safe */
		round_run(round);
		return;
	}
	if (outcome->ending == DB_REFUSED) {
		round_split(round, outcome);
		return;
	}
	POINT("dispatch.ended");
	dispatch = round->route->dispatch;
	for (size_t i = 0; i < round->count; i++) {
		const struct sending *sending = round->items[i];

		doubt = doubt || sending->in_doubt;
		read = read || (sending->outcome != VERDICT_NOT_SENT && !sending->taken);
		again = again || (sending->outcome == VERDICT_NOT_SENT && sending->delay_ms == 0);
		sending_free(round->items[i]);
	}
	/* The end is the last of the batch's statements. */
	if (db_rows_count(outcome->results[outcome->count - 1]) < (int)round->count && !round->trouble && !doubt)
		log_fields(LOG_WARN, "ends came too late: others have decided meanwhile", "route", round->route->name,
			NULL);
	if (read) db_notify_send(dispatch->notify, "translate", round->count);
	if (again) db_notify_send(dispatch->notify, "dispatch", 1);
	round_over(round);
}
