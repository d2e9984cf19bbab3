/* Decimals and money from text: nothing crashes, and what was parsed prints as a number of the same value and scale. */
#include <assert.h>

#include "lib/decimal.h"
#include "lib/money.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zf_decimal value, again, rounded;
	struct decimal_product product;
	struct zf_money money;
	char text[DECIMAL_TEXT_SIZE];

	if (decimal_parse((struct text_span){(const char *)data, size}, &value) != 0) return 0;
	assert(value.present && value.scale <= DECIMAL_SCALE_MAX);
	size_t len = decimal_format(value, text);
	int rc = decimal_parse((struct text_span){text, len}, &again);
	assert(rc == 0 && again.unscaled == value.unscaled && again.scale == value.scale);
	assert(decimal_compare(value, decimal_trim(value)) == 0);
	for (uint8_t scale = 0; scale <= DECIMAL_SCALE_MAX; scale++) {
		for (int rule = DECIMAL_HALF_AWAY; rule <= DECIMAL_DOWN; rule++) {
			if (decimal_round(value, scale, (enum decimal_rule)rule, &rounded) == 0)
				assert(rounded.scale == scale);
		}
	}
	struct zf_decimal factors[3] = {value, value, value};
	rc = decimal_multiply(factors, 3, &product);
	assert(rc == 0);
	(void)decimal_within_half_unit(&product, value, 2);
	if (money_from_decimal(value, TEXT("KWD"), &money) == 0) {
		assert(decimal_compare(money_to_decimal(money), value) == 0);
		if (value.unscaled > 0)
			rc = money_convert(money, value, MONEY_SOURCE_PER_TARGET, TEXT("JPY"), DECIMAL_UP, &money);
		assert(rc == 0 || rc == LIB_LIMIT);
	}
	return 0;
}
