/* What stands in the way of closing a month on the bank's side: gaps, how far statements reach, who looks after what
 * waits, advices. */
#include "close_world.h"

#define ACCOUNT_CNY "{code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";}"

static int two_accounts(void **state)
{
	(void)state;
	accounts(ACCOUNT_CNY ", {code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";}", "");
	return begin(state);
}

/* Numbers that banks leave out are a remark. A true gap is red until the statement comes, or somebody says why it will
 * not: then what moved in it is an item of the proof. */
static void a_gap_is_filled_or_explained(void **state)
{
	char gap[40];

	(void)state;
	statement("1.sta", CNY, 1, "251031CNY0,00", ":61:2511101110C700,00NTRFNONREF//D1\r\n", "251110CNY700,00");
	statement("3.sta", CNY, 3, "251110CNY700,00", "", "251129CNY700,00");
	assert_ctl(&world, 0, "money account confirm CNY 700 --day 2025-11-30 --why e-banking --hospital HZ1 --who li");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_number"), "report");
	assert_string_equal(state_of("statement_gap"), "ok");
	statement("4.sta", CNY, 4, "251129CNY750,00", ":61:2511301130C10,00NTRFNONREF//D2\r\n", "251130CNY760,00");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_opening"), "red");
	assert_string_equal(state_of("bank_proof"), "red");
	struct pg_result *rows = NULL;
	assert_int_equal(
		db_sync_query(world.db, "SELECT statement_id::text, missing_minor FROM zhifu.bank_continuity WHERE gap",
			NULL, &rows),
		0);
	assert_int_equal(db_rows_count(rows), 1);
	assert_int_equal(db_rows_int(rows, 0, 1), 5000);
	snprintf(gap, sizeof(gap), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	assert_ctl(&world, 2, "money statement explain %s --hospital HZ1 --who li", gap);
	assert_ctl(&world, 1, "money statement explain " HOSPITAL_A " --why 'the bank' --hospital HZ1 --who li");
	assert_ctl(&world, 0, "money statement explain %s --why 'the bank has no copy' --hospital HZ1 --who li", gap);
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	json_t *root = world_json(&world);
	json_t *proof = found(root, "accounts", "account", "CNY");
	assert_string_equal(amount(proof, "statement"), "760.00");
	assert_string_equal(amount(proof, "explained"), "-50.00");
	assert_string_equal(amount(proof, "ledger"), "710.00");
	assert_string_equal(amount(found(root, "transit", "what", "gap"), "amount"), "50.00");
	json_decref(root);
	assert_ctl(&world, 0, "money account list --hospital HZ1");
	assert_ctl(&world, 0, "money statement list --gaps --json");
	assert_non_null(strstr(world.out, "the bank has no copy"));
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_explained"), "report");
	assert_non_null(strstr(world.out, "CNY 4: li: the bank has no copy"));
	/* It comes after all. */
	statement("2.sta", CNY, 2, "251129CNY700,00", ":61:2511291129C50,00NTRFNONREF//D3\r\n", "251129CNY750,00");
	assert_ctl(&world, 1, "money statement explain %s --why again --hospital HZ1 --who li", gap);
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_explained"), "ok");
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	root = world_json(&world);
	assert_string_equal(amount(found(root, "accounts", "account", "CNY"), "explained"), "0.00");
	assert_string_equal(amount(found(root, "accounts", "account", "CNY"), "ledger"), "760.00");
	json_decref(root);
}

#define CONFIRM "money account confirm %s --hospital HZ1 --who li --why 'seen in e-banking' --day %s"

/* The bank's word must reach the month's end: by a statement of that day, by the next one that opens as the last one
 * closed, or by what a person saw at the bank. An account without any is no exception. */
static void the_bank_has_the_last_word(void **state)
{
	(void)state;
	world_sql(&world, "TRUNCATE zhifu.bank_confirmation");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_short"), "red");
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	json_t *root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "accounts")), 2);
	assert_string_equal(
		json_string_value(json_object_get(found(root, "accounts", "account", "USD"), "proof")), "unproved");
	json_decref(root);
	assert_ctl(&world, 1, CONFIRM, "USD 0", "2099-01-31");
	assert_non_null(strstr(world.err, "not over"));
	assert_ctl(&world, 2, CONFIRM, "EUR 0", "2025-11-30");
	assert_ctl(&world, 2, CONFIRM, "USD 0.001", "2025-11-30");
	assert_ctl(&world, 2, "money account confirm USD 0 --hospital HZ1 --who li --why seen");
	assert_ctl(&world, 0, CONFIRM, "USD 0", "2025-11-30");
	statement("1.sta", CNY, 1, "251031CNY0,00", ":61:2511101110C700,00NTRFNONREF//D1\r\n", "251120CNY700,00");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who li --json");
	assert_string_equal(state_of("statement_short"), "red");
	root = world_json(&world);
	json_t *check = found(root, "checks", "check", "statement_short");
	assert_string_equal(json_string_value(json_object_get(check, "subject")), "CNY");
	assert_string_equal(json_string_value(json_object_get(check, "since")), "2025-11-20");
	json_decref(root);
	/* What a person saw is the bank's word, right or wrong. */
	assert_ctl(&world, 0, CONFIRM, "CNY 650.00", "2025-11-30");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("bank_proof"), "red");
	assert_ctl(&world, 0, CONFIRM, "CNY 700.00", "2025-11-30");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_confirmed"), "report");
	assert_non_null(strstr(world.out, "CNY: li: seen in e-banking"));
	/* A statement knows better: 5.00 went on the 29th, of November in the books too. */
	statement("2.sta", CNY, 2, "251120CNY700,00",
		":61:2511291129D5,00NTRFNONREF//D2\r\n:61:2512021202C1,00NTRFNONREF//D3\r\n", "251203CNY696,00");
	assert_ctl(&world, 1, CONFIRM, "CNY 700.00", "2025-11-30");
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	root = world_json(&world);
	assert_string_equal(amount(found(root, "accounts", "account", "CNY"), "statement"), "695.00");
	assert_string_equal(amount(found(root, "accounts", "account", "CNY"), "ledger"), "695.00");
	json_decref(root);
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li --json");
	assert_string_equal(state_of("statement_short"), "ok");
	assert_ctl(&world, 1, CONFIRM, "CNY 695", "2025-11-30");
	assert_non_null(strstr(world.err, "closed"));
}

