/* What price lists say of the items of bills: asked for many bills at once. */
#ifndef SETTLE_BILL_PRICES_H
#define SETTLE_BILL_PRICES_H

#include "base/id.h"
#include "model/contract_price.h"

struct db_params;
struct pg_result;

/* Why a bill waits for a person; as settle_receivables has it. */
#define BILL_LACKS_LIST "price-list"         /* none of the contract's name counts on a day of its items */
#define BILL_LACKS_CURRENCY "price-currency" /* it is in another currency than the books */

/* Of one bill. */
struct bill_prices {
	const struct uuid *hospital;
	const struct contract *contract;
	struct contract_items items; /* contract_items_take's */
	int32_t day;                 /* of what has none of its own */
	size_t bill;                 /* the caller's */
	const char *lacks;           /* NULL, or why it waits */
};

/* As settle_prices wants them: each code, and of a bill without any the list alone. */
void bill_prices_bind(const struct bill_prices *bills, size_t count, struct db_params *params);
/* Its rows: sets the items' prices and what is lacking. */
void bill_prices_take(struct bill_prices *bills, size_t count, const struct pg_result *rows);

#endif
