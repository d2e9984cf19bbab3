/* Discounts by what an item is. */
#include "model/contract_price.h"

#include <string.h>

#include "lib/money.h"
#include "lib/text.h"

/* Is the category this coding, by its code alone, or by system and code? */
static bool coding_is(const struct zf_coding *coding, const char *category, bool with_system)
{
	const char *bar = strrchr(category, '|');

	if (coding->code == NULL) return false;
	if (!with_system) return strcmp(coding->code, category) == 0;
	return bar != NULL && coding->system != NULL && strcmp(coding->code, bar + 1) == 0 &&
	       text_equal(text_of(coding->system), (struct text_span){category, (size_t)(bar - category)});
}

static const struct contract_discount *concept_discount(
	const struct contract *contract, const struct zf_concept *concept)
{
	if (concept == NULL) return NULL;
	for (int with_system = 1; with_system >= 0; with_system--)
		for (uint32_t c = 0; c < concept->coding_count; c++)
			for (uint32_t i = 0; i < contract->discount_count; i++)
				if (coding_is(concept->codings[c], contract->discounts[i].category, with_system == 1))
					return &contract->discounts[i];
	return NULL;
}

bool contract_by_item(const struct contract *contract)
{
	for (uint32_t i = 0; contract->gross && i < contract->discount_count; i++)
		if (strcmp(contract->discounts[i].category, "*") != 0) return true;
	return false;
}

const struct contract_discount *contract_item_discount(
	const struct contract *contract, const struct zf_claim_line *item)
{
	const struct zf_concept *const concepts[] = {item->product_or_service, item->revenue, item->category};
	const struct contract_discount *found = NULL;

	for (size_t i = 0; found == NULL && i < ARRAY_LEN(concepts); i++)
		found = concept_discount(contract, concepts[i]);
	return found != NULL ? found : contract_discount(contract, "*");
}

/* Adds what is off an amount. */
static int off_add(const struct contract *contract, const struct contract_discount *discount, struct zf_money amount,
	struct zf_money *sum)
{
	struct zf_money off;
	int err = contract_off(contract, discount, amount, &off);

	return err != 0 ? err : money_add(*sum, off, sum);
}

int contract_items_allowance(
	const struct contract *contract, const struct zf_claim *claim, struct zf_money billed, struct zf_money *ret)
{
	struct zf_money rest = billed, sum = billed;
	int err = 0;

	sum.minor = 0;
	for (uint32_t i = 0; err == 0 && contract->gross && i < claim->line_count; i++) {
		const struct zf_claim_line *item = claim->lines[i];

		if (!item->net.present || !money_same_currency(item->net, billed)) continue;
		err = off_add(contract, contract_item_discount(contract, item), item->net, &sum);
		if (err == 0) err = money_subtract(rest, item->net, &rest);
	}
	if (err == 0 && contract->gross) err = off_add(contract, contract_discount(contract, "*"), rest, &sum);
	if (err != 0) return err;
	if (sum.minor > billed.minor) sum.minor = billed.minor;
	if (sum.minor < 0) sum.minor = 0;
	*ret = sum;
	return 0;
}
