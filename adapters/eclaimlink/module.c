/* The eClaimLink adapter module: the table that the daemon loads. Towards an insurer it is an exchange machine
 * (upload.c, mailbox.c); as an insurer it reads submissions and writes advices (claim_read.c, remittance_write.c). */
#include "eclaimlink/module.h"

#include "eclaimlink/exchange.h"

static int32_t module_open(const struct zf_open *open, const void **ret_context, const char **ret_error)
{
	const struct eclaim_profile *profile = NULL;
	int32_t verdict = eclaim_profile_open(open, &profile, ret_error);
	if (verdict == ZF_OK) *ret_context = profile;
	return verdict;
}

static uint32_t module_capabilities(const void *context)
{
	const struct eclaim_profile *profile = context;
	uint32_t capabilities = ZF_CAP_FILE;
	if (profile->ask) capabilities |= ZF_CAP_STATUS;
	/* A search takes nothing away. */
	if (profile->poll[0] != '\0') capabilities |= ZF_CAP_POLL | ZF_CAP_TRIAL;
	if (profile->cancel) capabilities |= ZF_CAP_CANCEL;
	return capabilities;
}

static int32_t run_file(struct eclaim_step *step)
{
	struct text_span file = {(const char *)step->event->body, step->event->body_len};
	int rc = eclaim_file_read(step, file);
	return verdict_read(rc == 0 ? eclaim_done(step) : rc);
}

static int32_t run(struct eclaim_step *step, const uint8_t *state, uint64_t state_len)
{
	switch (step->event->kind) {
	case ZF_EVENT_START_CLAIM:
	case ZF_EVENT_START_STATUS:
	case ZF_EVENT_START_CANCEL:
		return eclaim_upload_start(step);
	case ZF_EVENT_START_POLL:
	case ZF_EVENT_START_REMITTANCE:
		return eclaim_mailbox_start(step);
	case ZF_EVENT_FILE:
		return run_file(step);
	default:
		break;
	}
	if (eclaim_exchange_load(state, state_len, step->exchange) != 0) return ZF_BUG;
	bool polls = step->exchange->kind == ECLAIM_POLL;
	switch (step->event->kind) {
	case ZF_EVENT_REPLY:
		return polls ? eclaim_mailbox_reply(step) : eclaim_upload_reply(step);
	case ZF_EVENT_TIMER:
		return polls ? ZF_OK : eclaim_upload_timer(step);
	case ZF_EVENT_FAILURE:
		return polls ? eclaim_mailbox_failure(step) : eclaim_upload_failure(step);
	default:
		return ZF_BUG;
	}
}

static int32_t finish(struct eclaim_step *step, int32_t verdict, struct zf_result *result)
{
	verdict = action_result(&step->actions, verdict, step->goes_on, &step->faults, true, result);
	if (verdict != ZF_OK && !result->goes_on) return verdict;
	result->constant = verdict == ZF_OK && step->constant;
	if (verdict == ZF_OK && step->unread != 0 &&
		faults_export(&step->faults, true, step->arena, &result->faults, &result->fault_count) != 0)
		return ZF_NOMEM;
	int rc = eclaim_exchange_save(step->exchange, step->arena, &result->state, &result->state_len);
	return rc == 0 ? verdict : ZF_NOMEM;
}

static int32_t module_step(const void *context, void *call, const uint8_t *state, uint64_t state_len,
	const struct zf_event *event, struct zf_arena *arena, struct zf_result *ret_result)
{
	struct eclaim_step step = {
		.profile = context, .call = call, .event = event, .arena = arena, .actions = {.arena = arena}};
	step.exchange = zf_alloc(arena, sizeof(*step.exchange));
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
	.name = "eclaimlink",
	.version = ZHIFU_VERSION,
	.help = "eClaimLink of Dubai and Shafafiya of Abu Dhabi: XML files through a SOAP post office",
	.keys = eclaim_profile_keys,
	.open = module_open,
	.capabilities = module_capabilities,
	.step = module_step,
	.decode_claims = eclaim_insurer_decode_claims,
	.encode_adjudication = eclaim_insurer_encode_adjudication,
};

ZF_EXPORT const struct zf_adapter *zf_adapter(void)
{
	return &adapter;
}
