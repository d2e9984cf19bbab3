/* The rates that matching goes by: those that the contract names, through the currency in which that source's rates
 * meet, and else those by which the books are kept. */
#include "match_lab.h"

#define ALPHA "ALPHA INTERNATIONAL HEALTH INSURANCE PLC"
#define BETA "BETA MUTUAL SOCIETY OF LONDON"

static char refs[4][REF_TEXT_LEN]; /* of the claims of a test; filled once, in setup */
static struct rate rates[12];

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) ref_from_number("HZ1", UINT64_C(57346912345678) * (i + 3), refs[i]);
	return 0;
}

/* A setting of the lab with these rates, and an index by it. */
static void open_with(struct match_lab *lab, size_t count, struct book_rates booked)
{
	struct match_setting setting = lab_setting(lab);
	rate_sort(rates, count);
	setting.rates = (struct rate_table){rates, count};
	setting.booked = booked;
	assert_int_equal(match_index_new(&setting, &lab->index), 0);
	arena_init(&lab->arena, LAB_ARENA_BYTES);
}

static const struct book_rates by_ecb = {{RATE_ECB, RATE_MANUAL}, 2, RATE_REACH_DAYS, INT32_MAX};

/* The ECB quotes against the euro: yuan and dollars meet there, and never in yuan. */
static void the_ecbs_rates_meet_in_euros(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	struct match_contract *contract = lab_contract(&lab, 0, "CNY", "USD", 0);
	contract->rate_source = RATE_ECB;
	memcpy(contract->pivot, "EUR", 4);
	rates[0] = lab_rate(RATE_ECB, "2026-10-30", 1, "EUR", "1.1600", "USD");
	rates[1] = lab_rate(RATE_ECB, "2026-10-30", 1, "EUR", "8.2360", "CNY");
	open_with(&lab, 2, by_ecb);
	lab_claim(&lab, 0, refs[0], "7100.00", "7100.00", "2026-10-01");
	/* 7,100.00 : 8.2360 × 1.1600 = 1,000.00 */
	struct match_line line = lab_line(&lab, "1000.00", "USD", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab_part(&lab, 0)->due, 100000);
	assert_true(lab_part(&lab, 0)->booked);
	assert_int_equal(lab_part(&lab, 0)->books.cleared_book.minor, 710000);
	/* by its amount alone as well */
	line.text = "MEDICAL EXPENSES";
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
}

/* What only people have a rate of is found where the books find it, after the sources before. */
static void the_books_sources_count_in_their_order(void **state)
{
	(void)state;
	static const struct {
		struct book_rates booked;
		const char *day;
		bool known;
		int64_t due;
	} cases[] = {
		{{{RATE_CFETS, RATE_MANUAL}, 2, RATE_REACH_DAYS, INT32_MAX}, "2026-10-30", true, 1183432},
		{{{RATE_CFETS}, 1, RATE_REACH_DAYS, INT32_MAX}, "2026-10-30", false, 0},
		{{{RATE_CFETS, RATE_MANUAL}, 2, RATE_REACH_DAYS, INT32_MAX}, "2026-11-02", true, 1183432},
		/* a day that is not over may have its rate yet */
		{{{RATE_CFETS, RATE_MANUAL}, 2, RATE_REACH_DAYS, 0}, "2026-11-02", false, 0},
		{{{RATE_MANUAL}, 1, 2, INT32_MAX}, "2026-11-02", false, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		rates[0] = lab_rate(RATE_MANUAL, "2026-10-30", 1, "INR", "0.0845", "CNY");
		rates[1] = lab_rate(RATE_CFETS, "2026-10-30", 1, "USD", "7.0700", "CNY");
		open_with(&lab, 2, cases[i].booked);
		lab_claim(&lab, 0, refs[0], "1000.00", "1000.00", "2026-10-01");
		struct match_line line = lab_line(&lab, "11834.32", "INR", cases[i].day, ALPHA, refs[0]);
		assert_int_equal(lab_match(&lab, &line), cases[i].known ? MATCH_POSTS : MATCH_WAIT_RATE);
		if (cases[i].known) {
			assert_int_equal(lab_part(&lab, 0)->due, cases[i].due);
			assert_true(lab_part(&lab, 0)->booked);
		}
		lab_close(&lab);
	}
}

/* Each contract has the board of its own bank, and no other's. */
static void every_bank_has_its_board(void **state)
{
	(void)state;
	static const char *const names[] = {ALPHA, BETA};
	struct match_lab lab = {.payer_count = 0};
	for (uint32_t i = 0; i < 2; i++) {
		lab_payer(&lab, names[i], NULL, MATCH_SINGLE);
		struct match_contract *contract = lab_contract(&lab, i, "CNY", "USD", 0);
		contract->rate_source = RATE_BANK_BUY;
		contract->rate_bank = (uint16_t)(i + 1);
		memset(contract->pivot, 0, sizeof(contract->pivot));
		rates[i] = lab_rate(RATE_BANK_BUY, "2026-10-30", 100, "USD", i == 0 ? "700.00" : "710.00", "CNY");
		rates[i].bank = (uint16_t)(i + 1);
	}
	rates[2] = lab_rate(RATE_CFETS, "2026-10-30", 1, "USD", "7.0700", "CNY");
	open_with(&lab, 3, (struct book_rates){{RATE_CFETS}, 1, RATE_REACH_DAYS, INT32_MAX});
	lab_claim(&lab, 0, refs[0], "7000.00", "7000.00", "2026-10-01");
	lab_claim(&lab, 1, refs[1], "7100.00", "7100.00", "2026-10-01");
	for (uint32_t i = 0; i < 2; i++) {
		struct match_line line = lab_line(&lab, "1000.00", "USD", "2026-10-30", names[i], refs[i]);
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab_part(&lab, i)->due, 100000);
	}
	lab_close(&lab);
}

