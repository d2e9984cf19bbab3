/* What waits to be matched, and what was allocated. */
#include "desk/operation_rows.h"

#include "desk/call.h"

/* ---- what acts refuse ---- */

static const struct operation_refusal accept_refusals[] = {
	{-1, {409, {"moved-on", "There is no such candidate, or it, or one of its claims, has moved on: look again.",
			   "没有该候选,或其款项、理赔单已变动:请重新查看。"}}},
	{-2, {409, {"value-missing",
			   "Its value in the books, or what its advice announces, is not known yet: try again later.",
			   "其账面价值或付款通知的金额尚未确定:请稍后重试。"}}},
	{-3, {409, {"advice-paid", "The money of this advice has come with another line.",
			   "该付款通知的款项已随另一笔流水到账。"}}},
	{-4, {409, {"held", "The money is held.", "该款项已冻结。"}}},
	{-7, {409, {"netting-more",
			   "Its advice sets off more than is owed back for that claim: by allocate-advice a person may say that it is taken back.",
			   "付款通知抵扣的金额超过该理赔单的应退金额:可用 allocate-advice 记为追回。"}}},
	{-6, {409, {"beyond-contract",
			   "More would be let go than the claim's contract allows anybody: leave it short, and who may writes it off.",
			   "超出合同允许放弃的限额:请保留为少付,由有权限的人员核销。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal match_refusals[] = {
	{-1, {404, {"not-found", "There is no such candidate, or not any more.", "没有该候选,或已失效。"}}},
	{-2, {409, {"candidate-other", "This number is another candidate's by now: look again.",
			   "该序号现为另一候选:请重新查看。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal split_refusals[] = {
	{-1, {404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}}},
	{-2, {422, {"split-amounts",
			   "The amounts must be in the line's currency, with its sign, and come to less than what is open.",
			   "各金额须与流水同币种、同方向,且合计小于未核销金额。"}}},
	{-8, {409, {"parts-many", "Of a line at most 1000 parts are split off.", "每笔流水最多拆分 1000 笔。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal note_refusals[] = {
	{-1, {404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}}},
	{-8, {409, {"notes-many", "There are 50 notes on it already.", "该款项已有 50 条备注。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal hold_refusals[] = {
	{-1, {404, {"not-found", "This line is not in suspense, or not any more.", "该流水不在待查收款中,或已核销。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal undo_refusals[] = {
	{-1, {404, {"not-found", "There is no such allocation, or it was undone.", "没有该核销记录,或已撤销。"}}},
	{-2, {409, {"undo-refused", "What is owed for a claim of it has changed so that it cannot be undone.",
			   "相关理赔单的应收已变动,不可撤销。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation_refusal classify_refusals[] = {
	{-1, {404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}}},
	{-2, {409, {"value-missing", "Its value in the books is not known yet: try again later.",
			   "其账面价值尚未确定:请稍后重试。"}}},
	STALE,
	{-5, {422, {"kind-way", "Money of this kind goes the other way.", "该类别的收支方向不符。"}}},
	{-6, {422, {"amount-more", "There is not as much open of it, or in another currency.",
			   "未核销金额不足,或币种不符。"}}},
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal transfer_refusals[] = {
	{-1, {404, {"not-found", "One of the lines does not wait, or not any more.",
			   "其中一笔流水不在待查状态,或已核销。"}}},
	{-2, {409, {"value-missing", "A value in the books is not known yet: try again later.",
			   "账面价值尚未确定:请稍后重试。"}}},
	STALE,
	{-4, {422, {"transfer-way", "Of a transfer one line goes out of one account, and one comes in on another.",
			   "划转须一笔转出、一笔转入,且分属两个账户。"}}},
	{-5, {422, {"transfer-amount",
			   "The two do not come to the same: in one currency to the last unit, else within 3 per cent.",
			   "两笔金额不符:同币种须完全一致,不同币种相差不超过 3%。"}}},
	{-6, {422, {"transfer-days", "More than ten days lie between the two.", "两笔相隔超过十天。"}}},
	{-8, {422, {"transfer-sale", "Foreign money became the currency of the books: that is a sale.",
			   "外币兑换为记账本位币:应按结汇入账。"}}},
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

static const struct operation rows[] = {
	PAGE("/v1/match-items", "match_items",
		"Money without a home, as matching sees it: why it waits, and how many answers there are",
		match_items_query, match_item_shape, DESK_MATCH_ITEMS),
	{HTTP_GET, "/v1/match-items/{id}/candidates", "match_candidates", OPERATION_WHOLE, READS,
		"What an item may be for, by the bank line's id: each answer with why, and what it would do",
		.query = &candidates_query, .answer = &candidate_shape, .statement = DESK_CANDIDATES, .then = DESK_NONE,
		.run = candidates_run},
	{HTTP_POST, "/v1/match-items/{id}/accept", "match_accept", OPERATION_ACT, WRITES,
		"Takes a candidate: it is posted as it stands, and whose name and account stood on the money is learned",
		.request = &accept_shape, .answer = &accepted_shape, .statement = DESK_ACCEPT, .then = DESK_NONE,
		.creates = true, .refusals = accept_refusals, .run = accept_run},
	{HTTP_POST, "/v1/match-items/{id}/allocate", "match_allocate", OPERATION_ACT, WRITES,
		"Says by hand of which claims it is, and what is missing of them: posted, and the payer learned",
		.request = &allocate_shape, .answer = &accepted_shape, .statement = DESK_ACCEPT, .then = DESK_NONE,
		.creates = true, .refusals = accept_refusals, .run = allocate_run},
	{HTTP_POST, "/v1/match-items/{id}/allocate-advice", "match_allocate_advice", OPERATION_ACT, WRITES,
		"Says by hand which details of an advice it is, whose money may come in several transfers",
		.request = &allocate_advice_shape, .answer = &accepted_shape, .statement = DESK_ACCEPT,
		.then = DESK_NONE, .creates = true, .refusals = accept_refusals, .run = allocate_advice_run},
	{HTTP_POST, "/v1/match-items/{id}/allocate-check", "match_allocate_check", OPERATION_ACT, READS,
		"What that would post, and by which rates: nothing is done", .request = &allocate_check_shape,
		.answer = &allocate_checked_shape, .statement = DESK_NONE, .then = DESK_NONE, .run = allocate_run,
		.once = ONCE_NOTHING},
	{HTTP_POST, "/v1/match-items/{id}/reject", "match_reject", OPERATION_ACT, WRITES,
		"Not this answer: it is not offered again, and the item is never again posted by itself",
		.request = &reject_shape, .answer = &suspense_shape, .statement = DESK_REJECT,
		.then = DESK_SUSPENSE_AFTER, .versioned = true, .refusals = match_refusals, .run = reject_run,
		.once = "a candidate that was rejected is none any more"},
	{HTTP_POST, "/v1/match-items/{id}/note", "match_note", OPERATION_ACT, WRITES,
		"Adds what a letter or a call told: matching reads it as if the bank had told it; at most 50",
		.request = &note_shape, .answer = &suspense_shape, .statement = DESK_NOTE, .then = DESK_SUSPENSE_AFTER,
		.versioned = true, .refusals = note_refusals, .run = match_note_run},
	{HTTP_POST, "/v1/match-items/{id}/classify", "match_classify", OPERATION_ACT, WRITES,
		"Says that it, or so much of it, is for no claim: a charge of the bank, interest, as the chart lists it",
		.request = &classify_shape, .answer = &accepted_shape, .statement = DESK_CLASSIFY, .then = DESK_NONE,
		.creates = true, .refusals = classify_refusals, .run = classify_run},
	{HTTP_POST, "/v1/match-items/{id}/transfer", "match_transfer", OPERATION_ACT, WRITES,
		"Says that it went to, or came from, another account of the hospital: both lines are checked against each other",
		.request = &transfer_shape, .answer = &accepted_shape, .statement = DESK_TRANSFER, .then = DESK_NONE,
		.creates = true, .refusals = transfer_refusals, .run = why_sealed_run},
	ACT_SEALED("/v1/match-items/{id}/split", "match_split",
		"Parts what is open of an item: each amount is one of its own then; at most 1000 of a line",
		split_shape, suspense_shape, DESK_SPLIT, DESK_SUSPENSE_AFTER, split_refusals, NULL, why_sealed_run),
	PAGE("/v1/allocations", "allocations", "Which part of which money was for what, also what was undone",
		allocations_query, allocation_shape, DESK_ALLOCATIONS),
	ACT_SEALED("/v1/allocations/{id}/undo", "allocation_undo",
		"Takes a decision back by a counter-entry: the money waits again", undo_shape, suspense_shape,
		DESK_UNDO, DESK_SUSPENSE_AFTER, undo_refusals, ONCE_ENDED, why_sealed_run),
	/* What was held is let go, and what was let go is held: late again, the earlier of the two would stand. */
	ACT_SEALED("/v1/suspense/{id}/hold", "suspense_hold",
		"Nothing but notes is taken of money that is held, until it is let go", hold_shape, suspense_shape,
		DESK_HOLD, DESK_SUSPENSE_AFTER, hold_refusals, NULL, why_known_run),
};
const struct operation_group match_operations = OPERATION_GROUP(rows);
