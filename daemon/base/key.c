/* Wrapping keys in keys and hashing for look-ups. The ring itself is read and written by keyring.c. */
#include "base/key.h"

#include <openssl/core_names.h>
#include <string.h>

#include "base/aead.h"
#include "base/keyring.h"
#include "base/mem.h"

#define WRAP_VERSION 1
#define WRAP_HEAD_BYTES 4
#define WRAP_CIPHER_AT (WRAP_HEAD_BYTES + AEAD_NONCE_BYTES)
#define WRAP_TAG_AT (WRAP_CIPHER_AT + KEY_BYTES)

/* Part of the associated data, so that a key wrapped on one level is never taken for one of another. */
enum wrap_level { WRAP_UNDER_MASTER = 'M', WRAP_UNDER_KEY = 'K' };

_Static_assert(WRAP_TAG_AT + AEAD_TAG_BYTES == KEY_WRAPPED_BYTES, "the wrapped form has a fixed length");

static void ctx_free(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void owner_aad(uint8_t aad[17], const struct uuid *owner, enum wrap_level level)
{
	memcpy(aad, owner->b, sizeof(owner->b));
	aad[16] = (uint8_t)level;
}

static int wrap(EVP_CIPHER_CTX *ctx, const struct key *outer, uint16_t version, enum wrap_level level,
	const struct uuid *owner, const struct key *key, const uint8_t *nonce, uint8_t *ret_wrapped)
{
	uint8_t wrapped[KEY_WRAPPED_BYTES] = {
		WRAP_VERSION, AEAD_ALGORITHM_AES_256_GCM, (uint8_t)(version >> 8), (uint8_t)(version & 0xff)};
	uint8_t aad[17];
	struct aead_input input = {
		.aad = {{wrapped, WRAP_HEAD_BYTES}, {aad, sizeof(aad)}}, .text = {key->b, KEY_BYTES}};
	int rc;

	owner_aad(aad, owner, level);
	memcpy(wrapped + WRAP_HEAD_BYTES, nonce, AEAD_NONCE_BYTES);
	rc = aead_encrypt(
		ctx, outer, wrapped + WRAP_HEAD_BYTES, &input, wrapped + WRAP_CIPHER_AT, wrapped + WRAP_TAG_AT);
	if (rc == 0) memcpy(ret_wrapped, wrapped, sizeof(wrapped));
	return rc;
}

/* Checks the form and returns the version of the key that wrapped it. */
static int wrapped_version(const uint8_t *wrapped, size_t len, uint16_t *ret_version)
{
	if (len != KEY_WRAPPED_BYTES || wrapped[0] != WRAP_VERSION)
		return err_set(ERR_INVALID, "wrapped key has no known form");
	if (wrapped[1] != AEAD_ALGORITHM_AES_256_GCM) {
		return err_set(ERR_INVALID, "wrapped key uses the unknown algorithm %u", wrapped[1]);
	}
	*ret_version = (uint16_t)(wrapped[2] << 8 | wrapped[3]);
	return 0;
}

static int unwrap(EVP_CIPHER_CTX *ctx, const struct key *outer, enum wrap_level level, const struct uuid *owner,
	const uint8_t wrapped[KEY_WRAPPED_BYTES], struct key *ret_key)
{
	uint8_t aad[17];
	struct aead_input input = {
		.aad = {{wrapped, WRAP_HEAD_BYTES}, {aad, sizeof(aad)}},
		.text = {wrapped + WRAP_CIPHER_AT, KEY_BYTES},
	};
	struct key key CLEANUP(key_wipe) = {{0}};
	int rc;

	owner_aad(aad, owner, level);
	rc = aead_decrypt(ctx, outer, wrapped + WRAP_HEAD_BYTES, &input, wrapped + WRAP_TAG_AT, key.b);
	if (rc == 0) *ret_key = key;
	return rc;
}

int key_wrap_ctx(EVP_CIPHER_CTX *ctx, const struct key *outer, const struct uuid *owner, const struct key *key,
	const uint8_t nonce[AEAD_NONCE_BYTES], uint8_t ret_wrapped[KEY_WRAPPED_BYTES])
{
	return wrap(ctx, outer, 0, WRAP_UNDER_KEY, owner, key, nonce, ret_wrapped);
}

int key_unwrap_ctx(EVP_CIPHER_CTX *ctx, const struct key *outer, const struct uuid *owner, const uint8_t *wrapped,
	size_t len, struct key *ret_key)
{
	uint16_t version = 0;
	int rc = wrapped_version(wrapped, len, &version);

	if (rc != 0) return rc;
	if (version != 0) return err_set(ERR_INVALID, "wrapped key names a master key where none belongs");
	return unwrap(ctx, outer, WRAP_UNDER_KEY, owner, wrapped, ret_key);
}

int key_wrap(const struct key *outer, const struct uuid *owner, const struct key *key,
	uint8_t ret_wrapped[KEY_WRAPPED_BYTES])
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_free) = EVP_CIPHER_CTX_new();
	uint8_t nonce[AEAD_NONCE_BYTES];

	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a cipher context");
	random_bytes(nonce, sizeof(nonce));
	return key_wrap_ctx(ctx, outer, owner, key, nonce, ret_wrapped);
}

