/* The role translate on a real PostgreSQL: claims to messages, answers to facts, and what happens when either is not as
 * it should be. What answers say of other claims, or of several, is in test_translate_answers.c. */
#include "translate_claims.h"

static void test_consent(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct test_claim claim = claim_add("ok");
	role_start();
	LOOP_UNTIL(transport(&claim) == TRANSPORT_WAITING_CONSENT, 5000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.message"), 0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role > 0"), 0);
	role_stop();
	consent_give();
}

static void test_claim_path(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	const char *text = message_text(&claim);
	assert_int_equal(strncmp(text, "POST submit /x\n\n", 16), 0);
	assert_non_null(strstr(text, claim.ref));
	assert_non_null(strstr(text, "Muster"));
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.outbox WHERE role = 2 AND route = 'alpha:https' AND claim_id = '%s'"
		       " AND due_at > now() - interval '1 h'",
			claim.id_text),
		1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.wire_ref WHERE claim_id = '%s' AND value_hash = sha256('%s')",
			claim.id_text, claim.ref),
		1);
	answer_add(&claim, "ack -\nadj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(facts(&claim, ZF_FACT_ADJUDICATED) == 1, 5000);
	assert_int_equal(facts(&claim, ZF_FACT_ACKNOWLEDGED), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.adjudication WHERE claim_id = '%s' AND submitted_minor = 10000 AND"
		       " benefit_minor = 7000 AND patient_minor = 2000 AND contract_minor = 500 AND open_minor = 500"
		       " AND currency = 'CNY' AND insurer_claim_no = 'INS-1'",
			claim.id_text),
		1);
	assert_int_equal(number("SELECT sum(cardinality(adjustments)) FROM zhifu.adjudication WHERE claim_id = '%s'",
				 claim.id_text),
		2);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), EXCHANGE_DONE);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.message WHERE claim_id = '%s' AND direction = 2", claim.id_text),
		MESSAGE_READ);
	/* Both facts are one piece of work. */
	assert_int_equal(work(WORK_SETTLE, WORK_FACT), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.outbox o JOIN zhifu.fact f USING (hospital_id, claim_id, message_id)"
		       " WHERE o.role = 3 AND o.fact_id IS NULL AND claim_id = '%s'",
			claim.id_text),
		2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1"), 0);
	/* The canonical answer opens with the patient's key. */
	struct arena arena CLEANUP(arena_free);
	struct pg_result *rows;
	struct bytes plain;
	arena_init(&arena, 1u << 20);
	assert_int_equal(
		db_sync_query(fix.admin, "SELECT adjudication_id, content FROM zhifu.adjudication", NULL, &rows), 0);
	struct uuid id = db_rows_uuid(rows, 0, 0);
	assert_int_equal(seal_open(world.sealer, &world.patient_key, &id, SEAL_FACT, db_rows_bytes(rows, 0, 1),
				 1u << 20, &arena, &plain),
		0);
	assert_non_null(memmem(plain.ptr, plain.len, "ClaimResponse", 13));
	assert_non_null(memmem(plain.ptr, plain.len, claim.ref, REF_LEN));
	db_sync_rows_free(rows);
	/* A late second answer has no exchange that waits for it: it is kept and shown. */
	answer_add(&claim, "ack -\nmore");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d", claim.id_text,
			   MESSAGE_ORPHAN) == 1,
		5000);
	/* A person has it read again: for its facts, nothing is sent any more. */
	sql("UPDATE zhifu.message SET replay_of = message_id, status = 11 WHERE claim_id = '%s' AND status = %d;"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id) SELECT hospital_id, gen_random_uuid(),"
	    " 1, 2, claim_id, exchange_id, message_id FROM zhifu.message WHERE claim_id = '%s' AND status = 11",
		claim.id_text, MESSAGE_ORPHAN, claim.id_text);
	LOOP_UNTIL(facts(&claim, ZF_FACT_ACKNOWLEDGED) == 2, 5000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND direction = 1", claim.id_text), 1);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), EXCHANGE_DONE);
	role_stop();
}

