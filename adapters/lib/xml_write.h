/* XML writer into arena memory: elements in the order of the calls, text escaped, errors sticky, so that callers write
 * straight on and look once, at xml_write_finish(). Ending what was not begun, or an attribute behind content, is a
 * programmer's error and asserted.
 *
 * Text never comes out as "${": that would read as a secret's placeholder to whoever sends it. */
#ifndef ADAPTERS_LIB_XML_WRITE_H
#define ADAPTERS_LIB_XML_WRITE_H

#include "lib/text_buffer.h"

#define XML_WRITE_DEPTH_MAX 32

/* Caller-owned; fields are private. */
struct xml_writer {
	struct text_buffer out;
	bool in_tag;
	uint32_t depth;
	const char *open[XML_WRITE_DEPTH_MAX]; /* borrowed names */
};

/* bytes_max: LIB_LIMIT beyond. Begins with the XML declaration when declare is true. */
void xml_write_init(struct xml_writer *writer, struct zf_arena *arena, size_t bytes_max, bool declare);
/* The document, owned by the arena and NUL-terminated, or the first error: LIB_NOMEM, LIB_LIMIT, LIB_INVALID (text that
 * is not UTF-8 or holds a character that XML 1.0 has not). */
int xml_write_finish(struct xml_writer *writer, struct text_span *ret_text) LIB_MUSTUSE;

/* name is borrowed until the element's end. */
void xml_write_begin(struct xml_writer *writer, const char *name);
void xml_write_end(struct xml_writer *writer);
void xml_write_attribute(struct xml_writer *writer, const char *name, const char *value);
void xml_write_text(struct xml_writer *writer, struct text_span text);
/* Bytes that are XML, or base64, or a placeholder already: copied as they are. */
void xml_write_raw(struct xml_writer *writer, struct text_span raw);

/* A whole element. The second writes nothing when the value is NULL or empty. */
void xml_write_element(struct xml_writer *writer, const char *name, const char *value);
void xml_write_optional(struct xml_writer *writer, const char *name, const char *value);
void xml_write_span(struct xml_writer *writer, const char *name, struct text_span value);

#endif
