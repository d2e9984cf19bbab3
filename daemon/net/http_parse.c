/* The request head, line by line: each line is judged as soon as it is whole, the unfinished one byte by byte. */
#include "net/http_parse.h"

#include <string.h>
#include <strings.h>

#include "net/http_target.h"

#define METHOD_LEN_MAX 32
#define VERSION "HTTP/1.1"
#define VERSION_LEN 8
#define LENGTH_DIGITS_MAX 18 /* below 2^63 */
#define HEADER_CAP_FIRST 16

/* The headers that may come once; the bits of `seen`. */
enum once {
	ONCE_HOST,
	ONCE_LENGTH,
	ONCE_CODING,
	ONCE_EXPECT,
	ONCE_OTHER, /* what follows has no meaning to the parser */
};
static const char *const once_names[] = {
	[ONCE_HOST] = "host",
	[ONCE_LENGTH] = "content-length",
	[ONCE_CODING] = "transfer-encoding",
	[ONCE_EXPECT] = "expect",
	[ONCE_OTHER] = "authorization",
	"content-type",
	"content-encoding",
	"cookie",
	"idempotency-key",
	"if-match",
	"if-none-match",
	"if-none-exist",
	"if-modified-since",
	"origin",
	"user-agent",
};

static const char *const method_names[HTTP_METHODS] = {
	[HTTP_GET] = "GET",
	[HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE",
	[HTTP_OPTIONS] = "OPTIONS",
};

/* token of RFC 9110 section 5.6.2. */
static bool is_token_char(uint8_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
	return c != 0 && c < 0x80 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool http_is_token(const uint8_t *ptr, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_token_char(ptr[i])) return false;
	return len > 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

const char *http_method_name(enum http_method method)
{
	assert(method < HTTP_METHODS);
	return method_names[method];
}

static enum http_bad method_parse(struct http_head *head, const uint8_t *ptr, size_t len)
{
	if (!http_is_token(ptr, len) || len > METHOD_LEN_MAX) return HTTP_BAD_METHOD;
	for (unsigned i = 0; i < HTTP_METHODS; i++) {
		if (strlen(method_names[i]) == len && memcmp(method_names[i], ptr, len) == 0) {
			head->method = (enum http_method)i;
			return HTTP_BAD_NONE;
		}
	}
	return HTTP_BAD_METHOD_UNKNOWN;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static enum http_bad version_parse(const uint8_t *ptr, size_t len)
{
	if (len == VERSION_LEN && memcmp(ptr, VERSION, VERSION_LEN) == 0) return HTTP_BAD_NONE;
	if (len != VERSION_LEN || memcmp(ptr, VERSION, 5) != 0 || !is_digit(ptr[5]) || ptr[6] != '.' ||
		!is_digit(ptr[7]))
		return HTTP_BAD_VERSION;
	return HTTP_BAD_VERSION_OTHER;
}

static enum http_bad request_line_parse(struct http_head_parser *parser, const uint8_t *line, size_t len)
{
	struct http_target target;
	const uint8_t *end = line + len;
	const uint8_t *first = memchr(line, ' ', len);
	if (first == NULL) return HTTP_BAD_REQUEST_LINE;
	const uint8_t *second = memchr(first + 1, ' ', (size_t)(end - first - 1));
	if (second == NULL) return HTTP_BAD_REQUEST_LINE;
	if ((size_t)(second - first - 1) > parser->limits.target_bytes_max) return HTTP_BAD_TARGET_LONG;
	/* The version comes before an unknown method: another protocol's request gets the more telling answer. */
	if (!http_is_token(line, (size_t)(first - line))) return HTTP_BAD_METHOD;
	enum http_bad bad = version_parse(second + 1, (size_t)(end - second - 1));
	if (bad == HTTP_BAD_NONE) bad = method_parse(&parser->head, line, (size_t)(first - line));
	if (bad == HTTP_BAD_NONE)
		bad = http_target_parse(first + 1, (size_t)(second - first - 1), parser->arena, &target);
	if (bad != HTTP_BAD_NONE) return bad;
	parser->head.target = target.text;
	parser->head.path = target.path;
	parser->head.query = target.query;
	parser->has_request_line = true;
	return HTTP_BAD_NONE;
}

static enum http_bad length_parse(struct http_head *head, const char *value)
{
	size_t len = strlen(value);
	uint64_t length = 0;
	if (len == 0 || len > LENGTH_DIGITS_MAX) return HTTP_BAD_LENGTH;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit((uint8_t)value[i])) return HTTP_BAD_LENGTH;
		length = length * 10 + (uint64_t)(value[i] - '0');
	}
	head->content_length = length;
	head->has_length = true;
	return HTTP_BAD_NONE;
}

static enum http_bad once_take(struct http_head_parser *parser, enum once which, const char *value)
{
	struct http_head *head = &parser->head;
	if (parser->seen & 1u << which)
		return which == ONCE_LENGTH ? HTTP_BAD_LENGTH_REPEATED : HTTP_BAD_HEADER_REPEATED;
	parser->seen |= 1u << which;
	switch (which) {
	case ONCE_HOST:
		if (!http_host_valid(value)) return HTTP_BAD_HOST;
		head->host = value;
		return HTTP_BAD_NONE;
	case ONCE_LENGTH:
		return length_parse(head, value);
	case ONCE_CODING:
		if (strcmp(value, "chunked") != 0) return HTTP_BAD_CODING;
		head->chunked = true;
		return HTTP_BAD_NONE;
	case ONCE_EXPECT:
		if (strcasecmp(value, "100-continue") != 0) return HTTP_BAD_EXPECT;
		head->expect_continue = true;
		return HTTP_BAD_NONE;
	case ONCE_OTHER:
		break;
	}
	return HTTP_BAD_NONE;
}

/* Whether the comma-separated value holds the token. */
static bool list_has(const char *value, const char *token)
{
	size_t token_len = strlen(token);
	while (*value != '\0') {
		value += strspn(value, " \t,");
		size_t len = strcspn(value, " \t,");
		if (len == token_len && strncasecmp(value, token, len) == 0) return true;
		value += len;
	}
	return false;
}

static enum http_bad header_append(struct http_head_parser *parser, struct http_header header)
{
	struct http_head *head = &parser->head;
	if (head->header_count >= parser->limits.header_count_max) return HTTP_BAD_HEADER_COUNT;
	if (head->header_count == parser->header_cap) {
		size_t cap = parser->header_cap == 0 ? HEADER_CAP_FIRST : parser->header_cap * 2;
		struct http_header *bigger = zf_alloc_array(parser->arena, cap, sizeof(*bigger));
		if (bigger == NULL) return HTTP_BAD_MEMORY;
		if (head->header_count > 0) memcpy(bigger, head->headers, head->header_count * sizeof(*bigger));
		head->headers = bigger;
		parser->header_cap = cap;
	}
	head->headers[head->header_count++] = header;
	return HTTP_BAD_NONE;
}

/* Copies the name in lower case; HTTP_BAD_NONE or what is wrong with it. */
static enum http_bad name_parse(struct zf_arena *arena, const uint8_t *ptr, size_t len, const char **ret_name)
{
	if (len > 0 && is_blank(ptr[len - 1])) return HTTP_BAD_HEADER_SPACE;
	if (!http_is_token(ptr, len)) return HTTP_BAD_HEADER_NAME;
	char *name = zf_strndup(arena, (const char *)ptr, len);
	if (name == NULL) return HTTP_BAD_MEMORY;
	for (size_t i = 0; i < len; i++)
		if (name[i] >= 'A' && name[i] <= 'Z') name[i] = (char)(name[i] - 'A' + 'a');
	*ret_name = name;
	return HTTP_BAD_NONE;
}

static enum http_bad header_parse(struct http_head_parser *parser, const uint8_t *line, size_t len)
{
	struct http_header header;
	const uint8_t *colon = memchr(line, ':', len);
	if (colon == NULL) return HTTP_BAD_HEADER_NAME;
	enum http_bad bad = name_parse(parser->arena, line, (size_t)(colon - line), &header.name);
	if (bad != HTTP_BAD_NONE) return bad;
	const uint8_t *value = colon + 1, *end = line + len;
	while (value < end && is_blank(value[0])) value++;
	while (end > value && is_blank(end[-1])) end--;
	header.value = zf_strndup(parser->arena, (const char *)value, (size_t)(end - value));
	if (header.value == NULL) return HTTP_BAD_MEMORY;
	for (unsigned i = 0; i < ARRAY_LEN(once_names) && bad == HTTP_BAD_NONE; i++)
		if (strcmp(once_names[i], header.name) == 0) bad = once_take(parser, (enum once)i, header.value);
	if (bad != HTTP_BAD_NONE) return bad;
	if (strcmp(header.name, "connection") == 0 && list_has(header.value, "close")) parser->head.close = true;
	return header_append(parser, header);
}

/* What can only be judged when all headers are there. */
static enum http_bad head_finish(const struct http_head *head)
{
	if (head->host == NULL) return HTTP_BAD_HOST_MISSING;
	if (head->chunked && head->has_length) return HTTP_BAD_LENGTH_AND_CODING;
	bool takes_body = head->method == HTTP_POST || head->method == HTTP_PUT || head->method == HTTP_PATCH;
	if (!takes_body && (head->chunked || head->content_length > 0)) return HTTP_BAD_BODY_UNEXPECTED;
	return HTTP_BAD_NONE;
}

void http_head_init(struct http_head_parser *parser, const struct http_head_limits *limits, struct zf_arena *arena)
{
	*parser = (struct http_head_parser){.limits = *limits, .arena = arena};
}

/* Looks for the line's end from where the last look ended. HTTP_DONE: *ret_len is its length without CR LF. */
static enum http_verdict line_scan(struct http_head_parser *parser, const uint8_t *line, size_t len, size_t *ret_len)
{
	size_t i = parser->scanned_bytes;
	size_t most = parser->limits.head_bytes_max - parser->used_bytes;
	size_t request_line_most = parser->limits.target_bytes_max + METHOD_LEN_MAX + VERSION_LEN + 3;
	bool is_target_first = !parser->has_request_line && request_line_most < most;
	if (is_target_first) most = request_line_most;
	if (len > 0 && is_blank(line[0]) && parser->has_request_line) {
		parser->bad = HTTP_BAD_HEADER_FOLD;
		return HTTP_REFUSED;
	}
	for (; i < len && i < most; i++) {
		if (line[i] == '\r') {
			if (i + 1 == len) break; /* seen again with its successor */
			if (line[i + 1] != '\n') parser->bad = HTTP_BAD_LINE_END;
			*ret_len = i;
			return parser->bad == HTTP_BAD_NONE ? HTTP_DONE : HTTP_REFUSED;
		}
		if (line[i] == '\n') parser->bad = HTTP_BAD_LINE_END;
		if ((line[i] < 0x20 && line[i] != '\t' && line[i] != '\n') || line[i] == 0x7f)
			parser->bad = HTTP_BAD_CONTROL;
		if (parser->bad != HTTP_BAD_NONE) return HTTP_REFUSED;
	}
	if (i >= most) parser->bad = is_target_first ? HTTP_BAD_TARGET_LONG : HTTP_BAD_HEAD_LONG;
	parser->scanned_bytes = i;
	return parser->bad == HTTP_BAD_NONE ? HTTP_MORE : HTTP_REFUSED;
}

enum http_verdict http_head_feed(struct http_head_parser *parser, const uint8_t *ptr, size_t len, size_t *ret_used)
{
	size_t line_len = 0;
	*ret_used = 0;
	if (parser->bad != HTTP_BAD_NONE) return HTTP_REFUSED;
	while (*ret_used < len) {
		const uint8_t *line = ptr + *ret_used;
		enum http_verdict verdict = line_scan(parser, line, len - *ret_used, &line_len);
		if (verdict != HTTP_DONE) return verdict;
		bool is_end = line_len == 0 && parser->has_request_line;
		*ret_used += line_len + 2;
		parser->used_bytes += line_len + 2;
		parser->scanned_bytes = 0;
		if (parser->used_bytes > parser->limits.head_bytes_max)
			parser->bad = HTTP_BAD_HEAD_LONG;
		else if (is_end)
			parser->bad = head_finish(&parser->head);
		else if (parser->has_request_line)
			parser->bad = header_parse(parser, line, line_len);
		else
			parser->bad = request_line_parse(parser, line, line_len);
		if (parser->bad != HTTP_BAD_NONE) return HTTP_REFUSED;
		if (is_end) return HTTP_DONE;
	}
	return HTTP_MORE;
}

const char *http_head_get(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->header_count; i++)
		if (strcmp(head->headers[i].name, name) == 0) return head->headers[i].value;
	return NULL;
}
