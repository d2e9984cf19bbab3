/* What persons do with money in suspense that is for no claim, through zhifuctl: it goes back, also when the bank never
 * sends it; it is a charge, interest, or was moved between the hospital's own accounts. */
#include "close_world.h"

/* A part of a line goes back, out of the matcher's work as well, and nothing of one that is held. */
static void orders_take_from_suspense(void **state)
{
	char line[40];

	(void)state;
	world_sql(&world, "TRUNCATE zhifu.bank_confirmation");
	statement("a.sta", CNY, 1, "251031CNY0,00", ":61:2511101110C700,00NTRFNONREF//D1\r\n", "251110CNY700,00");
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(world.db, "SELECT line_id::text FROM zhifu.suspense", NULL, &rows), 0);
	snprintf(line, sizeof(line), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	world_sql(&world, "UPDATE zhifu.suspense SET held = 1");
	assert_ctl(&world, 1, "money order make %s 300 --why back --hospital HZ1 --who li", line);
	world_sql(&world, "UPDATE zhifu.suspense SET held = 0");
	assert_ctl(&world, 1, "money order make %s 700.01 --why back --hospital HZ1 --who li", line);
	assert_ctl(&world, 1, "money order make %s 3.001 --why back --hospital HZ1 --who li", line);
	assert_ctl(&world, 2, "money order make %s 300 --hospital HZ1 --who li", line);
	assert_ctl(&world, 0, "money order make %s 300 --day 2025-11-11 --why back --hospital HZ1 --who li", line);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 40000);
	assert_int_equal(world_count(&world, "SELECT sum(open_minor)::int8 FROM zhifu.match_item"), 40000);
	assert_ctl(&world, 0, "money order make %s --why back --hospital HZ1 --who li", line);
	assert_int_equal(count("suspense"), 0);
	assert_int_equal(world_count(&world, "SELECT sum(open_minor)::int8 FROM zhifu.match_item"), 0);
	assert_ctl(&world, 0, "money order list --hospital HZ1");
	assert_non_null(strstr(world.out, "300.00 CNY"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money account proof --hospital HZ1");
}

/* The bank never executed it: the account and suspense are as before, from that day on. */
static void an_order_is_cancelled(void **state)
{
	char line[40], order[40];

	(void)state;
	world_sql(&world, "TRUNCATE zhifu.bank_confirmation");
	statement("a.sta", USD, 1, "251031USD0,00", ":61:2511101110C700,00NTRFNONREF//D1\r\n", "251110USD700,00");
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(world.db, "SELECT line_id::text FROM zhifu.suspense", NULL, &rows), 0);
	snprintf(line, sizeof(line), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	/* A line of two transactions, of which the first is another's: what was ordered is the second's. */
	world_sql(&world,
		"SELECT * FROM zhifu.match_begin(1); UPDATE zhifu.match_item SET amount_minor = 40000, open_minor = 0 WHERE part = 0;"
		"INSERT INTO zhifu.match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day) SELECT hospital_id, line_id, 1, 30000,"
		" 30000, booked_day FROM zhifu.match_item; UPDATE zhifu.suspense SET open_minor = 30000;"
		"INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, kind, amount_minor, currency, exponent, by_hand, maker)"
		" SELECT hospital_id, gen_random_uuid(), 1, line_id, 0, 0, 40000, 'USD', 2, true, 'li' FROM zhifu.match_item WHERE part = 0");
	assert_ctl(&world, 0, "money order make %s 300 --day 2025-11-20 --why back --hospital HZ1 --who li", line);
	assert_int_equal(db_sync_query(world.db, "SELECT order_id::text FROM zhifu.bank_order", NULL, &rows), 0);
	snprintf(order, sizeof(order), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	assert_ctl(&world, 2, "money order cancel %s --hospital HZ1 --who li", order);
	assert_ctl(&world, 1, "money order cancel %s --why 'account closed' --hospital HZ1 --who li", order);
	assert_non_null(strstr(world.err, "not known yet"));
	value("SUSP", "2025-11-10", "7.10");
	value("SUSP", "2025-11-20", "7.09");
	assert_int_equal(carried("BANK-USD", "2025-11-30"), 497000 - 212700);
	assert_ctl(&world, 0, "money order cancel %s --why 'account closed' --hospital HZ1 --who wang", order);
	assert_ctl(&world, 1, "money order cancel %s --why again --hospital HZ1 --who wang", order);
	assert_ctl(&world, 1, "money order clear %s %s --hospital HZ1 --who li", order, line);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 30000);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.match_item WHERE part = 1"), 30000);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.match_item WHERE part = 0"), 0);
	assert_int_equal(carried("BANK-USD", "2099-01-01"), 497000);
	assert_ctl(&world, 0, "money order list --hospital HZ1 --json");
	assert_null(strstr(world.out, order));
	assert_ctl(&world, 0, "money order list --all --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "已撤销"));
	/* In November it was on its way still. */
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	json_t *root = world_json(&world);
	assert_string_equal(amount(found(root, "accounts", "account", "USD"), "ordered"), "-300.00");
	assert_int_equal(json_array_size(json_object_get(root, "transit")), 1);
	json_decref(root);
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --json");
	root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "transit")), 0);
	json_decref(root);
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM zhifu.operator_act WHERE act = 'order.cancel' AND who = 'wang'"),
		1);
	/* Why stands in no row: it is sealed, and who opens it is on record. */
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act a, zhifu.bank_order o WHERE a::text LIKE '%%closed%%'"
			" OR position('closed'::bytea IN o.cancel_why) > 0"),
		0);
	assert_ctl(&world, 0, "money said %s --hospital HZ1 --who zhao --json", order);
	root = world_json(&world);
	assert_string_equal(json_string_value(json_object_get(found(root, "said", "what", "order"), "words")), "back");
	assert_string_equal(
		json_string_value(json_object_get(found(root, "said", "what", "cancel"), "words")), "account closed");
	json_decref(root);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'money.said' AND who = 'zhao'"
				    " AND subject = (SELECT order_id::text FROM zhifu.bank_order)"),
		1);
}

