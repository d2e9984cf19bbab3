/* The requests that the module makes towards an insurer: claims, questions, cancellations, polls. */
#include <stdio.h>

#include "fhir/encode.h"
#include "fhir/exchange.h"
#include "fhir/source.h"
#include "lib/date.h"

struct id_source {
	const struct zf_host *host;
	void *call;
};

static int new_id(void *ctx, char text[40])
{
	const struct id_source *source = ctx;
	return source->host->new_id(source->call, text);
}

/* What all message Bundles of this insurer have in common; ids from the host. LIB_NOMEM or 0. */
static int make_message(struct fhir_step *step, const char *event, bool to_hub, struct fhir_message *message)
{
	const struct fhir_config *config = step->config;
	char *id = zf_alloc(step->arena, 40), *timestamp = zf_alloc(step->arena, DATE_TEXT_SIZE);
	if (id == NULL || timestamp == NULL) return LIB_NOMEM;
	if (config->host->new_id(step->call, id) != 0) return LIB_NOMEM;
	date_format_ms(config->host->now_ms(step->call), 0, timestamp);
	bool hub = to_hub && config->hub_id != NULL;
	*message = (struct fhir_message){
		.id = id,
		.profile = fhir_config_profile(config, "MessageHeader"),
		.bundle_profile = fhir_config_profile(config, "Bundle"),
		.timestamp = timestamp,
		.event_system = config->event_system,
		.event = event,
		.sender_system = config->sender_system,
		.sender_id = config->sender_id,
		.receiver_system = hub ? config->hub_system : config->receiver_system,
		.receiver_id = hub ? config->hub_id : config->receiver_id,
		.source_endpoint = config->source_endpoint,
		.destination_endpoint = config->destination_endpoint,
	};
	return 0;
}

/* Numbers under which an answer may come back. LIB_NOMEM or 0. */
static int add_wire_ref(struct fhir_step *step, struct zf_action *action, const char *kind, const char *value)
{
	const struct zf_wire_ref **list = zf_alloc(step->arena, sizeof(void *));
	struct zf_wire_ref *ref = zf_alloc(step->arena, sizeof(*ref));
	if (list == NULL || ref == NULL) return LIB_NOMEM;
	*ref = (struct zf_wire_ref){kind, value};
	list[0] = ref;
	action->wire_refs = list;
	action->wire_ref_count = 1;
	return 0;
}

static bool can_say(struct fhir_step *step, const struct zf_claim *claim)
{
	if (claim->patient == NULL) {
		fault_add(&step->faults, FAULT_ELEMENT_MISSING, "Claim.patient", "patient", NULL);
	}
	if (claim->provider == NULL && claim->provider_practitioner == NULL) {
		fault_add(&step->faults, FAULT_ELEMENT_MISSING, "Claim.provider", "provider", NULL);
	}
	if (claim->insurance_count == 0)
		fault_add(&step->faults, FAULT_INSURANCE_MISSING, "Claim.insurance", NULL, NULL);
	if (claim->ref[0] == '\0') fault_add(&step->faults, FAULT_INTERNAL, "Claim.identifier", NULL, NULL);
	return !fault_refuses(&step->faults);
}

int32_t fhir_request_claim(
	struct fhir_step *step, const struct zf_claim *claim, uint32_t index, struct fhir_exchange_claim *entry)
{
	const struct fhir_config *config = step->config;
	struct id_source ids = {config->host, step->call};
	struct fhir_claim_options options = {
		.profile = config->profile,
		.claim_system = config->claim_system,
		.base_url = config->base_url,
		.tax_extension = config->tax_extension,
		.patient_share_extension = config->patient_share_extension,
		.package_extension = config->package_extension,
		.bill_sequence_extension = config->bill_sequence_extension,
		.sender_system = config->sender_system,
		.sender_id = config->sender_id,
		.receiver_system = config->receiver_system,
		.receiver_id = config->receiver_id,
		.new_id = new_id,
		.ctx = &ids,
	};
	if (!can_say(step, claim)) return ZF_REJECT;
	const struct zf_event *from = step->event;
	struct fhir_message message;
	const char *event = claim->use == ZF_USE_CLAIM || claim->use == 0 ? config->event_claim : config->event_preauth;
	if (from->claim_json != NULL)
		options.source = fhir_source_find((struct text_span){from->claim_json, from->claim_json_len},
			from->claim_count, index, step->arena);
	int rc = config->message ? make_message(step, event, false, &message) : 0;
	struct text_span body;
	if (rc == 0) rc = fhir_encode_claim(claim, &options, config->message ? &message : NULL, step->arena, &body);
	if (rc != 0) return verdict_write(rc);
	const char *path = config->message ? config->message_path : config->submit_path;
	struct zf_action *action = fhir_step_request(step, "POST", path, body);
	if (action == NULL) return ZF_NOMEM;
	action->submission = 1;
	snprintf(entry->ref, sizeof(entry->ref), "%s", claim->ref);
	entry->token = action->token;
	entry->phase = FHIR_PHASE_SENT;
	if (!config->message) return ZF_OK;
	snprintf(entry->message_id, sizeof(entry->message_id), "%s", message.id);
	return verdict_write(add_wire_ref(step, action, "message-id", message.id));
}

