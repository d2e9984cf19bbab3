/* The lease loop. One round is at most two round trips: who has work, then a lease per hospital in one Sync. */
#include "db/lease.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { LEASE_HOSPITALS, LEASE_WORK, LEASE_UNLEASE, LEASE_DEFER, LEASE_REVOKE };
static const struct db_statement lease_sql[] = {
	[LEASE_HOSPITALS] = {"lease_hospitals", "SELECT zhifu.work_hospitals($1::int2, $2::text, $3::int4)", 3},
	[LEASE_WORK] = {"lease_work",
		"SELECT hospital_id, work_id, kind::int4, route, claim_id, exchange_id, message_id, fact_id, attempt, "
		"crashes::int4"
		" FROM zhifu.work_lease($1::int2, $2::uuid, $3::text, $4::int4, $5::int4, $6::int4, $7::bool)",
		7},
	[LEASE_UNLEASE] = {"lease_unlease", "SELECT zhifu.work_unlease($1::int2, $2::uuid, $3::text, $4::int4)", 4},
	[LEASE_DEFER] = {"lease_defer",
		"SELECT zhifu.work_defer($1::uuid[], $2::uuid[], $3::int4[], $4::int8[], $5::int2[])", 5},
	[LEASE_REVOKE] = {"lease_revoke", "SELECT zhifu.work_revoke($1::uuid[], $2::uuid[], $3::int4[])", 3},
};
const struct db_table lease_table = {lease_sql, ARRAY_LEN(lease_sql)};

#define LEASE_MAGIC 0x4c454153u
#define LEASE_TRIES_MAX 5 /* of a question or a giving back whose answer was lost */

struct lease {
	unsigned magic;
	struct lease_conf conf;
	char route[LEASE_ROUTE_LEN];
	struct db_wake wake;
	struct db_batch *batch;
	struct arena arena;
	struct work_item items[LEASE_ITEMS_MAX];
	size_t held;
	int64_t asked_ms;
	int asked_s;
	bool asking; /* a round is under way */
	bool again;  /* the last round was full, or a hint came while it was under way */
	bool paused;
	struct uuid asked[LEASE_HOSPITALS_MAX]; /* whose work the round asked for, */
	size_t asked_count;
	int32_t mark;          /* and under which mark */
	struct list returning; /* struct handback: under way */
	void (*drained)(void *ctx);
};

static void lease_ask(struct lease *lease);

static const char *lease_route_or_any(const struct lease *lease)
{
	return lease->route[0] == '\0' ? NULL : lease->route;
}

/* Leases on their way back. */
struct handback {
	struct list node;
	struct lease *lease;
	struct db_batch *batch;
	struct event *later; /* to run it once more; NULL: once is enough */
	bool done;           /* it has been run once */
	unsigned tries;
};

static void handback_free(struct handback *handback)
{
	list_remove(&handback->node);
	if (handback->later != NULL) event_free(handback->later);
	db_batch_free(handback->batch);
	mem_free(handback);
}

static void lease_quiet(struct lease *lease)
{
	void (*drained)(void *ctx) = lease->drained;

	if (drained == NULL || lease->asking || lease->held > 0 || !list_empty(&lease->returning)) return;
	lease->drained = NULL;
	drained(lease->conf.ctx);
}

static void lease_end_round(struct lease *lease)
{
	lease->asking = false;
	db_batch_reset(lease->batch);
	if (lease->again && !lease->paused) db_wake_now(&lease->wake);
	lease_quiet(lease);
}

static struct uuid uuid_or_nil(const struct pg_result *rows, int row, int column)
{
	struct uuid nil = {{0}};

	if (db_rows_null(rows, row, column)) return nil;
	return db_rows_uuid(rows, row, column);
}

