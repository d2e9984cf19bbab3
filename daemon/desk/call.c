/* The ways that all operations go: who may, what was sent, the statement, the answer. */
#include "desk/call.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/point.h"
#include "db/batch.h"
#include "desk/ask.h"
#include "desk/upload.h"
#include "lib/json.h"
#include "model/directory.h"

#define ANSWER_BYTES_MAX (32u << 20)
#define KEY_MAX 255
#define JSON_DEPTH 24
#define TAG_MAX 24
#define CURSOR_HEAD 25 /* operation, position, id */

const struct problem desk_problem_memory = {
	503, {"overloaded", "Zhifu has no memory for this request now.", "直付目前内存不足,请稍后重试。"}};
const struct problem desk_problem_keys = {
	503, {"key-missing", "The hospital's key is not there yet; try again.", "医院密钥尚未就绪,请稍后重试。"}};
static const struct problem problem_query = {400, {"query-invalid", "The query can't be read.", "无法读取查询参数。"}};
static const struct problem problem_wrong = {
	422, {"invalid", "Something in the request is wrong; nothing was done.", "请求内容有误,未作任何更改。"}};
static const struct problem problem_parameters = {
	400, {"parameters-invalid", "Something in the query is wrong.", "查询参数有误。"}};
const struct problem desk_problem_found = {
	404, {"not-found", "There is no such thing of this hospital.", "本院没有该内容。"}};
static const struct problem problem_header = {
	400, {"header-invalid", "Idempotency-Key must have 1 to 255 visible characters.",
		     "Idempotency-Key 须为 1 至 255 个可见字符。"}};
static const struct problem problem_keyless = {428,
	{"idempotency-key-missing",
		"Sent again, this would be done twice: send it with an Idempotency-Key, of your own for each thing "
		"that you want done, and the same one when you send it again.",
		"重复发送将重复执行:请附 Idempotency-Key,每项操作自定一个,重发时使用同一个。"}};
static const struct problem problem_key_none = {400,
	{"header-invalid",
		"A file is known by what is in it, and done once by that: send it without an Idempotency-Key, which would "
		"count for nothing.",
		"文件以其内容识别,重复发送不会重复执行:请勿发送 Idempotency-Key,该标头对文件无效。"}};
static const struct problem problem_match = {
	400, {"header-invalid", "If-Match must be one ETag that was given here, such as \"3\".",
		     "If-Match 须为此处给出的一个 ETag,例如 \"3\"。"}};
const struct problem desk_problem_versionless = {
	400, {"header-invalid", "What this operation acts on has no versions: send it without If-Match.",
		     "该操作的对象没有版本,请勿发送 If-Match。"}};
const struct problem desk_problem_key = {
	409, {"idempotency-conflict", "This Idempotency-Key was used before with other content; nothing was done.",
		     "该幂等键此前已用于不同内容,未作任何更改。"}};
const struct problem desk_problem_later = {
	503, {"overloaded",
		     "The database did not answer in time. Ask again after Retry-After, for a shorter period perhaps.",
		     "数据库未及时响应,请在 Retry-After 之后重试,或缩短查询期间。"}};
static const struct problem problem_away = {
	503, {"database-away", "Zhifu cannot reach its database. Ask again after Retry-After.",
		     "直付目前无法连接数据库,请在 Retry-After 之后重试。"}};
const struct problem desk_problem_unknown = {
	503, {"outcome-unknown",
		     "It is not known yet whether this was done. Send the same again with the same Idempotency-Key.",
		     "目前无法确定是否已完成。请使用相同的幂等键原样重发。"}};
static const struct problem problem_inspection = {
	403, {"inspection-over",
		     "No grant of this inspector stands, or not any more: the finance office lets inspectors in.",
		     "该检查人员没有有效的授权,或授权已到期:由财务部门授权。"}};
const struct problem desk_problem_refused = {
	422, {"refused", "The database did not take this; nothing was done.", "数据库拒绝了该请求,未作任何更改。"}};
static const struct problem problem_hospital = {
	503, {"hospital-gone", "This hospital is not configured any more.", "该医院已不在配置中。"}};

