/* Reading TZif files and looking up offsets by binary search. */
#include "base/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/zone_rule.h"
#include "lib/date.h"
#include "zhifu_model.h"

#define ZONE_MAGIC 0x7a6f6e65u
#define TZIF_HEADER_BYTES 44
#define TRANSITIONS_MAX 4096

struct zone {
	uint32_t magic;
	char name[ZONE_NAME_BYTES_MAX + 1];
	uint32_t transition_count;
	int64_t *at_s;         /* ascending */
	int32_t *offset_s;     /* from that instant on */
	int32_t first_s;       /* before the first transition */
	struct zone_rule rule; /* after the last one */
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct tzif {
	uint32_t isut, isstd, leap, time, type, character;
};

static bool header_read(const uint8_t *bytes, size_t len, struct tzif *ret)
{
	if (len < TZIF_HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0) return false;
	*ret = (struct tzif){be32(bytes + 20), be32(bytes + 24), be32(bytes + 28), be32(bytes + 32), be32(bytes + 36),
		be32(bytes + 40)};
	return ret->time <= TRANSITIONS_MAX && ret->type >= 1 && ret->type <= 256 && ret->character <= 4096 &&
	       ret->leap <= 4096 && ret->isut <= 256 && ret->isstd <= 256;
}

static size_t body_bytes(const struct tzif *h, size_t time_bytes)
{
	return h->time * (time_bytes + 1) + h->type * 6 + h->character + h->leap * (time_bytes + 4) + h->isstd +
	       h->isut;
}

/* The 64-bit block: transitions, types, and the rule behind it. */
static int body_read(struct zone *zone, const struct tzif *h, const uint8_t *body, size_t len)
{
	size_t need = body_bytes(h, 8);
	if (len < need + 2) return ERR_INVALID;
	const uint8_t *indexes = body + h->time * (size_t)8;
	const uint8_t *types = indexes + h->time;
	zone->at_s = mem_alloc((h->time + 1) * sizeof(*zone->at_s));
	zone->offset_s = mem_alloc((h->time + 1) * sizeof(*zone->offset_s));
	if (zone->at_s == NULL || zone->offset_s == NULL) return ERR_NOMEM;
	zone->transition_count = h->time;
	for (uint32_t i = 0; i < h->type; i++) {
		int32_t offset = (int32_t)be32(types + i * (size_t)6);
		if (offset < -26 * 3600 || offset > 26 * 3600) return ERR_INVALID;
	}
	zone->first_s = (int32_t)be32(types);
	for (uint32_t i = 0; i < h->time; i++) {
		zone->at_s[i] = be64(body + i * (size_t)8);
		if (indexes[i] >= h->type || (i > 0 && zone->at_s[i] <= zone->at_s[i - 1])) return ERR_INVALID;
		zone->offset_s[i] = (int32_t)be32(types + indexes[i] * (size_t)6);
	}
	const uint8_t *footer = body + need, *end = body + len;
	if (*footer != '\n') return ERR_INVALID;
	const uint8_t *newline = memchr(footer + 1, '\n', (size_t)(end - footer) - 1);
	if (newline == NULL) return ERR_INVALID;
	return zone_rule_parse((const char *)footer + 1, (size_t)(newline - footer) - 1, &zone->rule);
}

int zone_parse(const char *name, const uint8_t *bytes, size_t len, struct zone **ret_zone)
{
	struct tzif first, second;
	if (!header_read(bytes, len, &first) || bytes[4] < '2')
		return err_set(ERR_INVALID, "zone \"%s\" is not a TZif file of version 2 or later", name);
	size_t skip = TZIF_HEADER_BYTES + body_bytes(&first, 4);
	if (skip > len || !header_read(bytes + skip, len - skip, &second))
		return err_set(ERR_INVALID, "zone \"%s\" is cut short", name);
	struct zone *zone = mem_alloc(sizeof(*zone));
	if (zone == NULL) return err_set(ERR_NOMEM, "no memory for zone \"%s\"", name);
	zone->magic = ZONE_MAGIC;
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	skip += TZIF_HEADER_BYTES;
	int rc = body_read(zone, &second, bytes + skip, len - skip);
	if (rc != 0) {
		zone_free(zone);
		return err_set(rc, rc == ERR_NOMEM ? "no memory for zone \"%s\"" : "zone \"%s\" is damaged", name);
	}
	*ret_zone = zone;
	return 0;
}

static bool name_valid(const char *name)
{
	size_t len = strlen(name);
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	return len > 0 && len <= ZONE_NAME_BYTES_MAX && strspn(name, letters) == len && name[0] != '/';
}

int zone_load(const char *name, struct zone **ret_zone)
{
	char path[512];
	const char *folder = getenv("TZDIR");
	if (!name_valid(name)) return err_set(ERR_INVALID, "not the name of a time zone: \"%.64s\"", name);
	if (folder == NULL || folder[0] != '/') folder = "/usr/share/zoneinfo";
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof(path)) return err_set(ERR_INVALID, "path of zone \"%s\" is too long", name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? err_set(ERR_NOTFOUND, "no time zone \"%s\" in \"%s\"", name, folder)
				       : err_set(ERR_SYS, "could not open time zone \"%s\": %s", name, strerror(errno));
	uint8_t *bytes = mem_alloc(ZONE_FILE_BYTES_MAX);
	size_t len = bytes == NULL ? 0 : fread(bytes, 1, ZONE_FILE_BYTES_MAX, file);
	bool failed = ferror(file) != 0;
	fclose(file);
	int rc;
	if (bytes == NULL)
		rc = err_set(ERR_NOMEM, "no memory for zone \"%s\"", name);
	else if (failed)
		rc = err_set(ERR_SYS, "could not read time zone \"%s\"", name);
	else
		rc = zone_parse(name, bytes, len, ret_zone);
	mem_free(bytes);
	return rc;
}

void zone_free(struct zone *zone)
{
	if (zone == NULL) return;
	CHECK_MAGIC(zone, ZONE_MAGIC);
	zone->magic = 0;
	mem_free(zone->at_s);
	mem_free(zone->offset_s);
	mem_free(zone);
}

const char *zone_name(const struct zone *zone)
{
	CHECK_MAGIC(zone, ZONE_MAGIC);
	return zone->name;
}

int32_t zone_offset_seconds(const struct zone *zone, int64_t utc_ms)
{
	CHECK_MAGIC(zone, ZONE_MAGIC);
	int64_t s = utc_ms / 1000 - (utc_ms % 1000 < 0 ? 1 : 0);
	uint32_t low = 0, high = zone->transition_count; /* how many transitions are at or before s */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (zone->at_s[middle] <= s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == zone->transition_count && zone->rule.present) return zone_rule_offset(&zone->rule, s);
	return low == 0 ? zone->first_s : zone->offset_s[low - 1];
}

int zone_offset_minutes(const struct zone *zone, int64_t utc_ms)
{
	return zone_offset_seconds(zone, utc_ms) / 60;
}

int64_t zone_day(const struct zone *zone, int64_t utc_ms)
{
	int64_t local = utc_ms + (int64_t)zone_offset_seconds(zone, utc_ms) * 1000;
	return local >= 0 ? local / ZONE_DAY_MS : -((-local + ZONE_DAY_MS - 1) / ZONE_DAY_MS);
}

int64_t zone_day_start_ms(const struct zone *zone, int64_t day)
{
	int64_t midnight = day * ZONE_DAY_MS;
	/* The offset at the answer is wanted; the offsets a day before and after enclose it. */
	int64_t before = midnight - (int64_t)zone_offset_seconds(zone, midnight - ZONE_DAY_MS) * 1000;
	int64_t after = midnight - (int64_t)zone_offset_seconds(zone, midnight + ZONE_DAY_MS) * 1000;
	if (before == after) return before;
	int64_t early = before < after ? before : after, late = before < after ? after : before;
	if (zone_day(zone, early) == day) return early;
	if (zone_day(zone, late - 1) == day) {
		/* Midnight was skipped: the first instant of the day is the transition between the two. */
		while (late - early > 1) {
			int64_t middle = early + (late - early) / 2;
			if (zone_day(zone, middle) >= day)
				late = middle;
			else
				early = middle;
		}
	}
	return late;
}

int64_t zone_first_day(const struct zone *zone, const struct zf_time *time)
{
	return time->precision >= ZF_SECOND && zone != NULL ? zone_day(zone, time->utc_ms)
							    : date_day_of_ms(time->utc_ms, 0);
}
