/* The arithmetic of what a person says. In one currency it is exact; between two the money is worth what it is carried
 * at, or what that day's rate says of a currency that is not the books'. */
#include "settle/match_hand.h"

#include <string.h>

#include "lib/money.h"
#include "settle/book_rate.h"

const char *const match_rest_words[] = {"short", "charge", "fee", "discount", "difference", "fx", NULL};

/* One that is worked out. */
struct working {
	const struct match_hand *hand;
	const struct match_hand_claim *claim;
	struct match_allot *part;
	const struct match_rest_sum *all;   /* takes all that is left; NULL: none does */
	const struct match_rest_sum *stays; /* what is said to stay open; NULL: nothing is said */
	int64_t said;                       /* amount, and what is said to be missing and does not stay open */
};

static int64_t size_of(int64_t minor)
{
	return minor < 0 ? -minor : minor;
}

static bool same(const struct zf_money *a, const struct zf_money *b)
{
	return strcmp(a->currency, b->currency) == 0;
}

/* What an amount of the line's currency is carried at, in proportion to the line. */
static int book_share(const struct match_hand *hand, int64_t minor, int64_t *ret)
{
	struct zf_money share;
	int r = money_share(hand->book, size_of(minor), size_of(hand->whole), BOOK_RATE_ROUNDING, &share);
	if (r == 0) *ret = minor < 0 ? -share.minor : share.minor;
	return r;
}

/* For the record. */
static void note(const struct working *work, const struct rate_conversion *made, bool of_owed)
{
	if (work->hand->rates != NULL) match_conversion_take(made, work->hand->rates, of_owed, &work->part->conversion);
}

/* Of the line's currency to what is owed, and back. ERR_NOTFOUND: no rate. */
static int owed_of(const struct working *work, int64_t minor, int64_t *ret)
{
	struct rate_conversion made;
	struct zf_money from = work->hand->zero;
	if (same(&work->claim->open, &work->hand->book)) return book_share(work->hand, minor, ret);
	if (work->claim->from_line == NULL) return ERR_NOTFOUND;
	from.minor = minor;
	int r = rate_convert(from, work->claim->from_line, BOOK_RATE_ROUNDING, &made);
	if (r == 0) *ret = made.to.minor;
	if (r == 0) note(work, &made, false);
	return r;
}

static int line_of(const struct working *work, int64_t minor, int64_t *ret)
{
	struct rate_conversion made;
	struct zf_money whole = work->hand->zero, from = work->claim->open;
	int r;
	if (same(&work->claim->open, &work->hand->book)) {
		whole.minor = size_of(work->hand->whole);
		r = work->hand->book.minor == 0
			    ? ERR_NOTFOUND
			    : money_share(whole, minor, size_of(work->hand->book.minor), BOOK_RATE_ROUNDING, &made.to);
	} else {
		from.minor = minor;
		r = work->claim->to_line == NULL ? ERR_NOTFOUND
						 : rate_convert(from, work->claim->to_line, BOOK_RATE_ROUNDING, &made);
		if (r == 0) note(work, &made, true);
	}
	if (r == 0) *ret = made.to.minor;
	return r;
}

static struct match_sum *sum_of(struct match_allot *part, uint8_t kind)
{
	struct match_sum *const sums[] = {NULL, &part->charge, &part->fee, &part->discount, &part->unexplained, NULL};
	return sums[kind];
}

static int denied(enum match_hand_fault fault, enum match_hand_fault *ret_fault)
{
	*ret_fault = fault;
	return ERR_DENIED;
}

/* Takes what is said with an amount, and remembers what is not. */
static int rests_take(struct working *work, const struct match_rest_sum *rests, size_t count, bool one_currency,
	enum match_hand_fault *ret_fault)
{
	for (size_t i = 0; i < count; i++) {
		struct match_sum *sum = sum_of(work->part, rests[i].kind);
		if (rests[i].kind == MATCH_REST_FX && one_currency) return denied(MATCH_HAND_NO_RATE, ret_fault);
		if (rests[i].minor == 0 || rests[i].kind == MATCH_REST_FX) {
			if (work->all != NULL || rests[i].minor != 0) return denied(MATCH_HAND_ALL, ret_fault);
			work->all = &rests[i];
		} else if (sum == NULL) {
			if (work->stays != NULL) return denied(MATCH_HAND_ALL, ret_fault);
			work->stays = &rests[i];
		} else if (__builtin_add_overflow(sum->minor, rests[i].minor, &sum->minor) ||
			   __builtin_add_overflow(work->said, rests[i].minor, &work->said)) {
			return ERR_LIMIT;
		}
	}
	return 0;
}

