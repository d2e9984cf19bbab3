/* Work that comes by itself: polls, and blocks of control numbers. */
#include <openssl/evp.h>
#include <string.h>

#include "base/log.h"
#include "translate/state.h"
#include "translate/translate_sql.h"

/* ---- polls ---- */

/* The row's id says what it is, so that all workers of all machines mean the same row. Version 8 of RFC 9562. */
static struct uuid seed_id(const struct uuid *hospital, const char *insurer, int kind)
{
	uint8_t text[16 + 1 + 64];
	uint8_t digest[32];
	size_t len = strlen(insurer) < 64 ? strlen(insurer) : 64;
	unsigned digest_len;
	struct uuid id = {{0}};

	memcpy(text, hospital->b, 16);
	text[16] = (uint8_t)kind;
	for (size_t i = 0; i < len; i++) text[17 + i] = (uint8_t)insurer[i];
	if (EVP_Digest(text, 17 + len, digest, &digest_len, EVP_sha256(), NULL) == 1) memcpy(id.b, digest, 16);
	id.b[6] = (id.b[6] & 0x0f) | 0x80;
	id.b[8] = (id.b[8] & 0x3f) | 0x80;
	return id;
}

static void on_seeded(void *ctx, const struct db_outcome *outcome)
{
	struct translate *translate = ctx;

	if (outcome->ending == DB_REFUSED)
		log_fields(LOG_ERROR, "could not set up polling", "sqlstate", outcome->sqlstate, "why",
			outcome->message, NULL);
	if (outcome->ending == DB_COMMITTED && db_rows_int(outcome->results[0], 0, 0) > 0)
		db_notify_send(translate->notify, "translate", 1);
}

struct seed_arrays {
	struct db_array *hospital, *id, *kind, *route;
	size_t count;
};

static void seed_add(
	struct seed_arrays *arrays, const struct hospital *hospital, const struct insurer *insurer, int kind)
{
	struct uuid id = seed_id(&hospital->id, insurer->code, kind);

	db_array_uuid(arrays->hospital, &hospital->id);
	db_array_uuid(arrays->id, &id);
	db_array_int2(arrays->kind, (int16_t)kind);
	db_array_text(arrays->route, insurer->code);
	arrays->count++;
}

static void hospitals_add(const struct translate *translate, struct db_params *params)
{
	const struct directory *directory = translate->room.directory;
	size_t n = directory->hospital_count;
	struct db_array *id = db_params_array(params, DB_UUID, n, 0);
	struct db_array *code = db_params_array(params, DB_TEXT, n, 0);
	struct db_array *name = db_params_array(params, DB_TEXT, n, 0);
	struct db_array *zone = db_params_array(params, DB_TEXT, n, 0);
	struct db_array *currency = db_params_array(params, DB_TEXT, n, 0);
	struct db_array *wrapped = db_params_array(params, DB_BYTEA, n, n * KEY_WRAPPED_BYTES);

	for (size_t i = 0; i < n; i++) {
		const struct hospital *hospital = directory->hospitals[i];
		uint8_t bytes[KEY_WRAPPED_BYTES];
		struct key key;

		key_new(&key);
		if (key_wrap_master(translate->room.keyring, &hospital->id, &key, bytes) == 0) {
			db_array_uuid(id, &hospital->id);
			db_array_text(code, hospital->code);
			db_array_text(name, hospital->name);
			db_array_text(zone, hospital->zone_name);
			db_array_text(currency, hospital->book_currency);
			db_array_bytes(wrapped, (struct bytes){bytes, sizeof(bytes)});
		}
		key_wipe(&key);
	}
}

void seed_ask(struct translate *translate)
{
	const struct directory *directory = translate->room.directory;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct seed_arrays arrays = {0};

	arena_init(&arena, 64u << 20);
	if (translate->worker->number != 0 || directory->hospital_count == 0) return;
	db_params_init(&params, &arena);
	hospitals_add(translate, &params);
	arrays.hospital = db_params_array(&params, DB_UUID, 0, 0);
	arrays.id = db_params_array(&params, DB_UUID, 0, 0);
	arrays.kind = db_params_array(&params, DB_INT2, 0, 0);
	arrays.route = db_params_array(&params, DB_TEXT, 0, 0);
	for (uint32_t i = 0; i < directory->insurer_count; i++) {
		const struct insurer *insurer = directory->insurers[i];
		const struct context *context;

		if (insurer->poll_interval_s == 0) continue;
		/* What a module can do depends on the insurer's profile, not on the hospital. */
		if (contexts_get(translate->room.contexts, directory->hospitals[0], insurer, &context) < 0) continue;
		for (uint32_t h = 0; h < directory->hospital_count; h++) {
			if (context->capabilities & ZF_CAP_POLL)
				seed_add(&arrays, directory->hospitals[h], insurer, WORK_START_POLL);
			if (context->capabilities & ZF_CAP_REMITTANCE)
				seed_add(&arrays, directory->hospitals[h], insurer, WORK_START_REMITTANCE);
		}
	}
	if (arrays.count > 0)
		(void)!db_query(translate->pool, &translate_sql[TRANSLATE_SEED], &params, 0, on_seeded, translate);
}

/* ---- control numbers ---- */

static void on_numbers(void *ctx, const struct db_outcome *outcome)
{
	struct number_ask *ask = ctx;
	struct series *series = &ask->translate->room.numbers.items[ask->index];

	series->asked = false;
	if (outcome->ending != DB_COMMITTED) return; /* a block may be lost: gaps are allowed */
	series->next = db_rows_int(outcome->results[0], 0, 0);
	series->end = series->next + CALL_NUMBERS_BLOCK;
	series->wanted = false;
}

void numbers_ask(struct translate *translate)
{
	struct numbers *numbers = &translate->room.numbers;

	for (size_t i = 0; i < numbers->count; i++) {
		struct series *series = &numbers->items[i];
		struct arena arena CLEANUP(arena_free);
		struct db_params params;

		arena_init(&arena, 64u << 10);
		if (!series->wanted || series->asked) continue;
		db_params_init(&params, &arena);
		db_params_text(&params, series->insurer);
		db_params_text(&params, series->name);
		db_params_int4(&params, CALL_NUMBERS_BLOCK);
		translate->number_asks[i] = (struct number_ask){translate, i};
		if (db_query(translate->pool, &translate_sql[TRANSLATE_NUMBERS], &params, 0, on_numbers,
			    &translate->number_asks[i]) == 0)
			series->asked = true;
	}
}

void numbers_forget(struct translate *translate)
{
	for (size_t i = 0; i < CALL_SERIES_MAX; i++) db_forget(translate->pool, &translate->number_asks[i]);
}
