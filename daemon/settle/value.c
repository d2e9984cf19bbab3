/* Values of postings: what waits is read, then the rates that may be needed, then all is posted in one statement. */
#include "settle/value.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/worker.h"
#include "db/batch.h"
#include "db/pool.h"
#include "model/directory.h"
#include "net/metrics.h"
#include "settle/book_rate.h"
#include "settle/rate_rows.h"
#include "settle/settle_sql.h"

#define LOOK_MAX 500           /* postings of one look */
#define LOOK_BYTES (64u << 20) /* most of it rates: LOOK_MAX days of all currencies are 5 MB */
#define LATER_S 600            /* without a rate: also looked at whenever one is stored */

/* A posting that waits. */
struct waiting {
	struct uuid hospital, entry;
	int16_t no;
	int32_t day;
	struct zf_money amount;
	char book_currency[4];
	bool valued; /* conversion is filled in */
	struct rate_conversion conversion;
};

struct value {
	struct db_pool *pool;
	const struct worker *worker;
	struct metric *valued;
	struct arena arena; /* of one look */
	struct waiting *waiting;
	size_t count;
	bool busy;
};

int value_new(const struct worker *worker, struct db_pool *pool, struct value **ret_value)
{
	struct value *value = mem_alloc(sizeof(*value));

	if (value == NULL) return ERR_NOMEM;
	value->worker = worker;
	value->pool = pool;
	value->valued = metrics_counter(worker->metrics, "zhifu_postings_valued_total",
		"Postings that got their value in the book currency.", NULL);
	arena_init(&value->arena, LOOK_BYTES);
	*ret_value = value;
	return 0;
}

void value_free(struct value *value)
{
	if (value == NULL) return;
	db_forget(value->pool, value);
	arena_free(&value->arena);
	mem_free(value);
}

static void look_end(struct value *value)
{
	value->busy = false;
	value->waiting = NULL;
	value->count = 0;
	arena_reset(&value->arena);
}

/* Whatever is not committed is found again by the next look. */
static bool look_failed(struct value *value, const struct db_outcome *outcome, const char *what)
{
	if (outcome->ending == DB_COMMITTED) return false;
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, what, "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
	look_end(value);
	return true;
}

/* ---- posting ---- */

static void on_valued(void *ctx, const struct db_outcome *outcome)
{
	struct value *value = ctx;
	bool full = value->count == LOOK_MAX;
	int64_t valued;

	if (look_failed(value, outcome, "values could not be posted")) return;
	valued = db_rows_int(outcome->results[0], 0, 0);
	metric_add(value->valued, (uint64_t)valued);
	look_end(value);
	if (full) value_look(value);
}

static int value_commit(struct value *value, const struct stored_rates *rates)
{
	struct db_params params;
	struct db_array *hospital, *entry, *no, *book, *posting, *step, *rate, *multiplied;

	db_params_init(&params, &value->arena);
	hospital = db_params_array(&params, DB_UUID, value->count, 0);
	entry = db_params_array(&params, DB_UUID, value->count, 0);
	no = db_params_array(&params, DB_INT2, value->count, 0);
	book = db_params_array(&params, DB_INT8, value->count, 0);
	db_params_int4(&params, LATER_S);
	posting = db_params_array(&params, DB_INT4, value->count, 0);
	step = db_params_array(&params, DB_INT2, value->count, 0);
	rate = db_params_array(&params, DB_UUID, value->count, 0);
	multiplied = db_params_array(&params, DB_BOOL, value->count, 0);
	db_params_int2(&params, BOOK_RATE_ROUNDING);
	for (size_t i = 0; i < value->count; i++) {
		const struct waiting *waiting = &value->waiting[i];
		const struct rate_path *path = &waiting->conversion.path;

		db_array_uuid(hospital, &waiting->hospital);
		db_array_uuid(entry, &waiting->entry);
		db_array_int2(no, waiting->no);
		if (!waiting->valued) {
			db_array_null(book);
			continue;
		}
		db_array_int8(book, waiting->conversion.to.minor);
		for (uint8_t k = 0; k < path->count; k++) {
			db_array_int4(posting, (int32_t)i + 1);
			db_array_int2(step, (int16_t)(k + 1));
			db_array_uuid(rate, rate_rows_id(rates, &path->steps[k].rate));
			db_array_bool(multiplied, path->steps[k].direction == MONEY_TARGET_PER_SOURCE);
		}
	}
	return db_query(value->pool, &settle_sql[SETTLE_VALUE], &params, 0, on_valued, value);
}

