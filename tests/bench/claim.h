/* The claim that the benchmarks submit: a valid FHIR R4 Claim of about 3.1 kB with five lines, its patient, coverage
 * and insurer contained. Made once per person; only two fields of fixed width change from claim to claim. */
#ifndef BENCH_CLAIM_H
#define BENCH_CLAIM_H

#include "bench.h"

#define CLAIM_BYTES_MAX 4096
#define CLAIM_LINES 5
#define CLAIM_COUNTER_DIGITS 10

struct claim_text {
	char text[CLAIM_BYTES_MAX];
	size_t len;
	size_t number_at; /* the counter's digits in the claim's identifier */
	size_t code_at;   /* and in the first line's tariff code: no two claims are business duplicates */
};

static inline void claim_counter_set(char *digits, uint64_t counter)
{
	for (int i = CLAIM_COUNTER_DIGITS - 1; i >= 0; i--, counter /= 10) digits[i] = (char)('0' + counter % 10);
}

#define CLAIM_SYSTEM "https://hospital.example/"
#define CLAIM_MONEY(text) "{\"value\":" text ",\"currency\":\"CNY\"}"
#define CLAIM_LINE(no, code, name, day, quantity, price, net)                                                          \
	"{\"sequence\":" no ",\"diagnosisSequence\":[1],\"productOrService\":{\"coding\":[{\"system\":\"" CLAIM_SYSTEM \
	"tariff\",\"code\":\"" code "\",\"display\":\"" name "\"}]},\"servicedDate\":\"" day                           \
	"\",\"quantity\":{\"value\":" quantity "},\"unitPrice\":" CLAIM_MONEY(price) ",\"net\":" CLAIM_MONEY(net) "}"

static inline const char *claim_pick(const char *const *list, size_t count, unsigned person)
{
	return list[person % count];
}

/* The contained patient, as an own resource too: a consent names the same identity. */
static inline int claim_patient_write(char *to, size_t size, unsigned person)
{
	static const char *const families[] = {"Müller", "García", "Dupont", "Rossi", "Novák", "Tanaka", "Okafor"};
	static const char *const givens[] = {
		"Anna", "José", "Chloé", "Luca", "Petra", "Yuki", "Ifeoma", "Omar", "Elif"};
	const char *family = claim_pick(families, sizeof(families) / sizeof(*families), person);
	const char *given = claim_pick(givens, sizeof(givens) / sizeof(*givens), person / 7);

	return snprintf(to, size,
		"{\"resourceType\":\"Patient\",\"id\":\"patient\",\"identifier\":[{\"type\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"PPN\"}]},\"system\":"
		"\"http://hl7.org/fhir/sid/passport-DEU\",\"value\":\"C%08u\"}],\"name\":[{\"use\":\"official\","
		"\"text\":\"%s %s\",\"family\":\"%s\",\"given\":[\"%s\"]}],\"gender\":\"%s\","
		"\"birthDate\":\"19%02u-%02u-%02u\"}",
		person, given, family, family, given, person % 2 == 0 ? "female" : "male", 40 + person % 60,
		1 + person % 12, 1 + person % 28);
}

