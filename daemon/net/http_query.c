/* Names and values of a query string or a form. */
#include "net/http_query.h"

int http_hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

/* The length of the UTF-8 sequence that begins here, 0 when it is not one. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
	size_t need;
	uint8_t low = 0x80, high = 0xbf; /* bounds of the second byte: exclude overlong forms, surrogates, > U+10FFFF */
	if (p[0] == 0) return 0;
	if (p[0] < 0x80) return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		need = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		need = 3;
		if (p[0] == 0xe0) low = 0xa0;
		if (p[0] == 0xed) high = 0x9f;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		need = 4;
		if (p[0] == 0xf0) low = 0x90;
		if (p[0] == 0xf4) high = 0x8f;
	} else {
		return 0;
	}
	if (left < need || p[1] < low || p[1] > high) return 0;
	for (size_t i = 2; i < need; i++)
		if ((p[i] & 0xc0) != 0x80) return 0;
	return need;
}

bool http_utf8_valid(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	for (size_t i = 0; i < len;) {
		size_t step = utf8_sequence(p + i, len - i);
		if (step == 0) return false;
		i += step;
	}
	return true;
}

static int decode(const char *text, size_t len, struct zf_arena *arena, const char **ret_text)
{
	char *out = len == SIZE_MAX ? NULL : zf_alloc(arena, len + 1);
	size_t n = 0;
	if (out == NULL) return err_set(ERR_NOMEM, "no memory for a parameter");
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			bool whole = len - i > 2;
			int high = whole ? http_hex_value((uint8_t)text[i + 1]) : -1;
			int low = whole ? http_hex_value((uint8_t)text[i + 2]) : -1;
			if (high < 0 || low < 0) return err_set(ERR_INVALID, "broken percent-encoding in a parameter");
			c = (char)(high << 4 | low);
			i += 2;
		}
		out[n++] = c;
	}
	if (!http_utf8_valid(out, n)) return err_set(ERR_INVALID, "a parameter is not UTF-8 text");
	out[n] = '\0';
	*ret_text = out;
	return 0;
}

static int param_parse(const char *text, size_t len, struct zf_arena *arena, struct http_param *ret_param)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals == NULL ? len : (size_t)(equals - text);
	int rc = decode(text, name_len, arena, &ret_param->name);
	if (rc != 0) return rc;
	if (equals == NULL) {
		ret_param->value = "";
		return 0;
	}
	return decode(equals + 1, len - name_len - 1, arena, &ret_param->value);
}

int http_query_parse(
	const char *text, size_t len, struct zf_arena *arena, struct http_param **ret_params, size_t *ret_count)
{
	size_t most = 1, count = 0;
	for (size_t i = 0; i < len; i++) most += text[i] == '&';
	if (most > HTTP_PARAMS_MAX) return err_set(ERR_LIMIT, "more than %d parameters", HTTP_PARAMS_MAX);
	struct http_param *params = zf_alloc_array(arena, most, sizeof(*params));
	if (params == NULL) return err_set(ERR_NOMEM, "no memory for parameters");
	for (size_t begin = 0; begin < len;) {
		const char *amp = memchr(text + begin, '&', len - begin);
		size_t end = amp == NULL ? len : (size_t)(amp - text);
		if (end > begin) {
			int rc = param_parse(text + begin, end - begin, arena, &params[count]);
			if (rc != 0) return rc;
			count++;
		}
		begin = end + 1;
	}
	*ret_params = params;
	*ret_count = count;
	return 0;
}

const char *http_param_get(const struct http_param *params, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(params[i].name, name) == 0) return params[i].value;
	return NULL;
}