static void test_verdicts(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim rejected = claim_add("reject"), malformed = claim_add("malformed"),
			  garbage = claim_add("garbage"), retried = claim_add("retry");
	LOOP_UNTIL(transport(&rejected) == TRANSPORT_FAILED, 5000);
	assert_int_equal(facts(&rejected, FACT_UNSENDABLE), 1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND text LIKE 'not-sayable@Claim.item[0]%%no word%%'",
			rejected.id_text),
		1);
	LOOP_UNTIL(transport(&malformed) == TRANSPORT_HELD, 5000);
	LOOP_UNTIL(transport(&garbage) == TRANSPORT_HELD, 5000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s' AND event = 'hold' AND why LIKE '%%no actions%%'",
			garbage.id_text),
		1);
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND attempt > 0 AND crashes = 0 AND due_at > now()",
			retried.id_text) == 1,
		5000);
	assert_int_equal(transport(&retried), TRANSPORT_ACCEPTED);
	sql("DELETE FROM zhifu.outbox");
	role_stop();
}

static void test_bad_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	answer_add(&claim, "nonsense");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d AND why IS NOT NULL",
			claim.id_text, MESSAGE_QUARANTINED) == 1,
		5000);
	assert_int_equal(number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text),
		EXCHANGE_QUARANTINED);
	assert_int_equal(
		number("SELECT adjudication::int4 FROM zhifu.claim_state WHERE claim_id = '%s'", claim.id_text), 0);
	/* Replays of it: one that cannot be read either leaves it where it is, one that is read needs neither any more.
	 */
	for (int i = 0; i < 2; i++) {
		sql("BEGIN");
		answer_add(&claim, i == 0 ? "nonsense" : "ack -");
		sql("UPDATE zhifu.message SET replay_of = (SELECT max(message_id::text)::uuid FROM zhifu.message WHERE claim_id = '%s'"
		    " AND status = 13) WHERE claim_id = '%s' AND status = 11; COMMIT",
			claim.id_text, claim.id_text);
		LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = 13",
				   claim.id_text) == (i == 0 ? 2 : 0),
			5000);
	}
	assert_int_equal(number("SELECT count(*) FROM zhifu.message m JOIN zhifu.message r USING (claim_id)"
				" WHERE m.claim_id = '%s' AND r.status = 12 AND m.status = 6"
				" AND m.why LIKE 'replayed as ' || r.message_id || ', which was read; %%'",
				 claim.id_text),
		2);
	/* Two currencies in one decision: nothing is concluded from it. */
	struct test_claim mixed = claim_sent();
	answer_add(&mixed, "adj - 10000 7000 2000 500 USD");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d AND why LIKE '%%two currencies%%'",
			mixed.id_text, MESSAGE_QUARANTINED) == 1,
		5000);
	assert_int_equal(facts(&mixed, ZF_FACT_ADJUDICATED), 0);
	/* A person repaired the cause and has it read again. */
	sql("UPDATE zhifu.message SET status = 11 WHERE claim_id = '%s' AND direction = 2;"
	    "DELETE FROM zhifu.message WHERE claim_id = '%s' AND direction = 2",
		mixed.id_text, mixed.id_text);
	answer_add(&mixed, "adj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(facts(&mixed, ZF_FACT_ADJUDICATED) == 1, 5000);
	role_stop();
}

/* One message is lost, and what the module wants done meanwhile is done; but nothing is concluded from it. */
static void test_lost_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent(), greedy = claim_sent();
	answer_add(&claim, "wait 3600\nlost");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d", claim.id_text,
			   MESSAGE_QUARANTINED) == 1,
		5000);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), EXCHANGE_OPEN);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = 1", claim.id_text), 1);
	answer_add(&greedy, "adj - 10000 7000 2000 500 CNY\nlost");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d AND why LIKE '%%concludes%%'",
			greedy.id_text, MESSAGE_QUARANTINED) == 1,
		5000);
	assert_int_equal(facts(&greedy, ZF_FACT_ADJUDICATED), 0);
	assert_int_equal(number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", greedy.id_text),
		EXCHANGE_QUARANTINED);
	sql("DELETE FROM zhifu.outbox");
	role_stop();
}

