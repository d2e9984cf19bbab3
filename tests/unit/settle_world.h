/* What the tests of settle share beyond those of translate: the role, and a claim that was sent. */
#ifndef UNIT_SETTLE_WORLD_H
#define UNIT_SETTLE_WORLD_H

#include "translate_world.h"

#include "settle/settle.h"

static inline void settle_start(void)
{
	static char text[256];

	snprintf(text, sizeof(text), "host=%s user=zhifu_settle dbname=postgres", fix.dir);
	world.options.database_settle = (struct conf_secret){text, strlen(text)};
	worker_fill(fix.loop);
	world.worker.role = "settle";
	if (settle_role.start(&world.worker, &world.role) < 0) fail_msg("%s", err_text());
}

/* It is sent, and so billed. */
static inline void claim_deliver(const struct test_claim *claim)
{
	sql("DELETE FROM zhifu.outbox WHERE claim_id = '%s'", claim->id_text);
	transport_step(claim, TRANSPORT_ACCEPTED, TRANSPORT_QUEUED, "enqueue");
	transport_step(claim, TRANSPORT_QUEUED, TRANSPORT_SENDING, "send");
	transport_step(claim, TRANSPORT_SENDING, TRANSPORT_SENT, "deliver");
}

/* A claim that was sent. */
static inline struct test_claim claim_sent(void)
{
	struct test_claim claim = claim_add("ok");

	claim_deliver(&claim);
	return claim;
}

#endif
