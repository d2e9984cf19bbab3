/* From a line to a decision: who asks whom, how sure an answer is, and when none is good enough. */
#include "settle/match.h"

#include <string.h>

#include "settle/match_find.h"

#define TIE_SCORE 600   /* of an answer that is not the only one */
#define NEAR_SCORE 400  /* of one that is off by more than the bounds allow */
#define SHOWN_SCORE 200 /* of one that nothing but a hint speaks for */
#define LEVEL_STEP 20   /* between the levels of those that are not posted */
#define RARITY 6        /* what a charge that was seen once takes from the score; less when it was seen more often */

/* How sure a level is when it is the only answer. */
static const uint16_t level_score[] = {
	[MATCH_LEVEL_NAMED] = 999,
	[MATCH_LEVEL_SLIP] = 985,
	[MATCH_LEVEL_CUT] = 975,
	[MATCH_LEVEL_PART] = 965,
	[MATCH_LEVEL_APART] = 950,
	[MATCH_LEVEL_AMOUNT] = 930,
	[MATCH_LEVEL_SHOWN] = SHOWN_SCORE,
	[MATCH_LEVEL_WORDS] = 850,
};

/* Credits that look as this line, which the bank takes back. */
static void find_reversed(struct match_find *find)
{
	struct match_index *index = find->index;
	const struct match_entry *entry;
	struct match_credit wanted;
	struct match_key key = match_credit_key(find->line, &wanted);
	struct match_walk walk = match_order_range(&index->taken, key, key);
	while ((entry = match_walk_next(&walk)) != NULL) {
		const struct match_credit *credit = &index->credits[entry->value];
		bool same = credit->references == wanted.references ||
			    (credit->end_to_end != 0 && credit->end_to_end == wanted.end_to_end);
		bool gone = match_credit_gone(index, entry);
		index->taken.passed += gone;
		if (gone || !same || wanted.references == 0) continue;
		match_answer_add(find, &(struct match_answer){.kind = MATCH_REVERSAL,
					       .credit = credit->id,
					       .level = MATCH_LEVEL_NAMED,
					       .fit = {.fits = true, .near = true}});
	}
}

static bool names_claims(const struct match_find *find)
{
	for (uint32_t i = 0; i < find->named_count; i++) {
		if (!match_of_advice(find->named[i].number)) return true;
	}
	return false;
}

/* May it be posted, were it the only one? */
static bool eligible(const struct match_answer *answer)
{
	return answer->wait == 0 && (answer->fit.fits || answer->level == MATCH_LEVEL_APART);
}

static bool any_eligible(const struct match_find *find)
{
	for (uint32_t i = 0; i < find->answer_count; i++) {
		if (eligible(&find->answers[i])) return true;
	}
	return false;
}

static void find_credit(struct match_find *find)
{
	match_find_payers(find);
	match_find_named(find);
	bool claims_first = names_claims(find);
	if (claims_first) match_find_claims(find);
	if (!any_eligible(find)) match_find_advices(find);
	if (!claims_first && !any_eligible(find)) match_find_claims(find);
	/* only where nothing at all speaks for a payment */
	if (find->answer_count == 0 && find->named_count == 0 && find->payer_count == 0) match_find_own(find);
}

/* What the amount takes from the score: the plainer it is explained, the better. */
static uint32_t penalty(const struct match_answer *answer)
{
	const struct match_fit *fit = &answer->fit;
	uint32_t sum = (fit->discount > 0) + (answer->number > MATCH_REF);
	if (fit->charge > 0) sum += 2 + RARITY / (fit->times == 0 ? 1 : fit->times);
	if (fit->rest != 0) sum += 2;
	return sum;
}

/* -1: a is better. What is posted comes first; in the end the claims' numbers decide, so that nothing else does. */
static int answer_compare(const struct match_find *find, const struct match_answer *a, const struct match_answer *b)
{
	if (eligible(a) != eligible(b)) return eligible(a) ? -1 : 1;
	if (a->fit.fits != b->fit.fits) return a->fit.fits ? -1 : 1;
	if (a->fit.near != b->fit.near) return a->fit.near ? -1 : 1;
	if (a->level != b->level) return a->level < b->level ? -1 : 1;
	if (a->count != b->count) return a->count < b->count ? -1 : 1;
	if (penalty(a) != penalty(b)) return penalty(a) < penalty(b) ? -1 : 1;
	int64_t left = a->fit.rest < 0 ? -a->fit.rest : a->fit.rest,
		right = b->fit.rest < 0 ? -b->fit.rest : b->fit.rest;
	if (left != right) return left < right ? -1 : 1;
	if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
	if (a->kind == MATCH_REVERSAL) return a->credit == b->credit ? 0 : a->credit < b->credit ? -1 : 1;
	if (a->kind == MATCH_OWN) return a->things[0] == b->things[0] ? 0 : a->things[0] < b->things[0] ? -1 : 1;
	const struct match_index *index = find->index;
	for (uint32_t i = 0; i < a->count; i++) {
		int by_key = a->kind == MATCH_REMITTANCE ? match_notices_compare(&index->notices[a->things[i]],
								   &index->notices[b->things[i]])
							 : match_claims_compare(index, a->things[i], b->things[i]);
		if (by_key != 0) return by_key;
	}
	return 0;
}

