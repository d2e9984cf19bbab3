/* From rows of items to what is posted and what waits. */
#include "settle/match_round.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/batch.h"
#include "db/keyhold.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/match_content.h"
#include "settle/match_index.h"
#include "settle/settle_sql.h"

#define CONTENT_BYTES_MAX (1u << 20)
#define AGAIN_SOON_S 15 /* what waits for the value of its own posting */
#define FIRST_DAY (-100000)
#define MATCH_POST_BEYOND (-5) /* of match_post() */

void match_round_begin(struct match_round *round, bool single, int32_t first)
{
	match_round_free(round);
	arena_init(&round->arena, ROUND_BYTES_MAX);
	round->single = single;
	round->earlier = true;
	round->limit = single ? 1 : ROUND_ITEMS_FIRST;
	round->day = round->first = first;
}

void match_round_next(struct match_round *round, const struct match_round *before)
{
	round->earlier = before->earlier;
	if (!round->single) round->limit = before->limit * 2 < ROUND_ITEMS ? before->limit * 2 : ROUND_ITEMS;
	round->day = before->day;
	round->line = before->line;
	round->part = before->part;
}

bool match_round_alone(const struct match_round *round)
{
	return round->count > 0 && round->lines[0].posts && round->lines[0].choices[0].kind == MATCH_REVERSAL;
}

void match_round_free(struct match_round *round)
{
	arena_free(&round->arena);
	*round = (struct match_round){.count = 0};
}

static int round_limit(const struct match_round *round)
{
	return round->earlier ? ROUND_EARLIER : round->limit;
}

void match_round_ask(const struct match_round *round, const struct match_know *know, struct db_params *params)
{
	db_params_uuid(params, &know->hospital->id);
	db_params_bool(params, !round->earlier);
	db_params_date(params, round->day);
	db_params_uuid(params, &round->line);
	db_params_int4(params, round->part);
	db_params_int4(params, round_limit(round));
	if (round->earlier && know->loaded)
		db_params_int8(params, know->mark);
	else
		db_params_null(params);
	match_know_own_put(know, params);
}

/* ---- an item as a line of the matcher ---- */

enum column {
	COLUMN_LINE,
	COLUMN_PART,
	COLUMN_VERSION,
	COLUMN_OPEN,
	COLUMN_AMOUNT,
	COLUMN_CURRENCY,
	COLUMN_BOOKED,
	COLUMN_VALUE,
	COLUMN_BOOK,
	COLUMN_WHOLE,
	COLUMN_BY_HAND,
	COLUMN_WAITS,
	COLUMN_CLAIMS,
	COLUMN_CONTENT,
	COLUMN_DETAIL,
	COLUMN_NOTES,
	COLUMN_REJECTED,
	COLUMN_DUE,
};

static int open_sealed(const struct match_know *know, const struct keyhold *hold, struct sealer *sealer,
	const struct uuid *line, struct bytes sealed, struct arena *arena, struct bytes *ret)
{
	return keyhold_open(hold, sealer, &know->hospital->id, line, SEAL_FACT, sealed, CONTENT_BYTES_MAX, arena, ret);
}

/* What persons noted, one behind the other: each with its length in front. */
static int notes_read(const struct match_know *know, const struct keyhold *hold, struct sealer *sealer,
	const struct uuid *id, struct bytes notes, struct arena *arena, struct match_line *line)
{
	struct buf text CLEANUP(buf_free) = BUF_INIT(CONTENT_BYTES_MAX);

	while (notes.len > 4) {
		size_t len = (size_t)notes.ptr[0] << 24 | (size_t)notes.ptr[1] << 16 | (size_t)notes.ptr[2] << 8 |
			     notes.ptr[3];
		struct bytes plain;
		int r = len > notes.len - 4 ? ERR_INVALID
					    : open_sealed(know, hold, sealer, id, (struct bytes){notes.ptr + 4, len},
						      arena, &plain);

		if (r == 0 && text.len > 0) r = buf_append(&text, " ", 1);
		if (r == 0) r = buf_append(&text, plain.ptr, plain.len);
		if (r != 0) return r;
		notes.ptr += 4 + len;
		notes.len -= 4 + len;
	}
	if (text.len == 0) return 0;
	line->letter = zf_strndup(&arena->zf, (const char *)text.ptr, text.len);
	return line->letter == NULL ? ERR_NOMEM : 0;
}

