/* What was taken back and is accepted: the revenue goes at its original value, never more than the claim's, and what
 * exchange rates made of it is seen. */
#include "taken_world.h"

/* What came of conceding so much of what was taken back; 0: all of it. */
static const char *accepted(const struct test_claim *claim, int64_t minor)
{
	static char text[128];
	struct pg_result *rows = NULL;
	char question[512], amount[32];

	snprintf(amount, sizeof(amount), minor > 0 ? "%jd" : "NULL", (intmax_t)minor);
	snprintf(question, sizeof(question),
		"SELECT concat_ws(' ', outcome, amount, most, value, left_value, carried) FROM zhifu.take_back_accept(" HOSPITAL
		", gen_random_uuid(), '%s', %s, 'wang', 'c0')",
		claim->id_text, amount);
	if (db_sync_query(fix.admin, question, NULL, &rows) < 0) fail_msg("%s", err_text());
	snprintf(text, sizeof(text), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	return text;
}

/* Undoes the last concession of a claim. */
static int64_t conceded_undo(const struct test_claim *claim)
{
	return number("SELECT zhifu.concession_undo(" HOSPITAL
		      ", c.concession_id, gen_random_uuid(), 'wang', 'c0')::int8 FROM zhifu.concession c"
		      " WHERE c.claim_id = '%s' AND c.undoes IS NULL ORDER BY c.made_at DESC LIMIT 1",
		claim->id_text);
}

static int64_t last_event(const struct test_claim *claim, const char *event)
{
	return number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND axis = 4 AND event = '%s'"
		      " AND who = 'wang'",
		claim->id_text, event);
}

/* S4's claim C6: 1,450.00 of it is taken back in November. */
static void test_yuan_are_accepted(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(620000);
	assert_string_equal(accepted(&claim, 0), "-1 0 0");
	decide(&claim, 620000, 0, 0);
	yuan(&claim, PAID, 620000, 0, payment);
	assert_string_equal(accepted(&claim, 0), "0");
	yuan(&claim, TAKEN, -145000, 0, back);
	stands(&claim, "CNY", 145000, 0, 4);
	assert_string_equal(accepted(&claim, 145001), "-1 145001 145000");
	assert_string_equal(accepted(&claim, 45000), "1 45000 145000 45000 620000 45000");
	stands(&claim, "CNY", 100000, 0, 4);
	payment_is(&claim, PAYMENT_TAKEN_BACK, BOOKS_ADJUDICATED);
	assert_string_equal(accepted(&claim, 0), "1 100000 100000 100000 575000 100000");
	stands(&claim, "CNY", 0, 0, 2);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	assert_int_equal(last_event(&claim, "accept_take_back"), 1);
	assert_int_equal(balance("REV-MED", "CNY"), -620000 + 145000);
	assert_int_equal(worth("FX"), 0);
	/* Undone, it is in dispute again; and can be accepted again. */
	assert_int_equal(conceded_undo(&claim), 1);
	stands(&claim, "CNY", 100000, 0, 4);
	payment_is(&claim, PAYMENT_TAKEN_BACK, BOOKS_ADJUDICATED);
	assert_int_equal(balance("REV-MED", "CNY"), -620000 + 45000);
	assert_string_equal(accepted(&claim, 0), "1 100000 100000 100000 575000 100000");
	/* They had not taken it back after all: the revenue is there again. */
	undo(back);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -620000);
	assert_int_equal(conceded_undo(&claim), -1);
	/* They had: it is taken back once more, and can be accepted once more, to the fen and no further. */
	yuan(&claim, TAKEN, -145000, 0, back);
	stands(&claim, "CNY", 145000, 0, 4);
	assert_int_equal(
		number("SELECT (taken * 1000000 + accepted)::int8 FROM zhifu.take_back_sum(" HOSPITAL
		       ", '%s', 'CNY') CROSS JOIN (SELECT taken AS accepted FROM zhifu.concession_sum(" HOSPITAL
		       ", '%s')) c",
			claim.id_text, claim.id_text),
		145000000000);
	assert_string_equal(accepted(&claim, 45000), "1 45000 145000 45000 620000 45000");
	assert_string_equal(accepted(&claim, 0), "1 100000 100000 100000 575000 100000");
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -620000 + 145000);
	assert_string_equal(accepted(&claim, 0), "0");
	assert_int_equal(conceded_undo(&claim), 1);
	stands(&claim, "CNY", 100000, 0, 4);
	assert_string_equal(accepted(&claim, 0), "1 100000 100000 100000 575000 100000");
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof(" HOSPITAL ") WHERE found <> expected"
				" AND statement LIKE '%%cause%%'"),
		0);
}

