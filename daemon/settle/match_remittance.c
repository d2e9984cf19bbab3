/* Which advices a line may be the money of. */
#include <string.h>

#include "settle/match_find.h"

/* The contract whose charges and tolerance count for an advice: that of the first claim it lists, or any of its payer.
 * MATCH_NONE: there is none. */
static uint32_t contract_of(const struct match_index *index, const struct match_notice *notice)
{
	for (uint32_t i = 0; i < notice->row_count; i++) {
		if (notice->rows[i].claim != MATCH_NONE) return index->items[notice->rows[i].claim].contract;
	}
	for (uint32_t i = 0; i < index->setting.contract_count; i++) {
		if (index->terms[i].contract->payer == notice->payer) return i;
	}
	return MATCH_NONE;
}

/* By which of its numbers the line names or hints at an advice. */
static uint8_t number_of(const struct match_find *find, uint32_t advice)
{
	for (uint32_t i = 0; i < find->named_count; i++) {
		const struct match_hint *named = &find->named[i];
		if (named->thing == advice && match_of_advice(named->number)) return named->number;
	}
	const struct match_hint *hint = match_find_hint_of(find, advice, true);
	return hint == NULL ? MATCH_ADVICE_NUMBER : hint->number;
}

/* Adds one or two advices. Returns whether they fit. always: also when they don't. */
static bool advices_add(struct match_find *find, uint32_t one, uint32_t two, uint8_t level, uint8_t wait, bool always)
{
	const struct match_index *index = find->index;
	const struct match_notice *notice = &index->notices[one],
				  *other = two == MATCH_NONE ? NULL : &index->notices[two];
	if (!money_same_currency(notice->total, find->zero)) return false;
	if (other != NULL && !money_same_currency(other->total, find->zero)) return false;
	uint32_t contract = contract_of(index, notice);
	struct match_answer answer = {.things = {one, two},
		.count = other == NULL ? 1 : 2,
		.kind = MATCH_REMITTANCE,
		.level = level,
		.number = number_of(find, one),
		.wait = wait};
	if (contract == MATCH_NONE || one == two) return false;
	int64_t total = notice->total.minor;
	if (other != NULL && __builtin_add_overflow(total, other->total.minor, &total)) return false;
	if (other != NULL && match_notices_compare(notice, other) > 0) {
		answer.things[0] = two;
		answer.things[1] = one;
	}
	if (notice->strangers > 0 || (other != NULL && other->strangers > 0)) answer.wait = MATCH_WAIT_STRANGERS;
	if (!notice->adds_up || (other != NULL && !other->adds_up)) answer.wait = MATCH_WAIT_PARKED;
	match_fit_sum(find, contract, total, &answer.fit);
	if (!answer.fit.fits && answer.wait == 0) answer.wait = MATCH_WAIT_AMOUNT;
	if (answer.fit.near || always) match_answer_add(find, &answer);
	return answer.fit.fits;
}

/* All that wait of one payer with a total between two; each alone, or beside a named one. */
static void by_total(
	struct match_find *find, uint32_t payer, int64_t beside, uint32_t named, uint8_t level, uint8_t wait)
{
	const struct match_index *index = find->index;
	const struct match_entry *entry;
	int64_t target = find->amount + find->stated - beside, slack = 0, more = 0;
	for (uint32_t i = 0; i < index->setting.contract_count; i++) {
		const struct match_contract *contract = index->terms[i].contract;
		if (contract->payer != payer) continue;
		for (uint32_t j = 0; j < contract->tolerance_count; j++) {
			const struct zf_money *one = &contract->tolerances[j];
			if (money_same_currency(*one, find->zero) && one->minor > slack) slack = one->minor;
		}
		for (uint32_t j = 0; j < contract->usual_count && find->stated == 0; j++) {
			const struct zf_money *kept = &contract->usual[j].kept;
			if (money_same_currency(*kept, find->zero) && kept->minor > more) more = kept->minor;
		}
	}
	if (target + 2 * slack + more < 1) return;
	int64_t least = target - 2 * slack < 1 ? 1 : target - 2 * slack;
	struct match_walk walk = match_order_range(&index->waiting, (struct match_key){payer, (uint64_t)least},
		(struct match_key){payer, (uint64_t)(target + 2 * slack + more)});
	while ((entry = match_walk_next(&walk)) != NULL && !find->answers_many) {
		if (entry->value == named) continue;
		if (!index->notices[entry->value].waits) {
			if (match_uncommitted(index, index->notices[entry->value].moved)) find->moved_many = true;
			continue;
		}
		if (named == MATCH_NONE) {
			advices_add(find, entry->value, MATCH_NONE, level, wait, false);
		} else {
			advices_add(find, named, entry->value, level, wait, false);
		}
	}
}

