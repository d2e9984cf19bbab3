/* AES-256-GCM over OpenSSL's EVP. */
#include "base/aead.h"

#include <limits.h>
#include <pthread.h>

#include "base/mem.h"

/* A fetch walks the providers and takes longer than sealing a claim: done once. Never written again after that. */
static EVP_CIPHER *aes_256_gcm;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void cipher_fetch(void)
{
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
}

static const EVP_CIPHER *cipher_get(void)
{
	pthread_once(&fetch_once, cipher_fetch);
	return aes_256_gcm;
}

static bool update_aad(EVP_CIPHER_CTX *ctx, const struct aead_input *input, bool encrypt)
{
	for (size_t i = 0; i < ARRAY_LEN(input->aad); i++) {
		const struct bytes *aad = &input->aad[i];
		int n = 0;
		int ok;
		if (aad->len == 0) continue;
		ok = encrypt ? EVP_EncryptUpdate(ctx, NULL, &n, aad->ptr, (int)aad->len)
			     : EVP_DecryptUpdate(ctx, NULL, &n, aad->ptr, (int)aad->len);
		if (ok != 1) return false;
	}
	return true;
}

static int lengths_check(const struct aead_input *input)
{
	if (input->text.len > INT_MAX)
		return err_set(ERR_LIMIT, "text of %zu bytes is too long to encrypt", input->text.len);
	for (size_t i = 0; i < ARRAY_LEN(input->aad); i++) assert(input->aad[i].len <= INT_MAX);
	return 0;
}

int aead_encrypt(EVP_CIPHER_CTX *ctx, const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
	const struct aead_input *input, uint8_t *ret, uint8_t ret_tag[AEAD_TAG_BYTES])
{
	const EVP_CIPHER *cipher = cipher_get();
	int n = 0;
	bool ok;
	int rc = lengths_check(input);

	if (rc != 0) return rc;
	if (cipher == NULL) return err_set(ERR_SYS, "OpenSSL offers no AES-256-GCM");
	ok = EVP_EncryptInit_ex2(ctx, cipher, key->b, nonce, NULL) == 1 && update_aad(ctx, input, true);
	if (ok && input->text.len > 0) {
		ok = EVP_EncryptUpdate(ctx, ret, &n, input->text.ptr, (int)input->text.len) == 1 &&
		     (size_t)n == input->text.len;
	}
	/* GCM's final step writes no bytes, but OpenSSL wants somewhere to write them. */
	uint8_t none[16];
	ok = ok && EVP_EncryptFinal_ex(ctx, none, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, ret_tag) == 1;
	EVP_CIPHER_CTX_reset(ctx);
	return ok ? 0 : err_set(ERR_NOMEM, "OpenSSL could not encrypt");
}

int aead_decrypt(EVP_CIPHER_CTX *ctx, const struct key *key, const uint8_t nonce[AEAD_NONCE_BYTES],
	const struct aead_input *input, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *ret)
{
	const EVP_CIPHER *cipher = cipher_get();
	uint8_t expected[AEAD_TAG_BYTES];
	uint8_t none[16];
	int n = 0;
	bool ok;
	int rc = lengths_check(input);

	if (rc != 0) return rc;
	if (cipher == NULL) return err_set(ERR_SYS, "OpenSSL offers no AES-256-GCM");
	for (size_t i = 0; i < sizeof(expected); i++) expected[i] = tag[i];
	if (EVP_DecryptInit_ex2(ctx, cipher, key->b, nonce, NULL) != 1 || !update_aad(ctx, input, false)) {
		EVP_CIPHER_CTX_reset(ctx);
		return err_set(ERR_NOMEM, "OpenSSL could not decrypt");
	}
	ok = input->text.len == 0 || EVP_DecryptUpdate(ctx, ret, &n, input->text.ptr, (int)input->text.len) == 1;
	ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, expected) == 1 &&
	     EVP_DecryptFinal_ex(ctx, none, &n) == 1;
	EVP_CIPHER_CTX_reset(ctx);
	if (ok) return 0;
	mem_wipe(ret, input->text.len); /* what did not verify must not be looked at */
	return err_set(ERR_DENIED, "sealed data does not verify");
}
