/* Allocating by hand: the client says of which claims the money is, and what is missing of them, or which details of an
 * advice; the claims are read as they stand, the rates of the line's day where one is needed, and settle/match_hand.h
 * works it out. A check answers with what would be posted. */
#include <string.h>

#include "base/clock.h"
#include "db/batch.h"
#include "desk/accept.h"
#include "desk/shapes.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/book_rate.h"
#include "settle/match_hand.h"
#include "settle/rate_rows.h"

#define ANSWER_BYTES_MAX (4u << 20)

/* Rows of DESK_HAND, and of DESK_HAND_ADVICE with the detail behind. */
enum {
	H_VERSION,
	H_LINE,
	H_DETAIL,
	H_CURRENCY,
	H_WHOLE,
	H_OPEN,
	H_DAY,
	H_BOOK,
	H_WAS,
	H_NO,
	H_CLAIM,
	H_RECEIVABLE,
	H_OWED,
	H_OWED_OPEN,
	H_REF,
	H_KIND,
	H_AMOUNT,
	H_FEE,
	H_ADVISED, /* the advice's currency */
	H_PLACE    /* in the body's list, from 1; 0: it has none */
};
/* Values of claim_said_shape and missing_shape (act_shapes.c). */
enum { SAID_REF, SAID_PLAN, SAID_AMOUNT, SAID_MISSING, SAID_COUNT };
enum { MISSING_KIND, MISSING_AMOUNT, MISSING_COUNT };
/* Values of detail_said_shape. */
enum { DETAIL_NO, DETAIL_REF, DETAIL_BACK, DETAIL_COUNT };
#define ADVISED_MAX 4000 /* details of an advice at once; the statement reads one more, to tell */

/* What is kept between the statements. */
struct allocating {
	struct match_hand money;
	struct match_hand_claim *claims; /* as the body lists them */
	const struct value *said;        /* likewise */
	uint32_t count;
	int32_t day;
	struct decided decided;
	struct match_line line;
	struct match_choice choice;
	struct rate_path (*ways)[2]; /* by claim */
	/* by an advice: claims are those of its details, which may have none */
	const struct value *advice, *details, *rest;
	struct advised {
		struct match_hand_detail said;
		uint32_t place;
		bool is_named; /* a claim that is here */
	} * advised;
};

static const struct problem problem_waits = {
	404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}};
static const struct problem problem_value = {
	409, {"value-missing", "There is no rate yet that says what it is worth in the books: try again later.",
		     "其账面价值尚未确定:请稍后重试。"}};
static const struct problem_word word_unknown = {
	"claim-unknown", "Nothing was ever owed for this claim.", "该理赔单没有应收款。"};
static const struct problem_word word_twice = {"claim-twice", "The claim is named twice.", "该理赔单重复。"};
static const struct problem_word word_detail_twice = {
	"detail-twice", "The advice's detail is named twice.", "付款通知的明细重复。"};
static const struct problem_word word_many = {"details-many",
	"More than 4000 details of it are not allocated yet: name those that it is.",
	"未分配的明细超过 4000 条:请列明具体明细。"};
static const struct problem_word word_currency = {
	"amount-currency", "The amount is not in the line's currency, $1.", "金额须与流水同币种($1)。"};
static const struct problem_word word_nothing = {
	"amount-nothing", "The amount is nothing: leave it out, or say more.", "金额不得为零:请省略或填写。"};
static const struct problem_word word_advice = {"advice-unknown",
	"There is no such advice, or not all of these details of it, or all are allocated.",
	"没有该付款通知或其中某项明细,或已全部核销。"};
static const struct problem_word word_advised = {
	"advice-currency", "The advice is not in the line's currency, $1.", "付款通知须与流水同币种($1)。"};
static const struct problem_word word_details = {"details-more",
	"They come to more than is open of the money: name those that it is, or say what is missing.",
	"所选明细合计超过未核销金额:请选择明细或说明缺额。"};

