/* Offsets of zones agree with the C library at many instants, and damaged files are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/zone.h"
#include "base/zone_rule.h"

static const char *const names[] = {"Asia/Shanghai", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe",
	"Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Asia/Riyadh", "Pacific/Apia", "UTC",
	"America/Sao_Paulo", "Asia/Gaza", "Europe/Dublin"};

static struct zone *load(const char *name)
{
	struct zone *zone = NULL;
	int rc = zone_load(name, &zone);
	if (rc == ERR_NOTFOUND) skip();
	assert_int_equal(rc, 0);
	return zone;
}

static void offsets_agree_with_the_c_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct zone *zone = load(names[i]);
		setenv("TZ", names[i], 1);
		tzset();
		/* odd steps of about nine days from 1900 to 2100 */
		for (int64_t s = -2208988800; s < 4102444800; s += 777771) {
			time_t t = (time_t)s;
			struct tm local;
			localtime_r(&t, &local);
			if (zone_offset_seconds(zone, s * 1000) != local.tm_gmtoff)
				fail_msg("%s at %lld: %d, not %ld", names[i], (long long)s,
					zone_offset_seconds(zone, s * 1000), local.tm_gmtoff);
		}
		zone_free(zone);
	}
	unsetenv("TZ");
	tzset();
}

static void days_are_the_hospitals(void **state)
{
	(void)state;
	struct zone *zone = load("Asia/Shanghai");
	assert_string_equal(zone_name(zone), "Asia/Shanghai");
	assert_int_equal(zone_offset_minutes(zone, INT64_C(1790000000000)), 480);
	assert_int_equal(zone_day(zone, 0), 0);
	assert_int_equal(zone_day(zone, 16 * 3600000 - 1), 0);
	assert_int_equal(zone_day(zone, 16 * 3600000), 1);
	assert_int_equal(zone_day(zone, -8 * 3600000), 0);
	assert_int_equal(zone_day(zone, -8 * 3600000 - 1), -1);
	zone_free(zone);
}

static void days_begin_where_they_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct zone *zone = load(names[i]);
		for (int64_t day = -3650; day < 40000; day += 1) {
			int64_t start = zone_day_start_ms(zone, day);
			if (zone_day(zone, start) == day && zone_day(zone, start - 1) < day) continue;
			if (strcmp(names[i], "Pacific/Apia") == 0 && day == 15338)
				continue; /* 2011-12-30 did not happen there */
			fail_msg("%s: day %lld", names[i], (long long)day);
		}
		zone_free(zone);
	}
}

static void bad_names_are_refused(void **state)
{
	(void)state;
	struct zone *zone = NULL;
	assert_int_equal(zone_load("../../etc/passwd", &zone), ERR_INVALID);
	assert_int_equal(zone_load("/etc/passwd", &zone), ERR_INVALID);
	assert_int_equal(zone_load("", &zone), ERR_INVALID);
	assert_int_equal(zone_load("Asia/Atlantis", &zone), ERR_NOTFOUND);
	assert_null(zone);
}

static void cut_files_are_refused(void **state)
{
	(void)state;
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Zurich", "r");
	if (file == NULL) skip();
	uint8_t *bytes = malloc(8192);
	size_t len = fread(bytes, 1, 8192, file);
	fclose(file);
	struct zone *zone = NULL;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1); /* exactly as long, for the sanitizer */
		uint8_t *exact = realloc(copy, cut == 0 ? 1 : cut);
		memcpy(exact, bytes, cut);
		assert_int_equal(zone_parse("x", exact, cut, &zone), ERR_INVALID);
		free(exact);
	}
	assert_int_equal(zone_parse("x", bytes, len, &zone), 0);
	zone_free(zone);
	free(bytes);
}

static void rules_are_read_strictly(void **state)
{
	(void)state;
	struct zone_rule rule;
	static const char *const good[] = {"CST-8", "<+0330>-3:30", "EST5EDT,M3.2.0,M11.1.0",
		"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "IST-1GMT0,M10.5.0,M3.5.0/1", "AAA3BBB,J60/0,300/26"};
	static const char *const bad[] = {"C-8", "CST", "CST-8,", "EST5EDT", "EST5EDT,M3.2.0",
		"EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,J0,J3", "<ab>3", "CST-8 "};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(zone_rule_parse(good[i], strlen(good[i]), &rule), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(zone_rule_parse(bad[i], strlen(bad[i]), &rule), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_agree_with_the_c_library),
		cmocka_unit_test(days_are_the_hospitals),
		cmocka_unit_test(days_begin_where_they_do),
		cmocka_unit_test(bad_names_are_refused),
		cmocka_unit_test(cut_files_are_refused),
		cmocka_unit_test(rules_are_read_strictly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
