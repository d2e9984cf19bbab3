/* FHIR dates: strictness, ranges, order, zones; the C library's timegm is the oracle of the calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "lib/date.h"

static struct date parse(const char *text)
{
	struct date date;
	int error = date_parse(text_of(text), DATE_KIND_DATETIME, &date);
	if (error != 0) fail_msg("%s: %d", text, error);
	return date;
}

static void refuses(const char *text, int error)
{
	struct date date = {.year = 77};
	int got = date_parse(text_of(text), DATE_KIND_DATETIME, &date);
	if (got != error) fail_msg("%s: %d", text, got);
	assert_int_equal(date.year, 77);
}

static void round_trips(const char *text, enum date_precision precision)
{
	struct date date = parse(text);
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date.precision, precision);
	assert_int_equal(date_format(&date, out), strlen(text));
	assert_string_equal(out, text);
}

static void test_parse(void **state)
{
	(void)state;
	round_trips("2026", DATE_YEAR);
	round_trips("0001", DATE_YEAR);
	round_trips("2026-12", DATE_MONTH);
	round_trips("2024-02-29", DATE_DAY);
	round_trips("2000-02-29", DATE_DAY);
	round_trips("9999-12-31", DATE_DAY);
	round_trips("2026-11-21T04:05:06Z", DATE_TIME);
	round_trips("2026-11-21T04:05:06.7Z", DATE_TIME);
	round_trips("2026-11-21T04:05:06.000+08:00", DATE_TIME);
	round_trips("2026-11-21T04:05:06.123456789-13:59", DATE_TIME);
	round_trips("2026-11-21T23:59:59+14:00", DATE_TIME);
	round_trips("2026-11-21T00:00:00-00:00", DATE_TIME);
	round_trips("2026-11-21T00:00:00+00:00", DATE_TIME);
	round_trips("2016-12-31T23:59:60Z", DATE_TIME);
	round_trips("2017-01-01T07:59:60+08:00", DATE_TIME);
	static const char *const bad[] = {"", "202", "02026", "0000", "2026-", "2026-1", "2026-13", "2026-00",
		"2026-02-29", "1900-02-29", "2026-04-31", "2026-01-00", "2026-01-32", "2026-1-01", "2026/01/01",
		"20260101", " 2026", "2026 ", "2026-01-01T", "2026-01-01T10", "2026-01-01T10:00", "2026-01-01T10:00Z",
		"2026-01-01T10:00:00", "2026-01T10:00:00Z", "2026-01-01t10:00:00Z", "2026-01-01T10:00:00z",
		"2026-01-01 10:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:61Z",
		"2026-01-01T23:59:60Z", "2016-12-31T23:59:60+08:00", "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00,5Z",
		"2026-01-01T10:00:00+8:00", "2026-01-01T10:00:00+0800", "2026-01-01T10:00:00+14:01",
		"2026-01-01T10:00:00-14:00", "2026-01-01T10:00:00+15:00", "2026-01-01T10:00:00+08:60",
		"2026-01-01T10:00:00ZZ", "2026-01-01T10:00:00Z+08:00", "-2026", "2026-01-01T1\xC2\xB2:00:00Z"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) refuses(bad[i], LIB_INVALID);
	refuses("2026-01-01T10:00:00.1234567890Z", LIB_LIMIT);

	struct date date;
	assert_int_equal(date_parse(TEXT("2026-01-01"), DATE_KIND_DATE, &date), 0);
	assert_int_equal(date_parse(TEXT("2026-01-01T10:00:00Z"), DATE_KIND_DATE, &date), LIB_INVALID);
	assert_int_equal(date_parse(TEXT("2026-01-01"), DATE_KIND_INSTANT, &date), LIB_INVALID);
	assert_int_equal(date_parse(TEXT("2026-01-01T10:00:00Z"), DATE_KIND_INSTANT, &date), 0);
	assert_int_equal(date_parse((struct text_span){"2026-01-01", 7}, DATE_KIND_DATE, &date), 0);
	assert_int_equal(date.precision, DATE_MONTH); /* the length counts, not what follows */
}

