/* Hospitals' keys: a sorted table, filled by one statement per hospital, in batches until all have answered. */
#include "db/keyhold.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/batch.h"
#include "db/pool.h"
#include "db/rows.h"
#include "lib/currency.h"

#define KEYHOLD_MAGIC 0x6b657968u
#define RETRY_MS 200
#define WANTED_BYTES_MAX (16u << 20) /* of the hospitals' names */
#define REFUSED_RETRY_MS 5000        /* the schema is missing or wrong: somebody has to act */

enum { KEYHOLD_OPEN };
static const struct db_statement keyhold_sql[] = {
	[KEYHOLD_OPEN] = {"keyhold_open",
		"SELECT version, wrapped FROM zhifu.hospital_open($1::uuid, $2::text, $3::text, $4::text, $5::text, "
		"$6::bytea, $7::int4::int2, $8::bool)",
		8},
};
const struct db_table keyhold_table = {keyhold_sql, ARRAY_LEN(keyhold_sql)};

/* One version of one hospital's key. */
struct held_key {
	struct uuid hospital;
	int version;
	struct key key;
};

struct held {
	struct held_key *items; /* by hospital, newest version first */
	size_t count, cap;
};

struct keyhold {
	uint32_t magic;
	struct db_pool *pool;
	struct db_batch *batch;
	struct event *retry;
	const struct keyring *ring; /* borrowed while loading */
	struct arena wanted_arena;
	struct keyhold_hospital *wanted;
	size_t wanted_count, asked; /* how many have answered */
	struct held held, fresh;
	bool complete; /* a key is held of each hospital that is wanted: asked for with every message */
	void (*ready)(void *ctx);
	void *ctx;
};

static void held_clear(struct held *held)
{
	if (held->items != NULL) mem_wipe(held->items, held->cap * sizeof(*held->items));
	mem_free(held->items);
	*held = (struct held){0};
}

/* Never realloc: that would leave keys behind in freed memory. */
static int held_add(struct held *held, const struct held_key *key)
{
	if (held->count == held->cap) {
		size_t cap = held->cap == 0 ? 16 : held->cap * 2;
		struct held_key *items = mem_alloc(cap * sizeof(*items));

		if (items == NULL) return ERR_NOMEM;
		if (held->count > 0) memcpy(items, held->items, held->count * sizeof(*items));
		if (held->items != NULL) mem_wipe(held->items, held->cap * sizeof(*items));
		mem_free(held->items);
		held->items = items;
		held->cap = cap;
	}
	held->items[held->count++] = *key;
	return 0;
}

static int held_compare(const void *a, const void *b)
{
	const struct held_key *x = a, *y = b;
	int r = memcmp(&x->hospital, &y->hospital, sizeof(x->hospital));

	return r != 0 ? r : (x->version < y->version) - (x->version > y->version);
}

