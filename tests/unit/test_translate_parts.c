/* The pure parts of translate: messages as text, the allow-list, and the sums of a decision. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "translate/envelope.h"
#include "translate/filter.h"
#include "translate/sums.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 8u << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* ---- messages ---- */

static int write_with(const char *method, const char *endpoint, const char *path, const char *name, const char *value)
{
	struct zf_header header = {name, value};
	const struct zf_header *headers[] = {&header};
	struct zf_action action = {.size = sizeof(action),
		.kind = ZF_ACTION_HTTP,
		.method = method,
		.endpoint = endpoint,
		.path = path,
		.headers = headers,
		.header_count = name != NULL,
		.body = (const uint8_t *)"a\nb",
		.body_len = 3};
	struct bytes content;
	int r = envelope_write(&action, NULL, &arena.zf, &content);
	if (r == 0) {
		assert_memory_equal(content.ptr + strlen(method) + 1, endpoint, strlen(endpoint));
		assert_memory_equal(content.ptr + content.len - 4, "\na\nb", 4);
	}
	return r;
}

static void test_envelope_write(void **state)
{
	(void)state;
	assert_int_equal(write_with("POST", "submit", "/a?b=c", "Accept", "x"), 0);
	assert_int_equal(write_with("POST", "submit", NULL, NULL, NULL), 0);
	assert_int_equal(write_with("PO ST", "submit", "/", NULL, NULL), ERR_INVALID);
	assert_int_equal(write_with("POST", "", "/", NULL, NULL), ERR_INVALID);
	assert_int_equal(write_with("POST", NULL, "/", NULL, NULL), ERR_INVALID);
	assert_int_equal(write_with("POST", "submit", "/a b", NULL, NULL), ERR_INVALID);
	assert_int_equal(write_with("POST", "submit", "/a\nX: y", NULL, NULL), ERR_INVALID);
	assert_int_equal(write_with("POST", "submit", "/", "A", "b\r\nX: y"), ERR_INVALID);
	assert_int_equal(write_with("POST", "submit", "/", "A:", "b"), ERR_INVALID);
}

static int read_text(const char *text, struct envelope *envelope)
{
	return envelope_read((struct bytes){(const uint8_t *)text, strlen(text)}, &arena.zf, envelope);
}

static void test_envelope_read(void **state)
{
	(void)state;
	struct envelope envelope;
	assert_int_equal(read_text("200\nA: b\nLong-Name:  c d \n\nbody\n\nmore", &envelope), 0);
	assert_int_equal(envelope.http_status, 200);
	assert_int_equal(envelope.header_count, 2);
	assert_string_equal(envelope.headers[1]->name, "Long-Name");
	assert_string_equal(envelope.headers[1]->value, "c d");
	assert_int_equal(envelope.body.len, 10);
	assert_int_equal(read_text("204\n\n", &envelope), 0);
	assert_int_equal(envelope.body.len, 0);
	static const char *const bad[] = {"", "200", "200\n", "200\nA: b\n", "abc\n\n", "20\n\n", "2000\n\n", "099\n\n",
		"200\nnone\n\n", "200\n: b\n\n"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_text(bad[i], &envelope), ERR_INVALID);
}

/* ---- the allow-list ---- */

static const char *left(const char *json, const char *const *prefixes, uint32_t count)
{
	struct filter filter = {prefixes, count};
	struct text_span text;
	if (filter_apply(&filter, (struct text_span){json, strlen(json)}, &arena.zf, &text) < 0) return NULL;
	return zf_strndup(&arena.zf, text.ptr, text.len);
}

static const char bundle[] =
	"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
	"{\"fullUrl\":\"urn:1\",\"resource\":{\"resourceType\":\"Claim\",\"id\":\"c\",\"status\":\"active\",\"item\":[{\"sequence\":1,"
	"\"servicedDate\":\"2026-01-01\",\"net\":{\"value\":1.50}}],\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":\"male\"}],"
	"\"extension\":[{\"url\":\"x\"}]}},"
	"{\"fullUrl\":\"urn:2\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"F\",\"given\":[\"G\"]},{\"text\":\"T\"}],\"_gender\":{},\"gender\":\"male\"}},"
	"{\"fullUrl\":\"urn:3\",\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\"}},"
	"{\"fullUrl\":\"urn:4\",\"resource\":{\"resourceType\":\"MolecularSequence\",\"type\":\"dna\"}}]}";

