/* UTF-8, cutting, hex and percent encoding. The code patterns are in text_match.c. */
#include "lib/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

size_t text_utf8_next(const char *p, const char *end, uint32_t *ret_code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	uint32_t code;
	size_t len;

	if (u[0] < 0x80) {
		code = u[0];
		len = 1;
	} else if (u[0] >= 0xC2 && u[0] <= 0xDF) {
		if (left < 2 || !is_continuation(u[1])) return 0;
		code = (uint32_t)(u[0] & 0x1F) << 6 | (u[1] & 0x3F);
		len = 2;
	} else if (u[0] >= 0xE0 && u[0] <= 0xEF) {
		if (left < 3 || !is_continuation(u[1]) || !is_continuation(u[2])) return 0;
		code = (uint32_t)(u[0] & 0x0F) << 12 | (uint32_t)(u[1] & 0x3F) << 6 | (u[2] & 0x3F);
		if (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF)) return 0;
		len = 3;
	} else if (u[0] >= 0xF0 && u[0] <= 0xF4) {
		if (left < 4 || !is_continuation(u[1]) || !is_continuation(u[2]) || !is_continuation(u[3])) return 0;
		code = (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3F) << 12 | (uint32_t)(u[2] & 0x3F) << 6 |
		       (u[3] & 0x3F);
		if (code < 0x10000 || code > 0x10FFFF) return 0;
		len = 4;
	} else {
		return 0;
	}
	if (ret_code != NULL) *ret_code = code;
	return len;
}

/* The next eight bytes are ASCII: as nearly all of what is long is. */
static bool is_ascii(const char *ptr)
{
	uint64_t bytes;
	memcpy(&bytes, ptr, sizeof(bytes));
	return (bytes & UINT64_C(0x8080808080808080)) == 0;
}

bool text_utf8_valid(const char *ptr, size_t len)
{
	const char *end = ptr + len;
	while (ptr < end) {
		size_t step = end - ptr >= 8 && is_ascii(ptr) ? 8 : text_utf8_next(ptr, end, NULL);
		if (step == 0) return false;
		ptr += step;
	}
	return true;
}

size_t text_codepoints(const char *ptr, size_t len)
{
	const char *end = ptr + len;
	size_t n = 0;
	while (ptr < end) {
		size_t step = text_utf8_next(ptr, end, NULL);
		ptr += step == 0 ? 1 : step;
		n++;
	}
	return n;
}

size_t text_cut_bytes(const char *ptr, size_t len, size_t len_max)
{
	if (len <= len_max) return len;
	size_t cut = len_max;
	/* A sequence has at most three continuation bytes: more of them are not UTF-8, and no reason to go on. */
	for (int i = 0; i < 3 && cut > 0 && is_continuation((unsigned char)ptr[cut]); i++) cut--;
	return cut;
}

const char *text_copy_cut(struct text_span span, char *ret, size_t size)
{
	size_t len = text_cut_bytes(span.ptr, span.len, size - 1);
	if (len > 0) memcpy(ret, span.ptr, len);
	ret[len] = '\0';
	return ret;
}

size_t text_cut_codepoints(const char *ptr, size_t len, size_t codepoints_max)
{
	const char *p = ptr;
	const char *end = ptr + len;
	while (p < end && codepoints_max > 0) {
		size_t step = text_utf8_next(p, end, NULL);
		p += step == 0 ? 1 : step;
		codepoints_max--;
	}
	return (size_t)(p - ptr);
}

size_t text_utf8_put(uint32_t code, char *ret_bytes)
{
	assert(code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF));
	if (code < 0x80) {
		ret_bytes[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		ret_bytes[0] = (char)(0xC0 | code >> 6);
		ret_bytes[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		ret_bytes[0] = (char)(0xE0 | code >> 12);
		ret_bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
		ret_bytes[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	ret_bytes[0] = (char)(0xF0 | code >> 18);
	ret_bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
	ret_bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
	ret_bytes[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

size_t text_digits_put(uint64_t value, unsigned width, char *ret_digits)
{
	size_t len = 1;
	for (uint64_t rest = value / 10; rest > 0; rest /= 10) len++;
	if (len < width) len = width;
	for (size_t i = len; i-- > 0; value /= 10) ret_digits[i] = (char)('0' + value % 10);
	return len;
}

bool text_line_copy(const uint8_t **at, const uint8_t *end, char *ret_line, size_t size)
{
	const uint8_t *newline = memchr(*at, '\n', (size_t)(end - *at));
	if (newline == NULL || (size_t)(newline - *at) >= size) return false;
	size_t len = (size_t)(newline - *at);
	memcpy(ret_line, *at, len);
	ret_line[len] = '\0';
	*at = newline + 1;
	return strlen(ret_line) == len;
}

char *text_printf(struct zf_arena *arena, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) return NULL;
	char *text = zf_alloc(arena, (size_t)len + 1);
	if (text == NULL) return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_equal_nocase(struct text_span a, struct text_span b)
{
	if (a.len != b.len) return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
	}
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text_span text_trim(struct text_span span)
{
	while (span.len > 0 && is_space(span.ptr[0])) {
		span.ptr++;
		span.len--;
	}
	while (span.len > 0 && is_space(span.ptr[span.len - 1])) span.len--;
	return span;
}

int text_to_int64(struct text_span span, int64_t *ret)
{
	if (span.len == 0) return LIB_INVALID;
	int64_t value = 0;
	bool fits = span.len <= 19;
	for (size_t i = 0; i < span.len; i++) {
		if (span.ptr[i] < '0' || span.ptr[i] > '9') return LIB_INVALID;
		if (!fits) continue;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, span.ptr[i] - '0', &value)) {
			fits = false;
		}
	}
	if (!fits) return LIB_LIMIT;
	*ret = value;
	return 0;
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

char *text_percent_encode(struct zf_arena *arena, const char *ptr, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	if (len > (SIZE_MAX - 1) / 3) return NULL;
	char *text = zf_alloc(arena, len * 3 + 1);
	if (text == NULL) return NULL;
	char *out = text;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)ptr[i];
		if (is_unreserved(c)) {
			*out++ = (char)c;
		} else {
			*out++ = '%';
			*out++ = digits[c >> 4];
			*out++ = digits[c & 15];
		}
	}
	*out = '\0';
	return text;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

void text_hex_encode(const void *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[in[i] >> 4];
		ret[2 * i + 1] = digits[in[i] & 15];
	}
	ret[2 * len] = '\0';
}

int text_hex_decode(const char *hex, size_t hex_len, uint8_t *ret, size_t len)
{
	if (hex_len / 2 != len || hex_len % 2 != 0) return LIB_INVALID;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(hex[2 * i]);
		int low = hex_value(hex[2 * i + 1]);
		if (high < 0 || low < 0) return LIB_INVALID;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
