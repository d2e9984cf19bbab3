/* Folding, packing and slips. */
#include "settle/match_text.h"

#include <string.h>

#include "lib/text.h"

#define CHAR_BITS 6
#define WORD_CHARS 10           /* of a key */
#define WIDE_FIRST 0x2e80       /* code points from here on are of scripts that need few characters for a name */
#define FULL_WIDTH_FIRST 0xff01 /* the ASCII characters from '!' on, in the width of Chinese ones */
#define FULL_WIDTH_LAST 0xff5e
#define PUNCTUATION_FIRST 0x2000 /* general punctuation and symbols */
#define WIDE_MARKS_FIRST 0x3000  /* the ideographic blank and marks */
#define WIDE_MARKS_LAST 0x303f

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/* The folded letter or digit, or 0. */
static char fold(uint32_t code)
{
	if (code >= FULL_WIDTH_FIRST && code <= FULL_WIDTH_LAST) code = code - FULL_WIDTH_FIRST + '!';
	if (code >= 'a' && code <= 'z') code = code - 'a' + 'A';
	if (code == 'O') return '0';
	if (code == 'I') return '1';
	return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ? (char)code : '\0';
}

/* The next code point; a byte that is no UTF-8 counts as a mark. */
static uint32_t next_code(const char **at, const char *end)
{
	uint32_t code = 0;
	if ((unsigned char)**at < 0x80) return (unsigned char)*(*at)++;
	size_t len = text_utf8_next(*at, end, &code);
	*at += len == 0 ? 1 : len;
	return len == 0 ? ' ' : code;
}

static bool says_nothing(const char *field)
{
	static const char *const nothing[] = {"NOTPROVIDED", "NONREF", "NOREF", "NONE"};
	struct text_span trimmed = text_trim(text_of(field));
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		if (text_equal_nocase(trimmed, text_of(nothing[i]))) return true;
	}
	return trimmed.len == 0;
}

void match_text_add(struct match_text *text, const char *field)
{
	if (field == NULL || says_nothing(field)) return;
	const char *at = field, *end = field + strlen(field);
	size_t first = text->len;
	bool apart = true;
	while (at < end && text->len < MATCH_TEXT_MAX) {
		uint32_t code = next_code(&at, end);
		char c = fold(code);
		if (c == '\0') {
			if (!apart) text->marks[text->len - 1] |= MATCH_END;
			apart = true;
			continue;
		}
		text->folded[text->len] = c;
		bool digit = (code >= '0' && code <= '9') || (code > FULL_WIDTH_FIRST && c >= '2' && c <= '9');
		text->marks[text->len] = (uint8_t)((apart ? MATCH_BEGIN : 0) | (digit ? MATCH_DIGIT : 0));
		apart = false;
		text->len++;
	}
	if (text->len > first) text->marks[text->len - 1] |= MATCH_END | MATCH_FIELD_END;
}

static uint64_t char_code(char c)
{
	return (uint64_t)(c <= '9' ? c - '0' + 1 : c - 'A' + 11);
}

struct match_key match_key_of(const char *folded, size_t len)
{
	uint64_t words[2] = {0, 0};
	if (len > MATCH_KEY_CHARS) len = MATCH_KEY_CHARS;
	for (size_t i = 0; i < len; i++) {
		words[i / WORD_CHARS] |= char_code(folded[i]) << (CHAR_BITS * (WORD_CHARS - 1 - i % WORD_CHARS));
	}
	return (struct match_key){words[0], words[1]};
}

struct match_key match_key_last(const char *folded, size_t len)
{
	struct match_key key = match_key_of(folded, len);
	size_t hi = len < WORD_CHARS ? WORD_CHARS - len : 0;
	size_t lo = len < WORD_CHARS ? WORD_CHARS : 2 * WORD_CHARS - len;
	key.hi |= (UINT64_C(1) << (hi * CHAR_BITS)) - 1;
	key.lo |= (UINT64_C(1) << (lo * CHAR_BITS)) - 1;
	return key;
}

char match_key_char(struct match_key key, size_t at)
{
	uint64_t word = at < WORD_CHARS ? key.hi : key.lo;
	uint64_t code = word >> (CHAR_BITS * (WORD_CHARS - 1 - at % WORD_CHARS)) & ((1u << CHAR_BITS) - 1);
	if (code == 0) return '\0';
	return (char)(code <= 10 ? '0' + code - 1 : 'A' + code - 11);
}

