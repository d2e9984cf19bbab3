/* Days on which shares are due: those that have none are read with their contracts, and their days stored. */
#include "settle/shares.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/worker.h"
#include "db/batch.h"
#include "db/pool.h"
#include "model/contract.h"
#include "model/directory.h"
#include "settle/settle_sql.h"

#define LOOK_MAX 100           /* shares of one look */
#define LOOK_BYTES (64u << 20) /* most of it contracts */
#define FAULTS_MAX 1           /* of a contract: it was read before it was stored */

struct shares {
	struct db_pool *pool;
	const struct worker *worker;
	struct arena arena; /* of one look */
	bool busy;
};

int shares_new(const struct worker *worker, struct db_pool *pool, struct shares **ret_shares)
{
	struct shares *shares = mem_alloc(sizeof(*shares));

	if (shares == NULL) return ERR_NOMEM;
	shares->worker = worker;
	shares->pool = pool;
	arena_init(&shares->arena, LOOK_BYTES);
	*ret_shares = shares;
	return 0;
}

void shares_free(struct shares *shares)
{
	if (shares == NULL) return;
	db_forget(shares->pool, shares);
	arena_free(&shares->arena);
	mem_free(shares);
}

static void look_end(struct shares *shares)
{
	shares->busy = false;
	arena_reset(&shares->arena);
}

/* Whatever is not committed is found again by the next look. */
static bool look_failed(struct shares *shares, const struct db_outcome *outcome)
{
	if (outcome->ending == DB_COMMITTED) return false;
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "days on which shares are due could not be found", "sqlstate", outcome->sqlstate,
			"why", outcome->message, NULL);
	look_end(shares);
	return true;
}

static void on_stored(void *ctx, const struct db_outcome *outcome)
{
	struct shares *shares = ctx;

	if (!look_failed(shares, outcome)) look_end(shares);
}

enum { S_HOSPITAL, S_CLAIM, S_VERSION, S_BILLED, S_BOOK, S_CONTRACT, S_DOCUMENT };

/* CONTRACT_DAY_UNKNOWN: the contract cannot be read. */
static int32_t due_day(struct shares *shares, const struct pg_result *rows, int row)
{
	struct uuid id = db_rows_uuid(rows, row, S_HOSPITAL);
	const struct hospital *hospital = directory_hospital(shares->worker->directory, &id);
	const char *text = zf_strdup(&shares->arena.zf, db_rows_text(rows, row, S_DOCUMENT));
	struct contract_list list;
	struct fault_list faults;
	char contract[UUID_TEXT_LEN];

	fault_list_init(&faults, &shares->arena.zf, FAULTS_MAX);
	if (text != NULL && contract_read((struct text_span){text, strlen(text)}, db_rows_text(rows, row, S_BOOK),
				    &shares->arena.zf, &faults, &list) == 0)
		return contract_due_day(
			list.items, hospital == NULL ? NULL : hospital->calendar, db_rows_date(rows, row, S_BILLED));
	id = db_rows_uuid(rows, row, S_CONTRACT);
	uuid_format(&id, contract);
	log_fields(LOG_ERROR, "a stored contract could not be read: its shares have no day when they are due",
		"contract", contract, NULL);
	return CONTRACT_DAY_UNKNOWN;
}

static void on_shares(void *ctx, const struct db_outcome *outcome)
{
	struct shares *shares = ctx;
	struct db_params params;

	if (look_failed(shares, outcome)) return;
	const struct pg_result *rows = outcome->results[0];
	size_t count = (size_t)db_rows_count(rows);
	if (count == 0) {
		look_end(shares);
		return;
	}
	db_params_init(&params, &shares->arena);
	struct db_array *hospital = db_params_array(&params, DB_UUID, count, 0);
	struct db_array *claim = db_params_array(&params, DB_UUID, count, 0);
	struct db_array *version = db_params_array(&params, DB_INT4, count, 0);
	struct db_array *due = db_params_array(&params, DB_DATE, count, 0);
	for (int row = 0; row < db_rows_count(rows); row++) {
		const struct uuid ids[] = {db_rows_uuid(rows, row, S_HOSPITAL), db_rows_uuid(rows, row, S_CLAIM)};
		int32_t day = due_day(shares, rows, row);

		db_array_uuid(hospital, &ids[0]);
		db_array_uuid(claim, &ids[1]);
		db_array_int4(version, (int32_t)db_rows_int(rows, row, S_VERSION));
		if (day == CONTRACT_DAY_UNKNOWN)
			db_array_null(due);
		else
			db_array_date(due, day);
	}
	if (db_query(shares->pool, &settle_sql[SETTLE_SHARES_DUE], &params, 0, on_stored, shares) < 0) look_end(shares);
}

void shares_look(struct shares *shares)
{
	struct db_params params;

	if (shares->busy || !db_pool_up(shares->pool)) return;
	db_params_init(&params, &shares->arena);
	db_params_int4(&params, LOOK_MAX);
	shares->busy = db_query(shares->pool, &settle_sql[SETTLE_SHARES], &params, 0, on_shares, shares) == 0;
	if (!shares->busy) look_end(shares);
}
