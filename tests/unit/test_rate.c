/* Rates, conversion and look-up: the figures of the worked scenarios, holidays, cross rates, and brute force. */
#include "rate_lab.h"

#include "lib_arena.h"

static void test_valid(void **state)
{
	(void)state;
	struct rate good = lab_rate(RATE_CFETS, "2026-09-30", 100, "JPY", "4.8120", "CNY"), bad;
	assert_true(rate_valid(&good));
	bad = good;
	bad.per = 0;
	assert_false(rate_valid(&bad));
	bad.per = 50;
	assert_false(rate_valid(&bad));
	bad.per = 100000;
	assert_false(rate_valid(&bad));
	bad = good;
	memcpy(bad.quote, "JPY", 4);
	assert_false(rate_valid(&bad));
	memcpy(bad.quote, "QQQ", 4);
	assert_false(rate_valid(&bad));
	memcpy(bad.quote, "XAU", 4); /* has no minor unit */
	assert_false(rate_valid(&bad));
	memcpy(bad.quote, "CNYX", 4);
	assert_false(rate_valid(&bad));
	bad = good;
	bad.value.unscaled = 0;
	assert_false(rate_valid(&bad));
	bad.value.unscaled = -1;
	assert_false(rate_valid(&bad));
	bad = good;
	bad.value.present = 0;
	assert_false(rate_valid(&bad));
	bad = good;
	bad.source = RATE_SOURCE_NONE;
	assert_false(rate_valid(&bad));
	bad.source = RATE_SOURCE_COUNT;
	assert_false(rate_valid(&bad));
	bad = good;
	bad.maker = "li"; /* CFETS has no maker */
	assert_false(rate_valid(&bad));
	bad = (struct rate){0};
	assert_false(rate_valid(&bad));
}

static void test_four_eyes(void **state)
{
	(void)state;
	struct rate rate = lab_rate(RATE_MANUAL, "2026-09-30", 1, "USD", "7.1", "CNY");
	assert_true(rate_valid(&rate));
	rate.checker = NULL;
	assert_false(rate_valid(&rate));
	rate.checker = "  ";
	assert_false(rate_valid(&rate));
	rate.checker = " LI "; /* the same person, typed differently */
	assert_false(rate_valid(&rate));
	rate.maker = NULL;
	assert_false(rate_valid(&rate));
	assert_true(rate_same_person("li", "Li "));
	assert_false(rate_same_person("li", "lin"));
	assert_false(rate_same_person(NULL, NULL));
	assert_false(rate_same_person("", ""));
}

static void test_names(void **state)
{
	(void)state;
	char text[RATE_TEXT_SIZE];
	for (int source = RATE_CFETS; source < RATE_SOURCE_COUNT; source++) {
		assert_int_equal(rate_source_find(text_of(rate_source_name((uint8_t)source))), source);
	}
	assert_string_equal(rate_source_name(RATE_BANK_BUY), "bank-buy");
	assert_int_equal(rate_source_find(TEXT("none")), RATE_SOURCE_NONE);
	assert_int_equal(rate_source_find(TEXT("")), RATE_SOURCE_NONE);
	struct rate rate = lab_rate(RATE_CFETS, "2026-08-18", 100, "JPY", "4.8120", "CNY");
	assert_int_equal(rate_format(&rate, text), 20);
	assert_string_equal(text, "100 JPY = 4.8120 CNY");
	rate.value = decimal_of(INT64_MAX, DECIMAL_SCALE_MAX);
	rate.per = RATE_PER_MAX;
	rate_format(&rate, text);
	assert_string_equal(text, "10000 JPY = 9.223372036854775807 CNY");
}

static void test_compare(void **state)
{
	(void)state;
	struct rate hundred = lab_rate(RATE_CFETS, "2026-09-30", 100, "JPY", "4", "CNY");
	struct rate one = lab_rate(RATE_ECB, "2026-09-30", 1, "JPY", "0.040", "CNY");
	struct rate turned = lab_rate(RATE_ECB, "2026-09-30", 1, "CNY", "25", "JPY");
	struct rate dearer = lab_rate(RATE_ECB, "2026-09-30", 1, "CNY", "24.999999", "JPY");
	assert_true(rate_same_pair(&hundred, &turned));
	assert_int_equal(rate_compare(&hundred, &one), 0);
	assert_int_equal(rate_compare(&hundred, &turned), 0);
	assert_int_equal(rate_compare(&turned, &hundred), 0);
	assert_int_equal(rate_compare(&hundred, &dearer), -1); /* JPY costs more CNY there */
	assert_int_equal(rate_compare(&dearer, &hundred), -1); /* and CNY less JPY */
	struct rate largest = lab_rate(RATE_ECB, "2026-09-30", 1, "CNY", "9223372036854775807", "JPY");
	struct rate smallest = lab_rate(RATE_ECB, "2026-09-30", 10000, "JPY", "0.000000000000000001", "CNY");
	assert_int_equal(rate_compare(&largest, &largest), 0);
	assert_int_equal(rate_compare(&smallest, &smallest), 0);
	assert_int_equal(rate_compare(&largest, &smallest), -1);
	assert_int_equal(rate_compare(&smallest, &largest), -1);
}

