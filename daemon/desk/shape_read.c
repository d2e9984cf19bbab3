/* Bodies and queries into values: strict, and everything that is wrong is said at once. */
#include <stdio.h>
#include <string.h>

#include "desk/shape.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "lib/fault_json.h"
#include "lib/json.h"
#include "lib/money.h"

#define DEPTH_MAX 24
#define BODY_BYTES_MAX (16u << 20)
#define POINTER_MAX 256
#define DIGITS_MAX 20

static const struct problem_word word_unknown = {
	"member-unknown", "There is no member \"$1\" here.", "此处没有成员“$1”。"};
static const struct problem_word word_missing = {
	"member-missing", "The required member \"$1\" is missing.", "缺少必填成员“$1”。"};
static const struct problem_word word_type = {
	"member-type", "The value must be of JSON type $1.", "该值的 JSON 类型必须是 $1。"};
static const struct problem_word word_empty = {
	"text-empty", "The text is empty or has only blanks.", "文本为空或仅含空格。"};
static const struct problem_word word_long = {"text-long", "The text is longer than $1 bytes.", "文本超过 $1 字节。"};
static const struct problem_word word_id = {"id-invalid", "This is no id (a UUID).", "该值不是标识(UUID)。"};
static const struct problem_word word_day = {
	"day-invalid", "This is no day such as 2026-11-22.", "该值不是形如 2026-11-22 的日期。"};
static const struct problem_word word_number = {"number-invalid",
	"This is no whole number from 0 to 9223372036854775807.", "该值不是 0 至 9223372036854775807 的整数。"};
static const struct problem_word word_word = {"word-unknown", "This is none of: $1.", "该值不属于:$1。"};
static const struct problem_word word_decimal = {"decimal-invalid",
	"This is no decimal number such as \"12.30\", as a string, with at most 18 decimals.",
	"该值不是形如 \"12.30\" 的十进制数字符串(小数最多 18 位)。"};
static const struct problem_word word_currency = {"currency-unknown",
	"ISO 4217 has no such currency, or no amount can be in it.", "ISO 4217 中没有该币种,或不能以其计价。"};
static const struct problem_word word_precision = {"amount-precision",
	"The amount has more decimals than the $1 of its currency.", "金额的小数位数超过该币种的 $1 位。"};
static const struct problem_word word_large = {"amount-large", "The amount is too large.", "金额过大。"};
static const struct problem_word word_negative = {
	"amount-negative", "The amount must not be negative.", "金额不能为负数。"};
static const struct problem_word word_many = {"list-long", "The list has more than $1 entries.", "列表超过 $1 条。"};
static const struct problem_word word_none = {"list-empty", "The list is empty.", "列表为空。"};
static const struct problem_word word_parameter = {
	"parameter-unknown", "This path has no parameter \"$1\".", "此路径没有参数“$1”。"};
static const struct problem_word word_twice = {"parameter-twice", "The parameter is there twice.", "该参数重复。"};

/* What is being read, and where in it. */
struct reading {
	struct arena *arena;
	struct problem_list *problems;
	struct json_reader *json;
	char pointer[POINTER_MAX];
	bool is_query; /* the pointer is a parameter's name */
};

static void wrong(struct reading *reading, const struct problem_word *word, const char *arg)
{
	if (reading->is_query)
		problem_add_place(reading->problems, word, reading->pointer, arg);
	else
		problem_add(reading->problems, word, reading->pointer, arg);
}

/* "a, b, c". NULL on no memory. */
static const char *words_join(struct arena *arena, const char *const *words)
{
	const char *list = "";
	for (; list != NULL && *words != NULL; words++)
		if (**words != '\0') list = arena_printf(arena, "%s%s%s", list, *list == '\0' ? "" : ", ", *words);
	return list;
}

/* ---- single values, from their text ---- */

static void text_take(struct reading *reading, const struct field *field, struct text_span text, struct value *ret)
{
	uint32_t max = field->max == 0 ? FIELD_TEXT_MAX : field->max;
	char limit[12];
	if (text_trim(text).len == 0) {
		wrong(reading, &word_empty, NULL);
		return;
	}
	if (text.len > max) {
		(void)snprintf(limit, sizeof(limit), "%u", max);
		wrong(reading, &word_long, limit);
		return;
	}
	ret->text = zf_strndup(&reading->arena->zf, text.ptr, text.len);
	ret->given = ret->text != NULL;
	if (ret->text == NULL) reading->problems->no_memory = true;
}

