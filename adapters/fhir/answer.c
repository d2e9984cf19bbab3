/* From an insurer's FHIR answer to canonical facts. */
#include "fhir/answer.h"

#include <stdio.h>

#include "fhir/link.h"
#include "fhir/reason.h"
#include "fhir/resource.h"
#include "lib/money.h"

#define ERROR_EXPRESSION "error-expression" /* how NPHIES names the place of an error, as an extension's URL ends */

static bool touches_decision(const char *path)
{
	static const char *const parts[] = {".adjudication", ".total", ".payment.", ".paymentAmount", ".amount",
		"equence", ".outcome", ".detail[", ".request", ".identifier"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strstr(path, parts[i]) != NULL) return true;
	}
	return false;
}

/* Must nothing be concluded from a document with this fault? */
static bool matters(const struct fault *fault)
{
	switch (fault->code) {
	case FAULT_AMOUNT_ABSURD:
	case FAULT_AMOUNT_PRECISION:
	case FAULT_CURRENCY_MISSING:
	case FAULT_CURRENCY_UNKNOWN:
	case FAULT_TOO_MANY:
	case FAULT_MODIFIER_EXTENSION:
	case FAULT_IMPLICIT_RULES:
		return true;
	case FAULT_ELEMENT_TYPE:
	case FAULT_ELEMENT_NULL:
	case FAULT_VALUE_INVALID:
	case FAULT_CHOICE_MANY:
	case FAULT_CODE_NOT_IN_VALUE_SET:
	case FAULT_ELEMENT_MISSING:
		return touches_decision(fault->path);
	default:
		return false;
	}
}

/* ---- concepts ---- */

static const struct zf_coding *first_coding(const struct zf_concept *concept)
{
	return concept != NULL && concept->coding_count > 0 ? concept->codings[0] : NULL;
}

static const char *concept_text(const struct zf_concept *concept)
{
	if (concept == NULL) return NULL;
	if (concept->text != NULL) return concept->text;
	const struct zf_coding *coding = first_coding(concept);
	return coding == NULL ? NULL : coding->display;
}

static bool has_tag(const struct fhir_meta *meta, const char *code)
{
	for (uint32_t i = 0; meta != NULL && i < meta->tag_count; i++) {
		if (meta->tags[i]->code != NULL && strcmp(meta->tags[i]->code, code) == 0) return true;
	}
	return false;
}

/* ---- ClaimResponse ---- */

struct builder {
	const struct fhir_codes *codes;
	struct zf_arena *arena;
};

