/* A person as intake meets one: keyed hashes of its identities, and the key under which its claims are sealed: a known
 * one, or a new one that travels with the claim. */
#ifndef INTAKE_PERSON_H
#define INTAKE_PERSON_H

#include "base/key.h"
#include "base/mem.h"
#include "intake/intake.h"
#include "model/fingerprint.h"

#define PERSON_VERSIONS_MAX 2 /* look-up keys at a time: while hashes are made again after a rotation, old and new */
#define PERSON_HASHES_MAX (FINGERPRINT_IDENTITIES_MAX * PERSON_VERSIONS_MAX)

struct person_hash {
	uint8_t hash[LOOKUP_HASH_BYTES];
	int16_t version;
	bool stored; /* (hash, key_id) is known to be in the database */
};

/* Lives in a request's arena, which is not wiped; `key` is wiped by person_wipe. */
struct person {
	struct uuid hospital_id;
	struct uuid key_id;
	struct key key;
	bool stored; /* the key is known to be in the database; otherwise `wrapped` and `identity` go along */
	int32_t hospital_key_version;
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	struct bytes identity; /* sealed list of the identities */
	size_t hash_count;
	struct person_hash hashes[PERSON_HASHES_MAX];
	size_t identity_count;
	struct fingerprint_identity identities[FINGERPRINT_IDENTITIES_MAX]; /* borrowed from the document */
};

/* Who this patient is: from `known` (the persons of this request so far; the last of them first), from the cache, or
 * new. Outcome in the arena. ERR_NOTFOUND: nothing identifies the patient; ERR_AGAIN: the hospital's key is not open
 * yet; ERR_NOMEM. */
int person_find(struct intake *intake, const struct uuid *hospital, const struct zf_patient *patient,
	struct person *const *known, size_t known_count, struct arena *arena, struct person **ret_person) MUSTUSE;
/* Its key and hashes are durable now. */
void person_stored(struct intake *intake, struct person *person);
void person_wipe(struct person *person);

#endif
