/* Ownership of routes in the database. All times that decide are the database's; ours are only ever shorter. */
#include "dispatch/owner.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "db/batch.h"
#include "dispatch/dispatch_sql.h"
#include "dispatch/route.h"

#define TAKE_EVERY_MS 1000
#define STOPPED_EVERY_MS 1000 /* whether an operator has released a route */
#define AGAIN_MS 250          /* after a statement that did not come through */
#define SWEEP_EVERY_MS 5000
#define SWEEP_MAX 100
#define DEPTH_EVERY_MS 15000
#define DEPTH_MOST 100000
#define DEAD_EVERY_MS 30000
#define DEAD_GRACE_S 60
#define OPEN_EXTRA_S 60 /* an attempt is given up this long after its lease */
#define ARENA_BYTES (1u << 20)

static void routes_text(struct db_params *params, struct route *const *routes, size_t count)
{
	struct db_array *array = db_params_array(params, DB_TEXT, count, 0);

	for (size_t i = 0; i < count; i++) db_array_text(array, routes[i]->name);
}

static void routes_fences(struct db_params *params, struct route *const *routes, size_t count)
{
	struct db_array *array = db_params_array(params, DB_INT8, count, 0);

	for (size_t i = 0; i < count; i++) db_array_int8(array, routes[i]->fence);
}

static void refused_log(const char *what, const struct db_outcome *outcome)
{
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, what, "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
}

/* The routes that are ours, or those that could be. */
static size_t routes_gather(struct dispatch *dispatch, bool owned, struct route **ret_routes)
{
	size_t n = 0;

	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		if (n < DISPATCH_ROUTES_MAX && (route->fence != 0) == owned && (owned || route->insurer != NULL))
			ret_routes[n++] = route;
	}
	return n;
}

/* ---- taking ---- */

static void on_taken(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;
	int64_t until_ms = dispatch->taking_ms + dispatch->worker->options->lease_s * 1000;

	refused_log("could not take routes", outcome);
	for (int row = 0; outcome->ending == DB_COMMITTED && row < db_rows_count(outcome->results[0]); row++) {
		struct route *route = dispatch->taking[db_rows_int(outcome->results[0], row, 0) - 1];

		POINT("dispatch.taken");
		if (dispatch->draining) continue; /* runs out by itself */
		route_taken(route, db_rows_int(outcome->results[0], row, 1), db_rows_bool(outcome->results[0], row, 2),
			until_ms);
		dispatch->sweep_ms = 0; /* first of all: what did the owner before us leave open? */
	}
	dispatch->taking_count = 0;
}

static void take(struct dispatch *dispatch, int64_t now_ms)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct db_array *array;
	size_t n = routes_gather(dispatch, false, dispatch->taking);
	int32_t lease_s = (int32_t)dispatch->worker->options->lease_s;

	arena_init(&arena, ARENA_BYTES);
	if (n == 0) return;
	db_params_init(&params, &arena);
	routes_text(&params, dispatch->taking, n);
	array = db_params_array(&params, DB_INT4, n, 0);
	for (size_t i = 0; i < n; i++) db_array_int4(array, route_preferred(dispatch->taking[i]) ? 0 : lease_s);
	db_params_text(&params, dispatch->owner);
	db_params_int4(&params, lease_s);
	dispatch->taking_ms = now_ms;
	if (db_query(dispatch->pool, &dispatch_sql[DISPATCH_TAKE], &params, 0, on_taken, dispatch) == 0)
		dispatch->taking_count = n;
}

/* ---- keeping ---- */

static void on_renewed(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;
	int64_t until_ms = dispatch->renewing_ms + dispatch->worker->options->lease_s * 1000;
	bool kept[DISPATCH_ROUTES_MAX] = {false};
	size_t n = dispatch->renewing_count;

	POINT("dispatch.renewed");
	dispatch->renewing_count = 0;
	refused_log("could not renew routes", outcome);
	if (outcome->ending != DB_COMMITTED) {
		dispatch->renew_ms = clock_mono_ms() + AGAIN_MS;
		return;
	}
	for (int row = 0; row < db_rows_count(outcome->results[0]); row++) {
		size_t i = (size_t)db_rows_int(outcome->results[0], row, 0) - 1;

		kept[i] = true;
		route_renewed(dispatch->renewing[i], db_rows_bool(outcome->results[0], row, 1), until_ms);
	}
	for (size_t i = 0; i < n; i++)
		if (!kept[i]) route_lost(dispatch->renewing[i]);
}

