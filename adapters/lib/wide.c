/* 256-bit unsigned arithmetic in four limbs, schoolbook. */
#include "lib/wide.h"

#include <assert.h>

__extension__ typedef unsigned __int128 uint128;

uint64_t wide_pow10(uint32_t power)
{
	assert(power <= 19);
	uint64_t value = 1;
	while (power-- > 0) value *= 10;
	return value;
}

bool wide_multiply(struct wide *a, uint64_t factor)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < 4; i++) {
		uint128 product = (uint128)a->limb[i] * factor + carry;
		a->limb[i] = (uint64_t)product;
		carry = (uint64_t)(product >> 64);
	}
	return carry == 0;
}

bool wide_multiply_pow10(struct wide *a, uint32_t power)
{
	if (wide_is_zero(a)) return true;
	while (power > 0) {
		uint32_t step = power > 19 ? 19 : power;
		if (!wide_multiply(a, wide_pow10(step))) return false;
		power -= step;
	}
	return true;
}

uint64_t wide_divide(struct wide *a, uint64_t divisor)
{
	assert(divisor != 0);
	uint64_t rest = 0;
	for (size_t i = 4; i-- > 0;) {
		uint128 part = (uint128)rest << 64 | a->limb[i];
		a->limb[i] = (uint64_t)(part / divisor);
		rest = (uint64_t)(part % divisor);
	}
	return rest;
}

bool wide_add(struct wide *a, const struct wide *b)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < 4; i++) {
		uint128 sum = (uint128)a->limb[i] + b->limb[i] + carry;
		a->limb[i] = (uint64_t)sum;
		carry = (uint64_t)(sum >> 64);
	}
	return carry == 0;
}

void wide_subtract(struct wide *a, const struct wide *b)
{
	uint64_t borrow = 0;
	for (size_t i = 0; i < 4; i++) {
		uint128 difference = (uint128)a->limb[i] - b->limb[i] - borrow;
		a->limb[i] = (uint64_t)difference;
		borrow = (uint64_t)(difference >> 64) & 1;
	}
	assert(borrow == 0);
}

int wide_compare(const struct wide *a, const struct wide *b)
{
	for (size_t i = 4; i-- > 0;) {
		if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
	}
	return 0;
}

bool wide_is_zero(const struct wide *a)
{
	return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

void wide_divide_all(
	struct wide *a, const uint64_t *divisors, size_t n, struct wide *ret_remainder, struct wide *ret_divisor)
{
	struct wide divisor = wide_of(1);
	struct wide remainder = wide_of(0);
	for (size_t i = 0; i < n; i++) {
		/* Each step's remainder counts in units of the divisors before it. */
		struct wide part = divisor;
		bool fits = wide_multiply(&part, wide_divide(a, divisors[i])) && wide_add(&remainder, &part) &&
			    wide_multiply(&divisor, divisors[i]);
		assert(fits);
	}
	*ret_remainder = remainder;
	*ret_divisor = divisor;
}

bool wide_to_int64(const struct wide *a, bool negative, int64_t *ret)
{
	if ((a->limb[1] | a->limb[2] | a->limb[3]) != 0) return false;
	if (a->limb[0] <= INT64_MAX) {
		*ret = negative ? -(int64_t)a->limb[0] : (int64_t)a->limb[0];
		return true;
	}
	if (!negative || a->limb[0] != (uint64_t)INT64_MAX + 1) return false;
	*ret = INT64_MIN;
	return true;
}
