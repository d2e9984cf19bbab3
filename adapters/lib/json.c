/* The JSON pull reader. Strings are scanned eight bytes at a time; keys of an open object are remembered by hash. */
#include "lib/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* What may stand next. */
enum state {
	AT_VALUE,         /* a value, and nothing else */
	AT_FIRST_ELEMENT, /* a value or ] */
	AT_FIRST_KEY,     /* a key or } */
	AFTER_VALUE,      /* a comma or the end of the container */
	AFTER_ROOT,       /* nothing but white space */
	FAILED,
};

/* Up to this many keys a new one is compared with all before it; larger objects are sorted at their end, so that no
 * document costs more than n log n. */
#define KEYS_SCAN_MAX 16

static uint64_t load64(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t load32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

void json_position(const struct json_reader *reader, size_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	size_t len = (size_t)(reader->end - reader->begin);
	if (offset > len) offset = len;
	uint32_t line = 1;
	const char *line_begin = reader->begin;
	for (const char *p = reader->begin; p < reader->begin + offset; p++) {
		if (*p == '\n') {
			line++;
			line_begin = p + 1;
		}
	}
	*ret_line = line;
	*ret_column = 1 + (uint32_t)text_codepoints(line_begin, (size_t)(reader->begin + offset - line_begin));
}

__attribute__((cold, format(printf, 4, 5))) static enum json_type fail(
	struct json_reader *reader, int code, const char *where, const char *fmt, ...)
{
	struct json_error *error = &reader->error;
	va_list args;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	error->code = code;
	error->offset = (size_t)(where - reader->begin);
	json_position(reader, error->offset, &error->line, &error->column);
	reader->state = FAILED;
	return JSON_ERROR;
}

/* "expected a value, found ','" */
__attribute__((cold)) static enum json_type fail_expected(
	struct json_reader *reader, const char *where, const char *expected)
{
	if (where >= reader->end) return fail(reader, LIB_INVALID, where, "expected %s, found the end", expected);
	unsigned char c = (unsigned char)*where;
	if (c > ' ' && c < 0x7F) return fail(reader, LIB_INVALID, where, "expected %s, found '%c'", expected, c);
	return fail(reader, LIB_INVALID, where, "expected %s, found byte 0x%02x", expected, c);
}

void json_reader_init(struct json_reader *reader, const char *text, size_t len, struct zf_arena *arena,
	uint32_t depth_max, size_t bytes_max)
{
	assert(depth_max >= 1 && depth_max <= JSON_DEPTH_MAX);
	assert(bytes_max <= JSON_BYTES_MAX);
	static const char nothing[1] = "";
	reader->begin = text == NULL ? nothing : text;
	reader->pos = reader->begin;
	reader->end = reader->begin + len;
	reader->arena = arena;
	reader->keys = reader->keys_inline;
	reader->keys_len = 0;
	reader->keys_cap = JSON_KEYS_INLINE;
	reader->depth = 0;
	reader->depth_max = depth_max;
	reader->state = AT_VALUE;
	reader->checked = false;
	reader->error = (struct json_error){0};
	if (len > bytes_max) {
		reader->end = reader->begin;
		fail(reader, LIB_LIMIT, reader->begin, "longer than %zu bytes", bytes_max);
	} else if (len >= 3 && memcmp(reader->begin, "\xEF\xBB\xBF", 3) == 0) {
		fail(reader, LIB_INVALID, reader->begin, "starts with a byte order mark");
	}
}

void json_reader_init_checked(
	struct json_reader *reader, struct text_span text, struct zf_arena *arena, uint32_t depth_max)
{
	json_reader_init(reader, text.ptr, text.len, arena, depth_max, JSON_BYTES_MAX);
	reader->checked = true;
}

/* ---- strings ---- */

/* Four hex digits at p; false when they are not there. */
static bool read_hex4(const char *p, const char *end, uint32_t *ret)
{
	uint8_t bytes[2];
	if (end - p < 4 || text_hex_decode(p, 4, bytes, 2) != 0) return false;
	*ret = (uint32_t)bytes[0] << 8 | bytes[1];
	return true;
}

/* p is at a backslash. Gives the code point; returns behind the escape, or NULL with the error set. */
static const char *read_escape(struct json_reader *reader, const char *p, uint32_t *ret_code)
{
	const char *begin = p;
	const char *end = reader->end;
	uint32_t code, low;

	p++;
	if (p >= end) {
		fail(reader, LIB_INVALID, begin, "escape is cut off");
		return NULL;
	}
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name = *p == '\0' ? NULL : strchr(names, *p);
	if (name != NULL) {
		*ret_code = (unsigned char)values[name - names];
		return p + 1;
	}
	if (*p != 'u') {
		fail(reader, LIB_INVALID, begin, "unknown escape");
		return NULL;
	}
	if (!read_hex4(p + 1, end, &code)) {
		fail(reader, LIB_INVALID, begin, "\\u needs four hexadecimal digits");
		return NULL;
	}
	p += 5;
	if (code == 0) {
		fail(reader, LIB_INVALID, begin, "\\u0000 is not allowed");
		return NULL;
	}
	if (code >= 0xD800 && code <= 0xDFFF) {
		if (code >= 0xDC00 || end - p < 6 || p[0] != '\\' || p[1] != 'u' || !read_hex4(p + 2, end, &low) ||
			low < 0xDC00 || low > 0xDFFF) {
			fail(reader, LIB_INVALID, begin, "surrogate escape without its other half");
			return NULL;
		}
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		p += 6;
	}
	*ret_code = code;
	return p;
}

/* From the byte after the opening quote to the closing quote, everything checked; NULL with the error set. */
static const char *check_string(struct json_reader *reader, const char *p, bool *ret_escaped)
{
	const char *end = reader->end;
	const char *begin = p;
	*ret_escaped = false;
	for (;;) {
		p = text_plain_end(p, end);
		if (p >= end) {
			fail(reader, LIB_INVALID, begin - 1, "string is not closed");
			return NULL;
		}
		unsigned char c = (unsigned char)*p;
		if (c == '"') return p;
		if (c == '\\') {
			uint32_t code;
			*ret_escaped = true;
			p = read_escape(reader, p, &code);
			if (p == NULL) return NULL;
		} else if (c < 0x20) {
			fail(reader, LIB_INVALID, p, "control character 0x%02x in a string", c);
			return NULL;
		} else {
			/* Text in other scripts comes in runs. */
			do {
				size_t step = text_utf8_next(p, end, NULL);
				if (step == 0) {
					fail(reader, LIB_INVALID, p, "not UTF-8: byte 0x%02x", (unsigned char)*p);
					return NULL;
				}
				p += step;
			} while (p < end && (unsigned char)*p >= 0x80);
		}
	}
}

/* Unescapes what check_string has accepted. */
static bool unescape(struct json_reader *reader, const char *p, const char *end, struct text_span *ret)
{
	char *text = zf_alloc(reader->arena, (size_t)(end - p));
	if (text == NULL) {
		fail(reader, LIB_NOMEM, p, "no memory for a string");
		return false;
	}
	char *out = text;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((slash == NULL ? end : slash) - p);
		memcpy(out, p, plain);
		out += plain;
		p += plain;
		if (p < end) {
			uint32_t code = 0;
			p = read_escape(reader, p, &code);
			assert(p != NULL);
			out += text_utf8_put(code, out);
		}
	}
	*ret = (struct text_span){text, (size_t)(out - text)};
	return true;
}

