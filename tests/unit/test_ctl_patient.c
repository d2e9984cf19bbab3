/* What patients pay, through zhifuctl: scenarios S1 and S2 to the fen, a year earlier so that their days have come; and
 * what the database refuses. */
#include "ctl_world.h"

#include "base/clock.h"
#include "base/id.h"
#include "model/stay.h"

static struct ctl_world world;
static char ref[REF_TEXT_LEN];
static char stay[STAY_TEXT_MAX]; /* by which the last account is known */

#define CLAIM "019ab000-0000-7000-8000-000000000001"
#define OTHER "019ab000-0000-7000-8000-000000000002"
#define WHO "--who li --hospital HZ1 --json"
#define STAY "--stay ZY-0001 --why 'as told' " WHO
#define CNY "3301000100000001"

static int64_t balance(const char *account)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE amount_minor = book_minor",
		account);
}

static void holds(void)
{
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

static void assert_said(const char *words)
{
	if (strstr(world.err, words) == NULL) fail_msg("not \"%s\" in: %s", words, world.err);
}

static const char *payment(const char *reference)
{
	char query[160];

	snprintf(query, sizeof(query), "SELECT payment_id::text FROM zhifu.patient_payment WHERE reference = '%s'",
		reference);
	return world_text(&world, "%s", query);
}

/* A member of the last answer; amounts by their "amount". */
static void assert_answer(const char *key, const char *value)
{
	json_t *root = world_json(&world);
	json_t *member = json_object_get(root, key);

	if (json_is_object(member)) member = json_object_get(member, "amount");
	if (member == NULL || strcmp(json_string_value(member), value) != 0)
		fail_msg("%s is not %s in: %s", key, value, world.out);
	json_decref(root);
}

/* A claim that alpha was billed and has decided: what it pays and what the patient owes. */
static void decided(const char *claim, int64_t billed, int64_t share)
{
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, books) VALUES ('" HOSPITAL_A
		"', '%s', '%s', 2);"
		"INSERT INTO zhifu.receivable VALUES ('" HOSPITAL_A
		"', '%s', 'alpha', 'alpha', NULL, NULL, 'A', 'CNY', 2, %jd, %jd, %jd, '2025-09-08', '2025-10-08');"
		"INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, status) VALUES ('" HOSPITAL_A
		"', gen_random_uuid(), '%s', 'alpha', 6, 2);"
		"INSERT INTO zhifu.posting SELECT '" HOSPITAL_A
		"', '%s', 1, 'AR-ALPHA', 'REV-MED', %jd, 'CNY', 2, %jd, '2025-09-08',"
		" 'bill', '%s', '%s';"
		"INSERT INTO zhifu.posting SELECT '" HOSPITAL_A
		"', fact_id, 1, 'AR-PT', 'AR-ALPHA', %jd, 'CNY', 2, %jd, '2025-09-08', 'patient_share', claim_id, fact_id FROM zhifu.fact"
		" WHERE claim_id = '%s'",
		claim, ref, claim, (intmax_t)billed, (intmax_t)(billed - share), (intmax_t)billed, claim, claim,
		(intmax_t)billed, (intmax_t)billed, claim, claim, (intmax_t)share, (intmax_t)share, claim);
}

/* A bank statement of one line; what it says of the line is looked for by the amount. */
static const char *came(int number, const char *day, const char *opening, const char *line, const char *closing)
{
	char file[1024], query[160];

	snprintf(file, sizeof(file),
		":20:S\r\n:25:" CNY "\r\n:28C:%d\r\n:60F:C%sCNY%s\r\n:61:%s%sNTRFNONREF//P%d\r\n:62F:C%sCNY%s\r\n-\r\n",
		number, day, opening, day, line, number, day, closing);
	world_file(&world, "bank.sta", file, 0600);
	assert_ctl(&world, 0, "money statement import '%s/bank.sta' " WHO, world.folder);
	snprintf(query, sizeof(query), "SELECT line_id::text FROM zhifu.bank_line ORDER BY line_id DESC LIMIT 1");
	return world_text(&world, "%s", query);
}

static int begin(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.claim_state, zhifu.receivable, zhifu.posting, zhifu.fact, zhifu.patient_account, zhifu.patient_bill,"
		" zhifu.patient_payment, zhifu.acquirer_settlement, zhifu.acquirer_unsettled, zhifu.charge, zhifu.stay, zhifu.stay_name, zhifu.stay_ahead, zhifu.stay_bill, zhifu.bank_file,"
		" zhifu.bank_file_part, zhifu.bank_statement, zhifu.bank_line, zhifu.bank_detail, zhifu.suspense, zhifu.match_item CASCADE");
	ref_new("HZ1", ref);
	return 0;
}

/* ---- S1 ---- */

