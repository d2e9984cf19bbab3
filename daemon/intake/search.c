/* One page: parameters to plan, plan to rows, rows to a Bundle with the links to go on. */
#include "intake/search.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/batch.h"
#include "db/params.h"
#include "intake/outcome.h"
#include "intake/read.h"
#include "intake/read_sql.h"
#include "lib/date.h"
#include "lib/json.h"
#include "lib/json_write.h"

#define BUNDLE_BYTES_MAX (64u << 20)
#define FAULTS_MAX 32

static const struct outcome_remark remark_person = {"error", "security", "search-person-in-url",
	"A search by patient goes by POST to _search: nothing that identifies a person may be in a URL, which is logged and "
	"kept in many places.",
	"按患者检索须以 POST 方式发往 _search：网址会被多处记录，不得包含可识别个人身份的内容。", "hospital-it"};
static const struct outcome_remark remark_cursor = {"error", "value", "search-cursor",
	"This next link can't be read, or stands beside other parameters. Begin the search again.",
	"无法读取该翻页链接，或与其他参数同时使用；请重新检索。", "hospital-it"};
static const struct outcome_remark remark_query = {"error", "invalid", "search-parameter",
	"The parameters of the search are not well-formed.", "检索参数格式有误。", "hospital-it"};
static const struct outcome_remark remark_many = {"error", "too-costly", "search-values",
	"The search names too many or too long values. Ask in several searches.", "检索值过多或过长，请分多次检索。",
	"hospital-it"};

struct search_call {
	struct read_call read;
	struct search_plan plan;
	struct fault_list faults; /* warnings of a lenient search */
	const char *self;         /* the GET that says the same; NULL: the cursor without a position is */
	bool is_set, has_filter;  /* rows alone do not decide */
	int32_t limit;
};

/* 400; 503 where there was no memory for some of it, as then it may be as right as any. */
static void refuse(struct http_request *req, int r, const struct outcome_remark *remark)
{
	if (r == ERR_NOMEM || req->arena.refused)
		outcome_respond(req, 503, &outcome_overloaded);
	else
		outcome_respond(req, 400, remark);
}

/* ---- parameters ---- */

/* All of URL and body. 0, or answered. */
static int params_read(struct http_request *req, struct http_param **ret_params, size_t *ret_count, bool *ret_in_url)
{
	struct http_param *url, *body, *all;
	size_t url_count, body_count;
	int r = http_query_parse(req->head.query, strlen(req->head.query), &req->arena.zf, &url, &url_count);
	if (r == 0)
		r = http_query_parse((const char *)req->body.ptr, req->body.len, &req->arena.zf, &body, &body_count);
	all = r == 0 ? zf_alloc_array(&req->arena.zf, url_count + body_count + 1, sizeof(*all)) : NULL;
	if (r < 0 || all == NULL) {
		refuse(req, r, &remark_query);
		return ERR_INVALID;
	}
	enum search_type type = (enum search_type)req->match.route->tag;
	*ret_in_url = false;
	for (size_t i = 0; i < url_count; i++) {
		const struct search_parameter *parameter = search_parameter_find(type, url[i].name);
		/* Also "patient.name", "patient:Patient": whatever follows would be a person's. */
		*ret_in_url = *ret_in_url || (parameter != NULL && parameter->is_post_only) ||
			      strncmp(url[i].name, "patient", 7) == 0;
		all[i] = url[i];
	}
	for (size_t i = 0; i < body_count; i++) all[url_count + i] = body[i];
	*ret_params = all;
	*ret_count = url_count + body_count;
	return 0;
}

static bool is_lenient(const struct http_request *req)
{
	const char *prefer = http_head_get(&req->head, "prefer");
	return prefer != NULL && strstr(prefer, "handling=lenient") != NULL;
}

