/* A worker process: opens its role on a loop of its own, then beats, publishes its metrics, reloads and drains. */
#include "process.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "model/config.h"
#include "model/reload.h"
#include "net/metrics.h"
#include "slot.h"

#define HOUSEKEEPING_MS 500
#define BUSY_US (HOUSEKEEPING_MS * 1000 / 20) /* a twentieth of a processor between two looks */

struct process {
	struct worker worker;
	const struct role *role;
	void *state;
	struct slot *slot;
	struct reload reload;
	int parent;
	bool draining;
	int64_t cpu_us; /* used until the last look */
	bool was_busy;  /* between the last two looks */
};

void process_signals_open(void)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void heartbeat(struct worker *worker)
{
	struct process *process = CONTAINER_OF(worker, struct process, worker);
	bool ready = !process->draining && process->state != NULL && process->role->ready(process->state);

	slot_beat(
		process->slot, ready, process->draining ? "draining" : "the database cannot be used, the log says why");
}

static void drained(struct worker *worker)
{
	(void)event_base_loopexit(worker->base, NULL);
}

static void drain(struct process *process)
{
	if (process->draining) return;
	process->draining = true;
	heartbeat(&process->worker);
	process->role->drain(process->state);
}

static void on_term(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	drain(arg);
}

/* With a part of the new configuration a worker would go on with another one than the rest of the daemon: it ends when
 * it has finished, and one that is born with the new one takes its place. */
static void make_room(struct process *process)
{
	log_fields(LOG_ERROR, "this worker cannot take the new configuration over and makes room for one that has it",
		"why", err_text(), NULL);
	drain(process);
}

static void on_hup(evutil_socket_t fd, short what, void *arg)
{
	struct process *process = arg;

	(void)fd, (void)what;
	if (!process->draining && !reload_begin(&process->reload)) make_room(process);
}

/* A burst leaves free pieces between what stays, which malloc keeps: a thousand requests at once tens of megabytes.
 * They go back to the system when it is over, and not before, since the next burst would have to ask for them again. */
static void memory_give_back(struct process *process)
{
	int64_t cpu_us = clock_cpu_us();
	bool is_busy = cpu_us - process->cpu_us >= BUSY_US;

	process->cpu_us = cpu_us;
	if (process->was_busy && !is_busy) (void)malloc_trim(0);
	process->was_busy = is_busy;
}

static void on_housekeeping(evutil_socket_t fd, short what, void *arg)
{
	struct process *process = arg;
	struct buf text CLEANUP(buf_free) = BUF_INIT(1u << 20);

	(void)fd, (void)what;
	heartbeat(&process->worker);
	if (metrics_print(process->worker.metrics, &text) == 0)
		slot_publish(process->slot, (const char *)text.ptr, text.len);
	memory_give_back(process);
	if (!process->draining && !reload_tick(&process->reload)) make_room(process);
	atomic_store(&process->slot->reload_failed, process->reload.again_ms != 0);
	/* The death signal is lost when the supervisor died between fork and prctl. */
	if (getppid() != process->parent) drain(process);
}

/* The keys go as at an end in order: they lie in pages of their own, which no allocator knows of. */
_Noreturn static void process_fail(struct process *process)
{
	log_line(LOG_ERROR, "could not start %s: %s", process->role->name, err_text());
	reload_close(&process->reload);
	exit(1);
}

static struct event *every(struct event_base *base, int ms, event_callback_fn callback, void *arg)
{
	struct timeval interval = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
	struct event *event = event_new(base, -1, EV_PERSIST, callback, arg);

	if (event == NULL || event_add(event, &interval) != 0) return NULL;
	return event;
}

_Noreturn void process_run(
	const struct supervisor *supervisor, const struct role *role, int number, struct slot *slot, int parent)
{
	struct process process = {.role = role, .slot = slot, .parent = parent};
	struct worker *worker = &process.worker;
	bool has_network = strcmp(role->name, "intake") == 0 || strcmp(role->name, "dispatch") == 0;
	struct event *term, *hup, *interrupt, *timer;

	log_init(STDERR_FILENO, role->name, (enum log_level)supervisor->config->options->log_level);
	reload_open(&process.reload, worker, role, supervisor->config);
	for (size_t i = 0; supervisor->monitor_fds[i] >= 0; i++) close(supervisor->monitor_fds[i]);
	if (strcmp(role->name, "intake") != 0)
		for (size_t i = 0; supervisor->listen_fds[i] >= 0; i++) close(supervisor->listen_fds[i]);
	worker->base = event_base_new();
	if (worker->base == NULL || metrics_new(&worker->metrics) < 0) {
		(void)err_set(ERR_NOMEM, "no memory for the event loop");
		process_fail(&process);
	}
	if (has_network) {
		worker->dns = evdns_base_new(
			worker->base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		/* A machine without a resolver can still reach numeric addresses. */
		if (worker->dns == NULL) worker->dns = evdns_base_new(worker->base, 0);
	}
	worker->role = role->name;
	worker->number = number;
	worker->schema_version = ZHIFU_SCHEMA_VERSION;
	worker->listen_fds = supervisor->listen_fds;
	worker->heartbeat = heartbeat;
	worker->drained = drained;
	term = evsignal_new(worker->base, SIGTERM, on_term, &process);
	interrupt = evsignal_new(worker->base, SIGINT, on_term, &process);
	hup = evsignal_new(worker->base, SIGHUP, on_hup, &process);
	timer = every(worker->base, HOUSEKEEPING_MS, on_housekeeping, &process);
	if (term == NULL || interrupt == NULL || hup == NULL || timer == NULL || event_add(term, NULL) != 0 ||
		event_add(interrupt, NULL) != 0 || event_add(hup, NULL) != 0) {
		(void)err_set(ERR_NOMEM, "no memory for signal events");
		process_fail(&process);
	}
	process_signals_open();
	if (role->start(worker, &process.state) < 0) process_fail(&process);
	process.reload.state = process.state;
	log_line(LOG_INFO, "started, worker %d", number);
	(void)event_base_dispatch(worker->base);
	role->stop(process.state);
	event_free(term);
	event_free(interrupt);
	event_free(hup);
	event_free(timer);
	if (worker->dns != NULL) evdns_base_free(worker->dns, 0);
	metrics_free(worker->metrics);
	event_base_free(worker->base);
	reload_close(&process.reload);
	exit(0);
}
