/* Exact decimals on int64, with 256 bits in between. */
#include "lib/decimal.h"

#include <assert.h>

/* A power of ten as divisors that fit 64 bits; returns how many (at most 3 for powers up to 57). */
static size_t pow10_divisors(uint32_t power, uint64_t divisors[3])
{
	size_t n = 0;
	while (power > 0) {
		uint32_t step = power > 19 ? 19 : power;
		assert(n < 3);
		divisors[n++] = wide_pow10(step);
		power -= step;
	}
	return n;
}

/* The parts of a number that decimal_parse has found. */
struct number {
	bool negative;
	uint64_t digits; /* all digits without the point */
	bool overflow;   /* they did not fit */
	uint32_t decimals;
	int32_t exponent; /* cut at ±EXPONENT_CUT: beyond it only zero fits, and zero is caught before */
};

#define EXPONENT_CUT 100000

static size_t read_digits(struct text_span text, size_t i, struct number *number)
{
	while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9') {
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');
		if (__builtin_mul_overflow(number->digits, 10, &number->digits) ||
			__builtin_add_overflow(number->digits, digit, &number->digits)) {
			number->overflow = true;
		}
		i++;
	}
	return i;
}

/* The exponent's part from behind the 'e'; returns where it ended, or 0. */
static size_t read_exponent(struct text_span text, size_t i, struct number *number)
{
	bool negative = false;
	if (i < text.len && (text.ptr[i] == '+' || text.ptr[i] == '-')) negative = text.ptr[i++] == '-';
	size_t begin = i;
	int32_t value = 0;
	while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9') {
		if (value < EXPONENT_CUT) value = value * 10 + (text.ptr[i] - '0');
		i++;
	}
	if (i == begin) return 0;
	number->exponent = negative ? -value : value;
	return i;
}

static int read_number(struct text_span text, struct number *number)
{
	size_t i = 0;
	if (text.len > 0 && text.ptr[0] == '-') {
		number->negative = true;
		i++;
	}
	size_t begin = i;
	i = read_digits(text, i, number);
	if (i == begin || (text.ptr[begin] == '0' && i - begin > 1)) return LIB_INVALID;
	if (i < text.len && text.ptr[i] == '.') {
		begin = ++i;
		i = read_digits(text, i, number);
		if (i == begin) return LIB_INVALID;
		number->decimals = i - begin > EXPONENT_CUT ? EXPONENT_CUT : (uint32_t)(i - begin);
	}
	if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
		i = read_exponent(text, i + 1, number);
		if (i == 0) return LIB_INVALID;
	}
	return i == text.len ? 0 : LIB_INVALID;
}

int decimal_parse(struct text_span text, struct zf_decimal *ret)
{
	struct number number = {0};
	int error = read_number(text, &number);
	if (error != 0) return error;
	if (number.overflow) return LIB_LIMIT;

	int32_t scale = (int32_t)number.decimals - number.exponent;
	if (scale > DECIMAL_SCALE_MAX) return LIB_LIMIT;
	struct wide magnitude = wide_of(number.digits);
	if (scale < 0) {
		if (scale < -19 && number.digits != 0) return LIB_LIMIT;
		if (!wide_multiply_pow10(&magnitude, (uint32_t)-scale)) return LIB_LIMIT;
		scale = 0;
	}
	int64_t unscaled;
	if (!wide_to_int64(&magnitude, number.negative, &unscaled)) return LIB_LIMIT;
	*ret = decimal_of(unscaled, (uint8_t)scale);
	return 0;
}

size_t decimal_format(struct zf_decimal value, char ret[DECIMAL_TEXT_SIZE])
{
	assert(value.scale <= DECIMAL_SCALE_MAX);
	char digits[24];
	size_t n = 0;
	uint64_t rest = decimal_magnitude(value.unscaled);
	/* From the last digit on, at least one more than the scale, so that 5 with scale 2 becomes 0.05. */
	while (rest > 0 || n <= value.scale) {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	}
	char *out = ret;
	if (value.unscaled < 0) *out++ = '-';
	while (n > 0) {
		*out++ = digits[--n];
		if (n == value.scale && n > 0) *out++ = '.';
	}
	*out = '\0';
	return (size_t)(out - ret);
}

int decimal_sign(struct zf_decimal value)
{
	assert(value.present);
	return (value.unscaled > 0) - (value.unscaled < 0);
}

/* |value| in units of 10^-scale, scale ≥ value.scale. */
static struct wide magnitude_at(struct zf_decimal value, uint32_t scale)
{
	struct wide magnitude = wide_of(decimal_magnitude(value.unscaled));
	bool fits = wide_multiply_pow10(&magnitude, scale - value.scale);
	assert(fits); /* 63 bits times 10^54 at most */
	return magnitude;
}

