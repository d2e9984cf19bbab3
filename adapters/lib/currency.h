/* ISO 4217: which currency codes exist and how many decimals their minor unit has. */
#ifndef ADAPTERS_LIB_CURRENCY_H
#define ADAPTERS_LIB_CURRENCY_H

#include "lib/text.h"

struct currency {
	char code[4];
	uint16_t number; /* ISO's numeric code */
	int8_t exponent; /* decimals of the minor unit: 0, 2, 3, 4; -1: none defined (gold, SDR, XTS, XXX), so no amount
			  * of money can be in it */
};

/* The entry of a code of exactly three upper-case letters; NULL when ISO 4217 has none. Withdrawn codes are unknown,
 * but for those that were still listed in mid 2024 (ANG, BGN, CUC), which old claims carry. */
const struct currency *currency_find(struct text_span code);
/* The minor unit's decimals of a NUL-terminated code; -1 when unknown or when the code has none (XXX, XAU, ...). */
int currency_exponent(const char *code);
/* May an amount be in it: known and with a minor unit? */
bool currency_is_money(struct text_span code);
/* The table, sorted by code, for listings and tests. */
const struct currency *currency_table(size_t *ret_n);

#endif
