/* The commit of claims and consents: arrays for one call of the database, and what its rows mean for each item. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/point.h"
#include "intake/intake_sql.h"
#include "intake/submission.h"

#define ITEM_WEIGHT_BYTES 2048 /* of a claim besides its content */
#define WHOLE_DEADLINE_MS 10000
#define WHOLE_TRIES_MAX 8

/* The columns of intake_commit's result. */
enum column { COLUMN_ORDINAL, COLUMN_VERDICT, COLUMN_ID, COLUMN_REF, COLUMN_AT, COLUMN_FIRST, COLUMN_FIRST_REF };

struct items {
	struct claim_item *const *items;
	size_t n, claims, content_bytes;
};

/* A parallel array: one element for each claim. */
#define COLUMN(type, bytes, append)                                                                                    \
	do {                                                                                                           \
		struct db_array *array = db_params_array(params, type, set->claims, bytes);                            \
		for (size_t i = 0; i < set->n; i++) {                                                                  \
			const struct claim_item *item = set->items[i];                                                 \
			if (item->alone) continue;                                                                     \
			append;                                                                                        \
		}                                                                                                      \
	} while (0)

static const struct bytes no_bytes = {NULL, 0};

static void array_hash(struct db_array *array, bool has, const struct hash *hash)
{
	db_array_bytes(array, has ? (struct bytes){hash->b, sizeof(hash->b)} : no_bytes);
}

/* A parallel array, and behind it, where a claim has a second key, two more of the second keys. */
static void add_keys_also(struct db_params *params, const struct items *set)
{
	struct db_array *array = db_params_array(params, DB_BYTEA, set->claims, 0);
	bool second = false;
	for (size_t i = 0; i < set->n; i++) {
		const struct claim_item *item = set->items[i];
		if (item->alone) continue;
		array_hash(array, item->has_also, &item->also);
		second = second || item->has_second;
	}
	for (size_t i = 0; second && i < set->n; i++)
		if (!set->items[i]->alone) array_hash(array, set->items[i]->has_second, &set->items[i]->second);
	for (size_t i = 0; second && i < set->n; i++) {
		const struct claim_item *item = set->items[i];
		if (!item->alone) array_hash(array, item->has_second && item->has_also, &item->second_also);
	}
}

static void add_claims(struct db_params *params, const struct items *set)
{
	COLUMN(DB_INT4, 0, db_array_int4(array, (int32_t)i + 1));
	COLUMN(DB_UUID, 0, db_array_uuid(array, &item->submission->principal->hospital_id));
	COLUMN(DB_UUID, 0, db_array_uuid(array, &item->id));
	COLUMN(DB_TEXT, set->claims * REF_LEN, db_array_text_len(array, item->ref, REF_LEN));
	COLUMN(DB_BYTEA, set->claims * LOOKUP_HASH_BYTES, array_hash(array, item->has_key, &item->key));
	add_keys_also(params, set);
	COLUMN(DB_BYTEA, set->claims * LOOKUP_HASH_BYTES,
		db_array_bytes(array, (struct bytes){item->body.b, sizeof(item->body.b)}));
	COLUMN(DB_INT2, 0, db_array_int2(array, item->claim->use));
	COLUMN(DB_TEXT, 0, db_array_text(array, item->insurer));
	COLUMN(DB_UUID, 0, db_array_uuid(array, &item->person->key_id));
	COLUMN(DB_TEXT, 0, db_array_text(array, item->submission->principal->client_id));
	COLUMN(DB_TIMESTAMPTZ, 0, db_array_time_ms(array, item->received_ms));
	COLUMN(DB_INT4, 0, db_array_int4(array, item->service_day));
	COLUMN(DB_INT8, 0, db_array_int8(array, item->total.minor));
	COLUMN(DB_TEXT, 0, db_array_text(array, item->total.currency));
	COLUMN(DB_INT2, 0, db_array_int2(array, item->total.exponent));
	COLUMN(DB_INT4, 0, db_array_int4(array, (int32_t)item->claim->line_count));
	COLUMN(DB_INT4, 0, db_array_int4(array, item->claim->bill_sequence));
	COLUMN(DB_BOOL, 0, db_array_bool(array, item->claim->emergency != 0));
	COLUMN(DB_UUID, 0, db_array_uuid(array, item->has_predecessor ? &item->predecessor : NULL));
	COLUMN(DB_INT4, 0, db_array_int4(array, item->warnings));
	COLUMN(DB_UUID, 0, db_array_uuid(array, &item->work_id));
	COLUMN(DB_TEXT, 0, db_array_text(array, item->stay));
	COLUMN(DB_BYTEA, set->content_bytes, db_array_bytes(array, item->content));
}

