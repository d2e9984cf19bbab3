/* What persons allocate through zhifuctl: which claims money is for, how much of one anybody may let go, and advices
 * whose money comes in several transfers. */
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
	assert_int_equal(
		world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"), 42000);
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
	/* Of a group plan is what names its code, and no more than that. */
	for (size_t i = 0; i < 4; i++) {
		static const char *const behind[] = {":", "::", ":a:b", ":a:"};
		assert_ctl(&world, 1, "money match allocate %s %s%s=875.00 --why x --hospital HZ1 --who li", line,
			refs[1], behind[i]);
		assert_non_null(strstr(world.err, "is not REF=AMOUNT, nor REF:CODE=AMOUNT of a group plan"));
	}
	assert_ctl(&world, 1, "money match allocate %s :a=875.00 --why x --hospital HZ1 --who li", line);
	assert_non_null(strstr(world.err, "nor REF:CODE=AMOUNT"));
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

/* ---- by an advice ---- */

static void advice_add(int advice, int minor)
{
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced,"
		" content) VALUES ('" HOSPITAL_A "', '" ID_A "%04d', 'alpha', 'R-%d', %d, 'CNY', 2, true, '')",
		advice, advice, minor);
}

/* What it says of a claim (kind 1), or of itself (claim 0), and that it is announced. */
static void detail_add(int advice, int no, int kind, int claim, int minor)
{
	char id[64] = "NULL", entry[64];

	if (claim > 0) snprintf(id, sizeof(id), "'" ID_A "%04d'", claim);
	snprintf(entry, sizeof(entry), "" ID_A "%04d", claim > 0 ? advice + 10 + no : advice);
	world_sql(&world,
		"INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent, kind)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "%04d', %d, %s, %d, 'CNY', 2, %d);"
		"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, remittance_id, detail, status)"
		" SELECT '" HOSPITAL_A "', '%s', %s, 'alpha', 6, '" ID_A "%04d', %d, 2 WHERE %d = 1;"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, source_id) VALUES ('" HOSPITAL_A
		"', '%s', %d, %s, %d, 'CNY', 2, %d, '2025-11-01', 'announce', '%s')",
		advice, no, id, minor, kind, entry, id, advice, no, kind, entry, no,
		minor > 0 ? "'CLR-REM-ALPHA', 'REM-ANN-ALPHA'" : "'REM-ANN-ALPHA', 'CLR-REM-ALPHA'", abs(minor),
		abs(minor), entry);
}

static int64_t announced(void)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = 'CLR-REM-ALPHA' THEN amount_minor WHEN credit = 'CLR-REM-ALPHA'"
		" THEN -amount_minor ELSE 0 END), 0)::int8 FROM zhifu.posting");
}

/* Says that the line is these details of the advice. */
static int advised(const char *line, int advice, const char *details)
{
	return ctl(&world, "money match advice %s " ID_A "%04d %s --why 'in two transfers' --hospital HZ1 --who li",
		line, advice, details);
}

