/* Exact decimals. The oracle multiplies and rounds digit by digit on strings, as one does on paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/decimal.h"
#include "lib_arena.h"

__extension__ typedef __int128 int128;

static void parses(const char *text, int64_t unscaled, unsigned scale, const char *printed)
{
	struct zf_decimal value;
	char out[DECIMAL_TEXT_SIZE];
	int error = decimal_parse(text_of(text), &value);
	if (error != 0) fail_msg("%s: error %d", text, error);
	assert_int_equal(value.unscaled, unscaled);
	assert_int_equal(value.scale, scale);
	assert_true(value.present);
	assert_int_equal(decimal_format(value, out), strlen(printed));
	assert_string_equal(out, printed);
}

static void refuses(const char *text, int error)
{
	struct zf_decimal value = {.unscaled = 77, .scale = 7};
	int got = decimal_parse(text_of(text), &value);
	if (got != error) fail_msg("%s: %d", text, got);
	assert_int_equal(value.unscaled, 77);
}

static void test_parse(void **state)
{
	(void)state;
	parses("0", 0, 0, "0");
	parses("-0", 0, 0, "0");
	parses("0.00", 0, 2, "0.00");
	parses("1.50", 150, 2, "1.50");
	parses("-0.05", -5, 2, "-0.05");
	parses("68997.32", 6899732, 2, "68997.32");
	parses("1.5e1", 15, 0, "15");
	parses("1.50e1", 150, 1, "15.0");
	parses("2e3", 2000, 0, "2000");
	parses("2E-3", 2, 3, "0.002");
	parses("2e+0", 2, 0, "2");
	parses("0e400", 0, 0, "0");
	parses("1e18", 1000000000000000000, 0, "1000000000000000000");
	parses("1e-18", 1, 18, "0.000000000000000001");
	parses("9223372036854775807", INT64_MAX, 0, "9223372036854775807");
	parses("-9223372036854775808", INT64_MIN, 0, "-9223372036854775808");
	parses("-9.223372036854775808", INT64_MIN, 18, "-9.223372036854775808");
	parses("922337203685477580.7e1", INT64_MAX, 0, "9223372036854775807");
	static const char *const bad[] = {"", "-", "+1", "01", "00", "-01", "1.", ".1", "1e", "1e+", "e1", "1 ", " 1",
		"1,5", "0x1", "1.2.3", "--1", "NaN", "1e1.5", "\xEF\xBC\x91"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) refuses(bad[i], LIB_INVALID);
	static const char *const large[] = {"9223372036854775808", "-9223372036854775809", "1e19", "1e-19",
		"1e999999999999999", "1e-999999999999999", "0e-19", "0.1234567890123456789", "100.000000000000000000",
		"99999999999999999999999"};
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) refuses(large[i], LIB_LIMIT);
}

static void test_compare(void **state)
{
	(void)state;
	assert_int_equal(decimal_compare(decimal_of(10, 1), decimal_of(100, 2)), 0);
	assert_int_equal(decimal_compare(decimal_of(INT64_MAX, 0), decimal_of(INT64_MAX, 18)), 1);
	assert_int_equal(decimal_compare(decimal_of(INT64_MIN, 0), decimal_of(INT64_MIN, 18)), -1);
	assert_int_equal(decimal_compare(decimal_of(0, 0), decimal_of(0, 18)), 0);
	struct zf_decimal trimmed = decimal_trim(decimal_of(-1500, 3));
	assert_int_equal(trimmed.unscaled, -15);
	assert_int_equal(trimmed.scale, 1);
	assert_int_equal(decimal_trim(decimal_of(200, 0)).unscaled, 200);

	/* Against 128 bits. */
	uint64_t random = 12345;
	for (int i = 0; i < 200000; i++) {
		int shift = (int)(lib_random(&random) % 60);
		struct zf_decimal a = decimal_of((int64_t)lib_random(&random) >> shift, lib_random(&random) % 13);
		struct zf_decimal b = decimal_of((int64_t)lib_random(&random) >> shift, lib_random(&random) % 13);
		uint8_t scale = a.scale > b.scale ? a.scale : b.scale;
		int128 wide_a = a.unscaled, wide_b = b.unscaled;
		for (int k = a.scale; k < scale; k++) wide_a *= 10;
		for (int k = b.scale; k < scale; k++) wide_b *= 10;
		assert_int_equal(decimal_compare(a, b), (wide_a > wide_b) - (wide_a < wide_b));
	}
}

