/* Calendars of working days: their file, and counting by them. */
#include "model/calendar.h"

#include <string.h>

#include "base/conf.h"
#include "lib/date.h"
#include "model/builtin.h"

#define SPAN "YYYY-MM-DD..YYYY-MM-DD"
#define DAY_LEN (sizeof("YYYY-MM-DD") - 1)

struct year_file {
	int64_t year;
	const char *source;
	struct conf_strings holidays, workdays;
};

struct calendar_file {
	const char *name;
	struct conf_groups years;
};

/* "2026-10-01" or "2026-10-01..2026-10-07". */
static bool span_parse(const char *text, int64_t *ret_first, int64_t *ret_last)
{
	size_t len = strlen(text);
	struct text_span first = {text, len < DAY_LEN ? len : DAY_LEN};

	if (date_parse_form(first, "YYYY-MM-DD", ret_first) != 0) return false;
	*ret_last = *ret_first;
	if (len == DAY_LEN) return true;
	return len == sizeof(SPAN) - 1 && memcmp(text + DAY_LEN, "..", 2) == 0 &&
	       date_parse_form(text_of(text + DAY_LEN + 2), "YYYY-MM-DD", ret_last) == 0 && *ret_last >= *ret_first;
}

static const char *form_span(const char *text)
{
	int64_t first;
	int64_t last;

	return span_parse(text, &first, &last) ? NULL : "is no day as 2026-10-01 and no days as 2026-10-01..2026-10-07";
}

static const char *form_day(const char *text)
{
	return strlen(text) == DAY_LEN ? form_span(text) : "is no day as 2026-10-10";
}

static bool day_bit(const uint32_t months[12], int64_t day)
{
	unsigned month;
	unsigned number;
	int year;

	date_civil_from_days(day, &year, &month, &number);
	return (months[month - 1] >> number & 1) != 0;
}

/* True when the day was not there yet. */
static bool day_set(uint32_t months[12], int64_t day)
{
	unsigned month;
	unsigned number;
	int year;

	if (day_bit(months, day)) return false;
	date_civil_from_days(day, &year, &month, &number);
	months[month - 1] |= UINT32_C(1) << number;
	return true;
}

static bool in_year(int64_t year, int64_t first, int64_t last)
{
	return first >= date_days_from_civil((int)year, 1, 1) && last <= date_days_from_civil((int)year, 12, 31);
}

static void year_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct year_file *year = value;
	struct calendar_year seen = {0};

	(void)line;
	if (faults->group_faulty) return;
	for (size_t i = 0; i < year->holidays.count; i++) {
		const char *text = year->holidays.items[i];
		unsigned at = conf_checked_line(faults, "holidays.[%zu]", i);
		int64_t first = 0;
		int64_t last = -1;
		bool twice = false;

		(void)span_parse(text, &first, &last);
		if (!in_year(year->year, first, last)) {
			conf_fault_add(
				faults, file, at, "holidays: \"%s\" is not in the year %d", text, (int)year->year);
			continue;
		}
		for (int64_t day = first; day <= last; day++) twice = !day_set(seen.holidays, day) || twice;
		if (twice) conf_fault_add(faults, file, at, "holidays: \"%s\" has a day that stood there before", text);
	}
	for (size_t i = 0; i < year->workdays.count; i++) {
		const char *text = year->workdays.items[i];
		unsigned at = conf_checked_line(faults, "workdays.[%zu]", i);
		int64_t day = 0;
		int64_t last;

		(void)span_parse(text, &day, &last);
		if (!in_year(year->year, day, day))
			conf_fault_add(
				faults, file, at, "workdays: \"%s\" is not in the year %d", text, (int)year->year);
		else if (date_weekday(day) < 5)
			conf_fault_add(faults, file, at, "workdays: \"%s\" is no Saturday or Sunday", text);
		else if (day_bit(seen.holidays, day))
			conf_fault_add(faults, file, at, "workdays: \"%s\" is a holiday too", text);
		else if (!day_set(seen.workdays, day))
			conf_fault_add(faults, file, at, "workdays: \"%s\" stood there before", text);
	}
}

#define MEMBER(type_name, member) .name = #member, .offset = offsetof(struct type_name, member)

