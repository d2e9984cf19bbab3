/* Several payers on one claim through its whole life, with the real settle: scenario S7's claim, whenever its
 * receivable is made, however it is owed and whatever the policy decides after all. */
#include "taken_world.h"

#include <sys/wait.h>
#include <unistd.h>

#define TOTAL 3200000
#define OPEN_OF_POLICY "SELECT open_minor FROM zhifu.receivable WHERE of_claim IS NULL"

/* What the ledger says, in the books. */
static void accounts_are(int64_t policy, int64_t fund, int64_t group, int64_t account, int64_t patient)
{
	static const char *const accounts[] = {"AR-IPMI", "AR-SI", "AR-GROUP", "AR-SI-ACCOUNT", "AR-PT"};
	const int64_t wanted[] = {policy, fund, group, account, patient};

	for (size_t i = 0; i < ARRAY_LEN(accounts); i++)
		if (worth(accounts[i]) != wanted[i]) fail_msg("%s: %jd", accounts[i], (intmax_t)worth(accounts[i]));
	books_hold();
	/* Of the claims of other tests only their states are left. */
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof(" HOSPITAL
				") WHERE found <> expected AND statement NOT LIKE 'claims billed%%'"),
		0);
}

static struct test_claim billed(void)
{
	none_left();
	sql("TRUNCATE zhifu.patient_account, zhifu.coordination, zhifu.coordination_payment; SELECT set_config('zhifu.hospital_id', " HOSPITAL
	    "::text, false)");
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	return claim_billed("ipmi", "CNY", 2, TOTAL, "2026-10-06");
}

/* 医保 and group plan pay, and the policy what is carved out: 242.00, the patient 6,400.00. */
#define DIVIDED                                                                                                         \
	", gen_random_uuid(), '%s', 'carve-out', %d, 2048000, 'group', 487800, 2560000, 24200, 150000, 150000, 490000," \
	" 2, '2026-10-06', 'li', '\\x00')"

static int64_t divide(const struct test_claim *claim)
{
	return number("SELECT outcome::int8 FROM zhifu.coordination_post(" HOSPITAL DIVIDED, claim->id_text, TOTAL);
}

/* A bill whose receivable is made, and which the payers have then divided. */
static struct test_claim divided(void)
{
	struct test_claim claim = billed();

	all_made();
	assert_int_equal(divide(&claim), 1);
	return claim;
}

static int64_t take_back(const struct test_claim *claim)
{
	return number("SELECT outcome::int8 FROM zhifu.coordination_undo(" HOSPITAL
		      ", gen_random_uuid(), '%s', 2, '2026-10-06', 'li', '\\x00')",
		claim->id_text);
}

/* What settle made of the bill before is moved, and what it makes of it afterwards is the policy's part. */
static void test_before_or_after_its_receivable(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	owes(&claim, "A", "CNY", TOTAL, 24200, TOTAL, 1);
	accounts_are(24200, 2048000, 487800, 150000, 490000);
	claim = billed();
	assert_int_equal(divide(&claim), 1);
	all_made();
	owes(&claim, "A", "CNY", TOTAL, 24200, TOTAL, 1);
	accounts_are(24200, 2048000, 487800, 150000, 490000);
	assert_int_equal(take_back(&claim), 1);
	owes(&claim, "A", "CNY", TOTAL, TOTAL, TOTAL, 1);
	accounts_are(TOTAL, 0, 0, 0, 0);
}

/* A policy that owes an amount of dollars, fixed with the bill. */
static void test_owed_in_another_currency(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	for (int before = 0; before < 2; before++) {
		claim = billed();
		contract_add("ipmi", KIND_C, "\"term_days\": 30");
		if (before == 1) assert_int_equal(divide(&claim), 1);
		all_made();
		if (before == 0) assert_int_equal(divide(&claim), 1);
		assert_int_equal(number(OPEN_OF_POLICY), 3411); /* 242.00 / 7.0950 */
		accounts_are(24200, 2048000, 487800, 150000, 490000);
		assert_int_equal(take_back(&claim), 1);
		assert_int_equal(number(OPEN_OF_POLICY), 451022);
		accounts_are(TOTAL, 0, 0, 0, 0);
		assert_int_equal(divide(&claim), 1);
		decide(&claim, 20000, 644200, 0);
		assert_int_equal(number(OPEN_OF_POLICY), 2819); /* of the rest, not of parts */
		accounts_are(20000, 2048000, 487800, 150000, 494200);
	}
}

