/* A small direct-mapped table of unwrapped hospital keys. A slot is found by the wrapped form, so a key that was
 * wrapped anew is simply another slot. */
#include "translate/vault.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

struct vault_slot {
	struct uuid hospital;
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	struct key key;
	bool used;
};

struct vault {
	struct vault_slot slots[VAULT_HOSPITAL_KEYS];
};

int vault_new(struct vault **ret_vault)
{
	struct vault *vault = mmap(NULL, sizeof(*vault), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vault == MAP_FAILED) return err_set(ERR_NOMEM, "no memory for keys");
	if (mlock(vault, sizeof(*vault)) != 0)
		log_line(LOG_WARN, "could not lock the memory of keys: %s", strerror(errno));
	(void)madvise(vault, sizeof(*vault), MADV_DONTDUMP);
	*ret_vault = vault;
	return 0;
}

void vault_free(struct vault *vault)
{
	if (vault == NULL) return;
	vault_forget(vault);
	(void)munmap(vault, sizeof(*vault));
}

void vault_forget(struct vault *vault)
{
	mem_wipe(vault, sizeof(*vault));
}

static int version_of(const uint8_t *record)
{
	return (int)((uint32_t)record[0] << 24 | (uint32_t)record[1] << 16 | (uint32_t)record[2] << 8 | record[3]);
}

static int hospital_unwrap(struct vault *vault, const struct keyring *ring, const struct uuid *hospital,
	const uint8_t *wrapped, const struct key **ret_key)
{
	/* The end of a wrapped key is its tag: as good as random. */
	size_t at =
		((size_t)wrapped[KEY_WRAPPED_BYTES - 1] << 8 | wrapped[KEY_WRAPPED_BYTES - 2]) % VAULT_HOSPITAL_KEYS;
	struct vault_slot *slot = &vault->slots[at];
	int r;

	if (!slot->used || !uuid_equal(&slot->hospital, hospital) ||
		memcmp(slot->wrapped, wrapped, KEY_WRAPPED_BYTES) != 0) {
		slot->used = false;
		r = key_unwrap_master(ring, hospital, wrapped, KEY_WRAPPED_BYTES, &slot->key);
		if (r < 0) return r;
		slot->hospital = *hospital;
		memcpy(slot->wrapped, wrapped, KEY_WRAPPED_BYTES);
		slot->used = true;
	}
	*ret_key = &slot->key;
	return 0;
}

int vault_hospital(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	int version, const struct key **ret_key)
{
	for (size_t at = 0; at + VAULT_RECORD_BYTES <= packed.len; at += VAULT_RECORD_BYTES)
		if (version == 0 || version_of(packed.ptr + at) == version)
			return hospital_unwrap(vault, ring, hospital, packed.ptr + at + 4, ret_key);
	return err_set(ERR_NOTFOUND, "the hospital has no key of version %d", version);
}

int vault_patient(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	int version, const struct uuid *patient_key, struct bytes wrapped, struct key *ret_key)
{
	const struct key *outer = NULL;
	int r;

	if (wrapped.len == 0) return err_set(ERR_DENIED, "the patient's key was erased");
	r = vault_hospital(vault, ring, hospital, packed, version, &outer);
	if (r < 0) return r;
	return key_unwrap(outer, patient_key, wrapped.ptr, wrapped.len, ret_key);
}

int vault_open(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	struct sealer *sealer, const struct uuid *id, enum seal_kind kind, struct bytes sealed, size_t plain_bytes_max,
	struct arena *arena, struct bytes *ret_plain)
{
	int r = err_set(ERR_NOTFOUND, "the hospital has no key");

	for (size_t at = 0; at + VAULT_RECORD_BYTES <= packed.len; at += VAULT_RECORD_BYTES) {
		const struct key *key;

		r = hospital_unwrap(vault, ring, hospital, packed.ptr + at + 4, &key);
		if (r == 0) r = seal_open(sealer, key, id, kind, sealed, plain_bytes_max, arena, ret_plain);
		if (r != ERR_DENIED) break;
	}
	return r;
}
