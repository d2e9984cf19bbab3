/* What finance sees through zhifuctl money report: figures of a history made by hand (scenarios S4 and S5), and sums
 * that must hold for any history. */
#include "finance_world.h"

/* S4: TPA Meridian pays for Alpha and Beta on 11-12, the advice comes on 11-16. */
static void meridian(void)
{
	owed(1, "alpha", "meridian", "CNY", 1248000, 0, 1248000, "2026-10-06", "2026-11-05", 2);
	owed(2, "alpha", "meridian", "CNY", 896550, 0, 896550, "2026-10-08", "2026-11-07", 2);
	owed(3, "beta", "meridian", "CNY", 320000, 0, 320000, "2026-10-10", "2026-11-09", 2);
	owed(4, "beta", "meridian", "CNY", 320000, 320000, 320000, "2026-10-12", "2026-11-11", 3);
	owed(5, "beta", "meridian", "CNY", 2173420, 0, 2173420, "2026-10-20", "2026-11-19", 2);
	owed(7, "alpha", "meridian", "CNY", 601075, 0, 601075, "2026-10-13", "2026-11-12", 2);
	owed(6, "alpha", "meridian", "CNY", 145000, 145000, 145000, "2026-06-09", "2026-07-09", 4);
	line_of(100, "CNY", "CNY", 4849908, "2026-11-12");
	world_sql(&world,
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content,"
		" created_at) VALUES ('" HOSPITAL_A "', '" ID_A
		"0200', 'meridian', 'STMT 2026-10', 4849908, 'CNY', 2, true, '',"
		" '2026-11-16 02:00Z')");
	allocated(300, 100, 1, 200, 0, 1248000, "CNY", 1248000, 0);
	allocated(300, 100, 2, 200, 0, 806895, "CNY", 806895, 0); /* 896.55 is the patient's */
	allocated(300, 100, 3, 200, 0, 320000, "CNY", 320000, 0);
	allocated(300, 100, 4, 200, 2, 0, "CNY", 0, 0);
	allocated(300, 100, 5, 200, 0, 2173420, "CNY", 2173420, 0);
	allocated(300, 100, 7, 200, 0, 601075, "CNY", 601075, 0);
	allocated(300, 100, 6, 200, 3, -145000, "CNY", -145000, 0);
}

static void a_denial_is_the_insurance_officers_until_the_appeal(void **state)
{
	(void)state;
	meridian();
	assert_ctl(&world, 0, "money report denied --day 2026-11-20 --json");
	assert_int_equal(rows_told("items"), 1);
	assert_string_equal(told("items", 0, "claim"), refs[4]);
	assert_string_equal(told("items", 0, "carrier"), "beta");
	assert_string_equal(told("items", 0, "amount"), "3200.00");
	assert_string_equal(told("items", 0, "owner"), "insurance-officer");
	assert_string_equal(told("items", 0, "since"), "2026-11-16");
	assert_string_equal(told("items", 0, "due"), "2026-12-16");
	assert_string_equal(told("items", 0, "days"), "4");
	/* what the insurer said itself is its answer, whenever the advice came */
	world_sql(&world,
		"INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, from_state, to_state, event, at, who) VALUES ('" HOSPITAL_A
		"', '" ID_A "0004', 3, 1, 0, 5, 'deny', '2026-11-13 17:00Z', 'zhifu')"); /* 11-14 in Hangzhou */
	assert_ctl(&world, 0, "money report denied --day 2026-11-20 --json");
	assert_string_equal(told("items", 0, "due"), "2026-12-14");
	/* the contract's own term */
	world_sql(&world,
		"INSERT INTO zhifu.contract (hospital_id, contract_id, version, name, carrier, remitter, kind, valid_from, valid_to, document,"
		" maker, why) VALUES ('" HOSPITAL_A "', '" ID_A
		"0500', 1, 'Beta', 'beta', 'meridian', 'A', '2026-01-01', 'infinity',"
		" '{\"appeal_days\": 45}', 'li', 'x');"
		"UPDATE zhifu.receivable SET contract_id = '" ID_A "0500', contract_version = 1 WHERE claim_id = '" ID_A
		"0004'");
	assert_ctl(&world, 0, "money report denied --json");
	assert_string_equal(told("items", 0, "due"), "2026-12-29");
	assert_ctl(&world, 0, "money report denied --zh");
	assert_non_null(strstr(world.out, "保险专员"));
	assert_non_null(strstr(world.out, "拒赔"));
}

static void a_take_back_is_on_two_lists_and_no_other(void **state)
{
	(void)state;
	meridian();
	assert_ctl(&world, 0, "money report takeback --json");
	assert_int_equal(rows_told("items"), 1);
	assert_string_equal(told("items", 0, "claim"), refs[6]);
	assert_string_equal(told("items", 0, "amount"), "1450.00");
	assert_string_equal(told("items", 0, "standing"), "disputed");
	assert_string_equal(told("items", 0, "since"), "2026-11-16");
	assert_ctl(&world, 0, "money report dispute --json");
	assert_int_equal(rows_told("items"), 1);
	assert_string_equal(told("items", 0, "claim"), refs[6]);
	assert_ctl(&world, 0, "money report short");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_ctl(&world, 0, "money report overpaid");
	assert_non_null(strstr(world.out, "nothing to do"));
}

