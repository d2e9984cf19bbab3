/* FHIR documents into canonical claims: what is read, every fault with its path, and that no damage of a document and
 * no lack of memory does harm. */
#include "fhir_support.h"

#include "fhir/element.h"

struct reading {
	struct test_arena arena;
	struct fault_list faults;
	struct fhir_document document;
	char *text;
	size_t len;
	int rc;
};

#define ACCEPT_ALL (FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_CONSENT | FHIR_ACCEPT_TASK)

static void read_text(struct reading *reading, const char *text, size_t len, uint32_t accept)
{
	arena_open(&reading->arena);
	fault_list_init(&reading->faults, &reading->arena.zf, 0);
	reading->rc =
		fhir_document_read(text, len, NULL, accept, &reading->arena.zf, &reading->faults, &reading->document);
}

static void read_fixture(struct reading *reading, const char *name, uint32_t accept)
{
	reading->text = fixture_read(name, &reading->len);
	read_text(reading, reading->text, reading->len, accept);
}

static void done(struct reading *reading)
{
	arena_close(&reading->arena);
	free(reading->text);
}

static void assert_fault(const struct reading *reading, uint32_t index, const char *expected)
{
	char text[512];
	assert_true(index < reading->faults.count);
	const struct fault *fault = &reading->faults.items[index];
	snprintf(text, sizeof(text), "%s %s", fault->path, fault_lookup(fault->code)->name);
	assert_string_equal(text, expected);
}

static void assert_money(struct zf_money money, int64_t minor, const char *currency)
{
	assert_true(money.present);
	assert_int_equal(money.minor, minor);
	assert_string_equal(money.currency, currency);
}

