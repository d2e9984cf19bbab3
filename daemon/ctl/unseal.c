/* Keys for the operator's hands: unwrapped for one command and wiped. */
#include "ctl/unseal.h"

#include <string.h>

#include "db/sync.h"
#include "lib/text.h"
#include "model/directory.h"
#include "model/words.h"
#include "model/work.h"

#define WORDS_BYTES_MAX 65536

int unseal_keys_load(struct ctl *ctl, const struct uuid *hospital, struct key_set *ret_keys)
{
	struct pg_result *rows = NULL;
	int r = ctl_query(ctl, &rows, "SELECT wrapped FROM operator_hospital_keys($1)", "u", hospital);

	if (r < 0) return r;
	ret_keys->count = 0;
	for (int row = 0; r == 0 && row < db_rows_count(rows) && ret_keys->count < KEY_SET_MAX; row++) {
		struct bytes wrapped = db_rows_bytes(rows, row, 0);

		r = key_unwrap_master(
			ctl->keyring, hospital, wrapped.ptr, wrapped.len, &ret_keys->items[ret_keys->count]);
		if (r == 0) ret_keys->count++;
	}
	db_sync_rows_free(rows);
	if (r == 0 && ret_keys->count == 0)
		r = err_set(ERR_NOTFOUND, "the hospital has no key yet: zhifud makes it when it first starts");
	if (r < 0) key_set_wipe(ret_keys);
	return r;
}

int unseal_message(struct ctl *ctl, const struct uuid *hospital, const struct uuid *message, struct sealer *sealer,
	struct arena *arena, struct key *ret_key, struct bytes *ret_plain)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	struct pg_result *rows = NULL;
	struct bytes content;
	int r = unseal_keys_load(ctl, hospital, &keys);

	if (r < 0) return r;
	r = ctl_query(ctl, &rows,
		"SELECT m.content, k.patient_key_id, k.wrapped FROM message m"
		" LEFT JOIN claim c ON c.hospital_id = m.hospital_id AND c.claim_id = m.claim_id"
		" LEFT JOIN patient_key k ON k.hospital_id = c.hospital_id AND k.patient_key_id = c.patient_key_id"
		" WHERE m.hospital_id = $1 AND m.message_id = $2",
		"uu", hospital, message);
	if (r < 0) return r;
	if (db_rows_count(rows) == 0) {
		db_sync_rows_free(rows);
		return err_set(ERR_NOTFOUND, "there is no such message");
	}
	content = db_rows_bytes(rows, 0, 0);
	r = ERR_DENIED;
	if (!db_rows_null(rows, 0, 1)) {
		struct uuid id = db_rows_uuid(rows, 0, 1);

		r = key_set_unwrap(&keys, &id, db_rows_bytes(rows, 0, 2), ret_key);
		if (r == 0)
			r = seal_open(
				sealer, ret_key, message, SEAL_MESSAGE, content, MESSAGE_BYTES_MAX, arena, ret_plain);
	}
	for (size_t i = 0; r < 0 && i < keys.count; i++) {
		*ret_key = keys.items[i];
		r = seal_open(sealer, ret_key, message, SEAL_MESSAGE, content, MESSAGE_BYTES_MAX, arena, ret_plain);
	}
	db_sync_rows_free(rows);
	if (r < 0) key_wipe(ret_key);
	return r;
}

int unseal_words_seal(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, struct bytes *ret_sealed)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	struct sealer *sealer = NULL;
	int r;

	*ret_sealed = (struct bytes){NULL, 0};
	if (words == NULL) return 0;
	r = unseal_keys_load(ctl, hospital, &keys);
	if (r == 0) r = sealer_new(&sealer);
	if (r == 0)
		r = seal(sealer, &keys.items[0], id, SEAL_FACT, (struct bytes){(const uint8_t *)words, strlen(words)},
			arena, ret_sealed);
	sealer_free(sealer);
	return r;
}

int unseal_words_hex(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, const char **ret_hex)
{
	struct bytes sealed;
	char *hex;
	int r = unseal_words_seal(ctl, hospital, id, words, arena, &sealed);

	if (r < 0 || words == NULL) {
		if (r == 0) *ret_hex = NULL;
		return r;
	}
	hex = zf_alloc(&arena->zf, 2 * sealed.len + 1);
	if (hex == NULL) return err_set(ERR_NOMEM, "no memory for the words");
	text_hex_encode(sealed.ptr, sealed.len, hex);
	*ret_hex = hex;
	return 0;
}

int unseal_words_known(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, const char **ret_text)
{
	int r = unseal_words_hex(ctl, hospital, id, words, arena, ret_text);

	return r < 0 || words == NULL ? r : words_known(ctl->keyring, hospital, id, words, *ret_text, arena, ret_text);
}

int unseal_words(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, struct bytes sealed,
	struct arena *arena, const char **ret_words)
{
	struct key_set keys CLEANUP(key_set_wipe) = {.count = 0};
	struct sealer *sealer = NULL;
	struct bytes plain = {NULL, 0};
	int r = unseal_keys_load(ctl, hospital, &keys);

	if (r == 0) r = sealer_new(&sealer);
	if (r < 0) return r;
	r = key_set_open(&keys, sealer, id, SEAL_FACT, sealed, WORDS_BYTES_MAX, arena, &plain);
	sealer_free(sealer);
	if (r < 0) return err_set(r, "none of the hospital's keys opens what was written");
	*ret_words = zf_strndup(&arena->zf, (const char *)plain.ptr, plain.len);
	return *ret_words == NULL ? ERR_NOMEM : 0;
}

int unseal_act(struct ctl *ctl, const char *sql, const struct uuid *id, const char *why)
{
	static const struct uuid house = {{0}};
	struct arena arena CLEANUP(arena_free);
	const struct hospital *hospital;
	uint32_t index = 0;
	bool found = false;
	int r = 0;

	arena_init(&arena, WORDS_ARENA_BYTES);
	do {
		hospital = ctl_hospital_next(ctl, NULL, &index);
		const struct uuid *whose = hospital != NULL ? &hospital->id : &house;
		struct pg_result *rows = NULL;
		const char *sealed = NULL;

		r = unseal_words_hex(ctl, whose, id, why, &arena, &sealed);
		if (r == ERR_NOTFOUND) { /* who has no key has nothing yet */
			r = 0;
			continue;
		}
		if (r == 0) r = ctl_query(ctl, &rows, sql, "uutt", whose, id, ctl->who, sealed);
		if (r == 0) found = db_rows_bool(rows, 0, 0);
		db_sync_rows_free(rows);
	} while (r == 0 && !found && hospital != NULL);
	return r == 0 && !found ? ERR_NOTFOUND : r;
}
