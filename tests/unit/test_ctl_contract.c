/* zhifuctl money contract and money price over a real database: all of a file or nothing, no two contracts with a
 * carrier on one day, a new version from a day on, the edges of validity, and two who change at once. */
#include <pthread.h>

#include "ctl_world.h"

static struct ctl_world world;

static int contracts_begin(void **state)
{
	(void)state;
	world_sql(&world, "DELETE FROM zhifu.contract; DELETE FROM zhifu.price; DELETE FROM zhifu.price_list;"
			  " DELETE FROM zhifu.operator_act");
	return 0;
}

/* A contract in a file of the world: `more` is what follows the kind. */
static void contract_file(const char *file, const char *name, const char *carrier, const char *from, const char *to)
{
	char text[1024];
	snprintf(text, sizeof(text),
		"{\"name\":\"%s\",\"valid_from\":\"%s\"%s%s%s,\"parties\":{\"carrier\":\"%s\"},\"owed\":{\"kind\":\"A\"}}",
		name, from, to != NULL ? ",\"valid_to\":\"" : "", to != NULL ? to : "", to != NULL ? "\"" : "",
		carrier);
	world_file(&world, file, text, 0600);
}

#define put(want, file, more)                                                                                          \
	assert_ctl(&world, want, "money contract put '%s/%s' --hospital HZ1 --who li --why signed %s", world.folder,   \
		file, more)

static int64_t versions(void)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.contract");
}

/* Which version counts on a day with a carrier, 0 for none: by the function that the books use. */
static int64_t of(const char *carrier, const char *day)
{
	return world_count(&world,
		"SELECT coalesce((SELECT version FROM zhifu.contract_of('" HOSPITAL_A "', '%s', '%s')), 0)::int8",
		carrier, day);
}

static const char *json_text(json_t *value, const char *key)
{
	return json_string_value(json_object_get(value, key));
}

/* The n-th row of contracts of the last --json. */
static json_t *row_of(json_t *answer, size_t n)
{
	json_t *row = json_array_get(json_object_get(answer, "contracts"), n);
	assert_non_null(row);
	return row;
}

/* ---- put ---- */

static void samples_are_stored(void **state)
{
	(void)state;
	static const char *const files[] = {"alpha", "beta", "gamma", "meridian"};
	for (int i = 0; i < 4; i++) {
		assert_ctl(&world, 0,
			"money contract put conf/contracts/%s.json --hospital HZ1 --who li --why 'as signed' --json",
			files[i]);
		json_t *answer = world_json(&world);
		assert_true(json_is_true(json_object_get(answer, "stored")));
		assert_string_equal(json_text(row_of(answer, 0), "outcome"), "stored");
		assert_int_equal(json_integer_value(json_object_get(row_of(answer, 0), "version")), 1);
		json_decref(answer);
	}
	assert_int_equal(versions(), 5);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'contract.put' AND who = 'li' "
				    "AND why = 'as signed' AND hospital_id = '" HOSPITAL_A "'"),
		5);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.contract WHERE remitter = 'Meridian Health Care'"), 2);
	/* Once more it is nothing new, and no act. */
	assert_ctl(&world, 0,
		"money contract put conf/contracts/meridian.json --hospital HZ1 --who li --why again --json");
	json_t *answer = world_json(&world);
	assert_string_equal(json_text(row_of(answer, 1), "outcome"), "known");
	json_decref(answer);
	assert_int_equal(versions(), 5);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act"), 5);
	/* The day on which one takes over from the other. */
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM zhifu.contract_of('" HOSPITAL_A
				 "', 'alpha', '2026-12-31') WHERE name = 'Alpha direct billing 2026' AND kind = 'C'"),
		1);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.contract_of('" HOSPITAL_A
			"', 'alpha', '2027-01-01') WHERE name = 'Alpha through Meridian' AND counts_to IS NULL"),
		1);
	assert_int_equal(of("alpha", "2025-12-31"), 0);
}

