/* Messages as bytes: a head of lines, an empty line, a body. */
#include "dispatch/letter.h"

#include <stdio.h>
#include <string.h>

#include "model/work.h"

#define PLACEHOLDER "${secret:"
#define VALUE_BYTES_MAX 16384 /* of a header with its secrets filled in */

/* The next line without its end, as a NUL-terminated piece of `head`; NULL when there is none. */
static char *line_next(char **head)
{
	char *line = *head;
	char *end = strchr(line, '\n');

	if (end == NULL) return NULL;
	*end = '\0';
	*head = end + 1;
	return line;
}

static int method_read(const char *name, enum outbound_method *ret_method)
{
	const char *known;

	for (enum outbound_method i = 0; (known = outbound_method_name(i)) != NULL; i++) {
		if (strcmp(known, name) != 0) continue;
		*ret_method = i;
		return 0;
	}
	return err_set(ERR_INVALID, "message names no known method");
}

/* What may stand behind the path. */
static bool extra_read(const char *word, struct letter *letter)
{
	size_t len = sizeof(MESSAGE_TAKEN) - 2; /* without its blank */

	if (strncmp(word, MESSAGE_TAKEN + 1, len) == 0) return taken_parse(word + len, &letter->taken);
	letter->body_secrets = strcmp(word, MESSAGE_SECRETS_XML + 1) == 0;
	return letter->body_secrets;
}

static int request_line_read(char *line, struct letter *letter)
{
	char *endpoint = strchr(line, ' ');
	char *path = endpoint == NULL ? NULL : strchr(endpoint + 1, ' ');

	if (path == NULL || endpoint + 1 == path) return err_set(ERR_INVALID, "message has no request line");
	*endpoint++ = '\0';
	*path++ = '\0';
	for (char *more = strchr(path, ' '), *next; more != NULL; more = next) {
		next = strchr(more + 1, ' ');
		*more++ = '\0';
		if (next != NULL) *next = '\0';
		if (!extra_read(more, letter)) return err_set(ERR_INVALID, "message has a malformed request line");
	}
	letter->endpoint = endpoint;
	letter->path = strcmp(path, "-") == 0 ? "" : path;
	return method_read(line, &letter->method);
}

/* The length of the head with its empty line, 0 when there is none within the limit. */
static size_t head_length(struct bytes plain)
{
	size_t most = plain.len < MESSAGE_HEAD_BYTES_MAX ? plain.len : MESSAGE_HEAD_BYTES_MAX;
	const uint8_t *end = most == 0 ? NULL : memmem(plain.ptr, most, "\n\n", 2);

	return end == NULL ? 0 : (size_t)(end - plain.ptr) + 2;
}

