/* What contracts and the chart say of a line: who bears what banks keep, how days are counted, what is for no claim. */
#include "match_lab.h"

#define ALPHA "ALPHA INTERNATIONAL HEALTH INSURANCE PLC"

static char refs[2][REF_TEXT_LEN]; /* of the claims of a test; filled once, in setup */

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(refs); i++)
		ref_from_number("HZ1", UINT64_C(57346912345678) * (i + 3), refs[i]);
	return 0;
}

static void test_lines_that_are_for_no_claim(void **state)
{
	(void)state;
	static const char *const fee_codes[] = {"*/CHRG", "?CHG*"}, *const fee_texts[] = {"手续费"};
	static const char *const interest_codes[] = {"*/INTR"};
	const struct match_own owns[] = {
		{interest_codes, NULL, 1, 0, .in = true}, {fee_codes, fee_texts, 2, 1, .out = true}};
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	struct match_setting setting = lab_setting(&lab);
	setting.owns = owns;
	setting.own_count = ARRAY_LEN(owns);
	assert_int_equal(match_index_new(&setting, &lab.index), 0);
	arena_init(&lab.arena, LAB_ARENA_BYTES);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line line = lab_line(&lab, "-25.00", "CNY", "2026-10-30", NULL, NULL);
	static const char *const named[] = {"PMNT/MDOP/CHRG", "NCHG", "NCHG+808", "FCHG"}, *const not [] = {
												   "PMNT/CHRG/ESCT",
												   "CHG", "NTRF",
												   "PMNT/RCDT/INTR"};
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		line.codes[i % 3] = named[i];
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab.result.candidates[0].kind, MATCH_OWN);
		assert_int_equal(lab.result.candidates[0].own, 1);
		assert_int_equal(lab.result.candidates[0].parts[0].kind, MATCH_PART_OWN);
		assert_int_equal(lab.result.candidates[0].parts[0].amount, -2500);
		line.codes[i % 3] = not [i];
		assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_OUT);
		assert_int_equal(lab.result.count, 0);
	}
	/* By words alone a person is asked; a payer's words are not the bank's. */
	line.text = "网银跨行手续费";
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_CERTAINTY);
	assert_int_equal(lab.result.count, 1);
	line = lab_line(&lab, "25.00", "CNY", "2026-10-30", ALPHA, "手续费");
	line.codes[0] = "PMNT/MDOP/CHRG"; /* what comes in is no charge */
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_NOTHING);
	line = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	line.codes[0] = "PMNT/MDOP/INTR"; /* what names a claim pays that */
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].kind, MATCH_PAYMENT);
	line = lab_line(&lab, "3.21", "CNY", "2026-10-30", NULL, NULL);
	line.codes[2] = "ACMT/MCOP/INTR";
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].own, 0);
	lab_close(&lab);
}

/* Short by a usual charge, or one that the bank tells: ours, or still owed. */
static void test_who_bears_what_banks_keep(void **state)
{
	(void)state;
	for (int way = 0; way < 8; way++) {
		bool payer = way & 1, stated = way & 2, dollars = way & 4;
		struct match_lab lab = {.payer_count = 0};
		lab_payer(&lab, ALPHA, NULL, MATCH_SEVERAL);
		lab_contract(&lab, 0, dollars ? "USD" : "CNY", "USD", 100)->payer_bears = payer;
		lab_usual(&lab, "25.00", "USD", 3);
		lab_open(&lab);
		uint32_t claim =
			lab_claim(&lab, 0, refs[0], dollars ? "14503.17" : "102900.00", "102900.00", "2026-10-06");
		struct match_line line =
			lab_line(&lab, dollars ? "14478.17" : "14517.11", "USD", "2026-10-30", ALPHA, refs[0]);
		line.order_day = lab_day("2026-10-28");
		if (stated) line.charge = lab_money("25.00", "USD");
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		const struct match_part *part = lab_part(&lab, claim);
		assert_int_equal(part->split.charge, payer ? 0 : 2500);
		assert_int_equal(part->split.short_by, payer ? 2500 : 0);
		assert_int_equal(part->books.charge.minor, payer ? 0 : 17675);
		/* what is left open: 25.00, or their worth when it was ordered */
		assert_int_equal(part->books.left.minor, !payer ? 0 : dollars ? 2500 : 17690);
		/* Of two nobody knows which is short. */
		lab_claim(&lab, 0, refs[1], dollars ? "1000.00" : "7076.00", "7076.00", "2026-10-06");
		char text[64];
		(void)snprintf(text, sizeof(text), "%s, %s", refs[0], refs[1]);
		line.text = text;
		line.amount.minor += 100000;
		/* in yuan the bound of the rate explains so little */
		assert_int_equal(lab_match(&lab, &line) == MATCH_POSTS, !payer || !dollars);
		lab_close(&lab);
	}
}

/* What the correspondents of one bank keep says nothing of transfers from another one. */
static void test_usual_charges_of_a_route(void **state)
{
	(void)state;
	static const struct {
		const char *bank;
		bool counts;
	} routes[] = {{NULL, true}, {"CITIUS33", true}, {"citius33XXX", true}, {"CHASUS33", false}, {"CITIUS3", false},
		{"CITIUS33X", false}};
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		struct match_lab lab = {.payer_count = 0};
		lab_payer(&lab, ALPHA, NULL, MATCH_SEVERAL);
		lab_contract(&lab, 0, "USD", "USD", 100);
		lab_usual(&lab, "25.00", "USD", 3)->route = "CITIUS33";
		lab_usual(&lab, "15.00", "USD", 6)->route = "CHASUS33";
		lab_open(&lab);
		uint32_t claim = lab_claim(&lab, 0, refs[0], "14503.17", "102900.00", "2026-10-06");
		struct match_line line = lab_line(&lab, "14478.17", "USD", "2026-10-30", ALPHA, refs[0]);
		line.payer_bank = routes[i].bank;
		uint8_t wait = lab_match(&lab, &line);
		const struct match_part *part = lab_part(&lab, claim);
		if (routes[i].counts != (part->split.charge == 2500) || (routes[i].counts && wait != MATCH_POSTS))
			fail_msg("%s", routes[i].bank);
		if (!routes[i].counts) assert_int_equal(part->split.short_by, 2500);
		lab_close(&lab);
	}
}

/* A discount within ten working days: the eleventh is the Monday of a week later. */
static void test_discount_days_are_counted_as_the_term(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	struct match_contract *contract = lab_contract(&lab, 0, "CNY", "CNY", 0);
	contract->discount = 200;
	contract->discount_days = 10;
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-11-02"); /* a Monday */
	struct match_line line = lab_line(&lab, "490.00", "CNY", "2026-11-16", ALPHA, refs[0]);
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].parts[0].split.short_by, 1000); /* 14 days */
	contract->discount_business = true;
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].parts[0].split.discount, 1000);
	line.order_day++; /* the eleventh */
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].parts[0].split.short_by, 1000);
	lab_close(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_are_for_no_claim),
		cmocka_unit_test(test_who_bears_what_banks_keep),
		cmocka_unit_test(test_usual_charges_of_a_route),
		cmocka_unit_test(test_discount_days_are_counted_as_the_term),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