static void faults_are_told_at_once(void **state)
{
	(void)state;
	world_file(&world, "bad.json",
		"[{\"name\":\"X\",\"valid_from\":\"2026-02-30\",\"parties\":{\"carrier\":\"nobody\"},\"owed\":{\"kind\":\"A\"}},"
		"{\"name\":\"Y\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"alpha\"},\"owed\":{\"kind\":\"B\"}}]",
		0600);
	put(1, "bad.json", "");
	assert_non_null(strstr(world.err, "bad.json:[0].valid_from: \"2026-02-30\" is no day as 2026-01-31."));
	assert_non_null(strstr(world.err, "bad.json:[1].owed: A contract of kind B needs \"pay_currency\"."));
	assert_non_null(strstr(world.err, "nothing of it is stored"));
	put(1, "bad.json", "--json --zh");
	json_t *answer = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(answer, "faults")), 3);
	assert_true(json_is_false(json_object_get(answer, "stored")));
	json_decref(answer);
	put(1, "bad.json", "--zh");
	assert_non_null(strstr(world.err, "不是 2026-01-31 形式的有效日期"));
	/* Who bears the risk must be known to claims; who else takes part may be anybody. */
	contract_file("x.json", "X", "nobody", "2026-01-01", NULL);
	put(1, "x.json", "");
	assert_non_null(strstr(world.err, "parties.carrier: No insurer with the code \"nobody\""));
	world_file(&world, "x.json",
		"{\"name\":\"X\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"alpha\",\"remitter\":\"zahlstelle\"},"
		"\"owed\":{\"kind\":\"A\"}}",
		0600);
	put(0, "x.json", "--check");
	assert_non_null(strstr(world.err, "parties.remitter: warning: No insurer"));
	assert_int_equal(versions(), 0);
	/* wrong usage */
	assert_ctl(&world, 2, "money contract put '%s/x.json' --hospital HZ1 --who li", world.folder);
	assert_ctl(&world, 2, "money contract put '%s/x.json' --who li --why x", world.folder); /* which hospital? */
	assert_ctl(&world, 1, "money contract put '%s/none.json' --hospital HZ1 --who li --why x", world.folder);
	assert_int_equal(versions(), 0);
}

static void check_stores_nothing(void **state)
{
	(void)state;
	contract_file("x.json", "X", "alpha", "2026-01-01", NULL);
	assert_ctl(&world, 0, "money contract put '%s/x.json' --hospital HZ1 --who li --check", world.folder);
	assert_non_null(strstr(world.out, "would be stored"));
	assert_int_equal(versions(), 0);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act"), 0);
	put(0, "x.json", "");
	contract_file("y.json", "Y", "alpha", "2026-06-01", NULL);
	put(1, "y.json", "--check"); /* what clashes is seen without storing */
	assert_int_equal(versions(), 1);
}

