/* Payers under /v1: names are sealed, and known by hashes, as accounts are. */
#include <string.h>

#include "db/batch.h"
#include "db/keyhold.h"
#include "desk/accept.h"
#include "desk/shapes.h"
#include "settle/match_know.h"

#define ANSWER_BYTES_MAX (8u << 20)
#define NAME_BYTES_MAX 4096
#define HASHES_MAX 64

static const struct problem_word word_needed = {
	"payer-unsaid", "Say by which name or account it is known.", "须填写名称或账户。"};
static const struct problem_word word_empty = {
	"payer-folded", "Nothing is left of this when marks and spaces are taken off.", "去除符号和空格后为空。"};

/* ---- the list ---- */

/* Rows: position, id, the columns of payer_row_shape, the sealed name. */
static int payer_put(struct desk_call *call, const struct pg_result *rows, int row, struct json_writer *writer)
{
	const struct intake *intake = call->desk->intake;
	const struct uuid id = db_rows_uuid(rows, row, 1);
	struct bytes plain;
	json_write_object_begin(writer);
	int column = shape_members_write(writer, &payer_row_shape, rows, row, 2, 0);
	if (!db_rows_null(rows, row, column)) {
		int r = keyhold_open(intake->keys, intake->sealer, &call->principal->hospital_id, &id, SEAL_FACT,
			db_rows_bytes(rows, row, column), NAME_BYTES_MAX, &call->req->arena, &plain);
		if (r == ERR_NOMEM) return r;
		/* One that no key opens is told without its name, so that it can be forgotten. */
		if (r == 0)
			json_write_member_span(writer, "name", (struct text_span){(const char *)plain.ptr, plain.len});
	}
	json_write_object_end(writer);
	return 0;
}

static void on_payers(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct json_writer writer;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	int count = db_rows_count(rows), r = 0;
	bool has_next = count > call->limit;
	if (has_next) count = call->limit;
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_key(&writer, "items");
	json_write_array_begin(&writer);
	for (int row = 0; r == 0 && row < count; row++) r = payer_put(call, rows, row, &writer);
	json_write_array_end(&writer);
	if (has_next) {
		const struct uuid id = db_rows_uuid(rows, count - 1, 1);
		json_write_member(&writer, "next", desk_call_link(call, db_rows_int(rows, count - 1, 0), &id));
	}
	json_write_object_end(&writer);
	if (r == 0)
		desk_call_write(call, 200, &writer);
	else
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
}

void payers_run(struct desk_call *call)
{
	struct db_params *params = desk_call_page_params(call);
	if (params == NULL) return;
	db_params_text(params, call->principal->client_id); /* whose look goes on record with the page */
	desk_call_ask(call, call->operation->statement, params, on_payers);
}

/* ---- what a person says ---- */

/* By their kind: 1 name, 2 account. */
static const char *said(const struct desk_call *call, int kind)
{
	return shape_value(&payer_said_shape, call->body, kind == 1 ? "name" : "account")->text;
}

/* False: answered. */
static bool said_check(struct desk_call *call)
{
	const struct keyring *keyring = call->desk->intake->worker->keyring;
	uint8_t hash[LOOKUP_HASH_BYTES];
	if (said(call, 1) == NULL && said(call, 2) == NULL) problem_add(&call->problems, &word_needed, "/name", NULL);
	for (int kind = 1; kind <= 2; kind++)
		if (said(call, kind) != NULL &&
			match_payer_hash(keyring, keyring_newest(keyring, KEY_LOOKUP), &call->principal->hospital_id,
				(uint8_t)kind, said(call, kind), hash) == ERR_INVALID)
			problem_add(&call->problems, &word_empty, kind == 1 ? "/name" : "/account", NULL);
	if (call->problems.count == 0) return true;
	desk_call_refuse(call);
	return false;
}

/* Hospital, client, hashes of the request, version, remitter and why: of the body the rest stays here. NULL: answered.
 */
static struct db_params *said_params(struct desk_call *call)
{
	struct db_params *params = said_check(call) ? desk_call_params(call) : NULL;
	if (params == NULL) return NULL;
	db_params_text(params, call->principal->client_id);
	desk_call_key_bind(call, params);
	if (call->version >= 0)
		db_params_int4(params, (int32_t)call->version);
	else
		db_params_null(params);
	db_params_text(params, shape_value(&payer_said_shape, call->body, "remitter")->text);
	db_params_text(params, shape_value(&payer_said_shape, call->body, "why")->text);
	return params;
}

void payer_add_run(struct desk_call *call)
{
	struct db_params *params = said_params(call);
	if (params == NULL) return;
	const struct match_line line = {.payer_name = said(call, 1), .payer_account = said(call, 2)};
	int r = learned_bind(call, &line, params);
	if (r < 0)
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
	else
		desk_call_act(call, params);
}

/* Under all versions of the look-up key: nobody knows under which it was learned. */
void payer_forget_run(struct desk_call *call)
{
	const struct keyring *keyring = call->desk->intake->worker->keyring;
	uint16_t versions[HASHES_MAX];
	size_t count = keyring_versions(keyring, KEY_LOOKUP, versions, ARRAY_LEN(versions));
	struct db_params *params = said_params(call);
	uint8_t hash[LOOKUP_HASH_BYTES];
	if (params == NULL) return;
	struct db_array *kinds = db_params_array(params, DB_INT2, 2 * count, 0);
	struct db_array *hashes = db_params_array(params, DB_BYTEA, 2 * count, 2 * count * sizeof(hash));
	for (int kind = 1; kind <= 2; kind++) {
		for (size_t i = 0; said(call, kind) != NULL && i < count; i++) {
			if (match_payer_hash(keyring, versions[i], &call->principal->hospital_id, (uint8_t)kind,
				    said(call, kind), hash) < 0)
				continue;
			db_array_int2(kinds, (int16_t)kind);
			db_array_bytes(hashes, (struct bytes){hash, sizeof(hash)});
		}
	}
	desk_call_act(call, params);
}
