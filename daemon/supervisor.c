/* The supervisor's loop: signals, the children's lives, and back-off. It holds no database connection and parses
 * nothing from outside, so that it has next to no reason to die. */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/options.h"
#include "process.h"
#include "slot.h"
#include "translate/config_check.h"

#define CHECK_S 20 /* less than the unit's WatchdogSec */
#define CHECK_NOMEM 2
#define TICK_MS 200
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 30000
#define STEADY_MS 60000         /* a child that lived this long starts again at once */
#define HEARTBEAT_LOST_MS 30000 /* a loop that has not turned for this long is stuck */
#define LISTEN_BACKLOG 1024
#define RELOAD_AGAIN_MS 5000 /* a reload for which there was no memory is tried again */
#define RENEW_READY_MS 10000 /* a process that makes room for its successor counts as ready for so long */

enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_DRAINING, CHILD_GONE };

struct child {
	const struct role *role; /* NULL: the monitor */
	int number;
	enum child_state state;
	pid_t pid;
	int64_t started_ms;
	int64_t start_at_ms; /* WAITING: when to start it */
	int64_t backoff_ms;
	int64_t renew_until_ms; /* not 0: draining to make room for one with the new configuration; killed then */
	struct slot *slot;
};

struct nursery {
	struct supervisor *supervisor;
	struct child *children;
	size_t count;
	bool draining;
	int64_t drain_until_ms;
	int64_t reload_at_ms; /* 0: no reload waits for memory */
};

static const char *child_name(const struct child *child)
{
	return child->role == NULL ? "monitor" : child->role->name;
}

static int role_workers(const struct options *options, const char *role)
{
	if (strcmp(role, "intake") == 0) return (int)options->workers_intake;
	if (strcmp(role, "translate") == 0) return (int)options->workers_translate;
	if (strcmp(role, "dispatch") == 0) return (int)options->workers_dispatch;
	return (int)options->workers_settle;
}

/* ---- sockets ---- */

static int bind_one(const struct conf_host *address, int *ret_fd)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char port[8];
	int one = 1;
	int r;
	int fd;

	(void)snprintf(port, sizeof(port), "%u", address->port);
	r = getaddrinfo(strcmp(address->host, "*") == 0 ? NULL : address->host, port, &hints, &list);
	if (r != 0) return err_set(ERR_SYS, "could not resolve \"%s\": %s", address->host, gai_strerror(r));
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		freeaddrinfo(list);
		return err_set(ERR_SYS, "could not make a socket for \"%s\": %s", address->host, strerror(errno));
	}
	/* Without SO_REUSEPORT: two daemons on one port would share it silently. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	r = bind(fd, list->ai_addr, list->ai_addrlen);
	if (r == 0) r = listen(fd, LISTEN_BACKLOG);
	freeaddrinfo(list);
	if (r != 0) {
		r = err_set(ERR_SYS, "could not listen on \"%s:%s\": %s", address->host, port, strerror(errno));
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int bind_list(const struct conf_hosts *addresses, int *fds, size_t max)
{
	if (addresses->count > max) return err_set(ERR_LIMIT, "more than %zu addresses to listen on", max);
	for (size_t i = 0; i < addresses->count; i++) {
		int r = bind_one(&addresses->items[i], &fds[i]);

		if (r < 0) return r;
	}
	fds[addresses->count] = -1;
	return 0;
}

int supervisor_bind(struct supervisor *supervisor)
{
	const struct options *options = supervisor->config->options;
	bool intake = false;
	int r;

	for (size_t i = 0; i < supervisor->role_count; i++)
		if (strcmp(supervisor->roles[i]->name, "intake") == 0) intake = true;
	supervisor->listen_fds[0] = -1;
	if (intake) {
		r = bind_list(&options->listen, supervisor->listen_fds, ARRAY_LEN(supervisor->listen_fds) - 1);
		if (r < 0) return r;
	}
	return bind_list(&options->metrics_listen, supervisor->monitor_fds, ARRAY_LEN(supervisor->monitor_fds) - 1);
}

/* ---- children ---- */

/* What ps and top show. The kernel keeps 15 characters: "zhifud:translat" is one short. */
static void child_label(const struct child *child)
{
	char label[32];

	(void)snprintf(label, sizeof(label), "zhifud:%s", child_name(child));
	(void)prctl(PR_SET_NAME, label);
}

static void child_start(struct nursery *nursery, struct child *child)
{
	struct slot *slot = child->slot;
	pid_t parent = getpid();
	pid_t pid;

	slot_begin(slot, child_name(child), child->number);
	pid = fork();
	if (pid == 0) {
		/* Nobody is left to restart us when the supervisor is gone: drain and end. Signals stay blocked until
		 * the child has somebody to take them: a reload must not end one that is just starting. */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		child_label(child);
		if (child->role == NULL)
			monitor_run(nursery->supervisor, nursery->count, nursery->supervisor->slots, parent);
		process_run(nursery->supervisor, child->role, child->number, slot, parent);
	}
	child->started_ms = clock_mono_ms();
	if (pid < 0) {
		log_line(LOG_ERROR, "could not start a %s process: %s", child_name(child), strerror(errno));
		child->state = CHILD_WAITING;
		child->start_at_ms = child->started_ms + BACKOFF_MIN_MS;
		return;
	}
	atomic_store(&slot->pid, pid);
	child->pid = pid;
	child->state = CHILD_RUNNING;
}