/* S4's C6 was billed at 9,800.00 in June. */
static void a_take_back_is_accepted(void **state)
{
	(void)state;
	meridian();
	owed_back(6, 6, "bill", "AR-ALPHA", "REV-MED", 980000, "2026-06-09", 6);
	owed_back(310, 6, "match_paid", "SUSP", "AR-ALPHA", 980000, "2026-07-09", 100);
	owed_back(311, 6, "match_paid", "AR-ALPHA", "SUSP", 145000, "2026-11-16", 100);
	assert_ctl(&world, 2, "money takeback accept %s --who li", refs[6]);
	assert_ctl(&world, 2, "money takeback accept %s 1.001 --why 'our fault' --who li", refs[6]);
	assert_ctl(&world, 1, "money takeback accept %s 1450.01 --why 'our fault' --who li", refs[6]);
	assert_non_null(strstr(world.err, "of CNY 1450.01 at most 1450.00 can be: no more was taken back"));
	assert_ctl(&world, 1, "money takeback accept %s --why 'our fault' --who li", refs[4]);
	assert_ctl(&world, 0, "money takeback accept %s 450.00 --why 'coded twice' --who li --json", refs[6]);
	assert_non_null(strstr(world.out, "\"revenue\":{\"amount\":\"450.00\",\"currency\":\"CNY\"}"));
	assert_ctl(&world, 0, "money report takeback --json");
	assert_string_equal(told("items", 0, "amount"), "1000.00");
	assert_ctl(&world, 0, "money takeback accept %s --why 'and the rest' --who li", refs[6]);
	assert_ctl(&world, 0, "money report takeback");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_ctl(&world, 0, "money report dispute");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_int_equal(world_count(&world,
				 "SELECT sum(CASE debit WHEN 'REV-MED' THEN amount_minor ELSE -amount_minor END)::int8"
				 " FROM zhifu.posting WHERE 'REV-MED' IN (debit, credit)"),
		145000 - 980000);
	assert_ctl(&world, 0, "money concession list --json");
	assert_int_equal(rows_told("concessions"), 2);
	assert_string_equal(told("concessions", 1, "amount"), "1000.00");
	assert_ctl(&world, 0, "money said %s --json", refs[6]);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'claim.said' AND subject = '%s'", refs[6]),
		1);
	assert_string_equal(told("said", 0, "words"), "coded twice");
	assert_string_equal(told("said", 1, "words"), "and the rest");
	assert_ctl(&world, 0, "money concession list --json");
	assert_ctl(&world, 0, "money concession undo %s --hospital HZ1 --why 'it was theirs' --who wang",
		told("concessions", 1, "concession"));
	assert_ctl(&world, 0, "money report takeback --json");
	assert_string_equal(told("items", 0, "amount"), "1000.00");
	assert_string_equal(told("items", 0, "standing"), "disputed");
	assert_ctl(&world, 0, "money concession list --json");
	assert_int_equal(rows_told("concessions"), 1);
	/* Of what had no revenue there is none to reverse. */
	world_sql(&world, "UPDATE zhifu.posting SET amount_minor = 100000, book_minor = 100000 WHERE rule = 'bill'");
	assert_ctl(&world, 1, "money takeback accept %s --why 'and the rest' --who li", refs[6]);
	assert_non_null(strstr(world.err, "CNY 1000.00 was billed for it, and of the claim's revenue 550.00 is left"));
}

