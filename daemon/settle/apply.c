/* Facts to steps and postings. The life cycle decides what is legal; what it refuses is recorded as refused, with the
 * reason, and changes nothing. */
#include "settle/apply.h"

#include <string.h>

#include "zhifu_adapter.h"

/* Takes a step. A repeated fact is no fault: nothing happens again. Returns false when the life cycle refuses it. */
static bool step(
	const struct fact_view *view, struct apply *apply, enum lifecycle_axis axis, enum lifecycle_event event)
{
	uint8_t to;
	uint32_t effects;
	int r = lifecycle_step(axis, view->states[axis], event, &to, &effects);

	if (r == ERR_EXISTS) return true;
	if (r < 0) return false;
	assert(apply->step_count < APPLY_STEPS_MAX);
	apply->steps[apply->step_count++] = (struct apply_step){
		.axis = axis, .from = view->states[axis], .to = to, .seq = view->seqs[axis], .event = event};
	return true;
}

static void refuse(struct apply *apply, const char *why)
{
	*apply = (struct apply){.status = FACT_REFUSED, .why = why};
}

/* A negative amount swaps the sides: nothing is ever updated, a correction is a posting the other way. */
static void post(const struct fact_view *view, struct apply *apply, const char *name, int64_t amount,
	const char *currency, int exponent)
{
	const struct posting_rule *rule = posting_rule(name);
	struct apply_posting *posting;

	if (amount == 0) return;
	assert(apply->posting_count < APPLY_POSTINGS_MAX && amount != INT64_MIN);
	posting = &apply->postings[apply->posting_count++];
	posting->rule = rule->name;
	posting_account(amount > 0 ? rule->debit : rule->credit, view->insurer, posting->debit);
	posting_account(amount > 0 ? rule->credit : rule->debit, view->insurer, posting->credit);
	posting->amount = amount > 0 ? amount : -amount;
	posting->currency = currency;
	posting->exponent = exponent;
}

/* A decision, a pend or a query implies that the insurer took the claim in. */
static bool step_accepted(const struct fact_view *view, struct apply *apply)
{
	if (view->states[AXIS_ACKNOWLEDGEMENT] == ACKNOWLEDGEMENT_REJECTED) return false;
	return step(view, apply, AXIS_ACKNOWLEDGEMENT, EVENT_ACCEPT);
}

/* What plan and contract take as agreed does not make an approval partial; anything else that is missing does. */
static enum lifecycle_event decision(const struct fact_view *view)
{
	int64_t reduced = view->submitted - view->benefit - view->shares;

	if (reduced <= 0) return EVENT_APPROVE;
	return view->benefit == 0 ? EVENT_DENY : EVENT_APPROVE_PART;
}

static void apply_adjudicated(const struct fact_view *view, struct apply *apply)
{
	if (!view->has_adjudication) {
		refuse(apply, "the decision has no amounts");
		return;
	}
	if (view->use == ZF_USE_CLAIM && view->states[AXIS_BOOKS] == BOOKS_NONE) {
		apply->defer = true; /* said over another channel while it is still being sent: arriving bills it */
		return;
	}
	if (!step_accepted(view, apply) || !step(view, apply, AXIS_ADJUDICATION, decision(view))) {
		refuse(apply, "a decision is not expected where the claim stands");
		return;
	}
	if (view->use != ZF_USE_CLAIM) return;
	if (strcmp(view->adjudicated_currency, view->currency) != 0) {
		apply->why = "decided in another currency than billed: waits for a rate before it is posted";
		return;
	}
	if (!step(view, apply, AXIS_BOOKS, EVENT_POST_ADJUDICATION)) {
		refuse(apply, "a decision cannot be posted where the books stand");
		return;
	}
	post(view, apply, "patient_share", view->patient - view->patient_posted, view->currency, view->exponent);
	post(view, apply, "write_off", view->contract - view->contract_posted, view->currency, view->exponent);
}