static int texts_read(const struct match_know *know, const struct keyhold *hold, struct sealer *sealer,
	const struct uuid *id, const struct pg_result *rows, int row, struct arena *arena, struct match_line *line)
{
	struct bytes plain, detail = {NULL, 0};
	int r = open_sealed(know, hold, sealer, id, db_rows_bytes(rows, row, COLUMN_CONTENT), arena, &plain);

	if (r == 0 && !db_rows_null(rows, row, COLUMN_DETAIL))
		r = open_sealed(know, hold, sealer, id, db_rows_bytes(rows, row, COLUMN_DETAIL), arena, &detail);
	if (r == 0) r = match_content_read(plain, detail, &arena->zf, line);
	if (r == 0 && !db_rows_null(rows, row, COLUMN_NOTES))
		r = notes_read(know, hold, sealer, id, db_rows_bytes(rows, row, COLUMN_NOTES), arena, line);
	return r == 0 ? match_know_account(know, line->payer_account, &arena->zf, &line->payer_account) : r;
}

/* The line without its texts. amount: of the item, or what is open of it. */
static int line_begin(const struct match_round *round, struct match_know *know, const struct pg_result *rows, int row,
	struct match_line *ret)
{
	struct uuid id = db_rows_uuid(rows, row, COLUMN_LINE);
	int64_t minor = db_rows_int(rows, row, round->earlier ? COLUMN_AMOUNT : COLUMN_OPEN);
	struct match_line line = {.booked_day = db_rows_date(rows, row, COLUMN_BOOKED)};
	int r = match_know_credit(know, &id, (int32_t)db_rows_int(rows, row, COLUMN_PART), &line.id);

	if (r == 0) r = money_make(minor, text_of(db_rows_text(rows, row, COLUMN_CURRENCY)), &line.amount);
	*ret = line;
	return r;
}

/* What can't be opened has no texts, and waits. */
static int line_read(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows, int row, struct match_line *ret)
{
	struct uuid id = db_rows_uuid(rows, row, COLUMN_LINE);
	int64_t minor = db_rows_int(rows, row, round->earlier ? COLUMN_AMOUNT : COLUMN_OPEN);
	struct match_line line;
	int r = line_begin(round, know, rows, row, &line);

	line.order_day =
		db_rows_null(rows, row, COLUMN_VALUE) ? line.booked_day : db_rows_date(rows, row, COLUMN_VALUE);
	if (r == 0 && !round->earlier && !db_rows_null(rows, row, COLUMN_BOOK)) {
		struct zf_money book = match_money(know->index->book, db_rows_int(rows, row, COLUMN_BOOK));
		int64_t whole = db_rows_int(rows, row, COLUMN_WHOLE);

		r = money_share(
			book, minor < 0 ? -minor : minor, whole < 0 ? -whole : whole, BOOK_RATE_ROUNDING, &line.book);
	}
	if (r == 0) r = texts_read(know, hold, sealer, &id, rows, row, &round->arena, &line);
	*ret = line;
	return r;
}

static void taken(struct match_round *round, const struct pg_result *rows, int row)
{
	round->day = db_rows_date(rows, row, COLUMN_BOOKED);
	round->line = db_rows_uuid(rows, row, COLUMN_LINE);
	round->part = (int32_t)db_rows_int(rows, row, COLUMN_PART);
}

/* ---- what came before ---- */

/* As the matcher left it, as far as it is looked at: which single claims it paid or may have paid. */
static int outcome_read(struct match_round *round, const struct match_know *know, const struct pg_result *rows, int row,
	struct match_result **ret)
{
	struct bytes claims = db_rows_bytes(rows, row, COLUMN_CLAIMS);
	struct match_result *result = zf_alloc(&round->arena.zf, sizeof(*result));
	struct match_part *parts = zf_alloc_array(&round->arena.zf, MATCH_CANDIDATES_MAX, sizeof(*parts));
	bool waits = db_rows_bool(rows, row, COLUMN_WAITS);