static void item_read(struct lease *lease, const struct pg_result *rows, int row, struct work_item *item)
{
	const char *route = db_rows_text(rows, row, 3);

	*item = (struct work_item){
		.hospital_id = db_rows_uuid(rows, row, 0),
		.work_id = db_rows_uuid(rows, row, 1),
		.kind = (int)db_rows_int(rows, row, 2),
		.claim_id = uuid_or_nil(rows, row, 4),
		.exchange_id = uuid_or_nil(rows, row, 5),
		.message_id = uuid_or_nil(rows, row, 6),
		.fact_id = uuid_or_nil(rows, row, 7),
		.attempt = (int)db_rows_int(rows, row, 8),
		.crashes = (int)db_rows_int(rows, row, 9),
		/* Counted from before the question was sent: the database's clock cannot have granted less. */
		.until_ms = lease->asked_ms + (int64_t)lease->asked_s * 1000,
	};
	(void)snprintf(item->route, sizeof(item->route), "%s", route == NULL ? "" : route);
}

/* ---- giving back ---- */

static void on_returned(void *ctx, const struct db_outcome *outcome)
{
	static const struct timeval again_after = {.tv_sec = 1};
	struct handback *handback = ctx;
	struct lease *lease = handback->lease;

	CHECK_MAGIC(lease, LEASE_MAGIC);
	/* Fenced by attempt or mark: running it again is safe. */
	if ((outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) && handback->tries++ < LEASE_TRIES_MAX &&
		db_batch_run(handback->batch, 0, on_returned, handback) == 0)
		return;
	if (outcome->ending == DB_COMMITTED && handback->later != NULL && !handback->done) {
		handback->done = true;
		if (event_add(handback->later, &again_after) == 0) return;
	}
	if (outcome->ending == DB_REFUSED)
		log_line(LOG_ERROR, "could not put work off: %s %s", outcome->sqlstate, outcome->message);
	handback_free(handback);
	lease_quiet(lease);
}

static void on_later(evutil_socket_t fd, short what, void *ctx)
{
	struct handback *handback = ctx;
	struct lease *lease = handback->lease;

	(void)fd, (void)what;
	if (db_batch_run(handback->batch, 0, on_returned, handback) == 0) return;
	handback_free(handback);
	lease_quiet(lease);
}

static struct handback *handback_new(struct lease *lease)
{
	struct handback *handback = mem_alloc(sizeof(*handback));

	if (handback == NULL) return NULL;
	handback->lease = lease;
	list_append(&lease->returning, &handback->node);
	if (db_batch_new(lease->conf.pool, &handback->batch) == 0) return handback;
	handback_free(handback);
	return NULL;
}

/* Which leases: three parameters. */
static void leases_add(struct db_params *params, const struct work_item *items, size_t n)
{
	struct db_array *array = db_params_array(params, DB_UUID, n, 0);

	for (size_t i = 0; i < n; i++) db_array_uuid(array, &items[i].hospital_id);
	array = db_params_array(params, DB_UUID, n, 0);
	for (size_t i = 0; i < n; i++) db_array_uuid(array, &items[i].work_id);
	array = db_params_array(params, DB_INT4, n, 0);
	for (size_t i = 0; i < n; i++) db_array_int4(array, items[i].attempt);
}

/* delay_ms NULL: at once. */
static void defer_add(struct db_batch *batch, const struct work_item *items, const int64_t *delay_ms, size_t n)
{
	struct db_params *params = db_batch_add(batch, &lease_sql[LEASE_DEFER]);
	struct db_array *array;

	leases_add(params, items, n);
	array = db_params_array(params, DB_INT8, n, 0);
	for (size_t i = 0; i < n; i++) db_array_int8(array, delay_ms == NULL ? 0 : delay_ms[i]);
	array = db_params_array(params, DB_INT2, n, 0);
	for (size_t i = 0; i < n; i++) db_array_int2(array, (int16_t)items[i].crashes);
}

static void defer(struct lease *lease, const struct work_item *items, const int64_t *delay_ms, size_t n)
{
	struct handback *handback = n == 0 ? NULL : handback_new(lease);

	if (handback == NULL) return;
	defer_add(handback->batch, items, delay_ms, n);
	if (db_batch_run(handback->batch, 0, on_returned, handback) < 0) handback_free(handback);
}

/* The answer was lost: there may be leases that nobody knows of. Twice, because the question may just be under way in a
 * session that has not noticed the loss: what it has not committed is not seen. */
