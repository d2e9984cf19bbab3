/* Money that came too much, for whatever reason, and what becomes of it: taken back, undone, decided anew, and what was
 * given up before it came. A claim is never owed and owed back at once. */
#include "taken_world.h"

/* ---- taken back and undone ---- */

static void test_what_is_taken_back_was_owed_back_first(void **state)
{
	char payment[UUID_TEXT_LEN], first[UUID_TEXT_LEN], second[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	yuan(&claim, PAID, 100000, 0, payment);
	decide(&claim, 70000, 30000, 0);
	stands(&claim, "CNY", 0, 30000, 2);
	yuan(&claim, TAKEN, -20000, 0, first);
	stands(&claim, "CNY", 0, 10000, 2);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	yuan(&claim, TAKEN, -25000, 0, second);
	stands(&claim, "CNY", 15000, 0, 4);
	payment_is(&claim, PAYMENT_TAKEN_BACK, BOOKS_ADJUDICATED);
	assert_int_equal(number("SELECT sum(CASE rule WHEN 'match_paid' THEN amount_minor ELSE -amount_minor END)::int8"
				" FROM zhifu.posting WHERE entry_id = '%s'",
				 second),
		15000);
	sql("SELECT set_config('zhifu.hospital_id', " HOSPITAL "::text, false)");
	assert_int_equal(number("SELECT minor FROM zhifu.report_work(" HOSPITAL
				", 'takeback', NULL, NULL, NULL, NULL, NULL, 10)"),
		15000);
	undo(second);
	stands(&claim, "CNY", 0, 10000, 2);
	/* It came once more after the dispute, and then it turns out that nothing was taken back: in whatever order. */
	undo(first);
	stands(&claim, "CNY", 0, 30000, 2);
	yuan(&claim, TAKEN, -50000, 0, first);
	stands(&claim, "CNY", 20000, 0, 4);
	yuan(&claim, PAID, 20000, 0, second);
	undo(first);
	stands(&claim, "CNY", 0, 50000, 2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof(" HOSPITAL ") WHERE found <> expected"
				" AND statement LIKE '%%cause%%'"),
		0);
}

