/* FHIR dates. The two civil functions count days from 1 March of year 0 in eras of 400 years, so that the leap day is
 * the last of its year and no table of months is needed. */
#include "lib/date.h"

#include <assert.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define ERA_DAYS 146097          /* 400 years */
#define DAY_MIN INT64_C(-719162) /* 0001-01-01 */
#define DAY_MAX INT64_C(2932896) /* 9999-12-31 */

unsigned date_month_days(int year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	assert(month >= 1 && month <= 12);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

bool date_is_civil(int year, unsigned month, unsigned day)
{
	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= date_month_days(year, month);
}

int64_t date_days_from_civil(int year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * ERA_DAYS + day_of_era - 719468;
}

void date_civil_from_days(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	int64_t day_of_era = z - era * ERA_DAYS;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	*ret_day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*ret_month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2 ? 1 : 0));
}

unsigned date_weekday(int64_t days)
{
	return (unsigned)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

int64_t date_day_of_ms(int64_t ms, int offset_minutes)
{
	/* Split first: ms near the ends of int64 must not overflow when the offset is added. */
	int64_t rest = ms % DAY_MS;
	if (rest < 0) rest += DAY_MS;
	return floor_divide(ms, DAY_MS) + floor_divide(rest + offset_minutes * MINUTE_MS, DAY_MS);
}

/* ---- parsing ---- */

/* Exactly n digits at *pos; false when they are not there. */
static bool take_digits(struct text_span text, size_t *pos, size_t n, unsigned *ret)
{
	if (text.len - *pos < n) return false;
	unsigned value = 0;
	for (size_t i = 0; i < n; i++) {
		char c = text.ptr[*pos + i];
		if (c < '0' || c > '9') return false;
		value = value * 10 + (unsigned)(c - '0');
	}
	*pos += n;
	*ret = value;
	return true;
}

static bool take_char(struct text_span text, size_t *pos, char c)
{
	if (*pos >= text.len || text.ptr[*pos] != c) return false;
	(*pos)++;
	return true;
}

/* The zone, which must end the text. */
static bool parse_zone(struct text_span text, size_t *pos, struct date *date)
{
	unsigned hours, minutes;
	if (take_char(text, pos, 'Z')) {
		date->utc = 1;
		return true;
	}
	bool west = take_char(text, pos, '-');
	if (!west && !take_char(text, pos, '+')) return false;
	if (!take_digits(text, pos, 2, &hours) || !take_char(text, pos, ':') || !take_digits(text, pos, 2, &minutes)) {
		return false;
	}
	if (minutes > 59 || hours > 14 || (hours == 14 && (minutes != 0 || west))) return false;
	int offset = (int)(hours * 60 + minutes);
	date->offset_minutes = (int16_t)(west ? -offset : offset);
	if (west && offset == 0) date->utc = 2;
	return true;
}

static int parse_fraction(struct text_span text, size_t *pos, struct date *date)
{
	unsigned digits = 0;
	uint32_t nano = 0;
	while (*pos < text.len && text.ptr[*pos] >= '0' && text.ptr[*pos] <= '9') {
		if (digits == 9) return LIB_LIMIT;
		nano = nano * 10 + (uint32_t)(text.ptr[*pos] - '0');
		digits++;
		(*pos)++;
	}
	if (digits == 0) return LIB_INVALID;
	date->fraction_digits = (uint8_t)digits;
	for (; digits < 9; digits++) nano *= 10;
	date->nano = nano;
	return 0;
}

/* Second 60 exists only as the last one of June or December in UTC. */
static bool leap_second_allowed(const struct date *date)
{
	int64_t minute = date->hour * 60 + date->minute - date->offset_minutes;
	int64_t day = date_days_from_civil(date->year, date->month, date->day) + floor_divide(minute, 24 * 60);
	int year;
	unsigned month, day_of_month;
	date_civil_from_days(day, &year, &month, &day_of_month);
	minute -= floor_divide(minute, 24 * 60) * 24 * 60;
	return minute == 24 * 60 - 1 && ((month == 6 && day_of_month == 30) || (month == 12 && day_of_month == 31));
}

/* From behind the T to the end. */
static int parse_time(struct text_span text, size_t pos, struct date *date)
{
	unsigned hour, minute, second;
	if (!take_digits(text, &pos, 2, &hour) || !take_char(text, &pos, ':') || !take_digits(text, &pos, 2, &minute) ||
		!take_char(text, &pos, ':') || !take_digits(text, &pos, 2, &second)) {
		return LIB_INVALID;
	}
	if (hour > 23 || minute > 59 || second > 60) return LIB_INVALID;
	date->hour = (uint8_t)hour;
	date->minute = (uint8_t)minute;
	date->second = (uint8_t)second;
	if (take_char(text, &pos, '.')) {
		int error = parse_fraction(text, &pos, date);
		if (error != 0) return error;
	}
	if (!parse_zone(text, &pos, date) || pos != text.len) return LIB_INVALID;
	if (second == 60 && !leap_second_allowed(date)) return LIB_INVALID;
	date->precision = DATE_TIME;
	return 0;
}

int date_parse(struct text_span text, enum date_kind kind, struct date *ret)
{
	struct date date = {.month = 1, .day = 1, .precision = DATE_YEAR};
	size_t pos = 0;
	unsigned year;
	unsigned month = 1;
	unsigned day = 1;

	if (!take_digits(text, &pos, 4, &year) || year == 0) return LIB_INVALID;
	if (take_char(text, &pos, '-')) {
		if (!take_digits(text, &pos, 2, &month)) return LIB_INVALID;
		date.precision = DATE_MONTH;
		if (take_char(text, &pos, '-')) {
			if (!take_digits(text, &pos, 2, &day)) return LIB_INVALID;
			date.precision = DATE_DAY;
		}
	}
	if (!date_is_civil((int)year, month, day)) return LIB_INVALID;
	date.year = (uint16_t)year;
	date.month = (uint8_t)month;
	date.day = (uint8_t)day;
	if (kind != DATE_KIND_DATE && date.precision == DATE_DAY && take_char(text, &pos, 'T')) {
		int error = parse_time(text, pos, &date);
		if (error != 0) return error;
	} else if (pos != text.len || kind == DATE_KIND_INSTANT) {
		return LIB_INVALID;
	}
	*ret = date;
	return 0;
}

/* ---- ranges ---- */

int date_range_ms(const struct date *date, int offset_minutes, int64_t *ret_begin_ms, int64_t *ret_end_ms)
{
	int64_t end_day;
	if (date->precision == DATE_NONE) return LIB_INVALID;
	int64_t day = date_days_from_civil(date->year, date->month, date->day);
	if (date->precision == DATE_TIME) {
		int64_t minute = date->hour * 60 + date->minute - date->offset_minutes;
		int64_t begin = day * DAY_MS + minute * MINUTE_MS + date->second * INT64_C(1000) + date->nano / 1000000;
		static const int64_t length_ms[] = {1000, 100, 10};
		*ret_begin_ms = begin;
		*ret_end_ms = begin + (date->fraction_digits < 3 ? length_ms[date->fraction_digits] : 1);
		return 0;
	}
	if (date->precision == DATE_YEAR) {
		end_day = date_days_from_civil(date->year + 1, 1, 1);
	} else if (date->precision == DATE_MONTH) {
		end_day = day + date_month_days(date->year, date->month);
	} else {
		end_day = day + 1;
	}
	*ret_begin_ms = day * DAY_MS - offset_minutes * MINUTE_MS;
	*ret_end_ms = end_day * DAY_MS - offset_minutes * MINUTE_MS;
	return 0;
}

int date_to_ms(const struct date *date, int offset_minutes, int64_t *ret_ms)
{
	int64_t begin, end;
	int error = date_range_ms(date, offset_minutes, &begin, &end);
	if (error != 0) return error;
	*ret_ms = begin;
	return 0;
}

enum date_order date_order(const struct date *a, const struct date *b, int offset_minutes)
{
	int64_t a_begin = 0, a_end = 0, b_begin = 0, b_end = 0;
	int error = date_range_ms(a, offset_minutes, &a_begin, &a_end);
	if (error == 0) error = date_range_ms(b, offset_minutes, &b_begin, &b_end);
	assert(error == 0);
	if (a_begin == b_begin && a_end == b_end) return DATE_SAME;
	if (a_end <= b_begin) return DATE_BEFORE;
	if (b_end <= a_begin) return DATE_AFTER;
	return DATE_OVERLAPS;
}

int date_from_day(int64_t day, struct date *ret)
{
	int year;
	unsigned month, day_of_month;
	if (day < DAY_MIN || day > DAY_MAX) return LIB_LIMIT;
	date_civil_from_days(day, &year, &month, &day_of_month);
	*ret = (struct date){
		.year = (uint16_t)year, .month = (uint8_t)month, .day = (uint8_t)day_of_month, .precision = DATE_DAY};
	return 0;
}

size_t date_format_day(int64_t day, char ret[DATE_TEXT_SIZE])
{
	struct date date = {0};
	if (date_from_day(day, &date) != 0) date.precision = DATE_NONE;
	return date_format(&date, ret);
}

int date_from_ms(int64_t ms, int offset_minutes, struct date *ret)
{
	struct date date;
	if (offset_minutes < -DATE_OFFSET_MAX || offset_minutes > DATE_OFFSET_MAX) return LIB_LIMIT;
	int64_t day = date_day_of_ms(ms, offset_minutes);
	int error = date_from_day(day, &date);
	if (error != 0) return error;
	int64_t rest = ms + offset_minutes * MINUTE_MS - day * DAY_MS;
	date.hour = (uint8_t)(rest / 3600000);
	date.minute = (uint8_t)(rest / 60000 % 60);
	date.second = (uint8_t)(rest / 1000 % 60);
	date.nano = (uint32_t)(rest % 1000) * 1000000;
	date.fraction_digits = 3;
	date.offset_minutes = (int16_t)offset_minutes;
	date.utc = offset_minutes == 0;
	date.precision = DATE_TIME;
	*ret = date;
	return 0;
}

/* ---- formatting ---- */

/* `before` and a number of `width` digits, with a NUL behind; returns where that is. */
static char *put_number(char *to, char before, uint32_t number, unsigned width)
{
	*to++ = before;
	to += text_digits_put(number, width, to);
	*to = '\0';
	return to;
}

static char *format_time(const struct date *date, char *to)
{
	to = put_number(to, 'T', date->hour, 2);
	to = put_number(to, ':', date->minute, 2);
	to = put_number(to, ':', date->second, 2);
	if (date->fraction_digits > 0) {
		assert(date->fraction_digits <= 9);
		(void)put_number(to, '.', date->nano, 9);
		to += 1 + date->fraction_digits;
	}
	if (date->utc == 1) return stpcpy(to, "Z");
	unsigned offset = (unsigned)(date->offset_minutes < 0 ? -date->offset_minutes : date->offset_minutes);
	to = put_number(to, date->offset_minutes < 0 || date->utc == 2 ? '-' : '+', offset / 60, 2);
	return put_number(to, ':', offset % 60, 2);
}

size_t date_format(const struct date *date, char ret[DATE_TEXT_SIZE])
{
	char *to = ret;
	*to = '\0';
	if (date->precision == DATE_NONE) return 0;
	to += text_digits_put(date->year, 4, to);
	*to = '\0';
	if (date->precision >= DATE_MONTH) to = put_number(to, '-', date->month, 2);
	if (date->precision >= DATE_DAY) to = put_number(to, '-', date->day, 2);
	if (date->precision == DATE_TIME) to = format_time(date, to);
	assert(to < ret + DATE_TEXT_SIZE);
	return (size_t)(to - ret);
}

size_t date_format_ms(int64_t ms, int offset_minutes, char ret[DATE_TEXT_SIZE])
{
	struct date date = {.precision = DATE_NONE};
	if (date_from_ms(ms, offset_minutes, &date) != 0) date.precision = DATE_NONE;
	return date_format(&date, ret);
}

/* ---- the model's time ---- */

struct zf_time date_to_time(const struct date *date)
{
	struct zf_time time = {.precision = ZF_NO_TIME};
	if (date_to_ms(date, 0, &time.utc_ms) != 0) return time;
	switch ((enum date_precision)date->precision) {
	case DATE_NONE:
		break;
	case DATE_YEAR:
		time.precision = ZF_YEAR;
		break;
	case DATE_MONTH:
		time.precision = ZF_MONTH;
		break;
	case DATE_DAY:
		time.precision = ZF_DAY;
		break;
	case DATE_TIME:
		time.precision = date->fraction_digits > 0 ? ZF_MILLISECOND : ZF_SECOND;
		time.offset_minutes = date->offset_minutes;
		break;
	}
	return time;
}

int date_parse_time(struct text_span text, enum date_kind kind, struct zf_time *ret)
{
	struct date date;
	int error = date_parse(text, kind, &date);
	if (error != 0) return error;
	*ret = date_to_time(&date);
	return 0;
}

int date_from_time(const struct zf_time *time, struct date *ret)
{
	struct date date;
	if (time->precision == ZF_NO_TIME || time->precision > ZF_MILLISECOND) return LIB_INVALID;
	int error = date_from_ms(time->utc_ms, time->offset_minutes, &date);
	if (error != 0) return error;
	if (time->precision == ZF_SECOND) {
		date.fraction_digits = 0;
		date.nano = 0;
	} else if (time->precision != ZF_MILLISECOND) {
		error = date_from_day(date_day_of_ms(time->utc_ms, time->offset_minutes), &date);
		if (error != 0) return error;
		date.precision = (uint8_t)(time->precision == ZF_DAY     ? DATE_DAY
					   : time->precision == ZF_MONTH ? DATE_MONTH
									 : DATE_YEAR);
	}
	*ret = date;
	return 0;
}

size_t date_format_time(const struct zf_time *time, char ret[DATE_TEXT_SIZE])
{
	struct date date = {.precision = DATE_NONE};
	if (date_from_time(time, &date) != 0) date.precision = DATE_NONE;
	return date_format(&date, ret);
}
