/* Leasing work from the outbox: asks which hospitals have work due, leases a share of each in one Sync, hands the items
 * to the room, and asks for more as the room finishes them. A room's pool must include lease_table. */
#ifndef DB_LEASE_H
#define DB_LEASE_H

#include "db/batch.h"
#include "db/notify.h"
#include "db/statement.h"

#define LEASE_HOSPITALS_MAX 15 /* hospitals leased from in one Sync: DB_BATCH_STATEMENTS_MAX less one */
#define LEASE_ITEMS_MAX 1024   /* items leased and not finished, of one process */
#define LEASE_ROUTE_LEN 80

extern const struct db_table lease_table;

/* One leased row of the outbox. Ids that the row does not have are nil. */
struct work_item {
	struct uuid hospital_id, work_id, claim_id, exchange_id, message_id, fact_id;
	int kind;    /* model/work.h */
	int attempt; /* fences the completion: WHERE attempt = $n */
	int crashes; /* translate: calls that may have begun and did not end, before this lease */
	char route[LEASE_ROUTE_LEN];
	int64_t until_ms; /* clock_mono_ms: the lease surely holds until here; look at it before the first byte leaves
			   */
};

struct lease;

struct lease_conf {
	struct db_pool *pool;
	struct db_notify *notify;
	const char *topic; /* the hint that wakes this role: "translate", "dispatch", "settle" */
	int role;          /* enum work_role */
	int64_t poll_ms;
	int lease_s;
	size_t items_max; /* leased and not finished at once; at most LEASE_ITEMS_MAX */
	size_t share_max; /* of one hospital in one round, so that nobody waits for a big one */
	bool one_round;   /* asks for more only when everything taken has been finished */
	/* This process's number among those of its role. What belongs to no claim, as the answers to a poll, is taken
	 * by one of them for each hospital: two would take steps of one exchange at the same time, and one of them in
	 * vain. What that one leaves lying for a second is anybody's. parts 0: all of it is. */
	unsigned part, parts;
	/* Called from the loop with at least one item; items are borrowed until it returns. */
	void (*take)(void *ctx, const struct work_item *items, size_t n);
	/* Called when a question is sent whose items `take` gets, before the next one is; NULL: nobody wants to know.
	 */
	void (*asks)(void *ctx);
	void *ctx;
};

/* Returns owned: lease_free, before notify and pool. ERR_NOMEM. */
int lease_new(const struct lease_conf *conf, struct lease **ret_lease) MUSTUSE;
void lease_free(struct lease *lease);
/* n of the items that were handed over have been finished or given up (their lease then runs out by itself). */
void lease_finish(struct lease *lease, size_t n);
/* Puts leased items off: due again delay_ms from now (by the database's clock; NULL: at once), fenced by attempt; they
 * count as finished. When it fails again and again, the lease runs out by itself. items and delays are borrowed for the
 * call. */
void lease_defer(struct lease *lease, const struct work_item *items, const int64_t *delay_ms, size_t n);
/* The same at once, for items that have been finished: their leases are ended instead of running out. */
void lease_give_back(struct lease *lease, const struct work_item *items, size_t n);
/* Adds to a batch that the leases end and nothing counts any more that still comes under them. It waits for whoever is
 * at work on the items: what follows in the batch sees what that was. */
void lease_revoke_add(struct db_batch *batch, const struct work_item *items, size_t n);
/* Only work of this route from now on (dispatch); NULL: any. Copied. One lease object per route that is owned. */
void lease_route(struct lease *lease, const char *route);
void lease_limit(struct lease *lease, size_t items_max); /* a route's window has changed */
/* From the next question on: how often it looks, and how long it leases (a reload). */
void lease_times(struct lease *lease, int64_t poll_ms, int lease_s);
/* Takes no more; what is leased goes on. */
void lease_pause(struct lease *lease);
void lease_resume(struct lease *lease);
/* Takes no more for good; what a question under way still brings goes back at once. drained(conf.ctx) is called once,
 * maybe from inside this call, when nothing is held and nothing is under way: then no lease is left behind. */
void lease_drain(struct lease *lease, void (*drained)(void *ctx));

#endif
