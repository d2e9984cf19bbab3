/* The state of an exchange between two steps, and the requests that a step makes. Internal to the FHIR module. */
#ifndef FHIR_EXCHANGE_H
#define FHIR_EXCHANGE_H

#include "fhir/answer.h"
#include "fhir/config.h"
#include "lib/action.h"
#include "zhifu_adapter.h"

#define FHIR_EXCHANGE_CLAIMS_MAX 256

enum fhir_exchange_kind {
	FHIR_EXCHANGE_SUBMIT = 'S',
	FHIR_EXCHANGE_STATUS = 'Q',
	FHIR_EXCHANGE_CANCEL = 'C',
	FHIR_EXCHANGE_POLL = 'P',
	FHIR_EXCHANGE_REMITTANCE = 'R',
};

enum fhir_phase {
	FHIR_PHASE_SENT = 's',    /* the request is out, its answer is awaited */
	FHIR_PHASE_PENDING = 'p', /* taken, to be asked about at the next timer */
	FHIR_PHASE_UNKNOWN = 'u', /* it can't be said whether it was taken: ask at the next timer */
	FHIR_PHASE_BUSY = 'b',    /* surely not taken: to be repeated at the next timer */
	FHIR_PHASE_ANSWER = 'a',  /* the search for its ClaimResponse is out */
	FHIR_PHASE_CLAIM = 'c',   /* the search for the Claim itself is out */
	FHIR_PHASE_DONE = 'd',
};

struct fhir_exchange_claim {
	char ref[20];
	char message_id[40]; /* of the MessageHeader; "-": none */
	uint32_t token;      /* of the request in flight */
	char phase;          /* enum fhir_phase */
	char told;           /* 'y': that it is pending has been said */
};

struct fhir_exchange {
	char kind; /* enum fhir_exchange_kind */
	uint32_t next_token;
	uint32_t asks; /* questions and repetitions so far */
	uint32_t claim_count;
	uint32_t claim_cap; /* room in `claims` */
	struct fhir_exchange_claim claims[];
};

/* Everything that one step works with. */
struct fhir_step {
	const struct fhir_config *config;
	void *call;
	const struct zf_event *event;
	struct zf_arena *arena;
	struct fhir_exchange *exchange;
	struct action_list actions;
	struct fault_list faults;
	const struct zf_fault *const *said; /* instead of `faults`, what the catalogue has no words for */
	uint32_t said_count;
	bool goes_on; /* MALFORMED is of this message alone: the exchange goes on with state and actions */
	bool unread;  /* with OK: what `faults` tell of could not be read, and the rest counts */
};

/* A zeroed one with room for what the event starts, or else for what the state tells of. NULL on no memory. */
struct fhir_exchange *fhir_exchange_new(
	const struct zf_event *event, const uint8_t *state, uint64_t len, struct zf_arena *arena);
/* The state as text, versioned, into a new exchange; LIB_INVALID on anything that we did not write. */
int fhir_exchange_load(const uint8_t *state, uint64_t len, struct fhir_exchange *exchange) LIB_MUSTUSE;
/* ret_state in the arena; LIB_NOMEM. */
int fhir_exchange_save(const struct fhir_exchange *exchange, struct zf_arena *arena, const uint8_t **ret_state,
	uint64_t *ret_len) LIB_MUSTUSE;

/* An HTTP request; body {NULL, 0} for none. Its token is the exchange's next. NULL without memory or beyond
 * ZF_ACTIONS_MAX. */
struct zf_action *fhir_step_request(
	struct fhir_step *step, const char *method, const char *path, struct text_span body);
/* Come back in so many seconds. LIB_NOMEM or 0. */
int fhir_step_wait(struct fhir_step *step, int64_t seconds);

/* Facts from an answer and the Bundles in it; claims of the exchange move on in their phase. own: the claim of
 * the exchange that the answer belongs to by itself (an HTTP answer), or NULL. LIB_NOMEM, LIB_INVALID (a Bundle inside
 * that can't be read, faults added) or 0. */
int fhir_step_facts(struct fhir_step *step, const struct fhir_answer *answer, struct fhir_exchange_claim *own);

/* The insurer has this claim and decides later: said once. The claim goes to FHIR_PHASE_PENDING. LIB_NOMEM or 0. */
int fhir_step_pended(struct fhir_step *step, struct fhir_exchange_claim *claim);
/* It was not processed; the claim is done. LIB_NOMEM or 0. */
int fhir_step_rejected(struct fhir_step *step, struct fhir_exchange_claim *claim, const struct zf_fault *const *faults,
	uint32_t count);

/* The steps by event; each returns enum zf_verdict. */
int32_t fhir_step_start(struct fhir_step *step);
int32_t fhir_step_reply(struct fhir_step *step);
int32_t fhir_step_timer(struct fhir_step *step);
int32_t fhir_step_failure(struct fhir_step *step);
int32_t fhir_step_call(struct fhir_step *step);

/* Requests that start and reply share; each returns enum zf_verdict. */
int32_t fhir_request_claim(
	struct fhir_step *step, const struct zf_claim *claim, uint32_t index, struct fhir_exchange_claim *entry);
int32_t fhir_request_status(struct fhir_step *step, struct fhir_exchange_claim *entry);
int32_t fhir_request_claim_search(struct fhir_step *step, struct fhir_exchange_claim *entry);
int32_t fhir_request_cancel(struct fhir_step *step, struct fhir_exchange_claim *entry, const char *reason);
int32_t fhir_request_poll(struct fhir_step *step, struct fhir_exchange_claim *entry);
int32_t fhir_request_remittance(struct fhir_step *step, struct fhir_exchange_claim *entry);

/* How our claims and an insurer's codes are read under this configuration. */
struct fhir_codes fhir_config_codes(const struct fhir_config *config);

#endif
