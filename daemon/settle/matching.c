/* A turn of matching, from answer to answer of the database. */
#include "settle/matching.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/point.h"
#include "base/worker.h"
#include "db/batch.h"
#include "db/keyhold.h"
#include "db/pool.h"
#include "model/directory.h"
#include "net/metrics.h"
#include "settle/match_round.h"
#include "settle/settle_sql.h"

#define LEASE_S 15               /* of a turn, or lease_s where that is less; renewed with each question */
#define CLAIMS_PAGE 20000        /* claims of one question */
#define ADVICES_PAGE 50000       /* rows of advices, likewise */
#define RATE_DAYS 600            /* back, as claims and advices may be */
#define KEPT_MAX 64              /* hospitals of which what is known is kept between turns, */
#define KEPT_CLAIMS_MAX 3000000u /* and their claims; each takes about 300 bytes */

#define FLIGHTS 3 /* rounds at a time: while PostgreSQL flushes one, the second is written and the third looked at */

/* How a turn ends; the worst counts. */
enum turn_end {
	TURN_GOES_ON,
	TURN_DONE,    /* all that was due was looked at */
	TURN_BROKEN,  /* the rest is for the next one */
	TURN_DROPPED, /* it can't even be given back */
};

/* A round, from its rows to its commit. */
struct flight {
	struct matching *matching;
	struct db_batch *batch;
	struct match_round round;
	bool flying; /* it is being written */
};

struct matching {
	const struct worker *worker;
	struct db_pool *pool;
	struct keyhold *hold;
	struct sealer *sealer;
	struct db_batch *batch;
	struct metric *looked, *posted, *left_out;
	struct match_know *know; /* of the turn; owned */
	struct {
		struct uuid hospital;
		struct match_know *know; /* owned */
	} kept[KEPT_MAX];                /* the last used first */
	uint32_t kept_count;
	struct flight flights[FLIGHTS];
	struct flight *taking;   /* whose rows came last, or are asked */
	struct pg_result *items; /* its rows while the bills in them are looked up; owned; NULL: they are not */
	struct flight *waiting;  /* looked at, to be written when nothing else is; NULL: none */
	enum turn_end over;
	uint32_t turn_posted; /* lines */
	bool stale;           /* what is known is not what is any more */
	bool reading;         /* the batch is under way */
	struct uuid hospital; /* of the turn */
	int32_t turn;
	int64_t mark;
	struct uuid claims_after, advices_after;
	int tries;
	bool busy;
	bool abandon; /* the turn under way: what it borrowed is gone */
	bool sound;   /* what is known is as the database has it, but for what changes from now on */
	bool single;  /* something could not be posted: look at one at a time */
};

static void on_begun(void *ctx, const struct db_outcome *outcome);
static void claims_ask(struct matching *matching);
static void advices_ask(struct matching *matching);
static void bills_ask(struct matching *matching);

/* ---- what is kept from turn to turn ---- */

static void know_drop(struct match_know *know)
{
	if (know == NULL) return;
	match_know_free(know);
	mem_free(know);
}

static void kept_drop(struct matching *matching, uint32_t from)
{
	while (matching->kept_count > from) know_drop(matching->kept[--matching->kept_count].know);
}

/* What is known of the turn's hospital, or nothing yet. ERR_NOMEM. */
static int kept_take(struct matching *matching)
{
	for (uint32_t i = 0; i < matching->kept_count; i++) {
		if (!uuid_equal(&matching->kept[i].hospital, &matching->hospital)) continue;
		matching->know = matching->kept[i].know;
		memmove(&matching->kept[i], &matching->kept[i + 1],
			(--matching->kept_count - i) * sizeof(*matching->kept));
		return 0;
	}
	matching->know = mem_alloc(sizeof(*matching->know));
	return matching->know == NULL ? ERR_NOMEM : 0;
}

/* The longest unused make room. */
static void kept_put(struct matching *matching)
{
	uint32_t claims = matching->know->claim_count, count = 0;

	while (count < matching->kept_count && count < KEPT_MAX - 1 &&
		claims + matching->kept[count].know->claim_count <= KEPT_CLAIMS_MAX)
		claims += matching->kept[count++].know->claim_count;
	kept_drop(matching, count);
	memmove(&matching->kept[1], &matching->kept[0], count * sizeof(*matching->kept));
	arena_free(&matching->know->arena); /* the next turn reads the setting anew */
	matching->kept[0].hospital = matching->hospital;
	matching->kept[0].know = matching->know;
	matching->kept_count++;
	matching->know = NULL;
}

