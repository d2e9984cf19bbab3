/* Numbers, days, times, accounts and references as banks write them. */
#include <stdio.h>
#include <string.h>

#include "lib/date.h"
#include "lib/money.h"
#include "reader.h"

int bank_decimal(struct text_span text, struct bank_number_style style, struct zf_decimal *ret)
{
	uint64_t value = 0;
	uint32_t scale = 0, digits = 0;
	bool fraction = false, negative = false, overflow = false;
	text = text_trim(text);
	if (style.sign && text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
		negative = text.ptr[0] == '-';
		text = (struct text_span){text.ptr + 1, text.len - 1};
	} else if (style.sign && text.len > 0 && text.ptr[text.len - 1] == '-') {
		negative = true;
		text.len--;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == style.decimal && !fraction) {
			fraction = true;
			continue;
		}
		if (c == style.thousands && c != '\0' && !fraction && digits > 0) continue;
		if (c < '0' || c > '9') return LIB_INVALID;
		if (value > (INT64_MAX - 9) / 10) overflow = true;
		value = value * 10 + (uint64_t)(c - '0');
		digits++;
		if (fraction) scale++;
	}
	if (digits == 0) return LIB_INVALID;
	if (overflow || scale > DECIMAL_SCALE_MAX) return LIB_LIMIT;
	*ret = decimal_of(negative ? -(int64_t)value : (int64_t)value, (uint8_t)scale);
	return 0;
}

void bank_currency_fault(struct bank_reader *reader, struct text_span currency, uint32_t line, const char *where)
{
	char plain[40];
	const char *told = currency.len <= 3 ? bank_plain(currency, plain) : "?";
	if (strcmp(told, reader->unknown_currency) == 0) {
		reader->fault_count++;
		return;
	}
	(void)snprintf(reader->unknown_currency, sizeof(reader->unknown_currency), "%s", told);
	bank_fault(reader, FAULT_CURRENCY_UNKNOWN, line, where, told, NULL);
}

bool bank_amount(struct bank_reader *reader, struct text_span text, struct text_span currency,
	struct bank_number_style style, uint32_t line, const char *where, struct zf_money *ret)
{
	char plain[40], decimals[16];
	struct zf_decimal value = {0};
	int rc = bank_decimal(text, style, &value);
	if (rc != 0) {
		char form[16];
		(void)snprintf(form, sizeof(form), "%s9%c99", style.sign ? "[-]" : "", style.decimal);
		bank_fault(reader, FAULT_BANK_VALUE, line, where, bank_plain(text, plain), form);
		return false;
	}
	if (currency.len == 0) {
		bank_fault(reader, FAULT_CURRENCY_MISSING, line, where, NULL, NULL);
		return false;
	}
	const struct currency *known = currency_find(currency);
	if (known == NULL || known->exponent < 0) {
		bank_currency_fault(reader, currency, line, where);
		return false;
	}
	rc = money_from_decimal(value, currency, ret);
	if (rc == 0) return true;
	(void)snprintf(decimals, sizeof(decimals), "%d", known->exponent);
	if (rc == LIB_INEXACT) {
		bank_fault(reader, FAULT_AMOUNT_PRECISION, line, where, bank_plain(text, plain), decimals);
	} else {
		bank_fault(reader, FAULT_AMOUNT_ABSURD, line, where, bank_plain(text, plain), "2^63");
	}
	return false;
}

struct zf_money bank_negated(struct zf_money amount, bool negate)
{
	/* No amount that was read is below -(2^63 - 1). */
	if (negate) amount.minor = -amount.minor;
	return amount;
}

struct zf_money bank_absolute(struct zf_money amount)
{
	return bank_negated(amount, amount.minor < 0);
}

bool bank_digits(const char *p, size_t n, int *ret)
{
	int value = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9') return false;
		value = value * 10 + (p[i] - '0');
	}
	*ret = value;
	return true;
}

int bank_iso_day(struct text_span text, int32_t *ret_day)
{
	int year, month, day;
	text = text_trim(text);
	if (text.len < 10 || !bank_digits(text.ptr, 4, &year) || text.ptr[4] != '-' ||
		!bank_digits(text.ptr + 5, 2, &month) || text.ptr[7] != '-' || !bank_digits(text.ptr + 8, 2, &day)) {
		return LIB_INVALID;
	}
	if (!date_is_civil(year, (unsigned)month, (unsigned)day)) return LIB_INVALID;
	/* A zone may follow a day, and a time with anything; only the day counts here. */
	if (text.len > 10 && strchr("TZ+-", text.ptr[10]) == NULL) return LIB_INVALID;
	*ret_day = (int32_t)date_days_from_civil(year, (unsigned)month, (unsigned)day);
	return 0;
}

