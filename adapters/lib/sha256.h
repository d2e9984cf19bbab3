/* SHA-256 (FIPS 180-4), for identities that somebody may try to make collide. */
#ifndef ADAPTERS_LIB_SHA256_H
#define ADAPTERS_LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

/* Caller-owned; sha256_begin() makes it ready. */
struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_put(struct sha256 *hash, const void *bytes, size_t len);
void sha256_end(struct sha256 *hash, uint8_t ret[SHA256_BYTES]);

#endif
