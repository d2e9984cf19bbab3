/* The monitor: one small process that shows what all workers published. /metrics merges their texts family by family
 * and adds the labels role and worker; /healthz says that the supervisor lives; /readyz that every worker does its job.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "net/http_server.h"
#include "process.h"
#include "slot.h"

#define FAMILIES_MAX 512
#define PAGE_BYTES_MAX (32u << 20)
#define STALE_MS 10000

struct family {
	const char *name; /* borrowed from the page text */
	size_t name_len;
	struct buf lines;
};

struct monitor {
	struct slot *slots;
	size_t slot_count;
	struct event_base *base;
	struct http_server *server;
	int parent;
};

struct page {
	struct family families[FAMILIES_MAX];
	size_t count;
	size_t current;
};

static int family_find(struct page *page, const char *name, size_t len)
{
	for (size_t i = 0; i < page->count; i++) {
		if (page->families[i].name_len == len && memcmp(page->families[i].name, name, len) == 0) {
			page->current = i;
			return 0;
		}
	}
	if (page->count == FAMILIES_MAX) return ERR_LIMIT;
	page->families[page->count] = (struct family){.name = name, .name_len = len, .lines = BUF_INIT(PAGE_BYTES_MAX)};
	page->current = page->count++;
	return 0;
}

/* name{labels} value -> name{role="...",worker="...",labels} value */
static int sample_append(struct buf *lines, const struct slot *slot, const char *line, size_t len)
{
	const char *brace = memchr(line, '{', len);
	const char *space = memchr(line, ' ', len);
	size_t name_len;
	int r;

	if (space == NULL) return 0;
	name_len = (size_t)((brace != NULL && brace < space ? brace : space) - line);
	r = buf_append(lines, line, name_len);
	if (r == 0) r = buf_printf(lines, "{role=\"%s\",worker=\"%d\"", slot->role, slot->number);
	if (r == 0 && line[name_len] == '{')
		r = buf_append(lines, ",", 1);
	else if (r == 0)
		r = buf_append(lines, "}", 1);
	if (r == 0) {
		size_t rest = line[name_len] == '{' ? name_len + 1 : name_len;

		r = buf_append(lines, line + rest, len - rest);
	}
	if (r == 0) r = buf_append(lines, "\n", 1);
	return r;
}

static int page_add(struct page *page, const struct slot *slot, const char *text, size_t len)
{
	const char *end = text + len;
	int r = 0;

	while (text < end && r == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = newline == NULL ? (size_t)(end - text) : (size_t)(newline - text);

		if (line_len > 7 && (memcmp(text, "# HELP ", 7) == 0 || memcmp(text, "# TYPE ", 7) == 0)) {
			const char *name = text + 7;
			const char *space = memchr(name, ' ', line_len - 7);
			size_t count = page->count;

			r = family_find(page, name, space == NULL ? line_len - 7 : (size_t)(space - name));
			/* HELP comes first and makes the family; TYPE goes with the worker that brought the HELP. */
			if (r == 0 && (page->count > count || page->families[page->current].lines.len == 0 ||
					      text[2] == 'T')) {
				struct buf *lines = &page->families[page->current].lines;
				bool typed = lines->len > 0 && memmem(lines->ptr, lines->len, "# TYPE ", 7) != NULL;

				if (text[2] == 'H' || !typed) r = buf_append(lines, text, line_len);
				if (r == 0 && (text[2] == 'H' || !typed)) r = buf_append(lines, "\n", 1);
			}
		} else if (line_len > 0 && text[0] != '#' && page->count > 0) {
			r = sample_append(&page->families[page->current].lines, slot, text, line_len);
		}
		text += line_len + 1;
	}
	return r;
}

static bool worker_ready(const struct slot *slot, int64_t now)
{
	return atomic_load(&slot->used) == 1 && atomic_load(&slot->ready) == 1 &&
	       now - atomic_load(&slot->heartbeat_ms) <= STALE_MS;
}

static int reload_failed(const struct monitor *monitor)
{
	int failed = 0;

	for (size_t i = 0; i < monitor->slot_count; i++) failed |= atomic_load(&monitor->slots[i].reload_failed);
	return failed;
}