static void wrong(
	struct desk_call *call, const struct problem_word *word, uint32_t claim, const char *more, const char *arg)
{
	problem_add(&call->problems, word, arena_printf(&call->req->arena, "/claims/%u%s", claim, more), arg);
}

/* An amount of the line's currency above nothing. */
static bool amount_fits(struct desk_call *call, const struct allocating *own, uint32_t claim, const char *more,
	const struct zf_money *money)
{
	if (strcmp(money->currency, own->money.zero.currency) != 0)
		wrong(call, &word_currency, claim, more, own->money.zero.currency);
	else if (money->minor == 0)
		wrong(call, &word_nothing, claim, more, NULL);
	else
		return true;
	return false;
}

/* ---- what is said ---- */

static bool claim_fits(struct desk_call *call, struct allocating *own, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++) {
		if (!uuid_equal(&own->claims[i].id, &own->claims[at].id)) continue;
		wrong(call, &word_twice, at, "/ref", NULL);
		return false;
	}
	return true;
}

/* Of one claim, in the shape of the arithmetic. NULL: something is wrong, and told. */
static const struct match_rest_sum *rests_of(
	struct desk_call *call, const struct allocating *own, uint32_t at, const struct value *list)
{
	struct match_rest_sum *rests = zf_alloc_array(&call->req->arena.zf, list->row_count + 1, sizeof(*rests));
	bool is_good = rests != NULL;
	if (rests == NULL) call->problems.no_memory = true;
	for (uint32_t i = 0; is_good && i < list->row_count; i++) {
		const struct value *row = &list->rows[(size_t)i * MISSING_COUNT];
		rests[i] = (struct match_rest_sum){(uint8_t)row[MISSING_KIND].number, 0};
		if (!row[MISSING_AMOUNT].given) continue;
		is_good = amount_fits(call, own, at, arena_printf(&call->req->arena, "/missing/%u/amount", i),
			&row[MISSING_AMOUNT].money);
		rests[i].minor = row[MISSING_AMOUNT].money.minor;
	}
	return is_good ? rests : NULL;
}

static struct problem_word fault_word(int r, enum match_hand_fault fault)
{
	static const char *const codes[] = {[MATCH_HAND_RATE] = "rate-missing",
		[MATCH_HAND_ALL] = "missing-all",
		[MATCH_HAND_MORE] = "missing-more",
		[MATCH_HAND_OTHER] = "missing-other",
		[MATCH_HAND_NO_RATE] = "missing-no-rate",
		[MATCH_HAND_NOTHING] = "missing-nothing",
		[MATCH_HAND_SMALL] = "amount-small",
		[MATCH_HAND_UNNAMED] = "claim-unnamed"};
	return r != ERR_DENIED ? desk_word_large
			       : (struct problem_word){codes[fault], match_hand_fault_text(fault, false),
					 match_hand_fault_text(fault, true)};
}

static void part_make(struct desk_call *call, struct allocating *own, uint32_t at)
{
	const struct value *said = &own->said[(size_t)at * SAID_COUNT];
	const struct zf_money *amount = &said[SAID_AMOUNT].money;
	enum match_hand_fault fault;
	if (!claim_fits(call, own, at) || !amount_fits(call, own, at, "/amount", amount)) return;
	const struct match_rest_sum *rests = rests_of(call, own, at, &said[SAID_MISSING]);
	if (rests == NULL) return;
	int r = match_hand_part(&own->money, &own->claims[at], own->money.open < 0 ? -amount->minor : amount->minor,
		rests, said[SAID_MISSING].row_count, &own->choice.parts[at], &fault);
	if (r == 0) return;
	const struct problem_word word = fault_word(r, fault);
	wrong(call, &word, at, "", NULL);
}

/* ---- by an advice ---- */

