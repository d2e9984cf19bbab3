/* What an answer makes of the line: its parts, each with the difference split, in both currencies. */
#include <string.h>

#include "settle/match_find.h"

/* How what the bank and the rates made of a sum is called. */
static void split_rest(struct match_split *split, int64_t rest, int64_t bound, int64_t tolerance)
{
	int64_t away = rest < 0 ? -rest : rest;
	if (away <= bound) {
		split->fx = rest;
	} else if (away <= tolerance) {
		split->unexplained = rest;
	} else if (rest > 0) {
		split->short_by += rest;
	} else {
		split->over = -rest;
	}
}

/* What a part of the line is carried at. False: there is no rate. */
static bool part_book(const struct match_find *find, int64_t amount, struct rate_path *ret_path, struct zf_money *ret)
{
	const struct match_index *index = find->index;
	const struct match_line *line = find->line;
	enum decimal_rule rule = BOOK_RATE_ROUNDING;
	struct rate_conversion conversion;
	if (match_parity_path(index, find->zero, index->book, line->booked_day, ret_path) != 0) return false;
	if (line->book.present) return money_share(line->book, amount, find->amount, rule, ret) == 0;
	if (rate_convert(match_money(find->zero, amount), ret_path, rule, &conversion) != 0) return false;
	*ret = conversion.to;
	return true;
}

/* The part in the books, where the rates are known. */
static void part_settle(const struct match_find *find, struct match_part *part, int64_t open)
{
	const struct match_item *item = &find->index->items[part->claim];
	const struct match_terms *terms = &find->index->terms[item->contract];
	const struct receivable made = {
		match_money(terms->owed, item->owed), match_money(find->index->book, item->book)};
	const struct settlement_parts parts = {
		.due = match_money(find->zero, part->due),
		.received = match_money(find->zero, part->amount),
		.over = match_money(find->zero, part->split.over),
		.charge = match_money(find->zero, part->split.charge),
		.discount = match_money(find->zero, part->split.discount),
		.fee = match_money(find->zero, part->split.fee),
		.drift = match_money(find->zero, part->split.fx),
		.unexplained = match_money(find->zero, part->split.unexplained),
	};
	struct rate_path path;
	struct zf_money book;
	enum decimal_rule rule = (enum decimal_rule)terms->contract->rule;
	if (!part_book(find, part->amount, &path, &book)) return;
	part->booked =
		settlement_split(&made, match_money(terms->owed, open), &parts, book, &path, rule, &part->books) == 0;
}

/* The part that no claim has: what was kept of a transfer for several, or differs within the bounds. */
static void residual_add(
	struct match_candidate *candidate, const struct match_fit *fit, int64_t amount, uint32_t advice)
{
	if (amount == 0) return;
	struct match_part *part = &candidate->parts[candidate->part_count++];
	*part = (struct match_part){
		.claim = MATCH_NONE, .advice = advice, .kind = MATCH_PART_RESIDUAL, .amount = amount};
	part->split.charge = fit->stated + fit->charge;
	split_rest(&part->split, fit->rest, fit->bound, fit->tolerance);
}

static void claim_parts(struct match_find *find, const struct match_answer *answer, struct match_candidate *candidate)
{
	const struct match_fit *fit = &answer->fit;
	int64_t left = find->amount, bound;
	for (uint32_t i = 0; i < answer->count; i++) {
		struct match_part *part = &candidate->parts[candidate->part_count++];
		const struct match_item *item = &find->index->items[answer->things[i]];
		*part = (struct match_part){.claim = answer->things[i], .advice = MATCH_NONE};
		if (answer->count == 1) {
			part->due = fit->due;
			part->amount = find->amount;
			*(fit->bears ? &part->split.short_by : &part->split.charge) = fit->stated + fit->charge;
			part->split.discount = fit->discount;
			split_rest(&part->split, fit->rest, fit->bound, fit->tolerance);
		} else {
			if (!match_due(find, part->claim, item->open, &part->due, &bound)) part->due = 0;
			if (fit->discount > 0) part->split.discount = match_discount(find, part->claim, part->due);
			part->amount = part->due - part->split.discount;
		}
		left -= part->amount;
		part_settle(find, part, item->open);
	}
	residual_add(candidate, fit, left, MATCH_NONE);
}

static void double_part(uint32_t claim, uint32_t advice, int64_t amount, struct match_candidate *candidate)
{
	struct match_part *part = &candidate->parts[candidate->part_count++];
	*part = (struct match_part){.claim = claim, .advice = advice, .kind = MATCH_PART_DOUBLE, .amount = amount};
	part->split.over = amount;
}

