/* A calendar of working days: which days are holidays, and on which Saturdays and Sundays is worked for them, per year.
 * Read from a file of conf/calendars, which is made anew each year when the next one's holidays are announced. Terms in
 * working days are counted by it. Of a year that it does not have, Monday to Friday are taken, and that is said. */
#ifndef MODEL_CALENDAR_H
#define MODEL_CALENDAR_H

#include "base/core.h"

#define CALENDAR_YEARS_MAX 200

struct arena;
struct conf_faults;

/* Months from 0, days of the month as bits: 1 is the first. */
struct calendar_year {
	int32_t year;
	uint32_t holidays[12]; /* nobody works, whatever day of the week it is */
	uint32_t workdays[12]; /* a Saturday or Sunday on which is worked */
};

struct calendar {
	const char *name;
	const struct calendar_year *years;
	uint32_t year_count;
};

/* Reads a file; path NULL: the one of the People's Republic of China that is built in. All mistakes go to the faults,
 * with file and line; owned by the arena. ERR_INVALID, ERR_SYS: there were some, and *ret_calendar has what could be
 * read or is untouched; ERR_NOMEM. */
int calendar_load(const char *path, struct arena *arena, struct conf_faults *faults,
	const struct calendar **ret_calendar) MUSTUSE;

/* Is it a working day? *ret_assumed is set, and never cleared, when the calendar (NULL: none) does not have the year.
 */
bool calendar_works(const struct calendar *calendar, int32_t day, bool *ret_assumed);
/* The day on which that many working days after `day` have passed; 0: the first working day from it on. */
int32_t calendar_after(const struct calendar *calendar, int32_t day, uint32_t workdays, bool *ret_assumed);

#endif
