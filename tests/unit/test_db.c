/* The room db on a real PostgreSQL: values both ways, pipelines, endings, tenants, wake-ups, failing memory. */
#include "test_db.h"

#include <limits.h>

enum { ECHO, PAIR, SLOW, INSERT, DEFERRED, CONSTANT, TENANT, SERIAL, COLUMN, ARRAYS, SESSION };
static const struct db_statement sql[] = {
	[ECHO] = {"t_echo",
		"select $1::bool, $2::int2, $3::int4, $4::int8, $5::uuid, $6::bytea, $7::text, $8::timestamptz, "
		"$9::date, "
		"$10::text, $8::timestamptz::text, $9::date::text",
		10},
	[PAIR] = {"t_pair", "select $1::int4 / $2::int4", 2},
	[SLOW] = {"t_slow", "select pg_sleep($1::int4 / 1000.0), 1", 1},
	[INSERT] = {"t_insert", "insert into unit (id, note) values ($1::int8, $2::text) returning id", 2},
	[DEFERRED] = {"t_deferred", "insert into child (parent) values ($1::int8)", 1},
	[CONSTANT] = {"t_constant", "select 7::int8", 0},
	[TENANT] = {"t_tenant", "select count(*) from owned", 0},
	[SERIAL] = {"t_serial", "select raise($1::text)", 1},
	[SESSION] = {"t_session",
		"select count(*) from pg_settings where (name, setting) in (('TimeZone', 'UTC'), "
		"('lock_timeout', '5000'), ('idle_in_transaction_session_timeout', '10000'), ('jit', 'off'))",
		0},
	[COLUMN] = {"t_column", "select * from shifting", 0},
	[ARRAYS] = {"t_arrays",
		"select o::int8, b, s, i, l, u, y, t, w, d from unnest($1::bool[], $2::int2[], $3::int4[], $4::int8[], "
		"$5::uuid[], $6::bytea[], $7::text[], $8::timestamptz[], $9::date[]) with ordinality "
		"x(b, s, i, l, u, y, t, w, d, o) order by o",
		9},
};
static const struct db_table table = {sql, ARRAY_LEN(sql)};
static const struct db_table *const tables[] = {&table};
#define POOL(...) pool_open((struct db_pool_conf){.tables = tables, .table_count = 1, __VA_ARGS__})

static const char schema[] =
	"create table unit (id int8 primary key, note text check (note <> 'bad'));"
	"create table parent (id int8 primary key);"
	"create table child (parent int8 references parent deferrable initially deferred);"
	"create table shifting (a int4); insert into shifting values (1);"
	"create table owned (hospital_id uuid, n int4); alter table owned enable row level security;"
	"create policy p on owned using (hospital_id = current_setting('zhifu.hospital_id', true)::uuid);"
	"insert into owned values ('00000000-0000-7000-8000-000000000001', 1), "
	"('00000000-0000-7000-8000-000000000001', 2), ('00000000-0000-7000-8000-000000000002', 3);"
	"create role plain login; grant all on all tables in schema public to plain;"
	"create function raise(state text) returns int4 language plpgsql as "
	"$$begin raise exception 'no' using errcode = state; end$$;";

static int suite_start(void **state)
{
	(void)state;
	return fixture_start("test-db", schema);
}

static int suite_stop(void **state)
{
	(void)state;
	return fixture_stop();
}

static const struct uuid some_uuid = {{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 255}};

static void check_echo(void *ctx, const struct db_outcome *outcome)
{
	const struct pg_result *rows = outcome->results[0];
	assert_int_equal(outcome->ending, DB_COMMITTED);
	assert_true(db_rows_bool(rows, 0, 0));
	assert_int_equal(db_rows_int(rows, 0, 1), -2);
	assert_int_equal(db_rows_int(rows, 0, 2), INT_MIN);
	assert_true(db_rows_int(rows, 0, 3) == INT64_C(-9007199254740993));
	struct uuid uuid = db_rows_uuid(rows, 0, 4);
	assert_memory_equal(uuid.b, some_uuid.b, 16);
	struct bytes bytes = db_rows_bytes(rows, 0, 5);
	assert_int_equal(bytes.len, 3);
	assert_memory_equal(bytes.ptr, "\0\1\xff", 3);
	assert_string_equal(db_rows_text(rows, 0, 6), "直付 é");
	assert_true(db_rows_time_ms(rows, 0, 7) == -1);
	assert_int_equal(db_rows_date(rows, 0, 8), -1);
	assert_true(db_rows_null(rows, 0, 9));
	assert_null(db_rows_text(rows, 0, 9));
	assert_string_equal(db_rows_text(rows, 0, 10), "1969-12-31 23:59:59.999+00");
	assert_string_equal(db_rows_text(rows, 0, 11), "1969-12-31");
	++*(int *)ctx;
}

