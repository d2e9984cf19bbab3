/* zhifu_contract(5) lists the keys of a contract as daemon/model/contract_keys.c has them. */
#include "manual_lab.h"

#include "base/conf.h"
#include "base/mem.h"
#include "model/contract_keys.h"

/* What a value may be, and its default. */
static void facts(FILE *out, const struct contract_key *key)
{
	char text[512];
	size_t n = 0;

#define ADD(...) n += (size_t)snprintf(text + n, sizeof(text) - n, __VA_ARGS__)
	switch (key->form) {
	case FORM_TEXT:
		ADD("A text of one line, at most %d bytes.", key->high);
		break;
	case FORM_CODE:
		ADD("Letters, digits, hyphens and underscores, at most %d.", key->high);
		break;
	case FORM_INSURER:
		ADD("Small letters, digits and hyphens, at most %d.", key->high);
		break;
	case FORM_DAY:
		ADD("A day as \"2026-01-31\".");
		break;
	case FORM_COUNT:
		ADD("A whole number from %d to %d.", key->low, key->high);
		break;
	case FORM_PERCENT:
		ADD("A percentage from \"0\" to \"%d\".", key->high);
		break;
	case FORM_AMOUNT:
		ADD("An amount, zero or above.");
		break;
	case FORM_CURRENCY:
		ADD("A currency.");
		break;
	case FORM_PIVOT:
		ADD("A currency, or \"none\".");
		break;
	case FORM_WORD:
		ADD("One of");
		for (const struct contract_word *word = key->words; word->text != NULL; word++)
			ADD(" \"%s\"%s", word->text, word[1].text == NULL ? "." : ",");
		break;
	case FORM_BOOL:
		ADD("true or false.");
		break;
	case FORM_OBJECT:
		ADD("An object.");
		break;
	case FORM_LIST:
		ADD("A list of at most %d objects.", CONTRACT_LIST_MAX);
		break;
	}
	if (key->needed)
		ADD(" Required.");
	else if (key->fallback != NULL || key->otherwise != NULL)
		ADD(" Default: %s.", key->fallback != NULL ? key->fallback : key->otherwise);
#undef ADD
	conf_man_text(out, text);
}

static void print(FILE *out, const struct contract_section *section, const char *front)
{
	for (uint32_t i = 0; i < section->count; i++) {
		const struct contract_key *key = &section->keys[i];
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", front, key->name,
			key->form == FORM_OBJECT ? "."
			: key->form == FORM_LIST ? "[]."
						 : "");
		fprintf(out, ".It Ic %s%s\n", front, key->name);
		assert_non_null(key->help);
		conf_man_text(out, key->help);
		facts(out, key);
		if (key->section != NULL) print(out, key->section, path);
	}
}

static void manual_lists_contract_keys(void **state)
{
	(void)state;
	char *want = NULL;
	size_t want_len = 0;
	FILE *out = open_memstream(&want, &want_len);

	assert_non_null(out);
	print(out, &contract_document, "");
	assert_int_equal(fclose(out), 0);
	assert_manual("daemon/zhifu_contract.5", "keys", want);
	free(want);
}

static void the_example_is_read(void **state)
{
	(void)state;
	struct arena arena CLEANUP(arena_free);
	struct fault_list faults;
	struct contract_list list;
	char *example = manual_example("daemon/zhifu_contract.5");

	arena_init(&arena, 1 << 20);
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(contract_read(text_of(example), "CNY", &arena.zf, &faults, &list), 0);
	assert_int_equal(list.items[0].kind, CONTRACT_B);
	free(example);
}

/* A required key has no default, and each default in words can be told from one that is read. */
static void check(const struct contract_section *section)
{
	assert_true(section->count <= 64);
	for (uint32_t i = 0; i < section->count; i++) {
		const struct contract_key *key = &section->keys[i];

		assert_true(!key->needed || (key->fallback == NULL && key->otherwise == NULL));
		assert_true(key->fallback == NULL || key->otherwise == NULL);
		assert_int_equal(key->form == FORM_WORD, key->words != NULL);
		assert_int_equal(key->form == FORM_OBJECT || key->form == FORM_LIST, key->section != NULL);
		if (key->section != NULL) check(key->section);
	}
}

static void the_table_is_sound(void **state)
{
	(void)state;
	check(&contract_document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_lists_contract_keys),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(the_example_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
