/* What patients pay, in the database: random histories of quotes, bills, decisions, payments, refunds and chargebacks,
 * after each step of which the books hold, and two cashiers at once. */
#include "ctl_world.h"

#include "base/clock.h"

static struct ctl_world world;

#define STAY "9:5a"
#define CLAIMS 3
#define HISTORIES 6
#define STEPS 60
#define WAIT_US 30000000

static const char *const claims[CLAIMS] = {"019ab000-0000-7000-8000-000000000001",
	"019ab000-0000-7000-8000-000000000002", "019ab000-0000-7000-8000-000000000003"};

/* Whose: a claim, or (CLAIMS) their stay, as the arguments names and claim. */
static const char *whose(long number)
{
	static char text[80];
	if (number == CLAIMS)
		snprintf(text, sizeof(text), "'" STAY "', NULL");
	else
		snprintf(text, sizeof(text), "NULL, '%s'", claims[number]);
	return text;
}

/* The insurer decides anew: so much more, or less, is the patient's. */
static void share_add(const char *claim, int64_t minor)
{
	if (minor == 0) return;
	world_sql(&world,
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, claim_id, source_id) SELECT '" HOSPITAL_A
		"', i, 1, CASE WHEN %jd > 0 THEN 'AR-PT' ELSE 'AR-ALPHA' END,"
		" CASE WHEN %jd > 0 THEN 'AR-ALPHA' ELSE 'AR-PT' END, abs(%jd), 'CNY', 2, abs(%jd), '2025-10-06', 'patient_share', '%s', i"
		" FROM gen_random_uuid() AS i",
		(intmax_t)minor, (intmax_t)minor, (intmax_t)minor, (intmax_t)minor, claim);
}

static int64_t share(const char *claim)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE debit WHEN 'AR-PT' THEN amount_minor ELSE -amount_minor END), 0)::int8 FROM zhifu.posting"
		" WHERE claim_id = '%s' AND rule = 'patient_share'",
		claim);
}

static int64_t quote(long number, int64_t minor)
{
	return world_count(&world,
		"SELECT coalesce(zhifu.patient_quote('" HOSPITAL_A "', gen_random_uuid(), %s, %jd, 2, 'li', 'x'), 0)",
		whose(number), (intmax_t)minor);
}

static int64_t bill(long number, int64_t medical, int64_t other)
{
	char text[24] = "NULL";
	if (number == CLAIMS) snprintf(text, sizeof(text), "%jd", (intmax_t)medical);
	return world_count(&world,
		"SELECT outcome::int8 FROM zhifu.patient_bill('" HOSPITAL_A
		"', gen_random_uuid(), %s, %s, %jd, 600, 2, '2025-10-06',"
		" 'li', 'x')",
		whose(number), text, (intmax_t)other);
}

#define PAY                                                                                                            \
	"FROM zhifu.patient_pay('" HOSPITAL_A                                                                          \
	"', gen_random_uuid(), %s, %d::smallint, '%s', %jd, 'CNY', 2, 'boc', '%s', NULL,"                              \
	" '2025-10-06', 'li', NULL)"
#define RETURN                                                                                                         \
	"FROM zhifu.patient_return('" HOSPITAL_A                                                                       \
	"', gen_random_uuid(), '%s', %d::smallint, %jd, '%s', '2025-10-06', 'li', 'x')"

static int64_t pay(long number, int kind, const char *method, int64_t minor, const char *reference)
{
	return world_count(
		&world, "SELECT outcome::int8 " PAY, whose(number), kind, method, (intmax_t)minor, reference);
}

static int64_t give_back(const char *payment, int kind, int64_t minor, const char *reference)
{
	return world_count(&world, "SELECT outcome::int8 " RETURN, payment, kind, (intmax_t)minor, reference);
}