/* Restart with back-off and jitter, so that a database that is away is not stormed by all workers at once. */
static void child_ended(struct nursery *nursery, struct child *child, int status)
{
	int64_t now = clock_mono_ms();
	uint8_t jitter;
	char why[64];

	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
	else
		(void)snprintf(why, sizeof(why), "status %d", WEXITSTATUS(status));
	child->pid = 0;
	slot_end(child->slot, "ended, it will be started again");
	if (nursery->draining) {
		child->state = CHILD_GONE;
		atomic_store(&child->slot->used, 0);
		if (WIFSIGNALED(status))
			log_fields(LOG_WARN, "process ended while draining", "process", child_name(child), "why", why,
				NULL);
		return;
	}
	if (child->renew_until_ms != 0) {
		child->renew_until_ms = 0;
		child->start_at_ms = now;
		child->state = CHILD_WAITING;
		log_fields(LOG_INFO, "process replaced", "process", child_name(child), "why", why, NULL);
		return;
	}
	if (now - child->started_ms >= STEADY_MS) child->backoff_ms = 0;
	child->backoff_ms = child->backoff_ms == 0 ? BACKOFF_MIN_MS : child->backoff_ms * 2;
	if (child->backoff_ms > BACKOFF_MAX_MS) child->backoff_ms = BACKOFF_MAX_MS;
	random_bytes(&jitter, sizeof(jitter));
	child->start_at_ms = now + child->backoff_ms / 2 + child->backoff_ms * jitter / 510;
	child->state = CHILD_WAITING;
	log_fields(
		LOG_ERROR, "process ended, it will be started again", "process", child_name(child), "why", why, NULL);
}

static void children_reap(struct nursery *nursery)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < nursery->count; i++)
			if (nursery->children[i].pid == pid) child_ended(nursery, &nursery->children[i], status);
}

static void children_signal(struct nursery *nursery, int signal_number)
{
	for (size_t i = 0; i < nursery->count; i++)
		if (nursery->children[i].pid > 0) (void)kill(nursery->children[i].pid, signal_number);
}

static void children_check(struct nursery *nursery)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < nursery->count; i++) {
		struct child *child = &nursery->children[i];

		if (child->renew_until_ms != 0 && now > child->renew_until_ms && child->pid > 0)
			(void)kill(child->pid, SIGKILL);
		if (child->state == CHILD_WAITING && now >= child->start_at_ms) child_start(nursery, child);
		if (child->state == CHILD_RUNNING &&
			now - atomic_load(&child->slot->heartbeat_ms) > HEARTBEAT_LOST_MS) {
			log_fields(
				LOG_ERROR, "process does not answer, killing it", "process", child_name(child), NULL);
			(void)kill(child->pid, SIGKILL);
			atomic_store(&child->slot->heartbeat_ms, now);
		}
	}
}

/* A translator locks itself in and can read no file any more: one that is born with the new configuration takes its
 * place as soon as it has finished what it was about. */
static bool role_is_locked_in(const struct role *role)
{
	return role != NULL && strcmp(role->name, "translate") == 0;
}

static void children_reload(struct nursery *nursery)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < nursery->count; i++) {
		struct child *child = &nursery->children[i];

		if (child->pid <= 0) continue;
		if (!role_is_locked_in(child->role)) {
			(void)kill(child->pid, SIGHUP);
		} else {
			child->renew_until_ms = now + nursery->supervisor->config->options->drain_deadline_s * 1000;
			atomic_store(&child->slot->renew_until_ms, now + RENEW_READY_MS);
			(void)kill(child->pid, SIGTERM);
		}
	}
}

static bool children_gone(const struct nursery *nursery)
{
	for (size_t i = 0; i < nursery->count; i++)
		if (nursery->children[i].pid > 0) return false;
	return true;
}

static void drain_begin(struct nursery *nursery)
{
	if (nursery->draining) return;
	nursery->draining = true;
	nursery->drain_until_ms = clock_mono_ms() + nursery->supervisor->config->options->drain_deadline_s * 1000;
	(void)sd_notify(0, "STOPPING=1\nSTATUS=draining");
	log_line(LOG_INFO, "draining");
	children_signal(nursery, SIGTERM);
}

#define FIXED_NAMES_MAX 64