/* 0, or answered. */
static int plan_read(struct search_call *call, const struct http_param *params, size_t count)
{
	struct http_request *req = call->read.req;
	struct intake *intake = call->read.intake;
	struct search_request request;
	enum search_type type = (enum search_type)req->match.route->tag;
	const struct hospital *hospital = intake_hospital(intake, intake_principal(req));
	int offset = hospital == NULL ? 0 : zone_offset_minutes(hospital->zone, clock_wall_ms());
	fault_list_init(&call->faults, &req->arena.zf, FAULTS_MAX);
	int r = search_request_parse(type, params, count, req->head.method == HTTP_POST, is_lenient(req), offset,
		intake->worker->options->base_url, &req->arena.zf, &call->faults, &request);
	if (r == 0 && request.cursor != NULL) {
		r = search_cursor_read(request.cursor, intake->worker->keyring, &call->read.hospital, type,
			&req->arena.zf, &call->plan);
		if (count > 1) r = ERR_INVALID;
		if (r < 0) {
			refuse(req, r, &remark_cursor);
			return ERR_INVALID;
		}
		return 0;
	}
	if (r == 0 && !fault_refuses(&call->faults))
		r = search_plan_make(&request, intake->worker->keyring, &call->read.hospital, &req->arena.zf,
			&call->faults, &call->plan);
	if (fault_refuses(&call->faults)) {
		outcome_respond_faults(req, 400, &call->faults);
		return ERR_INVALID;
	}
	if (r < 0) outcome_respond(req, 503, &outcome_overloaded);
	return r;
}

/* ---- conditions on opened content ---- */

static bool meets_created(const struct search_plan *plan, struct text_span text, const char *element,
	struct zf_arena *arena, int offset_minutes)
{
	struct date date;
	int64_t begin_ms, end_ms;
	struct text_span value = resource_member(text, element, arena);
	if (value.ptr == NULL || value.len < 2 || value.ptr[0] != '"') return false;
	value = (struct text_span){value.ptr + 1, value.len - 2};
	if (date_parse(value, DATE_KIND_DATETIME, &date) < 0) return false;
	if (date_range_ms(&date, offset_minutes, &begin_ms, &end_ms) < 0) return false;
	return search_plan_meets(plan, SEARCH_BY_CREATED, begin_ms, end_ms);
}

static bool is_string(struct text_span raw, const char *text)
{
	/* Values with escapes would need decoding; what the encoder writes of a number has none. */
	return raw.ptr != NULL && raw.len >= 2 && raw.ptr[0] == '"' &&
	       text_is((struct text_span){raw.ptr + 1, raw.len - 2}, text);
}

/* One of the identifiers of the resource is one of those asked for. */
static bool meets_numbers(const struct search_plan *plan, struct text_span text, struct zf_arena *arena)
{
	struct text_span list = resource_member(text, "identifier", arena), item;
	struct json_reader reader;
	struct json_token token;
	json_reader_init(&reader, list.ptr, list.len, arena, JSON_DEPTH_MAX, JSON_BYTES_MAX);
	if (list.ptr == NULL || json_next(&reader, &token) != JSON_ARRAY_BEGIN) return false;
	while (json_skip(&reader, &item) == JSON_OBJECT_BEGIN) {
		struct text_span system = resource_member(item, "system", arena);
		struct text_span value = resource_member(item, "value", arena);
		for (uint8_t i = 0; i < plan->numbers.count; i++) {
			const struct search_token *wanted = &plan->numbers.items[i];
			bool fits =
				wanted->system == NULL ||
				(wanted->system[0] == '\0' ? system.ptr == NULL : is_string(system, wanted->system));
			if (fits && is_string(value, wanted->value)) return true;
		}
	}
	return false;
}

static const char *created_element(enum search_type type)
{
	const struct search_type_info *info = search_type_info(type);
	for (size_t i = 0; i < info->parameter_count; i++)
		if (info->parameters[i].kind == SEARCH_BY_CREATED) return info->parameters[i].element;
	return NULL;
}

static bool numbers_have_system(const struct search_plan *plan)
{
	for (uint8_t i = 0; i < plan->numbers.count; i++)
		if (plan->numbers.items[i].system != NULL) return true;
	return false;
}

static bool meets(const struct search_call *call, const struct resource *resource, int offset_minutes)
{
	const struct search_plan *plan = &call->plan;
	struct zf_arena *arena = &call->read.req->arena.zf;
	if (!search_plan_meets(plan, SEARCH_BY_UPDATED, resource->updated_ms, resource->updated_ms + 1)) return false;
	if (search_plan_has(plan, SEARCH_BY_CREATED) &&
		!meets_created(plan, resource->text, created_element(plan->type), arena, offset_minutes))
		return false;
	return !numbers_have_system(plan) || meets_numbers(plan, resource->text, arena);
}

/* ---- the page ---- */

struct page {
	struct resource *items;
	uint16_t count;
	bool has_next;
	struct uuid last; /* looked at */
};

