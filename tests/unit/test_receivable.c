/* What carriers owe: made of bills by the contract of their day, moved by what is decided, and always what the ledger
 * says. */
#include "settle_world.h"

#include "db/pool.h"
#include "lib/money.h"
#include "model/receivable.h"
#include "settle/bills.h"
#include "settle/settle_sql.h"
#include "settle/value.h"
#include "zhifu_adapter.h"

#define HOSPITAL "(SELECT hospital_id FROM zhifu.hospital WHERE code = 'AB1')"

/* Looks at bills, and for values, until the number is what it should be. */
static void look_until(const char *question, int64_t wanted)
{
	static const struct db_table *const tables[] = {&settle_table};
	char conninfo[256];
	struct db_pool *pool;
	struct bills *bills;
	struct value *value;
	int64_t give_up_ms = clock_mono_ms() + 10000;

	snprintf(conninfo, sizeof(conninfo), "host=%s user=zhifu_settle dbname=postgres", fix.dir);
	worker_fill(fix.loop);
	pool = pool_open(
		(struct db_pool_conf){.conninfo = conninfo, .role = "settle", .tables = tables, .table_count = 1});
	assert_int_equal(value_new(&world.worker, pool, &value), 0);
	assert_int_equal(bills_new(&world.worker, pool, &bills), 0);
	LOOP_UNTIL(db_pool_up(pool), 5000);
	do {
		value_look(value);
		bills_look(bills);
		assert_int_equal(event_base_loop(fix.loop, EVLOOP_ONCE), 0);
	} while (number("%s", question) != wanted && clock_mono_ms() < give_up_ms);
	assert_int_equal(number("%s", question), wanted);
	bills_free(bills);
	value_free(value);
	db_pool_free(pool);
	metrics_free(world.metrics);
	/* What was under way may still put off what is woken next. */
	while (number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'zhifu_settle'") > 0 &&
		clock_mono_ms() < give_up_ms) {
	}
}

static void all_made(void)
{
	look_until("SELECT count(*) FROM zhifu.receivable_wait", 0);
}

/* A claim of that price that was sent to a carrier, and so billed, on a day. */
static struct test_claim claim_billed(
	const char *carrier, const char *currency, int exponent, int64_t minor, const char *day)
{
	struct test_claim claim = claim_add("ok");

	sql("UPDATE zhifu.claim SET insurer = '%s', currency = '%s', exponent = %d, total_minor = %jd WHERE claim_id = '%s';"
	    "UPDATE zhifu.claim_state SET insurer = '%s' WHERE claim_id = '%s'",
		carrier, currency, exponent, (intmax_t)minor, claim.id_text, carrier, claim.id_text);
	claim_deliver(&claim);
	sql("UPDATE zhifu.posting SET book_day = '%s' WHERE claim_id = '%s'", day, claim.id_text);
	return claim;
}

static void settle_all(void)
{
	settle_start();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, 10000);
	role_end(&settle_role);
}

/* What the carrier says of a claim, and settle of that. */
static void fact_settle(const struct test_claim *claim, int kind, int64_t benefit, int64_t patient, int64_t contract)
{
	char fact[UUID_TEXT_LEN];
	struct uuid id = uuid_new();

	uuid_format(&id, fact);
	sql("INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, adjudication_id)"
	    " SELECT hospital_id, '%s', claim_id, insurer, %d, CASE WHEN %d = %d THEN '%s'::uuid END FROM zhifu.claim_state WHERE claim_id = '%s';"
	    "INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, submitted_minor,"
	    " benefit_minor, patient_minor, contract_minor, open_minor, content) SELECT hospital_id, '%s', claim_id, insurer, 3, currency, exponent,"
	    " total_minor, %jd, %jd, %jd, 0, '\\x00' FROM zhifu.claim WHERE claim_id = '%s' AND %d = %d;"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, fact_id)"
	    " SELECT hospital_id, gen_random_uuid(), 3, 1, claim_id, '%s' FROM zhifu.claim_state WHERE claim_id = '%s'",
		fact, kind, kind, ZF_FACT_ADJUDICATED, fact, claim->id_text, fact, (intmax_t)benefit, (intmax_t)patient,
		(intmax_t)contract, claim->id_text, kind, ZF_FACT_ADJUDICATED, fact, claim->id_text);
	settle_all();
}

