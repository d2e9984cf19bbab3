/* What a stated exchange rate means. Banks write source, target and rate in every combination, so the amounts decide:
 * a rate is tried both ways, and the way that gives the amounts to within rounding is the one. */
#include <stdio.h>

#include "lib/money.h"
#include "reader.h"

#define AMOUNTS_MAX 16

/* Is x × rate = y to within rounding? Which of x and y was computed from the other is not known, and the rate itself is
 * rounded, so the difference may be one unit of y, the rate for one unit of x, and half a last digit of the rate for
 * all of x; whichever is the most. Everything is counted in units of 10^-scale and doubled. */
static bool fits(struct zf_money x, struct zf_money y, struct zf_decimal rate)
{
	uint32_t left_scale = (uint32_t)x.exponent + rate.scale;
	uint32_t scale = left_scale > y.exponent ? left_scale : y.exponent;
	struct wide left = wide_of((uint64_t)x.minor), right = wide_of((uint64_t)y.minor);
	struct wide by_y = wide_of(2), by_x = wide_of((uint64_t)rate.unscaled), by_rate = wide_of((uint64_t)x.minor);
	if (!wide_multiply(&left, (uint64_t)rate.unscaled) || !wide_multiply(&left, 2) || !wide_multiply(&right, 2) ||
		!wide_multiply(&by_x, 2) || !wide_multiply_pow10(&left, scale - left_scale) ||
		!wide_multiply_pow10(&right, scale - y.exponent) || !wide_multiply_pow10(&by_y, scale - y.exponent) ||
		!wide_multiply_pow10(&by_x, scale - left_scale) || !wide_multiply_pow10(&by_rate, scale - left_scale)) {
		return false;
	}
	struct wide most = wide_compare(&by_y, &by_x) > 0 ? by_y : by_x;
	if (wide_compare(&by_rate, &most) > 0) most = by_rate;
	bool less = wide_compare(&left, &right) < 0;
	struct wide difference = less ? right : left;
	wide_subtract(&difference, less ? &left : &right);
	return wide_compare(&difference, &most) <= 0;
}

static enum bank_rate try_pair(const struct bank_exchange *exchange, struct zf_money source, struct zf_money target)
{
	bool forth = fits(source, target, exchange->rate), back = fits(target, source, exchange->rate);
	if (forth && back) return BANK_RATE_BOTH;
	if (forth) return BANK_RATE_TARGET_PER_SOURCE;
	return back ? BANK_RATE_SOURCE_PER_TARGET : BANK_RATE_NEITHER;
}

static void warn(struct bank_reader *reader, const struct bank_exchange *exchange, uint32_t line, const char *where)
{
	char rate[DECIMAL_TEXT_SIZE], source[MONEY_TEXT_SIZE], target[MONEY_TEXT_SIZE], pair[80];
	(void)decimal_format(exchange->rate, rate);
	(void)money_format(exchange->source_amount, source);
	(void)money_format(exchange->target_amount, target);
	(void)snprintf(pair, sizeof(pair), "%s %s / %s %s", exchange->source, source, exchange->target, target);
	bank_fault(reader, FAULT_BANK_RATE, line, where, rate, pair);
}

/* All pairs of an amount in the one and an amount in the other currency; the first that fits, else the first. */
static void try_all(struct bank_exchange *exchange, const struct zf_money *amounts, size_t n)
{
	exchange->fit = BANK_RATE_UNPROVED;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(amounts[i].currency, exchange->source) != 0) continue;
		for (size_t k = 0; k < n; k++) {
			if (strcmp(amounts[k].currency, exchange->target) != 0) continue;
			enum bank_rate fit = try_pair(exchange, amounts[i], amounts[k]);
			if (fit == BANK_RATE_NEITHER && exchange->fit != BANK_RATE_UNPROVED) continue;
			exchange->fit = (uint8_t)fit;
			exchange->source_amount = amounts[i];
			exchange->target_amount = amounts[k];
			if (fit != BANK_RATE_NEITHER) return;
		}
	}
}

void bank_exchange_try(struct bank_reader *reader, struct bank_amounts *amounts, const struct zf_money *others,
	size_t n, uint32_t line, const char *where)
{
	struct bank_exchange *exchange = &amounts->exchange;
	struct zf_money all[AMOUNTS_MAX];
	const struct zf_money *own[] = {
		&amounts->instructed, &amounts->transaction, &amounts->counter_value, &amounts->announced};
	size_t count = 0;
	if (exchange->source[0] == '\0' || !exchange->rate.present) return;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i]->present) all[count++] = bank_absolute(*own[i]);
	}
	for (size_t i = 0; i < n && count < AMOUNTS_MAX; i++) {
		if (others[i].present) all[count++] = bank_absolute(others[i]);
	}
	for (size_t i = 0; i < count && exchange->target[0] == '\0'; i++) {
		if (strcmp(all[i].currency, exchange->source) != 0) {
			memcpy(exchange->target, all[i].currency, sizeof(exchange->target));
		}
	}
	if (exchange->rate.unscaled <= 0 || strcmp(exchange->source, exchange->target) == 0) {
		exchange->fit = BANK_RATE_NEITHER;
	} else {
		try_all(exchange, all, count);
	}
	if (exchange->fit == BANK_RATE_NEITHER) warn(reader, exchange, line, where);
}
