/* Advices and authorizations, as the insurer. */
#include <stdio.h>
#include <string.h>

#include "eclaimlink/denial.h"
#include "eclaimlink/insurer.h"
#include "eclaimlink/module.h"
#include "lib/money.h"

#define GAP_REFERENCE "@PAYMENT-REFERENCE@"
#define GAP_DATE "@DATE-SETTLEMENT@"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define NO_REFERENCE "N/A"

static void copy(struct xml_writer *writer, const struct xml_element *from, const char *name, bool required)
{
	struct text_span text = xml_child_text(from, name);
	if (text.ptr != NULL || required) xml_write_span(writer, name, text);
}

/* The activity that a result is about: by its id's number, else by its place; the first for the claim as a whole. */
static const struct xml_element *activity_of(const struct xml_element *request, int32_t sequence)
{
	int32_t place = 1;
	const struct xml_element *first = xml_child(request, "Activity");
	for (const struct xml_element *a = first; a != NULL; a = xml_next(a), place++) {
		char ref[20];
		int32_t number = place;
		(void)eclaim_activity_read(xml_child_text(a, "ID"), ref, &number);
		if (number == sequence) return a;
	}
	return first;
}

struct split {
	struct zf_money submitted, share, payment;
	const char *code; /* why less is paid; NULL: nothing is missing */
};

static bool is_share(const struct zf_adjustment *adjustment)
{
	return adjustment->group == ZF_GROUP_PR &&
	       (adjustment->reason == ZF_REASON_DEDUCTIBLE || adjustment->reason == ZF_REASON_COINSURANCE ||
		       adjustment->reason == ZF_REASON_COPAY);
}

/* What the patient bears by the plan is PatientShare; the largest of the rest gives the one DenialCode there may be. */
static struct split split_of(const struct eclaim_profile *profile, const struct zf_line_result *result)
{
	struct split split = {result->submitted, eclaim_money(profile, 0), result->benefit, NULL};
	int64_t largest = 0, all = 0;
	for (uint32_t i = 0; i < result->adjustment_count; i++) {
		const struct zf_adjustment *adjustment = result->adjustments[i];
		int64_t amount = adjustment->amount.minor;
		all += amount;
		if (is_share(adjustment)) {
			split.share.minor += amount;
		} else if (amount > largest) {
			largest = amount;
			split.code = adjustment->original_code != NULL ? adjustment->original_code
								       : eclaim_denial_code(adjustment->reason);
		}
	}
	if (!split.payment.present && split.submitted.present) {
		split.payment = split.submitted;
		split.payment.minor -= all;
	}
	return split;
}

static void write_activity(const struct eclaim_profile *profile, struct xml_writer *writer,
	const struct xml_element *request, const struct zf_line_result *result, struct zf_arena *arena)
{
	const struct xml_element *from = activity_of(request, result->sequence);
	struct split split = split_of(profile, result);
	char ref[20];
	int32_t number;
	struct text_span id = xml_child_text(from, "ID");
	xml_write_begin(writer, "Activity");
	if (result->sequence == 0 && eclaim_activity_read(id, ref, &number)) {
		xml_write_element(writer, "ID", eclaim_activity_id(arena, ref, 0));
	} else {
		xml_write_span(writer, "ID", id);
	}
	copy(writer, from, "Start", true);
	copy(writer, from, "Type", true);
	copy(writer, from, "Code", true);
	copy(writer, from, "Quantity", true);
	copy(writer, from, "Net", true);
	copy(writer, from, "Clinician", true);
	copy(writer, from, "PriorAuthorizationID", false);
	if (split.submitted.present) eclaim_amount_write(writer, "Gross", split.submitted);
	eclaim_amount_write(writer, "PatientShare", split.share);
	eclaim_amount_write(writer, "PaymentAmount", split.payment);
	xml_write_optional(writer, "DenialCode", split.code);
	xml_write_end(writer);
}

