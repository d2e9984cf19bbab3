/* The role translate on a real PostgreSQL: what answers say of other claims, of several, or of one several times. */
#include "translate_claims.h"

static void test_orphans(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent(), other = claim_sent();
	char body[256], foreign[REF_TEXT_LEN];
	ref_new("XY9", foreign);
	/* An answer may speak of further claims of the hospital. */
	snprintf(body, sizeof(body), "ack %s\nack %s\nack %s\ndone", claim.ref, other.ref, foreign);
	answer_add(&claim, body);
	LOOP_UNTIL(facts(&other, ZF_FACT_ACKNOWLEDGED) == 1, 5000);
	assert_int_equal(facts(&claim, ZF_FACT_ACKNOWLEDGED), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id IS NULL AND status = %d AND why LIKE '%%another hospital%%'",
			FACT_ORPHAN),
		1);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.message WHERE claim_id = '%s' AND direction = 2", claim.id_text),
		MESSAGE_ORPHAN);
	sql("UPDATE zhifu.claim_state SET insurer = 'beta' WHERE claim_id = '%s'; UPDATE zhifu.claim SET insurer = 'beta' WHERE claim_id = '%s'",
		other.id_text, other.id_text);
	struct test_claim third = claim_sent();
	snprintf(body, sizeof(body), "ack %s", other.ref);
	answer_add(&third, body);
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id IS NULL AND why LIKE '%%another insurer%%'") ==
			1,
		5000);
	role_stop();
}

static void test_remittance(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim a = claim_sent(), b = claim_sent();
	char body[512];
	answer_add(&b, "adj - 10000 7000 2000 500 CNY");
	LOOP_UNTIL(facts(&b, ZF_FACT_ADJUDICATED) == 1, 5000);
	snprintf(body, sizeof(body), "remit TRN1 10900 CNY\ndetail %s 7000 -100\ndetail INS-1 4000 0\ndetail ZZZZ 0 0",
		a.ref);
	/* b's number was given to another claim before: the first one keeps it. */
	sql("DELETE FROM zhifu.wire_ref WHERE kind = 'insurer-claim-no' AND claim_id <> '%s'", b.id_text);
	sql("INSERT INTO zhifu.wire_ref SELECT 'alpha', 'insurer-claim-no', sha256('INS-1'), hospital_id, claim_id FROM zhifu.claim WHERE claim_id = '%s' ON CONFLICT DO NOTHING",
		b.id_text);
	answer_add(&a, body);
	LOOP_UNTIL(facts(&a, ZF_FACT_REMITTED) == 1, 5000);
	assert_int_equal(facts(&b, ZF_FACT_REMITTED), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.remittance WHERE identifier = 'TRN1' AND amount_minor = 10900 AND balanced"),
		1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance_detail"), 3);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance_detail WHERE claim_id IS NULL"), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE kind = 6 AND status = %d AND detail = 3", FACT_ORPHAN),
		1);
	int64_t settle = work(WORK_SETTLE, WORK_FACT);
	/* A claim that came later: the same remittance, read again, finds it, and only it. */
	struct test_claim late = claim_sent();
	sql("INSERT INTO zhifu.wire_ref SELECT 'alpha', 'insurer-claim-no', sha256('INS-9'), hospital_id, claim_id FROM zhifu.claim WHERE claim_id = '%s'",
		late.id_text);
	snprintf(body, sizeof(body), "remit TRN1 10900 CNY\ndetail %s 7000 -100\ndetail INS-1 4000 0\ndetail INS-9 0 0",
		a.ref);
	answer_add(&a, body);
	LOOP_UNTIL(facts(&late, ZF_FACT_REMITTED) == 1, 5000);
	assert_int_equal(facts(&a, ZF_FACT_REMITTED), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance"), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance_detail WHERE claim_id IS NULL"), 0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact f JOIN zhifu.remittance USING (hospital_id, remittance_id) WHERE f.claim_id = '%s'",
			late.id_text),
		1);
	settle = work(WORK_SETTLE, WORK_FACT);
	/* The same remittance again says nothing new. */
	answer_add(&a, body);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(facts(&a, ZF_FACT_REMITTED), 1);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle);
	/* But what comes with it does, of the claims that it is about. */
	snprintf(body, sizeof(body),
		"remit TRN1 10900 CNY\ndetail %s 7000 -100\ndetail INS-1 4000 0\ndetail INS-9 0 0\nack -", a.ref);
	answer_add(&a, body);
	LOOP_UNTIL(facts(&a, ZF_FACT_ACKNOWLEDGED) == 1, 5000);
	assert_int_equal(facts(&a, ZF_FACT_REMITTED), 1);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle + 1);
	/* A claim that it names twice is settled once. */
	snprintf(body, sizeof(body), "remit TRN2 300 CNY\ndetail %s 100 0\ndetail INS-1 100 0\ndetail %s 100 0", a.ref,
		a.ref);
	answer_add(&a, body);
	LOOP_UNTIL(facts(&a, ZF_FACT_REMITTED) == 3, 5000);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle + 3);
	role_stop();
}