static void items_drop(struct matching *matching)
{
	db_rows_free(matching->items);
	matching->items = NULL;
}

int matching_new(
	const struct worker *worker, struct db_pool *pool, struct keyhold *hold, struct matching **ret_matching)
{
	struct matching *matching = mem_alloc(sizeof(*matching));
	int r = matching == NULL ? ERR_NOMEM : 0;

	if (r == 0) r = sealer_new(&matching->sealer);
	if (r == 0) r = db_batch_new(pool, &matching->batch);
	for (int i = 0; r == 0 && i < FLIGHTS; i++) {
		matching->flights[i].matching = matching;
		r = db_batch_new(pool, &matching->flights[i].batch);
	}
	if (r < 0) {
		matching_free(matching);
		return r;
	}
	matching->worker = worker;
	matching->pool = pool;
	matching->hold = hold;
	matching->looked = metrics_counter(
		worker->metrics, "zhifu_match_looked_total", "Bank lines that matching looked at.", NULL);
	matching->posted = metrics_counter(
		worker->metrics, "zhifu_match_posted_total", "Bank lines that matching posted by itself.", NULL);
	matching->left_out = metrics_counter(worker->metrics, "zhifu_match_left_out_total",
		"Claims, contracts and advices that matching could not take in.", NULL);
	*ret_matching = matching;
	return 0;
}

void matching_free(struct matching *matching)
{
	if (matching == NULL) return;
	db_batch_free(matching->batch);
	for (int i = 0; i < FLIGHTS; i++) {
		db_batch_free(matching->flights[i].batch);
		match_round_free(&matching->flights[i].round);
	}
	know_drop(matching->know);
	kept_drop(matching, 0);
	items_drop(matching);
	sealer_free(matching->sealer);
	mem_free(matching);
}

/* ---- the turn ends ---- */

static bool any_flies(const struct matching *matching)
{
	for (int i = 0; i < FLIGHTS; i++)
		if (matching->flights[i].flying) return true;
	return false;
}

static void turn_drop(struct matching *matching)
{
	if (matching->know != NULL) {
		metric_add(matching->left_out, matching->know->left_out);
		matching->know->left_out = 0;
	}
	if (matching->abandon) kept_drop(matching, 0); /* they borrowed it too */
	items_drop(matching);
	for (int i = 0; i < FLIGHTS; i++) {
		match_round_free(&matching->flights[i].round);
		db_batch_reset(matching->flights[i].batch);
	}
	if (matching->know != NULL && matching->sound && !matching->abandon && !matching->know->broken)
		kept_put(matching);
	know_drop(matching->know);
	matching->know = NULL;
	db_batch_reset(matching->batch);
	matching->busy = false;
}

static void on_kept(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	bool again =
		outcome->ending == DB_COMMITTED && !matching->abandon && (matching->turn_posted > 0 || matching->stale);

	turn_drop(matching);
	if (again) matching_look(matching); /* another hospital may wait */
}

/* What was not looked at is found by the next turn, when the lease has run out or at once. */
static void turn_end(struct matching *matching)
{
	char forms[MATCH_FORMS_TEXT_MAX];
	struct db_params *params;

	db_batch_reset(matching->batch);
	params = db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_KEEP]);
	db_params_uuid(params, &matching->hospital);
	db_params_int4(params, matching->turn);
	db_params_int4(params, 0);
	db_params_bool(params, matching->over == TURN_DONE);
	db_params_uuid(params, &matching->know->last_claim);
	if (matching->know->forms.more) {
		match_forms_write(&matching->know->forms, forms);
		db_params_text(params, forms);
	} else {
		db_params_null(params);
	}
	if (db_batch_run(matching->batch, 0, on_kept, matching) < 0) turn_drop(matching);
}

/* Nothing more is begun. The turn ends when nothing is under way any more. */
static void turn_over(struct matching *matching, enum turn_end how)
{
	if (how > matching->over) matching->over = how;
	if (matching->reading || any_flies(matching) || matching->over == TURN_GOES_ON) return;
	if (matching->waiting != NULL) matching->sound = false; /* it is known as if it were written */
	matching->waiting = NULL;
	if (matching->over == TURN_DROPPED)
		turn_drop(matching);
	else
		turn_end(matching);
}

