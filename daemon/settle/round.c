/* From leased work to one statement that commits it. */
#include "settle/round.h"

#include <stdlib.h>
#include <string.h>

#include "settle/settle_sql.h"

#define DEFER_TEXT "what it depends on has not come: decide by hand"

/* ---- what it is about ---- */

static int item_compare(const void *a, const void *b)
{
	const struct work_item *x = &((const struct round_item *)a)->work, *y = &((const struct round_item *)b)->work;
	int r = memcmp(&x->claim_id, &y->claim_id, sizeof(x->claim_id));

	return r != 0 ? r : memcmp(&x->work_id, &y->work_id, sizeof(x->work_id));
}

void round_take(struct round *round, const struct work_item *items, size_t n)
{
	assert(n <= ROUND_ITEMS_MAX);
	round->item_count = n;
	round->claim_count = round->fact_count = round->done_count = round->refused = 0;
	for (size_t i = 0; i < n; i++) round->items[i] = (struct round_item){.work = items[i]};
	qsort(round->items, n, sizeof(*round->items), item_compare);
	for (size_t i = 0; i < n; i++) {
		const struct work_item *work = &round->items[i].work;

		if (i == 0 || !uuid_equal(&work->claim_id, &round->items[i - 1].work.claim_id))
			round->claims[round->claim_count++] =
				(struct round_claim){.hospital_id = work->hospital_id, .id = work->claim_id};
		round->items[i].claim = round->claim_count - 1;
	}
}

static const struct uuid *id_or_null(const struct uuid *id)
{
	return uuid_is_nil(id) ? NULL : id;
}

static void add_claims(const struct round *round, struct db_params *params)
{
	struct db_array *hospital = db_params_array(params, DB_UUID, round->claim_count, 0);
	struct db_array *claim = db_params_array(params, DB_UUID, round->claim_count, 0);

	for (size_t i = 0; i < round->claim_count; i++) {
		db_array_uuid(hospital, &round->claims[i].hospital_id);
		db_array_uuid(claim, &round->claims[i].id);
	}
}

void round_ask(const struct round *round, struct db_batch *batch)
{
	struct db_params *params = db_batch_add(batch, &settle_sql[SETTLE_CLAIMS]);
	struct db_array *a[4];

	add_claims(round, params);
	params = db_batch_add(batch, &settle_sql[SETTLE_FACTS]);
	for (size_t i = 0; i < ARRAY_LEN(a); i++) a[i] = db_params_array(params, DB_UUID, round->item_count, 0);
	for (size_t i = 0; i < round->item_count; i++) {
		const struct work_item *work = &round->items[i].work;

		db_array_uuid(a[0], &work->hospital_id);
		db_array_uuid(a[1], &work->claim_id);
		db_array_uuid(a[2], id_or_null(&work->message_id));
		db_array_uuid(a[3], id_or_null(&work->fact_id));
	}
	db_params_int4(params, ROUND_FACTS_MAX);
}

/* ---- what was answered ---- */

static void claim_read(const struct pg_result *rows, int row, struct round_claim *claim)
{
	struct fact_view *view = &claim->view;

	claim->found = true;
	*view = (struct fact_view){
		.use = (int)db_rows_int(rows, row, 1),
		.currency = db_rows_text(rows, row, 2),
		.exponent = (int)db_rows_int(rows, row, 3),
		.billed = db_rows_int(rows, row, 14),
		.patient_posted = db_rows_int(rows, row, 15),
		.contract_posted = db_rows_int(rows, row, 16),
	};
	for (int axis = 1; axis <= LIFECYCLE_AXES; axis++) {
		view->states[axis] = (uint8_t)db_rows_int(rows, row, 2 + 2 * axis);
		view->seqs[axis] = (int32_t)db_rows_int(rows, row, 3 + 2 * axis);
	}
}

static int64_t int_or_zero(const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? 0 : db_rows_int(rows, row, column);
}

static void fact_read(const struct pg_result *rows, int row, struct fact_view *view)
{
	view->kind = (int)db_rows_int(rows, row, 2);
	view->insurer = db_rows_text(rows, row, 3);
	view->has_adjudication = !db_rows_null(rows, row, 4);
	view->outcome = (int)int_or_zero(rows, row, 4);
	view->adjudicated_currency = db_rows_text(rows, row, 5);
	view->submitted = int_or_zero(rows, row, 6);
	view->benefit = int_or_zero(rows, row, 7);
	view->patient = int_or_zero(rows, row, 8);
	view->contract = int_or_zero(rows, row, 9);
	view->shares = int_or_zero(rows, row, 10);
	view->has_detail = !db_rows_null(rows, row, 11);
	view->detail_amount = int_or_zero(rows, row, 11);
	view->detail_fee = int_or_zero(rows, row, 12);
	view->detail_currency = db_rows_text(rows, row, 13);
	view->detail_exponent = (int)int_or_zero(rows, row, 14);
	view->doubted = db_rows_bool(rows, row, 15);
}