static void test_a_payment_is_undone_after_it_was_decided_lower(void **state)
{
	char payment[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	yuan(&claim, PAID, 100000, 0, payment);
	decide(&claim, 70000, 30000, 0);
	undo(payment);
	stands(&claim, "CNY", 70000, 0, 1);
	assert_int_equal(balance("SUSP", "CNY"), -100000);
	yuan(&claim, PAID, 75000, 5000, payment);
	stands(&claim, "CNY", 0, 5000, 2);
	/* Decided higher, it is paid out of what came too much. */
	decide(&claim, 72000, 28000, 0);
	stands(&claim, "CNY", 0, 3000, 2);
	decide(&claim, 78000, 22000, 0);
	stands(&claim, "CNY", 3000, 0, 1);
}

/* An insurer corrects itself: all is taken back, and paid again as it is decided by now. */
static void test_all_is_taken_back_and_paid_anew(void **state)
{
	char payment[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	yuan(&claim, PAID, 100000, 0, payment);
	decide(&claim, 70000, 30000, 0);
	yuan(&claim, TAKEN, -100000, 0, payment);
	stands(&claim, "CNY", 70000, 0, 4);
	yuan(&claim, TWICE, 68000, 0, payment); /* as matching says of what was open for it in the same advice */
	stands(&claim, "CNY", 2000, 0, 4);
	yuan(&claim, TWICE, 2500, 0, payment);
	stands(&claim, "CNY", 0, 500, 2);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	/* No month is closed over a claim that stands on both sides. */
	assert_int_equal(number("SELECT found FROM zhifu.ledger_proof(" HOSPITAL
				") WHERE statement = 'claims that are owed and owed back at once'"),
		0);
	sql("UPDATE zhifu.receivable SET open_minor = 1, standing = 1");
	assert_int_equal(number("SELECT found FROM zhifu.ledger_proof(" HOSPITAL
				") WHERE statement = 'claims that are owed and owed back at once'"),
		1);
}

static void test_what_came_twice_is_taken_back(void **state)
{
	char payment[UUID_TEXT_LEN], again[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(62000);
	decide(&claim, 62000, 0, 0);
	yuan(&claim, PAID, 62000, 0, payment);
	yuan(&claim, TWICE, 62000, 0, again);
	stands(&claim, "CNY", 0, 62000, 2);
	yuan(&claim, TAKEN, -62000, 0, back);
	stands(&claim, "CNY", 0, 0, 2);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	/* The second was another claim's: then this one's was taken back. */
	undo(again);
	stands(&claim, "CNY", 62000, 0, 1);
	payment_is(&claim, PAYMENT_SHORT_PAID, BOOKS_ADJUDICATED);
	undo(back);
	stands(&claim, "CNY", 0, 0, 2);
	/* The hospital pays back by hand more than came too much. */
	yuan(&claim, TWICE, -2000, 0, back);
	stands(&claim, "CNY", 2000, 0, 1);
}

/* Owed in dollars: what is left of the values is an exchange difference, and nothing stays in either account. */
static void test_dollars_at_another_rate(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_in_dollars();
	line = line_booked("USD", 2, 1450317, 10253741);
	allocate(&line, &claim, PAID, 1450317, 0, payment);
	decide(&claim, 10200345, 89655, 0);
	stands(&claim, "USD", 0, 12636, 2);
	line = line_booked("USD", 2, -12636, 90347); /* at 7.15 */
	allocate(&line, &claim, TAKEN, -12636, 0, back);
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(worth("OVERPAID-BETA"), 0);
	assert_int_equal(worth("FX"), 10290000 - 10253741 + 90347 - 89655);
	undo(back);
	stands(&claim, "USD", 0, 12636, 2);
	assert_int_equal(worth("OVERPAID-BETA"), -89655);
	allocate(&line, &claim, TWICE, 0, 0, back); /* paid back by hand */
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(worth("OVERPAID-BETA"), 0);
	assert_int_equal(worth("FX"), 10290000 - 10253741 + 90347 - 89655);
	/* Nobody knows here how many dollars that is. */
	line = line_booked("CNY", 2, -90000, 90000);
	assert_true(db_sync_script(fix.admin, allocate_sql(&line, &claim, TAKEN, -90000, 0, back)) < 0);
	assert_non_null(strstr(err_text(), "not owed"));
	assert_true(db_sync_script(fix.admin, allocate_sql(&line, &claim, TWICE, 0, 0, back)) < 0);
	stands(&claim, "USD", 0, 0, 2);
}

/* Owed in yuan, and dollars too much: as many dollars taken back open nothing, whatever they are worth by now. */
static void test_another_currency_than_is_owed(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(71000);
	line = line_booked("USD", 2, 11000, 77000);
	allocate(&line, &claim, PAID, 71000, 1000, payment);
	stands(&claim, "USD", 0, 1000, 2);
	line = line_booked("USD", 2, -1000, 7150);
	allocate(&line, &claim, TAKEN, -1000, 0, back);
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(worth("OVERPAID-ALPHA"), 0);
	/* Those dollars are gone: the payment that brought them is not undone before. */
	assert_int_equal(
		number("SELECT zhifu.match_undo(" HOSPITAL ", '%s', gen_random_uuid(), 'li', 'c0')::int8", payment),
		-1);
	line = line_booked("USD", 2, -1000, 7150);
	allocate(&line, &claim, TAKEN, -1000, 0, back);
	stands(&claim, "USD", 7150, 0, 4);
	/* Nor is there a liability below nothing, whoever paid back. */
	undo(back);
	allocate(&line, &claim, TWICE, 0, 0, back);
	stands(&claim, "USD", 7150, 0, 4);
	undo(back);
	stands(&claim, "USD", 0, 0, 2);
}

/* Whose are they, which one advice sets off? A digit each: 1 the first one's, 2 the second one's, 0 nobody knows.
 * named: the claim that the advice names, or NULL; another, minor: without a name; 0: none. */
static int64_t netted(const struct test_claim *first, const struct test_claim *second, const struct test_claim *named,
	int64_t minor, int64_t another)
{
	char id[64] = "NULL";
	int64_t ret;

	if (named != NULL) snprintf(id, sizeof(id), "'%s'", named->id_text);
	sql("BEGIN; INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent,"
	    " balanced, content) SELECT " HOSPITAL ", '%s', 'alpha', 'R-1', 1, 'CNY', 2, true, '';"
	    "INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent, kind)"
	    " SELECT " HOSPITAL
	    ", '%s', t.n, t.c, t.a, 'CNY', 2, 4 FROM (VALUES (1, NULL::uuid, %jd), (2, %s, %jd)) AS t (n, c, a) WHERE t.a < 0",
		first->id_text, first->id_text, (intmax_t)-another, id, (intmax_t)-minor);
	ret = number(
		"SELECT string_agg(CASE s.claim_id WHEN '%s' THEN '1' WHEN '%s' THEN '2' ELSE '0' END, '' ORDER BY m.no DESC)::int8"
		" FROM zhifu.match_netted(" HOSPITAL ", '%s') m LEFT JOIN zhifu.claim_state s ON s.ref = m.ref",
		first->id_text, second->id_text, first->id_text);
	sql("ROLLBACK");
	return ret;
}

static void test_what_is_set_off_is_of_the_oldest(void **state)
{
	char payment[UUID_TEXT_LEN];
	struct test_claim first, second;

	(void)state;
	NEED_POSTGRESQL();
	first = claim_of(100000);
	second = claim_billed("alpha", "CNY", 2, 100000, "2026-10-07");
	all_made();
	yuan(&first, PAID, 100000, 0, payment);
	yuan(&second, PAID, 100000, 0, payment);
	yuan(&first, TWICE, 60000, 0, payment);
	yuan(&second, TWICE, 30000, 0, payment);
	assert_int_equal(netted(&first, &second, NULL, 50000, 0), 1); /* the only one with enough */
	assert_int_equal(netted(&first, &second, NULL, 30000, 0), 0); /* both are as old */
	assert_int_equal(netted(&first, &second, NULL, 60001, 0), 0);
	sql("UPDATE zhifu.posting SET book_day = book_day - 1 WHERE claim_id = '%s' AND credit LIKE 'OVERPAID-%%'",
		second.id_text);
	assert_int_equal(netted(&first, &second, NULL, 30000, 0), 2);
	assert_int_equal(netted(&first, &second, NULL, 30001, 0), 1);
	assert_int_equal(netted(&first, &second, &first, 30000, 0), 1);
	assert_int_equal(netted(&first, &second, &second, 30001, 0), 0);
	/* What one has is no other's: 600.00 and 300.00, the second one's first. */
	assert_int_equal(netted(&first, &second, NULL, 30000, 30000), 12);
	assert_int_equal(netted(&first, &second, NULL, 60000, 30000), 12);
	assert_int_equal(netted(&first, &second, NULL, 10000, 20000), 22);
	assert_int_equal(netted(&first, &second, NULL, 10001, 20000), 12);
	assert_int_equal(netted(&first, &second, NULL, 40000, 50000), 1);
	/* First have theirs which say whose they are. */
	assert_int_equal(netted(&first, &second, &second, 30000, 30000), 21);
	assert_int_equal(netted(&first, &second, &first, 40000, 30001), 10);
}

/* However large: amounts are multiplied before they are shared. */
static void test_much_is_taken_off_of_much(void **state)
{
	struct test_claim claim;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	line = line_booked("CNY", 2, 899100000000, 899100000000);
	assert_int_equal(
		number("SELECT fee::int8 FROM zhifu.match_taken_off(" HOSPITAL
		       ", ARRAY['%s']::uuid[], '{1,1}', '{0,4}',"
		       " ARRAY['%s', NULL]::uuid[], '{NULL,NULL}', '{NULL,NULL}', '{900000000000,-900000000}')",
			line.id, claim.id_text),
		900000000);
}

/* ---- given up ---- */

static void test_what_was_given_up_is_no_payment(void **state)
{
	char late[UUID_TEXT_LEN], more[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	give_up(&claim, 30000);
	decide(&claim, 50000, 50000, 0); /* what is open goes first */
	stands(&claim, "CNY", 20000, 0, 1);
	assert_int_equal(balance("BADDEBT", "CNY"), 30000);
	decide(&claim, 20000, 80000, 0); /* a part of what was given up was never owed */
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 20000);
	decide(&claim, 90000, 10000, 0); /* and is owed after all */
	stands(&claim, "CNY", 70000, 0, 1);
	assert_int_equal(balance("BADDEBT", "CNY"), 20000);
	/* More comes than is open: what was given up is collected, and only then it is too much. */
	yuan(&claim, PAID, 85000, 15000, late);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 5000);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	yuan(&claim, TWICE, 9000, 0, more);
	stands(&claim, "CNY", 0, 4000, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 0);
	undo(more);
	assert_int_equal(balance("BADDEBT", "CNY"), 5000);
	undo(late);
	stands(&claim, "CNY", 70000, 0, 1);
	assert_int_equal(balance("BADDEBT", "CNY"), 20000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof(" HOSPITAL ") WHERE found <> expected"
				" AND statement LIKE '%%cause%%'"),
		0);
}

/* All of it given up, denied as it was; then it is paid: that is no double payment. */
static void test_a_denied_claim_is_paid_after_all(void **state)
{
	char late[UUID_TEXT_LEN];
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	decide(&claim, 0, 0, 0);
	give_up(&claim, 100000);
	decide(&claim, 100000, 0, 0);
	stands(&claim, "CNY", 0, 0, 2);
	yuan(&claim, TWICE, 100000, 0, late);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 0);
	payment_is(&claim, PAYMENT_PAID, BOOKS_SETTLED);
	undo(late);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 100000);
}

