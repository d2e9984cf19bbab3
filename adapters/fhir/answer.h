/* Reads what an insurer sends: ClaimResponse, PaymentReconciliation, OperationOutcome, CommunicationRequest and Task,
 * alone, in a searchset, or in a message Bundle (with further Bundles inside, as poll answers have). */
#ifndef FHIR_ANSWER_H
#define FHIR_ANSWER_H

#include "fhir/document.h"
#include "zhifu_adapter.h"
#include "zhifu_model.h"

/* How an insurer's codes and numbers are to be read. */
struct fhir_codes {
	const struct zf_profile *profile; /* its maps; NULL: the standard codes only */
	const char *claim_system;         /* identifier system of our ref; NULL: any */
	const char *fee_extensions; /* blank-separated URLs whose amounts are fees of a remittance detail; NULL: none */
};

struct fhir_answer_task {
	const char *status;
	const char *code;
	const char *focus; /* Reference.reference, or NULL */
	const struct zf_identifier *focus_identifier;
	const char *reason; /* statusReason's or businessStatus's text or code, or NULL */
};

struct fhir_answer {
	const char *type_name;   /* of the root */
	const char *bundle_type; /* or NULL */
	/* MessageHeader, when there is one */
	uint8_t has_header;
	uint8_t queued; /* a meta tag "queued-messages" on Bundle, header or answer: the insurer will decide later */
	uint8_t reserved[2];
	uint32_t claim_count; /* Claims found (answer to a search for a claim) */
	const char *header_id;
	const char *event;               /* eventCoding.code */
	const char *response_identifier; /* the message it answers */
	const char *response_code;       /* ok | transient-error | fatal-error */
	uint32_t adjudication_count, remittance_count, query_count, task_count, error_count, bundle_count;
	const struct zf_adjudication *const *adjudications;
	const struct zf_remittance *const *remittances;
	const struct zf_query *const *queries;
	const struct fhir_answer_task *const *tasks;
	const struct zf_fault *const *errors; /* issues of severity error or fatal */
	const struct text_span *bundles;      /* Bundles inside, to be read by a further call; borrow the input */
};

/* 0; LIB_INVALID: not readable, or an amount or outcome in it is not: nothing must be concluded from it (faults say
 * why); LIB_NOMEM. Faults that touch neither amounts nor outcomes do not matter here: it is the insurer's document. */
int fhir_answer_read(const char *bytes, size_t len, const struct fhir_codes *codes, struct zf_arena *arena,
	struct fault_list *faults, struct fhir_answer *ret_answer) LIB_MUSTUSE;

/* The canonical answer of a ClaimResponse that has been read; LIB_NOMEM or 0. */
int fhir_answer_adjudication(const struct fhir_resource *resource, const struct fhir_codes *codes,
	struct zf_arena *arena, const struct zf_adjudication **ret_adjudication) LIB_MUSTUSE;

#endif
