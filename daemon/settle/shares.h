/* When group plans and the social insurance are to pay their shares of claims: the days of the contracts that counted
 * when the shares were made (schema/061_coordination.sql), counted as carriers' are. */
#ifndef SETTLE_SHARES_H
#define SETTLE_SHARES_H

#include "base/core.h"

struct db_pool;
struct shares;
struct worker;

/* worker: borrowed, its directory is the one of the moment. Returns owned: shares_free, before the pool. ERR_NOMEM. */
int shares_new(const struct worker *worker, struct db_pool *pool, struct shares **ret_shares) MUSTUSE;
void shares_free(struct shares *shares); /* NULL allowed */
/* Looks for shares whose day is not known yet; does nothing while the last look is under way. */
void shares_look(struct shares *shares);

#endif
