/* Signed tokens: verifies the private_key_jwt assertions of clients (RFC 7523; ES256 and RS256 only), and makes and
 * verifies the daemon's own access tokens (HMAC-SHA-256, stateless, so that any worker verifies them). Pure: the time
 * is passed in, replay of `jti` is for the caller's database. */
#ifndef NET_JWT_H
#define NET_JWT_H

#include <openssl/evp.h>

#include "base/core.h"
#include "base/id.h"
#include "lib/arena.h"

#define JWT_BYTES_MAX 8192
#define JWT_JWKS_BYTES_MAX (64u << 10)
#define JWT_KEYS_MAX 16
#define JWT_KID_MAX 128
#define JWT_JTI_MAX 128
#define JWT_ID_MAX 128

enum jwt_alg { JWT_ES256 = 1, JWT_RS256 = 2 };

/* One public key of a client. */
struct jwt_key {
	char kid[JWT_KID_MAX + 1]; /* "" when the JWK has none */
	enum jwt_alg alg;
	EVP_PKEY *pkey;
};
struct jwt_keys {
	struct jwt_key keys[JWT_KEYS_MAX];
	size_t count;
};
/* Reads a JWK set, or one bare JWK (RFC 7517): EC P-256 and RSA of 2048 to 8192 bits; keys with "use" other than "sig"
 * or of other kinds are left out; private members are refused. ERR_INVALID, ERR_LIMIT, ERR_NOTFOUND (no usable key),
 * ERR_NOMEM. Free with jwt_keys_free (usable with CLEANUP). */
int jwt_keys_parse(const char *json, size_t len, struct jwt_keys *ret_keys) MUSTUSE;
void jwt_keys_free(struct jwt_keys *keys);

/* Whether the bytes were signed with that key: RSASSA-PKCS1-v1_5 or ECDSA (r and s of 32 bytes each), both with
 * SHA-256. ERR_DENIED, ERR_NOMEM. */
int jwt_signature_verify(const struct jwt_key *key, struct bytes signed_part, struct bytes signature) MUSTUSE;

/* A client assertion, taken apart but not yet believed. Texts are NUL-terminated in the arena. */
struct jwt_assertion {
	enum jwt_alg alg;
	const char *kid;    /* NULL when absent */
	const char *issuer; /* = sub = the client id to look keys up with */
	const char *subject;
	const char *const *audience;
	size_t audience_count;
	const char *jti;
	int64_t issued_s;         /* iat; 0 when absent */
	int64_t not_before_s;     /* nbf; 0 when absent */
	int64_t expires_s;        /* exp */
	struct bytes signed_part; /* header.payload as sent */
	struct bytes signature;   /* decoded */
};
struct jwt_rules {
	const char *const *audience; /* any one of these must be in aud, compared exactly */
	size_t audience_count;
	unsigned skew_s;         /* allowed difference of clocks; 60 */
	unsigned lifetime_max_s; /* exp must be at most this after now (and after iat); 300 */
};
/* Takes the compact form apart and checks form and header: three strict base64url parts without padding, no duplicate
 * members, alg ES256 or RS256, no "crit", typ absent or "JWT", iss = sub present, jti present. ERR_INVALID with a text
 * that holds nothing of the token; ERR_LIMIT; ERR_NOMEM. */
int jwt_assertion_parse(const char *text, size_t len, struct zf_arena *arena, struct jwt_assertion *ret) MUSTUSE;
/* Believes it: signature by the client's key that kid names (or, without kid, any of the alg), aud, exp, nbf, iat at
 * now_s. ERR_DENIED with a text that says which check failed. The caller then stores (client, jti) until expires_s +
 * skew and refuses a second use. */
int jwt_assertion_verify(const struct jwt_assertion *assertion, const struct jwt_keys *keys,
	const struct jwt_rules *rules, int64_t now_s) MUSTUSE;

/* Our own access token: "zf1." base64url(payload) "." base64url(HMAC-SHA-256). */
#define JWT_TOKEN_KEY_BYTES 32
#define JWT_SCOPE_MAX 512
#define JWT_TOKEN_TEXT_MAX 1024 /* with NUL */
struct jwt_token {
	struct uuid hospital_id;
	char client_id[JWT_ID_MAX + 1];
	char scope[JWT_SCOPE_MAX + 1]; /* space-separated */
	int64_t issued_s;
	int64_t expires_s;
	uint32_t key_version; /* which of the caller's keys; see jwt_token_key_version */
};
/* ERR_LIMIT when an id or a scope is too long, ERR_INVALID when one is empty (client) or has control characters. */
int jwt_token_mint(const struct jwt_token *token, const uint8_t key[JWT_TOKEN_KEY_BYTES],
	char ret_text[JWT_TOKEN_TEXT_MAX]) MUSTUSE;
/* The key version that an unverified token names, for choosing the key; ERR_INVALID. */
int jwt_token_key_version(const char *text, size_t len, uint32_t *ret_version) MUSTUSE;
/* Verifies (constant time) and reads. ERR_INVALID (form), ERR_DENIED (signature), ERR_TIMEOUT (expired at now_s; the
 * issuer is ourselves, so no skew). */
int jwt_token_verify(const char *text, size_t len, const uint8_t key[JWT_TOKEN_KEY_BYTES], int64_t now_s,
	struct jwt_token *ret_token) MUSTUSE;

#endif
