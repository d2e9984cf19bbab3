/* The other side of the format: what a hospital or the clearinghouse sent becomes claims, and decisions and payments
 * become answers. */
#include <stdio.h>

#include "fhir/config.h"
#include "fhir/encode.h"
#include "fhir/module.h"
#include "fhir/resource.h"
#include "fhir/scan.h"
#include "lib/action.h"
#include "lib/date.h"

#define CONTENT_TYPE "application/fhir+json; charset=utf-8"

/* The clearinghouse's ref from the identifier of the agreed system. */
static void take_ref(const struct fhir_config *config, struct zf_claim *claim)
{
	for (uint32_t i = 0; i < claim->identifier_count; i++) {
		const struct zf_identifier *identifier = claim->identifiers[i];
		if (identifier->system == NULL || identifier->value == NULL) continue;
		if (strcmp(identifier->system, config->claim_system) != 0) continue;
		if (strlen(identifier->value) < sizeof(claim->ref)) {
			snprintf(claim->ref, sizeof(claim->ref), "%s", identifier->value);
		}
		return;
	}
}

/* Tax and patient share of a line from the profile's extensions. */
static void take_line_extension(
	const struct fhir_config *config, struct zf_claim *claim, const struct fhir_kept_extension *kept)
{
	uint32_t index = 0, position = 0;
	const char *p = kept->out.path;
	if (!kept->value.money.present) return;
	if (!fhir_scan_literal(&p, "Claim.item[") || !fhir_scan_number(&p, INT32_MAX, &index)) return;
	if (!fhir_scan_literal(&p, "].extension[") || !fhir_scan_number(&p, INT32_MAX, &position)) return;
	if (strcmp(p, "]") != 0 || index >= claim->line_count) return;
	struct zf_claim_line *line = &((struct fhir_item *)claim->lines[index])->out;
	if (config->tax_extension != NULL && strcmp(kept->out.url, config->tax_extension) == 0) {
		line->tax = kept->value.money;
	} else if (config->patient_share_extension != NULL &&
		   strcmp(kept->out.url, config->patient_share_extension) == 0) {
		line->patient_share = kept->value.money;
	}
}

static void complete(const struct fhir_config *config, struct zf_claim *claim)
{
	take_ref(config, claim);
	for (uint32_t i = 0; i < claim->extension_count; i++) {
		take_line_extension(config, claim, (const struct fhir_kept_extension *)claim->extensions[i]);
	}
}

int32_t fhir_insurer_decode_claims(const void *context, void *call, const uint8_t *bytes, uint64_t len,
	struct zf_arena *arena, const struct zf_claim *const **ret_claims, uint32_t *ret_count,
	const struct zf_fault *const **ret_faults, uint32_t *ret_fault_count)
{
	const struct fhir_config *config = context;
	struct fhir_document document;
	struct fault_list faults;
	(void)call;
	fault_list_init(&faults, arena, 0);
	int rc = fhir_document_read(
		(const char *)bytes, len, NULL, FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE, arena, &faults, &document);
	if (rc == LIB_NOMEM || faults.no_memory) return ZF_NOMEM;
	*ret_claims = NULL;
	*ret_count = 0;
	if (faults_export(&faults, false, arena, ret_faults, ret_fault_count) != 0) return ZF_NOMEM;
	if (rc != 0) return ZF_MALFORMED;
	for (uint32_t i = 0; i < document.claim_count; i++) {
		struct fhir_claim *claim = document.entries[document.claim_entries[i]].resource->value;
		complete(config, &claim->out);
	}
	*ret_claims = document.claims;
	*ret_count = document.claim_count;
	return fault_refuses(&faults) ? ZF_REJECT : ZF_OK;
}

/* The MessageHeader of the request, when it was a message. */
static int find_header(
	const uint8_t *request, uint64_t len, struct zf_arena *arena, const struct fhir_message_header **ret_header)
{
	struct fhir_document document;
	struct fault_list faults;
	*ret_header = NULL;
	if (request == NULL || len == 0) return 0;
	fault_list_init(&faults, arena, 1);
	int rc = fhir_document_read((const char *)request, len, NULL,
		FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_TASK, arena, &faults, &document);
	if (rc == LIB_NOMEM) return rc;
	if (rc != 0) return 0;
	for (uint32_t i = 0; i < document.resource_count; i++) {
		const struct fhir_resource *resource = document.resources[i];
		if (resource->type == FHIR_T_MESSAGE_HEADER && resource->value != NULL) *ret_header = resource->value;
	}
	return 0;
}

/* "claim-request" -> "claim-response". */
static const char *response_event(struct zf_arena *arena, const char *event)
{
	static const char suffix[] = "-request";
	size_t len = event == NULL ? 0 : strlen(event);
	if (len < sizeof(suffix) || strcmp(event + len - (sizeof(suffix) - 1), suffix) != 0) return event;
	return text_printf(arena, "%.*s-response", (int)(len - (sizeof(suffix) - 1)), event);
}

