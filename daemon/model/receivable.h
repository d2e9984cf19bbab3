/* A receivable: what a payer owes for a bill, and what it stands at in the books. By the three kinds of contract:
 *   A  owed and paid in the currency of the bill;
 *   B  owed in the currency of the bill, payable in another at the rate of a stated day;
 *   C  an amount of another currency, fixed on the day of the bill.
 * So A and B are owed in the currency of the books and never revalued, and C is carried at the bill's own amount. What
 * settles an open amount in another currency on a day is rate_convert_on() (lib/rate_table.h) by the contract's source
 * and day. Pure arithmetic. Source: issue "every cent explained" §1, scenarios S3. */
#ifndef MODEL_RECEIVABLE_H
#define MODEL_RECEIVABLE_H

#include "base/core.h"
#include "lib/rate_table.h"

/* As it was made. What of it is open is an amount beside it. */
struct receivable {
	struct zf_money owed; /* above zero, in the currency in which it is owed */
	struct zf_money book; /* what all of it is carried at, in the currency of the books */
};

/* The receivable of a bill in the currency of the books. owed: the currency that is owed (query->to), and for C the
 * source and day of the rate that fixes it; the way there is in ret_conversion (empty for A and B), to be stored with
 * it. ERR_INVALID: no amount above zero, or nothing is left of it in the other currency; ERR_NOTFOUND: no rate, with
 * the gap; ERR_LIMIT: an amount that does not fit. */
int receivable_bill(struct zf_money billed, const struct rate_query *owed, const struct rate_table *rates,
	enum decimal_rule rule, struct receivable *ret, struct rate_conversion *ret_conversion,
	struct rate_gap *ret_gap) MUSTUSE;
/* What an open part of it is carried at: in proportion, so that it depends on nothing but what is open, and undoing a
 * payment brings back the same. ERR_INVALID: `open` is in another currency, negative, or more than all of it. */
int receivable_carried(const struct receivable *receivable, struct zf_money open, enum decimal_rule rule,
	struct zf_money *ret) MUSTUSE;

#endif