/* A list of hashes that name their claim. */
static void add_hashes(struct db_params *params, const struct items *set,
	size_t (*hashes_of)(const struct claim_item *item, const struct hash **ret_hashes))
{
	const struct hash *hashes;
	struct db_array *hospitals = db_params_array(params, DB_UUID, set->claims, 0);
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = hashes_of(set->items[i], &hashes); k > 0; k--)
			db_array_uuid(hospitals, &set->items[i]->submission->principal->hospital_id);
	struct db_array *values = db_params_array(params, DB_BYTEA, set->claims, set->claims * LOOKUP_HASH_BYTES);
	for (size_t i = 0; i < set->n; i++) {
		size_t count = hashes_of(set->items[i], &hashes);
		for (size_t k = 0; k < count; k++)
			db_array_bytes(values, (struct bytes){hashes[k].b, LOOKUP_HASH_BYTES});
	}
	struct db_array *claims = db_params_array(params, DB_UUID, set->claims, 0);
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = hashes_of(set->items[i], &hashes); k > 0; k--)
			db_array_uuid(claims, &set->items[i]->id);
}

static size_t old_of(const struct claim_item *item, const struct hash **ret_hashes)
{
	*ret_hashes = item->old;
	return item->alone ? 0 : item->old_count;
}

static size_t idents_of(const struct claim_item *item, const struct hash **ret_hashes)
{
	*ret_hashes = item->idents;
	return item->alone ? 0 : item->ident_count;
}

static size_t prints_of(const struct claim_item *item, const struct hash **ret_hashes)
{
	*ret_hashes = item->prints;
	return item->alone ? 0 : item->print_count;
}

static size_t seen_of(const struct claim_item *item, const struct hash **ret_hashes)
{
	*ret_hashes = item->seen;
	return item->alone ? 0 : item->seen_count;
}

/* Calls visit for each person of the items, with the claim that brings it, or NULL for a consent's. */
struct visitor {
	struct db_params *params;
	struct db_array *array;
	int column;
	void (*visit)(struct visitor *visitor, const struct person *person, const struct uuid *claim);
};

/* The claim without which the item's consents, and the keys that they bring, do not count; NULL: none, or, in a
 * transaction, any of it. */
static const struct uuid *gate_of(const struct claim_item *item)
{
	const struct submission *submission = item->submission;
	return submission->bound && !item->alone && submission->mode != SUBMIT_TRANSACTION ? &item->id : NULL;
}

static void visit_persons(struct visitor *visitor, const struct items *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct claim_item *item = set->items[i];
		if (!item->alone) visitor->visit(visitor, item->person, &item->id);
		for (size_t k = 0; k < item->consent_count; k++)
			if (item->consents[k]->state == ITEM_READY)
				visitor->visit(visitor, item->consents[k]->person, gate_of(item));
	}
}

static void visit_key(struct visitor *visitor, const struct person *person, const struct uuid *claim)
{
	struct db_array *array = visitor->array;
	if (person->stored) return;
	switch (visitor->column) {
	case 0:
		db_array_uuid(array, &person->hospital_id);
		break;
	case 1:
		db_array_uuid(array, &person->key_id);
		break;
	case 2:
		db_array_bytes(array, (struct bytes){person->wrapped, sizeof(person->wrapped)});
		break;
	case 3:
		db_array_int4(array, person->hospital_key_version);
		break;
	case 4:
		db_array_bytes(array, person->identity);
		break;
	default:
		db_array_uuid(array, claim);
		break;
	}
}

