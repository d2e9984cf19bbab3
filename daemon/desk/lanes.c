/* Rounds as in fair queueing: a turn's round is the one behind its hospital's last, or the present one; the lowest goes
 * first. The lists are short, and walked. */
#include "desk/lanes.h"

#include "base/err.h"

void lanes_init(struct lanes *lanes)
{
	list_init(&lanes->waiting);
	list_init(&lanes->running);
	lanes->waiting_count = lanes->running_count = 0;
	lanes->round = 0;
}

/* A hospital's turns in a list; *round is behind all of them. */
static size_t hospital_count(const struct list *list, const struct uuid *hospital_id, uint64_t *round)
{
	size_t count = 0;
	LIST_EACH(list, node)
	{
		const struct lane_turn *turn = CONTAINER_OF(node, struct lane_turn, node);
		if (!uuid_equal(&turn->hospital_id, hospital_id)) continue;
		count++;
		if (turn->round >= *round) *round = turn->round + 1;
	}
	return count;
}

/* Gives a turn to who is next; NULL: nobody, or nothing is free. */
static struct lane_turn *next(struct lanes *lanes)
{
	struct lane_turn *best = NULL;
	uint64_t round = 0;
	if (lanes->running_count >= lanes->running_max) return NULL;
	LIST_EACH(&lanes->waiting, node)
	{
		struct lane_turn *turn = CONTAINER_OF(node, struct lane_turn, node);
		if (best != NULL && best->round <= turn->round) continue;
		if (hospital_count(&lanes->running, &turn->hospital_id, &round) < lanes->hospital_running_max)
			best = turn;
	}
	if (best == NULL) return NULL;
	list_remove(&best->node);
	list_append(&lanes->running, &best->node);
	lanes->waiting_count--;
	lanes->running_count++;
	if (best->round > lanes->round) lanes->round = best->round;
	best->is_running = true;
	return best;
}

int lanes_enter(struct lanes *lanes, struct lane_turn *turn, const struct uuid *hospital_id, bool *ret_now)
{
	uint64_t round = lanes->round;
	(void)hospital_count(&lanes->running, hospital_id, &round);
	size_t waiting = hospital_count(&lanes->waiting, hospital_id, &round);
	*turn = (struct lane_turn){.hospital_id = *hospital_id, .round = round};
	list_append(&lanes->waiting, &turn->node);
	lanes->waiting_count++;
	*ret_now = next(lanes) == turn;
	if (*ret_now) return 0;
	if (lanes->waiting_count <= lanes->waiting_max && waiting < lanes->hospital_waiting_max) return 0;
	list_remove(&turn->node);
	lanes->waiting_count--;
	return err_set(ERR_LIMIT, "too many wait already");
}

struct lane_turn *lanes_leave(struct lanes *lanes, struct lane_turn *turn)
{
	list_remove(&turn->node);
	if (!turn->is_running) {
		lanes->waiting_count--;
		return NULL;
	}
	lanes->running_count--;
	return next(lanes);
}
