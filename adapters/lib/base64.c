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

static int sextet(char c, char c62, char c63)
{
	if (c >= 'A' && c <= 'Z') return c - 'A';
	if (c >= 'a' && c <= 'z') return c - 'a' + 26;
	if (c >= '0' && c <= '9') return c - '0' + 52;
	if (c == c62) return 62;
	if (c == c63) return 63;
	return -1;
}

/* len characters without padding. Writes never overtake reads, so ret may be the input. */
static int decode(const char *text, size_t len, char c62, char c63, uint8_t *ret, size_t *ret_len)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0;

	if (len % 4 == 1) return LIB_INVALID;
	for (size_t i = 0; i < len; i++) {
		int value = sextet(text[i], c62, c63);
		if (value < 0) return LIB_INVALID;
		bits = (bits << 6 | (uint32_t)value) & 0xFFFF;
		held += 6;
		if (held >= 8) {
			held -= 8;
			ret[n++] = (uint8_t)(bits >> held);
		}
	}
	/* The bits left over belong to no byte: anything but zero would be a second spelling of the same bytes. */
	if ((bits & ((1U << held) - 1)) != 0) return LIB_INVALID;
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
	return decode(text, len, '+', '/', ret, ret_len);
}

int base64url_decode(const char *text, size_t len, uint8_t *ret, size_t *ret_len)
{
	return decode(text, len, '-', '_', ret, ret_len);
}
