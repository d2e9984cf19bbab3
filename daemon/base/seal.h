/* Sealing: compress (zstd), then encrypt (AES-256-GCM) under a data key of its own, wrapped by the patient's key.
 *
 * JSON as short as one claim or one message is compressed with a dictionary of what such texts have in common.
 * Dictionaries are numbered, seal_dictionary_NUMBER each, and never changed or taken away: sealed rows need theirs for
 * ever. The first one is text written for the purpose, no document's, behind tables that zstd 1.5.4
 * (ZDICT_finalizeDictionary) counted over the benchmark's messages, Synthea's claims and HL7's examples.
 *
 * The sealed form, all integers big endian:
 *   byte 0   magic 'Z'
 *        1   form version 1
 *        2   algorithm: 1 AES-256-GCM
 *        3   compression: 0 none, 1 zstd, 2 zstd with a dictionary
 *        4   the dictionary's number (2), 0 without
 *        6   plain length (4)
 *       10   wrapped data key (KEY_WRAPPED_BYTES)
 *       74   nonce (12)
 *       86   ciphertext, then its tag (16)
 *
 * Bytes 0 to 9 and the row's identity (16 bytes of id, 1 byte of kind) are associated data. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/key.h"
#include "base/mem.h"

#define SEAL_OVERHEAD_BYTES 102
#define SEAL_PLAIN_BYTES_MAX (64u << 20)

/* What kind of row the blob belongs to; bound into the tag so that a blob cannot be moved between columns. */
enum seal_kind {
	SEAL_CLAIM = 1,
	SEAL_MESSAGE = 2,
	SEAL_STATE = 3,
	SEAL_FACT = 4,
	SEAL_IDENTITY = 5,
	SEAL_CONSENT = 6,
	SEAL_FILE = 7,
	SEAL_RESOURCE = 8
};

/* Per process: cipher contexts, zstd contexts and the dictionary. Not thread-safe: one per thread. */
struct sealer;
int sealer_new(struct sealer **ret_sealer) MUSTUSE;
void sealer_free(struct sealer *sealer);

/* Seals `plain` for row `id` into memory of the arena. Errors ERR_NOMEM, ERR_LIMIT. */
int seal(struct sealer *sealer, const struct key *outer, const struct uuid *id, enum seal_kind kind, struct bytes plain,
	struct arena *arena, struct bytes *ret_sealed) MUSTUSE;
/* Opens it again: ERR_INVALID (form), ERR_DENIED (tag or key does not fit), ERR_LIMIT (plain length over max). */
int seal_open(struct sealer *sealer, const struct key *outer, const struct uuid *id, enum seal_kind kind,
	struct bytes sealed, size_t plain_bytes_max, struct arena *arena, struct bytes *ret_plain) MUSTUSE;

#endif