	if (result == NULL || parts == NULL) return ERR_NOMEM;
	result->wait = waits ? MATCH_WAIT_NOTHING : MATCH_POSTS;
	for (size_t i = 0; i + sizeof(struct uuid) <= claims.len && result->count < MATCH_CANDIDATES_MAX;
		i += sizeof(struct uuid)) {
		struct match_candidate *candidate = &result->candidates[result->count];
		struct uuid id;

		memcpy(&id, claims.ptr + i, sizeof(id));
		parts[result->count].claim = match_know_claim(know, &id);
		if (parts[result->count].claim == MATCH_NONE) continue;
		*candidate = (struct match_candidate){
			.kind = MATCH_PAYMENT, .posts = !waits, .part_count = 1, .parts = &parts[result->count]};
		result->count++;
	}
	*ret = result;
	return 0;
}

/* What is looked at in this turn is not what came before; nor is what goes out. */
static int remember(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows, int row)
{
	struct match_result *result;
	struct match_line line;
	int r = line_begin(round, know, rows, row, &line);

	if (r != 0) return r;
	if (db_rows_bool(rows, row, COLUMN_DUE)) {
		match_index_credit_forget(know->index, line.id);
		return 0;
	}
	if (line.amount.minor <= 0 || line.booked_day < round->first) return 0;
	r = outcome_read(round, know, rows, row, &result);
	if (r == 0) r = match_index_credit_again(know->index, &line, result);
	if (r != ERR_NOTFOUND) return r;
	match_index_credit_forget(know->index, line.id);
	r = line_read(round, know, hold, sealer, rows, row, &line);
	return r == 0 ? match_index_credit(know->index, &line, result) : r;
}

static int earlier_take(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		int r = remember(round, know, hold, sealer, rows, row);

		if (r == ERR_NOMEM) return r;
		taken(round, rows, row);
	}
	if (db_rows_count(rows) < round_limit(round)) {
		round->earlier = false;
		round->day = FIRST_DAY;
		round->line = (struct uuid){{0}};
		round->part = 0;
	}
	return 0;
}

/* ---- what is due ---- */

static bool rejected(const struct pg_result *rows, int row, const struct match_choice *choice)
{
	struct bytes prints = db_rows_bytes(rows, row, COLUMN_REJECTED);
	uint8_t print[MATCH_PRINT_BYTES];

	if (prints.len == 0) return false;
	match_choice_print(choice, print);
	for (size_t i = 0; i + MATCH_PRINT_BYTES <= prints.len; i += MATCH_PRINT_BYTES)
		if (memcmp(prints.ptr + i, print, MATCH_PRINT_BYTES) == 0) return true;
	return false;
}

/* Why it waits, for the list: in English, as the books' other texts. */
static int reason_fill(struct match_round *round, struct round_line *out)
{
	const char *wait = match_wait_text(out->wait, false);

	out->reason = out->payer == NULL ? wait : arena_printf(&round->arena, "from %s: %s", out->payer, wait);
	return out->reason == NULL ? ERR_NOMEM : 0;
}

/* What the matcher says, as what would be posted or shown. */
static int choices_fill(struct match_round *round, const struct match_know *know, const struct match_line *line,
	struct match_result *result, const struct pg_result *rows, int row, struct round_line *out)
{
	bool unvalued = db_rows_null(rows, row, COLUMN_BOOK);
	int r = 0;

	out->wait = result->wait;
	out->again_s = unvalued ? AGAIN_SOON_S : ROUND_AGAIN_S;
	for (uint32_t i = 0; r == 0 && i < result->count; i++) {
		struct match_choice *choice = &out->choices[out->choice_count];

		r = match_know_choice(know, line, &result->candidates[i], &round->arena.zf, choice);
		if (r == 0 && !rejected(rows, row, choice)) out->choice_count++;
	}
	out->posts = result->wait == MATCH_POSTS && !unvalued && !db_rows_bool(rows, row, COLUMN_BY_HAND) &&
		     out->choice_count == result->count && out->choices[0].sound;
	if (result->wait == MATCH_POSTS && !out->posts) {
		out->wait = unvalued || !out->choices[0].sound ? MATCH_WAIT_RATE : MATCH_WAIT_CERTAINTY;
		result->wait = out->wait;
		result->candidates[0].posts = false;
	}
	out->payer = result->payer_count == 1 ? know->remitters[result->payers[0]] : NULL;
	if (r == 0 && !out->posts) r = reason_fill(round, out);
	return r;
}