/* The next statement proves that nothing moved, unless it opens with something else; and what is not configured any
 * more is closed. */
static void the_next_statement_proves_it(void **state)
{
	(void)state;
	world_sql(&world, "TRUNCATE zhifu.bank_confirmation");
	statement("1.sta", CNY, 1, "251031CNY0,00", ":61:2511101110C700,00NTRFNONREF//D1\r\n", "251128CNY700,00");
	statement("3.sta", CNY, 3, "251201CNY690,00", ":61:2512011201C1,00NTRFNONREF//D4\r\n", "251201CNY691,00");
	statement("usd.sta", USD, 1, "251201USD5,00", "", "251202USD5,00"); /* opened in December */
	value("OPENING", "2025-12-01", "7.07");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	json_t *root = world_json(&world);
	json_t *check = found(root, "checks", "check", "statement_short");
	assert_string_equal(json_string_value(json_object_get(check, "subject")), "CNY");
	json_decref(root);
	statement("2.sta", CNY, 2, "251128CNY700,00", ":61:2512011201D10,00NTRFNONREF//D3\r\n", "251201CNY690,00");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1");
	world_sql(&world, "TRUNCATE zhifu.bank_statement, zhifu.bank_line, zhifu.suspense, zhifu.posting CASCADE");
	statement("4.sta", CNY, 4, "251130CNY0,00", "", "251130CNY0,00");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1");
	accounts(ACCOUNT_CNY, "");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1");
}

#define UNPROVED " number = \"33010001 0000000%d\"; currency = \"%s\"; profile = \"plain\"; unproved_accepted = true;}"