/* 4,000.00 USD were booked at 28,380.00 CNY with the bill, and are owed again at 28,208.00. */
static void test_dollars_go_at_what_was_billed(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_in_dollars();
	line = line_booked("USD", 2, 1450317, 10253741);
	allocate(&line, &claim, PAID, 1450317, 0, payment);
	assert_int_equal(worth("FX"), 36259);           /* S3's loss, with the charge */
	line = line_booked("USD", 2, -400000, 2820800); /* at 7.0520 */
	allocate(&line, &claim, TAKEN, -400000, 0, back);
	owes(&claim, "C", "USD", 400000, 400000, 2820800, 4);
	assert_string_equal(accepted(&claim, 100000), "1 100000 400000 709500 10290000 705200");
	assert_string_equal(accepted(&claim, 0), "1 300000 300000 2128500 9580500 2115600");
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -10290000 + 2838000);
	/* The dollars came at 28,278.99 of their part and went at 28,208.00: that, and what the rest lost. */
	assert_int_equal(worth("FX"), 36259 - (2838000 - 2820800));
	assert_int_equal(worth("AR-BETA"), 0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.posting WHERE rule = 'give_up_revenue_fx' AND credit = 'FX'"), 2);
	assert_int_equal(conceded_undo(&claim), 1);
	stands(&claim, "USD", 300000, 0, 4);
	assert_int_equal(worth("AR-BETA"), 2115600);
	assert_int_equal(balance("REV-MED", "CNY"), -10290000 + 709500);
	/* Paid again after all, at 7.10: of what was accepted nothing is put back. */
	line = line_booked("USD", 2, 300000, 2130000);
	allocate(&line, &claim, PAID, 300000, 0, payment);
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -10290000 + 709500);
	/* And once more: then nothing had been conceded. */
	line = line_booked("USD", 2, 100000, 710000);
	allocate(&line, &claim, TWICE, 0, 0, payment);
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -10290000);
}

/* Owed in yuan, paid and taken back in dollars at another rate: the revenue is what those dollars had cleared. */
static void test_yuan_that_went_as_dollars(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(10290000);
	line = line_booked("USD", 2, 1454211, 10281272); /* at 7.0700 */
	allocate(&line, &claim, PAID, 10290000, 0, payment);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(worth("FX"), 8728);
	line = line_booked("USD", 2, -1454211, 10470319); /* at 7.2000 */
	allocate(&line, &claim, TAKEN, -1454211, 0, back);
	stands(&claim, "CNY", 10470319, 0, 4);
	assert_string_equal(accepted(&claim, 0), "1 10470319 10470319 10290000 10290000 10470319");
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), 0);
	assert_int_equal(worth("FX"), 10470319 - 10281272); /* what it cost to have had them for a while */
}

