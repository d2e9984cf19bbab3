/* Looking up the rate of a day in a sorted array of rates that the caller holds. A day without one (weekend, National
 * Day, Spring Festival) takes the last earlier one within a reach; beyond it nothing is guessed, but it is said which
 * day lacks a rate and which was the last that had one. */
#ifndef ADAPTERS_LIB_RATE_TABLE_H
#define ADAPTERS_LIB_RATE_TABLE_H

#include "lib/fault.h"
#include "lib/rate_convert.h"

/* Days back that a day without a rate may reach by default: National Day and Spring Festival take more than 7. */
#define RATE_REACH_DAYS 10

/* Rates in the order of rate_order(), no two of the same pair, source, bank and day. Zeroed it is empty. */
struct rate_table {
	const struct rate *rates; /* borrowed */
	size_t count;
};

/* What is looked for. */
struct rate_query {
	char from[4];  /* ISO 4217, NUL-terminated */
	char to[4];    /* ISO 4217, NUL-terminated; the same as from needs no rate */
	char pivot[4]; /* "": there must be a rate of from and to. Else the currency through which a cross rate is made,
			* such as CNY for CFETS and EUR for the ECB; when it is from or to itself, one rate suffices */
	uint8_t source; /* enum rate_source: another source's rate is never taken instead */
	uint8_t reserved;
	uint16_t bank;       /* as in struct rate */
	uint16_t reach_days; /* how many days back at most; 0: only that day's own; RATE_REACH_DAYS is the default of
			      * agreements */
	int32_t day;         /* days since 1970-01-01 */
};

/* Which rate is missing. */
struct rate_gap {
	char base[4]; /* the two currencies; with a pivot those of the step that lacks a rate */
	char quote[4];
	uint8_t source;   /* enum rate_source */
	bool known;       /* is there any earlier rate? */
	int32_t day;      /* that was asked for */
	int32_t last_day; /* the last before it that has a rate; only when known */
};

/* The order of tables: by pair (whichever way round it is quoted), source, bank, day. -1, 0, 1. */
int rate_order(const struct rate *a, const struct rate *b);
/* Brings them into that order. */
void rate_sort(struct rate *rates, size_t count);
/* Are they valid, in that order, and no two of one place in it? For what comes from outside; look-ups rely on it. */
bool rate_table_valid(const struct rate_table *table);

/* The rate of those two currencies, source and bank on that day, or the last before it within the reach; in
 * ret_rate, borrowed from the table. query->pivot is not looked at. LIB_INVALID: from and to are one, or no
 * currencies, or there is no such source; LIB_NOTFOUND: none, with the gap filled in. A look-up costs one binary
 * search. */
int rate_find(const struct rate_table *table, const struct rate_query *query, const struct rate **ret_rate,
	struct rate_gap *ret_gap) LIB_MUSTUSE;
/* The last rate of that pair, source and bank before the query's day, or with `later` the first after it, however far;
 * NULL when there is none. */
const struct rate *rate_neighbour(const struct rate_table *table, const struct rate_query *query, bool later);
/* The way from query->from to query->to with the rates of that day, through the pivot when one is given; each step may
 * take a day of its own, which is in it. Errors as rate_find. */
int rate_route(const struct rate_table *table, const struct rate_query *query, struct rate_path *ret_path,
	struct rate_gap *ret_gap) LIB_MUSTUSE;
/* An amount in the currency query->to by that day's rates, rounded once; query->from is not looked at, the amount's
 * currency is. Errors of rate_route and rate_convert. */
int rate_convert_on(const struct rate_table *table, struct zf_money amount, const struct rate_query *query,
	enum decimal_rule rule, struct rate_conversion *ret, struct rate_gap *ret_gap) LIB_MUSTUSE;
/* Says a gap in words, naming the day and the last one known (FAULT_RATE_GAP, FAULT_RATE_NEVER). */
void rate_gap_fault(struct fault_list *faults, const char *path, const struct rate_gap *gap);

#endif
