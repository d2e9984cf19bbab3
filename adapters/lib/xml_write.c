/* The XML writer. */
#include "lib/xml_write.h"

#include <assert.h>

#define FIRST_BYTES 4096

/* Makes room for `len` more bytes and a NUL; false with the error set. */
static bool has_room(struct xml_writer *writer, size_t len)
{
	if (writer->error != 0) return false;
	if (len > writer->max - writer->len) {
		writer->error = LIB_LIMIT;
		return false;
	}
	if (len < writer->cap - writer->len) return true;
	size_t cap = writer->cap == 0 ? FIRST_BYTES : writer->cap;
	while (cap - writer->len <= len) cap *= 2;
	char *ptr = zf_alloc(writer->arena, cap);
	if (ptr == NULL) {
		writer->error = LIB_NOMEM;
		return false;
	}
	if (writer->len > 0) memcpy(ptr, writer->ptr, writer->len);
	writer->ptr = ptr;
	writer->cap = cap;
	return true;
}

static void put(struct xml_writer *writer, const char *bytes, size_t len)
{
	if (len == 0 || !has_room(writer, len)) return;
	memcpy(writer->ptr + writer->len, bytes, len);
	writer->len += len;
}

static void put_string(struct xml_writer *writer, const char *string)
{
	put(writer, string, strlen(string));
}

static void end_tag(struct xml_writer *writer)
{
	if (writer->in_tag) put_string(writer, ">");
	writer->in_tag = false;
}

/* What stands for a character that may not stand for itself; NULL: it may. */
static const char *escape_of(char c, char next)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	case '$':
		return next == '{' ? "&#36;" : NULL;
	default:
		return NULL;
	}
}

/* XML 1.0 has no other control characters, and no U+FFFE and U+FFFF. */
static bool is_sayable(struct text_span text)
{
	if (!text_utf8_valid(text.ptr, text.len)) return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < ' ' && c != '\t' && c != '\n' && c != '\r') return false;
		if (c == 0xef && (unsigned char)text.ptr[i + 1] == 0xbf && (unsigned char)text.ptr[i + 2] >= 0xbe) {
			return false;
		}
	}
	return true;
}

static void put_escaped(struct xml_writer *writer, struct text_span text)
{
	if (writer->error == 0 && !is_sayable(text)) writer->error = LIB_INVALID;
	size_t from = 0;
	for (size_t i = 0; i < text.len && writer->error == 0; i++) {
		const char *escape = escape_of(text.ptr[i], i + 1 < text.len ? text.ptr[i + 1] : '{');
		if (escape == NULL) continue;
		put(writer, text.ptr + from, i - from);
		put_string(writer, escape);
		from = i + 1;
	}
	if (writer->error == 0) put(writer, text.ptr + from, text.len - from);
}

void xml_write_init(struct xml_writer *writer, struct zf_arena *arena, size_t bytes_max, bool declare)
{
	*writer = (struct xml_writer){.arena = arena, .max = bytes_max};
	if (declare) put_string(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

int xml_write_finish(struct xml_writer *writer, struct text_span *ret_text)
{
	if (writer->error != 0) return writer->error;
	assert(writer->depth == 0 && "an element was not ended");
	if (!has_room(writer, 0)) return writer->error;
	writer->ptr[writer->len] = '\0';
	*ret_text = (struct text_span){writer->ptr, writer->len};
	return 0;
}

void xml_write_begin(struct xml_writer *writer, const char *name)
{
	assert(writer->depth < XML_WRITE_DEPTH_MAX);
	end_tag(writer);
	put_string(writer, "<");
	put_string(writer, name);
	writer->open[writer->depth++] = name;
	writer->in_tag = true;
}

void xml_write_end(struct xml_writer *writer)
{
	assert(writer->depth > 0 && "nothing is open");
	const char *name = writer->open[--writer->depth];
	if (writer->in_tag) {
		writer->in_tag = false;
		put_string(writer, "/>");
		return;
	}
	put_string(writer, "</");
	put_string(writer, name);
	put_string(writer, ">");
}

void xml_write_attribute(struct xml_writer *writer, const char *name, const char *value)
{
	assert(writer->in_tag && "attributes come first");
	put_string(writer, " ");
	put_string(writer, name);
	put_string(writer, "=\"");
	put_escaped(writer, text_of(value));
	put_string(writer, "\"");
}

void xml_write_text(struct xml_writer *writer, struct text_span text)
{
	if (text.len == 0) return;
	end_tag(writer);
	put_escaped(writer, text);
}

void xml_write_raw(struct xml_writer *writer, struct text_span raw)
{
	if (raw.len == 0) return;
	end_tag(writer);
	put(writer, raw.ptr, raw.len);
}

void xml_write_element(struct xml_writer *writer, const char *name, const char *value)
{
	xml_write_span(writer, name, text_of(value));
}

void xml_write_optional(struct xml_writer *writer, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0') xml_write_element(writer, name, value);
}

void xml_write_span(struct xml_writer *writer, const char *name, struct text_span value)
{
	xml_write_begin(writer, name);
	xml_write_text(writer, value);
	xml_write_end(writer);
}
