/* What carriers owe for what was billed: each bill becomes a receivable by the contract that counts on its day
 * (model/contract.h), without one in the bill's own currency. What is owed in another currency is fixed by the
 * contract's rate, and waits while there is none (schema/048_receivable.sql). */
#ifndef SETTLE_BILLS_H
#define SETTLE_BILLS_H

#include "base/core.h"

struct bills;
struct db_pool;
struct keyhold;
struct worker;

/* worker: borrowed, its directory is the one of the moment. hold: borrowed; opens the claims of which a contract wants
 * to know the items. Returns owned: bills_free, before the pool. ERR_NOMEM. */
int bills_new(const struct worker *worker, struct db_pool *pool, const struct keyhold *hold,
	struct bills **ret_bills) MUSTUSE;
void bills_free(struct bills *bills); /* NULL allowed */
/* Looks for bills that wait and makes receivables of those that it can; does nothing while the last look is under way.
 */
void bills_look(struct bills *bills);

#endif
