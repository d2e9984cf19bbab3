/* The role settle over a real database: chains of steps, several facts of a claim in one round, what waits, what is
 * refused, what more than a round holds, and leases that are lost. */
#include "settle_world.h"

#include "settle/round.h"

/* Runs the role until nothing is due: all settled, or put off. */
static void settle_all(void)
{
	settle_start();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, 10000);
	role_end(&settle_role);
}

/* A fact with an id that is larger than those before; of a message, or NULL. Returns its id; static memory, four turns.
 */
static const char *fact_add(const struct test_claim *claim, int kind, const char *message)
{
	static char ids[4][UUID_TEXT_LEN];
	static int turn;
	char *text = ids[turn++ % 4];
	struct uuid id = uuid_new();

	uuid_format(&id, text);
	sql("INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, message_id, kind)"
	    " SELECT hospital_id, '%s', claim_id, 'alpha', %s%s%s, %d FROM zhifu.claim_state WHERE claim_id = '%s'",
		text, message == NULL ? "" : "'", message == NULL ? "NULL" : message, message == NULL ? "" : "'", kind,
		claim->id_text);
	return text;
}

static void decision_add(const struct test_claim *claim, const char *message, int benefit, int patient)
{
	const char *fact = fact_add(claim, ZF_FACT_ADJUDICATED, message);

	sql("UPDATE zhifu.fact SET adjudication_id = fact_id WHERE fact_id = '%s';"
	    "INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, submitted_minor,"
	    " benefit_minor, patient_minor, contract_minor, open_minor, adjustments, content) SELECT hospital_id, fact_id, claim_id, insurer, 3, 'CNY', 2,"
	    " 10000, %d, %d, 0, 0, array_fill(ROW(1, 1, 1, %d / 2, 'CNY', 2, NULL, NULL)::zhifu.adjustment, '{2}'), '\\x00'"
	    " FROM zhifu.fact WHERE fact_id = '%s'",
		fact, benefit, patient, patient, fact);
}

static void payment_add(const struct test_claim *claim, const char *message, int amount)
{
	const char *fact = fact_add(claim, ZF_FACT_REMITTED, message);

	sql("UPDATE zhifu.fact SET remittance_id = fact_id, detail = 1 WHERE fact_id = '%s';"
	    "INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent)"
	    " SELECT hospital_id, fact_id, 1, claim_id, %d, 'CNY', 2 FROM zhifu.fact WHERE fact_id = '%s'",
		fact, amount, fact);
}

/* The work of a fact, or of what a message says of the claim; %s of column is message_id or fact_id. */
static void work_add(const struct test_claim *claim, const char *column, const char *id)
{
	sql("INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, %s)"
	    " SELECT hospital_id, gen_random_uuid(), 3, 1, claim_id, '%s' FROM zhifu.claim_state WHERE claim_id = '%s'",
		column, id, claim->id_text);
}

static const char *message_new(void)
{
	static char ids[4][UUID_TEXT_LEN];
	static int turn;
	char *text = ids[turn++ % 4];
	struct uuid id = uuid_new();

	uuid_format(&id, text);
	return text;
}

static void ack_add(const struct test_claim *claim)
{
	work_add(claim, "fact_id", fact_add(claim, ZF_FACT_ACKNOWLEDGED, NULL));
}

static int64_t state(const struct test_claim *claim, const char *axis)
{
	return number("SELECT %s::int4 FROM zhifu.claim_state WHERE claim_id = '%s'", axis, claim->id_text);
}

static int64_t balance(const struct test_claim *claim, const char *account)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE claim_id = '%s'",
		account, claim->id_text);
}

static int64_t facts(const struct test_claim *claim, int status)
{
	return number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND status = %d", claim->id_text, status);
}

/* In how many rounds settle took the steps of its axes. */
static int64_t rounds(const struct test_claim *claim)
{
	return number(
		"SELECT count(DISTINCT at) FROM zhifu.claim_event WHERE claim_id = '%s' AND axis > 1 AND event <> 'bill'",
		claim->id_text);
}

