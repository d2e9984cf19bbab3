/* The eClaimLink module: certified by its golden exchanges; what it uploads is valid against the regulator's schema,
 * and so is the advice that it writes as the insurer; its state is its own; error reports and archives that are meant
 * to hurt do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <libxml/xmlschemas.h>
#include <zlib.h>

#include "eclaimlink/insurer.h"
#include "lib/base64.h"
#include "lib/zip_read.h"
#include "translate/adapter_check.h"

#include "lib_arena.h"

static const char *root(void)
{
	const char *path = getenv("ZHIFU_ROOT");
	return path != NULL ? path : ".";
}

static void module_path(char path[600])
{
	char exe[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	snprintf(path, 600, "%s/../adapters/eclaimlink.so", exe);
}

static void it_is_certified(void **state)
{
	(void)state;
	char so_path[600], golden[600], report[32768];
	module_path(so_path);
	snprintf(golden, sizeof(golden), "%s/tests/golden/eclaimlink", root());
	FILE *out = tmpfile();
	struct adapter_check_conf conf = {
		.so_path = so_path, .golden_dir = golden, .out = out, .fuzz_ms = 1000, .seed = 7};
	int r = adapter_check_with(&conf);
	rewind(out);
	size_t n = fread(report, 1, sizeof(report) - 1, out);
	report[n] = '\0';
	fclose(out);
	if (r != 0) print_error("%s\n", report);
	assert_int_equal(r, 0);
}

/* ---- the schema ---- */

static void silent(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static void loud(void *ctx, const char *fmt, ...)
{
	va_list args;
	(void)ctx;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

static xmlSchemaPtr schema_load(const char *name)
{
	char path[600];
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(path, sizeof(path), "%s/data/eclaimlink/xsd/%s", shared == NULL ? "../shared" : shared, name);
	if (access(path, R_OK) != 0) return NULL;
	xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(path);
	xmlSchemaSetParserErrors(parser, silent, silent, NULL);
	xmlSchemaPtr schema = xmlSchemaParse(parser);
	xmlSchemaFreeParserCtxt(parser);
	assert_non_null(schema);
	return schema;
}

static bool is_valid(xmlSchemaPtr schema, const char *xml, size_t len)
{
	xmlDocPtr document = xmlReadMemory(xml, (int)len, NULL, NULL, XML_PARSE_NONET);
	assert_non_null(document);
	xmlSchemaValidCtxtPtr validator = xmlSchemaNewValidCtxt(schema);
	xmlSchemaSetValidErrors(validator, loud, loud, NULL);
	int rc = xmlSchemaValidateDoc(validator, document);
	xmlSchemaFreeValidCtxt(validator);
	xmlFreeDoc(document);
	return rc == 0;
}

/* The file in the upload of a case's first step; the caller frees it. */
static char *uploaded(const char *name, size_t *ret_len)
{
	char path[600];
	snprintf(path, sizeof(path), "%s/tests/golden/eclaimlink/%s.case.json", root(), name);
	json_t *json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	json_t *step = json_array_get(json_object_get(json, "expect"), 0);
	json_t *action = json_array_get(json_object_get(step, "actions"), 0);
	const char *body = json_string_value(json_object_get(action, "body"));
	assert_non_null(body);
	const char *from = strstr(body, "<fileContent>") + 13;
	size_t len = (size_t)(strstr(from, "</fileContent>") - from);
	char *xml = malloc(BASE64_BYTES_MAX(len));
	assert_int_equal(base64_decode(from, len, (uint8_t *)xml, ret_len), 0);
	json_decref(json);
	return xml;
}

/* Dubai's profile keeps to the schema; Abu Dhabi's elements lie beyond it, of which the schema is a judge too. */
static void uploads_are_valid(void **state)
{
	(void)state;
	static const char *const names[] = {"upload-taken", "correction", "upload-warned"};
	xmlSchemaPtr schema = schema_load("ClaimSubmission.xsd");
	if (schema == NULL) {
		print_message("skipped: the regulator's schemas are not here\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len;
		char *xml = uploaded(names[i], &len);
		if (!is_valid(schema, xml, len)) fail_msg("%s: %.*s", names[i], (int)len, xml);
		/* The judge judges: without its RecordCount it is not valid. */
		char *at = memmem(xml, len, "<RecordCount>1</RecordCount>", 28);
		assert_non_null(at);
		memset(at, ' ', 28);
		xmlSchemaValidCtxtPtr validator = xmlSchemaNewValidCtxt(schema);
		xmlSchemaSetValidErrors(validator, silent, silent, NULL);
		xmlDocPtr document = xmlReadMemory(xml, (int)len, NULL, NULL, XML_PARSE_NONET);
		assert_true(xmlSchemaValidateDoc(validator, document) > 0);
		xmlFreeDoc(document);
		xmlSchemaFreeValidCtxt(validator);
		free(xml);
	}
	xmlSchemaFree(schema);
	/* The advices that the cases are made of are what the regulator calls one. */
	schema = schema_load("RemittanceAdvice.xsd");
	assert_non_null(schema);
	char path[600];
	snprintf(path, sizeof(path), "%s/tests/golden/eclaimlink/file.case.json", root());
	json_t *json = json_load_file(path, 0, NULL);
	json_t *event = json_array_get(json_object_get(json, "events"), 0);
	const char *body = json_string_value(json_object_get(event, "body"));
	assert_true(is_valid(schema, body, strlen(body)));
	json_decref(json);
	xmlSchemaFree(schema);
}

static const char *profile_value(const struct zf_profile *profile, const char *key)
{
	static const char *const keys[][2] = {
		{"sender_id", "MF1"}, {"receiver_id", "TPA9"}, {"payer_id", "INS1"}, {"disposition", "TEST"}};
	(void)profile;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i][0], key) == 0) return keys[i][1];
	}
	return NULL;
}