static void the_same_day_belongs_to_one(void **state)
{
	(void)state;
	contract_file("x.json", "Old", "alpha", "2026-01-01", "2026-06-30");
	put(0, "x.json", "");
	/* one day too many, on either side */
	contract_file("y.json", "New", "alpha", "2026-06-30", NULL);
	put(1, "y.json", "--json");
	json_t *answer = world_json(&world);
	assert_string_equal(json_text(row_of(answer, 0), "name"), "New");
	assert_string_equal(json_text(row_of(answer, 0), "outcome"), "clash");
	assert_string_equal(json_text(row_of(answer, 0), "other"), "Old");
	assert_string_equal(json_text(row_of(answer, 0), "other_from"), "2026-01-01");
	assert_string_equal(json_text(row_of(answer, 0), "other_to"), "2026-06-30");
	json_decref(answer);
	put(1, "y.json", "");
	assert_non_null(strstr(world.out, "New"));
	assert_non_null(strstr(world.out, "REFUSED: \"Old\" is in force with this carrier, 2026-01-01 to 2026-06-30"));
	put(1, "y.json", "--zh");
	assert_non_null(strstr(world.out, "拒绝:与该承保人已有合同“Old”生效(2026-01-01 至 2026-06-30)"));
	contract_file("y.json", "Before", "alpha", "2025-01-01", "2026-01-01");
	put(1, "y.json", "");
	contract_file("y.json", "Around", "alpha", "2025-01-01", NULL);
	put(1, "y.json", "");
	contract_file("y.json", "Inside", "alpha", "2026-03-01", "2026-03-01");
	put(1, "y.json", "");
	assert_int_equal(versions(), 1);
	/* side by side; with another carrier; in another hospital */
	contract_file("y.json", "New", "alpha", "2026-07-01", NULL);
	put(0, "y.json", "");
	contract_file("y.json", "Before", "alpha", "2025-01-01", "2025-12-31");
	put(0, "y.json", "");
	contract_file("y.json", "Beta's", "beta", "2026-01-01", NULL);
	put(0, "y.json", "");
	world_file(&world, "y.json",
		"{\"name\":\"Old\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"alpha\"},\"owed\":{\"kind\":\"A\"}}",
		0600);
	assert_ctl(&world, 0, "money contract put '%s/y.json' --hospital RY2 --who li --why x", world.folder);
	/* A file of two of which one clashes stores neither. */
	int64_t before = versions();
	world_file(&world, "y.json",
		"[{\"name\":\"G\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"gamma\"},\"owed\":{\"kind\":\"A\"}},"
		"{\"name\":\"H\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"gamma\"},\"owed\":{\"kind\":\"A\"}}]",
		0600);
	put(1, "y.json", "");
	assert_int_equal(versions(), before);
	/* One name, one carrier. */
	contract_file("y.json", "Old", "gamma", "2026-01-01", NULL);
	put(1, "y.json", "");
	assert_non_null(strstr(world.out, "it is with the carrier alpha"));
}

/* ---- versions ---- */

static void a_change_is_a_new_version(void **state)
{
	(void)state;
	contract_file("x.json", "X", "alpha", "2026-01-01", NULL);
	put(0, "x.json", "");
	contract_file("x.json", "X", "alpha", "2026-07-01", NULL);
	put(0, "x.json", "");
	assert_int_equal(of("alpha", "2025-12-31"), 0);
	assert_int_equal(of("alpha", "2026-01-01"), 1);
	assert_int_equal(of("alpha", "2026-06-30"), 1);
	assert_int_equal(of("alpha", "2026-07-01"), 2);
	assert_int_equal(of("alpha", "9999-12-31"), 2);
	/* One that begins earlier takes the place of both. */
	contract_file("x.json", "X", "alpha", "2026-04-01", "2026-12-31");
	put(0, "x.json", "");
	assert_int_equal(of("alpha", "2026-03-31"), 1);
	assert_int_equal(of("alpha", "2026-04-01"), 3);
	assert_int_equal(of("alpha", "2026-12-31"), 3);
	assert_int_equal(of("alpha", "2027-01-01"), 0); /* not the second again */
	/* Where it does not count another one may. */
	contract_file("y.json", "Y", "alpha", "2027-01-01", NULL);
	put(0, "y.json", "");
	/* And what it no longer counts on is free. */
	contract_file("x.json", "X", "alpha", "2026-04-01", "2027-01-01");
	put(1, "x.json", "");
	/* Nothing was ever changed. */
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.contract WHERE name = 'X' AND valid_to = 'infinity'"),
		2);
	assert_ctl(&world, 0, "money contract list --hospital HZ1 --json");
	json_t *answer = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(answer, "contracts")), 4);
	assert_string_equal(json_text(row_of(answer, 0), "counts_to"), "2026-03-31");
	assert_true(json_is_null(json_object_get(row_of(answer, 1), "counts_from")));
	assert_string_equal(json_text(row_of(answer, 2), "counts_from"), "2026-04-01");
	assert_true(json_is_null(json_object_get(row_of(answer, 3), "counts_to")));
	json_decref(answer);
	assert_ctl(&world, 0, "money contract list --day 2026-05-01");
	assert_non_null(strstr(world.out, "2026-04-01"));
	assert_null(strstr(world.out, "replaced"));
	assert_ctl(&world, 0, "money contract list --zh");
	assert_non_null(strstr(world.out, "已被取代"));
	assert_non_null(strstr(world.out, "无期限"));
}

