/* The steps of an exchange by event.
 *
 * What an HTTP answer means for a claim that was sent:
 *   2xx with a decision, a queue note or nothing   facts; a claim that is pending is asked about where that is possible
 *   400, 409, 413, 415, 422 and other 4xx          rejected, with its errors; a person sees those that cannot be read
 *   401, 403, 404, 405, 407, 408, 425, 429, 503    not taken: sent again at the timer when the daemon hands the claim
 *                                                  over with it, else asked about, else held (MALFORMED)
 *   any other status                               unknown: asked about, else held (MALFORMED)
 * A submission that failed under way (FAILURE) is left to the daemon, which asks by START_STATUS or holds it.
 *
 * A claim that was taken and is not known there any more is told as not found, and the exchange is over. */
#include <stdio.h>

#include "fhir/encode.h"
#include "fhir/exchange.h"

enum http_class { HTTP_GOOD, HTTP_REFUSED, HTTP_BUSY, HTTP_BAD };

static enum http_class classify(int32_t status)
{
	if (status >= 200 && status < 300) return HTTP_GOOD;
	switch (status) {
	case 401:
	case 403:
	case 404:
	case 405:
	case 407:
	case 408:
	case 425:
	case 429:
	case 503:
		return HTTP_BUSY;
	default:
		return status >= 400 && status < 500 ? HTTP_REFUSED : HTTP_BAD;
	}
}

static bool can_ask(const struct fhir_step *step)
{
	return step->config->get_status || (step->config->task_status && step->config->message);
}

/* A fault in words, for what no catalogue knows. */
static const struct zf_fault *const *one_fault(struct zf_arena *arena, const char *code, const char *text)
{
	struct zf_fault *fault = zf_alloc(arena, sizeof(*fault));
	const struct zf_fault **list = zf_alloc(arena, sizeof(void *));
	if (fault == NULL || list == NULL || code == NULL || text == NULL) return NULL;
	fault->code = code;
	fault->text = text;
	list[0] = fault;
	return list;
}

/* Nothing can be concluded and nobody can be asked: held for a person, with the reason. */
static int32_t hold(struct fhir_step *step, const char *code, const char *text)
{
	step->said = one_fault(step->arena, code, text);
	if (step->said == NULL) return ZF_NOMEM;
	step->said_count = 1;
	return ZF_MALFORMED;
}

static int32_t reject_with_status(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	int status = (int)step->event->http_status;
	const struct zf_fault *const *faults = one_fault(step->arena, text_printf(step->arena, "http-%d", status),
		text_printf(step->arena, "the insurer answered with HTTP status %d", status));
	if (faults == NULL) return ZF_NOMEM;
	return verdict_read(fhir_step_rejected(step, claim, faults, 1));
}

/* ---- after a step: what comes next ---- */

static bool is_in_flight(char phase)
{
	return phase == FHIR_PHASE_SENT || phase == FHIR_PHASE_ANSWER || phase == FHIR_PHASE_CLAIM;
}

/* When nothing is in flight any more: a timer for what is still to be asked or repeated, else the end. */
static int32_t conclude(struct fhir_step *step)
{
	struct fhir_exchange *exchange = step->exchange;
	bool busy = false, open = false, doubt = false, refused = false;
	for (uint32_t i = 0; i < exchange->claim_count; i++) {
		char phase = exchange->claims[i].phase;
		if (is_in_flight(phase)) return ZF_OK;
		if (phase == FHIR_PHASE_BUSY) busy = true;
		if (phase == FHIR_PHASE_BUSY && exchange->claims[i].told != 'y') refused = true;
		if (phase == FHIR_PHASE_PENDING && can_ask(step)) open = true;
		if (phase == FHIR_PHASE_UNKNOWN) {
			open = open || can_ask(step);
			doubt = doubt || !can_ask(step);
		}
	}
	if (doubt) {
		return hold(step, "outcome-unknown", "the insurer may have taken the claim, and it can't be asked");
	}
	if ((busy || open) && exchange->asks < step->config->asks_max) {
		int64_t seconds = busy ? step->config->retry_seconds : step->config->wait_seconds;
		return verdict_read(fhir_step_wait(step, seconds));
	}
	if (refused && exchange->kind == FHIR_EXCHANGE_SUBMIT)
		return hold(step, "not-taken", "the insurer does not take the claim, however often it is sent");
	return action_add(&step->actions, ZF_ACTION_DONE) == NULL ? ZF_NOMEM : ZF_OK;
}

