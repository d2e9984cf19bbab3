/* What the tables fill: for each resource type that we read the parts of it that end up in a canonical struct, with
 * references still unresolved. Internal to the FHIR module; the canonical structs in zhifu_model.h are what others see.
 */
#ifndef FHIR_RESOURCE_H
#define FHIR_RESOURCE_H

#include "fhir/element.h"
#include "lib/text.h"
#include "zhifu_model.h"

/* FHIR Reference. */
struct fhir_reference {
	const char *reference;
	const char *type;
	const char *display;
	const struct zf_identifier *identifier;
	struct text_span raw_identifier; /* the identifier's raw JSON, to be echoed */
};

/* FHIR Money whose decimals are kept. */
struct fhir_price {
	struct zf_decimal value;
	const char *currency;
};

struct fhir_quantity {
	struct zf_decimal value;
	const char *unit;
	const char *code;
};

/* FHIR Extension, of the values that we read. */
struct fhir_extension {
	const char *url;
	const char *text;
	int32_t number;
	uint8_t truth;
	struct zf_money money;
	const struct zf_concept *concept;
};

/* An extension that is kept; the canonical struct first, so that a list of these is a list of those. */
struct fhir_kept_extension {
	struct zf_extension out;
	struct fhir_extension value;
};

struct fhir_meta {
	const char *version;
	const struct zf_coding *const *tags;
	const char *const *profiles;
	uint32_t tag_count, profile_count;
};

/* One resource of a document: the root, an entry's or a contained one. */
struct fhir_resource {
	uint8_t type;                    /* enum fhir_type; FHIR_T_NONE: a type that we do not read */
	uint8_t referenced;              /* something points to it */
	uint8_t in_bundle;               /* an entry's; its index is `index` */
	uint8_t outcome;                 /* Bundle.entry.response.outcome instead of Bundle.entry.resource */
	uint32_t index;                  /* of the entry or in the container's `contained` */
	const char *type_name;           /* resourceType; NULL when it was missing */
	const char *id;                  /* NULL when it has none */
	const char *full_url;            /* Bundle.entry.fullUrl */
	struct text_span raw;            /* its bytes in the document as they came; borrowed */
	void *value;                     /* struct fhir_patient etc. by type; NULL when not read */
	struct fhir_resource *container; /* of a contained resource */
	struct fhir_resource *const *contained;
	uint32_t contained_count;
	uint32_t extension_count;
	const struct zf_extension *const *extensions; /* fhir_kept_extension; of a type that collects them, else none */
};

/* What every resource struct starts with. */
struct fhir_base {
	const char *id;
	const struct fhir_meta *meta;
	struct fhir_resource *const *contained;
	uint32_t contained_count;
};

struct fhir_communication {
	const struct zf_concept *language;
	uint8_t preferred;
};

struct fhir_patient {
	struct fhir_base base;
	struct zf_patient out;
	const struct fhir_communication *const *communications;
	uint32_t communication_count;
	struct zf_time deceased_time;
};

struct fhir_organization {
	struct fhir_base base;
	struct zf_organization out;
	const struct zf_address *const *addresses;
	const struct zf_concept *const *types;
	uint32_t address_count, type_count;
};

struct fhir_qualification {
	const struct zf_concept *code;
};

struct fhir_practitioner {
	struct fhir_base base;
	struct zf_practitioner out;
	const struct zf_name *const *names;
	const struct fhir_qualification *const *qualifications;
	uint32_t name_count, qualification_count;
};

struct fhir_practitioner_role {
	struct fhir_base base;
	const struct fhir_reference *practitioner;
	const struct fhir_reference *organization;
	const struct zf_concept *const *specialties;
	uint32_t specialty_count;
};

struct fhir_coverage_class {
	const struct zf_concept *type;
	const char *value;
};

struct fhir_coverage {
	struct fhir_base base;
	struct zf_coverage out;
	const struct fhir_reference *beneficiary;
	const struct fhir_reference *const *payors;
	const struct fhir_coverage_class *const *classes;
	uint32_t payor_count, class_count;
	uint8_t linked; /* out.payors have been made from payors */
};

