/* How a source quotes each currency against its home currency: a table, because the direction differs by currency and
 * a price read the wrong way round is a plausible number. Configurable: a profile may have a table of its own. */
#ifndef MODEL_RATE_QUOTING_H
#define MODEL_RATE_QUOTING_H

#include "base/core.h"
#include "lib/rate.h"

/* One currency's form. */
struct rate_quoting {
	char currency[4]; /* ISO 4217, NUL-terminated; "" in a table's only row: every currency */
	bool inverse; /* false: home units for `per` of the currency; true: units of the currency for `per` of home */
	uint32_t per; /* as in struct rate: 1, 10, 100, 1000 or RATE_PER_MAX */
};

/* A table, with what it is about. */
struct rate_quoting_table {
	const struct rate_quoting *rows; /* borrowed */
	size_t count;
	char home[4]; /* ISO 4217, NUL-terminated: the currency that all others are quoted against */
};

/* The central parity of the People's Bank of China as CFETS publishes it: CNY for 1 (for 100 JPY), or foreign units for
 * 1 CNY. Constant. Source: scenarios, "PBoC/CFETS quoting". */
extern const struct rate_quoting_table rate_quoting_cfets;
/* Boards of banks and newspapers: CNY for 100 units of every currency. Constant. Source: likewise. */
extern const struct rate_quoting_table rate_quoting_board;

/* Turns a published number of that currency into a rate: base, quote and per are set, nothing else. ERR_INVALID: the
 * currency is the home currency; ERR_NOTFOUND: the table has no row for it, and nothing is guessed. */
int rate_quoting_apply(const struct rate_quoting_table *table, const char currency[4], struct rate *ret_rate) MUSTUSE;

#endif