static void answers_sort(struct match_find *find)
{
	for (uint32_t i = 1; i < find->answer_count; i++) {
		struct match_answer answer = find->answers[i];
		uint32_t at = i;
		for (; at > 0 && answer_compare(find, &answer, &find->answers[at - 1]) < 0; at--) {
			find->answers[at] = find->answers[at - 1];
		}
		find->answers[at] = answer;
	}
}

/* How many answers are as good as the first, which may be posted: others that may, and, where no whole number names it,
 * those that are off by a little more. */
static uint32_t rivals(const struct match_find *find)
{
	uint32_t count = 0;
	bool thin = find->answers[0].level != MATCH_LEVEL_NAMED && find->answers[0].level != MATCH_LEVEL_APART;
	for (uint32_t i = 1; i < find->answer_count; i++) {
		const struct match_answer *answer = &find->answers[i];
		/* what another line may have paid is no less likely for this one */
		bool free = answer->wait == 0 || answer->wait == MATCH_WAIT_TWIN;
		if (eligible(answer) || (thin && free && answer->fit.near)) count++;
	}
	return count;
}

/* Why nothing can be posted. */
static uint8_t wait_why(const struct match_find *find)
{
	if (find->line->amount.minor < 0) return MATCH_WAIT_OUT;
	if (find->payer_count == 0) return MATCH_WAIT_PAYER;
	for (uint32_t i = 0; i < find->answer_count; i++) {
		uint8_t wait = find->answers[i].wait;
		if (wait == MATCH_WAIT_PARKED || wait == MATCH_WAIT_STRANGERS) return wait;
	}
	if (find->answer_count > 0 && find->answers[0].wait != 0) return find->answers[0].wait;
	if (find->index->setting.payers[find->payers[0]].settles == MATCH_ADVICE)
		return match_find_cut_off(find) ? MATCH_WAIT_CUT : MATCH_WAIT_ADVICE;
	if (find->no_rate) return MATCH_WAIT_RATE;
	if (find->answer_count > 0) return MATCH_WAIT_AMOUNT;
	return find->nobodys ? MATCH_WAIT_NOBODYS : MATCH_WAIT_NOTHING;
}

static void reason_add(struct match_candidate *candidate, struct match_reason reason)
{
	if (candidate->reason_count < MATCH_REASONS_MAX) candidate->reasons[candidate->reason_count++] = reason;
}

static void reason_amount(
	const struct match_find *find, struct match_candidate *candidate, uint8_t code, int64_t minor, uint32_t times)
{
	struct zf_money amount = match_money(find->zero, minor < 0 ? -minor : minor);
	if (minor != 0) reason_add(candidate, (struct match_reason){.code = code, .times = times, .amount = amount});
}

/* Why, of the amount. */
static void reasons_amount(
	const struct match_find *find, const struct match_answer *answer, struct match_candidate *candidate)
{
	const struct match_fit *fit = &answer->fit;
	int64_t away = fit->rest < 0 ? -fit->rest : fit->rest;
	if (fit->due == find->amount) reason_add(candidate, (struct match_reason){.code = MATCH_EXACT});
	reason_amount(find, candidate, MATCH_STATED_CHARGE, find->stated, 0);
	reason_amount(find, candidate, MATCH_DISCOUNT, fit->discount, 0);
	reason_amount(find, candidate, MATCH_USUAL_CHARGE, fit->charge, fit->times);
	reason_amount(find, candidate, MATCH_SHORT, fit->bears ? fit->stated + fit->charge : 0, 0);
	uint8_t code = away <= fit->bound       ? MATCH_RATE
		       : away <= fit->tolerance ? MATCH_WITHIN
		       : fit->rest > 0          ? MATCH_SHORT
						: MATCH_OVER;
	reason_amount(find, candidate, code, fit->rest, 0);
}

