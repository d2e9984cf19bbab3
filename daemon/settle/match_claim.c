/* Which claims a line may be for: what it names, what it hints at, and what its amount leaves. */
#include <stdlib.h>
#include <string.h>

#include "settle/match_find.h"

#define POOL_MAX 2048        /* open claims among which pairs beside named ones are sought */
#define POOL_UNNAMED_MAX 120 /* open claims among which sets are sought that nothing names: more prove nothing */
#define HINTS_BESIDE_MAX 6   /* hinted claims beside which others are sought */

/* Open claims from which sets are made, with what is due, in order of that. */
struct claim_pool {
	struct pool_claim {
		int64_t due;
		uint32_t claim;
	} claims[POOL_MAX];
	uint32_t count;
	bool many; /* there are more */
};

/* Looking for sets with a sum. */
struct set_search {
	struct match_find *find;
	const struct claim_pool *pool;
	struct match_answer answer; /* with the claims so far */
	int64_t sum;                /* of what is due for these */
	int64_t least, most;        /* bounds of the sum of all */
};

int match_claims_compare(const struct match_index *index, uint32_t a, uint32_t b)
{
	for (int i = 0; i < MATCH_NUMBERS; i++) {
		int by_key = match_key_compare(index->items[a].keys[i], index->items[b].keys[i]);
		if (by_key != 0) return by_key;
	}
	return a == b ? 0 : a < b ? -1 : 1;
}

void match_claims_sort(const struct match_index *index, uint32_t *claims, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint32_t claim = claims[i], at = i;
		for (; at > 0 && match_claims_compare(index, claim, claims[at - 1]) < 0; at--)
			claims[at] = claims[at - 1];
		claims[at] = claim;
	}
}

void match_answer_add(struct match_find *find, const struct match_answer *answer)
{
	for (uint32_t i = 0; i < find->answer_count; i++) {
		struct match_answer *old = &find->answers[i];
		if (old->kind != answer->kind || old->count != answer->count || old->credit != answer->credit) continue;
		if (memcmp(old->things, answer->things, answer->count * sizeof(old->things[0])) != 0) continue;
		if (answer->level < old->level) *old = *answer;
		return;
	}
	if (find->answer_count == MATCH_ANSWERS_MAX) {
		find->answers_many = true;
		return;
	}
	find->answers[find->answer_count++] = *answer;
}

void match_find_passed(struct match_find *find, uint32_t claim)
{
	if (!match_uncommitted(find->index, find->index->items[claim].moved)) return;
	for (uint32_t i = 0; i < find->moved_count; i++)
		if (find->moved[i] == claim) return;
	if (find->moved_count == MATCH_MOVED_MAX)
		find->moved_many = true;
	else
		find->moved[find->moved_count++] = claim;
}

/* Is the line's currency one in which the claim is owed, or to be paid? In another an amount alone proves nothing. */
static bool foreseen(const struct match_find *find, uint32_t claim)
{
	const struct match_terms *terms = &find->index->terms[find->index->items[claim].contract];
	return money_same_currency(terms->owed, find->zero) || money_same_currency(terms->pay, find->zero);
}

/* Adds claims as an answer, with how the amount fits. */
static const struct match_fit *claims_add(struct match_find *find, const uint32_t *claims, uint32_t count,
	uint8_t level, uint8_t number, uint8_t wait, struct match_answer *ret)
{
	*ret = (struct match_answer){.count = count, .level = level, .number = number, .wait = wait};
	memcpy(ret->things, claims, count * sizeof(*claims));
	match_claims_sort(find->index, ret->things, count);
	if (!match_fit_claims(find, ret->things, NULL, count, &ret->fit)) return NULL;
	for (uint32_t i = 0; i < count && level == MATCH_LEVEL_AMOUNT && ret->wait == MATCH_POSTS; i++) {
		if (!foreseen(find, claims[i])) ret->wait = MATCH_WAIT_CERTAINTY;
	}
	/* the same amount again, and more than is left: most likely the same payment made twice */
	bool posted = level == MATCH_LEVEL_APART;
	if (ret->wait == MATCH_POSTS && count == 1 && match_credit_twin(find->index, find->line, claims[0], posted)) {
		ret->wait = MATCH_WAIT_TWIN;
	}
	return &ret->fit;
}