const struct problem_word desk_word_large = {"amount-large",
	"An amount, or what it comes to, is larger than books can have.", "金额或其折算结果超出可记账范围。"};
static const struct problem_word word_limit = {
	"limit-invalid", "limit must be a number from 1 to 1000.", "limit 须为 1 至 1000 的数字。"};
static const struct problem_word word_cursor = {"cursor-invalid",
	"This cursor is none of this path; take the next link as it is.", "该游标不属于此路径;请原样使用 next 链接。"};
static const struct problem_word word_personal = {"parameter-personal",
	"\"$1\" may name a person, and URLs are logged on their way: POST it as a form, to this path and \"/_search\".",
	"“$1”可识别个人,而 URL 会被记入日志:请向此路径加“/_search”以 POST 表单提交。"};
static const struct problem_word word_cursor_alone = {"cursor-with-others",
	"A cursor has all parameters in it: leave out the others.", "游标已包含全部参数:请勿附加其他参数。"};

/* ---- answers ---- */

void desk_call_problem(struct desk_call *call, const struct problem *problem)
{
	problem_respond(call->req, problem, &call->problems);
}

void desk_call_refuse(struct desk_call *call)
{
	problem_respond(call->req, &problem_wrong, &call->problems);
}

void desk_call_fail(struct desk_call *call, const struct db_outcome *outcome)
{
	const struct problem *problem = desk_asks_up(call->desk->asks) ? &desk_problem_later : &problem_away;
	if (outcome != NULL && outcome->ending == DB_UNKNOWN && call->operation->method != HTTP_GET &&
		!operation_is_search(call->operation))
		problem = &desk_problem_unknown;
	if (outcome != NULL && outcome->ending == DB_REFUSED) problem = &desk_problem_refused;
	if (outcome != NULL)
		log_fields(outcome->ending == DB_REFUSED ? LOG_ERROR : LOG_WARN, "a finance call failed", "operation",
			call->operation->name, "ending", db_ending_name(outcome->ending), "sqlstate", outcome->sqlstate,
			"constraint", outcome->constraint, NULL);
	desk_call_problem(call, problem);
}

void desk_call_answer(struct desk_call *call, int status, struct text_span text)
{
	static const struct http_field fields[] = {{"Content-Type", DESK_JSON_TYPE}};
	http_respond(call->req, status, fields, ARRAY_LEN(fields), (struct bytes){(const uint8_t *)text.ptr, text.len});
}

void desk_call_write(struct desk_call *call, int status, struct json_writer *writer)
{
	struct text_span text;
	if (json_write_finish(writer, &text) < 0)
		desk_call_problem(call, &desk_problem_memory);
	else
		desk_call_answer(call, status, text);
}

const struct hospital *desk_call_hospital(struct desk_call *call)
{
	const struct hospital *hospital = intake_hospital(call->desk->intake, call->principal);
	if (hospital == NULL) desk_call_problem(call, &problem_hospital);
	return hospital;
}

/* ---- statements ---- */

struct db_params *desk_call_params(struct desk_call *call)
{
	struct db_params *params = zf_alloc(&call->req->arena.zf, sizeof(*params));
	if (params == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return NULL;
	}
	db_params_init(params, &call->req->arena);
	db_params_uuid(params, &call->principal->hospital_id);
	return params;
}

/* ---- pages ---- */

/* The list that links lead to. */
static const struct operation *list_of(const struct operation *operation)
{
	return operation_is_search(operation) ? operation - 1 : operation;
}

static uint8_t list_number(const struct desk_call *call)
{
	return (uint8_t)(call->req->match.route->tag - (operation_is_search(call->operation) ? 1 : 0));
}

