/* What an ending means for its message and its route, and messages as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dispatch/letter.h"
#include "dispatch/verdict.h"

#define NOW_S 1790000000
/* Of the bytes "0123456789abcdef0123456789abcde" and 0xff. */
#define DIGEST                                                                                                         \
	"3031323334353637383961626364656630313233343536373839616263646"                                                \
	"5ff"

static struct verdict judge(int status, const char *type, const char *body, bool submission)
{
	struct outbound_header headers[] = {{"Content-Type", type}};
	struct outbound_result result = {.outcome = OUTBOUND_ANSWERED,
		.sent = true,
		.status = status,
		.headers = headers,
		.header_count = type != NULL,
		.body = {(const uint8_t *)body, strlen(body)},
		.text = ""};
	return verdict_judge(&result, submission, NOW_S);
}

static void test_statuses(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *type, *body;
		enum verdict_outcome submission, question;
		enum breaker_result breaker;
	} rows[] = {
		{200, "application/fhir+json", "{}", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{202, NULL, "", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{204, NULL, "", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{301, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{302, "application/fhir+json", "{}", VERDICT_UNKNOWN, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{303, NULL, "", VERDICT_UNKNOWN, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{400, "application/fhir+json", "{}", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{400, "application/soap+xml; charset=utf-8", "<a/>", VERDICT_ANSWERED, VERDICT_ANSWERED,
			BREAKER_SUCCESS},
		{400, "text/html", "<html>", VERDICT_FAILED, VERDICT_ANSWERED, BREAKER_NEUTRAL},
		{400, "application/xhtml+xml", "<html>", VERDICT_FAILED, VERDICT_ANSWERED, BREAKER_NEUTRAL},
		{422, "application/json", "{}", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{413, NULL, "", VERDICT_FAILED, VERDICT_ANSWERED, BREAKER_NEUTRAL},
		{401, "application/fhir+json", "{}", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{407, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{403, "text/html", "no", VERDICT_NOT_SENT, VERDICT_ANSWERED, BREAKER_FAILURE},
		{403, "application/fhir+json", "{}", VERDICT_ANSWERED, VERDICT_ANSWERED, BREAKER_SUCCESS},
		{404, "text/plain", "no", VERDICT_NOT_SENT, VERDICT_ANSWERED, BREAKER_FAILURE},
		{405, NULL, "", VERDICT_NOT_SENT, VERDICT_ANSWERED, BREAKER_FAILURE},
		{410, NULL, "", VERDICT_NOT_SENT, VERDICT_ANSWERED, BREAKER_FAILURE},
		{408, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
		{425, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
		{429, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
		{503, "application/fhir+json", "{}", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{500, "application/fhir+json", "{}", VERDICT_UNKNOWN, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{502, NULL, "", VERDICT_UNKNOWN, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{504, NULL, "", VERDICT_UNKNOWN, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{501, NULL, "", VERDICT_NOT_SENT, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{599, NULL, "", VERDICT_UNKNOWN, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{999, NULL, "", VERDICT_UNKNOWN, VERDICT_UNKNOWN, BREAKER_FAILURE},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verdict claim = judge(rows[i].status, rows[i].type, rows[i].body, true);
		struct verdict question = judge(rows[i].status, rows[i].type, rows[i].body, false);
		if (claim.outcome != rows[i].submission || claim.breaker != rows[i].breaker ||
			question.outcome != rows[i].question)
			fail_msg("status %d: %d %d %d", rows[i].status, (int)claim.outcome, (int)claim.breaker,
				(int)question.outcome);
		assert_int_equal(claim.why[0] == '\0', claim.outcome == VERDICT_ANSWERED);
	}
}

static void test_retry_after(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int64_t pause_ms;
	} rows[] = {{"0", 0}, {"7", 7000}, {"100000", 3600000}, {"99999999999999999999", 3600000}, {"7x", 5000},
		{"", 5000}, {"-3", 5000}, {"soon", 5000}, {"Mon, 21 Sep 2026 14:13:30 GMT", 10000},
		{"Mon, 21 Sep 2026 14:13:00 GMT", 0}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outbound_header header = {"Retry-After", rows[i].value};
		struct outbound_result result = {
			.outcome = OUTBOUND_ANSWERED, .status = 503, .headers = &header, .header_count = 1, .text = ""};
		struct verdict verdict = verdict_judge(&result, true, NOW_S);
		if (verdict.pause_ms != rows[i].pause_ms)
			fail_msg("\"%s\": %lld", rows[i].value, (long long)verdict.pause_ms);
	}
}

static void test_transport(void **state)
{
	(void)state;
	static const struct {
		enum outbound_outcome outcome;
		enum outbound_fault fault;
		bool sent;
		enum verdict_outcome wanted;
		enum breaker_result breaker;
	} rows[] = {
		{OUTBOUND_NOT_SENT, OUTBOUND_FAULT_REFUSED, false, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{OUTBOUND_NOT_SENT, OUTBOUND_FAULT_DNS, false, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{OUTBOUND_NOT_SENT, OUTBOUND_FAULT_PIN, false, VERDICT_NOT_SENT, BREAKER_FAILURE},
		{OUTBOUND_NOT_SENT, OUTBOUND_FAULT_STALE, false, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
		{OUTBOUND_NOT_SENT, OUTBOUND_FAULT_HOOK, false, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
		{OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TIMEOUT, true, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{OUTBOUND_UNKNOWN, OUTBOUND_FAULT_RESET, true, VERDICT_UNKNOWN, BREAKER_FAILURE},
		{OUTBOUND_UNKNOWN, OUTBOUND_FAULT_TOO_BIG, true, VERDICT_UNKNOWN, BREAKER_NEUTRAL},
		{OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE, true, VERDICT_UNKNOWN, BREAKER_NEUTRAL},
		{OUTBOUND_CANCELLED, OUTBOUND_FAULT_NONE, false, VERDICT_NOT_SENT, BREAKER_NEUTRAL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outbound_result result = {
			.outcome = rows[i].outcome, .fault = rows[i].fault, .sent = rows[i].sent, .text = "why"};
		struct verdict verdict = verdict_judge(&result, true, NOW_S);
		assert_int_equal(verdict.outcome, rows[i].wanted);
		assert_int_equal(verdict.breaker, rows[i].breaker);
	}
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void test_letter_is_read(void **state)
{
	(void)state;
	static const struct conf_pair pairs[] = {{"one", "1"}, {"two", "22"}};
	static const struct conf_map map = {pairs, 2};
	struct arena arena CLEANUP(arena_free);
	struct letter letter;
	arena_init(&arena, 1u << 20);
	assert_int_equal(
		letter_read(bytes_of("PUT claims /x?y=1\nA: b\nC: <${secret:one}:${secret:two}>\nE: \n\nbo\n\ndy"),
			&arena, &letter),
		0);
	assert_int_equal(letter.method, OUTBOUND_PUT);
	assert_string_equal(letter.endpoint, "claims");
	assert_string_equal(letter.path, "/x?y=1");
	assert_int_equal(letter.header_count, 3);
	assert_int_equal(letter.body.len, 6);
	assert_memory_equal(letter.body.ptr, "bo\n\ndy", 6);
	assert_int_equal(letter_fill(&letter, &map, &arena), 0);
	assert_string_equal(letter.headers[1].value, "<1:22>");
	assert_string_equal(letter.headers[2].value, "");
	assert_int_equal(letter_read(bytes_of("GET poll -\n\n"), &arena, &letter), 0);
	assert_string_equal(letter.path, "");
	assert_int_equal(letter.body.len, 0);
	assert_int_equal(letter_read(bytes_of("GET poll -\nA: ${secret:three}\n\n"), &arena, &letter), 0);
	assert_int_equal(letter_fill(&letter, &map, &arena), ERR_NOTFOUND);
	assert_int_equal(letter_fill(&letter, NULL, &arena), ERR_NOTFOUND);
	assert_int_equal(letter_read(bytes_of("GET poll -\nA: ${secret:one\n\n"), &arena, &letter), 0);
	assert_int_equal(letter_fill(&letter, &map, &arena), ERR_INVALID);
}

/* Only where the module said so, and escaped: what a hospital wrote into a body is nobody's placeholder. */
static void test_secrets_in_a_body(void **state)
{
	(void)state;
	static const struct conf_pair pairs[] = {{"one", "<a&\">"}, {"two", "22"}};
	static const struct conf_map map = {pairs, 2};
	static const char filled[] = "<p>&lt;a&amp;&quot;&gt;</p>22 ${x} $";
	struct arena arena CLEANUP(arena_free);
	struct letter letter;
	arena_init(&arena, 1u << 20);
	assert_int_equal(letter_read(bytes_of("POST soap /x xml-secrets\nA: ${secret:one}\n\n"
					      "<p>${secret:one}</p>${secret:two} ${x} $"),
				 &arena, &letter),
		0);
	assert_string_equal(letter.path, "/x");
	assert_int_equal(letter_fill(&letter, &map, &arena), 0);
	assert_string_equal(letter.headers[0].value, "<a&\">");
	assert_int_equal(letter.body.len, sizeof(filled) - 1);
	assert_memory_equal(letter.body.ptr, filled, sizeof(filled) - 1);
	assert_int_equal(letter_read(bytes_of("POST soap -\n\n${secret:one}"), &arena, &letter), 0);
	assert_int_equal(letter_fill(&letter, &map, &arena), 0);
	assert_memory_equal(letter.body.ptr, "${secret:one}", 13);
	assert_int_equal(letter_read(bytes_of("POST soap - xml-secrets\n\n${secret:six}"), &arena, &letter), 0);
	assert_int_equal(letter_fill(&letter, &map, &arena), ERR_NOTFOUND);
	assert_int_equal(letter_read(bytes_of("POST soap - xml-secrets\n\n${secret:one"), &arena, &letter), 0);
	assert_int_equal(letter_fill(&letter, &map, &arena), ERR_INVALID);
	assert_int_equal(letter_read(bytes_of("POST soap - json-secrets\n\n"), &arena, &letter), ERR_INVALID);
	assert_false(letter.taken.known);
	assert_int_equal(letter_read(bytes_of("POST soap - xml-secrets taken=" DIGEST "\n\n"), &arena, &letter), 0);
	assert_true(letter.body_secrets && letter.taken.known);
	assert_memory_equal(letter.taken.digest, "0123456789abcdef0123456789abcde\xff", TAKEN_BYTES);
	assert_int_equal(letter_read(bytes_of("POST soap /x taken=" DIGEST "\n\n"), &arena, &letter), 0);
	assert_true(!letter.body_secrets && letter.taken.known);
	assert_int_equal(letter_read(bytes_of("POST soap - taken=" DIGEST "0\n\n"), &arena, &letter), ERR_INVALID);
	assert_int_equal(letter_read(bytes_of("POST soap - taken=" DIGEST " \n\n"), &arena, &letter), ERR_INVALID);
	assert_int_equal(letter_read(bytes_of("POST soap - taken=\n\n"), &arena, &letter), ERR_INVALID);
	assert_int_equal(letter_read(bytes_of("POST soap -  xml-secrets\n\n"), &arena, &letter), ERR_INVALID);
}

static void test_letter_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "\n\n", "GET\n\n", "GET x\n\n", "GET  /\n\n", "BREW x /\n\n",
		"get x /\n\n", "GET x /\nA\n\n", "GET x /\n: b\n\n", "GET x /\nA: b\n", "GET x /"};
	struct arena arena CLEANUP(arena_free);
	struct letter letter;
	static char many[8192];
	arena_init(&arena, 1u << 20);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (letter_read(bytes_of(bad[i]), &arena, &letter) != ERR_INVALID) fail_msg("\"%s\" was read", bad[i]);
	assert_int_equal(
		letter_read((struct bytes){(const uint8_t *)"GET x /\0\n\n", 10}, &arena, &letter), ERR_INVALID);
	strcpy(many, "GET x /\n");
	for (int i = 0; i <= OUTBOUND_HEADERS_MAX; i++) strcat(many, "A: b\n");
	strcat(many, "\n");
	assert_int_equal(letter_read(bytes_of(many), &arena, &letter), ERR_INVALID);
}

static void test_answer_is_kept_verbatim(void **state)
{
	(void)state;
	struct arena arena CLEANUP(arena_free);
	struct bytes plain;
	struct outbound_header headers[] = {{"A", "b"}, {"C", ""}};
	struct outbound_result result = {
		.status = 200, .headers = headers, .header_count = 2, .body = {(const uint8_t *)"x\0y", 3}};
	arena_init(&arena, 1u << 20);
	assert_int_equal(letter_write_answer(&result, &arena, &plain), 0);
	assert_int_equal(plain.len, 17);
	assert_memory_equal(plain.ptr, "200\nA: b\nC: \n\nx\0y", 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_letter_is_read),
		cmocka_unit_test(test_secrets_in_a_body),
		cmocka_unit_test(test_letter_is_refused),
		cmocka_unit_test(test_answer_is_kept_verbatim),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
