/* A payment on a receivable, split into what the books want to know: what reached the bank, what was kept on the way,
 * what stays open, what is too much, and the difference that the exchange rates made, which balances the rest.
 * Pure arithmetic: which part of a difference is what, is decided by who matched it. Source: scenarios S3, S5. */
#ifndef MODEL_SETTLEMENT_H
#define MODEL_SETTLEMENT_H

#include "model/receivable.h"

/* A payment on one receivable. Amounts are in the currency of `due` and not negative where nothing else is said; absent
 * is zero. */
struct settlement_parts {
	struct zf_money due;         /* what would settle all that is open, in the currency of payment. Above zero */
	struct zf_money received;    /* of the money that arrived, what is for this receivable, with what is too much */
	struct zf_money over;        /* of it, what is too much: a liability */
	struct zf_money charge;      /* kept by banks on the way */
	struct zf_money discount;    /* for early payment, as agreed */
	struct zf_money fee;         /* kept by the payer, as agreed */
	struct zf_money drift;       /* what another rate than ours made of it; may be negative */
	struct zf_money unexplained; /* within the tolerance; may be negative */
};

/* The split: all in the currency of the books, but for the first three. */
struct settlement {
	struct zf_money short_by;     /* in the currency of due: what is neither paid nor explained */
	struct zf_money left;         /* what stays open, in the currency that is owed */
	struct zf_money cleared;      /* what does not, likewise */
	struct zf_money cleared_book; /* credit: what that was carried at */
	struct zf_money bank;         /* debit: what arrived, as it is carried */
	struct zf_money charge, discount, fee, unexplained; /* debits */
	struct zf_money over;                               /* credit */
	struct zf_money fx;                                 /* debit, the balancing line: positive is a loss */
};

/* Splits. open: what of the receivable nobody has paid yet. received_book: what `received` is carried at in the books:
 * converted on the day of credit, or what it was when it went to suspense. path: from the currency of due to that of
 * the books at the rate of the day of credit, for the other parts. Paid whole all of it is cleared; else what is left
 * is in the proportion of short_by to due. bank + charge + discount + fee + unexplained + fx = cleared_book + over.
 * ERR_INVALID: an amount is in another currency than it has to be, negative where it must not be, over is more than
 * received, or the parts come to more than is due (what is too much must be said to be); ERR_LIMIT: does not fit. */
int settlement_split(const struct receivable *receivable, struct zf_money open, const struct settlement_parts *parts,
	struct zf_money received_book, const struct rate_path *path, enum decimal_rule rule,
	struct settlement *ret) MUSTUSE;

/* Foreign money sold to the bank, of a balance that is carried at `carried`. */
struct settlement_sale {
	struct zf_money carried; /* credit: what the sold part was carried at; all of it when all is sold */
	struct zf_money fx;      /* debit: positive is a loss. proceeds + fx = carried */
};
/* proceeds: at the bank's buying rate, in the currency of the books. ERR_INVALID: currencies that do not fit, nothing
 * sold, more than there is; ERR_LIMIT. */
int settlement_sell(struct zf_money balance, struct zf_money carried, struct zf_money sold, struct zf_money proceeds,
	enum decimal_rule rule, struct settlement_sale *ret) MUSTUSE;

#endif
