/* Does the amount fit? What is due in the line's currency, and which claims would explain an amount. */
#include <string.h>
#include <strings.h>

#include "model/calendar.h"
#include "settle/match_find.h"

#define BASIS 10000 /* basis points of the whole */

static int64_t distance(int64_t a)
{
	return a < 0 ? -a : a;
}

static int64_t share(
	const struct match_find *find, const struct match_contract *contract, int64_t amount, uint32_t basis)
{
	struct zf_money part;
	enum decimal_rule rule = (enum decimal_rule)contract->rule;
	return money_share(match_money(find->zero, amount), basis, BASIS, rule, &part) == 0 ? part.minor : 0;
}

/* The rate from what a contract owes to the line's currency; kept, since claims share it. NULL: there is none. */
static const struct rate_path *path_for(struct match_find *find, uint32_t contract, int32_t day, bool parity)
{
	const struct match_terms *terms = &find->index->terms[contract];
	uint32_t mark = contract * 2 + parity;
	for (uint32_t i = 0; i < find->path_count; i++) {
		if (find->paths[i].contract == mark && find->paths[i].day == day) {
			return find->paths[i].good ? &find->paths[i].path : NULL;
		}
	}
	uint32_t at = find->path_count < MATCH_PATHS_MAX ? find->path_count++ : MATCH_PATHS_MAX - 1;
	find->paths[at].contract = mark;
	find->paths[at].day = day;
	int err = parity ? match_parity_path(find->index, terms->owed, find->zero, day, &find->paths[at].path)
			 : match_terms_path(
				   find->index, terms->contract, terms->owed, find->zero, day, &find->paths[at].path);
	find->paths[at].good = err == 0;
	if (err != 0) find->no_rate = true;
	return err == 0 ? &find->paths[at].path : NULL;
}

/* Which day's rate counts for money of that line: as agreed, or parity where its currency isn't. */
static int32_t rate_day(const struct match_terms *terms, const struct match_line *line, int32_t order_day,
	int32_t fixing_day, bool *ret_parity)
{
	*ret_parity = !money_same_currency(terms->pay, line->amount);
	if (*ret_parity) return line->booked_day;
	switch (terms->contract->rate_day) {
	case MATCH_FIXED:
		return fixing_day;
	case MATCH_ORDER:
		return order_day;
	default:
		return line->booked_day;
	}
}

/* That contract's rate for the line. */
static const struct rate_path *rate_for(struct match_find *find, uint32_t contract, int32_t fixing_day)
{
	bool parity;
	int32_t day = rate_day(&find->index->terms[contract], find->line, find->order_day, fixing_day, &parity);
	return path_for(find, contract, day, parity);
}

int match_converted(const struct match_index *index, const struct match_line *line, const struct match_part *part,
	struct rate_conversion *ret)
{
	const struct match_item *item = &index->items[part->claim];
	const struct match_terms *terms = &index->terms[item->contract];
	int32_t order_day = part->advice == MATCH_NONE ? 0 : index->notices[part->advice].order_day;
	struct rate_path path;
	bool parity;
	int32_t day = rate_day(terms, line, order_day != 0 ? order_day : line->order_day, item->fixing_day, &parity);
	int64_t open = part->books.cleared.minor + part->books.left.minor;
	int err = parity ? match_parity_path(index, terms->owed, line->amount, day, &path)
			 : match_terms_path(index, terms->contract, terms->owed, line->amount, day, &path);
	if (err == 0)
		err = rate_convert(
			match_money(terms->owed, open), &path, (enum decimal_rule)terms->contract->rule, ret);
	return err == 0 && ret->to.minor != part->due ? ERR_NOTFOUND : err;
}

bool match_due(struct match_find *find, uint32_t claim, int64_t open, int64_t *ret_due, int64_t *ret_bound)
{
	const struct match_index *index = find->index;
	const struct match_item *item = &index->items[claim];
	const struct match_terms *terms = &index->terms[item->contract];
	struct rate_conversion conversion;
	*ret_bound = 0;
	if (money_same_currency(terms->owed, find->zero)) {
		*ret_due = open;
		return true;
	}
	bool agreed = money_same_currency(terms->pay, find->zero);
	if (agreed && item->fixed > 0 && open == item->open) {
		*ret_due = item->fixed;
	} else {
		const struct rate_path *path = rate_for(find, item->contract, item->fixing_day);
		enum decimal_rule rule = (enum decimal_rule)terms->contract->rule;
		if (path == NULL || rate_convert(match_money(terms->owed, open), path, rule, &conversion) != 0)
			return false;
		*ret_due = conversion.to.minor;
	}
	*ret_bound =
		share(find, terms->contract, *ret_due, agreed ? terms->contract->bound : terms->contract->bound_other);
	return true;
}