static void detail_wrong(
	struct desk_call *call, const struct allocating *own, uint32_t at, const struct problem_word *word)
{
	uint32_t place = own->advised[at].place;
	if (place == 0)
		problem_add(&call->problems, word, "/details", NULL);
	else
		problem_add(&call->problems, word, arena_printf(&call->req->arena, "/details/%u", place - 1), NULL);
}

static void detail_parts(struct desk_call *call, struct allocating *own, uint32_t at)
{
	struct match_hand_claim *claim = own->advised[at].is_named ? &own->claims[at] : NULL;
	enum match_hand_fault fault;
	uint32_t count = 0;
	for (uint32_t i = at; claim != NULL && i > 0; i--) {
		if (!own->advised[i - 1].is_named || !uuid_equal(&own->claims[i - 1].id, &claim->id)) continue;
		claim->open = own->claims[i - 1].open;
		break;
	}
	int r = match_hand_detail(
		&own->money, claim, &own->advised[at].said, &own->choice.parts[own->choice.part_count], &count, &fault);
	own->choice.part_count += count;
	if (r == 0) return;
	const struct problem_word word = fault_word(r, fault);
	detail_wrong(call, own, at, &word);
}

/* What they come to, against what is open of the money. */
static void details_rest(struct desk_call *call, struct allocating *own)
{
	struct match_choice *choice = &own->choice;
	uint8_t kept = own->rest->given ? (uint8_t)own->rest->number : 0;
	int64_t sum;
	if (match_hand_whole(&own->money, kept, choice->parts, &choice->part_count, &sum) == 0) return;
	problem_add(&call->problems, &word_details, "/details", NULL);
}

/* A detail that is named twice would be paid twice. */
static bool details_differ(struct desk_call *call, const struct value *details)
{
	bool differ = true;
	for (uint32_t i = 1; i < details->row_count; i++)
		for (uint32_t k = 0; k < i; k++) {
			if (details->rows[(size_t)i * DETAIL_COUNT + DETAIL_NO].number !=
				details->rows[(size_t)k * DETAIL_COUNT + DETAIL_NO].number)
				continue;
			problem_add(&call->problems, &word_detail_twice,
				arena_printf(&call->req->arena, "/details/%u", i), NULL);
			differ = false;
			break;
		}
	return differ;
}

/* What the advice says; the claims are read behind it. */
static bool details_read(struct desk_call *call, struct allocating *own, const struct pg_result *rows)
{
	struct zf_arena *arena = &call->req->arena.zf;
	uint32_t count = (uint32_t)db_rows_count(rows);
	if (db_rows_null(rows, 0, H_NO) || (own->details->row_count > 0 && own->details->row_count != count)) {
		problem_add(&call->problems, &word_advice, "/advice", NULL);
		return true;
	}
	if (!details_differ(call, own->details)) return true;
	if (count > ADVISED_MAX) {
		problem_add(&call->problems, &word_many, "/details", NULL);
		return true;
	}
	own->count = count;
	own->advised = zf_alloc_array(arena, count, sizeof(*own->advised));
	own->claims = zf_alloc_array(arena, count, sizeof(*own->claims));
	own->ways = zf_alloc_array(arena, count, sizeof(*own->ways));
	own->choice.parts = zf_alloc_array(arena, MATCH_DETAIL_PARTS * (size_t)count + 1, sizeof(*own->choice.parts));
	if (own->advised == NULL || own->claims == NULL || own->ways == NULL || own->choice.parts == NULL) return false;
	memset(own->claims, 0, count * sizeof(*own->claims));
	for (uint32_t i = 0; i < count; i++) {
		int row = (int)i;
		struct advised *advised = &own->advised[i];
		*advised = (struct advised){.said = {.remittance = own->advice->id,
						    .no = (int32_t)db_rows_int(rows, row, H_NO),
						    .kind = (uint8_t)db_rows_int(rows, row, H_KIND),
						    .amount = db_rows_int(rows, row, H_AMOUNT),
						    .fee = db_rows_int(rows, row, H_FEE)},
			.place = (uint32_t)db_rows_int(rows, row, H_PLACE),
			.is_named = !db_rows_null(rows, row, H_RECEIVABLE)};
		if (advised->place == 0) continue;
		const struct value *said = &own->details->rows[(size_t)(advised->place - 1) * DETAIL_COUNT];
		advised->said.taken_back = said[DETAIL_BACK].given && said[DETAIL_BACK].number != 0;
		if (said[DETAIL_REF].given && !advised->is_named) detail_wrong(call, own, i, &word_unknown);
	}
	return true;
}

