/* Price lists of a hospital: what each code of a code system costs, as a CSV file of one currency. Its columns are
 * system, code, price and currency, in any order, and perhaps name; Chinese headings are taken too. A price keeps the
 * decimals it is written with. Pure. Source: issue "every cent explained" section 1. */
#ifndef MODEL_PRICE_LIST_H
#define MODEL_PRICE_LIST_H

#include "base/core.h"
#include "lib/decimal.h"
#include "lib/fault.h"

#define PRICE_FILE_BYTES_MAX (16u << 20)
#define PRICES_MAX 100000 /* of one list */
#define PRICE_DECIMALS_MAX 6
#define PRICE_NAME_MAX 64 /* bytes of a list's name, as prices.list of a contract has it */

struct price {
	struct text_span system, code, name; /* name: empty without one */
	struct zf_decimal value;
	uint32_t line;
};

/* The prices of a file, by system and code. */
struct price_list {
	const struct price *items;
	uint32_t count;
	char currency[4];
};

/* Reads a file in UTF-8. What it makes is in the arena or borrowed from the text. All faults are told at once, their
 * paths "line:heading". ERR_INVALID: there are some, ret untouched; ERR_NOMEM. */
int price_list_read(
	struct text_span text, struct zf_arena *arena, struct fault_list *faults, struct price_list *ret) MUSTUSE;
/* May a list be called so: a line of 1 to PRICE_NAME_MAX bytes that can be read? */
bool price_list_named(const char *name);

/* The heading of what is written, in the order of price_list_columns. */
enum price_column { PRICE_SYSTEM, PRICE_CODE, PRICE_VALUE, PRICE_CURRENCY, PRICE_TITLE, PRICE_COLUMNS };
extern const char *const price_list_columns[PRICE_COLUMNS];

#endif