/* The other side: the claim that was uploaded is read, and the advice about it is valid, paid and taken back. */
static void advices_are_valid(void **state)
{
	(void)state;
	xmlSchemaPtr schema = schema_load("RemittanceAdvice.xsd");
	if (schema == NULL) skip();
	LIB_ARENA(arena);
	struct zf_profile given = {.size = sizeof(given), .get = profile_value};
	struct zf_open open = {.size = sizeof(open), .side = ZF_SIDE_AS_INSURER, .profile = &given, .arena = &arena.zf};
	const struct eclaim_profile *profile = NULL;
	const char *error = NULL;
	assert_int_equal(eclaim_profile_open(&open, &profile, &error), ZF_OK);
	size_t len;
	char *xml = uploaded("upload-taken", &len);
	struct fault_list faults;
	struct eclaim_submission submission;
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(eclaim_submission_read(profile, xml, len, &arena.zf, &faults, &submission), 0);
	free(xml);
	assert_int_equal(submission.count, 1);
	assert_int_equal(submission.claims[0]->line_count, 2);
	struct zf_adjustment part = {
		.group = ZF_GROUP_PI, .reason = ZF_REASON_NOT_NECESSARY, .amount = eclaim_money(profile, 2150)};
	const struct zf_adjustment *const parts[] = {&part};
	struct zf_line_result whole = {
		.sequence = 1, .submitted = eclaim_money(profile, 40000), .benefit = eclaim_money(profile, 40000)};
	struct zf_line_result less = {.sequence = 2,
		.submitted = eclaim_money(profile, 12150),
		.benefit = eclaim_money(profile, 10000),
		.adjustments = parts,
		.adjustment_count = 1};
	const struct zf_line_result *const lines[] = {&whole, &less};
	struct zf_adjudication said = {
		.size = sizeof(said), .insurer_claim_no = "P-1", .lines = lines, .line_count = 2};
	struct text_span claims[2], advice;
	const char *const references[] = {"TRF-1", NULL};
	assert_int_equal(eclaim_advice_claim_write(profile, submission.elements[0], &said, &arena.zf, &claims[0]), 0);
	assert_int_equal(eclaim_advice_claim_reverse(profile, claims[0], &arena.zf, &claims[1]), 0);
	assert_int_equal(
		eclaim_advice_write(profile, "MF1", 1795330000000, claims, references, 2, &arena.zf, &advice), 0);
	if (!is_valid(schema, advice.ptr, advice.len)) fail_msg("%s", advice.ptr);
	assert_non_null(strstr(advice.ptr, "<PaymentReference>TRF-1</PaymentReference>"));
	assert_non_null(strstr(advice.ptr, "<PaymentAmount>100.00</PaymentAmount><DenialCode>MNEC-003</DenialCode>"));
	assert_non_null(strstr(advice.ptr, "<PaymentReference>N/A</PaymentReference>"));
	assert_non_null(strstr(advice.ptr, "<PaymentAmount>-400.00</PaymentAmount><DenialCode>TKBK-001</DenialCode>"));
	xmlSchemaFree(schema);
}

