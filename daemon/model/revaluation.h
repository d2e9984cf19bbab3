/* Foreign items at the end of a period: what they come to at the closing rate, and the difference to what they are
 * carried at; and what doubtful ones are provided for by age. Pure arithmetic. Source: scenarios S3, S5. */
#ifndef MODEL_REVALUATION_H
#define MODEL_REVALUATION_H

#include "base/core.h"
#include "lib/rate_table.h"

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
	struct zf_money carried; /* in the currency of the books, of the same sign or zero */
};

struct revaluation {
	struct zf_money closing;    /* the amount at the closing rate */
	struct zf_money difference; /* closing - carried: positive is a gain */
	struct zf_money reversal;   /* on the first of the next month: the difference taken back, or zero */
	struct rate_path path;      /* empty where the item is in the currency of the books */
};

/* closing: source, bank, pivot, day and reach of the closing rate; its from and to are not looked at. reverts: a set of
 * enum revaluation_kind. ERR_INVALID: an amount is absent, the signs differ, an unknown kind; ERR_NOTFOUND: no rate,
 * with the gap; ERR_LIMIT. */
int revaluation_make(const struct revaluation_item *item, const struct rate_query *closing,
	const struct rate_table *rates, unsigned reverts, enum decimal_rule rule, struct revaluation *ret,
	struct rate_gap *ret_gap) MUSTUSE;

/* From how many days on which share is provided for. */
struct provision_band {
	uint32_t days;         /* of age, from which on; the first row may be above 0 */
	uint32_t basis_points; /* hundredths of a per cent, at most 10000 */
};
/* What an item of that age is to be provided with, by the last of the bands (sorted by days) that it has reached; zero
 * before the first. ERR_INVALID: absent, bands out of order or above 100 %. */
int provision_make(struct zf_money carried, uint32_t age_days, const struct provision_band *bands, size_t count,
	enum decimal_rule rule, struct zf_money *ret) MUSTUSE;

#endif