static void test_filter_paths(void **state)
{
	(void)state;
	static const char *const fields[] = {"Claim.item.serviced", "Claim.status", "Patient.name.family"};
	assert_string_equal(left(bundle, fields, 3),
		"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
		"{\"fullUrl\":\"urn:1\",\"resource\":{\"resourceType\":\"Claim\",\"id\":\"c\",\"status\":\"active\","
		"\"item\":[{\"servicedDate\":\"2026-01-01\"}],\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\"}]}},"
		"{\"fullUrl\":\"urn:2\",\"resource\":{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"F\"},{}]}}]}");
	/* A prefix ends at an element's border. */
	static const char *const near[] = {"Claim.stat", "Patient.gend"};
	assert_null(strstr(left(bundle, near, 2), "active"));
	assert_null(strstr(left(bundle, near, 2), "male"));
	static const char *const gender[] = {"Patient.gender"};
	assert_non_null(strstr(left(bundle, gender, 1), "\"_gender\":{}"));
	assert_null(strstr(left(bundle, gender, 1), "Claim"));
}

static void test_filter_never(void **state)
{
	(void)state;
	/* Without a list everything that a bill needs stays as it was written; results and genes do not. */
	const char *all = left(bundle, NULL, 0);
	assert_non_null(strstr(all, "1.50"));
	assert_non_null(strstr(all, "\"extension\""));
	assert_null(strstr(all, "Observation"));
	assert_null(strstr(all, "MolecularSequence"));
	static const char *const named[] = {"Claim", "Observation", "MolecularSequence"};
	const char *some = left(bundle, named, 3);
	assert_non_null(strstr(some, "Observation"));
	assert_null(strstr(some, "MolecularSequence"));
	static const char genetic[] =
		"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Observation\","
		"\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"69548-6\"}]}}}]}";
	assert_null(strstr(left(genetic, named, 3), "Observation"));
	/* Also inside of another resource. */
	static const char inside[] =
		"{\"resourceType\":\"Claim\",\"contained\":[{\"resourceType\":\"MolecularSequence\",\"id\":\"m\"}]}";
	assert_string_equal(left(inside, NULL, 0), "{\"resourceType\":\"Claim\"}");
}

/* What it need not look into is what it would leave as it is. */
static void test_filter_passes(void **state)
{
	(void)state;
	static const char *const types[] = {"Claim", "Patient", "Procedure", "ServiceRequest", "Observation",
		"DiagnosticReport", "MolecularSequence", "Nonsense"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char genetic[200];
		snprintf(genetic, sizeof(genetic),
			"{\"resourceType\":\"Claim\",\"contained\":[{\"resourceType\":\"%s\",\"code\":\"69548-6\"}]}",
			types[i]);
		assert_int_equal(filter_passes(types[i]), i < 2);
		assert_int_equal(strcmp(left(genetic, NULL, 0), genetic) == 0, i < 2);
	}
}

static void test_filter_bad(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "[]", "{}", "{\"resourceType\":1}",
		"{\"resourceType\":\"Bundle\",\"entry\":{}}", "{\"resourceType\":\"Bundle\",\"entry\":[1]}",
		"{\"resourceType\":\"Claim\"", "{\"resourceType\":\"Claim\",\"contained\":[{}]}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) assert_null(left(bad[i], NULL, 0));
}

/* ---- sums ---- */

static struct zf_money cny(int64_t minor)
{
	return (struct zf_money){.minor = minor, .currency = "CNY", .exponent = 2, .present = 1};
}

static struct zf_money usd(int64_t minor)
{
	return (struct zf_money){.minor = minor, .currency = "USD", .exponent = 2, .present = 1};
}

static const struct zf_adjustment pr = {
	.group = ZF_GROUP_PR, .amount = {.minor = 20, .currency = "CNY", .exponent = 2, .present = 1}};
static const struct zf_adjustment co = {
	.group = ZF_GROUP_CO, .amount = {.minor = 30, .currency = "CNY", .exponent = 2, .present = 1}};
static const struct zf_adjustment pi = {
	.group = ZF_GROUP_PI, .amount = {.minor = 5, .currency = "CNY", .exponent = 2, .present = 1}};