static bool moves(
	const struct match_know *know, const struct match_candidate *candidate, uint32_t from, uint32_t before)
{
	for (uint32_t i = 0; i < candidate->part_count; i++) {
		uint32_t claim = candidate->parts[i].claim, touched;

		if (claim == MATCH_NONE) continue;
		touched = know->claims[claim].touched;
		if (touched >= from && touched < before) return true;
	}
	return false;
}

/* Is a claim that it may be for moved by what is not committed yet, or one that it moves in this round already? */
static bool collides(const struct match_round *round, const struct match_know *know, const struct match_result *result)
{
	for (uint32_t i = 0; i < result->count; i++)
		if (moves(know, &result->candidates[i], round->oldest, round->number)) return true;
	if (result->wait != MATCH_POSTS) return false;
	if (result->candidates[0].kind == MATCH_REVERSAL) return round->count > 0;
	return moves(know, &result->candidates[0], round->number, round->number + 1);
}

/* The index as it is when it is posted. */
static int index_apply(struct match_round *round, struct match_know *know, const struct match_candidate *first)
{
	int r = 0;

	for (int i = 0; i < 2; i++)
		if (first->advices[i] != MATCH_NONE) match_index_advice_paid(know->index, first->advices[i], true);
	for (uint32_t i = 0; r == 0 && i < first->part_count; i++) {
		const struct match_part *part = &first->parts[i];
		struct zf_money open;

		if (part->claim == MATCH_NONE) continue;
		know->claims[part->claim].touched = round->number;
		open = match_index_opened(know->index, part->claim);
		if (part->kind == MATCH_PART_PAYMENT) open.minor -= part->books.cleared.minor;
		if (part->kind == MATCH_PART_TAKE_BACK && strcmp(open.currency, know->claims[part->claim].owed) == 0)
			open.minor -= part->amount;
		r = match_index_open(know->index, part->claim, open);
		if (r == ERR_INVALID) r = 0; /* the database says so too */
	}
	return r;
}

int match_round_read(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows)
{
	size_t count = (size_t)db_rows_count(rows);
	int r = 0;

	arena_reset(&round->arena);
	round->bills = (struct bill_search){.count = 0};
	round->read = zf_alloc_array(&round->arena.zf, count + 1, sizeof(*round->read));
	round->read_errors = zf_alloc_array(&round->arena.zf, count + 1, sizeof(*round->read_errors));
	if (round->read == NULL || round->read_errors == NULL) return ERR_NOMEM;
	for (uint32_t row = 0; r == 0 && row < count; row++) {
		struct match_line *line = &round->read[row];

		round->read_errors[row] = line_read(round, know, hold, sealer, rows, (int)row, line);
		if (round->read_errors[row] == ERR_NOMEM && !(round->arena.is_full && count == 1)) return ERR_NOMEM;
		if (round->read_errors[row] == 0 && line->amount.minor > 0)
			r = bill_search_add(&round->bills, know, line, row, &round->arena.zf);
	}
	return r;
}

/* As it was read before, with what it names, or now. */
static int due_read(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows, int row, struct match_line *ret)
{
	if (round->read == NULL) return line_read(round, know, hold, sealer, rows, row, ret);
	*ret = round->read[row];
	return round->read_errors[row];
}

static struct round_line round_line_of(const struct pg_result *rows, int row)
{
	return (struct round_line){.line = db_rows_uuid(rows, row, COLUMN_LINE),
		.part = (int32_t)db_rows_int(rows, row, COLUMN_PART),
		.version = (int32_t)db_rows_int(rows, row, COLUMN_VERSION),
		.allocation = uuid_new()};
}

static void park(struct round_line *line)
{
	line->posts = false;
	line->parked = true;
	line->choice_count = 0;
	line->again_s = ROUND_AGAIN_S;
	line->reason = "it could not be posted or read: the log says why";
}

/* What is above the round's memory is left for the next one; above that of a round of its own it waits for a person,
 * for so it would be in each later turn. 1, 2: as due_take(). ERR_NOMEM, also where others' texts are in it. */
