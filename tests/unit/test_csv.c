/* CSV records, and civil days by a stated form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/csv.h"
#include "lib/date.h"
#include "lib_arena.h"

/* The records of a text as "a|b/c|d/", or its error and the first fault's name and path. */
static void reads(const char *text, bool open_end, const char *wanted)
{
	char got[512] = "";
	struct csv_reader reader;
	struct csv_record record;
	struct fault_list faults;
	LIB_ARENA(arena);
	fault_list_init(&faults, &arena.zf, 0);
	int rc = csv_init(&reader, text_of(text), ',', open_end, &arena.zf, &faults);
	while (rc == 0 && (rc = csv_next(&reader, &record)) == 1) {
		for (uint32_t i = 0; i < record.count; i++) {
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.*s", i == 0 ? "" : "|",
				(int)record.fields[i].len, record.fields[i].ptr);
		}
		strcat(got, "/");
		rc = 0;
	}
	assert_int_equal(rc != 0, faults.count > 0);
	if (rc != 0) {
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %s",
			fault_lookup(faults.items[0].code)->name, faults.items[0].path);
		assert_int_equal(csv_next(&reader, &record), 0); /* nothing more */
	}
	assert_string_equal(got, wanted);
}

static void test_records(void **state)
{
	(void)state;
	reads("", false, "");
	reads("\n\r\n", false, "");
	reads("a,b\nc,d\n", false, "a|b/c|d/");
	reads("a,b\r\nc,d\r\n", false, "a|b/c|d/");
	reads("\xef\xbb\xbf"
	      "a,b\n\nc\n",
		false, "a|b/c/");
	reads(",\n,,\n", false, "|/||/");
	reads("\"a,b\",\"c\"\"d\",\"\"\n", false, "a,b|c\"d|/");
	reads("\"\"\"\"\n", false, "\"/");
	reads("\"two\nlines\",x\ny\n", false, "two\nlines|x/y/");
	reads("a\rb,c\n", false, "a\rb|c/"); /* a bare CR ends nothing */
	reads("a,b", true, "a|b/");
	reads("a,", true, "a|/");
	reads("\"a\"", true, "a/");
}

static void test_faults(void **state)
{
	(void)state;
	reads("a,b\n1,2", false, "csv-cut 2");
	reads("a\n\"b\nc\n", false, "a/csv-quote-open 2");
	reads("a\nb\"c\n", false, "a/csv-quote 2");
	reads("a\n\"b\"c\n", false, "a/csv-quote 2");
	reads("\"x\ny\" z\n", false, "csv-quote 1");
	reads("a\nb\xff\n", false, "csv-encoding 2");
	reads("a\nb\n\xe4\xb8\n", false, "csv-encoding 3");
}

static void test_nul_and_many(void **state)
{
	(void)state;
	struct csv_reader reader;
	struct csv_record record;
	struct fault_list faults;
	char many[2 * CSV_FIELDS_MAX + 2];
	LIB_ARENA(arena);
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(csv_init(&reader, TEXT("a\nb\0c\n"), ',', false, &arena.zf, &faults), LIB_INVALID);
	assert_string_equal(faults.items[0].path, "2");
	memset(many, ',', sizeof(many));
	many[CSV_FIELDS_MAX - 1] = '\n';
	struct text_span text = {many, CSV_FIELDS_MAX};
	assert_int_equal(csv_init(&reader, text, ',', false, &arena.zf, &faults), 0);
	assert_int_equal(csv_next(&reader, &record), 1);
	assert_int_equal(record.count, CSV_FIELDS_MAX);
	many[CSV_FIELDS_MAX - 1] = ',';
	many[CSV_FIELDS_MAX] = '\n';
	text.len++;
	assert_int_equal(csv_init(&reader, text, ',', false, &arena.zf, &faults), 0);
	assert_int_equal(csv_next(&reader, &record), LIB_LIMIT);
	assert_int_equal(faults.items[1].code, FAULT_TOO_MANY);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (long n = 0; n < 3; n++) {
		struct csv_reader reader;
		struct csv_record record;
		struct fault_list faults;
		LIB_ARENA(arena);
		arena.fail_at = n;
		fault_list_init(&faults, &arena.zf, 0);
		int rc = csv_init(&reader, TEXT("a,\"b\"\"\"\n"), ',', false, &arena.zf, &faults);
		assert_int_equal(rc, n == 0 ? LIB_NOMEM : 0);
		if (n > 0) assert_int_equal(csv_next(&reader, &record), n == 1 ? LIB_NOMEM : 1);
	}
}

static void is_day(const char *text, const char *form, const char *wanted)
{
	int64_t day = 0;
	char got[DATE_TEXT_SIZE] = "none";
	if (date_parse_form(text_of(text), form, &day) == 0) date_format_day(day, got);
	assert_string_equal(got, wanted);
}

static void test_days(void **state)
{
	(void)state;
	is_day("2026-09-08", "YYYY-MM-DD", "2026-09-08");
	is_day("20260908", "YYYYMMDD", "2026-09-08");
	is_day("08.09.2026", "DD.MM.YYYY", "2026-09-08");
	is_day("2026/9/8", "YYYY/M/D", "2026-09-08");
	is_day("2026/12/31", "YYYY/M/D", "2026-12-31");
	is_day("8.9.26", "D.M.YY", "2026-09-08");
	is_day("8.9.2026", "D.M.YY", "none");
	is_day("2026年9月8日", "YYYY年M月D日", "2026-09-08");
	is_day("2026-9-8", "YYYY-MM-DD", "none");
	is_day("2026-02-30", "YYYY-MM-DD", "none");
	is_day("0000-01-01", "YYYY-MM-DD", "none");
	is_day("2026-09-08 ", "YYYY-MM-DD", "none");
	is_day("2026-09-081", "YYYY-MM-DD", "none");
	is_day("2026-09", "YYYY-MM-DD", "none");
	is_day("", "YYYY-MM-DD", "none");
	is_day("2026-09", "YYYY-MM", "none"); /* forms that make no day */
	is_day("2026-09-09", "YYYY-MM-MM", "none");
	is_day("", "", "none");
	char text[DATE_TEXT_SIZE] = "x";
	assert_int_equal(date_format_day(INT64_MAX, text), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_nul_and_many),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