static void short_and_over_payments_have_owners(void **state)
{
	(void)state;
	meridian();
	owed(8, "alpha", "alpha", "CNY", 100000, 30000, 100000, "2026-09-01", "2026-10-01", 1);
	owed(9, "alpha", "alpha", "CNY", 50000, 50000, 50000, "2026-09-01", NULL, 1); /* nothing came: not short */
	line_of(101, "CNY", "CNY", 70000, "2026-10-05");
	allocated(301, 101, 8, 0, 0, 70000, "CNY", 70000, 0);
	/* one that was undone counts for nothing */
	line_of(102, "CNY", "CNY", 20000, "2026-10-06");
	allocated(302, 102, 9, 0, 0, 20000, "CNY", 20000, 0);
	allocated(303, 102, 9, 0, 0, -20000, "CNY", -20000, 0);
	world_sql(&world, "UPDATE zhifu.allocation SET undoes = '" ID_A "0302' WHERE allocation_id = '" ID_A "0303'");
	line_of(103, "CNY", "CNY", 1248000, "2026-11-20");
	allocated(304, 103, 1, 0, 1, 1248000, "CNY", 0, 1248000);
	owed_back(304, 1, "match_over", "SUSP", "OVERPAID-ALPHA", 1248000, "2026-11-21", 103);
	/* decided lower after it was paid, and some of it taken back; one of which all was */
	owed_back(305, 2, "over_decided", "AR-ALPHA", "OVERPAID-ALPHA", 9000, "2026-11-22", 305);
	owed_back(306, 2, "over_decided", "OVERPAID-ALPHA", "AR-ALPHA", 2500, "2026-11-25", 306);
	owed_back(307, 3, "over_decided", "AR-BETA", "OVERPAID-BETA", 700, "2026-11-22", 307);
	owed_back(308, 3, "over_decided", "OVERPAID-BETA", "AR-BETA", 700, "2026-11-23", 308);
	assert_ctl(&world, 0, "money report short --json");
	assert_int_equal(rows_told("items"), 1);
	assert_string_equal(told("items", 0, "claim"), refs[8]);
	assert_string_equal(told("items", 0, "amount"), "300.00");
	assert_string_equal(told("items", 0, "since"), "2026-10-05");
	assert_string_equal(told("items", 0, "owner"), "finance");
	assert_ctl(&world, 0, "money report overpaid --json");
	assert_int_equal(rows_told("items"), 2);
	assert_string_equal(told("items", 0, "claim"), refs[1]);
	assert_string_equal(told("items", 0, "amount"), "12480.00");
	assert_string_equal(told("items", 0, "since"), "2026-11-20");
	assert_string_equal(told("items", 1, "claim"), refs[2]);
	assert_string_equal(told("items", 1, "amount"), "65.00");
	assert_string_equal(told("items", 1, "since"), "2026-11-22");

	assert_ctl(&world, 2, "money report assign %s short 'Ms. Chen' --who li", refs[8]);
	assert_ctl(&world, 2, "money report assign %s late 'Ms. Chen' --who li --why x", refs[8]);
	assert_ctl(&world, 0, "money report assign %s short 'Ms. Chen' --who li --why 'she knows Alpha'", refs[8]);
	assert_ctl(&world, 0, "money report short --owner 'Ms. Chen'");
	assert_non_null(strstr(world.out, "li said why"));
	assert_null(strstr(world.out, "she knows Alpha"));
	assert_ctl(&world, 0, "money said %s --who wang", refs[8]);
	assert_non_null(strstr(world.out, "she knows Alpha"));
	/* The same again is nothing new; other words are. */
	for (int i = 0; i < 3; i++)
		assert_ctl(&world, 0, "money report assign %s short 'Ms. Chen' --who li --why '%s'", refs[8],
			i < 2 ? "she knows Alpha" : "Alpha knows her");
	assert_int_equal(world_count(&world, "SELECT version FROM zhifu.work_owner WHERE list = 'short'"), 2);
	assert_ctl(&world, 0, "money report short --owner finance --json");
	assert_int_equal(rows_told("items"), 0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'work.assign' AND who = 'li' AND why NOT LIKE '%%knows%%'"),
		2);
}

/* The denial is Beta's, the days until the money came are Meridian's. */
static void the_scoreboard_keeps_carrier_and_remitter_apart(void **state)
{
	(void)state;
	meridian();
	assert_ctl(&world, 0, "money report scoreboard --from 2026-11-01 --to 2026-11-30 --json");
	assert_int_equal(rows_told("scoreboard"), 3);
	size_t n = row_of("scoreboard", "party", "alpha");
	assert_string_equal(told("scoreboard", n, "answered"), "3");
	assert_string_equal(told("scoreboard", n, "denied_share"), "0.0");
	assert_string_equal(told("scoreboard", n, "answer_days_median"), "39.0"); /* 41, 39, 34 */
	assert_string_equal(told("scoreboard", n, "answer_days_p90"), "41");
	n = row_of("scoreboard", "party", "beta");
	assert_string_equal(told("scoreboard", n, "answered"), "3");
	assert_string_equal(told("scoreboard", n, "denied"), "1");
	assert_string_equal(told("scoreboard", n, "denied_share"), "33.3");
	assert_string_equal(told("scoreboard", n, "answer_days_median"), "35.0"); /* 37, 35, 27 */
	n = row_of("scoreboard", "party", "meridian");
	assert_string_equal(told("scoreboard", n, "role"), "remitter");
	assert_string_equal(told("scoreboard", n, "denied"), "null");
	assert_string_equal(told("scoreboard", n, "paid"), "5");
	assert_string_equal(told("scoreboard", n, "pay_days_median"), "33.0"); /* 23, 30, 33, 35, 37 */
	assert_string_equal(told("scoreboard", n, "pay_days_p90"), "37");
	assert_string_equal(told("scoreboard", n, "short_share"), "0.0");

	/* a payment of 700 for 1,000, on day 34 */
	owed(8, "alpha", "meridian", "CNY", 100000, 30000, 100000, "2026-10-10", "2026-11-09", 1);
	line_of(101, "CNY", "CNY", 70000, "2026-11-13");
	allocated(301, 101, 8, 0, 0, 70000, "CNY", 70000, 0);
	assert_ctl(&world, 0, "money report scoreboard --from 2026-11-01 --to 2026-11-30 --json");
	n = row_of("scoreboard", "party", "meridian");
	assert_string_equal(told("scoreboard", n, "pay_days_median"), "33.5");
	assert_string_equal(told("scoreboard", n, "short"), "1");
	assert_string_equal(told("scoreboard", n, "short_share"), "16.7");
	assert_string_equal(told("scoreboard", n, "short_amount"), "300.00");
	assert_string_equal(told("scoreboard", n, "short_amount_share"), "0.6"); /* of 53,390.45 */
	/* the appeal for C4 is won in December */
	line_of(102, "CNY", "CNY", 320000, "2026-12-20");
	allocated(302, 102, 4, 0, 0, 320000, "CNY", 320000, 0);
	world_sql(&world,
		"UPDATE zhifu.allocation SET made_at = '2026-12-20' WHERE allocation_id = '" ID_A "0302';"
		"UPDATE zhifu.receivable SET open_minor = 0, standing = 2 WHERE claim_id = '" ID_A "0004';"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" claim_id, source_id) VALUES ('" HOSPITAL_A "', '" ID_A
		"0302', 1, 'SUSP', 'AR-BETA', 320000, 'CNY', 2, 320000, '2026-12-20',"
		" 'match_paid', '" ID_A "0004', '" ID_A "0102')");
	assert_ctl(&world, 0, "money report scoreboard --from 2026-12-01 --to 2026-12-31 --json");
	n = row_of("scoreboard", "party", "beta");
	assert_string_equal(told("scoreboard", n, "disputes"), "1");
	assert_string_equal(told("scoreboard", n, "won"), "1");
	assert_string_equal(told("scoreboard", n, "answered"), "0");
	assert_ctl(&world, 0, "money report scoreboard --from 2027-01-01 --to 2027-01-31");
	assert_non_null(strstr(world.out, "no payer answered or paid"));
}