/* The line's currency is owed: to the minor unit. */
static int same_currency(struct working *work, enum match_hand_fault *ret_fault)
{
	struct match_allot *part = work->part;
	int64_t open = work->claim->open.minor, left = open - work->said;
	int64_t stays = work->stays == NULL ? 0 : work->stays->minor;
	if (left < 0 && (work->stays != NULL || work->said != part->amount)) return denied(MATCH_HAND_MORE, ret_fault);
	if (left < 0) {
		part->over = -left;
		part->cleared = open;
		return 0;
	}
	if (stays > left || (work->stays != NULL && work->all == NULL && stays != left))
		return denied(MATCH_HAND_OTHER, ret_fault);
	part->cleared = work->said;
	part->short_by = left;
	if (work->all == NULL || work->all->kind == MATCH_REST_SHORT) return 0;
	sum_of(part, work->all->kind)->minor += left - stays;
	part->cleared = open - stays;
	part->short_by = stays;
	return 0;
}

/* Another one is. What is too much is a liability, unless it is said to be what a rate made of it. */
static int other_currency(struct working *work, enum match_hand_fault *ret_fault)
{
	struct match_allot *part = work->part;
	int64_t open = work->claim->open.minor, worth = 0, due = 0, stays = 0;
	int r = 0;
	if (work->stays != NULL) r = owed_of(work, work->stays->minor, &stays);
	if (r == 0 && stays >= open) return denied(MATCH_HAND_MORE, ret_fault);
	part->cleared = open - stays;
	part->conversion = (struct match_conversion){.count = 0}; /* that of what stays is not of what is cleared */
	if (r < 0 || (work->all != NULL && work->all->kind == MATCH_REST_FX)) return r;
	if (work->stays != NULL && work->all == NULL) return 0; /* what is left is the rate's */
	r = owed_of(work, work->said, &worth);
	if (r < 0 || worth == part->cleared) return r;
	struct match_conversion came = part->conversion;
	r = line_of(work, part->cleared, &due);
	if (r < 0) return r;
	if (worth > part->cleared) {
		if (work->stays != NULL || work->said != part->amount) return denied(MATCH_HAND_MORE, ret_fault);
		part->over = work->said > due ? work->said - due : 0;
	} else if (work->all != NULL && work->all->kind != MATCH_REST_SHORT) {
		sum_of(part, work->all->kind)->minor += due > work->said ? due - work->said : 0;
	} else {
		part->cleared = worth;
		part->conversion = came;
	}
	return 0;
}

int match_hand_part(const struct match_hand *hand, const struct match_hand_claim *claim, int64_t amount,
	const struct match_rest_sum *rests, size_t rest_count, struct match_allot *ret,
	enum match_hand_fault *ret_fault)
{
	struct match_allot part = {.kind = MATCH_PART_PAYMENT,
		.has_claim = true,
		.claim = claim->id,
		.version = claim->version,
		.amount = amount,
		.owed_exponent = claim->open.exponent};
	struct working work = {.hand = hand, .claim = claim, .part = &part, .said = amount};
	bool one_currency = same(&hand->zero, &claim->open);
	*ret_fault = MATCH_HAND_FITS;
	memcpy(part.ref, claim->ref, sizeof(part.ref));
	part.plan = claim->plan;
	memcpy(part.owed, claim->open.currency, 3);
	if (claim->open.minor == 0 || amount < 0) {
		part.kind = MATCH_PART_DOUBLE; /* nothing is owed: a liability, or its refund */
		for (size_t i = 0; i < rest_count; i++)
			if (rests[i].minor != 0) return denied(MATCH_HAND_NOTHING, ret_fault);
		*ret = part;
		return 0;
	}
	int r = rests_take(&work, rests, rest_count, one_currency, ret_fault);
	if (r == 0) r = one_currency ? same_currency(&work, ret_fault) : other_currency(&work, ret_fault);
	for (uint8_t kind = MATCH_REST_CHARGE; r == 0 && kind <= MATCH_REST_DIFFERENCE; kind++) {
		struct match_sum *sum = sum_of(&part, kind);
		r = book_share(hand, sum->minor, &sum->book);
	}
	if (r == ERR_NOTFOUND) return denied(MATCH_HAND_RATE, ret_fault);
	if (r == 0 && part.cleared == 0) return denied(MATCH_HAND_SMALL, ret_fault);
	if (r == 0) *ret = part;
	return r == 0 || r == ERR_DENIED ? r : ERR_LIMIT;
}

/* ---- by an advice ---- */