/* A string with an escape, with text in other scripts or that is wrong. */
__attribute__((noinline)) static bool read_string_slow(struct json_reader *reader, struct text_span *ret)
{
	bool escaped;
	const char *begin = reader->pos + 1;
	const char *end = check_string(reader, begin, &escaped);
	if (end == NULL) return false;
	if (!escaped) {
		*ret = (struct text_span){begin, (size_t)(end - begin)};
	} else if (!unescape(reader, begin, end, ret)) {
		return false;
	}
	reader->pos = end + 1;
	return true;
}

/* reader->pos is at the opening quote; moves behind the closing one. */
static inline bool read_string(struct json_reader *reader, struct text_span *ret)
{
	const char *begin = reader->pos + 1;
	const char *end = text_plain_end(begin, reader->end);
	if (end >= reader->end || *end != '"') return read_string_slow(reader, ret);
	*ret = (struct text_span){begin, (size_t)(end - begin)};
	reader->pos = end + 1;
	return true;
}

/* ---- keys ---- */

static uint64_t key_hash(const char *p, size_t len)
{
	uint64_t head = 0, tail = 0;
	if (len >= 8) {
		head = load64(p);
		tail = load64(p + len - 8);
	} else if (len >= 4) {
		head = (uint64_t)load32(p) << 32 | load32(p + len - 4);
	} else {
		for (size_t i = 0; i < len; i++) head = head << 8 | (unsigned char)p[i];
	}
	return (head * UINT64_C(0x9E3779B97F4A7C15)) ^ (tail * UINT64_C(0xC2B2AE3D27D4EB4F)) ^ len;
}