static const struct conf_option year_options[] = {
	{MEMBER(year_file, year), .type = CONF_INT, .flags = CONF_REQUIRED, .sample = "2026", .min = 1990, .max = 2200,
		.help = "The year."},
	{MEMBER(year_file, source), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"notice of ...\"",
		.help = "Who announced it, for whoever checks it."},
	{MEMBER(year_file, holidays), .type = CONF_STRINGS, .fallback = "[]", .max = 366, .form = form_span,
		.help = "Days on which nobody works, also where they are a Saturday or Sunday: \"2026-10-01\" or "
			"\"2026-10-01..2026-10-07\"."},
	{MEMBER(year_file, workdays), .type = CONF_STRINGS, .fallback = "[]", .max = 366, .form = form_day,
		.help = "Saturdays and Sundays on which is worked for them."},
};
static const struct conf_table year_table = {
	"year", year_options, ARRAY_LEN(year_options), sizeof(struct year_file), year_check};

static const struct conf_option calendar_options[] = {
	{MEMBER(calendar_file, name), .type = CONF_STRING, .flags = CONF_REQUIRED, .sample = "\"China\"", .min = 1,
		.max = 64, .help = "What it is called."},
	{MEMBER(calendar_file, years), .type = CONF_GROUPS, .fallback = "()", .max = CALENDAR_YEARS_MAX,
		.group = &year_table, .help = "The years that are known."},
};

static void calendar_check(const void *value, const char *file, unsigned line, struct conf_faults *faults)
{
	const struct calendar_file *calendar = value;

	(void)line;
	for (size_t i = 0; i < calendar->years.count; i++) {
		const struct year_file *year = calendar->years.items[i];

		for (size_t k = 0; k < i; k++)
			if (year->year != 0 && ((const struct year_file *)calendar->years.items[k])->year == year->year)
				conf_fault_add(faults, file, conf_checked_line(faults, "years.[%zu].year", i),
					"the year %d is also that of line %u", (int)year->year,
					conf_checked_line(faults, "years.[%zu].year", k));
	}
}

static const struct conf_table calendar_table = {
	"calendar", calendar_options, ARRAY_LEN(calendar_options), sizeof(struct calendar_file), calendar_check};

static int calendar_make(const struct calendar_file *file, struct arena *arena, const struct calendar **ret_calendar)
{
	struct calendar *calendar = zf_alloc(&arena->zf, sizeof(*calendar));
	struct calendar_year *years = zf_alloc_array(&arena->zf, file->years.count + 1, sizeof(*years));

	if (calendar == NULL || years == NULL) return err_set(ERR_NOMEM, "no memory for a calendar");
	for (size_t i = 0; i < file->years.count; i++) {
		const struct year_file *year = file->years.items[i];
		int64_t first;
		int64_t last;

		years[i].year = (int32_t)year->year;
		for (size_t k = 0; k < year->holidays.count; k++)
			if (span_parse(year->holidays.items[k], &first, &last))
				for (; first <= last; first++) (void)day_set(years[i].holidays, first);
		for (size_t k = 0; k < year->workdays.count; k++)
			if (span_parse(year->workdays.items[k], &first, &last)) (void)day_set(years[i].workdays, first);
	}
	calendar->name = file->name != NULL ? file->name : "";
	calendar->years = years;
	calendar->year_count = (uint32_t)file->years.count;
	*ret_calendar = calendar;
	return 0;
}

int calendar_load(
	const char *path, struct arena *arena, struct conf_faults *faults, const struct calendar **ret_calendar)
{
	struct calendar_file file = {0};
	int r = builtin_load(
		&calendar_table, path, builtin_calendar_china, builtin_calendar_china_len, arena, &file, faults);

	if (r < 0 && r != ERR_INVALID) return r;
	if (calendar_make(&file, arena, ret_calendar) < 0) return ERR_NOMEM;
	return r;
}

/* ---- counting ---- */

bool calendar_works(const struct calendar *calendar, int32_t day, bool *ret_assumed)
{
	unsigned month;
	unsigned number;
	int year;

	date_civil_from_days(day, &year, &month, &number);
	for (uint32_t i = 0; calendar != NULL && i < calendar->year_count; i++) {
		const struct calendar_year *known = &calendar->years[i];

		if (known->year != year) continue;
		if (day_bit(known->holidays, day)) return false;
		return date_weekday(day) < 5 || day_bit(known->workdays, day);
	}
	*ret_assumed = true;
	return date_weekday(day) < 5;
}

int32_t calendar_after(const struct calendar *calendar, int32_t day, uint32_t workdays, bool *ret_assumed)
{
	if (workdays == 0)
		while (!calendar_works(calendar, day, ret_assumed)) day++;
	while (workdays > 0)
		if (calendar_works(calendar, ++day, ret_assumed)) workdays--;
	return day;
}