static void an_outpatient_pays_by_foreign_card(void **state)
{
	(void)state;
	assert_ctl(&world, 1, "money patient quote 852.00 --claim %s --why 'three orders' " WHO, ref);
	decided(CLAIM, 241829, 53994);
	assert_ctl(&world, 0, "money patient quote 852.00 --claim %s --why 'three orders' " WHO, ref);
	assert_ctl(&world, 1, "money patient bill 539.94 --claim %s --why x " WHO, ref);
	assert_said("the insurer's decision says the share");
	assert_ctl(&world, 0,
		"money patient bill --claim %s --other 318.00 --vat 6 --day 2025-09-08 --why 'TCM sub-limit reached' " WHO,
		ref);
	assert_answer("open", "857.94");
	assert_int_equal(balance("AR-PT"), 85794);
	holds();
	/* Too much, foreign notes, the number of a card, no reference, a day to come. */
#define PAY "money patient pay %s --claim %s --day 2025-09-08 --by "
	assert_ctl(&world, 1, PAY "cash --receipt 0900 " WHO, "857.95", ref);
	assert_said("only 857.94 CNY is owed");
	assert_ctl(&world, 1, PAY "cash --receipt 0900 --zh " WHO, "857.95", ref);
	assert_said("应付仅 857.94 CNY");
	assert_ctl(&world, 1, PAY "cash --receipt 0900 --currency EUR " WHO, "100.00", ref);
	assert_said("foreign notes are changed at a bank first");
	assert_ctl(&world, 1, PAY "foreign-card --acquirer boc --reference '4111 1111 1111 1111' " WHO, "857.94", ref);
	assert_said("the number of a card");
	assert_ctl(&world, 1, PAY "foreign-card --acquirer boc " WHO, "857.94", ref);
	assert_ctl(&world, 2, PAY "cheque " WHO, "857.94", ref);
	assert_ctl(&world, 2, PAY "cash --receipt 0900 " WHO, "857.945", ref);
	assert_ctl(&world, 1, "money patient pay 1.00 --claim %s --by cash --receipt 0001 --day 2199-01-01 " WHO, ref);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_payment"), 0);
	assert_ctl(&world, 0, PAY "foreign-card --acquirer boc --reference 525112345678 " WHO, "857.94", ref);
	assert_answer("open", "0.00");
	assert_ctl(&world, 0, PAY "foreign-card --acquirer boc --reference 525112345678 " WHO, "857.94",
		ref); /* the same again */
	assert_ctl(&world, 1, PAY "foreign-card --acquirer boc --reference 525112345678 " WHO, "1.00", ref);
	assert_said("used for another payment");
	assert_said("difference in: the amount");
	assert_int_equal(balance("AR-PT"), 0);
	assert_int_equal(balance("CLR-CARD"), 85794);
	holds();
	/* T+2, net of 2.2 %. */
	const char *line = came(1, "250910", "0,00", "C839,07", "839,07");
	assert_ctl(&world, 1, "money acquirer settle boc %s --fee 18.86 " WHO, line);
	assert_said("0.01 more than the line");
	assert_ctl(&world, 1, "money acquirer settle other %s --fee 18.87 " WHO, line);
	assert_ctl(&world, 1, "money acquirer settle boc %s 525112345678 9 --fee 18.87 " WHO, line);
	assert_said("only 1 wait");
	assert_ctl(&world, 0, "money acquirer settle boc %s 525112345678 --fee 18.87 " WHO, line);
	assert_ctl(&world, 1, "money acquirer settle boc %s --fee 18.87 " WHO, line);
	static const struct {
		const char *account;
		int64_t minor;
	} books[] = {{"AR-ALPHA", 187835}, {"AR-PT", 0}, {"REV-MED", -241829}, {"REV-OTH", -30000}, {"VAT", -1800},
		{"CLR-CARD", 0}, {"SUSP", 0}, {"BANK-CNY", 83907}, {"FEE", 1887}};
	for (size_t i = 0; i < ARRAY_LEN(books); i++) assert_int_equal(balance(books[i].account), books[i].minor);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.posting WHERE rule LIKE 'patient%%' AND book_day <> '2025-09-08'"),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.posting WHERE rule LIKE 'acquirer%%' AND book_day = '2025-09-10'"),
		2);
	holds();
	assert_ctl(&world, 0, "money patient show --claim %s --json", ref);
	static const char *const statement[][2] = {{"quoted", "852.00"}, {"medical", "539.94"}, {"other", "318.00"},
		{"vat", "18.00"}, {"share", "857.94"}, {"difference", "5.94"}, {"why", "TCM sub-limit reached"},
		{"paid", "857.94"}, {"open", "0.00"}, {"deposit", "0.00"}};
	for (size_t i = 0; i < ARRAY_LEN(statement); i++) assert_answer(statement[i][0], statement[i][1]);
	assert_null(strstr(world.out, "4111"));
	/* What a person wrote is nowhere in the clear. */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_bill WHERE get_byte(why, 0) = 90 AND"
					     " position('TCM'::bytea IN why) = 0"),
		2);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.patient_bill b WHERE b::text LIKE '%%sub-limit%%'"), 0);
}

/* ---- S2 ---- */

static void charged(const char *identifier, int64_t minor, const char *day)
{
	world_sql(&world, "SET zhifu.hospital_id = '" HOSPITAL_A "'");
	assert_int_equal(world_count(&world,
				 "SELECT stored FROM zhifu.charge_add('" HOSPITAL_A
				 "', 'his', NULL, NULL, '{%s}', '{%s}', '{%jd}', '{CNY}', '{2}', '{NULL}', '{\"%s\"}')",
				 identifier, day, (intmax_t)minor, stay),
		1);
}

