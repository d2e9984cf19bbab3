/* What the played insurer covers: a claim and its member's year go in, an adjudication whose sums balance comes out.
 * Pure: no clock, no I/O, memory from the arena only.
 *
 * Order of application: refusals and part payments, contract price, sub-limits, deductible, co-insurance, its cap.
 * Everything is decided in the claim's currency; plan amounts are converted at the script's fixture rate, half away
 * from zero, and what they were used up by is converted back likewise. A claim of which a line has no net, or whose
 * lines do not add up to its total, is decided as a whole (sequence 0) from its total; its code is then that of its
 * first line. */
#ifndef SANDBOX_RULE_H
#define SANDBOX_RULE_H

#include "lib/arena.h"
#include "lib/decimal.h"
#include "zhifu_model.h"

#define RULE_LIMITS_MAX 16
#define RULE_ADJUSTMENTS_MAX 8 /* of one line */

/* To whom a rule applies: code patterns (text_match) of the line and of any diagnosis; NULL matches all. */
struct rule_match {
	const char *code;
	const char *diagnosis;
};

/* Contract discount: `percent` of the charge is written off. The first that matches counts. */
struct rule_price {
	struct rule_match match;
	struct zf_decimal percent; /* 0 to 100 */
};

/* At most `amount` a member and year for all lines that match. */
struct rule_limit {
	struct rule_match match;
	struct zf_money amount;
};

/* `percent` of the charge is not paid: 100 is a refusal, less is a part payment. */
struct rule_denial {
	struct rule_match match;
	struct zf_decimal percent;
	uint16_t reason;  /* enum zf_reason */
	uint8_t group;    /* enum zf_group */
	const char *code; /* the insurer's own */
	const char *text;
};

/* A claim with such a line is not processed at all. */
struct rule_reject {
	struct rule_match match;
	const char *code;
	const char *text;
};

/* The insurer asks before it decides. */
struct rule_query {
	struct rule_match match;
	const char *text;
};

struct rule_rate {
	char currency[4];
	struct zf_decimal rate; /* units of `currency` for one unit of the plan's */
};

struct rules {
	char plan_currency[4];
	const char *code_system;         /* of the insurer's own reason codes */
	struct zf_money deductible;      /* a member and year, plan currency; absent: none */
	struct zf_money deductible_used; /* what every member has used already */
	struct zf_decimal coinsurance;   /* percent; absent: none */
	struct zf_money coinsurance_cap; /* a claim, plan currency; absent: none */
	const struct rule_rate *rates;
	const struct rule_price *prices;
	const struct rule_limit *limits; /* at most RULE_LIMITS_MAX */
	const struct rule_denial *denials;
	const struct rule_reject *rejects;
	const struct rule_query *queries;
	uint32_t rate_count, price_count, limit_count, denial_count, reject_count, query_count;
};

/* What a member has used in a year, in each limit's own currency. Zeroed at the year's begin. */
struct rule_member {
	int64_t deductible_minor;
	int64_t limit_minor[RULE_LIMITS_MAX];
};

enum rule_verdict { RULE_APPROVED, RULE_PARTIAL, RULE_DENIED, RULE_REJECTED, RULE_VERDICTS };

/* Decides. `member` is changed (work on a copy for what must not count). The result has no ref, number or time yet.
 * 0, LIB_NOMEM, LIB_LIMIT (an amount does not fit). Asserted: submitted = benefit + adjustments, per line and in all.
 */
int rule_adjudicate(const struct rules *rules, struct rule_member *member, const struct zf_claim *claim,
	struct zf_arena *arena, struct zf_adjudication **ret_adjudication, enum rule_verdict *ret_verdict) LIB_MUSTUSE;
/* The question that the insurer has about this claim, or NULL. */
const char *rule_query(const struct rules *rules, const struct zf_claim *claim);
/* Into another currency by the rates, half away from zero. LIB_INVALID when there is no rate. */
int rule_convert(
	const struct rules *rules, struct zf_money amount, const char *currency, struct zf_money *ret) LIB_MUSTUSE;

#endif