const char *desk_call_link(struct desk_call *call, int64_t position, const struct uuid *id)
{
	struct buf plain CLEANUP(buf_free) = BUF_INIT(CURSOR_BYTES_MAX);
	const struct intake *intake = call->desk->intake;
	uint8_t head[CURSOR_HEAD];
	const char *text;
	head[0] = list_number(call);
	for (int i = 0; i < 8; i++) head[1 + i] = (uint8_t)((uint64_t)position >> (56 - 8 * i));
	memcpy(head + 9, id->b, sizeof(id->b));
	if (buf_append(&plain, head, sizeof(head)) < 0 ||
		buf_printf(&plain, "%d/%s&%s", (int)call->limit, call->seen, call->query_text) < 0 ||
		cursor_seal((struct bytes){plain.ptr, plain.len}, intake->worker->keyring,
			&call->principal->hospital_id, &call->req->arena.zf, &text) < 0)
		return NULL;
	return arena_printf(&call->req->arena, "%s%s?cursor=%s", intake->worker->options->base_url,
		list_of(call->operation)->path, text);
}

static const char *next_link(struct desk_call *call, const struct pg_result *rows, int last)
{
	const struct uuid id = db_rows_uuid(rows, last, 1);
	return desk_call_link(call, db_rows_int(rows, last, 0), &id);
}

static void on_page(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct json_writer writer;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	bool is_page = call->operation->kind == OPERATION_LIST;
	const struct pg_result *rows = outcome->results[0];
	int count = db_rows_count(rows);
	bool has_next = is_page && count > call->limit;
	int first = is_page ? 2 + call->operation->of_moment : 0; /* column of the shape */
	if (has_next) count = call->limit;
	if (has_next && call->operation->of_moment) call->seen = db_rows_text(rows, 0, 2);
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_key(&writer, "items");
	json_write_array_begin(&writer);
	for (int row = 0; row < count; row++)
		(void)shape_write(
			&writer, call->operation->answer, rows, row, first, call->inspects ? FIELD_WRITTEN : 0);
	json_write_array_end(&writer);
	if (has_next) json_write_member(&writer, "next", next_link(call, rows, count - 1));
	json_write_object_end(&writer);
	desk_call_write(call, 200, &writer);
}

void desk_call_page(struct desk_call *call, struct db_params *params)
{
	desk_call_ask(call, call->operation->statement, params, on_page);
}

struct db_params *desk_call_page_params(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return NULL;
	if (call->operation->query != NULL) shape_bind(params, call->operation->query, call->query);
	if (call->operation->kind == OPERATION_LIST) {
		if (call->operation->of_moment) db_params_text(params, call->has_position ? call->seen : NULL);
		if (call->has_position)
			db_params_int8(params, call->position);
		else
			db_params_null(params);
		db_params_uuid(params, call->has_position ? &call->position_id : NULL);
		db_params_int4(params, call->limit + 1);
	}
	return params;
}

static void page_go(struct desk_call *call)
{
	struct db_params *params = desk_call_page_params(call);
	if (params != NULL) desk_call_page(call, params);
}

/* ---- one thing ---- */

static bool version_of(const struct operation *operation, const struct pg_result *rows, char ret_tag[TAG_MAX])
{
	if (!operation->versioned) return false;
	int column = shape_column(operation->answer, "version");
	(void)snprintf(ret_tag, TAG_MAX, "\"%lld\"", (long long)db_rows_int(rows, 0, column));
	return true;
}

static void row_answer(struct desk_call *call, const struct pg_result *rows, int column)
{
	const struct operation *operation = call->operation;
	struct http_field fields[3] = {{"Content-Type", DESK_JSON_TYPE}};
	struct json_writer writer;
	struct text_span text;
	char tag[TAG_MAX], id[UUID_TEXT_LEN];
	size_t count = 1;
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	(void)shape_write(&writer, operation->answer, rows, 0, column, 0);
	if (version_of(operation, rows, tag)) fields[count++] = (struct http_field){"ETag", tag};
	if (operation->location != NULL && call->status == 201) {
		uuid_format(&call->id, id);
		fields[count].name = "Location";
		fields[count].value = arena_printf(&call->req->arena, "%s%s%s",
			call->desk->intake->worker->options->base_url, operation->location, id);
		if (fields[count].value != NULL) count++;
	}
	if (json_write_finish(&writer, &text) < 0) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	if (call->status == 200 && count > 1 && operation->method == HTTP_GET) {
		const char *none = http_head_get(&call->req->head, "if-none-match");
		if (none != NULL && strcmp(none, tag) == 0) {
			http_respond(call->req, 304, fields + 1, 1, (struct bytes){NULL, 0});
			return;
		}
	}
	http_respond(call->req, call->status, fields, count, (struct bytes){(const uint8_t *)text.ptr, text.len});
}