struct fhir_encounter {
	struct fhir_base base;
	struct zf_encounter out;
};

struct fhir_condition {
	struct fhir_base base;
	const struct zf_concept *code;
};

struct fhir_procedure {
	struct fhir_base base;
	const struct zf_concept *code;
	struct zf_time performed;
	struct zf_period performed_period;
};

/* Claim.diagnosis and so on: the canonical struct first, so that a list of these is a list of those. */
struct fhir_diagnosis {
	struct zf_diagnosis out;
	const struct fhir_reference *reference;
};

struct fhir_claim_procedure {
	struct zf_procedure out;
	const struct fhir_reference *reference;
};

struct fhir_care_team {
	struct zf_care_team out;
	const struct fhir_reference *provider;
};

struct fhir_supporting_info {
	struct zf_supporting_info out;
	struct zf_time timing_date;
	struct fhir_quantity quantity;
	const struct fhir_reference *reference;
	struct text_span raw_value;
};

struct fhir_insurance {
	struct zf_insurance out;
	const struct fhir_reference *coverage;
};

struct fhir_related {
	struct zf_related_claim out;
	const struct fhir_reference *claim;
};

/* Claim.item, detail and subDetail. */
struct fhir_item {
	struct zf_claim_line out;
	struct zf_time serviced_date;
	struct fhir_quantity quantity;
	struct fhir_price unit_price;
	const struct fhir_reference *const *encounters;
	uint32_t encounter_count;
};

struct fhir_accident {
	struct zf_time date;
	const struct zf_concept *type;
};

struct fhir_claim {
	struct fhir_base base;
	struct zf_claim out;
	const char *use;
	const struct fhir_reference *patient;
	const struct fhir_reference *provider;
	const struct fhir_reference *insurer;
	struct fhir_accident accident;
};

struct fhir_consent_actor {
	const struct zf_concept *role;
	const struct fhir_reference *reference;
};

struct fhir_consent_data {
	const char *meaning;
};

struct fhir_provision {
	const char *type;
	struct zf_period period;
	const struct fhir_consent_actor *const *actors;
	const struct zf_concept *const *actions;
	const struct zf_coding *const *purposes;
	uint32_t actor_count, action_count, purpose_count;
	/* By these it narrows: we can't honour them, so they are a fault. */
	const struct fhir_provision *const *provisions;
	const struct fhir_consent_data *const *data;
	const struct zf_concept *const *codes;
	const struct zf_coding *const *classes;
	const struct zf_coding *const *labels;
	uint32_t provision_count, data_count, code_count, class_count, label_count;
	struct zf_period data_period;
};

struct fhir_consent {
	struct fhir_base base;
	struct zf_consent out;
	const struct zf_concept *scope;
	const struct zf_concept *policy_rule;
	const struct fhir_reference *patient;
	struct fhir_provision provision;
};

/* Task.input and output, of the kinds that the poll and cancel exchanges use. */
struct fhir_parameter {
	const struct zf_concept *type;
	const struct fhir_reference *reference;
	const char *text;
	int32_t number;
};

struct fhir_task {
	struct fhir_base base;
	const struct zf_identifier *const *identifiers;
	const char *status;
	const char *intent;
	const struct zf_concept *status_reason;
	const struct zf_concept *business_status;
	const struct zf_concept *code;
	const struct zf_concept *reason_code;
	const struct fhir_reference *focus;
	const struct fhir_reference *subject; /* Task.for */
	const struct fhir_reference *requester;
	const struct fhir_reference *owner;
	const char *description;
	struct zf_time authored_on;
	const struct fhir_parameter *const *inputs;
	const struct fhir_parameter *const *outputs;
	uint32_t identifier_count, input_count, output_count;
};

struct fhir_message_destination {
	const char *endpoint;
	const struct fhir_reference *receiver;
};

struct fhir_message_response {
	const char *identifier;
	const char *code;
	const struct fhir_reference *details;
};

struct fhir_message_source {
	const char *endpoint;
};

struct fhir_message_header {
	struct fhir_base base;
	const struct zf_coding *event;
	const char *event_uri;
	const struct fhir_message_destination *const *destinations;
	const struct fhir_reference *sender;
	const struct fhir_message_source *source;
	const struct fhir_message_response *response;
	const struct fhir_reference *const *foci;
	uint32_t destination_count, focus_count;
};

