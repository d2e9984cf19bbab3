/* The role settle. One round is in flight at a time: its facts are few and its transaction is short. */
#include "settle/settle.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "db/batch.h"
#include "db/lease.h"
#include "model/directory.h"
#include "net/metrics.h"
#include "settle/apply.h"
#include "settle/settle_sql.h"
#include "settle/watch.h"
#include "zhifu_adapter.h"

#define ROUND_MAX 256
#define DEFERS_MAX 200 /* a fact that waits for another longer than this is refused and shown */
#define DEFER_TEXT "what it depends on has not come: decide by hand"
#define HOUSEKEEPING_S 600
#define OFTEN_S 10

enum settle_phase { SETTLE_IDLE, SETTLE_READING, SETTLE_COMMITTING };

struct settle {
	struct worker *worker;
	struct db_pool *pool;
	struct db_notify *notify;
	struct lease *lease;
	struct db_batch *batch;
	struct event *housekeeping, *often;
	struct watch *watch;               /* of the first worker; NULL: another one looks */
	struct work_item items[ROUND_MAX]; /* of the round, by claim and fact */
	struct apply applies[ROUND_MAX];
	size_t taken; /* items handed over by the lease */
	size_t count; /* of them, those of this round */
	enum settle_phase phase;
	bool draining;
	struct metric *facts, *rounds, *refused;
};

static int item_compare(const void *a, const void *b)
{
	const struct work_item *x = a, *y = b;
	int r = memcmp(&x->claim_id, &y->claim_id, sizeof(x->claim_id));

	return r != 0 ? r : memcmp(&x->fact_id, &y->fact_id, sizeof(x->fact_id));
}

static void round_end(struct settle *settle)
{
	size_t n = settle->taken;

	settle->phase = SETTLE_IDLE;
	settle->taken = settle->count = 0;
	db_batch_reset(settle->batch);
	lease_finish(settle->lease, n);
}

static void on_committed(void *ctx, const struct db_outcome *outcome)
{
	struct settle *settle = ctx;

	if ((outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) && !settle->draining &&
		db_batch_run(settle->batch, 0, on_committed, settle) == 0)
		return; /* fenced by attempt and by (source, rule): running it again is safe */
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "could not settle a round", "sqlstate", outcome->sqlstate, "why",
			outcome->message, NULL);
	metric_add(settle->rounds, 1);
	if (outcome->ending == DB_COMMITTED) {
		metric_add(settle->facts, (uint64_t)db_rows_int(outcome->results[0], 0, 0));
		/* Hospitals may be waiting for a decision in a call of theirs (intake/wait.c). */
		db_notify_send(settle->notify, "settled");
	}
	round_end(settle);
}

/* ---- the commit ---- */

struct step_arrays {
	struct db_array *hospital, *claim, *axis, *from, *to, *event;
};

static void add_steps(struct db_params *params, const struct settle *settle)
{
	struct step_arrays a = {
		.hospital = db_params_array(params, DB_UUID, settle->count, 0),
	};

	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_uuid(a.hospital, &settle->items[i].hospital_id);
	a.claim = db_params_array(params, DB_UUID, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_uuid(a.claim, &settle->items[i].claim_id);
	a.axis = db_params_array(params, DB_INT2, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_int2(a.axis, (int16_t)settle->applies[i].steps[s].axis);
	a.from = db_params_array(params, DB_INT2, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_int2(a.from, settle->applies[i].steps[s].from);
	a.to = db_params_array(params, DB_INT2, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_int2(a.to, settle->applies[i].steps[s].to);
	a.event = db_params_array(params, DB_TEXT, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t s = 0; s < settle->applies[i].step_count; s++)
			db_array_text(a.event, lifecycle_event_name(settle->applies[i].steps[s].event));
}

/* One column of the postings: the same double loop for each, told what to append. */
typedef void posting_column(struct db_array *array, const struct work_item *item, const struct apply_posting *posting,
	const struct uuid *entry, size_t no);

static void column_work(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)p, (void)e, (void)n;
	db_array_uuid(a, &i->work_id);
}

static void column_hospital(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)p, (void)e, (void)n;
	db_array_uuid(a, &i->hospital_id);
}

static void column_entry(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)p, (void)n;
	db_array_uuid(a, e);
}

static void column_no(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)p, (void)e;
	db_array_int2(a, (int16_t)(n + 1));
}

static void column_debit(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_text(a, p->debit);
}

static void column_credit(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_text(a, p->credit);
}

static void column_amount(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_int8(a, p->amount);
}

static void column_currency(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_text(a, p->currency);
}

