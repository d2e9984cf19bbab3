/* What a cell of an advice's table means: texts, amounts and days, or a fault at its place. Private to adapters/advice.
 */
#ifndef ADAPTERS_ADVICE_ADVICE_CELL_H
#define ADAPTERS_ADVICE_ADVICE_CELL_H

#include "advice/advice.h"
#include "advice/sheet.h"

#define ADVICE_PLAIN_SIZE 40

struct advice_cells {
	struct sheet sheet;
	struct zf_arena *arena;
	struct fault_list *faults;
	char decimal, thousands;
};

/* A fault at a cell; row 0: of the whole file. */
void advice_fault(const struct advice_cells *cells, enum fault_code code, uint32_t row, uint32_t column,
	const char *arg1, const char *arg2);
/* A value for a fault, or "?" where it may be a person's. */
const char *advice_plain(struct text_span text, char buffer[ADVICE_PLAIN_SIZE]);
/* The cell's text in one line of at most bytes_max; len 0: it is empty. False after a fault. */
bool advice_text(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	size_t bytes_max, struct text_span *ret);
/* The cell's amount; absent when it is empty or has only a dash. False after a fault. */
bool advice_amount(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	const char *currency, struct zf_money *ret);
/* The same without faults: absent when it is none. */
bool advice_amount_try(
	const struct advice_cells *cells, const struct sheet_cell *cell, const char *currency, struct zf_money *ret);
/* The cell's day, which is not empty. False after a fault. */
bool advice_day(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	const char *form, int32_t *ret_day);
/* An amount that is written with a decimal sign, thousands in groups of three (0: none) and a minus or brackets.
 * LIB_INVALID, LIB_LIMIT. */
int advice_decimal(struct text_span text, char decimal, char thousands, struct zf_decimal *ret) LIB_MUSTUSE;

#endif