int decimal_compare(struct zf_decimal a, struct zf_decimal b)
{
	int sign_a = decimal_sign(a);
	int sign_b = decimal_sign(b);
	if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
	uint32_t scale = a.scale > b.scale ? a.scale : b.scale;
	struct wide wide_a = magnitude_at(a, scale);
	struct wide wide_b = magnitude_at(b, scale);
	return sign_a * wide_compare(&wide_a, &wide_b);
}

void decimal_quotient(struct wide *magnitude, const uint64_t *divisors, size_t n, enum decimal_rule rule)
{
	struct wide remainder, divisor;
	wide_divide_all(magnitude, divisors, n, &remainder, &divisor);
	if (wide_is_zero(&remainder)) return;
	bool fits = wide_multiply(&remainder, 2);
	assert(fits);
	int half = wide_compare(&remainder, &divisor);
	bool up = false;
	switch (rule) {
	case DECIMAL_HALF_AWAY:
		up = half >= 0;
		break;
	case DECIMAL_HALF_EVEN:
		up = half > 0 || (half == 0 && (magnitude->limb[0] & 1) != 0);
		break;
	case DECIMAL_UP:
		up = true;
		break;
	case DECIMAL_DOWN:
		break;
	}
	struct wide one = wide_of(1);
	if (up) fits = wide_add(magnitude, &one);
	assert(fits);
}

int decimal_multiply(const struct zf_decimal *factors, size_t n, struct decimal_product *ret)
{
	assert(n >= 1 && n <= 3);
	struct decimal_product product = {.magnitude = wide_of(1)};
	for (size_t i = 0; i < n; i++) {
		if (!factors[i].present || factors[i].scale > DECIMAL_SCALE_MAX) return LIB_INVALID;
		bool fits = wide_multiply(&product.magnitude, decimal_magnitude(factors[i].unscaled));
		assert(fits); /* 3 × 64 bits */
		product.scale += factors[i].scale;
		product.negative = product.negative != (factors[i].unscaled < 0);
	}
	*ret = product;
	return 0;
}

int decimal_product_round(
	const struct decimal_product *product, uint8_t scale, enum decimal_rule rule, struct zf_decimal *ret)
{
	if (scale > DECIMAL_SCALE_MAX) return LIB_INVALID;
	struct wide magnitude = product->magnitude;
	if (scale >= product->scale) {
		/* 189 bits × 10^18 fits. */
		if (!wide_multiply_pow10(&magnitude, scale - product->scale)) return LIB_LIMIT;
	} else {
		uint64_t divisors[3];
		size_t n = pow10_divisors(product->scale - scale, divisors);
		decimal_quotient(&magnitude, divisors, n, rule);
	}
	int64_t unscaled;
	if (!wide_to_int64(&magnitude, product->negative, &unscaled)) return LIB_LIMIT;
	*ret = decimal_of(unscaled, scale);
	return 0;
}

int decimal_round(struct zf_decimal value, uint8_t scale, enum decimal_rule rule, struct zf_decimal *ret)
{
	struct decimal_product product;
	int error = decimal_multiply(&value, 1, &product);
	if (error != 0) return error;
	return decimal_product_round(&product, scale, rule, ret);
}

struct zf_decimal decimal_trim(struct zf_decimal value)
{
	while (value.scale > 0 && value.unscaled % 10 == 0) {
		value.unscaled /= 10;
		value.scale--;
	}
	return value;
}

bool decimal_within_half_unit(const struct decimal_product *product, struct zf_decimal net, uint8_t exponent)
{
	if (!net.present) return false;
	assert(net.scale <= DECIMAL_SCALE_MAX && exponent <= DECIMAL_SCALE_MAX);
	/* All three in units of 10^-scale, doubled, so that the half is whole. */
	uint32_t scale = product->scale > net.scale ? product->scale : net.scale;
	if (scale < exponent) scale = exponent;
	struct wide a = product->magnitude;
	struct wide b = magnitude_at(net, scale);
	struct wide unit = wide_of(1);
	bool fits = wide_multiply_pow10(&a, scale - product->scale) && wide_multiply(&a, 2) && wide_multiply(&b, 2) &&
		    wide_multiply_pow10(&unit, scale - exponent);
	assert(fits); /* 192 + 60 + 1 bits, 63 + 180 + 1 bits */
	bool same_sign = product->negative == (net.unscaled < 0);
	if (!same_sign) {
		/* The distance is the sum. */
		fits = wide_add(&a, &b);
		assert(fits);
	} else if (wide_compare(&a, &b) >= 0) {
		wide_subtract(&a, &b);
	} else {
		wide_subtract(&b, &a);
		a = b;
	}
	return wide_compare(&a, &unit) <= 0;
}
