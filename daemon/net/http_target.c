/* The request target: origin-form only, one way to read it. */
#include "net/http_target.h"

#include <ctype.h>
#include <string.h>

#include "net/http_query.h"

#define HOST_LEN_MAX 255

/* pchar of RFC 3986 without "%". */
static bool is_path_char(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || (c != 0 && strchr("-._~!$&'()*+,;=:@/", c) != NULL));
}

/* Browsers and common HTTP clients send some characters of a query that RFC 3986 forbids, the "|" of FHIR token
 * searches above all: they are taken, as they can mean nothing else. What could end a target or open a comment cannot.
 */
static bool is_query_char(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '#' && c != '<' && c != '>' && c != '\\';
}

/* Checks the escape at ptr[0]; the byte it stands for, or -1. */
static int escape_value(const uint8_t *ptr, size_t len)
{
	if (len < 3) return -1;
	int high = http_hex_value(ptr[1]), low = http_hex_value(ptr[2]);
	if (high < 0 || low < 0) return -1;
	return high << 4 | low;
}

static enum http_bad path_decode(const uint8_t *ptr, size_t len, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		int c = ptr[i];
		if (c == '%') {
			c = escape_value(ptr + i, len - i);
			/* An encoded slash would be one segment for us and two for whoever decodes first. */
			if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') return HTTP_BAD_TARGET_PERCENT;
			i += 2;
		} else if (!is_path_char((uint8_t)c)) {
			return HTTP_BAD_TARGET_CHAR;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return http_utf8_valid(out, n) ? HTTP_BAD_NONE : HTTP_BAD_TARGET_PERCENT;
}

static bool has_dot_segment(const char *path)
{
	for (const char *p = path; p != NULL; p = strchr(p + 1, '/')) {
		const char *segment = p + 1;
		size_t len = strcspn(segment, "/");
		if ((len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.'))
			return true;
	}
	return false;
}

static enum http_bad query_check(const uint8_t *ptr, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (ptr[i] == '%') {
			if (escape_value(ptr + i, len - i) <= 0) return HTTP_BAD_TARGET_PERCENT;
			i += 2;
		} else if (!is_query_char(ptr[i])) {
			return HTTP_BAD_TARGET_CHAR;
		}
	}
	return HTTP_BAD_NONE;
}

enum http_bad http_target_parse(const uint8_t *ptr, size_t len, struct zf_arena *arena, struct http_target *ret_target)
{
	if (len == 0) return HTTP_BAD_REQUEST_LINE;
	if (ptr[0] != '/') return HTTP_BAD_TARGET_FORM;
	const uint8_t *mark = memchr(ptr, '?', len);
	size_t path_len = mark == NULL ? len : (size_t)(mark - ptr);
	char *text = zf_strndup(arena, (const char *)ptr, len);
	char *path = zf_alloc(arena, path_len + 1);
	if (text == NULL || path == NULL) return HTTP_BAD_MEMORY;
	enum http_bad bad = path_decode(ptr, path_len, path);
	if (bad == HTTP_BAD_NONE && has_dot_segment(path)) bad = HTTP_BAD_TARGET_DOTS;
	if (bad == HTTP_BAD_NONE && mark != NULL) bad = query_check(mark + 1, len - path_len - 1);
	if (bad != HTTP_BAD_NONE) return bad;
	ret_target->text = text;
	ret_target->path = path;
	ret_target->query = mark == NULL ? "" : text + path_len + 1;
	return HTTP_BAD_NONE;
}

static bool port_valid(const char *port)
{
	size_t len = strlen(port);
	long value = 0;
	if (len == 0 || len > 5) return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)port[i])) return false;
		value = value * 10 + (port[i] - '0');
	}
	return value >= 1 && value <= 65535;
}

bool http_host_valid(const char *host)
{
	size_t len = 0, total = strlen(host);
	if (total == 0 || total > HOST_LEN_MAX) return false;
	if (host[0] == '[') {
		len = 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
		if (len < 3 || host[len] != ']') return false;
		len++;
	} else {
		while (isalnum((unsigned char)host[len]) || (host[len] != '\0' && strchr("-._~", host[len]) != NULL))
			len++;
		if (len == 0) return false;
	}
	if (host[len] == '\0') return true;
	return host[len] == ':' && port_valid(host + len + 1);
}
