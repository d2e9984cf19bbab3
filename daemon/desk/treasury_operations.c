/* Money that goes back, currency that the bank bought, what acquirers transfer, and several payers on one stay. */
#include "desk/operation_rows.h"

#include "desk/call.h"
#include "desk/treasury.h"

static const char *const clauses[] = {"", "whole", "carve-out", "percentage", NULL};  /* enum coordination_clause */
const char *const shape_roundings[] = {"half-away", "half-even", "up", "down", NULL}; /* enum decimal_rule */

/* ---- orders, sales, acquirers ---- */

static const struct field order_new_fields[] = {
	{"line", FIELD_ID, NEEDED, "of the bank, whose money goes back from the account that it came to", NULL, 0,
		NULL},
	{"amount", FIELD_MONEY, NEEDED, "in the line's currency, at most what of it is in suspense", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "on which the bank was told; left out: today", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
static const struct shape order_new_shape = SHAPE("BankOrderNew", order_new_fields);
static const struct field order_debited_fields[] = {
	{"line", FIELD_ID, NEEDED, "by which the bank debited it; it waits in suspense", NULL, 0, NULL},
};
static const struct shape order_debited_shape = SHAPE("BankOrderDebited", order_debited_fields);

static const struct field order_cancel_fields[] = {SHAPE_WHY_SEALED};
static const struct shape order_cancel_shape = SHAPE("BankOrderCancel", order_cancel_fields);

static const struct field sale_new_fields[] = {
	{"out", FIELD_ID, NEEDED, "the bank line by which the foreign currency went out", NULL, 0, NULL},
	{"in", FIELD_ID, NEEDED, "the one by which its price came in; both whole in suspense", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
static const struct shape sale_new_shape = SHAPE("CurrencySaleNew", sale_new_fields);

static const struct field acquirer_fields[] = {
	{"acquirer", FIELD_TEXT, NEEDED, "of cards and wallets; cash: what was not brought to the bank", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "of the ledger, on which it stands", NULL, 0, NULL},
	{"payments", FIELD_INT, NEEDED, "that it has not settled", NULL, 0, NULL},
	{"since", FIELD_DAY, NEEDED, "of the oldest", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "that they come to, less what went back", NULL, 0, NULL},
};
static const struct shape acquirer_shape = SHAPE("Acquirer", acquirer_fields);
static const struct field acquirers_fields[] = {{"day", FIELD_DAY, 0, "at its end; left out: now", NULL, 0, NULL}};
static const struct shape acquirers_query = SHAPE("AcquirersQuery", acquirers_fields);

static const struct field reference_fields[] = {
	{"reference", FIELD_TEXT, NEEDED, "the acquirer's, or the receipt's number of cash", NULL, 64, NULL},
};
static const struct shape reference_shape = SHAPE("SettledReference", reference_fields);
static const struct field settlement_new_fields[] = {
	{"acquirer", FIELD_TEXT, NEEDED, "that transferred; cash: it was brought to the bank", NULL, 64, NULL},
	{"line", FIELD_ID, NEEDED, "of the bank, wholly in suspense: what came, net", NULL, 0, NULL},
	{"fee", FIELD_MONEY, 0, "that it kept", NULL, 0, NULL},
	{"until", FIELD_DAY, 0, "payments up to this day; left out: today", NULL, 0, NULL},
	{"references", FIELD_LIST, 0, "of the payments that it settles; left out: all", NULL, 1000, &reference_shape},
	SHAPE_WHY_SEALED,
};
static const struct shape settlement_new_shape = SHAPE("AcquirerSettlementNew", settlement_new_fields);
static const struct field settlement_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"acquirer", FIELD_TEXT, NEEDED, "that transferred", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "of the ledger, that it cleared", NULL, 0, NULL},
	{"line", FIELD_ID, NEEDED, "of the bank", NULL, 0, NULL},
	{"gross", FIELD_MONEY, NEEDED, "what the payments came to", NULL, 0, NULL},
	{"fee", FIELD_MONEY, NEEDED, "that it kept", NULL, 0, NULL},
	{"book_day", FIELD_DAY, NEEDED, "in the books", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "said so", NULL, 0, NULL},
	{"undone_entry", FIELD_ID, 0, "the counter-entry in the ledger, where it was taken back", NULL, 0, NULL},
	{"undone_by", FIELD_TEXT, 0, "who took it back", NULL, 0, NULL},
	{"undone_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
static const struct shape settlement_shape = SHAPE("AcquirerSettlement", settlement_fields);

/* ---- several payers ---- */

#define STAY_FIELDS                                                                                                    \
	{"total", FIELD_MONEY, NEEDED, "what the stay costs: what was billed", NULL, 0, NULL},                         \
		{"fund", FIELD_MONEY, 0, "what the fund of the social insurance pays; left out: it has not settled",   \
			NULL, 0, NULL},                                                                                \
		{"personal", FIELD_MONEY, 0, "what its settlement leaves besides", NULL, 0, NULL},                     \
		{"catalogue", FIELD_MONEY, 0, "of the total, what is in its catalogue", NULL, 0, NULL},                \
		{"account", FIELD_MONEY, 0, "available in the personal account", NULL, 0, NULL},                       \
		{"account_used", FIELD_MONEY, 0, "of it; left out: as much as the patient's share allows", NULL, 0,    \
			NULL},                                                                                         \
		{"group", FIELD_TEXT, 0, "the group plan's code", NULL, 32, NULL},                                     \
		{"group_paid", FIELD_MONEY, 0, "what it pays, or", NULL, 0, NULL},                                     \
		{"group_share", FIELD_INT, 0,                                                                          \
			"its share of what is left in the catalogue, in hundredths of a per cent,", NULL, 0, NULL},    \
		{"group_above", FIELD_MONEY, 0, "above this", NULL, 0, NULL},                                          \
		{"plan_share", FIELD_INT, NEEDED, "of the policy, in hundredths of a per cent", NULL, 0, NULL},        \
		{"reasonable", FIELD_MONEY, 0, "what the policy takes as reasonable; left out: all", NULL, 0, NULL},   \
		{"clause", FIELD_WORD, 0, "of the policy on other insurance: none is assumed", clauses, 0, NULL},      \
	{                                                                                                              \
		"rounding", FIELD_WORD, 0, "left out: half-away", shape_roundings, 0, NULL                             \
	}

static const struct field stay_fields[] = {STAY_FIELDS};
static const struct shape stay_shape = SHAPE("CoordinationStay", stay_fields);
static const struct field shares_fields[] = {
	{"fund", FIELD_MONEY, NEEDED, "of the social insurance", NULL, 0, NULL},
	{"group", FIELD_MONEY, NEEDED, "of the group plan", NULL, 0, NULL},
	{"policy", FIELD_MONEY, NEEDED, "of the policy, which comes last", NULL, 0, NULL},
	{"account", FIELD_MONEY, NEEDED, "of the patient, from the personal account", NULL, 0, NULL},
	{"cash", FIELD_MONEY, NEEDED, "of the patient, to be paid", NULL, 0, NULL},
	{"benefit", FIELD_MONEY, NEEDED, "what the policy alone would pay", NULL, 0, NULL},
};
static const struct shape shares_shape = SHAPE("CoordinationShares", shares_fields);
static const struct field coordination_new_fields[] = {
	{"claim", FIELD_ID, NEEDED, "that was billed to the policy", NULL, 0, NULL},
	STAY_FIELDS,
	{"day", FIELD_DAY, 0, "in the books; left out: today", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
static const struct shape coordination_new_shape = SHAPE("CoordinationNew", coordination_new_fields);
static const struct field coordination_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "that was billed to the policy", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "of the claim", NULL, 0, NULL},
	{"clause", FIELD_TEXT, NEEDED, "of the policy", NULL, 0, NULL},
	{"total", FIELD_MONEY, NEEDED, "what the stay costs", NULL, 0, NULL},
	{"fund", FIELD_MONEY, NEEDED, "of the social insurance", NULL, 0, NULL},
	{"group_code", FIELD_TEXT, 0, "the group plan's", NULL, 0, NULL},
	{"group", FIELD_MONEY, NEEDED, "of the group plan", NULL, 0, NULL},
	{"policy", FIELD_MONEY, NEEDED, "of the policy", NULL, 0, NULL},
	{"account", FIELD_MONEY, NEEDED, "of the patient, from the personal account", NULL, 0, NULL},
	{"cash", FIELD_MONEY, NEEDED, "of the patient, to be paid", NULL, 0, NULL},
	{"book_day", FIELD_DAY, NEEDED, "in the books", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "posted it", NULL, 0, NULL},
	{"undone_by", FIELD_TEXT, 0, "who took it back", NULL, 0, NULL},
	{"undone_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
static const struct shape coordination_shape = SHAPE("Coordination", coordination_fields);
static const struct field coordinations_fields[] = {{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL}};
static const struct shape coordinations_query = SHAPE("CoordinationsQuery", coordinations_fields);
static const struct field coordination_undo_fields[] = {
	{"day", FIELD_DAY, 0, "in the books; left out: today", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
static const struct shape coordination_undo_shape = SHAPE("CoordinationUndo", coordination_undo_fields);
static const struct field paid_new_fields[] = {
	{"line", FIELD_ID, NEEDED, "of the bank, in suspense", NULL, 0, NULL},
	{"by", FIELD_TEXT, NEEDED, "si, si-account, or the group plan's code", NULL, 32, NULL},
	{"claim", FIELD_ID, 0, "for whose stay; left out: for those of which it owes longest", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED | FIELD_SIGNED, "of the line; negative: it was not for that after all", NULL, 0,
		NULL},
	SHAPE_WHY_SEALED,
};
static const struct shape paid_new_shape = SHAPE("CoordinationPaidNew", paid_new_fields);
static const struct field paid_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"owed", FIELD_MONEY, NEEDED, "what the payer owes then, of all stays", NULL, 0, NULL},
};
static const struct shape paid_shape = SHAPE("CoordinationPaid", paid_fields);

/* ---- what acts refuse ---- */

static const struct operation_refusal treasury_refusals[] = {
	{-1, {409, {"not-in-suspense", "The bank line has less in suspense, or is held.",
			   "该流水待查余额不足,或已冻结。"}}},
	{-2, {422, {"currency-other", "The amount is in another currency than the money.", "金额币种与款项不符。"}}},
	{-3, {422, {"day-invalid", "The day is before that of the money, or has not come.",
			   "日期早于款项到账日或尚未到来。"}}},
	{-4, {404, {"not-found", "No such order is in transit.", "没有该在途付款指令。"}}},
	{-5, {409, {"line-other", "The line is not one of the order's account and amount in suspense.",
			   "该流水与付款指令的账户或金额不符,或不在待查。"}}},
	{-6, {409, {"value-missing", "There is no rate yet of the day of the order, or of the debit.",
			   "付款指令日或扣款日尚无汇率。"}}},
	{-7, {409, {"sale-lines", "The lines are not whole in suspense, are held, or lack their value in the books.",
			   "流水不在待查、已部分核销、已冻结或尚无账面价值。"}}},
	{-8, {409, {"sale-balance", "The account had less than was sold: a statement is missing.",
			   "账户余额小于卖出金额:缺少对账单。"}}},
	{-11, {409, {"nothing-waits", "Nothing of this acquirer waits to be settled.", "该机构没有未结算的收款。"}}},
	{-12, {409, {"reference-unknown", "Of these references not all wait to be settled.",
			    "部分参考号没有未结算的收款。"}}},
	{-13, {409, {"accounts-several", "They are in several clearing accounts: name the references of one.",
			    "分属不同在途科目:请分别列出参考号。"}}},
	{-14, {409, {"not-in-suspense", "The line is not in suspense, is held, or is not in the currency of the books.",
			    "该流水不在待查、已冻结或非本位币。"}}},
	{-15, {409, {"settlement-differs", "Less the fee the payments do not come to what the line brought.",
			    "收款扣除手续费后与流水金额不符。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal undo_refusals[] = {
	{-1, {404, {"not-found", "There is no such act, or it was taken back.", "没有该记录,或已撤销。"}}},
	{-2, {409, {"later-sale",
			   "A later sale found on the account what this one left there: undo that before; /v1/currency-sales has "
			   "them.",
			   "后一笔结汇以本笔结汇后的账户余额为基础:须先撤销后一笔(见 /v1/currency-sales)。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal coordination_refusals[] = {
	{-1, {409, {"not-settled", "The social insurance has not settled the stay: the policy comes after it.",
			   "医保尚未结算:国际医疗险须在医保结算之后。"}}},
	{-2, {422, {"clause-missing", "The policy's clause on other insurance is not given, and none is assumed.",
			   "未填写保单的多重保险协调条款,系统不作默认。"}}},
	{-3, {409, {"not-billed", "The claim is not billed to the policy yet, or not in the currency of the books.",
			   "该理赔单尚未开单,或币种不是本位币。"}}},
	{-4, {409, {"decided", "The policy has decided the claim, or it was taken back.",
			   "保险公司已理算该理赔单或该单已撤回。"}}},
	{-5, {409, {"total-other", "The total is not what the policy was billed.", "总额与开单金额不符。"}}},
	{-6, {409, {"divided", "The claim is divided otherwise already: undo that first.",
			   "该理赔单已另行分担入账:请先撤销。"}}},
	{-7, {422, {"group-code",
			   "The group plan's code is none that can be, or is an insurer's to which claims are billed.",
			   "团体补充险代码不可用。"}}},
	{-8, {409, {"not-divided", "It was taken back already.", "该分担已撤销。"}}},
	{-9, {409, {"more-than-owed", "This payer owes less.", "该付款方应付余额不足。"}}},
	{-10, {409, {"not-in-suspense",
			    "The line is held, has less in suspense, or is not in the currency of the books.",
			    "该流水已冻结、待查余额不足或非本位币。"}}},
	{-11, {409, {"more-than-taken", "Of the line less was taken for this payer.",
			    "该流水中记为该付款方到账的金额不足。"}}},
	{-12, {404, {"not-found", "There is no such claim or division.", "没有该理赔单或分担记录。"}}},
	{-13, {422, {"amount-invalid", "The amount is nothing, or not in the currency of the books.",
			    "金额为零或非本位币。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

/* What can be taken back can be done again: each wants a key, or what is sent again late would do it again. */
#define MAKES(where, id, words, body, row, sql, reads, wrong, first)                                                   \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &(row), .statement = (sql), .then = (reads),         \
		.creates = true, .refusals = (wrong), .run = (first)                                                   \
	}

/* Takes an act back by a counter-entry. */
#define UNDOES(where, id, words, row, sql, reads, first, reason)                                                       \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &undo_shape, .answer = &(row), .statement = (sql), .then = (reads),     \
		.refusals = undo_refusals, .run = (first), .once = (reason)                                            \
	}

static const struct operation rows[] = {
	ONE("/v1/bank-orders/{id}", "bank_order", "One of them", order_shape, DESK_ORDER),
	MAKES("/v1/bank-orders", "bank_order_make", "Money in suspense goes back to who sent it: the bank was told",
		order_new_shape, order_shape, DESK_ORDER_MAKE, DESK_ORDER, treasury_refusals, line_why_sealed_run),
	{HTTP_POST, "/v1/bank-orders/{id}/clear", "bank_order_clear", OPERATION_ACT, WRITES, "The bank has debited it",
		.request = &order_debited_shape, .answer = &order_shape, .statement = DESK_ORDER_CLEAR,
		.then = DESK_ORDER, .refusals = treasury_refusals},
	{HTTP_POST, "/v1/bank-orders/{id}/cancel", "bank_order_cancel", OPERATION_ACT, WRITES,
		"The bank never executed it: its money waits in suspense again", .request = &order_cancel_shape,
		.answer = &order_shape, .statement = DESK_ORDER_CANCEL, .then = DESK_ORDER,
		.refusals = treasury_refusals, .run = why_sealed_run, .once = ONCE_ENDED},
	/* Of an order that was cleared anew meanwhile it would undo that. */
	UNDOES("/v1/bank-orders/{id}/unclear", "bank_order_unclear",
		"It was not by that line that the bank debited it: the line waits in suspense again, and the order is on its "
		"way",
		order_shape, DESK_ORDER_UNCLEAR, DESK_ORDER, why_sealed_run, NULL),
	MAKES("/v1/currency-sales", "currency_sale", "The bank bought foreign currency: the gain or loss is realised",
		sale_new_shape, sale_shape, DESK_SALE_POST, DESK_SALE, treasury_refusals, line_why_sealed_run),
	UNDOES("/v1/currency-sales/{id}/undo", "currency_sale_undo",
		"Takes it back by a counter-entry: both lines wait in suspense again", sale_shape, DESK_SALE_UNDO,
		DESK_SALE, why_sealed_run, ONCE_ENDED),
	WHOLE("/v1/acquirers", "acquirers", "What acquirers of cards and wallets have not settled, and cash",
		acquirers_query, acquirer_shape, DESK_ACQUIRERS),
	MAKES("/v1/acquirer-settlements", "acquirer_settle",
		"An acquirer's transfer, less what it kept, settles payments of patients", settlement_new_shape,
		settlement_shape, DESK_ACQUIRER_SETTLE, DESK_SETTLEMENT, treasury_refusals, patient_act_run),
	UNDOES("/v1/acquirer-settlements/{id}/undo", "acquirer_undo",
		"Takes it back by a counter-entry: the line waits in suspense again, and the payments for an acquirer",
		settlement_shape, DESK_SETTLEMENT_UNDO, DESK_SETTLEMENT, patient_act_run, ONCE_ENDED),

	{HTTP_POST, "/v1/coordinations/try", "coordination_try", OPERATION_ACT, READS,
		"What each of several payers owes of a stay: nothing is done", .request = &stay_shape,
		.answer = &shares_shape, .statement = DESK_NONE, .then = DESK_NONE, .run = coordination_try_run,
		.once = ONCE_NOTHING},
	PAGE("/v1/coordinations", "coordinations", "Claims that several payers share, also what was taken back",
		coordinations_query, coordination_shape, DESK_COORDINATIONS),
	MAKES("/v1/coordinations", "coordination_post", "Posts what each of several payers owes of a claim's stay",
		coordination_new_shape, coordination_shape, DESK_COORDINATION_POST, DESK_COORDINATION,
		coordination_refusals, coordination_post_run),
	{HTTP_POST, "/v1/coordinations/{id}/undo", "coordination_undo", OPERATION_ACT, WRITES,
		"Takes it back, as where the social insurance settles anew", .request = &coordination_undo_shape,
		.answer = &coordination_shape, .statement = DESK_COORDINATION_UNDO, .then = DESK_COORDINATION,
		.refusals = coordination_refusals, .run = coordination_undo_run, .once = ONCE_ENDED},
	MAKES("/v1/coordination-payments", "coordination_pay",
		"Money of the social insurance or a group plan came, or was not for that after all", paid_new_shape,
		paid_shape, DESK_COORDINATION_PAY, DESK_NONE, coordination_refusals, coordination_pay_run),
};
const struct operation_group treasury_operations = OPERATION_GROUP(rows);