static void on_one(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	if (outcome->ending != DB_COMMITTED)
		desk_call_fail(call, outcome);
	else if (db_rows_count(outcome->results[0]) == 0)
		desk_call_problem(call, &desk_problem_found);
	else
		row_answer(call, outcome->results[0], 0);
}

static void one_go(struct desk_call *call, enum desk_statement statement)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	desk_call_ask(call, statement, params, on_one);
}

/* ---- acts ---- */

/* Says what was refused, with the entries that it is of. */
static void refusal_answer(struct desk_call *call, const struct pg_result *rows)
{
	const struct operation_refusal *first = NULL;
	for (int row = 0; row < db_rows_count(rows); row++) {
		int64_t outcome = db_rows_int(rows, row, 0);
		const struct operation_refusal *refusal = call->operation->refusals;
		const char *places = db_rows_text(rows, row, 2);
		while (refusal->problem.status != 0 && refusal->outcome != outcome) refusal++;
		if (refusal->problem.status == 0) {
			desk_call_problem(call, &desk_problem_refused);
			return;
		}
		if (first == NULL) first = refusal;
		while (places != NULL && *places != '\0') {
			size_t len = strcspn(places, ",");
			const char *pointer = zf_strndup(&call->req->arena.zf, places, len);
			problem_add(&call->problems, &refusal->problem.word, pointer == NULL ? "" : pointer, NULL);
			places += len + (places[len] == ',');
		}
	}
	desk_call_problem(call, &first->problem);
}

static void on_act(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	POINT("act.after_commit");
	const struct pg_result *rows = outcome->results[0];
	int64_t done = db_rows_count(rows) == 0 ? -1000 : db_rows_int(rows, 0, 0);
	if (db_rows_count(rows) == 0) { /* its statement takes no version */
		desk_call_problem(call, call->version >= 0 ? &desk_problem_versionless : &desk_problem_refused);
	} else if (done == -100) {
		desk_call_problem(call, &desk_problem_key);
	} else if (done < 0) {
		refusal_answer(call, rows);
	} else {
		call->status = done == 1 && call->operation->creates ? 201 : 200;
		if (!db_rows_null(rows, 0, 1)) call->id = db_rows_uuid(rows, 0, 1);
		if (call->operation->then == DESK_NONE)
			row_answer(call, rows, 3);
		else
			one_go(call, call->operation->then);
	}
}

void desk_call_act(struct desk_call *call, struct db_params *params)
{
	POINT("act.before_commit");
	desk_call_ask(call, call->operation->statement, params, on_act);
}

void desk_call_key_bind(const struct desk_call *call, struct db_params *params)
{
	const struct bytes none = {NULL, 0};
	db_params_bytes(params, call->has_key ? (struct bytes){call->key_hash, sizeof(call->key_hash)} : none);
	db_params_bytes(params, call->has_key ? (struct bytes){call->body_hash, sizeof(call->body_hash)} : none);
}

struct db_params *desk_call_act_params(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	bool has_id = strstr(call->operation->path, "{id}") != NULL;
	if (params == NULL) return NULL;
	db_params_text(params, call->principal->client_id);
	desk_call_key_bind(call, params);
	db_params_uuid(params, has_id ? &call->id : NULL);
	if (call->version >= 0)
		db_params_int4(params, (int32_t)call->version);
	else
		db_params_null(params);
	shape_bind(params, call->operation->request, call->body);
	return params;
}

static void act_go(struct desk_call *call)
{
	struct db_params *params = desk_call_act_params(call);
	if (params != NULL) desk_call_act(call, params);
}

