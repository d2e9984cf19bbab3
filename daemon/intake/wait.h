/* Requests that wait for the insurer's decision: one look into the database for all of them at a time, on a hint of
 * settle and by polling, until each one's deadline. */
#ifndef INTAKE_WAIT_H
#define INTAKE_WAIT_H

#include "base/list.h"
#include "intake/intake.h"

struct waits;

/* What the database has to say. Borrowed until the callback returns. */
struct wait_news {
	int transport, acknowledgement, adjudication; /* model/lifecycle.h */
	const char *why;                              /* of the last step of the axis that ended the waiting; or NULL */
	int64_t updated_ms;                           /* lastUpdated and version of the ClaimResponse that is told */
	int32_t version;
	struct uuid adjudication_id;
	struct bytes content; /* sealed ClaimResponse; len 0: none */
	struct key key;       /* the patient's, when content is there */
};

/* One waiting claim; lives in its request's arena. Members but the first four are private. */
struct wait {
	struct uuid hospital_id, claim_id;
	/* Called from the loop exactly once; news NULL: the time is over, or nobody waits any more. */
	void (*done)(void *ctx, const struct wait_news *news);
	void *ctx;
	struct waits *waits;
	struct list node;
	int64_t deadline_ms;
	bool asked; /* part of the query that is on its way */
	bool once;  /* ends with the first look */
};

#define WAITS_MAX 4096 /* waiting claims of a process; over it nobody waits */

/* Returns owned: waits_free, before the pool; done is then not called any more. ERR_NOMEM. */
int waits_new(struct intake *intake, struct waits **ret_waits) MUSTUSE;
void waits_free(struct waits *waits);
void waits_reload(struct waits *waits); /* takes poll_ms over */
/* deadline_ms: clock_mono_ms. ERR_LIMIT: too many wait already. */
int wait_begin(struct waits *waits, struct wait *wait, int64_t deadline_ms) MUSTUSE;
/* For who does not wait: looks at once and only once. done is told where the claim stands, whether there is something
 * to say or not; NULL: the database did not answer. ERR_LIMIT. */
int wait_look(struct waits *waits, struct wait *wait) MUSTUSE;
/* The client is gone: ends it at once, from the loop. */
void wait_cancel(struct wait *wait);
/* Ends all of them: the process drains. */
void waits_hurry(struct waits *waits);

#endif