static void column_exponent(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_int2(a, (int16_t)p->exponent);
}

static void column_rule(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)i, (void)e, (void)n;
	db_array_text(a, p->rule);
}

static void column_claim(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)p, (void)e, (void)n;
	db_array_uuid(a, &i->claim_id);
}

static void column_source(
	struct db_array *a, const struct work_item *i, const struct apply_posting *p, const struct uuid *e, size_t n)
{
	(void)p, (void)e, (void)n;
	db_array_uuid(a, &i->fact_id);
}

static void add_postings(struct db_params *params, const struct settle *settle)
{
	static const struct {
		enum db_type type;
		posting_column *append;
	} columns[] = {{DB_UUID, column_work}, {DB_UUID, column_hospital}, {DB_UUID, column_entry},
		{DB_INT2, column_no}, {DB_TEXT, column_debit}, {DB_TEXT, column_credit}, {DB_INT8, column_amount},
		{DB_TEXT, column_currency}, {DB_INT2, column_exponent}, {DB_TEXT, column_rule}, {DB_UUID, column_claim},
		{DB_UUID, column_source}};

	for (size_t c = 0; c < ARRAY_LEN(columns); c++) {
		struct db_array *array = db_params_array(params, columns[c].type, settle->count, 0);

		for (size_t i = 0; i < settle->count; i++)
			for (size_t p = 0; p < settle->applies[i].posting_count; p++)
				/* The entry's id is the work item's: unique, and the same when the batch runs again. */
				columns[c].append(array, &settle->items[i], &settle->applies[i].postings[p],
					&settle->items[i].work_id, p);
	}
}

