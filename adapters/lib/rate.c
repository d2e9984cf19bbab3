/* What a rate is, its words, and how two compare. */
#include "lib/rate.h"

#include <assert.h>
#include <stdio.h>

bool rate_same_person(const char *a, const char *b)
{
	struct text_span one = text_trim(text_of(a)), other = text_trim(text_of(b));
	return one.len > 0 && text_equal_nocase(one, other);
}

bool rate_is_per(uint32_t per)
{
	for (uint32_t power = 1; power <= RATE_PER_MAX; power *= 10) {
		if (per == power) return true;
	}
	return false;
}

static bool is_code(const char code[4])
{
	return memchr(code, '\0', 4) == code + 3 && currency_is_money(text_of(code));
}

static bool is_somebody(const char *person)
{
	return text_trim(text_of(person)).len > 0;
}

bool rate_valid(const struct rate *rate)
{
	if (!is_code(rate->base) || !is_code(rate->quote) || strcmp(rate->base, rate->quote) == 0) return false;
	if (!rate->value.present || rate->value.unscaled <= 0 || rate->value.scale > DECIMAL_SCALE_MAX) return false;
	if (!rate_is_per(rate->per) || rate->source == RATE_SOURCE_NONE || rate->source >= RATE_SOURCE_COUNT)
		return false;
	if (rate->source != RATE_MANUAL) return rate->maker == NULL && rate->checker == NULL;
	return is_somebody(rate->maker) && is_somebody(rate->checker) && !rate_same_person(rate->maker, rate->checker);
}

static const char *const names[RATE_SOURCE_COUNT] = {
	[RATE_SOURCE_NONE] = "none",
	[RATE_CFETS] = "cfets",
	[RATE_ECB] = "ecb",
	[RATE_BANK_BUY] = "bank-buy",
	[RATE_BANK_SELL] = "bank-sell",
	[RATE_MANUAL] = "manual",
};

const char *rate_source_name(uint8_t source)
{
	assert(source > RATE_SOURCE_NONE && source < RATE_SOURCE_COUNT);
	return names[source];
}

enum rate_source rate_source_find(struct text_span name)
{
	for (int source = RATE_SOURCE_NONE + 1; source < RATE_SOURCE_COUNT; source++) {
		if (text_is(name, names[source])) return (enum rate_source)source;
	}
	return RATE_SOURCE_NONE;
}

size_t rate_format(const struct rate *rate, char ret[RATE_TEXT_SIZE])
{
	char value[DECIMAL_TEXT_SIZE];
	decimal_format(rate->value, value);
	int len =
		snprintf(ret, RATE_TEXT_SIZE, "%u %.3s = %s %.3s", (unsigned)rate->per, rate->base, value, rate->quote);
	assert(len > 0 && len < RATE_TEXT_SIZE);
	return (size_t)len;
}

bool rate_same_pair(const struct rate *a, const struct rate *b)
{
	return (strcmp(a->base, b->base) == 0 && strcmp(a->quote, b->quote) == 0) ||
	       (strcmp(a->base, b->quote) == 0 && strcmp(a->quote, b->base) == 0);
}

/* *a *= the number that the rate's value is divided by. */
static bool multiply_divisor(struct wide *a, const struct rate *rate)
{
	return wide_multiply(a, wide_pow10(rate->value.scale)) && wide_multiply(a, rate->per);
}

void rate_proportion(
	const struct rate *a, const struct rate *b, bool upside_down, struct wide *ret_a, struct wide *ret_b)
{
	assert(rate_same_pair(a, b) && a->value.unscaled > 0 && b->value.unscaled > 0);
	/* With a = v / d and b = w / e: a : b = v e : w d. 1 / a turns v and d round; so does b that is quoted the
	 * other way with w and e. */
	bool turned = strcmp(a->base, b->base) != 0;
	bool fits = true;
	*ret_a = upside_down ? wide_of(1) : wide_of((uint64_t)a->value.unscaled);
	*ret_b = upside_down ? wide_of((uint64_t)a->value.unscaled) : wide_of(1);
	fits = fits && multiply_divisor(upside_down ? ret_a : ret_b, a);
	struct wide *with_value = turned ? ret_a : ret_b;
	fits = fits && wide_multiply(with_value, (uint64_t)b->value.unscaled);
	fits = fits && multiply_divisor(turned ? ret_b : ret_a, b);
	assert(fits); /* 63 or 74 bits, twice */
}

int rate_compare(const struct rate *a, const struct rate *b)
{
	struct wide left, right;
	rate_proportion(a, b, false, &left, &right);
	return wide_compare(&left, &right);
}