/* What a message says counts, though something that came with it cannot be read: a person finds it by its reason. */
static void test_partly_read_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	answer_add(&claim, "adj - 10000 7000 2000 500 CNY\ndone\npartly");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND status = %d AND why LIKE '%%no word%%'",
			claim.id_text, MESSAGE_QUARANTINED) == 1,
		5000);
	assert_int_equal(facts(&claim, ZF_FACT_ADJUDICATED), 1);
	assert_int_equal(
		number("SELECT status::int4 FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), EXCHANGE_DONE);
	sql("DELETE FROM zhifu.outbox");
	role_stop();
}

static void test_timer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	struct test_claim claim = claim_sent();
	answer_add(&claim, "pend -\nwait 0");
	/* The timer comes and the module asks. */
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND direction = 1",
			   claim.id_text) == 2,
		5000);
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	answer_add(&claim, "wait 1000");
	LOOP_UNTIL(work(WORK_TRANSLATE, WORK_TIMER) == 1, 5000);
	answer_add(&claim, "wait 2000");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.outbox WHERE role = 1 AND kind = 4 AND due_at > now() + interval '1500 s'") ==
			1,
		5000);
	/* The end of the exchange takes its timer with it. */
	answer_add(&claim, "adj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1") == 0, 5000);
	role_stop();
}

static void test_doubt(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	/* Asked, and it has never been seen: the same message goes again. */
	struct test_claim absent = claim_lost();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = %d", absent.id_text,
			   EXCHANGE_STATUS) == 1,
		5000);
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = 1 AND kind = %d AND due_at > now() + interval '20 s'",
			absent.id_text, WORK_START_STATUS) == 1,
		5000);
	assert_int_equal(transport(&absent), TRANSPORT_UNKNOWN);
	answer_add(&absent, "notfound -\ndone");
	LOOP_UNTIL(transport(&absent) == TRANSPORT_QUEUED, 5000);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND submission AND status = %d",
			absent.id_text, MESSAGE_READY),
		1);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.outbox o JOIN zhifu.message m USING (hospital_id, message_id) WHERE m.claim_id = '%s'"
		       " AND m.submission AND o.role = 2 AND o.route = 'alpha:https'",
			absent.id_text),
		1);
	/* Asked, and it has it. */
	struct test_claim present = claim_lost();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = %d", present.id_text,
			   EXCHANGE_STATUS) == 1,
		5000);
	answer_add(&present, "ack -\nadj - 10000 7000 2000 500 CNY\ndone");
	LOOP_UNTIL(transport(&present) == TRANSPORT_SENT, 5000);
	assert_int_equal(bills(&present), 1);
	assert_int_equal(facts(&present, ZF_FACT_ADJUDICATED), 1);
	/* The clocks stop when they find nothing in doubt. */
	sql("UPDATE zhifu.outbox SET due_at = now() WHERE role = 1 AND kind = 5");
	LOOP_UNTIL(work(WORK_TRANSLATE, WORK_START_STATUS) == 0, 5000);
	/* A refused question leaves the doubt and the clock. */
	struct test_claim refused = claim_lost();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = %d", refused.id_text,
			   EXCHANGE_STATUS) == 1,
		5000);
	answer_add(&refused, "reject -\ndone");
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2 AND status = 2",
			   refused.id_text) == 1,
		5000);
	assert_int_equal(facts(&refused, ZF_FACT_REJECTED), 0);
	assert_int_equal(transport(&refused), TRANSPORT_UNKNOWN);
	sql("UPDATE zhifu.outbox SET due_at = now() WHERE role = 1 AND kind = 5");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2", refused.id_text) == 2,
		5000);
	role_stop();
	/* Nobody can be asked: again where repeats are recognised, else a person. */
	sql("DELETE FROM zhifu.outbox");
	probe_caps = 0;
	world.insurer.idempotent = true;
	role_start();
	struct test_claim again = claim_lost();
	LOOP_UNTIL(transport(&again) == TRANSPORT_QUEUED, 5000);
	role_stop();
	world.insurer.idempotent = false;
	role_start();
	struct test_claim held = claim_lost();
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND status = %d AND why IS NOT NULL",
			held.id_text, EXCHANGE_HELD) == 1,
		5000);
	assert_int_equal(transport(&held), TRANSPORT_UNKNOWN);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s'", held.id_text), 0);
	role_stop();
	probe_caps = ZF_CAP_STATUS | ZF_CAP_CANCEL;
}