int key_unwrap(
	const struct key *outer, const struct uuid *owner, const uint8_t *wrapped, size_t len, struct key *ret_key)
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_free) = EVP_CIPHER_CTX_new();

	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a cipher context");
	return key_unwrap_ctx(ctx, outer, owner, wrapped, len, ret_key);
}

int key_wrap_master(const struct keyring *ring, const struct uuid *owner, const struct key *key,
	uint8_t ret_wrapped[KEY_WRAPPED_BYTES])
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_free) = EVP_CIPHER_CTX_new();
	uint16_t version = keyring_newest(ring, KEY_MASTER);
	const struct keyring_entry *entry = keyring_find(ring, KEY_MASTER, version);
	uint8_t nonce[AEAD_NONCE_BYTES];

	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a cipher context");
	assert(entry != NULL);
	random_bytes(nonce, sizeof(nonce));
	return wrap(ctx, &entry->key, version, WRAP_UNDER_MASTER, owner, key, nonce, ret_wrapped);
}

int key_unwrap_master(
	const struct keyring *ring, const struct uuid *owner, const uint8_t *wrapped, size_t len, struct key *ret_key)
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_free) = NULL;
	const struct keyring_entry *entry;
	uint16_t version = 0;
	int rc = wrapped_version(wrapped, len, &version);

	if (rc != 0) return rc;
	entry = keyring_find(ring, KEY_MASTER, version);
	if (entry == NULL) return err_set(ERR_NOTFOUND, "the key file has no master key of version %u", version);
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a cipher context");
	return unwrap(ctx, &entry->key, WRAP_UNDER_MASTER, owner, wrapped, ret_key);
}

void key_new(struct key *ret_key)
{
	random_bytes(ret_key->b, sizeof(ret_key->b));
}

void key_wipe(struct key *key)
{
	mem_wipe(key->b, sizeof(key->b));
}

int lookup_hash(const struct keyring *ring, uint16_t version, const struct uuid *hospital, enum lookup_purpose purpose,
	const struct bytes *parts, size_t part_count, uint8_t ret_hash[LOOKUP_HASH_BYTES])
{
	const struct keyring_entry *entry = keyring_find(ring, KEY_LOOKUP, version);
	uint8_t head[17];
	uint8_t hash[LOOKUP_HASH_BYTES];
	EVP_MAC_CTX *mac;
	size_t len = 0;
	bool ok;

	if (entry == NULL) return err_set(ERR_NOTFOUND, "the key file has no look-up key of version %u", version);
	/* The ring keeps a context that has taken the key already; a copy of it saves fetching and keying each time. */
	mac = EVP_MAC_CTX_dup(entry->mac);
	if (mac == NULL) return err_set(ERR_NOMEM, "no memory for a look-up hash");
	memcpy(head, hospital->b, sizeof(hospital->b));
	head[16] = (uint8_t)purpose;
	ok = EVP_MAC_update(mac, head, sizeof(head)) == 1;
	for (size_t i = 0; ok && i < part_count; i++) {
		size_t n = parts[i].len;
		uint8_t prefix[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
		assert(n <= UINT32_MAX);
		ok = EVP_MAC_update(mac, prefix, sizeof(prefix)) == 1;
		if (ok && n > 0) ok = EVP_MAC_update(mac, parts[i].ptr, n) == 1;
	}
	ok = ok && EVP_MAC_final(mac, hash, &len, sizeof(hash)) == 1 && len == sizeof(hash);
	EVP_MAC_CTX_free(mac);
	if (!ok) return err_set(ERR_NOMEM, "OpenSSL could not make a look-up hash");
	memcpy(ret_hash, hash, sizeof(hash));
	return 0;
}
