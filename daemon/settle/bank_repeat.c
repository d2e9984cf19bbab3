/* By days and amounts: as many as overlapping statements have, less those that are told again. */
#include "settle/bank_repeat.h"

#include <stdlib.h>
#include <string.h>

#include "db/params.h"
#include "db/rows.h"
#include "db/sync.h"

#define REPEATS_FIRST 64

int bank_repeats_add(struct bank_repeats *repeats, const struct bank_repeat *one, struct arena *arena)
{
	if (repeats->count == repeats->cap) {
		uint32_t cap = repeats->cap == 0 ? REPEATS_FIRST : 2 * repeats->cap;
		struct bank_repeat *grown = zf_alloc_array(&arena->zf, cap, sizeof(*grown));

		if (grown == NULL) return err_set(ERR_NOMEM, "no memory");
		if (repeats->count > 0) memcpy(grown, repeats->items, repeats->count * sizeof(*grown));
		repeats->items = grown;
		repeats->cap = cap;
	}
	repeats->items[repeats->count++] = *one;
	return 0;
}

static int place_compare(const void *a, const void *b)
{
	const struct bank_repeat *x = a, *y = b;

	if (x->statement != y->statement) return x->statement < y->statement ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

bool bank_repeats_has(const struct bank_repeats *repeats, uint32_t statement, uint32_t entry)
{
	const struct bank_repeat wanted = {.statement = statement, .entry = entry};

	return repeats->count > 0 &&
	       bsearch(&wanted, repeats->items, repeats->count, sizeof(wanted), place_compare) != NULL;
}

/* By day and amount; those in their order. */
static int group_compare(const void *a, const void *b)
{
	const struct bank_repeat *x = a, *y = b;

	if (x->day != y->day) return x->day < y->day ? -1 : 1;
	if (x->minor != y->minor) return x->minor < y->minor ? -1 : 1;
	return place_compare(a, b);
}

/* Those of one day and amount, from `at` on, and how many of them overlapping statements had brought. */
static uint32_t group_end(const struct bank_repeats *lines, uint32_t at, uint32_t *ret_told)
{
	uint32_t end = at;

	*ret_told = 0;
	while (end < lines->count && lines->items[end].day == lines->items[at].day &&
		lines->items[end].minor == lines->items[at].minor) {
		*ret_told += !lines->items[end].fresh && !lines->items[end].elsewhere;
		end++;
	}
	return end;
}

/* The first new ones of a group, as many as may be there. */
static int group_take(const struct bank_repeats *lines, uint32_t at, uint32_t end, int64_t left, struct arena *arena,
	struct bank_repeats *found)
{
	int r = 0;

	for (uint32_t i = at; r == 0 && i < end && left > 0; i++) {
		if (!lines->items[i].fresh) continue;
		r = bank_repeats_add(found, &lines->items[i], arena);
		left--;
	}
	return r;
}

int bank_repeats_find(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	const struct uuid *statement_id, struct bank_repeats *lines, struct bank_repeats *found)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	struct db_array *days, *amounts;
	uint32_t told, first = found->count, end = 0;
	int row = 0, r;

	if (lines->count == 0) return 0;
	qsort(lines->items, lines->count, sizeof(*lines->items), group_compare);
	db_params_init(&params, arena);
	db_params_uuid(&params, hospital_id);
	db_params_text(&params, account);
	db_params_uuid(&params, statement_id);
	days = db_params_array(&params, DB_DATE, REPEATS_FIRST, 0);
	amounts = db_params_array(&params, DB_INT8, REPEATS_FIRST, 0);
	for (uint32_t at = 0; at < lines->count; at = end) {
		end = group_end(lines, at, &told);
		db_array_date(days, lines->items[at].day);
		db_array_int8(amounts, lines->items[at].minor);
	}
	r = db_sync_query(
		db, "SELECT lines FROM zhifu.bank_overlapped($1, $2, $3, $4, $5) ORDER BY no", &params, &rows);
	for (uint32_t at = 0; r == 0 && at < lines->count; at = end, row++) {
		end = group_end(lines, at, &told);
		r = group_take(lines, at, end, db_rows_int(rows, row, 0) - (int64_t)told, arena, found);
	}
	db_sync_rows_free(rows);
	if (r == 0 && found->count > first)
		qsort(found->items + first, found->count - first, sizeof(*found->items), place_compare);
	return r;
}
