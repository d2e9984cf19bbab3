/* The role's rounds. One round is in flight at a time; while PostgreSQL commits it, the next items are already leased.
 */
#include "translate/translate.h"

#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "translate/commit.h"
#include "translate/jail.h"
#include "translate/state.h"
#include "translate/translate_sql.h"

#define COMMIT_RETRY_MS 250
#define CONFLICT_MS 20   /* the second item that takes a step of a claim waits for the first one's commit */
#define REFUSED_MS 30000 /* what the database refused is tried again after this, and given to a person in the end */
#define REFUSED_MAX 5
#define ANSWER_TRIES_MAX 5 /* of a question whose answer was lost */
#define MARKS 8192         /* of claims that a round has met */
#define LEASE_LEFT_MS 1000 /* what must be left of the leases to ask again */

static void round_next(struct translate *translate);
static void round_commit(struct translate *translate);

/* ---- the end of a round ---- */

static void job_wipe(struct job *job)
{
	key_wipe(&job->claim.key);
	for (struct job_fact *fact = job->facts; fact != NULL; fact = fact->next) key_wipe(&fact->claim.key);
	job->facts = job->facts_last = NULL;
	arena_reset(&job->arena);
}

static void round_end(struct translate *translate)
{
	size_t n = translate->count;

	for (size_t i = 0; i < n; i++) job_wipe(&translate->jobs[i]);
	translate->phase = PHASE_IDLE;
	translate->count = translate->good_count = 0;
	translate->single = false;
	db_batch_reset(translate->batch);
	numbers_ask(translate);
	if (translate->draining && translate->waiting_count > 0) {
		/* Not begun: at once for somebody else. */
		lease_defer(translate->lease, translate->waiting, NULL, translate->waiting_count);
		translate->waiting_count = 0;
	}
	lease_finish(translate->lease, n);
	if (translate->waiting_count > 0) round_next(translate);
}

/* Nothing came of it: its items are for whoever comes next. */
static void round_give_back(struct translate *translate)
{
	struct work_item items[ROUND_MAX];
	size_t n = translate->count;

	for (size_t i = 0; i < n; i++) items[i] = translate->jobs[i].item;
	lease_give_back(translate->lease, items, n);
	round_end(translate);
}

/* A question that changes nothing, or the same once more, is asked again while the leases hold. */
static bool may_ask_again(struct translate *translate, const struct db_outcome *outcome)
{
	int64_t until_ms = INT64_MAX;

	if (outcome->ending != DB_UNKNOWN && outcome->ending != DB_RETRYABLE) return false;
	for (size_t i = 0; i < translate->count; i++)
		if (translate->jobs[i].item.until_ms < until_ms) until_ms = translate->jobs[i].item.until_ms;
	return translate->tries++ < ANSWER_TRIES_MAX && until_ms - clock_mono_ms() > LEASE_LEFT_MS;
}

/* ---- the commit ---- */

static void on_retry(evutil_socket_t fd, short what, void *ctx);

static void retry_soon(struct translate *translate)
{
	static const struct timeval after = {.tv_usec = COMMIT_RETRY_MS * 1000};

	if (event_add(translate->retry, &after) != 0) round_end(translate);
}

/* What follows from it cannot be stored: later, and in the end shown. */
static void job_put_off(struct job *job)
{
	job->refused = true;
	if (job->item.attempt >= REFUSED_MAX) {
		job_quarantine(job, "the database refuses what follows from it");
		return;
	}
	harvest_clear(&job->harvest);
	job->harvest.action = HARVEST_DEFER;
	job->harvest.delay_ms = REFUSED_MS;
}

/* What PostgreSQL refused together is tried one by one; what it refuses alone is put off, and in the end shown. */
static void round_refused(struct translate *translate, const struct db_outcome *outcome)
{
	struct job *job = (struct job *)translate->good[translate->first];

	log_fields(LOG_ERROR, "could not commit what follows from work", "sqlstate", outcome->sqlstate, "constraint",
		outcome->constraint, "items", translate->single || translate->good_count == 1 ? "one" : "several",
		NULL);
	if (!translate->single && translate->good_count > 1) {
		translate->single = true;
		translate->first = 0;
		round_commit(translate);
		return;
	}
	if (job->refused)
		translate->first++; /* not even its being put off: the lease runs out */
	else
		job_put_off(job);
	if (translate->first < translate->good_count && (translate->single || job->refused))
		round_commit(translate);
	else
		round_end(translate);
}

