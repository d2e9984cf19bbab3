/* The JSON writer and the canonical form; jansson's sorted compact dump is the oracle of the latter. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/json_write.h"
#include "lib_arena.h"

static void write_sample(struct json_writer *writer)
{
	json_write_object_begin(writer);
	json_write_member(writer, "resourceType", "Claim");
	json_write_member(writer, "absent", NULL);
	json_write_member(writer, "empty", "");
	json_write_key(writer, "item");
	json_write_array_begin(writer);
	json_write_object_begin(writer);
	json_write_member_int64(writer, "sequence", INT64_MIN);
	json_write_member_number(writer, "net", TEXT("12.50"));
	json_write_member_bool(writer, "ok", true);
	json_write_object_end(writer);
	json_write_array_begin(writer);
	json_write_array_end(writer);
	json_write_object_begin(writer);
	json_write_object_end(writer);
	json_write_null(writer);
	json_write_bool(writer, false);
	json_write_string(writer, NULL);
	json_write_array_end(writer);
	json_write_member_raw(writer, "extension", TEXT("[ {\"url\":\"u\"} ]"));
	json_write_member_raw(writer, "none", (struct text_span){NULL, 0});
	json_write_member(writer, "te\"xt", "\x01\b\f\n\r\t\"\\/\x7f \xE7\x8E\x8B");
	json_write_object_end(writer);
}

static const char sample[] = "{\"resourceType\":\"Claim\",\"item\":[{\"sequence\":-9223372036854775808,\"net\":12.50,"
			     "\"ok\":true},[],{},null,false,null],\"extension\":[ {\"url\":\"u\"} ],"
			     "\"te\\\"xt\":\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\x7f \xE7\x8E\x8B\"}";

static void test_document(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &arena.zf, 10000);
	write_sample(&writer);
	assert_int_equal(json_write_finish(&writer, &text), 0);
	assert_string_equal(text.ptr, sample);
	assert_int_equal(text.len, strlen(sample));
	assert_int_equal(json_check(text.ptr, text.len, &arena.zf, 8, 10000, NULL), 0);
}

static void test_limits(void **state)
{
	(void)state;
	struct text_span text;
	for (size_t max = 0; max <= strlen(sample); max++) {
		LIB_ARENA(arena);
		struct json_writer writer;
		json_write_init(&writer, &arena.zf, max);
		write_sample(&writer);
		assert_int_equal(json_write_finish(&writer, &text), max == strlen(sample) ? 0 : LIB_LIMIT);
	}
	LIB_ARENA(arena);
	struct json_writer writer;
	json_write_init(&writer, &arena.zf, 10000);
	for (int i = 0; i <= JSON_WRITE_DEPTH_MAX; i++) json_write_array_begin(&writer);
	assert_int_equal(json_write_finish(&writer, &text), LIB_LIMIT);

	/* The first growth, and later ones, fail. */
	for (long n = 0; n < 3; n++) {
		LIB_ARENA(poor);
		poor.fail_at = n;
		json_write_init(&writer, &poor.zf, 1 << 20);
		json_write_array_begin(&writer);
		for (int i = 0; i < 2000; i++) json_write_int64(&writer, i);
		json_write_array_end(&writer);
		assert_int_equal(json_write_finish(&writer, &text), LIB_NOMEM);
	}
}

static void test_growth(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct json_writer writer;
	struct json_reader reader;
	struct json_token token;
	struct text_span text;
	char number[24];
	json_write_init(&writer, &arena.zf, 1 << 20);
	json_write_array_begin(&writer);
	for (int i = 0; i < 5000; i++) json_write_int64(&writer, i);
	json_write_array_end(&writer);
	assert_int_equal(json_write_finish(&writer, &text), 0);
	json_reader_init(&reader, text.ptr, text.len, &arena.zf, 2, 1 << 20);
	assert_int_equal(json_next(&reader, &token), JSON_ARRAY_BEGIN);
	for (int i = 0; i < 5000; i++) {
		snprintf(number, sizeof(number), "%d", i);
		assert_int_equal(json_next(&reader, &token), JSON_NUMBER);
		assert_true(text_is(token.text, number));
	}
	assert_int_equal(json_next(&reader, &token), JSON_ARRAY_END);
}

static int write_one(struct text_span value, bool number)
{
	LIB_ARENA(arena);
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &arena.zf, 1000);
	if (number) {
		json_write_number(&writer, value);
	} else {
		json_write_span(&writer, value);
	}
	return json_write_finish(&writer, &text);
}