static void a_contract_ends(void **state)
{
	(void)state;
	contract_file("x.json", "X", "alpha", "2026-01-01", NULL);
	put(0, "x.json", "");
	contract_file("x.json", "X", "alpha", "2026-07-01", NULL);
	put(0, "x.json", "");
	assert_ctl(
		&world, 0, "money contract end X --on 2026-09-30 --hospital HZ1 --who li --why 'given notice' --json");
	json_t *answer = world_json(&world);
	assert_string_equal(json_text(answer, "last_day"), "2026-09-30");
	assert_int_equal(json_integer_value(json_object_get(answer, "version")), 3);
	json_decref(answer);
	assert_int_equal(of("alpha", "2026-06-30"), 1);
	assert_int_equal(of("alpha", "2026-07-01"), 3);
	assert_int_equal(of("alpha", "2026-09-30"), 3);
	assert_int_equal(of("alpha", "2026-10-01"), 0);
	/* again: nothing new; later: too late; not there; no reason */
	assert_ctl(&world, 0, "money contract end X --on 2026-09-30 --hospital HZ1 --who li --why x");
	assert_ctl(&world, 1, "money contract end X --on 2026-10-01 --hospital HZ1 --who li --why x");
	assert_non_null(strstr(world.err, "2026-09-30"));
	assert_ctl(&world, 1, "money contract end Y --on 2026-10-01 --hospital HZ1 --who li --why x");
	assert_ctl(&world, 2, "money contract end X --on 2026-08-01 --hospital HZ1 --who li");
	assert_ctl(&world, 2, "money contract end X --hospital HZ1 --who li --why x");
	assert_int_equal(versions(), 3);
	/* Before a version begins that one never counts. */
	assert_ctl(&world, 0, "money contract end X --on 2026-03-31 --hospital HZ1 --who li --why x");
	assert_int_equal(of("alpha", "2026-03-31"), 4);
	assert_int_equal(of("alpha", "2026-04-01"), 0);
	assert_int_equal(of("alpha", "2026-07-01"), 0);
	/* What ended is read as any other, and its days are free. */
	assert_ctl(&world, 0, "money contract show X --hospital HZ1");
	contract_file("y.json", "Y", "alpha", "2026-04-01", NULL);
	put(0, "y.json", "");
	/* Withdrawn: it never counts, and its name can be used again. */
	assert_ctl(&world, 0, "money contract end Y --on 2026-03-31 --hospital HZ1 --who li --why 'never signed'");
	assert_int_equal(of("alpha", "2026-04-01"), 0);
	assert_ctl(&world, 1, "money contract end Y --on 2026-05-01 --hospital HZ1 --who li --why x");
	assert_non_null(strstr(world.err, "withdrawn"));
	assert_ctl(&world, 0, "money contract show Y --hospital HZ1");
	put(0, "y.json", "");
	assert_int_equal(of("alpha", "2026-04-01"), 3);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'contract.end'"), 3);
}

/* ---- show ---- */

