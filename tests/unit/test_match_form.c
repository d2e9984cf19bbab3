/* The forms of the hospital's own numbers: what is learned of a number, what is known by it, and what the matching of
 * money does with a number of such a form that is nobody's. */
#include "match_lab.h"
#include "settle/match_form.h"

#define ALPHA "ALPHA INTERNATIONAL HEALTH INSURANCE PLC"

/* Of each number nothing is kept but its form, once; of short ones and of those with few digits nothing. */
static void a_form_is_learned(void **state)
{
	(void)state;
	static const char *const numbers[] = {"MZ26040000001", "MZ26049999999", "ZY-2026/000123", "OP20260412",
		"20261012", "ABC1-2345", "BEIJING-2026-17", "SHANGHAIPUDONG123", "2026X00001234",
		"MZ260400000000000000000001"};
	struct match_forms forms = {.count = 0}, again;
	char text[MATCH_FORMS_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) match_forms_learn(&forms, numbers[i]);
	assert_true(forms.more);
	match_forms_write(&forms, text);
	assert_string_equal(text, "MZ########### ZY########## 0P######## @@@@@@@###### ####@########");
	match_forms_read(&again, text);
	assert_int_equal(again.count, forms.count);
	assert_false(again.more);
	assert_memory_equal(again.items, forms.items, sizeof(forms.items[0]) * forms.count);
	match_forms_learn(&again, "MZ26040000002");
	assert_false(again.more); /* it is known */
	match_forms_read(&again, "");
	assert_int_equal(again.count, 0);
	for (int i = 0; i < 2 * MATCH_FORMS_MAX; i++) {
		char number[] = "A?123456789";
		number[1] = (char)('A' + i % 26);
		if (i >= 26) number[0] = 'B';
		match_forms_learn(&again, number);
	}
	assert_int_equal(again.count, MATCH_FORMS_MAX);
	match_forms_write(&again, text);
	match_forms_read(&forms, text);
	assert_int_equal(forms.count, MATCH_FORMS_MAX);
}

static void a_number_is_known_by_its_form(void **state)
{
	(void)state;
	static const struct {
		const char *folded;
		bool like, grouped;
	} cases[] = {
		{"MZ26040000001", true, true},
		{"MZ2604000001", true, true},   /* one dropped */
		{"MZ260400000011", true, true}, /* one added */
		{"M226040000001", true, true},  /* another */
		{"M2Z6040000001", true, true},  /* two swapped */
		{"MZ2604X000001", true, true},  /* a letter for a digit */
		{"Z26040000001", true, true},   /* the first one is dropped, and a letter is left */
		{"226040000001", false, false}, /* figures of anything */
		{"MZ260400001", false, false},  /* two are missing */
		{"MZ2604000000123", false, false},
		{"NF40550145812", false, false}, /* an insurer's */
		{"20261012345", true, false},    /* figures, all in one */
		{"2026101234", true, false},
		{"202610123", false, false},
	};
	struct match_forms forms = {.count = 0};
	match_forms_learn(&forms, "MZ26040000001");
	for (size_t i = 0; i < ARRAY_LEN(cases) - 3; i++) {
		assert_int_equal(
			match_forms_like(&forms, cases[i].folded, strlen(cases[i].folded), false), cases[i].like);
		assert_int_equal(
			match_forms_like(&forms, cases[i].folded, strlen(cases[i].folded), true), cases[i].grouped);
	}
	match_forms_learn(&forms, "20261099999");
	for (size_t i = ARRAY_LEN(cases) - 3; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			match_forms_like(&forms, cases[i].folded, strlen(cases[i].folded), false), cases[i].like);
		assert_int_equal(
			match_forms_like(&forms, cases[i].folded, strlen(cases[i].folded), true), cases[i].grouped);
	}
	assert_false(match_forms_like(NULL, "MZ26040000001", 13, false));
}

struct told {
	const char *wanted;
	uint32_t count, max, found;
};

static bool tell(void *context, const char *number)
{
	struct told *told = context;
	told->found += strcmp(number, told->wanted) == 0;
	return ++told->count < told->max;
}

