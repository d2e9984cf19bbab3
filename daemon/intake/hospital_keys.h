/* The hospitals' keys of this process, unwrapped: opened through the database before the role is ready, so that a new
 * hospital gets its key from whichever process meets it first. */
#ifndef INTAKE_HOSPITAL_KEYS_H
#define INTAKE_HOSPITAL_KEYS_H

#include "base/key.h"
#include "db/pool.h"
#include "model/directory.h"

struct hospital_keys;

/* Returns owned: hospital_keys_free, before the pool. ERR_NOMEM. */
int hospital_keys_new(struct db_pool *pool, struct hospital_keys **ret_keys) MUSTUSE;
void hospital_keys_free(struct hospital_keys *keys);
/* Opens those of the directory (and the house's, the nil hospital) that are not open yet. To be called at start, after
 * a reload, and again while hospital_keys_ready is false. The directory is read during the call only. */
void hospital_keys_open(struct hospital_keys *keys, const struct directory *directory, const struct keyring *keyring);
/* All of the directory last given are open. */
bool hospital_keys_ready(const struct hospital_keys *keys);
/* The newest key of a hospital, which wraps new patients' keys; NULL when it is not open. Borrowed until the next turn
 * of the loop. */
const struct key *hospital_keys_newest(
	const struct hospital_keys *keys, const struct uuid *hospital, int32_t *ret_version);
/* The key of one version; NULL when it is not here. */
const struct key *hospital_keys_get(const struct hospital_keys *keys, const struct uuid *hospital, int32_t version);

#endif
