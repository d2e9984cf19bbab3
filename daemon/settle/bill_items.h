/* The items of a bill, which stand in the claim as it was submitted, and what the contract takes off them. */
#ifndef SETTLE_BILL_ITEMS_H
#define SETTLE_BILL_ITEMS_H

#include "base/id.h"
#include "lib/money.h"

struct arena;
struct contract;
struct contract_items;
struct keyhold;
struct pg_result;
struct sealer;
struct zone;

/* Of a row of settle_bill_contents: opens the claim and prices it; what was opened is in the arena. *ret_off is zero
 * where the patient was erased, which is logged. Any error is of this bill alone, which must wait, and is logged with
 * the claim's id: ERR_NOTFOUND: the hospital's key is not here (yet); ERR_NOMEM, ERR_DENIED, ERR_INVALID, ERR_LIMIT. */
int bill_items_allowance(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct contract *contract, struct zf_money billed, const struct pg_result *rows,
	int row, struct arena *arena, struct zf_money *ret_off) MUSTUSE;
/* Of the same, where the contract has a price list: what that is asked about, in `kept` (contract_items_take with the
 * zone and the day of what has none). 1 instead of 0 where the patient was erased. */
int bill_items_take(const struct keyhold *hold, struct sealer *sealer, const struct uuid *hospital,
	const struct uuid *claim, const struct contract *contract, struct zf_money billed, const struct zone *zone,
	int32_t day, const struct pg_result *rows, int row, struct arena *arena, struct arena *kept,
	struct contract_items *ret) MUSTUSE;

#endif