/* An answer that nobody can read goes to a person. What it was to tell is asked for, where that is possible. */
static int32_t unreadable(struct fhir_step *step, struct fhir_exchange_claim *claim, int32_t verdict)
{
	if (verdict != ZF_MALFORMED || step->exchange->claim_count != 1 || !can_ask(step)) return verdict;
	if (step->exchange->asks >= step->config->asks_max) return verdict;
	step->actions.count = 0; /* half understood is not understood */
	step->goes_on = true;
	claim->phase = claim->told == 'y' ? FHIR_PHASE_PENDING : FHIR_PHASE_UNKNOWN;
	verdict = conclude(step);
	return verdict == ZF_OK ? ZF_MALFORMED : verdict;
}

/* ---- start ---- */

static int32_t start_claims(struct fhir_step *step)
{
	const struct zf_event *event = step->event;
	if (event->claim_count == 0 || event->claim_count > FHIR_EXCHANGE_CLAIMS_MAX) return ZF_BUG;
	step->exchange->kind = FHIR_EXCHANGE_SUBMIT;
	step->exchange->claim_count = event->claim_count;
	for (uint32_t i = 0; i < event->claim_count; i++) {
		int32_t verdict = fhir_request_claim(step, event->claims[i], i, &step->exchange->claims[i]);
		if (verdict != ZF_OK) return verdict;
	}
	return ZF_OK;
}

/* An exchange about one claim, or about none. */
static struct fhir_exchange_claim *start_one(struct fhir_step *step, char kind)
{
	struct fhir_exchange_claim *entry = &step->exchange->claims[0];
	step->exchange->kind = kind;
	step->exchange->claim_count = 1;
	snprintf(entry->ref, sizeof(entry->ref), "%s",
		step->event->claim_count > 0 && step->event->claims[0]->ref[0] != '\0' ? step->event->claims[0]->ref
										       : "-");
	entry->phase = FHIR_PHASE_SENT;
	return entry;
}

static bool about_claim(const struct fhir_step *step)
{
	return step->event->claim_count == 1 && step->event->claims[0]->ref[0] != '\0';
}

int32_t fhir_step_start(struct fhir_step *step)
{
	switch (step->event->kind) {
	case ZF_EVENT_START_CLAIM:
		return start_claims(step);
	case ZF_EVENT_START_STATUS:
		if (!can_ask(step) || !about_claim(step)) return ZF_BUG;
		return fhir_request_status(step, start_one(step, FHIR_EXCHANGE_STATUS));
	case ZF_EVENT_START_CANCEL:
		if (!step->config->cancel || !about_claim(step)) return ZF_BUG;
		return fhir_request_cancel(step, start_one(step, FHIR_EXCHANGE_CANCEL), step->event->reason);
	case ZF_EVENT_START_POLL:
		if (!step->config->message) return ZF_BUG;
		return fhir_request_poll(step, start_one(step, FHIR_EXCHANGE_POLL));
	case ZF_EVENT_START_REMITTANCE:
		if (step->config->remittance_path == NULL) return ZF_BUG;
		return fhir_request_remittance(step, start_one(step, FHIR_EXCHANGE_REMITTANCE));
	default:
		return ZF_BUG;
	}
}

/* ---- replies ---- */

/* Reads the body. An empty one is an empty answer. */
static int read_answer(struct fhir_step *step, struct fhir_answer *answer)
{
	struct fhir_codes codes = fhir_config_codes(step->config);
	memset(answer, 0, sizeof(*answer));
	if (step->event->body_len == 0) return 0;
	return fhir_answer_read(
		(const char *)step->event->body, step->event->body_len, &codes, step->arena, &step->faults, answer);
}

/* Is it the answer to our message? In mode message HTTP 200 alone says nothing. */
static bool answers_message(
	struct fhir_step *step, const struct fhir_answer *answer, const struct fhir_exchange_claim *claim)
{
	if (!step->config->message) return true;
	if (answer->has_header && answer->response_identifier != NULL &&
		strcmp(answer->response_identifier, claim->message_id) == 0) {
		return true;
	}
	fault_add(&step->faults, FAULT_REFERENCE_UNRESOLVED, "Bundle.entry[0].resource.response.identifier",
		answer->response_identifier, NULL);
	return false;
}

static bool has_code(const struct fhir_answer *answer, const char *code)
{
	return answer->response_code != NULL && strcmp(answer->response_code, code) == 0;
}

