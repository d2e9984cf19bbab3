/* Claims that their insurer had answered for, and then has not got or did not take: what is asked, who sees it, and
 * what goes again. */
#include "translate_claims.h"

/* The insurer has answered for it, as dispatch records it. */
static struct test_claim claim_answered(const char *answer)
{
	struct test_claim claim = claim_sent();
	sql("UPDATE zhifu.message SET status = 4 WHERE claim_id = '%s' AND direction = 1;"
	    "DELETE FROM zhifu.outbox WHERE role = 2 AND claim_id = '%s';"
	    "INSERT INTO zhifu.attempt (hospital_id, message_id, attempt, route, outcome, ended_at) SELECT hospital_id, message_id, 1,"
	    " 'alpha:https', 2, now() FROM zhifu.message WHERE claim_id = '%s'",
		claim.id_text, claim.id_text, claim.id_text);
	answer_add(&claim, answer);
	return claim;
}

/* The clock of its doubt strikes: it is asked about, and the insurer answers. */
static void asked_again(const struct test_claim *claim, const char *answer)
{
	int64_t before = number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2 AND status = 2",
		claim->id_text);
	sql("UPDATE zhifu.outbox SET due_at = now() WHERE claim_id = '%s' AND role = 1 AND kind = 5", claim->id_text);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2 AND status = 1",
			   claim->id_text) == 1,
		5000);
	answer_add(claim, answer);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2 AND status = 2",
			   claim->id_text) == before + 1,
		5000);
}

/* Answered for with success, and not there any more: a person sees it, a clock asks again, and it goes again by itself
 * only where repeats are recognised. */
static void test_lost_there(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_answered("pend -\nnotfound -\ndone");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_UNKNOWN, 5000);
	assert_int_equal(claim_work(&claim, WORK_TRANSLATE, WORK_START_STATUS), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.claim_state WHERE claim_id = '%s' AND attention", claim.id_text), 1);
	/* Asked again it still has nothing: nothing leaves, and the clock goes on. */
	asked_again(&claim, "notfound -\ndone");
	assert_int_equal(transport(&claim), TRANSPORT_UNKNOWN);
	assert_int_equal(claim_work(&claim, WORK_TRANSLATE, WORK_START_STATUS), 1);
	assert_int_equal(leaving(&claim), 0);
	assert_int_equal(submissions(&claim), 1);
	/* It is found again. */
	asked_again(&claim, "pend -\ndone");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_SENT, 5000);
	/* A person has another one sent again: it is said anew, in an exchange of its own. */
	struct test_claim again = claim_answered("notfound -\ndone");
	LOOP_UNTIL(transport(&again) == TRANSPORT_UNKNOWN, 5000);
	assert_int_equal(person_step(&again, TRANSPORT_UNKNOWN, TRANSPORT_QUEUED, "resend"), TRANSPORT_ACCEPTED);
	LOOP_UNTIL(transport(&again) == TRANSPORT_QUEUED, 5000);
	assert_int_equal(submissions(&again), 2);
	assert_int_equal(leaving(&again), 1);
	assert_int_equal(bills(&again), 1);
	/* Stopped on its way and dropped, it owes nothing. */
	assert_int_equal(person_step(&again, TRANSPORT_QUEUED, TRANSPORT_HELD, "hold"), TRANSPORT_HELD);
	assert_int_equal(person_step(&again, TRANSPORT_HELD, TRANSPORT_CANCELLED, "drop"), TRANSPORT_CANCELLED);
	assert_int_equal(number("SELECT books::int4 FROM zhifu.claim_state WHERE claim_id = '%s'", again.id_text),
		BOOKS_REVERSED);
	assert_int_equal(
		number("SELECT sum(CASE WHEN debit LIKE 'AR-%%' THEN amount_minor ELSE -amount_minor END)::int8 FROM zhifu.posting"
		       " WHERE claim_id = '%s'",
			again.id_text),
		0);
	/* What is decided needs nothing more, and what a person has read again is old. */
	struct test_claim decided = claim_answered("ack -");
	LOOP_UNTIL(facts(&decided, ZF_FACT_ACKNOWLEDGED) == 1, 5000);
	sql("UPDATE zhifu.claim_state SET adjudication = 3 WHERE claim_id = '%s'", decided.id_text);
	answer_add(&decided, "notfound -\ndone");
	LOOP_UNTIL(facts(&decided, ZF_FACT_NOT_FOUND) == 1, 5000);
	assert_int_equal(transport(&decided), TRANSPORT_SENT);
	role_stop();
	/* Repeats are recognised: the second question sends it. */
	world.insurer.idempotent = true;
	role_start();
	struct test_claim harmless = claim_answered("notfound -\ndone");
	LOOP_UNTIL(transport(&harmless) == TRANSPORT_UNKNOWN, 5000);
	assert_int_equal(submissions(&harmless), 1);
	asked_again(&harmless, "notfound -\ndone");
	LOOP_UNTIL(transport(&harmless) == TRANSPORT_QUEUED, 5000);
	assert_int_equal(submissions(&harmless), 2);
	world.insurer.idempotent = false;
	role_stop();
	sql("DELETE FROM zhifu.outbox");
}

/* "Not now" under a 2xx: what the module sends once more is sent, as long as nothing else has been heard. */
static void test_not_now(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_answered("again");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_QUEUED, 5000);
	assert_int_equal(submissions(&claim), 2);
	assert_int_equal(leaving(&claim), 1);
	struct test_claim heard = claim_answered("ack -");
	LOOP_UNTIL(facts(&heard, ZF_FACT_ACKNOWLEDGED) == 1, 5000);
	sql("UPDATE zhifu.claim_state SET acknowledgement = 3 WHERE claim_id = '%s'", heard.id_text);
	answer_add(&heard, "again");
	LOOP_UNTIL(submissions(&heard) == 2, 5000);
	assert_int_equal(transport(&heard), TRANSPORT_SENT);
	role_stop();
	sql("DELETE FROM zhifu.outbox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_there),
		cmocka_unit_test(test_not_now),
	};
	return cmocka_run_group_tests(tests, claims_begin, world_stop);
}