/* Both accounts may send statements without balances, and nobody has confirmed anything. */
static int without_balances(void **state)
{
	char list[512];

	(void)state;
	snprintf(list, sizeof(list), "{code = \"CNY\";" UNPROVED ", {code = \"USD\";" UNPROVED, 1, "CNY", 2, "USD");
	accounts(list, "statement_profiles = ({name = \"plain\"; date_form = \"YYYYMMDD\";"
		       " columns = [\"booking_day=day\", \"credit=in\", \"debit=out\", \"bank_reference=ref\"];});\n");
	begin(state);
	world_sql(&world, "TRUNCATE zhifu.bank_confirmation");
	assert_ctl(&world, 0, CONFIRM, "USD 0", "2025-11-30");
	return 0;
}

/* A statement that has lines only. */
static void loose(const char *name, const char *lines)
{
	char text[1024];

	snprintf(text, sizeof(text), "day,in,out,ref\n%s", lines);
	world_file(&world, name, text, 0600);
	assert_ctl(&world, 0, "money statement import '%s/%s' --account CNY --hospital HZ1 --who li --json",
		world.folder, name);
}

/* Statement and ledger of an account at a day's end: what the proof has, which holds or not. */
static void proof_is(int status, const char *account, const char *day, const char *bank, const char *ledger)
{
	assert_ctl(&world, status, "money account proof --account %s --hospital HZ1 --day %s --json", account, day);
	json_t *root = world_json(&world);
	json_t *proof = found(root, "accounts", "account", account);
	assert_string_equal(amount(proof, "statement"), bank);
	assert_string_equal(amount(proof, "ledger"), ledger);
	assert_string_equal(json_string_value(json_object_get(proof, "proof")), status == 0 ? "holds" : "differs");
	json_decref(root);
}

/* The subject of a check that the last answer has. */
static const char *subject_of(const char *check)
{
	static char subject[128];
	json_t *root = world_json(&world);

	snprintf(subject, sizeof(subject), "%s",
		json_string_value(json_object_get(found(root, "checks", "check", check), "subject")));
	json_decref(root);
	return subject;
}

/* Nobody but a person knows what is on an account whose statements have no balances: the first that is confirmed is the
 * opening, whatever came before it, and what comes later counts from there. A statement with balances finds it there.
 */
static void what_is_confirmed_is_the_opening(void **state)
{
	(void)state;
	loose("1.csv", "20251110,700.00,,D1\n20251120,,50.25,D2\n");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_short"), "red");
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.10", "2025-11-30");
	assert_int_equal(carried("OPENING", "2025-11-30"), -435035);
	assert_int_equal(carried("OPENING", "2025-11-10"), -435035);
	assert_int_equal(carried("OPENING", "2025-11-09"), 0);
	proof_is(0, "CNY", "2025-11-30", "5000.10", "5000.10");
	/* Said once more, the last word counts; the same again posts nothing. */
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.00", "2025-11-30");
	int64_t postings = count("posting");
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.00", "2025-11-30");
	assert_int_equal(count("posting"), postings);
	assert_int_equal(carried("OPENING", "2025-11-30"), -435025);
	/* What had moved before was in what was confirmed. */
	loose("2.csv", "20251128,10.00,,D3\n");
	assert_int_equal(carried("OPENING", "2025-11-30"), -434025);
	proof_is(0, "CNY", "2025-11-30", "5000.00", "5000.00");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li --json");
	assert_string_equal(state_of("statement_confirmed"), "report");
	/* The closed month stays as it was, whatever comes of it later. */
	loose("3.csv", "20251105,1.00,,D4\n20251203,2.50,,D5\n");
	proof_is(0, "CNY", "2025-11-30", "5000.00", "5000.00");
	proof_is(0, "CNY", "2025-12-03", "5002.50", "5002.50");
	assert_ctl(&world, 1, "money close 2025-12 --check --hospital HZ1 --json");
	assert_string_equal(state_of("bank_proof"), "ok");
	assert_string_equal(state_of("statement_short"), "red");
	/* One with balances, over days of which one without had told: it opens as all that says. */
	postings = carried("OPENING", "2099-01-01");
	statement("4.sta", CNY, 4, "251202CNY5000,00",
		":61:2512031203C2,50NTRFNONREF//D5\r\n:61:2512101210C7,00NTRFNONREF//D6\r\n", "251231CNY5009,50");
	assert_non_null(strstr(world.out, "\"follows\""));
	assert_non_null(strstr(world.out, "\"lines_missing\":false"));
	assert_int_equal(carried("OPENING", "2099-01-01"), postings);
	proof_is(0, "CNY", "2025-12-31", "5009.50", "5009.50");
	assert_ctl(&world, 0, CONFIRM, "USD 0", "2025-12-31");
	world_sql(&world, "UPDATE zhifu.rate SET day = '2025-12-31' WHERE day = '2025-11-30'");
	assert_ctl(&world, 0, "money close 2025-12 --check --hospital HZ1");
}

