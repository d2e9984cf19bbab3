/* A module for tests, linked in: what it does is written in the claim's identifier and in the bytes that come in.
 *
 *   START_CLAIM   by Claim.identifier: "reject", "retry", "malformed", "garbage" (a result that breaks the ABI),
 * "crash", "loop", "open" (tries to write a file), anything else: POST to "submit", body the ref and the source REPLY
 * lines of the body, each a fact: ack REF | adj REF SUBMITTED BENEFIT PR CO CURRENCY | pend REF | reject REF | notfound
 * REF | cancelled REF remit ID AMOUNT CURRENCY, followed by lines  detail REF AMOUNT FEE [KIND] (its number); REF "-"
 * means none named done | wait SECONDS | malformed | crash | more (a further request) | again (the claim once more)
 *                 constant (the answer is)
 *   at the end    lost (unreadable, but what stands before is done) | partly (something in it is unreadable) */
#ifndef UNIT_TRANSLATE_PROBE_H
#define UNIT_TRANSLATE_PROBE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/action.h"

static uint32_t probe_caps = ZF_CAP_STATUS | ZF_CAP_CANCEL;
static unsigned probe_steps; /* how often it was called */

static inline int32_t probe_open(const struct zf_open *open, const void **ret_context, const char **ret_error)
{
	if (open->profile->get(open->profile, "refuse") != NULL) {
		*ret_error = "told to refuse";
		return ZF_REJECT;
	}
	*ret_context = open->host;
	return ZF_OK;
}

static inline uint32_t probe_capabilities(const void *context)
{
	(void)context;
	return probe_caps;
}

static inline struct zf_fact *probe_fact(struct action_list *list, uint32_t kind, const char *ref)
{
	struct zf_fact *fact = action_add_fact(list, kind);
	if (fact != NULL && ref != NULL && strcmp(ref, "-") != 0) fact->claim_ref = zf_strdup(list->arena, ref);
	return fact;
}

static inline struct zf_money probe_money(long minor, const char *currency)
{
	struct zf_money money = {.minor = minor, .exponent = 2, .present = 1};
	memcpy(money.currency, currency, 4);
	return money;
}

static inline bool probe_request(
	struct action_list *list, const char *method, const void *body, size_t len, int submission)
{
	struct zf_action *action = action_add(list, ZF_ACTION_HTTP);
	if (action == NULL) return false;
	action->token = list->count;
	action->method = method;
	action->endpoint = "submit";
	action->path = "/x";
	action->submission = (uint32_t)submission;
	action->body = body;
	action->body_len = len;
	return true;
}

static inline bool probe_adjudicate(struct action_list *list, const char *line)
{
	char ref[40], currency[8];
	long submitted, benefit, patient, contract;
	if (sscanf(line, "adj %39s %ld %ld %ld %ld %7s", ref, &submitted, &benefit, &patient, &contract, currency) != 6)
		return false;
	struct zf_fact *fact = probe_fact(list, ZF_FACT_ADJUDICATED, ref);
	struct zf_adjudication *adjudication = zf_alloc(list->arena, sizeof(*adjudication));
	struct zf_line_result *result = zf_alloc(list->arena, sizeof(*result));
	const struct zf_line_result **lines = zf_alloc_array(list->arena, 1, sizeof(*lines));
	struct zf_adjustment *pr = zf_alloc(list->arena, sizeof(*pr)), *co = zf_alloc(list->arena, sizeof(*co));
	const struct zf_adjustment **adjustments = zf_alloc_array(list->arena, 2, sizeof(*adjustments));
	if (fact == NULL || adjudication == NULL || result == NULL || lines == NULL || pr == NULL || co == NULL ||
		adjustments == NULL)
		return false;
	*pr = (struct zf_adjustment){.group = ZF_GROUP_PR,
		.reason = ZF_REASON_DEDUCTIBLE,
		.amount = probe_money(patient, currency),
		.original_system = "urn:probe",
		.original_code = "DED"};
	*co = (struct zf_adjustment){
		.group = ZF_GROUP_CO, .reason = ZF_REASON_CONTRACT_PRICE, .amount = probe_money(contract, "CNY")};
	adjustments[0] = pr;
	adjustments[1] = co;
	*result = (struct zf_line_result){.sequence = 1,
		.adjustment_count = 2,
		.submitted = probe_money(submitted, currency),
		.benefit = probe_money(benefit, currency),
		.adjustments = adjustments};
	lines[0] = result;
	*adjudication = (struct zf_adjudication){.size = sizeof(*adjudication),
		.outcome = ZF_OUTCOME_COMPLETE,
		.use = ZF_USE_CLAIM,
		.insurer_claim_no = "INS-1",
		.lines = lines,
		.line_count = 1};
	fact->adjudication = adjudication;
	return true;
}