static void test_scalars(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	int calls = 0;
	struct arena arena;
	struct db_params params;
	arena_init(&arena, 1 << 20);
	db_params_init(&params, &arena);
	db_params_bool(&params, true);
	db_params_int2(&params, -2);
	db_params_int4(&params, INT_MIN);
	db_params_int8(&params, INT64_C(-9007199254740993));
	db_params_uuid(&params, &some_uuid);
	db_params_bytes(&params, (struct bytes){(const uint8_t *)"\0\1\xff", 3});
	db_params_text(&params, "直付 é");
	db_params_time_ms(&params, -1);
	db_params_date(&params, -1);
	db_params_null(&params);
	assert_int_equal(db_query(pool, &sql[ECHO], &params, 0, check_echo, &calls), 0);
	arena_free(&arena); /* the query has its own copy */
	assert_int_equal(calls, 0);
	LOOP_UNTIL(calls == 1, 3000);
	db_pool_free(pool);
}

static void check_arrays(void *ctx, const struct db_outcome *outcome)
{
	assert_int_equal(outcome->ending, DB_COMMITTED);
	const struct pg_result *rows = outcome->results[0];
	assert_int_equal(db_rows_count(rows), 300);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(db_rows_int(rows, i, 0), i + 1);
		if (i % 3 == 0) {
			for (int c = 1; c < 10; c++) assert_true(db_rows_null(rows, i, c));
			continue;
		}
		assert_int_equal(db_rows_bool(rows, i, 1), i & 1);
		assert_int_equal(db_rows_int(rows, i, 2), -i);
		assert_int_equal(db_rows_int(rows, i, 3), i * 1000);
		assert_true(db_rows_int(rows, i, 4) == (int64_t)i << 40);
		assert_int_equal(db_rows_uuid(rows, i, 5).b[15], i & 255);
		assert_int_equal(db_rows_bytes(rows, i, 6).len, (size_t)i * 11);
		assert_int_equal(strlen(db_rows_text(rows, i, 7)), i % 5);
		assert_true(db_rows_time_ms(rows, i, 8) == INT64_C(1700000000123) + i);
		assert_int_equal(db_rows_date(rows, i, 9), 20000 + i);
	}
	++*(int *)ctx;
}

/* 300 elements and no size hints: every array grows. */
static void fill_arrays(struct db_params *params)
{
	static const uint8_t zeros[4000];
	static const enum db_type types[] = {
		DB_BOOL, DB_INT2, DB_INT4, DB_INT8, DB_UUID, DB_BYTEA, DB_TEXT, DB_TIMESTAMPTZ, DB_DATE};
	struct db_array *a[ARRAY_LEN(types)];
	for (size_t i = 0; i < ARRAY_LEN(types); i++) a[i] = db_params_array(params, types[i], 0, 0);
	for (int i = 0; i < 300; i++) {
		if (i % 3 == 0) {
			for (size_t c = 0; c < ARRAY_LEN(types); c++) db_array_null(a[c]);
			continue;
		}
		struct uuid uuid = some_uuid;
		uuid.b[15] = (uint8_t)i;
		db_array_bool(a[0], i & 1);
		db_array_int2(a[1], (int16_t)-i);
		db_array_int4(a[2], i * 1000);
		db_array_int8(a[3], (int64_t)i << 40);
		db_array_uuid(a[4], &uuid);
		db_array_bytes(a[5], (struct bytes){zeros, (size_t)i * 11});
		db_array_text_len(a[6], "xxxxx", (size_t)(i % 5));
		db_array_time_ms(a[7], INT64_C(1700000000123) + i);
		db_array_date(a[8], 20000 + i);
	}
}

