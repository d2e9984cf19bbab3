/* 256-bit unsigned arithmetic: as much as exact products of three decimals and currency conversion need. */
#ifndef ADAPTERS_LIB_WIDE_H
#define ADAPTERS_LIB_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* limb[0] is the lowest. */
struct wide {
	uint64_t limb[4];
};

static inline struct wide wide_of(uint64_t value)
{
	return (struct wide){{value, 0, 0, 0}};
}

/* *a *= factor; false (and *a meaningless) when the product does not fit. */
bool wide_multiply(struct wide *a, uint64_t factor);
/* *a *= 10^power; false when it does not fit. */
bool wide_multiply_pow10(struct wide *a, uint32_t power);
/* *a /= divisor (not 0); returns the remainder. */
uint64_t wide_divide(struct wide *a, uint64_t divisor);
/* *a += b; false when it does not fit. */
bool wide_add(struct wide *a, const struct wide *b);
/* *a -= b, where b <= *a (asserted). */
void wide_subtract(struct wide *a, const struct wide *b);
/* -1, 0, 1 */
int wide_compare(const struct wide *a, const struct wide *b);
bool wide_is_zero(const struct wide *a);
/* *a divided by all the divisors (none 0; their product must fit), downwards; the remainder and the product of the
 * divisors in *ret_remainder and *ret_divisor. */
void wide_divide_all(
	struct wide *a, const uint64_t *divisors, size_t n, struct wide *ret_remainder, struct wide *ret_divisor);
/* The signed value; false when it is beyond int64. */
bool wide_to_int64(const struct wide *a, bool negative, int64_t *ret);
/* 10^power for power ≤ 19. */
uint64_t wide_pow10(uint32_t power);

#endif
