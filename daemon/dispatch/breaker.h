/* A route's circuit breaker: after failures in a row it lets nothing through, then one probe at a time after a
 * jittered, bounded back-off, and one alert per incident. Pure: time (clock_mono_ms) and randomness are passed in. */
#ifndef DISPATCH_BREAKER_H
#define DISPATCH_BREAKER_H

#include "base/core.h"

struct breaker_rules {
	uint32_t failures_to_open; /* >= 1, in a row */
	uint32_t probes_to_close;  /* >= 1, successful ones in a row */
	int64_t backoff_first_ms;  /* >= 1; doubles with each failed probe */
	int64_t backoff_max_ms;    /* >= backoff_first_ms; no wait is longer, jitter included */
	uint32_t jitter_percent;   /* 0..100: a wait is shortened by a random part of up to this much */
	int64_t quiet_ms;          /* an incident is over when it has been closed this long; 0: at once */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

enum breaker_alert {
	BREAKER_ALERT_NONE,
	BREAKER_ALERT_OPENED,    /* once per incident */
	BREAKER_ALERT_RECOVERED, /* once per incident, after OPENED */
};

enum breaker_result {
	BREAKER_SUCCESS,
	BREAKER_FAILURE,
	BREAKER_NEUTRAL, /* says nothing about the route: cancelled, our own limit, a stale connection */
};

struct breaker {
	struct breaker_rules rules;
	enum breaker_state state;
	uint32_t failures;    /* in a row, while closed */
	uint32_t openings;    /* in a row within this incident: the exponent of the back-off */
	uint32_t probes_good; /* in a row, while half open */
	bool probing;         /* the one probe is under way */
	uint64_t generation;  /* of tickets; results of older ones are ignored */
	int64_t retry_ms;     /* when the next probe may go, while open */
	int64_t closed_ms;    /* when it closed last */
	bool incident;        /* since OPENED was due until RECOVERED was given */
	bool opened_due;      /* the alert has not been fetched */
};

struct breaker_ticket {
	uint64_t generation;
	bool probe;
};

void breaker_init(struct breaker *breaker, const struct breaker_rules *rules);
/* May a message go now? True takes a ticket that breaker_end must give back, exactly once. When the back-off is over
 * the first caller becomes the probe and all others wait for its result. */
bool breaker_begin(struct breaker *breaker, int64_t now_ms, struct breaker_ticket *ret_ticket) MUSTUSE;
/* The result of a ticket. `random` is 32 fresh random bits for the jitter. True when this moved the state; look at
 * breaker->state then (on OPEN call window_outage). */
bool breaker_end(struct breaker *breaker, struct breaker_ticket ticket, enum breaker_result result, int64_t now_ms,
	uint32_t random);
/* The next alert to raise or clear, if any; call it after breaker_end and whenever the route is looked at. */
enum breaker_alert breaker_alert(struct breaker *breaker, int64_t now_ms);
/* When it is worth asking breaker_begin again: now_ms when it lets through, the end of the back-off when open,
 * INT64_MAX while a probe is under way. */
int64_t breaker_due_ms(const struct breaker *breaker, int64_t now_ms);
const char *breaker_state_name(enum breaker_state state);

#endif
