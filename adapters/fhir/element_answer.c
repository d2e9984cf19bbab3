/* R4 elements of what insurers send: ClaimResponse, PaymentReconciliation, OperationOutcome, CommunicationRequest. See
 * element.h; the columns are explained in element_rows.h. */
#include "fhir/element_rows.h"
#include "fhir/resource.h"

/* clang-format off */
/* ClaimResponse */
const struct fhir_element fhir_rows_claim_response[36] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_claim_response, identifiers), AT(fhir_claim_response, identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_FINANCIAL_RESOURCE_STATUS_CODES, AT(fhir_claim_response, status), 0, NULL),
	ROW(2, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(3, "subType", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(4, "use", CODE, REQ, 0, FHIR_B_USE, AT(fhir_claim_response, use), 0, NULL),
	ROW(5, "patient", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_claim_response, patient), 0, NULL),
	ROW(6, "created", DATETIME, REQ, 0, 0, AT(fhir_claim_response, created), 0, NULL),
	ROW(7, "insurer", COMPLEX, REQ, FHIR_T_REFERENCE, 0, AT(fhir_claim_response, insurer), 0, NULL),
	ROW(8, "requestor", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "request", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_claim_response, request), 0, NULL),
	ROW(10, "outcome", CODE, REQ, 0, FHIR_B_CLAIM_PROCESSING_CODES, AT(fhir_claim_response, outcome), 0, NULL),
	ROW(11, "disposition", STRING, 0, 0, 0, AT(fhir_claim_response, disposition), 0, NULL),
	ROW(12, "preAuthRef", STRING, 0, 0, 0, AT(fhir_claim_response, preauth_ref), 0, NULL),
	ROW(13, "preAuthPeriod", COMPLEX, EMBED, FHIR_T_PERIOD, 0, AT(fhir_claim_response, preauth_period), 0, NULL),
	ROW(14, "payeeType", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(15, "item", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_ITEM, 0, AT(fhir_claim_response, items), AT(fhir_claim_response, item_count), NULL),
	ROW(16, "addItem", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_ADD_ITEM, 0, AT(fhir_claim_response, add_items), AT(fhir_claim_response, add_item_count), NULL),
	ROW(17, "adjudication", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, AT(fhir_claim_response, adjudications), AT(fhir_claim_response, adjudication_count), NULL),
	ROW(18, "total", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_TOTAL, 0, AT(fhir_claim_response, totals), AT(fhir_claim_response, total_count), NULL),
	ROW(19, "payment", COMPLEX, EMBED, FHIR_T_CLAIM_RESPONSE_PAYMENT, 0, AT(fhir_claim_response, payment), 0, NULL),
	ROW(20, "fundsReserve", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(21, "formCode", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(22, "form", COMPLEX, 0, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(23, "processNote", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_PROCESS_NOTE, 0, AT(fhir_claim_response, notes), AT(fhir_claim_response, note_count), NULL),
	ROW(24, "communicationRequest", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(25, "insurance", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_INSURANCE, 0, NOWHERE, 0, NULL),
	ROW(26, "error", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_ERROR, 0, AT(fhir_claim_response, errors), AT(fhir_claim_response, error_count), NULL),
	ROWS_DOMAIN_RESOURCE(27),
};

/* ClaimResponse.Item */
const struct fhir_element fhir_rows_claim_response_item[7] = {
	ROW(0, "itemSequence", POSITIVE, REQ, 0, 0, AT(fhir_response_item, sequence), 0, NULL),
	ROW(1, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "adjudication", COMPLEX, REQ | LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, AT(fhir_response_item, adjudications), AT(fhir_response_item, adjudication_count), NULL),
	ROW(3, "detail", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_DETAIL, 0, AT(fhir_response_item, details), AT(fhir_response_item, detail_count), NULL),
	ROWS_BACKBONE(4),
};

/* ClaimResponse.Adjudication */
const struct fhir_element fhir_rows_claim_response_adjudication[7] = {
	ROW(0, "category", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_adjudication, category), 0, NULL),
	ROW(1, "reason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_adjudication, reason), 0, NULL),
	ROW(2, "amount", MONEY, 0, 0, 0, AT(fhir_adjudication, amount), 0, NULL),
	ROW(3, "value", DECIMAL, 0, 0, 0, AT(fhir_adjudication, value), 0, NULL),
	ROWS_BACKBONE(4),
};

/* ClaimResponse.Detail */
const struct fhir_element fhir_rows_claim_response_detail[7] = {
	ROW(0, "detailSequence", POSITIVE, REQ, 0, 0, AT(fhir_response_item, sequence), 0, NULL),
	ROW(1, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "adjudication", COMPLEX, REQ | LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, AT(fhir_response_item, adjudications), AT(fhir_response_item, adjudication_count), NULL),
	ROW(3, "subDetail", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_SUB_DETAIL, 0, AT(fhir_response_item, details), AT(fhir_response_item, detail_count), NULL),
	ROWS_BACKBONE(4),
};

/* ClaimResponse.SubDetail */
const struct fhir_element fhir_rows_claim_response_sub_detail[6] = {
	ROW(0, "subDetailSequence", POSITIVE, REQ, 0, 0, AT(fhir_response_item, sequence), 0, NULL),
	ROW(1, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "adjudication", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, AT(fhir_response_item, adjudications), AT(fhir_response_item, adjudication_count), NULL),
	ROWS_BACKBONE(3),
};

/* ClaimResponse.AddItem */
const struct fhir_element fhir_rows_claim_response_add_item[24] = {
	ROW(0, "itemSequence", POSITIVE, LIST, 0, 0, AT(fhir_response_item, sequences), AT(fhir_response_item, sequence_count), NULL),
	ROW(1, "detailSequence", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "subdetailSequence", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(3, "provider", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(4, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(5, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "programCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "servicedDate", DATE, ANY_OF, 0, 0, NOWHERE, 0, NULL),
	ROW(7, "servicedPeriod", COMPLEX, ANY_OF, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(8, "locationCodeableConcept", COMPLEX, ANY_OF, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(8, "locationAddress", COMPLEX, ANY_OF, FHIR_T_ADDRESS, 0, NOWHERE, 0, NULL),
	ROW(8, "locationReference", COMPLEX, ANY_OF, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "quantity", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(10, "unitPrice", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(11, "factor", DECIMAL, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(12, "net", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(13, "bodySite", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(14, "subSite", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(15, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(16, "adjudication", COMPLEX, REQ | LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, AT(fhir_response_item, adjudications), AT(fhir_response_item, adjudication_count), NULL),
	ROW(17, "detail", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_DETAIL1, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(18),
};

/* ClaimResponse.Detail1 */
const struct fhir_element fhir_rows_claim_response_detail1[12] = {
	ROW(0, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(2, "quantity", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(3, "unitPrice", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "factor", DECIMAL, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "net", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(6, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(7, "adjudication", COMPLEX, REQ | LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, NOWHERE, 0, NULL),
	ROW(8, "subDetail", COMPLEX, LIST, FHIR_T_CLAIM_RESPONSE_SUB_DETAIL1, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(9),
};

/* ClaimResponse.SubDetail1 */
const struct fhir_element fhir_rows_claim_response_sub_detail1[11] = {
	ROW(0, "productOrService", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(1, "modifier", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(2, "quantity", COMPLEX, 0, FHIR_T_QUANTITY, 0, NOWHERE, 0, NULL),
	ROW(3, "unitPrice", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "factor", DECIMAL, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(5, "net", MONEY, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(6, "noteNumber", POSITIVE, LIST, 0, 0, NOWHERE, 0, NULL),
	ROW(7, "adjudication", COMPLEX, REQ | LIST, FHIR_T_CLAIM_RESPONSE_ADJUDICATION, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(8),
};

/* ClaimResponse.Total */
const struct fhir_element fhir_rows_claim_response_total[5] = {
	ROW(0, "category", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_adjudication, category), 0, NULL),
	ROW(1, "amount", MONEY, REQ, 0, 0, AT(fhir_adjudication, amount), 0, NULL),
	ROWS_BACKBONE(2),
};

/* ClaimResponse.Payment */
const struct fhir_element fhir_rows_claim_response_payment[9] = {
	ROW(0, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_payment, type), 0, NULL),
	ROW(1, "adjustment", MONEY, 0, 0, 0, AT(fhir_payment, adjustment), 0, NULL),
	ROW(2, "adjustmentReason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(3, "date", DATE, 0, 0, 0, AT(fhir_payment, date), 0, NULL),
	ROW(4, "amount", MONEY, REQ, 0, 0, AT(fhir_payment, amount), 0, NULL),
	ROW(5, "identifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_payment, identifier), 0, NULL),
	ROWS_BACKBONE(6),
};

/* ClaimResponse.ProcessNote */
const struct fhir_element fhir_rows_claim_response_process_note[7] = {
	ROW(0, "number", POSITIVE, 0, 0, 0, AT(fhir_process_note, number), 0, NULL),
	ROW(1, "type", CODE, 0, 0, FHIR_B_NOTE_TYPE, NOWHERE, 0, NULL),
	ROW(2, "text", STRING, REQ, 0, 0, AT(fhir_process_note, text), 0, NULL),
	ROW(3, "language", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(4),
};

/* ClaimResponse.Insurance */
const struct fhir_element fhir_rows_claim_response_insurance[8] = {
	ROW(0, "sequence", POSITIVE, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(1, "focal", BOOLEAN, REQ, 0, 0, NOWHERE, 0, NULL),
	ROW(2, "coverage", COMPLEX, REQ, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(3, "businessArrangement", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(4, "claimResponse", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(5),
};

/* ClaimResponse.Error */
const struct fhir_element fhir_rows_claim_response_error[7] = {
	ROW(0, "itemSequence", POSITIVE, 0, 0, 0, AT(fhir_response_error, item_sequence), 0, NULL),
	ROW(1, "detailSequence", POSITIVE, 0, 0, 0, AT(fhir_response_error, detail_sequence), 0, NULL),
	ROW(2, "subDetailSequence", POSITIVE, 0, 0, 0, AT(fhir_response_error, sub_detail_sequence), 0, NULL),
	ROW(3, "code", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_response_error, code), 0, NULL),
	ROWS_BACKBONE(4),
};

/* PaymentReconciliation */
const struct fhir_element fhir_rows_payment_reconciliation[24] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_payment_reconciliation, identifiers), AT(fhir_payment_reconciliation, identifier_count), NULL),
	ROW(1, "status", CODE, REQ, 0, FHIR_B_FINANCIAL_RESOURCE_STATUS_CODES, AT(fhir_payment_reconciliation, status), 0, NULL),
	ROW(2, "period", COMPLEX, 0, FHIR_T_PERIOD, 0, NOWHERE, 0, NULL),
	ROW(3, "created", DATETIME, REQ, 0, 0, AT(fhir_payment_reconciliation, created), 0, NULL),
	ROW(4, "paymentIssuer", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(5, "request", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(6, "requestor", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(7, "outcome", CODE, 0, 0, FHIR_B_REMITTANCE_OUTCOME, AT(fhir_payment_reconciliation, outcome), 0, NULL),
	ROW(8, "disposition", STRING, 0, 0, 0, AT(fhir_payment_reconciliation, disposition), 0, NULL),
	ROW(9, "paymentDate", DATE, REQ, 0, 0, AT(fhir_payment_reconciliation, payment_date), 0, NULL),
	ROW(10, "paymentAmount", MONEY, REQ, 0, 0, AT(fhir_payment_reconciliation, amount), 0, NULL),
	ROW(11, "paymentIdentifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_payment_reconciliation, payment_identifier), 0, NULL),
	ROW(12, "detail", COMPLEX, LIST, FHIR_T_PAYMENT_RECONCILIATION_DETAIL, 0, AT(fhir_payment_reconciliation, details), AT(fhir_payment_reconciliation, detail_count), NULL),
	ROW(13, "formCode", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(14, "processNote", COMPLEX, LIST, FHIR_T_PAYMENT_RECONCILIATION_PROCESS_NOTE, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(15),
};

/* PaymentReconciliation.Detail */
const struct fhir_element fhir_rows_payment_reconciliation_detail[13] = {
	ROW(0, "identifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_payment_detail, identifier), 0, NULL),
	ROW(1, "predecessor", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, AT(fhir_payment_detail, predecessor), 0, NULL),
	ROW(2, "type", COMPLEX, REQ, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_payment_detail, type), 0, NULL),
	ROW(3, "request", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_payment_detail, request), 0, NULL),
	ROW(4, "submitter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(5, "response", COMPLEX, 0, FHIR_T_REFERENCE, 0, AT(fhir_payment_detail, response), 0, NULL),
	ROW(6, "date", DATE, 0, 0, 0, AT(fhir_payment_detail, date), 0, NULL),
	ROW(7, "responsible", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(8, "payee", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(9, "amount", MONEY, 0, 0, 0, AT(fhir_payment_detail, amount), 0, NULL),
	ROWS_BACKBONE(10),
};

/* PaymentReconciliation.ProcessNote */
const struct fhir_element fhir_rows_payment_reconciliation_process_note[5] = {
	ROW(0, "type", CODE, 0, 0, FHIR_B_NOTE_TYPE, NOWHERE, 0, NULL),
	ROW(1, "text", STRING, 0, 0, 0, NOWHERE, 0, NULL),
	ROWS_BACKBONE(2),
};

/* OperationOutcome */
const struct fhir_element fhir_rows_operation_outcome[10] = {
	ROW(0, "issue", COMPLEX, REQ | LIST, FHIR_T_OPERATION_OUTCOME_ISSUE, 0, AT(fhir_outcome, issues), AT(fhir_outcome, issue_count), NULL),
	ROWS_DOMAIN_RESOURCE(1),
};

/* OperationOutcome.Issue */
const struct fhir_element fhir_rows_operation_outcome_issue[9] = {
	ROW(0, "severity", CODE, REQ, 0, FHIR_B_ISSUE_SEVERITY, AT(fhir_issue, severity), 0, NULL),
	ROW(1, "code", CODE, REQ, 0, FHIR_B_ISSUE_TYPE, AT(fhir_issue, code), 0, NULL),
	ROW(2, "details", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, AT(fhir_issue, details), 0, NULL),
	ROW(3, "diagnostics", STRING, 0, 0, 0, AT(fhir_issue, diagnostics), 0, NULL),
	ROW(4, "location", STRING, LIST, 0, 0, AT(fhir_issue, locations), AT(fhir_issue, location_count), NULL),
	ROW(5, "expression", STRING, LIST, 0, 0, AT(fhir_issue, expressions), AT(fhir_issue, expression_count), NULL),
	ROWS_BACKBONE(6),
};

/* CommunicationRequest */
const struct fhir_element fhir_rows_communication_request[32] = {
	ROW(0, "identifier", COMPLEX, LIST, FHIR_T_IDENTIFIER, 0, AT(fhir_communication_request, identifiers), AT(fhir_communication_request, identifier_count), NULL),
	ROW(1, "basedOn", COMPLEX, LIST, FHIR_T_REFERENCE, 0, AT(fhir_communication_request, based_on), AT(fhir_communication_request, based_on_count), NULL),
	ROW(2, "replaces", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(3, "groupIdentifier", COMPLEX, 0, FHIR_T_IDENTIFIER, 0, NOWHERE, 0, NULL),
	ROW(4, "status", CODE, REQ, 0, FHIR_B_REQUEST_STATUS, AT(fhir_communication_request, status), 0, NULL),
	ROW(5, "statusReason", COMPLEX, 0, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(6, "category", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(7, "priority", CODE, 0, 0, FHIR_B_REQUEST_PRIORITY, NOWHERE, 0, NULL),
	ROW(8, "doNotPerform", BOOLEAN, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(9, "medium", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(10, "subject", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(11, "about", COMPLEX, LIST, FHIR_T_REFERENCE, 0, AT(fhir_communication_request, about), AT(fhir_communication_request, about_count), NULL),
	ROW(12, "encounter", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(13, "payload", COMPLEX, LIST, FHIR_T_COMMUNICATION_REQUEST_PAYLOAD, 0, AT(fhir_communication_request, payloads), AT(fhir_communication_request, payload_count), NULL),
	ROW(14, "occurrenceDateTime", DATETIME, ANY_OF, 0, 0, AT(fhir_communication_request, occurrence), 0, NULL),
	ROW(14, "occurrencePeriod", COMPLEX, ANY_OF | EMBED, FHIR_T_PERIOD, 0, AT(fhir_communication_request, occurrence_period), 0, NULL),
	ROW(15, "authoredOn", DATETIME, 0, 0, 0, NOWHERE, 0, NULL),
	ROW(16, "requester", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(17, "recipient", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(18, "sender", COMPLEX, 0, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(19, "reasonCode", COMPLEX, LIST, FHIR_T_CODEABLE_CONCEPT, 0, NOWHERE, 0, NULL),
	ROW(20, "reasonReference", COMPLEX, LIST, FHIR_T_REFERENCE, 0, NOWHERE, 0, NULL),
	ROW(21, "note", COMPLEX, LIST, FHIR_T_ANNOTATION, 0, NOWHERE, 0, NULL),
	ROWS_DOMAIN_RESOURCE(22),
};

/* CommunicationRequest.Payload */
const struct fhir_element fhir_rows_communication_request_payload[6] = {
	ROW(0, "contentString", STRING, REQ | ANY_OF, 0, 0, AT(fhir_payload, text), 0, NULL),
	ROW(0, "contentAttachment", COMPLEX, REQ | ANY_OF, FHIR_T_ATTACHMENT, 0, NOWHERE, 0, NULL),
	ROW(0, "contentReference", COMPLEX, REQ | ANY_OF, FHIR_T_REFERENCE, 0, AT(fhir_payload, reference), 0, NULL),
	ROWS_BACKBONE(1),
};
/* clang-format on */
