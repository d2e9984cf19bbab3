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
	assert_ctl(&world, 1, CONFIRM, "USD 0", "2025-11-30");
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
		cmocka_unit_test_setup(the_bank_has_the_last_word, two_accounts),
		cmocka_unit_test_setup(the_next_statement_proves_it, two_accounts),
		cmocka_unit_test_setup(suspense_has_an_owner, two_accounts),
	};

	return world_main(&world, "ctl_checklist", tests, ARRAY_LEN(tests), group_begin);
}