int eclaim_advice_claim_write(const struct eclaim_profile *profile, const struct xml_element *request,
	const struct zf_adjudication *adjudication, struct zf_arena *arena, struct text_span *ret_xml)
{
	struct xml_writer writer;
	xml_write_init(&writer, arena, ECLAIM_FILE_BYTES_MAX, false);
	xml_write_begin(&writer, "Claim");
	copy(&writer, request, "ID", true);
	xml_write_element(&writer, "IDPayer", adjudication->insurer_claim_no);
	copy(&writer, request, "ProviderID", false);
	xml_write_element(&writer, "PaymentReference", GAP_REFERENCE);
	xml_write_element(&writer, "DateSettlement", GAP_DATE);
	xml_write_begin(&writer, "Encounter");
	copy(&writer, xml_child(request, "Encounter"), "FacilityID", false);
	xml_write_end(&writer);
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		write_activity(profile, &writer, request, adjudication->lines[i], arena);
	}
	xml_write_end(&writer);
	return xml_write_finish(&writer, ret_xml);
}

/* ---- taken back ---- */

static void write_reversed(struct xml_writer *writer, const struct xml_element *from)
{
	struct text_span text = {from->text, from->text_len};
	bool paid = strcmp(from->name, "PaymentAmount") == 0, zero = text.len > 0 && strspn(text.ptr, "0.") == text.len;
	if (strcmp(from->name, "DenialCode") == 0) return;
	xml_write_begin(writer, from->name);
	if (paid && !zero) xml_write_text(writer, TEXT("-"));
	xml_write_text(writer, text);
	for (const struct xml_element *child = from->first; child != NULL; child = child->next) {
		write_reversed(writer, child);
	}
	xml_write_end(writer);
	if (paid) xml_write_element(writer, "DenialCode", eclaim_denial_code(ZF_REASON_TAKE_BACK));
}

int eclaim_advice_claim_reverse(
	const struct eclaim_profile *profile, struct text_span claim, struct zf_arena *arena, struct text_span *ret_xml)
{
	const struct xml_element *root;
	struct fault_list faults;
	struct xml_writer writer;
	(void)profile;
	fault_list_init(&faults, arena, 0);
	int rc = xml_read(claim.ptr, claim.len, NULL, arena, &faults, &root);
	if (rc != 0) return rc;
	xml_write_init(&writer, arena, ECLAIM_FILE_BYTES_MAX, false);
	write_reversed(&writer, root);
	return xml_write_finish(&writer, ret_xml);
}

/* ---- files ---- */

static void begin_file(const struct eclaim_profile *profile, struct xml_writer *writer, const char *root,
	const char *schema, const char *receiver, int64_t now_ms, uint32_t count, struct zf_arena *arena)
{
	char number[16], now[ECLAIM_DATE_SIZE];
	(void)snprintf(number, sizeof(number), "%u", count);
	eclaim_date_format_ms(profile, now_ms, now);
	xml_write_init(writer, arena, ECLAIM_FILE_BYTES_MAX, true);
	xml_write_begin(writer, root);
	xml_write_attribute(writer, "xmlns:xsi", XSI);
	if (schema[0] != '\0') xml_write_attribute(writer, "xsi:noNamespaceSchemaLocation", schema);
	xml_write_begin(writer, "Header");
	xml_write_element(writer, "SenderID", profile->receiver_id);
	xml_write_element(writer, "ReceiverID", receiver);
	xml_write_element(writer, "TransactionDate", now);
	xml_write_element(writer, "RecordCount", number);
	xml_write_element(writer, "DispositionFlag", profile->disposition);
	xml_write_end(writer);
}

static void fill_gap(struct xml_writer *writer, struct text_span *rest, const char *gap, const char *value)
{
	const char *at = memmem(rest->ptr, rest->len, gap, strlen(gap));
	if (at == NULL) return;
	xml_write_raw(writer, (struct text_span){rest->ptr, (size_t)(at - rest->ptr)});
	xml_write_text(writer, text_of(value));
	at += strlen(gap);
	*rest = (struct text_span){at, rest->len - (size_t)(at - rest->ptr)};
}

int eclaim_advice_write(const struct eclaim_profile *profile, const char *receiver, int64_t now_ms,
	const struct text_span *claims, const char *const *references, uint32_t count, struct zf_arena *arena,
	struct text_span *ret_xml)
{
	struct xml_writer writer;
	char now[ECLAIM_DATE_SIZE];
	eclaim_date_format_ms(profile, now_ms, now);
	begin_file(profile, &writer, "Remittance.Advice", profile->advice_schema, receiver, now_ms, count, arena);
	for (uint32_t i = 0; i < count; i++) {
		struct text_span rest = claims[i];
		fill_gap(&writer, &rest, GAP_REFERENCE, references[i] == NULL ? NO_REFERENCE : references[i]);
		fill_gap(&writer, &rest, GAP_DATE, now);
		xml_write_raw(&writer, rest);
	}
	xml_write_end(&writer);
	return xml_write_finish(&writer, ret_xml);
}