static int32_t take_submission(
	struct fhir_step *step, struct fhir_exchange_claim *claim, const struct fhir_answer *answer)
{
	if (answer->error_count > 0) {
		return verdict_read(fhir_step_rejected(step, claim, answer->errors, answer->error_count));
	}
	if (has_code(answer, "transient-error")) {
		claim->phase = FHIR_PHASE_BUSY;
		return ZF_OK;
	}
	int rc = fhir_step_facts(step, answer, claim);
	if (rc != 0) return verdict_read(rc);
	if (claim->phase != FHIR_PHASE_SENT) return ZF_OK;
	if (has_code(answer, "fatal-error")) {
		const struct zf_fault *const *faults =
			one_fault(step->arena, "fatal-error", "the insurer could not process the message");
		if (faults == NULL) return ZF_NOMEM;
		return verdict_read(fhir_step_rejected(step, claim, faults, 1));
	}
	if (answer->adjudication_count > 0) {
		/* Decisions, but on other claims: about ours nothing is known. */
		claim->phase = FHIR_PHASE_UNKNOWN;
		return ZF_OK;
	}
	return verdict_read(fhir_step_pended(step, claim));
}

static int32_t reply_submission(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	enum http_class class = classify(step->event->http_status);
	if (class == HTTP_BUSY || class == HTTP_BAD) {
		claim->phase = class == HTTP_BUSY ? FHIR_PHASE_BUSY : FHIR_PHASE_UNKNOWN;
		return ZF_OK;
	}
	struct fhir_answer answer;
	int rc = read_answer(step, &answer);
	if (rc == LIB_NOMEM) return ZF_NOMEM;
	if (class == HTTP_REFUSED) {
		/* The status says it. Errors that can't be read change nothing, and a person is shown them. */
		step->unread = rc != 0;
		if (rc == 0 && answer.error_count > 0) {
			return verdict_read(fhir_step_rejected(step, claim, answer.errors, answer.error_count));
		}
		return reject_with_status(step, claim);
	}
	if (rc != 0) return verdict_read(rc);
	if (!answers_message(step, &answer, claim)) return ZF_MALFORMED;
	return take_submission(step, claim, &answer);
}

static int32_t not_found(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_NOT_FOUND);
	if (fact == NULL) return ZF_NOMEM;
	fact->claim_ref = zf_strdup(step->arena, claim->ref);
	claim->phase = FHIR_PHASE_DONE;
	return fact->claim_ref == NULL ? ZF_NOMEM : ZF_OK;
}

/* Does the insurer say in so many words that it does not have the claim? */
static bool says_not_found(const struct fhir_answer *answer)
{
	for (uint32_t i = 0; i < answer->error_count; i++) {
		if (answer->errors[i]->code != NULL && strcmp(answer->errors[i]->code, "not-found") == 0) return true;
	}
	for (uint32_t i = 0; i < answer->task_count; i++) {
		if (answer->tasks[i]->reason != NULL && strcmp(answer->tasks[i]->reason, "not-found") == 0) return true;
	}
	return false;
}

static int32_t reply_status(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	char phase = claim->phase;
	if (classify(step->event->http_status) != HTTP_GOOD) {
		claim->phase = FHIR_PHASE_BUSY;
		return ZF_OK;
	}
	struct fhir_answer answer;
	int rc = read_answer(step, &answer);
	if (rc != 0) return verdict_read(rc);
	if (!answers_message(step, &answer, claim)) return ZF_MALFORMED;
	if (phase == FHIR_PHASE_CLAIM) {
		return answer.claim_count == 0 ? not_found(step, claim) : verdict_read(fhir_step_pended(step, claim));
	}
	rc = fhir_step_facts(step, &answer, claim);
	if (rc != 0) return verdict_read(rc);
	if (claim->phase != phase) return ZF_OK; /* it was among the answers */
	if (says_not_found(&answer)) return not_found(step, claim);
	bool known = claim->told == 'y', silent = answer.adjudication_count == 0 && answer.query_count == 0;
	if (answer.error_count > 0 || step->config->message || (known && !silent)) {
		claim->phase = FHIR_PHASE_PENDING;
		return ZF_OK;
	}
	/* Without a way to look for the claim itself, silence about one that was taken is no news. */
	if (step->config->claim_path != NULL) return fhir_request_claim_search(step, claim);
	if (!known) return not_found(step, claim);
	claim->phase = FHIR_PHASE_PENDING;
	return ZF_OK;
}

/* A cancellation that was refused leaves the claim where it is: said as pending, with the reasons. */
static int32_t cancel_refused(
	struct fhir_step *step, struct fhir_exchange_claim *claim, const struct zf_fault *const *faults, uint32_t count)
{
	struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_PENDED);
	if (fact == NULL) return ZF_NOMEM;
	fact->claim_ref = zf_strdup(step->arena, claim->ref);
	fact->faults = faults;
	fact->fault_count = count;
	claim->phase = FHIR_PHASE_DONE;
	return fact->claim_ref == NULL ? ZF_NOMEM : ZF_OK;
}