/* 1,000.04 : 8.0000 = 125.005, and 1,000.12 : 8.0000 = 125.015: half a cent. */
static void what_is_due_is_rounded_as_agreed(void **state)
{
	(void)state;
	static const struct {
		uint8_t rule;
		const char *owed;
		int64_t due;
	} cases[] = {{DECIMAL_HALF_AWAY, "1000.04", 12501}, {DECIMAL_HALF_EVEN, "1000.04", 12500},
		{DECIMAL_HALF_EVEN, "1000.12", 12502}, {DECIMAL_UP, "1000.01", 12501},
		{DECIMAL_DOWN, "1000.07", 12500}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int fixed = 0; fixed < 2; fixed++) {
			struct match_lab lab = {.payer_count = 0};
			lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
			struct match_contract *contract = lab_contract(&lab, 0, "CNY", "USD", 0);
			contract->rule = cases[i].rule;
			contract->rate_day = fixed ? MATCH_FIXED : MATCH_ORDER;
			rates[0] = lab_rate(RATE_CFETS, "2026-10-01", 1, "USD", "8.0000", "CNY");
			open_with(&lab, 1, (struct book_rates){{RATE_CFETS}, 1, 60, INT32_MAX});
			contract->reach_days = 60;
			lab_claim(&lab, 0, refs[0], cases[i].owed, cases[i].owed, "2026-10-01");
			struct match_line line = lab_line(&lab, "125.00", "USD", "2026-10-30", ALPHA, refs[0]);
			(void)lab_match(&lab, &line);
			assert_int_equal(lab_part(&lab, 0)->due, cases[i].due);
			lab_close(&lab);
		}
	}
}

static void a_missing_rate_is_said(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "EUR", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line line = lab_line(&lab, "60.00", "EUR", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_RATE);
	line.text = "MEDICAL EXPENSES";
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_RATE);
	lab_close(&lab);
}

/* Nobody pays twice because we don't know the rate yet by which an advice was made. */
static void an_advice_waits_for_its_rate(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	uint32_t advice;
	lab_payer(&lab, ALPHA, NULL, MATCH_ADVICE);
	lab_contract(&lab, 0, "CNY", "EUR", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	const struct match_detail paid = {.kind = MATCH_PAID, .number = refs[0], .amount = lab_money("60.00", "EUR")};
	const struct match_advice made = {.number = "REM 2026-10-17",
		.details = &paid,
		.detail_count = 1,
		.payer = 0,
		.total = paid.amount,
		.balanced = true,
		.day = lab_day("2026-10-29")};
	assert_int_equal(match_index_advise(lab.index, &made, &advice), 0);
	struct match_line line = lab_line(&lab, "60.00", "EUR", "2026-10-30", ALPHA, "REM 2026-10-17");
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_RATE);
	assert_int_equal(lab.result.count, 1);
	assert_false(lab.result.candidates[0].posts);
	assert_int_equal(lab_part(&lab, 0)->kind, MATCH_PART_PAYMENT);
	assert_int_equal(lab_part(&lab, 0)->split.over, 0);
	lab_close(&lab);
}

/* The rate of the bill's day, or of the care's, where the contract says so. */
static void a_claim_tells_the_day_of_its_rate(void **state)
{
	(void)state;
	static const struct {
		const char *fixing, *due;
	} cases[] = {{NULL, "1000.00"}, {"2026-09-30", "999.01"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		uint32_t claim;
		lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
		lab_contract(&lab, 0, "CNY", "USD", 0)->rate_day = MATCH_FIXED;
		lab_open(&lab);
		const struct match_claim made = {.numbers = {refs[0]},
			.made = {lab_money("7088.00", "CNY"), lab_money("7088.00", "CNY")},
			.open = lab_money("7088.00", "CNY"),
			.billed_day = lab_day("2026-10-08"),
			.fixing_day = cases[i].fixing == NULL ? 0 : lab_day(cases[i].fixing)};
		assert_int_equal(match_index_add(lab.index, &made, &claim), 0);
		struct match_line line = lab_line(&lab, cases[i].due, "USD", "2026-10-30", ALPHA, refs[0]);
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab_part(&lab, 0)->due, line.amount.minor);
		lab_close(&lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ecbs_rates_meet_in_euros),
		cmocka_unit_test(the_books_sources_count_in_their_order),
		cmocka_unit_test(every_bank_has_its_board),
		cmocka_unit_test(what_is_due_is_rounded_as_agreed),
		cmocka_unit_test(a_missing_rate_is_said),
		cmocka_unit_test(an_advice_waits_for_its_rate),
		cmocka_unit_test(a_claim_tells_the_day_of_its_rate),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