static int32_t lease_s(const struct matching *matching)
{
	int64_t taken_over_s = matching->worker->options->lease_s;

	return taken_over_s < LEASE_S ? (int32_t)taken_over_s : LEASE_S;
}

/* Asks what is in the batch, and keeps the turn with it. */
static void turn_ask(struct matching *matching, db_done *done)
{
	struct db_params *params = db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_KEEP]);

	db_params_uuid(params, &matching->hospital);
	db_params_int4(params, matching->turn);
	db_params_int4(params, lease_s(matching));
	db_params_bool(params, false);
	db_params_null(params);
	db_params_null(params);
	matching->reading = db_batch_run(matching->batch, 0, done, matching) == 0;
	if (!matching->reading) turn_over(matching, TURN_DROPPED);
}

/* True when there is no answer to go on with, and that was dealt with: the batch is run again, or the turn is over. */
static bool run_failed(struct matching *matching, const struct db_outcome *outcome, struct db_batch *batch,
	bool *under_way, db_done *again, void *ctx, const char *what)
{
	bool retryable = outcome->ending == DB_UNKNOWN || outcome->ending == DB_RETRYABLE;

	*under_way = false;
	if (!matching->abandon && outcome->ending == DB_COMMITTED) {
		matching->tries = 0;
		return false;
	}
	if (!matching->abandon && retryable && matching->tries++ < 5 && db_batch_run(batch, 0, again, ctx) == 0) {
		*under_way = true;
		return true;
	}
	if (!matching->abandon && outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, what, "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
	turn_over(matching, TURN_DROPPED); /* the next one is when its lease has run out */
	return true;
}

/* The same of what is asked in the turn. */
static bool turn_failed(struct matching *matching, const struct db_outcome *outcome, db_done *again, const char *what)
{
	if (run_failed(matching, outcome, matching->batch, &matching->reading, again, matching, what)) return true;
	if (db_rows_bool(outcome->results[outcome->count - 1], 0, 0)) return false;
	turn_over(matching, TURN_DROPPED); /* it took so long that another has the turn */
	return true;
}

/* ---- rounds ---- */

static void flights_go_on(struct matching *matching);

static void on_parked(void *ctx, const struct db_outcome *outcome)
{
	struct flight *flight = ctx;

	if (!run_failed(flight->matching, outcome, flight->batch, &flight->flying, on_parked, flight,
		    "money that can't be posted could not be put aside"))
		turn_over(flight->matching, TURN_BROKEN);
}

/* 0: it runs. ERR_NOMEM, ERR_LIMIT: it is too much, or there is no memory. */
static int flight_run(struct flight *flight, db_done *done)
{
	struct matching *matching = flight->matching;
	int r;

	db_batch_reset(flight->batch);
	r = match_round_commit(&flight->round, matching->know, matching->hold, matching->sealer, flight->batch);
	if (r == 0) r = db_batch_run(flight->batch, 0, done, flight);
	flight->flying = r == 0;
	return r;
}

/* Its one item waits for a person. */
static void flight_park(struct flight *flight)
{
	if (match_round_park(&flight->round) < 0 || flight_run(flight, on_parked) < 0)
		turn_over(flight->matching, TURN_BROKEN);
}

/* The database found a fault in what was to be posted: one at a time finds in which, and that one waits for a person.
 */
static void round_refused(struct flight *flight, const struct db_outcome *outcome)
{
	struct matching *matching = flight->matching;

	flight->flying = matching->sound = false;
	log_fields(LOG_ERROR, "matched money could not be posted", "sqlstate", outcome->sqlstate, "why",
		outcome->message, NULL);
	if (!flight->round.single) {
		matching->single = true;
		turn_over(matching, TURN_BROKEN);
		return;
	}
	flight_park(flight);
}

static void on_round(void *ctx, const struct db_outcome *outcome)
{
	struct flight *flight = ctx;
	struct matching *matching = flight->matching;
	struct match_round *round = &flight->round;
	uint32_t posted = 0;

	if (outcome->ending == DB_REFUSED && !matching->abandon) {
		round_refused(flight, outcome);
		return;
	}
	if (run_failed(matching, outcome, flight->batch, &flight->flying, on_round, flight,
		    "matched money could not be posted")) {
		if (!flight->flying) matching->sound = false;
		return;
	}
	POINT("match.after_commit");
	metric_add(matching->looked, round->count);
	if (match_round_done(round, matching->know, outcome->results, &posted) < 0) matching->sound = false;
	metric_add(matching->posted, posted);
	matching->turn_posted += posted;
	matching->stale |= round->stale;
	if (round->beyond && matching->sound) flight_run(flight, on_parked); /* else the next turn finds them */
	if (round->stale || !matching->sound)
		turn_over(matching, TURN_BROKEN);
	else
		flights_go_on(matching);
}

/* What is too much to be written at once would be so in each later turn; what is so alone waits for a person. */
static void flight_write(struct flight *flight)
{
	struct matching *matching = flight->matching;
	int r;

	POINT("match.before_commit");
	r = flight_run(flight, on_round);
	if (r == 0) return;
	matching->sound = false;
	if (r == ERR_NOMEM || r == ERR_LIMIT) {
		log_fields(LOG_ERROR, "matched money could not be written: one at a time from now on", "why",
			err_name(r), NULL);
		matching->single = true;
		if (flight->round.single) {
			flight_park(flight);
			return;
		}
	}
	turn_over(matching, TURN_BROKEN);
}

/* The number of the first round that is not committed; 0: all are. */
static uint32_t oldest_flying(const struct matching *matching)
{
	uint32_t oldest = 0;

	for (int i = 0; i < FLIGHTS; i++) {
		const struct flight *flight = &matching->flights[i];

		if (flight->flying && (oldest == 0 || flight->round.number < oldest)) oldest = flight->round.number;
	}
	return oldest;
}

/* False: it could not be matched, and the turn is over. */
static bool matched(struct matching *matching, int r)
{
	if (r == 0) return true;
	matching->sound = false;
	if (r == ERR_NOMEM && matching->taking->round.arena.is_full)
		matching->single = true; /* it would be in each turn */
	log_fields(LOG_ERROR, "money in suspense could not be matched", "why", err_name(r), NULL);
	turn_over(matching, TURN_BROKEN);
	return false;
}

static void items_take(struct matching *matching, const struct pg_result *rows)
{
	struct flight *flight = matching->taking;
	struct match_round *round = &flight->round;
	bool earlier = round->earlier;
	int r;

	round->oldest = oldest_flying(matching);
	r = match_round_take(round, matching->know, matching->hold, matching->sealer, rows);
	if (r == 0 && earlier && !round->earlier) {
		match_know_loaded(matching->know, matching->mark);
		matching->sound = true;
	}
	if (!matched(matching, r)) return;
	if (round->count == 0 && round->ended) {
		matching->single = false;
		turn_over(matching, TURN_DONE);
		return;
	}
	if (round->count > 0) matching->waiting = flight;
	/* what comes next hangs on what is being written */
	if (round->count > 0 || earlier || !any_flies(matching)) flights_go_on(matching);
}

static void on_bills(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	struct match_round *round = &matching->taking->round;
	struct bill_search slips = {.count = 0};
	struct pg_result *items;
	int r;

	if (turn_failed(matching, outcome, on_bills, "the hospital's own numbers could not be looked up")) return;
	if (matching->over != TURN_GOES_ON) {
		turn_over(matching, matching->over);
		return;
	}
	r = bill_search_take(&round->bills, matching->know, outcome->results[0], round->read, &round->arena.zf);
	if (r == 0 && !round->bills.slips)
		r = bill_search_slips(&round->bills, matching->know, round->read, &round->arena.zf, &slips);
	if (!matched(matching, r)) return;
	if (slips.count > 0) {
		round->bills = slips;
		bills_ask(matching);
		return;
	}
	items = matching->items;
	matching->items = NULL;
	items_take(matching, items);
	db_rows_free(items);
}

static void bills_ask(struct matching *matching)
{
	db_batch_reset(matching->batch);
	bill_search_put(&matching->taking->round.bills, matching->know,
		db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_BILLS]));
	turn_ask(matching, on_bills);
}

