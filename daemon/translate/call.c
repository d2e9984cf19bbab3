/* Calling modules. */
#include "translate/call.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/log.h"
#include "base/point.h"

/* ---- services ---- */

static int64_t service_now(void *handle)
{
	return ((const struct call *)handle)->now_ms;
}

static int service_id(void *handle, char text[40])
{
	struct call *call = handle;
	struct uuid id;
	char formatted[UUID_TEXT_LEN];

	if (call->fixed_ids > 0) {
		(void)snprintf(text, 40, "00000000-0000-4000-8000-%012llx", (unsigned long long)call->fixed_ids++);
		return 0;
	}
	id = uuid_new();
	uuid_format(&id, formatted);
	memcpy(text, formatted, sizeof(formatted));
	return 0;
}

static int service_control_number(void *handle, const char *series, int64_t *ret_number)
{
	struct call *call = handle;
	struct numbers *numbers = call->numbers;
	struct series *found = NULL;

	if (series != NULL && call->fixed_ids > 0) {
		*ret_number = (int64_t)call->fixed_ids++;
		return 0;
	}
	if (numbers == NULL || series == NULL || strlen(series) >= CALL_SERIES_LEN) return -1;
	for (size_t i = 0; i < numbers->count && found == NULL; i++)
		if (strcmp(numbers->items[i].name, series) == 0 &&
			strcmp(numbers->items[i].insurer, call->context->insurer->code) == 0)
			found = &numbers->items[i];
	if (found == NULL) {
		if (numbers->count == CALL_SERIES_MAX) return -1;
		found = &numbers->items[numbers->count++];
		*found = (struct series){0};
		(void)snprintf(found->insurer, sizeof(found->insurer), "%s", call->context->insurer->code);
		(void)snprintf(found->name, sizeof(found->name), "%s", series);
	}
	if (found->next == found->end) {
		found->wanted = true;
		return -1;
	}
	*ret_number = found->next++;
	return 0;
}

/* Keys are secrets of the insurer's profile: PEM for RS256 and ES256, any text for HS256. */
static int service_sign(void *handle, const char *key_name, const char *algorithm, const uint8_t *data, uint64_t len,
	uint8_t *ret_signature, uint64_t *ret_len)
{
	const struct call *call = handle;
	const struct conf_map *secrets = call->context->insurer->secrets;
	const char *secret = secrets == NULL || key_name == NULL ? NULL : conf_map_get(secrets, key_name);
	size_t signature_len = CALL_SIGNATURE_BYTES;
	EVP_MD_CTX *ctx;
	EVP_PKEY *key;
	BIO *pem;
	int r;

	if (secret == NULL || algorithm == NULL) return -1;
	if (strcmp(algorithm, "HS256") == 0) {
		key = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)secret, (int)strlen(secret));
	} else if (strcmp(algorithm, "RS256") == 0 || strcmp(algorithm, "ES256") == 0) {
		pem = BIO_new_mem_buf(secret, -1);
		key = pem == NULL ? NULL : PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
		BIO_free(pem);
	} else {
		return -1;
	}
	ctx = key == NULL ? NULL : EVP_MD_CTX_new();
	r = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
			    EVP_DigestSign(ctx, ret_signature, &signature_len, data, len) == 1
		    ? 0
		    : -1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	if (r == 0) *ret_len = signature_len;
	return r;
}

static void service_log(void *handle, int level, const char *text)
{
	const struct call *call = handle;

	if (text == NULL || level < LOG_ERROR || level > LOG_DEBUG) return;
	log_fields((enum log_level)level, text, "module", call->context->adapter->name, "insurer",
		call->context->insurer->code, NULL);
}

const struct zf_host host_services = {.size = sizeof(host_services),
	.now_ms = service_now,
	.new_id = service_id,
	.control_number = service_control_number,
	.sign = service_sign,
	.log = service_log};

/* ---- the step ---- */

/* SIGPROF's default action ends the process: nothing can be unwound out of a module that does not come back. */
static void cpu_limit(int64_t seconds)
{
	struct itimerval limit = {.it_value = {.tv_sec = seconds}};

	(void)setitimer(ITIMER_PROF, &limit, NULL);
}

static const char *action_fault(const struct zf_action *made)
{
	struct zf_action action;

	if (made == NULL || made->size < offsetof(struct zf_action, token)) return "an action is missing";
	action = call_action(made);
	if (action.header_count > 0 && action.headers == NULL) return "an action has no headers";
	if (action.body_len > 0 && action.body == NULL) return "an action has no body";
	if (action.wire_ref_count > 0 && action.wire_refs == NULL) return "an action has no wire references";
	for (uint32_t i = 0; i < action.wire_ref_count; i++)
		if (action.wire_refs[i] == NULL || action.wire_refs[i]->kind == NULL ||
			action.wire_refs[i]->value == NULL)
			return "a wire reference is empty";
	switch (action.kind) {
	case ZF_ACTION_HTTP:
		return action.token == 0 ? "a request has no token" : NULL;
	case ZF_ACTION_FACT:
		return action.fact == NULL || action.fact->size < offsetof(struct zf_fact, claim_ref)
			       ? "a fact is missing"
			       : NULL;
	case ZF_ACTION_WAIT:
	case ZF_ACTION_DONE:
	case ZF_ACTION_ANSWER:
		return NULL;
	default:
		return "an action is of no known kind";
	}
}