int letter_read(struct bytes plain, struct arena *arena, struct letter *ret_letter)
{
	size_t length = head_length(plain);
	struct letter letter = {0};
	char *head;
	char *line;
	int r;

	if (length == 0 || memchr(plain.ptr, '\0', length) != NULL) return err_set(ERR_INVALID, "message has no head");
	head = zf_strndup(&arena->zf, (const char *)plain.ptr, length);
	if (head == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	r = request_line_read(line_next(&head), &letter);
	if (r < 0) return r;
	while ((line = line_next(&head)) != NULL && line[0] != '\0') {
		char *colon = strstr(line, ": ");

		if (colon == NULL || colon == line) return err_set(ERR_INVALID, "message has a malformed header");
		if (letter.header_count == OUTBOUND_HEADERS_MAX)
			return err_set(ERR_INVALID, "message has more than %d headers", OUTBOUND_HEADERS_MAX);
		*colon = '\0';
		letter.headers[letter.header_count++] = (struct outbound_header){line, colon + 2};
	}
	letter.body = (struct bytes){plain.ptr + length, plain.len - length};
	*ret_letter = letter;
	return 0;
}

/* A secret as it stands in the text: itself, or escaped as XML. */
static int secret_append(struct buf *filled, const char *secret, bool xml)
{
	int r = 0;

	if (!xml) return buf_append(filled, secret, strlen(secret));
	for (; r == 0 && *secret != '\0'; secret++) {
		const char *escape = *secret == '&'   ? "&amp;"
				     : *secret == '<' ? "&lt;"
				     : *secret == '>' ? "&gt;"
				     : *secret == '"' ? "&quot;"
						      : NULL;

		r = escape == NULL ? buf_append(filled, secret, 1) : buf_append(filled, escape, strlen(escape));
	}
	return r;
}

/* The text with its placeholders filled. */
static int text_fill(struct bytes text, const struct conf_map *secrets, bool xml, struct arena *arena, size_t most,
	struct bytes *ret_text)
{
	struct buf filled CLEANUP(buf_free) = BUF_INIT(most);
	const char *from = (const char *)text.ptr;
	const char *stop = from + text.len;
	const char *at;
	char *copy;
	int r = 0;

	while (r == 0 && (at = memmem(from, (size_t)(stop - from), PLACEHOLDER, sizeof(PLACEHOLDER) - 1)) != NULL) {
		const char *name = at + sizeof(PLACEHOLDER) - 1;
		const char *end = memchr(name, '}', (size_t)(stop - name));
		char key[128];
		const char *secret;

		if (end == NULL || (size_t)(end - name) >= sizeof(key))
			return err_set(ERR_INVALID, "message has a malformed placeholder");
		memcpy(key, name, (size_t)(end - name));
		key[end - name] = '\0';
		secret = secrets == NULL ? NULL : conf_map_get(secrets, key);
		if (secret == NULL) return err_set(ERR_NOTFOUND, "secret \"%s\" is not configured", key);
		r = buf_append(&filled, from, (size_t)(at - from));
		if (r == 0) r = secret_append(&filled, secret, xml);
		from = end + 1;
	}
	if (r == 0) r = buf_append(&filled, from, (size_t)(stop - from));
	if (r < 0) return r;
	copy = zf_strndup(&arena->zf, filled.len == 0 ? "" : (const char *)filled.ptr, filled.len);
	if (copy == NULL) return err_set(ERR_NOMEM, "no memory for a message");
	*ret_text = (struct bytes){(const uint8_t *)copy, filled.len};
	return 0;
}

int letter_fill(struct letter *letter, const struct conf_map *secrets, struct arena *arena)
{
	for (size_t i = 0; i < letter->header_count; i++) {
		const char *value = letter->headers[i].value;
		struct bytes text = {(const uint8_t *)value, strlen(value)};
		int r;

		if (strstr(value, PLACEHOLDER) == NULL) continue;
		r = text_fill(text, secrets, false, arena, VALUE_BYTES_MAX, &text);
		if (r < 0) return r;
		letter->headers[i].value = (const char *)text.ptr;
	}
	if (!letter->body_secrets || letter->body.len == 0) return 0;
	return text_fill(letter->body, secrets, true, arena, letter->body.len + VALUE_BYTES_MAX, &letter->body);
}

int letter_write_answer(const struct outbound_result *result, struct arena *arena, struct bytes *ret_plain)
{
	char status[16];
	size_t len = (size_t)snprintf(status, sizeof(status), "%d\n", result->status);
	size_t at = len;
	uint8_t *plain;

	for (size_t i = 0; i < result->header_count; i++)
		len += strlen(result->headers[i].name) + strlen(result->headers[i].value) + 3;
	len += 1 + result->body.len;
	plain = zf_alloc(&arena->zf, len + 1);
	if (plain == NULL) return err_set(ERR_NOMEM, "no memory for an answer");
	memcpy(plain, status, at);
	for (size_t i = 0; i < result->header_count; i++)
		at += (size_t)snprintf((char *)plain + at, len + 1 - at, "%s: %s\n", result->headers[i].name,
			result->headers[i].value);
	plain[at++] = '\n';
	if (result->body.len > 0) memcpy(plain + at, result->body.ptr, result->body.len);
	*ret_plain = (struct bytes){plain, len};
	return 0;
}