static void decide(const struct test_claim *claim, int64_t benefit, int64_t patient, int64_t contract)
{
	fact_settle(claim, ZF_FACT_ADJUDICATED, benefit, patient, contract);
}

static void owes(const struct test_claim *claim, const char *kind, const char *currency, int64_t owed, int64_t open,
	int64_t book, int standing)
{
	struct pg_result *rows = NULL;
	char question[512], wanted[128];

	snprintf(wanted, sizeof(wanted), "%s %s %jd %jd %jd %d", kind, currency, (intmax_t)owed, (intmax_t)open,
		(intmax_t)book, standing);
	snprintf(question, sizeof(question),
		"SELECT concat_ws(' ', kind, currency, owed_minor, open_minor, book_minor, standing) FROM zhifu.receivable"
		" WHERE claim_id = '%s'",
		claim->id_text);
	if (db_sync_query(fix.admin, question, NULL, &rows) < 0) fail_msg("%s", err_text());
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_rows_text(rows, 0, 0), wanted);
	db_sync_rows_free(rows);
}

/* What the ledger says of an account, in a currency and in the books. */
static int64_t balance(const char *account, const char *currency)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE currency = '%s'",
		account, currency);
}

static int64_t worth(const char *account)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN book_minor WHEN credit THEN -book_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting",
		account);
}

/* Receivables and the ledger agree, by account and claim by claim, and whatever passes through CONV is worth nothing.
 */
static void books_hold(void)
{
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.hospital h, zhifu.books_check(h.hospital_id) b WHERE h.code = 'AB1'"
		       " AND (b.owed <> b.ledger OR b.owed_book <> b.ledger_book)"),
		0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable r CROSS JOIN LATERAL (SELECT"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN 1 ELSE -1 END * CASE p.currency WHEN r.currency THEN p.amount_minor ELSE 0 END) AS minor,"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN 1 ELSE -1 END * CASE p.currency WHEN r.currency THEN 0 ELSE p.amount_minor END) AS other,"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN p.book_minor ELSE -p.book_minor END) AS book"
		       " FROM zhifu.posting p WHERE p.claim_id = r.claim_id AND 'AR-' || upper(r.carrier) IN (p.debit, p.credit)) l"
		       " WHERE (l.minor, l.other, l.book) IS DISTINCT FROM"
		       " (r.open_minor, 0, zhifu.receivable_carried(r.owed_minor, r.book_minor, r.open_minor))"),
		0);
	assert_int_equal(worth("CONV"), 0);
}

static void none_left(void)
{
	sql("DELETE FROM zhifu.receivable; DELETE FROM zhifu.receivable_wait; DELETE FROM zhifu.posting; DELETE FROM zhifu.posting_unvalued;"
	    "DELETE FROM zhifu.conversion; DELETE FROM zhifu.rate; DELETE FROM zhifu.contract; DELETE FROM zhifu.outbox");
}

static void rate_add(const char *base, int per, const char *digits, int scale, const char *day)
{
	sql("SELECT zhifu.rate_store(1::int2, '', '{%s}', '{CNY}', '{%d}', '{%s}', '{%d}', ARRAY['%s'::date], 'li')",
		base, per, digits, scale, day);
}

/* The first part of the object `owed`, and of `payment`. */
static void contract_add(const char *carrier, const char *owed, const char *payment)
{
	sql("SELECT zhifu.contract_put(" HOSPITAL
	    ", '{\"name\": \"%s\", \"valid_from\": \"2025-01-01\", \"parties\": {\"carrier\": \"%s\","
	    " \"tpa\": \"Meridian\"}, \"owed\": {%s}, \"payment\": {%s}}', 'li', 'test')",
		carrier, carrier, owed, payment);
}

#define KIND_C "\"kind\": \"C\", \"currency\": \"USD\""

/* ---- arithmetic ---- */

