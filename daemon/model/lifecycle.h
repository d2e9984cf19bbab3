/* The life of a claim on five axes that are never merged: did it arrive, was it well formed, will they pay, have they
 * paid, is it posted. Each axis is a table of steps; the database holds the same triples in a CHECK made from here.
 *
 * A new version of a claim (a resubmission after a rejection, a corrected bill) is a new claim that names its
 * predecessor, never a step back. Numbers of axes, states and events are stored: append, never renumber. */
#ifndef MODEL_LIFECYCLE_H
#define MODEL_LIFECYCLE_H

#include <stdio.h>

#include "base/core.h"

enum lifecycle_axis {
	AXIS_TRANSPORT = 1,       /* did it arrive; owner: hospital IT and Zhifu */
	AXIS_ACKNOWLEDGEMENT = 2, /* did the insurer's system take it as well formed; owner: coder */
	AXIS_ADJUDICATION = 3,    /* will they pay; owner: insurance desk */
	AXIS_PAYMENT = 4,         /* have they paid; owner: finance */
	AXIS_BOOKS = 5,           /* is it posted and matched; owner: finance */
};
#define LIFECYCLE_AXES 5

enum transport_state {
	TRANSPORT_NONE = 0,
	TRANSPORT_ACCEPTED = 1,        /* durable here, waiting to be translated */
	TRANSPORT_NO_ROUTE = 2,        /* no configured insurer answers to its coverage */
	TRANSPORT_WAITING_CONSENT = 3, /* nothing leaves before the patient agrees */
	TRANSPORT_HELD = 4,            /* suspected duplicate, or stopped by a person or a limit */
	TRANSPORT_QUEUED = 5,          /* translated, waiting for its route */
	TRANSPORT_SENDING = 6,         /* the intent is durable, bytes may be on the wire */
	TRANSPORT_UNKNOWN = 7,         /* it may or may not have arrived */
	TRANSPORT_SENT = 8,            /* it arrived */
	TRANSPORT_FAILED = 9,          /* it did not arrive and will not by itself */
	TRANSPORT_CANCELLED = 10,      /* withdrawn before it left */
};

enum acknowledgement_state {
	ACKNOWLEDGEMENT_NONE = 0,
	ACKNOWLEDGEMENT_RECEIVED = 1, /* the peer has the bytes (202, 999 without faults) and has not judged them */
	ACKNOWLEDGEMENT_REJECTED = 2, /* not processed: never got a decision, and moves no money */
	ACKNOWLEDGEMENT_ACCEPTED = 3, /* taken into adjudication */
};

enum adjudication_state {
	ADJUDICATION_NONE = 0,
	ADJUDICATION_PENDED = 1,
	ADJUDICATION_QUERIED = 2, /* the insurer asks for more */
	ADJUDICATION_APPROVED = 3,
	ADJUDICATION_PART_APPROVED = 4,
	ADJUDICATION_DENIED = 5,
	ADJUDICATION_CANCELLED = 6, /* the insurer confirmed the cancellation */
};

enum payment_state {
	PAYMENT_NONE = 0,
	PAYMENT_ANNOUNCED = 1, /* a remittance names it; not cash yet */
	PAYMENT_PAID = 2,      /* a bank line covers what is due */
	PAYMENT_SHORT_PAID = 3,
	PAYMENT_TAKEN_BACK = 4,
};

enum books_state {
	BOOKS_NONE = 0,
	BOOKS_BILLED = 1,      /* the receivable from the insurer stands */
	BOOKS_ADJUDICATED = 2, /* patient's share and write-offs are posted */
	BOOKS_ANNOUNCED = 3,   /* announced money is in the clearing account */
	BOOKS_SETTLED = 4,     /* nothing is open from the insurer */
	BOOKS_REVERSED = 5,    /* all postings taken back: cancelled, or replaced by a successor */
};

/* The verbs. One verb may appear on several axes. */
enum lifecycle_event {
	EVENT_ACCEPT = 1,
	EVENT_ROUTE_MISSING = 2,
	EVENT_ROUTE_FOUND = 3,
	EVENT_CONSENT_MISSING = 4,
	EVENT_CONSENT_GIVEN = 5,
	EVENT_DUPLICATE_SUSPECTED = 6,
	EVENT_HOLD = 7,
	EVENT_RELEASE = 8,
	EVENT_DROP = 9, /* a person decides that it shall not go out, with a reason */
	EVENT_ENQUEUE = 10,
	EVENT_SEND = 11,
	EVENT_DEFER = 12, /* surely not one byte left (connection refused, lease over): back to the queue */
	EVENT_DELIVER = 13,
	EVENT_LOSE = 14,          /* connection or answer lost after bytes left */
	EVENT_PROVE_ABSENT = 15,  /* the insurer says it has no such claim */
	EVENT_PROVE_PRESENT = 16, /* the insurer says it has it */
	EVENT_RESEND = 17,        /* the insurer recognises repeats, or a person takes the responsibility */
	EVENT_FAIL = 18,
	EVENT_CANCEL = 19, /* asked for by the hospital; on adjudication: confirmed by the insurer */
	EVENT_ACKNOWLEDGE = 20,
	EVENT_REJECT = 21,
	EVENT_PEND = 22,
	EVENT_QUERY = 23,
	EVENT_ANSWER = 24,
	EVENT_APPROVE = 25,
	EVENT_APPROVE_PART = 26,
	EVENT_DENY = 27,
	EVENT_APPEAL = 28,
	EVENT_ANNOUNCE = 29,
	EVENT_PAY = 30,
	EVENT_PAY_SHORT = 31,
	EVENT_TAKE_BACK = 32,
	EVENT_BILL = 33,
	EVENT_POST_ADJUDICATION = 34,
	EVENT_POST_ANNOUNCEMENT = 35,
	EVENT_POST_SETTLEMENT = 36,
	EVENT_POST_TAKE_BACK = 37,
	EVENT_REVERSE = 38,
	EVENT_CONTRADICT = 39, /* a machine says otherwise than a person did: the person's word stands */
	EVENT_DIVIDE = 40,     /* other payers owe a part of it, or do not after all */
	EVENT_ACCEPT_TAKE_BACK = 41,
	EVENT_WITHDRAW = 42, /* the advice that announced it was wrong */
};
#define LIFECYCLE_EVENTS 42

