/* How zhifuctl writes amounts and columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/report.h"

static void amounts_are_exact(void **state)
{
	(void)state;
	char text[REPORT_AMOUNT_LEN];
	static const struct {
		int64_t minor;
		int exponent;
		const char *want;
	} cases[] = {{187835, 2, "1,878.35"}, {0, 2, "0.00"}, {-5, 2, "-0.05"}, {500, 0, "500"}, {1000, 0, "1,000"},
		{123456789, 3, "123,456.789"}, {99999, 2, "999.99"}, {INT64_MAX, 2, "92,233,720,368,547,758.07"},
		{INT64_MIN, 2, "-92,233,720,368,547,758.08"}, {INT64_MIN, 0, "-9,223,372,036,854,775,808"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		report_amount(cases[i].minor, cases[i].exponent, true, text);
		assert_string_equal(text, cases[i].want);
	}
	report_amount(-187835, 2, false, text);
	assert_string_equal(text, "-1878.35");
}

static void widths_are_a_terminals(void **state)
{
	(void)state;
	assert_int_equal(report_width("abc"), 3);
	assert_int_equal(report_width("杭州示例医院"), 12);
	assert_int_equal(report_width("Alpha 健康"), 10);
	assert_int_equal(report_width("e\xcc\x81t\xc3\xa9"), 3); /* a combining accent takes no column */
	assert_int_equal(report_width("ملف"), 3);
	/* what could move the cursor or turn the line around is one question mark */
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	report_pad(out,
		"a\x1b[2J\xe2\x80\xae"
		"b",
		8, false);
	fclose(out);
	assert_string_equal(text, "a?[2J?b ");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_exact),
		cmocka_unit_test(widths_are_a_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