size_t match_key_fold(const char *number, char *ret, size_t max)
{
	size_t len = 0;
	if (number == NULL) return 0;
	const char *at = number, *end = number + strlen(number);
	while (at < end && len < max) {
		char c = fold(next_code(&at, end));
		if (c != '\0') ret[len++] = c;
	}
	return len;
}

bool match_key_begins(struct match_key key, const char *folded, size_t len)
{
	if (match_key_none(key)) return false;
	return match_key_compare(match_key_of(folded, len), key) <= 0 &&
	       match_key_compare(key, match_key_last(folded, len)) <= 0;
}

/* A key as one number, to be shifted by characters. */
static unsigned __int128 key_number(struct match_key key)
{
	return (unsigned __int128)key.hi << (WORD_CHARS * CHAR_BITS) | key.lo;
}

static struct match_key number_key(unsigned __int128 number)
{
	const uint64_t word = (UINT64_C(1) << (WORD_CHARS * CHAR_BITS)) - 1;
	return (struct match_key){(uint64_t)(number >> (WORD_CHARS * CHAR_BITS)) & word, (uint64_t)number & word};
}

/* The place of a character in such a number. */
static unsigned place(size_t at)
{
	return (unsigned)(CHAR_BITS * (2 * WORD_CHARS - 1 - at));
}

/* The characters before one. */
static unsigned __int128 before(unsigned __int128 number, size_t at)
{
	return at == 0 ? 0 : number >> place(at - 1) << place(at - 1);
}

/* Slips that keep the length, or take one too many away. */
static void slips_within(const char *folded, size_t len, size_t first, match_slip_fn *tell, void *context)
{
	unsigned __int128 number = key_number(match_key_of(folded, len));
	for (size_t i = 0; i < len && i < first; i++) {
		unsigned __int128 own = (unsigned __int128)char_code(folded[i]) << place(i), without = number - own;
		if (i == 0 || folded[i] != folded[i - 1]) {
			unsigned __int128 head = before(number, i);
			tell(context, number_key(head | (without - head) << CHAR_BITS), len - 1);
		}
		if (i + 1 < len && folded[i] != folded[i + 1]) {
			unsigned __int128 next = (unsigned __int128)char_code(folded[i + 1]) << place(i + 1);
			tell(context, number_key(number - own - next + (own >> CHAR_BITS) + (next << CHAR_BITS)), len);
		}
		for (const char *c = alphabet; *c != '\0'; c++) {
			if (*c == folded[i]) continue;
			tell(context, number_key(without | (unsigned __int128)char_code(*c) << place(i)), len);
		}
	}
}

void match_slips(const char *folded, size_t len, size_t first, match_slip_fn *tell, void *context)
{
	if (len < 2 || len > MATCH_KEY_CHARS) return;
	slips_within(folded, len, first, tell, context);
	if (len == MATCH_KEY_CHARS) return;
	unsigned __int128 number = key_number(match_key_of(folded, len));
	for (size_t i = 0; i <= len && i < first; i++) { /* one was dropped */
		unsigned __int128 head = before(number, i), around = head | (number - head) >> CHAR_BITS;
		for (const char *c = alphabet; *c != '\0'; c++) {
			if (i > 0 && *c == folded[i - 1]) continue;
			tell(context, number_key(around | (unsigned __int128)char_code(*c) << place(i)), len + 1);
		}
	}
}

size_t match_name_fold(const char *name, char ret[MATCH_NAME_SIZE])
{
	size_t len = 0, weight = 0;
	const char *at = name == NULL ? "" : name, *end = at + strlen(at);
	while (at < end) {
		const char *begin = at;
		uint32_t code = next_code(&at, end);
		char c = fold(code);
		size_t take = c != '\0' ? 1 : (size_t)(at - begin);
		bool mark = c == '\0' && (code < 0xc0 || (code >= PUNCTUATION_FIRST && code < WIDE_FIRST) ||
						 (code >= WIDE_MARKS_FIRST && code <= WIDE_MARKS_LAST) ||
						 (code >= FULL_WIDTH_FIRST && code <= FULL_WIDTH_LAST));
		if (mark) continue;
		if (len + take >= MATCH_NAME_SIZE) break;
		if (c != '\0') {
			ret[len] = c;
		} else {
			memcpy(ret + len, begin, take);
		}
		len += take;
		weight += c == '\0' && code >= WIDE_FIRST ? 2 : 1;
	}
	ret[len] = '\0';
	return weight;
}
