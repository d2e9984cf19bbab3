/* R4 elements of care and consent: Encounter, Condition, Procedure, Consent. See element.h; the columns are
 * explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* Encounter */
const struct fhir_element fhir_rows_encounter[32] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_encounter, out.identifiers), AT(fhir_encounter, out.identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_ENCOUNTER_STATUS, AT(fhir_encounter, out.status), 0, NULL),
	ROW(2, "statusHistory", COMPLEX, LIST, FHIR_T_ENCOUNTER_STATUS_HISTORY, 0, NOWHERE, 0, NULL),
	ROW(3, "class", COMPLEX, REQ, FHIR_T_CODING, 0, AT(fhir_encounter, out.klass), 0, NULL),
	ROW(4, "classHistory", COMPLEX, LIST, FHIR_T_ENCOUNTER_CLASS_HISTORY, 0, NOWHERE, 0, NULL),
	ROW(5, "type", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "serviceType", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "priority", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(8, "subject", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Patient Group"),
	ROW(9, "episodeOfCare", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(10, "basedOn", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(11, "participant", COMPLEX, LIST, FHIR_T_ENCOUNTER_PARTICIPANT, 0, NOWHERE, 0, NULL),
	ROW(12, "appointment", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(13, "period", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_encounter, out.period), 0, NULL),
	ROW(14, "length", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(15, "reasonCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(16, "reasonReference", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(17, "diagnosis", COMPLEX, LIST, FHIR_T_ENCOUNTER_DIAGNOSIS, 0, NOWHERE, 0, NULL),
	ROW(18, "account", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(19, "hospitalization", COMPLEX, 0, FHIR_T_ENCOUNTER_HOSPITALIZATION, 0, NOWHERE, 0, NULL),
	ROW(20, "location", COMPLEX, LIST, FHIR_T_ENCOUNTER_LOCATION, 0, NOWHERE, 0, NULL),
	ROW(21, "serviceProvider", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(22, "partOf", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(23),
};

/* Encounter.StatusHistory */
const struct fhir_element fhir_rows_encounter_status_history[5] = {
	ROW(0, "status", CODE, REQ, 0, FHIR_B_ENCOUNTER_STATUS, NOWHERE, 0, NULL),
	ROW(1, "period", COMPLEX, REQ, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Encounter.ClassHistory */
const struct fhir_element fhir_rows_encounter_class_history[5] = {
	ROW(0, "class", COMPLEX, REQ, FHIR_T_CODING, 0, NOWHERE, 0, NULL),
	ROW(1, "period", COMPLEX, REQ, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Encounter.Participant */
const struct fhir_element fhir_rows_encounter_participant[6] = {
	ROW(0, "type", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(2, "individual", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Encounter.Diagnosis */
const struct fhir_element fhir_rows_encounter_diagnosis[6] = {
	ROW(0, "condition", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(1, "use", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(2, "rank", POSITIVE, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Encounter.Hospitalization */
const struct fhir_element fhir_rows_encounter_hospitalization[12] = {
	ROW(0, "preAdmissionIdentifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "origin", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(2, "admitSource", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(3, "reAdmission", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(4, "dietPreference", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(5, "specialCourtesy", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "specialArrangement", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "destination", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "dischargeDisposition", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(9),
};

/* Encounter.Location */
const struct fhir_element fhir_rows_encounter_location[7] = {
	ROW(0, "location", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(1, "status", CODE, 0, 0, FHIR_B_ENCOUNTER_LOCATION_STATUS, NOWHERE, 0, NULL),
	ROW(2, "physicalType", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(3, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(4),
};

/* Condition */
const struct fhir_element fhir_rows_condition[34] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "clinicalStatus", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(2, "verificationStatus", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(3, "category", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(4, "severity", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(5, "code", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_condition, code), 0, NULL),
	ROW(6, "bodySite", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "subject", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "encounter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "onsetDateTime", DATETIME, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(9, "onsetAge", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(9, "onsetPeriod", COMPLEX, ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(9, "onsetRange", COMPLEX, ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(9, "onsetString", STRING, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(10, "abatementDateTime", DATETIME, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(10, "abatementAge", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(10, "abatementPeriod", COMPLEX, ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(10, "abatementRange", COMPLEX, ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(10, "abatementString", STRING, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(11, "recordedDate", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(12, "recorder", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(13, "asserter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(14, "stage", COMPLEX, LIST, FHIR_T_CONDITION_STAGE, 0, NOWHERE, 0, NULL),
	ROW(15, "evidence", COMPLEX, LIST, FHIR_T_CONDITION_EVIDENCE, 0, NOWHERE, 0, NULL),
	ROW(16, "note", COMPLEX, LIST, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(17),
};

/* Condition.Stage */
const struct fhir_element fhir_rows_condition_stage[6] = {
	ROW(0, "summary", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "assessment", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(2, "type", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Condition.Evidence */
const struct fhir_element fhir_rows_condition_evidence[5] = {
	ROW(0, "code", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "detail", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Procedure */
const struct fhir_element fhir_rows_procedure[41] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "instantiatesCanonical", URI, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "instantiatesUri", URI, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "basedOn", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(4, "partOf", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(5, "status", CODE, REQ, 0, FHIR_B_EVENT_STATUS, NOWHERE, 0, NULL),
	ROW(6, "statusReason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "category", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(8, "code", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_procedure, code), 0, NULL),
	ROW(9, "subject", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(10, "encounter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(11, "performedDateTime", DATETIME, ANY_OF, 0, 0, AT(fhir_procedure, performed), 0, NULL),
	ROW(11, "performedPeriod", COMPLEX, ANY_OF | EMBED, FHIR_T_PERIOD, 0, AT(fhir_procedure, performed_period), 0, NULL),
	ROW(11, "performedString", STRING, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(11, "performedAge", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(11, "performedRange", COMPLEX, ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(12, "recorder", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(13, "asserter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(14, "performer", COMPLEX, LIST, FHIR_T_PROCEDURE_PERFORMER, 0, NOWHERE, 0, NULL),
	ROW(15, "location", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(16, "reasonCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(17, "reasonReference", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(18, "bodySite", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(19, "outcome", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(20, "report", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(21, "complication", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(22, "complicationDetail", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(23, "followUp", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(24, "note", COMPLEX, LIST, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROW(25, "focalDevice", COMPLEX, LIST, FHIR_T_PROCEDURE_FOCAL_DEVICE, 0, NOWHERE, 0, NULL),
	ROW(26, "usedReference", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(27, "usedCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(28),
};

/* Procedure.Performer */
const struct fhir_element fhir_rows_procedure_performer[6] = {
	ROW(0, "function", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "actor", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(2, "onBehalfOf", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Procedure.FocalDevice */
const struct fhir_element fhir_rows_procedure_focal_device[5] = {
	ROW(0, "action", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "manipulated", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Consent */
const struct fhir_element fhir_rows_consent[23] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_consent, out.identifiers), AT(fhir_consent, out.identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_CONSENT_STATE, AT(fhir_consent, out.status), 0, NULL),
	ROW(2, "scope", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_consent, scope), 0, NULL),
	ROW(3, "category", COMPLEX, REQ | LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(4, "patient", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_consent, patient), 0, "Patient"),
	ROW(5, "dateTime", DATETIME, 0, 0, 0, AT(fhir_consent, out.date), 0, NULL),
	ROW(6, "performer", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(7, "organization", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "sourceAttachment", COMPLEX, ANY_OF, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(8, "sourceReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "policy", COMPLEX, LIST, FHIR_T_CONSENT_POLICY, 0, NOWHERE, 0, NULL),
	ROW(10, "policyRule", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_consent, policy_rule), 0, NULL),
	ROW(11, "verification", COMPLEX, LIST, FHIR_T_CONSENT_VERIFICATION, 0, NOWHERE, 0, NULL),
	ROW(12, "provision", COMPLEX, EMBED, FHIR_T_CONSENT_PROVISION, 0, AT(fhir_consent, provision), 0, NULL),
	ROWS_DOMAIN_RESOURCE(13),
};

/* Consent.Policy */
const struct fhir_element fhir_rows_consent_policy[5] = {
	ROW(0, "authority", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "uri", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Consent.Verification */
const struct fhir_element fhir_rows_consent_verification[6] = {
	ROW(0, "verified", BOOLEAN, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "verifiedWith", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(2, "verificationDate", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Consent.Provision */
const struct fhir_element fhir_rows_consent_provision[14] = {
	ROW(0, "type", CODE, 0, 0, FHIR_B_CONSENT_PROVISION_TYPE, AT(fhir_provision, type), 0, NULL),
	ROW(1, "period", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_provision, period), 0, NULL),
	ROW(2, "actor", COMPLEX, LIST, FHIR_T_CONSENT_ACTOR, 0, AT(fhir_provision, actors), AT(fhir_provision, actor_count), NULL),
	ROW(3, "action", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_provision, actions), AT(fhir_provision, action_count), NULL),
	ROW(4, "securityLabel", COMPLEX, LIST, FHIR_T_CODING, 0, AT(fhir_provision, labels), AT(fhir_provision, label_count), NULL),
	ROW(5, "purpose", COMPLEX, LIST, FHIR_T_CODING, 0, AT(fhir_provision, purposes), AT(fhir_provision, purpose_count), NULL),
	ROW(6, "class", COMPLEX, LIST, FHIR_T_CODING, 0, AT(fhir_provision, classes), AT(fhir_provision, class_count), NULL),
	ROW(7, "code", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_provision, codes), AT(fhir_provision, code_count), NULL),
	ROW(8, "dataPeriod", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_provision, data_period), 0, NULL),
	ROW(9, "data", COMPLEX, LIST, FHIR_T_CONSENT_DATA, 0, AT(fhir_provision, data), AT(fhir_provision, data_count), NULL),
	ROW(10, "provision", COMPLEX, LIST, FHIR_T_CONSENT_PROVISION, 0, AT(fhir_provision, provisions), AT(fhir_provision, provision_count), NULL),
	ROWS_BACKBONE(11),
};

/* Consent.Actor */
const struct fhir_element fhir_rows_consent_actor[5] = {
	ROW(0, "role", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_consent_actor, role), 0, NULL),
	ROW(1, "reference", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_consent_actor, reference), 0, NULL),
	ROWS_BACKBONE(2),
};

/* Consent.Data */
const struct fhir_element fhir_rows_consent_data[5] = {
	ROW(0, "meaning", CODE, REQ, 0, FHIR_B_CONSENT_DATA_MEANING, AT(fhir_consent_data, meaning), 0, NULL),
	ROW(1, "reference", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};
/* clang-format on */
