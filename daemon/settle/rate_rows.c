/* Rows into rates. */
#include "settle/rate_rows.h"

#include <stdlib.h>
#include <string.h>

#include "db/params.h"
#include "db/rows.h"
#include "lib/arena.h"

/* A rate and its row. */
struct stored_rate {
	struct rate rate;
	struct uuid id;
	int row;
};

static int rate_place(const void *a, const void *b)
{
	return rate_order(a, b);
}

static int stored_place(const void *a, const void *b)
{
	return rate_order(&((const struct stored_rate *)a)->rate, &((const struct stored_rate *)b)->rate);
}

void rate_rows_price(const struct pg_result *rows, int row, int column, struct rate *rate)
{
	memcpy(rate->base, db_rows_text(rows, row, column), 3);
	memcpy(rate->quote, db_rows_text(rows, row, column + 1), 3);
	rate->per = (uint32_t)db_rows_int(rows, row, column + 2);
	rate->value = (struct zf_decimal){.unscaled = db_rows_int(rows, row, column + 3),
		.scale = (uint8_t)db_rows_int(rows, row, column + 4),
		.present = 1};
}

static int row_read(
	const struct pg_result *rows, int row, uint16_t bank, struct zf_arena *arena, struct stored_rate *ret)
{
	struct rate *rate = &ret->rate;

	ret->row = row;
	ret->id = db_rows_uuid(rows, row, 0);
	rate->source = (uint8_t)db_rows_int(rows, row, 1);
	rate->bank = bank;
	rate_rows_price(rows, row, 3, rate);
	rate->day = db_rows_date(rows, row, 8);
	if (rate->source != RATE_MANUAL) return 0;
	rate->maker = zf_strdup(arena, db_rows_text(rows, row, 9));
	rate->checker = zf_strdup(arena, db_rows_text(rows, row, 10));
	return rate->maker == NULL || rate->checker == NULL ? ERR_NOMEM : 0;
}

/* Which of the banks it is, from 1; 0: none of them. */
static uint16_t bank_of(const char *bank, const char *const *banks, uint16_t bank_count)
{
	for (uint16_t i = 0; i < bank_count; i++)
		if (strcmp(bank, banks[i]) == 0) return (uint16_t)(i + 1);
	return 0;
}

int rate_rows_read(
	const struct pg_result *rows, const char *bank, struct zf_arena *arena, struct stored_rates *ret_rates)
{
	return rate_rows_read_boards(rows, &bank, bank != NULL, arena, ret_rates);
}

int rate_rows_read_boards(const struct pg_result *rows, const char *const *banks, uint16_t bank_count,
	struct zf_arena *arena, struct stored_rates *ret_rates)
{
	size_t n = (size_t)db_rows_count(rows);
	struct stored_rate *list = zf_alloc_array(arena, n + 1, sizeof(*list));
	struct rate *rates = zf_alloc_array(arena, n + 1, sizeof(*rates));
	struct uuid *ids = zf_alloc_array(arena, n + 1, sizeof(*ids));
	int *numbers = zf_alloc_array(arena, n + 1, sizeof(*numbers));
	size_t count = 0;

	if (list == NULL || rates == NULL || ids == NULL || numbers == NULL) return ERR_NOMEM;
	for (int row = 0; row < (int)n; row++) {
		const char *of = db_rows_text(rows, row, 2);
		uint16_t bank = bank_of(of, banks, bank_count);

		if (*of != '\0' && bank == 0) continue;
		if (row_read(rows, row, bank, arena, &list[count++]) < 0) return ERR_NOMEM;
	}
	qsort(list, count, sizeof(*list), stored_place);
	for (size_t i = 0; i < count; i++) {
		rates[i] = list[i].rate;
		ids[i] = list[i].id;
		numbers[i] = list[i].row;
	}
	*ret_rates = (struct stored_rates){.table = {.rates = rates, .count = count}, .ids = ids, .rows = numbers};
	return 0;
}

const struct uuid *rate_rows_id(const struct stored_rates *rates, const struct rate *rate)
{
	const struct rate *found = bsearch(rate, rates->table.rates, rates->table.count, sizeof(*rate), rate_place);

	assert(found != NULL);
	return &rates->ids[found - rates->table.rates];
}

int rate_need_init(struct rate_need *need, struct zf_arena *arena, size_t max)
{
	*need = (struct rate_need){.max = max, .first = INT32_MAX, .last = INT32_MIN};
	need->currencies = zf_alloc_array(arena, max, sizeof(*need->currencies));
	return need->currencies == NULL ? ERR_NOMEM : 0;
}

void rate_need_currency(struct rate_need *need, const char *currency)
{
	for (size_t i = 0; i < need->count; i++)
		if (strcmp(need->currencies[i], currency) == 0) return;
	assert(need->count < need->max);
	memcpy(need->currencies[need->count++], currency, 4);
}

void rate_need_days(struct rate_need *need, int32_t first, int32_t last)
{
	if (first < need->first) need->first = first;
	if (last > need->last) need->last = last;
}

void rate_need_params(const struct rate_need *need, struct db_params *params)
{
	struct db_array *currencies = db_params_array(params, DB_TEXT, need->count, need->count * 3);

	for (size_t i = 0; i < need->count; i++) db_array_text(currencies, need->currencies[i]);
	db_params_date(params, need->first);
	db_params_date(params, need->last);
}
