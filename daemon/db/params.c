/* Parameters in the binary wire format that the ..._recv functions of PostgreSQL read (arrayfuncs.c, timestamp.c). */
#include "db/params.h"

#include <string.h>

/* PostgreSQL counts from 2000-01-01, we from 1970-01-01. */
#define EPOCH_DAYS 10957
#define EPOCH_MS (EPOCH_DAYS * INT64_C(86400000))
/* Array header: dimensions, has-null flag, element type, then length and lower bound of the one dimension. */
#define ARRAY_HEADER_BYTES 20
#define ARRAY_ELEMENTS_MAX (1u << 20)

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_u64(uint8_t *at, uint64_t value)
{
	put_u32(at, (uint32_t)(value >> 32));
	put_u32(at + 4, (uint32_t)value);
}

/* Milliseconds since 1970 as microseconds since 2000; out of PostgreSQL's range saturates to its infinities. */
static uint64_t timestamp_of(int64_t wall_ms)
{
	int64_t shifted, micros;
	if (wall_ms == INT64_MAX || wall_ms == INT64_MIN) return (uint64_t)wall_ms;
	if (__builtin_sub_overflow(wall_ms, EPOCH_MS, &shifted) || __builtin_mul_overflow(shifted, 1000, &micros))
		return (uint64_t)(wall_ms > 0 ? INT64_MAX : INT64_MIN);
	return (uint64_t)micros;
}

void db_params_init(struct db_params *params, struct arena *arena)
{
	memset(params, 0, sizeof(*params));
	params->arena = arena;
	params->sink.params = params;
}

static void params_fail(struct db_params *params, int code)
{
	if (params->err == 0) params->err = code;
}

static struct db_param *params_next(struct db_params *params)
{
	assert(params->count < DB_PARAMS_MAX);
	struct db_param *param = &params->values[params->count++];
	memset(param, 0, sizeof(*param));
	return param;
}

static void params_copy(struct db_params *params, const void *ptr, size_t len)
{
	struct db_param *param = params_next(params);
	if (len > DB_PARAM_BYTES_MAX) {
		params_fail(params, ERR_LIMIT);
		return;
	}
	/* One byte more, so that an empty value has an address: libpq takes NULL for SQL null. */
	uint8_t *copy = zf_alloc(&params->arena->zf, len + 1);
	if (copy == NULL) {
		params_fail(params, ERR_NOMEM);
		return;
	}
	if (len > 0) memcpy(copy, ptr, len);
	param->ptr = copy;
	param->len = (int)len;
}

void db_params_null(struct db_params *params)
{
	(void)params_next(params);
}

void db_params_bool(struct db_params *params, bool value)
{
	uint8_t byte = value;
	params_copy(params, &byte, 1);
}

void db_params_int2(struct db_params *params, int16_t value)
{
	uint8_t wire[2] = {(uint8_t)((uint16_t)value >> 8), (uint8_t)value};
	params_copy(params, wire, sizeof(wire));
}

void db_params_int4(struct db_params *params, int32_t value)
{
	uint8_t wire[4];
	put_u32(wire, (uint32_t)value);
	params_copy(params, wire, sizeof(wire));
}

void db_params_int8(struct db_params *params, int64_t value)
{
	uint8_t wire[8];
	put_u64(wire, (uint64_t)value);
	params_copy(params, wire, sizeof(wire));
}

void db_params_uuid(struct db_params *params, const struct uuid *value)
{
	if (value == NULL)
		db_params_null(params);
	else
		params_copy(params, value->b, sizeof(value->b));
}

void db_params_bytes(struct db_params *params, struct bytes value)
{
	if (value.ptr == NULL)
		db_params_null(params);
	else
		params_copy(params, value.ptr, value.len);
}

void db_params_text(struct db_params *params, const char *value)
{
	if (value == NULL)
		db_params_null(params);
	else
		params_copy(params, value, strlen(value));
}

void db_params_time_ms(struct db_params *params, int64_t wall_ms)
{
	uint8_t wire[8];
	put_u64(wire, timestamp_of(wall_ms));
	params_copy(params, wire, sizeof(wire));
}

void db_params_date(struct db_params *params, int32_t days)
{
	db_params_int4(params, days - EPOCH_DAYS);
}

static size_t element_bytes(enum db_type type)
{
	switch (type) {
	case DB_BOOL:
		return 1;
	case DB_INT2:
		return 2;
	case DB_INT4:
	case DB_DATE:
		return 4;
	case DB_INT8:
	case DB_TIMESTAMPTZ:
		return 8;
	case DB_UUID:
		return 16;
	case DB_BYTEA:
	case DB_TEXT:
	case DB_JSON:
	case DB_VARCHAR:
		return 0;
	}
	assert(!"an array of a type that has no binary form here");
	return 0;
}

struct db_array *db_params_array(struct db_params *params, enum db_type type, size_t count_hint, size_t bytes_hint)
{
	struct db_param *param = params_next(params);
	if (count_hint > ARRAY_ELEMENTS_MAX || bytes_hint > DB_PARAM_BYTES_MAX) {
		params_fail(params, ERR_LIMIT);
		return &params->sink;
	}
	struct db_array *array = zf_alloc(&params->arena->zf, sizeof(*array));
	size_t cap = ARRAY_HEADER_BYTES + count_hint * (4 + element_bytes(type)) + bytes_hint;
	uint8_t *ptr = array == NULL ? NULL : zf_alloc(&params->arena->zf, cap);
	if (ptr == NULL) {
		params_fail(params, ERR_NOMEM);
		return &params->sink;
	}
	*array = (struct db_array){.params = params, .ptr = ptr, .len = ARRAY_HEADER_BYTES, .cap = cap, .type = type};
	param->array = array;
	return array;
}

