/* A table of hospitals by id, each with its versions; one query per hospital that is not open yet, some at a time. */
#include "intake/hospital_keys.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "intake/intake_sql.h"

#define KEYS_MAGIC 0x484b5930u
#define VERSIONS_MAX 64
#define FLYING_MAX 64 /* queries at a time */

struct entry {
	struct hospital_keys *keys;
	struct uuid hospital;
	char code[HOSPITAL_CODE_LEN + 1];
	struct key fresh; /* offered as the first version */
	bool flying, is_open;
	bool told; /* that it could not be opened has been logged; again only after a success */
	int count;
	int32_t versions[VERSIONS_MAX]; /* newest first */
	struct key values[VERSIONS_MAX];
};

struct hospital_keys {
	unsigned magic;
	struct db_pool *pool;
	const struct keyring *keyring; /* of the last open; the next reload opens again before it goes */
	struct entry **entries;        /* open addressing by id; power of two */
	size_t cap, used, missing, flying;
};

int hospital_keys_new(struct db_pool *pool, struct hospital_keys **ret_keys)
{
	struct hospital_keys *keys = mem_alloc(sizeof(*keys));
	if (keys == NULL) return err_set(ERR_NOMEM, "no memory for the hospitals' keys");
	keys->magic = KEYS_MAGIC;
	keys->pool = pool;
	keys->missing = 1;
	*ret_keys = keys;
	return 0;
}

void hospital_keys_free(struct hospital_keys *keys)
{
	if (keys == NULL) return;
	CHECK_MAGIC(keys, KEYS_MAGIC);
	for (size_t i = 0; i < keys->cap; i++) {
		if (keys->entries[i] == NULL) continue;
		db_forget(keys->pool, keys->entries[i]);
		mem_wipe(keys->entries[i], sizeof(*keys->entries[i]));
		mem_free(keys->entries[i]);
	}
	mem_free(keys->entries);
	keys->magic = 0;
	mem_free(keys);
}

static struct entry **slot_of(struct entry **entries, size_t cap, const struct uuid *hospital)
{
	uint64_t bits;
	/* The last bytes are the random ones. */
	memcpy(&bits, hospital->b + 8, sizeof(bits));
	size_t at = (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cap - 1);
	while (entries[at] != NULL && !uuid_equal(&entries[at]->hospital, hospital)) at = (at + 1) & (cap - 1);
	return &entries[at];
}

static const struct entry *find(const struct hospital_keys *keys, const struct uuid *hospital)
{
	return keys->cap == 0 ? NULL : *slot_of(keys->entries, keys->cap, hospital);
}

static struct entry *entry_add(struct hospital_keys *keys, const struct uuid *hospital)
{
	if (keys->used * 2 >= keys->cap) {
		size_t cap = keys->cap == 0 ? 64 : keys->cap * 2;
		struct entry **entries = mem_alloc(cap * sizeof(struct entry *));
		if (entries == NULL) return NULL;
		for (size_t i = 0; i < keys->cap; i++)
			if (keys->entries[i] != NULL)
				*slot_of(entries, cap, &keys->entries[i]->hospital) = keys->entries[i];
		mem_free(keys->entries);
		keys->entries = entries;
		keys->cap = cap;
	}
	struct entry *entry = mem_alloc(sizeof(*entry));
	if (entry == NULL) return NULL;
	entry->keys = keys;
	entry->hospital = *hospital;
	*slot_of(keys->entries, keys->cap, hospital) = entry;
	keys->used++;
	return entry;
}

