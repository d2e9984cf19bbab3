/* All types and value sets in one table each, and the way from a resource's name to its type. The value sets are those
 * with a required binding in R4 (hl7.org/fhir/R4). */
#include "fhir/element.h"

#include <string.h>

#include "fhir/element_rows.h"

#define TYPE(name_, rows_, size_, required_, finish_)                                                                  \
	{                                                                                                              \
		.name = (name_), .elements = (rows_), .element_count = sizeof(rows_) / sizeof((rows_)[0]),             \
		.struct_size = (size_), .required = (required_), .finish = (finish_)                                   \
	}

const struct fhir_type_info fhir_types[FHIR_T_COUNT] = {
	[FHIR_T_CODING] = TYPE("Coding", fhir_rows_coding, sizeof(struct zf_coding), 0x0, NULL),
	[FHIR_T_CODEABLE_CONCEPT] =
		TYPE("CodeableConcept", fhir_rows_codeable_concept, sizeof(struct zf_concept), 0x0, NULL),
	[FHIR_T_IDENTIFIER] = TYPE("Identifier", fhir_rows_identifier, sizeof(struct zf_identifier), 0x0, NULL),
	[FHIR_T_REFERENCE] =
		TYPE("Reference", fhir_rows_reference, sizeof(struct fhir_reference), 0x0, fhir_finish_reference),
	[FHIR_T_PERIOD] = TYPE("Period", fhir_rows_period, sizeof(struct zf_period), 0x0, NULL),
	[FHIR_T_MONEY] = TYPE("Money", fhir_rows_money, sizeof(struct fhir_price), 0x0, NULL),
	[FHIR_T_QUANTITY] = TYPE("Quantity", fhir_rows_quantity, sizeof(struct fhir_quantity), 0x0, NULL),
	[FHIR_T_RANGE] = TYPE("Range", fhir_rows_range, 0, 0x0, NULL),
	[FHIR_T_RATIO] = TYPE("Ratio", fhir_rows_ratio, 0, 0x0, NULL),
	[FHIR_T_HUMAN_NAME] = TYPE("HumanName", fhir_rows_human_name, sizeof(struct zf_name), 0x0, NULL),
	[FHIR_T_ADDRESS] = TYPE("Address", fhir_rows_address, sizeof(struct zf_address), 0x0, NULL),
	[FHIR_T_CONTACT_POINT] = TYPE("ContactPoint", fhir_rows_contact_point, sizeof(struct zf_telecom), 0x0, NULL),
	[FHIR_T_ATTACHMENT] = TYPE("Attachment", fhir_rows_attachment, 0, 0x0, NULL),
	[FHIR_T_NARRATIVE] = TYPE("Narrative", fhir_rows_narrative, 0, 0x3, NULL),
	[FHIR_T_META] = TYPE("Meta", fhir_rows_meta, sizeof(struct fhir_meta), 0x0, NULL),
	[FHIR_T_ANNOTATION] = TYPE("Annotation", fhir_rows_annotation, 0, 0x4, NULL),
	[FHIR_T_EXTENSION] = TYPE("Extension", fhir_rows_extension, sizeof(struct fhir_extension), 0x0, NULL),
	[FHIR_T_CLAIM] = TYPE("Claim", fhir_rows_claim, sizeof(struct fhir_claim), 0x800cb6, NULL),
	[FHIR_T_CLAIM_RELATED] = TYPE("Claim.Related", fhir_rows_claim_related, sizeof(struct fhir_related), 0x0, NULL),
	[FHIR_T_CLAIM_PAYEE] = TYPE("Claim.Payee", fhir_rows_claim_payee, 0, 0x1, NULL),
	[FHIR_T_CLAIM_CARE_TEAM] =
		TYPE("Claim.CareTeam", fhir_rows_claim_care_team, sizeof(struct fhir_care_team), 0x3, NULL),
	[FHIR_T_CLAIM_SUPPORTING_INFO] = TYPE("Claim.SupportingInfo", fhir_rows_claim_supporting_info,
		sizeof(struct fhir_supporting_info), 0x3, fhir_finish_supporting_info),
	[FHIR_T_CLAIM_DIAGNOSIS] =
		TYPE("Claim.Diagnosis", fhir_rows_claim_diagnosis, sizeof(struct fhir_diagnosis), 0x3, NULL),
	[FHIR_T_CLAIM_PROCEDURE] =
		TYPE("Claim.Procedure", fhir_rows_claim_procedure, sizeof(struct fhir_claim_procedure), 0x9, NULL),
	[FHIR_T_CLAIM_INSURANCE] =
		TYPE("Claim.Insurance", fhir_rows_claim_insurance, sizeof(struct fhir_insurance), 0xb, NULL),
	[FHIR_T_CLAIM_ACCIDENT] =
		TYPE("Claim.Accident", fhir_rows_claim_accident, sizeof(struct fhir_accident), 0x1, NULL),
	[FHIR_T_CLAIM_ITEM] =
		TYPE("Claim.Item", fhir_rows_claim_item, sizeof(struct fhir_item), 0x81, fhir_finish_item),
	[FHIR_T_CLAIM_DETAIL] =
		TYPE("Claim.Detail", fhir_rows_claim_detail, sizeof(struct fhir_item), 0x9, fhir_finish_item),
	[FHIR_T_CLAIM_SUB_DETAIL] =
		TYPE("Claim.SubDetail", fhir_rows_claim_sub_detail, sizeof(struct fhir_item), 0x9, fhir_finish_item),
	[FHIR_T_PATIENT] = TYPE("Patient", fhir_rows_patient, sizeof(struct fhir_patient), 0x0, NULL),
	[FHIR_T_PATIENT_CONTACT] = TYPE("Patient.Contact", fhir_rows_patient_contact, 0, 0x0, NULL),
	[FHIR_T_PATIENT_COMMUNICATION] = TYPE(
		"Patient.Communication", fhir_rows_patient_communication, sizeof(struct fhir_communication), 0x1, NULL),
	[FHIR_T_PATIENT_LINK] = TYPE("Patient.Link", fhir_rows_patient_link, 0, 0x3, NULL),
	[FHIR_T_ORGANIZATION] =
		TYPE("Organization", fhir_rows_organization, sizeof(struct fhir_organization), 0x0, NULL),
	[FHIR_T_ORGANIZATION_CONTACT] = TYPE("Organization.Contact", fhir_rows_organization_contact, 0, 0x0, NULL),
	[FHIR_T_PRACTITIONER] =
		TYPE("Practitioner", fhir_rows_practitioner, sizeof(struct fhir_practitioner), 0x0, NULL),
	[FHIR_T_PRACTITIONER_QUALIFICATION] = TYPE("Practitioner.Qualification", fhir_rows_practitioner_qualification,
		sizeof(struct fhir_qualification), 0x2, NULL),
	[FHIR_T_PRACTITIONER_ROLE] =
		TYPE("PractitionerRole", fhir_rows_practitioner_role, sizeof(struct fhir_practitioner_role), 0x0, NULL),
	[FHIR_T_PRACTITIONER_ROLE_AVAILABLE_TIME] =
		TYPE("PractitionerRole.AvailableTime", fhir_rows_practitioner_role_available_time, 0, 0x0, NULL),
	[FHIR_T_PRACTITIONER_ROLE_NOT_AVAILABLE] =
		TYPE("PractitionerRole.NotAvailable", fhir_rows_practitioner_role_not_available, 0, 0x1, NULL),
	[FHIR_T_COVERAGE] = TYPE("Coverage", fhir_rows_coverage, sizeof(struct fhir_coverage), 0x442, NULL),
	[FHIR_T_COVERAGE_CLASS] =
		TYPE("Coverage.Class", fhir_rows_coverage_class, sizeof(struct fhir_coverage_class), 0x3, NULL),
	[FHIR_T_COVERAGE_COST_TO_BENEFICIARY] =
		TYPE("Coverage.CostToBeneficiary", fhir_rows_coverage_cost_to_beneficiary, 0, 0x2, NULL),
	[FHIR_T_COVERAGE_EXCEPTION] = TYPE("Coverage.Exception", fhir_rows_coverage_exception, 0, 0x1, NULL),
	[FHIR_T_ENCOUNTER] = TYPE("Encounter", fhir_rows_encounter, sizeof(struct fhir_encounter), 0xa, NULL),
	[FHIR_T_ENCOUNTER_STATUS_HISTORY] =
		TYPE("Encounter.StatusHistory", fhir_rows_encounter_status_history, 0, 0x3, NULL),
	[FHIR_T_ENCOUNTER_CLASS_HISTORY] =
		TYPE("Encounter.ClassHistory", fhir_rows_encounter_class_history, 0, 0x3, NULL),
	[FHIR_T_ENCOUNTER_PARTICIPANT] = TYPE("Encounter.Participant", fhir_rows_encounter_participant, 0, 0x0, NULL),
	[FHIR_T_ENCOUNTER_DIAGNOSIS] = TYPE("Encounter.Diagnosis", fhir_rows_encounter_diagnosis, 0, 0x1, NULL),
	[FHIR_T_ENCOUNTER_HOSPITALIZATION] =
		TYPE("Encounter.Hospitalization", fhir_rows_encounter_hospitalization, 0, 0x0, NULL),
	[FHIR_T_ENCOUNTER_LOCATION] = TYPE("Encounter.Location", fhir_rows_encounter_location, 0, 0x1, NULL),
	[FHIR_T_CONDITION] = TYPE("Condition", fhir_rows_condition, sizeof(struct fhir_condition), 0x80, NULL),
	[FHIR_T_CONDITION_STAGE] = TYPE("Condition.Stage", fhir_rows_condition_stage, 0, 0x0, NULL),
	[FHIR_T_CONDITION_EVIDENCE] = TYPE("Condition.Evidence", fhir_rows_condition_evidence, 0, 0x0, NULL),
	[FHIR_T_PROCEDURE] = TYPE("Procedure", fhir_rows_procedure, sizeof(struct fhir_procedure), 0x220, NULL),
	[FHIR_T_PROCEDURE_PERFORMER] = TYPE("Procedure.Performer", fhir_rows_procedure_performer, 0, 0x2, NULL),
	[FHIR_T_PROCEDURE_FOCAL_DEVICE] = TYPE("Procedure.FocalDevice", fhir_rows_procedure_focal_device, 0, 0x2, NULL),
	[FHIR_T_CONSENT] = TYPE("Consent", fhir_rows_consent, sizeof(struct fhir_consent), 0xe, NULL),
	[FHIR_T_CONSENT_POLICY] = TYPE("Consent.Policy", fhir_rows_consent_policy, 0, 0x0, NULL),
	[FHIR_T_CONSENT_VERIFICATION] = TYPE("Consent.Verification", fhir_rows_consent_verification, 0, 0x1, NULL),
	[FHIR_T_CONSENT_PROVISION] =
		TYPE("Consent.Provision", fhir_rows_consent_provision, sizeof(struct fhir_provision), 0x0, NULL),
	[FHIR_T_CONSENT_ACTOR] =
		TYPE("Consent.Actor", fhir_rows_consent_actor, sizeof(struct fhir_consent_actor), 0x3, NULL),
	[FHIR_T_CONSENT_DATA] =
		TYPE("Consent.Data", fhir_rows_consent_data, sizeof(struct fhir_consent_data), 0x3, NULL),
	[FHIR_T_CLAIM_RESPONSE] =
		TYPE("ClaimResponse", fhir_rows_claim_response, sizeof(struct fhir_claim_response), 0x4f6, NULL),
	[FHIR_T_CLAIM_RESPONSE_ITEM] =
		TYPE("ClaimResponse.Item", fhir_rows_claim_response_item, sizeof(struct fhir_response_item), 0x5, NULL),
	[FHIR_T_CLAIM_RESPONSE_ADJUDICATION] = TYPE("ClaimResponse.Adjudication", fhir_rows_claim_response_adjudication,
		sizeof(struct fhir_adjudication), 0x1, NULL),
	[FHIR_T_CLAIM_RESPONSE_DETAIL] = TYPE(
		"ClaimResponse.Detail", fhir_rows_claim_response_detail, sizeof(struct fhir_response_item), 0x5, NULL),
	[FHIR_T_CLAIM_RESPONSE_SUB_DETAIL] = TYPE("ClaimResponse.SubDetail", fhir_rows_claim_response_sub_detail,
		sizeof(struct fhir_response_item), 0x1, NULL),
	[FHIR_T_CLAIM_RESPONSE_ADD_ITEM] = TYPE("ClaimResponse.AddItem", fhir_rows_claim_response_add_item,
		sizeof(struct fhir_response_item), 0x10010, NULL),
	[FHIR_T_CLAIM_RESPONSE_DETAIL1] =
		TYPE("ClaimResponse.Detail1", fhir_rows_claim_response_detail1, 0, 0x81, NULL),
	[FHIR_T_CLAIM_RESPONSE_SUB_DETAIL1] =
		TYPE("ClaimResponse.SubDetail1", fhir_rows_claim_response_sub_detail1, 0, 0x81, NULL),
	[FHIR_T_CLAIM_RESPONSE_TOTAL] = TYPE(
		"ClaimResponse.Total", fhir_rows_claim_response_total, sizeof(struct fhir_adjudication), 0x3, NULL),
	[FHIR_T_CLAIM_RESPONSE_PAYMENT] = TYPE(
		"ClaimResponse.Payment", fhir_rows_claim_response_payment, sizeof(struct fhir_payment), 0x11, NULL),
	[FHIR_T_CLAIM_RESPONSE_PROCESS_NOTE] = TYPE("ClaimResponse.ProcessNote", fhir_rows_claim_response_process_note,
		sizeof(struct fhir_process_note), 0x4, NULL),
	[FHIR_T_CLAIM_RESPONSE_INSURANCE] =
		TYPE("ClaimResponse.Insurance", fhir_rows_claim_response_insurance, 0, 0x7, NULL),
	[FHIR_T_CLAIM_RESPONSE_ERROR] = TYPE(
		"ClaimResponse.Error", fhir_rows_claim_response_error, sizeof(struct fhir_response_error), 0x8, NULL),
	[FHIR_T_PAYMENT_RECONCILIATION] = TYPE("PaymentReconciliation", fhir_rows_payment_reconciliation,
		sizeof(struct fhir_payment_reconciliation), 0x60a, NULL),
	[FHIR_T_PAYMENT_RECONCILIATION_DETAIL] = TYPE("PaymentReconciliation.Detail",
		fhir_rows_payment_reconciliation_detail, sizeof(struct fhir_payment_detail), 0x4, NULL),
	[FHIR_T_PAYMENT_RECONCILIATION_PROCESS_NOTE] =
		TYPE("PaymentReconciliation.ProcessNote", fhir_rows_payment_reconciliation_process_note, 0, 0x0, NULL),
	[FHIR_T_OPERATION_OUTCOME] =
		TYPE("OperationOutcome", fhir_rows_operation_outcome, sizeof(struct fhir_outcome), 0x1, NULL),
	[FHIR_T_OPERATION_OUTCOME_ISSUE] =
		TYPE("OperationOutcome.Issue", fhir_rows_operation_outcome_issue, sizeof(struct fhir_issue), 0x3, NULL),
	[FHIR_T_COMMUNICATION_REQUEST] = TYPE("CommunicationRequest", fhir_rows_communication_request,
		sizeof(struct fhir_communication_request), 0x10, NULL),
	[FHIR_T_COMMUNICATION_REQUEST_PAYLOAD] = TYPE("CommunicationRequest.Payload",
		fhir_rows_communication_request_payload, sizeof(struct fhir_payload), 0x1, NULL),
	[FHIR_T_BUNDLE] = TYPE("Bundle", fhir_rows_bundle, sizeof(struct fhir_bundle), 0x2, NULL),
	[FHIR_T_BUNDLE_LINK] = TYPE("Bundle.Link", fhir_rows_bundle_link, 0, 0x3, NULL),
	[FHIR_T_BUNDLE_ENTRY] = TYPE("Bundle.Entry", fhir_rows_bundle_entry, sizeof(struct fhir_entry), 0x0, NULL),
	[FHIR_T_BUNDLE_SEARCH] = TYPE("Bundle.Search", fhir_rows_bundle_search, 0, 0x0, NULL),
	[FHIR_T_BUNDLE_REQUEST] =
		TYPE("Bundle.Request", fhir_rows_bundle_request, sizeof(struct fhir_request), 0x3, NULL),
	[FHIR_T_BUNDLE_RESPONSE] = TYPE("Bundle.Response", fhir_rows_bundle_response, 0, 0x1, NULL),
	[FHIR_T_MESSAGE_HEADER] =
		TYPE("MessageHeader", fhir_rows_message_header, sizeof(struct fhir_message_header), 0x21, NULL),
	[FHIR_T_MESSAGE_HEADER_DESTINATION] = TYPE("MessageHeader.Destination", fhir_rows_message_header_destination,
		sizeof(struct fhir_message_destination), 0x4, NULL),
	[FHIR_T_MESSAGE_HEADER_SOURCE] = TYPE("MessageHeader.Source", fhir_rows_message_header_source,
		sizeof(struct fhir_message_source), 0x10, NULL),
	[FHIR_T_MESSAGE_HEADER_RESPONSE] = TYPE("MessageHeader.Response", fhir_rows_message_header_response,
		sizeof(struct fhir_message_response), 0x3, NULL),
	[FHIR_T_TASK] = TYPE("Task", fhir_rows_task, sizeof(struct fhir_task), 0x240, NULL),
	[FHIR_T_TASK_RESTRICTION] = TYPE("Task.Restriction", fhir_rows_task_restriction, 0, 0x0, NULL),
	[FHIR_T_TASK_INPUT] = TYPE("Task.Input", fhir_rows_task_input, sizeof(struct fhir_parameter), 0x3, NULL),
	[FHIR_T_TASK_OUTPUT] = TYPE("Task.Output", fhir_rows_task_output, sizeof(struct fhir_parameter), 0x3, NULL),
};

