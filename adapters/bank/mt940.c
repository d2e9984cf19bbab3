/* MT940 as a stream: bytes to lines, lines to fields. A field is a tag and all lines up to the next one; which tags
 * there are is known, since texts that are wrapped at 65 characters may begin a line with ":26:" of a time of day. */
#include "mt940.h"

static const char *const tags[] = {"13", "13D", "20", "21", "23", "25", "25P", "28", "28C", "34F", "60F", "60M", "61",
	"62F", "62M", "64", "65", "86", "90C", "90D", "NS", "940", "942"};

int bank_mt940_open(struct bank_reader *reader)
{
	struct bank_mt940 *mt940 = zf_alloc(reader->arena, sizeof(*mt940));
	if (mt940 == NULL) return LIB_NOMEM;
	mt940->reader = reader;
	mt940->line_number = 1;
	mt940->line = zf_alloc(reader->arena, reader->limits.text_max);
	mt940->field = zf_alloc(reader->arena, reader->limits.text_max);
	if (mt940->line == NULL || mt940->field == NULL) return LIB_NOMEM;
	int rc = charset_open(&mt940->charset, reader->profile.charset);
	if (rc == LIB_INVALID) bank_fault(reader, FAULT_BANK_PROFILE, 0, "", "charset", NULL);
	if (rc == 0) reader->mt940 = mt940;
	return rc;
}

/* ---- fields ---- */

static void flush_field(struct bank_mt940 *mt940)
{
	if (mt940->tag[0] == '\0') return;
	struct text_span value = {mt940->field, mt940->field_len};
	while (value.len > 0 && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r')) value.len--;
	mt940_field(mt940, value);
	mt940->tag[0] = '\0';
	mt940->field_len = 0;
}

static void append(struct bank_mt940 *mt940, struct text_span text)
{
	struct bank_reader *reader = mt940->reader;
	if (text.len > reader->limits.text_max - mt940->field_len) {
		bank_fault(reader, FAULT_BANK_LIMIT, mt940->field_line, mt940->tag, "text_max", NULL);
		reader->result = LIB_LIMIT;
		return;
	}
	if (text.len > 0) memcpy(mt940->field + mt940->field_len, text.ptr, text.len);
	mt940->field_len += (uint32_t)text.len;
}

/* ":60F:" at the begin of the line, of those that there are. */
static bool read_tag(struct text_span line, char ret_tag[8], struct text_span *ret_rest)
{
	const char *close = line.len < 3 ? NULL : memchr(line.ptr + 1, ':', line.len - 1 < 5 ? line.len - 1 : 5);
	if (line.len == 0 || line.ptr[0] != ':' || close == NULL) return false;
	struct text_span tag = {line.ptr + 1, (size_t)(close - line.ptr - 1)};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (!text_is(tag, tags[i])) continue;
		(void)memcpy(ret_tag, tags[i], strlen(tags[i]) + 1);
		*ret_rest = (struct text_span){close + 1, (size_t)(line.ptr + line.len - close - 1)};
		return true;
	}
	return false;
}

/* "-", "-}", "-XXX", "-" and a control character. */
static bool is_trailer(struct text_span line)
{
	if (line.len == 0 || line.ptr[0] != '-') return false;
	return line.len == 1 || line.ptr[1] == '}' || text_is(line, "-XXX") || (line.len == 2 && line.ptr[1] < ' ');
}

static void take_line(struct bank_mt940 *mt940, struct text_span line);

/* {1:...}{2:...}{4: and what follows. */
static void take_block(struct bank_mt940 *mt940, struct text_span line)
{
	const char *text = memmem(line.ptr, line.len, "{4:", 3);
	if (text == NULL || mt940->tag[0] != '\0') return;
	line.len -= (size_t)(text + 3 - line.ptr);
	line.ptr = text + 3;
	if (line.len > 0 && line.ptr[0] == ':') take_line(mt940, line);
}

