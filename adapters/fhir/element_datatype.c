/* R4 elements of the data types. See element.h; the columns are
 * explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* Coding */
const struct fhir_element fhir_rows_coding[7] = {
	ROW(0, "system", URI, 0, 0, 0, AT(zf_coding, system), 0, NULL),
	ROW(1, "version", STRING, 0, 0, 0, AT(zf_coding, version), 0, NULL),
	ROW(2, "code", CODE, 0, 0, 0, AT(zf_coding, code), 0, NULL),
	ROW(3, "display", STRING, 0, 0, 0, AT(zf_coding, display), 0, NULL),
	ROW(4, "userSelected", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(5),
};

/* CodeableConcept */
const struct fhir_element fhir_rows_codeable_concept[4] = {
	ROW(0, "coding", COMPLEX, LIST, FHIR_T_CODING, 0, AT(zf_concept, codings), AT(zf_concept, coding_count), NULL),
	ROW(1, "text", STRING, 0, 0, 0, AT(zf_concept, text), 0, NULL),
	ROWS_ELEMENT(2),
};

/* Identifier */
const struct fhir_element fhir_rows_identifier[8] = {
	ROW(0, "use", CODE, 0, 0, FHIR_B_IDENTIFIER_USE, AT(zf_identifier, use), 0, NULL),
	ROW(1, "type", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(zf_identifier, type), 0, NULL),
	ROW(2, "system", URI, 0, 0, 0, AT(zf_identifier, system), 0, NULL),
	ROW(3, "value", STRING, 0, 0, 0, AT(zf_identifier, value), 0, NULL),
	ROW(4, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(5, "assigner", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(6),
};

/* Reference */
const struct fhir_element fhir_rows_reference[6] = {
	ROW(0, "reference", STRING, 0, 0, 0, AT(fhir_reference, reference), 0, NULL),
	ROW(1, "type", URI, 0, 0, 0, AT(fhir_reference, type), 0, NULL),
	ROW(2, "identifier", COMPLEX, RAW, FHIR_T_IDENTIFIER, 0, AT(fhir_reference, identifier), AT(fhir_reference, raw_identifier), NULL),
	ROW(3, "display", STRING, 0, 0, 0, AT(fhir_reference, display), 0, NULL),
	ROWS_ELEMENT(4),
};

/* Period */
const struct fhir_element fhir_rows_period[4] = {
	ROW(0, "start", DATETIME, 0, 0, 0, AT(zf_period, start), 0, NULL),
	ROW(1, "end", DATETIME, 0, 0, 0, AT(zf_period, end), 0, NULL),
	ROWS_ELEMENT(2),
};

/* Money */
const struct fhir_element fhir_rows_money[4] = {
	ROW(0, "value", DECIMAL, 0, 0, 0, AT(fhir_price, value), 0, NULL),
	ROW(1, "currency", CODE, 0, 0, 0, AT(fhir_price, currency), 0, NULL),
	ROWS_ELEMENT(2),
};

/* Quantity */
const struct fhir_element fhir_rows_quantity[7] = {
	ROW(0, "value", DECIMAL, 0, 0, 0, AT(fhir_quantity, value), 0, NULL),
	ROW(1, "comparator", CODE, 0, 0, FHIR_B_QUANTITY_COMPARATOR, NOWHERE, 0, NULL),
	ROW(2, "unit", STRING, 0, 0, 0, AT(fhir_quantity, unit), 0, NULL),
	ROW(3, "system", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "code", CODE, 0, 0, 0, AT(fhir_quantity, code), 0, NULL),
	ROWS_ELEMENT(5),
};

/* Range */
const struct fhir_element fhir_rows_range[4] = {
	ROW(0, "low", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "high", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(2),
};

/* Ratio */
const struct fhir_element fhir_rows_ratio[4] = {
	ROW(0, "numerator", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "denominator", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(2),
};

/* HumanName */
const struct fhir_element fhir_rows_human_name[9] = {
	ROW(0, "use", CODE, 0, 0, FHIR_B_NAME_USE, AT(zf_name, use), 0, NULL),
	ROW(1, "text", STRING, 0, 0, 0, AT(zf_name, text), 0, NULL),
	ROW(2, "family", STRING, 0, 0, 0, AT(zf_name, family), 0, NULL),
	ROW(3, "given", STRING, LIST, 0, 0, AT(zf_name, given), AT(zf_name, given_count), NULL),
	ROW(4, "prefix", STRING, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "suffix", STRING, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(6, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(7),
};

/* Address */
const struct fhir_element fhir_rows_address[12] = {
	ROW(0, "use", CODE, 0, 0, FHIR_B_ADDRESS_USE, NOWHERE, 0, NULL),
	ROW(1, "type", CODE, 0, 0, FHIR_B_ADDRESS_TYPE, NOWHERE, 0, NULL),
	ROW(2, "text", STRING, 0, 0, 0, AT(zf_address, text), 0, NULL),
	ROW(3, "line", STRING, LIST, 0, 0, AT(zf_address, lines), AT(zf_address, line_count), NULL),
	ROW(4, "city", STRING, 0, 0, 0, AT(zf_address, city), 0, NULL),
	ROW(5, "district", STRING, 0, 0, 0, AT(zf_address, district), 0, NULL),
	ROW(6, "state", STRING, 0, 0, 0, AT(zf_address, state), 0, NULL),
	ROW(7, "postalCode", STRING, 0, 0, 0, AT(zf_address, postal_code), 0, NULL),
	ROW(8, "country", STRING, 0, 0, 0, AT(zf_address, country), 0, NULL),
	ROW(9, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(10),
};

/* ContactPoint */
const struct fhir_element fhir_rows_contact_point[7] = {
	ROW(0, "system", CODE, 0, 0, FHIR_B_CONTACT_POINT_SYSTEM, AT(zf_telecom, system), 0, NULL),
	ROW(1, "value", STRING, 0, 0, 0, AT(zf_telecom, value), 0, NULL),
	ROW(2, "use", CODE, 0, 0, FHIR_B_CONTACT_POINT_USE, AT(zf_telecom, use), 0, NULL),
	ROW(3, "rank", POSITIVE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(5),
};

/* Attachment */
const struct fhir_element fhir_rows_attachment[10] = {
	ROW(0, "contentType", CODE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "language", CODE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "data", BASE64, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "url", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "size", UNSIGNED, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "hash", BASE64, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(6, "title", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(7, "creation", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(8),
};

/* Narrative */
const struct fhir_element fhir_rows_narrative[4] = {
	ROW(0, "status", CODE, REQ, 0, FHIR_B_NARRATIVE_STATUS, NOWHERE, 0, NULL),
	ROW(1, "div", XHTML, REQ, 0, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(2),
};

/* Meta */
const struct fhir_element fhir_rows_meta[8] = {
	ROW(0, "versionId", ID, 0, 0, 0, AT(fhir_meta, version), 0, NULL),
	ROW(1, "lastUpdated", INSTANT, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "source", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "profile", URI, LIST, 0, 0, AT(fhir_meta, profiles), AT(fhir_meta, profile_count), NULL),
	ROW(4, "security", COMPLEX, LIST, FHIR_T_CODING, 0, NOWHERE, 0, NULL),
	ROW(5, "tag", COMPLEX, LIST, FHIR_T_CODING, 0, AT(fhir_meta, tags), AT(fhir_meta, tag_count), NULL),
	ROWS_ELEMENT(6),
};

/* Annotation */
const struct fhir_element fhir_rows_annotation[6] = {
	ROW(0, "authorReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(0, "authorString", STRING, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "time", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "text", MARKDOWN, REQ, 0, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(3),
};

/* Extension */
const struct fhir_element fhir_rows_extension[53] = {
	ROW(0, "url", URI, 0, 0, 0, AT(fhir_extension, url), 0, NULL),
	ROW(1, "valueBase64Binary", BASE64, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueBoolean", BOOLEAN, ANY_OF, 0, 0, AT(fhir_extension, truth), 0, NULL),
	ROW(1, "valueCanonical", URI, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCode", CODE, ANY_OF, 0, 0, AT(fhir_extension, text), 0, NULL),
	ROW(1, "valueDate", DATE, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDateTime", DATETIME, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDecimal", DECIMAL, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueId", ID, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInstant", INSTANT, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInteger", INTEGER, ANY_OF, 0, 0, AT(fhir_extension, number), 0, NULL),
	ROW(1, "valueMarkdown", MARKDOWN, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueOid", URI, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valuePositiveInt", POSITIVE, ANY_OF, 0, 0, AT(fhir_extension, number), 0, NULL),
	ROW(1, "valueString", STRING, ANY_OF, 0, 0, AT(fhir_extension, text), 0, NULL),
	ROW(1, "valueTime", TIME_OF_DAY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUnsignedInt", UNSIGNED, ANY_OF, 0, 0, AT(fhir_extension, number), 0, NULL),
	ROW(1, "valueUri", URI, ANY_OF, 0, 0, AT(fhir_extension, text), 0, NULL),
	ROW(1, "valueUrl", URI, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUuid", URI, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAddress", COMPLEX, ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAge", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAnnotation", COMPLEX, ANY_OF, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAttachment", COMPLEX, ANY_OF, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCodeableConcept", COMPLEX, ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_extension, concept), 0, NULL),
	ROW(1, "valueCoding", COMPLEX, ANY_OF, FHIR_T_CODING, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactPoint", COMPLEX, ANY_OF, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCount", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDistance", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDuration", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueHumanName", COMPLEX, ANY_OF, FHIR_T_HUMAN_NAME, 0, NOWHERE, 0, NULL),
	ROW(1, "valueIdentifier", COMPLEX, ANY_OF, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMoney", MONEY, ANY_OF, 0, 0, AT(fhir_extension, money), 0, NULL),
	ROW(1, "valuePeriod", COMPLEX, ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(1, "valueQuantity", COMPLEX, ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRange", COMPLEX, ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRatio", COMPLEX, ANY_OF, FHIR_T_RATIO, 0, NOWHERE, 0, NULL),
	ROW(1, "valueReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(1, "valueSampledData", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueSignature", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTiming", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactDetail", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContributor", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDataRequirement", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueExpression", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueParameterDefinition", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRelatedArtifact", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTriggerDefinition", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUsageContext", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDosage", ANY, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMeta", COMPLEX, ANY_OF, FHIR_T_META, 0, NOWHERE, 0, NULL),
	ROWS_ELEMENT(2),
};
/* clang-format on */
