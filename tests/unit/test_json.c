/* The JSON pull reader: tokens, refusals, positions, JSONTestSuite, and jansson as an oracle for mutated documents. */
#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib_arena.h"

static int check(const char *text, size_t len, struct json_error *ret_error)
{
	LIB_ARENA(arena);
	/* A copy of the exact length, so that reading past the end is seen. */
	char *copy = malloc(len == 0 ? 1 : len);
	assert_non_null(copy);
	memcpy(copy, text, len);
	int error = json_check(copy, len, &arena.zf, JSON_DEPTH_MAX, JSON_BYTES_DEFAULT, ret_error);
	free(copy);
	return error;
}

static void accepts(const char *text)
{
	struct json_error error;
	if (check(text, strlen(text), &error) != 0) fail_msg("refused %s: %s", text, error.text);
}

static void refuses(const char *text, const char *why)
{
	struct json_error error;
	assert_int_equal(check(text, strlen(text), &error), LIB_INVALID);
	if (strstr(error.text, why) == NULL) fail_msg("%s: said \"%s\", not \"%s\"", text, error.text, why);
}

static void refuses_at(const char *text, size_t offset, uint32_t line, uint32_t column)
{
	struct json_error error;
	assert_int_not_equal(check(text, strlen(text), &error), 0);
	assert_int_equal(error.offset, offset);
	assert_int_equal(error.line, line);
	assert_int_equal(error.column, column);
}

static void next_is(struct json_reader *reader, enum json_type type, const char *text)
{
	struct json_token token;
	enum json_type got = json_next(reader, &token);
	if (got != type) fail_msg("got token %d, not %d: %s", got, type, reader->error.text);
	assert_int_equal(token.type, type);
	if (text == NULL) {
		assert_null(token.text.ptr);
	} else if (!text_is(token.text, text)) {
		fail_msg("got \"%.*s\", not \"%s\"", (int)token.text.len, token.text.ptr, text);
	}
}

static void test_tokens(void **state)
{
	(void)state;
	static const char text[] =
		" { \"a\\u00e9\\n\" : [ 1.50 , -0e+3, \"\\ud83d\\ude00\", true,false ,null ] ,\"\":{}, "
		"\"x\":\"\\\"\\\\\\/\\b\\f\\r\\t\" } ";
	LIB_ARENA(arena);
	struct json_reader reader;
	json_reader_init(&reader, text, strlen(text), &arena.zf, 2, 1000);
	next_is(&reader, JSON_OBJECT_BEGIN, NULL);
	next_is(&reader, JSON_KEY, "a\xC3\xA9\n");
	next_is(&reader, JSON_ARRAY_BEGIN, NULL);
	next_is(&reader, JSON_NUMBER, "1.50");
	next_is(&reader, JSON_NUMBER, "-0e+3");
	next_is(&reader, JSON_STRING_VALUE, "\xF0\x9F\x98\x80");
	next_is(&reader, JSON_TRUE_VALUE, NULL);
	next_is(&reader, JSON_FALSE_VALUE, NULL);
	next_is(&reader, JSON_NULL_VALUE, NULL);
	next_is(&reader, JSON_ARRAY_END, NULL);
	next_is(&reader, JSON_KEY, "");
	next_is(&reader, JSON_OBJECT_BEGIN, NULL);
	next_is(&reader, JSON_OBJECT_END, NULL);
	next_is(&reader, JSON_KEY, "x");
	next_is(&reader, JSON_STRING_VALUE, "\"\\/\b\f\r\t");
	next_is(&reader, JSON_OBJECT_END, NULL);
	next_is(&reader, JSON_END, NULL);
	next_is(&reader, JSON_END, NULL);
}

