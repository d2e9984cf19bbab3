/* State and actions of an exchange.
 *
 * The state is text: "F1 KIND NEXT_TOKEN ASKS COUNT\n" and for each claim "REF MESSAGE_ID TOKEN PHASE TOLD\n". */
#include "fhir/exchange.h"

#include <inttypes.h>
#include <stdio.h>

#include "fhir/scan.h"

#define LINE_BYTES_MAX 128
#define NUMBER_MAX 999999999

struct fhir_codes fhir_config_codes(const struct fhir_config *config)
{
	return (struct fhir_codes){
		.profile = config->profile,
		.claim_system = config->claim_system,
		.fee_extensions = config->fee_extensions,
	};
}

/* One line of the state into a buffer; false at the end or when it is too long. */
static bool next_line(const uint8_t **at, const uint8_t *end, char line[LINE_BYTES_MAX])
{
	const uint8_t *newline = memchr(*at, '\n', (size_t)(end - *at));
	if (newline == NULL || newline - *at >= LINE_BYTES_MAX) return false;
	size_t len = (size_t)(newline - *at);
	memcpy(line, *at, len);
	line[len] = '\0';
	*at = newline + 1;
	return strlen(line) == len;
}

/* "REF MESSAGE_ID TOKEN PHASE TOLD" */
static int load_claim(const char *p, struct fhir_exchange_claim *claim)
{
	if (!fhir_scan_word(&p, claim->ref, sizeof(claim->ref)) || !fhir_scan_literal(&p, " ")) return LIB_INVALID;
	if (!fhir_scan_word(&p, claim->message_id, sizeof(claim->message_id))) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &claim->token)) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || strlen(p) != 3 || p[1] != ' ') return LIB_INVALID;
	claim->phase = p[0];
	claim->told = p[2];
	return strchr("spubacd", claim->phase) != NULL && strchr("yn", claim->told) != NULL ? 0 : LIB_INVALID;
}

int fhir_exchange_load(const uint8_t *state, uint64_t len, struct fhir_exchange *exchange)
{
	char line[LINE_BYTES_MAX];
	if (state == NULL) return LIB_INVALID;
	const uint8_t *at = state, *end = state + len;
	struct fhir_exchange *out = exchange;
	memset(out, 0, sizeof(*out));
	if (!next_line(&at, end, line)) return LIB_INVALID;
	const char *p = line;
	if (!fhir_scan_literal(&p, "F1 ") || *p == '\0') return LIB_INVALID;
	out->kind = *p++;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->next_token)) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->asks)) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->claim_count)) return LIB_INVALID;
	if (*p != '\0') return LIB_INVALID;
	if (strchr("SQCPR", out->kind) == NULL || out->claim_count == 0 ||
		out->claim_count > FHIR_EXCHANGE_CLAIMS_MAX) {
		return LIB_INVALID;
	}
	for (uint32_t i = 0; i < out->claim_count; i++) {
		struct fhir_exchange_claim *claim = &out->claims[i];
		if (!next_line(&at, end, line)) return LIB_INVALID;
		if (load_claim(line, claim) != 0) return LIB_INVALID;
	}
	return at == end ? 0 : LIB_INVALID;
}

int fhir_exchange_save(
	const struct fhir_exchange *exchange, struct zf_arena *arena, const uint8_t **ret_state, uint64_t *ret_len)
{
	size_t cap = ((size_t)exchange->claim_count + 1) * LINE_BYTES_MAX, len = 0;
	char *text = zf_alloc(arena, cap);
	if (text == NULL) return LIB_NOMEM;
	len += (size_t)snprintf(text, cap, "F1 %c %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", exchange->kind,
		exchange->next_token, exchange->asks, exchange->claim_count);
	for (uint32_t i = 0; i < exchange->claim_count; i++) {
		const struct fhir_exchange_claim *claim = &exchange->claims[i];
		len += (size_t)snprintf(text + len, cap - len, "%s %s %" PRIu32 " %c %c\n", claim->ref,
			claim->message_id[0] == '\0' ? "-" : claim->message_id, claim->token, claim->phase,
			claim->told == 'y' ? 'y' : 'n');
	}
	*ret_state = (const uint8_t *)text;
	*ret_len = len;
	return 0;
}

/* ---- actions ---- */

struct zf_action *fhir_step_action(struct fhir_step *step, uint32_t kind)
{
	if (step->action_count == step->action_cap) {
		uint32_t cap = step->action_cap == 0 ? 16 : step->action_cap * 2;
		if (step->action_cap >= ZF_ACTIONS_MAX) return NULL;
		const struct zf_action **actions = zf_alloc_array(step->arena, cap, sizeof(void *));
		if (actions == NULL) return NULL;
		if (step->action_count > 0) memcpy(actions, step->actions, step->action_count * sizeof(void *));
		step->actions = actions;
		step->action_cap = cap;
	}
	struct zf_action *action = zf_alloc(step->arena, sizeof(*action));
	if (action == NULL) return NULL;
	action->size = sizeof(*action);
	action->kind = kind;
	step->actions[step->action_count++] = action;
	return action;
}

struct zf_fact *fhir_step_fact(struct fhir_step *step, uint32_t kind)
{
	struct zf_fact *fact = zf_alloc(step->arena, sizeof(*fact));
	struct zf_action *action = fact == NULL ? NULL : fhir_step_action(step, ZF_ACTION_FACT);
	if (action == NULL) return NULL;
	fact->size = sizeof(*fact);
	fact->kind = kind;
	action->fact = fact;
	return fact;
}

struct zf_action *fhir_step_request(struct fhir_step *step, const char *method, const char *path, struct text_span body)
{
	static const struct zf_header accept = {"Accept", "application/fhir+json"};
	static const struct zf_header type = {"Content-Type", "application/fhir+json; charset=utf-8"};
	static const struct zf_header *const with_body[] = {&accept, &type};
	struct zf_action *action = fhir_step_action(step, ZF_ACTION_HTTP);
	if (action == NULL) return NULL;
	action->token = ++step->exchange->next_token;
	action->method = method;
	action->endpoint = step->config->endpoint;
	action->path = path;
	action->headers = with_body;
	action->header_count = body.ptr == NULL ? 1 : 2;
	action->body = (const uint8_t *)body.ptr;
	action->body_len = body.len;
	return action;
}

int fhir_step_wait(struct fhir_step *step, int64_t seconds)
{
	struct zf_action *action = fhir_step_action(step, ZF_ACTION_WAIT);
	if (action == NULL) return LIB_NOMEM;
	action->wait_until_ms = step->config->host->now_ms(step->call) + seconds * 1000;
	return 0;
}