/* ---- the answer of a check ---- */

static void check_answer(struct desk_call *call, const struct allocating *own, const struct stored_rates *known)
{
	const struct part_unit unit = {own->money.zero.currency, own->money.zero.exponent};
	struct json_writer writer;
	struct text_span text;
	char id[UUID_TEXT_LEN];
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	uuid_format(&call->id, id);
	json_write_member(&writer, "line", id);
	json_write_key(&writer, "parts");
	json_write_array_begin(&writer);
	for (uint32_t i = 0; i < own->count; i++) match_part_write(&writer, &own->choice.parts[i], &unit);
	json_write_array_end(&writer);
	json_write_key(&writer, "rates");
	json_write_array_begin(&writer);
	for (uint32_t i = 0; i < own->count; i++)
		for (uint8_t k = 0; own->claims[i].from_line != NULL && k < own->ways[i][0].count; k++)
			rate_step_write(&writer, known, &own->ways[i][0].steps[k]);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(call, &desk_problem_memory);
	else
		desk_call_answer(call, 200, text);
}

/* known NULL: none was needed. */
static void decide(struct desk_call *call, const struct stored_rates *known)
{
	struct allocating *own = call->own;
	own->money.rates = known;
	for (uint32_t i = 0; i < own->count; i++) {
		if (own->advised != NULL)
			detail_parts(call, own, i);
		else
			part_make(call, own, i);
	}
	own->money.rates = NULL;
	if (own->advised == NULL)
		own->choice.part_count = own->count;
	else if (call->problems.count == 0)
		details_rest(call, own);
	if (call->problems.no_memory)
		desk_call_problem(call, &desk_problem_memory);
	else if (call->problems.count > 0)
		desk_call_refuse(call);
	else if (call->operation->statement == DESK_NONE)
		check_answer(call, own, known);
	else
		decided_post(call, &own->decided, &own->choice);
}

/* ---- rates ---- */

/* Is it owed in a currency that is neither the line's nor that of the books? */
static bool needs_rate(const struct allocating *own, const struct match_hand_claim *claim)
{
	return claim->open.currency[0] != '\0' && strcmp(claim->open.currency, own->money.zero.currency) != 0 &&
	       strcmp(claim->open.currency, own->money.book.currency) != 0;
}

static void on_rates(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	struct allocating *own = call->own;
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	struct stored_rates known;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	int32_t today = (int32_t)zone_day(hospital->zone, clock_wall_ms());
	if (rate_rows_read(outcome->results[0], NULL, &call->req->arena.zf, &known) < 0) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	for (uint32_t i = 0; i < own->count; i++) {
		struct match_hand_claim *claim = &own->claims[i];
		const char *line = own->money.zero.currency, *owed = claim->open.currency;
		if (!needs_rate(own, claim)) continue;
		if (book_rate_find(hospital, &known.table, line, owed, own->day, today, &own->ways[i][0], gaps) == 0)
			claim->from_line = &own->ways[i][0];
		if (book_rate_find(hospital, &known.table, owed, line, own->day, today, &own->ways[i][1], gaps) == 0)
			claim->to_line = &own->ways[i][1];
	}
	decide(call, &known);
}

/* ---- the item and the claims ---- */

