/* Client assertions, JWK sets and access tokens: RFC 7515's examples, and every claim bent once. */
#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "lib/base64.h"
#include "net/jwt.h"

#define NOW INT64_C(1800000000)
#define PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

/* RFC 7515 appendix A.2 and A.3. */
#define RFC_RSA_N                                                                                                        \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-" \
	"pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"                \
	"UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"                    \
	"h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC_RS256_SIGNATURE                                                                                            \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"                        \
	"O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"                                                    \
	"nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"                    \
	"eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RFC_EC_KEY                                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                     \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define RFC_ES256_SIGNATURE "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static struct arena arena;
static EVP_PKEY *ec, *ec_other, *rsa;
static const char *const audiences[] = {"https://zhifu.example/token"};
static const struct jwt_rules rules = {.audience = audiences, .audience_count = 1, .skew_s = 60, .lifetime_max_s = 300};

static struct bytes decode(const char *text)
{
	uint8_t *bytes = zf_alloc(&arena.zf, BASE64_BYTES_MAX(strlen(text)));
	size_t len = 0;
	assert_int_equal(base64url_decode(text, strlen(text), bytes, &len), 0);
	return (struct bytes){bytes, len};
}

static void test_rfc7515(void **state)
{
	static const char es_part[] = "eyJhbGciOiJFUzI1NiJ9." PAYLOAD, rs_part[] = "eyJhbGciOiJSUzI1NiJ9." PAYLOAD;
	static const char set[] =
		"{\"keys\":[" RFC_EC_KEY ",{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RFC_RSA_N "\"}]}";
	CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
	(void)state;
	assert_int_equal(jwt_keys_parse(set, sizeof(set) - 1, &keys), 0);
	assert_int_equal(keys.count, 2);
	struct bytes es = decode(RFC_ES256_SIGNATURE), rs = decode(RFC_RS256_SIGNATURE);
	struct bytes es_signed = {(const uint8_t *)es_part, sizeof(es_part) - 1};
	struct bytes rs_signed = {(const uint8_t *)rs_part, sizeof(rs_part) - 1};
	assert_int_equal(jwt_signature_verify(&keys.keys[0], es_signed, es), 0);
	assert_int_equal(jwt_signature_verify(&keys.keys[1], rs_signed, rs), 0);
	assert_int_equal(jwt_signature_verify(&keys.keys[0], rs_signed, es), ERR_DENIED);
	assert_int_equal(jwt_signature_verify(&keys.keys[1], es_signed, rs), ERR_DENIED);
	for (size_t i = 0; i < es.len; i++) {
		((uint8_t *)(uintptr_t)es.ptr)[i] ^= 1;
		assert_int_equal(jwt_signature_verify(&keys.keys[0], es_signed, es), ERR_DENIED);
		((uint8_t *)(uintptr_t)es.ptr)[i] ^= 1;
	}
	es.len--;
	assert_int_equal(jwt_signature_verify(&keys.keys[0], es_signed, es), ERR_DENIED);
}

/* The DER that OpenSSL makes, as r and s of 32 bytes each. */
static size_t es256_raw(const uint8_t *der, size_t der_len, uint8_t raw[64])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
	ECDSA_SIG_free(sig);
	return 64;
}

static const char *make(const char *header, const char *claims, EVP_PKEY *pkey)
{
	char *text = zf_alloc(&arena.zf, 32768);
	uint8_t der[1024], raw[64];
	size_t der_len = sizeof(der), len = base64url_encode(header, strlen(header), text);
	text[len++] = '.';
	len += base64url_encode(claims, strlen(claims), text + len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &der_len, (const uint8_t *)text, len), 1);
	EVP_MD_CTX_free(ctx);
	text[len++] = '.';
	if (EVP_PKEY_is_a(pkey, "EC"))
		(void)base64url_encode(raw, es256_raw(der, der_len, raw), text + len);
	else
		(void)base64url_encode(der, der_len, text + len);
	return text;
}

static char *number_text(EVP_PKEY *pkey, const char *name)
{
	BIGNUM *number = NULL;
	uint8_t bytes[1024];
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
	bool is_ec = EVP_PKEY_is_a(pkey, "EC");
	int len = is_ec ? BN_bn2binpad(number, bytes, 32) : BN_bn2bin(number, bytes);
	char *text = zf_alloc(&arena.zf, BASE64_TEXT_SIZE(sizeof(bytes)));
	(void)base64url_encode(bytes, (size_t)len, text);
	BN_free(number);
	return text;
}

