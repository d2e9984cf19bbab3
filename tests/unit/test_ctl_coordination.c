/* Three payers on one stay, through zhifuctl and the database: scenario S7 to the fen, a year earlier so that its days
 * have come; and what both refuse. */
#include "ctl_world.h"

#include "base/conf.h"
#include "base/id.h"
#include "model/directory.h"

static struct ctl_world world;
static char ref[REF_TEXT_LEN];

#define CLAIM "019ab000-0000-7000-8000-000000000001"
#define STAY "9:5a"
#define TOTAL 3200000
#define CNY "3301000100000001"
#define WHO "--day 2025-10-20 --why 'settled' --who li --json"
/* What the hospital's system brings, but for the clause. */
#define SETTLED "--fund 20480.00 --personal 11520.00 --catalogue 26400.00 --account 1500.00 "
#define GROUP "--group group --group-share 90 --group-above 500.00 "
#define POST "money coordination post %s --total 32000.00 --plan-share 80 "

static int64_t balance(const char *account)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE amount_minor = book_minor",
		account);
}

struct books {
	const char *account;
	int64_t minor;
};

/* These balances, no other account has one, and the books hold. */
static void assert_books(const struct books *books, size_t count)
{
	int64_t others = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t minor = balance(books[i].account);

		if (minor != books[i].minor) fail_msg("%s: %jd", books[i].account, (intmax_t)minor);
		others += minor != 0;
	}
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM (SELECT a FROM (SELECT debit AS a, amount_minor AS m FROM zhifu.posting UNION ALL"
			" SELECT credit, -amount_minor FROM zhifu.posting) s GROUP BY a HAVING sum(m) <> 0) o"),
		others);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
}
#define ASSERT_BOOKS(...)                                                                                              \
	do {                                                                                                           \
		const struct books books_[] = {__VA_ARGS__};                                                           \
		assert_books(books_, ARRAY_LEN(books_));                                                               \
	} while (0)

static void assert_said(const char *words)
{
	if (strstr(world.err, words) == NULL) fail_msg("not \"%s\" in: %s", words, world.err);
}

/* Amounts of the last answer. */
static void assert_answer(const char *const answers[][2], size_t count)
{
	json_t *root = world_json(&world);

	for (size_t i = 0; i < count; i++) {
		const char *amount = json_string_value(json_object_get(json_object_get(root, answers[i][0]), "amount"));

		if (amount == NULL || strcmp(amount, answers[i][1]) != 0)
			fail_msg("%s is not %s in: %s", answers[i][0], answers[i][1], world.out);
	}
	json_decref(root);
}

/* A claim of the stay to the policy on its way, as intake and dispatch leave it. */
static void claim_sending(void)
{
	world_sql(&world,
		"INSERT INTO zhifu.claim VALUES ('" HOSPITAL_A "', '" CLAIM "', '%s', 1, 'ipmi', '" CLAIM
		"', 'his', '2025-10-20', '2025-10-20', %d, 'CNY', 2, 3, 0, false, NULL, NULL, 0, '', '" STAY "');"
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq)"
		" VALUES ('" HOSPITAL_A "', '" CLAIM "', '%s', 'ipmi', 6, 3);"
		"INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who) VALUES"
		" ('" HOSPITAL_A "', '" CLAIM "', 1, 1, NULL, 0, 1, 'test', 'his'), ('" HOSPITAL_A "', '" CLAIM
		"', 1, 2, 1, 1, 5, 'test', 'his'), ('" HOSPITAL_A "', '" CLAIM "', 1, 3, 2, 5, 6, 'test', 'his')",
		ref, TOTAL, ref);
}

/* It arrives, which bills it, and settle makes its receivable. */
static void claim_billed(void)
{
	claim_sending();
	world_sql(&world,
		"SELECT zhifu.claim_step('{" HOSPITAL_A "}', '{" CLAIM
		"}', '{1}', '{6}', '{NULL}', '{8}', '{deliver}', '{zhifu}', '{NULL}');"
		"DELETE FROM zhifu.receivable_wait;"
		"INSERT INTO zhifu.receivable VALUES ('" HOSPITAL_A "', '" CLAIM
		"', 'ipmi', 'ipmi', NULL, NULL, 'A', 'CNY', 2, %d, %d, %d, '2025-10-20', '2025-11-20')",
		TOTAL, TOTAL, TOTAL);
	assert_int_equal(balance("AR-IPMI"), TOTAL);
}

