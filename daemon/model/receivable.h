/* What a payer owes for a bill, by the kind of its contract: in the hospital's currency, in that currency but payable
 * in another, or as a foreign amount that is fixed when the bill is made. Pure arithmetic on rates that the caller has.
 * Source: issue "every cent explained" §1, scenarios S3. */
#ifndef MODEL_RECEIVABLE_H
#define MODEL_RECEIVABLE_H

#include "base/core.h"
#include "lib/rate_table.h"

/* Which currency is owed, and when it is fixed. The numbers are stored: never renumber. */
enum owed_kind {
	OWED_BOOKED = 1, /* A: owed and paid in the currency of the bill */
	OWED_PAYABLE,    /* B: owed in the currency of the bill, payable in another at the rate of a stated day */
	OWED_FIXED,      /* C: an amount of another currency, fixed on the day of the bill */
};

/* A contract's terms of currency. */
struct receivable_terms {
	uint8_t kind;           /* enum owed_kind */
	char pay_currency[4];   /* ISO 4217, NUL-terminated: OWED_PAYABLE's and OWED_FIXED's; not looked at for
				   OWED_BOOKED */
	char pivot[4];          /* as in struct rate_query */
	uint8_t source;         /* enum rate_source */
	uint16_t bank;          /* as in struct rate */
	uint16_t reach_days;    /* as in struct rate_query; RATE_REACH_DAYS by default */
	enum decimal_rule rule; /* half away from zero by default */
};

/* A receivable, or what is left of it. */
struct receivable {
	struct zf_money owed; /* in the currency in which it is owed; foreign to the books only for OWED_FIXED */
	struct zf_money book; /* what it is carried at, in the currency of the books */
};

/* How it came about, to be stored with it: the way is empty where nothing was converted. */
struct receivable_origin {
	struct rate_path path;
	int32_t day; /* days since 1970-01-01 that was asked for; each rate on the way has its own */
};

/* The receivable of a bill in the currency of the books on that day. OWED_FIXED is carried at the bill's own amount,
 * not at what its rounded foreign amount would come to. ERR_INVALID: the amount is absent, or the terms break their
 * rules; ERR_NOTFOUND: no rate, with the gap; ERR_LIMIT: an amount that does not fit. */
int receivable_bill(const struct receivable_terms *terms, struct zf_money billed, const struct rate_table *rates,
	int32_t day, struct receivable *ret, struct receivable_origin *ret_origin, struct rate_gap *ret_gap) MUSTUSE;
/* What would settle it on that day, in the currency of payment: for OWED_PAYABLE at that day's rate (the contract says
 * which day it is: of the payment order, of the credit), else what is owed. Errors likewise. */
int receivable_due(const struct receivable_terms *terms, const struct receivable *receivable,
	const struct rate_table *rates, int32_t day, struct zf_money *ret_due, struct receivable_origin *ret_origin,
	struct rate_gap *ret_gap) MUSTUSE;

#endif