static int32_t reply_cancel(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	enum http_class class = classify(step->event->http_status);
	if (class == HTTP_BUSY || class == HTTP_BAD) {
		claim->phase = FHIR_PHASE_BUSY;
		return ZF_OK;
	}
	struct fhir_answer answer;
	int rc = read_answer(step, &answer);
	if (rc == LIB_NOMEM || (rc != 0 && class == HTTP_GOOD)) return verdict_read(rc);
	if (class == HTTP_GOOD && !answers_message(step, &answer, claim)) return ZF_MALFORMED;
	if (rc == 0 && answer.error_count > 0) return cancel_refused(step, claim, answer.errors, answer.error_count);
	const char *status = rc == 0 && answer.task_count > 0 ? answer.tasks[0]->status : NULL;
	if (class == HTTP_GOOD && status != NULL && strcmp(status, "completed") == 0) {
		struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_CANCELLED);
		if (fact == NULL) return ZF_NOMEM;
		fact->claim_ref = zf_strdup(step->arena, claim->ref);
		claim->phase = FHIR_PHASE_DONE;
		return fact->claim_ref == NULL ? ZF_NOMEM : ZF_OK;
	}
	const char *reason = rc == 0 && answer.task_count > 0 ? answer.tasks[0]->reason : NULL;
	const struct zf_fault *const *faults = one_fault(step->arena, status != NULL ? status : "cancel-refused",
		reason != NULL ? reason : "the insurer did not cancel the claim");
	return faults == NULL ? ZF_NOMEM : cancel_refused(step, claim, faults, 1);
}

static int32_t reply_poll(struct fhir_step *step, struct fhir_exchange_claim *entry)
{
	if (classify(step->event->http_status) != HTTP_GOOD) {
		entry->phase = FHIR_PHASE_BUSY;
		return ZF_OK;
	}
	struct fhir_answer answer;
	int rc = read_answer(step, &answer);
	if (rc != 0) return verdict_read(rc);
	bool poll = step->exchange->kind == FHIR_EXCHANGE_POLL;
	if (poll && !answers_message(step, &answer, entry)) return ZF_MALFORMED;
	entry->phase = FHIR_PHASE_DONE;
	if (answer.error_count > 0 || has_code(&answer, "transient-error") || has_code(&answer, "fatal-error")) {
		entry->phase = FHIR_PHASE_BUSY;
		return ZF_OK;
	}
	if (poll) answer.response_identifier = NULL; /* it names the poll: what came by it is about other messages */
	rc = fhir_step_facts(step, &answer, NULL);
	if (rc != 0) return verdict_read(rc);
	int64_t messages = answer.bundle_count > 0
				   ? answer.bundle_count
				   : (int64_t)answer.adjudication_count + answer.remittance_count + answer.query_count;
	bool more = poll && messages >= step->config->poll_count && step->exchange->asks < step->config->asks_max;
	if (!more) return ZF_OK;
	step->exchange->asks++;
	return fhir_request_poll(step, entry);
}

static struct fhir_exchange_claim *find_token(struct fhir_step *step)
{
	for (uint32_t i = 0; i < step->exchange->claim_count; i++) {
		struct fhir_exchange_claim *claim = &step->exchange->claims[i];
		if (claim->token == step->event->token && is_in_flight(claim->phase)) return claim;
	}
	return NULL;
}

int32_t fhir_step_reply(struct fhir_step *step)
{
	struct fhir_exchange_claim *claim = find_token(step);
	if (claim == NULL) return ZF_BUG;
	char told = claim->told;
	int32_t verdict;
	switch (step->exchange->kind) {
	case FHIR_EXCHANGE_POLL:
	case FHIR_EXCHANGE_REMITTANCE:
		verdict = reply_poll(step, claim);
		break;
	case FHIR_EXCHANGE_CANCEL:
		verdict = reply_cancel(step, claim);
		break;
	default:
		verdict = claim->phase == FHIR_PHASE_SENT ? reply_submission(step, claim) : reply_status(step, claim);
		if (verdict == ZF_MALFORMED) claim->told = told;
		verdict = unreadable(step, claim, verdict);
	}
	return verdict == ZF_OK ? conclude(step) : verdict;
}

/* ---- timer ---- */

static int32_t resend(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	for (uint32_t i = 0; i < step->event->claim_count; i++) {
		if (strcmp(step->event->claims[i]->ref, claim->ref) != 0) continue;
		return fhir_request_claim(step, step->event->claims[i], i, claim);
	}
	if (can_ask(step)) return fhir_request_status(step, claim);
	return hold(step, "not-taken", "the insurer did not take the claim, and it isn't at hand to be sent again");
}

