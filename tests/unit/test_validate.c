/* The validator on one good claim and on that claim with one thing changed: exactly the faults named, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fhir/document.h"
#include "lib/date.h"
#include "model/validate.h"

/* 2026-03-10T02:30:00Z: 10:30 of that day in Shanghai. */
#define NOW_MS INT64_C(1773109800000)

static const char good[] =
	"{\"resourceType\":\"Claim\",\"contained\":["
	"{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{\"system\":\"urn:h:mrn\",\"value\":\"8\"}],\"birthDate\":\"1970-05-01\","
	"\"address\":[{\"country\":\"DE\"}]},"
	"{\"resourceType\":\"Encounter\",\"id\":\"e\",\"status\":\"finished\",\"class\":{\"code\":\"IMP\"},"
	"\"period\":{\"start\":\"2026-03-02T09:00:00+08:00\",\"end\":\"2026-03-05T11:00:00+08:00\"}}],"
	"\"identifier\":[{\"system\":\"urn:h:claim\",\"value\":\"1\"}],\"status\":\"active\","
	"\"type\":{\"coding\":[{\"code\":\"institutional\"}]},\"use\":\"claim\",\"patient\":{\"reference\":\"#p\"},"
	"\"billablePeriod\":{\"start\":\"2026-03-01\",\"end\":\"2026-03-06\"},\"created\":\"2026-03-06T08:00:00+08:00\","
	"\"provider\":{\"identifier\":{\"system\":\"urn:h\",\"value\":\"H\"}},\"priority\":{\"coding\":[{\"code\":\"normal\"}]},"
	"\"careTeam\":[{\"sequence\":1,\"provider\":{\"display\":\"x\"}}],"
	"\"diagnosis\":[{\"sequence\":1,\"diagnosisCodeableConcept\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\",\"code\":\"I10.x00x002\"}]}},"
	"{\"sequence\":2,\"diagnosisCodeableConcept\":{\"text\":\"cough\"}}],"
	"\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"display\":\"Acme\"}}],"
	"\"item\":["
	"{\"sequence\":1,\"careTeamSequence\":[1],\"diagnosisSequence\":[2],\"encounter\":[{\"reference\":\"#e\"}],"
	"\"productOrService\":{\"coding\":[{\"system\":\"urn:h:tariff\",\"code\":\"A-1\"}]},\"servicedDate\":\"2026-03-03\","
	"\"quantity\":{\"value\":3},\"unitPrice\":{\"value\":1.2345,\"currency\":\"CNY\"},\"factor\":0.9,\"net\":{\"value\":3.33,\"currency\":\"CNY\"}},"
	"{\"sequence\":2,\"productOrService\":{\"text\":\"bed\"},\"net\":{\"value\":100.00,\"currency\":\"CNY\"},"
	"\"detail\":[{\"sequence\":1,\"productOrService\":{\"text\":\"a\"},\"net\":{\"value\":60,\"currency\":\"CNY\"}},"
	"{\"sequence\":2,\"productOrService\":{\"text\":\"b\"},\"net\":{\"value\":40,\"currency\":\"CNY\"}}]}],"
	"\"total\":{\"value\":103.33,\"currency\":\"CNY\"}}";

static const struct validate_system tariff[] = {{"urn:h:tariff", "[A-Z]-[0-9]+"}};

struct world {
	struct zone *zone;
	struct validate_options options;
	struct arena arena;
	char said[8192]; /* "path=code " for each, warnings with ? behind */
	struct validate_result result;
	bool refuses;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	if (zone_load("Asia/Shanghai", &world->zone) != 0) world->zone = NULL;
	world->options =
		(struct validate_options){.now_ms = NOW_MS, .zone = world->zone, .systems = tariff, .system_count = 1};
	arena_init(&world->arena, 64u << 20);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	zone_free(world->zone);
	arena_free(&world->arena);
	free(world);
	return 0;
}

