/* Media types: whether a Content-Type or an Accept fits a list. */
#include "net/http_media.h"

#include <string.h>
#include <strings.h>

static struct bytes trim(const char *ptr, size_t len)
{
	while (len > 0 && (*ptr == ' ' || *ptr == '\t')) ptr++, len--;
	while (len > 0 && (ptr[len - 1] == ' ' || ptr[len - 1] == '\t')) len--;
	return (struct bytes){(const uint8_t *)ptr, len};
}

/* Cuts the text up to the separator off and moves on; false at the end. */
static bool next_part(const char **text, char separator, struct bytes *ret_part)
{
	if (*text == NULL) return false;
	const char *end = strchr(*text, separator);
	size_t len = end == NULL ? strlen(*text) : (size_t)(end - *text);
	*ret_part = trim(*text, len);
	*text = end == NULL ? NULL : end + 1;
	return true;
}

/* The same inside a part that is not NUL-terminated. */
static bool next_piece(struct bytes *left, char separator, struct bytes *ret_piece)
{
	if (left->ptr == NULL) return false;
	const uint8_t *end = memchr(left->ptr, separator, left->len);
	size_t len = end == NULL ? left->len : (size_t)(end - left->ptr);
	*ret_piece = trim((const char *)left->ptr, len);
	*left = (struct bytes){end == NULL ? NULL : end + 1, end == NULL ? 0 : left->len - len - 1};
	return true;
}

static bool is_text(struct bytes part, const char *text)
{
	return part.len == strlen(text) && strncasecmp((const char *)part.ptr, text, part.len) == 0;
}

static bool charset_fits(struct bytes parameter)
{
	static const char name[] = "charset=";
	if (parameter.len < sizeof(name) - 1 || strncasecmp((const char *)parameter.ptr, name, sizeof(name) - 1) != 0)
		return true;
	struct bytes value = {parameter.ptr + sizeof(name) - 1, parameter.len - (sizeof(name) - 1)};
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		value = (struct bytes){value.ptr + 1, value.len - 2};
	return is_text(value, "utf-8");
}

bool http_media_in(const char *type, const char *list)
{
	struct bytes media, parameter, item;
	const char *cursor = type;
	if (type == NULL || !next_part(&cursor, ';', &media) || media.len == 0) return false;
	while (next_part(&cursor, ';', &parameter))
		if (!charset_fits(parameter)) return false;
	for (cursor = list; next_part(&cursor, ' ', &item);)
		if (item.len == media.len &&
			strncasecmp((const char *)item.ptr, (const char *)media.ptr, item.len) == 0)
			return true;
	return false;
}

/* How closely a range names the type: 3 exactly, 2 "type/" and a star, 1 both stars, 0 not at all. */
static int range_fits(struct bytes range, struct bytes type)
{
	if (is_text(range, "*/*") || is_text(range, "*")) return 1;
	if (range.len == type.len && strncasecmp((const char *)range.ptr, (const char *)type.ptr, type.len) == 0)
		return 3;
	const uint8_t *slash = memchr(range.ptr, '/', range.len);
	if (slash == NULL || range.len - (size_t)(slash - range.ptr) != 2 || slash[1] != '*') return 0;
	size_t prefix = (size_t)(slash - range.ptr) + 1;
	return type.len > prefix && strncasecmp((const char *)range.ptr, (const char *)type.ptr, prefix) == 0 ? 2 : 0;
}

/* False for q=0, q=0.0, ... : the client does not want it. */
static bool quality_allows(struct bytes range)
{
	struct bytes piece;
	while (next_piece(&range, ';', &piece)) {
		if (piece.len < 3 || (piece.ptr[0] != 'q' && piece.ptr[0] != 'Q') || piece.ptr[1] != '=') continue;
		for (size_t i = 2; i < piece.len; i++)
			if (piece.ptr[i] >= '1' && piece.ptr[i] <= '9') return true;
		return false;
	}
	return true;
}

static bool type_accepted(const char *accept, struct bytes type)
{
	struct bytes range, media;
	int best = 0;
	bool allowed = false;
	while (next_part(&accept, ',', &range)) {
		struct bytes left = range;
		if (!next_piece(&left, ';', &media)) continue;
		int fit = range_fits(media, type);
		if (fit > best) {
			best = fit;
			allowed = quality_allows(range);
		}
	}
	return allowed;
}

bool http_accepts(const char *accept, const char *list)
{
	struct bytes item;
	if (accept == NULL || *accept == '\0') return true;
	while (next_part(&list, ' ', &item))
		if (item.len > 0 && type_accepted(accept, item)) return true;
	return false;
}
