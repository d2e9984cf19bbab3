/* Client assertions (RFC 7523): taken apart strictly, then believed only with a signature and claims that fit. */
#include "net/jwt.h"

#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>
#include <strings.h>

#include "lib/base64.h"

#define ES256_SIGNATURE_BYTES 64
#define SIGNATURE_BYTES_MAX 1024 /* RSA of 8192 bits */
#define AUDIENCES_MAX 16
/* Seconds after which no clock of ours will ever stand: keeps the sums below from overflowing. */
#define TIME_MAX_S INT64_C(253402300800)

static void free_json(json_t **json)
{
	json_decref(*json);
}

static int decode_json(const char *text, size_t len, struct zf_arena *arena, json_t **ret_json)
{
	json_error_t error;
	size_t bytes_len = 0;
	uint8_t *bytes = zf_alloc(arena, BASE64_BYTES_MAX(len));
	if (bytes == NULL) return err_set(ERR_NOMEM, "no memory for a token");
	if (base64url_decode(text, len, bytes, &bytes_len) != 0)
		return err_set(ERR_INVALID, "a token is not base64url");
	json_t *json = json_loadb((const char *)bytes, bytes_len, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(json)) {
		*ret_json = json;
		return 0;
	}
	json_decref(json);
	return err_set(ERR_INVALID, "a part of a token is not a JSON object without repeated members");
}

/* A text member of 1 to max bytes without control characters, copied into the arena. */
static int member_text(
	const json_t *object, const char *name, size_t max, struct zf_arena *arena, const char **ret_text)
{
	const json_t *member = json_object_get(object, name);
	size_t len = json_is_string(member) ? json_string_length(member) : 0;
	if (len == 0 || len > max)
		return err_set(ERR_INVALID, "\"%s\" of a token is missing, not text or too long", name);
	const char *text = json_string_value(member);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return err_set(ERR_INVALID, "\"%s\" of a token holds a control character", name);
	*ret_text = zf_strndup(arena, text, len);
	return *ret_text == NULL ? err_set(ERR_NOMEM, "no memory for a token") : 0;
}

static int member_time(const json_t *object, const char *name, bool required, int64_t *ret_s)
{
	const json_t *member = json_object_get(object, name);
	if (member == NULL && !required) {
		*ret_s = 0;
		return 0;
	}
	int64_t value = json_is_integer(member) ? (int64_t)json_integer_value(member) : 0;
	if (value <= 0 || value > TIME_MAX_S)
		return err_set(ERR_INVALID, "\"%s\" of a token is missing or not whole seconds since 1970", name);
	*ret_s = value;
	return 0;
}

static int header_read(const json_t *header, struct zf_arena *arena, struct jwt_assertion *assertion)
{
	const json_t *alg = json_object_get(header, "alg"), *type = json_object_get(header, "typ");
	const char *name = json_is_string(alg) ? json_string_value(alg) : "";
	if (strcmp(name, "ES256") == 0)
		assertion->alg = JWT_ES256;
	else if (strcmp(name, "RS256") == 0)
		assertion->alg = JWT_RS256;
	else
		return err_set(ERR_INVALID, "a token is not signed with ES256 or RS256");
	if (json_object_get(header, "crit") != NULL) return err_set(ERR_INVALID, "a token has critical extensions");
	if (type != NULL && (!json_is_string(type) || strcasecmp(json_string_value(type), "JWT") != 0))
		return err_set(ERR_INVALID, "a token is of another type than JWT");
	if (json_object_get(header, "kid") == NULL) return 0;
	return member_text(header, "kid", JWT_KID_MAX, arena, &assertion->kid);
}

