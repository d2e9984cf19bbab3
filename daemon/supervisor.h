/* The supervisor: binds the sockets once, starts N processes per role, restarts what dies, and does nothing else. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "base/core.h"
#include "base/worker.h"
#include "model/config.h"

struct slot;

struct supervisor {
	struct config *config;
	const struct role *const *roles; /* those to run here */
	size_t role_count;
	int listen_fds[17];  /* bound sockets for intake, ended by -1 */
	int monitor_fds[17]; /* for metrics and health */
	struct slot *slots;
};

/* Binds every address of options->listen and options->metrics_listen. ERR_SYS with the address in err_text. */
int supervisor_bind(struct supervisor *supervisor) MUSTUSE;
/* Runs until SIGTERM or SIGINT and everything has drained. Returns the process's exit status. */
int supervisor_run(struct supervisor *supervisor);

#endif