/* The payer's advices that are named, or hinted, and wait. */
static uint32_t told(const struct match_find *find, const struct match_hint *hints, uint32_t count, bool waiting,
	uint32_t ret[MATCH_HINTS_MAX])
{
	uint32_t told_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (!match_of_advice(hints[i].number)) continue;
		const struct match_notice *notice = &find->index->notices[hints[i].thing];
		if (notice->waits == waiting && match_find_is_payer(find, notice->payer))
			ret[told_count++] = hints[i].thing;
	}
	return told_count;
}

static bool takes_two(const struct match_find *find, uint32_t advice)
{
	return find->index->setting.payers[find->index->notices[advice].payer].advices_max > 1;
}

static void find_named(struct match_find *find, const uint32_t *named, uint32_t count)
{
	if (count == 2 && advices_add(find, named[0], named[1], MATCH_LEVEL_NAMED, MATCH_POSTS, true)) return;
	bool fits = false, shared = count > 1;
	for (uint32_t i = 0; i < count; i++) {
		if (number_of(find, named[i]) != MATCH_ADVICE_REFERENCE) shared = false;
	}
	/* a reference that several have names all of them, and the amount which */
	uint8_t wait = count > 1 && !shared ? MATCH_WAIT_AMOUNT : MATCH_POSTS;
	uint8_t level = shared ? MATCH_LEVEL_PART : MATCH_LEVEL_NAMED;
	for (uint32_t i = 0; i < count; i++) {
		if (advices_add(find, named[i], MATCH_NONE, level, wait, true)) fits = true;
	}
	if (fits || count != 1 || !takes_two(find, named[0])) return;
	const struct match_notice *notice = &find->index->notices[named[0]];
	uint32_t hinted[MATCH_HINTS_MAX];
	match_find_hints(find);
	uint32_t hint_count = told(find, find->hints, find->hint_count, true, hinted);
	for (uint32_t i = 0; i < hint_count; i++) {
		if (advices_add(find, named[0], hinted[i], MATCH_LEVEL_PART, MATCH_POSTS, false)) fits = true;
	}
	if (!fits) by_total(find, notice->payer, notice->total.minor, named[0], MATCH_LEVEL_PART, MATCH_POSTS);
}

/* What damaged numbers may mean. True: something. */
static bool find_hinted(struct match_find *find)
{
	uint32_t hinted[MATCH_HINTS_MAX];
	match_find_hints(find);
	uint32_t count = told(find, find->hints, find->hint_count, true, hinted);
	for (uint32_t i = 0; i < count; i++) {
		const struct match_hint *hint = match_find_hint_of(find, hinted[i], true);
		uint8_t level = hint->code == MATCH_SLIP ? MATCH_LEVEL_SLIP : MATCH_LEVEL_CUT;
		advices_add(find, hinted[i], MATCH_NONE, level, MATCH_POSTS, false);
	}
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + 1; j < count && takes_two(find, hinted[i]); j++) {
			advices_add(find, hinted[i], hinted[j], MATCH_LEVEL_CUT, MATCH_POSTS, false);
		}
	}
	return count > 0 || find->hints_many;
}

/* Advices that a stranger's money names, to be shown. */
static void show_named(struct match_find *find)
{
	for (uint32_t i = 0; i < find->named_count; i++) {
		const struct match_hint *named = &find->named[i];
		if (!match_of_advice(named->number) || !find->index->notices[named->thing].waits) continue;
		if (match_find_is_payer(find, find->index->notices[named->thing].payer)) continue;
		uint8_t wait = find->payer_count == 0 ? MATCH_WAIT_PAYER : MATCH_WAIT_OTHER_PAYER;
		advices_add(find, named->thing, MATCH_NONE, MATCH_LEVEL_SHOWN, wait, true);
	}
}

void match_find_advices(struct match_find *find)
{
	uint32_t named[MATCH_HINTS_MAX], paid[MATCH_HINTS_MAX];
	show_named(find);
	bool advised = false;
	for (uint32_t i = 0; i < find->payer_count; i++) {
		if (find->index->setting.payers[find->payers[i]].settles == MATCH_ADVICE) advised = true;
	}
	uint32_t count = told(find, find->named, find->named_count, true, named);
	if (count > 0) {
		find_named(find, named, count);
		return;
	}
	if (!advised || told(find, find->named, find->named_count, false, paid) > 0) return;
	bool hinted = find_hinted(find);
	for (uint32_t i = 0; i < find->answer_count; i++) {
		if (find->answers[i].kind == MATCH_REMITTANCE && find->answers[i].fit.fits) return;
	}
	uint8_t wait = hinted || find->stray ? MATCH_WAIT_ADVICE : MATCH_POSTS;
	for (uint32_t i = 0; i < find->payer_count; i++) {
		by_total(find, find->payers[i], 0, MATCH_NONE, MATCH_LEVEL_AMOUNT, wait);
	}
}