static void unlease(struct lease *lease)
{
	struct handback *handback = handback_new(lease);

	if (handback == NULL) return;
	for (size_t i = 0; i < lease->asked_count; i++) {
		struct db_params *params = db_batch_add(handback->batch, &lease_sql[LEASE_UNLEASE]);

		db_params_int2(params, (int16_t)lease->conf.role);
		db_params_uuid(params, &lease->asked[i]);
		db_params_text(params, lease_route_or_any(lease));
		db_params_int4(params, lease->mark);
	}
	handback->later = event_new(db_pool_loop(lease->conf.pool), -1, 0, on_later, handback);
	if (db_batch_run(handback->batch, 0, on_returned, handback) < 0) handback_free(handback);
}

/* ---- taking ---- */

static void on_leased(void *ctx, const struct db_outcome *outcome)
{
	struct lease *lease = ctx;
	size_t n = 0;

	CHECK_MAGIC(lease, LEASE_MAGIC);
	if (outcome->ending != DB_COMMITTED) {
		if (outcome->ending == DB_UNKNOWN) unlease(lease);
		if (outcome->ending == DB_REFUSED)
			log_line(LOG_ERROR, "could not lease work: %s %s", outcome->sqlstate, outcome->message);
		lease->again = outcome->ending == DB_UNKNOWN;
		lease_end_round(lease);
		return;
	}
	for (size_t i = 0; i < outcome->count; i++) {
		int rows = db_rows_count(outcome->results[i]);

		if ((size_t)rows == lease->conf.share_max) lease->again = true;
		for (int row = 0; row < rows && n < LEASE_ITEMS_MAX; row++)
			item_read(lease, outcome->results[i], row, &lease->items[n++]);
	}
	lease->held += n;
	if (lease->drained != NULL) {
		/* Too late for us, and nobody else's for a whole lease if we kept it. */
		lease_defer(lease, lease->items, NULL, n);
		n = 0;
	}
	lease_end_round(lease);
	if (n > 0) lease->conf.take(lease->conf.ctx, lease->items, n);
}

static bool is_ours(const struct lease *lease, const struct uuid *hospital)
{
	return lease->conf.parts <= 1 || hospital->b[15] % lease->conf.parts == lease->conf.part % lease->conf.parts;
}

static void on_hospitals(void *ctx, const struct db_outcome *outcome)
{
	struct lease *lease = ctx;
	int hospitals = outcome->ending == DB_COMMITTED ? db_rows_count(outcome->results[0]) : 0;
	size_t room, share;

	CHECK_MAGIC(lease, LEASE_MAGIC);
	room = lease->held < lease->conf.items_max ? lease->conf.items_max - lease->held : 0;
	lease->again = hospitals == LEASE_HOSPITALS_MAX;
	if (hospitals == 0 || room == 0 || lease->paused) {
		lease->again = false;
		lease_end_round(lease);
		return;
	}
	share = room / (size_t)hospitals;
	if (share == 0) share = 1;
	if (share > lease->conf.share_max) share = lease->conf.share_max;
	db_batch_reset(lease->batch);
	random_bytes(&lease->mark, sizeof(lease->mark));
	lease->asked_count = 0;
	for (int row = 0; row < hospitals && room > 0; row++) {
		struct db_params *params = db_batch_add(lease->batch, &lease_sql[LEASE_WORK]);
		struct uuid hospital = db_rows_uuid(outcome->results[0], row, 0);
		size_t count = share < room ? share : room;

		db_params_int2(params, (int16_t)lease->conf.role);
		db_params_uuid(params, &hospital);
		db_params_text(params, lease_route_or_any(lease));
		db_params_int4(params, (int32_t)count);
		db_params_int4(params, lease->conf.lease_s);
		db_params_int4(params, lease->mark);
		db_params_bool(params, is_ours(lease, &hospital));
		lease->asked[lease->asked_count++] = hospital;
		room -= count;
	}
	lease->asked_ms = clock_mono_ms();
	lease->asked_s = lease->conf.lease_s; /* a reload may change it before the answer */
	if (db_batch_run(lease->batch, 0, on_leased, lease) < 0) lease_end_round(lease);
}

