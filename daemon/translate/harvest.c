/* Collecting rows. */
#include "translate/harvest.h"

#include <string.h>

void harvest_init(struct harvest *harvest, struct zf_arena *arena)
{
	*harvest = (struct harvest){.action = HARVEST_DONE, .arena = arena};
}

void harvest_clear(struct harvest *harvest)
{
	harvest_init(harvest, harvest->arena);
}

void *harvest_add(struct harvest *harvest, struct harvest_rows *rows, size_t size)
{
	struct harvest_row *row = zf_alloc(harvest->arena, size);

	assert(size <= HARVEST_ROW_BYTES_MAX);
	if (row == NULL) {
		harvest->err = err_set(ERR_NOMEM, "no memory for what a message leads to");
		memset(harvest->sink, 0, sizeof(harvest->sink));
		return harvest->sink;
	}
	if (rows->last == NULL)
		rows->first = row;
	else
		rows->last->next = row;
	rows->last = row;
	rows->count++;
	return row;
}

void harvest_step(
	struct harvest *harvest, const struct uuid *claim_id, uint8_t from, enum lifecycle_event event, const char *why)
{
	struct harvest_step *step;
	uint32_t effects;
	uint8_t to;

	if (lifecycle_step(AXIS_TRANSPORT, from, event, &to, &effects) < 0) {
		harvest->err = err_set(ERR_INVALID, "the claim cannot %s where it stands", lifecycle_event_name(event));
		return;
	}
	step = harvest_add(harvest, &harvest->steps, sizeof(*step));
	step->claim_id = *claim_id;
	step->from = from;
	step->to = to;
	step->event = event;
	step->why = why;
}

void harvest_update(struct harvest *harvest, const struct uuid *message_id, int status, const char *why)
{
	struct harvest_update *update = harvest_add(harvest, &harvest->updates, sizeof(*update));

	update->id = *message_id;
	update->status = status;
	update->why = why;
}

struct harvest_work *harvest_work(struct harvest *harvest, int role, int kind)
{
	struct harvest_work *work = harvest_add(harvest, &harvest->works, sizeof(*work));

	work->id = uuid_new();
	work->role = role;
	work->kind = kind;
	return work;
}

struct harvest_fact *harvest_fact(struct harvest *harvest, int kind, const struct uuid *claim_id, const char *why)
{
	struct harvest_fact *fact = harvest_add(harvest, &harvest->facts, sizeof(*fact));

	fact->id = uuid_new();
	fact->kind = kind;
	if (uuid_is_nil(claim_id)) {
		fact->status = FACT_ORPHAN;
		fact->why = why;
		return fact;
	}
	fact->claim_id = *claim_id;
	fact->status = FACT_NEW;
	return fact;
}
