/* Work of a call that takes more than one statement at a time: on a thread, with a connection of its own, of a hospital
 * one after the other (importer.h). */
#ifndef DESK_CLERK_H
#define DESK_CLERK_H

#include "desk/call.h"
#include "desk/importer.h"

struct clerk_work {
	struct desk_call *call;          /* the loop's alone, but for the values that were read */
	const struct hospital *hospital; /* held, whatever a reload brings */
	struct directory *directory;     /* that it is in */
	void *own;                       /* the call's, in its arena */
	struct db_sync *db;              /* on the thread */
	int error;                       /* 0, or what work returned */
	char sqlstate[6];                /* of ERR_DB */
	/* private */
	struct import_job job;
	char *conninfo;
	int (*work)(struct clerk_work *work);    /* on the thread */
	void (*answer)(struct clerk_work *work); /* on the loop; has answered behind it */
};

/* Has work done on the thread and answer on the loop. False: it cannot, which is answered. */
bool clerk_run(struct desk_call *call, void *own, int (*work)(struct clerk_work *work),
	void (*answer)(struct clerk_work *work));
/* Answers for work that failed. */
void clerk_fail(struct clerk_work *work);

#endif