static void list_faults(struct world *world, const struct fault_list *faults)
{
	size_t len = 0;
	world->said[0] = '\0';
	for (uint32_t i = 0; i < faults->count; i++)
		len += (size_t)snprintf(world->said + len, sizeof(world->said) - len, "%s%s=%s%s", len == 0 ? "" : " ",
			faults->items[i].path, fault_lookup(faults->items[i].code)->name,
			faults->items[i].severity == FAULT_FAULT ? "" : "?");
	world->refuses = fault_refuses(faults);
}

static void run(struct world *world, const char *json)
{
	struct fault_list faults;
	struct fhir_document document;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	int rc = fhir_document_read(json, strlen(json), NULL, FHIR_ACCEPT_CLAIM, &world->arena.zf, &faults, &document);
	assert_int_equal(rc, 0);
	assert_int_equal(document.claim_count, 1);
	assert_int_equal(validate_claim(document.claims[0], "Claim", &world->options, &faults, &world->result), 0);
	list_faults(world, &faults);
}

/* The good claim with the first `find` replaced. */
static char *changed(const char *find, const char *replace)
{
	char *text = NULL;
	const char *at = strstr(good, find);
	if (at == NULL) fail_msg("not in the claim: %s", find);
	if (asprintf(&text, "%.*s%s%s", (int)(at - good), good, replace, at + strlen(find)) < 0) abort();
	return text;
}

static void the_good_claim_is_accepted(void **state)
{
	struct world *world = *state;
	run(world, good);
	assert_string_equal(world->said, "");
	assert_int_equal(world->result.total.minor, 10333);
	assert_int_equal(world->result.service_day, date_days_from_civil(2026, 3, 1));
}

struct change {
	const char *find, *replace, *said;
};