static void open_items_are_aged_by_what_is_due(void **state)
{
	(void)state;
	/* S5 on 11-30 */
	owed(20, "alpha", "alpha", "USD", 1420000, 1420000, 10110400, "2026-05-14", NULL, 1);      /* 200 days */
	owed(21, "alpha", "alpha", "USD", 305000, 305000, 2163975, "2026-10-31", "2026-11-30", 1); /* due today */
	owed(22, "gamma", "gamma", "EUR", 560000, 560000, 4620000, "2026-09-01", "2026-10-01", 1); /* 60 */
	owed(23, "allied", "allied", "USD", 231500, 231500, 1648280, "2026-11-05", "2026-12-05", 1);
	owed(24, "allied", "allied", "USD", 231500, 231500, 1648280, "2026-08-01", "2026-08-31", 1);   /* 91 */
	owed(25, "allied", "allied", "USD", 232500, 232500, 1655400, "2026-08-02", "2026-09-01", 1);   /* 90 */
	owed(26, "alpha", "alpha", "CNY", 10290000, 5145000, 10290000, "2025-10-31", "2025-11-30", 1); /* 365 */
	owed(27, "alpha", "alpha", "CNY", 100, 100, 100, "2025-10-30", "2025-11-29", 4);               /* 366 */
	all_posted();
	assert_ctl(&world, 0, "money report open --day 2026-11-30 --json");
	assert_int_equal(rows_told("open"), 4);
	assert_string_equal(told("open", 0, "carrier"), "allied");
	assert_string_equal(told("open", 0, "open"), "6955.00");
	assert_string_equal(told("open", 0, "not_due"), "2315.00");
	assert_string_equal(told("open", 0, "days_61_90"), "2325.00");
	assert_string_equal(told("open", 0, "days_91_180"), "2315.00");
	assert_string_equal(told("open", 0, "carried"), "49519.60");
	assert_string_equal(told("open", 1, "currency"), "CNY");
	assert_string_equal(told("open", 1, "open"), "51451.00");
	assert_string_equal(told("open", 1, "days_181_365"), "51450.00");
	assert_string_equal(told("open", 1, "days_over_365"), "1.00");
	assert_string_equal(told("open", 2, "days_0_30"), "3050.00");
	assert_string_equal(told("open", 2, "days_181_365"), "14200.00");
	assert_string_equal(told("open", 3, "days_31_60"), "5600.00");
	/* never dollars and yuan in one sum */
	assert_int_equal(rows_told("totals"), 3);
	assert_string_equal(told("totals", row_of("totals", "total", "24205.00"), "items"), "5");
	assert_ctl(&world, 0, "money report open --day 2026-11-30 --carrier gamma");
	assert_non_null(strstr(world.out, "5,600.00 EUR"));
	assert_ctl(&world, 0, "money report late --day 2026-11-30 --json");
	assert_int_equal(rows_told("claims"), 5); /* not: without a term, due today, due later */
	assert_string_equal(told("claims", 0, "claim"), refs[27]);
	assert_string_equal(told("claims", 0, "days_late"), "366");
	assert_string_equal(told("claims", 1, "days_late"), "365");
	assert_string_equal(told("claims", 4, "expected"), "2026-10-01");
	assert_ctl(&world, 0, "money report open --items --day 2026-11-30 --json");
	assert_int_equal(rows_told("claims"), 8);
	size_t n = row_of("claims", "claim", refs[20]);
	assert_string_equal(told("claims", n, "expected"), "null");
	assert_string_equal(told("claims", n, "days_late"), "null");
	assert_string_equal(told("claims", n, "age"), "181-365");
	assert_ctl(&world, 0, "money report open --items --limit 3 --json");
	assert_int_equal(rows_told("claims"), 3);
	assert_non_null(strstr(world.out, "\"cut\":true"));
}

