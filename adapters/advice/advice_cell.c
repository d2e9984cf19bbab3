/* Cells to values. */
#include "advice/advice_cell.h"

#include <stdio.h>

#include "lib/date.h"
#include "lib/money.h"

void advice_fault(const struct advice_cells *cells, enum fault_code code, uint32_t row, uint32_t column,
	const char *arg1, const char *arg2)
{
	char place[SHEET_PLACE_SIZE] = "";
	if (row > 0) sheet_place(&cells->sheet, row, column, place);
	fault_add(cells->faults, code, place, arg1, arg2);
}

const char *advice_plain(struct text_span text, char buffer[ADVICE_PLAIN_SIZE])
{
	size_t letters = 0;
	if (text.len == 0 || text.len > 32) return "?";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool digit = c != '\0' && strchr("0123456789+-.,:/() ", c) != NULL;
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!digit && !letter) return "?";
		letters += letter;
	}
	if (letters > 4) return "?";
	memcpy(buffer, text.ptr, text.len);
	buffer[text.len] = '\0';
	return buffer;
}

/* Can its value be read at all? */
static bool is_sound(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column)
{
	if (cell->kind == SHEET_ERROR) advice_fault(cells, FAULT_ADVICE_ERROR, row, column, NULL, NULL);
	if (cell->kind == SHEET_UNCOUNTED) advice_fault(cells, FAULT_ADVICE_FORMULA, row, column, NULL, NULL);
	return cell->kind != SHEET_ERROR && cell->kind != SHEET_UNCOUNTED;
}

bool advice_text(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	size_t bytes_max, struct text_span *ret)
{
	char limit[24];
	*ret = (struct text_span){NULL, 0};
	if (!is_sound(cells, cell, row, column)) return false;
	if (cell->text.len > bytes_max) {
		(void)snprintf(limit, sizeof(limit), "%zu", bytes_max);
		advice_fault(cells, FAULT_VALUE_TOO_LONG, row, column, limit, NULL);
		return false;
	}
	for (size_t i = 0; i < cell->text.len; i++) {
		unsigned char c = (unsigned char)cell->text.ptr[i];
		bool remark = bytes_max > ADVICE_TEXT_BYTES_MAX && c != '\0';
		if (remark || (c >= 0x20 && c != 0x7f)) continue;
		advice_fault(cells, FAULT_ADVICE_VALUE, row, column, "?", "text");
		return false;
	}
	*ret = cell->text;
	return true;
}

int advice_decimal(struct text_span text, char decimal, char thousands, struct zf_decimal *ret)
{
	struct text_span all = text_trim(text);
	bool negative = false, fraction = false;
	size_t group = 0, groups = 0, digits = 0;
	uint64_t value = 0;
	uint8_t scale = 0;
	if (all.len > 2 && all.ptr[0] == '(' && all.ptr[all.len - 1] == ')') {
		negative = true;
		all = (struct text_span){all.ptr + 1, all.len - 2};
	} else if (text_has_prefix(all, "-") || text_has_prefix(all, "+")) {
		negative = all.ptr[0] == '-';
		all = (struct text_span){all.ptr + 1, all.len - 1};
	} else if (text_has_prefix(all, "\xe2\x88\x92")) { /* the sign of mathematicians */
		negative = true;
		all = (struct text_span){all.ptr + 3, all.len - 3};
	}
	for (size_t i = 0; i < all.len; i++) {
		char c = all.ptr[i];
		if (c == decimal && !fraction) {
			if (digits == 0 || (groups > 0 && group != 3)) return LIB_INVALID;
			fraction = true;
		} else if (c == thousands && c != '\0' && !fraction) {
			if (group == 0 || group > 3 || (groups > 0 && group != 3)) return LIB_INVALID;
			groups++;
			group = 0;
		} else if (c < '0' || c > '9') {
			return LIB_INVALID;
		} else {
			if (value > (INT64_MAX - 9) / 10 || scale == DECIMAL_SCALE_MAX) return LIB_LIMIT;
			value = value * 10 + (uint64_t)(c - '0');
			digits++;
			if (fraction) scale++;
			if (!fraction) group++;
		}
	}
	if (digits == 0 || (fraction && scale == 0) || (groups > 0 && !fraction && group != 3)) return LIB_INVALID;
	*ret = decimal_of(negative ? -(int64_t)value : (int64_t)value, scale);
	return 0;
}