/* A bill of the stay, as claim_step leaves it. */
static void billed(const char *claim, int64_t minor, const char *day)
{
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, books) VALUES ('" HOSPITAL_A
		"', '%s', right('%s', 16), 1);"
		"INSERT INTO zhifu.receivable VALUES ('" HOSPITAL_A
		"', '%s', 'alpha', 'alpha', NULL, NULL, 'A', 'CNY', 2, %jd, %jd, %jd, '%s', '%s'::date + 30);"
		"INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
		"', '%s', 1, 'AR-ALPHA', 'AR-INPT', %jd, 'CNY', 2, %jd, '%s', 'bill', '%s', '%s');"
		"SELECT zhifu.stay_add('" HOSPITAL_A "', '%s', 0, %jd)",
		claim, claim, claim, (intmax_t)minor, (intmax_t)minor, (intmax_t)minor, day, day, claim,
		(intmax_t)minor, (intmax_t)minor, day, claim, claim, stay, (intmax_t)minor);
}

/* What was quoted and deposited under one look-up key is of the stay that is charged under the next. */
static void a_new_look_up_key_splits_no_stay(void **state)
{
	struct keyring *ring = NULL;
	struct uuid hospital;
	char path[160];
	(void)state;
	assert_ctl(&world, 0, "money patient quote 100.00 " STAY);
	assert_ctl(&world, 0, "money patient deposit 100.00 --by cash --receipt 0004 --day 2025-09-24 " STAY);
	assert_ctl(&world, 0, "key rotate lookup");
	snprintf(path, sizeof(path), "%s/keys", world.folder);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(uuid_parse(HOSPITAL_A, &hospital), 0);
	assert_int_equal(stay_names(ring, &hospital, "ZY-0001", stay), 0);
	keyring_free(ring);
	charged("rotated", 10000, "2025-09-30");
	assert_ctl(&world, 0, "money patient bill 100.00 --day 2025-10-06 " STAY);
	assert_answer("open", "0.00");
	assert_int_equal(balance("AR-INPT"), 0);
	assert_int_equal(balance("DEP"), 0);
	assert_ctl(&world, 0, "money patient show --json --stay ZY-0001 --hospital HZ1");
	assert_answer("paid", "100.00");
	holds();
}

static void an_inpatient_leaves(void **state)
{
	(void)state;
	assert_ctl(&world, 1, "money patient deposit 100.00 --by cash --receipt 0002 " STAY);
	assert_said("no share was quoted");
	assert_ctl(&world, 0, "money patient quote 8100.00 " STAY);
	snprintf(stay, sizeof(stay), "%s", world_text(&world, "SELECT stay FROM zhifu.patient_account"));
	assert_ctl(&world, 1,
		"money patient deposit 8100.01 --by card --acquirer unionpay --reference D1 --day 2025-09-24 " STAY);
	assert_said("only 8,100.00 CNY is left");
	assert_ctl(&world, 0,
		"money patient deposit 8100.00 --by card --acquirer unionpay --reference D1 --day 2025-09-24 " STAY);
	assert_answer("deposit", "8100.00");
	assert_ctl(&world, 1, "money patient deposit 0.01 --by cash --receipt 0003 --day 2025-09-25 " STAY);
	assert_int_equal(balance("CLR-CARD"), 810000);
	assert_int_equal(balance("DEP"), -810000);
	charged("september", 7835000, "2025-09-30");
	billed(CLAIM, 7055000, "2025-09-30");
	assert_int_equal(balance("AR-INPT"), 780000);
	assert_int_equal(balance("AR-ALPHA"), 7055000);
	assert_int_equal(balance("DEP"), -810000);
	holds();
	/* Nothing is billed of it yet, and the house owes nothing that could be paid. */
	assert_ctl(&world, 1,
		"money patient pay 200.00 --by wallet --acquirer alipay --reference W1 --day 2025-09-30 " STAY);
	charged("october", 3285000, "2025-10-06");
	billed(OTHER, 3235000, "2025-10-06");
	assert_ctl(&world, 1, "money patient bill 8300.01 --day 2025-10-06 " STAY);
	assert_said("only 8,300.00 CNY is charged");
	assert_ctl(
		&world, 0, "money patient bill 8300.00 --day 2025-10-06 --stay ZY-0001 --why 'two more nights' " WHO);
	assert_answer("open", "200.00");
	assert_int_equal(balance("DEP"), 0);
	assert_int_equal(balance("AR-INPT"), 20000);
	holds();
	assert_ctl(&world, 0,
		"money patient pay 200.00 --by wallet --acquirer alipay --reference 4111111111111111 --day 2025-10-06 " STAY);
	static const struct {
		const char *account;
		int64_t minor;
	} books[] = {{"AR-INPT", 0}, {"DEP", 0}, {"AR-ALPHA", 10290000}, {"REV-MED", -11120000}, {"CLR-CARD", 810000},
		{"CLR-WALLET", 20000}, {"AR-PT", 0}};
	for (size_t i = 0; i < ARRAY_LEN(books); i++) assert_int_equal(balance(books[i].account), books[i].minor);
	holds();
	assert_ctl(&world, 0, "money patient show --stay ZY-0001 --hospital HZ1 --json");
	static const char *const statement[][2] = {{"quoted", "8100.00"}, {"medical", "8300.00"}, {"share", "8300.00"},
		{"difference", "200.00"}, {"why", "two more nights"}, {"paid", "8300.00"}, {"open", "0.00"}};
	for (size_t i = 0; i < ARRAY_LEN(statement); i++) assert_answer(statement[i][0], statement[i][1]);
	/* Words that nobody can open any more keep nobody from the money. */
	world_sql(&world,
		"UPDATE zhifu.patient_bill SET why = set_byte(why, length(why) - 1, get_byte(why, length(why) - 1) # 1)"
		" WHERE NOT quote");
	assert_ctl(&world, 0, "money patient show --stay ZY-0001 --hospital HZ1");
	assert_non_null(strstr(world.out, "8,300.00"));
	assert_null(strstr(world.out, "two more nights"));
	assert_said("no key here opens");
	assert_ctl(&world, 0, "money patient show --stay ZY-0001 --hospital HZ1 --json");
	assert_answer("paid", "8300.00");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_account a, zhifu.patient_payment p"
					     " WHERE (a, p)::text LIKE '%%ZY-0001%%'"),
		0);
	/* What acquirers have is told, and settled by the card's alone. */
	assert_ctl(&world, 0, "money acquirer list --hospital HZ1 --day 2025-10-06");
	assert_non_null(strstr(world.out, "8,100.00 CNY"));
	assert_ctl(&world, 0, "money acquirer settle unionpay %s --fee 48.60 " WHO,
		came(1, "251008", "0,00", "C8051,40", "8051,40"));
	assert_int_equal(balance("CLR-CARD"), 0);
	assert_int_equal(balance("CLR-WALLET"), 20000);
	holds();
}