#define KIND_A "\"kind\": \"A\""
#define GROSS(kind, discounts) kind "}, \"prices\": {\"billed\": \"gross\", \"discounts\": [" discounts "]"
#define OFF 420000

/* A bill at full price, of which the contract takes 4,200.00, by the bill or by its items. */
static struct test_claim billed_gross(int by_items)
{
	static const char *const prices[] = {GROSS(KIND_A, "{\"category\": \"*\", \"percent\": \"13.125\"}"),
		GROSS(KIND_A,
			"{\"category\": \"*\", \"percent\": \"10\"}, {\"category\": \"drugs\", \"percent\": \"15\"}")};
	struct test_claim claim = billed();

	items_are(&claim, ITEM("1", "drugs", "20000.00") "," ITEM("2", "exam", "12000.00"));
	contract_add("ipmi", prices[by_items], "\"term_days\": 30");
	return claim;
}

/* Nothing is divided, and the policy owes what the contract leaves of the bill. */
static void is_off(const struct test_claim *claim)
{
	owes(claim, "A", "CNY", TOTAL, TOTAL - OFF, TOTAL, 1);
	assert_int_equal(balance("CONTR", "CNY"), OFF);
	accounts_are(TOTAL - OFF, 0, 0, 0, 0);
}

/* What is divided is the bill, and the policy's part is what was worked out. */
static void is_divided(const struct test_claim *claim)
{
	owes(claim, "A", "CNY", TOTAL, 24200, TOTAL, 1);
	assert_int_equal(balance("CONTR", "CNY"), 0);
	accounts_are(24200, 2048000, 487800, 150000, 490000);
}

/* Undone, the bill is what it was: also where its receivable was made of what was divided already, and where the
 * contract takes off something else by now. */
static void test_at_full_price(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	for (int i = 0; i < 4; i++) {
		claim = billed_gross(i / 2);
		if (i % 2 == 0) {
			all_made();
			is_off(&claim);
		}
		assert_int_equal(divide(&claim), 1);
		if (i % 2 == 1) all_made();
		is_divided(&claim);
		contract_add("ipmi", GROSS(KIND_A, "{\"category\": \"*\", \"percent\": \"50\"}"), "\"term_days\": 30");
		for (int again = 0; again < 2; again++) {
			assert_int_equal(take_back(&claim), 1);
			is_off(&claim);
			assert_int_equal(take_back(&claim), -8);
			assert_int_equal(divide(&claim), 1);
			is_divided(&claim);
		}
		assert_int_equal(take_back(&claim), 1);
		is_off(&claim);
		decide(&claim, 2560000, 640000, 0);
		assert_int_equal(balance("CONTR", "CNY"), 0);
		accounts_are(2560000, 0, 0, 0, 640000);
	}
	/* Divided and undone before its receivable is made. */
	claim = billed_gross(0);
	assert_int_equal(divide(&claim), 1);
	assert_int_equal(take_back(&claim), 1);
	all_made();
	is_off(&claim);
}

/* Of what is decided or cancelled nothing is taken off. */
static void test_at_full_price_no_more(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	for (int before = 0; before < 2; before++) {
		claim = billed_gross(0);
		if (before == 1) all_made();
		assert_int_equal(divide(&claim), 1);
		all_made();
		fact_settle(&claim, ZF_FACT_CANCELLED, 0, 0, 0);
		assert_int_equal(take_back(&claim), 1);
		assert_int_equal(balance("CONTR", "CNY"), 0);
		accounts_are(0, 0, 0, 0, 0);
	}
}