static void test_token_offsets(void **state)
{
	(void)state;
	static const char text[] = "{\"ab\" : \"c\\u0064\", \"n\" :12.5}";
	LIB_ARENA(arena);
	struct json_reader reader;
	struct json_token token;
	json_reader_init(&reader, text, strlen(text), &arena.zf, 2, 1000);
	assert_int_equal(json_next(&reader, &token), JSON_OBJECT_BEGIN);
	assert_int_equal(json_next(&reader, &token), JSON_KEY);
	assert_int_equal(token.begin, 1);
	assert_int_equal(token.end, 5);
	assert_ptr_equal(token.text.ptr, text + 2); /* no copy where no escape is */
	assert_int_equal(json_next(&reader, &token), JSON_STRING_VALUE);
	assert_int_equal(token.begin, 8);
	assert_int_equal(token.end, 17);
	assert_true(text_is(token.text, "cd"));
	assert_int_equal(json_next(&reader, &token), JSON_KEY);
	assert_int_equal(token.begin, 19);
	assert_int_equal(json_next(&reader, &token), JSON_NUMBER);
	assert_int_equal(token.begin, 24);
	assert_int_equal(token.end, 28);
}

static void test_skip(void **state)
{
	(void)state;
	static const char text[] =
		"{\"ext\": [ {\"a\":[1,{}]} , 2 ] ,\"k\": \"v\", \"list\":[ 1 ,\"two\", {\"t\":3} ],\"z\":null}";
	LIB_ARENA(arena);
	struct json_reader reader;
	struct json_token token;
	struct text_span raw;
	json_reader_init(&reader, text, strlen(text), &arena.zf, 8, 1000);
	next_is(&reader, JSON_OBJECT_BEGIN, NULL);
	next_is(&reader, JSON_KEY, "ext");
	assert_int_equal(json_skip(&reader, &raw), JSON_ARRAY_BEGIN);
	assert_true(text_is(raw, "[ {\"a\":[1,{}]} , 2 ]"));
	next_is(&reader, JSON_KEY, "k");
	assert_int_equal(json_skip(&reader, &raw), JSON_STRING_VALUE);
	assert_true(text_is(raw, "\"v\""));
	next_is(&reader, JSON_KEY, "list");
	next_is(&reader, JSON_ARRAY_BEGIN, NULL);
	assert_int_equal(json_skip(&reader, &raw), JSON_NUMBER);
	assert_true(text_is(raw, "1"));
	assert_int_equal(json_skip(&reader, NULL), JSON_STRING_VALUE);
	assert_int_equal(json_next(&reader, &token), JSON_OBJECT_BEGIN);
	assert_int_equal(json_skip_from(&reader, &token, &raw), JSON_OBJECT_BEGIN);
	assert_true(text_is(raw, "{\"t\":3}"));
	assert_int_equal(json_skip(&reader, &raw), JSON_ARRAY_END);
	next_is(&reader, JSON_KEY, "z");
	assert_int_equal(json_next(&reader, &token), JSON_NULL_VALUE);
	assert_int_equal(json_skip_from(&reader, &token, &raw), JSON_NULL_VALUE);
	assert_true(text_is(raw, "null"));
	next_is(&reader, JSON_OBJECT_END, NULL);
	next_is(&reader, JSON_END, NULL);

	/* A skipped value is checked like any other. */
	static const char bad[] = "[[{\"a\":1,\"a\":2}]]";
	json_reader_init(&reader, bad, strlen(bad), &arena.zf, 8, 1000);
	next_is(&reader, JSON_ARRAY_BEGIN, NULL);
	assert_int_equal(json_skip(&reader, &raw), JSON_ERROR);
	assert_int_equal(json_skip(&reader, &raw), JSON_ERROR);
	assert_string_equal(reader.error.text, "duplicate key \"a\"");
}

