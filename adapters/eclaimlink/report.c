/* Rows of an error report: Type, RuleID, Object, HAAD Field, Field Value, Additional Reference [M: their order is taken
 * from the head line, if there is one]. */
#include "eclaimlink/report.h"

#include <stdio.h>
#include <string.h>

#include "lib/zip_read.h"

#define REPORT_BYTES_MAX (4u << 20)
#define REPORT_ENTRIES_MAX 16
#define COLUMNS_MAX 12
#define CELL_BYTES_MAX 100

enum column { C_TYPE, C_RULE, C_OBJECT, C_FIELD, C_VALUE, C_REFERENCE, C_COUNT };

static const char *const heads[C_COUNT] = {"type", "ruleid", "object", "field", "fieldvalue", "reference"};

struct table {
	struct text_span rest;
	char separator;
	int place[C_COUNT]; /* of each column in a row; -1: not there */
};

/* One cell (RFC 4180); false at the row's end. Quotes are taken off at the ends only: a doubled one stays as it is. */
static bool next_cell(struct table *table, bool *row_ends, struct text_span *ret_cell)
{
	const char *p = table->rest.ptr, *end = p + table->rest.len;
	const char *from = p;
	if (*row_ends) return false;
	if (p < end && *p == '"') {
		for (p++; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++) {
			if (*p == '"') p++;
		}
		*ret_cell = (struct text_span){from + 1, (size_t)(p - from - 1)};
	} else {
		while (p < end && *p != table->separator && *p != '\n') p++;
		*ret_cell = text_trim((struct text_span){from, (size_t)(p - from)});
	}
	while (p < end && *p != table->separator && *p != '\n') p++;
	*row_ends = p == end || *p == '\n';
	if (p < end) p++;
	table->rest = (struct text_span){p, (size_t)(end - p)};
	return true;
}

static uint32_t next_row(struct table *table, struct text_span cells[COLUMNS_MAX])
{
	bool row_ends = false;
	uint32_t n = 0;
	struct text_span cell;
	while (next_cell(table, &row_ends, &cell)) {
		if (n < COLUMNS_MAX) cells[n++] = cell;
	}
	return n;
}

/* Small letters and digits alone: "HAAD Field" is "haadfield". */
static void squeeze(struct text_span cell, char ret[CELL_BYTES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < cell.len && n + 1 < CELL_BYTES_MAX; i++) {
		char c = cell.ptr[i];
		if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) ret[n++] = c;
	}
	ret[n] = '\0';
}

/* The first row is the head where it names the type and the rule; else the order is the usual one. */
static bool read_head(struct table *table, const struct text_span *cells, uint32_t count)
{
	int place[C_COUNT] = {-1, -1, -1, -1, -1, -1};
	for (uint32_t i = 0; i < count; i++) {
		char name[CELL_BYTES_MAX];
		squeeze(cells[i], name);
		for (int c = 0; c < C_COUNT; c++) {
			size_t len = strlen(name), want = strlen(heads[c]);
			bool ends = len >= want && strcmp(name + len - want, heads[c]) == 0;
			if (ends && place[c] < 0) place[c] = (int)i;
		}
	}
	if (place[C_TYPE] < 0 || place[C_RULE] < 0) return false;
	memcpy(table->place, place, sizeof(place));
	return true;
}

/* Letters, digits and what stands in names of rules and fields; everything else might be somebody's. */
static const char *cell_text(const struct table *table, const struct text_span *cells, uint32_t count,
	enum column column, struct zf_arena *arena)
{
	int place = table->place[column];
	if (place < 0 || (uint32_t)place >= count) return "-";
	struct text_span cell = cells[place];
	if (cell.len == 0 || cell.len > CELL_BYTES_MAX) return "-";
	char *text = zf_strndup(arena, cell.ptr, cell.len);
	for (char *p = text; p != NULL && *p != '\0'; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			     strchr("._-/ ", *p) != NULL;
		if (!plain) *p = '?';
	}
	return text == NULL ? "-" : text;
}

static const struct {
	const char *field; /* the end of "Object.Field" without dots, in small letters */
	const char *path;  /* below the item, or (with Claim) of the claim */
} fields[] = {
	{"activitynet", "net"},
	{"activitycode", "productOrService"},
	{"activitytype", "productOrService"},
	{"activityquantity", "quantity"},
	{"activitystart", "servicedDate"},
	{"activityclinician", "careTeamSequence"},
	{"activitypriorauthorizationid", "Claim.insurance[0].preAuthRef"},
	{"diagnosiscode", "Claim.diagnosis"},
	{"diagnosistype", "Claim.diagnosis"},
	{"claimmemberid", "Claim.insurance[0].coverage"},
	{"claimemiratesidnumber", "Claim.patient"},
	{"claimgross", "Claim.total"},
	{"claimnet", "Claim.total"},
	{"claimpatientshare", "Claim.total"},
	{"encounterstart", "Claim.billablePeriod.start"},
	{"encounterend", "Claim.billablePeriod.end"},
	{"encountertype", "Claim.item[0].encounter"},
	{"encounterpatientid", "Claim.patient"},
};

