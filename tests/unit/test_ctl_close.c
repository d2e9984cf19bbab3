/* Closing a month through zhifuctl: scenarios S3 and S5 to the fen (a year earlier, so that they are over), what stands
 * in the way, the lock, and that a close happens once and whole or not at all. */
#include "close_world.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/point.h"

/* S5 up to the evening of November 30. */
static void november(void)
{
	char line[40];

	not_empty("{USD}");
	statement("nov.sta", USD, 1, "251031USD58930,45",
		":61:2511101110C700,00NTRFNONREF//D1\r\n:86:PAID TWICE\r\n"
		":61:2511271127C2300,00NTRFNONREF//A1\r\n:86:ALLIED HLTH LTD\r\n",
		"251130USD61930,45");
	value("SUSP", "2025-11-10", "7.09");
	value("SUSP", "2025-11-27", "7.105");
	owes(1, "C", "USD", 1420000, 10110400, "2025-05-14"); /* A: 200 days old */
	owes(2, "C", "USD", 305000, 2163975, "2025-10-20");
	owes(3, "C", "EUR", 560000, 4620000, "2025-10-20");
	owes(4, "C", "USD", 231500, 1648280, "2025-10-20"); /* N1 to N3 */
	owes(5, "C", "USD", 231500, 1648280, "2025-10-20");
	owes(6, "C", "USD", 232500, 1655400, "2025-10-20");
	owes(7, "B", "CNY", 10290000, 10290000, "2025-10-06"); /* E: owed in yuan, whatever it is paid in */
	/* The refund order of 11-30. */
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(world.db, "SELECT line_id::text FROM zhifu.suspense WHERE open_minor = 70000",
				 NULL, &rows),
		0);
	snprintf(line, sizeof(line), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	assert_ctl(&world, 0, "money order make %s 700.00 --day 2025-11-30 --why 'paid twice' --hospital HZ1 --who li",
		line);
	value("SUSP", "2025-11-30", "7.09");
	/* What makes the account's balance carried at 434,987.12. */
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, no + 10000, debit, credit, 0, currency, exponent, 41864562, book_day,"
		" 'value', NULL, source_id FROM zhifu.posting WHERE rule = 'bank_open'; DELETE FROM zhifu.posting_unvalued");
	assert_int_equal(carried("BANK-USD", "2025-11-30"), 43498712);
}