/* ---- stays ---- */

static const char *const stay_accounts[] = {"AR-INPT", "AR-ALPHA", "REV-MED"};
static int64_t stay_base[3]; /* before the test */
static const char *const stay_months[] = {"2026-06", "2026-07", "2026-08"};
static int64_t month_base[3];

/* Of an account, whatever it is about. */
static int64_t ledger(const char *account)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting",
		account);
}

static void charge_take_on(const char *day, const char *identifier, const char *stay, int amount, const char *corrects)
{
	char hospital[UUID_TEXT_LEN];

	uuid_format(&world.hospital.id, hospital);
	sql("SET zhifu.hospital_id = '%s'", hospital);
	assert_int_equal(
		number("SELECT stored FROM zhifu.charge_add('%s', 'his', NULL, NULL, '{%s}', '{%s}', '{%d}', '{CNY}', '{2}',"
		       " ARRAY[nullif('%s', '')], ARRAY[nullif('%s', '')])",
			hospital, identifier, day, amount, corrects, stay),
		1);
}

static void charge_take(const char *identifier, const char *stay, int amount, const char *corrects)
{
	charge_take_on("2026-11-01", identifier, stay, amount, corrects);
}

/* A claim of 100.00 about a stay. */
static struct test_claim stay_claim(const char *stay)
{
	struct test_claim claim = claim_add("ok");

	sql("UPDATE zhifu.claim SET stay = '%s' WHERE claim_id = '%s'", stay, claim.id_text);
	return claim;
}

/* The insurer did not take it after all, and then the hospital withdraws it. */
static void claim_withdraw(const struct test_claim *claim)
{
	transport_step(claim, TRANSPORT_SENT, TRANSPORT_QUEUED, "defer");
	transport_step(claim, TRANSPORT_QUEUED, TRANSPORT_CANCELLED, "cancel");
}

static void books_hold(void)
{
	char hospital[UUID_TEXT_LEN];

	uuid_format(&world.hospital.id, hospital);
	assert_int_equal(number("SELECT count(*) FROM zhifu.ledger_proof('%s') WHERE found <> expected", hospital), 0);
}

/* Revenue of medical care in a month. */
static int64_t revenue_of(const char *month)
{
	return number(
		"SELECT coalesce(sum(CASE 'REV-MED' WHEN credit THEN amount_minor WHEN debit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE date_trunc('month', book_day) = '%s-01'",
		month);
}

static void stay_begin(void)
{
	for (int i = 0; i < 3; i++) stay_base[i] = ledger(stay_accounts[i]);
	for (int i = 0; i < 3; i++) month_base[i] = revenue_of(stay_months[i]);
}

static void assert_stay(int64_t inpatient, int64_t carrier, int64_t revenue)
{
	assert_int_equal(ledger("AR-INPT") - stay_base[0], inpatient);
	assert_int_equal(ledger("AR-ALPHA") - stay_base[1], carrier);
	assert_int_equal(ledger("REV-MED") - stay_base[2], -revenue);
	books_hold();
}

