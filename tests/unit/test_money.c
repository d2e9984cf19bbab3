/* Money, currencies and countries; the ISO tables are held against the published ones where those are at hand. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/country.h"
#include "lib/money.h"
#include "lib_arena.h"

__extension__ typedef __int128 int128;

static struct zf_decimal number(const char *text)
{
	struct zf_decimal value;
	assert_int_equal(decimal_parse(text_of(text), &value), 0);
	return value;
}

static struct zf_money money(const char *amount, const char *currency)
{
	struct zf_money value;
	assert_int_equal(money_from_decimal(number(amount), text_of(currency), &value), 0);
	return value;
}

static void prints(struct zf_money value, const char *wanted)
{
	char text[MONEY_TEXT_SIZE];
	assert_int_equal(money_format(value, text), strlen(wanted));
	assert_string_equal(text, wanted);
}

static void test_from_decimal(void **state)
{
	(void)state;
	struct zf_money value = money("-12.5", "CNY");
	assert_int_equal(value.minor, -1250);
	assert_int_equal(value.exponent, 2);
	assert_string_equal(value.currency, "CNY");
	assert_true(value.present);
	assert_int_equal(money("1.2300", "USD").minor, 123); /* trailing zeros are no decimals */
	assert_int_equal(money("500", "JPY").minor, 500);
	assert_int_equal(money("0.125", "KWD").minor, 125);
	assert_int_equal(money_from_decimal(number("1.234"), TEXT("USD"), &value), LIB_INEXACT);
	assert_int_equal(money_from_decimal(number("1.5"), TEXT("JPY"), &value), LIB_INEXACT);
	assert_int_equal(money_from_decimal(number("1"), TEXT("XXX"), &value), LIB_INVALID);
	assert_int_equal(money_from_decimal(number("1"), TEXT("XAU"), &value), LIB_INVALID);
	assert_int_equal(money_from_decimal(number("1"), TEXT("usd"), &value), LIB_INVALID);
	assert_int_equal(money_from_decimal(number("1"), TEXT("US"), &value), LIB_INVALID);
	assert_int_equal(money_from_decimal((struct zf_decimal){0}, TEXT("USD"), &value), LIB_INVALID);
	assert_int_equal(money_from_decimal(number("9223372036854775807"), TEXT("USD"), &value), LIB_LIMIT);
	assert_int_equal(money_from_decimal_rounded(number("1.235"), TEXT("USD"), DECIMAL_HALF_AWAY, &value), 0);
	assert_int_equal(value.minor, 124);
	assert_int_equal(money_from_decimal_rounded(number("1.225"), TEXT("USD"), DECIMAL_HALF_EVEN, &value), 0);
	assert_int_equal(value.minor, 122);
	prints(money("-1234.5", "EUR"), "-1234.50");
	prints(money("7", "JPY"), "7");
	prints(money("-0.001", "BHD"), "-0.001");
	assert_int_equal(money_make(INT64_MIN, TEXT("CLF"), &value), 0);
	prints(value, "-922337203685477.5808");
	assert_int_equal(money_make(1, TEXT("ZZZ"), &value), LIB_INVALID);
}

static void test_sums(void **state)
{
	(void)state;
	struct zf_money value;
	assert_int_equal(money_add(money("1.10", "USD"), money("2.25", "USD"), &value), 0);
	prints(value, "3.35");
	assert_int_equal(money_subtract(money("1.10", "USD"), money("2.25", "USD"), &value), 0);
	prints(value, "-1.15");
	assert_int_equal(money_add(money("1", "USD"), money("1", "EUR"), &value), LIB_INVALID);
	assert_int_equal(money_add(money("1", "USD"), (struct zf_money){0}, &value), LIB_INVALID);
	struct zf_money most = money("1", "USD");
	most.minor = INT64_MAX;
	assert_int_equal(money_add(most, money("0.01", "USD"), &value), LIB_LIMIT);
	most.minor = INT64_MIN;
	assert_int_equal(money_subtract(most, money("0.01", "USD"), &value), LIB_LIMIT);
	assert_int_equal(money_compare(money("1", "USD"), money("1.01", "USD")), -1);
	assert_int_equal(money_share(money("100", "CNY"), 1, 3, DECIMAL_HALF_AWAY, &value), 0);
	prints(value, "33.33");
	assert_int_equal(money_share(money("-0.05", "CNY"), 50, 100, DECIMAL_HALF_AWAY, &value), 0);
	prints(value, "-0.03");
	assert_int_equal(money_share(money("1", "CNY"), 1, 0, DECIMAL_DOWN, &value), LIB_INVALID);
	assert_int_equal(money_share(most, INT64_MAX, 1, DECIMAL_DOWN, &value), LIB_LIMIT);
}

