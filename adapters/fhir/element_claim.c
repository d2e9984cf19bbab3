/* R4 elements of Claim. See element.h; the columns are
 * explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* Claim */
const struct fhir_element fhir_rows_claim[36] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_claim, out.identifiers), AT(fhir_claim, out.identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_FINANCIAL_RESOURCE_STATUS_CODES, AT(fhir_claim, out.status), 0, NULL),
	ROW(2, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_claim, out.type), 0, NULL),
	ROW(3, "subType", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_claim, out.sub_type), 0, NULL),
	ROW(4, "use", CODE, REQ, 0, FHIR_B_USE, AT(fhir_claim, use), 0, NULL),
	ROW(5, "patient", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_claim, patient), 0, "Patient"),
	ROW(6, "billablePeriod", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_claim, out.billable_period), 0, NULL),
	ROW(7, "created", DATETIME, REQ, 0, 0, AT(fhir_claim, out.created), 0, NULL),
	ROW(8, "enterer", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Practitioner PractitionerRole"),
	ROW(9, "insurer", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_claim, insurer), 0, "Organization"),
	ROW(10, "provider", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_claim, provider), 0, "Practitioner PractitionerRole Organization"),
	ROW(11, "priority", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_claim, out.priority), 0, NULL),
	ROW(12, "fundsReserve", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_claim, out.funds_reserve), 0, NULL),
	ROW(13, "related", COMPLEX, LIST, FHIR_T_CLAIM_RELATED, 0, AT(fhir_claim, out.related), AT(fhir_claim, out.related_count), NULL),
	ROW(14, "prescription", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "DeviceRequest MedicationRequest VisionPrescription"),
	ROW(15, "originalPrescription", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "DeviceRequest MedicationRequest VisionPrescription"),
	ROW(16, "payee", COMPLEX, 0, FHIR_T_CLAIM_PAYEE, 0, NOWHERE, 0, NULL),
	ROW(17, "referral", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "ServiceRequest"),
	ROW(18, "facility", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Location"),
	ROW(19, "careTeam", COMPLEX, LIST, FHIR_T_CLAIM_CARE_TEAM, 0, AT(fhir_claim, out.care_team), AT(fhir_claim, out.care_team_count), NULL),
	ROW(20, "supportingInfo", COMPLEX, LIST, FHIR_T_CLAIM_SUPPORTING_INFO, 0, AT(fhir_claim, out.supporting_info), AT(fhir_claim, out.supporting_info_count), NULL),
	ROW(21, "diagnosis", COMPLEX, LIST, FHIR_T_CLAIM_DIAGNOSIS, 0, AT(fhir_claim, out.diagnoses), AT(fhir_claim, out.diagnosis_count), NULL),
	ROW(22, "procedure", COMPLEX, LIST, FHIR_T_CLAIM_PROCEDURE, 0, AT(fhir_claim, out.procedures), AT(fhir_claim, out.procedure_count), NULL),
	ROW(23, "insurance", COMPLEX, REQ | LIST, FHIR_T_CLAIM_INSURANCE, 0, AT(fhir_claim, out.insurance), AT(fhir_claim, out.insurance_count), NULL),
	ROW(24, "accident", COMPLEX, EMBED, FHIR_T_CLAIM_ACCIDENT, 0, AT(fhir_claim, accident), 0, NULL),
	ROW(25, "item", COMPLEX, LIST, FHIR_T_CLAIM_ITEM, 0, AT(fhir_claim, out.lines), AT(fhir_claim, out.line_count), NULL),
	ROW(26, "total", MONEY, 0, 0, 0, AT(fhir_claim, out.total), 0, NULL),
	ROWS_DOMAIN_RESOURCE(27),
};

/* Claim.Related */
const struct fhir_element fhir_rows_claim_related[6] = {
	ROW(0, "claim", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_related, claim), 0, "Claim"),
	ROW(1, "relationship", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_related, out.relationship), 0, NULL),
	ROW(2, "reference", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_related, out.identifier), 0, NULL),
	ROWS_BACKBONE(3),
};

/* Claim.Payee */
const struct fhir_element fhir_rows_claim_payee[5] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "party", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Practitioner PractitionerRole Organization Patient RelatedPerson"),
	ROWS_BACKBONE(2),
};

/* Claim.CareTeam */
const struct fhir_element fhir_rows_claim_care_team[8] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_care_team, out.sequence), 0, NULL),
	ROW(1, "provider", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_care_team, provider), 0, "Practitioner PractitionerRole Organization"),
	ROW(2, "responsible", BOOLEAN, 0, 0, 0, AT(fhir_care_team, out.responsible), 0, NULL),
	ROW(3, "role", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_care_team, out.role), 0, NULL),
	ROW(4, "qualification", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_care_team, out.qualification), 0, NULL),
	ROWS_BACKBONE(5),
};

