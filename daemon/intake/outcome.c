/* Issues as FHIR wants them; the second language goes into the translation extension of the first one's text. */
#include "intake/outcome.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fhir/write.h"
#include "intake/intake.h"
#include "net/problem.h"

const struct outcome_remark outcome_overloaded = {"error", "transient", "overloaded",
	"Zhifu has too much to do at this moment. Nothing was stored; send the same again after Retry-After.",
	"直付目前负载过高，未保存任何内容；请在 Retry-After 之后原样重发。", "hospital-it"};
const struct outcome_remark outcome_database = {"error", "transient", "database-away",
	"Zhifu cannot reach its database. Nothing was stored; send the same again after Retry-After.",
	"直付目前无法连接数据库，未保存任何内容；请在 Retry-After 之后原样重发。", "zhifu"};
const struct outcome_remark outcome_unknown = {"error", "incomplete", "outcome-unknown",
	"It is not known yet whether this was stored. Send the same again with the same key: it is stored once.",
	"目前无法确定是否已保存。请使用相同的幂等键原样重发，系统只会保存一次。", "hospital-it"};
const struct outcome_remark outcome_refused = {"error", "processing", "not-stored",
	"The database did not take this. Nothing was stored; the operator of Zhifu has to look at it.",
	"数据库拒绝保存，未保存任何内容；需由直付运维人员处理。", "zhifu"};
const struct outcome_remark outcome_conflict = {"error", "conflict", "idempotency-conflict",
	"This key or claim identifier was used before with other content. Nothing was stored.",
	"该幂等键或理赔单标识此前已用于不同内容，未保存任何内容。", "hospital-it"};
const struct outcome_remark outcome_internal = {"error", "exception", "internal",
	"Something failed inside Zhifu. Nothing was stored.", "直付内部错误，未保存任何内容。", "zhifu"};

bool outcome_is_chinese(const struct http_request *req)
{
	const char *value = req == NULL ? NULL : http_head_get(&req->head, "accept-language");
	return value != NULL && strncasecmp(value, "zh", 2) == 0;
}

void outcome_begin(struct json_writer *writer)
{
	json_write_object_begin(writer);
	json_write_member(writer, "resourceType", "OperationOutcome");
	json_write_key(writer, "issue");
	json_write_array_begin(writer);
}

void outcome_end(struct json_writer *writer)
{
	json_write_array_end(writer);
	json_write_object_end(writer);
}

/* "text" and its translation. */
static void put_text(struct json_writer *writer, bool chinese, const char *english, const char *other)
{
	json_write_member(writer, "text", chinese && other != NULL ? other : english);
	if (other == NULL) return;
	fhir_put_translation(writer, "_text", chinese ? "en" : "zh", chinese ? english : other);
}

