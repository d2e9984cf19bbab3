/* From canonical structs to FHIR R4 JSON: claims as Bundles, answers, remittances, tasks and outcomes. Used by intake
 * to answer reads, by the adapter module towards insurers, and by the sandbox insurer.
 *
 * Every function returns 0 with the document (arena memory) in ret, LIB_NOMEM, LIB_LIMIT (too large) or LIB_INVALID
 * (text that is not UTF-8). */
#ifndef FHIR_ENCODE_H
#define FHIR_ENCODE_H

#include "fhir/answer.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "zhifu_adapter.h"
#include "zhifu_model.h"

#define FHIR_SYSTEM_CLAIM "urn:zhifu:claim" /* identifier system of zf_claim.ref unless a profile names another */
#define FHIR_SYSTEM_FAULT "urn:zhifu:fault" /* code system of fault names (lib/fault.h) */
#define FHIR_SYSTEM_OWNER "urn:zhifu:owner" /* code system of who can fix a fault */
#define FHIR_EXTENSION_FEE "urn:zhifu:fee"  /* Money in PaymentReconciliation.detail */
#define FHIR_EXTENSION_TAX "urn:zhifu:tax"  /* Money in Claim.item */
#define FHIR_EXTENSION_PATIENT_SHARE "urn:zhifu:patient-share"
#define FHIR_EXTENSION_BILL_SEQUENCE "urn:zhifu:bill-sequence"

/* What a claim needs that is not in it. NULL means none, or the default in brackets. */
struct fhir_claim_options {
	const struct zf_profile *profile; /* maps "system", "type" and "profile"; NULL: none */
	const char *claim_system;         /* of zf_claim.ref [FHIR_SYSTEM_CLAIM] */
	const char *base_url;             /* fullUrl is BASE/Type/id; NULL: urn:uuid:id */
	/* URLs; NULL: not written. package is written as false */
	const char *tax_extension, *patient_share_extension, *package_extension, *bill_sequence_extension;
	const char *sender_system, *sender_id;     /* the provider's identifier at the insurer, added to its own */
	const char *receiver_system, *receiver_id; /* the insurer's */
	struct text_span
		source; /* the Claim resource as it came, for what the canonical struct lacks; {NULL, 0}: none */
	int (*new_id)(void *ctx, char text[40]); /* fresh UUIDs for the entries; required */
	void *ctx;
};

/* The MessageHeader of a message Bundle. */
struct fhir_message {
	const char *id;             /* of the MessageHeader: what an answer's response.identifier repeats */
	const char *profile;        /* meta.profile, or NULL */
	const char *bundle_profile; /* of the Bundle, or NULL */
	const char *timestamp;      /* Bundle.timestamp, an instant; or NULL */
	const char *event_system, *event;
	const char *sender_system, *sender_id;
	const char *receiver_system, *receiver_id;
	const char *source_endpoint;
	const char *destination_endpoint;
	const char *response_identifier, *response_code; /* of an answer; NULL: a request */
};

/* A collection Bundle, or with `message` a message Bundle whose one focus is the claim. Organizations stand before the
 * claim, as NPHIES demands. */
int fhir_encode_claim(const struct zf_claim *claim, const struct fhir_claim_options *options,
	const struct fhir_message *message, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* What an answer's resource needs beside the canonical struct; all may be NULL. */
struct fhir_answer_options {
	const char *id;
	const char *last_updated;      /* an instant, into meta */
	const char *profile;           /* meta.profile */
	const char *claim_system;      /* of zf_claim.ref [FHIR_SYSTEM_CLAIM] */
	const char *number_system;     /* of insurer_claim_no; without it the number goes without a system */
	const char *request_reference; /* "Claim/UUID" */
	const char *patient_reference, *insurer_reference, *provider_reference, *coverage_reference;
	const char *tag; /* meta.tag code, e.g. "queued-messages" */
	const char *tag_system;
	/* Chinese beside the English of the adjudication's disposition and notes, which run in parallel; its elements
	 * may be NULL, too. */
	const char *disposition_zh;
	const char *const *notes_zh;
};

/* ClaimResponse. adjudication with outcome ZF_OUTCOME_QUEUED says that nothing has been decided. */
int fhir_encode_claim_response(const struct zf_claim *claim, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* ExplanationOfBenefit: the claim's lines with the decision on each. */
int fhir_encode_explanation(const struct zf_claim *claim, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* PaymentReconciliation. fee_extension: URL of the fee of a detail [FHIR_EXTENSION_FEE]. */
int fhir_encode_remittance(const struct zf_remittance *remittance, const struct fhir_answer_options *options,
	const char *fee_extension, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* A Task. Everything but status and intent may be NULL or 0. */
struct fhir_task_fields {
	const char *id;
	const char *last_updated;
	const char *profile;
	const char *identifier_system, *identifier;
	const char *status; /* R4 TaskStatus */
	const char *intent; /* "order" [order] */
	const char *priority;
	const char *status_reason;   /* text */
	const char *business_status; /* text */
	const char *code_system, *code;
	const char *focus_type;                 /* "Claim" */
	const char *focus_reference;            /* "Claim/UUID" */
	const char *focus_system, *focus_value; /* its identifier */
	const char *reason_system, *reason;
	const char *requester_system, *requester_id;
	const char *owner_system, *owner_id;
	struct zf_time authored_on;
	int64_t count;       /* input "count"; 0: none */
	const char *include; /* blank-separated message types: inputs "include-message-type" */
	const char *exclude; /* likewise "exclude-message-type" */
};
int fhir_encode_task(const struct fhir_task_fields *task, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

/* OperationOutcome: each fault with severity, issue type, stable name, English text with its Chinese translation, who
 * can fix it, and the FHIRPath. An empty list says that all is well. */
int fhir_encode_outcome(const struct fault_list *faults, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;
/* The same for faults that came from an adapter or insurer; all are errors. */
int fhir_encode_outcome_faults(const struct zf_fault *const *faults, uint32_t count, struct zf_arena *arena,
	struct text_span *ret) LIB_MUSTUSE;

/* A message Bundle around one resource that is JSON already (a Task, a ClaimResponse, a PaymentReconciliation). type
 * and id: the resource's. base_url as in fhir_claim_options. */
int fhir_encode_message(const struct fhir_message *message, const char *base_url, const char *type, const char *id,
	struct text_span resource, struct zf_arena *arena, struct text_span *ret) LIB_MUSTUSE;

#endif
