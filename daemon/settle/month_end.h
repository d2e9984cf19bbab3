/* The end of a month worked out from what the database lists (period_items and period_aged, schema/052_close.sql):
 * foreign items at the closing rates, and provisions by age. What comes of it goes to period_close(), which checks it
 * again. */
#ifndef SETTLE_MONTH_END_H
#define SETTLE_MONTH_END_H

#include <jansson.h>

#include "base/core.h"
#include "base/id.h"
#include "lib/fault.h"
#include "model/revaluation.h"

struct hospital;
struct pg_result;
struct stored_rates;

/* The rows that are wanted, in this order. */
#define MONTH_ITEMS_SQL                                                                                                                        \
	"SELECT kind, account, claim_id, line_id, currency, exponent, amount_minor, carried_minor FROM zhifu.period_items($1::uuid, $2::date)" \
	" ORDER BY claim_id, account, currency, line_id"
#define MONTH_AGED_SQL                                                                                                 \
	"SELECT claim_id, billed_day, carried_minor, provided_minor FROM zhifu.period_aged($1::uuid, $2::date) ORDER BY claim_id"

struct month_item {
	const char *account;
	bool has_claim, has_line;
	struct uuid claim, line;
	struct revaluation_item item;
	struct revaluation made;
};

struct month_provision {
	struct uuid claim;
	int32_t age_days;
	uint32_t basis_points;
	struct zf_money base;          /* what it is carried at after revaluation */
	struct zf_money before, after; /* what it is provided for */
};

/* Filled by the functions below; begin with the first four members set. */
struct month_end {
	const struct hospital *hospital; /* borrowed, like the others */
	const struct stored_rates *rates;
	int32_t last_day, today;
	struct zf_arena *arena;
	struct fault_list *faults; /* the rates that are missing, each currency once */
	struct month_item *items;  /* by claim, those of none last */
	size_t item_count;
	struct month_provision *provisions; /* those that change */
	size_t provision_count;
	json_t *prices; /* as period_close() takes them; owned: month_end_free */
};

/* ERR_NOTFOUND: rates are missing, each is a fault; ERR_LIMIT: an amount that does not fit; ERR_NOMEM. */
int month_end_revalue(struct month_end *end, const struct pg_result *items) MUSTUSE;
/* After that. ERR_LIMIT, ERR_NOMEM. */
int month_end_provide(struct month_end *end, const struct pg_result *aged) MUSTUSE;
/* As period_close() takes them, in the arena. NULL: no memory. */
const char *month_end_rates_json(const struct month_end *end);
const char *month_end_items_json(const struct month_end *end);
const char *month_end_provisions_json(const struct month_end *end);
void month_end_free(struct month_end *end);

#endif
