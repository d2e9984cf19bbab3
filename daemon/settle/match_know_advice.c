/* Advices for the matcher's index, and its answers as what would be posted. */
#include <string.h>

#include "db/rows.h"
#include "lib/money.h"
#include "model/chart.h"
#include "model/directory.h"
#include "settle/match_hand.h"
#include "settle/match_index.h"
#include "settle/match_know.h"

/* ---- advices ---- */

/* Who sends it: the payer of that name, else who pays for the carrier of that name. */
static uint32_t adviser_of(const struct match_know *know, const char *insurer)
{
	for (uint32_t i = 0; i < know->setting.payer_count; i++)
		if (strcmp(know->remitters[i], insurer) == 0) return i;
	for (uint32_t i = 0; i < know->setting.contract_count; i++)
		if (strcmp(know->contracts[i].carrier, insurer) == 0)
			return know->setting.contracts[know->contracts[i].index].payer;
	return MATCH_NONE;
}

/* The rows of one advice, [first, end); a detail with a fee is two. */
static int details_read(struct match_know *know, const struct pg_result *rows, int first, int end,
	struct text_span currency, struct match_advice *advice, struct know_advice *kept)
{
	size_t max = 2 * (size_t)(end - first);
	struct match_detail *details = zf_alloc_array(&know->arena.zf, max, sizeof(*details));
	int32_t *numbers = zf_alloc_array(&know->lasting.zf, max, sizeof(*numbers));

	if (details == NULL || numbers == NULL) return ERR_NOMEM;
	for (int row = first; row < end; row++) {
		if (db_rows_null(rows, row, 1)) continue; /* it has none */
		int64_t amount = db_rows_int(rows, row, 11), fee = db_rows_int(rows, row, 12);
		const char *number = db_rows_text(rows, row, 10);
		struct match_detail *detail = &details[advice->detail_count];

		bool netted = db_rows_int(rows, row, 13) == ADVICE_DETAIL_NETTED && amount < 0;

		/* of a claim that nobody knows: a person looks, as with one that does not balance */
		if (db_rows_int(rows, row, 13) != ADVICE_DETAIL_CLAIM && !netted)
			number = NULL;
		else if (number == NULL)
			number = "UNKNOWN";
		if (db_rows_int(rows, row, 13) == ADVICE_DETAIL_FEE) {
			fee += amount;
			amount = 0;
		}
		detail->kind = netted           ? MATCH_NETTED
			       : number == NULL ? MATCH_ADJUSTED
			       : amount < 0     ? MATCH_TAKE_BACK
						: MATCH_PAID;
		detail->number = number;
		if (money_make(amount, currency, &detail->amount) != 0) return ERR_INVALID;
		/* a fee that stands alone is no denial */
		if (amount != 0 || fee == 0) numbers[advice->detail_count++] = (int32_t)db_rows_int(rows, row, 1);
		if (fee == 0) continue;
		detail = &details[advice->detail_count];
		*detail = (struct match_detail){.kind = fee < 0 ? MATCH_FEE : MATCH_ADJUSTED};
		if (money_make(fee, currency, &detail->amount) != 0) return ERR_INVALID;
		numbers[advice->detail_count++] = (int32_t)db_rows_int(rows, row, 1);
	}
	advice->details = details;
	kept->details = numbers;
	kept->row_count = advice->detail_count;
	return 0;
}

static int advice_add(struct match_know *know, const struct pg_result *rows, int first, int end)
{
	struct text_span currency = text_of(db_rows_text(rows, first, 5));
	struct know_advice kept = {.id = db_rows_uuid(rows, first, 0)};
	struct match_advice advice = {.number = db_rows_text(rows, first, 3),
		.reference = db_rows_text(rows, first, 15),
		.payer = adviser_of(know, db_rows_text(rows, first, 2)),
		.balanced = db_rows_bool(rows, first, 8),
		.day = db_rows_date(rows, first, 9),
		.order_day = db_rows_null(rows, first, 7) ? 0 : db_rows_date(rows, first, 7)};
	uint32_t number = match_know_find(know, &kept.id, 0, KNOW_ADVICE);
	int r;

	if (number != MATCH_NONE) match_index_advice_paid(know->index, number, true); /* or another takes its place */
	if (number != MATCH_NONE && db_rows_bool(rows, first, 14)) return 0;
	if (advice.payer == MATCH_NONE || end - first > (int)KNOW_ADVICE_ROWS_MAX ||
		money_make(db_rows_int(rows, first, 4), currency, &advice.total) != 0) {
		know->left_out++;
		return 0;
	}
	r = match_grow((void **)&know->advices, know->advice_count, &know->advice_cap, sizeof(*know->advices));
	if (r == 0) r = details_read(know, rows, first, end, currency, &advice, &kept);
	if (r == 0) r = match_index_advise(know->index, &advice, &number);
	if (r == ERR_INVALID) know->left_out++;
	if (r != 0) return r == ERR_INVALID ? 0 : r;
	/* one of the same number may have taken the place of another */
	if (number == know->advice_count) know->advice_count++;
	know->advices[number] = kept;
	if (db_rows_bool(rows, first, 14)) match_index_advice_paid(know->index, number, true);
	return match_know_enter(know, &kept.id, 0, KNOW_ADVICE, number);
}

