/* The neutral reasons and groups of adjustments, their names, and how insurers' codes come to them: first by the
 * insurer's map "reason", then by the standard codes, else ZF_REASON_OTHER with the original kept. Internal to the FHIR
 * module. */
#ifndef FHIR_REASON_H
#define FHIR_REASON_H

#include <stdbool.h>

#include "zhifu_adapter.h"
#include "zhifu_model.h"

#define FHIR_SYSTEM_REASON "urn:zhifu:reason" /* our names below as a code system */
#define FHIR_SYSTEM_ADJUDICATION "http://terminology.hl7.org/CodeSystem/adjudication"
#define FHIR_SYSTEM_CAGC "https://x12.org/codes/claim-adjustment-group-codes"

/* What an adjudication entry is about. */
enum fhir_category {
	FHIR_CATEGORY_ADJUSTMENT = 0,
	FHIR_CATEGORY_SUBMITTED,
	FHIR_CATEGORY_ELIGIBLE,
	FHIR_CATEGORY_BENEFIT,
	FHIR_CATEGORY_IGNORED, /* a quantity or percentage: no amount of its own */
};

struct fhir_verdict {
	uint8_t category; /* enum fhir_category */
	uint8_t group;    /* enum zf_group; for adjustments */
	uint16_t reason;  /* enum zf_reason */
};

/* The HL7 adjudication category that says it ("deductible", "copay", "tax"), or NULL. */
const char *fhir_reason_category(uint16_t reason);

/* Reads an adjudication entry's category and reason (either may be NULL). profile may be NULL. */
struct fhir_verdict fhir_reason_read(
	const struct zf_profile *profile, const struct zf_concept *category, const struct zf_concept *reason);

/* Has the module's profile a mapping for this coding, under "system|code" or under "code" alone? */
const char *fhir_profile_map(const struct zf_profile *profile, const char *map, const struct zf_coding *coding);

#endif