/* The place in our claim: by the activity's number in any cell, and by the field's name. */
static const char *path_of(
	const char *object, const char *field, const struct text_span *cells, uint32_t count, struct zf_arena *arena)
{
	char name[CELL_BYTES_MAX], ref[20];
	int32_t line = 0;
	const char *below = "", *both = text_printf(arena, "%s.%s", object, field);
	squeeze(text_of(both == NULL ? "" : both), name);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len = strlen(name), want = strlen(fields[i].field);
		if (len >= want && strcmp(name + len - want, fields[i].field) == 0) below = fields[i].path;
	}
	if (strncmp(below, "Claim.", 6) == 0) return below;
	for (uint32_t i = 0; i < count && line == 0; i++) {
		if (!eclaim_activity_read(cells[i], ref, &line)) line = 0;
	}
	if (line == 0) return below[0] == '\0' ? "Claim" : text_printf(arena, "Claim.item.%s", below);
	return text_printf(arena, "Claim.item.where(sequence=%d)%s%s", (int)line, below[0] == '\0' ? "" : ".", below);
}

static void take_row(const struct table *table, const struct text_span *cells, uint32_t count, struct zf_arena *arena,
	struct fault_list *faults)
{
	const char *type = cell_text(table, cells, count, C_TYPE, arena);
	const char *rule = cell_text(table, cells, count, C_RULE, arena);
	const char *object = cell_text(table, cells, count, C_OBJECT, arena);
	const char *field = cell_text(table, cells, count, C_FIELD, arena);
	const char *path = path_of(object, field, cells, count, arena);
	bool is_error = text_equal_nocase(text_of(type), TEXT("ERROR"));
	fault_add(faults, is_error ? FAULT_WIRE_RULE : FAULT_WIRE_WARNING, path == NULL ? "Claim" : path, rule, field);
}

static void read_table(struct text_span text, struct zf_arena *arena, struct fault_list *faults)
{
	struct table table = {.rest = text, .place = {0, 1, 2, 3, 4, 5}};
	struct text_span cells[COLUMNS_MAX];
	size_t line = 0;
	if (text_has_prefix(text, "\xef\xbb\xbf")) table.rest = (struct text_span){text.ptr + 3, text.len - 3};
	while (line < table.rest.len && table.rest.ptr[line] != '\n') line++;
	table.separator = memchr(table.rest.ptr, ',', line) != NULL    ? ','
			  : memchr(table.rest.ptr, ';', line) != NULL  ? ';'
			  : memchr(table.rest.ptr, '\t', line) != NULL ? '\t'
								       : '|';
	for (bool first = true; table.rest.len > 0; first = false) {
		uint32_t count = next_row(&table, cells);
		bool blank = count <= 1 && (count == 0 || cells[0].len == 0);
		if (blank || (first && read_head(&table, cells, count))) continue;
		take_row(&table, cells, count, arena, faults);
	}
}

static int read_bytes(
	const struct eclaim_profile *profile, struct text_span bytes, struct zf_arena *arena, struct fault_list *faults)
{
	const struct zip_entry *entries;
	uint32_t count = 0;
	bool zipped = strcmp(profile->error_report, "zip") == 0 ||
		      (strcmp(profile->error_report, "auto") == 0 && zip_is((const uint8_t *)bytes.ptr, bytes.len));
	if (!zipped) {
		if (!text_utf8_valid(bytes.ptr, bytes.len)) return LIB_INVALID;
		read_table(bytes, arena, faults);
		return 0;
	}
	int rc = zip_read(
		(const uint8_t *)bytes.ptr, bytes.len, REPORT_ENTRIES_MAX, REPORT_BYTES_MAX, arena, &entries, &count);
	for (uint32_t i = 0; i < count && rc == 0; i++) {
		struct text_span text = {(const char *)entries[i].bytes, entries[i].len};
		if (!text_utf8_valid(text.ptr, text.len)) {
			rc = LIB_INVALID;
		} else if (text.len > 0) {
			read_table(text, arena, faults);
		}
	}
	return rc;
}

void eclaim_report_unread(int rc, struct fault_list *faults)
{
	fault_add_as(faults, FAULT_WIRE_ANSWER, FAULT_WARNING, "errorReport", "1",
		rc == LIB_LIMIT ? "the error report unpacks to more than it may" : "the error report cannot be read");
}

int eclaim_report_read(
	const struct eclaim_profile *profile, struct text_span text, struct zf_arena *arena, struct fault_list *faults)
{
	struct text_span bytes = text;
	if (text.len == 0) return 0;
	int rc = 0;
	/* In the envelope it is base64; a plain one may stand there as it is. */
	if (eclaim_base64_read(text, arena, &bytes) == LIB_NOMEM) return LIB_NOMEM;
	if (bytes.len > 0) rc = read_bytes(profile, bytes, arena, faults);
	if (rc == LIB_INVALID || rc == LIB_LIMIT) eclaim_report_unread(rc, faults);
	return rc;
}
