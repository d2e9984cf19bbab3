/* Closing a month, whoever asks for it: what stands in its way or is worth knowing, what it posts, and the lock, all in
 * one transaction. Blocking: for zhifuctl, and for threads of /v1. */
#ifndef SETTLE_MONTH_CLOSE_H
#define SETTLE_MONTH_CLOSE_H

#include "base/mem.h"
#include "lib/fault.h"
#include "settle/month_end.h"
#include "settle/rate_import.h"

struct db_sync;

/* What is looked at, in words: the codes of period_findings() (schema/062_office.sql). In the order of the checklist.
 */
struct month_check {
	const char *code, *what, *what_zh, *todo, *todo_zh;
	bool red;
};
extern const struct month_check month_checks[];
extern const size_t month_check_count;
/* NULL: none has this code. */
const struct month_check *month_check_find(const char *code);

/* Columns of its findings. */
enum { FINDING_CODE, FINDING_RED, FINDING_SUBJECT, FINDING_FOUND, FINDING_SINCE };

/* period_outcome(). */
enum month_outcome {
	MONTH_MAY = 1,
	MONTH_CLOSED = 0,      /* since `since`, by `by` */
	MONTH_LASTS = -1,      /* it is not over for an hour */
	MONTH_EARLIER = -2,    /* the one that ends on `since` comes first */
	MONTH_KEY_OTHER = -100 /* the Idempotency-Key was used with other content */
};

/* What of an account and a currency was revalued. */
struct month_sum {
	uint8_t kind;
	const char *account;
	struct zf_money amount;
	int64_t items, carried, closing, difference;
};

/* Begin with the first members set, the others zero; members are read freely. End it by month_close_end. */
struct month_close {
	struct db_sync *db; /* borrowed, like the others */
	const struct hospital *hospital;
	int32_t last_day, today;
	bool check;                       /* only look; */
	bool always;                      /* also at a month that is closed */
	const char *who;                  /* closes it */
	struct bytes key_hash, body_hash; /* of a request of /v1; {NULL, 0}: none */
	/* results */
	enum month_outcome outcome;
	int32_t since;
	char by[65];
	bool looked;                /* what follows is known */
	struct pg_result *findings; /* without those of the closing rates, */
	struct fault_list faults;   /* which are these */
	struct month_end end;       /* nothing where there are such, nor of its sums: */
	struct month_sum *sums;
	size_t sum_count;
	int64_t revalued; /* what all of it gains, in the book currency */
	int64_t provided; /* by how much provisions change */
	bool red;         /* it may not be closed */
	/* private */
	struct arena arena;
	struct rate_known known;
};

/* 0 also where it was not closed: outcome and red say why. ERR_LIMIT: an amount or a sum does not fit, ERR_NOMEM; else
 * the database's. Nothing is done then. */
int month_close_run(struct month_close *close) MUSTUSE;
void month_close_end(struct month_close *close); /* usable with CLEANUP */

#endif
