/* Assertions, JWK sets and access tokens from strangers. The first byte chooses which. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keys_run(const char *text, size_t len)
{
	struct jwt_keys keys;
	if (jwt_keys_parse(text, len, &keys) != 0) return;
	if (keys.count == 0 || keys.count > JWT_KEYS_MAX) abort();
	jwt_keys_free(&keys);
}

static void assertion_run(const char *text, size_t len)
{
	static const char *const audiences[] = {"https://zhifu.example/token"};
	const struct jwt_rules rules = {
		.audience = audiences, .audience_count = 1, .skew_s = 60, .lifetime_max_s = 300};
	struct jwt_keys keys = {.count = 0};
	struct jwt_assertion assertion;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	if (jwt_assertion_parse(text, len, &arena.zf, &assertion) == 0) {
		if (assertion.jti[0] == '\0' || assertion.issuer[0] == '\0' || assertion.expires_s <= 0) abort();
		/* Without a key nothing may be believed. */
		if (jwt_assertion_verify(&assertion, &keys, &rules, 1800000000) == 0) abort();
	}
	arena_free(&arena);
}

static void token_run(const char *text, size_t len)
{
	static const uint8_t key[JWT_TOKEN_KEY_BYTES] = {0x5a};
	struct jwt_token token;
	uint32_t version = 0;
	if (jwt_token_key_version(text, len, &version) != 0 && version != 0)
		abort();                                               /* outputs are untouched on failure */
	if (jwt_token_verify(text, len, key, 0, &token) == 0) abort(); /* forged */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) return 0;
	const char *text = (const char *)data + 1;
	if (data[0] == 'k')
		keys_run(text, size - 1);
	else if (data[0] == 't')
		token_run(text, size - 1);
	else
		assertion_run(text, size - 1);
	return 0;
}