/* amount at the rate of that day and source. */
static struct zf_money at(
	enum rate_source source, const char *day, const char *amount, const char *from, const char *to)
{
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct rate_query query = lab_query(source, day, from, to);
	struct rate_path path;
	struct rate_gap gap;
	struct rate_conversion conversion;
	assert_true(rate_table_valid(&table));
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	assert_int_equal(rate_convert(lab_money(amount, from), &path, DECIMAL_HALF_AWAY, &conversion), 0);
	assert_int_equal(conversion.path.steps[0].rate.source, source);
	return conversion.to;
}

#define PARITY(day, amount, from, to, wanted) lab_is(at(RATE_CFETS, day, amount, from, to), wanted, to)

static void test_scenarios_1_2(void **state)
{
	(void)state;
	PARITY("2026-09-08", "50.00", "USD", "CNY", "356.00");      /* S1: what is left of the deductible */
	PARITY("2026-09-08", "25.00", "USD", "CNY", "178.00");      /* its cap per visit */
	PARITY("2026-09-23", "12000.00", "USD", "CNY", "85200.00"); /* S2: the guarantee */
	PARITY("2026-09-23", "1000.00", "USD", "CNY", "7100.00");
	PARITY("2026-09-23", "17000.00", "USD", "CNY", "120700.00");
	PARITY("2026-09-23", "102900.00", "CNY", "USD", "14492.96");
	PARITY("2026-08-18", "123456", "JPY", "CNY", "5940.70");
	PARITY("2026-11-05", "4740.00", "CNY", "JPY", "100000");
}

static struct zf_money minus(struct zf_money a, struct zf_money b)
{
	struct zf_money ret;
	assert_int_equal(money_subtract(a, b, &ret), 0);
	return ret;
}

static void test_scenario_3(void **state)
{
	(void)state;
	struct zf_money owed = lab_money("102900.00", "CNY");
	/* B: at the parity of the payment order. C: on the invoice's day, a holiday. */
	PARITY("2026-10-28", "102900.00", "CNY", "USD", "14542.11");
	PARITY("2026-10-06", "102900.00", "CNY", "USD", "14503.17");
	PARITY("2026-10-08", "102900.00", "CNY", "USD", "14517.49"); /* what it must not be */
	PARITY("2026-10-06", "14503.17", "USD", "CNY", "102899.99"); /* nor the receivable this */
	struct zf_money fee = at(RATE_CFETS, "2026-10-30", "25.00", "USD", "CNY");
	lab_is(fee, "176.75", "CNY");
	struct zf_money bank_b = at(RATE_CFETS, "2026-10-30", "14517.11", "USD", "CNY");
	struct zf_money bank_c = at(RATE_CFETS, "2026-10-30", "14478.17", "USD", "CNY");
	lab_is(bank_b, "102635.97", "CNY");
	lab_is(bank_c, "102360.66", "CNY");
	lab_is(minus(minus(owed, bank_b), fee), "87.28", "CNY");
	lab_is(minus(minus(owed, bank_c), fee), "362.59", "CNY");
	/* Saturday takes Friday's. */
	struct zf_money open_c = at(RATE_CFETS, "2026-10-31", "14503.17", "USD", "CNY");
	lab_is(open_c, "102537.41", "CNY");
	lab_is(minus(open_c, owed), "-362.59", "CNY");
	lab_is(at(RATE_CFETS, "2026-10-31", "14478.17", "USD", "CNY"), "102360.66", "CNY");
	/* Sold at the bank's buying rate, per 100. */
	struct zf_money sold_b = at(RATE_BANK_BUY, "2026-11-03", "14517.11", "USD", "CNY");
	struct zf_money sold_c = at(RATE_BANK_BUY, "2026-11-03", "14478.17", "USD", "CNY");
	lab_is(sold_b, "102374.66", "CNY");
	lab_is(sold_c, "102100.05", "CNY");
	lab_is(minus(bank_b, sold_b), "261.31", "CNY");
	lab_is(minus(bank_c, sold_c), "260.61", "CNY");
}