/* A paid claim that is paid again, when the amount is the same. */
static bool double_add(struct match_find *find, uint32_t claim, uint8_t level, uint8_t number, uint8_t wait)
{
	struct match_answer answer = {
		.things = {claim}, .count = 1, .kind = MATCH_DOUBLE, .level = level, .number = number, .wait = wait};
	int64_t owed = find->index->items[claim].owed;
	if (!match_fit_claims(find, &claim, &owed, 1, &answer.fit)) return false;
	if (!answer.fit.fits && answer.wait == 0) answer.wait = MATCH_WAIT_PAID;
	if (!answer.fit.fits) answer.level = MATCH_LEVEL_SHOWN;
	match_answer_add(find, &answer);
	return answer.fit.fits;
}

/* Adds them when they explain the amount; false when they don't. */
static bool claims_fit(
	struct match_find *find, const uint32_t *claims, uint32_t count, uint8_t level, uint8_t number, uint8_t wait)
{
	struct match_answer answer;
	const struct match_fit *fit = claims_add(find, claims, count, level, number, wait, &answer);
	if (fit == NULL || !fit->near) return false;
	match_answer_add(find, &answer);
	/* which of the two is the payment and which the double one, a person says */
	if (answer.wait == MATCH_WAIT_TWIN) double_add(find, claims[0], level, number, MATCH_WAIT_TWIN);
	return fit->fits;
}

/* Adds them whatever the amount, to be shown. */
static void claims_show(struct match_find *find, const uint32_t *claims, uint32_t count, uint8_t number, uint8_t wait)
{
	struct match_answer answer;
	if (claims_add(find, claims, count, MATCH_LEVEL_SHOWN, number, wait, &answer) != NULL) {
		match_answer_add(find, &answer);
	}
}

static void pool_clear(struct claim_pool *pool)
{
	pool->count = 0;
	pool->many = false;
}

static int pool_compare(const void *left, const void *right)
{
	const struct pool_claim *a = left, *b = right;
	if (a->due != b->due) return a->due < b->due ? -1 : 1;
	return a->claim == b->claim ? 0 : a->claim < b->claim ? -1 : 1;
}

static void pool_add(struct match_find *find, struct claim_pool *pool, uint32_t claim, uint32_t count_max)
{
	int64_t due, bound;
	if (pool->count == count_max) {
		pool->many = true;
		return;
	}
	if (!match_due(find, claim, find->index->items[claim].open, &due, &bound)) return;
	pool->claims[pool->count++] = (struct pool_claim){due, claim};
}

/* All that these payers owe and that can be paid in this currency. */
static void pool_fill(struct match_find *find, struct claim_pool *pool, uint32_t count_max)
{
	struct match_index *index = find->index;
	uint64_t enough = 2 * (uint64_t)(find->amount + find->stated); /* no set has a larger one */
	pool_clear(pool);
	for (uint32_t i = 0; i < index->setting.contract_count && !pool->many; i++) {
		const struct match_terms *terms = &index->terms[i];
		if (!match_find_is_payer(find, terms->contract->payer)) continue;
		if (!money_same_currency(terms->pay, find->zero) && !money_same_currency(terms->owed, find->zero))
			continue;
		const struct match_entry *entry, *last = NULL;
		uint32_t looked = 0;
		struct match_walk walk = match_order_range(
			&index->amounts, match_amount_key(i, false, 1), match_amount_key(i, false, INT64_MAX));
		while ((entry = match_walk_next(&walk)) != NULL && !pool->many) {
			const struct match_item *item = &index->items[entry->value];
			if (match_amount_gone(index, entry)) {
				index->amounts.passed++;
				if (!money_same_currency(terms->owed, find->zero) || entry->key.lo <= enough)
					match_find_passed(find, entry->value);
				continue;
			}
			if (++looked > 4 * POOL_MAX) pool->many = true;
			if (item->billed_day > find->line->booked_day) continue;
			/* the same claim and amount may be entered twice, after it was reopened */
			bool again = last != NULL && last->value == entry->value && last->key.lo == entry->key.lo;
			if (!again) pool_add(find, pool, entry->value, count_max);
			last = entry;
		}
	}
	qsort(pool->claims, pool->count, sizeof(pool->claims[0]), pool_compare);
}

