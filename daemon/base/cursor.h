/* The position behind a `next` link as an opaque text: sealed with AES-256-GCM under a key that is derived for the
 * hospital. A link may be logged by every proxy on its way, so it says nothing, not even hashes. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/key.h"
#include "lib/arena.h"

#define CURSOR_BYTES_MAX 2600 /* of what is sealed */
#define CURSOR_TEXT_MAX 3600

/* A text of [A-Za-z0-9_-] in the arena, which only sessions of this hospital can read. Pure but for a random nonce.
 * ERR_LIMIT: more than CURSOR_BYTES_MAX; ERR_NOMEM. */
int cursor_seal(struct bytes plain, const struct keyring *ring, const struct uuid *hospital, struct zf_arena *arena,
	const char **ret_text) MUSTUSE;
/* What was sealed. ERR_INVALID: not one of ours, or its key is gone; ERR_NOMEM. */
int cursor_open(const char *text, const struct keyring *ring, const struct uuid *hospital,
	uint8_t ret_plain[CURSOR_TEXT_MAX], size_t *ret_len) MUSTUSE;

#endif
