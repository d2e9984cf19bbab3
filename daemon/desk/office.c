/* What the configuration says of acts of the finance office: limitations, who may give up how much, working days. */
#include <string.h>

#include "db/batch.h"
#include "desk/call.h"
#include "desk/shapes.h"
#include "lib/currency.h"
#include "model/directory.h"
#include "settle/declaration.h"

/* Rows of DESK_LINE, and of DESK_DECLARATIONS_ASSUMED. */
enum { LINE_BOOKED = 3 };
enum { ASSUMED_NO, ASSUMED_DAY };

static const struct problem problem_role = {
	403, {"role-missing", "This client has no role of write_off_roles in the hospital's file: it gives nothing up.",
		     "该客户端不在医院配置文件的 write_off_roles 中,无核销权限。"}};

/* ---- what does not come ---- */

void limitations_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params = hospital == NULL ? NULL : desk_call_page_params(call);
	if (params == NULL) return;
	db_params_int4(params, (int32_t)hospital->limitation_years);
	db_params_int4(params, (int32_t)hospital->limitation_alert_days);
	db_params_int4(params, (int32_t)hospital->limitation_interrupts);
	desk_call_page(call, params);
}

void demand_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_why_seal(call) ? desk_call_hospital(call) : NULL;
	struct db_params *params = hospital == NULL ? NULL : desk_call_act_params(call);
	if (params == NULL) return;
	db_params_int4(params, (int32_t)hospital->limitation_years);
	db_params_int4(params, (int32_t)hospital->limitation_interrupts);
	desk_call_act(call, params);
}

/* The role is the client's own and stands in the configuration: nobody says which one he has. */
void write_off_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return;
	const struct write_off_role *role = hospital_write_off_role(hospital, call->principal->client_id);
	if (role == NULL) {
		desk_call_problem(call, &problem_role);
		return;
	}
	struct db_params *params = desk_why_seal(call) ? desk_call_act_params(call) : NULL;
	if (params == NULL) return;
	db_params_text(params, role->role);
	db_params_int8(params, role->limit.minor);
	db_params_int4(params, role->limit.exponent);
	desk_call_act(call, params);
}

/* ---- declarations ---- */

static void on_declared_line(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	bool assumed = false;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params = hospital == NULL ? NULL : desk_call_act_params(call);
	if (params == NULL) return;
	/* Without a row there is no such line, as the act says. */
	if (db_rows_count(rows) == 0)
		db_params_null(params);
	else
		db_params_date(params, declaration_due(hospital, db_rows_date(rows, 0, LINE_BOOKED), &assumed));
	db_params_bool(params, assumed);
	db_params_text(params, hospital->declaration_code);
	desk_call_act(call, params);
}

void declaration_add_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &shape_value(&declaration_new_shape, call->body, "line")->id);
	desk_call_ask(call, DESK_LINE, params, on_declared_line);
}

static void on_assumed(void *ctx, const struct db_outcome *outcome)
{
	struct desk_call *call = ctx;
	if (outcome->ending != DB_COMMITTED) {
		desk_call_fail(call, outcome);
		return;
	}
	const struct pg_result *rows = outcome->results[0];
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params = hospital == NULL ? NULL : desk_call_act_params(call);
	if (params == NULL) return;
	size_t count = (size_t)db_rows_count(rows);
	struct db_array *numbers = db_params_array(params, DB_INT4, count, 0);
	struct db_array *days = db_params_array(params, DB_DATE, count, 0);
	for (size_t row = 0; row < count; row++) {
		bool assumed;
		int32_t due = declaration_due(hospital, db_rows_date(rows, (int)row, ASSUMED_DAY), &assumed);
		if (assumed) continue; /* the calendar still lacks it */
		db_array_int4(numbers, (int32_t)db_rows_int(rows, (int)row, ASSUMED_NO));
		db_array_date(days, due);
	}
	desk_call_act(call, params);
}

void declaration_recount_run(struct desk_call *call)
{
	struct db_params *params = desk_call_params(call);
	if (params != NULL) desk_call_ask(call, DESK_DECLARATIONS_ASSUMED, params, on_assumed);
}
