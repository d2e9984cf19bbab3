/* The role settle. One round is in flight at a time: its facts are few and its transaction is short. */
#include "settle/settle.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "db/batch.h"
#include "db/keyhold.h"
#include "db/lease.h"
#include "model/directory.h"
#include "net/metrics.h"
#include "settle/bank_accounts.h"
#include "settle/bills.h"
#include "settle/matching.h"
#include "settle/round.h"
#include "settle/settle_sql.h"
#include "settle/shares.h"
#include "settle/value.h"
#include "settle/watch.h"
#include "zhifu_adapter.h"

#define HOUSEKEEPING_S 600
#define OFTEN_S 10
#define BILLS_S 1
#define MATCH_POLL_MS 1000
#define READ_TRIES_MAX 5 /* of the reading, after its answer was lost */

struct settle {
	struct worker *worker;
	struct db_pool *pool;
	struct db_notify *notify;
	struct lease *lease;
	struct db_batch *reading, *batch;
	struct event *housekeeping, *often, *billing;
	struct watch *watch; /* of the first worker; NULL: another one looks */
	struct value *value; /* likewise */
	struct bills *bills; /* likewise */
	struct shares *shares;
	struct keyhold *keys;
	struct matching *matching; /* likewise */
	struct db_wake wake;       /* likewise: of what is to be matched */
	struct round round;
	bool busy;      /* a round is under way */
	unsigned tries; /* of its reading */
	bool draining;
	struct metric *facts, *rounds, *refused;
};

static void round_end(struct settle *settle)
{
	settle->busy = false;
	db_batch_reset(settle->reading);
	db_batch_reset(settle->batch);
	lease_finish(settle->lease, settle->round.item_count);
}

static void on_committed(void *ctx, const struct db_outcome *outcome)
{
	struct settle *settle = ctx;

	if ((outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) && !settle->draining &&
		db_batch_run(settle->batch, 0, on_committed, settle) == 0)
		return; /* fenced by lease, by the steps' versions and by (source, rule): running it again is safe */
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "could not settle a round", "sqlstate", outcome->sqlstate, "why",
			outcome->message, NULL);
	metric_add(settle->rounds, 1);
	if (outcome->ending == DB_COMMITTED) {
		POINT("settle.after_commit");
		metric_add(settle->facts, (uint64_t)db_rows_int(outcome->results[0], 0, 0));
		/* Hospitals may be waiting for a decision in a call of theirs (intake/wait.c). */
		db_notify_send(settle->notify, "settled", 0);
	}
	round_end(settle);
}

/* Nothing came of it: its items are for whoever comes next. */
static void round_give_back(struct settle *settle)
{
	struct work_item items[ROUND_ITEMS_MAX];
	size_t n = settle->round.item_count;

	for (size_t i = 0; i < n; i++) items[i] = settle->round.items[i].work;
	lease_give_back(settle->lease, items, n);
	round_end(settle);
}

static void on_read(void *ctx, const struct db_outcome *outcome)
{
	struct settle *settle = ctx;
	struct round *round = &settle->round;

	if (outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) {
		if (settle->tries++ >= READ_TRIES_MAX || db_batch_run(settle->reading, 0, on_read, settle) < 0)
			round_give_back(settle);
		return;
	}
	if (outcome->ending != DB_COMMITTED) {
		round_end(settle); /* not at once again: the leases run out */
		return;
	}
	if (round_apply(round, outcome->results[0], outcome->results[1], &db_batch_arena(settle->batch)->zf) < 0) {
		round_give_back(settle);
		return;
	}
	round_commit(round, settle->batch);
	POINT("settle.before_commit");
	if (db_batch_run(settle->batch, 0, on_committed, settle) < 0)
		round_give_back(settle);
	else
		metric_add(settle->refused, round->refused);
}

static void on_take(void *ctx, const struct work_item *items, size_t n)
{
	struct settle *settle = ctx;

	POINT("settle.leased");
	/* One share at a time: lease_new was given ROUND_ITEMS_MAX. */
	assert(!settle->busy);
	settle->busy = true;
	round_take(&settle->round, items, n);
	round_ask(&settle->round, settle->reading);
	settle->tries = 0;
	if (db_batch_run(settle->reading, 0, on_read, settle) < 0) round_give_back(settle);
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

/* The hospitals' files may be others by now, and other machines' are. */
static void accounts_tell(struct settle *settle)
{
	const struct directory *directory = settle->worker->directory;

	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		struct arena arena CLEANUP(arena_free);
		struct db_params params;

		arena_init(&arena, 1u << 20);
		db_params_init(&params, &arena);
		bank_accounts_params(&params, directory->hospitals[i]);
		(void)!db_query(settle->pool, &settle_sql[SETTLE_ACCOUNTS], &params, 0, on_housekept, settle);
	}
}

static void on_often(evutil_socket_t fd, short what, void *ctx)
{
	struct settle *settle = ctx;

	(void)fd, (void)what;
	if (settle->worker->number != 0 || settle->draining || !db_pool_up(settle->pool)) return;
	consents_look(settle);
	accounts_tell(settle);
	watch_look(settle->watch);
	value_look(settle->value);
}

static void on_billing(evutil_socket_t fd, short what, void *ctx)
{
	struct settle *settle = ctx;

	(void)fd, (void)what;
	if (settle->draining) return;
	bills_look(settle->bills);
	shares_look(settle->shares);
}

