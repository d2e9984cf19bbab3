/* GET /v1/claims/{ref}: where a claim stands, as a hospital's desk shows it: five axes, who acts next, who pays what.
 */
#include <string.h>

#include "db/batch.h"
#include "db/params.h"
#include "intake/read.h"
#include "intake/read_sql.h"
#include "lib/date.h"
#include "lib/json_write.h"
#include "lib/money.h"
#include "model/directory.h"
#include "model/lifecycle.h"

#define STATUS_BYTES_MAX 65536

/* The columns of READ_STATUS. */
enum column {
	CLAIM_ID,
	REF,
	INSURER,
	USE,
	RECEIVED,
	UPDATED,
	TOTAL,
	CURRENCY,
	EXPONENT,
	STATE, /* five of them */
	SINCE = STATE + 5,
	WHY = SINCE + 5,
	DECIDED_CURRENCY,
	DECIDED_EXPONENT,
	BENEFIT,
	PATIENT,
	CONTRACT,
	UNEXPLAINED,
	PAID_CURRENCY,
	PAID_EXPONENT,
	PAID,
	DUPLICATE_OF,
	TASK,
	TASK_STATUS
};

static const struct outcome_remark remark_not_found = {"error", "not-found", "not-found",
	"There is no claim with this ref at this hospital.", "本院没有该编号的理赔单。", "hospital-it"};
static const struct outcome_remark remark_ref = {"error", "value", "ref-invalid",
	"This is no ref of a claim: 16 characters of which the last checks the others.",
	"理赔单编号有误：应为 16 位，末位为校验字符。", "insurance-desk"};

static void put_time(struct json_writer *writer, const char *key, const struct pg_result *rows, int column)
{
	char text[DATE_TEXT_SIZE];
	if (db_rows_null(rows, 0, column)) return;
	(void)date_format_ms(db_rows_time_ms(rows, 0, column), 0, text);
	json_write_member(writer, key, text);
}

static void put_id(struct json_writer *writer, const char *key, const struct pg_result *rows, int column)
{
	char text[UUID_TEXT_LEN];
	if (db_rows_null(rows, 0, column)) return;
	struct uuid id = db_rows_uuid(rows, 0, column);
	uuid_format(&id, text);
	json_write_member(writer, key, text);
}

/* {"amount": "12.50", "currency": "CNY"}; null columns write nothing. */
static void put_amount(struct json_writer *writer, const char *key, const struct pg_result *rows, int amount,
	int currency, int exponent)
{
	char text[MONEY_TEXT_SIZE];
	struct zf_money money = {.present = 1};
	if (db_rows_null(rows, 0, amount) || db_rows_null(rows, 0, currency)) return;
	money.minor = db_rows_int(rows, 0, amount);
	memcpy(money.currency, db_rows_text(rows, 0, currency), 3);
	money.exponent = (uint8_t)db_rows_int(rows, 0, exponent);
	(void)money_format(money, text);
	json_write_key(writer, key);
	json_write_object_begin(writer);
	json_write_member(writer, "amount", text);
	json_write_member(writer, "currency", money.currency);
	json_write_object_end(writer);
}

static void put_words(struct json_writer *writer, const char *key, const char *english, const char *chinese)
{
	json_write_key(writer, key);
	json_write_object_begin(writer);
	json_write_member(writer, "en", english);
	json_write_member(writer, "zh", chinese);
	json_write_object_end(writer);
}

static void put_axis(struct json_writer *writer, const struct pg_result *rows, enum lifecycle_axis axis)
{
	uint8_t state = (uint8_t)db_rows_int(rows, 0, STATE + (int)axis - 1);
	json_write_key(writer, lifecycle_axis_name(axis));
	json_write_object_begin(writer);
	json_write_member(writer, "state", lifecycle_state_name(axis, state));
	put_words(writer, "text", lifecycle_state_english(axis, state), lifecycle_state_chinese(axis, state));
	put_time(writer, "since", rows, SINCE + (int)axis - 1);
	json_write_object_end(writer);
}

