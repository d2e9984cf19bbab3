/* Canonical structs into FHIR and back: nothing is lost on the way, and what is written is what R4 allows. */
#include "fhir_support.h"

#include "fhir/answer.h"
#include "fhir/encode.h"
#include "fhir/module.h"
#include "lib/json_write.h"

#define ACCEPT_ALL (FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_CONSENT | FHIR_ACCEPT_TASK)
#define REF "H31K7Q2M0000001X"

static void read_document(struct test_arena *arena, const char *text, size_t len, struct fhir_document *document)
{
	struct fault_list faults;
	fault_list_init(&faults, &arena->zf, 0);
	int rc = fhir_document_read(text, len, NULL, ACCEPT_ALL | FHIR_ACCEPT_ANSWER, &arena->zf, &faults, document);
	for (uint32_t i = 0; i < faults.count; i++) {
		print_message("%s %s\n", faults.items[i].path, fault_lookup(faults.items[i].code)->name);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(faults.count, 0);
}

static int new_id(void *ctx, char text[40])
{
	return test_new_id(ctx, text);
}

static struct fhir_claim_options options_of(struct test_host *host)
{
	return (struct fhir_claim_options){
		.tax_extension = FHIR_EXTENSION_TAX,
		.patient_share_extension = FHIR_EXTENSION_PATIENT_SHARE,
		.bill_sequence_extension = FHIR_EXTENSION_BILL_SEQUENCE,
		.new_id = new_id,
		.ctx = host,
	};
}

/* The claim of a fixture, with our ref. */
static struct zf_claim *fixture_claim(struct test_arena *arena, const char *name, struct text_span *ret_source)
{
	size_t len;
	char *text = fixture_read(name, &len);
	char *kept = zf_strndup(&arena->zf, text, len);
	free(text);
	struct fhir_document document;
	read_document(arena, kept, len, &document);
	struct zf_claim *claim = (struct zf_claim *)document.claims[0];
	snprintf(claim->ref, sizeof(claim->ref), "%s", REF);
	*ret_source = document.entries[document.claim_entries[0]].raw;
	return claim;
}

/* Encoded, decoded and encoded again the text is the same; the host's ids begin anew each time. */
static void round_trip(const char *fixture, const struct fhir_message *message, const char *const *must_have)
{
	struct test_arena arena;
	arena_open(&arena);
	struct text_span source, first, second;
	const struct zf_claim *claim = fixture_claim(&arena, fixture, &source);
	struct test_host host = {0};
	struct fhir_claim_options options = options_of(&host);
	options.source = source;
	assert_int_equal(fhir_encode_claim(claim, &options, message, &arena.zf, &first), 0);

	struct fhir_document document;
	read_document(&arena, first.ptr, first.len, &document);
	assert_int_equal(document.claim_count, 1);
	assert_string_equal(document.bundle_type, message == NULL ? "collection" : "message");
	struct zf_claim *again = (struct zf_claim *)document.claims[0];
	snprintf(again->ref, sizeof(again->ref), "%s", REF);
	assert_int_equal(again->total.minor, claim->total.minor);
	assert_string_equal(again->total.currency, claim->total.currency);
	assert_int_equal(again->line_count, claim->line_count);
	assert_int_equal(again->bill_sequence, claim->bill_sequence);
	assert_int_equal(again->emergency, claim->emergency);
	assert_int_equal(again->extension_count, claim->extension_count);

	host.ids = 0;
	options.source = document.entries[document.claim_entries[0]].raw;
	assert_int_equal(fhir_encode_claim(again, &options, message, &arena.zf, &second), 0);
	assert_string_equal(first.ptr, second.ptr);
	for (; *must_have != NULL; must_have++) {
		if (strstr(first.ptr, *must_have) == NULL) fail_msg("%s is missing in %s", *must_have, first.ptr);
	}
	arena_close(&arena);
}

static void test_outpatient(void **state)
{
	static const char *const must_have[] = {"\"value\":50.0000", "\"value\":0.7283", "\"factor\":0.85", "欧阳",
		"明慧", "三号窗口", "JVBERi0xLjQK", "\"valueBoolean\":false", "\"value\": 61.50", "AH-778-1002",
		"\"facility\"", "浦东院区", "\"payee\"", "\"locationCodeableConcept\"", "urn:zhifu:bill-sequence",
		"urn:zhifu:tax", "PA-9", "B-20261102-17", "\"system\":\"urn:zhifu:claim\",\"value\":\"" REF "\"",
		"\"servicedDate\":\"2026-11-02\"", "\"timingDate\":\"2026-11-02\"", "\"birthDate\":\"1987-04-09\"",
		"patient-nationality", "J06.900x001", NULL};
	(void)state;
	round_trip("fhir_claim/outpatient-contained.json", NULL, must_have);
}

static void test_inpatient_message(void **state)
{
	static const char *const must_have[] = {"العتيبي", "王建国", "K35.800", "\"birthDate\":\"1979\"",
		"\"created\":\"2026-10-28T12:00:00.250+08:00\"", "\"value\":450.125", "\"subDetail\"", "公司补充医疗",
		"\"value\":\"I-3\"", "47.0100", "EMER", "\"programCode\"", "\"accident\"", "\"onAdmission\"",
		"urn:uuid:ffffffff-0001-4000-8000-000000000001", "\"eventCoding\"", NULL};
	static const struct fhir_message message = {.id = "m-1",
		.event_system = "urn:example:events",
		.event = "claim-request",
		.sender_system = "urn:example:provider",
		.sender_id = "H-31",
		.receiver_system = "urn:example:payer",
		.receiver_id = "P-1"};
	(void)state;
	round_trip("fhir_claim/inpatient-bundle.json", &message, must_have);
}

/* NPHIES: the header comes first, one focus, Organizations before the claim. */
static void test_message_order(void **state)
{
	static const struct fhir_message message = {.id = "m-1", .event_system = "urn:e", .event = "claim-request"};
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	struct text_span source, text;
	const struct zf_claim *claim = fixture_claim(&arena, "fhir_claim/inpatient-bundle.json", &source);
	struct test_host host = {0};
	struct fhir_claim_options options = options_of(&host);
	options.base_url = "http://hospital.example";
	options.receiver_system = "urn:example:payer";
	options.receiver_id = "P-1";
	assert_int_equal(fhir_encode_claim(claim, &options, &message, &arena.zf, &text), 0);
	struct fhir_document document;
	read_document(&arena, text.ptr, text.len, &document);
	assert_string_equal(document.entries[0].type_name, "MessageHeader");
	uint32_t at = document.claim_entries[0];
	for (uint32_t i = 1; i < document.entry_count; i++) {
		bool organization = strcmp(document.entries[i].type_name, "Organization") == 0;
		assert_int_equal(organization, i < at);
		assert_memory_equal(document.entries[i].full_url, "http://hospital.example/", 24);
	}
	assert_non_null(strstr(text.ptr, "\"focus\":[{\"reference\":\"http://hospital.example/Claim/"));
	assert_string_equal(document.claims[0]->insurer->identifiers[0]->value, "P-1");
	assert_string_equal(document.claims[0]->insurer->identifiers[1]->value, "GULF");
	arena_close(&arena);
}

static void read_answer(struct test_arena *arena, const char *text, size_t len, struct fhir_answer *answer)
{
	static const struct fhir_codes codes = {
		.claim_system = FHIR_SYSTEM_CLAIM, .fee_extensions = FHIR_EXTENSION_FEE};
	struct fault_list faults;
	fault_list_init(&faults, &arena->zf, 0);
	assert_int_equal(fhir_answer_read(text, len, &codes, &arena->zf, &faults, answer), 0);
	assert_int_equal(faults.count, 0);
}

static void test_decided(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	size_t len;
	char *text = fixture_read("fhir_step/decided.json", &len);
	struct fhir_answer answer;
	read_answer(&arena, text, len, &answer);
	assert_int_equal(answer.adjudication_count, 1);
	const struct zf_adjudication *decided = answer.adjudications[0];
	assert_string_equal(decided->claim_ref, REF);
	assert_string_equal(decided->insurer_claim_no, "N-88001");
	assert_int_equal(decided->outcome, ZF_OUTCOME_COMPLETE);
	assert_int_equal(decided->benefit.minor, 3800);
	assert_int_equal(decided->payment.minor, 3800);
	assert_string_equal(decided->notes[0], "自费药品");
	const struct zf_line_result *line = decided->lines[0];
	assert_int_equal(line->submitted.minor, 5000);
	assert_int_equal(line->eligible.minor, 4800);
	assert_int_equal(line->benefit.minor, 3800);
	/* submitted, eligible, benefit, a percentage and a copay of nothing are no adjustments */
	assert_int_equal(line->adjustment_count, 2);
	assert_int_equal(line->adjustments[0]->group, ZF_GROUP_PR);
	assert_int_equal(line->adjustments[0]->reason, ZF_REASON_DEDUCTIBLE);
	assert_int_equal(line->adjustments[1]->group, ZF_GROUP_CO);
	assert_int_equal(line->adjustments[1]->reason, ZF_REASON_CONTRACT_PRICE);
	assert_string_equal(line->adjustments[1]->original_code, "45");
	const struct zf_adjustment *other = decided->lines[1]->adjustments[0];
	assert_int_equal(other->reason, ZF_REASON_OTHER);
	assert_string_equal(other->original_system, "urn:example:alpha");
	assert_string_equal(other->original_code, "Z9");
	assert_string_equal(other->original_text, "不予赔付");
	arena_close(&arena);
	free(text);
}

static void test_reason_map(void **state)
{
	static const char *const pairs[] = {
		"reason:urn:example:alpha|Z9=PI:not-necessary", "reason:deductible=copay", NULL};
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	size_t len;
	char *text = fixture_read("fhir_step/decided.json", &len);
	struct zf_profile profile = test_profile(pairs);
	struct fhir_codes codes = {.profile = &profile};
	struct fault_list faults;
	struct fhir_answer answer;
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(fhir_answer_read(text, len, &codes, &arena.zf, &faults, &answer), 0);
	const struct zf_adjustment *mapped = answer.adjudications[0]->lines[1]->adjustments[0];
	assert_int_equal(mapped->group, ZF_GROUP_PI);
	assert_int_equal(mapped->reason, ZF_REASON_NOT_NECESSARY);
	assert_string_equal(mapped->original_code, "Z9");
	assert_int_equal(answer.adjudications[0]->lines[0]->adjustments[0]->reason, ZF_REASON_COPAY);
	arena_close(&arena);
	free(text);
}

static void assert_same_money(struct zf_money a, struct zf_money b)
{
	assert_int_equal(a.present, b.present);
	assert_int_equal(a.minor, b.minor);
	assert_string_equal(a.currency, b.currency);
}

static void assert_same_lines(const struct zf_adjudication *a, const struct zf_adjudication *b)
{
	assert_int_equal(a->line_count, b->line_count);
	for (uint32_t i = 0; i < a->line_count; i++) {
		const struct zf_line_result *x = a->lines[i], *y = b->lines[i];
		assert_int_equal(x->sequence, y->sequence);
		assert_same_money(x->benefit, y->benefit);
		assert_int_equal(x->adjustment_count, y->adjustment_count);
		for (uint32_t k = 0; k < x->adjustment_count; k++) {
			assert_int_equal(x->adjustments[k]->group, y->adjustments[k]->group);
			assert_int_equal(x->adjustments[k]->reason, y->adjustments[k]->reason);
			assert_same_money(x->adjustments[k]->amount, y->adjustments[k]->amount);
		}
	}
}

/* Every group with every reason comes back as it went out. */
static void test_adjustments_round_trip(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	struct text_span source, text;
	const struct zf_claim *claim = fixture_claim(&arena, "fhir_claim/outpatient-contained.json", &source);
	struct zf_adjustment adjustments[4][19];
	const struct zf_adjustment *lists[4][19];
	struct zf_line_result lines[4];
	const struct zf_line_result *line_list[4];
	for (int group = 0; group < 4; group++) {
		for (int reason = 0; reason < 18; reason++) {
			adjustments[group][reason] = (struct zf_adjustment){
				.group = (uint8_t)(group + 1),
				.reason = (uint16_t)(reason == 17 ? ZF_REASON_OTHER : reason + 1),
				.amount = {.minor = 100 + reason, .currency = "CNY", .exponent = 2, .present = 1},
				.original_system = reason % 2 ? "urn:example:codes" : NULL,
				.original_code = reason % 2 ? "77" : NULL,
				.original_text = reason % 3 ? "说明" : NULL,
			};
			lists[group][reason] = &adjustments[group][reason];
		}
		lines[group] =
			(struct zf_line_result){.sequence = group, .adjustment_count = 18, .adjustments = lists[group]};
		line_list[(group + 3) % 4] = &lines[group]; /* the claim level, sequence 0, is read last */
	}
	struct zf_adjudication adjudication = {.size = sizeof(adjudication),
		.outcome = ZF_OUTCOME_PARTIAL,
		.lines = line_list,
		.line_count = 4,
		.insurer_claim_no = "N-1",
		.benefit = {.minor = 3800, .currency = "CNY", .exponent = 2, .present = 1}};
	struct fhir_answer_options options = {.id = "r-1", .request_reference = "Claim/0191"};
	assert_int_equal(fhir_encode_claim_response(claim, &adjudication, &options, &arena.zf, &text), 0);
	struct fhir_answer answer;
	read_answer(&arena, text.ptr, text.len, &answer);
	assert_int_equal(answer.adjudications[0]->outcome, ZF_OUTCOME_PARTIAL);
	assert_string_equal(answer.adjudications[0]->claim_ref, REF);
	assert_string_equal(answer.adjudications[0]->insurer_claim_no, "N-1");
	assert_same_money(answer.adjudications[0]->benefit, adjudication.benefit);
	assert_same_lines(&adjudication, answer.adjudications[0]);
	assert_string_equal(answer.adjudications[0]->lines[0]->adjustments[1]->original_code, "77");
	arena_close(&arena);
}

static void test_explanation(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	struct text_span source, text;
	const struct zf_claim *claim = fixture_claim(&arena, "fhir_claim/outpatient-contained.json", &source);
	size_t len;
	char *decided = fixture_read("fhir_step/decided.json", &len);
	struct fhir_answer answer;
	read_answer(&arena, decided, len, &answer);
	struct fhir_answer_options options = {.id = "e-1", .patient_reference = "Patient/1"};
	assert_int_equal(fhir_encode_explanation(claim, answer.adjudications[0], &options, &arena.zf, &text), 0);
	assert_non_null(strstr(text.ptr, "\"resourceType\":\"ExplanationOfBenefit\""));
	assert_non_null(strstr(text.ptr, "\"insurance\":[{\"focal\":true,\"coverage\":{"));
	assert_non_null(strstr(text.ptr, "\"code\":\"deductible\""));
	assert_non_null(strstr(text.ptr, "\"total\":["));
	assert_null(strstr(text.ptr, "\"#")); /* no local reference leaves its document */
	arena_close(&arena);
	free(decided);
}

static void test_remittance_round_trip(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	size_t len;
	char *poll = fixture_read("fhir_step/poll.json", &len);
	struct fhir_answer answer, nested, again;
	read_answer(&arena, poll, len, &answer);
	assert_int_equal(answer.bundle_count, 3);
	read_answer(&arena, answer.bundles[2].ptr, answer.bundles[2].len, &nested);
	const struct zf_remittance *remittance = nested.remittances[0];
	assert_string_equal(remittance->identifier, "RM-2026-11");
	assert_string_equal(remittance->payment_reference, "TRF 7781");
	assert_int_equal(remittance->amount.minor, 90000);
	assert_int_equal(remittance->details[0]->fee.minor, -450);
	assert_int_equal(remittance->details[1]->amount.minor, -10000);
	assert_string_equal(remittance->details[0]->claim_ref, REF);
	struct fhir_answer_options options = {.id = "p-1"};
	struct text_span text;
	assert_int_equal(fhir_encode_remittance(remittance, &options, NULL, &arena.zf, &text), 0);
	read_answer(&arena, text.ptr, text.len, &again);
	const struct zf_remittance *copy = again.remittances[0];
	assert_string_equal(copy->identifier, remittance->identifier);
	assert_same_money(copy->amount, remittance->amount);
	assert_same_money(copy->details[0]->fee, remittance->details[0]->fee);
	assert_same_money(copy->details[1]->amount, remittance->details[1]->amount);
	assert_string_equal(copy->details[0]->insurer_claim_no, "N-88001");
	assert_string_equal(copy->details[1]->type, "adjustment");
	arena_close(&arena);
	free(poll);
}

static void test_outcome(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	struct fault_list faults;
	struct text_span text;
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(fhir_encode_outcome(&faults, &arena.zf, &text), 0);
	assert_non_null(strstr(text.ptr, "\"severity\":\"information\""));
	fault_add(&faults, FAULT_REFERENCE_UNRESOLVED, "Claim.patient", "Patient/1", NULL);
	assert_int_equal(fhir_encode_outcome(&faults, &arena.zf, &text), 0);
	assert_non_null(strstr(text.ptr, "\"expression\":[\"Claim.patient\"]"));
	assert_non_null(strstr(text.ptr, "\"code\":\"reference-unresolved\""));
	assert_non_null(strstr(text.ptr, "zh-CN"));
	struct fhir_answer answer;
	read_answer(&arena, text.ptr, text.len, &answer);
	assert_int_equal(answer.error_count, 1);
	assert_string_equal(answer.errors[0]->path, "Claim.patient");
	assert_string_equal(answer.errors[0]->code, "reference-unresolved");
	struct text_span again;
	assert_int_equal(fhir_encode_outcome_faults(answer.errors, answer.error_count, &arena.zf, &again), 0);
	read_answer(&arena, again.ptr, again.len, &answer);
	assert_string_equal(answer.errors[0]->code, "reference-unresolved");
	arena_close(&arena);
}

/* An amount that can't be read stops the whole answer. */
static void test_unreadable_amount(void **state)
{
	(void)state;
	struct test_arena arena;
	arena_open(&arena);
	size_t len;
	char *text = fixture_read("fhir_step/decided.json", &len);
	char *amount = strstr(text, "38.00");
	assert_non_null(amount);
	memcpy(amount, "3.801", 5);
	struct fhir_codes codes = {.profile = NULL};
	struct fault_list faults;
	struct fhir_answer answer;
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(fhir_answer_read(text, len, &codes, &arena.zf, &faults, &answer), LIB_INVALID);
	assert_int_equal(faults.items[0].code, FAULT_AMOUNT_PRECISION);
	arena_close(&arena);
	free(text);
}

static void test_no_memory(void **state)
{
	static const struct fhir_message message = {.id = "m-1", .event_system = "urn:e", .event = "claim-request"};
	(void)state;
	struct test_arena arena, work;
	arena_open(&arena);
	struct text_span source, text;
	const struct zf_claim *claim = fixture_claim(&arena, "fhir_claim/inpatient-bundle.json", &source);
	for (long n = 0;; n++) {
		struct test_host host = {0};
		struct fhir_claim_options options = options_of(&host);
		options.source = source;
		arena_open(&work);
		work.fail_after = n;
		int rc = fhir_encode_claim(claim, &options, &message, &work.zf, &text);
		int failed = work.failed;
		arena_close(&work);
		assert_int_equal(rc, failed ? LIB_NOMEM : 0);
		if (!failed) break;
	}
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outpatient),
		cmocka_unit_test(test_inpatient_message),
		cmocka_unit_test(test_message_order),
		cmocka_unit_test(test_decided),
		cmocka_unit_test(test_reason_map),
		cmocka_unit_test(test_adjustments_round_trip),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_remittance_round_trip),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_unreadable_amount),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
