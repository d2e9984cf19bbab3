/* The JSON writer. */
#include "lib/json_write.h"

#include <assert.h>

void json_write_init(struct json_writer *writer, struct zf_arena *arena, size_t bytes_max)
{
	*writer = (struct json_writer){.out = {.arena = arena, .max = bytes_max}};
}

static bool in_object(const struct json_writer *writer)
{
	return writer->depth > 0 && (writer->object >> (writer->depth - 1) & 1) != 0;
}

static void put_comma(struct json_writer *writer)
{
	uint64_t bit = UINT64_C(1) << (writer->depth - 1);
	if ((writer->filled & bit) != 0) text_buffer_put_char(&writer->out, ',');
	writer->filled |= bit;
}

/* What stands before any value. */
static void begin_value(struct json_writer *writer)
{
	if (writer->out.error != 0) return;
	if (writer->depth == 0) {
		assert(writer->out.len == 0 && "one document has one value");
	} else if (in_object(writer)) {
		assert(writer->have_key && "a value in an object needs a key");
		writer->have_key = 0;
	} else {
		put_comma(writer);
	}
}

static void open_container(struct json_writer *writer, bool object)
{
	begin_value(writer);
	text_buffer_put_char(&writer->out, object ? '{' : '[');
	if (writer->out.error != 0) return;
	if (writer->depth == JSON_WRITE_DEPTH_MAX) {
		writer->out.error = LIB_LIMIT;
		return;
	}
	uint64_t bit = UINT64_C(1) << writer->depth++;
	writer->object = object ? writer->object | bit : writer->object & ~bit;
	writer->filled &= ~bit;
}

static void close_container(struct json_writer *writer, bool object)
{
	if (writer->out.error != 0) return;
	assert(writer->depth > 0 && in_object(writer) == object && !writer->have_key);
	text_buffer_put_char(&writer->out, object ? '}' : ']');
	writer->depth--;
}

void json_write_object_begin(struct json_writer *writer)
{
	open_container(writer, true);
}

void json_write_object_end(struct json_writer *writer)
{
	close_container(writer, true);
}

void json_write_array_begin(struct json_writer *writer)
{
	open_container(writer, false);
}

void json_write_array_end(struct json_writer *writer)
{
	close_container(writer, false);
}

static void put_escape(struct json_writer *writer, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char text[7] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], '\0'};
	switch (c) {
	case '"':
	case '\\':
		text[1] = (char)c;
		break;
	case '\b':
		text[1] = 'b';
		break;
	case '\f':
		text[1] = 'f';
		break;
	case '\n':
		text[1] = 'n';
		break;
	case '\r':
		text[1] = 'r';
		break;
	case '\t':
		text[1] = 't';
		break;
	default:
		text_buffer_put(&writer->out, text, 6);
		return;
	}
	text_buffer_put(&writer->out, text, 2);
}

/* p: the first byte that is not plain. */
__attribute__((noinline)) static void put_string_slow(struct json_writer *writer, struct text_span value, const char *p)
{
	const char *plain = value.ptr;
	const char *end = plain + value.len;

	text_buffer_put_char(&writer->out, '"');
	for (; (p = text_plain_end(p, end)) < end;) {
		unsigned char c = (unsigned char)*p;
		if (c >= 0x80 || c == 0) {
			size_t step = c == 0 ? 0 : text_utf8_next(p, end, NULL);
			if (step == 0) {
				text_buffer_fail(&writer->out, LIB_INVALID);
				return;
			}
			p += step;
		} else {
			text_buffer_put(&writer->out, plain, (size_t)(p - plain));
			put_escape(writer, c);
			plain = ++p;
		}
	}
	if (end > plain) text_buffer_put(&writer->out, plain, (size_t)(end - plain));
	text_buffer_put_char(&writer->out, '"');
}

static void put_string(struct json_writer *writer, struct text_span value)
{
	const char *end = value.len == 0 ? value.ptr : value.ptr + value.len;
	const char *plain = text_plain_end(value.ptr, end);

	if (plain < end) {
		put_string_slow(writer, value, plain);
		return;
	}
	if (!text_buffer_room(&writer->out, value.len + 2)) return;
	char *to = writer->out.ptr + writer->out.len;
	*to++ = '"';
	if (value.len > 0) memcpy(to, value.ptr, value.len);
	to[value.len] = '"';
	writer->out.len += value.len + 2;
}