static const struct change changes[] = {
	/* arithmetic: 3 x 1.2345 x 0.9 = 3.33315 */
	{"\"value\":3.33,", "\"value\":3.34,", "Claim.item[0].net=line-arithmetic Claim.total=total-mismatch"},
	{"\"factor\":0.9,", "", "Claim.item[0].net=line-arithmetic"},
	{"\"quantity\":{\"value\":3},", "", "Claim.item[0].net=line-arithmetic"},
	{"\"unitPrice\":{\"value\":1.2345,\"currency\":\"CNY\"},", "", ""},
	{"\"quantity\":{\"value\":3}", "\"quantity\":{\"value\":-3}", "Claim.item[0].quantity=quantity-invalid"},
	{"\"quantity\":{\"value\":3}", "\"quantity\":{\"value\":3000000000}",
		"Claim.item[0].quantity=quantity-invalid"},
	{"\"factor\":0.9", "\"factor\":-0.9", "Claim.item[0].factor=factor-invalid"},
	{"\"value\":1.2345", "\"value\":-1.2345", "Claim.item[0].unitPrice=amount-negative"},
	/* totals */
	{"\"value\":103.33", "\"value\":103.34", "Claim.total=total-mismatch"},
	{"\"value\":103.33", "\"value\":-103.33", "Claim.total=amount-negative"},
	{",\"total\":{\"value\":103.33,\"currency\":\"CNY\"}", "", "Claim.total=total-derived?"},
	{"\"net\":{\"value\":3.33,\"currency\":\"CNY\"}", "\"revenue\":{\"text\":\"r\"}", ""},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}", "\"net\":{\"value\":90,\"currency\":\"CNY\"}",
		"Claim.item[1].net=detail-sum? Claim.total=total-mismatch"},
	{"\"net\":{\"value\":40,", "\"net\":{\"value\":30,", "Claim.item[1].net=detail-sum?"},
	{"\"net\":{\"value\":40,\"currency\":\"CNY\"}", "\"revenue\":{\"text\":\"r\"}", ""},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}", "\"net\":{\"value\":-100.00,\"currency\":\"CNY\"}",
		"Claim.item[1].net=amount-negative"},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"net\":{\"value\":100000000000000.00,\"currency\":\"CNY\"}", "Claim.item[1].net=amount-absurd"},
	/* A price without a net is reckoned by the insurer: neither it nor what it makes may be absurd. */
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"unitPrice\":{\"value\":1000000000000000,\"currency\":\"CNY\"}",
		"Claim.item[1].unitPrice=amount-absurd"},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"unitPrice\":{\"value\":100000000000.0001,\"currency\":\"CNY\"}",
		"Claim.item[1].unitPrice=amount-absurd"},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"quantity\":{\"value\":50},\"unitPrice\":{\"value\":90000000000,\"currency\":\"CNY\"}",
		"Claim.item[1]=amount-absurd"},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"quantity\":{\"value\":1000000000},\"unitPrice\":{\"value\":90000000000,\"currency\":\"CNY\"},\"factor\":1000000",
		"Claim.item[1]=amount-absurd"},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}",
		"\"quantity\":{\"value\":2},\"unitPrice\":{\"value\":1.5,\"currency\":\"CNY\"}", ""},
	{"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}", "\"net\":{\"value\":100.00,\"currency\":\"USD\"}",
		"Claim.item[1].net.currency=currency-mixed"},
	{"\"value\":1.2345,\"currency\":\"CNY\"", "\"value\":1.2345,\"currency\":\"EUR\"",
		"Claim.item[0].unitPrice.currency=currency-mixed"},
	/* sequences */
	{"\"item\":[{\"sequence\":1", "\"item\":[{\"sequence\":2", "Claim.item[1].sequence=sequence-duplicate"},
	{"\"item\":[{\"sequence\":1", "\"item\":[{\"sequence\":7", ""},
	{"{\"sequence\":2,\"productOrService\":{\"text\":\"b\"}",
		"{\"sequence\":1,\"productOrService\":{\"text\":\"b\"}",
		"Claim.item[1].detail[1].sequence=sequence-duplicate"},
	{"\"diagnosisSequence\":[2]", "\"diagnosisSequence\":[1,3]",
		"Claim.item[0].diagnosisSequence[1]=sequence-dangling"},
	{"\"careTeamSequence\":[1]", "\"careTeamSequence\":[2],\"procedureSequence\":[1],\"informationSequence\":[1]",
		"Claim.item[0].careTeamSequence[0]=sequence-dangling Claim.item[0].procedureSequence[0]=sequence-dangling "
		"Claim.item[0].informationSequence[0]=sequence-dangling"},
	{"{\"sequence\":2,\"diagnosisCodeableConcept\"", "{\"sequence\":1,\"diagnosisCodeableConcept\"",
		"Claim.diagnosis[1].sequence=sequence-duplicate Claim.item[0].diagnosisSequence[0]=sequence-dangling"},
	/* who and with what */
	{"\"status\":\"active\"", "\"status\":\"draft\"", "Claim.status=claim-status"},
	{"\"focal\":true", "\"focal\":false", "Claim.insurance=insurance-focal"},
	{"\"insurance\":[{\"sequence\":1,\"focal\":true",
		"\"insurance\":[{\"sequence\":2,\"focal\":true,\"coverage\":{\"display\":\"x\"}},{\"sequence\":1,\"focal\":true",
		"Claim.insurance=insurance-focal"},
	{"\"identifier\":[{\"system\":\"urn:h:mrn\",\"value\":\"8\"}],", "", "Claim.patient=patient-identity-missing"},
	{"\"identifier\":[{\"system\":\"urn:h:claim\",\"value\":\"1\"}],", "", "Claim.identifier=identifier-missing?"},
	{"\"country\":\"DE\"", "\"country\":\"CAD\"", "Claim.patient.resolve().address[0].country=country-unknown"},
	{"\"country\":\"DE\"", "\"country\":\"USA\"", ""},
	{"\"country\":\"DE\"", "\"country\":\"Deutschland\"",
		"Claim.patient.resolve().address[0].country=country-unknown?"},
	{"\"country\":\"DE\"", "\"country\":\"UK\"", "Claim.patient.resolve().address[0].country=country-unknown?"},
	/* codes */
	{"I10.x00x002", "hypertension", "Claim.diagnosis[0].diagnosisCodeableConcept.coding[0].code=code-pattern?"},
	{"I10.x00x002", "S72.00XA", ""},
	{"\"urn:h:tariff\"", "\"urn:other\"", "Claim.item[0].productOrService.coding[0].system=code-system-unknown?"},
	{"\"code\":\"A-1\"", "\"code\":\"a\"", "Claim.item[0].productOrService.coding[0].code=code-pattern?"},
	{"\"system\":\"urn:h:tariff\",", "", "Claim.item[0].productOrService.coding[0].system=code-system-missing?"},
	{"\"code\":\"A-1\"", "\"version\":\"1\"", "Claim.item[0].productOrService=code-missing"},
	/* days */
	{"\"start\":\"2026-03-01\",\"end\":\"2026-03-06\"", "\"start\":\"2026-03-06\",\"end\":\"2026-03-01\"",
		"Claim.billablePeriod=period-reversed Claim.item[0].serviced=service-outside-bill?"},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedDate\":\"2026-03-11\"",
		"Claim.item[0].serviced=date-future Claim.item[0].serviced=service-after-discharge? Claim.item[0].serviced=service-outside-bill?"},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedDate\":\"2026-03-01\"",
		"Claim.item[0].serviced=service-before-admission?"},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedDate\":\"2026-03-06\"",
		"Claim.item[0].serviced=service-after-discharge?"},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedDate\":\"2026-03-02\"", ""},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedDate\":\"2026-03\"", ""},
	{"\"servicedDate\":\"2026-03-03\"", "\"servicedPeriod\":{\"start\":\"2026-03-04\",\"end\":\"2026-03-03\"}",
		"Claim.item[0].serviced=period-reversed"},
	{"\"created\":\"2026-03-06T08:00:00+08:00\"", "\"created\":\"2026-03-10T10:34:00+08:00\"", ""},
	{"\"created\":\"2026-03-06T08:00:00+08:00\"", "\"created\":\"2026-03-10T10:36:00+08:00\"",
		"Claim.created=date-future"},
	{"\"created\":\"2026-03-06T08:00:00+08:00\"", "\"created\":\"2026-03-10\"", ""},
	{"\"birthDate\":\"1970-05-01\"", "\"birthDate\":\"2026-03-11\"",
		"Claim.patient.resolve().birthDate=birth-date-future Claim.billablePeriod=service-before-birth?"},
	{"\"birthDate\":\"1970-05-01\"", "\"birthDate\":\"1970\"", ""},
};

