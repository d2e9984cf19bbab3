/* The shapes of what /v1 tells of reports, matching, months and declarations; those of the rest stand
 * beside the operations of their subject, and here where another subject needs them. */
#ifndef DESK_SHAPES_H
#define DESK_SHAPES_H

#include "desk/shape.h"

/* of receivables, by number; of rates, by enum rate_source; enum decimal_rule */
extern const char *const shape_standings[], *const shape_rate_sources[], *const shape_roundings[];

/* of operations of more than one subject */
extern const struct shape reason_shape, suspense_shape, receivable_shape;

/* what its run reads */
extern const struct shape journal_query;

/* reports: report_shapes.c */
extern const struct shape open_sum_shape, open_sum_query, open_item_shape, open_item_query, work_item_shape,
	work_item_query, score_shape, span_query, fx_result_shape, unexplained_shape, unexplained_query, proof_shape,
	day_query;
/* what matching waits for and did: matching_shapes.c */
extern const struct shape match_item_shape, match_items_query, allocation_shape, allocations_query, candidate_shape,
	candidates_query;
/* months and declarations: month_shapes.c */
extern const struct shape period_shape, finding_shape, findings_query, period_close_new_shape, period_close_shape,
	declaration_shape, declarations_query, revaluation_shape, provision_shape, month_query, write_off_shape,
	write_offs_query, order_shape, orders_query, sale_shape, conversion_shape, conversions_query;

/* Of a share of a claim, whose it is. */
#define SHAPE_PLAN                                                                                                                 \
	{                                                                                                                          \
		"plan", FIELD_TEXT, 0,                                                                                             \
			"the group plan that owes a share of the claim, or si: the social insurance; not there: its carrier does", \
			NULL, 0, NULL                                                                                              \
	}
/* A member of an act that says why it is done. */
#define SHAPE_WHY                                                                                                      \
	{                                                                                                              \
		"why", FIELD_TEXT, FIELD_REQUIRED, "for the record", NULL, 1000, NULL                                  \
	}
#define SHAPE_WHY_SEALED                                                                                               \
	{                                                                                                              \
		"why", FIELD_TEXT, FIELD_REQUIRED, "for the record, where it is encrypted", NULL, 1000, NULL           \
	}
/* Of what people wrote that it is there. */
#define SHAPE_WORDS                                                                                                    \
	{                                                                                                              \
		"words", FIELD_BOOL, FIELD_REQUIRED, "why is on record, encrypted: zhifuctl money said tells", NULL,   \
			0, NULL                                                                                        \
	}

#define MATCH_NOTE_TEXT 1 /* the text in note_shape, */
#define REJECT_PRINT 2    /* the print in reject_shape */

/* a line of a statement: bank_operations.c; a step of a rate: rate_operations.c; a part of a decision:
 * matching_shapes.c */
extern const struct shape line_shape, rate_step_shape, candidate_part_shape;

/* Why money waits, by enum match_wait; whether it is held. */
extern const char *const shape_waits[], *const shape_holds[];
/* By enum match_kind, enum match_part_kind. */
extern const char *const shape_match_kinds[], *const shape_part_kinds[];
/* The work lists, by number. */
extern const char *const shape_work_lists[];

/* take-backs and disputes: dispute_shapes.c */
extern const struct shape take_back_shape, take_back_accept_shape, concession_shape, concessions_query,
	concession_undo_shape, dispute_shape, disputes_query, dispute_step_shape, dispute_steps_query,
	dispute_open_shape, dispute_appeal_shape, dispute_won_shape, dispute_lost_shape, dispute_withdraw_shape;

/* what does not come, what waits for a rate, inspectors: office_shapes.c */
extern const struct shape limitation_shape, limitations_query, demand_shape, demands_query, demand_new_shape,
	write_off_new_shape, waiting_shape, inspector_shape, inspector_new_shape, inspector_pass_shape,
	inspector_end_shape, inspector_ended_shape, look_shape, looks_query;

/* acts: act_shapes.c */
extern const struct shape classify_shape, transfer_shape;
extern const struct shape accept_shape, accepted_shape, allocate_shape, allocate_advice_shape, allocate_check_shape,
	allocate_checked_shape, reject_shape, note_shape, split_shape, undo_shape, hold_shape, assign_work_shape,
	code_shape, declared_shape, declaration_new_shape, recounted_shape;

/* what patients pay: patient_shapes.c */
extern const struct shape patient_account_shape, patient_accounts_query, patient_payment_shape, patient_payments_query,
	patient_quote_shape, patient_bill_shape, patient_pay_shape, patient_return_shape, stay_close_shape;

#endif