static void a_contract_is_shown_in_words(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "money contract put conf/contracts/alpha.json --hospital HZ1 --who li --why 'as signed'");
	assert_ctl(&world, 0, "money contract show alpha --day 2026-11-20 --hospital HZ1");
	assert_non_null(strstr(world.out, "Alpha 健康保险 owes USD, fixed when billed at the central parity of the "
					  "invoice's day, and pays USD."));
	assert_non_null(strstr(world.out, "30 calendar days after the invoice"));
	assert_non_null(strstr(world.out, "25.00 USD, CITIUS33, seen 2 times"));
	assert_non_null(strstr(world.out, "as signed"));
	assert_ctl(&world, 0, "money contract show 'Alpha direct billing 2026' --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "以 USD 计欠,开票时按开票日的人民币汇率中间价折算固定"));
	assert_ctl(&world, 0, "money contract show alpha --day 2026-11-20 --hospital HZ1 --json");
	json_t *answer = world_json(&world);
	assert_string_equal(json_text(json_object_get(json_object_get(answer, "document"), "owed"), "currency"), "USD");
	assert_int_equal(json_array_size(json_object_get(answer, "versions")), 1);
	assert_string_equal(json_text(answer, "counts_to"), "2026-12-31");
	json_decref(answer);
	/* No day's contract, no such name. */
	assert_ctl(&world, 1, "money contract show alpha --day 2027-01-01 --hospital HZ1");
	assert_ctl(&world, 1, "money contract show beta --hospital HZ1");
	assert_ctl(&world, 1, "money contract show 'Alpha direct billing 2026' --day 2027-01-01 --hospital HZ1");
	/* Another hospital's stay its own. */
	assert_ctl(&world, 1, "money contract show alpha --day 2026-11-20 --hospital RY2");
	assert_ctl(&world, 0, "money contract list --hospital RY2 --json");
	answer = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(answer, "contracts")), 0);
	json_decref(answer);
}

/* ---- the database's own rules ---- */

#define PUT_SQL(name)                                                                                                  \
	"SELECT * FROM zhifu.contract_put('" HOSPITAL_A "', '{\"name\":\"" name "\",\"valid_from\":\"2026-01-01\","    \
	"\"parties\":{\"carrier\":\"alpha\"},\"owed\":{\"kind\":\"A\"}}', 'li', 'x')"

static void *put_other(void *arg)
{
	struct db_sync *db = arg;
	struct pg_result *rows = NULL;
	int64_t outcome = -9;
	if (db_sync_query(db, PUT_SQL("Two"), NULL, &rows) == 0) outcome = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return (void *)(intptr_t)outcome;
}

