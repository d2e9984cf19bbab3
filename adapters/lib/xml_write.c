/* The XML writer. */
#include "lib/xml_write.h"

#include <assert.h>

static void put_string(struct xml_writer *writer, const char *string)
{
	text_buffer_put(&writer->out, string, strlen(string));
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
	if (!is_sayable(text)) text_buffer_fail(&writer->out, LIB_INVALID);
	size_t from = 0;
	for (size_t i = 0; i < text.len && writer->out.error == 0; i++) {
		const char *escape = escape_of(text.ptr[i], i + 1 < text.len ? text.ptr[i + 1] : '{');
		if (escape == NULL) continue;
		text_buffer_put(&writer->out, text.ptr + from, i - from);
		put_string(writer, escape);
		from = i + 1;
	}
	if (writer->out.error == 0) text_buffer_put(&writer->out, text.ptr + from, text.len - from);
}

void xml_write_init(struct xml_writer *writer, struct zf_arena *arena, size_t bytes_max, bool declare)
{
	*writer = (struct xml_writer){.out = {.arena = arena, .max = bytes_max}};
	if (declare) put_string(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

int xml_write_finish(struct xml_writer *writer, struct text_span *ret_text)
{
	assert((writer->out.error != 0 || writer->depth == 0) && "an element was not ended");
	return text_buffer_finish(&writer->out, ret_text);
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
	text_buffer_put(&writer->out, raw.ptr, raw.len);
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
