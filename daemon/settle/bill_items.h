/* The items of a bill, which stand in the claim as it was submitted, and what the contract takes off them. */
#ifndef SETTLE_BILL_ITEMS_H
#define SETTLE_BILL_ITEMS_H

#include "base/id.h"
#include "lib/money.h"

struct arena;
struct contract;
struct keyhold;
struct pg_result;
struct sealer;

/* Of a row of settle_bill_contents: opens the claim and prices it; what was opened is in the arena. *ret_off is zero
 * where the patient was erased, which is logged. Any error is of this bill alone, which must wait, and is logged with
 * the claim's id: ERR_NOTFOUND: the hospital's key is not here (yet); ERR_NOMEM, ERR_DENIED, ERR_INVALID, ERR_LIMIT. */
int bill_items_allowance(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct contract *contract, struct zf_money billed, const struct pg_result *rows,
	int row, struct arena *arena, struct zf_money *ret_off) MUSTUSE;

#endif
