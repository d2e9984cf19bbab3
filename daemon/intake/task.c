/* Reads the task, finds the claim and its patient's key, seals, and lets task_commit decide under the claim's lock. */
#include "intake/task.h"

#include <string.h>

#include "db/batch.h"
#include "db/params.h"
#include "fhir/document.h"
#include "fhir/encode.h"
#include "intake/read.h"
#include "intake/read_sql.h"
#include "intake/submission.h"

#define TASK_BODY_BYTES_MAX (256u << 10)
#define TRIES_MAX 4
#define REASON_BYTES_MAX 64

static const struct outcome_remark remark_gone = {"error", "deleted", "erased",
	"The patient's data was erased; nothing of this claim can be acted on.",
	"该患者的数据已被删除，无法再处理该理赔单。", NULL};

struct task_call {
	struct read_call read;
	struct fhir_document document;
	const struct fhir_document_task *task;
	struct uuid id, work_id, claim_id;
	struct bytes content; /* sealed */
	const char *reason;
	bool has_identifier;
	uint8_t identifier[LOOKUP_HASH_BYTES];
	unsigned tries;
};

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

/* ---- what it says ---- */

static bool is(const char *text, const char *wanted)
{
	return text != NULL && strcmp(text, wanted) == 0;
}

/* A reason is kept in the clear for statistics, so only when it is a code: a sentence may name somebody. */
static const char *reason_code(const char *reason)
{
	size_t len = reason == NULL ? 0 : strlen(reason);
	if (len == 0 || len > REASON_BYTES_MAX) return NULL;
	return strspn(reason, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len ? reason
													  : NULL;
}

/* Unless the reader has said so already. */
static void missing(struct fault_list *faults, const char *path, const char *element)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].path != NULL && strcmp(faults->items[i].path, path) == 0) return;
	fault_add(faults, FAULT_ELEMENT_MISSING, path, element, NULL);
}

static void judge(const struct fhir_document_task *task, struct fault_list *faults)
{
	if (task->status == NULL)
		missing(faults, "Task.status", "status");
	else if (!is(task->status, "requested"))
		fault_add(faults, FAULT_CODE_NOT_IN_VALUE_SET, "Task.status", task->status, "requested");
	if (task->intent == NULL)
		missing(faults, "Task.intent", "intent");
	else if (!is(task->intent, "order"))
		fault_add(faults, FAULT_CODE_NOT_IN_VALUE_SET, "Task.intent", task->intent, "order");
	/* R4 lets a Task have no code (0..1); here it must say that it cancels. */
	if (task->code == NULL || !is(task->code, "cancel"))
		fault_add(faults, FAULT_TASK_CODE, "Task.code", task->code == NULL ? "" : task->code, NULL);
	if (task->focus == NULL && (task->focus_identifier == NULL || task->focus_identifier->value == NULL))
		fault_add(faults, FAULT_TASK_FOCUS, "Task.focus", NULL, NULL);
}

/* "Claim/ID" or "BASE/fhir/Claim/ID". */
static bool focus_id(const struct task_call *call, struct uuid *ret_id)
{
	const char *base = call->read.intake->worker->options->base_url, *text = call->task->focus;
	size_t base_len = strlen(base);
	if (text == NULL) return false;
	if (strncmp(text, base, base_len) == 0 && strncmp(text + base_len, "/fhir/", 6) == 0) text += base_len + 6;
	return strncmp(text, "Claim/", 6) == 0 && uuid_parse(text + 6, ret_id) == 0;
}

/* ---- the commit ---- */

static void on_committed(void *ctx, const struct db_outcome *outcome);

static int commit(struct task_call *call)
{
	struct db_params *params = zf_alloc(&call->read.req->arena.zf, sizeof(*params));
	if (params == NULL) return ERR_NOMEM;
	db_params_init(params, &call->read.req->arena);
	db_params_uuid(params, &call->read.hospital);
	db_params_uuid(params, &call->id);
	db_params_uuid(params, &call->claim_id);
	db_params_uuid(params, &call->work_id);
	db_params_bytes(params,
		call->has_identifier ? (struct bytes){call->identifier, LOOKUP_HASH_BYTES} : (struct bytes){NULL, 0});
	db_params_text(params, call->reason);
	db_params_text(params, intake_principal(call->read.req)->client_id);
	db_params_bytes(params, call->content);
	call->tries++;
	return db_query_tenant(call->read.intake->pool, &call->read.hospital, &read_sql[READ_TASK_COMMIT], params, 0,
		on_committed, call);
}

