/* What is done about doubt: a submission that may or may not have arrived is asked about, sent again where that is
 * safe, or left for a person; other requests that fail end their exchange. Also cancellations and polls, whose
 * exchanges end on their own. */
#include <string.h>

#include "base/log.h"
#include "model/task_outcome.h"
#include "translate/job.h"

#define ASK_FIRST_MS 30000 /* a question is repeated after this, then twice as long, and so on */
#define ASK_MAX_MS 3600000
#define ASK_DENIED_MAX_MS 86400000 /* where the insurer denies it, and a person stands by it */

static int64_t ask_delay_ms(const struct job *job, int asked)
{
	int64_t max_ms = job->claim.vouched == VOUCHED_DENIED ? ASK_DENIED_MAX_MS : ASK_MAX_MS;
	int64_t delay_ms = ASK_FIRST_MS;

	for (int i = 1; i < asked && delay_ms < max_ms; i++) delay_ms *= 2;
	return delay_ms < max_ms ? delay_ms : max_ms;
}

/* The clock of a doubt: one row of work that comes back until the claim is no longer in doubt. */
static void ask_again(struct job *job)
{
	struct harvest_work *work;

	if (job->item.kind == WORK_START_STATUS) {
		job->harvest.action = HARVEST_DEFER;
		job->harvest.delay_ms = ask_delay_ms(job, job->item.attempt);
		return;
	}
	work = harvest_work(&job->harvest, WORK_TRANSLATE, WORK_START_STATUS);
	work->claim_id = job->claim.id;
	work->exchange_id = job->item.exchange_id;
	work->message_id = job->item.message_id;
	work->delay_ms = ask_delay_ms(job, 1);
}

static void exchange_hold(struct job *job, int status, const char *why)
{
	if (job->exchange_kind == 0) return;
	job->exchange_id = job->item.exchange_id;
	job_exchange(job, job->exchange_kind, status, (struct bytes){NULL, 0}, why);
}

/* Asking by our own ref needs no person's data: without a consent the module gets nothing else. */
static bool claim_for_question(struct room *room, struct job *job, struct zf_claim *claim, struct zf_event *event)
{
	struct text_span json;

	if (job->basis > 0 && job->claim.has_key) {
		if (job_claim_load(room, job, claim, &json) < 0) return false;
		event->claim_json = json.ptr;
		event->claim_json_len = json.len;
		return true;
	}
	*claim = (struct zf_claim){.size = sizeof(*claim), .use = (uint8_t)job->claim.use};
	uuid_format(&job->claim.id, claim->id);
	memcpy(claim->ref, job->claim.ref, strlen(job->claim.ref) + 1);
	job->impersonal = true;
	return true;
}

/* A person said that it arrived, and the insurer has not been heard of it yet, or only denies it: it is asked what it
 * has decided. Nothing else would end the waiting of a claim whose submission nobody answered. */
static bool is_unheard(const struct job_claim *claim)
{
	return claim->transport == TRANSPORT_SENT && claim->vouched != VOUCHED_NOT &&
	       claim->acknowledgement == ACKNOWLEDGEMENT_NONE && claim->adjudication == ADJUDICATION_NONE;
}

void job_ask(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_START_STATUS, .claim_count = 1};
	struct zf_claim claim;
	const struct zf_claim *claims[1] = {&claim};

	bool doubtful = job->claim.transport == TRANSPORT_UNKNOWN;

	if ((!doubtful && !is_unheard(&job->claim)) || job->claim.ref == NULL) return; /* settled meanwhile */
	if ((job->context->capabilities & ZF_CAP_STATUS) == 0) {
		if (doubtful)
			exchange_hold(
				job, EXCHANGE_HELD, "it may have arrived, and the insurer cannot be asked any more");
		return;
	}
	if (!job->busy) {
		if (!claim_for_question(room, job, &claim, &event)) return;
		event.claims = claims;
		if (!job_step(room, job, &event, EXCHANGE_STATUS)) return;
	}
	ask_again(job);
}

static bool recognises_repeats(const struct job *job)
{
	return job->insurer->idempotent || (job->context->capabilities & ZF_CAP_IDEMPOTENT) != 0;
}