static void on_committed(void *ctx, const struct db_outcome *outcome)
{
	struct translate *translate = ctx;
	size_t first = translate->first;
	size_t n = translate->single ? 1 : translate->good_count, messages, facts;

	switch (outcome->ending) {
	case DB_COMMITTED:
		break;
	case DB_UNKNOWN: /* every id in it was made here: running it again changes nothing */
		if (db_batch_run(translate->batch, 0, on_committed, translate) < 0) retry_soon(translate);
		return;
	case DB_RETRYABLE:
		retry_soon(translate);
		return;
	case DB_REFUSED:
		round_refused(translate, outcome);
		return;
	}
	POINT("translate.after_commit");
	metric_add(translate->items, (uint64_t)db_rows_int(outcome->results[0], 0, 0));
	metric_add(translate->rounds, 1);
	messages = commit_messages(translate->good + first, n);
	facts = commit_facts(translate->good + first, n);
	if (messages > 0) db_notify_send(translate->notify, "dispatch", messages);
	if (facts > 0) db_notify_send(translate->notify, "settle", facts);
	translate->first += n;
	if (translate->first < translate->good_count)
		round_commit(translate);
	else
		round_end(translate);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	struct translate *translate = ctx;

	(void)fd, (void)what;
	if (db_batch_run(translate->batch, 0, on_committed, translate) < 0) retry_soon(translate);
}

/* What could not even be put off, for want of memory or of a place in the queue: for whoever comes next, and without
 * being counted as a crash, which it is where a lease runs out. */
static void round_give_rest_back(struct translate *translate)
{
	struct work_item items[ROUND_MAX];
	size_t n = 0;

	for (size_t i = translate->first; i < translate->good_count; i++) items[n++] = translate->good[i]->item;
	lease_give_back(translate->lease, items, n);
	round_end(translate);
}

static void round_commit(struct translate *translate)
{
	size_t n = translate->single ? 1 : translate->good_count;
	struct job *job = (struct job *)translate->good[translate->first];
	int r;

	for (size_t i = 0; i < n; i++) job_make_whole((struct job *)translate->good[translate->first + i]);
	translate->phase = PHASE_COMMITTING;
	POINT("translate.before_commit");
	db_batch_reset(translate->batch);
	commit_add(translate->batch, translate->good + translate->first, n);
	r = db_batch_run(translate->batch, 0, on_committed, translate);
	if (r == 0) return;
	if (n > 1) { /* too large together */
		translate->single = true;
		round_commit(translate);
		return;
	}
	log_line(LOG_ERROR, "could not send what follows from work: %s", err_name(r));
	if (job->refused) {
		round_give_rest_back(translate);
		return;
	}
	if (r == ERR_NOMEM)
		job_retry(job, "no memory");
	else
		job_put_off(job);
	job->refused = true;
	round_commit(translate);
}

/* ---- the middle ---- */

static bool shares_step(const struct job *a, const struct job *b)
{
	HARVEST_EACH(harvest_step, x, a->harvest.steps)
	HARVEST_EACH(harvest_step, y, b->harvest.steps)
	if (uuid_equal(&x->claim_id, &y->claim_id)) return true;
	return false;
}

static size_t mark_of(const struct harvest_step *step)
{
	const uint8_t *b = step->claim_id.b; /* an id ends in random bytes */

	return ((size_t)b[14] << 8 | b[15]) % MARKS;
}

/* Marks the claims of its steps; whether one may have been met before. */
static bool mark_claims(uint8_t seen[static MARKS], const struct job *job)
{
	bool before = false;

	HARVEST_EACH(harvest_step, step, job->harvest.steps) before = before || seen[mark_of(step)] != 0;
	HARVEST_EACH(harvest_step, step, job->harvest.steps) seen[mark_of(step)] = 1;
	return before;
}

