/* Work of a call that takes more than one statement at a time: on a thread, with a connection of its own, of a hospital
 * one after the other (importer.h). */
#ifndef DESK_CLERK_H
#define DESK_CLERK_H

#include "desk/call.h"
#include "desk/importer.h"

struct clerk_work;

/* What is to be done. */
struct clerk_task {
	struct importer *importer;  /* whose turns it waits for, of a hospital one after the other */
	const struct problem *full; /* too many wait */
	/* Before there is a connection, on the thread: what takes long and needs none. NULL: nothing does. 1: it has
	 * ended, and needs none at all. */
	int (*read)(struct clerk_work *work);
	int (*work)(struct clerk_work *work);    /* on the thread, with the connection */
	void (*answer)(struct clerk_work *work); /* on the loop; has answered behind it */
};

struct clerk_work {
	struct desk_call *call;          /* the loop's alone, but for the values that were read */
	const struct hospital *hospital; /* held, whatever a reload brings */
	struct directory *directory;     /* that it is in */
	void *own;                       /* the call's, in its arena */
	struct db_sync *db;              /* on the thread, for task.work */
	int error;                       /* 0, or what the task returned */
	char sqlstate[6];                /* of ERR_DB */
	/* private */
	struct import_job job;
	char *conninfo;
	struct clerk_task task;
};

/* Has it done. False: it cannot be, which is answered. */
bool clerk_go(struct desk_call *call, void *own, const struct clerk_task *task);
/* The same in the turns of months and journals. */
bool clerk_run(struct desk_call *call, void *own, int (*work)(struct clerk_work *work),
	void (*answer)(struct clerk_work *work));
/* Answers for work that failed. */
void clerk_fail(struct clerk_work *work);

#endif
