/* One worker process: its loop, its role, its signals and its housekeeping; and the monitor that shows all of them. */
#ifndef PROCESS_H
#define PROCESS_H

#include "base/core.h"
#include "supervisor.h"

/* Takes the signals of this process from here on: the supervisor forks with them blocked. */
void process_signals_open(void);
/* Runs in a forked child and never returns. parent: the supervisor's pid, whose death ends the child. */
_Noreturn void process_run(
	const struct supervisor *supervisor, const struct role *role, int number, struct slot *slot, int parent);
/* The monitor process: /metrics, /healthz, /readyz for all slots. */
_Noreturn void monitor_run(const struct supervisor *supervisor, size_t slot_count, struct slot *slot, int parent);

#endif