static int fact_compare(const void *a, const void *b)
{
	const struct round_fact *x = a, *y = b;

	if (x->claim != y->claim) return x->claim < y->claim ? -1 : 1;
	return memcmp(&x->id, &y->id, sizeof(x->id));
}

static int facts_take(struct round *round, const struct pg_result *rows, struct zf_arena *arena)
{
	int n = db_rows_count(rows);

	assert(n <= ROUND_FACTS_MAX);
	round->facts = zf_alloc(arena, ((size_t)n + 1) * sizeof(*round->facts));
	round->done = zf_alloc(arena, ((size_t)n + 1) * sizeof(*round->done));
	if (round->facts == NULL || round->done == NULL) return ERR_NOMEM;
	for (int row = 0; row < n; row++) {
		size_t item = (size_t)db_rows_int(rows, row, 0) - 1;

		round->facts[row] = (struct round_fact){
			.item = item, .claim = round->items[item].claim, .row = row, .id = db_rows_uuid(rows, row, 1)};
	}
	for (size_t i = 0; i < round->item_count; i++) round->items[i].delay_ms = -1;
	/* As many as were asked for: the last one's item may have more, and those behind it have not been looked at. */
	for (size_t i = n < ROUND_FACTS_MAX ? round->item_count : round->facts[n - 1].item; i < round->item_count; i++)
		round->items[i].delay_ms = 0;
	qsort(round->facts, (size_t)n, sizeof(*round->facts), fact_compare);
	/* A fact may be named by an item of its own and by its message's. */
	round->fact_count = 0;
	for (int i = 0; i < n; i++)
		if (i == 0 || !uuid_equal(&round->facts[i].id, &round->facts[round->fact_count - 1].id))
			round->facts[round->fact_count++] = round->facts[i];
	return 0;
}

/* ---- applying ---- */

static void fact_done(struct round *round, struct round_fact *fact)
{
	fact->done = true;
	round->done[round->done_count++] = fact;
	if (fact->apply.status == FACT_REFUSED) round->refused++;
}

static void fact_try(struct round *round, struct round_fact *fact, const struct pg_result *rows)
{
	struct round_claim *claim = &round->claims[fact->claim];

	if (!claim->found) {
		fact->apply = (struct apply){.status = FACT_ORPHAN, .why = "its claim is not there"};
		fact_done(round, fact);
		return;
	}
	fact_read(rows, fact->row, &claim->view);
	apply_fact(&claim->view, &fact->apply);
	if (fact->apply.defer) return;
	apply_forward(&fact->apply, &claim->view);
	fact_done(round, fact);
}

/* A fact that waits for another is tried again after the others: what it waits for may be among them. */
static void claim_apply(struct round *round, size_t first, size_t end, const struct pg_result *rows)
{
	size_t before;

	do {
		before = round->done_count;
		for (size_t i = first; i < end; i++)
			if (!round->facts[i].done) fact_try(round, &round->facts[i], rows);
	} while (round->done_count > before && round->done_count < end);
}

/* What still waits is put off: soon at first; a remittance that came long before its decision is looked at less and
 * less often, and in the end no more. */
static void fact_wait(struct round *round, struct round_fact *fact)
{
	struct round_item *item = &round->items[fact->item];

	if (item->work.attempt > ROUND_DEFERS_MAX) {
		fact->apply = (struct apply){.status = FACT_REFUSED, .why = DEFER_TEXT};
		fact_done(round, fact);
		return;
	}
	if (item->delay_ms < 0) item->delay_ms = item->work.attempt < 10 ? 20 : (int64_t)item->work.attempt * 100;
}

int round_apply(
	struct round *round, const struct pg_result *claims, const struct pg_result *facts, struct zf_arena *arena)
{
	int r = facts_take(round, facts, arena);

	if (r < 0) return r;
	for (int row = 0; row < db_rows_count(claims); row++)
		claim_read(claims, row, &round->claims[db_rows_int(claims, row, 0) - 1]);
	for (size_t first = 0, end; first < round->fact_count; first = end) {
		for (end = first; end < round->fact_count && round->facts[end].claim == round->facts[first].claim;)
			end++;
		claim_apply(round, first, end, facts);
		for (size_t i = first; i < end; i++)
			if (!round->facts[i].done) fact_wait(round, &round->facts[i]);
	}
	return 0;
}

