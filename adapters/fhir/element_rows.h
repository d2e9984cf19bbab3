/* The shape of the rows in element_*.c. A row says
 *	bit in the mask of seen elements, name, kind, flags, type, value set, where it is stored, where its count (LIST)
 *or raw text (RAW) is stored, resource types it may point to. The rows every element, backbone and resource has come
 *last, as ROWS_*; their argument is the first free bit. */
#ifndef FHIR_ELEMENT_ROWS_H
#define FHIR_ELEMENT_ROWS_H

#include "fhir/resource.h"

#define REQ FHIR_REQUIRED
#define LIST FHIR_LIST
#define EMBED FHIR_EMBED
#define RAW FHIR_RAW
#define ANY_OF FHIR_CHOICE
#define NOWHERE FHIR_NOWHERE
#define AT(name, field) offsetof(struct name, field)

#define ROW(bit_, name_, kind_, flags_, type_, binding_, at_, count_at_, targets_)                                     \
	{                                                                                                              \
		.name = (name_), .len = sizeof(name_) - 1, .kind = FHIR_##kind_, .flags = (flags_), .bit = (bit_),     \
		.type = (type_), .binding = (binding_), .offset = (at_), .count_offset = (count_at_),                  \
		.targets = (targets_)                                                                                  \
	}

#define ROWS_ELEMENT(b)                                                                                                \
	ROW(b, "extension", EXTENSION, LIST, 0, 0, NOWHERE, 0, NULL),                                                  \
		ROW(b + 1, "id", STRING, 0, 0, 0, NOWHERE, 0, NULL)
#define ROWS_BACKBONE(b) ROWS_ELEMENT(b), ROW(b + 2, "modifierExtension", MODIFIER, LIST, 0, 0, NOWHERE, 0, NULL)
#define ROWS_RESOURCE(b)                                                                                               \
	ROW(b, "resourceType", TYPE_NAME, 0, 0, 0, NOWHERE, 0, NULL),                                                  \
		ROW(b + 1, "id", ID, 0, 0, 0, AT(fhir_base, id), 0, NULL),                                             \
		ROW(b + 2, "meta", COMPLEX, 0, FHIR_T_META, 0, AT(fhir_base, meta), 0, NULL),                          \
		ROW(b + 3, "implicitRules", RULES, 0, 0, 0, NOWHERE, 0, NULL),                                         \
		ROW(b + 4, "language", CODE, 0, 0, 0, NOWHERE, 0, NULL)
#define ROWS_DOMAIN_RESOURCE(b)                                                                                        \
	ROWS_RESOURCE(b), ROW(b + 5, "text", COMPLEX, 0, FHIR_T_NARRATIVE, 0, NOWHERE, 0, NULL),                       \
		ROW(b + 6, "contained", RESOURCE, LIST, 0, 0, AT(fhir_base, contained),                                \
			AT(fhir_base, contained_count), NULL),                                                         \
		ROW(b + 7, "extension", EXTENSION, LIST, 0, 0, NOWHERE, 0, NULL),                                      \
		ROW(b + 8, "modifierExtension", MODIFIER, LIST, 0, 0, NOWHERE, 0, NULL)