static void lease_ask(struct lease *lease)
{
	struct db_params params;

	if (lease->paused || lease->held >= lease->conf.items_max || (lease->conf.one_round && lease->held > 0)) return;
	if (lease->asking) {
		lease->again = true;
		return;
	}
	lease->asking = true;
	lease->again = false;
	if (lease->conf.asks != NULL) lease->conf.asks(lease->conf.ctx);
	arena_reset(&lease->arena);
	db_params_init(&params, &lease->arena);
	db_params_int2(&params, (int16_t)lease->conf.role);
	db_params_text(&params, lease_route_or_any(lease));
	db_params_int4(&params, LEASE_HOSPITALS_MAX);
	if (db_query(lease->conf.pool, &lease_sql[LEASE_HOSPITALS], &params, 0, on_hospitals, lease) < 0)
		lease_end_round(lease);
}

static void on_wake(void *ctx)
{
	lease_ask(ctx);
}

int lease_new(const struct lease_conf *conf, struct lease **ret_lease)
{
	struct lease *lease = mem_alloc(sizeof(*lease));
	int r;

	assert(conf->items_max > 0 && conf->items_max <= LEASE_ITEMS_MAX && conf->share_max > 0);
	if (lease == NULL) return ERR_NOMEM;
	lease->magic = LEASE_MAGIC;
	lease->conf = *conf;
	list_init(&lease->returning);
	arena_init(&lease->arena, 64u << 10);
	r = db_batch_new(conf->pool, &lease->batch);
	if (r == 0) r = db_wake_init(&lease->wake, conf->notify, conf->topic, conf->poll_ms, on_wake, lease);
	if (r < 0) {
		db_batch_free(lease->batch);
		arena_free(&lease->arena);
		mem_free(lease);
		return r;
	}
	*ret_lease = lease;
	return 0;
}

void lease_free(struct lease *lease)
{
	if (lease == NULL) return;
	CHECK_MAGIC(lease, LEASE_MAGIC);
	db_wake_stop(&lease->wake);
	db_forget(lease->conf.pool, lease);
	LIST_EACH(&lease->returning, node)
	handback_free(CONTAINER_OF(node, struct handback, node));
	db_batch_free(lease->batch);
	arena_free(&lease->arena);
	lease->magic = 0;
	mem_free(lease);
}

void lease_finish(struct lease *lease, size_t n)
{
	CHECK_MAGIC(lease, LEASE_MAGIC);
	assert(n <= lease->held);
	lease->held -= n;
	/* Ask again as soon as half is free: the next share is leased while the rest is worked on. */
	if (lease->held * 2 <= lease->conf.items_max && !lease->paused) db_wake_now(&lease->wake);
	lease_quiet(lease);
}

void lease_defer(struct lease *lease, const struct work_item *items, const int64_t *delay_ms, size_t n)
{
	if (n == 0) return;
	defer(lease, items, delay_ms, n);
	lease_finish(lease, n);
}

void lease_give_back(struct lease *lease, const struct work_item *items, size_t n)
{
	defer(lease, items, NULL, n);
}

void lease_revoke_add(struct db_batch *batch, const struct work_item *items, size_t n)
{
	struct db_params *params = db_batch_add(batch, &lease_sql[LEASE_REVOKE]);

	leases_add(params, items, n);
}

void lease_route(struct lease *lease, const char *route)
{
	(void)snprintf(lease->route, sizeof(lease->route), "%s", route == NULL ? "" : route);
}

void lease_times(struct lease *lease, int64_t poll_ms, int lease_s)
{
	CHECK_MAGIC(lease, LEASE_MAGIC);
	lease->conf.lease_s = lease_s;
	db_wake_poll(&lease->wake, poll_ms);
}

void lease_limit(struct lease *lease, size_t items_max)
{
	assert(items_max <= LEASE_ITEMS_MAX);
	lease->conf.items_max = items_max;
	if (lease->held < items_max && !lease->paused) db_wake_now(&lease->wake);
}

void lease_pause(struct lease *lease)
{
	lease->paused = true;
}

void lease_resume(struct lease *lease)
{
	lease->paused = false;
	db_wake_now(&lease->wake);
}

void lease_drain(struct lease *lease, void (*drained)(void *ctx))
{
	CHECK_MAGIC(lease, LEASE_MAGIC);
	lease->paused = true;
	lease->drained = drained;
	lease_quiet(lease);
}