/* The second waits for the first, and then sees it. */
static void two_at_once(void **state)
{
	(void)state;
	struct db_sync *other;
	pthread_t thread;
	void *outcome;
	assert_int_equal(db_sync_open(world.conninfo, "test", &other), 0);
	world_sql(&world, "BEGIN; " PUT_SQL("One"));
	assert_int_equal(pthread_create(&thread, NULL, put_other, other), 0);
	while (world_count(&world, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0)
		continue;
	world_sql(&world, "COMMIT");
	assert_int_equal(pthread_join(thread, &outcome), 0);
	assert_int_equal((int64_t)(intptr_t)outcome, -1);
	db_sync_close(other);
	assert_int_equal(versions(), 1);
}

static void the_database_keeps_them(void **state)
{
	(void)state;
	struct pg_result *rows = NULL;
	world_sql(&world, PUT_SQL("One"));
	/* An operator changes nothing but by the functions, and sees no other hospital's. */
	static const char *const refused[] = {"UPDATE zhifu.contract SET valid_to = 'infinity'",
		"DELETE FROM zhifu.contract", "INSERT INTO zhifu.contract SELECT * FROM zhifu.contract"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		world_sql(&world, "SET ROLE zhifu_operator");
		assert_int_not_equal(db_sync_query(world.db, refused[i], NULL, &rows), 0);
		world_sql(&world, "RESET ROLE");
	}
	world_sql(&world, "SET ROLE zhifu_operator; SET zhifu.hospital_id = '" HOSPITAL_B "'");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.contract_span"), 0);
	world_sql(&world, "SET zhifu.hospital_id = '" HOSPITAL_A "'");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.contract_span"), 1);
	world_sql(&world, "RESET ROLE; RESET zhifu.hospital_id");
	/* Nobody changes without a name and a reason, or without seeing what others did. */
	assert_int_not_equal(
		db_sync_query(world.db, "SELECT zhifu.contract_end('" HOSPITAL_A "', 'One', '2026-05-01', 'li', ' ')",
			NULL, &rows),
		0);
	world_sql(&world, "BEGIN ISOLATION LEVEL REPEATABLE READ");
	assert_int_not_equal(db_sync_query(world.db, PUT_SQL("One"), NULL, &rows), 0);
	world_sql(&world, "ROLLBACK");
	assert_int_equal(versions(), 1);
}

/* ---- price lists ---- */

#define price_put(want, file, more)                                                                                    \
	assert_ctl(&world, want, "money price put '%s/%s' --name Ward --hospital HZ1 --who li %s", world.folder, file, \
		more)
#define PRICES "system,code,price,currency,name\nurn:h,B,0.125,CNY,\"Bed, single\"\nurn:h,A,1280.50,CNY,\n"

/* What A costs on a day, as the books ask; "": the list does not count then. */
static const char *price_of(const char *day)
{
	return world_text(&world,
		"SELECT coalesce((SELECT currency || ' ' || coalesce(digits || '/' || scale, '-') FROM"
		" zhifu.settle_prices('{" HOSPITAL_A "}', '{Ward}', '{%s}', '{urn:h}', '{A}')), '')",
		day);
}

static void a_price_list_is_kept(void **state)
{
	(void)state;
	/* A contract by it can come first, which is told. */
	world_file(&world, "c.json",
		"{\"name\":\"One\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"alpha\"},\"owed\":{\"kind\":\"A\"},"
		"\"prices\":{\"list\":\"Ward\",\"billed\":\"gross\"}}",
		0600);
	put(0, "c.json", "--check");
	assert_non_null(strstr(world.err, "\"One\" names the price list \"Ward\", which is not stored"));
	put(0, "c.json", "--check --zh");
	assert_non_null(strstr(world.err, "合同“One”所用价目表“Ward”尚未入库"));
	world_file(&world, "p.csv", PRICES, 0600);
	price_put(0, "p.csv", "--from 2026-01-01 --check");
	assert_non_null(strstr(world.out, "would be stored"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.price_list"), 0);
	price_put(0, "p.csv", "--from 2026-01-01 --why signed --json");
	json_t *answer = world_json(&world);
	assert_string_equal(json_text(answer, "outcome"), "stored");
	assert_int_equal(json_integer_value(json_object_get(answer, "prices")), 2);
	json_decref(answer);
	put(0, "c.json", "--check");
	assert_null(strstr(world.err, "not stored"));
	/* Once more it is nothing new; other days, another price or name are. */
	price_put(0, "p.csv", "--from 2026-01-01 --why again");
	assert_non_null(strstr(world.out, "known already"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'price.put'"), 1);
	world_file(&world, "p.csv", "编码系统,编码,单价,币种\nurn:h,A,1300.5,CNY\n", 0600);
	price_put(0, "p.csv", "--from 2026-07-01 --to 2026-12-31 --why 'second half'");
	assert_string_equal(price_of("2025-12-31"), "");
	assert_string_equal(price_of("2026-06-30"), "CNY 128050/2");
	assert_string_equal(price_of("2026-07-01"), "CNY 13005/1");
	assert_string_equal(price_of("2026-12-31"), "CNY 13005/1");
	assert_string_equal(price_of("2027-01-01"), "");
	/* What is listed no more has no price. */
	world_file(&world, "p.csv", "system,code,price,currency\nurn:h,B,1,CNY\n", 0600);
	price_put(0, "p.csv", "--from 2026-09-01 --why third");
	assert_string_equal(price_of("2026-09-01"), "CNY -");
	/* Of many days and lists at once, as the versions' days say. */
	assert_string_equal(
		world_text(&world,
			"SELECT string_agg(first || ' ' || coalesce(digits || '/' || scale, '-'), ', ' ORDER BY first) FROM (SELECT"
			" min(date '2025-12-25' + (ordinal - 1) / 2) AS first, digits, scale FROM zhifu.settle_prices("
			"array_fill('" HOSPITAL_A
			"'::uuid, ARRAY[1000]), array(SELECT CASE n %% 2 WHEN 0 THEN 'Ward' ELSE 'none' END"
			" FROM generate_series(0, 999) n), array(SELECT date '2025-12-25' + n / 2 FROM generate_series(0, 999) n),"
			" array_fill('urn:h'::text, ARRAY[1000]), array_fill('B'::text, ARRAY[1000])) GROUP BY digits, scale) v"),
		"2026-01-01 125/3, 2026-07-01 -, 2026-09-01 1/0");
	assert_ctl(&world, 0, "money price list --json");
	answer = world_json(&world);
	json_t *rows = json_object_get(answer, "price_lists");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_text(json_array_get(rows, 1), "counts_to"), "2026-08-31");
	assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "counts_to")));
	assert_string_equal(json_text(json_array_get(rows, 1), "who"), "li");
	json_decref(answer);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'price.put' AND who = 'li'"
				    " AND subject = 'Ward version 2' AND why = 'second half'"),
		1);
	assert_ctl(&world, 0, "money price list --zh --day 2026-05-01 --hospital HZ1");
	assert_non_null(strstr(world.out, "2026-06-30"));
	assert_null(strstr(world.out, "2026-07-01"));
	/* What an earlier version has comes late, or is meant again. */
	price_put(1, "p.csv", "--from 2026-01-01 --why stale --after 2");
	assert_non_null(strstr(world.err, "the latest version is 3 and not that of --after"));
	price_put(0, "p.csv", "--from 2027-01-01 --why fourth --after 3");
	price_put(1, "p.csv", "--from 2026-09-01 --why late");
	assert_non_null(strstr(world.err, "version 3 has these prices for these days, and a later one took its place"));
	price_put(1, "p.csv", "--from 2026-09-01 --why late --zh");
	assert_non_null(strstr(world.err, "版本 3 已有该单价及期间"));
	price_put(2, "p.csv", "--from 2026-09-01 --why late --after 0");
	assert_int_equal(world_count(&world, "SELECT max(version) FROM zhifu.price_list"), 4);
	price_put(0, "p.csv", "--from 2026-09-01 --why 'meant again' --after 4");
	assert_int_equal(world_count(&world, "SELECT max(version) FROM zhifu.price_list"), 5);
	price_put(0, "p.csv", "--from 2026-09-01 --why 'sent twice' --after 4");
	assert_non_null(strstr(world.out, "known already"));
	/* What comes out goes in. */
	assert_ctl(&world, 0, "money price export Ward --day 2026-05-01 --hospital HZ1");
	assert_string_equal(world.out,
		"system,code,price,currency,name\nurn:h,A,1280.50,CNY,\nurn:h,B,0.125,CNY,\"Bed, single\"\n");
	assert_ctl(&world, 1, "money price export Ward --day 2025-05-01 --hospital HZ1");
	assert_ctl(&world, 1, "money price export Ward --day 2026-05-01 --hospital RY2");
	/* To a character set of its own. */
	assert_ctl(&world, 0,
		"money price export Ward --hospital HZ1 --day 2026-05-01 | sed s/single/单人/ | iconv -t GB18030 >'%s/gb.csv'",
		world.folder);
	price_put(1, "gb.csv", "--from 2026-09-01 --why x");
	price_put(0, "gb.csv", "--from 2026-09-01 --why x --charset gb18030");
	assert_ctl(&world, 0, "money price export Ward --day 2026-09-01 --hospital HZ1");
	assert_non_null(strstr(world.out, "\"Bed, 单人\""));
}