/* Bounds of sums that are worth a closer look. */
static void search_bounds(struct set_search *search)
{
	const struct match_find *find = search->find;
	const struct match_index *index = find->index;
	int64_t target = find->amount + find->stated, slack = 0, more = 0;
	for (uint32_t i = 0; i < index->setting.contract_count; i++) {
		const struct match_contract *contract = index->terms[i].contract;
		if (!match_find_is_payer(find, contract->payer)) continue;
		uint32_t bound = contract->bound > contract->bound_other ? contract->bound : contract->bound_other;
		if (money_same_currency(index->terms[i].owed, find->zero)) bound = 0;
		int64_t own = target / 10000 * 2 * bound + 2 * bound, extra = target / 10000 * contract->discount;
		for (uint32_t j = 0; j < contract->tolerance_count; j++) {
			if (money_same_currency(contract->tolerances[j], find->zero))
				own += 2 * contract->tolerances[j].minor;
		}
		for (uint32_t j = 0; j < contract->usual_count; j++) {
			const struct zf_money *kept = &contract->usual[j].kept;
			if (money_same_currency(*kept, find->zero) && kept->minor > extra) extra = kept->minor;
		}
		if (own > slack) slack = own;
		if (extra + contract->discount > more) more = extra + contract->discount;
	}
	search->least = target - slack;
	search->most = target + slack + 2 * more;
}

/* The first in the pool that is due at least that. */
static uint32_t pool_from(const struct claim_pool *pool, int64_t due)
{
	uint32_t low = 0, high = pool->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (pool->claims[middle].due < due) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool search_has(const struct set_search *search, uint32_t claim)
{
	for (uint32_t i = 0; i < search->answer.count; i++) {
		if (search->answer.things[i] == claim) return true;
	}
	return false;
}

/* Adds `more` claims of the pool from `from` on, all ways that explain the amount. */
static void search_sets(struct set_search *search, uint32_t from, uint32_t more)
{
	const struct claim_pool *pool = search->pool;
	struct match_answer *answer = &search->answer;
	if (more == 1) {
		uint32_t first = pool_from(pool, search->least - search->sum);
		if (first > from) from = first;
	}
	for (uint32_t i = from; i < pool->count && !search->find->answers_many; i++) {
		int64_t sum = search->sum + pool->claims[i].due;
		if (sum > search->most) break;
		if (search_has(search, pool->claims[i].claim)) continue;
		answer->things[answer->count++] = pool->claims[i].claim;
		if (more == 1) {
			claims_fit(search->find, answer->things, answer->count, answer->level, answer->number,
				answer->wait);
		} else {
			search->sum = sum;
			search_sets(search, i + 1, more - 1);
			search->sum = sum - pool->claims[i].due;
		}
		answer->count--;
	}
}

/* Sets of some claims and at least one more of the pool, up to max. */
static void sets_beside(struct match_find *find, const uint32_t *claims, uint32_t count, uint32_t max,
	const struct claim_pool *pool, struct match_answer like)
{
	struct set_search search = {.find = find, .pool = pool, .answer = like};
	int64_t due, bound;
	for (uint32_t i = 0; i < count; i++) {
		if (!match_due(find, claims[i], find->index->items[claims[i]].open, &due, &bound)) return;
		search.answer.things[i] = claims[i];
		search.sum += due;
	}
	search.answer.count = count;
	search_bounds(&search);
	for (uint32_t more = 1; count + more <= max; more++) search_sets(&search, 0, more);
}

/* How many claims a transfer of these payers is for at most. */
static uint32_t claims_max(const struct match_find *find)
{
	uint32_t most = 1;
	for (uint32_t i = 0; i < find->payer_count; i++) {
		const struct match_payer *payer = &find->index->setting.payers[find->payers[i]];
		if (payer->settles == MATCH_SEVERAL && payer->claims_max > most) most = payer->claims_max;
	}
	return most;
}

/* How many of the payers settle by advice? */
static uint32_t advising(const struct match_find *find)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < find->payer_count; i++) {
		if (find->index->setting.payers[find->payers[i]].settles == MATCH_ADVICE) count++;
	}
	return count;
}

