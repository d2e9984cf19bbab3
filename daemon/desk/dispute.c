/* What is said of disputes: words are sealed before they leave the process, and who may give up how much stands in the
 * configuration. */
#include "db/batch.h"
#include "desk/call.h"
#include "desk/shapes.h"
#include "lib/currency.h"
#include "model/directory.h"

/* False: answered. */
static bool words_ready(struct desk_call *call)
{
	const struct value *words = shape_value(call->operation->request, call->body, "words");
	return !words->given || desk_words_seal(call, &call->id, &call->body[words - call->body]);
}

void dispute_run(struct desk_call *call)
{
	if (words_ready(call)) desk_call_go(call);
}

void dispute_lost_run(struct desk_call *call)
{
	const struct hospital *hospital = words_ready(call) ? desk_call_hospital(call) : NULL;
	struct db_params *params = hospital == NULL ? NULL : desk_call_act_params(call);
	if (params == NULL) return;
	const struct write_off_role *role = hospital_write_off_role(hospital, call->principal->client_id);
	db_params_text(params, role == NULL ? NULL : role->role);
	db_params_int8(params, role == NULL ? 0 : role->limit.minor);
	db_params_int4(params, currency_exponent(hospital->book_currency));
	desk_call_act(call, params);
}
