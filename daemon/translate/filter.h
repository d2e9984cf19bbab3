/* What of a claim may leave: an insurer's allow-list of FHIRPath prefixes, applied to the claim's Bundle before any
 * module sees it. Pure.
 *
 * A prefix is a resource type ("Coverage": all of it) or a path from one ("Claim.item", "Patient.name.text"); it covers
 * what is below it, and the types of a choice ("Claim.item.serviced" covers servicedDate). A resource's type and id,
 * and an entry's fullUrl, stay with whatever is left of it. An empty list allows every field.
 *
 * Whatever the list says, these never leave:
 *   genomic data (China's rules on human genetic resources): MolecularSequence, and an Observation, DiagnosticReport,
 *   ServiceRequest or Procedure that is marked as genetic (category GE, a genomics-reporting profile, a LOINC code of
 *   genetic testing)
 *   resources of types that a bill has no use for (Observation, DiagnosticReport, DocumentReference, ...), unless the
 * list names them. */
#ifndef TRANSLATE_FILTER_H
#define TRANSLATE_FILTER_H

#include "base/core.h"
#include "lib/arena.h"
#include "lib/text.h"

struct filter {
	const char *const *prefixes;
	uint32_t count;
};

/* A type of which filter_apply leaves everything, whatever is in it, where there is no list. */
bool filter_passes(const char *type);
/* The Bundle (or a single resource) after the filter; arena memory. ERR_INVALID: not JSON, or not a resource;
 * ERR_NOMEM. */
int filter_apply(const struct filter *filter, struct text_span bundle, struct zf_arena *arena,
	struct text_span *ret_left) MUSTUSE;

#endif
