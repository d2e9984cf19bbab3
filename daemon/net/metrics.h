/* Counters, gauges and histograms in one table, printed in the Prometheus text format. One table per process, used from
 * the loop's thread only. Labels are constants of the program or configured names: never anything of a person. */
#ifndef NET_METRICS_H
#define NET_METRICS_H

#include "base/mem.h"

#define METRICS_MAX 1024       /* rows: name and labels */
#define METRICS_BUCKETS_MAX 24 /* of one histogram */

struct metrics;
struct metric; /* one row; lives as long as its table */

int metrics_new(struct metrics **ret_metrics) MUSTUSE;
void metrics_free(struct metrics *metrics);

/* Each registers a row, or returns the one that is there. name: [a-z_][a-z0-9_]*, begins with "zhifu_"; help: one
 * sentence, a constant; labels: `route="a",insurer="b"` already in form, or NULL. Copies what it needs except help.
 * Never NULL: over METRICS_MAX or without memory a shared row that is not printed comes back (and is logged once). */
struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *help, const char *labels);
struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *help, const char *labels);
/* bounds: ascending upper bounds, copied; +Inf is added. */
struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *help, const char *labels,
	const double *bounds, size_t bound_count);
/* Seconds from 0.5 ms to 30 s: the bounds for durations. */
extern const double METRICS_SECONDS[];
extern const size_t METRICS_SECONDS_COUNT;

void metric_add(struct metric *metric, uint64_t n);       /* counters */
void metric_set(struct metric *metric, int64_t value);    /* gauges */
void metric_observe(struct metric *metric, double value); /* histograms */
uint64_t metric_count(const struct metric *metric);       /* a counter's value, a histogram's number of observations */
int64_t metric_value(const struct metric *metric);        /* a gauge's */

/* Writes a label value with backslash, quote and newline escaped; cut to fit. */
void metrics_label_escape(const char *value, char *ret_text, size_t len);
/* Called before each print, to set gauges that are cheaper to compute than to keep. At most METRICS_HOOKS_MAX. */
#define METRICS_HOOKS_MAX 16
void metrics_on_print(struct metrics *metrics, void (*hook)(void *ctx), void *ctx);
/* Takes a hook away again, before its ctx goes. */
void metrics_off_print(struct metrics *metrics, void (*hook)(void *ctx), void *ctx);
/* The text format, version 0.0.4, rows of one name together. ERR_NOMEM, ERR_LIMIT (buf's max). */
int metrics_print(struct metrics *metrics, struct buf *ret_text) MUSTUSE;

#endif
