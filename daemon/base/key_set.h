/* A hospital's keys, newest first: the first one seals, all open. For who works with them off the loop; on it,
 * db/keyhold.h has them. */
#ifndef BASE_KEY_SET_H
#define BASE_KEY_SET_H

#include "base/key.h"
#include "base/seal.h"

#define KEY_SET_MAX 64

struct key_set {
	size_t count;
	struct key items[KEY_SET_MAX];
};

void key_set_wipe(struct key_set *set); /* usable with CLEANUP */
/* A patient's key by whichever of them fits. ERR_DENIED: none does, or it was erased ({NULL, 0}). */
int key_set_unwrap(
	const struct key_set *set, const struct uuid *owner, struct bytes wrapped, struct key *ret_key) MUSTUSE;
/* seal_open by whichever of them fits. */
int key_set_open(const struct key_set *set, struct sealer *sealer, const struct uuid *id, enum seal_kind kind,
	struct bytes sealed, size_t plain_bytes_max, struct arena *arena, struct bytes *ret_plain) MUSTUSE;

#endif