static int64_t open_of_policy(void)
{
	return world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE of_claim IS NULL");
}

static int begin(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.claim, zhifu.claim_state, zhifu.claim_event, zhifu.receivable, zhifu.receivable_wait, zhifu.posting,"
		" zhifu.patient_account, zhifu.patient_payment, zhifu.coordination, zhifu.charge, zhifu.stay, zhifu.stay_ahead,"
		" zhifu.stay_bill, zhifu.contract, zhifu.coordination_payment, zhifu.bank_file, zhifu.bank_statement, zhifu.bank_line,"
		" zhifu.bank_detail, zhifu.suspense, zhifu.match_item, zhifu.write_off,"
		" zhifu.demand CASCADE; SET zhifu.hospital_id = '" HOSPITAL_A "'");
	ref_new("HZ1", ref);
	return 0;
}

/* ---- the scenario ---- */

static void a_policy_that_carves_out(void **state)
{
	(void)state;
	claim_billed();
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	static const char *const answers[][2] = {{"fund", "20480.00"}, {"group", "4878.00"}, {"policy", "242.00"},
		{"patient", "6400.00"}, {"account", "1500.00"}, {"cash", "4900.00"}, {"alone", "25600.00"},
		{"bill_fund", "20480.00"}, {"bill_account", "1500.00"}, {"bill_other", "5120.00"},
		{"bill_cash", "4900.00"}, {"open", "4900.00"}};
	assert_answer(answers, ARRAY_LEN(answers));
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-SI-ACCOUNT", 150000}, {"AR-GROUP", 487800}, {"AR-IPMI", 24200},
		{"AR-PT", 490000}, {"REV-MED", -3200000});
	assert_int_equal(open_of_policy(), 24200);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.posting p JOIN zhifu.posting b ON b.entry_id = p.claim_id AND b.rule = 'bill'"
			" WHERE p.source_id <> p.claim_id AND p.book_day = b.book_day"),
		4);
	/* The policy decides the same: nothing is left to be posted of the patient's share. */
	assert_int_equal(
		world_count(&world, "SELECT patient FROM zhifu.settle_claims('{" HOSPITAL_A "}', '{" CLAIM "}')"),
		640000);
	/* The patient pays the rest, and no more. */
	assert_ctl(&world, 0, "money patient show --claim %s --json", ref);
	static const char *const statement[][2] = {{"share", "4900.00"}, {"paid", "0.00"}, {"open", "4900.00"}};
	assert_answer(statement, ARRAY_LEN(statement));
#define PAY "money patient pay %s --claim %s --by cash --receipt 1 --day 2025-10-20 --who li --json"
	assert_ctl(&world, 1, PAY, "4900.01", ref);
	assert_ctl(&world, 0, PAY, "4900.00", ref);
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-SI-ACCOUNT", 150000}, {"AR-GROUP", 487800}, {"AR-IPMI", 24200},
		{"CASH", 490000}, {"REV-MED", -3200000});
}

/* What was charged day by day is revenue then; the bill clears who was in the house. */
static void a_stay_that_was_charged(void **state)
{
	(void)state;
	world_sql(&world,
		"SELECT zhifu.charge_add('" HOSPITAL_A
		"', 'his', NULL, NULL, '{c1}', '{2025-10-19}', '{%d}', '{CNY}', '{2}', '{NULL}', '{" STAY "}')",
		TOTAL);
	ASSERT_BOOKS({"AR-INPT", 3200000}, {"REV-MED", -3200000});
	claim_billed();
	ASSERT_BOOKS({"AR-IPMI", 3200000}, {"REV-MED", -3200000});
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-SI-ACCOUNT", 150000}, {"AR-GROUP", 487800}, {"AR-IPMI", 24200},
		{"AR-PT", 490000}, {"REV-MED", -3200000});
}

