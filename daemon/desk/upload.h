/* POST /v1/bank-statements: the file comes piece by piece into a spool, and is imported from there on a thread, with
 * a database connection of its own (importer.h). */
#ifndef DESK_UPLOAD_H
#define DESK_UPLOAD_H

#include "desk/call.h"

struct upload;

/* Being received or imported, in one process. */
#define UPLOADS_MAX 16             /* over it 503 */
#define UPLOADS_PER_HOSPITAL_MAX 4 /* over it 429: nobody keeps the places of the others */

/* What takes the bodies of operations of the kind OPERATION_UPLOAD; the context is the desk. */
extern const struct http_sink upload_sink;
/* The request of an upload ends otherwise than by its run. */
void upload_abandon(struct upload *upload);
/* Frees what has neither ended nor been dropped; behind the end of the desk's threads. */
void upload_free_all(struct desk *desk);

/* The run of statement_import. */
void statement_import_run(struct desk_call *call);

#endif