/* ---- the paper oracle: digits, lowest first ---- */

struct paper {
	unsigned char digit[128];
};

static struct paper paper_of(int64_t value)
{
	struct paper paper = {{0}};
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	for (int i = 0; rest > 0; i++, rest /= 10) paper.digit[i] = (unsigned char)(rest % 10);
	return paper;
}

static struct paper paper_multiply(const struct paper *a, const struct paper *b)
{
	unsigned column[128] = {0};
	struct paper out = {{0}};
	for (int i = 0; i < 64; i++) {
		for (int j = 0; j < 64; j++) column[i + j] += (unsigned)a->digit[i] * b->digit[j];
	}
	for (int i = 0; i < 127; i++) {
		column[i + 1] += column[i] / 10;
		out.digit[i] = (unsigned char)(column[i] % 10);
	}
	return out;
}

/* Drops `drop` digits by the rule; false when the result is beyond int64. */
static bool paper_round(const struct paper *paper, unsigned drop, bool negative, enum decimal_rule rule, int64_t *ret)
{
	bool rest_below = false;
	unsigned first = drop == 0 ? 0 : paper->digit[drop - 1];
	for (unsigned i = 0; i + 1 < drop; i++) rest_below = rest_below || paper->digit[i] != 0;
	unsigned __int128 value = 0;
	for (int i = 127; i >= (int)drop; i--) {
		value = value * 10 + paper->digit[i];
		if (value > (unsigned __int128)1 << 64) return false;
	}
	bool up = false;
	if (rule == DECIMAL_HALF_AWAY) up = first >= 5;
	if (rule == DECIMAL_HALF_EVEN) up = first > 5 || (first == 5 && (rest_below || value % 2 == 1));
	if (rule == DECIMAL_UP) up = first > 0 || rest_below;
	value += up;
	int128 result = negative ? -(int128)value : (int128)value;
	if (result < INT64_MIN || result > INT64_MAX) return false;
	*ret = (int64_t)result;
	return true;
}

static int64_t random_int64(uint64_t *random)
{
	static const int64_t special[] = {0, 1, -1, 5, -5, 10, INT64_MAX, INT64_MIN, 250000, 15};
	if (lib_random(random) % 8 == 0) return special[lib_random(random) % 10];
	return (int64_t)lib_random(random) >> (lib_random(random) % 63);
}

static void test_multiply_round(void **state)
{
	(void)state;
	uint64_t random = 4711;
	int rounded = 0;
	for (int i = 0; i < 60000; i++) {
		struct zf_decimal factors[3];
		struct paper paper = paper_of(1);
		size_t n = 1 + lib_random(&random) % 3;
		unsigned scale = 0;
		bool negative = false;
		for (size_t k = 0; k < n; k++) {
			factors[k] = decimal_of(random_int64(&random), lib_random(&random) % 19);
			struct paper factor = paper_of(factors[k].unscaled);
			paper = paper_multiply(&paper, &factor);
			scale += factors[k].scale;
			negative = negative != (factors[k].unscaled < 0);
		}
		struct decimal_product product;
		assert_int_equal(decimal_multiply(factors, n, &product), 0);
		uint8_t to = lib_random(&random) % 19;
		enum decimal_rule rule = (enum decimal_rule)(lib_random(&random) % 4);
		struct zf_decimal got;
		int64_t wanted = 0;
		if (to > scale) {
			/* Widening: move the digits up. */
			struct paper moved = {{0}};
			memcpy(moved.digit + (to - scale), paper.digit, sizeof(moved.digit) - (to - scale));
			paper = moved;
		}
		bool fits = paper_round(&paper, to < scale ? scale - to : 0, negative, rule, &wanted);
		assert_int_equal(decimal_product_round(&product, to, rule, &got), fits ? 0 : LIB_LIMIT);
		if (fits) {
			assert_true(got.unscaled == wanted);
			assert_int_equal(got.scale, to);
			rounded++;
		}
	}
	assert_true(rounded > 10000);
	struct decimal_product product;
	assert_int_equal(decimal_multiply(&(struct zf_decimal){0}, 1, &product), LIB_INVALID);
}

static void rounds(int64_t unscaled, uint8_t scale, uint8_t to, enum decimal_rule rule, int64_t wanted)
{
	struct zf_decimal got;
	assert_int_equal(decimal_round(decimal_of(unscaled, scale), to, rule, &got), 0);
	assert_int_equal(got.unscaled, wanted);
	assert_int_equal(got.scale, to);
}