/* A statement with balances that comes after others without, and nobody has confirmed anything: what the others had
 * moved is in what it opens with. */
static void lines_before_the_first_balance_count(void **state)
{
	(void)state;
	loose("1.csv", "20251110,,50.00,D1\n");
	statement("2.sta", CNY, 2, "251120CNY1000,00", ":61:2511211121C1,00NTRFNONREF//D2\r\n", "251125CNY1001,00");
	assert_int_equal(carried("OPENING", "2025-11-10"), -105000);
	proof_is(0, "CNY", "2025-11-25", "1001.00", "1001.00");
	/* Between two with balances too: nothing is missing between them. */
	loose("3.csv", "20251126,9.00,,D3\n");
	statement("4.sta", CNY, 4, "251127CNY1010,00", "", "251130CNY1010,00");
	proof_is(0, "CNY", "2025-11-30", "1010.00", "1010.00");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("statement_opening"), "ok");
	/* And with the first of its own days as the opening's, which a line of before is among. */
	loose("0.csv", "20251109,5.00,,D0\n");
	assert_int_equal(carried("OPENING", "2025-11-30"), -104500);
	proof_is(0, "CNY", "2025-11-30", "1010.00", "1010.00");
}

/* Before the month is closed or after it: the checklist names both figures until the one or the other is explained. */
static void a_statement_opens_with_something_else(void **state)
{
	char id[40];

	(void)state;
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.00", "2025-11-30");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	statement("1.sta", CNY, 1, "251201CNY4900,25", "", "251231CNY4900,25");
	assert_non_null(strstr(world.out, "\"opening\""));
	assert_ctl(&world, 0, CONFIRM, "USD 0", "2025-12-31");
	world_sql(&world, "UPDATE zhifu.rate SET day = '2025-12-31' WHERE day = '2025-11-30'");
	assert_ctl(&world, 1, "money close 2025-12 --check --hospital HZ1 --json");
	assert_string_equal(state_of("opening_confirmed"), "red");
	assert_string_equal(subject_of("opening_confirmed"), "CNY: 4900.25 ≠ 5000.00");
	assert_string_equal(state_of("statement_opening"), "ok");
	proof_is(1, "CNY", "2025-12-31", "4900.25", "5000.00");
	/* The bank says what it was. */
	snprintf(id, sizeof(id), "%s", "");
	assert_ctl(&world, 0, "money statement list --gaps --hospital HZ1 --json");
	json_t *root = world_json(&world);
	snprintf(id, sizeof(id), "%s",
		json_string_value(
			json_object_get(json_array_get(json_object_get(root, "statements"), 0), "statement")));
	json_decref(root);
	assert_ctl(&world, 0, "money statement explain %s --why 'a fee of the 1st' --hospital HZ1 --who li", id);
	assert_ctl(&world, 0, "money close 2025-12 --check --hospital HZ1 --json");
	assert_string_equal(state_of("opening_confirmed"), "ok");
	assert_string_equal(state_of("statement_explained"), "report");
	world_sql(&world, "TRUNCATE zhifu.bank_gap");
	/* Or the person had read it wrong: the difference is posted in the open month, and the closed one's proof says
	 * so. */
	assert_ctl(&world, 0, CONFIRM, "CNY 4900.25", "2025-11-30");
	assert_int_equal(carried("OPENING", "2025-11-30"), -500000);
	assert_int_equal(carried("OPENING", "2025-12-01"), -490025);
	proof_is(0, "CNY", "2025-11-30", "4900.25", "5000.00");
	root = world_json(&world);
	assert_string_equal(amount(found(root, "transit", "what", "opening"), "amount"), "-99.75");
	json_decref(root);
	proof_is(0, "CNY", "2025-12-31", "4900.25", "4900.25");
	assert_ctl(&world, 0, "money close 2025-12 --check --hospital HZ1 --json");
	assert_string_equal(state_of("opening_confirmed"), "ok");
	assert_ctl(&world, 1, CONFIRM, "CNY 4900.25", "2025-12-15");
}

