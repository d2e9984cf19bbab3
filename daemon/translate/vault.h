/* The keys that translate needs for a moment: hospital keys, unwrapped by a master key once and remembered in locked
 * memory, and patient keys, unwrapped per claim (about a microsecond: not worth remembering). */
#ifndef TRANSLATE_VAULT_H
#define TRANSLATE_VAULT_H

#include "base/key.h"
#include "base/seal.h"

#define VAULT_HOSPITAL_KEYS 512
#define VAULT_RECORD_BYTES                                                                                             \
	(4 + KEY_WRAPPED_BYTES) /* version, big endian, and the wrapped key: as translate_begin packs them */

struct vault;

/* Returns owned: vault_free. ERR_NOMEM, ERR_SYS. */
int vault_new(struct vault **ret_vault) MUSTUSE;
void vault_free(struct vault *vault);
/* Forgets all keys: after a reload of the key file. */
void vault_forget(struct vault *vault);

/* The hospital's key of that version out of its packed versions; version 0: the newest. ERR_NOTFOUND, or what
 * unwrapping says. The key is borrowed until the next call. */
int vault_hospital(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	int version, const struct key **ret_key) MUSTUSE;
/* A patient's key by its hospital's. ERR_DENIED also when the key was erased (wrapped is empty). */
int vault_patient(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	int version, const struct uuid *patient_key, struct bytes wrapped, struct key *ret_key) MUSTUSE;
/* Opens a blob that is sealed by the hospital's key of any version. */
int vault_open(struct vault *vault, const struct keyring *ring, const struct uuid *hospital, struct bytes packed,
	struct sealer *sealer, const struct uuid *id, enum seal_kind kind, struct bytes sealed, size_t plain_bytes_max,
	struct arena *arena, struct bytes *ret_plain) MUSTUSE;

#endif