/* In the book currency of one entry; other: the account against FX. gain > 0: a gain. */
static void differs(
	int entry, const char *rule, int claim, const char *other, const char *currency, int64_t gain, const char *day)
{
	char id[64] = "NULL";

	if (claim != 0) snprintf(id, sizeof(id), "'" ID_A "%04d'", claim);
	world_sql(&world,
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" claim_id, source_id) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 9, '%s', '%s', 0, '%s', 2, %jd, '%s', '%s', %s, '" ID_A "%04d')",
		entry, gain > 0 ? other : "FX", gain > 0 ? "FX" : other, currency, (intmax_t)(gain > 0 ? gain : -gain),
		day, rule, id, entry);
}

/* S5: November is revalued, December takes it back and settles N2 and B. */
static void gains_and_losses_are_told_by_payer_and_currency(void **state)
{
	(void)state;
	owed(20, "alpha", "alpha", "USD", 1420000, 1420000, 10110400, "2026-05-14", NULL, 1);
	owed(21, "alpha", "alpha", "USD", 305000, 305000, 2163975, "2026-10-31", NULL, 1);
	owed(22, "gamma", "gamma", "EUR", 560000, 560000, 4620000, "2026-09-01", NULL, 1);
	for (int n = 23; n < 26; n++)
		owed(n, "allied", "allied", "USD", 231500, 231500, 1648280, "2026-11-05", NULL, 1);
	static const struct {
		int claim;
		const char *account, *currency;
		int64_t gain;
	} items[] = {{20, "AR-ALPHA", "USD", -42600}, {21, "AR-ALPHA", "USD", -1525}, {22, "AR-GAMMA", "EUR", 33600},
		{23, "AR-ALLIED", "USD", -6945}, {24, "AR-ALLIED", "USD", -6945}, {25, "AR-ALLIED", "USD", -6975},
		{0, "SUSP", "USD", 3450}, {0, "BANK-USD", "USD", -86323}};
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		differs(600 + (int)i, "revalue", items[i].claim, items[i].account, items[i].currency, items[i].gain,
			"2026-11-30");
		if (i < 7) /* the bank's stays */
			differs(620 + (int)i, "revalue_back", items[i].claim, items[i].account, items[i].currency,
				-items[i].gain, "2026-12-01");
	}
	differs(640, "match_fx", 24, "AR-ALLIED", "USD", -3472, "2026-12-04");
	differs(641, "match_fx", 21, "AR-ALPHA", "USD", 1830, "2026-12-08");
	assert_ctl(&world, 0, "money report fx --from 2026-11-01 --to 2026-11-30 --json");
	assert_int_equal(rows_told("fx"), 5);
	assert_string_equal(told("fx", 0, "carrier"), "allied");
	assert_string_equal(told("fx", 0, "revaluation"), "-208.65");
	assert_string_equal(told("fx", 1, "revaluation"), "-441.25");
	assert_string_equal(told("fx", 2, "currency"), "EUR");
	assert_string_equal(told("fx", 2, "revaluation"), "336.00");
	assert_string_equal(told("fx", row_of("fx", "account", "BANK-USD"), "net"), "-863.23");
	assert_string_equal(told("fx", row_of("fx", "account", "SUSP"), "net"), "34.50");
	assert_string_equal(told("totals", 0, "total"), "-1142.63");
	assert_ctl(&world, 0, "money report fx --from 2026-12-01 --to 2026-12-31 --json");
	assert_string_equal(told("fx", 0, "realised_loss"), "34.72");
	assert_string_equal(told("fx", 0, "revaluation"), "208.65");
	assert_string_equal(told("fx", 1, "realised_gain"), "18.30");
	/* B over both months: 18.30; N2's rate difference: -34.72 */
	assert_ctl(&world, 0, "money report fx --from 2026-11-01 --to 2026-12-31 --json");
	assert_string_equal(told("fx", 0, "net"), "-34.72");
	assert_string_equal(told("fx", 1, "net"), "18.30");
	assert_string_equal(told("totals", 0, "total"), "-879.65"); /* -34.72 + 18.30 - 863.23 */
}