/* An answer that does not cover the last try proves nothing: the claim is asked about again, not sent again. */
static void test_stale_absence(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	for (int replayed = 0; replayed < 2; replayed++) {
		struct test_claim claim = claim_lost();
		LOOP_UNTIL(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = %d",
				   claim.id_text, EXCHANGE_STATUS) == 1,
			5000);
		if (replayed) {
			sql("BEGIN");
			answer_add(&claim, "notfound -\ndone");
			sql("UPDATE zhifu.message SET replay_of = message_id WHERE claim_id = '%s' AND direction = 2; COMMIT",
				claim.id_text);
		} else {
			sql("INSERT INTO zhifu.attempt (hospital_id, message_id, attempt, route, outcome, ended_at)"
			    " SELECT hospital_id, message_id, 2, 'alpha:https', 4, now() + interval '1 second' FROM zhifu.message"
			    " WHERE claim_id = '%s' AND submission",
				claim.id_text);
			answer_add(&claim, "notfound -\ndone");
		}
		LOOP_UNTIL(
			number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s' AND kind = 2 AND status = 2",
				claim.id_text) == 1,
			5000);
		assert_int_equal(transport(&claim), TRANSPORT_UNKNOWN);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = 2 AND message_id IN"
			       " (SELECT message_id FROM zhifu.message WHERE submission)",
				claim.id_text),
			0);
		assert_true(number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = 1 AND kind = %d",
				    claim.id_text, WORK_START_STATUS) > 0);
	}
	role_stop();
	sql("DELETE FROM zhifu.outbox");
}

/* What is asked with nothing but our ref needs no consent to leave; what is made with the claim does. */
static void test_personal(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	for (int with = 0; with < 2; with++) {
		sql("UPDATE zhifu.consent SET withdrawn_at = NULL");
		struct test_claim claim = claim_sent();
		if (!with) sql("UPDATE zhifu.consent SET withdrawn_at = now()");
		sql("INSERT INTO zhifu.task (hospital_id, task_id, claim_id, status, content) SELECT hospital_id, gen_random_uuid(), claim_id, 'accepted', '\\x00'"
		    " FROM zhifu.claim WHERE claim_id = '%s';"
		    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, fact_id) SELECT hospital_id, gen_random_uuid(), 1, 6, claim_id, task_id"
		    " FROM zhifu.task WHERE claim_id = '%s'",
			claim.id_text, claim.id_text);
		LOOP_UNTIL(number("SELECT count(*) FROM zhifu.task WHERE claim_id = '%s' AND status = 'in-progress'",
				   claim.id_text) == 1,
			5000);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND direction = 1 AND NOT submission AND personal = %s",
				claim.id_text, with ? "true" : "false"),
			1);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND submission AND personal",
				claim.id_text),
			1);
	}
	role_stop();
	sql("DELETE FROM zhifu.outbox; UPDATE zhifu.consent SET withdrawn_at = NULL");
}

/* A person's hold on work that is leased outlives the round that has it. */
static void test_hold_stays(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	sql("SELECT zhifu.translate_seed('{}','{}','{}','{}','{}','{}', ARRAY[(SELECT hospital_id FROM zhifu.hospital LIMIT 1)],"
	    " '{00000000-0000-7000-8000-00000000000a}', '{7}', '{alpha}');"
	    "SELECT zhifu.operator_work_hold((SELECT hospital_id FROM zhifu.hospital LIMIT 1), '00000000-0000-7000-8000-00000000000a',"
	    " true, 'li', 'c0');"
	    "SELECT zhifu.translate_commit(ARRAY[(SELECT hospital_id FROM zhifu.hospital LIMIT 1)],"
	    " '{00000000-0000-7000-8000-00000000000a}', '{0}', '{2}', '{5}', '{NULL}', '{alpha}', '{}','{}','{}','{}','{}','{}',"
	    " '{}','{}','{}','{}','{}','{}','{}','{}', '{}','{}','{}','{}','{}','{}','{}','{}', '{}','{}','{}','{}',"
	    " '{}','{}','{}','{}','{}', '{}','{}','{}','{}','{}','{}','{}','{}','{}',"
	    " '{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}', '{}','{}','{}','{}')");
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.outbox WHERE work_id = '00000000-0000-7000-8000-00000000000a'"
		       " AND held AND held_why = 'li said why'"),
		1);
	sql("DELETE FROM zhifu.outbox");
}

