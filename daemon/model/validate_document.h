/* Validates all that a FHIR document carries: its claims, consents and tasks, and what a Bundle asks us to do. */
#ifndef MODEL_VALIDATE_DOCUMENT_H
#define MODEL_VALIDATE_DOCUMENT_H

#include "fhir/document.h"
#include "model/validate.h"

/* After fhir_document_read, with the same fault list. ret_results: one per document->claims, made in the arena; NULL
 * when there is no claim. Paths begin with "Claim", "Consent", "Task" or "Bundle.entry[i]". ERR_NOMEM. */
int validate_document(const struct fhir_document *document, const struct validate_options *options,
	struct zf_arena *arena, struct fault_list *faults, struct validate_result **ret_results) MUSTUSE;

/* Adds a fault at Bundle.entry[i].request when it asks for what is not done in a Bundle, or, in a batch or transaction,
 * for nothing. What a claim refers to may be posted as well; a Task may not. */
void validate_request(const struct fhir_document *document, uint32_t index, struct fault_list *faults);

#endif