/* A page of payments is read by their day, and nothing is sorted for it. */
static void payments_are_read_by_day(void **state)
{
	struct pg_result *rows = NULL;
	(void)state;
	world_sql(&world, "SET enable_seqscan = off; SET enable_sort = off");
	assert_int_equal(db_sync_query(world.db,
				 "EXPLAIN SELECT payment_id FROM zhifu.patient_payment WHERE hospital_id = '" HOSPITAL_A
				 "' AND (book_day, payment_id) > ('2025-10-06', '" HOSPITAL_A
				 "') ORDER BY book_day, payment_id LIMIT 100",
				 NULL, &rows),
		0);
	for (int row = 0; row < db_rows_count(rows); row++) assert_null(strstr(db_rows_text(rows, row, 0), "Sort"));
	db_sync_rows_free(rows);
	world_sql(&world, "RESET enable_seqscan; RESET enable_sort");
}

/* What is not there is told in the clerk's language. */
static void what_is_not_there_is_told_in_chinese(void **state)
{
	(void)state;
	assert_ctl(&world, 1, "money patient owe ZY-0001 --hospital HZ1 --why gone --zh " WHO);
	assert_said("该住院尚无患者账户");
	assert_ctl(&world, 1, "money patient show --stay ZY-0001 --hospital HZ1 --zh");
	assert_said("尚无患者账户");
	assert_ctl(&world, 1, "money patient show --claim HZ1000000000000V --zh");
	assert_said("没有该理赔单");
}

/* ---- what goes back ---- */

#define CARD "money patient pay 300.00 --claim %s --day 2025-09-08 --by card --acquirer "

static void money_goes_back_where_it_came_from(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 0, "money patient quote 400.00 --claim %s --why x " WHO, ref);
	assert_ctl(&world, 0,
		"money patient deposit 100.00 --claim %s --by card --acquirer boc --reference D1 --day 2025-09-08 " WHO,
		ref);
	assert_ctl(&world, 0, "money patient deposit 300.00 --claim %s --by cash --receipt 0004 --day 2025-09-08 " WHO,
		ref);
	assert_ctl(&world, 0, "money patient bill --claim %s --day 2025-09-08 --why decided " WHO, ref);
	assert_answer("open", "0.00");
	assert_int_equal(balance("DEP"), -10000);
	/* No more than was paid with it, nor than is the patient's. */
	const char *card = payment("D1");