/* Among what may have been meant is the number itself, with its marks, once; nothing else than numbers of the form. */
static void what_was_meant_is_told(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"MZ26040000001", "MZ2604000001", "MZ26040000001"},
		{"MZ26040000001", "MZ260400000001", "MZ26040000001"},
		{"MZ26040000001", "M226040000001", "MZ26040000001"},
		{"MZ26040000001", "M2Z6040000001", "MZ26040000001"},
		{"MZ26040000001", "MZ26040000010", "MZ26040000001"},
		{"MZ26040000001", "MZ26040000007", "MZ26040000001"},
		{"ZY-2026/000123", "ZY-2026/00123", "ZY-2026/000123"},
		{"ZY-2026/000123", "ZY-202/000123", "ZY-2026/000123"},
		{"ZY-2026/000123", "ZY-2062/000123", "ZY-2026/000123"},
		{"OP2026041", "0P2026041", "OP2026041"},
		{"2026X00001234", "2026400001234", "2026X00001234"},
		{"ZY-2026/000123", "Y-2026/000123", "ZY-2026/000123"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_forms forms = {.count = 0};
		struct told told = {.wanted = cases[i][2], .max = UINT32_MAX};
		match_forms_learn(&forms, cases[i][0]);
		match_forms_meant(&forms, cases[i][1], tell, &told);
		assert_int_equal(told.found, 1);
		assert_in_range(told.count, 1, 250);
		told = (struct told){.wanted = cases[i][2], .max = 1};
		match_forms_meant(&forms, cases[i][1], tell, &told);
		assert_int_equal(told.count, 1);
	}
	struct match_forms forms = {.count = 0};
	struct told told = {.wanted = "", .max = UINT32_MAX};
	match_forms_learn(&forms, "MZ26040000001");
	match_forms_meant(&forms, "MZ2604", tell, &told);
	match_forms_meant(&forms, "INVOICE", tell, &told);
	match_forms_meant(&forms, "", tell, &told);
	match_forms_meant(&forms, "M-Z-2-6-0-4-0-0-0-0-0-0-1-----------------------", tell, &told);
	assert_int_equal(told.count, 0);
}

/* The payer named something that is nobody's: the amount of another claim is no ground to post it. What it may have
 * meant is looked up besides, and decides like any number with a slip in it. */
static void a_number_that_is_nobodys_waits(void **state)
{
	(void)state;
	static const struct {
		const char *text, *amount;
		bool learned;
		uint32_t slips; /* how many claims it is one slip away from, from the second on */
		uint8_t wait;
		const char *why;
	} cases[] = {
		{"MEDICAL EXPENSES", "300.00", true, 0, MATCH_POSTS, "nothing names it: found by amount alone"},
		{"BILL ZY-2026/00123", "300.00", false, 0, MATCH_POSTS, "nothing names it: found by amount alone"},
		{"BILL ZY-2026/00123", "300.00", true, 0, MATCH_WAIT_NOBODYS,
			"nothing names it: found by amount alone"},
		{"BILL ZY 2026 00123", "300.00", true, 0, MATCH_WAIT_NOBODYS,
			"nothing names it: found by amount alone"},
		{"BILL ZY-2026/000999 THANK YOU", "300.00", true, 0, MATCH_WAIT_NOBODYS,
			"nothing names it: found by amount alone"},
		{"BILL ZY-2026/000999", "301.00", true, 0, MATCH_WAIT_NOBODYS, NULL},
		{"BILL ZY-2026", "300.00", true, 0, MATCH_POSTS,
			"nothing names it: found by amount alone"}, /* cut off */
		{"POLICY QA-2026/000999", "300.00", true, 0, MATCH_POSTS, "nothing names it: found by amount alone"},
		{"BILL ZY-2026/00123", "500.00", true, 1, MATCH_POSTS,
			"the payment names the hospital's number of the claim with one slip in it"},
		{"BILL ZY-2026/00123", "500.00", true, 2, MATCH_WAIT_TIE,
			"the payment names the hospital's number of the claim with one slip in it"},
		{"BILL ZY-2026/00123", "300.00", true, 1, MATCH_WAIT_NOBODYS,
			"nothing names it: found by amount alone"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		struct match_forms forms = {.count = 0};
		struct match_bill slips[] = {{"ZY-2026/000123", 1}, {"ZY-2026/001123", 2}};
		char ref[REF_TEXT_LEN];
		lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		struct match_setting setting = lab_setting(&lab);
		setting.forms = &forms;
		assert_int_equal(match_index_new(&setting, &lab.index), 0);
		arena_init(&lab.arena, LAB_ARENA_BYTES);
		for (unsigned k = 0; k < 3; k++) {
			ref_from_number("HZ1", UINT64_C(57346912345678) * (k + 3), ref);
			lab_claim(
				&lab, 0, ref, k == 0 ? "300.00" : "500.00", k == 0 ? "300.00" : "500.00", "2026-10-10");
		}
		if (cases[i].learned) match_forms_learn(&forms, "ZY-2026/000001");
		struct match_line line = lab_line(&lab, cases[i].amount, "CNY", "2026-11-12", ALPHA, cases[i].text);
		line.slips = slips;
		line.slip_count = cases[i].slips;
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		if (cases[i].why == NULL)
			assert_int_equal(lab.result.count, 0);
		else
			assert_true(lab_says(&lab, 0, cases[i].why)); /* a person sees it all the same */
		if (cases[i].wait == MATCH_POSTS)
			assert_int_equal(lab.result.candidates[0].parts[0].claim, cases[i].slips > 0 ? 1 : 0);
		lab_close(&lab);
	}
	assert_string_equal(match_wait_text(MATCH_WAIT_NOBODYS, false),
		"it names a number like ours that is nobody's, so the amount alone decides nothing");
	assert_string_not_equal(match_wait_text(MATCH_WAIT_NOBODYS, true), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_learned),
		cmocka_unit_test(a_number_is_known_by_its_form),
		cmocka_unit_test(what_was_meant_is_told),
		cmocka_unit_test(a_number_that_is_nobodys_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
