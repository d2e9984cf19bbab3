/* Rates as the database has them: the rows of rate_between() and rate_around() in schema/045_money.sql. */
#ifndef SETTLE_RATE_ROWS_H
#define SETTLE_RATE_ROWS_H

#include "base/id.h"
#include "lib/rate_table.h"

struct pg_result;
struct db_params;

#define RATE_ROWS_COLUMNS "rate_id, source::int4, bank, base, quote, per, digits, scale::int4, day, maker, checker"

/* Rates in the order of look-ups, and the row that each came from. */
struct stored_rates {
	struct rate_table table;
	const struct uuid *ids; /* of the table's rates, in its order */
	const int *rows;        /* likewise: which row of the result it is, for its further columns */
};

/* Those of the rows that no bank's board has, and with a bank its own, as rates of bank 1. All is owned by the arena.
 * ERR_NOMEM. */
int rate_rows_read(
	const struct pg_result *rows, const char *bank, struct zf_arena *arena, struct stored_rates *ret_rates) MUSTUSE;
/* The same with several banks, as rates of banks 1, 2 and so on. */
int rate_rows_read_boards(const struct pg_result *rows, const char *const *banks, uint16_t bank_count,
	struct zf_arena *arena, struct stored_rates *ret_rates) MUSTUSE;
/* The price in five columns from `column` on: base, quote, per, digits, scale. */
void rate_rows_price(const struct pg_result *rows, int row, int column, struct rate *rate);
/* What to ask rate_between() for: some currencies, each once, and the days from first to last. */
struct rate_need {
	char (*currencies)[4];
	size_t count, max;
	int32_t first, last;
};

/* Nothing yet; at most max currencies, in the arena. ERR_NOMEM. */
int rate_need_init(struct rate_need *need, struct zf_arena *arena, size_t max) MUSTUSE;
void rate_need_currency(struct rate_need *need, const char *currency);
void rate_need_days(struct rate_need *need, int32_t first, int32_t last);
/* The next three parameters. */
void rate_need_params(const struct rate_need *need, struct db_params *params);

/* The row of a rate of the table. */
const struct uuid *rate_rows_id(const struct stored_rates *rates, const struct rate *rate);

#endif
