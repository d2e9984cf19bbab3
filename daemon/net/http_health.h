/* /metrics, /healthz and /readyz for the plain listener: what operators and their tools look at. */
#ifndef NET_HTTP_HEALTH_H
#define NET_HTTP_HEALTH_H

#include "net/http_route.h"
#include "net/metrics.h"

struct http_health {
	struct metrics *metrics; /* borrowed */
	/* True when this process can do its work now (database reachable, not draining); otherwise ret_why is a short
	 * constant or borrowed text without names of persons. NULL: always ready. */
	bool (*is_ready)(void *ctx, const char **ret_why);
	void *ctx;
};
/* Adds the three public routes; health is borrowed for the router's life. Errors as http_router_add. */
int http_health_add(struct http_router *router, struct http_health *health) MUSTUSE;

#endif