/* An amount of dollars is owed of what the contract leaves of a bill at full price. */
static void test_at_full_price_in_another_currency(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	for (int before = 0; before < 2; before++) {
		claim = billed();
		contract_add(
			"ipmi", GROSS(KIND_C, "{\"category\": \"*\", \"percent\": \"13.125\"}"), "\"term_days\": 30");
		if (before == 1) assert_int_equal(divide(&claim), 1);
		all_made();
		if (before == 0) assert_int_equal(divide(&claim), 1);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(number(OPEN_OF_POLICY), 3411); /* 242.00 / 7.0950 */
			accounts_are(24200, 2048000, 487800, 150000, 490000);
			assert_int_equal(take_back(&claim), 1);
			assert_int_equal(number(OPEN_OF_POLICY), 391825); /* 27,800.00 / 7.0950 */
			assert_int_equal(balance("CONTR", "CNY"), OFF);
			accounts_are(TOTAL - OFF, 0, 0, 0, 0);
			assert_int_equal(divide(&claim), 1);
		}
	}
}

/* What the policy decides: the same moves nothing, and what differs moves as much. */
static void test_the_policy_decides(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	decide(&claim, 24200, 640000, 0);
	accounts_are(24200, 2048000, 487800, 150000, 490000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.posting WHERE rule = 'patient_share'"), 1);
	decide(&claim, 20000, 644200, 0);
	accounts_are(20000, 2048000, 487800, 150000, 494200);
	owes(&claim, "A", "CNY", TOTAL, 20000, TOTAL, 1);
	assert_int_equal(take_back(&claim), -4);
	assert_int_equal(divide(&claim), 0);
	/* One that was decided first. */
	claim = billed();
	all_made();
	decide(&claim, 2560000, 640000, 0);
	assert_int_equal(divide(&claim), -4);
	accounts_are(2560000, 0, 0, 0, 640000);
}

/* Settle has read what was posted of the claim, and meets who divides it: it reads again. */
static void test_who_decides_meanwhile(void **state)
{
	struct db_sync *other = NULL;
	struct test_claim claim;
	char text[512];

	(void)state;
	NEED_POSTGRESQL();
	claim = billed();
	all_made();
	fact_add(&claim, ZF_FACT_ADJUDICATED, 24200, 640000, 0);
	assert_int_equal(db_sync_open(fix.conninfo, "test", &other), 0);
	snprintf(text, sizeof(text),
		"BEGIN; SELECT set_config('zhifu.hospital_id', " HOSPITAL "::text, false);"
		"SELECT outcome FROM zhifu.coordination_post(" HOSPITAL DIVIDED,
		claim.id_text, TOTAL);
	assert_int_equal(db_sync_script(other, text), 0);
	settle_start();
	LOOP_UNTIL(number("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0, 10000);
	assert_int_equal(db_sync_script(other, "COMMIT"), 0);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, 10000);
	role_end(&settle_role);
	db_sync_close(other);
	accounts_are(24200, 2048000, 487800, 150000, 490000);
	assert_int_equal(number("SELECT books FROM zhifu.claim_state WHERE claim_id = '%s'", claim.id_text), 2);
}

/* What is cancelled takes its bill and the patient's share back; the rest is taken back by hand. */
static void test_a_cancelled_claim(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	fact_settle(&claim, ZF_FACT_CANCELLED, 0, 0, 0);
	assert_int_equal(worth("REV-MED"), 0);
	assert_int_equal(worth("OVERPAID-IPMI"), -2535800);
	assert_int_equal(divide(&claim), 0);
	assert_int_equal(take_back(&claim), 1);
	assert_int_equal(worth("OVERPAID-IPMI"), 0);
	accounts_are(0, 0, 0, 0, 0);
	assert_int_equal(take_back(&claim), -8);
	assert_int_equal(divide(&claim), -4);
	none_left();
}

/* What the payer of that code owes of the claim, as if it were a claim. */
static struct test_claim share_by(const struct test_claim *claim, const char *carrier)
{
	struct test_claim share = *claim;
	struct pg_result *rows = NULL;
	char query[160];

	snprintf(query, sizeof(query),
		"SELECT claim_id::text FROM zhifu.receivable WHERE of_claim = '%s' AND carrier = '%s'", claim->id_text,
		carrier);
	assert_int_equal(db_sync_query(fix.admin, query, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	snprintf(share.id_text, sizeof(share.id_text), "%s", db_rows_text(rows, 0, 0));
	db_rows_free(rows);
	return share;
}

/* What the group plan owes of it. */
static struct test_claim share_of(const struct test_claim *claim)
{
	return share_by(claim, "group");
}

static int64_t open_of(const struct test_claim *claim)
{
	return number("SELECT open_minor FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text);
}

/* A share is due by its payer's contract, in calendar days or in the business days of the hospital's calendar, as bills
 * are; divided anew, by the contract that counts by then. */
static void test_shares_are_due_as_bills_are(void **state)
{
	static const struct {
		const char *term;
		int days; /* from Tuesday, 2026-10-06 */
	} cases[] = {{"\"term_days\": 20", 20}, {"\"term_days\": 20, \"term_counts\": \"business\"", 28},
		{"\"term_days\": 4, \"term_counts\": \"business\"", 6}, {"", 30}};
	struct test_claim claim = {.id_text = ""};

	(void)state;
	NEED_POSTGRESQL();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		claim = billed();
		contract_add("group", "\"kind\": \"A\"", cases[i].term);
		contract_add("si", "\"kind\": \"A\"", cases[i].term);
		all_made();
		for (int again = 0; again < 2; again++) {
			assert_int_equal(divide(&claim), 1);
			look_until(
				"SELECT count(*) FROM zhifu.receivable WHERE of_claim IS NOT NULL AND due_day IS NULL",
				0);
			assert_int_equal(number("SELECT count(*) FROM zhifu.receivable WHERE of_claim = '%s'"
						" AND due_day - billed_day = %d AND billed_day = '2026-10-06'",
						 claim.id_text, cases[i].days),
				2);
			assert_int_equal(take_back(&claim), 1);
		}
	}
}

/* More shares than one look takes of a contract that cannot be read, and behind them one whose contract is well: it has
 * its day, and those are looked for again when something may have changed. */
static void test_shares_that_nobody_can_date_hold_up_no_others(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = billed();
	contract_add("group", "\"kind\": \"A\"", "\"term_days\": 20");
	contract_add("si", "\"kind\": \"A\"", "\"term_days\": 20");
	all_made();
	assert_int_equal(divide(&claim), 1);
	sql("UPDATE zhifu.contract SET document = '{\"parties\": 7}' WHERE carrier = 'group'");
	sql("INSERT INTO zhifu.receivable (hospital_id, claim_id, of_claim, carrier, remitter, contract_id, contract_version, kind, currency,"
	    " exponent, owed_minor, open_minor, book_minor, billed_day, standing)"
	    " SELECT hospital_id, lpad(i::text, 32, '0')::uuid, gen_random_uuid(), carrier, remitter, contract_id, contract_version, kind,"
	    " currency, exponent, 0, 0, 0, billed_day, 2 FROM zhifu.receivable, generate_series(1, 250) AS i"
	    " WHERE of_claim IS NOT NULL AND carrier = 'group'");
	look_until(
		"SELECT count(*) FROM zhifu.receivable WHERE of_claim IS NOT NULL AND due_day IS NULL AND look_at IS NULL",
		0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable WHERE carrier = 'si' AND due_day = billed_day + 20"), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable WHERE carrier = 'group' AND due_day IS NULL"
				" AND look_at > now() + interval '50 minutes'"),
		251);
	sql("UPDATE zhifu.contract SET document = replace(s.document::text, 'si', 'group')::jsonb FROM zhifu.contract s"
	    " WHERE contract.carrier = 'group' AND s.carrier = 'si'");
	sql("UPDATE zhifu.receivable SET look_at = now() WHERE look_at IS NOT NULL");
	look_until("SELECT count(*) FROM zhifu.receivable WHERE of_claim IS NOT NULL AND due_day IS NULL", 0);
	sql("DELETE FROM zhifu.receivable WHERE claim_id < '00000000-0000-0000-0001-000000000000'");
	assert_int_equal(take_back(&claim), 1);
}

static int64_t standing_of(const struct test_claim *share)
{
	return number("SELECT standing::int8 FROM zhifu.receivable WHERE claim_id = '%s'", share->id_text);
}

/* What the plan paid it takes back in part. What it takes back waits for a person, also where what is taken back is
 * accepted by itself: it may be the policy's, or the patient's, after all. */
static struct test_claim plan_took_back(struct test_claim *ret_share)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim = divided();

	*ret_share = share_of(&claim);
	sql("UPDATE zhifu.hospital SET accepts_take_backs = true WHERE code = 'AB1'");
	yuan(ret_share, PAID, 487800, 0, payment);
	accounts_are(24200, 2048000, 0, 150000, 490000);
	yuan(ret_share, TAKEN, -100000, 0, back);
	sql("UPDATE zhifu.hospital SET accepts_take_backs = false WHERE code = 'AB1'");
	accounts_are(24200, 2048000, 100000, 150000, 490000);
	assert_int_equal(open_of(ret_share), 100000);
	assert_int_equal(standing_of(ret_share), 4);
	assert_int_equal(number("SELECT count(*) FROM zhifu.concession"), 0);
	assert_int_equal(worth("REV-MED"), -TOTAL);
	return claim;
}

static int64_t dispute(const struct test_claim *share)
{
	return number("SELECT dispute_open::int8 FROM zhifu.dispute_open(" HOSPITAL
		      ", gen_random_uuid(), '%s', 'CO-45', '\\x00', NULL, 'li')",
		share->id_text);
}

/* Loses so much of it: 3 it is written off, 4 the patient's, 5 no revenue. */
static int64_t lose(const struct test_claim *share, int as, int64_t minor)
{
	return number("SELECT outcome::int8 FROM zhifu.dispute_lose(" HOSPITAL
		      ", gen_random_uuid(), '%s', %d::int2, %jd, 'head', 1000000, 2::int2, 'CO-45', '\\x00', 'li')",
		share->id_text, as, (intmax_t)minor);
}

/* And undoes that: it is in dispute again. */
static void lost_no_more(const struct test_claim *share)
{
	assert_int_equal(
		number("SELECT CASE d.outcome WHEN 3 THEN (zhifu.write_off_undo(" HOSPITAL
		       ", d.loss, gen_random_uuid(), 'head', 1000000, 'li', '00')).outcome ELSE zhifu.concession_undo(" HOSPITAL
		       ", d.loss, gen_random_uuid(), 'li', '00') END::int8 FROM zhifu.dispute d"
		       " WHERE d.claim_id = '%s' AND d.loss IS NOT NULL",
			share->id_text),
		1);
	accounts_are(24200, 2048000, 100000, 150000, 490000);
	assert_int_equal(standing_of(share), 4);
	assert_int_equal(dispute(share), -1);
	assert_int_equal(worth("REV-MED"), -TOTAL);
	assert_int_equal(worth("BADDEBT"), 0);
}

static int64_t take_back_accepted(const struct test_claim *share)
{
	return number("SELECT outcome::int8 FROM zhifu.take_back_accept(" HOSPITAL
		      ", gen_random_uuid(), '%s', NULL, 'li', '00')",
		share->id_text);
}

static int64_t revenue_left(const struct test_claim *claim, const char *carrier)
{
	return number(
		"SELECT left_value FROM zhifu.claim_revenue(" HOSPITAL ", '%s', '%s', 'CNY')", claim->id_text, carrier);
}

static void test_a_plan_takes_back(void **state)
{
	struct test_claim claim, share;

	(void)state;
	NEED_POSTGRESQL();
	claim = plan_took_back(&share);
	assert_int_equal(dispute(&share), 1);
	assert_int_equal(dispute(&share), -1);
	assert_int_equal(dispute(&claim), -2); /* the policy has paid nothing yet */
	assert_int_equal(lose(&share, 4, 100001), -1);
	assert_int_equal(lose(&share, 3, 100000), 1);
	accounts_are(24200, 2048000, 0, 150000, 490000);
	assert_int_equal(worth("BADDEBT"), 100000);
	lost_no_more(&share);
	assert_int_equal(lose(&share, 4, 100000), 1);
	accounts_are(24200, 2048000, 0, 150000, 590000);
	assert_int_equal(revenue_left(&share, "group"), 387800);
	assert_int_equal(revenue_left(&claim, "ipmi"), 24200);
	lost_no_more(&share);
	assert_int_equal(lose(&share, 5, 40000), 1);
	accounts_are(24200, 2048000, 60000, 150000, 490000);
	assert_int_equal(take_back_accepted(&share), 1);
	accounts_are(24200, 2048000, 0, 150000, 490000);
	assert_int_equal(worth("REV-MED"), -TOTAL + 100000);
	assert_int_equal(worth("FX"), 0);
	assert_int_equal(revenue_left(&share, "group"), 387800);
	assert_int_equal(revenue_left(&claim, "ipmi"), 24200);
	assert_int_equal(take_back_accepted(&share), 0);
	assert_int_equal(dispute(&share), 0);
	/* Divided anew, what was given up of the share never was one, and what the plan paid is its own. */
	assert_int_equal(take_back(&claim), 1);
	accounts_are(TOTAL, 0, 0, 0, 0);
	assert_int_equal(worth("REV-MED"), -TOTAL);
	assert_int_equal(worth("OVERPAID-GROUP"), -387800);
}

/* So does the social insurance, after an audit. */
static void test_the_fund_takes_back(void **state)
{
	char payment[UUID_TEXT_LEN], back[UUID_TEXT_LEN];
	struct test_claim claim, share;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	share = share_by(&claim, "si");
	sql("UPDATE zhifu.hospital SET accepts_take_backs = true WHERE code = 'AB1'");
	yuan(&share, PAID, 2048000, 0, payment);
	accounts_are(24200, 0, 487800, 150000, 490000);
	yuan(&share, TAKEN, -100000, 0, back);
	sql("UPDATE zhifu.hospital SET accepts_take_backs = false WHERE code = 'AB1'");
	accounts_are(24200, 100000, 487800, 150000, 490000);
	assert_int_equal(standing_of(&share), 4);
	assert_int_equal(number("SELECT count(*) FROM zhifu.concession"), 0);
	assert_int_equal(dispute(&share), 1);
	assert_int_equal(dispute(&share), -1);
	assert_int_equal(lose(&share, 5, 100001), -1);
	assert_int_equal(lose(&share, 5, 40000), 1);
	accounts_are(24200, 60000, 487800, 150000, 490000);
	assert_int_equal(revenue_left(&share, "si"), 2008000);
	assert_int_equal(take_back_accepted(&share), 1);
	accounts_are(24200, 0, 487800, 150000, 490000);
	assert_int_equal(worth("REV-MED"), -TOTAL + 100000);
	assert_int_equal(revenue_left(&share, "si"), 1948000);
	assert_int_equal(revenue_left(&share, "group"), 487800);
	assert_int_equal(take_back_accepted(&share), 0);
	assert_int_equal(dispute(&share), 0);
	/* Divided anew, what was given up of the share never was one. */
	assert_int_equal(take_back(&claim), 1);
	accounts_are(TOTAL, 0, 0, 0, 0);
	assert_int_equal(worth("REV-MED"), -TOTAL);
	assert_int_equal(worth("OVERPAID-SI"), -1948000);
}

/* The plan pays again what it took back: by a line that is matched, or that a person takes as paid. */
static void test_a_plan_gives_in(void **state)
{
	char payment[UUID_TEXT_LEN];
	struct test_claim claim, share;
	struct test_line line;

	(void)state;
	NEED_POSTGRESQL();
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		claim = plan_took_back(&share);
		assert_int_equal(dispute(&share), 1);
		assert_int_equal(
			number("SELECT zhifu.dispute_end(" HOSPITAL ", '%s', 2::int2, 1::int2, NULL, NULL, 'li')::int8",
				share.id_text),
			-1);
		if (by_hand == 1) {
			line = line_booked("CNY", 2, 99000, 99000);
			assert_int_equal(number("SELECT outcome::int8 FROM zhifu.coordination_pay(" HOSPITAL
						", gen_random_uuid(), 'AR-GROUP', '%s', 99000, 'wu', '\\x00')",
						 line.id),
				1);
		} else
			yuan(&share, PAID, 99000, 0, payment);
		assert_int_equal(
			number("SELECT zhifu.dispute_end(" HOSPITAL ", '%s', 2::int2, 1::int2, NULL, NULL, 'li')::int8",
				share.id_text),
			1);
		accounts_are(24200, 2048000, 1000, 150000, 490000);
		assert_int_equal(standing_of(&share), 1);
		/* A dispute goes on when the bill is divided anew. */
		assert_int_equal(dispute(&share), 1);
		assert_int_equal(take_back(&claim), 1);
		assert_int_equal(worth("OVERPAID-GROUP"), -486800);
		assert_int_equal(divide(&claim), 1);
		accounts_are(24200, 2048000, 1000, 150000, 490000);
		assert_int_equal(standing_of(&share), 4);
	}
}

/* What a plan paid too much it sets off by an advice, which names the claim, or nothing. */
static void test_a_plan_sets_off(void **state)
{
	static const char *const named[] = {"c.ref", "NULL"};
	char payment[UUID_TEXT_LEN];
	struct test_claim claim, share;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	share = share_of(&claim);
	yuan(&share, PAID, 490000, 2200, payment);
	assert_int_equal(worth("OVERPAID-GROUP"), -2200);
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		sql("BEGIN; INSERT INTO zhifu.remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency,"
		    " exponent, balanced, content) SELECT " HOSPITAL ", '%s', 'group', 'G-1', 1, 'CNY', 2, true, '';"
		    "INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_ref, amount_minor, currency, exponent, kind)"
		    " SELECT " HOSPITAL
		    ", '%s', t.n, %s, t.a, 'CNY', 2, 4 FROM zhifu.claim_state c, (VALUES (1, -2200), (2, -1)) AS t (n, a)"
		    " WHERE c.claim_id = '%s'",
			share.id_text, share.id_text, named[i], claim.id_text);
		assert_int_equal(
			number("SELECT sum(CASE WHEN c.claim_id = '%s' THEN m.no ELSE 0 END)::int8 FROM zhifu.match_netted(" HOSPITAL
			       ", '%s') m LEFT JOIN zhifu.claim_state c ON c.ref = m.ref",
				claim.id_text, share.id_text),
			1);
		sql("ROLLBACK");
	}
}