/* That a claim was taken, and nothing else: nobody has to settle it. What is said once more, or with a decision, is. */
static void test_acknowledgement(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const char *const applied =
		"SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND kind = 1 AND status = %d";
	static const char *const step =
		"SELECT count(*) FROM zhifu.claim_state JOIN zhifu.claim_event USING (hospital_id, claim_id)"
		" WHERE claim_id = '%s' AND axis = 2 AND event = 'accept' AND to_state = 3"
		" AND acknowledgement = 3 AND acknowledgement_seq = seq";
	role_start();
	struct test_claim alone = claim_sent(), decided = claim_sent();
	int64_t settle = work(WORK_SETTLE, WORK_FACT);
	answer_add(&alone, "ack -");
	LOOP_UNTIL(number(applied, alone.id_text, FACT_APPLIED) == 1, 5000);
	assert_int_equal(number(step, alone.id_text), 1);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle);
	answer_add(&alone, "ack -");
	LOOP_UNTIL(number(applied, alone.id_text, FACT_NEW) == 1, 5000);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle + 1);
	answer_add(&decided, "ack -\nadj - 10000 7000 2000 500 CNY");
	LOOP_UNTIL(number(applied, decided.id_text, FACT_NEW) == 1, 5000);
	assert_int_equal(number(step, decided.id_text), 0);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle + 2);
	role_stop();
}

/* What the module calls constant, the next submission carries along: an answer that says more than "taken" never. */
static void test_constant(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const char *const more[] = {"ack -\npend -\ndone\nconstant", "ack -\nconstant",
		"ack -\nmore\ndone\nconstant", "adj - 10000 7000 2000 500 CNY\ndone\nconstant",
		"ack -\ndone\nconstant\npartly", "ack -\ndone"};
	static const char plain[] = "ack -\ndone\nconstant";
	char line[128], digest[TAKEN_TEXT_LEN + 1];
	role_start();
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct test_claim claim = claim_sent();
		answer_add(&claim, more[i]);
		LOOP_UNTIL(work(WORK_TRANSLATE, WORK_REPLY) == 0, 5000);
		struct test_claim next = claim_sent();
		assert_int_equal(strncmp(message_text(&next), "POST submit /x\n", 15), 0);
	}
	/* The answer to something that is not the submission. */
	struct test_claim question = claim_sent();
	sql("UPDATE zhifu.message SET submission = false WHERE claim_id = '%s'", question.id_text);
	answer_add(&question, plain);
	LOOP_UNTIL(work(WORK_TRANSLATE, WORK_REPLY) == 0, 5000);
	struct test_claim claim = claim_sent();
	assert_int_equal(strncmp(message_text(&claim), "POST submit /x\n", 15), 0);
	answer_add(&claim, plain);
	LOOP_UNTIL(work(WORK_TRANSLATE, WORK_REPLY) == 0, 5000);
	struct taken taken = taken_of(200, "text/plain", (struct bytes){(const uint8_t *)plain, sizeof(plain) - 1});
	taken_format(&taken, digest);
	snprintf(line, sizeof(line), "POST submit /x taken=%s\n", digest);
	struct test_claim next = claim_sent();
	assert_int_equal(strncmp(message_text(&next), line, strlen(line)), 0);
	role_stop();
}