static int key_compare(const struct json_key *a, const struct json_key *b)
{
	if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
	if (a->len != b->len) return a->len < b->len ? -1 : 1;
	return memcmp(a->ptr, b->ptr, a->len);
}

static enum json_type fail_duplicate(struct json_reader *reader, const struct json_key *key)
{
	const char *where = reader->begin + key->offset;
	bool plain = key->len > 0 && key->len <= 64;
	for (uint32_t i = 0; plain && i < key->len; i++) {
		char c = key->ptr[i];
		plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
	}
	if (plain) return fail(reader, LIB_INVALID, where, "duplicate key \"%.*s\"", (int)key->len, key->ptr);
	return fail(reader, LIB_INVALID, where, "duplicate key");
}

static bool keys_grow(struct json_reader *reader)
{
	uint32_t cap = reader->keys_cap * 2;
	struct json_key *keys = zf_alloc_array(reader->arena, cap, sizeof(*keys));
	if (keys == NULL) {
		fail(reader, LIB_NOMEM, reader->pos, "no memory for keys");
		return false;
	}
	memcpy(keys, reader->keys, reader->keys_len * sizeof(*keys));
	reader->keys = keys;
	reader->keys_cap = cap;
	return true;
}

/* Remembers a key of the innermost object; false with the error set when it was there already. */
static bool keys_add(struct json_reader *reader, struct text_span text, const char *where)
{
	uint32_t first = reader->frames[reader->depth - 1] >> 1;
	struct json_key key = {
		text.ptr, key_hash(text.ptr, text.len), (uint32_t)text.len, (uint32_t)(where - reader->begin)};

	uint32_t n = reader->keys_len - first;
	if (n < KEYS_SCAN_MAX) {
		for (uint32_t i = first; i < reader->keys_len; i++) {
			if (reader->keys[i].hash == key.hash && key_compare(&reader->keys[i], &key) == 0) {
				fail_duplicate(reader, &key);
				return false;
			}
		}
	}
	if (reader->keys_len == reader->keys_cap && !keys_grow(reader)) return false;
	reader->keys[reader->keys_len++] = key;
	return true;
}

static void sift_down(struct json_key *keys, uint32_t root, uint32_t n)
{
	for (;;) {
		uint32_t child = 2 * root + 1;
		if (child >= n) return;
		if (child + 1 < n && key_compare(&keys[child], &keys[child + 1]) < 0) child++;
		if (key_compare(&keys[root], &keys[child]) >= 0) return;
		struct json_key swap = keys[root];
		keys[root] = keys[child];
		keys[child] = swap;
		root = child;
	}
}

/* Forgets the innermost object's keys, after looking for equal ones where keys_add has not. Heap sort, because its
 * worst case is n log n and it needs no memory. */
static bool keys_close(struct json_reader *reader)
{
	uint32_t first = reader->frames[reader->depth - 1] >> 1;
	uint32_t n = reader->keys_len - first;
	struct json_key *keys = reader->keys + first;

	reader->keys_len = first;
	if (n <= KEYS_SCAN_MAX) return true;
	for (uint32_t i = n / 2; i-- > 0;) sift_down(keys, i, n);
	for (uint32_t i = n - 1; i > 0; i--) {
		struct json_key swap = keys[0];
		keys[0] = keys[i];
		keys[i] = swap;
		sift_down(keys, 0, i);
	}
	for (uint32_t i = 1; i < n; i++) {
		if (key_compare(&keys[i - 1], &keys[i]) == 0) {
			bool later = keys[i].offset > keys[i - 1].offset;
			fail_duplicate(reader, later ? &keys[i] : &keys[i - 1]);
			return false;
		}
	}
	return true;
}

/* ---- the rest of the grammar ---- */

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
	return p;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9') p++;
	return p;
}

