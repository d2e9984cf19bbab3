/* Opening what is sealed, for the few commands that must: hospital keys by a master key, patient keys by those. */
#ifndef CTL_UNSEAL_H
#define CTL_UNSEAL_H

#include "base/key.h"
#include "base/mem.h"
#include "base/seal.h"
#include "ctl/ctl.h"

#define UNSEAL_KEYS_MAX 64

struct hospital_key_row {
	int version;
	struct key key;
};

/* A hospital's keys, newest first, in memory that is wiped by unseal_keys_free (usable with CLEANUP). */
struct unseal_keys {
	size_t count;
	struct hospital_key_row rows[UNSEAL_KEYS_MAX];
};

int unseal_keys_load(struct ctl *ctl, const struct uuid *hospital, struct unseal_keys *ret_keys) MUSTUSE;
void unseal_keys_free(struct unseal_keys *keys);
/* A patient's key by whichever of the hospital's keys opens it. ERR_DENIED when none does or it was erased. */
int unseal_patient(const struct unseal_keys *keys, const struct uuid *patient_key, struct bytes wrapped,
	struct key *ret_key) MUSTUSE;
/* The key that a message's content is sealed under: its patient's, or the hospital's where it belongs to no claim; and
 * the content. Inside a transaction of its hospital. ERR_NOTFOUND, ERR_DENIED. */
int unseal_message(struct ctl *ctl, const struct uuid *hospital, const struct uuid *message, struct sealer *sealer,
	struct arena *arena, struct key *ret_key, struct bytes *ret_plain) MUSTUSE;

/* Words that a person wrote, sealed for a row's id (SEAL_FACT) under the hospital's newest key; NULL: nothing is
 * sealed. In the arena. */
int unseal_words_seal(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, const char *words,
	struct arena *arena, struct bytes *ret_sealed) MUSTUSE;
/* Opens them again. ERR_DENIED. */
int unseal_words(struct ctl *ctl, const struct uuid *hospital, const struct uuid *id, struct bytes sealed,
	struct arena *arena, const char **ret_words) MUSTUSE;

#endif
