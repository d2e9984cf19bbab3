/* The pool of threads: one ring of jobs under one lock; ended jobs come back through an eventfd. */
#include "base/cpu_pool.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

#define CPU_POOL_MAGIC 0x43505530u

struct job {
	struct list node;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

struct cpu_pool {
	unsigned magic;
	size_t queue_max;
	size_t count; /* jobs not yet told; the loop's */
	int wake_fd;
	struct event *wake;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct list waiting, ended; /* under the lock */
	bool stopping;              /* likewise */
	size_t thread_count;
	pthread_t threads[CPU_POOL_THREADS_MAX];
};

static void *thread_main(void *arg)
{
	struct cpu_pool *pool = arg;
	(void)pthread_mutex_lock(&pool->lock);
	while (!pool->stopping) {
		struct list *node = list_first(&pool->waiting);
		if (node == NULL) {
			(void)pthread_cond_wait(&pool->more, &pool->lock);
			continue;
		}
		struct job *job = CONTAINER_OF(node, struct job, node);
		uint64_t one = 1;
		list_remove(node);
		(void)pthread_mutex_unlock(&pool->lock);
		job->work(job->ctx);
		(void)pthread_mutex_lock(&pool->lock);
		list_append(&pool->ended, &job->node);
		/* An eventfd that is not blocking takes this unless its 64 bits are full. */
		(void)!write(pool->wake_fd, &one, sizeof(one));
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	struct cpu_pool *pool = ctx;
	uint64_t count;
	(void)what;
	CHECK_MAGIC(pool, CPU_POOL_MAGIC);
	(void)!read(fd, &count, sizeof(count));
	for (;;) {
		(void)pthread_mutex_lock(&pool->lock);
		struct list *node = list_first(&pool->ended);
		if (node != NULL) list_remove(node);
		(void)pthread_mutex_unlock(&pool->lock);
		if (node == NULL) return;
		struct job job = *CONTAINER_OF(node, struct job, node);
		mem_free(CONTAINER_OF(node, struct job, node));
		pool->count--;
		job.done(job.ctx);
	}
}

static int threads_start(struct cpu_pool *pool, size_t threads)
{
	sigset_t all, old;
	int rc = 0;
	/* Signals are the loop's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (pool->thread_count < threads && rc == 0) {
		rc = pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool);
		if (rc == 0) pool->thread_count++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc == 0 ? 0 : err_set(ERR_SYS, "could not start a thread: %s", strerror(rc));
}

int cpu_pool_new(struct event_base *base, size_t threads, size_t queue_max, struct cpu_pool **ret_pool)
{
	assert(threads >= 1 && threads <= CPU_POOL_THREADS_MAX);
	struct cpu_pool *pool = mem_alloc(sizeof(*pool));
	if (pool == NULL) return err_set(ERR_NOMEM, "no memory for threads");
	pool->magic = CPU_POOL_MAGIC;
	pool->queue_max = queue_max;
	list_init(&pool->waiting);
	list_init(&pool->ended);
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->more, NULL);
	pool->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int r = pool->wake_fd < 0 ? err_set(ERR_SYS, "could not make an eventfd: %s", strerror(errno)) : 0;
	if (r == 0) {
		pool->wake = event_new(base, pool->wake_fd, EV_READ | EV_PERSIST, on_wake, pool);
		if (pool->wake == NULL || event_add(pool->wake, NULL) != 0)
			r = err_set(ERR_NOMEM, "no memory for threads");
	}
	if (r == 0) r = threads_start(pool, threads);
	if (r < 0) {
		cpu_pool_free(pool);
		return r;
	}
	*ret_pool = pool;
	return 0;
}

static void jobs_free(struct list *jobs)
{
	LIST_EACH(jobs, node)
	{
		mem_free(CONTAINER_OF(node, struct job, node));
	}
}

void cpu_pool_free(struct cpu_pool *pool)
{
	if (pool == NULL) return;
	CHECK_MAGIC(pool, CPU_POOL_MAGIC);
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	(void)pthread_cond_broadcast(&pool->more);
	(void)pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->thread_count; i++) (void)pthread_join(pool->threads[i], NULL);
	jobs_free(&pool->waiting);
	jobs_free(&pool->ended);
	if (pool->wake != NULL) event_free(pool->wake);
	if (pool->wake_fd >= 0) (void)close(pool->wake_fd);
	(void)pthread_cond_destroy(&pool->more);
	(void)pthread_mutex_destroy(&pool->lock);
	pool->magic = 0;
	mem_free(pool);
}

int cpu_pool_run(struct cpu_pool *pool, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	CHECK_MAGIC(pool, CPU_POOL_MAGIC);
	if (pool->count >= pool->queue_max) return err_set(ERR_LIMIT, "all %zu threads are busy", pool->thread_count);
	struct job *job = mem_alloc(sizeof(*job));
	if (job == NULL) return err_set(ERR_NOMEM, "no memory for a job");
	*job = (struct job){.work = work, .done = done, .ctx = ctx};
	pool->count++;
	(void)pthread_mutex_lock(&pool->lock);
	list_append(&pool->waiting, &job->node);
	(void)pthread_cond_signal(&pool->more);
	(void)pthread_mutex_unlock(&pool->lock);
	return 0;
}
