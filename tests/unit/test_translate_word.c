/* A person said that the insurer has a claim of unknown fate: no machine's word takes that back, and what the insurer
 * decides counts as usual. */
#include "translate_claims.h"

static int64_t questions(const struct test_claim *claim, int status)
{
	return number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = %d AND status = %d",
		claim->id_text, EXCHANGE_STATUS, status);
}

static int64_t contradictions(const struct test_claim *claim)
{
	return number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND event = 'contradict'",
		claim->id_text);
}

static int64_t vouched(const struct test_claim *claim)
{
	return number("SELECT vouched::int4 FROM zhifu.claim_state WHERE claim_id = '%s'", claim->id_text);
}

/* Its fate is unknown and the insurer is being asked, when a person says that it is there. */
static struct test_claim claim_arrived(void)
{
	struct test_claim claim = claim_lost();
	LOOP_UNTIL(questions(&claim, EXCHANGE_OPEN) == 1, 5000);
	assert_int_equal(person_step(&claim, TRANSPORT_UNKNOWN, TRANSPORT_SENT, "prove_present"), TRANSPORT_SENT);
	assert_int_equal(vouched(&claim), VOUCHED_FOR);
	return claim;
}

static void clocks_strike(void)
{
	sql("UPDATE zhifu.outbox SET due_at = now() WHERE role = 1 AND kind = %d", WORK_START_STATUS);
}

/* A person has settled with the insurer that the denial is wrong. */
static void finding_drop(const struct test_claim *claim)
{
	assert_int_equal(
		number("SELECT zhifu.operator_message_drop(hospital_id, fact_id, 'who', 'c0')::int4 FROM zhifu.fact"
		       " WHERE claim_id = '%s' AND problem",
			claim->id_text),
		1);
}

/* Its clock is there, and when it strikes the insurer is asked. */
static void expect_asked_again(const struct test_claim *claim)
{
	assert_int_equal(claim_work(claim, WORK_TRANSLATE, WORK_START_STATUS), 1);
	clocks_strike();
	LOOP_UNTIL(questions(claim, EXCHANGE_OPEN) == 1, 5000);
}

/* When the next question is, with so many behind it. */
static int64_t hours_to_question(const struct test_claim *claim, int asked)
{
	sql("UPDATE zhifu.outbox SET attempt = %d, due_at = now() WHERE kind = %d", asked, WORK_START_STATUS);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND kind = %d AND due_at > now() +"
			  " interval '30 minutes'",
			   claim->id_text, WORK_START_STATUS) == 1,
		5000);
	return number("SELECT round(extract(epoch FROM due_at - now()) / 3600)::int8 FROM zhifu.outbox"
		      " WHERE claim_id = '%s' AND kind = %d",
		claim->id_text, WORK_START_STATUS);
}

/* The insurer denies it, and then denies it again: one event, one finding for a person, and nothing leaves. Whoever
 * stands by his word still waits for the decision: the insurer is asked on. */
static void denied(void)
{
	struct test_claim claim = claim_arrived();
	answer_add(&claim, "notfound -\ndone");
	LOOP_UNTIL(facts(&claim, ZF_FACT_NOT_FOUND) == 1, 5000);
	assert_int_equal(transport(&claim), TRANSPORT_SENT);
	assert_int_equal(contradictions(&claim), 1);
	assert_int_equal(vouched(&claim), VOUCHED_DENIED);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND problem AND status = %d AND why LIKE '%%The person''s"
		       " word stands%%人员登记为准%%'",
			claim.id_text, FACT_REFUSED),
		1);
	finding_drop(&claim);
	expect_asked_again(&claim);
	answer_add(&claim, "notfound -\ndone");
	LOOP_UNTIL(questions(&claim, EXCHANGE_OPEN) == 0, 5000);
	assert_int_equal(claim_work(&claim, WORK_TRANSLATE, WORK_START_STATUS), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND problem", claim.id_text), 0);
	assert_int_equal(transport(&claim), TRANSPORT_SENT);
	assert_int_equal(contradictions(&claim), 1);
	assert_int_equal(submissions(&claim), 1);
	assert_int_equal(leaving(&claim), 0);
	assert_int_equal(bills(&claim), 1);
	/* Less and less often. */
	assert_int_equal(hours_to_question(&claim, 20), 24);
	answer_add(&claim, "notfound -\ndone");
	LOOP_UNTIL(questions(&claim, EXCHANGE_OPEN) == 0, 5000);
	/* Only the person takes the word back. Then it is a doubt like any other. */
	assert_int_equal(person_step(&claim, TRANSPORT_SENT, TRANSPORT_UNKNOWN, "prove_absent"), TRANSPORT_UNKNOWN);
	assert_int_equal(vouched(&claim), VOUCHED_NOT);
	LOOP_UNTIL(questions(&claim, EXCHANGE_OPEN) == 1, 5000);
	assert_int_equal(submissions(&claim), 1);
	assert_int_equal(person_step(&claim, TRANSPORT_UNKNOWN, TRANSPORT_QUEUED, "resend"), TRANSPORT_ACCEPTED);
	LOOP_UNTIL(transport(&claim) == TRANSPORT_QUEUED, 5000);
	assert_int_equal(submissions(&claim), 2);
	assert_int_equal(bills(&claim), 1);
	sql("DELETE FROM zhifu.outbox");
}

static void test_denied(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	for (int idempotent = 0; idempotent < 2; idempotent++) {
		world.insurer.idempotent = idempotent == 1;
		role_start();
		denied();
		role_stop();
	}
	world.insurer.idempotent = false;
}