static void word_take(struct reading *reading, const struct field *field, struct text_span text, struct value *ret)
{
	for (int i = 0; field->words[i] != NULL; i++) {
		if (text.len == 0 || !text_is(text, field->words[i])) continue;
		ret->number = i;
		ret->given = true;
		return;
	}
	const char *list = words_join(reading->arena, field->words);
	if (list == NULL)
		reading->problems->no_memory = true;
	else
		wrong(reading, &word_word, list);
}

static bool day_parse(struct text_span text, int32_t *ret_day)
{
	struct date date;
	if (date_parse(text, DATE_KIND_DATE, &date) != 0 || date.precision != DATE_DAY) return false;
	*ret_day = (int32_t)date_days_from_civil(date.year, date.month, date.day);
	return true;
}

/* Plain digits with a point: an exponent has no business in an amount. */
static bool decimal_take(struct text_span text, struct zf_decimal *ret)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == 'e' || text.ptr[i] == 'E') return false;
	return decimal_parse(text, ret) == 0;
}

static void string_take(struct reading *reading, const struct field *field, struct text_span text, struct value *ret)
{
	char id[UUID_TEXT_LEN];
	switch (field->type) {
	case FIELD_TEXT:
		text_take(reading, field, text, ret);
		return;
	case FIELD_WORD:
		word_take(reading, field, text, ret);
		return;
	case FIELD_ID:
		if (text.len == UUID_TEXT_LEN - 1) {
			memcpy(id, text.ptr, text.len);
			id[text.len] = '\0';
			ret->given = uuid_parse(id, &ret->id) == 0;
		}
		if (!ret->given) wrong(reading, &word_id, NULL);
		return;
	case FIELD_DAY:
		ret->given = day_parse(text, &ret->day);
		if (!ret->given) wrong(reading, &word_day, NULL);
		return;
	case FIELD_DECIMAL:
		ret->given = decimal_take(text, &ret->decimal);
		if (!ret->given) wrong(reading, &word_decimal, NULL);
		return;
	case FIELD_INT:
		ret->given = text_to_int64(text, &ret->number) == 0 && ret->number >= 0;
		if (!ret->given) wrong(reading, &word_number, NULL);
		return;
	case FIELD_BOOL:
		ret->given = text_is(text, "true") || text_is(text, "false");
		ret->number = text_is(text, "true");
		if (!ret->given) wrong(reading, &word_word, "true, false");
		return;
	case FIELD_TIME:
	case FIELD_MONEY:
	case FIELD_DOCUMENT:
	case FIELD_LIST:
		break;
	}
	assert(!"not read from a string");
}

/* ---- JSON ---- */

static int object_take(struct reading *reading, const struct shape *shape, struct value *values);

/* One level down; what it returns goes to leave(). */
static size_t enter(struct reading *reading, struct text_span name)
{
	size_t len = strlen(reading->pointer), n = len;
	for (size_t i = 0; i < name.len + 1 && n + 3 < POINTER_MAX; i++) {
		char c = i == 0 ? '/' : name.ptr[i - 1];
		if (i > 0 && (c == '~' || c == '/')) {
			reading->pointer[n++] = '~';
			c = c == '~' ? '0' : '1';
		}
		reading->pointer[n++] = c;
	}
	reading->pointer[n] = '\0';
	return len;
}

static void leave(struct reading *reading, size_t len)
{
	reading->pointer[len] = '\0';
}

static int skip(struct reading *reading, const struct json_token *token)
{
	return json_skip_from(reading->json, token, NULL) == JSON_ERROR ? ERR_INVALID : 0;
}

static int type_wrong(struct reading *reading, const struct json_token *token, const char *expected)
{
	wrong(reading, &word_type, expected);
	return skip(reading, token);
}

static void money_make_value(
	struct reading *reading, const struct field *field, const struct value *parts, struct value *ret)
{
	char digits[DIGITS_MAX];
	int exponent = parts[1].given ? currency_exponent(parts[1].text) : -1;
	size_t len;
	if (!parts[0].given || !parts[1].given) return;
	if (exponent < 0) {
		len = enter(reading, TEXT("currency"));
		wrong(reading, &word_currency, NULL);
		leave(reading, len);
		return;
	}
	len = enter(reading, TEXT("value"));
	int r = money_from_decimal(parts[0].decimal, text_of(parts[1].text), &ret->money);
	(void)snprintf(digits, sizeof(digits), "%d", exponent);
	if (r == LIB_INEXACT)
		wrong(reading, &word_precision, digits);
	else if (r != 0)
		wrong(reading, &word_large, NULL);
	else if (ret->money.minor < 0 && !(field->flags & FIELD_SIGNED))
		wrong(reading, &word_negative, NULL);
	else
		ret->given = true;
	leave(reading, len);
}

