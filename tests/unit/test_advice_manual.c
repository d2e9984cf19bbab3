/* zhifu_remittance(5) lists the keys of an advice's document as adapters/advice/advice_document.c has them, and its
 * example is read. */
#include "manual_lab.h"

#include "advice/advice.h"
#include "base/conf.h"
#include "base/mem.h"

static void manual_lists_keys(void **state)
{
	(void)state;
	char *want = NULL;
	size_t want_len = 0;
	FILE *out = open_memstream(&want, &want_len);
	const struct advice_key *key;

	assert_non_null(out);
	for (size_t n = 0; (key = advice_key(n)) != NULL; n++) {
		fprintf(out, ".It Ic %s\n", key->name);
		conf_man_text(out, key->help);
		char facts[128];
		snprintf(facts, sizeof(facts), "%s.%s", key->form, key->needed ? " Required." : "");
		conf_man_text(out, facts);
	}
	assert_int_equal(fclose(out), 0);
	assert_manual("daemon/zhifu_remittance.5", "keys", want);
	free(want);
}

static void the_example_is_read(void **state)
{
	(void)state;
	struct arena arena CLEANUP(arena_free);
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	char *example = manual_example("daemon/zhifu_remittance.5");

	arena_init(&arena, 1 << 20);
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(advice_read_document(text_of(example), &arena.zf, &faults, &advice), 0);
	assert_int_equal(advice_sums(&advice, &sums), 0);
	assert_int_equal(sums.difference, 0);
	free(example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_lists_keys),
		cmocka_unit_test(the_example_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
