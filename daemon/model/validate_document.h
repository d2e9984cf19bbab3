/* Validates all that a FHIR document carries: its claims, consents and tasks, and what a Bundle asks us to do. */
#ifndef MODEL_VALIDATE_DOCUMENT_H
#define MODEL_VALIDATE_DOCUMENT_H

#include "fhir/document.h"
#include "model/validate.h"

/* After fhir_document_read, with the same fault list. ret_results: one per document->claims, made in the arena; NULL
 * when there is no claim. Paths begin with "Claim", "Consent", "Task" or "Bundle.entry[i]", so that a batch can tell
 * which entry a fault belongs to (validate_entry_refused). ERR_NOMEM. */
int validate_document(const struct fhir_document *document, const struct validate_options *options,
	struct zf_arena *arena, struct fault_list *faults, struct validate_result **ret_results) MUSTUSE;

/* In a Bundle: is there a fault (not a warning) within entry i? */
bool validate_entry_refused(const struct fault_list *faults, uint32_t entry);
/* Does a fault stand within entry i? For giving each entry of a batch its own outcome. */
bool validate_fault_in_entry(const struct fault *fault, uint32_t entry);

#endif
