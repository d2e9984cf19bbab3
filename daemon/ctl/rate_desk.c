/* Opening, closing, and cells. */
#include "ctl/rate_desk.h"

#include "base/clock.h"
#include "lib/date.h"
#include "model/directory.h"

/* Rates belong to no hospital: it is the day of the one where it begins first. */
static int32_t today(const struct ctl *ctl)
{
	int64_t now = clock_wall_ms();
	const struct hospital *hospital;
	int64_t day = INT32_MIN;
	uint32_t index = 0;

	while ((hospital = ctl_hospital_next(ctl, NULL, &index)) != NULL) {
		int64_t here = zone_day(hospital->zone, now);

		if (here > day) day = here;
	}
	return (int32_t)(day == INT32_MIN ? date_day_of_ms(now, 0) : day);
}

const struct zone *rate_desk_zone(const struct ctl *ctl)
{
	return ctl->directory->hospital_count == 0 ? NULL : ctl->directory->hospitals[0]->zone;
}

void rate_desk_open(struct ctl *ctl, struct rate_desk *desk)
{
	*desk = (struct rate_desk){.ctl = ctl, .reading = {.today = today(ctl)}};
	arena_init(&desk->arena, RATE_IMPORT_BYTES_MAX);
	fault_list_init(&desk->faults, &desk->arena.zf, 0);
}

void rate_desk_close(struct rate_desk *desk)
{
	rate_known_free(&desk->known);
	arena_free(&desk->arena);
}

int rate_desk_know(struct rate_desk *desk, const char *bank, int32_t from, int32_t to)
{
	int r = rate_known_read(desk->ctl->db, bank, from, to, rate_desk_zone(desk->ctl), &desk->arena, &desk->known);

	desk->reading.known = desk->known.rates.table;
	desk->reading.notes = desk->known.notes;
	return r;
}

struct cell cell_rate_source(uint8_t source, const char *bank)
{
	const char *name = rate_source_name(source);
	char text[96];

	(void)snprintf(text, sizeof(text), "%s (%.64s)", name, bank);
	return cell_word(*bank == '\0' ? name : text, name);
}

struct cell cell_rate(const struct rate *rate)
{
	char text[RATE_TEXT_SIZE];

	rate_format(rate, text);
	return cell_text(text);
}