int match_know_advices(struct match_know *know, const struct pg_result *rows, bool full, struct uuid *ret_after)
{
	int count = db_rows_count(rows);

	for (int first = 0, end; first < count; first = end) {
		struct uuid id = db_rows_uuid(rows, first, 0);
		int r;

		for (end = first + 1; end < count; end++) {
			struct uuid other = db_rows_uuid(rows, end, 0);

			if (!uuid_equal(&id, &other)) break;
		}
		if (end == count && full && first > 0) break;
		r = advice_add(know, rows, first, end);
		if (r != 0) return r;
		*ret_after = id;
	}
	return match_index_settle(know->index);
}

int match_know_again(struct match_know *know, const struct match_choice *choice)
{
	for (uint32_t i = 0; i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];
		uint32_t advice =
			part->has_remittance ? match_know_find(know, &part->remittance, 0, KNOW_ADVICE) : MATCH_NONE;

		if (advice != MATCH_NONE) match_index_advice_paid(know->index, advice, false);
		if (!part->has_claim) continue;
		if (know->again_count >= KNOW_AGAIN_MAX) {
			know->broken = true;
			return 0;
		}
		if (match_grow((void **)&know->again, know->again_count, &know->again_cap, sizeof(*know->again)) != 0)
			return ERR_NOMEM;
		know->again[know->again_count++] = part->claim;
	}
	return 0;
}

/* ---- answers ---- */

/* An amount of the line in the books, by the rate of its day. */
static bool to_book(const struct match_know *know, const struct match_line *line, int64_t minor, int64_t *ret)
{
	struct zf_money amount = match_money(line->amount, minor);
	struct rate_conversion conversion;
	struct rate_path path;

	if (minor == 0) {
		*ret = 0;
		return true;
	}
	if (match_parity_path(know->index, amount, know->index->book, line->booked_day, &path) != 0 ||
		rate_convert(amount, &path, BOOK_RATE_ROUNDING, &conversion) != 0)
		return false;
	*ret = conversion.to.minor;
	return true;
}

static void allot_claim(const struct match_know *know, uint32_t number, struct match_allot *allot)
{
	const struct know_claim *claim = &know->claims[number];

	allot->has_claim = true;
	allot->claim = claim->id;
	allot->version = claim->version;
	allot->owed_exponent = claim->exponent;
	memcpy(allot->owed, claim->owed, sizeof(allot->owed));
	memcpy(allot->ref, claim->ref, sizeof(allot->ref));
	if (know->index->items[number].of_plan) allot->plan = know->carriers[know->index->items[number].contract];
}

/* What of the difference has a value in the books. False: it can't be posted. */
static bool allot_sums(const struct match_know *know, const struct match_line *line, const struct match_part *part,
	struct match_allot *allot)
{
	bool good;

	allot->charge.minor = part->split.charge;
	allot->discount.minor = part->split.discount;
	allot->unexplained.minor = part->split.unexplained;
	allot->fee.minor = part->kind == MATCH_PART_PAYMENT ? part->split.fee : 0;
	allot->over = part->kind == MATCH_PART_PAYMENT ? part->split.over : 0;
	allot->short_by = part->split.short_by;
	allot->fx = part->split.fx;
	/* where no rate is between what is owed and what is paid, no rate made a difference */
	if (part->kind == MATCH_PART_PAYMENT && strcmp(allot->owed, line->amount.currency) == 0) {
		allot->unexplained.minor += allot->fx;
		allot->fx = 0;
	}
	if (part->kind == MATCH_PART_ADJUSTED) allot->unexplained.minor = 0;
	good = to_book(know, line, allot->charge.minor, &allot->charge.book);
	good = good && to_book(know, line, allot->discount.minor, &allot->discount.book);
	good = good && to_book(know, line, allot->fee.minor, &allot->fee.book);
	return good && to_book(know, line, allot->unexplained.minor, &allot->unexplained.book);
}