/* Has it an answer that fits, and may be posted? */
static bool answered(const struct match_find *find)
{
	for (uint32_t i = 0; i < find->answer_count; i++) {
		if (find->answers[i].fit.fits && find->answers[i].wait == 0) return true;
	}
	return false;
}

static bool amount_told(struct match_find *find, void *context, uint32_t claim)
{
	const struct match_answer *like = context;
	uint32_t claims[MATCH_CLAIMS_MAX];
	for (uint32_t i = 0; i < like->count; i++) {
		if (like->things[i] == claim) return true;
		claims[i] = like->things[i];
	}
	uint8_t level = like->level;
	claims[like->count] = claim;
	if (level == MATCH_LEVEL_CUT && !match_find_cut_of(find, claim)) return true;
	claims_fit(find, claims, like->count + 1, level, like->number, like->wait);
	return !find->answers_many;
}

/* The claims that are hinted, and open. */
static void pool_hints(struct match_find *find, struct claim_pool *pool)
{
	struct match_index *index = find->index;
	pool_clear(pool);
	for (uint32_t i = 0; i < find->hint_count; i++) {
		const struct match_hint *hint = &find->hints[i];
		if (match_of_advice(hint->number)) continue;
		if (index->items[hint->thing].open == 0) {
			match_find_passed(find, hint->thing);
			continue;
		}
		if (index->items[hint->thing].billed_day > find->line->booked_day) continue;
		pool_add(find, pool, hint->thing, POOL_MAX);
	}
	qsort(pool->claims, pool->count, sizeof(pool->claims[0]), pool_compare);
}

/* Some are named, and don't explain the amount. */
static void find_beside(struct match_find *find, const uint32_t *named, uint32_t count, uint8_t number)
{
	struct claim_pool pool;
	uint32_t max = claims_max(find);
	struct match_answer like = {.level = MATCH_LEVEL_PART, .number = number};
	match_find_hints(find);
	pool_hints(find, &pool);
	bool hinted = pool.count > 0;
	if (count < max && hinted) sets_beside(find, named, count, max, &pool, like);
	if (answered(find)) return;
	if (count < max) {
		pool_fill(find, &pool, POOL_MAX);
		if (pool.many) like.wait = MATCH_WAIT_TOO_MANY;
		sets_beside(find, named, count, max, &pool, like);
	}
	if (answered(find)) return;
	for (uint32_t i = 0; i < pool.count && hinted && i < HINTS_BESIDE_MAX; i++) {
		claims_fit(find, &pool.claims[i].claim, 1, MATCH_LEVEL_SHOWN, number, MATCH_WAIT_AMOUNT);
	}
	struct match_answer answer;
	bool sure = count == 1 && number == MATCH_REF && max == 1 && !hinted && !find->hints_many &&
		    find->answer_count == 0;
	uint8_t wait = sure ? MATCH_POSTS : MATCH_WAIT_AMOUNT;
	if (count > MATCH_CLAIMS_MAX) return;
	if (claims_add(find, named, count, MATCH_LEVEL_APART, number, wait, &answer) != NULL) {
		match_answer_add(find, &answer);
		if (answer.wait == MATCH_WAIT_TWIN)
			double_add(find, named[0], MATCH_LEVEL_APART, number, MATCH_WAIT_TWIN);
	}
	for (uint32_t i = 0; i < count && count > 1; i++) claims_show(find, &named[i], 1, number, MATCH_WAIT_AMOUNT);
}