static void test_scenario_5(void **state)
{
	(void)state;
	PARITY("2026-11-27", "2300.00", "USD", "CNY", "16341.50");
	PARITY("2026-11-30", "14200.00", "USD", "CNY", "100678.00");
	PARITY("2026-11-30", "3050.00", "USD", "CNY", "21624.50");
	PARITY("2026-11-30", "5600.00", "EUR", "CNY", "46536.00");
	PARITY("2026-11-30", "2315.00", "USD", "CNY", "16413.35");
	PARITY("2026-11-30", "2325.00", "USD", "CNY", "16484.25");
	PARITY("2026-11-30", "61230.45", "USD", "CNY", "434123.89");
	PARITY("2026-11-30", "2300.00", "USD", "CNY", "16307.00");
	PARITY("2026-11-27", "15.00", "USD", "CNY", "106.58");
	PARITY("2026-12-08", "3050.00", "USD", "CNY", "21658.05");
	PARITY("2026-09-08", "2315.00", "USD", "CNY", "16482.80");
	PARITY("2026-11-30", "-2300.00", "USD", "CNY", "-16307.00"); /* a liability */
}

static void test_record(void **state)
{
	(void)state;
	struct rate rate = lab_rate(RATE_CFETS, "2026-09-25", 100, "JPY", "4.7920", "CNY");
	struct rate_conversion got;
	assert_int_equal(rate_convert_at(lab_money("100000", "JPY"), &rate, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.from, "100000", "JPY");
	lab_is(got.to, "4792.00", "CNY");
	assert_int_equal(got.path.count, 1);
	assert_int_equal(got.path.steps[0].direction, MONEY_TARGET_PER_SOURCE);
	assert_memory_equal(&got.path.steps[0].rate, &rate, sizeof(rate));
	assert_int_equal(got.rule, DECIMAL_HALF_AWAY);
	assert_int_equal(rate_convert_at(lab_money("4792.00", "CNY"), &rate, DECIMAL_DOWN, &got), 0);
	lab_is(got.to, "100000", "JPY");
	assert_int_equal(got.path.steps[0].direction, MONEY_SOURCE_PER_TARGET);
	assert_int_equal(got.rule, DECIMAL_DOWN);
	/* 1.5 JPY is 2 by one rule and 1 by another; three decimals of BHD. */
	struct rate half = lab_rate(RATE_ECB, "2026-09-25", 1, "BHD", "1500", "JPY");
	assert_int_equal(rate_convert_at(lab_money("0.001", "BHD"), &half, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.to, "2", "JPY");
	assert_int_equal(rate_convert_at(lab_money("-0.001", "BHD"), &half, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.to, "-2", "JPY");
	assert_int_equal(rate_convert_at(lab_money("0.001", "BHD"), &half, DECIMAL_DOWN, &got), 0);
	lab_is(got.to, "1", "JPY");
	assert_int_equal(rate_convert_at(lab_money("1", "JPY"), &half, DECIMAL_UP, &got), 0);
	lab_is(got.to, "0.001", "BHD");
}

static void test_refusals(void **state)
{
	(void)state;
	struct rate rate = lab_rate(RATE_CFETS, "2026-09-25", 1, "USD", "7.1", "CNY"), bad = rate;
	struct rate_conversion got = {.rule = 99};
	struct rate_path path;
	assert_int_equal(rate_convert_at(lab_money("1", "EUR"), &rate, DECIMAL_HALF_AWAY, &got), LIB_INVALID);
	assert_int_equal(rate_convert_at((struct zf_money){0}, &rate, DECIMAL_HALF_AWAY, &got), LIB_INVALID);
	bad.value.unscaled = 0;
	assert_int_equal(rate_convert_at(lab_money("1", "USD"), &bad, DECIMAL_HALF_AWAY, &got), LIB_INVALID);
	struct zf_money most = lab_money("1", "USD");
	most.minor = INT64_MAX;
	assert_int_equal(rate_convert_at(most, &rate, DECIMAL_HALF_AWAY, &got), LIB_LIMIT);
	most.minor = INT64_MIN;
	assert_int_equal(rate_convert_at(most, &rate, DECIMAL_HALF_AWAY, &got), LIB_LIMIT);
	assert_int_equal(got.rule, 99); /* untouched */
	assert_int_equal(rate_path_init(&path, TEXT("XAU")), LIB_INVALID);
	assert_int_equal(rate_path_init(&path, TEXT("USD")), 0);
	assert_int_equal(rate_path_add(&path, &rate), 0);
	assert_int_equal(rate_convert(lab_money("1", "CNY"), &path, DECIMAL_HALF_AWAY, &got), LIB_INVALID);
	bad = lab_rate(RATE_CFETS, "2026-09-25", 1, "EUR", "8.1", "USD");
	assert_int_equal(rate_path_add(&path, &bad), LIB_INVALID); /* the path is at CNY */
	assert_int_equal(rate_path_add(&path, &rate), 0);          /* there and back */
	assert_int_equal(rate_path_add(&path, &rate), LIB_LIMIT);
	assert_int_equal(rate_convert(lab_money("1.23", "USD"), &path, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.to, "1.23", "USD"); /* nothing was rounded on the way */
}

/* The widest numbers that there are, both ways. */
static void test_widest(void **state)
{
	(void)state;
	struct rate_conversion got;
	struct rate_path path;
	struct rate large = lab_rate(RATE_ECB, "2026-09-25", 1, "JPY", "9223372036854775807", "CLF");
	struct rate small = lab_rate(RATE_ECB, "2026-09-25", 10000, "JPY", "9.223372036854775807", "CLF");
	struct zf_money most = lab_money("1", "JPY");
	most.minor = INT64_MIN;
	assert_int_equal(rate_path_init(&path, TEXT("JPY")), 0);
	assert_int_equal(rate_path_add(&path, &large), 0);
	assert_int_equal(rate_path_add(&path, &large), 0);
	assert_int_equal(rate_convert(most, &path, DECIMAL_HALF_EVEN, &got), 0);
	assert_true(got.to.minor == INT64_MIN);
	assert_int_equal(rate_path_init(&path, TEXT("JPY")), 0);
	assert_int_equal(rate_path_add(&path, &small), 0);
	assert_int_equal(rate_path_add(&path, &small), 0);
	assert_int_equal(rate_convert(most, &path, DECIMAL_UP, &got), 0);
	assert_true(got.to.minor == INT64_MIN);
	assert_int_equal(rate_path_init(&path, TEXT("JPY")), 0);
	assert_int_equal(rate_path_add(&path, &large), 0);
	assert_int_equal(rate_path_add(&path, &small), 0); /* 2^63 × 2^63 × 10^22 */
	assert_int_equal(rate_convert(most, &path, DECIMAL_UP, &got), LIB_LIMIT);
}

static void finds(const struct rate_table *table, const char *day, const char *wanted_day)
{
	struct rate_query query = lab_query(RATE_CFETS, day, "USD", "CNY");
	const struct rate *rate = NULL;
	struct rate_gap gap = {.day = 0};
	int rc = rate_find(table, &query, &rate, &gap);
	if (wanted_day == NULL) {
		assert_int_equal(rc, LIB_NOTFOUND);
		assert_int_equal(gap.day, lab_day(day));
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(rate->day, lab_day(wanted_day));
	}
}

static void test_holidays(void **state)
{
	(void)state;
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	char day[] = "2026-10-01";
	finds(&table, "2026-09-30", "2026-09-30");
	for (; day[9] <= '7'; day[9]++) finds(&table, day, "2026-09-30");
	finds(&table, "2026-10-08", "2026-10-08");
	finds(&table, "2026-10-18", "2026-10-08"); /* ten days */
	finds(&table, "2026-10-19", NULL);
	finds(&table, "2026-09-07", NULL); /* before the first */
	finds(&table, "2026-10-31", "2026-10-30");
	finds(&table, "2026-12-08", "2026-12-08");
	finds(&table, "2026-12-19", NULL);
	/* Another reach, another source. */
	struct rate_query query = lab_query(RATE_CFETS, "2026-10-06", "CNY", "USD");
	const struct rate *rate = NULL;
	struct rate_gap gap;
	query.reach_days = 5;
	assert_int_equal(rate_find(&table, &query, &rate, &gap), LIB_NOTFOUND);
	query.reach_days = 6;
	assert_int_equal(rate_find(&table, &query, &rate, &gap), 0);
	query.source = RATE_ECB;
	assert_int_equal(rate_find(&table, &query, &rate, &gap), LIB_NOTFOUND);
	assert_false(gap.known);
	query.source = RATE_CFETS;
	query.bank = 7;
	assert_int_equal(rate_find(&table, &query, &rate, &gap), LIB_NOTFOUND);
	query.source = RATE_SOURCE_NONE;
	assert_int_equal(rate_find(&table, &query, &rate, &gap), LIB_INVALID);
	query.source = RATE_CFETS;
	memcpy(query.from, "USD", 4);
	assert_int_equal(rate_find(&table, &query, &rate, &gap), LIB_INVALID); /* USD in USD */
}

static void test_gap_in_words(void **state)
{
	(void)state;
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates), empty = {0};
	struct rate_query query = lab_query(RATE_CFETS, "2026-10-20", "CNY", "USD");
	struct rate_path path;
	struct rate_gap gap;
	struct fault_list faults;
	LIB_ARENA(arena);
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(rate_route(&table, &query, &path, &gap), LIB_NOTFOUND);
	rate_gap_fault(&faults, "claim", &gap);
	assert_string_equal(fault_text_en(&arena.zf, &faults.items[0]),
		"There is no rate of USD/CNY (cfets) for 2026-10-20 (2026-10-08); the last one, in brackets, is too old. "
		"Load the day's rate, or enter it by hand.");
	assert_non_null(strstr(fault_text_zh(&arena.zf, &faults.items[0]), "USD/CNY (cfets)"));
	assert_int_equal(rate_route(&empty, &query, &path, &gap), LIB_NOTFOUND);
	rate_gap_fault(&faults, "claim", &gap);
	assert_int_equal(faults.items[1].code, FAULT_RATE_NEVER);
	assert_non_null(strstr(fault_text_en(&arena.zf, &faults.items[1]), "CNY/USD (cfets) for 2026-10-20, nor"));
}

static void test_cross(void **state)
{
	(void)state;
	struct rate rates[LAB_RATES + 2];
	struct rate_table table = lab_fixture(rates);
	rates[table.count++] = lab_rate(RATE_ECB, "2026-11-30", 1, "EUR", "1.1721", "USD");
	rates[table.count++] = lab_rate(RATE_ECB, "2026-11-27", 1, "EUR", "8.3099", "CNY");
	rate_sort(rates, table.count);
	assert_true(rate_table_valid(&table));
	struct rate_query query = lab_query(RATE_ECB, "2026-11-30", "USD", "CNY");
	struct rate_path path;
	struct rate_gap gap;
	struct rate_conversion got;
	assert_int_equal(rate_route(&table, &query, &path, &gap), LIB_NOTFOUND); /* the ECB has no such pair */
	memcpy(query.pivot, "EUR", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	assert_int_equal(path.count, 2);
	assert_int_equal(path.steps[0].direction, MONEY_SOURCE_PER_TARGET);
	assert_int_equal(path.steps[1].direction, MONEY_TARGET_PER_SOURCE);
	assert_int_equal(path.steps[1].rate.day, lab_day("2026-11-27")); /* each step's own day is kept */
	assert_int_equal(rate_convert(lab_money("1000.00", "USD"), &path, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.to, "7089.75", "CNY"); /* 1000 × 8.3099 / 1.1721 = 7089.7534; by way of 853.17 EUR 7089.76 */
	/* One of the two is the pivot: one step. */
	query = lab_query(RATE_CFETS, "2026-11-30", "USD", "CNY");
	memcpy(query.pivot, "CNY", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	assert_int_equal(path.count, 1);
	query = lab_query(RATE_CFETS, "2026-11-30", "CNY", "USD");
	memcpy(query.pivot, "CNY", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	assert_int_equal(path.count, 1);
	/* The gap names the step that lacks a rate. */
	query = lab_query(RATE_CFETS, "2026-11-30", "USD", "JPY");
	memcpy(query.pivot, "CNY", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), LIB_NOTFOUND);
	assert_string_equal(gap.base, "JPY");
	assert_true(gap.known);
	assert_int_equal(gap.last_day, lab_day("2026-11-05"));
	/* A currency in itself needs none. */
	query = lab_query(RATE_CFETS, "2020-01-01", "USD", "USD");
	memcpy(query.pivot, "CNY", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	assert_int_equal(path.count, 0);
	assert_int_equal(rate_convert(lab_money("1.23", "USD"), &path, DECIMAL_HALF_AWAY, &got), 0);
	lab_is(got.to, "1.23", "USD");
	memcpy(query.to, "CNY", 4);
	memcpy(query.pivot, "QQQ", 4);
	assert_int_equal(rate_route(&table, &query, &path, &gap), LIB_INVALID);
}

static void test_table_valid(void **state)
{
	(void)state;
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct rate swap = rates[3];
	assert_true(rate_table_valid(&table));
	rates[3] = rates[4];
	rates[4] = swap;
	assert_false(rate_table_valid(&table));
	rates[3] = rates[4]; /* the same place twice */
	assert_false(rate_table_valid(&table));
}

/* Not by the order that is under test. */
static bool same_place(const struct rate *a, const struct rate *b, int32_t day)
{
	return rate_same_pair(a, b) && a->source == b->source && a->bank == b->bank && a->day == day;
}

/* Random tables in which pairs are quoted both ways: what is found is what a look at every rate finds. */
static void test_find_brute(void **state)
{
	(void)state;
	static const char codes[][4] = {"CNY", "EUR", "JPY", "USD"};
	uint64_t random = 7;
	for (int round = 0; round < 400; round++) {
		struct rate rates[60];
		size_t n = 0;
		for (int i = 0; i < 60; i++) {
			unsigned base = lib_random(&random) % 4, quote = (base + 1 + lib_random(&random) % 3) % 4;
			struct rate rate = {.per = 1,
				.value = decimal_of((int64_t)(lib_random(&random) % 1000) + 1, 2),
				.day = (int32_t)(lib_random(&random) % 30),
				.source = (uint8_t)(RATE_CFETS + lib_random(&random) % 2),
				.bank = lib_random(&random) % 4 == 0};
			memcpy(rate.base, codes[base], 4);
			memcpy(rate.quote, codes[quote], 4);
			bool twice = false;
			for (size_t k = 0; k < n; k++) twice = twice || same_place(&rates[k], &rate, rate.day);
			if (!twice) rates[n++] = rate;
		}
		rate_sort(rates, n);
		struct rate_table table = {rates, n};
		assert_true(rate_table_valid(&table));
		for (int i = 0; i < 100; i++) {
			unsigned from = lib_random(&random) % 4, to = (from + 1 + lib_random(&random) % 3) % 4;
			struct rate_query query = {.source = (uint8_t)(RATE_CFETS + lib_random(&random) % 2),
				.bank = lib_random(&random) % 4 == 0,
				.day = (int32_t)(lib_random(&random) % 40),
				.reach_days = (uint16_t)(lib_random(&random) % 12)};
			memcpy(query.from, codes[from], 4);
			memcpy(query.to, codes[to], 4);
			struct rate wanted = {.source = query.source, .bank = query.bank};
			memcpy(wanted.base, query.from, 4);
			memcpy(wanted.quote, query.to, 4);
			const struct rate *last = NULL, *next = NULL, *before = NULL, *got = NULL;
			for (size_t k = 0; k < n; k++) {
				if (!same_place(&rates[k], &wanted, rates[k].day)) continue;
				if (rates[k].day <= query.day && (last == NULL || rates[k].day > last->day))
					last = &rates[k];
				if (rates[k].day < query.day && (before == NULL || rates[k].day > before->day))
					before = &rates[k];
				if (rates[k].day > query.day && (next == NULL || rates[k].day < next->day))
					next = &rates[k];
			}
			struct rate_gap gap = {.known = false};
			int rc = rate_find(&table, &query, &got, &gap);
			bool in_reach = last != NULL && query.day - last->day <= query.reach_days;
			assert_int_equal(rc, in_reach ? 0 : LIB_NOTFOUND);
			if (in_reach) assert_ptr_equal(got, last);
			if (!in_reach) assert_int_equal(gap.known, last != NULL);
			if (!in_reach && last != NULL) assert_int_equal(gap.last_day, last->day);
			assert_ptr_equal(rate_neighbour(&table, &query, false), before);
			assert_ptr_equal(rate_neighbour(&table, &query, true), next);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_four_eyes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_scenarios_1_2),
		cmocka_unit_test(test_scenario_3),
		cmocka_unit_test(test_scenario_5),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_widest),
		cmocka_unit_test(test_holidays),
		cmocka_unit_test(test_gap_in_words),
		cmocka_unit_test(test_cross),
		cmocka_unit_test(test_table_valid),
		cmocka_unit_test(test_find_brute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
