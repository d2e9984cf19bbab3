/* A payment on a receivable, split into what the books want to know: what reached the bank, what was kept on the way,
 * what stays open, what is too much, and the difference that the exchange rates made, which balances the rest.
 * Pure arithmetic: which part of a difference is what, is decided by who matched it. Source: scenarios S3, S5. */
#ifndef MODEL_SETTLEMENT_H
#define MODEL_SETTLEMENT_H

#include "model/receivable.h"

/* A payment on one receivable. Amounts are in the currency of `due` and not negative where nothing else is said; absent
 * is zero. */
struct settlement_parts {
	struct zf_money due;         /* what would settle the receivable whole: receivable_due(). Above zero */
	struct zf_money received;    /* of the money that arrived, what is for this receivable, with what is too much */
	struct zf_money over;        /* of it, what is too much: a liability */
	struct zf_money charge;      /* kept by banks on the way */
	struct zf_money discount;    /* for early payment, as agreed */
	struct zf_money fee;         /* kept by the payer, as agreed */
	struct zf_money drift;       /* what another rate than ours made of it; may be negative */
	struct zf_money unexplained; /* within the tolerance; may be negative */
};

/* The split: all in the currency of the books, but for cleared and short_by. */
struct settlement {
	struct zf_money short_by;     /* in the currency of due: what is neither paid nor explained; stays open */
	struct zf_money cleared;      /* of what is owed, in that currency */
	struct zf_money cleared_book; /* credit: of what the receivable is carried at */
	struct zf_money bank;         /* debit: what arrived, as it is carried */
	struct zf_money charge, discount, fee, unexplained; /* debits */
	struct zf_money over;                               /* credit */
	struct zf_money fx;                                 /* debit, the balancing line: positive is a loss */
};

/* Splits. received_book: what `received` is carried at in the books: converted on the day of credit, or what it was
 * when it went to suspense. path: from the currency of due to that of the books at the rate of the day of credit, for
 * the other parts. A receivable that is paid whole is cleared whole; else in proportion, so that the last payment on it
 * takes what rounding left. bank + charge + discount + fee + unexplained + fx = cleared_book + over.
 * ERR_INVALID: an amount is in another currency than it has to be, negative where it must not be, over is more than
 * received, or the parts come to more than is due (what is too much must be said to be); ERR_LIMIT: does not fit. */
int settlement_split(const struct receivable *receivable, const struct settlement_parts *parts,
	struct zf_money received_book, const struct rate_path *path, enum decimal_rule rule,
	struct settlement *ret) MUSTUSE;
/* What is left of the receivable behind it. ERR_INVALID: it is another one's; ERR_LIMIT. */
int settlement_rest(
	const struct receivable *receivable, const struct settlement *settlement, struct receivable *ret) MUSTUSE;

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