/* Each transfer pays other details, by hand; what was announced is cleared with them, and the fee with the last. */
static void an_advice_may_come_in_two_transfers(void **state)
{
	char first[UUID_TEXT_LEN], second[UUID_TEXT_LEN];
	(void)state;
	owed(1, 50000);
	owed(2, 62000);
	advice_add(100, 111000);
	detail_add(100, 1, 1, 1, 50000);
	detail_add(100, 2, 1, 2, 62000);
	detail_add(100, 3, 2, 0, -1000);
	assert_int_equal(announced(), 111000);
	snprintf(first, sizeof(first), "%s", line_of(2, "500,00", "SRA CLAIMS GMBH"));
	snprintf(second, sizeof(second), "%s", line_of(3, "610,00", "SRA CLAIMS GMBH"));
	assert_int_equal(advised(first, 100, ""), 1);
	assert_non_null(strstr(world.err, "come to 1110.00 CNY, and 500.00 CNY is open"));
	assert_int_equal(advised(first, 100, "1 4"), 1);
	assert_non_null(strstr(world.err, "not all of these details"));
	assert_int_equal(advised(first, 100, "1"), 0);
	assert_int_equal(announced(), 61000);
	/* What is paid is paid. */
	assert_int_equal(advised(second, 100, "1"), 1);
	assert_non_null(strstr(world.err, "has come with another line"));
	/* What is left is the other one and the fee. */
	assert_int_equal(advised(second, 100, ""), 0);
	assert_int_equal(announced(), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.remittance_paid"), 2);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.suspense"), 0);
	assert_int_equal(advised(second, 100, ""), 1);
	/* Undone in any order, it is announced again to the fen, and comes out once more. */
	undo(text("SELECT allocation_id::text FROM zhifu.allocation WHERE line_id = '%s'", first));
	assert_int_equal(announced(), 50000);
	assert_int_equal(advised(first, 100, ""), 0);
	assert_int_equal(announced(), 0);
	undo(text(
		"SELECT allocation_id::text FROM zhifu.allocation a WHERE line_id = '%s' AND undoes IS NULL", second));
	assert_int_equal(announced(), 62000 - 1000);
	assert_int_equal(advised(second, 100, "2 3"), 0);
	assert_int_equal(announced(), 0);
	assert_string_equal(
		text("SELECT string_agg(open_minor::text, ' ' ORDER BY claim_id) FROM zhifu.receivable"), "0 0");
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