/* What whoever takes a step does in the same transaction. */
enum lifecycle_effect {
	EFFECT_TRANSLATE = 1 << 0,       /* outbox work for translate */
	EFFECT_DUPLICATE_CHECK = 1 << 1, /* look for the business duplicate that was not looked for yet */
	EFFECT_SEND_WORK = 1 << 2,       /* outbox work for dispatch */
	EFFECT_NO_WORK = 1 << 3,         /* remove its outbox work */
	EFFECT_INTENT = 1 << 4,          /* write the attempt before the first byte */
	EFFECT_ASK_STATUS = 1 << 5,      /* outbox work: ask the insurer whether it has it */
	EFFECT_BILL = 1 << 6,            /* books: bill */
	EFFECT_POST = 1 << 7,            /* books: post what the new fact changes against what is posted */
	EFFECT_REVERSE = 1 << 8,         /* books: reverse what is posted */
	EFFECT_TELL = 1 << 9,            /* the hospital hears of it (status, webhook) */
	EFFECT_WORKLIST = 1 << 10,       /* a person has something to do: lifecycle_actions */
	EFFECT_ALERT = 1 << 11,          /* and should hear of it now */
};

struct lifecycle_step {
	uint8_t axis, from, event, to;
	uint32_t effects; /* enum lifecycle_effect, or'ed */
	const char *why;  /* one sentence: when this happens */
};

/* Whether somebody has to do something about a state. */
enum lifecycle_kind {
	KIND_OPEN = 1, /* it does not end here: somebody or something acts next */
	KIND_REST = 2, /* nothing is due, though more may happen */
	KIND_FINAL = 3 /* no step leads out */
};

/* Who acts next. */
enum lifecycle_owner {
	OWNER_ZHIFU = 1, /* goes on by itself */
	OWNER_INSURER = 2,
	OWNER_INSURANCE_DESK = 3,
	OWNER_CODER = 4,
	OWNER_CASHIER = 5,
	OWNER_FINANCE = 6,
	OWNER_IT = 7,
};

/* One legal next action of an open state, as a person should read it. */
struct lifecycle_action {
	uint8_t axis, state,
		event; /* the step it takes, in the step table; 0: none of this claim (submit a successor) */
	uint8_t owner; /* enum lifecycle_owner */
	const char *english;
	const char *chinese;
};

/* The step for an event. 0; ERR_EXISTS when the claim already is where the event leads (a repeated fact: ignore it);
 * ERR_INVALID when the event is not legal here. Outputs are untouched unless 0. */
int lifecycle_step(enum lifecycle_axis axis, uint8_t from, enum lifecycle_event event, uint8_t *ret_to,
	uint32_t *ret_effects) MUSTUSE;
/* The whole table, for tests, dumps and manuals. */
const struct lifecycle_step *lifecycle_steps(size_t *ret_count);

/* How many states an axis has; states are 0 .. count - 1. */
uint8_t lifecycle_state_count(enum lifecycle_axis axis);
enum lifecycle_kind lifecycle_kind(enum lifecycle_axis axis, uint8_t state);
/* Names as they are stored, shown and sent: "waiting_consent"; abort on numbers outside of the tables. */
const char *lifecycle_axis_name(enum lifecycle_axis axis);
const char *lifecycle_state_name(enum lifecycle_axis axis, uint8_t state);
const char *lifecycle_event_name(enum lifecycle_event event);
/* A state as a person reads it. */
const char *lifecycle_state_english(enum lifecycle_axis axis, uint8_t state);
const char *lifecycle_state_chinese(enum lifecycle_axis axis, uint8_t state);
/* The number of a name, or -1. */
int lifecycle_axis_from_name(const char *name);
int lifecycle_state_from_name(enum lifecycle_axis axis, const char *name);
int lifecycle_event_from_name(const char *name);

/* The actions that are legal in a state (consecutive rows), main one first; none for states of KIND_REST and
 * KIND_FINAL, where nothing is due. */
const struct lifecycle_action *lifecycle_actions(enum lifecycle_axis axis, uint8_t state, size_t *ret_count);
/* The axis on which the claim is stuck or waits: the one whose actions a person wants to see first. `states` is
 * indexed by enum lifecycle_axis (element 0 unused). AXIS_BOOKS when nothing is due anywhere. */
enum lifecycle_axis lifecycle_main_axis(const uint8_t states[LIFECYCLE_AXES + 1]);
const char *lifecycle_owner_name(enum lifecycle_owner owner); /* "insurance-desk", ... */
const char *lifecycle_owner_english(enum lifecycle_owner owner);
const char *lifecycle_owner_chinese(enum lifecycle_owner owner);

/* The body of the CHECK on claim_event (axis, from_state, to_state): every legal step of every axis as one number,
 * axis * 256 + from * 16 + to, in an IN list, which PostgreSQL 14+ looks up by hash. Sorted, no trailing newline. */
void lifecycle_dump_sql(FILE *out);
/* A Graphviz digraph with one cluster per axis. */
void lifecycle_dump_dot(FILE *out);

#endif