/* Two items that take a step of one claim in one round: the second sees the first one's work next time. */
static void conflicts_put_off(struct translate *translate)
{
	uint8_t seen[MARKS] = {0};

	for (size_t i = 0; i < translate->good_count; i++) {
		struct job *job = (struct job *)translate->good[i];

		if (!mark_claims(seen, job)) continue; /* most: comparing each with each is work */
		for (size_t k = 0; k < i; k++) {
			if (!shares_step(job, translate->good[k])) continue;
			harvest_clear(&job->harvest);
			job->harvest.action = HARVEST_DEFER;
			job->harvest.delay_ms = CONFLICT_MS;
			break;
		}
	}
}

static void round_finish(struct translate *translate)
{
	translate->good_count = 0;
	for (size_t i = 0; i < translate->count; i++) {
		if (!translate->jobs[i].alive) continue;
		job_finish(&translate->room, &translate->jobs[i]);
		translate->good[translate->good_count++] = &translate->jobs[i];
	}
	if (translate->good_count == 0) {
		round_end(translate);
		return;
	}
	conflicts_put_off(translate);
	translate->first = 0;
	round_commit(translate);
}

/* A reload took the modules' contexts away under the round: it starts over. */
static void round_again(struct translate *translate)
{
	size_t n = 0;

	translate->again = false;
	for (size_t i = 0; i < translate->count; i++) {
		if (translate->jobs[i].alive)
			translate->waiting[translate->waiting_count + n++] = translate->jobs[i].item;
		job_wipe(&translate->jobs[i]);
	}
	translate->waiting_count += n;
	n = translate->count - n;
	translate->count = 0;
	translate->phase = PHASE_IDLE;
	lease_finish(translate->lease, n);
	if (translate->waiting_count > 0) round_next(translate);
}

static void round_resolve(struct translate *translate);

static void on_resolved(void *ctx, const struct db_outcome *outcome)
{
	struct translate *translate = ctx;

	if (translate->again) {
		round_again(translate);
		return;
	}
	if (outcome->ending != DB_COMMITTED) {
		if (may_ask_again(translate, outcome))
			round_resolve(translate);
		else
			round_give_back(translate);
		return;
	}
	resolve_take(translate, outcome->results[0]);
	round_resolve(translate); /* what looked elsewhere first; mostly nothing */
}

static void round_resolve(struct translate *translate)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;

	arena_init(&arena, 64u << 20);
	db_params_init(&params, &arena);
	if (!resolve_ask(translate, &params)) {
		round_finish(translate);
		return;
	}
	translate->phase = PHASE_RESOLVING;
	if (db_query(translate->pool, &translate_sql[TRANSLATE_RESOLVE], &params, 0, on_resolved, translate) < 0)
		round_give_back(translate);
}

static void round_run(struct translate *translate)
{
	for (size_t i = 0; i < translate->count; i++) {
		if (!translate->jobs[i].alive || translate->jobs[i].unread) continue;
		job_run(&translate->room, &translate->jobs[i]);
		translate->worker->heartbeat(translate->worker);
	}
	translate->tries = 0;
	round_resolve(translate);
}

/* ---- the beginning ---- */

static void on_begun(void *ctx, const struct db_outcome *outcome)
{
	struct translate *translate = ctx;
	const struct pg_result *rows;

	if (outcome->ending != DB_COMMITTED) {
		if (may_ask_again(translate, outcome) && db_batch_run(translate->batch, 0, on_begun, translate) == 0)
			return;
		if (outcome->ending != DB_REFUSED) {
			round_give_back(translate);
			return;
		}
		log_fields(
			LOG_ERROR, "could not read work", "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
		round_end(translate); /* not at once again: the leases run out */
		return;
	}
	rows = outcome->results[0];
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct job *job = &translate->jobs[db_rows_int(rows, row, 0) - 1];

		if (job_read(&translate->room, job, rows, row) < 0) log_line(LOG_ERROR, "%s", err_text());
	}
	db_batch_reset(translate->batch);
	round_run(translate);
}

/* An item of this exchange is in the round: the next one goes on from what that one leaves. */
static bool exchange_chosen(const struct translate *translate, const struct uuid *exchange_id)
{
	if (uuid_is_nil(exchange_id)) return false;
	for (size_t i = 0; i < translate->count; i++)
		if (uuid_equal(&translate->jobs[i].item.exchange_id, exchange_id)) return true;
	return false;
}