static void a_price_list_is_refused(void **state)
{
	(void)state;
	world_file(&world, "p.csv",
		"system,code,price,currency\nurn:h,A,-1,CNY\nurn:h,B,1,RMB\nurn:h,C,1,CNY\nurn:h,C,2,CNY\n", 0600);
	price_put(1, "p.csv", "--from 2026-01-01 --why x");
	assert_non_null(strstr(world.err, "p.csv:2:price: The price \"-1\" is no plain number"));
	assert_non_null(strstr(world.err, "p.csv:3:currency: The currency \"RMB\""));
	assert_non_null(strstr(world.err, "p.csv:5:code: The code \"C\" has a price in line 4 already."));
	assert_non_null(strstr(world.err, "nothing of it is stored"));
	price_put(1, "p.csv", "--from 2026-01-01 --why x --zh");
	assert_non_null(strstr(world.err, "p.csv:5:code: 编码“C”在第 4 行已有单价。"));
	/* wrong usage */
	world_file(&world, "p.csv", PRICES, 0600);
	price_put(2, "p.csv", "--from 2026-01-01");
	price_put(2, "p.csv", "--why x");
	price_put(2, "p.csv", "--from 2026-01-01 --to 2025-12-31 --why x");
	price_put(2, "p.csv", "--from 2026-01-01 --why x --charset latin");
	assert_ctl(&world, 2, "money price put '%s/p.csv' --from 2026-01-01 --why x --who li --hospital HZ1",
		world.folder);
	price_put(1, "none.csv", "--from 2026-01-01 --why x");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.price_list"), 0);
	/* Of its own hospital alone, and never changed. */
	struct pg_result *rows = NULL;
	world_sql(&world, "SET ROLE zhifu_intake; SET zhifu.hospital_id = '" HOSPITAL_B "'");
	assert_int_not_equal(
		db_sync_query(world.db,
			"SELECT * FROM zhifu.price_list_put('" HOSPITAL_A "', 'X', 'CNY', '2026-01-01', NULL,"
			" '{s}', '{c}', '{}', '{1}', '{0}', NULL, 'li', 'x')",
			NULL, &rows),
		0);
	world_sql(&world, "RESET ROLE; RESET zhifu.hospital_id; SET ROLE zhifu_writer");
	assert_int_not_equal(db_sync_query(world.db, "UPDATE zhifu.price SET digits = 1", NULL, &rows), 0);
	assert_int_not_equal(db_sync_query(world.db, "DELETE FROM zhifu.price_list", NULL, &rows), 0);
	world_sql(&world, "RESET ROLE");
}

