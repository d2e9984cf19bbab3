/* Version of the look-up key that the sealing key is derived from, nonce, sealed bytes, tag. */
#include "base/cursor.h"

#include <string.h>

#include "base/aead.h"
#include "lib/base64.h"

#define HEAD_BYTES 2 /* the version */

/* A key of this purpose and hospital only; to be wiped. */
static int derive(const struct keyring *ring, uint16_t version, const struct uuid *hospital, struct key *ret_key)
{
	static const char label[] = "search cursor";
	struct bytes part = {(const uint8_t *)label, sizeof(label) - 1};
	return lookup_hash(ring, version, hospital, LOOKUP_CURSOR, &part, 1, ret_key->b);
}

int cursor_seal(struct bytes plain, const struct keyring *ring, const struct uuid *hospital, struct zf_arena *arena,
	const char **ret_text)
{
	struct key key CLEANUP(key_wipe) = {{0}};
	uint8_t blob[HEAD_BYTES + AEAD_NONCE_BYTES + CURSOR_BYTES_MAX + AEAD_TAG_BYTES];
	uint16_t version = keyring_newest(ring, KEY_LOOKUP);
	if (plain.len > CURSOR_BYTES_MAX) return err_set(ERR_LIMIT, "the search has too many values for a link");
	char *text = zf_alloc(arena, BASE64_TEXT_SIZE(sizeof(blob)));
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int r = text == NULL || ctx == NULL ? err_set(ERR_NOMEM, "no memory for a cursor")
					    : derive(ring, version, hospital, &key);
	if (r == 0) {
		uint8_t *nonce = blob + HEAD_BYTES, *sealed = nonce + AEAD_NONCE_BYTES;
		blob[0] = (uint8_t)(version >> 8);
		blob[1] = (uint8_t)version;
		random_bytes(nonce, AEAD_NONCE_BYTES);
		struct aead_input input = {.aad = {{blob, HEAD_BYTES}}, .text = plain};
		r = aead_encrypt(ctx, &key, nonce, &input, sealed, sealed + plain.len);
	}
	EVP_CIPHER_CTX_free(ctx);
	if (r < 0) return r;
	(void)base64url_encode(blob, HEAD_BYTES + AEAD_NONCE_BYTES + plain.len + AEAD_TAG_BYTES, text);
	*ret_text = text;
	return 0;
}

int cursor_open(const char *text, const struct keyring *ring, const struct uuid *hospital,
	uint8_t ret_plain[CURSOR_TEXT_MAX], size_t *ret_len)
{
	struct key key CLEANUP(key_wipe) = {{0}};
	uint8_t blob[BASE64_BYTES_MAX(CURSOR_TEXT_MAX)];
	size_t len = strlen(text), head = HEAD_BYTES + AEAD_NONCE_BYTES;
	_Static_assert(sizeof(blob) <= CURSOR_TEXT_MAX, "what is opened must fit");
	if (len > CURSOR_TEXT_MAX || base64url_decode(text, len, blob, &len) < 0 || len < head + AEAD_TAG_BYTES)
		return err_set(ERR_INVALID, "not a cursor");
	if (derive(ring, (uint16_t)(blob[0] << 8 | blob[1]), hospital, &key) < 0)
		return err_set(ERR_INVALID, "the cursor's key is gone");
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a cursor");
	size_t plain_len = len - head - AEAD_TAG_BYTES;
	struct aead_input input = {.aad = {{blob, HEAD_BYTES}}, .text = {blob + head, plain_len}};
	int r = aead_decrypt(ctx, &key, blob + HEAD_BYTES, &input, blob + len - AEAD_TAG_BYTES, ret_plain);
	EVP_CIPHER_CTX_free(ctx);
	if (r < 0) return err_set(r == ERR_NOMEM ? r : ERR_INVALID, "not a cursor of this hospital");
	*ret_len = plain_len;
	return 0;
}