#define REFUND "money patient refund %s %s --day 2025-09-09 --why 'less was owed' "
	assert_ctl(&world, 1, REFUND WHO, card, "50.00");
	assert_said("--reference");
	assert_ctl(&world, 1, REFUND "--reference R1 " WHO, card, "100.01");
	assert_said("of the payment only 100.00 CNY is left");
	assert_ctl(&world, 1, REFUND "--receipt 0800 " WHO,
		world_text(&world, "SELECT payment_id::text FROM zhifu.patient_payment WHERE method = 'cash'"),
		"100.01");
	assert_said("only 100.00 CNY to get back");
	assert_ctl(&world, 2, REFUND "--receipt R1 " WHO, card, "60.00");
	assert_said("and no --receipt");
	assert_ctl(&world, 2, REFUND "--receipt R1 --reference R1 " WHO, card, "60.00");
	assert_ctl(&world, 0, REFUND "--reference R1 " WHO, card, "60.00");
	assert_ctl(&world, 0, REFUND "--reference R1 " WHO, card, "60.00"); /* the same again */
	assert_ctl(&world, 1, REFUND "--reference R2 " WHO, card, "40.01");
	assert_int_equal(balance("CLR-CARD"), 4000);
	assert_int_equal(balance("CASH"), 30000);
	assert_int_equal(balance("DEP"), -4000);
	holds();
	/* The insurer pays more after all: what was paid too much can go back. */
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, 5000, currency, exponent, 5000, book_day, rule,"
		" claim_id, source_id FROM zhifu.posting WHERE rule = 'patient_share';"
		"UPDATE zhifu.receivable SET open_minor = open_minor + 5000");
	assert_ctl(&world, 0, REFUND "--receipt 0801 " WHO,
		world_text(&world, "SELECT payment_id::text FROM zhifu.patient_payment WHERE method = 'cash'"),
		"90.00");
	assert_int_equal(balance("AR-PT"), 0);
	assert_int_equal(balance("DEP"), 0);
	assert_int_equal(balance("CASH"), 21000);
	holds();
	/* An acquirer takes back what it still had, and more than that is not of this payment. */
	assert_ctl(&world, 1, "money patient chargeback %s 40.01 --reference C1 --why x " WHO, card);
	assert_ctl(&world, 2, "money patient chargeback %s 40.00 --receipt C1 --why x " WHO, card);
	assert_ctl(&world, 0,
		"money patient chargeback %s 40.00 --reference C1 --day 2025-09-20 --why 'cardholder disputes' " WHO,
		card);
	assert_int_equal(balance("AR-PT"), 4000);
	assert_int_equal(balance("CLR-CARD"), 0);
	holds();
	/* Cash is brought to the bank. */
	assert_ctl(&world, 0, "money acquirer settle cash %s " WHO, came(1, "250910", "0,00", "C210,00", "210,00"));
	assert_int_equal(balance("CASH"), 0);
	assert_int_equal(balance("SUSP"), 0);
	holds();
}

/* The wrong line: both wait again, and the right one settles what it settled. */
static void a_settlement_is_undone(void **state)
{
	char wrong[40], id[40];

	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 0, CARD "boc --reference R1 " WHO, ref);
	assert_ctl(&world, 0, "money patient quote 852.00 --claim %s --why 'three orders' " WHO, ref);
	snprintf(wrong, sizeof(wrong), "%s", came(1, "250910", "0,00", "C298,00", "298,00"));
	int64_t version = world_count(&world, "SELECT zhifu.patient_version('" HOSPITAL_A "', '%s')", payment("R1"));
	assert_ctl(&world, 0, "money acquirer settle boc %s --fee 2.00 " WHO, wrong);
	snprintf(id, sizeof(id), "%s", world_text(&world, "SELECT settlement_id::text FROM zhifu.acquirer_settlement"));
	assert_int_equal(balance("CLR-CARD"), 0);
	assert_ctl(&world, 2, "money acquirer undo %s " WHO, id);
	assert_ctl(&world, 1, "money acquirer undo %s --why x " WHO, payment("R1"));
	assert_ctl(&world, 0, "money acquirer undo %s --why 'that was for Jane Doe' " WHO, id);
	assert_string_equal(
		world_undone(&world, "acquirer_settlement"), "CLR-CARD SUSP 29800 CNY 29800; CLR-CARD FEE 200 CNY 200");
	assert_int_equal(balance("CLR-CARD"), 30000);
	assert_int_equal(balance("SUSP"), -29800);
	assert_int_equal(balance("FEE"), 0);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 29800);
	assert_int_equal(
		world_count(&world, "SELECT minor FROM zhifu.acquirer_waiting('" HOSPITAL_A "', 'infinity')"), 30000);
	/* As it was known on days before. */
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.acquirer_waiting('" HOSPITAL_A "', '2025-09-10')"), 0);
	assert_int_equal(
		world_count(&world, "SELECT minor FROM zhifu.acquirer_waiting('" HOSPITAL_A "', '2025-09-09')"), 30000);
	assert_int_equal(world_count(&world, "SELECT zhifu.patient_version('" HOSPITAL_A "', '%s')", payment("R1")),
		version + 2);
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM zhifu.acquirer_settlement s WHERE get_byte(undone_why, 0) = 90"
				 " AND position('Jane'::bytea IN undone_why) = 0 AND undone_by = 'li'"),
		1);
	holds();
	assert_ctl(&world, 1, "money acquirer undo %s --why again " WHO, id);
	assert_said("undone before");
	assert_ctl(&world, 0, "money acquirer settlements " WHO);
	assert_non_null(strstr(world.out, "\"undone_by\":\"li\""));
	const char *line = came(2, "250911", "298,00", "C297,00", "595,00");
	assert_ctl(&world, 0, "money acquirer settle boc %s --fee 3.00 " WHO, line);
	assert_int_equal(balance("CLR-CARD"), 0);
	assert_int_equal(balance("SUSP"), -29800);
	assert_int_equal(balance("FEE"), 300);
	/* It clears no more than what the undoing put there. */
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.posting WHERE rule = 'acquirer_net' AND book_day"
				    " = (now() AT TIME ZONE 'Asia/Shanghai')::date"),
		2);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.acquirer_waiting('" HOSPITAL_A "', 'infinity')"), 0);
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
	holds();
}

