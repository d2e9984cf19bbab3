/* The five sums of a decision, exact: what was asked for, what the insurer pays, what falls to the patient and to the
 * contract, and what no one has explained. Pure. */
#ifndef TRANSLATE_SUMS_H
#define TRANSLATE_SUMS_H

#include "base/core.h"
#include "lib/arena.h"
#include "zhifu_model.h"

/* In what a decision contradicts itself, or the claim that it is about. */
enum sums_wrong {
	SUMS_RIGHT = 0,
	SUMS_PAYS_MORE,       /* more than what was submitted: `these` paid, `those` submitted */
	SUMS_TOO_MUCH,        /* what is paid and what is not paid are more than that: `these` together */
	SUMS_BENEFIT_APART,   /* the lines' benefits come to `these`, the total says `those` */
	SUMS_SUBMITTED_APART, /* likewise what was submitted */
	SUMS_OTHER_TOTAL,     /* decided on `these`, where the claim's total is `those` */
	SUMS_PAYMENT_MORE,    /* announces a payment of `these` for a claim of `those` */
};

struct sums {
	char currency[4];
	int exponent;
	int64_t submitted, benefit, patient, contract,
		open; /* minor units; open = submitted - benefit - patient - contract */
	enum sums_wrong wrong;
	int64_t these, those; /* the amounts that do not fit together */
};

/* claim_total, of the claim itself: for what the insurer does not repeat.
 *   submitted  the total as said; else the lines' sum when every line says it; else the claim's total when it is in the
 *              same currency
 *   patient, contract  the adjustments of the groups PR and CO, of all lines and of the claim
 *   benefit    the total as said; else the lines' sum when every line says it; else, when every amount is explained by
 *              adjustments, submitted less all adjustments; else the payment, when it is in the same currency; else,
 * for a claim of which all lines are silent and no amount is said at all: unknown ERR_INVALID with text: amounts of two
 * currencies, an amount that does not fit 64 bits, or a decision without any amount. The payment may be in a currency
 * of its own. */
int sums_of(
	const struct zf_adjudication *adjudication, const struct zf_money *claim_total, struct sums *ret_sums) MUSTUSE;
/* The arithmetic of what is wrong, which something is, in English and in Chinese, one behind the other; NULL on no
 * memory. */
const char *sums_text(const struct sums *sums, struct zf_arena *arena);

#endif
