/* Rates by hand: what is typed in is looked at beside what is known before anybody is asked to approve it, and again
 * when it is approved. */

#include <string.h>

#include "base/clock.h"
#include "db/batch.h"
#include "desk/call.h"
#include "lib/date.h"
#include "model/directory.h"
#include "model/rate_entry.h"
#include "settle/book_rate.h"
#include "settle/rate_rows.h"

/* Columns of DESK_RATE, which are those of the shape Rate. */
enum { RATE_SOURCE = 1, RATE_BANK = 2, RATE_BASE = 3, RATE_DAY = 8, RATE_STATUS = 10, RATE_MAKER = 11 };

static const struct problem problem_approval = {422,
	{"not-approved", "The rate is not approved. \"far\": true says that you have seen how far it is, and mean it.",
		"该汇率未通过复核。如已确认差额属实,请发送 \"far\": true。"}};
static const struct problem problem_none = {
	404, {"rate-missing", "There is no rate for that currency and day.", "该币种在该日期没有汇率。"}};
static const struct problem problem_currency = {
	400, {"parameters-invalid", "ISO 4217 has no such currency, or no amount can be in it.",
		     "ISO 4217 中没有该币种,或不能以其计价。"}};
static const struct problem problem_missing = {404, {"not-found", "There is no such rate.", "没有该汇率。"}};

/* The days' rates, and of each series the last before and the first behind them. */
void rates_ask(struct desk_call *call, int32_t from, int32_t to, db_done *done)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_date(params, from);
	db_params_date(params, to);
	desk_call_ask(call, DESK_RATES_KNOWN, params, done);
}

static void on_known(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	const struct rate_entry *entry = call->own;
	const struct hospital *hospital;
	struct arena *arena = &call->req->arena;
	struct stored_rates known;
	struct fault_list faults;
	struct rate rate;
	bool approves = entry->checker != NULL;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	fault_list_init(&faults, &arena->zf, 0);
	int r = rate_rows_read(outcome->results[0], entry->board, &arena->zf, &known);
	if (r == 0) {
		struct rate_reading reading = {
			.known = known.table, .today = (int32_t)zone_day(hospital->zone, clock_wall_ms())};
		r = approves ? rate_entry_approve(entry, &reading, &arena->zf, &faults, &rate)
			     : rate_entry_check(entry, &reading, &arena->zf, &faults, &rate);
	}
	if (r == 0) {
		desk_call_go(call);
		return;
	}
	problem_add_faults(&call->problems, "", &faults);
	if (r != ERR_INVALID)
		desk_call_problem(call, &desk_problem_memory);
	else if (approves)
		desk_call_problem(call, &problem_approval);
	else
		desk_call_refuse(call);
}

static const char *decimal_words(struct arena *arena, struct zf_decimal value)
{
	char text[DECIMAL_TEXT_SIZE];
	decimal_format(value, text);
	return zf_strdup(&arena->zf, text);
}

static const char *day_words(struct arena *arena, int32_t day)
{
	char text[DATE_TEXT_SIZE];
	date_format_day(day, text);
	return zf_strdup(&arena->zf, text);
}

/* False: no memory, answered. */
static bool entry_keep(struct desk_call *call, const struct rate_entry *entry)
{
	struct rate_entry *own = zf_alloc(&call->req->arena.zf, sizeof(*own));
	if (own == NULL || entry->value.ptr == NULL || entry->day.ptr == NULL || entry->base.ptr == NULL ||
		entry->quote.ptr == NULL || entry->maker == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return false;
	}
	*own = *entry;
	call->own = own;
	return true;
}

void rate_enter_run(struct desk_call *call)
{
	const struct shape *shape = &rate_new_shape;
	struct arena *arena = &call->req->arena;
	const struct value *per = shape_value(shape, call->body, "per");
	int32_t day = shape_value(shape, call->body, "day")->day;
	struct rate_entry entry = {.base = text_of(shape_value(shape, call->body, "base")->text),
		.quote = text_of(shape_value(shape, call->body, "quote")->text),
		.value = text_of(decimal_words(arena, shape_value(shape, call->body, "value")->decimal)),
		.per = !per->given                  ? 1
		       : per->number > RATE_PER_MAX ? 0
						    : (uint32_t)per->number,
		.day = text_of(day_words(arena, day)),
		.maker = call->principal->client_id};
	if (entry_keep(call, &entry)) rates_ask(call, day, day, on_known);
}

/* ---- the second person ---- */

/* What a row of DESK_RATE says: the rate as an entry. False: there is none, or no memory; answered. */
static bool entry_read(
	struct desk_call *call, const struct db_outcome *outcome, struct rate_entry *ret, int32_t *ret_day)
{
	struct arena *arena = &call->req->arena;
	struct rate rate = {.per = 0};
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return false;
	}
	const struct pg_result *rows = outcome->results[0];
	if (db_rows_count(rows) == 0) {
		desk_call_problem(call, &problem_missing);
		return false;
	}
	rate_rows_price(rows, 0, RATE_BASE, &rate);
	*ret_day = db_rows_date(rows, 0, RATE_DAY);
	uint8_t source = (uint8_t)db_rows_int(rows, 0, RATE_SOURCE);
	*ret = (struct rate_entry){.base = text_of(zf_strdup(&arena->zf, rate.base)),
		.quote = text_of(zf_strdup(&arena->zf, rate.quote)),
		.value = text_of(decimal_words(arena, rate.value)),
		.per = rate.per,
		.day = text_of(day_words(arena, *ret_day)),
		/* Hidden is who is of another hospital, and so another person. */
		.maker = db_rows_null(rows, 0, RATE_MAKER) ? "-"
							   : zf_strdup(&arena->zf, db_rows_text(rows, 0, RATE_MAKER)),
		.corrects = source == RATE_MANUAL ? 0 : source};
	if (!db_rows_null(rows, 0, RATE_BANK)) ret->board = zf_strdup(&arena->zf, db_rows_text(rows, 0, RATE_BANK));
	return true;
}