static bool read_number(struct json_reader *reader, struct text_span *ret)
{
	const char *begin = reader->pos;
	const char *end = reader->end;
	const char *p = begin;
	const char *digits;

	if (*p == '-') p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits) {
		fail_expected(reader, p, "a digit");
		return false;
	}
	if (*digits == '0' && p - digits > 1) {
		fail(reader, LIB_INVALID, digits, "number starts with a needless zero");
		return false;
	}
	if (p < end && *p == '.') {
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits) {
			fail_expected(reader, p, "a digit after the decimal point");
			return false;
		}
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-')) p++;
		digits = p;
		p = skip_digits(p, end);
		if (p == digits) {
			fail_expected(reader, p, "a digit of the exponent");
			return false;
		}
	}
	*ret = (struct text_span){begin, (size_t)(p - begin)};
	reader->pos = p;
	return true;
}

static bool read_word(struct json_reader *reader, const char *word, size_t len)
{
	if ((size_t)(reader->end - reader->pos) < len || memcmp(reader->pos, word, len) != 0) {
		fail(reader, LIB_INVALID, reader->pos, "expected a value, found an unknown word");
		return false;
	}
	reader->pos += len;
	return true;
}

static enum json_type open_container(struct json_reader *reader, bool object)
{
	if (reader->depth == reader->depth_max) {
		return fail(reader, LIB_LIMIT, reader->pos, "nested deeper than %u", reader->depth_max);
	}
	reader->frames[reader->depth++] = reader->keys_len << 1 | (object ? 1 : 0);
	reader->state = object ? AT_FIRST_KEY : AT_FIRST_ELEMENT;
	reader->pos++;
	return object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_type close_container(struct json_reader *reader, bool object)
{
	if (object && !keys_close(reader)) return JSON_ERROR;
	reader->depth--;
	reader->state = reader->depth == 0 ? AFTER_ROOT : AFTER_VALUE;
	reader->pos++;
	return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

/* reader->pos is where a value must begin. */
static enum json_type read_value(struct json_reader *reader, struct text_span *ret_text)
{
	enum json_type type;
	if (reader->pos >= reader->end) return fail_expected(reader, reader->pos, "a value");
	switch (*reader->pos) {
	case '{':
		return open_container(reader, true);
	case '[':
		return open_container(reader, false);
	case '"':
		if (!read_string(reader, ret_text)) return JSON_ERROR;
		type = JSON_STRING_VALUE;
		break;
	case 't':
		if (!read_word(reader, "true", 4)) return JSON_ERROR;
		type = JSON_TRUE_VALUE;
		break;
	case 'f':
		if (!read_word(reader, "false", 5)) return JSON_ERROR;
		type = JSON_FALSE_VALUE;
		break;
	case 'n':
		if (!read_word(reader, "null", 4)) return JSON_ERROR;
		type = JSON_NULL_VALUE;
		break;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		if (!read_number(reader, ret_text)) return JSON_ERROR;
		type = JSON_NUMBER;
		break;
	default:
		return fail_expected(reader, reader->pos, "a value");
	}
	reader->state = reader->depth == 0 ? AFTER_ROOT : AFTER_VALUE;
	return type;
}

/* reader->pos is where a key must begin. The colon is read along with it. */
static enum json_type read_key(struct json_reader *reader, struct json_token *token)
{
	const char *begin = reader->pos;
	if (begin >= reader->end || *begin != '"') return fail_expected(reader, begin, "a key");
	if (!read_string(reader, &token->text)) return JSON_ERROR;
	token->end = (size_t)(reader->pos - reader->begin);
	if (!reader->checked && !keys_add(reader, token->text, begin)) return JSON_ERROR;
	const char *colon = skip_space(reader->pos, reader->end);
	if (colon >= reader->end || *colon != ':') return fail_expected(reader, colon, "':'");
	reader->pos = colon + 1;
	reader->state = AT_VALUE;
	return JSON_KEY;
}

/* A comma and what follows it, or the end of the container. */
static enum json_type read_after_value(struct json_reader *reader, struct json_token *token)
{
	bool object = (reader->frames[reader->depth - 1] & 1) != 0;
	char closing = object ? '}' : ']';
	char c = reader->pos < reader->end ? *reader->pos : '\0';
	if (c == closing) return close_container(reader, object);
	if (c != ',') return fail_expected(reader, reader->pos, object ? "',' or '}'" : "',' or ']'");
	reader->pos = skip_space(reader->pos + 1, reader->end);
	token->begin = (size_t)(reader->pos - reader->begin);
	return object ? read_key(reader, token) : read_value(reader, &token->text);
}

static enum json_type read_token(struct json_reader *reader, struct json_token *token)
{
	bool at_end = reader->pos >= reader->end;
	switch ((enum state)reader->state) {
	case AT_FIRST_ELEMENT:
		if (!at_end && *reader->pos == ']') return close_container(reader, false);
		return read_value(reader, &token->text);
	case AT_VALUE:
		return read_value(reader, &token->text);
	case AT_FIRST_KEY:
		if (!at_end && *reader->pos == '}') return close_container(reader, true);
		return read_key(reader, token);
	case AFTER_VALUE:
		return read_after_value(reader, token);
	case AFTER_ROOT:
		return at_end ? JSON_END : fail_expected(reader, reader->pos, "the end");
	case FAILED:
		break;
	}
	return JSON_ERROR;
}

/* Fills the caller's token member by member: a whole one copied right after it was filled would have to wait for the
 * processor to write the parts back, which took as long as all the rest. */
enum json_type json_next(struct json_reader *reader, struct json_token *ret_token)
{
	ret_token->text = (struct text_span){NULL, 0};
	if (reader->state == FAILED) return ret_token->type = JSON_ERROR;
	reader->pos = skip_space(reader->pos, reader->end);
	ret_token->begin = (size_t)(reader->pos - reader->begin);
	enum json_type type = read_token(reader, ret_token);
	if (type != JSON_KEY) ret_token->end = (size_t)(reader->pos - reader->begin);
	return ret_token->type = type;
}

#define ONES UINT64_C(0x0101010101010101)

/* Bit 7 of each byte of v that is c; false hits only above the first true one. */
static inline uint64_t bytes_equal(uint64_t v, unsigned char c)
{
	v ^= ONES * c;
	return (v - ONES) & ~v & (ONES << 7);
}

/* From p on, eight bytes at a time: past what is neither a, nor b once bit 5 is set, nor c likewise. Stops early at
 * the end of the text. */
static inline const char *pass_others(const char *p, const char *end, unsigned char a, unsigned char b, unsigned char c)
{
	while (end - p >= 8) {
		uint64_t v = load64(p), lower = v | ONES * 0x20;
		uint64_t hit = bytes_equal(v, a) | bytes_equal(lower, b) | bytes_equal(lower, c);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		if (hit != 0) return p + (__builtin_ctzll(hit) >> 3);
#else
		if (hit != 0) break;
#endif
		p += 8;
	}
	return p;
}

/* Behind the closing quote of the string that p is inside of; end when it is cut off. */
static const char *pass_string(const char *p, const char *end)
{
	for (; (p = pass_others(p, end, '"', '\\' | 0x20, '\\' | 0x20)) < end; p++) {
		if (*p == '"') return p + 1;
		if (*p == '\\' && ++p == end) break; /* the escaped byte is not looked at */
	}
	return end;
}

/* How far the rest of a container has been passed. */
struct passing {
	const char *p;
	uint64_t in_string;  /* all bits set: p is inside of a string */
	uint64_t is_escaped; /* 1: a backslash stands before p */
	uint32_t open;       /* containers open at p */
};

#ifdef __SSE2__
/* One bit for each of 64 bytes, the first one's lowest. */
struct marks {
	uint64_t quotes, slashes, opening, closing;
};

/* Bit for bit, which of 16 bytes are c once the bits of `set` are set. */
static inline uint64_t bytes_marked(__m128i v, char c, char set)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8(set)), _mm_set1_epi8(c)));
}