/* ---- archives ---- */

static size_t put(uint8_t *to, size_t at, unsigned long value, int bytes)
{
	for (int i = 0; i < bytes; i++) to[at + (size_t)i] = (uint8_t)(value >> (8 * i));
	return at + (size_t)bytes;
}

/* An archive of one entry; `claimed` is the size that it says to unpack to. */
static size_t archive_make(uint8_t *to, const uint8_t *bytes, size_t len, unsigned long claimed)
{
	z_stream stream = {0};
	size_t at = 0, central;
	unsigned long crc = crc32(0, bytes, (unsigned)len);
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)bytes;
	stream.avail_in = (unsigned)len;
	stream.next_out = to + 31;
	stream.avail_out = 1u << 20;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	unsigned long packed = stream.total_out;
	deflateEnd(&stream);
	memset(to, 0, 31);
	memcpy(to, "PK\3\4", 4);
	to[8] = 8;
	to[26] = 1;
	to[30] = 'a';
	central = at = 31 + packed;
	memset(to + at, 0, 47);
	memcpy(to + at, "PK\1\2", 4);
	to[at + 10] = 8;
	put(to, at + 16, crc, 4);
	put(to, at + 20, packed, 4);
	put(to, at + 24, claimed, 4);
	to[at + 28] = 1;
	to[at + 46] = 'a';
	at += 47;
	memset(to + at, 0, 22);
	memcpy(to + at, "PK\5\6", 4);
	to[at + 8] = to[at + 10] = 1;
	put(to, at + 12, 47, 4);
	put(to, at + 16, central, 4);
	return at + 22;
}

static void archives_have_limits(void **state)
{
	(void)state;
	size_t big = 64u << 20, len;
	uint8_t *zeros = calloc(1, big), *archive = malloc(2u << 20);
	const struct zip_entry *entries;
	uint32_t count;
	len = archive_make(archive, (const uint8_t *)"hello", 5, 5);
	{
		LIB_ARENA(arena);
		assert_true(zip_is(archive, len));
		assert_int_equal(zip_read(archive, len, 4, 100, &arena.zf, &entries, &count), 0);
		assert_int_equal(count, 1);
		assert_int_equal(entries[0].len, 5);
		assert_memory_equal(entries[0].bytes, "hello", 5);
		assert_int_equal(zip_read(archive, len, 4, 4, &arena.zf, &entries, &count), LIB_LIMIT);
		assert_int_equal(zip_read(archive, len, 0, 100, &arena.zf, &entries, &count), LIB_LIMIT);
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *exact = malloc(cut == 0 ? 1 : cut);
			memcpy(exact, archive, cut);
			assert_int_equal(zip_read(exact, cut, 4, 100, &arena.zf, &entries, &count), LIB_INVALID);
			free(exact);
		}
		for (size_t at = 0; at < len; at++) { /* no single wrong byte gives other content */
			archive[at] ^= 0x55;
			int rc = zip_read(archive, len, 4, 100, &arena.zf, &entries, &count);
			if (rc == 0 && count == 1) assert_memory_equal(entries[0].bytes, "hello", 5);
			archive[at] ^= 0x55;
		}
	}
	LIB_ARENA(arena);
	/* A bomb that says so, and one that lies. */
	len = archive_make(archive, zeros, big, big);
	assert_int_equal(zip_read(archive, len, 4, 4u << 20, &arena.zf, &entries, &count), LIB_LIMIT);
	len = archive_make(archive, zeros, big, 1000);
	assert_int_equal(zip_read(archive, len, 4, 4u << 20, &arena.zf, &entries, &count), LIB_INVALID);
	free(zeros);
	free(archive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_certified),
		cmocka_unit_test(uploads_are_valid),
		cmocka_unit_test(advices_are_valid),
		cmocka_unit_test(archives_have_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