static void test_dollars_given_up_come_back_at_their_value(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_in_dollars();
	give_up(&claim, 1450317);
	assert_int_equal(balance("BADDEBT", "CNY"), 10290000);
	decide(&claim, 10200345, 89655, 0);
	stands(&claim, "USD", 0, 0, 2);
	assert_int_equal(worth("BADDEBT") + worth("FX"), 10290000 - 89655);
	assert_true(worth("FX") >= -8 && worth("FX") <= 8); /* the cent that a value is rounded to */
}

/* The limit of a role is held against what is given up, not against what was put back. */
static void test_what_was_put_back_can_be_given_up_again(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = claim_of(100000);
	give_up(&claim, 100000);
	decide(&claim, 20000, 80000, 0);
	decide(&claim, 100000, 0, 0);
	stands(&claim, "CNY", 80000, 0, 1);
	assert_int_equal(number("SELECT zhifu.write_off_post(" HOSPITAL
				", gen_random_uuid(), '%s', NULL, 2::int2, 'head', 100000, 'li', NULL)",
				 claim.id_text),
		80000);
	stands(&claim, "CNY", 0, 0, 2);
	assert_int_equal(balance("BADDEBT", "CNY"), 100000);
	none_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken_back_was_owed_back_first),
		cmocka_unit_test(test_a_payment_is_undone_after_it_was_decided_lower),
		cmocka_unit_test(test_all_is_taken_back_and_paid_anew),
		cmocka_unit_test(test_what_came_twice_is_taken_back),
		cmocka_unit_test(test_dollars_at_another_rate),
		cmocka_unit_test(test_another_currency_than_is_owed),
		cmocka_unit_test(test_what_is_set_off_is_of_the_oldest),
		cmocka_unit_test(test_much_is_taken_off_of_much),
		cmocka_unit_test(test_what_was_given_up_is_no_payment),
		cmocka_unit_test(test_a_denied_claim_is_paid_after_all),
		cmocka_unit_test(test_dollars_given_up_come_back_at_their_value),
		cmocka_unit_test(test_what_was_put_back_can_be_given_up_again),
	};

	return cmocka_run_group_tests_name("overpaid", tests, receivable_world_start, world_stop);
}
