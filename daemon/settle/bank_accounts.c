/* The accounts of a hospital's file as parameters of one statement. */
#include "settle/bank_accounts.h"

#include "db/params.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "model/directory.h"

#define ARENA_BYTES (1u << 20)

void bank_accounts_params(struct db_params *params, const struct hospital *hospital)
{
	struct db_array *code, *currency, *exponent, *owner;

	db_params_uuid(params, &hospital->id);
	code = db_params_array(params, DB_TEXT, hospital->account_count, 0);
	currency = db_params_array(params, DB_TEXT, hospital->account_count, 0);
	exponent = db_params_array(params, DB_INT2, hospital->account_count, 0);
	owner = db_params_array(params, DB_TEXT, hospital->account_count, 0);
	for (uint32_t i = 0; i < hospital->account_count; i++) {
		const struct hospital_account *account = &hospital->accounts[i];

		db_array_text(code, account->code);
		db_array_text(currency, account->currency);
		db_array_int2(exponent, (int16_t)currency_exponent(account->currency));
		db_array_text(owner, account->owner);
	}
}

int bank_accounts_keep(struct db_sync *db, const struct hospital *hospital)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;

	arena_init(&arena, ARENA_BYTES);
	db_params_init(&params, &arena);
	bank_accounts_params(&params, hospital);
	return db_sync_query(db, "SELECT zhifu.bank_accounts_keep($1, $2, $3, $4, $5)", &params, NULL);
}
