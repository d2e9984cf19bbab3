/* What persons allocate through zhifuctl: which claims money is for, how much of one anybody may let go, and advices whose
 * money comes in several transfers. */
#include "match_world.h"

/* What a person may let go of a claim's 1000.00 by its contract. */
static void nobody_lets_more_go_than_is_agreed(void **state)
{
	static const struct {
		const char *amount, *rest;
		int status;
	} cases[] = {{"1.00", "difference", 1}, {"1.00", "charge", 1}, {"1.00", "fee", 1}, {"1.00", "discount", 1},
		{"994.99", "difference", 1}, {"995.00", "difference", 0}, {"974.99", "charge", 1},
		{"975.00", "charge", 0}, {"964.98", "discount", 1}, {"965.00", "discount", 0}, /* 3 per cent and 5.00 */
		{"941.98", "fee", 1}, {"942.00", "fee", 0}, /* 5 per cent, 6 per cent tax on it, and 5.00 */
		{"1.00", "short", 0}};
	char line[UUID_TEXT_LEN];
	(void)state;
	agreed();
	for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
		if (cases[i].status == 1 && i > 0 && cases[i - 1].status == 1) {
			/* the same claim and money, still as they were */
		} else {
			none_left(NULL);
			owed(1, 100000);
			world_sql(&world,
				"UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
			snprintf(line, sizeof(line), "%s", line_of(2, "1000,00", "SRA CLAIMS GMBH"));
		}
		assert_ctl(&world, cases[i].status,
			"money match allocate %s %s=%s --rest %s --why theirs --hospital HZ1 --who li", line, refs[1],
			cases[i].amount, cases[i].rest);
		if (cases[i].status != 0) assert_non_null(strstr(world.err, "allows anybody"));
	}
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 99900);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	/* Where nothing is agreed nothing is let go. */
	none_left(NULL);
	owed(1, 100000);
	snprintf(line, sizeof(line), "%s", line_of(2, "1000,00", "SRA CLAIMS GMBH"));
	assert_ctl(&world, 1,
		"money match allocate %s %s=999.99 --rest difference --why theirs --hospital HZ1 --who li --zh", line,
		refs[1]);
	assert_non_null(strstr(world.err, "核销"));
	world_sql(&world, "DELETE FROM zhifu.contract");
}

/* One of the claims that agreed() counts for; how it ends, and how often "allows anybody" is said. */
static void lets_go(int status, const char *line, const char *said)
{
	assert_ctl(&world, status, "money match allocate %s %s --why theirs --hospital HZ1 --who li", line, said);
	if (status != 0) assert_non_null(strstr(world.err, "allows anybody"));
}

static const char *said_of(int claim, const char *said)
{
	static char words[128];

	snprintf(words, sizeof(words), "%s=%s", refs[claim], said);
	return words;
}

