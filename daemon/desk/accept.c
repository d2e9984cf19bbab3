/* Accepting what matching has found: the candidate is posted as it stands, and whose name and account stood on the
 * money is learned, as zhifuctl money match accept does it. */
#include <string.h>

#include "db/batch.h"
#include "db/keyhold.h"
#include "desk/accept.h"
#include "desk/shapes.h"
#include "settle/bank_content.h"
#include "settle/match_content.h"
#include "settle/match_know.h"

/* Rows of DESK_CANDIDATE. */
enum { C_VERSION, C_CHOICE, C_LINE, C_DETAIL };

static const struct problem problem_unsound = {409,
	{"candidate-unsound",
		"This candidate cannot be posted as it is: a rate is missing, the advice does not balance, or something is left over.",
		"该候选无法直接入账:缺少汇率、付款通知不平,或尚有余额。"}};

/* Opens a column that belongs to the line; {NULL, 0} where it is null. */
static int column_open(
	struct desk_call *call, const struct pg_result *rows, int column, size_t bytes_max, struct bytes *ret)
{
	const struct intake *intake = call->desk->intake;
	*ret = (struct bytes){NULL, 0};
	if (db_rows_null(rows, 0, column)) return 0;
	return keyhold_open(intake->keys, intake->sealer, &call->principal->hospital_id, &call->id, SEAL_FACT,
		db_rows_bytes(rows, 0, column), bytes_max, &call->req->arena, ret);
}

void candidate_print(const struct match_choice *choice, char ret[CANDIDATE_PRINT_LEN])
{
	uint8_t digest[MATCH_PRINT_BYTES];
	match_choice_digest(choice, digest);
	text_hex_encode(digest, sizeof(digest), ret);
}

int decided_line_read(
	struct desk_call *call, const struct pg_result *rows, int line, int detail, struct match_line *ret)
{
	struct bytes plain, own;
	*ret = (struct match_line){.amount = {.present = 1}};
	int r = column_open(call, rows, line, BANK_CONTENT_BYTES_MAX, &plain);
	if (r == 0) r = column_open(call, rows, detail, BANK_CONTENT_BYTES_MAX, &own);
	return r == 0 ? match_content_read(plain, own, &call->req->arena.zf, ret) : r;
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
	if (text == NULL ||
		match_payer_hash(intake->worker->keyring, keyring_newest(intake->worker->keyring, KEY_LOOKUP), hospital,
			kind, text, hash) < 0)
		return 0;
	int r = kind == 1 ? desk_seal(call, &id, text, &sealed) : 0;
	if (r < 0) return r;
	db_array_int2(learned->kinds, kind);
	db_array_bytes(learned->hashes, (struct bytes){hash, sizeof(hash)});
	db_array_uuid(learned->ids, &id);
	if (kind == 1)
		db_array_bytes(learned->contents, sealed);
	else
		db_array_null(learned->contents);
	return 0;
}

int learned_bind(struct desk_call *call, const struct match_line *line, struct db_params *params)
{
	struct learned learned;
	/* one after the other: that is their order in the statement */
	learned.kinds = db_params_array(params, DB_INT2, 2, 0);
	learned.hashes = db_params_array(params, DB_BYTEA, 2, 64);
	learned.ids = db_params_array(params, DB_UUID, 2, 0);
	learned.contents = db_params_array(params, DB_BYTEA, 2, 1024);
	if (line == NULL) return 0;
	int r = learn(call, &learned, 1, line->payer_name);
	return r == 0 ? learn(call, &learned, 2, line->payer_account) : r;
}