static void the_other_clauses(void **state)
{
	(void)state;
	claim_billed();
	/* Up to the whole: the personal account stays untouched. */
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause whole " WHO, ref);
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-GROUP", 487800}, {"AR-IPMI", 664200}, {"REV-MED", -3200000});
	begin(NULL);
	claim_billed();
	assert_ctl(&world, 0, POST SETTLED "--group group --group-paid 4878.00 --clause percentage " WHO, ref);
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-SI-ACCOUNT", 132840}, {"AR-GROUP", 487800}, {"AR-IPMI", 531360},
		{"REV-MED", -3200000});
	/* The international department, under any. */
	static const char *const clauses[] = {"whole", "carve-out", "percentage"};
	for (size_t i = 0; i < ARRAY_LEN(clauses); i++) {
		begin(NULL);
		claim_billed();
		assert_ctl(&world, 0, POST "--fund 0.00 --personal 32000.00 --clause %s " WHO, ref, clauses[i]);
		ASSERT_BOOKS({"AR-IPMI", 2560000}, {"AR-PT", 640000}, {"REV-MED", -3200000});
		assert_int_equal(open_of_policy(), 2560000);
	}
}

/* ---- what must not be ---- */

/* As a program would that does not use zhifuctl. */
static int64_t asked(const char *clause, const char *fund, int64_t plan, int64_t account, int64_t cash)
{
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.coordination_post('" HOSPITAL_A "', gen_random_uuid(), '" CLAIM
		"', %s, %d, %s, 'group', 487800, 2560000, %jd, 150000, %jd, %jd, 2, '2025-10-20', 'li', '\\x00')",
		clause, TOTAL, fund, (intmax_t)plan, (intmax_t)account, (intmax_t)cash);
}

/* What no constraint of the table lets pass. */
static void assert_breaks(const char *clause, int64_t fund, int64_t plan, int64_t account, int64_t cash)
{
	struct pg_result *rows = NULL;
	char query[512];

	snprintf(query, sizeof(query),
		"SELECT outcome FROM zhifu.coordination_post('" HOSPITAL_A "', gen_random_uuid(), '" CLAIM
		"', '%s', %d, %jd, 'group', 487800, 2560000, %jd, 150000, %jd, %jd, 2, '2025-10-20', 'li', '\\x00')",
		clause, TOTAL, (intmax_t)fund, (intmax_t)plan, (intmax_t)account, (intmax_t)cash);
	assert_int_equal(db_sync_query(world.db, query, NULL, &rows), ERR_DB);
	assert_non_null(strstr(err_text(), "23514")); /* check_violation */
}

static void what_must_not_be(void **state)
{
	static const struct {
		const char *words, *english, *chinese;
		int status;
	} rows[] = {
		{GROUP "--clause whole ", "has not settled", "医保尚未结算", 1},
		{SETTLED GROUP, "none is assumed", "系统不作默认", 1},
		{SETTLED GROUP "--clause standard ", "as the policy says", "as the policy says", 2},
		{"--fund 21980.00 --personal 11520.00 --catalogue 26400.00 --account 1500.00 " GROUP "--clause whole ",
			"it is the patient's money", "个人账户是患者自己的钱", 1},
		{SETTLED "--account-used 1500.00 " GROUP "--clause whole ", "stays untouched", "不得先用个人账户", 1},
		{SETTLED "--account-used 1500.01 " GROUP "--clause carve-out ", "than is available", "超过可用余额", 1},
		{"--fund 20480.00 --personal 11520.01 " GROUP "--clause whole ", "does not add up", "数据不平", 1},
		{"--fund 20480.00 --clause whole ", "--personal", "--personal", 2},
		{SETTLED "--group group --clause whole ", "--group-paid", "--group-paid", 2},
		{SETTLED "--group-paid 1.00 --clause whole ", "--group CODE", "--group CODE", 2},
		{SETTLED "--clause whole --rounding nearest ", "half-away", "half-away", 2},
		{SETTLED "--group ipmi --group-paid 0.00 --clause whole ", "the group plan's code", "团体补充险代码",
			1},
		{SETTLED "--group si --group-paid 0.00 --clause whole ", "the group plan's code", "团体补充险代码", 1},
		{SETTLED "--group beta --group-paid 0.00 --clause whole ", "the group plan's code", "团体补充险代码",
			1},
		{"--fund 20480.00 --personal 11520.00 --clause whole --total 31999.99 ", "does not add up", "数据不平",
			1},
		{"--fund 20480.00 --personal 11519.99 --clause whole --total 31999.99 ", "billed: 32,000.00",
			"开单金额为 32,000.00", 1},
	};

	char unknown[REF_TEXT_LEN];

	(void)state;
	claim_sending();
	assert_ctl(&world, 1, POST SETTLED GROUP "--clause whole " WHO, ref);
	assert_said("not billed");
	begin(NULL);
	claim_billed();
	world_sql(&world, "INSERT INTO zhifu.receivable_carrier VALUES ('" HOSPITAL_A "', 'beta')");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool chinese = i % 2 == 1;

		assert_ctl(&world, rows[i].status, POST "%s %s " WHO, ref, rows[i].words, chinese ? "--zh" : "");
		assert_said(chinese ? rows[i].chinese : rows[i].english);
	}
	ref_new("HZ1", unknown);
	assert_ctl(&world, 1, POST SETTLED "--clause whole " WHO, unknown);
	assert_said("no such claim");
	/* And whoever asks the database without zhifuctl. */
	assert_int_equal(asked("'whole'", "NULL", 664200, 0, 0), -1);
	assert_int_equal(asked("NULL", "2048000", 664200, 0, 0), -2);
	assert_int_equal(asked("'standard'", "2048000", 664200, 0, 0), -2);
	assert_breaks("whole", 2048000, 514200, 150000, 0);         /* the account before the policy */
	assert_breaks("carve-out", 2198000, 92200, 150000, 322000); /* the account counted as 医保's and once more */
	assert_breaks("percentage", 2048000, 664300, 0, -100);
	assert_breaks("carve-out", 2048000, 24200, 150001, 489999);
	ASSERT_BOOKS({"AR-IPMI", 3200000}, {"REV-MED", -3200000});
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.coordination"), 0);
	assert_int_equal(asked("'whole'", "2048000", 664200, 0, 0), 1);
	/* The very same again is the one that stands, as where nobody heard of its end; another is not. */
	assert_int_equal(asked("'whole'", "2048000", 664200, 0, 0), 0);
	assert_int_equal(asked("'percentage'", "2048000", 531360, 132840, 0), -6);
}

