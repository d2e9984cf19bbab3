/* Conversion: each rate is a ratio of integers, and only the product of all is rounded. */
#include "lib/rate_convert.h"

#include <assert.h>

int rate_path_init(struct rate_path *path, struct text_span from)
{
	const struct currency *currency = currency_find(from);
	if (currency == NULL || currency->exponent < 0) return LIB_INVALID;
	*path = (struct rate_path){.count = 0};
	memcpy(path->from, currency->code, sizeof(path->from));
	memcpy(path->to, currency->code, sizeof(path->to));
	return 0;
}

int rate_path_add(struct rate_path *path, const struct rate *rate)
{
	if (!rate_valid(rate)) return LIB_INVALID;
	bool forth = strcmp(rate->base, path->to) == 0;
	if (!forth && strcmp(rate->quote, path->to) != 0) return LIB_INVALID;
	if (path->count == RATE_STEPS_MAX) return LIB_LIMIT;
	path->steps[path->count++] = (struct rate_step){
		.rate = *rate,
		.direction = forth ? MONEY_TARGET_PER_SOURCE : MONEY_SOURCE_PER_TARGET,
	};
	memcpy(path->to, forth ? rate->quote : rate->base, sizeof(path->to));
	return 0;
}

int rate_convert(
	struct zf_money amount, const struct rate_path *path, enum decimal_rule rule, struct rate_conversion *ret)
{
	_Static_assert(2 * RATE_STEPS_MAX <= MONEY_RATIOS_MAX, "value and scale, and the units it is for");
	struct money_ratio ratios[2 * RATE_STEPS_MAX];
	struct zf_money to;
	assert(path->count <= RATE_STEPS_MAX);
	if (!amount.present || memcmp(amount.currency, path->from, sizeof(path->from)) != 0) return LIB_INVALID;
	for (size_t i = 0; i < path->count; i++) {
		const struct rate_step *step = &path->steps[i];
		struct money_ratio value = {(uint64_t)step->rate.value.unscaled, wide_pow10(step->rate.value.scale)};
		struct money_ratio per = {1, step->rate.per};
		if (step->direction == MONEY_SOURCE_PER_TARGET) {
			value = (struct money_ratio){value.bottom, value.top};
			per = (struct money_ratio){per.bottom, per.top};
		}
		ratios[2 * i] = value;
		ratios[2 * i + 1] = per;
	}
	int error = money_convert_exact(amount, ratios, (size_t)2 * path->count, text_of(path->to), rule, &to);
	if (error != 0) return error;
	*ret = (struct rate_conversion){.from = amount, .to = to, .path = *path, .rule = (uint8_t)rule};
	return 0;
}

int rate_convert_at(
	struct zf_money amount, const struct rate *rate, enum decimal_rule rule, struct rate_conversion *ret)
{
	struct rate_path path;
	if (!amount.present) return LIB_INVALID;
	int error = rate_path_init(&path, text_of(amount.currency));
	if (error == 0) error = rate_path_add(&path, rate);
	if (error == 0) error = rate_convert(amount, &path, rule, ret);
	return error;
}
