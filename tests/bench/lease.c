/* How fast work is leased, by the daemon's own lease loop over its own pool: takes rows that are due until it has
 * --count of them or none are left, and leaves them leased.
 *
 *   bench_lease --database CONNINFO --count N
 *
 * Prints one JSON line. */
#include <event2/event.h>
#include <getopt.h>

#include "base/log.h"
#include "bench.h"
#include "db/lease.h"
#include "db/pool.h"
#include "model/work.h"

#define ITEMS_MAX 1024
#define SHARE_MAX 64
#define LEASE_S 600
#define PATIENCE_S 60

static struct {
	struct event_base *loop;
	struct lease *lease;
	long wanted;
	long leased;
	int64_t started_us, ended_us;
} bench;

static void on_items(void *ctx, const struct work_item *items, size_t n)
{
	(void)ctx, (void)items;
	/* The clock starts with the first answer: connecting and preparing are no part of it. */
	if (bench.started_us == 0)
		bench.started_us = bench_now_us();
	else
		bench.leased += (long)n;
	bench.ended_us = bench_now_us();
	lease_finish(bench.lease, n);
	if (bench.leased >= bench.wanted) (void)event_base_loopbreak(bench.loop);
}

static void bench_run(const char *database)
{
	static const struct db_table *const list[] = {&lease_table};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	const struct db_pool_conf pool_conf = {
		.conninfo = database, .role = "bench", .connections = 1, .tables = list, .table_count = 1};
	struct lease_conf conf = {.topic = "bench",
		.role = WORK_TRANSLATE,
		.poll_ms = 50,
		.lease_s = LEASE_S,
		.items_max = ITEMS_MAX,
		.share_max = SHARE_MAX,
		.take = on_items};

	bench.loop = event_base_new();
	if (bench.loop == NULL || db_pool_new(bench.loop, &pool_conf, &conf.pool) < 0 ||
		db_notify_new(conf.pool, &conf.notify) < 0 || lease_new(&conf, &bench.lease) < 0)
		bench_fail("could not start");
	(void)event_base_loopexit(bench.loop, &patience);
	(void)event_base_dispatch(bench.loop);
	lease_free(bench.lease);
	db_notify_free(conf.notify);
	db_pool_free(conf.pool);
	event_base_free(bench.loop);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"database", required_argument, NULL, 'd'},
		{"count", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
	const char *database = NULL;
	double seconds;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'd')
			database = optarg;
		else if (c == 'k')
			bench.wanted = bench_number("--count", optarg, 1, 10000000);
		else
			return 2;
	}
	if (database == NULL || bench.wanted == 0) bench_fail("--database and --count are needed");
	log_init(2, "bench", LOG_ERROR);
	bench_run(database);
	if (bench.leased < bench.wanted) bench_fail("only %ld of %ld were leased", bench.leased, bench.wanted);
	seconds = (double)(bench.ended_us - bench.started_us) / 1e6;
	(void)printf("{\"leased\": %ld, \"seconds\": %.6f, \"rate\": %.1f}\n", bench.leased, seconds,
		(double)bench.leased / seconds);
	return 0;
}
