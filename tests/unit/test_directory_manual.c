/* zhifud.conf(5) lists the options of hospital and insurer files as daemon/model/directory_file.c has them. With
 * ZHIFU_UPDATE=1 in the environment the page is written anew instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "model/directory_file.h"

#define MAN_PATH "daemon/zhifud.conf.5"

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* The text between ".\" NAME begin" and ".\" NAME end" must be what the table prints. */
static void assert_section(const char *name, const struct conf_table *table)
{
	const char *update = getenv("ZHIFU_UPDATE");
	char begin_mark[64], end_mark[64];
	char *want = NULL;
	size_t want_len = 0;
	FILE *out = open_memstream(&want, &want_len);
	char *page = file_text(MAN_PATH);
	char *begin, *end;

	assert_non_null(out);
	conf_print_man(out, table);
	assert_int_equal(fclose(out), 0);
	(void)snprintf(begin_mark, sizeof(begin_mark), ".\\\" %s begin\n", name);
	(void)snprintf(end_mark, sizeof(end_mark), ".\\\" %s end\n", name);
	begin = strstr(page, begin_mark);
	assert_non_null(begin);
	begin += strlen(begin_mark);
	end = strstr(begin, end_mark);
	assert_non_null(end);
	if (update != NULL && strcmp(update, "1") == 0) {
		FILE *file = fopen(MAN_PATH, "w");

		assert_non_null(file);
		fprintf(file, "%.*s%s%s", (int)(begin - page), page, want, end);
		assert_int_equal(fclose(file), 0);
	} else if ((size_t)(end - begin) != want_len || memcmp(begin, want, want_len) != 0) {
		fail_msg("%s does not say of \"%s\" what the table says; see the head of "
			 "tests/unit/test_directory_manual.c",
			MAN_PATH, name);
	}
	free(page);
	free(want);
}

static void manual_lists_hospital_options(void **state)
{
	(void)state;
	assert_section("hospital options", &hospital_file_table);
}

static void manual_lists_insurer_options(void **state)
{
	(void)state;
	assert_section("insurer options", &insurer_file_table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_lists_hospital_options),
		cmocka_unit_test(manual_lists_insurer_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