/* Passing over values in a text that was checked before gives what reading them gives, and never leaves the text. */
static void test_skip_checked(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	static const char text[] =
		"{\"a\": [ {\"\\\\\":\"]}\\\"[\"}, [\"\xe4\xbb\x98\\u005d\"] , 2.50 ] ,\"b\":{} ,"
		"\"long enough for eight at a time\":{\"c\":[[[]]],\"d\":\"}}}}}}}}}}}}}}}}\"},\"e\":true}";
	struct json_reader strict, quick;
	json_reader_init(&strict, text, strlen(text), &arena.zf, 8, 1000);
	json_reader_init_checked(&quick, TEXT(text), &arena.zf, 8);
	struct json_token token, same;
	assert_int_equal(json_next(&strict, &token), json_next(&quick, &same));
	for (int members = 0;; members++) {
		struct text_span raw = {NULL, 0}, passed = {NULL, 0};
		assert_int_equal(json_next(&strict, &token), json_next(&quick, &same));
		assert_int_equal(token.begin, same.begin);
		if (token.type != JSON_KEY) {
			assert_int_equal(members, 4);
			break;
		}
		assert_int_equal(json_skip(&strict, &raw), json_skip(&quick, &passed));
		assert_ptr_equal(raw.ptr, passed.ptr);
		assert_int_equal(raw.len, passed.len);
	}
	next_is(&quick, JSON_END, NULL);

	/* Cut anywhere: an error, not a look behind the end. */
	for (size_t len = 0; len < strlen(text); len++) {
		char *cut = malloc(len + 1);
		assert_non_null(cut);
		memcpy(cut, text, len);
		json_reader_init_checked(&quick, (struct text_span){cut, len}, &arena.zf, 8);
		assert_int_equal(json_skip(&quick, NULL), JSON_ERROR);
		free(cut);
	}
}

/* The same with everything that matters at each place of a block of 64 bytes and of the next ones: escapes, quotes and
 * brackets, the end of the container and the end of the text. */
static void test_skip_blocks(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	for (int pad = 0; pad < 200; pad++) {
		char text[1000];
		struct json_reader reader;
		struct text_span raw;
		int inner = snprintf(text, sizeof(text),
			"[\"%0*d\",{\"k\\\\\":\"\\\\\\\"]}\\\\\"},[\"[[[[\",[],{}],\"%0*d\\\\\\\\\\\"\",\"\\\\\"]",
			pad + 1, 0, 2 * pad + 1, 0);
		int len = inner + snprintf(text + inner, sizeof(text) - (size_t)inner, ",[{}],\"]\"]");
		memmove(text + 1, text, (size_t)len);
		text[0] = '[';
		assert_int_equal(json_check(text, (size_t)len + 1, &arena.zf, 8, 1000, NULL), 0);
		json_reader_init_checked(&reader, (struct text_span){text, (size_t)len + 1}, &arena.zf, 8);
		next_is(&reader, JSON_ARRAY_BEGIN, NULL);
		assert_int_equal(json_skip(&reader, &raw), JSON_ARRAY_BEGIN);
		assert_ptr_equal(raw.ptr, text + 1);
		assert_int_equal(raw.len, inner);
		assert_int_equal(json_skip(&reader, &raw), JSON_ARRAY_BEGIN);
		assert_true(text_is(raw, "[{}]"));
		next_is(&reader, JSON_STRING_VALUE, "]");
		next_is(&reader, JSON_ARRAY_END, NULL);
		next_is(&reader, JSON_END, NULL);
		json_reader_init_checked(&reader, (struct text_span){text, (size_t)inner}, &arena.zf, 8);
		assert_int_equal(json_skip(&reader, NULL), JSON_ERROR);
	}
}

static void test_errors(void **state)
{
	(void)state;
	refuses("", "expected a value, found the end");
	refuses("  ", "expected a value, found the end");
	refuses("[1,]", "expected a value, found ']'");
	refuses("{\"a\":1,}", "expected a key, found '}'");
	refuses("{,}", "expected a key, found ','");
	refuses("{\"a\" 1}", "expected ':', found '1'");
	refuses("{\"a\":}", "expected a value, found '}'");
	refuses("[1 2]", "expected ',' or ']', found '2'");
	refuses("{\"a\":1]", "expected ',' or '}', found ']'");
	refuses("[1", "expected ',' or ']', found the end");
	refuses("1 1", "expected the end, found '1'");
	refuses("[\x01]", "expected a value, found byte 0x01");
	refuses("01", "needless zero");
	refuses("-", "expected a digit");
	refuses("1.", "a digit after the decimal point");
	refuses("1e+", "a digit of the exponent");
	refuses("+1", "expected a value, found '+'");
	refuses("tru", "unknown word");
	refuses("\"a", "string is not closed");
	refuses("\"a\nb\"", "control character 0x0a in a string");
	refuses("\"\\x\"", "unknown escape");
	refuses("\"\\u12g4\"", "four hexadecimal digits");
	refuses("\"\\", "escape is cut off");
	refuses("\"\\u0000\"", "\\u0000 is not allowed");
	refuses("{\"\\u0000\":1}", "\\u0000 is not allowed");
	refuses("\"\\ud800\"", "surrogate escape without its other half");
	refuses("\"\\ud800\\u0041\"", "surrogate escape without its other half");
	refuses("\"\\udc00\"", "surrogate escape without its other half");
	refuses("\xEF\xBB\xBF{}", "byte order mark");
	assert_int_equal(check("\"\0\"", 3, NULL), LIB_INVALID);
	assert_int_equal(check("[]\0", 3, NULL), LIB_INVALID);
	refuses_at("{\n  \"\xE5\x8C\xBB\": x}", 11, 2, 8);
	refuses_at("[\"ab\", \"a\tb\"]", 9, 1, 10);
	refuses_at("{\"a\":{\"b\":1,\n\"b\":2}}", 13, 2, 1);
}