static void test_cancel(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	role_start();
	for (int good = 0; good < 2; good++) {
		struct test_claim claim = claim_sent();
		sql("INSERT INTO zhifu.task (hospital_id, task_id, claim_id, status, content) SELECT hospital_id, gen_random_uuid(), claim_id, 'accepted', '\\x00'"
		    " FROM zhifu.claim WHERE claim_id = '%s';"
		    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, fact_id) SELECT hospital_id, gen_random_uuid(), 1, 6, claim_id, task_id"
		    " FROM zhifu.task WHERE claim_id = '%s'",
			claim.id_text, claim.id_text);
		LOOP_UNTIL(number("SELECT count(*) FROM zhifu.task WHERE claim_id = '%s' AND status = 'in-progress'",
				   claim.id_text) == 1,
			5000);
		answer_add(&claim, good ? "cancelled -\ndone" : "reject -\ndone");
		LOOP_UNTIL(number("SELECT count(*) FROM zhifu.task WHERE claim_id = '%s' AND status = '%s'",
				   claim.id_text, good ? "completed" : "failed") == 1,
			5000);
		assert_int_equal(facts(&claim, ZF_FACT_CANCELLED), good);
		assert_int_equal(facts(&claim, ZF_FACT_REJECTED), 0);
	}
	role_stop();
}

static void test_poll(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	sql("DELETE FROM zhifu.outbox");
	probe_caps = ZF_CAP_POLL;
	world.insurer.poll_interval_s = 600;
	role_start();
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.exchange WHERE kind = %d AND claim_id IS NULL", EXCHANGE_POLL) == 1,
		5000);
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.outbox WHERE role = 1 AND kind = %d AND due_at > now() + interval '500 s'",
			WORK_START_POLL) == 1,
		5000);
	/* The question stands before all claims that wait to be sent. */
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 2 AND claim_id IS NULL"
				" AND due_at < now() - interval '23 h'"),
		1);
	/* While the question is open it is not asked again. */
	sql("UPDATE zhifu.outbox SET due_at = now() WHERE role = 1 AND kind = 7");
	LOOP_UNTIL(
		number("SELECT count(*) FROM zhifu.outbox WHERE role = 1 AND kind = 7 AND attempt > 1 AND due_at > now() + interval '500 s'") ==
			1,
		5000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.exchange WHERE kind = %d", EXCHANGE_POLL), 1);
	role_stop();
	probe_caps = ZF_CAP_STATUS | ZF_CAP_CANCEL;
	world.insurer.poll_interval_s = 0;
	sql("DELETE FROM zhifu.outbox");
}

static void test_allow_list(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const char *const allowed[] = {"Claim", "Patient.gender"};
	world.insurer.allowed_fields = allowed;
	world.insurer.allowed_field_count = 2;
	role_start();
	struct test_claim claim = claim_add("ok");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_QUEUED, 5000);
	const char *text = message_text(&claim);
	assert_non_null(strstr(text, "female"));
	assert_null(strstr(text, "Muster"));
	assert_null(strstr(text, "P123"));
	role_stop();
	world.insurer.allowed_fields = NULL;
	world.insurer.allowed_field_count = 0;
}

/* A hundred at once: one round is one commit, and nobody is lost or taken twice. */
static void test_many(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	struct test_claim claims[100];
	sql("DELETE FROM zhifu.outbox");
	for (size_t i = 0; i < 100; i++) claims[i] = claim_add("ok");
	role_start();
	LOOP_UNTIL(work(WORK_DISPATCH, WORK_SEND) == 100, 10000);
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1"), 0);
	for (size_t i = 0; i < 100; i++) assert_int_equal(transport(&claims[i]), TRANSPORT_QUEUED);
	role_stop();
}

