/* A pool with as many batches at once as it has connections: nobody's statement stands behind another's on one
 * connection, and what waits, waits here. */
#include "desk/ask.h"

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool.h"
#include "desk/lanes.h"
#include "net/metrics.h"

/* Beyond the statement's own end, so that PostgreSQL is the one that ends it. */
#define SPARE_MS 5000

struct desk_asks {
	struct db_pool *pool;
	struct lanes lanes;
	struct event *clock; /* the first that waits has waited long enough */
	struct metrics *metrics;
	struct metric *running, *waiting, *turned_away;
};

/* A call's turn; ends with the first statement that no other follows. */
struct desk_ask {
	struct lane_turn turn;
	struct desk_call *call;
	enum desk_statement statement;
	struct db_params *params;
	db_done *done;
	int64_t until_ms;
	bool goes_on; /* there is another statement to be answered */
};

static const struct problem problem_busy = {503,
	{"busy",
		"As many reports and lists as may run at a time are running, or waiting. Ask again after Retry-After, "
		"for a shorter period perhaps.",
		"正在运行和等待的报表与列表已达上限,请在 Retry-After 之后重试,或缩短查询期间。"}};

bool desk_asks_up(const struct desk_asks *asks)
{
	return db_pool_up(asks->pool);
}

static void refuse(struct desk_call *call)
{
	log_fields(LOG_WARN, "a finance call found no place", "operation", call->operation->name, "hospital",
		call->principal->hospital_code, NULL);
	metric_add(call->desk->asks->turned_away, 1);
	if (desk_asks_up(call->desk->asks))
		desk_call_problem(call, &problem_busy);
	else
		desk_call_fail(call, NULL);
}

static void clock_set(struct desk_asks *asks)
{
	const struct list *node = list_first(&asks->lanes.waiting);
	if (node == NULL) {
		(void)event_del(asks->clock);
		return;
	}
	int64_t ms = CONTAINER_OF(node, struct desk_ask, turn.node)->until_ms - clock_mono_ms();
	if (ms < 0) ms = 0;
	struct timeval after = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	(void)event_add(asks->clock, &after);
}

/* Its client is gone: nobody waits behind one whom nobody waits for. */
static void on_gone(struct http_request *req)
{
	struct desk_call *call = req->user;
	struct desk_asks *asks = call->desk->asks;
	struct lane_turn *none = lanes_leave(&asks->lanes, &call->ask->turn);
	assert(none == NULL);
	mem_free(call->ask);
	clock_set(asks);
	desk_call_problem(call, &problem_busy); /* ends it */
}

static void on_clock(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	struct desk_asks *asks = ctx;
	int64_t now_ms = clock_mono_ms();
	LIST_EACH(&asks->lanes.waiting, node)
	{
		struct desk_ask *ask = CONTAINER_OF(node, struct desk_ask, turn.node);
		if (ask->until_ms > now_ms) break;
		struct lane_turn *none = lanes_leave(&asks->lanes, &ask->turn);
		assert(none == NULL);
		refuse(ask->call);
		mem_free(ask);
	}
	clock_set(asks);
}

static void begin(struct desk_asks *asks, struct lane_turn *turn);

static void on_done(void *ctx, const struct db_outcome *outcome)
{
	struct desk_ask *ask = ctx;
	struct desk_asks *asks = ask->call->desk->asks;
	ask->goes_on = false;
	ask->done(ask->call, outcome); /* the call may be gone behind it */
	if (ask->goes_on) return;
	struct lane_turn *turn = lanes_leave(&asks->lanes, &ask->turn);
	mem_free(ask);
	begin(asks, turn);
	clock_set(asks);
}

/* The pool's own queue is used while it has no connection. False: it is answered. */
static bool query(struct desk_asks *asks, struct desk_ask *ask)
{
	struct desk_call *call = ask->call;
	call->req->on_cancel = NULL;
	if (db_query_tenant(asks->pool, &call->principal->hospital_id, &desk_sql[ask->statement], ask->params, 0,
		    on_done, ask) == 0)
		return true;
	desk_call_fail(call, NULL);
	return false;
}

