/* Read once for a statement, for there are few; each entry looks itself up. */
#include "settle/bank_told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/params.h"
#include "db/rows.h"
#include "db/sync.h"

struct bank_told_line {
	uint8_t identity[BANK_IDENTITY_BYTES];
	uint32_t occurrence;
	struct uuid id;
};

static int line_compare(const void *a, const void *b)
{
	const struct bank_told_line *x = a, *y = b;
	int r = memcmp(x->identity, y->identity, sizeof(x->identity));

	if (r != 0) return r;
	return x->occurrence < y->occurrence ? -1 : x->occurrence > y->occurrence;
}

int bank_told_load(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	struct bank_told *ret_told)
{
	struct bank_told told = {NULL, 0};
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	db_params_init(&params, arena);
	db_params_uuid(&params, hospital_id);
	db_params_text(&params, account);
	db_params_int4(&params, BANK_TOLD_MAX);
	r = db_sync_query(
		db, "SELECT identity, occurrence, line_id FROM zhifu.bank_told_waiting($1, $2, $3)", &params, &rows);
	if (r < 0) return r;
	told.count = (size_t)db_rows_count(rows);
	told.lines = zf_alloc_array(&arena->zf, told.count + 1, sizeof(*told.lines));
	for (size_t i = 0; told.lines != NULL && i < told.count; i++) {
		struct bytes identity = db_rows_bytes(rows, (int)i, 0);

		assert(identity.len == BANK_IDENTITY_BYTES);
		memcpy(told.lines[i].identity, identity.ptr, BANK_IDENTITY_BYTES);
		told.lines[i].occurrence = (uint32_t)db_rows_int(rows, (int)i, 1);
		told.lines[i].id = db_rows_uuid(rows, (int)i, 2);
	}
	db_sync_rows_free(rows);
	if (told.lines == NULL) return err_set(ERR_NOMEM, "no memory");
	qsort(told.lines, told.count, sizeof(*told.lines), line_compare);
	*ret_told = told;
	return 0;
}

const struct uuid *bank_told_find(const struct bank_told *told, const struct bank_entry *entry)
{
	struct bank_told_line wanted = {.occurrence = entry->occurrence};
	const struct bank_told_line *found;

	if (told->count == 0 || !entry->referenced) return NULL;
	memcpy(wanted.identity, entry->identity, sizeof(wanted.identity));
	found = bsearch(&wanted, told->lines, told->count, sizeof(*told->lines), line_compare);
	return found == NULL ? NULL : &found->id;
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
