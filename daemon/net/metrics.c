/* The table of metrics: rows of one name form a family, in the order in which they were registered. */
#include "net/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define METRICS_MAGIC 0x6d657472u
#define NAME_MAX_LEN 80
#define LABELS_MAX_LEN 240

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct metric {
	enum kind kind;
	char name[NAME_MAX_LEN];
	char labels[LABELS_MAX_LEN]; /* "" when none */
	const char *help;
	struct metric *next; /* of the same name */
	uint64_t count;
	int64_t value;
	double sum;
	size_t bound_count;
	double bounds[METRICS_BUCKETS_MAX];
	uint64_t buckets[METRICS_BUCKETS_MAX]; /* not cumulative */
};

struct metrics {
	unsigned magic;
	size_t row_count;
	size_t family_count;
	struct metric *families[METRICS_MAX]; /* the first row of each name */
	struct metric spare;                  /* stands in for rows that do not fit */
	bool spare_logged;
	size_t hook_count;
	struct {
		void (*run)(void *ctx);
		void *ctx;
	} hooks[METRICS_HOOKS_MAX];
};

const double METRICS_SECONDS[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const size_t METRICS_SECONDS_COUNT = ARRAY_LEN(METRICS_SECONDS);

int metrics_new(struct metrics **ret_metrics)
{
	struct metrics *metrics = mem_alloc(sizeof(*metrics));
	if (metrics == NULL) return err_set(ERR_NOMEM, "no memory for metrics");
	metrics->magic = METRICS_MAGIC;
	*ret_metrics = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL) return;
	CHECK_MAGIC(metrics, METRICS_MAGIC);
	for (size_t i = 0; i < metrics->family_count; i++) {
		for (struct metric *row = metrics->families[i]; row != NULL;) {
			struct metric *next = row->next;
			mem_free(row);
			row = next;
		}
	}
	metrics->magic = 0;
	mem_free(metrics);
}

static bool name_valid(const char *name)
{
	size_t len = strlen(name);
	return len > 6 && len < NAME_MAX_LEN && strncmp(name, "zhifu_", 6) == 0 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static struct metric *family_find(struct metrics *metrics, const char *name)
{
	for (size_t i = 0; i < metrics->family_count; i++)
		if (strcmp(metrics->families[i]->name, name) == 0) return metrics->families[i];
	return NULL;
}

static struct metric *spare_use(struct metrics *metrics)
{
	if (!metrics->spare_logged) log_line(LOG_WARN, "the table of metrics is full, some are not shown");
	metrics->spare_logged = true;
	return &metrics->spare;
}

static struct metric *row_get(
	struct metrics *metrics, enum kind kind, const char *name, const char *help, const char *labels)
{
	CHECK_MAGIC(metrics, METRICS_MAGIC);
	assert(name_valid(name));
	if (labels == NULL) labels = "";
	struct metric *family = family_find(metrics, name), *last = NULL;
	assert(family == NULL || family->kind == kind);
	for (struct metric *row = family; row != NULL; row = row->next) {
		if (strcmp(row->labels, labels) == 0) return row;
		last = row;
	}
	if (metrics->row_count == METRICS_MAX || strlen(labels) >= LABELS_MAX_LEN) return spare_use(metrics);
	struct metric *row = mem_alloc(sizeof(*row));
	if (row == NULL) return spare_use(metrics);
	row->kind = kind;
	row->help = help;
	memcpy(row->name, name, strlen(name) + 1);
	memcpy(row->labels, labels, strlen(labels) + 1);
	metrics->row_count++;
	if (last != NULL)
		last->next = row;
	else
		metrics->families[metrics->family_count++] = row;
	return row;
}

struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *help, const char *labels)
{
	return row_get(metrics, COUNTER, name, help, labels);
}

struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *help, const char *labels)
{
	return row_get(metrics, GAUGE, name, help, labels);
}

struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *help, const char *labels,
	const double *bounds, size_t bound_count)
{
	assert(bound_count <= METRICS_BUCKETS_MAX);
	struct metric *row = row_get(metrics, HISTOGRAM, name, help, labels);
	if (row == &metrics->spare || row->bound_count > 0) return row;
	for (size_t i = 0; i < bound_count; i++) {
		assert(i == 0 || bounds[i] > bounds[i - 1]);
		row->bounds[i] = bounds[i];
	}
	row->bound_count = bound_count;
	return row;
}