static int claims_read(struct desk_call *call, struct allocating *own, const struct pg_result *rows)
{
	int r = 0;
	for (uint32_t i = 0; r == 0 && i < own->count; i++) {
		struct match_hand_claim *claim = &own->claims[i];
		int row = (int)i;
		if (own->advised != NULL && !own->advised[i].is_named) continue;
		if (db_rows_null(rows, row, H_CLAIM) || db_rows_null(rows, row, H_RECEIVABLE)) {
			wrong(call, &word_unknown, i, "/ref", NULL);
			continue;
		}
		claim->id = db_rows_uuid(rows, row, H_CLAIM);
		claim->version = (int32_t)db_rows_int(rows, row, H_RECEIVABLE);
		(void)text_copy_cut(text_of(own->advised != NULL ? db_rows_text(rows, row, H_REF)
								 : own->said[(size_t)i * SAID_COUNT + SAID_REF].text),
			claim->ref, sizeof(claim->ref));
		if (own->advised == NULL && own->said[(size_t)i * SAID_COUNT + SAID_PLAN].given)
			claim->plan = own->said[(size_t)i * SAID_COUNT + SAID_PLAN].text;
		r = money_make(
			db_rows_int(rows, row, H_OWED_OPEN), text_of(db_rows_text(rows, row, H_OWED)), &claim->open);
	}
	return r;
}

/* ERR_AGAIN: what it is carried at is not known. */
static int money_read(
	struct desk_call *call, struct allocating *own, const struct pg_result *rows, const struct hospital *hospital)
{
	if (db_rows_null(rows, 0, H_BOOK)) return ERR_AGAIN;
	own->money.whole = db_rows_int(rows, 0, H_WHOLE);
	own->money.open = db_rows_int(rows, 0, H_OPEN);
	own->day = db_rows_date(rows, 0, H_DAY);
	own->decided.version = (int32_t)db_rows_int(rows, 0, H_VERSION);
	own->decided.line = &own->line;
	int r = money_make(0, text_of(db_rows_text(rows, 0, H_CURRENCY)), &own->money.zero);
	if (r == 0) r = money_make(db_rows_int(rows, 0, H_BOOK), text_of(hospital->book_currency), &own->money.book);
	if (r == 0 && call->operation->statement != DESK_NONE)
		r = decided_line_read(call, rows, H_LINE, H_DETAIL, &own->line);
	return r;
}

static void on_hand(void *ctx, const struct db_outcome *outcome)
{
	static const struct match_choice none = {.kind = MATCH_PAYMENT};
	struct desk_call *call = ctx;
	struct allocating *own = call->own;
	bool rates = false;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	if (db_rows_count(rows) == 0) {
		desk_call_problem(call, &problem_waits);
		return;
	}
	if (db_rows_bool(rows, 0, H_WAS) && call->operation->statement != DESK_NONE) {
		decided_post(call, &own->decided, &none);
		return;
	}
	if (db_rows_int(rows, 0, H_OPEN) == 0) {
		desk_call_problem(call, &problem_waits);
		return;
	}
	int r = money_read(call, own, rows, hospital);
	if (r == 0 && own->advice != NULL && !details_read(call, own, rows)) r = ERR_NOMEM;
	if (r == 0 && own->advised != NULL && strcmp(db_rows_text(rows, 0, H_ADVISED), own->money.zero.currency) != 0)
		problem_add(&call->problems, &word_advised, "/advice", own->money.zero.currency);
	if (r == 0 && call->problems.count == 0) r = claims_read(call, own, rows);
	for (uint32_t i = 0; r == 0 && i < own->count; i++) rates = rates || needs_rate(own, &own->claims[i]);
	if (r == ERR_AGAIN)
		desk_call_problem(call, &problem_value);
	else if (r < 0)
		desk_call_problem(call, r == ERR_NOMEM ? &desk_problem_memory : &desk_problem_keys);
	else if (call->problems.count > 0)
		desk_call_refuse(call);
	else if (rates)
		rates_ask(call, own->day - hospital->rate_reach_days, own->day, on_rates);
	else
		decide(call, NULL);
}

