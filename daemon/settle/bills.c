/* Bills to receivables: what waits is read, then the contracts that count, then the rates that these name, then all of
 * it is stored in one statement. Most looks need neither contracts nor rates. */
#include "settle/bills.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/worker.h"
#include "base/zone.h"
#include "db/batch.h"
#include "db/keyhold.h"
#include "db/pool.h"
#include "model/contract_price.h"
#include "model/directory.h"
#include "net/metrics.h"
#include "settle/bill_items.h"
#include "settle/bill_prices.h"
#include "settle/rate_rows.h"
#include "settle/settle_sql.h"

#define LOOK_MAX 1000             /* bills of one look */
#define LOOK_BYTES (64u << 20)    /* most of it contracts and rates */
#define CONTENTS_BYTES (1u << 20) /* of claims that are asked for at a time */
#define OPENED_BYTES (256u << 20) /* of one of them */
#define PRICED_BYTES (256u << 20) /* of what price lists are asked about, of all of them */
#define FAULTS_MAX 1              /* of a contract: it was read before it was stored */
#define LATER_S 600               /* not ready; without a rate: also looked at whenever one is stored */

/* A contract that counts for bills of a look. */
struct agreed {
	struct uuid hospital, id;
	int32_t version;
	char book_currency[4];
	const struct contract *contract; /* NULL: it cannot be read, and its bills wait */
	struct stored_rates rates;       /* that it may name: its bank's, and nobody else's */
};

struct bill {
	struct uuid hospital, claim;
	const char *carrier, *remitter;
	struct zf_money amount;
	char book_currency[4];
	int32_t day, service_day;
	int64_t seen;          /* as settle_bills has it */
	struct agreed *agreed; /* NULL: none */
	/* what comes of it */
	bool ready;
	char kind[2];
	struct zf_money owed;
	struct rate_conversion conversion; /* to another currency; without a step: it is owed as billed */
	int32_t due_day;                   /* CONTRACT_DAY_UNKNOWN: there is no term */
	int64_t allowance;                 /* of the amount: not owed, since it was billed at full price */
	bool by_item;                      /* which its items tell, and have not told yet */
	bool unpriced;                     /* what is off can't be told: it waits */
	const char *lacks;                 /* where a price list is why (settle/bill_prices.h); else NULL */
};

struct bills {
	struct db_pool *pool;
	const struct worker *worker;
	const struct keyhold *hold;
	struct sealer *sealer;
	struct metric *made;
	struct arena arena;  /* of one look */
	struct arena opened; /* of one claim */
	struct arena priced; /* of the claims that are asked for at a time */
	struct bill_prices *prices;
	size_t price_count;
	struct bill *items;
	size_t count;
	struct agreed *agreed;
	size_t agreed_count;
	bool busy;
};

int bills_new(const struct worker *worker, struct db_pool *pool, const struct keyhold *hold, struct bills **ret_bills)
{
	struct bills *bills = mem_alloc(sizeof(*bills));
	int r = bills == NULL ? ERR_NOMEM : sealer_new(&bills->sealer);

	if (r < 0) {
		mem_free(bills);
		return r;
	}
	bills->worker = worker;
	bills->pool = pool;
	bills->hold = hold;
	bills->made = metrics_counter(
		worker->metrics, "zhifu_receivables_total", "Bills that became what a carrier owes.", NULL);
	arena_init(&bills->arena, LOOK_BYTES);
	arena_init(&bills->opened, OPENED_BYTES);
	arena_init(&bills->priced, PRICED_BYTES);
	*ret_bills = bills;
	return 0;
}

void bills_free(struct bills *bills)
{
	if (bills == NULL) return;
	db_forget(bills->pool, bills);
	sealer_free(bills->sealer);
	arena_free(&bills->priced);
	arena_free(&bills->opened);
	arena_free(&bills->arena);
	mem_free(bills);
}

static void look_end(struct bills *bills)
{
	bills->busy = false;
	bills->items = NULL;
	bills->agreed = NULL;
	bills->count = bills->agreed_count = bills->price_count = 0;
	arena_reset(&bills->priced);
	arena_reset(&bills->arena);
}

/* Whatever is not committed is found again by the next look. */
static bool look_failed(struct bills *bills, const struct db_outcome *outcome, const char *what)
{
	if (outcome->ending == DB_COMMITTED) return false;
	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, what, "sqlstate", outcome->sqlstate, "why", outcome->message, NULL);
	look_end(bills);
	return true;
}