static void on_match(void *ctx)
{
	struct settle *settle = ctx;

	if (settle->draining) return;
	value_look(settle->value); /* without a value no money can be posted */
	matching_look(settle->matching);
}

static int keys_load(struct settle *settle)
{
	const struct directory *directory = settle->worker->directory;
	struct keyhold_hospital *hospitals = mem_alloc((directory->hospital_count + 1) * sizeof(*hospitals));
	int r;

	if (hospitals == NULL) return err_set(ERR_NOMEM, "no memory to load the hospitals' keys");
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];

		hospitals[i] = (struct keyhold_hospital){.id = hospital->id,
			.code = hospital->code,
			.name = hospital->name,
			.zone = hospital->zone_name,
			.book_currency = hospital->book_currency,
			.accepts_take_backs = hospital->accepts_take_backs};
	}
	r = keyhold_load(settle->keys, settle->worker->keyring, hospitals, directory->hospital_count);
	mem_free(hospitals);
	return r;
}

static void on_housekeeping(evutil_socket_t fd, short what, void *ctx)
{
	struct settle *settle = ctx;

	(void)fd, (void)what;
	if (settle->worker->number != 0 || settle->draining) return;
	(void)!db_query(settle->pool, &settle_sql[SETTLE_HOUSEKEEPING], NULL, 0, on_housekept, settle);
	(void)!db_query(settle->pool, &settle_sql[SETTLE_PARTITIONS], NULL, 0, on_housekept, settle);
	(void)!db_query(settle->pool, &settle_sql[SETTLE_REACH], NULL, 0, on_housekept, settle);
}

static void settle_stop(void *state)
{
	struct settle *settle = state;

	if (settle == NULL) return;
	if (settle->housekeeping != NULL) event_free(settle->housekeeping);
	if (settle->often != NULL) event_free(settle->often);
	if (settle->billing != NULL) event_free(settle->billing);
	watch_free(settle->watch);
	value_free(settle->value);
	bills_free(settle->bills);
	shares_free(settle->shares);
	if (settle->wake.notify != NULL) db_wake_stop(&settle->wake);
	matching_free(settle->matching);
	keyhold_free(settle->keys);
	lease_free(settle->lease);
	if (settle->pool != NULL) db_forget(settle->pool, settle);
	db_batch_free(settle->reading);
	db_batch_free(settle->batch);
	db_notify_free(settle->notify);
	db_pool_free(settle->pool);
	mem_free(settle);
}

/* Of the first worker: another one's turn is in another machine's. */
static int matching_start(struct settle *settle)
{
	int r = keyhold_new(settle->pool, &settle->keys);

	if (r == 0) r = keys_load(settle);
	if (r == 0) r = matching_new(settle->worker, settle->pool, settle->keys, &settle->matching);
	return r == 0 ? db_wake_init(&settle->wake, settle->notify, "match", MATCH_POLL_MS, on_match, settle) : r;
}

static int settle_start(struct worker *worker, void **ret_state)
{
	static const struct db_table *const tables[] = {&settle_table, &lease_table, &keyhold_table};
	static const struct timeval interval = {.tv_sec = HOUSEKEEPING_S};
	static const struct timeval often = {.tv_sec = OFTEN_S};
	static const struct timeval bills = {.tv_sec = BILLS_S};
	const struct options *options = worker->options;
	struct settle *settle = mem_alloc(sizeof(*settle));
	struct db_pool_conf pool = {.conninfo = options->database_settle.text,
		.role = "settle",
		.connections = (size_t)options->db_connections_per_worker,
		.schema_version = worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables)};
	struct lease_conf lease = {.topic = "settle",
		.role = WORK_SETTLE,
		.poll_ms = options->poll_ms,
		.lease_s = (int)options->lease_s,
		.items_max = ROUND_ITEMS_MAX,
		.share_max = ROUND_ITEMS_MAX,
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
	if (r == 0) r = db_batch_new(settle->pool, &settle->reading);
	if (r == 0) r = db_batch_new(settle->pool, &settle->batch);
	if (r == 0 && worker->number == 0) r = watch_new(worker->metrics, settle->pool, &settle->watch);
	if (r == 0 && worker->number == 0) r = value_new(worker, settle->pool, &settle->value);
	if (r == 0 && worker->number == 0) r = matching_start(settle);
	if (r == 0 && worker->number == 0) r = bills_new(worker, settle->pool, settle->keys, &settle->bills);
	if (r == 0 && worker->number == 0) r = shares_new(worker, settle->pool, &settle->shares);
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
	if (r == 0 && settle->bills != NULL) {
		settle->billing = event_new(worker->base, -1, EV_PERSIST, on_billing, settle);
		if (settle->billing == NULL || event_add(settle->billing, &bills) != 0) r = ERR_NOMEM;
	}
	if (r < 0) {
		settle_stop(settle);
		return r;
	}
	*ret_state = settle;
	return 0;
}

static int settle_reload(void *state)
{
	struct settle *settle = state;
	const struct options *options = settle->worker->options;
	int r = settle->matching == NULL ? 0 : keys_load(settle);

	if (r < 0) return r;
	lease_times(settle->lease, options->poll_ms, (int)options->lease_s);
	if (settle->matching != NULL) matching_abandon(settle->matching);
	return 0;
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