static void test_utf8(void **state)
{
	(void)state;
	accepts("\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 "
		"\xF4\x8F\xBF\xBF\"");
	refuses("\"\xC0\x80\"", "not UTF-8: byte 0xc0");
	refuses("\"\xC1\xBF\"", "not UTF-8");
	refuses("\"\xE0\x9F\xBF\"", "not UTF-8");
	refuses("\"\xED\xA0\x80\"", "not UTF-8");
	refuses("\"\xF0\x8F\xBF\xBF\"", "not UTF-8");
	refuses("\"\xF4\x90\x80\x80\"", "not UTF-8");
	refuses("\"\xF8\x88\x80\x80\x80\"", "not UTF-8");
	refuses("\"\x80\"", "not UTF-8");
	refuses("\"\xE5\x8C\"", "not UTF-8");
	refuses("{\"\xFF\":1}", "not UTF-8");
	/* The special byte at each place of the eight that are looked at together. */
	for (size_t at = 0; at < 24; at++) {
		char text[32];
		memset(text, 'a', sizeof(text));
		text[0] = '"';
		text[30] = '"';
		text[31] = '\0';
		accepts(text);
		text[at + 1] = '\x1f';
		refuses(text, "control character 0x1f");
		text[at + 1] = '\x7f';
		accepts(text);
		text[at + 1] = '\x80';
		refuses(text, "not UTF-8");
		text[at + 1] = '"';
		refuses(text, "expected the end");
	}
}

static void test_limits(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct json_error error;
	assert_int_equal(json_check("[[[]]]", 6, &arena.zf, 3, 6, &error), 0);
	assert_int_equal(json_check("[[[]]]", 6, &arena.zf, 2, 6, &error), LIB_LIMIT);
	assert_string_equal(error.text, "nested deeper than 2");
	assert_int_equal(error.offset, 2);
	assert_int_equal(json_check("[[[]]]", 6, &arena.zf, 3, 5, &error), LIB_LIMIT);
	assert_string_equal(error.text, "longer than 5 bytes");

	size_t n = 100000;
	char *deep = malloc(n);
	assert_non_null(deep);
	memset(deep, '[', n);
	assert_int_equal(json_check(deep, n, &arena.zf, JSON_DEPTH_MAX, n, &error), LIB_LIMIT);
	assert_int_equal(error.offset, JSON_DEPTH_MAX);
	for (size_t i = 0; i + 5 <= n; i += 5) memcpy(deep + i, "{\"a\":", 5);
	assert_int_equal(json_check(deep, n, &arena.zf, JSON_DEPTH_MAX, n, &error), LIB_LIMIT);
	free(deep);
	assert_int_equal(arena.n, 1); /* 128 open objects have more keys than stand in the reader */
}

/* An object of n keys, of which `twin` (if not SIZE_MAX) is spelt like key 0. */
static char *many_keys(size_t n, size_t twin)
{
	char *text = malloc(n * 24 + 8);
	assert_non_null(text);
	size_t len = (size_t)sprintf(text, "{");
	for (size_t i = 0; i < n; i++) {
		size_t number = i == twin ? 0 : i;
		if (i == twin) {
			len += (size_t)sprintf(text + len, "%s\"\\u006bey%zu\":1", i == 0 ? "" : ",", number);
		} else {
			len += (size_t)sprintf(text + len, "%s\"key%zu\":1", i == 0 ? "" : ",", number);
		}
	}
	sprintf(text + len, "}");
	return text;
}

