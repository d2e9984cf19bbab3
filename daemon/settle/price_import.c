/* Read whole, then stored in one statement. */
#include "settle/price_import.h"

#include "db/sync.h"
#include "settle/file_text.h"

int price_import_read(struct price_import *import, struct bytes bytes, struct arena *arena)
{
	struct text_span text;
	int r;

	fault_list_init(&import->faults, &arena->zf, 0);
	r = file_text(import->charset, bytes, arena, &import->faults, &text);
	if (r == 0) r = price_list_read(text, &arena->zf, &import->faults, &import->list);
	return r == ERR_NOMEM ? err_set(r, "no memory for what is in the file") : r;
}

static void bind(const struct price_import *import, struct db_params *params)
{
	const struct price_list *list = &import->list;
	struct db_array *system, *code, *title, *digits, *scale;

	db_params_uuid(params, import->hospital);
	db_params_text(params, import->name);
	db_params_text(params, list->currency);
	db_params_date(params, import->from);
	if (import->to == PRICE_OPEN)
		db_params_null(params);
	else
		db_params_date(params, import->to);
	system = db_params_array(params, DB_TEXT, list->count, (size_t)list->count * 32);
	code = db_params_array(params, DB_TEXT, list->count, (size_t)list->count * 8);
	title = db_params_array(params, DB_TEXT, list->count, (size_t)list->count * 16);
	digits = db_params_array(params, DB_INT8, list->count, 0);
	scale = db_params_array(params, DB_INT2, list->count, 0);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct price *price = &list->items[i];

		db_array_text_len(system, price->system.ptr, price->system.len);
		db_array_text_len(code, price->code.ptr, price->code.len);
		db_array_text_len(title, price->name.ptr, price->name.len);
		db_array_int8(digits, price->value.unscaled);
		db_array_int2(scale, price->value.scale);
	}
	if (import->after == 0)
		db_params_null(params);
	else
		db_params_int4(params, import->after);
	db_params_text(params, import->who);
	db_params_text(params, import->why);
}

int price_import_store(struct price_import *import, struct db_sync *db, struct arena *arena)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	int r = db_sync_script(db, "BEGIN");

	if (r < 0) return r;
	db_params_init(&params, arena);
	bind(import, &params);
	r = db_sync_tenant(db, import->hospital);
	if (r == 0)
		r = db_sync_query(db,
			"SELECT outcome, list_id, version FROM zhifu.price_list_put($1::uuid, $2::text, $3::text, $4::date,"
			" $5::date, $6::text[], $7::text[], $8::text[], $9::int8[], $10::int2[], $11::int4, $12::text,"
			" $13::text)",
			&params, &rows);
	if (r == 0) {
		import->outcome = (enum price_outcome)db_rows_int(rows, 0, 0);
		if (!db_rows_null(rows, 0, 1)) import->id = db_rows_uuid(rows, 0, 1);
		import->version = (int32_t)db_rows_int(rows, 0, 2);
		db_sync_rows_free(rows);
		r = db_sync_script(db, import->check ? "ROLLBACK" : "COMMIT");
		if (r == 0) return 0;
		/* What was sent may have arrived. */
		if (r == ERR_CLOSED && !import->check) return err_set(ERR_UNKNOWN, "the connection was lost in COMMIT");
	}
	(void)!db_sync_script(db, "ROLLBACK");
	return r;
}
