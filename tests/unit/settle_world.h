/* What the tests of settle share beyond those of translate: the role, and a claim that was sent. */
#ifndef UNIT_SETTLE_WORLD_H
#define UNIT_SETTLE_WORLD_H

#include "translate_world.h"

#include "db/keyhold.h"
#include "db/pool.h"
#include "settle/bills.h"
#include "settle/settle.h"
#include "settle/settle_sql.h"
#include "settle/shares.h"
#include "settle/value.h"

static inline void settle_start(void)
{
	static char text[256];

	snprintf(text, sizeof(text), "host=%s user=zhifu_settle dbname=postgres", fix.dir);
	world.options.database_settle = (struct conf_secret){text, strlen(text)};
	worker_fill(fix.loop);
	world.worker.role = "settle";
	if (settle_role.start(&world.worker, &world.role) < 0) fail_msg("%s", err_text());
}

/* It is sent, and so billed. */
static inline void claim_deliver(const struct test_claim *claim)
{
	sql("DELETE FROM zhifu.outbox WHERE claim_id = '%s'", claim->id_text);
	transport_step(claim, TRANSPORT_ACCEPTED, TRANSPORT_QUEUED, "enqueue");
	transport_step(claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
	transport_step(claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
}

/* A claim that was sent. */
static inline struct test_claim claim_sent(void)
{
	struct test_claim claim = claim_add("ok");

	claim_deliver(&claim);
	return claim;
}

/* Looks at bills, and for values, as often as it takes until the number is what it should be. */
static inline void look_until(const char *question, int64_t wanted)
{
	static const struct db_table *const tables[] = {&settle_table, &keyhold_table};
	const struct keyhold_hospital hospital = {.id = world.hospital.id,
		.code = "AB1",
		.name = "Test",
		.zone = "Asia/Shanghai",
		.book_currency = "CNY"};
	struct keyhold *hold;
	char conninfo[256];
	struct db_pool *pool;
	struct bills *bills;
	struct shares *shares;
	struct value *value;
	int64_t give_up_ms = clock_mono_ms() + 10000;

	snprintf(conninfo, sizeof(conninfo), "host=%s user=zhifu_settle dbname=postgres", fix.dir);
	worker_fill(fix.loop);
	pool = pool_open((struct db_pool_conf){
		.conninfo = conninfo, .role = "settle", .tables = tables, .table_count = ARRAY_LEN(tables)});
	assert_int_equal(keyhold_new(pool, &hold), 0);
	assert_int_equal(keyhold_load(hold, world.ring, &hospital, 1), 0);
	assert_int_equal(value_new(&world.worker, pool, &value), 0);
	assert_int_equal(bills_new(&world.worker, pool, hold, &bills), 0);
	assert_int_equal(shares_new(&world.worker, pool, &shares), 0);
	LOOP_UNTIL(keyhold_ready(hold), 5000);
	do {
		value_look(value);
		bills_look(bills);
		shares_look(shares);
		assert_int_equal(event_base_loop(fix.loop, EVLOOP_ONCE), 0);
	} while (number("%s", question) != wanted && clock_mono_ms() < give_up_ms);
	assert_int_equal(number("%s", question), wanted);
	shares_free(shares);
	bills_free(bills);
	value_free(value);
	keyhold_free(hold);
	db_pool_free(pool);
	metrics_free(world.metrics);
	/* What was under way may still put off what is woken next. */
	while (number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'zhifu_settle'") > 0 &&
		clock_mono_ms() < give_up_ms) {
	}
}

#endif