static void a_transfer_goes_back_through_suspense(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	const char *line = came(1, "250910", "0,00", "C320,00", "320,00");
	assert_ctl(&world, 2, "money patient pay 300.00 --claim %s --by transfer " WHO, ref);
	assert_ctl(&world, 1,
		"money patient pay 300.01 --claim %s --by transfer --receipt 0007 --line %s --day 2025-09-10 " WHO, ref,
		line);
	assert_ctl(&world, 0,
		"money patient pay 300.00 --claim %s --by transfer --receipt 0008 --line %s --day 2025-09-10 " WHO, ref,
		line);
	assert_int_equal(balance("AR-PT"), 0);
	assert_int_equal(balance("SUSP"), -2000);
	holds();
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, 5000, currency, exponent, 5000, book_day, rule,"
		" claim_id, source_id FROM zhifu.posting WHERE rule = 'patient_share';"
		"UPDATE zhifu.receivable SET open_minor = open_minor + 5000");
	assert_ctl(&world, 0, REFUND "--receipt 0802 " WHO,
		world_text(&world, "SELECT payment_id::text FROM zhifu.patient_payment"), "50.00");
	assert_int_equal(balance("SUSP"), -7000);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 7000);
	holds();
}

/* A refund has its payment's reference, as some acquirers have it, and its money comes another day. */
static void the_day_tells_which_of_one_reference_came(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 0, CARD "boc --reference R1 " WHO, ref);
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, 5000, currency, exponent, 5000, book_day, rule,"
		" claim_id, source_id FROM zhifu.posting WHERE rule = 'patient_share';"
		"UPDATE zhifu.receivable SET open_minor = open_minor + 5000");
	assert_ctl(&world, 0, REFUND "--reference R1 " WHO, payment("R1"), "50.00");
	const char *line = came(1, "250910", "0,00", "C300,00", "300,00");
	assert_ctl(&world, 1, "money acquirer settle boc %s R1 " WHO, line); /* both: 250.00 */
	assert_ctl(&world, 0, "money acquirer settle BOC %s R1 --until 2025-09-08 --why 'for Jane Doe' " WHO, line);
	assert_int_equal(balance("CLR-CARD"), -5000);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.acquirer_settlement s WHERE get_byte(why, 0) = 90"
				    " AND position('Jane'::bytea IN why) = 0"),
		1);
	holds();
}

/* ---- told twice ---- */

static void an_acquirer_is_one_however_it_is_written(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 0, CARD "boc --reference R1 " WHO, ref);
	assert_ctl(&world, 0, CARD "' BOC' --reference R1 " WHO, ref); /* the same again */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_payment WHERE acquirer = 'boc'"), 1);
	assert_ctl(&world, 1, CARD "CASH --reference R2 " WHO, ref);
	assert_int_equal(balance("CLR-CARD"), 30000);
	holds();
}

static void what_is_refused_leaves_no_account(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 1, "money patient deposit 1.00 --by cash --receipt 1 --day 2025-09-08 " STAY);
	assert_ctl(&world, 1, "money patient bill 1.00 --day 2025-09-08 " STAY);
	assert_ctl(&world, 1, "money patient pay 300.01 --claim %s --by cash --receipt 1 --day 2025-09-08 " WHO, ref);
	assert_int_equal(world_count(&world, "SELECT (SELECT count(*) FROM zhifu.patient_account)"
					     " + (SELECT count(*) FROM zhifu.stay_name)"),
		0);
	assert_ctl(&world, 0, "money patient pay 300.00 --claim %s --by cash --receipt 1 --day 2025-09-08 " WHO, ref);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_account"), 1);
	holds();
}

/* What the last answer says of the payment: was it there already, and its id; static memory, sixteen turns. */
static const char *assert_taken(bool known)
{
	static char ids[16][UUID_TEXT_LEN];
	static int turn;
	char *id = ids[turn++ % 16];
	json_t *root = world_json(&world);

	if (json_is_true(json_object_get(root, "known")) != known) fail_msg("known is not %d in: %s", known, world.out);
	snprintf(id, UUID_TEXT_LEN, "%s", json_string_value(json_object_get(root, "payment")));
	json_decref(root);
	return id;
}

