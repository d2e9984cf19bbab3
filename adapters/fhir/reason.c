/* Neutral reasons: names, defaults, and the standard codes that lead to them (HL7 adjudication categories, X12 claim
 * adjustment group and reason codes). */
#include "fhir/reason.h"

#include <string.h>

#include "lib/reason.h"

#define MAP_REASON "reason"
#define KEY_BYTES_MAX 512

/* Which of HL7's adjudication categories says a reason. */
static const struct {
	uint16_t reason;
	const char *category;
} reasons[] = {
	{ZF_REASON_DEDUCTIBLE, "deductible"},
	{ZF_REASON_COPAY, "copay"},
	{ZF_REASON_TAX, "tax"},
};

/* X12 claim adjustment reason codes with one plain meaning for us. */
static const struct {
	uint16_t carc;
	uint16_t reason;
} carcs[] = {
	{1, ZF_REASON_DEDUCTIBLE},
	{2, ZF_REASON_COINSURANCE},
	{3, ZF_REASON_COPAY},
	{4, ZF_REASON_CODING},
	{11, ZF_REASON_CODING},
	{15, ZF_REASON_NO_AUTHORIZATION},
	{16, ZF_REASON_MORE_INFORMATION},
	{18, ZF_REASON_DUPLICATE},
	{22, ZF_REASON_OTHER_PAYER},
	{23, ZF_REASON_OTHER_PAYER},
	{26, ZF_REASON_NOT_ELIGIBLE},
	{27, ZF_REASON_NOT_ELIGIBLE},
	{29, ZF_REASON_LATE},
	{31, ZF_REASON_NOT_ELIGIBLE},
	{35, ZF_REASON_BENEFIT_LIMIT},
	{45, ZF_REASON_CONTRACT_PRICE},
	{50, ZF_REASON_NOT_NECESSARY},
	{51, ZF_REASON_PRE_EXISTING},
	{96, ZF_REASON_NOT_COVERED},
	{97, ZF_REASON_CODING},
	{109, ZF_REASON_OTHER_PAYER},
	{119, ZF_REASON_BENEFIT_LIMIT},
	{131, ZF_REASON_CONTRACT_PRICE},
	{137, ZF_REASON_TAX},
	{146, ZF_REASON_CODING},
	{181, ZF_REASON_CODING},
	{197, ZF_REASON_NO_AUTHORIZATION},
	{198, ZF_REASON_NO_AUTHORIZATION},
	{204, ZF_REASON_NOT_COVERED},
	{226, ZF_REASON_MORE_INFORMATION},
	{227, ZF_REASON_MORE_INFORMATION},
	{252, ZF_REASON_MORE_INFORMATION},
};

/* Category codes: HL7's, and words that insurers commonly use for the same. */
static const struct {
	const char *code;
	uint8_t category;
	uint16_t reason;
} categories[] = {
	{"submitted", FHIR_CATEGORY_SUBMITTED, 0},
	{"eligible", FHIR_CATEGORY_ELIGIBLE, 0},
	{"benefit", FHIR_CATEGORY_BENEFIT, 0},
	{"eligpercent", FHIR_CATEGORY_IGNORED, 0},
	{"approved-quantity", FHIR_CATEGORY_IGNORED, 0},
	{"deductible", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_DEDUCTIBLE},
	{"unallocdeduct", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_DEDUCTIBLE},
	{"copay", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_COPAY},
	{"coinsurance", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_COINSURANCE},
	{"coins", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_COINSURANCE},
	{"tax", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_TAX},
	{"noncovered", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_NOT_COVERED},
	{"discount", FHIR_CATEGORY_ADJUSTMENT, ZF_REASON_CONTRACT_PRICE},
};

const char *fhir_reason_category(uint16_t reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason == reason) return reasons[i].category;
	}
	return NULL;
}

static uint16_t reason_of_carc(const char *code)
{
	unsigned number = 0;
	if (code[0] == '\0' || strlen(code) > 3) return ZF_REASON_NONE;
	for (const char *p = code; *p != '\0'; p++) {
		if (*p < '0' || *p > '9') return ZF_REASON_NONE;
		number = number * 10 + (unsigned)(*p - '0');
	}
	for (size_t i = 0; i < sizeof(carcs) / sizeof(carcs[0]); i++) {
		if (carcs[i].carc == number) return carcs[i].reason;
	}
	return ZF_REASON_NONE;
}