static void test_outpatient(void **state)
{
	(void)state;
	struct reading reading = {0};
	read_fixture(&reading, "fhir_claim/outpatient-contained.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	assert_int_equal(reading.faults.count, 0);
	assert_int_equal(reading.document.claim_count, 1);
	const struct zf_claim *claim = reading.document.claims[0];
	assert_string_equal(reading.document.type_name, "Claim");
	assert_null(reading.document.bundle_type);
	assert_int_equal(claim->use, ZF_USE_CLAIM);
	assert_int_equal(claim->bill_sequence, 2);
	assert_int_equal(claim->emergency, 0);
	assert_string_equal(claim->identifiers[0]->value, "B-20261102-17");

	const struct zf_patient *patient = claim->patient;
	assert_int_equal(patient->resolved, 1);
	assert_string_equal(patient->names[0]->family, "欧阳");
	assert_string_equal(patient->names[0]->given[0], "明慧");
	assert_string_equal(patient->nationality, "SG");
	assert_string_equal(patient->language, "zh-CN");
	assert_string_equal(patient->identifiers[0]->type->codings[0]->code, "PPN");
	assert_int_equal(patient->birth_date.precision, ZF_DAY);

	const struct zf_coverage *coverage = claim->insurance[0]->coverage;
	assert_string_equal(coverage->subscriber_id, "AH-778-1002");
	assert_string_equal(coverage->group, "G-17");
	assert_string_equal(coverage->plan, "Gold");
	assert_string_equal(coverage->payors[0]->name, "Alpha Health Insurance");
	assert_ptr_equal(coverage->payors[0], claim->insurer);

	const struct zf_claim_line *line = claim->lines[1];
	assert_int_equal(line->level, 1);
	assert_int_equal(line->unit_price.unscaled, 7283);
	assert_int_equal(line->unit_price.scale, 4);
	assert_string_equal(line->unit_price_currency, "CNY");
	assert_int_equal(line->factor.unscaled, 85);
	assert_string_equal(line->quantity_unit, "粒");
	assert_money(line->net, 1486, "CNY");
	assert_money(claim->total, 6486, "CNY");
	assert_int_equal(claim->lines[0]->unit_price.scale, 4);
	assert_int_equal(line->serviced.start.utc_ms, line->serviced.end.utc_ms);
	assert_ptr_equal(claim->encounter, claim->lines[0]->encounters[0]);
	assert_int_equal(claim->encounter->period.start.offset_minutes, 480);

	assert_string_equal(claim->supporting_info[0]->value_text, "发热三天");
	assert_int_equal(claim->supporting_info[1]->value_quantity.scale, 2);
	assert_non_null(strstr(claim->supporting_info[2]->value_json, "JVBERi0xLjQK"));
	assert_int_equal(claim->extension_count, 2);
	assert_string_equal(claim->extensions[0]->path, "Claim.extension[1]");
	assert_string_equal(claim->extensions[1]->path, "Claim.item[0].extension[0]");
	assert_string_equal(claim->extensions[1]->url, "urn:zhifu:tax");
	assert_ptr_equal(reading.document.entries[0].raw.ptr, reading.text);
	done(&reading);
}

static void test_inpatient(void **state)
{
	(void)state;
	struct reading reading = {0};
	read_fixture(&reading, "fhir_claim/inpatient-bundle.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	assert_int_equal(reading.faults.count, 0);
	assert_int_equal(reading.document.entry_count, 12);
	assert_int_equal(reading.document.claim_count, 1);
	assert_int_equal(reading.document.claim_entries[0], 11);
	const struct zf_claim *claim = reading.document.claims[0];
	assert_int_equal(claim->emergency, 1);
	assert_string_equal(claim->patient->names[0]->family, "العتيبي");
	assert_int_equal(claim->patient->birth_date.precision, ZF_YEAR);
	/* a fullUrl that is not made from the resource's id is the Bundle's, not the person's */
	assert_null(claim->patient->reference);
	assert_string_equal(claim->care_team[0]->practitioner->name->text, "王建国");
	assert_string_equal(claim->care_team[0]->organization->name, "上海示范医院");
	assert_int_equal(claim->care_team[0]->responsible, 1);
	assert_string_equal(claim->diagnoses[0]->concept->codings[0]->code, "K35.800");
	assert_int_equal(claim->diagnoses[1]->resolved, 0);
	assert_string_equal(claim->diagnoses[1]->reference, "urn:uuid:ffffffff-0001-4000-8000-000000000001");
	assert_int_equal(claim->procedures[0]->date.precision, ZF_DAY);
	assert_string_equal(claim->related[0]->identifier->value, "I-3");
	assert_string_equal(claim->insurance[1]->coverage->display, "公司补充医疗");
	assert_int_equal(claim->insurance[1]->coverage->resolved, 0);
	const struct zf_claim_line *line = claim->lines[0];
	assert_int_equal(line->detail_count, 2);
	assert_int_equal(line->details[0]->level, 2);
	assert_int_equal(line->details[0]->details[0]->level, 3);
	assert_money(line->details[0]->details[0]->net, 20500, "KWD");
	assert_int_equal(line->diagnosis_sequence_count, 2);
	assert_int_equal(line->diagnosis_sequences[1], 2);
	assert_string_equal(claim->encounter->klass->code, "EMER");
	assert_int_equal(claim->created.precision, ZF_MILLISECOND);

	const struct zf_consent *consent = reading.document.consents[0];
	assert_int_equal(consent->permit, 1);
	assert_string_equal(consent->recipients[0]->identifiers[0]->value, "GULF");
	assert_string_equal(consent->purposes[0], "HPAYMT");
	assert_ptr_equal(consent->patient, claim->patient);
	assert_string_equal(reading.document.entries[10].type_name, "Observation");
	assert_string_equal(reading.document.entries[10].id, "x1");
	assert_memory_equal(reading.document.entries[10].raw.ptr, "{\"resourceType\": \"Observation\"", 30);
	done(&reading);
}

static void test_message(void **state)
{
	(void)state;
	struct reading reading = {0};
	read_fixture(&reading, "fhir_claim/message-accents.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	/* "Organization/elsewhere" beside an http fullUrl is an absolute URL of that server, not a dangling one. */
	assert_int_equal(reading.faults.count, 0);
	assert_string_equal(reading.document.bundle_type, "message");
	const struct zf_claim *claim = reading.document.claims[0];
	assert_int_equal(claim->use, ZF_USE_PREAUTHORIZATION);
	assert_string_equal(claim->patient->names[0]->given[1], "Łukasz");
	assert_int_equal(claim->patient->birth_date.precision, ZF_MONTH);
	assert_money(claim->total, 1200, "JPY");
	assert_string_equal(claim->extensions[0]->path, "Claim.status.extension[0]");
	assert_string_equal(claim->insurance[0]->coverage->identifiers[0]->value, "Ñ-77");
	done(&reading);
}

static void test_faults(void **state)
{
	static const char *const expected[] = {
		"Claim.id value-invalid",
		"Claim.implicitRules implicit-rules-unknown",
		"Claim.status code-not-in-value-set",
		"Claim.type.coding[0].code value-invalid",
		"Claim.created value-invalid",
		"Claim.priority element-empty",
		"Claim.diagnosis[0].sequence value-invalid",
		"Claim.diagnosis[0].diagnosis[x] choice-many",
		"Claim.diagnosis[1].diagnosis[x] element-missing",
		"Claim.modifierExtension[0] modifier-extension-unknown",
		"Claim.insurance[0].focal element-type",
		"Claim.insurance[0].coverage element-empty",
		"Claim.insurance[0].coverage reference-empty",
		"Claim.item[0].productOrService.coding element-empty",
		"Claim.item[0].quantity.value element-type",
		"Claim.item[0].net.value amount-precision",
		"Claim.item[0].extras element-unknown",
		"Claim.item[1].productOrService.text element-empty",
		"Claim.item[1].unitPrice.currency currency-unknown",
		"Claim.item[1].net.currency currency-missing",
		"Claim.item[1].modifier element-type",
		"Claim.item[1].diagnosisSequence element-null",
		"Claim.total element-null",
		"Claim.contained[0].gender code-not-in-value-set",
		"Claim.contained[0].contained[0] contained-nested",
		"Claim.contained[1] resource-type-missing",
		"Claim.use.extension[0] extension-url-missing",
		"Claim.patient reference-unresolved",
		"Claim.provider reference-unresolved",
	};
	(void)state;
	struct reading reading = {0};
	read_fixture(&reading, "fhir_claim/faults.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	for (uint32_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) assert_fault(&reading, i, expected[i]);
	assert_int_equal(reading.faults.count, sizeof(expected) / sizeof(expected[0]));
	assert_true(fault_refuses(&reading.faults));
	done(&reading);
}

/* The same document within a Bundle: paths begin at the Bundle. */
static void test_fault_in_bundle(void **state)
{
	static const char text[] =
		"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":"
		"{\"resourceType\":\"Claim\",\"status\":\"active\",\"patient\":{\"reference\":\"Patient/9\"},"
		"\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"x\"}]},"
		"\"request\":{\"method\":\"POST\",\"url\":\"Claim\"}}]}";
	static const char *const expected[] = {
		"Bundle.entry[0].resource.type element-missing",
		"Bundle.entry[0].resource.use element-missing",
		"Bundle.entry[0].resource.created element-missing",
		"Bundle.entry[0].resource.provider element-missing",
		"Bundle.entry[0].resource.priority element-missing",
		"Bundle.entry[0].resource.insurance element-missing",
		"Bundle.entry[0].resource.patient reference-unresolved",
		"Bundle.entry[0].resource.contained[0] contained-unused",
	};
	(void)state;
	struct reading reading = {0};
	read_text(&reading, text, sizeof(text) - 1, ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	for (uint32_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) assert_fault(&reading, i, expected[i]);
	assert_int_equal(reading.faults.count, sizeof(expected) / sizeof(expected[0]));
	assert_string_equal(reading.document.entries[0].method, "POST");
	assert_string_equal(reading.document.entries[0].url, "Claim");
	done(&reading);
}

/* Whose the coverage is: a urn:uuid that nothing here has as fullUrl, or another Patient than the claim's, is a fault.
 * What stays accepted: a patient known by urn:uuid alone, one person in two Patients, what was not sent by URL. */
static void test_coverage_of_whom(void **state)
{
#define COVERAGE_AT "Bundle.entry[0].resource.insurance[0].coverage"
	static const struct {
		const char *patient, *coverage, *beneficiary, *fault; /* references; the first fault, NULL: none */
	} cases[] = {
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"urn:uuid:a\"}", NULL},
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"urn:uuid:a2\"}", NULL}, /* the same number */
		{"urn:uuid:gone", "urn:uuid:c", "{\"reference\":\"urn:uuid:gone\"}", NULL},
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"https://his.example/Patient/7\"}", NULL},
		{"https://his.example/Patient/7", "urn:uuid:c", "{\"reference\":\"urn:uuid:a\"}", NULL},
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"urn:uuid:gone\",\"identifier\":{\"value\":\"1\"}}",
			NULL},
		{"urn:uuid:a", "https://his.example/Coverage/7", "{\"reference\":\"urn:uuid:a\"}", NULL},
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"urn:uuid:gone\"}",
			COVERAGE_AT ".resolve().beneficiary reference-unresolved"},
		{"urn:uuid:a", "urn:uuid:c", "{\"reference\":\"urn:uuid:b\"}",
			COVERAGE_AT ".resolve().beneficiary coverage-patient"},
		{"urn:uuid:gone", "urn:uuid:c", "{\"reference\":\"urn:uuid:b\"}",
			COVERAGE_AT ".resolve().beneficiary coverage-patient"},
		{"urn:uuid:a", "urn:uuid:gone", "{\"reference\":\"urn:uuid:a\"}", COVERAGE_AT " reference-unresolved"},
	};
#undef COVERAGE_AT
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		struct reading reading = {0};
		int n = asprintf(&text,
			"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"resource\":"
			"{\"resourceType\":\"Claim\",\"status\":\"active\",\"use\":\"claim\",\"type\":{\"text\":\"t\"},"
			"\"patient\":{\"reference\":\"%s\"},\"created\":\"2026-03-05\",\"provider\":{\"display\":\"h\"},"
			"\"priority\":{\"text\":\"n\"},\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":"
			"{\"reference\":\"%s\"}}]}},"
			"{\"fullUrl\":\"urn:uuid:a\",\"resource\":{\"resourceType\":\"Patient\","
			"\"identifier\":[{\"system\":\"urn:x:mrn\",\"value\":\"A\"}]}},"
			"{\"fullUrl\":\"urn:uuid:a2\",\"resource\":{\"resourceType\":\"Patient\","
			"\"identifier\":[{\"value\":\"B\"},{\"system\":\"urn:x:mrn\",\"value\":\"A\"}]}},"
			"{\"fullUrl\":\"urn:uuid:b\",\"resource\":{\"resourceType\":\"Patient\","
			"\"identifier\":[{\"system\":\"urn:x:mrn\",\"value\":\"B\"}]}},"
			"{\"fullUrl\":\"urn:uuid:c\",\"resource\":{\"resourceType\":\"Coverage\",\"status\":\"active\","
			"\"payor\":[{\"display\":\"i\"}],\"beneficiary\":%s}}]}",
			cases[i].patient, cases[i].coverage, cases[i].beneficiary);
		assert_true(n > 0);
		read_text(&reading, text, (size_t)n, ACCEPT_ALL);
		assert_int_equal(reading.rc, 0);
		if (cases[i].fault != NULL) assert_fault(&reading, 0, cases[i].fault);
		assert_int_equal(reading.faults.count, cases[i].fault != NULL);
		done(&reading);
		free(text);
	}
}

