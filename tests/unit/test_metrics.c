/* The table of metrics and what it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/metrics.h"

static void count_hook(void *ctx)
{
	metric_set(ctx, 42);
}

static void test_print(void **state)
{
	static const double bounds[] = {0.1, 1};
	struct metrics *metrics;
	CLEANUP(buf_free) struct buf text = BUF_INIT(1 << 20);
	(void)state;
	assert_int_equal(metrics_new(&metrics), 0);
	struct metric *a = metrics_counter(metrics, "zhifu_a_total", "Things.", "kind=\"x\"");
	struct metric *gauge = metrics_gauge(metrics, "zhifu_g", "Level.", NULL);
	struct metric *b = metrics_counter(metrics, "zhifu_a_total", "Things.", "kind=\"y\"");
	struct metric *h = metrics_histogram(metrics, "zhifu_h_seconds", "Time.", NULL, bounds, 2);
	assert_ptr_equal(metrics_counter(metrics, "zhifu_a_total", "Things.", "kind=\"x\""), a);
	assert_ptr_not_equal(a, b);
	metric_add(a, 2);
	metric_add(b, 1);
	metric_set(gauge, -2);
	assert_int_equal(metric_value(gauge), -2);
	metric_observe(h, 0.1);
	metric_observe(h, 0.5);
	metric_observe(h, 7);
	metrics_on_print(metrics, count_hook, gauge);
	assert_int_equal(metrics_print(metrics, &text), 0);
	assert_int_equal(buf_append(&text, "", 1), 0);
	assert_string_equal((char *)text.ptr, "# HELP zhifu_a_total Things.\n"
					      "# TYPE zhifu_a_total counter\n"
					      "zhifu_a_total{kind=\"x\"} 2\n"
					      "zhifu_a_total{kind=\"y\"} 1\n"
					      "# HELP zhifu_g Level.\n"
					      "# TYPE zhifu_g gauge\n"
					      "zhifu_g 42\n"
					      "# HELP zhifu_h_seconds Time.\n"
					      "# TYPE zhifu_h_seconds histogram\n"
					      "zhifu_h_seconds_bucket{le=\"0.1\"} 1\n"
					      "zhifu_h_seconds_bucket{le=\"1\"} 2\n"
					      "zhifu_h_seconds_bucket{le=\"+Inf\"} 3\n"
					      "zhifu_h_seconds_sum 7.6\n"
					      "zhifu_h_seconds_count 3\n");
	metrics_off_print(metrics, count_hook, gauge);
	metric_set(gauge, 1);
	buf_reset(&text);
	assert_int_equal(metrics_print(metrics, &text), 0);
	assert_int_equal(metric_value(gauge), 1);
	metrics_free(metrics);
}

static void test_limits(void **state)
{
	struct metrics *metrics;
	char labels[64];
	CLEANUP(buf_free) struct buf text = BUF_INIT(1000);
	(void)state;
	assert_int_equal(metrics_new(&metrics), 0);
	for (int i = 0; i < METRICS_MAX; i++) {
		(void)snprintf(labels, sizeof(labels), "n=\"%d\"", i);
		metric_add(metrics_counter(metrics, "zhifu_many_total", "Many.", labels), 1);
	}
	struct metric *spare = metrics_counter(metrics, "zhifu_other_total", "Other.", NULL);
	assert_non_null(spare);
	assert_ptr_equal(metrics_gauge(metrics, "zhifu_third", "Third.", NULL), spare);
	metric_add(spare, 1);
	assert_int_equal(metrics_print(metrics, &text), ERR_LIMIT);
	metrics_free(metrics);
}

static void test_no_memory(void **state)
{
	struct metrics *metrics;
	(void)state;
	mem_fail_after(0);
	assert_int_equal(metrics_new(&metrics), ERR_NOMEM);
	mem_fail_after(1);
	assert_int_equal(metrics_new(&metrics), 0);
	struct metric *spare = metrics_counter(metrics, "zhifu_a_total", "Things.", NULL);
	mem_fail_after(-1);
	assert_non_null(spare);
	metric_add(spare, 1);
	assert_ptr_not_equal(metrics_counter(metrics, "zhifu_a_total", "Things.", NULL), spare);
	metrics_free(metrics);
}

static void test_escape(void **state)
{
	char text[16];
	(void)state;
	metrics_label_escape("a\"b\\c\nd", text, sizeof(text));
	assert_string_equal(text, "a\\\"b\\\\c\\nd");
	metrics_label_escape("abcdefghijklmn\"", text, sizeof(text));
	assert_string_equal(text, "abcdefghijklmn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_escape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