static void on_entered(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct rate_entry entry;
	int32_t day;
	if (!entry_read(call, outcome, &entry, &day)) return;
	entry.checker = call->principal->client_id;
	entry.far_approved = shape_value(&rate_approval_shape, call->body, "far")->number != 0;
	/* What is decided already the statement says best. */
	if (db_rows_int(outcome->results[0], 0, RATE_STATUS) != 2 || rate_same_person(entry.maker, entry.checker))
		desk_call_go(call);
	else if (entry_keep(call, &entry))
		rates_ask(call, day, day, on_known);
}

void rate_approve_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	desk_call_ask(call, DESK_RATE, params, on_entered);
}

/* ---- in place of a wrong one ---- */

static void on_wrong(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct rate_entry entry;
	int32_t day;
	if (!entry_read(call, outcome, &entry, &day)) return;
	entry.value = text_of(
		decimal_words(&call->req->arena, shape_value(&rate_correction_shape, call->body, "value")->decimal));
	entry.maker = call->principal->client_id;
	if (db_rows_int(outcome->results[0], 0, RATE_STATUS) != 1)
		desk_call_go(call);
	else if (entry_keep(call, &entry))
		rates_ask(call, day, day, on_known);
}

void rate_correct_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &call->id);
	desk_call_ask(call, DESK_RATE, params, on_wrong);
}

/* ---- which rate counts ---- */

static void day_put(struct json_writer *writer, int32_t day)
{
	char text[DATE_TEXT_SIZE];
	date_format_day(day, text);
	json_write_member(writer, "day", text);
}

void rate_step_write(struct json_writer *writer, const struct stored_rates *known, const struct rate_step *step)
{
	struct rate_query pair = {.source = step->rate.source, .bank = step->rate.bank, .day = step->rate.day};
	const struct rate *rate = &step->rate;
	struct rate_gap gap;
	char text[DECIMAL_TEXT_SIZE > UUID_TEXT_LEN ? DECIMAL_TEXT_SIZE : UUID_TEXT_LEN];
	memcpy(pair.from, rate->base, sizeof(pair.from));
	memcpy(pair.to, rate->quote, sizeof(pair.to));
	json_write_object_begin(writer);
	if (rate_find(&known->table, &pair, &rate, &gap) == 0) {
		uuid_format(rate_rows_id(known, rate), text);
		json_write_member(writer, "id", text);
	}
	json_write_member(writer, "source", rate_source_name(rate->source));
	json_write_member(writer, "base", rate->base);
	json_write_member(writer, "quote", rate->quote);
	json_write_member_int64(writer, "per", rate->per);
	decimal_format(rate->value, text);
	json_write_member(writer, "value", text);
	day_put(writer, rate->day);
	json_write_member_bool(writer, "multiplied", step->direction == MONEY_TARGET_PER_SOURCE);
	json_write_object_end(writer);
}

static void way_answer(struct desk_call *call, const struct hospital *hospital, const struct stored_rates *known,
	const struct rate_path *path)
{
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &call->req->arena.zf, 16384);
	json_write_object_begin(&writer);
	json_write_member(&writer, "currency", shape_value(&rate_of_query, call->query, "currency")->text);
	json_write_member(&writer, "book_currency", hospital->book_currency);
	day_put(&writer, shape_value(&rate_of_query, call->query, "day")->day);
	json_write_key(&writer, "steps");
	json_write_array_begin(&writer);
	for (uint8_t i = 0; path != NULL && i < path->count; i++) rate_step_write(&writer, known, &path->steps[i]);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(call, &desk_problem_memory);
	else
		desk_call_answer(call, 200, text);
}

static void on_known_of(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct arena *arena = &call->req->arena;
	const char *currency = shape_value(&rate_of_query, call->query, "currency")->text;
	int32_t day = shape_value(&rate_of_query, call->query, "day")->day;
	const struct hospital *hospital;
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	struct stored_rates known;
	struct fault_list faults;
	struct rate_path path;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	if (rate_rows_read(outcome->results[0], NULL, &arena->zf, &known) < 0) {
		desk_call_problem(call, &desk_problem_memory);
	} else if (strcmp(currency, hospital->book_currency) == 0) {
		way_answer(call, hospital, &known, NULL);
	} else if (book_rate_find(hospital, &known.table, currency, hospital->book_currency, day,
			   (int32_t)zone_day(hospital->zone, clock_wall_ms()), &path, gaps) == 0) {
		way_answer(call, hospital, &known, &path);
	} else {
		fault_list_init(&faults, &arena->zf, 0);
		for (uint32_t i = 0; i < hospital->rate_source_count; i++)
			rate_gap_fault(&faults, "query: day", &gaps[i]);
		problem_add_faults(&call->problems, NULL, &faults);
		desk_call_problem(call, &problem_none);
	}
}

void rate_of_run(struct desk_call *call)
{
	const struct value *currency = shape_value(&rate_of_query, call->query, "currency");
	int32_t day = shape_value(&rate_of_query, call->query, "day")->day;
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	if (!currency_is_money(text_of(currency->text)))
		desk_call_problem(call, &problem_currency);
	else
		rates_ask(call, day - hospital->rate_reach_days, day, on_known_of);
}