static void test_round(void **state)
{
	(void)state;
	rounds(25, 1, 0, DECIMAL_HALF_AWAY, 3);
	rounds(-25, 1, 0, DECIMAL_HALF_AWAY, -3);
	rounds(24999, 4, 0, DECIMAL_HALF_AWAY, 2);
	rounds(25, 1, 0, DECIMAL_HALF_EVEN, 2);
	rounds(35, 1, 0, DECIMAL_HALF_EVEN, 4);
	rounds(-25, 1, 0, DECIMAL_HALF_EVEN, -2);
	rounds(25001, 4, 0, DECIMAL_HALF_EVEN, 3);
	rounds(21, 1, 0, DECIMAL_UP, 3);
	rounds(-21, 1, 0, DECIMAL_UP, -3);
	rounds(29, 1, 0, DECIMAL_DOWN, 2);
	rounds(-29, 1, 0, DECIMAL_DOWN, -2);
	rounds(5, 0, 2, DECIMAL_UP, 500);
	rounds(1, 18, 0, DECIMAL_UP, 1);
	rounds(1, 18, 0, DECIMAL_HALF_AWAY, 0);
	struct zf_decimal got;
	assert_int_equal(decimal_round(decimal_of(INT64_MAX, 0), 1, DECIMAL_DOWN, &got), LIB_LIMIT);
	assert_int_equal(decimal_round(decimal_of(1, 0), 19, DECIMAL_DOWN, &got), LIB_INVALID);
	assert_int_equal(decimal_round((struct zf_decimal){0}, 1, DECIMAL_DOWN, &got), LIB_INVALID);
}

static bool within(const char *quantity, const char *price, const char *factor, const char *net, uint8_t exponent)
{
	struct zf_decimal factors[3], line;
	struct decimal_product product;
	assert_int_equal(decimal_parse(text_of(quantity), &factors[0]), 0);
	assert_int_equal(decimal_parse(text_of(price), &factors[1]), 0);
	assert_int_equal(decimal_parse(text_of(factor), &factors[2]), 0);
	assert_int_equal(decimal_parse(text_of(net), &line), 0);
	assert_int_equal(decimal_multiply(factors, 3, &product), 0);
	return decimal_within_half_unit(&product, line, exponent);
}

static void test_half_unit(void **state)
{
	(void)state;
	assert_true(within("3", "12.3450", "1", "37.04", 2)); /* 37.035: either neighbour is half a cent away */
	assert_true(within("3", "12.3450", "1", "37.03", 2));
	assert_false(within("3", "12.3450", "1", "37.05", 2));
	assert_true(within("3", "12.3450", "1", "37.035", 2));
	assert_false(within("3", "12.3450001", "1", "37.03", 2));
	assert_true(within("-2", "1.00", "0.5", "-1.00", 2));
	assert_false(within("-2", "1.00", "0.5", "1.00", 2));
	assert_true(within("1", "0.001", "1", "-0.004", 2)); /* 0.005 apart over zero */
	assert_false(within("1", "0.001", "1", "-0.0041", 2));
	assert_true(within("1", "999.5", "1", "1000", 0));
	assert_false(within("1", "999.4", "1", "1000", 0));
	assert_true(within("1", "1.2345", "1", "1.235", 3));
	assert_true(within("9223372036854775807", "1", "0.000000000000000001", "9.22", 2));
	assert_false(
		within("9223372036854775807", "9223372036854775807", "9223372036854775807", "9.223372036854775807", 2));
	assert_true(within("0.000000000000000001", "0.000000000000000001", "0.000000000000000001", "0.005", 2));
	assert_false(within("0.000000000000000001", "0.000000000000000001", "0.000000000000000001", "-0.005", 2));
	assert_false(within("0", "9.99", "1", "0.000000000000000001", 18));
	assert_true(within(
		"9.223372036854775807", "1.000000000000000000", "1.000000000000000000", "9.223372036854775807", 4));
	struct decimal_product product;
	struct zf_decimal one = decimal_of(0, 0);
	assert_int_equal(decimal_multiply(&one, 1, &product), 0);
	assert_false(decimal_within_half_unit(&product, (struct zf_decimal){0}, 2)); /* absent is not zero */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_multiply_round),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_half_unit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