static const char *location_of(const struct task_call *call, const struct uuid *id)
{
	char text[UUID_TEXT_LEN];
	uuid_format(id, text);
	return arena_printf(
		&call->read.req->arena, "%s/fhir/Task/%s", call->read.intake->worker->options->base_url, text);
}

/* The task that this call stored. */
static void respond_new(struct task_call *call, const struct pg_result *rows)
{
	struct resource resource = {.id = call->id, .updated_ms = db_rows_time_ms(rows, 0, 6)};
	struct task_facts facts = {.id = call->id,
		.updated_ms = resource.updated_ms,
		.status = db_rows_text(rows, 0, 3),
		.outcome = db_rows_text(rows, 0, 4)};
	resource.version = resource_task_version(facts.status);
	struct text_span raw = call->document.entries[call->task->entry].raw;
	if (is(facts.status, "in-progress")) db_notify_send(call->read.intake->notify, "translate", 1);
	if (resource_task(raw, &facts, &call->read.req->arena.zf, &resource.text) < 0)
		outcome_respond(call->read.req, 503, &outcome_unknown);
	else
		read_call_respond(&call->read, 201, &resource, location_of(call, &call->id));
}

static void on_committed(void *ctx, const struct db_outcome *outcome)
{
	struct task_call *call = ctx;
	/* Running it again is harmless: the task's own id tells whether it was stored. */
	if (outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE) {
		if (call->tries < TRIES_MAX && commit(call) == 0) return;
		outcome_respond(
			call->read.req, 503, outcome->ending == DB_UNKNOWN ? &outcome_unknown : &outcome_overloaded);
		return;
	}
	if (outcome->ending == DB_REFUSED || db_rows_count(outcome->results[0]) == 0) {
		read_call_fail(&call->read, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	struct uuid id = db_rows_uuid(rows, 0, 1), claim_id = db_rows_uuid(rows, 0, 2);
	if (uuid_equal(&id, &call->id)) {
		respond_new(call, rows);
	} else if (!uuid_equal(&claim_id, &call->claim_id)) {
		/* Its identifier names a task about another claim. */
		outcome_respond(call->read.req, 409, &outcome_conflict);
	} else {
		read_call_query(&call->read, RESOURCE_TASK, &id, location_of(call, &id));
	}
}

/* ---- the claim ---- */

static void respond_focus(struct task_call *call)
{
	struct fault_list faults;
	fault_list_init(&faults, &call->read.req->arena.zf, 0);
	fault_add(&faults, FAULT_TASK_FOCUS, "Task.focus", NULL, NULL);
	outcome_respond_faults(call->read.req, 422, &faults);
}

static int seal_task(struct task_call *call, const struct pg_result *rows)
{
	struct key key CLEANUP(key_wipe) = {{0}};
	struct text_span raw = call->document.entries[call->task->entry].raw;
	struct uuid key_id = db_rows_uuid(rows, 0, 1);
	int r = resource_patient_key(call->read.intake, &call->read.hospital, &key_id, db_rows_bytes(rows, 0, 2),
		(int32_t)db_rows_int(rows, 0, 3), &key);
	if (r < 0) return r;
	return seal(call->read.intake->sealer, &key, &call->id, SEAL_RESOURCE,
		(struct bytes){(const uint8_t *)raw.ptr, raw.len}, &call->read.req->arena, &call->content);
}

static void on_focus(void *ctx, const struct db_outcome *outcome)
{
	struct task_call *call = ctx;
	if (outcome->ending != DB_COMMITTED) {
		read_call_fail(&call->read, outcome);
		return;
	}
	/* An identifier that two claims share does not say which one is meant. */
	if (db_rows_count(outcome->results[0]) != 1) {
		respond_focus(call);
		return;
	}
	call->claim_id = db_rows_uuid(outcome->results[0], 0, 0);
	int r = seal_task(call, outcome->results[0]);
	if (r == 0) r = commit(call);
	if (r == ERR_NOTFOUND)
		outcome_respond(call->read.req, 410, &remark_gone);
	else if (r < 0)
		outcome_respond(call->read.req, 503, &outcome_overloaded);
}

/* The hashes of an identifier under all live look-up keys. */
static int bind_hashes(struct task_call *call, struct db_params *params, const struct zf_identifier *identifier)
{
	const struct keyring *ring = call->read.intake->worker->keyring;
	uint16_t versions[SUBMISSION_VERSIONS_MAX];
	size_t count = keyring_versions(ring, KEY_LOOKUP, versions, SUBMISSION_VERSIONS_MAX);
	struct db_array *array = db_params_array(
		params, DB_BYTEA, SUBMISSION_VERSIONS_MAX, (size_t)SUBMISSION_VERSIONS_MAX * LOOKUP_HASH_BYTES);
	for (size_t v = 0; v < count && v < SUBMISSION_VERSIONS_MAX; v++) {
		uint8_t hash[LOOKUP_HASH_BYTES];
		struct bytes parts[2] = {
			bytes_of(identifier->system == NULL ? "" : identifier->system), bytes_of(identifier->value)};
		int r = lookup_hash(ring, versions[v], &call->read.hospital, LOOKUP_CLAIM_IDENT, parts, 2, hash);
		if (r < 0) return r;
		db_array_bytes(array, (struct bytes){hash, sizeof(hash)});
	}
	return 0;
}

static int find_claim(struct task_call *call)
{
	const struct zf_identifier *identifier = call->task->focus_identifier;
	struct db_params *params = zf_alloc(&call->read.req->arena.zf, sizeof(*params));
	struct uuid id;
	int r = 0;
	if (params == NULL) return ERR_NOMEM;
	bool has_id = focus_id(call, &id);
	bool has_value = !has_id && identifier != NULL && identifier->value != NULL;
	bool is_ref = has_value && (is(identifier->system, FHIR_SYSTEM_CLAIM) ||
					   (identifier->system == NULL && ref_valid(identifier->value)));
	db_params_init(params, &call->read.req->arena);
	db_params_uuid(params, &call->read.hospital);
	db_params_uuid(params, has_id ? &id : NULL);
	if (has_value && !is_ref)
		r = bind_hashes(call, params, identifier);
	else
		db_params_null(params);
	db_params_text(params, is_ref ? identifier->value : NULL);
	if (r < 0) return r;
	return db_query_tenant(
		call->read.intake->pool, &call->read.hospital, &read_sql[READ_FOCUS], params, 0, on_focus, call);
}

static int hash_own(struct task_call *call)
{
	const struct fhir_document_task *task = call->task;
	const struct keyring *ring = call->read.intake->worker->keyring;
	for (uint32_t i = 0; i < task->identifier_count && !call->has_identifier; i++) {
		const struct zf_identifier *identifier = task->identifiers[i];
		if (identifier->value == NULL) continue;
		struct bytes parts[3] = {bytes_of("Task"),
			bytes_of(identifier->system == NULL ? "" : identifier->system), bytes_of(identifier->value)};
		int r = lookup_hash(ring, keyring_newest(ring, KEY_LOOKUP), &call->read.hospital, LOOKUP_CLAIM_IDENT,
			parts, 3, call->identifier);
		if (r < 0) return r;
		call->has_identifier = true;
	}
	return 0;
}

/* ---- the handler ---- */

static void task_handle(struct http_request *req, void *ctx)
{
	struct fault_list faults;
	struct read_call *read = read_call_new(req, ctx, SCOPE_CANCEL);
	if (read == NULL) return;
	struct task_call *call = zf_alloc(&req->arena.zf, sizeof(*call));
	if (call == NULL) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	call->read = *read;
	fault_list_init(&faults, &req->arena.zf, 0);
	int r = fhir_document_read((const char *)req->body.ptr, req->body.len, NULL, FHIR_ACCEPT_TASK, &req->arena.zf,
		&faults, &call->document);
	if (r == LIB_NOMEM || faults.no_memory) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	if (r == 0 && call->document.task_count == 1) {
		call->task = call->document.tasks[0];
		judge(call->task, &faults);
	}
	if (r < 0 || call->task == NULL || fault_refuses(&faults)) {
		outcome_respond_faults(req, r < 0 ? 400 : 422, &faults);
		return;
	}
	call->id = uuid_new();
	call->work_id = uuid_new();
	call->reason = reason_code(call->task->reason);
	if (hash_own(call) < 0 || find_claim(call) < 0) outcome_respond(req, 503, &outcome_overloaded);
}

static const struct http_route routes[] = {
	{HTTP_POST, "/fhir/Task", HTTP_ROUTE_BODY, TASK_BODY_BYTES_MAX, FHIR_BODY_TYPES, NULL, task_handle,
		"task_create", 0},
};

int task_routes(struct intake *intake)
{
	return http_router_add(intake->router, routes, ARRAY_LEN(routes), intake);
}
