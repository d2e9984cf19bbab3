/* R4's primitive types: the lexical form of each, and its value into the struct (hl7.org/fhir/R4/datatypes.html). */
#include <stdio.h>

#include "fhir/reader.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "lib/money.h"

static const char *kind_name(uint8_t kind)
{
	static const char *const names[] = {
		[FHIR_STRING] = "string",
		[FHIR_MARKDOWN] = "markdown",
		[FHIR_URI] = "uri",
		[FHIR_CODE] = "code",
		[FHIR_ID] = "id",
		[FHIR_BASE64] = "base64Binary",
		[FHIR_XHTML] = "xhtml",
		[FHIR_TIME_OF_DAY] = "time",
		[FHIR_DATE] = "date",
		[FHIR_DATETIME] = "dateTime",
		[FHIR_INSTANT] = "instant",
		[FHIR_DECIMAL] = "decimal",
		[FHIR_INTEGER] = "integer",
		[FHIR_UNSIGNED] = "unsignedInt",
		[FHIR_POSITIVE] = "positiveInt",
		[FHIR_BOOLEAN] = "boolean",
	};
	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "object";
}

static int invalid(struct fhir_reader *reader, uint8_t kind)
{
	fhir_reader_fault(reader, FAULT_VALUE_INVALID, kind_name(kind), NULL);
	return 0;
}

static int wrong_type(struct fhir_reader *reader, const char *expected)
{
	fhir_reader_fault(reader, FAULT_ELEMENT_TYPE, expected, NULL);
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* No white space at the ends, single blanks inside. */
static bool is_code(struct text_span text)
{
	if (is_space(text.ptr[0]) || is_space(text.ptr[text.len - 1])) return false;
	for (size_t i = 1; i < text.len; i++) {
		if (is_space(text.ptr[i]) && (text.ptr[i] != ' ' || text.ptr[i - 1] == ' ')) return false;
	}
	return true;
}

static bool is_uri(struct text_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_space(text.ptr[i])) return false;
	}
	return true;
}

static bool is_id(struct text_span text)
{
	if (text.len > 64) return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '.')) {
			return false;
		}
	}
	return true;
}

static bool is_base64(struct text_span text)
{
	size_t count = 0, padding = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (is_space(c)) continue;
		count++;
		if (c == '=') {
			padding++;
			continue;
		}
		bool alphabet = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				c == '+' || c == '/';
		if (!alphabet || padding > 0) return false;
	}
	return count > 0 && count % 4 == 0 && padding <= 2;
}

/* hh:mm:ss[.fff] */
static bool is_time_of_day(struct text_span text)
{
	if (text.len < 8 || text.ptr[2] != ':' || text.ptr[5] != ':') return false;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 2 || i == 5) continue;
		if (i == 8 ? text.ptr[i] != '.' || text.len == 9 : text.ptr[i] < '0' || text.ptr[i] > '9') return false;
	}
	return text.ptr[0] <= '2' && (text.ptr[0] < '2' || text.ptr[1] <= '3') && text.ptr[3] <= '5' &&
	       text.ptr[6] <= '6';
}

static bool has_form(uint8_t kind, struct text_span text)
{
	switch (kind) {
	case FHIR_URI:
		return is_uri(text);
	case FHIR_CODE:
		return is_code(text);
	case FHIR_ID:
		return is_id(text);
	case FHIR_BASE64:
		return is_base64(text);
	case FHIR_TIME_OF_DAY:
		return is_time_of_day(text);
	case FHIR_XHTML:
		return text_has_prefix(text, "<div");
	default:
		return true;
	}
}

static bool is_in_set(const struct fhir_value_set *set, struct text_span code)
{
	for (const char *const *known = set->codes; *known != NULL; known++) {
		if (text_is(code, *known)) return true;
	}
	return false;
}