static void suspense_is_told_with_its_age(void **state)
{
	(void)state;
	line_of(100, "USD", "USD", 230000, "2026-11-27");
	line_of(101, "CNY", "CNY", -5000, "2026-11-29");
	world_sql(&world,
		"INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, owner, reason) VALUES"
		" ('" HOSPITAL_A "', '" ID_A
		"0100', 230000, 'USD', 2, '2026-11-27', 'Ms. Chen', 'two answers are as good'),"
		" ('" HOSPITAL_A "', '" ID_A "0101', -5000, 'CNY', 2, '2026-11-29', NULL, '=cmd()')");
	assert_ctl(&world, 0, "money report suspense --day 2026-12-30 --json");
	assert_int_equal(rows_told("suspense"), 2);
	assert_string_equal(told("suspense", 0, "amount"), "2300.00");
	assert_string_equal(told("suspense", 0, "days"), "33");
	assert_string_equal(told("suspense", 0, "age"), "31-60");
	assert_int_equal(rows_told("totals"), 2);
	assert_ctl(&world, 0, "money report suspense --csv --day 2026-12-30");
	assert_string_equal(world.out,
		"hospital,kind,account,since,days,age,amount,amount_currency,owner,reason,id\r\n"
		"HZ1,line,USD,2026-11-27,33,31-60,2300.00,USD,Ms. Chen,two answers are as good," ID_A "0100\r\n"
		"HZ1,line,CNY,2026-11-29,31,31-60,-50.00,CNY,finance,\"'=cmd()\"," ID_A "0101\r\n");
	assert_ctl(&world, 0, "money report suspense --owner 'Ms. Chen' --csv --zh");
	assert_memory_equal(world.out, "\xef\xbb\xbfhospital", 11);
	assert_ctl(&world, 0, "money report accounts --csv");
	assert_non_null(strstr(world.out, "hospital,account,statement_day,statement,statement_currency,"));
}

/* What reports say is open on a day, by sums and one by one, that the ledger does not say of that day, or otherwise. */
#define NOT_OPEN                                                                                                                              \
	"SELECT count(*) FROM (SELECT account, currency, open_minor AS open, not_due_minor + to_30_minor + to_60_minor"                       \
	" + to_90_minor + to_180_minor + to_365_minor + older_minor AS bands, carried_minor AS book, items"                                   \
	" FROM report_open('" HOSPITAL_A "', date '2024-01-01' + %d, NULL)) o FULL JOIN"                                                      \
	" (SELECT account, currency, sum(open_minor) AS open, sum(carried_minor) AS book, count(DISTINCT id) AS items, count(*) AS all_items" \
	" FROM report_claims('" HOSPITAL_A                                                                                                    \
	"', date '2024-01-01' + %d, NULL, false, NULL, NULL, 10000) GROUP BY 1, 2) i"                                                         \
	" USING (account, currency) FULL JOIN (SELECT account, currency, sum(minor) AS minor, sum(book) AS book FROM ("                       \
	"  SELECT debit AS account, currency, amount_minor AS minor, book_minor AS book, book_day FROM posting"                               \
	"  UNION ALL SELECT credit, currency, -amount_minor, -book_minor, book_day FROM posting) p"                                           \
	"  WHERE account LIKE 'AR-%%' AND book_day <= date '2024-01-01' + %d GROUP BY 1, 2 HAVING sum(minor) <> 0 OR sum(book) <> 0) l"       \
	" USING (account, currency) WHERE (o.open, o.bands, o.book, o.items, o.open, o.book, i.items)"                                        \
	" IS DISTINCT FROM (l.minor, l.minor, l.book, i.items, i.open, i.book, i.all_items)"

/* Any history, with shares of patients and stays that are billed to nobody: what is open is told once in each form, and
 * on each day it is what the ledger says of that day. */