/* What only the supervisor knows of its workers. */
static int workers_print(const struct monitor *monitor, struct buf *text)
{
	int64_t now = clock_mono_ms();
	int r = buf_printf(text, "# HELP zhifu_worker_ready 1 while the process does its job.\n"
				 "# TYPE zhifu_worker_ready gauge\n");

	for (size_t i = 1; i < monitor->slot_count && r == 0; i++) {
		const struct slot *slot = &monitor->slots[i];

		r = buf_printf(text, "zhifu_worker_ready{role=\"%s\",worker=\"%d\"} %d\n", slot->role, slot->number,
			worker_ready(slot, now));
	}
	if (r == 0)
		r = buf_printf(text,
			"# HELP zhifu_worker_starts_total Processes begun: more than one and a reload each is a "
			"crash.\n# TYPE zhifu_worker_starts_total counter\n");
	for (size_t i = 1; i < monitor->slot_count && r == 0; i++) {
		const struct slot *slot = &monitor->slots[i];

		r = buf_printf(text, "zhifu_worker_starts_total{role=\"%s\",worker=\"%d\"} %u\n", slot->role,
			slot->number, atomic_load(&slot->starts));
	}
	if (r == 0)
		r = buf_printf(text,
			"# HELP zhifu_reload_failed 1 while the configuration is older than its files because the last "
			"reload failed.\n# TYPE zhifu_reload_failed gauge\nzhifu_reload_failed %d\n",
			reload_failed(monitor));
	return r;
}

static void metrics_handle(struct http_request *req, void *ctx)
{
	static const struct http_field type[] = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
	struct monitor *monitor = ctx;
	struct page *page = mem_alloc(sizeof(*page));
	struct buf *texts = mem_alloc(monitor->slot_count * sizeof(*texts));
	struct buf all CLEANUP(buf_free) = BUF_INIT(PAGE_BYTES_MAX);
	int r = page == NULL || texts == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < monitor->slot_count && r == 0; i++) {
		texts[i] = BUF_INIT(SLOT_TEXT_BYTES_MAX);
		if (atomic_load(&monitor->slots[i].used) == 0) continue;
		if (slot_read(&monitor->slots[i], &texts[i]))
			r = page_add(page, &monitor->slots[i], (const char *)texts[i].ptr, texts[i].len);
	}
	for (size_t i = 0; r == 0 && i < page->count; i++)
		r = buf_append(&all, page->families[i].lines.ptr, page->families[i].lines.len);
	if (r == 0) r = workers_print(monitor, &all);
	if (r == 0)
		http_respond(req, 200, type, ARRAY_LEN(type), (struct bytes){all.ptr, all.len});
	else
		http_respond_error(req, 503, "no memory for the metrics");
	for (size_t i = 0; page != NULL && i < page->count; i++) buf_free(&page->families[i].lines);
	for (size_t i = 0; texts != NULL && i < monitor->slot_count; i++) buf_free(&texts[i]);
	mem_free(texts);
	mem_free(page);
}

static void health_handle(struct http_request *req, void *ctx)
{
	static const struct http_field type[] = {{"Content-Type", "text/plain; charset=utf-8"}};

	(void)ctx;
	http_respond(req, 200, type, ARRAY_LEN(type), (struct bytes){(const uint8_t *)"ok\n", 3});
}

static void ready_handle(struct http_request *req, void *ctx)
{
	static const struct http_field type[] = {{"Content-Type", "text/plain; charset=utf-8"}};
	struct monitor *monitor = ctx;
	struct buf text CLEANUP(buf_free) = BUF_INIT(64u << 10);
	int64_t now = clock_mono_ms();
	int status = 200;
	int r = 0;

	for (size_t i = 1; i < monitor->slot_count && r == 0; i++) {
		const struct slot *slot = &monitor->slots[i];

		if (worker_ready(slot, now)) continue;
		/* a reload is no outage */
		if (now < atomic_load(&slot->renew_until_ms)) continue;
		status = 503;
		r = buf_printf(&text, "%s %d: %s\n", slot->role[0] == '\0' ? "worker" : slot->role, slot->number,
			now - atomic_load(&slot->heartbeat_ms) > STALE_MS ? "no sign of life"
			: slot->why[0] != '\0'                            ? slot->why
									  : "starting");
	}
	if (r == 0 && status == 200) (void)!buf_printf(&text, "ok\n");
	http_respond(req, status, type, ARRAY_LEN(type), (struct bytes){text.ptr, text.len});
}

