/* One leased message on its way: from the lease through the intent and the call to its recorded end. */
#ifndef DISPATCH_SENDING_H
#define DISPATCH_SENDING_H

#include "base/key.h"
#include "base/list.h"
#include "base/mem.h"
#include "db/lease.h"
#include "db/rows.h"
#include "dispatch/verdict.h"
#include "model/taken.h"

struct route;
struct outbound_call;

/* The state says which list of the route holds it; sending_move is the only one to change it. */
enum sending_state {
	SENDING_LEASED,    /* waits for a round that writes the intent */
	SENDING_BEGINNING, /* in such a round */
	SENDING_READY,     /* its intent is durable and its letter open: waits for room in the window */
	SENDING_UNDERWAY,  /* the call is out */
	SENDING_ENDED,     /* waits for a round that writes the end */
	SENDING_ENDING,    /* in such a round */
	SENDING_STATES
};

struct sending {
	uint32_t magic;
	enum sending_state state;
	struct list node;
	struct route *route;
	struct work_item item;
	int64_t fence; /* the route's when it was leased: another one now means that it is lost */
	struct breaker_ticket breaker;
	bool slot;                   /* holds that ticket and a place in the lease */
	int64_t asked_ms;            /* clock_mono_ms: the lease was asked for it, */
	int64_t sent_ms;             /* and it was given to the transport; with in_window */
	struct window_ticket window; /* with in_window */
	bool in_window;
	struct arena arena;
	struct bytes plain; /* the letter, in the arena */
	int64_t ready_ms;   /* clock_mono_ms: SENDING_READY since */
	struct outbound_call *call;
	bool submission;
	struct taken plain_answer; /* the answer that needs no reading; not known: each does */
	char ref[REF_TEXT_LEN];    /* of its claim, "" for none: for log lines */
	bool has_key;              /* the patient's; else the hospital's key seals */
	struct key key;
	struct uuid reply_id, next_id; /* for rows that follow; made once, so that a round may run again */
	/* the end */
	enum verdict_outcome outcome;
	int http_status; /* 0: none */
	const char *why; /* "" or in the arena */
	int64_t delay_ms;
	bool in_doubt;      /* whether it was begun: its end also gives the lease back */
	int reply_status;   /* of the message that came in */
	bool taken;         /* it says that the claim was taken, and nothing else */
	struct bytes reply; /* sealed; ptr NULL: nothing came */
};

/* A sending for a leased item that has been given its ticket. Returns owned by the route's list. NULL: no memory. */
struct sending *sending_new(struct route *route, const struct work_item *item, struct breaker_ticket breaker);
/* Gives back what it holds, says nothing about the route. Not while its call is out. */
void sending_free(struct sending *sending);
void sending_move(struct sending *sending, enum sending_state state);
/* The route has been lost: cancels the call; it is freed at once or when its call or round has come back. */
void sending_drop(struct sending *sending);
/* The intent is durable: opens the message (row of DISPATCH_BEGIN), to be sent as soon as there is room. Its end is
 * recorded in any case. */
void sending_open(struct sending *sending, const struct pg_result *rows, int row);
/* Sends a ready one, which holds a ticket of the window from now on. */
void sending_send(struct sending *sending, struct window_ticket window);
/* A ready one does not leave after all: it was not sent, and is due again when the route is worth another try. */
void sending_put_back(struct sending *sending, const char *why);
/* Records the end, gives the tickets back and queues it for a round. why is copied. */
void sending_end(struct sending *sending, const struct verdict *verdict, int64_t delay_ms);

#endif