static void client_keys(struct jwt_keys *keys)
{
	char *set = arena_printf(&arena,
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e1\",\"use\":\"sig\",\"x\":\"%s\",\"y\":\"%s\"},"
		"{\"kty\":\"RSA\",\"kid\":\"r1\",\"alg\":\"RS256\",\"n\":\"%s\",\"e\":\"%s\"},"
		"{\"kty\":\"oct\",\"kid\":\"x\"},{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		number_text(ec, "qx"), number_text(ec, "qy"), number_text(rsa, "n"), number_text(rsa, "e"));
	if (jwt_keys_parse(set, strlen(set), keys) != 0) fail_msg("%s", err_text());
	assert_int_equal(keys->count, 2);
}

#define CLAIMS(extra)                                                                                                  \
	"{\"iss\":\"hospital-1\",\"sub\":\"hospital-1\",\"aud\":\"https://zhifu.example/token\",\"jti\":\"j1\"" extra  \
	"}"
#define GOOD_TIMES ",\"exp\":1800000300,\"iat\":1800000000"

static int judge(const char *text, const struct jwt_keys *keys)
{
	struct jwt_assertion assertion;
	int rc = jwt_assertion_parse(text, strlen(text), &arena.zf, &assertion);
	return rc != 0 ? rc : jwt_assertion_verify(&assertion, keys, &rules, NOW);
}

static void test_assertion(void **state)
{
	CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
	struct jwt_assertion assertion;
	(void)state;
	client_keys(&keys);
	const char *good = make("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"e1\"}", CLAIMS(GOOD_TIMES), ec);
	assert_int_equal(judge(good, &keys), 0);
	assert_int_equal(jwt_assertion_parse(good, strlen(good), &arena.zf, &assertion), 0);
	assert_string_equal(assertion.issuer, "hospital-1");
	assert_string_equal(assertion.jti, "j1");
	assert_int_equal(assertion.expires_s, NOW + 300);
	assert_int_equal(judge(make("{\"alg\":\"RS256\",\"kid\":\"r1\"}", CLAIMS(GOOD_TIMES), rsa), &keys), 0);
	assert_int_equal(judge(make("{\"alg\":\"ES256\"}", CLAIMS(GOOD_TIMES), ec), &keys), 0);
	/* Cut anywhere, or with any character changed, it is worth nothing. */
	for (size_t len = 0; len < strlen(good); len++)
		if (jwt_assertion_parse(good, len, &arena.zf, &assertion) == 0)
			assert_int_equal(jwt_assertion_verify(&assertion, &keys, &rules, NOW), ERR_DENIED);
	char *bent = zf_strdup(&arena.zf, good);
	for (size_t i = 0; bent[i] != '\0'; i++) {
		char old = bent[i];
		bent[i] = old == 'A' ? 'B' : 'A';
		assert_int_not_equal(judge(bent, &keys), 0);
		bent[i] = old;
		if (i % 64 == 0) assert_int_equal(judge(bent, &keys), 0);
	}
}

static void test_headers(void **state)
{
	static const struct {
		const char *header;
		int rc;
	} cases[] = {
		{"{\"alg\":\"none\"}", ERR_INVALID},
		{"{\"alg\":\"HS256\",\"kid\":\"e1\"}", ERR_INVALID},
		{"{\"alg\":\"es256\"}", ERR_INVALID},
		{"{\"alg\":\"ES384\"}", ERR_INVALID},
		{"{\"alg\":\"PS256\"}", ERR_INVALID},
		{"{\"alg\":[\"ES256\"]}", ERR_INVALID},
		{"{}", ERR_INVALID},
		{"[]", ERR_INVALID},
		{"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", ERR_INVALID},
		{"{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", ERR_INVALID},
		{"{\"alg\":\"ES256\",\"typ\":\"JOSE\"}", ERR_INVALID},
		{"{\"alg\":\"ES256\",\"kid\":1}", ERR_INVALID},
		{"{\"alg\":\"ES256\",\"kid\":\"other\"}", ERR_DENIED},
		{"{\"alg\":\"ES256\",\"kid\":\"r1\"}", ERR_DENIED},
		{"{\"alg\":\"RS256\",\"kid\":\"e1\"}", ERR_DENIED},
		{"{\"alg\":\"RS256\"}", ERR_DENIED},
	};
	CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
	(void)state;
	client_keys(&keys);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int rc = judge(make(cases[i].header, CLAIMS(GOOD_TIMES), ec), &keys);
		if (rc != cases[i].rc) print_error("%s: %s\n", cases[i].header, err_text());
		assert_int_equal(rc, cases[i].rc);
	}
	assert_int_equal(judge(make("{\"alg\":\"ES256\"}", CLAIMS(GOOD_TIMES), ec_other), &keys), ERR_DENIED);
}

