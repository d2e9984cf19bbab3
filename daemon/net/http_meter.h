/* What the server counts: totals for http_server_stats and rows in the table of metrics. Private to the server. */
#ifndef NET_HTTP_METER_H
#define NET_HTTP_METER_H

#include "net/http_server.h"

#define HTTP_METER_CLASSES 6 /* status / 100 */

/* The metrics of one route, looked up once. */
struct http_meter_row {
	const struct http_route *route;
	struct metric *seconds;
	struct metric *answers[HTTP_METER_CLASSES];
};
struct http_meter {
	struct metrics *metrics; /* NULL: only the totals are kept */
	const char *name;
	struct http_stats stats;
	size_t row_count;
	struct http_meter_row rows[HTTP_ROUTES_MAX];
	struct metric *conns, *conns_idle, *requests;
	struct metric *accepted, *over, *handshake_failed, *refused, *timeout, *busy;
};
void http_meter_init(struct http_meter *meter, struct metrics *metrics, const char *name);
/* Copies the totals into the table of metrics. */
void http_meter_publish(struct http_meter *meter);
/* An answer was given; route NULL when none matched. */
void http_meter_answer(struct http_meter *meter, const struct http_route *route, int status, int64_t took_us);

#endif
