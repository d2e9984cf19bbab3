/* Reads by id: one statement, one row, one resource. */
#include "intake/read.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/batch.h"
#include "db/params.h"
#include "db/pool.h"
#include "fhir/resource.h"
#include "intake/capability.h"
#include "intake/read_sql.h"
#include "intake/search.h"
#include "net/http_answer.h"
#include "net/http_media.h"
#include "net/http_query.h"

#define SEARCH_BODY_BYTES_MAX 65536
#define FORM_TYPE "application/x-www-form-urlencoded"

static const struct outcome_remark remark_not_found = {"error", "not-found", "not-found",
	"There is no such resource of this hospital.", "本院没有该资源。", "hospital-it"};
static const struct outcome_remark remark_gone = {"error", "deleted", "erased",
	"The patient's data was erased; nobody can read it any more.", "该患者的数据已被删除，任何人都无法再读取。",
	NULL};
static const struct outcome_remark remark_later = {"error", "transient", "overloaded",
	"The database did not answer in time. Ask again after Retry-After.",
	"数据库未及时响应，请在 Retry-After 之后重试。", "hospital-it"};
static const struct outcome_remark remark_away = {"error", "transient", "database-away",
	"Zhifu cannot reach its database. Ask again after Retry-After.",
	"直付目前无法连接数据库，请在 Retry-After 之后重试。", "zhifu"};

static const struct outcome_remark remark_format = {"error", "not-supported", "media-type",
	"Zhifu answers in JSON only: ask for application/fhir+json, in Accept or as _format=json, or for no type at all.",
	"直付只以 JSON 答复：请在 Accept 中或以 _format=json 要求 application/fhir+json，或不指定格式。",
	"hospital-it"};

/* ---- what all reads share ---- */

bool read_takes_json(struct http_request *req)
{
	struct http_param *params;
	size_t count;
	int r = http_query_parse(req->head.query, strlen(req->head.query), &req->arena.zf, &params, &count);
	if (r == ERR_NOMEM) {
		outcome_respond(req, 503, &outcome_overloaded);
		return false;
	}
	if (r < 0) count = 0; /* one that can't be read is for the handler to refuse */
	bool takes = http_accepts(http_head_get(&req->head, "accept"), FHIR_BODY_TYPES);
	for (size_t i = 0; i < count; i++)
		if (strcmp(params[i].name, "_format") == 0) takes = search_format_is_json(params[i].value);
	if (!takes) outcome_respond(req, 406, &remark_format);
	return takes;
}

struct read_call *read_call_new(struct http_request *req, struct intake *intake, uint32_t scope)
{
	if (!intake_may(req, scope) || !read_takes_json(req)) return NULL;
	struct read_call *call = zf_alloc(&req->arena.zf, sizeof(*call));
	if (call == NULL) {
		http_respond_error(req, 503, "no memory for the request");
		return NULL;
	}
	call->intake = intake;
	call->req = req;
	call->hospital = intake_principal(req)->hospital_id;
	return call;
}

void read_call_fail(struct read_call *call, const struct db_outcome *outcome)
{
	bool is_refused = outcome != NULL && outcome->ending == DB_REFUSED;
	if (outcome != NULL)
		log_fields(is_refused ? LOG_ERROR : LOG_WARN, "a read failed", "route", call->req->match.route->name,
			"ending", db_ending_name(outcome->ending), "sqlstate", outcome->sqlstate, NULL);
	const struct outcome_remark *later = db_pool_up(call->intake->pool) ? &remark_later : &remark_away;
	outcome_respond(call->req, is_refused ? 500 : 503, is_refused ? &outcome_internal : later);
}

/* If-None-Match against a weak tag: "*", or any of a list, weak or not. */
static bool has_tag(const char *list, const char *tag)
{
	const char *opaque = tag + 2; /* behind W/ */
	size_t len = strlen(opaque);
	if (list == NULL) return false;
	if (strcmp(list, "*") == 0) return true;
	for (const char *p = list; *p != '\0';) {
		p += strspn(p, " \t,");
		if (strncmp(p, "W/", 2) == 0) p += 2;
		size_t part = strcspn(p, ",");
		while (part > 0 && (p[part - 1] == ' ' || p[part - 1] == '\t')) part--;
		if (part == len && memcmp(p, opaque, len) == 0) return true;
		p += strcspn(p, ",");
	}
	return false;
}

void read_call_respond(struct read_call *call, int status, const struct resource *resource, const char *location)
{
	struct http_field fields[4];
	char tag[24], modified[HTTP_DATE_LEN];
	size_t count = 0;
	snprintf(tag, sizeof(tag), "W/\"%d\"", (int)resource->version);
	http_date_format(resource->updated_ms, modified);
	fields[count++] = (struct http_field){"ETag", tag};
	fields[count++] = (struct http_field){"Last-Modified", modified};
	if (status == 200 && has_tag(http_head_get(&call->req->head, "if-none-match"), tag)) {
		http_respond(call->req, 304, fields, count, (struct bytes){NULL, 0});
		return;
	}
	fields[count++] = (struct http_field){"Content-Type", FHIR_JSON_TYPE};
	if (location != NULL) fields[count++] = (struct http_field){"Location", location};
	http_respond(call->req, status, fields, count,
		(struct bytes){(const uint8_t *)resource->text.ptr, resource->text.len});
}

/* ---- by id ---- */

