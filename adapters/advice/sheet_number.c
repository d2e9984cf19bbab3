/* Numbers and days as workbooks keep them. No floating point: the digits are text. */
#include "advice/sheet.h"
#include "lib/date.h"

#define DIGITS_SHOWN 15 /* of a number, in any spreadsheet */
#define DIGITS_MAX 40

/* A number taken apart: digits without leading zeros, of which `whole` stand before the point (may be negative or
 * beyond the digits). */
struct parts {
	char digits[DIGITS_MAX + 1];
	int count, whole;
	bool negative;
};

/* "-12", "+3" behind an E. */
static bool take_exponent(struct text_span text, size_t at, int *ret)
{
	bool negative = at < text.len && text.ptr[at] == '-';
	int value = 0;
	if (at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+')) at++;
	if (at == text.len) return false;
	for (; at < text.len; at++) {
		if (!text_is_digit(text.ptr[at]) || value > 999) return false;
		value = value * 10 + (text.ptr[at] - '0');
	}
	*ret = negative ? -value : value;
	return true;
}

static bool take_parts(struct text_span text, struct parts *ret)
{
	struct parts parts = {.count = 0};
	bool point = false, any = false;
	int exponent = 0;
	size_t at = 0;
	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) parts.negative = text.ptr[at++] == '-';
	for (; at < text.len && (text_is_digit(text.ptr[at]) || (text.ptr[at] == '.' && !point)); at++) {
		char c = text.ptr[at];
		if (c == '.') {
			point = true;
			continue;
		}
		any = true;
		if (parts.count > 0 || c != '0') {
			if (parts.count == DIGITS_MAX) return false;
			parts.digits[parts.count++] = c;
			if (!point) parts.whole++;
		} else if (point) {
			parts.whole--;
		}
	}
	if (!any) return false;
	if (at < text.len &&
		((text.ptr[at] != 'E' && text.ptr[at] != 'e') || !take_exponent(text, at + 1, &exponent))) {
		return false;
	}
	parts.whole += exponent;
	*ret = parts;
	return true;
}

/* To the digits that are shown; a half goes away from zero. */
static void cut_digits(struct parts *parts)
{
	if (parts->count <= DIGITS_SHOWN) return;
	bool up = parts->digits[DIGITS_SHOWN] >= '5';
	int n = DIGITS_SHOWN;
	while (up && n > 0 && parts->digits[n - 1] == '9') n--;
	if (up && n == 0) {
		parts->digits[0] = '1';
		n = 1;
		parts->whole++;
	} else if (up) {
		parts->digits[n - 1]++;
	}
	while (n > 0 && parts->digits[n - 1] == '0') n--;
	parts->count = n;
}

struct text_span sheet_number(struct text_span text, struct zf_arena *arena)
{
	static const struct text_span none = {NULL, 0};
	struct parts parts;
	char out[2 * DIGITS_MAX + 8];
	size_t len = 0;
	if (!take_parts(text, &parts)) return none;
	if (parts.count <= DIGITS_SHOWN && memchr(text.ptr, 'E', text.len) == NULL &&
		memchr(text.ptr, 'e', text.len) == NULL && text.ptr[0] != '+') {
		return text;
	}
	cut_digits(&parts);
	if (parts.count == 0) return TEXT("0");
	if (parts.whole > DIGITS_MAX || parts.whole < -DIGITS_MAX / 2) return none;
	if (parts.negative) out[len++] = '-';
	if (parts.whole <= 0) out[len++] = '0';
	for (int i = 0; i < parts.whole; i++) out[len++] = i < parts.count ? parts.digits[i] : '0';
	if (parts.count > parts.whole) out[len++] = '.';
	for (int i = parts.whole < 0 ? parts.whole : 0; i < 0; i++) out[len++] = '0';
	for (int i = parts.whole > 0 ? parts.whole : 0; i < parts.count; i++) out[len++] = parts.digits[i];
	const char *made = zf_strndup(arena, out, len);
	return made == NULL ? none : (struct text_span){made, len};
}

/* ECMA-376 part 1, 18.8.30: what is built in, the Chinese and Japanese ones among them. */
bool sheet_format_is_day(uint32_t id, const char *code)
{
	if (code == NULL) {
		return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
		       (id >= 50 && id <= 54) || id == 57 || id == 58;
	}
	/* A day has a letter d or y that is neither quoted nor escaped nor in brackets. Only the first section counts.
	 */
	for (const char *p = code; *p != '\0' && *p != ';'; p++) {
		if (*p == '"' || *p == '[') {
			const char *end = strchr(p + 1, *p == '"' ? '"' : ']');
			if (end == NULL) return false;
			p = end;
		} else if (*p == '\\' || *p == '_' || *p == '*') {
			if (p[1] == '\0') return false;
			p++;
		} else if (strchr("dDyY", *p) != NULL) {
			return true;
		}
	}
	return false;
}

int sheet_serial_day(struct text_span number, bool from_1904, int32_t *ret_day)
{
	int64_t serial;
	size_t whole = 0;
	while (whole < number.len && number.ptr[whole] != '.') whole++;
	if (text_to_int64((struct text_span){number.ptr, whole}, &serial) != 0 || serial > 2958465) return LIB_INVALID;
	/* The years since 1900 count a 29 February 1900 that never was, as number 60. */
	if (!from_1904 && (serial == 60 || serial == 0)) return LIB_INVALID;
	int64_t first =
		from_1904 ? date_days_from_civil(1904, 1, 1) : date_days_from_civil(1899, 12, serial < 60 ? 31 : 30);
	*ret_day = (int32_t)(first + serial);
	return 0;
}
