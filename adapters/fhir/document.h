/* Reads a FHIR R4 document (a resource with its contained ones, or a Bundle) into the canonical structs in one pass
 * over the bytes: every structural fault at once, references resolved, the raw bytes of each entry kept.
 *
 * Structural means: what R4 says about the form. Unknown elements, JSON types, cardinalities, primitive formats,
 * required value sets, currencies and the decimals they have, empty or null elements, modifier extensions, references
 * that do not resolve. What a claim's content means (sums, sequences, dates) is for the validator. Types of resources
 * that we don't map are listed and not checked. */
#ifndef FHIR_DOCUMENT_H
#define FHIR_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/fault.h"
#include "lib/text.h"
#include "zhifu_model.h"

/* 0 anywhere means the default in brackets. */
struct fhir_limits {
	size_t bytes_max;     /* of the document [JSON_BYTES_DEFAULT] */
	uint32_t depth_max;   /* nested JSON containers [JSON_DEPTH_DEFAULT], at most JSON_DEPTH_MAX */
	uint32_t entries_max; /* of a Bundle [5000] */
	uint32_t list_max;    /* elements of any other list [10000] */
};

struct fhir_resource; /* resource.h */

/* An entry of a Bundle; a document that is a single resource has one, with index 0. */
struct fhir_document_entry {
	const char *full_url;  /* NULL when it has none */
	const char *method;    /* Bundle.entry.request.method, or NULL */
	const char *url;       /* Bundle.entry.request.url, or NULL */
	const char *type_name; /* resourceType; NULL: an entry without a resource, or without its resourceType */
	const char *id;        /* of the resource, or NULL */
	struct text_span raw;  /* the resource's bytes as they came; borrows the input */
	const struct fhir_resource *resource;
	const struct zf_claim *claim;          /* of a Claim; else NULL */
	const struct zf_consent *consent;      /* of a Consent; else NULL */
	const struct fhir_document_task *task; /* of a Task; else NULL */
};

/* A Task: an order to cancel, or to poll. */
struct fhir_document_task {
	const struct zf_identifier *const *identifiers;
	uint32_t identifier_count;
	uint32_t entry; /* index in fhir_document.entries */
	const char *status;
	const char *intent;
	const char *code;   /* first coding's, e.g. "cancel"; or NULL */
	const char *reason; /* reasonCode's first code, else its text; or NULL */
	const char *focus;  /* Reference.reference, e.g. "Claim/0190..."; or NULL */
	const struct zf_identifier *focus_identifier;
};

/* Entry `from` refers to entry `to`, itself or from inside a contained resource. */
struct fhir_document_link {
	uint32_t from, to; /* indexes in fhir_document.entries */
};

struct fhir_document {
	const char *type_name;   /* resourceType of the whole: "Bundle", "Claim", ... */
	const char *bundle_type; /* Bundle.type; NULL for a single resource */
	const struct fhir_document_entry *entries;
	uint32_t entry_count;
	uint32_t claim_count;
	uint32_t consent_count;
	uint32_t task_count;
	const struct zf_claim *const *claims;
	const uint32_t *claim_entries; /* the entry of each claim */
	const struct zf_consent *const *consents;
	const uint32_t *consent_entries;
	const struct fhir_document_task *const *tasks;
	const struct fhir_resource *root;
	const struct fhir_resource *const *resources; /* all at entry level (or the root), for answers and look-ups */
	uint32_t resource_count;
	uint32_t link_count;
	const struct fhir_document_link *links; /* between different entries, in the order of the text; may repeat */
};

/* What may stand at the root, for fhir_document_read; everything else is a fault. */
enum fhir_accept {
	FHIR_ACCEPT_CLAIM = 1 << 0,
	FHIR_ACCEPT_BUNDLE = 1 << 1, /* collection, batch, transaction, message */
	FHIR_ACCEPT_CONSENT = 1 << 2,
	FHIR_ACCEPT_TASK = 1 << 3,
	FHIR_ACCEPT_ANSWER =
		1 << 4, /* what an insurer answers with, and the Bundles of it (searchset, batch-response, ...) */
};

/* Reads `len` bytes. limits may be NULL. accept: enum fhir_accept, ORed. All faults go to `faults`; a Claim with faults
 * is decoded as far as it can be. Returns 0 with ret_document filled (look at fault_refuses(faults)); LIB_INVALID when
 * the bytes aren't JSON within the limits or the root is not what is accepted (with its fault, ret_document zeroed);
 * LIB_NOMEM. The document borrows `bytes` for the raw spans only; all else is in the arena. */
int fhir_document_read(const char *bytes, size_t len, const struct fhir_limits *limits, uint32_t accept,
	struct zf_arena *arena, struct fault_list *faults, struct fhir_document *ret_document) LIB_MUSTUSE;

/* Does `accept` say yes to the type of every resource, contained ones too? No as well where that cannot be said: of an
 * entry without a resource, and of a type that we do not map, since others may be contained in it. */
bool fhir_document_all(const struct fhir_document *document, bool (*accept)(const char *type_name));

#endif
