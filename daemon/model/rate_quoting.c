/* Two tables and one look-up. */
#include "model/rate_quoting.h"

#include <string.h>

/* clang-format off */
static const struct rate_quoting cfets[] = {
	{"USD", false, 1}, {"EUR", false, 1}, {"JPY", false, 100}, {"HKD", false, 1}, {"GBP", false, 1},
	{"AUD", false, 1}, {"NZD", false, 1}, {"SGD", false, 1}, {"CHF", false, 1}, {"CAD", false, 1},
	{"KRW", true, 1}, {"THB", true, 1}, {"AED", true, 1}, {"SAR", true, 1}, {"MYR", true, 1},
	{"RUB", true, 1}, {"ZAR", true, 1}, {"HUF", true, 1}, {"PLN", true, 1}, {"DKK", true, 1},
	{"SEK", true, 1}, {"NOK", true, 1}, {"TRY", true, 1}, {"MXN", true, 1}, {"MOP", true, 1},
};
/* clang-format on */
static const struct rate_quoting board[] = {{"", false, 100}};

const struct rate_quoting_table rate_quoting_cfets = {cfets, sizeof(cfets) / sizeof(cfets[0]), "CNY"};
const struct rate_quoting_table rate_quoting_board = {board, 1, "CNY"};

int rate_quoting_apply(const struct rate_quoting_table *table, const char currency[4], struct rate *ret_rate)
{
	if (strcmp(currency, table->home) == 0) return ERR_INVALID;
	for (size_t i = 0; i < table->count; i++) {
		const struct rate_quoting *row = &table->rows[i];
		if (row->currency[0] != '\0' && strcmp(row->currency, currency) != 0) continue;
		memcpy(ret_rate->base, row->inverse ? table->home : currency, sizeof(ret_rate->base));
		memcpy(ret_rate->quote, row->inverse ? currency : table->home, sizeof(ret_rate->quote));
		ret_rate->per = row->per;
		return 0;
	}
	return ERR_NOTFOUND;
}