static void on_row(void *ctx, const struct db_outcome *outcome)
{
	struct read_call *call = ctx;
	struct resource resource;
	if (outcome->ending != DB_COMMITTED) {
		read_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	if (db_rows_count(rows) == 0 || db_rows_null(rows, 0, COLUMN_ID)) {
		outcome_respond(call->req, 404, &remark_not_found);
		return;
	}
	int r = resource_make(call->intake, &call->hospital, call->kind, rows, 0, &call->req->arena, &resource);
	if (r == 0)
		read_call_respond(call, 200, &resource, call->location);
	else if (r == ERR_NOTFOUND)
		outcome_respond(call->req, 410, &remark_gone);
	else if (r == ERR_NOMEM || r == ERR_AGAIN)
		outcome_respond(call->req, 503, &remark_later);
	else
		outcome_respond(call->req, 500, &outcome_internal);
}

/* The statement of a kind, and how its rows are asked for. */
static int query(struct read_call *call, const struct uuid *id)
{
	static const enum read_statement statements[RESOURCE_KINDS] = {
		[RESOURCE_CLAIM] = READ_CLAIM_SET,
		[RESOURCE_CLAIM_RESPONSE] = READ_RESPONSE_SET,
		[RESOURCE_EXPLANATION] = READ_EXPLANATION_SET,
		[RESOURCE_TASK] = READ_TASK_SET,
		[RESOURCE_CONSENT] = READ_CONSENT,
		[RESOURCE_PAYMENT] = READ_PAYMENT,
	};
	static const enum search_type types[] = {
		[RESOURCE_CLAIM] = SEARCH_CLAIM,
		[RESOURCE_CLAIM_RESPONSE] = SEARCH_CLAIM_RESPONSE,
		[RESOURCE_EXPLANATION] = SEARCH_EXPLANATION,
		[RESOURCE_TASK] = SEARCH_TASK,
	};
	struct db_params *params = zf_alloc(&call->req->arena.zf, sizeof(*params));
	struct search_plan *plan = zf_alloc(&call->req->arena.zf, sizeof(*plan));
	if (params == NULL || plan == NULL) return ERR_NOMEM;
	db_params_init(params, &call->req->arena);
	if (call->kind == RESOURCE_CONSENT || call->kind == RESOURCE_PAYMENT) {
		db_params_uuid(params, &call->hospital);
		db_params_uuid(params, id);
	} else {
		plan->type = types[call->kind];
		plan->status = plan->use = plan->outcome = ~0u;
		plan->count = 1;
		plan->ids = (struct search_ids){.present = true, .count = 1, .items = {*id}};
		search_bind(params, plan, &call->hospital, true, 1);
	}
	return db_query_tenant(
		call->intake->pool, &call->hospital, &read_sql[statements[call->kind]], params, 0, on_row, call);
}

void read_call_query(struct read_call *call, enum resource_kind kind, const struct uuid *id, const char *location)
{
	call->kind = kind;
	call->location = location;
	if (query(call, id) < 0) read_call_fail(call, NULL);
}

static void read_handle(struct http_request *req, void *ctx)
{
	struct uuid id;
	struct read_call *call = read_call_new(req, ctx, SCOPE_READ);
	if (call == NULL) return;
	if (uuid_parse(req->match.params[0], &id) < 0) {
		outcome_respond(req, 404, &remark_not_found);
		return;
	}
	read_call_query(call, (enum resource_kind)req->match.route->tag, &id, NULL);
}

/* ---- routes ---- */

#define READ(type, kind, name)                                                                                         \
	{                                                                                                              \
		HTTP_GET, "/fhir/" type "/{id}", 0, 0, NULL, NULL, read_handle, name, kind                             \
	}
#define SEARCH(type, kind, name)                                                                                       \
	{HTTP_GET, "/fhir/" type, 0, 0, NULL, NULL, search_handle, name, kind},                                        \
	{                                                                                                              \
		HTTP_POST, "/fhir/" type "/_search", 0, SEARCH_BODY_BYTES_MAX, FORM_TYPE, NULL, search_handle, name,   \
			kind                                                                                           \
	}

static const struct http_route routes[] = {
	{HTTP_GET, "/fhir/metadata", HTTP_ROUTE_PUBLIC, 0, NULL, NULL, capability_handle, "metadata", 0},
	READ("Claim", RESOURCE_CLAIM, "claim_read"),
	READ("ClaimResponse", RESOURCE_CLAIM_RESPONSE, "claim_response_read"),
	READ("ExplanationOfBenefit", RESOURCE_EXPLANATION, "explanation_read"),
	READ("Task", RESOURCE_TASK, "task_read"),
	READ("Consent", RESOURCE_CONSENT, "consent_read"),
	READ("PaymentReconciliation", RESOURCE_PAYMENT, "payment_read"),
	SEARCH("Claim", SEARCH_CLAIM, "claim_search"),
	SEARCH("ClaimResponse", SEARCH_CLAIM_RESPONSE, "claim_response_search"),
	SEARCH("ExplanationOfBenefit", SEARCH_EXPLANATION, "explanation_search"),
	SEARCH("Task", SEARCH_TASK, "task_search"),
	{HTTP_GET, "/v1/claims/{ref}", 0, 0, NULL, NULL, read_status_handle, "claim_status", 0},
};

int read_routes(struct intake *intake)
{
	return http_router_add(intake->router, routes, ARRAY_LEN(routes), intake);
}