static int above_memory(struct match_round *round, const struct pg_result *rows, int row)
{
	char id[UUID_TEXT_LEN];
	struct uuid line = db_rows_uuid(rows, row, COLUMN_LINE);
	int r;

	if (round->count > 0) return 1;
	if (round->read != NULL && db_rows_count(rows) > 1) return ERR_NOMEM;
	uuid_format(&line, id);
	log_fields(LOG_ERROR,
		"money in suspense has more candidates than a round of matching has memory for: it waits for a person",
		"line", id, NULL);
	round->lines[0] = round_line_of(rows, row);
	round->count = 1;
	r = match_round_park(round);
	return r == 0 ? 2 : r;
}

/* 0: taken; 1: left for the next round; 2: taken, and no more goes in. */
static int due_take(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows, int row)
{
	struct round_line *out = &round->lines[round->count];
	struct match_result *result = zf_alloc(&round->arena.zf, sizeof(*result));
	struct match_line line;
	bool hangs = false;
	int r = result == NULL ? ERR_NOMEM : due_read(round, know, hold, sealer, rows, row, &line);

	if (r == 0) r = match_line(know->index, &line, &round->arena.zf, result);
	if (r == 0 && collides(round, know, result)) return 1;
	if (r == 0) r = match_line_hangs(know->index, &line, &round->arena.zf, result, &hangs);
	if (r == 0 && hangs) return 1;
	*out = round_line_of(rows, row);
	if (r == 0)
		r = choices_fill(round, know, &line, result, rows, row, out);
	else if (r != ERR_NOMEM && !hangs) { /* what was stored can't be opened: a person looks why */
		round->count++;
		park(out);
		return 0;
	}
	if (r == ERR_NOMEM && round->arena.is_full) return above_memory(round, rows, row);
	if (r != 0) return r;
	round->count++;
	if (out->posts) r = index_apply(round, know, &result->candidates[0]);
	if (r == 0 && line.amount.minor > 0) r = match_index_credit(know->index, &line, result);
	return r;
}

int match_round_take(struct match_round *round, struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, const struct pg_result *rows)
{
	int r = 0;
	int row = 0;

	if (round->read == NULL) arena_reset(&round->arena);
	round->count = 0;
	round->number = ++know->rounds;
	if (round->oldest == 0) round->oldest = round->number;
	match_index_round(know->index, round->number, round->oldest);
	if (round->earlier) return earlier_take(round, know, hold, sealer, rows);
	round->lines = zf_alloc_array(&round->arena.zf, ROUND_ITEMS, sizeof(*round->lines));
	if (round->lines == NULL) return ERR_NOMEM;
	while (row < db_rows_count(rows)) {
		r = due_take(round, know, hold, sealer, rows, row);
		if (r < 0 || r == 1) break;
		taken(round, rows, row++);
		if (r == 2) break;
		/* what the bank takes back is posted alone: it may undo anything */
		if (round->lines[round->count - 1].posts &&
			round->lines[round->count - 1].choices[0].kind == MATCH_REVERSAL)
			break;
	}
	round->ended = db_rows_count(rows) == 0;
	round->read = NULL;
	return r < 0 ? r : 0;
}

/* ---- to the database ---- */

static void return_add(struct match_round *round, const struct match_know *know, struct db_batch *batch)
{
	const struct round_line *line = &round->lines[0];
	struct db_params *params = db_batch_add(batch, &settle_sql[SETTLE_MATCH_RETURN]);

	db_params_uuid(params, &know->hospital->id);
	db_params_uuid(params, &line->allocation);
	db_params_uuid(params, &line->line);
	db_params_int4(params, line->part);
	db_params_int4(params, line->version);
	db_params_uuid(params, &line->choices[0].credit);
	db_params_int4(params, line->choices[0].credit_part);
}

