/* Routes: configuration, ownership, pace. What is under way on them is in sending.c, what is written in round.c. */
#include "dispatch/route.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "db/batch.h"
#include "dispatch/dispatch_sql.h"
#include "dispatch/round.h"
#include "model/work.h"
#include "net/outbound_tls.h"

#define ROUTE_MAGIC 0x726f7574u
#define LEASE_MARGIN_S 10 /* a message's lease outlives its deadline by this */
#define READY_MS 5000     /* one that waited longer is leased anew: its call would have less than its deadline */
#define SHARE_MAX 64

static const struct breaker_rules breaker_rules = {
	.failures_to_open = 5,
	.probes_to_close = 1,
	.backoff_first_ms = 1000,
	.backoff_max_ms = 60000,
	.jitter_percent = 20,
	.quiet_ms = 60000,
};

static struct window_rules window_rules(const struct insurer *insurer)
{
	uint32_t max = insurer->window_max < LEASE_ITEMS_MAX ? insurer->window_max : LEASE_ITEMS_MAX;

	if (max == 0) max = 1;
	return (struct window_rules){
		.start = max < ROUTE_WINDOW_START ? max : ROUTE_WINDOW_START, .max = max, .shrink_percent = 50};
}

/* ---- configuration ---- */

static void tls_clear(struct outbound_tls *tls[ROUTE_ENDPOINTS_MAX])
{
	for (size_t i = 0; i < ROUTE_ENDPOINTS_MAX; i++) {
		outbound_tls_unref(tls[i]);
		tls[i] = NULL;
	}
}

/* Certificates are read at start and on reload only: the loop never waits for a disk. */
static int tls_load(struct route *route, const struct insurer *insurer)
{
	for (size_t i = 0; i < insurer->endpoint_count && i < ROUTE_ENDPOINTS_MAX; i++) {
		const struct endpoint *endpoint = insurer->endpoints[i];
		struct outbound_tls_files files = {.ca_file = endpoint->ca_file,
			.cert_file = endpoint->certificate,
			.key_file = endpoint->private_key,
			.pins = endpoint->pins,
			.pin_count = endpoint->pin_count};

		int r = strncmp(endpoint->url, "http://", 7) == 0 ? 0
								  : outbound_tls_load(&files, &route->coming_tls[i]);

		if (r == ERR_NOMEM) return r;
		if (r < 0)
			log_fields(LOG_ERROR, "could not read an endpoint's certificates", "route", route->name,
				"endpoint", endpoint->name, "why", err_text(), NULL);
	}
	return 0;
}

static void metrics_register(struct route *route)
{
	struct metrics *m = route->dispatch->worker->metrics;
	char value[LEASE_ROUTE_LEN * 2];
	char labels[sizeof(value) + 16];

	metrics_label_escape(route->name, value, sizeof(value));
	(void)snprintf(labels, sizeof(labels), "route=\"%s\"", value);
	route->in_flight = metrics_gauge(m, "zhifu_route_in_flight", "Messages leased and not ended.", labels);
	route->window_size =
		metrics_gauge(m, "zhifu_route_window", "Messages that may be at the insurer at once.", labels);
	route->breaker_state =
		metrics_gauge(m, "zhifu_route_breaker", "Circuit breaker: 0 closed, 1 open, 2 probing.", labels);
	route->depth = metrics_gauge(m, "zhifu_route_waiting", "Messages in the queue of the route.", labels);
	route->answered = metrics_counter(m, "zhifu_route_answered_total", "Messages answered.", labels);
	route->plain = metrics_counter(
		m, "zhifu_route_plain_total", "Answers that were known to say \"taken\" and nothing else.", labels);
	route->not_sent =
		metrics_counter(m, "zhifu_route_not_sent_total", "Tries after which nothing had arrived.", labels);
	route->unknown = metrics_counter(
		m, "zhifu_route_unknown_total", "Messages of which it is not known whether they arrived.", labels);
	route->failed = metrics_counter(m, "zhifu_route_failed_total", "Messages that cannot be sent.", labels);
	route->seconds = metrics_histogram(m, "zhifu_route_answer_seconds", "Time from sending to the whole answer.",
		labels, METRICS_SECONDS, METRICS_SECONDS_COUNT);
}