static enum resource_kind kind_of(enum search_type type)
{
	static const enum resource_kind kinds[SEARCH_TYPES] = {
		[SEARCH_CLAIM] = RESOURCE_CLAIM,
		[SEARCH_CLAIM_RESPONSE] = RESOURCE_CLAIM_RESPONSE,
		[SEARCH_EXPLANATION] = RESOURCE_EXPLANATION,
		[SEARCH_TASK] = RESOURCE_TASK,
	};
	return kinds[type];
}

/* Takes rows until the page is full. 0, or an error that fails the whole search. */
static int page_fill(struct search_call *call, const struct pg_result *rows, struct page *page)
{
	struct arena *arena = &call->read.req->arena;
	const struct hospital *hospital = intake_hospital(call->read.intake, intake_principal(call->read.req));
	int offset = hospital == NULL ? 0 : zone_offset_minutes(hospital->zone, clock_wall_ms());
	int count = db_rows_count(rows), row = 0;
	bool is_cut = count > 0 && db_rows_int(rows, 0, COLUMN_SCANNED) >= search_plan_scan(&call->plan, call->limit);
	page->items = zf_alloc_array(&arena->zf, (size_t)call->plan.count, sizeof(*page->items));
	if (page->items == NULL) return ERR_NOMEM;
	if (count > 0 && db_rows_null(rows, 0, COLUMN_ID)) count = 0; /* looked at some, none fits */
	for (; row < count && page->count < call->plan.count; row++) {
		struct resource *resource = &page->items[page->count];
		int r = resource_make(
			call->read.intake, &call->read.hospital, kind_of(call->plan.type), rows, row, arena, resource);
		if (r == ERR_NOMEM || r == ERR_AGAIN) return r;
		page->last = db_rows_uuid(rows, row, COLUMN_ID);
		/* What was erased is gone; what does not open was logged, and must not hide all the others. */
		if (r == 0 && meets(call, resource, offset)) page->count++;
	}
	if (row < count || count == call->limit) {
		page->has_next = true;
	} else if (is_cut) {
		page->has_next = true;
		page->last = db_rows_uuid(rows, 0, COLUMN_LAST);
	}
	return 0;
}

static void put_link(struct json_writer *writer, const char *relation, const char *url)
{
	json_write_object_begin(writer);
	json_write_member(writer, "relation", relation);
	json_write_member(writer, "url", url);
	json_write_object_end(writer);
}

/* The link to this plan; NULL: it does not fit a URL, or no memory. */
static const char *cursor_url(const struct search_call *call, const struct search_plan *plan)
{
	struct intake *intake = call->read.intake;
	struct arena *arena = &call->read.req->arena;
	const char *text;
	if (search_cursor_write(plan, intake->worker->keyring, &call->read.hospital, &arena->zf, &text) < 0)
		return NULL;
	return arena_printf(arena, "%s/fhir/%s?_cursor=%s", intake->worker->options->base_url,
		search_type_info(plan->type)->name, text);
}

static void put_entries(struct json_writer *writer, struct search_call *call, const struct page *page)
{
	struct arena *arena = &call->read.req->arena;
	const char *type = search_type_info(call->plan.type)->name;
	for (uint16_t i = 0; i < page->count; i++) {
		char id[UUID_TEXT_LEN];
		uuid_format(&page->items[i].id, id);
		json_write_object_begin(writer);
		json_write_member(writer, "fullUrl",
			arena_printf(arena, "%s/fhir/%s/%s", call->read.intake->worker->options->base_url, type, id));
		json_write_member_raw(writer, "resource", page->items[i].text);
		json_write_key(writer, "search");
		json_write_object_begin(writer);
		json_write_member(writer, "mode", "match");
		json_write_object_end(writer);
		json_write_object_end(writer);
	}
	if (call->faults.count == 0) return;
	json_write_object_begin(writer);
	json_write_key(writer, "resource");
	outcome_begin(writer);
	for (uint32_t i = 0; i < call->faults.count; i++)
		outcome_add_fault(writer, &arena->zf, outcome_is_chinese(call->read.req), &call->faults.items[i]);
	outcome_end(writer);
	json_write_key(writer, "search");
	json_write_object_begin(writer);
	json_write_member(writer, "mode", "outcome");
	json_write_object_end(writer);
	json_write_object_end(writer);
}

