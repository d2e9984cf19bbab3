/* Messages as text and back. */
#include "translate/envelope.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "model/work.h"

static bool is_token(const char *text)
{
	static const char extra[] = "!#$%&'*+-.^_`|~";

	if (text == NULL || text[0] == '\0') return false;
	for (; *text != '\0'; text++) {
		char c = *text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) continue;
		if (strchr(extra, c) == NULL) return false;
	}
	return true;
}

/* Printable ASCII without blanks. */
static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || (unsigned char)*text >= 0x7f) return false;
	return true;
}

static bool is_value(const char *text)
{
	if (text == NULL) return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' && *text != '\t') return false;
	return true;
}

static int head_check(const struct zf_action *action, size_t *ret_len)
{
	const char *path = action->path == NULL || action->path[0] == '\0' ? "-" : action->path;
	size_t len;

	if (!is_token(action->method) || !is_token(action->endpoint) || !is_plain(path))
		return err_set(ERR_INVALID, "a request without a proper method, endpoint or path");
	if (action->header_count > ENVELOPE_HEADERS_MAX) return err_set(ERR_LIMIT, "a request with too many headers");
	len = strlen(action->method) + strlen(action->endpoint) + strlen(path) + 4 + strlen(MESSAGE_SECRETS_XML) +
	      strlen(MESSAGE_TAKEN) + TAKEN_TEXT_LEN;
	for (uint32_t i = 0; i < action->header_count; i++) {
		const struct zf_header *header = action->headers[i];

		if (header == NULL || !is_token(header->name) || !is_value(header->value))
			return err_set(ERR_INVALID, "a request with an ill-formed header");
		len += strlen(header->name) + strlen(header->value) + 3;
		if (len > MESSAGE_HEAD_BYTES_MAX) return err_set(ERR_LIMIT, "a request with too large a head");
	}
	if (action->body_len > MESSAGE_BYTES_MAX) return err_set(ERR_LIMIT, "a request with too large a body");
	*ret_len = len;
	return 0;
}

int envelope_write(
	const struct zf_action *action, const struct taken *taken, struct zf_arena *arena, struct bytes *ret_content)
{
	const char *path = action->path == NULL || action->path[0] == '\0' ? "-" : action->path;
	size_t head_len = 0;
	char digest[TAKEN_TEXT_LEN + 1] = "";
	bool told = taken != NULL && taken->known;
	char *text, *at;
	int r = head_check(action, &head_len);

	if (r < 0) return r;
	text = zf_alloc(arena, head_len + action->body_len + 1);
	if (text == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	if (told) taken_format(taken, digest);
	at = text + snprintf(text, head_len + 1, "%s %s %s%s%s%s\n", action->method, action->endpoint, path,
			    action->body_secrets != 0 ? MESSAGE_SECRETS_XML : "", told ? MESSAGE_TAKEN : "", digest);
	for (uint32_t i = 0; i < action->header_count; i++)
		at += snprintf(at, head_len + 1 - (size_t)(at - text), "%s: %s\n", action->headers[i]->name,
			action->headers[i]->value);
	*at++ = '\n';
	if (action->body_len > 0) memcpy(at, action->body, action->body_len);
	*ret_content = (struct bytes){(const uint8_t *)text, (size_t)(at - text) + action->body_len};
	return 0;
}

/* The next line without its end; false when there is none within the head's limit. */
static bool line_next(const char **at, const char *end, struct text_span *ret_line)
{
	size_t left = (size_t)(end - *at);
	const char *stop = memchr(*at, '\n', left < MESSAGE_HEAD_BYTES_MAX ? left : MESSAGE_HEAD_BYTES_MAX);

	if (stop == NULL) return false;
	*ret_line = (struct text_span){*at, (size_t)(stop - *at)};
	*at = stop + 1;
	return true;
}

static int status_read(struct text_span line, int32_t *ret_status)
{
	int64_t status;

	if (line.len < 3) return err_set(ERR_INVALID, "a message without a status");
	if (text_to_int64((struct text_span){line.ptr, 3}, &status) < 0 || status < 100 ||
		(line.len > 3 && line.ptr[3] != ' '))
		return err_set(ERR_INVALID, "a message without a status");
	*ret_status = (int32_t)status;
	return 0;
}

static int header_read(struct text_span line, struct zf_arena *arena, const struct zf_header **ret_header)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	struct zf_header *header = zf_alloc(arena, sizeof(*header));
	struct text_span value;

	if (colon == NULL || colon == line.ptr || memchr(line.ptr, '\0', line.len) != NULL)
		return err_set(ERR_INVALID, "a message with an ill-formed header");
	if (header == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	value = text_trim((struct text_span){colon + 1, line.len - (size_t)(colon + 1 - line.ptr)});
	header->name = zf_strndup(arena, line.ptr, (size_t)(colon - line.ptr));
	header->value = zf_strndup(arena, value.len == 0 ? "" : value.ptr, value.len);
	if (header->name == NULL || header->value == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	*ret_header = header;
	return 0;
}

int envelope_read(struct bytes content, struct zf_arena *arena, struct envelope *ret_envelope)
{
	const char *at = (const char *)content.ptr;
	const char *end;
	const struct zf_header **headers;
	struct envelope envelope = {0};
	struct text_span line;
	int r;

	if (at == NULL) return err_set(ERR_INVALID, "a message without a head");
	end = at + content.len;
	if (!line_next(&at, end, &line)) return err_set(ERR_INVALID, "a message without a head");
	r = status_read(line, &envelope.http_status);
	if (r < 0) return r;
	headers = zf_alloc_array(arena, ENVELOPE_HEADERS_MAX, sizeof(struct zf_header *));
	if (headers == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	for (;;) {
		if (!line_next(&at, end, &line)) return err_set(ERR_INVALID, "a message without the end of its head");
		if (line.len == 0) break;
		if (envelope.header_count == ENVELOPE_HEADERS_MAX)
			return err_set(ERR_LIMIT, "a message with too many headers");
		r = header_read(line, arena, &headers[envelope.header_count]);
		if (r < 0) return r;
		envelope.header_count++;
	}
	envelope.headers = envelope.header_count == 0 ? NULL : headers;
	envelope.body = (struct bytes){(const uint8_t *)at, (size_t)(end - at)};
	*ret_envelope = envelope;
	return 0;
}
