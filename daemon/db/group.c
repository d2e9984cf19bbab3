/* Group commit: a bounded queue of items, a few flights that each carry up to `cap` of them, and what to do with each
 * ending. The clock is the database: as soon as a flight lands, all that has gathered takes off. Before that only a
 * full load does: a transaction costs the database the same whether it carries three items or sixty, so half-empty
 * flights side by side take longer than one after the other. */
#include "db/group.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool_private.h"

#define RERUN_MIN_MS 10
#define RERUN_MAX_MS 1000
/* A flight that has been away for so long holds nobody back: its connection may be dead. */
#define AHEAD_MAX_MS 100
/* While more than this is left to the deadline, one attempt gets half of it, so that another fits in. */
#define ATTEMPT_WHOLE_MS 1000

enum flight_state {
	FLIGHT_FREE,
	FLIGHT_RUNNING, /* its batch is with the pool */
	FLIGHT_PAUSING, /* its timer runs, then the batch runs again */
	FLIGHT_LANDING, /* its items' callbacks are running */
};

struct flight {
	enum flight_state state;
	struct db_group *group;
	struct db_batch *batch;
	struct event *timer;
	void *items[DB_GROUP_CAP_MAX];
	size_t count;
	int64_t off_ms;      /* when it took off */
	int64_t deadline_ms; /* of the oldest item */
	int64_t pause_ms;
	bool salvaging;
	bool unknown; /* some run ended so: no later "nothing happened" is the truth */
};

struct entry {
	void *item;
	size_t bytes;
	int64_t deadline_ms;
};

struct db_group {
	uint32_t magic;
	struct db_pool *pool;
	struct db_group_conf conf;
	struct event *turn;
	struct entry *ring;
	size_t first, count, bytes;
	struct flight flights[DB_GROUP_FLIGHTS_MAX];
	size_t made; /* of them; more than conf.flights after a reload to fewer */
	struct db_group_stats stats;
};
#define GROUP_MAGIC 0x67727570u

static const struct db_item_end end_none = {.row = -1, .sqlstate = "", .message = "", .constraint = ""};

/* Hands all items back with the same ending. */
static void flight_report(struct flight *flight, struct db_item_end end)
{
	struct db_group *group = flight->group;
	flight->state = FLIGHT_LANDING;
	for (size_t i = 0; i < flight->count; i++) group->conf.done(group->conf.ctx, flight->items[i], &end);
	flight->count = 0;
	flight->state = FLIGHT_FREE;
	event_active(group->turn, 0, 0);
}

static void flight_committed(struct flight *flight, const struct db_outcome *outcome)
{
	struct db_group *group = flight->group;
	struct db_item_end end = end_none;
	int row_of[DB_GROUP_CAP_MAX];
	size_t statement = flight->salvaging ? 0 : group->conf.row_statement;
	assert(statement < outcome->count);
	end.ending = DB_COMMITTED;
	end.salvaged = flight->salvaging;
	end.results = outcome->results;
	end.rows = outcome->results[statement];
	for (size_t i = 0; i < flight->count; i++) row_of[i] = -1;
	int rows = db_rows_columns(end.rows) > 0 ? db_rows_count(end.rows) : 0;
	for (int row = 0; row < rows; row++) {
		int64_t ordinal = db_rows_int(end.rows, row, 0);
		assert(ordinal >= 1 && (size_t)ordinal <= flight->count);
		row_of[ordinal - 1] = row;
	}
	flight->state = FLIGHT_LANDING;
	for (size_t i = 0; i < flight->count; i++) {
		end.row = row_of[i];
		group->conf.done(group->conf.ctx, flight->items[i], &end);
	}
	flight->count = 0;
	flight->state = FLIGHT_FREE;
	event_active(group->turn, 0, 0);
}

static void flight_end(struct flight *flight, enum db_ending ending, const struct db_outcome *outcome)
{
	struct db_item_end end = end_none;
	/* After an unknown run neither "refused" nor "nothing happened" is known. */
	end.ending = flight->unknown ? DB_UNKNOWN : ending;
	end.message = "not run";
	if (outcome != NULL) {
		end.sqlstate = outcome->sqlstate;
		end.message = outcome->message;
		end.constraint = outcome->constraint;
	}
	flight_report(flight, end);
}

static void flight_run(struct flight *flight);

static void flight_pause(struct flight *flight)
{
	flight->state = FLIGHT_PAUSING;
	flight->pause_ms = db_jitter(RERUN_MIN_MS, 3 * flight->pause_ms);
	if (flight->pause_ms > RERUN_MAX_MS) flight->pause_ms = RERUN_MAX_MS;
	int64_t left_ms = flight->deadline_ms - clock_mono_ms();
	int64_t ms = flight->pause_ms < left_ms ? flight->pause_ms : left_ms;
	if (ms < 0) ms = 0;
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	event_add(flight->timer, &after);
}

static void on_pause_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct flight *flight = ctx;
	assert(flight->state == FLIGHT_PAUSING);
	if (clock_mono_ms() >= flight->deadline_ms)
		flight_end(flight, DB_RETRYABLE, NULL);
	else
		flight_run(flight);
}