static int audience_read(const json_t *claims, struct zf_arena *arena, struct jwt_assertion *assertion)
{
	const json_t *aud = json_object_get(claims, "aud");
	size_t count = json_is_array(aud) ? json_array_size(aud) : 1;
	if (aud == NULL || count == 0 || count > AUDIENCES_MAX)
		return err_set(ERR_INVALID, "\"aud\" of a token is missing or has too many entries");
	const char **list = zf_alloc_array(arena, count, sizeof(*list));
	if (list == NULL) return err_set(ERR_NOMEM, "no memory for a token");
	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_is_array(aud) ? json_array_get(aud, i) : aud;
		if (!json_is_string(entry)) return err_set(ERR_INVALID, "\"aud\" of a token is not text");
		list[i] = zf_strndup(arena, json_string_value(entry), json_string_length(entry));
		if (list[i] == NULL) return err_set(ERR_NOMEM, "no memory for a token");
	}
	assertion->audience = list;
	assertion->audience_count = count;
	return 0;
}

static int claims_read(const json_t *claims, struct zf_arena *arena, struct jwt_assertion *assertion)
{
	int rc = member_text(claims, "iss", JWT_ID_MAX, arena, &assertion->issuer);
	if (rc == 0) rc = member_text(claims, "sub", JWT_ID_MAX, arena, &assertion->subject);
	if (rc == 0 && strcmp(assertion->issuer, assertion->subject) != 0)
		rc = err_set(ERR_INVALID, "\"iss\" and \"sub\" of a token differ");
	if (rc == 0) rc = member_text(claims, "jti", JWT_JTI_MAX, arena, &assertion->jti);
	if (rc == 0) rc = audience_read(claims, arena, assertion);
	if (rc == 0) rc = member_time(claims, "exp", true, &assertion->expires_s);
	if (rc == 0) rc = member_time(claims, "nbf", false, &assertion->not_before_s);
	if (rc == 0) rc = member_time(claims, "iat", false, &assertion->issued_s);
	return rc;
}

static int signature_read(const char *text, size_t len, struct zf_arena *arena, struct jwt_assertion *assertion)
{
	if (len == 0 || len > SIGNATURE_BYTES_MAX * 4 / 3 + 4)
		return err_set(ERR_INVALID, "a token's signature has no possible length");
	uint8_t *bytes = zf_alloc(arena, BASE64_BYTES_MAX(len));
	if (bytes == NULL) return err_set(ERR_NOMEM, "no memory for a token");
	if (base64url_decode(text, len, bytes, &assertion->signature.len) != 0)
		return err_set(ERR_INVALID, "a token is not base64url");
	assertion->signature.ptr = bytes;
	return 0;
}

int jwt_assertion_parse(const char *text, size_t len, struct zf_arena *arena, struct jwt_assertion *ret)
{
	struct jwt_assertion assertion = {.kid = NULL};
	CLEANUP(free_json) json_t *header = NULL;
	CLEANUP(free_json) json_t *claims = NULL;
	if (len > JWT_BYTES_MAX) return err_set(ERR_LIMIT, "a token is longer than %d bytes", JWT_BYTES_MAX);
	char *copy = zf_strndup(arena, text, len);
	if (copy == NULL) return err_set(ERR_NOMEM, "no memory for a token");
	char *first = memchr(copy, '.', len);
	char *second = first == NULL ? NULL : memchr(first + 1, '.', len - (size_t)(first + 1 - copy));
	/* A third dot is no base64url and is refused with the signature. */
	if (second == NULL) return err_set(ERR_INVALID, "a token does not have three parts");
	int rc = decode_json(copy, (size_t)(first - copy), arena, &header);
	if (rc == 0) rc = header_read(header, arena, &assertion);
	if (rc == 0) rc = decode_json(first + 1, (size_t)(second - first - 1), arena, &claims);
	if (rc == 0) rc = claims_read(claims, arena, &assertion);
	if (rc == 0) rc = signature_read(second + 1, len - (size_t)(second + 1 - copy), arena, &assertion);
	if (rc != 0) return rc;
	assertion.signed_part = (struct bytes){(const uint8_t *)copy, (size_t)(second - copy)};
	*ret = assertion;
	return 0;
}