/* The other insurers of the samples. */
static void insurer_file(const char *code)
{
	char name[64], text[512];
	snprintf(name, sizeof(name), "insurers.d/%s.conf", code);
	snprintf(text, sizeof(text),
		"name = \"%s\";\nmodule = \"fhir\";\nendpoints = ({name = \"submit\"; url = \"http://127.0.0.1:9/fhir\";"
		" allow_plain = true; deadline_ms = 1000;});\nallowed_fields = \"*\";\n",
		code);
	world_file(&world, name, text, 0600);
}

int main(void)
{
	int r = world_start(&world, "ctl_contract");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	insurer_file("beta");
	insurer_file("gamma");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(samples_are_stored, contracts_begin),
		cmocka_unit_test_setup(faults_are_told_at_once, contracts_begin),
		cmocka_unit_test_setup(check_stores_nothing, contracts_begin),
		cmocka_unit_test_setup(the_same_day_belongs_to_one, contracts_begin),
		cmocka_unit_test_setup(a_change_is_a_new_version, contracts_begin),
		cmocka_unit_test_setup(a_contract_ends, contracts_begin),
		cmocka_unit_test_setup(a_contract_is_shown_in_words, contracts_begin),
		cmocka_unit_test_setup(two_at_once, contracts_begin),
		cmocka_unit_test_setup(the_database_keeps_them, contracts_begin),
		cmocka_unit_test_setup(a_price_list_is_kept, contracts_begin),
		cmocka_unit_test_setup(a_price_list_is_refused, contracts_begin),
	};
	r = ctl(&world, "migrate") == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	if (world.err[0] != '\0' && r != 0) print_message("%s", world.err);
	world_stop(&world);
	return r;
}
