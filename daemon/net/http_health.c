/* /metrics, /healthz and /readyz. */
#include "net/http_health.h"

#include <string.h>

#include "net/http_server.h"

#define METRICS_TEXT_BYTES_MAX (4u << 20)

static const struct http_field text_fields[] = {{"Content-Type", "text/plain; charset=utf-8"}};

static void respond_text(struct http_request *req, int status, const char *text)
{
	char *line = arena_printf(&req->arena, "%s\n", text);
	struct bytes body = {(const uint8_t *)line, line == NULL ? 0 : strlen(line)};
	http_respond(req, status, text_fields, ARRAY_LEN(text_fields), body);
}

/* The process runs its loop: that it answers is the whole test. */
static void handle_healthz(struct http_request *req, void *ctx)
{
	(void)ctx;
	respond_text(req, 200, "ok");
}

static void handle_readyz(struct http_request *req, void *ctx)
{
	struct http_health *health = ctx;
	const char *why = "not ready";
	bool ready = health->is_ready == NULL || health->is_ready(health->ctx, &why);
	respond_text(req, ready ? 200 : 503, ready ? "ready" : why);
}

static void handle_metrics(struct http_request *req, void *ctx)
{
	static const struct http_field fields[] = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
	struct http_health *health = ctx;
	CLEANUP(buf_free) struct buf text = BUF_INIT(METRICS_TEXT_BYTES_MAX);
	if (metrics_print(health->metrics, &text) != 0) {
		http_respond_error(req, 503, "no memory for the metrics");
		return;
	}
	http_respond(req, 200, fields, ARRAY_LEN(fields), (struct bytes){text.ptr, text.len});
}

static const struct http_route routes[] = {
	{.method = HTTP_GET,
		.path = "/healthz",
		.flags = HTTP_ROUTE_PUBLIC,
		.handle = handle_healthz,
		.name = "healthz"},
	{.method = HTTP_GET, .path = "/readyz", .flags = HTTP_ROUTE_PUBLIC, .handle = handle_readyz, .name = "readyz"},
	{.method = HTTP_GET,
		.path = "/metrics",
		.flags = HTTP_ROUTE_PUBLIC,
		.handle = handle_metrics,
		.name = "metrics"},
};

int http_health_add(struct http_router *router, struct http_health *health)
{
	return http_router_add(router, routes, ARRAY_LEN(routes), health);
}