/* The statement of the days before comes after all: the opening is its own, and there is one. */
static void an_older_statement_than_what_was_confirmed(void **state)
{
	(void)state;
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.00", "2025-11-30");
	statement("1.sta", CNY, 1, "251031CNY3000,00", ":61:2511101110C2000,00NTRFNONREF//D1\r\n", "251130CNY5000,00");
	assert_int_equal(carried("OPENING", "2025-11-30"), -300000);
	proof_is(0, "CNY", "2025-11-30", "5000.00", "5000.00");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("confirmation_differs"), "ok");
	/* What it says counts, and what was confirmed is told beside it. */
	without_balances(state);
	assert_ctl(&world, 0, CONFIRM, "CNY 5000.00", "2025-11-30");
	statement("2.sta", CNY, 1, "251031CNY2999,99", ":61:2511101110C2000,00NTRFNONREF//D1\r\n", "251130CNY4999,99");
	assert_int_equal(carried("OPENING", "2025-11-30"), -299999);
	proof_is(0, "CNY", "2025-11-30", "4999.99", "4999.99");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("confirmation_differs"), "report");
	assert_string_equal(subject_of("confirmation_differs"), "CNY: 4999.99 ≠ 5000.00");
}

#define FIRST_HALF ":61:2511101110C700,00NTRFNONREF//D1\r\n"
#define SHARED ":61:2511261126D50,00NTRFNONREF//D2\r\n"

/* A statement that reaches over the month's end, and overlaps the one before: what it has of the month is the month's,
 * whichever of the two comes first. */
static void a_statement_overlaps_over_the_months_end(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		if (turn == 1) without_balances(state);
		for (int i = 0; i < 2; i++)
			if (i == turn)
				statement("1.sta", CNY, 1, "251031CNY0,00", FIRST_HALF SHARED, "251127CNY650,00");
			else
				statement("2.sta", CNY, 2, "251125CNY700,00",
					SHARED
					":61:2511291129C3,30NTRFNONREF//D3\r\n:61:2512021202C1,00NTRFNONREF//D4\r\n",
					"251205CNY654,30");
		proof_is(0, "CNY", "2025-11-30", "653.30", "653.30");
		proof_is(0, "CNY", "2025-11-26", "650.00", "650.00");
		assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
		assert_string_equal(state_of("bank_proof"), "ok");
		assert_string_equal(state_of("statement_short"), "ok");
	}
}

/* An account that the hospital's file does not name any more: it is said what to do, and both ways go. */
static void an_account_is_gone_with_money_on_it(void **state)
{
	(void)state;
	statement("1.sta", CNY, 1, "251031CNY0,00", FIRST_HALF, "251120CNY700,00");
	accounts("{code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";}", "");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("account_gone"), "red");
	assert_string_equal(state_of("statement_short"), "ok");
	assert_string_equal(subject_of("account_gone"), "CNY");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1");
	assert_non_null(strstr(world.out, "money account confirm"));
	assert_ctl(&world, 2, CONFIRM, "EUR 1", "2025-11-30");
	assert_ctl(&world, 0, CONFIRM, "CNY 700.00", "2025-11-30");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("account_gone"), "ok");
	/* The bank has closed it: its last statement says where the money went. */
	assert_ctl(&world, 0, CONFIRM, "CNY 0", "2025-11-30");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	assert_string_equal(state_of("bank_proof"), "red");
	accounts(ACCOUNT_CNY ", {code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";}", "");
	statement("2.sta", CNY, 2, "251120CNY700,00", ":61:2511251125D700,00NTRFNONREF//D2\r\n", "251125CNY0,00");
	accounts("{code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";}", "");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
}

