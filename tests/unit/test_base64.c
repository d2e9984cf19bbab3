/* Base64: RFC 4648's vectors, every length there and back, and exactly one spelling for each value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base64.h"
#include "lib_arena.h"

static void test_vectors(void **state)
{
	(void)state;
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	for (size_t i = 0; i < 7; i++) {
		char text[BASE64_TEXT_SIZE(6)];
		uint8_t bytes[BASE64_BYTES_MAX(8)];
		size_t len = 99;
		assert_int_equal(base64_encode(plain[i], i, text), strlen(coded[i]));
		assert_string_equal(text, coded[i]);
		assert_int_equal(base64_decode(text, strlen(text), bytes, &len), 0);
		assert_int_equal(len, i);
		assert_memory_equal(bytes, plain[i], i);
		size_t bare = strcspn(coded[i], "=");
		assert_int_equal(base64url_encode(plain[i], i, text), bare);
		assert_memory_equal(text, coded[i], bare);
	}
	char text[8];
	base64_encode("\xFB\xFF\xBF", 3, text);
	assert_string_equal(text, "+/+/");
	base64url_encode("\xFB\xFF\xBF", 3, text);
	assert_string_equal(text, "-_-_");
}

static void test_strict(void **state)
{
	(void)state;
	uint8_t bytes[64];
	size_t len = 77;
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9vZ", "Zm9v\n", " Zm9v",
		"Zm 9v", "====", "Z===", "=Zg=", "Zg==Zg==", "-_-_", "Zm9\xC3", "Zm9v===="};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (base64_decode(bad[i], strlen(bad[i]), bytes, &len) != LIB_INVALID) fail_msg("%s", bad[i]);
	}
	static const char *const bad_url[] = {"Z", "Zg==", "Zm8=", "Zh", "Zm9", "+/+/", "Zm9vZ", "Zm9v\n"};
	for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++) {
		if (base64url_decode(bad_url[i], strlen(bad_url[i]), bytes, &len) != LIB_INVALID)
			fail_msg("%s", bad_url[i]);
	}
	assert_int_equal(len, 77);
	assert_int_equal(base64_decode("Zm\0v", 4, bytes, &len), LIB_INVALID);
}

static void test_round_trip(void **state)
{
	(void)state;
	uint64_t random = 5;
	for (size_t n = 0; n < 300; n++) {
		uint8_t *in = malloc(n == 0 ? 1 : n);
		char *text = malloc(BASE64_TEXT_SIZE(n));
		assert_true(in != NULL && text != NULL);
		for (size_t i = 0; i < n; i++) in[i] = (uint8_t)lib_random(&random);
		size_t len = base64_encode(in, n, text);
		assert_true(len < BASE64_TEXT_SIZE(n));
		assert_true(n <= BASE64_BYTES_MAX(len));
		/* In place. */
		assert_int_equal(base64_decode(text, len, (uint8_t *)text, &len), 0);
		assert_int_equal(len, n);
		assert_memory_equal(text, in, n);
		len = base64url_encode(in, n, text);
		assert_int_equal(base64url_decode(text, len, (uint8_t *)text, &len), 0);
		assert_int_equal(len, n);
		assert_memory_equal(text, in, n);
		free(in);
		free(text);
	}
}

/* Of all four-character texts over a few characters, those accepted encode back to themselves. */
static void test_one_spelling(void **state)
{
	(void)state;
	static const char some[] = "ABQgw/+-_=9 ";
	size_t n = sizeof(some) - 1;
	int accepted = 0;
	for (size_t i = 0; i < n * n * n * n; i++) {
		char text[4] = {some[i % n], some[i / n % n], some[i / n / n % n], some[i / n / n / n]};
		uint8_t bytes[3];
		char again[BASE64_TEXT_SIZE(3)];
		size_t len;
		if (base64_decode(text, 4, bytes, &len) != 0) continue;
		assert_int_equal(base64_encode(bytes, len, again), 4);
		assert_memory_equal(again, text, 4);
		accepted++;
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_one_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