static void test_never_more_than_the_claim(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	decide(&claim, 90000, 10000, 0);
	yuan(&claim, PAID, 90000, 0, payment);
	yuan(&claim, TAKEN, -120000, 0, back);
	stands(&claim, "CNY", 120000, 0, 4);
	/* The patient's share is not the insurer's to take back. */
	assert_string_equal(accepted(&claim, 0), "-2 120000 120000 120000 90000");
	stands(&claim, "CNY", 120000, 0, 4);
	assert_int_equal(balance("REV-MED", "CNY"), -100000);
	assert_string_equal(accepted(&claim, 90000), "1 90000 120000 90000 90000 90000");
	stands(&claim, "CNY", 30000, 0, 4);
	assert_string_equal(accepted(&claim, 1), "-2 1 30000 1 0");
	assert_int_equal(balance("REV-MED", "CNY"), -10000);
}

/* The insurer decides anew what was accepted before: that is one reduction, not two, and no liability. */
static void test_decided_lower_after_it_was_accepted(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	yuan(&claim, PAID, 100000, 0, payment);
	yuan(&claim, TAKEN, -40000, 0, back);
	assert_string_equal(accepted(&claim, 0), "1 40000 40000 40000 100000 40000");
	decide(&claim, 60000, 25000, 15000);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -100000);
	assert_int_equal(balance("CONTR", "CNY"), 15000);
	assert_int_equal(balance("AR-PT", "CNY"), 25000);
	/* What was short before stays open, and is no take-back. */
	claim = claim_of(100000);
	decide(&claim, 100000, 0, 0);
	yuan(&claim, PAID, 70000, 0, payment);
	yuan(&claim, TAKEN, -20000, 0, back);
	stands(&claim, "CNY", 50000, 0, 4);
	assert_string_equal(accepted(&claim, 0), "1 20000 20000 20000 100000 20000");
	stands(&claim, "CNY", 30000, 0, 1);
	payment_is(&claim, PAYMENT_SHORT_PAID, BOOKS_ADJUDICATED);
}

static int64_t lost(const struct test_claim *claim, int outcome, const char *amount)
{
	return number("SELECT outcome::int8 FROM zhifu.dispute_lose(" HOSPITAL
		      ", gen_random_uuid(), '%s', %d::int2, %s, 'head', 20000, 2::int2, NULL, NULL, 'wang')",
		claim->id_text, outcome, amount);
}

static int64_t disputed(const struct test_claim *claim)
{
	return number("SELECT zhifu.dispute_open(" HOSPITAL
		      ", gen_random_uuid(), '%s', 'CO-45', NULL, NULL, 'wang')::int8",
		claim->id_text);
}

/* What was short is disputed, and lost: the steps follow, and what had been disputed stays so whatever is undone. */
static void test_a_lost_dispute_settles_the_claim(void **state)
{
	char payment[UUID_TEXT_LEN], more[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	assert_int_equal(disputed(&claim), -2);
	decide(&claim, 100000, 0, 0);
	yuan(&claim, PAID, 60000, 0, payment);
	assert_int_equal(disputed(&claim), 1);
	stands(&claim, "CNY", 40000, 0, 4);
	yuan(&claim, PAID, 10000, 0, more);
	stands(&claim, "CNY", 30000, 0, 4);
	undo(more);
	stands(&claim, "CNY", 40000, 0, 4);
	assert_int_equal(lost(&claim, 3, "20001"), -6);
	stands(&claim, "CNY", 40000, 0, 4);
	assert_int_equal(lost(&claim, 3, "15000"), 1);
	stands(&claim, "CNY", 25000, 0, 1);
	assert_int_equal(balance("BADDEBT", "CNY"), 15000);
	assert_int_equal(disputed(&claim), 1);
	assert_int_equal(lost(&claim, 5, "20001"), -6); /* nor as no revenue */
	stands(&claim, "CNY", 25000, 0, 4);
	assert_int_equal(lost(&claim, 4, "5000"), 1);
	assert_int_equal(balance("AR-PT", "CNY"), 5000);
	payment_is(&claim, PAYMENT_SHORT_PAID, BOOKS_ADJUDICATED);
	assert_int_equal(disputed(&claim), 1);
	assert_int_equal(lost(&claim, 5, "NULL"), 1);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -80000);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	assert_int_equal(lost(&claim, 5, "NULL"), 0);
	/* It is paid after all: nothing was given up, and the patient owes nothing. */
	yuan(&claim, TWICE, 40000, 0, more);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("REV-MED", "CNY"), -100000);
	assert_int_equal(balance("AR-PT", "CNY"), 0);
	assert_int_equal(balance("BADDEBT", "CNY"), 0);
	sql("TRUNCATE zhifu.dispute, zhifu.dispute_step");
}

