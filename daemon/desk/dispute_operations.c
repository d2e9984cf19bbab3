/* Take-backs, what is conceded of them, and disputes. */
#include "desk/operation_rows.h"

#include "desk/call.h"

/* ---- what acts refuse ---- */

static const struct operation_refusal refusals[] = {
	{-1, {404, {"not-found",
			   "There is nothing to do it with: nothing of the claim is open, it is not in dispute, or there is no such "
			   "concession.",
			   "无可操作:该理赔单没有未收款项、不在争议中,或没有该让步记录。"}}},
	STALE,
	{-4, {409, {"more-than-open",
			   "No more can be accepted than was taken back, nor given up than is open: the receivable's take-back has the "
			   "figures.",
			   "接受金额不得超过追回金额,放弃金额不得超过未收金额:数额见该应收款的 take-back。"}}},
	{-5, {422, {"currency-other", "It is owed in another currency.", "应收币种不符。"}}},
	{-6, {409, {"more-than-revenue",
			   "Less is left of the claim's revenue: the receivable's take-back has the figures.",
			   "超过该理赔单剩余的收入:数额见该应收款的 take-back。"}}},
	{-7, {409, {"in-dispute", "The claim is in dispute already.", "该理赔单已在争议中。"}}},
	{-8, {409, {"value-missing", "A value of it in the books is not known yet: try again later.",
			   "其账面价值尚未确定:请稍后重试。"}}},
	{-9, {409, {"put-back",
			   "It was put back since: the claim was paid after all, was decided lower, or its take-back was undone.",
			   "此后已冲回:该理赔单已付款、改判减少,或追回已撤销。"}}},
	{-10, {422, {"reason-invalid", "The reason is a code of letters, digits, dots, underscores and hyphens.",
			    "原因代码仅限字母、数字、点、下划线和连字符。"}}},
	{-11, {409, {"nothing-to-dispute", "Nothing of it was paid, taken back or denied yet.",
			    "该理赔单尚未付款、追回或拒付。"}}},
	{-12, {422, {"day-unfit", "An appeal goes out between the bill and today, and is answered after that.",
			    "申诉日须在开单日与今天之间,答复期限不得早于申诉日。"}}},
	{-13, {403, {"write-off-limit", "This is more than this client's role may give up of a claim, or it has none.",
			    "超过该客户端角色对单笔理赔的核销限额,或其没有核销权限。"}}},
	{-14, {409, {"no-payment", "No money has come for it since it is in dispute.", "争议期间尚未到账。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

#define DISPUTE(where, id, words, body, sql, first, reason)                                                            \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &receivable_shape, .statement = (sql),               \
		.then = DESK_RECEIVABLE, .versioned = true, .refusals = refusals, .run = (first), .once = (reason)     \
	}

static const struct operation rows[] = {
	ONE("/v1/receivables/{id}/take-back", "take_back",
		"What was taken back of a claim, what of it was accepted, and what of its revenue is left",
		take_back_shape, DESK_TAKE_BACK),
	DISPUTE("/v1/receivables/{id}/take-back", "take_back_accept",
		"Accepts what was taken back: the revenue is reversed at what was billed for it",
		take_back_accept_shape, DESK_TAKE_BACK_ACCEPT, why_sealed_run, NULL),
	PAGE("/v1/concessions", "concessions", "Take-backs that were accepted, and what was lost in disputes",
		concessions_query, concession_shape, DESK_CONCESSIONS),
	DISPUTE("/v1/concessions/{id}/undo", "concession_undo", "It is owed again after all, as it was",
		concession_undo_shape, DESK_CONCESSION_UNDO, why_sealed_run, ONCE_ENDED),

	PAGE("/v1/disputes", "disputes", "What the hospital does not agree with, and how it ended", disputes_query,
		dispute_shape, DESK_DISPUTES),
	PAGE("/v1/dispute-steps", "dispute_steps", "What was done about disputes", dispute_steps_query,
		dispute_step_shape, DESK_DISPUTE_STEPS),
	/* A claim can be disputed again: what is sent again late would begin another dispute, or end it. */
	DISPUTE("/v1/receivables/{id}/dispute", "dispute_open",
		"The hospital does not agree: with a short payment, a take-back, a denial", dispute_open_shape,
		DESK_DISPUTE_OPEN, dispute_run, NULL),
	DISPUTE("/v1/receivables/{id}/appeal", "dispute_appeal", "An appeal went out", dispute_appeal_shape,
		DESK_DISPUTE_APPEAL, dispute_run, NULL),
	DISPUTE("/v1/receivables/{id}/dispute-won", "dispute_won",
		"The payer has paid, or has decided anew: what is open is owed as before", dispute_won_shape,
		DESK_DISPUTE_WON, dispute_run, NULL),
	DISPUTE("/v1/receivables/{id}/dispute-lost", "dispute_lost",
		"Gives up what is open: as a loss, to the patient, or as no revenue", dispute_lost_shape,
		DESK_DISPUTE_LOST, dispute_lost_run, NULL),
	DISPUTE("/v1/receivables/{id}/dispute-withdraw", "dispute_withdraw",
		"The hospital does not dispute it any more, and nothing is decided", dispute_withdraw_shape,
		DESK_DISPUTE_WITHDRAW, dispute_run, NULL),
};
const struct operation_group dispute_operations = OPERATION_GROUP(rows);
