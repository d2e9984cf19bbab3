/* The inside of a keyring, for key.c and keyring.c only; everybody else uses base/key.h. */
#ifndef BASE_KEYRING_H
#define BASE_KEYRING_H

#include <openssl/evp.h>

#include "base/key.h"

#define KEYRING_KINDS 2
#define KEYRING_VERSIONS_MAX 64 /* of one kind; a yearly rotation lasts a lifetime */
/* A key that begins with these bytes is a sample: it may be used only where samples are allowed (quickstart). */
#define KEYRING_SAMPLE_MARK "ZHIFU-SAMPLE"

struct keyring_entry {
	uint16_t version; /* 1 to 65535 */
	struct key key;
	EVP_MAC_CTX *mac; /* look-up keys: HMAC-SHA-256 keyed and ready to be copied; else NULL */
};

/* The entry of that version, or NULL. Borrowed from the ring. */
const struct keyring_entry *keyring_find(const struct keyring *ring, enum key_kind kind, uint16_t version);

#endif
