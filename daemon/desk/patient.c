/* What patients pay: the number of a stay becomes the hashes that it is known by, and what a person wrote leaves the
 * process only sealed. */
#include <string.h>

#include "db/batch.h"
#include "desk/call.h"
#include "desk/shapes.h"
#include "lib/currency.h"
#include "model/directory.h"

static const struct problem_word word_whose = {"patient-unclear", "Say whose it is: by exactly one of claim and stay.",
	"请注明所属:claim 与 stay 须且仅须填写其一。"};

/* The field of this name; NULL: the shape has none. */
static struct value *find(const struct shape *shape, struct value *values, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (strcmp(shape->fields[i].name, name) == 0) return &values[i];
	return NULL;
}

/* Makes names of the number of the stay. False: answered. */
static bool whose_read(struct desk_call *call, const struct shape *shape, struct value *values, bool one_needed)
{
	struct value *claim = find(shape, values, "claim"), *stay = find(shape, values, "stay");
	if (stay == NULL) return true;
	if (one_needed && claim != NULL && claim->given == stay->given) {
		problem_add(&call->problems, &word_whose, "/claim", NULL);
		desk_call_refuse(call);
		return false;
	}
	if (!stay->given) return true;
	stay->text = desk_stay_names(call, stay->text);
	if (stay->text == NULL) desk_call_problem(call, &desk_problem_memory);
	return stay->text != NULL;
}

void patient_accounts_run(struct desk_call *call)
{
	if (whose_read(call, call->operation->query, call->query, false)) desk_call_go(call);
}

void patient_act_run(struct desk_call *call)
{
	const struct shape *shape = call->operation->request;
	struct value *why = find(shape, call->body, "why");
	struct bytes sealed = {NULL, 0};
	struct uuid id = uuid_new();
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL || !whose_read(call, shape, call->body, true)) return;
	if (why != NULL && !desk_seal_or_refuse(call, &id, why->text, &sealed)) return;
	if (why != NULL) why->given = false;
	struct db_params *params = desk_call_act_params(call);
	if (params == NULL) return;
	db_params_uuid(params, &id);
	db_params_bytes(params, sealed);
	/* They may name no amount that would say it. */
	if (call->operation->statement == DESK_PATIENT_BILL || call->operation->statement == DESK_STAY_CLOSE)
		db_params_int4(params, currency_exponent(hospital->book_currency));
	desk_call_act(call, params);
}
