/* Reports and work lists. */
#include "desk/operation_rows.h"

#include "desk/call.h"

/* ---- what acts refuse ---- */

static const struct operation_refusal work_refusals[] = {
	{-1, {404, {"not-found", "Nobody owes anything for this claim.", "该理赔单没有应收款。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

static const struct operation rows[] = {
	WHOLE("/v1/reports/open", "report_open", "What is open, by carrier, currency and age", open_sum_query,
		open_sum_shape, DESK_OPEN_SUMS),
	PAGE("/v1/reports/open-items", "report_open_items",
		"What is open, claim by claim: when it is expected, and how late it is", open_item_query,
		open_item_shape, DESK_OPEN_ITEMS),
	PAGE("/v1/reports/work", "report_work", "One work list: what somebody has to look after, and who",
		work_item_query, work_item_shape, DESK_WORK_ITEMS),
	ACT_SEALED("/v1/receivables/{id}/assign", "work_assign", "Says who looks after a claim on a work list",
		assign_work_shape, receivable_shape, DESK_WORK_ASSIGN, DESK_RECEIVABLE, work_refusals, ONCE_STATE,
		why_known_run),
	WHOLE("/v1/reports/scoreboard", "report_scoreboard", "How payers answered and paid over some days", span_query,
		score_shape, DESK_SCORES),
	WHOLE("/v1/reports/fx", "report_fx", "What exchange rates gained and lost over some days of the books",
		span_query, fx_result_shape, DESK_FX_RESULTS),
	PAGE("/v1/reports/unexplained", "report_unexplained",
		"Money, advices and differences without an explanation, and since when", unexplained_query,
		unexplained_shape, DESK_UNEXPLAINED),
	WHOLE("/v1/reports/bank-proofs", "report_bank_proofs",
		"Each bank account: its statement, what is in transit, the ledger", day_query, proof_shape,
		DESK_PROOFS),
};
const struct operation_group report_operations = OPERATION_GROUP(rows);
