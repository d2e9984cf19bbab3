/* Finds what a Reference points to within its document (hl7.org/fhir/R4/references.html, bundle.html#references).
 * Internal to the FHIR module. */
#ifndef FHIR_REFERENCE_H
#define FHIR_REFERENCE_H

#include "fhir/reader.h"

enum fhir_resolution {
	FHIR_FOUND = 0,
	FHIR_LOGICAL,   /* an identity outside of the document: urn:, absolute URL, conditional */
	FHIR_MISSING,   /* "#id" or "Type/id" that is not there */
	FHIR_AMBIGUOUS, /* several resources answer to it */
	FHIR_BAD,       /* no reference at all */
};

struct fhir_index_slot {
	uint64_t hash;
	struct fhir_resource *resource; /* NULL: free */
	bool by_url;                    /* by fullUrl, else by Type/id */
};

struct fhir_index {
	struct fhir_index_slot *slots;
	uint32_t mask;
	bool has_urls; /* any entry has a fullUrl */
};

/* Indexes all resources at entry level. A fullUrl that comes twice is a fault. LIB_NOMEM or 0. */
int fhir_index_build(struct fhir_index *index, struct fhir_reader *reader);

/* reference: the text of Reference.reference, as it stands in `scope`. */
enum fhir_resolution fhir_reference_resolve(const struct fhir_index *index, const struct fhir_resource *scope,
	const char *reference, struct fhir_resource **ret_resource);

/* Adds the faults of all references that the reader has put aside, and marks what they point to. */
void fhir_reference_check(const struct fhir_index *index, struct fhir_reader *reader);

#endif
