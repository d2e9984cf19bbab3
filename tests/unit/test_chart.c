/* Charts of accounts: both of conf/charts read and have a row for every account that a posting rule names; the row of
 * its own goes before the parameter's, the longer beginning before the shorter; what is wrong with a file is told at
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "model/chart.h"
#include "settle/posting_rule.h"

static const char *const files[] = {NULL, "conf/charts/public.conf", "conf/charts/private.conf"};

static const struct chart *load(const char *path, struct arena *arena, struct conf_faults *faults, int want)
{
	const struct chart *chart = NULL;

	arena_init(arena, 4u << 20);
	*faults = (struct conf_faults){.arena = arena};
	int r = chart_load(path, arena, faults, &chart);
	if (r != want) fail_msg("%d: %s", r, faults->count > 0 ? faults->items[0] : "no fault");
	return chart;
}

static void every_rule_has_its_accounts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct arena arena;
		struct conf_faults faults;
		const struct chart *chart = load(files[i], &arena, &faults, 0);
		size_t count;
		const struct posting_rule *rules = posting_rules(&count);

		for (size_t k = 0; k < count; k++) {
			const char *const templates[] = {rules[k].debit, rules[k].credit};

			for (int side = 0; side < 2; side++) {
				char account[ACCOUNT_LEN];
				const char *sub;

				if (templates[side][0] == '{') continue; /* any account */
				posting_account(templates[side], "alpha", account);
				if (chart_find(chart, account, &sub) == NULL)
					fail_msg("rule \"%s\": %s has no row in %s", rules[k].name, templates[side],
						files[i] != NULL ? files[i] : "what is built in");
			}
		}
		arena_free(&arena);
	}
}

static void assert_row(const struct chart *chart, const char *account, const char *row, const char *sub)
{
	const char *found_sub;
	const struct chart_row *found = chart_find(chart, account, &found_sub);

	if (row == NULL) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found->account, row);
	if (sub == NULL)
		assert_null(found_sub);
	else
		assert_string_equal(found_sub, sub);
}

static void the_closest_row_is_found(void **state)
{
	(void)state;
	struct arena arena;
	struct conf_faults faults;
	const struct chart *chart = load(NULL, &arena, &faults, 0);

	assert_row(chart, "AR-PT", "AR-PT", NULL);
	assert_row(chart, "AR-ALPHA", "AR-{INSURER}", "ALPHA");
	assert_row(chart, "AR-PTX", "AR-{INSURER}", "PTX");
	assert_row(chart, "AR-SI-ACCOUNT", "AR-SI-ACCOUNT", NULL);
	assert_row(chart, "AR-SI-OTHER", "AR-{INSURER}", "SI-OTHER");
	assert_row(chart, "CLR-REM-ALPHA", "CLR-REM-{INSURER}", "ALPHA");
	assert_row(chart, "CLR-CARD", "CLR-{WHAT}", "CARD");
	assert_row(chart, "FEE", "FEE", NULL);
	assert_row(chart, "AR-", NULL, NULL); /* there is no sub-ledger without a name */
	assert_row(chart, "SUSPECT", NULL, NULL);
	assert_row(chart, "", NULL, NULL);
	arena_free(&arena);
}

#define HEAD "name = \"c\";\naccounts = (\n"

static void faults_are_told_at_once(void **state)
{
	(void)state;
	static const char text[] =
		HEAD "{ account = \"AR-{insurer}\"; number = \"1212\"; name = \"a\"; type = \"asset\"; },\n"
		     "{ account = \"AR-PT\"; number = \"1.2.\"; name = \"a\"; type = \"asset\"; },\n"
		     "{ account = \"AR-IN\"; number = \"1.2\"; name = \"a: b\"; type = \"asset\"; },\n"
		     "{ account = \"DEP\"; number = \"1.2\"; name = \"a\"; type = \"debt\"; },\n"
		     "{ account = \"VAT\"; name = \"a\"; type = \"asset\"; },\n"
		     "{ account = \"FX\"; number = \"7.1\"; name = \"fx\"; type = \"expense\"; },\n"
		     "{ account = \"FX\"; number = \"7.1\"; name = \"fx\"; type = \"expense\"; },\n"
		     "{ account = \"FEE\"; number = \"7-1\"; name = \"fx\"; type = \"expense\"; },\n"
		     "{ account = \"FEE-{X}\"; number = \"7.1\"; name = \"fee\"; type = \"expense\"; } );\n"
		     "line_kinds = (\n"
		     "{ kind = \"a\"; name = \"a\"; account = \"FX\"; },\n"
		     "{ kind = \"a\"; name = \"a\"; account = \"FEE-BANK\"; codes = [\"*\"]; },\n"
		     "{ kind = \"transfer\"; name = \"a\"; account = \"INTEREST\"; },\n"
		     "{ kind = \"b\"; name = \"a\"; account = \"SUSP\"; } );\n";
	static const char *const wanted[] = {":3: ", ":4: ", ":5: ", ":6: ", ":7: ",
		":9: account \"FX\" has a row on line 8 already", ":10: number \"7-1\" differs from \"7.1\" of line 8",
		":10: number \"7-1\" differs from \"7.1\" of line 9",
		":11: number \"7.1\" has another name or type on line 8", ":14: kind \"a\" is on line 13 already",
		":14: ", ":15: account \"INTEREST\" has no row in the chart", ":15: ", ":16: "};
	char path[] = "/tmp/chart-XXXXXX";
	struct arena arena;
	struct conf_faults faults;
	FILE *file = fdopen(mkstemp(path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	(void)load(path, &arena, &faults, ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		bool found = false;

		for (size_t k = 0; k < faults.count; k++) found = found || strstr(faults.items[k], wanted[i]) != NULL;
		if (!found) fail_msg("no fault \"%s\"", wanted[i]);
	}
	assert_int_equal(remove(path), 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_its_accounts),
		cmocka_unit_test(the_closest_row_is_found),
		cmocka_unit_test(faults_are_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
