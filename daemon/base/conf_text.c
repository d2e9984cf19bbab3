/* What must be done to a configuration's text before libconfig 1.5 may read it. */
#include <ctype.h>
#include <string.h>

#include "base/conf_value.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of the string, comment or name that begins at `at`; 0 when none does. */
static size_t skip_len(const char *at)
{
	const char *end;

	if (*at == '"') {
		end = at + 1;
		while (*end != '\0' && *end != '"') end += *end == '\\' && end[1] != '\0' ? 2 : 1;
		return (size_t)(end - at) + (*end == '"');
	}
	if (*at == '#' || (at[0] == '/' && at[1] == '/')) return strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		end = strstr(at + 2, "*/");
		return end == NULL ? strlen(at) : (size_t)(end - at) + 2;
	}
	if (!isalpha((unsigned char)*at) && *at != '*') return 0;
	end = at + 1;
	while (isalnum((unsigned char)*end) || (*end != '\0' && strchr("-_*", *end) != NULL)) end++;
	return (size_t)(end - at);
}

/* Whether the string of len bytes ends in a quote that is not escaped. */
static bool string_ends(const char *at, size_t len)
{
	size_t escapes = 0;

	if (len < 2 || at[len - 1] != '"') return false;
	while (escapes + 2 < len && at[len - 2 - escapes] == '\\') escapes++;
	return escapes % 2 == 0;
}

/* The length of the number that begins at `at` (a digit or a point), and whether it is a whole one without its L. */
static size_t number_len(const char *at, bool *ret_plain)
{
	const char *end = at;

	*ret_plain = true;
	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		end += 2;
		while (isxdigit((unsigned char)*end)) end++;
	} else {
		while (is_digit(*end)) end++;
		if (*end == '.' || *end == 'e' || *end == 'E') {
			*ret_plain = false;
			while (is_digit(*end) || (*end != '\0' && strchr(".eE", *end) != NULL) ||
				((*end == '+' || *end == '-') && (end[-1] == 'e' || end[-1] == 'E'))) {
				end++;
			}
		}
	}
	if (*end == 'L') {
		*ret_plain = false;
		while (*end == 'L') end++;
	}
	return (size_t)(end - at);
}

unsigned conf_text_open_line(const char *text)
{
	unsigned line = 1;

	for (const char *at = text; *at != '\0';) {
		size_t len = skip_len(at);
		const char *end = at + (len == 0 ? 1 : len);
		if (*end == '\0' && len > 0) {
			if (*at == '"' && !string_ends(at, len)) return line;
			if (at[0] == '/' && at[1] == '*' && (len < 4 || end[-1] != '/' || end[-2] != '*')) return line;
		}
		for (; at < end; at++) line += *at == '\n';
	}
	return 0;
}

int conf_text_widen(const char *text, struct buf *out)
{
	const char *at = text;
	int rc = 0;

	while (rc == 0 && *at != '\0') {
		bool plain = false;
		size_t len = skip_len(at);
		if (len == 0 && (is_digit(*at) || *at == '.')) len = number_len(at, &plain);
		if (len == 0) len = 1;
		rc = buf_append(out, at, len);
		if (rc == 0 && plain) rc = buf_append(out, "L", 1);
		at += len;
	}
	return rc != 0 ? rc : buf_append(out, "", 1);
}