static const struct field money_fields[] = {{"value", FIELD_DECIMAL, FIELD_REQUIRED, NULL, NULL, 0, NULL},
	{"currency", FIELD_TEXT, FIELD_REQUIRED, NULL, NULL, 3, NULL}};
static const struct shape money_shape = SHAPE("Money", money_fields);

static int list_take(struct reading *reading, const struct field *field, struct value *ret)
{
	uint32_t max = field->max == 0 ? FIELD_TEXT_MAX : field->max, cap = 0;
	size_t width = field->of->count;
	struct value *rows = NULL;
	struct json_token token;
	char number[12];
	while (json_next(reading->json, &token) != JSON_ARRAY_END) {
		if (token.type == JSON_ERROR) return ERR_INVALID;
		if (ret->row_count == max) {
			(void)snprintf(number, sizeof(number), "%u", max);
			wrong(reading, &word_many, number);
			return ERR_LIMIT;
		}
		if (ret->row_count == cap) {
			cap = cap == 0 ? 16 : cap * 4;
			struct value *more = zf_alloc_array(&reading->arena->zf, cap * width, sizeof(*more));
			if (more == NULL) return ERR_NOMEM;
			if (ret->row_count > 0) memcpy(more, rows, ret->row_count * width * sizeof(*more));
			rows = more;
		}
		(void)snprintf(number, sizeof(number), "%u", ret->row_count);
		size_t len = enter(reading, text_of(number));
		assert(rows != NULL);
		struct value *row = &rows[ret->row_count++ * width];
		memset(row, 0, width * sizeof(*row));
		int r = token.type == JSON_OBJECT_BEGIN ? object_take(reading, field->of, row)
							: type_wrong(reading, &token, "object");
		leave(reading, len);
		if (r < 0) return r;
	}
	if (ret->row_count == 0) wrong(reading, &word_none, NULL);
	ret->rows = rows;
	ret->given = true;
	return 0;
}

static int value_take(struct reading *reading, const struct field *field, struct value *ret)
{
	struct json_token token;
	struct value parts[ARRAY_LEN(money_fields)] = {{false}};
	struct text_span raw;
	enum json_type type = json_next(reading->json, &token);
	int r = 0;
	if (type == JSON_ERROR) return ERR_INVALID;
	switch (field->type) {
	case FIELD_LIST:
		return type == JSON_ARRAY_BEGIN ? list_take(reading, field, ret) : type_wrong(reading, &token, "array");
	case FIELD_MONEY:
		if (type != JSON_OBJECT_BEGIN) return type_wrong(reading, &token, "object");
		r = object_take(reading, &money_shape, parts);
		if (r == 0) money_make_value(reading, field, parts, ret);
		return r;
	case FIELD_DOCUMENT:
		if (type != JSON_OBJECT_BEGIN) return type_wrong(reading, &token, "object");
		if (json_skip_from(reading->json, &token, &raw) == JSON_ERROR) return ERR_INVALID;
		ret->text = zf_strndup(&reading->arena->zf, raw.ptr, raw.len);
		ret->given = true;
		return ret->text == NULL ? ERR_NOMEM : 0;
	case FIELD_INT:
		if (type != JSON_NUMBER) return type_wrong(reading, &token, "number");
		string_take(reading, field, token.text, ret);
		return 0;
	case FIELD_BOOL:
		if (type != JSON_TRUE && type != JSON_FALSE) return type_wrong(reading, &token, "boolean");
		ret->number = type == JSON_TRUE;
		ret->given = true;
		return 0;
	default:
		if (type != JSON_STRING) return type_wrong(reading, &token, "string");
		string_take(reading, field, token.text, ret);
		return 0;
	}
}