static void test_duplicate_keys(void **state)
{
	(void)state;
	refuses("{\"a\":1,\"b\":2,\"a\":3}", "duplicate key \"a\"");
	refuses("{\"a\":1,\"\\u0061\":3}", "duplicate key \"a\"");
	refuses("{\"\":1,\"\":3}", "duplicate key");
	refuses("{\"a b\":1,\"a b\":3}", "duplicate key");
	refuses("{\"a\":{\"b\":1,\"c\":{\"b\":1}},\"d\":{\"b\":1,\"b\":2}}", "duplicate key \"b\"");
	accepts("{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}},\"b\":{\"a\":1}}");
	accepts("{\"aaaaaaaaXbbbbbbbb\":1,\"aaaaaaaaYbbbbbbbb\":1}"); /* the same hash */
	refuses("{\"aaaaaaaaXbbbbbbbb\":1,\"aaaaaaaaYbbbbbbbb\":1,\"aaaaaaaaXbbbbbbbb\":2}", "duplicate key");
	static const size_t sizes[] = {2, 15, 16, 17, 18, 63, 64, 65, 66, 1000, 20000};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *text = many_keys(sizes[i], SIZE_MAX);
		accepts(text);
		free(text);
		static const size_t from_end[] = {1, 2};
		for (size_t j = 0; j < 2 && sizes[i] > from_end[j]; j++) {
			text = many_keys(sizes[i], sizes[i] - from_end[j]);
			refuses(text, "duplicate key \"key0\"");
			free(text);
		}
	}
	/* The later one of the two is blamed, also in a large object. */
	char *text = many_keys(100, 50);
	struct json_error error;
	assert_int_equal(check(text, strlen(text), &error), LIB_INVALID);
	assert_int_equal(strncmp(text + error.offset, "\"\\u006bey0\"", 11), 0);
	free(text);
}

static void test_no_memory(void **state)
{
	(void)state;
	char *text = many_keys(300, SIZE_MAX);
	strcpy(text + strlen(text) - 1, ",\"e\":[\"\\n\",\"\\t\"]}");
	long n = 0;
	int error;
	do {
		LIB_ARENA(arena);
		arena.fail_at = n++;
		error = json_check(text, strlen(text), &arena.zf, 8, 1 << 20, NULL);
		assert_true(error == 0 || error == LIB_NOMEM);
	} while (error != 0);
	assert_int_equal(n - 1, 5); /* three times more keys, two strings */
	free(text);
}

/* ---- JSONTestSuite ---- */

/* Files that the suite lets a parser choose about (i_), and the few that it wants accepted but we refuse by design. */
static const struct {
	const char *name;
	bool accepted;
} choices[] = {
	/* Numbers are text here: any size is well formed. */
	{"i_number_double_huge_neg_exp.json", true},
	{"i_number_huge_exp.json", true},
	{"i_number_neg_int_huge_exp.json", true},
	{"i_number_pos_double_huge_exp.json", true},
	{"i_number_real_neg_overflow.json", true},
	{"i_number_real_pos_overflow.json", true},
	{"i_number_real_underflow.json", true},
	{"i_number_too_big_neg_int.json", true},
	{"i_number_too_big_pos_int.json", true},
	{"i_number_very_big_negative_int.json", true},
	{"i_object_key_lone_2nd_surrogate.json", false},
	{"i_string_1st_surrogate_but_2nd_missing.json", false},
	{"i_string_1st_valid_surrogate_2nd_invalid.json", false},
	{"i_string_UTF-16LE_with_BOM.json", false},
	{"i_string_UTF-8_invalid_sequence.json", false},
	{"i_string_UTF8_surrogate_U+D800.json", false},
	{"i_string_incomplete_surrogate_and_escape_valid.json", false},
	{"i_string_incomplete_surrogate_pair.json", false},
	{"i_string_incomplete_surrogates_escape_valid.json", false},
	{"i_string_invalid_lonely_surrogate.json", false},
	{"i_string_invalid_surrogate.json", false},
	{"i_string_invalid_utf-8.json", false},
	{"i_string_inverted_surrogates_U+1D11E.json", false},
	{"i_string_iso_latin_1.json", false},
	{"i_string_lone_second_surrogate.json", false},
	{"i_string_lone_utf8_continuation_byte.json", false},
	{"i_string_not_in_unicode_range.json", false},
	{"i_string_overlong_sequence_2_bytes.json", false},
	{"i_string_overlong_sequence_6_bytes.json", false},
	{"i_string_overlong_sequence_6_bytes_null.json", false},
	{"i_string_truncated-utf-8.json", false},
	{"i_string_utf16BE_no_BOM.json", false},
	{"i_string_utf16LE_no_BOM.json", false},
	{"i_structure_500_nested_arrays.json", false}, /* deeper than JSON_DEPTH_MAX */
	{"i_structure_UTF-8_BOM_empty_object.json", false},
	/* Two members of one name have no agreed meaning. */
	{"y_object_duplicated_key.json", false},
	{"y_object_duplicated_key_and_value.json", false},
	/* NUL is in no FHIR string, and C and PostgreSQL cannot hold it. */
	{"y_object_escaped_null_in_key.json", false},
	{"y_string_null_escape.json", false},
};