/* Nobody's claims are billed to an account that is no insurer's. */
static void no_insurer_has_their_accounts(void **state)
{
	static const char *const codes[] = {"inpt", "pt", "si", "si-account"};
	char hospitals[160], insurers[160], path[224], name[48];

	(void)state;
	snprintf(hospitals, sizeof(hospitals), "%s/hospitals.d", world.folder);
	snprintf(insurers, sizeof(insurers), "%s/insurers.d", world.folder);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct arena arena CLEANUP(arena_free);
		struct conf_faults faults = {.arena = &arena};
		struct directory *directory = NULL;

		arena_init(&arena, 1 << 20);
		snprintf(name, sizeof(name), "insurers.d/%s.conf", codes[i]);
		world_file(&world, name,
			"name = \"Other\";\nmodule = \"fhir\";\nendpoints = ({name = \"submit\"; url = \"http://127.0.0.1:9/fhir\";"
			" allow_plain = true; deadline_ms = 1000;});\nallowed_fields = \"*\";\n",
			0600);
		assert_int_equal(directory_load(hospitals, insurers, &faults, &directory), ERR_INVALID);
		assert_int_equal(faults.count, 1);
		snprintf(path, sizeof(path), "%s.conf:1: the ledger has an account \"ar-%s\"", codes[i], codes[i]);
		assert_non_null(strstr(faults.items[0], path));
		directory_free(directory);
		snprintf(path, sizeof(path), "%s/%s.conf", insurers, codes[i]);
		assert_int_equal(unlink(path), 0);
	}
}

/* ---- what changes afterwards ---- */

#define UNDO "money coordination undo %s "

