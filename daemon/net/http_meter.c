/* What the server counts. */
#include "net/http_meter.h"

#include <stdio.h>
#include <string.h>

#define LABELS_LEN 200

void http_meter_init(struct http_meter *meter, struct metrics *metrics, const char *name)
{
	char labels[LABELS_LEN];
	meter->metrics = metrics;
	meter->name = name;
	if (metrics == NULL) return;
	(void)snprintf(labels, sizeof(labels), "server=\"%s\"", name);
	meter->conns = metrics_gauge(metrics, "zhifu_http_connections", "Open connections.", labels);
	meter->conns_idle =
		metrics_gauge(metrics, "zhifu_http_connections_idle", "Connections without a request.", labels);
	meter->requests = metrics_gauge(metrics, "zhifu_http_requests_open", "Requests not answered yet.", labels);
	meter->accepted = metrics_counter(metrics, "zhifu_http_accepted_total", "Connections accepted.", labels);
	meter->over = metrics_counter(metrics, "zhifu_http_over_total", "Connections over a cap.", labels);
	meter->handshake_failed =
		metrics_counter(metrics, "zhifu_http_handshakes_failed_total", "TLS handshakes that failed.", labels);
	meter->refused = metrics_counter(metrics, "zhifu_http_broken_total", "Requests that broke the rules.", labels);
	meter->timeout = metrics_counter(metrics, "zhifu_http_timeouts_total", "Deadlines that passed.", labels);
	meter->busy = metrics_counter(metrics, "zhifu_http_busy_total", "Requests refused because of load.", labels);
}

static void catch_up(struct metric *metric, uint64_t total)
{
	metric_add(metric, total - metric_count(metric));
}

void http_meter_publish(struct http_meter *meter)
{
	const struct http_stats *stats = &meter->stats;
	if (meter->metrics == NULL) return;
	metric_set(meter->conns, stats->conns);
	metric_set(meter->conns_idle, stats->conns_idle);
	metric_set(meter->requests, stats->requests);
	catch_up(meter->accepted, stats->accepted_total);
	catch_up(meter->over, stats->over_total);
	catch_up(meter->handshake_failed, stats->handshake_failed_total);
	catch_up(meter->refused, stats->refused_total);
	catch_up(meter->timeout, stats->timeout_total);
	catch_up(meter->busy, stats->busy_total);
}

static const char *route_name(const struct http_route *route)
{
	return route == NULL || route->name == NULL ? "none" : route->name;
}

static struct http_meter_row *row_get(struct http_meter *meter, const struct http_route *route)
{
	char labels[LABELS_LEN];
	for (size_t i = 0; i < meter->row_count; i++)
		if (meter->rows[i].route == route) return &meter->rows[i];
	if (meter->row_count == HTTP_ROUTES_MAX) return NULL;
	struct http_meter_row *row = &meter->rows[meter->row_count++];
	(void)snprintf(labels, sizeof(labels), "server=\"%s\",route=\"%s\"", meter->name, route_name(route));
	row->route = route;
	row->seconds = metrics_histogram(meter->metrics, "zhifu_http_request_seconds",
		"From the end of a request's head to its answer.", labels, METRICS_SECONDS, METRICS_SECONDS_COUNT);
	return row;
}

void http_meter_answer(struct http_meter *meter, const struct http_route *route, int status, int64_t took_us)
{
	char labels[LABELS_LEN];
	if (meter->metrics == NULL) return;
	struct http_meter_row *row = row_get(meter, route);
	if (row == NULL) return;
	unsigned class = (unsigned)status / 100 % HTTP_METER_CLASSES;
	if (row->answers[class] == NULL) {
		(void)snprintf(labels, sizeof(labels), "server=\"%s\",route=\"%s\",status=\"%uxx\"", meter->name,
			route_name(route), class);
		row->answers[class] =
			metrics_counter(meter->metrics, "zhifu_http_answers_total", "Answers by status.", labels);
	}
	metric_add(row->answers[class], 1);
	metric_observe(row->seconds, (double)took_us / 1e6);
}