/* What was taken back is in dispute, whether anybody wrote one down or not; so it stays, whatever is undone beside it.
 */
static void test_undoing_leaves_a_take_back_in_dispute(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN], more[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	decide(&claim, 100000, 0, 0);
	yuan(&claim, PAID, 70000, 0, payment);
	yuan(&claim, PAID, 10000, 0, more);
	yuan(&claim, TAKEN, -20000, 0, back);
	stands(&claim, "CNY", 40000, 0, 4);
	undo(more);
	stands(&claim, "CNY", 50000, 0, 4);
	/* Where it is accepted, or undone itself, what is left is short. */
	yuan(&claim, PAID, 10000, 0, more);
	assert_string_equal(accepted(&claim, 0), "1 20000 20000 20000 100000 20000");
	stands(&claim, "CNY", 20000, 0, 1);
	undo(more);
	stands(&claim, "CNY", 30000, 0, 1);
	assert_int_equal(conceded_undo(&claim), 1);
	stands(&claim, "CNY", 50000, 0, 4);
	undo(back);
	stands(&claim, "CNY", 30000, 0, 1);
}

/* By configuration: at once, but not more than the claim. */
static void test_the_hospital_accepts_what_is_taken_back(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(620000);
	decide(&claim, 620000, 0, 0);
	sql("UPDATE zhifu.hospital SET accepts_take_backs = true WHERE code = 'AB1'");
	yuan(&claim, PAID, 620000, 0, payment);
	yuan(&claim, TAKEN, -145000, 0, back);
	stands(&claim, "CNY", 0, 0, 2);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	assert_int_equal(balance("REV-MED", "CNY"), -475000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.work_owner"), 0);
	yuan(&claim, TAKEN, -475001, 0, back);
	stands(&claim, "CNY", 475001, 0, 4);
	assert_int_equal(balance("REV-MED", "CNY"), -475000);
	/* Who looks after take-backs is told that it was not, and what to do. */
	sql("BEGIN; SELECT set_config('zhifu.hospital_id', " HOSPITAL "::text, true)");
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.report_work(" HOSPITAL
		       ", 'takeback', NULL, NULL, NULL, NULL, NULL, 10) WHERE claim_id = '%s' AND minor = 475001"
		       " AND owner = 'insurance-officer' AND owner_why LIKE '%%accept a part%%'",
			claim.id_text),
		1);
	sql("ROLLBACK");
	assert_string_equal(accepted(&claim, 475000), "1 475000 475001 475000 475000 475000");
	sql("TRUNCATE zhifu.work_owner");
	sql("UPDATE zhifu.hospital SET accepts_take_backs = false WHERE code = 'AB1'");
	none_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yuan_are_accepted),
		cmocka_unit_test(test_dollars_go_at_what_was_billed),
		cmocka_unit_test(test_yuan_that_went_as_dollars),
		cmocka_unit_test(test_never_more_than_the_claim),
		cmocka_unit_test(test_decided_lower_after_it_was_accepted),
		cmocka_unit_test(test_a_lost_dispute_settles_the_claim),
		cmocka_unit_test(test_undoing_leaves_a_take_back_in_dispute),
		cmocka_unit_test(test_the_hospital_accepts_what_is_taken_back),
	};

	return cmocka_run_group_tests_name("concession", tests, receivable_world_start, world_stop);
}