static void renew(struct dispatch *dispatch, int64_t now_ms)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	size_t n = routes_gather(dispatch, true, dispatch->renewing);

	arena_init(&arena, ARENA_BYTES);
	if (n == 0) return;
	db_params_init(&params, &arena);
	routes_text(&params, dispatch->renewing, n);
	routes_fences(&params, dispatch->renewing, n);
	db_params_int4(&params, (int32_t)dispatch->worker->options->lease_s);
	dispatch->renewing_ms = now_ms;
	if (db_query(dispatch->pool, &dispatch_sql[DISPATCH_RENEW], &params, 0, on_renewed, dispatch) == 0)
		dispatch->renewing_count = n;
	else
		dispatch->renew_ms = now_ms + AGAIN_MS;
}

/* ---- sweeping ---- */

/* How many it was; 0 also when nothing came of it. */
static int64_t swept_count(struct dispatch *dispatch, const struct db_outcome *outcome)
{
	int64_t found;

	refused_log("could not sweep a route", outcome);
	found = outcome->ending == DB_COMMITTED ? db_rows_int(outcome->results[0], 0, 0) : 0;
	if (found > 0) db_notify_send(dispatch->notify, "translate", (size_t)found);
	return found;
}

static void on_swept(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;
	int64_t found = swept_count(dispatch, outcome);

	if (found == 0) return;
	POINT("dispatch.swept");
	metric_add(dispatch->swept, (uint64_t)found);
	log_line(LOG_WARN, "of %lld messages that a dead process left open it is not known whether they arrived",
		(long long)found);
	if (found == SWEEP_MAX) dispatch->sweep_ms = 0;
}

static void on_dead(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;
	int64_t found = swept_count(dispatch, outcome);

	if (found == 0) return;
	log_line(LOG_ERROR, "%lld messages cannot be sent: their insurer or channel is configured no more",
		(long long)found);
	if (found == SWEEP_MAX) dispatch->dead_ms = 0;
}

static void next_ids(struct db_params *params)
{
	struct db_array *array = db_params_array(params, DB_UUID, SWEEP_MAX, 0);

	for (size_t i = 0; i < SWEEP_MAX; i++) {
		struct uuid id = uuid_new();

		db_array_uuid(array, &id);
	}
}

static void sweep(struct dispatch *dispatch)
{
	struct arena arena CLEANUP(arena_free);

	arena_init(&arena, ARENA_BYTES);
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);
		struct db_params params;

		/* Ends that we know and cannot store yet are better than "unknown". */
		if (route->fence == 0 || route->trouble > 0) continue;
		arena_reset(&arena);
		db_params_init(&params, &arena);
		db_params_text(&params, route->name);
		db_params_int8(&params, route->fence);
		db_params_int4(&params, route->lease_s + OPEN_EXTRA_S);
		next_ids(&params);
		(void)!db_query(dispatch->pool, &dispatch_sql[DISPATCH_SWEEP], &params, 0, on_swept, dispatch);
	}
}

/* Work whose route is in no configuration: the first worker looks. */
static void sweep_dead(struct dispatch *dispatch)
{
	const struct directory *directory = dispatch->worker->directory;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct db_array *array;

	arena_init(&arena, ARENA_BYTES);
	if (dispatch->worker->number != 0) return;
	for (int kind = 0; kind < 2; kind++) {
		arena_reset(&arena);
		db_params_init(&params, &arena);
		array = db_params_array(&params, DB_TEXT, 16, 0);
		LIST_EACH(&dispatch->routes, node)
		{
			const struct route *route = CONTAINER_OF(node, struct route, node);

			if (route->insurer != NULL) db_array_text(array, route->name);
		}
		if (kind == 0) {
			array = db_params_array(&params, DB_TEXT, directory->insurer_count, 0);
			for (uint32_t i = 0; i < directory->insurer_count; i++)
				db_array_text(array, directory->insurers[i]->code);
		}
		db_params_int4(&params, DEAD_GRACE_S);
		next_ids(&params);
		(void)!db_query(dispatch->pool, &dispatch_sql[kind == 0 ? DISPATCH_DEAD : DISPATCH_SWEEP_DEAD], &params,
			0, kind == 0 ? on_dead : on_swept, dispatch);
	}
}