static void on_items(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	struct match_round *round = &matching->taking->round;

	if (turn_failed(matching, outcome, on_items, "money in suspense could not be read")) return;
	if (matching->over != TURN_GOES_ON) { /* by a round that landed meanwhile */
		turn_over(matching, matching->over);
		return;
	}
	if (!round->earlier && matching->know->hospital->bill_system_count > 0) {
		if (!matched(matching, match_round_read(round, matching->know, matching->hold, matching->sealer,
					       outcome->results[0])))
			return;
		if (round->bills.count > 0) {
			items_drop(matching);
			matching->items = db_rows_copy(outcome->results[0]);
			if (matched(matching, matching->items == NULL ? ERR_NOMEM : 0)) bills_ask(matching);
			return;
		}
	}
	items_take(matching, outcome->results[0]);
}

static void items_ask(struct matching *matching, struct flight *flight)
{
	if (flight != matching->taking) match_round_next(&flight->round, &matching->taking->round);
	matching->taking = flight;
	db_batch_reset(matching->batch);
	match_round_ask(&flight->round, matching->know, db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_ITEMS]));
	turn_ask(matching, on_items);
}

/* Writes what was looked at, and asks for more, as far as there is room. */
static void flights_go_on(struct matching *matching)
{
	struct flight *waiting = matching->waiting, *room = NULL;
	bool alone = false;

	if (matching->over != TURN_GOES_ON) {
		turn_over(matching, matching->over);
		return;
	}
	if (waiting != NULL) {
		alone = waiting->round.single || match_round_alone(&waiting->round);
		if (alone && any_flies(matching)) return;
		matching->waiting = NULL;
		flight_write(waiting);
	}
	for (int i = 0; i < FLIGHTS && room == NULL && !alone; i++)
		if (!matching->flights[i].flying) room = &matching->flights[i];
	if (matching->over != TURN_GOES_ON || matching->reading || room == NULL) return;
	items_ask(matching, room);
}