/* ---- storing ---- */

static void on_made(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;
	bool full = bills->count == LOOK_MAX;

	if (look_failed(bills, outcome, "receivables could not be made")) return;
	metric_add(bills->made, (uint64_t)db_rows_int(outcome->results[0], 0, 0));
	look_end(bills);
	if (full) bills_look(bills);
}

static void add_bills(const struct bills *bills, struct db_params *params)
{
	size_t n = bills->count;
	struct db_array *hospital = db_params_array(params, DB_UUID, n, 0);
	struct db_array *claim = db_params_array(params, DB_UUID, n, 0);
	struct db_array *carrier = db_params_array(params, DB_TEXT, n, n * 8);
	struct db_array *remitter = db_params_array(params, DB_TEXT, n, n * 8);
	struct db_array *contract = db_params_array(params, DB_UUID, n, 0);
	struct db_array *version = db_params_array(params, DB_INT4, n, 0);
	struct db_array *kind = db_params_array(params, DB_TEXT, n, n);
	struct db_array *currency = db_params_array(params, DB_TEXT, n, n * 3);
	struct db_array *exponent = db_params_array(params, DB_INT2, n, 0);
	struct db_array *amount = db_params_array(params, DB_INT8, n, 0);
	struct db_array *foreign = db_params_array(params, DB_BOOL, n, 0);
	struct db_array *owed = db_params_array(params, DB_INT8, n, 0);
	struct db_array *day = db_params_array(params, DB_DATE, n, 0);
	struct db_array *due = db_params_array(params, DB_DATE, n, 0);

	for (size_t i = 0; i < n; i++) {
		const struct bill *bill = &bills->items[i];

		db_array_uuid(hospital, &bill->hospital);
		db_array_uuid(claim, &bill->claim);
		db_array_text(carrier, bill->carrier);
		db_array_text(remitter, bill->remitter);
		db_array_uuid(contract, bill->agreed == NULL ? NULL : &bill->agreed->id);
		if (bill->agreed == NULL)
			db_array_null(version);
		else
			db_array_int4(version, bill->agreed->version);
		db_array_text(kind, bill->kind);
		db_array_text(currency, bill->owed.currency);
		db_array_int2(exponent, bill->owed.exponent);
		db_array_int8(amount, bill->amount.minor);
		db_array_bool(foreign, strcmp(bill->amount.currency, bill->book_currency) != 0);
		if (bill->ready)
			db_array_int8(owed, bill->owed.minor);
		else
			db_array_null(owed);
		db_array_date(day, bill->day);
		if (bill->due_day == CONTRACT_DAY_UNKNOWN)
			db_array_null(due);
		else
			db_array_date(due, bill->due_day);
	}
}

static void add_conversions(const struct bills *bills, const struct bill *bill, struct db_array *const arrays[5])
{
	const struct rate_path *path = &bill->conversion.path;

	for (uint8_t k = 0; k < path->count; k++) {
		db_array_int4(arrays[0], (int32_t)(bill - bills->items) + 1);
		db_array_int2(arrays[1], (int16_t)(k + 1));
		db_array_uuid(arrays[2], rate_rows_id(&bill->agreed->rates, &path->steps[k].rate));
		db_array_bool(arrays[3], path->steps[k].direction == MONEY_TARGET_PER_SOURCE);
		db_array_int2(arrays[4], bill->conversion.rule);
	}
}

/* Once a look, of however many. */
static void lacks_tell(const struct bill *first, size_t count)
{
	char id[UUID_TEXT_LEN], number[24];

	uuid_format(&first->claim, id);
	(void)snprintf(number, sizeof(number), "%zu", count);
	log_fields(LOG_WARN, "bills wait: their contracts' price lists do not fit them (zhifuctl money waiting)",
		"bills", number, "claim", id, "lacks", first->lacks, NULL);
}

/* Mostly of none. */
static void add_lacks(const struct bills *bills, struct db_params *params)
{
	const struct bill *first = NULL;
	struct db_array *lacks;
	size_t count = 0;

	for (size_t i = bills->count; i-- > 0;) {
		if (bills->items[i].lacks == NULL) continue;
		first = &bills->items[i];
		count++;
	}
	if (first == NULL) {
		db_params_null(params);
		return;
	}
	lacks_tell(first, count);
	lacks = db_params_array(params, DB_TEXT, bills->count, bills->count * 16);
	for (size_t i = 0; i < bills->count; i++) db_array_text(lacks, bills->items[i].lacks);
}

