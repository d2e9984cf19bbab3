/* One step of an exchange: its state opened, the module called, its actions carried over into rows. */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "translate/envelope.h"
#include "translate/job.h"

#define WAIT_MAX_MS (366LL * 86400 * 1000)
#define AHEAD_MS (86400 * 1000)
#define REF_STEPS_MAX 64 /* how far a claim's decision is looked for from the one of the claim before */

void job_exchange(struct job *job, int kind, int status, struct bytes sealed_state, const char *why)
{
	struct harvest_exchange *exchange = harvest_add(&job->harvest, &job->harvest.exchanges, sizeof(*exchange));

	exchange->id = job->exchange_id;
	exchange->claim_id = job->claim.id;
	exchange->kind = kind;
	exchange->status = status;
	exchange->step = uuid_equal(&job->exchange_id, &job->item.exchange_id) ? job->exchange_step : -1;
	exchange->state = sealed_state;
	exchange->why = why;
}

/* ---- facts ---- */

static struct job_fact *fact_append(struct job *job)
{
	struct job_fact *fact = zf_alloc(&job->arena.zf, sizeof(*fact));

	if (fact == NULL) {
		job->harvest.err = err_set(ERR_NOMEM, "no memory for a fact");
		return NULL;
	}
	if (job->facts_last == NULL)
		job->facts = fact;
	else
		job->facts_last->next = fact;
	job->facts_last = fact;
	job->fact_count++;
	return fact;
}

static bool own_ref(const struct job *job, const char *ref)
{
	return job->claim.ref != NULL && strcmp(job->claim.ref, ref) == 0;
}

/* Where its claim is to be looked for. Neither ref nor number: it answers this exchange, so it is about its claim. */
static void fact_route(
	const struct job *job, struct job_fact *fact, const char *ref, const char *kind, const char *wire)
{
	bool named = ref != NULL || (kind != NULL && wire != NULL);

	if ((!named && !uuid_is_nil(&job->claim.id)) || (ref != NULL && own_ref(job, ref))) {
		fact->claim = job->claim;
		fact->resolved = true;
		return;
	}
	fact->ref = ref;
	fact->wire_kind = kind;
	fact->wire = wire;
	fact->resolved = !named;
}

/* The next fact behind `after` that looks for this ref, near by: a remittance tells of the claims in the order of the
 * decisions that came with it. NULL: none. */
static struct job_fact *fact_with_ref(struct job_fact *after, const char *ref)
{
	for (int i = 0; after != NULL && ref != NULL && i < REF_STEPS_MAX; i++, after = after->next)
		if (after->same == NULL && !after->resolved && after->ref != NULL && strcmp(after->ref, ref) == 0)
			return after;
	return NULL;
}

static void remittance_add(struct job *job, const struct zf_fact *made)
{
	struct zf_remittance *remittance = zf_alloc(&job->arena.zf, sizeof(*remittance));
	struct job_fact *decision = job->facts, *same;
	uint32_t n;

	if (remittance == NULL) {
		job->harvest.err = err_set(ERR_NOMEM, "no memory for a remittance");
		return;
	}
	*remittance = call_remittance(made->remittance);
	/* One that is not to be booked is one fact, of no claim. */
	n = remittance->details == NULL || made->fault_count > 0 ? 0 : remittance->detail_count;
	for (uint32_t i = 0; i < n || i == 0; i++) {
		struct job_fact *fact = fact_append(job);

		if (fact == NULL) return;
		fact->fact = *made;
		fact->remittance = remittance;
		fact->resolved = true;
		if (n == 0) return; /* one orphan, so that somebody sees it */
		fact->detail = remittance->details[i];
		fact->detail_no = i + 1;
		fact->resolved = job_detail_whole(fact->detail);
		if (fact->resolved) continue;
		if (fact->detail->claim_ref == NULL && fact->detail->insurer_claim_no == NULL)
			fact->resolved = true;
		else
			fact_route(job, fact, fact->detail->claim_ref,
				fact->detail->insurer_claim_no == NULL ? NULL : "insurer-claim-no",
				fact->detail->insurer_claim_no);
		same = fact_with_ref(decision, fact->ref);
		if (same == NULL || same == fact) continue;
		fact->same = same;
		decision = same->next;
	}
}