/* How many may be leased and not answered while nothing is wrong. */
static size_t slots_max(const struct route *route)
{
	size_t most = window_size(&route->window);

	if (route->breaker.state != BREAKER_CLOSED) return 1;
	most += route->ahead < most ? route->ahead : most;
	return most < LEASE_ITEMS_MAX ? most : LEASE_ITEMS_MAX;
}

/* Takes the ticket for a leased item; false: not now. */
static bool item_take(struct route *route, const struct work_item *item, int64_t now_ms)
{
	struct breaker_ticket breaker;

	if (!route_may_send(route, route->fence, now_ms) || route->dispatch->draining) return false;
	if (route->slots >= slots_max(route) || !breaker_begin(&route->breaker, now_ms, &breaker)) return false;
	if (sending_new(route, item, breaker) != NULL) {
		route->slots++;
		return true;
	}
	(void)breaker_end(&route->breaker, breaker, BREAKER_NEUTRAL, now_ms, 0);
	return false;
}

static void on_ask(void *ctx)
{
	struct route *route = ctx;

	CHECK_MAGIC(route, ROUTE_MAGIC);
	route->asked_ms = clock_mono_ms();
}

static void on_take(void *ctx, const struct work_item *items, size_t n)
{
	struct route *route = ctx;
	struct work_item back[SHARE_MAX];
	int64_t delays_ms[SHARE_MAX];
	int64_t now_ms = clock_mono_ms();
	size_t backs = 0;

	CHECK_MAGIC(route, ROUTE_MAGIC);
	POINT("dispatch.leased");
	for (size_t i = 0; i < n; i++) {
		if (item_take(route, &items[i], now_ms)) continue;
		/* The window or the breaker changed while the lease was under way: back, it costs the claim nothing. */
		back[backs] = items[i];
		delays_ms[backs++] = route_backoff_ms(route, now_ms);
		if (backs < SHARE_MAX) continue;
		lease_defer(route->lease, back, delays_ms, backs);
		backs = 0;
	}
	lease_defer(route->lease, back, delays_ms, backs);
	round_start(route, ROUND_BEGIN);
	route_pace(route, now_ms);
}

int64_t endpoint_deadline_ms(const struct endpoint *endpoint, const struct options *options)
{
	return endpoint->deadline_ms > 0 ? endpoint->deadline_ms : options->outbound_deadline_ms;
}

/* A lease outlives any call that is made under it. */
static int lease_s_of(const struct insurer *insurer, const struct options *options)
{
	int lease_s = (int)options->lease_s;

	for (size_t i = 0; i < insurer->endpoint_count; i++) {
		int needed_s = (int)(endpoint_deadline_ms(insurer->endpoints[i], options) / 1000) + LEASE_MARGIN_S;

		if (needed_s > lease_s) lease_s = needed_s;
	}
	return lease_s;
}

static int lease_make(struct route *route, const struct insurer *insurer)
{
	const struct options *options = route->dispatch->worker->options;
	struct lease_conf conf = {.pool = route->dispatch->pool,
		.notify = route->dispatch->notify,
		.topic = "dispatch",
		.role = WORK_DISPATCH,
		.poll_ms = options->poll_ms,
		.items_max = 1,
		.share_max = SHARE_MAX,
		.take = on_take,
		.asks = on_ask,
		.ctx = route};
	int r;

	route->lease_s = lease_s_of(insurer, options);
	conf.lease_s = route->lease_s;
	r = lease_new(&conf, &route->lease);
	if (r < 0) return r;
	lease_route(route->lease, route->name);
	lease_pause(route->lease);
	return 0;
}

static struct route *route_find(struct dispatch *dispatch, const char *name)
{
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		if (strcmp(route->name, name) == 0) return route;
	}
	return NULL;
}

/* One without an insurer yet. */
static int route_make(
	struct dispatch *dispatch, const char *name, const struct insurer *insurer, struct route **ret_route)
{
	struct route *route = mem_alloc(sizeof(*route));
	struct window_rules rules = window_rules(insurer);

