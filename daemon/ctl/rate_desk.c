/* Opening, closing, and cells. */
#include "ctl/rate_desk.h"

#include "base/clock.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/directory.h"

#define DESK_BYTES_MAX ((size_t)1 << 30) /* the ECB's whole history as a tree, and all of it that is known */
#define NOTE_COLUMN 11                   /* made_at, behind those that rate_rows_read takes */

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
	arena_init(&desk->arena, DESK_BYTES_MAX);
	fault_list_init(&desk->faults, &desk->arena.zf, 0);
}

void rate_desk_close(struct rate_desk *desk)
{
	db_sync_rows_free(desk->rows);
	arena_free(&desk->arena);
}

/* Who stored each and when: "li, 2026-11-22 10:35 +08:00". */
static const char *const *notes_make(struct rate_desk *desk)
{
	const struct zone *zone = rate_desk_zone(desk->ctl);
	const char **notes = zf_alloc_array(&desk->arena.zf, desk->known.table.count + 1, sizeof(*notes));

	for (size_t i = 0; notes != NULL && i < desk->known.table.count; i++) {
		int row = desk->known.rows[i];
		int64_t at = db_rows_time_ms(desk->rows, row, NOTE_COLUMN);
		char iso[DATE_TEXT_SIZE];

		(void)date_format_ms(at, zone == NULL ? 0 : zone_offset_minutes(zone, at), iso);
		notes[i] = arena_printf(&desk->arena, "%.60s, %.10s %.5s %s", db_rows_text(desk->rows, row, 9), iso,
			iso + 11, iso[23] == 'Z' ? "UTC" : iso + 23);
		if (notes[i] == NULL) return NULL;
	}
	return notes;
}

int rate_desk_know(struct rate_desk *desk, const char *bank, int32_t from, int32_t to)
{
	int r = ctl_query(desk->ctl, &desk->rows, "SELECT " RATE_ROWS_COLUMNS ", made_at FROM rate_around($1, $2)",
		"dd", from, to);

	if (r < 0) return r;
	r = rate_rows_read(desk->rows, bank, &desk->arena.zf, &desk->known);
	if (r < 0) return err_set(r, "no memory for the rates that are known");
	desk->reading.known = desk->known.table;
	desk->reading.notes = notes_make(desk);
	return desk->reading.notes == NULL ? err_set(ERR_NOMEM, "no memory for the rates that are known") : 0;
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