static void what_was_wrong_is_taken_back(void **state)
{
	(void)state;
	claim_billed();
	assert_ctl(&world, 1, UNDO WHO, ref);
	assert_said("nothing is divided");
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	assert_ctl(&world, 1, POST SETTLED GROUP "--clause whole " WHO, ref);
	assert_said("money coordination undo");
	assert_ctl(&world, 0, PAY, "4900.00", ref);
	assert_ctl(&world, 0, UNDO WHO, ref);
	static const char *const back[][2] = {{"open", "-4900.00"}};
	assert_answer(back, 1);
	ASSERT_BOOKS({"AR-IPMI", 3200000}, {"AR-PT", -490000}, {"CASH", 490000}, {"REV-MED", -3200000});
	assert_int_equal(open_of_policy(), TOTAL);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.coordination k WHERE undone_by = 'li' AND undone_entry IS NOT NULL"
			" AND k::text NOT LIKE '%%settled%%'"),
		1);
	/* 医保 settles anew, for 100.00 more. */
	assert_ctl(&world, 0,
		POST "--fund 20580.00 --personal 11420.00 --catalogue 26400.00 --account 1500.00 " GROUP
		     "--clause carve-out " WHO,
		ref);
	ASSERT_BOOKS({"AR-SI", 2058000}, {"AR-SI-ACCOUNT", 150000}, {"AR-GROUP", 478800}, {"AR-IPMI", 23200},
		{"CASH", 490000}, {"REV-MED", -3200000});
	/* What the policy has decided is its own to change. */
	world_sql(&world, "UPDATE zhifu.claim_state SET books = 2");
	assert_ctl(&world, 1, UNDO WHO, ref);
	assert_said("its decision says the shares");
	assert_ctl(&world, 1, UNDO "--zh " WHO, ref);
	assert_said("以理算结果为准");
}