static struct allocating *allocating_make(struct desk_call *call)
{
	const struct shape *shape = call->operation->request;
	const struct value *claims = shape_value(shape, call->body, "claims");
	struct zf_arena *arena = &call->req->arena.zf;
	struct allocating *own = zf_alloc(arena, sizeof(*own));
	if (own == NULL) return NULL;
	*own = (struct allocating){.said = claims->rows,
		.count = claims->row_count,
		.decided = {.part = (int32_t)shape_value(shape, call->body, "part")->number},
		.choice = {.kind = MATCH_PAYMENT, .sound = true}};
	if (call->operation->statement != DESK_NONE) own->decided.why = shape_value(shape, call->body, "why")->text;
	own->claims = zf_alloc_array(arena, own->count, sizeof(*own->claims));
	own->ways = zf_alloc_array(arena, own->count, sizeof(*own->ways));
	own->choice.parts = zf_alloc_array(arena, own->count, sizeof(*own->choice.parts));
	return own->claims == NULL || own->ways == NULL || own->choice.parts == NULL ? NULL : own;
}

void allocate_run(struct desk_call *call)
{
	bool does = call->operation->statement != DESK_NONE; /* else it says what it would do, and has no why */
	struct db_params *params = !does || desk_why_seal(call) ? desk_call_params(call) : NULL;
	if (params == NULL) return;
	struct allocating *own = allocating_make(call);
	call->own = own;
	if (own == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	db_params_uuid(params, &call->id);
	db_params_int8(params, own->decided.part);
	struct db_array *refs = db_params_array(params, DB_TEXT, own->count, 64 * (size_t)own->count);
	for (uint32_t i = 0; i < own->count; i++) {
		const struct value *said = &own->said[(size_t)i * SAID_COUNT];
		db_array_text(refs, said[SAID_PLAN].given ? arena_printf(&call->req->arena, "%s:%s",
								    said[SAID_REF].text, said[SAID_PLAN].text)
							  : said[SAID_REF].text);
	}
	desk_call_key_bind(call, params);
	desk_call_ask(call, DESK_HAND, params, on_hand);
}

void allocate_advice_run(struct desk_call *call)
{
	const struct shape *shape = call->operation->request;
	struct zf_arena *arena = &call->req->arena.zf;
	struct db_params *params = desk_why_seal(call) ? desk_call_params(call) : NULL;
	struct allocating *own = params == NULL ? NULL : zf_alloc(arena, sizeof(*own));
	if (params == NULL) return;
	call->own = own;
	if (own == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	*own = (struct allocating){.decided = {.part = (int32_t)shape_value(shape, call->body, "part")->number,
					   .why = shape_value(shape, call->body, "why")->text},
		.choice = {.kind = MATCH_REMITTANCE, .sound = true},
		.advice = shape_value(shape, call->body, "advice"),
		.details = shape_value(shape, call->body, "details"),
		.rest = shape_value(shape, call->body, "rest")};
	uint32_t count = own->details->row_count;
	db_params_uuid(params, &call->id);
	db_params_int8(params, own->decided.part);
	db_params_uuid(params, &own->advice->id);
	struct db_array *numbers = db_params_array(params, DB_INT8, count, 0);
	for (uint32_t i = 0; i < count; i++)
		db_array_int8(numbers, own->details->rows[(size_t)i * DETAIL_COUNT + DETAIL_NO].number);
	struct db_array *refs = db_params_array(params, DB_TEXT, count, 16 * (size_t)count);
	for (uint32_t i = 0; i < count; i++) {
		const struct value *ref = &own->details->rows[(size_t)i * DETAIL_COUNT + DETAIL_REF];
		if (ref->given)
			db_array_text(refs, ref->text);
		else
			db_array_null(refs);
	}
	desk_call_key_bind(call, params);
	desk_call_ask(call, DESK_HAND_ADVICE, params, on_hand);
}