void job_facts_add(struct job *job, const struct zf_fact *made)
{
	struct zf_fact view = call_fact(made);
	struct job_fact *fact;
	const char *ref = view.claim_ref;
	const char *kind = view.wire_ref_kind;
	const char *wire = view.wire_ref;

	if (view.kind == ZF_FACT_REMITTED && view.remittance != NULL) {
		remittance_add(job, &view);
		return;
	}
	fact = fact_append(job);
	if (fact == NULL) return;
	fact->fact = view;
	if (view.adjudication != NULL) {
		fact->has_adjudication = true;
		fact->adjudication = call_adjudication(view.adjudication);
		if (ref == NULL && wire == NULL) ref = fact->adjudication.claim_ref;
		if (ref == NULL && wire == NULL && uuid_is_nil(&job->claim.id)) {
			kind = "insurer-claim-no";
			wire = fact->adjudication.insurer_claim_no;
		}
	}
	if (ref == NULL && wire == NULL && view.query != NULL) ref = view.query->claim_ref;
	fact_route(job, fact, ref, kind, wire);
}

/* ---- actions ---- */

static const struct endpoint *endpoint_find(const struct insurer *insurer, const char *name)
{
	for (uint32_t i = 0; i < insurer->endpoint_count; i++)
		if (strcmp(insurer->endpoints[i]->name, name) == 0) return insurer->endpoints[i];
	return NULL;
}

static void refs_add(struct job *job, const struct zf_action *action, const struct uuid *message_id)
{
	for (uint32_t i = 0; i < action->wire_ref_count; i++) {
		struct harvest_ref *ref = harvest_add(&job->harvest, &job->harvest.refs, sizeof(*ref));
		const char *value = action->wire_refs[i]->value;
		unsigned len;

		ref->kind = zf_strdup(&job->arena.zf, action->wire_refs[i]->kind);
		ref->claim_id = job->claim.id;
		ref->message_id = *message_id;
		if (ref->kind == NULL || EVP_Digest(value, strlen(value), ref->hash, &len, EVP_sha256(), NULL) != 1)
			job->harvest.err = err_set(ERR_NOMEM, "no memory for a wire reference");
	}
}

static int message_seal(
	const struct room *room, struct job *job, const struct uuid *id, struct bytes plain, struct bytes *ret_sealed)
{
	const struct key *key = &job->claim.key;
	int r = 0;

	if (!job->claim.has_key) r = job_hospital_key(room, job, &key);
	return r < 0 ? r : seal(room->sealer, key, id, SEAL_MESSAGE, plain, &job->arena, ret_sealed);
}

/* The module sends a claim once more that the insurer has answered for: it was told "not now". What has been heard of
 * otherwise, or vouched for by a person, is not in its hands any more; dispatch drops such a message. */
static void take_back(struct job *job)
{
	if (job->exchange_kind != EXCHANGE_CLAIM || job->claim.transport != TRANSPORT_SENT ||
		job->claim.vouched != VOUCHED_NOT || job->claim.acknowledgement != ACKNOWLEDGEMENT_NONE ||
		job->claim.adjudication != ADJUDICATION_NONE || job->harvest.steps.count > 0)
		return;
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_SENT, EVENT_DEFER,
		"the insurer's system answered that it did not take it now");
}

