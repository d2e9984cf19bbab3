/* What one worker process hands to its role, and what a role must offer. The supervisor's child fills a struct worker,
 * opens the role, runs the loop, and tells it to reload, drain and stop. */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/core.h"

struct event_base;
struct evdns_base;
struct options;
struct keyring;
struct directory;
struct metrics;

struct worker {
	struct event_base *base;                  /* the process's only loop */
	struct evdns_base *dns;                   /* NULL in roles without a network (translate) */
	const struct options *options;            /* replaced on reload; borrowed */
	struct keyring *keyring;                  /* likewise; keyring_hold keeps it */
	const struct directory *directory;        /* hospitals, clients, insurers (model/directory.h); likewise */
	struct metrics *metrics;                  /* the process's registry (net/metrics.h) */
	const char *role;                         /* "intake", ... */
	int number;                               /* 0 .. workers - 1 */
	int schema_version;                       /* the migration that this program was built for; 0: any (tests) */
	const int *listen_fds;                    /* inherited listening sockets, for intake; -1 ends the list */
	void (*heartbeat)(struct worker *worker); /* call at least once per housekeeping; the supervisor watches it */
	void (*drained)(struct worker *worker);   /* call once after drain, when nothing is in flight */
};

/* One role. All functions run on the loop's thread. */
struct role {
	const char *name;
	/* Opens the role: database pool, timers, listeners. ERR_* with err_text when it cannot start. */
	int (*start)(struct worker *worker, void **ret_state);
	/* options, keyring or directory in `worker` have been replaced; the old ones live until this returns 0.
	 * ERR_NOMEM: it goes on with all that it had, and is called again when there may be memory. Any other ERR_*: it
	 * has a part of them; the process is drained then, and the old ones live until it ends. */
	int (*reload)(void *state);
	/* Take nothing new; finish what is in flight; then call worker->drained. */
	void (*drain)(void *state);
	/* True while the role can do its job (database reachable): readyz. */
	bool (*ready)(void *state);
	void (*stop)(void *state);
};

#endif