static void assert_sums(const struct zf_adjudication *adjudication, int64_t submitted, int64_t benefit, int64_t patient,
	int64_t contract)
{
	struct zf_money total = cny(100);
	struct sums sums;
	assert_int_equal(sums_of(adjudication, &total, &sums), 0);
	assert_int_equal(sums.submitted, submitted);
	assert_int_equal(sums.benefit, benefit);
	assert_int_equal(sums.patient, patient);
	assert_int_equal(sums.contract, contract);
	assert_int_equal(sums.open, submitted - benefit - patient - contract);
	assert_string_equal(sums.currency, "CNY");
}

static void test_sums(void **state)
{
	(void)state;
	const struct zf_adjustment *const all[] = {&pr, &co, &pi};
	struct zf_line_result line = {
		.sequence = 1, .submitted = cny(60), .benefit = cny(10), .adjustments = all, .adjustment_count = 2};
	struct zf_line_result other = {.sequence = 2, .submitted = cny(40), .benefit = cny(40)};
	struct zf_line_result header = {.sequence = 0, .adjustments = all + 2, .adjustment_count = 1};
	const struct zf_line_result *const lines[] = {&line, &other, &header};
	struct zf_adjudication adjudication = {.size = sizeof(adjudication), .lines = lines, .line_count = 2};
	/* lines only */
	assert_sums(&adjudication, 100, 50, 20, 30);
	/* the claim level adjusts and need not repeat amounts */
	adjudication.line_count = 3;
	assert_sums(&adjudication, 100, 50, 20, 30);
	/* totals win */
	adjudication.submitted = cny(100);
	adjudication.benefit = cny(45);
	assert_sums(&adjudication, 100, 45, 20, 30);
	/* totals alone */
	adjudication.line_count = 0;
	assert_sums(&adjudication, 100, 45, 0, 0);
	/* benefit from what is explained: all groups count against it */
	adjudication = (struct zf_adjudication){
		.size = sizeof(adjudication), .lines = lines + 2, .line_count = 1, .submitted = cny(100)};
	assert_sums(&adjudication, 100, 95, 0, 0);
	/* one line is silent about its benefit: the lines' sum is not the whole */
	other.benefit.present = 0;
	adjudication = (struct zf_adjudication){.size = sizeof(adjudication), .lines = lines, .line_count = 2};
	assert_sums(&adjudication, 100, 50, 20, 30);
	/* the payment says it when nothing else does; what was submitted is then the claim */
	adjudication = (struct zf_adjudication){.size = sizeof(adjudication), .payment = cny(70)};
	assert_sums(&adjudication, 100, 70, 0, 0);
	/* the payment may be in its own currency */
	adjudication = (struct zf_adjudication){.size = sizeof(adjudication), .payment = usd(9), .benefit = cny(70)};
	assert_sums(&adjudication, 100, 70, 0, 0);
	/* the insurer was told 60 of the 100: the patient had 40 to pay, and 20 more of what was asked */
	adjudication = (struct zf_adjudication){.size = sizeof(adjudication), .lines = lines, .line_count = 1};
	assert_sums(&adjudication, 60, 10, 20, 30);
	adjudication.net_of_share = 1;
	assert_sums(&adjudication, 100, 10, 60, 30);
}

static void assert_wrong(const struct zf_adjudication *adjudication, enum sums_wrong wrong, const char *english)
{
	struct zf_money total = cny(100);
	struct sums sums;
	const char *text;
	assert_int_equal(sums_of(adjudication, &total, &sums), 0);
	assert_int_equal(sums.wrong, wrong);
	if (wrong == SUMS_RIGHT) return;
	text = sums_text(&sums, &arena.zf);
	assert_non_null(text);
	assert_int_equal(strncmp(text, english, strlen(english)), 0);
	assert_non_null(strstr(text, "。"));
}

