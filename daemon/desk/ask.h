/* The desk's own connections. A long report takes one of them, never one that claims are stored on: the path of a claim
 * does not know what finance asks. Calls take turns on them (lanes.h), and a call keeps its turn for all its
 * statements. */
#ifndef DESK_ASK_H
#define DESK_ASK_H

#include "desk/call.h"

#define ASKS_WAITING_MAX 64 /* of one process; over it, or over the next, 503 */
#define ASKS_HOSPITAL_WAITING_MAX 16
#define ASK_WAIT_MS 10000      /* the longest that one waits for its turn */
#define ASK_STATEMENT_MS 10000 /* the longest that one statement runs */

struct desk_asks;

/* Opens the connections. Returns owned: desk_asks_free. ERR_NOMEM. */
int desk_asks_new(struct intake *intake, struct desk_asks **ret_asks) MUSTUSE;
/* Behind the end of the requests. NULL allowed. */
void desk_asks_free(struct desk_asks *asks);
/* At least one connection is ready. */
bool desk_asks_up(const struct desk_asks *asks);

#endif