/* One text; static memory. */
static const char *text(const char *query)
{
	static char value[512];
	struct pg_result *rows = NULL;
	if (db_sync_query(world.db, query, NULL, &rows) != 0) fail_msg("%s\n%s", err_text(), query);
	snprintf(value, sizeof(value), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
	return value;
}

/* What patients owe and what is open of it, of all accounts. */
static int64_t owed(void)
{
	return world_count(&world,
		"SELECT coalesce(sum(greatest(zhifu.patient_open(a), 0)), 0)::int8 FROM zhifu.patient_account a");
}

static void books_hold(const char *after)
{
	const char *broken = text(
		"WITH balance AS MATERIALIZED (SELECT v.account, p.claim_id IS NULL AS of_stay, sum(v.minor)::int8 AS minor FROM zhifu.posting p"
		" CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor), (p.credit, -p.amount_minor)) AS v (account, minor) GROUP BY 1, 2)"
		" SELECT concat_ws('; ',"
		" CASE WHEN (SELECT coalesce(sum(minor), 0) FROM balance WHERE account = 'DEP')"
		"  <> (SELECT coalesce(-sum(deposit_minor), 0) FROM zhifu.patient_account) THEN 'deposits' END,"
		" CASE WHEN (SELECT coalesce(sum(minor), 0) FROM balance WHERE account IN ('CASH', 'CLR-CARD'))"
		"  <> (SELECT coalesce(sum(CASE WHEN kind < 3 THEN amount_minor ELSE -amount_minor END), 0) FROM zhifu.patient_payment)"
		"  THEN 'money' END,"
		" CASE WHEN (SELECT coalesce(sum(minor), 0) FROM balance WHERE account IN ('AR-INPT', 'AR-PT') AND of_stay)"
		"  <> (SELECT sum(greatest(charged_minor - billed_minor, 0)) FROM zhifu.stay)"
		"   + (SELECT coalesce(sum(zhifu.patient_open(a)), 0) FROM zhifu.patient_account a WHERE stay IS NOT NULL) THEN 'stay' END,"
		" (SELECT string_agg('claim ' || a.claim_id, ',') FROM zhifu.patient_account a WHERE a.claim_id IS NOT NULL"
		"  AND zhifu.patient_open(a) <> a.other_minor - a.paid_minor + (SELECT"
		"   coalesce(sum(CASE debit WHEN 'AR-PT' THEN amount_minor ELSE -amount_minor END), 0) FROM zhifu.posting p"
		"   WHERE p.claim_id = a.claim_id AND p.rule = 'patient_share')),"
		" CASE WHEN EXISTS (SELECT 1 FROM zhifu.patient_payment p WHERE p.amount_minor < (SELECT sum(r.amount_minor)"
		"  FROM zhifu.patient_payment r WHERE r.of_payment = p.payment_id)) THEN 'returns' END,"
		" CASE WHEN EXISTS (SELECT 1 FROM zhifu.patient_account a WHERE a.paid_minor + a.deposit_minor"
		"  + coalesce((SELECT sum(CASE u.deposit_id WHEN a.account_id THEN u.amount_minor ELSE -u.amount_minor END)"
		"   FROM zhifu.patient_used u WHERE a.account_id IN (u.deposit_id, u.account_id)), 0)"
		"  <> coalesce((SELECT sum(CASE WHEN p.kind < 3 THEN p.amount_minor ELSE -p.amount_minor END)"
		"   FROM zhifu.patient_payment p WHERE p.account_id = a.account_id), 0) OR a.paid_minor < 0) THEN 'accounts' END,"
		" CASE WHEN EXISTS (SELECT 1 FROM zhifu.patient_used GROUP BY deposit_id, account_id HAVING sum(amount_minor) < 0) THEN 'used' END)");
	if (broken[0] != '\0') fail_msg("after %s: %s do not hold", after, broken);
}

static int begin(void **state)
{
	(void)state;
	world_sql(&world,
		"SET zhifu.hospital_id = '" HOSPITAL_A "';"
		"TRUNCATE zhifu.claim, zhifu.claim_state, zhifu.posting, zhifu.patient_account, zhifu.patient_bill, zhifu.patient_payment,"
		" zhifu.patient_used, zhifu.charge, zhifu.stay, zhifu.stay_name, zhifu.stay_ahead, zhifu.stay_bill CASCADE;"
		"SELECT zhifu.charge_add('" HOSPITAL_A
		"', 'his', NULL, NULL, '{all}', '{2025-10-06}', '{100000}', '{CNY}', '{2}', '{NULL}', '{" STAY "}')");
	for (int i = 0; i < CLAIMS; i++) {
		char ref[REF_TEXT_LEN];
		ref_new("HZ1", ref);
		world_sql(&world,
			"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, books) VALUES ('" HOSPITAL_A
			"', '%s', '%s', 2);"
			"INSERT INTO zhifu.claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day,"
			" total_minor, currency, exponent, line_count, content, stay) VALUES ('" HOSPITAL_A
			"', '%s', '%s', 1, 'alpha', gen_random_uuid(), 'his', now(), '2025-10-06', 100000, 'CNY', 2, 1, '', '8:00," STAY
			"')",
			claims[i], ref, claims[i], ref);
	}
	return 0;
}

/* ---- a stay's deposit ---- */

static void what_a_stay_deposited_for_its_claim_goes_back(void **state)
{
	char deposit[40];
	(void)state;
	quote(CLAIMS, 5000);
	assert_int_equal(pay(CLAIMS, 2, "card", 5000, "D1"), 1);
	snprintf(deposit, sizeof(deposit), "%s", text("SELECT payment_id::text FROM zhifu.patient_payment"));
	share_add(claims[0], 3000);
	assert_int_equal(bill(0, 0, 0), 1);
	books_hold("use");
	assert_int_equal(give_back(deposit, 3, 2001, "R0"), -11);
	/* The insurer pays 10.00 more: that is the patient's again, and only that. */
	share_add(claims[0], -1000);
	assert_int_equal(give_back(deposit, 3, 3001, "R0"), -11);
	assert_int_equal(world_count(&world, "SELECT minor " RETURN, deposit, 3, (intmax_t)3001, "R0"), 3000);
	assert_int_equal(give_back(deposit, 3, 3000, "R1"), 1);
	books_hold("refund");
	assert_int_equal(owed(), 0);
	assert_int_equal(
		world_count(&world, "SELECT zhifu.patient_open(a) FROM zhifu.patient_account a WHERE a.claim_id = '%s'",
			claims[0]),
		0);
	/* What the acquirer takes back of the rest is owed of the claim, for which it was used. */
	assert_int_equal(give_back(deposit, 4, 2000, "C1"), 1);
	books_hold("chargeback");
	assert_int_equal(
		world_count(&world, "SELECT zhifu.patient_open(a) FROM zhifu.patient_account a WHERE a.claim_id = '%s'",
			claims[0]),
		2000);
}

/* ---- random histories ---- */

static void step(int number)
{
	char reference[16], payment[40];
	long who = random() % (CLAIMS + 1);
	int64_t minor = 1 + random() % 4000, before = owed();
	snprintf(reference, sizeof(reference), "%ld", random() % 200); /* some are told again */
	switch (random() % 8) {
	case 0:
		quote(who, 6 * minor);
		return;
	case 1:
		bill(who, minor, random() % 500);
		return;
	case 2:
		if (who < CLAIMS)
			share_add(claims[who], random() % 2 ? minor : -(share(claims[who]) / (1 + random() % 3)));
		return;
	case 3:
		pay(who, 1, random() % 2 ? "cash" : "card", minor, reference);
		return;
	case 4:
		pay(random() % 2 ? who : CLAIMS, 2, random() % 2 ? "cash" : "card", 2 * minor, reference);
		return;
	case 5:
		pay(who, 1, "card",
			world_count(&world,
				"SELECT 1 + coalesce(max(zhifu.patient_open(a)), 0) / 2 FROM zhifu.patient_account a"),
			reference);
		return;
	default:
		snprintf(payment, sizeof(payment), "%s",
			text("SELECT coalesce((SELECT payment_id FROM zhifu.patient_payment WHERE kind < 3 ORDER BY random() LIMIT 1),"
			     " gen_random_uuid())::text"));
		if (number % 4 == 0)
			give_back(payment, 4, minor, reference);
		else if (give_back(payment, 3, minor, reference), owed() != before)
			fail_msg("what went back is owed again");
	}
}

/* Nothing is owed any more: then all that was paid can go back, and nothing is left. */
static void ends_even(void)
{
	char payment[40];
	for (int i = 0; i < CLAIMS; i++) {
		share_add(claims[i], -share(claims[i]));
		assert_int_equal(bill(i, 0, 0), 1);
	}
	assert_int_equal(bill(CLAIMS, 0, 0), 1);
	for (int no = 0;; no++) {
		static const char *const left =
			" FROM zhifu.patient_payment p CROSS JOIN LATERAL (SELECT p.amount_minor - coalesce(sum(r.amount_minor), 0) AS minor"
			" FROM zhifu.patient_payment r WHERE r.of_payment = p.payment_id) t WHERE p.kind < 3 AND t.minor > 0";
		char reference[16], query[512];
		snprintf(query, sizeof(query), "SELECT coalesce(max(p.payment_id::text), '')%s", left);
		snprintf(payment, sizeof(payment), "%s", text(query));
		if (payment[0] == '\0') break;
		int64_t minor = world_count(&world, "SELECT t.minor::int8%s AND p.payment_id = '%s'", left, payment);
		snprintf(reference, sizeof(reference), "E%d", no);
		int64_t outcome = give_back(payment, 3, minor, reference);
		if (outcome != 1)
			fail_msg("%jd of payment %d cannot go back: %jd", (intmax_t)minor, no, (intmax_t)outcome);
		books_hold("a last refund");
	}
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.patient_account a WHERE zhifu.patient_open(a) <> 0"
				    " OR deposit_minor <> 0"),
		0);
}

