/* An advice that is there already, opened: to be shown, or to be let count with its difference. Blocking, as
 * settle/remittance_store.h is. */
#ifndef SETTLE_REMITTANCE_READ_H
#define SETTLE_REMITTANCE_READ_H

#include "settle/remittance_store.h"

/* Who brought it and what became of it. */
struct remittance_history {
	int version;
	enum advice_form form; /* 0: a module brought it */
	enum remittance_standing standing;
	const char *maker;
	int64_t made_at;           /* wall milliseconds; so the other one */
	const char *why, *profile; /* NULL: none */
	int64_t decided_at;        /* 0: not decided */
	const char *decided_by, *decided_why;
};

/* Reads one inside a transaction of its hospital, all in the arena. look: it is to be shown, which is on record since
 * remarks may name persons, and only then what people wrote of it is told. ERR_NOTFOUND with text; ERR_DENIED: none of
 * the keys opens it. */
int remittance_read(const struct remittance_books *books, const struct uuid *id, bool look, struct arena *arena,
	struct advice *ret_advice, struct remittance_history *ret_history) MUSTUSE;

/* The difference as an adjustment that somebody answers for: another version, which balances. */
int remittance_balance(struct advice *advice, const char *why, struct arena *arena, struct advice_sums *sums) MUSTUSE;

#endif