static void on_opened(void *ctx, const struct db_outcome *outcome)
{
	struct entry *entry = ctx;
	struct hospital_keys *keys = entry->keys;
	entry->flying = false;
	keys->flying--;
	if (outcome->ending != DB_COMMITTED) {
		/* Asked for five times a second: one line. Without a connection the pool has said so. */
		if (entry->told || outcome->ending == DB_RETRYABLE) return;
		entry->told = true;
		log_fields(LOG_WARN, "could not open a hospital's key", "hospital", entry->code, "ending",
			db_ending_name(outcome->ending), "why", outcome->message, NULL);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	entry->count = 0;
	for (int row = 0; row < db_rows_count(rows) && entry->count < VERSIONS_MAX; row++) {
		struct bytes wrapped = db_rows_bytes(rows, row, 1);
		if (key_unwrap_master(keys->keyring, &entry->hospital, wrapped.ptr, wrapped.len,
			    &entry->values[entry->count]) < 0) {
			log_fields(LOG_ERROR, "could not unwrap a hospital's key", "hospital", entry->code, "why",
				err_text(), NULL);
			continue;
		}
		entry->versions[entry->count++] = (int32_t)db_rows_int(rows, row, 0);
	}
	/* The newest must be ours: with an older one new patients would be wrapped by a key that was left behind. */
	if (entry->count == 0 || entry->versions[0] != (int32_t)db_rows_int(rows, 0, 0)) return;
	entry->is_open = true;
	entry->told = false;
	keys->missing--;
}

static void entry_open(struct entry *entry, const char *name, const char *zone, const char *currency)
{
	struct hospital_keys *keys = entry->keys;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	arena_init(&arena, 1u << 16);
	key_new(&entry->fresh);
	if (key_wrap_master(keys->keyring, &entry->hospital, &entry->fresh, wrapped) < 0) return;
	key_wipe(&entry->fresh);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &entry->hospital);
	db_params_text(&params, entry->code);
	db_params_text(&params, name);
	db_params_text(&params, zone);
	db_params_text(&params, currency);
	db_params_bytes(&params, (struct bytes){wrapped, sizeof(wrapped)});
	if (db_query(keys->pool, &intake_sql[INTAKE_HOSPITAL_OPEN], &params, 0, on_opened, entry) < 0) return;
	entry->flying = true;
	keys->flying++;
}

/* Counts it as missing when it is not open, and asks for it. */
static void want(struct hospital_keys *keys, const struct uuid *id, const char *code, const char *name,
	const char *zone, const char *currency)
{
	struct entry *entry = (struct entry *)find(keys, id);
	if (entry == NULL) entry = entry_add(keys, id);
	if (entry != NULL && entry->is_open) return;
	keys->missing++;
	if (entry == NULL || entry->flying || keys->flying >= FLYING_MAX) return;
	memcpy(entry->code, code, sizeof(entry->code));
	entry_open(entry, name, zone, currency);
}

void hospital_keys_open(struct hospital_keys *keys, const struct directory *directory, const struct keyring *keyring)
{
	static const struct uuid house = {{0}};
	CHECK_MAGIC(keys, KEYS_MAGIC);
	keys->keyring = keyring;
	keys->missing = 0;
	want(keys, &house, "000", "Zhifu", "UTC", "XXX");
	for (uint32_t i = 0; i < directory->hospital_count; i++) {
		const struct hospital *hospital = directory->hospitals[i];
		want(keys, &hospital->id, hospital->code, hospital->name, hospital->zone_name, hospital->book_currency);
	}
}

bool hospital_keys_ready(const struct hospital_keys *keys)
{
	return keys->missing == 0;
}

const struct key *hospital_keys_newest(
	const struct hospital_keys *keys, const struct uuid *hospital, int32_t *ret_version)
{
	const struct entry *entry = find(keys, hospital);
	if (entry == NULL || !entry->is_open) return NULL;
	*ret_version = entry->versions[0];
	return &entry->values[0];
}

const struct key *hospital_keys_get(const struct hospital_keys *keys, const struct uuid *hospital, int32_t version)
{
	const struct entry *entry = find(keys, hospital);
	for (int i = 0; entry != NULL && i < entry->count; i++)
		if (entry->versions[i] == version) return &entry->values[i];
	return NULL;
}