static inline void marks_add(struct marks *marks, const char *p, unsigned at)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
	marks->quotes |= bytes_marked(v, '"', 0) << at;
	marks->slashes |= bytes_marked(v, '\\', 0) << at;
	marks->opening |= bytes_marked(v, '{', 0x20) << at; /* and [ */
	marks->closing |= bytes_marked(v, '}', 0x20) << at; /* and ] */
}

static inline struct marks marks_find(const char *p)
{
	struct marks marks = {0};
	marks_add(&marks, p, 0);
	marks_add(&marks, p, 16);
	marks_add(&marks, p, 32);
	marks_add(&marks, p, 48);
	return marks;
}

/* The bytes behind a backslash that is none of them itself. */
static uint64_t escaped_find(uint64_t slashes, uint64_t *is_escaped)
{
	uint64_t escaped = *is_escaped;
	*is_escaped = 0;
	for (uint64_t left = slashes & ~escaped; left != 0;) {
		uint64_t slash = left & -left, next = slash << 1;
		escaped |= next;
		*is_escaped = next == 0;
		left &= ~(slash | next);
	}
	return escaped;
}

/* All bits from each set one to below the next. */
static inline uint64_t between(uint64_t v)
{
	v ^= v << 1;
	v ^= v << 2;
	v ^= v << 4;
	v ^= v << 8;
	v ^= v << 16;
	return v ^ v << 32;
}