static void page_respond(struct search_call *call, const struct page *page)
{
	static const struct http_field fields[] = {{"Content-Type", FHIR_JSON_TYPE}};
	struct http_request *req = call->read.req;
	struct json_writer writer;
	struct text_span text;
	struct search_plan next = call->plan;
	const char *self = call->self != NULL ? call->self : cursor_url(call, &call->plan), *next_url = NULL;
	next.has_position = true;
	next.position = page->last;
	if (page->has_next) next_url = cursor_url(call, &next);
	if (self == NULL || (page->has_next && next_url == NULL)) {
		refuse(req, 0, &remark_many);
		return;
	}
	json_write_init(&writer, &req->arena.zf, BUNDLE_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "Bundle");
	json_write_member(&writer, "type", "searchset");
	/* Counting costs as much as finding, so a total is said only where everything was looked at anyway. */
	if (!call->plan.has_position && !page->has_next) json_write_member_int64(&writer, "total", page->count);
	json_write_key(&writer, "link");
	json_write_array_begin(&writer);
	put_link(&writer, "self", self);
	if (page->has_next) put_link(&writer, "next", next_url);
	json_write_array_end(&writer);
	if (page->count > 0 || call->faults.count > 0) {
		json_write_key(&writer, "entry");
		json_write_array_begin(&writer);
		put_entries(&writer, call, page);
		json_write_array_end(&writer);
	}
	json_write_object_end(&writer);
	/* Without memory for all of it a page may lack what was there to find. */
	if (json_write_finish(&writer, &text) < 0 || req->arena.refused) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	http_respond(req, 200, fields, ARRAY_LEN(fields), (struct bytes){(const uint8_t *)text.ptr, text.len});
}

static void on_rows(void *ctx, const struct db_outcome *outcome)
{
	struct search_call *call = ctx;
	struct page page = {.count = 0};
	if (outcome->ending != DB_COMMITTED) {
		read_call_fail(&call->read, outcome);
		return;
	}
	if (page_fill(call, outcome->results[0], &page) < 0)
		outcome_respond(call->read.req, 503, &outcome_overloaded);
	else
		page_respond(call, &page);
}

/* ---- the handler ---- */

/* No resource has such a status or id: nothing to ask the database. */
static bool is_empty(const struct search_plan *plan)
{
	return (plan->type == SEARCH_CLAIM && !(plan->status & 1u)) || plan->status == 0 || plan->use == 0 ||
	       plan->outcome == 0 || (plan->ids.present && plan->ids.count == 0) ||
	       (plan->claims.present && plan->claims.count == 0);
}

static void run(struct search_call *call)
{
	const struct search_plan *plan = &call->plan;
	struct page none = {.count = 0};
	if (is_empty(plan)) {
		page_respond(call, &none);
		return;
	}
	call->is_set = search_plan_is_set(plan);
	call->has_filter = plan->date_count > 0 || numbers_have_system(plan);
	call->limit = plan->count + 1;
	if (call->has_filter && call->limit < SEARCH_OPEN_ROWS) call->limit = SEARCH_OPEN_ROWS;
	struct db_params *params = zf_alloc(&call->read.req->arena.zf, sizeof(*params));
	int statement = (int)plan->type * 3 + (call->is_set ? 2 : plan->is_ascending ? 1 : 0);
	if (params == NULL) {
		read_call_fail(&call->read, NULL);
		return;
	}
	db_params_init(params, &call->read.req->arena);
	search_bind(params, plan, &call->read.hospital, call->is_set, call->limit);
	int r = db_query_tenant(
		call->read.intake->pool, &call->read.hospital, &read_sql[statement], params, 0, on_rows, call);
	if (r < 0) read_call_fail(&call->read, NULL);
}

void search_handle(struct http_request *req, void *ctx)
{
	struct http_param *params;
	size_t count;
	bool in_url;
	struct read_call *read = read_call_new(req, ctx, SCOPE_READ);
	if (read == NULL || params_read(req, &params, &count, &in_url) < 0) return;
	if (in_url) {
		outcome_respond(req, 400, &remark_person);
		return;
	}
	struct search_call *call = zf_alloc(&req->arena.zf, sizeof(*call));
	if (call == NULL) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	call->read = *read;
	if (plan_read(call, params, count) < 0) return;
	/* A GET says all of itself; what came in a body may name a person and is repeated as a cursor only. */
	if (req->head.method != HTTP_POST)
		call->self = arena_printf(
			&req->arena, "%s%s", call->read.intake->worker->options->base_url, req->head.target);
	run(call);
}
