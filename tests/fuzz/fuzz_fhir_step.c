/* Fuzzes the FHIR module's exchanges: the input is the body of an insurer's answer, given to each kind of exchange in
 * both modes, and the state of one. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/lib_arena.h"
#include "fhir/document.h"
#include "fhir/module.h"

static int64_t now_ms(void *call)
{
	(void)call;
	return INT64_C(1793955600000);
}

static int new_id(void *call, char text[40])
{
	unsigned *count = call;
	snprintf(text, 40, "00000000-0000-4000-8000-%012x", ++*count);
	return 0;
}

static const char *get(const struct zf_profile *profile, const char *key)
{
	static const char *const message[][2] = {{"mode", "message"}, {"event_system", "urn:e"},
		{"sender_system", "urn:s"}, {"sender_id", "S"}, {"receiver_system", "urn:r"}, {"receiver_id", "R"},
		{"status", "task"}};
	static const char *const submit[][2] = {{"status", "get"}, {"remittance_path", "/PaymentReconciliation"}};
	bool plain = profile->impl == NULL;
	size_t n = plain ? sizeof(submit) / sizeof(submit[0]) : sizeof(message) / sizeof(message[0]);
	if (strcmp(key, "cancel") == 0) return "true";
	for (size_t i = 0; i < n; i++) {
		const char *const *pair = plain ? submit[i] : message[i];
		if (strcmp(pair[0], key) == 0) return pair[1];
	}
	return NULL;
}

static const struct zf_host host = {.size = sizeof(host), .now_ms = now_ms, .new_id = new_id};

static void check(const struct zf_result *result, int32_t verdict)
{
	assert(verdict >= ZF_OK && verdict <= ZF_BUG);
	if (verdict != ZF_OK) return;
	assert(result->action_count <= ZF_ACTIONS_MAX);
	for (uint32_t i = 0; i < result->action_count; i++) {
		const struct zf_action *action = result->actions[i];
		assert(action->kind >= ZF_ACTION_HTTP && action->kind <= ZF_ACTION_ANSWER);
		assert((action->kind == ZF_ACTION_FACT) == (action->fact != NULL));
	}
}

static void exchange(const void *context, uint32_t kind, const struct zf_claim *const *claims, int32_t status,
	const uint8_t *data, size_t size)
{
	LIB_ARENA(arena);
	unsigned ids = 0;
	struct zf_event event = {.size = sizeof(event), .kind = kind, .claims = claims, .claim_count = 1};
	struct zf_result result = {0}, next = {0};
	int32_t verdict = zf_adapter()->step(context, &ids, NULL, 0, &event, &arena.zf, &result);
	check(&result, verdict);
	if (verdict == ZF_OK) {
		event = (struct zf_event){.size = sizeof(event),
			.kind = ZF_EVENT_REPLY,
			.token = 1,
			.http_status = status,
			.body = data,
			.body_len = size};
		verdict = zf_adapter()->step(context, &ids, result.state, result.state_len, &event, &arena.zf, &next);
		check(&next, verdict);
	}
	if (verdict == ZF_OK) {
		event = (struct zf_event){.size = sizeof(event), .kind = ZF_EVENT_TIMER};
		check(&result,
			zf_adapter()->step(context, &ids, next.state, next.state_len, &event, &arena.zf, &result));
	}
}

/* Decisions that were read must be writable again, as the insurer that sent them. */
static void as_insurer(const void *context, const uint8_t *data, size_t size)
{
	LIB_ARENA(arena);
	const struct zf_claim *const *claims;
	const struct zf_fault *const *faults;
	uint32_t count = 0, fault_count = 0;
	unsigned ids = 0;
	int32_t verdict = zf_adapter()->decode_claims(
		context, &ids, data, size, &arena.zf, &claims, &count, &faults, &fault_count);
	assert(verdict == ZF_OK || verdict == ZF_REJECT || verdict == ZF_MALFORMED);
	struct zf_adjudication queued = {.size = sizeof(queued), .outcome = ZF_OUTCOME_QUEUED};
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *bytes;
		uint64_t len;
		const char *type;
		verdict = zf_adapter()->encode_adjudication(
			context, &ids, claims[i], &queued, data, size, &arena.zf, &bytes, &len, &type);
		assert(verdict == ZF_OK || verdict == ZF_REJECT);
	}
}

static void with_profile(const void *impl, const uint8_t *data, size_t size)
{
	static const char minimal[] =
		"{\"resourceType\":\"Claim\",\"status\":\"active\",\"use\":\"claim\",\"type\":{\"text\":\"x\"},\"patient\":"
		"{\"display\":\"x\"},\"created\":\"2026-01-01\",\"provider\":{\"display\":\"x\"},\"priority\":{\"text\":\"x\"},"
		"\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"display\":\"x\"}}]}";
	LIB_ARENA(arena);
	struct zf_profile profile = {.size = sizeof(profile), .insurer = "fuzz", .impl = impl, .get = get};
	struct zf_open open = {.size = sizeof(open),
		.side = ZF_SIDE_TO_INSURER,
		.profile = &profile,
		.host = &host,
		.arena = &arena.zf};
	const void *context = NULL;
	const char *error = NULL;
	struct fault_list faults;
	struct fhir_document document;
	fault_list_init(&faults, &arena.zf, 0);
	if (zf_adapter()->open(&open, &context, &error) != ZF_OK) abort();
	if (fhir_document_read(minimal, sizeof(minimal) - 1, NULL, FHIR_ACCEPT_CLAIM, &arena.zf, &faults, &document) !=
		0) {
		abort();
	}
	struct zf_claim *claim = (struct zf_claim *)document.claims[0];
	snprintf(claim->ref, sizeof(claim->ref), "%s", "H31K7Q2M0000001X");
	const struct zf_claim *claims[] = {claim};
	exchange(context, ZF_EVENT_START_CLAIM, claims, 200, data, size);
	exchange(context, ZF_EVENT_START_CLAIM, claims, 422, data, size);
	exchange(context, ZF_EVENT_START_STATUS, claims, 200, data, size);
	exchange(context, ZF_EVENT_START_CANCEL, claims, 200, data, size);
	exchange(context, impl == NULL ? ZF_EVENT_START_REMITTANCE : ZF_EVENT_START_POLL, claims, 200, data, size);
	unsigned ids = 0;
	struct zf_result result = {0};
	struct zf_event call = {.size = sizeof(call), .kind = ZF_EVENT_CALL, .body = data, .body_len = size};
	check(&result, zf_adapter()->step(context, &ids, NULL, 0, &call, &arena.zf, &result));
	struct zf_event timer = {.size = sizeof(timer), .kind = ZF_EVENT_TIMER};
	check(&result, zf_adapter()->step(context, &ids, data, size, &timer, &arena.zf, &result));
	as_insurer(context, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 20) return 0;
	with_profile(NULL, data, size);
	with_profile("message", data, size);
	return 0;
}