static void begin(struct desk_asks *asks, struct lane_turn *turn)
{
	while (turn != NULL) {
		struct desk_ask *ask = CONTAINER_OF(turn, struct desk_ask, turn);
		if (query(asks, ask)) return;
		turn = lanes_leave(&asks->lanes, turn);
		mem_free(ask);
	}
}

void desk_call_ask(struct desk_call *call, enum desk_statement statement, struct db_params *params, db_done *done)
{
	struct desk_asks *asks = call->desk->asks;
	struct desk_ask *ask = call->ask;
	bool now;
	if (ask != NULL) {
		ask->statement = statement;
		ask->params = params;
		ask->done = done;
		ask->goes_on = query(asks, ask);
		return;
	}
	ask = mem_alloc(sizeof(*ask));
	if (ask == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	ask->call = call;
	ask->statement = statement;
	ask->params = params;
	ask->done = done;
	ask->until_ms = clock_mono_ms() + ASK_WAIT_MS;
	call->ask = ask;
	if (lanes_enter(&asks->lanes, &ask->turn, &call->principal->hospital_id, &now) < 0) {
		mem_free(ask);
		refuse(call);
		return;
	}
	if (now) {
		begin(asks, &ask->turn);
		return;
	}
	call->req->user = call;
	call->req->on_cancel = on_gone;
	clock_set(asks);
}

static void on_print(void *ctx)
{
	struct desk_asks *asks = ctx;
	metric_set(asks->running, (int64_t)asks->lanes.running_count);
	metric_set(asks->waiting, (int64_t)asks->lanes.waiting_count);
}

static void meters_add(struct desk_asks *asks)
{
	asks->running = metrics_gauge(
		asks->metrics, "zhifu_desk_running_calls", "Finance calls that the database works on.", NULL);
	asks->waiting = metrics_gauge(
		asks->metrics, "zhifu_desk_waiting_calls", "Finance calls that wait for their turn.", NULL);
	asks->turned_away = metrics_counter(asks->metrics, "zhifu_desk_turned_away_total",
		"Finance calls that found no place, or waited too long.", NULL);
	metrics_on_print(asks->metrics, on_print, asks);
}

int desk_asks_new(struct intake *intake, struct desk_asks **ret_asks)
{
	const struct db_table *tables[] = {&desk_table};
	const struct worker *worker = intake->worker;
	size_t connections = (size_t)worker->options->desk_connections;
	struct db_pool_conf conf = {.conninfo = worker->options->database_intake.text,
		.role = "desk",
		.connections = connections,
		.pipeline_max = 1,
		.deadline_ms = ASK_STATEMENT_MS + SPARE_MS,
		.statement_timeout_ms = ASK_STATEMENT_MS,
		.schema_version = worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables)};
	struct desk_asks *asks = mem_alloc(sizeof(*asks));
	if (asks == NULL) return err_set(ERR_NOMEM, "no memory for the desk");
	/* One hospital never has them all, unless there is but one. */
	asks->lanes = (struct lanes){.running_max = connections,
		.hospital_running_max = connections > 1 ? connections - 1 : 1,
		.waiting_max = ASKS_WAITING_MAX,
		.hospital_waiting_max = ASKS_HOSPITAL_WAITING_MAX};
	lanes_init(&asks->lanes);
	asks->metrics = worker->metrics;
	meters_add(asks);
	asks->clock = event_new(worker->base, -1, 0, on_clock, asks);
	int r = asks->clock == NULL ? err_set(ERR_NOMEM, "no memory for the desk")
				    : db_pool_new(worker->base, &conf, &asks->pool);
	if (r < 0) {
		desk_asks_free(asks);
		return r;
	}
	*ret_asks = asks;
	return 0;
}

static void all_free(struct list *list)
{
	LIST_EACH(list, node)
	{
		mem_free(CONTAINER_OF(node, struct desk_ask, turn.node));
	}
}

void desk_asks_free(struct desk_asks *asks)
{
	if (asks == NULL) return;
	metrics_off_print(asks->metrics, on_print, asks);
	db_pool_free(asks->pool);
	if (asks->clock != NULL) event_free(asks->clock);
	all_free(&asks->lanes.waiting);
	all_free(&asks->lanes.running);
	mem_free(asks);
}