static void test_invalid(void **state)
{
	(void)state;
	assert_int_equal(write_one(TEXT("\xC3\xA9"), false), 0);
	assert_int_equal(write_one(TEXT(""), false), 0);
	assert_int_equal(write_one(TEXT("\xC3"), false), LIB_INVALID);
	assert_int_equal(write_one(TEXT("a\0b"), false), LIB_INVALID);
	assert_int_equal(write_one(TEXT("\xED\xA0\x80"), false), LIB_INVALID);
	static const char *const good[] = {"0", "-0", "1.50", "10e-3", "1E+2", "-12.5e0"};
	for (size_t i = 0; i < 6; i++) assert_int_equal(write_one(text_of(good[i]), true), 0);
	static const char *const bad[] = {"", "-", "01", "1.", ".5", "+1", "1e", "1 ", "0x1", "NaN", "1,2"};
	for (size_t i = 0; i < 11; i++) assert_int_equal(write_one(text_of(bad[i]), true), LIB_INVALID);
}

struct text {
	char bytes[8192];
	size_t len;
	size_t calls;
	int answer;
};

static int collect(void *ctx, const char *bytes, size_t len)
{
	struct text *text = ctx;
	assert_true(len <= sizeof(text->bytes) - text->len);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->calls++;
	return text->answer;
}

static int canonical(const char *json, struct text *ret)
{
	LIB_ARENA(arena);
	*ret = (struct text){.len = 0};
	return json_canonical(json, strlen(json), &arena.zf, 16, 1 << 20, collect, ret, NULL);
}

static void canonical_is(const char *json, const char *wanted)
{
	struct text text;
	assert_int_equal(canonical(json, &text), 0);
	if (!text_is((struct text_span){text.bytes, text.len}, wanted)) {
		fail_msg("%s became %.*s", json, (int)text.len, text.bytes);
	}
}

static void test_canonical(void **state)
{
	(void)state;
	canonical_is(" { \"b\" : [ 1.50 , { } , [ ] ] , \"a\" : { \"z\":null,\"\":true } } ",
		"{\"a\":{\"\":true,\"z\":null},\"b\":[1.5,{},[]]}");
	canonical_is("{\"aa\":1,\"a\":2,\"b\":3,\"B\":4,\"\\u00e9\":5,\"\\ud83d\\ude00\":6,\"\\uffff\":7}",
		"{\"B\":4,\"a\":2,\"aa\":1,\"b\":3,\"\xC3\xA9\":5,\"\xEF\xBF\xBF\":7,\"\xF0\x9F\x98\x80\":6}");
	canonical_is("\"\\u0041\\/\\u000a\\u0008\\u001f\\\"\\\\\\u4eba\"", "\"A/\\n\\b\\u001f\\\"\\\\\xE4\xBA\xBA\"");
	canonical_is("[3,1,2]", "[3,1,2]");
	struct text text;
	assert_int_equal(canonical("{\"a\":1,\"a\":1}", &text), LIB_INVALID);
	assert_int_equal(canonical("[1,2", &text), LIB_INVALID);
	assert_int_equal(text.calls, 0); /* nothing reached the sink */
	LIB_ARENA(arena);
	text = (struct text){.answer = -99};
	assert_int_equal(json_canonical("[1]", 3, &arena.zf, 2, 10, collect, &text, NULL), -99);
	arena.fail_at = 0;
	assert_int_equal(json_canonical("[1]", 3, &arena.zf, 2, 10, collect, &text, NULL), LIB_NOMEM);
}