void json_write_key_span(struct json_writer *writer, struct text_span key)
{
	if (writer->out.error != 0) return;
	assert(in_object(writer) && !writer->have_key);
	put_comma(writer);
	put_string(writer, key);
	text_buffer_put_char(&writer->out, ':');
	writer->have_key = 1;
}

void json_write_key(struct json_writer *writer, const char *key)
{
	json_write_key_span(writer, text_of(key));
}

void json_write_span(struct json_writer *writer, struct text_span value)
{
	begin_value(writer);
	put_string(writer, value);
}

void json_write_string(struct json_writer *writer, const char *value)
{
	if (value == NULL) {
		json_write_null(writer);
	} else {
		json_write_span(writer, text_of(value));
	}
}

void json_write_int64(struct json_writer *writer, int64_t value)
{
	char text[24] = "-";
	size_t len = value < 0 ? 1 : 0;
	len += text_digits_put(value < 0 ? -(uint64_t)value : (uint64_t)value, 1, text + len);
	begin_value(writer);
	text_buffer_put(&writer->out, text, len);
}

void json_write_bool(struct json_writer *writer, bool value)
{
	begin_value(writer);
	text_buffer_put(&writer->out, value ? "true" : "false", value ? 4 : 5);
}

void json_write_null(struct json_writer *writer)
{
	begin_value(writer);
	text_buffer_put(&writer->out, "null", 4);
}

static size_t digits_at(struct text_span number, size_t i)
{
	size_t begin = i;
	while (i < number.len && number.ptr[i] >= '0' && number.ptr[i] <= '9') i++;
	return i - begin;
}

static bool is_number(struct text_span number)
{
	size_t i = number.len > 0 && number.ptr[0] == '-' ? 1 : 0;
	size_t n = digits_at(number, i);
	if (n == 0 || (n > 1 && number.ptr[i] == '0')) return false;
	i += n;
	if (i < number.len && number.ptr[i] == '.') {
		n = digits_at(number, ++i);
		if (n == 0) return false;
		i += n;
	}
	if (i < number.len && (number.ptr[i] == 'e' || number.ptr[i] == 'E')) {
		i++;
		if (i < number.len && (number.ptr[i] == '+' || number.ptr[i] == '-')) i++;
		n = digits_at(number, i);
		if (n == 0) return false;
		i += n;
	}
	return i == number.len;
}

void json_write_number(struct json_writer *writer, struct text_span number)
{
	begin_value(writer);
	if (!is_number(number)) {
		text_buffer_fail(&writer->out, LIB_INVALID);
		return;
	}
	text_buffer_put(&writer->out, number.ptr, number.len);
}

void json_write_raw(struct json_writer *writer, struct text_span raw)
{
	begin_value(writer);
	if (raw.len == 0) {
		text_buffer_fail(&writer->out, LIB_INVALID);
		return;
	}
	text_buffer_put(&writer->out, raw.ptr, raw.len);
}

void json_write_member(struct json_writer *writer, const char *key, const char *value)
{
	json_write_member_span(writer, key, text_of(value));
}

void json_write_member_span(struct json_writer *writer, const char *key, struct text_span value)
{
	if (value.len == 0) return;
	json_write_key(writer, key);
	json_write_span(writer, value);
}

void json_write_member_raw(struct json_writer *writer, const char *key, struct text_span raw)
{
	if (raw.len == 0) return;
	json_write_key(writer, key);
	json_write_raw(writer, raw);
}

void json_write_member_number(struct json_writer *writer, const char *key, struct text_span number)
{
	json_write_key(writer, key);
	json_write_number(writer, number);
}

void json_write_member_int64(struct json_writer *writer, const char *key, int64_t value)
{
	json_write_key(writer, key);
	json_write_int64(writer, value);
}

void json_write_member_bool(struct json_writer *writer, const char *key, bool value)
{
	json_write_key(writer, key);
	json_write_bool(writer, value);
}

int json_write_finish(struct json_writer *writer, struct text_span *ret_text)
{
	assert((writer->out.error != 0 || (writer->depth == 0 && writer->out.len > 0)) && "the document is complete");
	return text_buffer_finish(&writer->out, ret_text);
}