/* Says which options have changed and wait for a restart. */
static void fixed_tell(const struct options *before, const struct options *after)
{
	const char *names[FIXED_NAMES_MAX];
	size_t count = conf_fixed_changes(&options_table, before, after, names, ARRAY_LEN(names));
	char text[1024] = "";
	size_t len = 0;

	if (count == 0) return;
	if (count > ARRAY_LEN(names)) count = ARRAY_LEN(names);
	for (size_t i = 0; i < count && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : ", ", names[i]);
	log_fields(LOG_WARN, "some changed options wait for a restart", "options", text, NULL);
}

/* All that --check looks at, its mistakes into the log. In a process of its own: it opens modules, and one that crashes
 * or does not come back must take nothing with it. */
static int check(const char *path)
{
	struct config *config = NULL;
	int status = 0, r;
	pid_t pid = fork();

	if (pid < 0) return err_set(ERR_NOMEM, "could not start its check: %s", strerror(errno));
	if (pid == 0) {
		(void)alarm(CHECK_S);
		r = config_check(path, false, &config);
		_exit(r == ERR_NOMEM ? CHECK_NOMEM : r < 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	/* By whom the machine is short of memory; its own alarm and its own crash are other signals. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return err_set(ERR_NOMEM, "its check was killed, as where memory runs out");
	if (WIFSIGNALED(status)) return err_set(ERR_INVALID, "its check ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == CHECK_NOMEM) return err_set(ERR_NOMEM, "no memory for its check");
	return WEXITSTATUS(status) == 0 ? 0 : err_set(ERR_INVALID, "it has the mistakes named before this");
}

/* A broken file keeps the old configuration: the children are told only when everything can be read. */
static void reload(struct nursery *nursery)
{
	const char *path = nursery->supervisor->config->path;
	struct config *fresh = NULL;
	char text[64];
	int r;

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
	(void)sd_notify(0, text);
	r = check(path);
	if (r == 0) r = config_load(path, &fresh);
	nursery->reload_at_ms = r == ERR_NOMEM ? clock_mono_ms() + RELOAD_AGAIN_MS : 0;
	atomic_store(&nursery->supervisor->slots[0].reload_failed, r < 0);
	if (fresh == NULL) {
		log_fields(LOG_ERROR, "configuration not reloaded, the old one stays", "why", err_text(), NULL);
	} else {
		fixed_tell(nursery->supervisor->config->options, fresh->options);
		config_free(nursery->supervisor->config);
		nursery->supervisor->config = fresh;
		log_level_set((enum log_level)fresh->options->log_level);
		children_reload(nursery);
		log_line(LOG_INFO, "configuration reloaded");
	}
	(void)sd_notify(0, "READY=1");
}

static bool reload_is_due(const struct nursery *nursery)
{
	return nursery->reload_at_ms != 0 && clock_mono_ms() >= nursery->reload_at_ms;
}

static int nursery_fill(struct nursery *nursery)
{
	const struct supervisor *supervisor = nursery->supervisor;
	size_t n = 1;

	for (size_t i = 0; i < supervisor->role_count; i++)
		n += (size_t)role_workers(supervisor->config->options, supervisor->roles[i]->name);
	if (n > SLOTS_MAX) return err_set(ERR_LIMIT, "more than %d processes", SLOTS_MAX);
	nursery->supervisor->slots = slots_map(n);
	nursery->children = mem_alloc(n * sizeof(*nursery->children));
	if (supervisor->slots == NULL || nursery->children == NULL) return ERR_NOMEM;
	nursery->count = n;
	n = 0;
	nursery->children[n].slot = &supervisor->slots[n];
	n++;
	for (size_t i = 0; i < supervisor->role_count; i++) {
		int workers = role_workers(supervisor->config->options, supervisor->roles[i]->name);

		for (int number = 0; number < workers; number++, n++)
			nursery->children[n] = (struct child){
				.role = supervisor->roles[i], .number = number, .slot = &supervisor->slots[n]};
	}
	return 0;
}

int supervisor_run(struct supervisor *supervisor)
{
	struct nursery nursery = {.supervisor = supervisor};
	sigset_t signals;
	struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (nursery_fill(&nursery) < 0) {
		log_line(LOG_ERROR, "could not start: %s", err_text());
		return 1;
	}
	(void)sd_notify(0, "READY=1\nSTATUS=running");
	while (!nursery.draining || !children_gone(&nursery)) {
		int signal_number;

		if (!nursery.draining) children_check(&nursery);
		signal_number = sigtimedwait(&signals, NULL, &tick);
		if (signal_number == SIGTERM || signal_number == SIGINT) drain_begin(&nursery);
		if (!nursery.draining && (signal_number == SIGHUP || reload_is_due(&nursery))) reload(&nursery);
		children_reap(&nursery);
		(void)sd_notify(0, "WATCHDOG=1");
		if (nursery.draining && clock_mono_ms() > nursery.drain_until_ms) {
			log_line(LOG_WARN, "drain deadline passed, killing what is left");
			children_signal(&nursery, SIGKILL);
			nursery.drain_until_ms = INT64_MAX;
		}
	}
	mem_free(nursery.children);
	log_line(LOG_INFO, "stopped");
	return 0;
}
