/* The FHIR R4 adapter module: the table that the daemon loads. Towards an insurer it is an exchange machine (step.c);
 * as an insurer it reads claims and writes answers (insurer.c). */
#include "fhir/module.h"

#include "fhir/config.h"
#include "fhir/exchange.h"

static int32_t module_open(const struct zf_open *open, const void **ret_context, const char **ret_error)
{
	struct fhir_config *config = NULL;
	int32_t verdict = fhir_config_open(open, &config, ret_error);
	if (verdict == ZF_OK) *ret_context = config;
	return verdict;
}

static uint32_t module_capabilities(const void *context)
{
	const struct fhir_config *config = context;
	uint32_t capabilities = 0;
	if (config->get_status || (config->task_status && config->message)) capabilities |= ZF_CAP_STATUS;
	if (config->idempotent) capabilities |= ZF_CAP_IDEMPOTENT;
	if (config->push) capabilities |= ZF_CAP_PUSH;
	if (config->message) capabilities |= ZF_CAP_POLL;
	if (config->cancel) capabilities |= ZF_CAP_CANCEL;
	if (config->remittance_path != NULL) capabilities |= ZF_CAP_REMITTANCE;
	return capabilities;
}

static int32_t run(struct fhir_step *step, const uint8_t *state, uint64_t state_len)
{
	uint32_t kind = step->event->kind;
	if (kind >= ZF_EVENT_START_CLAIM && kind <= ZF_EVENT_START_REMITTANCE) return fhir_step_start(step);
	if (kind == ZF_EVENT_CALL) return fhir_step_call(step);
	if (fhir_exchange_load(state, state_len, step->exchange) != 0) return ZF_BUG;
	switch (kind) {
	case ZF_EVENT_REPLY:
		return fhir_step_reply(step);
	case ZF_EVENT_TIMER:
		return fhir_step_timer(step);
	case ZF_EVENT_FAILURE:
		return fhir_step_failure(step);
	default:
		return ZF_BUG;
	}
}

static int32_t finish(struct fhir_step *step, int32_t verdict, struct zf_result *result)
{
	if (step->faults.no_memory) return ZF_NOMEM;
	if (step->said_count > 0 && verdict == ZF_MALFORMED) {
		result->faults = step->said;
		result->fault_count = step->said_count;
		return verdict;
	}
	verdict = action_result(&step->actions, verdict, step->goes_on, &step->faults, false, result);
	if ((verdict != ZF_OK && !result->goes_on) || step->event->kind == ZF_EVENT_CALL) return verdict;
	if (verdict == ZF_OK && step->unread &&
		faults_export(&step->faults, false, step->arena, &result->faults, &result->fault_count) != 0)
		return ZF_NOMEM;
	int rc = fhir_exchange_save(step->exchange, step->arena, &result->state, &result->state_len);
	return rc == 0 ? verdict : ZF_NOMEM;
}

static int32_t module_step(const void *context, void *call, const uint8_t *state, uint64_t state_len,
	const struct zf_event *event, struct zf_arena *arena, struct zf_result *ret_result)
{
	struct fhir_step step = {
		.config = context, .call = call, .event = event, .arena = arena, .actions = {.arena = arena}};
	step.exchange = fhir_exchange_new(event, state, state_len, arena);
	if (step.exchange == NULL) return ZF_NOMEM;
	fault_list_init(&step.faults, arena, 0);
	struct zf_result result = {.size = sizeof(result)};
	int32_t verdict = finish(&step, run(&step, state, state_len), &result);
	if (verdict == ZF_OK || verdict == ZF_REJECT || verdict == ZF_MALFORMED) *ret_result = result;
	return verdict;
}

static const struct zf_adapter adapter = {
	.size = sizeof(struct zf_adapter),
	.abi_major = ZF_ABI_MAJOR,
	.abi_minor = ZF_ABI_MINOR,
	.name = "fhir",
	.version = ZHIFU_VERSION,
	.help = "FHIR R4: plain Claim/$submit, or message Bundles ($process-message) such as NPHIES",
	.keys = fhir_config_keys,
	.open = module_open,
	.capabilities = module_capabilities,
	.step = module_step,
	.decode_claims = fhir_insurer_decode_claims,
	.encode_adjudication = fhir_insurer_encode_adjudication,
	.encode_remittance = fhir_insurer_encode_remittance,
};

ZF_EXPORT const struct zf_adapter *zf_adapter(void)
{
	return &adapter;
}