/* ---- rates ---- */

static void value_one(const struct hospital *hospital, const struct rate_table *table, struct waiting *waiting)
{
	struct rate_path path;
	struct rate_gap gaps[RATE_SOURCE_COUNT];

	waiting->valued = book_rate_find(hospital, table, waiting->amount.currency, waiting->book_currency,
				  waiting->day, (int32_t)zone_day(hospital->zone, clock_wall_ms()), &path, gaps) == 0 &&
			  rate_convert(waiting->amount, &path, BOOK_RATE_ROUNDING, &waiting->conversion) == 0;
}

static void on_rates(void *ctx, const struct db_outcome *outcome)
{
	struct value *value = ctx;
	struct stored_rates rates;

	if (look_failed(value, outcome, "rates could not be read")) return;
	if (rate_rows_read(outcome->results[0], NULL, &value->arena.zf, &rates) < 0) {
		look_end(value);
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct hospital *hospital =
			directory_hospital(value->worker->directory, &value->waiting[i].hospital);

		if (hospital != NULL) value_one(hospital, &rates.table, &value->waiting[i]);
	}
	if (value_commit(value, &rates) < 0) look_end(value);
}

/* ---- what waits ---- */

/* Of the days that may be taken for the days of the postings. */
static int rates_ask(struct value *value)
{
	const struct directory *directory = value->worker->directory;
	int32_t reach = 0;
	struct rate_need need;
	struct db_params params;
	int r = rate_need_init(&need, &value->arena.zf, 2 * value->count);

	if (r < 0) return r;
	for (uint32_t i = 0; i < directory->hospital_count; i++)
		if (directory->hospitals[i]->rate_reach_days > reach) reach = directory->hospitals[i]->rate_reach_days;
	for (size_t i = 0; i < value->count; i++) {
		const struct waiting *waiting = &value->waiting[i];

		rate_need_currency(&need, waiting->amount.currency);
		rate_need_currency(&need, waiting->book_currency);
		rate_need_days(&need, waiting->day - reach, waiting->day);
	}
	db_params_init(&params, &value->arena);
	rate_need_params(&need, &params);
	return db_query(value->pool, &settle_sql[SETTLE_RATES], &params, 0, on_rates, value);
}

static void on_unvalued(void *ctx, const struct db_outcome *outcome)
{
	struct value *value = ctx;
	const struct pg_result *rows;

	if (look_failed(value, outcome, "postings without a value could not be read")) return;
	rows = outcome->results[0];
	if (db_rows_count(rows) == 0) {
		look_end(value);
		return;
	}
	value->count = (size_t)db_rows_count(rows);
	value->waiting = zf_alloc_array(&value->arena.zf, value->count, sizeof(*value->waiting));
	for (size_t i = 0; value->waiting != NULL && i < value->count; i++) {
		struct waiting *waiting = &value->waiting[i];
		int row = (int)i;

		waiting->hospital = db_rows_uuid(rows, row, 0);
		waiting->entry = db_rows_uuid(rows, row, 1);
		waiting->no = (int16_t)db_rows_int(rows, row, 2);
		waiting->amount.minor = db_rows_int(rows, row, 3);
		memcpy(waiting->amount.currency, db_rows_text(rows, row, 4), 3);
		waiting->amount.exponent = (uint8_t)db_rows_int(rows, row, 5);
		waiting->amount.present = 1;
		waiting->day = db_rows_date(rows, row, 6);
		memcpy(waiting->book_currency, db_rows_text(rows, row, 7), 3);
	}
	if (value->waiting == NULL || rates_ask(value) < 0) look_end(value);
}

void value_look(struct value *value)
{
	struct db_params params;

	if (value->busy || !db_pool_up(value->pool)) return;
	db_params_init(&params, &value->arena);
	db_params_int4(&params, LOOK_MAX);
	value->busy = db_query(value->pool, &settle_sql[SETTLE_UNVALUED], &params, 0, on_unvalued, value) == 0;
	if (!value->busy) look_end(value);
}