/* GET PATH?NAME=SYSTEM|REF: our ref identifies no person. */
static int32_t request_search(
	struct fhir_step *step, struct fhir_exchange_claim *entry, const char *path, const char *parameter, char phase)
{
	const char *system =
		text_percent_encode(step->arena, step->config->claim_system, strlen(step->config->claim_system));
	const char *ref = text_percent_encode(step->arena, entry->ref, strlen(entry->ref));
	if (system == NULL || ref == NULL) return ZF_NOMEM;
	const char *url = text_printf(step->arena, "%s?%s=%s%%7C%s", path, parameter, system, ref);
	if (url == NULL) return ZF_NOMEM;
	struct zf_action *action = fhir_step_request(step, "GET", url, (struct text_span){NULL, 0});
	if (action == NULL) return ZF_NOMEM;
	entry->token = action->token;
	entry->phase = phase;
	return ZF_OK;
}

/* A Task about one claim, posted by itself or as a message. */
static int32_t request_task(struct fhir_step *step, struct fhir_exchange_claim *entry, struct fhir_task_fields *task,
	const char *event, bool to_hub)
{
	const struct fhir_config *config = step->config;
	char *id = zf_alloc(step->arena, 40);
	if (id == NULL || config->host->new_id(step->call, id) != 0) return ZF_NOMEM;
	struct date now;
	if (date_from_ms(config->host->now_ms(step->call), 0, &now) != 0) return ZF_BUG;
	bool hub = to_hub && config->hub_id != NULL;
	task->id = id;
	task->identifier_system = config->claim_system;
	task->identifier = id;
	task->profile = fhir_config_profile(config, "Task");
	task->status = "requested";
	task->intent = "order";
	task->priority = "routine";
	task->code_system = config->task_system;
	task->authored_on = date_to_time(&now);
	task->requester_system = config->sender_system;
	task->requester_id = config->sender_id;
	task->owner_system = hub ? config->hub_system : config->receiver_system;
	task->owner_id = hub ? config->hub_id : config->receiver_id;
	if (entry->ref[0] != '\0' && entry->ref[0] != '-') {
		task->focus_type = "Claim";
		task->focus_system = config->claim_system;
		task->focus_value = entry->ref;
	}
	struct text_span body;
	int rc = fhir_encode_task(task, step->arena, &body);
	struct fhir_message message = {0};
	if (rc == 0 && config->message) {
		rc = make_message(step, event, to_hub, &message);
		if (rc == 0) {
			rc = fhir_encode_message(&message, config->base_url, "Task", id, body, step->arena, &body);
		}
	}
	if (rc != 0) return verdict_write(rc);
	struct zf_action *action =
		fhir_step_request(step, "POST", config->message ? config->message_path : config->task_path, body);
	if (action == NULL) return ZF_NOMEM;
	entry->token = action->token;
	if (!config->message) return ZF_OK;
	snprintf(entry->message_id, sizeof(entry->message_id), "%s", message.id);
	return verdict_write(add_wire_ref(step, action, "message-id", message.id));
}

int32_t fhir_request_status(struct fhir_step *step, struct fhir_exchange_claim *entry)
{
	if (step->config->get_status) {
		return request_search(step, entry, step->config->status_path, "request.identifier", FHIR_PHASE_ANSWER);
	}
	struct fhir_task_fields task = {.code = "status"};
	entry->phase = FHIR_PHASE_ANSWER;
	return request_task(step, entry, &task, step->config->event_status, false);
}

int32_t fhir_request_claim_search(struct fhir_step *step, struct fhir_exchange_claim *entry)
{
	return request_search(step, entry, step->config->claim_path, "identifier", FHIR_PHASE_CLAIM);
}

int32_t fhir_request_cancel(struct fhir_step *step, struct fhir_exchange_claim *entry, const char *reason)
{
	struct fhir_task_fields task = {
		.code = "cancel", .reason_system = step->config->reason_system, .reason = reason};
	entry->phase = FHIR_PHASE_SENT;
	return request_task(step, entry, &task, step->config->event_cancel, false);
}

int32_t fhir_request_poll(struct fhir_step *step, struct fhir_exchange_claim *entry)
{
	const struct fhir_config *config = step->config;
	struct fhir_task_fields task = {
		.code = "poll",
		.count = config->poll_count,
		.include = config->poll_include,
		.exclude = config->poll_exclude,
	};
	entry->phase = FHIR_PHASE_SENT;
	return request_task(step, entry, &task, config->event_poll, true);
}

int32_t fhir_request_remittance(struct fhir_step *step, struct fhir_exchange_claim *entry)
{
	struct zf_action *action =
		fhir_step_request(step, "GET", step->config->remittance_path, (struct text_span){NULL, 0});
	if (action == NULL) return ZF_NOMEM;
	entry->token = action->token;
	entry->phase = FHIR_PHASE_SENT;
	return ZF_OK;
}
