/* Files that are read into the database, each on a thread with a connection of its own: few at a time, of a hospital
 * one after the other, so that nobody's small file waits for another hospital's large one. */
#ifndef DESK_IMPORTER_H
#define DESK_IMPORTER_H

#include "desk/lanes.h"

struct db_sync;
struct event_base;
struct importer;

/* How many at a time, of one process. */
struct importer_limits {
	size_t running_max; /* each of another hospital */
	size_t waiting_max; /* over it, or over the next, refused */
	size_t hospital_waiting_max;
};

#define IMPORT_STATEMENT_MS 300000 /* the longest that one statement runs, */
#define IMPORT_LOCK_MS 120000      /* or waits, as for another process's import of the same hospital */

/* One file, a member of what knows it. */
struct import_job {
	struct lane_turn turn;          /* the importer's */
	struct importer *importer;      /* likewise */
	bool has_worked;                /* likewise */
	void (*work)(void *ctx);        /* on the thread */
	void (*done)(void *ctx, int r); /* on the loop, once; r < 0: it could not be begun. May free the job */
	void *ctx;
};

/* Returns owned: importer_free. ERR_NOMEM, ERR_SYS. */
int importer_new(struct event_base *base, const struct importer_limits *limits, struct importer **ret_importer) MUSTUSE;
/* Waits for what runs, and tells every job's end: ERR_CLOSED to those that have not begun. NULL allowed. */
void importer_free(struct importer *importer);
/* work, done and ctx are set. ERR_LIMIT: too many wait; ERR_NOMEM. done is not called then. */
int importer_run(struct importer *importer, struct import_job *job, const struct uuid *hospital_id) MUSTUSE;
/* A job's own connection, from its thread. Nothing holds it for ever: a statement has an end, and so has a server that
 * is gone without a word. Returns owned: db_sync_close. As db_sync_open and db_sync_own. */
int importer_connect(const char *conninfo, struct db_sync **ret_db) MUSTUSE;

#endif