void decided_post(struct desk_call *call, const struct decided *decided, const struct match_choice *choice)
{
	const struct match_posting posting = {uuid_new(), call->id, decided->part, decided->version, choice};
	struct db_params *params = zf_alloc(&call->req->arena.zf, sizeof(*params));
	if (params == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	db_params_init(params, &call->req->arena);
	match_post_params(
		params, &call->principal->hospital_id, call->principal->client_id, decided->why, true, &posting, 1);
	assert(params->count == MATCH_POST_PARAMS);
	desk_call_key_bind(call, params);
	db_params_uuid(params, choice->kind == MATCH_REVERSAL ? &choice->credit : NULL);
	db_params_int4(params, choice->credit_part);
	int r = learned_bind(call, decided->line, params);
	db_params_text(params, choice->line_kind);
	db_params_text(params, choice->account);
	if (r == ERR_NOMEM)
		desk_call_problem(call, &desk_problem_memory);
	else if (r < 0)
		desk_call_problem(call, &desk_problem_keys);
	else
		desk_call_act(call, params);
}

/* Is the candidate in the first row the one that was seen? ERR_AGAIN: it is another one by now. */
static int candidate_read(
	struct desk_call *call, const struct pg_result *rows, int column, const char *print, struct match_choice *ret)
{
	struct bytes plain;
	char now[CANDIDATE_PRINT_LEN];
	int r = column_open(call, rows, column, MATCH_CHOICE_BYTES_MAX, &plain);
	if (r == 0)
		r = match_choice_read(
			(struct text_span){(const char *)plain.ptr, plain.len}, &call->req->arena.zf, ret);
	if (r < 0) return r;
	candidate_print(ret, now);
	return strcmp(now, print) == 0 ? 0 : ERR_AGAIN;
}

static void on_candidate(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct decided decided = {.part = (int32_t)shape_value(&accept_shape, call->body, "part")->number,
		.why = shape_value(&accept_shape, call->body, "why")->text};
	struct match_choice choice = {.kind = MATCH_PAYMENT};
	struct match_line line;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	int r = db_rows_count(rows) == 0 ? ERR_AGAIN
					 : candidate_read(call, rows, C_CHOICE,
						   shape_value(&accept_shape, call->body, "print")->text, &choice);
	/* Perhaps this very request took it before, which its key tells. */
	if (r == ERR_AGAIN) {
		static const struct match_choice none = {.kind = MATCH_PAYMENT};
		decided_post(call, &decided, &none);
		return;
	}
	if (r == 0) r = decided_line_read(call, rows, C_LINE, C_DETAIL, &line);
	decided.version = r == 0 ? (int32_t)db_rows_int(rows, 0, C_VERSION) : 0;
	decided.line = &line;
	if (r < 0)
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
	else if (!choice.sound)
		desk_call_problem(call, &problem_unsound);
	else
		decided_post(call, &decided, &choice);
}

/* Of accept and reject, whose bodies begin alike. */
static void candidate_ask(struct desk_call *call, const struct shape *shape, db_done *done)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	db_params_int8(params, shape_value(shape, call->body, "part")->number);
	db_params_int8(params, shape_value(shape, call->body, "candidate")->number);
	desk_call_ask(call, DESK_CANDIDATE, params, done);
}

void accept_run(struct desk_call *call)
{
	if (desk_why_seal(call)) candidate_ask(call, &accept_shape, on_candidate);
}

/* ---- rejecting ---- */

/* What is never offered again is the answer, whatever its amounts; that it is the one that was seen, its print says. */
static void on_unwanted(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct value *print = &call->body[REJECT_PRINT];
	struct match_choice choice;
	uint8_t answer[MATCH_PRINT_BYTES];
	assert(shape_value(&reject_shape, call->body, "print") == print);
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	int r = db_rows_count(rows) == 0 ? ERR_AGAIN : candidate_read(call, rows, C_CHOICE, print->text, &choice);
	if (r == 0) {
		char *hex = zf_alloc(&call->req->arena.zf, 2 * sizeof(answer) + 1);
		match_choice_print(&choice, answer);
		if (hex != NULL) text_hex_encode(answer, sizeof(answer), hex);
		print->text = hex;
		if (hex == NULL) r = ERR_NOMEM;
	}
	if (r == 0 || r == ERR_AGAIN)
		desk_call_go(call);
	else
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
}

void reject_run(struct desk_call *call)
{
	if (desk_why_seal(call)) candidate_ask(call, &reject_shape, on_unwanted);
}
