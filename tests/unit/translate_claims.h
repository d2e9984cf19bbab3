/* Claims on their way, and what is known of them, for the tests of translate alone. */
#ifndef UNIT_TRANSLATE_CLAIMS_H
#define UNIT_TRANSLATE_CLAIMS_H

#include "translate_world.h"

/* A claim on its way: sent, its answer awaited. */
static inline struct test_claim claim_sent(void)
{
	struct test_claim claim = claim_add("ok");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_QUEUED, 5000);
	transport_step(&claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
	transport_step(&claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
	return claim;
}

static inline int64_t facts(const struct test_claim *claim, int kind)
{
	return number("SELECT count(*) FROM zhifu.fact WHERE claim_id = '%s' AND kind = %d", claim->id_text, kind);
}

static inline int64_t bills(const struct test_claim *claim)
{
	return number("SELECT count(*) FROM zhifu.posting WHERE claim_id = '%s' AND rule = 'bill'", claim->id_text);
}

static inline int64_t work(int role, int kind)
{
	return number("SELECT count(*) FROM zhifu.outbox WHERE role = %d AND kind = %d", role, kind);
}

/* The submission's fate is unknown, as dispatch records it. */
static inline struct test_claim claim_lost(void)
{
	struct test_claim claim = claim_add("ok");
	LOOP_UNTIL(transport(&claim) == TRANSPORT_QUEUED, 5000);
	transport_step(&claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
	transport_step(&claim, TRANSPORT_SENDING, TRANSPORT_UNKNOWN, "lose");
	sql("UPDATE zhifu.message SET status = 3 WHERE claim_id = '%s' AND direction = 1;"
	    "DELETE FROM zhifu.outbox WHERE role = 2 AND claim_id = '%s';"
	    "INSERT INTO zhifu.attempt (hospital_id, message_id, attempt, route, outcome) SELECT hospital_id, message_id, 1, 'alpha:https', 4"
	    " FROM zhifu.message WHERE claim_id = '%s';"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)"
	    " SELECT hospital_id, gen_random_uuid(), 1, 3, claim_id, exchange_id, message_id FROM zhifu.message WHERE claim_id = '%s'",
		claim.id_text, claim.id_text, claim.id_text, claim.id_text);
	return claim;
}

/* Work about it. */
static inline int64_t claim_work(const struct test_claim *claim, int role, int kind)
{
	return number("SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = %d AND kind = %d",
		claim->id_text, role, kind);
}

/* Submissions of it that wait to leave. */
static inline int64_t leaving(const struct test_claim *claim)
{
	return number("SELECT count(*) FROM zhifu.outbox o JOIN zhifu.message m USING (hospital_id, message_id)"
		      " WHERE o.claim_id = '%s' AND o.role = 2 AND m.submission AND m.status = 1",
		claim->id_text);
}

static inline int64_t submissions(const struct test_claim *claim)
{
	return number("SELECT count(*) FROM zhifu.message WHERE claim_id = '%s' AND submission", claim->id_text);
}

/* A person's step, as zhifuctl takes it. Returns where the claim stands then. */
static inline int64_t person_step(const struct test_claim *claim, int from, int to, const char *event)
{
	char hospital[UUID_TEXT_LEN];
	uuid_format(&world.hospital.id, hospital);
	return number("SELECT zhifu.operator_claim_step('%s', '%s', %d::int2, %d::int2, '%s', 'who', 'c0', NULL,"
		      " gen_random_uuid())::int4",
		hospital, claim->id_text, from, to, event);
}

/* A world in which claims may leave. */
static inline int claims_begin(void **state)
{
	int r = world_start(state);
	if (r == 0 && !fix.absent) consent_give();
	return r;
}

#endif