static inline bool probe_remit(struct action_list *list, const char *text)
{
	char id[40], currency[8];
	long amount;
	if (sscanf(text, "remit %39s %ld %7s", id, &amount, currency) != 3) return false;
	struct zf_fact *fact = probe_fact(list, ZF_FACT_REMITTED, NULL);
	struct zf_remittance *remittance = zf_alloc(list->arena, sizeof(*remittance));
	const struct zf_remittance_detail **details = zf_alloc_array(list->arena, 16, sizeof(*details));
	uint32_t n = 0;
	if (fact == NULL || remittance == NULL || details == NULL) return false;
	for (const char *at = strstr(text, "\ndetail "); at != NULL && n < 16; at = strstr(at + 1, "\ndetail ")) {
		char ref[40];
		long part, fee;
		unsigned kind = ZF_DETAIL_PAYMENT;
		struct zf_remittance_detail *detail = zf_alloc(list->arena, sizeof(*detail));
		if (detail == NULL || sscanf(at + 1, "detail %39s %ld %ld %u", ref, &part, &fee, &kind) < 3)
			return false;
		detail->kind = (uint8_t)kind;
		if (strncmp(ref, "INS-", 4) == 0)
			detail->insurer_claim_no = zf_strdup(list->arena, ref);
		else if (strcmp(ref, "-") != 0)
			detail->claim_ref = zf_strdup(list->arena, ref);
		detail->amount = probe_money(part, currency);
		detail->fee = probe_money(fee, currency);
		details[n++] = detail;
	}
	*remittance = (struct zf_remittance){.size = sizeof(*remittance),
		.detail_count = n,
		.identifier = zf_strdup(list->arena, id),
		.amount = probe_money(amount, currency),
		.details = details};
	fact->remittance = remittance;
	return true;
}

static inline bool probe_line(struct action_list *list, const char *line, const struct zf_host *host, void *call)
{
	static const struct {
		const char *word;
		uint32_t kind;
	} words[] = {{"ack", ZF_FACT_ACKNOWLEDGED}, {"pend", ZF_FACT_PENDED}, {"reject", ZF_FACT_REJECTED},
		{"notfound", ZF_FACT_NOT_FOUND}, {"cancelled", ZF_FACT_CANCELLED}};
	char word[16] = "", ref[40] = "-";
	long seconds;
	sscanf(line, "%15s %39s", word, ref);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) return probe_fact(list, words[i].kind, ref) != NULL;
	if (strcmp(word, "adj") == 0) return probe_adjudicate(list, line);
	if (strcmp(word, "remit") == 0) return probe_remit(list, line);
	if (strcmp(word, "detail") == 0 || strcmp(word, "partly") == 0 || strcmp(word, "constant") == 0) return true;
	if (strcmp(word, "done") == 0) return action_add(list, ZF_ACTION_DONE) != NULL;
	if (strcmp(word, "more") == 0) return probe_request(list, "GET", NULL, 0, 0);
	if (strcmp(word, "again") == 0) return probe_request(list, "POST", "again", 5, 1);
	if (sscanf(line, "wait %ld", &seconds) == 1) {
		struct zf_action *action = action_add(list, ZF_ACTION_WAIT);
		if (action == NULL) return false;
		action->wait_until_ms = host->now_ms(call) + seconds * 1000;
		return true;
	}
	return false;
}

static inline int32_t probe_reply(
	struct action_list *list, const struct zf_event *event, const struct zf_host *host, void *call)
{
	char *body = zf_strndup(list->arena, event->body_len == 0 ? "" : (const char *)event->body, event->body_len);
	if (body == NULL) return ZF_NOMEM;
	if (strcmp(body, "crash") == 0) abort();
	for (char *line = body; line != NULL && *line != '\0';) {
		char *end = strchr(line, '\n');
		if (!probe_line(list, line, host, call)) return ZF_MALFORMED;
		line = end == NULL ? NULL : end + 1;
	}
	return ZF_OK;
}

static const struct zf_fault probe_fault_said = {"Claim.item[0]", "not-sayable", "this format has no word for it"};
static const struct zf_fault *const probe_faults[] = {&probe_fault_said};