/* The limit is a claim's: what was let go of it before counts, by whomever, and what was undone does not. */
static void what_is_let_go_of_a_claim_adds_up(void **state)
{
	char first[UUID_TEXT_LEN];
	const char *line;
	(void)state;
	agreed();
	owed(1, 100000);
	owed(2, 100000);
	world_sql(&world, "UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
	lets_go(0, line_of(2, "500,00", "SRA CLAIMS GMBH"), said_of(1, "500.00,difference=3.00"));
	snprintf(first, sizeof(first), "%s", text("SELECT allocation_id::text FROM zhifu.allocation"));
	world_sql(&world, "UPDATE zhifu.allocation SET by_hand = false, maker = 'zhifu'");
	line = line_of(3, "400,00", "SRA CLAIMS GMBH");
	lets_go(1, line, said_of(1, "400.00,difference=2.01"));
	lets_go(0, line, said_of(1, "400.00,difference=2.00"));
	line = line_of(4, "50,00", "SRA CLAIMS GMBH");
	lets_go(1, line, said_of(1, "50.00,difference=0.01"));
	lets_go(1, line, said_of(1, "50.00,charge=25.01"));
	/* Each transfer has its usual charge; what is paid without letting go is paid. */
	lets_go(0, line, said_of(1, "10.00,charge=25.00"));
	lets_go(0, line, said_of(1, "40.00"));
	undo(first);
	line = line_of(5, "100,00", "SRA CLAIMS GMBH");
	lets_go(1, line, said_of(1, "100.00,difference=3.01"));
	lets_go(0, line, said_of(1, "100.00,difference=3.00"));
	/* 1000.00 - 402.00 - 35.00 - 40.00 - 103.00 */
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"), 42000);
	/* 3 per cent for paying early are agreed of the claim once, and not of each of its payments. */
	lets_go(0, line_of(6, "500,00", "SRA CLAIMS GMBH"), said_of(2, "500.00,discount=30.00"));
	line = line_of(7, "400,00", "SRA CLAIMS GMBH");
	lets_go(1, line, said_of(2, "400.00,discount=5.02"));
	lets_go(0, line, said_of(2, "400.00,discount=5.01"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	world_sql(&world, "DELETE FROM zhifu.contract");
}

/* 25 for a bank and 100 short: what is missing of one claim is several things. */
static void a_claim_is_short_by_several_things(void **state)
{
	const char *line;
	(void)state;
	agreed();
	owed(1, 100000);
	owed(2, 30000);
	world_sql(&world, "UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
	line = line_of(2, "1175,00", "SRA CLAIMS GMBH");
	assert_ctl(&world, 1,
		"money match allocate %s %s=875.00,charge=25.00,short=99.00 --why x --hospital HZ1 --who li", line,
		refs[1]);
	assert_non_null(strstr(world.err, "is not what is left"));
	assert_ctl(&world, 1, "money match allocate %s %s=875.00,tip --why x --hospital HZ1 --who li", line, refs[1]);
	assert_non_null(strstr(world.err, "not \"tip\""));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.allocation"), 0);
	assert_ctl(&world, 0,
		"money match allocate %s %s=875.00,charge=25.00,short=100.00 %s=290.00,discount=4.00,fee --why theirs"
		" --hospital HZ1 --who li",
		line, refs[1], refs[2]);
	assert_non_null(strstr(world.out, "25.00 CNY"));
	assert_string_equal(
		text("SELECT string_agg(open_minor::text, ' ' ORDER BY claim_id) FROM zhifu.receivable"), "10000 0");
	assert_string_equal(
		text("SELECT string_agg(concat_ws(' ', cleared_minor, charge_minor, discount_minor, fee_minor), ', '"
		     " ORDER BY no) FROM zhifu.allocation"),
		"90000 2500 0 0, 30000 0 400 600");
	assert_string_equal(
		text("SELECT string_agg(concat_ws(' ', debit, credit, amount_minor, book_minor, rule), ', ' ORDER BY no)"
		     " FROM zhifu.posting WHERE 'FEE-TPA' IN (debit, credit)"),
		"FEE-TPA AR-ALPHA 600 600 match_fee, VAT-IN FEE-TPA 34 34 match_fee_tax");
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 1000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	world_sql(&world, "DELETE FROM zhifu.contract");
}

/* A decision by hand on an advice's detail, as match_post() takes it. */
static int64_t post_detail(const char *line, int claim, int detail, int minor)
{
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.match_post('" HOSPITAL_A
		"', 'li', 'in two transfers', true, ARRAY[gen_random_uuid()],"
		" ARRAY['%s']::uuid[], ARRAY[0], ARRAY[(SELECT version FROM zhifu.match_item WHERE line_id = '%s')], ARRAY[1], ARRAY[0]::int2[],"
		" ARRAY['" ID_A "%04d']::uuid[], ARRAY[(SELECT version FROM zhifu.receivable WHERE claim_id = '" ID_A
		"%04d')],"
		" ARRAY['" ID_A
		"0100']::uuid[], ARRAY[%d], ARRAY[%d]::int8[], ARRAY[%d]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[],"
		" ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[], ARRAY[0]::int8[])",
		line, line, claim, claim, detail, minor, minor);
}

static int64_t announced(void)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = 'CLR-REM-ALPHA' THEN amount_minor WHEN credit = 'CLR-REM-ALPHA'"
		" THEN -amount_minor ELSE 0 END), 0)::int8 FROM zhifu.posting");
}

/* Each transfer pays other details, by hand; what was announced is cleared with them, and the fee with the last. */
static void an_advice_may_come_in_two_transfers(void **state)
{
	const char *first, *second;
	(void)state;
	owed(1, 50000);
	owed(2, 62000);
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content) VALUES ('" HOSPITAL_A "', '" ID_A "0100', 'alpha', 'R-2', 111000, 'CNY', 2, true, '');"
		"INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent, kind)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "0100', 1, '" ID_A "0001', 50000, 'CNY', 2, 1),"
		" ('" HOSPITAL_A "', '" ID_A "0100', 2, '" ID_A "0002', 62000, 'CNY', 2, 1),"
		" ('" HOSPITAL_A "', '" ID_A "0100', 3, NULL, -1000, 'CNY', 2, 2);"
		"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, remittance_id, detail, status) VALUES"
		" ('" HOSPITAL_A "', '" ID_A "0111', '" ID_A "0001', 'alpha', 6, '" ID_A "0100', 1, 2),"
		" ('" HOSPITAL_A "', '" ID_A "0112', '" ID_A "0002', 'alpha', 6, '" ID_A "0100', 2, 2);"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, source_id) VALUES"
		" ('" HOSPITAL_A "', '" ID_A
		"0111', 1, 'CLR-REM-ALPHA', 'REM-ANN-ALPHA', 50000, 'CNY', 2, 50000, '2025-11-01', 'announce', '" ID_A
		"0111'),"
		" ('" HOSPITAL_A "', '" ID_A
		"0112', 1, 'CLR-REM-ALPHA', 'REM-ANN-ALPHA', 62000, 'CNY', 2, 62000, '2025-11-01', 'announce', '" ID_A
		"0112'),"
		" ('" HOSPITAL_A "', '" ID_A
		"0100', 1, 'REM-ANN-ALPHA', 'CLR-REM-ALPHA', 1000, 'CNY', 2, 1000, '2025-11-01', 'announce_fee', '" ID_A
		"0100')");
	assert_int_equal(announced(), 111000);
	first = line_of(2, "500,00", "SRA CLAIMS GMBH");
	second = line_of(3, "620,00", "SRA CLAIMS GMBH");
	assert_int_equal(post_detail(first, 1, 1, 50000), 1);
	assert_int_equal(announced(), 61000);
	/* What is paid is paid. */
	assert_int_equal(post_detail(second, 2, 1, 62000), -2);
	assert_int_equal(post_detail(second, 2, 2, 62000), 1);
	assert_int_equal(announced(), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.remittance_paid"), 2);
	/* Undone in any order, it is announced again to the fen, and comes out once more. */
	undo(text("SELECT allocation_id::text FROM zhifu.allocation WHERE line_id = '%s'", first));
	assert_int_equal(announced(), 50000);
	assert_int_equal(post_detail(first, 1, 1, 50000), 1);
	assert_int_equal(announced(), 0);
	undo(text(
		"SELECT allocation_id::text FROM zhifu.allocation a WHERE line_id = '%s' AND undoes IS NULL", second));
	assert_int_equal(announced(), 62000 - 1000);
	assert_int_equal(post_detail(second, 2, 2, 62000), 1);
	assert_int_equal(announced(), 0);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

int main(void)
{
	int r = world_start(&world, "ctl_allocate");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	account_configure();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_lets_more_go_than_is_agreed, none_left),
		cmocka_unit_test_setup(a_claim_is_short_by_several_things, none_left),
		cmocka_unit_test_setup(an_advice_may_come_in_two_transfers, none_left),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
		cmocka_unit_test_setup(what_is_let_go_of_a_claim_adds_up, none_left),