static void books_hold_in_random_histories(void **state)
{
	int64_t payments = 0, freed = 0;
	for (unsigned seed = 1; seed <= HISTORIES; seed++) {
		char after[32];
		begin(state);
		srandom(seed);
		for (long who = 0; who <= CLAIMS; who++) quote(who, 20000);
		for (int i = 0; i < STEPS; i++) {
			snprintf(after, sizeof(after), "seed %u, step %d", seed, i);
			step(i);
			books_hold(after);
		}
		ends_even();
		payments += world_count(&world, "SELECT count(*) FROM zhifu.patient_payment");
		freed += world_count(&world, "SELECT count(*) FROM zhifu.patient_used WHERE amount_minor < 0");
	}
	if (payments < 10 * HISTORIES || freed < HISTORIES)
		fail_msg("only %jd payments, and %jd uses taken back", (intmax_t)payments, (intmax_t)freed);
}

/* ---- two cashiers ---- */

/* In a process and session of its own: the outcomes of a statement of one bigint column, summed, as an exit status. */
static pid_t cashier(const char *query)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid != 0) return pid;
	(void)alarm(60); /* nobody waits for ever */
	struct db_sync *db = NULL;
	struct pg_result *rows = NULL;
	if (db_sync_open(world.conninfo, "second", &db) != 0 ||
		db_sync_script(db, "SET zhifu.hospital_id = '" HOSPITAL_A "'") != 0 ||
		db_sync_query(db, query, NULL, &rows) != 0)
		_exit(99);
	int64_t sum = 0;
	for (int row = 0; row < db_rows_count(rows); row++) sum += db_rows_int(rows, row, 0);
	_exit((int)(sum & 0xff));
}