static int http_add(const struct room *room, struct job *job, const struct zf_action *action)
{
	const struct endpoint *endpoint =
		action->endpoint == NULL ? NULL : endpoint_find(job->insurer, action->endpoint);
	struct uuid id = uuid_new();
	struct harvest_message *message;
	struct harvest_work *work;
	struct bytes plain, sealed;
	int r;

	if (endpoint == NULL) return err_set(ERR_INVALID, "the module names an endpoint that is not configured");
	r = envelope_write(action, action->submission != 0 ? &job->context->taken : NULL, &job->arena.zf, &plain);
	if (r == 0) r = message_seal(room, job, &id, plain, &sealed);
	if (r < 0) return r;
	message = harvest_add(&job->harvest, &job->harvest.messages, sizeof(*message));
	message->id = id;
	message->exchange_id = job->exchange_id;
	/* Whoever reads it takes the claim's patient as its key's owner. */
	if (job->claim.has_key) message->claim_id = job->claim.id;
	message->token = action->token;
	message->submission = action->submission != 0;
	if (message->submission) take_back(job);
	message->personal = !job->impersonal || message->submission;
	message->content = sealed;
	work = harvest_work(&job->harvest, WORK_DISPATCH, WORK_SEND);
	work->route = arena_printf(&job->arena, "%s:%s", job->insurer->code, endpoint->channel);
	work->claim_id = message->claim_id;
	work->exchange_id = job->exchange_id;
	work->message_id = id;
	/* Of no claim: a question to a mailbox. There is one at a time and it brings decisions, so it does not stand in
	 * line behind all the claims that a slow insurer, or one that was away, has yet to take. */
	if (uuid_is_nil(&job->claim.id)) work->delay_ms = -AHEAD_MS;
	if (work->route == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	refs_add(job, action, &id);
	job->pending = true;
	return 0;
}

/* The exchange's one timer carries its id, so that a later WAIT moves it and the end of the exchange removes it. */
static void wait_add(struct job *job, int64_t until_ms)
{
	int64_t delay_ms = until_ms - clock_wall_ms();
	struct harvest_work *work;

	if (delay_ms < 0) delay_ms = 0;
	if (delay_ms > WAIT_MAX_MS) delay_ms = WAIT_MAX_MS;
	job->pending = true;
	if (uuid_equal(&job->item.work_id, &job->exchange_id)) {
		job->harvest.action = HARVEST_DEFER;
		job->harvest.delay_ms = delay_ms;
		return;
	}
	work = harvest_work(&job->harvest, WORK_TRANSLATE, WORK_TIMER);
	work->id = job->exchange_id;
	work->claim_id = job->claim.id;
	work->exchange_id = job->exchange_id;
	work->delay_ms = delay_ms;
}

/* The item belongs to an exchange that had ended: it is read again for its facts only. */
static bool has_ended(const struct job *job)
{
	return job->exchange_status == EXCHANGE_DONE && uuid_equal(&job->exchange_id, &job->item.exchange_id);
}

static int actions_take(const struct room *room, struct job *job, const struct zf_result *result)
{
	bool ended = has_ended(job);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < result->action_count; i++) {
		struct zf_action action = call_action(result->actions[i]);

		switch ((enum zf_action_kind)action.kind) {
		case ZF_ACTION_HTTP:
			if (!ended) r = http_add(room, job, &action);
			break;
		case ZF_ACTION_WAIT:
			if (!ended) wait_add(job, action.wait_until_ms);
			break;
		case ZF_ACTION_FACT:
			job_facts_add(job, action.fact);
			break;
		case ZF_ACTION_DONE:
			job->over = true;
			break;
		case ZF_ACTION_ANSWER:
			break; /* a call has been answered when it came in */
		}
	}
	return r == 0 ? job->harvest.err : r;
}

static int state_seal(
	const struct room *room, struct job *job, const struct zf_result *result, struct bytes *ret_sealed)
{
	const struct key *key;
	int r;

	*ret_sealed = (struct bytes){NULL, 0};
	if (job->over || has_ended(job) || result->state_len == 0) return 0;
	r = job_hospital_key(room, job, &key);
	if (r < 0) return r;
	return seal(room->sealer, key, &job->exchange_id, SEAL_STATE, (struct bytes){result->state, result->state_len},
		&job->arena, ret_sealed);
}

static int take_over(const struct room *room, struct job *job, const struct zf_result *result, int kind)
{
	struct bytes state;
	bool open;
	int r = actions_take(room, job, result);

	if (r == 0) r = state_seal(room, job, result, &state);
	if (r < 0) return r;
	/* A claim's exchange may be silent for weeks; anything else that neither sends nor waits has ended. */
	open = !job->over && !has_ended(job) && (job->pending || kind == EXCHANGE_CLAIM);
	job->over = !open;
	job_exchange(job, kind, open ? EXCHANGE_OPEN : EXCHANGE_DONE, state, NULL);
	return job->harvest.err;
}

/* ---- the step ---- */

static void rejected(struct job *job, const struct zf_result *result)
{
	const char *why = call_faults_text(result->faults, result->fault_count, true, &job->arena.zf);
	struct harvest_fact *fact;

	if (why == NULL) why = "the module gave no reason";
	if (job->item.kind != WORK_START_CLAIM) {
		job_quarantine(job, why);
		return;
	}
	fact = harvest_fact(&job->harvest, FACT_UNSENDABLE, &job->claim.id, NULL);
	fact->text = why;
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_ACCEPTED, EVENT_FAIL, why);
}