	if (route == NULL) return err_set(ERR_NOMEM, "no memory for the route %s", name);
	route->magic = ROUTE_MAGIC;
	route->dispatch = dispatch;
	route->is_new = true;
	(void)snprintf(route->name, sizeof(route->name), "%s", name);
	for (size_t i = 0; i < SENDING_STATES; i++) list_init(&route->sendings[i]);
	window_init(&route->window, &rules);
	breaker_init(&route->breaker, &breaker_rules);
	list_append(&dispatch->routes, &route->node);
	metrics_register(route);
	if (lease_make(route, insurer) == 0) {
		*ret_route = route;
		return 0;
	}
	route_free(route);
	return err_set(ERR_NOMEM, "no memory for the route %s", name);
}

static int insurer_read(struct dispatch *dispatch, const struct insurer *insurer)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < insurer->endpoint_count; i++) {
		char name[LEASE_ROUTE_LEN];
		struct route *route;

		(void)snprintf(name, sizeof(name), "%s:%s", insurer->code, insurer->endpoints[i]->channel);
		route = route_find(dispatch, name);
		if (route == NULL) r = route_make(dispatch, name, insurer, &route);
		if (route == NULL || route->coming == insurer) continue; /* not the first endpoint of this channel */
		route->coming = insurer;
		r = tls_load(route, insurer);
	}
	return r;
}

int routes_read(struct dispatch *dispatch)
{
	const struct directory *directory = dispatch->worker->directory;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < directory->insurer_count; i++)
		r = insurer_read(dispatch, directory->insurers[i]);
	if (r < 0) routes_forget(dispatch);
	return r;
}

void routes_forget(struct dispatch *dispatch)
{
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		route->coming = NULL;
		tls_clear(route->coming_tls);
		if (route->is_new) route_free(route);
	}
}

static void route_configure(struct route *route, const struct insurer *insurer)
{
	const struct options *options = route->dispatch->worker->options;
	struct window_rules rules;

	tls_clear(route->tls);
	memcpy(route->tls, route->coming_tls, sizeof(route->tls));
	memset(route->coming_tls, 0, sizeof(route->coming_tls));
	route->coming = NULL;
	route->is_new = false;
	route->insurer = insurer;
	if (insurer == NULL) return;
	rules = window_rules(insurer);
	window_rules_set(&route->window, &rules);
	route->lease_s = lease_s_of(insurer, options);
	lease_times(route->lease, options->poll_ms, route->lease_s);
}

void routes_take(struct dispatch *dispatch)
{
	LIST_EACH(&dispatch->routes, node)
	{
		struct route *route = CONTAINER_OF(node, struct route, node);

		route_configure(route, route->coming);
		route_pace(route, clock_mono_ms());
	}
}

void route_free(struct route *route)
{
	CHECK_MAGIC(route, ROUTE_MAGIC);
	route->fence = 0;
	for (size_t i = 0; i < SENDING_STATES; i++) LIST_EACH(&route->sendings[i], node)
	sending_free(CONTAINER_OF(node, struct sending, node));
	lease_free(route->lease);
	db_forget(route->dispatch->pool, route);
	tls_clear(route->tls);
	tls_clear(route->coming_tls);
	metric_set(route->in_flight, 0);
	metric_set(route->depth, 0);
	list_remove(&route->node);
	route->magic = 0;
	mem_free(route);
}

const struct endpoint *route_endpoint(const struct route *route, const char *name, struct outbound_tls **ret_tls)
{
	for (size_t i = 0; route->insurer != NULL && i < route->insurer->endpoint_count && i < ROUTE_ENDPOINTS_MAX;
		i++) {
		if (strcmp(route->insurer->endpoints[i]->name, name) != 0) continue;
		*ret_tls = route->tls[i];
		return route->insurer->endpoints[i];
	}
	return NULL;
}

/* ---- ownership ---- */

