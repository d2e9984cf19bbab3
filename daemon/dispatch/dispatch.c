/* The role dispatch: start, the tick, reload, drain, stop. */
#include "dispatch/dispatch.h"

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "db/lease.h"
#include "db/pool.h"
#include "dispatch/dispatch_sql.h"
#include "dispatch/owner.h"
#include "dispatch/round.h"
#include "dispatch/route.h"
#include "dispatch/state.h"

#define DISPATCH_MAGIC 0x64697370u
#define TICK_MS 100
#define HOSPITALS_MAX 65536

static int keys_load(struct dispatch *dispatch)
{
	const struct directory *directory = dispatch->worker->directory;
	struct keyhold_hospital *hospitals;
	int r;

	assert(directory->hospital_count < HOSPITALS_MAX);
	hospitals = mem_alloc((directory->hospital_count + 1) * sizeof(*hospitals));
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
	r = keyhold_load(dispatch->keys, dispatch->worker->keyring, hospitals, directory->hospital_count);
	mem_free(hospitals);
	return r;
}

/* ---- the tick ---- */

static void on_drained(struct dispatch *dispatch)
{
	dispatch->worker->drained(dispatch->worker);
}

/* True when nothing is under way on any route. */
static bool all_quiet(const struct dispatch *dispatch)
{
	for (const struct list *node = dispatch->routes.next; node != &dispatch->routes; node = node->next)
		if (CONTAINER_OF(node, struct route, node)->count > 0) return false;
	return list_empty(&dispatch->rounds);
}

static void drain_check(struct dispatch *dispatch)
{
	if (!dispatch->draining || dispatch->released || !all_quiet(dispatch)) return;
	dispatch->released = true;
	owner_release(dispatch, on_drained);
}

/* Routes that are configured no more go when nothing is under way; their leases run out. */
static void retire(struct dispatch *dispatch)
{
	if (!owner_idle(dispatch)) return;
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		if (route->insurer != NULL || route->count > 0 || route->flights[ROUND_BEGIN] > 0 ||
			route->flights[ROUND_END] > 0)
			continue;
		log_fields(LOG_INFO, "route is configured no more", "route", route->name, NULL);
		route_free(route);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct dispatch *dispatch = ctx;
	int64_t now_ms = clock_mono_ms();

	(void)fd, (void)what;
	CHECK_MAGIC(dispatch, DISPATCH_MAGIC);
	LIST_EACH(&dispatch->rounds, node)
	round_retry(CONTAINER_OF(node, struct round, node));
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		round_start(route, ROUND_BEGIN);
		round_start(route, ROUND_END);
		route_send(route);
		route_pace(route, now_ms);
	}
	if (!dispatch->released) owner_tick(dispatch, now_ms);
	retire(dispatch);
	drain_check(dispatch);
}

static void on_keys(void *ctx)
{
	struct dispatch *dispatch = ctx;

	LIST_EACH(&dispatch->routes, node)
	route_pace(CONTAINER_OF(node, struct route, node), clock_mono_ms());
}

/* ---- the role ---- */

static void dispatch_stop(void *state)
{
	struct dispatch *dispatch = state;

	if (dispatch == NULL) return;
	CHECK_MAGIC(dispatch, DISPATCH_MAGIC);
	if (dispatch->tick != NULL) event_free(dispatch->tick);
	outbound_free(dispatch->outbound);
	dispatch->outbound = NULL;
	LIST_EACH(&dispatch->rounds, node)
	round_free(CONTAINER_OF(node, struct round, node));
	LIST_EACH(&dispatch->routes, node)
	route_free(CONTAINER_OF(node, struct route, node));
	if (dispatch->pool != NULL) db_forget(dispatch->pool, dispatch);
	keyhold_free(dispatch->keys);
	sealer_free(dispatch->sealer);
	db_notify_free(dispatch->notify);
	db_pool_free(dispatch->pool);
	dispatch->magic = 0;
	mem_free(dispatch);
}

static void owner_name(struct dispatch *dispatch)
{
	char machine[64] = "";
	uint32_t random;

	random_bytes(&random, sizeof(random));
	(void)gethostname(machine, sizeof(machine) - 1);
	(void)snprintf(dispatch->owner, sizeof(dispatch->owner), "%.40s/%d/%d/%08x", machine, (int)getpid(),
		dispatch->worker->number, random);
}