static inline void claim_write(struct claim_text *ret, unsigned person)
{
	char patient[1024];
	char *mark;
	int n;

	(void)claim_patient_write(patient, sizeof(patient), person);
	n = snprintf(ret->text, sizeof(ret->text),
		"{\"resourceType\":\"Claim\",\"contained\":[%s,"
		"{\"resourceType\":\"Coverage\",\"id\":\"coverage\",\"status\":\"active\",\"subscriberId\":\"AL-%08u\","
		"\"beneficiary\":{\"reference\":\"#patient\"},\"payor\":[{\"reference\":\"#insurer\"}]},"
		"{\"resourceType\":\"Organization\",\"id\":\"insurer\",\"identifier\":[{\"system\":"
		"\"https://payers.example/id\",\"value\":\"ALPHA\"}],\"name\":\"Alpha Health International\"}],"
		"\"identifier\":[{\"system\":\"" CLAIM_SYSTEM "bill\",\"value\":\"B-0000000000\"}],"
		"\"status\":\"active\",\"type\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/claim-type\",\"code\":\"professional\"}]},\"use\":\"claim\","
		"\"patient\":{\"reference\":\"#patient\"},"
		"\"billablePeriod\":{\"start\":\"2025-03-18\",\"end\":\"2025-03-19\"},\"created\":\"2025-03-20\","
		"\"insurer\":{\"reference\":\"#insurer\"},\"provider\":{\"identifier\":{\"system\":\"" CLAIM_SYSTEM
		"licence\",\"value\":\"BENCH\"},\"display\":\"Bench Hospital\"},\"priority\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/processpriority\",\"code\":\"normal\"}]},"
		"\"diagnosis\":[{\"sequence\":1,\"diagnosisCodeableConcept\":{\"coding\":[{\"system\":"
		"\"http://hl7.org/fhir/sid/icd-10\",\"code\":\"J20.9\"}],\"text\":\"Acute bronchitis\"}}],"
		"\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"reference\":\"#coverage\"}}],\"item\":[" CLAIM_LINE(
			"1", "T-0000000000", "Specialist consultation", "2025-03-18", "1", "800.00",
			"800.00") "," CLAIM_LINE("2", "220310", "CT of the chest", "2025-03-18", "1", "1260.00",
			"1260.00") "," CLAIM_LINE("3", "250400", "Laboratory, full blood count", "2025-03-18", "1",
			"486.50", "486.50") "," CLAIM_LINE("4", "TCM-0021", "Herbal granules, gram", "2025-03-19",
			"210", "0.1235", "25.94") "," CLAIM_LINE("5", "TCM-0107", "Tablets", "2025-03-19", "42",
			"1.2345", "51.85") "],\"total\":" CLAIM_MONEY("2624.29") "}",
		patient, person);
	if (n <= 0 || (size_t)n >= sizeof(ret->text)) bench_fail("the claim does not fit into its buffer");
	ret->len = (size_t)n;
	mark = strstr(ret->text, "\"B-0000000000\"");
	ret->number_at = (size_t)(mark - ret->text) + 3;
	mark = strstr(ret->text, "\"T-0000000000\"");
	ret->code_at = (size_t)(mark - ret->text) + 3;
}

/* A Consent of the person for the insurer of the claims. Returns its length. */
static inline size_t claim_consent_write(char *to, size_t size, unsigned person)
{
	char patient[1024];
	int n;

	(void)claim_patient_write(patient, sizeof(patient), person);
	n = snprintf(to, size,
		"{\"resourceType\":\"Consent\",\"contained\":[%s],\"identifier\":[{\"system\":\"" CLAIM_SYSTEM
		"consent\",\"value\":\"CON-%08u\"}],\"status\":\"active\",\"scope\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\"}]},\"category\":"
		"[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentcategorycodes\",\"code\":"
		"\"hipaa-auth\"}]}],\"patient\":{\"reference\":\"#patient\"},\"dateTime\":\"2025-03-18T08:30:00+08:00\","
		"\"policyRule\":{\"text\":\"Separate consent to send this bill to the insurer abroad\"},\"provision\":"
		"{\"type\":\"permit\",\"actor\":[{\"role\":{\"coding\":[{\"system\":"
		"\"http://terminology.hl7.org/CodeSystem/v3-ParticipationType\",\"code\":\"IRCP\"}]},\"reference\":{\"identifier\":"
		"{\"system\":\"https://payers.example/id\",\"value\":\"ALPHA\"}}}],\"purpose\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActReason\","
		"\"code\":\"HPAYMT\"}]}}",
		patient, person);
	if (n <= 0 || (size_t)n >= size) bench_fail("the consent does not fit into its buffer");
	return (size_t)n;
}

#endif