void desk_call_go(struct desk_call *call)
{
	switch (call->operation->kind) {
	case OPERATION_LIST:
	case OPERATION_WHOLE:
		page_go(call);
		return;
	case OPERATION_ONE:
		one_go(call, call->operation->statement);
		return;
	case OPERATION_ACT:
		act_go(call);
		return;
	case OPERATION_DOCUMENT:
		desk_call_answer(call, 200, call->desk->document);
		return;
	case OPERATION_FILE:
	case OPERATION_UPLOAD:
	case OPERATION_TEXT:
		break;
	}
	assert(!"a file goes its own way");
}

/* ---- what was sent ---- */

static int hash_piece(void *ctx, const char *bytes, size_t len)
{
	return EVP_DigestUpdate(ctx, bytes, len) == 1 ? 0 : LIB_NOMEM;
}

/* Another spelling of the same JSON is the same request. */
static bool body_hash(struct desk_call *call, EVP_MD_CTX *digest)
{
	const struct bytes body = call->req->body;
	return EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
	       json_canonical((const char *)body.ptr, body.len, &call->req->arena.zf, JSON_DEPTH, body.len, hash_piece,
		       digest, NULL) == 0 &&
	       EVP_DigestFinal_ex(digest, call->body_hash, NULL) == 1;
}

/* The key counts for its client, operation and what that is of. */
static bool key_hash(struct desk_call *call, EVP_MD_CTX *digest, const char *key)
{
	const char *const parts[] = {call->principal->client_id, call->operation->name, key};
	bool is_good = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; is_good && i < ARRAY_LEN(parts); i++)
		is_good = EVP_DigestUpdate(digest, parts[i], strlen(parts[i]) + 1) == 1;
	return is_good && EVP_DigestUpdate(digest, call->id.b, sizeof(call->id.b)) == 1 &&
	       EVP_DigestFinal_ex(digest, call->key_hash, NULL) == 1;
}

static bool key_read(struct desk_call *call)
{
	const char *key = http_head_get(&call->req->head, "idempotency-key");
	if (key == NULL) return true;
	size_t len = strlen(key);
	bool is_good = len >= 1 && len <= KEY_MAX;
	for (const char *c = key; is_good && *c != '\0'; c++) is_good = *c > ' ' && *c < 0x7f;
	if (!is_good) {
		desk_call_problem(call, &problem_header);
		return false;
	}
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	call->has_key = digest != NULL && body_hash(call, digest) && key_hash(call, digest, key);
	EVP_MD_CTX_free(digest);
	if (!call->has_key) desk_call_problem(call, &desk_problem_memory);
	return call->has_key;
}

/* If-Match: "3". */
static bool match_read(struct desk_call *call)
{
	const char *text = http_head_get(&call->req->head, "if-match");
	call->version = -1;
	if (text == NULL || strcmp(text, "*") == 0) return true;
	size_t len = strlen(text);
	if (len >= 3 && text[0] == '"' && text[len - 1] == '"' &&
		text_to_int64((struct text_span){text + 1, len - 2}, &call->version) == 0 && call->version >= 0 &&
		call->version <= INT32_MAX)
		return true;
	desk_call_problem(call, &problem_match);
	return false;
}

static bool act_read(struct desk_call *call)
{
	const struct shape *shape = call->operation->request;
	if (operation_wants_key(call->operation) && http_head_get(&call->req->head, "idempotency-key") == NULL) {
		desk_call_problem(call, &problem_keyless);
		return false;
	}
	call->body = zf_alloc_array(&call->req->arena.zf, shape->count, sizeof(*call->body));
	if (call->body == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return false;
	}
	if (shape_read(shape, call->req->body, &call->req->arena, &call->problems, call->body) < 0) {
		desk_call_refuse(call);
		return false;
	}
	return key_read(call) && match_read(call);
}