static int32_t repeat(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	switch (step->exchange->kind) {
	case FHIR_EXCHANGE_POLL:
		return fhir_request_poll(step, claim);
	case FHIR_EXCHANGE_REMITTANCE:
		return fhir_request_remittance(step, claim);
	case FHIR_EXCHANGE_CANCEL:
		return fhir_request_cancel(step, claim, step->event->reason);
	case FHIR_EXCHANGE_STATUS:
		return fhir_request_status(step, claim);
	default:
		return claim->told == 'y' ? fhir_request_status(step, claim) : resend(step, claim);
	}
}

int32_t fhir_step_timer(struct fhir_step *step)
{
	step->exchange->asks++;
	for (uint32_t i = 0; i < step->exchange->claim_count; i++) {
		struct fhir_exchange_claim *claim = &step->exchange->claims[i];
		int32_t verdict = ZF_OK;
		if (claim->phase == FHIR_PHASE_BUSY) {
			verdict = repeat(step, claim);
		} else if ((claim->phase == FHIR_PHASE_PENDING || claim->phase == FHIR_PHASE_UNKNOWN) &&
			   can_ask(step)) {
			verdict = fhir_request_status(step, claim);
		}
		if (verdict != ZF_OK) return verdict;
	}
	return conclude(step);
}

/* ---- failure ---- */

int32_t fhir_step_failure(struct fhir_step *step)
{
	struct fhir_exchange_claim *claim = find_token(step);
	if (claim == NULL) return ZF_BUG;
	bool submission = step->exchange->kind == FHIR_EXCHANGE_SUBMIT && claim->phase == FHIR_PHASE_SENT;
	if (submission && step->event->failure != ZF_FAILURE_NOT_SENT) {
		claim->phase = FHIR_PHASE_UNKNOWN;
		return ZF_OK; /* the daemon asks or holds */
	}
	claim->phase = FHIR_PHASE_BUSY;
	return conclude(step);
}

/* ---- calls ---- */

/* The answer to a message of the insurer's: a message that says ok. */
static int answer_message(struct fhir_step *step, const struct fhir_answer *answer, struct text_span *body)
{
	const struct fhir_config *config = step->config;
	char *id = zf_alloc(step->arena, 40), *outcome_id = zf_alloc(step->arena, 40);
	if (id == NULL || outcome_id == NULL) return LIB_NOMEM;
	if (config->host->new_id(step->call, id) != 0 || config->host->new_id(step->call, outcome_id) != 0)
		return LIB_NOMEM;
	struct fhir_message message = {
		.id = id,
		.profile = fhir_config_profile(config, "MessageHeader"),
		.bundle_profile = fhir_config_profile(config, "Bundle"),
		.event_system = config->event_system,
		.event = answer->event != NULL ? answer->event : config->event_poll,
		.sender_system = config->sender_system,
		.sender_id = config->sender_id,
		.receiver_system = config->receiver_system,
		.receiver_id = config->receiver_id,
		.source_endpoint = config->source_endpoint,
		.destination_endpoint = config->destination_endpoint,
		.response_identifier = answer->header_id,
		.response_code = "ok",
	};
	return fhir_encode_message(
		&message, config->base_url, "OperationOutcome", outcome_id, *body, step->arena, body);
}

int32_t fhir_step_call(struct fhir_step *step)
{
	static const struct zf_header type = {"Content-Type", "application/fhir+json; charset=utf-8"};
	static const struct zf_header *const headers[] = {&type};
	struct fhir_answer answer;
	struct text_span body;
	step->exchange->kind = FHIR_EXCHANGE_POLL;
	int rc = read_answer(step, &answer);
	if (rc == 0 && answer.type_name == NULL) rc = LIB_INVALID;
	if (rc == 0) rc = fhir_step_facts(step, &answer, NULL);
	if (rc == 0) rc = fhir_encode_outcome(&(struct fault_list){.count = 0}, step->arena, &body);
	if (rc == 0 && answer.has_header && answer.header_id != NULL) rc = answer_message(step, &answer, &body);
	if (rc != 0) return verdict_read(rc);
	struct zf_action *action = action_add(&step->actions, ZF_ACTION_ANSWER);
	if (action == NULL) return ZF_NOMEM;
	action->http_status = 200;
	action->headers = headers;
	action->header_count = 1;
	action->body = (const uint8_t *)body.ptr;
	action->body_len = body.len;
	return action_add(&step->actions, ZF_ACTION_DONE) == NULL ? ZF_NOMEM : ZF_OK;
}