void metric_add(struct metric *metric, uint64_t n)
{
	metric->count += n;
}

void metric_set(struct metric *metric, int64_t value)
{
	metric->value = value;
}

void metric_observe(struct metric *metric, double value)
{
	metric->count++;
	metric->sum += value;
	for (size_t i = 0; i < metric->bound_count; i++) {
		if (value <= metric->bounds[i]) {
			metric->buckets[i]++;
			return;
		}
	}
}

uint64_t metric_count(const struct metric *metric)
{
	return metric->count;
}

int64_t metric_value(const struct metric *metric)
{
	return metric->value;
}

void metrics_label_escape(const char *value, char *ret_text, size_t len)
{
	size_t n = 0;
	assert(len > 0);
	for (; *value != '\0'; value++) {
		bool escape = *value == '\\' || *value == '"' || *value == '\n';
		if (n + (escape ? 2u : 1u) >= len) break;
		if (escape) ret_text[n++] = '\\';
		ret_text[n++] = *value == '\n' ? 'n' : *value;
	}
	ret_text[n] = '\0';
}

void metrics_on_print(struct metrics *metrics, void (*hook)(void *ctx), void *ctx)
{
	CHECK_MAGIC(metrics, METRICS_MAGIC);
	assert(metrics->hook_count < METRICS_HOOKS_MAX);
	metrics->hooks[metrics->hook_count].run = hook;
	metrics->hooks[metrics->hook_count++].ctx = ctx;
}

void metrics_off_print(struct metrics *metrics, void (*hook)(void *ctx), void *ctx)
{
	CHECK_MAGIC(metrics, METRICS_MAGIC);
	for (size_t i = 0; i < metrics->hook_count; i++) {
		if (metrics->hooks[i].run != hook || metrics->hooks[i].ctx != ctx) continue;
		metrics->hooks[i] = metrics->hooks[--metrics->hook_count];
		return;
	}
}

static int histogram_print(const struct metric *row, struct buf *text)
{
	const char *comma = row->labels[0] == '\0' ? "" : ",";
	uint64_t below = 0;
	for (size_t i = 0; i < row->bound_count; i++) {
		below += row->buckets[i];
		int rc = buf_printf(text, "%s_bucket{%s%sle=\"%g\"} %llu\n", row->name, row->labels, comma,
			row->bounds[i], (unsigned long long)below);
		if (rc != 0) return rc;
	}
	const char *open = row->labels[0] == '\0' ? "" : "{", *close = row->labels[0] == '\0' ? "" : "}";
	return buf_printf(text, "%s_bucket{%s%sle=\"+Inf\"} %llu\n%s_sum%s%s%s %.9g\n%s_count%s%s%s %llu\n", row->name,
		row->labels, comma, (unsigned long long)row->count, row->name, open, row->labels, close, row->sum,
		row->name, open, row->labels, close, (unsigned long long)row->count);
}

static int row_print(const struct metric *row, struct buf *text)
{
	const char *open = row->labels[0] == '\0' ? "" : "{", *close = row->labels[0] == '\0' ? "" : "}";
	switch (row->kind) {
	case COUNTER:
		return buf_printf(
			text, "%s%s%s%s %llu\n", row->name, open, row->labels, close, (unsigned long long)row->count);
	case GAUGE:
		return buf_printf(text, "%s%s%s%s %lld\n", row->name, open, row->labels, close, (long long)row->value);
	case HISTOGRAM:
		return histogram_print(row, text);
	}
	return 0;
}

int metrics_print(struct metrics *metrics, struct buf *ret_text)
{
	static const char *const kinds[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
	CHECK_MAGIC(metrics, METRICS_MAGIC);
	for (size_t i = 0; i < metrics->hook_count; i++) metrics->hooks[i].run(metrics->hooks[i].ctx);
	for (size_t i = 0; i < metrics->family_count; i++) {
		const struct metric *first = metrics->families[i];
		int rc = buf_printf(ret_text, "# HELP %s %s\n# TYPE %s %s\n", first->name, first->help, first->name,
			kinds[first->kind]);
		for (const struct metric *row = first; row != NULL && rc == 0; row = row->next)
			rc = row_print(row, ret_text);
		if (rc != 0) return rc;
	}
	return 0;
}