/* Who should do what, on the axis where the claim waits. */
static void put_next(struct json_writer *writer, const struct pg_result *rows)
{
	uint8_t states[LIFECYCLE_AXES + 1] = {0};
	size_t count;
	for (int i = 0; i < LIFECYCLE_AXES; i++) states[i + 1] = (uint8_t)db_rows_int(rows, 0, STATE + i);
	enum lifecycle_axis axis = lifecycle_main_axis(states);
	const struct lifecycle_action *actions = lifecycle_actions(axis, states[axis], &count);
	json_write_key(writer, "next");
	if (count == 0) {
		json_write_null(writer);
		return;
	}
	json_write_object_begin(writer);
	json_write_member(writer, "axis", lifecycle_axis_name(axis));
	json_write_key(writer, "actions");
	json_write_array_begin(writer);
	for (size_t i = 0; i < count; i++) {
		enum lifecycle_owner owner = (enum lifecycle_owner)actions[i].owner;
		json_write_object_begin(writer);
		json_write_member(writer, "owner", lifecycle_owner_name(owner));
		put_words(writer, "ownerText", lifecycle_owner_english(owner), lifecycle_owner_chinese(owner));
		put_words(writer, "text", actions[i].english, actions[i].chinese);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
}

static void put_decided(struct json_writer *writer, const struct pg_result *rows)
{
	put_amount(writer, "insurer", rows, BENEFIT, DECIDED_CURRENCY, DECIDED_EXPONENT);
	put_amount(writer, "patient", rows, PATIENT, DECIDED_CURRENCY, DECIDED_EXPONENT);
	put_amount(writer, "writtenOff", rows, CONTRACT, DECIDED_CURRENCY, DECIDED_EXPONENT);
	put_amount(writer, "unexplained", rows, UNEXPLAINED, DECIDED_CURRENCY, DECIDED_EXPONENT);
}

static void put_amounts(struct json_writer *writer, const struct pg_result *rows)
{
	bool is_cancelled = db_rows_int(rows, 0, STATE + AXIS_TRANSPORT - 1) == TRANSPORT_CANCELLED ||
			    db_rows_int(rows, 0, STATE + AXIS_ADJUDICATION - 1) == ADJUDICATION_CANCELLED;
	bool is_decided = !db_rows_null(rows, 0, BENEFIT);
	json_write_key(writer, "amounts");
	json_write_object_begin(writer);
	put_amount(writer, "charged", rows, TOTAL, CURRENCY, EXPONENT);
	if (is_cancelled && is_decided) {
		/* Reversed in the ledger: nobody owes it any more. */
		json_write_key(writer, "wasDecided");
		json_write_object_begin(writer);
		put_decided(writer, rows);
		json_write_object_end(writer);
	} else if (is_decided) {
		/* Not what is still to be paid: that is the insurer's and the patient's share until money comes. */
		put_decided(writer, rows);
	} else if (!is_cancelled) {
		put_amount(writer, "undecided", rows, TOTAL, CURRENCY, EXPONENT);
	}
	put_amount(writer, "announced", rows, PAID, PAID_CURRENCY, PAID_EXPONENT);
	json_write_object_end(writer);
}

static void put_claim(struct json_writer *writer, const struct directory *directory, const struct pg_result *rows)
{
	static const char *const uses[] = {"", "claim", "preauthorization", "predetermination"};
	int64_t use = db_rows_int(rows, 0, USE);
	json_write_object_begin(writer);
	json_write_member(writer, "ref", db_rows_text(rows, 0, REF));
	put_id(writer, "id", rows, CLAIM_ID);
	json_write_member(writer, "use", use > 0 && use < (int64_t)ARRAY_LEN(uses) ? uses[use] : NULL);
	if (!db_rows_null(rows, 0, INSURER)) {
		const char *code = db_rows_text(rows, 0, INSURER);
		const struct insurer *insurer = directory_insurer(directory, code);
		json_write_key(writer, "insurer");
		json_write_object_begin(writer);
		json_write_member(writer, "code", code);
		json_write_member(writer, "name", insurer == NULL ? NULL : insurer->name);
		json_write_object_end(writer);
	}
	put_time(writer, "received", rows, RECEIVED);
	put_time(writer, "updated", rows, UPDATED);
	json_write_key(writer, "axes");
	json_write_object_begin(writer);
	for (int axis = AXIS_TRANSPORT; axis <= AXIS_BOOKS; axis++) put_axis(writer, rows, (enum lifecycle_axis)axis);
	json_write_object_end(writer);
	json_write_member(writer, "why", db_rows_text(rows, 0, WHY));
	put_next(writer, rows);
	put_amounts(writer, rows);
	put_id(writer, "duplicateOf", rows, DUPLICATE_OF);
	if (!db_rows_null(rows, 0, TASK)) {
		json_write_key(writer, "cancellation");
		json_write_object_begin(writer);
		put_id(writer, "task", rows, TASK);
		json_write_member(writer, "status", db_rows_text(rows, 0, TASK_STATUS));
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

static void on_status(void *ctx, const struct db_outcome *outcome)
{
	static const struct http_field fields[] = {{"Content-Type", "application/json; charset=utf-8"}};
	struct read_call *call = ctx;
	struct json_writer writer;
	struct text_span text;
	if (outcome->ending != DB_COMMITTED) {
		read_call_fail(call, outcome);
		return;
	}
	if (db_rows_count(outcome->results[0]) == 0) {
		outcome_respond(call->req, 404, &remark_not_found);
		return;
	}
	json_write_init(&writer, &call->req->arena.zf, STATUS_BYTES_MAX);
	put_claim(&writer, call->intake->worker->directory, outcome->results[0]);
	if (json_write_finish(&writer, &text) < 0)
		outcome_respond(call->req, 503, &outcome_overloaded);
	else
		http_respond(
			call->req, 200, fields, ARRAY_LEN(fields), (struct bytes){(const uint8_t *)text.ptr, text.len});
}

void read_status_handle(struct http_request *req, void *ctx)
{
	struct read_call *call = read_call_new(req, ctx, SCOPE_READ);
	if (call == NULL) return;
	if (!ref_valid(req->match.params[0])) {
		outcome_respond(req, 400, &remark_ref);
		return;
	}
	struct db_params *params = zf_alloc(&req->arena.zf, sizeof(*params));
	if (params == NULL) {
		read_call_fail(call, NULL);
		return;
	}
	db_params_init(params, &req->arena);
	db_params_uuid(params, &call->hospital);
	db_params_text(params, req->match.params[0]);
	if (db_query_tenant(call->intake->pool, &call->hospital, &read_sql[READ_STATUS], params, 0, on_status, call) <
		0)
		read_call_fail(call, NULL);
}
