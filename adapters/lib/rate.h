/* Exchange rates: one published price of one currency in another, kept exactly as it was published, so that the books
 * can show the very number that the source printed. No floating point: a rate is value / (10^scale × per). */
#ifndef ADAPTERS_LIB_RATE_H
#define ADAPTERS_LIB_RATE_H

#include "lib/money.h"

/* Where a rate comes from. The numbers are stored: never renumber. */
enum rate_source {
	RATE_SOURCE_NONE = 0, /* of no rate */
	RATE_CFETS = 1,       /* central parity of the People's Bank of China, published by CFETS on working days */
	RATE_ECB = 2,         /* euro reference rates of the European Central Bank */
	RATE_BANK_BUY = 3,    /* a bank's own price at which it buys foreign currency from the hospital */
	RATE_BANK_SELL = 4,   /* likewise, at which it sells */
	RATE_MANUAL = 5,      /* typed in by one person and approved by another */
};
#define RATE_SOURCE_COUNT 6

#define RATE_PER_MAX 10000 /* the largest number of units that a price is quoted for */
#define RATE_TEXT_SIZE 48  /* "10000 USD = 9223372036854775807 CNY", with sign, point and NUL */

/* `per` units of `base` cost `value` units of `quote` on `day`, says `source`. This holds every quoting: CNY for 1 USD
 * is {USD, CNY, per 1}, CNY for 100 JPY {JPY, CNY, per 100}, THB for 1 CNY {CNY, THB, per 1}, the ECB's {EUR, X, per
 * 1}. A zeroed one is no rate. */
struct rate {
	char base[4];            /* ISO 4217, NUL-terminated: the currency that has the price */
	char quote[4];           /* ISO 4217, NUL-terminated, not base: the currency that the price is in */
	struct zf_decimal value; /* present, > 0; decimals as published, scale ≤ DECIMAL_SCALE_MAX */
	uint32_t per;            /* units of base that the value is for: 1, 10, 100, 1000 or RATE_PER_MAX */
	int32_t day;             /* days since 1970-01-01 in the source's own calendar */
	uint8_t source;          /* enum rate_source */
	uint8_t reserved;
	uint16_t bank;       /* the caller's number of the bank whose price it is; 0 for the other sources */
	const char *maker;   /* RATE_MANUAL: who typed it in; NULL for the other sources. Borrowed */
	const char *checker; /* RATE_MANUAL: who approved it, another person; NULL for the other sources. Borrowed */
};

/* Can a price be quoted for so many units? */
bool rate_is_per(uint32_t per);
/* Are these two logins one person? Case of ASCII letters and blanks around them make no second person. NULL and "" are
 * nobody. */
bool rate_same_person(const char *a, const char *b);
/* Does it keep all of the rules above: known currencies that have a minor unit, another base than quote, a positive
 * value, a per that exists, a known source, two persons exactly where it is RATE_MANUAL? */
bool rate_valid(const struct rate *rate);

/* "cfets", "ecb", "bank-buy", "bank-sell", "manual": stable, for files, the API and the database; aborts on another
 * number. */
const char *rate_source_name(uint8_t source);
/* The source of such a name; RATE_SOURCE_NONE when there is none. */
enum rate_source rate_source_find(struct text_span name);

/* "100 JPY = 4.8120 CNY", NUL-terminated, the same in every language; returns the length. */
size_t rate_format(const struct rate *rate, char ret[RATE_TEXT_SIZE]);

/* Are they of the same two currencies, whichever way round? */
bool rate_same_pair(const struct rate *a, const struct rate *b);
/* The two rates' values as integers in the proportion a : b, both read as prices of a's base in a's quote; with
 * `upside_down` a is taken for 1 / a. Of valid rates of the same pair (asserted). Both are below 2^147, so that they
 * can still be multiplied by 64 bits. */
void rate_proportion(
	const struct rate *a, const struct rate *b, bool upside_down, struct wide *ret_a, struct wide *ret_b);
/* By value, exactly and whatever the form: "100 JPY = 4 CNY" equals "1 JPY = 0.040 CNY" and "1 CNY = 25 JPY". -1, 0, 1
 * as prices of a's base; valid and of the same pair (asserted). */
int rate_compare(const struct rate *a, const struct rate *b);

#endif