static const char *const codes_address_type[] = {"postal", "physical", "both", NULL};
static const char *const codes_address_use[] = {"home", "work", "temp", "old", "billing", NULL};
static const char *const codes_administrative_gender[] = {"male", "female", "other", "unknown", NULL};
static const char *const codes_bundle_type[] = {"document", "message", "transaction", "transaction-response", "batch",
	"batch-response", "history", "searchset", "collection", NULL};
static const char *const codes_claim_processing_codes[] = {"queued", "complete", "error", "partial", NULL};
static const char *const codes_consent_data_meaning[] = {"instance", "related", "dependents", "authoredby", NULL};
static const char *const codes_consent_provision_type[] = {"deny", "permit", NULL};
static const char *const codes_consent_state[] = {
	"draft", "proposed", "active", "rejected", "inactive", "entered-in-error", NULL};
static const char *const codes_contact_point_system[] = {"phone", "fax", "email", "pager", "url", "sms", "other", NULL};
static const char *const codes_contact_point_use[] = {"home", "work", "temp", "old", "mobile", NULL};
static const char *const codes_days_of_week[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
static const char *const codes_encounter_location_status[] = {"planned", "active", "reserved", "completed", NULL};
static const char *const codes_encounter_status[] = {"planned", "arrived", "triaged", "in-progress", "onleave",
	"finished", "cancelled", "entered-in-error", "unknown", NULL};
static const char *const codes_event_status[] = {"preparation", "in-progress", "not-done", "on-hold", "stopped",
	"completed", "entered-in-error", "unknown", NULL};
static const char *const codes_financial_resource_status_codes[] = {
	"active", "cancelled", "draft", "entered-in-error", NULL};
static const char *const codes_httpverb[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", NULL};
static const char *const codes_identifier_use[] = {"usual", "official", "temp", "secondary", "old", NULL};
static const char *const codes_issue_severity[] = {"fatal", "error", "warning", "information", NULL};
static const char *const codes_issue_type[] = {"invalid", "structure", "required", "value", "invariant", "security",
	"login", "unknown", "expired", "forbidden", "suppressed", "processing", "not-supported", "duplicate",
	"multiple-matches", "not-found", "deleted", "too-long", "code-invalid", "extension", "too-costly",
	"business-rule", "conflict", "transient", "lock-error", "no-store", "exception", "timeout", "incomplete",
	"throttled", "informational", NULL};
static const char *const codes_link_type[] = {"replaced-by", "replaces", "refer", "seealso", NULL};
static const char *const codes_name_use[] = {
	"usual", "official", "temp", "nickname", "anonymous", "old", "maiden", NULL};
static const char *const codes_narrative_status[] = {"generated", "extensions", "additional", "empty", NULL};
static const char *const codes_note_type[] = {"display", "print", "printoper", NULL};
static const char *const codes_quantity_comparator[] = {"<", "<=", ">=", ">", NULL};
static const char *const codes_remittance_outcome[] = {"queued", "complete", "error", "partial", NULL};
static const char *const codes_request_priority[] = {"routine", "urgent", "asap", "stat", NULL};
static const char *const codes_request_status[] = {
	"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown", NULL};
static const char *const codes_response_type[] = {"ok", "transient-error", "fatal-error", NULL};
static const char *const codes_search_entry_mode[] = {"match", "include", "outcome", NULL};
static const char *const codes_task_intent[] = {"unknown", "proposal", "plan", "order", "original-order",
	"reflex-order", "filler-order", "instance-order", "option", NULL};
static const char *const codes_task_status[] = {"draft", "requested", "received", "accepted", "rejected", "ready",
	"cancelled", "in-progress", "on-hold", "failed", "completed", "entered-in-error", NULL};
static const char *const codes_use[] = {"claim", "preauthorization", "predetermination", NULL};

const struct fhir_value_set fhir_value_sets[FHIR_B_COUNT] = {
	[FHIR_B_ADDRESS_TYPE] = {"AddressType", codes_address_type},
	[FHIR_B_ADDRESS_USE] = {"AddressUse", codes_address_use},
	[FHIR_B_ADMINISTRATIVE_GENDER] = {"AdministrativeGender", codes_administrative_gender},
	[FHIR_B_BUNDLE_TYPE] = {"BundleType", codes_bundle_type},
	[FHIR_B_CLAIM_PROCESSING_CODES] = {"ClaimProcessingCodes", codes_claim_processing_codes},
	[FHIR_B_CONSENT_DATA_MEANING] = {"ConsentDataMeaning", codes_consent_data_meaning},
	[FHIR_B_CONSENT_PROVISION_TYPE] = {"ConsentProvisionType", codes_consent_provision_type},
	[FHIR_B_CONSENT_STATE] = {"ConsentState", codes_consent_state},
	[FHIR_B_CONTACT_POINT_SYSTEM] = {"ContactPointSystem", codes_contact_point_system},
	[FHIR_B_CONTACT_POINT_USE] = {"ContactPointUse", codes_contact_point_use},
	[FHIR_B_DAYS_OF_WEEK] = {"DaysOfWeek", codes_days_of_week},
	[FHIR_B_ENCOUNTER_LOCATION_STATUS] = {"EncounterLocationStatus", codes_encounter_location_status},
	[FHIR_B_ENCOUNTER_STATUS] = {"EncounterStatus", codes_encounter_status},
	[FHIR_B_EVENT_STATUS] = {"EventStatus", codes_event_status},
	[FHIR_B_FINANCIAL_RESOURCE_STATUS_CODES] = {"FinancialResourceStatusCodes",
		codes_financial_resource_status_codes},
	[FHIR_B_HTTPVERB] = {"HTTPVerb", codes_httpverb},
	[FHIR_B_IDENTIFIER_USE] = {"IdentifierUse", codes_identifier_use},
	[FHIR_B_ISSUE_SEVERITY] = {"IssueSeverity", codes_issue_severity},
	[FHIR_B_ISSUE_TYPE] = {"IssueType", codes_issue_type},
	[FHIR_B_LINK_TYPE] = {"LinkType", codes_link_type},
	[FHIR_B_NAME_USE] = {"NameUse", codes_name_use},
	[FHIR_B_NARRATIVE_STATUS] = {"NarrativeStatus", codes_narrative_status},
	[FHIR_B_NOTE_TYPE] = {"NoteType", codes_note_type},
	[FHIR_B_QUANTITY_COMPARATOR] = {"QuantityComparator", codes_quantity_comparator},
	[FHIR_B_REMITTANCE_OUTCOME] = {"RemittanceOutcome", codes_remittance_outcome},
	[FHIR_B_REQUEST_PRIORITY] = {"RequestPriority", codes_request_priority},
	[FHIR_B_REQUEST_STATUS] = {"RequestStatus", codes_request_status},
	[FHIR_B_RESPONSE_TYPE] = {"ResponseType", codes_response_type},
	[FHIR_B_SEARCH_ENTRY_MODE] = {"SearchEntryMode", codes_search_entry_mode},
	[FHIR_B_TASK_INTENT] = {"TaskIntent", codes_task_intent},
	[FHIR_B_TASK_STATUS] = {"TaskStatus", codes_task_status},
	[FHIR_B_USE] = {"Use", codes_use},
};

enum fhir_type fhir_type_of_resource(const char *name, size_t len)
{
	static const struct {
		const char *name;
		uint8_t len;
		uint8_t type;
	} names[] = {
		{"Claim", 5, FHIR_T_CLAIM},
		{"Patient", 7, FHIR_T_PATIENT},
		{"Organization", 12, FHIR_T_ORGANIZATION},
		{"Practitioner", 12, FHIR_T_PRACTITIONER},
		{"PractitionerRole", 16, FHIR_T_PRACTITIONER_ROLE},
		{"Coverage", 8, FHIR_T_COVERAGE},
		{"Encounter", 9, FHIR_T_ENCOUNTER},
		{"Condition", 9, FHIR_T_CONDITION},
		{"Procedure", 9, FHIR_T_PROCEDURE},
		{"Consent", 7, FHIR_T_CONSENT},
		{"ClaimResponse", 13, FHIR_T_CLAIM_RESPONSE},
		{"PaymentReconciliation", 21, FHIR_T_PAYMENT_RECONCILIATION},
		{"OperationOutcome", 16, FHIR_T_OPERATION_OUTCOME},
		{"CommunicationRequest", 20, FHIR_T_COMMUNICATION_REQUEST},
		{"Bundle", 6, FHIR_T_BUNDLE},
		{"MessageHeader", 13, FHIR_T_MESSAGE_HEADER},
		{"Task", 4, FHIR_T_TASK},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].len == len && memcmp(names[i].name, name, len) == 0) return (enum fhir_type)names[i].type;
	}
	return FHIR_T_NONE;
}