bool route_preferred(const struct route *route)
{
	const struct worker *worker = route->dispatch->worker;
	uint32_t hash = 2166136261u; /* FNV-1a: any spread will do, as long as every process agrees */

	for (const char *at = route->name; *at != '\0'; at++) hash = (hash ^ (uint8_t)*at) * 16777619u;
	return worker->options->workers_dispatch <= 1 ||
	       (int64_t)(hash % (uint64_t)worker->options->workers_dispatch) == worker->number;
}

bool route_may_send(const struct route *route, int64_t fence, int64_t now_ms)
{
	return route->fence != 0 && route->fence == fence && !route->stopped && now_ms < route->until_ms;
}

void route_taken(struct route *route, int64_t fence, bool stopped, int64_t until_ms)
{
	route->fence = fence;
	route->stopped = stopped;
	route->until_ms = until_ms;
	log_fields(LOG_INFO, "took a route", "route", route->name, NULL);
	route_pace(route, clock_mono_ms());
}

void route_renewed(struct route *route, bool stopped, int64_t until_ms)
{
	if (stopped != route->stopped)
		log_fields(LOG_WARN, stopped ? "route stopped by an operator" : "route goes on", "route", route->name,
			NULL);
	route->stopped = stopped;
	route->until_ms = until_ms;
	route_pace(route, clock_mono_ms());
}

void route_doubt(struct route *route)
{
	route->until_ms = 0;
	route->dispatch->renew_ms = 0;
	route_pace(route, clock_mono_ms());
}

void route_lost(struct route *route)
{
	log_fields(LOG_WARN, "lost a route to another process", "route", route->name, NULL);
	route->fence = 0;
	for (size_t i = 0; i < SENDING_STATES; i++) LIST_EACH(&route->sendings[i], node)
	sending_drop(CONTAINER_OF(node, struct sending, node));
	route_pace(route, clock_mono_ms());
}

/* ---- pace ---- */

static void on_reported(void *ctx, const struct db_outcome *outcome)
{
	(void)ctx;
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "could not report a route", "sqlstate", outcome->sqlstate, "why",
			outcome->message, NULL);
}

static void report(struct route *route)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;

	arena_init(&arena, 65536);
	db_params_init(&params, &arena);
	db_params_text(&params, route->name);
	db_params_int8(&params, route->fence);
	db_params_text(&params, breaker_state_name(route->breaker.state));
	db_params_text(&params, route->error[0] == '\0' ? NULL : route->error);
	(void)!db_query(route->dispatch->pool, &dispatch_sql[DISPATCH_REPORT], &params, 0, on_reported, route);
}

static void answer_note(struct route *route, int64_t took_ms)
{
	int64_t ms_8 = (took_ms > 0 ? took_ms : 1) * 8;

	route->answer_ms_8 = route->answer_ms_8 == 0 ? ms_8 : route->answer_ms_8 + (ms_8 - route->answer_ms_8) / 8;
}

void route_result(struct route *route, struct sending *sending, const struct verdict *verdict)
{
	int64_t now_ms = clock_mono_ms();
	uint32_t random;

	random_bytes(&random, sizeof(random));
	if (verdict->breaker == BREAKER_FAILURE) (void)snprintf(route->error, sizeof(route->error), "%s", verdict->why);
	if (verdict->pause_ms > 0 && now_ms + verdict->pause_ms > route->quiet_until_ms)
		route->quiet_until_ms = now_ms + verdict->pause_ms;
	if (sending->in_window) {
		window_give(&route->window, sending->window, verdict->window);
		if (verdict->window == WINDOW_ANSWERED) answer_note(route, now_ms - sending->sent_ms);
		sending->in_window = false;
	}
	sending->slot = false;
	route->slots--;
	if (breaker_end(&route->breaker, sending->breaker, verdict->breaker, now_ms, random)) {
		if (route->breaker.state == BREAKER_OPEN) window_outage(&route->window);
		if (route->breaker.state == BREAKER_CLOSED) route->error[0] = '\0'; /* who is well again has none */
		if (route->fence != 0) report(route);
	}
	lease_finish(route->lease, 1);
	route_send(route);
	route_pace(route, now_ms);
}

