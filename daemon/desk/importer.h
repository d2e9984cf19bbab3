/* Files that are read into the database, each on a thread with a connection of its own: few at a time, of a hospital
 * one after the other, so that nobody's small file waits for another hospital's large one. */
#ifndef DESK_IMPORTER_H
#define DESK_IMPORTER_H

#include "desk/lanes.h"

struct event_base;
struct importer;

#define IMPORTS_RUNNING_MAX 4          /* of one process, each of another hospital */
#define IMPORTS_WAITING_MAX 32         /* over it, or over the next, refused */
#define IMPORTS_HOSPITAL_WAITING_MAX 8 /* statements and rates */

/* One file, a member of what knows it. */
struct import_job {
	struct lane_turn turn; /* the importer's */
	struct importer *importer;
	void (*work)(void *ctx);        /* on the thread */
	void (*done)(void *ctx, int r); /* on the loop, once; r < 0: it could not be begun. May free the job */
	void *ctx;
};

/* Returns owned: importer_free. ERR_NOMEM, ERR_SYS. */
int importer_new(struct event_base *base, struct importer **ret_importer) MUSTUSE;
/* Waits for what runs; done of what has not ended is not called. NULL allowed. */
void importer_free(struct importer *importer);
/* work, done and ctx are set. ERR_LIMIT: too many wait; ERR_NOMEM. done is not called then. */
int importer_run(struct importer *importer, struct import_job *job, const struct uuid *hospital_id) MUSTUSE;

#endif