/* Revenue of a stay is what was charged or what was billed, whichever is more, in whatever order they come. */
static void test_a_stay_is_revenue_once(void **state_)
{
	struct test_claim first, second, other;

	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	charge_take("C1", "1:aa", 8000, "");
	first = stay_claim("2:aa,1:aa");
	claim_deliver(&first);
	assert_stay(0, 10000, 10000);
	charge_take("C2", "2:aa,1:aa", 1500, ""); /* under a newer key it is the same stay */
	assert_stay(0, 10000, 10000);
	charge_take("C3", "2:aa,1:aa", 13000, "");
	assert_stay(12500, 10000, 22500);
	charge_take("C3-back", "", -500, "C3");
	assert_stay(12000, 10000, 22000);
	second = stay_claim("2:aa,1:aa");
	claim_deliver(&second);
	assert_stay(2000, 20000, 22000);
	/* Another stay has nothing to do with it: billed first, charged later. */
	other = stay_claim("2:bb,1:bb");
	claim_deliver(&other);
	assert_stay(2000, 30000, 32000);
	charge_take("C4", "2:bb", 10000, "");
	assert_stay(2000, 30000, 32000);
	/* What is taken back is owed by who is in the house again, as far as it was charged. */
	claim_withdraw(&first);
	assert_stay(12000, 20000, 32000);
	sql("DELETE FROM zhifu.outbox WHERE role < 3");
	work_add(&other, "fact_id", fact_add(&other, ZF_FACT_CANCELLED, NULL));
	settle_all();
	assert_int_equal(state(&other, "books"), BOOKS_REVERSED);
	assert_stay(22000, 10000, 32000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.stay_bill"), 1); /* the second */
}

/* A bill that is no longer one and was never charged is no revenue either. */
static void test_a_bill_of_a_stay_that_is_taken_back(void **state_)
{
	struct test_claim claim, beyond;

	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	charge_take("D1", "1:dd", 4000, "");
	claim = stay_claim("1:ee");
	claim_deliver(&claim);
	beyond = stay_claim("1:dd");
	claim_deliver(&beyond);
	assert_stay(0, 20000, 20000);
	claim_withdraw(&claim);
	assert_stay(0, 10000, 10000);
	claim_withdraw(&beyond);
	assert_stay(4000, 0, 4000);
}

/* A claim knows its stay by the look-up keys there were when it came, a charge by those of now. */
static void test_a_new_look_up_key_splits_no_stay(void **state_)
{
	struct test_claim first, second, third;

	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	first = stay_claim("1:c1");
	second = stay_claim("2:c1,1:c1");
	charge_take("H1", "2:c1,1:c1", 10000, "");
	claim_deliver(&first);
	assert_stay(0, 10000, 10000);
	/* The first key is gone from the file: whoever came in between has told what the stay is by the second. */
	third = stay_claim("3:c1,2:c1");
	claim_deliver(&third);
	assert_stay(0, 20000, 20000);
	charge_take("H2", "3:c1", 25000, "");
	assert_stay(15000, 20000, 35000);
	claim_deliver(&second);
	assert_stay(5000, 30000, 35000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.stay WHERE stay LIKE '%%:c1'"), 1);
}

/* As if the claim had been billed on that day. */
static void billed_on(const struct test_claim *claim, const char *day)
{
	sql("UPDATE zhifu.stay_ahead a SET day = '%s' FROM zhifu.stay_bill b WHERE b.claim_id = '%s' AND a.stay = b.stay"
	    " AND a.day = (SELECT book_day FROM zhifu.posting WHERE entry_id = b.claim_id AND no = 1)",
		day, claim->id_text);
	sql("UPDATE zhifu.posting SET book_day = '%s' WHERE entry_id = '%s'", day, claim->id_text);
}

/* A claim of the stay that has been billed on that day. */
static struct test_claim stay_billed(const char *stay, const char *day)
{
	struct test_claim claim = stay_claim(stay);

	claim_deliver(&claim);
	billed_on(&claim, day);
	return claim;
}

static void month_closes(const char *day)
{
	char hospital[UUID_TEXT_LEN];

	uuid_format(&world.hospital.id, hospital);
	sql("INSERT INTO zhifu.period (hospital_id, last_day, period_id, who) VALUES ('%s', '%s', '%s', 'li')",
		hospital, day, hospital);
}

static void assert_months(int64_t june, int64_t july, int64_t august)
{
	const int64_t wanted[] = {june, july, august};

	for (int i = 0; i < 3; i++) assert_int_equal(revenue_of(stay_months[i]) - month_base[i], wanted[i]);
	books_hold();
}

/* Care is revenue of its own month, whenever its charge comes; and what was revenue with a bill until then is none of
 * the month that it was revenue of. */
static void test_a_charge_behind_its_bill_moves_no_revenue(void **state_)
{
	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	(void)stay_billed("1:ff", "2026-06-30");
	(void)stay_billed("1:ff", "2026-07-31");
	assert_months(10000, 10000, 0);
	/* Care of either month, brought in later: it is what the bill of the month was for. */
	charge_take_on("2026-07-05", "F1", "1:ff", 4000, "");
	assert_months(10000, 10000, 0);
	charge_take_on("2026-06-29", "F2", "1:ff", 3000, "");
	assert_months(10000, 10000, 0);
	/* Care that was billed before it was given: the latest bill before it was for it. */
	charge_take_on("2026-08-02", "F3", "1:ff", 1000, "");
	assert_months(10000, 9000, 1000);
	/* A correction is of its own day, and so is what the bill is worth for it again. */
	charge_take_on("2026-07-05", "F1-back", "", -4000, "F1");
	assert_months(10000, 9000, 1000);
	charge_take_on("2026-07-05", "F4", "1:ff", 4000, "");
	assert_months(10000, 9000, 1000);
	/* More than was billed, of more months than one. */
	charge_take_on("2026-06-30", "F5", "1:ff", 13000, "");
	assert_months(16000, 4000, 1000);
	assert_stay(1000, 20000, 21000);
	assert_int_equal(number("SELECT sum(minor)::int8 FROM zhifu.stay_ahead WHERE stay = '1:ff'"), 0);
}

/* What a closed month has stays there: both sides go to the first day that is open. */
static void test_a_charge_of_a_closed_month(void **state_)
{
	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	(void)stay_billed("1:9f", "2026-04-30");
	month_closes("2026-04-30");
	charge_take_on("2026-04-29", "G1", "1:9f", 10000, "");
	sql("DELETE FROM zhifu.period");
	assert_int_equal(revenue_of("2026-04"), 10000);
	assert_int_equal(revenue_of("2026-05"), 0);
	assert_stay(0, 10000, 10000);
}

/* Which bill was for it is told by the day of the care, not by the open day on which it is booked. */
static void test_a_charge_of_a_closed_month_and_two_bills(void **state_)
{
	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	(void)stay_billed("1:ef", "2026-06-30");
	(void)stay_billed("1:ef", "2026-08-02");
	month_closes("2026-06-30");
	charge_take_on("2026-06-29", "I1", "1:ef", 10000, "");
	assert_months(10000, 0, 10000);
	charge_take_on("2026-08-01", "I2", "1:ef", 10000, "");
	assert_months(10000, 0, 10000);
	/* What a correction takes back, and the bill is worth for it again, are on the first open day. */
	charge_take_on("2026-06-28", "I1-back", "", -4000, "I1");
	assert_months(10000, 0, 10000);
	assert_int_equal(number("SELECT minor FROM zhifu.stay_ahead WHERE stay = '1:ef' AND day = '2026-07-01'"), 4000);
	sql("DELETE FROM zhifu.period");
	assert_stay(0, 20000, 20000);
}

/* Bills name stays in their order, and so do charges, whatever order they come in: neither waits for the other. */
static void test_charges_name_stays_in_their_order(void **state_)
{
	char hospital[UUID_TEXT_LEN];

	(void)state_;
	NEED_POSTGRESQL();
	stay_begin();
	uuid_format(&world.hospital.id, hospital);
	sql("SET zhifu.hospital_id = '%s'", hospital);
	assert_int_equal(
		number("SELECT stored FROM zhifu.charge_add('%s', 'his', NULL, NULL, '{J1,J2,J3}',"
		       " array_fill('2026-11-01'::date, ARRAY[3]), '{100,-1,100}', '{CNY,CNY,CNY}', '{2,2,2}', '{NULL,J1,NULL}',"
		       " '{1:fb,1:f0,1:fa}')",
			hospital),
		3);
	/* A correction is of the stay of what it corrects, and names none. */
	assert_int_equal(number("SELECT count(*) FROM zhifu.stay_name WHERE name IN ('1:f0', '1:fa', '1:fb')"), 2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.stay_name a, zhifu.stay_name b WHERE a.name = '1:fa'"
				" AND b.name = '1:fb' AND a.cmin::text::int8 < b.cmin::text::int8"),
		1);
	assert_stay(199, 0, 199);
}

/* ---- claim_step ---- */

/* Steps of axes 2 and 5 with versions and of axis 1 without; returns how many claims took theirs. */
static int64_t chain(const struct test_claim *claim, const struct test_claim *other, int from_1, int seq_5)
{
	char hospital[UUID_TEXT_LEN];

	uuid_format(&world.hospital.id, hospital);
	return number(
		"SELECT count(*) FROM zhifu.claim_step(array_fill('%s'::uuid, ARRAY[6]),"
		" ARRAY['%s','%s','%s','%s','%s','%s']::uuid[], '{5,1,5,2,2,5}', '{0,%d,0,0,1,1}', '{%d,NULL,0,0,1,%d}',"
		" '{1,5,1,1,3,2}', '{bill,enqueue,bill,acknowledge,accept,post_adjudication}',"
		" array_fill('zhifu'::text, ARRAY[6]), array_fill(NULL::text, ARRAY[6]))",
		hospital, claim->id_text, claim->id_text, other->id_text, claim->id_text, claim->id_text,
		claim->id_text, from_1, seq_5, seq_5 + 1);
}

static void test_a_chain_of_steps_in_one_call(void **state_)
{
	struct test_claim claim, other;

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_add("ok");
	other = claim_add("ok");
	sql("DELETE FROM zhifu.outbox WHERE role = 1");
	assert_int_equal(chain(&claim, &other, TRANSPORT_ACCEPTED, 0), 2);
	assert_int_equal(state(&claim, "transport"), TRANSPORT_QUEUED);
	assert_int_equal(state(&claim, "acknowledgement"), ACKNOWLEDGEMENT_ACCEPTED);
	assert_int_equal(state(&claim, "books"), BOOKS_ADJUDICATED);
	assert_int_equal(state(&claim, "transport_seq"), 2);
	assert_int_equal(state(&claim, "acknowledgement_seq"), 2);
	assert_int_equal(state(&claim, "books_seq"), 2);
	assert_int_equal(state(&claim, "payment_seq"), 0);
	assert_int_equal(state(&other, "books"), BOOKS_BILLED);
	assert_int_equal(
		number("SELECT sum(axis * 1000 + seq * 100 + coalesce(prev_seq, 0) * 10 + to_state)::int8 FROM zhifu.claim_event"
		       " WHERE claim_id = '%s' AND event <> 'accept' OR claim_id = '%s' AND axis = 2 AND seq = 2",
			claim.id_text, claim.id_text),
		1215 + 2101 + 2213 + 5101 + 5212);
}

static void test_all_steps_of_a_claim_or_none(void **state_)
{
	struct test_claim claim, other;

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_add("ok");
	other = claim_add("ok");
	sql("DELETE FROM zhifu.outbox WHERE role = 1");
	assert_int_equal(chain(&claim, &other, TRANSPORT_HELD, 0), 1); /* transport is elsewhere */
	assert_int_equal(state(&claim, "books_seq") + state(&claim, "acknowledgement_seq"), 0);
	assert_int_equal(state(&claim, "transport_seq"), 1);
	assert_int_equal(state(&other, "books"), BOOKS_BILLED);
	assert_int_equal(chain(&claim, &other, TRANSPORT_ACCEPTED, 7), 0); /* another version; the other was billed */
	assert_int_equal(state(&claim, "books_seq") + state(&claim, "acknowledgement_seq"), 0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s'", claim.id_text), 1);
}

/* ---- rounds ---- */

static void test_a_message_is_one_round(void **state_)
{
	struct test_claim claim;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	fact_add(&claim, ZF_FACT_ACKNOWLEDGED, message);
	decision_add(&claim, message, 8000, 2000);
	decision_add(&claim, message, 7000, 3000); /* decided anew: the difference is posted */
	work_add(&claim, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), 3);
	assert_int_equal(rounds(&claim), 1);
	assert_int_equal(state(&claim, "adjudication"), ADJUDICATION_APPROVED);
	assert_int_equal(state(&claim, "books"), BOOKS_ADJUDICATED);
	assert_int_equal(state(&claim, "books_seq"), 3);
	assert_int_equal(balance(&claim, "AR-PT"), 3000);
	assert_int_equal(balance(&claim, "AR-ALPHA"), 7000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.posting WHERE claim_id = '%s' AND entry_id = source_id AND rule <> 'bill'",
			claim.id_text),
		2);
}

