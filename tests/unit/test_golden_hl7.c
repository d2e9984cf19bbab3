/* Each of the 174 official HL7 examples gets the verdict of tests/golden/hl7-r4-examples.tsv, which was written first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/validate_document.h"

#define TABLE "tests/golden/hl7-r4-examples.tsv"
#define NOW_MS INT64_C(1795000000000) /* 2026-11-18 */

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "r");
	if (file == NULL) return NULL;
	size_t cap = 4u << 20;
	char *text = malloc(cap);
	size_t len = fread(text, 1, cap - 1, file);
	fclose(file);
	text[len] = '\0';
	if (ret_len != NULL) *ret_len = len;
	return text;
}

static uint32_t accepted_at(const char *type)
{
	if (strcmp(type, "Bundle") == 0) return FHIR_ACCEPT_BUNDLE;
	if (strcmp(type, "Consent") == 0) return FHIR_ACCEPT_CONSENT;
	if (strcmp(type, "Task") == 0) return FHIR_ACCEPT_TASK;
	return FHIR_ACCEPT_CLAIM;
}

/* By path, then code: '=' sorts before every character of a path. */
static int compare_text(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	for (; *x == *y && *x != '\0'; x++, y++)
		;
	int left = *x == '=' ? 1 : (unsigned char)*x, right = *y == '=' ? 1 : (unsigned char)*y;
	return left - right;
}

/* "path=code path=code", sorted; "-" for none; warnings left out. */
static void faults_text(const struct fault_list *faults, char *ret, size_t size)
{
	char *rows[FAULT_LIST_MAX + 1];
	size_t count = 0, len = 0;
	for (uint32_t i = 0; i < faults->count; i++) {
		if (faults->items[i].severity < FAULT_FAULT) continue;
		if (asprintf(&rows[count++], "%s=%s", faults->items[i].path,
			    fault_lookup(faults->items[i].code)->name) < 0)
			abort();
	}
	qsort(rows, count, sizeof(*rows), compare_text);
	snprintf(ret, size, "-");
	for (size_t i = 0; i < count; i++) {
		len += (size_t)snprintf(ret + len, size - len, "%s%s", i == 0 ? "" : " ", rows[i]);
		free(rows[i]);
	}
}

/* What we say about the file: "accepted", "refused" or "not-accepted-type", and the faults. */
static void judge(const char *type, const char *json, size_t len, char *ret_faults, size_t size, bool *ret_refused)
{
	struct arena arena;
	struct fault_list faults;
	struct fhir_document document;
	struct validate_result *results;
	struct validate_options options = {.now_ms = NOW_MS};
	arena_init(&arena, 64u << 20);
	fault_list_init(&faults, &arena.zf, 0);
	int rc = fhir_document_read(json, len, NULL, accepted_at(type), &arena.zf, &faults, &document);
	if (rc == 0) rc = validate_document(&document, &options, &arena.zf, &faults, &results);
	assert_true(rc == 0 || rc == ERR_INVALID);
	assert_int_equal(faults.dropped, 0);
	*ret_refused = fault_refuses(&faults);
	faults_text(&faults, ret_faults, size);
	arena_free(&arena);
}

/* One row; returns 1 when it is not as the table says. */
static int check_row(const char *folder, char *row)
{
	static char said[65536];
	char path[1024];
	char *name = strsep(&row, "\t"), *type = strsep(&row, "\t"), *verdict = strsep(&row, "\t"),
	     *want = strsep(&row, "\t");
	bool refused, right;
	size_t len;
	if (want == NULL) fail_msg("a row of %s has less than four columns: %s", TABLE, name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	char *json = read_file(path, &len);
	if (json == NULL) fail_msg("no file %s", path);
	judge(type, json, len, said, sizeof(said), &refused);
	free(json);
	if (strcmp(verdict, "not-accepted-type") == 0) {
		char padded[65600], one[512];
		snprintf(padded, sizeof(padded), " %s ", said);
		snprintf(one, sizeof(one), " %s ", want);
		right = refused && strstr(padded, one) != NULL;
	} else {
		right = refused == (strcmp(verdict, "refused") == 0) && strcmp(said, want) == 0;
	}
	if (!right) print_error("%s (%s)\n  want %s\n  said %s\n", name, verdict, want, said);
	return right ? 0 : 1;
}

static void the_table_is_met(void **state)
{
	(void)state;
	char folder[512];
	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(folder, sizeof(folder), "%s/data/fhir/hl7-r4-examples", shared != NULL ? shared : "../shared");
	char *table = read_file(TABLE, NULL);
	assert_non_null(table);
	char probe[600];
	snprintf(probe, sizeof(probe), "%s/claim-example.json", folder);
	char *there = read_file(probe, NULL);
	if (there == NULL) {
		free(table);
		print_message("no HL7 examples in %s\n", folder);
		skip();
	}
	free(there);
	int rows = 0, wrong = 0;
	char *rest = table;
	for (char *row; (row = strsep(&rest, "\n")) != NULL;) {
		if (row[0] == '#' || row[0] == '\0') continue;
		rows++;
		wrong += check_row(folder, row);
	}
	free(table);
	assert_int_equal(rows, 174);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_is_met)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