/* A submission of which it is not known whether it arrived. */
static void doubt(struct room *room, struct job *job)
{
	struct harvest_work *work;

	if (job->claim.transport != TRANSPORT_UNKNOWN) return;
	if (job->context->capabilities & ZF_CAP_STATUS) {
		job_ask(room, job);
		return;
	}
	if (recognises_repeats(job) && job->message_route != NULL) {
		harvest_step(&job->harvest, &job->claim.id, TRANSPORT_UNKNOWN, EVENT_RESEND,
			"the insurer recognises a repeated submission");
		harvest_update(&job->harvest, &job->item.message_id, MESSAGE_READY, NULL);
		work = harvest_work(&job->harvest, WORK_DISPATCH, WORK_SEND);
		work->route = job->message_route;
		work->claim_id = job->claim.id;
		work->exchange_id = job->item.exchange_id;
		work->message_id = job->item.message_id;
		return;
	}
	exchange_hold(
		job, EXCHANGE_HELD, "it may have arrived, and the insurer can neither be asked nor takes repeats");
}

void job_failure(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_FAILURE};

	if (job->message_status == 0) return;
	if (job->message_submission) {
		if (job->message_status == MESSAGE_UNKNOWN)
			doubt(room, job);
		else if (job->message_status == MESSAGE_FAILED)
			exchange_hold(job, EXCHANGE_DONE, "it was not sent");
		return; /* else a person has decided meanwhile */
	}
	if (job->exchange_kind == 0 || job->exchange_status != EXCHANGE_OPEN) return;
	event.token = (uint32_t)job->message_token;
	event.failure = job->message_status == MESSAGE_UNKNOWN ? ZF_FAILURE_UNKNOWN : ZF_FAILURE_NOT_SENT;
	event.reason = "the request got no answer";
	(void)job_step(room, job, &event, 0);
}

/* ---- what a question's answer means ---- */

static bool is_own(const struct job *job, const struct job_fact *fact)
{
	return fact->resolved && uuid_equal(&fact->claim.id, &job->claim.id);
}

/* It had been delivered, and asked again the insurer still has nothing: said anew where that can do no harm. Else it
 * stays with a person, and the clock of its doubt goes on asking, as what was lost may be found. */
static void say_anew(struct job *job)
{
	if (job->message_replay || !recognises_repeats(job)) return;
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_UNKNOWN, EVENT_RELEASE,
		"the insurer has lost it, and recognises a repeated submission");
	harvest_work(&job->harvest, WORK_TRANSLATE, WORK_START_CLAIM)->claim_id = job->claim.id;
}

/* The insurer never saw it: the very same message may go. */
static void prove_absent(struct job *job)
{
	struct harvest_work *work;

	if (uuid_is_nil(&job->claim.doubt_message)) {
		say_anew(job);
		return;
	}
	if (job->doubt_route == NULL) return;
	/* An answer from before the last try, or one that a person has read again, says nothing about that try: sent
	 * again on its word the claim could be there twice. */
	if (!job->doubt_older || job->message_replay) {
		ask_again(job);
		return;
	}
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_UNKNOWN, EVENT_PROVE_ABSENT,
		"asked, the insurer has not got it");
	harvest_update(&job->harvest, &job->claim.doubt_message, MESSAGE_READY, NULL);
	work = harvest_work(&job->harvest, WORK_DISPATCH, WORK_SEND);
	work->route = job->doubt_route;
	work->claim_id = job->claim.id;
	work->exchange_id = job->doubt_exchange;
	work->message_id = job->claim.doubt_message;
}

/* A person's word that it arrived stands against a machine's: nothing is sent, and a person hears of it. */
static void contradict(struct job *job, struct job_fact *fact)
{
	if (job->claim.vouched == VOUCHED_DENIED) return;
	fact->refused =
		"A person recorded that the insurer has this claim, and now the insurer says that it has not got "
		"it. The person's word stands and nothing is sent. Ask the insurer: if it has it, drop this; if "
		"not, claim missing takes the word back. 已有人员登记该理赔单已送达,但保险公司现称未收到。以人"
		"员登记为准,系统不会重发。请与保险公司核实:如已收到,撤下本条;如未收到,用 claim missing 收回登记。";
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_SENT, EVENT_CONTRADICT,
		"asked, the insurer says that it has not got it; a person had recorded that it has");
	log_fields(LOG_ERROR, "ALERT: an insurer does not know a claim that a person recorded as arrived", "claim",
		job->claim.ref, "insurer", job->insurer->code, NULL);
}

/* A claim that the insurer answered for with success and has not decided: it has lost it, or never had it whatever its
 * front said. Never sent again on this word alone. One that is decided or rejected needs nothing more of the insurer.
 */
static void lost_there(struct job *job, struct job_fact *fact)
{
	bool covers = job->exchange_kind == EXCHANGE_CLAIM || job->doubt_older;

	if (job->message_replay || !covers || job->claim.acknowledgement == ACKNOWLEDGEMENT_REJECTED ||
		job->claim.adjudication >= ADJUDICATION_APPROVED)
		return;
	if (job->claim.vouched != VOUCHED_NOT) {
		contradict(job, fact);
		return;
	}
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_SENT, EVENT_PROVE_ABSENT,
		"the insurer answered for it when it was sent, and says now that it has not got it");
	ask_again(job);
	log_fields(LOG_ERROR, "an insurer does not know a claim that it had answered for", "claim", job->claim.ref,
		"insurer", job->insurer->code, NULL);
}

