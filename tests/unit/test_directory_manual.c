/* zhifud.conf(5) lists the options of hospital and insurer files as daemon/model/directory_file.c has them. */
#include "manual_lab.h"

#include "base/conf.h"
#include "model/directory_file.h"

static void assert_section(const char *name, const struct conf_table *table)
{
	char *want = NULL;
	size_t want_len = 0;
	FILE *out = open_memstream(&want, &want_len);

	assert_non_null(out);
	conf_print_man(out, table);
	assert_int_equal(fclose(out), 0);
	assert_manual("daemon/zhifud.conf.5", name, want);
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