/* JWS carries an ECDSA signature as r and s of 32 bytes each (RFC 7518 section 3.4), OpenSSL wants DER. */
static int es256_der(struct bytes signature, uint8_t **ret_der, size_t *ret_len)
{
	if (signature.len != ES256_SIGNATURE_BYTES)
		return err_set(ERR_DENIED, "an ES256 signature does not have 64 bytes");
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature.ptr, ES256_SIGNATURE_BYTES / 2, NULL);
	BIGNUM *s = BN_bin2bn(signature.ptr + ES256_SIGNATURE_BYTES / 2, ES256_SIGNATURE_BYTES / 2, NULL);
	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		ECDSA_SIG_free(sig);
		BN_free(r);
		BN_free(s);
		return err_set(ERR_NOMEM, "no memory for a signature");
	}
	*ret_der = NULL;
	int len = i2d_ECDSA_SIG(sig, ret_der);
	ECDSA_SIG_free(sig);
	if (len <= 0) return err_set(ERR_NOMEM, "no memory for a signature");
	*ret_len = (size_t)len;
	return 0;
}

static bool digest_verifies(EVP_PKEY *pkey, struct bytes data, const uint8_t *signature, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		  EVP_DigestVerify(ctx, signature, len, data.ptr, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

int jwt_signature_verify(const struct jwt_key *key, struct bytes signed_part, struct bytes signature)
{
	uint8_t *der = NULL;
	size_t der_len = 0;
	bool ok;
	if (key->alg == JWT_RS256) {
		ok = digest_verifies(key->pkey, signed_part, signature.ptr, signature.len);
	} else {
		int rc = es256_der(signature, &der, &der_len);
		if (rc != 0) return rc;
		ok = digest_verifies(key->pkey, signed_part, der, der_len);
		OPENSSL_free(der);
	}
	return ok ? 0 : err_set(ERR_DENIED, "the signature of a token does not verify");
}

/* The key's own algorithm must be the header's: a token must not choose how its key is used. */
static int signature_verify(const struct jwt_assertion *assertion, const struct jwt_keys *keys)
{
	int rc = err_set(ERR_DENIED, "the client has no key that this token names");
	for (size_t i = 0; i < keys->count && rc != 0; i++) {
		const struct jwt_key *key = &keys->keys[i];
		if (key->alg != assertion->alg) continue;
		if (assertion->kid != NULL && strcmp(key->kid, assertion->kid) != 0) continue;
		rc = jwt_signature_verify(key, assertion->signed_part, assertion->signature);
	}
	return rc;
}

static bool audience_fits(const struct jwt_assertion *assertion, const struct jwt_rules *rules)
{
	for (size_t i = 0; i < assertion->audience_count; i++)
		for (size_t j = 0; j < rules->audience_count; j++)
			if (strcmp(assertion->audience[i], rules->audience[j]) == 0) return true;
	return false;
}

int jwt_assertion_verify(const struct jwt_assertion *assertion, const struct jwt_keys *keys,
	const struct jwt_rules *rules, int64_t now_s)
{
	const int64_t skew_s = rules->skew_s, lifetime_s = rules->lifetime_max_s;
	int rc = signature_verify(assertion, keys);
	if (rc != 0) return rc;
	if (!audience_fits(assertion, rules)) return err_set(ERR_DENIED, "the token is meant for another audience");
	if (assertion->expires_s + skew_s <= now_s) return err_set(ERR_DENIED, "the token has expired");
	if (assertion->expires_s > now_s + lifetime_s + skew_s)
		return err_set(ERR_DENIED, "the token would live longer than %u s", rules->lifetime_max_s);
	if (assertion->not_before_s > now_s + skew_s) return err_set(ERR_DENIED, "the token is not valid yet");
	if (assertion->issued_s > now_s + skew_s) return err_set(ERR_DENIED, "the token was issued in the future");
	if (assertion->issued_s != 0 && assertion->expires_s - assertion->issued_s > lifetime_s)
		return err_set(ERR_DENIED, "the token lives longer than %u s", rules->lifetime_max_s);
	return 0;
}
