/* Names to addresses for what goes out: numeric addresses, localhost and the hosts file at once, the rest by evdns with
 * a small cache. libcurl is never left to look up a name itself, because a dead resolver would stall the loop. */
#ifndef NET_OUTBOUND_RESOLVE_H
#define NET_OUTBOUND_RESOLVE_H

#include "base/core.h"

struct event_base;
struct evdns_base;

#define RESOLVE_HOST_BYTES_MAX 253
#define RESOLVE_ADDRESSES_MAX 8   /* per name, both families together */
#define RESOLVE_CACHE_MAX 256     /* names; the one unused for longest goes first */
#define RESOLVE_WAITERS_MAX 65536 /* look-ups waiting at once */
#define RESOLVE_HOSTS_MAX 512     /* names taken from the hosts file */
#define RESOLVE_HOSTS_BYTES_MAX 65536u
#define RESOLVE_TTL_MS_MIN 1000

struct resolve_address {
	char text[46]; /* numeric, without brackets */
};
struct resolve_addresses {
	struct resolve_address list[RESOLVE_ADDRESSES_MAX];
	size_t count;
};

struct resolver;
struct resolve_waiter;

/* code: 0; ERR_NOTFOUND (no such name, or no address); ERR_TIMEOUT; ERR_CLOSED (the resolver answers with a failure).
 * addresses: borrowed during the call, empty unless code is 0. From the loop, never inside resolver_lookup. */
typedef void resolve_callback(void *arg, int code, const struct resolve_addresses *addresses);

struct resolver_limits {
	int64_t lookup_ms_max;
	int64_t ttl_ms_max;
	const char *hosts_file; /* borrowed during resolver_new; NULL: /etc/hosts; "": none */
};

int resolver_new(struct event_base *base, struct evdns_base *evdns, const struct resolver_limits *limits,
	struct resolver **ret_resolver) MUSTUSE;
/* Waiting callbacks do not run. Cancelled queries come back through one more turn of the loop. NULL allowed. */
void resolver_free(struct resolver *resolver);

/* Addresses that need no query (numeric, localhost, hosts file, fresh in the cache): true, and *ret_addresses is
 * filled. */
bool resolver_known(
	struct resolver *resolver, const char *host, int64_t now_ms, struct resolve_addresses *ret_addresses);
/* Asks evdns, or joins the query under way for the same name. host: a checked ASCII name, copied. The waiter is
 * borrowed, good until its callback begins or it is cancelled. Errors ERR_NOMEM, ERR_LIMIT, ERR_NOTFOUND (no evdns). */
int resolver_lookup(struct resolver *resolver, const char *host, resolve_callback *callback, void *arg,
	struct resolve_waiter **ret_waiter) MUSTUSE;
void resolver_cancel(struct resolver *resolver, struct resolve_waiter *waiter);

#endif