/* Is one of "a=b c=d?" without the mark of a warning? */
static bool names_a_fault(const char *said)
{
	for (const char *end; *said != '\0'; said = *end == ' ' ? end + 1 : end) {
		end = said + strcspn(said, " ");
		if (end[-1] != '?') return true;
	}
	return false;
}

static void each_change_has_its_faults(void **state)
{
	struct world *world = *state;
	if (world->zone == NULL) skip();
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		char *json = changed(changes[i].find, changes[i].replace);
		run(world, json);
		if (strcmp(world->said, changes[i].said) != 0)
			fail_msg("%s -> %s\n  said %s\n  not  %s", changes[i].find, changes[i].replace, world->said,
				changes[i].said);
		assert_int_equal(world->refuses, names_a_fault(changes[i].said));
		free(json);
	}
}

#define PARTY(id, country)                                                                                             \
	"{\"resourceType\":\"Organization\",\"id\":\"" id "\",\"name\":\"o\",\"address\":[{\"country\":\"" country     \
	"\"}]}"

/* Who provides, insures, pays and treats: each address is looked at, and one that is met twice is told once. */
static void each_party_is_in_a_country(void **state)
{
	struct world *world = *state;
	char *parties = changed("\"contained\":[",
		"\"contained\":[" PARTY("i", "XX") "," PARTY("o", "YYY") "," PARTY("t", "ZZ") "," PARTY("g",
			"FR") ","
			      "{\"resourceType\":\"Coverage\",\"id\":\"c\",\"status\":\"active\",\"beneficiary\":{\"reference\":\"#p\"},"
			      "\"payor\":[{\"reference\":\"#g\"},{\"reference\":\"#i\"},{\"reference\":\"#o\"}]},");
	char *json = NULL, *at = strstr(parties, "\"careTeam\":[{\"sequence\":1,\"provider\":{\"display\":\"x\"}}],"),
	     *coverage = strstr(parties, "\"coverage\":{\"display\":\"Acme\"}");
	assert_non_null(at);
	assert_true(asprintf(&json,
			    "%.*s\"insurer\":{\"reference\":\"#i\"},\"careTeam\":[{\"sequence\":1,\"provider\":{"
			    "\"reference\":\"#t\"}}],%.*s\"coverage\":{\"reference\":\"#c\"}%s",
			    (int)(at - parties), parties, (int)(coverage - strchr(at, ']') - 2), strchr(at, ']') + 2,
			    strchr(coverage, '}') + 1) > 0);
	run(world, json);
	assert_string_equal(world->said,
		"Claim.insurer.resolve().address[0].country=country-unknown "
		"Claim.careTeam[0].provider.resolve().address[0].country=country-unknown "
		"Claim.insurance[0].coverage.resolve().payor[2].resolve().address[0].country=country-unknown");
	free(json);
	free(parties);
}

