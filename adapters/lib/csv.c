/* Records of a CSV text. Fields point into the text; only those with doubled quotes are copied. */
#include "lib/csv.h"

#include <stdio.h>

/* The line that a byte stands on. */
static uint32_t line_at(struct text_span text, size_t at)
{
	uint32_t line = 1;
	for (size_t i = 0; i < at; i++) line += text.ptr[i] == '\n';
	return line;
}

static int refuse(struct csv_reader *reader, enum fault_code code, uint32_t line, int result)
{
	char limit[16];
	(void)snprintf(limit, sizeof(limit), "%d", CSV_FIELDS_MAX);
	fault_addf(reader->faults, code, code == FAULT_TOO_MANY ? limit : NULL, NULL, "%u", line);
	reader->at = reader->end;
	return result;
}

/* The first byte that is no valid UTF-8 or is NUL; the length when there is none. */
static size_t bad_byte(struct text_span text)
{
	if (text.len == 0) return 0;
	const char *nul = memchr(text.ptr, '\0', text.len);
	size_t len = nul == NULL ? text.len : (size_t)(nul - text.ptr);
	if (text_utf8_valid(text.ptr, len)) return len;
	const char *p = text.ptr;
	for (size_t n; (n = text_utf8_next(p, text.ptr + len, NULL)) > 0;) p += n;
	return (size_t)(p - text.ptr);
}

int csv_init(struct csv_reader *reader, struct text_span text, char separator, bool open_end, struct zf_arena *arena,
	struct fault_list *faults)
{
	if (text.ptr == NULL) text = TEXT("");
	*reader = (struct csv_reader){.at = text.ptr,
		.end = text.ptr + text.len,
		.line = 1,
		.separator = separator,
		.open_end = open_end,
		.arena = arena,
		.faults = faults};
	size_t bad = bad_byte(text);
	if (bad < text.len) return refuse(reader, FAULT_CSV_ENCODING, line_at(text, bad), LIB_INVALID);
	if (!open_end && text.len > 0 && text.ptr[text.len - 1] != '\n') {
		return refuse(reader, FAULT_CSV_CUT, line_at(text, text.len), LIB_INVALID);
	}
	if (text_has_prefix(text, "\xef\xbb\xbf")) reader->at += 3;
	reader->fields = zf_alloc_array(arena, CSV_FIELDS_MAX, sizeof(*reader->fields));
	return reader->fields == NULL ? LIB_NOMEM : 0;
}

/* Is the end of a line here? Returns its length, 0 when it is not. */
static size_t line_end(const struct csv_reader *reader)
{
	size_t left = (size_t)(reader->end - reader->at);
	if (left > 0 && reader->at[0] == '\n') return 1;
	return left > 1 && reader->at[0] == '\r' && reader->at[1] == '\n' ? 2 : 0;
}

/* A field in quotes, from behind the first of them to behind the last. */
static int take_quoted(struct csv_reader *reader, uint32_t line, struct text_span *ret)
{
	const char *begin = reader->at;
	size_t doubled = 0;
	for (;;) {
		const char *quote = memchr(reader->at, '"', (size_t)(reader->end - reader->at));
		if (quote == NULL) return refuse(reader, FAULT_CSV_OPEN, line, LIB_INVALID);
		for (const char *p = reader->at; p < quote; p++) reader->line += *p == '\n';
		reader->at = quote + 1;
		if (reader->at == reader->end || *reader->at != '"') break;
		reader->at++;
		doubled++;
	}
	*ret = (struct text_span){begin, (size_t)(reader->at - 1 - begin)};
	if (doubled == 0) return 0;
	char *copy = zf_alloc(reader->arena, ret->len);
	if (copy == NULL) return LIB_NOMEM;
	size_t n = 0;
	for (size_t i = 0; i < ret->len; i++) {
		copy[n++] = begin[i];
		if (begin[i] == '"') i++;
	}
	*ret = (struct text_span){copy, n};
	return 0;
}

static int take_field(struct csv_reader *reader, struct text_span *ret)
{
	uint32_t line = reader->line;
	if (reader->at < reader->end && *reader->at == '"') {
		reader->at++;
		int error = take_quoted(reader, line, ret);
		if (error != 0) return error;
	} else {
		const char *begin = reader->at;
		while (reader->at < reader->end && *reader->at != reader->separator && *reader->at != '"' &&
			line_end(reader) == 0) {
			reader->at++;
		}
		*ret = (struct text_span){begin, (size_t)(reader->at - begin)};
	}
	bool ends = reader->at == reader->end || *reader->at == reader->separator || line_end(reader) > 0;
	return ends ? 0 : refuse(reader, FAULT_CSV_QUOTE, line, LIB_INVALID);
}

int csv_next(struct csv_reader *reader, struct csv_record *ret)
{
	for (size_t n; (n = line_end(reader)) > 0; reader->line++) reader->at += n;
	if (reader->at == reader->end) return 0;
	struct csv_record record = {.fields = reader->fields, .line = reader->line};
	for (;;) {
		if (record.count == CSV_FIELDS_MAX) return refuse(reader, FAULT_TOO_MANY, record.line, LIB_LIMIT);
		int error = take_field(reader, &reader->fields[record.count]);
		if (error != 0) return error;
		record.count++;
		if (reader->at == reader->end) break;
		size_t n = line_end(reader);
		reader->at += n > 0 ? n : 1;
		if (n > 0) {
			reader->line++;
			break;
		}
	}
	*ret = record;
	return 1;
}

/* ---- writing ---- */

bool csv_formula(const char *text)
{
	/* the last four are the wide forms of the first */
	static const char *const signs[] = {
		"=", "+", "-", "@", "\t", "\r", "\n", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(text, signs[i], strlen(signs[i])) == 0) return true;
	return false;
}