/* Z, ±hh:mm or nothing. */
static bool read_zone(struct text_span text, int *offset)
{
	int hours, minutes;
	if (text.len == 0) return true;
	if (text.len == 1 && text.ptr[0] == 'Z') {
		*offset = 0;
		return true;
	}
	if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':') return false;
	if (!bank_digits(text.ptr + 1, 2, &hours) || !bank_digits(text.ptr + 4, 2, &minutes)) return false;
	if (hours > 14 || minutes > 59) return false;
	*offset = (hours * 60 + minutes) * (text.ptr[0] == '-' ? -1 : 1);
	return true;
}

int bank_iso_time(const struct bank_profile *profile, struct text_span text, struct zf_time *ret)
{
	int hour, minute, second, milli = 0, offset = profile->offset_minutes;
	int32_t day;
	text = text_trim(text);
	if (bank_iso_day(text, &day) != 0) return LIB_INVALID;
	if (text.len == 10) {
		*ret = (struct zf_time){.utc_ms = (int64_t)day * 86400000, .precision = ZF_DAY};
		return 0;
	}
	if (text.len < 19 || text.ptr[10] != 'T' || !bank_digits(text.ptr + 11, 2, &hour) || text.ptr[13] != ':' ||
		!bank_digits(text.ptr + 14, 2, &minute) || text.ptr[16] != ':' ||
		!bank_digits(text.ptr + 17, 2, &second) || hour > 24 || minute > 59 || second > 60) {
		return LIB_INVALID;
	}
	if (hour == 24 && (minute != 0 || second != 0)) return LIB_INVALID; /* 24:00:00 is the end of the day */
	size_t at = 19;
	if (at < text.len && text.ptr[at] == '.') {
		size_t digits = 0;
		for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++, digits++) {
			if (digits < 3) milli = milli * 10 + (text.ptr[at] - '0');
		}
		if (digits == 0) return LIB_INVALID;
		for (; digits < 3; digits++) milli *= 10;
	}
	if (!read_zone((struct text_span){text.ptr + at, text.len - at}, &offset)) return LIB_INVALID;
	int64_t seconds = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second - (int64_t)offset * 60;
	*ret = (struct zf_time){.utc_ms = seconds * 1000 + milli,
		.offset_minutes = (int16_t)offset,
		.precision = milli != 0 ? ZF_MILLISECOND : ZF_SECOND};
	return 0;
}

void bank_day_text(int32_t day, char ret[DATE_TEXT_SIZE])
{
	ret[0] = '\0';
	if (day != BANK_NO_DAY) (void)date_format_day(day, ret);
}

bool bank_is_reference(struct text_span text)
{
	static const char *const none[] = {
		"NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE", "NONREF", "NOREF", "KREF+", "EREF", "/"};
	text = text_trim(text);
	if (text.len == 0) return false;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (text_equal_nocase(text, text_of(none[i]))) return false;
	}
	return true;
}

bool bank_copy(struct bank_reader *reader, struct scratch *scratch, struct text_span text, const char **ret)
{
	const char *copy = zf_strndup(&scratch->zf, text.ptr == NULL ? "" : text.ptr, text.len);
	if (copy == NULL) {
		reader->result = bank_scratch_fault(reader, scratch, 0);
		return false;
	}
	*ret = copy;
	return true;
}

bool bank_copy_trimmed(struct bank_reader *reader, struct scratch *scratch, struct text_span text, const char **ret)
{
	text = text_trim(text);
	*ret = NULL;
	return text.len == 0 || bank_copy(reader, scratch, text, ret);
}

/* ISO 13616: two letters, two digits, and the whole, rotated by four, is 1 modulo 97. */
static bool is_iban(const char *text, size_t len)
{
	unsigned rest = 0;
	if (len < 15 || len > 34 || text[0] < 'A' || text[1] < 'A' || text[2] > '9' || text[3] > '9') return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[(i + 4) % len];
		if (c >= '0' && c <= '9') {
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		} else if (c >= 'A' && c <= 'Z') {
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
		} else {
			return false;
		}
	}
	return rest == 1;
}

const char *bank_account_id(struct zf_arena *arena, struct text_span written)
{
	char *id = zf_alloc(arena, written.len + 1);
	if (id == NULL) return NULL;
	size_t len = 0;
	for (size_t i = 0; i < written.len; i++) {
		char c = written.ptr[i];
		if (strchr(" .\"\t\r\n", c) != NULL) continue;
		id[len++] = c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
	}
	id[len] = '\0';
	if (!is_iban(id, len) && len > 3 && id[len - 4] >= '0' && id[len - 4] <= '9' &&
		currency_find((struct text_span){id + len - 3, 3}) != NULL) {
		len -= 3;
		id[len] = '\0';
	}
	char *slash = strrchr(id, '/');
	return slash != NULL && is_iban(slash + 1, (size_t)(id + len - slash - 1)) ? slash + 1 : id;
}