/* A carrier to which claims are billed is no plan, nor is one to which they will be: its account would have both. */
static void test_a_carrier_is_no_plan(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	claim = billed();
	all_made();
	contract_add("group", KIND_C, "\"term_days\": 30");
	assert_int_equal(divide(&claim), -7);
	sql("DELETE FROM zhifu.contract WHERE carrier = 'group'");
	contract_add("group", "\"kind\": \"A\"", "\"term_days\": 30");
	(void)claim_billed("group", "CNY", 2, 100, "2026-10-06");
	assert_int_equal(divide(&claim), -7); /* before settle has seen it */
	all_made();
	assert_int_equal(divide(&claim), -7);
	sql("DELETE FROM zhifu.contract WHERE carrier = 'group'");
	accounts_are(TOTAL, 0, 100, 0, 0);
	/* The plan's own shares, in the books beside a bill of the same code that waits. */
	claim = divided();
	books_hold();
	claim_billed("group", "CNY", 2, 100, "2026-10-06");
	books_hold();
	none_left();
}

/* Dividing looks at no receivables of other claims, however many there are. */
static void test_among_many(void **state)
{
	static const char *const read =
		"SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int8 FROM pg_stat_xact_user_tables WHERE relname = 'receivable'";
	struct test_claim claim;
	int64_t before;

	(void)state;
	NEED_POSTGRESQL();
	claim = billed();
	all_made();
	sql("BEGIN; INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor,"
	    " open_minor, book_minor, billed_day, standing) SELECT " HOSPITAL
	    ", gen_random_uuid(), 'alpha', 'alpha', 'A', 'CNY', 2, 100, 0, 100, '2026-10-06', 2 FROM generate_series(1, 2000);"
	    "ANALYZE zhifu.receivable"); /* plans of when there were few are forgotten */
	before = number(read);
	assert_int_equal(divide(&claim), 1);
	before = number(read) - before;
	sql("ROLLBACK");
	if (before > 100) fail_msg("%jd receivables were read", (intmax_t)before);
}