static void test_claims(void **state)
{
#define BASE(iss, sub, aud, jti) "{\"iss\":" iss ",\"sub\":" sub ",\"aud\":" aud ",\"jti\":" jti GOOD_TIMES "}"
#define A "\"https://zhifu.example/token\""
	static const struct {
		const char *claims;
		int rc;
	} cases[] = {
		{BASE("\"h\"", "\"h\"", "[\"x\"," A "]", "\"j\""), 0},
		{BASE("\"h\"", "\"g\"", A, "\"j\""), ERR_INVALID},
		{BASE("\"h\"", "\"h\"", A, "\"\""), ERR_INVALID},
		{BASE("\"h\"", "\"h\"", A, "7"), ERR_INVALID},
		{BASE("\"h\\n\"", "\"h\\n\"", A, "\"j\""), ERR_INVALID},
		{BASE("\"h\"", "\"h\"", "\"https://zhifu.example/token/\"", "\"j\""), ERR_DENIED},
		{BASE("\"h\"", "\"h\"", "[]", "\"j\""), ERR_INVALID},
		{BASE("\"h\"", "\"h\"", "[1]", "\"j\""), ERR_INVALID},
		{CLAIMS(""), ERR_INVALID},
		{CLAIMS(",\"exp\":\"1800000300\""), ERR_INVALID},
		{CLAIMS(",\"exp\":1800000300.5"), ERR_INVALID},
		{CLAIMS(",\"exp\":-1"), ERR_INVALID},
		{CLAIMS(",\"exp\":9223372036854775807"), ERR_INVALID},
		{CLAIMS(",\"exp\":1799999941"), 0},
		{CLAIMS(",\"exp\":1799999940"), ERR_DENIED},
		{CLAIMS(",\"exp\":1800000360"), 0},
		{CLAIMS(",\"exp\":1800000361"), ERR_DENIED},
		{CLAIMS(",\"exp\":1800000200,\"nbf\":1800000060"), 0},
		{CLAIMS(",\"exp\":1800000200,\"nbf\":1800000061"), ERR_DENIED},
		{CLAIMS(",\"exp\":1800000200,\"iat\":1800000061"), ERR_DENIED},
		{CLAIMS(",\"exp\":1800000200,\"iat\":1799999899"), ERR_DENIED},
		{CLAIMS(",\"exp\":1800000200,\"iat\":1799999900"), 0},
	};
	CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
	(void)state;
	client_keys(&keys);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int rc = judge(make("{\"alg\":\"ES256\",\"kid\":\"e1\"}", cases[i].claims, ec), &keys);
		if (rc != cases[i].rc) print_error("%s: %s\n", cases[i].claims, err_text());
		assert_int_equal(rc, cases[i].rc);
	}
	char *big = zf_alloc(&arena.zf, JWT_BYTES_MAX + 2);
	memset(big, 'A', JWT_BYTES_MAX + 1);
	assert_int_equal(judge(big, &keys), ERR_LIMIT);
}

static void test_bad_keys(void **state)
{
	static const struct {
		const char *json;
		int rc;
	} cases[] = {
		{"", ERR_INVALID},
		{"[]", ERR_INVALID},
		{"{\"keys\":{}}", ERR_INVALID},
		{"{\"keys\":[]}", ERR_NOTFOUND},
		{"{\"keys\":[1]}", ERR_INVALID},
		{"{\"kty\":\"oct\",\"k\":\"AAAA\"}", ERR_INVALID},
		{"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}", ERR_INVALID},
		{"{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"" RFC_RSA_N "\"}", ERR_INVALID},
		{"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" RFC_RSA_N "\",\"d\":\"AQAB\"}", ERR_INVALID},
		{"{\"kty\":\"RSA\",\"alg\":\"PS256\",\"e\":\"AQAB\",\"n\":\"" RFC_RSA_N "\"}", ERR_NOTFOUND},
		{"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", ERR_NOTFOUND},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", ERR_INVALID},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		 "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
			ERR_INVALID},
		{"{\"keys\":[" RFC_EC_KEY "," RFC_EC_KEY "]}", 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
		int rc = jwt_keys_parse(cases[i].json, strlen(cases[i].json), &keys);
		if (rc != cases[i].rc) print_error("%s: %s\n", cases[i].json, err_text());
		assert_int_equal(rc, cases[i].rc);
	}
}

