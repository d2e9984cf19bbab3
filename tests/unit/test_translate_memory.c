/* Translate while memory fails, allocation by allocation, from the lease to the commit and in the module's calls: a
 * claim becomes one message, an answer its facts, and neither counts as a crash. */
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
		cmocka_unit_test(test_a_claim),
		cmocka_unit_test(test_an_answer),
		cmocka_unit_test(test_a_worn_out_claim),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