static void what_is_told_twice_is_booked_once(void **state)
{
	(void)state;
	decided(CLAIM, 100000, 30000);
	assert_ctl(&world, 0, "money patient quote 300.00 --claim %s --why x " WHO, ref);
#define CASH "money patient pay %s --claim %s --by cash --day 2025-09-08 "
	assert_ctl(&world, 2, CASH WHO, "100.00", ref);
	assert_said("--receipt");
	assert_ctl(&world, 2, CASH "--receipt 1 --reference 1 " WHO, "100.00", ref);
	assert_ctl(&world, 1, CASH "--receipt ' ' " WHO, "100.00", ref);
	assert_ctl(&world, 0, CASH "--receipt 0000417 " WHO, "100.00", ref);
	const char *first = assert_taken(false);
	assert_answer("open", "200.00");
	assert_ctl(&world, 0, CASH "--receipt 0000417 " WHO, "100.00", ref);
	assert_string_equal(assert_taken(true), first);
	assert_answer("open", "200.00");
	/* Another receipt is another payment, if it is for as much; a card that has the number, too. */
	assert_ctl(&world, 0, CASH "--receipt 0000418 " WHO, "100.00", ref);
	assert_string_not_equal(assert_taken(false), first);
	assert_ctl(&world, 0,
		"money patient pay 20.00 --claim %s --by card --acquirer boc --reference 0000417 --day 2025-09-08 " WHO,
		ref);
	assert_taken(false);
	assert_int_equal(balance("CASH"), 20000);
	/* With other content it is refused, and what differs is said. */
	assert_ctl(&world, 1, CASH "--receipt 0000417 " WHO, "99.00", ref);
	assert_said(first);
	assert_said("difference in: the amount\n");
	assert_ctl(&world, 1, CASH "--receipt 0000417 --zh " WHO, "99.00", ref);
	assert_said("不同之处: 金额");
	assert_ctl(&world, 1, "money patient deposit 100.00 --claim %s --by cash --receipt 0000417 " WHO, ref);
	assert_said("difference in: payment or deposit\n");
	assert_ctl(&world, 0, "money patient quote 300.00 " STAY);
	assert_ctl(&world, 1, "money patient deposit 90.00 --by cash --receipt 0000417 " STAY);
	assert_said("difference in: whose it is, payment or deposit, the amount\n");
	/* Refunds have receipts of their own. */
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, 20000, currency, exponent, 20000, book_day, rule,"
		" claim_id, source_id FROM zhifu.posting WHERE rule = 'patient_share';"
		"UPDATE zhifu.receivable SET open_minor = open_minor + 20000");
	assert_ctl(&world, 2, REFUND WHO, first, "50.00");
	assert_said("--receipt");
	assert_ctl(&world, 2, REFUND "--reference 0000417 " WHO, first, "50.00");
	assert_ctl(&world, 2, REFUND "--receipt 0000417 --reference 1 " WHO, first, "50.00");
	assert_ctl(&world, 0, REFUND "--receipt 0000417 " WHO, first, "50.00");
	const char *back = assert_taken(false);
	assert_ctl(&world, 0, REFUND "--receipt 0000417 " WHO, first, "50.00");
	assert_string_equal(assert_taken(true), back);
	assert_answer("left", "50.00");
	assert_ctl(&world, 1, REFUND "--receipt 0000417 " WHO, first, "49.00");
	assert_said("difference in: the amount\n");
	assert_ctl(&world, 1, REFUND "--receipt 0000417 " WHO,
		world_text(&world, "SELECT payment_id::text FROM zhifu.patient_payment WHERE reference = '0000418'"),
		"50.00");
	assert_said("difference in: the payment that goes back\n");
	assert_int_equal(balance("CASH"), 15000);
	holds();
}

/* Ends the session that waits for a standby to confirm its COMMIT, in a process of its own. */
static pid_t committer_end(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0) return pid;
	(void)alarm(60); /* nobody waits for ever */
	struct db_sync *db = NULL;
	struct pg_result *rows = NULL;
	int64_t deadline = clock_mono_us() + 30000000;
	if (db_sync_open(world.conninfo, "test", &db) != 0) _exit(1);
	for (;;) {
		if (clock_mono_us() > deadline ||
			db_sync_query(db,
				"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
				NULL, &rows) != 0)
			_exit(1);
		if (db_rows_int(rows, 0, 0) > 0) _exit(0);
		db_sync_rows_free(rows);
	}
}

static void an_ending_that_is_not_known_is_told(void **state)
{
	int status = 1;

	(void)state;
	decided(CLAIM, 100000, 30000);
	/* Not committed: the server ends the session at COMMIT. */
	world_sql(&world,
		"CREATE FUNCTION public.away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid());"
		" RETURN NULL; END $$; ALTER FUNCTION public.away OWNER TO postgres; ALTER FUNCTION public.away SECURITY DEFINER;"
		"CREATE CONSTRAINT TRIGGER away AFTER INSERT ON zhifu.patient_payment DEFERRABLE INITIALLY DEFERRED"
		" FOR EACH ROW EXECUTE FUNCTION public.away()");
	assert_ctl(&world, 3, CASH "--receipt 1 " WHO, "100.00", ref);
	assert_said("unknown whether it was done; repeat the same command");
	assert_null(strstr(world.err, "not taken"));
	world_sql(&world, "DROP TRIGGER away ON zhifu.patient_payment; DROP FUNCTION public.away");
	assert_ctl(&world, 0, CASH "--receipt 1 " WHO, "100.00", ref);
	assert_taken(false);
	/* Committed, and nobody says so. */
	world_sql(&world, "ALTER SYSTEM SET synchronous_standby_names = 'none'");
	world_sql(&world, "SELECT pg_reload_conf()");
	pid_t child = committer_end();
	int told = ctl(&world, CASH "--receipt 2 --zh " WHO, "50.00", ref);
	assert_int_equal(waitpid(child, &status, 0), child);
	world_sql(&world, "ALTER SYSTEM RESET synchronous_standby_names");
	world_sql(&world, "SELECT pg_reload_conf()");
	assert_int_equal(told, 3);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_said("是否已完成未知");
	assert_ctl(&world, 0, CASH "--receipt 2 " WHO, "50.00", ref);
	assert_taken(true);
	assert_int_equal(balance("CASH"), 15000);
	holds();
}