static void test_arrays(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	struct db_batch *batch;
	int calls = 0;
	assert_int_equal(db_batch_new(pool, &batch), 0);
	fill_arrays(db_batch_add(batch, &sql[ARRAYS]));
	/* The same batch runs twice as it is. */
	for (int run = 1; run <= 2; run++) {
		assert_int_equal(db_batch_run(batch, 0, check_arrays, &calls), 0);
		LOOP_UNTIL(calls == run, 3000);
	}
	/* Empty arrays. */
	struct ended ended = {0};
	db_batch_reset(batch);
	struct db_params *params = db_batch_add(batch, &sql[ARRAYS]);
	static const enum db_type types[] = {
		DB_BOOL, DB_INT2, DB_INT4, DB_INT8, DB_UUID, DB_BYTEA, DB_TEXT, DB_TIMESTAMPTZ, DB_DATE};
	for (size_t i = 0; i < ARRAY_LEN(types); i++) (void)db_params_array(params, types[i], 0, 0);
	assert_int_equal(db_batch_run(batch, 0, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 1, 3000);
	assert_int_equal(ended.ending, DB_COMMITTED);
	assert_true(ended.first == -1);
	db_batch_free(batch);
	db_pool_free(pool);
}

static struct db_batch *pair(struct db_pool *pool, int32_t a, int32_t b)
{
	struct db_batch *batch;
	assert_int_equal(db_batch_new(pool, &batch), 0);
	struct db_params *params = db_batch_add(batch, &sql[PAIR]);
	db_params_int4(params, a);
	db_params_int4(params, b);
	return batch;
}

/* Many batches in one pipeline; every tenth fails in its middle and takes only itself down. */
static void test_order_and_errors(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	enum { N = 200 };
	struct db_pool *pool = POOL(.connections = 1, .pipeline_max = 64);
	struct db_batch *batches[N];
	struct ended ended[N] = {{0}};
	int64_t before = admin_int("select count(*) from unit");
	for (int i = 0; i < N; i++) {
		batches[i] = pair(pool, i, 1);
		struct db_params *params = db_batch_add(batches[i], &sql[INSERT]);
		db_params_int8(params, 1000 + i);
		db_params_text(params, "order");
		if (i % 10 == 5) {
			params = db_batch_add(batches[i], &sql[PAIR]);
			db_params_int4(params, 1);
			db_params_int4(params, 0);
		}
		params = db_batch_add(batches[i], &sql[PAIR]);
		db_params_int4(params, i);
		db_params_int4(params, 1);
		assert_int_equal(db_batch_run(batches[i], 0, on_end, &ended[i]), 0);
	}
	LOOP_UNTIL(ended[N - 1].calls == 1, 5000);
	for (int i = 0; i < N; i++) {
		assert_int_equal(ended[i].calls, 1);
		assert_int_equal(ended[i].order - ended[0].order, i);
		if (i % 10 == 5) {
			assert_int_equal(ended[i].ending, DB_REFUSED);
			assert_string_equal(ended[i].sqlstate, "22012");
			assert_int_equal(ended[i].failed, 2);
		} else {
			assert_int_equal(ended[i].ending, DB_COMMITTED);
			assert_int_equal(ended[i].first, i);
		}
		db_batch_free(batches[i]);
	}
	assert_int_equal(admin_int("select count(*) from unit") - before, N - N / 10);
	assert_int_equal(db_pool_ready(pool), 1);
	assert_int_equal(db_pool_stats(pool).losses, 0);
	db_pool_free(pool);
}

static void test_refusals(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const struct {
		const char *sqlstate;
		enum db_ending ending;
	} cases[] = {{"23505", DB_REFUSED}, {"40001", DB_RETRYABLE}, {"40P01", DB_RETRYABLE}, {"53300", DB_RETRYABLE},
		{"57014", DB_RETRYABLE}, {"P0001", DB_REFUSED}, {"42501", DB_REFUSED}, {"0A000", DB_REFUSED}};
	struct db_pool *pool = POOL(.connections = 1);
	struct ended ended = {0};
	struct arena arena;
	struct db_params params;
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ended.calls = 0;
		db_params_init(&params, &arena);
		db_params_text(&params, cases[i].sqlstate);
		assert_int_equal(db_query(pool, &sql[SERIAL], &params, 0, on_end, &ended), 0);
		LOOP_UNTIL(ended.calls == 1, 3000);
		assert_string_equal(ended.sqlstate, cases[i].sqlstate);
		assert_int_equal(ended.ending, cases[i].ending);
	}
	/* A constraint that speaks only at the commit: every statement succeeded, and still nothing happened. */
	ended.calls = 0;
	db_params_init(&params, &arena);
	db_params_int8(&params, 4711);
	assert_int_equal(db_query(pool, &sql[DEFERRED], &params, 0, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 1, 3000);
	assert_int_equal(ended.ending, DB_REFUSED);
	assert_string_equal(ended.constraint, "child_parent_fkey");
	assert_int_equal(ended.failed, 1);
	assert_int_equal(admin_int("select count(*) from child"), 0);
	arena_free(&arena);
	db_pool_free(pool);
}

static void test_tenant(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	char conninfo[200];
	snprintf(conninfo, sizeof(conninfo), "host=%s user=plain dbname=postgres", fix.dir);
	struct db_pool *pool = POOL(.connections = 1, .conninfo = conninfo);
	struct ended one = {0}, two = {0}, none = {0};
	struct uuid hospital;
	assert_int_equal(uuid_parse("00000000-0000-7000-8000-000000000001", &hospital), 0);
	assert_int_equal(db_query_tenant(pool, &hospital, &sql[TENANT], NULL, 0, on_end, &one), 0);
	hospital.b[15] = 2;
	assert_int_equal(db_query_tenant(pool, &hospital, &sql[TENANT], NULL, 0, on_end, &two), 0);
	hospital.b[15] = 9;
	assert_int_equal(db_query_tenant(pool, &hospital, &sql[TENANT], NULL, 0, on_end, &none), 0);
	LOOP_UNTIL(none.calls == 1, 3000);
	assert_int_equal(one.ending, DB_COMMITTED);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.first, 2);
	assert_int_equal(two.first, 1);
	assert_int_equal(none.first, 0);
	/* The setting ended with its transaction: without a tenant there is nothing to see (here: '' is no uuid). */
	struct ended without = {0};
	assert_int_equal(db_query(pool, &sql[TENANT], NULL, 0, on_end, &without), 0);
	LOOP_UNTIL(without.calls == 1, 3000);
	assert_true(without.ending == DB_REFUSED || without.first == 0);
	db_pool_free(pool);
}