static void ended(struct job *job, int32_t verdict, const struct zf_result *result)
{
	const char *why;

	switch ((enum zf_verdict)verdict) {
	case ZF_REJECT:
		rejected(job, result);
		return;
	case ZF_RETRY:
		job_retry(job, "the module says \"not now\" again and again");
		return;
	case ZF_NOMEM:
		job_retry(job, "the module finds too little memory");
		return;
	case ZF_MALFORMED:
		why = call_faults_text(result->faults, result->fault_count, true, &job->arena.zf);
		job_quarantine(job, why == NULL ? "it cannot be read" : why);
		return;
	case ZF_OK:
	case ZF_BUG:
		job_quarantine(job, err_text());
		return;
	}
}

/* Why the message is kept for a person, who finds it in the log too. */
static const char *kept_why(struct job *job, const struct zf_result *result)
{
	const char *why = call_faults_text(result->faults, result->fault_count, true, &job->arena.zf);

	if (why == NULL) why = "it cannot be read";
	log_fields(LOG_WARN, "a message goes to a person", "insurer", job->insurer->code, "why", why, NULL);
	return why;
}

/* A message that cannot be read, of an exchange that goes on: what the module wants done meanwhile is done, and only
 * the message goes to a person. Nothing may be concluded from it. */
static int goes_on(const struct room *room, struct job *job, const struct zf_result *result, int kind)
{
	int r = take_over(room, job, result, kind);

	if (r == 0 && job->facts != NULL) r = err_set(ERR_INVALID, "the module concludes from what it cannot read");
	if (r < 0) return r;
	harvest_update(&job->harvest, &job->item.message_id, MESSAGE_QUARANTINED, kept_why(job, result));
	return job->harvest.err;
}

/* The module calls the answer constant: the next submissions carry its digest along. */
static void learn(const struct room *room, const struct job *job, const struct zf_event *event)
{
	const char *content_type = NULL;
	struct taken taken;

	if (job->item.kind != WORK_REPLY || job->exchange_kind != EXCHANGE_CLAIM || has_ended(job)) return;
	if (!job->message_submission || !uuid_equal(&job->facts->claim.id, &job->claim.id)) return;
	for (uint32_t i = 0; content_type == NULL && i < event->header_count; i++)
		if (strcasecmp(event->headers[i]->name, "content-type") == 0) content_type = event->headers[i]->value;
	taken = taken_of(event->http_status, content_type, (struct bytes){event->body, event->body_len});
	contexts_learn(room->contexts, job->context, &taken);
}

static bool numbers_wanted(const struct room *room)
{
	for (size_t i = 0; i < room->numbers.count; i++)
		if (room->numbers.items[i].wanted) return true;
	return false;
}

bool job_step(struct room *room, struct job *job, struct zf_event *event, int kind)
{
	struct call call = {.context = job->context,
		.numbers = &room->numbers,
		.now_ms = clock_wall_ms(),
		.cpu_s = room->options->translate_cpu_s};
	struct zf_result result = {0};
	struct bytes state = {NULL, 0};
	int32_t verdict;
	int r = 0;

	if (kind != 0)
		job->exchange_id = uuid_new();
	else
		kind = job->exchange_kind;
	if (uuid_equal(&job->exchange_id, &job->item.exchange_id) && job->exchange_state.ptr != NULL)
		r = vault_open(room->vault, room->keyring, &job->item.hospital_id, job->hospital_keys, room->sealer,
			&job->exchange_id, SEAL_STATE, job->exchange_state, ZF_STATE_BYTES_MAX, &job->arena, &state);
	if (r == ERR_NOMEM) {
		job_retry(job, "no memory");
		return false;
	}
	if (r < 0) {
		job_quarantine(job, "the state of the exchange cannot be opened");
		return false;
	}
	verdict = call_step(&call, state, event, &job->arena.zf, &result);
	job->starved = verdict == ZF_RETRY && numbers_wanted(room);
	if (verdict == ZF_MALFORMED && result.goes_on != 0 && job->item.kind == WORK_REPLY) {
		r = goes_on(room, job, &result, kind);
		if (r == 0) return false;
	} else if (verdict != ZF_OK) {
		ended(job, verdict, &result);
		return false;
	} else {
		r = take_over(room, job, &result, kind);
		if (r == 0 && result.fault_count > 0) job->unread_part = kept_why(job, &result);
		if (r == 0 && result.constant != 0 && call_says_taken(&result)) learn(room, job, event);
		if (r == 0) return true;
	}
	if (r == ERR_NOMEM)
		job_retry(job, "no memory");
	else
		job_quarantine(job, err_text());
	return false;
}