/* Nothing whole is named, but something damaged. True: what it may mean was found, so amounts alone decide nothing. */
static bool find_hinted(struct match_find *find)
{
	struct claim_pool pool;
	uint32_t max = claims_max(find);
	match_find_hints(find);
	pool_hints(find, &pool);
	struct match_answer like = {.level = MATCH_LEVEL_CUT, .number = MATCH_REF};
	for (uint32_t i = 0; i < pool.count; i++) {
		const struct match_hint *hint = match_find_hint_of(find, pool.claims[i].claim, false);
		uint8_t level = hint->code == MATCH_SLIP ? MATCH_LEVEL_SLIP : MATCH_LEVEL_CUT;
		claims_fit(find, &pool.claims[i].claim, 1, level, hint->number, MATCH_POSTS);
	}
	if (max > 1 && pool.count > 1) sets_beside(find, NULL, 0, max, &pool, like);
	if (find->hints_many) match_amounts(find, 0, amount_told, &like);
	bool closed = false;
	for (uint32_t i = 0; i < find->hint_count; i++) {
		const struct match_hint *hint = &find->hints[i];
		if (match_of_advice(hint->number) || find->index->items[hint->thing].open > 0) continue;
		if (hint->code != MATCH_SLIP) continue;
		if (double_add(find, hint->thing, MATCH_LEVEL_SLIP, hint->number, MATCH_WAIT_PAID)) closed = true;
	}
	if (answered(find) || max == 1 || pool.count == 0) return pool.count > 0 || find->hints_many || closed;
	struct claim_pool all;
	pool_fill(find, &all, POOL_MAX);
	like.level = MATCH_LEVEL_PART;
	if (all.many) like.wait = MATCH_WAIT_TOO_MANY;
	for (uint32_t i = 0; i < pool.count && pool.count <= HINTS_BESIDE_MAX; i++) {
		sets_beside(find, &pool.claims[i].claim, 1, max, &all, like);
	}
	return true;
}

/* Nothing speaks for any but the amount. */
static void find_unnamed(struct match_find *find, uint8_t wait)
{
	struct match_answer like = {.level = MATCH_LEVEL_AMOUNT, .number = MATCH_REF, .wait = wait};
	uint32_t max = claims_max(find);
	struct claim_pool pool;
	if (max > 1) {
		pool_fill(find, &pool, POOL_UNNAMED_MAX);
		if (pool.many && wait == 0) like.wait = MATCH_WAIT_TOO_MANY;
	}
	match_amounts(find, 0, amount_told, &like);
	if (max > 1 && !pool.many) sets_beside(find, NULL, 0, max, &pool, like);
}

/* Named claims, by whether they are the payer's, and open. */
struct named_claims {
	uint32_t open[MATCH_NAMED_MAX], paid[MATCH_NAMED_MAX], other[MATCH_NAMED_MAX];
	uint32_t open_count, paid_count, other_count;
	uint8_t open_number, paid_number, other_number; /* the weakest of the numbers that name them */
};

static void named_sort(const struct match_find *find, struct named_claims *ret)
{
	*ret = (struct named_claims){.open_count = 0};
	for (uint32_t i = 0; i < find->named_count; i++) {
		const struct match_hint *named = &find->named[i];
		if (match_of_advice(named->number)) continue;
		uint8_t *number = &ret->open_number;
		if (find->payer_count == 0 ||
			!match_find_is_payer(find, match_claim_payer(find->index, named->thing))) {
			ret->other[ret->other_count++] = named->thing;
			number = &ret->other_number;
		} else if (find->index->items[named->thing].open == 0) {
			ret->paid[ret->paid_count++] = named->thing;
			number = &ret->paid_number;
		} else {
			ret->open[ret->open_count++] = named->thing;
		}
		if (named->number > *number) *number = named->number;
	}
}

/* What several owe for one claim has one number: of these it names the payer's own. */
static void named_shared(const struct match_index *index, struct named_claims *named)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < named->other_count; i++) {
		const struct match_key *key = &index->items[named->other[i]].keys[MATCH_REF];
		bool own = false;
		for (uint32_t j = 0; j < named->open_count + named->paid_count && !match_key_none(*key); j++) {
			uint32_t claim = j < named->open_count ? named->open[j] : named->paid[j - named->open_count];
			own |= match_key_compare(index->items[claim].keys[MATCH_REF], *key) == 0;
		}
		if (!own) named->other[kept++] = named->other[i];
	}
	named->other_count = kept;
}

/* What it names is another's, or nobody knows whose it is. */
static void show_others(struct match_find *find, const struct named_claims *named, uint8_t wait)
{
	for (uint32_t i = 0; i < named->other_count; i++) {
		if (find->index->items[named->other[i]].open > 0) {
			claims_show(find, &named->other[i], 1, named->other_number, wait);
		} else {
			double_add(find, named->other[i], MATCH_LEVEL_SHOWN, named->other_number, wait);
		}
	}
	if (named->other_count > 1 && named->other_count <= MATCH_CLAIMS_MAX) {
		claims_show(find, named->other, named->other_count, named->other_number, wait);
	}
}

