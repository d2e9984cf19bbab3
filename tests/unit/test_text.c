/* UTF-8, cutting, code patterns (against the C library's regular expressions), hex and percent encoding. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/err.h"
#include "lib/text.h"
#include "lib_arena.h"

/* The daemon passes the helpers' codes on unchanged. */
_Static_assert((int)LIB_NOMEM == (int)ERR_NOMEM, "same number");
_Static_assert((int)LIB_INVALID == (int)ERR_INVALID, "same number");
_Static_assert((int)LIB_LIMIT == (int)ERR_LIMIT, "same number");

/* A long text is looked at in steps: what is wrong, or more than a byte, is found wherever it stands. */
static void test_utf8_long(void **state)
{
	(void)state;
	char text[41];
	for (size_t len = 0; len < sizeof(text); len++) {
		memset(text, 'x', sizeof(text));
		assert_true(text_utf8_valid(text, len));
		for (size_t at = 0; at < len; at++) {
			text[at] = '\x80';
			assert_false(text_utf8_valid(text, len));
			if (at + 3 <= len) {
				memcpy(text + at, "\xE7\x8E\x8B", 3);
				assert_true(text_utf8_valid(text, len));
				assert_int_equal(text_utf8_valid(text, at + 1) || text_utf8_valid(text, at + 2), 0);
				memset(text + at, 'x', 3);
			}
			text[at] = 'x';
		}
	}
}

static void test_utf8(void **state)
{
	(void)state;
	/* Every code point there and back, and nothing else. */
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		char bytes[4];
		uint32_t again = 0;
		if (code >= 0xD800 && code <= 0xDFFF) continue;
		size_t len = text_utf8_put(code, bytes);
		if (text_utf8_next(bytes, bytes + len, &again) != len || again != code) fail_msg("U+%04X", code);
		if (len > 1 && text_utf8_next(bytes, bytes + len - 1, NULL) != 0) fail_msg("U+%04X cut", code);
	}
	/* Every two- and three-byte sequence that is accepted is the only spelling of its code point. */
	for (uint32_t three = 0; three < 1u << 24; three++) {
		char in[3] = {(char)(three >> 16), (char)(three >> 8), (char)three};
		uint32_t code;
		char out[4];
		size_t len = text_utf8_next(in, in + 3, &code);
		if (len == 0) continue;
		if (text_utf8_put(code, out) != len || memcmp(in, out, len) != 0) fail_msg("%06x", three);
	}
	assert_true(text_utf8_valid("", 0));
	assert_true(text_utf8_valid("a\xE7\x8E\x8B", 4));
	assert_false(text_utf8_valid("a\xE7\x8E", 3));
	assert_false(text_utf8_valid("\xF4\x90\x80\x80", 4));
	assert_false(text_utf8_valid("\xF0\x8F\xBF\xBF", 4));
	assert_int_equal(text_codepoints("a\xE7\x8E\x8B\xF0\x9F\x98\x80", 8), 3);
	assert_int_equal(text_codepoints("\xFF\xFF", 2), 2);
}