/* Room for one element of len bytes with its length word before it; NULL after any failure. */
static uint8_t *array_room(struct db_array *array, size_t len, int32_t length_word)
{
	if (array->ptr == NULL || array->params->err < 0) return NULL;
	if (len > DB_PARAM_BYTES_MAX || array->len + 4 + len > DB_PARAM_BYTES_MAX ||
		array->count >= ARRAY_ELEMENTS_MAX) {
		params_fail(array->params, ERR_LIMIT);
		return NULL;
	}
	size_t need = array->len + 4 + len;
	if (need > array->cap) {
		size_t cap = need > 2 * array->cap ? need : 2 * array->cap;
		uint8_t *ptr = zf_alloc(&array->params->arena->zf, cap);
		if (ptr == NULL) {
			params_fail(array->params, ERR_NOMEM);
			return NULL;
		}
		memcpy(ptr, array->ptr, array->len);
		array->ptr = ptr;
		array->cap = cap;
	}
	uint8_t *at = array->ptr + array->len;
	put_u32(at, (uint32_t)length_word);
	array->len = need;
	array->count++;
	return at + 4;
}

static void array_put(struct db_array *array, const void *ptr, size_t len)
{
	uint8_t *at = array_room(array, len, (int32_t)len);
	if (at != NULL && len > 0) memcpy(at, ptr, len);
}

/* The sink, where elements go after a failure, takes everything. */
static bool array_fits(const struct db_array *array, enum db_type type)
{
	return array->ptr == NULL || array->type == type;
}

void db_array_null(struct db_array *array)
{
	array->has_null = true;
	(void)array_room(array, 0, -1);
}

void db_array_bool(struct db_array *array, bool value)
{
	assert(array_fits(array, DB_BOOL));
	uint8_t byte = value;
	array_put(array, &byte, 1);
}

void db_array_int2(struct db_array *array, int16_t value)
{
	assert(array_fits(array, DB_INT2));
	uint8_t wire[2] = {(uint8_t)((uint16_t)value >> 8), (uint8_t)value};
	array_put(array, wire, sizeof(wire));
}

void db_array_int4(struct db_array *array, int32_t value)
{
	assert(array_fits(array, DB_INT4));
	uint8_t wire[4];
	put_u32(wire, (uint32_t)value);
	array_put(array, wire, sizeof(wire));
}

void db_array_int8(struct db_array *array, int64_t value)
{
	assert(array_fits(array, DB_INT8));
	uint8_t wire[8];
	put_u64(wire, (uint64_t)value);
	array_put(array, wire, sizeof(wire));
}

void db_array_uuid(struct db_array *array, const struct uuid *value)
{
	assert(array_fits(array, DB_UUID));
	if (value == NULL)
		db_array_null(array);
	else
		array_put(array, value->b, sizeof(value->b));
}

void db_array_bytes(struct db_array *array, struct bytes value)
{
	assert(array->ptr == NULL || element_bytes(array->type) == 0);
	if (value.ptr == NULL)
		db_array_null(array);
	else
		array_put(array, value.ptr, value.len);
}

void db_array_text(struct db_array *array, const char *value)
{
	assert(array->ptr == NULL || element_bytes(array->type) == 0);
	if (value == NULL)
		db_array_null(array);
	else
		array_put(array, value, strlen(value));
}

void db_array_text_len(struct db_array *array, const char *text, size_t len)
{
	assert(array->ptr == NULL || element_bytes(array->type) == 0);
	array_put(array, text, len);
}

void db_array_time_ms(struct db_array *array, int64_t wall_ms)
{
	assert(array_fits(array, DB_TIMESTAMPTZ));
	uint8_t wire[8];
	put_u64(wire, timestamp_of(wall_ms));
	array_put(array, wire, sizeof(wire));
}

void db_array_date(struct db_array *array, int32_t days)
{
	assert(array_fits(array, DB_DATE));
	uint8_t wire[4];
	put_u32(wire, (uint32_t)(days - EPOCH_DAYS));
	array_put(array, wire, sizeof(wire));
}

/* An empty array has no dimension and is its first three header words alone. */
static void array_finish(struct db_param *param)
{
	struct db_array *array = param->array;
	put_u32(array->ptr, array->count > 0 ? 1 : 0);
	put_u32(array->ptr + 4, array->has_null);
	put_u32(array->ptr + 8, (uint32_t)array->type);
	put_u32(array->ptr + 12, array->count);
	put_u32(array->ptr + 16, 1);
	param->ptr = array->ptr;
	param->len = array->count > 0 ? (int)array->len : 12;
}

void db_params_export(struct db_params *params, const char **ret_values, int *ret_lengths, int *ret_formats)
{
	assert(params->err == 0);
	for (int i = 0; i < params->count; i++) {
		if (params->values[i].array != NULL) array_finish(&params->values[i]);
		ret_values[i] = params->values[i].ptr;
		ret_lengths[i] = params->values[i].len;
		ret_formats[i] = 1;
	}
}