static void november_closes_to_the_fen(void **state)
{
	(void)state;
	november();
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30 --json");
	json_t *root = world_json(&world);
	json_t *proof = found(root, "accounts", "account", "USD");
	assert_string_equal(amount(proof, "statement"), "61930.45");
	assert_string_equal(amount(proof, "ordered"), "-700.00");
	assert_string_equal(amount(proof, "ledger"), "61230.45");
	assert_string_equal(json_string_value(json_object_get(proof, "proof")), "holds");
	assert_int_equal(json_array_size(json_object_get(root, "transit")), 1);
	json_decref(root);
	assert_ctl(&world, 0, "money account list --hospital HZ1");

	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1");
	assert_int_equal(count("period"), 0);
	assert_int_equal(count("revaluation"), 0);
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li --json");
	root = world_json(&world);
	assert_string_equal(amount(found(root, "revaluation", "account", "BANK-USD"), "difference"), "-863.23");
	assert_string_equal(amount(found(root, "revaluation", "account", "SUSP"), "difference"), "34.50");
	assert_string_equal(amount(root, "revaluation_net"), "-1142.63");
	assert_string_equal(amount(root, "provision"), "5033.90");
	assert_string_equal(
		json_string_value(json_object_get(found(root, "checks", "check", "suspense"), "state")), "report");
	assert_string_equal(
		json_string_value(json_object_get(found(root, "checks", "check", "overdue"), "state")), "report");
	json_decref(root);

	static const int64_t differences[] = {-42600, -1525, 33600, -6945, -6945, -6975};
	for (int i = 0; i < 6; i++)
		assert_int_equal(world_count(&world,
					 "SELECT closing_minor - carried_minor FROM zhifu.revaluation WHERE claim_id"
					 " = '019ab000-0000-7000-8000-00000000%04d'",
					 i + 1),
			differences[i]);
	assert_int_equal(carried("FX", "2025-11-30"), 114263);
	assert_int_equal(carried("BANK-USD", "2025-11-30"), 43412389);
	assert_int_equal(carried("SUSP", "2025-11-30"), -1630700);
	assert_int_equal(carried("PROV", "2025-12-31"), -503390);
	/* On the first of December receivables and suspense are what they were, the bank is not: 313.90 - 34.50 of
	 * 1,142.63. */
	assert_int_equal(carried("FX", "2025-12-01"), 114263 - 31390 + 3450);
	assert_int_equal(carried("SUSP", "2025-12-01"), -1634150);
	assert_int_equal(carried("BANK-USD", "2025-12-01"), 43412389);
	assert_int_equal(carried("AR-ALPHA", "2025-12-01"), carried("AR-ALPHA", "2025-11-29"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.conversion"), 8); /* one a difference */
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
	world_sql(&world, "UPDATE zhifu.posting SET credit = 'AR-PT' WHERE rule = 'provision'");
	assert_ctl(&world, 1, "money rules check --hospital HZ1");
	assert_non_null(strstr(world.out, "provision"));
	assert_ctl(&world, 0, "money rules list --zh");
	assert_non_null(strstr(world.out, "按账龄计提坏账准备"));
	assert_ctl(&world, 0, "money period show 2025-11 --hospital HZ1");
	assert_non_null(strstr(world.out, "100,678.00 CNY"));
}

/* The account's proof holds on each of some days, also on those between what was said and taken back. */
static void proof_holds(void)
{
	static const char *const days[] = {"2025-11-30", "2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04"};

	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		assert_ctl(&world, 0, "money account proof --hospital HZ1 --account USD --day %s", days[i]);
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --account USD");
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

/* It was not that line: the order is on its way again, until the bank debits it by another. */
static void another_line_debited_it(const char *debit)
{
	char order[40], other[40];

	snprintf(order, sizeof(order), "%s", world_text(&world, "SELECT order_id::text FROM zhifu.bank_order"));
	assert_ctl(&world, 2, "money order unclear %s --hospital HZ1 --who li", order);
	assert_ctl(&world, 0, "money order unclear %s --why 'that was for another' --hospital HZ1 --who li", order);
	assert_string_equal(world_undone(&world, "order_clearing"), "SUSP BANK-USD 70000 USD 495600");
	assert_ctl(&world, 1, "money order unclear %s --why again --hospital HZ1 --who li", order);
	assert_string_equal(
		world_text(&world, "SELECT line_id::text FROM zhifu.suspense WHERE open_minor = -70000"), debit);
	assert_ctl(&world, 0, "money order list --hospital HZ1");
	assert_non_null(strstr(world.out, order));
	proof_holds();
	/* By the same line after all, and not: */
	assert_ctl(&world, 0, "money order clear %s %s --hospital HZ1 --who li", order, debit);
	proof_holds();
	assert_ctl(&world, 0, "money order unclear %s --why 'no' --hospital HZ1 --who li", order);
	statement("dec2.sta", USD, 3, "251202USD61225,45", ":61:2512031203D700,00NTRFNONREF//R2\r\n",
		"251203USD60525,45");
	value("SUSP", "2025-12-03", "7.08");
	snprintf(other, sizeof(other), "%s",
		world_text(&world,
			"SELECT line_id::text FROM zhifu.suspense WHERE open_minor = -70000 AND line_id <> '%s'",
			debit));
	assert_ctl(&world, 0, "money order clear %s %s --hospital HZ1 --who li", order, other);
	proof_holds();
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.order_clearing WHERE undone_by = 'li'"), 2);
	assert_int_equal(count("suspense"), 3); /* what came, and two that went out */
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

static void a_closed_month_stays_closed(void **state)
{
	char debit[40];

	(void)state;
	november();
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who wang");
	assert_non_null(strstr(world.out, "by li"));
	assert_ctl(&world, 1, "money close 2025-10 --hospital HZ1 --who wang"); /* it went with it */
	assert_ctl(&world, 2, "money close --undo 2025-11 --hospital HZ1 --who li");
	assert_non_null(strstr(world.err, "never opened again"));
	assert_ctl(&world, 1, "money close 2026-01 --hospital HZ1 --who li --zh");
	assert_non_null(strstr(world.out, "2025-12"));
	assert_ctl(&world, 0, "money period list --hospital HZ1");
	assert_non_null(strstr(world.out, "-1,142.63 CNY"));
	assert_int_equal(count("period"), 1);

	/* Nobody posts into it, whoever forgets to ask. */
	assert_int_not_equal(
		db_sync_script(world.db,
			"SET ROLE zhifu_writer; INSERT INTO zhifu.posting SELECT hospital_id, gen_random_uuid(), no, debit, credit, amount_minor,"
			" currency, exponent, book_minor, '2025-11-30', rule, claim_id, source_id FROM zhifu.posting WHERE rule = 'bill'"),
		0);
	assert_non_null(strstr(err_text(), "closed"));
	world_sql(&world, "ROLLBACK; RESET ROLE");
	/* What the bank tells late is posted on the first open day: the bank has it and we later. */
	statement("dec.sta", USD, 2, "251130USD61930,45",
		":61:2511301130D5,00NCHGNONREF//F1\r\n:61:2512021202D700,00NTRFNONREF//R1\r\n", "251202USD61225,45");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.posting WHERE book_day = '2025-12-01' AND amount_minor = 500"),
		1);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.bank_line WHERE booked_day = '2025-11-30'"), 1);
	/* The order is debited: neither in transit nor in suspense any more. */
	value("SUSP", "2025-12-01", "7.09");
	value("SUSP", "2025-12-02", "7.08");
	struct pg_result *rows = NULL;
	assert_int_equal(
		db_sync_query(world.db,
			"SELECT u.line_id::text, o.order_id::text FROM zhifu.suspense u, zhifu.bank_order o WHERE u.open_minor = -70000",
			NULL, &rows),
		0);
	snprintf(debit, sizeof(debit), "%s", db_rows_text(rows, 0, 0));
	assert_ctl(&world, 0, "money order clear %s %s --hospital HZ1 --who li", db_rows_text(rows, 0, 1), debit);
	assert_ctl(&world, 1, "money order clear %s %s --hospital HZ1 --who li", db_rows_text(rows, 0, 1), debit);
	db_sync_rows_free(rows);
	assert_ctl(&world, 0, "money account proof --hospital HZ1");
	assert_non_null(strstr(world.out, "61,225.45 USD"));
	assert_ctl(&world, 0, "money account proof --hospital HZ1 --day 2025-11-30");
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	/* Its 700.00 left the account at what they were ordered at. */
	assert_int_equal(carried("BANK-USD", "2025-12-31"), 43412389 - 3545);
	another_line_debited_it(debit);
}

static void red_is_not_closed(void **state)
{
	(void)state;
	not_empty("{USD}");
	statement("nov.sta", USD, 1, "251031USD100,00", ":61:2511271127C2300,00NTRFNONREF//A1\r\n", "251127USD2400,00");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who li --json");
	json_t *root = world_json(&world);
	assert_string_equal(
		json_string_value(json_object_get(found(root, "checks", "check", "rate_missing"), "state")), "red");
	json_decref(root);
	assert_int_equal(count("period"), 0);
	value("SUSP", "2025-11-27", "7.1");
	value("OPENING", "2025-10-31", "7.07");
	assert_ctl(&world, 0,
		"money account confirm USD 2400.00 --day 2025-11-30 --why e-banking --hospital HZ1 --who li");
	assert_ctl(&world, 0, "money close 2025-11 --check --hospital HZ1");
	/* A gap. */
	statement("later.sta", USD, 3, "251129USD2500,00", "", "251130USD2500,00");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who li");
	assert_non_null(strstr(world.out, "RED"));
	assert_non_null(strstr(world.out, "ask the bank"));
	assert_ctl(&world, 1, "money close 2025-11 --check --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "不通过"));
	assert_ctl(&world, 1, "money account proof --hospital HZ1 --day 2025-11-30");
	assert_non_null(strstr(world.out, "DIFFERS"));
	/* A bill that waits for the rate by which it is owed. */
	owes(1, "C", "CNY", 100000, 100000, "2025-11-03");
	world_sql(&world, "INSERT INTO zhifu.receivable_wait (hospital_id, claim_id) VALUES ('" HOSPITAL_A
			  "', '019ab000-0000-7000-8000-000000000001')");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --check --json");
	root = world_json(&world);
	assert_string_equal(
		json_string_value(json_object_get(found(root, "checks", "check", "receivable_waiting"), "state")),
		"red");
	json_decref(root);
	world_sql(&world, "TRUNCATE zhifu.receivable_wait");
	/* The database refuses it as well. */
	assert_int_not_equal(
		db_sync_script(world.db,
			"SET zhifu.hospital_id = '" HOSPITAL_A
			"'; SET ROLE zhifu_operator; SELECT zhifu.period_close('" HOSPITAL_A
			"', '2025-11-30', gen_random_uuid(), '{}', 2::smallint, '[]', 3, '[]', 0::smallint, 'li')"),
		0);
	assert_non_null(strstr(err_text(), "cannot be closed"));
	world_sql(&world, "ROLLBACK; RESET ROLE");
	/* A month that is not over. */
	assert_ctl(&world, 1, "money close 2099-01 --hospital HZ1 --who li");
	assert_ctl(&world, 2, "money close 2025-13 --hospital HZ1 --who li");
	assert_ctl(&world, 2, "money close --hospital HZ1 --who li");
	assert_int_equal(count("period"), 0);
}

/* The closing rate is missing, or another one is given for it. */
static void rates_are_checked(void **state)
{
	(void)state;
	owes(1, "C", "GBP", 100000, 950000, "2025-11-03");
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who li --json");
	json_t *root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "faults")), 2); /* one a source */
	json_decref(root);
	world_sql(&world, "TRUNCATE zhifu.posting, zhifu.receivable CASCADE");
	owes(1, "C", "USD", 100000, 710000, "2025-11-03");
	for (int i = 0; i < 2; i++) {
		char sql[640];

		snprintf(sql, sizeof(sql),
			"SET zhifu.hospital_id = '" HOSPITAL_A
			"'; SET ROLE zhifu_operator; SELECT zhifu.period_close('" HOSPITAL_A
			"', '2025-11-30', gen_random_uuid(), (SELECT jsonb_build_object('USD', jsonb_build_array(jsonb_build_array(rate_id, true)))"
			" FROM zhifu.rate WHERE base = '%s' AND day = '2025-11-30'), 2::smallint, '%s', 3, '[]', 0::smallint, 'li')",
			i == 0 ? "EUR" : "USD",
			i == 0 ? "[]"
			       : "[{\"account\": \"AR-ALPHA\", \"claim\": \"019ab000-0000-7000-8000-000000000001\", \"currency\": \"USD\","
				 " \"closing\": 709001}]");
		assert_int_not_equal(db_sync_script(world.db, sql), 0);
		assert_non_null(strstr(err_text(), i == 0 ? "not of USD" : "not revalued as its rates say"));
		world_sql(&world, "ROLLBACK; RESET ROLE");
	}
	assert_int_equal(count("revaluation"), 0);
}

/* S3: both contracts that end in dollars. */
static void october_and_the_sale(const char *received, const char *proceeds, const char *loss, int64_t usd_minor)
{
	char text[256], out[40], in[40];

	snprintf(text, sizeof(text), ":61:2510301030C%s,%02dNTRFNONREF//A1\r\n", received, (int)(usd_minor % 100));
	char closing[64];
	snprintf(closing, sizeof(closing), "251031USD%s,%02d", received, (int)(usd_minor % 100));
	statement("oct.sta", USD, 1, "251001USD0,00", text, closing);
	value("SUSP", "2025-10-30", "7.07");
	assert_ctl(&world, 0, "money close 2025-10 --hospital HZ1 --who li --json");
	/* 10-31 takes 10-30's parity. */
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.revaluation WHERE account = 'BANK-USD' AND closing_minor = carried_minor"),
		1);
	snprintf(text, sizeof(text), ":61:2511031103D%s,%02dNTRFNONREF//S1\r\n", received, (int)(usd_minor % 100));
	statement("nov.sta", USD, 2, closing, text, "251103USD0,00");
	snprintf(text, sizeof(text), ":61:2511031103C%sNTRFNONREF//S2\r\n", proceeds);
	snprintf(closing, sizeof(closing), "251103CNY%s", proceeds);
	statement("cny.sta", CNY, 1, "251102CNY0,00", text, closing);
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(world.db,
				 "SELECT (SELECT line_id::text FROM zhifu.suspense WHERE open_minor < 0),"
				 " (SELECT line_id::text FROM zhifu.suspense WHERE currency = 'CNY')",
				 NULL, &rows),
		0);
	snprintf(out, sizeof(out), "%s", db_rows_text(rows, 0, 0));
	snprintf(in, sizeof(in), "%s", db_rows_text(rows, 0, 1));
	db_sync_rows_free(rows);
	assert_ctl(&world, 1, "money sale %s %s --hospital HZ1 --who li", out, in); /* no value yet */
	/* Another rate of the day than it is carried at: what the sale brings does not depend on it. */
	value("SUSP", "2025-11-03", "7.05");
	assert_ctl(&world, 1, "money sale %s %s --hospital HZ1 --who li", in, out);
	assert_ctl(&world, 0, "money sale %s %s --hospital HZ1 --who li --json", out, in);
	json_t *root = world_json(&world);
	assert_string_equal(amount(root, "loss"), loss);
	assert_string_equal(json_string_value(json_object_get(root, "price")), "7.052000");
	json_decref(root);
	assert_int_equal(carried("BANK-USD", "2025-12-31"), 0);
	assert_int_equal(carried("CONV", "2025-12-31"), 0);
	assert_int_equal(count("suspense"), 1); /* what came in in October */
	assert_ctl(&world, 1, "money sale %s %s --hospital HZ1 --who li", out, in);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