/* The line of an amount, until the fourth one after it. */
static const char *line_of(int64_t minor)
{
	static char lines[4][40];
	static int next;
	struct pg_result *rows = NULL;
	char sql[128], *line = lines[next++ % 4];

	snprintf(sql, sizeof(sql), "SELECT line_id::text FROM zhifu.bank_line WHERE amount_minor = %jd",
		(intmax_t)minor);
	assert_int_equal(db_sync_query(world.db, sql, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	snprintf(line, sizeof(lines[0]), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	return line;
}

static void classify(int64_t minor, const char *kind)
{
	assert_ctl(&world, 0, "money match classify %s %s --why 'as the bank says' --hospital HZ1 --who li",
		line_of(minor), kind);
}

static void no_transfer(int64_t minor, int64_t other, const char *why)
{
	assert_ctl(&world, 1, "money match transfer %s %s --why so --hospital HZ1 --who li", line_of(minor),
		line_of(other));
	if (strstr(world.err, why) == NULL) fail_msg("%s", world.err);
}

/* Charges, interest, what was moved between own accounts: nothing of it stays in suspense. */
static void what_is_for_no_claim_finds_its_account(void **state)
{
	char sql[256];

	(void)state;
	not_empty("{USD, CNY}");
	statement("usd.sta", USD, 1, "251031USD1000,00",
		":61:2511101110D5,00NCHGNONREF//F1\r\n:61:2511121112C100,00NTRFNONREF//T2\r\n"
		":61:2511201120C0,33NINTNONREF//I1\r\n",
		"251130USD1095,33");
	statement("cny.sta", CNY, 1, "251031CNY5000,00",
		":61:2511101110D25,00NCHGNONREF//F1\r\n:61:2511121112D710,00NTRFNONREF//T1\r\n"
		":61:2511141114D30,00NMSCNONREF//M1\r\n:61:2511151115D400,00NTRFNONREF//T3\r\n"
		":61:2511211121C12,34NMSCNONREF//M2\r\n",
		"251130CNY3847,34");
	statement("two.sta", "3301000100000003", 1, "251031CNY0,00", ":61:2511171117C400,00NTRFNONREF//T4\r\n",
		"251130CNY400,00");
	world_sql(&world, "SELECT * FROM zhifu.match_begin(1)"); /* as settle does: items are made */
	value("OPENING", "2025-10-31", "7.07");
	assert_ctl(&world, 1, "money match classify %s bank-fee --why so --hospital HZ1 --who li", line_of(-500));
	assert_non_null(strstr(world.err, "not known yet"));
	value("SUSP", "2025-11-10", "7.10");
	value("SUSP", "2025-11-12", "7.09");
	value("SUSP", "2025-11-20", "7.10");
	assert_ctl(&world, 0, "money match kinds --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "银行手续费"));
	assert_ctl(&world, 1, "money match classify %s salary --why so --hospital HZ1 --who li", line_of(-500));
	assert_non_null(strstr(world.err, "no kind of line"));
	assert_ctl(&world, 1, "money match classify %s interest --why so --hospital HZ1 --who li", line_of(-500));
	assert_non_null(strstr(world.err, "went out"));
	assert_ctl(&world, 2, "money match classify %s bank-fee --hospital HZ1 --who li", line_of(-500));
	classify(-500, "bank-fee");
	classify(-2500, "bank-fee");
	classify(33, "interest");
	classify(1234, "other-income");
	assert_ctl(
		&world, 1, "money match classify %s bank-fee 30.01 --why so --hospital HZ1 --who li", line_of(-3000));
	assert_non_null(strstr(world.err, "not as much"));
	assert_ctl(&world, 0, "money match classify %s bank-fee 5 --why so --hospital HZ1 --who li", line_of(-3000));
	classify(-3000, "other-cost");
	assert_ctl(&world, 1, "money match classify %s other-cost --why so --hospital HZ1 --who li", line_of(-3000));

	/* A transfer has two lines, which come to the same. */
	no_transfer(-40000, 10000, "come to the same");
	no_transfer(-71000, 40000, "come to the same");
	no_transfer(-71000, -40000, "one comes in");
	world_sql(&world, "UPDATE zhifu.suspense SET held = 1 WHERE open_minor = -40000");
	no_transfer(-40000, 40000, "is held");
	world_sql(&world,
		"UPDATE zhifu.suspense SET held = 0; UPDATE zhifu.match_item SET booked_day = '2025-11-27' WHERE open_minor = 40000");
	no_transfer(-40000, 40000, "ten days");
	world_sql(&world, "UPDATE zhifu.match_item SET booked_day = '2025-11-17' WHERE open_minor = 40000");
	assert_ctl(&world, 0, "money match transfer %s --why 'to the wages account' --hospital HZ1 --who li",
		line_of(40000));
	assert_ctl(&world, 0, "money match transfer %s %s --why 'dollars for abroad' --hospital HZ1 --who li",
		line_of(-71000), line_of(10000));
	assert_int_equal(count("suspense"), 0);
	assert_int_equal(carried("FEE", "2025-11-30"), 3550 + 2500 + 500);
	assert_int_equal(carried("INTEREST", "2025-11-30"), -234);
	assert_int_equal(carried("REV-OTH", "2025-11-30"), -1234);
	assert_int_equal(carried("COST-OTH", "2025-11-30"), 2500);
	assert_int_equal(carried("FX", "2025-11-30"), 71000 - 70900);
	assert_int_equal(carried("SUSP", "2025-11-30"), 0);
	assert_int_equal(carried("CONV", "2025-11-30"), 0);
	assert_int_equal(carried("FEE", "2025-11-10"), 3550 + 2500); /* the day on which the bank took it */

	/* Undone it waits again, and is booked again not before that. */
	snprintf(sql, sizeof(sql), "SELECT allocation_id::text FROM zhifu.allocation WHERE line_id = '%s'",
		line_of(10000));
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(world.db, sql, NULL, &rows), 0);
	assert_ctl(&world, 0, "money match undo %s --why 'other dollars' --hospital HZ1 --who li",
		db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	assert_int_equal(count("suspense"), 2);
	assert_int_equal(carried("FX", "2099-01-01"), 0);
	assert_ctl(&world, 0, "money match transfer %s %s --why 'these after all' --hospital HZ1 --who li",
		line_of(10000), line_of(-71000));
	assert_int_equal(count("suspense"), 0);
	assert_int_equal(carried("FX", "2025-11-30"), 100);
	assert_int_equal(carried("FX", "2099-01-01"), 100);
	assert_ctl(&world, 0, "money match show %s --hospital HZ1", line_of(-71000));
	assert_non_null(strstr(world.out, "between own accounts"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	/* Nothing is booked so on accounts whose balance something else proves. */
	assert_int_not_equal(
		db_sync_script(world.db,
			"SELECT * FROM zhifu.match_classify('" HOSPITAL_A
			"', 'li', 'so', true, ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], '{0}', '{1}', '{1}', '{x}', '{AR-ALPHA}')"),
		0);
	assert_non_null(strstr(err_text(), "no account"));
}

/* In parts it comes to the same as at once: not a fen stays. */
static void parts_of_a_transfer_leave_nothing(void **state)
{
	static const struct {
		int64_t cny;
		const char *part;
	} parts[] = {{-23655, ":1000000"}, {-23648, ":1000001"}, {-23656, ""}};
	char dollars[UUID_TEXT_LEN];

	(void)state;
	statement("usd.sta", USD, 1, "251031USD1000,00", ":61:2511121112C100,01NTRFNONREF//T2\r\n", "251130USD1100,01");
	statement("cny.sta", CNY, 1, "251031CNY5000,00",
		":61:2511121112D236,55NTRFNONREF//T1\r\n:61:2511121112D236,48NTRFNONREF//T3\r\n"
		":61:2511121112D236,56NTRFNONREF//T4\r\n",
		"251130CNY4290,41");
	world_sql(&world, "SELECT * FROM zhifu.match_begin(1)");
	value("OPENING", "2025-10-31", "7.07");
	value("SUSP", "2025-11-12", "7.095"); /* 709.57 */
	snprintf(dollars, sizeof(dollars), "%s", line_of(10001));
	assert_ctl(
		&world, 0, "money match split %s 33.34 33.33 --why 'three transfers' --hospital HZ1 --who li", dollars);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		assert_ctl(&world, 0, "money match transfer %s%s %s --why 'dollars for abroad' --hospital HZ1 --who li",
			dollars, parts[i].part, line_of(parts[i].cny));
	assert_int_equal(count("suspense"), 0);
	assert_int_equal(carried("SUSP", "2025-11-30"), 0);
	assert_int_equal(carried("CONV", "2025-11-30"), 0);
	assert_int_equal(carried("FX", "2025-11-30"), 23655 + 23648 + 23656 - 70957);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

int main(void)
{
	int r = world_start(&world, "ctl_suspense");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	configure("");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(orders_take_from_suspense, begin),
		cmocka_unit_test_setup(an_order_is_cancelled, begin),
		cmocka_unit_test_setup(what_is_for_no_claim_finds_its_account, begin),
		cmocka_unit_test_setup(parts_of_a_transfer_leave_nothing, begin),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
