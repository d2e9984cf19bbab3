/* Log lines are one JSON object each, whatever the values are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"

static int pipes[2];

/* The line written last, parsed; the caller gives it back with json_decref. */
static json_t *line_read(void)
{
	char text[8192];
	ssize_t n = read(pipes[0], text, sizeof(text));
	json_error_t error;
	json_t *line;

	assert_true(n > 1 && n <= 4096);
	assert_int_equal(text[n - 1], '\n');
	assert_null(memchr(text, '\n', (size_t)n - 1));
	line = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &error);
	if (line == NULL) fail_msg("not JSON: %s: %.*s", error.text, (int)n, text);
	return line;
}

static const char *field(const json_t *line, const char *name)
{
	return json_string_value(json_object_get(line, name));
}

static void line_has_its_frame(void **state)
{
	json_t *line;

	(void)state;
	log_line(LOG_WARN, "queue holds %d of %d", 7, 9);
	line = line_read();
	assert_string_equal(field(line, "message"), "queue holds 7 of 9");
	assert_string_equal(field(line, "level"), "warn");
	assert_string_equal(field(line, "role"), "test");
	assert_int_equal(json_integer_value(json_object_get(line, "pid")), getpid());
	assert_int_equal(strlen(field(line, "time")), 24);
	json_decref(line);
}

static void fields_are_escaped(void **state)
{
	json_t *line;

	(void)state;
	log_fields(LOG_INFO, "x", "a", "q\"b\\s\n\x01\x7f", "b", "\xe7\x9b\xb4\xe4\xbb\x98", "c",
		"bad\xff\xc0\xaf\xed\xa0\x80", "d", NULL, NULL);
	line = line_read();
	assert_string_equal(field(line, "a"), "q\"b\\s\n\x01\x7f");
	assert_string_equal(field(line, "b"), "\xe7\x9b\xb4\xe4\xbb\x98");
	assert_non_null(strstr(field(line, "c"), "bad\xef\xbf\xbd"));
	assert_string_equal(field(line, "d"), ""); /* a NULL value is empty, and the fields end only at a NULL name */
	json_decref(line);
}

static void long_values_are_cut_not_broken(void **state)
{
	char text[6000];
	json_t *line;

	(void)state;
	memset(text, '\x02', sizeof(text) - 1); /* six bytes each when escaped */
	text[sizeof(text) - 1] = '\0';
	log_fields(LOG_ERROR, "long", "a", text, "b", "after", NULL);
	line = line_read();
	assert_true(json_is_true(json_object_get(line, "cut")));
	json_decref(line);
	log_line(LOG_ERROR, "%s", text);
	line = line_read();
	assert_true(json_is_true(json_object_get(line, "cut")));
	json_decref(line);
	memset(text, 'y', sizeof(text) - 1);
	log_fields(LOG_ERROR, "long", "a", text, "b", "after", NULL);
	line = line_read();
	assert_string_equal(field(line, "b"), "after");
	assert_int_equal(strlen(field(line, "a")), 1024 + 3);
	json_decref(line);
}

static void level_is_kept(void **state)
{
	json_t *line;

	(void)state;
	log_level_set(LOG_WARN);
	assert_false(log_enabled(LOG_INFO));
	assert_true(log_enabled(LOG_ERROR));
	log_line(LOG_INFO, "not written");
	log_fields(LOG_DEBUG, "not written", NULL);
	log_line(LOG_ERROR, "written");
	line = line_read();
	assert_string_equal(field(line, "message"), "written");
	json_decref(line);
	log_level_set(LOG_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_its_frame),
		cmocka_unit_test(fields_are_escaped),
		cmocka_unit_test(long_values_are_cut_not_broken),
		cmocka_unit_test(level_is_kept),
	};

	if (pipe(pipes) != 0) return 1;
	log_init(pipes[1], "test", LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
