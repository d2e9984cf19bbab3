/* R4 elements of envelopes and orders: Bundle, MessageHeader, Task. See element.h; the columns are
 * explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* Bundle */
const struct fhir_element fhir_rows_bundle[12] = {
	ROW(0, "identifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "type", CODE, REQ, 0, FHIR_B_BUNDLE_TYPE, AT(fhir_bundle, type), 0, NULL),
	ROW(2, "timestamp", INSTANT, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "total", UNSIGNED, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "link", COMPLEX, LIST, FHIR_T_BUNDLE_LINK, 0, NOWHERE, 0, NULL),
	ROW(5, "entry", COMPLEX, LIST, FHIR_T_BUNDLE_ENTRY, 0, AT(fhir_bundle, entries), AT(fhir_bundle, entry_count), NULL),
	ROW(6, "signature", ANY, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_RESOURCE(7),
};

/* Bundle.Link */
const struct fhir_element fhir_rows_bundle_link[5] = {
	ROW(0, "relation", STRING, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "url", URI, REQ, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Bundle.Entry */
const struct fhir_element fhir_rows_bundle_entry[9] = {
	ROW(0, "link", COMPLEX, LIST, FHIR_T_BUNDLE_LINK, 0, NOWHERE, 0, NULL),
	ROW(1, "fullUrl", URI, 0, 0, 0, AT(fhir_entry, full_url), 0, NULL),
	ROW(2, "resource", RESOURCE, 0, 0, 0, AT(fhir_entry, resource), 0, NULL),
	ROW(3, "search", COMPLEX, 0, FHIR_T_BUNDLE_SEARCH, 0, NOWHERE, 0, NULL),
	ROW(4, "request", COMPLEX, 0, FHIR_T_BUNDLE_REQUEST, 0, AT(fhir_entry, request), 0, NULL),
	ROW(5, "response", COMPLEX, 0, FHIR_T_BUNDLE_RESPONSE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(6),
};

/* Bundle.Search */
const struct fhir_element fhir_rows_bundle_search[5] = {
	ROW(0, "mode", CODE, 0, 0, FHIR_B_SEARCH_ENTRY_MODE, NOWHERE, 0, NULL),
	ROW(1, "score", DECIMAL, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Bundle.Request */
const struct fhir_element fhir_rows_bundle_request[9] = {
	ROW(0, "method", CODE, REQ, 0, FHIR_B_HTTPVERB, AT(fhir_request, method), 0, NULL),
	ROW(1, "url", URI, REQ, 0, 0, AT(fhir_request, url), 0, NULL),
	ROW(2, "ifNoneMatch", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "ifModifiedSince", INSTANT, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "ifMatch", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "ifNoneExist", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(6),
};

/* Bundle.Response */
const struct fhir_element fhir_rows_bundle_response[8] = {
	ROW(0, "status", STRING, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "location", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "etag", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "lastModified", INSTANT, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "outcome", RESOURCE, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(5),
};

/* MessageHeader */
const struct fhir_element fhir_rows_message_header[21] = {
	ROW(0, "eventCoding", COMPLEX, REQ | ANY_OF, FHIR_T_CODING, 0, AT(fhir_message_header, event), 0, NULL),
	ROW(0, "eventUri", URI, REQ | ANY_OF, 0, 0, AT(fhir_message_header, event_uri), 0, NULL),
	ROW(1, "destination", COMPLEX, LIST, FHIR_T_MESSAGE_HEADER_DESTINATION, 0, AT(fhir_message_header, destinations), AT(fhir_message_header, destination_count), NULL),
	ROW(2, "sender", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_message_header, sender), 0, NULL),
	ROW(3, "enterer", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(4, "author", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(5, "source", COMPLEX, REQ, FHIR_T_MESSAGE_HEADER_SOURCE, 0, AT(fhir_message_header, source), 0, NULL),
	ROW(6, "responsible", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(7, "reason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(8, "response", COMPLEX, 0, FHIR_T_MESSAGE_HEADER_RESPONSE, 0, AT(fhir_message_header, response), 0, NULL),
	ROW(9, "focus", COMPLEX, LIST, FHIR_T_REFERENCE, 0, AT(fhir_message_header, foci), AT(fhir_message_header, focus_count), NULL),
	ROW(10, "definition", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(11),
};

/* MessageHeader.Destination */
const struct fhir_element fhir_rows_message_header_destination[7] = {
	ROW(0, "name", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "target", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(2, "endpoint", URI, REQ, 0, 0, AT(fhir_message_destination, endpoint), 0, NULL),
	ROW(3, "receiver", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_message_destination, receiver), 0, NULL),
	ROWS_BACKBONE(4),
};

/* MessageHeader.Source */
const struct fhir_element fhir_rows_message_header_source[8] = {
	ROW(0, "name", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "software", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "version", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "contact", COMPLEX, 0, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(4, "endpoint", URI, REQ, 0, 0, AT(fhir_message_source, endpoint), 0, NULL),
	ROWS_BACKBONE(5),
};

/* MessageHeader.Response */
const struct fhir_element fhir_rows_message_header_response[6] = {
	ROW(0, "identifier", ID, REQ, 0, 0, AT(fhir_message_response, identifier), 0, NULL),
	ROW(1, "code", CODE, REQ, 0, FHIR_B_RESPONSE_TYPE, AT(fhir_message_response, code), 0, NULL),
	ROW(2, "details", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_message_response, details), 0, NULL),
	ROWS_BACKBONE(3),
};

/* Task */
const struct fhir_element fhir_rows_task[40] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_task, identifiers), AT(fhir_task, identifier_count), NULL),
	ROW(1, "instantiatesCanonical", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "instantiatesUri", URI, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "basedOn", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(4, "groupIdentifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(5, "partOf", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(6, "status", CODE, REQ, 0, FHIR_B_TASK_STATUS, AT(fhir_task, status), 0, NULL),
	ROW(7, "statusReason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_task, status_reason), 0, NULL),
	ROW(8, "businessStatus", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_task, business_status), 0, NULL),
	ROW(9, "intent", CODE, REQ, 0, FHIR_B_TASK_INTENT, AT(fhir_task, intent), 0, NULL),
	ROW(10, "priority", CODE, 0, 0, FHIR_B_REQUEST_PRIORITY, NOWHERE, 0, NULL),
	ROW(11, "code", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_task, code), 0, NULL),
	ROW(12, "description", STRING, 0, 0, 0, AT(fhir_task, description), 0, NULL),
	ROW(13, "focus", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_task, focus), 0, NULL),
	ROW(14, "for", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_task, subject), 0, NULL),
	ROW(15, "encounter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(16, "executionPeriod", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(17, "authoredOn", DATETIME, 0, 0, 0, AT(fhir_task, authored_on), 0, NULL),
	ROW(18, "lastModified", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(19, "requester", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_task, requester), 0, NULL),
	ROW(20, "performerType", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(21, "owner", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_task, owner), 0, NULL),
	ROW(22, "location", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(23, "reasonCode", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_task, reason_code), 0, NULL),
	ROW(24, "reasonReference", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(25, "insurance", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(26, "note", COMPLEX, LIST, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROW(27, "relevantHistory", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(28, "restriction", COMPLEX, 0, FHIR_T_TASK_RESTRICTION, 0, NOWHERE, 0, NULL),
	ROW(29, "input", COMPLEX, LIST, FHIR_T_TASK_INPUT, 0, AT(fhir_task, inputs), AT(fhir_task, input_count), NULL),
	ROW(30, "output", COMPLEX, LIST, FHIR_T_TASK_OUTPUT, 0, AT(fhir_task, outputs), AT(fhir_task, output_count), NULL),
	ROWS_DOMAIN_RESOURCE(31),
};

/* Task.Restriction */
const struct fhir_element fhir_rows_task_restriction[6] = {
	ROW(0, "repetitions", POSITIVE, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(2, "recipient", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(3),
};

/* Task.Input */
const struct fhir_element fhir_rows_task_input[54] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_parameter, type), 0, NULL),
	ROW(1, "valueBase64Binary", BASE64, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueBoolean", BOOLEAN, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCanonical", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCode", CODE, REQ | ANY_OF, 0, 0, AT(fhir_parameter, text), 0, NULL),
	ROW(1, "valueDate", DATE, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDateTime", DATETIME, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDecimal", DECIMAL, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueId", ID, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInstant", INSTANT, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInteger", INTEGER, REQ | ANY_OF, 0, 0, AT(fhir_parameter, number), 0, NULL),
	ROW(1, "valueMarkdown", MARKDOWN, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueOid", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valuePositiveInt", POSITIVE, REQ | ANY_OF, 0, 0, AT(fhir_parameter, number), 0, NULL),
	ROW(1, "valueString", STRING, REQ | ANY_OF, 0, 0, AT(fhir_parameter, text), 0, NULL),
	ROW(1, "valueTime", TIME_OF_DAY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUnsignedInt", UNSIGNED, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUri", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUrl", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUuid", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAddress", COMPLEX, REQ | ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAge", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAnnotation", COMPLEX, REQ | ANY_OF, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAttachment", COMPLEX, REQ | ANY_OF, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCodeableConcept", COMPLEX, REQ | ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCoding", COMPLEX, REQ | ANY_OF, FHIR_T_CODING, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactPoint", COMPLEX, REQ | ANY_OF, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCount", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDistance", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDuration", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueHumanName", COMPLEX, REQ | ANY_OF, FHIR_T_HUMAN_NAME, 0, NOWHERE, 0, NULL),
	ROW(1, "valueIdentifier", COMPLEX, REQ | ANY_OF, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMoney", MONEY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valuePeriod", COMPLEX, REQ | ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(1, "valueQuantity", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRange", COMPLEX, REQ | ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRatio", COMPLEX, REQ | ANY_OF, FHIR_T_RATIO, 0, NOWHERE, 0, NULL),
	ROW(1, "valueReference", COMPLEX, REQ | ANY_OF, FHIR_T_REFERENCE, 0, AT(fhir_parameter, reference), 0, NULL),
	ROW(1, "valueSampledData", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueSignature", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTiming", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactDetail", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContributor", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDataRequirement", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueExpression", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueParameterDefinition", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRelatedArtifact", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTriggerDefinition", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUsageContext", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDosage", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMeta", COMPLEX, REQ | ANY_OF, FHIR_T_META, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* Task.Output */
const struct fhir_element fhir_rows_task_output[54] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_parameter, type), 0, NULL),
	ROW(1, "valueBase64Binary", BASE64, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueBoolean", BOOLEAN, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCanonical", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCode", CODE, REQ | ANY_OF, 0, 0, AT(fhir_parameter, text), 0, NULL),
	ROW(1, "valueDate", DATE, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDateTime", DATETIME, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDecimal", DECIMAL, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueId", ID, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInstant", INSTANT, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueInteger", INTEGER, REQ | ANY_OF, 0, 0, AT(fhir_parameter, number), 0, NULL),
	ROW(1, "valueMarkdown", MARKDOWN, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueOid", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valuePositiveInt", POSITIVE, REQ | ANY_OF, 0, 0, AT(fhir_parameter, number), 0, NULL),
	ROW(1, "valueString", STRING, REQ | ANY_OF, 0, 0, AT(fhir_parameter, text), 0, NULL),
	ROW(1, "valueTime", TIME_OF_DAY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUnsignedInt", UNSIGNED, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUri", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUrl", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUuid", URI, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAddress", COMPLEX, REQ | ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAge", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAnnotation", COMPLEX, REQ | ANY_OF, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROW(1, "valueAttachment", COMPLEX, REQ | ANY_OF, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCodeableConcept", COMPLEX, REQ | ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCoding", COMPLEX, REQ | ANY_OF, FHIR_T_CODING, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactPoint", COMPLEX, REQ | ANY_OF, FHIR_T_CONTACT_POINT, 0, NOWHERE, 0, NULL),
	ROW(1, "valueCount", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDistance", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDuration", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueHumanName", COMPLEX, REQ | ANY_OF, FHIR_T_HUMAN_NAME, 0, NOWHERE, 0, NULL),
	ROW(1, "valueIdentifier", COMPLEX, REQ | ANY_OF, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMoney", MONEY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valuePeriod", COMPLEX, REQ | ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(1, "valueQuantity", COMPLEX, REQ | ANY_OF, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRange", COMPLEX, REQ | ANY_OF, FHIR_T_RANGE, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRatio", COMPLEX, REQ | ANY_OF, FHIR_T_RATIO, 0, NOWHERE, 0, NULL),
	ROW(1, "valueReference", COMPLEX, REQ | ANY_OF, FHIR_T_REFERENCE, 0, AT(fhir_parameter, reference), 0, NULL),
	ROW(1, "valueSampledData", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueSignature", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTiming", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContactDetail", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueContributor", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDataRequirement", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueExpression", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueParameterDefinition", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueRelatedArtifact", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueTriggerDefinition", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueUsageContext", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueDosage", ANY, REQ | ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "valueMeta", COMPLEX, REQ | ANY_OF, FHIR_T_META, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};
/* clang-format on */