/* Alone a Claim has nothing that a urn:uuid could mean. */
static void test_coverage_alone(void **state)
{
	static const char text[] =
		"{\"resourceType\":\"Claim\",\"status\":\"active\",\"use\":\"claim\",\"type\":{\"text\":\"t\"},"
		"\"patient\":{\"reference\":\"urn:uuid:a\"},\"created\":\"2026-03-05\",\"provider\":{\"display\":\"h\"},"
		"\"priority\":{\"text\":\"n\"},\"insurance\":[{\"sequence\":1,\"focal\":true,"
		"\"coverage\":{\"reference\":\"urn:uuid:c\"}}]}";
	(void)state;
	struct reading reading = {0};
	read_text(&reading, text, sizeof(text) - 1, ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	assert_fault(&reading, 0, "Claim.insurance[0].coverage reference-unresolved");
	assert_int_equal(reading.faults.count, 1);
	done(&reading);
}

static void test_small_documents(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *fault;
	} cases[] = {
		{"", LIB_INVALID, " json-invalid"},
		{"[]", LIB_INVALID, " element-type"},
		{"{}", LIB_INVALID, " resource-type-missing"},
		{"{\"resourceType\":\"Patient\"}", LIB_INVALID, "Patient resource-type-not-accepted"},
		{"{\"resourceType\":\"Basic\",\"id\":\"1\"}", LIB_INVALID, "Basic resource-type-not-accepted"},
		{"{\"resourceType\":\"Claim\",\"resourceType\":\"Claim\"}", LIB_INVALID,
			"Claim.resourceType json-duplicate-key"},
		{"{\"resourceType\":\"Claim\",\"status\":\"a\xff\"}", LIB_INVALID, "Claim.status json-utf8"},
		{"{\"resourceType\":\"Claim\",\"status\":\"a\"} x", LIB_INVALID, "Claim.status code-not-in-value-set"},
		{"{\"resourceType\":\"Bundle\",\"type\":\"document\"}", LIB_INVALID, "Bundle.type bundle-type"},
		{"{\"resourceType\":\"Bundle\",\"type\":\"batch\"}", 0, "Bundle.entry bundle-empty"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading = {0};
		read_text(&reading, cases[i].text, strlen(cases[i].text), ACCEPT_ALL);
		assert_int_equal(reading.rc, cases[i].rc);
		assert_fault(&reading, 0, cases[i].fault);
		done(&reading);
	}
}

static void test_consent_and_task(void **state)
{
	(void)state;
	struct reading reading = {0};
	read_fixture(&reading, "fhir_claim/consent.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	assert_fault(&reading, 0, "Consent.scope consent-scope");
	assert_fault(&reading, 1, "Consent.provision.provision consent-detail");
	assert_int_equal(reading.faults.count, 2);
	assert_int_equal(reading.document.consents[0]->permit, 1);
	assert_int_equal(reading.document.consents[0]->recipient_count, 0);
	assert_string_equal(reading.document.consents[0]->patient->identifiers[0]->value, "MR-1");
	done(&reading);
	read_fixture(&reading, "fhir_claim/task-cancel.json", ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	assert_int_equal(reading.faults.count, 0);
	assert_string_equal(reading.document.tasks[0]->code, "cancel");
	assert_string_equal(reading.document.tasks[0]->reason, "WI");
	assert_string_equal(reading.document.tasks[0]->focus, "Claim/0191a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
	done(&reading);
}

static void test_limits(void **state)
{
	(void)state;
	struct reading reading = {0};
	struct fhir_limits limits = {.bytes_max = 10};
	arena_open(&reading.arena);
	fault_list_init(&reading.faults, &reading.arena.zf, 0);
	assert_int_equal(fhir_document_read("{\"resourceType\":\"Claim\"}", 24, &limits, ACCEPT_ALL, &reading.arena.zf,
				 &reading.faults, &reading.document),
		LIB_INVALID);
	assert_fault(&reading, 0, " too-large");
	arena_close(&reading.arena);

	size_t depth = 100000;
	char *deep = malloc(depth + 40);
	assert_non_null(deep);
	size_t len = (size_t)sprintf(deep, "{\"resourceType\":\"Claim\",\"item\":");
	memset(deep + len, '[', depth);
	read_text(&reading, deep, len + depth, ACCEPT_ALL);
	assert_int_equal(reading.rc, LIB_INVALID);
	assert_int_equal(reading.faults.items[reading.faults.count - 1].code, FAULT_JSON_TOO_DEEP);
	arena_close(&reading.arena);
	free(deep);
}

static bool is_known(const char *type)
{
	return strcmp(type, "Claim") == 0 || strcmp(type, "Patient") == 0 || strcmp(type, "Account") == 0;
}

static bool all_known(const char *text)
{
	struct reading reading = {0};
	read_text(&reading, text, strlen(text), ACCEPT_ALL);
	assert_int_equal(reading.rc, 0);
	bool all = fhir_document_all(&reading.document, is_known);
	done(&reading);
	return all;
}

#define CLAIM_WITH(contained) "{\"resourceType\":\"Claim\",\"contained\":[" contained "]}"
#define BUNDLE_WITH(entries) "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[" entries "]}"
#define PATIENT_WITH(contained) "{\"resourceType\":\"Patient\",\"id\":\"p\",\"contained\":[" contained "]}"
#define SEQUENCE "{\"resourceType\":\"MolecularSequence\"}"

static void test_all_types(void **state)
{
	(void)state;
	assert_true(all_known("{\"resourceType\":\"Claim\"}"));
	assert_true(all_known(CLAIM_WITH("{\"resourceType\":\"Patient\"},{\"resourceType\":\"Patient\"}")));
	assert_true(all_known(BUNDLE_WITH("{\"resource\":" CLAIM_WITH("{\"resourceType\":\"Patient\"}") "}")));
	assert_false(all_known(CLAIM_WITH("{\"resourceType\":\"Coverage\"}")));
	assert_false(all_known(CLAIM_WITH("{\"resourceType\":\"Patient\"}," SEQUENCE)));
	assert_false(all_known(CLAIM_WITH("{\"id\":\"p\"}")));
	assert_false(all_known(CLAIM_WITH(PATIENT_WITH(SEQUENCE))));
	assert_false(all_known(BUNDLE_WITH("{\"resource\":{\"resourceType\":\"Claim\"}},{\"resource\":" SEQUENCE "}")));
	assert_false(all_known(BUNDLE_WITH("{\"resource\":{\"resourceType\":\"Claim\"}},{\"fullUrl\":\"urn:1\"}")));
	assert_false(all_known(BUNDLE_WITH("{\"resource\":" PATIENT_WITH(SEQUENCE) "}")));
	/* Not mapped: what is contained in it is not known. */
	assert_false(all_known(CLAIM_WITH("{\"resourceType\":\"Account\"}")));
}

static const char *const fixtures[] = {"fhir_claim/outpatient-contained.json", "fhir_claim/inpatient-bundle.json",
	"fhir_claim/message-accents.json", "fhir_claim/faults.json", "fhir_claim/consent.json",
	"fhir_claim/task-cancel.json", "fhir_step/decided.json", "fhir_step/poll.json"};

static void test_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		size_t len;
		char *text = fixture_read(fixtures[i], &len);
		while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) len--;
		for (size_t cut = 0; cut < len; cut++) {
			/* A block of exactly that size: the sanitizer sees a byte read too far. */
			char *part = malloc(cut == 0 ? 1 : cut);
			assert_non_null(part);
			memcpy(part, text, cut);
			struct reading reading = {0};
			read_text(&reading, part, cut, ACCEPT_ALL | FHIR_ACCEPT_ANSWER);
			assert_int_equal(reading.rc, LIB_INVALID);
			assert_true(fault_refuses(&reading.faults));
			free(part);
			arena_close(&reading.arena);
		}
		free(text);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixtures) / sizeof(fixtures[0]); i++) {
		size_t len;
		char *text = fixture_read(fixtures[i], &len);
		for (long n = 0;; n++) {
			struct reading reading = {0};
			arena_open(&reading.arena);
			reading.arena.fail_after = n;
			fault_list_init(&reading.faults, &reading.arena.zf, 0);
			int rc = fhir_document_read(text, len, NULL, ACCEPT_ALL | FHIR_ACCEPT_ANSWER, &reading.arena.zf,
				&reading.faults, &reading.document);
			bool all = !reading.arena.failed;
			arena_close(&reading.arena);
			if (all) {
				assert_int_equal(rc, 0);
				break;
			}
			assert_int_equal(rc, LIB_NOMEM);
		}
		free(text);
	}
}

