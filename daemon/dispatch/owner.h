/* The statements about routes as a whole: taking, keeping and giving back, sweeping up after dead processes, counting
 * what waits. */
#ifndef DISPATCH_OWNER_H
#define DISPATCH_OWNER_H

#include "dispatch/state.h"

/* Does what is due at now_ms. */
void owner_tick(struct dispatch *dispatch, int64_t now_ms);
/* No statement under way names a route, so that routes may be freed. */
bool owner_idle(const struct dispatch *dispatch);
/* Gives all owned routes back; done is called from the loop when that is over, whatever came of it. */
void owner_release(struct dispatch *dispatch, void (*done)(struct dispatch *dispatch));

#endif