static void test_the_database_carries_as_the_model_does(void **state)
{
	uint64_t seed = 20261122;

	(void)state;
	NEED_POSTGRESQL();
	for (int i = 0; i < 300; i++) {
		struct receivable receivable = {.owed = {.exponent = 2, .present = 1, .currency = "USD"},
			.book = {.exponent = 2, .present = 1, .currency = "CNY"}};
		struct zf_money open = receivable.owed, carried;
		uint64_t size = i % 3 == 0 ? 1000 : i % 3 == 1 ? 10000000 : 4000000000000000000u;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		receivable.owed.minor = (int64_t)((seed >> 1) % size) + 1;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		receivable.book.minor = (int64_t)((seed >> 1) % size);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		open.minor = (int64_t)((seed >> 1) % ((uint64_t)receivable.owed.minor + 1));
		assert_int_equal(receivable_carried(&receivable, open, DECIMAL_HALF_AWAY, &carried), 0);
		assert_int_equal(
			number("SELECT zhifu.receivable_carried(%jd, %jd, %jd)", (intmax_t)receivable.owed.minor,
				(intmax_t)receivable.book.minor, (intmax_t)open.minor),
			carried.minor);
	}
}

/* ---- scenarios ---- */

/* S3: one bill of 2026-10-06, a holiday, by three contracts. */
static void test_three_contracts_one_claim(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	rate_add("USD", 1, "70880", 4, "2026-10-08");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	owes(&claim, "A", "CNY", 10290000, 10290000, 10290000, 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable WHERE contract_id IS NULL AND due_day IS NULL AND remitter = 'alpha'"),
		1);

	contract_add("alpha", "\"kind\": \"A\"", "\"term_days\": 20, \"term_counts\": \"business\"");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	owes(&claim, "A", "CNY", 10290000, 10290000, 10290000, 1);
	assert_int_equal(
		number("SELECT due_day - billed_day FROM zhifu.receivable WHERE claim_id = '%s'", claim.id_text), 28);

	contract_add("alpha", "\"kind\": \"B\", \"pay_currency\": \"USD\", \"payment_rate\": {\"day\": \"order\"}",
		"\"term_days\": 45");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	owes(&claim, "B", "CNY", 10290000, 10290000, 10290000, 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable WHERE claim_id = '%s' AND due_day - billed_day = 45"
		       " AND remitter = 'Meridian' AND contract_version = 2",
			claim.id_text),
		1);
	assert_int_equal(balance("AR-ALPHA", "CNY"), 3 * 10290000);
	assert_int_equal(balance("CONV", "CNY"), 0);

	contract_add("alpha", KIND_C, "\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	owes(&claim, "C", "USD", 1450317, 1450317, 10290000, 1);
	assert_int_equal(balance("AR-ALPHA", "CNY"), 3 * 10290000);
	assert_int_equal(balance("AR-ALPHA", "USD"), 1450317);
	assert_int_equal(worth("AR-ALPHA"), 4 * 10290000);
	assert_int_equal(balance("CONV", "USD"), -1450317);
	assert_int_equal(balance("CONV", "CNY"), 10290000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.conversion c JOIN zhifu.rate r USING (rate_id)"
		       " JOIN zhifu.posting p USING (hospital_id, entry_id, no) WHERE c.entry_id = '%s' AND r.day = '2026-09-30'"
		       " AND NOT c.multiplied AND p.rule = 'fix_owed' AND p.amount_minor = 1450317 AND p.book_day = '2026-10-06'",
			claim.id_text),
		1);
	/* The bill's own day, not what is posted on it later: what a decision takes away is exact too. */
	decide(&claim, 10200345, 89655, 0);
	owes(&claim, "C", "USD", 1437681, 1437681, 10200345, 1);
	assert_int_equal(balance("AR-PT", "CNY"), 89655);
	books_hold();
}

/* S2, the insurer's side of the money: an interim bill and the final one, either side of the cut-off. */
static void test_interim_and_final_bill(void **state)
{
	struct test_claim interim, last;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	interim = claim_billed("alpha", "CNY", 2, 7055000, "2026-09-30");
	last = claim_billed("alpha", "CNY", 2, 3235000, "2026-10-06");
	all_made();
	owes(&interim, "A", "CNY", 7055000, 7055000, 7055000, 1);
	owes(&last, "A", "CNY", 3235000, 3235000, 3235000, 1);
	assert_int_equal(
		number("SELECT sum(amount_minor)::int8 FROM zhifu.posting WHERE debit = 'AR-ALPHA' AND book_day <= '2026-09-30'"),
		7055000);
	assert_int_equal(balance("AR-ALPHA", "CNY"), 10290000);
	books_hold();
}

