/* ClaimResponse and ExplanationOfBenefit from a claim and what was decided about it. */
#include <stdio.h>

#include "fhir/encode.h"
#include "fhir/reason.h"
#include "fhir/scan.h"
#include "fhir/write.h"
#include "lib/reason.h"

static const char *outcome_name(uint8_t outcome)
{
	switch (outcome) {
	case ZF_OUTCOME_COMPLETE:
		return "complete";
	case ZF_OUTCOME_PARTIAL:
		return "partial";
	case ZF_OUTCOME_ERROR:
		return "error";
	default:
		return "queued";
	}
}

static void put_amount(struct json_writer *writer, const char *category, struct zf_money amount)
{
	if (!amount.present) return;
	json_write_object_begin(writer);
	fhir_put_code(writer, "category", FHIR_SYSTEM_ADJUDICATION, category, NULL);
	fhir_put_money(writer, "amount", amount);
	json_write_object_end(writer);
}

/* The category says the group in X12's words, unless HL7 has one for the reason and the group is the usual one; the
 * reason gives the neutral name first, then the insurer's own code. */
static void put_adjustment(struct json_writer *writer, const struct zf_adjustment *adjustment)
{
	const char *category = fhir_reason_category(adjustment->reason);
	bool usual = adjustment->group == ZF_GROUP_NONE || adjustment->group == reason_group(adjustment->reason);
	json_write_object_begin(writer);
	if (category != NULL && usual) {
		fhir_put_code(writer, "category", FHIR_SYSTEM_ADJUDICATION, category, NULL);
	} else {
		uint8_t group =
			adjustment->group != ZF_GROUP_NONE ? adjustment->group : reason_group(adjustment->reason);
		fhir_put_code(writer, "category", FHIR_SYSTEM_CAGC, reason_group_name(group), NULL);
	}
	struct zf_coding original = {.system = adjustment->original_system, .code = adjustment->original_code};
	struct zf_coding neutral = {.system = FHIR_SYSTEM_REASON, .code = reason_name(adjustment->reason)};
	bool has_original = original.code != NULL && strcmp(original.code, category == NULL ? "" : category) != 0;
	const struct zf_coding *codings[] = {has_original ? &original : &neutral, &neutral};
	struct zf_concept reason = {
		.codings = codings, .coding_count = has_original ? 2 : 1, .text = adjustment->original_text};
	fhir_put_concept(writer, "reason", NULL, &reason);
	fhir_put_money(writer, "amount", adjustment->amount);
	json_write_object_end(writer);
}

static bool has_amounts(const struct zf_line_result *line)
{
	return line->submitted.present || line->eligible.present || line->benefit.present || line->adjustment_count > 0;
}

static void put_adjudication(struct json_writer *writer, const struct zf_line_result *line)
{
	if (!has_amounts(line)) return;
	json_write_key(writer, "adjudication");
	json_write_array_begin(writer);
	put_amount(writer, "submitted", line->submitted);
	put_amount(writer, "eligible", line->eligible);
	for (uint32_t i = 0; i < line->adjustment_count; i++) put_adjustment(writer, line->adjustments[i]);
	put_amount(writer, "benefit", line->benefit);
	json_write_array_end(writer);
}

/* The claim-level entries of a decision: those of the lines with sequence 0. */
static void put_claim_level(struct json_writer *writer, const struct zf_adjudication *adjudication)
{
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		if (adjudication->lines[i]->sequence != 0) continue;
		put_adjudication(writer, adjudication->lines[i]);
		return;
	}
}

static void put_totals(struct json_writer *writer, const struct zf_adjudication *adjudication)
{
	if (!adjudication->submitted.present && !adjudication->eligible.present && !adjudication->benefit.present)
		return;
	json_write_key(writer, "total");
	json_write_array_begin(writer);
	put_amount(writer, "submitted", adjudication->submitted);
	put_amount(writer, "eligible", adjudication->eligible);
	put_amount(writer, "benefit", adjudication->benefit);
	json_write_array_end(writer);
}