struct envelope {
	const struct fhir_config *config;
	void *call;
	struct zf_arena *arena;
};

static int fresh_id(const struct envelope *envelope, const char **ret_id)
{
	char *id = zf_alloc(envelope->arena, 40);
	if (id == NULL || envelope->config->host->new_id(envelope->call, id) != 0) return LIB_NOMEM;
	*ret_id = id;
	return 0;
}

/* Puts the resource into a message; the insurer's side sends as the profile's receiver. */
static int wrap(const struct envelope *envelope, const char *event, const char *answered, const char *type,
	const char *id, struct text_span resource, struct text_span *ret)
{
	const struct fhir_config *config = envelope->config;
	char *timestamp = zf_alloc(envelope->arena, DATE_TEXT_SIZE);
	struct fhir_message message = {
		.profile = fhir_config_profile(config, "MessageHeader"),
		.bundle_profile = fhir_config_profile(config, "Bundle"),
		.timestamp = timestamp,
		.event_system = config->event_system,
		.event = event,
		.sender_system = config->receiver_system,
		.sender_id = config->receiver_id,
		.receiver_system = config->sender_system,
		.receiver_id = config->sender_id,
		.response_identifier = answered,
		.response_code = answered == NULL ? NULL : "ok",
	};
	if (timestamp == NULL) return LIB_NOMEM;
	date_format_ms(config->host->now_ms(envelope->call), 0, timestamp);
	int rc = fresh_id(envelope, &message.id);
	if (rc != 0) return rc;
	return fhir_encode_message(&message, config->base_url, type, id, resource, envelope->arena, ret);
}

int32_t fhir_insurer_encode_adjudication(const void *context, void *call, const struct zf_claim *claim,
	const struct zf_adjudication *adjudication, const uint8_t *request, uint64_t request_len,
	struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type)
{
	const struct fhir_config *config = context;
	struct envelope envelope = {config, call, arena};
	const struct fhir_message_header *header = NULL;
	struct fhir_answer_options options = {
		.profile = fhir_config_profile(config, "ClaimResponse"),
		.claim_system = config->claim_system,
		.number_system = config->number_system,
	};
	if (config->message && adjudication->outcome == ZF_OUTCOME_QUEUED) options.tag = "queued-messages";
	int rc = find_header(request, request_len, arena, &header);
	if (rc == 0) rc = fresh_id(&envelope, &options.id);
	struct text_span text;
	if (rc == 0) rc = fhir_encode_claim_response(claim, adjudication, &options, arena, &text);
	if (rc == 0 && config->message) {
		const char *asked = header == NULL || header->event == NULL ? config->event_claim : header->event->code;
		const char *event = response_event(arena, asked);
		rc = event == NULL ? LIB_NOMEM
				   : wrap(&envelope, event, header == NULL ? NULL : header->base.id, "ClaimResponse",
					     options.id, text, &text);
	}
	if (rc != 0) return verdict_write(rc);
	*ret_bytes = (const uint8_t *)text.ptr;
	*ret_len = text.len;
	*ret_content_type = CONTENT_TYPE;
	return ZF_OK;
}

int32_t fhir_insurer_encode_remittance(const void *context, void *call, const struct zf_remittance *remittance,
	struct zf_arena *arena, const uint8_t **ret_bytes, uint64_t *ret_len, const char **ret_content_type)
{
	const struct fhir_config *config = context;
	struct envelope envelope = {config, call, arena};
	struct fhir_answer_options options = {
		.profile = fhir_config_profile(config, "PaymentReconciliation"),
		.claim_system = config->claim_system,
		.number_system = config->number_system,
	};
	/* R4 wants both dates. */
	struct zf_remittance dated = *remittance;
	struct date now;
	if (date_from_ms(config->host->now_ms(call), 0, &now) != 0) return ZF_BUG;
	if (dated.created.precision == ZF_NO_TIME) dated.created = date_to_time(&now);
	if (dated.payment_date.precision == ZF_NO_TIME) dated.payment_date = dated.created;
	/* The first of the URLs that we would read as a fee. */
	const char *fees = config->fee_extensions;
	const char *fee = fees == NULL ? NULL : zf_strndup(arena, fees, strcspn(fees, " "));
	if (fees != NULL && fee == NULL) return ZF_NOMEM;
	struct text_span text;
	int rc = fresh_id(&envelope, &options.id);
	if (rc == 0) rc = fhir_encode_remittance(&dated, &options, fee, arena, &text);
	if (rc == 0 && config->message) {
		rc = wrap(&envelope, config->event_remittance, NULL, "PaymentReconciliation", options.id, text, &text);
	}
	if (rc != 0) return verdict_write(rc);
	*ret_bytes = (const uint8_t *)text.ptr;
	*ret_len = text.len;
	*ret_content_type = CONTENT_TYPE;
	return ZF_OK;
}
