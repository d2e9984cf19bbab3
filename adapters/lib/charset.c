/* UTF-8 is checked, Latin is a table, the rest is libc's iconv. */
#include "lib/charset.h"

#include <errno.h>
#include <iconv.h>

static const char *const names[] = {"UTF-8", "ISO-8859-1", "ISO-8859-15", "GB18030", "CP852"};

const char *charset_name(enum charset_kind kind)
{
	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

int charset_find(struct text_span name, enum charset_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*ret_kind = (enum charset_kind)i;
		if (text_equal_nocase(name, text_of(names[i]))) return 0;
	}
	return LIB_NOTFOUND;
}

int charset_open(struct charset *charset, enum charset_kind kind)
{
	*charset = (struct charset){.kind = kind};
	if (kind == CHARSET_UTF8 || kind == CHARSET_LATIN1 || kind == CHARSET_LATIN9) return 0;
	if ((size_t)kind >= sizeof(names) / sizeof(names[0])) return LIB_INVALID;
	iconv_t converter = iconv_open("UTF-8", names[kind]);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): iconv's own word for none */
	if (converter == (iconv_t)-1) return errno == ENOMEM ? LIB_NOMEM : LIB_INVALID;
	charset->converter = converter;
	return 0;
}

int charset_hold(enum charset_kind charset, void **ret_hold)
{
	struct charset held;
	int rc = charset_open(&held, charset);
	if (rc == 0) *ret_hold = held.converter;
	return rc;
}

void charset_release(void *hold)
{
	if (hold != NULL) (void)iconv_close(hold);
}

void charset_close(struct charset *charset)
{
	if (charset->converter != NULL) (void)iconv_close(charset->converter);
	charset->converter = NULL;
}

bool charset_is_cut(const struct charset *charset)
{
	return charset->cut_len > 0;
}

/* ---- Latin ---- */

static uint32_t latin9(uint8_t byte)
{
	switch (byte) {
	case 0xa4:
		return 0x20ac;
	case 0xa6:
		return 0x160;
	case 0xa8:
		return 0x161;
	case 0xb4:
		return 0x17d;
	case 0xb8:
		return 0x17e;
	case 0xbc:
		return 0x152;
	case 0xbd:
		return 0x153;
	case 0xbe:
		return 0x178;
	default:
		return byte;
	}
}

static int next_latin(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text)
{
	size_t used = 0, made = 0;
	int rc = 0;
	for (; used < *len && made + 4 <= sizeof(charset->out); used++) {
		uint8_t byte = (uint8_t)(*bytes)[used];
		if (byte == 0) {
			rc = LIB_INVALID;
			break;
		}
		uint32_t code = charset->kind == CHARSET_LATIN9 ? latin9(byte) : byte;
		made += text_utf8_put(code, charset->out + made);
	}
	*bytes += used;
	*len -= used;
	*ret_text = (struct text_span){charset->out, made};
	return rc;
}

/* ---- UTF-8 ---- */

/* How long the character is that begins with this byte; 0: none does. */
static size_t utf8_length(uint8_t first)
{
	if (first < 0x80) return 1;
	if (first >= 0xC2 && first <= 0xDF) return 2;
	if (first >= 0xE0 && first <= 0xEF) return 3;
	return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

/* Completes the character that was cut before. */
static int next_cut(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text)
{
	size_t need = utf8_length(charset->cut[0]);
	while (charset->cut_len<need && * len> 0) {
		charset->cut[charset->cut_len++] = (uint8_t) * (*bytes)++;
		--*len;
	}
	*ret_text = (struct text_span){charset->out, 0};
	if (charset->cut_len < need) return 0;
	charset->cut_len = 0;
	memcpy(charset->out, charset->cut, need);
	if (text_utf8_next(charset->out, charset->out + need, NULL) != need) return LIB_INVALID;
	ret_text->len = need;
	return 0;
}

static int next_utf8(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text)
{
	if (charset->cut_len > 0) return next_cut(charset, bytes, len, ret_text);
	const char *p = *bytes, *end = p + *len;
	int rc = 0;
	while (p < end) {
		size_t step = *p == '\0' ? 0 : text_utf8_next(p, end, NULL);
		if (step == 0) {
			size_t need = utf8_length((uint8_t)*p);
			if (*p == '\0' || need == 0 || (size_t)(end - p) >= need) {
				rc = LIB_INVALID;
			}
			break;
		}
		p += step;
	}
	*ret_text = (struct text_span){*bytes, (size_t)(p - *bytes)};
	if (rc == 0 && p < end) {
		charset->cut_len = (size_t)(end - p);
		memcpy(charset->cut, p, charset->cut_len);
		p = end;
	}
	*len = (size_t)(end - p);
	*bytes = p;
	return rc;
}

/* ---- iconv ---- */

static int next_iconv(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text)
{
	char *out = charset->out;
	size_t room = sizeof(charset->out), rc;
	int result = 0;
	*ret_text = (struct text_span){charset->out, 0};
	if (charset->cut_len > 0) {
		/* One byte more each time, until the character is whole or too long to be one. */
		charset->cut[charset->cut_len++] = (uint8_t) * (*bytes)++;
		--*len;
		char *in = (char *)charset->cut;
		size_t left = charset->cut_len;
		rc = iconv(charset->converter, &in, &left, &out, &room);
		if (rc == (size_t)-1 && errno == EINVAL && charset->cut_len < 4) return 0;
		if (rc == (size_t)-1) return LIB_INVALID;
		charset->cut_len = 0;
	} else {
		char *in = (char *)(uintptr_t)*bytes;
		size_t left = *len;
		rc = iconv(charset->converter, &in, &left, &out, &room);
		int error = rc == (size_t)-1 ? errno : 0;
		*bytes = in;
		*len = left;
		if (error == EINVAL) {
			if (left >= sizeof(charset->cut)) return LIB_INVALID;
			memcpy(charset->cut, in, left);
			charset->cut_len = left;
			*bytes += left;
			*len = 0;
		}
		if (error == EILSEQ) result = LIB_INVALID;
	}
	ret_text->len = (size_t)(out - charset->out);
	const char *zero = memchr(charset->out, '\0', ret_text->len);
	if (zero == NULL) return result;
	ret_text->len = (size_t)(zero - charset->out);
	return LIB_INVALID;
}

int charset_next(struct charset *charset, const char **bytes, size_t *len, struct text_span *ret_text)
{
	int rc;
	if (charset->converter != NULL) {
		rc = next_iconv(charset, bytes, len, ret_text);
	} else if (charset->kind == CHARSET_UTF8) {
		rc = next_utf8(charset, bytes, len, ret_text);
	} else {
		rc = next_latin(charset, bytes, len, ret_text);
	}
	if (!charset->begun && ret_text->len > 0) {
		charset->begun = true;
		if (charset->kind != CHARSET_LATIN1 && charset->kind != CHARSET_LATIN9 &&
			text_has_prefix(*ret_text, "\xef\xbb\xbf")) {
			ret_text->ptr += 3;
			ret_text->len -= 3;
		}
	}
	return rc;
}