static void test_a_refused_fact_stands_in_nobodys_way(void **state_)
{
	struct test_claim claim;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	fact_add(&claim, ZF_FACT_ACKNOWLEDGED, message);
	fact_add(&claim, 99, message);
	decision_add(&claim, message, 8000, 2000);
	work_add(&claim, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), 2);
	assert_int_equal(facts(&claim, FACT_REFUSED), 1);
	assert_int_equal(rounds(&claim), 1);
	assert_int_equal(balance(&claim, "AR-PT"), 2000);
}

/* A decision whose amounts do not add up is applied, and stays for a person with its reason. */
static void test_a_doubted_fact_is_applied(void **state_)
{
	struct test_claim claim;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	fact_add(&claim, ZF_FACT_ACKNOWLEDGED, message);
	decision_add(&claim, message, 8000, 2000);
	sql("UPDATE zhifu.fact SET why = '1 too much' WHERE claim_id = '%s' AND kind = %d", claim.id_text,
		ZF_FACT_ADJUDICATED);
	work_add(&claim, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), 1);
	assert_int_equal(facts(&claim, FACT_DOUBTED), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND problem AND why = '1 too much'",
			claim.id_text),
		1);
	assert_int_equal(number("SELECT found FROM zhifu.settle_watch() WHERE subject = 'facts_doubted'"), 1);
	assert_int_equal(balance(&claim, "AR-PT"), 2000);
}

