/* Text of any script: UTF-8 checks, cutting at a boundary, code patterns, hex and percent encoding. Nothing here looks
 * at the locale. Spans are not NUL-terminated. */
#ifndef ADAPTERS_LIB_TEXT_H
#define ADAPTERS_LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/arena.h"
#include "lib/result.h"

/* Bytes that somebody else owns; not NUL-terminated. {NULL, 0} is "none". */
struct text_span {
	const char *ptr;
	size_t len;
};

/* A span over a string literal. */
#define TEXT(literal) ((struct text_span){(literal), sizeof(literal) - 1})

/* A span over a NUL-terminated string; NULL gives {NULL, 0}. */
static inline struct text_span text_of(const char *string)
{
	return (struct text_span){string, string == NULL ? 0 : strlen(string)};
}

static inline bool text_equal(struct text_span a, struct text_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Does the span spell exactly this NUL-terminated string? */
static inline bool text_is(struct text_span span, const char *string)
{
	size_t len = strlen(string);
	return span.len == len && (len == 0 || memcmp(span.ptr, string, len) == 0);
}

static inline bool text_has_prefix(struct text_span span, const char *prefix)
{
	size_t len = strlen(prefix);
	return span.len >= len && (len == 0 || memcmp(span.ptr, prefix, len) == 0);
}

/* The first byte from p on that a JSON string cannot hold as it is or that needs a closer look: quote, backslash,
 * control or non-ASCII; end when there is none. Sixteen or eight bytes at a time. */
static inline const char *text_plain_end(const char *p, const char *end)
{
#ifdef __SSE2__
	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: non-ASCII too */
		hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
		hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		int hits = _mm_movemask_epi8(hit);
		if (hits != 0) return p + __builtin_ctz((unsigned)hits);
		p += 16;
	}
#else
	const uint64_t ones = UINT64_C(0x0101010101010101);
	while (end - p >= 8) {
		uint64_t v;
		memcpy(&v, p, sizeof(v));
		uint64_t quote = v ^ (ones * '"');
		uint64_t slash = v ^ (ones * '\\');
		/* Each term sets the high bit of a hit; borrows make false hits only above the first true one. */
		uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((v - ones * 0x20) & ~v) | v;
		hit &= ones << 7;
		if (hit != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return p + (__builtin_ctzll(hit) >> 3);
#else
			break; /* the borrows run the other way: look byte by byte */
#endif
		}
		p += 8;
	}
#endif
	while (p < end) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
		p++;
	}
	return p;
}

/* Length in bytes (1 to 4) of the valid UTF-8 sequence that starts at p (p < end), or 0: overlong forms, surrogates,
 * values above U+10FFFF and cut sequences are not valid (RFC 3629). ret_code may be NULL. */
size_t text_utf8_next(const char *p, const char *end, uint32_t *ret_code);
/* Is all of it valid UTF-8? */
bool text_utf8_valid(const char *ptr, size_t len);
/* Number of code points; invalid bytes count as one each. */
size_t text_codepoints(const char *ptr, size_t len);
/* The largest length ≤ len_max at which valid UTF-8 can be cut without splitting a code point. */
size_t text_cut_bytes(const char *ptr, size_t len, size_t len_max);
/* A NUL-terminated copy, cut to what fits into `size` bytes; returns ret. */
const char *text_copy_cut(struct text_span span, char *ret, size_t size);
/* The length in bytes of the first codepoints_max code points (all of it when there are fewer). */
size_t text_cut_codepoints(const char *ptr, size_t len, size_t codepoints_max);
/* Writes code (a valid scalar value) as 1 to 4 bytes and returns how many. */
size_t text_utf8_put(uint32_t code, char *ret_bytes);

/* Of ASCII, whatever the locale. */
static inline bool text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool text_is_small(char c)
{
	return c >= 'a' && c <= 'z';
}
static inline bool text_is_letter(char c)
{
	return text_is_small(c) || (c >= 'A' && c <= 'Z');
}

/* Writes a number with at least width digits (at most 20) and returns how many. Not NUL-terminated. */
size_t text_digits_put(uint64_t value, unsigned width, char *ret_digits);
/* The line at *at without its end, NUL-terminated; *at moves behind it. False when there is none before `end`, when it
 * does not fit into size with its NUL, or when it holds one. */
bool text_line_copy(const uint8_t **at, const uint8_t *end, char *ret_line, size_t size);
/* printf into the arena; owned by it; NULL on no memory. */
char *text_printf(struct zf_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Compares ignoring the case of ASCII letters only. */
bool text_equal_nocase(struct text_span a, struct text_span b);
/* Without leading and trailing space, tab, CR and LF. */
struct text_span text_trim(struct text_span span);
/* Digits only, 1 to 19 of them, into a non-negative int64. LIB_INVALID, LIB_LIMIT. */
int text_to_int64(struct text_span span, int64_t *ret) LIB_MUSTUSE;

/* Does the whole of text match the code pattern? The pattern language is small, so that a hostile code or pattern costs
 * at most len(text) × len(pattern) steps:
 *   .  any one code point    [a-z0-9_] [^a-z]  one ASCII character (not) of the class    \d one digit    \x  x itself
 *   after any of them or a literal:  ?  none or one    *  any number    +  one or more    {n} {n,m}  (n ≤ m ≤ 64)
 *   ^ at the start and $ at the end are allowed and mean nothing more: a match is always of the whole text.
 * No groups, no alternatives: give several patterns. Example, ICD-10 with a national extension:
 * "[A-Z][0-9][0-9A-Z]\\.?[0-9A-Za-z]*". Returns 1 match, 0 no match, LIB_INVALID when the pattern is not well formed,
 * LIB_LIMIT when the pattern has more than TEXT_PATTERN_ITEMS_MAX items or the text more than TEXT_PATTERN_TEXT_MAX
 * bytes. */
int text_match(const char *pattern, struct text_span text);
#define TEXT_PATTERN_ITEMS_MAX 256
#define TEXT_PATTERN_TEXT_MAX 4096

/* Percent-encodes everything but A-Z a-z 0-9 - . _ ~ (RFC 3986). NUL-terminated; NULL on no memory. */
char *text_percent_encode(struct zf_arena *arena, const char *ptr, size_t len);

/* Lower-case hex of len bytes into ret (2 * len + 1 bytes, NUL-terminated). */
void text_hex_encode(const void *bytes, size_t len, char *ret);
/* Exactly 2 * len hex digits of either case into len bytes. LIB_INVALID. */
int text_hex_decode(const char *hex, size_t hex_len, uint8_t *ret, size_t len) LIB_MUSTUSE;

#endif