static void a_preauthorisation_may_look_ahead(void **state)
{
	struct world *world = *state;
	char *json = changed("\"use\":\"claim\"", "\"use\":\"preauthorization\"");
	char *at = strstr(json, "\"end\":\"2026-03-06\"");
	memcpy(at, "\"end\":\"2026-05-06\"", strlen("\"end\":\"2026-05-06\""));
	run(world, json);
	assert_string_equal(world->said, "");
	free(json);
}

static void without_lines_or_days(void **state)
{
	struct world *world = *state;
	char json[2048];
	const char *items = strstr(good, "\"item\":[");
	const char *total = strstr(good, "\"total\"");
	snprintf(json, sizeof(json), "%.*s%s", (int)(items - good), good, total);
	run(world, json);
	assert_string_equal(world->said, "Claim.contained[1]=contained-unused? Claim.item=lines-missing?");

	/* no period and no line date: the day it was made, and a remark */
	const char *period = strstr(json, "\"billablePeriod\"");
	const char *created = strstr(json, "\"created\"");
	char bare[2048];
	snprintf(bare, sizeof(bare), "%.*s%s", (int)(period - json), json, created);
	run(world, bare);
	assert_string_equal(world->said,
		"Claim.contained[1]=contained-unused? Claim=service-day-missing? Claim.item=lines-missing?");
	assert_int_equal(world->result.service_day, date_days_from_civil(2026, 3, 6));
}

static void the_service_day_is_the_hospitals(void **state)
{
	struct world *world = *state;
	if (world->zone == NULL) skip();
	/* 17:00Z is 01:00 of the next day in Shanghai */
	char *json = changed("\"start\":\"2026-03-01\"", "\"start\":\"2026-03-01T17:00:00Z\"");
	run(world, json);
	assert_int_equal(world->result.service_day, date_days_from_civil(2026, 3, 2));
	free(json);
}