static void sums_hold_for_any_history(void **state)
{
	(void)state;
	world_sql(&world,
		"SELECT setseed(0.4711);"
		"DO $$ DECLARE c uuid; n integer; k text; o bigint; b bigint; r zhifu.receivable; d bigint; z bigint; car text; y date; BEGIN"
		" FOR n IN 1 .. 400 LOOP c := ('" ID_A
		"' || lpad((1000 + n)::text, 4, '0'))::uuid; k := (ARRAY['CNY', 'USD', 'EUR'])[1 + floor(random() * 3)];"
		"  car := (ARRAY['alpha', 'beta', 'gamma'])[1 + floor(random() * 3)];"
		"  o := 1 + floor(random() * 3000000); b := CASE WHEN k = 'CNY' THEN o ELSE round(o * 7.1) END; y := date '2024-01-01' + floor(random() * 300)::int;"
		"  INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref) VALUES ('" HOSPITAL_A
		"', c, 'HZ1' || lpad(n::text, 13, '0'));"
		"  INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor, book_minor,"
		"   billed_day, due_day) VALUES ('" HOSPITAL_A
		"', c, car, CASE WHEN car = 'gamma' THEN car ELSE 'meridian' END, CASE WHEN k = 'CNY' THEN 'A' ELSE 'C' END, k, 2, o, o, b, y,"
		"   CASE WHEN random() < 0.8 THEN y + 30 END);"
		"  INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,"
		"   source_id) VALUES ('" HOSPITAL_A
		"', gen_random_uuid(), 1, 'AR-' || upper(car), 'REV-MED', o, k, 2, b, y, 'bill', c, c);"
		"  FOR step IN 1 .. floor(random() * 5)::int LOOP y := y + floor(random() * 40)::int;"
		"   SELECT * INTO r FROM zhifu.receivable WHERE hospital_id = '" HOSPITAL_A "' AND claim_id = c;"
		"   d := CASE WHEN random() < 0.2 THEN -r.open_minor WHEN random() < 0.3 THEN r.owed_minor - r.open_minor ELSE -floor(random() * r.open_minor) END;"
		"   CONTINUE WHEN d = 0;"
		"   z := zhifu.receivable_move('" HOSPITAL_A
		"', c, r.version, d, (ARRAY[NULL, 3, 4])[1 + floor(random() * 3)]::smallint);"
		"   INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,"
		"    source_id) VALUES ('" HOSPITAL_A
		"', gen_random_uuid(), 1, CASE WHEN d > 0 THEN 'AR-' || upper(car) ELSE 'SUSP' END,"
		"    CASE WHEN d > 0 THEN 'SUSP' ELSE 'AR-' || upper(car) END, abs(d), k, 2, abs(z), y, 'match_paid', c, c);"
		"   IF random() < 0.4 THEN" /* the patient owes some of it, or pays */
		"    INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		"     claim_id, source_id) SELECT '" HOSPITAL_A
		"', c, 100 + step, t.dr, t.cr, t.m, 'CNY', 2, t.m, y, 'patient_share', c, c FROM (VALUES"
		"     ('AR-PT', 'REV-MED', 1 + floor(random() * 1000)::bigint), ('CASH', 'AR-PT', 1 + floor(random() * 1000)::bigint)) AS t (dr, cr, m)"
		"     WHERE (step %% 2 = 1) = (t.dr = 'AR-PT');"
		"   END IF;"
		"  END LOOP;"
		"  IF n %% 10 = 0 THEN"
		"   INSERT INTO zhifu.charge (hospital_id, charge_id, identifier, service_day, amount_minor, currency, exponent, stay, client)"
		"   VALUES ('" HOSPITAL_A "', c, n, y, o, 'CNY', 2, 's' || n / 20, 'his');"
		"   INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		"    source_id) VALUES ('" HOSPITAL_A "', c, 1, 'AR-INPT', 'REV-MED', o, 'CNY', 2, o, y, 'care', c);"
		"  END IF; END LOOP; END $$;"
		"SET zhifu.hospital_id = '" HOSPITAL_A "'; SET search_path = zhifu");
	for (int day = 0; day < 500; day += 57) assert_int_equal(world_count(&world, NOT_OPEN, day, day, day), 0);
	/* At the end of it, what is open of receivables; and the payer of two carriers owes what both do. */
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM (SELECT carrier, currency, open_minor, items FROM report_open('" HOSPITAL_A
			"', '2027-12-31', NULL, NULL, 'carrier')) o FULL JOIN (SELECT carrier, currency, sum(open_minor) AS open, count(*) AS items"
			" FROM receivable WHERE open_minor > 0 GROUP BY 1, 2) r USING (carrier, currency)"
			" WHERE (o.open_minor, o.items) IS DISTINCT FROM (r.open, r.items)"),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM report_open('" HOSPITAL_A
			"', '2027-12-31', NULL, 'meridian', NULL, true) o JOIN (SELECT currency, sum(open_minor) AS open"
			" FROM receivable WHERE carrier IN ('alpha', 'beta') GROUP BY 1) r USING (currency) WHERE o.open_minor = r.open"),
		3);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM report_open('" HOSPITAL_A "', NULL, NULL)"), 11);
	/* By pages of seven, of today and of a past day: each once, in order. */
	for (int past = 0; past < 2; past++)
		assert_int_equal(
			world_count(&world,
				"WITH RECURSIVE page AS (SELECT array_agg(sort_day ORDER BY sort_day, id) AS days,"
				" array_agg(id ORDER BY sort_day, id) AS ids FROM report_claims('" HOSPITAL_A
				"', %s, NULL, false, NULL, NULL, 7)"
				" UNION ALL SELECT q.* FROM page p CROSS JOIN LATERAL (SELECT array_agg(sort_day ORDER BY sort_day, id),"
				" array_agg(id ORDER BY sort_day, id) AS ids FROM report_claims('" HOSPITAL_A
				"', %s, NULL, false, p.days[cardinality(p.days)], p.ids[cardinality(p.ids)], 7)) q WHERE q.ids IS NOT NULL)"
				" SELECT count(*) FROM (SELECT u.id, count(*) AS n FROM page, unnest(ids) AS u (id) GROUP BY 1) p"
				" FULL JOIN report_claims('" HOSPITAL_A
				"', %s, NULL, false, NULL, NULL, 10000) c USING (id) WHERE p.n IS DISTINCT FROM 1 OR c.sort_day IS NULL",
				past ? "'2024-08-15'" : "NULL", past ? "'2024-08-15'" : "NULL",
				past ? "'2024-08-15'" : "NULL"),
			0);
}

