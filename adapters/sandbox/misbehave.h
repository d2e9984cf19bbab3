/* Faults that the played insurer makes on purpose: which one a request gets, decided by the script and a seed alone, so
 * that a run repeats. */
#ifndef SANDBOX_MISBEHAVE_H
#define SANDBOX_MISBEHAVE_H

#include "base/core.h"

enum fault_kind {
	MISBEHAVE_NONE,
	MISBEHAVE_REFUSE, /* a connection is reset as soon as it is made (its ordinals count connections) */
	MISBEHAVE_HANG,   /* the request is never answered */
	MISBEHAVE_DRIP,   /* the answer comes byte by byte, one every `ms` */
	MISBEHAVE_RESET,  /* the connection is reset after the request was read, or after `bytes` of the answer */
	MISBEHAVE_CLOSE,  /* it is closed in good order after the request was read, unanswered */
	MISBEHAVE_500,
	MISBEHAVE_503,         /* with Retry-After */
	MISBEHAVE_GARBAGE,     /* 200 and bytes that are no JSON */
	MISBEHAVE_TRUNCATED,   /* closed after `bytes` of the answer, by default half of it */
	MISBEHAVE_CORRELATION, /* the answer names another request */
	MISBEHAVE_AMOUNT,      /* the benefit is one minor unit too high: sums no longer balance */
	MISBEHAVE_TWICE,       /* answered twice: on the wire, or in the queue that is polled */
	MISBEHAVE_LATE,        /* the answer comes after `ms` */
	MISBEHAVE_OTHER,       /* the answer is one for another hospital's claim */
	MISBEHAVE_KINDS,
};
/* The names of the script's faults[].kind, in that order without "none"; ends with NULL. */
extern const char *const misbehave_names[];

/* Which requests a fault is for. */
enum fault_scope { MISBEHAVE_SUBMIT, MISBEHAVE_ASK, MISBEHAVE_ALL };

#define MISBEHAVE_FAULTS_MAX 64
struct misbehave_fault {
	enum fault_kind kind;
	enum fault_scope scope;
	const int64_t *ordinals; /* from 1, of the requests in its scope (of connections for REFUSE) */
	size_t ordinal_count;    /* 0: by chance */
	int64_t chance_ppm;      /* per million; the default with neither ordinals nor chance: always */
	int64_t from_ms, to_ms;  /* since the script was loaded; to_ms 0: for ever */
	int64_t times_max;       /* so often at most; 0: no limit */
	int64_t ms;              /* LATE, DRIP; Retry-After of 503 */
	int64_t bytes;           /* RESET, TRUNCATED: so much of the answer is sent; -1: RESET none, TRUNCATED half */
	int taken;               /* is the request carried out all the same? -1: not for 500 and 503, else yes */
};

struct misbehave {
	const struct misbehave_fault *faults;
	size_t count;
	int64_t seed;
	uint64_t requests[3]; /* by scope, so far */
	uint64_t connections;
	int64_t times[MISBEHAVE_FAULTS_MAX];
};

/* The first fault that this request gets, or NULL. key: what the request is about (ref and how often it came), so that
 * chance does not depend on the order in which connections are served. Counts the request. */
const struct misbehave_fault *misbehave_request(
	struct misbehave *misbehave, enum fault_scope scope, const char *key, int64_t now_ms);
/* Does the fault keep the answer from arriving as it was meant? NULL: no. */
bool misbehave_loses(const struct misbehave_fault *fault);
/* Shall this connection be refused? Counts it. */
bool misbehave_connection(struct misbehave *misbehave, int64_t now_ms);
/* A number from seed and text, the same on every machine. */
uint64_t misbehave_number(int64_t seed, const char *text, uint64_t more);

#endif