static int candidates_add(struct match_round *round, const struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, struct db_params *params)
{
	const struct key *key = keyhold_newest(hold, &know->hospital->id, NULL);
	struct db_array *of = db_params_array(params, DB_INT4, round->count, 0);
	struct db_array *no = db_params_array(params, DB_INT2, round->count, 0);
	struct db_array *kind = db_params_array(params, DB_INT2, round->count, 0);
	struct db_array *score = db_params_array(params, DB_INT2, round->count, 0);
	struct db_array *print = db_params_array(params, DB_BYTEA, round->count, 0);
	struct db_array *content = db_params_array(params, DB_BYTEA, round->count, 0);
	int32_t at = 0;
	int r = key == NULL ? ERR_NOTFOUND : 0;

	for (uint32_t i = 0; r == 0 && i < round->count; i++) {
		const struct round_line *line = &round->lines[i];

		if (line->posts) continue;
		at++;
		for (uint32_t k = 0; r == 0 && k < line->choice_count; k++) {
			uint8_t hash[MATCH_PRINT_BYTES];
			struct text_span json;
			struct bytes sealed;

			r = match_choice_write(&line->choices[k], &round->arena.zf, &json);
			if (r == 0)
				r = seal(sealer, key, &line->line, SEAL_FACT,
					(struct bytes){(const uint8_t *)json.ptr, json.len}, &round->arena, &sealed);
			if (r != 0) break;
			match_choice_print(&line->choices[k], hash);
			db_array_int4(of, at);
			db_array_int2(no, (int16_t)(k + 1));
			db_array_int2(kind, line->choices[k].kind);
			db_array_int2(score, (int16_t)line->choices[k].score);
			db_array_bytes(print, (struct bytes){hash, sizeof(hash)});
			db_array_bytes(content, sealed);
		}
	}
	return r;
}

/* Which single claims it may be for. */
static void claims_add(const struct match_round *round, struct db_params *params)
{
	struct db_array *of = db_params_array(params, DB_INT4, round->count, 0);
	struct db_array *claim = db_params_array(params, DB_UUID, round->count, 0);
	int32_t at = 0;

	for (uint32_t i = 0; i < round->count; i++) {
		const struct round_line *line = &round->lines[i];

		if (line->posts) continue;
		at++;
		for (uint32_t k = 0; k < line->choice_count; k++) {
			if (line->choices[k].kind != MATCH_PAYMENT || line->choices[k].part_count != 1) continue;
			db_array_int4(of, at);
			db_array_uuid(claim, &line->choices[k].parts[0].claim);
		}
	}
}

static int store_add(struct match_round *round, const struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, struct db_batch *batch)
{
	struct db_params *params = db_batch_add(batch, &settle_sql[SETTLE_MATCH_STORE]);
	struct db_array *line, *part, *version, *wait, *reason, *payer, *again;

	db_params_uuid(params, &know->hospital->id);
	line = db_params_array(params, DB_UUID, round->count, 0);
	part = db_params_array(params, DB_INT4, round->count, 0);
	version = db_params_array(params, DB_INT4, round->count, 0);
	wait = db_params_array(params, DB_INT2, round->count, 0);
	reason = db_params_array(params, DB_TEXT, round->count, 0);
	payer = db_params_array(params, DB_TEXT, round->count, 0);
	again = db_params_array(params, DB_INT4, round->count, 0);
	for (uint32_t i = 0; i < round->count; i++) {
		const struct round_line *one = &round->lines[i];

		if (one->posts) continue;
		db_array_uuid(line, &one->line);
		db_array_int4(part, one->part);
		db_array_int4(version, one->version);
		if (one->parked)
			db_array_null(wait);
		else
			db_array_int2(wait, one->wait);
		db_array_text(reason, one->reason);
		db_array_text(payer, one->payer);
		db_array_int4(again, one->again_s);
	}
	claims_add(round, params);
	return candidates_add(round, know, hold, sealer, params);
}

/* Is it for no claim? */
static bool own(const struct round_line *line)
{
	return line->choices[0].kind == MATCH_OWN;
}

int match_round_commit(struct match_round *round, const struct match_know *know, const struct keyhold *hold,
	struct sealer *sealer, struct db_batch *batch)
{
	struct match_posting *postings = zf_alloc_array(&round->arena.zf, round->count, sizeof(*postings));
	struct match_posting *owns = zf_alloc_array(&round->arena.zf, round->count, sizeof(*owns));
	size_t count = 0, own_count = 0;

