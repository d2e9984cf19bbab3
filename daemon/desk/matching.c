/* What the tables cannot say of matching: what it has found for money without a home is opened with the hospital's key,
 * and told with why, in words; what a person notes of it is sealed with that key. */
#include <string.h>

#include "db/batch.h"
#include "db/keyhold.h"
#include "desk/accept.h"
#include "desk/shapes.h"
#include "model/chart.h"
#include "model/directory.h"
#include "settle/match_choice.h"

#define ANSWER_BYTES_MAX (32u << 20)

/* ---- candidates ---- */

static void id_put(struct json_writer *writer, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_LEN];
	uuid_format(id, text);
	json_write_member(writer, name, text);
}

static void sum_put(struct json_writer *writer, const char *name, int64_t minor, const struct part_unit *unit)
{
	if (minor == 0) return;
	json_write_key(writer, name);
	shape_money_write(writer, minor, unit->currency, unit->exponent);
}

/* As the shape CandidatePart has it. */
void match_part_write(struct json_writer *writer, const struct match_allot *part, const struct part_unit *unit)
{
	const struct part_unit owed = {part->owed, part->owed_exponent};
	json_write_object_begin(writer);
	json_write_member(writer, "kind", shape_part_kinds[part->kind]);
	if (part->has_claim) {
		if (part->plan == NULL) id_put(writer, "claim", &part->claim);
		json_write_member(writer, "ref", part->ref);
		json_write_member(writer, "plan", part->plan);
	}
	if (part->has_remittance) id_put(writer, "remittance", &part->remittance);
	json_write_key(writer, "amount");
	shape_money_write(writer, part->amount, unit->currency, unit->exponent);
	if (part->has_claim) sum_put(writer, "cleared", part->cleared, &owed);
	sum_put(writer, "over", part->over, unit);
	sum_put(writer, "short", part->short_by, unit);
	sum_put(writer, "charge", part->charge.minor, unit);
	sum_put(writer, "discount", part->discount.minor, unit);
	sum_put(writer, "fee", part->fee.minor, unit);
	sum_put(writer, "fx", part->fx, unit);
	sum_put(writer, "unexplained", part->unexplained.minor, unit);
	json_write_object_end(writer);
}

/* As the shape Candidate has it. False: no memory. */
static bool candidate_put(struct json_writer *writer, int64_t no, const struct match_choice *choice,
	const struct part_unit *unit, struct zf_arena *arena)
{
	char print[CANDIDATE_PRINT_LEN];
	candidate_print(choice, print);
	json_write_object_begin(writer);
	json_write_member_int64(writer, "no", no);
	json_write_member(writer, "print", print);
	json_write_member_int64(writer, "score", choice->score);
	json_write_member(writer, "kind", shape_match_kinds[choice->kind]);
	json_write_member_bool(writer, "sound", choice->sound);
	if (choice->kind == MATCH_REVERSAL) id_put(writer, "credit", &choice->credit);
	json_write_member(writer, "line_kind", choice->line_kind);
	json_write_member(writer, "ledger_account", choice->account);
	json_write_key(writer, "why");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < choice->reason_count; i++) {
		const char *english = match_reason_text(&choice->reasons[i], false, arena);
		const char *chinese = match_reason_text(&choice->reasons[i], true, arena);
		if (english == NULL || chinese == NULL) return false;
		json_write_object_begin(writer);
		json_write_member(writer, "text", english);
		json_write_member(writer, "text_zh", chinese);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
	json_write_key(writer, "parts");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < choice->part_count; i++) match_part_write(writer, &choice->parts[i], unit);
	json_write_array_end(writer);
	json_write_object_end(writer);
	return true;
}

/* Opens the rows' candidates into the items of an answer. ERR_NOMEM; else the key's. */
static int candidates_put(struct desk_call *call, const struct pg_result *rows, struct json_writer *writer)
{
	const struct intake *intake = call->desk->intake;
	struct arena *arena = &call->req->arena;
	const struct part_unit unit = {db_rows_text(rows, 0, 2), (int)db_rows_int(rows, 0, 3)};
	for (int row = 0; row < db_rows_count(rows) && !db_rows_null(rows, row, 0); row++) {
		struct match_choice choice = {.kind = MATCH_PAYMENT};
		struct bytes plain;
		int r = keyhold_open(intake->keys, intake->sealer, &call->principal->hospital_id, &call->id, SEAL_FACT,
			db_rows_bytes(rows, row, 1), MATCH_CHOICE_BYTES_MAX, arena, &plain);
		if (r == 0)
			r = match_choice_read(
				(struct text_span){(const char *)plain.ptr, plain.len}, &arena->zf, &choice);
		if (r < 0) return r;
		if (!candidate_put(writer, db_rows_int(rows, row, 0), &choice, &unit, &arena->zf)) return ERR_NOMEM;
	}
	return 0;
}

static void on_candidates(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct json_writer writer;
	struct text_span text = {NULL, 0};
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	if (db_rows_count(rows) == 0) {
		desk_call_problem(call, &desk_problem_found);
		return;
	}
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_key(&writer, "items");
	json_write_array_begin(&writer);
	int r = candidates_put(call, rows, &writer);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (r == ERR_NOMEM || (r == 0 && json_write_finish(&writer, &text) < 0))
		desk_call_problem(call, &desk_problem_memory);
	else if (r < 0)
		desk_call_problem(call, &desk_problem_keys);
	else
		desk_call_answer(call, 200, text);
}

void candidates_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	shape_bind(params, call->operation->query, call->query);
	desk_call_ask(call, call->operation->statement, params, on_candidates);
}

/* ---- notes ---- */

void match_note_run(struct desk_call *call)
{
	struct value *note = &call->body[MATCH_NOTE_TEXT];
	assert(shape_value(&note_shape, call->body, "note") == note);
	if (desk_words_seal(call, &call->id, note)) desk_call_go(call);
}

/* ---- for no claim ---- */

/* What the kind is, and its account, is in the hospital's chart. */
void classify_run(struct desk_call *call)
{
	static const struct problem_word word_kind = {"kind-unknown",
		"The chart of accounts has no kind of line of this name (line_kinds).",
		"科目表的 line_kinds 中没有该类别。"};
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	const struct chart_line_kind *kind =
		hospital->chart == NULL
			? NULL
			: chart_line_kind(hospital->chart, shape_value(&classify_shape, call->body, "kind")->text);
	if (kind == NULL) {
		problem_add(&call->problems, &word_kind, "/kind", NULL);
		desk_call_refuse(call);
		return;
	}
	struct db_params *params = desk_why_seal(call) ? desk_call_act_params(call) : NULL;
	if (params == NULL) return;
	db_params_text(params, kind->account);
	db_params_int4(params, kind->ways);
	desk_call_act(call, params);
}
