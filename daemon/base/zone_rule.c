/* POSIX TZ strings as RFC 8536 section 3.3 extends them. */
#include "base/zone_rule.h"

#include "lib/date.h"

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c) return false;
	cursor->at++;
	return true;
}

static bool is_digit(const struct cursor *cursor)
{
	return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

static bool number(struct cursor *cursor, int max, int *ret)
{
	int value = 0;
	if (!is_digit(cursor)) return false;
	for (; is_digit(cursor); cursor->at++) {
		value = value * 10 + (*cursor->at - '0');
		if (value > max) return false;
	}
	*ret = value;
	return true;
}

/* A zone's abbreviation: three letters and more, or anything in <>. */
static bool abbreviation(struct cursor *cursor)
{
	const char *begin = cursor->at;
	if (take(cursor, '<')) {
		while (cursor->at < cursor->end && *cursor->at != '>') cursor->at++;
		return take(cursor, '>') && cursor->at - begin >= 5;
	}
	while (cursor->at < cursor->end &&
		((*cursor->at >= 'A' && *cursor->at <= 'Z') || (*cursor->at >= 'a' && *cursor->at <= 'z')))
		cursor->at++;
	return cursor->at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool clock_time(struct cursor *cursor, int32_t *ret)
{
	int hours = 0, minutes = 0, seconds = 0;
	bool negative = take(cursor, '-');
	if (!negative) (void)take(cursor, '+');
	if (!number(cursor, 167, &hours)) return false;
	if (take(cursor, ':')) {
		if (!number(cursor, 59, &minutes)) return false;
		if (take(cursor, ':') && !number(cursor, 59, &seconds)) return false;
	}
	*ret = (hours * 3600 + minutes * 60 + seconds) * (negative ? -1 : 1);
	return true;
}

static bool change(struct cursor *cursor, struct zone_change *ret)
{
	int a = 0, b = 0, c = 0;
	*ret = (struct zone_change){.form = 'D', .second = 7200};
	if (take(cursor, 'M')) {
		ret->form = 'M';
		if (!number(cursor, 12, &a) || a == 0 || !take(cursor, '.')) return false;
		if (!number(cursor, 5, &b) || b == 0 || !take(cursor, '.') || !number(cursor, 6, &c)) return false;
		ret->month = (uint8_t)a;
		ret->week = (uint8_t)b;
		ret->weekday = (uint8_t)c;
	} else {
		if (take(cursor, 'J')) ret->form = 'J';
		if (!number(cursor, 365, &a) || (ret->form == 'J' && a == 0)) return false;
		ret->day = (uint16_t)a;
	}
	return !take(cursor, '/') || clock_time(cursor, &ret->second);
}

int zone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule)
{
	struct cursor cursor = {text, text + len};
	struct zone_rule rule = {0};
	int32_t west;
	if (len == 0) {
		*ret_rule = rule;
		return 0;
	}
	rule.present = true;
	if (!abbreviation(&cursor) || !clock_time(&cursor, &west)) return ERR_INVALID;
	rule.standard_seconds = -west;
	if (cursor.at < cursor.end) {
		rule.has_summer = true;
		rule.summer_seconds = rule.standard_seconds + 3600;
		if (!abbreviation(&cursor)) return ERR_INVALID;
		if (cursor.at < cursor.end && *cursor.at != ',') {
			if (!clock_time(&cursor, &west)) return ERR_INVALID;
			rule.summer_seconds = -west;
		}
		if (!take(&cursor, ',') || !change(&cursor, &rule.to_summer)) return ERR_INVALID;
		if (!take(&cursor, ',') || !change(&cursor, &rule.to_standard)) return ERR_INVALID;
	}
	if (cursor.at != cursor.end) return ERR_INVALID;
	*ret_rule = rule;
	return 0;
}

/* The change's instant in `year` as seconds since 1970, when the offset before it is `before_s`. */
static int64_t change_at(const struct zone_change *c, int year, int32_t before_s)
{
	int64_t day;
	if (c->form == 'M') {
		int64_t first = date_days_from_civil(year, c->month, 1);
		unsigned first_weekday = (date_weekday(first) + 1) % 7; /* Sunday is 0 here, Monday there */
		day = first + (c->weekday + 7 - first_weekday) % 7 + (c->week - 1) * 7;
		if (day >= first + date_month_days(year, c->month)) day -= 7;
	} else {
		bool leap = date_month_days(year, 2) == 29;
		day = date_days_from_civil(year, 1, 1) + c->day;
		if (c->form == 'J' && !(leap && c->day >= 60)) day--;
	}
	return day * 86400 + c->second - before_s;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t utc_s)
{
	int year;
	unsigned month, day;
	if (!rule->has_summer) return rule->standard_seconds;
	int64_t local = utc_s + rule->standard_seconds;
	date_civil_from_days(local >= 0 ? local / 86400 : -((-local + 86399) / 86400), &year, &month, &day);
	int64_t summer = change_at(&rule->to_summer, year, rule->standard_seconds);
	int64_t standard = change_at(&rule->to_standard, year, rule->summer_seconds);
	bool in_summer = summer < standard ? utc_s >= summer && utc_s < standard
					   : utc_s >= summer || utc_s < standard; /* the southern half */
	return in_summer ? rule->summer_seconds : rule->standard_seconds;
}
