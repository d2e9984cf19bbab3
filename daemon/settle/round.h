/* One round of settle: leased work items, their claims and new facts. The facts of a claim are applied one after the
 * other, each to where the one before left it, and all that follows is committed together, or nothing of the claim. */
#ifndef SETTLE_ROUND_H
#define SETTLE_ROUND_H

#include "db/batch.h"
#include "db/lease.h"
#include "settle/apply.h"

#define ROUND_ITEMS_MAX 128
#define ROUND_FACTS_MAX 1024 /* what has more goes on in the next round */
#define ROUND_DEFERS_MAX 200 /* a fact that waits for another longer than this is refused and shown */

struct round_item {
	struct work_item work;
	size_t claim;     /* its place in claims */
	int64_t delay_ms; /* -1: all its facts are applied; else due again then */
};

struct round_claim {
	struct uuid hospital_id, id;
	bool found;
	struct fact_view
		view; /* where it stands; moves along while facts are applied. Texts live as long as the rows */
};

struct round_fact {
	size_t item, claim;
	int row; /* of settle_facts */
	struct uuid id;
	bool done;
	struct apply apply; /* when done */
};

struct round {
	struct round_item items[ROUND_ITEMS_MAX]; /* by claim */
	size_t item_count;
	struct round_claim claims[ROUND_ITEMS_MAX];
	size_t claim_count;
	struct round_fact *facts;               /* in the batch's arena; by claim and id */
	struct round_fact **done;               /* those that are applied, in that order, by claim */
	size_t fact_count, done_count, refused; /* refused: of the done ones */
};

/* Takes over at most ROUND_ITEMS_MAX items; only fact work. */
void round_take(struct round *round, const struct work_item *items, size_t n);
/* Adds the questions to an empty batch: settle_claims, settle_facts. */
void round_ask(const struct round *round, struct db_batch *batch);
/* Applies what they answered. Memory is taken from the arena and borrows the rows' texts, so round_commit belongs to
 * the same callback. ERR_NOMEM. */
int round_apply(struct round *round, const struct pg_result *claims, const struct pg_result *facts,
	struct zf_arena *arena) MUSTUSE;
/* Adds settle_commit to an empty batch. Everything is copied. */
void round_commit(const struct round *round, struct db_batch *batch);

#endif
