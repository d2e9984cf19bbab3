/* What a work item leads to: rows for translate_commit and translate_answer, collected in the item's arena. A row that
 * finds no memory is written into a sink, and its `err` says so; nothing of it is committed then. */
#ifndef TRANSLATE_HARVEST_H
#define TRANSLATE_HARVEST_H

#include "base/id.h"
#include "base/mem.h"
#include "model/lifecycle.h"
#include "model/work.h"

enum harvest_action {
	HARVEST_DONE = 1,  /* the work row goes */
	HARVEST_DEFER = 2, /* due again in delay_ms */
	HARVEST_HELD = 3,  /* stays for a person, with why */
};

/* Rows of one kind, in the order they were added. */
struct harvest_rows {
	struct harvest_row *first, *last;
	size_t count;
};
struct harvest_row {
	struct harvest_row *next;
};
#define HARVEST_EACH(type, var, list)                                                                                  \
	for (struct type * (var) = (struct type *)(void *)(list).first; (var) != NULL;                                 \
		(var) = (struct type *)(void *)(var)->row.next)

/* In all of them a nil id is SQL null and texts are arena memory or constants. */
struct harvest_step { /* a claim's step on the axis transport */
	struct harvest_row row;
	struct uuid claim_id;
	uint8_t from, to;
	enum lifecycle_event event;
	const char *why;
};
struct harvest_exchange {
	struct harvest_row row;
	struct uuid id, claim_id;
	int kind, status;   /* enum exchange_kind, enum exchange_status */
	int step;           /* -1: new; else the step that was read */
	struct bytes state; /* sealed; {NULL, 0}: as it was */
	const char *why;
};
struct harvest_message { /* goes out */
	struct harvest_row row;
	struct uuid id, exchange_id, claim_id;
	uint32_t token;
	bool submission;
	bool personal;        /* made with the claim at hand, or it cannot be told: needs a basis to leave */
	struct bytes content; /* sealed */
};
struct harvest_update { /* of a message that is there */
	struct harvest_row row;
	struct uuid id;
	int status; /* enum message_status */
	const char *why;
};
struct harvest_ref { /* a number on the wire */
	struct harvest_row row;
	const char *kind;
	uint8_t hash[32];
	struct uuid claim_id, message_id;
};
struct harvest_work {
	struct harvest_row row;
	struct uuid id, claim_id, exchange_id, message_id;
	int role, kind;
	const char *route;
	int64_t delay_ms;
};
struct harvest_fact {
	struct harvest_row row;
	struct uuid id, claim_id, exchange_id, message_id, adjudication_id, remittance_id;
	int kind;
	int detail; /* 0: none */
	const char *text;
	int status; /* enum fact_status */
	const char *why;
};
struct harvest_task {
	struct harvest_row row;
	struct uuid id;
	const char *status, *outcome;
};
struct harvest_adjudication {
	struct harvest_row row;
	struct uuid id, fact_id;
	int outcome; /* enum zf_outcome */
	const char *number, *preauth, *currency;
	int exponent;
	int64_t submitted, benefit, patient, contract, open;
	bool has_payment;
	int64_t payment;
	const char *payment_currency;
	int payment_exponent;
	struct bytes content; /* sealed under the patient's key, SEAL_FACT, id: a FHIR ClaimResponse */
	int adjusted;         /* how many adjustments it has: the next ones of the list */
};
struct harvest_adjustment {
	struct harvest_row row;
	int line, group, reason;
	int64_t amount;
	const char *currency;
	int exponent;
	const char *system, *code;
};
struct harvest_remittance {
	struct harvest_row row;
	struct uuid id, fact_id; /* fact_id: any of its facts */
	const char *identifier, *currency, *reference;
	int64_t amount,
		sum; /* what it says is transferred, and what its details come to: it is parked where they differ */
	int exponent, detail_count;
	bool has_day;
	int32_t day;           /* days since 1970 */
	uint8_t *hash;         /* HARVEST_HASH_BYTES: of its document, by which it is known again; NULL: none */
	struct bytes content;  /* sealed under the hospital's key, SEAL_FACT, id: a FHIR PaymentReconciliation */
	struct bytes document; /* likewise, of one that is parked: zhifu_remittance(5) */
};
#define HARVEST_HASH_BYTES 32
struct harvest_detail {
	struct harvest_row row;
	struct uuid id, claim_id; /* id: of the remittance */
	int no, kind;             /* kind: as in remittance_detail */
	const char *ref, *number, *currency;
	int64_t amount, fee;
	int exponent;
};
#define HARVEST_ROW_BYTES_MAX 512

struct harvest {
	enum harvest_action action;
	int64_t delay_ms;
	const char *why;
	int err; /* 0, or why nothing of this may be committed */
	struct zf_arena *arena;
	struct harvest_rows steps, exchanges, messages, updates, refs, works, facts, tasks;
	struct harvest_rows adjudications, adjustments, remittances, details;
	_Alignas(16) uint8_t sink[HARVEST_ROW_BYTES_MAX];
};

/* Empty, action HARVEST_DONE. arena: borrowed. */
void harvest_init(struct harvest *harvest, struct zf_arena *arena);
/* Forgets the rows: to be followed by others. */
void harvest_clear(struct harvest *harvest);
/* A zeroed row at the end of a list; never NULL. Use the wrappers. */
void *harvest_add(struct harvest *harvest, struct harvest_rows *rows, size_t size);

/* Takes the step that the event leads to; a step that the life cycle refuses makes err ERR_INVALID. */
void harvest_step(struct harvest *harvest, const struct uuid *claim_id, uint8_t from, enum lifecycle_event event,
	const char *why);
void harvest_update(struct harvest *harvest, const struct uuid *message_id, int status, const char *why);
struct harvest_work *harvest_work(struct harvest *harvest, int role, int kind);
/* A fact with a new id; without a claim it is an orphan with `why`. With one it becomes work for settle in the commit,
 * together with all that message_id says of the claim. */
struct harvest_fact *harvest_fact(struct harvest *harvest, int kind, const struct uuid *claim_id, const char *why);

#endif
