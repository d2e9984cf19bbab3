/* Questions and answers are in the order of the bills and of their codes. */
#include "settle/bill_prices.h"

#include <string.h>

#include "db/params.h"
#include "db/rows.h"

/* Columns of settle_prices. */
enum { COLUMN_ORDINAL, COLUMN_CURRENCY, COLUMN_DIGITS, COLUMN_SCALE };

void bill_prices_bind(const struct bill_prices *bills, size_t count, struct db_params *params)
{
	struct db_array *hospital, *list, *day, *system, *code;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) n += bills[i].items.code_count + 1;
	hospital = db_params_array(params, DB_UUID, n, 0);
	list = db_params_array(params, DB_TEXT, n, n * 16);
	day = db_params_array(params, DB_DATE, n, 0);
	system = db_params_array(params, DB_TEXT, n, n * 32);
	code = db_params_array(params, DB_TEXT, n, n * 8);
	for (size_t i = 0; i < count; i++) {
		const struct contract_items *items = &bills[i].items;

		for (uint32_t k = 0; k < items->code_count || k == 0; k++) {
			bool coded = k < items->code_count;

			db_array_uuid(hospital, bills[i].hospital);
			db_array_text(list, bills[i].contract->price_list);
			db_array_date(day, coded ? items->items[items->codes[k].item].day : bills[i].day);
			db_array_text(system, coded ? items->codes[k].system : "");
			db_array_text(code, coded ? items->codes[k].code : "");
		}
	}
}

void bill_prices_take(struct bill_prices *bills, size_t count, const struct pg_result *rows)
{
	int row = 0, asked = 0;

	for (size_t i = 0; i < count; i++) {
		struct contract_items *items = &bills[i].items;

		for (uint32_t k = 0; k < items->code_count || k == 0; k++) {
			if (row >= db_rows_count(rows) || db_rows_int(rows, row, COLUMN_ORDINAL) != ++asked) {
				bills[i].lacks = BILL_LACKS_LIST;
				continue;
			}
			if (strcmp(db_rows_text(rows, row, COLUMN_CURRENCY), items->billed.currency) != 0) {
				bills[i].lacks = BILL_LACKS_CURRENCY;
			} else if (k < items->code_count && !db_rows_null(rows, row, COLUMN_DIGITS)) {
				struct contract_item *item = &items->items[items->codes[k].item];

				if (!item->price.present)
					item->price = decimal_of(db_rows_int(rows, row, COLUMN_DIGITS),
						(uint8_t)db_rows_int(rows, row, COLUMN_SCALE));
			}
			row++;
		}
	}
}