int eclaim_authorization_write(const struct eclaim_profile *profile, const char *receiver, int64_t now_ms,
	const struct xml_element *request, const struct zf_adjudication *adjudication, struct zf_arena *arena,
	struct text_span *ret_xml)
{
	struct xml_writer writer;
	char start[ECLAIM_DATE_SIZE], end[ECLAIM_DATE_SIZE];
	bool granted = false;
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		granted = granted || split_of(profile, adjudication->lines[i]).payment.minor > 0;
	}
	eclaim_date_format_ms(profile, now_ms, start);
	eclaim_date_format_ms(profile, now_ms + INT64_C(30) * 86400000, end);
	begin_file(profile, &writer, "Prior.Authorization", profile->authorization_schema, receiver, now_ms, 1, arena);
	xml_write_begin(&writer, "Authorization");
	xml_write_element(&writer, "Result", granted ? "Yes" : "No");
	copy(&writer, request, "ID", true);
	xml_write_element(&writer, "IDPayer", adjudication->insurer_claim_no);
	xml_write_element(&writer, "Start", start);
	xml_write_element(&writer, "End", end);
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		const struct zf_line_result *result = adjudication->lines[i];
		const struct xml_element *from = activity_of(request, result->sequence);
		struct split split = split_of(profile, result);
		xml_write_begin(&writer, "Activity");
		copy(&writer, from, "ID", true);
		copy(&writer, from, "Type", true);
		copy(&writer, from, "Code", true);
		copy(&writer, from, "Quantity", true);
		/* There is no Gross here: Net is what is left of it. */
		split.submitted.minor -= split.share.minor;
		eclaim_amount_write(&writer, "Net", split.submitted);
		eclaim_amount_write(&writer, "PatientShare", split.share);
		eclaim_amount_write(&writer, "PaymentAmount", split.payment);
		xml_write_optional(&writer, "DenialCode", split.code);
		xml_write_end(&writer);
	}
	xml_write_end(&writer);
	xml_write_end(&writer);
	return xml_write_finish(&writer, ret_xml);
}

/* ---- the module's function ---- */

/* The Claim of the request that the decision is about. */
static const struct xml_element *request_of(const struct eclaim_submission *submission, const struct zf_claim *claim)
{
	for (uint32_t i = 0; i < submission->count; i++) {
		if (strcmp(submission->claims[i]->ref, claim->ref) == 0) return submission->elements[i];
	}
	return submission->count == 0 ? NULL : submission->elements[0];
}

static int encode(const struct eclaim_profile *profile, int64_t now_ms, const struct eclaim_submission *submission,
	const struct zf_claim *claim, const struct zf_adjudication *adjudication, struct zf_arena *arena,
	struct text_span *ret_xml)
{
	const struct xml_element *request = request_of(submission, claim);
	const char *references[] = {NULL};
	struct text_span part;
	if (request == NULL) return LIB_INVALID;
	if (claim->use == ZF_USE_PREAUTHORIZATION) {
		return eclaim_authorization_write(
			profile, submission->sender, now_ms, request, adjudication, arena, ret_xml);
	}
	int rc = eclaim_advice_claim_write(profile, request, adjudication, arena, &part);
	if (rc != 0) return rc;
	return eclaim_advice_write(profile, submission->sender, now_ms, &part, references, 1, arena, ret_xml);
}

int32_t eclaim_insurer_encode_adjudication(const void *context, void *call, const struct zf_claim *claim,
	const struct zf_adjudication *adjudication, const uint8_t *request, uint64_t request_len,
	struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type)
{
	const struct eclaim_profile *profile = context;
	struct eclaim_submission submission = {0};
	struct fault_list faults;
	struct text_span xml = {NULL, 0};
	fault_list_init(&faults, arena, 0);
	int rc = eclaim_submission_read(profile, request, request_len, arena, &faults, &submission);
	if (rc == 0) {
		rc = encode(profile, profile->host->now_ms(call), &submission, claim, adjudication, arena, &xml);
	}
	if (rc != 0) return rc == LIB_NOMEM ? ZF_NOMEM : ZF_REJECT;
	*ret_bytes = (const uint8_t *)xml.ptr;
	*ret_len = xml.len;
	*ret_content_type = "text/xml; charset=utf-8";
	return ZF_OK;
}