/* The tables agree with themselves: bits, required masks, lengths. */
static void test_tables(void **state)
{
	(void)state;
	for (int t = FHIR_T_NONE + 1; t < FHIR_T_COUNT; t++) {
		const struct fhir_type_info *type = &fhir_types[t];
		uint64_t required = 0, seen = 0;
		assert_non_null(type->name);
		for (uint32_t i = 0; i < type->element_count; i++) {
			const struct fhir_element *element = &type->elements[i];
			assert_true(element->bit < 64);
			assert_int_equal(strlen(element->name), element->len);
			uint64_t bit = UINT64_C(1) << element->bit;
			if (element->flags & FHIR_REQUIRED) required |= bit;
			if (seen & bit) assert_true(element->flags & FHIR_CHOICE);
			seen |= bit;
			if (element->kind == FHIR_COMPLEX)
				assert_true(element->type > 0 && element->type < FHIR_T_COUNT);
			if (element->offset != FHIR_NOWHERE) assert_true(element->offset < type->struct_size);
			for (uint32_t k = 0; k < i; k++) assert_string_not_equal(type->elements[k].name, element->name);
		}
		assert_true(required == type->required);
	}
}

/* ---- third-party data ---- */

static void test_synthea_bundles(void **state)
{
	(void)state;
	char folder[512], command[600], line[1024];
	shared_path("data/fhir/synthea-bundles", folder, sizeof(folder));
	snprintf(command, sizeof(command), "ls %s/*.json 2>/dev/null", folder);
	FILE *list = popen(command, "r");
	assert_non_null(list);
	int files = 0;
	while (fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		size_t len;
		char *text = file_read(line, &len);
		assert_non_null(text);
		struct reading reading = {0};
		read_text(&reading, text, len, ACCEPT_ALL);
		assert_int_equal(reading.rc, 0);
		assert_int_equal(reading.faults.count, 0);
		assert_true(reading.document.claim_count > 0);
		for (uint32_t i = 0; i < reading.document.claim_count; i++) {
			assert_int_equal(reading.document.claims[i]->patient->resolved, 1);
		}
		arena_close(&reading.arena);
		free(text);
		files++;
	}
	pclose(list);
	if (files == 0) {
		print_message("no Synthea bundles in %s\n", folder);
		skip();
	}
	assert_int_equal(files, 12);
}