/* What a session works under, whatever the server's own defaults. */
static void test_session(void **state)
{
	struct ended found = {0};

	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	assert_int_equal(db_query(pool, &sql[SESSION], NULL, 0, on_end, &found), 0);
	LOOP_UNTIL(found.calls == 1, 3000);
	assert_int_equal(found.ending, DB_COMMITTED);
	assert_int_equal(found.first, 4);
	db_pool_free(pool);
}

static void test_queue_bound(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1, .queue_max = 3);
	struct ended ended[4] = {{0}};
	for (int i = 0; i < 3; i++) assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &ended[i]), 0);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &ended[3]), ERR_LIMIT);
	assert_int_equal(db_pool_queued(pool), 3);
	LOOP_UNTIL(ended[2].calls == 1, 3000);
	assert_int_equal(ended[3].calls, 0);
	assert_int_equal(ended[2].first, 7);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &ended[3]), 0);
	LOOP_UNTIL(ended[3].calls == 1, 3000);
	db_pool_free(pool);
}

/* A server that does not answer in time costs its connection; what waits behind goes on over a new one. */
static void test_deadline(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1, .pipeline_max = 1);
	struct ended slow = {0}, next = {0}, expired = {0};
	struct arena arena;
	struct db_params params;
	LOOP_UNTIL(db_pool_up(pool), 3000);
	arena_init(&arena, 1 << 16);
	db_params_init(&params, &arena);
	db_params_int4(&params, 3000);
	int64_t start_ms = clock_mono_ms();
	assert_int_equal(db_query(pool, &sql[SLOW], &params, start_ms + 200, on_end, &slow), 0);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &next), 0);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, start_ms + 100, on_end, &expired), 0);
	LOOP_UNTIL(expired.calls == 1, 3000);
	assert_int_equal(expired.ending, DB_RETRYABLE);
	assert_in_range(clock_mono_ms() - start_ms, 95, 190);
	LOOP_UNTIL(slow.calls == 1, 3000);
	assert_in_range(clock_mono_ms() - start_ms, 195, 400);
	assert_int_equal(slow.ending, DB_UNKNOWN);
	LOOP_UNTIL(next.calls == 1, 3000);
	assert_int_equal(next.ending, DB_COMMITTED);
	assert_true(clock_mono_ms() - start_ms < 2000);
	arena_free(&arena);
	db_pool_free(pool);
}

static struct db_batch *slow(struct db_pool *pool)
{
	struct db_batch *batch;
	assert_int_equal(db_batch_new(pool, &batch), 0);
	db_params_int4(db_batch_add(batch, &sql[SLOW]), 100);
	return batch;
}

