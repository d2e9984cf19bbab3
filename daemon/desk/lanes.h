/* Turns at what there is little of, connections or threads: bounded, and round robin by hospital, so that whoever asks
 * for much waits for its own and for nobody else's. It runs nothing; who has a turn now is told to the caller. */
#ifndef DESK_LANES_H
#define DESK_LANES_H

#include "base/id.h"
#include "base/list.h"

struct lanes {
	struct list waiting, running; /* of struct lane_turn; waiting in the order of arrival */
	size_t waiting_count, running_count;
	uint64_t round; /* the latest that one was given a turn of */
	/* limits, set by the owner */
	size_t running_max, hospital_running_max;
	size_t waiting_max, hospital_waiting_max;
};

/* One turn; a member of what is to be done. */
struct lane_turn {
	struct list node;
	struct uuid hospital_id;
	uint64_t round; /* a hospital's n-th waiting goes in the n-th round from now */
	bool is_running;
};

/* Empties it; the limits stay. */
void lanes_init(struct lanes *lanes);
/* Asks for a turn. *ret_now: it has it; else a lanes_leave will return it. ERR_LIMIT: too many wait, of this hospital
 * or at all. */
int lanes_enter(struct lanes *lanes, struct lane_turn *turn, const struct uuid *hospital_id, bool *ret_now) MUSTUSE;
/* Ends a turn, had or waited for. Returns the one that has come by that, or NULL. */
struct lane_turn *lanes_leave(struct lanes *lanes, struct lane_turn *turn) MUSTUSE;

#endif