/* In a process and session of its own: the outcome, as an exit status, of taking a line as paid by the plan. */
static pid_t cashier(const struct test_line *line)
{
	struct db_sync *db = NULL;
	struct pg_result *rows = NULL;
	char query[256];
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0) return pid;
	(void)alarm(60);
	snprintf(query, sizeof(query),
		"SELECT outcome::int8 FROM zhifu.coordination_pay(" HOSPITAL
		", gen_random_uuid(), 'AR-GROUP', '%s', %jd, 'wu', '\\x00')",
		line->id, (intmax_t)line->minor);
	if (db_sync_open(fix.conninfo, "cashier", &db) != 0 ||
		db_sync_script(db, "SELECT set_config('zhifu.hospital_id', " HOSPITAL "::text, false)") != 0 ||
		db_sync_query(db, query, NULL, &rows) != 0)
		_exit(99);
	_exit((int)(db_rows_int(rows, 0, 0) & 0xff));
}

/* The matcher pays what the plan owes while a cashier takes another line for it: nothing is owed any more, and the line
 * stays where it is. */
static void test_the_plan_pays_twice_at_once(void **state)
{
	struct test_claim claim, share;
	struct test_line matched, taken;
	struct db_sync *other = NULL;
	char payment[UUID_TEXT_LEN];
	int status = 0;
	pid_t pid;

	(void)state;
	NEED_POSTGRESQL();
	claim = divided();
	share = share_of(&claim);
	matched = line_booked("CNY", 2, 487800, 487800);
	taken = line_booked("CNY", 2, 487800, 487800);
	assert_int_equal(db_sync_open(fix.conninfo, "test", &other), 0);
	assert_int_equal(
		db_sync_script(other, "BEGIN; SELECT set_config('zhifu.hospital_id', " HOSPITAL "::text, false)"), 0);
	assert_int_equal(db_sync_script(other, allocate_sql(&matched, &share, PAID, 487800, 0, payment)), 0);
	pid = cashier(&taken);
	LOOP_UNTIL(number("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0, 10000);
	assert_int_equal(db_sync_script(other, "COMMIT"), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	db_sync_close(other);
	assert_true(WIFEXITED(status));
	assert_int_equal((int8_t)WEXITSTATUS(status), -9);
	accounts_are(24200, 2048000, 0, 150000, 490000);
	assert_int_equal(number("SELECT open_minor FROM zhifu.suspense WHERE line_id = '%s'", taken.id), 487800);
	assert_int_equal(number("SELECT count(*) FROM zhifu.coordination_payment"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_or_after_its_receivable),
		cmocka_unit_test(test_owed_in_another_currency),
		cmocka_unit_test(test_at_full_price),
		cmocka_unit_test(test_at_full_price_no_more),
		cmocka_unit_test(test_at_full_price_in_another_currency),
		cmocka_unit_test(test_the_policy_decides),
		cmocka_unit_test(test_who_decides_meanwhile),
		cmocka_unit_test(test_a_cancelled_claim),
		cmocka_unit_test(test_a_carrier_is_no_plan),
		cmocka_unit_test(test_among_many),
		cmocka_unit_test(test_shares_are_due_as_bills_are),
		cmocka_unit_test(test_shares_that_nobody_can_date_hold_up_no_others),
		cmocka_unit_test(test_a_plan_takes_back),
		cmocka_unit_test(test_the_fund_takes_back),
		cmocka_unit_test(test_a_plan_gives_in),
		cmocka_unit_test(test_a_plan_sets_off),
		cmocka_unit_test(test_the_plan_pays_twice_at_once),
	};

	return cmocka_run_group_tests_name("coordination_books", tests, receivable_world_start, world_stop);
}
