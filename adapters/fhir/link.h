/* From resources to canonical structs: follows the references of a Claim or Consent and completes its struct.
 * Internal to the FHIR module. */
#ifndef FHIR_LINK_H
#define FHIR_LINK_H

#include "fhir/reference.h"

struct fhir_link {
	const struct fhir_index *index;
	struct zf_arena *arena;
	struct fault_list *faults;
};

/* Complete the canonical struct of a resource of that type. LIB_NOMEM or 0. */
int fhir_link_claim(const struct fhir_link *link, struct fhir_resource *resource);
int fhir_link_consent(const struct fhir_link *link, struct fhir_resource *resource);

/* What a reference says about a party or person: the resource where it is there, else identifier and display. NULL
 * reference gives NULL. LIB_NOMEM or 0. */
int fhir_link_patient(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_patient **ret_patient);
int fhir_link_organization(const struct fhir_link *link, const struct fhir_resource *scope,
	const struct fhir_reference *reference, const struct zf_organization **ret_organization);

/* The first coding's code of a concept; NULL when there is none. */
const char *fhir_concept_code(const struct zf_concept *concept);
/* Has it a coding with that code, in whatever system? */
bool fhir_concept_has(const struct zf_concept *concept, const char *code);

#endif
