/* Accepting what matching has found: the candidate is posted as it stands, and whose name and account stood on the
 * money is learned, as zhifuctl money match accept does it. */
#include <string.h>

#include "db/batch.h"
#include "db/keyhold.h"
#include "desk/call.h"
#include "desk/shapes.h"
#include "settle/match_choice.h"
#include "settle/match_content.h"
#include "settle/match_know.h"

#define CONTENT_BYTES_MAX (1u << 20)

/* Rows of DESK_CANDIDATE. */
enum { C_VERSION, C_CHOICE, C_LINE, C_DETAIL };

static const struct problem problem_unsound = {409,
	{"candidate-unsound",
		"This candidate cannot be posted as it is: a rate is missing, the advice does not balance, or something is left over.",
		"该候选无法直接入账:缺少汇率、付款通知不平,或尚有余额。"}};

/* Opens a column that belongs to the line; {NULL, 0} where it is null. */
static int column_open(struct desk_call *call, const struct pg_result *rows, int column, struct bytes *ret)
{
	const struct intake *intake = call->desk->intake;
	*ret = (struct bytes){NULL, 0};
	if (db_rows_null(rows, 0, column)) return 0;
	return keyhold_open(intake->keys, intake->sealer, &call->principal->hospital_id, &call->id, SEAL_FACT,
		db_rows_bytes(rows, 0, column), column == C_CHOICE ? MATCH_CHOICE_BYTES_MAX : CONTENT_BYTES_MAX,
		&call->req->arena, ret);
}

/* The payer's name (kind 1) and account (2) on the money, as they are learned. */
struct learned {
	struct db_array *kinds, *hashes, *ids, *contents;
};

static int learn(struct desk_call *call, const struct learned *learned, uint8_t kind, const char *text)
{
	const struct intake *intake = call->desk->intake;
	const struct uuid *hospital = &call->principal->hospital_id;
	uint8_t hash[LOOKUP_HASH_BYTES];
	struct uuid id = uuid_new();
	struct bytes sealed = {NULL, 0};
	int version;
	if (text == NULL ||
		match_payer_hash(intake->worker->keyring, keyring_newest(intake->worker->keyring, KEY_LOOKUP), hospital,
			kind, text, hash) < 0)
		return 0;
	const struct key *key = keyhold_newest(intake->keys, hospital, &version);
	if (key == NULL) return ERR_NOTFOUND;
	if (kind == 1) {
		struct bytes plain = {(const uint8_t *)text, strlen(text)};
		int r = seal(intake->sealer, key, &id, SEAL_FACT, plain, &call->req->arena, &sealed);
		if (r < 0) return r;
	}
	db_array_int2(learned->kinds, kind);
	db_array_bytes(learned->hashes, (struct bytes){hash, sizeof(hash)});
	db_array_uuid(learned->ids, &id);
	if (kind == 1)
		db_array_bytes(learned->contents, sealed);
	else
		db_array_null(learned->contents);
	return 0;
}

/* rows NULL: nothing is learned. */
static int learned_bind(struct desk_call *call, const struct pg_result *rows, struct db_params *params)
{
	struct learned learned;
	struct match_line line = {.payer_name = NULL};
	struct bytes plain, detail;
	/* one after the other: that is their order in the statement */
	learned.kinds = db_params_array(params, DB_INT2, 2, 0);
	learned.hashes = db_params_array(params, DB_BYTEA, 2, 64);
	learned.ids = db_params_array(params, DB_UUID, 2, 0);
	learned.contents = db_params_array(params, DB_BYTEA, 2, 1024);
	if (rows == NULL) return 0;
	int r = column_open(call, rows, C_LINE, &plain);
	if (r == 0) r = column_open(call, rows, C_DETAIL, &detail);
	line.amount = (struct zf_money){.present = 1};
	if (r == 0) r = match_content_read(plain, detail, &call->req->arena.zf, &line);
	if (r == 0) r = learn(call, &learned, 1, line.payer_name);
	if (r == 0) r = learn(call, &learned, 2, line.payer_account);
	return r;
}

/* rows NULL: there is no such candidate. */
static void accept_go(struct desk_call *call, const struct pg_result *rows, const struct match_choice *choice)
{
	const struct match_posting posting = {uuid_new(), call->id,
		(int32_t)shape_value(&accept_shape, call->body, "part")->number,
		rows == NULL ? 0 : (int32_t)db_rows_int(rows, 0, C_VERSION), choice};
	struct db_params *params = zf_alloc(&call->req->arena.zf, sizeof(*params));
	if (params == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	db_params_init(params, &call->req->arena);
	match_post_params(params, &call->principal->hospital_id, call->principal->client_id,
		shape_value(&accept_shape, call->body, "why")->text, true, &posting, 1);
	assert(params->count == MATCH_POST_PARAMS);
	desk_call_key_bind(call, params);
	db_params_uuid(params, choice->kind == MATCH_REVERSAL ? &choice->credit : NULL);
	db_params_int4(params, choice->credit_part);
	int r = learned_bind(call, rows, params);
	if (r == ERR_NOMEM)
		desk_call_problem(call, &desk_problem_memory);
	else if (r < 0)
		desk_call_problem(call, &desk_problem_keys);
	else
		desk_call_act(call, params);
}

static void on_candidate(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct match_choice choice = {.kind = MATCH_PAYMENT};
	struct bytes plain;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	/* Perhaps this very request took it before, which its key tells. */
	if (db_rows_count(rows) == 0) {
		static const struct match_choice none = {.kind = MATCH_PAYMENT};
		accept_go(call, NULL, &none);
		return;
	}
	int r = column_open(call, rows, C_CHOICE, &plain);
	if (r == 0)
		r = match_choice_read(
			(struct text_span){(const char *)plain.ptr, plain.len}, &call->req->arena.zf, &choice);
	if (r < 0)
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
	else if (!choice.sound)
		desk_call_problem(call, &problem_unsound);
	else
		accept_go(call, rows, &choice);
}

void accept_run(struct desk_call *call)
{
	const struct value *part = shape_value(&accept_shape, call->body, "part");
	const struct value *candidate = shape_value(&accept_shape, call->body, "candidate");
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	db_params_int8(params, part->number);
	db_params_int8(params, candidate->number);
	db_params_text(params, shape_value(&accept_shape, call->body, "print")->text);
	desk_call_ask(call, DESK_CANDIDATE, params, on_candidate);
}