static void absent(struct job *job, struct job_fact *fact)
{
	if (job->claim.transport == TRANSPORT_SENT) lost_there(job, fact);
	if (job->claim.transport == TRANSPORT_UNKNOWN && job->exchange_kind == EXCHANGE_STATUS) prove_absent(job);
}

void job_absence_conclude(struct job *job)
{
	for (struct job_fact *fact = job->facts; fact != NULL; fact = fact->next) {
		if (!is_own(job, fact) || fact->fact.kind != ZF_FACT_NOT_FOUND) continue;
		absent(job, fact);
		return;
	}
}

void job_status_conclude(struct job *job)
{
	struct job_fact **at = &job->facts;

	job_absence_conclude(job);
	job->facts_last = NULL;
	while (*at != NULL) {
		struct job_fact *fact = *at;
		bool own = is_own(job, fact);

		/* A refused question says nothing about the claim; the clock asks again. */
		if (own && fact->fact.kind == ZF_FACT_REJECTED && !fact->has_adjudication) {
			*at = fact->next;
			job->fact_count--;
			continue;
		}
		job->facts_last = fact;
		at = &fact->next;
	}
}

/* ---- cancellations ---- */

static void task_set(struct job *job, const struct uuid *id, const char *status, const char *why)
{
	struct harvest_task *task;

	if (uuid_is_nil(id)) return;
	task = harvest_add(&job->harvest, &job->harvest.tasks, sizeof(*task));
	task->id = *id;
	task->status = status;
	task->outcome = why;
}

void job_cancel(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_START_CANCEL, .claim_count = 1};
	struct zf_claim claim;
	const struct zf_claim *claims[1] = {&claim};

	if (job->claim.ref == NULL || job->claim.transport == TRANSPORT_CANCELLED) return;
	if (job->claim.transport == TRANSPORT_QUEUED || job->claim.transport == TRANSPORT_SENDING ||
		job->claim.transport == TRANSPORT_UNKNOWN) {
		job_retry(job, "the claim is still on its way"); /* nothing can be cancelled that may not be there */
		return;
	}
	if ((job->context->capabilities & ZF_CAP_CANCEL) == 0) {
		task_set(job, &job->item.fact_id, "failed", TASK_OUTCOME_NO_CHANNEL);
		return;
	}
	if (!claim_for_question(room, job, &claim, &event)) return;
	event.claims = claims;
	event.reason = job->task_reason;
	if (!job_step(room, job, &event, EXCHANGE_CANCEL)) return;
	task_set(job, &job->item.fact_id, "in-progress", NULL);
}

void job_cancel_conclude(struct job *job)
{
	const char *why = NULL;

	for (struct job_fact *fact = job->facts; fact != NULL; fact = fact->next) {
		if (!is_own(job, fact)) continue;
		if (fact->fact.kind == ZF_FACT_CANCELLED) {
			task_set(job, &job->task_id, "completed", NULL);
			return;
		}
		if (fact->fact.kind == ZF_FACT_REJECTED)
			why = call_faults_text(fact->fact.faults, fact->fact.fault_count, false, &job->arena.zf);
	}
	if (job->over) {
		/* The refusal is of the cancellation, not of the claim. */
		job->facts = job->facts_last = NULL;
		job->fact_count = 0;
		const char *outcome = why == NULL ? NULL : arena_printf(&job->arena, TASK_OUTCOME_REFUSED ": %s", why);
		task_set(job, &job->task_id, "failed", outcome == NULL ? TASK_OUTCOME_REFUSED : outcome);
	}
}

/* ---- polls ---- */

void job_poll(struct room *room, struct job *job)
{
	bool remittance = job->item.kind == WORK_START_REMITTANCE;
	struct zf_event event = {
		.size = sizeof(event), .kind = remittance ? ZF_EVENT_START_REMITTANCE : ZF_EVENT_START_POLL};
	uint32_t needed = remittance ? ZF_CAP_REMITTANCE : ZF_CAP_POLL;

	if (job->insurer->poll_interval_s == 0 || (job->context->capabilities & needed) == 0) return; /* not any more */
	if (!job->busy && !job_step(room, job, &event, remittance ? EXCHANGE_REMITTANCE : EXCHANGE_POLL)) return;
	job->harvest.action = HARVEST_DEFER;
	job->harvest.delay_ms = (int64_t)job->insurer->poll_interval_s * 1000;
}