/* The next round's items: all that never crashed together, but of each exchange only one; the others one at a time. */
static void round_choose(struct translate *translate)
{
	size_t kept = 0;

	translate->count = 0;
	for (size_t i = 0; i < translate->waiting_count; i++) {
		struct work_item *item = &translate->waiting[i];

		if (item->crashes == 0 && !exchange_chosen(translate, &item->exchange_id))
			job_init(&translate->jobs[translate->count++], item);
		else
			translate->waiting[kept++] = *item;
	}
	if (translate->count == 0) job_init(&translate->jobs[translate->count++], &translate->waiting[--kept]);
	translate->waiting_count = kept;
}

static void round_next(struct translate *translate)
{
	struct db_params *params;
	struct db_array *array;
	const struct directory *directory = translate->room.directory;

	round_choose(translate);
	translate->phase = PHASE_BEGINNING;
	params = db_batch_add(translate->batch, &translate_sql[TRANSLATE_BEGIN]);
	array = db_params_array(params, DB_UUID, translate->count, 0);
	for (size_t i = 0; i < translate->count; i++) db_array_uuid(array, &translate->jobs[i].item.hospital_id);
	array = db_params_array(params, DB_UUID, translate->count, 0);
	for (size_t i = 0; i < translate->count; i++) db_array_uuid(array, &translate->jobs[i].item.work_id);
	array = db_params_array(params, DB_INT4, translate->count, 0);
	for (size_t i = 0; i < translate->count; i++) db_array_int4(array, translate->jobs[i].item.attempt);
	array = db_params_array(params, DB_TEXT, directory->insurer_count, 0);
	for (uint32_t i = 0; i < directory->insurer_count; i++) db_array_text(array, directory->insurers[i]->code);
	array = db_params_array(params, DB_TEXT, directory->insurer_count, 0);
	for (uint32_t i = 0; i < directory->insurer_count; i++) db_array_text(array, translate->purposes[i]);
	db_params_int2(params, (int16_t)translate->jobs[0].item.crashes);
	translate->tries = 0;
	if (db_batch_run(translate->batch, 0, on_begun, translate) < 0) round_give_back(translate);
}

static void on_take(void *ctx, const struct work_item *items, size_t n)
{
	struct translate *translate = ctx;

	POINT("translate.leased");
	/* lease_new was given ROUND_MAX and one_round. */
	assert(translate->phase == PHASE_IDLE && translate->waiting_count + n <= ROUND_MAX);
	memcpy(translate->waiting + translate->waiting_count, items, n * sizeof(*items));
	translate->waiting_count += n;
	round_next(translate);
}

/* ---- the role ---- */

static void translate_stop(void *state)
{
	struct translate *translate = state;

	if (translate == NULL) return;
	if (translate->retry != NULL) event_free(translate->retry);
	if (translate->housekeeping != NULL) event_free(translate->housekeeping);
	lease_free(translate->lease);
	if (translate->pool != NULL) {
		db_forget(translate->pool, translate);
		numbers_forget(translate);
	}
	db_batch_free(translate->batch);
	db_notify_free(translate->notify);
	db_pool_free(translate->pool);
	for (size_t i = 0; i < ROUND_MAX; i++) {
		job_wipe(&translate->jobs[i]);
		arena_free(&translate->jobs[i].arena);
	}
	contexts_free(translate->room.contexts);
	adapter_set_free(&translate->room.modules);
	vault_free(translate->room.vault);
	sealer_free(translate->room.sealer);
	arena_free(&translate->arena);
	mem_free(translate);
}

