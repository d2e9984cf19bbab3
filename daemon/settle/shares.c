/* Days on which shares are due: those that have none are read with their contracts, and their days stored. */
#include "settle/shares.h"

#include <stdio.h>
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
#define LATER_S 3600           /* for those of which nobody can tell */

/* A contract as it was read in a look. */
struct agreed {
	struct uuid id;
	int32_t version;
	struct contract_list list;
	int r; /* below 0: it could not be */
};

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

enum { S_HOSPITAL, S_CLAIM, S_VERSION, S_BILLED, S_BOOK, S_CONTRACT, S_CONTRACT_VERSION, S_DOCUMENT };

/* What one look finds. */
struct looked {
	const struct pg_result *rows;
	struct agreed contracts[LOOK_MAX];
	size_t contract_count;
	struct db_array *hospital, *claim, *version, *due;
	size_t count;              /* that it comes to an end with */
	int unreadable, no_memory; /* shares of such contracts */
	struct uuid first;         /* of those contracts */
};

/* Each document is read once, and stands with its first share. */
static const struct agreed *agreed_of(struct shares *shares, struct looked *looked, int row)
{
	const struct uuid id = db_rows_uuid(looked->rows, row, S_CONTRACT);
	const int32_t version = (int32_t)db_rows_int(looked->rows, row, S_CONTRACT_VERSION);
	struct agreed *agreed;
	struct fault_list faults;
	const char *text;

	for (size_t i = 0; i < looked->contract_count; i++)
		if (uuid_equal(&looked->contracts[i].id, &id) && looked->contracts[i].version == version)
			return &looked->contracts[i];
	agreed = &looked->contracts[looked->contract_count++];
	*agreed = (struct agreed){.id = id, .version = version};
	text = zf_strdup(&shares->arena.zf, db_rows_text(looked->rows, row, S_DOCUMENT));
	fault_list_init(&faults, &shares->arena.zf, FAULTS_MAX);
	agreed->r = text == NULL ? ERR_NOMEM
				 : contract_read((struct text_span){text, strlen(text)},
					   db_rows_text(looked->rows, row, S_BOOK), &shares->arena.zf, &faults,
					   &agreed->list);
	return agreed;
}

/* false: there is no memory for more contracts, and the rest comes with the next look. */
static bool share_add(struct shares *shares, struct looked *looked, int row)
{
	const struct uuid ids[] = {
		db_rows_uuid(looked->rows, row, S_HOSPITAL), db_rows_uuid(looked->rows, row, S_CLAIM)};
	const struct hospital *hospital = directory_hospital(shares->worker->directory, &ids[0]);
	const struct agreed *agreed = agreed_of(shares, looked, row);
	int32_t day = CONTRACT_DAY_UNKNOWN;

	if (agreed->r == ERR_NOMEM && looked->count > 0) return false;
	if (agreed->r == 0)
		day = contract_due_day(agreed->list.items, hospital == NULL ? NULL : hospital->calendar,
			db_rows_date(looked->rows, row, S_BILLED));
	else if (looked->unreadable + looked->no_memory == 0)
		looked->first = agreed->id;
	looked->no_memory += agreed->r == ERR_NOMEM;
	looked->unreadable += agreed->r < 0 && agreed->r != ERR_NOMEM;
	looked->count++;
	db_array_uuid(looked->hospital, &ids[0]);
	db_array_uuid(looked->claim, &ids[1]);
	db_array_int4(looked->version, (int32_t)db_rows_int(looked->rows, row, S_VERSION));
	if (day == CONTRACT_DAY_UNKNOWN)
		db_array_null(looked->due);
	else
		db_array_date(looked->due, day);
	return agreed->r != ERR_NOMEM;
}

/* Once a look, whatever the number of its shares. */
static void looked_tell(const struct looked *looked)
{
	char contract[UUID_TEXT_LEN], count[16];

	if (looked->unreadable + looked->no_memory == 0) return;
	uuid_format(&looked->first, contract);
	(void)snprintf(count, sizeof(count), "%d", looked->unreadable + looked->no_memory);
	log_fields(LOG_ERROR,
		looked->unreadable > 0
			? "stored contracts could not be read: their shares have no day when they are due"
			: "no memory to read a stored contract: its shares have no day when they are due yet",
		"first", contract, "shares", count, NULL);
}

static void on_shares(void *ctx, const struct db_outcome *outcome)
{
	struct shares *shares = ctx;
	struct looked looked = {.count = 0};
	struct db_params params;

	if (look_failed(shares, outcome)) return;
	looked.rows = outcome->results[0];
	size_t count = (size_t)db_rows_count(looked.rows);
	if (count == 0) {
		look_end(shares);
		return;
	}
	db_params_init(&params, &shares->arena);
	looked.hospital = db_params_array(&params, DB_UUID, count, 0);
	looked.claim = db_params_array(&params, DB_UUID, count, 0);
	looked.version = db_params_array(&params, DB_INT4, count, 0);
	looked.due = db_params_array(&params, DB_DATE, count, 0);
	db_params_int4(&params, LATER_S);
	for (int row = 0; row < (int)count && share_add(shares, &looked, row); row++) {
	}
	looked_tell(&looked);
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
