/* State and actions of an exchange.
 *
 * The state is text: "E1 KIND PHASE NEXT_TOKEN TOKEN ASKS SOURCE CONFIRMED COUNT\n" and for each item
 * "TEXT TOKEN PHASE\n". */
#include "eclaimlink/exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 128
#define NUMBER_MAX 999999999u

/* The next word of the line, NUL-terminated in place; NULL when there is none. */
static char *next_word(char **at)
{
	char *word = *at;
	if (word == NULL || *word == '\0') return NULL;
	char *blank = strchr(word, ' ');
	*at = blank == NULL ? NULL : blank + 1;
	if (blank != NULL) *blank = '\0';
	return *word == '\0' ? NULL : word;
}

static bool next_number(char **at, uint32_t *ret)
{
	const char *word = next_word(at);
	int64_t number;
	if (word == NULL || text_to_int64(text_of(word), &number) != 0 || number > NUMBER_MAX) return false;
	*ret = (uint32_t)number;
	return true;
}

static bool next_char(char **at, const char *allowed, char *ret)
{
	const char *word = next_word(at);
	if (word == NULL || word[1] != '\0' || strchr(allowed, word[0]) == NULL) return false;
	*ret = word[0];
	return true;
}

int eclaim_exchange_load(const uint8_t *state, uint64_t len, struct eclaim_exchange *exchange)
{
	char line[LINE_BYTES_MAX], *p = line;
	memset(exchange, 0, sizeof(*exchange));
	if (state == NULL) return LIB_INVALID;
	const uint8_t *at = state, *end = state + len;
	if (!text_line_copy(&at, end, line, sizeof(line))) return LIB_INVALID;
	const char *version = next_word(&p);
	if (version == NULL || strcmp(version, "E1") != 0) return LIB_INVALID;
	if (!next_char(&p, "SQCP", &exchange->kind) || !next_char(&p, "rubwqlfd", &exchange->phase)) return LIB_INVALID;
	if (!next_number(&p, &exchange->next_token) || !next_number(&p, &exchange->token) ||
		!next_number(&p, &exchange->asks) || !next_number(&p, &exchange->source) ||
		!next_number(&p, &exchange->confirmed) || !next_number(&p, &exchange->count)) {
		return LIB_INVALID;
	}
	if (p != NULL || exchange->count > ECLAIM_ITEMS_MAX) return LIB_INVALID;
	for (uint32_t i = 0; i < exchange->count; i++) {
		struct eclaim_item *item = &exchange->items[i];
		p = line;
		if (!text_line_copy(&at, end, line, sizeof(line))) return LIB_INVALID;
		const char *text = next_word(&p);
		if (text == NULL || strlen(text) >= sizeof(item->text)) return LIB_INVALID;
		memcpy(item->text, text, strlen(text) + 1);
		if (!next_number(&p, &item->token) || !next_char(&p, "fcdr", &item->phase) || p != NULL) {
			return LIB_INVALID;
		}
	}
	return at == end ? 0 : LIB_INVALID;
}

int eclaim_exchange_save(
	const struct eclaim_exchange *exchange, struct zf_arena *arena, const uint8_t **ret_state, uint64_t *ret_len)
{
	size_t cap = ((size_t)exchange->count + 1) * LINE_BYTES_MAX, len = 0;
	char *text = zf_alloc(arena, cap);
	if (text == NULL) return LIB_NOMEM;
	len += (size_t)snprintf(text, cap,
		"E1 %c %c %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", exchange->kind,
		exchange->phase, exchange->next_token, exchange->token, exchange->asks, exchange->source,
		exchange->confirmed, exchange->count);
	for (uint32_t i = 0; i < exchange->count; i++) {
		const struct eclaim_item *item = &exchange->items[i];
		len += (size_t)snprintf(
			text + len, cap - len, "%s %" PRIu32 " %c\n", item->text, item->token, item->phase);
	}
	*ret_state = (const uint8_t *)text;
	*ret_len = len;
	return 0;
}

/* ---- actions ---- */

struct zf_fact *eclaim_fact(struct eclaim_step *step, uint32_t kind, const char *claim_ref)
{
	struct zf_fact *fact = action_add_fact(&step->actions, kind);
	if (fact == NULL || claim_ref == NULL) return fact;
	fact->claim_ref = zf_strdup(step->arena, claim_ref);
	return fact->claim_ref == NULL ? NULL : fact;
}

int eclaim_request(struct eclaim_step *step, const char *operation, const struct eclaim_parameter *parameters,
	uint32_t count, struct zf_action **ret_action)
{
	const struct eclaim_profile *profile = step->profile;
	struct zf_header *headers = zf_alloc_array(step->arena, 2, sizeof(*headers));
	const struct zf_header **list = zf_alloc_array(step->arena, 2, sizeof(void *));
	struct text_span body;
	int rc = eclaim_soap_write(profile, operation, parameters, count, step->arena, &body);
	if (rc != 0) return rc;
	if (headers == NULL || list == NULL) return LIB_NOMEM;
	headers[0] = (struct zf_header){"Content-Type", ECLAIM_CONTENT_TYPE};
	headers[1] =
		(struct zf_header){"SOAPAction", text_printf(step->arena, "\"%s%s\"", profile->soap_action, operation)};
	if (headers[1].value == NULL) return LIB_NOMEM;
	list[0] = &headers[0];
	list[1] = &headers[1];
	struct zf_action *action = action_add(&step->actions, ZF_ACTION_HTTP);
	if (action == NULL) return LIB_NOMEM;
	action->token = ++step->exchange->next_token;
	action->method = "POST";
	action->endpoint = profile->endpoint;
	action->path = profile->path;
	action->headers = list;
	action->header_count = 2;
	action->body = (const uint8_t *)body.ptr;
	action->body_len = body.len;
	action->body_secrets = 1;
	step->exchange->token = action->token;
	if (ret_action != NULL) *ret_action = action;
	return 0;
}

int eclaim_wait(struct eclaim_step *step, int64_t seconds)
{
	struct zf_action *action = action_add(&step->actions, ZF_ACTION_WAIT);
	if (action == NULL) return LIB_NOMEM;
	action->wait_until_ms = step->profile->host->now_ms(step->call) + seconds * 1000;
	return 0;
}

int eclaim_done(struct eclaim_step *step)
{
	step->exchange->phase = ECLAIM_DONE;
	return action_add(&step->actions, ZF_ACTION_DONE) == NULL ? LIB_NOMEM : 0;
}

bool eclaim_is_tired(struct eclaim_step *step)
{
	char asks[16];
	if (++step->exchange->asks <= step->profile->asks_max) return false;
	(void)snprintf(asks, sizeof(asks), "%u", step->exchange->asks - 1);
	fault_add(&step->faults, FAULT_WIRE_RESULT, "", asks, "asks_max");
	return true;
}

int eclaim_reply_of(struct eclaim_step *step, const char *operation, struct eclaim_reply *ret_reply)
{
	int32_t status = step->event->http_status;
	if (status >= 300 || status < 200) return 0;
	int rc = eclaim_soap_read(step->event, operation, step->arena, &step->faults, ret_reply);
	if (rc == LIB_NOMEM) return rc;
	if (rc != 0) return LIB_INVALID;
	return ret_reply->is_fault ? 0 : 1;
}