/* Takes the cursor apart: position, limit and the parameters that it repeats. */
static bool cursor_read(struct desk_call *call, const char *text)
{
	const struct intake *intake = call->desk->intake;
	uint8_t plain[CURSOR_TEXT_MAX + 1];
	size_t len;
	if (cursor_open(text, intake->worker->keyring, &call->principal->hospital_id, plain, &len) < 0 ||
		len < CURSOR_HEAD || plain[0] != list_number(call))
		return false;
	plain[len] = '\0';
	call->has_position = true;
	call->position = 0;
	for (int i = 0; i < 8; i++) call->position = (int64_t)((uint64_t)call->position << 8 | plain[1 + i]);
	memcpy(call->position_id.b, plain + 9, sizeof(call->position_id.b));
	const char *rest = (const char *)plain + CURSOR_HEAD, *seen = strchr(rest, '/');
	const char *behind = seen == NULL ? NULL : strchr(seen, '&');
	int64_t limit;
	if (behind == NULL || text_to_int64((struct text_span){rest, (size_t)(seen - rest)}, &limit) != 0) return false;
	call->limit = (int32_t)limit;
	call->seen = zf_strndup(&call->req->arena.zf, seen + 1, (size_t)(behind - seen - 1));
	call->query_text = zf_strdup(&call->req->arena.zf, behind + 1);
	return call->seen != NULL && call->query_text != NULL;
}

/* Takes `name` out of the parameters; NULL: not there. */
static const char *param_take(struct http_param *params, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(params[i].name, name) != 0) continue;
		const char *value = params[i].value;
		memmove(&params[i], &params[i + 1], (--*count - i) * sizeof(*params));
		return value;
	}
	return NULL;
}

/* limit and cursor of a list. */
static int page_read(struct desk_call *call, struct http_param **params, size_t *count)
{
	const char *cursor = param_take(*params, count, "cursor");
	const char *limit = param_take(*params, count, "limit");
	bool is_text = call->operation->kind == OPERATION_TEXT;
	int64_t number = is_text ? DESK_TEXT_LIMIT_MAX : DESK_LIMIT_DEFAULT, most = is_text ? number : DESK_LIMIT_MAX;
	if (limit != NULL && (text_to_int64(text_of(limit), &number) != 0 || number < 1 || number > most))
		problem_add_place(&call->problems, &word_limit, "query: limit", NULL);
	call->limit = (int32_t)number;
	if (cursor == NULL) return 0;
	if (*count > 0 || limit != NULL) {
		problem_add_place(&call->problems, &word_cursor_alone, "query: cursor", NULL);
		*count = 0;
		return 0;
	}
	if (!cursor_read(call, cursor)) {
		problem_add_place(&call->problems, &word_cursor, "query: cursor", NULL);
		return 0;
	}
	int r = http_query_parse(call->query_text, strlen(call->query_text), &call->req->arena.zf, params, count);
	(void)param_take(*params, count, "limit");
	return r;
}

/* What stands in a URL names nobody. */
static void personal_refuse(struct desk_call *call, const struct http_param *params, size_t count)
{
	const struct shape *shape = call->operation->query;
	for (size_t i = 0; shape != NULL && i < shape->count; i++)
		for (size_t p = 0; p < count && (shape->fields[i].flags & FIELD_PERSONAL); p++)
			if (strcmp(params[p].name, shape->fields[i].name) == 0)
				problem_add_place(&call->problems, &word_personal,
					arena_printf(&call->req->arena, "query: %s", shape->fields[i].name),
					shape->fields[i].name);
}

/* The parameters' text: of a search its form, beside which the URL has none. */
static int query_text(struct desk_call *call)
{
	const struct bytes body = call->req->body;
	call->query_text = call->req->head.query;
	if (!operation_is_search(call->operation)) return 0;
	if (*call->query_text != '\0' || (body.len > 0 && memchr(body.ptr, '\0', body.len) != NULL)) return ERR_INVALID;
	call->query_text = body.len == 0 ? "" : zf_strndup(&call->req->arena.zf, (const char *)body.ptr, body.len);
	return call->query_text == NULL ? ERR_NOMEM : 0;
}

