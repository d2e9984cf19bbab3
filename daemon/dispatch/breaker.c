/* A route's circuit breaker: closed, open, half open. One function moves the state. */
#include "dispatch/breaker.h"

#define EXPONENT_MAX 40u /* 2^40 ms are 34 years: beyond any maximum */

static const char *const state_names[] = {
	[BREAKER_CLOSED] = "closed",
	[BREAKER_OPEN] = "open",
	[BREAKER_HALF_OPEN] = "half_open",
};

const char *breaker_state_name(enum breaker_state state)
{
	assert((size_t)state < ARRAY_LEN(state_names));
	return state_names[state];
}

void breaker_init(struct breaker *breaker, const struct breaker_rules *rules)
{
	assert(rules->failures_to_open >= 1 && rules->probes_to_close >= 1);
	assert(rules->backoff_first_ms >= 1 && rules->backoff_max_ms >= rules->backoff_first_ms);
	assert(rules->jitter_percent <= 100 && rules->quiet_ms >= 0);
	*breaker = (struct breaker){.rules = *rules, .state = BREAKER_CLOSED};
}

/* first * 2^(openings - 1), at most max, then shortened by a random part: routes that went down together must not come
 * back together. Shortened only, so that the maximum stays one. */
static int64_t backoff_ms(const struct breaker *breaker, uint32_t random)
{
	const struct breaker_rules *rules = &breaker->rules;
	uint32_t exponent = breaker->openings - 1 < EXPONENT_MAX ? breaker->openings - 1 : EXPONENT_MAX;
	int64_t wait_ms = rules->backoff_max_ms;
	if (rules->backoff_first_ms <= rules->backoff_max_ms >> exponent) wait_ms = rules->backoff_first_ms << exponent;
	/* wait * percent / 100 * random / 2^32 in an order that cannot overflow for waits of up to 2^40 ms and more. */
	int64_t part_ms = wait_ms / 100 * rules->jitter_percent + wait_ms % 100 * rules->jitter_percent / 100;
	int64_t cut_ms = (part_ms >> 32) * random + (int64_t)(((uint64_t)(part_ms & 0xffffffff) * random) >> 32);
	wait_ms -= cut_ms;
	return wait_ms < 1 ? 1 : wait_ms;
}

static void breaker_move(struct breaker *breaker, enum breaker_state state, int64_t now_ms, uint32_t random)
{
	breaker->state = state;
	breaker->probing = false;
	breaker->failures = 0;
	switch (state) {
	case BREAKER_OPEN:
		if (!breaker->incident) {
			breaker->incident = breaker->opened_due = true;
			breaker->openings = 0;
		}
		if (breaker->openings < UINT32_MAX) breaker->openings++;
		breaker->generation++;
		breaker->retry_ms = now_ms + backoff_ms(breaker, random);
		break;
	case BREAKER_HALF_OPEN:
		breaker->probes_good = 0;
		break;
	case BREAKER_CLOSED:
		breaker->closed_ms = now_ms;
		break;
	}
}

bool breaker_begin(struct breaker *breaker, int64_t now_ms, struct breaker_ticket *ret_ticket)
{
	if (breaker->state == BREAKER_OPEN && now_ms >= breaker->retry_ms)
		breaker_move(breaker, BREAKER_HALF_OPEN, now_ms, 0);
	if (breaker->state == BREAKER_OPEN) return false;
	if (breaker->state == BREAKER_HALF_OPEN && breaker->probing) return false;
	bool probe = breaker->state == BREAKER_HALF_OPEN;
	breaker->probing = probe;
	*ret_ticket = (struct breaker_ticket){breaker->generation, probe};
	return true;
}

static bool closed_end(struct breaker *breaker, enum breaker_result result, int64_t now_ms, uint32_t random)
{
	if (result == BREAKER_SUCCESS) breaker->failures = 0;
	if (result != BREAKER_FAILURE) return false;
	if (++breaker->failures < breaker->rules.failures_to_open) return false;
	breaker_move(breaker, BREAKER_OPEN, now_ms, random);
	return true;
}

static bool probe_end(struct breaker *breaker, enum breaker_result result, int64_t now_ms, uint32_t random)
{
	breaker->probing = false;
	if (result == BREAKER_NEUTRAL) return false; /* the next caller is the probe */
	if (result == BREAKER_SUCCESS && ++breaker->probes_good < breaker->rules.probes_to_close) return false;
	breaker_move(breaker, result == BREAKER_SUCCESS ? BREAKER_CLOSED : BREAKER_OPEN, now_ms, random);
	return true;
}

bool breaker_end(struct breaker *breaker, struct breaker_ticket ticket, enum breaker_result result, int64_t now_ms,
	uint32_t random)
{
	/* A message from before the breaker opened says how the route was then, not how it is. */
	if (ticket.generation != breaker->generation) return false;
	if (ticket.probe) {
		assert(breaker->state != BREAKER_HALF_OPEN || breaker->probing);
		return breaker->state == BREAKER_HALF_OPEN && probe_end(breaker, result, now_ms, random);
	}
	return breaker->state == BREAKER_CLOSED && closed_end(breaker, result, now_ms, random);
}

enum breaker_alert breaker_alert(struct breaker *breaker, int64_t now_ms)
{
	if (breaker->opened_due) {
		breaker->opened_due = false;
		return BREAKER_ALERT_OPENED;
	}
	bool over = breaker->incident && breaker->state == BREAKER_CLOSED &&
		    now_ms - breaker->closed_ms >= breaker->rules.quiet_ms;
	if (!over) return BREAKER_ALERT_NONE;
	breaker->incident = false;
	breaker->openings = 0;
	return BREAKER_ALERT_RECOVERED;
}

int64_t breaker_due_ms(const struct breaker *breaker, int64_t now_ms)
{
	if (breaker->state == BREAKER_OPEN) return breaker->retry_ms > now_ms ? breaker->retry_ms : now_ms;
	return breaker->state == BREAKER_HALF_OPEN && breaker->probing ? INT64_MAX : now_ms;
}