static void converts(const char *amount, const char *from, const char *rate, enum money_direction direction,
	const char *to, enum decimal_rule rule, const char *wanted)
{
	struct zf_money value;
	assert_int_equal(money_convert(money(amount, from), number(rate), direction, text_of(to), rule, &value), 0);
	assert_string_equal(value.currency, to);
	prints(value, wanted);
}

static void test_convert(void **state)
{
	(void)state;
	converts("100.00", "USD", "7.1234", MONEY_TARGET_PER_SOURCE, "CNY", DECIMAL_HALF_AWAY, "712.34");
	converts("712.34", "CNY", "7.1234", MONEY_SOURCE_PER_TARGET, "USD", DECIMAL_HALF_AWAY, "100.00");
	converts("1000", "JPY", "0.0478", MONEY_TARGET_PER_SOURCE, "CNY", DECIMAL_HALF_AWAY, "47.80");
	converts("47.80", "CNY", "0.0478", MONEY_SOURCE_PER_TARGET, "JPY", DECIMAL_HALF_AWAY, "1000");
	converts("1.000", "KWD", "500", MONEY_TARGET_PER_SOURCE, "JPY", DECIMAL_HALF_AWAY, "500");
	converts("1", "JPY", "500", MONEY_SOURCE_PER_TARGET, "KWD", DECIMAL_HALF_AWAY, "0.002");
	converts("0.001", "KWD", "2", MONEY_SOURCE_PER_TARGET, "JPY", DECIMAL_UP, "1");
	converts("0.01", "USD", "0.5", MONEY_TARGET_PER_SOURCE, "EUR", DECIMAL_HALF_AWAY, "0.01");
	converts("0.01", "USD", "0.5", MONEY_TARGET_PER_SOURCE, "EUR", DECIMAL_HALF_EVEN, "0.00");
	converts("-0.01", "USD", "0.5", MONEY_TARGET_PER_SOURCE, "EUR", DECIMAL_HALF_AWAY, "-0.01");
	converts("10", "USD", "3", MONEY_SOURCE_PER_TARGET, "EUR", DECIMAL_DOWN, "3.33");
	struct zf_money value;
	assert_int_equal(money_convert(money("1", "USD"), number("0"), MONEY_TARGET_PER_SOURCE, TEXT("EUR"),
				 DECIMAL_DOWN, &value),
		LIB_INVALID);
	assert_int_equal(money_convert(money("1", "USD"), number("-1"), MONEY_TARGET_PER_SOURCE, TEXT("EUR"),
				 DECIMAL_DOWN, &value),
		LIB_INVALID);
	assert_int_equal(money_convert(money("1", "USD"), number("1"), MONEY_TARGET_PER_SOURCE, TEXT("XXX"),
				 DECIMAL_DOWN, &value),
		LIB_INVALID);
	assert_int_equal(money_convert(money("90000000000000000", "USD"), number("1000"), MONEY_TARGET_PER_SOURCE,
				 TEXT("EUR"), DECIMAL_DOWN, &value),
		LIB_LIMIT);
	assert_int_equal(money_convert(money("90000000000000000", "USD"), number("0.000000000000000001"),
				 MONEY_SOURCE_PER_TARGET, TEXT("CLF"), DECIMAL_DOWN, &value),
		LIB_LIMIT);
}

/* Against 128 bits where those suffice: both directions, all rules, currencies of 0, 2, 3 and 4 decimals. */
static void test_convert_brute(void **state)
{
	(void)state;
	static const char *const codes[] = {"JPY", "USD", "KWD", "CLF"};
	static const int exponents[] = {0, 2, 3, 4};
	uint64_t random = 99;
	for (int i = 0; i < 200000; i++) {
		unsigned from = lib_random(&random) % 4, to = lib_random(&random) % 4;
		struct zf_money amount, got;
		int64_t minor = (int64_t)(lib_random(&random) >> (24 + lib_random(&random) % 30));
		if (lib_random(&random) % 2 == 0) minor = -minor;
		assert_int_equal(money_make(minor, text_of(codes[from]), &amount), 0);
		struct zf_decimal rate =
			decimal_of((int64_t)(lib_random(&random) % 1000000) + 1, lib_random(&random) % 7);
		enum money_direction direction = (enum money_direction)(lib_random(&random) % 2);
		enum decimal_rule rule = (enum decimal_rule)(lib_random(&random) % 4);
		int128 top = minor < 0 ? -(int128)minor : minor, bottom = 1;
		for (int k = 0; k < exponents[to]; k++) top *= 10;
		for (int k = 0; k < exponents[from]; k++) bottom *= 10;
		int128 ten = 1;
		for (int k = 0; k < rate.scale; k++) ten *= 10;
		top *= direction == MONEY_TARGET_PER_SOURCE ? rate.unscaled : ten;
		bottom *= direction == MONEY_TARGET_PER_SOURCE ? ten : rate.unscaled;
		int128 quotient = top / bottom, twice = top % bottom * 2;
		bool up = twice > 0 && (rule == DECIMAL_UP || (rule == DECIMAL_HALF_AWAY && twice >= bottom) ||
					       (rule == DECIMAL_HALF_EVEN &&
						       (twice > bottom || (twice == bottom && quotient % 2 == 1))));
		quotient += up;
		int error = money_convert(amount, rate, direction, text_of(codes[to]), rule, &got);
		assert_int_equal(error, quotient > INT64_MAX ? LIB_LIMIT : 0);
		if (error == 0) assert_true(got.minor == (minor < 0 ? -quotient : quotient));
	}
}

