/* AES-256-GCM as key.c and seal.c use it: one cipher fetched per process, one context per caller. */
#ifndef BASE_AEAD_H
#define BASE_AEAD_H

#include <openssl/evp.h>

#include "base/key.h"

#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES 16
#define AEAD_ALGORITHM_AES_256_GCM 1 /* the algorithm id in every sealed form; SM4-GCM would be the next */

/* Associated data comes in at most two pieces, so that nobody has to copy them together. */
struct aead_input {
	struct bytes aad[2];
	struct bytes text; /* plain text to encrypt, or cipher text to open */
};

/* Encrypts text into `ret` (text.len bytes, may not overlap) and writes the tag. The context forgets the key before
 * the return. Errors ERR_NOMEM, ERR_LIMIT. */
int aead_encrypt(EVP_CIPHER_CTX *ctx, const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
	const struct aead_input *input, uint8_t *ret, uint8_t ret_tag[AEAD_TAG_BYTES]) MUSTUSE;
/* The reverse; on ERR_DENIED `ret` has been wiped. */
int aead_decrypt(EVP_CIPHER_CTX *ctx, const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
	const struct aead_input *input, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *ret) MUSTUSE;

/* key_wrap and key_unwrap with a context that the caller reuses, and a nonce that he has just made at random. */
int key_wrap_ctx(EVP_CIPHER_CTX *ctx, const struct key *outer, const struct uuid *owner, const struct key *key,
	const uint8_t nonce[AEAD_NONCE_BYTES], uint8_t ret_wrapped[KEY_WRAPPED_BYTES]) MUSTUSE;
int key_unwrap_ctx(EVP_CIPHER_CTX *ctx, const struct key *outer, const struct uuid *owner, const uint8_t *wrapped,
	size_t len, struct key *ret_key) MUSTUSE;

#endif
