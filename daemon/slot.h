/* What workers tell the supervisor and the monitor, without a socket: a page of shared memory per worker with its
 * heartbeat, whether it is ready, and its metrics as text. The map is made before the first fork. */
#ifndef SLOT_H
#define SLOT_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/core.h"
#include "base/mem.h"

#define SLOTS_MAX 256
#define SLOT_TEXT_BYTES_MAX (192u << 10)
#define SLOT_WHY_LEN 96

struct slot {
	_Atomic int64_t heartbeat_ms; /* clock_mono_ms of the last sign of life */
	_Atomic int ready;            /* 1: does its job */
	_Atomic int used;             /* 1: a worker runs here */
	_Atomic uint32_t starts;      /* processes that were begun here */
	_Atomic pid_t pid;
	_Atomic int64_t renew_until_ms; /* being replaced after a reload: to be taken as ready until then */
	_Atomic int reload_failed;      /* the last reload kept the old configuration: of the daemon in the monitor's
					 * slot, else of this worker for want of memory */
	char role[16];
	int number;
	char why[SLOT_WHY_LEN];   /* why it is not ready; written before `ready` is cleared */
	_Atomic uint32_t version; /* odd while text is being written */
	uint32_t text_len;
	char text[SLOT_TEXT_BYTES_MAX];
};

/* Shared memory for n slots, zeroed; mapped until the process ends. NULL with err_text when it cannot be had. */
struct slot *slots_map(size_t n);
/* The supervisor's side: before each fork of the slot's process, and after its end (why: for readyz). */
void slot_begin(struct slot *slot, const char *role, int number);
void slot_end(struct slot *slot, const char *why);
/* The worker's side. text longer than the slot is cut at a line's end. */
void slot_beat(struct slot *slot, bool ready, const char *why);
void slot_publish(struct slot *slot, const char *text, size_t len);
/* The reader's side: appends a consistent copy; false when the writer was in the way (the old text is then skipped). */
bool slot_read(const struct slot *slot, struct buf *ret_text);

#endif