void route_ahead_note(struct route *route, const struct sending *sending)
{
	size_t size = window_size(&route->window);
	int64_t answer_ms = route->answer_ms_8 / 8 > 0 ? route->answer_ms_8 / 8 : 1;
	int64_t ahead = (int64_t)size * (clock_mono_ms() - sending->asked_ms) / answer_ms;

	route->ahead = route->answer_ms_8 == 0 ? 0 : ahead < (int64_t)size ? (size_t)ahead : size;
}

/* Why a ready one does not leave after all; NULL: it may. */
static const char *put_back_why(const struct route *route, const struct sending *sending, int64_t now_ms)
{
	if (route->dispatch->draining) return "the process ends before its turn";
	if (route->breaker.state == BREAKER_OPEN) return "the route failed before its turn";
	if (now_ms < route->quiet_until_ms) return "the insurer asked to be left alone before its turn";
	if (!route_may_send(route, sending->fence, now_ms)) return "the route was stopped before its turn";
	if (now_ms - sending->ready_ms > READY_MS || now_ms > sending->item.until_ms - READY_MS)
		return "its turn did not come in time";
	return NULL;
}

void route_send(struct route *route)
{
	struct list *ready = &route->sendings[SENDING_READY];
	int64_t now_ms = clock_mono_ms();

	/* One that ends at once comes back here; those of a lost route are dropped. */
	if (route->sending || route->fence == 0) return;
	route->sending = true;
	while (!list_empty(ready)) {
		struct sending *sending = CONTAINER_OF(list_first(ready), struct sending, node);
		const char *why = put_back_why(route, sending, now_ms);
		struct window_ticket window;

		if (why != NULL) {
			route->ahead = 0; /* until one has been prepared anew: what it was is not so any more */
			sending_put_back(sending, why);
		} else if (window_take(&route->window, &window)) {
			sending_send(sending, window);
		} else {
			break;
		}
	}
	route->sending = false;
}

int64_t route_backoff_ms(const struct route *route, int64_t now_ms)
{
	int64_t due_ms = breaker_due_ms(&route->breaker, now_ms);
	int64_t wait_ms = due_ms == INT64_MAX ? breaker_rules.backoff_first_ms : due_ms - now_ms;

	if (route->quiet_until_ms - now_ms > wait_ms) wait_ms = route->quiet_until_ms - now_ms;
	return wait_ms < 0 ? 0 : wait_ms;
}

static void alerts(struct route *route, int64_t now_ms)
{
	switch (breaker_alert(&route->breaker, now_ms)) {
	case BREAKER_ALERT_OPENED:
		log_fields(LOG_ERROR, "ALERT: an insurer cannot be reached", "route", route->name, "why", route->error,
			NULL);
		break;
	case BREAKER_ALERT_RECOVERED:
		log_fields(LOG_WARN, "an insurer can be reached again", "route", route->name, NULL);
		break;
	case BREAKER_ALERT_NONE:
		break;
	}
}

/* How many may be leased and not ended now. */
static size_t limit_now(const struct route *route, int64_t now_ms)
{
	const struct dispatch *dispatch = route->dispatch;

	if (route->insurer == NULL || dispatch->draining || !keyhold_ready(dispatch->keys)) return 0;
	if (!route_may_send(route, route->fence, now_ms) || now_ms < route->quiet_until_ms) return 0;
	/* While ends cannot be stored, no more are made. */
	if (route->count >= LEASE_ITEMS_MAX) return 0;
	if (breaker_due_ms(&route->breaker, now_ms) > now_ms) return 0;
	return slots_max(route);
}

void route_pace(struct route *route, int64_t now_ms)
{
	size_t limit = limit_now(route, now_ms);

	alerts(route, now_ms);
	metric_set(route->in_flight, (int64_t)route->count);
	metric_set(route->window_size, window_size(&route->window));
	metric_set(route->breaker_state, (int64_t)route->breaker.state);
	if (limit == route->limit) return;
	if (limit > 0) lease_limit(route->lease, limit);
	if (limit == 0)
		lease_pause(route->lease);
	else if (route->limit == 0)
		lease_resume(route->lease);
	route->limit = limit;
}
