/* A bounded pool of threads for pure CPU work (signatures, password hashes, pages of PDF) that would hold up the loop.
 * A job touches nothing but its own memory; its end is told on the loop. */
#ifndef BASE_CPU_POOL_H
#define BASE_CPU_POOL_H

#include "base/core.h"

struct event_base;
struct cpu_pool;

#define CPU_POOL_THREADS_MAX 64

/* Starts the threads (1..CPU_POOL_THREADS_MAX). queue_max: jobs waiting or running; over it ERR_LIMIT. Returns owned:
 * cpu_pool_free. ERR_NOMEM, ERR_SYS. */
int cpu_pool_new(struct event_base *base, size_t threads, size_t queue_max, struct cpu_pool **ret_pool) MUSTUSE;
/* Waits for the jobs that run; `done` of what has not ended is not called. NULL allowed. */
void cpu_pool_free(struct cpu_pool *pool);
/* work(ctx) on a thread, then done(ctx) on the loop, exactly once. ERR_LIMIT: the queue is full. */
int cpu_pool_run(struct cpu_pool *pool, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx) MUSTUSE;

#endif