/* ---- counting ---- */

static void on_counted(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;

	refused_log("could not count what waits", outcome);
	for (int row = 0; outcome->ending == DB_COMMITTED && row < db_rows_count(outcome->results[0]); row++) {
		struct route *route = dispatch->counting[db_rows_int(outcome->results[0], row, 0) - 1];

		metric_set(route->depth, db_rows_int(outcome->results[0], row, 1));
	}
	dispatch->counting_count = 0;
}

static void count_waiting(struct dispatch *dispatch)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	size_t n = routes_gather(dispatch, true, dispatch->counting);

	arena_init(&arena, ARENA_BYTES);
	if (n == 0) return;
	db_params_init(&params, &arena);
	routes_text(&params, dispatch->counting, n);
	db_params_int4(&params, DEPTH_MOST);
	if (db_query(dispatch->pool, &dispatch_sql[DISPATCH_DEPTH], &params, 0, on_counted, dispatch) == 0)
		dispatch->counting_count = n;
}

/* ---- the clock ---- */

static bool any_stopped(const struct dispatch *dispatch)
{
	for (const struct list *node = dispatch->routes.next; node != &dispatch->routes; node = node->next) {
		const struct route *route = CONTAINER_OF(node, struct route, node);

		if (route->fence != 0 && route->stopped) return true;
	}
	return false;
}

void owner_tick(struct dispatch *dispatch, int64_t now_ms)
{
	if (any_stopped(dispatch) && dispatch->renew_ms > now_ms + STOPPED_EVERY_MS)
		dispatch->renew_ms = now_ms + STOPPED_EVERY_MS;
	if (now_ms >= dispatch->renew_ms && dispatch->renewing_count == 0) {
		dispatch->renew_ms = now_ms + dispatch->worker->options->lease_s * 1000 / 3;
		renew(dispatch, now_ms);
	}
	if (now_ms >= dispatch->sweep_ms) {
		dispatch->sweep_ms = now_ms + SWEEP_EVERY_MS;
		sweep(dispatch);
	}
	if (dispatch->draining) return;
	if (now_ms >= dispatch->take_ms && dispatch->taking_count == 0) {
		dispatch->take_ms = now_ms + TAKE_EVERY_MS;
		take(dispatch, now_ms);
	}
	if (now_ms >= dispatch->depth_ms && dispatch->counting_count == 0) {
		dispatch->depth_ms = now_ms + DEPTH_EVERY_MS;
		count_waiting(dispatch);
	}
	if (now_ms >= dispatch->dead_ms) {
		dispatch->dead_ms = now_ms + DEAD_EVERY_MS;
		sweep_dead(dispatch);
	}
}

bool owner_idle(const struct dispatch *dispatch)
{
	return dispatch->taking_count == 0 && dispatch->renewing_count == 0 && dispatch->counting_count == 0;
}

/* ---- giving back ---- */

static void on_released(void *ctx, const struct db_outcome *outcome)
{
	struct dispatch *dispatch = ctx;

	refused_log("could not give routes back", outcome);
	if (dispatch->released_then != NULL) dispatch->released_then(dispatch);
}

void owner_release(struct dispatch *dispatch, void (*done)(struct dispatch *dispatch))
{
	struct arena arena CLEANUP(arena_free);
	struct route *routes[DISPATCH_ROUTES_MAX];
	struct db_params params;
	size_t n = routes_gather(dispatch, true, routes);

	arena_init(&arena, ARENA_BYTES);
	db_params_init(&params, &arena);
	routes_text(&params, routes, n);
	routes_fences(&params, routes, n);
	dispatch->released_then = done;
	/* Without the database they run out by themselves. */
	if (db_query(dispatch->pool, &dispatch_sql[DISPATCH_RELEASE], &params, clock_mono_ms() + 1000, on_released,
		    dispatch) < 0)
		done(dispatch);
	for (size_t i = 0; i < n; i++) routes[i]->fence = 0;
}
