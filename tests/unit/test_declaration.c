/* Which receipts are declared, by what a statement says of their payer, and until when. Figures of scenario S3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "lib/date.h"
#include "model/calendar.h"
#include "model/directory.h"
#include "settle/declaration.h"

static struct arena arena;
static struct hospital hospital = {.book_currency = "CNY", .declaration_code = "223021", .declaration_days = 5};

static int group_begin(void **state)
{
	struct conf_faults faults = {.arena = &arena};

	(void)state;
	arena_init(&arena, 1u << 20);
	return calendar_load(NULL, &arena, &faults, &hospital.calendar);
}

static int group_end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static int32_t day(const char *text)
{
	int64_t days;

	assert_int_equal(date_parse_form(text_of(text), "YYYY-MM-DD", &days), 0);
	return (int32_t)days;
}

/* A credit of one transaction. */
static bool declared(int64_t minor, const char *currency, const struct bank_party *payer, const char *credited,
	struct declaration *ret)
{
	struct bank_detail detail = {.debtor = *payer};
	struct bank_entry entry = {
		.amount = {.minor = minor, .exponent = 2, .present = 1}, .details = &detail, .detail_count = 1};

	memcpy(entry.amount.currency, currency, 3);
	memset(ret, 0, sizeof(*ret));
	return declaration_of(&hospital, &entry, day(credited), ret);
}

static void dollars_are_declared_within_five_working_days(void **state)
{
	static const struct {
		const char *credited, *due;
		bool assumed;
	} rows[] = {
		{"2026-10-30", "2026-11-06", false}, /* S3: a Friday */
		{"2026-09-30", "2026-10-13", false}, /* over National Day; Saturday 10-10 is worked */
		{"2026-10-10", "2026-10-16", false},
		{"2026-02-13", "2026-02-27", false}, /* over Spring Festival; Saturday 02-14 is worked */
		{"2026-12-29", "2027-01-05",
			true}, /* no calendar for 2027: New Year is counted as worked, and that is said */
	};
	static const struct bank_party payer = {.name = "ALPHA"};
	struct declaration told;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[DATE_TEXT_SIZE];

		assert_true(declared(1447817, "USD", &payer, rows[i].credited, &told));
		assert_int_equal(told.ground, DECLARATION_CURRENCY);
		assert_string_equal(told.country, "");
		(void)date_format_day(told.due_day, text);
		assert_string_equal(text, rows[i].due);
		assert_int_equal(told.due_assumed, rows[i].assumed);
	}
}

static void yuan_are_declared_when_they_come_from_abroad(void **state)
{
	static const struct {
		struct bank_party payer;
		const char *country; /* NULL: it is not declared */
	} rows[] = {
		{{.name = "Meridian"}, NULL}, /* nothing is known of it: a person may say so */
		{{.name = "Meridian", .country = "CN", .agent = "BKCHCNBJ"}, NULL},
		{{.name = "Meridian", .agent = "BKCHCNBJ910", .account = "6222020000000000000"}, NULL},
		{{.name = "Alpha", .country = "US"}, "US"},
		{{.name = "Alpha", .country = "CN", .agent = "HSBCHKHH"}, "HK"}, /* its bank is abroad */
		{{.name = "Alpha", .agent = "CITIGB2LXXX"}, "GB"},
		{{.name = "Alpha", .account = "DE89370400440532013000"}, "DE"},
		{{.name = "Alpha", .agent = "102100099996"}, NULL}, /* a clearing number and no BIC */
		{{.name = "Alpha", .agent = "ABCDZZ22"}, NULL},     /* there is no such country */
		{{.name = "Alpha", .country = "china"}, NULL},
	};
	struct declaration told;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is = declared(10290000, "CNY", &rows[i].payer, "2026-10-30", &told);

		if (is != (rows[i].country != NULL)) fail_msg("row %zu", i);
		if (!is) continue;
		assert_int_equal(told.ground, DECLARATION_ABROAD);
		assert_string_equal(told.country, rows[i].country);
	}
	/* The payer of dollars is told too. */
	assert_true(declared(1447817, "USD", &rows[5].payer, "2026-10-30", &told));
	assert_string_equal(told.country, "GB");
}

static void nothing_else_is(void **state)
{
	static const struct bank_party payer = {.country = "US"};
	struct bank_detail detail = {.debtor = payer};
	struct bank_entry entry = {.amount = {.minor = 100, .currency = "USD", .present = 1},
		.details = &detail,
		.detail_count = 1,
		.reversal = true};
	struct declaration told;

	(void)state;
	assert_false(declared(-1447817, "USD", &payer, "2026-10-30", &told)); /* it went out */
	assert_false(declaration_of(&hospital, &entry, day("2026-10-30"), &told));
	hospital.declaration_code = NULL; /* books in another currency, or switched off */
	assert_false(declared(1447817, "USD", &payer, "2026-10-30", &told));
	hospital.declaration_code = "223021";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dollars_are_declared_within_five_working_days),
		cmocka_unit_test(yuan_are_declared_when_they_come_from_abroad),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