/* Our ref, when the identifier can be it. */
static const char *ref_of(const struct fhir_codes *codes, const struct zf_identifier *identifier)
{
	if (identifier == NULL || identifier->value == NULL) return NULL;
	if (codes->claim_system != NULL && identifier->system != NULL &&
		strcmp(codes->claim_system, identifier->system) != 0) {
		return NULL;
	}
	size_t len = strlen(identifier->value);
	if (len == 0 || len > 16) return NULL;
	return strspn(identifier->value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len ? identifier->value : NULL;
}

static int add_adjustment(const struct builder *builder, const struct fhir_adjudication *entry,
	struct fhir_verdict verdict, const struct zf_adjustment **list, uint32_t *count)
{
	if (!entry->amount.present || entry->amount.minor == 0) return 0;
	struct zf_adjustment *out = zf_alloc(builder->arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	out->group = verdict.group;
	out->reason = verdict.reason;
	out->amount = entry->amount;
	const struct zf_concept *original = first_coding(entry->reason) != NULL ? entry->reason : entry->category;
	const struct zf_coding *coding = first_coding(original);
	if (coding != NULL) {
		out->original_system = coding->system;
		out->original_code = coding->code;
	}
	out->original_text = concept_text(original);
	list[(*count)++] = out;
	return 0;
}

static int make_line(const struct builder *builder, int32_t sequence, const struct fhir_adjudication *const *entries,
	uint32_t entry_count, const struct zf_line_result **ret_line)
{
	struct zf_line_result *line = zf_alloc(builder->arena, sizeof(*line));
	const struct zf_adjustment **adjustments = zf_alloc_array(builder->arena, entry_count + 1, sizeof(void *));
	if (line == NULL || adjustments == NULL) return LIB_NOMEM;
	line->sequence = sequence;
	for (uint32_t i = 0; i < entry_count; i++) {
		const struct fhir_adjudication *entry = entries[i];
		struct fhir_verdict verdict = fhir_reason_read(builder->codes->profile, entry->category, entry->reason);
		switch (verdict.category) {
		case FHIR_CATEGORY_SUBMITTED:
			line->submitted = entry->amount;
			break;
		case FHIR_CATEGORY_ELIGIBLE:
			line->eligible = entry->amount;
			break;
		case FHIR_CATEGORY_BENEFIT:
			line->benefit = entry->amount;
			break;
		case FHIR_CATEGORY_IGNORED:
			break;
		default:
			if (add_adjustment(builder, entry, verdict, adjustments, &line->adjustment_count) != 0) {
				return LIB_NOMEM;
			}
		}
	}
	line->adjustments = line->adjustment_count > 0 ? adjustments : NULL;
	*ret_line = line;
	return 0;
}

static int make_lines(
	const struct builder *builder, const struct fhir_claim_response *response, struct zf_adjudication *out)
{
	uint32_t most = response->item_count + response->add_item_count + 1;
	const struct zf_line_result **lines = zf_alloc_array(builder->arena, most, sizeof(void *));
	if (lines == NULL) return LIB_NOMEM;
	uint32_t count = 0;
	int rc = 0;
	for (uint32_t i = 0; i < response->item_count && rc == 0; i++) {
		const struct fhir_response_item *item = response->items[i];
		rc = make_line(builder, item->sequence, item->adjudications, item->adjudication_count, &lines[count++]);
	}
	for (uint32_t i = 0; i < response->add_item_count && rc == 0; i++) {
		/* A line that the insurer added; it is the claim's line only when it names exactly one. */
		const struct fhir_response_item *item = response->add_items[i];
		int32_t sequence = item->sequence_count == 1 ? item->sequences[0] : 0;
		rc = make_line(builder, sequence, item->adjudications, item->adjudication_count, &lines[count++]);
	}
	if (rc == 0 && response->adjudication_count > 0) {
		rc = make_line(builder, 0, response->adjudications, response->adjudication_count, &lines[count++]);
	}
	out->lines = count > 0 ? lines : NULL;
	out->line_count = count;
	return rc;
}

static void take_totals(
	const struct builder *builder, const struct fhir_claim_response *response, struct zf_adjudication *out)
{
	for (uint32_t i = 0; i < response->total_count; i++) {
		const struct fhir_adjudication *total = response->totals[i];
		switch (fhir_reason_read(builder->codes->profile, total->category, NULL).category) {
		case FHIR_CATEGORY_SUBMITTED:
			out->submitted = total->amount;
			break;
		case FHIR_CATEGORY_ELIGIBLE:
			out->eligible = total->amount;
			break;
		case FHIR_CATEGORY_BENEFIT:
			out->benefit = total->amount;
			break;
		default:
			break;
		}
	}
}

/* Where an insurer says in an extension which element an error is about. */
static const char *error_expression(const struct fhir_resource *resource, uint32_t error)
{
	char prefix[48];
	int len = snprintf(prefix, sizeof(prefix), "ClaimResponse.error[%u].", error);
	for (uint32_t i = 0; i < resource->extension_count; i++) {
		const struct fhir_kept_extension *kept = (const struct fhir_kept_extension *)resource->extensions[i];
		if (strncmp(kept->out.path, prefix, (size_t)len) != 0) continue;
		if (strstr(kept->out.url, ERROR_EXPRESSION) != NULL && kept->value.text != NULL)
			return kept->value.text;
	}
	return NULL;
}

static int make_errors(const struct builder *builder, const struct fhir_resource *resource,
	const struct fhir_claim_response *response, struct zf_adjudication *out)
{
	const struct zf_fault **errors = zf_alloc_array(builder->arena, response->error_count + 1, sizeof(void *));
	if (errors == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < response->error_count; i++) {
		const struct fhir_response_error *error = response->errors[i];
		struct zf_fault *fault = zf_alloc(builder->arena, sizeof(*fault));
		if (fault == NULL) return LIB_NOMEM;
		fault->path = error_expression(resource, i);
		if (fault->path == NULL && error->item_sequence > 0) {
			fault->path =
				text_printf(builder->arena, "Claim.item.where(sequence=%d)", (int)error->item_sequence);
			if (fault->path == NULL) return LIB_NOMEM;
		}
		fault->code = fhir_concept_code(error->code);
		fault->text = concept_text(error->code);
		errors[i] = fault;
	}
	out->errors = response->error_count > 0 ? errors : NULL;
	out->error_count = response->error_count;
	return 0;
}

static int make_notes(
	const struct builder *builder, const struct fhir_claim_response *response, struct zf_adjudication *out)
{
	const char **notes = zf_alloc_array(builder->arena, response->note_count + 1, sizeof(void *));
	if (notes == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < response->note_count; i++) {
		if (response->notes[i]->text != NULL) notes[out->note_count++] = response->notes[i]->text;
	}
	out->notes = out->note_count > 0 ? notes : NULL;
	return 0;
}

static uint8_t outcome_of(const char *outcome)
{
	if (outcome == NULL) return 0;
	switch (outcome[0]) {
	case 'q':
		return ZF_OUTCOME_QUEUED;
	case 'c':
		return ZF_OUTCOME_COMPLETE;
	case 'p':
		return ZF_OUTCOME_PARTIAL;
	default:
		return ZF_OUTCOME_ERROR;
	}
}

static uint8_t use_of(const char *use)
{
	if (use == NULL) return 0;
	if (strcmp(use, "claim") == 0) return ZF_USE_CLAIM;
	return strcmp(use, "preauthorization") == 0 ? ZF_USE_PREAUTHORIZATION : ZF_USE_PREDETERMINATION;
}

int fhir_answer_adjudication(const struct fhir_resource *resource, const struct fhir_codes *codes,
	struct zf_arena *arena, const struct zf_adjudication **ret_adjudication)
{
	const struct fhir_claim_response *response = resource->value;
	struct builder builder = {codes, arena};
	struct zf_adjudication *out = zf_alloc(arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	out->size = sizeof(*out);
	out->outcome = outcome_of(response->outcome);
	out->use = use_of(response->use);
	if (response->request != NULL) {
		out->claim_ref = ref_of(codes, response->request->identifier);
		out->claim_reference = response->request->reference;
		if (out->claim_ref == NULL && out->claim_reference == NULL && response->request->identifier != NULL) {
			out->claim_reference = response->request->identifier->value;
		}
	}
	for (uint32_t i = 0; i < response->identifier_count && out->insurer_claim_no == NULL; i++) {
		out->insurer_claim_no = response->identifiers[i]->value;
	}
	out->preauth_ref = response->preauth_ref;
	out->preauth_period = response->preauth_period;
	out->disposition = response->disposition;
	out->created = response->created;
	out->payment = response->payment.amount;
	out->payment_date = response->payment.date;
	take_totals(&builder, response, out);
	int rc = make_lines(&builder, response, out);
	if (rc == 0) rc = make_errors(&builder, resource, response, out);
	if (rc == 0) rc = make_notes(&builder, response, out);
	if (rc == 0) *ret_adjudication = out;
	return rc;
}

/* ---- PaymentReconciliation ---- */

static bool is_listed(const char *list, const char *url)
{
	size_t len = strlen(url);
	for (const char *p = list; p != NULL; p = strchr(p, ' ')) {
		if (*p == ' ') p++;
		if (strncmp(p, url, len) == 0 && (p[len] == ' ' || p[len] == '\0')) return true;
	}
	return false;
}

/* The fees of a detail: kept by the network, said in extensions. LIB_INVALID when they don't add up to an amount. */
static int take_fee(
	const struct builder *builder, const struct fhir_resource *resource, uint32_t detail, struct zf_money *ret_fee)
{
	char prefix[64];
	int len = snprintf(prefix, sizeof(prefix), "PaymentReconciliation.detail[%u].extension[", detail);
	for (uint32_t i = 0; i < resource->extension_count && builder->codes->fee_extensions != NULL; i++) {
		const struct fhir_kept_extension *kept = (const struct fhir_kept_extension *)resource->extensions[i];
		if (strncmp(kept->out.path, prefix, (size_t)len) != 0 || !kept->value.money.present) continue;
		if (!is_listed(builder->codes->fee_extensions, kept->out.url)) continue;
		if (!ret_fee->present) {
			*ret_fee = kept->value.money;
		} else if (money_add(*ret_fee, kept->value.money, ret_fee) != 0) {
			return LIB_INVALID;
		}
	}
	return 0;
}

/* Of the payment types of FHIR an adjustment and an advance may be of the transfer as a whole; fee and netting are
 * words of ours, which FHIR lacks. What names a claim is of that claim, whatever it is called. */
static uint8_t detail_kind(const struct fhir_payment_detail *detail)
{
	const char *word = fhir_concept_code(detail->type);
	bool back = detail->amount.minor < 0;
	if (word != NULL && detail->request == NULL && detail->response == NULL) {
		/* What is taken back of an advance is of that, and sets off nobody's over-payment. */
		if (strcmp(word, "adjustment") == 0 || strcmp(word, "advance") == 0) return ZF_DETAIL_ADJUSTMENT;
		if (strcmp(word, "fee") == 0) return ZF_DETAIL_FEE;
		if (strcmp(word, "netting") == 0) return ZF_DETAIL_NETTING;
	}
	return back ? ZF_DETAIL_TAKE_BACK : ZF_DETAIL_PAYMENT;
}

static int make_detail(const struct builder *builder, const struct fhir_resource *resource, uint32_t index,
	const struct fhir_payment_detail *detail, const struct zf_remittance_detail **ret_detail)
{
	struct zf_remittance_detail *out = zf_alloc(builder->arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	if (detail->request != NULL) out->claim_ref = ref_of(builder->codes, detail->request->identifier);
	if (detail->response != NULL && detail->response->identifier != NULL) {
		out->insurer_claim_no = detail->response->identifier->value;
	}
	out->kind = detail_kind(detail);
	/* of the transfer as a whole it is the row's own number */
	if (out->insurer_claim_no == NULL && detail->identifier != NULL && out->kind < ZF_DETAIL_FEE) {
		out->insurer_claim_no = detail->identifier->value;
	}
	out->amount = detail->amount;
	out->type = fhir_concept_code(detail->type);
	out->date = detail->date;
	*ret_detail = out;
	return take_fee(builder, resource, index, &out->fee);
}

static int make_remittance(const struct builder *builder, const struct fhir_resource *resource,
	const struct zf_remittance **ret_remittance)
{
	const struct fhir_payment_reconciliation *payment = resource->value;
	struct zf_remittance *out = zf_alloc(builder->arena, sizeof(*out));
	const struct zf_remittance_detail **details =
		zf_alloc_array(builder->arena, payment->detail_count + 1, sizeof(void *));
	if (out == NULL || details == NULL) return LIB_NOMEM;
	out->size = sizeof(*out);
	if (payment->identifier_count > 0) out->identifier = payment->identifiers[0]->value;
	out->status = payment->status;
	out->created = payment->created;
	out->payment_date = payment->payment_date;
	out->amount = payment->amount;
	if (payment->payment_identifier != NULL) out->payment_reference = payment->payment_identifier->value;
	for (uint32_t i = 0; i < payment->detail_count; i++) {
		int rc = make_detail(builder, resource, i, payment->details[i], &details[i]);
		if (rc != 0) return rc;
	}
	out->details = payment->detail_count > 0 ? details : NULL;
	out->detail_count = payment->detail_count;
	*ret_remittance = out;
	return 0;
}

/* ---- the rest ---- */

static int make_query(
	const struct builder *builder, const struct fhir_resource *resource, const struct zf_query **ret_query)
{
	const struct fhir_communication_request *request = resource->value;
	struct zf_query *out = zf_alloc(builder->arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	if (request->identifier_count > 0) out->identifier = request->identifiers[0]->value;
	for (uint32_t i = 0; i < request->about_count && out->claim_ref == NULL; i++) {
		out->claim_ref = ref_of(builder->codes, request->about[i]->identifier);
	}
	for (uint32_t i = 0; i < request->based_on_count && out->claim_ref == NULL; i++) {
		out->claim_ref = ref_of(builder->codes, request->based_on[i]->identifier);
	}
	for (uint32_t i = 0; i < request->payload_count; i++) {
		const char *text = request->payloads[i]->text;
		if (text == NULL) continue;
		out->text = out->text == NULL ? text : text_printf(builder->arena, "%s\n%s", out->text, text);
		if (out->text == NULL) return LIB_NOMEM;
	}
	out->due = request->occurrence.precision != ZF_NO_TIME ? request->occurrence : request->occurrence_period.end;
	*ret_query = out;
	return 0;
}

static int make_task(const struct builder *builder, const struct fhir_task *task, const struct fhir_answer_task **ret)
{
	struct fhir_answer_task *out = zf_alloc(builder->arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	out->status = task->status;
	out->code = fhir_concept_code(task->code);
	if (task->focus != NULL) {
		out->focus = task->focus->reference;
		out->focus_identifier = task->focus->identifier;
	}
	const struct zf_concept *reason = task->status_reason != NULL ? task->status_reason : task->business_status;
	out->reason = concept_text(reason);
	if (out->reason == NULL) out->reason = fhir_concept_code(reason);
	*ret = out;
	return 0;
}

static bool is_error(const struct fhir_issue *issue)
{
	return issue->severity != NULL &&
	       (strcmp(issue->severity, "error") == 0 || strcmp(issue->severity, "fatal") == 0);
}

static int make_issue(const struct builder *builder, const struct fhir_issue *issue, const struct zf_fault **ret_fault)
{
	struct zf_fault *out = zf_alloc(builder->arena, sizeof(*out));
	if (out == NULL) return LIB_NOMEM;
	if (issue->expression_count > 0) {
		out->path = issue->expressions[0];
	} else if (issue->location_count > 0) {
		out->path = issue->locations[0];
	}
	out->code = fhir_concept_code(issue->details);
	if (out->code == NULL) out->code = issue->code;
	out->text = concept_text(issue->details);
	if (out->text == NULL) out->text = issue->diagnostics;
	*ret_fault = out;
	return 0;
}

static void take_header(const struct fhir_message_header *header, struct fhir_answer *answer)
{
	answer->has_header = 1;
	answer->header_id = header->base.id;
	if (header->event != NULL) answer->event = header->event->code;
	if (header->response != NULL) {
		answer->response_identifier = header->response->identifier;
		answer->response_code = header->response->code;
	}
}

/* Room for the most that the document can hold of each. */
struct lists {
	const struct zf_adjudication **adjudications;
	const struct zf_remittance **remittances;
	const struct zf_query **queries;
	const struct fhir_answer_task **tasks;
	const struct zf_fault **errors;
	struct text_span *bundles;
};

static int make_lists(struct zf_arena *arena, const struct fhir_document *document, struct lists *lists)
{
	uint32_t count = document->resource_count + 1, issues = 1;
	for (uint32_t i = 0; i < document->resource_count; i++) {
		const struct fhir_resource *resource = document->resources[i];
		if (resource->type != FHIR_T_OPERATION_OUTCOME) continue;
		issues += ((const struct fhir_outcome *)resource->value)->issue_count;
	}
	lists->adjudications = zf_alloc_array(arena, count, sizeof(void *));
	lists->remittances = zf_alloc_array(arena, count, sizeof(void *));
	lists->queries = zf_alloc_array(arena, count, sizeof(void *));
	lists->tasks = zf_alloc_array(arena, count, sizeof(void *));
	lists->errors = zf_alloc_array(arena, issues, sizeof(void *));
	lists->bundles = zf_alloc_array(arena, count, sizeof(*lists->bundles));
	return lists->adjudications && lists->remittances && lists->queries && lists->tasks && lists->errors &&
			       lists->bundles
		       ? 0
		       : LIB_NOMEM;
}

static int take_resource(const struct builder *builder, const struct fhir_resource *resource, struct lists *lists,
	struct fhir_answer *answer)
{
	if (resource->value == NULL) {
		if (resource->type_name != NULL && strcmp(resource->type_name, "Bundle") == 0) {
			lists->bundles[answer->bundle_count++] = resource->raw;
		}
		return 0;
	}
	const struct fhir_base *base = resource->value;
	if (has_tag(base->meta, "queued-messages")) answer->queued = 1;
	int rc = 0;
	switch (resource->type) {
	case FHIR_T_CLAIM:
		answer->claim_count++;
		break;
	case FHIR_T_MESSAGE_HEADER:
		take_header(resource->value, answer);
		break;
	case FHIR_T_CLAIM_RESPONSE:
		rc = fhir_answer_adjudication(
			resource, builder->codes, builder->arena, &lists->adjudications[answer->adjudication_count++]);
		break;
	case FHIR_T_PAYMENT_RECONCILIATION:
		rc = make_remittance(builder, resource, &lists->remittances[answer->remittance_count++]);
		break;
	case FHIR_T_COMMUNICATION_REQUEST:
		rc = make_query(builder, resource, &lists->queries[answer->query_count++]);
		break;
	case FHIR_T_TASK:
		rc = make_task(builder, resource->value, &lists->tasks[answer->task_count++]);
		break;
	case FHIR_T_OPERATION_OUTCOME: {
		const struct fhir_outcome *outcome = resource->value;
		for (uint32_t i = 0; i < outcome->issue_count && rc == 0; i++) {
			if (!is_error(outcome->issues[i])) continue;
			rc = make_issue(builder, outcome->issues[i], &lists->errors[answer->error_count++]);
		}
		break;
	}
	default:
		break;
	}
	return rc;
}

int fhir_answer_read(const char *bytes, size_t len, const struct fhir_codes *codes, struct zf_arena *arena,
	struct fault_list *faults, struct fhir_answer *ret_answer)
{
	struct fhir_document document;
	int rc =
		fhir_document_read(bytes, len, NULL, FHIR_ACCEPT_ANSWER | FHIR_ACCEPT_BUNDLE, arena, faults, &document);
	if (rc != 0) return rc;
	for (uint32_t i = 0; i < faults->count; i++) {
		if (matters(&faults->items[i])) return LIB_INVALID;
	}
	struct fhir_answer answer = {.type_name = document.type_name, .bundle_type = document.bundle_type};
	struct builder builder = {codes, arena};
	struct lists lists;
	if (make_lists(arena, &document, &lists) != 0) return LIB_NOMEM;
	for (uint32_t i = 0; i < document.resource_count; i++) {
		rc = take_resource(&builder, document.resources[i], &lists, &answer);
		if (rc != 0) return rc;
	}
	answer.adjudications = lists.adjudications;
	answer.remittances = lists.remittances;
	answer.queries = lists.queries;
	answer.tasks = lists.tasks;
	answer.errors = lists.errors;
	answer.bundles = lists.bundles;
	*ret_answer = answer;
	return 0;
}
