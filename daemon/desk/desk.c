/* From the table of operations to the server's routes, and into the role intake. */
#include "desk/desk.h"

#include <stdint.h>

#include "base/cpu_pool.h"
#include "base/options.h"
#include "desk/ask.h"
#include "desk/importer.h"
#include "desk/openapi.h"
#include "desk/upload.h"

#define BODY_BYTES_MAX (2u << 20)
#define SEARCH_BYTES_MAX 8192
#define DOCUMENT_BYTES_MAX (8u << 20)

static const struct importer_limits limits_imports = {4, 32, 8};
/* Each may take much memory (remittance.c), and holds its body while it waits. */
static const struct importer_limits limits_advices = {3, 16, 8};
/* Who reads one waits for those that read, and never for a long import. */
static const struct importer_limits limits_readings = {2, 16, 8};

/* Its threads read bodies of requests, and what they end is answered. */
static void desk_halt(void *state)
{
	struct desk *desk = state;
	importer_free(desk->importer);
	importer_free(desk->clerk);
	importer_free(desk->advices);
	importer_free(desk->readings);
	desk->importer = NULL;
	desk->clerk = NULL;
	desk->advices = NULL;
	desk->readings = NULL;
}

static void desk_stop(void *state)
{
	struct desk *desk = state;
	if (desk == NULL) return;
	CHECK_MAGIC(desk, DESK_MAGIC);
	desk_halt(desk);
	desk_asks_free(desk->asks);
	cpu_pool_free(desk->writer);
	upload_free_all(desk);
	desk->magic = 0;
	arena_free(&desk->arena);
	mem_free(desk->routes);
	mem_free(desk);
}

static void route_make(struct http_route *route, const struct operation *operation, long number)
{
	*route = (struct http_route){.method = operation->method,
		.path = operation->path,
		.handle = desk_handle,
		.name = operation->name,
		.tag = number};
	if (operation->kind == OPERATION_UPLOAD) {
		route->flags = HTTP_ROUTE_BODY | HTTP_ROUTE_STREAM;
		route->body_bytes_max = SIZE_MAX;
		route->content_types = operation->media;
	}
	if (operation->kind == OPERATION_FILE) {
		route->flags = HTTP_ROUTE_BODY;
		route->body_bytes_max = operation->file_bytes_max;
		route->content_types = operation->media;
	}
	if (operation_is_search(operation)) {
		route->flags = HTTP_ROUTE_BODY;
		route->body_bytes_max = SEARCH_BYTES_MAX;
		route->content_types = DESK_FORM_TYPE;
	}
	if (operation->request == NULL) return;
	route->flags = HTTP_ROUTE_BODY;
	route->body_bytes_max = BODY_BYTES_MAX;
	route->content_types = "application/json";
}

static int desk_start(struct intake *intake, void **ret_state)
{
	struct desk *desk = mem_alloc(sizeof(*desk));
	if (desk == NULL) return err_set(ERR_NOMEM, "no memory for the desk");
	desk->magic = DESK_MAGIC;
	desk->intake = intake;
	list_init(&desk->uploads);
	arena_init(&desk->arena, DOCUMENT_BYTES_MAX);
	desk->routes = mem_alloc(operation_count() * sizeof(*desk->routes));
	if (desk->routes == NULL) {
		desk_stop(desk);
		return err_set(ERR_NOMEM, "no memory for the desk");
	}
	int r = 0;
	for (size_t i = 0; i < operation_count(); i++) route_make(&desk->routes[i], operation_at(i), (long)i);
	if (r == 0) r = cpu_pool_new(intake->worker->base, 1, 2 * UPLOADS_MAX, &desk->writer);
	if (r == 0) r = importer_new(intake->worker->base, &limits_imports, &desk->importer);
	if (r == 0) r = importer_new(intake->worker->base, &limits_imports, &desk->clerk);
	if (r == 0) r = importer_new(intake->worker->base, &limits_advices, &desk->advices);
	if (r == 0) r = importer_new(intake->worker->base, &limits_readings, &desk->readings);
	if (r == 0) r = desk_asks_new(intake, &desk->asks);
	if (r == 0) r = openapi_write(intake->worker->options->base_url, &desk->arena, &desk->document);
	if (r == 0) r = http_router_add(intake->router, desk->routes, operation_count(), desk);
	if (r < 0) {
		desk_stop(desk);
		return r;
	}
	*ret_state = desk;
	return 0;
}

static const struct intake_guest desk_guest = {desk_start, desk_halt, desk_stop, &upload_sink};

static int start(struct worker *worker, void **ret_state)
{
	return intake_open(worker, &desk_guest, ret_state);
}

const struct role desk_role = {"intake", start, intake_reload, intake_drain, intake_ready, intake_stop};
