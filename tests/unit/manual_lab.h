/* What a table in the code says must stand in a manual page, between ".\" NAME begin" and ".\" NAME end". With
 * ZHIFU_UPDATE=1 in the environment the page is written anew instead. */
#ifndef TESTS_UNIT_MANUAL_LAB_H
#define TESTS_UNIT_MANUAL_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline char *manual_text(const char *path)
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

static inline void assert_manual(const char *path, const char *name, const char *want)
{
	const char *update = getenv("ZHIFU_UPDATE");
	char begin_mark[64], end_mark[64];
	char *page = manual_text(path);
	char *begin, *end;

	(void)snprintf(begin_mark, sizeof(begin_mark), ".\\\" %s begin\n", name);
	(void)snprintf(end_mark, sizeof(end_mark), ".\\\" %s end\n", name);
	begin = strstr(page, begin_mark);
	assert_non_null(begin);
	begin += strlen(begin_mark);
	end = strstr(begin, end_mark);
	assert_non_null(end);
	if (update != NULL && strcmp(update, "1") == 0) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file, "%.*s%s%s", (int)(begin - page), page, want, end);
		assert_int_equal(fclose(file), 0);
	} else if ((size_t)(end - begin) != strlen(want) || memcmp(begin, want, strlen(want)) != 0) {
		fail_msg("%s does not say of \"%s\" what the table says; see the head of tests/unit/manual_lab.h", path,
			name);
	}
	free(page);
}

/* The first example of a page, as NUL-terminated text; free it. */
static inline char *manual_example(const char *path)
{
	static const char mark[] = ".Bd -literal -offset indent\n";
	char *page = manual_text(path);
	char *begin = strstr(page, mark), *end;

	assert_non_null(begin);
	begin += strlen(mark);
	end = strstr(begin, "\n.Ed");
	assert_non_null(end);
	memmove(page, begin, (size_t)(end - begin));
	page[end - begin] = '\0';
	return page;
}

#endif
