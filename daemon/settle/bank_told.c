/* Lines are looked up together, entries of notifications one by one. */
#include "settle/bank_told.h"

#include <stdio.h>

#include "db/params.h"
#include "db/rows.h"
#include "db/sync.h"

int bank_told_find(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	struct bank_told_line *lines, uint32_t count)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	struct db_array *identities, *occurrences;
	int r;

	db_params_init(&params, arena);
	db_params_uuid(&params, hospital_id);
	db_params_text(&params, account);
	identities = db_params_array(&params, DB_BYTEA, count, (size_t)BANK_IDENTITY_BYTES * count);
	occurrences = db_params_array(&params, DB_INT4, count, 0);
	for (uint32_t i = 0; i < count; i++) {
		db_array_bytes(identities, (struct bytes){lines[i].identity, BANK_IDENTITY_BYTES});
		db_array_int4(occurrences, (int32_t)lines[i].occurrence);
	}
	r = db_sync_query(db, "SELECT no, line_id FROM zhifu.bank_told_waiting($1, $2, $3, $4)", &params, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct bank_told_line *line = &lines[db_rows_int(rows, row, 0) - 1];

		line->told = true;
		line->id = db_rows_uuid(rows, row, 1);
	}
	db_sync_rows_free(rows);
	return r;
}

int bank_told_add(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id,
	const struct uuid *statement_id, const char *account, const struct bank_entry *entry, bool single,
	struct uuid *ret_line, bool *ret_keep)
{
	struct uuid fresh = uuid_new();
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	db_params_init(&params, arena);
	db_params_uuid(&params, hospital_id);
	db_params_uuid(&params, statement_id);
	db_params_text(&params, account);
	db_params_bytes(&params, (struct bytes){entry->identity, sizeof(entry->identity)});
	db_params_int4(&params, (int32_t)entry->occurrence);
	db_params_uuid(&params, &fresh);
	db_params_bool(&params, single);
	r = db_sync_query(db, "SELECT zhifu.bank_told_add($1, $2, $3, $4, $5, $6, $7)", &params, &rows);
	if (r < 0) return r;
	*ret_keep = !db_rows_null(rows, 0, 0);
	if (*ret_keep) *ret_line = db_rows_uuid(rows, 0, 0);
	db_sync_rows_free(rows);
	return 0;
}

static void late_read(const struct pg_result *rows, int row, struct bank_late *ret)
{
	*ret = (struct bank_late){.line_id = db_rows_uuid(rows, row, 0),
		.booked_day = db_rows_date(rows, row, 1),
		.minor = db_rows_int(rows, row, 2),
		.allocated = !db_rows_null(rows, row, 4)};
	(void)snprintf(ret->currency, sizeof(ret->currency), "%s", db_rows_text(rows, row, 3));
	if (ret->allocated) ret->allocation_id = db_rows_uuid(rows, row, 4);
}

int bank_told_open(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const struct uuid *file_id,
	uint32_t *ret_opened, struct bank_late **ret_late, uint32_t *ret_late_count)
{
	struct bank_late *late = NULL;
	struct pg_result *rows = NULL;
	struct db_params params;
	uint32_t opened;
	int r;

	db_params_init(&params, arena);
	db_params_uuid(&params, hospital_id);
	db_params_uuid(&params, file_id);
	r = db_sync_query(db, "SELECT zhifu.bank_told_open($1, $2)", &params, &rows);
	if (r < 0) return r;
	opened = (uint32_t)db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	rows = NULL;
	db_params_int4(&params, BANK_LATE_MAX);
	r = db_sync_query(db,
		"SELECT line_id, booked_day, amount_minor, currency, allocation_id FROM zhifu.bank_told_late($1, $2, $3)",
		&params, &rows);
	if (r < 0) return r;
	late = zf_alloc_array(&arena->zf, (size_t)db_rows_count(rows) + 1, sizeof(*late));
	for (int row = 0; late != NULL && row < db_rows_count(rows); row++) late_read(rows, row, &late[row]);
	*ret_late_count = (uint32_t)db_rows_count(rows);
	db_sync_rows_free(rows);
	if (late == NULL) return err_set(ERR_NOMEM, "no memory");
	*ret_opened = opened;
	*ret_late = late;
	return 0;
}