void outcome_add(struct json_writer *writer, bool chinese, const struct outcome_remark *remark, const char *expression)
{
	json_write_object_begin(writer);
	if (remark->owner != NULL) {
		json_write_key(writer, "extension");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		json_write_member(writer, "url", OUTCOME_FIXED_BY);
		json_write_member(writer, "valueCode", remark->owner);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
	json_write_member(writer, "severity", remark->severity);
	json_write_member(writer, "code", remark->type);
	json_write_key(writer, "details");
	json_write_object_begin(writer);
	json_write_key(writer, "coding");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_member(writer, "system", OUTCOME_FAULT_SYSTEM);
	json_write_member(writer, "code", remark->code);
	json_write_object_end(writer);
	json_write_array_end(writer);
	put_text(writer, chinese, remark->english, remark->chinese);
	json_write_object_end(writer);
	if (expression != NULL && expression[0] != '\0') {
		json_write_key(writer, "expression");
		json_write_array_begin(writer);
		json_write_string(writer, expression);
		json_write_array_end(writer);
	}
	json_write_object_end(writer);
}

void outcome_add_fault(struct json_writer *writer, struct zf_arena *arena, bool chinese, const struct fault *fault)
{
	const struct fault_info *info = fault_lookup(fault->code);
	struct outcome_remark remark = {fault_severity_fhir(fault->severity), info->issue_type, info->name,
		fault_text_en(arena, fault), fault_text_zh(arena, fault), fault_owner_name(info->owner)};
	if (remark.english == NULL) remark.english = info->english;
	outcome_add(writer, chinese, &remark, fault->path);
}

static void respond(struct http_request *req, int status, struct json_writer *writer)
{
	static const struct http_field fields[] = {{"Content-Type", FHIR_JSON_TYPE}, {"Retry-After", "1"}};
	struct text_span text;
	if (json_write_finish(writer, &text) < 0) {
		http_respond_error(req, 503, "no memory for the answer");
		return;
	}
	http_respond(req, status, fields, status == 503 || status == 429 ? 2 : 1,
		(struct bytes){(const uint8_t *)text.ptr, text.len});
}

void outcome_respond_faults(struct http_request *req, int status, const struct fault_list *faults)
{
	struct json_writer writer;
	bool chinese = outcome_is_chinese(req);
	json_write_init(&writer, &req->arena.zf, OUTCOME_BYTES_MAX);
	outcome_begin(&writer);
	uint32_t count = faults->count < FAULT_LIST_MAX ? faults->count : FAULT_LIST_MAX;
	for (uint32_t i = 0; i < count; i++) outcome_add_fault(&writer, &req->arena.zf, chinese, &faults->items[i]);
	if (count < faults->count) {
		char left[12];
		/* A list that dropped some ends with an entry that says so. */
		uint32_t unkept = faults->dropped > 0 ? faults->dropped - 1 : 0;
		(void)snprintf(left, sizeof(left), "%u", faults->count - count + unkept);
		struct fault more = {.code = FAULT_AND_MORE, .severity = faults->worst, .path = "", .arg1 = left};
		outcome_add_fault(&writer, &req->arena.zf, chinese, &more);
	}
	outcome_end(&writer);
	respond(req, status, &writer);
}

void outcome_respond(struct http_request *req, int status, const struct outcome_remark *remark)
{
	struct json_writer writer;
	json_write_init(&writer, &req->arena.zf, OUTCOME_BYTES_MAX);
	outcome_begin(&writer);
	outcome_add(&writer, outcome_is_chinese(req), remark, NULL);
	outcome_end(&writer);
	respond(req, status, &writer);
}

struct status_text {
	int status;
	const char *type, *code, *chinese, *owner;
};

static const struct status_text status_texts[] = {
	{400, "structure", "bad-request", "请求格式有误。", "hospital-it"},
	{401, "login", "login", "缺少身份凭证，或凭证未被接受。", "hospital-it"},
	{403, "forbidden", "forbidden", "该客户端无权执行此操作。", "hospital-it"},
	{404, "not-found", "not-found", "没有找到所请求的内容。", "hospital-it"},
	{405, "not-supported", "method-not-supported", "此路径不支持该方法。", "hospital-it"},
	{406, "not-supported", "media-type", "无法以所要求的格式回复。", "hospital-it"},
	{408, "timeout", "timeout", "请求发送过慢。", "hospital-it"},
	{413, "too-long", "too-large", "请求内容过大。", "hospital-it"},
	{414, "too-long", "too-large", "请求地址过长。", "hospital-it"},
	{415, "not-supported", "media-type", "不支持该内容类型。", "hospital-it"},
	{429, "throttled", "overloaded", "请求过于频繁，请稍后重试。", "hospital-it"},
	{431, "too-long", "too-large", "请求头过大。", "hospital-it"},
	{503, "transient", "overloaded", "目前负载过高，请稍后重试。", "hospital-it"},
	{504, "timeout", "timeout", "处理超时；可原样重发。", "hospital-it"},
	{0, "exception", "internal", "内部错误。", "zhifu"},
};

/* RFC 6749 section 5.2 wants its own form at the token endpoint. */
static bool is_token_route(const struct http_request *req)
{
	return req != NULL && req->match.route != NULL && strcmp(req->match.route->name, "token") == 0;
}

/* What the server says in few words, in full ones. %s: the media types that the path takes, or its methods. */
static const struct {
	const char *text, *english, *chinese;
} long_texts[] = {
	{"this request needs a body", "This request needs a body; this path takes %s.",
		"该请求必须带有请求体；此路径接收 %s。"},
	{"this content type is not taken here",
		"The Content-Type of this request is not taken here; this path takes %s.",
		"此路径不接收该 Content-Type；可接收 %s。"},
	{"this path has other methods", "This path does not take the method of the request; it takes %s.",
		"此路径不支持所用的方法；可用方法：%s。"},
	{"there is nothing at this path",
		"There is nothing at this path. GET /fhir/metadata lists the resources, searches and operations, which are "
		"below /fhir/; GET /v1/openapi.json lists what is below /v1/.",
		"该路径下没有内容。GET /fhir/metadata 列出 /fhir/ 下的资源、检索和操作；GET /v1/openapi.json 列出 /v1/ 下的内容。"},
	{"this client certificate belongs to no configured client",
		"This client certificate belongs to no client that is configured in Zhifu. Ask the operator of Zhifu to add its "
		"SHA-256 fingerprint.",
		"该客户端证书不属于直付中已配置的任何客户端；请联系直付运维人员登记其 SHA-256 指纹。"},
	{"this hospital sends as many files as it may; send this one when one of them has ended",
		"This hospital sends as many files as it may at a time; send this one when one of them has ended.",
		"该医院同时上传的文件数已达上限；请待其中一个结束后再发送此文件。"},
};

static void explain(const struct http_request *req, struct arena *arena, struct outcome_remark *remark)
{
	const char *types = req == NULL || req->match.route == NULL ? NULL : req->match.route->content_types;
	char methods[64];
	if (types == NULL) types = FHIR_JSON_TYPE;
	if (req != NULL && req->match.route == NULL) {
		http_allowed_text(req->match.allowed, methods, sizeof(methods));
		types = methods;
	}
	for (size_t i = 0; i < ARRAY_LEN(long_texts); i++) {
		if (strcmp(remark->english, long_texts[i].text) != 0) continue;
		const char *texts[2] = {long_texts[i].english, long_texts[i].chinese};
		for (size_t k = 0; k < 2; k++) {
			const char *gap = strstr(texts[k], "%s");
			if (gap != NULL)
				texts[k] = arena_printf(
					arena, "%.*s%s%s", (int)(gap - texts[k]), texts[k], types, gap + 2);
		}
		if (texts[0] == NULL || texts[1] == NULL) return;
		remark->english = texts[0];
		remark->chinese = texts[1];
		return;
	}
}

/* The finance API has its own form. A claim's status is older than it, and answers like FHIR. */
static bool is_finance(const struct http_request *req)
{
	return req != NULL && strncmp(req->head.path, "/v1/", 4) == 0 &&
	       strncmp(req->head.path, "/v1/claims/", 11) != 0;
}

void outcome_error_body(const struct http_request *req, void *ctx, int status, const char *text, struct buf *ret_body,
	const char **ret_type)
{
	struct arena arena CLEANUP(arena_free);
	struct json_writer writer;
	struct text_span out;
	const struct status_text *row = status_texts;
	(void)ctx;
	arena_init(&arena, 1u << 16);
	json_write_init(&writer, &arena.zf, 1u << 15);
	if (is_token_route(req)) {
		json_write_object_begin(&writer);
		json_write_member(&writer, "error",
			status == 503 || status == 504 ? "temporarily_unavailable" : "invalid_request");
		json_write_member(&writer, "error_description", text);
		json_write_object_end(&writer);
	} else {
		while (row->status != 0 && row->status != status) row++;
		struct outcome_remark remark = {"error", row->type, row->code, text, row->chinese, row->owner};
		explain(req, &arena, &remark);
		if (is_finance(req)) {
			const struct problem problem = {status, {remark.code, remark.english, remark.chinese}};
			if (problem_text(&problem, NULL, &arena, &out) < 0 ||
				buf_append(ret_body, out.ptr, out.len) < 0)
				buf_reset(ret_body);
			else
				*ret_type = PROBLEM_TYPE;
			return;
		}
		outcome_begin(&writer);
		outcome_add(&writer, outcome_is_chinese(req), &remark, NULL);
		outcome_end(&writer);
	}
	if (json_write_finish(&writer, &out) < 0 || buf_append(ret_body, out.ptr, out.len) < 0) {
		buf_reset(ret_body);
		return;
	}
	*ret_type = is_token_route(req) ? "application/json" : FHIR_JSON_TYPE;
}
