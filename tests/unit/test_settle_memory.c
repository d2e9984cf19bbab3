/* Settle while memory fails, allocation by allocation: what it was told is applied in the end, and applied once. */
#include "memory_lab.h"
#include "settle_world.h"

#define MOST 400

/* A claim that was sent, and one message that acknowledges, decides and pays it. */
static struct test_claim claim_answered(void)
{
	struct test_claim claim = claim_sent();
	struct uuid ids[4];
	char text[4][UUID_TEXT_LEN];

	for (size_t i = 0; i < 4; i++) {
		ids[i] = uuid_new();
		uuid_format(&ids[i], text[i]);
	}
	sql("INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, message_id, kind, adjudication_id, remittance_id, detail)"
	    " SELECT hospital_id, f.id, claim_id, 'alpha', '%s', f.kind, f.adjudication, f.remittance, f.detail FROM zhifu.claim_state,"
	    " (VALUES ('%s'::uuid, %d, NULL::uuid, NULL::uuid, NULL::int4), ('%s', %d, '%s', NULL, NULL), ('%s', %d, NULL, '%s', 1))"
	    " AS f (id, kind, adjudication, remittance, detail) WHERE claim_id = '%s';",
		text[3], text[0], ZF_FACT_ACKNOWLEDGED, text[1], ZF_FACT_ADJUDICATED, text[1], text[2],
		ZF_FACT_REMITTED, text[2], claim.id_text);
	sql("INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, submitted_minor,"
	    " benefit_minor, patient_minor, contract_minor, open_minor, content) SELECT hospital_id, fact_id, claim_id, insurer, 3, 'CNY', 2,"
	    " 10000, 8000, 2000, 0, 0, '\\x00' FROM zhifu.fact WHERE fact_id = '%s';"
	    "INSERT INTO zhifu.remittance_detail (hospital_id, remittance_id, no, claim_id, amount_minor, currency, exponent)"
	    " SELECT hospital_id, fact_id, 1, claim_id, 8000, 'CNY', 2 FROM zhifu.fact WHERE fact_id = '%s';"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, message_id)"
	    " SELECT hospital_id, gen_random_uuid(), 3, 1, claim_id, '%s' FROM zhifu.claim_state WHERE claim_id = '%s'",
		text[1], text[2], text[3], claim.id_text);
	return claim;
}

static bool settled(void)
{
	return number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0;
}

/* Everything once: three facts, the bill, two postings of theirs, and each axis where it belongs. */
static void expect_settled(const struct test_claim *claim, long n)
{
	int64_t wrong = number(
		"SELECT ((SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND status = %d) <> 3)::int4::int8"
		" + 10 * ((SELECT count(*) FROM zhifu.posting WHERE claim_id = '%s') <> 3)::int4::int8"
		" + 100 * ((SELECT payment FROM zhifu.claim_state WHERE claim_id = '%s') <> %d)::int4::int8",
		claim->id_text, FACT_APPLIED, claim->id_text, claim->id_text, PAYMENT_ANNOUNCED);

	if (wrong != 0) fail_msg("allocation %ld failed: %lld", n, (long long)wrong);
}

static void each_allocation(enum memory_mode mode)
{
	long n = 0, failures;

	world.options.poll_ms = MEMORY_POLL_MS;
	settle_start();
	LOOP_UNTIL(settle_role.ready(world.role), 5000);
	do {
		struct test_claim claim = claim_answered();

		failures = memory_run("settle", mode, n, settled);
		memory_recover(WORK_SETTLE, "settle", mode, settled, n);
		expect_settled(&claim, n);
	} while (failures > 0 && (n = memory_next(mode, n)) < MOST);
	print_message("%ld allocations of a round\n", n);
	assert_in_range(n, 10, MOST - 1);
	role_end(&settle_role);
}

static void test_each_allocation(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	for (enum memory_mode mode = 0; mode < MEMORY_MODES; mode++) each_allocation(mode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, world_start, world_stop);
}
