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

/* A world in which claims may leave. */
static inline int claims_begin(void **state)
{
	int r = world_start(state);
	if (r == 0 && !fix.absent) consent_give();
	return r;
}

#endif