/* Until the second cashier's session waits for the first one's. */
static void second_waits(void)
{
	int64_t deadline = clock_mono_us() + WAIT_US;
	while (world_count(&world, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
		assert_true(clock_mono_us() < deadline);
}

static int64_t outcome_of(pid_t pid)
{
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 99);
	return (int8_t)WEXITSTATUS(status);
}

/* The first does `mine` and ends its transaction so; the second, who waited, comes to `theirs`. */
static void one_after_the_other(const char *mine, const char *end, const char *second, int64_t theirs)
{
	world_sql(&world, "BEGIN");
	assert_int_equal(world_count(&world, "%s", mine), 1);
	pid_t pid = cashier(second);
	second_waits();
	world_sql(&world, "%s", end);
	assert_int_equal(outcome_of(pid), theirs);
	books_hold("two cashiers");
}

static void two_cashiers_book_one_after_the_other(void **state)
{
	char mine[512], second[512], deposit[40];
	(void)state;
	quote(CLAIMS, 4000);
#define DEPOSIT(to, reference)                                                                                         \
	snprintf(to, sizeof(to), "SELECT outcome::int8 " PAY, whose(CLAIMS), 2, "cash", (intmax_t)4000, reference)
#define REFUND(to, minor, reference)                                                                                   \
	snprintf(to, sizeof(to), "SELECT outcome::int8 " RETURN, deposit, 3, (intmax_t)(minor), reference)
	/* The same receipt: it is there already. Another one: the quoted share is deposited. The first gives up: it
	 * counts. */
	DEPOSIT(mine, "1");
	DEPOSIT(second, "1");
	one_after_the_other(mine, "ROLLBACK", second, 1);
	snprintf(deposit, sizeof(deposit), "%s", text("SELECT payment_id::text FROM zhifu.patient_payment"));
	REFUND(mine, 4000, "2");
	one_after_the_other(mine, "COMMIT", mine, 0);
	DEPOSIT(mine, "3");
	DEPOSIT(second, "4");
	one_after_the_other(mine, "COMMIT", second, -7);
	snprintf(deposit, sizeof(deposit), "%s",
		text("SELECT payment_id::text FROM zhifu.patient_payment WHERE reference = '3'"));
	/* Both give the same deposit back: one of them does. */
	REFUND(mine, 3000, "5");
	REFUND(second, 3000, "6");
	one_after_the_other(mine, "COMMIT", second, -10);
	/* One gives it back while the other uses it. */
	share_add(claims[0], 1000);
	REFUND(second, 1000, "7");
	snprintf(mine, sizeof(mine),
		"SELECT outcome::int8 FROM zhifu.patient_bill('" HOSPITAL_A
		"', gen_random_uuid(), %s, NULL, 0, 600, 2, '2025-10-06', 'li', 'x')",
		whose(0));
	one_after_the_other(mine, "COMMIT", second, -11);
	assert_int_equal(owed(), 0);
}

/* Neither waits for the other on purpose. */
static void two_cashiers_give_back_no_more_than_there_is(void **state)
{
	char deposit[40], query[2][768];
	pid_t pids[2];
	(void)state;
	quote(CLAIMS, 4000);
	assert_int_equal(pay(CLAIMS, 2, "cash", 4000, "1"), 1);
	snprintf(deposit, sizeof(deposit), "%s", text("SELECT payment_id::text FROM zhifu.patient_payment"));
	/* Each statement of a cashier is one transaction; receipts 1 to 60 of both, each of 1.00. */
	for (int i = 0; i < 2; i++) {
		snprintf(query[i], sizeof(query[i]),
			"DO $$ BEGIN FOR i IN 1..60 LOOP PERFORM zhifu.patient_return('" HOSPITAL_A
			"', gen_random_uuid(), '%s', 3::smallint,"
			" 100, 'R' || %s, '2025-10-06', 'li', 'x'); COMMIT; END LOOP; END $$",
			deposit, i == 0 ? "i" : "61 - i");
		pids[i] = cashier(query[i]);
	}
	assert_int_equal(outcome_of(pids[0]), 0);
	assert_int_equal(outcome_of(pids[1]), 0);
	books_hold("a race");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.patient_payment WHERE kind = 3"), 40);
}

static int start(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_sql(&world, "SELECT zhifu.hospital_open('" HOSPITAL_A "', 'HZ1', 'x', 'Asia/Shanghai', 'CNY', '')");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_a_stay_deposited_for_its_claim_goes_back, begin),
		cmocka_unit_test(books_hold_in_random_histories),
		cmocka_unit_test_setup(two_cashiers_book_one_after_the_other, begin),
		cmocka_unit_test_setup(two_cashiers_give_back_no_more_than_there_is, begin),
	};

	return world_main(&world, "patient", tests, ARRAY_LEN(tests), start);
}
