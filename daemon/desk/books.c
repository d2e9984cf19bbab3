/* What the tables cannot say of contracts, bank accounts and charges. */
#include <string.h>

#include "desk/call.h"
#include "model/contract.h"
#include "model/directory.h"
#include "model/stay.h"

/* ---- contracts ---- */

void contract_put_run(struct desk_call *call)
{
	const struct value *contract = shape_value(call->operation->request, call->body, "contract");
	const struct hospital *hospital = desk_call_hospital(call);
	struct arena *arena = &call->req->arena;
	struct contract_list list;
	struct fault_list faults;
	if (hospital == NULL) return;
	fault_list_init(&faults, &arena->zf, 0);
	int r = contract_read(text_of(contract->text), hospital->book_currency, &arena->zf, &faults, &list);
	if (r == 0) contract_parties_check(&list, call->desk->intake->worker->directory, &faults);
	if (r == ERR_NOMEM) {
		desk_call_problem(call, &desk_problem_memory);
	} else if (fault_refuses(&faults)) {
		problem_add_faults(&call->problems, "/contract", &faults);
		desk_call_refuse(call);
	} else if (call->operation->statement == DESK_NONE) {
		desk_call_answer(call, 200, text_of("{\"fits\":true}")); /* a check: as the shape ContractChecked */
	} else {
		desk_call_go(call);
	}
}

/* ---- bank accounts ---- */

/* They are the configuration's; what they come to is the database's. */
void accounts_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct db_params *params;
	if (hospital == NULL) return;
	params = desk_call_params(call);
	if (params == NULL) return;
	for (int column = 0; column < 3; column++) {
		struct db_array *array =
			db_params_array(params, DB_TEXT, hospital->account_count, 24 * hospital->account_count);
		for (uint32_t i = 0; i < hospital->account_count; i++) {
			const struct hospital_account *account = &hospital->accounts[i];
			const char *texts[] = {account->code, account->number, account->currency};
			db_array_text(array, texts[column]);
		}
	}
	desk_call_page(call, params);
}

/* ---- charges ---- */

const char *desk_stay_names(struct desk_call *call, const char *number)
{
	char text[STAY_TEXT_MAX];
	if (stay_names(call->desk->intake->worker->keyring, &call->principal->hospital_id, number, text) < 0)
		return NULL;
	return zf_strdup(&call->req->arena.zf, text);
}

void charge_add_run(struct desk_call *call)
{
	const struct value *list = shape_value(&charges_new_shape, call->body, "charges");
	struct value *rows = zf_alloc_array(
		&call->req->arena.zf, (size_t)list->row_count * charge_new_shape.count + 1, sizeof(*rows));
	bool is_short = rows == NULL;
	for (uint32_t i = 0; !is_short && i < list->row_count; i++) {
		struct value *row = &rows[i * charge_new_shape.count];
		memcpy(row, &list->rows[i * charge_new_shape.count], charge_new_shape.count * sizeof(*row));
		struct value *stay = &row[charge_new_shape.count - 1];
		assert(shape_value(&charge_new_shape, row, "stay") == stay);
		if (stay->given) stay->text = desk_stay_names(call, stay->text);
		is_short = stay->given && stay->text == NULL;
	}
	if (is_short) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	call->body[0].rows = rows;
	desk_call_go(call);
}

void charges_run(struct desk_call *call)
{
	for (size_t i = 0; i < charges_query_shape.count; i++) {
		struct value *stay = &call->query[i];
		if (strcmp(charges_query_shape.fields[i].name, "stay") != 0 || !stay->given) continue;
		stay->text = desk_stay_names(call, stay->text);
		if (stay->text == NULL) {
			desk_call_problem(call, &desk_problem_memory);
			return;
		}
	}
	desk_call_go(call);
}