int64_t match_discount(const struct match_find *find, uint32_t claim, int64_t due)
{
	const struct match_item *item = &find->index->items[claim];
	const struct match_contract *contract = find->index->terms[item->contract].contract;
	bool assumed = false;
	if (contract->discount == 0) return 0;
	int32_t last = contract->discount_business
			       ? calendar_after(contract->calendar, item->billed_day, contract->discount_days, &assumed)
			       : item->billed_day + contract->discount_days;
	if (find->order_day > last) return 0;
	return share(find, contract, due, contract->discount);
}

static int64_t tolerance_of(const struct match_find *find, const struct match_contract *contract)
{
	for (uint32_t i = 0; i < contract->tolerance_count; i++) {
		if (money_same_currency(contract->tolerances[i], find->zero)) return contract->tolerances[i].minor;
	}
	return 0;
}

#define BIC_BANK 8 /* characters of a BIC that name the bank; three more its branch */

/* Does a usual charge count on this line? One of a route only where the payer's bank is that one, or nobody says which
 * it is. */
static bool on_route(const struct match_find *find, const struct match_usual *usual)
{
	const char *bank = find->line->payer_bank;
	if (usual->route == NULL || bank == NULL) return true;
	size_t len = strlen(usual->route);
	bool branch = len == BIC_BANK && strlen(bank) == BIC_BANK + 3;
	return strncasecmp(usual->route, bank, len) == 0 && (bank[len] == '\0' || branch);
}

/* Takes the discount and a usual charge, or neither: whichever leaves least; but only when that is within the
 * tolerance, or nothing else is within the bounds. A charge that the payer bears explains why one claim is short; of
 * several nobody knows which (single false), and it explains nothing. */
static void fit_parts(const struct match_find *find, const struct match_contract *contract, bool single,
	int64_t discount, struct match_fit *fit)
{
	bool charges = single || !contract->payer_bears;
	fit->bears = contract->payer_bears;
	fit->stated = charges ? find->stated : 0;
	int64_t plain = fit->due - find->amount - fit->stated, limit = fit->tolerance + fit->bound;
	struct match_fit best = *fit;
	best.rest = plain;
	for (int ways = discount > 0 ? 2 : 1, taken = 0; taken < ways; taken++) {
		uint32_t usual = charges && find->stated == 0 ? contract->usual_count : 0;
		for (uint32_t i = 0; i <= usual; i++) {
			int64_t off = taken ? discount : 0, kept = 0;
			if (i > 0 && !money_same_currency(contract->usual[i - 1].kept, find->zero)) continue;
			if (i > 0 && !on_route(find, &contract->usual[i - 1])) continue;
			if (i > 0) kept = contract->usual[i - 1].kept.minor;
			if (distance(plain - off - kept) >= distance(best.rest)) continue;
			best.rest = plain - off - kept;
			best.discount = off;
			best.charge = kept;
			best.times = i > 0 ? contract->usual[i - 1].times : 0;
		}
	}
	int64_t away = distance(best.rest);
	if (away > limit || (away > fit->tolerance && distance(plain) <= limit)) {
		best.rest = plain;
		best.discount = best.charge = 0;
		best.times = 0;
	}
	*fit = best;
	fit->fits = away <= limit;
	fit->near = away <= 2 * limit;
}

bool match_fit_claims(
	struct match_find *find, const uint32_t *claims, const int64_t *open, uint32_t count, struct match_fit *ret)
{
	struct match_fit fit = {0};
	int64_t discount = 0, due, bound;
	const struct match_index *index = find->index;
	const struct match_contract *contract = index->terms[index->items[claims[0]].contract].contract;
	for (uint32_t i = 0; i < count; i++) {
		int64_t of = open == NULL ? index->items[claims[i]].open : open[i];
		if (!match_due(find, claims[i], of, &due, &bound)) return false;
		if (due > INT64_MAX / 8 / MATCH_CLAIMS_MAX) return false;
		fit.due += due;
		fit.bound += bound;
		discount += match_discount(find, claims[i], due);
	}
	fit.tolerance = tolerance_of(find, contract);
	fit_parts(find, contract, count == 1, discount, &fit);
	*ret = fit;
	return true;
}

void match_fit_sum(struct match_find *find, uint32_t contract, int64_t due, struct match_fit *ret)
{
	const struct match_contract *terms = find->index->terms[contract].contract;
	struct match_fit fit = {.due = due, .tolerance = tolerance_of(find, terms)};
	fit_parts(find, terms, false, 0, &fit);
	*ret = fit;
}