static void options_make_faults_of_unknown_codes(void **state)
{
	struct world *world = *state;
	struct validate_options plain = world->options;
	world->options.systems = NULL;
	world->options.system_count = 0;
	world->options.unknown_codes = FAULT_FAULT;
	run(world, good);
	assert_string_equal(world->said, "Claim.item[0].productOrService.coding[0].system=code-system-unknown");
	world->options = plain;
	world->options.has_idempotency_key = true;
	char *json = changed("\"identifier\":[{\"system\":\"urn:h:claim\",\"value\":\"1\"}],", "");
	run(world, json);
	assert_string_equal(world->said, "");
	free(json);
	world->options = plain;
}

static void tasks_and_consents(void **state)
{
	struct world *world = *state;
	struct fault_list faults;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	validate_task("cancel", "Task", &faults);
	assert_int_equal(faults.count, 0);
	validate_task("poll", "Task", &faults);
	validate_task(NULL, "Bundle.entry[1].resource", &faults);
	struct zf_identifier identifier = {.value = "1"};
	const struct zf_identifier *identifiers[] = {&identifier};
	struct zf_patient known = {.identifiers = identifiers, .identifier_count = 1};
	struct zf_patient by_url = {.reference = "urn:uuid:1"}, unknown = {.reference = "Patient/1"};
	struct zf_consent consent = {.patient = &known};
	validate_consent(&consent, "Consent", &world->options, &faults);
	consent.patient = &by_url;
	validate_consent(&consent, "Consent", &world->options, &faults);
	consent.patient = &unknown;
	validate_consent(&consent, "Consent", &world->options, &faults);
	/* A permission to disclose says to whom and what for; a refusal, a draft and other permissions need not. */
	static const char *const purposes[] = {"HPAYMT"};
	const struct zf_organization insurer = {.name = "A"};
	const struct zf_organization *const recipients[] = {&insurer};
	struct zf_consent permit = {.patient = &known, .permit = 1, .discloses = 1, .status = "active"};
	validate_consent(&permit, "Consent", &world->options, &faults);
	permit.recipients = recipients;
	permit.recipient_count = 1;
	validate_consent(&permit, "Bundle.entry[2].resource", &world->options, &faults);
	permit.purposes = purposes;
	permit.purpose_count = 1;
	validate_consent(&permit, "Consent", &world->options, &faults);
	struct zf_consent others[] = {permit, permit, permit};
	for (size_t i = 0; i < 3; i++) others[i].recipient_count = others[i].purpose_count = 0;
	others[0].permit = 0;
	others[1].discloses = 0;
	others[2].status = "draft";
	for (size_t i = 0; i < 3; i++) validate_consent(&others[i], "Consent", &world->options, &faults);
	/* Dated beyond now and the skew it says nothing yet, whatever its period. */
	permit.date = (struct zf_time){.utc_ms = world->options.now_ms + VALIDATE_SKEW_MS, .precision = ZF_SECOND};
	validate_consent(&permit, "Consent", &world->options, &faults);
	permit.date.utc_ms++;
	validate_consent(&permit, "Bundle.entry[3].resource", &world->options, &faults);
	/* Who refuses is never refused for that. */
	others[0].date = permit.date;
	validate_consent(&others[0], "Bundle.entry[4].resource", &world->options, &faults);
	list_faults(world, &faults);
	assert_string_equal(world->said,
		"Task.code=task-code Bundle.entry[1].resource.code=task-code Consent.patient=consent-patient "
		"Consent.provision.actor=consent-recipient Consent.provision.purpose=consent-purpose "
		"Bundle.entry[2].resource.provision.purpose=consent-purpose Bundle.entry[3].resource.dateTime=date-future "
		"Bundle.entry[4].resource.dateTime=consent-date-future?");
}