/* A decision and the payment that comes with it are of one claim, also of another than the one that was asked about. */
static void test_advice(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim asked = claim_sent(), a = claim_sent(), b = claim_sent();
	char body[1024];
	snprintf(body, sizeof(body),
		"adj %s 10000 7000 2000 500 CNY\nadj %s 10000 6000 3000 500 CNY\nadj ZZZZ 10000 6000 3000 500 CNY\n"
		"remit TRN9 13400 CNY\ndetail %s 7000 0\ndetail %s 6000 0\ndetail ZZZZ 400 0",
		a.ref, b.ref, a.ref, b.ref);
	answer_add(&asked, body);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.remittance WHERE identifier = 'TRN9' AND balanced") == 1, 5000);
	for (int i = 0; i < 2; i++) {
		const struct test_claim *claim = i == 0 ? &a : &b;
		assert_int_equal(facts(claim, ZF_FACT_ADJUDICATED), 1);
		assert_int_equal(facts(claim, ZF_FACT_REMITTED), 1);
		assert_int_equal(
			number("SELECT sum(amount_minor)::bigint FROM zhifu.remittance_detail WHERE claim_id = '%s'",
				claim->id_text),
			i == 0 ? 7000 : 6000);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.adjudication WHERE claim_id = '%s' AND adjustments ="
			       " ARRAY[(1, %d, %d, %d, 'CNY', 2, 'urn:probe', 'DED'), (1, %d, %d, 500, 'CNY', 2, NULL, NULL)]"
			       "::zhifu.adjustment[]",
				claim->id_text, ZF_GROUP_PR, ZF_REASON_DEDUCTIBLE, i == 0 ? 2000 : 3000, ZF_GROUP_CO,
				ZF_REASON_CONTRACT_PRICE),
			1);
	}
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact f JOIN zhifu.exchange x USING (hospital_id, exchange_id)"
		       " WHERE x.claim_id = '%s' AND f.claim_id IS NULL AND f.why LIKE '%%not here%%'",
			asked.id_text),
		2);
	role_stop();
}

static int64_t parked(const char *identifier, int standing)
{
	return number(
		"SELECT count(*) FROM zhifu.advice WHERE identifier = '%s' AND standing = %d", identifier, standing);
}

static int64_t whole_minor(const char *identifier, int kind)
{
	return number(
		"SELECT d.amount_minor + d.fee_minor FROM zhifu.remittance_detail d JOIN zhifu.remittance m USING (hospital_id,"
		" remittance_id) WHERE m.identifier = '%s' AND d.kind = %d AND d.claim_id IS NULL",
		identifier, kind);
}

/* What does not add up has its arithmetic for a person: a decision is applied like any other, of a remittance nothing
 * is. */
