/* How zhifuctl writes amounts and columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ctl/report.h"
#include "ctl/report_csv.h"

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

static char *written;
static size_t written_len;

static FILE *writes(void)
{
	free(written);
	written = NULL;
	return open_memstream(&written, &written_len);
}

static void csv_is_read_back_as_it_was(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {{"plain", "plain"}, {"", ""}, {"a,b", "\"a,b\""}, {"say \"no\"", "\"say \"\"no\"\"\""},
		{"two\nlines", "\"two\nlines\""}, {" edge", "\" edge\""}, {"杭州", "杭州"}, {"a\x1b[2J", "a?[2J"},
		/* no spreadsheet takes these for formulas */
		{"=1+1", "\"'=1+1\""}, {"+49", "\"'+49\""}, {"-2", "\"'-2\""}, {"@SUM(A1)", "\"'@SUM(A1)\""},
		{"\t=1", "\"'\t=1\""}, {"＝1", "\"'＝1\""}, {"1=1", "1=1"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *value = json_string(cases[i].text);
		FILE *out = writes();
		report_csv_value(out, value, false, true);
		fclose(out);
		assert_string_equal(written, cases[i].want);
		json_decref(value);
	}
}

static void csv_amounts_take_two_fields(void **state)
{
	(void)state;
	static const struct column columns[] = {{"who", "who"}, {"amount", "amount"}, {"days", NULL}, {"fee", "fee"}};
	struct ctl ctl = {.json = true, .csv = true};
	struct report report;
	struct table table;
	report_begin(&report, &ctl);
	report.out = writes();
	report_field(&report, "next", NULL, cell_text("not in a list"));
	table_begin(&table, columns, ARRAY_LEN(columns));
	table.money[3] = true;
	table_add(&table, cell_text("a"));
	table_add(&table, cell_money(-187835, "CNY", 2));
	table_add(&table, cell_int(-3));
	table_add(&table, cell_none());
	table_flush(&table, &report);
	assert_int_equal(table.cell_count, 0);
	table_add(&table, cell_none());
	table_add(&table, cell_money(500, "JPY", 0));
	table_add(&table, cell_bool(true));
	table_add(&table, cell_money(5, "KWD", 3));
	table_end(&table, &report, "list", "heading", "empty");
	table_begin(&table, columns, 1);
	table_end(&table, &report, "other", NULL, "empty");
	FILE *out = report.out;
	assert_int_equal(report_end(&report, 0), 0);
	fclose(out);
	assert_string_equal(written, "who,amount,amount_currency,days,fee,fee_currency\r\na,-1878.35,CNY,-3,,\r\n"
				     ",500,JPY,true,0.005,KWD\r\n\r\nwho\r\n");

	/* without a list: the fields */
	report_begin(&report, &ctl);
	out = report.out = writes();
	report_field(&report, "line", "line", cell_text("=x"));
	report_field(&report, "amount", "amount", cell_money(100, "CNY", 2));
	assert_int_equal(report_end(&report, 0), 0);
	fclose(out);
	assert_string_equal(written, "field,value,currency\r\nline,\"'=x\",\r\namount,1.00,CNY\r\n");
	free(written);
	written = NULL;
}

/* What is missing in a column of numbers stands where they do, also in the first row. */
static void numbers_stand_on_their_right(void **state)
{
	(void)state;
	static const struct column columns[] = {{"who", "who"}, {"days", "days"}, {"why", "why"}};
	struct ctl ctl = {.json = false};
	struct report report;
	struct table table;
	report_begin(&report, &ctl);
	FILE *out = report.out = writes();
	table_begin(&table, columns, ARRAY_LEN(columns));
	table_add(&table, cell_text("a"));
	table_add(&table, cell_none());
	table_add(&table, cell_none());
	table_add(&table, cell_text("b"));
	table_add(&table, cell_int(123456));
	table_add(&table, cell_text("late"));
	table_end(&table, &report, "list", "", NULL);
	assert_int_equal(report_end(&report, 0), 0);
	fclose(out);
	assert_string_equal(written, "\nwho    days  why\na         -  -\nb    123456  late\n");
	free(written);
	written = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_exact),
		cmocka_unit_test(widths_are_a_terminals),
		cmocka_unit_test(csv_is_read_back_as_it_was),
		cmocka_unit_test(csv_amounts_take_two_fields),
		cmocka_unit_test(numbers_stand_on_their_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
