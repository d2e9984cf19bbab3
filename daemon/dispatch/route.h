/* A route (insurer and channel): whose it is, how much may be under way on it, whether it works. One process owns it by
 * a fenced lease. */
#ifndef DISPATCH_ROUTE_H
#define DISPATCH_ROUTE_H

#include "dispatch/sending.h"
#include "dispatch/state.h"
#include "model/directory.h"

struct outbound_tls;

#define ROUTE_ENDPOINTS_MAX 16
#define ROUTE_WINDOW_START 4

struct route {
	uint32_t magic;
	struct list node; /* in dispatch->routes */
	struct dispatch *dispatch;
	char name[LEASE_ROUTE_LEN];
	const struct insurer *insurer;                 /* NULL: configured no more; goes when nothing is under way */
	struct outbound_tls *tls[ROUTE_ENDPOINTS_MAX]; /* of insurer->endpoints; NULL: http, or not readable */
	const struct insurer *coming; /* of a configuration that is being read; NULL: it has no such route */
	struct outbound_tls *coming_tls[ROUTE_ENDPOINTS_MAX];
	bool is_new; /* made for what is being read */

	/* ownership */
	int64_t fence;    /* 0: not ours */
	int64_t until_ms; /* clock_mono_ms: ours surely until here */
	bool stopped;     /* by an operator */

	/* pace */
	struct lease *lease;
	int lease_s;  /* of one message: its deadline and some more */
	size_t limit; /* what the lease was told; 0: paused */
	struct window window;
	int64_t asked_ms;    /* when the lease was asked for more */
	int64_t answer_ms_8; /* eight times how long an answer takes, smoothed; 0: none came yet */
	size_t ahead;        /* how many may be leased beyond the window */
	size_t slots;        /* sendings that hold one */
	bool sending;        /* route_send is at it */
	struct breaker breaker;
	int64_t quiet_until_ms; /* the insurer asked to be left alone */
	char error[256];        /* the last one, for operators */

	struct list sendings[SENDING_STATES];
	size_t count;      /* sendings in all lists */
	size_t flights[2]; /* rounds under way, by kind */
	size_t trouble;    /* rounds whose ending is not known yet */

	struct metric *in_flight, *window_size, *breaker_state, *depth;
	struct metric *answered, *plain, *not_sent, *unknown, *failed, *seconds;
};

/* Makes routes for the directory's insurers and reads their certificates; those that there are go on with what they
 * have. ERR_NOMEM: nothing is left of it. */
int routes_read(struct dispatch *dispatch) MUSTUSE;
/* What was read holds: re-points the routes, retires those that are configured no more. */
void routes_take(struct dispatch *dispatch);
/* Or it does not: the routes made for it go at once. */
void routes_forget(struct dispatch *dispatch);
/* Not while calls are out (outbound_free first). */
void route_free(struct route *route);
/* Its index among workers: the process that should own it, as long as it lives. */
bool route_preferred(const struct route *route);

/* It is ours under `fence`, not stopped, and the lease surely holds at now_ms. */
bool route_may_send(const struct route *route, int64_t fence, int64_t now_ms);
void route_taken(struct route *route, int64_t fence, bool stopped, int64_t until_ms);
void route_renewed(struct route *route, bool stopped, int64_t until_ms);
/* The database did as if it were not ours, or stopped: nothing more until it has been asked. */
void route_doubt(struct route *route);
/* Another process has it: stops everything at once. */
void route_lost(struct route *route);

/* What a call's end says about the route; gives back the tickets, and lets the next ready ones go. */
void route_result(struct route *route, struct sending *sending, const struct verdict *verdict);
/* The intent of a sending is durable. As many are leased beyond the window as are answered while an item is prepared,
 * so that the window holds what is at the insurer and not what waits for the database: next to none where answers take
 * long. */
void route_ahead_note(struct route *route, const struct sending *sending);
/* Sends ready ones as long as there is room in the window. */
void route_send(struct route *route);
/* Tells the lease how much may be under way now; raises and clears the alert. Called after every change and tick. */
void route_pace(struct route *route, int64_t now_ms);
/* When a message that was not sent is worth another try, from now. */
int64_t route_backoff_ms(const struct route *route, int64_t now_ms);
/* How long a request there may take: its own deadline, else outbound_deadline_ms. */
int64_t endpoint_deadline_ms(const struct endpoint *endpoint, const struct options *options);
/* The endpoint of that name and its TLS identity; NULL: not configured. */
const struct endpoint *route_endpoint(const struct route *route, const char *name, struct outbound_tls **ret_tls);

#endif
