/* Working days: China's calendar as it is built in, terms over its holidays, years that it does not have, and what is
 * wrong with a file, all at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "lib/date.h"
#include "model/calendar.h"

static int32_t day(const char *text)
{
	int64_t days;

	assert_int_equal(date_parse_form(text_of(text), "YYYY-MM-DD", &days), 0);
	return (int32_t)days;
}

static const struct calendar *load(const char *path, struct arena *arena, struct conf_faults *faults, int want)
{
	const struct calendar *calendar = NULL;

	arena_init(arena, 1u << 20);
	*faults = (struct conf_faults){.arena = arena};
	assert_int_equal(calendar_load(path, arena, faults, &calendar), want);
	return calendar;
}

static void assert_after(
	const struct calendar *calendar, const char *from, uint32_t days, const char *want, bool assumed)
{
	bool was_assumed = false;
	char text[DATE_TEXT_SIZE];

	(void)date_format_day(calendar_after(calendar, day(from), days, &was_assumed), text);
	assert_string_equal(text, want);
	assert_int_equal(was_assumed, assumed);
}

static void terms_are_counted_in_working_days(void **state)
{
	(void)state;
	struct arena arena;
	struct conf_faults faults;
	const struct calendar *china = load(NULL, &arena, &faults, 0);

	assert_after(china, "2026-10-30", 5, "2026-11-06", false); /* S3 of the scenarios */
	/* National Day: 10-01 to 10-07 nobody works, and on Saturday 10-10 everybody does. */
	assert_after(china, "2026-09-30", 1, "2026-10-08", false);
	assert_after(china, "2026-09-30", 2, "2026-10-09", false);
	assert_after(china, "2026-09-30", 3, "2026-10-10", false);
	assert_after(china, "2026-09-30", 5, "2026-10-13", false);
	assert_after(china, "2026-10-05", 5, "2026-10-13", false);
	assert_after(china, "2026-09-18", 1, "2026-09-20", false); /* a Sunday on which is worked */
	/* Spring Festival begins on a Sunday, and the Saturday before it is worked. */
	assert_after(china, "2026-02-13", 1, "2026-02-14", false);
	assert_after(china, "2026-02-13", 2, "2026-02-24", false);
	assert_after(china, "2026-10-03", 0, "2026-10-08", false);
	assert_after(china, "2026-10-08", 0, "2026-10-08", false);
	arena_free(&arena);
}

static void a_year_that_is_missing_is_assumed_and_said(void **state)
{
	(void)state;
	struct arena arena;
	struct conf_faults faults;
	const struct calendar *china = load(NULL, &arena, &faults, 0);

	assert_after(china, "2031-09-30", 1, "2031-10-01", true);
	assert_after(china, "2026-12-31", 1, "2027-01-01", true); /* New Year, which the calendar does not know yet */
	assert_after(china, "2026-12-25", 4, "2026-12-31", false);
	assert_after(NULL, "2026-10-02", 1, "2026-10-05", true);
	arena_free(&arena);
}

/* A file under TMPDIR; all of its faults as one text. */
static void assert_faults(const char *text, int want, const char *const *wanted, size_t count)
{
	char path[] = "/tmp/calendar-XXXXXX";
	struct arena arena;
	struct conf_faults faults;
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	(void)load(path, &arena, &faults, want);
	for (size_t i = 0; i < faults.count && i < count; i++)
		if (strstr(faults.items[i], wanted[i]) == NULL)
			fail_msg("\"%s\" is not \"%s\"", faults.items[i], wanted[i]);
	assert_int_equal(faults.count, count);
	assert_int_equal(remove(path), 0);
	arena_free(&arena);
}

static void faults_are_told_at_once(void **state)
{
	(void)state;
	static const char *const forms[] = {":2: years[0].holidays = \"2026-10-32\" is no day",
		":3: years[0].workdays = \"2026-10-10..2026-10-11\" is no day"};
	static const char *const rules[] = {":3: holidays: \"2025-12-31..2026-01-01\" is not in the year 2026",
		":4: holidays: \"2026-10-07..2026-10-08\" has a day that stood there before",
		":5: workdays: \"2026-10-09\" is no Saturday or Sunday",
		":6: workdays: \"2026-10-04\" is a holiday too", ":8: the year 2026 is also that of line 1"};

	assert_faults("name = \"C\"; years = ({ year = 2026; source = \"x\";\n holidays = [\"2026-10-32\"];\n"
		      " workdays = [\"2026-10-10..2026-10-11\"]; });\n",
		ERR_INVALID, forms, ARRAY_LEN(forms));
	assert_faults(
		"name = \"C\"; years = ({ year = 2026; source = \"x\";\n holidays = [\"2026-10-01..2026-10-07\",\n"
		" \"2025-12-31..2026-01-01\",\n \"2026-10-07..2026-10-08\"]; workdays = [\n\"2026-10-09\",\n\"2026-10-04\"];\n},{\n"
		"year = 2026; source = \"y\"; });\n",
		ERR_INVALID, rules, ARRAY_LEN(rules));
}

static void files_are_what_is_built_in(void **state)
{
	(void)state;
	struct arena arena;
	struct conf_faults faults;
	const struct calendar *china = load("conf/calendars/china.conf", &arena, &faults, 0);

	assert_int_equal(faults.count, 0);
	assert_string_equal(china->name, "China");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_are_counted_in_working_days),
		cmocka_unit_test(a_year_that_is_missing_is_assumed_and_said),
		cmocka_unit_test(faults_are_told_at_once),
		cmocka_unit_test(files_are_what_is_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