/* Claim.SupportingInfo */
const struct fhir_element fhir_rows_claim_supporting_info[14] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_supporting_info, out.sequence), 0, NULL),
	ROW(1, "category", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_supporting_info, out.category), 0, NULL),
	ROW(2, "code", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_supporting_info, out.code), 0, NULL),
	ROW(3, "timingDate", DATE, ANY_OF, 0, 0, AT(fhir_supporting_info, timing_date), 0, NULL),
	ROW(3, "timingPeriod", COMPLEX, ANY_OF | EMBED, FHIR_T_PERIOD, 0, AT(fhir_supporting_info, out.timing), 0, NULL),
	ROW(4, "valueBoolean", BOOLEAN, ANY_OF | RAW, 0, 0, NOWHERE, AT(fhir_supporting_info, raw_value), NULL),
	ROW(4, "valueString", STRING, ANY_OF | RAW, 0, 0, AT(fhir_supporting_info, out.value_text), AT(fhir_supporting_info, raw_value), NULL),
	ROW(4, "valueQuantity", COMPLEX, ANY_OF | EMBED | RAW, FHIR_T_QUANTITY, 0, AT(fhir_supporting_info, quantity), AT(fhir_supporting_info, raw_value), NULL),
	ROW(4, "valueAttachment", COMPLEX, ANY_OF | RAW, FHIR_T_ATTACHMENT, 0, NOWHERE, AT(fhir_supporting_info, raw_value), NULL),
	ROW(4, "valueReference", COMPLEX, ANY_OF | RAW, FHIR_T_REFERENCE, 0, AT(fhir_supporting_info, reference), AT(fhir_supporting_info, raw_value), NULL),
	ROW(5, "reason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_supporting_info, out.reason), 0, NULL),
	ROWS_BACKBONE(6),
};

/* Claim.Diagnosis */
const struct fhir_element fhir_rows_claim_diagnosis[9] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_diagnosis, out.sequence), 0, NULL),
	ROW(1, "diagnosisCodeableConcept", COMPLEX, REQ | ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_diagnosis, out.concept), 0, NULL),
	ROW(1, "diagnosisReference", COMPLEX, REQ | ANY_OF, FHIR_T_REFERENCE, 0, AT(fhir_diagnosis, reference), 0, "Condition"),
	ROW(2, "type", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_diagnosis, out.types), AT(fhir_diagnosis, out.type_count), NULL),
	ROW(3, "onAdmission", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_diagnosis, out.on_admission), 0, NULL),
	ROW(4, "packageCode", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(5),
};

/* Claim.Procedure */
const struct fhir_element fhir_rows_claim_procedure[9] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_claim_procedure, out.sequence), 0, NULL),
	ROW(1, "type", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(2, "date", DATETIME, 0, 0, 0, AT(fhir_claim_procedure, out.date), 0, NULL),
	ROW(3, "procedureCodeableConcept", COMPLEX, REQ | ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_claim_procedure, out.concept), 0, NULL),
	ROW(3, "procedureReference", COMPLEX, REQ | ANY_OF, FHIR_T_REFERENCE, 0, AT(fhir_claim_procedure, reference), 0, "Procedure"),
	ROW(4, "udi", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Device"),
	ROWS_BACKBONE(5),
};

/* Claim.Insurance */
const struct fhir_element fhir_rows_claim_insurance[10] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_insurance, out.sequence), 0, NULL),
	ROW(1, "focal", BOOLEAN, REQ, 0, 0, AT(fhir_insurance, out.focal), 0, NULL),
	ROW(2, "identifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_insurance, out.identifier), 0, NULL),
	ROW(3, "coverage", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_insurance, coverage), 0, "Coverage"),
	ROW(4, "businessArrangement", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "preAuthRef", STRING, LIST, 0, 0, AT(fhir_insurance, out.preauth_refs), AT(fhir_insurance, out.preauth_ref_count), NULL),
	ROW(6, "claimResponse", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, "ClaimResponse"),
	ROWS_BACKBONE(7),
};

/* Claim.Accident */
const struct fhir_element fhir_rows_claim_accident[7] = {
	ROW(0, "date", DATE, REQ, 0, 0, AT(fhir_accident, date), 0, NULL),
	ROW(1, "type", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_accident, type), 0, NULL),
	ROW(2, "locationAddress", COMPLEX, ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(2, "locationReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Location"),
	ROWS_BACKBONE(3),
};

