/* The reader: finds out what the bytes are and hands them to the reader of that format. */
#include "reader.h"

#include <assert.h>

#define READER_MAGIC 0x62616e6bu
#define START_BYTES 4096 /* looked at to tell the format */

static struct bank_limits with_defaults(const struct bank_limits *given)
{
	struct bank_limits limits = {0};
	if (given != NULL) limits = *given;
	if (limits.bytes_max == 0) limits.bytes_max = (uint64_t)2 << 30;
	if (limits.statements_max == 0) limits.statements_max = 10000;
	if (limits.entries_max == 0) limits.entries_max = 2000000;
	if (limits.text_max == 0) limits.text_max = 64 << 10;
	if (limits.memory_max == 0) limits.memory_max = 16 << 20;
	if (limits.depth_max == 0 || limits.depth_max > 64) limits.depth_max = 32;
	if (limits.attributes_max == 0) limits.attributes_max = 32;
	return limits;
}

static int open_format(struct bank_reader *reader)
{
	switch (reader->format) {
	case BANK_FORMAT_CAMT:
		return bank_camt_open(reader);
	case BANK_FORMAT_MT940:
		return bank_mt940_open(reader);
	case BANK_FORMAT_CSV:
		return bank_csv_open(reader);
	case BANK_FORMAT_DETECT:
		break;
	}
	return 0;
}

static int feed_format(struct bank_reader *reader, const char *bytes, size_t len)
{
	switch (reader->format) {
	case BANK_FORMAT_CAMT:
		return bank_camt_feed(reader, bytes, len);
	case BANK_FORMAT_MT940:
		return bank_mt940_feed(reader, bytes, len);
	case BANK_FORMAT_CSV:
		return bank_csv_feed(reader, bytes, len);
	case BANK_FORMAT_DETECT:
		break;
	}
	return LIB_INVALID;
}

int bank_reader_open(enum bank_format format, const struct bank_profile *profile, const struct bank_limits *limits,
	const struct bank_events *events, void *ctx, struct zf_arena *arena, struct fault_list *faults,
	struct bank_reader **ret_reader)
{
	struct bank_reader *reader = zf_alloc(arena, sizeof(*reader));
	if (reader == NULL) return LIB_NOMEM;
	reader->magic = READER_MAGIC;
	reader->format = format;
	if (profile != NULL) reader->profile = *profile;
	reader->limits = with_defaults(limits);
	if (events != NULL) reader->events = *events;
	reader->ctx = ctx;
	reader->arena = arena;
	reader->faults = faults;
	scratch_init(&reader->head, arena, reader->limits.memory_max);
	scratch_init(&reader->body, arena, reader->limits.memory_max);
	scratch_init(&reader->part, arena, reader->limits.memory_max);
	if (reader->profile.account != NULL) {
		reader->own_account = bank_account_id(arena, text_of(reader->profile.account));
		if (reader->own_account == NULL) return LIB_NOMEM;
	}
	if (format == BANK_FORMAT_DETECT) {
		reader->start = zf_alloc(arena, START_BYTES);
		if (reader->start == NULL) return LIB_NOMEM;
	}
	int rc = bank_identity_open(reader);
	if (rc == 0) rc = open_format(reader);
	if (rc != 0) {
		bank_reader_close(reader);
		return rc;
	}
	*ret_reader = reader;
	return 0;
}

/* ---- which format ---- */

/* ":20:", ":60F:", ":NS:" at p. */
static bool is_tag(const char *p, const char *end)
{
	if (p == end || *p != ':') return false;
	size_t n = 1;
	while (n < 5 && p + n < end && ((p[n] >= '0' && p[n] <= '9') || (p[n] >= 'A' && p[n] <= 'Z'))) n++;
	return n >= 3 && p + n < end && p[n] == ':';
}

