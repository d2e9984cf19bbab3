/* What the files of the role dispatch share: the process's state. Private to daemon/dispatch. */
#ifndef DISPATCH_STATE_H
#define DISPATCH_STATE_H

#include "base/list.h"
#include "base/seal.h"
#include "base/worker.h"
#include "db/keyhold.h"
#include "db/notify.h"
#include "net/metrics.h"
#include "net/outbound.h"

struct event;
struct route;

#define DISPATCH_ROUTES_MAX 512 /* asked for in one statement; the others have their turn next */

struct dispatch {
	uint32_t magic;
	struct worker *worker;
	struct db_pool *pool;
	struct db_notify *notify;
	struct keyhold *keys;
	struct sealer *sealer;
	struct outbound *outbound;
	struct list routes; /* struct route: configured, or still with something under way */
	struct list rounds; /* struct round: all that exist */
	struct event *tick;
	char owner[96];  /* in route_lease.owner: machine, pid, worker, and a random part */
	int64_t take_ms; /* clock_mono_ms of the next look for free routes, and so on */
	int64_t renew_ms, sweep_ms, depth_ms, dead_ms;
	struct route *taking[DISPATCH_ROUTES_MAX],
		*renewing[DISPATCH_ROUTES_MAX];              /* whom the statement under way asks for */
	size_t taking_count, renewing_count, counting_count; /* 0: none is under way */
	struct route *counting[DISPATCH_ROUTES_MAX];
	int64_t taking_ms, renewing_ms; /* when it was asked */
	bool draining, released;
	void (*released_then)(struct dispatch *dispatch);
	struct metric *consent_refused, *stop_refused, *warned, *swept, *window, *late;
};

#endif
