/* The entries of a claim's Bundle beside the claim: persons, parties, coverages and encounters, each once, and how the
 * claim refers to them. Internal to the FHIR module. */
#ifndef FHIR_ENCODE_PARTY_H
#define FHIR_ENCODE_PARTY_H

#include "fhir/encode_message.h"

/* One canonical struct that becomes an entry. */
struct fhir_party {
	const void *subject; /* the canonical struct */
	const char *type;    /* R4 resource type */
	const char *id;
	const char *url; /* fullUrl */
};

struct fhir_parties {
	const struct zf_claim *claim;
	const struct fhir_claim_options *options;
	struct zf_arena *arena;
	struct fhir_party *items;
	uint32_t count, cap;
	const struct zf_organization *provider, *insurer; /* those that get the identifiers of the options */
};

/* Finds everything that the claim speaks of and gives it an id. LIB_NOMEM or 0. */
int fhir_parties_collect(struct fhir_parties *parties, const struct zf_claim *claim,
	const struct fhir_claim_options *options, struct zf_arena *arena);

/* A fresh id and its fullUrl. LIB_NOMEM or 0. */
int fhir_party_id(struct fhir_parties *parties, const char *type, const char **ret_id, const char **ret_url);

/* The entries of one type (organizations: those with type "Organization"), or of all others with type NULL. */
void fhir_parties_put(struct json_writer *writer, const struct fhir_parties *parties, const char *type);

/* How the claim refers to each; nothing is written when there is nothing to say. */
void fhir_put_patient_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_patient *patient);
void fhir_put_organization_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_organization *organization);
void fhir_put_practitioner_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_practitioner *practitioner);
void fhir_put_coverage_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_coverage *coverage);
void fhir_put_encounter_ref(struct json_writer *writer, const char *key, const struct fhir_parties *parties,
	const struct zf_encounter *encounter);

/* A reference of the sender's that means the same in another document: absolute or urn:; else NULL. */
const char *fhir_lasting_reference(const char *reference);
/* The map "profile" for "Type.detail" (detail may be NULL), then for "Type"; NULL when there is none. */
const char *fhir_profile_url(
	const struct fhir_claim_options *options, struct zf_arena *arena, const char *type, const char *detail);

#endif
