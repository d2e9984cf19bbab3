/* Discounts by what an item is, prices by its code. */
#include "model/contract_price.h"

#include <string.h>

#include "base/zone.h"
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

bool contract_by_list(const struct contract *contract)
{
	return contract->gross && contract->price_list != NULL;
}

bool contract_by_item(const struct contract *contract)
{
	if (contract_by_list(contract)) return true;
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

/* All that is off: between nothing and what was billed. */
static struct zf_money off_within(struct zf_money sum, struct zf_money billed)
{
	if (sum.minor > billed.minor) sum.minor = billed.minor;
	if (sum.minor < 0) sum.minor = 0;
	return sum;
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
	if (err == 0) *ret = off_within(sum, billed);
	return err;
}

/* ---- by a price list ---- */

static int codes_take(
	const struct zf_claim_line *line, uint32_t item, struct zf_arena *arena, struct contract_items *items)
{
	const struct zf_concept *service = line->product_or_service;

	for (uint32_t c = 0; service != NULL && c < service->coding_count; c++) {
		const struct zf_coding *coding = service->codings[c];
		struct contract_item_code *code = &items->codes[items->code_count];

		if (coding->system == NULL || coding->code == NULL) continue;
		*code = (struct contract_item_code){
			zf_strdup(arena, coding->system), zf_strdup(arena, coding->code), item};
		if (code->system == NULL || code->code == NULL) return ERR_NOMEM;
		items->code_count++;
	}
	return 0;
}

int contract_items_take(const struct contract *contract, const struct zf_claim *claim, struct zf_money billed,
	const struct zone *zone, int32_t day, struct zf_arena *arena, struct contract_items *ret)
{
	struct contract_items items = {.billed = billed};
	size_t codes = 0;
	int err = 0;

	for (uint32_t i = 0; i < claim->line_count; i++) {
		const struct zf_concept *service = claim->lines[i]->product_or_service;

		codes += service == NULL ? 0 : service->coding_count;
	}
	items.items = zf_alloc_array(arena, (size_t)claim->line_count + 1, sizeof(*items.items));
	items.codes = zf_alloc_array(arena, codes + 1, sizeof(*items.codes));
	if (items.items == NULL || items.codes == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; err == 0 && i < claim->line_count; i++) {
		const struct zf_claim_line *line = claim->lines[i];
		bool dated = line->serviced.start.precision != ZF_NO_TIME;

		if (!line->net.present || !money_same_currency(line->net, billed)) continue;
		items.items[items.count] = (struct contract_item){.net = line->net,
			.quantity = line->quantity,
			.factor = line->factor,
			.discount = contract->unlisted_charged ? NULL : contract_item_discount(contract, line),
			.day = dated ? (int32_t)zone_first_day(zone, &line->serviced.start) : day};
		err = codes_take(line, items.count++, arena, &items);
	}
	if (err == 0) *ret = items;
	return err;
}

/* What a listed item's charge is above its price. */
static int listed_off(const struct contract *contract, const struct contract_item *item, struct zf_money *ret)
{
	const struct zf_decimal one = decimal_of(1, 0);
	const struct zf_decimal factors[] = {
		item->quantity.present ? item->quantity : one, item->price, item->factor.present ? item->factor : one};
	struct decimal_product product;
	struct zf_money listed;
	int err = decimal_multiply(factors, ARRAY_LEN(factors), &product);

	if (err == 0)
		err = money_from_product(
			&product, text_of(item->net.currency), (enum decimal_rule)contract->rounding, &listed);
	if (err == 0) err = money_subtract(item->net, listed, ret);
	if (err != 0) return err;
	bool charged = item->net.minor != 0 && listed.minor != 0 && (item->net.minor < 0) != (listed.minor < 0);
	bool above = decimal_magnitude(listed.minor) > decimal_magnitude(item->net.minor);
	if (charged || (above && !contract->lesser_of_bill)) ret->minor = 0;
	return 0;
}

int contract_items_off(const struct contract *contract, const struct contract_items *items, struct zf_money *ret)
{
	struct zf_money rest = items->billed, sum = items->billed;
	int err = 0;

	sum.minor = 0;
	for (uint32_t i = 0; err == 0 && i < items->count; i++) {
		const struct contract_item *item = &items->items[i];
		struct zf_money off;

		err = item->price.present ? listed_off(contract, item, &off)
					  : contract_off(contract, item->discount, item->net, &off);
		if (err == 0) err = money_add(sum, off, &sum);
		if (err == 0) err = money_subtract(rest, item->net, &rest);
	}
	if (err == 0 && !contract->unlisted_charged)
		err = off_add(contract, contract_discount(contract, "*"), rest, &sum);
	if (err == 0) *ret = off_within(sum, items->billed);
	return err;
}