static void test_what_it_waits_for_may_come_behind(void **state_)
{
	struct test_claim claim;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	payment_add(&claim, message, -1000); /* taken back before it is announced and decided */
	payment_add(&claim, message, 8000);
	decision_add(&claim, message, 8000, 2000);
	work_add(&claim, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), 3);
	assert_int_equal(rounds(&claim), 1);
	assert_int_equal(state(&claim, "payment"), PAYMENT_TAKEN_BACK);
	assert_int_equal(balance(&claim, "CLR-REM-ALPHA"), 7000);
}

static void test_what_waits_holds_up_nothing_else(void **state_)
{
	struct test_claim claim;
	const char *message = message_new(), *later = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	payment_add(&claim, message, 8000);
	fact_add(&claim, ZF_FACT_ACKNOWLEDGED, message);
	work_add(&claim, "message_id", message);
	settle_start();
	LOOP_UNTIL(number("SELECT max(attempt) FROM zhifu.outbox WHERE role = 3") >= 3, 5000);
	assert_int_equal(facts(&claim, FACT_NEW), 1);
	assert_int_equal(facts(&claim, FACT_APPLIED), 1);
	assert_int_equal(state(&claim, "acknowledgement"), ACKNOWLEDGEMENT_ACCEPTED);
	decision_add(&claim, later, 8000, 2000);
	work_add(&claim, "message_id", later);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, 10000);
	role_end(&settle_role);
	assert_int_equal(facts(&claim, FACT_APPLIED), 3);
	assert_int_equal(state(&claim, "payment"), PAYMENT_ANNOUNCED);
	/* In the end it waits no more. */
	claim = claim_sent();
	payment_add(&claim, message, 8000);
	work_add(&claim, "message_id", message);
	sql("UPDATE zhifu.outbox SET attempt = %d WHERE role = 3", ROUND_DEFERS_MAX);
	settle_all();
	assert_int_equal(facts(&claim, FACT_REFUSED), 1);
}

