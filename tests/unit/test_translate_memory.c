/* Translate while memory fails, allocation by allocation, from the lease to the commit and in the module's calls: a
 * claim becomes one message, an answer its facts, a poll one question, and none counts as a crash; a reload is taken
 * over whole or not at all. */
#include "memory_lab.h"
#include "translate_world.h"

#include "translate/job.h"

#define MOST 600

static void start(void)
{
	world.options.poll_ms = MEMORY_POLL_MS;
	role_start();
	LOOP_UNTIL(translate_role.ready(world.role), 5000);
}

static bool translated(void)
{
	return number("SELECT count(*) FROM zhifu.outbox WHERE role = 1 AND kind <= 2") == 0;
}

static void run(enum memory_mode mode, long n, long *ret_failures)
{
	*ret_failures = memory_run("translate", mode, n, translated);
	memory_recover(WORK_TRANSLATE, "translate", mode, translated, n);
}

/* A claim, from accepted to queued. */
static long each_of_a_claim(enum memory_mode mode)
{
	long n = 0, failures;

	do {
		struct test_claim claim = claim_add("ok");

		run(mode, n, &failures);
		if (transport(&claim) != TRANSPORT_QUEUED) fail_msg("allocation %ld failed: held", n);
		assert_int_equal(number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s'", claim.id_text), 1);
		assert_int_equal(number("SELECT count(*) FROM zhifu.exchange WHERE claim_id = '%s'", claim.id_text), 1);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.outbox WHERE role = 2 AND claim_id = '%s'", claim.id_text),
			1);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.claim_event WHERE claim_id = '%s'", claim.id_text), 2);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	return n;
}

/* Its answer, to facts. */
static long each_of_an_answer(enum memory_mode mode)
{
	long n = 0, failures;

	do {
		struct test_claim claim = claim_add("ok");
		char body[256];

		run(MEMORY_ONE, -1, &failures);
		transport_step(&claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
		transport_step(&claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
		snprintf(body, sizeof(body), "ack %s\nadj %s 10000 8000 2000 0 CNY\ndone", claim.ref, claim.ref);
		answer_add(&claim, body);
		run(mode, n, &failures);
		if (number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND status = %d", claim.id_text,
			    FACT_NEW) != 2)
			fail_msg("allocation %ld failed: not both facts", n);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.adjudication WHERE claim_id = '%s'", claim.id_text), 1);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND direction = 2 AND status = %d",
				claim.id_text, MESSAGE_READ),
			1);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	return n;
}

/* ---- a poll ---- */

static int64_t polls(const char *where)
{
	return number("SELECT count(*) FROM zhifu.exchange WHERE kind = %d AND %s", EXCHANGE_POLL, where);
}

static bool asked(void)
{
	return polls("poll_open") == 1;
}

/* The turn of a mailbox, to its question. */
static long each_of_a_poll(enum memory_mode mode)
{
	long n = 0, failures;

	LOOP_UNTIL(asked(), 5000); /* the role began it by itself */
	do {
		/* It has had many a turn before. */
		sql("UPDATE zhifu.exchange SET status = 2 WHERE kind = %d; DELETE FROM zhifu.outbox WHERE role = 2;"
		    "UPDATE zhifu.outbox SET due_at = now(), leased_until = '-infinity', attempt = greatest(attempt, %d)"
		    " WHERE role = 1 AND kind = %d",
			EXCHANGE_POLL, JOB_RETRIES_MAX, WORK_START_POLL);
		failures = memory_run("translate", mode, n, asked);
		memory_recover(WORK_TRANSLATE, "translate", mode, asked, n);
		if (number("SELECT count(*) FROM zhifu.outbox WHERE role = 2") != 1)
			fail_msg("allocation %ld failed: not one question", n);
		/* Its turn comes again. */
		assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE role = 1 AND kind = %d AND NOT held",
					 WORK_START_POLL),
			1);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	return n;
}