/* A payer takes off what had not come too much: a person says of which claim, and it is taken back. */
static void a_set_off_without_cause_is_taken_back(void **state)
{
	const char *line;
	(void)state;
	agreed();
	owed(1, 50000);
	owed(2, 62000);
	world_sql(&world, "UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
	(void)allocate(line_of(2, "500,00", "SRA CLAIMS GMBH"), 1, "500.00");
	advice_add(100, 42000);
	detail_add(100, 1, 1, 2, 62000);
	detail_add(100, 2, 4, 0, -20000);
	line = line_of(3, "395,00", "SRA CLAIMS GMBH");
	assert_int_equal(advised(line, 100, "--rest charge"), 1);
	assert_non_null(strstr(world.err, "detail 2: it names no claim"));
	assert_int_equal(advised(line, 100, "1 2=NOBODY --rest charge"), 1);
	char words[64];
	snprintf(words, sizeof(words), "1 2=%s --rest charge", refs[1]);
	assert_int_equal(advised(line, 100, words), 1);
	assert_non_null(strstr(world.err, "NO=REF,back"));
	assert_int_equal(advised(line, 100, "1 2=x,forth"), 1);
	assert_int_equal(advised(line, 100, "''"), 1);
	snprintf(words, sizeof(words), "1 2=%s,back --rest fee", refs[1]);
	assert_int_equal(advised(line, 100, words), 2);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.remittance_paid"), 0);
	snprintf(words, sizeof(words), "1 2=%s,back --rest charge", refs[1]);
	assert_int_equal(advised(line, 100, words), 0);
	/* It is owed again, in dispute until somebody accepts it; the bank's 25.00 are let go as agreed. */
	assert_string_equal(
		text("SELECT string_agg(open_minor || ' ' || standing, ', ' ORDER BY claim_id) FROM zhifu.receivable"),
		"20000 4, 0 2");
	assert_int_equal(announced(), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.suspense"), 0);
	assert_string_equal(text("SELECT sum(charge_minor)::text FROM zhifu.allocation"), "2500");
	assert_ctl(&world, 0, "money takeback accept %s --why 'they are right' --who li", refs[1]);
	assert_int_equal(world_count(&world, "SELECT sum(open_minor)::int8 FROM zhifu.receivable"), 0);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
	world_sql(&world, "DELETE FROM zhifu.contract");
}

/* ---- what an advice takes off ---- */

/* A person brought it in: it came as this (enum advice_form). */
static void brought(int advice, int form)
{
	world_sql(&world,
		"INSERT INTO zhifu.advice (hospital_id, advice_id, remitter, identifier, version, standing, form, hash, amount_minor, sum_minor,"
		" currency, exponent, detail_count, document, maker) SELECT hospital_id, remittance_id, insurer, identifier, 1, 1, %d,"
		" sha256(convert_to(identifier, 'UTF8')), amount_minor, amount_minor, currency, exponent, 1, '', 'li' FROM zhifu.remittance"
		" WHERE remittance_id = '" ID_A "%04d'",
		form, advice);
}

/* It pays so much of a claim and has a fee (kind 2) or an adjustment (3). */
static void takes_off(int advice, int claim, int paid, int kind, int minor)
{
	advice_add(advice, paid + minor);
	detail_add(advice, 1, 1, claim, paid);
	detail_add(advice, 2, kind, 0, minor);
}

static void claims_agreed(void)
{
	none_left(NULL);
	world_sql(&world, "DELETE FROM zhifu.advice; DELETE FROM zhifu.contract");
	agreed();
	for (int claim = 1; claim <= 3; claim++) owed(claim, 100000);
	world_sql(&world, "UPDATE zhifu.receivable SET contract_id = '" ID_A "0900', contract_version = 1");
}

static void beyond(const char *line, int advice, const char *details)
{
	assert_int_equal(advised(line, advice, details), 1);
	assert_non_null(strstr(world.err, "allows anybody"));
}

/* Of an advice that a person typed in, or read from a file, it is he who lets go. */
static void an_advice_takes_off_no_more_than_is_agreed(void **state)
{
	static const struct {
		int kind, minor, form; /* form -1: the carrier's own system told it */
		const char *money;
		bool fits;
	} cases[] = {{3, -501, 3, "994,99", false}, {3, -500, 3, "995,00", true}, {3, -501, 1, "994,99", false},
		{3, -501, 0, "994,99", false}, {2, -5802, 3, "941,98", false},
		{2, -5800, 3, "942,00", true}, /* 5 per cent, 6 per cent tax on it, and 5.00 */
		{3, -40000, -1, "600,00", true}, {2, -40000, -1, "600,00", true}};
	(void)state;
	for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
		claims_agreed();
		takes_off(100, 1, 100000, cases[i].kind, cases[i].minor);
		if (cases[i].form >= 0) brought(100, cases[i].form);
		const char *line = line_of(2, cases[i].money, "SRA CLAIMS GMBH");
		if (cases[i].fits)
			assert_int_equal(advised(line, 100, ""), 0);
		else
			beyond(line, 100, "");
		assert_int_equal(
			world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"),
			cases[i].fits ? 0 : 100000);
		assert_int_equal(
			world_count(&world,
				"SELECT coalesce(sum(CASE WHEN kind = 4 THEN fee_minor ELSE -amount_minor END), 0)::int8"
				" FROM zhifu.allocation WHERE kind IN (4, 5)"),
			cases[i].fits ? -cases[i].minor : 0);
	}
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

/* It is one limit, whatever it is let go as; what was undone does not count. */
static void what_advices_take_off_adds_up(void **state)
{
	char first[UUID_TEXT_LEN];
	const char *line;
	(void)state;
	claims_agreed();
	lets_go(0, line_of(2, "300,00", "SRA CLAIMS GMBH"), said_of(1, "300.00,difference=3.00"));
	snprintf(first, sizeof(first), "%s", text("SELECT allocation_id::text FROM zhifu.allocation"));
	takes_off(100, 1, 20000, 3, -201);
	brought(100, 3);
	beyond(line_of(3, "197,99", "SRA CLAIMS GMBH"), 100, "");
	takes_off(200, 1, 20000, 3, -200);
	brought(200, 3);
	assert_int_equal(advised(line_of(4, "198,00", "SRA CLAIMS GMBH"), 200, ""), 0);
	line = line_of(5, "100,00", "SRA CLAIMS GMBH");
	lets_go(1, line, said_of(1, "100.00,difference=0.01"));
	undo(first);
	lets_go(1, line, said_of(1, "100.00,difference=3.01"));
	lets_go(0, line, said_of(1, "100.00,difference=3.00"));
	/* 1000.00 - 200.00 - 103.00 */
	assert_int_equal(
		world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"), 69700);
	/* What the carrier itself takes off is nobody's to let go, and takes nothing of what a person may. */
	takes_off(300, 2, 50000, 3, -10000);
	assert_int_equal(advised(line_of(6, "400,00", "SRA CLAIMS GMBH"), 300, ""), 0);
	lets_go(0, line_of(7, "400,00", "SRA CLAIMS GMBH"), said_of(2, "400.00,difference=5.00"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

/* What is not of one claim is borne by those that the advice has paid until then, by what was paid. */
static void what_is_taken_off_of_several_is_shared(void **state)
{
	const char *line;
	(void)state;
	claims_agreed();
	advice_add(100, 199000);
	detail_add(100, 1, 1, 1, 100000);
	detail_add(100, 2, 1, 2, 100000);
	detail_add(100, 3, 3, 0, -1000);
	brought(100, 3);
	line = line_of(2, "1990,00", "SRA CLAIMS GMBH");
	world_sql(&world, "UPDATE zhifu.remittance_detail SET amount_minor = -1002 WHERE no = 3");
	beyond(line, 100, "--rest difference");
	world_sql(&world, "UPDATE zhifu.remittance_detail SET amount_minor = -1000 WHERE no = 3");
	assert_int_equal(advised(line, 100, ""), 0);
	/* A claim's own fee is that claim's. */
	claims_agreed();
	advice_add(100, 194198);
	detail_add(100, 1, 1, 1, 100000);
	detail_add(100, 2, 1, 2, 100000);
	world_sql(&world, "UPDATE zhifu.remittance_detail SET fee_minor = -5802 WHERE no = 1");
	brought(100, 3);
	beyond(line_of(2, "1941,98", "SRA CLAIMS GMBH"), 100, "");
	/* The fee of 1100.00 comes with the last of them, 100.00. */
	claims_agreed();
	advice_add(100, 104200);
	detail_add(100, 1, 1, 1, 100000);
	detail_add(100, 2, 1, 2, 10000);
	detail_add(100, 3, 2, 0, -5800);
	brought(100, 3);
	world_sql(&world,
		"UPDATE zhifu.receivable SET owed_minor = 10000, open_minor = 10000, book_minor = 10000 WHERE claim_id = '" ID_A
		"0002'");
	beyond(line_of(2, "42,00", "SRA CLAIMS GMBH"), 100, "2 3");
	assert_int_equal(advised(line_of(3, "1000,00", "SRA CLAIMS GMBH"), 100, "1"), 0);
	assert_int_equal(advised(text("SELECT line_id::text FROM zhifu.suspense"), 100, "2 3"), 0);
	assert_int_equal(world_count(&world, "SELECT sum(open_minor)::int8 FROM zhifu.receivable"), 100000);
	world_sql(&world, "DELETE FROM zhifu.advice; DELETE FROM zhifu.contract");
}

/* The matcher posts a claim's payment and a part of no claim, by itself; what is kept is of the claim. */
static int64_t posts_alone(const char *line, int paid, int kind, int off, int charge, int difference)
{
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.match_post('" HOSPITAL_A
		"', 'zhifu', NULL, false, ARRAY[gen_random_uuid()], ARRAY['%s']::uuid[], ARRAY[0], ARRAY[(SELECT version"
		" FROM zhifu.match_item WHERE line_id = '%s')], '{1, 1}', '{0, %d}', ARRAY['" ID_A
		"0001', NULL]::uuid[],"
		" ARRAY[(SELECT version FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'), NULL], ARRAY['" ID_A
		"0100', '" ID_A
		"0100']::uuid[], '{1, 2}', '{%d, %d}', '{%d, 0}', '{0, 0}', '{%d, 0}', '{%d, 0}', '{0, 0}', '{0, 0}',"
		" '{0, 0}', '{0, 0}', '{%d, 0}', '{%d, 0}')",
		line, line, kind, paid, off, paid + charge + difference, charge, charge, difference, difference);
}

/* By an advice that a person brought in no more goes by itself than by hand. */
static void the_matcher_lets_no_more_go_than_a_person_may(void **state)
{
	static const struct {
		int kind, off, charge, difference, form; /* form -1: the carrier's own system told it */
		bool fits;
	} cases[] = {{5, -501, 0, 0, 3, false}, {5, -500, 0, 0, 3, true}, {5, -501, 0, 0, 1, false},
		{5, -501, 0, 0, 0, false}, {4, -5802, 0, 0, 3, false},
		{4, -5800, 0, 0, 3, true}, /* 5 per cent, its tax, 5.00 */
		{5, -1, 0, 500, 3, false}, {5, -1, 0, 499, 3, true}, {5, -250, 0, 251, 3, false},
		{5, -250, 0, 250, 3, true}, {5, -500, 4000, 0, 3, true}, /* the bank kept 40.00 */
		{5, -40000, 0, 0, -1, true}, {4, -40000, 0, 0, -1, true}, {5, -1, 0, 501, -1, true}};
	char money[16];
	(void)state;
	for (int i = 0; i < (int)ARRAY_LEN(cases); i++) {
		int paid = 100000 - cases[i].charge - cases[i].difference, comes = paid + cases[i].off;

		claims_agreed();
		takes_off(100, 1, paid, cases[i].kind == 4 ? 2 : 3, cases[i].off);
		if (cases[i].form >= 0) brought(100, cases[i].form);
		snprintf(money, sizeof(money), "%d,%02d", comes / 100, comes % 100);
		assert_int_equal(posts_alone(line_of(2, money, "SRA CLAIMS GMBH"), paid, cases[i].kind, cases[i].off,
					 cases[i].charge, cases[i].difference),
			cases[i].fits ? 1 : -5);
		assert_int_equal(
			world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE claim_id = '" ID_A "0001'"),
			cases[i].fits ? 0 : 100000);
		assert_int_equal(world_count(&world, "SELECT coalesce(sum(open_minor), 0)::int8 FROM zhifu.suspense"),
			cases[i].fits ? 0 : comes);
	}
	/* What a person let go before counts. */
	claims_agreed();
	lets_go(0, line_of(2, "300,00", "SRA CLAIMS GMBH"), said_of(1, "300.00,difference=3.00"));
	takes_off(100, 1, 20000, 3, -201);
	brought(100, 3);
	assert_int_equal(posts_alone(line_of(3, "197,99", "SRA CLAIMS GMBH"), 20000, 5, -201, 0, 0), -5);
	assert_int_equal(posts_alone(line_of(4, "198,00", "SRA CLAIMS GMBH"), 20000, 5, -200, 0, 0), 1);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	world_sql(&world, "DELETE FROM zhifu.advice; DELETE FROM zhifu.contract");
}

/* One decision by hand on a detail each of two advices, as match_post() takes it. */
static int64_t post_two(const char *line, int claim, int detail, int minor, int other)
{
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.match_post('" HOSPITAL_A
		"', 'li', 'c0', true, ARRAY[gen_random_uuid()],"
		" ARRAY['%s']::uuid[], ARRAY[0], ARRAY[(SELECT version FROM zhifu.match_item WHERE line_id = '%s')], '{1, 1}', '{0, 0}',"
		" ARRAY['" ID_A "%04d', '" ID_A "%04d']::uuid[], '{1, 1}', ARRAY['" ID_A "0100', '" ID_A
		"0200']::uuid[], '{%d, %d}', '{%d, %d}', '{%d, %d}', '{0, 0}', '{0, 0}',"
		" '{0, 0}', '{0, 0}', '{0, 0}', '{0, 0}', '{0, 0}', '{0, 0}', '{0, 0}')",
		line, line, claim, claim + 1, detail, detail, minor, other, minor, other);
}

/* What was cleared of one is not cleared of the other. */
static void two_advices_in_the_same_two_transfers(void **state)
{
	(void)state;
	owed(1, 50000);
	owed(2, 10000);
	owed(3, 62000);
	owed(4, 20000);
	advice_add(100, 112000);
	advice_add(200, 30000);
	detail_add(100, 1, 1, 1, 50000);
	detail_add(200, 1, 1, 2, 10000);
	detail_add(100, 2, 1, 3, 62000);
	detail_add(200, 2, 1, 4, 20000);
	assert_int_equal(post_two(line_of(2, "600,00", "SRA CLAIMS GMBH"), 1, 1, 50000, 10000), 1);
	assert_int_equal(announced(), 62000 + 20000);
	assert_int_equal(post_two(line_of(3, "820,00", "SRA CLAIMS GMBH"), 3, 2, 62000, 20000), 1);
	assert_int_equal(announced(), 0);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

/* ---- who waits for whom ---- */

/* No statement is compiled at each execution, and no lock waited for without end. */
static void a_session_neither_compiles_nor_waits(void **state)
{
	(void)state;
	assert_string_equal(
		text("SELECT concat_ws(' ', current_setting('jit'), current_setting('lock_timeout'))"), "off 2min");
}

/* Settle has the state of a claim before what is owed for it; so has who decides by hand, or the two would wait for
 * each other. */
static void a_claim_is_held_before_what_is_owed(void **state)
{
	char line[1024];
	const char *allocation;
	struct db_sync *other;
	FILE *undoing;
	(void)state;
	owed(1, 50000);
	allocation = allocate(line_of(2, "500,00", "SRA CLAIMS GMBH"), 1, "500.00");
	assert_int_equal(db_sync_open(world.conninfo, "test", &other), 0);
	world_sql(&world, "BEGIN; SELECT 1 FROM zhifu.receivable FOR UPDATE");
	snprintf(line, sizeof(line),
		"'%s' --config '%s/zhifud.conf' money match undo %s --why 'not theirs' --hospital HZ1 --who li >/dev/null 2>&1",
		world.program, world.folder, allocation);
	undoing = popen(line, "r");
	assert_non_null(undoing);
	while (world_count(&world, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) {
	}
	assert_int_not_equal(db_sync_script(other, "SELECT 1 FROM zhifu.claim_state FOR UPDATE NOWAIT"), 0);
	assert_string_equal(db_sync_sqlstate(other), "55P03");
	world_sql(&world, "COMMIT");
	assert_int_equal(pclose(undoing), 0);
	db_sync_close(other);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nobody_lets_more_go_than_is_agreed, none_left),
		cmocka_unit_test_setup(what_is_let_go_of_a_claim_adds_up, none_left),
		cmocka_unit_test_setup(a_claim_is_short_by_several_things, none_left),
		cmocka_unit_test_setup(an_advice_may_come_in_two_transfers, none_left),
		cmocka_unit_test_setup(a_set_off_without_cause_is_taken_back, none_left),
		cmocka_unit_test_setup(an_advice_takes_off_no_more_than_is_agreed, none_left),
		cmocka_unit_test_setup(what_advices_take_off_adds_up, none_left),
		cmocka_unit_test_setup(what_is_taken_off_of_several_is_shared, none_left),
		cmocka_unit_test_setup(the_matcher_lets_no_more_go_than_a_person_may, none_left),
		cmocka_unit_test_setup(two_advices_in_the_same_two_transfers, none_left),
		cmocka_unit_test(a_session_neither_compiles_nor_waits),
		cmocka_unit_test_setup(a_claim_is_held_before_what_is_owed, none_left),
	};
	return world_main(&world, "ctl_allocate", tests, ARRAY_LEN(tests), group_begin);
}