static const char *result_fault(const struct zf_result *result)
{
	if (result->action_count > ZF_ACTIONS_MAX) return "too many actions";
	if (result->action_count > 0 && result->actions == NULL) return "no actions where some are counted";
	if (result->state_len > ZF_STATE_BYTES_MAX) return "the state is too large";
	if (result->state_len > 0 && result->state == NULL) return "no state where one is counted";
	if (result->fault_count > 0 && result->faults == NULL) return "no faults where some are counted";
	for (uint32_t i = 0; i < result->fault_count; i++)
		if (result->faults[i] == NULL) return "a fault is missing";
	for (uint32_t i = 0; i < result->action_count; i++) {
		const char *why = action_fault(result->actions[i]);

		if (why != NULL) return why;
	}
	return NULL;
}

int32_t call_step(struct call *call, struct bytes state, const struct zf_event *event, struct zf_arena *arena,
	struct zf_result *ret_result)
{
	const struct context *context = call->context;
	struct zf_result result = {.size = sizeof(result)};
	const char *why;
	int32_t verdict;

	if (call->cpu_s > 0) cpu_limit(call->cpu_s);
	POINT("translate.before_call");
	verdict = context->adapter->table.step(
		context->handle, call, state.len == 0 ? NULL : state.ptr, state.len, event, arena, &result);
	POINT("translate.after_call");
	if (call->cpu_s > 0) cpu_limit(0);
	if (verdict < ZF_OK || verdict > ZF_BUG) {
		(void)err_set(ERR_INVALID, "module \"%s\" answers with no known verdict", context->adapter->name);
		return ZF_BUG;
	}
	if (verdict == ZF_BUG)
		(void)err_set(ERR_INVALID, "module \"%s\" met what must not happen", context->adapter->name);
	if (verdict != ZF_OK && verdict != ZF_REJECT && verdict != ZF_MALFORMED) return verdict;
	why = result_fault(&result);
	if (why != NULL) {
		(void)err_set(ERR_INVALID, "module \"%s\": %s", context->adapter->name, why);
		return ZF_BUG;
	}
	*ret_result = result;
	return verdict;
}

/* ---- views ---- */

#define VIEW(type, made)                                                                                               \
	type view = {0};                                                                                               \
	memcpy(&view, made, (made)->size < sizeof(view) ? (made)->size : sizeof(view));                                \
	return view

struct zf_action call_action(const struct zf_action *action)
{
	VIEW(struct zf_action, action);
}

struct zf_fact call_fact(const struct zf_fact *fact)
{
	VIEW(struct zf_fact, fact);
}

struct zf_adjudication call_adjudication(const struct zf_adjudication *adjudication)
{
	VIEW(struct zf_adjudication, adjudication);
}

struct zf_remittance call_remittance(const struct zf_remittance *remittance)
{
	VIEW(struct zf_remittance, remittance);
}

const char *call_faults_text(
	const struct zf_fault *const *faults, uint32_t count, bool with_text, struct zf_arena *arena)
{
	struct buf text CLEANUP(buf_free) = BUF_INIT(1000);

	for (uint32_t i = 0; i < count; i++) {
		const struct zf_fault *fault = faults[i];

		if (buf_printf(&text, "%s%s@%s", text.len == 0 ? "" : " ", fault->code == NULL ? "-" : fault->code,
			    fault->path == NULL ? "-" : fault->path) < 0)
			break;
		if (with_text && fault->text != NULL && buf_printf(&text, " (%s)", fault->text) < 0) break;
	}
	return text.len == 0 ? NULL : zf_strndup(arena, (const char *)text.ptr, text.len);
}

bool call_says_taken(const struct zf_result *result)
{
	uint32_t facts = 0, ends = 0;

	for (uint32_t i = 0; i < result->action_count; i++) {
		struct zf_action action = call_action(result->actions[i]);

		if (action.kind == ZF_ACTION_FACT) {
			struct zf_fact fact = call_fact(action.fact);

			facts += fact.kind == ZF_FACT_ACKNOWLEDGED && fact.fault_count == 0;
		}
		ends += action.kind == ZF_ACTION_DONE;
	}
	return facts == 1 && ends == 1 && result->action_count == 2 && result->fault_count == 0;
}