/* Whoever the file names looks after what nobody was given, also after what came before. */
static void suspense_has_an_owner(void **state)
{
	char line[40];

	(void)state;
	for (int i = 0; i < 2; i++) {
		statement(i == 0 ? "usd.sta" : "cny.sta", i == 0 ? USD : CNY, 1,
			i == 0 ? "251101USD0,00" : "251101CNY0,00",
			":61:2511101110C7,00NTRFNONREF//D1\r\n:61:2511111111C8,00NTRFNONREF//D2\r\n",
			i == 0 ? "251130USD15,00" : "251130CNY15,00");
	}
	assert_int_equal(world_count(&world, "SELECT count(owner) FROM zhifu.suspense"), 0);
	assert_ctl(&world, 0, "money suspense list --owner finance --json");
	json_t *root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "suspense")), 4);
	snprintf(line, sizeof(line), "%s",
		json_string_value(json_object_get(json_array_get(json_object_get(root, "suspense"), 0), "line")));
	json_decref(root);
	assert_ctl(&world, 0, "money suspense assign %s chen --why theirs --hospital HZ1 --who li", line);
	accounts("{code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";},\n"
		 " {code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\"; owner = \"treasury\";}",
		"suspense_owner = \"cashier\";\n");
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --json");
	root = world_json(&world);
	size_t i;
	json_t *check;
	char owners[64] = "";
	json_array_foreach(json_object_get(root, "checks"), i, check)
	{
		if (strcmp(json_string_value(json_object_get(check, "check")), "suspense") != 0) continue;
		snprintf(owners + strlen(owners), sizeof(owners) - strlen(owners), "%s=%d ",
			json_string_value(json_object_get(check, "subject")),
			(int)json_integer_value(json_object_get(check, "found")));
	}
	assert_string_equal(owners, "chen=1 treasury=2 cashier=1 ");
	json_decref(root);
	assert_ctl(&world, 0, "money report suspense --owner treasury --json");
	root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "suspense")), 2);
	json_decref(root);
}

/* An advice stands in the way of the months that were over when it came, and of no earlier one. */
static void a_parked_advice_is_of_its_month(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		world_sql(&world,
			"INSERT INTO zhifu.advice (hospital_id, advice_id, remitter, identifier, version, standing, form, hash, amount_minor,"
			" sum_minor, currency, exponent, detail_count, document, maker, made_at) VALUES ('" HOSPITAL_A
			"', gen_random_uuid(), 'alpha', 'A-1', 1, 2, 1, sha256(''), 100, 99, 'CNY', 2, 1, '', 'li', '%s')",
			i == 0 ? "2025-11-30 16:00:00+00" : "2025-11-30 15:59:59+00");
		assert_ctl(&world, i, "money close 2025-11 --hospital HZ1 --check --json");
		assert_string_equal(state_of("remittance_parked"), i == 0 ? "ok" : "red");
		assert_ctl(&world, 1, "money close 2025-12 --hospital HZ1 --check --json");
		assert_string_equal(state_of("remittance_parked"), "red");
		world_sql(&world, "TRUNCATE zhifu.advice");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_gap_is_filled_or_explained, two_accounts),
		cmocka_unit_test_setup(a_parked_advice_is_of_its_month, two_accounts),
		cmocka_unit_test_setup(a_statement_opens_with_something_else, without_balances),
		cmocka_unit_test_setup(a_statement_overlaps_over_the_months_end, without_balances),
		cmocka_unit_test_setup(an_account_is_gone_with_money_on_it, without_balances),
		cmocka_unit_test_setup(an_older_statement_than_what_was_confirmed, without_balances),
		cmocka_unit_test_setup(lines_before_the_first_balance_count, without_balances),
		cmocka_unit_test_setup(the_bank_has_the_last_word, two_accounts),
		cmocka_unit_test_setup(the_next_statement_proves_it, two_accounts),
		cmocka_unit_test_setup(what_is_confirmed_is_the_opening, without_balances),
		cmocka_unit_test_setup(suspense_has_an_owner, two_accounts),
	};

	return world_main(&world, "ctl_checklist", tests, ARRAY_LEN(tests), group_begin);
}
