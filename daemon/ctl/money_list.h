/* Lists of finance, read from the database by pages: as many rows as fit into memory for people and JSON, all of them
 * for CSV. Under them stands the sum of each currency; currencies are never added up. */
#ifndef CTL_MONEY_LIST_H
#define CTL_MONEY_LIST_H

#include "ctl/report.h"

/* How a receivable stands. */
struct cell money_standing(const struct ctl *ctl, int64_t standing);
/* A day of a row; where it has none, none. */
struct cell cell_date(const struct pg_result *rows, int row, int column);

/* A column with its titles in both languages. */
struct money_column {
	const char *key, *english, *chinese; /* titles NULL: not for people */
	bool money;
};

#define MONEY_CURRENCIES_MAX 32

/* What the rows add up to, by currency. */
struct money_sums {
	struct money_sum {
		char currency[4];
		int exponent;
		int64_t minor, items;
		bool overflow;
	} items[MONEY_CURRENCIES_MAX];
	size_t count;
	bool remark; /* a row wants the list's remark below it */
};

void money_sum_add(struct money_sums *sums, int64_t items, int64_t minor, const char *currency, int exponent);
/* One line a currency, and root["totals"]; nothing in CSV. */
void money_sums_show(const struct money_sums *sums, struct report *report);

/* What the user asked for. */
struct money_filter {
	const char *hospital; /* NULL: all */
	const char *list;     /* of work lists: which */
	const char *carrier, *remitter, *owner, *account, *claim;
	const char *owes; /* of open items: which kind of debtor */
	bool by_remitter;
	int32_t day;      /* INT32_MIN: today */
	int32_t from, to; /* of a span */
	bool late;
	bool all;      /* also what is done with */
	int64_t limit; /* 0: none said */
};

/* In front of a list's statement. */
#define MONEY_CURSOR "DECLARE list NO SCROLL CURSOR FOR "

struct money_list {
	const char *key;    /* in JSON */
	const char *report; /* what an inspector's look is called: report_allow() in schema/058_inspector.sql */
	const char *empty, *empty_zh;
	const struct money_column *columns;
	size_t column_count;
	/* Asks for a hospital's rows, all of them: MONEY_CURSOR and a statement. They are fetched page by page. */
	int (*open)(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter);
	/* Or, where a function of the database gives pages: one behind (after_day, after), which are columns of the
	 * rows; after NULL: the first. As many as limit, or there are no more. */
	int (*ask)(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter,
		int32_t after_day, const struct uuid *after, int64_t limit, struct pg_result **ret_rows);
	int id_column, day_column;
	/* The row's cells but for the hospital's, which comes first; and what of it is summed up. */
	void (*row)(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
		struct table *table, struct money_sums *sums);
	const char *remark, *remark_zh; /* stands below, where a row wants it */
};

#define MONEY_LIST_MAX 10000 /* rows that are kept in memory */

/* Begins a table with the columns of the language; `columns` is borrowed until its end. */
void money_table_begin(const struct ctl *ctl, const struct money_column *columns, size_t count,
	struct column ret_titles[TABLE_COLUMNS_MAX], struct table *ret_table);
/* Is it one of ours, or all (NULL), which an inspector may not ask for? Returns 0, or 2 after it has said what is
 * wrong. */
int money_hospital(const struct ctl *ctl, const char *code);
/* A transaction that reads one hospital's reports. As an inspector the look is put on record before. */
int money_read_begin(struct ctl *ctl, const struct hospital *hospital, const char *report);
/* Prints the list; the exit status. */
int money_list_run(struct ctl *ctl, const struct money_list *list, const struct money_filter *filter);
/* A day for a parameter, SQL null for INT32_MIN. */
const char *money_day_text(int32_t day, char text[16]);

#endif