/* What is wrong with a batch's parameters stays so however often it is run. */
static int batch_fault(const struct db_batch *batch)
{
	if (batch->err < 0) return batch->err;
	for (size_t i = 0; i < batch->own_count; i++)
		if (batch->own[i].params->err < 0) return batch->own[i].params->err;
	return 0;
}

static void salvage_start(struct flight *flight, const struct db_outcome *outcome)
{
	struct db_group *group = flight->group;
	group->stats.salvages++;
	log_fields(LOG_INFO, "a batch was refused and is tried row by row", "sqlstate", outcome->sqlstate, "constraint",
		outcome->constraint, NULL);
	flight->salvaging = true;
	db_batch_reset(flight->batch);
	/* What an earlier run may have left behind is confirmed by this one. */
	flight->batch->was_unknown = flight->unknown;
	int r = group->conf.salvage(group->conf.ctx, flight->batch, flight->items, flight->count);
	if (r == 0) r = batch_fault(flight->batch);
	if (r < 0)
		flight_end(flight, DB_RETRYABLE, NULL);
	else
		flight_run(flight);
}

static void on_ended(void *ctx, const struct db_outcome *outcome)
{
	struct flight *flight = ctx;
	struct db_group *group = flight->group;
	CHECK_MAGIC(group, GROUP_MAGIC);
	assert(flight->state == FLIGHT_RUNNING);
	bool late = clock_mono_ms() >= flight->deadline_ms;
	switch (outcome->ending) {
	case DB_COMMITTED:
		flight_committed(flight, outcome);
		return;
	case DB_REFUSED:
		group->stats.refusals++;
		if (!flight->salvaging && group->conf.salvage != NULL)
			salvage_start(flight, outcome);
		else
			flight_end(flight, DB_REFUSED, outcome);
		return;
	case DB_UNKNOWN:
		group->stats.unknowns++;
		bool again = flight->unknown;
		flight->unknown = true;
		if (late) break;
		group->stats.reruns++;
		/* The first time at once: a hospital waits, and the pool has other connections. */
		if (again)
			flight_pause(flight);
		else
			flight_run(flight);
		return;
	case DB_RETRYABLE:
		if (late) break;
		group->stats.reruns++;
		flight_pause(flight);
		return;
	}
	flight_end(flight, DB_RETRYABLE, outcome);
}

static void flight_run(struct flight *flight)
{
	int64_t now_ms = clock_mono_ms(), left_ms = flight->deadline_ms - now_ms;
	int64_t attempt_ms = left_ms > ATTEMPT_WHOLE_MS ? left_ms / 2 : left_ms;
	int r = db_batch_run(flight->batch, now_ms + attempt_ms, on_ended, flight);
	flight->state = FLIGHT_RUNNING;
	/* The pool's queue or the memory is full: that passes. */
	if (r < 0) flight_pause(flight);
}

/* Moves items from the queue to the flight; those that waited too long end here, never sent. */
static void flight_load(struct flight *flight)
{
	struct db_group *group = flight->group;
	int64_t now_ms = clock_mono_ms();
	size_t bytes = 0;
	flight->state = FLIGHT_LANDING;
	flight->count = 0;
	while (group->count > 0 && flight->count < group->conf.cap) {
		struct entry entry = group->ring[group->first];
		bool late = entry.deadline_ms <= now_ms;
		if (!late && flight->count > 0 && bytes + entry.bytes > group->conf.bytes_max) break;
		group->first = (group->first + 1) % group->conf.queue_max;
		group->count--;
		group->bytes -= entry.bytes;
		if (late) {
			struct db_item_end end = end_none;
			end.ending = DB_RETRYABLE;
			end.message = "the database was too slow";
			group->conf.done(group->conf.ctx, entry.item, &end);
			continue;
		}
		if (flight->count == 0) flight->deadline_ms = entry.deadline_ms;
		bytes += entry.bytes;
		flight->items[flight->count++] = entry.item;
	}
	flight->state = FLIGHT_FREE;
}

static void flight_take_off(struct flight *flight)
{
	struct db_group *group = flight->group;
	flight->salvaging = flight->unknown = false;
	flight->pause_ms = RERUN_MIN_MS;
	flight->off_ms = clock_mono_ms();
	db_batch_reset(flight->batch);
	int r = group->conf.build(group->conf.ctx, flight->batch, flight->items, flight->count);
	if (r == 0) r = batch_fault(flight->batch);
	if (r < 0) {
		flight_end(flight, r == ERR_NOMEM || r == ERR_LIMIT ? DB_RETRYABLE : DB_REFUSED, NULL);
		return;
	}
	group->stats.batches++;
	if (flight->count > group->stats.largest) group->stats.largest = flight->count;
	flight_run(flight);
}

/* Whether what waits, less than a full load, is better off in one flight when this one lands. One that has met trouble
 * may land late. */