static void test_amounts(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	char body[512];
	snprintf(
		body, sizeof(body), "adj - 10000 7000 2000 1000 CNY\nremit TRN7 7000 CNY\ndetail %s 7000 0", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(facts(&claim, ZF_FACT_REMITTED) == 1, 5000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND why IS NOT NULL", claim.id_text), 0);
	snprintf(body, sizeof(body), "adj - 10000 11000 0 0 CNY\nremit TRN8 9000 CNY\ndetail %s 7000 -100", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(facts(&claim, ZF_FACT_ADJUDICATED) == 2, 5000);
	assert_int_equal(facts(&claim, ZF_FACT_REMITTED), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND status = %d AND kind = %d AND adjudication_id IS NOT NULL"
		       " AND why LIKE 'The insurer pays 110.00, where 100.00 was submitted: 10.00 CNY too much. %%'",
			claim.id_text, FACT_NEW, ZF_FACT_ADJUDICATED),
		1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id IS NULL AND status = %d AND kind = %d AND remittance_id IS NOT NULL"
		       " AND why LIKE '%%come to 69.00, its total says 90.00 CNY: it is parked. %%'",
			FACT_APPLIED, ZF_FACT_REMITTED),
		1);
	assert_int_equal(parked("TRN8", 2), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.advice WHERE amount_minor = 9000 AND sum_minor = 6900 AND detail_count = 1"
		       " AND form = 0 AND maker = 'alpha' AND version = 1"),
		1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance WHERE identifier = 'TRN8'"), 0);
	role_stop();
}

/* However often it comes, one that does not balance is parked once; what its insurer says instead takes its place. */
static void test_parked(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	char body[512];
	int64_t settle;
	answer_add(&claim, "adj - 10000 7000 2000 1000 CNY");
	LOOP_UNTIL(facts(&claim, ZF_FACT_ADJUDICATED) == 1, 5000);
	settle = work(WORK_SETTLE, WORK_FACT);
	/* Its rows may name no claim, or none that is here; they may be of the whole transfer; there may be none. */
	snprintf(body, sizeof(body),
		"remit P-1 9000 CNY\ndetail %s 7000 -100\ndetail - 10 0\ndetail ABC 20 0\ndetail - -30 0 2", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(parked("P-1", 2) == 1, 5000);
	answer_add(&claim, body);
	answer_add(&claim, "remit P-2 500 CNY");
	LOOP_UNTIL(parked("P-2", 2) == 1, 5000);
	answer_add(&claim, body);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(parked("P-1", 2), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE kind = %d AND remittance_id IN (SELECT advice_id FROM zhifu.advice"
		       " WHERE identifier IN ('P-1', 'P-2'))",
			ZF_FACT_REMITTED),
		2);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact f WHERE f.kind = %d AND NOT EXISTS (SELECT 1 FROM zhifu.remittance m"
		       " WHERE m.remittance_id = f.remittance_id) AND NOT EXISTS (SELECT 1 FROM zhifu.advice a WHERE a.advice_id = f.remittance_id)",
			ZF_FACT_REMITTED),
		0);
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), settle);
	assert_int_equal(number("SELECT sum_minor FROM zhifu.advice WHERE identifier = 'P-1'"), 6900);
	/* Another one that does not balance is another version. */
	snprintf(body, sizeof(body), "remit P-1 9001 CNY\ndetail %s 7000 -100", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(parked("P-1", 4) == 1, 5000);
	assert_int_equal(parked("P-1", 2), 1);
	assert_int_equal(
		number("SELECT max(version)::int8 FROM zhifu.advice WHERE identifier = 'P-1' AND decided_by IS NULL"),
		2);
	/* One that does counts, and what is parked in its name is no more. */
	snprintf(body, sizeof(body), "remit P-1 6900 CNY\ndetail %s 7000 -100", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(facts(&claim, ZF_FACT_REMITTED) == 1, 5000);
	assert_int_equal(parked("P-1", 2), 0);
	assert_int_equal(parked("P-1", 4), 2);
	/* Nor does it come back. */
	snprintf(body, sizeof(body), "remit P-1 9002 CNY\ndetail %s 7000 -100", claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(parked("P-1", 2), 0);
	assert_int_equal(facts(&claim, ZF_FACT_REMITTED), 1);
	/* Refused it is no news either. */
	sql("UPDATE zhifu.advice SET standing = 3 WHERE identifier = 'P-2'");
	answer_add(&claim, "remit P-2 500 CNY");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(parked("P-2", 2), 0);
	role_stop();
}

/* Fees, adjustments and what is set off are of no claim: nobody waits for one, and they are announced. */
static void test_whole(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	char body[512];
	int64_t orphans = number("SELECT count(*) FROM zhifu.fact WHERE status = %d", FACT_ORPHAN);
	answer_add(&claim, "adj - 10000 7000 2000 1000 CNY");
	LOOP_UNTIL(facts(&claim, ZF_FACT_ADJUDICATED) == 1, 5000);
	snprintf(body, sizeof(body),
		"remit W-1 6345 CNY\ndetail - -150 -5 2\ndetail %s 7000 -100\ndetail - 100 0 3\ndetail - -500 0 4",
		claim.ref);
	answer_add(&claim, body);
	LOOP_UNTIL(facts(&claim, ZF_FACT_REMITTED) == 1, 5000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.fact WHERE status = %d", FACT_ORPHAN), orphans);
	assert_int_equal(
		number("SELECT status::int8 FROM zhifu.message WHERE claim_id = '%s' AND direction = 2 ORDER BY message_id DESC LIMIT 1",
			claim.id_text),
		MESSAGE_READ);
	assert_int_equal(whole_minor("W-1", 2), -155);
	assert_int_equal(whole_minor("W-1", 3), 100);
	assert_int_equal(whole_minor("W-1", 4), -500);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.posting p JOIN zhifu.remittance m ON p.entry_id = m.remittance_id WHERE m.identifier = 'W-1'"),
		2);
	assert_int_equal(
		number("SELECT p.amount_minor FROM zhifu.posting p JOIN zhifu.remittance m ON p.entry_id = m.remittance_id"
		       " WHERE m.identifier = 'W-1' AND p.debit = 'REM-ANN-ALPHA' AND p.rule = 'announce_fee'"),
		155);
	assert_int_equal(
		number("SELECT p.amount_minor FROM zhifu.posting p JOIN zhifu.remittance m ON p.entry_id = m.remittance_id"
		       " WHERE m.identifier = 'W-1' AND p.debit = 'REM-ANN-ALPHA' AND p.rule = 'announce'"),
		400);
	/* Once. */
	answer_add(&claim, body);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.posting p JOIN zhifu.remittance m ON p.entry_id = m.remittance_id WHERE m.identifier = 'W-1'"),
		2);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact f JOIN zhifu.remittance m USING (remittance_id) WHERE m.identifier = 'W-1'"),
		4);
	/* What takes back above zero, or is of no kind, is not taken at its word. */
	answer_add(&claim, "remit W-2 100 CNY\ndetail - 100 0 1");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d", claim.id_text,
			   MESSAGE_QUARANTINED) == 1,
		5000);
	answer_add(&claim, "remit W-3 100 CNY\ndetail - 100 0 5");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d", claim.id_text,
			   MESSAGE_QUARANTINED) == 2,
		5000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.remittance WHERE identifier IN ('W-2', 'W-3')"), 0);
	role_stop();
}

/* Answers of one exchange that came together: each goes on from what the one before leaves, and none is read in vain.
 */
static void test_answers_in_turn(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	enum { ANSWERS = 20 };
	role_start();
	struct test_claim claim = claim_sent(), other = claim_sent();
	unsigned before = probe_steps;
	sql("BEGIN");
	for (int i = 0; i < ANSWERS; i++) answer_add(&claim, "ack -");
	answer_add(&other, "ack -");
	sql("COMMIT");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	assert_int_equal(facts(&claim, ZF_FACT_ACKNOWLEDGED), ANSWERS);
	assert_int_equal(facts(&other, ZF_FACT_ACKNOWLEDGED), 1);
	assert_int_equal(number("SELECT step FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), ANSWERS + 1);
	assert_int_equal(probe_steps - before, ANSWERS + 1);
	role_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_remittance),
		cmocka_unit_test(test_acknowledgement),
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_advice),
		cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_parked),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_answers_in_turn),
	};
	return cmocka_run_group_tests(tests, claims_begin, world_stop);
}
