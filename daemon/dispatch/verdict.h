/* What the end of a call means for its message and for its route. Pure. */
#ifndef DISPATCH_VERDICT_H
#define DISPATCH_VERDICT_H

#include "dispatch/breaker.h"
#include "dispatch/window.h"
#include "net/outbound.h"

#define VERDICT_RETRY_AFTER_S_MAX 3600 /* no insurer makes us wait longer than this at a time */
#define VERDICT_RETRY_AFTER_S 5        /* where it says no time */

enum verdict_outcome { VERDICT_ANSWERED = 2, VERDICT_NOT_SENT = 3, VERDICT_UNKNOWN = 4, VERDICT_FAILED = 5 };

struct verdict {
	enum verdict_outcome outcome; /* as dispatch_end takes it */
	enum breaker_result breaker;
	enum window_result window;
	int64_t pause_ms; /* the insurer asks to be left alone this long; 0: it does not */
	bool keep;        /* what came back is kept for people though nobody reads it */
	bool broken;      /* and cannot be read: quarantine */
	const char *why;  /* a constant or result->text; "" when answered */
};

/* A status that says that a submission was certainly not taken leaves the claim as if nothing had been sent: it costs
 * the claim nothing and slows the route (429, 503), or shows that the route is set up wrongly (redirects, 401, 407; and
 * 403, 404, 405, 410 where nothing in the insurer's format says more). A 4xx with a FHIR, JSON or XML body is an
 * answer; without one it is the end of this message. A 5xx on a submission is unknown. now_wall_s: for Retry-After as a
 * date. */
struct verdict verdict_judge(const struct outbound_result *result, bool submission, int64_t now_wall_s);

#endif
