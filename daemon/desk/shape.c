/* From rows to JSON, and from values to parameters. */
#include "desk/shape.h"

#include <string.h>

#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "lib/money.h"

void shape_money_write(struct json_writer *writer, int64_t minor, const char *currency, int exponent)
{
	char text[DECIMAL_TEXT_SIZE];
	assert(exponent >= 0);
	decimal_format(decimal_of(minor, (uint8_t)exponent), text);
	json_write_object_begin(writer);
	json_write_member(writer, "value", text);
	json_write_member(writer, "currency", currency);
	json_write_object_end(writer);
}

static void money_write(struct json_writer *writer, const struct pg_result *rows, int row, int column)
{
	const char *currency = db_rows_text(rows, row, column + 1);
	int exponent = db_rows_null(rows, row, column + 2) ? currency_exponent(currency)
							   : (int)db_rows_int(rows, row, column + 2);
	shape_money_write(writer, db_rows_int(rows, row, column), currency, exponent);
}

static void value_write(
	struct json_writer *writer, const struct field *field, const struct pg_result *rows, int row, int column)
{
	char text[DATE_TEXT_SIZE > UUID_TEXT_LEN ? DATE_TEXT_SIZE : UUID_TEXT_LEN];
	struct uuid id;
	switch (field->type) {
	case FIELD_TEXT:
		json_write_string(writer, db_rows_text(rows, row, column));
		return;
	case FIELD_ID:
		id = db_rows_uuid(rows, row, column);
		uuid_format(&id, text);
		json_write_string(writer, text);
		return;
	case FIELD_DAY:
		date_format_day(db_rows_date(rows, row, column), text);
		json_write_string(writer, text);
		return;
	case FIELD_TIME:
		date_format_ms(db_rows_time_ms(rows, row, column), 0, text);
		json_write_string(writer, text);
		return;
	case FIELD_INT:
		json_write_int64(writer, db_rows_int(rows, row, column));
		return;
	case FIELD_BOOL:
		json_write_bool(writer, db_rows_bool(rows, row, column));
		return;
	case FIELD_WORD:
		json_write_string(writer, field->words[db_rows_int(rows, row, column)]);
		return;
	case FIELD_MONEY:
		money_write(writer, rows, row, column);
		return;
	case FIELD_DECIMAL:
		decimal_format(
			decimal_of(db_rows_int(rows, row, column), (uint8_t)db_rows_int(rows, row, column + 1)), text);
		json_write_string(writer, text);
		return;
	case FIELD_DOCUMENT:
		json_write_raw(writer, text_of(db_rows_text(rows, row, column)));
		return;
	case FIELD_LIST:
		break;
	}
	assert(!"no such field in an answer");
}

static int columns_of(enum field_type type)
{
	return type == FIELD_MONEY ? 3 : type == FIELD_DECIMAL ? 2 : 1;
}

int shape_members_write(struct json_writer *writer, const struct shape *shape, const struct pg_result *rows, int row,
	int column, unsigned without)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];
		if (!db_rows_null(rows, row, column) && !(field->flags & without)) {
			json_write_key(writer, field->name);
			value_write(writer, field, rows, row, column);
		}
		column += columns_of(field->type);
	}
	return column;
}

int shape_write(struct json_writer *writer, const struct shape *shape, const struct pg_result *rows, int row,
	int column, unsigned without)
{
	json_write_object_begin(writer);
	column = shape_members_write(writer, shape, rows, row, column, without);
	json_write_object_end(writer);
	return column;
}

static void null_bind(struct db_params *params, enum field_type type)
{
	for (int i = 0; i < columns_of(type); i++) db_params_null(params);
}

/* An array for each column of a list's field. */
static void list_bind(struct db_params *params, const struct field *field, const struct value *list)
{
	static const enum db_type types[] = {[FIELD_TEXT] = DB_TEXT,
		[FIELD_ID] = DB_UUID,
		[FIELD_DAY] = DB_DATE,
		[FIELD_INT] = DB_INT8,
		[FIELD_BOOL] = DB_BOOL,
		[FIELD_WORD] = DB_INT4,
		[FIELD_MONEY] = DB_INT8};
	size_t width = field->of->count, count = list->given ? list->row_count : 0;
	for (size_t i = 0; i < width; i++) {
		enum field_type type = field->of->fields[i].type;
		assert((size_t)type < ARRAY_LEN(types) && types[type] != 0);
		struct db_array *array = db_params_array(params, types[type], count, 16 * count);
		struct db_array *currency =
			type == FIELD_MONEY ? db_params_array(params, DB_TEXT, count, 3 * count) : NULL;
		struct db_array *exponent = type == FIELD_MONEY ? db_params_array(params, DB_INT4, count, 0) : NULL;
		for (size_t row = 0; row < count; row++) {
			const struct value *value = &list->rows[row * width + i];
			if (!value->given) {
				db_array_null(array);
				continue;
			}
			if (type == FIELD_TEXT) db_array_text(array, value->text);
			if (type == FIELD_ID) db_array_uuid(array, &value->id);
			if (type == FIELD_DAY) db_array_date(array, value->day);
			if (type == FIELD_INT) db_array_int8(array, value->number);
			if (type == FIELD_BOOL) db_array_bool(array, value->number != 0);
			if (type == FIELD_WORD) db_array_int4(array, (int32_t)value->number);
			if (type != FIELD_MONEY) continue;
			db_array_int8(array, value->money.minor);
			db_array_text(currency, value->money.currency);
			db_array_int4(exponent, value->money.exponent);
		}
	}
}

static void value_bind(struct db_params *params, const struct field *field, const struct value *value)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_DOCUMENT:
		db_params_text(params, value->text);
		return;
	case FIELD_ID:
		db_params_uuid(params, &value->id);
		return;
	case FIELD_DAY:
		db_params_date(params, value->day);
		return;
	case FIELD_INT:
		db_params_int8(params, value->number);
		return;
	case FIELD_BOOL:
		db_params_bool(params, value->number != 0);
		return;
	case FIELD_WORD:
		db_params_int4(params, (int32_t)value->number);
		return;
	case FIELD_MONEY:
		db_params_int8(params, value->money.minor);
		db_params_text(params, value->money.currency);
		db_params_int4(params, value->money.exponent);
		return;
	case FIELD_DECIMAL:
		db_params_int8(params, value->decimal.unscaled);
		db_params_int4(params, value->decimal.scale);
		return;
	case FIELD_TIME:
	case FIELD_LIST:
		break;
	}
	assert(!"no such field in a request");
}

void shape_bind(struct db_params *params, const struct shape *shape, const struct value *values)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct field *field = &shape->fields[i];
		if (field->type == FIELD_LIST)
			list_bind(params, field, &values[i]);
		else if (values[i].given)
			value_bind(params, field, &values[i]);
		else
			null_bind(params, field->type);
	}
}

const struct value *shape_value(const struct shape *shape, const struct value *values, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (strcmp(shape->fields[i].name, name) == 0) return &values[i];
	assert(!"no such field");
	return NULL;
}

int shape_column(const struct shape *shape, const char *name)
{
	int column = 0;
	for (size_t i = 0; i < shape->count; i++) {
		if (strcmp(shape->fields[i].name, name) == 0) return column;
		column += columns_of(shape->fields[i].type);
	}
	assert(!"no such field");
	return 0;
}