/* False: it can't be posted as it is. */
static bool allot_fill(const struct match_know *know, const struct match_line *line, const struct match_part *part,
	uint32_t row, struct match_allot *allot)
{
	struct rate_conversion conversion;
	bool sound;

	*allot = (struct match_allot){.kind = part->kind, .amount = part->amount};
	if (part->claim != MATCH_NONE) allot_claim(know, part->claim, allot);
	if (part->advice != MATCH_NONE) {
		const struct know_advice *advice = &know->advices[part->advice];

		allot->has_remittance = true;
		allot->remittance = advice->id;
		if (row < advice->row_count) allot->detail = advice->details[row];
	}
	sound = allot_sums(know, line, part, allot);
	if (part->kind == MATCH_PART_PAYMENT) {
		allot->cleared = part->booked ? part->books.cleared.minor : 0;
		if (part->booked && strcmp(allot->owed, line->amount.currency) != 0 &&
			match_converted(know->index, line, part, &conversion) == 0)
			match_conversion_take(&conversion, &know->rates, true, &allot->conversion);
		return sound && part->booked && allot->cleared > 0;
	}
	if (part->kind == MATCH_PART_TAKE_BACK) {
		bool same = strcmp(allot->owed, line->amount.currency) == 0;

		/* in the currency of the books match_post() works it out */
		allot->cleared = part->amount;
		return sound && allot->has_claim && (same || strcmp(allot->owed, know->setting.book) == 0);
	}
	if (part->kind == MATCH_PART_STAYS) return true;
	if (part->kind == MATCH_PART_DOUBLE) return sound && allot->has_claim;
	if (part->kind == MATCH_PART_RESIDUAL) return sound && part->split.short_by == 0 && part->split.over == 0;
	if (part->kind == MATCH_PART_FEE) return sound && part->amount < 0;
	return sound;
}

/* Where some of it stays in suspense, the rest can leave it if there is any: of the line's sign, and no more. */
static bool rest_leaves(const struct match_choice *choice, int64_t amount)
{
	int64_t leaves = 0;
	bool stays = false;

	for (uint32_t i = 0; i < choice->part_count; i++) {
		const struct match_allot *part = &choice->parts[i];

		if (part->kind == MATCH_PART_STAYS)
			stays = true;
		else
			leaves += part->amount;
	}
	if (!stays) return true;
	return amount > 0 ? leaves > 0 && leaves <= amount : leaves < 0 && leaves >= amount;
}

int match_know_choice(const struct match_know *know, const struct match_line *line,
	const struct match_candidate *candidate, struct zf_arena *arena, struct match_choice *ret)
{
	struct match_choice choice = {.kind = candidate->kind,
		.score = candidate->score,
		.sound = candidate->part_count <= MATCH_CHOICE_PARTS_MAX,
		.reason_count = candidate->reason_count};
	uint32_t row = 0, advice = MATCH_NONE;

	memcpy(choice.reasons, candidate->reasons, sizeof(choice.reasons));
	if (candidate->kind == MATCH_REVERSAL) {
		choice.credit = know->credits[candidate->credit].line;
		choice.credit_part = know->credits[candidate->credit].part;
	}
	if (candidate->kind == MATCH_OWN) {
		choice.line_kind = know->hospital->chart->line_kinds[candidate->own].kind;
		choice.account = know->hospital->chart->line_kinds[candidate->own].account;
	}
	choice.parts = zf_alloc_array(arena, candidate->part_count + 1, sizeof(*choice.parts));
	if (choice.parts == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < candidate->part_count; i++) {
		const struct match_part *part = &candidate->parts[i];

		/* the rows of an advice come in their order */
		row = part->advice == advice ? row + 1 : 0;
		advice = part->advice;
		if (!allot_fill(know, line, part, row, &choice.parts[choice.part_count++])) choice.sound = false;
	}
	if (!rest_leaves(&choice, line->amount.minor)) choice.sound = false;
	*ret = choice;
	return 0;
}