/* Does it name an advice of another than the payer? */
static bool names_others_advice(const struct match_find *find)
{
	for (uint32_t i = 0; i < find->named_count; i++) {
		const struct match_hint *named = &find->named[i];
		if (!match_of_advice(named->number)) continue;
		if (!match_find_is_payer(find, find->index->notices[named->thing].payer)) return true;
	}
	return false;
}

/* The number of its bill, where the line names the claim by that. */
static const char *bill_of(const struct match_find *find, uint32_t claim)
{
	for (uint32_t i = 0; i < find->line->bill_count; i++)
		if (find->line->bills[i].claim == claim) return find->line->bills[i].number;
	return NULL;
}

/* Is it one number that names them all, such as the insurer's number of a case that was billed in parts? */
static bool one_number(const struct match_find *find, const uint32_t *claims, uint32_t count, uint8_t number)
{
	const struct match_index *index = find->index;
	const char *bill = number == MATCH_CLAIM_NUMBER ? bill_of(find, claims[0]) : NULL;
	for (uint32_t i = 1; i < count; i++) {
		const char *other = bill == NULL ? NULL : bill_of(find, claims[i]);
		if (bill != NULL && (other == NULL || strcmp(bill, other) != 0)) return false;
		if (bill != NULL) continue;
		const struct match_key *a = &index->items[claims[0]].keys[number],
				       *b = &index->items[claims[i]].keys[number];
		if (match_key_compare(*a, *b) != 0) return false;
	}
	return true;
}

void match_find_claims(struct match_find *find)
{
	struct named_claims named;
	named_sort(find, &named);
	named_shared(find->index, &named);
	if (find->payer_count == 0 || (named.open_count == 0 && named.paid_count == 0 && named.other_count > 0)) {
		show_others(find, &named, find->payer_count == 0 ? MATCH_WAIT_PAYER : MATCH_WAIT_OTHER_PAYER);
		return;
	}
	if (named.open_count > 0 && named.open_count <= MATCH_CLAIMS_MAX) {
		uint8_t wait = named.paid_count + named.other_count > 0 ? MATCH_WAIT_PAID : MATCH_POSTS;
		if (claims_fit(find, named.open, named.open_count, MATCH_LEVEL_NAMED, named.open_number, wait)) return;
	}
	if (named.open_count > 1 && one_number(find, named.open, named.open_count, named.open_number)) {
		bool fits = false;
		for (uint32_t i = 0; i < named.open_count; i++) {
			fits |= claims_fit(find, &named.open[i], 1, MATCH_LEVEL_NAMED, named.open_number, MATCH_POSTS);
		}
		if (fits) return;
	}
	if (named.open_count > 0 && named.paid_count == 0) {
		if (named.open_count < MATCH_CLAIMS_MAX)
			find_beside(find, named.open, named.open_count, named.open_number);
		return;
	}
	if (named.paid_count > 0) {
		uint8_t wait = named.paid_count + named.open_count > 1 ? MATCH_WAIT_PAID : MATCH_POSTS;
		for (uint32_t i = 0; i < named.paid_count; i++) {
			double_add(find, named.paid[i], MATCH_LEVEL_NAMED, named.paid_number, wait);
		}
		for (uint32_t i = 0; i < named.open_count; i++) {
			claims_show(find, &named.open[i], 1, named.open_number, MATCH_WAIT_PAID);
		}
		return;
	}
	if (advising(find) == find->payer_count || names_others_advice(find)) return;
	bool hinted = find_hinted(find);
	if (answered(find)) return;
	uint8_t wait = find->stray || find->nobodys ? MATCH_WAIT_NOBODYS
		       : hinted || find->cut_known  ? MATCH_WAIT_AMOUNT
						    : MATCH_POSTS;
	/* where the name may be that of one whose advice has yet to come, an amount proves nothing */
	find_unnamed(find, advising(find) > 0 ? MATCH_WAIT_ADVICE : wait);
}
