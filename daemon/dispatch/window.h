/* How many messages may be under way on one route at once: grows by one per window's worth of answers, is halved by a
 * connection failure, and starts from one again after an outage. Pure: no clock, no I/O. */
#ifndef DISPATCH_WINDOW_H
#define DISPATCH_WINDOW_H

#include "base/core.h"

#define WINDOW_MAX 10000

struct window_rules {
	uint32_t start;          /* 1..max: the size of a route that was never tried */
	uint32_t max;            /* 1..WINDOW_MAX: what the insurer's profile allows */
	uint32_t shrink_percent; /* 1..99: what is left of the size after a failure */
};

enum window_result {
	WINDOW_ANSWERED, /* the insurer answered, whatever it said */
	WINDOW_FAILED,   /* the connection failed or timed out */
	WINDOW_NEUTRAL,  /* says nothing about the route: cancelled, our own limit, a stale connection */
};

struct window {
	struct window_rules rules;
	uint64_t size_milli; /* thousandths; 1000..max*1000 */
	uint64_t slow_milli; /* below this size each answer adds a whole one (slow start) */
	uint32_t in_flight;
	uint64_t ticket_next;
	uint64_t ticket_full;   /* the window was full while older tickets were under way, or already given back */
	uint64_t ticket_shrunk; /* failures of older tickets belong to a shrink that has been done */
};

/* A slot: given back with window_give, exactly once. */
struct window_ticket {
	uint64_t number;
};

void window_init(struct window *window, const struct window_rules *rules);
/* New rules on reload: the size is kept, within the new max. */
void window_rules_set(struct window *window, const struct window_rules *rules);
uint32_t window_size(const struct window *window);
/* How many more may start now; 0 when full (also while more are under way than a shrunken window allows). */
uint32_t window_room(const struct window *window);
/* Takes a slot; false when there is no room. */
bool window_take(struct window *window, struct window_ticket *ret_ticket) MUSTUSE;
/* Gives it back. One burst of failures shrinks once: only a message that started after the last shrink shrinks again.
 * An answer makes the window grow only if the window was full while its message was under way: an idle route's
 * window says nothing about what the insurer can take. */
void window_give(struct window *window, struct window_ticket ticket, enum window_result result);
/* The breaker opened: size one, and slow start up to half of what it was. */
void window_outage(struct window *window);

#endif