static void test_a_fact_with_two_pieces_of_work(void **state_)
{
	struct test_claim claim;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	decision_add(&claim, message, 8000, 2000);
	payment_add(&claim, message, 8000);
	work_add(&claim, "fact_id", fact_add(&claim, ZF_FACT_ACKNOWLEDGED, message));
	work_add(&claim, "message_id", message);
	work_add(&claim, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), 3);
	assert_int_equal(balance(&claim, "CLR-REM-ALPHA"), 8000);
	assert_int_equal(rounds(&claim), 1);
}

static void test_more_facts_than_a_round_holds(void **state_)
{
	struct test_claim claim, other;
	const char *message = message_new();

	(void)state_;
	NEED_POSTGRESQL();
	claim = claim_sent();
	other = claim_sent();
	decision_add(&claim, message, 8000, 2000);
	sql("INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent)"
	    " SELECT hospital_id, '%s', n, claim_id, 1, 'CNY', 2 FROM zhifu.claim_state, generate_series(1, %d) n WHERE claim_id = '%s';"
	    "INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, message_id, kind, remittance_id, detail)"
	    " SELECT hospital_id, gen_random_uuid(), claim_id, 'alpha', '%s', %d, remittance_id, no FROM zhifu.remittance_detail"
	    " WHERE remittance_id = '%s'",
		message, ROUND_FACTS_MAX + 500, claim.id_text, message, ZF_FACT_REMITTED, message);
	decision_add(&other, message, 8000, 2000);
	work_add(&claim, "message_id", message);
	work_add(&other, "message_id", message);
	settle_all();
	assert_int_equal(facts(&claim, FACT_APPLIED), ROUND_FACTS_MAX + 501);
	assert_int_equal(facts(&other, FACT_APPLIED), 1);
	assert_int_equal(balance(&claim, "CLR-REM-ALPHA"), ROUND_FACTS_MAX + 500);
	assert_true(rounds(&claim) >= 2);
	assert_int_equal(state(&claim, "payment_seq"), ROUND_FACTS_MAX + 500);
}

