/* One stay and three payers: the social insurance (医保), a group plan and an international policy (IPMI), and the
 * patient. Who pays what of it, by the clause of that policy on other insurance, of which none is assumed. The personal
 * account is the patient's own money: it pays of the patient's share, after all payers. Pure arithmetic. Source:
 * scenario S7. */
#ifndef MODEL_COORDINATION_H
#define MODEL_COORDINATION_H

#include "base/core.h"
#include "lib/money.h"

/* What the international policy pays where others pay too. */
enum coordination_clause {
	COORDINATION_NONE,       /* not given */
	COORDINATION_WHOLE,      /* its own benefit, up to the whole of what is left */
	COORDINATION_CARVE_OUT,  /* non-duplication: its own benefit less what the others pay */
	COORDINATION_PERCENTAGE, /* its percentage of what is left */
};

/* As the hospital's system has it. All amounts are of one currency and not negative. */
struct coordination_stay {
	struct zf_money total;
	/* The settlement of 医保. Where it pays nothing, as in an international department, that is said: fund 0. */
	struct zf_money fund;      /* what its fund pays; absent: not settled */
	struct zf_money personal;  /* what it leaves to the patient and other payers: total less fund */
	struct zf_money catalogue; /* of the total, what is in its catalogue; absent: not known */
	struct zf_money account;   /* available in the personal account; absent: nothing */
	struct zf_money used; /* of it, what the patient pays with; absent: as much as there is and the share allows */
	/* The group plan: a result, or a rule, group_share of what 医保 leaves in the catalogue above group_above. */
	struct zf_money group;       /* absent: by the rule */
	struct zf_money group_above; /* absent: 0 */
	uint32_t group_share;        /* hundredths of a per cent, at most 10000; 0: no plan */
	/* The international policy pays plan_share of reasonable charges. */
	struct zf_money reasonable; /* absent: all of the total is */
	uint32_t plan_share;        /* hundredths of a per cent, at most 10000 */
	enum coordination_clause clause;
};

/* fund + group + plan + account + cash = total, and none is negative. */
struct coordination {
	struct zf_money fund, group, plan;
	struct zf_money account, cash; /* the patient's share, by what it is paid with */
	struct zf_money benefit;       /* what the policy would pay alone */
	struct zf_money left;          /* by fund and group plan: what the policy may pay at most */
};

/* Why nothing is worked out. */
enum coordination_fault {
	COORDINATION_FITS,
	COORDINATION_NOT_SETTLED,  /* the policy's turn is after 医保 */
	COORDINATION_NO_CLAUSE,    /* none is assumed */
	COORDINATION_ACCOUNT_PAID, /* the settlement counts the personal account as paid by 医保 */
	COORDINATION_SETTLEMENT,   /* it does not add up */
	COORDINATION_GROUP,        /* the plan pays more than is left, or its rule lacks the catalogue */
	COORDINATION_REASONABLE,   /* more than the total */
	COORDINATION_ACCOUNT_SOON, /* the account was used before a policy that pays up to the whole */
	COORDINATION_ACCOUNT_MUCH, /* more of the account is used than is available or the patient's share */
};

/* Works it out; each part that has a percentage is rounded once, by the rule. ERR_DENIED: with the fault; ERR_INVALID:
 * an amount is absent that must not be, negative or in another currency, a percentage above 100; ERR_LIMIT. */
int coordination_share(const struct coordination_stay *stay, enum decimal_rule rule, struct coordination *ret,
	enum coordination_fault *ret_fault) MUSTUSE;

/* The fault for a hospital's clerk, in English or Chinese: what is wrong, and what to do. */
const char *coordination_fault_text(enum coordination_fault fault, bool chinese);

/* "whole", "carve-out", "percentage"; COORDINATION_NONE: no such word, or NULL. */
enum coordination_clause coordination_clause_of(const char *word);
const char *coordination_clause_word(enum coordination_clause clause);

#endif