static void test_cut(void **state)
{
	(void)state;
	static const char text[] = "a\xE7\x8E\x8B\xF0\x9F\x98\x80z";
	static const size_t wanted[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
	for (size_t max = 0; max <= 10; max++) assert_int_equal(text_cut_bytes(text, 9, max), wanted[max]);
	assert_int_equal(text_cut_codepoints(text, 9, 0), 0);
	assert_int_equal(text_cut_codepoints(text, 9, 2), 4);
	assert_int_equal(text_cut_codepoints(text, 9, 3), 8);
	assert_int_equal(text_cut_codepoints(text, 9, 9), 9);
}

static void test_small(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	int64_t number;
	assert_string_equal(text_printf(&arena.zf, "%s-%d", "a", 7), "a-7");
	assert_true(text_equal_nocase(TEXT("Content-TYPE"), TEXT("content-type")));
	assert_false(text_equal_nocase(TEXT("a["), TEXT("a{")));
	assert_true(text_equal(text_trim(TEXT(" \t a b\r\n")), TEXT("a b")));
	assert_int_equal(text_trim(TEXT("  ")).len, 0);
	assert_true(text_has_prefix(TEXT("urn:oid:1"), "urn:oid:"));
	assert_false(text_has_prefix(TEXT("urn"), "urn:"));
	assert_int_equal(text_to_int64(TEXT("9223372036854775807"), &number), 0);
	assert_true(number == INT64_MAX);
	assert_int_equal(text_to_int64(TEXT("9223372036854775808"), &number), LIB_LIMIT);
	assert_int_equal(text_to_int64(TEXT("00000000000000000001"), &number), LIB_LIMIT);
	assert_int_equal(text_to_int64(TEXT(""), &number), LIB_INVALID);
	assert_int_equal(text_to_int64(TEXT("-1"), &number), LIB_INVALID);
	assert_int_equal(text_to_int64(TEXT("99999999999999999999x"), &number), LIB_INVALID);
	arena.fail_at = 0;
	assert_null(text_printf(&arena.zf, "x"));
}

static void matches(const char *pattern, const char *text, int wanted)
{
	int got = text_match(pattern, text_of(text));
	if (got != wanted) fail_msg("%s on %s: %d", pattern, text, got);
}

static void test_match(void **state)
{
	(void)state;
	static const char icd[] = "[A-Z][0-9][0-9A-Z]\\.?[0-9A-Za-z]*";
	matches(icd, "I10", 1);
	matches(icd, "I10.x00x002", 1);
	matches(icd, "I1", 0);
	matches(icd, "i10", 0);
	matches(icd, "I10.x.y", 0);
	matches("^\\d{4}$", "1234", 1);
	matches("^\\d{4}$", "12345", 0);
	matches("\\d{2,4}", "1", 0);
	matches("\\d{2,4}", "123", 1);
	matches("\\d{2,4}", "12345", 0);
	matches("a{0}b", "b", 1);
	matches("a{0,2}b", "aab", 1);
	matches("", "", 1);
	matches("", "a", 0);
	matches("a*", "", 1);
	matches("a+", "", 0);
	matches("a+b?", "aaa", 1);
	matches(".", "\xE7\x8E\x8B", 1);
	matches(".", "\xE7\x8E", 0); /* not UTF-8 */
	matches("[^a]", "\xE7\x8E\x8B", 1);
	matches("[a]", "\xE7\x8E\x8B", 0);
	matches("[-a]+", "a-", 1);
	matches("[a-]+", "a-", 1);
	matches("[\\]\\\\]+", "]\\", 1);
	matches("\\$\\^", "$^", 1);
	matches("a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0);
	static const char *const bad[] = {"*", "a**", "(a)", "a|b", "[", "[]", "[a", "[b-a]", "\\", "\\w", "a{", "a{1",
		"a{2,1}", "a{65}", "a{1,}", "a{,2}", "a^", "$a", "]", "}", "\xC3\xA9", "[\xC3\xA9]"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) matches(bad[i], "a", LIB_INVALID);
	matches("a{64}a{64}a{64}a{64}", "a", 0);
	matches("a{64}a{64}a{64}a{64}a", "a", LIB_LIMIT);
	char long_text[TEXT_PATTERN_TEXT_MAX + 1];
	memset(long_text, 'a', sizeof(long_text));
	assert_int_equal(text_match("a*", (struct text_span){long_text, TEXT_PATTERN_TEXT_MAX}), 1);
	assert_int_equal(text_match("a*", (struct text_span){long_text, TEXT_PATTERN_TEXT_MAX + 1}), LIB_LIMIT);
}

static void test_match_against_regex(void **state)
{
	(void)state;
	static const char *const atoms[] = {"a", "b", ".", "[ab]", "[^a]", "[b-d]", "\\."};
	static const char *const repeats[] = {"", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}"};
	uint64_t random = 31337;
	int hits = 0;
	for (int round = 0; round < 4000; round++) {
		char pattern[128] = "^";
		size_t n = 1 + lib_random(&random) % 5;
		for (size_t i = 0; i < n; i++) {
			strcat(pattern, atoms[lib_random(&random) % 7]);
			strcat(pattern, repeats[lib_random(&random) % 9]);
		}
		strcat(pattern, "$");
		regex_t regex;
		assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
		for (int i = 0; i < 10; i++) {
			char text[12] = "";
			size_t len = lib_random(&random) % 8;
			for (size_t k = 0; k < len; k++) text[k] = "abcd."[lib_random(&random) % 5];
			int wanted = regexec(&regex, text, 0, NULL, 0) == 0;
			matches(pattern, text, wanted);
			hits += wanted;
		}
		regfree(&regex);
	}
	assert_true(hits > 1000);
}

static void test_percent(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	assert_string_equal(text_percent_encode(&arena.zf, "a-._~/ \xC3\xA9+", 10), "a-._~%2F%20%C3%A9%2B");
	arena.fail_at = 0;
	assert_null(text_percent_encode(&arena.zf, "a", 1));
}

static void test_hex(void **state)
{
	(void)state;
	uint8_t bytes[256], again[256];
	char hex[513];
	for (int i = 0; i < 256; i++) bytes[i] = (uint8_t)i;
	text_hex_encode(bytes, 256, hex);
	assert_int_equal(strlen(hex), 512);
	assert_memory_equal(hex + 2 * 0xAB, "ab", 2);
	assert_int_equal(text_hex_decode(hex, 512, again, 256), 0);
	assert_memory_equal(bytes, again, 256);
	assert_int_equal(text_hex_decode("aBFf", 4, again, 2), 0);
	assert_int_equal(again[1], 0xFF);
	assert_int_equal(text_hex_decode("abc", 3, again, 1), LIB_INVALID);
	assert_int_equal(text_hex_decode("abcd", 4, again, 1), LIB_INVALID);
	assert_int_equal(text_hex_decode("0x", 2, again, 1), LIB_INVALID);
	assert_int_equal(text_hex_decode(" 1", 2, again, 1), LIB_INVALID);
}

static void test_lines(void **state)
{
	(void)state;
	static const uint8_t text[] = "one\n\nlonger\nno\0ne\nopen";
	const uint8_t *at = text, *end = text + sizeof(text) - 1, *before;
	char line[6];
	assert_true(text_line_copy(&at, end, line, sizeof(line)));
	assert_string_equal(line, "one");
	assert_true(text_line_copy(&at, end, line, sizeof(line)));
	assert_string_equal(line, "");
	before = at;
	assert_false(text_line_copy(&at, end, line, sizeof(line))); /* no room for its NUL */
	assert_ptr_equal(at, before);
	at += strlen("longer\n");
	assert_false(text_line_copy(&at, end, line, sizeof(line))); /* a NUL within */
	assert_false(text_line_copy(&at, end, line, sizeof(line))); /* no end of line */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_long),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_against_regex),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