static void test_synthea_claims(void **state)
{
	(void)state;
	char path[512], command[600];
	shared_path("data/fhir/synthea-claims.ndjson.gz", path, sizeof(path));
	size_t cap = 0;
	char *line = NULL;
	snprintf(command, sizeof(command), "gzip -dc %s 2>/dev/null", path);
	FILE *stream = popen(command, "r");
	assert_non_null(stream);
	int claims = 0;
	int64_t cents = 0;
	for (ssize_t len; (len = getline(&line, &cap, stream)) > 0;) {
		if (strncmp(line, "{\"resourceType\":\"Claim\"", 23) != 0) continue;
		struct reading reading = {0};
		read_text(&reading, line, (size_t)len, ACCEPT_ALL);
		assert_int_equal(reading.rc, 0);
		assert_int_equal(reading.faults.count, 0);
		cents += reading.document.claims[0]->total.minor;
		arena_close(&reading.arena);
		claims++;
	}
	free(line);
	pclose(stream);
	if (claims == 0) {
		print_message("no Synthea claims at %s\n", path);
		skip();
	}
	assert_int_equal(claims, 5422);
	assert_int_equal(cents, 1955932651); /* synthea-claims.counts.json */
}

/* The exchange's own messages, whose resourceType comes last, have no structural fault. */
static void test_nphies_examples(void **state)
{
	static const char *const names[] = {
		"request.json", "response.json", "NPHIES_Professional_Lab_Bundle_Example.json"};
	(void)state;
	int files = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[128], path[512];
		snprintf(name, sizeof(name), "data/nphies/%s", names[i]);
		shared_path(name, path, sizeof(path));
		size_t len;
		char *text = file_read(path, &len);
		if (text == NULL) continue;
		struct reading reading = {0};
		read_text(&reading, text, len, ACCEPT_ALL | FHIR_ACCEPT_ANSWER);
		assert_int_equal(reading.rc, 0);
		assert_int_equal(reading.faults.count, 0);
		assert_int_equal(reading.document.claim_count, i == 1 ? 0 : 1);
		arena_close(&reading.arena);
		free(text);
		files++;
	}
	if (files == 0) {
		print_message("no NPHIES examples beside the project\n");
		skip();
	}
}