/* What the mailbox held, of one claim, in a poll that is open. */
static void mail_add(const struct test_claim *claim)
{
	struct arena arena CLEANUP(arena_free);
	struct uuid exchange = uuid_new(), message = uuid_new();
	char plain[512], exchange_text[UUID_TEXT_LEN], message_text[UUID_TEXT_LEN], hospital[UUID_TEXT_LEN];
	static char content[8192], state[8192];
	struct bytes sealed;

	arena_init(&arena, 1u << 20);
	uuid_format(&exchange, exchange_text);
	uuid_format(&message, message_text);
	uuid_format(&world.hospital.id, hospital);
	(void)snprintf(plain, sizeof(plain),
		"200\nContent-Type: text/plain\n\nack %s\nadj %s 10000 8000 2000 0 CNY\ndone", claim->ref, claim->ref);
	assert_int_equal(seal(world.sealer, &world.hospital_key, &message, SEAL_MESSAGE,
				 (struct bytes){(const uint8_t *)plain, strlen(plain)}, &arena, &sealed),
		0);
	hex(sealed.ptr, sealed.len, content);
	assert_int_equal(seal(world.sealer, &world.hospital_key, &exchange, SEAL_STATE,
				 (struct bytes){(const uint8_t *)"started", sizeof("started")}, &arena, &sealed),
		0);
	hex(sealed.ptr, sealed.len, state);
	sql("INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind, step, state) VALUES ('%s', '%s', 'alpha', %d, 1, '\\x%s');"
	    "INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, insurer, direction, token, status, http_status, content)"
	    " VALUES ('%s', '%s', '%s', 'alpha', 2, 1, 11, 200, '\\x%s');"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, exchange_id, message_id)"
	    " VALUES ('%s', gen_random_uuid(), 1, 2, '%s', '%s')",
		hospital, exchange_text, EXCHANGE_POLL, state, hospital, message_text, exchange_text, content, hospital,
		exchange_text, message_text);
}

static long each_of_a_mail(enum memory_mode mode)
{
	long n = 0, failures;

	sql("DELETE FROM zhifu.outbox; UPDATE zhifu.exchange SET status = 2 WHERE kind = %d", EXCHANGE_POLL);
	do {
		struct test_claim claim = claim_add("ok");

		run(MEMORY_ONE, -1, &failures);
		transport_step(&claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
		transport_step(&claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
		mail_add(&claim);
		run(mode, n, &failures);
		if (number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND status = %d", claim.id_text,
			    FACT_NEW) != 2)
			fail_msg("allocation %ld failed: not both facts", n);
		assert_int_equal(
			number("SELECT count(*) FROM zhifu.adjudication WHERE claim_id = '%s'", claim.id_text), 1);
		assert_int_equal(polls("poll_open"), 0);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	return n;
}

static void each(const char *what, long (*all)(enum memory_mode mode))
{
	start();
	for (enum memory_mode mode = 0; mode < MEMORY_MODES; mode++) {
		long n = all(mode);

		print_message("%ld allocations of one %s\n", n, what);
		assert_in_range(n, 10, MOST - 1);
	}
	assert_int_equal(number("SELECT count(*) FROM zhifu.outbox WHERE held"), 0);
	role_stop();
}

static void test_a_claim(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	consent_give();
	each("claim", each_of_a_claim);
}

static void test_an_answer(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	each("answer", each_of_an_answer);
}

static void test_a_poll(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	world.insurer.poll_interval_s = 3600;
	probe_caps |= ZF_CAP_POLL;
	each("poll", each_of_a_poll);
	world.insurer.poll_interval_s = 0;
	each("mailbox", each_of_a_mail);
	probe_caps &= ~(uint32_t)ZF_CAP_POLL;
}

/* The role works on after it, with the new configuration or, where it says that there is no memory, with the old. */
static void test_a_reload(void **state)
{
	long failures = 1, n = 0;

	(void)state;
	NEED_POSTGRESQL();
	start();
	for (; failures > 0; n++) {
		struct test_claim claim = claim_add("ok");

		mem_fail_at(n, n % 2 == 0);
		int r = translate_role.reload(world.role);
		failures = mem_failures();
		mem_fail_after(-1);
		assert_true(r == 0 || (r == ERR_NOMEM && failures > 0));
		memory_recover(WORK_TRANSLATE, "translate", MEMORY_ONE, translated, n);
		if (transport(&claim) != TRANSPORT_QUEUED) fail_msg("allocation %ld failed: held", n);
	}
	assert_in_range(n, 3, MOST - 1);
	role_stop();
}

/* So often put off that it goes to a person, and no memory for that either: its work must not end with nothing done. */
static void test_a_worn_out_claim(void **state)
{
	long failures = 1, held = 0;

	(void)state;
	NEED_POSTGRESQL();
	start();
	for (long n = 0; failures > 0; n += 3) {
		struct test_claim claim = claim_add("ok");

		sql("UPDATE zhifu.outbox SET attempt = %d WHERE claim_id = '%s'", JOB_RETRIES_MAX, claim.id_text);
		run(n % 2 == 0 ? MEMORY_ONE : MEMORY_ALL, n, &failures);
		held += transport(&claim) == TRANSPORT_HELD;
		if (transport(&claim) != TRANSPORT_HELD && transport(&claim) != TRANSPORT_QUEUED)
			fail_msg("allocation %ld failed: the claim has no work any more", n);
	}
	assert_true(held > 0);
	role_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_poll),
		cmocka_unit_test(test_a_claim),
		cmocka_unit_test(test_an_answer),
		cmocka_unit_test(test_a_reload),
		cmocka_unit_test(test_a_worn_out_claim),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