static void test_more_claims_than_a_round_holds(void **state_)
{
	(void)state_;
	NEED_POSTGRESQL();
	for (int i = 0; i < 2 * ROUND_ITEMS_MAX + 10; i++) {
		struct test_claim claim = claim_sent();
		ack_add(&claim);
	}
	settle_all();
	assert_int_equal(number("SELECT count(*) FROM zhifu.fact WHERE status = %d", FACT_NEW), 0);
}

/* ---- settle_commit ---- */

/* Leases and notes the ids that commit() goes by: of first's two items and second's one, and of a fact each. */
static void ids_note(const struct test_claim *first, const struct test_claim *second)
{
	sql("UPDATE zhifu.outbox SET leased_until = now() + interval '1 h' WHERE role = 3;"
	    "DROP TABLE IF EXISTS ids; CREATE TEMP TABLE ids AS SELECT"
	    " (SELECT array_agg(work_id ORDER BY claim_id, work_id) FROM zhifu.outbox WHERE role = 3) AS work,"
	    " (SELECT array_agg(fact_id ORDER BY claim_id, fact_id) FROM zhifu.fact WHERE claim_id IN ('%s', '%s')) AS fact",
		first->id_text, second->id_text);
}

/* Two steps of the books and a posting of `first`, which has two items, one of them put off; a step of `second`. */
static int64_t commit(const struct test_claim *first, const struct test_claim *second, int attempt, int seq)
{
	char hospital[UUID_TEXT_LEN];

	uuid_format(&world.hospital.id, hospital);
	return number(
		"SELECT zhifu.settle_commit(array_fill('%s'::uuid, ARRAY[2]), '{%s,%s}', '{1,1,2}', work, '{%d,0,0}', '{NULL,5000,NULL}',"
		" '{1,2}', fact, '{2,2}', '{NULL,NULL}',"
		" '{1,1,2}', '{5,5,2}', '{1,2,0}', '{%d,%d,0}', '{2,2,3}', '{post_adjudication,post_adjudication,accept}',"
		" '{1}', fact[1:1], '{1}', '{AR-PT}', '{AR-ALPHA}', '{300}', '{CNY}', '{2}', '{patient_share}') FROM ids",
		hospital, first->id_text, second->id_text, attempt, seq, seq + 1);
}

