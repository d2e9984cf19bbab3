/* An answer as bytes. */
#include "net/http_answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const struct {
	int status;
	const char *text;
} status_texts[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(status_texts); i++)
		if (status_texts[i].status == status) return status_texts[i].text;
	return "Status";
}

void http_date_format(int64_t wall_ms, char text[HTTP_DATE_LEN])
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;
	if (gmtime_r(&seconds, &tm) == NULL) memset(&tm, 0, sizeof(tm));
	(void)snprintf(text, HTTP_DATE_LEN, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[(unsigned)tm.tm_wday % 7],
		(unsigned)tm.tm_mday % 32, months[(unsigned)tm.tm_mon % 12], (unsigned)(tm.tm_year + 1900) % 10000,
		(unsigned)tm.tm_hour % 24, (unsigned)tm.tm_min % 60, (unsigned)tm.tm_sec % 61);
}

/* A line end in a value that came from outside would be a second header, or a second answer. */
static bool field_valid(const struct http_field *field)
{
	for (const char *p = field->value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) return false;
	return field->name[strcspn(field->name, ": \t\r\n")] == '\0' && field->name[0] != '\0';
}

static bool has_field(const struct http_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->field_count; i++)
		if (strcasecmp(answer->fields[i].name, name) == 0) return true;
	return false;
}

static bool status_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

bool http_answer_has_body(const struct http_answer *answer)
{
	return status_has_body(answer->status) && !answer->is_head && answer->body.len > 0;
}

int http_answer_head(const struct http_answer *answer, struct buf *head)
{
	char date[HTTP_DATE_LEN];
	buf_reset(head);
	http_date_format(answer->wall_ms, date);
	int rc = buf_printf(
		head, "HTTP/1.1 %d %s\r\nDate: %s\r\n", answer->status, http_status_text(answer->status), date);
	if (rc == 0 && status_has_body(answer->status))
		rc = buf_printf(head, "Content-Length: %zu\r\n", answer->body.len);
	for (size_t i = 0; i < answer->field_count && rc == 0; i++) {
		const struct http_field *field = &answer->fields[i];
		if (!field_valid(field)) return err_set(ERR_INVALID, "an answer's field holds a control character");
		rc = buf_printf(head, "%s: %s\r\n", field->name, field->value);
	}
	/* Answers are about patients unless a handler says otherwise. */
	if (rc == 0 && !has_field(answer, "Cache-Control")) rc = buf_printf(head, "Cache-Control: no-store\r\n");
	if (rc == 0 && !has_field(answer, "X-Content-Type-Options"))
		rc = buf_printf(head, "X-Content-Type-Options: nosniff\r\n");
	if (rc == 0 && answer->close) rc = buf_printf(head, "Connection: close\r\n");
	return rc == 0 ? buf_append(head, "\r\n", 2) : rc;
}
