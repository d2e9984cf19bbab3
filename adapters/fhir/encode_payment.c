/* PaymentReconciliation, Task and OperationOutcome. */
#include <stdio.h>

#include "fhir/encode.h"
#include "fhir/write.h"

#define PAYMENT_TYPE "http://terminology.hl7.org/CodeSystem/payment-type"

/* ---- PaymentReconciliation ---- */

/* As the payment types of FHIR have it. */
static const char *type_of(const struct zf_remittance_detail *detail)
{
	if (detail->type != NULL) return detail->type;
	return detail->kind == ZF_DETAIL_PAYMENT ? "payment" : "adjustment";
}

static void put_detail(struct json_writer *writer, const struct zf_remittance_detail *detail,
	const struct fhir_answer_options *options, const char *fee_extension)
{
	const char *system = options->claim_system != NULL ? options->claim_system : FHIR_SYSTEM_CLAIM;
	json_write_object_begin(writer);
	if (detail->fee.present) {
		json_write_key(writer, "extension");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		json_write_member(writer, "url", fee_extension != NULL ? fee_extension : FHIR_EXTENSION_FEE);
		fhir_put_money(writer, "valueMoney", detail->fee);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
	fhir_put_code(writer, "type", PAYMENT_TYPE, type_of(detail), NULL);
	fhir_put_logical(writer, "request", "Claim", system, detail->claim_ref);
	fhir_put_logical(writer, "response", "ClaimResponse", options->number_system, detail->insurer_claim_no);
	fhir_put_date(writer, "date", detail->date);
	fhir_put_money(writer, "amount", detail->amount);
	json_write_object_end(writer);
}

int fhir_encode_remittance(const struct zf_remittance *remittance, const struct fhir_answer_options *options,
	const char *fee_extension, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	json_write_init(&writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "PaymentReconciliation");
	json_write_member(&writer, "id", options->id);
	fhir_put_meta(&writer, options->profile, options->last_updated, options->tag_system, options->tag);
	if (remittance->identifier != NULL) {
		json_write_key(&writer, "identifier");
		json_write_array_begin(&writer);
		fhir_put_plain_identifier(&writer, NULL, options->number_system, remittance->identifier);
		json_write_array_end(&writer);
	}
	json_write_member(&writer, "status", remittance->status != NULL ? remittance->status : "active");
	fhir_put_time(&writer, "created", remittance->created);
	json_write_member(&writer, "outcome", "complete");
	fhir_put_date(&writer, "paymentDate", remittance->payment_date);
	fhir_put_money(&writer, "paymentAmount", remittance->amount);
	fhir_put_plain_identifier(&writer, "paymentIdentifier", NULL, remittance->payment_reference);
	if (remittance->detail_count > 0) {
		json_write_key(&writer, "detail");
		json_write_array_begin(&writer);
		for (uint32_t i = 0; i < remittance->detail_count; i++) {
			put_detail(&writer, remittance->details[i], options, fee_extension);
		}
		json_write_array_end(&writer);
	}
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

/* ---- Task ---- */

static void put_text_concept(struct json_writer *writer, const char *key, const char *text)
{
	struct zf_concept concept = {.text = text};
	fhir_put_concept(writer, key, NULL, &concept);
}

static void begin_input(struct json_writer *writer, const char *system, const char *type)
{
	json_write_object_begin(writer);
	fhir_put_code(writer, "type", system, type, NULL);
}

/* One input for each word of a blank-separated list. */
static void put_word_inputs(
	struct json_writer *writer, const struct fhir_task_fields *task, const char *type, const char *words)
{
	if (words == NULL) return;
	for (const char *p = words; *p != '\0';) {
		size_t len = strcspn(p, " ");
		if (len > 0) {
			begin_input(writer, task->code_system, type);
			json_write_member_span(writer, "valueCode", (struct text_span){p, len});
			json_write_object_end(writer);
		}
		p += len;
		while (*p == ' ') p++;
	}
}

static void put_inputs(struct json_writer *writer, const struct fhir_task_fields *task)
{
	bool include = task->include != NULL && task->include[0] != '\0';
	bool exclude = task->exclude != NULL && task->exclude[0] != '\0';
	if (task->count <= 0 && !include && !exclude) return;
	json_write_key(writer, "input");
	json_write_array_begin(writer);
	if (task->count > 0) {
		begin_input(writer, task->code_system, "count");
		json_write_member_int64(writer, "valuePositiveInt", task->count);
		json_write_object_end(writer);
	}
	put_word_inputs(writer, task, "include-message-type", task->include);
	put_word_inputs(writer, task, "exclude-message-type", task->exclude);
	json_write_array_end(writer);
}

int fhir_encode_task(const struct fhir_task_fields *task, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	json_write_init(&writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "Task");
	json_write_member(&writer, "id", task->id);
	fhir_put_meta(&writer, task->profile, task->last_updated, NULL, NULL);
	if (task->identifier != NULL) {
		json_write_key(&writer, "identifier");
		json_write_array_begin(&writer);
		fhir_put_plain_identifier(&writer, NULL, task->identifier_system, task->identifier);
		json_write_array_end(&writer);
	}
	json_write_member(&writer, "status", task->status);
	put_text_concept(&writer, "statusReason", task->status_reason);
	put_text_concept(&writer, "businessStatus", task->business_status);
	json_write_member(&writer, "intent", task->intent != NULL ? task->intent : "order");
	json_write_member(&writer, "priority", task->priority);
	fhir_put_code(&writer, "code", task->code_system, task->code, NULL);
	struct zf_identifier focus = {.system = task->focus_system, .value = task->focus_value};
	fhir_put_reference(&writer, "focus", task->focus_type, task->focus_reference, &focus, NULL);
	fhir_put_time(&writer, "authoredOn", task->authored_on);
	if (task->requester_id != NULL) {
		fhir_put_logical(&writer, "requester", "Organization", task->requester_system, task->requester_id);
	}
	if (task->owner_id != NULL) {
		fhir_put_logical(&writer, "owner", "Organization", task->owner_system, task->owner_id);
	}
	fhir_put_code(&writer, "reasonCode", task->reason_system, task->reason, NULL);
	put_inputs(&writer, task);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

/* ---- OperationOutcome ---- */

static void begin_issue(struct json_writer *writer, const char *severity, const char *code)
{
	json_write_object_begin(writer);
	json_write_member(writer, "severity", severity);
	json_write_member(writer, "code", code);
}

static void end_issue(struct json_writer *writer, const char *path)
{
	if (path != NULL && path[0] != '\0') fhir_put_texts(writer, "expression", &path, 1);
	json_write_object_end(writer);
}

static int put_fault(struct json_writer *writer, struct zf_arena *arena, const struct fault *fault)
{
	const struct fault_info *info = fault_lookup(fault->code);
	const char *english = fault_text_en(arena, fault), *chinese = fault_text_zh(arena, fault);
	if (english == NULL || chinese == NULL) return LIB_NOMEM;
	begin_issue(writer, fault_severity_fhir(fault->severity), info->issue_type);
	json_write_key(writer, "details");
	json_write_object_begin(writer);
	json_write_key(writer, "coding");
	json_write_array_begin(writer);
	struct zf_coding name = {.system = FHIR_SYSTEM_FAULT, .code = info->name};
	struct zf_coding owner = {.system = FHIR_SYSTEM_OWNER,
		.code = fault_owner_name(info->owner),
		.display = fault_owner_text_en(info->owner)};
	fhir_put_coding(writer, NULL, NULL, &name);
	fhir_put_coding(writer, NULL, NULL, &owner);
	json_write_array_end(writer);
	json_write_member(writer, "text", english);
	fhir_put_translation(writer, "_text", "zh-CN", chinese);
	json_write_object_end(writer);
	end_issue(writer, fault->path);
	return 0;
}

static void begin_outcome(struct json_writer *writer, struct zf_arena *arena)
{
	json_write_init(writer, arena, FHIR_DOCUMENT_BYTES_MAX);
	json_write_object_begin(writer);
	json_write_member(writer, "resourceType", "OperationOutcome");
	json_write_key(writer, "issue");
	json_write_array_begin(writer);
}

static int end_outcome(struct json_writer *writer, uint32_t count, struct text_span *ret)
{
	if (count == 0) {
		begin_issue(writer, "information", "informational");
		put_text_concept(writer, "details", "All OK");
		end_issue(writer, NULL);
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
	return json_write_finish(writer, ret);
}

int fhir_encode_outcome(const struct fault_list *faults, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	begin_outcome(&writer, arena);
	for (uint32_t i = 0; i < faults->count; i++) {
		if (put_fault(&writer, arena, &faults->items[i]) != 0) return LIB_NOMEM;
	}
	return end_outcome(&writer, faults->count, ret);
}

int fhir_encode_outcome_faults(
	const struct zf_fault *const *faults, uint32_t count, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	begin_outcome(&writer, arena);
	for (uint32_t i = 0; i < count; i++) {
		int known = faults[i]->code == NULL ? -1 : fault_code_from_name(faults[i]->code);
		begin_issue(
			&writer, "error", known < 0 ? "processing" : fault_lookup((enum fault_code)known)->issue_type);
		json_write_key(&writer, "details");
		struct zf_coding coding = {
			.system = known < 0 ? NULL : FHIR_SYSTEM_FAULT,
			.code = faults[i]->code != NULL ? faults[i]->code : "error",
		};
		const struct zf_coding *codings[] = {&coding};
		struct zf_concept details = {.codings = codings, .coding_count = 1, .text = faults[i]->text};
		fhir_put_concept(&writer, NULL, NULL, &details);
		end_issue(&writer, faults[i]->path);
	}
	return end_outcome(&writer, count, ret);
}