static void test_a_lost_claim_leaves_no_trace(void **state_)
{
	struct test_claim first, second;

	(void)state_;
	NEED_POSTGRESQL();
	for (int lost = 0; lost < 2; lost++) {
		first = claim_sent();
		second = claim_sent();
		ack_add(&first);
		work_add(&first, "message_id", message_new());
		ack_add(&second);
		ids_note(&first, &second);
		/* The lease of one of its items, then its version. */
		assert_int_equal(commit(&first, &second, lost == 0 ? 1 : 0, lost == 0 ? 1 : 3), 1);
		assert_int_equal(facts(&first, FACT_NEW), 1);
		assert_int_equal(state(&first, "books_seq"), 1);
		assert_int_equal(number("SELECT count(*) FROM zhifu.posting WHERE claim_id = '%s' AND rule <> 'bill'",
					 first.id_text),
			0);
		/* What is still leased is due at once. */
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND leased_until <= now()",
				first.id_text),
			lost == 0 ? 1 : 2);
		assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s'", first.id_text), 2);
		/* The other goes on. */
		assert_int_equal(facts(&second, FACT_APPLIED), 1);
		assert_int_equal(state(&second, "acknowledgement"), ACKNOWLEDGEMENT_ACCEPTED);
		assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s'", second.id_text), 0);
		sql("DELETE FROM zhifu.outbox WHERE role = 3");
	}
	/* The same again, when nobody knows what became of it: once is all. */
	first = claim_sent();
	second = claim_sent();
	ack_add(&first);
	work_add(&first, "message_id", message_new());
	ack_add(&second);
	ids_note(&first, &second);
	assert_int_equal(commit(&first, &second, 0, 1), 2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3 AND due_at > now()"), 1);
	assert_int_equal(commit(&first, &second, 0, 1), 0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3 AND due_at > now()"), 1);
	assert_int_equal(balance(&first, "AR-PT"), 300);
	assert_int_equal(state(&first, "books_seq"), 3);
	sql("DELETE FROM zhifu.outbox WHERE role = 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_bill_of_a_stay_that_is_taken_back),
		cmocka_unit_test(test_a_stay_is_revenue_once),
		cmocka_unit_test(test_a_new_look_up_key_splits_no_stay),
		cmocka_unit_test(test_a_charge_behind_its_bill_moves_no_revenue),
		cmocka_unit_test(test_a_charge_of_a_closed_month),
		cmocka_unit_test(test_a_charge_of_a_closed_month_and_two_bills),
		cmocka_unit_test(test_charges_name_stays_in_their_order),
		cmocka_unit_test(test_a_chain_of_steps_in_one_call),
		cmocka_unit_test(test_all_steps_of_a_claim_or_none),
		cmocka_unit_test(test_a_message_is_one_round),
		cmocka_unit_test(test_a_refused_fact_stands_in_nobodys_way),
		cmocka_unit_test(test_a_doubted_fact_is_applied),
		cmocka_unit_test(test_what_it_waits_for_may_come_behind),
		cmocka_unit_test(test_what_waits_holds_up_nothing_else),
		cmocka_unit_test(test_a_fact_with_two_pieces_of_work),
		cmocka_unit_test(test_more_facts_than_a_round_holds),
		cmocka_unit_test(test_more_claims_than_a_round_holds),
		cmocka_unit_test(test_a_lost_claim_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
