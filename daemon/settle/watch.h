/* What waits for a person, as metrics: zhifu_attention by subject, counted in the database from time to time by
 * settle's first worker, so that an operator is alerted and need not ask. */
#ifndef SETTLE_WATCH_H
#define SETTLE_WATCH_H

#include "db/pool.h"
#include "net/metrics.h"

struct watch;

/* Makes the gauges. pool and metrics outlive the watch. 0 or ERR_NOMEM. */
int watch_new(struct metrics *metrics, struct db_pool *pool, struct watch **ret_watch) MUSTUSE;
void watch_free(struct watch *watch);
/* Counts anew, when the answer is there; nothing happens while the database is away. */
void watch_look(struct watch *watch);

#endif