static void put_payment(struct json_writer *writer, const struct zf_adjudication *adjudication)
{
	if (!adjudication->payment.present) return;
	json_write_key(writer, "payment");
	json_write_object_begin(writer);
	bool whole = !adjudication->benefit.present || adjudication->benefit.minor == adjudication->payment.minor;
	fhir_put_code(writer, "type", "http://terminology.hl7.org/CodeSystem/ex-paymenttype",
		whole ? "complete" : "partial", NULL);
	fhir_put_date(writer, "date", adjudication->payment_date);
	fhir_put_money(writer, "amount", adjudication->payment);
	json_write_object_end(writer);
}

static void put_disposition(struct json_writer *writer, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options)
{
	json_write_member(writer, "disposition", adjudication->disposition);
	if (options->disposition_zh != NULL)
		fhir_put_translation(writer, "_disposition", "zh", options->disposition_zh);
}

static void put_notes(struct json_writer *writer, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options)
{
	if (adjudication->note_count == 0) return;
	json_write_key(writer, "processNote");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < adjudication->note_count; i++) {
		json_write_object_begin(writer);
		json_write_member_int64(writer, "number", (int64_t)i + 1);
		json_write_member(writer, "text", adjudication->notes[i]);
		if (options->notes_zh != NULL && options->notes_zh[i] != NULL)
			fhir_put_translation(writer, "_text", "zh", options->notes_zh[i]);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static void put_errors(struct json_writer *writer, const struct zf_adjudication *adjudication)
{
	if (adjudication->error_count == 0) return;
	json_write_key(writer, "error");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < adjudication->error_count; i++) {
		const struct zf_fault *error = adjudication->errors[i];
		uint32_t sequence = 0;
		const char *p = error->path == NULL ? "" : error->path;
		json_write_object_begin(writer);
		if (fhir_scan_literal(&p, "Claim.item.where(sequence=") && fhir_scan_number(&p, INT32_MAX, &sequence) &&
			sequence > 0) {
			json_write_member_int64(writer, "itemSequence", sequence);
		}
		struct zf_coding coding = {.code = error->code != NULL ? error->code : "error", .display = error->text};
		const struct zf_coding *codings[] = {&coding};
		struct zf_concept code = {.codings = codings, .coding_count = 1};
		fhir_put_concept(writer, "code", NULL, &code);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

/* ---- what both resources begin with ---- */

static const struct zf_identifier *first_identifier(const struct zf_identifier *const *list, uint32_t count)
{
	return count > 0 ? list[0] : NULL;
}

static void put_patient(
	struct json_writer *writer, const struct zf_claim *claim, const struct fhir_answer_options *options)
{
	const struct zf_patient *patient = claim->patient;
	const struct zf_identifier *identifier =
		patient == NULL ? NULL : first_identifier(patient->identifiers, patient->identifier_count);
	const char *reference = options->patient_reference;
	/* A local reference means nothing outside of the claim's own document. */
	if (reference == NULL && identifier == NULL && patient != NULL && patient->reference != NULL &&
		patient->reference[0] != '#') {
		reference = patient->reference;
	}
	bool said = reference != NULL || identifier != NULL;
	fhir_put_reference(writer, "patient", "Patient", reference, identifier, said ? NULL : "patient of the claim");
}

static void put_organization(struct json_writer *writer, const char *key, const char *reference,
	const struct zf_organization *organization, const char *fallback)
{
	const struct zf_identifier *identifier =
		organization == NULL ? NULL
				     : first_identifier(organization->identifiers, organization->identifier_count);
	const char *display = organization != NULL && organization->name != NULL ? organization->name : NULL;
	if (reference == NULL && identifier == NULL && display == NULL) display = fallback;
	fhir_put_reference(writer, key, "Organization", reference, identifier, display);
}

static const struct zf_organization *insurer_of(const struct zf_claim *claim)
{
	if (claim->insurer != NULL) return claim->insurer;
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		const struct zf_coverage *coverage = claim->insurance[i]->coverage;
		if (coverage != NULL && coverage->payor_count > 0) return coverage->payors[0];
	}
	return NULL;
}

static void put_begin(struct json_writer *writer, const char *type, const struct fhir_answer_options *options,
	const struct zf_adjudication *adjudication)
{
	json_write_object_begin(writer);
	json_write_member(writer, "resourceType", type);
	json_write_member(writer, "id", options->id);
	fhir_put_meta(writer, options->profile, options->last_updated, options->tag_system, options->tag);
	if (adjudication->insurer_claim_no != NULL) {
		json_write_key(writer, "identifier");
		json_write_array_begin(writer);
		fhir_put_plain_identifier(writer, NULL, options->number_system, adjudication->insurer_claim_no);
		json_write_array_end(writer);
	}
	json_write_member(writer, "status", "active");
}

static const char *claim_system(const struct fhir_answer_options *options)
{
	return options->claim_system != NULL ? options->claim_system : FHIR_SYSTEM_CLAIM;
}

static void put_request(struct json_writer *writer, const char *key, const struct zf_claim *claim,
	const struct zf_adjudication *adjudication, const struct fhir_answer_options *options)
{
	const char *ref = claim->ref[0] != '\0' ? claim->ref : adjudication->claim_ref;
	struct zf_identifier identifier = {.system = claim_system(options), .value = ref};
	/* A claim that never had our ref is named by the sender's own number. */
	const struct zf_identifier *named =
		ref != NULL ? &identifier : first_identifier(claim->identifiers, claim->identifier_count);
	fhir_put_reference(writer, key, "Claim", options->request_reference, named, NULL);
}

static struct zf_time created_of(const struct zf_claim *claim, const struct zf_adjudication *adjudication)
{
	return adjudication->created.precision != ZF_NO_TIME ? adjudication->created : claim->created;
}

static void put_type(struct json_writer *writer, const struct zf_claim *claim)
{
	if (claim->type != NULL) {
		fhir_put_concept(writer, "type", NULL, claim->type);
	} else {
		fhir_put_code(writer, "type", "http://terminology.hl7.org/CodeSystem/claim-type", "professional", NULL);
	}
	fhir_put_concept(writer, "subType", NULL, claim->sub_type);
}

static void put_coverages(
	struct json_writer *writer, const struct zf_claim *claim, const struct fhir_answer_options *options)
{
	if (claim->insurance_count == 0) return;
	json_write_key(writer, "insurance");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < claim->insurance_count; i++) {
		const struct zf_insurance *insurance = claim->insurance[i];
		const struct zf_coverage *coverage = insurance->coverage;
		json_write_object_begin(writer);
		json_write_member_bool(writer, "focal", insurance->focal != 0);
		struct zf_identifier number = {.value = coverage == NULL ? NULL : coverage->subscriber_id};
		const struct zf_identifier *identifier =
			coverage == NULL ? NULL : first_identifier(coverage->identifiers, coverage->identifier_count);
		if (identifier == NULL && number.value != NULL) identifier = &number;
		const char *display = coverage == NULL ? NULL : coverage->display;
		const char *reference = insurance->focal ? options->coverage_reference : NULL;
		if (reference == NULL && identifier == NULL && display == NULL) display = "coverage of the claim";
		fhir_put_reference(writer, "coverage", "Coverage", reference, identifier, display);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

/* ---- ClaimResponse ---- */

static void put_response_items(struct json_writer *writer, const struct zf_adjudication *adjudication)
{
	bool open = false;
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		const struct zf_line_result *line = adjudication->lines[i];
		if (line->sequence == 0 || !has_amounts(line)) continue;
		if (!open) {
			json_write_key(writer, "item");
			json_write_array_begin(writer);
			open = true;
		}
		json_write_object_begin(writer);
		json_write_member_int64(writer, "itemSequence", line->sequence);
		put_adjudication(writer, line);
		json_write_object_end(writer);
	}
	if (open) json_write_array_end(writer);
}

int fhir_encode_claim_response(const struct zf_claim *claim, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	json_write_init(&writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	put_begin(&writer, "ClaimResponse", options, adjudication);
	put_type(&writer, claim);
	json_write_member(&writer, "use", fhir_use_name(claim->use));
	put_patient(&writer, claim, options);
	fhir_put_time(&writer, "created", created_of(claim, adjudication));
	put_organization(&writer, "insurer", options->insurer_reference, insurer_of(claim), "insurer of the claim");
	put_request(&writer, "request", claim, adjudication, options);
	json_write_member(&writer, "outcome", outcome_name(adjudication->outcome));
	put_disposition(&writer, adjudication, options);
	json_write_member(&writer, "preAuthRef", adjudication->preauth_ref);
	fhir_put_period(&writer, "preAuthPeriod", adjudication->preauth_period);
	put_response_items(&writer, adjudication);
	put_claim_level(&writer, adjudication);
	put_totals(&writer, adjudication);
	put_payment(&writer, adjudication);
	put_notes(&writer, adjudication, options);
	put_errors(&writer, adjudication);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

/* ---- ExplanationOfBenefit ---- */

static const struct zf_line_result *result_of(const struct zf_adjudication *adjudication, int32_t sequence)
{
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		if (adjudication->lines[i]->sequence == sequence) return adjudication->lines[i];
	}
	return NULL;
}

static void put_eob_item(
	struct json_writer *writer, const struct zf_claim_line *line, const struct zf_adjudication *adjudication)
{
	json_write_object_begin(writer);
	json_write_member_int64(writer, "sequence", line->sequence);
	fhir_put_concept(writer, "revenue", NULL, line->revenue);
	fhir_put_concept(writer, "category", NULL, line->category);
	fhir_put_concept(writer, "productOrService", NULL, line->product_or_service);
	fhir_put_concepts(writer, "modifier", NULL, line->modifiers, line->modifier_count);
	fhir_put_period(writer, "servicedPeriod", line->serviced);
	fhir_put_quantity(writer, "quantity", line->quantity, line->quantity_unit);
	fhir_put_price(writer, "unitPrice", line->unit_price, line->unit_price_currency);
	fhir_put_decimal(writer, "factor", line->factor);
	fhir_put_money(writer, "net", line->net);
	const struct zf_line_result *result = result_of(adjudication, line->sequence);
	if (result != NULL) put_adjudication(writer, result);
	json_write_object_end(writer);
}

static void put_provider(
	struct json_writer *writer, const struct zf_claim *claim, const struct fhir_answer_options *options)
{
	const struct zf_practitioner *practitioner = claim->provider_practitioner;
	if (claim->provider == NULL && practitioner != NULL) {
		const struct zf_identifier *identifier =
			first_identifier(practitioner->identifiers, practitioner->identifier_count);
		const char *display = practitioner->name == NULL ? NULL : practitioner->name->text;
		if (options->provider_reference == NULL && identifier == NULL && display == NULL) display = "provider";
		fhir_put_reference(
			writer, "provider", "Practitioner", options->provider_reference, identifier, display);
		return;
	}
	put_organization(writer, "provider", options->provider_reference, claim->provider, "provider of the claim");
}

int fhir_encode_explanation(const struct zf_claim *claim, const struct zf_adjudication *adjudication,
	const struct fhir_answer_options *options, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	json_write_init(&writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	put_begin(&writer, "ExplanationOfBenefit", options, adjudication);
	put_type(&writer, claim);
	json_write_member(&writer, "use", fhir_use_name(claim->use));
	put_patient(&writer, claim, options);
	fhir_put_period(&writer, "billablePeriod", claim->billable_period);
	fhir_put_time(&writer, "created", created_of(claim, adjudication));
	put_organization(&writer, "insurer", options->insurer_reference, insurer_of(claim), "insurer of the claim");
	put_provider(&writer, claim, options);
	fhir_put_concept(&writer, "priority", NULL, claim->priority);
	put_request(&writer, "claim", claim, adjudication, options);
	json_write_member(&writer, "outcome", outcome_name(adjudication->outcome));
	put_disposition(&writer, adjudication, options);
	put_coverages(&writer, claim, options);
	if (claim->line_count > 0) {
		json_write_key(&writer, "item");
		json_write_array_begin(&writer);
		for (uint32_t i = 0; i < claim->line_count; i++) put_eob_item(&writer, claim->lines[i], adjudication);
		json_write_array_end(&writer);
	}
	put_claim_level(&writer, adjudication);
	put_totals(&writer, adjudication);
	put_payment(&writer, adjudication);
	put_notes(&writer, adjudication, options);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}
