/* What carriers owe: made of bills by the contract of their day, moved by what is decided, and always what the ledger
 * says. */
#include "receivable_world.h"

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

/* Queued again, and withdrawn. */
static void withdraw(const struct test_claim *claim)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			number("SELECT count(*)::int8 FROM zhifu.claim_state c CROSS JOIN LATERAL zhifu.claim_step("
			       "ARRAY[c.hospital_id], ARRAY[c.claim_id], '{1}', ARRAY[c.transport], '{NULL}',"
			       " ARRAY[CASE c.transport WHEN 8 THEN 5 ELSE 10 END::smallint], '{x}', '{x}', '{NULL}')"
			       " WHERE c.claim_id = '%s'",
				claim->id_text),
			1);
}

/* S1's prices: a bill at full price of which the contract takes a tenth, 206.00 of 2,060.00; and S3's, owed in dollars.
 */
static void test_discount_is_written_off_with_the_bill(void **state)
{
	struct test_claim claim, decided, gone, net;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	contract_add("alpha",
		"\"kind\": \"A\"}, \"prices\": {\"discounts\": [{\"category\": \"*\", \"percent\": \"10\"}],"
		" \"billed\": \"gross\"",
		"\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	decided = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	decide(&decided, 185400, 0, 20600); /* before there is a receivable of it: once is enough */
	all_made();
	owes(&claim, "A", "CNY", 206000, 185400, 206000, 1);
	owes(&decided, "A", "CNY", 206000, 185400, 206000, 1);
	assert_int_equal(balance("CONTR", "CNY"), 2 * 20600);
	assert_int_equal(balance("REV-MED", "CNY"), -2 * 206000);
	assert_int_equal(number("SELECT amount_minor FROM zhifu.posting WHERE rule = 'allowance' AND claim_id = '%s'",
				 claim.id_text),
		20600);
	/* What the decision says is the contract's takes its place: nothing, the same, or more. */
	decide(&claim, 185400, 0, 20600);
	owes(&claim, "A", "CNY", 206000, 185400, 206000, 1);
	assert_int_equal(balance("CONTR", "CNY"), 2 * 20600);
	books_hold();

	/* Taken back undecided: what had come off goes back, too, and nothing is owed to anybody. */
	gone = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	all_made();
	assert_int_equal(balance("CONTR", "CNY"), 3 * 20600);
	withdraw(&gone);
	owes(&gone, "A", "CNY", 206000, 0, 206000, 2);
	assert_int_equal(balance("CONTR", "CNY"), 2 * 20600);
	assert_int_equal(balance("OVERPAID-ALPHA", "CNY"), 0);
	books_hold();

	/* In dollars: 10,290.00 of 102,900.00 by 7.0950, to the cent as the whole less what is left. */
	contract_add("alpha",
		KIND_C "}, \"prices\": {\"discounts\": [{\"category\": \"*\", \"percent\": \"10\"}],"
		       " \"billed\": \"gross\"",
		"\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	owes(&claim, "C", "USD", 1305285, 1305285, 9261000, 1);
	assert_int_equal(number("SELECT to_minor FROM zhifu.conversion WHERE entry_id = '%s' AND from_minor = 9261000",
				 claim.id_text),
		1305285);
	decide(&claim, 9000000, 0, 1290000);
	owes(&claim, "C", "USD", 1268499, 1268499, 9000000, 1);
	books_hold();

	/* Priced already: nothing comes off. */
	contract_add("alpha",
		"\"kind\": \"A\"}, \"prices\": {\"discounts\": [{\"category\": \"*\", \"percent\": \"10\"}]",
		"\"term_days\": 30");
	net = claim_billed("alpha", "CNY", 2, 185400, "2026-10-06");
	all_made();
	owes(&net, "A", "CNY", 185400, 185400, 185400, 1);
	books_hold();
}

/* ---- by item ---- */

/* 2,060.00 of S1's prices: 15 per cent of drugs, 5 of the room, 10 of the rest, each item's rounded by itself. */
#define BY_ITEM                                                                                                                    \
	"\"prices\": {\"discounts\": [{\"category\": \"*\", \"percent\": \"10\"}, {\"category\": \"drugs\", \"percent\": \"15\"}," \
	" {\"category\": \"urn:c|room\", \"percent\": \"5\"}], \"billed\": \"gross\""
#define THREE ITEM("1", "drugs", "333.33") "," ITEM("2", "room", "1000.10") "," ITEM("3", "exam", "726.57")

static void test_discounts_by_category(void **state)
{
	struct test_claim claim, gone, early, erased;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	contract_add("alpha", "\"kind\": \"A\"}, " BY_ITEM, "\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	items_are(&claim, THREE);
	gone = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	items_are(&gone, THREE);
	all_made();
	/* 50.00 (49.9995) + 50.01 (50.005) + 72.66 (72.657) */
	owes(&claim, "A", "CNY", 206000, 206000 - 17267, 206000, 1);
	owes(&gone, "A", "CNY", 206000, 206000 - 17267, 206000, 1);
	assert_int_equal(balance("CONTR", "CNY"), 2 * 17267);
	books_hold();
	/* Withdrawn before there is a receivable: nothing comes off. */
	early = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	items_are(&early, THREE);
	withdraw(&early);
	all_made();
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable WHERE claim_id = '%s'", early.id_text), 0);
	assert_int_equal(balance("CONTR", "CNY"), 2 * 17267);
	books_hold();
	/* Withdrawn: what had come off goes back, too. Decided: what the decision says takes its place. */
	withdraw(&gone);
	owes(&gone, "A", "CNY", 206000, 0, 206000, 2);
	assert_int_equal(balance("CONTR", "CNY"), 17267);
	decide(&claim, 188000, 0, 18000);
	owes(&claim, "A", "CNY", 206000, 188000, 206000, 1);
	assert_int_equal(balance("CONTR", "CNY"), 18000);
	books_hold();

	/* In dollars, of what is left: 1,887.33 by 7.0950. */
	contract_add("alpha", KIND_C "}, " BY_ITEM, "\"term_days\": 30");
	claim = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	items_are(&claim, THREE);
	all_made();
	owes(&claim, "C", "USD", 26601, 26601, 188733, 1);
	/* Many in one look, and of a patient who was erased nothing comes off. */
	contract_add("alpha", "\"kind\": \"A\"}, " BY_ITEM, "\"term_days\": 30");
	erased = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	sql("UPDATE zhifu.claim SET patient_key_id = gen_random_uuid() WHERE claim_id = '%s'", erased.id_text);
	for (int i = 0; i < 20; i++) {
		claim = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
		items_are(&claim, THREE);
	}
	all_made();
	owes(&erased, "A", "CNY", 206000, 206000, 206000, 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable WHERE kind = 'A' AND open_minor = 206000 - 17267"), 20);
	books_hold();
}

/* A patient of its own, whose key is wrapped by that version of the hospital's, and for somebody else: it can't be
 * unwrapped. */
static void patient_locked(const struct test_claim *claim, int version)
{
	sql("WITH k AS (INSERT INTO zhifu.patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version)"
	    " SELECT hospital_id, gen_random_uuid(), wrapped, %d FROM zhifu.patient_key WHERE hospital_id = " HOSPITAL
	    " LIMIT 1 RETURNING patient_key_id) UPDATE zhifu.claim SET patient_key_id = k.patient_key_id FROM k WHERE claim_id = '%s'",
		version, claim->id_text);
}

static bool told(const char *log, const char *message, const struct test_claim *claim)
{
	char both[256];

	snprintf(both, sizeof(both), "%s\",\"claim\":\"%s\"", message, claim->id_text);
	return strstr(log, both) != NULL;
}

/* Bills whose items can't be told wait, each with its reason in the log; the others of the same look are made. Only of
 * a patient who was erased nothing comes off. */
static void test_a_bill_that_cannot_be_opened_waits_alone(void **state)
{
	struct test_claim locked, broken, garbled, huge, erased, good, dollars, gone;
	char log[32768];
	FILE *file = tmpfile();
	size_t len;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	contract_add("alpha", "\"kind\": \"A\"}, " BY_ITEM, "\"term_days\": 30");
	contract_add("beta", KIND_C "}, " BY_ITEM, "\"term_days\": 30");
	locked = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	dollars = claim_billed("beta", "CNY", 2, 206000, "2026-10-06");
	broken = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	garbled = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	huge = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	erased = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	good = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	patient_locked(&locked, 7);
	patient_locked(&dollars, 7);
	patient_locked(&broken, 1);
	sql("UPDATE zhifu.claim SET content = '\\x00' WHERE claim_id = '%s'", garbled.id_text);
	items_are(&huge, ITEM("1", "drugs", "92233720368547758.07") "," ITEM("2", "drugs", "92233720368547758.07"));
	patient_locked(&erased, 1);
	sql("UPDATE zhifu.patient_key SET wrapped = NULL WHERE patient_key_id = (SELECT patient_key_id FROM zhifu.claim"
	    " WHERE claim_id = '%s')",
		erased.id_text);
	items_are(&good, THREE);
	sql("UPDATE zhifu.receivable_wait SET due_at = now() - interval '1 day' WHERE claim_id <> '%s'", good.id_text);
	assert_non_null(file);
	log_init(fileno(file), "test", LOG_WARN);
	look_until("SELECT count(*) FROM zhifu.receivable", 2);
	log_init(2, "test", LOG_ERROR);
	rewind(file);
	len = fread(log, 1, sizeof(log) - 1, file);
	log[len] = '\0';
	fclose(file);

	owes(&good, "A", "CNY", 206000, 206000 - 17267, 206000, 1);
	owes(&erased, "A", "CNY", 206000, 206000, 206000, 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable_wait WHERE due_at > now() + interval '9 min'"), 5);
	assert_true(told(log, "a bill's patient is erased: nothing is taken off it", &erased));
	assert_true(told(log, "a bill waits: its claim can't be opened", &locked));
	assert_true(told(log, "a bill waits: its claim can't be opened", &dollars));
	assert_true(told(log, "a bill waits: its claim can't be opened", &broken));
	assert_true(told(log, "a bill waits: its claim can't be opened", &garbled));
	assert_true(told(log, "a bill waits: what the contract takes off its items can't be worked out", &huge));
	books_hold();

	/* Mended, they are as any other. */
	sql("UPDATE zhifu.claim SET patient_key_id = (SELECT c.patient_key_id FROM zhifu.claim c WHERE c.claim_id = '%s');"
	    "UPDATE zhifu.receivable_wait SET due_at = now()",
		good.id_text);
	items_are(&locked, THREE);
	items_are(&dollars, THREE);
	items_are(&broken, THREE);
	items_are(&garbled, THREE);
	items_are(&huge, THREE);
	all_made();
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable WHERE kind = 'A' AND open_minor = 206000 - 17267"), 5);
	owes(&dollars, "C", "USD", 26601, 26601, 188733, 1);
	books_hold();

	/* Of all that is asked nothing is found: what need not be asked goes on. */
	gone = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");
	sql("DELETE FROM zhifu.claim WHERE claim_id = '%s'", gone.id_text);
	good = claim_billed("gamma", "CNY", 2, 206000, "2026-10-06");
	look_until("SELECT count(*) FROM zhifu.receivable_wait WHERE due_at <= now()", 0);
	owes(&good, "A", "CNY", 206000, 206000, 206000, 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable_wait WHERE claim_id = '%s'", gone.id_text), 1);
	books_hold();
}

static int64_t contents_asked(void)
{
	return number(
		"SELECT coalesce(sum(calls), 0)::int8 FROM pg_stat_user_functions WHERE funcname = 'settle_bill_contents'");
}

/* Six of 600 kB, of which two begin within 1 MB; with patients who were erased, so that none of it need be opened. */
static void test_few_claims_are_opened_at_a_time(void **state)
{
	int64_t before;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	sql("ALTER ROLE zhifu_settle SET track_functions = 'all'");
	contract_add("alpha", "\"kind\": \"A\"}, " BY_ITEM, "\"term_days\": 30");
	for (int i = 0; i < 6; i++) {
		struct test_claim claim = claim_billed("alpha", "CNY", 2, 206000, "2026-10-06");

		sql("UPDATE zhifu.claim SET patient_key_id = gen_random_uuid(), content = decode(repeat('ab', 600000), 'hex')"
		    " WHERE claim_id = '%s'",
			claim.id_text);
	}
	before = contents_asked();
	all_made();
	assert_int_equal(contents_asked() - before, 3);
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable WHERE open_minor = 206000"), 6);
	sql("ALTER ROLE zhifu_settle RESET track_functions");
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

/* Money for a claim, in the currency in which it is owed, carried at some rate; what is no payment of what is open is
 * now and then in dollars where yuan are owed. */
static void money_comes(const struct test_claim *claim, enum test_kind kind, int64_t minor, int64_t over)
{
	char currency[4], allocation[UUID_TEXT_LEN], question[256];
	struct pg_result *rows = NULL;
	int64_t book = minor;
	struct test_line line;
	int exponent;

	snprintf(question, sizeof(question),
		"SELECT currency, exponent::int8 FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text);
	if (db_sync_query(fix.admin, question, NULL, &rows) < 0) fail_msg("%s", err_text());
	snprintf(currency, sizeof(currency), "%s", db_rows_text(rows, 0, 0));
	exponent = (int)db_rows_int(rows, 0, 1);
	db_sync_rows_free(rows);
	if (strcmp(currency, "CNY") == 0 && kind != PAID && pick(3) == 0) {
		snprintf(currency, sizeof(currency), "USD");
		minor = minor / 7 + (minor > 0 ? 1 : -1);
	}
	if (strcmp(currency, "CNY") != 0) book = minor * (700 + pick(30)) / 100;
	line = line_booked(currency, exponent, minor, book);
	allocate(&line, claim, kind, kind == TWICE ? 0 : minor - over, over, allocation);
}

/* A payment: of a part, of all, or of more than is open. */
static void history_pay(const struct test_claim *claim, int64_t total)
{
	int64_t open = number("SELECT open_minor FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text);
	int64_t part = open * pick(6) / 4;

	if (open == 0)
		money_comes(claim, TWICE, 1 + pick(total), 0);
	else if (part > open)
		money_comes(claim, PAID, part, part - open);
	else if (part > 0)
		money_comes(claim, PAID, part, 0);
}

/* Any of its allocations that is not undone. */
static void history_undo(const struct test_claim *claim)
{
	sql("SELECT zhifu.match_undo(" HOSPITAL
	    ", a.allocation_id, gen_random_uuid(), 'li', 'c0') FROM zhifu.allocation a"
	    " WHERE a.claim_id = '%s' AND a.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM zhifu.allocation u"
	    " WHERE u.undoes = a.allocation_id) ORDER BY hashtext(a.allocation_id::text || '%jd') LIMIT 1",
		claim->id_text, (intmax_t)pick(1000));
}

/* One more thing that happens to a claim of that total. */
static void happen(const struct test_claim *claim, int64_t total)
{
	int64_t what = pick(17);

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
	case 8:
		history_pay(claim, total);
		break;
	case 9:
		history_undo(claim);
		break;
	case 10:
	case 11:
		money_comes(claim, what == 10 ? TAKEN : TWICE, -1 - pick(total), 0);
		break;
	case 14:
	case 15:
		sql("SELECT zhifu.concede(" HOSPITAL
		    ", gen_random_uuid(), '%s', %jd::int2, r.open_minor * %jd / 4 + 1, false, false, 'li', NULL) FROM zhifu.receivable r"
		    " WHERE r.claim_id = '%s' AND r.open_minor > 0",
			claim->id_text, (intmax_t)what - 13, (intmax_t)pick(4), claim->id_text);
		break;
	case 16:
		sql("SELECT zhifu.concession_undo(" HOSPITAL
		    ", c.concession_id, gen_random_uuid(), 'li', 'c0') FROM zhifu.concession c WHERE c.claim_id = '%s'"
		    " AND c.undoes IS NULL ORDER BY hashtext(c.concession_id::text || '%jd') LIMIT 1",
			claim->id_text, (intmax_t)pick(1000));
		break;
	default:
		sql("SELECT zhifu.write_off_post(" HOSPITAL
		    ", gen_random_uuid(), '%s', r.open_minor * %jd / 3 + 1, 2::int2, 'head',"
		    " 1000000000000, 'li', NULL) FROM zhifu.receivable r WHERE r.claim_id = '%s' AND r.open_minor * %jd / 3 < r.open_minor",
			claim->id_text, (intmax_t)(what == 12 ? 2 : 1), claim->id_text, (intmax_t)(what == 12 ? 2 : 1));
	}
}

/* What is decided of a claim, less the money that came for it, is open of it or was given up, or, below nothing, is
 * owed back; never both. Each from rows of its own: decisions, money, what persons gave up, what was offset. */
static void positions_hold(void)
{
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable r CROSS JOIN LATERAL (SELECT"
		       " coalesce(sum(s.minor) FILTER (WHERE s.account LIKE 'AR-%%' AND s.rule IN ('bill', 'patient_share', 'write_off', 'fix_billed',"
		       "  'fix_owed', 'value')), 0) AS decided,"
		       " coalesce(-sum(s.minor) FILTER (WHERE s.rule LIKE 'match%%'), 0) AS received,"
		       " coalesce(-sum(s.minor) FILTER (WHERE s.account LIKE 'OVER%%'), 0) AS over,"
		       " coalesce(-sum(s.book) FILTER (WHERE s.account LIKE 'OVER%%'), 0) AS over_book,"
		       " coalesce(-sum(s.minor) FILTER (WHERE s.account LIKE 'AR-%%' AND s.rule LIKE 'give_up%%'), 0) AS given,"
		       " (SELECT coalesce(sum(w.amount_minor), 0) FROM (SELECT claim_id, amount_minor FROM zhifu.write_off"
		       "  UNION ALL SELECT claim_id, amount_minor FROM zhifu.concession) w WHERE w.claim_id = r.claim_id) AS written"
		       " FROM zhifu.posting p CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor, p.book_minor), (p.credit, -p.amount_minor, -p.book_minor))"
		       " AS t (account, minor, book) CROSS JOIN LATERAL (SELECT t.*, p.rule) s WHERE p.claim_id = r.claim_id AND p.currency = r.currency"
		       " AND s.account IN ('AR-' || upper(r.carrier), 'OVERPAID-' || upper(r.carrier))) l"
		       " WHERE (r.open_minor + l.given, l.over) IS DISTINCT FROM"
		       " (greatest(l.decided - l.received, 0)::numeric, greatest(l.received - l.decided, 0)::numeric)"
		       " OR l.given NOT BETWEEN 0 AND l.written OR (l.over > 0 AND r.open_minor > 0) OR (l.over = 0 AND l.over_book <> 0)"),
		0);
	/* In no currency a liability below nothing, nor a value of nothing. */
	assert_int_equal(
		number("SELECT count(*) FROM (SELECT sum(CASE WHEN credit LIKE 'OVER%%' THEN amount_minor ELSE -amount_minor END) AS minor,"
		       " sum(CASE WHEN credit LIKE 'OVER%%' THEN book_minor ELSE -book_minor END) AS book FROM zhifu.posting"
		       " WHERE debit LIKE 'OVER%%' OR credit LIKE 'OVER%%' GROUP BY claim_id, currency) l WHERE minor < 0 OR minor = 0 AND book <> 0"),
		0);
	assert_int_equal(worth("BADDEBT"),
		number("SELECT coalesce(sum(CASE WHEN credit LIKE 'AR-%%' THEN book_minor ELSE -book_minor END), 0)::int8 FROM zhifu.posting"
		       " WHERE rule LIKE 'give_up%%' AND rule !~ '^give_up_(revenue|share)' AND (debit LIKE 'AR-%%' OR credit LIKE 'AR-%%')"));
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
	for (int i = 0; i < 100; i++) {
		size_t which = (size_t)pick(ARRAY_LEN(claims));

		happen(&claims[which], totals[which]);
		sql("UPDATE zhifu.posting SET book_day = '2026-10-06' WHERE book_day > '2026-10-06'");
		books_hold();
		positions_hold();
	}
	for (size_t i = 0; i < ARRAY_LEN(claims); i += 3) fact_settle(&claims[i], ZF_FACT_CANCELLED, 0, 0, 0);
	all_made();
	books_hold();
	positions_hold();
	/* Of the claims of other tests only their states are left. */
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof(" HOSPITAL
				") WHERE found <> expected AND statement NOT LIKE 'claims billed%%'"),
		0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.receivable"), ARRAY_LEN(claims));
	none_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_database_carries_as_the_model_does),
		cmocka_unit_test(test_three_contracts_one_claim),
		cmocka_unit_test(test_discount_is_written_off_with_the_bill),
		cmocka_unit_test(test_discounts_by_category),
		cmocka_unit_test(test_a_bill_that_cannot_be_opened_waits_alone),
		cmocka_unit_test(test_few_claims_are_opened_at_a_time),
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