static json_t *reference(const char *name, const char *list)
{
	char path[512];
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(path, sizeof(path), "%s/data/reference/%s", shared == NULL ? "../shared" : shared, name);
	json_t *root = json_load_file(path, 0, NULL);
	if (root == NULL) {
		print_message("no %s\n", path);
		skip();
	}
	json_t *entries = json_incref(json_object_get(root, list));
	json_decref(root);
	assert_non_null(entries);
	return entries;
}

static const char *field(json_t *entry, const char *name)
{
	return json_string_value(json_object_get(entry, name));
}

static void test_currencies(void **state)
{
	(void)state;
	assert_int_equal(currency_exponent("CNY"), 2);
	assert_int_equal(currency_exponent("JPY"), 0);
	assert_int_equal(currency_exponent("BHD"), 3);
	assert_int_equal(currency_exponent("UYW"), 4);
	assert_int_equal(currency_exponent("XXX"), -1);
	assert_int_equal(currency_exponent("QQQ"), -1);
	assert_int_equal(currency_exponent("CNYX"), -1);
	assert_true(currency_find(TEXT("XXX")) != NULL);
	assert_false(currency_is_money(TEXT("XTS")));
	assert_true(currency_is_money(TEXT("XOF")));
	size_t n;
	const struct currency *table = currency_table(&n);
	for (size_t i = 1; i < n; i++) assert_true(strcmp(table[i - 1].code, table[i].code) < 0);
	for (size_t i = 0; i < n; i++) assert_ptr_equal(currency_find(text_of(table[i].code)), &table[i]);
}

/* The published table, as XML: each entry names code, number and minor units in this order. */
static void test_currencies_published(void **state)
{
	(void)state;
	char path[512];
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(path, sizeof(path), "%s/data/reference/iso4217/table_a1.xml", shared == NULL ? "../shared" : shared);
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		print_message("no %s\n", path);
		skip();
	}
	char line[512], code[4] = "";
	unsigned value = 0;
	int seen = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		char units[8];
		if (sscanf(line, " <Ccy>%3[A-Z]", code) == 1) continue;
		if (sscanf(line, " <CcyNbr>%u", &value) == 1) continue;
		if (sscanf(line, " <CcyMnrUnts>%7[^<]", units) != 1) continue;
		const struct currency *entry = currency_find(text_of(code));
		if (entry == NULL) fail_msg("%s is missing", code);
		assert_int_equal(entry->number, value);
		assert_int_equal(entry->exponent, strcmp(units, "N.A.") == 0 ? -1 : units[0] - '0');
		seen++;
	}
	fclose(file);
	assert_true(seen > 200);
}

static void test_countries(void **state)
{
	(void)state;
	assert_true(country_is_alpha2(TEXT("CN")));
	assert_string_equal(country_find(TEXT("DEU"))->alpha2, "DE");
	assert_string_equal(country_find(TEXT("DE"))->alpha3, "DEU");
	assert_false(country_is_alpha2(TEXT("CHN")));
	static const char *const wrong[] = {"", "C", "cn", "XX", "ZZZ", "CHNX", "EU", "UK"};
	for (size_t i = 0; i < 8; i++) assert_null(country_find(text_of(wrong[i])));
	size_t n;
	const struct country *table = country_table(&n);
	for (size_t i = 1; i < n; i++) assert_true(strcmp(table[i - 1].alpha2, table[i].alpha2) < 0);
}

static void test_countries_published(void **state)
{
	(void)state;
	json_t *entries = reference("iso3166/iso_3166-1.json", "3166-1");
	size_t n, index;
	json_t *entry;
	country_table(&n);
	assert_int_equal(json_array_size(entries), n);
	json_array_foreach(entries, index, entry)
	{
		const struct country *country = country_find(text_of(field(entry, "alpha_2")));
		assert_non_null(country);
		assert_string_equal(country->alpha3, field(entry, "alpha_3"));
		assert_ptr_equal(country_find(text_of(country->alpha3)), country);
	}
	json_decref(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_decimal),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_convert_brute),
		cmocka_unit_test(test_currencies),
		cmocka_unit_test(test_currencies_published),
		cmocka_unit_test(test_countries),
		cmocka_unit_test(test_countries_published),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
