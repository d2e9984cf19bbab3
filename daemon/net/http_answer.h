/* An answer as bytes: status line, fields of ours and of the handler, body. Private to the server. */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include "net/http_server.h"

struct http_answer {
	int status;
	const struct http_field *fields;
	size_t field_count;
	struct bytes body;
	bool is_head; /* the request was HEAD: the length of the body, but not the body */
	bool close;
	int64_t wall_ms;
};
/* Replaces head's content by the answer's head, up to and with the empty line. ERR_INVALID when a field holds a control
 * character, ERR_LIMIT, ERR_NOMEM. */
int http_answer_head(const struct http_answer *answer, struct buf *head) MUSTUSE;
/* True when this answer carries its body's bytes. */
bool http_answer_has_body(const struct http_answer *answer);
#define HTTP_DATE_LEN 32
/* "Sat, 21 Nov 2026 21:04:25 GMT", whatever the locale. */
void http_date_format(int64_t wall_ms, char text[HTTP_DATE_LEN]);

#endif