static void on_stopped(void *ctx)
{
	struct monitor *monitor = ctx;

	(void)event_base_loopexit(monitor->base, NULL);
}

static void on_term(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *monitor = arg;

	(void)fd, (void)what;
	http_server_drain(monitor->server, 1000, on_stopped, monitor);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *monitor = arg;

	(void)fd, (void)what;
	slot_beat(&monitor->slots[0], true, NULL);
	if (getppid() != monitor->parent) (void)event_base_loopexit(monitor->base, NULL);
}

_Noreturn static void monitor_fail(void)
{
	log_line(LOG_ERROR, "could not start the monitor: %s", err_text());
	exit(1);
}

static const struct http_route monitor_routes[] = {
	{.method = HTTP_GET,
		.path = "/metrics",
		.flags = HTTP_ROUTE_PUBLIC,
		.handle = metrics_handle,
		.name = "metrics"},
	{.method = HTTP_GET,
		.path = "/healthz",
		.flags = HTTP_ROUTE_PUBLIC,
		.handle = health_handle,
		.name = "healthz"},
	{.method = HTTP_GET, .path = "/readyz", .flags = HTTP_ROUTE_PUBLIC, .handle = ready_handle, .name = "readyz"},
};

_Noreturn void monitor_run(const struct supervisor *supervisor, size_t slot_count, struct slot *slot, int parent)
{
	struct monitor monitor = {.slots = slot, .slot_count = slot_count, .parent = parent};
	struct http_server_conf conf = {.name = "monitor", .ctx = &monitor};
	struct http_router *router = NULL;
	struct timeval tick = {.tv_usec = 500000};
	struct event *timer, *term, *interrupt, *hup;

	log_init(STDERR_FILENO, "monitor", (enum log_level)supervisor->config->options->log_level);
	config_free(supervisor->config); /* this process needs no keys, so it has none */
	for (size_t i = 0; supervisor->listen_fds[i] >= 0; i++) close(supervisor->listen_fds[i]);
	monitor.base = event_base_new();
	if (monitor.base == NULL || http_router_new(&router) < 0 ||
		http_router_add(router, monitor_routes, ARRAY_LEN(monitor_routes), &monitor) < 0)
		monitor_fail();
	conf.base = monitor.base;
	conf.router = router;
	http_limits_default(&conf.limits);
	if (http_server_new(&conf, &monitor.server) < 0) monitor_fail();
	for (size_t i = 0; supervisor->monitor_fds[i] >= 0; i++)
		if (http_server_listen(monitor.server, supervisor->monitor_fds[i]) < 0) monitor_fail();
	timer = event_new(monitor.base, -1, EV_PERSIST, on_tick, &monitor);
	term = evsignal_new(monitor.base, SIGTERM, on_term, &monitor);
	interrupt = evsignal_new(monitor.base, SIGINT, on_term, &monitor);
	hup = evsignal_new(monitor.base, SIGHUP, on_tick, &monitor); /* nothing to reload; the default would end us */
	if (timer == NULL || term == NULL || interrupt == NULL || hup == NULL) monitor_fail();
	if (event_add(timer, &tick) != 0 || event_add(term, NULL) != 0 || event_add(interrupt, NULL) != 0 ||
		event_add(hup, NULL) != 0)
		monitor_fail();
	process_signals_open();
	(void)event_base_dispatch(monitor.base);
	http_server_free(monitor.server);
	http_router_free(router);
	event_free(timer);
	event_free(term);
	event_free(interrupt);
	event_free(hup);
	event_base_free(monitor.base);
	exit(0);
}