static int read_text(struct fhir_reader *reader, const struct fhir_element *element, struct text_span text, void *at)
{
	if (text.len == 0) {
		fhir_reader_fault(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
		return 0;
	}
	if (text.len > FHIR_STRING_BYTES_MAX && element->kind != FHIR_BASE64) {
		fhir_reader_fault(reader, FAULT_VALUE_TOO_LONG, "1048576", NULL);
		return 0;
	}
	if (!has_form(element->kind, text)) return invalid(reader, element->kind);
	if (element->binding != 0 && !is_in_set(&fhir_value_sets[element->binding], text)) {
		fhir_reader_fault(reader, FAULT_CODE_NOT_IN_VALUE_SET, fhir_reader_string(reader, text),
			fhir_value_sets[element->binding].name);
		return 0;
	}
	if (at != NULL) {
		const char *copy = fhir_reader_string(reader, text);
		memcpy(at, &copy, sizeof(copy));
	}
	return 0;
}

static int read_time(struct fhir_reader *reader, const struct fhir_element *element, struct text_span text, void *at)
{
	if (text.len == 0) {
		fhir_reader_fault(reader, FAULT_ELEMENT_EMPTY, NULL, NULL);
		return 0;
	}
	enum date_kind kind = element->kind == FHIR_DATE      ? DATE_KIND_DATE
			      : element->kind == FHIR_INSTANT ? DATE_KIND_INSTANT
							      : DATE_KIND_DATETIME;
	struct zf_time time = {0};
	if (date_parse_time(text, kind, &time) != 0) return invalid(reader, element->kind);
	if (at != NULL) memcpy(at, &time, sizeof(time));
	return 0;
}

/* Digits only, no fraction or exponent, within R4's 32 bits and the kind's lower bound. */
static int read_integer(struct fhir_reader *reader, uint8_t kind, struct text_span text, void *at)
{
	bool negative = text.ptr[0] == '-';
	int64_t value = 0;
	struct text_span digits = {text.ptr + negative, text.len - negative};
	if (text_to_int64(digits, &value) != 0) return invalid(reader, kind);
	if (negative) value = -value;
	int64_t least = kind == FHIR_POSITIVE ? 1 : kind == FHIR_UNSIGNED ? 0 : INT32_MIN;
	if (value < least || value > INT32_MAX) return invalid(reader, kind);
	int32_t number = (int32_t)value;
	if (at != NULL) memcpy(at, &number, sizeof(number));
	return 0;
}

static int read_decimal(struct fhir_reader *reader, struct text_span text, void *at)
{
	struct zf_decimal value;
	/* One that nobody keeps may be longer than we could hold. */
	if (at == NULL) return 0;
	if (decimal_parse(text, &value) != 0) return invalid(reader, FHIR_DECIMAL);
	memcpy(at, &value, sizeof(value));
	return 0;
}

int fhir_primitive_read(
	struct fhir_reader *reader, const struct fhir_element *element, const struct json_token *token, void *at)
{
	switch (element->kind) {
	case FHIR_BOOLEAN: {
		if (token->type != JSON_TRUE && token->type != JSON_FALSE) return wrong_type(reader, "boolean");
		uint8_t truth = token->type == JSON_TRUE;
		if (at != NULL) memcpy(at, &truth, sizeof(truth));
		return 0;
	}
	case FHIR_INTEGER:
	case FHIR_UNSIGNED:
	case FHIR_POSITIVE:
		if (token->type != JSON_NUMBER) return wrong_type(reader, "number");
		return read_integer(reader, element->kind, token->text, at);
	case FHIR_DECIMAL:
		if (token->type != JSON_NUMBER) return wrong_type(reader, "number");
		return read_decimal(reader, token->text, at);
	default:
		break;
	}
	if (token->type != JSON_STRING) return wrong_type(reader, "string");
	if (element->kind == FHIR_DATE || element->kind == FHIR_DATETIME || element->kind == FHIR_INSTANT) {
		return read_time(reader, element, token->text, at);
	}
	return read_text(reader, element, token->text, at);
}

/* Converts to minor units; a fault where the currency has no such unit. */
static void store_money(struct fhir_reader *reader, const struct fhir_price *price, void *at)
{
	struct zf_money money = {.present = 0};
	int rc = money_from_decimal(price->value, text_of(price->currency), &money);
	if (rc == 0) {
		memcpy(at, &money, sizeof(money));
		return;
	}
	char amount[DECIMAL_TEXT_SIZE], digits[8];
	decimal_format(price->value, amount);
	if (rc == LIB_INEXACT) {
		snprintf(digits, sizeof(digits), "%d", currency_exponent(price->currency));
		fhir_reader_fault_in(reader, "value", FAULT_AMOUNT_PRECISION, amount, digits);
	} else if (rc == LIB_LIMIT) {
		fhir_reader_fault_in(reader, "value", FAULT_AMOUNT_ABSURD, amount, NULL);
	}
}

int fhir_money_take(
	struct fhir_reader *reader, const struct fhir_element *element, const struct fhir_price *price, void *at)
{
	if (price->currency != NULL && !currency_is_money(text_of(price->currency))) {
		fhir_reader_fault_in(reader, "currency", FAULT_CURRENCY_UNKNOWN, price->currency, NULL);
		return 0;
	}
	if (!price->value.present) return 0;
	if (price->currency == NULL) {
		fhir_reader_fault_in(reader, "currency", FAULT_CURRENCY_MISSING, NULL, NULL);
		return 0;
	}
	if (at == NULL) return 0;
	if (element->kind == FHIR_PRICE) {
		memcpy(at, price, sizeof(*price));
	} else {
		store_money(reader, price, at);
	}
	return 0;
}
