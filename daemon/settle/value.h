/* What postings in a foreign currency are worth in the hospital's books. A posting does not wait for a rate: it is made
 * at once, without a value (posting_unvalued), and gets that in a row of its own as soon as there is a rate of its day,
 * from the first of the hospital's sources that has one. Each value has its conversion beside it
 * (schema/045_money.sql). */
#ifndef SETTLE_VALUE_H
#define SETTLE_VALUE_H

#include "base/core.h"

struct db_pool;
struct value;
struct worker;

/* worker: borrowed, its directory is the one of the moment. Returns owned: value_free, before the pool. ERR_NOMEM. */
int value_new(const struct worker *worker, struct db_pool *pool, struct value **ret_value) MUSTUSE;
void value_free(struct value *value); /* NULL allowed */
/* Looks for postings that wait and values those that it can; does nothing while the last look is under way. */
void value_look(struct value *value);

#endif
