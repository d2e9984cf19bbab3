/* Foreign items at the end of a period: what they come to at the closing rate, and the difference to what they are
 * carried at; and what doubtful ones are provided for by age. Pure arithmetic. Source: scenarios S3, S5. */
#ifndef MODEL_REVALUATION_H
#define MODEL_REVALUATION_H

#include "base/core.h"
#include "lib/rate_convert.h"

/* What an item is, as far as the first of the next month is concerned. The numbers are bits of a configured set. */
enum revaluation_kind {
	REVALUE_RECEIVABLE = 1,
	REVALUE_SUSPENSE = 2, /* money without a home: a liability */
	REVALUE_BANK = 4,
};
/* Those whose difference is taken back on the first of the next month; the default of the policy. */
#define REVALUE_REVERTS_DEFAULT (REVALUE_RECEIVABLE | REVALUE_SUSPENSE)

/* An item that is open at the close. Liabilities have both amounts negative. */
struct revaluation_item {
	uint8_t kind;            /* enum revaluation_kind */
	struct zf_money amount;  /* in its own currency; in the currency of the books it is never revalued, whatever it
				  * is  paid in */
	struct zf_money carried; /* in the currency of the books; of the other sign where more was paid out than it was
				  * carried at */
};

struct revaluation {
	struct zf_money closing;    /* the amount at the closing rate */
	struct zf_money difference; /* closing - carried: positive is a gain */
	struct zf_money reversal;   /* on the first of the next month: the difference taken back, or zero */
};

/* closing: the way from the item's currency to that of the books on the last day. reverts: a set of enum
 * revaluation_kind. ERR_INVALID: an amount is absent or not in the currency of its end of the way, an unknown kind;
 * ERR_LIMIT. */
int revaluation_make(const struct revaluation_item *item, const struct rate_path *closing, unsigned reverts,
	enum decimal_rule rule, struct revaluation *ret) MUSTUSE;

/* From how many days on which share is provided for. */
struct provision_band {
	uint32_t days;         /* of age, from which on; the first row may be above 0 */
	uint32_t basis_points; /* hundredths of a per cent, at most 10000 */
};
/* The share of the last of the bands (sorted by days) that an age has reached; 0 before the first. */
uint32_t provision_share(uint32_t age_days, const struct provision_band *bands, size_t count);
/* What an item of that age is to be provided with, by its share. ERR_INVALID: absent, bands out of order or above 100
 * %. */
int provision_make(struct zf_money carried, uint32_t age_days, const struct provision_band *bands, size_t count,
	enum decimal_rule rule, struct zf_money *ret) MUSTUSE;

#endif
