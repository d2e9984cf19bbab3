/* Whom the hospital lets look at its reports, and what they looked at. */
#include "desk/operation_rows.h"

#include "desk/call.h"

static const struct operation_refusal grant_refusals[] = {
	{-1, {422, {"day-unfit", "The last day is from today to a year from now.", "截止日期须在今天起一年之内。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal end_refusals[] = {
	{-1, {404, {"not-found", "Nothing stands under this name.", "该名称下没有有效的授权。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation rows[] = {
	{HTTP_GET, "/v1/inspectors", "inspectors", OPERATION_WHOLE, READS,
		"Who may look at the hospital's reports, or could, and how often they did", .answer = &inspector_shape,
		.statement = DESK_INSPECTORS, .then = DESK_NONE},
	PAGE("/v1/inspectors/looks", "inspector_looks", "What inspectors looked at, newest first", looks_query,
		look_shape, DESK_INSPECTOR_LOOKS),
	{HTTP_POST, "/v1/inspectors", "inspector_grant", OPERATION_ACT, WRITES,
		"Lets somebody read the hospital's reports up to a day, each look on record",
		.request = &inspector_new_shape, .answer = &inspector_pass_shape, .statement = DESK_INSPECTOR_GRANT,
		.then = DESK_NONE, .creates = true, .refusals = grant_refusals},
	{HTTP_POST, "/v1/inspectors/end", "inspector_end", OPERATION_ACT, WRITES, "Ends it now",
		.request = &inspector_end_shape, .answer = &inspector_ended_shape, .statement = DESK_INSPECTOR_END,
		.then = DESK_NONE, .refusals = end_refusals, .once = ONCE_ENDED},
};
const struct operation_group inspector_operations = OPERATION_GROUP(rows);