/* What is open of a claim when an earlier row of the same advice has paid some of it. */
static int64_t open_after(const struct match_find *find, const struct match_candidate *candidate, uint32_t claim)
{
	for (uint32_t i = candidate->part_count; i > 0; i--) {
		const struct match_part *part = &candidate->parts[i - 1];
		if (part->claim == claim && part->booked) return part->books.left.minor;
	}
	return find->index->items[claim].open;
}

/* A row that pays a claim, or denies it. The difference is as it says: of the rate within its bound, the discount where
 * it is that, else short or too much. */
static void paid_part(
	struct match_find *find, const struct match_row *row, uint32_t advice, struct match_candidate *candidate)
{
	int64_t open = open_after(find, candidate, row->claim), due = 0, bound = 0;
	bool rated = open == 0 || match_due(find, row->claim, open, &due, &bound);
	if (!rated) candidate->no_rate = true;
	if (rated && due == 0 && row->amount > 0) {
		double_part(row->claim, advice, row->amount, candidate);
		return;
	}
	struct match_part *part = &candidate->parts[candidate->part_count++];
	*part = (struct match_part){.claim = row->claim, .advice = advice, .amount = row->amount, .due = due};
	if (row->amount == 0) {
		part->kind = MATCH_PART_DENIED;
		part->split.short_by = due;
		return;
	}
	if (!rated) return;
	int64_t rest = due - row->amount, discount = match_discount(find, row->claim, due);
	bool off = discount > 0 && rest - discount <= bound && discount - rest <= bound && rest > bound;
	if (off) part->split.discount = discount;
	split_rest(&part->split, off ? rest - discount : rest, bound, 0);
	part_settle(find, part, open);
}

static void advice_parts(struct match_find *find, const struct match_answer *answer, struct match_candidate *candidate)
{
	int64_t left = find->amount;
	for (uint32_t i = 0; i < answer->count; i++) {
		const struct match_notice *notice = &find->index->notices[answer->things[i]];
		find->order_day = notice->order_day != 0 ? notice->order_day : find->line->order_day;
		for (uint32_t j = 0; j < notice->row_count; j++) {
			const struct match_row *row = &notice->rows[j];
			left -= row->amount;
			if (row->kind == MATCH_PAID && row->claim != MATCH_NONE) {
				paid_part(find, row, answer->things[i], candidate);
				continue;
			}
			struct match_part *part = &candidate->parts[candidate->part_count++];
			*part = (struct match_part){
				.claim = row->claim, .advice = answer->things[i], .amount = row->amount};
			if (row->kind == MATCH_NETTED) {
				part->kind = MATCH_PART_DOUBLE;
				part->split.over = row->amount;
				/* what is taken back for a claim that is not here moves what others are paid */
			} else if (row->kind == MATCH_TAKE_BACK && row->claim != MATCH_NONE) {
				part->kind = MATCH_PART_TAKE_BACK;
				part->due = row->amount;
			} else if (row->kind == MATCH_FEE) {
				part->kind = MATCH_PART_FEE;
				part->split.fee = -row->amount;
			} else if (row->kind == MATCH_PAID) {
				part->kind = MATCH_PART_STAYS;
			} else {
				part->kind = MATCH_PART_ADJUSTED;
				part->split.unexplained = -row->amount;
			}
		}
	}
	find->order_day = find->line->order_day;
	struct match_fit fit = answer->fit;
	/* of one that does not balance the rest is what it doesn't explain */
	fit.rest = -left - fit.stated - fit.charge;
	residual_add(candidate, &fit, left, answer->count == 1 ? answer->things[0] : MATCH_NONE);
}

int match_parts(struct match_find *find, const struct match_answer *answer, struct zf_arena *arena,
	struct match_candidate *candidate)
{
	size_t count = answer->count + 1;
	if (answer->kind == MATCH_REVERSAL) return 0;
	if (answer->kind == MATCH_REMITTANCE) {
		for (uint32_t i = 0; i < answer->count; i++) count += find->index->notices[answer->things[i]].row_count;
	}
	candidate->parts = zf_alloc_array(arena, count, sizeof(*candidate->parts));
	if (candidate->parts == NULL) return ERR_NOMEM;
	if (answer->kind == MATCH_OWN) {
		candidate->part_count = 1;
		candidate->parts[0] = (struct match_part){.claim = MATCH_NONE,
			.advice = MATCH_NONE,
			.kind = MATCH_PART_OWN,
			.amount = find->line->amount.minor};
	} else if (answer->kind == MATCH_REMITTANCE) {
		advice_parts(find, answer, candidate);
	} else if (answer->kind == MATCH_DOUBLE) {
		double_part(answer->things[0], MATCH_NONE, find->amount, candidate);
	} else {
		claim_parts(find, answer, candidate);
	}
	return 0;
}
