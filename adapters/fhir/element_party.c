/* R4 elements of persons and parties: Patient, Organization, Practitioner, PractitionerRole, Coverage. See element.h;
 * the columns are explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* Patient */
const struct fhir_element fhir_rows_patient[27] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_patient, out.identifiers), AT(fhir_patient, out.identifier_count), NULL),
	ROW(1, "active", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "name", COMPLEX, LIST, FHIR_T_HUMAN_NAME, 0, AT(fhir_patient, out.names), AT(fhir_patient, out.name_count), NULL),
	ROW(3, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, AT(fhir_patient, out.telecoms), AT(fhir_patient, out.telecom_count), NULL),
	ROW(4, "gender", CODE, 0, 0, FHIR_B_ADMINISTRATIVE_GENDER, AT(fhir_patient, out.gender), 0, NULL),
	ROW(5, "birthDate", DATE, 0, 0, 0, AT(fhir_patient, out.birth_date), 0, NULL),
	ROW(6, "deceasedBoolean", BOOLEAN, ANY_OF, 0, 0, AT(fhir_patient, out.deceased), 0, NULL),
	ROW(6, "deceasedDateTime", DATETIME, ANY_OF, 0, 0, AT(fhir_patient, deceased_time), 0, NULL),
	ROW(7, "address", COMPLEX, LIST, FHIR_T_ADDRESS, 0, AT(fhir_patient, out.addresses), AT(fhir_patient, out.address_count), NULL),
	ROW(8, "maritalStatus", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(9, "multipleBirthBoolean", BOOLEAN, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(9, "multipleBirthInteger", INTEGER, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(10, "photo", COMPLEX, LIST, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(11, "contact", COMPLEX, LIST, FHIR_T_PATIENT_CONTACT, 0, NOWHERE, 0, NULL),
	ROW(12, "communication", COMPLEX, LIST, FHIR_T_PATIENT_COMMUNICATION, 0, AT(fhir_patient, communications), AT(fhir_patient, communication_count), NULL),
	ROW(13, "generalPractitioner", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(14, "managingOrganization", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(15, "link", COMPLEX, LIST, FHIR_T_PATIENT_LINK, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(16),
};

/* Patient.Contact */
const struct fhir_element fhir_rows_patient_contact[10] = {
	ROW(0, "relationship", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "name", COMPLEX, 0, FHIR_T_HUMAN_NAME, 0, NOWHERE, 0, NULL),
	ROW(2, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(3, "address", COMPLEX, 0, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(4, "gender", CODE, 0, 0, FHIR_B_ADMINISTRATIVE_GENDER, NOWHERE, 0, NULL),
	ROW(5, "organization", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(6, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(7),
};

/* Patient.Communication */
const struct fhir_element fhir_rows_patient_communication[5] = {
	ROW(0, "language", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_communication, language), 0, NULL),
	ROW(1, "preferred", BOOLEAN, 0, 0, 0, AT(fhir_communication, preferred), 0, NULL),
	ROWS_BACKBONE(2),
};

/* Patient.Link */
const struct fhir_element fhir_rows_patient_link[5] = {
	ROW(0, "other", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(1, "type", CODE, REQ, 0, FHIR_B_LINK_TYPE, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Organization */
const struct fhir_element fhir_rows_organization[19] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_organization, out.identifiers), AT(fhir_organization, out.identifier_count), NULL),
	ROW(1, "active", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "type", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_organization, types), AT(fhir_organization, type_count), NULL),
	ROW(3, "name", STRING, 0, 0, 0, AT(fhir_organization, out.name), 0, NULL),
	ROW(4, "alias", STRING, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(6, "address", COMPLEX, LIST, FHIR_T_ADDRESS, 0, AT(fhir_organization, addresses), AT(fhir_organization, address_count), NULL),
	ROW(7, "partOf", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "contact", COMPLEX, LIST, FHIR_T_ORGANIZATION_CONTACT, 0, NOWHERE, 0, NULL),
	ROW(9, "endpoint", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(10),
};

/* Organization.Contact */
const struct fhir_element fhir_rows_organization_contact[7] = {
	ROW(0, "purpose", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "name", COMPLEX, 0, FHIR_T_HUMAN_NAME, 0, NOWHERE, 0, NULL),
	ROW(2, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(3, "address", COMPLEX, 0, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(4),
};

/* Practitioner */
const struct fhir_element fhir_rows_practitioner[19] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_practitioner, out.identifiers), AT(fhir_practitioner, out.identifier_count), NULL),
	ROW(1, "active", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "name", COMPLEX, LIST, FHIR_T_HUMAN_NAME, 0, AT(fhir_practitioner, names), AT(fhir_practitioner, name_count), NULL),
	ROW(3, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(4, "address", COMPLEX, LIST, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(5, "gender", CODE, 0, 0, FHIR_B_ADMINISTRATIVE_GENDER, NOWHERE, 0, NULL),
	ROW(6, "birthDate", DATE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(7, "photo", COMPLEX, LIST, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(8, "qualification", COMPLEX, LIST, FHIR_T_PRACTITIONER_QUALIFICATION, 0, AT(fhir_practitioner, qualifications), AT(fhir_practitioner, qualification_count), NULL),
	ROW(9, "communication", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(10),
};

/* Practitioner.Qualification */
const struct fhir_element fhir_rows_practitioner_qualification[7] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "code", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_qualification, code), 0, NULL),
	ROW(2, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(3, "issuer", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(4),
};

/* PractitionerRole */
const struct fhir_element fhir_rows_practitioner_role[23] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "active", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(3, "practitioner", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_practitioner_role, practitioner), 0, "Practitioner"),
	ROW(4, "organization", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_practitioner_role, organization), 0, "Organization"),
	ROW(5, "code", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "specialty", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_practitioner_role, specialties), AT(fhir_practitioner_role, specialty_count), NULL),
	ROW(7, "location", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "healthcareService", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "telecom", COMPLEX, LIST, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(10, "availableTime", COMPLEX, LIST, FHIR_T_PRACTITIONER_ROLE_AVAILABLE_TIME, 0, NOWHERE, 0, NULL),
	ROW(11, "notAvailable", COMPLEX, LIST, FHIR_T_PRACTITIONER_ROLE_NOT_AVAILABLE, 0, NOWHERE, 0, NULL),
	ROW(12, "availabilityExceptions", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(13, "endpoint", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(14),
};

/* PractitionerRole.AvailableTime */
const struct fhir_element fhir_rows_practitioner_role_available_time[7] = {
	ROW(0, "daysOfWeek", CODE, LIST, 0, FHIR_B_DAYS_OF_WEEK, NOWHERE, 0, NULL),
	ROW(1, "allDay", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "availableStartTime", TIME_OF_DAY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "availableEndTime", TIME_OF_DAY, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(4),
};

/* PractitionerRole.NotAvailable */
const struct fhir_element fhir_rows_practitioner_role_not_available[5] = {
	ROW(0, "description", STRING, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "during", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Coverage */
const struct fhir_element fhir_rows_coverage[26] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_coverage, out.identifiers), AT(fhir_coverage, out.identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_FINANCIAL_RESOURCE_STATUS_CODES, AT(fhir_coverage, out.status), 0, NULL),
	ROW(2, "type", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_coverage, out.type), 0, NULL),
	ROW(3, "policyHolder", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(4, "subscriber", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(5, "subscriberId", STRING, 0, 0, 0, AT(fhir_coverage, out.subscriber_id), 0, NULL),
	ROW(6, "beneficiary", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_coverage, beneficiary), 0, "Patient"),
	ROW(7, "dependent", STRING, 0, 0, 0, AT(fhir_coverage, out.dependent), 0, NULL),
	ROW(8, "relationship", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_coverage, out.relationship), 0, NULL),
	ROW(9, "period", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_coverage, out.period), 0, NULL),
	ROW(10, "payor", COMPLEX, REQ | LIST, FHIR_T_REFERENCE, 0, AT(fhir_coverage, payors), AT(fhir_coverage, payor_count), "Organization Patient RelatedPerson"),
	ROW(11, "class", COMPLEX, LIST, FHIR_T_COVERAGE_CLASS, 0, AT(fhir_coverage, classes), AT(fhir_coverage, class_count), NULL),
	ROW(12, "order", POSITIVE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(13, "network", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(14, "costToBeneficiary", COMPLEX, LIST, FHIR_T_COVERAGE_COST_TO_BENEFICIARY, 0, NOWHERE, 0, NULL),
	ROW(15, "subrogation", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(16, "contract", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(17),
};

/* Coverage.Class */
const struct fhir_element fhir_rows_coverage_class[6] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_coverage_class, type), 0, NULL),
	ROW(1, "value", STRING, REQ, 0, 0, AT(fhir_coverage_class, value), 0, NULL),
	ROW(2, "name", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Coverage.CostToBeneficiary */
const struct fhir_element fhir_rows_coverage_cost_to_beneficiary[7] = {
	ROW(0, "type", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueQuantity", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMoney", MONEY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "exception", COMPLEX, LIST, FHIR_T_COVERAGE_EXCEPTION, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Coverage.Exception */
const struct fhir_element fhir_rows_coverage_exception[5] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};
/* clang-format on */
