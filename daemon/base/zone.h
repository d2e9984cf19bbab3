/* Time zones: the offset of an IANA zone at an instant, from the system's TZif files (RFC 8536), read once at start.
 * Look-ups are pure; nothing depends on the TZ variable or changes it. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/core.h"

#define ZONE_NAME_BYTES_MAX 64
#define ZONE_FILE_BYTES_MAX (256u * 1024)
#define ZONE_DAY_MS INT64_C(86400000)

struct zone; /* const after loading; may be shared between threads */

/* Reads "Asia/Shanghai" from $TZDIR or /usr/share/zoneinfo. ERR_INVALID: not a zone name or not a TZif file;
 * ERR_NOTFOUND: no such zone; ERR_SYS, ERR_NOMEM. Returns owned: zone_free. */
int zone_load(const char *name, struct zone **ret_zone) MUSTUSE;
/* The same from the bytes of a file, pure. ERR_INVALID, ERR_NOMEM. */
int zone_parse(const char *name, const uint8_t *bytes, size_t len, struct zone **ret_zone) MUSTUSE;
void zone_free(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* Seconds east of UTC at an instant. Local mean times of old have odd seconds. */
int32_t zone_offset_seconds(const struct zone *zone, int64_t utc_ms);
/* The same in whole minutes (towards zero). */
int zone_offset_minutes(const struct zone *zone, int64_t utc_ms);
/* The civil day of an instant, as days since 1970-01-01. */
int64_t zone_day(const struct zone *zone, int64_t utc_ms);
struct zf_time;
/* The first civil day that a time may mean, which is not absent: a bare date is a day of the zone. NULL: UTC. */
int64_t zone_first_day(const struct zone *zone, const struct zf_time *time);
/* When a civil day begins, as UTC milliseconds; where midnight is skipped, its first instant. */
int64_t zone_day_start_ms(const struct zone *zone, int64_t day);

#endif
