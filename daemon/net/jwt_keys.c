/* JWK sets (RFC 7517): the public keys that clients register. */
#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "lib/base64.h"
#include "net/jwt.h"

#define EC_COORDINATE_BYTES 32
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_BYTES_MAX (RSA_BITS_MAX / 8)
#define RSA_EXPONENT_BYTES_MAX 8

static void free_json(json_t **json)
{
	json_decref(*json);
}

static void free_params(OSSL_PARAM **params)
{
	OSSL_PARAM_free(*params);
}

static void free_builder(OSSL_PARAM_BLD **builder)
{
	OSSL_PARAM_BLD_free(*builder);
}

static void free_number(BIGNUM **number)
{
	BN_free(*number);
}

static int key_build(const char *type, OSSL_PARAM_BLD *builder, EVP_PKEY **ret_pkey)
{
	CLEANUP(free_params) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;
	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for a key");
	int ok = EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
	EVP_PKEY_CTX_free(ctx);
	/* A point off the curve or a broken modulus must not become a key. */
	if (ok) {
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
		ok = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
		EVP_PKEY_CTX_free(ctx);
	}
	if (!ok) {
		ERR_clear_error();
		EVP_PKEY_free(pkey);
		return err_set(ERR_INVALID, "a JWK is not a valid %s public key", type);
	}
	*ret_pkey = pkey;
	return 0;
}

/* A base64url member of at most `max` bytes. */
static int member_bytes(const json_t *jwk, const char *name, uint8_t *ret, size_t max, size_t *ret_len)
{
	const json_t *member = json_object_get(jwk, name);
	uint8_t bytes[BASE64_BYTES_MAX(RSA_BYTES_MAX * 4 / 3 + 2)];
	size_t len = json_is_string(member) ? json_string_length(member) : 0, bytes_len = 0;
	if (len == 0 || len > (max * 4 + 2) / 3)
		return err_set(ERR_INVALID, "member \"%s\" of a JWK is missing or too long", name);
	if (base64url_decode(json_string_value(member), len, bytes, &bytes_len) != 0 || bytes_len > max)
		return err_set(ERR_INVALID, "member \"%s\" of a JWK is not base64url", name);
	memcpy(ret, bytes, bytes_len);
	*ret_len = bytes_len;
	return 0;
}

static int ec_key(const json_t *jwk, EVP_PKEY **ret_pkey)
{
	uint8_t point[1 + 2 * EC_COORDINATE_BYTES];
	size_t x_len = 0, y_len = 0;
	uint8_t y[EC_COORDINATE_BYTES];
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	int rc = member_bytes(jwk, "x", point + 1, EC_COORDINATE_BYTES, &x_len);
	if (rc == 0) rc = member_bytes(jwk, "y", y, sizeof(y), &y_len);
	if (rc != 0) return rc;
	if (x_len != EC_COORDINATE_BYTES || y_len != EC_COORDINATE_BYTES)
		return err_set(ERR_INVALID, "a JWK's coordinates do not have 32 bytes");
	memcpy(point + 1 + EC_COORDINATE_BYTES, y, sizeof(y));
	CLEANUP(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	if (builder == NULL || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
		OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) != 1)
		return err_set(ERR_NOMEM, "no memory for a key");
	return key_build("EC", builder, ret_pkey);
}

