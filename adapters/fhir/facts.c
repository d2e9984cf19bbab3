/* Facts from an insurer's answer: which claim each is about, and what it says. */
#include <stdio.h>

#include "fhir/exchange.h"

/* The claim of the exchange with that ref; NULL when it has none. */
static struct fhir_exchange_claim *claim_of(struct fhir_exchange *exchange, const char *ref)
{
	for (uint32_t i = 0; i < exchange->claim_count; i++) {
		if (strcmp(exchange->claims[i].ref, ref) == 0) return &exchange->claims[i];
	}
	return NULL;
}

/* By what else than our ref the daemon can find the claim. */
static void set_wire_ref(
	struct zf_fact *fact, const struct fhir_answer *answer, const struct zf_adjudication *adjudication)
{
	if (answer->response_identifier != NULL) {
		fact->wire_ref_kind = "message-id";
		fact->wire_ref = answer->response_identifier;
	} else if (adjudication != NULL && adjudication->insurer_claim_no != NULL) {
		fact->wire_ref_kind = "insurer-claim-no";
		fact->wire_ref = adjudication->insurer_claim_no;
	}
}

static uint32_t kind_of(const struct zf_adjudication *adjudication)
{
	switch (adjudication->outcome) {
	case ZF_OUTCOME_QUEUED:
		return ZF_FACT_PENDED;
	case ZF_OUTCOME_ERROR:
		return ZF_FACT_REJECTED;
	default:
		return ZF_FACT_ADJUDICATED;
	}
}

/* The copy of a ref that outlives the step's exchange. LIB_NOMEM or 0. */
static int set_ref(struct fhir_step *step, struct zf_fact *fact, const char *ref)
{
	fact->claim_ref = zf_strdup(step->arena, ref);
	return fact->claim_ref == NULL ? LIB_NOMEM : 0;
}

/* Said once; it implies that the insurer has taken the claim in. */
int fhir_step_pended(struct fhir_step *step, struct fhir_exchange_claim *claim)
{
	bool told = claim->told == 'y';
	claim->phase = FHIR_PHASE_PENDING;
	claim->told = 'y';
	if (told) return 0;
	struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_PENDED);
	return fact == NULL ? LIB_NOMEM : set_ref(step, fact, claim->ref);
}

int fhir_step_rejected(
	struct fhir_step *step, struct fhir_exchange_claim *claim, const struct zf_fault *const *faults, uint32_t count)
{
	claim->phase = FHIR_PHASE_DONE;
	struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_REJECTED);
	if (fact == NULL) return LIB_NOMEM;
	fact->faults = faults;
	fact->fault_count = count;
	return set_ref(step, fact, claim->ref);
}

static int add_adjudication(struct fhir_step *step, const struct fhir_answer *answer,
	const struct zf_adjudication *adjudication, struct fhir_exchange_claim *own)
{
	struct fhir_exchange_claim *claim =
		adjudication->claim_ref == NULL ? own : claim_of(step->exchange, adjudication->claim_ref);
	uint32_t kind = kind_of(adjudication);
	if (claim != NULL && kind == ZF_FACT_PENDED && claim->told == 'y') {
		claim->phase = FHIR_PHASE_PENDING;
		return 0;
	}
	if (claim != NULL && kind != ZF_FACT_REJECTED) claim->told = 'y';
	struct zf_fact *fact = action_add_fact(&step->actions, kind);
	if (fact == NULL) return LIB_NOMEM;
	fact->adjudication = adjudication;
	if (kind == ZF_FACT_REJECTED) {
		fact->faults = adjudication->errors;
		fact->fault_count = adjudication->error_count;
	}
	if (claim != NULL) {
		claim->phase = kind == ZF_FACT_PENDED ? FHIR_PHASE_PENDING : FHIR_PHASE_DONE;
		return set_ref(step, fact, claim->ref);
	}
	fact->claim_ref = adjudication->claim_ref;
	set_wire_ref(fact, answer, adjudication);
	return 0;
}

static int add_others(struct fhir_step *step, const struct fhir_answer *answer)
{
	for (uint32_t i = 0; i < answer->remittance_count; i++) {
		struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_REMITTED);
		if (fact == NULL) return LIB_NOMEM;
		fact->remittance = answer->remittances[i];
	}
	for (uint32_t i = 0; i < answer->query_count; i++) {
		struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_QUERIED);
		if (fact == NULL) return LIB_NOMEM;
		fact->query = answer->queries[i];
		fact->claim_ref = answer->queries[i]->claim_ref;
		if (fact->claim_ref == NULL) set_wire_ref(fact, answer, NULL);
	}
	return 0;
}

/* A message about one of ours that failed as a whole, without a ClaimResponse. */
static int add_message_errors(struct fhir_step *step, const struct fhir_answer *answer)
{
	if (answer->error_count == 0 || answer->adjudication_count > 0 || answer->response_identifier == NULL) return 0;
	struct zf_fact *fact = action_add_fact(&step->actions, ZF_FACT_REJECTED);
	if (fact == NULL) return LIB_NOMEM;
	fact->faults = answer->errors;
	fact->fault_count = answer->error_count;
	set_wire_ref(fact, answer, NULL);
	return 0;
}

static int add_answer(struct fhir_step *step, const struct fhir_answer *answer, struct fhir_exchange_claim *own)
{
	for (uint32_t i = 0; i < answer->adjudication_count; i++) {
		int rc = add_adjudication(step, answer, answer->adjudications[i], own);
		if (rc != 0) return rc;
	}
	return add_others(step, answer);
}

int fhir_step_facts(struct fhir_step *step, const struct fhir_answer *answer, struct fhir_exchange_claim *own)
{
	struct fhir_codes codes = fhir_config_codes(step->config);
	int rc = add_answer(step, answer, own);
	for (uint32_t i = 0; i < answer->bundle_count && rc == 0; i++) {
		struct fhir_answer nested;
		rc = fhir_answer_read(
			answer->bundles[i].ptr, answer->bundles[i].len, &codes, step->arena, &step->faults, &nested);
		if (rc == 0) rc = add_answer(step, &nested, NULL);
		if (rc == 0) rc = add_message_errors(step, &nested);
	}
	return rc;
}