const char *fhir_profile_map(const struct zf_profile *profile, const char *map, const struct zf_coding *coding)
{
	if (profile == NULL || profile->map == NULL || coding == NULL || coding->code == NULL) return NULL;
	if (coding->system != NULL) {
		char key[KEY_BYTES_MAX];
		size_t system_len = strlen(coding->system), code_len = strlen(coding->code);
		bool fits = system_len + code_len + 2 <= sizeof(key);
		if (fits) {
			memcpy(key, coding->system, system_len);
			key[system_len] = '|';
			memcpy(key + system_len + 1, coding->code, code_len + 1);
		}
		const char *to = fits ? profile->map(profile, map, key) : NULL;
		if (to != NULL) return to;
	}
	return profile->map(profile, map, coding->code);
}

/* "deductible", "PR:deductible", "CO-45", "benefit", "ignore": the right side of the map. false: not understood. */
static bool read_mapped(const char *text, struct fhir_verdict *verdict)
{
	const char *rest;
	uint8_t group = reason_group_prefix(text, &rest);
	if (strcmp(rest, "ignore") == 0) {
		verdict->category = FHIR_CATEGORY_IGNORED;
		return true;
	}
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		if (categories[i].reason == 0 && strcmp(categories[i].code, rest) == 0) {
			verdict->category = categories[i].category;
			return true;
		}
	}
	uint16_t reason = reason_from_name(rest);
	if (reason == ZF_REASON_NONE) reason = reason_of_carc(rest);
	if (reason == ZF_REASON_NONE && group == ZF_GROUP_NONE) return false;
	if (reason != ZF_REASON_NONE) verdict->reason = reason;
	if (group != ZF_GROUP_NONE) verdict->group = group;
	return true;
}

/* What one coding says by the standard code systems. */
static void read_standard(const struct zf_coding *coding, struct fhir_verdict *verdict)
{
	const char *rest;
	uint8_t group = reason_group_prefix(coding->code, &rest);
	uint16_t reason = ZF_REASON_NONE;
	if (coding->system != NULL && strcmp(coding->system, FHIR_SYSTEM_REASON) == 0) {
		reason = reason_from_name(coding->code);
	} else if (group != ZF_GROUP_NONE || (coding->system != NULL && strstr(coding->system, "adjustment-reason"))) {
		reason = reason_of_carc(rest);
	}
	if (group != ZF_GROUP_NONE) verdict->group = group;
	if (reason != ZF_REASON_NONE) {
		verdict->reason = reason;
		return;
	}
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		if (strcmp(categories[i].code, coding->code) != 0) continue;
		verdict->category = categories[i].category;
		if (verdict->reason == ZF_REASON_NONE) verdict->reason = categories[i].reason;
	}
}

static void read_concept(
	const struct zf_profile *profile, const struct zf_concept *concept, struct fhir_verdict *verdict)
{
	if (concept == NULL) return;
	for (uint32_t i = 0; i < concept->coding_count; i++) {
		const char *mapped = fhir_profile_map(profile, MAP_REASON, concept->codings[i]);
		if (mapped != NULL && read_mapped(mapped, verdict)) return;
	}
	for (uint32_t i = 0; i < concept->coding_count; i++) {
		if (concept->codings[i]->code != NULL) read_standard(concept->codings[i], verdict);
	}
}

struct fhir_verdict fhir_reason_read(
	const struct zf_profile *profile, const struct zf_concept *category, const struct zf_concept *reason)
{
	struct fhir_verdict verdict = {0};
	read_concept(profile, category, &verdict);
	if (verdict.category != FHIR_CATEGORY_ADJUSTMENT) return verdict;
	read_concept(profile, reason, &verdict);
	verdict.category = FHIR_CATEGORY_ADJUSTMENT;
	if (verdict.reason == ZF_REASON_NONE) verdict.reason = ZF_REASON_OTHER;
	if (verdict.group == ZF_GROUP_NONE) verdict.group = reason_group(verdict.reason);
	return verdict;
}