static void visit_look(struct visitor *visitor, const struct person *person, const struct uuid *claim)
{
	struct db_array *array = visitor->array;
	for (size_t i = 0; i < person->hash_count; i++) {
		const struct person_hash *hash = &person->hashes[i];
		if (hash->stored) continue;
		switch (visitor->column) {
		case 0:
			db_array_uuid(array, &person->hospital_id);
			break;
		case 1:
			db_array_bytes(array, (struct bytes){hash->hash, sizeof(hash->hash)});
			break;
		case 2:
			db_array_uuid(array, &person->key_id);
			break;
		case 3:
			db_array_int2(array, hash->version);
			break;
		default:
			db_array_uuid(array, claim);
			break;
		}
	}
}

static void add_persons(struct db_params *params, const struct items *set)
{
	static const enum db_type keys[] = {DB_UUID, DB_UUID, DB_BYTEA, DB_INT4, DB_BYTEA, DB_UUID};
	static const enum db_type looks[] = {DB_UUID, DB_BYTEA, DB_UUID, DB_INT2, DB_UUID};
	struct visitor visitor = {.params = params, .visit = visit_key};
	for (visitor.column = 0; visitor.column < (int)ARRAY_LEN(keys); visitor.column++) {
		visitor.array = db_params_array(params, keys[visitor.column], set->claims, 0);
		visit_persons(&visitor, set);
	}
	visitor.visit = visit_look;
	for (visitor.column = 0; visitor.column < (int)ARRAY_LEN(looks); visitor.column++) {
		visitor.array = db_params_array(params, looks[visitor.column], set->claims, 0);
		visit_persons(&visitor, set);
	}
}

/* The same for consents. */
#define CONSENT_COLUMN(type, append)                                                                                   \
	do {                                                                                                           \
		struct db_array *array = db_params_array(params, type, count, 0);                                      \
		for (size_t i = 0; i < set->n; i++) {                                                                  \
			for (size_t k = 0; k < set->items[i]->consent_count; k++) {                                    \
				const struct consent_item *item = set->items[i]->consents[k];                          \
				if (item->state != ITEM_READY) continue;                                               \
				append;                                                                                \
			}                                                                                              \
		}                                                                                                      \
	} while (0)

static void array_bound(struct db_array *array, int64_t ms)
{
	db_array_time_ms(array, ms);
}

static void add_consents(struct db_batch *batch, const struct items *set, size_t count, bool whole)
{
	struct db_params *params = db_batch_add(batch, &intake_sql[INTAKE_CONSENT]);
	db_params_bool(params, whole);
	CONSENT_COLUMN(DB_INT4, db_array_int4(array, (int32_t)i + 1));
	CONSENT_COLUMN(DB_UUID, db_array_uuid(array, &item->person->hospital_id));
	CONSENT_COLUMN(DB_UUID, db_array_uuid(array, &item->id));
	CONSENT_COLUMN(DB_UUID, db_array_uuid(array, &item->person->key_id));
	CONSENT_COLUMN(DB_BOOL, db_array_bool(array, item->in_force));
	CONSENT_COLUMN(DB_TEXT, db_array_text(array, item->recipients));
	CONSENT_COLUMN(DB_TEXT, db_array_text(array, item->purposes));
	CONSENT_COLUMN(DB_TIMESTAMPTZ, array_bound(array, item->from_ms));
	CONSENT_COLUMN(DB_TIMESTAMPTZ, array_bound(array, item->until_ms));
	CONSENT_COLUMN(DB_BYTEA, db_array_bytes(array, item->has_identifier ? (struct bytes){item->identifier.b,
										      sizeof(item->identifier.b)}
									    : no_bytes));
	CONSENT_COLUMN(DB_BYTEA, db_array_bytes(array, item->content));
	CONSENT_COLUMN(DB_TEXT, db_array_text(array, item->submission->principal->client_id));
	CONSENT_COLUMN(DB_BYTEA, for (size_t p = 0; p < item->past_count; p++)
					 db_array_bytes(array, (struct bytes){item->past[p].b, LOOKUP_HASH_BYTES}));
	CONSENT_COLUMN(DB_UUID, for (size_t p = 0; p < item->past_count; p++) db_array_uuid(array, &item->id));
	CONSENT_COLUMN(DB_BYTEA, db_array_bytes(array, (struct bytes){item->said.b, sizeof(item->said.b)}));
	CONSENT_COLUMN(DB_TIMESTAMPTZ, array_bound(array, item->stated_ms));
	CONSENT_COLUMN(DB_TIMESTAMPTZ, array_bound(array, item->stated_end_ms));
	CONSENT_COLUMN(DB_UUID, db_array_uuid(array, gate_of(set->items[i])));
	CONSENT_COLUMN(DB_BYTEA, for (size_t p = 0; p < item->same_count; p++)
					 db_array_bytes(array, (struct bytes){item->same[p].b, LOOKUP_HASH_BYTES}));
	CONSENT_COLUMN(DB_UUID, for (size_t p = 0; p < item->same_count; p++) db_array_uuid(array, &item->id));
	struct db_array *any = db_params_array(params, DB_UUID, whole ? set->claims : 0, 0);
	for (size_t i = 0; whole && i < set->n; i++)
		if (!set->items[i]->alone) db_array_uuid(any, &set->items[i]->id);
}