/* Faults that the validator finds, not the reader. */
static bool is_semantic(const char *code)
{
	static const char *const codes[] = {"patient-identity-missing", "country-unknown", "line-arithmetic",
		"sequence-duplicate", "task-code", "bundle-request", "consent-recipient", "consent-purpose"};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i], code) == 0) return true;
	}
	return false;
}

/* Each structural fault of the golden row is found, and no other. */
static void check_golden_row(const char *file, const struct reading *reading, char *faults)
{
	uint32_t expected = 0, found = 0;
	for (char *save, *one = strtok_r(faults, " ", &save); one != NULL; one = strtok_r(NULL, " ", &save)) {
		char *equals = strrchr(one, '=');
		if (equals == NULL || is_semantic(equals + 1)) continue;
		*equals = '\0';
		expected++;
		bool hit = false;
		for (uint32_t i = 0; i < reading->faults.count && !hit; i++) {
			const struct fault *fault = &reading->faults.items[i];
			hit = strcmp(fault->path, one) == 0 && strcmp(fault_lookup(fault->code)->name, equals + 1) == 0;
		}
		if (!hit) fail_msg("%s: %s %s is not found", file, one, equals + 1);
	}
	for (uint32_t i = 0; i < reading->faults.count; i++) found += reading->faults.items[i].severity >= FAULT_FAULT;
	if (found != expected) fail_msg("%s: %u faults, %u expected", file, found, expected);
}

