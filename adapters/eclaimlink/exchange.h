/* The state of an exchange between two steps, the requests that a step makes, and the steps themselves. */
#ifndef ECLAIMLINK_EXCHANGE_H
#define ECLAIMLINK_EXCHANGE_H

#include "eclaimlink/soap.h"
#include "lib/action.h"

#define ECLAIM_ITEMS_MAX 200
#define ECLAIM_ITEM_SIZE 68

enum eclaim_kind {
	ECLAIM_SUBMIT = 'S',
	ECLAIM_STATUS = 'Q',
	ECLAIM_CANCEL = 'C',
	ECLAIM_POLL = 'P',
};

enum eclaim_phase {
	ECLAIM_PERSON = 'r',  /* the person's file is on its way */
	ECLAIM_UPLOAD = 'u',  /* the claims' file is */
	ECLAIM_BUSY = 'b',    /* surely not taken: to be uploaded at the next timer */
	ECLAIM_UNKNOWN = 'w', /* it can't be said whether it was taken: to be asked at the next timer */
	ECLAIM_ASK = 'q',     /* the search for what we sent is out */
	ECLAIM_LIST = 'l',    /* the search for what waits for us is */
	ECLAIM_FILES = 'f',   /* files are fetched and confirmed */
	ECLAIM_DONE = 'd',
};

/* A claim (text is its ref), or a file of a poll (text is its number at the post office). */
struct eclaim_item {
	char text[ECLAIM_ITEM_SIZE];
	uint32_t token;
	char phase; /* of a file: f fetched, c being confirmed, d done; of a claim: f, of a request for authorization: r
		     */
};

struct eclaim_exchange {
	char kind, phase;
	uint32_t next_token, token; /* token: of the one request in flight */
	uint32_t asks, source;      /* source: which of the poll's or the status's in turn */
	uint32_t confirmed;         /* files of this round */
	uint32_t count;
	struct eclaim_item items[ECLAIM_ITEMS_MAX];
};

/* Everything that one step works with. */
struct eclaim_step {
	const struct eclaim_profile *profile;
	void *call;
	const struct zf_event *event;
	struct zf_arena *arena;
	struct eclaim_exchange *exchange;
	struct action_list actions;
	struct fault_list faults;
	bool goes_on;  /* MALFORMED is of this message alone: the exchange goes on with state and actions */
	bool constant; /* the reply says nothing of its own: zf_result.constant */
	int unread;    /* LIB_*: why the report in it cannot be read; 0: nothing is wrong with it */
};

/* The state as text, versioned; LIB_INVALID on anything that we did not write. */
int eclaim_exchange_load(const uint8_t *state, uint64_t len, struct eclaim_exchange *exchange) LIB_MUSTUSE;
int eclaim_exchange_save(const struct eclaim_exchange *exchange, struct zf_arena *arena, const uint8_t **ret_state,
	uint64_t *ret_len) LIB_MUSTUSE;

/* A fact about that claim, NULL: it names none. NULL without memory or beyond ZF_ACTIONS_MAX. */
struct zf_fact *eclaim_fact(struct eclaim_step *step, uint32_t kind, const char *claim_ref);
/* A SOAP request; its token is the exchange's next. LIB_*. */
int eclaim_request(struct eclaim_step *step, const char *operation, const struct eclaim_parameter *parameters,
	uint32_t count, struct zf_action **ret_action) LIB_MUSTUSE;
int eclaim_wait(struct eclaim_step *step, int64_t seconds) LIB_MUSTUSE;
int eclaim_done(struct eclaim_step *step) LIB_MUSTUSE;
/* A try too many: for a person to look at. */
bool eclaim_is_tired(struct eclaim_step *step);
/* The HTTP answer as this operation's reply. 1: it is a 2xx that has one; 0: the service is not itself (another status,
 * a SOAP Fault): try later; LIB_INVALID with faults: it cannot be read; LIB_NOMEM. */
int eclaim_reply_of(struct eclaim_step *step, const char *operation, struct eclaim_reply *ret_reply) LIB_MUSTUSE;

/* ---- upload.c ---- */
int32_t eclaim_upload_start(struct eclaim_step *step);
int32_t eclaim_upload_reply(struct eclaim_step *step);
int32_t eclaim_upload_timer(struct eclaim_step *step);
int32_t eclaim_upload_failure(struct eclaim_step *step);

/* ---- mailbox.c ---- */
int32_t eclaim_mailbox_start(struct eclaim_step *step);
int32_t eclaim_mailbox_reply(struct eclaim_step *step);
int32_t eclaim_mailbox_failure(struct eclaim_step *step);
/* A search for files; direction 1 what we sent, 2 what we get. */
int eclaim_mailbox_search(struct eclaim_step *step, const char *direction, const char *transaction, const char *status,
	const char *file_name) LIB_MUSTUSE;
/* The list that a search answered with; NULL: there is nothing. */
int eclaim_mailbox_list(
	struct eclaim_step *step, const struct eclaim_reply *reply, const struct xml_element **ret_list) LIB_MUSTUSE;
/* The n-th blank-separated word; false when there are fewer. */
bool eclaim_word(const char *words, uint32_t n, char ret[32]);

/* ---- file_read.c ---- */
/* Facts from a file of the insurer's: Remittance.Advice or Prior.Authorization. Nothing is said when there is a fault.
 */
int eclaim_file_read(struct eclaim_step *step, struct text_span file) LIB_MUSTUSE;

#endif