static int read_amount(
	const struct advice_cells *cells, const struct sheet_cell *cell, const char *currency, struct zf_money *ret)
{
	bool number = cell->kind == SHEET_NUMBER;
	struct zf_decimal value;
	int rc = advice_decimal(cell->text, number ? '.' : cells->decimal, number ? '\0' : cells->thousands, &value);
	return rc == 0 ? money_from_decimal(value, text_of(currency), ret) : rc;
}

static bool is_dash(struct text_span text)
{
	return text_is(text, "-") || text_is(text, "\xe2\x80\x94") || text_is(text, "\xe2\x80\x93");
}

bool advice_amount(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	const char *currency, struct zf_money *ret)
{
	char plain[ADVICE_PLAIN_SIZE], form[32];
	*ret = (struct zf_money){.present = 0};
	if (!is_sound(cells, cell, row, column)) return false;
	if (cell->kind == SHEET_EMPTY || (cell->kind == SHEET_TEXT && is_dash(cell->text))) return true;
	if (cell->copied != SHEET_OWN) {
		advice_fault(cells, FAULT_ADVICE_MERGED, row, column, NULL, NULL);
		return false;
	}
	int rc = cell->kind == SHEET_DAY ? LIB_INVALID : read_amount(cells, cell, currency, ret);
	if (rc == 0) return true;
	*ret = (struct zf_money){.present = 0};
	if (rc == LIB_INEXACT) {
		(void)snprintf(form, sizeof(form), "%d", currency_exponent(currency));
		advice_fault(cells, FAULT_AMOUNT_PRECISION, row, column, advice_plain(cell->text, plain), form);
	} else if (rc == LIB_LIMIT) {
		advice_fault(cells, FAULT_AMOUNT_ABSURD, row, column, advice_plain(cell->text, plain), "2^63");
	} else {
		char group[2] = {cells->thousands, '\0'};
		(void)snprintf(form, sizeof(form), "[-]9%s999%c99", group, cells->decimal);
		advice_fault(cells, FAULT_ADVICE_VALUE, row, column, advice_plain(cell->text, plain), form);
	}
	return false;
}

bool advice_amount_try(
	const struct advice_cells *cells, const struct sheet_cell *cell, const char *currency, struct zf_money *ret)
{
	bool may = cell->copied == SHEET_OWN && (cell->kind == SHEET_TEXT || cell->kind == SHEET_NUMBER);
	if (may && read_amount(cells, cell, currency, ret) == 0) return true;
	*ret = (struct zf_money){.present = 0};
	return false;
}

bool advice_day(const struct advice_cells *cells, const struct sheet_cell *cell, uint32_t row, uint32_t column,
	const char *form, int32_t *ret_day)
{
	char plain[ADVICE_PLAIN_SIZE];
	int64_t day;
	if (!is_sound(cells, cell, row, column)) return false;
	if (cell->kind == SHEET_DAY) {
		*ret_day = cell->day;
		return true;
	}
	struct text_span text = cell->text;
	if (date_parse_form(text, form, &day) != 0) {
		/* A time may follow. */
		const char *blank = memchr(text.ptr == NULL ? "" : text.ptr, ' ', text.len);
		if (blank != NULL) text.len = (size_t)(blank - text.ptr);
		if (blank == NULL || date_parse_form(text, form, &day) != 0) {
			advice_fault(cells, FAULT_ADVICE_VALUE, row, column, advice_plain(cell->text, plain), form);
			return false;
		}
	}
	*ret_day = (int32_t)day;
	return true;
}