/* S4: C2, of which a tenth is the member's, and C4, denied. */
static void test_decisions_move_it(void **state)
{
	struct test_claim c2, c4, gone, early;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	c2 = claim_billed("alpha", "CNY", 2, 896550, "2026-10-06");
	c4 = claim_billed("beta", "CNY", 2, 320000, "2026-10-06");
	gone = claim_billed("alpha", "CNY", 2, 100000, "2026-10-06");
	early = claim_billed("alpha", "CNY", 2, 100000, "2026-10-06");
	decide(&early, 70000, 20000, 10000); /* before there is a receivable of it */
	all_made();
	decide(&c2, 806895, 89655, 0);
	decide(&c4, 0, 0, 0);
	fact_settle(&gone, ZF_FACT_CANCELLED, 0, 0, 0);
	owes(&c2, "A", "CNY", 896550, 806895, 896550, 1);
	owes(&c4, "A", "CNY", 320000, 320000, 320000, 3);
	owes(&gone, "A", "CNY", 100000, 0, 100000, 2);
	owes(&early, "A", "CNY", 100000, 70000, 100000, 1);
	books_hold();
	/* Appealed with success, and the other way. */
	decide(&c4, 320000, 0, 0);
	owes(&c4, "A", "CNY", 320000, 320000, 320000, 1);
	decide(&c2, 716895, 179655, 0);
	owes(&c2, "A", "CNY", 896550, 716895, 896550, 1);
	decide(&c2, 0, 896550, 0);
	owes(&c2, "A", "CNY", 896550, 0, 896550, 2);
	decide(&c2, 896550, 0, 0);
	owes(&c2, "A", "CNY", 896550, 896550, 896550, 1);
	books_hold();
}

/* What was paid of a claim, by whoever matches: the row and its posting in one. */
static void pay(const struct test_claim *claim, const char *part, const char *standing, const char *book)
{
	sql("DO $$ DECLARE r zhifu.receivable; d bigint; b bigint; BEGIN"
	    " SELECT * INTO r FROM zhifu.receivable WHERE claim_id = '%s'; d := %s;"
	    " b := zhifu.receivable_move(r.hospital_id, r.claim_id, r.version, d, %s, %s);"
	    " INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
	    " claim_id, source_id) SELECT r.hospital_id, gen_random_uuid(), 1, CASE WHEN d < 0 THEN 'SUSP' ELSE 'AR-' || upper(r.carrier) END,"
	    " CASE WHEN d < 0 THEN 'AR-' || upper(r.carrier) ELSE 'SUSP' END, abs(d), r.currency, r.exponent, abs(b), r.billed_day, 'settle',"
	    " r.claim_id, gen_random_uuid() WHERE d <> 0; END $$",
		claim->id_text, part, standing, book);
}

