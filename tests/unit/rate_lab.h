/* Rates of the worked scenarios for the tests of rates. All of them are fixtures. */
#ifndef TESTS_UNIT_RATE_LAB_H
#define TESTS_UNIT_RATE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/date.h"
#include "lib/rate_table.h"

static inline int32_t lab_day(const char *text)
{
	int64_t day = 0;
	assert_int_equal(date_parse_form(text_of(text), "YYYY-MM-DD", &day), 0);
	return (int32_t)day;
}

static inline struct zf_money lab_money(const char *amount, const char *currency)
{
	struct zf_decimal value;
	struct zf_money money;
	assert_int_equal(decimal_parse(text_of(amount), &value), 0);
	assert_int_equal(money_from_decimal(value, text_of(currency), &money), 0);
	return money;
}

static inline void lab_is(struct zf_money money, const char *amount, const char *currency)
{
	char text[MONEY_TEXT_SIZE];
	money_format(money, text);
	assert_string_equal(text, amount);
	assert_string_equal(money.currency, currency);
}

/* `per` base = value quote on that day. */
static inline struct rate lab_rate(
	enum rate_source source, const char *day, uint32_t per, const char *base, const char *value, const char *quote)
{
	struct rate rate = {.per = per, .source = (uint8_t)source, .day = lab_day(day)};
	memcpy(rate.base, base, 4);
	memcpy(rate.quote, quote, 4);
	assert_int_equal(decimal_parse(text_of(value), &rate.value), 0);
	if (source == RATE_MANUAL) {
		rate.maker = "li";
		rate.checker = "wang";
	}
	return rate;
}

#define LAB_RATES 24

/* "Fixture rates" of the scenarios, sorted into ret. */
static inline struct rate_table lab_fixture(struct rate ret[LAB_RATES])
{
	static const struct {
		const char *day, *currency, *value;
	} rows[] = {
		{"2026-08-18", "JPY", "4.8120"},
		{"2026-09-08", "USD", "7.1200"},
		{"2026-09-17", "JPY", "4.7950"},
		{"2026-09-23", "USD", "7.1000"},
		{"2026-09-25", "JPY", "4.7920"},
		{"2026-09-30", "USD", "7.0950"},
		{"2026-10-08", "USD", "7.0880"},
		{"2026-10-28", "USD", "7.0760"},
		{"2026-10-30", "USD", "7.0700"},
		{"2026-11-05", "JPY", "4.7400"},
		{"2026-11-27", "USD", "7.1050"},
		{"2026-11-30", "USD", "7.0900"},
		{"2026-11-30", "EUR", "8.3100"},
		{"2026-12-08", "USD", "7.1010"},
	};
	size_t n = 0;
	for (; n < sizeof(rows) / sizeof(rows[0]); n++) {
		uint32_t per = strcmp(rows[n].currency, "JPY") == 0 ? 100 : 1;
		ret[n] = lab_rate(RATE_CFETS, rows[n].day, per, rows[n].currency, rows[n].value, "CNY");
	}
	ret[n++] = lab_rate(RATE_BANK_BUY, "2026-11-03", 100, "USD", "705.20", "CNY");
	rate_sort(ret, n);
	return (struct rate_table){ret, n};
}

static inline struct rate_query lab_query(enum rate_source source, const char *day, const char *from, const char *to)
{
	struct rate_query query = {.source = (uint8_t)source, .day = lab_day(day), .reach_days = RATE_REACH_DAYS};
	memcpy(query.from, from, 4);
	memcpy(query.to, to, 4);
	return query;
}

#endif