static bool expected(const char *name)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(choices[i].name, name) == 0) return choices[i].accepted;
	}
	if (name[0] == 'i') fail_msg("no choice is noted for %s", name);
	return name[0] == 'y';
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *text = malloc(1 << 20);
	assert_non_null(text);
	*ret_len = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static void test_suite(void **state)
{
	(void)state;
	char folder[512];
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(folder, sizeof(folder), "%s/data/json/JSONTestSuite/test_parsing",
		shared == NULL ? "../shared" : shared);
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		print_message("no JSONTestSuite in %s\n", folder);
		skip();
	}
	int n = 0, wrong = 0;
	struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		char path[1024];
		size_t len;
		struct json_error error;
		if (strstr(entry->d_name, ".json") == NULL) continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		char *text = read_file(path, &len);
		bool accepted = check(text, len, &error) == 0;
		if (accepted != expected(entry->d_name)) {
			print_message("%s: %s\n", entry->d_name, accepted ? "accepted" : error.text);
			wrong++;
		}
		free(text);
		n++;
	}
	closedir(dir);
	assert_int_equal(wrong, 0);
	assert_true(n >= 318);
}

/* ---- oracle and speed ---- */

/* A claim of about 3 kB as hospitals send it, made here. */
static char *make_claim(void)
{
	char *text = malloc(8192);
	assert_non_null(text);
	size_t len = (size_t)sprintf(text,
		"{\"resourceType\":\"Claim\",\"meta\":{\"profile\":[\"http://example.org/StructureDefinition/bill\"]},"
		"\"identifier\":[{\"system\":\"urn:oid:2.16.156.1.1\",\"value\":\"B-2026-000417\"}],\"status\":"
		"\"active\","
		"\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/claim-type\",\"code\":"
		"\"institutional\"}]},\"use\":\"claim\",\"patient\":{\"reference\":\"Patient/"
		"p1\",\"display\":\"王小明\"},"
		"\"billablePeriod\":{\"start\":\"2026-03-01\",\"end\":\"2026-03-04\"},\"created\":\"2026-03-05T09:30:"
		"00+08:00\","
		"\"insurer\":{\"identifier\":{\"system\":\"urn:payer\",\"value\":\"ALPHA\"}},\"provider\":{"
		"\"reference\":"
		"\"Organization/h1\"},\"priority\":{\"coding\":[{\"code\":\"normal\"}]},\"insurance\":[{\"sequence\":1,"
		"\"focal\":true,\"coverage\":{\"reference\":\"Coverage/c1\"}}],\"diagnosis\":[{\"sequence\":1,"
		"\"diagnosisCodeableConcept\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/"
		"icd-10\",\"code\":\"K35.8\","
		"\"display\":\"急性阑尾炎\"}]}}],\"item\":[");
	for (int i = 1; i <= 6; i++) {
		len += (size_t)sprintf(text + len,
			"%s{\"sequence\":%d,\"diagnosisSequence\":[1],\"productOrService\":{\"coding\":[{\"system\":"
			"\"urn:tariff:local\",\"code\":\"3306%04d\",\"display\":\"service number "
			"%d\"}]},\"servicedDate\":"
			"\"2026-03-0%d\",\"quantity\":{\"value\":%d.00,\"unit\":\"次\"},\"unitPrice\":{\"value\":12."
			"3456,"
			"\"currency\":\"CNY\"},\"factor\":1.0,\"net\":{\"value\":%d.35,\"currency\":\"CNY\"}}",
			i == 1 ? "" : ",", i, i, i, 1 + i % 4, i, 12 * i);
	}
	sprintf(text + len, "],\"total\":{\"value\":1234.50,\"currency\":\"CNY\"}}");
	return text;
}