static int rsa_key(const json_t *jwk, EVP_PKEY **ret_pkey)
{
	uint8_t modulus[RSA_BYTES_MAX], exponent[RSA_EXPONENT_BYTES_MAX];
	size_t modulus_len = 0, exponent_len = 0;
	int rc = member_bytes(jwk, "n", modulus, RSA_BYTES_MAX, &modulus_len);
	if (rc == 0) rc = member_bytes(jwk, "e", exponent, RSA_EXPONENT_BYTES_MAX, &exponent_len);
	if (rc != 0) return rc;
	CLEANUP(free_number) BIGNUM *n = BN_bin2bn(modulus, (int)modulus_len, NULL);
	CLEANUP(free_number) BIGNUM *e = BN_bin2bn(exponent, (int)exponent_len, NULL);
	if (n == NULL || e == NULL) return err_set(ERR_NOMEM, "no memory for a key");
	if (BN_num_bits(n) < RSA_BITS_MIN || BN_num_bits(n) > RSA_BITS_MAX)
		return err_set(ERR_INVALID, "a JWK's RSA key has %d bits, %d to %d are taken", BN_num_bits(n),
			RSA_BITS_MIN, RSA_BITS_MAX);
	if (!BN_is_odd(e) || BN_is_one(e)) return err_set(ERR_INVALID, "a JWK's RSA exponent is not usable");
	CLEANUP(free_builder) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	if (builder == NULL || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return err_set(ERR_NOMEM, "no memory for a key");
	return key_build("RSA", builder, ret_pkey);
}

static bool member_is(const json_t *jwk, const char *name, const char *value)
{
	const json_t *member = json_object_get(jwk, name);
	return json_is_string(member) && strcmp(json_string_value(member), value) == 0;
}

/* True when this JWK is a signature key of a kind that is taken here. */
static bool is_usable(const json_t *jwk, enum jwt_alg *ret_alg)
{
	if (json_object_get(jwk, "use") != NULL && !member_is(jwk, "use", "sig")) return false;
	const char *alg = NULL;
	if (member_is(jwk, "kty", "EC") && member_is(jwk, "crv", "P-256")) {
		*ret_alg = JWT_ES256;
		alg = "ES256";
	} else if (member_is(jwk, "kty", "RSA")) {
		*ret_alg = JWT_RS256;
		alg = "RS256";
	}
	return alg != NULL && (json_object_get(jwk, "alg") == NULL || member_is(jwk, "alg", alg));
}

static int key_take(const json_t *jwk, struct jwt_keys *keys)
{
	enum jwt_alg alg;
	if (!json_is_object(jwk)) return err_set(ERR_INVALID, "a JWK is not an object");
	if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL)
		return err_set(ERR_INVALID, "a JWK set holds a private key, which must be taken out of use now");
	if (!is_usable(jwk, &alg)) return 0;
	if (keys->count == JWT_KEYS_MAX) return err_set(ERR_LIMIT, "more than %d keys", JWT_KEYS_MAX);
	struct jwt_key *key = &keys->keys[keys->count];
	const json_t *kid = json_object_get(jwk, "kid");
	if (kid != NULL &&
		(!json_is_string(kid) || json_string_length(kid) == 0 || json_string_length(kid) > JWT_KID_MAX))
		return err_set(ERR_INVALID, "a JWK's kid is not text of 1 to %d bytes", JWT_KID_MAX);
	memset(key, 0, sizeof(*key));
	if (kid != NULL) memcpy(key->kid, json_string_value(kid), json_string_length(kid));
	for (size_t i = 0; i < keys->count; i++)
		if (key->kid[0] != '\0' && strcmp(keys->keys[i].kid, key->kid) == 0)
			return err_set(ERR_INVALID, "two JWKs have the same kid");
	key->alg = alg;
	int rc = alg == JWT_ES256 ? ec_key(jwk, &key->pkey) : rsa_key(jwk, &key->pkey);
	if (rc == 0) keys->count++;
	return rc;
}

int jwt_keys_parse(const char *text, size_t len, struct jwt_keys *ret_keys)
{
	struct jwt_keys keys = {.count = 0};
	json_error_t error;
	if (len > JWT_JWKS_BYTES_MAX)
		return err_set(ERR_LIMIT, "a JWK set is longer than %u bytes", JWT_JWKS_BYTES_MAX);
	CLEANUP(free_json) json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root)) return err_set(ERR_INVALID, "a JWK set is not a JSON object");
	const json_t *array = json_object_get(root, "keys");
	int rc = 0;
	if (array == NULL) {
		rc = key_take(root, &keys);
	} else if (!json_is_array(array)) {
		rc = err_set(ERR_INVALID, "\"keys\" of a JWK set is not an array");
	} else {
		for (size_t i = 0; i < json_array_size(array) && rc == 0; i++)
			rc = key_take(json_array_get(array, i), &keys);
	}
	if (rc == 0 && keys.count == 0)
		rc = err_set(ERR_NOTFOUND, "a JWK set has no signature key of type EC P-256 or RSA");
	if (rc != 0) {
		jwt_keys_free(&keys);
		return rc;
	}
	*ret_keys = keys;
	return 0;
}

void jwt_keys_free(struct jwt_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) EVP_PKEY_free(keys->keys[i].pkey);
	memset(keys, 0, sizeof(*keys));
}