static void round_commit(struct settle *settle)
{
	struct db_params *params;
	struct db_array *array;

	params = db_batch_add(settle->batch, &settle_sql[SETTLE_COMMIT]);
	array = db_params_array(params, DB_UUID, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_uuid(array, &settle->items[i].hospital_id);
	array = db_params_array(params, DB_UUID, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_uuid(array, &settle->items[i].work_id);
	array = db_params_array(params, DB_INT4, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_int4(array, settle->items[i].attempt);
	array = db_params_array(params, DB_UUID, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_uuid(array, &settle->items[i].fact_id);
	array = db_params_array(params, DB_UUID, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_uuid(array, &settle->items[i].claim_id);
	array = db_params_array(params, DB_INT2, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_int2(array, (int16_t)settle->applies[i].status);
	array = db_params_array(params, DB_TEXT, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++) db_array_text(array, settle->applies[i].why);
	add_steps(params, settle);
	add_postings(params, settle);
	array = db_params_array(params, DB_INT4, settle->count, 0);
	for (size_t i = 0; i < settle->count; i++)
		for (size_t n = 0; n < settle->applies[i].step_count; n++)
			db_array_int4(array, settle->applies[i].steps[n].seq);
	settle->phase = SETTLE_COMMITTING;
	if (db_batch_run(settle->batch, 0, on_committed, settle) < 0) round_end(settle);
}

/* ---- the reading ---- */

static int64_t int_or_zero(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? 0 : db_rows_int(rows, row, column);
}

static void view_read(const struct pg_result *rows, int row, struct fact_view *view)
{
	*view = (struct fact_view){
		.kind = (int)db_rows_int(rows, row, 1),
		.insurer = db_rows_text(rows, row, 2),
		.use = (int)db_rows_int(rows, row, 3),
		.total = db_rows_int(rows, row, 4),
		.currency = db_rows_text(rows, row, 5),
		.exponent = (int)db_rows_int(rows, row, 6),
		.has_adjudication = !db_rows_null(rows, row, 12),
		.outcome = (int)int_or_zero(rows, row, 12),
		.adjudicated_currency = db_rows_text(rows, row, 13),
		.submitted = int_or_zero(rows, row, 14),
		.benefit = int_or_zero(rows, row, 15),
		.patient = int_or_zero(rows, row, 16),
		.contract = int_or_zero(rows, row, 17),
		.shares = int_or_zero(rows, row, 18),
		.has_detail = !db_rows_null(rows, row, 19),
		.detail_amount = int_or_zero(rows, row, 19),
		.detail_fee = int_or_zero(rows, row, 20),
		.detail_currency = db_rows_text(rows, row, 21),
		.detail_exponent = (int)int_or_zero(rows, row, 22),
		.billed = db_rows_int(rows, row, 23),
		.patient_posted = db_rows_int(rows, row, 24),
		.contract_posted = db_rows_int(rows, row, 25),
	};
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		view->states[axis] = (uint8_t)db_rows_int(rows, row, 6 + axis);
		view->seqs[axis] = (int32_t)db_rows_int(rows, row, 25 + axis);
	}
}

/* Texts of a row live only during the callback: what goes into the commit is copied into the batch's arena. */
static int apply_keep(struct db_batch *batch, struct apply *apply)
{
	for (size_t p = 0; p < apply->posting_count; p++) {
		apply->postings[p].currency = zf_strdup(&db_batch_arena(batch)->zf, apply->postings[p].currency);
		if (apply->postings[p].currency == NULL) return ERR_NOMEM;
	}
	return 0;
}

/* Applies what can be applied now; the rest is put off. Keeps the first kind, in place. */
static void round_apply(struct settle *settle, const struct pg_result *rows)
{
	struct work_item later[ROUND_MAX];
	int64_t delays_ms[ROUND_MAX];
	int row_of[ROUND_MAX];
	struct uuid previous = {{0}};
	size_t kept = 0;
	size_t put_off = 0;

	for (size_t i = 0; i < settle->count; i++) row_of[i] = -1;
	for (int row = 0; row < db_rows_count(rows); row++) row_of[db_rows_int(rows, row, 0) - 1] = row;
	for (size_t i = 0; i < settle->count; i++) {
		struct work_item item = settle->items[i];
		struct fact_view view;
		struct apply apply = {.status = FACT_ORPHAN, .why = "its claim is not there"};

		if (row_of[i] >= 0) {
			view_read(rows, row_of[i], &view);
			apply_fact(&view, &apply);
		}
		if (apply.defer && item.attempt > DEFERS_MAX)
			apply = (struct apply){.status = FACT_REFUSED, .why = DEFER_TEXT};
		/* The second fact of one claim sees the first one's steps in the next round. */
		if (uuid_equal(&item.claim_id, &previous) || apply_keep(settle->batch, &apply) < 0) apply.defer = true;
		previous = item.claim_id;
		if (apply.defer) {
			later[put_off] = item;
			/* Soon at first; a remittance that came long before its decision is looked at less and less
			 * often. */
			delays_ms[put_off++] = item.attempt < 10 ? 20 : (int64_t)item.attempt * 100;
			continue;
		}
		if (apply.status == FACT_REFUSED) metric_add(settle->refused, 1);
		settle->items[kept] = item;
		settle->applies[kept++] = apply;
	}
	settle->count = settle->taken = kept;
	lease_defer(settle->lease, later, delays_ms, put_off);
}

static void on_read(void *ctx, const struct db_outcome *outcome)
{
	struct settle *settle = ctx;

	if (outcome->ending != DB_COMMITTED) {
		round_end(settle); /* the lease runs out and somebody takes them again */
		return;
	}
	db_batch_reset(settle->batch);
	round_apply(settle, outcome->results[0]);
	if (settle->count == 0)
		round_end(settle);
	else
		round_commit(settle);
}

static void on_take(void *ctx, const struct work_item *items, size_t n)
{
	struct settle *settle = ctx;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct db_array *array;

	/* One share at a time: lease_new was given ROUND_MAX. */
	assert(settle->phase == SETTLE_IDLE && n <= ROUND_MAX);
	arena_init(&arena, 1u << 20);
	memcpy(settle->items, items, n * sizeof(*items));
	qsort(settle->items, n, sizeof(*items), item_compare);
	settle->taken = settle->count = n;
	settle->phase = SETTLE_READING;
	db_params_init(&params, &arena);
	array = db_params_array(&params, DB_UUID, n, 0);
	for (size_t i = 0; i < n; i++) db_array_uuid(array, &settle->items[i].hospital_id);
	array = db_params_array(&params, DB_UUID, n, 0);
	for (size_t i = 0; i < n; i++) db_array_uuid(array, &settle->items[i].fact_id);
	if (db_query(settle->pool, &settle_sql[SETTLE_READ], &params, 0, on_read, settle) < 0) round_end(settle);
}

/* ---- the role ---- */

static void on_housekept(void *ctx, const struct db_outcome *outcome)
{
	(void)ctx;
	if (outcome->ending == DB_REFUSED)
		log_fields(
			LOG_ERROR, "housekeeping failed", "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
}

/* Somebody has to look again: a consent may have come in the moment in which its claim began to wait. */
static void consents_look(struct settle *settle)
{
	const struct directory *directory = settle->worker->directory;

	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		struct arena arena CLEANUP(arena_free);
		struct db_params params;
		struct db_array *purposes;

		arena_init(&arena, 64u << 10);
		db_params_init(&params, &arena);
		db_params_text(&params, insurer->code);
		purposes = db_params_array(&params, DB_TEXT, insurer->purpose_count, 0);
		for (uint32_t k = 0; k < insurer->purpose_count; k++) db_array_text(purposes, insurer->purposes[k]);
		(void)!db_query(settle->pool, &settle_sql[SETTLE_CONSENTS], &params, 0, on_housekept, settle);
	}
}

static void on_often(evutil_socket_t fd, short what, void *ctx)
{
	struct settle *settle = ctx;

	(void)fd, (void)what;
	if (settle->worker->number != 0 || settle->draining || !db_pool_up(settle->pool)) return;
	consents_look(settle);
	watch_look(settle->watch);
}

static void on_housekeeping(evutil_socket_t fd, short what, void *ctx)
{
	struct settle *settle = ctx;

	(void)fd, (void)what;
	if (settle->worker->number != 0 || settle->draining) return;
	(void)!db_query(settle->pool, &settle_sql[SETTLE_HOUSEKEEPING], NULL, 0, on_housekept, settle);
	(void)!db_query(settle->pool, &settle_sql[SETTLE_PARTITIONS], NULL, 0, on_housekept, settle);
}

static void settle_stop(void *state)
{
	struct settle *settle = state;

	if (settle == NULL) return;
	if (settle->housekeeping != NULL) event_free(settle->housekeeping);
	if (settle->often != NULL) event_free(settle->often);
	watch_free(settle->watch);
	lease_free(settle->lease);
	if (settle->pool != NULL) db_forget(settle->pool, settle);
	db_batch_free(settle->batch);
	db_notify_free(settle->notify);
	db_pool_free(settle->pool);
	mem_free(settle);
}

static int settle_start(struct worker *worker, void **ret_state)
{
	static const struct db_table *const tables[] = {&settle_table, &lease_table};
	static const struct timeval interval = {.tv_sec = HOUSEKEEPING_S};
	static const struct timeval often = {.tv_sec = OFTEN_S};
	const struct options *options = worker->options;
	struct settle *settle = mem_alloc(sizeof(*settle));
	struct db_pool_conf pool = {.conninfo = options->database_settle.items[0].text,
		.role = "settle",
		.connections = (size_t)options->db_connections_per_worker,
		.schema_version = worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables)};
	struct lease_conf lease = {.topic = "settle",
		.role = WORK_SETTLE,
		.poll_ms = options->poll_ms,
		.lease_s = (int)options->lease_s,
		.items_max = ROUND_MAX,
		.share_max = ROUND_MAX,
		.one_round = true,
		.take = on_take,
		.ctx = settle};
	int r;

	if (settle == NULL) return ERR_NOMEM;
	settle->worker = worker;
	settle->facts = metrics_counter(worker->metrics, "zhifu_settle_facts_total", "Facts applied.", NULL);
	settle->rounds =
		metrics_counter(worker->metrics, "zhifu_settle_rounds_total", "Rounds committed or given up.", NULL);
	settle->refused = metrics_counter(
		worker->metrics, "zhifu_settle_refused_total", "Facts that did not fit where their claim stood.", NULL);
	r = db_pool_new(worker->base, &pool, &settle->pool);
	if (r == 0) r = db_notify_new(settle->pool, &settle->notify);
	if (r == 0) r = db_batch_new(settle->pool, &settle->batch);
	if (r == 0 && worker->number == 0) r = watch_new(worker->metrics, settle->pool, &settle->watch);
	lease.pool = settle->pool;
	lease.notify = settle->notify;
	if (r == 0) r = lease_new(&lease, &settle->lease);
	if (r == 0) {
		settle->housekeeping = event_new(worker->base, -1, EV_PERSIST, on_housekeeping, settle);
		settle->often = event_new(worker->base, -1, EV_PERSIST, on_often, settle);
		if (settle->housekeeping == NULL || settle->often == NULL ||
			event_add(settle->housekeeping, &interval) != 0 || event_add(settle->often, &often) != 0)
			r = ERR_NOMEM;
	}
	if (r < 0) {
		settle_stop(settle);
		return r;
	}
	*ret_state = settle;
	return 0;
}

static void settle_reload(void *state)
{
	(void)state; /* nothing of it is kept between rounds */
}

static void on_drained(void *ctx)
{
	struct settle *settle = ctx;

	settle->worker->drained(settle->worker);
}

static void settle_drain(void *state)
{
	struct settle *settle = state;

	settle->draining = true;
	lease_drain(settle->lease, on_drained);
}

static bool settle_ready(void *state)
{
	return db_pool_up(((struct settle *)state)->pool);
}

const struct role settle_role = {"settle", settle_start, settle_reload, settle_drain, settle_ready, settle_stop};