static bool query_read(struct desk_call *call)
{
	const struct shape *shape = call->operation->query;
	struct http_param *params = NULL;
	size_t count = 0;
	int r = query_text(call);
	if (r == 0)
		r = http_query_parse(call->query_text, strlen(call->query_text), &call->req->arena.zf, &params, &count);
	if (r == 0 && !operation_is_search(call->operation)) personal_refuse(call, params, count);
	if (r == 0 && operation_is_paged(call->operation)) r = page_read(call, &params, &count);
	if (r < 0) {
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &problem_query);
		return false;
	}
	if (shape != NULL) {
		call->query = zf_alloc_array(&call->req->arena.zf, shape->count, sizeof(*call->query));
		if (call->query == NULL) call->problems.no_memory = true;
	}
	if (call->problems.no_memory ||
		shape_read_query(shape, params, count, &call->req->arena, &call->problems, call->query) < 0) {
		desk_call_problem(call, &problem_parameters);
		return false;
	}
	return true;
}

static bool scope_check(struct desk_call *call)
{
	struct problem problem = {403, {.code = "forbidden"}};
	if ((call->principal->scope & call->operation->scope) == call->operation->scope) return true;
	call->inspects = (call->principal->scope & SCOPE_INSPECTOR) && operation_inspected(call->operation) != NULL;
	if (call->inspects) return true;
	for (size_t i = 0; i < operation_scope_count; i++) {
		const char *word = operation_scopes[i].word;
		if (!(call->operation->scope & operation_scopes[i].scope)) continue;
		problem.word.english = arena_printf(
			&call->req->arena, "This client's scopes do not cover this request: it needs %s.", word);
		problem.word.chinese =
			arena_printf(&call->req->arena, "该客户端的授权范围不包含此请求:需要 %s。", word);
	}
	desk_call_problem(
		call, problem.word.english == NULL || problem.word.chinese == NULL ? &desk_problem_memory : &problem);
	return false;
}

/* False: it is refused, and answered. */
static bool call_read(struct desk_call *call)
{
	const struct http_match *match = &call->req->match;
	if (!scope_check(call)) return false;
	if (match->param_count > 0 && uuid_parse(match->params[0], &call->id) < 0) {
		desk_call_problem(call, &desk_problem_found);
		return false;
	}
	if (operation_is_file(call->operation) && http_head_get(&call->req->head, "idempotency-key") != NULL) {
		desk_call_problem(call, &problem_key_none);
		return false;
	}
	return query_read(call) && (call->operation->kind != OPERATION_ACT || act_read(call));
}

static void call_go(struct desk_call *call)
{
	if (call->operation->run != NULL)
		call->operation->run(call);
	else
		desk_call_go(call);
}

/* ---- inspectors ---- */

static void on_look(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	if (outcome->ending != DB_COMMITTED)
		desk_call_fail(call, outcome);
	else if (!db_rows_bool(outcome->results[0], 0, 0))
		desk_call_problem(call, &problem_inspection);
	else
		call_go(call);
}

/* On record before anything is read, in a transaction of its own. */
static void look(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_text(params, call->principal->client_id);
	db_params_text(params, operation_inspected(call->operation));
	db_params_text(params, call->query_text);
	desk_call_ask(call, DESK_INSPECTOR_LOOK, params, on_look);
}

void desk_handle(struct http_request *req, void *ctx)
{
	struct desk_call *call = zf_alloc(&req->arena.zf, sizeof(*call));
	struct upload *upload =
		operation_at((size_t)req->match.route->tag)->kind == OPERATION_UPLOAD ? req->user : NULL;
	if (call == NULL) {
		if (upload != NULL) upload_abandon(upload);
		http_respond_error(req, 503, "no memory for the request");
		return;
	}
	*call = (struct desk_call){.desk = ctx,
		.req = req,
		.operation = operation_at((size_t)req->match.route->tag),
		.principal = intake_principal(req),
		.problems = {.arena = &req->arena},
		.seen = "",
		.version = -1,
		.status = 200};
	if (!call_read(call)) {
		if (upload != NULL) upload_abandon(upload);
		return;
	}
	if (call->inspects)
		look(call);
	else
		call_go(call);
}