	if (postings == NULL || owns == NULL) return ERR_NOMEM;
	round->return_asked = match_round_alone(round);
	round->post_asked = round->own_asked = false;
	if (round->return_asked) {
		return_add(round, know, batch);
		return 0;
	}
	for (uint32_t i = 0; i < round->count; i++) {
		const struct round_line *line = &round->lines[i];

		if (!line->posts) continue;
		*(own(line) ? &owns[own_count++] : &postings[count++]) =
			(struct match_posting){line->allocation, line->line, line->part, line->version, line->choices};
	}
	round->post_asked = count > 0;
	round->own_asked = own_count > 0;
	if (count > 0)
		match_post_params(db_batch_add(batch, &settle_sql[SETTLE_MATCH_POST]), &know->hospital->id, "zhifu",
			NULL, false, postings, count);
	if (own_count > 0)
		match_classify_params(db_batch_add(batch, &settle_sql[SETTLE_MATCH_CLASSIFY]), &know->hospital->id,
			"zhifu", NULL, false, owns, own_count);
	return count + own_count < round->count ? store_add(round, know, hold, sealer, batch) : 0;
}

/* The claims' versions as they are now. */
static void versions_add(struct match_know *know, const struct match_choice *choice)
{
	for (uint32_t i = 0; i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];
		uint32_t claim = part->has_claim && part->kind != MATCH_PART_DOUBLE
					 ? match_know_claim(know, &part->claim)
					 : MATCH_NONE;

		if (claim != MATCH_NONE) know->claims[claim].version++;
	}
}

/* Does it pay claims and no more? What follows of money that is taken back or came twice, only the database knows. */
static bool pays_only(const struct match_choice *choice)
{
	for (uint32_t i = 0; i < choice->part_count; i++)
		if (choice->parts[i].kind == MATCH_PART_DOUBLE || choice->parts[i].kind == MATCH_PART_TAKE_BACK)
			return false;
	return true;
}

/* Those that let more go than anybody may are all that is left of it, and wait. ERR_NOMEM. */
static int beyond_wait(struct match_round *round)
{
	uint32_t count = 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < round->count; i++) {
		if (!round->lines[i].beyond) continue;
		round->lines[count] = round->lines[i];
		round->lines[count].posts = false;
		round->lines[count].wait = MATCH_WAIT_BEYOND;
		r = reason_fill(round, &round->lines[count++]);
	}
	round->count = count;
	return r;
}

/* What was not posted is looked at again, and nothing came of it. */
static int undone(struct match_know *know, const struct round_line *line)
{
	uint32_t credit;
	int r = match_know_credit(know, &line->line, line->part, &credit);

	if (r == 0) match_index_credit_forget(know->index, credit);
	return r == 0 ? match_know_again(know, line->choices) : r;
}

int match_round_done(struct match_round *round, struct match_know *know, const struct pg_result *const *results,
	uint32_t *ret_posted)
{
	const struct pg_result *owns = round->own_asked ? results[round->post_asked] : NULL;
	uint32_t posted = 0;
	int row = 0, own_row = 0, r = 0;
	bool known = round->post_asked;

	if (round->return_asked) {
		posted = db_rows_int(results[0], 0, 0) == 1;
		round->stale = true; /* it may have undone what is known */
	}
	for (uint32_t i = 0; r == 0 && (round->post_asked || round->own_asked) && i < round->count; i++) {
		if (!round->lines[i].posts) continue;
		known = known && pays_only(round->lines[i].choices);
		int64_t outcome =
			own(&round->lines[i]) ? db_rows_int(owns, own_row++, 1) : db_rows_int(results[0], row++, 1);
		if (outcome == 1) {
			versions_add(know, round->lines[i].choices);
			posted++;
		} else {
			round->stale = true;
			round->lines[i].beyond = outcome == MATCH_POST_BEYOND;
			round->beyond |= round->lines[i].beyond;
			r = undone(know, &round->lines[i]);
		}
	}
	if (known && db_rows_count(results[0]) > 0) match_know_own(know, db_rows_int(results[0], 0, 2));
	*ret_posted = posted;
	if (r == 0 && round->beyond) r = beyond_wait(round);
	return r;
}

int match_round_park(struct match_round *round)
{
	struct round_line line = round->lines[0];

	arena_reset(&round->arena);
	round->read = NULL;
	round->lines = zf_alloc_array(&round->arena.zf, 1, sizeof(*round->lines));
	if (round->lines == NULL) return ERR_NOMEM;
	park(&line);
	round->lines[0] = line;
	return 0;
}