/* ---- who leaves without paying, and what nobody pays ---- */

static void who_leaves_owes(void **state)
{
	(void)state;
	assert_ctl(&world, 1, "money patient owe ZY-0001 --why x " WHO);
	assert_ctl(&world, 0, "money patient quote 0 " STAY);
	snprintf(stay, sizeof(stay), "%s", world_text(&world, "SELECT stay FROM zhifu.patient_account"));
	charged("all", 100000, "2025-10-06");
	billed(CLAIM, 70000, "2025-10-06");
	assert_ctl(&world, 0, "money patient bill 100.00 --other 20.00 --vat 0 --day 2025-10-06 " STAY);
	assert_answer("open", "120.00");
	assert_ctl(&world, 0, "money stay close ZY-0001 --why 'contract prices' --day 2025-10-06 " WHO);
	assert_answer("rest", "200.00");
	assert_int_equal(balance("AR-INPT"), 12000);
	assert_int_equal(balance("REV-MED"), -80000);
	holds();
	assert_ctl(&world, 0, "money patient owe ZY-0001 --why 'left at night' --day 2025-10-07 " WHO);
	assert_answer("owed", "120.00");
	assert_ctl(&world, 0, "money patient owe ZY-0001 --why again " WHO);
	assert_answer("owed", "120.00");
	assert_int_equal(balance("AR-INPT"), 0);
	assert_int_equal(balance("AR-PT"), 12000);
	holds();
	assert_ctl(&world, 0, "money patient pay 120.00 --by cash --receipt 0005 --day 2025-10-08 " STAY);
	assert_int_equal(balance("AR-PT"), 0);
	holds();
	/* A claim of the stay that asks more of the patient takes what was deposited for the stay. */
	assert_ctl(&world, 0, "money patient quote 50.00 " STAY);
	assert_ctl(&world, 0, "money patient deposit 50.00 --by cash --receipt 0006 --day 2025-10-08 " STAY);
	decided(OTHER, 100000, 3000);
	world_sql(&world,
		"INSERT INTO zhifu.claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day, total_minor,"
		" currency, exponent, line_count, content, stay) VALUES ('" HOSPITAL_A "', '" OTHER
		"', '%s', 1, 'alpha', gen_random_uuid(), 'his', now(), '2025-10-06', 100000, 'CNY', 2, 1, '', '9:ff,%s')",
		ref, stay);
	assert_ctl(&world, 0, "money patient bill --claim %s --day 2025-10-09 --why decided " WHO, ref);
	assert_answer("open", "0.00");
	assert_int_equal(balance("DEP"), -2000);
	holds();
	/* Nobody else's hospital, and no claim that is not decided. */
	world_sql(&world,
		"DELETE FROM zhifu.claim; DELETE FROM zhifu.claim_state WHERE claim_id = '" OTHER
		"'; UPDATE zhifu.claim_state SET ref = '%s'",
		ref);
	assert_ctl(&world, 1, "money patient bill --claim %s --why x " WHO, ref);
	assert_said("has not decided");
	assert_ctl(&world, 1, "money patient show --stay ZY-0001 --hospital RY2 --json");
}

static int group_begin(void **state)
{
	(void)state;
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = ({code = \"CNY\"; number = \"" CNY "\"; currency = \"CNY\";});\n",
		0600);
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	world_hospital_open(&world, HOSPITAL_B, "RY2", "Riyadh", "Asia/Riyadh", "SAR");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_outpatient_pays_by_foreign_card, begin),
		cmocka_unit_test_setup(an_inpatient_leaves, begin),
		cmocka_unit_test_setup(money_goes_back_where_it_came_from, begin),
		cmocka_unit_test_setup(a_settlement_is_undone, begin),
		cmocka_unit_test_setup(a_transfer_goes_back_through_suspense, begin),
		cmocka_unit_test_setup(the_day_tells_which_of_one_reference_came, begin),
		cmocka_unit_test_setup(an_acquirer_is_one_however_it_is_written, begin),
		cmocka_unit_test_setup(what_is_refused_leaves_no_account, begin),
		cmocka_unit_test_setup(who_leaves_owes, begin),
		cmocka_unit_test_setup(what_is_told_twice_is_booked_once, begin),
		cmocka_unit_test_setup(an_ending_that_is_not_known_is_told, begin),
		cmocka_unit_test_setup(payments_are_read_by_day, begin),
		cmocka_unit_test_setup(what_is_not_there_is_told_in_chinese, begin),
		cmocka_unit_test_setup(a_new_look_up_key_splits_no_stay, begin),
	};

	return world_main(&world, "ctl_patient", tests, ARRAY_LEN(tests), group_begin);
}
