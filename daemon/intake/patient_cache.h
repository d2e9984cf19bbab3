/* Patients' keys that are known to be stored: look-up hash -> key. A bounded LRU of the process; what is not here is
 * met as a new person with one more key, which the schema allows. */
#ifndef INTAKE_PATIENT_CACHE_H
#define INTAKE_PATIENT_CACHE_H

#include "base/key.h"

#define PATIENT_CACHE_MAX 32768 /* hashes; about 3 MiB */

struct patient_cache;

/* Returns owned: patient_cache_free, which wipes the keys. ERR_NOMEM. */
int patient_cache_new(size_t max, struct patient_cache **ret_cache) MUSTUSE;
void patient_cache_free(struct patient_cache *cache);
/* True when the hash (which covers the hospital) is here; the outputs are copies. */
bool patient_cache_get(struct patient_cache *cache, const uint8_t hash[LOOKUP_HASH_BYTES], struct uuid *ret_key_id,
	struct key *ret_key);
/* Remembers that (hash, key_id) and the key are durable. A hash that is here keeps the newer key. */
void patient_cache_put(struct patient_cache *cache, const uint8_t hash[LOOKUP_HASH_BYTES], const struct uuid *key_id,
	const struct key *key);

#endif