/* ---- what is known ---- */

/* Of what is kept only what changed. */
static void since_put(const struct matching *matching, struct db_params *params)
{
	if (matching->know->loaded)
		db_params_int8(params, matching->know->mark);
	else
		db_params_null(params);
}

static void on_advices(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	bool full;
	int r;

	if (turn_failed(matching, outcome, on_advices, "advices could not be read")) return;
	full = db_rows_count(outcome->results[0]) == ADVICES_PAGE;
	r = match_know_advices(matching->know, outcome->results[0], full, &matching->advices_after);
	if (r < 0)
		turn_over(matching, TURN_BROKEN);
	else if (full)
		advices_ask(matching);
	else
		items_ask(matching, matching->taking);
}

static void advices_ask(struct matching *matching)
{
	struct db_params *params;

	db_batch_reset(matching->batch);
	params = db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_ADVICES]);
	db_params_uuid(params, &matching->hospital);
	db_params_uuid(params, &matching->advices_after);
	db_params_int4(params, INT32_MAX);
	db_params_int4(params, ADVICES_PAGE);
	since_put(matching, params);
	turn_ask(matching, on_advices);
}

static void on_claims(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	const struct pg_result *rows;
	int r;

	if (turn_failed(matching, outcome, on_claims, "claims could not be read")) return;
	rows = outcome->results[0];
	r = match_know_claims(matching->know, rows);
	if (db_rows_count(rows) > 0) matching->claims_after = db_rows_uuid(rows, db_rows_count(rows) - 1, 0);
	if (r < 0 || matching->know->broken) /* the next turn reads all */
		turn_over(matching, TURN_BROKEN);
	else if (db_rows_count(rows) == CLAIMS_PAGE)
		claims_ask(matching);
	else
		advices_ask(matching);
}

static void claims_ask(struct matching *matching)
{
	const struct match_know *know = matching->know;
	struct db_params *params;
	struct db_array *again;

	db_batch_reset(matching->batch);
	params = db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_CLAIMS]);
	db_params_uuid(params, &matching->hospital);
	db_params_uuid(params, &matching->claims_after);
	db_params_int4(params, CLAIMS_PAGE);
	since_put(matching, params);
	again = db_params_array(params, DB_UUID, know->again_count, 0);
	for (uint32_t i = 0; i < know->again_count; i++) db_array_uuid(again, &know->again[i]);
	match_know_own_put(know, params);
	turn_ask(matching, on_claims);
}