/* What a lease is to whoever looks for work: nothing to take until it ends; the first call counted, later ones not. */
static void test_lease(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	static const char *const take =
		"SELECT count(*) FROM zhifu.outbox o JOIN zhifu.work_lease(1::int2, o.hospital_id, NULL, 10, 600, %d) l USING (work_id)"
		" WHERE o.claim_id = '%s' AND l.crashes = %d";
	static const char *const row =
		"SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND crashes = %d AND attempt = %d AND due_at <= now()";
	struct test_claim claim = claim_add("ok");
	assert_int_equal(number("SELECT count(*) FROM zhifu.work_hospitals(1::int2, NULL, 10)"), 1);
	assert_int_equal(number(take, 1, claim.id_text, 0), 1);
	assert_int_equal(number(row, claim.id_text, 1, 1), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.work_hospitals(1::int2, NULL, 10)"), 0);
	assert_int_equal(number(take, 2, claim.id_text, 0), 0);
	/* given back without a call */
	assert_int_equal(
		number("SELECT zhifu.work_defer(array_agg(hospital_id), array_agg(work_id), array_agg(attempt), '{0}', '{0}')"
		       " FROM zhifu.outbox WHERE claim_id = '%s'",
			claim.id_text),
		1);
	assert_int_equal(number(row, claim.id_text, 0, 1), 1);
	assert_int_equal(number(take, 3, claim.id_text, 0), 1);
	/* its holder died */
	sql("UPDATE zhifu.outbox SET leased_until = now() WHERE claim_id = '%s'", claim.id_text);
	assert_int_equal(number(take, 4, claim.id_text, 1), 1);
	assert_int_equal(number(row, claim.id_text, 1, 3), 1);
	/* the answer was lost: by its mark, and by no other, it is free again */
	for (int mark = 3; mark <= 4; mark++) {
		sql("SELECT zhifu.work_unlease(1::int2, hospital_id, NULL, %d) FROM zhifu.claim WHERE claim_id = '%s'",
			mark, claim.id_text);
		assert_int_equal(number(take, 5, claim.id_text, 1), mark == 4);
	}
	assert_int_equal(number(row, claim.id_text, 1, 4), 1);
	/* counted once, however often it is run */
	for (int run = 0; run < 3; run++) {
		int suspect = run > 0;

		assert_int_equal(
			number("SELECT count(*) FROM zhifu.outbox o, zhifu.translate_begin(ARRAY[o.hospital_id],"
			       " ARRAY[o.work_id], ARRAY[o.attempt], '{alpha}', '{claim}', %d::int2) b"
			       " WHERE o.claim_id = '%s' AND b.claim_id = o.claim_id",
				suspect, claim.id_text),
			1);
		assert_int_equal(number(row, claim.id_text, 1 + suspect, 4), 1);
	}
	/* what belongs to no claim is one process's for its first second */
	sql("UPDATE zhifu.outbox SET claim_id = NULL, leased_until = '-infinity', due_at = now() WHERE claim_id = '%s'",
		claim.id_text);
	for (int own = 0; own < 2; own++) {
		if (own == 1)
			assert_int_equal(
				number("SELECT count(*) FROM zhifu.outbox o JOIN zhifu.work_lease(1::int2,"
				       " o.hospital_id, NULL, 10, 0, 9, true) l USING (work_id) WHERE o.role = 1"),
				1);
		sql("UPDATE zhifu.outbox SET due_at = now() - %d * interval '2 second' WHERE role = 1", own);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.outbox o JOIN zhifu.work_lease(1::int2, o.hospital_id,"
			       " NULL, 10, 0, 9, false) l USING (work_id) WHERE o.role = 1"),
			own);
	}
	sql("DELETE FROM zhifu.outbox");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_consent),
		cmocka_unit_test(test_claim_path),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_bad_answer),
		cmocka_unit_test(test_lost_answer),
		cmocka_unit_test(test_partly_read_answer),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_stale_absence),
		cmocka_unit_test(test_personal),
		cmocka_unit_test(test_hold_stays),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_allow_list),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, world_start, world_stop);
}
