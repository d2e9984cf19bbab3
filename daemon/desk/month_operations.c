/* Closed months and what was done with them, and declarations. */
#include "desk/operation_rows.h"

#include "desk/call.h"

/* ---- what acts refuse ---- */

static const struct operation_refusal declaration_refusals[] = {
	{-1, {404, {"not-found", "This bank line has no declaration.", "该流水没有申报。"}}},
	{-2, {409, {"declaration-declared", "It was declared: the bank has to change it.", "已申报:须由银行更改。"}}},
	{-4, {409, {"declaration-codeless", "It has no code yet: ask the bank, and set it.",
			   "尚无交易编码:请向银行查询后填写。"}}},
	{-5, {409, {"declaration-none", "It was said that it needs none: set its code first.",
			   "已标为无需申报:请先填写交易编码。"}}},
	{-6, {422, {"code-invalid", "The code of a balance of payments has six digits.",
			   "国际收支交易编码须为六位数字。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation_refusal declaration_add_refusals[] = {
	{-1, {404, {"not-found", "There is no such bank line.", "没有该流水。"}}},
	{-2, {409, {"no-receipt", "The line is no receipt: money went out.", "该流水为付款,不是收款。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal no_refusals[] = {{0, {0, {NULL, NULL, NULL}}}};

/* ---- operations ---- */

static const struct operation rows[] = {
	{HTTP_GET, "/v1/periods", "periods", OPERATION_WHOLE, READS, "Closed months, the last one first",
		.answer = &period_shape, .statement = DESK_PERIODS, .then = DESK_NONE},
	{HTTP_GET, "/v1/periods/findings", "period_findings", OPERATION_WHOLE, READS,
		"What stands in the way of closing a month, or is worth knowing", .query = &findings_query,
		.answer = &finding_shape, .statement = DESK_NONE, .then = DESK_NONE, .run = findings_run},
	{HTTP_POST, "/v1/periods", "period_close", OPERATION_ACT, WRITES,
		"Closes a month: revaluation, provision and the lock, or the findings that stand in the way",
		.request = &period_close_new_shape, .answer = &period_close_shape, .statement = DESK_NONE,
		.then = DESK_NONE, .creates = true, .refusals = no_refusals, .run = period_close_run,
		.once = "a month is closed once"},
	PAGE("/v1/revaluations", "revaluations", "Foreign items at closing rates, item by item", month_query,
		revaluation_shape, DESK_REVALUATIONS),
	PAGE("/v1/provisions", "provisions", "What claims are provided for, since which month", month_query,
		provision_shape, DESK_PROVISIONS),
	PAGE("/v1/write-offs", "write_offs", "What was given up, and by whom", write_offs_query, write_off_shape,
		DESK_WRITE_OFFS),
	PAGE("/v1/bank-orders", "bank_orders",
		"Money that goes back to who sent it, and whether the bank has debited it", orders_query, order_shape,
		DESK_ORDERS),
	{HTTP_GET, "/v1/currency-sales", "currency_sales", OPERATION_LIST, READS, "Foreign money that the bank bought",
		.answer = &sale_shape, .statement = DESK_SALES, .then = DESK_NONE},
	PAGE("/v1/ledger/conversions", "conversions", "By which rates postings got their value in the book currency",
		conversions_query, conversion_shape, DESK_CONVERSIONS),
	PAGE("/v1/declarations", "declarations", "Receipts from abroad, and until when they are to be declared",
		declarations_query, declaration_shape, DESK_DECLARATIONS),
	{HTTP_GET, "/v1/declarations/{id}", "declaration", OPERATION_ONE, READS, "One of them, by the bank line's id",
		.answer = &declaration_shape, .statement = DESK_DECLARATION, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/declarations", "declaration_add", OPERATION_ACT, WRITES,
		"Says that a bank line is a receipt from abroad", .request = &declaration_new_shape,
		.answer = &declaration_shape, .statement = DESK_DECLARATION_ADD, .then = DESK_DECLARATION,
		.creates = true, .location = "/v1/declarations/", .versioned = true,
		.refusals = declaration_add_refusals, .run = declaration_add_run,
		.once = "a bank line has one declaration"},
	{HTTP_POST, "/v1/declarations/recount", "declaration_recount", OPERATION_ACT, WRITES,
		"Counts due days anew that were assumed, by the hospital's calendar of now", .request = &reason_shape,
		.answer = &recounted_shape, .statement = DESK_DECLARATION_RECOUNT, .then = DESK_NONE,
		.refusals = no_refusals, .run = declaration_recount_run,
		.once = "what was counted anew is not assumed any more"},
	ACT_ONCE("/v1/declarations/{id}/set", "declaration_set", "Under which code it is to be declared, after all",
		code_shape, declaration_shape, DESK_DECLARATION_SET, DESK_DECLARATION, declaration_refusals,
		ONCE_STATE),
	ACT_ONCE("/v1/declarations/{id}/done", "declaration_done", "It was declared, and the bank gave it that number",
		declared_shape, declaration_shape, DESK_DECLARATION_DONE, DESK_DECLARATION, declaration_refusals,
		ONCE_STATE),
	ACT_ONCE("/v1/declarations/{id}/none", "declaration_none", "It needs no declaration", reason_shape,
		declaration_shape, DESK_DECLARATION_NONE, DESK_DECLARATION, declaration_refusals, ONCE_STATE),
};
const struct operation_group month_operations = OPERATION_GROUP(rows);