static inline int32_t probe_start(struct action_list *list, const struct zf_event *event, struct zf_result *result)
{
	const struct zf_claim *claim = event->claims[0];
	const char *does = claim->identifier_count > 0 ? claim->identifiers[0]->value : "";
	if (strncmp(does, "crash", 5) == 0) abort();
	if (strncmp(does, "loop", 4) == 0)
		for (volatile unsigned i = 0;; i++) (void)i;
	if (strcmp(does, "open") == 0 && open("/tmp/zf-probe-was-here", O_CREAT | O_WRONLY, 0600) >= 0) abort();
	if (strcmp(does, "reject") == 0) {
		result->faults = probe_faults;
		result->fault_count = 1;
		return ZF_REJECT;
	}
	if (strcmp(does, "retry") == 0) return ZF_RETRY;
	if (strcmp(does, "malformed") == 0) return ZF_MALFORMED;
	if (strcmp(does, "garbage") == 0) {
		result->action_count = 3;
		return ZF_OK;
	}
	char *body = zf_alloc(list->arena, event->claim_json_len + 64);
	if (body == NULL) return ZF_NOMEM;
	int len = sprintf(body, "%s %.*s", claim->ref, (int)event->claim_json_len, event->claim_json);
	if (!probe_request(list, "POST", body, (size_t)len, 1)) return ZF_NOMEM;
	struct zf_wire_ref *ref = zf_alloc(list->arena, sizeof(*ref));
	const struct zf_wire_ref **refs = zf_alloc(list->arena, sizeof(*refs));
	if (ref == NULL || refs == NULL) return ZF_NOMEM;
	*ref = (struct zf_wire_ref){"message-id", claim->ref};
	refs[0] = ref;
	struct zf_action *action = (struct zf_action *)(uintptr_t)list->actions[0];
	action->wire_refs = refs;
	action->wire_ref_count = 1;
	return ZF_OK;
}

/* Hands through and notes whether anything was refused: what is left half then is not the insurer's mistake. */
struct probe_arena {
	struct zf_arena zf;
	struct zf_arena *real;
	bool no_memory;
};

static inline void *probe_alloc(struct zf_arena *zf, size_t len)
{
	struct probe_arena *arena = (struct probe_arena *)zf;
	void *ptr = zf_alloc(arena->real, len);
	if (ptr == NULL) arena->no_memory = true;
	return ptr;
}

static inline int32_t probe_step(const void *context, void *call, const uint8_t *state, uint64_t state_len,
	const struct zf_event *event, struct zf_arena *arena, struct zf_result *ret_result)
{
	struct probe_arena noting = {{probe_alloc}, arena, false};
	struct action_list list = {.arena = &noting.zf};
	struct zf_result result = {.size = sizeof(result)};
	int32_t verdict = ZF_OK;
	static const char started[] = "started";
	probe_steps++;
	if (event->kind <= ZF_EVENT_START_REMITTANCE
			? state_len != 0
			: state_len != sizeof(started) || memcmp(state, started, state_len) != 0)
		return ZF_BUG;
	switch (event->kind) {
	case ZF_EVENT_START_CLAIM:
		verdict = probe_start(&list, event, &result);
		break;
	case ZF_EVENT_START_STATUS:
	case ZF_EVENT_START_CANCEL:
	case ZF_EVENT_START_POLL:
	case ZF_EVENT_START_REMITTANCE:
		verdict = probe_request(&list, "GET", NULL, 0, 0) ? ZF_OK : ZF_NOMEM;
		break;
	case ZF_EVENT_REPLY:
		verdict = probe_reply(&list, event, context, call);
		/* Lines up to "lost" count, the message itself is unreadable. */
		result.goes_on = verdict == ZF_MALFORMED && event->body_len >= 4 &&
				 memcmp(event->body + event->body_len - 4, "lost", 4) == 0;
		/* All lines count, and something else in it is unreadable. */
		if (verdict == ZF_OK && event->body_len >= 6 &&
			memcmp(event->body + event->body_len - 6, "partly", 6) == 0) {
			result.faults = probe_faults;
			result.fault_count = 1;
		}
		result.constant = memmem(event->body, event->body_len, "constant", 8) != NULL;
		break;
	case ZF_EVENT_TIMER:
		verdict = probe_request(&list, "GET", NULL, 0, 0) ? ZF_OK : ZF_NOMEM;
		break;
	case ZF_EVENT_FAILURE:
		break;
	default:
		return ZF_BUG;
	}
	if (noting.no_memory) return ZF_NOMEM;
	if (result.action_count == 0) {
		result.actions = list.actions;
		result.action_count = list.count;
	}
	result.state = (const uint8_t *)started;
	result.state_len = sizeof(started);
	*ret_result = result;
	return verdict;
}

static const struct zf_key probe_keys[] = {
	{"refuse", ZF_KEY_TEXT, 0, NULL, "Makes open fail."}, {NULL, 0, 0, NULL, NULL}};

static const struct zf_adapter probe_adapter = {.size = sizeof(struct zf_adapter),
	.abi_major = ZF_ABI_MAJOR,
	.abi_minor = ZF_ABI_MINOR,
	.name = "probe",
	.version = "1",
	.help = "for tests",
	.keys = probe_keys,
	.open = probe_open,
	.capabilities = probe_capabilities,
	.step = probe_step};

#endif