static void reasons_fill(const struct match_find *find, const struct match_answer *answer, uint32_t like_others,
	struct match_candidate *candidate)
{
	uint8_t code = answer->level == MATCH_LEVEL_AMOUNT ? MATCH_UNNAMED
		       : answer->level == MATCH_LEVEL_SLIP ? MATCH_SLIP
		       : answer->level == MATCH_LEVEL_CUT  ? MATCH_CUT
							   : MATCH_NAMES;
	if (answer->kind == MATCH_REVERSAL) {
		reason_add(candidate, (struct match_reason){.code = MATCH_SAME_CREDIT});
	} else if (answer->kind == MATCH_OWN) {
		bool words = answer->level == MATCH_LEVEL_WORDS;
		reason_add(candidate, (struct match_reason){.code = words ? MATCH_BANK_WORDS : MATCH_BANK_CODE});
	} else {
		if (answer->wait == MATCH_WAIT_OTHER_PAYER) {
			reason_add(candidate, (struct match_reason){.code = MATCH_OTHER_PAYER});
		} else if (find->payer_count > 0) {
			reason_add(candidate, (struct match_reason){.code = find->payer_code});
		}
		reason_add(candidate, (struct match_reason){.code = code, .number = answer->number});
		if (answer->kind == MATCH_DOUBLE) {
			reason_add(candidate, (struct match_reason){.code = MATCH_PAID_BEFORE});
		} else if (answer->kind == MATCH_PAYMENT && answer->count > 1) {
			reason_add(candidate, (struct match_reason){.code = MATCH_TOGETHER, .times = answer->count});
		}
		for (uint32_t i = 0; i < answer->count && answer->kind == MATCH_REMITTANCE; i++) {
			const struct match_notice *notice = &find->index->notices[answer->things[i]];
			uint8_t lists = notice->adds_up ? MATCH_LISTS : MATCH_UNBALANCED;
			reason_add(candidate, (struct match_reason){.code = lists, .times = notice->row_count});
			if (notice->strangers == 0) continue;
			reason_add(
				candidate, (struct match_reason){.code = MATCH_STRANGERS, .times = notice->strangers});
		}
		reasons_amount(find, answer, candidate);
	}
	if (like_others > 0) {
		reason_add(candidate, (struct match_reason){.code = MATCH_LIKE_OTHERS, .times = like_others});
	}
}

static uint16_t score_of(const struct match_answer *answer, bool alone)
{
	uint32_t base = alone ? level_score[answer->level] : TIE_SCORE - LEVEL_STEP * answer->level;
	if (!answer->fit.fits && answer->level != MATCH_LEVEL_APART) base = answer->fit.near ? NEAR_SCORE : SHOWN_SCORE;
	return (uint16_t)(base - penalty(answer));
}

/* Is it for the claims that it is for only as far as is known, since the line has more numbers of bills than were
 * looked at? Where our own references name all of them, and the amount fits, that is enough. */
static bool partly_read(const struct match_find *find, const struct match_answer *answer)
{
	if (!find->line->bills_many || (answer->kind != MATCH_PAYMENT && answer->kind != MATCH_DOUBLE)) return false;
	return answer->level != MATCH_LEVEL_NAMED || answer->number != MATCH_REF;
}

/* Makes what comes out of the answers, the best first. */
static int decide(struct match_find *find, struct zf_arena *arena, struct match_result *ret)
{
	answers_sort(find);
	uint32_t others = find->answer_count > 0 ? rivals(find) : 0;
	bool alone = find->answer_count > 0 && eligible(&find->answers[0]) && others == 0;
	bool whole =
		alone && (find->answers[0].level == MATCH_LEVEL_NAMED || find->answers[0].level == MATCH_LEVEL_APART);
	if (alone && find->answers_many && !whole) alone = false;
	*ret = (struct match_result){.payer_count = find->payer_count,
		.moved = find->moved,
		.moved_count = find->moved_count,
		.moved_many = find->moved_many};
	memcpy(ret->payers, find->payers, sizeof(ret->payers));
	for (uint32_t i = 0; i < find->answer_count && i < MATCH_CANDIDATES_MAX; i++) {
		const struct match_answer *answer = &find->answers[i];
		struct match_candidate *candidate = &ret->candidates[ret->count++];
		*candidate = (struct match_candidate){
			.kind = answer->kind, .advices = {MATCH_NONE, MATCH_NONE}, .credit = MATCH_NONE};
		candidate->score = score_of(answer, alone && i == 0);
		candidate->thin = answer->level != MATCH_LEVEL_NAMED;
		candidate->posts = alone && i == 0 && candidate->score >= find->index->setting.certain;
		if (answer->kind == MATCH_REVERSAL) candidate->credit = answer->credit;
		if (answer->kind == MATCH_OWN) candidate->own = answer->things[0];
		for (uint32_t j = 0; j < answer->count && answer->kind == MATCH_REMITTANCE; j++) {
			candidate->advices[j] = answer->things[j];
		}
		bool among = eligible(answer) || answer->fit.near;
		reasons_fill(find, answer, others > 0 && among && answer->wait == 0 ? others : 0, candidate);
		if (match_parts(find, answer, arena, candidate) != 0) return ERR_NOMEM;
	}
	if (alone && ret->candidates[0].no_rate) {
		ret->candidates[0].posts = false;
		ret->wait = MATCH_WAIT_RATE;
	} else if (alone && partly_read(find, &find->answers[0])) {
		ret->candidates[0].posts = false;
		ret->wait = MATCH_WAIT_NUMBERS;
	} else if (alone && ret->candidates[0].posts) {
		ret->wait = MATCH_POSTS;
	} else if (alone) {
		ret->wait = MATCH_WAIT_CERTAINTY;
	} else if (ret->count > 0 && eligible(&find->answers[0])) {
		ret->wait = find->answers_many ? MATCH_WAIT_TOO_MANY : MATCH_WAIT_TIE;
	} else {
		ret->wait = wait_why(find);
	}
	return 0;
}