/* What the insurer says of a claim that it has goes on as usual: of a question that was on its way, and of one that is
 * asked because of the person's word. */
static void test_confirmed(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim denied_first = claim_arrived();
	answer_add(&denied_first, "notfound -\ndone");
	LOOP_UNTIL(contradictions(&denied_first) == 1, 5000);
	expect_asked_again(&denied_first);
	answer_add(&denied_first, "adj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(facts(&denied_first, ZF_FACT_ADJUDICATED) == 1, 5000);
	struct test_claim claim = claim_arrived();
	answer_add(&claim, "ack -\nadj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(facts(&claim, ZF_FACT_ADJUDICATED) == 1, 5000);
	assert_int_equal(transport(&claim), TRANSPORT_SENT);
	assert_int_equal(contradictions(&claim), 0);
	assert_int_equal(bills(&claim), 1);
	struct test_claim later = claim_lost();
	LOOP_UNTIL(questions(&later, EXCHANGE_OPEN) == 1, 5000);
	answer_add(&later, "reject -\ndone"); /* the question itself is refused */
	LOOP_UNTIL(questions(&later, EXCHANGE_DONE) == 1, 5000);
	assert_int_equal(person_step(&later, TRANSPORT_UNKNOWN, TRANSPORT_SENT, "prove_present"), TRANSPORT_SENT);
	LOOP_UNTIL(questions(&later, EXCHANGE_OPEN) == 1, 5000);
	answer_add(&later, "adj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(facts(&later, ZF_FACT_ADJUDICATED) == 1, 5000);
	assert_int_equal(submissions(&later), 1);
	/* What is heard ends the clock, as settle takes its steps. */
	sql("UPDATE zhifu.claim_state SET adjudication = 3 WHERE claim_id IN ('%s', '%s', '%s')", claim.id_text,
		later.id_text, denied_first.id_text);
	clocks_strike();
	LOOP_UNTIL(work(WORK_TRANSLATE, WORK_START_STATUS) == 0, 5000);
	role_stop();
	/* Who cannot be asked is not. */
	probe_caps = 0;
	role_start();
	struct test_claim mute = claim_lost();
	LOOP_UNTIL(claim_work(&mute, WORK_TRANSLATE, WORK_FAILURE) == 0, 5000);
	assert_int_equal(person_step(&mute, TRANSPORT_UNKNOWN, TRANSPORT_SENT, "prove_present"), TRANSPORT_SENT);
	LOOP_UNTIL(claim_work(&mute, WORK_TRANSLATE, WORK_START_STATUS) == 0, 5000);
	assert_int_equal(transport(&mute), TRANSPORT_SENT);
	assert_int_equal(questions(&mute, EXCHANGE_OPEN), 0);
	role_stop();
	probe_caps = ZF_CAP_STATUS | ZF_CAP_CANCEL;
	sql("DELETE FROM zhifu.outbox");
}

static void expect_refused(const struct test_claim *claim, int from, int to)
{
	char hospital[UUID_TEXT_LEN], text[512];
	uuid_format(&world.hospital.id, hospital);
	(void)snprintf(text, sizeof(text),
		"SELECT zhifu.operator_claim_step('%s', '%s', %d::int2, %d::int2, 'prove_absent', 'who', 'c0', NULL,"
		" gen_random_uuid())",
		hospital, claim->id_text, from, to);
	assert_true(db_sync_query(fix.admin, text, NULL, NULL) < 0);
	assert_non_null(strstr(err_text(), "only a person's word"));
}

/* Only a word that was given is taken back, and none that the insurer has decided upon. */
static void test_taken_back(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim theirs = claim_sent();
	expect_refused(&theirs, TRANSPORT_SENT, TRANSPORT_UNKNOWN);
	struct test_claim lost = claim_lost();
	expect_refused(&lost, TRANSPORT_UNKNOWN, TRANSPORT_QUEUED);
	struct test_claim decided = claim_arrived();
	sql("UPDATE zhifu.claim_state SET adjudication = 3 WHERE claim_id = '%s'", decided.id_text);
	expect_refused(&decided, TRANSPORT_SENT, TRANSPORT_UNKNOWN);
	role_stop();
	sql("DELETE FROM zhifu.outbox");
}

/* A question that is on its way stays, whatever a person says of the claim: without its work it would stay open for
 * ever, and no other one would be asked. */
static void test_question_goes_on(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_lost();
	LOOP_UNTIL(questions(&claim, EXCHANGE_OPEN) == 1, 5000);
	assert_int_equal(person_step(&claim, TRANSPORT_UNKNOWN, TRANSPORT_QUEUED, "resend"), TRANSPORT_QUEUED);
	assert_int_equal(claim_work(&claim, WORK_DISPATCH, WORK_SEND), 2);
	/* Where the claim goes another way it ends. */
	assert_int_equal(person_step(&claim, TRANSPORT_QUEUED, TRANSPORT_HELD, "hold"), TRANSPORT_HELD);
	assert_int_equal(claim_work(&claim, WORK_DISPATCH, WORK_SEND), 0);
	assert_int_equal(questions(&claim, EXCHANGE_OPEN), 0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d",
				 claim.id_text, MESSAGE_READY),
		0);
	role_stop();
	sql("DELETE FROM zhifu.outbox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_confirmed),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_question_goes_on),
	};
	return cmocka_run_group_tests(tests, claims_begin, world_stop);
}
