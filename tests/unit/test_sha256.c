/* SHA-256 against the vectors of FIPS 180-4 and at every length around a block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sha256.h"
#include "lib/text.h"

static void expect(const char *text, size_t len, size_t piece, const char *hex)
{
	uint8_t digest[SHA256_BYTES];
	char got[2 * SHA256_BYTES + 1];
	struct sha256 hash;
	sha256_begin(&hash);
	for (size_t at = 0; at < len; at += piece) sha256_put(&hash, text + at, len - at < piece ? len - at : piece);
	sha256_end(&hash, digest);
	text_hex_encode(digest, sizeof(digest), got);
	assert_string_equal(got, hex);
}

static void known_vectors(void **state)
{
	static const char long_text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	(void)state;
	expect("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	for (size_t piece = 1; piece < sizeof(long_text); piece++) {
		expect(long_text, sizeof(long_text) - 1, piece,
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	}
}

static void a_million_letters(void **state)
{
	static char letters[1000000];
	(void)state;
	memset(letters, 'a', sizeof(letters));
	for (size_t piece = 63; piece <= 65; piece++) {
		expect(letters, sizeof(letters), piece,
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
}

/* The padding takes a block more from 56 bytes on. */
static void lengths_around_a_block(void **state)
{
	static const struct {
		size_t len;
		const char *hex;
	} known[] = {{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
		{56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
		{64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"}};
	char letters[64];
	(void)state;
	memset(letters, 'a', sizeof(letters));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) expect(letters, known[i].len, 64, known[i].hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(a_million_letters),
		cmocka_unit_test(lengths_around_a_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