static void take_line(struct bank_mt940 *mt940, struct text_span line)
{
	struct text_span rest;
	char tag[8];
	if (read_tag(line, tag, &rest)) {
		flush_field(mt940);
		memcpy(mt940->tag, tag, sizeof(tag));
		mt940->field_line = mt940->line_number;
		append(mt940, rest);
	} else if (is_trailer(line)) {
		flush_field(mt940);
		mt940_statement_end(mt940);
	} else if (line.len > 1 && line.ptr[0] == '{' && line.ptr[1] >= '1' && line.ptr[1] <= '5') {
		take_block(mt940, line);
	} else if (mt940->tag[0] != '\0') {
		append(mt940, TEXT("\n"));
		append(mt940, line);
	}
	/* Anything else stands before the first tag or behind a trailer: the address of the courier. */
}

/* ---- lines ---- */

static void end_line(struct bank_mt940 *mt940)
{
	struct text_span line = {mt940->line, mt940->line_len}, rest;
	char tag[8];
	while (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
	/* Start and end of text, as sent over a serial line. */
	while (line.len > 0 && line.ptr[0] > '\0' && line.ptr[0] <= '\x03') {
		line.ptr++;
		line.len--;
	}
	if (mt940->colon) {
		/* A tag that was broken behind its colon; else the colon was a line of text. */
		mt940->colon = false;
		if (line.len < mt940->reader->limits.text_max) {
			memmove(mt940->line + 1, line.ptr, line.len);
			mt940->line[0] = ':';
			struct text_span glued = {mt940->line, line.len + 1};
			if (read_tag(glued, tag, &rest)) {
				line = glued;
			} else {
				line.ptr = mt940->line + 1;
				if (mt940->tag[0] != '\0') append(mt940, TEXT("\n:"));
			}
		}
	}
	if (text_is(line, ":")) {
		mt940->colon = true;
	} else {
		take_line(mt940, line);
	}
	mt940->line_len = 0;
}

static void take_text(struct bank_mt940 *mt940, struct text_span text)
{
	struct bank_reader *reader = mt940->reader;
	while (text.len > 0 && reader->result == 0) {
		const char *newline = memchr(text.ptr, '\n', text.len);
		size_t n = newline == NULL ? text.len : (size_t)(newline - text.ptr);
		/* One byte is left for a colon before it. */
		if (n > reader->limits.text_max - 1 - mt940->line_len) {
			bank_fault(reader, FAULT_BANK_LIMIT, mt940->line_number, "", "text_max", NULL);
			reader->result = LIB_LIMIT;
			return;
		}
		memcpy(mt940->line + mt940->line_len, text.ptr, n);
		mt940->line_len += (uint32_t)n;
		if (newline == NULL) return;
		end_line(mt940);
		mt940->line_number++;
		text.ptr += n + 1;
		text.len -= n + 1;
	}
}

int bank_mt940_feed(struct bank_reader *reader, const char *bytes, size_t len)
{
	struct bank_mt940 *mt940 = reader->mt940;
	struct text_span text;
	while (len > 0 && reader->result == 0) {
		int rc = charset_next(&mt940->charset, &bytes, &len, &text);
		take_text(mt940, text);
		if (rc == 0 || reader->result != 0) continue;
		const char *name = charset_name(reader->profile.charset);
		bank_fault(reader, FAULT_BANK_CHARSET, mt940->line_number, "", name, NULL);
		reader->result = rc;
	}
	return reader->result;
}

int bank_mt940_finish(struct bank_reader *reader)
{
	struct bank_mt940 *mt940 = reader->mt940;
	if (charset_is_cut(&mt940->charset)) {
		bank_fault(reader, FAULT_BANK_TRUNCATED, mt940->line_number, "", mt940->tag, NULL);
		return LIB_INVALID;
	}
	if (mt940->line_len > 0 || mt940->colon) end_line(mt940);
	flush_field(mt940);
	if (reader->result != 0) return reader->result;
	mt940_statement_end(mt940);
	if (reader->result == 0 && reader->statement_count == 0) {
		bank_fault(reader, FAULT_BANK_MISSING, mt940->line_number, "", ":20:", NULL);
		return LIB_INVALID;
	}
	return reader->result;
}

void bank_mt940_close(struct bank_mt940 *mt940)
{
	if (mt940 != NULL) charset_close(&mt940->charset);
}