static void fill(
	struct db_batch *batch, enum intake_statement statement, struct claim_item *const *items, size_t n, bool whole)
{
	struct items set = {.items = items, .n = n};
	size_t consents = 0;
	for (size_t i = 0; i < n; i++) {
		set.claims += !items[i]->alone;
		set.content_bytes += items[i]->content.len;
		for (size_t k = 0; k < items[i]->consent_count; k++)
			consents += items[i]->consents[k]->state == ITEM_READY;
	}
	struct db_params *params = db_batch_add(batch, &intake_sql[statement]);
	db_params_bool(params, whole);
	add_claims(params, &set);
	add_hashes(params, &set, old_of);
	add_hashes(params, &set, idents_of);
	add_hashes(params, &set, prints_of);
	add_hashes(params, &set, seen_of);
	add_persons(params, &set);
	if (consents > 0) add_consents(batch, &set, consents, whole);
}

static int group_build(void *ctx, struct db_batch *batch, void *const *items, size_t n)
{
	struct intake *intake = ctx;
	metric_observe(intake->batch_claims, (double)n);
	metric_add(intake->batches, 1);
	fill(batch, INTAKE_COMMIT, (struct claim_item *const *)items, n, false);
	return 0;
}

static int group_salvage(void *ctx, struct db_batch *batch, void *const *items, size_t n)
{
	(void)ctx;
	log_line(LOG_WARN, "a batch of %zu claims was refused, trying one by one", n);
	fill(batch, INTAKE_SALVAGE, (struct claim_item *const *)items, n, false);
	return 0;
}

static void copy_ref(char to[REF_TEXT_LEN], const struct pg_result *rows, int row, int column)
{
	struct bytes text = db_rows_bytes(rows, row, column);
	size_t len = text.len < REF_LEN ? text.len : REF_LEN;
	if (len > 0) memcpy(to, text.ptr, len);
	to[len] = '\0';
}

/* What the row of a claim says. */
static void row_read(struct claim_item *item, const struct pg_result *rows, int row)
{
	int64_t verdict = db_rows_int(rows, row, COLUMN_VERDICT);
	if (verdict == 0) {
		struct bytes state = db_rows_bytes(rows, row, COLUMN_REF);
		item->state = ITEM_REFUSED;
		memcpy(item->sqlstate, state.ptr, state.len < 5 ? state.len : 5);
		return;
	}
	if (verdict == 3) {
		item->state = ITEM_CONFLICT;
		return;
	}
	item->stored_id = db_rows_uuid(rows, row, COLUMN_ID);
	copy_ref(item->stored_ref, rows, row, COLUMN_REF);
	item->stored_ms = db_rows_time_ms(rows, row, COLUMN_AT);
	/* A replay of ourselves is this very batch, run again after an unknown ending. */
	item->state = verdict == 2 && !uuid_equal(&item->stored_id, &item->id) ? ITEM_REPLAYED : ITEM_STORED;
	if (db_rows_null(rows, row, COLUMN_FIRST)) return;
	item->is_double = true;
	item->first_id = db_rows_uuid(rows, row, COLUMN_FIRST);
	copy_ref(item->first_ref, rows, row, COLUMN_FIRST_REF);
}