/* Claim.Item */
const struct fhir_element fhir_rows_claim_item[27] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_item, out.sequence), 0, NULL),
	ROW(1, "careTeamSequence", POSITIVE, LIST, 0, 0, AT(fhir_item, out.care_team_sequences), AT(fhir_item, out.care_team_sequence_count), NULL),
	ROW(2, "diagnosisSequence", POSITIVE, LIST, 0, 0, AT(fhir_item, out.diagnosis_sequences), AT(fhir_item, out.diagnosis_sequence_count), NULL),
	ROW(3, "procedureSequence", POSITIVE, LIST, 0, 0, AT(fhir_item, out.procedure_sequences), AT(fhir_item, out.procedure_sequence_count), NULL),
	ROW(4, "informationSequence", POSITIVE, LIST, 0, 0, AT(fhir_item, out.information_sequences), AT(fhir_item, out.information_sequence_count), NULL),
	ROW(5, "revenue", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.revenue), 0, NULL),
	ROW(6, "category", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.category), 0, NULL),
	ROW(7, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.product_or_service), 0, NULL),
	ROW(8, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.modifiers), AT(fhir_item, out.modifier_count), NULL),
	ROW(9, "programCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(10, "servicedDate", DATE, ANY_OF, 0, 0, AT(fhir_item, serviced_date), 0, NULL),
	ROW(10, "servicedPeriod", COMPLEX, ANY_OF | EMBED, FHIR_T_PERIOD, 0, AT(fhir_item, out.serviced), 0, NULL),
	ROW(11, "locationCodeableConcept", COMPLEX, ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(11, "locationAddress", COMPLEX, ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(11, "locationReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Location"),
	ROW(12, "quantity", COMPLEX, EMBED, FHIR_T_QUANTITY, 0, AT(fhir_item, quantity), 0, NULL),
	ROW(13, "unitPrice", PRICE, 0, 0, 0, AT(fhir_item, unit_price), 0, NULL),
	ROW(14, "factor", DECIMAL, 0, 0, 0, AT(fhir_item, out.factor), 0, NULL),
	ROW(15, "net", MONEY, 0, 0, 0, AT(fhir_item, out.net), 0, NULL),
	ROW(16, "udi", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Device"),
	ROW(17, "bodySite", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.body_site), 0, NULL),
	ROW(18, "subSite", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(19, "encounter", COMPLEX, LIST, FHIR_T_REFERENCE, 0, AT(fhir_item, encounters), AT(fhir_item, encounter_count), "Encounter"),
	ROW(20, "detail", COMPLEX, LIST, FHIR_T_CLAIM_DETAIL, 0, AT(fhir_item, out.details), AT(fhir_item, out.detail_count), NULL),
	ROWS_BACKBONE(21),
};

/* Claim.Detail */
const struct fhir_element fhir_rows_claim_detail[15] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_item, out.sequence), 0, NULL),
	ROW(1, "revenue", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.revenue), 0, NULL),
	ROW(2, "category", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.category), 0, NULL),
	ROW(3, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.product_or_service), 0, NULL),
	ROW(4, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.modifiers), AT(fhir_item, out.modifier_count), NULL),
	ROW(5, "programCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "quantity", COMPLEX, EMBED, FHIR_T_QUANTITY, 0, AT(fhir_item, quantity), 0, NULL),
	ROW(7, "unitPrice", PRICE, 0, 0, 0, AT(fhir_item, unit_price), 0, NULL),
	ROW(8, "factor", DECIMAL, 0, 0, 0, AT(fhir_item, out.factor), 0, NULL),
	ROW(9, "net", MONEY, 0, 0, 0, AT(fhir_item, out.net), 0, NULL),
	ROW(10, "udi", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Device"),
	ROW(11, "subDetail", COMPLEX, LIST, FHIR_T_CLAIM_SUB_DETAIL, 0, AT(fhir_item, out.details), AT(fhir_item, out.detail_count), NULL),
	ROWS_BACKBONE(12),
};

/* Claim.SubDetail */
const struct fhir_element fhir_rows_claim_sub_detail[14] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, AT(fhir_item, out.sequence), 0, NULL),
	ROW(1, "revenue", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.revenue), 0, NULL),
	ROW(2, "category", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.category), 0, NULL),
	ROW(3, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.product_or_service), 0, NULL),
	ROW(4, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_item, out.modifiers), AT(fhir_item, out.modifier_count), NULL),
	ROW(5, "programCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "quantity", COMPLEX, EMBED, FHIR_T_QUANTITY, 0, AT(fhir_item, quantity), 0, NULL),
	ROW(7, "unitPrice", PRICE, 0, 0, 0, AT(fhir_item, unit_price), 0, NULL),
	ROW(8, "factor", DECIMAL, 0, 0, 0, AT(fhir_item, out.factor), 0, NULL),
	ROW(9, "net", MONEY, 0, 0, 0, AT(fhir_item, out.net), 0, NULL),
	ROW(10, "udi", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, "Device"),
	ROWS_BACKBONE(11),
};
/* clang-format on */