struct fhir_issue {
	const char *severity;
	const char *code;
	const struct zf_concept *details;
	const char *diagnostics;
	const char *const *locations;
	const char *const *expressions;
	uint32_t location_count, expression_count;
};

struct fhir_outcome {
	struct fhir_base base;
	const struct fhir_issue *const *issues;
	uint32_t issue_count;
};

/* ClaimResponse.item.adjudication; total shares its shape. */
struct fhir_adjudication {
	const struct zf_concept *category;
	const struct zf_concept *reason;
	struct zf_money amount;
	struct zf_decimal value;
};

/* ClaimResponse.item, its details and addItem. */
struct fhir_response_item {
	int32_t sequence;
	const int32_t *sequences; /* addItem.itemSequence */
	uint32_t sequence_count;
	uint32_t adjudication_count;
	const struct fhir_adjudication *const *adjudications;
	const struct fhir_response_item *const *details;
	uint32_t detail_count;
};

struct fhir_payment {
	const struct zf_concept *type;
	struct zf_money adjustment;
	struct zf_time date;
	struct zf_money amount;
	const struct zf_identifier *identifier;
};

struct fhir_process_note {
	int32_t number;
	const char *text;
};

struct fhir_response_error {
	int32_t item_sequence, detail_sequence, sub_detail_sequence;
	const struct zf_concept *code;
};

struct fhir_claim_response {
	struct fhir_base base;
	const struct zf_identifier *const *identifiers;
	const char *status;
	const char *use;
	const char *outcome;
	const char *disposition;
	const char *preauth_ref;
	struct zf_time created;
	struct zf_period preauth_period;
	const struct fhir_reference *patient;
	const struct fhir_reference *insurer;
	const struct fhir_reference *request;
	const struct fhir_response_item *const *items;
	const struct fhir_response_item *const *add_items;
	const struct fhir_adjudication *const *adjudications;
	const struct fhir_adjudication *const *totals;
	const struct fhir_process_note *const *notes;
	const struct fhir_response_error *const *errors;
	struct fhir_payment payment;
	uint32_t identifier_count, item_count, add_item_count, adjudication_count, total_count, note_count, error_count;
};

struct fhir_payment_detail {
	const struct zf_identifier *identifier;
	const struct zf_identifier *predecessor;
	const struct zf_concept *type;
	const struct fhir_reference *request;
	const struct fhir_reference *response;
	struct zf_time date;
	struct zf_money amount;
};

struct fhir_payment_reconciliation {
	struct fhir_base base;
	const struct zf_identifier *const *identifiers;
	const char *status;
	const char *outcome;
	const char *disposition;
	struct zf_time created, payment_date;
	struct zf_money amount;
	const struct zf_identifier *payment_identifier;
	const struct fhir_payment_detail *const *details;
	uint32_t identifier_count, detail_count;
};

struct fhir_payload {
	const char *text;
	const struct fhir_reference *reference;
};

struct fhir_communication_request {
	struct fhir_base base;
	const struct zf_identifier *const *identifiers;
	const char *status;
	const struct fhir_reference *const *about;
	const struct fhir_reference *const *based_on;
	const struct fhir_payload *const *payloads;
	struct zf_time occurrence;
	struct zf_period occurrence_period;
	uint32_t identifier_count, about_count, based_on_count, payload_count;
};

struct fhir_request {
	const char *method;
	const char *url;
};

struct fhir_entry {
	const char *full_url;
	struct fhir_resource *resource;
	const struct fhir_request *request;
};

struct fhir_bundle {
	struct fhir_base base;
	const char *type;
	const struct fhir_entry *const *entries;
	uint32_t entry_count;
};

/* Completions of objects, called by the reader (see fhir_type_info.finish); in finish.c. */
int fhir_finish_item(struct fhir_reader *reader, void *value);
int fhir_finish_supporting_info(struct fhir_reader *reader, void *value);
int fhir_finish_reference(struct fhir_reader *reader, void *value);

#endif
