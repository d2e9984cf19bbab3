/* Rates from CSV by profile: the central parity, with a column per currency or a row per rate, and banks' boards with
 * buying and selling prices. */
#ifndef MODEL_RATE_CSV_H
#define MODEL_RATE_CSV_H

#include "model/rate_batch.h"
#include "model/rate_quoting.h"

#define RATE_CSV_PRICES_MAX 2
#define RATE_CSV_DECIMALS_DEFAULT 6

enum rate_csv_layout {
	RATE_CSV_WIDE = 0, /* a row per day; the columns beside the day are named after currencies or pairs */
	RATE_CSV_LONG,     /* a row per day and currency */
};

/* A name of the file and what it means. */
struct rate_csv_alias {
	const char *name;
	char currency[4]; /* ISO 4217, NUL-terminated */
};

/* A column with prices, and the source that its rates are from. */
struct rate_csv_price {
	const char *column; /* its name; NULL in RATE_CSV_WIDE, where only the first price's source counts */
	uint8_t source;     /* enum rate_source; with two of them the first buys and the second sells */
};

/* What a file looks like. All text is UTF-8, NUL-terminated, borrowed; names are compared without blanks around them.
 */
struct rate_csv_profile {
	uint8_t layout;              /* enum rate_csv_layout */
	char separator;              /* between fields; 0: ',' */
	char decimal;                /* sign of prices; 0: '.' */
	bool open_end;               /* a last line without an end is taken; else the file counts as cut off */
	uint8_t decimals_max;        /* that say something; 0: RATE_CSV_DECIMALS_DEFAULT */
	uint8_t skip;                /* records before the one with the columns' names */
	const char *day_column;      /* NULL is not allowed */
	const char *day_form;        /* as lib/date.h date_parse_form takes it */
	const char *currency_column; /* RATE_CSV_LONG only */
	const char
		*per_column; /* RATE_CSV_LONG: units that the price is for, which must agree with the table; or NULL */
	struct rate_csv_price prices[RATE_CSV_PRICES_MAX]; /* at least the first */
	const struct rate_quoting_table *quoting; /* how each currency is quoted: decides what a number means */
	const struct rate_csv_alias *aliases;     /* names that are not codes */
	size_t alias_count;
	const char *const *ignored; /* columns of RATE_CSV_WIDE that are none of our business, ended by NULL; or NULL */
	const char *footer;         /* a record whose first field begins so is a note of the publisher; or NULL */
};

/* CFETS: "日期,USD/CNY,EUR/CNY,100JPY/CNY,...,CNY/THB", a row per day. A heading that says a pair must say it as the
 * quoting table does. Constant; the columns' names are those of its download page as we know it, so check them. */
extern const struct rate_csv_profile rate_csv_cfets;
/* The board of Bank of China: "货币名称,现汇买入价,现汇卖出价,发布日期", per 100 units, Chinese names of the
 * currencies. Constant; likewise. */
extern const struct rate_csv_profile rate_csv_board;

/* Reads a whole file. Paths of faults are "LINE:COLUMN", or "LINE". Cells that are empty or hold only '-' have no rate.
 * 0 with the table, in order, owned by the arena; ERR_INVALID with all faults in the list; ERR_LIMIT likewise: too
 * large, too many fields; ERR_NOMEM. */
int rate_csv_read(struct text_span text, const struct rate_csv_profile *profile, const struct rate_reading *reading,
	struct zf_arena *arena, struct fault_list *faults, struct rate_table *ret_table) MUSTUSE;

#endif