static bool line_valid(const struct match_index *index, const struct match_line *line)
{
	struct zf_money checked;
	if (!line->amount.present || line->amount.minor == INT64_MIN) return false;
	if (money_make(0, text_of(line->amount.currency), &checked) != 0) return false;
	if (!money_same_currency(checked, line->amount)) return false;
	if (line->charge.present && (!money_same_currency(line->charge, line->amount) || line->charge.minor < 0))
		return false;
	return !line->book.present || money_same_currency(line->book, index->book);
}

int match_line(
	struct match_index *index, const struct match_line *line, struct zf_arena *arena, struct match_result *ret)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	if (!line_valid(index, line)) return ERR_INVALID;
	int err = match_index_settle(index);
	if (err != 0) return err;
	struct match_find *find = zf_alloc(arena, sizeof(*find));
	if (find == NULL) return ERR_NOMEM;
	find->index = index;
	find->line = line;
	find->zero = match_money(line->amount, 0);
	find->amount = line->amount.minor < 0 ? -line->amount.minor : line->amount.minor;
	find->order_day = line->order_day;
	find->stated = line->charge.present ? line->charge.minor : 0;
	if (line->amount.minor < 0) {
		find_reversed(find);
		if (find->answer_count == 0) match_find_own(find);
	} else if (line->amount.minor > 0) {
		find_credit(find);
	}
	return decide(find, arena, ret);
}

/* Are both posted, and the same? */
static bool same_posted(const struct match_result *a, const struct match_result *b)
{
	const struct match_candidate *one = &a->candidates[0], *two = &b->candidates[0];
	if (a->wait != MATCH_POSTS || b->wait != MATCH_POSTS || one->kind != two->kind) return false;
	if (memcmp(one->advices, two->advices, sizeof(one->advices)) != 0 || one->part_count != two->part_count)
		return false;
	for (uint32_t i = 0; i < one->part_count; i++) {
		if (one->parts[i].claim != two->parts[i].claim) return false;
	}
	return true;
}

int match_line_hangs(struct match_index *index, const struct match_line *line, struct zf_arena *arena,
	const struct match_result *result, bool *ret)
{
	CHECK_MAGIC(index, MATCH_INDEX_MAGIC);
	*ret = result->wait == MATCH_POSTS && result->candidates[0].thin &&
	       (result->moved_count > 0 || result->moved_many);
	if (!*ret || result->moved_many) return 0;
	struct match_result *again = zf_alloc(arena, sizeof(*again));
	int64_t *open = zf_alloc_array(arena, result->moved_count, sizeof(*open));
	uint32_t *moved = zf_alloc_array(arena, result->moved_count, sizeof(*moved)), count = 0;
	if (again == NULL || open == NULL || moved == NULL) return ERR_NOMEM;
	int err = 0;
	for (; err == 0 && count < result->moved_count; count++) {
		const struct match_item *item = &index->items[result->moved[count]];
		open[count] = item->open;
		moved[count] = item->moved;
		struct zf_money before = match_money(index->terms[item->contract].owed, item->before);
		err = match_index_open(index, result->moved[count], before);
	}
	if (err == 0) err = match_line(index, line, arena, again);
	if (err == 0) *ret = !same_posted(result, again);
	while (count-- > 0) {
		struct match_item *item = &index->items[result->moved[count]];
		struct zf_money now = match_money(index->terms[item->contract].owed, open[count]);
		int closed = match_index_open(index, result->moved[count], now);
		item->moved = moved[count];
		if (closed != 0) err = closed;
	}
	return err;
}