static int database_open(struct translate *translate)
{
	static const struct db_table *const tables[] = {&translate_table, &lease_table};
	const struct options *options = translate->worker->options;
	struct db_pool_conf pool = {.conninfo = options->database_translate.text,
		.role = "translate",
		.connections = (size_t)options->db_connections_per_worker,
		.schema_version = translate->worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables)};
	struct lease_conf lease = {.topic = "translate",
		.role = WORK_TRANSLATE,
		.poll_ms = options->poll_ms,
		.lease_s = (int)options->lease_s,
		.items_max = ROUND_MAX,
		.share_max = ROUND_MAX,
		.one_round = true,
		.part = (unsigned)translate->worker->number,
		.parts = (unsigned)options->workers_translate,
		.take = on_take,
		.ctx = translate};
	int r = db_pool_new(translate->worker->base, &pool, &translate->pool);

	if (r == 0) r = db_notify_new(translate->pool, &translate->notify);
	if (r == 0) r = db_batch_new(translate->pool, &translate->batch);
	lease.pool = translate->pool;
	lease.notify = translate->notify;
	return r < 0 ? r : lease_new(&lease, &translate->lease);
}

static void on_housekeeping(evutil_socket_t fd, short what, void *ctx)
{
	struct translate *translate = ctx;

	(void)fd, (void)what;
	if (!translate->draining) seed_ask(translate);
}

static int timers_open(struct translate *translate)
{
	static const struct timeval interval = {.tv_sec = 60};

	translate->retry = event_new(translate->worker->base, -1, 0, on_retry, translate);
	translate->housekeeping = event_new(translate->worker->base, -1, EV_PERSIST, on_housekeeping, translate);
	if (translate->retry == NULL || translate->housekeeping == NULL ||
		event_add(translate->housekeeping, &interval) != 0)
		return err_set(ERR_NOMEM, "no memory for timers");
	return 0;
}

static int jail(const struct translate *translate)
{
	unsigned network;
	int r = jail_network(translate->worker->options->database_translate.text, &network);

	return r < 0 ? r : jail_enter(network);
}

int translate_open(struct worker *worker, const struct zf_adapter *const *linked, size_t linked_count, bool jailed,
	void **ret_state)
{
	struct translate *translate = mem_alloc(sizeof(*translate));
	struct metrics *metrics = worker->metrics;
	int r;

	if (translate == NULL) return err_set(ERR_NOMEM, "no memory for translate");
	translate->worker = worker;
	arena_init(&translate->arena, 4u << 20);
	translate->room.options = worker->options;
	translate->room.keyring = worker->keyring;
	translate->items = metrics_counter(metrics, "zhifu_translate_items_total", "Work items committed.", NULL);
	translate->rounds = metrics_counter(metrics, "zhifu_translate_rounds_total", "Rounds committed.", NULL);
	r = modules_open(translate, linked, linked_count); /* before the jail: they need executable memory */
	if (r == 0) r = sealer_new(&translate->room.sealer);
	if (r == 0) r = vault_new(&translate->room.vault);
	if (r == 0) r = database_open(translate);
	if (r == 0) r = timers_open(translate);
	if (r == 0 && jailed) r = jail(translate);
	if (r < 0) {
		translate_stop(translate);
		return r;
	}
	seed_ask(translate);
	*ret_state = translate;
	return 0;
}

static int translate_start(struct worker *worker, void **ret_state)
{
	return translate_open(worker, NULL, 0, true, ret_state);
}

static void on_drained(void *ctx)
{
	struct translate *translate = ctx;

	translate->worker->drained(translate->worker);
}

static void translate_drain(void *state)
{
	struct translate *translate = state;

	translate->draining = true;
	lease_drain(translate->lease, on_drained);
}

static int translate_reload(void *state)
{
	struct translate *translate = state;
	struct worker *worker = translate->worker;
	int r = modules_again(translate);

	if (r == ERR_NOMEM) return r;
	translate->room.options = worker->options;
	translate->room.keyring = worker->keyring;
	lease_times(translate->lease, worker->options->poll_ms, (int)worker->options->lease_s);
	vault_forget(translate->room.vault);
	if (translate->phase == PHASE_RESOLVING) translate->again = true;
	if (r == 0) {
		seed_ask(translate);
		return 0;
	}
	log_line(LOG_INFO, "a new module is configured: this worker makes room for one that loads it");
	translate_drain(translate);
	return 0;
}

static bool translate_ready(void *state)
{
	return db_pool_up(((struct translate *)state)->pool);
}

const struct role translate_role = {
	"translate", translate_start, translate_reload, translate_drain, translate_ready, translate_stop};