static void test_calendar(void **state)
{
	(void)state;
	int64_t days = date_days_from_civil(1, 1, 1);
	unsigned weekday = date_weekday(days);
	assert_int_equal(weekday, 0); /* a Monday in the proleptic calendar */
	/* Every day of 9999 years: successive, and there and back. */
	for (int year = 1; year <= 9999; year++) {
		for (unsigned month = 1; month <= 12; month++) {
			for (unsigned day = 1; day <= date_month_days(year, month); day++) {
				int y;
				unsigned m, d;
				if (date_days_from_civil(year, month, day) != days)
					fail_msg("%d-%u-%u", year, month, day);
				date_civil_from_days(days, &y, &m, &d);
				if (y != year || m != month || d != day) fail_msg("%d-%u-%u", year, month, day);
				if (date_weekday(days) != weekday) fail_msg("weekday of %d-%u-%u", year, month, day);
				weekday = (weekday + 1) % 7;
				days++;
			}
		}
	}
	for (int64_t day = -719162; day < 2932896; day += 997) {
		int year;
		unsigned month, day_of_month;
		date_civil_from_days(day, &year, &month, &day_of_month);
		struct tm tm = {.tm_year = year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day_of_month};
		assert_true(timegm(&tm) == day * 86400);
		assert_int_equal(tm.tm_wday, (date_weekday(day) + 1) % 7);
	}
	assert_true(date_is_civil(2000, 2, 29));
	assert_false(date_is_civil(2100, 2, 29));
	assert_false(date_is_civil(0, 1, 1));
	assert_false(date_is_civil(10000, 1, 1));
	struct date date;
	assert_int_equal(date_from_day(-719163, &date), LIB_LIMIT);
	assert_int_equal(date_from_day(2932897, &date), LIB_LIMIT);
	assert_int_equal(date_from_day(0, &date), 0);
	assert_int_equal(date.year, 1970);
}

static void range_is(const char *text, int offset, const char *begin, const char *end)
{
	struct date date = parse(text);
	int64_t begin_ms, end_ms;
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date_range_ms(&date, offset, &begin_ms, &end_ms), 0);
	date_format_ms(begin_ms, 0, out);
	assert_string_equal(out, begin);
	date_format_ms(end_ms, 0, out);
	assert_string_equal(out, end);
}

static void test_range(void **state)
{
	(void)state;
	range_is("2026", 0, "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z");
	range_is("2026-12", 480, "2026-11-30T16:00:00.000Z", "2026-12-31T16:00:00.000Z");
	range_is("2024-02", 0, "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z");
	range_is("2026-03-01", -300, "2026-03-01T05:00:00.000Z", "2026-03-02T05:00:00.000Z");
	range_is("2026-03-01T10:00:00+08:00", 0, "2026-03-01T02:00:00.000Z", "2026-03-01T02:00:01.000Z");
	range_is("2026-03-01T10:00:00.5Z", 480, "2026-03-01T10:00:00.500Z", "2026-03-01T10:00:00.600Z");
	range_is("2026-03-01T10:00:00.123456Z", 480, "2026-03-01T10:00:00.123Z", "2026-03-01T10:00:00.124Z");
	range_is("2016-12-31T23:59:60Z", 0, "2017-01-01T00:00:00.000Z", "2017-01-01T00:00:01.000Z");
	struct date none = {.precision = DATE_NONE};
	int64_t ms;
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date_to_ms(&none, 0, &ms), LIB_INVALID);
	assert_int_equal(date_format(&none, out), 0);
	assert_string_equal(out, "");
}

static void order_is(const char *a, const char *b, int offset, enum date_order wanted)
{
	struct date date_a = parse(a), date_b = parse(b);
	if (date_order(&date_a, &date_b, offset) != wanted) fail_msg("%s and %s", a, b);
	enum date_order other = wanted == DATE_BEFORE ? DATE_AFTER : wanted == DATE_AFTER ? DATE_BEFORE : wanted;
	assert_int_equal(date_order(&date_b, &date_a, offset), other);
}