/* What contradicts itself or the claim is told with its arithmetic. */
static void test_sums_wrong(void **state)
{
	(void)state;
	const struct zf_adjustment *const all[] = {&pr, &co, &pi};
	struct zf_line_result line = {
		.sequence = 1, .submitted = cny(60), .benefit = cny(10), .adjustments = all, .adjustment_count = 2};
	struct zf_line_result other = {.sequence = 2, .submitted = cny(40), .benefit = cny(40)};
	const struct zf_line_result *const lines[] = {&line, &other};
	struct zf_adjudication adjudication = {
		.size = sizeof(adjudication), .outcome = ZF_OUTCOME_COMPLETE, .lines = lines, .line_count = 2};
	assert_wrong(&adjudication, SUMS_RIGHT, "");
	/* less than is left is a short decision, and no mistake */
	other.benefit = cny(30);
	assert_wrong(&adjudication, SUMS_RIGHT, "");
	other.benefit = cny(91);
	assert_wrong(
		&adjudication, SUMS_PAYS_MORE, "The insurer pays 1.01, where 1.00 was submitted: 0.01 CNY too much.");
	other.benefit = cny(41);
	assert_wrong(&adjudication, SUMS_TOO_MUCH,
		"What the insurer pays and what it does not pay are 0.51 + 0.50 = 1.01, where 1.00 was submitted: 0.01 CNY too much.");
	other.benefit = cny(40);
	adjudication.benefit = cny(49);
	assert_wrong(&adjudication, SUMS_BENEFIT_APART,
		"The insurer's lines pay 0.50 together, its total says 0.49: 0.01 CNY apart.");
	adjudication.benefit = cny(50);
	adjudication.submitted = cny(101);
	assert_wrong(&adjudication, SUMS_SUBMITTED_APART,
		"The insurer's lines have 1.00 submitted together, its total says 1.01: 0.01 CNY apart.");
	adjudication = (struct zf_adjudication){
		.size = sizeof(adjudication), .outcome = ZF_OUTCOME_COMPLETE, .lines = lines, .line_count = 1};
	assert_wrong(&adjudication, SUMS_OTHER_TOTAL,
		"The insurer decides on 0.60, the claim's total is 1.00: 0.40 CNY apart.");
	/* of a claim that is decided in parts, and of one that the insurer was told less of */
	adjudication.outcome = ZF_OUTCOME_PARTIAL;
	assert_wrong(&adjudication, SUMS_RIGHT, "");
	adjudication.outcome = ZF_OUTCOME_COMPLETE;
	adjudication.net_of_share = 1;
	assert_wrong(&adjudication, SUMS_RIGHT, "");
	line.submitted = cny(130);
	assert_wrong(&adjudication, SUMS_OTHER_TOTAL,
		"The insurer decides on 1.30, the claim's total is 1.00: 0.30 CNY apart.");
	adjudication = (struct zf_adjudication){.size = sizeof(adjudication), .benefit = cny(70), .payment = cny(170)};
	assert_wrong(&adjudication, SUMS_PAYMENT_MORE,
		"The insurer announces a payment of 1.70 for a claim of 1.00: 0.70 CNY too much.");
	adjudication.payment = usd(170);
	assert_wrong(&adjudication, SUMS_RIGHT, "");
}

static void test_sums_bad(void **state)
{
	(void)state;
	struct zf_money total = cny(100);
	struct sums sums;
	struct zf_adjudication nothing = {.size = sizeof(nothing)};
	assert_int_equal(sums_of(&nothing, &total, &sums), ERR_INVALID);
	struct zf_adjudication mixed = {.size = sizeof(mixed), .submitted = cny(100), .benefit = usd(50)};
	assert_int_equal(sums_of(&mixed, &total, &sums), ERR_INVALID);
	struct zf_adjudication foreign = {.size = sizeof(foreign), .benefit = usd(50)};
	assert_int_equal(sums_of(&foreign, &total, &sums), ERR_INVALID); /* of how many dollars? */
	struct zf_adjudication huge = {.size = sizeof(huge), .submitted = cny(INT64_MIN), .benefit = cny(INT64_MAX)};
	assert_int_equal(sums_of(&huge, &total, &sums), ERR_INVALID);
	struct zf_line_result a = {.sequence = 1, .submitted = cny(INT64_MAX), .benefit = cny(1)}, b = a;
	const struct zf_line_result *const lines[] = {&a, &b};
	struct zf_adjudication over = {.size = sizeof(over), .lines = lines, .line_count = 2};
	assert_int_equal(sums_of(&over, &total, &sums), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_envelope_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_envelope_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_never, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_bad, setup, teardown),
		cmocka_unit_test(test_sums),
		cmocka_unit_test_setup_teardown(test_sums_wrong, setup, teardown),
		cmocka_unit_test(test_sums_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
