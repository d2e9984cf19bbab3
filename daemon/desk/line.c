/* GET /v1/bank-lines/{id}: what the bank said of one line, with the names in it, what it told of its transactions, and
 * what persons noted. It is on record who looked before anything of it is read. */
#include "db/batch.h"
#include "db/keyhold.h"
#include "desk/call.h"
#include "desk/shapes.h"
#include "lib/date.h"
#include "settle/bank_content.h"
#include "settle/match_content.h"

#define ANSWER_BYTES_MAX (32u << 20)

/* Behind the columns of line_shape in rows of DESK_LINE_TOLD, sorted by kind. */
enum { T_KIND, T_NO, T_AMOUNT, T_CONTENT, T_WHO, T_AT, T_COUNT };
enum { OF_LINE, OF_TRANSACTION, OF_NOTE };

/* An answer that is being written. */
struct telling {
	struct desk_call *call;
	const struct pg_result *rows;
	int behind; /* the columns of line_shape */
	int row;
	struct bytes line; /* opened */
	struct json_writer writer;
};

static int open_content(struct telling *telling, struct bytes *ret)
{
	const struct intake *intake = telling->call->desk->intake;
	return keyhold_open(intake->keys, intake->sealer, &telling->call->principal->hospital_id, &telling->call->id,
		SEAL_FACT, db_rows_bytes(telling->rows, telling->row, telling->behind + T_CONTENT),
		BANK_CONTENT_BYTES_MAX, &telling->call->req->arena, ret);
}

/* What matching reads of it, then all of it. transaction: {NULL, 0} where it is all of the line. */
static int content_put(struct telling *telling, struct bytes transaction)
{
	struct json_writer *writer = &telling->writer;
	struct bytes all = transaction.ptr != NULL ? transaction : telling->line;
	struct match_line said = {
		.amount = {.minor = db_rows_int(telling->rows, 0, shape_column(&line_shape, "amount")), .present = 1}};
	int r = match_content_read(telling->line, transaction, &telling->call->req->arena.zf, &said);
	if (r < 0) return r;
	json_write_member(writer, "payer", said.payer_name);
	json_write_member(writer, "payer_account", said.payer_account);
	json_write_member(writer, "end_to_end", said.end_to_end);
	json_write_member(writer, "text", said.text);
	if (said.structured_count > 0) {
		json_write_key(writer, "references");
		json_write_array_begin(writer);
		for (uint32_t i = 0; i < said.structured_count; i++) {
			json_write_object_begin(writer);
			json_write_member(writer, "reference", said.structured[i]);
			json_write_object_end(writer);
		}
		json_write_array_end(writer);
	}
	json_write_member_raw(writer, "content", (struct text_span){(const char *)all.ptr, all.len});
	return 0;
}

/* As the shape BankTransaction has it. */
static int transaction_put(struct telling *telling, struct bytes plain)
{
	const struct pg_result *rows = telling->rows;
	int of = shape_column(&line_shape, "amount"), column = telling->behind;
	json_write_object_begin(&telling->writer);
	json_write_member_int64(&telling->writer, "no", db_rows_int(rows, telling->row, column + T_NO));
	if (!db_rows_null(rows, telling->row, column + T_AMOUNT)) {
		json_write_key(&telling->writer, "amount");
		shape_money_write(&telling->writer, db_rows_int(rows, telling->row, column + T_AMOUNT),
			db_rows_text(rows, 0, of + 1), (int)db_rows_int(rows, 0, of + 2));
	}
	int r = content_put(telling, plain);
	json_write_object_end(&telling->writer);
	return r;
}

/* As the shape LineNote has it. */
static void note_put(struct telling *telling, struct bytes plain)
{
	char at[DATE_TEXT_SIZE];
	json_write_object_begin(&telling->writer);
	json_write_member_int64(
		&telling->writer, "part", db_rows_int(telling->rows, telling->row, telling->behind + T_NO));
	json_write_member_span(&telling->writer, "note", (struct text_span){(const char *)plain.ptr, plain.len});
	json_write_member(&telling->writer, "who", db_rows_text(telling->rows, telling->row, telling->behind + T_WHO));
	date_format_ms(db_rows_time_ms(telling->rows, telling->row, telling->behind + T_AT), 0, at);
	json_write_member(&telling->writer, "at", at);
	json_write_object_end(&telling->writer);
}

/* The rows of one kind from the one at hand on, as a list; nothing where there are none. */
static int list_put(struct telling *telling, int kind, const char *name)
{
	int r = 0, of = telling->behind + T_KIND, count = db_rows_count(telling->rows);
	if (telling->row == count || db_rows_int(telling->rows, telling->row, of) != kind) return 0;
	json_write_key(&telling->writer, name);
	json_write_array_begin(&telling->writer);
	for (; r == 0 && telling->row < count && db_rows_int(telling->rows, telling->row, of) == kind; telling->row++) {
		struct bytes plain;
		r = open_content(telling, &plain);
		if (r == 0 && kind == OF_TRANSACTION) r = transaction_put(telling, plain);
		if (r == 0 && kind == OF_NOTE) note_put(telling, plain);
	}
	json_write_array_end(&telling->writer);
	return r;
}

static void on_told(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct telling telling = {.call = call};
	struct text_span text = {NULL, 0};
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	telling.rows = outcome->results[0];
	json_write_init(&telling.writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&telling.writer);
	telling.behind = shape_members_write(&telling.writer, &line_shape, telling.rows, 0, 0, 0);
	int r = open_content(&telling, &telling.line);
	if (r == 0) r = content_put(&telling, (struct bytes){NULL, 0});
	json_write_member_int64(
		&telling.writer, "transaction_count", db_rows_int(telling.rows, 0, telling.behind + T_COUNT));
	telling.row = 1;
	if (r == 0) r = list_put(&telling, OF_TRANSACTION, "transactions");
	if (r == 0) r = list_put(&telling, OF_NOTE, "notes");
	json_write_object_end(&telling.writer);
	if (r == ERR_NOMEM || (r == 0 && json_write_finish(&telling.writer, &text) < 0))
		desk_call_problem(call, &desk_problem_memory);
	else if (r < 0)
		desk_call_problem(call, &desk_problem_keys);
	else
		desk_call_answer(call, 200, text);
}

static void on_look(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	if (!db_rows_bool(outcome->results[0], 0, 0)) {
		desk_call_problem(call, &desk_problem_found);
		return;
	}
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	shape_bind(params, call->operation->query, call->query);
	desk_call_ask(call, call->operation->statement, params, on_told);
}

void line_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_text(params, call->principal->client_id);
	db_params_uuid(params, &call->id);
	desk_call_ask(call, DESK_LINE_LOOK, params, on_look);
}