/* A search by amount. */
struct amount_search {
	struct match_find *find;
	match_amount_fn *tell;
	void *context;
	uint32_t contract;
	bool fixed, ended;
};

/* All claims with such an amount in the index. */
static void search_range(struct amount_search *search, int64_t low, int64_t high)
{
	struct match_index *index = search->find->index;
	const struct match_entry *entry;
	if (high < 1) return;
	if (low < 1) low = 1;
	struct match_walk walk =
		match_order_range(&index->amounts, match_amount_key(search->contract, search->fixed, low),
			match_amount_key(search->contract, search->fixed, high));
	while (!search->ended && (entry = match_walk_next(&walk)) != NULL) {
		const struct match_item *item = &index->items[entry->value];
		if (match_amount_gone(index, entry)) {
			index->amounts.passed++;
			match_find_passed(search->find, entry->value);
			continue;
		}
		if (search->find->looked++ >= MATCH_LOOKED_MAX) {
			search->find->answers_many = true;
			search->ended = true;
			break;
		}
		if (item->billed_day > search->find->line->booked_day) continue;
		search->ended = !search->tell(search->find, search->context, entry->value);
	}
}

/* The amounts, in the line's currency, around one that would fit; then in that of the index. */
static void search_around(struct amount_search *search, int64_t wanted, int64_t tolerance, uint32_t bound, uint32_t off,
	const struct rate_path *path)
{
	struct rate_conversion low, high;
	enum decimal_rule rule = (enum decimal_rule)search->find->index->terms[search->contract].contract->rule;
	const __int128 slack = (__int128)2 * tolerance + 2;
	__int128 least = (wanted - slack) * BASIS / (BASIS - off + 2 * bound) - 1;
	__int128 most = (wanted + slack) * BASIS / (BASIS - off - 2 * bound) + 1;
	if (least < 1) least = 1;
	if (most < least || most > INT64_MAX / BASIS) return;
	if (path == NULL) {
		search_range(search, (int64_t)least, (int64_t)most);
		return;
	}
	struct zf_money zero = search->find->zero;
	if (rate_convert(match_money(zero, (int64_t)least - 1), path, rule, &low) != 0) return;
	if (rate_convert(match_money(zero, (int64_t)most + 1), path, rule, &high) != 0) return;
	search_range(search, low.to.minor - 1, high.to.minor + 1);
}

/* The way back, from the line's currency to what is owed. */
static bool way_back(struct match_find *find, uint32_t contract, struct rate_path *ret)
{
	const struct rate_path *path = rate_for(find, contract, find->line->booked_day);
	if (path == NULL || rate_path_init(ret, text_of(find->zero.currency)) != 0) return false;
	for (uint32_t i = path->count; i > 0; i--) {
		if (rate_path_add(ret, &path->steps[i - 1].rate) != 0) return false;
	}
	return true;
}

static void search_contract(struct amount_search *search, int64_t beside)
{
	struct match_find *find = search->find;
	const struct match_terms *terms = &find->index->terms[search->contract];
	const struct match_contract *contract = terms->contract;
	bool same = money_same_currency(terms->owed, find->zero), agreed = money_same_currency(terms->pay, find->zero);
	struct rate_path back, *path = NULL;
	search->fixed = !same && agreed && contract->rate_day == MATCH_FIXED;
	if (!same && !search->fixed) {
		if (!way_back(find, search->contract, &back)) return;
		path = &back;
	}
	uint32_t bound = same ? 0 : agreed ? contract->bound : contract->bound_other;
	int64_t tolerance = tolerance_of(find, contract), wanted = find->amount + find->stated - beside;
	for (int ways = contract->discount > 0 ? 2 : 1, taken = 0; taken < ways; taken++) {
		uint32_t usual = find->stated == 0 ? contract->usual_count : 0;
		for (uint32_t i = 0; i <= usual; i++) {
			int64_t kept = 0;
			if (i > 0 && !money_same_currency(contract->usual[i - 1].kept, find->zero)) continue;
			if (i > 0) kept = contract->usual[i - 1].kept.minor;
			search_around(search, wanted + kept, tolerance, bound, taken ? contract->discount : 0, path);
		}
	}
}

void match_amounts(struct match_find *find, int64_t beside, match_amount_fn *tell, void *context)
{
	struct amount_search search = {.find = find, .tell = tell, .context = context};
	for (uint32_t i = 0; i < find->index->setting.contract_count && !search.ended; i++) {
		if (!match_find_is_payer(find, find->index->terms[i].contract->payer)) continue;
		search.contract = i;
		search_contract(&search, beside);
	}
}