/* What it says of a claim: so much is paid, taken back or set off, or it is denied. */
static int claim_part(const struct match_hand *hand, struct match_hand_claim *claim,
	const struct match_hand_detail *detail, struct match_allot *ret, enum match_hand_fault *ret_fault)
{
	bool netted = detail->kind == ADVICE_DETAIL_NETTED;
	if (claim == NULL) return denied(MATCH_HAND_UNNAMED, ret_fault);
	if (detail->amount > 0) {
		int r = match_hand_part(hand, claim, detail->amount, NULL, 0, ret, ret_fault);
		if (r == 0) claim->open.minor -= ret->cleared;
		return r;
	}
	*ret = (struct match_allot){.kind = detail->amount == 0             ? MATCH_PART_DENIED
					    : netted && !detail->taken_back ? MATCH_PART_DOUBLE
									    : MATCH_PART_TAKE_BACK,
		.has_claim = true,
		.claim = claim->id,
		.version = claim->version,
		.amount = detail->amount,
		.owed_exponent = claim->open.exponent};
	memcpy(ret->ref, claim->ref, sizeof(ret->ref));
	memcpy(ret->owed, claim->open.currency, 3);
	if (ret->kind != MATCH_PART_TAKE_BACK) return 0;
	ret->cleared = detail->amount; /* of another currency match_post() works it out */
	if (same(&hand->zero, &claim->open)) claim->open.minor -= detail->amount;
	return 0;
}

int match_hand_detail(const struct match_hand *hand, struct match_hand_claim *claim,
	const struct match_hand_detail *detail, struct match_allot ret[MATCH_DETAIL_PARTS], uint32_t *ret_count,
	enum match_hand_fault *ret_fault)
{
	struct match_hand_detail said = *detail;
	uint32_t count = 0;
	int r = 0;
	*ret_fault = MATCH_HAND_FITS;
	if (said.kind == ADVICE_DETAIL_FEE) {
		if (__builtin_add_overflow(said.fee, said.amount, &said.fee)) return ERR_LIMIT;
		said.amount = 0;
	}
	bool of_claim = said.kind == ADVICE_DETAIL_CLAIM || (said.kind == ADVICE_DETAIL_NETTED && said.amount < 0);
	if (of_claim && (said.amount != 0 || said.fee == 0)) /* a fee that stands alone is no denial */
		r = claim_part(hand, claim, &said, &ret[count++], ret_fault);
	else if (said.amount != 0)
		ret[count++] = (struct match_allot){.kind = MATCH_PART_ADJUSTED, .amount = said.amount};
	if (r == 0 && said.fee != 0)
		ret[count++] = (struct match_allot){
			.kind = said.fee < 0 ? MATCH_PART_FEE : MATCH_PART_ADJUSTED, .amount = said.fee};
	for (uint32_t i = 0; i < count; i++) {
		ret[i].has_remittance = true;
		ret[i].remittance = detail->remittance;
		ret[i].detail = detail->no;
	}
	if (r == 0) *ret_count = count;
	return r;
}

int match_hand_residual(const struct match_hand *hand, uint8_t kind, int64_t minor, struct match_allot *ret)
{
	struct match_allot part = {.kind = MATCH_PART_RESIDUAL, .amount = -minor};
	struct match_sum *sum = sum_of(&part, kind);
	sum->minor = minor;
	int r = book_share(hand, minor, &sum->book);
	if (r == 0) *ret = part;
	return r == 0 ? 0 : ERR_LIMIT;
}

int match_hand_whole(
	const struct match_hand *hand, uint8_t kept, struct match_allot *parts, uint32_t *count, int64_t *ret_sum)
{
	int64_t sum = 0, open = hand->open;
	for (uint32_t i = 0; i < *count; i++)
		if (__builtin_add_overflow(sum, parts[i].amount, &sum)) return ERR_LIMIT;
	*ret_sum = sum;
	if (kept != 0 && open > 0 && sum > open) {
		int r = match_hand_residual(hand, kept, sum - open, &parts[*count]);
		*count += r == 0;
		return r;
	}
	return (open > 0 ? sum >= 0 && sum <= open : sum <= 0 && sum >= open) ? 0 : ERR_DENIED;
}

const char *match_hand_fault_text(enum match_hand_fault fault, bool chinese)
{
	static const char *const texts[][2] = {[MATCH_HAND_FITS] = {"", ""},
		[MATCH_HAND_RATE] = {"there is no rate of the line's day between its currency and what is owed",
			"流水日没有该流水币种与应收币种之间的汇率"},
		[MATCH_HAND_ALL] = {"only one of them can take all that is left; what a rate made has no amount",
			"只能有一项取全部余额;汇差不填金额"},
		[MATCH_HAND_MORE] = {"with what is said to be missing it comes to more than is open",
			"与所填缺额合计超过未付金额"},
		[MATCH_HAND_OTHER] = {"what is said to stay open is not what is left", "所填未付金额与余额不符"},
		[MATCH_HAND_NO_RATE] = {"no rate lies between: it is owed in the line's currency",
			"应收与流水同币种,不存在汇差"},
		[MATCH_HAND_NOTHING] = {"nothing is owed, or the money goes out: nothing can be missing",
			"没有未付金额或为付出款项,不能填写缺额"},
		[MATCH_HAND_SMALL] = {"it comes to nothing in the currency in which the claim is owed",
			"折合应收币种后金额为零"},
		[MATCH_HAND_UNNAMED] = {
			"it names no claim that is here: say which one it is", "未指明本院理赔单:请说明是哪一笔"}};
	return texts[fault][chinese];
}
