/* Field lines of an answer, kept as NUL-terminated names and values. */
#include "net/answer_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http_parse.h"

void answer_head_init(struct answer_head *head, size_t bytes_max)
{
	head->text = BUF_INIT(bytes_max);
	answer_head_reset(head);
}

void answer_head_free(struct answer_head *head)
{
	buf_free(&head->text);
}

void answer_head_reset(struct answer_head *head)
{
	buf_reset(&head->text);
	head->count = 0;
	head->content_length = -1;
	head->chunked = false;
}

/* Two different lengths mean that somebody between here and there disagrees about where answers end. */
static bool framing_note(struct answer_head *head, const char *name, const char *value)
{
	if (strcasecmp(name, "transfer-encoding") == 0) {
		head->chunked = true;
		return head->content_length < 0;
	}
	if (strcasecmp(name, "content-length") != 0) return true;
	size_t digits = strspn(value, "0123456789");
	if (digits == 0 || digits > 18 || value[digits] != '\0') return false;
	int64_t length = (int64_t)strtoll(value, NULL, 10);
	bool agrees = head->content_length < 0 || head->content_length == length;
	head->content_length = length;
	return agrees && !head->chunked;
}

int answer_head_line(struct answer_head *head, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (colon == NULL || colon == line || memchr(line, '\0', len) != NULL) return ERR_INVALID;
	const char *value = colon + 1, *end = line + len;
	while (value < end && (*value == ' ' || *value == '\t')) value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n')) end--;
	if (head->count >= ANSWER_FIELDS_MAX) return ERR_LIMIT;
	struct answer_field *field = &head->fields[head->count];
	field->name = (uint32_t)head->text.len;
	int rc = buf_append(&head->text, line, (size_t)(colon - line));
	if (rc == 0) rc = buf_append(&head->text, "", 1);
	field->value = (uint32_t)head->text.len;
	if (rc == 0) rc = buf_append(&head->text, value, (size_t)(end - value));
	if (rc == 0) rc = buf_append(&head->text, "", 1);
	if (rc != 0) return rc;
	const char *base = (const char *)head->text.ptr;
	if (!http_is_token((const uint8_t *)line, (size_t)(colon - line)) ||
		!framing_note(head, base + field->name, base + field->value))
		return ERR_INVALID;
	head->count++;
	return 0;
}

const char *answer_head_name(const struct answer_head *head, size_t i)
{
	return (const char *)head->text.ptr + head->fields[i].name;
}

const char *answer_head_value(const struct answer_head *head, size_t i)
{
	return (const char *)head->text.ptr + head->fields[i].value;
}

const char *answer_head_find(const struct answer_head *head, const char *name)
{
	for (size_t i = 0; i < head->count; i++)
		if (strcasecmp(answer_head_name(head, i), name) == 0) return answer_head_value(head, i);
	return NULL;
}
