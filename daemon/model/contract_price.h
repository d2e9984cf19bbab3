/* What a contract takes off a bill item by item: which of its discounts an item of the claim has, and what all of them
 * come to. Pure. Source: issue "every cent explained" section 1. */
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

#endif
