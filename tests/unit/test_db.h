/* What the tests of the room db share: a cluster, a loop that runs until something is true, an administrator's
 * connection. */
#ifndef UNIT_TEST_DB_H
#define UNIT_TEST_DB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/group.h"
#include "db/notify.h"
#include "db/pool.h"
#include "db/sync.h"
#include "pg_cluster.h"

struct fixture {
	char dir[64];
	char conninfo[160];
	struct event_base *loop;
	struct db_sync *admin;
	bool absent; /* PostgreSQL is not installed */
};

static struct fixture fix;

#define NEED_POSTGRESQL()                                                                                              \
	do {                                                                                                           \
		if (fix.absent) {                                                                                      \
			print_message("skipped: PostgreSQL 15 is not installed\n");                                    \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static inline void admin(const char *sql)
{
	if (db_sync_script(fix.admin, sql) < 0) fail_msg("%s: %s", sql, err_text());
}

/* One number. */
static inline int64_t admin_int(const char *sql)
{
	struct pg_result *rows;
	if (db_sync_query(fix.admin, sql, NULL, &rows) < 0) fail_msg("%s: %s", sql, err_text());
	int64_t value = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return value;
}

static inline int fixture_start(const char *name, const char *schema)
{
	log_init(2, "test", getenv("TEST_VERBOSE") != NULL ? LOG_DEBUG : LOG_ERROR);
	int status = pg_cluster_start(name, fix.dir, fix.conninfo);
	fix.absent = status == PG_CLUSTER_MISSING;
	if (status != 0) return fix.absent ? 0 : -1;
	fix.loop = event_base_new();
	if (db_sync_open(fix.conninfo, "admin", &fix.admin) < 0) {
		print_error("%s\n", err_text());
		return -1;
	}
	return db_sync_script(fix.admin, schema);
}

static inline int fixture_stop(void)
{
	if (fix.absent) return 0;
	db_sync_close(fix.admin);
	event_base_free(fix.loop);
	return pg_cluster("destroy", fix.dir, "");
}

static inline void loop_tick(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx;
}

/* Runs the loop until the condition holds; fails the test after ms. The tick wakes the loop where nothing else does. */
#define LOOP_UNTIL(condition, ms)                                                                                      \
	do {                                                                                                           \
		int64_t end_ms = clock_mono_ms() + (ms);                                                               \
		struct timeval tick_tv = {0, 5000};                                                                    \
		struct event *tick = event_new(fix.loop, -1, EV_PERSIST, loop_tick, NULL);                             \
		event_add(tick, &tick_tv);                                                                             \
		while (!(condition) && clock_mono_ms() < end_ms) event_base_loop(fix.loop, EVLOOP_ONCE);               \
		event_free(tick);                                                                                      \
		if (!(condition)) fail_msg("not in %d ms: %s", (int)(ms), #condition);                                 \
	} while (0)

static inline struct db_pool *pool_open(struct db_pool_conf conf)
{
	struct db_pool *pool;
	if (conf.conninfo == NULL) conf.conninfo = fix.conninfo;
	if (conf.role == NULL) conf.role = "test";
	assert_int_equal(db_pool_new(fix.loop, &conf, &pool), 0);
	return pool;
}

/* What the last callback said. */
struct ended {
	int calls;
	enum db_ending ending;
	char sqlstate[6], constraint[64], message[128];
	size_t failed, count;
	int64_t first; /* the first cell of the last statement, when it is a number */
	int order;     /* of this callback among all */
};

static int ended_order;

static inline void on_end(void *ctx, const struct db_outcome *outcome)
{
	struct ended *ended = ctx;
	ended->calls++;
	ended->order = ++ended_order;
	ended->ending = outcome->ending;
	ended->failed = outcome->failed;
	ended->count = outcome->count;
	memcpy(ended->sqlstate, outcome->sqlstate, sizeof(ended->sqlstate));
	snprintf(ended->constraint, sizeof(ended->constraint), "%s", outcome->constraint);
	snprintf(ended->message, sizeof(ended->message), "%s", outcome->message);
	ended->first = -1;
	if (outcome->ending == DB_COMMITTED) {
		const struct pg_result *rows = outcome->results[outcome->count - 1];
		if (db_rows_count(rows) > 0 && db_rows_columns(rows) > 0) {
			unsigned type = PQftype(rows, 0);
			if (type == DB_INT8 || type == DB_INT4) ended->first = db_rows_int(rows, 0, 0);
		}
	} else {
		assert_null(outcome->results);
	}
}

#endif