static void contract_b(void **state)
{
	(void)state;
	owes(1, "B", "CNY", 10290000, 10290000, "2025-10-06");
	october_and_the_sale("14517", "102374,66", "261.31", 1451711);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.revaluation WHERE claim_id IS NOT NULL"), 0);
}

static void contract_c(void **state)
{
	(void)state;
	owes(1, "C", "USD", 1450317, 10290000, "2025-10-06");
	october_and_the_sale("14478", "102100,05", "260.61", 1447817);
	assert_int_equal(world_count(&world, "SELECT closing_minor FROM zhifu.revaluation WHERE claim_id IS NOT NULL"),
		10253741);
	assert_int_equal(carried("AR-ALPHA", "2025-10-31"), 10253741);
	assert_int_equal(carried("AR-ALPHA", "2025-11-01"), 10290000);
}

/* What a sale of 500.00 and its price in yuan come to. */
static void sells_five_hundred(const char *loss)
{
	assert_ctl(&world, 0, "money sale %s %s --hospital HZ1 --who li --json",
		world_text(&world, "SELECT line_id::text FROM zhifu.suspense WHERE open_minor = -50000"),
		world_text(&world,
			"SELECT line_id::text FROM zhifu.suspense WHERE currency = 'CNY' AND open_minor = 352600"));
	json_t *root = world_json(&world);
	assert_string_equal(amount(root, "loss"), loss);
	json_decref(root);
}

