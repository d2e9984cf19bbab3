/* Several payers on one stay: the arithmetic of model/coordination.h under /v1, and what of it is posted. */
#include <string.h>

#include "db/batch.h"
#include "desk/call.h"
#include "desk/treasury.h"
#include "model/coordination.h"
#include "model/directory.h"
#include "settle/posting_rule.h"

#define ANSWER_BYTES_MAX 65536

static const struct problem_word word_currency = {
	"book-currency", "Only the currency of the books is taken, $1.", "仅收本位币 $1。"};
static const struct problem_word word_group = {"group-unclear",
	"A group plan has its code in group, and either group_paid or group_share.",
	"团体补充险须填写 group 及 group_paid 与 group_share 之一。"};
static const struct problem_word word_personal = {"personal-missing",
	"Say in personal what the settlement of the social insurance leaves besides fund.",
	"填写 fund 时须在 personal 中填写医保结算后的个人负担。"};
static const struct problem_word word_share = {
	"share-invalid", "A share is in hundredths of a per cent: at most 10000.", "比例以万分之一计,最多 10000。"};

static const struct value *of(const struct desk_call *call, const char *name)
{
	return shape_value(call->operation->request, call->body, name);
}

static struct zf_money money_of(struct desk_call *call, const char *name, const struct hospital *hospital)
{
	const struct value *value = of(call, name);
	struct zf_money none = {.present = 0};
	if (!value->given) return none;
	if (strcmp(value->money.currency, hospital->book_currency) != 0)
		problem_add(&call->problems, &word_currency, arena_printf(&call->req->arena, "/%s", name),
			hospital->book_currency);
	return value->money;
}

static uint32_t share_of(struct desk_call *call, const char *name)
{
	int64_t share = of(call, name)->number;
	if (share > 10000)
		problem_add(&call->problems, &word_share, arena_printf(&call->req->arena, "/%s", name), NULL);
	return (uint32_t)share;
}

/* Works it out. False: something is wrong, and answered. */
static bool shares_make(struct desk_call *call, const struct hospital *hospital, struct coordination_stay *ret_stay,
	struct coordination *ret)
{
	enum coordination_fault fault = COORDINATION_FITS;
	struct coordination_stay stay = {.total = money_of(call, "total", hospital),
		.fund = money_of(call, "fund", hospital),
		.personal = money_of(call, "personal", hospital),
		.catalogue = money_of(call, "catalogue", hospital),
		.account = money_of(call, "account", hospital),
		.used = money_of(call, "account_used", hospital),
		.group = money_of(call, "group_paid", hospital),
		.group_above = money_of(call, "group_above", hospital),
		.reasonable = money_of(call, "reasonable", hospital),
		.group_share = share_of(call, "group_share"),
		.plan_share = share_of(call, "plan_share"),
		.clause = (enum coordination_clause)of(call, "clause")->number};
	bool paid = of(call, "group_paid")->given, shared = of(call, "group_share")->given;
	if (of(call, "group")->given != (paid || shared) || (paid && shared))
		problem_add(&call->problems, &word_group, "/group", NULL);
	if (stay.fund.present && !stay.personal.present)
		problem_add(&call->problems, &word_personal, "/personal", NULL);
	if (call->problems.count > 0) {
		desk_call_refuse(call);
		return false;
	}
	int r = coordination_share(&stay, (enum decimal_rule)of(call, "rounding")->number, ret, &fault);
	*ret_stay = stay;
	if (r == 0) return true;
	if (r == ERR_DENIED) {
		const struct problem_word word = {"coordination-refused", coordination_fault_text(fault, false),
			coordination_fault_text(fault, true)};
		problem_add(&call->problems, &word, "", NULL);
	} else {
		problem_add(&call->problems, &desk_word_large, "", NULL);
	}
	desk_call_refuse(call);
	return false;
}

static void share_put(struct json_writer *writer, const char *name, const struct zf_money *money)
{
	json_write_key(writer, name);
	shape_money_write(writer, money->minor, money->currency, money->exponent);
}

void coordination_try_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct coordination_stay stay;
	struct coordination shares = {.fund = {.present = 0}};
	struct json_writer writer;
	struct text_span text;
	if (hospital == NULL || !shares_make(call, hospital, &stay, &shares)) return;
	json_write_init(&writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	share_put(&writer, "fund", &shares.fund);
	share_put(&writer, "group", &shares.group);
	share_put(&writer, "policy", &shares.plan);
	share_put(&writer, "account", &shares.account);
	share_put(&writer, "cash", &shares.cash);
	share_put(&writer, "benefit", &shares.benefit);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(call, &desk_problem_memory);
	else
		desk_call_answer(call, 200, text);
}

/* ---- what is posted ---- */

/* Begins the parameters of api_coordination() with the reason, which leaves the process only sealed. NULL: answered. */
static struct db_params *begin(struct desk_call *call, const struct hospital *hospital, const struct uuid *of_id)
{
	struct uuid id = uuid_new();
	struct bytes sealed;
	if (!desk_seal_or_refuse(call, &id, of(call, "why")->text, &sealed)) return NULL;
	struct db_params *params = desk_call_params(call);
	if (params == NULL) return NULL;
	db_params_text(params, call->principal->client_id);
	desk_call_key_bind(call, params);
	db_params_uuid(params, &id);
	db_params_bytes(params, sealed);
	db_params_uuid(params, of_id);
	db_params_int4(params, currency_exponent(hospital->book_currency));
	return params;
}

static void day_bind(struct desk_call *call, struct db_params *params)
{
	const struct value *day = of(call, "day");
	if (day->given)
		db_params_date(params, day->day);
	else
		db_params_null(params);
}

void coordination_post_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct coordination_stay stay;
	struct coordination shares = {.fund = {.present = 0}};
	if (hospital == NULL || !shares_make(call, hospital, &stay, &shares)) return;
	struct db_params *params = begin(call, hospital, &of(call, "claim")->id);
	if (params == NULL) return;
	day_bind(call, params);
	db_params_text(params, coordination_clause_word(stay.clause));
	db_params_int8(params, stay.total.minor);
	db_params_int8(params, shares.fund.minor);
	db_params_text(params, of(call, "group")->text);
	db_params_int8(params, shares.group.minor);
	db_params_int8(params, shares.benefit.minor);
	db_params_int8(params, shares.plan.minor);
	db_params_int8(params, stay.account.present ? stay.account.minor : 0);
	db_params_int8(params, shares.account.minor);
	db_params_int8(params, shares.cash.minor);
	desk_call_act(call, params);
}

void coordination_undo_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params = hospital == NULL ? NULL : begin(call, hospital, &call->id);
	if (params == NULL) return;
	day_bind(call, params);
	desk_call_act(call, params);
}

void coordination_pay_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params = hospital == NULL ? NULL : begin(call, hospital, &of(call, "line")->id);
	char account[ACCOUNT_LEN];
	if (params == NULL) return;
	posting_account("AR-{PAYER}", of(call, "by")->text, account);
	db_params_text(params, account);
	db_params_int8(params, of(call, "amount")->money.minor);
	db_params_text(params, of(call, "amount")->money.currency);
	if (of(call, "claim")->given)
		db_params_uuid(params, &of(call, "claim")->id);
	else
		db_params_null(params);
	desk_call_act(call, params);
}