static int bills_commit(struct bills *bills)
{
	static const enum db_type types[] = {DB_INT4, DB_INT2, DB_UUID, DB_BOOL, DB_INT2};
	struct db_array *arrays[ARRAY_LEN(types)], *allowance, *seen;
	struct db_params params;

	db_params_init(&params, &bills->arena);
	add_bills(bills, &params);
	db_params_int4(&params, LATER_S);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) arrays[i] = db_params_array(&params, types[i], 16, 0);
	for (size_t i = 0; i < bills->count; i++)
		if (bills->items[i].ready) add_conversions(bills, &bills->items[i], arrays);
	allowance = db_params_array(&params, DB_INT8, bills->count, 0);
	for (size_t i = 0; i < bills->count; i++) db_array_int8(allowance, bills->items[i].allowance);
	add_lacks(bills, &params);
	seen = db_params_array(&params, DB_INT8, bills->count, 0);
	for (size_t i = 0; i < bills->count; i++) db_array_int8(seen, bills->items[i].seen);
	return db_query(bills->pool, &settle_sql[SETTLE_RECEIVABLES], &params, 0, on_made, bills);
}

/* ---- what is owed ---- */

/* Is it owed in another currency, by a rate? Contracts are of bills in the currency of the books. */
static bool bill_fixed(const struct bill *bill)
{
	return !bill->unpriced && bill->agreed != NULL && bill->agreed->contract != NULL &&
	       bill->agreed->contract->kind == CONTRACT_C && strcmp(bill->amount.currency, bill->book_currency) == 0;
}

static int32_t rate_day(const struct bill *bill)
{
	return bill->agreed->contract->bill_rate.day == CONTRACT_DAY_SERVICE ? bill->service_day : bill->day;
}

/* While the day goes on it may get a rate of its own, so that no earlier one is taken. */
static void bill_fix(const struct hospital *hospital, struct bill *bill)
{
	struct contract contract = *bill->agreed->contract;
	struct contract_days days = {.invoice = bill->day,
		.order = CONTRACT_DAY_UNKNOWN,
		.credit = CONTRACT_DAY_UNKNOWN,
		.service = bill->service_day};
	struct receivable receivable;
	struct rate_gap gap;
	int err;

	bill->ready = false;
	if (hospital == NULL) return;
	if (rate_day(bill) >= zone_day(hospital->zone, clock_wall_ms())) contract.bill_rate.reach_days = 0;
	err = contract_bill(&contract, bill->amount, &days, contract.bill_rate.bank != NULL, &bill->agreed->rates.table,
		&receivable, &bill->conversion, &gap);
	if (err == ERR_INVALID) { /* less than the smallest unit of the other currency */
		bill->kind[0] = 'A';
		bill->ready = true;
	} else if (err == 0) {
		bill->owed = receivable.owed;
		bill->ready = true;
	}
}

static void bill_unpriced(struct bill *bill)
{
	bill->unpriced = true;
	bill->ready = false;
}

/* A person brings another list, or changes the contract. */
static void bill_lacks(struct bill *bill, const char *what)
{
	bill_unpriced(bill);
	bill->lacks = what;
}

static void bill_off_failed(struct bill *bill, int r)
{
	char id[UUID_TEXT_LEN];

	bill_unpriced(bill);
	uuid_format(&bill->claim, id);
	log_fields(LOG_ERROR, "a bill waits: what the contract takes off it can't be worked out", "claim", id, "error",
		err_name(r), NULL);
}

/* What the contract takes off the bill as a whole. */
static void bill_discount(struct bill *bill)
{
	struct zf_money off;
	int r = contract_allowance(bill->agreed->contract, bill->amount, &off);

	if (r == 0)
		bill->allowance = off.minor;
	else
		bill_off_failed(bill, r);
}

static void bill_owe(const struct hospital *hospital, struct bill *bill)
{
	const struct contract *contract = bill->agreed == NULL ? NULL : bill->agreed->contract;

	bill->ready = bill->agreed == NULL || contract != NULL;
	bill->owed = bill->amount;
	bill->kind[0] = contract == NULL ? 'A'
			: strcmp(bill->amount.currency, bill->book_currency) != 0
				? 'A'
				: (char)('A' + contract->kind - CONTRACT_A);
	/* Contracts are of bills in the currency of the books, their price lists and discounts too: of another one all
	 * is owed. */
	if (contract != NULL && strcmp(bill->amount.currency, bill->book_currency) == 0) {
		bill->by_item = contract_by_item(contract);
		if (!bill->by_item) bill_discount(bill);
	}
	bill->due_day = contract == NULL
				? CONTRACT_DAY_UNKNOWN
				: contract_due_day(contract, hospital == NULL ? NULL : hospital->calendar, bill->day);
}

