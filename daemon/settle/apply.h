/* What a fact does: from where the claim stands and what is posted to the steps it takes and what is posted now. Pure.
 */
#ifndef SETTLE_APPLY_H
#define SETTLE_APPLY_H

#include "base/core.h"
#include "model/lifecycle.h"
#include "model/work.h"
#include "settle/posting_rule.h"

/* All that settle knows of one fact and its claim. Amounts in minor units of the claim's currency unless said. */
struct fact_view {
	int kind; /* enum zf_fact_kind or enum fact_kind_own */
	const char *insurer;
	int use; /* enum zf_use: only claims are billed */
	const char *currency;
	int exponent;
	uint8_t states[LIFECYCLE_AXES + 1]; /* by enum lifecycle_axis */
	int32_t seqs[LIFECYCLE_AXES + 1];   /* the version of each that was read */
	bool has_adjudication;
	int outcome; /* enum zf_outcome */
	const char *adjudicated_currency;
	int64_t submitted, benefit, patient, contract; /* in adjudicated_currency */
	int64_t shares; /* of submitted: what plan and contract take as agreed (deductible, co-insurance, contract
			   price, benefit limit) */
	bool has_detail;
	int64_t detail_amount, detail_fee; /* in detail_currency; a negative amount is a take-back */
	const char *detail_currency;
	int detail_exponent;
	bool doubted;                                    /* its amounts do not add up: applied, and shown to a person */
	int64_t billed, patient_posted, contract_posted; /* what the ledger says now */
};

struct apply_step {
	enum lifecycle_axis axis;
	uint8_t from, to;
	int32_t seq; /* the version that it is taken from */
	enum lifecycle_event event;
};

struct apply_posting {
	const char *rule;
	char debit[ACCOUNT_LEN], credit[ACCOUNT_LEN];
	int64_t amount; /* > 0 */
	const char *currency;
	int exponent;
};

#define APPLY_STEPS_MAX 5
#define APPLY_POSTINGS_MAX 4

struct apply {
	bool defer; /* something else must be applied first: try again soon */
	enum fact_status status;
	const char *why; /* constant text for a refused fact; NULL otherwise */
	struct apply_step steps[APPLY_STEPS_MAX];
	size_t step_count;
	struct apply_posting postings[APPLY_POSTINGS_MAX];
	size_t posting_count;
};

void apply_fact(const struct fact_view *view, struct apply *ret_apply);
/* Moves the view to where the claim stands after it, for the claim's next fact. */
void apply_forward(const struct apply *apply, struct fact_view *view);

#endif