struct chain {
	struct db_batch *batch;
	int runs;
	bool forget;
};

static void on_chain(void *ctx, const struct db_outcome *outcome)
{
	struct chain *chain = ctx;
	chain->runs++;
	if (chain->runs < 5)
		assert_int_equal(db_batch_run(chain->batch, 0, on_chain, chain), 0);
	else
		db_batch_free(chain->batch);
	/* Still readable after that. */
	assert_int_equal(outcome->ending, DB_COMMITTED);
	assert_int_equal(db_rows_int(outcome->results[0], 0, 0), 6);
}

/* A callback runs its own batch again and frees it; others are freed while they wait and while they fly. */
static void test_callbacks(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1, .pipeline_max = 1);
	struct chain chain = {.batch = pair(pool, 6, 1)};
	assert_int_equal(db_batch_run(chain.batch, 0, on_chain, &chain), 0);
	LOOP_UNTIL(chain.runs == 5, 3000);

	struct ended dropped = {0}, forgotten = {0}, last = {0};
	struct db_batch *flying = slow(pool), *waiting = pair(pool, 2, 1);
	assert_int_equal(db_batch_run(flying, 0, on_end, &dropped), 0);
	event_base_loop(fix.loop, EVLOOP_NONBLOCK);
	assert_int_equal(db_pool_running(pool), 1);
	assert_int_equal(db_batch_run(waiting, 0, on_end, &dropped), 0);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &forgotten), 0);
	db_batch_free(flying);
	db_batch_free(waiting);
	db_forget(pool, &forgotten);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &last), 0);
	LOOP_UNTIL(last.calls == 1, 3000);
	assert_int_equal(dropped.calls + forgotten.calls, 0);
	/* And a pool that goes with work of all kinds in it. */
	struct db_batch *owned = slow(pool);
	assert_int_equal(db_batch_run(owned, 0, on_end, &dropped), 0);
	event_base_loop(fix.loop, EVLOOP_NONBLOCK);
	assert_int_equal(db_query(pool, &sql[CONSTANT], NULL, 0, on_end, &forgotten), 0);
	db_batch_free(owned);
	db_pool_free(pool);
	assert_int_equal(dropped.calls + forgotten.calls, 0);
}