static const char *standing_sale(int64_t sold_minor)
{
	return world_text(&world,
		"SELECT sale_id::text FROM zhifu.currency_sale WHERE sold_minor = %jd AND undone_entry IS NULL",
		(intmax_t)sold_minor);
}

/* The later one first; both lines wait again, and the same sale comes to the same. */
static void a_sale_is_undone(void **state)
{
	char first[40], second[40];

	(void)state;
	owes(1, "C", "USD", 1450317, 10290000, "2025-10-06");
	october_and_the_sale("14478", "102100,05", "260.61", 1447817);
	assert_int_equal(carried("FX", "2099-12-31") - carried("FX", "2025-11-02"), 26061);
	statement("nov2.sta", USD, 3, "251103USD0,00",
		":61:2511041104C1000,00NTRFNONREF//A2\r\n:61:2511051105D500,00NTRFNONREF//S3\r\n", "251105USD500,00");
	statement("cny2.sta", CNY, 2, "251103CNY102100,05", ":61:2511051105C3526,00NTRFNONREF//S4\r\n",
		"251105CNY105626,05");
	value("SUSP", "2025-11-04", "7.06");
	value("SUSP", "2025-11-05", "7.05");
	sells_five_hundred("4.00"); /* 3,530.00 that brought 3,526.00 */
	snprintf(first, sizeof(first), "%s", standing_sale(1447817));
	snprintf(second, sizeof(second), "%s", standing_sale(50000));
	assert_ctl(&world, 2, "money sale undo %s --hospital HZ1 --who li", first);
	assert_ctl(&world, 1, "money sale undo %s --why 'wrong line' --hospital HZ1 --who li", first);
	assert_non_null(strstr(world.err, second));
	assert_ctl(&world, 0, "money sale undo %s --why 'wrong line' --hospital HZ1 --who li", second);
	assert_string_equal(world_undone(&world, "currency_sale"),
		"SUSP CONV 50000 USD 352500; CONV SUSP 352600 CNY 352600; BANK-USD CONV 0 USD 500; CONV FX 400 CNY 400");
	assert_ctl(&world, 1, "money sale undo %s --why again --hospital HZ1 --who li", second);
	assert_ctl(&world, 0, "money sale undo %s --why 'wrong line' --hospital HZ1 --who li", first);
	assert_int_equal(count("suspense"), 6);
	assert_int_equal(carried("FX", "2099-12-31"), carried("FX", "2025-11-02"));
	assert_int_equal(carried("CONV", "2099-12-31"), 0);
	/* On no day less or more stands in suspense than the lines brought. */
	assert_int_equal(carried("SUSP", "2025-11-05"), carried("SUSP", "2025-11-02") - 706000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money sale %s %s --hospital HZ1 --who li --json",
		world_text(&world, "SELECT line_id::text FROM zhifu.suspense WHERE open_minor = -1447817"),
		world_text(&world,
			"SELECT line_id::text FROM zhifu.suspense WHERE currency = 'CNY' AND open_minor = 10210005"));
	json_t *root = world_json(&world);
	assert_string_equal(amount(root, "loss"), "260.61");
	json_decref(root);
	sells_five_hundred("4.00");
	assert_int_equal(carried("FX", "2099-12-31") - carried("FX", "2025-11-02"), 26461);
	assert_int_equal(carried("BANK-USD", "2099-12-31"), 353000);
	assert_int_equal(carried("SUSP", "2025-11-05"), carried("SUSP", "2025-11-02") - 706000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}

/* Provided for as it grows older, and released when it is paid. */
static void provision_follows_age(void **state)
{
	(void)state;
	owes(1, "A", "CNY", 100000, 100000, "2025-06-30");
	assert_ctl(&world, 0, "money close 2025-08 --hospital HZ1 --who li");
	assert_int_equal(carried("PROV", "2025-12-31"), 0);
	assert_ctl(&world, 0, "money close 2025-09 --hospital HZ1 --who li");
	assert_int_equal(carried("PROV", "2025-12-31"), -5000);
	assert_ctl(&world, 0, "money close 2025-10 --hospital HZ1 --who li");
	assert_int_equal(carried("PROV", "2025-12-31"), -5000);
	assert_int_equal(count("provision"), 1);
	world_sql(&world,
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, amount_minor, currency, exponent, book_minor, '2025-11-05',"
		" rule, claim_id, source_id FROM zhifu.posting WHERE rule = 'bill';"
		"UPDATE zhifu.receivable SET open_minor = 0, standing = 2");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_int_equal(carried("PROV", "2025-12-31"), 0);
}

/* Where nothing is taken back, the next close begins where the last one ended, and what is gone takes its difference
 * with it. */
static void what_stays_is_taken_back_when_it_is_gone(void **state)
{
	(void)state;
	configure("revaluation_reverts = [];\nprovision_bands = [ \"1: 0.5\" ];\n");
	owes(1, "C", "USD", 100000, 712000, "2025-10-06");
	assert_ctl(&world, 0, "money close 2025-10 --hospital RY2 --who li"); /* of another hospital */
	assert_ctl(&world, 0, "money close 2025-10 --hospital HZ1 --who li");
	assert_int_equal(carried("AR-ALPHA", "2025-11-01"), 707000);
	assert_int_equal(carried("PROV", "2025-11-01"), -3535);
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_int_equal(carried("AR-ALPHA", "2025-12-01"), 709000);
	assert_int_equal(carried("FX", "2025-12-01"), 3000);
	assert_int_equal(carried("PROV", "2025-12-01"), -3545);
	assert_ctl(&world, 2, "money close 2025-12 --hospital HZ1 --check --who li --nothing");
	configure("provision_bands = [ \"91: 5\", \"30: 1\" ];\n");
	(void)ctl(&world, "money period list --hospital HZ1");
	assert_non_null(strstr(world.err, "is not behind the one before it"));
	configure("provision_bands = [ \"91 5\" ];\nrevaluation_reverts = [ \"cash\" ];\n");
	(void)ctl(&world, "money period list --hospital HZ1");
	assert_non_null(strstr(world.err, "DAYS: PER CENT"));
	assert_non_null(strstr(world.err, "none of receivable, suspense, bank"));
	configure("revaluation_reverts = [];\n");
	world_sql(&world,
		"DELETE FROM zhifu.period WHERE last_day = '2025-11-30' AND hospital_id = '" HOSPITAL_A
		"'; DELETE FROM zhifu.posting WHERE book_day = '2025-11-30'; DELETE FROM zhifu.revaluation WHERE last_day = '2025-11-30';"
		"INSERT INTO zhifu.posting SELECT hospital_id, entry_id, 2, credit, debit, amount_minor, currency, exponent, book_minor, '2025-11-05',"
		" rule, claim_id, source_id FROM zhifu.posting WHERE rule = 'bill';"
		"UPDATE zhifu.receivable SET open_minor = 0, standing = 2");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_int_equal(carried("AR-ALPHA", "2025-12-01"), 0);
	assert_int_equal(carried("PROV", "2025-12-01"), 0);
}

/* What was paid too much is owed in dollars. */
static void over_payments_are_liabilities(void **state)
{
	(void)state;
	world_sql(&world,
		"INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
		"', gen_random_uuid(), 1, 'FX', 'OVERPAID-ALPHA', 10000, 'USD', 2, 71200, '2025-11-05',"
		" 'over_decided', '019ab000-0000-7000-8000-000000000002', '019ab000-0000-7000-8000-000000000002')");
	owes(1, "C", "USD", 100000, 712000, "2025-05-14");
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_int_equal(carried("PROV", "2025-11-30"), -35450);
	assert_int_equal(carried("OVERPAID-ALPHA", "2025-11-30"), -70900);
	assert_int_equal(carried("OVERPAID-ALPHA", "2025-12-01"), -71200);
	assert_int_equal(carried("AR-ALPHA", "2025-11-30"), 709000);
}

static void two_at_once_are_one(void **state)
{
	char line[2048];

	(void)state;
	november();
	snprintf(line, sizeof(line),
		"for i in 1 2 3; do ( '%s' --config '%s/zhifud.conf' money close 2025-11 --hospital HZ1 --who li$i >/dev/null 2>&1;"
		" echo $? >\"%s/rc$i\" ) & done; wait; test \"$(cat '%s'/rc[123] | sort | tr -d '\\n')\" = 011",
		world.program, world.folder, world.folder, world.folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(count("period"), 1);
	assert_int_equal(carried("FX", "2025-11-30"), 114263);
}

/* Looks until the query's number is not 0; 20 s at most. */
static void until(const char *query)
{
	int64_t end_ms = clock_mono_ms() + 20000;

	while (world_count(&world, "%s", query) == 0)
		if (clock_mono_ms() > end_ms) fail_msg("still 0 after 20 s: %s", query);
}

/* Killed while the database is in the middle of it. */
static void killed_it_has_done_nothing(void **state)
{
	(void)state;
	november();
	int64_t postings = count("posting");
	world_sql(&world, "BEGIN; LOCK TABLE zhifu.operator_act IN ACCESS EXCLUSIVE MODE");
	pid_t pid = fork();
	if (pid == 0) {
		char config[128];

		snprintf(config, sizeof(config), "%s/zhifud.conf", world.folder);
		execl(world.program, world.program, "--config", config, "money", "close", "2025-11", "--hospital",
			"HZ1", "--who", "li", (char *)NULL);
		_exit(127);
	}
	while (world_count(&world, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	world_sql(&world, "ROLLBACK");
	until("SELECT (count(*) = 0)::int FROM pg_locks WHERE locktype = 'advisory'");
	assert_int_equal(count("posting"), postings);
	assert_int_equal(count("period"), 0);
	assert_int_equal(count("revaluation"), 0);
	assert_ctl(&world, 0, "money close 2025-11 --hospital HZ1 --who li");
	assert_int_equal(carried("FX", "2025-11-30"), 114263);
}

#ifdef ZHIFU_POINTS
/* Arms a point: the next process that comes by is killed there. */
static void point_arm(const char *name)
{
	struct point row = {.action = POINT_KILL, .left = 1};
	char path[128];

	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(path, sizeof(path), "%s/points", world.folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(&row, sizeof(row), 1, file), 1);
	assert_int_equal(fclose(file), 0);
}

static void close_is_killed(void)
{
	char line[1024];

	snprintf(line, sizeof(line),
		"ZHIFU_POINTS='%s/points' '%s' --config '%s/zhifud.conf' money close 2025-11 --hospital HZ1 --who li"
		" >/dev/null 2>&1; test $? = 137",
		world.folder, world.program, world.folder);
	assert_int_equal(system(line), 0);
	until("SELECT (count(*) = 0)::int FROM pg_locks WHERE locktype = 'advisory'");
}

/* At its last moment before the month is locked, and at the first after it, when nobody has been told. */
static void killed_around_its_commit(void **state)
{
	(void)state;
	november();
	int64_t postings = count("posting");
	point_arm("close.before_commit");
	close_is_killed();
	assert_int_equal(count("posting"), postings);
	assert_int_equal(count("period"), 0);
	assert_int_equal(count("revaluation") + count("provision") + count("conversion"), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'period.close'"), 0);
	point_arm("close.after_commit");
	close_is_killed();
	assert_int_equal(count("period"), 1);
	assert_int_equal(count("revaluation"), 8);
	assert_int_equal(carried("FX", "2025-11-30"), 114263);
	assert_int_equal(carried("PROV", "2025-12-31"), -503390);
	postings = count("posting");
	/* Whoever asks again is told, and nothing is done twice. */
	assert_ctl(&world, 1, "money close 2025-11 --hospital HZ1 --who wang");
	assert_non_null(strstr(world.out, "by li"));
	assert_int_equal(count("posting"), postings);
	assert_int_equal(count("period"), 1);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check");
}
#else
/* A build for use has no points. */
static void killed_around_its_commit(void **state)
{
	(void)state;
	skip();
}
#endif

/* Whoever posts into the past is waited for, and what is posted meanwhile waits. */
static void a_close_waits_for_who_posts(void **state)
{
	char line[1024];

	(void)state;
	november();
	world_sql(&world, "BEGIN; SELECT zhifu.books_day('" HOSPITAL_A "', '2025-11-29')");
	snprintf(line, sizeof(line),
		"'%s' --config '%s/zhifud.conf' money close 2025-11 --hospital HZ1 --who li >'%s/out' 2>&1 &",
		world.program, world.folder, world.folder);
	assert_int_equal(system(line), 0);
	until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
	assert_int_equal(count("period"), 0);
	world_sql(&world, "COMMIT");
	until("SELECT count(*) FROM zhifu.period");
	assert_int_equal(world_count(&world,
				 "SELECT (zhifu.books_day('" HOSPITAL_A "', '2025-11-29') = '2025-12-01')::int::int8"),
		1);
}

int main(void)
{
	int r = world_start(&world, "ctl_close");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	configure("");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(november_closes_to_the_fen, begin),
		cmocka_unit_test_setup(a_closed_month_stays_closed, begin),
		cmocka_unit_test_setup(red_is_not_closed, begin),
		cmocka_unit_test_setup(rates_are_checked, begin),
		cmocka_unit_test_setup(contract_b, begin),
		cmocka_unit_test_setup(contract_c, begin),
		cmocka_unit_test_setup(a_sale_is_undone, begin),
		cmocka_unit_test_setup(provision_follows_age, begin),
		cmocka_unit_test_setup_teardown(what_stays_is_taken_back_when_it_is_gone, begin, configured_as_before),
		cmocka_unit_test_setup(over_payments_are_liabilities, begin),
		cmocka_unit_test_setup(two_at_once_are_one, begin),
		cmocka_unit_test_setup(killed_it_has_done_nothing, begin),
		cmocka_unit_test_setup(killed_around_its_commit, begin),
		cmocka_unit_test_setup(a_close_waits_for_who_posts, begin),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