static void bills_owe(struct bills *bills)
{
	for (size_t i = 0; i < bills->count; i++)
		bill_owe(directory_hospital(bills->worker->directory, &bills->items[i].hospital), &bills->items[i]);
}

/* ---- rates ---- */

static void on_rates(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;

	if (look_failed(bills, outcome, "rates could not be read")) return;
	for (size_t i = 0; i < bills->agreed_count; i++) {
		struct agreed *agreed = &bills->agreed[i];

		if (agreed->contract == NULL) continue;
		if (rate_rows_read(outcome->results[0], agreed->contract->bill_rate.bank, &bills->arena.zf,
			    &agreed->rates) < 0) {
			look_end(bills);
			return;
		}
	}
	for (size_t i = 0; i < bills->count; i++) {
		struct bill *bill = &bills->items[i];

		if (bill_fixed(bill)) bill_fix(directory_hospital(bills->worker->directory, &bill->hospital), bill);
	}
	if (bills_commit(bills) < 0) look_end(bills);
}

/* 1: asked for; 0: none is needed. */
static int rates_ask(struct bills *bills)
{
	struct rate_need need;
	struct db_params params;
	int r = rate_need_init(&need, &bills->arena.zf, 2 * bills->count);

	if (r < 0) return r;
	for (size_t i = 0; i < bills->count; i++) {
		const struct bill *bill = &bills->items[i];

		if (!bill_fixed(bill)) continue;
		rate_need_currency(&need, bill->amount.currency);
		rate_need_currency(&need, bill->agreed->contract->owed);
		rate_need_days(
			&need, rate_day(bill) - (int32_t)bill->agreed->contract->bill_rate.reach_days, rate_day(bill));
	}
	if (need.count == 0) return 0;
	db_params_init(&params, &bills->arena);
	rate_need_params(&need, &params);
	r = db_query(bills->pool, &settle_sql[SETTLE_RATES], &params, 0, on_rates, bills);
	return r < 0 ? r : 1;
}

static void rates_go(struct bills *bills)
{
	int r = rates_ask(bills);

	if (r < 0 || (r == 0 && bills_commit(bills) < 0)) look_end(bills);
}

/* ---- items ---- */

static void items_go(struct bills *bills);

/* Of a patient that is erased nothing is off. */
static void bill_listed(struct bills *bills, struct bill *bill, const struct pg_result *rows, int row)
{
	const struct hospital *hospital = directory_hospital(bills->worker->directory, &bill->hospital);
	struct bill_prices *prices = &bills->prices[bills->price_count];
	int r;

	*prices = (struct bill_prices){.hospital = &bill->hospital,
		.contract = bill->agreed->contract,
		.day = bill->service_day == CONTRACT_DAY_UNKNOWN ? bill->day : bill->service_day,
		.bill = (size_t)(bill - bills->items)};
	r = bill_items_take(bills->hold, bills->sealer, &bill->hospital, &bill->claim, bill->agreed->contract,
		bill->amount, hospital == NULL ? NULL : hospital->zone, prices->day, rows, row, &bills->opened,
		&bills->priced, &prices->items);
	if (r == 0) bills->price_count++;
	if (r < 0) bill_unpriced(bill);
}

static void on_prices(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;

	if (look_failed(bills, outcome, "price lists could not be read")) return;
	bill_prices_take(bills->prices, bills->price_count, outcome->results[0]);
	for (size_t i = 0; i < bills->price_count; i++) {
		const struct bill_prices *prices = &bills->prices[i];
		struct bill *bill = &bills->items[prices->bill];
		struct zf_money off;

		if (prices->lacks != NULL) {
			bill_lacks(bill, prices->lacks);
			continue;
		}
		int r = contract_items_off(prices->contract, &prices->items, &off);
		if (r < 0)
			bill_off_failed(bill, r);
		else
			bill->allowance = off.minor;
	}
	items_go(bills);
}

/* What price lists say, then the next claims. */
static void prices_go(struct bills *bills)
{
	struct db_params params;

	if (bills->price_count == 0) {
		items_go(bills);
		return;
	}
	db_params_init(&params, &bills->priced);
	bill_prices_bind(bills->prices, bills->price_count, &params);
	if (db_query(bills->pool, &settle_sql[SETTLE_PRICES], &params, 0, on_prices, bills) < 0) look_end(bills);
}