/* ---- the commit ---- */

static void add_items(const struct round *round, struct db_params *params)
{
	struct db_array *claim = db_params_array(params, DB_INT4, round->item_count, 0);
	struct db_array *work = db_params_array(params, DB_UUID, round->item_count, 0);
	struct db_array *attempt = db_params_array(params, DB_INT4, round->item_count, 0);
	struct db_array *delay = db_params_array(params, DB_INT8, round->item_count, 0);

	for (size_t i = 0; i < round->item_count; i++) {
		const struct round_item *item = &round->items[i];

		db_array_int4(claim, (int32_t)item->claim + 1);
		db_array_uuid(work, &item->work.work_id);
		db_array_int4(attempt, item->work.attempt);
		if (item->delay_ms < 0)
			db_array_null(delay);
		else
			db_array_int8(delay, item->delay_ms);
	}
}

static void add_facts(const struct round *round, struct db_params *params)
{
	struct db_array *claim = db_params_array(params, DB_INT4, round->done_count, 0);
	struct db_array *id = db_params_array(params, DB_UUID, round->done_count, 0);
	struct db_array *status = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *why = db_params_array(params, DB_TEXT, round->done_count, 0);

	for (size_t i = 0; i < round->done_count; i++) {
		db_array_int4(claim, (int32_t)round->done[i]->claim + 1);
		db_array_uuid(id, &round->done[i]->id);
		db_array_int2(status, (int16_t)round->done[i]->apply.status);
		db_array_text(why, round->done[i]->apply.why);
	}
}

/* In the order in which they were taken: the steps of an axis are a chain. */
static void add_steps(const struct round *round, struct db_params *params)
{
	struct db_array *claim = db_params_array(params, DB_INT4, round->done_count, 0);
	struct db_array *axis = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *from = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *seq = db_params_array(params, DB_INT4, round->done_count, 0);
	struct db_array *to = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *event = db_params_array(params, DB_TEXT, round->done_count, 0);

	for (size_t i = 0; i < round->done_count; i++) {
		for (size_t s = 0; s < round->done[i]->apply.step_count; s++) {
			const struct apply_step *step = &round->done[i]->apply.steps[s];

			db_array_int4(claim, (int32_t)round->done[i]->claim + 1);
			db_array_int2(axis, (int16_t)step->axis);
			db_array_int2(from, step->from);
			db_array_int4(seq, step->seq);
			db_array_int2(to, step->to);
			db_array_text(event, lifecycle_event_name(step->event));
		}
	}
}

static void add_postings(const struct round *round, struct db_params *params)
{
	struct db_array *claim = db_params_array(params, DB_INT4, round->done_count, 0);
	struct db_array *source = db_params_array(params, DB_UUID, round->done_count, 0);
	struct db_array *no = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *debit = db_params_array(params, DB_TEXT, round->done_count, 0);
	struct db_array *credit = db_params_array(params, DB_TEXT, round->done_count, 0);
	struct db_array *amount = db_params_array(params, DB_INT8, round->done_count, 0);
	struct db_array *currency = db_params_array(params, DB_TEXT, round->done_count, 0);
	struct db_array *exponent = db_params_array(params, DB_INT2, round->done_count, 0);
	struct db_array *rule = db_params_array(params, DB_TEXT, round->done_count, 0);

	for (size_t i = 0; i < round->done_count; i++) {
		for (size_t p = 0; p < round->done[i]->apply.posting_count; p++) {
			const struct apply_posting *posting = &round->done[i]->apply.postings[p];

			db_array_int4(claim, (int32_t)round->done[i]->claim + 1);
			db_array_uuid(source, &round->done[i]->id);
			db_array_int2(no, (int16_t)(p + 1));
			db_array_text(debit, posting->debit);
			db_array_text(credit, posting->credit);
			db_array_int8(amount, posting->amount);
			db_array_text(currency, posting->currency);
			db_array_int2(exponent, (int16_t)posting->exponent);
			db_array_text(rule, posting->rule);
		}
	}
}

void round_commit(const struct round *round, struct db_batch *batch)
{
	struct db_params *params = db_batch_add(batch, &settle_sql[SETTLE_COMMIT]);

	add_claims(round, params);
	add_items(round, params);
	add_facts(round, params);
	add_steps(round, params);
	add_postings(round, params);
}