static bool flight_ahead(const struct flight *flight)
{
	return flight->state == FLIGHT_RUNNING && !flight->salvaging && !flight->unknown &&
	       clock_mono_ms() - flight->off_ms < AHEAD_MAX_MS;
}

static bool group_ready(const struct db_group *group)
{
	if (group->count >= group->conf.cap || group->bytes >= group->conf.bytes_max) return true;
	for (size_t i = 0; i < group->made; i++) {
		if (flight_ahead(&group->flights[i])) return false;
	}
	return group->count > 0;
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct db_group *group = ctx;
	CHECK_MAGIC(group, GROUP_MAGIC);
	for (size_t i = 0; i < group->conf.flights && group_ready(group); i++) {
		struct flight *flight = &group->flights[i];
		if (flight->state != FLIGHT_FREE) continue;
		flight_load(flight);
		if (flight->count > 0) flight_take_off(flight);
	}
}

static void conf_defaults(struct db_group_conf *conf)
{
	if (conf->cap == 0) conf->cap = 64;
	if (conf->bytes_max == 0) conf->bytes_max = 8u << 20;
	if (conf->queue_max == 0) conf->queue_max = 4096;
	if (conf->queue_bytes_max == 0) conf->queue_bytes_max = 64u << 20;
	if (conf->flights == 0) conf->flights = 2;
	if (conf->deadline_ms == 0) conf->deadline_ms = 10000;
	assert(conf->cap <= DB_GROUP_CAP_MAX && conf->flights <= DB_GROUP_FLIGHTS_MAX);
	assert(conf->build != NULL && conf->done != NULL);
}

int db_group_limits(struct db_group *group, size_t cap, size_t flights)
{
	CHECK_MAGIC(group, GROUP_MAGIC);
	assert(cap > 0 && cap <= DB_GROUP_CAP_MAX && flights > 0 && flights <= DB_GROUP_FLIGHTS_MAX);
	for (; group->made < flights; group->made++) {
		struct flight *flight = &group->flights[group->made];
		flight->group = group;
		flight->timer = event_new(db_pool_loop(group->pool), -1, 0, on_pause_over, flight);
		if (flight->timer != NULL && db_batch_new(group->pool, &flight->batch) == 0) continue;
		if (flight->timer != NULL) event_free(flight->timer);
		flight->timer = NULL;
		return err_set(ERR_NOMEM, "no memory for a commit group");
	}
	group->conf.cap = cap;
	group->conf.flights = flights;
	event_active(group->turn, 0, 0);
	return 0;
}

int db_group_new(struct db_pool *pool, const struct db_group_conf *conf, struct db_group **ret_group)
{
	struct db_group *group = mem_alloc(sizeof(*group));
	if (group == NULL) return err_set(ERR_NOMEM, "no memory for a commit group");
	group->magic = GROUP_MAGIC;
	group->pool = pool;
	group->conf = *conf;
	conf_defaults(&group->conf);
	group->turn = event_new(db_pool_loop(pool), -1, 0, on_turn, group);
	group->ring = mem_alloc(group->conf.queue_max * sizeof(*group->ring));
	if (group->turn == NULL || group->ring == NULL ||
		db_group_limits(group, group->conf.cap, group->conf.flights) < 0) {
		db_group_free(group);
		return err_set(ERR_NOMEM, "no memory for a commit group");
	}
	*ret_group = group;
	return 0;
}

void db_group_free(struct db_group *group)
{
	if (group == NULL) return;
	CHECK_MAGIC(group, GROUP_MAGIC);
	for (size_t i = 0; i < group->made; i++) {
		struct flight *flight = &group->flights[i];
		assert(flight->state != FLIGHT_LANDING);
		if (flight->timer != NULL) event_free(flight->timer);
		db_batch_free(flight->batch);
	}
	if (group->turn != NULL) event_free(group->turn);
	mem_free(group->ring);
	group->magic = 0;
	mem_free(group);
}

int db_group_submit(struct db_group *group, void *item, size_t bytes)
{
	CHECK_MAGIC(group, GROUP_MAGIC);
	/* Beside an empty queue an item of any weight is taken: it goes alone. */
	if (group->count >= group->conf.queue_max ||
		(group->count > 0 && group->bytes + bytes > group->conf.queue_bytes_max))
		return err_set(ERR_LIMIT, "the commit queue of %zu items is full", group->count);
	size_t at = (group->first + group->count) % group->conf.queue_max;
	group->ring[at] = (struct entry){item, bytes, clock_mono_ms() + group->conf.deadline_ms};
	group->count++;
	group->bytes += bytes;
	group->stats.items++;
	event_active(group->turn, 0, 0);
	return 0;
}

size_t db_group_queued(const struct db_group *group)
{
	return group->count;
}

size_t db_group_running(const struct db_group *group)
{
	size_t n = 0;
	for (size_t i = 0; i < group->made; i++) n += group->flights[i].state != FLIGHT_FREE;
	return n;
}

struct db_group_stats db_group_stats(const struct db_group *group)
{
	return group->stats;
}