/* A line of a bank statement, in suspense. */
static void came(const char *amount, char id[UUID_TEXT_LEN])
{
	struct pg_result *rows = NULL;
	char file[256];

	snprintf(file, sizeof(file),
		":20:S\r\n:25:" CNY "\r\n:28C:1\r\n:60F:C251120CNY0,00\r\n:61:251120C%sNTRFNONREF//P1\r\n"
		":62F:C251120CNY%s\r\n-\r\n",
		amount, amount);
	world_file(&world, "bank.sta", file, 0600);
	assert_ctl(&world, 0, "money statement import '%s/bank.sta' --hospital HZ1 --who li --json", world.folder);
	assert_int_equal(db_sync_query(world.db, "SELECT line_id::text FROM zhifu.bank_line", NULL, &rows), 0);
	snprintf(id, UUID_TEXT_LEN, "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
}

/* 医保 transfers what it owes of all its patients together. */
static void the_fund_pays(void **state)
{
	static const char *const open[][2] = {{"open", "1480.00"}}, *const back[][2] = {{"open", "2000.00"}};
	char line[UUID_TEXT_LEN];

	(void)state;
	claim_billed();
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	came("20500,00", line);
#define PAID "money coordination paid %s %s --hospital HZ1 --who li --json --by "
	assert_ctl(&world, 1, PAID "si", line, "20480.01");
	assert_said("owes no more than 20,480.00");
	assert_ctl(&world, 1, PAID "beta --zh", line, "0.01");
	assert_said("应付余额为 0.00");
	assert_ctl(&world, 0, PAID "si", line, "19000.00");
	assert_answer(open, 1);
	assert_ctl(&world, 0, PAID "si-account", line, "1500.00");
	assert_ctl(&world, 1, PAID "group", line, "0.01");
	assert_said("has in suspense only 0.00");
	ASSERT_BOOKS({"AR-SI", 148000}, {"AR-GROUP", 487800}, {"AR-IPMI", 24200}, {"AR-PT", 490000},
		{"BANK-CNY", 2050000}, {"REV-MED", -3200000});
	/* Not all of it was for that. */
	assert_ctl(&world, 2, PAID "si --back", line, "520.00");
	assert_ctl(&world, 1, PAID "group --back --why 'another stay'", line, "0.01");
	assert_said("for this payer only 0.00");
	assert_ctl(&world, 0, PAID "si --back --why 'another stay'", line, "520.00");
	assert_answer(back, 1);
	ASSERT_BOOKS({"AR-SI", 200000}, {"AR-GROUP", 487800}, {"AR-IPMI", 24200}, {"AR-PT", 490000},
		{"BANK-CNY", 2050000}, {"SUSP", -52000}, {"REV-MED", -3200000});
}

#define CLAIM2 "019ab000-0000-7000-8000-000000000002"

/* The first stay was billed on 10-20, and another one like it on 11-03; both are divided. */
static void two_stays(char other[REF_TEXT_LEN])
{
	claim_billed();
	ref_new("HZ1", other);
	world_sql(&world, "UPDATE zhifu.posting SET book_day = '2025-10-20'");
#define AGAIN(table, more)                                                                                             \
	"INSERT INTO zhifu." table " SELECT (jsonb_populate_record(t, jsonb_build_object('claim_id', '" CLAIM2         \
	"') || " more ")).* FROM zhifu." table " t WHERE claim_id = '" CLAIM "';"
	world_sql(&world,
		AGAIN("claim",
			"jsonb_build_object('ref', '%s')") "INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq, books, books_seq) SELECT"
							   " hospital_id, '" CLAIM2
							   "', '%s', insurer, transport, transport_seq, books, books_seq FROM zhifu.claim_state;" AGAIN(
								   "claim_event", "'{}'") AGAIN("receivable",
								   "'{\"billed_day\": \"2025-11-03\"}'")
								   AGAIN("posting",
									   "'{\"entry_id\": \"" CLAIM2
									   "\", \"source_id\": \"" CLAIM2
									   "\", \"book_day\": \"2025-11-03\"}'"),
		other, other);
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out --day 2025-11-03 --why settled --who li", other);
}

/* The members of a row of the last answer's list; of amounts their digits. */
static void assert_row(const char *list, size_t n, const char *const want[][2], size_t count)
{
	json_t *root = world_json(&world);
	json_t *row = json_array_get(json_object_get(root, list), n);

	for (size_t i = 0; i < count; i++) {
		json_t *value = json_object_get(row, want[i][0]);
		char text[64];

		if (json_is_object(value)) value = json_object_get(value, "amount");
		snprintf(text, sizeof(text), "%s", json_is_string(value) ? json_string_value(value) : "");
		if (json_is_integer(value)) snprintf(text, sizeof(text), "%jd", (intmax_t)json_integer_value(value));
		if (strcmp(text, want[i][1]) != 0) fail_msg("%s is not %s in: %s", want[i][0], want[i][1], world.out);
	}
	json_decref(root);
}
#define ASSERT_ROW(list, n, ...)                                                                                       \
	do {                                                                                                           \
		const char *const want_[][2] = {__VA_ARGS__};                                                          \
		assert_row(list, n, want_, ARRAY_LEN(want_));                                                          \
	} while (0)

/* What each account's open items come to is its balance, on any day. */
static void assert_all_open(void)
{
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM (SELECT d.day, i.account, sum(i.open_minor) AS minor FROM (SELECT DISTINCT book_day AS day"
			" FROM zhifu.posting) d CROSS JOIN LATERAL zhifu.open_items('" HOSPITAL_A
			"', d.day) i GROUP BY 1, 2) o"
			" FULL JOIN (SELECT d.day, account, sum(side * amount_minor) AS minor FROM (SELECT DISTINCT book_day AS day"
			" FROM zhifu.posting) d JOIN zhifu.posting p ON p.book_day <= d.day CROSS JOIN LATERAL (VALUES (debit, 1), (credit, -1))"
			" x (account, side) WHERE account LIKE 'AR-%%' GROUP BY 1, 2 HAVING sum(side * amount_minor) <> 0) l USING (day, account)"
			" WHERE o.minor IS DISTINCT FROM l.minor"),
		0);
}

/* What the group plan, the fund and the patients owe is open stay by stay, has an age, and had another one on a past
 * day. */
static void what_each_payer_owes(void **state)
{
	char line[UUID_TEXT_LEN], other[REF_TEXT_LEN];

	(void)state;
	two_stays(other);
#define OPEN "money report open --hospital HZ1 --json --day "
	assert_ctl(&world, 0, OPEN "2025-11-02");
	ASSERT_ROW("open", 0, {"owes", "carrier"}, {"account", "AR-IPMI"}, {"open", "242.00"}, {"not_due", "242.00"});
	ASSERT_ROW("open", 1, {"owes", "plan"}, {"account", "AR-GROUP"}, {"carrier", "group"}, {"items", "1"},
		{"open", "4878.00"}, {"days_0_30", "4878.00"}, {"oldest", "2025-10-20"});
	ASSERT_ROW("open", 2, {"owes", "fund"}, {"account", "AR-SI"}, {"open", "20480.00"});
	ASSERT_ROW("open", 3, {"owes", "fund"}, {"account", "AR-SI-ACCOUNT"}, {"open", "1500.00"});
	ASSERT_ROW("open", 4, {"owes", "patient"}, {"account", "AR-PT"}, {"open", "4900.00"});
	ASSERT_ROW("totals", 0, {"items", "5"}, {"total", "32000.00"});
	came("20000,00", line);
	assert_ctl(&world, 0, PAID "group", line, "6000.00");
	assert_ctl(&world, 0, OPEN "2025-11-19 --owes plan");
	ASSERT_ROW("open", 0, {"items", "2"}, {"open", "9756.00"});
	/* On the day of the bank's line the older stay is paid, and a part of the other. */
	assert_ctl(&world, 0, OPEN "2025-12-31 --owes plan");
	ASSERT_ROW("open", 0, {"items", "1"}, {"open", "3756.00"}, {"days_31_60", "3756.00"}, {"oldest", "2025-11-03"});
	assert_ctl(&world, 0, OPEN "2025-12-31 --owes plan --items");
	ASSERT_ROW("claims", 0, {"open", "3756.00"}, {"remitter", "group"}, {"billed", "2025-11-03"}, {"age", "31-60"},
		{"standing", "open"}, {"account", "AR-GROUP"});
	/* Not all of it was for that: the last is taken back first. Then for one stay. */
	assert_ctl(&world, 0, PAID "group --back --why 'another stay'", line, "2000.00");
	assert_ctl(&world, 0, OPEN "2025-12-31 --owes plan --items");
	ASSERT_ROW("claims", 0, {"open", "878.00"}, {"billed", "2025-10-20"});
	ASSERT_ROW("claims", 1, {"open", "4878.00"}, {"billed", "2025-11-03"});
	assert_ctl(&world, 1, PAID "group --claim %s", line, "878.01", ref);
	assert_said("owes no more than 878.00");
	assert_ctl(&world, 0, PAID "group --claim %s", line, "100.00", other);
	assert_ctl(&world, 0, OPEN "2025-12-31 --owes plan --items");
	ASSERT_ROW("claims", 0, {"open", "878.00"});
	ASSERT_ROW("claims", 1, {"open", "4778.00"});
	/* Who pays: the fund and the accounts with it are one. */
	assert_ctl(&world, 0, OPEN "2025-12-31 --by remitter --owes fund");
	ASSERT_ROW("open", 0, {"remitter", "si"}, {"items", "4"}, {"open", "43960.00"});
	assert_ctl(&world, 0, "money report open --hospital HZ1 --remitter group --csv --day 2025-12-31");
	assert_non_null(strstr(world.out, ",plan,AR-GROUP,group,,CNY,2,5656.00,"));
	assert_ctl(&world, 0, "money report open --hospital HZ1 --zh --day 2025-12-31");
	assert_non_null(strstr(world.out, "团体补充险"));
	assert_ctl(&world, 2, "money report open --owes nobody");
	assert_ctl(&world, 2, "money report open --by payer");
	assert_ctl(&world, 2, "money report late --owes plan");
	assert_all_open();
	/* What was settled by hand leaves a stay with what nobody owed. */
	assert_ctl(&world, 0, UNDO WHO, other);
	assert_ctl(&world, 0, OPEN "2025-12-31 --owes plan --items");
	ASSERT_ROW("claims", 1, {"open", "-100.00"});
	assert_all_open();
}

#define GIVE_UP "money writeoff %s %s --why gone --who wang --json"

/* What is given up of the policy's part and of the plan's counts together for the limit of a role. */
static void a_role_has_one_limit_for_all_of_a_claim(void **state)
{
	(void)state;
	claim_billed();
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	assert_int_equal(world_count(&world,
				 "SELECT zhifu.write_off_post('" HOSPITAL_A
				 "', gen_random_uuid(), r.claim_id, 40000, 2::smallint, 'cashier', 50000, 'wang', '00')"
				 " FROM zhifu.receivable r WHERE carrier = 'group'"),
		40000);
	assert_ctl(&world, 1, GIVE_UP, ref, "100.01");
	assert_said("above the limit");
	assert_ctl(&world, 0, GIVE_UP, ref, "100.00");
	ASSERT_BOOKS({"AR-SI", 2048000}, {"AR-SI-ACCOUNT", 150000}, {"AR-GROUP", 447800}, {"AR-IPMI", 14200},
		{"AR-PT", 490000}, {"BADDEBT", 50000}, {"REV-MED", -3200000});
}

/* What a plan owes is called by the claim's ref and the plan's code, where a person does something with it and where
 * that is told. */
static void a_plans_share_has_a_name(void **state)
{
	char share[48];

	(void)state;
	claim_billed();
	assert_ctl(&world, 0, POST SETTLED GROUP "--clause carve-out " WHO, ref);
	snprintf(share, sizeof(share), "%s:group", ref);
	world_sql(&world, "UPDATE zhifu.receivable SET billed_day = '2025-10-20' WHERE carrier = 'group'");
	assert_ctl(&world, 0, "money limitation list --all --hospital HZ1 --day 2028-10-01 --json");
	ASSERT_ROW("limitations", 0, {"claim", share}, {"carrier", "group"}, {"open", "4878.00"});
	assert_ctl(&world, 0, "money demand add %s --delivered 2025-10-21 --why 'by EMS' --who wang", share);
	assert_ctl(&world, 0, "money demand list --claim %s --json", ref);
	ASSERT_ROW("demands", 0, {"claim", share}, {"who", "wang"});
	assert_ctl(&world, 0, GIVE_UP, share, "300.00");
	assert_ctl(&world, 0, "money writeoff list --claim %s --json", ref);
	ASSERT_ROW("write_offs", 0, {"claim", share}, {"amount", "300.00"});
	assert_ctl(&world, 0, "money said %s --who wang --json", ref);
	ASSERT_ROW("said", 0, {"what", "demand"}, {"words", "by EMS"});
	ASSERT_ROW("said", 1, {"what", "writeoff"}, {"words", "gone"});
	assert_int_equal(balance("AR-GROUP"), 457800);
	assert_int_equal(open_of_policy(), 24200);
	assert_ctl(&world, 1, GIVE_UP, share, "200.01");
	snprintf(share, sizeof(share), "%s:beta", ref);
	assert_ctl(&world, 1, GIVE_UP, share, "1.00");
	assert_said("there is no receivable of");
	snprintf(share, sizeof(share), "%s0:group", ref);
	assert_ctl(&world, 2, GIVE_UP, share, "1.00");
}

/* Worked out before anything is sent. */
static void what_it_would_be(void **state)
{
	(void)state;
	assert_ctl(&world, 0,
		"money coordination try --total 32000.00 --plan-share 80 " SETTLED GROUP
		"--clause percentage --hospital HZ1 --json");
	static const char *const answers[][2] = {
		{"policy", "5313.60"}, {"patient", "1328.40"}, {"account", "1328.40"}, {"cash", "0.00"}};
	assert_answer(answers, ARRAY_LEN(answers));
	/* 33.33 % of 0.50 left is 0.16665: up to 0.17, down to 0.16. */
#define HALF                                                                                                           \
	"money coordination try --total 1.00 --fund 0.50 --personal 0.50 --plan-share 33.33 --clause percentage"       \
	" --hospital HZ1 --json --rounding "
	static const char *const up[][2] = {{"policy", "0.17"}}, *const down[][2] = {{"policy", "0.16"}};
	assert_ctl(&world, 0, HALF "half-away");
	assert_answer(up, 1);
	assert_ctl(&world, 0, HALF "down");
	assert_answer(down, 1);
	assert_ctl(&world, 0,
		"money coordination try --total 32000.00 --plan-share 80 " SETTLED GROUP
		"--clause carve-out --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "个人账户"));
	assert_ctl(&world, 2,
		"money coordination try --total 32000.00 --plan-share 100.01 " SETTLED "--clause whole --hospital HZ1");
}

static int group_begin(void **state)
{
	(void)state;
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = ({code = \"CNY\"; number = \"" CNY "\"; currency = \"CNY\";});\n"
		"write_off_roles = ({role = \"cashier\"; people = [\"wang\"]; limit = \"500.00\";});\n",
		0600);
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_policy_that_carves_out, begin),
		cmocka_unit_test_setup(a_stay_that_was_charged, begin),
		cmocka_unit_test_setup(the_other_clauses, begin),
		cmocka_unit_test_setup(what_must_not_be, begin),
		cmocka_unit_test(no_insurer_has_their_accounts),
		cmocka_unit_test_setup(what_was_wrong_is_taken_back, begin),
		cmocka_unit_test_setup(the_fund_pays, begin),
		cmocka_unit_test_setup(what_each_payer_owes, begin),
		cmocka_unit_test_setup(a_role_has_one_limit_for_all_of_a_claim, begin),
		cmocka_unit_test_setup(a_plans_share_has_a_name, begin),
		cmocka_unit_test_setup(what_it_would_be, begin),
	};

	return world_main(&world, "ctl_coordination", tests, ARRAY_LEN(tests), group_begin);
}
