/* State and actions of an exchange.
 *
 * The state is text: "F1 KIND NEXT_TOKEN ASKS COUNT\n" and for each claim "REF MESSAGE_ID TOKEN PHASE TOLD\n". */
#include "fhir/exchange.h"

#include <string.h>

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

struct fhir_exchange *fhir_exchange_new(
	const struct zf_event *event, const uint8_t *state, uint64_t len, struct zf_arena *arena)
{
	uint32_t cap = event->claim_count;
	for (uint64_t i = 0; state != NULL && i < len && cap < FHIR_EXCHANGE_CLAIMS_MAX; i++) cap += state[i] == '\n';
	if (cap == 0) cap = 1;
	if (cap > FHIR_EXCHANGE_CLAIMS_MAX) cap = FHIR_EXCHANGE_CLAIMS_MAX;
	struct fhir_exchange *exchange = zf_alloc(arena, sizeof(*exchange) + cap * sizeof(exchange->claims[0]));
	if (exchange != NULL) exchange->claim_cap = cap;
	return exchange;
}

int fhir_exchange_load(const uint8_t *state, uint64_t len, struct fhir_exchange *exchange)
{
	char line[LINE_BYTES_MAX];
	if (state == NULL) return LIB_INVALID;
	const uint8_t *at = state, *end = state + len;
	struct fhir_exchange *out = exchange;
	if (!text_line_copy(&at, end, line, sizeof(line))) return LIB_INVALID;
	const char *p = line;
	if (!fhir_scan_literal(&p, "F1 ") || *p == '\0') return LIB_INVALID;
	out->kind = *p++;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->next_token)) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->asks)) return LIB_INVALID;
	if (!fhir_scan_literal(&p, " ") || !fhir_scan_number(&p, NUMBER_MAX, &out->claim_count)) return LIB_INVALID;
	if (*p != '\0') return LIB_INVALID;
	if (strchr("SQCPR", out->kind) == NULL || out->claim_count == 0 || out->claim_count > out->claim_cap)
		return LIB_INVALID;
	for (uint32_t i = 0; i < out->claim_count; i++) {
		struct fhir_exchange_claim *claim = &out->claims[i];
		if (!text_line_copy(&at, end, line, sizeof(line))) return LIB_INVALID;
		if (load_claim(line, claim) != 0) return LIB_INVALID;
	}
	return at == end ? 0 : LIB_INVALID;
}

/* The number and what stands behind it; returns where that ends. */
static char *put_number(char *to, uint32_t number, const char *behind)
{
	return stpcpy(to + text_digits_put(number, 1, to), behind);
}

int fhir_exchange_save(
	const struct fhir_exchange *exchange, struct zf_arena *arena, const uint8_t **ret_state, uint64_t *ret_len)
{
	size_t cap = ((size_t)exchange->claim_count + 1) * LINE_BYTES_MAX;
	char *text = zf_alloc(arena, cap);
	if (text == NULL) return LIB_NOMEM;
	char *to = stpcpy(text, "F1 ");
	*to++ = exchange->kind;
	*to++ = ' ';
	to = put_number(to, exchange->next_token, " ");
	to = put_number(to, exchange->asks, " ");
	to = put_number(to, exchange->claim_count, "\n");
	for (uint32_t i = 0; i < exchange->claim_count; i++) {
		const struct fhir_exchange_claim *claim = &exchange->claims[i];
		to = stpcpy(stpcpy(to, claim->ref), " ");
		to = stpcpy(stpcpy(to, claim->message_id[0] == '\0' ? "-" : claim->message_id), " ");
		to = put_number(to, claim->token, " ");
		*to++ = claim->phase;
		to = stpcpy(to, claim->told == 'y' ? " y\n" : " n\n");
	}
	*ret_state = (const uint8_t *)text;
	*ret_len = (uint64_t)(to - text);
	return 0;
}

/* ---- actions ---- */

struct zf_action *fhir_step_request(struct fhir_step *step, const char *method, const char *path, struct text_span body)
{
	static const struct zf_header accept = {"Accept", "application/fhir+json"};
	static const struct zf_header type = {"Content-Type", "application/fhir+json; charset=utf-8"};
	static const struct zf_header *const with_body[] = {&accept, &type};
	struct zf_action *action = action_add(&step->actions, ZF_ACTION_HTTP);
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
	struct zf_action *action = action_add(&step->actions, ZF_ACTION_WAIT);
	if (action == NULL) return LIB_NOMEM;
	action->wait_until_ms = step->config->host->now_ms(step->call) + seconds * 1000;
	return 0;
}