static inline uint32_t bits_count(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & (ONES * 0x0F);
	return (uint32_t)(v * ONES >> 56);
}

/* In blocks of 64 bytes while there are any; true: the container was closed. */
static bool pass_blocks(struct passing *at, const char *end)
{
	for (; end - at->p >= 64; at->p += 64) {
		struct marks marks = marks_find(at->p);
		uint64_t strings = marks.quotes;
		if ((marks.slashes | at->is_escaped) != 0) strings &= ~escaped_find(marks.slashes, &at->is_escaped);
		strings = between(strings) ^ at->in_string;
		at->in_string = -(strings >> 63);
		uint64_t opening = marks.opening & ~strings, closing = marks.closing & ~strings;
		uint32_t closed = bits_count(closing);
		if (closed < at->open) {
			at->open += bits_count(opening) - closed;
			continue;
		}
		for (uint64_t left = opening | closing; left != 0; left &= left - 1) {
			if ((closing & left & -left) == 0) {
				at->open++;
			} else if (--at->open == 0) {
				at->p += __builtin_ctzll(left) + 1;
				return true;
			}
		}
	}
	return false;
}
#endif

/* Passes the rest of the innermost container without looking at more than brackets and strings. */
static bool pass_container(struct json_reader *reader)
{
	struct passing at = {.p = reader->pos, .open = 1};
	const char *p, *end = reader->end;
	bool closed = false;
#ifdef __SSE2__
	closed = pass_blocks(&at, end);
#endif
	p = closed || at.p == end ? at.p : at.p + at.is_escaped;
	if (!closed && at.in_string != 0) p = pass_string(p, end);
	while (!closed && (p = pass_others(p, end, '"', '{', '}')) < end) {
		char c = *p++;
		if (c == '"')
			p = pass_string(p, end);
		else if (c == '{' || c == '[')
			at.open++;
		else if (c == '}' || c == ']')
			closed = --at.open == 0;
	}
	if (!closed) {
		fail_expected(reader, end, "the end of a container");
		return false;
	}
	reader->pos = p;
	reader->depth--;
	reader->state = reader->depth == 0 ? AFTER_ROOT : AFTER_VALUE;
	return true;
}

enum json_type json_skip_from(struct json_reader *reader, const struct json_token *token, struct text_span *ret_raw)
{
	assert(token->type != JSON_KEY && token->type != JSON_OBJECT_END && token->type != JSON_ARRAY_END);
	if (token->type == JSON_ERROR) return JSON_ERROR;
	size_t end = token->end;
	if (token->type == JSON_OBJECT_BEGIN || token->type == JSON_ARRAY_BEGIN) {
		uint32_t outside = reader->depth - 1;
		struct json_token last;
		if (reader->checked && !pass_container(reader)) return JSON_ERROR;
		while (reader->depth > outside) {
			if (json_next(reader, &last) == JSON_ERROR) return JSON_ERROR;
		}
		end = (size_t)(reader->pos - reader->begin);
	}
	if (ret_raw != NULL) *ret_raw = (struct text_span){reader->begin + token->begin, end - token->begin};
	return token->type;
}

enum json_type json_skip(struct json_reader *reader, struct text_span *ret_raw)
{
	struct json_token token;
	json_next(reader, &token);
	if (token.type == JSON_ARRAY_END) return JSON_ARRAY_END;
	return json_skip_from(reader, &token, ret_raw);
}

int json_check(const char *text, size_t len, struct zf_arena *arena, uint32_t depth_max, size_t bytes_max,
	struct json_error *ret_error)
{
	struct json_reader reader;
	struct json_token token;
	json_reader_init(&reader, text, len, arena, depth_max, bytes_max);
	while (json_next(&reader, &token) > JSON_END) continue;
	if (ret_error != NULL) *ret_error = reader.error;
	return reader.error.code;
}