/* ---- more than a list holds ---- */

#define MANY 10002

/* That many of everything that has a list. */
static void many_of_all(void)
{
	world_sql(&world,
		"SET session_replication_role = replica;"
		"CREATE TEMP TABLE many AS SELECT '" HOSPITAL_A "'::uuid AS h, i,"
		" ('019ab000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid AS id FROM generate_series(1, %d) i;"
		"INSERT INTO zhifu.bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day, amount_minor,"
		" currency, exponent, reversal, content) SELECT h, id, h, 'usd', sha256(id::text::bytea), 0, '2026-11-02', 100, 'USD', 2, false, '' FROM many;"
		"INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason, items_made)"
		" SELECT h, id, 100, 'USD', 2, '2026-11-02', 'unknown', true FROM many;"
		"INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day) SELECT h, id, 0, 100, 100, '2026-11-02' FROM many;"
		"INSERT INTO zhifu.bank_order (hospital_id, order_id, account, amount_minor, currency, exponent, line_id, book_day, maker, why)"
		" SELECT h, id, 'usd', 100, 'USD', 2, id, '2026-11-02', 'li', '\\xc0' FROM many;"
		"INSERT INTO zhifu.declaration (hospital_id, no, line_id, ground, credit_day, due_day, due_assumed)"
		" SELECT h, i, id, 1, '2026-11-02', '2026-11-09', true FROM many;"
		"INSERT INTO zhifu.advice (hospital_id, advice_id, remitter, identifier, version, standing, form, hash, amount_minor, sum_minor,"
		" currency, exponent, detail_count, document, maker) SELECT h, id, 'alpha', i::text, 1, 2, 1, sha256(''), 100, 90, 'USD', 2, 1, '', 'li' FROM many;"
		"INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content)"
		" SELECT h, id, 'alpha', i::text, 100, 'USD', 2, true, '' FROM many WHERE i <= 501;"
		"INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, amount_minor, currency, exponent)"
		" SELECT h, id, 1, 100, 'USD', 2 FROM many WHERE i <= 501;"
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer) SELECT h, id, i::text, 'alpha' FROM many;"
		"INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor, book_minor,"
		" billed_day) SELECT h, id, 'alpha', 'alpha', 'A', 'USD', 2, 100, 100, 700, '2026-11-02' FROM many;"
		"INSERT INTO zhifu.revaluation (hospital_id, last_day, entry_id, account, claim_id, currency, exponent, amount_minor, carried_minor,"
		" closing_minor) SELECT h, '2026-11-30', id, 'AR-ALPHA', id, 'USD', 2, 100, 700, 710 FROM many;"
		"DROP TABLE many; SET session_replication_role = origin",
		MANY);
}

static void a_list_that_is_cut_says_so_and_csv_has_all(void **state)
{
	static const char *const lists[] = {"match list", "order list", "limitation list --all", "remittance list",
		"remittance list --parked", "declaration list", "suspense list", "period show 2026-11"};
	char said[64];

	(void)state;
	many_of_all();
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		(void)ctl(&world, "money %s --hospital HZ1 2>&1 >/dev/null | cat", lists[i]);
		if (strstr(world.out, "--csv lists all") == NULL) fail_msg("%s does not say it", lists[i]);
		(void)ctl(&world, "money %s --hospital HZ1 --csv | wc -l", lists[i]);
		snprintf(said, sizeof(said), "%d\n", MANY + 1);
		assert_string_equal(world.out, said);
	}
	(void)ctl(&world, "money order list --hospital HZ1 --json | tail -c 200");
	assert_non_null(strstr(world.out, "\"cut\":true"));
	(void)ctl(&world, "queue orphans --hospital HZ1 2>&1 >/dev/null | cat");
	assert_string_equal(world.out, "only the oldest 500 of a hospital are shown\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_denial_is_the_insurance_officers_until_the_appeal, none_left),
		cmocka_unit_test_setup(a_take_back_is_on_two_lists_and_no_other, none_left),
		cmocka_unit_test_setup(a_take_back_is_accepted, none_left),
		cmocka_unit_test_setup(short_and_over_payments_have_owners, none_left),
		cmocka_unit_test_setup(the_scoreboard_keeps_carrier_and_remitter_apart, none_left),
		cmocka_unit_test_setup(open_items_are_aged_by_what_is_due, none_left),
		cmocka_unit_test_setup(gains_and_losses_are_told_by_payer_and_currency, none_left),
		cmocka_unit_test_setup(suspense_is_told_with_its_age, none_left),
		cmocka_unit_test_setup(sums_hold_for_any_history, none_left),
		cmocka_unit_test_setup(a_list_that_is_cut_says_so_and_csv_has_all, none_left),
	};

	return world_main(&world, "ctl_finance", tests, ARRAY_LEN(tests), start);
}
