/* Our own access tokens: a short payload and its HMAC, both in base64url.
 *
 * The payload: form version 1 (1 byte), key version (4), issued (8), expires (8), all big endian, hospital id (16),
 * length of the client id (1), client id, scope up to the end. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lib/base64.h"
#include "net/jwt.h"

#define FORM_VERSION 1
#define PREFIX "zf1."
#define PREFIX_LEN 4
#define FIXED_BYTES 38 /* up to and with the length of the client id */
#define MAC_BYTES 32
#define MAC_TEXT_LEN 43
#define PAYLOAD_BYTES_MAX (FIXED_BYTES + JWT_ID_MAX + JWT_SCOPE_MAX)

static void put_number(uint8_t *ptr, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) ptr[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get_number(const uint8_t *ptr, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++) value = value << 8 | ptr[i];
	return value;
}

static int text_check(const char *what, const char *text, size_t max, size_t min)
{
	size_t len = strnlen(text, max + 1);
	if (len > max) return err_set(ERR_LIMIT, "the %s of a token is longer than %zu bytes", what, max);
	if (len < min) return err_set(ERR_INVALID, "the %s of a token is empty", what);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return err_set(ERR_INVALID, "the %s of a token holds a control character", what);
	return 0;
}

static int token_mac(const char *text, size_t len, const uint8_t key[JWT_TOKEN_KEY_BYTES], uint8_t ret_mac[MAC_BYTES])
{
	unsigned mac_len = MAC_BYTES;
	if (HMAC(EVP_sha256(), key, JWT_TOKEN_KEY_BYTES, (const unsigned char *)text, len, ret_mac, &mac_len) == NULL)
		return err_set(ERR_NOMEM, "no memory for a token");
	return 0;
}

int jwt_token_mint(
	const struct jwt_token *token, const uint8_t key[JWT_TOKEN_KEY_BYTES], char ret_text[JWT_TOKEN_TEXT_MAX])
{
	uint8_t payload[PAYLOAD_BYTES_MAX], mac[MAC_BYTES];
	char text[JWT_TOKEN_TEXT_MAX] = PREFIX;
	int rc = text_check("client id", token->client_id, JWT_ID_MAX, 1);
	if (rc == 0) rc = text_check("scope", token->scope, JWT_SCOPE_MAX, 0);
	if (rc != 0) return rc;
	size_t client_len = strlen(token->client_id), scope_len = strlen(token->scope);
	payload[0] = FORM_VERSION;
	put_number(payload + 1, token->key_version, 4);
	put_number(payload + 5, (uint64_t)token->issued_s, 8);
	put_number(payload + 13, (uint64_t)token->expires_s, 8);
	memcpy(payload + 21, token->hospital_id.b, 16);
	payload[37] = (uint8_t)client_len;
	memcpy(payload + FIXED_BYTES, token->client_id, client_len);
	memcpy(payload + FIXED_BYTES + client_len, token->scope, scope_len);
	size_t len = PREFIX_LEN + base64url_encode(payload, FIXED_BYTES + client_len + scope_len, text + PREFIX_LEN);
	rc = token_mac(text, len, key, mac);
	if (rc != 0) return rc;
	text[len++] = '.';
	(void)base64url_encode(mac, sizeof(mac), text + len);
	memcpy(ret_text, text, sizeof(text));
	return 0;
}

/* Form only. *ret_signed_len: how much of the text is under the HMAC. */
static int token_parse(
	const char *text, size_t len, struct jwt_token *ret_token, size_t *ret_signed_len, uint8_t ret_mac[MAC_BYTES])
{
	uint8_t payload[JWT_TOKEN_TEXT_MAX] = {0}, mac[MAC_BYTES + 2] = {0};
	size_t payload_len = 0, mac_len = 0;
	struct jwt_token token = {.key_version = 0};
	if (len <= PREFIX_LEN + 1 + MAC_TEXT_LEN || len >= JWT_TOKEN_TEXT_MAX || memcmp(text, PREFIX, PREFIX_LEN) != 0)
		return err_set(ERR_INVALID, "this is not one of our access tokens");
	size_t signed_len = len - 1 - MAC_TEXT_LEN;
	if (text[signed_len] != '.' || base64url_decode(text + signed_len + 1, MAC_TEXT_LEN, mac, &mac_len) != 0 ||
		base64url_decode(text + PREFIX_LEN, signed_len - PREFIX_LEN, payload, &payload_len) != 0 ||
		payload_len < FIXED_BYTES || payload_len > PAYLOAD_BYTES_MAX || payload[0] != FORM_VERSION)
		return err_set(ERR_INVALID, "this is not one of our access tokens");
	size_t client_len = payload[37], rest = payload_len - FIXED_BYTES;
	if (client_len == 0 || client_len > JWT_ID_MAX || client_len > rest || rest - client_len > JWT_SCOPE_MAX ||
		memchr(payload + FIXED_BYTES, 0, rest) != NULL)
		return err_set(ERR_INVALID, "this is not one of our access tokens");
	token.key_version = (uint32_t)get_number(payload + 1, 4);
	token.issued_s = (int64_t)get_number(payload + 5, 8);
	token.expires_s = (int64_t)get_number(payload + 13, 8);
	memcpy(token.hospital_id.b, payload + 21, 16);
	memcpy(token.client_id, payload + FIXED_BYTES, client_len);
	memcpy(token.scope, payload + FIXED_BYTES + client_len, rest - client_len);
	*ret_token = token;
	*ret_signed_len = signed_len;
	memcpy(ret_mac, mac, MAC_BYTES);
	return 0;
}

int jwt_token_key_version(const char *text, size_t len, uint32_t *ret_version)
{
	struct jwt_token token = {.key_version = 0};
	uint8_t mac[MAC_BYTES];
	size_t signed_len = 0;
	int rc = token_parse(text, len, &token, &signed_len, mac);
	if (rc == 0) *ret_version = token.key_version;
	return rc;
}

int jwt_token_verify(const char *text, size_t len, const uint8_t key[JWT_TOKEN_KEY_BYTES], int64_t now_s,
	struct jwt_token *ret_token)
{
	struct jwt_token token = {.key_version = 0};
	uint8_t mac[MAC_BYTES] = {0}, expected[MAC_BYTES] = {0};
	size_t signed_len = 0;
	int rc = token_parse(text, len, &token, &signed_len, mac);
	if (rc == 0) rc = token_mac(text, signed_len, key, expected);
	if (rc != 0) return rc;
	if (CRYPTO_memcmp(mac, expected, MAC_BYTES) != 0)
		return err_set(ERR_DENIED, "the signature of an access token does not verify");
	if (token.expires_s <= now_s) return err_set(ERR_TIMEOUT, "the access token has expired");
	*ret_token = token;
	return 0;
}