/* Ten thousand lines in falling order must not take the square of that. */
static void long_lists_stay_fast(void **state)
{
	struct world *world = *state;
	enum { LINES = 10000 };
	struct zf_claim_line *lines = calloc(LINES, sizeof(*lines));
	const struct zf_claim_line **list = calloc(LINES, sizeof(*list));
	struct zf_concept bed = {.text = "bed"};
	int32_t own = 5;
	for (int i = 0; i < LINES; i++) {
		lines[i] = (struct zf_claim_line){.sequence = LINES - i,
			.product_or_service = &bed,
			.diagnosis_sequences = &own,
			.diagnosis_sequence_count = 1,
			.net = {.minor = 1, .currency = "CNY", .exponent = 2, .present = 1}};
		list[i] = &lines[i];
	}
	lines[LINES - 1].sequence = 2; /* twice */
	struct zf_insurance insurance = {.sequence = 1, .focal = 1};
	const struct zf_insurance *insurances[] = {&insurance};
	struct zf_diagnosis diagnosis = {.sequence = 5, .concept = &bed};
	const struct zf_diagnosis *diagnoses[] = {&diagnosis};
	struct zf_claim claim = {.use = ZF_USE_CLAIM,
		.status = "active",
		.lines = list,
		.line_count = LINES,
		.insurance = insurances,
		.insurance_count = 1,
		.diagnoses = diagnoses,
		.diagnosis_count = 1};
	struct fault_list faults;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	int64_t begin = clock_mono_ms();
	assert_int_equal(validate_claim(&claim, "Claim", &world->options, &faults, &world->result), 0);
	assert_true(clock_mono_ms() - begin < 1000);
	list_faults(world, &faults);
	assert_non_null(strstr(world->said, "Claim.item[9999].sequence=sequence-duplicate Claim.total=total-derived?"));
	assert_null(strstr(world->said, "dangling"));
	assert_int_equal(world->result.total.minor, LINES);
	free(lines);
	free(list);
}

static void no_memory_is_an_error(void **state)
{
	struct world *world = *state;
	struct arena small;
	struct fhir_document document;
	struct fault_list faults;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	char *json = changed("\"value\":103.33", "\"value\":103.34");
	assert_int_equal(
		fhir_document_read(json, strlen(json), NULL, FHIR_ACCEPT_CLAIM, &world->arena.zf, &faults, &document),
		0);
	arena_init(&small, 1);
	fault_list_init(&faults, &small.zf, 0);
	assert_int_equal(
		validate_claim(document.claims[0], "Claim", &world->options, &faults, &world->result), ERR_NOMEM);
	assert_true(fault_refuses(&faults));
	arena_free(&small);
	free(json);
}

static void an_ordinary_claim_takes_microseconds(void **state)
{
	struct world *world = *state;
	struct fhir_document document;
	struct fault_list faults;
	arena_reset(&world->arena);
	fault_list_init(&faults, &world->arena.zf, 0);
	assert_int_equal(
		fhir_document_read(good, strlen(good), NULL, FHIR_ACCEPT_CLAIM, &world->arena.zf, &faults, &document),
		0);
	int64_t begin = clock_mono_us();
	for (int i = 0; i < 20000; i++)
		assert_int_equal(
			validate_claim(document.claims[0], "Claim", &world->options, &faults, &world->result), 0);
	double each = (double)(clock_mono_us() - begin) / 20000;
	print_message("validate_claim: %.2f us\n", each);
	assert_true(each < 200); /* sanitized and on a loaded machine; the release figure is asked to be below 5 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_claim_is_accepted),
		cmocka_unit_test(each_change_has_its_faults),
		cmocka_unit_test(each_party_is_in_a_country),
		cmocka_unit_test(a_preauthorisation_may_look_ahead),
		cmocka_unit_test(without_lines_or_days),
		cmocka_unit_test(the_service_day_is_the_hospitals),
		cmocka_unit_test(options_make_faults_of_unknown_codes),
		cmocka_unit_test(tasks_and_consents),
		cmocka_unit_test(long_lists_stay_fast),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(an_ordinary_claim_takes_microseconds),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