static void on_known(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	const struct worker *worker = matching->worker;
	int r;

	if (turn_failed(matching, outcome, on_known, "contracts and payers could not be read")) return;
	const struct know_rows rows = {outcome->results[0], outcome->results[1], outcome->results[2],
		outcome->results[3], outcome->results[4], outcome->results[5]};
	r = match_know_begin(matching->know, directory_hospital(worker->directory, &matching->hospital),
		worker->directory, worker->keyring, matching->hold, matching->sealer, &rows);
	if (r < 0) {
		log_fields(LOG_ERROR, "matching could not begin", "why", err_name(r), NULL);
		turn_over(matching, TURN_BROKEN);
		return;
	}
	claims_ask(matching);
}

static void known_ask(struct matching *matching, const struct hospital *hospital)
{
	static const enum settle_statement of_hospital[] = {SETTLE_MATCH_CONTRACTS, SETTLE_MATCH_PAYERS,
		SETTLE_MATCH_CHARGES, SETTLE_MATCH_ADVISERS, SETTLE_MATCH_FORMS};
	int32_t today = (int32_t)zone_day(hospital->zone, clock_wall_ms());
	struct db_params *params;
	struct db_array *currencies;

	db_batch_reset(matching->batch);
	for (size_t i = 0; i < ARRAY_LEN(of_hospital); i++)
		db_params_uuid(db_batch_add(matching->batch, &settle_sql[of_hospital[i]]), &matching->hospital);
	params = db_batch_add(matching->batch, &settle_sql[SETTLE_RATES]);
	/* every source quotes in one of these */
	currencies = db_params_array(params, DB_TEXT, 4, 16);
	db_array_text(currencies, hospital->book_currency);
	db_array_text(currencies, "CNY");
	db_array_text(currencies, "EUR");
	db_array_text(currencies, "USD");
	db_params_date(params, today - RATE_DAYS);
	db_params_date(params, today + RATE_DAYS);
	turn_ask(matching, on_known);
}

/* ---- the turn begins ---- */

static void on_begun(void *ctx, const struct db_outcome *outcome)
{
	struct matching *matching = ctx;
	const struct hospital *hospital;
	int r;

	if (run_failed(matching, outcome, matching->batch, &matching->reading, on_begun, matching,
		    "what is to be matched could not be asked"))
		return;
	if (db_rows_count(outcome->results[0]) == 0) {
		turn_drop(matching);
		return;
	}
	matching->hospital = db_rows_uuid(outcome->results[0], 0, 0);
	matching->turn = (int32_t)db_rows_int(outcome->results[0], 0, 1);
	matching->mark = db_rows_int(outcome->results[0], 0, 2);
	matching->claims_after = matching->advices_after = (struct uuid){{0}};
	for (int i = 0; i < FLIGHTS; i++)
		match_round_begin(&matching->flights[i].round, matching->single,
			(int32_t)(clock_wall_ms() / 86400000) - ROUND_EARLIER_DAYS);
	matching->taking = &matching->flights[0];
	hospital = directory_hospital(matching->worker->directory, &matching->hospital);
	r = hospital == NULL ? ERR_NOTFOUND : kept_take(matching);
	if (r == 0) {
		/* a turn that is no later one: the database is another, or an older copy */
		if (matching->know->turn >= matching->turn) matching->know->broken = true;
		matching->know->turn = matching->turn;
	}
	if (r < 0) /* not configured any more: its turn is taken until the lease runs out */
		turn_drop(matching);
	else
		known_ask(matching, hospital);
}

void matching_look(struct matching *matching)
{
	if (!db_pool_up(matching->pool) && !matching->busy)
		kept_drop(matching, 0); /* it may not be the same database after */
	if (matching->busy || !db_pool_up(matching->pool) || !keyhold_ready(matching->hold)) return;
	matching->tries = 0;
	matching->over = TURN_GOES_ON;
	matching->waiting = NULL;
	matching->turn_posted = 0;
	matching->abandon = matching->sound = matching->stale = false;
	db_batch_reset(matching->batch);
	struct db_params *params = db_batch_add(matching->batch, &settle_sql[SETTLE_MATCH_BEGIN]);

	db_params_int4(params, lease_s(matching));
	db_params_int2(params, MATCH_WAIT_BEYOND);
	db_params_int4(params, ROUND_AGAIN_S);
	matching->busy = matching->reading = db_batch_run(matching->batch, 0, on_begun, matching) == 0;
	if (!matching->busy) db_batch_reset(matching->batch);
}

void matching_abandon(struct matching *matching)
{
	matching->abandon = matching->busy;
	if (!matching->busy) kept_drop(matching, 0);
}
