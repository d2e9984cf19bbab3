/* Base64, strict both ways. */
#include "lib/base64.h"

#include <stdbool.h>

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(const char *alphabet, bool pad, const uint8_t *in, size_t len, char *ret)
{
	char *out = ret;
	while (len >= 3) {
		uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & 63];
		*out++ = alphabet[group >> 6 & 63];
		*out++ = alphabet[group & 63];
		in += 3;
		len -= 3;
	}
	if (len > 0) {
		uint32_t group = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & 63];
		if (len == 2) *out++ = alphabet[group >> 6 & 63];
		if (pad) {
			if (len == 1) *out++ = '=';
			*out++ = '=';
		}
	}
	*out = '\0';
	return (size_t)(out - ret);
}

size_t base64_encode(const void *bytes, size_t len, char *ret)
{
	return encode(plain, true, bytes, len, ret);
}

size_t base64url_encode(const void *bytes, size_t len, char *ret)
{
	return encode(url, false, bytes, len, ret);
}

/* What a character stands for, plus one; 0: it is foreign. */
#define LETTERS_AND_DIGITS                                                                                             \
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, \
	['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19,    \
	['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,    \
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37,    \
	['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46,    \
	['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55,    \
	['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62
static const uint8_t plain_sextets[256] = {LETTERS_AND_DIGITS, ['+'] = 63, ['/'] = 64};
static const uint8_t url_sextets[256] = {LETTERS_AND_DIGITS, ['-'] = 63, ['_'] = 64};

/* The last two or three characters. Bits left over belong to no byte: anything but zero would be a second spelling of
 * the same bytes. */
static int decode_rest(const uint8_t *in, size_t len, const uint8_t *sextets, uint8_t *ret)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < len; i++) {
		if (sextets[in[i]] == 0) return LIB_INVALID;
		bits = bits << 6 | (uint32_t)(sextets[in[i]] - 1);
	}
	if ((bits & (len == 2 ? 0xFU : 0x3U)) != 0) return LIB_INVALID;
	ret[0] = (uint8_t)(bits >> (len == 2 ? 4 : 10));
	if (len == 3) ret[1] = (uint8_t)(bits >> 2);
	return 0;
}

/* len characters without padding. Writes never overtake reads, so ret may be the input. */
static int decode(const char *text, size_t len, const uint8_t *sextets, uint8_t *ret, size_t *ret_len)
{
	const uint8_t *in = (const uint8_t *)text;
	size_t n = 0;

	if (len % 4 == 1) return LIB_INVALID;
	for (; len >= 4; len -= 4, in += 4) {
		uint32_t a = sextets[in[0]], b = sextets[in[1]], c = sextets[in[2]], d = sextets[in[3]];

		if (a == 0 || b == 0 || c == 0 || d == 0) return LIB_INVALID;
		a = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		ret[n++] = (uint8_t)(a >> 16);
		ret[n++] = (uint8_t)(a >> 8);
		ret[n++] = (uint8_t)a;
	}
	if (len > 0) {
		int r = decode_rest(in, len, sextets, ret + n);
		if (r != 0) return r;
		n += len - 1;
	}
	*ret_len = n;
	return 0;
}

int base64_decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len)
{
	if (len % 4 != 0) return LIB_INVALID;
	if (len > 0 && text[len - 1] == '=') {
		len--;
		if (text[len - 1] == '=') len--;
	}
	return decode(text, len, plain_sextets, ret, ret_len);
}

int base64url_decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len)
{
	return decode(text, len, url_sextets, ret, ret_len);
}
