/* Keys at rest: master -> hospital -> patient -> data key of one row, and the separate keys of look-up hashes.
 * The key file is read once at start and on reload; all key material lives in locked memory and is wiped. */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include "base/core.h"
#include "base/id.h"

#define KEY_BYTES 32
#define LOOKUP_HASH_BYTES 32
/* A wrapped key as stored: version(1) algorithm(1) key_version(2, big endian) nonce(12) ciphertext(32) tag(16). */
#define KEY_WRAPPED_BYTES 64

struct key {
	uint8_t b[KEY_BYTES];
};

/* The master keys and look-up keys of the key file, each with a version; the newest one writes, all can read. */
struct keyring;

/* Reads a key file: libconfig with `master = ({version = 1; key = "base64 of 32 bytes"; }, ...)` and
 * `lookup = (...)` in the same form. It must be a regular file, not readable by group or others (else ERR_DENIED).
 * Refuses keys that are all one byte or the samples that quickstart ships unless allow_sample.
 * Returns owned: keyring_free. Errors ERR_SYS, ERR_INVALID with file and line in err_text. */
int keyring_load(const char *path, bool allow_sample, struct keyring **ret_ring) MUSTUSE;
void keyring_free(struct keyring *ring);
/* Whoever uses one beyond a reload, and frees it as well. Holders are counted without a lock: all hold and free it on
 * the one thread, that of the loop. Returns ring. */
struct keyring *keyring_hold(struct keyring *ring);
/* Writes a new key file with fresh random keys as version 1, mode 0600; ERR_EXISTS if it is there. */
int keyring_create(const char *path) MUSTUSE;
/* Adds a new master or look-up key with the next version to the file (atomically: write, fsync, rename). */
enum key_kind { KEY_MASTER, KEY_LOOKUP };
int keyring_rotate(const char *path, enum key_kind kind) MUSTUSE;
uint16_t keyring_newest(const struct keyring *ring, enum key_kind kind);
/* All versions, newest first; returns how many (at most max). */
size_t keyring_versions(const struct keyring *ring, enum key_kind kind, uint16_t *ret_versions, size_t max);

/* Wraps a hospital key under the newest master key / unwraps under the version it names (ERR_NOTFOUND, ERR_DENIED).
 * `owner` is bound as associated data, so that a wrapped key cannot be moved to another hospital or patient. */
int key_wrap_master(const struct keyring *ring, const struct uuid *owner, const struct key *key,
	uint8_t ret_wrapped[KEY_WRAPPED_BYTES]) MUSTUSE;
int key_unwrap_master(const struct keyring *ring, const struct uuid *owner, const uint8_t *wrapped, size_t len,
	struct key *ret_key) MUSTUSE;
/* The same one level down: a patient's key under its hospital's key. */
int key_wrap(const struct key *outer, const struct uuid *owner, const struct key *key,
	uint8_t ret_wrapped[KEY_WRAPPED_BYTES]) MUSTUSE;
int key_unwrap(const struct key *outer, const struct uuid *owner, const uint8_t *wrapped, size_t len,
	struct key *ret_key) MUSTUSE;
void key_new(struct key *ret_key);
void key_wipe(struct key *key); /* usable with CLEANUP */

/* A keyed look-up hash: HMAC-SHA-256 with the look-up key of `version` over hospital id, a purpose byte and the parts,
 * each preceded by its length as 4 bytes big endian. ERR_NOTFOUND when the version is not in the ring. */
enum lookup_purpose {
	LOOKUP_PATIENT = 1,     /* one identity of a person: system, value */
	LOOKUP_CLAIM_IDENT = 2, /* a hospital's claim identifier: system, value; a claim's first one is a key as well */
	LOOKUP_DUPLICATE = 3,   /* the business fingerprint */
	LOOKUP_IDEMPOTENCY = 4, /* Idempotency-Key */
	LOOKUP_WIRE = 5,        /* an insurer's own number */
	LOOKUP_TOKEN = 6,       /* no look-up: the key that signs access tokens, the same in every worker */
	LOOKUP_CURSOR = 7,      /* no look-up: the key that seals the next links of searches */
	LOOKUP_PAYER = 8,       /* whose money it is: 1 name or 2 account, folded */
	LOOKUP_STAY = 9,        /* a hospital's number of a stay */
	LOOKUP_WORDS = 10,      /* no look-up: whether a person writes the same again; id of what it is about, words */
};
int lookup_hash(const struct keyring *ring, uint16_t version, const struct uuid *hospital, enum lookup_purpose purpose,
	const struct bytes *parts, size_t part_count, uint8_t ret_hash[LOOKUP_HASH_BYTES]) MUSTUSE;

#endif
