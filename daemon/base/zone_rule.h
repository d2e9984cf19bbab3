/* The rule for the years after a zone's last listed transition: the POSIX TZ string at the end of a TZif file. */
#ifndef BASE_ZONE_RULE_H
#define BASE_ZONE_RULE_H

#include "base/core.h"

/* One change in a year: week and weekday of a month, or a day of the year. */
struct zone_change {
	char form;       /* 'M' month.week.day, 'J' day 1 to 365 without 29 February, 'D' day 0 to 365 */
	uint8_t month;   /* 1 to 12 */
	uint8_t week;    /* 1 to 5, 5 the last */
	uint8_t weekday; /* 0 Sunday to 6 */
	uint16_t day;
	int32_t second; /* of that day, local time before the change; may be negative or beyond a day */
};

struct zone_rule {
	bool present;
	bool has_summer;
	int32_t standard_seconds, summer_seconds; /* east of UTC */
	struct zone_change to_summer, to_standard;
};

/* Reads text of `len` bytes ("CET-1CEST,M3.5.0,M10.5.0/3"); "" is no rule. ERR_INVALID. */
int zone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule) MUSTUSE;
/* Seconds east of UTC at an instant given in seconds since 1970. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t utc_s);

#endif