/* Consents by ordinal and id; consents of an item keep their order, so one pass each is enough. */
static void consents_read(struct claim_item *item, const struct pg_result *rows)
{
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct uuid id = db_rows_uuid(rows, row, 1);
		for (size_t k = 0; k < item->consent_count; k++) {
			struct consent_item *consent = item->consents[k];
			if (consent->state != ITEM_READY || !uuid_equal(&consent->id, &id)) continue;
			/* Of a refused one nothing else is known. */
			int64_t fate = db_rows_null(rows, row, 4) ? 0 : db_rows_int(rows, row, 4);
			if (fate == 4) continue;
			consent->state = !db_rows_null(rows, row, 2) ? ITEM_REFUSED
					 : fate == 1                 ? ITEM_STORED
								     : ITEM_REPLAYED;
			consent->is_older = fate == 3;
			if (!db_rows_null(rows, row, 5)) consent->stored_id = db_rows_uuid(rows, row, 5);
			metric_add(item->submission->intake->consents, consent->state == ITEM_STORED);
			consent->woken = (int32_t)db_rows_int(rows, row, 3);
		}
	}
}

static void item_fail(struct claim_item *item, enum db_ending ending, const char *sqlstate)
{
	static const enum item_state states[] = {[DB_COMMITTED] = ITEM_STORED, ITEM_REFUSED, ITEM_LATER, ITEM_UNKNOWN};
	item->state = states[ending];
	memccpy(item->sqlstate, sqlstate, '\0', sizeof(item->sqlstate) - 1);
	for (size_t k = 0; k < item->consent_count; k++)
		if (item->consents[k]->state == ITEM_READY) item->consents[k]->state = item->state;
}

static void item_stored(struct claim_item *item)
{
	struct intake *intake = item->submission->intake;
	if (item->state == ITEM_STORED && !item->alone) person_stored(intake, item->person);
	for (size_t k = 0; k < item->consent_count; k++)
		if (item->consents[k]->state == ITEM_STORED) person_stored(intake, item->consents[k]->person);
}

static void group_done(void *ctx, void *arg, const struct db_item_end *end)
{
	struct intake *intake = ctx;
	struct claim_item *item = arg;
	if (end->ending == DB_COMMITTED) {
		/* Without a row it carried consents only. */
		item->state = ITEM_STORED;
		if (end->row >= 0) row_read(item, end->rows, end->row);
		if (item->consent_count > 0) consents_read(item, end->results[1]);
		item_stored(item);
		POINT("intake.after_commit");
	} else {
		if (end->ending == DB_REFUSED)
			log_fields(LOG_ERROR, "a claim was refused by the database", "claim", item->ref, "sqlstate",
				end->sqlstate, "constraint", end->constraint, NULL);
		item_fail(item, end->ending, end->sqlstate);
	}
	metric_observe(intake->commit_seconds, (double)(clock_mono_us() - item->submission->started_us) / 1e6);
	claim_item_ended(item);
}

int commit_group_new(struct intake *intake, struct db_group **ret_group)
{
	const struct options *options = intake->worker->options;
	struct db_group_conf conf = {.cap = (size_t)options->batch_claims_max,
		.flights = (size_t)options->batches_in_flight_max,
		.row_statement = 0,
		.build = group_build,
		.salvage = group_salvage,
		.done = group_done,
		.ctx = intake};
	return db_group_new(intake->pool, &conf, ret_group);
}

void commit_item(struct claim_item *item)
{
	size_t bytes = ITEM_WEIGHT_BYTES + item->content.len;
	for (size_t k = 0; k < item->consent_count; k++) bytes += item->consents[k]->content.len;
	item->state = ITEM_FLYING;
	POINT("intake.before_commit");
	if (db_group_submit(item->submission->intake->group, item, bytes) == 0) return;
	item_fail(item, DB_RETRYABLE, "");
	claim_item_ended(item);
}