/* What was paid and is then decided to be less is owed to the carrier, and never below nothing. */
static void test_decided_less_than_was_paid(void **state)
{
	struct test_claim claim, dollars;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	contract_add("beta", KIND_C, "\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 100000, "2026-10-06");
	dollars = claim_billed("beta", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	decide(&claim, 80000, 20000, 0);
	pay(&claim, "-80000", "NULL", "NULL");
	owes(&claim, "A", "CNY", 100000, 0, 100000, 2);
	decide(&claim, 70000, 30000, 0);
	owes(&claim, "A", "CNY", 100000, 0, 100000, 2);
	assert_int_equal(balance("OVERPAID-ALPHA", "CNY"), -10000);
	decide(&claim, 85000, 15000, 0);
	owes(&claim, "A", "CNY", 100000, 5000, 100000, 1);
	assert_int_equal(balance("OVERPAID-ALPHA", "CNY"), 0);
	books_hold();

	pay(&dollars, "-1450317", "NULL", "NULL");
	decide(&dollars, 10200345, 89655, 0);
	owes(&dollars, "C", "USD", 1450317, 0, 10290000, 2);
	assert_int_equal(balance("OVERPAID-BETA", "USD"), -12636);
	assert_int_equal(worth("OVERPAID-BETA"), -89655);
	books_hold();
	decide(&dollars, 10290000, 0, 0);
	assert_int_equal(balance("OVERPAID-BETA", "USD"), 0);
	assert_int_equal(worth("OVERPAID-BETA"), 0);
	books_hold();
}

/* No rate yet: it waits with a clock, is seen, and is made when the rate comes. */
static void test_a_fixed_amount_waits_for_its_rate(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	contract_add("alpha", KIND_C, "\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	look_until("SELECT count(*) FROM zhifu.receivable_wait WHERE due_at > now() + interval '9 min'", 1);
	assert_int_equal(number("SELECT found FROM zhifu.settle_watch() WHERE subject = 'bills_without_rate'"), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable"), 0);
	decide(&claim, 10200345, 89655, 0);
	books_hold();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	all_made();
	owes(&claim, "C", "USD", 1437681, 1437681, 10200345, 1);
	assert_int_equal(balance("AR-ALPHA", "CNY"), 0);
	books_hold();
	/* While a day goes on it may get a rate of its own. */
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2099-10-06");
	rate_add("USD", 1, "70950", 4, "2099-10-05");
	look_until("SELECT count(*) FROM zhifu.receivable_wait WHERE due_at > now() + interval '9 min'", 1);
	rate_add("USD", 1, "70880", 4, "2099-10-06");
	all_made();
	owes(&claim, "C", "USD", 1451749, 1451749, 10290000, 1);
}

/* A bill in a currency that is not the books': owed in it, and carried at its value. */
static void test_a_foreign_bill_waits_for_its_value(void **state)
{
	struct test_claim claim, early;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	claim = claim_billed("alpha", "USD", 2, 100000, "2026-10-06");
	early = claim_billed("alpha", "USD", 2, 100000, "2026-10-06");
	decide(&early, 80000, 20000, 0);
	look_until("SELECT count(*) FROM zhifu.receivable_wait WHERE due_at > now() + interval '9 min'", 2);
	sql("UPDATE zhifu.posting SET book_day = '2026-10-06'");
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	all_made();
	owes(&claim, "A", "USD", 100000, 100000, 709500, 1);
	owes(&early, "A", "USD", 80000, 80000, 567600, 1);
	/* A decision of today moves it at what it is carried at, whatever the rate of today. */
	decide(&claim, 80000, 15000, 5000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.posting_unvalued"), 0);
	owes(&claim, "A", "USD", 100000, 80000, 709500, 1);
	assert_int_equal(worth("AR-PT"), 141900 + 106425);
	books_hold();
}

static void test_compare_and_set(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	claim = claim_billed("alpha", "CNY", 2, 100000, "2026-10-06");
	all_made();
	assert_int_equal(
		number("SELECT zhifu.receivable_move(" HOSPITAL ", '%s', 1, -40000, NULL)", claim.id_text), -40000);
	assert_int_equal(
		number("SELECT coalesce(zhifu.receivable_move(" HOSPITAL ", '%s', 1, -40000, NULL), 7)", claim.id_text),
		7);
	assert_int_equal(
		number("SELECT zhifu.receivable_move(" HOSPITAL ", '%s', 2, 40000, 4::int2, 40000)", claim.id_text),
		40000);
	owes(&claim, "A", "CNY", 100000, 100000, 100000, 4);
	/* More than is open, or than is owed. */
	assert_true(
		db_sync_script(fix.admin,
			"SELECT zhifu.receivable_move(hospital_id, claim_id, 3, -100001, NULL) FROM zhifu.receivable") <
		0);
	assert_true(
		db_sync_script(fix.admin,
			"SELECT zhifu.receivable_move(hospital_id, claim_id, 3, 1, NULL) FROM zhifu.receivable") < 0);
	none_left();
}

/* ---- any history ---- */

static uint64_t random_state;

static int64_t pick(int64_t below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((random_state >> 33) % (uint64_t)below);
}

/* A payment that came last: NULL when there was none. */
#define LAST(column)                                                                                                               \
	"(SELECT p." column                                                                                                        \
	" FROM zhifu.posting p WHERE p.claim_id = r.claim_id AND p.rule = 'settle' AND p.debit = 'SUSP'"                           \
	" AND NOT EXISTS (SELECT 1 FROM zhifu.posting u WHERE u.claim_id = p.claim_id AND u.rule = 'settle' AND u.credit = 'SUSP'" \
	" AND u.at > p.at) ORDER BY p.at DESC LIMIT 1)"

/* One more thing that happens to a claim of that total. What was paid may be undone, at what it had cleared, and taken
 * back in dispute, when it is worth something else. */
static void happen(const struct test_claim *claim, int64_t total)
{
	char part[64];
	int64_t what = pick(10);

	if (what >= 5 && number("SELECT count(*) FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text) == 0)
		what = 0;
	switch (what) {
	case 0:
		all_made();
		break;
	case 1:
		decide(claim, 0, 0, 0);
		break;
	case 2:
		decide(claim, total, 0, 0);
		break;
	case 3:
	case 4:
		decide(claim, pick(total), pick(total * 9 / 8), pick(total / 8 + 1));
		break;
	case 5:
	case 6:
	case 7:
		snprintf(part, sizeof(part), "-(r.open_minor * %jd / 4)", (intmax_t)pick(5));
		pay(claim, part, "NULL", "NULL");
		break;
	case 8:
		pay(claim, "coalesce(" LAST("amount_minor") ", 0)", "NULL", "coalesce(" LAST("book_minor") ", 0)");
		break;
	default:
		snprintf(part, sizeof(part), "least(%jd, r.owed_minor - r.open_minor)", (intmax_t)pick(total));
		pay(claim, part, "4::int2", "CASE r.currency WHEN 'CNY' THEN d ELSE round(d * 7.3321)::int8 END");
		break;
	}
}

static void test_any_history(void **state)
{
	static const struct {
		const char *carrier, *currency;
		int exponent;
	} kinds[] = {{"alpha", "CNY", 2}, {"beta", "CNY", 2}, {"beta", "EUR", 2}, {"alpha", "JPY", 0}};
	struct test_claim claims[8];
	int64_t totals[ARRAY_LEN(claims)];

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	random_state =
		getenv("ZHIFU_SEED") != NULL ? strtoull(getenv("ZHIFU_SEED"), NULL, 10) : (uint64_t)clock_wall_ms();
	print_message("ZHIFU_SEED=%ju\n", (uintmax_t)random_state);
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	rate_add("EUR", 1, "83100", 4, "2026-09-30");
	rate_add("JPY", 100, "48120", 4, "2026-09-30");
	contract_add("beta", KIND_C, "\"term_days\": 30");
	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		size_t kind = i % ARRAY_LEN(kinds);

		totals[i] = 1 + pick(i < 4 ? 300 : 30000000);
		claims[i] = claim_billed(
			kinds[kind].carrier, kinds[kind].currency, kinds[kind].exponent, totals[i], "2026-10-06");
	}
	for (int i = 0; i < 60; i++) {
		size_t which = (size_t)pick(ARRAY_LEN(claims));

		happen(&claims[which], totals[which]);
		sql("UPDATE zhifu.posting SET book_day = '2026-10-06' WHERE book_day > '2026-10-06'");
		books_hold();
	}
	for (size_t i = 0; i < ARRAY_LEN(claims); i += 3) fact_settle(&claims[i], ZF_FACT_CANCELLED, 0, 0, 0);
	all_made();
	books_hold();
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable"), ARRAY_LEN(claims));
	none_left();
}

static int receivable_world_start(void **state)
{
	struct zone *zone = NULL;
	int r = world_start(state);

	world.hospital.rate_sources[0] = RATE_CFETS;
	world.hospital.rate_source_count = 1;
	world.hospital.rate_reach_days = 10;
	assert_int_equal(zone_load("Asia/Shanghai", &zone), 0);
	world.hospital.zone = zone;
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_database_carries_as_the_model_does),
		cmocka_unit_test(test_three_contracts_one_claim),
		cmocka_unit_test(test_interim_and_final_bill),
		cmocka_unit_test(test_decisions_move_it),
		cmocka_unit_test(test_decided_less_than_was_paid),
		cmocka_unit_test(test_a_fixed_amount_waits_for_its_rate),
		cmocka_unit_test(test_a_foreign_bill_waits_for_its_value),
		cmocka_unit_test(test_compare_and_set),
		cmocka_unit_test(test_any_history),
	};

	return cmocka_run_group_tests_name("receivable", tests, receivable_world_start, world_stop);
}