static void test_token(void **state)
{
	uint8_t key[JWT_TOKEN_KEY_BYTES], other[JWT_TOKEN_KEY_BYTES];
	struct jwt_token token = {.issued_s = NOW, .expires_s = NOW + 300, .key_version = 7}, got;
	char text[JWT_TOKEN_TEXT_MAX];
	uint32_t version = 0;
	(void)state;
	memset(key, 1, sizeof(key));
	memset(other, 2, sizeof(other));
	memset(token.hospital_id.b, 3, sizeof(token.hospital_id.b));
	(void)snprintf(token.client_id, sizeof(token.client_id), "hospital-1");
	(void)snprintf(token.scope, sizeof(token.scope), "claim.write claim.read");
	assert_int_equal(jwt_token_mint(&token, key, text), 0);
	size_t len = strlen(text);
	assert_int_equal(jwt_token_verify(text, len, key, NOW, &got), 0);
	assert_string_equal(got.client_id, token.client_id);
	assert_string_equal(got.scope, token.scope);
	assert_true(uuid_equal(&got.hospital_id, &token.hospital_id));
	assert_int_equal(got.expires_s, token.expires_s);
	assert_int_equal(jwt_token_key_version(text, len, &version), 0);
	assert_int_equal(version, 7);
	assert_int_equal(jwt_token_verify(text, len, other, NOW, &got), ERR_DENIED);
	assert_int_equal(jwt_token_verify(text, len, key, NOW + 299, &got), 0);
	assert_int_equal(jwt_token_verify(text, len, key, NOW + 300, &got), ERR_TIMEOUT);
	for (size_t i = 0; i < len; i++) assert_int_not_equal(jwt_token_verify(text, i, key, NOW, &got), 0);
	for (size_t i = 0; i < len; i++) {
		char old = text[i];
		text[i] = old == 'A' ? 'B' : 'A';
		assert_int_not_equal(jwt_token_verify(text, len, key, NOW, &got), 0);
		text[i] = old;
	}
	/* The longest of everything still fits, and an empty client does not exist. */
	memset(token.client_id, 'c', JWT_ID_MAX);
	memset(token.scope, 's', JWT_SCOPE_MAX);
	assert_int_equal(jwt_token_mint(&token, key, text), 0);
	assert_int_equal(jwt_token_verify(text, strlen(text), key, NOW, &got), 0);
	assert_int_equal(strlen(got.scope), JWT_SCOPE_MAX);
	token.client_id[0] = '\0';
	assert_int_equal(jwt_token_mint(&token, key, text), ERR_INVALID);
}

/* RFC 7520's signatures with other algorithms are refused, its RS256 one verifies. */
static void test_rfc7520(void **state)
{
	const char *shared = getenv("ZHIFU_SHARED");
	char path[1024];
	json_error_t error;
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/data/jose-rfc7520/jws/4_1.rsa_v15_signature.json",
		shared == NULL ? "../shared" : shared);
	json_t *root = json_load_file(path, 0, &error);
	if (root == NULL) {
		print_message("skipped: ../shared/data/jose-rfc7520 is not there\n");
		skip();
	}
	const char *compact = json_string_value(json_object_get(json_object_get(root, "output"), "compact"));
	json_t *jwk = json_object_get(json_object_get(root, "input"), "key");
	assert_true(compact != NULL && jwk != NULL);
	char *text = json_dumps(jwk, 0);
	CLEANUP(jwt_keys_free) struct jwt_keys keys = {.count = 0};
	assert_int_equal(jwt_keys_parse(text, strlen(text), &keys), ERR_INVALID); /* it holds the private part */
	free(text);
	static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi"};
	for (size_t i = 0; i < ARRAY_LEN(private); i++) (void)json_object_del(jwk, private[i]);
	text = json_dumps(jwk, 0);
	assert_int_equal(jwt_keys_parse(text, strlen(text), &keys), 0);
	const char *dot = strrchr(compact, '.');
	struct bytes part = {(const uint8_t *)compact, (size_t)(dot - compact)};
	assert_int_equal(jwt_signature_verify(&keys.keys[0], part, decode(dot + 1)), 0);
	part.len--;
	assert_int_equal(jwt_signature_verify(&keys.keys[0], part, decode(dot + 1)), ERR_DENIED);
	free(text);
	json_decref(root);
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 512u << 20);
	ec = EVP_EC_gen("P-256");
	ec_other = EVP_EC_gen("P-256");
	rsa = EVP_RSA_gen(2048);
	return ec == NULL || ec_other == NULL || rsa == NULL;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ec_other);
	EVP_PKEY_free(rsa);
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc7515),
		cmocka_unit_test(test_assertion),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_rfc7520),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