/* A row has the number of its bill among those that were asked about. One without a row was made by another look, else
 * it waits, as does one whose row can't be read: the others go on. */
static int items_take(struct bills *bills, const struct pg_result *rows)
{
	int row = 0, asked = 0, count = db_rows_count(rows);

	arena_reset(&bills->priced);
	bills->price_count = 0;
	bills->prices = zf_alloc_array(&bills->priced.zf, (size_t)count + 1, sizeof(*bills->prices));
	if (bills->prices == NULL) return ERR_NOMEM;
	for (size_t i = 0; i < bills->count && (row < count || count == 0); i++) {
		struct bill *bill = &bills->items[i];
		struct zf_money off;

		if (!bill->by_item) continue;
		bill->by_item = false;
		if (count == 0 || db_rows_int(rows, row, 0) != ++asked) {
			bill_unpriced(bill);
			continue;
		}
		if (contract_by_list(bill->agreed->contract))
			bill_listed(bills, bill, rows, row++);
		else if (bill_items_allowance(bills->hold, bills->sealer, &bill->hospital, &bill->claim,
				 bill->agreed->contract, bill->amount, rows, row++, &bills->opened, &off) == 0)
			bill->allowance = off.minor;
		else
			bill_unpriced(bill);
		arena_reset(&bills->opened);
	}
	return 0;
}

static void on_items(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;

	if (look_failed(bills, outcome, "bills could not be read")) return;
	if (items_take(bills, outcome->results[0]) < 0)
		look_end(bills);
	else
		prices_go(bills);
}

/* As many claims at a time as fit, then the rates. */
static void items_go(struct bills *bills)
{
	struct db_array *hospital, *claim;
	struct db_params params;
	size_t count = 0;

	for (size_t i = 0; i < bills->count; i++) count += bills->items[i].by_item;
	if (count == 0) {
		rates_go(bills);
		return;
	}
	db_params_init(&params, &bills->arena);
	hospital = db_params_array(&params, DB_UUID, count, 0);
	claim = db_params_array(&params, DB_UUID, count, 0);
	for (size_t i = 0; i < bills->count; i++) {
		if (!bills->items[i].by_item) continue;
		db_array_uuid(hospital, &bills->items[i].hospital);
		db_array_uuid(claim, &bills->items[i].claim);
	}
	db_params_int8(&params, CONTENTS_BYTES);
	if (db_query(bills->pool, &settle_sql[SETTLE_BILL_CONTENTS], &params, 0, on_items, bills) < 0) look_end(bills);
}

/* ---- contracts ---- */

static void contract_take(struct bills *bills, struct agreed *agreed, const char *document)
{
	const char *text = zf_strdup(&bills->arena.zf, document);
	struct contract_list list;
	struct fault_list faults;

	fault_list_init(&faults, &bills->arena.zf, FAULTS_MAX);
	if (text != NULL && contract_read((struct text_span){text, strlen(text)}, agreed->book_currency,
				    &bills->arena.zf, &faults, &list) == 0) {
		agreed->contract = list.items;
	} else {
		char id[UUID_TEXT_LEN];

		uuid_format(&agreed->id, id);
		log_fields(LOG_ERROR, "a stored contract could not be read: its bills wait", "contract", id, NULL);
	}
}

static void on_contracts(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;
	const struct pg_result *rows;

	if (look_failed(bills, outcome, "contracts could not be read")) return;
	rows = outcome->results[0];
	for (int row = 0; row < db_rows_count(rows); row++)
		contract_take(bills, &bills->agreed[db_rows_int(rows, row, 0) - 1], db_rows_text(rows, row, 1));
	bills_owe(bills);
	items_go(bills);
}

static int contracts_ask(struct bills *bills)
{
	struct db_params params;
	struct db_array *hospital, *id, *version;

	db_params_init(&params, &bills->arena);
	hospital = db_params_array(&params, DB_UUID, bills->agreed_count, 0);
	id = db_params_array(&params, DB_UUID, bills->agreed_count, 0);
	version = db_params_array(&params, DB_INT4, bills->agreed_count, 0);
	for (size_t i = 0; i < bills->agreed_count; i++) {
		db_array_uuid(hospital, &bills->agreed[i].hospital);
		db_array_uuid(id, &bills->agreed[i].id);
		db_array_int4(version, bills->agreed[i].version);
	}
	return db_query(bills->pool, &settle_sql[SETTLE_CONTRACTS], &params, 0, on_contracts, bills);
}