static void test_hl7_examples(void **state)
{
	(void)state;
	FILE *golden = fopen("tests/golden/hl7-r4-examples.tsv", "r");
	assert_non_null(golden);
	char *line = NULL;
	size_t cap = 0;
	int files = 0;
	for (ssize_t n; (n = getline(&line, &cap, golden)) > 0;) {
		if (line[0] == '#') continue;
		line[n - 1] = '\0';
		char *save, *file = strtok_r(line, "\t", &save);
		strtok_r(NULL, "\t", &save);
		strtok_r(NULL, "\t", &save);
		char *faults = strtok_r(NULL, "\t", &save);
		char path[512], name[256];
		snprintf(name, sizeof(name), "data/fhir/hl7-r4-examples/%s", file);
		shared_path(name, path, sizeof(path));
		size_t len;
		char *text = file_read(path, &len);
		if (text == NULL) continue;
		struct reading reading = {0};
		read_text(&reading, text, len, ACCEPT_ALL);
		check_golden_row(file, &reading, faults);
		arena_close(&reading.arena);
		read_text(&reading, text, len, ACCEPT_ALL | FHIR_ACCEPT_ANSWER);
		arena_close(&reading.arena);
		free(text);
		files++;
	}
	free(line);
	fclose(golden);
	if (files == 0) {
		print_message("no HL7 examples beside the project\n");
		skip();
	}
	assert_int_equal(files, 174);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_all_types),
		cmocka_unit_test(test_outpatient),
		cmocka_unit_test(test_inpatient),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_fault_in_bundle),
		cmocka_unit_test(test_coverage_of_whom),
		cmocka_unit_test(test_coverage_alone),
		cmocka_unit_test(test_small_documents),
		cmocka_unit_test(test_consent_and_task),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_synthea_bundles),
		cmocka_unit_test(test_synthea_claims),
		cmocka_unit_test(test_nphies_examples),
		cmocka_unit_test(test_hl7_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