/* DETECT: not to be told yet. */
static enum bank_format detect(const struct bank_reader *reader, bool at_end, bool *ret_unknown)
{
	const char *p = reader->start, *end = p + reader->start_len;
	bool full = reader->start_len == START_BYTES || at_end;
	*ret_unknown = false;
	if (end - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
	while (p < end && strchr(" \t\r\n", *p) != NULL && *p != '\0') p++;
	if (p == end && !at_end) return BANK_FORMAT_DETECT;
	/* Each answer hangs on the bytes up to one place, so that it is the same however they are cut. UTF-16 is most
	 * likely XML: its reader says what is wrong with it. */
	if (p < end && (*p == '<' || *p == '\0')) return BANK_FORMAT_CAMT;
	if (end - p >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0)) return BANK_FORMAT_CAMT;
	if (end - p >= 3 && memcmp(p, "{1:", 3) == 0) return BANK_FORMAT_MT940;
	for (const char *line = p; line != NULL && line < end;) {
		if (is_tag(line, end)) return BANK_FORMAT_MT940;
		const char *next = memchr(line, '\n', (size_t)(end - line));
		line = next == NULL ? NULL : next + 1;
	}
	if (!full) return BANK_FORMAT_DETECT;
	if (reader->profile.csv.column_count > 0 && p < end) return BANK_FORMAT_CSV;
	*ret_unknown = true;
	return BANK_FORMAT_DETECT;
}

static int feed_start(struct bank_reader *reader, const char **bytes, size_t *len, bool at_end)
{
	bool unknown;
	size_t room = START_BYTES - reader->start_len, n = *len < room ? *len : room;
	if (n > 0) memcpy(reader->start + reader->start_len, *bytes, n);
	reader->start_len += n;
	*bytes += n;
	*len -= n;
	reader->format = detect(reader, at_end, &unknown);
	if (unknown) {
		bank_fault(reader, FAULT_BANK_FORMAT, 0, "", reader->start_len == 0 ? "0 B" : "?", NULL);
		return LIB_INVALID;
	}
	if (reader->format == BANK_FORMAT_DETECT) return 0;
	int rc = open_format(reader);
	return rc != 0 ? rc : feed_format(reader, reader->start, reader->start_len);
}

/* ---- the public functions ---- */

static int feed(struct bank_reader *reader, const char *bytes, size_t len)
{
	if (len > reader->limits.bytes_max - reader->bytes) {
		bank_fault(reader, FAULT_BANK_LIMIT, 0, "", "bytes_max", NULL);
		return LIB_LIMIT;
	}
	reader->bytes += len;
	if (reader->format == BANK_FORMAT_DETECT) {
		int rc = feed_start(reader, &bytes, &len, false);
		if (rc != 0 || len == 0 || reader->format == BANK_FORMAT_DETECT) return rc;
	}
	return len == 0 ? 0 : feed_format(reader, bytes, len);
}

int bank_reader_feed(struct bank_reader *reader, const void *bytes, size_t len)
{
	assert(reader->magic == READER_MAGIC && !reader->finished);
	if (reader->result != 0 || len == 0) return reader->result;
	int rc = feed(reader, bytes, len);
	if (reader->result == 0) reader->result = rc;
	return reader->result;
}

static int finish(struct bank_reader *reader)
{
	const char *nothing = "";
	size_t none = 0;
	if (reader->format == BANK_FORMAT_DETECT) {
		int rc = feed_start(reader, &nothing, &none, true);
		if (rc != 0) return rc;
	}
	switch (reader->format) {
	case BANK_FORMAT_CAMT:
		return bank_camt_finish(reader);
	case BANK_FORMAT_MT940:
		return bank_mt940_finish(reader);
	case BANK_FORMAT_CSV:
		return bank_csv_finish(reader);
	case BANK_FORMAT_DETECT:
		break;
	}
	return LIB_INVALID;
}

int bank_reader_finish(struct bank_reader *reader)
{
	assert(reader->magic == READER_MAGIC && !reader->finished);
	int rc = reader->result != 0 ? reader->result : finish(reader);
	reader->finished = true;
	if (rc == 0) rc = reader->result;
	if (rc == 0 && reader->faults->no_memory) rc = LIB_NOMEM;
	if (rc == 0 && reader->fault_count > 0) rc = LIB_INVALID;
	reader->result = rc;
	return rc;
}

void bank_reader_close(struct bank_reader *reader)
{
	if (reader == NULL) return;
	assert(reader->magic == READER_MAGIC);
	bank_camt_close(reader->camt);
	bank_mt940_close(reader->mt940);
	bank_csv_close(reader->csv);
	bank_identity_close(reader);
	reader->magic = 0;
}