/* One value, one text. */
static void test_canonical_numbers(void **state)
{
	(void)state;
	canonical_is("[-0,0.00,0e5,-0.0E-7,0e99999999999999999999]", "[0,0,0,0,0]");
	canonical_is("[1.0,1.00,1e0,1E+0,10e-1,0.1e1,1]", "[1,1,1,1,1,1,1]");
	canonical_is("[800,800.0,800.00,8e2,8E+02,0.08e4,80000e-2]", "[800,800,800,800,800,800,800]");
	canonical_is("[-12.50,-1.25e1,-125E-1,-0.0125e3]", "[-12.5,-12.5,-12.5,-12.5]");
	canonical_is("[0.05,5e-2,0.0500,50e-3,100.05]", "[0.05,0.05,0.05,0.05,100.05]");
	canonical_is("[1e31,1e32,1e-32,1e-33]",
		"[10000000000000000000000000000000,1e32,0.00000000000000000000000000000001,1e-33]");
	canonical_is(
		"[100000000000000000000000000000000,1000e29,100000000000000000000000000000000.0]", "[1e32,1e32,1e32]");
	canonical_is("[12345678901234567890123456789012345.60,1234567890123456789012345678901234560e-2]",
		"[123456789012345678901234567890123456e-1,123456789012345678901234567890123456e-1]");
	/* Neighbours stay apart, whatever a double makes of them. */
	canonical_is("[0.1,0.10000000000000000001,9007199254740993.0,9007199254740992.0]",
		"[0.1,0.10000000000000000001,9007199254740993,9007199254740992]");
	canonical_is("[1e999999999999999,1e1000000000000000]", "[1e999999999999999,1e1000000000000000]");
	uint64_t random = 42;
	for (int round = 0; round < 20000; round++) {
		/* The same digits with the point moved and the exponent against it. */
		char digits[48], json[200], first[100] = "";
		int count = 1 + (int)(lib_random(&random) % 40), exponent = (int)(lib_random(&random) % 80) - 40;
		for (int i = 0; i < count; i++) digits[i] = (char)('0' + lib_random(&random) % (i % 3 == 0 ? 10 : 2));
		if (digits[0] == '0') digits[0] = '7';
		for (int spelling = 0; spelling < 4; spelling++) {
			struct text text;
			int before = 1 + (int)(lib_random(&random) % (uint64_t)count);
			int zeros = (int)(lib_random(&random) % 4);
			(void)snprintf(json, sizeof(json), "%.*s.%.*s%.*se%d", before, digits, count - before,
				digits + before, zeros + 1, "0000", exponent - before);
			assert_int_equal(canonical(json, &text), 0);
			text.bytes[text.len] = '\0';
			if (spelling == 0) strcpy(first, text.bytes);
			assert_string_equal(text.bytes, first);
			/* And it is its own canonical form. */
			canonical_is(first, first);
		}
		assert_true(strtod(first, NULL) == strtod(json, NULL));
	}
}

/* A random document in random spelling: with white space and needless escapes. */
static void random_value(uint64_t *random, char *out, size_t *len, int depth)
{
	static const char *const scalars[] = {"0", "17", "-4", "true", "false", "null", "\"\"", "\"a\\u0062c\"",
		"\"\xE7\x8E\x8B\\n\"", "\"\\ud83d\\ude00\\/\\\\\"", "\"long enough to cross the piece\""};
	static const char *const spaces[] = {"", "", " ", "\n\t"};
	uint64_t kind = lib_random(random) % 4;
	if (depth == 0 || kind < 1 || *len > 3000) {
		*len += (size_t)sprintf(
			out + *len, "%s%s", scalars[lib_random(random) % 11], spaces[lib_random(random) % 4]);
		return;
	}
	uint64_t n = lib_random(random) % 5;
	*len += (size_t)sprintf(out + *len, "%s%s", kind == 2 ? "{" : "[", spaces[lib_random(random) % 4]);
	/* Keys are all different and in no order: 7 is coprime to 11. */
	for (uint64_t i = 0; i < n; i++) {
		if (i > 0) *len += (size_t)sprintf(out + *len, ",%s", spaces[lib_random(random) % 4]);
		if (kind == 2) {
			static const char *const keys[] = {"a", "ab", "", "B", "\\u00e9", "\xE7\x8E\x8B", "Z\\u0061",
				"\\\\", "0", "\\ud83d\\ude00", "aaaaaaaaaaaaaaaaaaaa"};
			*len += (size_t)sprintf(
				out + *len, "\"%s\"%s:", keys[(i * 7 + n) % 11], spaces[lib_random(random) % 4]);
		}
		random_value(random, out, len, depth - 1);
	}
	*len += (size_t)sprintf(out + *len, "%s", kind == 2 ? "}" : "]");
}

static void test_canonical_against_jansson(void **state)
{
	(void)state;
	uint64_t random = 0x9E3779B97F4A7C15u;
	size_t longest = 0;
	for (int round = 0; round < 3000; round++) {
		static char json[8192];
		static struct text text;
		size_t len = 0;
		random_value(&random, json, &len, 7);
		if (len > longest) longest = len;
		assert_int_equal(canonical(json, &text), 0);
		json_t *root = json_loadb(json, len, JSON_DECODE_ANY, NULL);
		assert_non_null(root);
		char *theirs = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
		assert_non_null(theirs);
		if (!text_is((struct text_span){text.bytes, text.len}, theirs)) {
			fail_msg("%s became %.*s, jansson: %s", json, (int)text.len, text.bytes, theirs);
		}
		free(theirs);
		json_decref(root);
	}
	assert_true(longest > 1024); /* several pieces */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_canonical_numbers),
		cmocka_unit_test(test_canonical_against_jansson),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