static void apply_remitted(const struct fact_view *view, struct apply *apply)
{
	bool taken_back = view->detail_amount < 0;

	if (!view->has_detail) {
		refuse(apply, "the remittance has no such detail");
		return;
	}
	if (view->states[AXIS_BOOKS] == BOOKS_NONE || view->states[AXIS_BOOKS] == BOOKS_BILLED) {
		apply->defer = true; /* the decision is applied first, it came with the same or an earlier message */
		return;
	}
	if (taken_back && view->states[AXIS_PAYMENT] == PAYMENT_NONE) {
		apply->defer = true; /* what it takes back is announced by another fact that is not applied yet */
		return;
	}
	if (view->detail_amount == 0 && view->detail_fee == 0) return;
	if (!step(view, apply, AXIS_PAYMENT, taken_back ? EVENT_TAKE_BACK : EVENT_ANNOUNCE) ||
		!step(view, apply, AXIS_BOOKS, taken_back ? EVENT_POST_TAKE_BACK : EVENT_POST_ANNOUNCEMENT)) {
		refuse(apply, "a payment is not expected where the claim stands");
		return;
	}
	post(view, apply, "announce", view->detail_amount, view->detail_currency, view->detail_exponent);
	post(view, apply, "announce_fee", -view->detail_fee, view->detail_currency, view->detail_exponent);
}

static void apply_cancelled(const struct fact_view *view, struct apply *apply)
{
	if (view->use == ZF_USE_CLAIM && view->states[AXIS_BOOKS] == BOOKS_NONE) {
		apply->defer = true; /* likewise: the bill comes first, else it would stand for ever */
		return;
	}
	if (!step(view, apply, AXIS_ADJUDICATION, EVENT_CANCEL)) {
		refuse(apply, "a cancellation is not expected where the claim stands");
		return;
	}
	if (view->states[AXIS_BOOKS] == BOOKS_NONE) return;
	if (!step(view, apply, AXIS_BOOKS, EVENT_REVERSE)) {
		refuse(apply, "money has moved: the cancellation must be settled by finance");
		return;
	}
	post(view, apply, "patient_share", -view->patient_posted, view->currency, view->exponent);
	post(view, apply, "write_off", -view->contract_posted, view->currency, view->exponent);
	post(view, apply, "bill", -view->billed, view->currency, view->exponent);
}

void apply_fact(const struct fact_view *view, struct apply *ret_apply)
{
	struct apply *apply = ret_apply;
	bool legal = true;

	*apply = (struct apply){.status = FACT_APPLIED};
	switch (view->kind) {
	case FACT_UNSENDABLE:
		break; /* the transport step was taken with the fact */
	case ZF_FACT_ACKNOWLEDGED:
		legal = step(view, apply, AXIS_ACKNOWLEDGEMENT, EVENT_ACCEPT);
		break;
	case ZF_FACT_REJECTED:
		legal = step(view, apply, AXIS_ACKNOWLEDGEMENT, EVENT_REJECT);
		break;
	case ZF_FACT_PENDED:
		legal = step_accepted(view, apply) && step(view, apply, AXIS_ADJUDICATION, EVENT_PEND);
		break;
	case ZF_FACT_QUERIED:
		legal = step_accepted(view, apply) && step(view, apply, AXIS_ADJUDICATION, EVENT_QUERY);
		break;
	case ZF_FACT_ADJUDICATED:
		apply_adjudicated(view, apply);
		break;
	case ZF_FACT_REMITTED:
		apply_remitted(view, apply);
		break;
	case ZF_FACT_CANCELLED:
		apply_cancelled(view, apply);
		break;
	case ZF_FACT_NOT_FOUND:
		break; /* translate acted on it */
	default:
		refuse(apply, "a kind of fact that settle does not know");
		break;
	}
	if (!legal) refuse(apply, "not expected where the claim stands");
	if (view->doubted && apply->status == FACT_APPLIED) apply->status = FACT_DOUBTED;
}

void apply_forward(const struct apply *apply, struct fact_view *view)
{
	for (size_t i = 0; i < apply->step_count; i++) {
		view->states[apply->steps[i].axis] = apply->steps[i].to;
		view->seqs[apply->steps[i].axis] = apply->steps[i].seq + 1;
	}
	for (size_t i = 0; i < apply->posting_count; i++) {
		const struct apply_posting *posting = &apply->postings[i];
		char debit[ACCOUNT_LEN];
		int64_t amount;

		posting_account(posting_rule(posting->rule)->debit, view->insurer, debit);
		amount = strcmp(posting->debit, debit) == 0 ? posting->amount : -posting->amount;
		if (strcmp(posting->rule, "bill") == 0) view->billed += amount;
		if (strcmp(posting->rule, "patient_share") == 0) view->patient_posted += amount;
		if (strcmp(posting->rule, "write_off") == 0) view->contract_posted += amount;
	}
}