static int outbound_open(struct dispatch *dispatch)
{
	const struct directory *directory = dispatch->worker->directory;
	struct outbound_limits limits = outbound_limits_default();

	for (uint32_t i = 0; i < directory->insurer_count; i++)
		if (directory->insurers[i]->window_max > limits.connections_host_max)
			limits.connections_host_max = directory->insurers[i]->window_max;
	if (limits.connections_host_max > limits.connections_max) limits.connections_max = limits.connections_host_max;
	return outbound_new(dispatch->worker->base, dispatch->worker->dns, &limits, &dispatch->outbound);
}

static int tick_start(struct dispatch *dispatch)
{
	static const struct timeval interval = {.tv_usec = TICK_MS * 1000};

	dispatch->tick = event_new(dispatch->worker->base, -1, EV_PERSIST, on_tick, dispatch);
	return dispatch->tick == NULL || event_add(dispatch->tick, &interval) != 0 ? ERR_NOMEM : 0;
}

static void metrics_make(struct dispatch *dispatch)
{
	static const double window_bounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.01, 0.1, 1, 10};
	struct metrics *m = dispatch->worker->metrics;

	dispatch->consent_refused = metrics_counter(
		m, "zhifu_export_no_consent_total", "Messages stopped because no consent covers them any more.", NULL);
	dispatch->stop_refused =
		metrics_counter(m, "zhifu_export_stopped_total", "Messages stopped by the export stop level.", NULL);
	dispatch->warned = metrics_counter(
		m, "zhifu_export_warned_total", "Times the warn level of persons a year was reached.", NULL);
	dispatch->window = metrics_histogram(m, "zhifu_dispatch_window_seconds",
		"Time from the last look at a lease to the message having left.", NULL, window_bounds,
		ARRAY_LEN(window_bounds));
	dispatch->late = metrics_counter(
		m, "zhifu_dispatch_late_total", "Messages that left after their lease: the process was paused.", NULL);
	dispatch->swept =
		metrics_counter(m, "zhifu_dispatch_swept_total", "Messages that a dead process left behind.", NULL);
}

static int dispatch_start(struct worker *worker, void **ret_state)
{
	static const struct db_table *const tables[] = {&dispatch_table, &lease_table, &keyhold_table};
	const struct options *options = worker->options;
	struct dispatch *dispatch = mem_alloc(sizeof(*dispatch));
	struct db_pool_conf pool = {.conninfo = options->database_dispatch.text,
		.role = "dispatch",
		.connections = (size_t)options->db_connections_per_worker,
		.schema_version = worker->schema_version,
		.tables = tables,
		.table_count = ARRAY_LEN(tables)};
	int r;

	if (dispatch == NULL) return ERR_NOMEM;
	dispatch->magic = DISPATCH_MAGIC;
	dispatch->worker = worker;
	list_init(&dispatch->routes);
	list_init(&dispatch->rounds);
	owner_name(dispatch);
	metrics_make(dispatch);
	r = db_pool_new(worker->base, &pool, &dispatch->pool);
	if (r == 0) r = db_notify_new(dispatch->pool, &dispatch->notify);
	if (r == 0) r = keyhold_new(dispatch->pool, &dispatch->keys);
	if (r == 0) r = sealer_new(&dispatch->sealer);
	if (r == 0) r = outbound_open(dispatch);
	if (r == 0) r = keys_load(dispatch);
	if (r == 0) r = tick_start(dispatch);
	if (r < 0) {
		dispatch_stop(dispatch);
		return r;
	}
	keyhold_on_ready(dispatch->keys, on_keys, dispatch);
	r = routes_read(dispatch);
	if (r < 0) {
		dispatch_stop(dispatch);
		return r;
	}
	routes_take(dispatch);
	*ret_state = dispatch;
	return 0;
}

static int dispatch_reload(void *state)
{
	struct dispatch *dispatch = state;
	int r = routes_read(dispatch);

	if (r < 0) return r;
	r = keys_load(dispatch);
	if (r == 0)
		routes_take(dispatch);
	else
		routes_forget(dispatch);
	return r;
}

static void dispatch_drain(void *state)
{
	struct dispatch *dispatch = state;

	dispatch->draining = true; /* the tick sees when nothing is under way */
	LIST_EACH(&dispatch->routes, node)
	route_pace(CONTAINER_OF(node, struct route, node), clock_mono_ms());
}

static bool dispatch_ready(void *state)
{
	const struct dispatch *dispatch = state;

	return db_pool_up(dispatch->pool) && keyhold_ready(dispatch->keys);
}

const struct role dispatch_role = {
	"dispatch", dispatch_start, dispatch_reload, dispatch_drain, dispatch_ready, dispatch_stop};