/* ---- one transaction ---- */

static void whole_run(struct submission *submission);

static void whole_read(struct submission *submission, const struct db_outcome *outcome)
{
	const struct pg_result *rows = outcome->results[0];
	for (int row = 0; row < db_rows_count(rows); row++) {
		int64_t ordinal = db_rows_int(rows, row, COLUMN_ORDINAL);
		assert(ordinal >= 1 && ordinal <= (int64_t)submission->item_count);
		row_read(&submission->items[ordinal - 1], rows, row);
	}
	for (uint32_t i = 0; i < submission->item_count; i++) {
		struct claim_item *item = &submission->items[i];
		if (item->alone) item->state = ITEM_STORED;
		if (item->consent_count > 0) consents_read(item, outcome->results[1]);
		item_stored(item);
	}
}

/* The ordinals of the claims whose key was used for something else, as intake_commit names them. */
static void whole_conflict(struct submission *submission, const char *ordinals)
{
	for (uint32_t i = 0; i < submission->item_count; i++) item_fail(&submission->items[i], DB_RETRYABLE, "ZF409");
	while (*ordinals != '\0') {
		size_t at = 0;
		while (*ordinals >= '0' && *ordinals <= '9' && at <= submission->item_count)
			at = at * 10 + (size_t)(*ordinals++ - '0');
		if (at >= 1 && at <= submission->item_count) submission->items[at - 1].state = ITEM_CONFLICT;
		if (*ordinals != '\0') ordinals++;
	}
}

static void on_whole(void *ctx, const struct db_outcome *outcome)
{
	struct submission *submission = ctx;
	enum db_ending ending = outcome->ending;
	bool again = ending == DB_UNKNOWN || ending == DB_RETRYABLE;

	if (ending == DB_UNKNOWN) submission->unknown = true;
	/* Once a run may have committed, no later run can prove that nothing was stored. */
	if (submission->unknown && ending != DB_COMMITTED) ending = DB_UNKNOWN;
	if (again && clock_mono_ms() < submission->deadline_ms && submission->tries++ < WHOLE_TRIES_MAX) {
		whole_run(submission);
		return;
	}
	if (outcome->ending == DB_COMMITTED) POINT("intake.after_commit");
	if (outcome->ending == DB_COMMITTED)
		whole_read(submission, outcome);
	else if (outcome->ending == DB_REFUSED && strcmp(outcome->sqlstate, "ZF409") == 0)
		whole_conflict(submission, outcome->constraint);
	else
		for (uint32_t i = 0; i < submission->item_count; i++)
			item_fail(&submission->items[i], ending, outcome->sqlstate);
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "a transaction was refused by the database", "sqlstate", outcome->sqlstate, NULL);
	db_batch_free(submission->batch);
	submission->batch = NULL;
	submission_ended(submission);
}

static void whole_run(struct submission *submission)
{
	POINT("intake.before_commit");
	if (db_batch_run(submission->batch, submission->deadline_ms, on_whole, submission) == 0) return;
	for (uint32_t i = 0; i < submission->item_count; i++)
		item_fail(&submission->items[i], submission->unknown ? DB_UNKNOWN : DB_RETRYABLE, "");
	db_batch_free(submission->batch);
	submission->batch = NULL;
	submission_ended(submission);
}

void commit_whole(struct submission *submission)
{
	struct claim_item **items =
		zf_alloc_array(&submission->req->arena.zf, submission->item_count + 1, sizeof(*items));
	submission->deadline_ms = clock_mono_ms() + WHOLE_DEADLINE_MS;
	if (items == NULL || db_batch_new(submission->intake->pool, &submission->batch) < 0) {
		for (uint32_t i = 0; i < submission->item_count; i++)
			item_fail(&submission->items[i], DB_RETRYABLE, "");
		submission_ended(submission);
		return;
	}
	for (uint32_t i = 0; i < submission->item_count; i++) items[i] = &submission->items[i];
	fill(submission->batch, INTAKE_COMMIT, items, submission->item_count, true);
	whole_run(submission);
}