/* Behind its "{". What is wrong with a member does not keep the others from being looked at. */
static int object_take(struct reading *reading, const struct shape *shape, struct value *values)
{
	bool seen[SHAPE_FIELDS_MAX] = {false};
	struct json_token token;
	assert(shape->count <= SHAPE_FIELDS_MAX);
	while (json_next(reading->json, &token) != JSON_OBJECT_END) {
		size_t i = 0, len;
		int r;
		if (token.type == JSON_ERROR) return ERR_INVALID;
		while (i < shape->count && !text_is(token.text, shape->fields[i].name)) i++;
		len = enter(reading, token.text);
		if (i == shape->count) {
			/* A name of ours at most: what somebody else wrote may be anything. */
			wrong(reading, &word_unknown, strrchr(reading->pointer, '/') + 1);
			r = json_skip(reading->json, NULL) == JSON_ERROR ? ERR_INVALID : 0;
		} else {
			seen[i] = true;
			r = value_take(reading, &shape->fields[i], &values[i]);
		}
		leave(reading, len);
		if (r < 0) return r;
	}
	for (size_t i = 0; i < shape->count; i++) {
		if (seen[i] || !(shape->fields[i].flags & FIELD_REQUIRED)) continue;
		size_t len = enter(reading, text_of(shape->fields[i].name));
		wrong(reading, &word_missing, shape->fields[i].name);
		leave(reading, len);
	}
	return 0;
}

static void json_wrong(struct reading *reading, const struct json_error *error)
{
	struct fault_list faults;
	struct fault_json fault;
	if (error->code == LIB_NOMEM) {
		reading->problems->no_memory = true;
		return;
	}
	fault_json(error, &fault);
	fault_list_init(&faults, &reading->arena->zf, 1);
	fault_add(&faults, fault.code, "", fault.arg1[0] == '\0' ? NULL : fault.arg1, fault.arg2);
	problem_add_faults(reading->problems, "", &faults);
}

int shape_read(const struct shape *shape, struct bytes body, struct arena *arena, struct problem_list *problems,
	struct value *ret_values)
{
	struct reading reading = {.arena = arena, .problems = problems};
	struct json_reader json;
	struct json_token token;
	int r = 0;
	memset(ret_values, 0, shape->count * sizeof(*ret_values));
	json_reader_init(&json, (const char *)body.ptr, body.len, &arena->zf, DEPTH_MAX, BODY_BYTES_MAX);
	reading.json = &json;
	enum json_type type = json_next(&json, &token);
	if (type == JSON_OBJECT_BEGIN)
		r = object_take(&reading, shape, ret_values);
	else if (type != JSON_ERROR)
		r = type_wrong(&reading, &token, "object");
	if (type != JSON_ERROR && r == 0 && json_next(&json, &token) == JSON_ERROR) type = JSON_ERROR;
	if (type == JSON_ERROR || r == ERR_INVALID) json_wrong(&reading, &json.error);
	if (r == ERR_NOMEM) problems->no_memory = true;
	return problems->no_memory ? ERR_NOMEM : problems->count > 0 ? ERR_INVALID : 0;
}

int shape_read_query(const struct shape *shape, const struct http_param *params, size_t count, struct arena *arena,
	struct problem_list *problems, struct value *ret_values)
{
	struct reading reading = {.arena = arena, .problems = problems, .is_query = true};
	bool seen[SHAPE_FIELDS_MAX] = {false};
	size_t fields = shape == NULL ? 0 : shape->count;
	assert(fields <= SHAPE_FIELDS_MAX);
	if (fields > 0) memset(ret_values, 0, fields * sizeof(*ret_values));
	for (size_t p = 0; p < count; p++) {
		size_t i = 0;
		while (i < fields && strcmp(params[p].name, shape->fields[i].name) != 0) i++;
		(void)snprintf(reading.pointer, sizeof(reading.pointer), "query: %.64s", params[p].name);
		if (i == fields)
			wrong(&reading, &word_parameter, reading.pointer + strlen("query: "));
		else if (seen[i])
			wrong(&reading, &word_twice, NULL);
		else
			string_take(&reading, &shape->fields[i], text_of(params[p].value), &ret_values[i]);
		if (i < fields) seen[i] = true;
	}
	for (size_t i = 0; i < fields; i++) {
		if (seen[i] || !(shape->fields[i].flags & FIELD_REQUIRED)) continue;
		(void)snprintf(reading.pointer, sizeof(reading.pointer), "query: %s", shape->fields[i].name);
		wrong(&reading, &word_missing, shape->fields[i].name);
	}
	return problems->no_memory ? ERR_NOMEM : problems->count > 0 ? ERR_INVALID : 0;
}