extern const struct fhir_element fhir_rows_coding[7];
extern const struct fhir_element fhir_rows_codeable_concept[4];
extern const struct fhir_element fhir_rows_identifier[8];
extern const struct fhir_element fhir_rows_reference[6];
extern const struct fhir_element fhir_rows_period[4];
extern const struct fhir_element fhir_rows_money[4];
extern const struct fhir_element fhir_rows_quantity[7];
extern const struct fhir_element fhir_rows_range[4];
extern const struct fhir_element fhir_rows_ratio[4];
extern const struct fhir_element fhir_rows_human_name[9];
extern const struct fhir_element fhir_rows_address[12];
extern const struct fhir_element fhir_rows_contact_point[7];
extern const struct fhir_element fhir_rows_attachment[10];
extern const struct fhir_element fhir_rows_narrative[4];
extern const struct fhir_element fhir_rows_meta[8];
extern const struct fhir_element fhir_rows_annotation[6];
extern const struct fhir_element fhir_rows_extension[53];
extern const struct fhir_element fhir_rows_claim[36];
extern const struct fhir_element fhir_rows_claim_related[6];
extern const struct fhir_element fhir_rows_claim_payee[5];
extern const struct fhir_element fhir_rows_claim_care_team[8];
extern const struct fhir_element fhir_rows_claim_supporting_info[14];
extern const struct fhir_element fhir_rows_claim_diagnosis[9];
extern const struct fhir_element fhir_rows_claim_procedure[9];
extern const struct fhir_element fhir_rows_claim_insurance[10];
extern const struct fhir_element fhir_rows_claim_accident[7];
extern const struct fhir_element fhir_rows_claim_item[27];
extern const struct fhir_element fhir_rows_claim_detail[15];
extern const struct fhir_element fhir_rows_claim_sub_detail[14];
extern const struct fhir_element fhir_rows_patient[27];
extern const struct fhir_element fhir_rows_patient_contact[10];
extern const struct fhir_element fhir_rows_patient_communication[5];
extern const struct fhir_element fhir_rows_patient_link[5];
extern const struct fhir_element fhir_rows_organization[19];
extern const struct fhir_element fhir_rows_organization_contact[7];
extern const struct fhir_element fhir_rows_practitioner[19];
extern const struct fhir_element fhir_rows_practitioner_qualification[7];
extern const struct fhir_element fhir_rows_practitioner_role[23];
extern const struct fhir_element fhir_rows_practitioner_role_available_time[7];
extern const struct fhir_element fhir_rows_practitioner_role_not_available[5];
extern const struct fhir_element fhir_rows_coverage[26];
extern const struct fhir_element fhir_rows_coverage_class[6];
extern const struct fhir_element fhir_rows_coverage_cost_to_beneficiary[7];
extern const struct fhir_element fhir_rows_coverage_exception[5];
extern const struct fhir_element fhir_rows_encounter[32];
extern const struct fhir_element fhir_rows_encounter_status_history[5];
extern const struct fhir_element fhir_rows_encounter_class_history[5];
extern const struct fhir_element fhir_rows_encounter_participant[6];
extern const struct fhir_element fhir_rows_encounter_diagnosis[6];
extern const struct fhir_element fhir_rows_encounter_hospitalization[12];
extern const struct fhir_element fhir_rows_encounter_location[7];
extern const struct fhir_element fhir_rows_condition[34];
extern const struct fhir_element fhir_rows_condition_stage[6];
extern const struct fhir_element fhir_rows_condition_evidence[5];
extern const struct fhir_element fhir_rows_procedure[41];
extern const struct fhir_element fhir_rows_procedure_performer[6];
extern const struct fhir_element fhir_rows_procedure_focal_device[5];
extern const struct fhir_element fhir_rows_consent[23];
extern const struct fhir_element fhir_rows_consent_policy[5];
extern const struct fhir_element fhir_rows_consent_verification[6];
extern const struct fhir_element fhir_rows_consent_provision[14];
extern const struct fhir_element fhir_rows_consent_actor[5];
extern const struct fhir_element fhir_rows_consent_data[5];
extern const struct fhir_element fhir_rows_claim_response[36];
extern const struct fhir_element fhir_rows_claim_response_item[7];
extern const struct fhir_element fhir_rows_claim_response_adjudication[7];
extern const struct fhir_element fhir_rows_claim_response_detail[7];
extern const struct fhir_element fhir_rows_claim_response_sub_detail[6];
extern const struct fhir_element fhir_rows_claim_response_add_item[24];
extern const struct fhir_element fhir_rows_claim_response_detail1[12];
extern const struct fhir_element fhir_rows_claim_response_sub_detail1[11];
extern const struct fhir_element fhir_rows_claim_response_total[5];
extern const struct fhir_element fhir_rows_claim_response_payment[9];
extern const struct fhir_element fhir_rows_claim_response_process_note[7];
extern const struct fhir_element fhir_rows_claim_response_insurance[8];
extern const struct fhir_element fhir_rows_claim_response_error[7];
extern const struct fhir_element fhir_rows_payment_reconciliation[24];
extern const struct fhir_element fhir_rows_payment_reconciliation_detail[13];
extern const struct fhir_element fhir_rows_payment_reconciliation_process_note[5];
extern const struct fhir_element fhir_rows_operation_outcome[10];
extern const struct fhir_element fhir_rows_operation_outcome_issue[9];
extern const struct fhir_element fhir_rows_communication_request[32];
extern const struct fhir_element fhir_rows_communication_request_payload[6];
extern const struct fhir_element fhir_rows_bundle[12];
extern const struct fhir_element fhir_rows_bundle_link[5];
extern const struct fhir_element fhir_rows_bundle_entry[9];
extern const struct fhir_element fhir_rows_bundle_search[5];
extern const struct fhir_element fhir_rows_bundle_request[9];
extern const struct fhir_element fhir_rows_bundle_response[8];
extern const struct fhir_element fhir_rows_message_header[21];
extern const struct fhir_element fhir_rows_message_header_destination[7];
extern const struct fhir_element fhir_rows_message_header_source[8];
extern const struct fhir_element fhir_rows_message_header_response[6];
extern const struct fhir_element fhir_rows_task[40];
extern const struct fhir_element fhir_rows_task_restriction[6];
extern const struct fhir_element fhir_rows_task_input[54];
extern const struct fhir_element fhir_rows_task_output[54];

#endif