/* The newest version of a hospital's key; the older ones follow it. */
static const struct held_key *held_first(const struct held *held, const struct uuid *hospital)
{
	size_t low = 0;
	size_t high = held->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (memcmp(&held->items[middle].hospital, hospital, sizeof(*hospital)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < held->count && uuid_equal(&held->items[low].hospital, hospital) ? &held->items[low] : NULL;
}

static const struct held_key *held_next(const struct held *held, const struct held_key *key)
{
	const struct held_key *next = key + 1;

	return next < held->items + held->count && uuid_equal(&next->hospital, &key->hospital) ? next : NULL;
}

static bool holds_all(const struct keyhold *hold)
{
	for (size_t i = 0; i < hold->wanted_count; i++)
		if (held_first(&hold->held, &hold->wanted[i].id) == NULL) return false;
	return true;
}

/* ---- loading ---- */

static void load_step(struct keyhold *hold);

static void retry_in(struct keyhold *hold, int ms)
{
	struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)event_add(hold->retry, &wait);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what;
	load_step(ctx);
}

/* ERR_NOMEM: not all of them were taken. A key that does not open is left out and told. */
static int rows_take(struct keyhold *hold, const struct keyhold_hospital *hospital, const struct pg_result *rows)
{
	/* Newest first, and that one must be ours: with an older one new patients would get a key that was left behind.
	 */
	for (int row = 0; row < db_rows_count(rows); row++) {
		struct held_key key = {.hospital = hospital->id, .version = (int)db_rows_int(rows, row, 0)};
		struct bytes wrapped = db_rows_bytes(rows, row, 1);
		int r = key_unwrap_master(hold->ring, &hospital->id, wrapped.ptr, wrapped.len, &key.key);

		if (r == 0) r = held_add(&hold->fresh, &key);
		if (r < 0 && r != ERR_NOMEM)
			log_fields(LOG_ERROR, "could not open a hospital's key", "hospital", hospital->code, "why",
				err_text(), NULL);
		key_wipe(&key.key);
		if (r == ERR_NOMEM) return r;
		if (r < 0 && row == 0) return 0;
	}
	return 0;
}

static void on_opened(void *ctx, const struct db_outcome *outcome)
{
	struct keyhold *hold = ctx;

	CHECK_MAGIC(hold, KEYHOLD_MAGIC);
	if (outcome->ending != DB_COMMITTED) {
		if (outcome->ending == DB_REFUSED)
			log_fields(LOG_ERROR, "could not register hospitals", "sqlstate", outcome->sqlstate, "why",
				outcome->message, NULL);
		retry_in(hold, outcome->ending == DB_REFUSED ? REFUSED_RETRY_MS : RETRY_MS);
		return;
	}
	for (size_t i = 0; i < outcome->count; i++) {
		if (rows_take(hold, &hold->wanted[hold->asked + i], outcome->results[i]) == 0) continue;
		/* Held without one of them, its hospital would be refused until the next reload: all over again. */
		held_clear(&hold->fresh);
		hold->asked = 0;
		retry_in(hold, RETRY_MS);
		return;
	}
	hold->asked += outcome->count;
	load_step(hold);
}

static void load_done(struct keyhold *hold)
{
	if (hold->fresh.count > 0)
		qsort(hold->fresh.items, hold->fresh.count, sizeof(*hold->fresh.items), held_compare);
	held_clear(&hold->held);
	hold->held = hold->fresh;
	hold->fresh = (struct held){0};
	hold->ring = NULL;
	hold->complete = holds_all(hold);
	if (hold->ready != NULL) hold->ready(hold->ctx);
}

static int open_add(struct keyhold *hold, const struct keyhold_hospital *hospital)
{
	struct db_params *params = db_batch_add(hold->batch, &keyhold_sql[KEYHOLD_OPEN]);
	struct key key CLEANUP(key_wipe);
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	int exponent = currency_exponent(hospital->book_currency);
	int r;

	key_new(&key);
	r = key_wrap_master(hold->ring, &hospital->id, &key, wrapped);
	db_params_uuid(params, &hospital->id);
	db_params_text(params, hospital->code);
	db_params_text(params, hospital->name);
	db_params_text(params, hospital->zone);
	db_params_text(params, hospital->book_currency);
	db_params_bytes(params, (struct bytes){wrapped, sizeof(wrapped)});
	db_params_int4(params, exponent < 0 ? 0 : exponent); /* of XXX, which is no currency */
	db_params_bool(params, hospital->accepts_take_backs);
	return r;
}

/* Asks for the next hospitals, or is done. */
static void load_step(struct keyhold *hold)
{
	size_t n = hold->wanted_count - hold->asked;
	int r = 0;

	if (n == 0) {
		load_done(hold);
		return;
	}
	if (n > DB_BATCH_STATEMENTS_MAX) n = DB_BATCH_STATEMENTS_MAX;
	db_batch_reset(hold->batch);
	for (size_t i = 0; i < n && r == 0; i++) r = open_add(hold, &hold->wanted[hold->asked + i]);
	if (r == 0) r = db_batch_run(hold->batch, 0, on_opened, hold);
	if (r < 0) retry_in(hold, RETRY_MS);
}

static struct keyhold_hospital *hospitals_copy(
	struct zf_arena *arena, const struct keyhold_hospital *hospitals, size_t count)
{
	struct keyhold_hospital *copies = zf_alloc(arena, (count + 1) * sizeof(*copies));

	for (size_t i = 0; copies != NULL && i < count; i++) {
		struct keyhold_hospital *copy = &copies[i];

		*copy = (struct keyhold_hospital){.id = hospitals[i].id,
			.code = zf_strdup(arena, hospitals[i].code),
			.name = zf_strdup(arena, hospitals[i].name),
			.zone = zf_strdup(arena, hospitals[i].zone),
			.book_currency = zf_strdup(arena, hospitals[i].book_currency),
			.accepts_take_backs = hospitals[i].accepts_take_backs};
		if (copy->code == NULL || copy->name == NULL || copy->zone == NULL || copy->book_currency == NULL)
			return NULL;
	}
	return copies;
}

int keyhold_load(
	struct keyhold *hold, const struct keyring *ring, const struct keyhold_hospital *hospitals, size_t count)
{
	struct arena arena;
	struct keyhold_hospital *wanted;
	struct db_batch *batch;
	int r;

	CHECK_MAGIC(hold, KEYHOLD_MAGIC);
	/* All that may fail comes first: whoever has no memory for a new list goes on with the old one. */
	arena_init(&arena, WANTED_BYTES_MAX);
	wanted = hospitals_copy(&arena.zf, hospitals, count);
	r = wanted == NULL ? ERR_NOMEM : db_batch_new(hold->pool, &batch);
	if (r < 0) {
		arena_free(&arena);
		return err_set(ERR_NOMEM, "no memory to load the hospitals' keys");
	}
	/* The batch of an earlier load may still be under way: a new one forgets it. */
	db_batch_free(hold->batch);
	hold->batch = batch;
	held_clear(&hold->fresh);
	arena_free(&hold->wanted_arena);
	hold->wanted_arena = arena;
	hold->wanted = wanted;
	hold->wanted_count = count;
	hold->asked = 0;
	hold->complete = holds_all(hold);
	hold->ring = ring;
	retry_in(hold, 0); /* from the loop, so that `ready` never runs inside this call */
	return 0;
}

int keyhold_new(struct db_pool *pool, struct keyhold **ret_hold)
{
	struct keyhold *hold = mem_alloc(sizeof(*hold));
	int r;

	if (hold == NULL) return ERR_NOMEM;
	hold->magic = KEYHOLD_MAGIC;
	hold->pool = pool;
	arena_init(&hold->wanted_arena, WANTED_BYTES_MAX);
	hold->retry = event_new(db_pool_loop(pool), -1, 0, on_retry, hold);
	r = hold->retry == NULL ? ERR_NOMEM : db_batch_new(pool, &hold->batch);
	if (r < 0) {
		keyhold_free(hold);
		return r;
	}
	*ret_hold = hold;
	return 0;
}

void keyhold_free(struct keyhold *hold)
{
	if (hold == NULL) return;
	CHECK_MAGIC(hold, KEYHOLD_MAGIC);
	db_batch_free(hold->batch);
	if (hold->retry != NULL) event_free(hold->retry);
	held_clear(&hold->held);
	held_clear(&hold->fresh);
	arena_free(&hold->wanted_arena);
	hold->magic = 0;
	mem_free(hold);
}

bool keyhold_ready(const struct keyhold *hold)
{
	return hold->complete;
}

bool keyhold_awaited(const struct keyhold *hold)
{
	return hold->ring != NULL && hold->held.count == 0;
}

void keyhold_on_ready(struct keyhold *hold, void (*ready)(void *ctx), void *ctx)
{
	hold->ready = ready;
	hold->ctx = ctx;
}

/* ---- use ---- */

const struct key *keyhold_newest(const struct keyhold *hold, const struct uuid *hospital, int *ret_version)
{
	const struct held_key *key = held_first(&hold->held, hospital);

	if (key == NULL) return NULL;
	if (ret_version != NULL) *ret_version = key->version;
	return &key->key;
}

const struct key *keyhold_version(const struct keyhold *hold, const struct uuid *hospital, int version)
{
	const struct held_key *key = held_first(&hold->held, hospital);

	while (key != NULL && key->version != version) key = held_next(&hold->held, key);
	return key == NULL ? NULL : &key->key;
}

size_t keyhold_set(const struct keyhold *hold, const struct uuid *hospital, struct key_set *ret_set)
{
	const struct held_key *key = held_first(&hold->held, hospital);

	ret_set->count = 0;
	for (; key != NULL && ret_set->count < KEY_SET_MAX; key = held_next(&hold->held, key))
		ret_set->items[ret_set->count++] = key->key;
	return ret_set->count;
}

int keyhold_open(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital, const struct uuid *id,
	enum seal_kind kind, struct bytes sealed, size_t plain_bytes_max, struct arena *arena, struct bytes *ret_plain)
{
	int r = err_set(ERR_NOTFOUND, "no key of this hospital is held");

	for (const struct held_key *key = held_first(&hold->held, hospital); key != NULL;
		key = held_next(&hold->held, key)) {
		r = seal_open(sealer, &key->key, id, kind, sealed, plain_bytes_max, arena, ret_plain);
		if (r != ERR_DENIED) return r;
	}
	return r;
}

int keyhold_patient(const struct keyhold *hold, const struct uuid *hospital, const struct uuid *patient_key_id,
	int version, struct bytes wrapped, struct key *ret_key)
{
	const struct key *outer = keyhold_version(hold, hospital, version);

	if (outer == NULL) return err_set(ERR_NOTFOUND, "version %d of the hospital's key is not held", version);
	return key_unwrap(outer, patient_key_id, wrapped.ptr, wrapped.len, ret_key);
}
