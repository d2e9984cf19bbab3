/* What a contract takes off a bill item by item: which of its discounts an item of the claim has, what the price list
 * that it names makes of it, and what all of that comes to. Pure. Source: issue "every cent explained" section 1. */
#ifndef MODEL_CONTRACT_PRICE_H
#define MODEL_CONTRACT_PRICE_H

#include "model/contract.h"
#include "zhifu_model.h"

/* Must a bill's items be known to tell what is not owed of it? Only where it comes at full price. */
bool contract_by_item(const struct contract *contract);
/* The discount of an item: that of its service, else of its revenue code, else of its category, else that of all;
 * NULL: none. A category of the contract is a code, or a code behind its system and "|", which goes before. */
const struct contract_discount *contract_item_discount(
	const struct contract *contract, const struct zf_claim_line *item);
/* What of a bill is not owed: each item's share, rounded by itself, and that of what no item has an amount for, which
 * is as an item of no category. Items are the claim's own: their details are in them. Never below zero nor above what
 * was billed. Errors of money_share. */
int contract_items_allowance(const struct contract *contract, const struct zf_claim *claim, struct zf_money billed,
	struct zf_money *ret) MUSTUSE;

/* ---- by a price list ---- */

/* An item of a bill, as a price list is asked about it. */
struct contract_item {
	struct zf_money net;                      /* as charged */
	struct zf_decimal quantity, factor;       /* absent: 1 */
	const struct contract_discount *discount; /* off it where it is not listed; NULL: none */
	int32_t day;                              /* whose price counts */
	struct zf_decimal price; /* the list's for one; absent: it is not listed. The caller's to set */
};

/* A code of an item's service: of those that are listed the first one counts. */
struct contract_item_code {
	const char *system, *code;
	uint32_t item;
};

/* The items of a bill that have an amount in its currency, in its order; what they hold is the arena's. */
struct contract_items {
	struct zf_money billed;
	struct contract_item *items;
	struct contract_item_code *codes;
	uint32_t count, code_count;
};

struct zone;
/* Does a price list say what is owed of a bill? */
bool contract_by_list(const struct contract *contract);
/* Of the claim nothing is borrowed, of the contract its discounts. An item's day is the first one of its service in the
 * zone (NULL: UTC), else `day`. ERR_NOMEM. */
int contract_items_take(const struct contract *contract, const struct zf_claim *claim, struct zf_money billed,
	const struct zone *zone, int32_t day, struct zf_arena *arena, struct contract_items *ret) MUSTUSE;
/* What of a bill is not owed: of a listed item what its charge is above quantity times price times factor, which is
 * rounded once; of any other its discount. Never is more owed than was charged, of an item or, where the contract says
 * so, of the bill. Of an item whose price and charge have different signs nothing is off. Errors of money_share. */
int contract_items_off(
	const struct contract *contract, const struct contract_items *items, struct zf_money *ret) MUSTUSE;

#endif
