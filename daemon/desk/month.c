/* Closing a month under /v1: the checklist as a list, what a close would post, and the close. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "db/sync.h"
#include "desk/clerk.h"
#include "desk/shapes.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/month_close.h"

#define ANSWER_BYTES_MAX (32u << 20)

static const struct problem problem_red = {
	409, {"month-red", "Something stands in the way: the month is not closed, and nothing was posted.",
		     "存在未通过的检查项:未结账,未作任何更改。"}};
static const struct problem problem_lasts = {
	409, {"month-lasts", "A month can be closed an hour after its end.", "月份结束一小时后方可结账。"}};
static const struct problem problem_earlier = {
	409, {"month-earlier", "An earlier month is to be closed before.", "应先结前面的月份。"}};

/* ---- the close, on a thread ---- */

static int month_work(struct clerk_work *work)
{
	struct month_close *close = work->own;
	close->db = work->db;
	close->hospital = work->hospital;
	return month_close_run(close);
}

static int32_t last_day_of(int32_t day)
{
	unsigned month, ignored;
	int year;
	date_civil_from_days(day, &year, &month, &ignored);
	return (int32_t)(date_days_from_civil(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - 1);
}

static void month_go(struct desk_call *call, int32_t day, bool check, void (*answer)(struct clerk_work *work))
{
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	struct month_close *close = zf_alloc(&call->req->arena.zf, sizeof(*close));
	if (close == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	*close = (struct month_close){.last_day = last_day_of(day),
		.today = (int32_t)zone_day(hospital->zone, clock_wall_ms()),
		.check = check,
		.always = true,
		.who = call->principal->client_id};
	if (call->has_key) {
		close->key_hash = (struct bytes){call->key_hash, sizeof(call->key_hash)};
		close->body_hash = (struct bytes){call->body_hash, sizeof(call->body_hash)};
	}
	(void)clerk_run(call, close, month_work, answer);
}

/* ---- findings ---- */

static void day_put(struct json_writer *writer, const char *name, int32_t day)
{
	char text[DATE_TEXT_SIZE];
	date_format_day(day, text);
	json_write_member(writer, name, text);
}

/* As the shape Finding has it. inspects: without what a person wrote, which stands behind a colon (period_check). */
static void finding_put(
	struct json_writer *writer, struct zf_arena *arena, const struct pg_result *rows, int row, bool inspects)
{
	const char *code = db_rows_text(rows, row, FINDING_CODE);
	const char *subject = db_rows_text(rows, row, FINDING_SUBJECT);
	const struct month_check *check = month_check_find(code);
	const char *said = inspects ? strstr(subject, ": ") : NULL;
	json_write_object_begin(writer);
	json_write_member(writer, "check", code);
	json_write_member_bool(writer, "red", db_rows_bool(rows, row, FINDING_RED));
	json_write_member(
		writer, "subject", said == NULL ? subject : zf_strndup(arena, subject, (size_t)(said - subject)));
	json_write_member_int64(writer, "found", db_rows_int(rows, row, FINDING_FOUND));
	if (!db_rows_null(rows, row, FINDING_SINCE)) day_put(writer, "since", db_rows_date(rows, row, FINDING_SINCE));
	json_write_member(writer, "what", check == NULL ? NULL : check->what);
	json_write_member(writer, "what_zh", check == NULL ? NULL : check->what_zh);
	json_write_object_end(writer);
}

/* A closing rate that is missing. */
static void fault_put(struct json_writer *writer, struct zf_arena *arena, const struct fault *fault)
{
	json_write_object_begin(writer);
	json_write_member(writer, "check", "rate_missing");
	json_write_member_bool(writer, "red", true);
	json_write_member(writer, "subject", fault->arg1);
	json_write_member_int64(writer, "found", 1);
	json_write_member(writer, "what", fault_text_en(arena, fault));
	json_write_member(writer, "what_zh", fault_text_zh(arena, fault));
	json_write_object_end(writer);
}

static void findings_put(
	struct json_writer *writer, struct zf_arena *arena, const struct month_close *close, bool inspects)
{
	json_write_array_begin(writer);
	for (int red = 1; red >= 0; red--) {
		for (int row = 0; row < db_rows_count(close->findings); row++)
			if (db_rows_bool(close->findings, row, FINDING_RED) == (red == 1))
				finding_put(writer, arena, close->findings, row, inspects);
		for (uint32_t i = 0; red == 1 && i < close->faults.count; i++)
			fault_put(writer, arena, &close->faults.items[i]);
	}
	json_write_array_end(writer);
}

static void findings_answer(struct clerk_work *work)
{
	struct month_close *close = work->own;
	struct desk_call *call = work->call;
	struct json_writer writer;
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_key(&writer, "items");
	if (work->error == 0) findings_put(&writer, &call->req->arena.zf, close, call->inspects);
	json_write_object_end(&writer);
	month_close_end(close); /* it is in the call's arena, which is gone with the answer */
	if (work->error < 0)
		clerk_fail(work);
	else
		desk_call_write(call, 200, &writer);
}

void findings_run(struct desk_call *call)
{
	month_go(call, shape_value(&findings_query, call->query, "month")->day, true, findings_answer);
}

/* ---- what it posts ---- */

static void money_put(struct json_writer *writer, const char *name, int64_t minor, const char *currency)
{
	json_write_key(writer, name);
	shape_money_write(writer, minor, currency, currency_exponent(currency));
}

/* As the shape RevaluedSum has it. */
static void sum_put(struct json_writer *writer, const struct hospital *hospital, const struct month_sum *sum)
{
	json_write_object_begin(writer);
	json_write_member(writer, "account", sum->account);
	json_write_member_int64(writer, "items", sum->items);
	json_write_key(writer, "amount");
	shape_money_write(writer, sum->amount.minor, sum->amount.currency, sum->amount.exponent);
	money_put(writer, "carried", sum->carried, hospital->book_currency);
	money_put(writer, "closing", sum->closing, hospital->book_currency);
	money_put(writer, "difference", sum->difference, hospital->book_currency);
	json_write_member_bool(writer, "reverts", (sum->kind & hospital->revaluation_reverts) != 0);
	json_write_object_end(writer);
}

/* As the shape MonthClose has it. */
static void close_put(struct json_writer *writer, struct clerk_work *work)
{
	const struct month_close *close = work->own;
	const struct hospital *hospital = work->hospital;
	bool done = close->outcome == MONTH_CLOSED || (close->outcome == MONTH_MAY && !close->red && !close->check);
	json_write_object_begin(writer);
	day_put(writer, "last_day", close->last_day);
	json_write_member_bool(writer, "closed", done);
	json_write_member(writer, "state",
		close->outcome == MONTH_LASTS     ? "lasts"
		: close->outcome == MONTH_EARLIER ? "earlier-first"
		: done                            ? "closed"
		: close->red                      ? "red"
						  : "may-be-closed");
	if (close->outcome == MONTH_CLOSED) {
		day_put(writer, "since", close->since);
		json_write_member(writer, "who", close->by);
	}
	if (close->looked) {
		json_write_key(writer, "findings");
		findings_put(writer, &work->call->req->arena.zf, close, work->call->inspects);
	}
	if (close->looked && close->outcome != MONTH_CLOSED && close->faults.count == 0) {
		json_write_key(writer, "revaluation");
		json_write_array_begin(writer);
		for (size_t i = 0; i < close->sum_count; i++) sum_put(writer, hospital, &close->sums[i]);
		json_write_array_end(writer);
		money_put(writer, "revalued", close->revalued, hospital->book_currency);
		json_write_member_int64(writer, "provision_claims", (int64_t)close->end.provision_count);
		money_put(writer, "provided", close->provided, hospital->book_currency);
	}
	json_write_object_end(writer);
}

/* ---- refused ---- */

/* The red ones, each with what it is of. */
static void red_add(struct desk_call *call, const struct month_close *close)
{
	struct arena *arena = &call->req->arena;
	for (int row = 0; row < db_rows_count(close->findings); row++) {
		const char *subject = db_rows_text(close->findings, row, FINDING_SUBJECT);
		const char *code = zf_strdup(&arena->zf, db_rows_text(close->findings, row, FINDING_CODE));
		const struct month_check *check = code == NULL ? NULL : month_check_find(code);
		if (!db_rows_bool(close->findings, row, FINDING_RED) || check == NULL) continue;
		int found = (int)db_rows_int(close->findings, row, FINDING_FOUND);
		struct problem_word word = {.code = check->code,
			.english = arena_printf(arena, "%s: %d; %s", check->what, found, check->todo),
			.chinese = arena_printf(arena, "%s:%d;%s", check->what_zh, found, check->todo_zh)};
		if (word.english == NULL || word.chinese == NULL)
			call->problems.no_memory = true;
		else
			problem_add_place(&call->problems, &word, subject == NULL ? "" : subject, NULL);
	}
	problem_add_faults(&call->problems, NULL, &close->faults);
}

/* NULL: it is not refused. */
static const struct problem *refusal_of(const struct month_close *close)
{
	if (close->outcome == MONTH_KEY_OTHER) return &desk_problem_key;
	if (close->check) return NULL;
	if (close->outcome == MONTH_LASTS) return &problem_lasts;
	if (close->outcome == MONTH_EARLIER) return &problem_earlier;
	return close->outcome == MONTH_MAY && close->red ? &problem_red : NULL;
}

static void close_answer(struct clerk_work *work)
{
	struct desk_call *call = work->call;
	struct month_close *close = work->own;
	const struct problem *problem = refusal_of(close);
	int status = !close->check && close->outcome == MONTH_MAY ? 201 : 200;
	struct json_writer writer;
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	if (work->error == 0 && problem == &problem_red) red_add(call, close);
	if (work->error == 0 && problem == NULL) close_put(&writer, work);
	month_close_end(close);
	if (work->error < 0)
		clerk_fail(work);
	else if (problem != NULL)
		desk_call_problem(call, problem);
	else
		desk_call_write(call, status, &writer);
}

void period_close_run(struct desk_call *call)
{
	const struct value *check = shape_value(&period_close_new_shape, call->body, "check");
	month_go(
		call, shape_value(&period_close_new_shape, call->body, "month")->day, check->number != 0, close_answer);
}