/* ---- what waits ---- */

enum {
	B_HOSPITAL,
	B_CLAIM,
	B_CARRIER,
	B_AMOUNT,
	B_CURRENCY,
	B_EXPONENT,
	B_DAY,
	B_SERVICE,
	B_BOOK,
	B_CONTRACT,
	B_VERSION,
	B_REMITTER,
	B_SEEN
};

/* Bills of a look share few contracts; neighbours mostly the same one. */
static struct agreed *agreed_find(struct bills *bills, const struct pg_result *rows, int row)
{
	struct uuid id = db_rows_uuid(rows, row, B_CONTRACT);
	struct uuid hospital = db_rows_uuid(rows, row, B_HOSPITAL);
	int32_t version = (int32_t)db_rows_int(rows, row, B_VERSION);
	struct agreed *agreed;

	for (size_t i = bills->agreed_count; i-- > 0;) {
		agreed = &bills->agreed[i];
		if (uuid_equal(&agreed->id, &id) && uuid_equal(&agreed->hospital, &hospital) &&
			agreed->version == version)
			return agreed;
	}
	agreed = &bills->agreed[bills->agreed_count++];
	*agreed = (struct agreed){.hospital = hospital, .id = id, .version = version};
	memcpy(agreed->book_currency, db_rows_text(rows, row, B_BOOK), 3);
	return agreed;
}

static int bill_read(struct bills *bills, const struct pg_result *rows, int row, struct bill *bill)
{
	bill->hospital = db_rows_uuid(rows, row, B_HOSPITAL);
	bill->claim = db_rows_uuid(rows, row, B_CLAIM);
	bill->carrier = zf_strdup(&bills->arena.zf, db_rows_text(rows, row, B_CARRIER));
	bill->remitter = zf_strdup(&bills->arena.zf, db_rows_text(rows, row, B_REMITTER));
	bill->amount.minor = db_rows_int(rows, row, B_AMOUNT);
	memcpy(bill->amount.currency, db_rows_text(rows, row, B_CURRENCY), 3);
	bill->amount.exponent = (uint8_t)db_rows_int(rows, row, B_EXPONENT);
	bill->amount.present = 1;
	memcpy(bill->book_currency, db_rows_text(rows, row, B_BOOK), 3);
	bill->day = db_rows_date(rows, row, B_DAY);
	bill->seen = db_rows_int(rows, row, B_SEEN);
	bill->service_day =
		db_rows_null(rows, row, B_SERVICE) ? CONTRACT_DAY_UNKNOWN : db_rows_date(rows, row, B_SERVICE);
	if (!db_rows_null(rows, row, B_CONTRACT)) bill->agreed = agreed_find(bills, rows, row);
	return bill->carrier == NULL || bill->remitter == NULL ? ERR_NOMEM : 0;
}

static int bills_read(struct bills *bills, const struct pg_result *rows)
{
	int r = 0;

	bills->count = (size_t)db_rows_count(rows);
	bills->items = zf_alloc_array(&bills->arena.zf, bills->count, sizeof(*bills->items));
	bills->agreed = zf_alloc_array(&bills->arena.zf, bills->count, sizeof(*bills->agreed));
	if (bills->items == NULL || bills->agreed == NULL) return ERR_NOMEM;
	for (size_t i = 0; r == 0 && i < bills->count; i++) r = bill_read(bills, rows, (int)i, &bills->items[i]);
	if (r < 0) return r;
	if (bills->agreed_count > 0) return contracts_ask(bills);
	bills_owe(bills);
	return bills_commit(bills);
}

static void on_bills(void *ctx, const struct db_outcome *outcome)
{
	struct bills *bills = ctx;

	if (look_failed(bills, outcome, "bills without a receivable could not be read")) return;
	if (db_rows_count(outcome->results[0]) == 0 || bills_read(bills, outcome->results[0]) < 0) look_end(bills);
}

void bills_look(struct bills *bills)
{
	struct db_params params;

	if (bills->busy || !db_pool_up(bills->pool) || keyhold_awaited(bills->hold)) return;
	db_params_init(&params, &bills->arena);
	db_params_int4(&params, LOOK_MAX);
	bills->busy = db_query(bills->pool, &settle_sql[SETTLE_BILLS], &params, 0, on_bills, bills) == 0;
	if (!bills->busy) look_end(bills);
}