/* A migration under a running process: the plan's result type changed. The batch may be run again and then works. */
static void test_stale_plan(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	struct ended ended = {0};
	assert_int_equal(db_query(pool, &sql[COLUMN], NULL, 0, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 1, 3000);
	admin("alter table shifting add column b int4");
	assert_int_equal(db_query(pool, &sql[COLUMN], NULL, 0, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 2, 3000);
	assert_int_equal(ended.ending, DB_RETRYABLE);
	assert_int_equal(db_query(pool, &sql[COLUMN], NULL, 0, on_end, &ended), 0);
	LOOP_UNTIL(ended.calls == 3, 3000);
	assert_int_equal(ended.ending, DB_COMMITTED);
	db_pool_free(pool);
}

static void count_fire(void *ctx)
{
	++*(int *)ctx;
}

static void test_notify(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	struct db_notify *notify;
	struct db_wake inbox, outbox;
	int inbox_fired = 0, outbox_fired = 0;
	assert_int_equal(db_notify_new(pool, &notify), 0);
	assert_int_equal(db_wake_init(&inbox, notify, "inbox", 60000, count_fire, &inbox_fired), 0);
	assert_int_equal(db_wake_init(&outbox, notify, "outbox", 100, count_fire, &outbox_fired), 0);
	/* At start, and again when listening begins. */
	LOOP_UNTIL(inbox_fired == 2 && db_pool_up(pool), 3000);
	uint64_t sent = db_pool_stats(pool).committed;
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < 1000; i++) {
		db_notify_send(notify, "inbox", 1);
		if (i % 10 == 0) event_base_loop(fix.loop, EVLOOP_NONBLOCK);
	}
	LOOP_UNTIL(inbox_fired > 2, 1000);
	LOOP_UNTIL(clock_mono_ms() - start_ms > 100, 1000);
	int64_t took_ms = clock_mono_ms() - start_ms;
	assert_true((int64_t)(db_pool_stats(pool).committed - sent) <= 2 + took_ms / DB_NOTIFY_EVERY_MS);
	/* Who has more work than a hint is worth is told of it less often; then soon again. */
	LOOP_UNTIL(clock_mono_ms() - start_ms - took_ms > DB_NOTIFY_BUSY_MS + DB_NOTIFY_EVERY_MS, 1000);
	sent = db_pool_stats(pool).committed;
	start_ms = clock_mono_ms();
	for (took_ms = 0; took_ms < 10 * DB_NOTIFY_BUSY_MS; took_ms = clock_mono_ms() - start_ms) {
		db_notify_send(notify, "inbox", DB_NOTIFY_BUSY_ITEMS);
		event_base_loop(fix.loop, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	assert_in_range(db_pool_stats(pool).committed - sent, DB_NOTIFY_BUSY_MS / DB_NOTIFY_EVERY_MS,
		3 + DB_NOTIFY_BUSY_MS / DB_NOTIFY_EVERY_MS + took_ms / DB_NOTIFY_BUSY_MS);
	/* From another process. */
	int fired = inbox_fired;
	start_ms = clock_mono_ms();
	admin("select pg_notify('zhifu', 'inbox')");
	LOOP_UNTIL(inbox_fired == fired + 1, 1000);
	assert_true(clock_mono_ms() - start_ms < 100);
	/* The poll alone. */
	fired = outbox_fired;
	start_ms = clock_mono_ms();
	LOOP_UNTIL(outbox_fired >= fired + 3, 2000);
	assert_in_range(clock_mono_ms() - start_ms, 190, 600);
	/* Who listens comes back after a loss and looks once. */
	fired = inbox_fired;
	admin("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'zhifu-test'");
	LOOP_UNTIL(inbox_fired == fired + 1, 3000);
	db_wake_stop(&inbox);
	db_notify_send(notify, "inbox", 1);
	db_notify_free(notify);
	db_pool_free(pool);
}

static int oom_calls;

static void on_oom(void *ctx, const struct db_outcome *outcome)
{
	(void)ctx, (void)outcome;
	oom_calls++;
}

/* The n-th allocation fails, for every n until all succeed: an error or a whole run, never half of one. */
static void test_no_memory(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct db_pool *pool = POOL(.connections = 1);
	LOOP_UNTIL(db_pool_up(pool), 3000);
	int failures = 0, expected = 0;
	oom_calls = 0;
	for (long n = 0; n < 200; n++) {
		struct db_batch *batch = NULL;
		mem_fail_after(n);
		int r = db_batch_new(pool, &batch);
		if (r == 0) {
			fill_arrays(db_batch_add(batch, &sql[ARRAYS]));
			r = db_batch_run(batch, 0, on_oom, NULL);
		}
		mem_fail_after(-1);
		if (r == 0) {
			expected++;
			LOOP_UNTIL(oom_calls == expected, 3000);
		} else {
			failures++;
			assert_int_equal(r, ERR_NOMEM);
		}
		db_batch_free(batch);
		if (expected == 3) break;
	}
	assert_true(failures > 3);
	assert_int_equal(expected, 3);
	db_pool_free(pool);
	/* The same for making a pool. */
	for (long n = 0; n < 100; n++) {
		struct db_pool_conf conf = {.conninfo = "host=a,b,c port=1,2,3", .role = "test"};
		mem_fail_after(n);
		int r = db_pool_new(fix.loop, &conf, &pool);
		mem_fail_after(-1);
		if (r == 0) {
			db_pool_free(pool);
			assert_true(n > 3);
			return;
		}
		assert_int_equal(r, ERR_NOMEM);
	}
	fail();
}

static void test_conninfo(void **state)
{
	(void)state;
	struct event_base *loop = event_base_new();
	static const char *const bad[] = {"nonsense", "host=a,b hostaddr=127.0.0.1", "host=a,b port=1,2,3",
		"hostaddr=example.org", "host=a,b,c,d,e,f,g,h,i"};
	struct db_pool *pool = NULL;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct db_pool_conf conf = {.conninfo = bad[i], .role = "test"};
		assert_int_equal(db_pool_new(loop, &conf, &pool), ERR_INVALID);
	}
	/* A password is never in the error text. */
	struct db_pool_conf conf = {.conninfo = "host=a password=hunter2 nonsense", .role = "test"};
	assert_int_equal(db_pool_new(loop, &conf, &pool), ERR_INVALID);
	assert_null(strstr(err_text(), "hunter2"));
	event_base_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conninfo),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_order_and_errors),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_tenant),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_queue_bound),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_callbacks),
		cmocka_unit_test(test_stale_plan),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests_name("db", tests, suite_start, suite_stop);
}
