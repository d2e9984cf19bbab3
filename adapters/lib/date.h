/* FHIR dates: date, dateTime and instant with partial precision, days, and UTC milliseconds. Proleptic Gregorian
 * calendar, years 0001 to 9999. No clock and no zone database: zones are offsets in minutes east of UTC. */
#ifndef ADAPTERS_LIB_DATE_H
#define ADAPTERS_LIB_DATE_H

#include "lib/text.h"
#include "zhifu_model.h"

#define DATE_TEXT_SIZE 40
#define DATE_OFFSET_MAX (14 * 60) /* minutes; FHIR's bound, both ways (-13:59 is its lowest) */

enum date_precision {
	DATE_NONE = 0, /* absent */
	DATE_YEAR,
	DATE_MONTH,
	DATE_DAY,
	DATE_TIME, /* to the second or finer, with a zone */
};

/* What a text may be: the FHIR primitive types. */
enum date_kind {
	DATE_KIND_DATE = 1, /* YYYY, YYYY-MM, YYYY-MM-DD */
	DATE_KIND_DATETIME, /* those, and YYYY-MM-DDThh:mm:ss[.fff](Z|±hh:mm) */
	DATE_KIND_INSTANT,  /* the last form only */
};

struct date {
	uint16_t year;           /* 1 to 9999 */
	uint8_t month;           /* 1 to 12; 1 when not given */
	uint8_t day;             /* 1 to 31; 1 when not given */
	uint8_t hour;            /* 0 to 23 */
	uint8_t minute;          /* 0 to 59 */
	uint8_t second;          /* 0 to 60; 60 only as 23:59:60 UTC of 30 June or 31 December */
	uint8_t fraction_digits; /* digits given after the second: 0 to 9 */
	uint32_t nano;           /* 0 to 999,999,999 */
	int16_t offset_minutes;  /* zone of DATE_TIME, east positive */
	uint8_t utc;             /* 1: the zone was written Z; 2: written -00:00; 0: as offset_minutes says */
	uint8_t precision;       /* enum date_precision */
};

/* Strict: exact widths, real calendar days, hour ≤ 23, zone -13:59 to +14:00, no lower-case t or z, no white space.
 * LIB_INVALID; LIB_LIMIT for more than 9 fraction digits. */
int date_parse(struct text_span text, enum date_kind kind, struct date *ret) LIB_MUSTUSE;
/* As it was written, NUL-terminated; returns the length; "" when absent. */
size_t date_format(const struct date *date, char ret[DATE_TEXT_SIZE]);

/* The stretch of time that it names, as [begin, end) in ms since 1970 UTC. Year, month and day are taken in the zone
 * offset_minutes (of the hospital), a time has its own; a time is one second long, or as long as its last fraction
 * digit says, at least 1 ms. LIB_INVALID when absent. */
int date_range_ms(const struct date *date, int offset_minutes, int64_t *ret_begin_ms, int64_t *ret_end_ms) LIB_MUSTUSE;
/* The begin of that range; LIB_INVALID when absent. */
int date_to_ms(const struct date *date, int offset_minutes, int64_t *ret_ms) LIB_MUSTUSE;

/* How two dates stand to each other when they are ranges. */
enum date_order {
	DATE_BEFORE = -1, /* all of a is before all of b */
	DATE_SAME = 0,    /* the same range */
	DATE_AFTER = 1,
	DATE_OVERLAPS = 2, /* it cannot be said: 2026 and 2026-03-01 */
};
/* Both present (asserted). */
enum date_order date_order(const struct date *a, const struct date *b, int offset_minutes);

/* A DATE_TIME in the given zone, with milliseconds (3 fraction digits); offset 0 is written Z. ms must be within the
 * years 1 to 9999 (LIB_LIMIT). */
int date_from_ms(int64_t ms, int offset_minutes, struct date *ret) LIB_MUSTUSE;
/* A DATE_DAY. LIB_LIMIT beyond the years 1 to 9999. */
int date_from_day(int64_t day, struct date *ret) LIB_MUSTUSE;
/* "2026-09-30", NUL-terminated; returns the length, 0 and "" beyond the years 1 to 9999. */
size_t date_format_day(int64_t day, char ret[DATE_TEXT_SIZE]);
/* A civil day written in the order and with the signs that `form` shows: YYYY four digits, YY the last two of 2000 to
 * 2099, MM and DD two, M and D one or two, anything else itself ("YYYY-MM-DD", "DD.MM.YYYY", "YYYY/M/D",
 * "YYYY年M月D日"). LIB_INVALID: the text is not of that form or no day of the calendar; the form lacks one of the three
 * or has it twice. */
int date_parse_form(struct text_span text, const char *form, int64_t *ret_day) LIB_MUSTUSE;
/* The civil day of an instant in a zone, as days since 1970-01-01. */
int64_t date_day_of_ms(int64_t ms, int offset_minutes);
/* "2026-11-21T04:05:06.789Z" or with ±hh:mm, NUL-terminated; returns the length, 0 when out of range. */
size_t date_format_ms(int64_t ms, int offset_minutes, char ret[DATE_TEXT_SIZE]);

/* To the model's time: a year, month or day keeps its precision, starts at 00:00 and has offset 0; a time is ZF_SECOND
 * without and ZF_MILLISECOND with a fraction (cut below the millisecond). Absent gives ZF_NO_TIME. */
struct zf_time date_to_time(const struct date *date);
/* Parses straight to it; empty or invalid is LIB_INVALID. */
int date_parse_time(struct text_span text, enum date_kind kind, struct zf_time *ret) LIB_MUSTUSE;
/* Back: a zone of 0 is written Z. LIB_INVALID when absent, LIB_LIMIT beyond the years 1 to 9999. */
int date_from_time(const struct zf_time *time, struct date *ret) LIB_MUSTUSE;
/* As FHIR writes it with its precision, NUL-terminated; returns the length, 0 and "" when absent or out of range. */
size_t date_format_time(const struct zf_time *time, char ret[DATE_TEXT_SIZE]);

/* Days since 1970-01-01 of a valid civil day, and back. */
int64_t date_days_from_civil(int year, unsigned month, unsigned day);
void date_civil_from_days(int64_t days, int *ret_year, unsigned *ret_month, unsigned *ret_day);
bool date_is_civil(int year, unsigned month, unsigned day); /* does that day exist, year 1 to 9999? */
unsigned date_month_days(int year, unsigned month);         /* 28 to 31 */
unsigned date_weekday(int64_t days);                        /* 0 Monday to 6 Sunday */

#endif