static void test_order(void **state)
{
	(void)state;
	order_is("2026-03-01", "2026-03-02", 0, DATE_BEFORE);
	order_is("2026-03-01", "2026-03-01", 0, DATE_SAME);
	order_is("2026", "2026-03-01", 0, DATE_OVERLAPS);
	order_is("2025", "2026-01", 0, DATE_BEFORE);
	order_is("2026-03-01T10:00:00Z", "2026-03-01T18:00:00+08:00", 0, DATE_SAME);
	order_is("2026-03-01T10:00:00.5Z", "2026-03-01T10:00:00Z", 0, DATE_OVERLAPS);
	/* 17:00 UTC is the next day in Shanghai. */
	order_is("2026-03-01", "2026-03-01T17:00:00Z", 480, DATE_BEFORE);
	order_is("2026-03-01", "2026-03-01T17:00:00Z", 0, DATE_OVERLAPS);
}

static void test_days(void **state)
{
	(void)state;
	assert_int_equal(date_day_of_ms(-1, 0), -1);
	assert_int_equal(date_day_of_ms(0, -1), -1);
	assert_int_equal(date_day_of_ms(0, 0), 0);
	assert_int_equal(date_day_of_ms(86399999, 1), 1);
	(void)date_day_of_ms(INT64_MAX, 840);
	(void)date_day_of_ms(INT64_MIN, -840);
}

static void test_ms(void **state)
{
	(void)state;
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date_format_ms(0, 0, out), 24);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	date_format_ms(-1, 330, out);
	assert_string_equal(out, "1970-01-01T05:29:59.999+05:30");
	date_format_ms(1, -570, out);
	assert_string_equal(out, "1969-12-31T14:30:00.001-09:30");
	assert_int_equal(date_format_ms(INT64_MAX, 0, out), 0);
	assert_int_equal(date_format_ms(INT64_MIN, 0, out), 0);
	assert_int_equal(date_format_ms(0, 841, out), 0);
	/* There and back at many places and zones. */
	for (int64_t ms = -62135596800000 + 86400000; ms < 253402300799000 - 86400000; ms += 7919999999) {
		int offset = (int)(ms / 1000 % 840);
		struct date date;
		int64_t again;
		date_format_ms(ms, offset, out);
		assert_int_equal(date_parse(text_of(out), DATE_KIND_INSTANT, &date), 0);
		assert_int_equal(date_to_ms(&date, 0, &again), 0);
		assert_true(again == ms);
	}
}

static void time_round_trips(const char *text, enum zf_precision precision, const char *printed)
{
	struct zf_time time;
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date_parse_time(text_of(text), DATE_KIND_DATETIME, &time), 0);
	assert_int_equal(time.precision, precision);
	assert_int_equal(date_format_time(&time, out), strlen(printed));
	assert_string_equal(out, printed);
}

static void test_model_time(void **state)
{
	(void)state;
	time_round_trips("2026", ZF_YEAR, "2026");
	time_round_trips("2026-03", ZF_MONTH, "2026-03");
	time_round_trips("2026-03-01", ZF_DAY, "2026-03-01");
	time_round_trips("2026-03-01T10:00:00Z", ZF_SECOND, "2026-03-01T10:00:00Z");
	time_round_trips("2026-03-01T10:00:00+08:00", ZF_SECOND, "2026-03-01T10:00:00+08:00");
	time_round_trips("2026-03-01T10:00:00.5-03:30", ZF_MILLISECOND, "2026-03-01T10:00:00.500-03:30");
	time_round_trips("2026-03-01T10:00:00.123456Z", ZF_MILLISECOND, "2026-03-01T10:00:00.123Z");
	struct zf_time time = {.precision = 99};
	char out[DATE_TEXT_SIZE];
	assert_int_equal(date_format_time(&time, out), 0);
	assert_int_equal(date_parse_time(TEXT(""), DATE_KIND_DATETIME, &time), LIB_INVALID);
	struct date none = {.precision = DATE_NONE};
	assert_int_equal(date_to_time(&none).precision, ZF_NO_TIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_ms),
		cmocka_unit_test(test_model_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