/* jansson accepts the same documents, but for numbers that do not fit its types and for nesting. */
static void compare_with_jansson(const char *text, size_t len)
{
	struct json_error error;
	json_error_t theirs;
	bool accepted = check(text, len, &error) == 0;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &theirs);
	bool their_accepted = root != NULL;
	json_decref(root);
	if (accepted == their_accepted) return;
	enum json_error_code code = json_error_code(&theirs);
	if (accepted && code == json_error_numeric_overflow) return;
	fail_msg("%s, jansson: %s: %.*s", accepted ? "accepted" : error.text, their_accepted ? "accepted" : theirs.text,
		(int)len, text);
}

static void test_against_jansson(void **state)
{
	(void)state;
	static const char *const pieces[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", "0", "1", "-", ".", "e",
		"\\u0041", "\\ud83d\\ude00", "\\ud800", "\\u0000", "\xE5\x8C\xBB", "\x80", "\xF0\x9F", "true", "null",
		" ", "\n", "\t", "\x01", "\"status\":1,", "\"sequence\":1,", "{}", "[]"};
	uint64_t random = 88172645463325252u;
	char *claim = make_claim();
	for (int round = 0; round < 20000; round++) {
		char text[512];
		/* A window of the claim makes broken nesting; so half of the rounds take a small whole document. */
		static const char whole[] =
			"{\"status\":\"a\\u00e9\",\"item\":[{\"sequence\":1,\"net\":1.50},{\"x\":[true,null,"
			"-1e5]}],\"display\":\"\xE7\x8E\x8B\"}";
		size_t len = sizeof(whole) - 1;
		memcpy(text, whole, len);
		int changes = (int)(lib_random(&random) % 3);
		for (int i = 0; i < changes; i++) {
			size_t at = lib_random(&random) % len;
			const char *piece = pieces[lib_random(&random) % (sizeof(pieces) / sizeof(pieces[0]))];
			size_t cut = lib_random(&random) % 3;
			if (cut > len - at) cut = len - at;
			size_t piece_len = lib_random(&random) % 4 == 0 ? 0 : strlen(piece);
			memmove(text + at + piece_len, text + at + cut, len - at - cut);
			memcpy(text + at, piece, piece_len);
			len = len - cut + piece_len;
		}
		compare_with_jansson(text, len);
	}
	size_t len = strlen(claim);
	compare_with_jansson(claim, len);
	for (size_t cut = 0; cut < len; cut++) {
		struct json_error error;
		if (check(claim, cut, &error) == 0) fail_msg("accepted when cut at %zu", cut);
	}
	free(claim);
}

static void test_speed(void **state)
{
	(void)state;
	char *claim = make_claim();
	size_t len = strlen(claim);
	LIB_ARENA(arena);
	double best = 1e9;
	for (int round = 0; round < 5; round++) {
		struct timespec begin, end;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		for (int i = 0; i < 1000; i++) {
			if (json_check(claim, len, &arena.zf, JSON_DEPTH_DEFAULT, JSON_BYTES_DEFAULT, NULL) != 0)
				fail();
		}
		clock_gettime(CLOCK_MONOTONIC, &end);
		double us = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
		if (us < best) best = us;
	}
	print_message("claim of %zu bytes tokenised in %.2f us (aim of a release build: 6)\n", len, best);
	assert_int_equal(arena.n, 0); /* no memory is needed for an ordinary claim */
	free(claim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_token_offsets),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_skip_checked),
		cmocka_unit_test(test_skip_blocks),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_against_jansson),
		cmocka_unit_test(test_speed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
